"""The labels of a product before it is printed: deltas dissolved, indices put in, what is left to sum and under which conditions.

sum_k [k == i + 1] x[k]     x[i + 1]                        a label that an equality determines, when the value is surely in range
sum_k [k <= i] x[k]         sum(x[k] for k in range(i + 1)) a label that an inequality bounds
sum_k [idx[i] == k] E[k,j]  E[idx, :][i, j]                 a label that is looked up
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from wrt.algebra.expr import Expr, Indicator, Labels, Operator, Product, Reshape, Sum, Symbol
from wrt.algebra.indices import is_unequal
from wrt.language.groups import Groups
from wrt.language.sizes import Size
from wrt.language.surface import Node
from wrt.notation.index_place import ONE, ZERO, Constraint, Form, Lookup, Place, fixed, sure

Condition = Constraint[int]


@dataclass(frozen=True, slots=True)
class Piece:
    """An operand whose axes carry labels; `node` the formula of the whole array when it is not to be read entry by entry."""

    expr: Expr
    labels: Labels
    node: Node | None = None


@dataclass(frozen=True, slots=True)
class Flat:
    """The condition place == (..(l_0 * n_1 + l_1) * n_2 + ..): an index of a composite size and the labels it consists of."""

    place: Place
    labels: Labels


@dataclass(slots=True)
class Group:
    """Operands and conditions joined by labels that are summed."""

    loops: list[int]
    pieces: list[Piece] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    flats: list[Flat] = field(default_factory=list)


@dataclass(slots=True)
class Loop:
    """A summed label with the bounds that conditions gave it (None: 0 and its size)."""

    label: int
    start: Form[int] | None = None
    stop: Form[int] | None = None


class Monomial:
    """One product: `pinned` labels have a place from outside, all others are summed."""

    def __init__(self, pieces: Iterable[Piece], pinned: dict[int, Place], sizes: Sequence[Size], flats: Iterable[Flat] = ()) -> None:
        self.sizes = sizes
        self.pinned = pinned
        self.flats = list(flats)
        self.pieces: list[Piece] = []
        self.conditions: list[Condition] = []
        self.literal: set[Condition] = set()  # an index that was typed as a number: inside its range as the text is
        self.solved: dict[int, Form[int]] = {}
        self.looked: dict[int, tuple[Symbol, Labels]] = {}
        self.last = {a: size - 1 for a, size in enumerate(sizes)}
        lookups: list[Piece] = []
        for piece in pieces:
            match piece.expr:
                case Indicator():
                    condition = _condition(piece.expr, piece.labels)
                    self.conditions.append(condition)
                    if len(piece.labels) == 1:
                        self.literal.add(condition)
                case Sum() if len(piece.expr.terms) == 2 and piece.expr.terms[0][0] == 1 and is_unequal(piece.expr):
                    first = piece.expr.terms[0][1]
                    self.conditions.append(_unequal(first, piece.labels))
                case Operator(function="onehot") if isinstance(piece.expr.arguments[0], Symbol):
                    lookups.append(piece)
                case Operator(function="powers"):
                    self.pieces.append(piece)
                    guard = Constraint(">=", exponent_form(piece.expr, piece.labels))
                    if guard.decided(self.last) is not True:
                        self.conditions.append(guard)
                case _:
                    self.pieces.append(piece)
        known: dict[int, Form[int]] = {a: Form((), p.constant) for a, p in pinned.items() if isinstance(p, Form) and not p.terms}
        if known:
            self.conditions = [self._put_known(c, known) for c in self.conditions]
        self._look_up(lookups)
        self._solve()
        self.zero = False
        kept = []
        for condition in self.conditions:
            holds = condition.decided(self.last)
            if holds is None:
                kept.append(condition)
            self.zero |= holds is False
        self.conditions = list(dict.fromkeys(kept))

    def _put_known(self, condition: Condition, known: dict[int, Form[int]]) -> Condition:
        """The condition with the numbers of labels that are read at a number."""
        form = condition.form
        for label, value in known.items():
            form = form.put(label, value)
        return Constraint(condition.relation, form)

    def _look_up(self, lookups: list[Piece]) -> None:
        """A summed label that only look-up and plain operands hold is looked up; another look-up stays a comparison."""
        held = {a for c in self.conditions for a, _ in c.form.terms} | {a for flat in self.flats for a in flat.labels}
        for piece in lookups:
            label, inner = piece.labels[-1], piece.labels[:-1]
            assert isinstance(piece.expr, Operator) and isinstance(piece.expr.arguments[0], Symbol)
            powers = any(label in p.labels[:-2] for p in self.pieces if isinstance(p.expr, Operator) and p.expr.function == "powers")
            if label in self.pinned or label in held or label in self.looked or label in inner or powers or any(a in self.looked for a in inner):
                self.pieces.append(piece)
            else:
                self.looked[label] = (piece.expr.arguments[0], inner)

    def _solve(self) -> None:
        """Put determined labels in: each step removes one equality and one summed label."""
        while True:
            best: tuple[int, int, int, Form[int]] | None = None
            for n, condition in enumerate(self.conditions):
                if condition.relation != "==":
                    continue
                for label, c in condition.form.terms:
                    if abs(c) != 1 or label in self.pinned or label in self.looked:
                        continue
                    rest = condition.form.without(label)
                    value = Form(tuple((k, -c * e) for k, e in rest.terms), rest.constant * -c)
                    inside = self.readable(condition) and (
                        condition in self.literal or (sure(value.least(self.last)) and sure(self.last[label] - value.most(self.last)))
                    )
                    if inside and (best is None or len(value.terms) < best[0]):
                        best = (len(value.terms), n, label, value)
            if best is None:
                return
            _, n, label, value = best
            del self.conditions[n]
            self.conditions = [Constraint(c.relation, c.form.put(label, value)) for c in self.conditions]
            self.solved = {k: form.put(label, value) for k, form in self.solved.items()}
            self.solved[label] = value

    # ------------------------------------------------------------------------------------------------ supports
    def support(self, labels: Iterable[int]) -> set[int]:
        """The summed labels that a reading at `labels` depends on."""
        out: set[int] = set()
        for a in labels:
            if a in self.pinned:
                continue
            if a in self.solved:
                out |= self.support(k for k, _ in self.solved[a].terms)
            elif a in self.looked:
                out |= self.support(self.looked[a][1])
            else:
                out.add(a)
        return out

    def groups(self) -> tuple[list[Group], Group, Size]:
        """(parts with sums of their own, the part without any sum, the size factor of labels that nothing holds)."""
        loops = [a for a in range(len(self.sizes)) if a not in self.pinned and a not in self.solved and a not in self.looked]
        joined = Groups(loops)
        items: list[tuple[set[int], Piece | Condition | Flat]] = [(self.support(p.labels), p) for p in self.pieces]
        items += [(self.support(k for k, _ in c.form.terms), c) for c in self.conditions]
        items += [(self.support(f.labels), f) for f in self.flats]
        used: set[int] = set()
        for held, _ in items:
            used |= held
            for a in sorted(held)[1:]:
                joined.join(min(held), a)
        outside = Group([])
        parts: dict[int, Group] = {}
        for held, item in items:
            group = parts.setdefault(joined.find(min(held)), Group([])) if held else outside
            if isinstance(item, Piece):
                group.pieces.append(item)
            elif isinstance(item, Flat):
                group.flats.append(item)
            else:
                group.conditions.append(item)
        factor = ONE
        for a in loops:
            if a in used:
                parts[joined.find(a)].loops.append(a)
            else:
                factor = factor * self.sizes[a]
        return list(parts.values()), outside, factor

    def bounded(self, order: Sequence[int], conditions: Sequence[Condition]) -> tuple[list[Loop], list[Condition]]:
        """The loops in the given order with bounds taken from conditions, and the conditions that are left."""
        loops = {a: Loop(a) for a in order}
        inner = {a: set(order[k:]) for k, a in enumerate(order)}
        left = [c for c in conditions if not any(self._bound(loops[a], c, inner[a]) for a in reversed(order))]
        return [loops[a] for a in order], left

    def _bound(self, loop: Loop, condition: Condition, inner: set[int]) -> bool:
        """Make an inequality a bound of the loop, when the bound stays inside the label's range and needs no inner loop."""
        c = condition.form.coefficient(loop.label)
        rest = condition.form.without(loop.label)
        if condition.relation != ">=" or abs(c) != 1 or any(k in inner for k, _ in rest.terms) or any(k in self.looked for k, _ in rest.terms):
            return False
        if c > 0 and loop.start is None:
            start = Form(tuple((k, -e) for k, e in rest.terms), -rest.constant)
            if sure(start.least(self.last)):
                loop.start = start
                return True
        if c < 0 and loop.stop is None:
            stop = Form(rest.terms, rest.constant + 1)
            if sure(self.sizes[loop.label] - stop.most(self.last)):
                loop.stop = stop
                return True
        return False

    def touches(self, group: Group) -> bool:
        """Whether a sum depends on an index from outside."""
        labels = {a for p in group.pieces for a in p.labels} | {a for c in group.conditions for a, _ in c.form.terms}
        labels |= {a for f in group.flats for a in f.labels}
        return bool(group.flats) or any(self._outside(a) for a in labels)

    def _outside(self, label: int) -> bool:
        if label in self.solved:
            return any(self._outside(k) for k, _ in self.solved[label].terms)
        if label in self.looked:
            return any(self._outside(k) for k in self.looked[label][1])
        return label in self.pinned

    def arranged(self, pieces: Sequence[Piece], rank: Callable[[Expr], int]) -> list[Piece]:
        """The operands as a path through the labels they share: from an outside index on, ties in order of appearance."""
        left = sorted(pieces, key=lambda p: rank(p.expr))
        outside = {a: n for n, a in enumerate(self.pinned)}
        out: list[Piece] = []
        last: set[int] = set()
        while left:
            found = next((p for p in left if last & self.support(p.labels)), None)
            if found is None:
                found = min(left, key=lambda p: min([outside.get(a, len(outside)) for a in p.labels], default=-1))
            out.append(found)
            left.remove(found)
            last = self.support(found.labels)
        return out

    # ------------------------------------------------------------------------------------------------ places
    def place(self, label: int, names: dict[int, Place]) -> Place:
        """Where a label is read, given the places of the summed labels."""
        if label in self.pinned:
            return self.pinned[label]
        if label in self.solved:
            return self.named(self.solved[label], names)
        if label in self.looked:
            index, inner = self.looked[label]
            return Lookup(index, tuple(self.place(a, names) for a in inner))
        return names[label]

    def named(self, form: Form[int], names: dict[int, Place]) -> Form[str]:
        """A form of labels as a form of index names."""
        out: Form[str] = fixed(form.constant)
        for label, c in form.terms:
            place = self.place(label, names)
            assert isinstance(place, Form), "a look-up inside a condition; please report this as a bug"
            out = out.plus(place, c)
        return out

    def readable(self, condition: Condition) -> bool:
        """Whether the condition is one of index forms (no label of it is looked up from outside)."""
        return not any(isinstance(self.pinned.get(k), Lookup) or k in self.looked for k, _ in condition.form.terms)


