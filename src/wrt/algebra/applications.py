"""Applications of declared functions from the surface tree to the index form: f(x), D(f, 2)(x), also inside of sums over indices."""

from __future__ import annotations

from wrt.algebra.expr import Expr, raw_operator
from wrt.algebra.low import Binder, Low, join, typed
from wrt.algebra.lower import Lowering
from wrt.algebra.maps import mapping
from wrt.language.functions_declared import index_name
from wrt.language.surface import Call, FunctionDeclaration, Shape


def application(work: Lowering, node: Call, found: tuple[FunctionDeclaration, tuple[int, ...], str], arguments: list[tuple[Low, Shape]]) -> Low:
    """f(x), D(f)(x), ... of lowered arguments."""
    d, orders, _ = found
    if d.elementwise:
        exprs, free = work.fit(arguments, typed(node))
        return Low(mapping(index_name(d.name, orders, elementwise=True), tuple(exprs)), free)
    free = tuple(dict.fromkeys(b for low, _ in arguments for b in low.free))
    wholes = [_over(free, low, d.arguments[k]) for k, (low, _) in enumerate(arguments)]
    sizes = (*[b.size for b in free], *typed(node).sizes)
    return Low(raw_operator(index_name(d.name, orders), tuple(wholes), sizes, (len(free),)), free)


def _over(free: tuple[Binder, ...], low: Low, shape: Shape) -> Expr:
    """An argument with one leading axis for every free index."""
    if low.free == free:
        return low.expr
    own = tuple(range(shape.order))
    return join([(low, own)], (*free, *own), dict(enumerate(low.expr.shape[len(low.free) :]))).expr
