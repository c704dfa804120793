#!/usr/bin/env python3
"""Does the proof catch a broken engine? Mutate its source, ask the cases again, and look for a wrong answer shown as proved.

usage: mutants.py [--count 320] [--cases 12] [--seed 0] [--rooms algebra calculus notation program] [--only FILE:LINE] [--verbose]

Each mutant is one small fault in one statement of a room: a swapped operator or argument, a changed number, a lost term, a negated
condition, a reversed tuple, a deleted line. It is loaded in a process of its own, in place of the real module, and answers the cases of seeds and
cookbook that run the mutated line (found once, by tracing the healthy engine). A case may then be

    unchanged   the fault changes nothing that is shown
    refused     a ProofError or another refusal, an honest "unverified", or a crash: no answer is shown as proved
    other       another true answer
    WRONG       a wrong answer shown as proved: the mutant survives, which must never happen

The last line is the counts; the exit status is 1 when a mutant survives.
"""

from __future__ import annotations

import argparse
import ast
import importlib.abc
import importlib.util
import json
import multiprocessing
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "wrt"
ROOMS = ("algebra", "calculus", "notation", "program")
FILES = ("seeds", "cookbook")
LIMIT = 20.0  # seconds a mutant may take for one case; a mutant that hangs shows nothing

Place = tuple[str, int]  # file under src/wrt, line


# ---------------------------------------------------------------------------------------------------- making mutants
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


def faults(tree: ast.AST) -> Iterator[tuple[int, str, Callable[[], Callable[[], None]]]]:
    """(line, what, apply) for every fault that can be made; apply() makes it and returns what undoes it."""
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.BinOp() if type(node.op) in SWAPS:
                yield line, "operator", _setter(node, "op", SWAPS[type(node.op)]())
                if isinstance(node.op, ast.Sub | ast.Div):
                    yield line, "operands", _swap(node)
            case ast.BoolOp():
                yield line, "and/or", _setter(node, "op", SWAPS[type(node.op)]())
                yield line, "lost condition", _setter(node, "values", node.values[:-1])
            case ast.Compare() if type(node.ops[0]) in SWAPS:
                yield line, "comparison", _setter(node, "ops", [SWAPS[type(node.ops[0])](), *node.ops[1:]])
            case ast.UnaryOp(op=ast.Not()):
                yield line, "not", _setter(node, "operand", ast.UnaryOp(ast.Not(), node.operand))
            case ast.UnaryOp(op=ast.USub()):
                yield line, "sign", _setter(node, "op", ast.UAdd())
            case ast.Constant(value=bool()):
                yield line, "flag", _setter(node, "value", not node.value)
            case ast.Constant(value=int()):
                yield line, "number", _setter(node, "value", node.value + 1)
            case ast.Tuple(elts=[_, _, *_], ctx=ast.Load()):
                yield line, "reversed", _setter(node, "elts", node.elts[::-1])
                yield line, "lost element", _setter(node, "elts", node.elts[:-1])
            case ast.List(elts=[_, _, *_], ctx=ast.Load()):
                yield line, "lost element", _setter(node, "elts", node.elts[1:])
            case ast.Call(args=[_, _, *_]):
                yield line, "arguments", _setter(node, "args", [node.args[1], node.args[0], *node.args[2:]])
            case ast.If():
                yield line, "condition", _setter(node, "test", ast.UnaryOp(ast.Not(), node.test))
            case ast.Expr(value=ast.Call()):
                yield line, "lost statement", _setter(node, "value", ast.Constant(None))
            case ast.comprehension(ifs=[_, *_]):
                yield getattr(node.target, "lineno", 0), "lost filter", _setter(node, "ifs", [])


def _setter(node: ast.AST, field: str, value: object) -> Callable[[], Callable[[], None]]:
    def apply() -> Callable[[], None]:
        before = getattr(node, field)
        setattr(node, field, value)
        return lambda: setattr(node, field, before)

    return apply


