"""Polynomials in one scalar, multiplied out: 3 - x**2*(5 - x**2) - x**2 = x**4 - 6*x**2 + 3.

They may stand over powers of such polynomials, and times what every term of a sum has: 2*x/(x - 1) - (x**2 + 1)/(x - 1)**2 = (x**2 - 2*x - 1)/(x - 1)**2.
A product of sums stays, (x - 1)**2*(4*x + 5): only a sum is written as powers of its variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from wrt.algebra.expr import Expr, Map, Product, Sum, Symbol, constant_value, postorder
from wrt.algebra.maps import power
from wrt.algebra.product import product
from wrt.algebra.rebuild import rewrite
from wrt.algebra.sums import add, constant

HIGHEST = 12  # degree of a polynomial that is multiplied out
ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Polynomial:
    """A polynomial by degree, its variable (None for a number), and the powers beside it."""

    variable: Expr | None = None
    coefficients: dict[int, Fraction] = field(default_factory=lambda: {0: ONE})
    factors: dict[Expr, Fraction] = field(default_factory=dict)


Known = dict[Expr, Polynomial | None]


def multiplied_out(e: Expr) -> Expr:
    """e with every sum that is a polynomial in one scalar variable, over and times powers, written so."""
    known: Known = {}

    def visit(node: Expr) -> Expr:
        found = known[node] = _polynomial(node, known)
        if not isinstance(node, Sum) or found is None or found.variable is None:
            return node
        return _written(found, known)

    return rewrite(e, visit)


def _found(node: Expr, known: Known) -> Polynomial | None:
    """A term as a polynomial, one too that was not met before: a number taken out of a sum leaves another sum."""
    if node not in known:
        for part in postorder(node):
            if part not in known:
                known[part] = _polynomial(part, known)
    return known[node]


def _polynomial(node: Expr, known: Known) -> Polynomial | None:
    """A scalar node as a polynomial, from those of its parts; None for what is none."""
    if node.order:
        return None
    value = constant_value(node)
    if value is not None:
        return Polynomial(None, {0: value})
    match node:
        case Symbol():
            return Polynomial(node, {1: ONE})
        case Sum():
            return _sum([c for c, _ in node.terms], [_found(u, known) for _, u in node.terms], known)
        case Product():
            if any(labels for _, labels in node.operands):
                return Polynomial(factors={node: ONE})
            out: Polynomial | None = Polynomial(None, {0: node.coefficient})
            for f, _ in node.operands:
                out = _times(out, known.get(f))
            return out
        case Map(function="pow") if (e := constant_value(node.arguments[1])) is not None:
            base = node.arguments[0]
            inside = known.get(base)
            if inside is None or e.denominator != 1 or not 0 < e <= HIGHEST:
                return Polynomial(factors={base: e})
            out = Polynomial()
            for _ in range(int(e)):
                out = _times(out, inside)
            return out
    return Polynomial(factors={node: ONE})


def _sum(numbers: Sequence[Fraction], terms: Sequence[Polynomial | None], known: Known) -> Polynomial | None:
    """c*p + ..., over the highest power of each polynomial that some term stands over; None where the terms differ in another factor."""
    lowest: dict[Expr, Fraction] = {}
    for p in terms:
        if p is None:
            return None
        for base, e in p.factors.items():
            lowest[base] = min(e, lowest.get(base, e))
    lowest = {base: min([e, *[p.factors.get(base, Fraction(0)) for p in terms if p is not None]]) for base, e in lowest.items()}
    variable: Expr | None = None
    out: dict[int, Fraction] = {}
    for c, p in zip(numbers, terms, strict=True):
        above = p
        for base, e in lowest.items():
            more = (p.factors.get(base, Fraction(0)) if p is not None else 0) - e
            plain = known.get(base)
            if more and (plain is None or plain.factors or more.denominator != 1 or more > HIGHEST):
                return None
            for _ in range(int(more)):
                above = _times(above, plain)
        if above is None or not _alike(variable, above.variable):
            return None
        variable = variable or above.variable
        for degree, k in above.coefficients.items():
            out[degree] = out.get(degree, Fraction(0)) + c * k
    return Polynomial(variable, {degree: k for degree, k in out.items() if k}, {base: e for base, e in lowest.items() if e})


def _times(a: Polynomial | None, b: Polynomial | None) -> Polynomial | None:
    if a is None or b is None or not _alike(a.variable, b.variable) or max(a.coefficients, default=0) + max(b.coefficients, default=0) > HIGHEST:
        return None
    out: dict[int, Fraction] = {}
    for i, c in a.coefficients.items():
        for j, d in b.coefficients.items():
            out[i + j] = out.get(i + j, Fraction(0)) + c * d
    factors = dict(a.factors)
    for base, e in b.factors.items():
        factors[base] = factors.get(base, Fraction(0)) + e
    return Polynomial(a.variable or b.variable, {n: c for n, c in out.items() if c}, {base: e for base, e in factors.items() if e})


def _alike(a: Expr | None, b: Expr | None) -> bool:
    return a is None or b is None or a is b


def _written(p: Polynomial, known: Known) -> Expr:
    """The expression of a polynomial; its parts are known from here on."""
    assert p.variable is not None, "a polynomial without a variable; please report this as a bug"
    total = add([(c, power(p.variable, constant(n, ()))) for n, c in sorted(p.coefficients.items(), reverse=True)], ())
    known[total] = Polynomial(p.variable, p.coefficients)
    parts = [total]
    for base, e in p.factors.items():
        parts.append(power(base, constant(e, ())))
        known[parts[-1]] = Polynomial(factors={base: e})
    out = product(1, [(part, ()) for part in parts], (), ())
    known[out] = p
    return out
