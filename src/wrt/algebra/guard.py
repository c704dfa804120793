"""Arguments made harmless where a mask excludes them: [i != j]/norm(X[i, :] - X[j, :]) divides by 1 at i == j instead of by 0.

For computing only: a product with a 0/1 mask is 0 where the mask is, but in floats 0*inf is not. The value is unchanged wherever there is one.
"""

from __future__ import annotations

from wrt.algebra.expr import Expr, Indicator, Labels, Map, Product, Sum, constant_value, postorder, raw_map
from wrt.algebra.indices import FRAGILE, is_unequal, regular
from wrt.algebra.maps import drop_axes, mapping
from wrt.algebra.product import Operand, broadcast, product
from wrt.algebra.rebuild import rewrite
from wrt.algebra.sums import add, constant

PAIRED = frozenset(("xlogy", "xlog1py"))  # a factor and the logarithm beside it
DEEP = 40  # levels below a masked factor that are looked at


def guarded(e: Expr) -> Expr:
    """The expression with every quotient, root and logarithm beside a mask guarded by it."""
    return rewrite(e, lambda node: _product(node) if isinstance(node, Product) else node)


def unmasked(node: Expr) -> bool:
    """Whether a node is not a quotient, root or logarithm beside a mask of indices, which a form without conditions would evaluate everywhere."""
    if not isinstance(node, Product) or all(regular(e) for e, _ in node.operands):
        return True
    return not any(isinstance(e, (Indicator, Sum)) and _is_mask(e) for e, _ in node.operands)


def masked(e: Expr, mask: Expr) -> Expr:
    """e with the arguments of its quotients, roots and logarithms replaced by 1 where a mask of the same shape is 0."""
    return _masked(e, mask, tuple(range(e.order)), DEEP)


def _fragile(e: Map) -> bool:
    """Whether the function has no value, or an infinite one, somewhere."""
    if e.function != "pow":
        return e.function in FRAGILE or e.function in PAIRED
    k = constant_value(e.arguments[1])
    return k is None or k < 0 or k.denominator != 1


def _is_mask(e: Expr) -> bool:
    if isinstance(e, Indicator):
        return e.relation == ">="
    if isinstance(e, Map):
        return e.function in ("gt", "ge", "eq", "ne") or _is_branch(e)
    return isinstance(e, Sum) and len(e.terms) == 2 and is_unequal(e)


def _is_branch(e: Expr) -> bool:
    """where(c, 1, 0) or where(c, 0, 1), the derivative of a `where` by a branch."""
    return isinstance(e, Map) and e.function == "where" and {constant_value(a) for a in e.arguments[1:]} == {0, 1}


def _product(node: Product) -> Expr:
    masks: list[Operand] = [(e, labels) for e, labels in node.operands if len(set(labels)) == len(labels) and _is_mask(e)]
    if not any(_is_branch(e) for e, _ in masks):
        masks = [(e, labels) for e, labels in masks if labels]
        if all(regular(e) for e, _ in node.operands):
            return node
    if not masks:
        return node
    pairs: list[Operand] = []
    for e, labels in node.operands:
        for mask, at in masks:
            if mask is not e and set(at) <= set(labels) and len(set(labels)) == len(labels):
                spread = broadcast(mask, tuple([labels.index(a) for a in at]), e.shape)
                e = _masked(e, spread, tuple([labels.index(a) for a in at]), DEEP)
        pairs.append((e, labels))
    return product(node.coefficient, pairs, node.output, node.sizes, flatten=False)


def _masked(e: Expr, mask: Expr, axes: Labels, depth: int) -> Expr:
    """e with the arguments of its fragile maps replaced by 1 where the mask (spread to the shape of e, varying along `axes`) is 0."""
    if depth == 0 or not any(isinstance(node, Map) and _fragile(node) for node in postorder(e)):
        return e
    match e:
        case Map():
            inner = [_masked(a, mask, axes, depth - 1) for a in e.arguments]
            at = 1 if e.function in PAIRED else 0
            if _fragile(e) and not _guards(inner[at], mask):
                inner[at] = mapping("where", (mask, inner[at], constant(1, e.shape)))
            if all(a is b for a, b in zip(inner, e.arguments, strict=True)):
                return e
            return (raw_map if e.function in PAIRED else mapping)(e.function, tuple(inner), e.parameters)
        case Sum():
            terms = [(c, _masked(t, mask, axes, depth - 1)) for c, t in e.terms]
            return e if all(t is u for (_, t), (_, u) in zip(terms, e.terms, strict=True)) else add(terms, e.shape)
        case Product() if len(set(e.output)) == len(e.output):
            ends = [e.output[a] for a in axes]
            pairs: list[Operand] = []
            for f, labels in e.operands:
                if set(ends) <= set(labels) and len(set(labels)) == len(labels):
                    places = tuple([labels.index(a) for a in ends])
                    f = _masked(f, _respread(mask, axes, places, f), places, depth - 1)
                pairs.append((f, labels))
            if all(f is g for (f, _), (g, _) in zip(pairs, e.operands, strict=True)):
                return e
            return product(e.coefficient, pairs, e.output, e.sizes, flatten=False)
    return e


def _guards(e: Expr, mask: Expr) -> bool:
    return isinstance(e, Map) and e.function == "where" and e.arguments[0] is mask


def _respread(mask: Expr, axes: Labels, places: Labels, target: Expr) -> Expr:
    """The mask, which varies along `axes` only, spread to another shape, where these axes stand at `places`."""
    constant_axes = frozenset(range(mask.order)) - frozenset(axes)
    small = drop_axes(mask, constant_axes) if constant_axes else mask
    order = sorted(axes)
    return broadcast(small, tuple([places[axes.index(a)] for a in order]), target.shape)
