r"""Equations to be solved in a derivation: f' = 0, then 2x = 4, then x = 2; each is to follow from the ones before.

A solution is put into the equation. An equation follows if it is a multiple of the one before, or if one of both is linear in a scalar unknown and its
solution solves the other; of any other it is said that it cannot be checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import islice

from wrt.derivation.agreement import agreement, names_of
from wrt.derivation.line_reading import LineReader
from wrt.derivation.mark import PROVED
from wrt.derivation.statements import Statement
from wrt.derivation.terms import ZERO, is_zero
from wrt.errors import WrtError
from wrt.language.rewrite import replace_names
from wrt.language.surface import SCALAR, Binary, Name, Node, Number, Unary, postorder
from wrt.language.unparse import unparse

_HAT = re.compile(r"^\\(?:wide)?(?:hat|bar|tilde)\s*(?:\{(?P<braced>[^{}]+)\}|(?P<plain>\\?\w+))")
_STAR = re.compile(r"(?:\^|_)\s*\{?\s*(?:\*|\\star|\\ast|\\(?:text|mathrm)\{\w+\})\s*\}?$|\*$")
MOST_MULTIPLES = 40  # of the equation before, tried


class Equations:
    """The equations that hold from a line on, each written as what is zero, and the unknowns by which was differentiated."""

    def __init__(self, reader: LineReader) -> None:
        self.reader = reader
        self.zeros: list[Node] = []
        self.unknowns: tuple[str, ...] = ()

    def add(self, zero: Node, names: tuple[str, ...]) -> None:
        """From now on a formula is zero."""
        self.zeros.append(self.reader.expanded(zero))
        self.unknowns = tuple(dict.fromkeys((*self.unknowns, *names)))

    def sides(self, said: Statement) -> tuple[str, ...]:
        """The sides of an equation that a line is; none where it is none: a derivative, a name of its own, a line that opens with =."""
        if said.of or said.follows:
            return ()
        if not said.name:
            return said.formulas if len(said.formulas) > 1 else ()
        found = self.reader.entry(said.name, self.reader.source.declarations)
        if found is not None and not found[1]:
            return (said.name, *said.formulas)
        letters = said.name.isalpha() and all(c in self.reader.source.declarations for c in said.name)
        return (" ".join(said.name), *said.formulas) if letters else ()

    def follows(self, sides: tuple[str, ...]) -> tuple[str, Node, str]:
        """(whether an equation follows, its right side, what is wrong with it). Raises: WrtError for a side that cannot be read."""
        unknown, right = self.unknown(sides[0]), self.reader.read(sides[1])
        if unknown is not None and unknown not in names_of(self.reader.expanded(right)):
            return self._solved(unknown, right)
        new = self.reader.expanded(Binary("-", self.reader.read(sides[0]), right))
        verdict = self._implied(new)
        if verdict == "wrong":
            return verdict, right, f"it has not the solution of {unparse(self.zeros[0])} = 0"
        if verdict in PROVED:
            self.zeros = [new] if len(self.zeros) == 1 else [*self.zeros, new]
        return verdict, right, ""

    def unknown(self, side: str) -> str | None:
        r"""The unknown that stands alone on a side: x, \hat\theta, w^*."""
        text = _STAR.sub("", side.strip())
        if (hat := _HAT.match(text)) is not None and hat.end() == len(text):
            text = hat["braced"] or hat["plain"]
        found = self.reader.entry(text.strip(), self.reader.source.declarations)
        return found[0] if found is not None and not found[1] and found[0] in self.unknowns else None

    def _solved(self, unknown: str, right: Node) -> tuple[str, Node, str]:
        """Whether a value of the unknown solves an equation."""
        value = self.reader.expanded(right)
        held = [z for z in self.zeros if unknown in names_of(z)]
        put = [replace_names(z, {unknown: value}) for z in held]
        found = [self._vanishes(z) for z in put]
        for zero, made, status in zip(held, put, found, strict=True):
            if status == "wrong" and not names_of(made) & set(self.unknowns):
                return "wrong", right, f"it does not solve {unparse(zero)} = 0"
        if any(status in PROVED for status in found):
            return "exact", right, ""
        return self._unchecked(), right, ""

    def _implied(self, new: Node) -> str:
        """Whether an equation follows from the ones before."""
        for old in reversed(self.zeros):
            for k in islice(self._multiples(old, new), MOST_MULTIPLES):
                if self._vanishes(Binary("-", new, Binary("*", k, old))) in PROVED:
                    return "exact"
        if len(self.zeros) == 1 and len(self.unknowns) == 1:
            for one, other in ((new, self.zeros[0]), (self.zeros[0], new)):
                root = self._root(one)
                verdict = self._vanishes(replace_names(other, {self.unknowns[0]: root})) if root is not None else ""
                if verdict in (*PROVED, "wrong"):
                    return verdict
        return self._unchecked()

    def _multiples(self, old: Node, new: Node) -> Iterator[Node]:
        """The numbers, and sizes, by which the equation before may have been multiplied."""
        numbers = {n.value for tree in (old, new) for n in postorder(tree) if isinstance(n, Number) and n.value} | {Fraction(1), Fraction(2)}
        ratios = sorted({a / b for a in numbers for b in numbers}, key=lambda r: (r.numerator + r.denominator, r))
        for size in (None, *self.reader.source.sizes):
            for ratio in ratios:
                number: Node = Binary(
                    "/", Number(Fraction(ratio.numerator), str(ratio.numerator)), Number(Fraction(ratio.denominator), str(ratio.denominator))
                )
                scaled = number if size is None else Binary("*", number, Name(size))
                yield from (scaled, Unary("-", scaled))

    def _root(self, equation: Node) -> Node | None:
        """The only solution of an equation that is linear in a scalar unknown; None of any other."""
        (unknown,) = self.unknowns
        if self.reader.declared[unknown].shape != SCALAR or unknown not in names_of(equation):
            return None
        with suppress(WrtError):
            slope = self.reader.derivative(equation, (unknown,), ())
            bend = self._vanishes(self.reader.derivative(slope, (unknown,), ())) if unknown in names_of(slope) else "exact"
            if bend in PROVED and self._vanishes(slope) == "wrong":
                at_zero = {unknown: ZERO}
                return Unary("-", Binary("/", replace_names(equation, at_zero), replace_names(slope, at_zero)))
        return None

    def _vanishes(self, tree: Node) -> str:
        """Whether a formula is zero, as the status of a verdict."""
        if is_zero(tree):
            return "exact"
        try:
            return agreement(self.reader.typed(tree), self.reader.typed(ZERO, tree))
        except WrtError:
            return "unverified: its sizes do not fit"

    def _unchecked(self) -> str:
        return f"unverified: whether it follows from {' and '.join(f'{unparse(z)} = 0' for z in self.zeros)} cannot be checked"
