"""Spreading a product over one of its sums where that lets factors cancel, and only where the result is shorter.

exp(x)*(y*exp(-x) - c/s) = y - c*exp(x)/s        pinv(X) @ X is absorbed in X @ pinv(X) @ y - y, and so on
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.algebra.expr import Expr, Indicator, Labels, Map, Operator, Product, Sum, Symbol, constant_value
from wrt.algebra.product import product, transpose, unscale
from wrt.algebra.sums import Term, add

if TYPE_CHECKING:
    from wrt.algebra.simplify import Simplifier

MOST_TERMS = 8
CANCELLING = frozenset(("inv", "pinv", "cholesky"))


def distribute_to_cancel(work: Simplifier, node: Product) -> Expr | None:
    """The product spread over a sum, when a factor outside meets its inverse inside and the whole gets shorter."""
    if len(node.operands) < 2:
        return None
    for m, (e, labels) in enumerate(node.operands):
        if not isinstance(e, Sum) or not 2 <= len(e.terms) <= MOST_TERMS:
            continue
        outside = {key for k, (f, _) in enumerate(node.operands) if k != m for key in _keys(work, f)}
        inside = {key for _, t in e.terms for f in (t.children if isinstance(t, Product) else (t,)) for key in _keys(work, f, every=True)}
        if not outside & inside and not _opposite(work, node, m, outside, e):
            continue
        rest = [o for k, o in enumerate(node.operands) if k != m]
        terms = [(c, work.settled(product(node.coefficient, [(t, labels), *rest], node.output, node.sizes))) for c, t in e.terms]
        spread = add(terms, node.shape)
        if weight(spread) < weight(node):
            return spread
    return None


def turned_sums(work: Simplifier, node: Sum) -> Expr | None:
    """Addends that are another sum with its axes permuted, opened: only matrices have a .T to keep."""
    if len(node.shape) < 3:
        return None
    terms: list[Term] = []
    for c, t in node.terms:
        inner = _turned(t)
        if inner is None:
            terms.append((c, t))
        else:
            factor, opened, axes = inner
            terms.extend((c * factor * d, transpose(u, axes)) for d, u in opened.terms)
    return add(terms, node.shape) if len(terms) > len(node.terms) else None


def _turned(t: Expr) -> tuple[Fraction, Sum, Labels] | None:
    if not isinstance(t, Product) or len(t.operands) != 1:
        return None
    ((e, labels),) = t.operands
    if not isinstance(e, Sum) or len(set(labels)) < len(labels) or sorted(labels) != sorted(t.output):
        return None
    return t.coefficient, e, tuple([labels.index(a) for a in t.output])


def _opposite(work: Simplifier, node: Product, m: int, outside: set[object], e: Sum) -> bool:
    """Whether a plain factor outside meets its inverse inside the sum."""
    plain = {key for k, (f, _) in enumerate(node.operands) if k != m for key in _keys(work, f, every=True)}
    inverse = {key for _, t in e.terms for f in (t.children if isinstance(t, Product) else (t,)) for key in _keys(work, f)}
    return bool(plain & inverse)


def _keys(work: Simplifier, e: Expr, *, every: bool = False) -> set[object]:
    """What a factor cancels against: its base; of plain factors only when `every`."""
    match e:
        case Map(function="pow"):
            k = constant_value(e.arguments[1])
            return _base(e.arguments[0]) if every or k is None or k < 0 else set()
        case Indicator():
            return {"indicator"}
        case Map(function="exp"):
            return {("exp", id(unscale(e.arguments[0])[1]))}
        case Operator() if e.function in CANCELLING:
            return _base(e.arguments[0]) | {id(e)}
        case Symbol() if work.known.of(e) & {"orthogonal", "idempotent"}:
            return {id(e)}
    return _base(e) if every else set()


def _base(e: Expr) -> set[object]:
    return {id(e), *(id(f) for f in e.children)} if isinstance(e, Product) else {id(e)}


def weight(e: Expr) -> int:
    """How many factors an expression shows, sums and products opened."""
    total, stack = 0, [e]
    while stack:
        node = stack.pop()
        if isinstance(node, Sum):
            total += 0 if node.terms else 1
            stack.extend(t for _, t in node.terms)
        elif isinstance(node, Product):
            total += 0 if node.operands else 1
            stack.extend(node.children)
        else:
            total += 1
    return total
