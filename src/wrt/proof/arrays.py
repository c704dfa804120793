"""Small labelled arrays over any ring: flat lists with an axis a key, and cached plans for how two of them meet.

A key is a bound index (name, first, stop) or, for an axis of the value itself, a small whole number: 0 counts rows, 1 columns, so that a
column has the key 0, a row of a matrix the key 1, and stretching a column against a matrix is what meeting by keys does anyway. Keys stand
in one order (bound indices by name, then axes). A value's `parts` hold one flat list a set of infinitesimals (see `jets.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

Bound = tuple[str, int, int]
Key = int | Bound
Keys = tuple[Key, ...]
Dims = tuple[int, ...]
Flat = Any  # a list or tuple of ring elements: ints or floats of any precision
Parts = dict[int, Flat]
Gather = Callable[[Flat], Flat]


class UnfitError(Exception):
    """A draw that cannot be used: sizes that do not fit, a division by zero, a singular matrix, an index out of range.

    `singular`: what has no value may have one with other sizes (a singular matrix, too few singular values).
    `near`: there is a value, but too near to a kink or a tie to trust a difference there.
    """

    def __init__(self, why: str, singular: bool = False, near: bool = False) -> None:
        self.why = why
        self.singular = singular
        self.near = near
        super().__init__(why)


class UndecidedError(Exception):
    """What this evaluation cannot do at all (a spectral function over a finite field)."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class BudgetError(Exception):
    """The evaluation would go over its budget of ring multiplications."""


class Value:
    """An array: `keys` and `dims` an axis, `parts` {set of infinitesimals: flat list, last axis fastest}."""

    __slots__ = ("dims", "keys", "parts")

    def __init__(self, keys: Keys, dims: Dims, parts: Parts) -> None:
        self.keys = keys
        self.dims = dims
        self.parts = parts

    def __repr__(self) -> str:
        return f"Value({self.keys}, {self.dims}, {self.parts})"


def rank(key: Key) -> tuple[int, str | int, int, int]:
    """Where a key stands among others: bound indices first."""
    return (1, key, 0, 0) if isinstance(key, int) else (0, *key)


@lru_cache(maxsize=4096)
def ordered(keys: frozenset[Key]) -> Keys:
    """The keys in their one order."""
    return tuple(sorted(keys, key=rank))


def size_of(dims: Sequence[int]) -> int:
    """The number of entries."""
    total = 1
    for d in dims:
        total *= d
    return total


def gather(indices: Sequence[int], length: int) -> Gather | None:
    """The function that picks these entries of a flat list of that length; None when it would change nothing."""
    if len(indices) == length and all(i == k for k, i in enumerate(indices)):
        return None
    if len(indices) == 0:
        return lambda flat: ()
    if len(indices) == 1:
        only = indices[0]
        return lambda flat: (flat[only],)
    return itemgetter(*indices)


def positions(keys: Keys, dims: Dims, out: Keys, sizes: Dims) -> list[int]:
    """For every entry of an array with keys `out`, where it lies in an array with `keys`; keys that the latter lacks, or has of size 1, stretch."""
    strides: dict[Key, int] = {}
    stride = 1
    for key, dim in zip(reversed(keys), reversed(dims), strict=True):
        strides[key] = stride if dim != 1 else 0
        stride *= dim
    found = [0]
    for key, size in zip(out, sizes, strict=True):
        step = strides.get(key, 0)
        found = [at + k * step for at in found for k in range(size)] if step else [at for at in found for _ in range(size)]
    return found


def whole_difference(a: Value, b: Value) -> Value:
    """a - b of plain ints."""
    keys = ordered(frozenset((*a.keys, *b.keys)))
    sizes = {**dict(zip(a.keys, a.dims, strict=True)), **dict(zip(b.keys, b.dims, strict=True))}
    dims = tuple(sizes[k] for k in keys)
    x, y = (v.parts.get(0) or [0] * size_of(v.dims) for v in (a, b))
    flat = [x[i] - y[j] for i, j in zip(positions(a.keys, a.dims, keys, dims), positions(b.keys, b.dims, keys, dims), strict=True)]
    return Value(keys, dims, {0: flat})


