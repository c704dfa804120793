"""Elementwise functions of whole arguments, built by constructors that keep maps rigid.

An axis along which every argument is constant is taken outside (exp(x 1') = exp(x) 1'), so is a transpose (exp(A') = exp(A)'), so that
symmetry is decided by identity. Powers fold numbers, nest ((x**a)**2 = x**(2a)) and split over products of entries for whole exponents.
Only identities that hold wherever both sides are defined live here; what needs a condition is in `simplify.py`.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from wrt.algebra.expr import Expr, Indicator, Map, Product, Sizes, Sum, constant_value, raw_map, raw_product
from wrt.algebra.product import broadcast, part, product, scale, transpose, unscale
from wrt.algebra.sums import add, constant, content
from wrt.tables.functions import FUNCTIONS

HALF = Fraction(1, 2)
COMPARISONS = ("gt", "ge", "eq", "ne")
POWER_LIMIT = 4096  # bits of an exactly folded power; beyond it the power stays a map


def mapping(function: str, arguments: tuple[Expr, ...], parameters: tuple[object, ...] = ()) -> Expr:
    """function(arguments), entry by entry; all arguments have one shape.

    >>> from wrt.algebra.expr import number
    >>> mapping("exp", (number(0),)) is number(1)
    True
    """
    if function == "sqrt":
        return power(arguments[0], constant(HALF, arguments[0].shape))
    if function == "pow":
        return power(*arguments)
    shape = arguments[0].shape
    folded = _fold(function, arguments, parameters)
    if folded is not None:
        return constant(folded, shape)
    if len(arguments) == 1:
        row = FUNCTIONS.get(function)
        c, rest = _sign(arguments[0])
        if row is not None and c < 0 and (row.odd or row.even):
            flipped = mapping(function, (rest,), parameters)
            return scale(-1, flipped) if row.odd else flipped
        if function == "sign" and c != 1:
            return mapping(function, (scale(1 / abs(c), arguments[0]),))
        if function == "abs" and abs(c) != 1:
            return scale(abs(c), mapping(function, (scale(1 / abs(c), arguments[0]),)))
        if function in ("abs", "relu") and visibly_nonnegative(arguments[0]):
            return arguments[0]
        if function == "exp" and isinstance(arguments[0], Map) and arguments[0].function == "log":
            return arguments[0].children[0]
        if function == "log":
            through = _log(arguments[0])
            if through is not None:
                return through
    if function == "where":
        condition = constant_value(arguments[0])
        if condition is not None:
            return arguments[1] if condition != 0 else arguments[2]
        if arguments[1] is arguments[2]:
            return arguments[1]
    return _rigid(function, arguments, parameters)


def visibly_nonnegative(x: Expr) -> bool:
    """Whether no entry is ever negative, whatever is declared: x.T @ x, exp(x), abs(x)."""
    from wrt.algebra.known import Known  # knowledge is built on maps

    return isinstance(x, (Map, Product, Sum)) and Known({}).positive(x, strict=False)


def _log(x: Expr) -> Expr | None:
    """log(exp(u)) = u, log(exp(u) * v) = u + log(v): what the logarithm of exp(u) * v is real for is the same."""
    if isinstance(x, Map) and x.function == "exp":
        return x.children[0]
    if not isinstance(x, Product) or len(set(x.output)) < len(x.output):
        return None
    out = set(x.output)
    taken = [
        (e, labels)
        for e, labels in x.operands
        if isinstance(e, Map) and e.function == "exp" and len(set(labels)) == len(labels) and set(labels) <= out
    ]
    rest = [o for o in x.operands if o not in taken]
    if not taken or any(set(labels) - out for _, labels in rest):
        return None
    terms = [(Fraction(1), part(1, [(e.children[0], labels)], x.output, x.sizes)) for e, labels in taken]
    return add([*terms, (Fraction(1), mapping("log", (part(x.coefficient, rest, x.output, x.sizes),)))], x.shape)


def power(base: Expr, exponent: Expr) -> Expr:
    """base ** exponent, entry by entry; a constant exponent is the constant array of the base's shape."""
    shape = base.shape
    e, b = constant_value(exponent), constant_value(base)
    if e is not None:
        if e == 0:
            return constant(1, shape)
        if e == 1:
            return base
        if b is not None:
            folded = exact_power(b, e)
            if folded is not None:
                return constant(folded, shape)
        if isinstance(base, Map):
            through = _power_of_map(base, exponent, e)
            if through is not None:
                return through
        if isinstance(base, Indicator) and e > 0:
            return base
        if isinstance(base, Product):
            split = _power_of_product(base, e)
            if split is not None:
                return split
        if isinstance(base, Sum) and base.terms and e.denominator == 1:
            c, rest = content(base)
            if c != 1 and abs(c.numerator.bit_length() * e) < POWER_LIMIT and abs(c.denominator.bit_length() * e) < POWER_LIMIT:
                return scale(c**e.numerator, _rigid("pow", (rest, exponent), ()))
    elif b == 1:
        return base
    elif isinstance(base, Map) and base.function == "exp":
        return mapping("exp", (_entrywise(base.children[0], exponent),))
    return _rigid("pow", (base, exponent), ())


