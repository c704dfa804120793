"""Wrong answers for a multiple choice: the right one with a single slip, each proved wrong."""

from __future__ import annotations

from collections.abc import Iterator

from wrt.derivation.exercises.exercise import Exercise
from wrt.derivation.slips import SLIPS
from wrt.derivation.tape_parts import without_minus
from wrt.derivation.terms import replaced
from wrt.language.parser import parse
from wrt.language.rewrite import in_front
from wrt.language.surface import Binary, Node, Number, Steps, Unary, postorder
from wrt.language.unparse import unparse

WANTED = 3
SAYS = {kind: SLIPS[kind].says for kind in ("sign", "factor", "transpose", "product-order")} | {"term": "a term is lost", "part": "a factor is lost"}


def distractors(exercise: Exercise, wanted: int = WANTED) -> list[tuple[str, str]]:
    """(wrong answer, what slip it has), at most `wanted`, one of a kind first."""
    right = exercise.answers[0]
    seen = set(exercise.answers)
    first: list[tuple[str, str]] = []
    more: list[tuple[str, str]] = []
    kinds: set[str] = set()
    for kind, tree in _slipped(parse(right)):
        words = unparse(tree)
        if words in seen or exercise.readable(words) is None or not exercise.is_wrong(words):
            continue
        seen.add(words)
        (more if kind in kinds else first).append((words, SAYS[kind]))
        kinds.add(kind)
        if len(first) == wanted:
            break
    return (first + more)[:wanted]


def _slipped(tree: Node) -> Iterator[tuple[str, Node]]:
    """The tree with one slip, by kind."""
    if isinstance(tree, Steps):
        return
    positive = without_minus(tree)
    yield "sign", Unary("-", tree) if positive is None else positive
    for node in postorder(tree):
        if isinstance(node, Binary) and node.op in ("+", "-"):
            yield "term", replaced(tree, node, node.left)
            yield "sign", replaced(tree, node, Binary("-" if node.op == "+" else "+", node.left, node.right))
        if isinstance(node, Binary) and node.op == "*":
            number = isinstance(node.left, Number)
            yield "factor" if number else "part", replaced(tree, node, node.right)
            if not isinstance(node.right, Number):
                yield "part", replaced(tree, node, node.left)
        if isinstance(node, Unary) and node.op == "T":
            yield "transpose", replaced(tree, node, node.argument)
        if isinstance(node, Binary) and node.op == "@":
            yield "product-order", replaced(tree, node, Binary("@", node.right, node.left))
            yield "transpose", replaced(tree, node, Binary("@", Unary("T", node.left), node.right))
    yield "factor", in_front(_two(), tree)
    yield "factor", Binary("/", tree, _two())


def _two() -> Node:
    return parse("2")
