"""Rules for elementwise functions and for factors at the same place of a product. Each says its identity and ends in fewer or simpler maps.

A rule is a function (work, node) -> Expr | None. Those that need a sign ask `work.known`; those that need no fact hold everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.algebra.expr import ONE, Expr, Map, Operator, Product, Sum, Symbol, constant_value, fold
from wrt.algebra.factors import Factor, factors, raised, replaced
from wrt.algebra.indices import collected_entries, complementary_masks
from wrt.algebra.maps import mapping, power
from wrt.algebra.operators import operator
from wrt.algebra.product import Operand, product, scale, times
from wrt.algebra.rebuild import with_children
from wrt.algebra.sums import add, constant
from wrt.tables.functions import FUNCTIONS

if TYPE_CHECKING:
    from wrt.algebra.simplify import Simplifier

MapRule = Callable[["Simplifier", Map], Expr | None]
FactorRule = Callable[["Simplifier", Product], Expr | None]
SumRule = Callable[["Simplifier", Sum], Expr | None]


def is_map(e: Expr, *names: str) -> bool:
    return isinstance(e, Map) and e.function in names


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
    return product(1, [*[(raised(f.base, f.exponent * p), f.labels) for f in out], (power(rest, constant(p, node.shape)), base.output)], base.output, base.sizes)


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


def without_labels(work: Simplifier, e: Expr) -> tuple[list[Operand], Expr] | None:
    """(factors that are labels of 1 and -1, the rest) of an argument, None when it has none."""
    if not isinstance(e, Product) or len(set(e.output)) < len(e.output):
        return None
    signs = [(f, labels) for f, labels in e.operands if "labels_pm1" in work.known.of(f) and set(labels) <= set(e.output) and len(set(labels)) == len(labels)]
    if not signs:
        return None
    rest = [o for o in e.operands if o not in signs]
    place = {a: k for k, a in enumerate(e.output)}
    return [(f, tuple([place[a] for a in labels])) for f, labels in signs], product(e.coefficient, rest, e.output, e.sizes)


def comparison_scaled(work: Simplifier, node: Map) -> Expr | None:
    """(c*x > 0) = (x > 0) for a number or factor c > 0."""
    if node.function not in ("gt", "ge", "eq", "ne"):
        return None
    for k in (0, 1):
        x, other = node.arguments[k], node.arguments[1 - k]
        if constant_value(other) != 0 or not isinstance(x, Product) or constant_value(x) is not None:
            continue
        drop = [n for n, (f, labels) in enumerate(x.operands) if set(labels) <= set(x.output) and len(set(labels)) == len(labels) and work.known.positive(f)]
        if len(drop) == len(x.operands):
            continue
        if not drop and abs(x.coefficient) == 1:
            continue
        sign = -1 if x.coefficient < 0 else 1
        rest = product(sign, [o for n, o in enumerate(x.operands) if n not in drop], x.output, x.sizes)
        return mapping(node.function, (rest, other) if k == 0 else (other, rest))
    return None


MAP_RULES: tuple[MapRule, ...] = (
    of_known_sign,
    log_of_power,
    sigmoid_of_minus,
    power_of_power,
    power_of_fact,
    power_of_one_plus_exp,
    split_positive_power,
    odd_in_label,
    comparison_scaled,
)


# ---------------------------------------------------------------------------------------------------- factors at one place
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


def with_minus(e: Expr) -> Expr:
    """1 - sigmoid(u) as sigmoid(-u), wherever no sigmoid(u) stands beside it."""

    def turned(x: Expr) -> Expr:
        found = complemented(x)
        if found is None:
            return x
        sign, s = found
        return scale(sign, mapping("sigmoid", (scale(-1, s.children[0]),)))

    def visit(node: Expr, below: tuple[Expr, ...]) -> Expr:
        if isinstance(node, (Map, Operator)):
            below = tuple([turned(c) for c in below])
        node = with_children(node, below) if below else node
        if isinstance(node, Product):
            powers = factors(node)
            alone = [f for f in powers if (found := complemented(f.base)) is not None and not any(g.base is found[1] and g.labels == f.labels for g in powers)]
            if alone:
                return replaced(node, [f.place for f in alone], [(raised(turned(f.base), f.exponent), f.labels) for f in alone])
        return node

    return turned(fold(e, visit))


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
                made: list[Operand] = [(raised(new, s.exponent), s.labels), (raised(complement(new), s.exponent), s.labels), (constant(other[0] ** int(s.exponent), ()), ())]
                return replaced(node, (s.place, f.place), made)
    return None


def sign_products(work: Simplifier, node: Product) -> Expr | None:
    """sign(x)*|x|**k = x*|x|**(k - 1), x**(2*m)*|x|**k = |x|**(k + 2*m), x/|x| = sign(x), sign(x)**2 = 1 for x != 0."""
    powers = factors(node)
    for a in powers:
        if is_map(a.base, "sign") and a.exponent.denominator == 1 and a.exponent >= 2 and work.known.nonzero(a.base.children[0]):
            return replaced(node, (a.place,), [(raised(a.base, a.exponent % 2), a.labels)])
        if not is_map(a.base, "abs"):
            continue
        x = a.base.children[0]
        for f in powers:
            if f.labels != a.labels or f.place == a.place:
                continue
            if is_map(f.base, "sign") and f.base.children[0] is x and f.exponent == 1:
                return replaced(node, (a.place, f.place), [(x, a.labels), (raised(a.base, a.exponent - 1), a.labels)])
            if f.base is x and f.exponent.denominator == 1:
                if f.exponent % 2 == 0:
                    return replaced(node, (a.place, f.place), [(raised(a.base, a.exponent + f.exponent), a.labels)])
                if a.exponent == -1:
                    return replaced(node, (a.place, f.place), [(mapping("sign", (x,)), a.labels), (raised(x, f.exponent - 1), a.labels)])
    return None


def positive_part_products(work: Simplifier, node: Product) -> Expr | None:
    """relu(x)*(x > 0) = relu(x), and maximum(0, x)*(x > 0) = maximum(0, x)."""
    for k, (e, labels) in enumerate(node.operands):
        if not (is_map(e, "gt", "ge") and isinstance(e, Map)):
            continue
        left, right = e.arguments
        for f in factors(node):
            if f.labels != labels or f.exponent <= 0:
                continue
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


# Each rule with the kinds of factor (see factors.marks) that it starts from.
FACTOR_RULES: tuple[tuple[frozenset[str], FactorRule], ...] = (
    (frozenset(("sigmoid", "sigmoid sum")), sigmoid_products),
    (frozenset(("sign", "abs")), sign_products),
    (frozenset(("gt", "ge")), positive_part_products),
    (frozenset(("sinh",)), hyperbolic_quotient),
    (frozenset(("exp",)), exponential_products),
)
LATE_RULES = ((frozenset(("sigmoid",)), even_logistic),)  # after all others: they hide what those look for


# ---------------------------------------------------------------------------------------------------- sums
def logistic_variance(work: Simplifier, node: Sum) -> Expr | None:
    """c*s*P - c*s**2*P = c*s*(1 - s)*P for a sigmoid s."""
    for k, (c, t) in enumerate(node.terms):
        for base, without in _squares(t):
            for m, (d, other) in enumerate(node.terms):
                if m == k or c != -d or other is not without:
                    continue
                made = _withcomplement(other, base)
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


def _withcomplement(t: Expr, s: Expr) -> Expr | None:
    """t * (1 - s) at the one place where t holds s; None when it holds it at several."""
    if not isinstance(t, Product):
        return times(t, complement(s))
    places = [f.labels for f in factors(t) if f.base is s]
    return replaced(t, (), [(complement(s), places[0])]) if len(places) == 1 else None


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


SUM_RULES: tuple[SumRule, ...] = (logistic_variance, logistic_difference, sine_square_plus_cosine_square, complementary_masks, collected_entries)
