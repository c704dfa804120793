"""Marking measured: wrong answers that must be found and named, right ones in other forms that must be accepted.

usage: marking.py [--build] [--file wrong|right|typed|lines] [--every N] [--show N]        (`make marking`)

`--build` writes wrong.jsonl and right.jsonl in tests/cases/marking anew from the public cases and from marking_questions.py; every answer is checked in floats by
tests/text_reference.py, which shares nothing with the package. Otherwise the stored answers are marked; the last line is the figures.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from marking_edits import KINDS, Question, parsed, written
from marking_forms import DIALECTS, UnspeltError, identities
from marking_questions import QUESTIONS

import wrt
from judge import load, projection
from text_reference import evaluate

MARKING = Path(__file__).resolve().parent.parent / "tests" / "cases" / "marking"
FILES = ("seeds", "cookbook", "tables", "peers", "wild", "breadth", "ml")
LAYOUTS = ("mixed", "numerator", "denominator")
LONGEST = 160  # characters of an answer that anybody types
WRONG_EACH, RIGHT_EACH = 3, 2  # answers of one kind that a question gives
WRONG_KIND = 70  # answers of one kind in all
SEED = 11
STEP = 1e-5  # of a central difference
SIZES = {"m": 4, "n": 3, "p": 2, "q": 5, "d": 6, "k": 7}
SLOW = 2.0  # seconds from which on an answer is shown


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--build", action="store_true", help="write the answers anew")
    parser.add_argument("--file", choices=("wrong", "right", "typed", "lines"), help="only this file")
    parser.add_argument("--only", default="", help="only answers whose id holds this text")
    parser.add_argument("--every", type=int, default=1, help="every N-th answer")
    parser.add_argument("--show", type=int, default=40, help="failures to print")
    options = parser.parse_args()
    if options.build:
        return build()
    figures, bad = [], 0
    for name in (options.file,) if options.file else ("wrong", "right", "typed", "lines"):
        rows = [row for row in read(name)[:: options.every] if options.only in row.get("id", "")]
        told, failed = derivations(rows) if name == "lines" else typed(rows) if name == "typed" else measure(name, rows, options.show)
        figures.append(told)
        bad += failed
    print("; ".join(figures))
    return int(bad > 0)


def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (MARKING / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


# ------------------------------------------------------------------------------------------------ measuring
def mark(row: dict[str, Any]) -> Any:
    return wrt.check(
        wrt.parse(row["expr"], {n: tuple(s) for n, s in row["vars"].items()}, assume=row["assume"]),
        *row["wrt"],
        answer=row["answer"],
        layout=row.get("layout"),
    )


def measure(name: str, rows: list[dict[str, Any]], show: int) -> tuple[str, int]:
    count: Counter[str] = Counter()
    times, shown = [], 0
    for row in rows:
        started = time.perf_counter()
        try:
            found = mark(row)
        except wrt.WrtError as error:
            found = f"{type(error).__name__}: {error.message}"
        times.append(time.perf_counter() - started)
        said = verdict(name, row, found)
        if name == "wrong" and not isinstance(found, str) and found.fixed is not None and not mends(row, found.fixed):
            said = "MISMENDED"
        count[said] += 1
        if (said not in ("found", "named", "accepted") or times[-1] > SLOW) and shown < show:
            shown += 1
            print(
                f"{said:10}{times[-1]:.1f} s  {row['id']}: {row['expr']} by {','.join(row['wrt'])}: {row['answer']}  [{row.get('kind', row.get('form'))}]  {found}"[
                    :420
                ]
            )
    seconds = f"median {1e3 * statistics.median(times):.0f} ms, worst {max(times):.1f} s"
    if name == "wrong":
        named = count["named"] + count["found"]
        return (
            f"{len(rows)} wrong: {count['ACCEPTED']} accepted, {100 * named / len(rows):.1f}% named ({100 * count['named'] / len(rows):.1f}% as made), {count['error']} unread, {count['MISMENDED']} mended wrongly, {seconds}",
            count["ACCEPTED"] + count["MISMENDED"],
        )
    return f"{len(rows)} right: {count['REJECTED']} rejected, {count['undecided']} undecided, {count['error']} unread, {seconds}", count["REJECTED"]


def typed(rows: list[dict[str, Any]]) -> tuple[str, int]:
    """Answers as people type them, right and wrong ones, each wrong one with the slips that it may be called."""
    missed, named = 0, 0
    for row in rows:
        try:
            found = wrt.check(row["f"], *row["by"], answer=row["answer"], shapes=row["shapes"])
        except wrt.WrtError as error:
            found = error
        right = not isinstance(found, wrt.WrtError) and found.right
        named += not row["right"] and not right and not isinstance(found, wrt.WrtError) and (not row["slips"] or found.slip in row["slips"])
        if right != row["right"]:
            missed += 1
            print(f"missed    {row['f']} by {','.join(row['by'])}: {row['answer']}: {found}"[:320])
    wrong = sum(not row["right"] for row in rows)
    return f"{len(rows)} typed, {wrong} of them wrong: {missed} missed, {named} slips named", missed


def derivations(rows: list[dict[str, Any]]) -> tuple[str, int]:
    """Whole derivations: the first line that does not follow, and the slip in it."""
    found = [(row, wrt.check_lines(row["lines"], row["shapes"])) for row in rows]
    missed = [(row, mark) for row, mark in found if mark.first_bad != row["first_bad"]]
    for row, mark in missed:
        print(f"missed    {row['lines']}: {mark}"[:320])
    bad = [(row, mark) for row, mark in found if row["first_bad"] is not None]
    named = sum(mark.slip is not None for _, mark in bad)
    return f"{len(rows)} derivations, {len(bad)} of them with a wrong line: {len(missed)} missed, {named} slips named", len(missed)


def verdict(name: str, row: dict[str, Any], found: Any) -> str:
    """The outcome: "named" for the kind that was made, "found" for another kind whose single edit mends the answer, and so on."""
    if isinstance(found, str):
        return "error"
    if name == "right":
        return "accepted" if found.right else "undecided" if found.undecided else "REJECTED"
    if found.right:
        return "ACCEPTED"
    if found.undecided:
        return "undecided"
    if found.slip == row["kind"]:
        return "named"
    return "found" if found.slip is not None and found.fixed is not None and mends(row, found.fixed) else "unnamed"


def mends(row: dict[str, Any], fixed: str) -> bool:
    return bool(wrt.check(wrt.parse(row["expr"], {n: tuple(s) for n, s in row["vars"].items()}, assume=row["assume"]), *row["wrt"], answer=fixed))


# ------------------------------------------------------------------------------------------------ building
class Truth:
    """A question with the values of its derivative at the points of the truth file."""

    def __init__(self, case: dict[str, Any], truth: dict[str, Any]) -> None:
        self.case, self.points = case, truth["points"]
        self.question = Question(case["expr"], case["vars"], tuple(case["wrt"]))

    def environment(self, point: dict[str, Any]) -> dict[str, Any]:
        arrays = {name: np.asarray(value, float) for name, value in point["x"].items()}
        env = {name: a[:, None] if a.ndim == 1 else a if a.ndim else float(a) for name, a in arrays.items()}
        return {**{name: float(size) for name, size in point["sizes"].items()}, **env}

    def layouts(self, answer: str) -> tuple[str, ...]:
        """The layouts in which an answer is right at the points."""
        right = list(LAYOUTS)
        for point in self.points:
            try:
                with np.errstate(all="ignore"):
                    value = evaluate(answer, self.environment(point))
            except Exception:
                return ()
            right = [name for name in right if any(same(value, D) for D in self.laid_out(point, name))]
        return tuple(right)

    def laid_out(self, point: dict[str, Any], layout: str) -> list[Any]:
        """The derivative as the layout prints it; by independent entries, and projected onto the structure of the variable."""
        D = np.asarray(point["D"], float)
        linear = (
            projection(D, set((self.case.get("assume") or {}).get(self.case["wrt"][0], ()))) if D.ndim > 1 and len(self.case["wrt"]) == 1 else None
        )
        return [self.arranged(E, point, layout) for E in (D, linear) if E is not None]

    @staticmethod
    def arranged(D: Any, point: dict[str, Any], layout: str) -> Any:
        match np.ndim(point["f"]), D.ndim - np.ndim(point["f"]):
            case 0, 1:
                return D[None, :] if layout == "numerator" else D[:, None]
            case 1, 0:
                return D[None, :] if point["f_is_row"] or layout == "denominator" else D[:, None]
            case 1, 1:
                return D.T if layout == "denominator" else D
            case 2, 2:  # d vec(F) / d vec(X)^T, columns stacked
                return D.transpose(1, 0, 3, 2).reshape(D.shape[0] * D.shape[1], -1)
        return D


# ------------------------------------------------------------------------------------------------ the questions by hand
def handmade() -> Iterator[Truth]:
    """The questions of marking_questions.py, their derivatives by central differences."""
    for k, (expr, declared, name, _, _) in enumerate(QUESTIONS):
        shapes: dict[str, list[str]] = {}
        assume: dict[str, list[str]] = {}
        for line in declared.splitlines():
            word, _, rest = line.partition(":")
            sizes, _, facts = rest.partition("/")
            shapes[word] = sizes.split()
            if facts.strip():
                assume[word] = facts.split()
        case = {"id": f"hand-{k:03}", "expr": expr, "vars": shapes, "assume": assume, "wrt": [name]}
        yield Truth(case, {"points": [point_of(case, random.Random(f"{SEED}{k}{j}")) for j in range(2)]})


def point_of(case: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    values = {name: drawn([SIZES[s] for s in sizes], case["assume"].get(name, []), draw) for name, sizes in case["vars"].items()}
    sizes = {s: SIZES[s] for shape in case["vars"].values() for s in shape}
    point: dict[str, Any] = {"x": values, "sizes": sizes, "f_is_row": False}
    blank = Truth(case, {"points": []})
    (name,) = case["wrt"]
    x = np.asarray(values[name], float)

    def f(y: Any) -> Any:
        value = np.asarray(evaluate(case["expr"], blank.environment({**point, "x": {**values, name: y}})), float)
        return value[:, 0] if value.ndim == 2 and value.shape[1] == 1 else value

    point["f"] = f(x)
    D = np.zeros((*point["f"].shape, *x.shape))
    for at in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[at] = STEP
        D[(..., *at)] = (f(x + step) - f(x - step)) / (2 * STEP)
    return {**point, "D": D}


def drawn(dims: list[int], facts: list[str], draw: random.Random) -> Any:
    value = np.array([draw.uniform(0.3, 0.9) if facts else draw.uniform(-1, 1) for _ in range(int(np.prod(dims)))]).reshape(dims)
    if "spd" in facts:
        return value @ value.T + np.eye(len(value))
    return value + value.T if "symmetric" in facts else value


def same(got: Any, want: Any) -> bool:
    got, want = np.asarray(got, float), np.asarray(want, float)
    if not want.any() and not got.any():
        return True
    return got.shape == want.shape and np.isfinite(got).all() and bool(np.abs(got - want).max(initial=0) <= 1e-6 * (1 + np.abs(want).max(initial=0)))


def close(got: Any, truth: Truth) -> bool:
    return bool(truth.layouts(got))


def public() -> Iterator[Truth]:
    for name in FILES:
        for case, truth in load(name):
            plain = case["expected"] is not None and not {"taylor", "linearize", "structured"} & set(case["tags"])
            fixed = any("integer" in facts or "labels_pm1" in facts or "onehot" in facts for facts in (case.get("assume") or {}).values())
            if (
                plain
                and not fixed
                and ";" not in case["expr"] + case["expected"]
                and len(case["expected"]) <= LONGEST
                and len(case["expr"]) <= LONGEST
            ):
                yield Truth(case, truth)


def by_hand() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The answers of marking_questions.py, held against the central differences."""
    wrong, right = [], []
    for truth, (_, _, _, good, bad) in zip(handmade(), QUESTIONS, strict=True):
        for k, answer in enumerate(good):
            typed, meant = answer if isinstance(answer, tuple) else (answer, answer)
            if not close(meant, truth):
                raise SystemExit(f"{truth.case['id']}: {meant} is no derivative of {truth.case['expr']}")
            right.append(row_of(truth, typed, f"right-{k}", form="by hand"))
        for k, (kind, typed) in enumerate(bad):
            if kind not in {*KINDS, "wrong-variable", "layout", "only-for-1x1"}:
                raise SystemExit(f"no such kind: {kind}")
            if close(typed, truth):
                raise SystemExit(f"{truth.case['id']}: {typed} is the derivative of {truth.case['expr']}")
            wrong.append(row_of(truth, typed, f"{kind}-{k}", kind=kind))
    return wrong, right


