"""`wrt.exercises`: the exercises and examples of the lecture notes, by topic and difficulty, or new ones out of a seed."""

from __future__ import annotations

from functools import lru_cache

from wrt.derivation.exercises.exercise import Exercise
from wrt.derivation.exercises.row import TOPICS
from wrt.derivation.exercises.sheet import ExerciseSheet
from wrt.errors import TextError, UnknownNameError

NOTES = ("000", "001", "002", "003", "004")
LEVELS = (1, 2, 3, 4, 5)
MOST = 500  # exercises generated at once


def exercises(
    topic: str | None = None, difficulty: int | None = None, *, note: str | None = None, seed: int | None = None, count: int | None = None
) -> ExerciseSheet:
    """The exercises of the lecture notes on a topic, of a difficulty from 1 to 5, of one note ("000" to "004"), the first `count` of them; with a
    `seed`, new ones (1 if no count is given), the same ones for the same seed. No question is asked twice; there are fewer than `count` where a topic
    and difficulty have no more.

    Topics: scalar, partial, chain, vector, jacobian, matrix, tensor, index, second, expansion, stationary. Raises: TextError for anything else.

    >>> import wrt
    >>> print(wrt.exercises("vector", 2, note="003")[0])
    Differentiate 𝟏ᵀ exp(Bx) with respect to x. Here B is m×n, x is n×1.
    >>> bool(wrt.exercises("matrix", 2, seed=1)[0].mark("0"))
    False
    """
    if topic is not None and topic not in TOPICS:
        raise TextError(f"a topic is one of {', '.join(TOPICS)}, not {topic!r}.")
    if difficulty is not None and (isinstance(difficulty, bool) or difficulty not in LEVELS):
        raise TextError(f"a difficulty is a whole number from 1 to 5, not {difficulty!r}.")
    if count is not None and (isinstance(count, bool) or not 1 <= count <= MOST):
        raise TextError(f"the number of exercises is from 1 to {MOST}, not {count!r}.")
    if note is not None and note not in NOTES:
        raise TextError(f"a note is one of {', '.join(NOTES)}, not {note!r}.")
    if seed is not None:
        if note is not None:
            raise TextError("exercises of a note are not generated.", hint="leave out either the note or the seed.")
        from wrt.derivation.exercises.generate import different

        return ExerciseSheet(different(topic, difficulty, seed, count or 1))
    found = [e for e in _all() if topic in (None, e.topic) and difficulty in (None, e.difficulty) and e.name.startswith(note or "")]
    return ExerciseSheet(found[:count])


def exercise(name: str) -> Exercise:
    """The exercise of a name: one of the notes ("000-loss"), or a generated one ("vector-3-17-0"). Raises: UnknownNameError.

    >>> import wrt
    >>> print(wrt.exercise("000-loss").answer)
    2*X.T @ (X @ β - Y)
    """
    from wrt.derivation.exercises.generate import named

    found = next((e for e in _all() if e.name == name), None) or named(name)
    if found is None:
        from difflib import get_close_matches

        near = get_close_matches(name, [e.name for e in _all()], 1)
        raise UnknownNameError(f"there is no exercise '{name}'.", hint=f"did you mean '{near[0]}'?" if near else "wrt.exercises() lists them.")
    return found


@lru_cache(maxsize=1)
def _all() -> tuple[Exercise, ...]:
    """Every exercise of the notes, in their order."""
    from wrt.derivation.exercises import note_000, note_001, note_002, note_003, note_004

    return tuple(Exercise(row, f"note {note.NOTE}, {row.where}") for note in (note_000, note_001, note_002, note_003, note_004) for row in note.ROWS)
