"""What a product looks like: structured outputs, windows, scalars alone, and equations of indices written one way."""

from __future__ import annotations

from wrt.algebra.expr import Expr, Indicator, Labels, Product, indicator


def is_structured(e: Product) -> bool:
    """Whether an output label repeats or has no operand."""
    out = set(e.output)
    if len(out) < len(e.output):
        return True
    for _, labels in e.operands:
        out.difference_update(labels)
    return bool(out)


def has_window(e: Product) -> bool:
    """Whether a product slides windows [t == i + a] over an array: a convolution, computed and read as one."""
    return any(isinstance(f, Indicator) and f.order > 2 for f, _ in e.operands)


def one_way(e: Indicator, labels: Labels) -> tuple[Expr, Labels]:
    """[i - j - c == 0]: of the two ways to write an equation of two indices, one."""
    if e.relation != "==" or e.order != 2 or set(e.coefficients) != {1, -1}:
        return e, labels
    shift = e.constant if e.coefficients == (1, -1) else -e.constant
    if shift.terms and shift.terms[0][1] > 0:
        return indicator("==", (1, -1), -shift, e.shape[::-1]), labels[::-1]
    return (e, labels) if e.coefficients == (1, -1) else (indicator("==", (1, -1), shift, e.shape), labels)


def all_scalar(e: Product) -> bool:
    """Whether every operand is a scalar."""
    return all(not labels for _, labels in e.operands)