def reciprocal(e: Expr) -> Expr:
    """1 / e, entry by entry."""
    return power(e, constant(-1, e.shape))


def square_root(e: Expr) -> Expr:
    """sqrt(e), entry by entry."""
    return power(e, constant(HALF, e.shape))


def exact_power(base: Fraction, exponent: Fraction) -> Fraction | None:
    """base ** exponent when it is rational and not absurdly long, else None."""
    if base == 0:
        return Fraction(0) if exponent > 0 else None
    root, top = exponent.denominator, exponent.numerator
    if abs(top) * max(base.numerator.bit_length(), base.denominator.bit_length()) > POWER_LIMIT:
        return None
    if root == 1:
        return base**top
    if root == 2 and base > 0:
        n, d = isqrt(base.numerator), isqrt(base.denominator)
        if n * n == base.numerator and d * d == base.denominator:
            return Fraction(n, d) ** top
    return None


def _entrywise(a: Expr, b: Expr) -> Expr:
    axes = tuple(range(a.order))
    return product(1, [(a, axes), (b, axes)], axes, a.shape)


def _power_of_map(base: Map, exponent: Expr, e: Fraction) -> Expr | None:
    if base.function == "pow":
        inner = base.children[1]
        k = constant_value(inner)
        if e.denominator == 1:
            return power(base.children[0], scale(e, inner))
        if k is not None and k.denominator == 1 and k % 2 == 0 and (k * e).denominator == 1:
            return power(mapping("abs", (base.children[0],)), constant(k * e, base.shape))
        if k is not None and k.denominator % 2 == 0:  # a root: the base is not negative, so exponents multiply
            return power(base.children[0], constant(k * e, base.shape))
        return None
    if base.function == "exp":
        return mapping("exp", (scale(e, base.children[0]),))
    if base.function == "abs" and e.denominator == 1 and e % 2 == 0:
        return power(base.children[0], exponent)
    if base.function in COMPARISONS and e > 0:
        return base
    if base.function == "where" and e > 0 and all(constant_value(a) in (0, 1) for a in base.children[1:]):
        return base
    return None


def _power_of_product(base: Product, e: Fraction) -> Expr | None:
    """(c a b)**e = c**e a**e b**e for whole e, factors being whole entries; for other e only a positive c with a rational power."""
    entry = tuple(range(len(base.output)))
    whole = all(labels == base.output or not labels for _, labels in base.operands) and len(set(base.output)) == len(base.output)
    c = exact_power(base.coefficient, e) if e.denominator == 1 or base.coefficient > 0 else None
    if e.denominator == 1 and whole and (len(base.operands) > 1 or base.coefficient != 1) and c is not None:
        factors = [(power(f, constant(e, f.shape)), entry if labels else ()) for f, labels in base.operands]
        return product(c, factors, entry, base.shape)
    if base.coefficient != 1 and c is not None:
        rest = raw_product(Fraction(1), base.operands, base.output, base.sizes)
        _, rest_expr = unscale(rest)
        return scale(c, _rigid("pow", (_plain(rest_expr), constant(e, base.shape)), ()))
    return None


def _plain(e: Expr) -> Expr:
    if (
        isinstance(e, Product)
        and e.coefficient == 1
        and len(e.operands) == 1
        and e.operands[0][1] == e.output
        and len(set(e.output)) == len(e.output)
    ):
        return e.operands[0][0]
    return e


def _fold(function: str, arguments: tuple[Expr, ...], parameters: tuple[object, ...]) -> Fraction | None:
    values = [constant_value(a) for a in arguments]
    if function in COMPARISONS and len(arguments) == 2:
        a, b = values
        if arguments[0] is arguments[1]:
            return Fraction(function in ("ge", "eq"))
        if a is not None and b is not None:
            return Fraction({"gt": a > b, "ge": a >= b, "eq": a == b, "ne": a != b}[function])
        return None
    if any(v is None for v in values) or not values:
        return None
    known = [v for v in values if v is not None]
    if function in ("maximum", "minimum"):
        return max(known) if function == "maximum" else min(known)
    if function == "abs":
        return abs(known[0])
    if function == "sign":
        return Fraction((known[0] > 0) - (known[0] < 0))
    if function == "relu":
        return max(known[0], Fraction(0))
    if function == "log" and known[0] == 1:
        return Fraction(0)
    row = FUNCTIONS.get(function)
    if row is not None and row.at_zero and known == [0]:
        return Fraction(row.at_zero)
    return None


