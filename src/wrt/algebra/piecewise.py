"""Derivatives of `where`: a branch's derivative stays inside its branch, so that 1/sqrt(x) is never read where the condition excludes it.

where(c, 1, 0)*f(x)                 = where(c, f(x), 0)          for a function that has no value everywhere
where(c, 1, 0)*P + where(c, 0, 1)*Q = where(c, P, Q)
where(c, 1, 0)                      = c                          what is left of it at the end; where(c, 0, 1) the opposite comparison
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from wrt.algebra.expr import ONE, Expr, Labels, Map, Product, Sizes, Sum, constant_value
from wrt.algebra.factors import is_map, replaced
from wrt.algebra.maps import COMPARISONS, mapping
from wrt.algebra.product import Operand, part, product, scale, times
from wrt.algebra.sums import add, constant

if TYPE_CHECKING:
    from wrt.algebra.simplify import Simplifier

LIMITED = frozenset(("log", "log1p", "arcsin", "arccos", "arccosh", "arctanh", "gammaln"))  # no value on one side of a bound
OPPOSITE = {"gt": "ge", "ge": "gt", "eq": "ne", "ne": "eq"}


def branches(e: Expr) -> tuple[Expr, Expr, Expr] | None:
    """(condition, value, other value) of a where."""
    return (e.children[0], e.children[1], e.children[2]) if is_map(e, "where") else None


def _is_limited(work: Simplifier, e: Expr) -> bool:
    """Whether a factor has no value for some arguments that are not excluded by facts."""
    if not isinstance(e, Map):
        return False
    if e.function == "pow":
        k = constant_value(e.arguments[1])
        return (k is None or k.denominator != 1) and not work.known.positive(e.arguments[0], strict=False)
    return e.function in LIMITED and not work.known.positive(e.arguments[0])


def branch_absorbs(work: Simplifier, node: Product) -> Expr | None:
    """where(c, P, 0)*f = where(c, P*f, 0) for a limited f at the same place; two branches of one condition multiply branch by branch."""
    for k, (e, labels) in enumerate(node.operands):
        found = branches(e)
        if found is None:
            continue
        condition, p, q = found
        one_sided = constant_value(p) == 0 or constant_value(q) == 0
        for m, (f, there) in enumerate(node.operands):
            if m == k or there != labels:
                continue
            other = branches(f)
            if other is not None and other[0] is condition:
                made = mapping("where", (condition, times(p, other[1]), times(q, other[2])))
                return replaced(node, (k, m), [(made, labels)])
            if one_sided and _is_limited(work, f):
                made = mapping("where", (condition, times(p, f), times(q, f)))
                return replaced(node, (k, m), [(made, labels)])
    return None


class Branch(NamedTuple):
    """A term rest * where(c, value, 0) (`first`), or rest * where(c, 0, value): the factors at the place of the condition are in the value."""

    condition: Expr
    first: bool
    value: Expr
    rest: list[Operand]
    labels: Labels
    output: Labels
    sizes: Sizes


def branches_meet(work: Simplifier, node: Sum) -> Expr | None:
    """R*where(c, P, 0) + R*where(c, 0, Q) = R*where(c, P, Q)."""
    found = [(k, b) for k, (c, t) in enumerate(node.terms) if (b := _branch(c, t)) is not None]
    for n, (k, a) in enumerate(found):
        left = part(ONE, a.rest, (*a.output, *a.labels), a.sizes)
        for m, b in found[n + 1 :]:
            if b.condition is not a.condition or a.first == b.first:
                continue
            if part(ONE, b.rest, (*b.output, *b.labels), b.sizes) is not left:
                continue
            p, q = (a.value, b.value) if a.first else (b.value, a.value)
            made = mapping("where", (a.condition, p, q))
            terms = [t for j, t in enumerate(node.terms) if j not in (k, m)]
            return add([*terms, (ONE, product(1, [*a.rest, (made, a.labels)], a.output, a.sizes))], node.shape)
    return None


def _branch(c: Fraction, t: Expr) -> Branch | None:
    own = tuple(range(t.order))
    operands = list(t.operands) if isinstance(t, Product) else [(t, own)]
    output, sizes = (t.output, t.sizes) if isinstance(t, Product) else (own, t.shape)
    coefficient = c * t.coefficient if isinstance(t, Product) else c
    for k, (e, labels) in enumerate(operands):
        found = branches(e)
        if found is None or len(set(labels)) < len(labels):
            continue
        condition, p, q = found
        if (constant_value(p) == 0) == (constant_value(q) == 0):
            continue
        first = constant_value(q) == 0
        here = [f for m, (f, ls) in enumerate(operands) if m != k and ls == labels]
        rest = [o for m, o in enumerate(operands) if m != k and o[1] != labels]
        value = scale(coefficient, times(p if first else q, *here))
        return Branch(condition, first, value, rest, labels, output, sizes)
    return None


def branch_alone(work: Simplifier, node: Map) -> Expr | None:
    """where(c, 1, 0) = c and where(c, 0, 1) = not c for a comparison c."""
    found = branches(node)
    if found is None or not _compares(found[0]):
        return None
    p, q = constant_value(found[1]), constant_value(found[2])
    if p == 1 and q == 0:
        return found[0]
    if p != 0 or q != 1:
        return None
    if isinstance(found[0], Map):
        a, b = found[0].arguments
        name = OPPOSITE[found[0].function]
        return mapping(name, (b, a) if name in ("gt", "ge") else (a, b))
    return add([(ONE, constant(1, node.shape)), (-ONE, found[0])], node.shape)


def _compares(e: Expr) -> bool:
    if isinstance(e, Product) and e.coefficient == 1 and len(e.operands) == 1 and len(set(e.output)) == len(e.output):
        e = e.operands[0][0]
    return is_map(e, *COMPARISONS)
