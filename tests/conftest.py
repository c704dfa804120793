"""Shared by all tests: Hypothesis' settings and the reading order of progress lines."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

# Derandomised, so that a run today and a run next week check the same thing; `--hypothesis-profile=search` draws anew.
COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much], "print_blob": True}
settings.register_profile("fixed", derandomize=True, max_examples=60, **COMMON)
settings.register_profile("search", max_examples=2000, **COMMON)
settings.load_profile(os.environ.get("WRT_HYPOTHESIS", "fixed"))


@pytest.fixture(scope="session")
def announce(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Print a line at once, whatever is captured."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n  {line}", end="", flush=True)

    return say
