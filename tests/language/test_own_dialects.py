"""The project's own formulas as people type them in LaTeX, in Unicode and in the language of matrixcalculus.org: read as the text beside them, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import wrt

CASES = Path(__file__).parents[1] / "cases" / "dialects"


def lines(syntax: str) -> list[dict]:
    rows = [json.loads(line) for line in (CASES / f"own_{syntax}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{"syntax": syntax, "names": {}, "told": [], **row} for row in rows]


ALL = [row for syntax in ("latex", "unicode", "matlab") for row in lines(syntax)]
READ = [row for row in ALL if "means" in row]
REFUSED = [row for row in ALL if "error" in row]


@pytest.mark.parametrize("row", READ, ids=lambda row: row["text"])
def test_what_is_typed_is_the_function_that_the_text_says(row):
    read = wrt.parse(row["text"], row["shapes"], syntax=row["syntax"], names=row["names"])
    meant = wrt.parse(row["means"], row["shapes"], syntax="python")
    assert read.expr is meant.expr or wrt.equal(read, meant)
    assert list(read.assumed) == row["told"]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row["text"])
def test_what_has_no_one_meaning_is_asked_or_refused(row):
    with pytest.raises(wrt.WrtError) as caught:
        wrt.parse(row["text"], row["shapes"], syntax=row["syntax"], names=row["names"])
    assert (type(caught.value).__name__, caught.value.message) == (row["error"], row["message"])


def test_the_own_formulas_are_many():
    count = {syntax: sum(row["syntax"] == syntax for row in ALL) for syntax in ("latex", "unicode", "matlab")}
    assert {syntax: n >= least for (syntax, n), least in zip(count.items(), (900, 60, 80), strict=True)} == dict.fromkeys(count, True)
