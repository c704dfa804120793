"""Questions about trees: whether an array is made entry by entry, whether two conditions leave nothing out, whether two trees are written alike."""

from __future__ import annotations

from wrt.language.surface import Binary, Call, Name, Node, Number, Unary
from wrt.tables.functions import FUNCTIONS

OPPOSITE = {("<", ">="), (">", "<="), ("<=", ">"), (">=", "<"), ("==", "!="), ("!=", "==")}


def entrywise(node: Node) -> bool:
    """Whether an array is made entry by entry (a function of each entry, a Hadamard product, a sum with such), so that a number beside it means
    every entry.
    """
    stack = [node]
    while stack:
        part = stack.pop()
        match part:
            case Unary(op="-"):
                stack.append(part.argument)
            case Binary(op="@"):
                continue
            case Binary(op="*" | "/" | "+" | "-"):
                arrays = [p for p in (part.left, part.right) if p.shape is not None and p.shape.order]
                if part.op in "*/" and (len(arrays) == 2 or (part.op == "/" and arrays and arrays[0] is part.right)):
                    return True
                stack += arrays
            case Binary():
                return True
            case Call() if part.function in FUNCTIONS or part.function in ("softmax", "log_softmax"):
                return True
    return False


def complementary(first: Node, second: Node) -> bool:
    """Whether one of two conditions always holds, and only one: x > 0 and x <= 0."""
    if not (isinstance(first, Binary) and isinstance(second, Binary)):
        return False
    if (first.op, second.op) in OPPOSITE and same(first.left, second.left) and same(first.right, second.right):
        return True
    flipped = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(second.op, second.op)
    return (first.op, flipped) in OPPOSITE and same(first.left, second.right) and same(first.right, second.left)


def same(a: Node, b: Node) -> bool:
    """Whether two trees are written alike."""
    stack = [(a, b)]
    while stack:
        x, y = stack.pop()
        if type(x) is not type(y) or len(x.children) != len(y.children):
            return False
        words = [
            (
                n.name
                if isinstance(n, Name)
                else n.value
                if isinstance(n, Number)
                else n.op
                if isinstance(n, Binary)
                else n.function
                if isinstance(n, Call)
                else ""
            )
            for n in (x, y)
        ]
        if words[0] != words[1]:
            return False
        stack += list(zip(x.children, y.children, strict=True))
    return True
