"""One entry of an index-form expression as a formula: sums as generators, deltas as comparisons, scalars of the user as they were typed.

`entry` and its helpers are tasks of `language.trampoline`: they yield the sub-entries they need, so that depth costs no recursion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from wrt.algebra.expr import Expr, Indicator, Map, Operator, Position, Product, Reshape, SizeValue, Sum, Symbol, constant_value, raw_map
from wrt.algebra.expr import postorder as below
from wrt.algebra.product import scale
from wrt.language.functions_declared import printed
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Call, Generator, Loop, Name, Node, Steps, postorder
from wrt.language.trampoline import Task
from wrt.language.unparse import unparse
from wrt.notation.context import Context
from wrt.notation.index_collect import total
from wrt.notation.index_factors import Key, Parts, number_node, raised, signed
from wrt.notation.index_idioms import softmaxes, untied
from wrt.notation.index_monomial import Condition, Flat, Group, Monomial, Piece
from wrt.notation.index_operators import operator_entry
from wrt.notation.index_place import (
    LETTERS,
    ONE,
    ZERO,
    Constraint,
    Form,
    Lookup,
    Place,
    bare,
    constraint_node,
    differ,
    entry_node,
    fixed,
    joined,
    name_order,
    place_node,
    size_node,
    whole,
)
from wrt.notation.index_typed import Typed
from wrt.notation.matrix import matrix_form

COMPARE = {"gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
MIRRORED = {">": "<", ">=": "<=", "==": "==", "!=": "!="}
LATE = 10**9  # the rank of what holds no name
Places = tuple[Place, ...]
Scope = tuple[str, ...]


class Entries:
    """Entries of expressions over one context; index names and orders of appearance in one place."""

    def __init__(self, context: Context, typed: Typed) -> None:
        self.context = context
        self.typed = typed
        self.spelled = context.spelled
        self.memo: dict[tuple[int, Places, Scope], Node] = {}
        self.kept: list[Expr] = []
        self.ranks: dict[int, int] = {}
        self.order = dict(context.order)
        self.taken: set[str] = {*context.reserved, *context.sizes}
        self.matrices: dict[tuple[int, str], Node | None] = {}

    def matrix(self, e: Expr, kind: str) -> Node | None:
        """The matrix form of a vector or matrix as one formula, None when it has none or needs names for its parts."""
        key = (id(e), kind)
        if key not in self.matrices:
            node = matrix_form(e, kind, self._about(e))
            self.matrices[key] = None if isinstance(node, Steps) else node
            self.kept.append(e)
        return self.matrices[key]

    def _about(self, e: Expr) -> Context:
        """The context of a part: what its own variables need; what the user typed was looked for before."""
        names = sorted({part.name for part in below(e) if isinstance(part, Symbol)}, key=lambda name: (self.order.get(name, LATE), name))
        known = {name: self.context.facts[name] for name in names if name in self.context.facts}
        shapes = {name: self.context.shapes[name] for name in names if name in self.context.shapes}
        return replace(self.context, tree=None, order={name: n for n, name in enumerate(names)}, facts=known, shapes=shapes)

    # ------------------------------------------------------------------------------------------------ names and order
    def fresh(self, scope: Scope) -> str:
        """The first index name that is neither taken by the user's text nor in scope."""
        k = 0
        while True:
            for letter in LETTERS if not k else LETTERS[:8]:
                name = letter + (str(k) if k else "")
                if name not in self.taken and name not in scope:
                    return name
            k += 1

    def fresh_many(self, count: int, scope: Scope) -> Scope:
        """Several index names that are not in scope."""
        names: Scope = ()
        for _ in range(count):
            names = (*names, self.fresh((*scope, *names)))
        return names

    def name(self, name: str) -> Name:
        return Name(name, "variable")

    def rank(self, e: Expr) -> int:
        """Where the first variable of an expression appears in the user's text."""
        found = self.ranks.get(id(e))
        if found is not None:
            return found
        stack = [e]
        while stack:
            node = stack[-1]
            missing = [child for child in node.children if id(child) not in self.ranks]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            self.kept.append(node)
            own = self.order.get(node.name, LATE) if isinstance(node, Symbol) else LATE
            self.ranks[id(node)] = min([own, *[self.ranks[id(child)] for child in node.children]])
        return self.ranks[id(e)]

    # ------------------------------------------------------------------------------------------------ entries
    def entry(self, e: Expr, places: Places, scope: Scope) -> Task:
        """The formula of e[places]; `scope` holds the index names in use."""
        key = (id(e), places, scope)
        found = self.memo.get(key)
        if found is None:
            found = self.memo[key] = yield self._entry(e, places, scope)
            self.kept.append(e)
        return found

    def _entry(self, e: Expr, places: Places, scope: Scope) -> Task:
        if not places:
            match = self.typed.scalar(e) if e.children else None
            if match is not None:
                return signed(match.sign, match.node)
        value = constant_value(e)
        if value is not None:
            return number_node(value, self.spelled)
        match e:
            case Symbol():
                return entry_node(self.name(e.name), places)
            case SizeValue():
                return size_node(e.size)
            case Position():
                return place_node(places[0])
            case Sum():
                return (yield self._sum(e, places, scope))
            case Map():
                return (yield self._map(e, places, scope))
            case Operator() if e.function not in ("powers", "onehot"):
                return (yield operator_entry(self, e, places, scope))
            case Reshape() if e.split:
                return (yield self._split(e, places, scope))
        parts = yield self.term(Fraction(1), e, places, scope)
        return signed(*parts.finish(self.spelled))

    def term(self, c: Fraction, e: Expr, places: Places, scope: Scope) -> Task:
        """c * e[places] as a product; its coefficient is 0 where it vanishes."""
        match e:
            case Product():
                if places or self.typed.scalar(e) is None:
                    return (yield self._product(c * e.coefficient, [Piece(f, labels) for f, labels in e.operands], e.output, e.sizes, places, scope))
            case Reshape() if not e.split:
                return (yield self._grouped(c, e, places, scope))
            case Indicator() | Operator(function="powers" | "onehot"):
                labels = tuple(range(len(places)))
                return (yield self._product(c, [Piece(e, labels)], labels, e.shape, places, scope))
        parts = Parts(c)
        yield self._factor(parts, e, places, scope, (0,))
        return parts

    def _sum(self, e: Sum, places: Places, scope: Scope) -> Task:
        terms: list[tuple[Key, Parts]] = []
        for c, t in e.terms:
            terms.append((self._term_key(t), (yield self.term(c, t, places, scope))))
        return total(terms, self.spelled)

    def _term_key(self, t: Expr) -> Key:
        return (-1,) if constant_value(t) is not None else (self.rank(t),)

    def flipped(self, e: Expr) -> bool:
        """Whether a sum reads better as minus the opposite sum: its first term in print has a minus sign."""
        return isinstance(e, Sum) and len(e.terms) > 0 and min(e.terms, key=lambda term: self._term_key(term[1]))[0] < 0

    def _map(self, e: Map, places: Places, scope: Scope) -> Task:
        if e.function == "pow":
            exponent = constant_value(e.arguments[1])
            base = yield self.entry(e.arguments[0], places, scope)
            if exponent is None:
                return Binary("**", base, (yield self.entry(e.arguments[1], places, scope)))
            if exponent < 0:
                return Binary("/", whole(1), raised(base, -exponent, self.spelled))
            return raised(base, exponent, self.spelled)
        arguments: list[Node] = []
        for a in e.arguments:
            node = yield self.entry(a, places, scope)
            arguments.append(node)
        if e.function in COMPARE:
            sign = COMPARE[e.function]
            if constant_value(e.arguments[0]) is not None:
                return Binary(MIRRORED[sign], arguments[1], arguments[0])
            return Binary(sign, arguments[0], arguments[1])
        first = [number_node(p, self.spelled) for p in e.parameters if isinstance(p, Fraction)]
        return Call(printed(e.function, self.context.functions), (*first, *arguments))

    def _split(self, e: Reshape, places: Places, scope: Scope) -> Task:
        """An array of composite size read by the parts: A[3*i + j], or a sum with the condition t == i*n + j for symbolic sizes."""
        outer: list[Place] = []
        loops: list[tuple[str, Size, Flat]] = []
        at = 0
        for axis, count in enumerate(e.counts):
            parts, sizes = places[at : at + count], e.shape[at : at + count]
            at += count
            place = _joined_place(parts, sizes)
            if place is None:
                name = self.fresh(scope)
                scope = (*scope, name)
                place = bare(name)
                loops.append((name, e.argument.shape[axis], Flat(place, tuple(range(at - count, at)))))
            outer.append(place)
        node = yield self.entry(e.argument, tuple(outer), scope)
        if not loops:
            return node
        conditions = tuple(self._flat(flat, dict(enumerate(places)), e.shape) for _, _, flat in loops)
        return Generator("sum", node, tuple(Loop(name, whole(0), size_node(size)) for name, size, _ in loops), conditions)

    def _flat(self, flat: Flat, places: Mapping[int, Place], sizes: Sequence[Size]) -> Node:
        """place == (l_0 * n_1 + l_1) * n_2 + ..."""
        terms: list[Node] = []
        step = ONE
        for label in reversed(flat.labels):
            node = place_node(places[label])
            if step is not ONE:
                node = Binary("*", node, size_node(step))
            if constant_zero(places[label]) is False:
                terms.insert(0, node)
            step = step * sizes[label]
        return Binary("==", place_node(flat.place), joined(terms, []))

    # ------------------------------------------------------------------------------------------------ products
    def _grouped(self, c: Fraction, e: Reshape, places: Places, scope: Scope) -> Task:
        """An entry of a grouping: its parts are summed under the condition that they make up the index."""
        inner = e.argument
        if isinstance(inner, Product):
            pieces, output, sizes = [Piece(f, labels) for f, labels in inner.operands], inner.output, inner.sizes
            c = c * inner.coefficient
        else:
            output, sizes = tuple(range(inner.order)), inner.shape
            pieces = [Piece(inner, output)]
        flats: list[Flat] = []
        kept: list[tuple[int, Place]] = []
        at = 0
        for place, count in zip(places, e.counts, strict=True):
            if count == 1:
                kept.append((output[at], place))
            else:
                flats.append(Flat(place, output[at : at + count]))
            at += count
        return (yield self._product(c, pieces, tuple(a for a, _ in kept), sizes, tuple(p for _, p in kept), scope, flats))

    def _product(
        self,
        c: Fraction,
        pieces: list[Piece],
        output: tuple[int, ...],
        sizes: Sequence[Size],
        places: Places,
        scope: Scope,
        flats: Sequence[Flat] = (),
    ) -> Task:
        parts = Parts(c)
        pinned = self._pin(output, places, parts)
        if pinned is None or c == 0:
            return Parts(Fraction(0))
        pieces, flats = untied(pieces, pinned, flats)
        work = Monomial(softmaxes(self, pieces), pinned, sizes, flats)
        if work.zero:
            return Parts(Fraction(0))
        groups, outside, factor = work.groups()
        if factor.number is not None:
            parts.coefficient *= factor.number
        else:
            parts.scalar((0, -1), size_node(factor))
        yield self._fill(parts, outside, work, {}, scope)
        for group in groups:
            rank = min([LATE, *[self.rank(p.expr) for p in group.pieces]])
            node = yield self._series(group, work, parts, scope)
            parts.multiply(parts.factors if work.touches(group) else parts.scalars, (2, rank), node)
        return parts

    def _pin(self, output: tuple[int, ...], places: Places, parts: Parts) -> dict[int, Place] | None:
        """The place of every output label, with comparisons where a label has several; None when they cannot agree."""
        chosen: dict[int, list[Place]] = {}
        for label, place in zip(output, places, strict=True):
            chosen.setdefault(label, []).append(place)
        pinned: dict[int, Place] = {}
        for label, options in chosen.items():
            first = min(options, key=_plainness)
            pinned[label] = first
            for other in dict.fromkeys(options):
                apart = differ(first, other)
                if isinstance(apart, Constraint):
                    if not apart.form.terms and apart.form.constant.number is not None:
                        return None
                    self._delta(parts, constraint_node(apart))
                elif apart is not None:
                    self._delta(parts, Binary("==", *apart))
        return pinned

    def _delta(self, parts: Parts, node: Node) -> None:
        """Multiply by a comparison; comparisons stand in the order of their first index name."""
        names = [name_order(part.name) for part in postorder(node) if isinstance(part, Name) and part.role == "index"]
        key = tuple([k for name in sorted(names) for k in name])
        if not any(key == other and unparse(node) == unparse(seen) for other, seen in parts.deltas):
            parts.deltas.append((key, node))

    def _fill(self, parts: Parts, group: Group, work: Monomial, names: dict[int, Place], scope: Scope) -> Task:
        """Put a group's conditions and operands into a product, all labels placed."""
        for condition in group.conditions:
            self._delta(parts, self._condition(condition, work, names))
        for flat in group.flats:
            self._delta(parts, self._flat(flat, {a: work.place(a, names) for a in flat.labels}, work.sizes))
        exponents = {id(part) for piece in group.pieces for part in exponent_parts(piece.expr)}
        for n, piece in enumerate(work.arranged(group.pieces, self.rank)):
            places = tuple([work.place(a, names) for a in piece.labels])
            if piece.node is not None:
                parts.factor((0, n), entry_node(piece.node, places))
            else:
                yield self._factor(parts, piece.expr, places, scope, (-1 if id(piece.expr) in exponents else plainness(piece.expr), n))

    def _factor(self, parts: Parts, e: Expr, places: Places, scope: Scope, key: Key) -> Task:
        """Multiply e[places] into a product."""
        typed = self.typed.scalar(e) if not places and e.children else None
        if typed is not None:
            parts.coefficient *= typed.sign
            parts.scalar((1, *key[1:]), typed.node)
            return
        value = constant_value(e)
        if value is not None:
            parts.coefficient *= value
            return
        exponent = constant_value(e.arguments[1]) if isinstance(e, Map) and e.function == "pow" else None
        base = e.children[0] if exponent is not None and exponent.denominator == 1 else e
        if self.flipped(base) and (exponent is None or exponent.denominator == 1):
            if exponent is None or exponent % 2:
                parts.coefficient = -parts.coefficient
            base = scale(-1, base)
            e = base if exponent is None else raw_map("pow", (base, *e.children[1:]))
            self.kept.append(e)
        where = parts.factors if places else parts.scalars
        match e:
            case Map(function="pow") if exponent is not None and exponent < 0:
                node = yield self.entry(e.children[0], places, scope)
                parts.divisors.append(((0 if isinstance(e.children[0], SizeValue) else 1, *key), raised(node, -exponent, self.spelled)))
            case Operator(function="onehot"):
                index = yield self.entry(e.arguments[0], places[:-1], scope)
                self._delta(parts, Binary("==", index, place_node(places[-1])))
            case Operator(function="powers"):
                where.append((key, (yield operator_entry(self, e, places, scope))))
            case Indicator() | Product() | Reshape(split=False):
                inner = yield self.term(Fraction(1), e, places, scope)
                parts.coefficient *= inner.coefficient
                for mine, others in (
                    (parts.deltas, inner.deltas),
                    (parts.scalars, inner.scalars),
                    (where, inner.factors),
                    (parts.divisors, inner.divisors),
                ):
                    mine += [((*key, *k), node) for k, node in others] if mine is not parts.deltas else others
            case _:
                parts.multiply(where, key, (yield self.entry(e, places, scope)))

    def _condition(self, condition: Condition, work: Monomial, names: dict[int, Place]) -> Node:
        if work.readable(condition):
            return constraint_node(Constraint(condition.relation, work.named(condition.form, names)))
        positive: list[Node] = []
        negative: list[Node] = []
        for label, c in condition.form.terms:
            node = place_node(work.place(label, names))
            (positive if c > 0 else negative).append(node if abs(c) == 1 else Binary("*", whole(abs(c)), node))
        positive.append(size_node(condition.form.constant))
        return Binary(condition.relation, joined(positive, negative), whole(0))

    def _series(self, group: Group, work: Monomial, parts: Parts, scope: Scope) -> Task:
        """sum(body for ... if ...) over the loops of a group; numbers go to the product outside."""
        pieces = work.arranged(group.pieces, self.rank)
        met = [a for piece in pieces for label in piece.labels for a in sorted(work.support((label,)))]
        order = sorted(group.loops, key=lambda a: met.index(a) if a in met else len(met) + a)
        bounds, conditions = work.bounded(order, group.conditions)
        names: dict[int, Place] = {}
        loops = []
        for loop in bounds:
            name = self.fresh(scope)
            scope = (*scope, name)
            start = place_node(work.named(loop.start, names)) if loop.start is not None else whole(0)
            stop = place_node(work.named(loop.stop, names)) if loop.stop is not None else size_node(work.sizes[loop.label])
            loops.append(Loop(name, start, stop))
            names[loop.label] = bare(name)
        body = Parts()
        yield self._fill(body, Group([], group.pieces), work, names, scope)
        guards = [self._condition(c, work, names) for c in conditions]
        guards += [self._flat(f, {a: work.place(a, names) for a in f.labels}, work.sizes) for f in group.flats]
        parts.coefficient *= body.coefficient
        body.coefficient = Fraction(1)
        _, node = body.finish(self.spelled)
        return Generator("sum", node, tuple(loops), tuple(guards))


