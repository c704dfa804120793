"""Where a derivative holds: invertibility, constant rank, kinks, read off the nodes that need them."""

from __future__ import annotations

from collections.abc import Sequence

from wrt.algebra.expr import Expr, Map, Operator, postorder
from wrt.calculus.derive import depends
from wrt.algebra.expr import Symbol
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS

SayText = object


def conditions_of(f: Expr, d: Expr, names: Sequence[str], say: object) -> tuple[str, ...]:
    """The conditions of validity of d, the derivative of f by `names`, as sentences: "X invertible", "A @ x != 0"."""
    from wrt.calculus.saying import say_expr

    found: dict[str, None] = {}
    moving: set[int] = set()
    for node in postorder(f):
        if isinstance(node, Symbol) and node.name in names:
            moving |= depends(f, node)
    for root in (f, d):
        for node in postorder(root):
            if isinstance(node, Operator) and node.function in OPERATORS and OPERATORS[node.function].assumes and node.function != "adj":
                what = OPERATORS[node.function].assumes.split(" ", 1)[1]
                found[f"{say_expr(node.arguments[0], say)} {what}"] = None
    for node in postorder(f):
        if isinstance(node, Map) and id(node) in moving and node.function in FUNCTIONS and FUNCTIONS[node.function].kink:
            row = FUNCTIONS[node.function]
            left, right = row.kink.split("!=")
            values = dict(zip(row.arguments, node.arguments, strict=True))
            sides = [say_expr(values[s.strip()], say) if s.strip() in values else s.strip() for s in (left, right)]
            found[f"{sides[0]} != {sides[1]}" + (" (entry by entry)" if node.order else "")] = None
    return tuple(found)
