"""`ExerciseSheet`: exercises in order, and what they are exported to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import overload

from wrt.derivation.exercises.exercise import Exercise


class ExerciseSheet(Sequence[Exercise]):
    """Exercises in order; made by `wrt.exercises`. Exports: `.text()`, `.latex()`, `.notebook()` (Jupyter), `.moodle()` (XML); `str` is the text.

    >>> import wrt
    >>> sheet = wrt.exercises("vector", 2, note="003")
    >>> sheet[0].topic, len(sheet[:1])
    ('vector', 1)
    """

    def __init__(self, exercises: Iterable[Exercise]) -> None:
        self._exercises = tuple(exercises)

    def __len__(self) -> int:
        return len(self._exercises)

    @overload
    def __getitem__(self, at: int) -> Exercise: ...
    @overload
    def __getitem__(self, at: slice) -> ExerciseSheet: ...
    def __getitem__(self, at: int | slice) -> Exercise | ExerciseSheet:
        return ExerciseSheet(self._exercises[at]) if isinstance(at, slice) else self._exercises[at]

    def text(self, *, solutions: bool = False, style: str = "unicode") -> str:
        """The questions, numbered; with `solutions` the answers and steps after them. `style`: "unicode" or "text"."""
        lines = []
        for k, e in enumerate(self, 1):
            lines.append(f"{k}. {e.question(style)}\n   [{e.name}; {e.topic}, difficulty {e.difficulty}; {e.source}]")
        if solutions:
            lines.append("Solutions")
            lines += [f"{k}. {_solution(e, style)}" for k, e in enumerate(self, 1)]
        return "\n".join(lines)

    def latex(self, *, solutions: bool = False) -> str:
        """A LaTeX document; with `solutions` a section of answers and steps."""
        from wrt.derivation.exercises.export_latex import document

        return document(self, solutions=solutions)

    def notebook(self, *, solutions: bool = False) -> str:
        """A Jupyter notebook (nbformat 4, JSON text) that marks the answers typed into it."""
        from wrt.derivation.exercises.export_notebook import notebook

        return notebook(self, solutions=solutions)

    def moodle(self) -> str:
        """A Moodle XML quiz: multiple choice with wrong answers of one slip each, hints and worked solutions."""
        from wrt.derivation.exercises.export_moodle import quiz

        return quiz(self)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"ExerciseSheet({len(self)} exercises)"


def _solution(e: Exercise, style: str) -> str:
    """The answer, and the steps where there are any."""
    answer = str(e.answer) if style == "text" else e.answer.unicode()
    steps = e.solution
    if steps is None:
        return answer
    shown = str(steps) if style == "text" else steps.unicode()
    return "\n".join([answer, *[f"     {line}" for line in shown.splitlines()]])
