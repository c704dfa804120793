"""Names for shared parts: a long result is printed as u1 = ...; u2 = ...; f, so that its length follows its distinct nodes."""

from __future__ import annotations

from wrt.language.surface import Node, Steps
from wrt.notation.build import Forest
from wrt.notation.context import Context
from wrt.notation.tree import Atom, Scaled, Tree, Turn, postorder
from wrt.notation.write import Writer

LONG = 160.0  # reading length from which parts get names
WORTH = 5.0  # reading length of a part that deserves a name
NODES = 2500  # nodes of a tree without shared parts that is cut anyway
DEEP = 60  # nesting beyond which a part gets a name


def written(forest: Forest, scaled: Scaled, context: Context) -> Node:
    """The surface tree of a result, shared parts named when it is long."""
    root = scaled[1]
    if forest.product_score(*scaled) < LONG:
        return Writer(forest).write(scaled)
    order = postorder(root)
    chosen = _chosen(order, root)
    names = _names(chosen, context)
    writer = Writer(forest, names)
    steps = [(names[id(t)], writer.definition(t)) for t in chosen]
    result = writer.write(scaled)
    return Steps(tuple(steps), result) if steps else result


def _chosen(order: list[Tree], root: Tree) -> list[Tree]:
    """Parts used more than once that save length, and parts that nest too deeply; children first."""
    uses: dict[int, int] = {}
    for t in order:
        for child in t.children:
            uses[id(child)] = uses.get(id(child), 0) + 1
    own: dict[int, float] = {}
    depth: dict[int, int] = {}
    chosen: list[Tree] = []
    for t in order:
        short = {id(c): own[id(c)] for c in t.children}
        length = t.score - sum(c.score for c in t.children) + sum(own[id(c)] for c in t.children)
        depth[id(t)] = 1 + max((depth[i] for i in short), default=0)
        own[id(t)] = length
        if t is root or isinstance(t, (Atom, Turn)):
            continue
        saved = (uses.get(id(t), 0) - 1) * (length - 0.25) - 1.25
        if (saved > WORTH / 2 and length >= WORTH) or depth[id(t)] > DEEP:
            chosen.append(t)
            own[id(t)], depth[id(t)] = 0.25, 0
    return chosen


def _names(chosen: list[Tree], context: Context) -> dict[int, str]:
    taken = set(context.reserved) | set(context.sizes)
    out: dict[int, str] = {}
    k = 0
    for t in chosen:
        k += 1
        while f"u{k}" in taken:
            k += 1
        out[id(t)] = f"u{k}"
    return out


__all__ = ["NODES", "written"]
