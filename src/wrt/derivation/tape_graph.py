"""The tape as a drawn graph: a box for each variable, an arrow for each use, labelled with the local derivative."""

from __future__ import annotations

from wrt.derivation.tape import Tape
from wrt.derivation.tape_parts import Line
from wrt.derivation.tape_table import UNICODE, spelled_partial
from wrt.notation.svg import Arrow, Box, drawn

s = UNICODE


def as_svg(tape: Tape) -> str:
    """The picture, as SVG text."""
    boxes = [_box(tape, line) for line in tape.lines]
    arrows = [Arrow(p.by, p.of, spelled_partial(p, s)) for line in tape.lines for p in line.partials]
    return drawn(boxes, arrows, f"automatic differentiation, {tape.mode} mode: {tape.function.unicode()}")


def _box(tape: Tape, line: Line) -> Box:
    shape = line.row.declared.shape
    title = s.name(line.name) + ("" if line.formula is None else f" = {s.formula(line.formula)}")
    lines = [title]
    if tape.at is not None:
        lines.append(f"= {s.number(line.value)}")
    elif shape.order:
        lines.append(s.shape(shape))
    return Box(line.name, tuple(lines), _flow(tape, line), round=line.formula is None)


def _flow(tape: Tape, line: Line) -> tuple[str, ...]:
    """The tangent or adjoint: its closed form with symbols, its numbers at a point."""
    name = s.name(line.flow)
    if line.flows:
        if len(tape.passes) > 1:
            return tuple(f"{name} = {s.number(flow)} for {label}" for label, flow in zip(tape.passes, line.flows, strict=True))
        return (f"{name} = {s.number(line.flows[0])}",)
    if line.total is not None:
        return (f"{name} = {s.formula(line.total)}",)
    seed = line is tape.lines[-1] if tape.mode == "reverse" else line.formula is None
    if not seed:
        return (f"{name} = 0",)
    return (f"{name} = 1",) if tape.mode == "reverse" and not line.row.declared.shape.order else (name,)
