"""A surface tree as text: the one printer of the text language, minimal in parentheses, the inverse of the parser.

Parentheses that precedence does not need are added in one place only: around a matrix product before `*`, as in (A @ x)*y.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from wrt.language.surface import Binary, Block, Call, Generator, Index, Loop, Name, Node, Number, Slice, Steps, Text, Unary

RANK = {"<": 1, "<=": 1, ">": 1, ">=": 1, "==": 1, "!=": 1, "+": 2, "-": 2, "*": 3, "/": 3, "@": 3, "**": 5}
NEGATE, POSTFIX = 4, 6
TIGHT = ("*", "/", "**")
LONG_ZEROS = 15  # that many zeros at the end of a number are counted rather than printed

Piece = str | tuple[Node, int]  # a text, or a node that needs parentheses below the rank given


def unparse(node: Node) -> str:
    """The text of a tree, in the text language.

    >>> from wrt.language.parser import parse
    >>> unparse(parse("2 * A.T@(A @ x-b)"))
    '2*A.T @ (A @ x - b)'
    """
    return written(node, _pieces, rank_of)


def written(node: Node, pieces: Callable[[Node], list[Piece]], rank: Callable[[Node], int]) -> str:
    """The text of a tree whose nodes are written in pieces, with parentheses around those that bind less tightly than their place needs."""
    out: list[str] = []
    stack: list[Piece] = [(node, 0)]
    while stack:
        piece = stack.pop()
        if isinstance(piece, str):
            out.append(piece)
            continue
        inner, least = piece
        parts = pieces(inner)
        if rank(inner) < least:
            parts = ["(", *parts, ")"]
        stack.extend(reversed(parts))
    return "".join(out)


def short(node: Node, width: int = 60) -> str:
    """The text of a tree cut to `width` characters, for messages."""
    words = unparse(node)
    return words if len(words) <= width else words[: width - 3] + "..."


def rank_of(node: Node) -> int:
    """How tightly the outermost operator of a tree binds."""
    match node:
        case Binary():
            return RANK[node.op]
        case Unary(op="-"):
            return 3 if isinstance(node.argument, Binary) and RANK[node.argument.op] == 3 else NEGATE
        case Number():
            if node.value < 0:
                return NEGATE
            return RANK["/"] if node.value.denominator != 1 and not node.text else POSTFIX
        case Steps():
            return 0
    return POSTFIX


def number_text(value: Fraction) -> str:
    """A number in the text language: 3, 1/2, -3/4; 1e300 for a whole number that ends in many zeros.

    >>> number_text(Fraction(-2 * 10**20))
    '-2e20'
    """
    text = str(value)
    digits = text.rstrip("0")
    return f"{digits}e{len(text) - len(digits)}" if value.denominator == 1 and len(text) - len(digits) >= LONG_ZEROS else text


def _pieces(node: Node) -> list[Piece]:
    match node:
        case Number():
            return [node.text or number_text(node.value)]
        case Name():
            return [node.name]
        case Text():
            return [f'"{node.value}"']
        case Unary(op="T"):
            return [(node.argument, POSTFIX), ".T"]
        case Unary():
            # -(A @ x) is printed -A @ x, the same value; a sum keeps its parentheses
            return ["-", (node.argument, 3)]
        case Binary():
            return _binary(node)
        case Call():
            return [node.function, "(", *_arguments(node), ")"]
        case Index():
            return [(node.base, POSTFIX), "[", *_joined([(p, 0) for p in node.parts]), "]"]
        case Slice():
            out: list[Piece] = [(node.start, 0)] if node.start is not None else []
            out.append(":")
            if node.stop is not None:
                out.append((node.stop, 0))
            return [*out, ":", (node.step, 0)] if node.step is not None else out
        case Block():
            if not node.nested:
                return ["[", *_joined([(cell, 0) for row in node.rows for cell in row]), "]"]
            rows: list[Piece] = ["["]
            for k, row in enumerate(node.rows):
                rows += [", "] * (k > 0)
                rows += ["[", *_joined([(cell, 0) for cell in row]), "]"]
            return [*rows, "]"]
        case Loop():
            zero = isinstance(node.start, Number) and node.start.value == 0
            bounds: list[Piece] = [(node.stop, 0)] if zero else [(node.start, 0), ", ", (node.stop, 0)]
            return [f" for {node.name} in range(", *bounds, ")"]
        case Generator():
            parts: list[Piece] = [node.function, "(", (node.body, 0)]
            parts += [(loop, 0) for loop in node.loops]
            for condition in node.conditions:
                parts += [" if ", (condition, 0)]
            return [*parts, ")"]
        case Steps():
            steps: list[Piece] = []
            for name, value in node.steps:
                steps += [f"{name} = ", (value, 0), "; "]
            return [*steps, (node.result, 0)]
    raise AssertionError(type(node))


def _binary(node: Binary) -> list[Piece]:
    rank, left, right = RANK[node.op], node.left, node.right
    least_left, least_right = rank, rank + 1
    if node.op == "**":  # right associative; a negative base keeps its parentheses, a negative exponent needs none
        least_left, least_right = POSTFIX, NEGATE
    elif rank == 1:
        least_left = 2
    elif (node.op == "*" and isinstance(left, Binary) and left.op == "@") or (
        node.op == "@" and isinstance(left, Binary) and left.op == "*" and left.left.shape is not None and left.left.shape.order > 0
    ):
        least_left = rank + 1
    if rank == 3 and isinstance(right, Unary) and right.op == "-":
        least_right = POSTFIX
    sign = node.op if node.op in TIGHT else f" {node.op} "
    return [(left, least_left), sign, (right, least_right)]


def _arguments(node: Call) -> list[Piece]:
    words = _joined([(a, 0) for a in node.arguments])
    for key, value in node.options:
        words += [", "] * bool(words)
        words += [f"{key}=", (value, 0)]
    return words


def _joined(parts: list[tuple[Node, int]]) -> list[Piece]:
    out: list[Piece] = []
    for k, part in enumerate(parts):
        if k:
            out.append(", ")
        out.append(part)
    return out
