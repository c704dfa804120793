"""Families of matrix powers (operator "powers") next to each other in a product: exponents add where none is negative."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrt.algebra.expr import Expr, Operator, Product
from wrt.algebra.operators import matrix_power
from wrt.algebra.product import product
from wrt.language.sizes import Size

if TYPE_CHECKING:
    from wrt.algebra.simplify import Simplifier

Exponent = tuple[dict[int, int], Size]  # coefficient of each label of the product, constant


def exponent_of(e: Expr, labels: tuple[int, ...]) -> tuple[Expr, Exponent] | None:
    """(X, exponent) of an operand that is a power of a matrix X; X itself is X**1."""
    if isinstance(e, Operator) and e.function == "powers":
        coefficients, constant = e.parameters
        assert isinstance(coefficients, tuple) and isinstance(constant, Size)
        total: dict[int, int] = {}
        for a, c in zip(labels[:-2], coefficients, strict=True):
            total[a] = total.get(a, 0) + c
        return e.arguments[0], (total, constant)
    if e.order == 2 and e.shape[0] is e.shape[1]:
        return e, ({}, Size.of(1))
    return None


def neighbouring_powers(work: Simplifier, node: Product) -> Expr | None:
    """matpow(X, a) @ matpow(X, b) = matpow(X, a + b) for exponents that are surely not negative."""
    if not any(isinstance(e, Operator) and e.function == "powers" for e, _ in node.operands):
        return None
    uses: dict[int, int] = {}
    for _, labels in node.operands:
        for a in labels:
            uses[a] = uses.get(a, 0) + 1
    for a in node.output:
        uses[a] = uses.get(a, 0) + 2
    found = [exponent_of(e, labels) for e, labels in node.operands]
    for k, first in enumerate(found):
        for m, second in enumerate(found):
            if k == m or first is None or second is None or first[0] is not second[0]:
                continue
            inner = node.operands[k][1][-1]
            if inner != node.operands[m][1][-2] or uses[inner] != 2:
                continue
            if not (_nonnegative(first[1], node) and _nonnegative(second[1], node)):
                continue
            total = dict(first[1][0])
            for a, c in second[1][0].items():
                total[a] = total.get(a, 0) + c
            kept = tuple(a for a in sorted(total) if total[a])
            merged = matrix_power(first[0], first[1][1] + second[1][1], tuple(total[a] for a in kept), tuple(node.sizes[a] for a in kept))
            labels = (*kept, node.operands[k][1][-2], node.operands[m][1][-1])
            rest = [o for n, o in enumerate(node.operands) if n not in (k, m)]
            new = {a: n for n, a in enumerate(a for a in range(len(node.sizes)) if a != inner)}
            pairs = [(e, tuple(new[a] for a in ls)) for e, ls in [*rest, (merged, labels)]]
            return product(node.coefficient, pairs, tuple(new[a] for a in node.output), [s for a, s in enumerate(node.sizes) if a != inner])
    return None


def _nonnegative(exponent: Exponent, node: Product) -> bool:
    """Whether the exponent is >= 0 for every value of its labels (sizes are at least 1)."""
    labels, constant = exponent
    low = constant
    for a, c in labels.items():
        if c < 0:
            low = low + (node.sizes[a] - 1) * c
    if not low.terms:
        return True
    return all(k > 0 for monomial, k in low.terms if monomial) and sum(k for _, k in low.terms) >= 0
