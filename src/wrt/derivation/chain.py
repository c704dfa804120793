"""The chain style: intermediate variables u1 = ..., u2 = ..., the local Jacobian of each, multiplied from the outside in.

One name an operation that is not linear, as in a table of automatic differentiation: u1 = X @ w, u2 = exp(u1), u3 = 1 + u2, u4 = log(u3).
"""

from __future__ import annotations

from collections.abc import Callable

from wrt.derivation.componentwise import product_factors, without
from wrt.derivation.differential import MOVES
from wrt.derivation.local import by_its_name, local_operator
from wrt.derivation.reading import Place, Scene
from wrt.derivation.rules import DIFFERENTIAL, LINEAR, Rule, d_of, inner
from wrt.derivation.terms import ONE, signed_addends, times, total
from wrt.language.parser import parse
from wrt.language.rewrite import exchanged, with_children
from wrt.language.surface import Binary, Call, Index, Loop, Name, Node, Steps, Unary, postorder
from wrt.language.unparse import unparse

COMPARED = ("<", "<=", ">", ">=", "==", "!=")
NAMES_FROM = "the chain rule, one Jacobian a variable"
SINGLE = "a single operation, nothing to name: its own Jacobian"


def _leaf(node: Node) -> bool:
    """What needs no name: a variable, a transposed one, an entry of one, a comparison."""
    while isinstance(node, Unary):
        node = node.argument
    if isinstance(node, Index):
        return _leaf(node.base)
    return not node.children or (isinstance(node, Binary) and node.op in COMPARED)


def cuts(node: Node, varies: Callable[[Node], bool]) -> tuple[Node, ...]:
    """The children that get a name: the arguments of what is not linear, and what is not linear in a sum, a product with constants, an entry."""
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Binary) and node.op == "**":
        return () if isinstance(node.left, Call) and node.left.function == "norm" else node.children
    if isinstance(node, Binary) and node.op in ("*", "/") and nonlinear(node, varies):
        return node.children
    return () if isinstance(node, Unary) else tuple(c for c in node.children if nonlinear(c, varies))


def nonlinear(node: Node, varies: Callable[[Node], bool]) -> bool:
    """Whether an operation is not linear in what varies below it: a function, a power, a product or quotient by what varies."""
    while isinstance(node, Unary):
        node = node.argument
    match node:
        case Call():
            return node.function not in LINEAR and any(varies(a) for a in node.arguments)
        case Binary(op="**"):
            return varies(node)
        case Binary(op="*" | "@"):
            return varies(node.left) and varies(node.right)
        case Binary(op="/"):
            return varies(node.right)
    return False


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
        named = {id(c) for c in cuts(n, s.varies)}
        for c in n.children:
            new = done[id(c)]
            free = {m.name for m in postorder(c) if isinstance(m, Name)} & bound
            text = unparse(new)
            plain = not _leaf(new) and not free and c.shape is not None and c.shape.kind != "tensor"
            if plain and s.varies(c) and (text in own if own else id(c) in named):
                if text not in names:
                    names[text] = own.get(text) or s.fresh_numbered("u")
                    values[names[text]] = new
                new = Name(names[text])
            below.append(new)
        done[id(n)] = with_children(n, tuple(below)) if below and any(a is not b for a, b in zip(below, n.children, strict=True)) else n
    if not values:
        return None
    told = list(own.values())
    ordered = sorted(values.items(), key=lambda step: told.index(step[0])) if own else values.items()
    last = s.fresh_numbered("u")
    return Steps((*ordered, (last, done[id(e)])), d_of(Name(last)))


def _own_names(s: Scene) -> dict[str, str]:
    """The names that the formula as typed has for its parts, by what they stand for: {"s*t": "x1"} of x1 = s*t; x1**2. Where there are any, no others are given."""
    tree = s.setting.source.tree
    if not isinstance(tree, Steps):
        return {}
    return {unparse(value): name for name, value in tree.steps if name not in s.taken}


