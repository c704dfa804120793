"""Common factors of the terms of a sum, taken out where that shortens the formula.

sum(A[i, j]*x[j] for j in range(n)) + sum(A[j, i]*x[j] for j in range(n))     sum((A[i, j] + A[j, i])*x[j] for j in range(n))
(i == j)*softmax(x)[i] - softmax(x)[i]*softmax(x)[j]                          softmax(x)[i]*((i == j) - softmax(x)[j])
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm

from wrt.language.surface import Binary, Call, Generator, Index, Name, Node, Number, postorder
from wrt.language.unparse import unparse
from wrt.notation.index_factors import Key, Parts, Signed, added, raised, signed

Term = tuple[Key, Parts]
FEW = 12  # terms up to which a sum is searched for common factors
HEAVY = 7  # characters of a common factor that is worth taking out
MOST = 7  # exponents below which a power is taken apart for common factors
Factors = list[tuple[Key, Node]]
LISTS = ("deltas", "scalars", "factors", "divisors")


def total(terms: Sequence[tuple[Key, Parts]], spelled: Mapping[Fraction, str]) -> Node:
    """The sum of products in order of their keys, one without a minus sign in front where there is one; common factors apart."""
    present = [(key, parts) for key, parts in terms if parts.coefficient]
    if not present:
        return Number(Fraction(0), "0")
    if 1 < len(present) <= FEW:
        return collected(present, spelled)
    return added([(key, parts.finish(spelled)) for key, parts in present])


def collected(terms: Sequence[Term], spelled: Mapping[Fraction, str]) -> Node:
    """The sum of a few products with common factors taken out."""
    merged = _series(list(terms), spelled)
    common = _common([parts for _, parts in merged], spelled)
    if len(merged) > 1 and common is not None:
        outside, rest = common
        c = _content([parts.coefficient for parts in rest])
        for parts in rest:
            parts.coefficient /= c
        outside.coefficient = c
        gathered = _gathered([(key, parts.finish(spelled)) for (key, _), parts in zip(merged, rest, strict=True)], spelled)
        if not gathered:  # the terms cancel
            return Number(Fraction(0), "0")
        outside.factors.append(((3,), added(gathered)))
        merged = [(min(key for key, _ in merged), outside)]
    c = _content([parts.coefficient for _, parts in merged])
    if all(parts.coefficient < 0 for _, parts in merged):
        c = -c
    if abs(c) != 1 and all(abs(parts.coefficient) == abs(c) for _, parts in merged) and (len(merged) > 2 or abs(c) < 1 < len(merged)):
        for _, parts in merged:
            parts.coefficient /= c
        inside = added([(key, parts.finish(spelled)) for key, parts in merged])
        return signed(*Parts(c, factors=[((0,), inside)]).finish(spelled))
    return added([(key, parts.finish(spelled)) for key, parts in merged])


def _gathered(terms: Sequence[tuple[Key, Signed]], spelled: Mapping[Fraction, str]) -> list[tuple[Key, Signed]]:
    """Terms that sum to a multiple of one: (1 - s) - s as 1 - 2*s."""
    flat: list[tuple[Key, Fraction, Node]] = []
    for key, (sign, node) in terms:
        stack = [(Fraction(sign), node)]
        while stack:
            c, part = stack.pop()
            if isinstance(part, Binary) and part.op in ("+", "-"):
                stack += [(c if part.op == "+" else -c, part.right), (c, part.left)]
            else:
                flat.append((key, c, part))
    total: dict[str, Fraction] = {}
    for _, c, part in flat:
        total[unparse(part)] = total.get(unparse(part), Fraction(0)) + c
    if len(total) == len(flat):
        return list(terms)
    out = []
    for key, _, part in flat:
        c = total.pop(unparse(part), Fraction(0))
        if c:
            out.append((key, Parts(c, factors=[((0,), part)]).finish(spelled)))
    return out


def _content(values: Sequence[Fraction]) -> Fraction:
    """The common rational factor, positive."""
    return Fraction(gcd(*[abs(v.numerator) for v in values]), lcm(*[v.denominator for v in values]))


def _texts(items: Factors) -> Counter[str]:
    return Counter(unparse(node) for _, node in items)


def _common(products: Sequence[Parts], spelled: Mapping[Fraction, str]) -> tuple[Parts, list[Parts]] | None:
    """(what all products share, what is left of each); None when that is not worth it."""
    spread = [{name: _copies(getattr(parts, name)) for name in LISTS} for parts in products]
    shared = {name: _texts(spread[0][name]) for name in LISTS}
    for lists in spread[1:]:
        for name in LISTS:
            shared[name] &= _texts(lists[name])
    if not shared["deltas"] and max([len(text) for name in ("scalars", "factors") for text in shared[name]], default=0) < HEAVY:
        return None
    outside = Parts()
    rest = []
    for n, (parts, lists) in enumerate(zip(products, spread, strict=True)):
        left = Parts(parts.coefficient)
        for name in LISTS:
            taken, kept = _divide(lists[name], shared[name])
            setattr(left, name, _powers(kept, spelled))
            if n == 0:
                setattr(outside, name, _powers(taken, spelled))
        rest.append(left)
    return outside, rest


def _copies(items: Factors) -> Factors:
    """The factors with a whole power as that many factors."""
    out: Factors = []
    for key, node in items:
        if isinstance(node, Binary) and node.op == "**" and isinstance(node.right, Number) and node.right.value in range(2, MOST):
            out += [(key, node.left)] * int(node.right.value)
        else:
            out.append((key, node))
    return out


def _powers(items: Factors, spelled: Mapping[Fraction, str]) -> Factors:
    """Equal factors as one power."""
    count = _texts(items)
    out: Factors = []
    for key, node in items:
        k = count.pop(unparse(node), 0)
        if k:
            out.append((key, raised(node, Fraction(k), spelled)))
    return out


def _divide(items: Factors, common: Counter[str]) -> tuple[Factors, Factors]:
    """(the items that are common, the others)."""
    left = Counter(common)
    taken: Factors = []
    kept: Factors = []
    for key, node in items:
        text = unparse(node)
        if left[text]:
            left[text] -= 1
            taken.append((key, node))
        else:
            kept.append((key, node))
    return taken, kept


# ---------------------------------------------------------------------------------------------------- sums over the same indices
def _series(terms: list[Term], spelled: Mapping[Fraction, str]) -> list[Term]:
    """Terms that differ in the body of one sum over the same indices become one sum, when the bodies share a factor."""
    groups: dict[str, list[int]] = {}
    for n, (_, parts) in enumerate(terms):
        found = _only_series(parts)
        if found is not None:
            groups.setdefault(_signature(parts, found), []).append(n)
    gone: set[int] = set()
    for members in groups.values():
        if len(members) > 1 and _merge([terms[n] for n in members], spelled):
            gone.update(members[1:])
    return [term for n, term in enumerate(terms) if n not in gone]


def _only_series(parts: Parts) -> Generator | None:
    """The sum of a product that has exactly one."""
    found = [node for _, node in parts.scalars + parts.factors if isinstance(node, Generator)]
    return found[0] if len(found) == 1 and found[0].function == "sum" else None


def _signature(parts: Parts, series: Generator) -> str:
    """What must agree: everything but the coefficient and the body of the sum."""
    others = [
        f"{name}{sorted(_texts([(k, n) for k, n in getattr(parts, name) if n is not series]).items())}"
        for name in ("deltas", "scalars", "factors", "divisors")
    ]
    frame = Generator("sum", Number(Fraction(1), "1"), series.loops, series.conditions)
    return "|".join([*others, unparse(frame)])


def _merge(terms: list[Term], spelled: Mapping[Fraction, str]) -> bool:
    """Put all bodies into the first term's sum; False when they share no factor."""
    bodies = []
    for _, parts in terms:
        series = _only_series(parts)
        assert series is not None
        body = Parts(parts.coefficient)
        body.factor((0,), series.body)
        body.factors = [((n,), node) for n, (_, node) in enumerate(body.factors)]
        bodies.append(body)
    shared = _texts(bodies[0].factors)
    for body in bodies[1:]:
        shared &= _texts(body.factors)
    if (
        not shared
        or any(body.divisors for body in bodies)
        or not all(_plain(node) for body in bodies for _, node in _divide(body.factors, shared)[1])
    ):
        return False
    first = terms[0][1]
    series = _only_series(first)
    c = _content([body.coefficient for body in bodies]) * (1 if bodies[0].coefficient > 0 else -1)
    out = Parts()
    rest = []
    for n, body in enumerate(bodies):
        taken, kept = _divide(body.factors, shared)
        if n == 0:
            out.factors = taken
        rest.append((terms[n][0], Parts(body.coefficient / c, factors=kept).finish(spelled)))
    out.factors.insert(0, ((-1,), added(rest)))
    _, node = out.finish(spelled)
    assert series is not None
    whole = Generator("sum", node, series.loops, series.conditions)
    for where in (first.scalars, first.factors):
        where[:] = [(key, whole if item is series else item) for key, item in where]
    first.coefficient = c
    return True


def _plain(node: Node) -> bool:
    """Whether a factor is an entry of a variable: sums of other things read better apart."""
    return all(isinstance(part, (Name, Index, Number, Call)) or part is node for part in postorder(node)) and not isinstance(node, Generator)
