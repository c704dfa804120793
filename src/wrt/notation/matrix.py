"""The matrix notation of an index-form expression: the form a mathematician would print."""

from __future__ import annotations

from collections.abc import Iterable

from wrt.algebra.expr import Expr, postorder
from wrt.algebra.guard import unmasked
from wrt.language.surface import Call, Node, Number, Unary
from wrt.notation.build import Forest
from wrt.notation.choose import best
from wrt.notation.context import Context
from wrt.notation.diagonal import as_products
from wrt.notation.lets import written
from wrt.notation.ordered import ordered
from wrt.notation.recover import Recovery
from wrt.notation.typed import spellings
from wrt.notation.write import size_node


def matrix_form(expr: Expr, kind: str, context: Context, parts: Iterable[Expr] = ()) -> Node | None:
    """The most readable matrix form of an expression of order up to 2, None when it has none.

    `kind`: scalar, column, row or matrix; it says how an expression of order 1 is shown. `parts`: what adds up to the expression, for the order of terms.
    """
    if expr.order > 2 or (context.excludes and not all(unmasked(node) for node in postorder(expr))):
        return None
    forest = Forest(context)
    typed = spellings(forest, context)
    found = best(forest, typed, expr, kind == "row")
    if found is None:
        return None
    if found[0] == 0:
        return _zeros(expr, kind)
    return as_products(written(forest, ordered(forest, Recovery(forest, typed), found, parts), context), context)


def _zeros(expr: Expr, kind: str) -> Node:
    """The zero of a shape: 0, zeros(n), zeros(n).T, zeros(m, n)."""
    from fractions import Fraction

    if not expr.order:
        return Number(Fraction(0))
    node = Call("zeros", tuple(size_node(s) for s in expr.shape))
    return Unary("T", node) if kind == "row" else node
