"""Where a wrong view parts from the function: one entry, both values, the sizes and the seed, in a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from wrt.language.surface import Source
from wrt.language.unparse import unparse
from wrt.proof.arrays import BudgetError, Flat, UndecidedError, UnfitError, size_of
from wrt.proof.numeric import STYLES, FloatDraw
from wrt.proof.pairing import MisshapenError, Pairing
from wrt.proof.trial import FloatTrial
from wrt.proof.verdict import Verdict

ENTRIES = 64  # entries of the derivative that are compared until one differs
DIGITS, ATTEMPTS = 12, 18


class Entry(NamedTuple):
    """One entry of the derivative (axes of the function, then of each variable): what the view gives and what differences give."""

    at: tuple[int, ...]
    found: float
    expected: float
    seed: str


def disagreement(source: Source, names: Sequence[str], view: str, words: str, verdict: Verdict) -> str:
    """One sentence for a ProofError: the entry, both values, sizes and seed.

    `view` names the form ("matrix form"), `words` is its text, `verdict` what the prover said of it.
    """
    text = source.text or unparse(source.tree)
    of = f"the {view} {_cut(words)} of the derivative of {_cut(text)} by {', '.join(names)}" if names else f"the {view} {_cut(words)} of {_cut(text)}"
    entry = first_difference(verdict)
    sizes = {name: n for name, n in verdict.sizes.items() if verdict.question is None or name in verdict.question.sizes}
    if entry is None:
        return f"{of} is wrong{': ' + verdict.why if verdict.why else ''}{_place(sizes, verdict.seed)}."
    where = f" at {list(entry.at)}" if entry.at else ""
    off = abs(entry.found - entry.expected) / max(abs(entry.expected), 1e-300)
    against = "central differences" if names else "the formula"
    return f"{of} disagrees with {against}{where}: {entry.found:.6g} against {entry.expected:.6g} (relative {off:.1g}){_place(sizes, entry.seed)}."


def _cut(text: str, width: int = 120) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def _place(sizes: Mapping[str, int], seed: str) -> str:
    numbers = ", ".join(f"{name}={value}" for name, value in sizes.items())
    return f"; sizes {numbers}, seed {seed}" if numbers else f"; seed {seed}" if seed else ""


def first_difference(verdict: Verdict) -> Entry | None:
    """The first entry in which the view and the function differ, found in floats; None when there is none to be seen."""
    question, view = verdict.question, verdict.view
    if question is None or view is None:
        return None
    for attempt in range(ATTEMPTS):
        try:
            draw = FloatDraw(question.declarations, verdict.sizes, f"d{attempt}", question.reading.looked_up, attempt % len(STYLES), attempt)
            trial = FloatTrial(question, draw, DIGITS)
            for at, pair in _entries(trial):
                expected, found = trial.difference(pair), view(pair)
                if abs(expected - found) > 1e-8 * max(abs(expected), abs(found), 1e-3):
                    return Entry(at, float(found), float(expected), draw.seed)
        except (UnfitError, UndecidedError, BudgetError, MisshapenError):
            continue
    return None


def _entries(trial: FloatTrial) -> Iterator[tuple[tuple[int, ...], Pairing]]:
    """Pairings with units for weights and directions: one entry each."""
    walker = trial.walker
    shapes = (trial.pair.dims, *[dims for dims, _ in trial.pair.tangents])
    choices = product(*[list(enumerate(product(*map(range, dims)))) for dims in shapes])
    for _, chosen in zip(range(ENTRIES), choices, strict=False):
        units = [_unit(walker, size_of(dims), k) for dims, (k, _) in zip(shapes, chosen, strict=True)]
        tangents = tuple(zip(shapes[1:], units[1:], strict=True))
        yield tuple(i for _, at in chosen for i in at), Pairing(walker, shapes[0], units[0], tangents)


def _unit(walker: Any, count: int, k: int) -> Flat:
    return [walker.number(int(i == k)) for i in range(count)]