def _jacobian(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    if not isinstance(e, Name) or e.name not in s.steps:
        return None
    made = _local(s.steps[e.name], s)
    return None if made is None else by_its_name(made, s.steps[e.name], e.name)


def _of_product(node: Node, s: Scene) -> Node | None:
    """The local Jacobian of a variable that names a product of two parts that both vary."""
    e = inner(node)
    own = s.steps.get(e.name) if isinstance(e, Name) else None
    product = isinstance(own, Binary) and own.op in "*@" and s.varies(own.left) and s.varies(own.right)
    return _jacobian(node, s) if product else None


def _single(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    if e is None or node is not s.tree or isinstance(e, Name):
        return None
    if isinstance(e, Binary) and e.op in ("*", "@", "**") and s.varies(e.left) and s.varies(e.right):
        return None  # what varies in two places has a rule of its own
    return _local(e, s)


def _local(own: Node, s: Scene) -> Node | None:
    used = {n.name: n for n in postorder(own) if isinstance(n, Name) and (n.name == s.setting.variable or n.name in s.moving)}
    if not used:
        return None
    return local_operator(own, dict(used), lambda u: Name(s.setting.tangent) if isinstance(u, Name) and u.name == s.setting.variable else d_of(u), s)


def in_turn(tree: Steps, waiting: list[tuple[Place, Node]]) -> list[tuple[Place, Node]]:
    """What is differentiated next: every d(u) of the leftmost u that no other variable still to be differentiated is made from."""
    below: dict[str, set[str]] = {}
    for name, value in tree.steps:
        used = {n.name for n in postorder(value) if isinstance(n, Name) and n.name in below}
        below[name] = used.union(*(below[n] for n in used))
    names = [e.name if isinstance(e := node.children[0], Name) else "" for _, node in waiting]
    ready = [n for n in names if not any(n in below.get(other, ()) for other in names if other != n)]
    first = next(iter(ready), names[0])
    return [spot for spot, name in zip(waiting, names, strict=True) if name == first]


def _collect(node: Node, s: Scene) -> Node | None:
    """a*d(u) + b*d(u) is (a + b)*d(u), of numbers."""
    if not (isinstance(node, Binary) and node.op in "+-" and node.shape is not None and not node.shape.order and s.steps):
        return None
    found: dict[str, list[Node]] = {}
    rest: list[Node] = []
    for term in signed_addends(node):
        factors = [(place, f) for place, f in product_factors(term) if isinstance(e := inner(f), Name) and e.shape is not None and not e.shape.order]
        if len(factors) == 1:
            found.setdefault(unparse(factors[0][1]), []).append(without(term, factors[0][0]))
        else:
            rest.append(term)
    if not any(len(terms) > 1 for terms in found.values()):
        return None
    made = [_times(total(terms), parse(words)) if len(terms) > 1 else times(*terms, parse(words)) for words, terms in found.items()]
    return total([*made, *rest])


def _times(number: Node | None, differential: Node) -> Node:
    return Binary("*", number if number is not None else ONE, differential)


def _substitute(node: Node, s: Scene) -> Node | None:
    """The last named variable that is used written out; those behind it are not needed any more."""
    if not isinstance(node, Steps):
        return None
    steps, result = list(node.steps), node.result
    used = {n.name for n in postorder(result) if isinstance(n, Name)}
    while steps and steps[-1][0] not in used:
        steps.pop()
    if steps:
        name, value = steps.pop()
        result = replace_steps(result, {name: value})
    return Steps(tuple(steps), result) if steps else result


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
    Rule("local Jacobian by the product rule", _of_product, True, NAMES_FROM),
    Rule("local Jacobian", _jacobian, True, NAMES_FROM),
    Rule(SINGLE, _single, True, NAMES_FROM),
)
COLLECT = Rule("collect the terms", _collect, False, NAMES_FROM)
SUBSTITUTE = Rule("write the variable out", _substitute, False, NAMES_FROM)
STEP = Rule("the variable is what it names", _step, False, NAMES_FROM)
STARTED = ("constant", "differential of the variable")
RULES = (*CALCULUS, STEP, *(rule for rule in DIFFERENTIAL if rule.name not in STARTED), COLLECT, SUBSTITUTE, *MOVES)
