"""Small trees: whole numbers and fractions, chains of one operator, a transpose."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from wrt.language.surface import SCALAR, Binary, Node, Number, Unary


def whole(value: int) -> Number:
    """A whole number that is not negative."""
    return Number(Fraction(value), str(value), shape=SCALAR)


def number(value: int | Fraction) -> Node:
    """A number: 3, 2/5 as a quotient, -1/2 with its sign in front."""
    node: Node = whole(abs(value.numerator))
    if value.denominator != 1:
        node = Binary("/", node, whole(value.denominator), shape=SCALAR)
    return Unary("-", node, shape=SCALAR) if value < 0 else node


def chain(op: str, nodes: Sequence[Node]) -> Node:
    """a op b op c, from left to right."""
    out = nodes[0]
    for node in nodes[1:]:
        out = Binary(op, out, node)
    return out


def turned(node: Node) -> Node:
    """The transpose; that of a transpose is what was transposed."""
    return node.argument if isinstance(node, Unary) and node.op == "T" else Unary("T", node)
