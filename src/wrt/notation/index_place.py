"""Where an axis is read: an affine form of index names (i, i + 1, n - 1 - k) or a look-up (idx[i]); and constraints between such forms.

A form is {key: coefficient} plus a constant size; keys are index names, or labels of a product while it is being printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

from wrt.algebra.expr import Symbol
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Index, Name, Node, Number, Slice

K = TypeVar("K", str, int)
ZERO, ONE = Size.of(0), Size.of(1)


@dataclass(frozen=True, slots=True)
class Form(Generic[K]):
    """constant + sum of coefficient * key; `terms` in order of first use, no coefficient 0."""

    terms: tuple[tuple[K, int], ...]
    constant: Size

    @property
    def key(self) -> K | None:
        """The key when the form is one bare key."""
        return self.terms[0][0] if len(self.terms) == 1 and self.terms[0][1] == 1 and self.constant is ZERO else None

    def coefficient(self, key: K) -> int:
        return next((c for k, c in self.terms if k == key), 0)

    def plus(self, other: Form[K], factor: int = 1) -> Form[K]:
        """self + factor * other."""
        total = dict(self.terms)
        for k, c in other.terms:
            total[k] = total.get(k, 0) + factor * c
        return Form(tuple((k, c) for k, c in total.items() if c), self.constant + other.constant * factor)

    def without(self, key: K) -> Form[K]:
        return Form(tuple((k, c) for k, c in self.terms if k != key), self.constant)

    def put(self, key: K, value: Form[K]) -> Form[K]:
        """The form with a key replaced by a form."""
        c = self.coefficient(key)
        return self.without(key).plus(value, c) if c else self

    def least(self, last: Mapping[K, Size]) -> Size:
        """The least value when each key runs from 0 to `last[key]`."""
        total = self.constant
        for k, c in self.terms:
            if c < 0:
                total = total + last[k] * c
        return total

    def most(self, last: Mapping[K, Size]) -> Size:
        """The greatest value when each key runs from 0 to `last[key]`."""
        return -Form(tuple((k, -c) for k, c in self.terms), -self.constant).least(last)


@dataclass(frozen=True, slots=True)
class Lookup:
    """The place idx[at]: the entry of an integer vector (or array) of row numbers."""

    index: Symbol
    at: tuple[Place, ...]


Place = Form[str] | Lookup


@dataclass(frozen=True, slots=True)
class Constraint(Generic[K]):
    """form == 0 or form >= 0."""

    relation: str
    form: Form[K]

    def decided(self, last: Mapping[K, Size]) -> bool | None:
        """True or False when it surely holds or fails for all values of its keys, else None."""
        low, high = self.form.least(last), self.form.most(last)
        if self.relation == ">=":
            return True if sure(low) else False if sure(-high - 1) else None
        if low is high is ZERO:
            return True
        return False if sure(low - 1) or sure(-high - 1) else None


def bare(name: str) -> Form[str]:
    return Form(((name, 1),), ZERO)


def fixed(size: Size) -> Form[str]:
    return Form((), size)


def sure(size: Size) -> bool:
    """Whether a size polynomial is >= 0 whenever its names are at least 1."""
    names = sorted(size.names)
    shifted = size.substitute({name: Size.of(name) + 1 for name in names}) if names else size
    return all(k >= 0 for _, k in shifted.terms)


def whole(value: int) -> Node:
    return Number(Fraction(value), str(value))


def joined(positive: Sequence[Node], negative: Sequence[Node]) -> Node:
    """The sum of nodes less a sum of nodes; there is at least one of the first kind, or 0 stands in front."""
    total = positive[0] if positive else whole(0)
    for node in positive[1:]:
        total = Binary("+", total, node)
    for node in negative:
        total = Binary("-", total, node)
    return total


def size_terms(size: Size) -> tuple[list[Node], list[Node]]:
    """The positive and the negated negative monomials of a size, as nodes."""
    positive: list[Node] = []
    negative: list[Node] = []
    for monomial, k in size.terms:
        factors: list[Node] = [Name(name, "size") for name, e in monomial for _ in range(e)]
        if abs(k) != 1 or not factors:
            factors.insert(0, whole(abs(k)))
        node = factors[0]
        for factor in factors[1:]:
            node = Binary("*", node, factor)
        (positive if k > 0 else negative).append(node)
    return positive, negative


def size_node(size: Size) -> Node:
    """A size as a formula: n, m*n, n - p + 1."""
    return joined(*size_terms(size))


def _form_terms(form: Form[str]) -> tuple[list[Node], list[Node]]:
    sides: tuple[list[Node], list[Node]] = ([], [])
    for name, c in form.terms:
        node: Node = Name(name, "index")
        sides[c < 0].append(node if abs(c) == 1 else Binary("*", whole(abs(c)), node))
    return sides


def place_node(place: Place) -> Node:
    """The place as an expression: i + 1, n - 1 - k, idx[i]."""
    if isinstance(place, Lookup):
        return Index(Name(place.index.name, "variable"), tuple(place_node(p) for p in place.at))
    positive, negative = _form_terms(place)
    more, less = size_terms(place.constant)
    first = [*positive, *more] if positive else more
    return joined(first, [*less, *negative] if not positive else [*negative, *less])


def entry_node(base: Node, places: Sequence[Place]) -> Node:
    """base[places]; axes that are looked up are looked up whole first: E[idx, :][i, j]."""
    if not places:
        return base
    if any(isinstance(p, Lookup) for p in places):
        parts: tuple[Node, ...] = tuple(Name(p.index.name, "variable") if isinstance(p, Lookup) else Slice(None, None, None) for p in places)
        inner: list[Place] = []
        for p in places:
            inner += p.at if isinstance(p, Lookup) else [p]
        return entry_node(Index(base, parts), inner)
    return Index(base, tuple(place_node(p) for p in places))


def constraint_node(constraint: Constraint[str], rank: Mapping[str, int]) -> Node:
    """The constraint as a comparison, terms on the side where they are positive: i == j + 1, i <= j, r + s < k."""
    relation, size = constraint.relation, constraint.form.constant
    if relation == ">=" and dict(size.terms).get(()) == -1:
        relation, size = ">", size + 1
    positive, negative = _form_terms(constraint.form)
    more, less = size_terms(size)
    left, right = [*positive, *more], [*negative, *less]
    if _goes_second(constraint.form, rank, bool(positive), bool(negative)):
        left, right = right, left
        relation = {"==": "==", ">=": "<=", ">": "<"}[relation]
    return Binary(relation, joined(left, []), joined(right, []))


def _goes_second(form: Form[str], rank: Mapping[str, int], positive: bool, negative: bool) -> bool:
    """Whether the positive side is better printed on the right: it has no index, more terms, or its index comes later."""
    if not positive or not negative:
        return not positive
    plus = [rank.get(name, 0) for name, c in form.terms if c > 0]
    minus = [rank.get(name, 0) for name, c in form.terms if c < 0]
    more, less = size_terms(form.constant)
    sizes = len(plus) + len(more), len(minus) + len(less)
    if sizes[0] != sizes[1]:
        return sizes[0] > sizes[1]
    return min(plus) > min(minus)


def differ(a: Place, b: Place) -> Constraint[str] | tuple[Node, Node] | None:
    """What makes two places equal: None when they are the same, a constraint of forms, or two nodes to compare."""
    if a == b:
        return None
    if isinstance(a, Lookup) or isinstance(b, Lookup):
        return (place_node(a), place_node(b)) if isinstance(a, Lookup) else (place_node(b), place_node(a))
    return Constraint("==", a.plus(b, -1))
