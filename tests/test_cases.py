"""Every public derivative question, file by file: nothing wrong, crashed or slow, and the floors held. `make cases` prints the failures."""

from __future__ import annotations

import pytest

from judge import FILES
from run_cases import failures, run, shares, summary

# Percent. Raised when the engine gets better, never lowered.
FLOORS = {
    "seeds": {"right": 96, "form": 94, "short": 82, "exact": 90},
    "cookbook": {"right": 90, "form": 88, "short": 75, "exact": 90},
}


@pytest.fixture(scope="module")
def verdicts(announce):
    found = run(progress=announce)
    for name, of_file in found.items():
        announce(summary(name, of_file))
    return found


@pytest.mark.parametrize("name", FILES)
def test_no_answer_is_wrong_crashed_or_slow(verdicts, name):
    assert [line for line in failures(verdicts[name]) if line.startswith(("WRONG", "crashed", "slow"))] == []


@pytest.mark.parametrize("name", FLOORS)
def test_share_of_answers_that_are_right_found_short_and_proved(verdicts, name):
    got = shares(verdicts[name])
    assert {key: value for key, value in got.items() if value < FLOORS[name].get(key, 0)} == {}
    assert got["unverified"] <= 1
