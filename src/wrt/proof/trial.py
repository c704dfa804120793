"""One trial of a proof: a draw, the directions, and the function's own derivative along them, kept for every view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from wrt.language.surface import Declaration, Node, postorder
from wrt.language.variables import Variable, variable
from wrt.proof.arrays import Flat, UnfitError, Value, size_of
from wrt.proof.draw import Draw, hashed
from wrt.proof.exact import Exact
from wrt.proof.field import BASE
from wrt.proof.numeric import FloatDraw, Numeric
from wrt.proof.pairing import Pairing, function_view
from wrt.proof.reading import Reading
from wrt.proof.structure import mapped, space
from wrt.proof.walk import BUDGET_A_NODE, OWN, Seen

FRESH, REPAIRS = 8, 120  # whole draws tried, then single numbers drawn anew, until every root is of a square


class Question:
    """What is to be proved: the k-th derivative of a tree by variables, with a treatment of their structure."""

    def __init__(self, reading: Reading, tree: Node, names: Sequence[str], structure: str, budget: int) -> None:
        self.reading = reading
        self.tree = tree
        self.names = tuple(names)
        self.structure = structure
        self.budget = max(budget, BUDGET_A_NODE * sum(1 for _ in postorder(tree)))
        self.nonsquares: set[object] = set()  # what roots are taken of, and was met as no square
        self.variables: tuple[Variable, ...] = tuple(variable(name, reading.declarations) for name in names)
        for v in self.variables:
            if v.tree is not None:
                reading.note_lookup(v.tree)

    @property
    def declarations(self) -> Mapping[str, Declaration]:
        return self.reading.declarations

    def note_roots(self, seen: Seen) -> None:
        """Remember what was met as no square."""
        self.nonsquares.update(key for key, (bits, _) in seen.items() if isinstance(key, tuple) and key[0] == "root" and bits & 2)

    @property
    def sizes(self) -> frozenset[str]:
        """The sizes that the trees read so far depend on."""
        used = {*self.reading.used, *[v.name for v in self.variables]}
        shapes = [s for name in used for s in self.declarations[name].shape.sizes]
        return frozenset({*self.reading.counted, *used, *[name for s in shapes for name in s.names]})

    def own_dims(self, draw: Draw) -> tuple[int, ...]:
        """The sizes of the function's value."""
        assert self.tree.shape is not None
        return tuple(s.value(draw.sizes) for s in self.tree.shape.sizes)

    def dims(self, draw: Draw, v: Variable) -> tuple[int, ...]:
        """The sizes of a variable, or of the part of one."""
        sizes = self.numbers(draw, v)
        return tuple(s.value(sizes) for s in v.shape.sizes)

    def numbers(self, draw: Draw, v: Variable) -> dict[str, int]:
        """The sizes of a draw, and the whole numbers that a part is named with."""
        names = {n for a in v.axes for s in (a.start, a.count or a.start) for n in s.names} - set(draw.sizes)
        return {**draw.sizes, **{n: draw.whole(n)[0] for n in sorted(names)}}

    def followed(self, draw: Draw, v: Variable, flat: Flat, ring: Any) -> Flat:
        """The direction along which the function is followed for an arbitrary direction of a variable or a part: zero outside the part."""
        d = self.declarations[v.name]
        if v.axes:
            flat = self._embedded(draw, v, flat)
        facts = space(d.facts)
        if self.structure == "ignored" or not facts or d.shape.order != 2:
            return flat
        return mapped(ring, flat, draw.dims(v.name)[0], facts, self.structure)

    def _embedded(self, draw: Draw, v: Variable, flat: Flat) -> Flat:
        sizes, at = self.numbers(draw, v), [0]
        for axis, length in zip(v.axes, draw.dims(v.name), strict=True):
            start = axis.start.value(sizes)
            places = [start] if axis.count is None else [start + axis.step * k for k in range(axis.count.value(sizes))]
            if any(not 0 <= place < length for place in places):
                raise UnfitError(f"{v.text} leaves the range of {v.name}")
            at = [k * length + place for k in at for place in places]
        out = [0] * size_of(draw.dims(v.name))
        for k, value in zip(at, flat, strict=True):
            out[k] = value
        return out


