"""The logistic family: sigmoid, 1 + exp, their quotients and products. One sigmoid stands for sigmoid(u) and sigmoid(-u) = 1 - sigmoid(u).

Rules as in `elementwise.py`; `with_minus` turns 1 - sigmoid(u) back where it stands alone.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.algebra.expr import ONE, Expr, Map, Operator, Product, Sum, constant_value, fold, postorder
from wrt.algebra.factors import factors, is_map, raised, replaced, without_labels
from wrt.algebra.maps import mapping
from wrt.algebra.product import Operand, product, scale, times
from wrt.algebra.rebuild import with_children
from wrt.algebra.sums import add, constant

if TYPE_CHECKING:
    from wrt.algebra.simplify import Simplifier


def power_of_one_plus_exp(work: Simplifier, node: Map) -> Expr | None:
    """(1 + exp(u))**-k = sigmoid(-u)**k."""
    if node.function != "pow":
        return None
    k, u = constant_value(node.arguments[1]), one_plus_exp(node.arguments[0])
    if k is None or u is None or k.denominator != 1 or k > 0:
        return None
    return raised(mapping("sigmoid", (scale(-1, u),)), -k)


def sigmoid_of_minus(work: Simplifier, node: Map) -> Expr | None:
    """sigmoid(-u) = 1 - sigmoid(u), so that one sigmoid stands for both; turned back at the end where it is alone (`with_minus`)."""
    if node.function != "sigmoid":
        return None
    u = node.arguments[0]
    positive = work.oriented_argument(u)
    return None if positive is u else complement(mapping("sigmoid", (positive,)))


def sigmoid_products(work: Simplifier, node: Product) -> Expr | None:
    """With s = sigmoid(u): exp(-u)*s = 1 - s, exp(u)*(1 - s) = s, (1 + exp(-u))*s = 1, (1 + exp(u))*(1 - s) = 1."""
    powers = factors(node)
    for f in powers:
        found = logistic(f.base)
        if found is None or f.exponent < 1 or f.exponent.denominator != 1:
            continue
        sign, u, itself, other = found
        back: list[Operand] = [(constant(sign ** int(f.exponent), ()), ())]
        for g in powers:
            if g.place == f.place or g.labels != f.labels or g.exponent < 1:
                continue
            if is_map(g.base, "exp") and g.exponent == 1:
                k = next((k for k in range(1, int(f.exponent) + 1) if g.base.children[0] is scale(-k, u)), 0)
                if k:
                    made = [(raised(other, Fraction(k)), f.labels), (raised(itself, f.exponent - k), f.labels)]
                    return replaced(node, (f.place, g.place), [*made, *back])
            inner = one_plus_exp(g.base)
            if inner is not None and inner is scale(-1, u):
                least = min(f.exponent, g.exponent)
                made = [(raised(g.base, g.exponent - least), f.labels), (raised(itself, f.exponent - least), f.labels)]
                return replaced(node, (f.place, g.place), [*made, *back])
    return None


def logistic(e: Expr) -> tuple[int, Expr, Expr, Expr] | None:
    """(sign, u, sigmoid(u), sigmoid(-u)) when e is sign*sigmoid(u); sigmoids of -u are written 1 - sigmoid(u)."""
    if is_map(e, "sigmoid"):
        return 1, e.children[0], e, complement(e)
    found = complemented(e)
    if found is None:
        return None
    sign, s = found
    return sign, scale(-1, s.children[0]), complement(s), s


def complement(e: Expr) -> Expr:
    """1 - e."""
    return add([(ONE, constant(1, e.shape)), (-ONE, e)], e.shape)


def complemented(e: Expr) -> tuple[int, Expr] | None:
    """(sign, s) when e is sign*(1 - s) for a sigmoid s."""
    if not isinstance(e, Sum) or len(e.terms) != 2:
        return None
    (c, first), (d, second) = e.terms if is_map(e.terms[1][1], "sigmoid") else e.terms[::-1]
    if not is_map(second, "sigmoid") or constant_value(first) != 1 or abs(c) != 1 or d != -c:
        return None
    return int(c), second


def with_minus(e: Expr, *, everywhere: bool) -> Expr:
    """1 - sigmoid(u) as sigmoid(-u), where the expression has no sigmoid(u) itself: s*(1 - y) - y*(1 - s) is s - y.

    everywhere: wherever no factor sigmoid(u) stands beside it; a program rounds sigmoid(-u) better than the difference.
    """
    plain = set() if everywhere else _plain_sigmoids(e)

    def turned(x: Expr) -> Expr:
        found = complemented(x)
        if found is None or id(found[1]) in plain:
            return x
        sign, s = found
        return scale(sign, mapping("sigmoid", (scale(-1, s.children[0]),)))

    def visit(node: Expr, below: tuple[Expr, ...]) -> Expr:
        if isinstance(node, (Map, Operator)):
            below = tuple([turned(c) for c in below])
        node = with_children(node, below) if below else node
        if isinstance(node, Product):
            powers = factors(node)
            alone = [
                f
                for f in powers
                if turned(f.base) is not f.base
                and (found := complemented(f.base)) is not None
                and not any(g.base is found[1] and g.labels == f.labels for g in powers)
            ]
            if alone:
                return replaced(node, [f.place for f in alone], [(raised(turned(f.base), f.exponent), f.labels) for f in alone])
        return node

    return turned(fold(e, visit))


def _plain_sigmoids(e: Expr) -> set[int]:
    """The ids of the sigmoids that an expression holds otherwise than in 1 - sigmoid(u)."""
    out = {id(e)} if is_map(e, "sigmoid") else set()
    for node in postorder(e):
        if complemented(node) is None:
            out.update(id(c) for c in node.children if is_map(c, "sigmoid"))
    return out


def one_plus_exp(e: Expr) -> Expr | None:
    """u when e is 1 + exp(u)."""
    if not isinstance(e, Sum) or len(e.terms) != 2 or any(c != 1 for c, _ in e.terms):
        return None
    first, second = e.terms[0][1], e.terms[1][1]
    if constant_value(second) == 1:
        first, second = second, first
    if constant_value(first) != 1:
        return None
    if is_map(second, "exp"):
        return second.children[0]
    if isinstance(second, Product) and len(second.operands) == 1 and second.coefficient == 1 and is_map(second.operands[0][0], "exp"):
        inner, labels = second.operands[0]  # exp of something turned or spread
        if set(labels) <= set(second.output) and len(set(second.output)) == len(second.output):
            return product(1, [(inner.children[0], labels)], second.output, second.sizes)
    return None


def even_logistic(work: Simplifier, node: Product) -> Expr | None:
    """sigmoid(y*u)*(1 - sigmoid(y*u)) = sigmoid(u)*(1 - sigmoid(u)) for labels y of 1 and -1, and for a minus sign."""
    powers = factors(node)
    for s in powers:
        if not is_map(s.base, "sigmoid") or s.exponent.denominator != 1 or s.exponent < 1:
            continue
        u = s.base.children[0]
        found = without_labels(work, u)
        rest = work.oriented_argument(found[1] if found is not None else u)
        if rest is u:
            continue
        for f in powers:
            other = complemented(f.base)
            if other is not None and other[1] is s.base and f.labels == s.labels and f.exponent == s.exponent:
                new = mapping("sigmoid", (rest,))
                made: list[Operand] = [
                    (raised(new, s.exponent), s.labels),
                    (raised(complement(new), s.exponent), s.labels),
                    (constant(other[0] ** int(s.exponent), ()), ()),
                ]
                return replaced(node, (s.place, f.place), made)
    return None


def logistic_variance(work: Simplifier, node: Sum) -> Expr | None:
    """c*s*P - c*s**2*P = c*s*(1 - s)*P for a sigmoid s."""
    for k, (c, t) in enumerate(node.terms):
        for base, without in _squares(t):
            for m, (d, other) in enumerate(node.terms):
                if m == k or c != -d or other is not without:
                    continue
                made = _with_complement(other, base)
                if made is None:
                    continue
                rest = [p for n, p in enumerate(node.terms) if n not in (k, m)]
                return add([*rest, (d, made)], node.shape)
    return None


def logistic_difference(work: Simplifier, node: Sum) -> Expr | None:
    """c*P - c*P*(1 - s) = c*P*s for a sigmoid s."""
    for k, (c, t) in enumerate(node.terms):
        if not isinstance(t, Product):
            continue
        for f in factors(t):
            found = complemented(f.base)
            if found is None or f.exponent != 1:
                continue
            sign, s = found
            without = replaced(t, (f.place,), [])
            for m, (d, other) in enumerate(node.terms):
                if m != k and d == -c * sign and other is without:
                    rest = [p for n, p in enumerate(node.terms) if n not in (k, m)]
                    return add([*rest, (d, replaced(t, (f.place,), [(s, f.labels)]))], node.shape)
    return None


def _squares(t: Expr) -> list[tuple[Expr, Expr]]:
    """(sigmoid, t with one power of it less) for each sigmoid that a term holds at least twice."""
    if is_map(t, "pow") and is_map(t.children[0], "sigmoid"):
        k = constant_value(t.children[1])
        return [(t.children[0], raised(t.children[0], k - 1))] if k is not None and k >= 2 and k.denominator == 1 else []
    if not isinstance(t, Product):
        return []
    out: list[tuple[Expr, Expr]] = []
    for f in factors(t):
        if is_map(f.base, "sigmoid") and f.exponent >= 2 and f.exponent.denominator == 1:
            less = replaced(t, (f.place,), [(raised(f.base, f.exponent - 1), f.labels)])
            out.append((f.base, less))
    return out


def _with_complement(t: Expr, s: Expr) -> Expr | None:
    """t * (1 - s) at the one place where t holds s; None when it holds it at several."""
    if not isinstance(t, Product):
        return times(t, complement(s))
    places = [f.labels for f in factors(t) if f.base is s]
    return replaced(t, (), [(complement(s), places[0])]) if len(places) == 1 else None