def build() -> int:
    wrong, right = by_hand()
    truths = list(public())
    wrong += list(wrongs(truths))
    right += list(rights(truths))
    MARKING.mkdir(exist_ok=True)
    for name, rows in (("wrong", wrong), ("right", right)):
        (MARKING / f"{name}.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    print(f"{len(wrong)} wrong ({dict(Counter(row['kind'] for row in wrong))}), {len(right)} right ({dict(Counter(row['form'] for row in right))})")
    return 0


def row_of(truth: Truth, answer: str, label: str, **more: Any) -> dict[str, Any]:
    case = truth.case
    return {
        "id": f"{case['id']}/{label}",
        "expr": case["expr"],
        "vars": case["vars"],
        "assume": case.get("assume") or {},
        "wrt": case["wrt"],
        "answer": answer,
        **more,
    }


def wrongs(truths: list[Truth]) -> Iterator[dict[str, Any]]:
    """Of every kind as many, spread over the questions."""
    draw = random.Random(SEED)
    for kind, make in KINDS.items():
        rows = []
        for truth in truths:
            tree = parsed(truth.case["expected"])
            made = list(dict.fromkeys(written(t) for t in itertools.islice(make(tree, truth.question), 20)))
            draw.shuffle(made)
            found = [words for words in made if len(words) <= LONGEST and not close(words, truth)][:WRONG_EACH]
            rows += [row_of(truth, words, f"{kind}-{k}", kind=kind) for k, words in enumerate(found)]
        yield from draw.sample(rows, min(WRONG_KIND, len(rows)))
    yield from others(truths)


def others(truths: list[Truth]) -> Iterator[dict[str, Any]]:
    """The derivative by another variable of the same function; the derivative in a layout that was not asked for."""
    by = {}
    for truth in truths:
        by.setdefault(truth.case["expr"], []).append(truth)
    for group in by.values():
        for one, other in itertools.permutations(group, 2):
            if (
                one.case["vars"] == other.case["vars"]
                and len(one.case["wrt"]) == len(other.case["wrt"]) == 1
                and one.case["wrt"] != other.case["wrt"]
                and not close(other.case["expected"], one)
            ):
                yield row_of(one, other.case["expected"], "wrong-variable", kind="wrong-variable")
    for truth in truths[::4]:
        found = truth.layouts(truth.case["expected"])
        if found and set(found) != set(LAYOUTS):
            missing = next(name for name in LAYOUTS if name not in found)
            yield row_of(truth, truth.case["expected"], "layout", kind="layout", layout=missing)


def rights(truths: list[Truth]) -> Iterator[dict[str, Any]]:
    draw = random.Random(SEED)
    rows = []
    for truth in truths:
        tree = parsed(truth.case["expected"])
        seen: Counter[str] = Counter()
        for form, made in itertools.islice(identities(tree, truth.question), 80):
            words = written(made)
            if seen[form] < RIGHT_EACH and len(words) <= 2 * LONGEST and close(words, truth):
                seen[form] += 1
                rows.append(row_of(truth, words, f"{form}-{seen[form]}", form=form))
        for dialect, write in DIALECTS.items():
            try:
                rows.append(row_of(truth, write(tree, truth.question), dialect, form=dialect))
            except UnspeltError:
                continue
    for form in sorted({row["form"] for row in rows}):
        mine = [row for row in rows if row["form"] == form]
        yield from draw.sample(mine, min(40, len(mine)))


if __name__ == "__main__":
    sys.exit(main())
