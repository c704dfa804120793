"""The derivative by a structured matrix: the default is the orthogonal projection onto the structure's linear space (the Riesz gradient),
on request the derivative by the independent entries (as the Matrix Cookbook prints it).

    set                 projected                          parameters
    symmetric           (G + G.T)/2                        G + G.T - G*I
    diagonal            G*I                                G*I
    lower, upper        tril(G), triu(G)                   the same
    toeplitz            mean along each diagonal           sum along each diagonal
    symmetric_toeplitz  mean along both diagonals          sum along both diagonals

Source: Petersen & Pedersen 2012, section 2.8; Srinivasan & Panda 2019 (arXiv 1911.06491).
"""

from __future__ import annotations

from fractions import Fraction

from wrt.algebra.expr import Expr
from wrt.algebra.low import selector
from wrt.algebra.maps import power
from wrt.algebra.product import product
from wrt.algebra.sums import add, constant
from wrt.language.sizes import Size

LINEAR = ("diagonal", "symmetric_toeplitz", "toeplitz", "symmetric", "lower", "upper")
HALF = Fraction(1, 2)


def linear_structure(facts: frozenset[str]) -> str | None:
    """The smallest linear space that the (closed) facts name."""
    return next((name for name in LINEAR if name in facts), None)


def structured(d: Expr, axis: int, structure: str, mode: str) -> Expr:
    """The derivative array d with axes (axis, axis + 1) by a variable of that structure, mode "projected" or "parameters"."""
    n = d.shape[axis]
    own = tuple(range(d.order))
    i, j = axis, axis + 1
    swapped = (*own[:i], j, i, *own[j + 1 :])
    turned = product(1, [(d, swapped)], own, d.shape)
    one = Fraction(1)
    match structure:
        case "diagonal":
            return _masked(d, axis, product(1, [], (0, 0), (n,)))
        case "lower":
            return _masked(d, axis, selector(">=", (1, -1), Size.of(0), (n, n)))
        case "upper":
            return _masked(d, axis, selector(">=", (-1, 1), Size.of(0), (n, n)))
        case "symmetric" if mode == "projected":
            return add([(HALF, d), (HALF, turned)], d.shape)
        case "symmetric":
            on_diagonal = _masked(d, axis, product(1, [], (0, 0), (n,)))
            return add([(one, d), (one, turned), (-one, on_diagonal)], d.shape)
        case "toeplitz":
            same = selector("==", (1, -1, -1, 1), Size.of(0), (n, n, n, n))
            return _along(d, axis, same, mode)
        case "symmetric_toeplitz":
            here = selector("==", (1, -1, -1, 1), Size.of(0), (n, n, n, n))
            there = selector("==", (1, -1, 1, -1), Size.of(0), (n, n, n, n))
            off = add([(one, constant(1, (n, n))), (-one, product(1, [], (0, 0), (n,)))], (n, n))
            both = product(1, [(there, (0, 1, 2, 3)), (off, (2, 3))], (0, 1, 2, 3), (n, n, n, n))
            total = add([(one, _along(d, axis, here, "sum")), (one, _along(d, axis, both, "sum"))], d.shape)
            if mode != "projected":
                return total
            counts = add([(one, product(1, [(m, (0, 1, 2, 3))], (2, 3), (n,) * 4)) for m in (here, both)], (n, n))
            return _masked(total, axis, power(counts, constant(-1, (n, n))))
    raise AssertionError(structure)


def _masked(d: Expr, axis: int, mask: Expr) -> Expr:
    own = tuple(range(d.order))
    return product(1, [(d, own), (mask, (axis, axis + 1))], own, d.shape)


def _along(d: Expr, axis: int, same: Expr, mode: str) -> Expr:
    """sum_kl same[k, l, i, j] d[.. k, l ..], divided by the number of terms when projected."""
    own = tuple(range(d.order))
    n = d.shape[axis]
    k, m = d.order, d.order + 1
    inner = tuple(k if a == axis else m if a == axis + 1 else a for a in own)
    operands = [(d, inner), (same, (k, m, axis, axis + 1))]
    if mode == "projected":
        count = product(1, [(same, (0, 1, 2, 3))], (2, 3), (n,) * 4)
        operands.append((power(count, constant(-1, (n, n))), (axis, axis + 1)))
    return product(1, operands, own, (*d.shape, n, n))