def _swap(node: ast.BinOp) -> Callable[[], Callable[[], None]]:
    def apply() -> Callable[[], None]:
        node.left, node.right = node.right, node.left

        def undo() -> None:
            node.left, node.right = node.right, node.left

        return undo

    return apply


def mutants(rooms: Sequence[str], lines: dict[Place, list[int]], count: int, seed: int, only: str) -> list[tuple[str, int, str, CodeType]]:
    """`count` mutants at lines that some case runs, spread evenly over the rooms; in assertions, annotations and messages there are none."""
    chosen: list[tuple[str, int, str, CodeType]] = []
    rng = random.Random(seed)
    for room in rooms:
        pool = []
        for path in sorted((SOURCE / room).glob("*.py")):
            name = str(path.relative_to(SOURCE))
            tree = ast.parse(path.read_text(encoding="utf-8"))
            silent = _silent(tree)
            pool += [(name, line, what, apply, tree, path) for line, what, apply in faults(tree) if (name, line) in lines and line not in silent]
        rng.shuffle(pool)
        made = 0
        for name, line, what, apply, tree, path in pool:
            if made >= count // len(rooms):
                break
            if only and f"{name}:{line}" != only:
                continue
            undo = apply()
            try:
                code = compile(ast.fix_missing_locations(tree), str(path), "exec")
                chosen.append((name, line, what, code))
                made += 1
            except (SyntaxError, ValueError, TypeError):
                pass
            finally:
                undo()
    return chosen


