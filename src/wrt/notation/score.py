"""How long a formula is to read: an operator or a call counts 1, a name, a number or a transpose a quarter; parentheses nothing."""

from __future__ import annotations

from fractions import Fraction

from wrt.language.surface import Binary, Block, Call, Generator, Index, Loop, Name, Node, Number, Slice, Steps, Text, Unary, postorder

OPERATION = 1.0
WORD = 0.25
CALL = OPERATION + WORD


def measure(node: Node) -> float:
    """The reading length of a surface tree, each use of a shared node counted."""
    done: dict[int, float] = {}
    for part in postorder(node):
        below = sum(done[id(child)] for child in part.children)
        done[id(part)] = below + _own(part)
    return done[id(node)]


def _own(node: Node) -> float:
    match node:
        case Number():
            return number_score(node.value, node.text)
        case Name() | Text() | Unary():
            return WORD
        case Binary() | Index():
            return OPERATION
        case Slice():
            return 0.0
        case Call():
            return CALL
        case Block():
            return OPERATION * (1 + len(node.rows) * node.nested)
        case Loop():
            return WORD + CALL - (WORD if isinstance(node.start, Number) and node.start.value == 0 else 0.0)
        case Generator():
            return CALL + OPERATION
        case Steps():
            return (OPERATION + WORD) * len(node.steps)
    raise AssertionError(type(node))


def number_score(value: Fraction, text: str = "") -> float:
    """The length of a number: a fraction is a quotient unless it is spelt as a decimal."""
    return WORD * (1 + (value < 0)) + (OPERATION + WORD if value.denominator != 1 and not text else 0.0)
