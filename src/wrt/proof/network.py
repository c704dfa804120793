"""Sums of products: contracted by pairs, so that a sum over several indices costs what its best order costs, not the product of all ranges."""

from __future__ import annotations

from collections.abc import Sequence

from wrt.language.surface import Node
from wrt.proof.arrays import Key, Keys, Value, ordered, size_of
from wrt.proof.walk import Env, Rule, Walker, all_of

MANY = 24  # factors past which they are taken as they come


def network(walk: Walker, factors: Sequence[Value], out: Keys) -> Value:
    """sum over every key outside `out` of the product of the factors, by the pair that shrinks most first."""
    work = [_summed_alone(walk, f, k, factors, out) for k, f in enumerate(factors)]
    if not work:
        return walk.scalar(walk.number(1))
    while len(work) > 1:
        i, j = _best_pair(work, out)
        a, b = work[i], work[j]
        rest = [f for k, f in enumerate(work) if k not in (i, j)]
        needed = {*out}.union(*[f.keys for f in rest])
        keys = ordered(frozenset(k for k in {*a.keys, *b.keys} if k in needed))
        work = [*rest, walk.contract(a, b, keys) if set(keys) != {*a.keys, *b.keys} or a.keys != b.keys else walk.times(a, b)]
    (last,) = work
    alone = tuple(k for k in last.keys if k not in out)
    return walk.sum_over(last, alone) if alone else last


def _summed_alone(walk: Walker, f: Value, at: int, factors: Sequence[Value], out: Keys) -> Value:
    alone = tuple(k for k in f.keys if k not in out and all(k not in g.keys for n, g in enumerate(factors) if n != at))
    return walk.sum_over(f, alone) if alone else f


def _best_pair(work: list[Value], out: Keys) -> tuple[int, int]:
    if not 2 < len(work) <= MANY:
        return 0, 1
    best, least = (0, 1), None
    count: dict[Key, int] = {}
    for f in work:
        for key in f.keys:
            count[key] = count.get(key, 0) + 1
    for i, a in enumerate(work):
        for j in range(i + 1, len(work)):
            b = work[j]
            sizes = dict(zip((*a.keys, *b.keys), (*a.dims, *b.dims), strict=True))
            result = 1
            for key, dim in sizes.items():
                if key in out or count[key] > (key in a.keys) + (key in b.keys):
                    result *= dim
            cost = (result - size_of(a.dims) - size_of(b.dims), size_of(tuple(sizes.values())))
            if least is None or cost < least:
                best, least = (i, j), cost
    return best


def summed_terms(walk: Walker, body: Node, env: Env, bits: int, loops: Keys, more: Sequence[Value] = ()) -> Rule:
    """sum over the loops of body * product of `more`, an addend at a time."""
    sizes = {key: key[2] - key[1] for key in loops if not isinstance(key, int)}
    total: Value | None = None
    if any(n <= 0 for n in sizes.values()):
        return walk.scalar(walk.number(0))
    for term in walk.reading.terms(body):
        factors: list[Value] = list(more)
        factors += yield from all_of(term.factors, env, bits)
        factors += [walk.invert(v, bits) for v in (yield from all_of(term.divisors, env, bits))]
        factors = _squeezed(factors)
        keys = ordered(frozenset(k for f in factors for k in f.keys if k not in loops))
        missing = size_of([n for key, n in sizes.items() if all(key not in f.keys for f in factors)])
        value = network(walk, factors, keys)
        scale = term.sign * missing
        if scale != 1:
            value = walk.scale(walk.number(scale), value)
        total = value if total is None else walk.add(total, value)
    assert total is not None
    return total


def _squeezed(factors: list[Value]) -> list[Value]:
    """Axes of size 1 dropped where another factor has more."""
    longest: dict[Key, int] = {}
    for f in factors:
        for key, dim in zip(f.keys, f.dims, strict=True):
            longest[key] = max(dim, longest.get(key, 1))
    out = []
    for f in factors:
        drop = [k for k, d in zip(f.keys, f.dims, strict=True) if d == 1 and longest[k] > 1]
        if drop:
            kept = [(k, d) for k, d in zip(f.keys, f.dims, strict=True) if k not in drop]
            f = Value(tuple(k for k, _ in kept), tuple(d for _, d in kept), f.parts)
        out.append(f)
    return out
