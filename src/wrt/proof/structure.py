"""The linear space that the facts of a square matrix name, as classes of entries that are equal and entries that are zero.

    projected    an arbitrary direction W becomes its orthogonal projection: the mean over each class
    parameters   the derivative by the independent entries pairs with W as the plain derivative does with the sum over each class

Both maps are their own adjoints, so that <P(G), W> = <G, P(W)>: a printed derivative is contracted with an arbitrary W and the function is
followed along the mapped direction. That also proves that the printed derivative lies in the space.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from wrt.language.groups import Groups
from wrt.proof.arrays import Flat
from wrt.proof.jets import Ring
from wrt.tables.facts import closure

SPACES = frozenset(("symmetric", "diagonal", "lower", "upper", "toeplitz", "symmetric_toeplitz"))


def space(facts: Iterable[str]) -> frozenset[str]:
    """The facts that name a linear space of matrices."""
    return closure(frozenset(facts)) & SPACES


@lru_cache(maxsize=256)
def classes(n: int, facts: frozenset[str]) -> tuple[int, ...]:
    """For every entry of an n x n matrix the first entry that it equals, -1 where it is zero."""
    groups = Groups(range(n * n))

    def unite(a: int, b: int) -> None:
        groups.join(*sorted((groups.find(a), groups.find(b))))

    entries = [(i, j) for i in range(n) for j in range(n)]
    for i, j in entries:
        if "symmetric" in facts:
            unite(i * n + j, j * n + i)
        if "toeplitz" in facts and i and j:
            unite(i * n + j, (i - 1) * n + j - 1)
    zero = {
        groups.find(i * n + j) for i, j in entries if ("lower" in facts and j > i) or ("upper" in facts and i > j) or ("diagonal" in facts and i != j)
    }
    return tuple(-1 if groups.find(k) in zero else groups.find(k) for k in range(n * n))


def spread(values: Flat, n: int, facts: frozenset[str]) -> list[Any]:
    """A matrix of the space, from the first entry of each class."""
    return [values[k] if k >= 0 else 0 for k in classes(n, facts)]


def mapped(ring: Ring, flat: Flat, n: int, facts: frozenset[str], mode: str) -> Flat:
    """The direction along which the function is followed, for an arbitrary one; `mode` "projected" or "parameters"."""
    which = classes(n, facts)
    totals: dict[int, Any] = {}
    counts: dict[int, int] = {}
    for k, v in zip(which, flat, strict=True):
        totals[k] = totals.get(k, 0) + v
        counts[k] = counts.get(k, 0) + 1
    if mode == "projected":
        p = ring.p
        totals = {k: v * pow(counts[k], -1, p) % p if p else v / counts[k] for k, v in totals.items()}
    elif ring.p:
        totals = {k: v % ring.p for k, v in totals.items()}
    return [totals[k] if k >= 0 else 0 for k in which]
