"""The derivative of one node by one of its children: rows of the tables, instantiated, and the operators that only the index form has."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache

from wrt.algebra import polar
from wrt.algebra.expr import ONE, Expr, Map, Operator, constant_value, indicator, postorder, raw_operator, symbol
from wrt.algebra.maps import mapping, reciprocal
from wrt.algebra.operators import matrix_power, operator
from wrt.algebra.product import einsum, product, times, transpose
from wrt.algebra.rebuild import substitute
from wrt.algebra.rows import lift, scalar_pattern, signature
from wrt.algebra.sums import add, constant
from wrt.algebra.unknown import jacobian, scalar_slope
from wrt.errors import DomainError, NotDifferentiableError
from wrt.language.sizes import Size
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS

FLAT = {"onehot", "argmax", "argmin"}  # piecewise constant: zero derivative


def elementwise_derivative(node: Map, k: int, *, alone: bool = False) -> Expr | None:
    """d node / d argument k, entry by entry; None where it is zero. `alone`: no other argument varies."""
    shape = node.shape
    if node.function == "pow":
        x, e = node.arguments
        if k == 0:
            lower = add([(ONE, e), (-ONE, constant(1, shape))], shape)
            return _root_slope(node, e, lower) or times(e, mapping("pow", (x, lower)))
        base = constant_value(x)
        if base is not None and base <= 0:
            power = f"({base})**x" if base < 0 else f"{base}**x"
            raise DomainError(f"{power} has no derivative by x: {base} has no logarithm.")
        return times(node, mapping("log", (x,)))
    if node.function in ("gt", "ge", "eq", "ne"):
        return None
    if node.function == "polygamma":
        order = node.parameters[0]
        assert isinstance(order, Fraction)
        return mapping("polygamma", node.arguments, (order + 1,))
    unknown = scalar_slope(node, k)
    if unknown is not None:
        return unknown
    row = FUNCTIONS[node.function]
    text = row.alone[k] if alone and row.alone else row.d[k]
    if not text or text == "0":
        return None
    values = dict(zip(row.arguments, node.arguments, strict=True))
    values["y"] = node
    return lift(scalar_pattern(text, (*row.arguments, "y")), values, shape)


def _root_slope(node: Map, e: Expr, lower: Expr) -> Expr | None:
    """The slope of a root of a positive part, sqrt(relu(u)) or sqrt(maximum(u, 0)): where(u > 0, u**lower times e, 0), since it is flat where u < 0."""
    base, k = node.arguments[0], constant_value(e)
    if k is None or not 0 < k < 1 or not isinstance(base, Map) or base.function not in ("relu", "maximum"):
        return None
    u = next((a for a in base.arguments if constant_value(a) != 0), base)
    if u is base or (base.function == "maximum" and not any(constant_value(a) == 0 for a in base.arguments)):
        return None
    zero = constant(0, node.shape)
    return mapping("where", (mapping("gt", (u, zero)), times(e, mapping("pow", (u, lower))), zero))


def operator_derivative(node: Operator, k: int) -> Expr | None:
    """d node / d argument k as an array, axes of the node then of the argument; None where it is zero."""
    if node.function in FLAT:
        return None
    rule = _RULES.get(node.function)
    if rule is not None:
        found = rule(node, k)
        if found is not None:
            return found
    unknown = jacobian(node, k)
    if unknown is not None:
        return unknown
    row = OPERATORS.get(node.function)
    if row is None or not row.d:
        raise NotDifferentiableError(f"no derivative is known for {node.function}.")
    spelled, _ = signature(node.function)
    sizes: dict[str, Size] = {}
    values: dict[str, Expr] = {}
    for (argument, names), e in zip(spelled, node.arguments, strict=False):
        values[argument] = e
        sizes.update(zip(names, e.shape, strict=True))
    return substitute(_pattern(node.function, k), values, sizes)


@cache
def _pattern(name: str, k: int) -> Expr:
    """d row / d argument k over the row's own symbols: the differential with dX cut."""
    from wrt.algebra.lower import lower
    from wrt.calculus.derive import derivative
    from wrt.language.read import read

    arguments, _ = signature(name)
    shapes = {**dict(arguments), **{f"d{a}": sizes for a, sizes in arguments}}
    differential = lower(read(OPERATORS[name].d, shapes))
    moving, sizes = arguments[k]
    tangent = symbol(f"d{moving}", tuple(Size.of(s) for s in sizes))
    if not any(e is tangent for e in postorder(differential)):
        raise NotDifferentiableError(f"no derivative of {name} by its argument {moving} is known.")
    return derivative(differential, tangent)


