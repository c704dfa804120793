"""Constants of the text kept as typed: norm(kron(B, A) @ y - c)**2 is derived with one name for kron(B, A), which is put back into what is printed.

A Kronecker product, a stacked matrix or a block that holds no variable is opened by the index form, and its parts are seldom recognised again. With a
name in its place the derivative is a textbook's. What is printed is read back and proved like any other form, so nothing rests on this.
"""

from __future__ import annotations

from collections.abc import Sequence

from wrt.errors import WrtError
from wrt.formula import Formula
from wrt.language.read import type_tree
from wrt.language.rewrite import replace_names, with_children
from wrt.language.surface import Block, Call, Declaration, Name, Node, Source, postorder

OPENED = frozenset(("kron", "vec", "commutation"))  # calls that the index form takes apart, as it does blocks


def closed_parts(tree: Node, names: Sequence[str]) -> list[Node]:
    """The largest vectors and matrices of the tree that hold such a call or block and none of the variables."""
    moving: set[int] = set()
    opened: set[int] = set()
    bound: set[int] = set()
    parts: dict[int, Node] = {}
    for node in postorder(tree):
        if isinstance(node, Name):
            if node.name in names or node.role == "step":
                moving.add(id(node))
            elif node.role == "index":
                bound.add(id(node))
        if any(id(c) in moving for c in node.children):
            moving.add(id(node))
        if any(id(c) in bound for c in node.children):
            bound.add(id(node))
        if (isinstance(node, Call) and node.function in OPENED) or isinstance(node, Block) or any(id(c) in opened for c in node.children):
            opened.add(id(node))
        whole = node.shape is not None and node.shape.kind in ("column", "row", "matrix")
        if whole and id(node) in opened and id(node) not in moving | bound:
            for child in node.children:
                _drop(parts, child)
            parts[id(node)] = node
    return list(parts.values())


def _drop(parts: dict[int, Node], node: Node) -> None:
    for inner in postorder(node):
        parts.pop(id(inner), None)


def with_names(formula: Formula, names: Sequence[str]) -> tuple[Formula, dict[str, Node]] | None:
    """The formula with a name for each constant that the index form would open, and what the names stand for; None where there is none."""
    tree = formula.source.tree
    parts = closed_parts(tree, [name.partition("[")[0] for name in names])
    if not parts:
        return None
    taken = {*formula.declarations, *formula.source.sizes, *[n.name for n in postorder(tree) if isinstance(n, Name)]}
    stands: dict[str, Node] = {}
    put: dict[int, Node] = {}
    declared = dict(formula.declarations)
    for part in parts:
        assert part.shape is not None
        letter = "K" if part.shape.kind == "matrix" else "k"
        name = next(f"{letter}{j}" for j in range(1, 1000) if f"{letter}{j}" not in taken)
        taken.add(name)
        stands[name] = part
        declared[name] = Declaration(name, part.shape)
        put[id(part)] = Name(name)
    try:
        source = type_tree(_replaced(tree, put), declared)
    except WrtError:
        return None
    return Formula(Source(source.tree, source.declarations, source.sizes, formula.source.text)), stands


def _replaced(tree: Node, put: dict[int, Node]) -> Node:
    done: dict[int, Node] = {}
    for node in postorder(tree):
        if id(node) in put:
            done[id(node)] = put[id(node)]
        else:
            below = tuple(done[id(c)] for c in node.children)
            done[id(node)] = node if all(a is b for a, b in zip(below, node.children, strict=True)) else with_children(node, below)
    return done[id(tree)]


def put_back(node: Node, stands: dict[str, Node]) -> Node:
    """The printed form with the constants as they were typed."""
    return replace_names(node, stands)
