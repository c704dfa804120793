"""Sums with what all their terms share taken out: u_j*A_ij + v_j*A_ij = A_ij*(u_j + v_j)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from wrt.algebra.expr import Expr, Labels, Product, Sizes, Sum
from wrt.algebra.product import Operand, part, product
from wrt.algebra.sums import add

MOST = 12  # terms up to which common factors are looked for

Term = tuple[Fraction, Expr]


def gathered(terms: Sequence[Term], shape: Sizes) -> Expr:
    """The sum of terms; factors that all of them hold at the same axes stand in front of one shorter sum."""
    total = add(terms, shape)
    if not isinstance(total, Sum) or not 2 <= len(total.terms) <= MOST:
        return total
    output = tuple(range(len(shape)))
    split = [_operands(t, output) for _, t in total.terms]
    if any(s is None for s in split):
        return total
    common: list[Operand] = []
    rest = [list(s[0]) for s in split if s is not None]
    for operand in list(rest[0]):
        if all(operand in operands for operands in rest):
            common.append(operand)
            for operands in rest:
                operands.remove(operand)
    if not common:
        return total
    wholes = [([*operands, *s[1]], s[2]) for operands, s in zip(rest, split, strict=True) if s is not None]
    keep = tuple(a for a in output if any(a in labels for operands, _ in wholes for _, labels in operands))
    inner = [(c, part(1, operands, keep, sizes)) for (c, _), (operands, sizes) in zip(total.terms, wholes, strict=True)]
    short = add(inner, tuple(shape[a] for a in keep))
    return product(1, [*common, (short, keep)], output, shape, flatten=False)


def _operands(t: Expr, output: Labels) -> tuple[list[Operand], list[Operand], Sizes] | None:
    """(operands that hold output labels only, the others, sizes) of a term; None when it is a diagonal or a constant array."""
    if isinstance(t, Product):
        t = product(1, [(t, output)], output, t.shape)  # inner products opened
    if not isinstance(t, Product):
        return [(t, output)], [], t.shape
    if t.output != output or t.coefficient != 1:
        return None
    plain = [o for o in t.operands if set(o[1]) <= set(output)]
    return plain, [o for o in t.operands if not set(o[1]) <= set(output)], t.sizes
