"""Sums whose conditions leave out entries that may have no value: those entries are not evaluated, as the conditions say.

The body is evaluated with every index that the conditions compare held at one number at a time, where they hold; elsewhere it counts as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from wrt.language.surface import Binary, Call, Node, Number, postorder
from wrt.proof.arrays import Bound, Key, Keys, Parts, Value, ordered, size_of
from wrt.proof.network import summed_terms
from wrt.proof.reading import EXACT_CALLS, Reading
from wrt.proof.walk import Env, Rule, Walker


def fragile(reading: Reading, body: Node, names: frozenset[str]) -> bool:
    """Whether a quotient, a root or another function that has no value everywhere depends on some of these indices."""
    for part in postorder(body):
        match part:
            case Binary(op="/"):
                inner = part.right
            case Binary(op="**") if not (isinstance(part.right, Number) and part.right.value >= 0 and part.right.value.denominator == 1):
                inner = part.left
            case Call() if part.function not in EXACT_CALLS:
                inner = part
            case _:
                continue
        if reading.free(inner) & names:
            return True
    return False


def excludes(limits: Sequence[Value]) -> bool:
    """Whether the 0/1 arrays leave something out."""
    return any(not all(v.parts[0]) if v.parts else True for v in limits)


def sum_within(walk: Walker, body: Node, env: Env, bits: int, loops: Keys, limits: Sequence[Value]) -> Rule:
    """sum over the loops of the body where all limits hold, with nothing evaluated elsewhere."""
    mask = limits[0]
    for limit in limits[1:]:
        mask = walk.times(mask, limit)
    outer = tuple(k for k in mask.keys if k not in loops)
    inner = tuple(k for k in mask.keys if k in loops)
    mask = walk.arranged(mask, (*outer, *inner))
    holds = mask.parts.get(0) or [0] * size_of(mask.dims)
    count = size_of(mask.dims[len(outer) :])
    pieces = []
    for n, fixed in enumerate(product(*map(_numbers, outer))):
        total = walk.scalar(walk.number(0))
        for k, chosen in enumerate(product(*map(_numbers, inner))):
            if holds[n * count + k]:
                here: dict[Key, Bound] = dict(zip((*outer, *inner), (*fixed, *chosen), strict=True))
                inside = tuple((name, here.get(bound, bound)) for name, bound in env)
                value = yield from summed_terms(walk, body, inside, bits, tuple(here.get(key, key) for key in loops))
                total = walk.add(total, _without(value, fixed))
        pieces.append(total)
    return _stacked(walk, pieces, outer)


def _numbers(key: Key) -> list[Bound]:
    """The single numbers of a bound index."""
    assert not isinstance(key, int)
    return [(key[0], k, k + 1) for k in range(key[1], key[2])]


def _without(value: Value, fixed: Sequence[Bound]) -> Value:
    """The value without the axes of indices held at one number."""
    kept = [(k, d) for k, d in zip(value.keys, value.dims, strict=True) if k not in fixed]
    return Value(tuple(k for k, _ in kept), tuple(d for _, d in kept), value.parts)


def _stacked(walk: Walker, pieces: Sequence[Value], outer: Keys) -> Value:
    """One value a place of the outer indices, as one array."""
    sizes: dict[Key, int] = {}
    for piece in pieces:
        for key, dim in zip(piece.keys, piece.dims, strict=True):
            sizes[key] = max(dim, sizes.get(key, 1))
    inner = ordered(frozenset(sizes))
    laid = [walk.arranged(piece, inner, sizes) for piece in pieces]
    zeros = [walk.number(0)] * size_of(tuple(sizes.values()))
    parts: Parts = {}
    for m in {m for piece in laid for m in piece.parts}:
        flat: list[Any] = []
        for piece in laid:
            flat += piece.parts.get(m, zeros)
        parts[m] = flat
    keys = (*outer, *inner)
    dims = (*[k[2] - k[1] for k in outer if not isinstance(k, int)], *[sizes[k] for k in inner])
    return walk.arranged(Value(keys, dims, parts), ordered(frozenset(keys)))


__all__ = ["excludes", "fragile", "sum_within"]
