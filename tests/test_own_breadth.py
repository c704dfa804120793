"""Every function, fact, literal and index form of the text language, asked systematically (tools/breadth.py): right, or refused by the error that fits."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from judge import CASES, OWN
from run_cases import failures, run, shares
from wrt.language.signatures import known_functions
from wrt.tables.facts import FACTS


@pytest.fixture(scope="module")
def verdicts(announce):
    return run([OWN], jobs=2, progress=announce)[OWN]


def test_every_answer_is_right_or_refused_by_the_error_that_fits(verdicts):
    assert [line for line in failures(verdicts) if not line.startswith("right")] == []


def test_answers_are_proved(verdicts):
    assert Counter(v.verified for v in verdicts)["unverified"] <= 2
    assert shares(verdicts)["exact"] >= 88


def test_every_function_and_fact_is_asked():
    cases = [json.loads(line) for line in (CASES / f"{OWN}.jsonl").read_text(encoding="utf-8").splitlines()]
    text = " ".join(case["expr"] for case in cases)
    assert [name for name in sorted(known_functions()) if f"{name}(" not in text] == []
    assert set(FACTS) == {fact for case in cases for facts in case["assume"].values() for fact in facts}
