"""Random values for every variable, drawn as its facts say, from a seed and nothing else: in each field, or as floats of any precision.

A variable is built from base numbers, one an entry, by an exact construction (an orthogonal matrix from a skew one by Cayley's transform,
a positive definite one from a triangular factor, ...), so that what it is declared to be it is exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from wrt.language.sizes import Size
from wrt.language.surface import Declaration
from wrt.proof import linalg
from wrt.proof.arrays import BudgetError, Flat, UnfitError, size_of
from wrt.proof.field import BASE, Level
from wrt.proof.jets import Ring
from wrt.proof.structure import space, spread
from wrt.tables.facts import closure

SIGNS = frozenset(("positive", "unit_interval", "simplex", "spd", "det_positive"))
LARGEST = 20_000  # entries of one variable


def hashed(*words: object) -> int:
    """A 64-bit number that depends on nothing but the words."""
    return int.from_bytes(blake2b("|".join(map(str, words)).encode(), digest_size=8).digest(), "big")


class Maker:
    """How numbers of one ring are made: entry(k) for the k-th base number of a kind."""

    def __init__(self, ring: Ring, entry: Callable[[int], Any], kinds: Mapping[str, Callable[[int], Any]], root: Callable[[Any], Any]) -> None:
        self.ring = ring
        self.entry = entry
        self.kinds = kinds
        self.root = root


def construct(make: Maker, dims: tuple[int, ...], facts: frozenset[str]) -> Flat:
    """The entries of a variable with these (closed) facts."""
    count = size_of(dims)
    kind = next((k for k in ("labels_pm1", "unit_interval", "positive") if k in facts), "")
    entry = make.kinds.get(kind, make.entry)
    if "onehot" in facts:
        return _onehot(make, dims)
    if "simplex" in facts:
        return _simplex(make, count)
    if len(dims) == 2:
        m, n = dims
        if "orthogonal" in facts:
            return _orthogonal(make, m, n, facts)
        if m == n:
            return _square(make, entry, n, facts)
    return [entry(k) for k in range(count)]


def _square(make: Maker, entry: Callable[[int], Any], n: int, facts: frozenset[str]) -> Flat:
    linear = space(facts)
    if "idempotent" in facts:
        return _idempotent(make, n, facts)
    if "spd" in facts and "diagonal" in linear:
        return spread([make.kinds["positive"](k) for k in range(n * n)], n, linear)
    if "spd" in facts and "toeplitz" not in linear:
        low = [make.kinds["pivot"](k) if k // n == k % n else make.entry(k) if k // n > k % n else 0 for k in range(n * n)]
        return linalg.multiply(make.ring, {0: low}, linalg.transposed({0: low}, n, n), n, n, n)[0]
    flat: Flat = [entry(k) for k in range(n * n)]
    if linear:
        flat = spread(flat, n, linear)
    if "det_positive" in facts:
        flat = _positive_determinant(make, flat, n)
    return flat


def _positive_determinant(make: Maker, flat: Flat, n: int) -> Flat:
    determinant = linalg.adjugate(make.ring, {0: flat}, n)[0].get(0, [0])[0]
    p = make.ring.p
    if (pow(determinant, (p - 1) // 2, p) != 1) if p else determinant < 0:
        return [-v % p if p else -v for v in flat[:n]] + list(flat[n:])
    return flat


def _orthogonal(make: Maker, m: int, n: int, facts: frozenset[str]) -> Flat:
    """Columns of a Cayley transform (I - K) inv(I + K), the first one with either sign; symmetric: a reflection."""
    if m < n:
        raise UnfitError("orthonormal columns need as many rows", singular=True)
    ring = make.ring
    if "symmetric" in facts:
        projection = _idempotent(make, m, facts)
        return [2 * v - int(k // m == k % m) if not ring.p else (2 * v - int(k // m == k % m)) % ring.p for k, v in enumerate(projection)]
    skew = [make.entry(min(i, j) * m + max(i, j)) * (1 if i < j else -1) if i != j else 0 for i in range(m) for j in range(m)]
    minus = [int(k // m == k % m) - v for k, v in enumerate(skew)]
    plus = [int(k // m == k % m) + v for k, v in enumerate(skew)]
    whole = linalg.multiply(ring, {0: minus}, linalg.inverse(ring, {0: plus}, m), m, m, m)[0]
    turn = make.kinds["labels_pm1"](0)
    columns = [whole[i * m + j] * (turn if j == 0 else 1) for i in range(m) for j in range(n)]
    return [v % ring.p for v in columns] if ring.p else columns


def _idempotent(make: Maker, n: int, facts: frozenset[str]) -> Flat:
    """B inv(C B) C of rank about n/2; symmetric: C = B.T."""
    r, ring = max(1, n // 2), make.ring
    b = [make.entry(k) for k in range(n * r)]
    c = linalg.transposed({0: b}, n, r)[0] if "symmetric" in facts else [make.entry(n * n + k) for k in range(n * r)]
    inner = linalg.inverse(ring, linalg.multiply(ring, {0: c}, {0: b}, r, n, r), r)
    return linalg.multiply(ring, linalg.multiply(ring, {0: b}, inner, n, r, r), {0: c}, n, r, n)[0]


def _simplex(make: Maker, count: int) -> Flat:
    """Positive numbers divided by their sum, which is made positive too."""
    for attempt in range(64):
        squares = [make.kinds["positive"](k + attempt * count) for k in range(count)]
        total = sum(squares)
        p = make.ring.p
        if not p:
            return [v / total for v in squares]
        total %= p
        if pow(total, (p - 1) // 2, p) == 1:
            inverse = pow(total, -1, p)
            return [v * inverse % p for v in squares]
    raise UnfitError("no point of the simplex was drawn")


def _onehot(make: Maker, dims: tuple[int, ...]) -> Flat:
    n = dims[-1] if dims else 1
    out: list[int] = []
    for row in range(size_of(dims[:-1])):
        at = make.kinds["choice"](row) % n
        out += [int(k == at) for k in range(n)]
    return out


def drawable(count: int) -> int:
    """The count of entries, when they are few enough to draw. Raises: BudgetError."""
    if count > LARGEST:
        raise BudgetError
    return count


class Draw:
    """One assignment: sizes, and values of every variable in each field, made when asked for. Whole numbers turn with `turn`.

    `loose`: without the facts that make numbers positive, to see which of them are so by their form alone.
    """

    def __init__(
        self,
        declarations: Mapping[str, Declaration],
        sizes: Mapping[str, int],
        seed: str,
        lookups: Mapping[str, Iterable[tuple[int, Size]]],
        turn: int = 0,
    ) -> None:
        self.declarations = declarations
        self.sizes = dict(sizes)
        self.seed = seed
        self.lookups = lookups
        self.turn = turn
        self.loose = False
        self.changed: dict[tuple[str, int], int] = {}
        self._values: dict[tuple[int, str], Flat] = {}
        self._wholes: dict[str, list[int]] = {}

    def dims(self, name: str) -> tuple[int, ...]:
        dims = tuple(s.value(self.sizes) if s.number is None else s.number for s in self.declarations[name].shape.sizes)
        if any(d < 1 for d in dims):
            raise UnfitError(f"a size of {name} is {min(dims)}")
        return dims

    def whole(self, name: str) -> list[int]:
        """The entries of an integer variable: small numbers, within the range that it looks up."""
        found = self._wholes.get(name)
        if found is None:
            if name in self.sizes and not self.declarations[name].shape.order:
                found = [self.sizes[name]]
            else:
                ranges = list(self.lookups.get(name, ()))
                limits = [s.value(self.sizes) for _, s in ranges]
                low, high = (
                    (max(least for least, _ in ranges), min(limits)) if limits else (3, 7)
                )  # exponents 1 and 2 would make different formulas equal
                found = [low + (hashed(name, k) + self.turn) % max(high - low, 1) for k in range(size_of(self.dims(name)))]
                if limits and len(found) > 2:
                    found[-1] = found[0]  # something is looked up twice
            self._wholes[name] = found
        return found

    def _hash(self, name: str, k: int) -> int:
        return hashed(self.seed, name, k, self.changed.get((name, k), 0))

    def value(self, level: Level, name: str) -> Flat:
        """The residues of a variable in a field."""
        key = (level.p, name)
        found = self._values.get(key)
        if found is None:
            d = self.declarations[name]
            facts = closure(d.facts) - (SIGNS if self.loose else frozenset())
            if "integer" in facts:
                found = [v % level.p for v in self.whole(name)]
            else:
                drawable(size_of(self.dims(name)))
                found = construct(self._maker(level, name, bool(facts)), self.dims(name), facts)
            self._values[key] = found
        return found

    def _maker(self, level: Level, name: str, facts: bool) -> Maker:
        p = level.p

        def residue(k: int) -> int:
            return hashed(self.seed, name, k, p, self.changed.get((name, k), 0)) % p

        def entry(k: int) -> int:
            """Any number; outside the first field with the sign that it has there."""
            if level is BASE or facts:
                return residue(k)
            first = hashed(self.seed, name, k, BASE.p, self.changed.get((name, k), 0)) % BASE.p
            square = residue(k) ** 2 % p
            return square if BASE.sign(first) > 0 else -square % p

        def unit(k: int) -> int:
            """A square u with 1 - u a square too: u = (2 t/(1 + t*t))**2."""
            t = residue(k)
            return pow(2 * t * pow(1 + t * t, -1, p), 2, p)

        kinds = {
            "positive": lambda k: residue(k) ** 2 % p,
            "pivot": lambda k: residue(k) ** 2 % p,
            "unit_interval": unit,
            "labels_pm1": lambda k: 1 if self._hash(name, k) & 1 else p - 1,
            "choice": lambda k: self._hash(name, k),
        }
        return Maker(Ring(p), entry, kinds, level.root)

    def direction(self, name: str, which: int) -> Flat:
        """An arbitrary direction of a variable in the first field."""
        return [hashed(self.seed, "direction", name, which, k) % BASE.p for k in range(drawable(size_of(self.dims(name))))]

    def weights(self, what: str, count: int) -> Flat:
        """Random weights for the entries of a result."""
        return [hashed(self.seed, "weights", what, k) % BASE.p for k in range(drawable(count))]

    def entries(self, names: Iterable[str]) -> list[tuple[str, int]]:
        """The base numbers of some variables that may be drawn anew, one at a time."""
        free = sorted(name for name in names if "integer" not in self.declarations[name].facts)
        return [(name, k) for name in free for k in range(min(size_of(self.dims(name)), 64))]

    def redrawn(self, name: str, k: int) -> Draw:
        """The same draw with one base number of a variable drawn anew."""
        out = Draw(self.declarations, self.sizes, self.seed, self.lookups, self.turn)
        out.changed = {**self.changed, (name, k): self.changed.get((name, k), 0) + 1}
        return out


@lru_cache(maxsize=1024)
def assignments(names: tuple[str, ...], floor: int = 3) -> tuple[tuple[int, ...], ...]:
    """Numbers for sizes: distinct, at least `floor`, in several orders; the first two differ everywhere."""
    count = len(names)
    if count > 5:  # small numbers; any two names differ in one of the first two assignments at least
        first = tuple(floor + k % 3 for k in range(count))
        second = tuple(floor + (k % 3 + k // 3 + 1) % 4 for k in range(count))
        return (first, second)
    base = [floor + k for k in range(count)]
    rising, falling = tuple(base), tuple(reversed(base))
    turned = tuple(base[1:] + base[:1]) if count > 1 else (floor + 1,)
    shifted = tuple(v + 1 for v in base)
    return tuple(dict.fromkeys((rising, turned if count > 1 else shifted, falling, shifted)))
