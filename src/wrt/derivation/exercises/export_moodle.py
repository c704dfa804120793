"""A sheet as Moodle XML (https://docs.moodle.org, "Moodle XML format"): multiple choice, or a short answer where no wrong answer of one slip reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from wrt.derivation.exercises.distractors import distractors
from wrt.derivation.exercises.exercise import Exercise

HINTS = 3
_FORMULA = re.compile(r"\$([^$]*)\$")
_CODE = re.compile(r"\\texttt\{([^}]*)\}")


def quiz(exercises: Sequence[Exercise]) -> str:
    """The quiz, one category a topic."""
    root = Element("quiz")
    topic = None
    for e in exercises:
        if e.topic != topic:
            topic = e.topic
            question = SubElement(root, "question", type="category")
            _text(SubElement(question, "category"), f"$course$/top/wrt/{topic}")
        _question(root, e)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def html(latex: str) -> str:
    r"""Text with $formulas$ as HTML with \(formulas\), which Moodle typesets."""
    return _CODE.sub(r"<code>\1</code>", _FORMULA.sub(r"\\(\1\\)", escape(latex, quote=False)))


def _question(root: Element, e: Exercise) -> None:
    wrong = distractors(e)
    question = SubElement(root, "question", type="multichoice" if wrong else "shortanswer")
    _text(SubElement(question, "name"), e.name)
    _text(SubElement(question, "questiontext", format="html"), f"<p>{html(e.question('latex'))}</p>")
    _text(SubElement(question, "generalfeedback", format="html"), _feedback(e))
    for tag, value in (("defaultgrade", "1"), ("penalty", "0.3333333"), ("hidden", "0"), ("idnumber", e.name)):
        SubElement(question, tag).text = value
    if wrong:
        for tag, value in (("single", "true"), ("shuffleanswers", "true"), ("answernumbering", "abc")):
            SubElement(question, tag).text = value
        _answer(question, 100, rf"\({e.answer.latex()}\)", "Right.")
        for words, says in wrong:
            given = e.readable(words)
            assert given is not None, "a wrong answer that does not read; please report this as a bug"
            _answer(question, 0, rf"\({given.latex()}\)", f"Wrong: {says}.")
    else:
        SubElement(question, "usecase").text = "1"
        for words in e.answers:
            _answer(question, 100, words.replace("*", r"\*"), "Right.", plain=True)
    for hint in e.hints_in("latex")[:HINTS]:
        _text(SubElement(question, "hint", format="html"), f"<p>{html(hint)}</p>")


def _feedback(e: Exercise) -> str:
    answer = rf"<p>\({escape(e.answer.latex(), quote=False)}\)</p>"
    return answer if e.solution is None else answer + rf"<p>\[{escape(e.solution.latex(), quote=False)}\]</p>"


def _answer(question: Element, fraction: int, words: str, says: str, *, plain: bool = False) -> None:
    answer = SubElement(question, "answer", fraction=str(fraction), format="moodle_auto_format" if plain else "html")
    _text(answer, words if plain else f"<p>{html(words)}</p>")
    _text(SubElement(answer, "feedback", format="html"), f"<p>{html(says)}</p>")


def _text(parent: Element, words: str) -> None:
    SubElement(parent, "text").text = words