def _silent(tree: ast.AST) -> set[int]:
    """Lines of assertions and raised messages: a fault there changes no answer."""
    return {
        n for node in ast.walk(tree) if isinstance(node, ast.Assert | ast.Raise) for n in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


# ---------------------------------------------------------------------------------------------------- asking the cases
class Mutated(importlib.abc.Loader, importlib.abc.MetaPathFinder):
    """Loads one module from mutated code."""

    def __init__(self, name: str, code: CodeType, path: Path) -> None:
        self.name, self.code, self.path = name, code, path

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> Any:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        exec(self.code, module.__dict__)


def cases() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """The questions by id, with their truths."""
    import judge

    return {case["id"]: (case, truth) for name in FILES for case, truth in judge.load(name)}


def printed(case: dict[str, Any]) -> str:
    """Everything shown of an answer, as one text."""
    import wrt

    f = wrt.parse(case["expr"], {v: tuple(d) for v, d in case["vars"].items()}, {v: tuple(p) for v, p in (case.get("assume") or {}).items()})
    structure = "parameters" if "structured" in case["tags"] else "ignored"
    d = wrt.derive(f, *case["wrt"], layout=case["layout"], structure=structure)
    return f"{d.matrix} | {d.kronecker} | {d.index.indices} {d.index.expr} | {d.verified} | {d.compile().source}"


def traced() -> tuple[dict[Place, list[int]], dict[str, str], list[str]]:
    """Line -> the cases that run it; what the healthy engine prints; the ids asked."""
    prefix = str(SOURCE) + "/"
    hit: set[Place] = set()

    def local(frame: FrameType, event: str, arg: object) -> Any:
        hit.add((frame.f_code.co_filename[len(prefix) :], frame.f_lineno))
        return local

    def enter(frame: FrameType, event: str, arg: object) -> Any:
        return local if frame.f_code.co_filename.startswith(prefix) else None

    lines: dict[Place, list[int]] = defaultdict(list)
    healthy: dict[str, str] = {}
    ids = [k for k, (case, _) in cases().items() if not set(case["tags"]) & {"taylor", "linearize"}]
    every = cases()
    for n, k in enumerate(ids):
        hit.clear()
        sys.settrace(enter)
        try:
            healthy[k] = printed(every[k][0])
        except Exception as error:
            healthy[k] = f"refused {type(error).__name__}"
        finally:
            sys.settrace(None)
        for place in hit:
            lines[place].append(n)
    return lines, healthy, ids


def ask(job: tuple[str, int, str, CodeType, list[str], dict[str, str]]) -> tuple[str, int, str, Counter[str], list[str]]:
    """The outcomes of one mutant, in a process of its own."""
    name, line, what, code, ids, healthy = job
    module = "wrt." + name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    sys.meta_path.insert(0, Mutated(module, code, SOURCE / name))
    sys.path.insert(0, str(ROOT / "tests"))
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    try:
        import judge
    except Exception:  # the mutant cannot even be imported: it shows nothing
        return name, line, what, Counter(refused=len(ids)), []
    every = cases()
    for k in ids:
        case, truth = every[k]
        try:
            with judge.time_limit(LIMIT):
                same = printed(case) == healthy[k]
        except Exception:
            same = healthy[k].startswith("refused")
            outcomes["unchanged" if same else "refused"] += 1
            continue
        if same:
            outcomes["unchanged"] += 1
            continue
        verdict = judge.judge(case, truth)
        if verdict.status == "WRONG" and not verdict.verified.startswith("unverified"):
            outcomes["WRONG"] += 1
            wrong.append(f"{k}: {verdict.why[:200]}")
        else:
            outcomes["other" if verdict.status == "right" else "refused"] += 1
    return name, line, what, outcomes, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=320)
    parser.add_argument("--cases", type=int, default=12, help="cases asked of each mutant, drawn from those that run its line")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rooms", nargs="*", default=list(ROOMS))
    parser.add_argument("--only", default="", help="FILE:LINE, such as algebra/product.py:120")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--json")
    a = parser.parse_args()
    start = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        lines, healthy, ids = pool.apply(_traced_here)
    print(f"traced {len(ids)} cases in {time.perf_counter() - start:.0f} s; {len(lines)} lines run", flush=True)
    rng = random.Random(a.seed)
    jobs = []
    for name, line, what, code in mutants(a.rooms, lines, a.count, a.seed, a.only):
        asked = sorted(rng.sample(lines[name, line], min(a.cases, len(lines[name, line]))))
        import marshal

        jobs.append((name, line, what, marshal.dumps(code), [ids[n] for n in asked], {ids[n]: healthy[ids[n]] for n in asked}))
    total: Counter[str] = Counter()
    survivors = []
    with context.Pool(a.processes, maxtasksperchild=1) as pool:
        for n, (name, line, what, outcomes, wrong) in enumerate(pool.imap_unordered(_ask_marshalled, jobs), 1):
            kind = (
                "survived"
                if wrong
                else "killed"
                if outcomes["refused"]
                else "changed to another true answer"
                if outcomes["other"]
                else "changed nothing shown"
            )
            total[kind] += 1
            if wrong:
                survivors.append({"place": f"{name}:{line}", "what": what, "wrong": wrong})
                print(f"  SURVIVOR {name}:{line} ({what})  {wrong[0]}", flush=True)
            elif a.verbose:
                print(f"  {kind}: {name}:{line} ({what}) {dict(outcomes)}", flush=True)
            if n % 40 == 0:
                print(f"  {n}/{len(jobs)} mutants, {time.perf_counter() - start:.0f} s", flush=True)
    if a.json:
        Path(a.json).write_text(json.dumps(survivors, indent=1), encoding="utf-8")
    print(
        f"{sum(total.values())} mutants of {', '.join(a.rooms)}: {total['killed']} killed, {total['changed to another true answer']} gave another true answer, "
        f"{total['changed nothing shown']} changed nothing shown, {total['survived']} showed a wrong answer as proved"
    )
    return 1 if survivors else 0


def _traced_here() -> Any:
    sys.path.insert(0, str(ROOT / "tests"))
    lines, healthy, ids = traced()
    return dict(lines), healthy, ids


def _ask_marshalled(job: tuple[str, int, str, bytes, list[str], dict[str, str]]) -> Any:
    import marshal

    name, line, what, code, ids, healthy = job
    return ask((name, line, what, marshal.loads(code), ids, healthy))


if __name__ == "__main__":
    sys.exit(main())
