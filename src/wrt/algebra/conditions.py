"""Conditions as data: what they are about, and a sentence to be completed by whoever prints it ("{} invertible", "{} != {}")."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from wrt.algebra.expr import Expr


class Condition(NamedTuple):
    """`sentence` with a place for each of `subjects`: Condition("{} != 0", (x,))."""

    sentence: str
    subjects: tuple[Expr, ...]

    def told(self, say: Callable[[Expr], str]) -> str:
        """The sentence, each subject told by `say`."""
        return self.sentence.format(*[say(e) for e in self.subjects])
