"""Kinds for the undeclared names of a dialect: the letter rule, and where that does not fit the fewest departures from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from heapq import heappop, heappush
from typing import TypeVar

from wrt.errors import ShapeError, TextError, UnknownNameError, WrtError
from wrt.language.kinds import GREEK

T = TypeVar("T")
MAX_TRIES = 300
MAX_COST = 8
MAX_WORDS = 30_000  # read in all tries together
LETTERS = ("n", "m", "p", "q", "r", "s")


class UndeclaredError(UnknownNameError):
    """A letter is not declared, beside declarations: how it is used may say what it is."""


class PointError(ShapeError):
    """An entry, a number, stands where a vector does: other kinds of names are tried, then `question` is asked."""

    def question(self) -> TextError:
        return TextError(self.message, text=self.text, span=self.span, hint=self.hint)


class LabelError(PointError):
    """x_0 beside x may be an entry or a name of its own, whatever the kinds of the names: asked at once."""


def letter_kind(name: str) -> str:
    """matrixcalculus.org's rule: a-g and Greek scalar, h-z vector, capital matrix."""
    word = name.partition("_")[0].rstrip("0123456789₀₁₂₃₄₅₆₇₈₉")
    if word.lower() in GREEK or not name[0].isascii():
        return "matrix" if name[0] in "ΓΔΘΛΞΠΣΥΦΨΩ" else "scalar"
    if name[0].isupper():
        return "matrix"
    return "scalar" if name[0] in "abcdefg" else "column"


def cost(name: str, kind: str) -> int:
    """How far a kind is from what the letter says."""
    usual = letter_kind(name)
    if kind == usual:
        return 0
    if kind == "matrix":
        return 5
    return 3 if usual == "matrix" else 1 if kind == "column" else 2


def by_letters(attempt: Callable[[dict[str, str]], T], text: str, length: int = 0, most: int = MAX_COST) -> T:
    """What `attempt(kinds)` returns for the kinds nearest to the letter rule that fit.

    `length`: of the text in words; the longer, the fewer choices are tried. `most`: how far from the letters. `attempt` enters every undeclared name that it meets into `kinds` (by `letter_kind`) and raises ShapeError when they do not fit.
    Raises: the first error when nothing fits, TextError when several choices fit equally well.
    """
    first: WrtError | None = None
    asked: PointError | None = None
    heap: list[tuple[int, int, tuple[tuple[str, str], ...]]] = [(0, 0, ())]
    seen: set[tuple[tuple[str, str], ...]] = {()}
    tries = 0
    while heap and tries < min(MAX_TRIES, 1 + MAX_WORDS // (length + 1)):
        total, _, changed = heappop(heap)
        tries += 1
        kinds = dict(changed)
        try:
            found = attempt(kinds)
        except LabelError as error:
            raise error.question() from None
        except ShapeError as error:
            first = first or error
            asked = asked or (error if isinstance(error, PointError) else None)
        except WrtError as error:
            if first is None:
                raise
            if not isinstance(error, TextError):
                continue
        else:
            _alone(attempt, heap, total, changed, kinds, text)
            return found
        for name, taken in kinds.items():
            if name in dict(changed):
                continue
            for kind in ("scalar", "column", "matrix"):
                more = tuple(sorted((*changed, (name, kind))))
                price = total + cost(name, kind)
                if kind != taken and more not in seen and price <= most:
                    seen.add(more)
                    heappush(heap, (price, len(seen), more))
    assert first is not None
    raise named(first) if asked is None else asked.question()


def _alone(
    attempt: Callable[[dict[str, str]], T],
    heap: list[tuple[int, int, tuple[tuple[str, str], ...]]],
    total: int,
    chosen: tuple[tuple[str, str], ...],
    kinds: dict[str, str],
    text: str,
) -> None:
    """Refuse when another choice of the same cost fits too."""
    while heap and heap[0][0] == total and total:
        other = dict(heappop(heap)[2])
        try:
            attempt(other)
        except WrtError:
            continue
        says = [", ".join(f"{n} a {k}" for n, k in some.items() if cost(n, k)) for some in (dict(chosen), other)]
        raise TextError(f"what the names are is not clear: {says[0]}, or {says[1]}.", text=text, span=(0, len(text)), hint="declare their shapes.")


def named(error: WrtError) -> WrtError:
    """The error with letters for sizes that have no name yet."""
    letters: dict[str, str] = {}
    error.message = re.sub(r"\?\d+", lambda found: letters.setdefault(found.group(), LETTERS[len(letters) % len(LETTERS)]), error.message)
    return error
