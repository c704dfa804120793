"""`wrt.equal`: whether two formulas are equal, proved, or told apart by a point of small whole numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

from wrt.api import FormulaLike, as_formula
from wrt.errors import ShapeError
from wrt.formula import Formula, formula_of, shape_of
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.parser import parse as parse_tree
from wrt.language.read import type_tree
from wrt.language.surface import Source
from wrt.tables.facts import closure

SEEDS, RANGES = 12, (1, 2, 4)  # points tried for every choice of sizes, with entries up to each of these
DIGITS = 30  # of the values compared there
TELLS_APART = 1e-12  # relative difference from which on two values differ
DENOMINATOR = 10_000  # of entries that facts make fractions (of an orthogonal matrix, say)

Entry = int | Fraction | list[Any]


@dataclass(frozen=True)
class Equality:
    """What `wrt.equal` found; true when the formulas are equal. `str` is a sentence.

    `verdict`: "exact" or "numeric" (equal, proved over finite fields or by floats of high precision), "different", or "unverified: why".
    `counterexample`: values of the variables, by name, where they differ; whole numbers where facts allow it; None when there is none.
    `left`, `right`: the two values there; `sizes` the sizes that the point was taken with; `why` what is different otherwise (shapes).
    """

    verdict: str
    counterexample: Mapping[str, Entry] | None = None
    left: Entry | None = None
    right: Entry | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    why: str = ""

    def __bool__(self) -> bool:
        return self.verdict in ("exact", "numeric")

    def __str__(self) -> str:
        match self.verdict:
            case "exact":
                return "equal: proved exactly."
            case "numeric":
                return "equal: floats of high precision agree at random points."
            case "different" if self.counterexample is not None:
                at = ", ".join(f"{name} = {_said(value)}" for name, value in self.counterexample.items())
                return f"different: {f'at {at} ' if at else ''}the first is {_said(self.left)}, the second {_said(self.right)}."
            case "different":
                return f"different: {self.why or 'they disagree at a random point'}."
        return f"not decided ({self.verdict.removeprefix('unverified: ')})."


def _said(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_said, value))}]"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def equal(a: FormulaLike, b: FormulaLike, *, shapes: ShapeSpec = None, assume: FactSpec = None) -> Equality:
    """Whether two formulas have one shape, and one value wherever both have one; facts declared of their variables are used.

    A text for `b` is read beside the declarations of `a`. Raises: ShapeError when both declare a variable, differently.

    >>> import wrt
    >>> print(wrt.equal("norm(x)**2", "x.T @ x", shapes="x: n"))
    equal: proved exactly.
    >>> print(wrt.equal("A @ B", "B @ A", shapes="A: n n, B: n n"))
    different: at A = [[1, 0], [1, 1]], B = [[0, 1], [1, 1]] the first is [[0, 1], [1, 2]], the second [[1, 1], [2, 1]].
    >>> bool(wrt.equal("A @ B", "B @ A", shapes="A: n n diagonal, B: n n diagonal"))
    True
    """
    first = as_formula(a, shapes, assume) if isinstance(a, str) else formula_of(a)
    second = Formula(type_tree(parse_tree(b), first.declarations, b)) if isinstance(b, str) else formula_of(b)
    for name, d in second.declarations.items():
        mine = first.declarations.get(name, d)
        if mine.shape != d.shape:
            raise ShapeError(f"{name} is declared twice, differently: {mine.shape} and {d.shape}.")
    left, right = _joined(first, second), _joined(second, first)
    one, other = shape_of(left), shape_of(right)
    if one != other:
        return Equality("different", why=f"the first is {one}, the second {other}")
    from wrt.proof.views import equal as proved

    verdict = proved(left, right)
    if verdict.status != "wrong":
        return Equality(verdict.status)
    return _apart(left, right) or Equality("different", sizes=dict(verdict.sizes), why=verdict.why)


def _joined(f: Formula, other: Formula) -> Source:
    """The source of a formula beside the declarations, sizes and facts of both."""
    declared = {**other.declarations, **f.declarations}
    for name, d in other.declarations.items():
        if d.facts - declared[name].facts:
            declared[name] = type(d)(name, d.shape, declared[name].facts | d.facts)
    names = tuple(dict.fromkeys((*f.source.sizes, *other.source.sizes)))
    return Source(f.source.tree, dict(sorted(declared.items())), names, f.source.text, f.source.syntax)


def _apart(left: Source, right: Source) -> Equality | None:
    """A point of small whole numbers where two formulas differ."""
    import mpmath

    from wrt.proof.arrays import BudgetError, UndecidedError, UnfitError

    for sizes, greatest, seed in _points(left):
        try:
            values, a, b = _evaluated(left, right, sizes, greatest, seed)
        except (UnfitError, UndecidedError, BudgetError, mpmath.libmp.NoConvergence):
            continue
        scale = max([abs(v) for v in (*a, *b)], default=0) or 1
        if any(abs(x - y) > TELLS_APART * scale for x, y in zip(a, b, strict=True)):
            dims = [s.value(sizes) for s in shape_of(Formula(left)).sizes] if False else [s.value(sizes) for s in _shape(left)]
            return Equality("different", values, _nested([_number(v) for v in a], dims), _nested([_number(v) for v in b], dims), sizes)
    return None


def _points(source: Source) -> Iterator[tuple[dict[str, int], int, int]]:
    """(sizes, largest entry, seed): the simplest first."""
    names = source.sizes
    choices = [dict.fromkeys(names, 1), dict.fromkeys(names, 2), {n: 2 + k for k, n in enumerate(names)}, {n: 2 + len(names) - k for k, n in enumerate(names)}]
    distinct = {tuple(c.items()): c for c in choices}
    for sizes, greatest in product(distinct.values(), RANGES):
        for seed in range(SEEDS):
            yield sizes, greatest, seed


def _evaluated(left: Source, right: Source, sizes: dict[str, int], greatest: int, seed: int) -> tuple[dict[str, Entry], list[Any], list[Any]]:
    """(values of the variables, the first formula's entries, the second's) at one point."""
    from wrt.proof.numeric import FloatDraw, Numeric, context
    from wrt.proof.draw import Maker, construct, hashed
    from wrt.proof.jets import Ring
    from wrt.proof.reading import Reading
    from wrt.proof.walk import BUDGET

    class WholeDraw(FloatDraw):
        """Variables of small whole numbers."""

        def floats(self, mp: Any, name: str) -> Any:
            facts = closure(self.declarations[name].facts)
            if "integer" in facts:
                return [mp.mpf(v) for v in self.whole(name)]

            def drawn(k: int, low: int) -> Any:
                return mp.mpf(low + hashed(self.seed, name, k) % (greatest - low + 1))

            kinds = {
                "positive": lambda k: drawn(k, 1),
                "pivot": lambda k: drawn(k, 1),
                "unit_interval": lambda k: mp.mpf(1) / (1 + drawn(k, 1)),
                "labels_pm1": lambda k: mp.mpf(1 if hashed(self.seed, name, k) & 1 else -1),
                "choice": lambda k: hashed(self.seed, name, k),
            }
            low = 1 if "nonzero" in facts else 0 if greatest == 1 else -greatest
            ring = Ring(None, mp.mpf(1))
            return [v * ring.one for v in construct(Maker(ring, lambda k: drawn(k, low), kinds, mp.sqrt), self.dims(name), facts)]

    reading = Reading(left.declarations)
    trees = [reading.take(s) for s in (left, right)]
    draw = WholeDraw(reading.declarations, sizes, f"whole{seed}", reading.looked_up, 0)
    walker = Numeric(reading, draw, DIGITS, BUDGET)
    found = [walker.value(t) for t in trees]
    mp = context(DIGITS)
    values = {n: _nested([_number(v) for v in draw.floats(mp, n)], draw.dims(n)) for n in reading.declarations}
    dims = [s.value(sizes) for s in _shape(left)]
    return values, *[_entries(walker, v, dims) for v in found]


def _entries(walker: Any, value: Any, dims: list[int]) -> list[Any]:
    """The entries of a value in the order of its axes; one that does not depend on an axis repeats along it."""
    keys = (0, 1) if len(dims) == 2 else tuple(range(len(dims))) if len(dims) > 2 else walker.own(value)[:1] or (0,) if dims else ()
    full = walker.arranged(value, keys, dict(zip(keys, dims, strict=True)))
    return list(full.parts.get(0, [0] * max(1, len(full.dims))))


def _shape(source: Source) -> tuple[Any, ...]:
    assert source.tree.shape is not None
    return source.tree.shape.sizes


def _number(value: Any) -> int | Fraction | float:
    """A whole number or a fraction where the value is one, else a float."""
    near = round(value)
    if abs(value - near) < 1e-15:
        return int(near)
    fraction = Fraction(float(value)).limit_denominator(DENOMINATOR)
    return fraction if abs(value - fraction.numerator / type(value)(fraction.denominator)) < 1e-15 else float(value)


def _nested(flat: list[Any], dims: Any) -> Any:
    """Entries as nested lists, an axis each."""
    if not dims:
        return flat[0]
    inner = 1
    for d in dims[1:]:
        inner *= d
    return [_nested(flat[k : k + inner], dims[1:]) for k in range(0, len(flat), inner)]