class Meeting(NamedTuple):
    """How two arrays stretch to one: the common keys and sizes, and how each is read (None: as it lies)."""

    keys: Keys
    dims: Dims
    left: Gather | None
    right: Gather | None


def _met(a: dict[Key, int], b: dict[Key, int]) -> dict[Key, int]:
    """The sizes by key of two arrays together: a size 1 stretches. Raises: UnfitError."""
    sizes: dict[Key, int] = {}
    for key in {**a, **b}:
        m, n = a.get(key, 1), b.get(key, 1)
        if m not in {n, 1} and n != 1:
            raise UnfitError(f"sizes {m} and {n} meet")
        sizes[key] = max(m, n) if m and n else 0
    return sizes


@lru_cache(maxsize=8192)
def meeting(ka: Keys, da: Dims, kb: Keys, db: Dims) -> Meeting:
    """The plan of an elementwise operation."""
    sizes = _met(dict(zip(ka, da, strict=True)), dict(zip(kb, db, strict=True)))
    keys = ordered(frozenset(sizes))
    dims = tuple(sizes[k] for k in keys)
    left = gather(positions(ka, da, keys, dims), size_of(da))
    right = gather(positions(kb, db, keys, dims), size_of(db))
    return Meeting(keys, dims, left, right)


@lru_cache(maxsize=8192)
def turned(keys: Keys, dims: Dims, out: Keys, sizes: Dims) -> Gather | None:
    """How an array with `keys` is read as one with keys `out` (reordered, stretched, or the diagonal where a key repeats in `keys`)."""
    if len(set(keys)) < len(keys):
        strides: dict[Key, int] = {}
        stride = 1
        for key, dim in zip(reversed(keys), reversed(dims), strict=True):
            strides[key] = strides.get(key, 0) + stride
            stride *= dim
        found = [0]
        for key, size in zip(out, sizes, strict=True):
            found = [at + k * strides.get(key, 0) for at in found for k in range(size)]
        return gather(found, size_of(dims))
    return gather(positions(keys, dims, out, sizes), size_of(dims))


class Contraction(NamedTuple):
    """A pair of arrays summed over common keys, as a batched matrix product.

    `left`, `right`: how each is read: (batch, own, inner) with the inner axis contiguous; `batch`, `rows`, `columns`, `inner`: counts;
    `out`: how the result (batch, rows, columns) is read in the end; `dims` its sizes.
    """

    left: Gather | None
    right: Gather | None
    batch: int
    rows: int
    columns: int
    inner: int
    out: Gather | None
    dims: Dims


@lru_cache(maxsize=8192)
def contraction(ka: Keys, da: Dims, kb: Keys, db: Dims, out: Keys) -> Contraction:
    """The plan of sum over all keys outside `out` of A*B. A key outside `out` must be in both (sum the others first)."""
    a, b = dict(zip(ka, da, strict=True)), dict(zip(kb, db, strict=True))
    sizes = _met(a, b)
    both = [k for k in ka if k in b and a[k] == b[k]]
    batch = [k for k in both if k in out]
    inner = [k for k in both if k not in out]
    mine = [k for k in ka if k not in both and not (a[k] == 1 and k in b)]
    yours = [k for k in kb if k not in both and not (b[k] == 1 and k in a)]

    def dims(keys: Sequence[Key]) -> Dims:
        return tuple(sizes[k] for k in keys)

    left_keys, right_keys = (*batch, *mine, *inner), (*batch, *yours, *inner)
    raw = (*batch, *mine, *yours)
    left = gather(positions(ka, da, left_keys, dims(left_keys)), size_of(da))
    right = gather(positions(kb, db, right_keys, dims(right_keys)), size_of(db))
    read = gather(positions(raw, dims(raw), out, dims(out)), size_of(dims(raw)))
    return Contraction(left, right, size_of(dims(batch)), size_of(dims(mine)), size_of(dims(yours)), size_of(dims(inner)), read, dims(out))
