"""Surface trees with names replaced: substitution as a reader does it, bound indices left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from wrt.language.surface import Binary, Block, Call, Generator, Index, Loop, Name, Node, Slice, Steps, Unary, postorder


def exchanged(tree: Node, change: Callable[[Node], Node | None], *, typed: bool = False) -> Node:
    """The tree with every node for which `change` gives another exchanged for it; untouched parts are shared.

    typed: parts around what was exchanged keep their shapes; else these are dropped, to be found again.
    """
    done: dict[int, Node] = {}
    for node in postorder(tree):
        new = change(node)
        if new is None and any(done[id(c)] is not c for c in node.children):
            new = with_children(node, tuple([done[id(c)] for c in node.children]))
            if typed:
                new.shape = node.shape
        done[id(node)] = node if new is None else new
    return done[id(tree)]


def replace_names(tree: Node, values: Mapping[str, Node]) -> Node:
    """The tree with variables replaced by trees, shapes dropped where something changed."""
    return exchanged(tree, lambda n: values.get(n.name) if isinstance(n, Name) and n.role in ("variable", "") else None)


def with_children(node: Node, below: tuple[Node, ...]) -> Node:
    """The node with other children, untyped; order as in `children`."""
    match node:
        case Unary():
            return Unary(node.op, below[0], span=node.span)
        case Binary():
            return Binary(node.op, below[0], below[1], span=node.span)
        case Call():
            count = len(node.arguments)
            options = tuple((key, new) for (key, _), new in zip(node.options, below[count:], strict=True))
            return Call(node.function, below[:count], options, span=node.span)
        case Slice():
            parts = iter(below)
            start, stop, step = (None if p is None else next(parts) for p in (node.start, node.stop, node.step))
            return Slice(start, stop, step, span=node.span)
        case Index():
            return Index(below[0], below[1:], span=node.span)
        case Block():
            cells = iter(below)
            return Block(tuple(tuple(next(cells) for _ in row) for row in node.rows), node.nested, span=node.span)
        case Loop():
            return Loop(node.name, below[0], below[1], span=node.span)
        case Generator():
            loops, conditions = len(node.loops), len(node.conditions)
            made = tuple(loop for loop in below[:loops] if isinstance(loop, Loop))
            return Generator(node.function, below[-1], made, below[loops : loops + conditions], span=node.span)
        case Steps():
            steps = tuple((name, new) for (name, _), new in zip(node.steps, below[:-1], strict=True))
            return Steps(steps, below[-1], span=node.span)
    return replace(node)


def in_front(number: Node, product: Node) -> Node:
    """The number as the first factor of a product: 2 and A @ x give 2*A @ x."""
    spine: list[Binary] = []
    first = product
    while isinstance(first, Binary) and first.op in ("*", "@", "/"):
        spine.append(first)
        first = first.left
    out: Node = Binary("*", number, first)
    for node in reversed(spine):
        out = Binary(node.op, out, node.right)
    return out
