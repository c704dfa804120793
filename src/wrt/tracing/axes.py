"""Axes: reductions along them, their order, their grouping (reshape, row by row as NumPy counts) and joining."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from wrt.errors import NoClosedFormError, ShapeError, TextError
from wrt.language.sizes import Size
from wrt.language.surface import Block, Generator, Node, Slice, Unary
from wrt.tracing.array import Traced, size_of
from wrt.tracing.broadcast import elementwise, flat, operation, upright
from wrt.tracing.lengths import ONE, Sizes, quotient, say
from wrt.tracing.trace import Trace, shape_of

Axes = int | Sequence[int] | None


# ------------------------------------------------------------------------------------------------ which axes
def axis_of(x: Traced, axis: object, extra: int = 0) -> int:
    """An axis counted from the front. Raises: ShapeError out of range."""
    n = len(x.sizes) + extra
    if isinstance(axis, bool) or not isinstance(axis, int) or not -n <= axis < n:
        raise ShapeError(f"axis {axis!r} is out of range for an array of shape {say(x.sizes)}.")
    return axis % n


def axes_of(x: Traced, axis: Axes) -> tuple[int, ...]:
    """The axes meant: all for None."""
    if axis is None:
        return tuple(range(len(x.sizes)))
    listed = [axis] if isinstance(axis, int) else list(axis)
    found = tuple(axis_of(x, a) for a in listed)
    if len(set(found)) < len(found):
        raise ShapeError(f"an axis is said twice: {axis}.")
    return found


def left(x: Traced, axes: Sequence[int], *, keep: bool) -> Sizes:
    """The sizes after a reduction."""
    return tuple(ONE if k in axes else s for k, s in enumerate(x.sizes) if keep or k not in axes)


# ------------------------------------------------------------------------------------------------ reductions
def reduced(function: str, x: Traced, axis: Axes = None, *, keep: bool = False) -> Traced:
    """sum, mean, prod, max, min, logsumexp along axes, one after another."""
    trace, axes = x.home, axes_of(x, axis)
    gone = [place for place, k in enumerate(x.core) if k in axes]
    node = x.node
    if len(gone) == len(x.core) and gone and (len(gone) < 2 or function != "logsumexp"):
        node = trace.call(function, node)
    else:
        for place in reversed(gone):
            node = trace.call(function, node, axis=place) if shape_of(node).order > 1 else trace.call(function, node)
    return Traced(trace, node, left(x, axes, keep=keep))


def length(x: Traced, axis: Axes) -> Any:
    """The number of entries along axes."""
    total = ONE
    for k in axes_of(x, axis):
        total = total * x.sizes[k]
    return x.home.count_of(total)


def variance(x: Traced, axis: Axes = None, ddof: int = 0, *, keep: bool = False) -> Traced:
    """The variance; ddof as NumPy has it (the divisor is the count less ddof)."""
    trace, axes = x.home, axes_of(x, axis)
    gone = [place for place, k in enumerate(x.core) if k in axes]
    if len(gone) in (1, len(x.core)) and gone:
        node = trace.call("var", x.node) if len(gone) == len(x.core) else trace.call("var", x.node, axis=gone[0])
        out = Traced(trace, node, left(x, axes, keep=keep))
    else:
        deviation = operation(trace, "-", x, reduced("mean", x, axes, keep=True))
        out = reduced("mean", operation(trace, "**", deviation, 2), axes, keep=keep)
    if not ddof:
        return out
    count = length(x, axes)
    return operation(trace, "*", operation(trace, "/", trace.constant(count), count - ddof), out)


def along(function: str, x: Traced, axis: int | None) -> Traced:
    """softmax, log_softmax, cumsum: the shape stays."""
    trace = x.home
    if axis is None:
        if len(x.core) > 1:
            raise TextError(f"{function} of an array of shape {say(x.sizes)} needs an axis.")
        return Traced(trace, trace.call(function, x.node), x.sizes) if x.core else x
    k = axis_of(x, axis)
    if k not in x.core:
        raise ShapeError(f"{function} along an axis of size 1.")
    node = trace.call(function, x.node) if len(x.core) == 1 else trace.call(function, x.node, axis=x.core.index(k))
    return Traced(trace, node, x.sizes)


# ------------------------------------------------------------------------------------------------ order
def permuted(x: Traced, axes: Sequence[int]) -> Traced:
    """Axis k of the result is axis axes[k] of x."""
    order = [axis_of(x, a) for a in axes]
    if sorted(order) != list(range(len(x.sizes))):
        raise ShapeError(f"{tuple(axes)} is no order of the axes of {say(x.sizes)}.")
    core, trace = x.core, x.home
    places = [core.index(k) for k in order if k in core]
    sizes = tuple(x.sizes[k] for k in order)
    if places == sorted(places):
        return Traced(trace, x.node, sizes)
    if len(places) == 2:
        return Traced(trace, trace.turned(x.node), sizes)
    if isinstance(x.node, Generator) and x.node.function == "array" and len(x.node.loops) == len(core):
        return Traced(trace, trace.put(Generator("array", x.node.body, tuple(x.node.loops[p] for p in places))), sizes)
    letters = "abcdefghijkl"[: len(core)]
    return Traced(trace, trace.call("einsum", f"{letters}->{''.join(letters[p] for p in places)}", x.node), sizes)


def moved(x: Traced, source: int, target: int) -> Traced:
    """np.moveaxis for one axis."""
    order = [k for k in range(len(x.sizes)) if k != axis_of(x, source)]
    order.insert(axis_of(x, target), axis_of(x, source))
    return permuted(x, order)


def swapped(x: Traced, a: int, b: int) -> Traced:
    """np.swapaxes."""
    order = list(range(len(x.sizes)))
    i, j = axis_of(x, a), axis_of(x, b)
    order[i], order[j] = order[j], order[i]
    return permuted(x, order)


def expanded(x: Traced, axis: Axes = None, *, dim: Axes = None) -> Traced:
    """New axes of size 1 (np.expand_dims)."""
    axis = dim if axis is None else axis
    listed = [axis] if isinstance(axis, int) else list(axis or ())
    rank = len(x.sizes) + len(listed)
    places = {a % rank for a in listed if isinstance(a, int) and -rank <= a < rank}
    if len(places) < len(listed):
        raise ShapeError(f"axis {axis} is out of range for an array of shape {say(x.sizes)}.")
    rest = iter(x.sizes)
    return Traced(x.home, x.node, tuple(ONE if k in places else next(rest) for k in range(rank)))


def squeezed(x: Traced, axis: Axes = None) -> Traced:
    """Without axes of size 1 (np.squeeze)."""
    axes = [k for k, s in enumerate(x.sizes) if s is ONE] if axis is None else axes_of(x, axis)
    if any(x.sizes[k] is not ONE for k in axes):
        raise ShapeError(f"axis {axis} of an array of shape {say(x.sizes)} is not of size 1.")
    return Traced(x.home, x.node, tuple(s for k, s in enumerate(x.sizes) if k not in axes))


# ------------------------------------------------------------------------------------------------ grouping
def reshaped(x: Traced, *shape: Any) -> Traced:
    """np.reshape, row by row: neighbouring axes joined into one or one split into several."""
    wanted = list(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else list(shape)
    sizes = _solved(x, wanted)
    old, new = [x.sizes[k] for k in x.core], [s for s in sizes if s is not ONE]
    node, place, n, m = x.node, 0, 0, 0
    while n < len(old) or m < len(new):
        count_old, count_new = _group(x, old[n:], new[m:], sizes)
        group_old, group_new = old[n : n + count_old], new[m : m + count_new]
        if group_old != group_new:
            node = _joined(x.home, node, place, group_old)
            node = _split(x.home, node, place, group_new)
        n, m, place = n + count_old, m + count_new, place + count_new
    return Traced(x.home, node, sizes)


def _solved(x: Traced, wanted: Sequence[Any]) -> Sizes:
    """The sizes asked for, -1 worked out."""
    total, known, open_at = ONE, ONE, None
    for s in x.sizes:
        total = total * s
    out: list[Size] = []
    for k, w in enumerate(wanted):
        size = size_of(w)
        if size is None or (size.number is not None and size.number < -1):
            raise ShapeError(f"{w!r} is no size.")
        if size.number == -1:
            if open_at is not None:
                raise ShapeError("only one size may be -1.")
            open_at = k
        else:
            known = known * size
        out.append(size)
    if open_at is not None:
        rest = quotient(total, known)
        if rest is None:
            raise ShapeError(
                f"cannot reshape {say(x.sizes)} to {tuple(wanted)}: {total} is not {known} times a size.",
                hint='declare the size as a product, as in x="batch h*d".',
            )
        out[open_at] = rest
    elif known is not total:
        raise ShapeError(f"cannot reshape {say(x.sizes)} to {say(out)}: {total} entries are not {known}.")
    return tuple(out)


def _group(x: Traced, old: Sequence[Size], new: Sequence[Size], sizes: Sizes) -> tuple[int, int]:
    """How many of the old axes hold what how many of the new ones do: the fewest with one product."""
    products: dict[Size, int] = {}
    total = ONE
    for k, s in enumerate(old):
        total = total * s
        products.setdefault(total, k + 1)
    total = ONE
    for k, s in enumerate(new):
        total = total * s
        if total in products:
            return products[total], k + 1
    raise ShapeError(f"cannot reshape {say(x.sizes)} to {say(sizes)}.")


def _joined(trace: Trace, node: Node, place: int, sizes: Sequence[Size]) -> Node:
    """Neighbouring axes of a node, from `place` on, made one (the first varies slowest)."""
    for step in range(len(sizes) - 1):
        first = ONE
        for s in sizes[: step + 1]:
            first = first * s
        shape = shape_of(node)
        if shape.order == 2:
            node = trace.call("vec", trace.turned(node))
            continue
        if shape.order != 3:
            raise NoClosedFormError("joining axes of an array with more than 3 axes is not supported.", hint="use einsum over the axes as they are.")
        if place == 1:  # out[a, (i, k)] = T[a, i, k], block by block
            node = trace.total(first, partial(_member, trace, node, first, across=True))
        else:
            node = trace.total(first, partial(_member, trace, node, first, across=False))
    return node


def _member(trace: Trace, node: Node, count: Size, i: Node, *, across: bool) -> Node:
    """Member i of a stack of matrices at its place among `count`, beside or below each other, zeros elsewhere."""
    every = Slice(None, None, None)
    matrix = trace.part(node, [every, i, every] if across else [i, every, every])
    return trace.call("kron", trace.part(trace.call("eye", count), [i, every] if across else [every, i]), matrix)


def _split(trace: Trace, node: Node, place: int, sizes: Sequence[Size]) -> Node:
    """One axis of a node made several (the first varies slowest)."""
    shape = shape_of(node)
    if len(sizes) < 2:
        return node
    if len(sizes) > 2 or shape.order > 2:
        raise NoClosedFormError("splitting an axis so is not supported.", hint="split one axis of a vector or a matrix in two at a time.")
    first, second = sizes
    if shape.order == 1:
        column = upright(trace, node)
        if second.number is not None:
            return trace.table((first, second), lambda i, j: trace.part(column, [_at(trace, i, second, j)]))
        # (e_i kron I) x is the i-th stretch
        return trace.table((first, second), lambda i, j: trace.part(trace.binary("@", trace.turned(_picker(trace, i, first, second)), column), [j]))
    if place == 1:
        rows = shape.sizes[0]
        if second.number is not None:
            return trace.table((rows, first, second), lambda r, i, j: trace.part(node, [r, _at(trace, i, second, j)]))
        return trace.table((rows, first, second), lambda r, i, j: trace.part(trace.binary("@", node, _picker(trace, i, first, second)), [r, j]))
    columns = shape.sizes[1]
    if second.number is not None:
        return trace.table((first, second, columns), lambda i, j, c: trace.part(node, [_at(trace, i, second, j), c]))
    return trace.table(
        (first, second, columns), lambda i, j, c: trace.part(trace.binary("@", trace.turned(_picker(trace, i, first, second)), node), [j, c])
    )


def _picker(trace: Trace, i: Node, first: Size, second: Size) -> Node:
    """The columns of an identity that belong to place i."""
    return trace.call("kron", trace.part(trace.call("eye", first), [Slice(None, None, None), i]), trace.call("eye", second))


def _at(trace: Trace, i: Node, width: Size, j: Node) -> Node:
    """width*i + j."""
    return trace.binary("+", trace.binary("*", trace.size(width), i), j)


# ------------------------------------------------------------------------------------------------ joining
def concatenated(trace: Trace, parts: Sequence[Any], axis: int = 0) -> Traced:
    """np.concatenate along an axis of vectors and matrices."""
    arrays = [trace.constant(p) for p in parts]
    if not arrays:
        raise TextError("there is nothing to concatenate.")
    first = arrays[0]
    k = axis_of(first, axis)
    if any(len(a.sizes) != len(first.sizes) for a in arrays):
        raise ShapeError(f"arrays to join have one number of axes: {', '.join(say(a.sizes) for a in arrays)}.")
    if any(s is not t for a in arrays for n, (s, t) in enumerate(zip(a.sizes, first.sizes, strict=True)) if n != k):
        raise ShapeError(f"the shapes do not fit side by side: {', '.join(say(a.sizes) for a in arrays)}.")
    if len(arrays) == 1:
        return first
    total = Size.of(0)
    for a in arrays:
        total = total + a.sizes[k]
    sizes = (*first.sizes[:k], total, *first.sizes[k + 1 :])
    others = [n for n, s in enumerate(first.sizes) if n != k and s is not ONE]
    if not others:
        cells = [upright(trace, a.node) for a in arrays]
        return Traced(trace, trace.block([[c] for c in cells], nested=False), sizes)
    if len(others) > 1:
        raise NoClosedFormError("joining arrays with more than 2 axes is not supported.")
    across = others[0] < k
    # a part of size 1 along the axis is a vector: a column when parts stand beside each other, a row when they stand below
    cells = [a.node if len(a.core) == 2 else (upright if across else flat)(trace, a.node) for a in arrays]
    lists = [c.argument for c in cells if isinstance(c, Unary) and isinstance(c.argument, Block) and not c.argument.nested]
    if len(lists) == len(cells) and all(not shape_of(e).order for row in lists for (e,) in row.rows):  # rows of entries: [[a, b], [c, d]]
        return Traced(trace, trace.block([[e for (e,) in row.rows] for row in lists], nested=True), sizes)
    return Traced(trace, trace.block([cells] if across else [[c] for c in cells], nested=True), sizes)


def stack(trace: Trace, parts: Sequence[Any], axis: int = 0) -> Traced:
    """np.stack: a new axis; matrices are placed entry by entry."""
    arrays = [trace.constant(p) for p in parts]
    first = arrays[0]
    if any(a.sizes != first.sizes for a in arrays):
        raise ShapeError(f"arrays to stack have one shape: {', '.join(say(a.sizes) for a in arrays)}.")
    k = axis_of(first, axis, 1)
    if len(first.core) < 2:
        return concatenated(trace, [expanded(a, k) for a in arrays], k)
    count = Size.of(len(arrays))
    place = sum(c < k for c in first.core)

    def entry(*indices: Node) -> Node:
        which, rest = indices[place], [*indices[:place], *indices[place + 1 :]]
        terms = [trace.binary("*", trace.binary("==", which, trace.number(n)), trace.part(a.node, rest)) for n, a in enumerate(arrays)]
        out = terms[0]
        for t in terms[1:]:
            out = trace.binary("+", out, t)
        return out

    sizes = (*first.sizes[:k], count, *first.sizes[k:])
    kept = tuple(s for s in sizes if s is not ONE)
    if count is ONE:
        return expanded(first, k)
    return Traced(trace, trace.table(kept, entry), sizes)


def norm(x: Traced, order: Any = None, axis: Axes = None, *, keep: bool = False) -> Traced:
    """np.linalg.norm: of the entries of a vector, of a matrix where two axes are meant."""
    trace = x.home
    if isinstance(order, str) and order not in ("fro", "nuc"):
        raise TextError(f"{order!r} is no norm.")
    axes = axes_of(x, axis)
    matrix = len(axes) == 2 and len(x.core) == 2 and order is not None
    sizes = left(x, axes, keep=keep)
    if matrix and not (isinstance(order, str) and order == "fro"):
        return Traced(trace, _matrix_norm(x, order), sizes)
    if order in (None, 2, "fro"):
        if len(axes) == len(x.sizes) and x.core:
            return Traced(trace, trace.call("norm", x.node), sizes)
        return _root(reduced("sum", operation(trace, "**", x, 2), axes, keep=keep))
    magnitude = elementwise(trace, lambda n: trace.call("abs", *n), (x,))
    if order == float("inf"):
        return reduced("max", magnitude, axes, keep=keep)
    if order == 1:
        return reduced("sum", magnitude, axes, keep=keep)
    total = reduced("sum", operation(trace, "**", magnitude, order), axes, keep=keep)
    return operation(trace, "**", total, Fraction(1) / Fraction(order) if isinstance(order, int) else 1 / order)


def _matrix_norm(x: Traced, order: Any) -> Node:
    trace = x.home
    if order in ("nuc", 2):
        return trace.call("norm", x.node, "nuc" if order == "nuc" else "spec")
    if order in (1, float("inf")):
        columns = trace.call("sum", trace.call("abs", x.node), axis=0 if order == 1 else 1)
        return trace.call("max", columns)
    raise TextError(f"the matrix norm of order {order} is not in the language.")


def _root(x: Traced) -> Traced:
    return elementwise(x.home, lambda nodes: x.home.call("sqrt", *nodes), (x,))
