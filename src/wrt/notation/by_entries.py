"""The matrix form as a generator over entries, where indices are numbers: sum(k*c[k]*x**(k - 1) for k in range(n)), array(x**i for i in range(n))."""

from __future__ import annotations

from fractions import Fraction

from wrt.algebra.expr import Expr, Position, postorder
from wrt.language.surface import Generator, Loop, Node, Number, Steps, Unary
from wrt.language.unparse import unparse
from wrt.notation.context import Context
from wrt.notation.index import index_form
from wrt.notation.score import measure
from wrt.notation.write import size_node

PATIENCE = 1.25  # how many times as long as a matrix form that repeats an array of numbers the entries may be


def shorter(node: Node, expr: Expr, kind: str, context: Context) -> Node:
    """The matrix form `node` of an expression of order up to 2, or its index form over all its entries where indices are numbers and that is no longer.

    The matrix form has the numbers as arrays, c.T @ (array(k for k in range(n))*x**(array(k for k in range(n)) - 1)), which nobody writes.
    """
    if not any(isinstance(part, Position) for part in postorder(expr)):
        return node
    indices, entry = index_form(expr, context)
    if isinstance(entry, Steps):  # a step is the same for all entries, or none
        return node
    loops = tuple(Loop(i, Number(Fraction(0)), size_node(n)) for i, n in zip(indices, expr.shape, strict=True))
    whole = Generator("array", entry, loops) if loops else entry
    if kind == "row":
        whole = Unary("T", whole)
    arrays = unparse(node).count("array(")
    return whole if measure(whole) <= measure(node) * (PATIENCE if arrays > 1 else 1) else node
