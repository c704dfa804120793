"""A sheet as a Jupyter notebook: nbformat 4.5, as its schema says (https://nbformat.readthedocs.io, format description)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from wrt.derivation.exercises.exercise import Exercise

TITLE = """# Exercises
Put each answer between the quotes and run the cell: it is marked, and a slip is named. Answers are written in the text language, in LaTeX or as on paper.
`exercise.hints_in("unicode")` has hints, one after the other."""


def notebook(exercises: Sequence[Exercise], *, solutions: bool) -> str:
    """The notebook as JSON text."""
    cells = [_markdown("title", TITLE), _code("import-wrt", "import wrt")]
    for k, e in enumerate(exercises, 1):
        cells.append(_markdown(f"question-{k}", f"**{k}.** {e.question('latex')}\n\n*{e.topic}, difficulty {e.difficulty}; {e.source}*"))
        asked = f'exercise = wrt.exercise("{e.name}")\nanswer = ""\nprint(exercise.mark(answer) if answer else exercise.question())'
        cells.append(_code(f"answer-{k}", asked))
        if solutions:
            cells.append(_markdown(f"solution-{k}", _solution(e)))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made = {"cells": cells, "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def _solution(e: Exercise) -> str:
    answer = f"*Solution.* ${e.answer.latex()}$"
    return answer if e.solution is None else f"{answer}\n\n$$\n{e.solution.latex()}\n$$"


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _markdown(name: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": _lines(text)}


def _code(name: str, text: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "id": name, "metadata": {}, "outputs": [], "source": _lines(text)}
