"""W @ r for diag(W)*r of a diagonal matrix W that the user multiplies by: -2*X.T @ W @ (y - X @ b)."""

from __future__ import annotations

from wrt.language.rewrite import with_children
from wrt.language.surface import Binary, Call, Name, Node, Number, Unary, postorder
from wrt.notation.context import Context


def as_products(tree: Node, context: Context) -> Node:
    """The tree with products of matrices where it scales rows by the diagonal of such a matrix."""
    names = _multiplied(context)
    if not names:
        return tree
    done: dict[int, Node] = {}
    for node in postorder(tree):
        below = tuple(done[id(c)] for c in node.children)
        new = node if all(a is b for a, b in zip(node.children, below, strict=True)) else with_children(node, below)
        done[id(node)] = _scaling(new, names) or _flat(new, node) or new
    return done[id(tree)]


def _multiplied(context: Context) -> set[str]:
    """The diagonal matrices that stand in a matrix product of the user's, and whose diagonal the user does not name."""
    nodes = list(postorder(context.tree)) if context.tree is not None else []
    factors = [f.argument if isinstance(f, Unary) else f for node in nodes if isinstance(node, Binary) and node.op == "@" for f in node.children]
    named = {a.name for node in nodes if isinstance(node, Call) and node.function == "diag" for a in node.arguments if isinstance(a, Name)}
    return {f.name for f in factors if isinstance(f, Name) and "diagonal" in context.facts.get(f.name, ())} - named


def _scaling(node: Node, names: set[str]) -> Node | None:
    """W @ r, k*W @ r out of diag(W)*r, k*diag(W)*r; None for anything else."""
    if not isinstance(node, Binary) or node.op != "*":
        return None
    left = node.left
    number = left.left if isinstance(left, Binary) and left.op == "*" and isinstance(left.left, Number) else None
    scale = left.right if number is not None and isinstance(left, Binary) else left
    if not isinstance(scale, Call) or scale.function != "diag" or len(scale.arguments) != 1:
        return None
    matrix = scale.arguments[0]
    if not isinstance(matrix, Name) or matrix.name not in names:
        return None
    return _chained(matrix if number is None else Binary("*", number, matrix), node.right)


def _flat(new: Node, old: Node) -> Node | None:
    """A @ (W @ r) as A @ W @ r, and k*(W @ r) as k*W @ r, where the bracket is new."""
    if new is old or not isinstance(new, Binary) or not isinstance(old, Binary) or not isinstance(old.right, Binary) or old.right.op != "*":
        return None
    if new.op == "*" and isinstance(new.left, Number) and isinstance(new.right, Binary) and new.right.op == "@":
        first, *rest = _factors(new.right)
        return _product([Binary("*", new.left, first), *rest])
    return _chained(new.left, new.right) if new.op == "@" else None


def _chained(first: Node, rest: Node) -> Node:
    """first @ a @ b for a product of matrices a @ b."""
    return _product([first, *_factors(rest)])


def _factors(node: Node) -> list[Node]:
    """The factors of a @ b @ c, left to right."""
    out: list[Node] = []
    while isinstance(node, Binary) and node.op == "@":
        out.append(node.right)
        node = node.left
    return [node, *reversed(out)]


def _product(factors: list[Node]) -> Node:
    out = factors[0]
    for f in factors[1:]:
        out = Binary("@", out, f)
    return out
