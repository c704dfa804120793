"""Whole numbers of a draw as plain ints, and what the evaluators remember of the decisions they met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Protocol

from wrt.language.surface import Node, Number
from wrt.proof.arrays import Flat, UndecidedError, Value
from wrt.proof.field import Level
from wrt.proof.jets import Ring
from wrt.proof.reading import Reading
from wrt.proof.walk import OWN, Env, Seen, Walker


class Drawn(Protocol):
    """What the evaluator asks of a draw."""

    @property
    def sizes(self) -> Mapping[str, int]: ...
    def value(self, level: Level, name: str) -> Flat: ...
    def whole(self, name: str) -> list[int]: ...


def note(seen: Seen, key: object, met: Sequence[int]) -> None:
    """Remember which branches of a decision were met."""
    bits, count = seen.get(key, (0, 0))
    for bit in met:
        bits |= bit
    seen[key] = (bits, count + len(met))


def decided(left: Node, right: Node) -> object:
    """What the sign of left - right is the sign of: the same for a > 0, 0 < a and relu(a), and for a > b and maximum(b, a)."""
    for side, other in ((left, right), (right, left)):
        if isinstance(other, Number) and not other.value:
            return id(side)
    return frozenset((id(left), id(right)))


class Whole(Walker):
    """Whole numbers as plain ints: sizes, indices, bounds, exponents."""

    def __init__(self, reading: Reading, draw: Drawn) -> None:
        super().__init__(reading, draw.sizes, Ring(None))
        self.draw = draw

    def number(self, value: Fraction | int) -> int:
        if Fraction(value).denominator != 1:
            raise UndecidedError("a fraction where a whole number is due")
        return int(value)

    def variable(self, name: str, bits: int) -> Value:
        shape = self.reading.declarations[name].shape
        return Value(OWN.get(shape.kind) or tuple(range(shape.order)), self.dims(shape), {0: self.draw.whole(name)})

    def whole_of(self, node: Node, env: Env) -> Value:
        return self.value(node, env)
