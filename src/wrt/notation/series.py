"""A polynomial in displacements as a textbook prints it: by degree, the constant term first, each term with its own coefficient.

exp(a)*(3*h**2 + h**3 + 6*h + 6)/6   ->   exp(a)*(1 + h + h**2/2 + h**3/6)
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from wrt.language.rewrite import in_front, with_children
from wrt.language.surface import Binary, Name, Node, Number, Unary, postorder
from wrt.language.trees import whole

Term = tuple[Fraction, Node]  # coefficient, rest (the number 1 for a bare number)


def by_degree(tree: Node, displacements: Collection[str]) -> Node:
    """The tree with the sums over `displacements` ordered by degree and common numeric factors put back into their terms."""
    names = set(displacements)
    done: dict[int, Node] = {}
    for node in postorder(tree):
        below = tuple(done[id(c)] for c in node.children)
        same = all(a is b for a, b in zip(node.children, below, strict=True))
        new = node if same else with_children(node, below)
        if _is_series(node, names):
            new = _ordered(new, list(displacements))
        done[id(node)] = new
    return _spread(done[id(tree)], names)


def degree(tree: Node, names: set[str]) -> int:
    """How often a product holds displacements; of a sum the least of its terms."""
    out: dict[int, int] = {}
    for node in postorder(tree):
        below = [out[id(c)] for c in node.children]
        match node:
            case Name():
                out[id(node)] = int(node.name in names)
            case Binary(op="+" | "-"):
                out[id(node)] = min(below)
            case Binary(op="**", right=Number(value=exponent)):
                out[id(node)] = below[0] * int(exponent) if exponent.denominator == 1 else below[0]
            case _:
                out[id(node)] = sum(below)
    return out[id(tree)]


def _terms(node: Node) -> list[Term]:
    """The terms of a sum, in order."""
    out: list[Term] = []
    stack: list[tuple[Fraction, Node]] = [(Fraction(1), node)]
    while stack:
        c, part = stack.pop()
        match part:
            case Binary(op="+"):
                stack += [(c, part.right), (c, part.left)]
            case Binary(op="-"):
                stack += [(-c, part.right), (c, part.left)]
            case Unary(op="-"):
                stack.append((-c, part.argument))
            case _:
                out.append(_coefficient(c, part))
    return out


def _coefficient(c: Fraction, node: Node) -> Term:
    """Numbers in front of and under a product collected."""
    spine: list[Binary] = []  # from the root down to the first factor
    while isinstance(node, Binary) and node.op in ("*", "@", "/"):
        if node.op == "/" and isinstance(node.right, Number):
            c /= node.right.value
        else:
            spine.append(node)
        node = node.left
    if isinstance(node, Number):
        c, node = c * node.value, whole(1)
    for step in reversed(spine):
        alone = isinstance(node, Number) and node.value == 1 and step.op == "*"
        node = step.right if alone else step if node is step.left else Binary(step.op, node, step.right)
    return c, node


def _ordered(node: Node, names: list[str]) -> Node:
    """By degree; h**2 before h*k before k**2 among those of one degree."""
    ranked = sorted(_terms(node), key=lambda t: (degree(t[1], set(names)), [-degree(t[1], {name}) for name in names]))
    return _sum(ranked)


def _sum(terms: list[Term]) -> Node:
    total: Node | None = None
    for c, rest in terms:
        word = _scaled(abs(c), rest)
        first = Unary("-", word) if c < 0 else word
        total = first if total is None else Binary("-" if c < 0 else "+", total, word)
    return total if total is not None else Number(Fraction(0), "0")


def _scaled(c: Fraction, rest: Node) -> Node:
    one = isinstance(rest, Number) and rest.value == 1
    top = whole(c.numerator)
    out = top if one else rest if c.numerator == 1 else in_front(top, rest)
    return out if c.denominator == 1 else Binary("/", out, whole(c.denominator))


def _spread(tree: Node, names: set[str]) -> Node:
    """A numeric factor of the whole put into the one sum that holds the constant term."""
    c, rest = _coefficient(Fraction(1), tree)
    if c == 1:
        return tree
    place, turn = rest, []
    while isinstance(place, Binary) and place.op in "*@":  # the sum is the last factor, or the first
        right = _is_series(place.right, names)
        turn.append((place, right))
        place = place.right if right else place.left
    if not _is_series(place, names):
        return tree
    new = _sum([(c * k, t) for k, t in _terms(place)])
    for node, right in reversed(turn):
        new = Binary(node.op, node.left, new) if right else Binary(node.op, new, node.right)
    return new


def _is_series(node: Node, names: set[str]) -> bool:
    return isinstance(node, Binary) and node.op in "+-" and any(isinstance(p, Name) and p.name in names for p in postorder(node))
