"""The helper functions that emitted JAX code calls: those of `runtime.py` without writing in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Array = Any  # jax.Array
jnp: Any = None  # jax.numpy, bound when the backend is first used: importing this module must not need it


def root_power(s: Array, exponent: float) -> Array:
    """s**exponent, and 0 where s is 0: the minimal-norm subgradient of a norm at 0."""
    return jnp.where(s != 0, jnp.where(s != 0, s, 1.0) ** exponent, 0.0)


def norm(x: Array) -> Array:
    """The root of the sum of the squares, scaled so that none overflows or vanishes."""
    scale = jnp.abs(x).max(initial=0.0)
    scale = jnp.where((scale > 0) & (scale < jnp.inf), scale, 1.0)
    return scale * jnp.sqrt(jnp.square(x / scale).sum())


def norms(x: Array, axis: int) -> Array:
    """The root of the sum of the squares along an axis, scaled so that none overflows or vanishes."""
    scale = jnp.abs(x).max(axis=axis, initial=0.0)
    scale = jnp.where((scale > 0) & (scale < jnp.inf), scale, 1.0)
    return scale * jnp.sqrt(jnp.square(x / jnp.expand_dims(scale, axis)).sum(axis=axis))


def add_diagonal(a: Array, v: Array) -> Array:
    """a + diag(v)."""
    k = jnp.arange(a.shape[0])
    return a.at[k, k].add(v)


def pattern_index(shape: tuple[int, ...], axes: str, pattern: str) -> Array:
    """Where the entries stand whose axes with one letter agree: one index array an axis, over the letters of `axes`, then the others."""
    letters = axes + "".join(c for c in dict.fromkeys(pattern) if c not in axes)
    grid = jnp.meshgrid(*[jnp.arange(shape[pattern.index(c)]) for c in letters], indexing="ij", sparse=True)
    return tuple(grid[letters.index(c)] for c in pattern)


def spread(core: Array, shape: tuple[int, ...], axes: str, pattern: str) -> Array:
    """Zeros but where axes with one letter agree: there result[pattern] = core[axes]."""
    return add_spread(jnp.zeros(shape), core, axes, pattern)


def add_spread(a: Array, core: Array, axes: str, pattern: str) -> Array:
    """a + spread(core)."""
    core = jnp.asarray(core)
    return a.at[pattern_index(a.shape, axes, pattern)].add(core.reshape(core.shape + (1,) * (len(dict.fromkeys(pattern)) - core.ndim)))


def at(core: Array, shape: tuple[int, ...], where: Any) -> Array:
    """Zeros with core at [where]."""
    return jnp.zeros(shape).at[where].set(core)


def add_at(a: Array, core: Array, where: Any) -> Array:
    """a + at(core)."""
    return a.at[where].add(core)


def placed(core: Array, shape: tuple[int, ...], held: int, counts: Sequence[int], starts: Sequence[int], steps: Sequence[Sequence[int]]) -> Array:
    """Zeros with core[i] written at starts + steps @ i, for i below counts; what falls outside is dropped."""
    return add_placed(jnp.zeros(shape), core, held, counts, starts, steps)


def add_placed(a: Array, core: Array, held: int, counts: Sequence[int], starts: Sequence[int], steps: Sequence[Sequence[int]]) -> Array:
    """a + placed(core)."""
    grid = jnp.indices(tuple(counts)) if counts else ()
    inside = jnp.ones(tuple(counts), dtype=bool)
    where = []
    for start, row, n in zip(starts, steps, a.shape, strict=True):
        place = start + sum((s * g for s, g in zip(row, grid, strict=True)), jnp.zeros(tuple(counts), dtype=int))
        inside &= (place >= 0) & (place < n)
        where.append(place)
    core = jnp.asarray(core)
    values = jnp.broadcast_to(core.reshape(core.shape + (1,) * (len(counts) - held)), tuple(counts))
    return a.at[tuple(jnp.where(inside, place, n) for place, n in zip(where, a.shape, strict=True))].add(values, mode="drop")


def gather(x: Array, axis: int, start: int, steps: Sequence[int], counts: Sequence[int]) -> Array:
    """x with an axis replaced by one a step: the entry start + steps @ i along it, 0 outside its range."""
    place = start + sum((s * g for s, g in zip(steps, jnp.indices(tuple(counts)), strict=True)), jnp.zeros(tuple(counts), dtype=int))
    inside = (place >= 0) & (place < x.shape[axis])
    found = jnp.take(x, jnp.where(inside, place, 0), axis=axis) if x.shape[axis] else jnp.zeros((*x.shape[:axis], *counts, *x.shape[axis + 1 :]))
    return jnp.where(inside.reshape(inside.shape + (1,) * (x.ndim - axis - 1)), found, 0.0)


def indicator(relation: str, start: int, steps: Sequence[int], counts: Sequence[int]) -> Array:
    """1 where start + steps @ i == 0 (>= 0), else 0."""
    value = start + sum(s * g for s, g in zip(steps, jnp.meshgrid(*[jnp.arange(n) for n in counts], indexing="ij", sparse=True), strict=True))
    return (value == 0 if relation == "==" else value >= 0) * 1.0


def look_up(x: Array, rows: Array, axis: int) -> Array:
    """The entries along an axis at the rows, nan outside the range."""
    return jnp.take(x, rows.astype(int), axis=axis, mode="fill", fill_value=jnp.nan)


def onehot(rows: Array, size: int) -> Array:
    """1 where the last axis is the number looked up, else 0."""
    return (rows.astype(int)[..., None] == jnp.arange(size)) * 1.0


def put(values: Array, rows: Array, size: int) -> Array:
    """The sum of the values that go to each row."""
    return jnp.zeros((size, *values.shape[1:])).at[rows.astype(int)].add(values)


def place_of(best: str, x: Array, count: int) -> Array:
    """Over the last `count` axes: 1 at the largest ("max") or smallest ("min") entry, split evenly at a tie."""
    axes = tuple(range(x.ndim - count, x.ndim))
    same = x == getattr(x, best)(axis=axes, keepdims=True)
    return same / same.sum(axis=axes, keepdims=True)


def adjugate(a: Array) -> Array:
    """The adjugate, right for singular matrices too: det(U) det(V) V diag(products of the other singular values) U'."""
    u, s, vt = jnp.linalg.svd(a)
    return jnp.linalg.det(u) * jnp.linalg.det(vt) * (vt.T * others(s, 1)) @ u.T


