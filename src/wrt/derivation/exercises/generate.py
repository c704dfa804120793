"""New exercises out of a seed: functions put together from parts by topic, kept when they can be solved and need as many rules as asked for.

The same seed, topic, difficulty and number give the same exercise on every machine.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from random import Random

from wrt.derivation.exercises import parts
from wrt.derivation.exercises.exercise import Exercise
from wrt.derivation.exercises.grading import LEVELS, level_of
from wrt.derivation.exercises.row import Row
from wrt.derivation.terms import addends
from wrt.errors import WrtError
from wrt.language.surface import Binary, Node, postorder
from wrt.language.unparse import unparse

ATTEMPTS = 24
IDLE = 24  # draws in a row that bring no new question, before the search ends
SOURCE = "generated"
MAKERS: dict[str, Callable[[Random, int], Row]] = {
    "scalar": parts.scalar,
    "partial": parts.partial,
    "chain": parts.chain,
    "vector": parts.vector,
    "jacobian": parts.jacobian,
    "matrix": parts.matrix,
    "tensor": parts.tensor,
    "index": parts.index,
    "second": parts.second,
    "expansion": parts.expansion,
    "stationary": parts.stationary,
}

RANGES = {
    "chain": (2, 5),
    "jacobian": (1, 4),
    "matrix": (2, 5),
    "tensor": (3, 4),
    "index": (1, 4),
    "second": (2, 5),
    "expansion": (1, 4),
    "stationary": (3, 5),
}  # of difficulty; of the other topics 1 to 5


def generated(topic: str | None, difficulty: int | None, seed: int, k: int = 0) -> Exercise:
    """The k-th exercise of a seed; a topic or difficulty that is None is drawn. Its `difficulty` is the one found, as near to the one
    asked for as the topic has (no derivative by a matrix is of difficulty 1).

    Its name, topic-difficulty-seed-k, finds it again: `wrt.exercise(name)`.
    """
    first = Random(f"{seed}/{k}")  # a text as a seed gives the same numbers everywhere
    topic = topic or first.choice(list(MAKERS))
    low, high = RANGES.get(topic, (LEVELS[0], LEVELS[-1]))
    wanted = min(high, max(low, difficulty or first.choice(LEVELS)))
    rng = Random(f"{topic}/{wanted}/{seed}/{k}")
    best: Exercise | None = None
    for attempt in range(ATTEMPTS):
        size = max(1, wanted + (0, 0, 1, -1, 2, -2)[attempt % 6])
        found = _solvable(MAKERS[topic](rng, size), f"{topic}-{wanted}-{seed}-{k}")
        if found is None:
            continue
        if best is None or abs(found.difficulty - wanted) < abs(best.difficulty - wanted):
            best = found
        if best.difficulty == wanted:
            break
    assert best is not None, "no exercise could be made; please report this as a bug"
    return best


def different(topic: str | None, difficulty: int | None, seed: int, count: int) -> list[Exercise]:
    """The first `count` exercises of a seed that ask different questions; fewer where so many draws bring no more."""
    found: dict[tuple[str, ...], Exercise] = {}
    idle = k = 0
    while len(found) < count and idle < IDLE:
        made = generated(topic, difficulty, seed, k)
        key = question_key(made.row)
        idle = idle + 1 if key in found else 0
        found.setdefault(key, made)
        k += 1
    return list(found.values())


def question_key(row: Row) -> tuple[str, ...]:
    """What two questions share that differ in the letters of their variables only."""
    names: dict[str, str] = {}

    def letter(word: re.Match[str]) -> str:
        return names.setdefault(word.group(), f"v{len(names)}")

    declared = dict(part.partition(":")[::2] for part in row.shapes.split(","))
    used = {name.strip(): shape for name, shape in declared.items() if name.strip() and re.search(rf"\b{name.strip()}\b", row.text)}
    parts = (row.kind, row.text, row.by, row.detail, ", ".join(f"{name}:{shape}" for name, shape in used.items()), str(row.order))
    own = "|".join(sorted(map(re.escape, used), key=len, reverse=True))
    return tuple(re.sub(rf"\b({own})\b", letter, part) for part in parts) if own else parts


def named(name: str) -> Exercise | None:
    """The generated exercise of a name; None when it is no such name."""
    topic, *numbers = name.split("-")
    if topic not in MAKERS or len(numbers) != 3 or not all(n.isdecimal() for n in numbers) or int(numbers[0]) not in LEVELS:
        return None
    return generated(topic, *map(int, numbers))


def _solvable(row: Row, name: str) -> Exercise | None:
    """The exercise of a row, graded; None where its answer has no proved closed form or its derivative no steps."""
    found = Exercise(replace(row, name=name), SOURCE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if row.kind == "indices":
                return Exercise(replace(found.row, level=min(5, max(1, row.order))), SOURCE) if found.mark(str(found.answer)) else None
            d = found.derivative
            if _odd(d.formula.source.tree):
                return None
            closed = d.matrix is not None or row.kind == "entry"
            if not closed or not d.verified.startswith(("exact", "numeric")) or found.solution is None:
                return None
            answer = str(found.answer)
            if answer == "0" or answer.startswith("zeros(") or (row.kind not in ("derivative", "entry") and not found.mark(answer)):
                return None
            return Exercise(replace(found.row, level=level_of(d, row.kind, row.order)), SOURCE)
    except (WrtError, Warning):
        return None


def _odd(tree: Node) -> bool:
    """Whether a function is as nobody writes it: a + a, (a**2)**2."""
    for node in postorder(tree):
        if isinstance(node, Binary) and node.op in "+-" and unparse(node.right) in map(unparse, addends(node.left)):
            return True
        if isinstance(node, Binary) and node.op == "**" and isinstance(node.left, Binary) and node.left.op == "**":
            return True
    return False
