"""The chain style: intermediate variables u1 = ..., u2 = ..., the local Jacobian of each, multiplied from the outside in."""

from __future__ import annotations

from wrt.derivation.differential import MOVES
from wrt.derivation.local import local_operator
from wrt.derivation.reading import Scene
from wrt.derivation.rules import DIFFERENTIAL, Rule, d_of, inner
from wrt.language.rewrite import exchanged, with_children
from wrt.language.surface import Binary, Call, Loop, Name, Node, Steps, Unary, postorder
from wrt.language.unparse import unparse

NAMES_FROM = "the chain rule, one Jacobian a variable"


def _leaf(node: Node) -> bool:
    """What needs no name: a variable, a transposed one, a number of them."""
    while isinstance(node, Unary):
        node = node.argument
    return not node.children


def cuts(node: Node) -> tuple[Node, ...]:
    """The children that get a name: the arguments of what is not linear."""
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Binary) and node.op == "**" and isinstance(node.left, Call) and node.left.function == "norm":
        return ()
    if isinstance(node, Binary) and node.op in ("*", "/", "**"):
        return node.children
    return ()


def _name(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    if e is None or isinstance(e, Name) or s.steps:
        return None
    bound = {n.name for n in postorder(e) if isinstance(n, Loop)}
    own = _own_names(s)
    names: dict[str, str] = {}
    values: dict[str, Node] = {}
    done: dict[int, Node] = {}
    for n in postorder(e):
        below = []
        named = {id(c) for c in cuts(n)}
        for c in n.children:
            new = done[id(c)]
            free = {m.name for m in postorder(c) if isinstance(m, Name)} & bound
            text = unparse(new)
            plain = not _leaf(new) and not free and c.shape is not None and c.shape.kind != "tensor"
            if plain and s.varies(c) and (id(c) in named or text in own):
                if text not in names:
                    names[text] = own.get(text) or s.fresh_numbered("u")
                    values[names[text]] = new
                new = Name(names[text])
            below.append(new)
        done[id(n)] = with_children(n, tuple(below)) if below and any(a is not b for a, b in zip(below, n.children, strict=True)) else n
    last = s.fresh_numbered("u")
    return Steps((*values.items(), (last, done[id(e)])), d_of(Name(last)))


def _own_names(s: Scene) -> dict[str, str]:
    """The names that the formula as typed has for its parts, by what they stand for: {"s*t": "x1"} of x1 = s*t; x1**2."""
    tree = s.setting.source.tree
    if not isinstance(tree, Steps):
        return {}
    return {unparse(value): name for name, value in tree.steps if name not in s.taken}


def _jacobian(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    if not isinstance(e, Name) or e.name not in s.steps:
        return None
    own = s.steps[e.name]
    used = {n.name: n for n in postorder(own) if isinstance(n, Name) and (n.name == s.setting.variable or n.name in s.moving)}
    if not used:
        return None
    return local_operator(own, dict(used), lambda u: Name(s.setting.tangent) if isinstance(u, Name) and u.name == s.setting.variable else d_of(u), s)


def _substitute(node: Node, s: Scene) -> Node | None:
    """The last named variable written out."""
    if not isinstance(node, Steps):
        return None
    *rest, (name, value) = node.steps
    result = replace_steps(node.result, {name: value})
    return Steps(tuple(rest), result) if rest else result


def replace_steps(tree: Node, values: dict[str, Node]) -> Node:
    """The tree with named steps written out."""
    return exchanged(tree, lambda n: values.get(n.name) if isinstance(n, Name) else None)


def written_out(tree: Node) -> Node:
    """A formula without named steps."""
    if not isinstance(tree, Steps):
        return tree
    values: dict[str, Node] = {}
    for name, value in tree.steps:
        values[name] = replace_steps(value, values)
    return replace_steps(tree.result, values)


def _step(node: Node, s: Scene) -> Node | None:
    """d(u) with the named variable written out where it is differentiated."""
    e = inner(node)
    return d_of(s.steps[e.name]) if isinstance(e, Name) and e.name in s.steps else None


CALCULUS: tuple[Rule, ...] = (
    *(rule for rule in DIFFERENTIAL if rule.name in ("constant", "differential of the variable")),
    Rule("name the intermediate variables", _name, False, NAMES_FROM),
    Rule("local Jacobian", _jacobian, True, NAMES_FROM),
)
SUBSTITUTE = Rule("write the variable out", _substitute, False, NAMES_FROM)
STEP = Rule("the variable is what it names", _step, False, NAMES_FROM)
STARTED = ("constant", "differential of the variable")
RULES = (*CALCULUS, STEP, *(rule for rule in DIFFERENTIAL if rule.name not in STARTED), SUBSTITUTE, *MOVES)
