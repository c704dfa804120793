"""The helper functions that emitted NumPy code calls; a program's `.source` shows those it uses. Imported when a program is first compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = Any  # numpy.ndarray of float64


def root_power(s: Array, exponent: float) -> Array:
    """s**exponent, and 0 where s is 0: the minimal-norm subgradient of a norm at 0."""
    if np.ndim(s) == 0:
        return s**exponent if s != 0 else 0.0
    return np.power(s, exponent, out=np.zeros_like(s), where=s != 0)


def norm(x: Array) -> Array:
    """The root of the sum of the squares, scaled where these would overflow or vanish."""
    s = np.vdot(x, x)
    if 1e-280 < s < 1e300:
        return np.sqrt(s)
    scale = np.abs(x).max(initial=0.0)
    return scale * np.sqrt(np.square(x / scale).sum()) if 0 < scale < np.inf else scale


def norms(x: Array, axis: int) -> Array:
    """The root of the sum of the squares along an axis, scaled where these would overflow or vanish."""
    with np.errstate(over="ignore", under="ignore"):
        s = (x * x).sum(axis=axis)
    if np.all((s > 1e-280) & (s < 1e300)):
        return np.sqrt(s)
    scale = np.abs(x).max(axis=axis, initial=0.0)
    scale = np.where((scale > 0) & (scale < np.inf), scale, 1.0)
    return scale * np.sqrt(np.square(x / np.expand_dims(scale, axis)).sum(axis=axis))


def add_diagonal(a: Array, v: Array) -> Array:
    """a + diag(v), in place."""
    a.flat[:: a.shape[1] + 1] += v
    return a


def strided(a: Array, axes: str, pattern: str) -> Array:
    """The view of a fresh array whose axes with one letter run together; one axis a letter of `axes`, then the other letters."""
    letters = axes + "".join(c for c in dict.fromkeys(pattern) if c not in axes)
    shape = [a.shape[pattern.index(c)] for c in letters]
    strides = [sum(s for s, p in zip(a.strides, pattern, strict=True) if p == c) for c in letters]
    return np.ndarray(shape, a.dtype, a, 0, strides) if a.flags.c_contiguous else np.lib.stride_tricks.as_strided(a, shape, strides)


def spread(core: Array, shape: tuple[int, ...], axes: str, pattern: str) -> Array:
    """Zeros but where axes with one letter agree: there result[pattern] = core[axes]."""
    out = np.zeros(shape)
    view = strided(out, axes, pattern)
    view[...] = np.reshape(core, np.shape(core) + (1,) * (view.ndim - np.ndim(core)))
    return out


def add_spread(a: Array, core: Array, axes: str, pattern: str) -> Array:
    """a + spread(core), in place."""
    view = strided(a, axes, pattern)
    view += np.reshape(core, np.shape(core) + (1,) * (view.ndim - np.ndim(core)))
    return a


def at(core: Array, shape: tuple[int, ...], where: Any) -> Array:
    """Zeros with core at [where]."""
    out = np.zeros(shape)
    out[where] = core
    return out


def add_at(a: Array, core: Array, where: Any) -> Array:
    """a + at(core), in place."""
    a[where] += core
    return a


def placed(core: Array, shape: tuple[int, ...], held: int, counts: Sequence[int], starts: Sequence[int], steps: Sequence[Sequence[int]]) -> Array:
    """Zeros with core[i] written at starts + steps @ i, for i below counts; what falls outside is dropped."""
    return add_placed(np.zeros(shape), core, held, counts, starts, steps)


def add_placed(a: Array, core: Array, held: int, counts: Sequence[int], starts: Sequence[int], steps: Sequence[Sequence[int]]) -> Array:
    """a + placed(core), in place; core has the first `held` axes of the index i."""
    grids = np.meshgrid(*[np.arange(n) for n in counts], indexing="ij", sparse=True) if counts else []
    at = [
        np.broadcast_to(start + sum(s * g for s, g in zip(row, grids, strict=True)), tuple(counts)) for start, row in zip(starts, steps, strict=True)
    ]
    inside = np.ones(tuple(counts), dtype=bool)
    for where, n in zip(at, a.shape, strict=True):
        inside &= (where >= 0) & (where < n)
    values = np.broadcast_to(np.reshape(core, np.shape(core) + (1,) * (len(counts) - held)), tuple(counts))
    a[tuple(where[inside] for where in at)] += values[inside]
    return a


def gather(x: Array, axis: int, start: int, steps: Sequence[int], counts: Sequence[int]) -> Array:
    """x with an axis replaced by one a step: the entry start + steps @ i along it, 0 outside its range."""
    low = start + sum(min(0, s * (c - 1)) for s, c in zip(steps, counts, strict=True))
    high = start + sum(max(0, s * (c - 1)) for s, c in zip(steps, counts, strict=True))
    if 0 in counts:
        return np.zeros((*x.shape[:axis], *counts, *x.shape[axis + 1 :]))
    before, after = max(0, -low), max(0, high - x.shape[axis] + 1)
    if before or after:
        x = np.pad(x, [(before, after) if k == axis else (0, 0) for k in range(x.ndim)])
    stride = x.strides[axis]
    first = x[(*[slice(None)] * axis, slice(start + before, None))]
    strides = (*x.strides[:axis], *[s * stride for s in steps], *x.strides[axis + 1 :])
    return np.lib.stride_tricks.as_strided(first, (*x.shape[:axis], *counts, *x.shape[axis + 1 :]), strides, writeable=False)


def indicator(relation: str, start: int, steps: Sequence[int], counts: Sequence[int]) -> Array:
    """1 where start + steps @ i == 0 (>= 0), else 0."""
    value = start + sum(s * g for s, g in zip(steps, np.meshgrid(*[np.arange(n) for n in counts], indexing="ij", sparse=True), strict=True))
    return (value == 0 if relation == "==" else value >= 0) * 1.0


def index(rows: Array, size: int) -> Array:
    """Rows to look up, as whole numbers within range."""
    at = np.asarray(rows).astype(np.intp)
    if at.size and (at.min() < 0 or at.max() >= size):
        from wrt.errors import ShapeError

        raise ShapeError(f"a look-up leaves the range 0 .. {size - 1}: {at.min()} .. {at.max()}.")
    return at


def onehot(rows: Array, size: int) -> Array:
    """1 where the last axis is the number looked up, else 0."""
    return (index(rows, size)[..., None] == np.arange(size)) * 1.0


def put(values: Array, rows: Array, size: int) -> Array:
    """The sum of the values that go to each row."""
    out = np.zeros((size, *values.shape[1:]))
    np.add.at(out, index(rows, size), values)
    return out


def place_of(best: str, x: Array, count: int) -> Array:
    """Over the last `count` axes: 1 at the largest ("max") or smallest ("min") entry, split evenly at a tie."""
    axes = tuple(range(x.ndim - count, x.ndim))
    same = x == getattr(x, best)(axis=axes, keepdims=True)
    return same / same.sum(axis=axes, keepdims=True)


def adjugate(a: Array) -> Array:
    """The adjugate, right for singular matrices too: det(U) det(V) V diag(products of the other singular values) U'."""
    u, s, vt = np.linalg.svd(a)
    others = np.array([np.prod(np.delete(s, k)) for k in range(len(s))])
    sign = np.linalg.det(u) * np.linalg.det(vt)
    return sign * (vt.T * others) @ u.T


