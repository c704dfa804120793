"""Where a program with singular vectors needs a matrix that is not wider than tall.

U f(s) V.T is right for every shape. What else is made of U or V comes from formulas for a tall X, in which V is square: V V.T is left out there.
"""

from __future__ import annotations

from collections.abc import Iterable

from wrt.algebra.expr import Expr, Indicator, Operator, Product, postorder
from wrt.language.sizes import Size

VECTORS = ("svd_u", "svd_v")


def tall_sizes(exprs: Iterable[Expr]) -> tuple[tuple[Size, Size], ...]:
    """(rows, columns) of the matrices of symbolic size that the expressions hold for only where rows >= columns."""
    found: dict[tuple[Size, Size], None] = {}
    for node in postorder(*exprs):
        operands = node.operands if isinstance(node, Product) else [(e, (0, 1)) for e in node.children]
        for k, (e, labels) in enumerate(operands):
            if isinstance(e, Operator) and e.function in VECTORS and not (isinstance(node, Product) and _paired(node, k, e, labels[1])):
                m, n = e.arguments[0].shape
                if m is not n and (m.number is None or n.number is None):
                    found[m, n] = None
    return tuple(found)


def _paired(node: Product, k: int, e: Operator, label: int) -> bool:
    """Whether the singular vectors meet only the other side's and weights."""
    for m, (f, labels) in enumerate(node.operands):
        if m == k or label not in labels or f.order == 1 or isinstance(f, Indicator):
            continue
        if not (isinstance(f, Operator) and f.function in VECTORS and f.function != e.function and f.arguments == e.arguments):
            return False
    return True
