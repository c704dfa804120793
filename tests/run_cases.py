"""Judges the derivative questions of tests/cases in parallel processes and prints, file by file, where `wrt` falls short.

usage: run_cases.py [FILE ...] [--only TEXT] [--show N] [--jobs N]        (`make cases`)
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from judge import FILES, OWN, STATUSES, Verdict, judge, load

CHUNK = 12  # cases a process takes at a time
EVERY = 120  # cases a line of progress


def judge_chunk(name: str, ids: Sequence[str]) -> list[Verdict]:
    chosen = set(ids)
    return [judge(case, truth) for case, truth in load(name) if case["id"] in chosen]


def run(
    names: Sequence[str] = FILES, only: str = "", jobs: int | None = None, progress: Callable[[str], None] = lambda _: None
) -> dict[str, list[Verdict]]:
    """The verdicts of each file, in the file's order; `progress` is told a line now and then."""
    order = {name: [case["id"] for case, _ in load(name) if only in case["id"]] for name in names}
    chunks = [(name, ids[k : k + CHUNK]) for name, ids in order.items() for k in range(0, len(ids), CHUNK)]
    total, done = sum(map(len, order.values())), 0
    found: dict[str, dict[str, Verdict]] = {name: {} for name in names}
    # Fresh interpreters: a child forked from a test run would inherit its threads' locks.
    with ProcessPoolExecutor(jobs or os.cpu_count() or 1, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(judge_chunk, name, ids): name for name, ids in chunks}
        for future in as_completed(waiting):
            verdicts = future.result()
            found[waiting[future]].update({v.id: v for v in verdicts})
            told, done = done // EVERY, done + len(verdicts)
            if done // EVERY == told and done < total:
                continue
            count = Counter(v.status for verdicts in found.values() for v in verdicts.values())
            progress(f"{done}/{total} cases  " + "  ".join(f"{status} {count[status]}" for status in STATUSES))
    return {name: [found[name][i] for i in ids] for name, ids in order.items()}


def shares(verdicts: Sequence[Verdict]) -> dict[str, float]:
    """Percentages: right of all; form and short of those whose source prints a form; exact and unverified of the answers given."""
    forms = [v for v in verdicts if v.has_form]
    answered = [v for v in verdicts if v.verified]
    return {
        "right": percent(sum(v.status == "right" for v in verdicts), len(verdicts)),
        "form": percent(sum(v.form and v.status == "right" for v in forms), len(forms)),
        "short": percent(sum(v.short for v in forms), len(forms)),
        "exact": percent(sum(v.verified == "exact" for v in answered), len(answered)),
        "unverified": percent(sum(v.verified == "unverified" for v in answered), len(answered)),
    }


def percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 100.0


def summary(name: str, verdicts: Sequence[Verdict]) -> str:
    count = Counter(v.status for v in verdicts)
    times = sorted(1e3 * v.seconds for v in verdicts if v.status == "right") or [0.0]
    return (
        f"{name}: {len(verdicts)} cases  "
        + "  ".join(f"{status} {count[status]}" for status in STATUSES)
        + "  |  "
        + "  ".join(f"{key} {value:.1f}%" for key, value in shares(verdicts).items())
        + f"  |  derive, prove, print: median {statistics.median(times):.1f} ms, worst {times[-1]:.0f} ms"
    )


def failures(verdicts: Sequence[Verdict]) -> list[str]:
    """One line a verdict that is not simply right and short, worst first."""
    bad = [v for v in verdicts if v.status != "right" or v.why]
    return [f"{v.status:8}{v.id}: {v.why}" for v in sorted(bad, key=lambda v: -STATUSES.index(v.status))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", choices=[*FILES, OWN, []], metavar="FILE", help=f"of {', '.join((*FILES, OWN))}")
    parser.add_argument("--only", default="", help="only cases whose id holds this text")
    parser.add_argument("--show", type=int, default=20, help="failures to print a file")
    parser.add_argument("--jobs", type=int, help="processes (all cores)")
    options = parser.parse_args()
    found = run(options.files or FILES, options.only, options.jobs, lambda line: print(line, file=sys.stderr, flush=True))
    for name, verdicts in found.items():
        print(summary(name, verdicts))
        for line in failures(verdicts)[: options.show]:
            print("   ", line[:320])
    return int(any(v.status in ("crashed", "slow", "WRONG") for verdicts in found.values() for v in verdicts))


if __name__ == "__main__":
    sys.exit(main())