def _powers(node: Operator, k: int) -> Expr:
    """d X**p = sum_s X**s dX X**(p - 1 - s), for a family of exponents p over label axes."""
    (x,) = node.arguments
    labels, exponent = node.parameters
    assert isinstance(labels, tuple) and isinstance(exponent, Size)
    sizes = node.shape[: len(labels)]
    top = exponent  # s < max over the family of p: exponents only grow with their labels here
    for c, size in zip(labels, sizes, strict=True):
        if c > 0:
            top = top + (size - 1) * c
    left = matrix_power(x, Size.of(0), (1,), (top,))
    right = matrix_power(x, exponent - 1, (*labels, -1), (*sizes, top))
    own = "efgh"[: len(labels)]
    return einsum(f"sia,{own}sbj->{own}ijab", left, right)


def _prod(node: Operator, k: int) -> Expr:
    """d prod(x) / d x_i = the product of the other entries: right where entries are zero, too.

    "prod_except"(x), parameters (axes reduced, places left out): zero where two places left out coincide.
    """
    (x,) = node.arguments
    count, left_out = node.parameters if node.function == "prod_except" else (*node.parameters, 0)
    assert isinstance(count, int) and isinstance(left_out, int)
    kept = x.order - count
    sizes = (*x.shape[:kept], *x.shape[kept:] * (left_out + 1))
    labels = tuple(range(len(sizes)))
    others = raw_operator("prod_except", (x,), sizes, (count, left_out + 1))
    cut = len(sizes) - count
    return product(1, [(others, labels)], (*labels[:cut], *labels[:kept], *labels[cut:]), sizes)


def _minors(node: Operator, k: int) -> Expr:
    """d adj(X) and further derivatives of det: minors with more rows and columns left out, right at singular X, too.

    "minors"(X)[i, j, k, l, ...] is the derivative of det(X) by X[i, j], X[k, l], ...; adj(X)[j, i] is the first of them.
    """
    (x,) = node.arguments
    array = raw_operator("minors", (x,), (*node.shape, *x.shape))
    return transpose(array, (1, 0, 2, 3)) if node.function == "adj" else array


def _each(node: Operator, k: int) -> Expr:
    """inv, det, logdet of one matrix for each leading index: the row's derivative at each, the leading axes shared (a repeated output label)."""
    (x,) = node.arguments
    lead = "efgh"[: x.order - 2]
    inverse = raw_operator("inv_each", (x,), x.shape)
    if node.function == "inv_each":
        return einsum(f"{lead}ik,{lead}lj->{lead}ij{lead}kl", inverse, inverse, coefficient=-1)
    if node.function == "logdet_each":
        return einsum(f"{lead}ji->{lead}{lead}ij", inverse)
    return einsum(f"{lead},{lead}ji->{lead}{lead}ij", node, inverse)


def _extreme(node: Operator, k: int) -> Expr:
    """d max(x) / d x: one at the place of the maximum, split evenly at a tie."""
    (x,) = node.arguments
    own = tuple(range(x.order))
    place = operator("argmax" if node.function == "max" else "argmin", (x,), x.shape, node.parameters)
    return product(1, [(place, own)], (*own[: node.order], *own), x.shape)


def _frechet(node: Operator, k: int) -> Expr:
    """A matrix function and its Frechet derivatives, linear and symmetric in each direction: one more open direction.

    "frechet_array"(A, E, ...) [i, j, k, l, ...] is the derivative at [i, j] along E, ... and along the unit matrices at [k, l], ...;
    the product rules close an open direction that meets a matrix (algebra/closing.py).
    """
    name = node.function if node.function in OPERATORS else str(node.parameters[0])
    rest = node.arguments if k == 0 else tuple(e for n, e in enumerate(node.arguments) if n != k)
    return raw_operator("frechet_array", rest, (*node.shape, *node.arguments[0].shape), (name,))


