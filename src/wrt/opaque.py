"""Constants of the text kept as typed: norm(kron(B, A) @ y - c)**2 is derived with one name for kron(B, A), which is put back into what is printed.

A Kronecker product, a stacked matrix or a block that holds no variable is opened by the index form, and its parts are seldom recognised again. With a
name in its place the derivative is a textbook's. What is printed is read back and proved like any other form, so nothing rests on this.
"""

from __future__ import annotations

from collections.abc import Sequence

from wrt.errors import WrtError
from wrt.formula import Formula
from wrt.language.read import type_tree
from wrt.language.rewrite import exchanged
from wrt.language.surface import Block, Call, Declaration, Name, Node, Source, postorder

OPENED = frozenset(("kron", "vec", "commutation"))  # calls that the index form takes apart, as it does blocks


def closed_parts(tree: Node, names: Sequence[str]) -> list[Node]:
    """The largest vectors and matrices of the tree that hold such a call or block and none of the variables."""
    nodes = list(postorder(tree))
    opened: set[int] = set()
    other: set[int] = set()  # what depends on a variable, a step or a bound index
    for node in nodes:
        below = {id(c) for c in node.children}
        if (isinstance(node, Name) and (node.name in names or node.role in ("step", "index"))) or below & other:
            other.add(id(node))
        if (isinstance(node, Call) and node.function in OPENED) or isinstance(node, Block) or below & opened:
            opened.add(id(node))
    found: list[Node] = []
    within: set[int] = set()
    for node in reversed(nodes):  # what holds a node comes before it
        closed = id(node) in opened and id(node) not in other and node.shape is not None and node.shape.kind in ("column", "row", "matrix")
        if closed and id(node) not in within:
            found.append(node)
        if closed or id(node) in within:
            within.update(id(c) for c in node.children)
    return found[::-1]


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
        source = type_tree(exchanged(tree, lambda n: put.get(id(n))), declared)
    except WrtError:
        return None
    return Formula(Source(source.tree, source.declarations, source.sizes, formula.source.text)), stands
