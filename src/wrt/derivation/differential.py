"""The differential style's second half: named moves that bring every term to tr(G.T @ dX), g.T @ dx or J @ dx."""

from __future__ import annotations

from wrt.derivation.reading import Scene, put, size_tree
from wrt.derivation.rules import CANCEL, DIFFERENTIAL, UNDONE, Rule
from wrt.derivation.terms import ONE, times
from wrt.language.surface import Binary, Call, Declaration, Name, Node, Number, Unary, postorder

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
    """The transpose, a double one dropped, a sign or a number in front."""
    if isinstance(node, Unary) and node.op == "-":
        return Unary("-", transposed(node.argument))
    if isinstance(node, Binary) and node.op == "*" and _scalar(node.left):
        return Binary("*", node.left, transposed(node.right))
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
    p = p.argument if isinstance(p, Unary) and p.op == "-" else p
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
    if isinstance(e, Binary) and e.op == "/" and (found := _entrywise(e, s)) is not None:
        return Binary("@", Unary("T", found[0]), found[1])
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


# ------------------------------------------------------------------------------------------------ numbers, signs, Hadamard products
def _column(node: Node) -> bool:
    return node.shape is not None and node.shape.kind == "column"


def _scalar(node: Node) -> bool:
    return node.shape is not None and not node.shape.order


def _to_front(node: Node, s: Scene) -> Node | None:
    """A number or a sign that stands before a constant factor of a matrix product."""
    if not (isinstance(node, Binary) and node.op == "@" and has_tangent(node, s)):
        return None
    parts = factors(node)
    for k, p in enumerate(parts):
        if has_tangent(p, s):
            continue
        if isinstance(p, Unary) and p.op == "-":
            return Unary("-", chain_of([*parts[:k], p.argument, *parts[k + 1 :]]))
        if k and isinstance(p, Binary) and p.op == "*" and _scalar(p.left) and not _scalar(p.right):
            return Binary("*", p.left, chain_of([*parts[:k], p.right, *parts[k + 1 :]]))
    return None


def _summed(node: Node, s: Scene, *names: str) -> Node | None:
    """E of sum(E) where dX is in E."""
    plain = isinstance(node, Call) and node.function in names and len(node.children) == 1 and has_tangent(node, s)
    return node.children[0] if plain else None


def _mean(node: Node, s: Scene) -> Node | None:
    """mean(c*V) of m entries is c*sum(V)/m."""
    e = _summed(node, s, "mean")
    if e is None or e.shape is None or not e.shape.order:
        return None
    front, rest = _number_first(e)
    made: Node = times(*front, Call("sum", (rest,)))
    for size in e.shape.sizes:
        made = Binary("/", made, size_tree(size))
    return made


def _number_first(e: Node) -> tuple[list[Node], Node]:
    """The number that a product of vectors begins with, and the rest: 2 and v*w of 2*v*w."""
    rest: list[Node] = []
    at = e
    while isinstance(at, Binary) and at.op == "*":
        rest.append(at.right)
        at = at.left
    return ([at], times(*reversed(rest))) if isinstance(at, Number) and rest else ([], e)


def _linear_sum(node: Node, s: Scene) -> Node | None:
    """sum(c*V) is c*sum(V), sum(V + W) is sum(V) + sum(W)."""
    e = _summed(node, s, "sum")
    if isinstance(e, Unary) and e.op == "-":
        return Unary("-", Call("sum", (e.argument,)))
    if isinstance(e, Binary) and e.op == "*" and _scalar(e.left) and not _scalar(e.right) and not has_tangent(e.left, s):
        return Binary("*", e.left, Call("sum", (e.right,)))
    if isinstance(e, Binary) and e.op in "+-" and e.left.shape == e.right.shape:
        return Binary(e.op, Call("sum", (e.left,)), Call("sum", (e.right,)))
    return None


def _entrywise(node: Node, s: Scene) -> tuple[Node, Node] | None:
    """(v, w) of v*w or w/v between columns, dX in w alone."""
    if not (isinstance(node, Binary) and node.op in "*/" and _column(node.left) and _column(node.right)):
        return None
    left, right = has_tangent(node.left, s), has_tangent(node.right, s)
    if left == right or (node.op == "/" and right):
        return None
    if node.op == "/":
        return Binary("/", ONE, node.right), node.left
    return (node.left, node.right) if right else (node.right, node.left)


def _turned_hadamard(node: Node, s: Scene) -> Node | None:
    """g.T @ (v*w) is (v*g).T @ w."""
    if not (isinstance(node, Binary) and node.op == "@" and _scalar(node)):
        return None
    parts = factors(node)
    found = _entrywise(parts[-1], s)
    if found is None or any(has_tangent(p, s) for p in parts[:-1]):
        return None
    first, numbers, negative = parts[0], [], False
    while (isinstance(first, Unary) and first.op == "-") or (isinstance(first, Binary) and first.op == "*" and _scalar(first.left)):
        if isinstance(first, Binary):
            numbers.append(first.left)
            first = first.right
        else:
            negative, first = not negative, first.children[0]
    made: Node = Binary("@", Unary("T", Binary("*", found[0], chain_of(turned([first, *parts[1:-1]])))), found[1])
    made = times(*numbers, made)
    return Unary("-", made) if negative else made


def _diagonal(node: Node, s: Scene) -> Node | None:
    """v*w is diag(v) @ w, in a line that stands for a vector."""
    vectors = [s.setting.source.tree, Name(s.setting.variable, shape=s.setting.source.declarations[s.setting.variable].shape)]
    found = _entrywise(node, s) if all(map(_column, vectors)) else None
    return None if found is None else Binary("@", Call("diag", (found[0],)), found[1])


