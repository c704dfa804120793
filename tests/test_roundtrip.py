"""Every style reads back: formula -> text, Unicode, LaTeX, matlab -> the same object, for the public questions and the answers' printed forms."""

from __future__ import annotations

import warnings

import pytest

import judge
import wrt
from wrt.errors import NoClosedFormError, WrtError
from wrt.formula import Formula
from wrt.language.read import read

STYLES = {
    "python": str,
    "unicode": Formula.unicode,
    "latex": Formula.latex,
    "matlab": Formula.matlab,
}


def formulas(name: str) -> list[Formula]:
    out: list[Formula] = []
    for case, _ in judge.load(name):
        f = wrt.parse(case["expr"], {v: tuple(s) for v, s in case["vars"].items()}, case.get("assume") or {})
        out.append(f)
        if set(case["tags"]) & {"taylor", "linearize"}:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            d = wrt.derive(f, *case["wrt"], layout=case["layout"], structure="ignored")
        out += [view for view in (d.matrix, d.kronecker) if view is not None]
    return out


@pytest.fixture(scope="module")
def everything() -> list[Formula]:
    return [f for name in judge.FILES for f in formulas(name)]


@pytest.mark.parametrize("syntax", STYLES)
def test_every_style_reads_back_to_the_same_object(syntax: str, everything: list[Formula]) -> None:
    assert misread(syntax, everything) == []


@pytest.mark.parametrize("syntax", STYLES)
def test_every_style_reads_the_systematic_questions_back_to_the_same_function(syntax: str) -> None:
    asked = [case for case, _ in judge.load(judge.OWN) if not case.get("refused")]
    formulas = [wrt.parse(case["expr"], {v: tuple(s) for v, s in case["vars"].items()}, case.get("assume") or {}) for case in asked]
    assert misread(syntax, formulas, equal=True) == []  # brackets of a product that print leaves out may lead to an equal object


def misread(syntax: str, formulas: list[Formula], *, equal: bool = False) -> list[tuple[str, str]]:
    """The formulas, and their text in a dialect, whose text reads back as another object, or as an unequal one."""
    failed = []
    for f in formulas:
        try:
            text = STYLES[syntax](f)
        except NoClosedFormError:
            continue  # this dialect cannot say it
        shapes = {name: d.shape.sizes for name, d in f.declarations.items()}
        facts = {name: tuple(d.facts) for name, d in f.declarations.items()}
        try:
            back = Formula(read(text, shapes, facts, syntax=syntax))
            same = back.expr is f.expr or (equal and bool(wrt.equal(back, f)))
        except WrtError:
            same = False
        if not same:
            failed.append((str(f), text))
    return failed


@pytest.mark.parametrize("name", ["W1", "ab12", "dX2", "theta2", "xx_1", "dX_1", "loss", "loss_max", "x_hat", "W_1"])
@pytest.mark.parametrize("style", ["unicode", "latex"])
def test_names_of_several_letters_with_numbers_are_read_back(name, style):
    f = wrt.parse(f"norm(A @ {name} - b)**2", shapes=f"A: m n, {name}: n, b: m")
    assert str(wrt.parse(getattr(f, style)(), shapes=f"A: m n, {name}: n, b: m")) == str(f)
