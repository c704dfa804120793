"""Every public derivative question, file by file: nothing wrong, crashed or slow, and the floors held. `make cases` prints the failures."""

from __future__ import annotations

import pytest

from judge import FILES
from run_cases import failures, run, shares, summary

# Percent. Raised when the engine gets better, never lowered.
FLOORS = {
    "seeds": {"right": 100, "form": 100, "short": 99, "exact": 99},
    "cookbook": {"right": 100, "form": 100, "short": 99, "exact": 96},
    "tables": {"right": 100, "form": 100, "short": 99, "exact": 97},
    "peers": {"right": 100, "form": 100, "short": 98, "exact": 98},
    "wild": {"right": 100, "form": 100, "short": 98, "exact": 98},
    "breadth": {"right": 100, "form": 100, "short": 99, "exact": 93},
    "ml": {"right": 100, "form": 100, "short": 97, "exact": 97},
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
