"""Writes tests/cases/own.jsonl and own.truth.json.gz: every function, fact, literal and index form of the text language, with truths by JAX.

usage: breadth.py [--only TEXT] [--check] [--all]        (needs jax, which nothing else does)

The questions are in breadth_questions.py. Each is answered at two random points in float64 by jax.jacfwd of its own lambda over jax.numpy;
a question that stands unchanged in the file keeps its truth, unless `--all` asks for every truth anew. `--check` prints the questions that a
central difference of the same lambda contradicts.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from pathlib import Path
from typing import Any
from zlib import crc32

import jax
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
from breadth_questions import Question, questions
from jax import lax

CASES = Path(__file__).resolve().parent.parent / "tests" / "cases"
SIZES = {"m": 4, "n": 3, "p": 2, "q": 5}
POINTS = 2


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="only questions whose id holds this text; nothing is written")
    parser.add_argument("--check", action="store_true", help="compare with central differences; nothing is written")
    parser.add_argument("--all", action="store_true", help="compute the truths of unchanged questions too")
    options = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    cases, truths = [], []
    known = {} if options.all else stored()
    for count, question in enumerate(q for q in questions() if options.only in q.id):
        if count % 50 == 0:
            print(f"{count} ...", file=sys.stderr, flush=True)
            jax.clear_caches()
        case = case_of(question)
        cases.append(case)
        found = known.get(json.dumps(case, ensure_ascii=False))
        if found is None:
            found = {"id": question.id, "points": [] if question.refused else [answer(question, k) for k in range(POINTS)]}
        truths.append(found)
        if options.check and not question.refused and not agrees(question):
            print(f"central differences disagree: {question.id}")
    if len({case["id"] for case in cases}) != len(cases):
        raise SystemExit("two questions share an id")
    if not options.only and not options.check:
        write(cases, truths)
    print(f"{len(cases)} questions")
    return 0


def stored() -> dict[str, dict[str, Any]]:
    """The truths on file by the text of their case."""
    with gzip.open(CASES / "own.truth.json.gz", "rt", encoding="utf-8") as lines:
        truths = {truth["id"]: truth for truth in map(json.loads, lines)}
    return {line: truths[json.loads(line)["id"]] for line in (CASES / "own.jsonl").read_text(encoding="utf-8").splitlines()}


def write(cases: list[dict[str, Any]], truths: list[dict[str, Any]]) -> None:
    (CASES / "own.jsonl").write_text("".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases), encoding="utf-8")
    text = "".join(json.dumps(truth, ensure_ascii=False) + "\n" for truth in truths)
    (CASES / "own.truth.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def case_of(question: Question) -> dict[str, Any]:
    out: dict[str, Any] = {
        "id": question.id,
        "source": f"tools/breadth_questions.py: {question.group}",
        "vars": {name: list(sizes) for name, sizes in question.sizes.items()},
        "assume": {name: list(facts) for name, facts in question.facts.items() if facts},
        "expr": question.expr,
        "wrt": question.by.split(),
        "fn": question.fn,
        "expected": question.expected,
        "layout": "mixed",
        "tags": [question.group],
    }
    return {**out, "refused": question.refused} if question.refused else out


# ------------------------------------------------------------------------------------------------ the truth
def function(question: Question) -> Any:
    return eval(question.fn, {"jnp": jnp, "jsp": jsp, "jax": jax, "lax": lax})


def point(question: Question, k: int) -> tuple[dict[str, int], dict[str, Any]]:
    rng = np.random.default_rng([crc32(question.id.encode()), k])
    return SIZES, {name: draw(rng, [measure(s) for s in sizes], set(question.facts[name])) for name, sizes in question.sizes.items()}


def measure(size: str | int) -> int:
    return int(eval(size, dict(SIZES))) if isinstance(size, str) else size


def answer(question: Question, k: int) -> dict[str, Any]:
    sizes, x = point(question, k)
    f, names = function(question), list(x)
    values = [jnp.asarray(v) if np.asarray(v).dtype != int else v for v in x.values()]
    derivative = f
    for name in question.by.split():
        derivative = jax.jacfwd(derivative, names.index(name))
    value, D = np.asarray(f(*values)), np.asarray(derivative(*values))
    if not (np.isfinite(value).all() and np.isfinite(D).all()):
        raise ValueError(f"{question.id}: the truth is not finite")
    used = sorted({letter for s in question.sizes.values() for size in s if isinstance(size, str) for letter in size if letter in SIZES})
    return {
        "sizes": {name: sizes[name] for name in used},
        "x": {name: np.asarray(v).tolist() for name, v in x.items()},
        "f": value.tolist(),
        "f_is_row": question.row,
        "D": D.tolist(),
    }


def agrees(question: Question, step: float = 1e-5) -> bool:
    """Do central differences of the derivative of one order less agree, along a random direction?"""
    _, x = point(question, 0)
    names, f = list(x), function(question)
    *before, last = question.by.split()
    for name in before:
        f = jax.jacfwd(f, names.index(name))
    v = np.random.default_rng(5).normal(size=np.shape(x[last]))
    ahead, behind = (np.asarray(f(*[jnp.asarray(a + s * v) if n == last else a for n, a in x.items()])) for s in (step, -step))
    wanted = np.tensordot(np.asarray(answer(question, 0)["D"]), v, np.ndim(v))
    return bool(np.allclose((ahead - behind) / (2 * step), wanted, rtol=1e-5, atol=1e-6 * (1 + np.abs(wanted).max(initial=0))))


# ------------------------------------------------------------------------------------------------ random values, as their facts say
def draw(rng: np.random.Generator, shape: list[int], facts: set[str]) -> Any:
    for fact, make in MAKERS.items():
        if fact in facts:
            return make(rng, shape)
    G = rng.normal(size=shape)
    if "lower" in facts:
        G = np.tril(G) + 2 * np.eye(shape[0])
    if "upper" in facts:
        G = np.triu(G) + 2 * np.eye(shape[0])
    if "det_positive" in facts and np.linalg.det(G) < 0:
        G[0] = -G[0]
    return G if shape else float(G)


def spd(rng: np.random.Generator, shape: list[int]) -> Any:
    G = rng.normal(size=shape)
    return G @ G.T / shape[0] + np.diag(np.arange(1.0, shape[0] + 1)) / 2


def symmetric(rng: np.random.Generator, shape: list[int]) -> Any:
    G = rng.normal(size=shape)
    return (G + G.T) / 2


def idempotent(rng: np.random.Generator, shape: list[int]) -> Any:
    V = rng.normal(size=shape) + 2 * np.eye(shape[0])
    return V @ np.diag([1.0] * (shape[0] - 1) + [0.0]) @ np.linalg.inv(V)


def toeplitz(rng: np.random.Generator, shape: list[int], even: bool = False) -> Any:
    t = rng.normal(size=2 * shape[0])
    return np.array([[t[abs(i - j) if even else i - j] for j in range(shape[0])] for i in range(shape[0])])


def onehot(rng: np.random.Generator, shape: list[int]) -> Any:
    return np.eye(shape[-1])[rng.integers(0, shape[-1], size=shape[:-1])]


def simplex(rng: np.random.Generator, shape: list[int]) -> Any:
    weights = rng.uniform(0.2, 1, shape)
    return weights / weights.sum()


MAKERS = {
    "spd": spd,
    "symmetric_toeplitz": lambda rng, shape: toeplitz(rng, shape, even=True),
    "toeplitz": toeplitz,
    "diagonal": lambda rng, shape: np.diag(rng.uniform(0.5, 2, shape[0]) * rng.choice([-1, 1], shape[0])),
    "symmetric": symmetric,
    "orthogonal": lambda rng, shape: np.linalg.qr(rng.normal(size=shape))[0],
    "idempotent": idempotent,
    "simplex": simplex,
    "onehot": onehot,
    "labels_pm1": lambda rng, shape: rng.choice([-1.0, 1.0], shape),
    "integer": lambda rng, shape: rng.integers(0, 3, shape) if shape else int(rng.integers(2, 4)),
    "unit_interval": lambda rng, shape: rng.uniform(0.1, 0.9, shape) if shape else float(rng.uniform(0.1, 0.9)),
    "positive": lambda rng, shape: rng.uniform(0.3, 1.8, shape) if shape else float(rng.uniform(0.3, 1.8)),
    "nonzero": lambda rng, shape: rng.uniform(0.3, 1.8, shape) * rng.choice([-1, 1], shape) if shape else float(rng.uniform(0.3, 1.8)),
}

if __name__ == "__main__":
    sys.exit(main())