def _diagonal_factor(node: Node, s: Scene) -> Node | None:
    """diag(dx) @ v is v*dx."""
    if not (isinstance(node, Binary) and node.op == "@" and has_tangent(node, s)):
        return None
    parts = factors(node)
    for k, p in enumerate(parts[:-1]):
        if isinstance(p, Call) and p.function == "diag" and has_tangent(p, s) and _column(p.children[0]) and _column(parts[-1]):
            rest = parts[k + 1 :]
            return None if any(has_tangent(r, s) for r in rest) else chain_of([*parts[:k], Binary("*", chain_of(rest), p.children[0])])
    return None


def _spread(node: Node, s: Scene) -> Node | None:
    """v*(w - c) is v*w - v*c, and g.T @ (w - c) is g.T @ w - sum(g)*c, where a number c with dX in it is taken from every entry."""
    if isinstance(node, Binary) and node.op == "@" and _scalar(node):
        *row, last = factors(node)
        if (found := _with_number(last, s)) and isinstance(last, Binary) and not any(has_tangent(p, s) for p in row):
            first = row[0]
            negative = isinstance(first, Unary) and first.op == "-"
            row[0] = first.argument if isinstance(first, Unary) and negative else first
            total = Call("sum", (chain_of(turned(row)),))
            parts = [Binary("*", total, c) if _scalar(c) else chain_of([*row, *factors(c)]) for c in found]
            made = Binary(last.op, parts[0], parts[1])
            return Unary("-", made) if negative else made
    if isinstance(node, Binary) and node.op == "*" and _column(node):
        for fixed, moving in ((node.left, node.right), (node.right, node.left)):
            if (found := _with_number(moving, s)) and not has_tangent(fixed, s) and isinstance(moving, Binary):
                return Binary(moving.op, Binary("*", fixed, found[0]), Binary("*", fixed, found[1]))
    return None


def _with_number(node: Node, s: Scene) -> tuple[Node, Node] | None:
    """The two terms of a sum of a vector and a number, dX in the number."""
    if not (isinstance(node, Binary) and node.op in "+-" and _scalar(node.left) != _scalar(node.right)):
        return None
    return (node.left, node.right) if has_tangent(node.left if _scalar(node.left) else node.right, s) else None


def _outer(node: Node, s: Scene) -> Node | None:
    """(g.T @ dx)*v is v @ g.T @ dx: a number goes behind the vector that it multiplies."""
    if not (isinstance(node, Binary) and node.op == "*" and _column(node)):
        return None
    number, vector = (node.left, node.right) if _scalar(node.left) else (node.right, node.left)
    if not _scalar(number) or has_tangent(vector, s):
        return None
    at = number
    path: list[int] = []
    while not (isinstance(at, Binary) and at.op == "@"):
        where = [k for k, c in enumerate(at.children) if has_tangent(c, s)]
        if len(where) != 1 or not (isinstance(at, Unary) or (isinstance(at, Binary) and (at.op == "*" or (at.op == "/" and where == [0])))):
            return None
        path.append(where[0])
        at = at.children[where[0]]
    return put(number, tuple(path), chain_of([vector, *factors(at)]))


def _onehot(node: Node, s: Scene) -> Node | None:
    """sum(y) is 1 where one entry of y is 1, the others 0."""
    if isinstance(node, Binary) and node.op == "*" and _one(node.left, s):
        return node.right
    return ONE if _one(node, s) else None


def _one(node: Node, s: Scene) -> bool:
    if not (isinstance(node, Call) and node.function == "sum" and len(node.children) == 1):
        return False
    y = node.arguments[0]
    d = s.setting.declared.get(y.name) if isinstance(y, Name) else None
    return isinstance(d, Declaration) and "onehot" in d.facts


MOVES: tuple[Rule, ...] = (
    UNDONE,
    Rule("double transpose", _double_transpose),
    Rule("transpose of a product", _product_transposed, source=MOVES_FROM),
    Rule("transpose of a sum", _sum_transposed, source=MOVES_FROM),
    Rule("product over a sum", _bracket, source=MOVES_FROM),
    CANCEL,
    Rule("number or sign to the front", _to_front, source=MOVES_FROM),
    Rule("the mean is the sum over the number", _mean, source="definition of the mean"),
    Rule("the sum is linear", _linear_sum, source=MOVES_FROM),
    Rule("Hadamard product under the sum", _hadamard, source=MOVES_FROM),
    Rule("the trace is linear", _trace_split, source=MOVES_FROM),
    Rule("a scalar equals its transpose", _scalar_transposed, source=MOVES_FROM),
    Rule("a scalar is its trace, rotated", _scalar_is_trace, source=MOVES_FROM),
    Rule("trace of the transpose", _trace_transposed, source=MOVES_FROM),
    Rule("trace rotated", _trace_rotated, source=MOVES_FROM),
    Rule("a diagonal matrix times a vector", _diagonal_factor, source="diag(dx) @ v is v*dx"),
    Rule("Hadamard product moved to the other factor", _turned_hadamard, source="g.T @ (v*w) is (v*g).T @ w"),
    Rule("entry by entry over a sum", _spread),
    Rule("the entries of a one-hot vector sum to 1", _onehot, source="one entry is 1, the others are 0"),
    Rule("number behind its vector", _outer, source="(g.T @ dx)*v is v @ g.T @ dx"),
    Rule("Hadamard product by a diagonal matrix", _diagonal, source="v*w is diag(v) @ w"),
)

RULES = (*DIFFERENTIAL, *MOVES)
