"""One trial of a proof: a draw, the directions, and the function's own derivative along them, kept for every view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wrt.language.surface import Declaration, Node
from wrt.proof.arrays import Flat, Unfit, Value, size_of
from wrt.proof.draw import Draw, hashed
from wrt.proof.exact import Exact
from wrt.proof.field import BASE
from wrt.proof.numeric import FloatDraw, Numeric
from wrt.proof.pairing import Pairing, function_view
from wrt.proof.reading import Reading
from wrt.proof.structure import mapped, space
from wrt.proof.walk import OWN

FRESH, REPAIRS = 8, 120  # whole draws tried, then single numbers drawn anew, until every root is of a square


class Question:
    """What is to be proved: the k-th derivative of a tree by variables, with a treatment of their structure."""

    def __init__(self, reading: Reading, tree: Node, names: Sequence[str], structure: str, budget: int) -> None:
        self.reading = reading
        self.tree = tree
        self.names = tuple(names)
        self.structure = structure
        self.budget = budget

    @property
    def declarations(self) -> Mapping[str, Declaration]:
        return self.reading.declarations

    def own_dims(self, draw: Draw) -> tuple[int, ...]:
        """The sizes of the function's value."""
        assert self.tree.shape is not None
        return tuple(s.value(draw.sizes) for s in self.tree.shape.sizes)

    def followed(self, draw: Draw, name: str, flat: Flat, ring: Any) -> Flat:
        """The direction along which the function is followed for an arbitrary direction of a variable."""
        d = self.declarations[name]
        facts = space(d.facts)
        if self.structure == "ignored" or not facts or d.shape.order != 2:
            return flat
        return mapped(ring, flat, draw.dims(name)[0], facts, self.structure)


class ExactTrial:
    """A trial over the finite fields; `expected` is the weighted k-th derivative of the function along the directions."""

    def __init__(self, question: Question, draw: Draw, strict: bool) -> None:
        self.question = question
        self.draw = draw
        self.walker = walker = Exact(question.reading, draw, BASE, None, question.budget)
        walker.strict = strict
        walker.top = len(question.names)
        tangents = []
        for bit, name in enumerate(question.names):
            flat = draw.direction(name, bit)
            tangents.append((draw.dims(name), flat))
            walker.directions.setdefault(name, {})[bit] = question.followed(draw, name, flat, walker.ring)
        dims = question.own_dims(draw)
        self.pair = Pairing(walker, dims, draw.weights("f", size_of(dims)), tuple(tangents))

    def value(self) -> Value:
        """The function with all its infinitesimals."""
        return self.walker.value(self.question.tree, (), len(self.question.names))

    def expected(self) -> Any:
        return function_view(self.pair, self.value(), (1 << len(self.question.names)) - 1)

    @property
    def violations(self) -> int:
        return self.walker.violations[0]

    def tangent_values(self, tangents: Sequence[str]) -> dict[str, Value]:
        """The directions as values of the tangents' names."""
        return tangent_values(self.question, tangents, self.pair)


def tangent_values(question: Question, tangents: Sequence[str], pair: Pairing) -> dict[str, Value]:
    out = {}
    for tangent, name, (dims, flat) in zip(tangents, question.names, pair.tangents, strict=True):
        shape = question.declarations[name].shape
        out[tangent] = Value(OWN.get(shape.kind) or tuple(range(shape.order)), dims, {0: flat})
    return out


def violations_of(question: Question, draw: Draw, strict: bool, extra: Callable[[ExactTrial], object] | None) -> int:
    """How many roots and powers of what is no square an evaluation meets; Unfit counts as very many."""
    try:
        trial = ExactTrial(question, draw, strict)
        trial.walker.value(question.tree)
        if extra is not None:
            extra(trial)
    except Unfit:
        return 10**9
    return trial.violations


def fitted(question: Question, sizes: Mapping[str, int], seed: str, strict: bool = False, extra: Callable[[ExactTrial], object] | None = None) -> ExactTrial | None:
    """A trial in which every root is of a square: whole draws first, then single base numbers drawn anew while that helps; None when none is found.

    Raises: Unfit when the function cannot be evaluated at these sizes at all (a matrix that is always singular).
    """
    reading = question.reading
    best: Draw | None = None
    least = 10**9
    for attempt in range(FRESH):
        draw = Draw(question.declarations, sizes, f"{seed}.{attempt}" if attempt else seed, reading.looked_up)
        if not attempt and not reading.rooted and not strict:
            return ExactTrial(question, draw, strict)
        found = violations_of(question, draw, strict, extra)
        if found == 0:
            return ExactTrial(question, draw, strict)
        if best is None or found < least:
            best, least = draw, found
        if found == 10**9 and attempt >= 2 and least == 10**9:
            break
    if least == 10**9:
        ExactTrial(question, Draw(question.declarations, sizes, seed, reading.looked_up), strict).value()
        return None
    assert best is not None
    return _repaired(question, best, least, seed, strict, extra)


def _repaired(question: Question, best: Draw, least: int, seed: str, strict: bool, extra: Callable[[ExactTrial], object] | None) -> ExactTrial | None:
    entries = best.entries()
    for step in range(REPAIRS if entries else 0):
        name, k = entries[hashed(seed, "repair", step) % len(entries)]
        draw = best.redrawn(name, k)
        found = violations_of(question, draw, strict, extra)
        if found <= least:
            best, least = draw, found
            if not found:
                return ExactTrial(question, best, strict)
    return None


class FloatTrial:
    """A trial in floats: values at the point moved along the directions, combined to a central difference."""

    def __init__(self, question: Question, draw: FloatDraw, digits: int) -> None:
        self.question = question
        self.draw = draw
        order = len(question.names)
        self.step_digits = digits
        self.walker = self._walker(question, draw, digits * (order + 2))
        mp = self.walker.mp
        dims = question.own_dims(draw)
        self.weights = draw.floating(mp, "weights", "f", size_of(dims))
        self.arbitrary = [(draw.dims(n), draw.floating(mp, n, ("direction", bit), size_of(draw.dims(n)))) for bit, n in enumerate(question.names)]
        self.pair = Pairing(self.walker, dims, self.weights, tuple(self.arbitrary))

    def _walker(self, question: Question, draw: FloatDraw, digits: int) -> Numeric:
        return Numeric(question.reading, draw, digits, question.budget)

    def expected(self, pair: Pairing | None = None) -> Any:
        """The weighted k-th derivative along the directions, by central differences with steps 10**-digits."""
        pair = pair or self.pair
        question, order = self.question, len(self.question.names)
        mp = self.walker.mp
        if order == 0:
            return function_view(pair, self.walker.value(question.tree), 0)
        h = mp.mpf(10) ** -self.step_digits
        total = mp.mpf(0)
        moves = [question.followed(self.draw, n, flat, self.walker.ring) for n, (_, flat) in zip(question.names, pair.tangents, strict=True)]
        for corner in range(1 << order):
            walker = self._walker(question, self.draw, mp.dps)
            walker.seen = self.walker.seen
            sign = 1
            for bit, (name, move) in enumerate(zip(question.names, moves, strict=True)):
                side = 1 if corner >> bit & 1 else -1
                sign *= side
                walker.values[name] = [v + side * h * w for v, w in zip(walker.base(name), move, strict=True)]
            moved = Pairing(walker, pair.dims, pair.weights, pair.tangents)
            total += sign * function_view(moved, walker.value(question.tree), 0)
        return total / (2 * h) ** order

    def tangent_values(self, tangents: Sequence[str]) -> dict[str, Value]:
        return tangent_values(self.question, tangents, self.pair)
