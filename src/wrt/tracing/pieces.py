"""Pieces of arrays and their repetition: split and chunk, roll, tile and repeat, zeros around."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from wrt.errors import ShapeError, TextError
from wrt.language.sizes import Size
from wrt.tracing import axes as ax
from wrt.tracing import linear as la
from wrt.tracing import making as mk
from wrt.tracing.array import Traced, size_of
from wrt.tracing.indexing import indexed
from wrt.tracing.lengths import ONE, quotient, say
from wrt.tracing.trace import Trace


def _cut(x: Traced, axis: int, start: Any, stop: Any) -> Traced:
    """x[start:stop] along an axis; None is an end."""
    return indexed(x, (*(slice(None),) * axis, slice(start, stop)))


def _count(x: Traced, size: Size) -> Any:
    return size.number if size.number is not None else x.home.count_of(size)


def split(x: Traced, parts: Any, axis: int = 0) -> list[Traced]:
    """np.split: into a number of equal parts, or at places."""
    k = ax.axis_of(x, axis)
    if isinstance(parts, int):
        width = quotient(x.sizes[k], Size.of(parts)) if parts > 0 else None
        if width is None:
            raise ShapeError(
                f"an axis of {x.sizes[k]} entries does not split into {parts} equal parts.", hint=f'declare the size as a product, as in "{parts}*h".'
            )
        return _by_widths(x, [width] * parts, k)
    ends = [None, *parts, None]
    return [_cut(x, k, a, b) for a, b in pairwise(ends)]


def split_by_size(x: Traced, widths: Any, dim: int = 0) -> list[Traced]:
    """torch.split: pieces of one length, the last may be shorter, or of given lengths."""
    k = ax.axis_of(x, dim)
    if isinstance(widths, (list, tuple)):
        sizes = mk.shape(tuple(widths))
        total = Size.of(0)
        for s in sizes:
            total = total + s
        if total is not x.sizes[k]:
            raise ShapeError(f"pieces of {', '.join(map(str, sizes))} do not make up an axis of {x.sizes[k]}.")
        return _by_widths(x, sizes, k)
    width = size_of(widths)
    if width is None or width.number == 0:
        raise ShapeError("split takes the length of the pieces, or a list of lengths.")
    size = x.sizes[k].number
    if width.number is not None and size is not None:
        full, rest = divmod(size, width.number)
        return _by_widths(x, [width] * full + ([Size.of(rest)] if rest else []), k)
    count = quotient(x.sizes[k], width)
    if count is None or count.number is None:
        raise ShapeError(
            f"how many pieces of {width} an axis of {x.sizes[k]} has is not known.", hint=f'declare the size as a multiple, as in "4*{width}".'
        )
    return _by_widths(x, [width] * count.number, k)


def chunk(x: Traced, chunks: int, dim: int = 0) -> list[Traced]:
    """torch.chunk: a number of pieces, the last may be shorter."""
    number = x.sizes[ax.axis_of(x, dim)].number
    return split(x, chunks, dim) if number is None else split_by_size(x, -(-number // chunks), dim)


def _by_widths(x: Traced, widths: Sequence[Size], axis: int) -> list[Traced]:
    out, start = [], Size.of(0)
    for j, width in enumerate(widths):
        stop = start + width
        out.append(_cut(x, axis, _count(x, start) if j else None, None if j == len(widths) - 1 else _count(x, stop)))
        start = stop
    return out


def unbind(x: Traced, dim: int = 0) -> list[Traced]:
    """The members along an axis of known length."""
    front = ax.moved(x, dim, 0)
    return [indexed(front, j) for j in range(len(front))]


def narrow(x: Traced, dim: int, start: Any, length: Any) -> Traced:
    return _cut(x, ax.axis_of(x, dim), start, start + length)


def roll(x: Traced, shift: Any = 0, axis: Any = None, **options: Any) -> Traced:
    """np.roll: entries moved on by `shift`, those that leave come in at the front."""
    shift = options.get("shifts", shift)
    axis = options.get("dims", axis)
    if axis is None and len(x.sizes) > 1:
        return ax.reshaped(roll(ax.reshaped(x, -1), shift, 0), *x.sizes)
    pairs = [(shift, axis or 0)] if isinstance(shift, int) else list(zip(shift, axis, strict=True))
    for amount, along in pairs:
        k = ax.axis_of(x, along)
        size = x.sizes[k].number
        by = amount if size is None else amount % size
        if by:
            x = ax.concatenated(x.home, [_cut(x, k, -by, None), _cut(x, k, None, -by)], k)
    return x


def _ones(trace: Trace, sizes: Sequence[Size]) -> Traced:
    return mk.filled(trace, 1, tuple(sizes))


def tile(x: Traced, *reps: Any, **options: Any) -> Traced:
    """np.tile of vectors and matrices: the Kronecker product of ones with it."""
    counts = mk.shape(reps or (options.get("reps", options.get("dims")),))
    if len(counts) < len(x.sizes):
        counts = (ONE,) * (len(x.sizes) - len(counts)) + counts
    for _ in range(len(counts) - len(x.sizes)):
        x = ax.expanded(x, 0)
    return la.kron(_ones(x.home, counts), x, x.home)


def repeat(x: Traced, repeats: Any, axis: int | None = None) -> Traced:
    """np.repeat: each entry (row, column) several times in a row."""
    count = size_of(repeats)
    if count is None:
        raise TextError("repeat takes one number of times.")
    if axis is None:
        x, axis = ax.reshaped(x, -1), 0
    k = ax.axis_of(x, axis)
    return la.kron(x, _ones(x.home, [count if j == k else ONE for j in range(len(x.sizes))]), x.home)


def repeat_of_a_method(x: Traced, *args: Any, **options: Any) -> Traced:
    raise TextError("x.repeat means two things: torch tiles, NumPy repeats each entry.", hint="write np.tile, np.repeat or torch.tile.")


def pad(x: Traced, width: Any, mode: str = "constant", constant_values: Any = 0, **options: Any) -> Traced:
    """np.pad with a constant: the same width at both ends, (before, after), or one pair an axis."""
    if mode != "constant" or options:
        raise TextError('only mode="constant" of pad is supported.')
    pairs = [(width, width)] * len(x.sizes) if isinstance(width, int) else list(width)
    if all(isinstance(p, int) for p in pairs):
        pairs = [tuple(pairs) if len(pairs) == 2 else (pairs[0], pairs[0])] * len(x.sizes)
    if len(pairs) == 1:
        pairs = pairs * len(x.sizes)
    return _padded(x, dict(enumerate(pairs)), constant_values)


def pad_from_last(x: Traced, widths: Sequence[int], mode: str = "constant", value: Any = 0) -> Traced:
    """torch's pad: (left, right, top, bottom, ...), the last axis first."""
    if mode != "constant":
        raise TextError('only mode="constant" of pad is supported.')
    pairs = list(zip(widths[::2], widths[1::2], strict=True))
    return _padded(x, {len(x.sizes) - 1 - j: pair for j, pair in enumerate(pairs)}, 0 if value is None else value)


