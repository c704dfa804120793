"""What the rewrites for stability look for: exponentials, 1 + exp(u), 1 - sigmoid(u), inside spread and elementwise products."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from wrt.algebra.expr import Expr, Map, Product, Sum, constant_value
from wrt.algebra.product import broadcast, part
from wrt.algebra.sums import add

ONE = Fraction(1)


class Shift(NamedTuple):
    """S = exp(m) * rest, m and rest of the shape of S; `members` the exponentials inside: (exponent, axis of S or None an axis, shifted exponential)."""

    m: Expr
    rest: Expr
    members: tuple[tuple[Expr, tuple[int | None, ...], Expr], ...]


def exponent_of(e: Expr) -> Expr | None:
    """u when e is exp(u), also spread over more axes or a product of such; None otherwise."""
    if isinstance(e, Map) and e.function == "exp":
        return e.arguments[0]
    if not isinstance(e, Product) or e.coefficient != 1 or not e.operands or len(set(e.output)) < len(e.output):
        return None
    parts = []
    for f, labels in e.operands:
        if not (isinstance(f, Map) and f.function == "exp") or not set(labels) <= set(e.output) or len(set(labels)) < len(labels):
            return None
        parts.append(broadcast(f.arguments[0], tuple(e.output.index(a) for a in labels), e.shape))
    return add([(ONE, p) for p in parts], e.shape)


def one_and_exp(e: Expr) -> tuple[Fraction, Expr] | None:
    """(c, u) when e is 1 + c*exp(u); None otherwise."""
    if not isinstance(e, Sum) or len(e.terms) != 2:
        return None
    for (c, one), (d, other) in (e.terms, e.terms[::-1]):
        if constant_value(one) is not None and c * (constant_value(one) or 0) == 1:
            u = exponent_of(other)
            if u is not None:
                return d, u
    return None


def one_minus_sigmoid(e: Expr) -> Expr | None:
    """u when e is 1 - sigmoid(u)."""
    if not isinstance(e, Sum) or len(e.terms) != 2:
        return None
    for (c, one), (d, other) in (e.terms, e.terms[::-1]):
        if (
            constant_value(one) is not None
            and c * (constant_value(one) or 0) == 1
            and d == -1
            and isinstance(other, Map)
            and other.function == "sigmoid"
        ):
            return other.arguments[0]
    return None


def split_exponential(t: Expr) -> tuple[Expr | None, list[Expr]]:
    """(exponent, other factors) of a term that is entrywise a product with an exponential, all of the shape of t (or scalars)."""
    whole = exponent_of(t)
    if whole is not None:
        return whole, []
    if not isinstance(t, Product) or len(set(t.output)) < len(t.output):
        return None, [t]
    exps = [
        (e, labels)
        for e, labels in t.operands
        if isinstance(e, Map) and e.function == "exp" and set(labels) <= set(t.output) and len(set(labels)) == len(labels)
    ]
    if not exps:
        return None, [t]
    others = [o for o in t.operands if o not in exps]
    exponent = add([(ONE, broadcast(e.children[0], tuple(t.output.index(a) for a in labels), t.shape)) for e, labels in exps], t.shape)
    return exponent, [part(t.coefficient, others, t.output, t.sizes, flatten=False)]


def has_exponential(e: Sum) -> bool:
    return any(split_exponential(t)[0] is not None for _, t in e.terms)
