"""Derivatives of index-form expressions: reverse and forward mode at symbolic time, one rule a node kind.

    d Product / d operand m   =  the product without operand m, its labels appended to the output
    d Sum                     =  the sum of the derivatives
    d f(A)                    =  f'(A) entry by entry
    d Operator                =  its row's differential with dX cut

The derivative of f [*F] by x [*X] has the axes [*F, *X]. Cotangents are shared nodes, so the cost follows distinct nodes, not paths.
Source: Laue, Mitterreiter & Giesen 2020, A simple and efficient tensor calculus (the rule for products, with repeated output labels).
"""

from __future__ import annotations

from fractions import Fraction

from wrt.algebra.closing import with_polar
from wrt.algebra.expr import ONE, Expr, Labels, Map, Operator, Product, Reshape, Sizes, Sum, Symbol, is_zero, postorder, zero
from wrt.algebra.gather import gathered
from wrt.algebra.product import Operand, product
from wrt.algebra.reshape import group, split
from wrt.algebra.sums import add
from wrt.calculus.local import elementwise_derivative, operator_derivative

Term = tuple[Fraction, Expr]
ALONG = frozenset(("expm", "logm", "sqrtm", "frechet"))  # read best along the direction of a scalar: A @ expm(t*A)
SPECTRAL = frozenset(("eigvalsh", "svdvals"))  # opened, so that V f(l) V.T closes before it is derived again
POLAR = frozenset(("polar_array", "lyapunov"))  # whose derivatives are sums of large arrays: what they meet is contracted with each addend


def derivative(f: Expr, x: Symbol) -> Expr:
    """d f / d x, axes of f then of x, by the mode that keeps intermediate arrays small."""
    f = with_polar(f)
    dependent = depends(f, x)
    if id(f) not in dependent:
        return zero(f.shape + x.shape)
    if f.order > x.order:
        return forward(f, x, dependent)
    if x.order == 0 and any(isinstance(node, Operator) and node.function in ALONG and id(node) in dependent for node in postorder(f)):
        return forward(f, x, dependent)
    return reverse(f, x, dependent)


def depends(f: Expr, x: Symbol) -> set[int]:
    """The ids of the nodes below f that contain x."""
    found: set[int] = set()
    for node in postorder(f):
        if node is x or any(id(child) in found for child in node.children):
            found.add(id(node))
    return found


# ---------------------------------------------------------------------------------------------------- reverse
def reverse(f: Expr, x: Symbol, dependent: set[int], seed: Expr | None = None) -> Expr:
    """Cotangents from f down to x: bar[n] = d f / d n, axes of f then of n, one shared sum a node.

    seed: a cotangent of f, its first axes free, the last those of f (default: the identity, which gives the derivative itself).
    """
    if seed is None:
        own = tuple(range(f.order))
        seed = product(1, [], own + own, f.shape)
    lead_shape = seed.shape[: seed.order - f.order]
    lead = tuple(range(len(lead_shape)))
    bars: dict[int, list[Term]] = {id(f): [(ONE, seed)]}
    for node in reversed([n for n in postorder(f) if id(n) in dependent]):
        terms = bars.pop(id(node), None)
        if terms is None:
            continue
        bar = gathered(terms, lead_shape + node.shape) if lead else add(terms, node.shape)
        if node is x:
            return bar
        if is_zero(bar):
            continue
        for child, term in _pull(node, bar, lead, dependent):
            bars.setdefault(id(child), []).append((ONE, term))
    return zero(lead_shape + x.shape)


def _pull(node: Expr, bar: Expr, lead: Labels, dependent: set[int]) -> list[tuple[Expr, Expr]]:
    """(child, contribution to its cotangent) for every dependent child of a node."""
    k = len(lead)
    own = tuple(range(k, k + node.order))
    out: list[tuple[Expr, Expr]] = []
    match node:
        case Sum():
            out = [(t, _times_number(c, bar)) for c, t in node.terms if id(t) in dependent]
        case Product():
            moved = [tuple([a + k for a in labels]) for _, labels in node.operands]
            sizes = (*bar.shape[:k], *node.sizes)
            for m, (e, _) in enumerate(node.operands):
                if id(e) in dependent:
                    rest: list[Operand] = [(other, moved[n]) for n, (other, _) in enumerate(node.operands) if n != m]
                    seed = (bar, (*lead, *[a + k for a in node.output]))
                    out.append((e, distributed(node.coefficient, [seed, *rest], (*lead, *moved[m]), sizes)))
        case Map():
            for a, slope in _slopes(node, dependent):
                out.append((a, distributed(ONE, [(bar, (*lead, *own)), (slope, own)], (*lead, *own), bar.shape)))
        case Operator():
            for j, a in enumerate(node.arguments):
                array = operator_derivative(node, j) if id(a) in dependent else None
                if array is not None:
                    inner = tuple(range(k + node.order, k + node.order + a.order))
                    operands = [(bar, (*lead, *own)), (array, (*own, *inner))]
                    out.append((a, _through(node, operands, (*lead, *inner), bar.shape + a.shape, flatten=node.function in SPECTRAL)))
        case Reshape():
            counts = (1,) * k + node.counts
            inner_shape = bar.shape[:k] + node.argument.shape
            out.append((node.argument, group(bar, counts) if node.split else split(bar, counts, inner_shape)))
        case _:
            raise AssertionError(type(node))
    return out


def _slopes(node: Map, moving: set[int]) -> list[tuple[Expr, Expr]]:
    """(argument, derivative by it entry by entry) for every argument that varies, unless it is zero."""
    found = []
    for j, a in enumerate(node.arguments):
        if id(a) in moving:
            alone = all(id(other) not in moving for n, other in enumerate(node.arguments) if n != j)
            slope = elementwise_derivative(node, j, alone=alone)
            if slope is not None:
                found.append((a, slope))
    return found


