"""Sums: like terms merge by identity, numeric factors are collected in front of each term, order is canonical."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm

from wrt.algebra.expr import ONE, Expr, Product, Sizes, Sum, number, raw_product, raw_sum, size_value, zero
from wrt.algebra.product import bare, product, scale
from wrt.language.sizes import Size

Term = tuple[Fraction, Expr]


def add(terms: Iterable[Term], shape: Sizes) -> Expr:
    """sum_k c_k * e_k; all terms have `shape`."""
    total: dict[int, list[object]] = {}
    stack = list(terms)
    stack.reverse()
    while stack:
        c, e = stack.pop()
        assert e.shape == shape, f"terms of shapes {e.shape} and {shape}; please report this as a bug"
        if isinstance(e, Sum):
            stack.extend((c * k, t) for k, t in reversed(e.terms))
            continue
        if isinstance(e, Product) and e.coefficient != 1:
            c, e = c * e.coefficient, bare(e)
            if isinstance(e, Sum):
                stack.append((c, e))
                continue
        if c == 0:
            continue
        entry = total.get(id(e))
        if entry is None:
            total[id(e)] = [c, e]
        else:
            entry[0] = entry[0] + c  # type: ignore[operator]  # [Fraction, Expr]
    kept: list[Term] = [(c, e) for c, e in total.values() if c]  # type: ignore[misc]  # [Fraction, Expr]
    if not kept:
        return zero(shape)
    if len(kept) == 1:
        return scale(*kept[0])
    kept.sort(key=_digest)
    return raw_sum(tuple(kept), shape)


def _digest(term: Term) -> bytes:
    return term[1].digest


def plus(*terms: Expr) -> Expr:
    """The sum of expressions of one shape."""
    return add([(Fraction(1), e) for e in terms], terms[0].shape)


def minus(a: Expr, b: Expr) -> Expr:
    """a - b."""
    return add([(Fraction(1), a), (Fraction(-1), b)], a.shape)


def constant(value: Fraction | int, shape: Sizes) -> Expr:
    """The array whose entries are all `value`."""
    value = Fraction(value)
    if value == 0:
        return zero(shape)
    axes = tuple(range(len(shape)))
    return raw_product(value, (), axes, shape)


def content(e: Sum) -> tuple[Fraction, Sum]:
    """(c, e / c): the common rational factor of the coefficients, signed so that the first term is positive."""
    c = e.content
    if c is None:
        c = Fraction(gcd(*[abs(k.numerator) for k, _ in e.terms]), lcm(*[k.denominator for k, _ in e.terms]))
        if e.terms[0][0] < 0:
            c = -c
        e.content = c = ONE if c == 1 else c
    return (c, e) if c is ONE else (c, raw_sum(tuple([(k / c, t) for k, t in e.terms]), e.shape))


def scaled(c: Fraction, e: Sum) -> Expr:
    """c * e, the factor spread over the terms."""
    return raw_sum(tuple((c * k, t) for k, t in e.terms), e.shape) if c else zero(e.shape)


def size_number(size: Size) -> Expr:
    """The size as a scalar: monomials become products of names, so that equal factors cancel."""
    terms = []
    for monomial, k in size.terms:
        factors = [(size_value(Size.of(name)), ()) for name, e in monomial for _ in range(e)]
        terms.append((Fraction(k), product(1, factors, (), ()) if factors else number(1)))
    return add(terms, ())