class ExactTrial:
    """A trial over the finite fields; `expected` is the weighted k-th derivative of the function along the directions."""

    def __init__(self, question: Question, draw: Draw, *, strict: bool) -> None:
        self.question = question
        self.draw = draw
        for name in sorted({*question.reading.used, *[v.name for v in question.variables]}):
            draw.dims(name)
        self.walker = walker = Exact(question.reading, draw, BASE, None, question.budget)
        walker.strict = strict
        walker.top = len(question.names)
        tangents = []
        for bit, v in enumerate(question.variables):
            own = question.dims(draw, v)
            flat = draw.direction(v.name, bit)[: size_of(own)]
            tangents.append((own, flat))
            walker.directions.setdefault(v.name, {})[bit] = question.followed(draw, v, flat, walker.ring)
        dims = question.own_dims(draw)
        self.own_signs: set[object] = set()
        self.own_roots: set[tuple[int, ...]] = set()
        self.pair = Pairing(walker, dims, draw.weights("f", size_of(dims)), tuple(tangents))

    @cached_property
    def expected(self) -> Any:
        """The weighted derivative; the signs met on the way are the function's own."""
        order = len(self.question.names)
        found = function_view(self.pair, self.walker.value(self.question.tree, (), order), (1 << order) - 1)
        self.own_signs.update(self.walker.seen)
        self.own_roots.update(self.walker.roots.values())
        self.walker.strict = False  # a view may not need the positive numbers that the function needs
        return found

    def shared_roots(self) -> set[object]:
        """The roots of a view that are of the same values as roots of the function, however they are written."""
        return {key for key, values in self.walker.roots.items() if values in self.own_roots}

    @property
    def violations(self) -> int:
        return self.walker.violations[0]

    def tangent_values(self, tangents: Sequence[str]) -> dict[str, Value]:
        """The directions as values of the tangents' names."""
        return tangent_values(self.question, tangents, self.pair)


def tangent_values(question: Question, tangents: Sequence[str], pair: Pairing) -> dict[str, Value]:
    out = {}
    for tangent, v, (dims, flat) in zip(tangents, question.variables, pair.tangents, strict=True):
        shape = v.tangent
        out[tangent] = Value(OWN.get(shape.kind) or tuple(range(shape.order)), dims, {0: flat})
    return out


MANY = 10**9  # violations that an evaluation without a value counts as


def attempted(question: Question, draw: Draw, strict: bool, extra: Callable[[ExactTrial], object] | None) -> tuple[int, ExactTrial | None]:
    """How many roots and powers of what is no square an evaluation meets (MANY when it fails), and the trial."""
    trial: ExactTrial | None = None
    try:
        trial = evaluated(ExactTrial(question, draw, strict=strict))
        if extra is not None:
            extra(trial)
    except UnfitError:
        return MANY, None
    finally:
        if trial is not None:
            question.note_roots(trial.walker.seen)
    return trial.violations, trial


def fitted(
    question: Question, sizes: Mapping[str, int], seed: str, turn: int, strict: bool = False, extra: Callable[[ExactTrial], object] | None = None
) -> ExactTrial | None:
    """A trial in which every root is of a square: whole draws first, then single base numbers drawn anew while that helps; None when none is found.

    Raises: UnfitError when the function cannot be evaluated at these sizes at all (a matrix that is always singular).
    """
    reading = question.reading
    best: Draw | None = None
    least = MANY
    for attempt in range(FRESH):
        draw = Draw(question.declarations, sizes, f"{seed}.{attempt}" if attempt else seed, reading.looked_up, turn)
        if not attempt and not reading.rooted and not strict:
            return evaluated(ExactTrial(question, draw, strict=strict))
        found, trial = attempted(question, draw, strict, extra)
        if not found:
            return trial
        if best is None or found < least:
            best, least = draw, found
        if attempt >= 2 and least == MANY:
            return evaluated(ExactTrial(question, draw, strict=strict))
    assert best is not None
    return _repaired(question, best, least, seed, strict, extra)


