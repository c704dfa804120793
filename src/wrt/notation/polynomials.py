"""A Taylor polynomial as a textbook prints it: degree by degree, or a factor times such a sum, whichever has no sum of degrees within a term.

exp(a)*(1 + h + h**2/2)        not exp(a)*(1 + h*(2 + h)/2)
1/a - h/a**2 + h**2/a**3       not (a**2 - a*h + h**2)/a**3
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction

from wrt.algebra.expr import Expr
from wrt.language.rewrite import with_children
from wrt.language.surface import Binary, Call, Name, Node, Number, Unary, postorder
from wrt.language.unparse import unparse
from wrt.notation.context import Context
from wrt.notation.matrix import matrix_form
from wrt.notation.score import CALL, measure
from wrt.notation.series import by_degree

ONE = Number(Fraction(1), "1")


def polynomial_form(whole: Expr, parts: Sequence[Expr], kind: str, context: Context, displacements: Collection[str]) -> Node | None:
    """The matrix form of `whole`, the sum of `parts`, one a degree in the names `displacements`; None when it has none."""
    node = matrix_form(whole, kind, context)
    if node is None:
        return None
    node, names = by_degree(node, displacements), set(displacements)
    if not _mixed_within(node, names):
        return node
    nodes = [matrix_form(part, kind, context) for part in parts]
    if any(part is None for part in nodes):
        return node
    spelt = [by_degree(part, displacements) for part in nodes if part is not None]
    return _factored(spelt, scalar=kind == "scalar")


def last_displacements(tree: Node, displacements: Collection[str]) -> Node:
    """cos(a)*h for h*cos(a): powers of the scalar displacements named stand behind the other factors of a product."""
    names = set(displacements)
    done: dict[int, Node] = {}
    above = {id(node.left) for node in postorder(tree) if isinstance(node, Binary) and node.op == "*"}
    for node in postorder(tree):
        below = tuple(done[id(c)] for c in node.children)
        new = node if all(a is b for a, b in zip(node.children, below, strict=True)) else with_children(node, below)
        if isinstance(new, Binary) and new.op == "*" and id(node) not in above:
            new = _product(_factors(new), names)
        done[id(node)] = new
    return done[id(tree)]


def _factors(node: Node) -> list[Node]:
    """The factors of a * b * c, left to right."""
    out: list[Node] = []
    while isinstance(node, Binary) and node.op == "*":
        out.append(node.right)
        node = node.left
    return [node, *reversed(out)]


def _product(factors: list[Node], names: set[str]) -> Node:
    powers = [f for f in factors if _is_power(f, names)]
    ordered = [f for f in factors if not _is_power(f, names)] + powers
    out = ordered[0]
    for f in ordered[1:]:
        out = Binary("*", out, f)
    return out


def _is_power(node: Node, names: set[str]) -> bool:
    base = node.left if isinstance(node, Binary) and node.op == "**" else node
    return isinstance(base, Name) and base.name in names


# ---------------------------------------------------------------------------------------------------- sums of degrees
def _mixed_within(tree: Node, names: set[str]) -> bool:
    """Whether a sum of several degrees stands where it is no factor of the whole: within a term, a call, above a denominator that is no number."""
    least: dict[int, int] = {}
    most: dict[int, int] = {}
    mixed: set[int] = set()
    for node in postorder(tree):
        low, high = [least[id(c)] for c in node.children], [most[id(c)] for c in node.children]
        span: tuple[int, int]
        match node:
            case Name():
                span = (int(node.name in names), int(node.name in names))
            case Binary(op="+" | "-"):
                span = min(low), max(high)
                if span[0] < span[1]:
                    mixed.add(id(node))
            case Binary(op="**", right=Number(value=e)) if e.denominator == 1:
                span = low[0] * int(e), high[0] * int(e)
            case _:
                span = sum(low), sum(high)
        least[id(node)], most[id(node)] = span
    allowed, sums, stack = set[int](), 0, [tree]
    while stack:
        node = stack.pop()
        match node:
            case Unary(op="-"):
                stack.append(node.argument)
            case Binary(op="/", right=Number()):
                stack.append(node.left)
            case Binary(op="*" | "@"):
                stack += [node.left, node.right]
            case Binary(op="+" | "-"):
                spine = _spine(node)
                allowed |= spine
                sums += bool(spine & mixed)
    return sums > 1 or bool(mixed - allowed)


def _spine(node: Node) -> set[int]:
    """The ids of a sum and of its partial sums."""
    out = set()
    while isinstance(node, Binary) and node.op in "+-":
        out.add(id(node))
        node = node.left
    return out


# ---------------------------------------------------------------------------------------------------- a factor of all degrees
def _factored(parts: list[Node], *, scalar: bool) -> Node:
    """The sum of the parts; f(a)*(1 + ...) where the constant term is a call that every part has as a factor."""
    first = parts[0]
    if isinstance(first, Call) and measure(first) > CALL and len(parts) > 1:
        text = unparse(first)
        rests = [_without(part, text, scalar=scalar) for part in parts[1:]]
        if all(rest is not None for rest in rests):
            return Binary("*", first, _sum([ONE, *[rest for rest in rests if rest is not None]]))
    return _sum(parts)


def _without(node: Node, text: str, *, scalar: bool) -> Node | None:
    """A part without a factor that is spelt so; None where it has none. `scalar`: the factor is a scalar, and may stand before a matrix product."""
    if isinstance(node, Unary) and node.op == "-":
        rest = _without(node.argument, text, scalar=scalar)
        return None if rest is None else Unary("-", rest)
    path: list[Binary] = []  # the products above
    while isinstance(node, Binary) and (node.op in "*/" or (node.op == "@" and scalar)):
        if node.op == "*" and text in (unparse(node.left), unparse(node.right)):
            out = node.right if unparse(node.left) == text else node.left
            for above in reversed(path):
                out = Binary(above.op, out, above.right)
            return out
        path.append(node)
        node = node.left
    return None


def _sum(parts: list[Node]) -> Node:
    """a + b + c, a part's own terms and signs taken up."""
    out: Node | None = None
    for part in parts:
        for sign, term in _terms(part):
            first = Unary("-", term) if sign < 0 else term
            out = first if out is None else Binary("-" if sign < 0 else "+", out, term)
    assert out is not None, "a polynomial without terms; please report this as a bug"
    return out


def _terms(node: Node) -> list[tuple[int, Node]]:
    """(sign, term) of a sum, in order; -(a*b)*c counts as a negative term."""
    out: list[tuple[int, Node]] = []
    stack = [(1, node)]
    while stack:
        sign, part = stack.pop()
        match part:
            case Binary(op="+" | "-"):
                stack += [(sign if part.op == "+" else -sign, part.right), (sign, part.left)]
            case Unary(op="-"):
                stack.append((-sign, part.argument))
            case _:
                bare = _without_sign(part)
                out.append((sign, part) if bare is None else (-sign, bare))
    return out


def _without_sign(product: Node) -> Node | None:
    """a*b out of -a*b, whose sign belongs to the first factor; None where there is none."""
    above: list[Binary] = []
    node = product
    while isinstance(node, Binary) and node.op in "*@/":
        above.append(node)
        node = node.left
    if not isinstance(node, Unary) or node.op != "-":
        return None
    out = node.argument
    for part in reversed(above):
        out = Binary(part.op, out, part.right)
    return out
