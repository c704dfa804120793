"""Declared functions in the proof: a random smooth function of the declared shapes, so that what is true of it is true of every one.

    f(u)[a] = sum_r C[a, r] * phi_r(L[r, :] u + b[r])           u: the entries of all arguments, one after another

with random C, L, b and one random function phi_r a term: its derivatives are random numbers, unrelated to one another, in a field; a sine in
floats, where a constant is added that makes the value positive or definite if it is declared so. The partial derivatives of f are the sums with
phi_r^(k) and entries of L, so they are symmetric in repeated directions. There are more terms than arguments have entries, so that Jacobians have
full rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wrt.language.functions_declared import called
from wrt.language.surface import Call, FunctionDeclaration
from wrt.proof.arrays import Flat, Key, Keys, Parts, Value, ordered, size_of
from wrt.proof.walk import OWN, Env, Rule, Walker, all_of
from wrt.tables.facts import closure

SPARE = 2  # terms beyond the number of entries
DOMINANT = frozenset(("spd", "invertible", "det_positive"))  # facts that a large diagonal brings about


def application(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    """The value of f(x), D(f, k)(x), grad(f)(x)."""
    found = called(node.function, walk.reading.declarations)
    assert found is not None, "an application of no declared function; please report this as a bug"
    d, orders, _ = found
    values = yield from all_of(node.arguments, env, bits)
    if d.elementwise:
        return _entry_by_entry(walk, d, orders, values, bits)
    bound = ordered(frozenset(k for v in values for k in walk.bound(v)))
    sizes: dict[Key, int] = {k: n for v in values for k, n in zip(v.keys, v.dims, strict=True) if not isinstance(k, int)}
    flats: list[Parts] = []
    counts: list[int] = []
    for v, shape in zip(values, d.arguments, strict=True):
        own = OWN.get(shape.kind) or tuple(range(shape.order))
        dims = walk.dims(shape)
        laid = walk.arranged(v, (*bound, *own), {**sizes, **dict(zip(own, dims, strict=True))})
        flats.append(laid.parts)
        counts.append(size_of(dims))
    batch = size_of([sizes[k] for k in bound])
    assert node.shape is not None
    keys = OWN.get(node.shape.kind) or tuple(range(node.shape.order))
    dims = walk.dims(node.shape)
    work = _Terms(walk, d, counts, walk.dims(d.shape))
    parts = work.value(flats, orders, batch, bits)
    return Value((*bound, *keys), (*[sizes[k] for k in bound], *dims), parts)


def _entry_by_entry(walk: Walker, d: FunctionDeclaration, orders: Sequence[int], values: list[Value], bits: int) -> Value:
    keys: Keys = ordered(frozenset(k for v in values for k in v.keys))
    sizes = {k: n for v in values for k, n in zip(v.keys, v.dims, strict=True)}
    flats = [walk.arranged(v, keys, sizes).parts for v in values]
    dims = tuple(sizes[k] for k in keys)
    return Value(keys, dims, _Terms(walk, d, [1] * len(values), ()).value(flats, orders, size_of(dims), bits))


class _Terms:
    """The sum over r for one function at one choice of sizes."""

    def __init__(self, walk: Walker, d: FunctionDeclaration, counts: Sequence[int], dims: tuple[int, ...]) -> None:
        self.walk, self.name, self.counts, self.size = walk, d.name, tuple(counts), size_of(dims)
        facts = closure(d.facts)
        self.side = dims[0] if "symmetric" in facts else 0
        self.terms = sum(counts) + SPARE
        self.p = walk.ring.p
        above = self.terms + 1  # a term is between -1 and 1 in floats
        n = dims[0] if facts & DOMINANT else 0
        self.shift = [above] * self.size if "positive" in facts else [above * n * (k // n == k % n) for k in range(self.size if n else 0)]

    def _random(self, what: str, *place: int) -> Any:
        return self.walk.random(f"{self.name} {what} {self.counts} {self.size}", *place)

    def value(self, flats: Sequence[Parts], orders: Sequence[int], batch: int, bits: int) -> Parts:
        """The parts of the array [batch, *value, *directions]."""
        entries = sum(self.counts)
        across = self.size
        for n, k in zip(self.counts, orders, strict=True):
            across *= n**k
        masks = {m for parts in flats for m in parts} | {0}
        self.walk.spend(len(masks) * batch * self.terms * entries + (1 << bits) * batch * self.terms * across)
        self.walk.ring.work += len(masks) * batch * self.terms * entries + (len(masks) > 1) * (1 << bits) * batch * self.terms * across
        lines = [[[self._random("L", j, i, r) for i in range(n)] for j, n in enumerate(self.counts)] for r in range(self.terms)]
        inner = {m: self._inner(lines, flats, m, batch) for m in masks}
        order = sum(orders)
        derivatives = [self.walk.smooth(self._phi, self.terms, inner[0], order + k) for k in range(bits + 1)]
        phi = self.walk.ring.compose(derivatives, inner, bits)
        weights = [self._weights(lines[r], orders, r) for r in range(self.terms)]
        found = {m: self._outer(weights, flat, batch, across) for m, flat in phi.items()}
        if self.shift and not order and self.p is None:
            found[0] = [v + c for v, c in zip(found[0], self.shift * batch, strict=True)]
        return found

    @property
    def _phi(self) -> str:
        return f"{self.name} phi"

    def _inner(self, lines: list[list[list[Any]]], flats: Sequence[Parts], m: int, batch: int) -> Flat:
        """L u + b at [batch, r]; b belongs to the finite part."""
        out: list[Any] = []
        for k in range(batch):
            rows = [(parts[m][k * n : (k + 1) * n] if m in parts else None) for parts, n in zip(flats, self.counts, strict=True)]
            for r, line in enumerate(lines):
                total = self._random("b", r) if m == 0 else self.walk.number(0)
                for row, weights in zip(rows, line, strict=True):
                    if row is not None:
                        total += sum(w * u for w, u in zip(weights, row, strict=True))
                out.append(total % self.p if self.p else total)
        return out

    def _weights(self, line: list[list[Any]], orders: Sequence[int], r: int) -> list[Any]:
        """C[a, r] times the entries of L along every direction, over [*value, *directions]."""
        out: list[Any] = [self._random("C", self._entry(a), r) for a in range(self.size)]
        for weights, k in zip(line, orders, strict=True):
            for _ in range(k):
                out = [v * w % self.p if self.p else v * w for v in out for w in weights]
        return out

    def _entry(self, a: int) -> int:
        """The entry that has the same value: of a symmetric matrix the one above the diagonal."""
        if not self.side:
            return a
        i, j = divmod(a, self.side)
        return min(i, j) * self.side + max(i, j)

    def _outer(self, weights: list[list[Any]], flat: Flat, batch: int, across: int) -> Flat:
        out: list[Any] = []
        for k in range(batch):
            row = flat[k * self.terms : (k + 1) * self.terms]
            totals = [sum(w[q] * v for w, v in zip(weights, row, strict=True)) for q in range(across)]
            out += [t % self.p for t in totals] if self.p else totals
        return out


def number(walk: Walker, d: FunctionDeclaration, orders: Sequence[int], arguments: Sequence[Sequence[Any]], sizes: Sequence[int]) -> Flat:
    """The entries of one partial derivative at entries of the arguments, for a program that calls the function: sizes are those of the value.

    A function of scalars goes entry by entry over arguments of one length.
    """
    flats: list[Parts] = [{0: [walk.ring.one * v for v in flat]} for flat in arguments]
    batch = len(arguments[0]) if d.elementwise else 1
    counts = [1] * len(flats) if d.elementwise else [len(flat) for flat in arguments]
    return _Terms(walk, d, counts, tuple(sizes)).value(flats, orders, batch, 0)[0]
