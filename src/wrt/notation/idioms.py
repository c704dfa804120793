"""Idioms that the index form does not have, recognised again: softmax, logsumexp, norms."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.algebra.expr import Expr, Labels, Map, Product, constant_value
from wrt.algebra.product import unscale
from wrt.language.sizes import Size
from wrt.notation.tree import SCALAR, Scaled, Sum, Tree, Turn

if TYPE_CHECKING:
    from wrt.notation.graph import Item
    from wrt.notation.recover import Recovery

ONE = Fraction(1)


def exponential_sum(e: Expr) -> tuple[Expr, Labels] | None:
    """(exp(a), axes summed) when e is the sum of exp(a) over some axes, the others kept in order."""
    if not isinstance(e, Product) or len(e.operands) != 1 or e.coefficient != 1 or len(set(e.output)) < len(e.output):
        return None
    inside, labels = e.operands[0]
    if not (isinstance(inside, Map) and inside.function == "exp") or len(set(labels)) < len(labels):
        return None
    kept = tuple(k for k, a in enumerate(labels) if a in e.output)
    summed = tuple(k for k, a in enumerate(labels) if a not in e.output)
    if not summed or [labels[k] for k in kept] != list(e.output) or inside.order > 2:
        return None
    return inside, summed


def log_sum_exp(work: Recovery, e: Expr) -> Scaled | None:
    """logsumexp(a) out of log(sum(exp(a)))."""
    found = exponential_sum(e)
    if found is None:
        return None
    inside, summed = found
    t = work.full(inside.children[0])
    if t is None:
        return None
    if len(summed) == inside.order:
        return work.forest.call("logsumexp", (t,))
    c, out = work.forest.call("logsumexp", (t,), summed[0])
    if out.box[1] is not None:  # along the rows the result is a row; an order-1 expression is a column
        k, out = work.forest.turn(out)
        c *= k
    return c, out


def square_norm(work: Recovery, e: Expr) -> Tree | None:
    """norm(u) when e is the sum of all u**2."""
    if not isinstance(e, Product) or e.output or e.coefficient != 1 or len(e.operands) != 1:
        return None
    inside, labels = e.operands[0]
    if not (isinstance(inside, Map) and inside.function == "pow" and constant_value(inside.arguments[1]) == 2) or inside.order > 2:
        return None
    if len(set(labels)) < len(labels):
        return None
    t = work.full(inside.arguments[0])
    if t is None:
        return None
    if isinstance(t, Sum) and len(t.terms) == 1 and t.terms[0][0] == -1:
        t = t.terms[0][1]
    k, turned = work.forest.turn(t)
    if isinstance(t, Turn) or (turned.score < t.score and k == 1):
        t = turned
    return work.forest.raw_call("norm", (t,), SCALAR)


def fused(work: Recovery, items: list[Item], sizes: list[Size]) -> list[Item]:
    """Operands with every exp(k*a) * sum(exp(a))**-k as softmax(a)**k; `sizes` grows with the labels of scalars that are opened for it."""
    if not any(_quotient(e) is not None for e, _ in items):
        return items
    items = _opened(items, sizes)
    changed = True
    while changed:
        changed = False
        for m, (e, below_labels) in enumerate(items):
            found = _quotient(e)
            if found is None:
                continue
            inside, summed, count = found
            n = _numerator(items, inside, summed, below_labels)
            if n is None:
                continue
            top, labels = items[n]
            assert isinstance(top, Expr)
            t = _softmax(work, inside, summed)
            if t is None:
                continue
            k = _multiple(top, inside)
            used = min(k, count)
            rest = [item for j, item in enumerate(items) if j not in (m, n)]
            c, raised = work.forest.times([(t, Fraction(used))])
            rest.insert(min(m, n), (work.forest.wrap((c, raised)), labels))
            if k > used:
                rest.append((_power_of(inside, k - used), labels))
            if count > used:
                assert isinstance(e, Map)
                from wrt.algebra.maps import power
                from wrt.algebra.sums import constant

                left = power(e.arguments[0], constant(used - count, e.shape))
                work.tree(left)
                work.kept.append(left)
                rest.append((left, below_labels))
            items, changed = rest, True
            break
    return items


def _opened(items: list[Item], sizes: list[Size]) -> list[Item]:
    """The operands, scalar products that hold the numerator of a softmax among them opened up."""
    wanted = [q for e, _ in items if (q := _quotient(e)) is not None and len(q[1]) == q[0].order]
    out: list[Item] = []
    for e, labels in items:
        inner, times = _powered(e)
        if not (isinstance(inner, Product) and not inner.output and inner.coefficient == 1) or not any(
            _multiple(f, q[0]) for f, _ in inner.operands for q in wanted
        ):
            out.append((e, labels))
            continue
        for _ in range(times):
            names = {a: len(sizes) + a for a in range(len(inner.sizes))}
            sizes.extend(inner.sizes)
            out.extend((f, tuple(names[a] for a in ls)) for f, ls in inner.operands)
    return out


def _powered(e: Expr | Tree) -> tuple[Expr | Tree, int]:
    """(base, k) of a whole power of a scalar, k small and positive."""
    if isinstance(e, Map) and e.function == "pow" and not e.shape:
        k = constant_value(e.arguments[1])
        if k in (2, 3, 4):
            return e.arguments[0], int(k)
    return e, 1


def _quotient(e: Expr | Tree) -> tuple[Expr, Labels, int] | None:
    """(exp(a), axes, k) when e is sum(exp(a))**-k."""
    if not (isinstance(e, Map) and e.function == "pow"):
        return None
    exponent = constant_value(e.arguments[1])
    if exponent is None or exponent.denominator != 1 or exponent >= 0:
        return None
    found = exponential_sum(e.arguments[0])
    return None if found is None else (*found, -int(exponent))


def _multiple(e: Expr | Tree, inside: Expr) -> int:
    """k when e is exp(k*a) and `inside` exp(a), else 0."""
    if e is inside:
        return 1
    if not (isinstance(e, Map) and e.function == "exp"):
        return 0
    c, a = unscale(e.arguments[0])
    d, b = unscale(inside.children[0])
    if a is not b:
        from wrt.algebra.product import scale

        return next((k for k in (2, 3, 4) if scale(k, inside.children[0]) is e.arguments[0]), 0)
    ratio_exact = c / d
    return int(ratio_exact) if ratio_exact.denominator == 1 and ratio_exact > 0 else 0


def _numerator(items: Sequence[Item], inside: Expr, summed: Labels, below: Labels) -> int | None:
    """The place of an operand exp(k*a) whose kept labels are those of the sum below."""
    for n, (e, labels) in enumerate(items):
        if _multiple(e, inside) and tuple(a for k, a in enumerate(labels) if k not in summed) == below:
            return n
    return None


def _power_of(inside: Expr, k: int) -> Expr:
    from wrt.algebra.maps import mapping
    from wrt.algebra.product import scale

    return inside if k == 1 else mapping("exp", (scale(k, inside.children[0]),))


def _softmax(work: Recovery, inside: Expr, summed: Labels) -> Tree | None:
    t = work.full(inside.children[0])
    if t is None or (inside.order == 2 and len(summed) == 2):
        return None
    axis = None if inside.order == 1 else summed[0]
    return work.forest.wrap(work.forest.call("softmax", (t,), axis))
