"""Derivatives of index-form expressions: reverse and forward mode at symbolic time, one rule a node kind.

    d Product / d operand m   =  the product without operand m, its labels appended to the output
    d Sum                     =  the sum of the derivatives
    d f(A)                    =  f'(A) entry by entry
    d Operator                =  its row's differential with dX cut

The derivative of f [*F] by x [*X] has the axes [*F, *X]. Cotangents are shared nodes, so the cost follows distinct nodes, not paths.
Source: Laue, Mitterreiter & Giesen 2020, A simple and efficient tensor calculus (the rule for products, with repeated output labels).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from wrt.algebra.expr import Expr, Map, Operator, Position, Product, Reshape, SizeValue, Sum, Symbol, Indicator, is_zero, postorder, zero
from wrt.algebra.product import product
from wrt.algebra.reshape import group, grouped_shape, split
from wrt.algebra.sums import add
from wrt.calculus.local import elementwise_derivative, operator_derivative

Term = tuple[Fraction, Expr]
ONE = Fraction(1)


def derivative(f: Expr, x: Symbol) -> Expr:
    """d f / d x, axes of f then of x, by the mode that keeps intermediate arrays small."""
    dependent = depends(f, x)
    if id(f) not in dependent:
        return zero(f.shape + x.shape)
    return forward(f, x, dependent) if f.order > x.order or _mostly_linear(f, x) else reverse(f, x, dependent)


def _mostly_linear(f: Expr, x: Symbol) -> bool:
    return False


def depends(f: Expr, x: Symbol) -> set[int]:
    """The ids of the nodes below f that contain x."""
    found: set[int] = set()
    for node in postorder(f):
        if node is x or any(id(child) in found for child in node.children):
            found.add(id(node))
    return found


def reverse(f: Expr, x: Symbol, dependent: set[int]) -> Expr:
    """Cotangents from f down to x: bar[n] = d f / d n, axes of f then of n, one shared sum a node."""
    k = f.order
    lead = tuple(range(k))
    bars: dict[int, list[Term]] = {id(f): [(ONE, product(1, [], lead + lead, f.shape))]}
    for node in reversed([n for n in postorder(f) if id(n) in dependent]):
        terms = bars.pop(id(node), None)
        if terms is None:
            continue
        bar = add(terms, f.shape + node.shape)
        if node is x:
            return bar
        if is_zero(bar):
            continue
        for child, term in _pull(node, bar, lead, f.shape, dependent):
            bars.setdefault(id(child), []).append((ONE, term))
    return zero(f.shape + x.shape)


def _pull(node: Expr, bar: Expr, lead: tuple[int, ...], lead_shape: tuple[object, ...], dependent: set[int]) -> list[tuple[Expr, Expr]]:
    """(child, contribution to its cotangent) for every dependent child of a node."""
    k = len(lead)
    out: list[tuple[Expr, Expr]] = []
    match node:
        case Sum():
            for c, t in node.terms:
                if id(t) in dependent:
                    out.append((t, _times_number(c, bar)))
        case Product():
            moved = [tuple([a + k for a in labels]) for _, labels in node.operands]
            sizes = (*bar.shape[:k], *node.sizes)
            for m, (e, _) in enumerate(node.operands):
                if id(e) in dependent:
                    rest = [(other, moved[n]) for n, (other, _) in enumerate(node.operands) if n != m]
                    seed = (bar, (*lead, *[a + k for a in node.output]))
                    out.append((e, distributed(node.coefficient, [seed, *rest], (*lead, *moved[m]), sizes)))
        case Map():
            own = tuple(range(k, k + node.order))
            for j, a in enumerate(node.arguments):
                if id(a) in dependent:
                    slope = elementwise_derivative(node, j)
                    if slope is not None:
                        out.append((a, distributed(ONE, [(bar, (*lead, *own)), (slope, own)], (*lead, *own), bar.shape)))
        case Operator():
            own = tuple(range(k, k + node.order))
            for j, a in enumerate(node.arguments):
                if id(a) in dependent:
                    array = operator_derivative(node, j)
                    if array is not None:
                        inner = tuple(range(k + node.order, k + node.order + a.order))
                        out.append((a, distributed(ONE, [(bar, (*lead, *own)), (array, (*own, *inner))], (*lead, *inner), bar.shape + a.shape)))
        case Reshape():
            counts = (1,) * k + node.counts
            inner_shape = bar.shape[:k] + node.argument.shape
            out.append((node.argument, group(bar, counts) if node.split else split(bar, counts, inner_shape)))
        case _:
            raise AssertionError(type(node))
    return out


def _times_number(c: Fraction, e: Expr) -> Expr:
    axes = tuple(range(e.order))
    return e if c == 1 else product(c, [(e, axes)], axes, e.shape, flatten=False)


def forward(f: Expr, x: Symbol, dependent: set[int]) -> Expr:
    """Tangents from x up to f: dot[n] = d n / d x, axes of n then of x."""
    k = x.order
    dots: dict[int, Expr] = {}
    for node in postorder(f):
        if id(node) in dependent:
            dots[id(node)] = product(1, [], tuple(range(k)) * 2, x.shape) if node is x else _push(node, dots, x)
    return dots[id(f)]


def _push(node: Expr, dots: dict[int, Expr], x: Symbol) -> Expr:
    k, own = x.order, tuple(range(node.order))
    shape = node.shape + x.shape
    match node:
        case Sum():
            return add([(c, dots[id(t)]) for c, t in node.terms if id(t) in dots], shape)
        case Product():
            count = len(node.sizes)
            extra = tuple(range(count, count + k))
            terms = []
            for m, (e, labels) in enumerate(node.operands):
                if id(e) in dots:
                    rest = [o for n, o in enumerate(node.operands) if n != m]
                    terms.append((ONE, distributed(node.coefficient, [(dots[id(e)], (*labels, *extra)), *rest], (*node.output, *extra), (*node.sizes, *x.shape))))
            return add(terms, shape)
        case Map():
            extra = tuple(range(node.order, node.order + k))
            terms = []
            for j, a in enumerate(node.arguments):
                slope = elementwise_derivative(node, j) if id(a) in dots else None
                if slope is not None:
                    terms.append((ONE, distributed(ONE, [(slope, own), (dots[id(a)], (*own, *extra))], (*own, *extra), shape)))
            return add(terms, shape)
        case Operator():
            terms = []
            for j, a in enumerate(node.arguments):
                array = operator_derivative(node, j) if id(a) in dots else None
                if array is not None:
                    inner = tuple(range(node.order, node.order + a.order))
                    extra = tuple(range(node.order + a.order, node.order + a.order + k))
                    terms.append((ONE, distributed(ONE, [(array, (*own, *inner)), (dots[id(a)], (*inner, *extra))], (*own, *extra), (*node.shape, *a.shape, *x.shape))))
            return add(terms, shape)
        case Reshape():
            inner = dots[id(node.argument)]
            counts = node.counts + (1,) * k
            return split(inner, counts, shape) if node.split else group(inner, counts)
    raise AssertionError(type(node))


def distributed(coefficient: Fraction, operands: list[tuple[Expr, tuple[int, ...]]], output: tuple[int, ...], sizes: tuple[object, ...]) -> Expr:
    """A product, spread over those of its sums that hold a structured addend: deltas dissolve only inside one product."""
    for m, (e, labels) in enumerate(operands):
        if isinstance(e, Sum) and any(has_delta(t) for _, t in e.terms):
            rest = [o for n, o in enumerate(operands) if n != m]
            terms = [(c, distributed(coefficient, [(t, labels), *rest], output, sizes)) for c, t in e.terms]
            return add(terms, tuple(sizes[a] for a in output))  # type: ignore[misc]  # sizes are Size
    return product(coefficient, operands, output, sizes, flatten=False)  # type: ignore[arg-type]  # sizes are Size


def has_delta(e: Expr) -> bool:
    """Whether a product's output holds a label twice or none of its operands does: part of it is a delta or a constant."""
    if not isinstance(e, Product):
        return False
    return len(set(e.output)) < len(e.output)


Rule = Callable[[Expr], Expr]
__all__ = ["Indicator", "Position", "SizeValue", "derivative", "forward", "grouped_shape", "reverse"]
