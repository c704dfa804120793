"""`wrt.equal`: whether two formulas are equal, proved, or told apart by a point of small whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from wrt.api import FormulaLike, as_formula
from wrt.errors import ShapeError, WrtError
from wrt.formula import Formula, shape_of
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.parser import parse as parse_tree
from wrt.language.read import type_tree
from wrt.language.surface import Source

Entry = int | Fraction | float | list[Any]


@dataclass(frozen=True)
class Equality:
    """What `wrt.equal` found; true when the formulas are equal. `str` is a sentence.

    `verdict`: "exact" or "numeric" (equal, proved over finite fields or by floats of high precision), "different", or "unverified: why".
    `counterexample`: values of the variables, by name, where they differ; whole numbers where facts allow it; None when there is none.
    `left`, `right`: the two values there; `sizes` the sizes that the point was taken with; `why` what is different otherwise
    (shapes), or "where both have a value".

    >>> import wrt
    >>> found = wrt.equal("x**2", "x*y")
    >>> bool(found), found.counterexample, found.left, found.right
    (False, {'x': 1, 'y': 0}, 1, 0)
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
                return f"equal{f' {self.why}' * bool(self.why)}: proved exactly."
            case "numeric":
                return f"equal{f' {self.why}' * bool(self.why)}: floats of high precision agree at random points."
            case "different" if self.counterexample is not None:
                at = ", ".join(f"{name} = {said(value)}" for name, value in self.counterexample.items())
                return f"different: {f'at {at} ' if at else ''}the first is {said(self.left)}, the second {said(self.right)}."
            case "different":
                return f"different: {self.why or 'they disagree at a random point'}."
        return f"not decided ({self.verdict.removeprefix('unverified: ')})."


def said(value: object) -> str:
    """A value of a counterexample, entry by entry."""
    if isinstance(value, list):
        return f"[{', '.join(map(said, value))}]"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def equal(a: FormulaLike, b: FormulaLike, *, shapes: ShapeSpec = None, assume: FactSpec = None) -> Equality:
    """Whether two formulas have one shape, and one value wherever both have one; facts declared of their variables are used.

    A text for `b` is read beside the declarations of `a`. Raises: ShapeError when both declare a variable, differently.

    >>> import wrt
    >>> print(wrt.equal("norm(x)**2", "x.T @ x", shapes="x: n"))
    equal: proved exactly.
    >>> print(wrt.equal("A @ B", "B @ A", shapes="A: n n, B: n n"))
    different: at A = [[0, 1], [0, 1]], B = [[1, 1], [1, 0]] the first is [[1, 0], [1, 0]], the second [[0, 2], [0, 1]].
    >>> bool(wrt.equal("A @ B", "B @ A", shapes="A: n n diagonal, B: n n diagonal"))
    True
    """
    first = as_formula(a, shapes, assume) if isinstance(a, str) else as_formula(a)
    second = _beside(b, first) if isinstance(b, str) else as_formula(b)
    for name, d in second.declarations.items():
        mine = first.declarations.get(name, d)
        if mine.form != d.form:
            raise ShapeError(f"{name} is declared twice, differently: {mine.form} and {d.form}.")
    left, right = _joined(first, second), _joined(second, first)
    one, other = shape_of(left), shape_of(right)
    if one != other:
        return Equality("different", why=f"the first is {one}, the second {other}")
    from wrt.proof.views import equal as proved

    verdict, why = proved(left, right), ""
    if verdict.status == "wrong" and verdict.why.startswith("it has no value"):  # the second has none at some points: the other way round?
        verdict, why = proved(right, left), "where both have a value"
    if verdict.status != "wrong":
        return Equality(verdict.status, why=why)
    from wrt.proof.counterexample import counterexample

    found = counterexample(left, right)
    if found is None:
        return Equality("different", sizes=dict(verdict.sizes), why=verdict.why)
    return Equality("different", found.values, found.left, found.right, found.sizes)


def _beside(text: str, first: Formula) -> Formula:
    """A text read beside the first formula's declarations."""
    try:
        return Formula(type_tree(parse_tree(text), first.declarations, text))
    except WrtError as error:
        raise error.located(text, error.span) from None


def _joined(f: Formula, other: Formula) -> Source:
    """The source of a formula beside the declarations, sizes and facts of both, in one order."""
    declared = {**other.declarations, **f.declarations}
    for name, d in other.declarations.items():
        declared[name] = replace(declared[name], facts=declared[name].facts | d.facts)
    names = tuple(sorted({*f.source.sizes, *other.source.sizes}))
    return replace(f.source, declarations=dict(sorted(declared.items())), sizes=names)
