"""Brackets as NumPy means them: numbers, slices, None, ..., look-ups by whole numbers, and the pairing of two look-ups."""

from __future__ import annotations

from typing import Any

from wrt.errors import ShapeError, TextError
from wrt.language.sizes import Size
from wrt.language.surface import Node, Slice
from wrt.tracing.array import Count, Traced, size_of
from wrt.tracing.lengths import ONE, say
from wrt.tracing.trace import shape_of

ALL = slice(None)


class Range(Traced):
    """np.arange(n): as a value the numbers 0 .. n - 1, as an index every place in turn."""


def indexed(x: Traced, key: Any) -> Traced:
    """x[key]."""
    keys = _spelled_out(x, key)
    looked = [k for k in keys if _is_look_up(k)]
    if len(looked) > 1:
        return _paired(x, keys)
    parts: list[Node] = []
    sizes: list[Size] = []
    axis = 0
    for k in keys:
        if k is None:
            sizes.append(ONE)
            continue
        part, left = _part(x, axis, k)
        if x.sizes[axis] is not ONE:
            assert part is not None
            parts.append(part)
        sizes += left
        axis += 1
    return x.home.array(x.home.part(x.node, parts) if parts else x.node, sizes)


def _spelled_out(x: Traced, key: Any) -> list[Any]:
    """One key an axis (None apart), ... and missing ones as whole axes; lists of numbers as they are."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if any(k is Ellipsis for k in keys):
        at = next(n for n, k in enumerate(keys) if k is Ellipsis)
        rest = len(x.sizes) - sum(k is not None for k in keys) + 1
        keys[at : at + 1] = [ALL] * rest
    count = sum(k is not None for k in keys)
    if count > len(x.sizes):
        raise ShapeError(f"{count} indices for an array of shape {say(x.sizes)}.")
    return keys + [ALL] * (len(x.sizes) - count)


def _is_look_up(key: Any) -> bool:
    return isinstance(key, list) or (hasattr(key, "tolist") and getattr(key, "ndim", 0) > 0) or (isinstance(key, Traced) and bool(key.sizes))


def _part(x: Traced, axis: int, key: Any) -> tuple[Node | None, list[Size]]:
    """(the part of the node's index, the sizes that the axis leaves); no part for an axis of size 1."""
    size, trace = x.sizes[axis], x.home
    if isinstance(key, slice):
        return _slice(x, axis, key)
    if isinstance(key, Range) and key.sizes[0] is size:
        return Slice(None, None, None), [size]
    if isinstance(key, list) or (hasattr(key, "tolist") and not isinstance(key, Traced)):
        raise TextError("an index that is a list of plain numbers is not supported.", hint="index one at a time and np.stack them, or use slices.")
    if isinstance(key, Traced) and not isinstance(key, Count):
        if _is_whole(key):
            return key.node, list(key.sizes)
        raise TextError(
            "an index must be a whole number.",
            hint='declare the variable an integer, as in idx="k integer"; masks are written with np.where or as a factor.',
        )
    where = size_of(key)
    if where is None:
        raise TextError(f"an array cannot be indexed by {type(key).__name__}.")
    if size is ONE:
        if where.number not in (0, -1):
            raise ShapeError(f"index {where} leaves an axis of size 1.")
        return None, []
    number = where.number
    if number is not None and number < 0:
        return trace.number(number), []
    return trace.size(where), []


def _is_whole(key: Traced) -> bool:
    from wrt.language.surface import Name

    node = key.node
    return isinstance(node, Name) and (node.role == "index" or (node.name in key.home.declared and "integer" in key.home.declared[node.name].facts))


def _slice(x: Traced, axis: int, key: slice) -> tuple[Node | None, list[Size]]:
    """A slice; one that leaves a single place is an index in the node."""
    size, trace = x.sizes[axis], x.home
    step = 1 if key.step is None else key.step
    if not isinstance(step, int) or step == 0:
        raise ShapeError("the step of a slice is a whole number other than 0.")
    if size is ONE:
        kept = range(1)[key] if all(v is None or isinstance(v, int) for v in (key.start, key.stop)) else range(1)
        if len(kept) != 1:
            raise ShapeError("a slice of an axis of size 1 that leaves nothing.")
        return None, [ONE]
    if key.start is None and key.stop is None and step == 1:
        return Slice(None, None, None), [size]
    ends = [None if v is None else _clipped(size_of(v), size) for v in (key.start, key.stop)]
    start = ends[0] if ends[0] is not None else Size.of(0) if step > 0 else size - 1
    stop = ends[1] if ends[1] is not None else size if step > 0 else Size.of(-1)
    count = stop - start if step > 0 else start - stop
    if abs(step) > 1:
        if count.number is None:
            raise ShapeError(f"a slice with a step needs a size that is a number, not {size}.")
        count = Size.of(max(0, -(-count.number // abs(step))))
    if count.number is not None and count.number <= 0:
        raise ShapeError("a slice that leaves nothing.")
    if count is ONE:
        return trace.size(start), [ONE]
    words: list[Node | None] = [None if e is None else _end(x, v, e) for v, e in zip((key.start, key.stop), ends, strict=True)]
    return Slice(words[0], words[1], None if step == 1 else trace.number(step)), [count]


def _end(x: Traced, said: object, end: Size) -> Node:
    """The end of a slice as a node: counted from the end where the code does."""
    return x.home.number(said) if isinstance(said, int) and said < 0 and end.number is None else x.home.size(end)


def _clipped(end: Size | None, size: Size) -> Size:
    """The end of a slice counted from the front, within the axis as NumPy clips it."""
    if end is None:
        raise TextError("the ends of a slice are whole numbers.")
    if end.number is not None and end.number < 0:
        end = end + size
    if end.number is not None and size.number is not None:
        return Size.of(min(max(end.number, 0), size.number))
    return end


def _paired(x: Traced, keys: list[Any]) -> Traced:
    """x[rows, columns] by two whole-number vectors of one length: the diagonal of looking both up."""
    trace = x.home
    if len(keys) != 2 or any(k is None for k in keys) or len(x.core) != 2:
        raise TextError("several look-ups at once are supported for the two axes of a matrix.")
    parts, lengths = [], []
    for axis, k in enumerate(keys):
        part, left = _part(x, axis, k)
        assert part is not None
        parts.append(part)
        lengths += left
    if len(lengths) != 2 or lengths[0] is not lengths[1]:
        raise ShapeError("paired look-ups have one length.")
    found = trace.part(x.node, parts)
    assert shape_of(found).kind == "matrix"
    return Traced(trace, trace.call("diag", found), (lengths[0],))
