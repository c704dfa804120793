"""Judging one derivative question: the answer `wrt` gives against independently computed values and derivatives, and against the printed form.

A case is `right` when the compiled value and derivative, the index form, and every printed form are true at two random points, and no form
that the source prints is missing; `refused` when a WrtError says that it cannot be done; `slow`, `crashed` and `WRONG` must never happen.
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import wrt
from text_reference import MEMO, compiled, evaluate, reading_length

CASES = Path(__file__).parent / "cases"
FILES = ("seeds", "cookbook", "tables", "peers", "wild", "breadth", "ml")
OWN = "own"  # the file that tools/breadth.py writes
STATUSES = ("right", "refused", "crashed", "slow", "WRONG")
SHORT = 1.25  # a form this many times as long as the source's, or shorter, is short
LIMIT = 10.0  # seconds of this process that a case may take


@dataclass
class Verdict:
    """`form`: the closed form the source prints was found; `ratio`: its reading length over the source's; `seconds`: to derive, prove and print."""

    id: str
    status: str = "right"
    has_form: bool = False
    form: bool = False
    ratio: float | None = None
    seconds: float = 0.0
    verified: str = ""
    why: str = ""

    @property
    def short(self) -> bool:
        return self.status == "right" and self.ratio is not None and self.ratio <= SHORT


class Wrong(Exception):
    """An answer that is not true."""


class Slow(Exception):
    """The time limit has passed."""