def _polar(node: Operator, k: int) -> Expr:
    """d polar(X) / d X and its further derivatives, which stand for themselves until all are taken (polar.py)."""
    if node.function != "polar":
        return polar.derivative_of_array(node)
    return polar.of_wide(node) if _wide(node.arguments[0]) else polar.polar_array(node.arguments[0])


def _wide(x: Expr) -> bool:
    m, n = x.shape
    return m.number is not None and n.number is not None and m.number < n.number


def _svd(node: Operator, k: int) -> Expr | None:
    """Singular values and vectors of a wide matrix (fewer rows than columns, in numbers): the row is for a tall one."""
    (x,) = node.arguments
    if not _wide(x):
        return None
    m, n = x.shape
    u, v = operator("svd_u", (x,), (m, m)), operator("svd_v", (x,), (n, m))
    s = operator("svdvals", (x,), (m,))
    if node.function == "svdvals":
        return einsum("ki,li->ikl", u, v)
    beyond = add([(ONE, einsum("->aa", a=n)), (-ONE, einsum("ai,bi->ab", v, v))], (n, n))  # what the right singular vectors leave out
    gaps = _gaps(s)
    # d U = U (F * (P S + S P.T)), d V = V (F * (S P + P.T S)) + (I - V V.T) dX.T U / S, with P = U.T dX V
    w = u if node.function == "svd_u" else v
    first, second = ("cj,dk,k", "ck,dj,j") if node.function == "svd_u" else ("cj,dk,j", "ck,dj,k")
    terms = [(ONE, einsum(f"aj,jk,{word}->akcd", w, gaps, u, v, s)) for word in (first, second)]
    if node.function == "svd_v":
        terms.append((ONE, einsum("ad,ck,k->akcd", beyond, u, reciprocal(s))))
    return add(terms, (*node.shape, m, n))


def _gaps(s: Expr) -> Expr:
    """1/(s_k**2 - s_j**2), zero on the diagonal."""
    (m,) = s.shape
    square, one, identity = mapping("pow", (s, constant(2, s.shape))), constant(1, (m, m)), einsum("->aa", a=m)
    gap = add([(ONE, einsum("b,ab->ab", square, one)), (-ONE, einsum("a,ab->ab", square, one)), (ONE, identity)], (m, m))
    return add([(ONE, reciprocal(gap)), (-ONE, identity)], (m, m))


def _nuclear(node: Operator, k: int) -> Expr:
    """d norm(X, "nuc") = svd_u(X) @ svd_v(X).T."""
    u, v = _vectors(node.arguments[0])
    return einsum("ai,bi->ab", u, v)


def _spectral(node: Operator, k: int) -> Expr:
    """d norm(X, "spec") = the outer product of the first singular vectors."""
    u, v = _vectors(node.arguments[0])
    first = indicator("==", (1,), Size.of(0), u.shape[1:])
    return einsum("ai,bi,i->ab", u, v, first)


def _vectors(x: Expr) -> tuple[Expr, Expr]:
    m, n = x.shape
    r = m if m.number is not None and n.number is not None and m.number < n.number else n
    return operator("svd_u", (x,), (m, r)), operator("svd_v", (x,), (n, r))


Rule = Callable[[Operator, int], Expr | None]
_RULES: dict[str, Rule] = {
    "powers": _powers,
    "adj": _minors,
    "minors": _minors,
    "prod": _prod,
    "prod_except": _prod,
    "inv_each": _each,
    "det_each": _each,
    "logdet_each": _each,
    "max": _extreme,
    "min": _extreme,
    "frechet": _frechet,
    "frechet_array": _frechet,
    "expm": _frechet,
    "logm": _frechet,
    "sqrtm": _frechet,
    "svdvals": _svd,
    "svd_u": _svd,
    "svd_v": _svd,
    "polar": _polar,
    "polar_array": _polar,
    "lyapunov": _polar,
    "norm_nuc": _nuclear,
    "norm_spec": _spectral,
}
