"""Every style reads back: formula -> text, Unicode, LaTeX, matlab -> the same object, for the public questions and the answers' printed forms."""

from __future__ import annotations

import warnings

import pytest

import judge
import wrt
from wrt.errors import NoClosedFormError, WrtError
from wrt.formula import Formula
from wrt.language.matlab_print import matlab_text
from wrt.language.read import read

STYLES = {
    "python": str,
    "unicode": Formula.unicode,
    "latex": Formula.latex,
    "matlab": lambda f: matlab_text(f.source.tree),
}
# b_ and b are one letter in print; an array of indices as an exponent has no reader; two orders of one comparison are equal, not identical
FLOOR = {"python": 100.0, "unicode": 99.5, "latex": 99.5, "matlab": 99.5}


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
    asked, failed = 0, []
    for f in everything:
        try:
            text = STYLES[syntax](f)
        except NoClosedFormError:
            continue  # this dialect cannot say it
        asked += 1
        shapes = {name: d.shape.sizes for name, d in f.declarations.items()}
        facts = {name: tuple(d.facts) for name, d in f.declarations.items()}
        try:
            same = Formula(read(text, shapes, facts, syntax=syntax)).expr is f.expr
        except WrtError:
            same = False
        if not same:
            failed.append((str(f), text))
    assert 100 * (asked - len(failed)) / asked >= FLOOR[syntax], failed