def _times_number(c: Fraction, e: Expr) -> Expr:
    axes = tuple(range(e.order))
    return e if c == 1 else product(c, [(e, axes)], axes, e.shape, flatten=False)


# ---------------------------------------------------------------------------------------------------- forward
def forward(f: Expr, x: Symbol, dependent: set[int], seed: Expr | None = None) -> Expr:
    """Tangents from x up to f: dot[n] = d n / d x, axes of n then of x.

    seed: a tangent of x, its first axes those of x, the last free (default: the identity, which gives the derivative itself).
    """
    if seed is None:
        own = tuple(range(x.order))
        seed = product(1, [], own + own, x.shape)
    extra = seed.shape[x.order :]
    dots: dict[int, Expr] = {}
    for node in postorder(f):
        if id(node) in dependent:
            dots[id(node)] = seed if node is x else _push(node, dots, extra)
    return dots[id(f)]


def _push(node: Expr, dots: dict[int, Expr], extra: Sizes) -> Expr:
    k, own = len(extra), tuple(range(node.order))
    shape = node.shape + extra
    last = tuple(range(node.order, node.order + k))
    terms: list[Term] = []
    match node:
        case Sum():
            terms = [(c, dots[id(t)]) for c, t in node.terms if id(t) in dots]
        case Product():
            count = len(node.sizes)
            free = tuple(range(count, count + k))
            for m, (e, labels) in enumerate(node.operands):
                if id(e) in dots:
                    rest: list[Operand] = [o for n, o in enumerate(node.operands) if n != m]
                    terms.append(
                        (ONE, distributed(node.coefficient, [(dots[id(e)], (*labels, *free)), *rest], (*node.output, *free), (*node.sizes, *extra)))
                    )
        case Map():
            for a, slope in _slopes(node, set(dots)):
                terms.append((ONE, distributed(ONE, [(slope, own), (dots[id(a)], (*own, *last))], (*own, *last), shape)))
        case Operator():
            for j, a in enumerate(node.arguments):
                array = operator_derivative(node, j) if id(a) in dots else None
                if array is not None:
                    inner = tuple(range(node.order, node.order + a.order))
                    free = tuple(range(node.order + a.order, node.order + a.order + k))
                    operands: list[Operand] = [(array, (*own, *inner)), (dots[id(a)], (*inner, *free))]
                    terms.append((ONE, _through(node, operands, (*own, *free), (*node.shape, *a.shape, *extra))))
        case Reshape():
            inner_dot = dots[id(node.argument)]
            counts = node.counts + (1,) * k
            return split(inner_dot, counts, shape) if node.split else group(inner_dot, counts)
        case _:
            raise AssertionError(type(node))
    return add(terms, shape)


# ---------------------------------------------------------------------------------------------------- products with sums
def distributed(coefficient: Fraction, operands: list[Operand], output: Labels, sizes: Sizes, *, flatten: bool = False) -> Expr:
    """A product, spread over those of its sums that hold a structured addend: deltas dissolve only inside one product."""
    for m, (e, labels) in enumerate(operands):
        if isinstance(e, Sum) and any(has_delta(t) for _, t in e.terms):
            rest = [o for n, o in enumerate(operands) if n != m]
            terms = [(c, distributed(coefficient, [(t, labels), *rest], output, sizes, flatten=flatten)) for c, t in e.terms]
            return add(terms, tuple([sizes[a] for a in output]))
    return product(coefficient, operands, output, sizes, flatten=flatten)


def _through(node: Operator, operands: list[Operand], output: Labels, sizes: Sizes, *, flatten: bool = False) -> Expr:
    """A cotangent or tangent against the array of an operator's derivative, one of the two operands."""
    if node.function not in POLAR:
        return distributed(ONE, operands, output, sizes, flatten=flatten)
    shape = tuple([sizes[a] for a in output])
    at = next((m for m, (e, _) in enumerate(operands) if isinstance(e, Sum)), None)
    if at is None:
        return product(1, operands, output, sizes)
    array, labels = operands[at]
    rest = [o for m, o in enumerate(operands) if m != at]
    assert isinstance(array, Sum)
    return add([(c, _through(node, [(t, labels), *rest], output, sizes)) for c, t in array.terms], shape)


def has_delta(e: Expr) -> bool:
    """Whether a product's output holds a label twice: part of it is a delta."""
    return isinstance(e, Product) and len(set(e.output)) < len(e.output)


# ---------------------------------------------------------------------------------------------------- operators
def jvp(f: Expr, x: Symbol, tangent: Expr) -> Expr:
    """Pushforward of a tangent through f: sum_X (df[*F] / dx[*X]) * tangent[*X].

    Shapes: f [*F], x and tangent [*X]; result [*F].
    Source: Griewank & Walther 2008, ch. 3.
    """
    dependent = depends(f, x)
    return forward(f, x, dependent, tangent) if id(f) in dependent else zero(f.shape)


def vjp(f: Expr, x: Symbol, cotangent: Expr) -> Expr:
    """Pullback of a cotangent through f: sum_F cotangent[*F] * (df[*F] / dx[*X]).

    Shapes: f and cotangent [*F], x [*X]; result [*X].
    """
    dependent = depends(f, x)
    return reverse(f, x, dependent, cotangent) if id(f) in dependent else zero(x.shape)


def hvp(f: Expr, x: Symbol, tangent: Expr) -> Expr:
    """The Hessian of a scalar f applied to a tangent: the gradient's pushforward, whose cost is a few times that of f.

    Shapes: f [], x and tangent [*X]; result [*X].
    """
    return jvp(derivative(f, x), x, tangent)
