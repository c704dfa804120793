"""Kinds for the undeclared names of a dialect: the letter rule, and where that does not fit the fewest departures from it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from typing import TypeVar

from wrt.errors import ShapeError, TextError, WrtError
from wrt.language.infer import GREEK

T = TypeVar("T")
MAX_TRIES = 400
MAX_CHANGES = 3


def letter_kind(name: str) -> str:
    """matrixcalculus.org's rule: a-g and Greek scalar, h-z vector, capital matrix."""
    word = name.split("_")[0].rstrip("0123456789₀₁₂₃₄₅₆₇₈₉")
    if word.lower() in GREEK or not name[0].isascii():
        return "matrix" if name[0] in "ΓΔΘΛΞΠΣΥΦΨΩ" else "scalar"
    if name[0].isupper():
        return "matrix"
    return "scalar" if name[0] in "abcdefg" else "column"


def by_letters(attempt: Callable[[dict[str, str]], T], text: str) -> T:
    """What `attempt(kinds)` returns for the kinds nearest to the letter rule that fit.

    `attempt` enters every undeclared name that it meets into `kinds` (by `letter_kind`) and raises ShapeError when they do not fit.
    Raises: the first error when nothing fits, TextError when several choices fit equally well.
    """
    kinds: dict[str, str] = {}
    try:
        return attempt(kinds)
    except ShapeError as error:
        first = error
    names = list(kinds)
    tries = 0
    for changes in range(1, min(MAX_CHANGES, len(names)) + 1):
        fitting: list[tuple[dict[str, str], T]] = []
        for some in combinations(names, changes):
            for others in product(*([k for k in _choices(name) if k != kinds[name]] for name in some)):
                tries += 1
                if tries > MAX_TRIES:
                    raise first
                trial = {**kinds, **dict(zip(some, others, strict=True))}
                try:
                    fitting.append((trial, attempt(trial)))
                except WrtError:
                    continue
        if len(fitting) > 1:
            options = " or ".join(", ".join(f"{n} a {k}" for n, k in trial.items() if kinds.get(n) != k) for trial, _ in fitting[:3])
            raise TextError(f"what the names are is not clear: {options}.", text=text, span=first.span, hint="declare their shapes.")
        if fitting:
            return fitting[0][1]
    raise first


def _choices(name: str) -> tuple[str, ...]:
    return ("matrix", "scalar", "column") if name[0].isupper() else ("column", "scalar", "matrix")
