"""A sheet as a LaTeX document."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wrt.derivation.exercises.exercise import Exercise

HEAD = r"""\documentclass[11pt]{article}
\usepackage[utf8]{inputenc}
\usepackage{amsmath}
\usepackage{amssymb}
\usepackage[margin=25mm]{geometry}
\begin{document}
\section*{Exercises}
"""
END = "\\end{document}\n"
_SPECIAL = re.compile(r"[&%#_$]")


def document(exercises: Sequence[Exercise], *, solutions: bool) -> str:
    """The document; with `solutions` a second section."""
    parts = [HEAD, _enumerated([f"{e.question('latex')} {{\\small ({_origin(e)})}}" for e in exercises])]
    if solutions:
        parts += ["\\section*{Solutions}\n", _enumerated(list(map(_solution, exercises)))]
    return "".join([*parts, END])


def words(text: str) -> str:
    """A text outside of formulas."""
    return _SPECIAL.sub(lambda found: "\\" + found.group(), text)


def _origin(e: Exercise) -> str:
    return words(f"{e.topic}, difficulty {e.difficulty}; {e.source}")


def _enumerated(items: Sequence[str]) -> str:
    body = "\n".join(f"\\item {item}" for item in items)
    return f"\\begin{{enumerate}}\n{body}\n\\end{{enumerate}}\n" if items else ""


def _solution(e: Exercise) -> str:
    answer = f"${e.answer.latex()}$"
    return answer if e.solution is None else f"{answer}\n\\[\n{e.solution.latex()}\n\\]"