def load(name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(case, truth) pairs of a file."""
    with gzip.open(CASES / f"{name}.truth.json.gz", "rt", encoding="utf-8") as lines:
        truths = {truth["id"]: truth for truth in map(json.loads, lines)}
    return [(case, truths[case["id"]]) for case in map(json.loads, (CASES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())]


def judge(case: dict[str, Any], truth: dict[str, Any]) -> Verdict:
    """The verdict on one case; never raises. A case that is to be refused is right when it is, by the error it names."""
    verdict = _judged(case, truth)
    refused = case.get("refused")
    if refused and verdict.status == "refused" and verdict.why.startswith(f"{refused}:"):
        verdict.status, verdict.why = "right", ""
    elif refused and verdict.status == "right":
        verdict.status, verdict.why = "WRONG", f"answered; to be refused with a {refused}"
    return verdict


def _judged(case: dict[str, Any], truth: dict[str, Any]) -> Verdict:
    verdict = Verdict(case["id"], has_form=case["expected"] is not None)
    try:
        with time_limit(LIMIT):
            Question(case, truth, verdict).run()
    except Wrong as error:
        verdict.status, verdict.form, verdict.why = "WRONG", False, str(error)
    except Slow:
        verdict.status, verdict.form = "slow", False
    except wrt.WrtError as error:
        verdict.status, verdict.form, verdict.why = "refused", False, f"{type(error).__name__}: {error.message}"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a crash, and the verdict says which
        verdict.status, verdict.form, verdict.why = "crashed", False, f"{type(error).__name__}: {error}"
    return verdict


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise Slow in this (main) thread once the process has worked for `seconds`: others on the machine do not count."""

    def late(*_: object) -> None:
        raise Slow

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except Slow:  # told without the frame that was interrupted, which may have no line number for pytest to show
        raise Slow(f"no answer within {seconds:g} s") from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


class Question:
    """One case at work."""

    def __init__(self, case: dict[str, Any], truth: dict[str, Any], verdict: Verdict) -> None:
        self.case, self.truth, self.verdict = case, truth, verdict
        self.shapes = {name: tuple(sizes) for name, sizes in case["vars"].items()}
        self.assume = {name: tuple(facts) for name, facts in (case.get("assume") or {}).items()}
        self.by, self.layout, tags = case["wrt"], case["layout"], set(case["tags"])
        self.by_orders = [len(self.shapes.get(name, ())) for name in self.by]
        self.polynomial = bool(tags & {"taylor", "linearize"})
        self.structured = "structured" in tags

    def run(self) -> None:
        started = time.perf_counter()
        f = wrt.parse(self.case["expr"], self.shapes, assume=self.assume)
        if self.polynomial:
            self.series(f, started)
        else:
            self.derivative(f, started)

    def series(self, f: wrt.Formula, started: float) -> None:
        p = wrt.taylor(f, *self.by, at=self.case["point"], order=self.case["order"])
        printed = str(p)
        self.verdict.seconds = time.perf_counter() - started
        value, polynomial = f.compile(), p.compile()
        for point in self.truth["points"]:
            x, env = self.arrays(point), self.columns(point)
            self.true("the function's value", value(**x), point["f"])
            self.true("the polynomial (compiled)", polynomial(**x), point["D"])
            self.true(f"the polynomial {printed}", squeezed(evaluate(printed, env)), squeezed(point["D"]), 1e-6)
        self.measure(printed)

    def derivative(self, f: wrt.Formula, started: float) -> None:
        d = wrt.derive(f, *self.by, layout=self.layout, structure="parameters" if self.structured else "ignored")
        matrix = None if d.matrix is None else str(d.matrix)
        kronecker = None if d.kronecker is None else str(d.kronecker)
        indices, entry = d.index.indices, str(d.index.expr)
        self.verdict.verified = d.verified.split(":")[0]
        self.verdict.seconds = time.perf_counter() - started
        facts = set(self.assume.get(self.by[0], ()))
        linear = len(self.by) == 1 and self.by_orders[0] == 2 and not self.structured and projection(np.zeros((2, 2)), facts) is not None
        projected = wrt.derive(f, *self.by, layout=self.layout) if linear else None
        value, derivative = f.compile(), d.compile()
        projected_value = projected.compile() if projected is not None else None
        for point in self.truth["points"]:
            x, env, D = self.arrays(point), self.columns(point), np.asarray(point["D"], float)
            self.true("the function's value", value(**x), point["f"])
            self.true("the derivative (compiled)", derivative(**x), D)
            if matrix is not None:
                self.true(f"matrix form {matrix}", evaluate(matrix, env), self.laid_out(D, point), 1e-6)
            if kronecker is not None:
                self.true(f"Kronecker form {kronecker}", np.atleast_2d(evaluate(kronecker, env)), self.vectorised(D, point), 1e-6)
            one, memo = compiled(entry, indices), {}
            for at in sampled(D.shape):
                self.true(f"index form {indices} {entry}", one({**env, MEMO: memo, **dict(zip(indices, map(float, at), strict=True))}), D[at], 1e-6)
            if projected is not None and projected_value is not None:
                P = projection(D, facts)
                self.true("the projected derivative (compiled)", projected_value(**x), P)
                if projected.matrix is not None:
                    self.true(f"projected form {projected.matrix}", evaluate(str(projected.matrix), env), self.laid_out(P, point), 1e-6)
        if self.case["expected"] is not None and matrix is None:
            self.missing("matrix", self.case["expected"])
        if self.case.get("expected_vec") is not None and kronecker is None:
            self.missing("Kronecker", self.case["expected_vec"])
        self.measure(matrix)

    # ------------------------------------------------------------------------------------------------ helpers
    def measure(self, printed: str | None) -> None:
        expected = self.case["expected"]
        if expected is not None and printed is not None:
            self.verdict.form = True
            self.verdict.ratio = reading_length(printed) / max(reading_length(expected), 0.25)
            if not self.verdict.short and self.verdict.status == "right":
                self.verdict.why = f"long: {printed}   source: {expected}"

    def missing(self, form: str, expected: str) -> None:
        self.verdict.status, self.verdict.why = "refused", f"no {form} form; source: {expected}"

    def true(self, what: str, got: Any, want: Any, rtol: float = 1e-7) -> None:
        if want is None or not close(got, want, rtol):
            raise Wrong(what)

    def arrays(self, point: dict[str, Any]) -> dict[str, Any]:
        """The variables as compiled programs take them; whole numbers stay whole."""
        out = {}
        for name, value in point["x"].items():
            whole = "integer" in self.assume.get(name, ())
            out[name] = np.asarray(value, int if whole else float) if self.case["vars"][name] or not isinstance(value, int) else value
        return out

    def columns(self, point: dict[str, Any]) -> dict[str, Any]:
        """The variables as the reference evaluator takes them, with the sizes."""
        arrays = {name: np.asarray(value, float) for name, value in point["x"].items()}
        env = {name: a[:, None] if a.ndim == 1 else a if a.ndim else float(a) for name, a in arrays.items()}
        return {**{name: float(size) for name, size in point["sizes"].items()}, **env}

    def laid_out(self, D: Any, point: dict[str, Any]) -> Any:
        """The derivative array as the scalar or matrix that the layout prints; None above order 2."""
        order_f, order_x = np.ndim(point["f"]), sum(self.by_orders)
        match order_f, order_x:
            case 0, 0:
                return D
            case 0, 1:
                return D[None, :] if self.layout == "numerator" else D[:, None]
            case 1, 0:
                return D[None, :] if point["f_is_row"] or self.layout == "denominator" else D[:, None]
            case 1, 1:
                return D.T if self.layout == "denominator" else D
            case (0, 2) | (2, 0):
                return D
        return None

    def vectorised(self, D: Any, point: dict[str, Any]) -> Any:
        """d vec(F) / d vec(X)^T: the first axes down, the last across, each group with its first axis running fastest."""
        rows = np.ndim(point["f"]) + (self.by_orders[0] if len(self.by) > 1 else 0)
        down, across = range(rows), range(rows, D.ndim)
        flat = D.transpose([*reversed(down), *reversed(across)])
        return flat.reshape(int(np.prod(D.shape[:rows])), -1)


def close(got: Any, want: Any, rtol: float) -> bool:
    got, want = np.asarray(got, float), np.asarray(want, float)
    if got.shape != want.shape or not np.isfinite(got).all():
        return False
    return bool(np.abs(got - want).max(initial=0) <= rtol * (1 + np.abs(want).max(initial=0)))


def squeezed(value: Any) -> Any:
    return np.squeeze(np.asarray(value, float))


def projection(D: Any, facts: set[str]) -> Any:
    """The derivative projected onto the linear structure that the facts name (last two axes); None where they name none."""
    if "diagonal" in facts:
        return D * np.eye(D.shape[-1])
    if "lower" in facts:
        return np.tril(D)
    if "upper" in facts:
        return np.triu(D)
    if facts & {"symmetric", "spd"}:
        return (D + np.swapaxes(D, -1, -2)) / 2
    return None


def sampled(shape: tuple[int, ...], count: int = 40) -> list[tuple[int, ...]]:
    """All positions of an array, or `count` of them drawn with a fixed seed."""
    positions = list(itertools.product(*map(range, shape)))
    return positions if len(positions) <= count else random.Random(11).sample(positions, count)