def matrix_powers(a: Array, start: int, steps: Sequence[int], counts: Sequence[int]) -> Array:
    """a**(start + steps @ i) for i below counts, 0 where the exponent is negative."""
    import numpy as np

    if any(n < 0 for n in counts):
        raise ValueError("the derivative of a matrix power is computed for exponents that are not negative.")
    exponents: Array = start + sum(s * g for s, g in zip(steps, np.meshgrid(*[np.arange(n) for n in counts], indexing="ij"), strict=True))
    table = [jnp.eye(len(a))]
    for _ in range(int(exponents.max(initial=0))):
        table.append(table[-1] @ a)
    table.append(jnp.zeros_like(a))  # for negative exponents
    return jnp.stack(table)[np.where(exponents < 0, len(table) - 1, exponents)]


def inverse_of_cholesky(factor: Array) -> Array:
    """inv(L @ L.T) from L."""
    from jax.scipy import linalg

    return linalg.cho_solve((factor, True), jnp.eye(len(factor)))


def frechet(name: str, a: Array, *directions: Array) -> Array:
    """The derivative of a matrix function at a along each direction in turn: the corner of the function of [[a, e], [0, a]]."""
    from jax.scipy import linalg

    n = len(a)
    if name == "expm" and len(directions) == 1:
        return linalg.expm_frechet(a, directions[0], compute_expm=False)
    double = a
    for e in directions:
        double = jnp.block([[double, jnp.kron(jnp.eye(len(double) // n), e)], [jnp.zeros_like(double), double]])
    function: Any = {"expm": linalg.expm, "sqrtm": linalg.sqrtm}[name]
    return jnp.real(function(double))[:n, -n:]


def frechet_array(name: str, count: int, a: Array, *directions: Array) -> Array:
    """The derivative along the directions given and along every pair of unit matrices: axes [i, j], then [k, l] for each of `count`."""
    import itertools

    n = len(a)
    units = jnp.eye(n * n).reshape(n * n, n, n)
    found = [frechet(name, a, *directions, *[units[k] for k in at]) for at in itertools.product(range(n * n), repeat=count)]
    return jnp.stack(found, axis=-1).reshape((n, n) * (count + 1))


def prod_except(x: Array, count: int, left_out: int) -> Array:
    """Over the last `count` axes: the product of all entries but the ones at the places left out, 0 where two of these coincide."""
    lead, rest = x.shape[: x.ndim - count], x.shape[x.ndim - count :]
    return others(x.reshape((*lead, -1)), left_out).reshape(lead + rest * left_out)


def others(x: Array, left_out: int) -> Array:
    """prod_except over the last axis."""
    n = x.shape[-1]
    if left_out == 0:
        return x.prod(axis=-1)
    parts = []
    for i in range(n):
        inner = others(jnp.delete(x, i, axis=-1), left_out - 1)
        for k in range(left_out - 1):  # a zero at place i, which two places cannot share
            inner = jnp.insert(inner, i, 0.0, axis=x.ndim - 1 + k)
        parts.append(inner)
    return jnp.stack(parts, axis=x.ndim - 1)


def minors(a: Array, count: int) -> Array:
    """The derivative of det(a) by `count` entries, axes [i, j] for each: signed minors, right for singular matrices too."""
    from itertools import permutations

    import numpy as np

    n = len(a)
    if count == 1:
        return adjugate(a).T
    out = jnp.zeros((n, n) * count)
    for rows in permutations(range(n), count):
        for columns in permutations(range(n), count):
            rest = jnp.delete(jnp.delete(a, np.array(rows), 0), np.array(columns), 1)
            swaps = sum(p[i] > p[j] for p in (rows, columns) for i in range(count) for j in range(i + 1, count))
            place = tuple(k for pair in zip(rows, columns, strict=True) for k in pair)
            out = out.at[place].set((-1) ** (sum(place) + swaps) * (jnp.linalg.det(rest) if count < n else 1.0))
    return out


def at_each(f: Any, lead: int, *arguments: Array) -> Array:
    """f(a[i], b[i], ...) for every index i of the first `lead` axes."""
    rows = [a.reshape((-1, *a.shape[lead:])) for a in arguments]
    values = jnp.stack([f(*row) for row in zip(*rows, strict=True)])
    return values.reshape((*arguments[0].shape[:lead], *values.shape[1:]))
