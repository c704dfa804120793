"""The differential style's second half: named moves that bring every term to tr(G.T @ dX), g.T @ dx or J @ dx."""

from __future__ import annotations

from wrt.derivation.reading import Scene
from wrt.derivation.rules import DIFFERENTIAL, UNDONE, Rule
from wrt.language.surface import Binary, Call, Name, Node, Unary, postorder

MOVES_FROM = "Magnus & Neudecker, section 9.2"


def has_tangent(node: Node, s: Scene) -> bool:
    """Whether dX occurs below."""
    return any(isinstance(n, Name) and n.name == s.setting.tangent for n in postorder(node))


def factors(node: Node) -> list[Node]:
    """The factors of a matrix product, left to right."""
    out: list[Node] = []
    stack = [node]
    while stack:
        n = stack.pop()
        if isinstance(n, Binary) and n.op == "@":
            stack += [n.left, n.right]
        else:
            out.append(n)
    return out[::-1]


def chain_of(parts: list[Node]) -> Node:
    """The matrix product of factors, from the left."""
    out = parts[0]
    for p in parts[1:]:
        out = Binary("@", out, p)
    return out


def transposed(node: Node) -> Node:
    """The transpose, a double one dropped."""
    return node.argument if isinstance(node, Unary) and node.op == "T" else Unary("T", node)


def turned(parts: list[Node]) -> list[Node]:
    """The factors of the transpose of a product."""
    return [transposed(p) for p in reversed(parts)]


def _product_transposed(node: Node, s: Scene) -> Node | None:
    if not (isinstance(node, Unary) and node.op == "T" and has_tangent(node, s)):
        return None
    if isinstance(node.argument, Binary) and node.argument.op == "@":
        return chain_of(turned(factors(node.argument)))
    return None


def _double_transpose(node: Node, s: Scene) -> Node | None:
    if isinstance(node, Unary) and node.op == "T" and isinstance(node.argument, Unary) and node.argument.op == "T":
        return node.argument.argument
    return None


def _sum_transposed(node: Node, s: Scene) -> Node | None:
    if not (isinstance(node, Unary) and node.op == "T" and has_tangent(node, s)):
        return None
    inner = node.argument
    if isinstance(inner, Binary) and inner.op in "+-" and inner.left.shape == inner.right.shape:
        return Binary(inner.op, transposed(inner.left), transposed(inner.right))
    if isinstance(inner, Unary) and inner.op == "-":
        return Unary("-", transposed(inner.argument))
    return None


def _place(parts: list[Node], s: Scene) -> tuple[int, bool] | None:
    """(where dX is among the factors, whether it is transposed), if it is there once and bare."""
    where = [k for k, p in enumerate(parts) if has_tangent(p, s)]
    if len(where) != 1:
        return None
    p = parts[where[0]]
    if isinstance(p, Name):
        return where[0], False
    return (where[0], True) if isinstance(p, Unary) and p.op == "T" and isinstance(p.argument, Name) else None


def _scalar_transposed(node: Node, s: Scene) -> Node | None:
    if not (isinstance(node, Binary) and node.op == "@" and node.shape is not None and not node.shape.order):
        return None
    parts = factors(node)
    found = _place(parts, s)
    return chain_of(turned(parts)) if found is not None and found[1] else None


def _scalar_is_trace(node: Node, s: Scene) -> Node | None:
    if not (isinstance(node, Binary) and node.op == "@" and node.shape is not None and not node.shape.order):
        return None
    parts = factors(node)
    found = _place(parts, s)
    if found is None or found[1] or found[0] == len(parts) - 1 or found[0] == 0:
        return None
    return Call("tr", (chain_of([*parts[found[0] + 1 :], *parts[: found[0] + 1]]),))


def _in_trace(node: Node, s: Scene) -> list[Node] | None:
    if isinstance(node, Call) and node.function == "tr" and len(node.children) == 1 and has_tangent(node, s):
        return factors(node.arguments[0])
    return None


