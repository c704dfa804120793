"""Indices that nothing binds: the i of sum(A[i, j]*x[j] for j in range(n)) runs over the axis of A that it stands at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from wrt.derivation.terms import bare
from wrt.errors import WrtError
from wrt.language.parser import parse
from wrt.language.read import type_tree
from wrt.language.rewrite import exchanged, with_children
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Declaration, Generator, Index, Loop, Name, Node, Number, postorder


def index_sizes(nodes: Iterable[Node], declared: Mapping[str, Declaration], axes: Sequence[Size] = ()) -> dict[str, Size]:
    """The undeclared names that stand as indices somewhere, with the size of the axis where each stands first.

    `axes`: the sizes that the indices of an entry have together; two that stand in a Kronecker delta only take what is left of them.
    """
    nodes = list(nodes)
    taken = {*declared, *(name for d in declared.values() for size in d.shape.sizes for name in size.names)}
    out: dict[str, Size] = {}
    for node in nodes:
        if isinstance(node, Index):
            for part, size in zip(node.parts, _sizes(node.base, declared), strict=False):
                if isinstance(part, Name) and part.name not in taken:
                    out.setdefault(part.name, size)
    deltas = [
        (n.left.name, n.right.name)
        for n in nodes
        if isinstance(n, Binary) and n.op == "==" and isinstance(n.left, Name) and isinstance(n.right, Name)
    ]
    for one, other in (pair for delta in deltas for pair in (delta, delta[::-1])):
        if one in out and other not in taken:
            out.setdefault(other, out[one])
    left = list(axes)
    for size in out.values():
        if size in left:
            left.remove(size)
    for one, other in deltas:
        twice = next((size for size in left if left.count(size) > 1), None)
        if twice is not None and not {one, other} & {*out, *taken}:
            out[one] = out[other] = twice
            left.remove(twice)
            left.remove(twice)
    return out


def _sizes(base: Node, declared: Mapping[str, Declaration]) -> tuple[Size, ...]:
    if isinstance(base, Name) and base.name in declared:
        return declared[base.name].shape.sizes
    try:
        shape = type_tree(bare(base), dict(declared)).tree.shape
    except WrtError:
        return ()
    return shape.sizes if shape is not None else ()


def unbound(tree: Node, names: Iterable[str]) -> set[str]:
    """Those of the names that the tree uses and no loop of it binds."""
    bound = {n.name for n in postorder(tree) if isinstance(n, Loop)}
    return ({n.name for n in postorder(tree) if isinstance(n, Name)} & set(names)) - bound


def bound(tree: Node, free: Iterable[str], sizes: Mapping[str, Size]) -> Node:
    """array(tree for i in range(n) ...) over the names, in alphabetical order; the tree itself where there are none."""
    loops = tuple(Loop(name, Number(Fraction(0), "0"), parse(sizes[name].text)) for name in sorted(free))
    return Generator("array", tree, loops) if loops else tree


def entries_taken(tree: Node) -> Node:
    """The tree with array(body for i in ...)[k] written as the body for k; an index of the body called k gives way."""

    def change(node: Node) -> Node | None:
        match node:
            case Index(base=Generator(function="array", conditions=()) as whole) if len(whole.loops) == len(node.parts):
                if all(isinstance(part, (Name, Number)) for part in node.parts):
                    return _body(whole, node.parts)
        return None

    while True:
        made = exchanged(tree, change)
        if made is tree:
            return tree
        tree = made


def _body(whole: Generator, parts: Sequence[Node]) -> Node:
    given = {loop.name: part for loop, part in zip(whole.loops, parts, strict=True)}
    taken = {*given, *(n.name for part in parts for n in postorder(part) if isinstance(n, Name))}
    body = _unlike(whole.body, taken)
    return exchanged(body, lambda node: given.get(node.name) if isinstance(node, Name) else None)


def _unlike(tree: Node, taken: set[str]) -> Node:
    """The tree with the loops inside it renamed where they have a name that is taken, each in its own scope, the innermost first."""
    used = taken | {n.name for n in postorder(tree) if isinstance(n, (Name, Loop))}
    done: dict[int, Node] = {}
    for node in postorder(tree):
        made = with_children(node, tuple(done[id(c)] for c in node.children)) if node.children else node
        for loop in made.loops if isinstance(made, Generator) else ():
            if loop.name in taken:
                spare = next(w for k in range(1, 1000) if (w := f"{loop.name}{k}") not in used)
                used.add(spare)
                made = _renamed(made, loop.name, spare)
        done[id(node)] = made
    return done[id(tree)]


def _renamed(tree: Node, old: str, new: str) -> Node:
    def change(node: Node) -> Node | None:
        if isinstance(node, Name) and node.name == old:
            return Name(new)
        return Loop(new, node.start, node.stop) if isinstance(node, Loop) and node.name == old else None

    return exchanged(tree, change)
