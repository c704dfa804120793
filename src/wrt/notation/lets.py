"""Names for shared parts: a long result is printed as u1 = ...; u2 = ...; f, so that its length follows its distinct nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wrt.language.rewrite import exchanged
from wrt.language.surface import Binary, Call, Generator, Name, Node, Steps, postorder
from wrt.language.unparse import unparse
from wrt.notation.build import Forest
from wrt.notation.context import Context
from wrt.notation.display import product_score
from wrt.notation.score import WORD, measure
from wrt.notation.tree import Atom, Scaled, Tree, Turn
from wrt.notation.tree import postorder as trees
from wrt.notation.write import Writer

LONG = 160.0  # reading length from which shared parts get names
NAMED = 60.0  # the same where the user named steps
WORTH = 5.0  # reading length of a part that deserves a name
GAIN = 2.5  # length that a name must save
DEEP = 60  # nesting beyond which a part gets a name
LARGE = 2000  # distinct nodes of a printed tree beyond which it stays as it is
COST = 1.25  # length of naming: the assignment and its name


def written(forest: Forest, scaled: Scaled, context: Context) -> Node:
    """The surface tree of a result, shared parts named when it is long; parts that the user named keep their names."""
    root = scaled[1]
    if product_score(forest, *scaled) < (NAMED if forest.steps else LONG):
        return Writer(forest).write(scaled)
    chosen = _chosen(forest, trees(root), root)
    names = _names(forest, chosen, context)
    writer = Writer(forest, names)
    steps = [(names[id(t)], writer.definition(t)) for t in chosen]
    result = writer.write(scaled)
    return Steps(tuple(steps), result) if steps else result


def _chosen(forest: Forest, order: list[Tree], root: Tree) -> list[Tree]:
    """Parts used more than once that save length, and parts that nest too deeply; children first."""
    uses: dict[int, int] = {}
    for t in order:
        for child in t.children:
            uses[id(child)] = uses.get(id(child), 0) + 1
    own: dict[int, float] = {}
    depth: dict[int, int] = {}
    chosen: list[Tree] = []
    for t in order:
        own[id(t)] = t.score - sum(c.score for c in t.children) + sum(own[id(c)] for c in t.children)
        depth[id(t)] = 1 + max((depth[id(c)] for c in t.children), default=0)
        if t is root or isinstance(t, (Atom, Turn)):
            continue
        saved = (uses.get(id(t), 0) - 1) * (own[id(t)] - WORD) - COST
        worth = (0.0, 0.0) if t.serial in forest.steps else (GAIN, WORTH)
        if (saved > worth[0] and own[id(t)] >= worth[1]) or depth[id(t)] > DEEP:
            chosen.append(t)
            own[id(t)], depth[id(t)] = WORD, 0
    return chosen


def _names(forest: Forest, chosen: list[Tree], context: Context) -> dict[int, str]:
    fresh = _fresh(set(context.reserved) | set(context.sizes))
    used: set[str] = set()
    out: dict[int, str] = {}
    for t in chosen:
        name = forest.steps.get(t.serial)
        if name is None or name in used:
            name = next(fresh)
        used.add(name)
        out[id(t)] = name
    return out


def _fresh(taken: set[str]) -> Iterator[str]:
    return (name for name in (f"u{k}" for k in range(1, 1_000_000)) if name not in taken)


# ---------------------------------------------------------------------------------------------------- of a printed tree
def named(tree: Node, context: Context) -> Node:
    """A surface tree with every part that recurs, and is worth it, named: u1 = ...; f. Parts inside a sum over an index stay."""
    if isinstance(tree, Steps) or sum(1 for _ in postorder(tree)) > LARGE:
        return tree
    text: dict[int, str] = {}
    inside: set[int] = set()
    uses: dict[str, int] = {}
    first: dict[str, Node] = {}
    for node in postorder(tree):
        text[id(node)] = unparse(node)
        if isinstance(node, Generator):
            inside.update(id(part) for part in postorder(node) if part is not node)
    for node in _walk(tree):
        if isinstance(node, (Binary, Call)) and id(node) not in inside:
            words = text[id(node)]
            uses[words] = uses.get(words, 0) + 1
            first.setdefault(words, node)
    recurring = [words for words, count in uses.items() if count > 1 and measure(first[words]) >= WORTH]
    fresh = _fresh(set(context.reserved) | set(context.sizes))
    names: dict[str, str] = {}
    steps: list[tuple[str, Node]] = []
    for words in sorted(recurring, key=lambda w: (measure(first[w]), w)):
        node = first[words]
        steps.append((next(fresh), _replaced(node, names, text)))
        names[words] = steps[-1][0]
    return _inlined(steps, _replaced(tree, names, text)) if steps else tree


def _inlined(steps: list[tuple[str, Node]], result: Node) -> Node:
    """Named steps without the names that are used once: their parts recur only inside what has a name itself."""
    uses: dict[str, int] = {}
    for value in (*[value for _, value in steps], result):
        for node in _walk(value):
            if isinstance(node, Name) and node.role == "step":
                uses[node.name] = uses.get(node.name, 0) + 1
    once: dict[str, Node] = {}
    kept: list[tuple[str, Node]] = []
    for name, step in steps:
        value = _with_values(step, once)
        if uses.get(name, 0) == 1:
            once[name] = value
        else:
            kept.append((name, value))
    ordered = [name for name, _ in steps][: len(kept)]  # the first of the fresh names
    again: dict[str, Node] = {old: Name(new, "step") for (old, _), new in zip(kept, ordered, strict=True)}
    values = [_with_values(value, again) for _, value in kept]
    return Steps(tuple(zip(ordered, values, strict=True)), _with_values(_with_values(result, once), again))


def _with_values(tree: Node, values: Mapping[str, Node]) -> Node:
    """The tree with the names of steps replaced."""
    return exchanged(tree, lambda n: values.get(n.name) if isinstance(n, Name) and n.role == "step" else None)


def _walk(tree: Node) -> list[Node]:
    """Every use of every node, in reading order, cut off where a text repeats too often to matter."""
    out: list[Node] = []
    stack = [tree]
    while stack and len(out) < 20_000:
        node = stack.pop()
        out.append(node)
        stack.extend(reversed(node.children))
    return out


def _replaced(tree: Node, names: dict[str, str], text: dict[int, str]) -> Node:
    """The tree with named parts below its root replaced by their names."""

    def change(node: Node) -> Node | None:
        name = names.get(text[id(node)]) if node is not tree else None
        return None if name is None else Name(name, "step", shape=node.shape)

    return exchanged(tree, change)