def exponent_parts(e: Expr) -> list[Expr]:
    """What the exponent of a power consists of: such factors stand in front of it, as in k*x**(k - 1)."""
    return list(below(e.arguments[1])) if isinstance(e, Map) and e.function == "pow" and constant_value(e.arguments[1]) is None else []


def plainness(e: Expr) -> int:
    """How a factor is sorted: entries of variables and matrix functions, then function values, then sums."""
    if isinstance(e, Map):
        return plainness(e.children[0]) if e.function == "pow" else 1
    return 0 if isinstance(e, (Symbol, SizeValue, Position, Operator)) else 2


def constant_zero(place: Place) -> bool:
    return isinstance(place, Form) and not place.terms and place.constant is ZERO


def _joined_place(parts: Sequence[Place], sizes: Sequence[Size]) -> Place | None:
    """The place of an index that consists of parts, when it is affine: the sizes inside are numbers."""
    if len(parts) == 1:
        return parts[0]
    out: Form[str] = fixed(ZERO)
    step = ONE
    for part, size in zip(reversed(parts), reversed(sizes), strict=True):
        if isinstance(part, Lookup) or step.number is None:
            return None
        out = out.plus(part, step.number)
        step = step * size
    return out


def _plainness(place: Place) -> tuple[int, int]:
    if isinstance(place, Lookup):
        return (3, 0)
    return (0 if place.key is not None else 1 if place.terms else 2, len(place.terms))