def _condition(e: Indicator, labels: Labels) -> Condition:
    form: Form[int] = Form((), e.constant)
    for a, c in zip(labels, e.coefficients, strict=True):
        form = form.plus(Form(((a, c),), ZERO) if c else Form((), ZERO))
    return Constraint(e.relation, form)


def _unequal(mask: Expr, labels: Labels) -> Condition:
    """The condition form != 0 of the mask [form - 1 >= 0] + [-form - 1 >= 0], from its first term."""
    if isinstance(mask, Product):  # the mask with its axes turned
        ((mask, inner),) = mask.operands
        labels = tuple(labels[a] for a in inner)
    assert isinstance(mask, Indicator)
    form = _condition(mask, labels).form
    return Constraint("!=", Form(form.terms, form.constant + 1))


def exponent_form(e: Operator, labels: Labels) -> Form[int]:
    """The exponent of a family of matrix powers: constant + sum of coefficient * label."""
    coefficients, constant = e.parameters
    assert isinstance(coefficients, tuple) and isinstance(constant, Size)
    form: Form[int] = Form((), constant)
    for a, c in zip(labels, coefficients, strict=False):
        form = form.plus(Form(((a, c),), ZERO) if c else Form((), ZERO))
    return form


def tied(e: Expr) -> list[tuple[int, tuple[int, ...]]] | None:
    """[(axis of a composite size, axes of its parts)] when e only says that the one consists of the others; None for anything else.

    Such a node is what is left of a grouping and a splitting that did not meet: an identity of composite size with one side split.
    """
    if not (isinstance(e, Reshape) and e.split and isinstance(e.argument, Product)) or e.argument.operands or e.argument.coefficient != 1:
        return None
    sides: dict[int, list[tuple[int, ...]]] = {}
    at = 0
    for label, count in zip(e.argument.output, e.counts, strict=True):
        sides.setdefault(label, []).append(tuple(range(at, at + count)))
        at += count
    out = []
    for both in sides.values():
        both.sort(key=len)
        if len(both) != 2 or len(both[0]) != 1 or len(both[1]) < 2:
            return None
        out.append((both[0][0], both[1]))
    return out