def _sign(e: Expr) -> tuple[Fraction, Expr]:
    if isinstance(e, Sum) and e.terms:
        c = Fraction(1 if e.terms[0][0] > 0 else -1)
        return c, scale(c, e)
    if isinstance(e, Product):
        return e.coefficient, scale(-1, e) if e.coefficient < 0 else e
    return Fraction(1), e


def constant_axes(e: Expr) -> frozenset[int] | None:
    """The axes along which `e` is visibly constant; None when it is along all of them because it is a number."""
    if isinstance(e, Product):
        if not e.operands and len(set(e.output)) == len(e.output):
            return None
        used = {a for _, labels in e.operands for a in labels}
        return frozenset(k for k, a in enumerate(e.output) if a not in used and e.output.count(a) == 1)
    if isinstance(e, Sum) and e.terms:
        common: frozenset[int] | None = None
        for _, t in e.terms:
            axes = constant_axes(t)
            if axes is not None:
                common = axes if common is None else common & axes
        return common
    return frozenset()


def drop_axes(e: Expr, axes: frozenset[int]) -> Expr:
    """`e` without axes along which it is constant."""
    shape = tuple(s for k, s in enumerate(e.shape) if k not in axes)
    if isinstance(e, Sum):
        return add([(c, drop_axes(t, axes)) for c, t in e.terms], shape)
    assert isinstance(e, Product)
    kept = [a for a in range(len(e.sizes)) if a not in {e.output[k] for k in axes}]
    new = {a: k for k, a in enumerate(kept)}
    operands = [(f, tuple(new[a] for a in labels)) for f, labels in e.operands]
    return product(e.coefficient, operands, tuple(new[a] for k, a in enumerate(e.output) if k not in axes), [e.sizes[a] for a in kept])


def _rigid(function: str, arguments: tuple[Expr, ...], parameters: tuple[object, ...]) -> Expr:
    shape = arguments[0].shape
    if not shape:
        return raw_map(function, arguments, parameters)
    common: frozenset[int] | None = None
    for a in arguments:
        axes = constant_axes(a)
        if axes is not None:
            common = axes if common is None else common & axes
    if common is None:  # only numbers: one number, spread
        common = frozenset(range(len(shape)))
    if common:
        kept = tuple(k for k in range(len(shape)) if k not in common)
        return broadcast(mapping(function, tuple(drop_axes(a, common) for a in arguments), parameters), kept, shape)
    if len(shape) == 2:
        turned = tuple(transpose(a) for a in arguments)
        if tuple(orientation(a) for a in turned) < tuple(orientation(a) for a in arguments):
            return transpose(mapping(function, turned, parameters))
    return raw_map(function, arguments, parameters)


def orientation(e: Expr) -> tuple[bool, bytes]:
    """What decides which of A and A' stands inside a function: a plain operand before a transposed one, and the same for every multiple of A,
    so that exp(A) and exp(-A) meet in one orientation.
    """
    rest = unscale(e)[1]
    if isinstance(rest, Sum) and rest.terms:
        rest = content(rest)[1]
    mere = isinstance(rest, Product) and len(rest.operands) == 1 and rest.operands[0][1] == rest.output[::-1] and len(set(rest.output)) == 2
    return mere, rest.digest


def comparison(relation: str, a: Expr, b: Expr) -> Expr:
    """1 where a `relation` b ("<", "<=", ">", ">=", "==", "!="), else 0, entry by entry."""
    match relation:
        case "<":
            return mapping("gt", (b, a))
        case "<=":
            return mapping("ge", (b, a))
        case ">":
            return mapping("gt", (a, b))
        case ">=":
            return mapping("ge", (a, b))
        case "==":
            return mapping("eq", (a, b) if a.digest <= b.digest else (b, a))
        case "!=":
            return mapping("ne", (a, b) if a.digest <= b.digest else (b, a))
    raise AssertionError(relation)


def shape_of(*arguments: Expr) -> Sizes:
    """The common shape of arguments, scalars apart."""
    return next((a.shape for a in arguments if a.shape), ())