def _padded(x: Traced, pairs: dict[int, Any], value: Any) -> Traced:
    for k, pair in pairs.items():
        ends = [pair, pair] if isinstance(pair, int) else [*pair] * (2 if len(pair) == 1 else 1)
        if len(ends) != 2 or any(not isinstance(e, int) or e < 0 for e in ends):
            raise ShapeError(f"pad takes whole numbers of entries before and after; found {pair} for an array of shape {say(x.sizes)}.")
        around = [mk.filled(x.home, value, tuple(Size.of(e) if j == k else s for j, s in enumerate(x.sizes))) if e else None for e in ends]
        parts = [p for p in (around[0], x, around[1]) if p is not None]
        x = ax.concatenated(x.home, parts, k)
    return x


def vander(x: Traced, N: int | None = None, increasing: bool = False) -> Traced:
    """np.vander: the powers of a vector's entries, column by column."""
    if not isinstance(N, int):
        raise TextError("vander needs the number of its columns as a number.", hint="np.vander(x, 4).")
    powers = range(N) if increasing else range(N - 1, -1, -1)
    columns = [x**k if k > 1 else x if k else mk.filled(x.home, 1, x.sizes) for k in powers]
    return ax.stack(x.home, columns, 1)


def polyval(trace: Trace, p: Any, x: Any) -> Traced:
    """np.polyval: p[0]*x**(n-1) + ... + p[n-1], by Horner's rule."""
    coefficients = list(p)
    out = coefficients[0]
    for c in coefficients[1:]:
        out = out * x + c
    return trace.constant(out)


def triangle(x: Traced, name: str, k: int = 0) -> Traced:
    """np.tril(x, k) and np.triu(x, k): entries on and below, or above, the k-th diagonal."""
    if len(x.sizes) != 2 or not isinstance(k, int):
        raise ShapeError(f"{name} takes a matrix and the number of a diagonal.")
    trace = x.home
    if k == 0:
        return trace.array(trace.call(name, x.node))
    relation = "<=" if name == "tril" else ">="
    mask = trace.table(x.sizes, lambda i, j: trace.binary(relation, j, trace.binary("-" if k < 0 else "+", i, trace.number(abs(k)))))
    return trace.array(trace.binary("*", x.node, mask))
