"""Elementwise operations with NumPy's broadcasting, written with columns, rows and matrices.

Axes are lined up from the last. What stands for the first of two axes becomes a column, for the second a row; a column that meets a row is
spread by ones. Three and more axes that do not match are written entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from wrt.errors import ShapeError
from wrt.language.surface import Node
from wrt.tracing.array import Traced
from wrt.tracing.lengths import ONE, Sizes, say
from wrt.tracing.shifts import undone
from wrt.tracing.trace import Trace, shape_of

Build = Callable[[Sequence[Node]], Node]


def common(operands: Sequence[Traced]) -> Sizes:
    """The shape that arrays broadcast to. Raises: ShapeError."""
    rank = max(len(x.sizes) for x in operands)
    out = []
    for back in range(rank, 0, -1):
        size = ONE
        for x in operands:
            mine = x.sizes[len(x.sizes) - back] if len(x.sizes) >= back else ONE
            if mine is not ONE and size is not ONE and mine is not size:
                raise ShapeError(f"the shapes do not broadcast: {' and '.join(say(y.sizes) for y in operands if y.sizes)}.", hint=_hint(operands))
            size = mine if mine is not ONE else size
        out.append(size)
    return tuple(out)


def _hint(operands: Sequence[Traced]) -> str:
    """What may have been meant: a vector that fits the other axis, or a transpose."""
    long = max(operands, key=lambda x: len(x.sizes))
    for x in operands:
        if len(x.sizes) == 1 < len(long.sizes) and x.sizes[0] in long.sizes[:-1]:
            return f"a vector of {x.sizes[0]} entries lines up with the last axis; v[:, None] goes along the first."
        if len(x.sizes) == len(long.sizes) == 2 and x.sizes == long.sizes[::-1] and x is not long:
            return "one of them is the other's transpose in shape: .T."
    return "sizes are lined up from the last axis; equal sizes need equal names in the declarations."


def elementwise(trace: Trace, build: Build, operands: Sequence[Any]) -> Traced:
    """The array of build(entries), entry by entry."""
    arrays = [trace.constant(x) for x in operands]
    sizes = common(arrays)
    nodes = _lined_up(trace, arrays, sizes)
    if nodes is not None:
        return Traced(trace, build(nodes), sizes)
    core = [k for k, s in enumerate(sizes) if s is not ONE]

    def entry(*indices: Node) -> Node:
        at = dict(zip(core, indices, strict=True))
        return build([trace.part(x.node, [at[k + len(sizes) - len(x.sizes)] for k in x.core]) if x.core else x.node for x in arrays])

    return Traced(trace, trace.table(tuple(sizes[k] for k in core), entry), sizes)


def _lined_up(trace: Trace, arrays: Sequence[Traced], sizes: Sizes) -> list[Node] | None:
    """Nodes that the language's own stretching lines up; None when only entries can be."""
    core = [k for k, s in enumerate(sizes) if s is not ONE]
    held = [tuple(core.index(k + len(sizes) - len(x.sizes)) for k in x.core) for x in arrays]
    nodes = [x.node for x in arrays]
    if len(core) == 1:
        rows = all(shape_of(n).kind in ("row", "scalar") for n in nodes)
        return nodes if rows else [upright(trace, n) for n in nodes]
    if len(core) == 2:
        out = [upright(trace, n) if places == (0,) else flat(trace, n) if places == (1,) else n for n, places in zip(nodes, held, strict=True)]
        if not any(places == (0, 1) for places in held):
            first = held.index((0,))  # a column meets a row: one of them is spread
            out[first] = trace.binary("@", out[first], trace.turned(trace.call("ones", sizes[core[1]])))
        return out
    if len(core) > 2 and not all(len(places) in (0, len(core)) for places in held):
        return None
    return nodes


def upright(trace: Trace, node: Node) -> Node:
    """A vector as a column."""
    return trace.turned(node) if shape_of(node).kind == "row" else node


def flat(trace: Trace, node: Node) -> Node:
    """A vector as a row."""
    return trace.turned(node) if shape_of(node).kind == "column" else node


def operation(trace: Trace, op: str, a: Any, b: Any) -> Traced:
    """a op b; 0 added (Python's sum() starts so) and a factor 1 are left out."""
    if isinstance(a, Traced) and _neutral(b, op):
        return a
    if isinstance(b, Traced) and op in ("+", "*") and _neutral(a, op):
        return b

    def build(nodes: Sequence[Node]) -> Node:
        left, right = nodes
        return undone(trace, op, left, right) or trace.binary(op, left, right)

    return elementwise(trace, build, (a, b))


def _neutral(x: Any, op: str) -> bool:
    return isinstance(x, (int, float)) and x == (0 if op in ("+", "-") else 1 if op in ("*", "/", "**") else None)


def applied(trace: Trace, function: str, *operands: Any) -> Traced:
    """A function of the language, entry by entry."""
    return elementwise(trace, lambda nodes: trace.call(function, *nodes), operands)


def spread(x: Traced, sizes: Sizes) -> Traced:
    """The array repeated to a larger shape, as np.broadcast_to does."""
    trace = x.home
    if any(mine is not ONE and mine is not want for mine, want in zip(x.sizes[::-1], sizes[::-1], strict=False)) or len(x.sizes) > len(sizes):
        raise ShapeError(f"{say(x.sizes)} does not broadcast to {say(sizes)}.")
    if x.core == tuple(k - len(sizes) + len(x.sizes) for k, s in enumerate(sizes) if s is not ONE):
        return Traced(trace, x.node, sizes)
    ones = trace.call("ones", *[s for s in sizes if s is not ONE])
    return elementwise(trace, lambda nodes: trace.binary("*", *nodes), (x, Traced(trace, ones, sizes)))


__all__ = ["applied", "common", "elementwise", "flat", "operation", "spread", "upright"]
