"""How structure constants at work on an operand are written: views, masks, triangles, running sums, look-ups."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from wrt.language.sizes import Size
from wrt.language.surface import Binary, Call, Index, Name, Node, Slice
from wrt.language.trees import turned
from wrt.program.array import ZERO
from wrt.program.spell import weigh
from wrt.program.steps import Step
from wrt.program.terms import ATOM, Term, affine_node, entry, generator, number_node, size_node
from wrt.program.write import Writer


def _gather(w: Writer, x: Step, args: list[Term]) -> Term:
    (a,) = args
    base = x.args[0]
    axis: int = x.data[0]  # type: ignore[assignment]
    start: Size = x.data[1]  # type: ignore[assignment]
    steps: tuple[int, ...] = x.data[2]  # type: ignore[assignment]
    counts: tuple[Size, ...] = x.data[3]  # type: ignore[assignment]
    surely = x.data[4]
    text = _gather_text(w, x, a.node)
    lead = ", ".join([":"] * axis)
    lead += ", " if axis else ""
    if surely and not steps:
        return Term(f"{a.at(ATOM)}[{lead}{w.size(start)[0]}]", ATOM, text, a.weight + 1)
    if surely and steps == (1,):
        low = "" if start is ZERO else w.size(start)[0]
        stop = start + counts[0]
        return Term(f"{a.at(ATOM)}[{lead}{low}:{'' if stop is base.shape[axis] else w.size(stop)[0]}]", ATOM, text, a.weight + 1)
    many = f"({', '.join(map(str, steps))}{',' if len(steps) == 1 else ''})"
    lengths = w.tuple(counts) if counts else "()"
    return Term(f"{w.helper('gather')}({a.code}, {axis}, {w.size(start)[0]}, {many}, {lengths})", ATOM, text, a.weight + 1)


def _gather_text(w: Writer, x: Step, node: Node) -> Node:
    base = x.args[0]
    axis, start, steps, counts, surely = x.data
    assert isinstance(axis, int) and isinstance(start, Size) and isinstance(steps, tuple) and isinstance(counts, tuple)
    if surely and not steps and base.order == 1:
        return entry(node, [size_node(start)])
    if surely and steps == (1,) and base.order <= 2:
        part = Slice(
            None if start is ZERO else size_node(start), None if start + counts[0] is base.shape[axis] else size_node(start + counts[0]), None
        )
        return Index(node, (part,) if base.order == 1 else (part, Slice(None, None, None)) if axis == 0 else (Slice(None, None, None), part))
    if surely and not steps and base.order == 2:
        whole = Slice(None, None, None)
        return turned(Index(node, (size_node(start), whole))) if axis == 0 else Index(node, (whole, size_node(start)))
    names = w.letters(x.order + 1)
    out, last = names[: x.order], names[-1]
    form = affine_node(start, list(zip(out[axis : axis + len(steps)], steps, strict=True)))
    rest = out[:axis], out[axis + len(steps) :]
    if surely:
        return generator("array", entry(node, [*rest[0], form, *rest[1]]), out, x.shape)
    body = Binary("*", Binary("==", Name(last), form), entry(node, [*rest[0], last, *rest[1]]))
    return generator("array", generator("sum", body, [last], [base.shape[axis]]), out, x.shape)


# ------------------------------------------------------------------------------------------------ masks, triangles, running sums
def _mask(w: Writer, x: Step, args: list[Term]) -> Term:
    relation, steps, start, counts = x.data
    assert isinstance(relation, str) and isinstance(steps, tuple) and isinstance(start, Size) and isinstance(counts, tuple)
    names = w.letters(len(steps))
    text = generator("array", Binary(relation, affine_node(start, list(zip(names, steps, strict=True))), number_node(Fraction(0))), names, counts)
    if not steps:
        return Term(f"float({w.size(start)[0]} {relation} 0)", ATOM, text, 1)
    if relation == ">=" and steps == (1, -1):
        return Term(f"{w.module('np')}.tri({w.size(counts[0])[0]}, {w.size(counts[1])[0]}, {w.size(start)[0]})", ATOM, text, 1)
    many = f"({', '.join(map(str, steps))}{',' if len(steps) == 1 else ''})"
    return Term(f'{w.helper("indicator")}("{relation}", {w.size(start)[0]}, {many}, {w.tuple(counts)})', ATOM, text, 1)


def _triangle(w: Writer, x: Step, args: list[Term]) -> Term:
    (a,) = args
    offset = x.data[0]
    assert isinstance(offset, Size)
    code = f"{w.module('np')}.{x.op}({a.code}{'' if offset is ZERO else ', ' + w.size(offset)[0]})"
    if x.order == 2 and offset is ZERO:
        return Term(code, ATOM, Call(x.op, (a.node,)), a.weight + 1)
    names = w.letters(x.order)
    i, j = names[-2:]
    sign = ">=" if x.op == "tril" else "<="
    condition = Binary(sign, affine_node(offset, [(i, 1)]), Name(j))
    return Term(code, ATOM, generator("array", Binary("*", condition, entry(a.node, names)), names, x.shape), a.weight + 1)


def _cumsum(w: Writer, x: Step, args: list[Term]) -> Term:
    (a,) = args
    axis, backwards = x.data
    assert isinstance(axis, int)
    np = w.module("np")
    if not backwards:
        option = (("axis", number_node(Fraction(axis))),) if x.order == 2 else ()
        if x.order <= 2:
            return Term(
                f"{np}.cumsum({a.code}, axis={axis})" if x.order == 2 else f"{np}.cumsum({a.code})",
                ATOM,
                Call("cumsum", (a.node,), option),
                a.weight + 1,
            )
    names = w.letters(x.order + 1)
    out, last = names[: x.order], names[-1]
    inner = entry(a.node, [last if k == axis else name for k, name in enumerate(out)])
    condition = Binary(">=" if backwards else "<=", Name(last), Name(out[axis]))
    text = generator("array", generator("sum", inner, [last], [x.shape[axis]], [condition]), out, x.shape)
    flip = ", ".join([*[":"] * axis, "::-1"])
    code = f"{np}.cumsum({a.at(ATOM)}[{flip}], axis={axis})[{flip}]" if backwards else f"{np}.cumsum({a.code}, axis={axis})"
    return Term(code, ATOM, text, a.weight + 1)


# ------------------------------------------------------------------------------------------------ look-ups
def _take(w: Writer, x: Step, args: list[Term]) -> Term:
    a, rows = args
    axis = x.data[0]
    assert isinstance(axis, int)
    lead = ", ".join([":"] * axis) + (", " if axis else "")
    code = f"{a.at(ATOM)}[{lead}{w.helper('index')}({rows.code}, {a.at(ATOM)}.shape[{axis}])]"
    return Term(code, ATOM, take_text(w, x, a.node, rows.node), weigh(args))


def take_text(w: Writer, x: Step, node: Node, rows: Node) -> Node:
    """The formula of a look-up: E[idx, :], or entry by entry."""
    axis = x.data[0]
    assert isinstance(axis, int)
    base, index = x.args
    if index.op == "input" and index.order == 1 and base.order <= 2:
        whole = Slice(None, None, None)
        parts: tuple[Node, ...] = (rows,) if base.order == 1 else (rows, whole) if axis == 0 else (whole, rows)
        return Index(node, parts)
    names = w.letters(x.order + 1)
    out, last = names[: x.order], names[-1]
    b = out[axis : axis + index.order]
    body = Binary("*", Binary("==", entry(rows, b), Name(last)), entry(node, [*out[:axis], last, *out[axis + index.order :]]))
    return generator("array", generator("sum", body, [last], [base.shape[axis]]), out, x.shape)


def _put(w: Writer, x: Step, args: list[Term]) -> Term:
    rows, index = args
    names = w.letters(x.order + 1)
    out, b = names[: x.order], names[-1]
    body = Binary("*", Binary("==", entry(index.node, [b]), Name(out[0])), entry(rows.node, [b, *out[1:]]))
    text = generator("array", generator("sum", body, [b], [x.args[1].shape[0]]), out, x.shape)
    return Term(f"{w.helper('put')}({rows.code}, {index.code}, {w.size(x.shape[0])[0]})", ATOM, text, weigh(args))


SPELL: dict[str, Callable[[Writer, Step, list[Term]], Term]] = {
    "gather": _gather,
    "mask": _mask,
    "tril": _triangle,
    "triu": _triangle,
    "cumsum": _cumsum,
    "take": _take,
    "put": _put,
}
