"""Where an axis is read: an affine form of index names (i, i + 1, n - 1 - k) or a look-up (idx[i]); and constraints between such forms.

A form is {key: coefficient} plus a constant size; keys are index names, or labels of a product while it is being printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from wrt.algebra.expr import Symbol
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Index, Name, Node, Slice
from wrt.language.trees import chain, whole

K = TypeVar("K", str, int)
ZERO, ONE = Size.of(0), Size.of(1)
PAIRS = 4  # index names of a condition that compares two differences
LETTERS = "ijklprstuvqwabcdefghmnoxyz"  # index names in the order in which they are taken: first those that Unicode can set below the line


def name_order(name: str) -> tuple[int, int]:
    """Where an index name stands among the candidates: i, j, k, ..., then i1, j1, ..."""
    return int(name[1:] or 0), LETTERS.index(name[0])


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
    """form == 0, form != 0 or form >= 0."""

    relation: str
    form: Form[K]

    def decided(self, last: Mapping[K, Size]) -> bool | None:
        """True or False when it surely holds or fails for all values of its keys, else None."""
        low, high = self.form.least(last), self.form.most(last)
        if self.relation == ">=":
            return True if sure(low) else False if sure(-high - 1) else None
        equal = True if low is high is ZERO else False if sure(low - 1, 0) or sure(-high - 1, 0) else None  # a whole variable may be 0
        return equal if self.relation == "==" or equal is None else not equal


def bare(name: str) -> Form[str]:
    return Form(((name, 1),), ZERO)


def fixed(size: Size) -> Form[str]:
    return Form((), size)


def sure(size: Size, least: int = 1) -> bool:
    """Whether a size polynomial is >= 0 whenever its names are at least `least`."""
    names = sorted(size.names) if least else ()
    shifted = size.substitute({name: Size.of(name) + least for name in names}) if names else size
    return all(k >= 0 for _, k in shifted.terms)


def joined(positive: Sequence[Node], negative: Sequence[Node]) -> Node:
    """The sum of nodes less a sum of nodes; there is at least one of the first kind, or 0 stands in front."""
    total = positive[0] if positive else whole(0)
    for node in positive[1:]:
        total = Binary("+", total, node)
    for node in negative:
        total = Binary("-", total, node)
    return total


def size_terms(size: Size) -> list[tuple[int, Node]]:
    """The monomials of a size as nodes with their signs."""
    out = []
    for monomial, k in size.terms:
        factors: list[Node] = [Name(name, "size") for name, e in monomial for _ in range(e)]
        if abs(k) != 1 or not factors:
            factors.insert(0, whole(abs(k)))
        out.append((1 if k > 0 else -1, chain("*", factors)))
    return out


def size_node(size: Size) -> Node:
    """A size as a formula: n, m*n, n - p + 1."""
    return _added(size_terms(size))


def _added(terms: list[tuple[int, Node]]) -> Node:
    """The sum of signed nodes in their order, one with a plus sign in front."""
    lead = next((k for k, (sign, _) in enumerate(terms) if sign > 0), None)
    if lead is None:
        return joined([], [node for _, node in terms])
    total = terms[lead][1]
    for sign, node in terms[:lead] + terms[lead + 1 :]:
        total = Binary("+" if sign > 0 else "-", total, node)
    return total


def _form_terms(form: Form[str]) -> list[tuple[int, Node]]:
    out = []
    for name, c in sorted(form.terms, key=lambda term: name_order(term[0])):
        node: Node = Name(name, "index")
        out.append((1 if c > 0 else -1, node if abs(c) == 1 else Binary("*", whole(abs(c)), node)))
    return out


def place_node(place: Place) -> Node:
    """The place as an expression: i + 1, n - 1 - k, idx[i]."""
    if isinstance(place, Lookup):
        return Index(Name(place.index.name, "variable"), tuple(place_node(p) for p in place.at))
    names, sizes = _form_terms(place), size_terms(place.constant)
    return _added(names + sizes if any(sign > 0 for sign, _ in names) else sizes + names)


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


def constraint_node(constraint: Constraint[str]) -> Node:
    """The constraint as a comparison, terms on the side where they are positive: i == j + 1, i <= j, r + s < k."""
    relation, size = constraint.relation, constraint.form.constant
    if relation == ">=" and dict(size.terms).get(()) == -1:
        relation, size = ">", size + 1
    names, sizes = _form_terms(constraint.form), size_terms(size)
    if len(names) == PAIRS and not sizes and relation in ("==", "!=") and names[-1][0] != names[-2][0] and names[0][0] != names[1][0]:
        first, second = [sorted(pair, key=lambda term: -term[0]) for pair in (names[2:], names[:2])]  # k - l == j - i
        return Binary(relation, Binary("-", first[0][1], first[1][1]), Binary("-", second[1][1], second[0][1]))
    sides = [[node for sign, node in (*names, *sizes) if sign == side] for side in (1, -1)]
    if _goes_second(constraint.form, len(sides[0]), len(sides[1])):
        sides.reverse()
        relation = {"==": "==", "!=": "!=", ">=": "<=", ">": "<"}[relation]
    return Binary(relation, joined(sides[0], []), joined(sides[1], []))


def _goes_second(form: Form[str], left: int, right: int) -> bool:
    """Whether the positive side is better printed on the right: it has no index, more terms, or its index comes later."""
    plus = [name_order(name) for name, c in form.terms if c > 0]
    minus = [name_order(name) for name, c in form.terms if c < 0]
    if not plus or not minus:
        return not plus
    return left > right if left != right else min(plus) > min(minus)


def differ(a: Place, b: Place) -> Constraint[str] | tuple[Node, Node] | None:
    """What makes two places equal: None when they are the same, a constraint of forms, or two nodes to compare."""
    if a == b:
        return None
    if isinstance(a, Lookup) or isinstance(b, Lookup):
        return (place_node(a), place_node(b)) if isinstance(a, Lookup) else (place_node(b), place_node(a))
    return Constraint("==", a.plus(b, -1))
