r"""Layouts, and the derivative as an operator: how an array of partial derivatives is shown or applied.

f \ x      scalar            column n                      matrix m x n
scalar     scalar            column (row in numerator)      matrix
column m   column (row in    m x n (n x m in               none
           denominator)      denominator)
matrix     matrix            none                           none
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wrt.algebra.expr import Expr, Sizes, symbol
from wrt.algebra.product import product, transpose
from wrt.language.scopes import fresh
from wrt.language.surface import Shape


@dataclass(frozen=True, slots=True)
class LaidOut:
    """An array of order <= 2 as a scalar, column, row or matrix."""

    expr: Expr
    kind: str


def in_layout(d: Expr, f: Shape, variables: Sequence[Shape], layout: str) -> LaidOut | None:
    """The derivative array of f by the variables in a layout, None when it has no matrix form (order above 2)."""
    orders = [v.order for v in variables]
    if f.kind == "tensor" or d.order > 2 or any(v.kind == "tensor" for v in variables):
        return None
    if d.order == 0:
        return LaidOut(d, "scalar")
    if f.order == 2:
        return LaidOut(d, "matrix")
    if f.order == 1 and sum(orders) == 0:
        return LaidOut(d, "row" if f.kind == "row" or layout == "denominator" else "column")
    if f.order == 1:
        return LaidOut(transpose(d) if layout == "denominator" else d, "matrix")
    if d.order == 1:  # the shape of the variable (a row of a matrix is a row), turned in numerator layout
        return LaidOut(d, "column" if any(v.kind == "row" for v in variables) == (layout == "numerator") else "row")
    return LaidOut(d, "matrix")


def tangent_names(names: Sequence[str], reserved: frozenset[str]) -> tuple[str, ...]:
    """dx for each variable's tangent, dx_1 and dx_2 where a variable has several; fresh names."""
    out: list[str] = []
    for n, name in enumerate(names):
        number = f"_{names[: n + 1].count(name)}" if names.count(name) > 1 else ""
        out.append(fresh(f"d{name}{number}", {*reserved, *out}))
    return tuple(out)


def applied(d: Expr, own: int, tangents: Sequence[tuple[str, Sizes]]) -> Expr:
    """The array d contracted with one tangent symbol a variable."""
    axes = tuple(range(d.order))
    operands: list[tuple[Expr, tuple[int, ...]]] = [(d, axes)]
    at = own
    for name, shape in tangents:
        operands.append((symbol(name, shape), axes[at : at + len(shape)]))
        at += len(shape)
    return product(1, operands, axes[:own], d.shape)
