"""Rules for elementwise functions and for factors at the same place of a product. Each says its identity and ends in fewer or simpler maps.

Those that need a sign ask `work.known`; those that need no fact hold everywhere. Listed in `rules.py`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.algebra.expr import ONE, Expr, Map, Operator, Product, Sum, Symbol, constant_value
from wrt.algebra.factors import Factor, factors, is_map, raised, replaced, without_labels
from wrt.algebra.maps import mapping, power
from wrt.algebra.operators import operator
from wrt.algebra.product import product, scale, times
from wrt.algebra.sums import add, constant
from wrt.tables.functions import FUNCTIONS

if TYPE_CHECKING:
    from wrt.algebra.simplify import Simplifier


# ---------------------------------------------------------------------------------------------------- one function
def of_known_sign(work: Simplifier, node: Map) -> Expr | None:
    """|x| = x, sign(x) = 1, relu(x) = x, maximum(a, b) = a, (a > b) = 1 or 0 where the sign is known."""
    x = node.arguments[0]
    r = work.known.range(x)
    match node.function:
        case "abs":
            return x if r.low >= 0 else scale(-1, x) if r.high <= 0 else None
        case "sign":
            return constant(1, x.shape) if r.positive else constant(-1, x.shape) if r.negative else None
        case "relu":
            return x if r.low >= 0 else constant(0, x.shape) if r.high <= 0 else None
        case "gt" | "ge" | "maximum" | "minimum" | "eq" | "ne":
            difference = work.known.range(add([(ONE, x), (-ONE, node.arguments[1])], x.shape))
            greater, less = difference.positive, difference.negative
            match node.function:
                case "gt" | "ge" | "ne":
                    surely = greater or (node.function == "ge" and difference.low >= 0) or (node.function == "ne" and less)
                    never = (less and node.function != "ne") or (node.function == "gt" and difference.high <= 0)
                    return constant(1, x.shape) if surely else constant(0, x.shape) if never else None
                case "eq":
                    return constant(0, x.shape) if greater or less else None
            first = greater or difference.low >= 0
            second = less or difference.high <= 0
            if not first and not second:
                return None
            return x if first == (node.function == "maximum") else node.arguments[1]
        case "where" if r.positive or r.negative:
            return node.arguments[1]
    return None


def log_of_power(work: Simplifier, node: Map) -> Expr | None:
    """log(x**k) = k*log(x) for x > 0; log(det(X)) = logdet(X) for det(X) > 0."""
    x = node.arguments[0]
    if node.function != "log" or not work.known.positive(x):
        return None
    if isinstance(x, Operator) and x.function == "det":
        return operator("logdet", x.arguments, ())
    if is_map(x, "pow") and work.known.positive(x.children[0]):
        return times(x.children[1], mapping("log", (x.children[0],)))
    return None


def power_of_power(work: Simplifier, node: Map) -> Expr | None:
    """(x**a)**b = x**(a*b) for x > 0; (x**2)**(k/2) = x**k for x >= 0."""
    if node.function != "pow" or not is_map(node.arguments[0], "pow"):
        return None
    base, exponent = node.arguments
    inner = base.children[1]
    if work.known.positive(base.children[0]):
        return power(base.children[0], times(inner, exponent))
    k, m = constant_value(exponent), constant_value(inner)
    if k is not None and m is not None and work.known.positive(base.children[0], strict=False):
        return power(base.children[0], constant(m * k, base.shape))
    return None


def power_of_fact(work: Simplifier, node: Map) -> Expr | None:
    """y**2 = 1 for labels, y**k = y for one-hot vectors."""
    if node.function != "pow" or not isinstance(node.arguments[0], Symbol):
        return None
    base, k = node.arguments[0], constant_value(node.arguments[1])
    if k is None or k.denominator != 1:
        return None
    if "labels_pm1" in work.known.of(base):
        return constant(1, base.shape) if k % 2 == 0 else base if k != 1 else None
    return base if "onehot" in work.known.of(base) and k > 0 else None


def split_positive_power(work: Simplifier, node: Map) -> Expr | None:
    """(a*b)**p = a**p * b**p where a is a power and all factors are positive: sqrt(x**2*y) = x*sqrt(y)."""
    if node.function != "pow" or not isinstance(node.arguments[0], Product):
        return None
    base, p = node.arguments[0], constant_value(node.arguments[1])
    if p is None or p.denominator == 1 or base.coefficient < 0 or any(labels not in ((), base.output) for _, labels in base.operands):
        return None
    if len(set(base.output)) < len(base.output):
        return None
    out = [f for f in factors(base) if (f.exponent * p).denominator == 1 and work.known.positive(f.base, strict=False) and f.exponent != 1]
    if not out or len(base.operands) == 1:
        return None
    away = {f.place for f in out}
    rest = product(base.coefficient, [o for k, o in enumerate(base.operands) if k not in away], base.output, base.sizes)
    return product(
        1, [*[(raised(f.base, f.exponent * p), f.labels) for f in out], (power(rest, constant(p, node.shape)), base.output)], base.output, base.sizes
    )


def odd_in_label(work: Simplifier, node: Map) -> Expr | None:
    """f(y*u) = y*f(u) for odd f and labels y of 1 and -1; f(y*u) = f(u) for even f."""
    row = FUNCTIONS.get(node.function)
    if row is None or not (row.odd or row.even) or len(node.arguments) != 1:
        return None
    found = without_labels(work, node.arguments[0])
    if found is None:
        return None
    labels, rest = found
    inner = mapping(node.function, (rest,), node.parameters)
    return product(1, [*labels, (inner, tuple(range(inner.order)))], tuple(range(node.order)), node.shape) if row.odd else inner


def comparison_scaled(work: Simplifier, node: Map) -> Expr | None:
    """(c*x > 0) = (x > 0) for a number or factor c > 0."""
    if node.function not in ("gt", "ge", "eq", "ne"):
        return None
    for k in (0, 1):
        x, other = node.arguments[k], node.arguments[1 - k]
        if constant_value(other) != 0 or not isinstance(x, Product) or constant_value(x) is not None:
            continue
        drop = [
            n
            for n, (f, labels) in enumerate(x.operands)
            if set(labels) <= set(x.output) and len(set(labels)) == len(labels) and work.known.positive(f)
        ]
        if len(drop) == len(x.operands):
            continue
        if not drop and abs(x.coefficient) == 1:
            continue
        sign = -1 if x.coefficient < 0 else 1
        rest = product(sign, [o for n, o in enumerate(x.operands) if n not in drop], x.output, x.sizes)
        return mapping(node.function, (rest, other) if k == 0 else (other, rest))
    return None


# ---------------------------------------------------------------------------------------------------- factors at one place
def sign_products(work: Simplifier, node: Product) -> Expr | None:
    """x*sign(x) = |x|, sign(x)/x = 1/|x|, sign(x)*|x|**k = x*|x|**(k - 1), x**(2*m)*|x|**k = |x|**(k + 2*m), x/|x| = sign(x), sign(x)**2 = 1 for x != 0."""
    powers = factors(node)
    for a in powers:
        if is_map(a.base, "sign") and a.exponent.denominator == 1 and a.exponent >= 2 and work.known.nonzero(a.base.children[0]):
            return replaced(node, (a.place,), [(raised(a.base, a.exponent % 2), a.labels)])
        if not is_map(a.base, "abs", "sign"):
            continue
        x = a.base.children[0]
        for f in powers:
            if f.labels != a.labels or f.place == a.place:
                continue
            if is_map(a.base, "sign"):
                if f.base is x and a.exponent == 1 and f.exponent.denominator == 1:
                    if f.exponent % 2:
                        return replaced(node, (a.place, f.place), [(raised(mapping("abs", (x,)), f.exponent), a.labels)])
                    if f.exponent > 0:
                        made = [(mapping("abs", (x,)), a.labels), (raised(x, f.exponent - 1), a.labels)]
                        return replaced(node, (a.place, f.place), made)
                continue
            whole = a.exponent.denominator == 1 or a.exponent > 1  # sign(x)/sqrt(abs(x)) stays
            if is_map(f.base, "sign") and f.base.children[0] is x and f.exponent == 1 and whole:
                return replaced(node, (a.place, f.place), [(x, a.labels), (raised(a.base, a.exponent - 1), a.labels)])
            if f.base is x and f.exponent.denominator == 1:
                if f.exponent % 2 == 0:
                    return replaced(node, (a.place, f.place), [(raised(a.base, a.exponent + f.exponent), a.labels)])
                if a.exponent == -1:
                    return replaced(node, (a.place, f.place), [(mapping("sign", (x,)), a.labels), (raised(x, f.exponent - 1), a.labels)])
    return None


def positive_part_products(work: Simplifier, node: Product) -> Expr | None:
    """relu(x)*(x > 0) = relu(x), maximum(0, x)*(x > 0) = maximum(0, x), where(x > 0, f, 0)*(x > 0) = where(x > 0, f, 0)."""
    for k, (e, labels) in enumerate(node.operands):
        if not (is_map(e, "gt", "ge") and isinstance(e, Map)):
            continue
        left, right = e.arguments
        for f in factors(node):
            if f.labels != labels or f.exponent <= 0:
                continue
            if is_map(f.base, "where") and f.base.children[0] is e and constant_value(f.base.children[2]) == 0:
                return replaced(node, (k,), [])
            if is_map(f.base, "relu") and f.base.children[0] is left and constant_value(right) == 0:
                return replaced(node, (k,), [])
            if is_map(f.base, "maximum", "minimum") and isinstance(f.base, Map) and 0 in [constant_value(a) for a in f.base.arguments]:
                pair = (left, right) if f.base.function == "maximum" else (right, left)
                if constant_value(pair[1]) == 0 and any(a is pair[0] for a in f.base.arguments):
                    return replaced(node, (k,), [])
    return None


def hyperbolic_quotient(work: Simplifier, node: Product) -> Expr | None:
    """sinh(u)/cosh(u) = tanh(u)."""
    powers = factors(node)
    for f in powers:
        if not is_map(f.base, "sinh") or f.exponent < 1:
            continue
        for g in powers:
            if is_map(g.base, "cosh") and g.base.children[0] is f.base.children[0] and g.labels == f.labels and g.exponent <= -1:
                k = min(f.exponent, -g.exponent)
                made = [(mapping("tanh", f.base.children), Fraction(k)), (f.base, f.exponent - k), (g.base, g.exponent + k)]
                return replaced(node, (f.place, g.place), [(raised(e, p), f.labels) for e, p in made])
    return None


def exponential_products(work: Simplifier, node: Product) -> Expr | None:
    """exp(a)*exp(b) = exp(a + b) where the sum is shorter than its parts."""
    exponentials: list[Factor] = [f for f in factors(node) if is_map(f.base, "exp") and f.exponent == 1]
    for k, f in enumerate(exponentials):
        for g in exponentials[k + 1 :]:
            if g.labels == f.labels:
                a, b = f.base.children[0], g.base.children[0]
                together = add([(ONE, a), (ONE, b)], a.shape)
                if _terms(together) < _terms(a) + _terms(b):
                    return replaced(node, (f.place, g.place), [(mapping("exp", (together,)), f.labels)])
    return None


def _terms(e: Expr) -> int:
    return len(e.terms) if isinstance(e, Sum) else 1


# ---------------------------------------------------------------------------------------------------- sums
def sine_square_plus_cosine_square(work: Simplifier, node: Sum) -> Expr | None:
    """c*sin(u)**2 + c*cos(u)**2 = c."""
    for k, (c, t) in enumerate(node.terms):
        if not (is_map(t, "pow") and is_map(t.children[0], "sin") and constant_value(t.children[1]) == 2):
            continue
        partner = raised(mapping("cos", t.children[0].children), Fraction(2))
        for m, (d, other) in enumerate(node.terms):
            if other is partner and c == d:
                rest = [p for n, p in enumerate(node.terms) if n not in (k, m)]
                return add([*rest, (c, constant(1, node.shape))], node.shape)
    return None