def evaluated(trial: ExactTrial) -> ExactTrial:
    """The trial, its function evaluated: raises what that raises."""
    assert trial.expected is not None
    return trial


def _repaired(question: Question, best: Draw, least: int, seed: str, strict: bool, extra: Callable[[ExactTrial], object] | None) -> ExactTrial | None:
    entries = best.entries(question.reading.used)
    for step in range(REPAIRS if entries else 0):
        name, k = entries[hashed(seed, "repair", step) % len(entries)]
        draw = best.redrawn(name, k)
        found, trial = attempted(question, draw, strict, extra)
        if found <= least:
            best, least = draw, found
            if not found:
                return trial
    return None


class FloatTrial:
    """A trial in floats: values at the point moved along the directions, combined to a central difference. `library`: see Numeric."""

    def __init__(self, question: Question, draw: FloatDraw, digits: int, *, library: bool = False) -> None:
        self.question = question
        self.library = library
        self.draw = draw
        order = len(question.names)
        self.step_digits = digits
        self.magnitude: Any = 0  # of the values that a difference subtracts
        self.walker = self._walker(question, draw, digits * (order + 2))
        mp = self.walker.mp
        dims = question.own_dims(draw)
        self.weights = draw.floating(mp, "weights", "f", size_of(dims))
        own = [question.dims(draw, v) for v in question.variables]
        self.arbitrary = [
            (n, draw.floating(mp, v.text, ("direction", bit), size_of(n))) for bit, (v, n) in enumerate(zip(question.variables, own, strict=True))
        ]
        self.pair = Pairing(self.walker, dims, self.weights, tuple(self.arbitrary))

    @cached_property
    def expected(self) -> Any:
        """The weighted derivative along the directions."""
        return self.difference(self.pair)

    def _walker(self, question: Question, draw: FloatDraw, digits: int) -> Numeric:
        walker = Numeric(question.reading, draw, digits, question.budget)
        walker.library = self.library
        return walker

    def difference(self, pair: Pairing) -> Any:
        """The weighted k-th derivative along the directions of a pairing, by central differences with steps 10**-digits."""
        question, order = self.question, len(self.question.names)
        mp = self.walker.mp
        if order == 0:
            value = function_view(pair, self.walker.value(question.tree), 0)
            self.magnitude = abs(value)
            return value
        h = mp.mpf(10) ** -self.step_digits
        self.magnitude = mp.mpf(0)
        total = mp.mpf(0)
        moves = [question.followed(self.draw, v, flat, self.walker.ring) for v, (_, flat) in zip(question.variables, pair.tangents, strict=True)]
        for corner in range(1 << order):
            walker = self._walker(question, self.draw, mp.dps)
            walker.seen = self.walker.seen
            sign = 1
            for bit, (v, move) in enumerate(zip(question.variables, moves, strict=True)):
                side = 1 if corner >> bit & 1 else -1
                sign *= side
                before = walker.shifts.get(v.name)
                walker.shifts[v.name] = [side * h * w + (u if before is not None else 0) for w, u in zip(move, before or move, strict=True)]
            moved = Pairing(walker, pair.dims, pair.weights, pair.tangents)
            value = function_view(moved, walker.value(question.tree), 0)
            self.magnitude = max(self.magnitude, abs(value))
            total += sign * value
        return total / (2 * h) ** order

    def tangent_values(self, tangents: Sequence[str]) -> dict[str, Value]:
        return tangent_values(self.question, tangents, self.pair)