def matrix_powers(a: Array, start: int, steps: Sequence[int], counts: Sequence[int]) -> Array:
    """a**(start + steps @ i) for i below counts, 0 where the exponent is negative."""
    if any(n < 0 for n in counts):
        raise ValueError("the derivative of a matrix power is computed for exponents that are not negative.")
    exponents: Array = start + sum(s * g for s, g in zip(steps, np.meshgrid(*[np.arange(n) for n in counts], indexing="ij"), strict=True))
    top = int(exponents.max(initial=0))
    table = np.zeros((top + 2, *a.shape))  # the last stands for negative exponents
    table[0] = np.eye(len(a))
    for k in range(1, top + 1):
        table[k] = table[k - 1] @ a
    return table[np.where(exponents < 0, top + 1, exponents)]


def inverse_of_cholesky(factor: Array) -> Array:
    """inv(L @ L.T) from L."""
    from scipy.linalg import lapack

    half, _ = lapack.dpotri(factor, lower=1)
    full = np.tril(half)
    return full + np.tril(half, -1).T


def frechet(name: str, a: Array, *directions: Array) -> Array:
    """The derivative of a matrix function at a along each direction in turn: the corner of the function of [[a, e], [0, a]]."""
    from scipy import linalg

    n = len(a)
    if name == "expm" and len(directions) == 1:
        return linalg.expm_frechet(a, directions[0], compute_expm=False)
    double = a
    for e in directions:
        double = np.block([[double, np.kron(np.eye(len(double) // n), e)], [np.zeros_like(double), double]])
    return np.real({"expm": linalg.expm, "logm": linalg.logm, "sqrtm": linalg.sqrtm}[name](double))[:n, -n:]


def frechet_array(name: str, count: int, a: Array, *directions: Array) -> Array:
    """The derivative along the directions given and along every pair of unit matrices: axes [i, j], then [k, l] for each of `count`."""
    n = len(a)
    out = np.zeros((n, n) + (n, n) * count)
    for at in np.ndindex((n, n) * count):
        units = []
        for k in range(count):
            units.append(np.zeros((n, n)))
            units[-1][at[2 * k], at[2 * k + 1]] = 1.0
        out[(slice(None), slice(None), *at)] = frechet(name, a, *directions, *units)
    return out


def prod_except(x: Array, count: int, left_out: int) -> Array:
    """Over the last `count` axes: the product of all entries but the ones at the places left out, 0 where two of these coincide."""
    lead, rest = x.shape[: x.ndim - count], x.shape[x.ndim - count :]
    return others(x.reshape((*lead, -1)), left_out).reshape(lead + rest * left_out)


def others(x: Array, left_out: int) -> Array:
    """prod_except over the last axis."""
    n = x.shape[-1]
    if left_out == 0:
        return x.prod(axis=-1)
    out = np.zeros(x.shape[:-1] + (n,) * left_out)
    if left_out == 1:
        before, after = np.ones_like(x), np.ones_like(x)
        np.cumprod(x[..., :-1], axis=-1, out=before[..., 1:])
        after[..., :-1] = np.cumprod(x[..., :0:-1], axis=-1)[..., ::-1]
        return before * after
    for i in range(n):
        keep = [k for k in range(n) if k != i]
        at: Any = (..., i, *np.ix_(*[keep] * (left_out - 1)))
        out[at] = others(x[..., keep], left_out - 1)
    return out


def minors(a: Array, count: int) -> Array:
    """The derivative of det(a) by `count` entries, axes [i, j] for each: signed minors, right for singular matrices too."""
    from itertools import permutations

    n = len(a)
    if count == 1:
        return adjugate(a).T
    if np.linalg.cond(a) < 1e10:  # det(a) times the antisymmetric product of inverses
        inverse, axes = np.linalg.inv(a), list(range(2 * count))
        total: Array = 0.0
        for order in permutations(range(count)):
            swaps = sum(order[i] > order[j] for i in range(count) for j in range(i + 1, count))
            spec: list[Any] = [part for k in range(count) for part in (inverse, [2 * order[k] + 1, 2 * k])]
            total = total + (-1) ** swaps * np.einsum(*spec, axes)
        return np.linalg.det(a) * total
    out = np.zeros((n, n) * count)
    for rows in permutations(range(n), count):
        for columns in permutations(range(n), count):
            rest = np.delete(np.delete(a, rows, 0), columns, 1)
            swaps = sum(p[i] > p[j] for p in (rows, columns) for i in range(count) for j in range(i + 1, count))
            at = tuple(k for pair in zip(rows, columns, strict=True) for k in pair)
            out[at] = (-1) ** (sum(at) + swaps) * np.linalg.det(rest)
    return out


def at_each(f: Any, lead: int, *arguments: Array) -> Array:
    """f(a[i], b[i], ...) for every index i of the first `lead` axes."""
    rows = [a.reshape((-1, *a.shape[lead:])) for a in arguments]
    values = np.stack([np.asarray(f(*row)) for row in zip(*rows, strict=True)])
    return values.reshape((*arguments[0].shape[:lead], *values.shape[1:]))