def _trace_transposed(node: Node, s: Scene) -> Node | None:
    parts = _in_trace(node, s)
    found = _place(parts, s) if parts is not None else None
    return Call("tr", (chain_of(turned(parts)),)) if parts is not None and found is not None and found[1] else None


def _trace_rotated(node: Node, s: Scene) -> Node | None:
    parts = _in_trace(node, s)
    found = _place(parts, s) if parts is not None else None
    if parts is None or found is None or found[1] or found[0] == len(parts) - 1:
        return None
    return Call("tr", (chain_of([*parts[found[0] + 1 :], *parts[: found[0] + 1]]),))


def _trace_split(node: Node, s: Scene) -> Node | None:
    parts = _in_trace(node, s)
    if parts is None or len(parts) != 1:
        return None
    e = parts[0]
    if isinstance(e, Binary) and e.op in "+-" and e.left.shape == e.right.shape:
        return Binary(e.op, Call("tr", (e.left,)), Call("tr", (e.right,)))
    if isinstance(e, Unary) and e.op == "-":
        return Unary("-", Call("tr", (e.argument,)))
    if isinstance(e, Unary) and e.op == "T":
        return Call("tr", (e.argument,))
    if isinstance(e, Binary) and e.op == "*" and e.left.shape is not None and not e.left.shape.order and not has_tangent(e.left, s):
        return Binary("*", e.left, Call("tr", (e.right,)))
    return None


def _hadamard(node: Node, s: Scene) -> Node | None:
    if not (isinstance(node, Call) and node.function == "sum" and len(node.children) == 1):
        return None
    e = node.arguments[0]
    if not (
        isinstance(e, Binary)
        and e.op == "*"
        and e.left.shape is not None
        and e.left.shape == e.right.shape
        and e.left.shape.kind in ("column", "matrix")
    ):
        return None
    if has_tangent(e.left, s) == has_tangent(e.right, s):
        return None
    fixed, moving = (e.left, e.right) if has_tangent(e.right, s) else (e.right, e.left)
    product = Binary("@", transposed(fixed), moving)
    return product if e.left.shape.kind == "column" else Call("tr", (product,))


def _bracket(node: Node, s: Scene) -> Node | None:
    """(A + B) @ C inside a trace or a scalar, with dX in one of A and B."""
    if not (isinstance(node, Binary) and node.op == "@" and has_tangent(node, s)):
        return None
    parts = factors(node)
    for k, p in enumerate(parts):
        if isinstance(p, Binary) and p.op in "+-" and p.left.shape == p.right.shape and has_tangent(p, s):
            return Binary(p.op, chain_of([*parts[:k], p.left, *parts[k + 1 :]]), chain_of([*parts[:k], p.right, *parts[k + 1 :]]))
        if isinstance(p, Unary) and p.op == "-" and has_tangent(p, s):
            return Unary("-", chain_of([*parts[:k], p.argument, *parts[k + 1 :]]))
    return None


MOVES: tuple[Rule, ...] = (
    UNDONE,
    Rule("double transpose", _double_transpose),
    Rule("transpose of a product", _product_transposed, source=MOVES_FROM),
    Rule("transpose of a sum", _sum_transposed, source=MOVES_FROM),
    Rule("product over a sum", _bracket, source=MOVES_FROM),
    Rule("Hadamard product under the sum", _hadamard, source=MOVES_FROM),
    Rule("trace of a sum", _trace_split, source=MOVES_FROM),
    Rule("a scalar equals its transpose", _scalar_transposed, source=MOVES_FROM),
    Rule("a scalar is its trace, rotated", _scalar_is_trace, source=MOVES_FROM),
    Rule("trace of the transpose", _trace_transposed, source=MOVES_FROM),
    Rule("trace rotated", _trace_rotated, source=MOVES_FROM),
)

RULES = (*DIFFERENTIAL, *MOVES)
