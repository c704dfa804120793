"""Where two formulas that are not equal part: the simplest point of small whole numbers at which their values differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice, product
from typing import Any, NamedTuple

from wrt.language.surface import FunctionDeclaration, Node, Source
from wrt.proof.arrays import BudgetError, Flat, UndecidedError, UnfitError, size_of
from wrt.proof.draw import Maker, construct, hashed
from wrt.proof.jets import Ring
from wrt.proof.numeric import FloatDraw, Numeric
from wrt.proof.reading import Reading
from wrt.proof.walk import BUDGET, OWN
from wrt.tables.facts import closure

SEEDS, RANGES = 12, (1, 2, 4)  # points tried for every choice of sizes, with entries up to each of these
DIGITS = 30  # of the values compared
TELLS_APART = 1e-12  # relative difference from which on two values differ
ROUNDING = 1e-22  # of numbers of that many digits: what is less is 0
BESIDE = 1e-9  # of a point and the ones beside it, where a value that leaps tells a kink
LEAPS = 1e-4  # relative difference of values beside each other from which on they leap
DENOMINATOR = 10_000  # of entries that facts make fractions (of an orthogonal matrix, say)

Number = int | Fraction | float
Nested = Number | list[Any]


class Counterexample(NamedTuple):
    """Values of the variables by name, those of the two formulas there, and the sizes."""

    values: dict[str, Nested]
    left: Nested
    right: Nested
    sizes: dict[str, int]


class WholeDraw(FloatDraw):
    """Variables of whole numbers up to `style` in size, as their facts allow; moved by `beside` to one side, so that kinks are left."""

    beside = 0.0

    def floats(self, mp: Any, name: str) -> Flat:
        facts = closure(self.declarations[name].facts)
        if "integer" in facts:
            return [mp.mpf(v) for v in self.whole(name)]

        def drawn(k: int, low: int) -> Any:
            whole = mp.mpf(low + hashed(self.seed, name, k) % (self.style - low + 1))
            return whole + self.beside * (1 + hashed(self.seed, name, "beside", k) % 7) if self.beside else whole

        kinds = {
            "positive": lambda k: drawn(k, 1),
            "pivot": lambda k: drawn(k, 1),
            "unit_interval": lambda k: 1 / (1 + drawn(k, 1)),
            "labels_pm1": lambda k: mp.mpf(1 if hashed(self.seed, name, k) & 1 else -1),
            "choice": lambda k: hashed(self.seed, name, k),
        }
        low = 1 if "nonzero" in facts else 0 if self.style == 1 else -self.style
        ring = Ring(None, mp.mpf(1))
        return [v * ring.one for v in construct(Maker(ring, lambda k: drawn(k, low), kinds, mp.sqrt), self.dims(name), facts)]


def counterexample(left: Source, right: Source, *, off_kinks: bool = False, most: int | None = None) -> Counterexample | None:
    """The first point, from the simplest on, where two formulas of one shape differ; both have the same declarations.

    off_kinks: only where the left one does not leap (a derivative leaps at a kink of its function); most: points tried.
    """
    if any(isinstance(d, FunctionDeclaration) for d in left.declarations.values()):
        return None  # the values of a function that nobody knows tell nothing
    reading = Reading(left.declarations)
    trees = [reading.take(s) for s in (left, right)]
    for sizes, greatest, seed in islice(_points(left.sizes), most):
        try:
            draw = WholeDraw(reading.declarations, sizes, f"whole{seed}", reading.looked_up, greatest)
            walker = Numeric(reading, draw, DIGITS, BUDGET)
            a, b = (_entries(walker, tree) for tree in trees)
        except (UnfitError, UndecidedError, BudgetError):
            continue
        if _apart(a, b, TELLS_APART) and not (off_kinks and _leaps(reading, draw, trees[0], a)):
            values = {name: nested(walker.base(name), draw.dims(name)) for name in reading.declarations}
            dims = _dims(trees[0], sizes)
            return Counterexample(values, nested(a, dims), nested(b, dims), sizes)
    return None


def _apart(a: Sequence[Any], b: Sequence[Any], tolerance: float) -> bool:
    """Whether two lists of values differ, relative to the largest."""
    scale = max((abs(v) for v in (*a, *b)), default=0) or 1
    return any(abs(x - y) > max(tolerance * scale, ROUNDING) for x, y in zip(a, b, strict=True))


def _leaps(reading: Reading, draw: WholeDraw, tree: Node, here: Sequence[Any]) -> bool:
    """Whether a value beside the point, on the one side or the other, is far from the one at it, or is none."""
    for side in (BESIDE, -BESIDE):
        near = WholeDraw(reading.declarations, draw.sizes, draw.seed, reading.looked_up, draw.style)
        near.beside = side
        try:
            if _apart(here, _entries(Numeric(reading, near, DIGITS, BUDGET), tree), LEAPS):
                return True
        except (UnfitError, UndecidedError, BudgetError):
            return True
    return False


def _points(names: Sequence[str]) -> Iterator[tuple[dict[str, int], int, int]]:
    """(sizes, largest entry, seed): the simplest first."""
    rising = {n: 2 + k for k, n in enumerate(names)}
    falling = {n: 1 + len(names) - k for k, n in enumerate(names)}
    distinct = {tuple(c.items()): c for c in (dict.fromkeys(names, 1), dict.fromkeys(names, 2), rising, falling, dict.fromkeys(names, 3))}
    yield from product(distinct.values(), RANGES, range(SEEDS))


def _dims(tree: Node, sizes: Mapping[str, int]) -> tuple[int, ...]:
    assert tree.shape is not None
    return tuple(s.value(sizes) for s in tree.shape.sizes)


def _entries(walker: Numeric, tree: Node) -> list[Any]:
    """The entries of a formula's value in the order of its axes."""
    dims = _dims(tree, walker.sizes)
    assert tree.shape is not None
    keys = OWN.get(tree.shape.kind) or tuple(range(len(dims)))
    value = walker.value(tree)
    full = walker.arranged(value, keys, dict(zip(keys, dims, strict=True)))
    return list(full.parts.get(0, [walker.number(0)] * size_of(dims)))


def nested(flat: Sequence[Any], dims: Sequence[int]) -> Nested:
    """Entries as nested lists, an axis each; whole numbers and fractions where they are such."""
    if not dims:
        return _number(flat[0])
    step = size_of(dims[1:])
    return [nested(flat[k : k + step], dims[1:]) for k in range(0, len(flat), step)]


def _number(value: Any) -> Number:
    for denominator in range(1, 13):
        if abs(value * denominator - round(value * denominator)) < 1e-20:
            found = Fraction(round(value * denominator), denominator)
            return int(found) if found.denominator == 1 else found
    near = Fraction(float(value)).limit_denominator(DENOMINATOR)
    return near if abs(value * near.denominator - near.numerator) < 1e-20 else float(value)
