"""Parts of a traced tree that recur get a name, the function's own where it has one, so that a formula's text stays as short as the code."""

from __future__ import annotations

from collections.abc import Mapping

from wrt.language.declarations import KEYWORDS
from wrt.language.rewrite import with_children
from wrt.language.signatures import known_functions
from wrt.language.surface import Binary, Block, Call, Generator, Index, Name, Node, Steps, Unary, postorder
from wrt.tracing.trace import Trace, shape_of

NAMES = "uvwyzhgqrs"
LONG = 3  # operations from which on a part that recurs is named


def shared(trace: Trace, tree: Node, names: Mapping[int, str]) -> Node:
    """The tree with steps for what recurs; `names` what the code calls a node."""
    uses: dict[int, int] = {}
    weight: dict[int, int] = {}
    free: dict[int, frozenset[str]] = {}  # the bound indices that a node depends on
    nodes = list(postorder(tree))
    for node in nodes:
        for child in node.children:
            uses[id(child)] = uses.get(id(child), 0) + 1
        own = isinstance(node, (Binary, Call, Index, Generator, Block)) or (isinstance(node, Unary) and node.op == "-")
        weight[id(node)] = min(own + sum(weight[id(c)] for c in node.children), 10**6)
        held = frozenset().union(*[free[id(c)] for c in node.children])
        if isinstance(node, Name) and node.role == "index":
            held = frozenset((node.name,))
        elif isinstance(node, Generator):
            held -= {loop.name for loop in node.loops}
        free[id(node)] = held
    taken = {*trace.taken, *known_functions(), *KEYWORDS, *(n.name for n in nodes if isinstance(n, Name))}
    steps: list[tuple[str, Node]] = []
    made: dict[int, Node] = {}
    for node in nodes:
        done = node if all(made[id(c)] is c for c in node.children) else with_children(node, tuple(made[id(c)] for c in node.children))
        recurs = uses.get(id(node), 0) > 1 and weight[id(node)] >= LONG and not free[id(node)] and node.shape is not None
        if recurs and node is not tree:
            name = _name(names.get(id(node), ""), taken)
            taken.add(name)
            steps.append((name, done))
            done = Name(name, "step", shape=shape_of(node))
        made[id(node)] = done
    return Steps(tuple(steps), made[id(tree)]) if steps else tree


def _name(wanted: str, taken: set[str]) -> str:
    """The code's own name where it is free, else a letter."""
    if wanted and wanted not in taken:
        return wanted
    k = 0
    while True:
        name = NAMES[k] if k < len(NAMES) else f"u{k - len(NAMES) + 1}"
        if name not in taken:
            return name
        k += 1
