"""Sums over a common denominator, where terms cancel there, and denominators within denominators.

y - exp(u)*(y + r)/(r + exp(u)) = r*(y - exp(u))/(r + exp(u))
x/(s**2*(1 + x**2/s**2)) = x/(s**2 + x**2)
"""

from __future__ import annotations

from fractions import Fraction

from wrt.algebra.expr import Expr, Labels, Map, Product, SizeValue, Sum, Symbol, constant_value, count_nodes, postorder
from wrt.algebra.known import Facts
from wrt.algebra.maps import power
from wrt.algebra.product import product
from wrt.algebra.rebuild import rewrite
from wrt.algebra.simplify import simplify
from wrt.algebra.sums import add, constant
from wrt.notation.expand import every_sum, expanded

ZERO = Fraction(0)
MOST = 6  # terms of a sum that is brought together
PASSES = 3  # what one denominator leaves above may have another below it
LARGE = 120  # nodes of an expression that is searched


def together(e: Expr, facts: Facts) -> Expr:
    """e with each sum brought over a denominator that is a sum, where what then stands above has no more terms than before."""
    if count_nodes(e) > LARGE:
        return e

    def visit(node: Expr) -> Expr:
        if isinstance(node, Product):
            return _unnested(node)
        return _joined(node, facts) if isinstance(node, Sum) and 2 <= len(node.terms) <= MOST else node

    for _ in range(PASSES):
        before, e = e, rewrite(e, visit)
        if e is before:
            break
    return e


def _unnested(node: Product) -> Expr:
    """b**-j * (a + c/b**i)**-k as b**(i*k - j) * (a*b**i + c)**-k, where b then leaves the sum and no more of it stands above than stood below."""
    for m, (f, labels) in enumerate(node.operands):
        k = _divisor(f)
        if k is None or k.denominator != 1 or not isinstance(f, Map) or not isinstance(f.arguments[0], Sum) or len(set(labels)) < len(labels):
            continue
        inside = f.arguments[0]
        for n, (g, below) in enumerate(node.operands):
            j = _divisor(g)
            if n == m or j is None or below not in ((), labels) or not isinstance(g, Map):
                continue
            base, axes = g.arguments[0], tuple(range(inside.order))
            if not isinstance(base, (Symbol, SizeValue)):  # the user's own quotients stay
                continue
            i = max((_held(t, base) for _, t in inside.terms), default=ZERO)
            if i <= 0 or i * k > 2 * j:
                continue
            raised = (power(base, constant(i, base.shape)), axes if below else ())
            total = add([(c, product(1, [(t, axes), raised], axes, inside.shape)) for c, t in inside.terms], inside.shape)
            if not isinstance(total, Sum) or any(_held(t, base) > 0 for _, t in total.terms):
                continue
            rest = [o for a, o in enumerate(node.operands) if a not in (m, n)]
            bottom = power(total, constant(-k, total.shape))
            left = power(base, constant(i * k - j, base.shape))
            return product(node.coefficient, [*rest, (bottom, labels), (left, below)], node.output, node.sizes)
    return node


def _divisor(f: Expr) -> Fraction | None:
    """k of a power -k, k positive."""
    k = constant_value(f.arguments[1]) if isinstance(f, Map) and f.function == "pow" else None
    return -k if k is not None and k < 0 else None


def _held(t: Expr, base: Expr) -> Fraction:
    """The power of 1/base that a term holds as a factor."""
    for f, _ in t.operands if isinstance(t, Product) else ((t, ()),):
        k = _divisor(f)
        if k is not None and isinstance(f, Map) and f.arguments[0] is base:
            return k
    return ZERO


def _joined(node: Sum, facts: Facts) -> Expr:
    for base, labels, count in _denominators(node):
        axes = tuple(range(node.order))
        place = axes if labels else ()
        raised = power(base, constant(count, base.shape))
        cleared = [(c, product(1, [(t, axes), (raised, place)], axes, node.shape)) for c, t in node.terms]
        top = add(cleared, node.shape)
        spread = expanded(top, every_sum) or top
        simple, conditions = simplify(spread, facts)
        if conditions or (len(simple.terms) if isinstance(simple, Sum) else 1) > len(node.terms) or any(_below(f, base) for f in postorder(simple)):
            continue
        simple, below = _cleared(simple)
        return product(1, [(simple, axes), *below, (power(base, constant(-count, base.shape)), place)], axes, node.shape, flatten=False)
    return node


def _cleared(top: Expr) -> tuple[Expr, list[tuple[Expr, Labels]]]:
    """A sum and the plain variables it divides by, taken below the line: 1 - y/p is p - y over p."""
    below: list[tuple[Expr, Labels]] = []
    axes = tuple(range(top.order))
    while isinstance(top, Sum):
        powers = [(f, labels) for _, t in top.terms for f, labels in _operands(t) if isinstance(f, Map)]
        held = [(f.arguments[0], labels, k) for f, labels in powers if (k := _divisor(f)) is not None]
        plain = [(b, place, k) for b, place, k in held if isinstance(b, (Symbol, SizeValue)) and place in ((), axes)]
        if not plain or len(plain) < len(held):
            break
        base, place, k = plain[0]
        raised = (power(base, constant(k, base.shape)), place)
        top = add([(c, product(1, [(t, axes), raised], axes, top.shape)) for c, t in top.terms], top.shape)
        below.append((power(base, constant(-k, base.shape)), place))
    return top, below


def _operands(t: Expr) -> tuple[tuple[Expr, Labels], ...]:
    """The factors of a term at its own axes, none when they are others."""
    if isinstance(t, Product):
        return t.operands if t.output == tuple(range(t.order)) else ()
    return ((t, tuple(range(t.order))),)


def _denominators(node: Sum) -> list[tuple[Expr, Labels, Fraction]]:
    """The sums that stand in a denominator of a term, at the term's axes or as scalars, each with its highest power."""
    found: dict[tuple[int, bool], tuple[Expr, Labels, Fraction]] = {}
    for _, t in node.terms:
        for f, labels in t.operands if isinstance(t, Product) else ((t, tuple(range(t.order))),):
            if not isinstance(f, Map) or f.function != "pow" or not isinstance(f.arguments[0], Sum):
                continue
            k = constant_value(f.arguments[1])
            whole = labels == (t.output if isinstance(t, Product) else tuple(range(t.order)))
            if k is None or k >= 0 or (labels and not whole):
                continue
            old = found.get((id(f.arguments[0]), bool(labels)))
            found[id(f.arguments[0]), bool(labels)] = (f.arguments[0], labels, max(-k, old[2] if old else -k))
    return list(found.values())


def _below(f: Expr, base: Expr) -> bool:
    """Whether a node still divides by the base."""
    return _divisor(f) is not None and isinstance(f, Map) and f.arguments[0] is base
