"""Sums of trees: like terms merge, the common number comes in front, the sign is the one with fewer minuses, terms stand in reading order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING

from wrt.notation.display import grouped
from wrt.notation.functions import SQUARES
from wrt.notation.score import OPERATION
from wrt.notation.tree import (
    KEY,
    ONE,
    SCALAR,
    Box,
    Call,
    Chain,
    Factor,
    Scaled,
    Sum,
    Times,
    Tree,
    Turn,
    full_first,
    is_diagonal,
    is_ones,
    joined,
    number_of,
    union,
)

if TYPE_CHECKING:
    from wrt.notation.build import Forest

LAST = 1 << 30
MIRRORED = 8  # terms up to which mirror images are put in order
STRETCH = 4.0  # length that a column added to a matrix costs, where no axis was reduced to make it


def add(forest: Forest, terms: Iterable[Scaled]) -> Scaled:
    """sum c*t."""
    total: dict[int, list[object]] = {}
    stack = list(terms)
    stack.reverse()
    while stack:
        c, t = stack.pop()
        if isinstance(t, Sum):
            stack.extend((c * k, u) for k, u in reversed(t.terms))
        elif c:
            entry = total.setdefault(id(t), [Fraction(0), t])
            entry[0] = entry[0] + c  # type: ignore[operator]  # [Fraction, Tree]
    kept: list[Scaled] = [(c, t) for c, t in total.values() if c]  # type: ignore[misc]  # [Fraction, Tree]
    if not kept:
        return Fraction(0), forest.one
    if len(kept) > 1:
        opened = _opened(forest, kept)
        if opened is not None:
            return add(forest, opened)
        kept = _branches(forest, _squares(forest, kept))
    if len(kept) == 1:
        return kept[0]
    return _interned(forest, kept)


def _opened(forest: Forest, kept: list[Scaled]) -> list[Scaled] | None:
    """The terms with (A + B).T opened where its parts meet others; None when there is nothing to open."""
    here = {id(t) for _, t in kept}
    for n, (c, t) in enumerate(kept):
        if isinstance(t, Turn) and isinstance(t.argument, Sum):
            parts = [(c * k * m, u) for k, (m, u) in [(k, forest.turn(u)) for k, u in t.argument.terms]]
            if any(id(u) in here for _, u in parts):
                return [*kept[:n], *parts, *kept[n + 1 :]]
    return None


def _interned(forest: Forest, kept: list[Scaled]) -> Scaled:
    """One object for all multiples of a sum; as the user wrote it, or with columns and rows not spread where that is allowed."""
    c, key = _canonical(kept)
    if key not in forest.table:
        kept = _meet(forest, kept if forest.typing else _thin(forest, kept))
        c, key = _canonical(kept)
    found = forest.table.get(key)
    if found is None:
        scaled = [(k / c, t) for k, t in kept]
        if not forest.typing and _mostly_negative(forest, scaled):
            scaled = [(-k, t) for k, t in scaled]
        found = raw_sum(forest, tuple(scaled), key)
    assert isinstance(found, Sum)
    here = {t.serial: k for k, t in kept}
    k, t = found.terms[0]
    return here[t.serial] / k, found


def _canonical(kept: list[Scaled]) -> tuple[Fraction, tuple[object, ...]]:
    """(common number, key): the same key for every multiple of a sum."""
    c = content([k for k, _ in kept])
    terms = sorted((t.serial, k / c) for k, t in kept)
    sign = 1 if terms[0][1] > 0 else -1
    return c, ("sum", tuple((s, k * sign) for s, k in terms))


def _mostly_negative(forest: Forest, terms: list[Scaled]) -> bool:
    balance = sum(1 if k > 0 else -1 for k, _ in terms)
    if balance:
        return balance < 0
    lead = next((k for k, t in terms if t is forest.one), None)  # 1 - tanh(x)**2, not tanh(x)**2 - 1
    return (_ordered(terms)[0][0] if lead is None else lead) < 0


def raw_sum(forest: Forest, terms: tuple[Scaled, ...], key: tuple[object, ...] = (), *, arrange: bool = True) -> Tree:
    """The sum as given, its terms put in order unless the user wrote it."""
    if len(terms) > 1 and arrange:
        terms = tuple(full_first(terms) if forest.typing else arranged(forest, terms))
    key = key or ("scaled", terms[0][0], terms[0][1].serial)

    def make() -> Tree:
        shown = terms if forest.typing else grouped(forest, terms)
        score = sum(forest.product_score(k, t, first=n == 0) for n, (k, t) in enumerate(shown)) + OPERATION * (len(shown) - 1)
        trees = [t for _, t in terms]
        box = union([t.box for t in trees])
        if not forest.typing and None not in box and any(None in t.box and t.box != SCALAR and not _statistic(t) for t in trees):
            score += STRETCH
        return Sum(box, score=score, key=joined(trees), terms=terms)

    return forest.intern(key, make)


def _statistic(t: Tree) -> bool:
    """Whether a column or row is made of reductions along an axis, which stands beside its matrix by nature: X - mean(X, axis=0)."""
    return any(isinstance(u, Call) and u.axis is not None for u in (t, *t.children, *[v for c in t.children for v in c.children]))


def arranged(forest: Forest, terms: Sequence[Scaled]) -> list[Scaled]:
    """Order of first appearance; a positive term first; a bare number last unless all else is negative, or it is the 1 of 1 + x**2."""
    ordered = _ordered(terms)
    last = next((term for term in ordered if term[1] is forest.one and term[0] > 0), None)
    others = [term for term in ordered if term is not last]
    if last is not None and (all(k < 0 for k, _ in others) or (last[0] == 1 and all(abs(k) == 1 for k, _ in others))):
        ordered = [last, *others]
    elif ordered[0][0] < 0:
        lead = next((term for term in ordered if term[0] > 0), None)
        if lead is not None:
            ordered.remove(lead)
            ordered.insert(0, lead)
    return full_first(mirrored(ordered))


def mirrored(terms: Sequence[Scaled]) -> list[Scaled]:
    """The terms with A @ X @ B before its mirror image A.T @ X @ B.T, and Y**2 before Y.T**2, where both have one sign."""
    out = list(terms)
    if len(out) > MIRRORED:
        return out
    known = [_leaves(t) for _, t in out]
    for n in range(len(out)):
        for m in range(n + 1, len(out)):
            (leaves, turns), (others, fewer) = known[n], known[m]
            if turns > fewer and leaves == others and (out[n][0] > 0) == (out[m][0] > 0):
                out[n], out[m] = out[m], out[n]
                known[n], known[m] = known[m], known[n]
    return out


def _leaves(t: Tree) -> tuple[list[tuple[int, Fraction]], int]:
    """(the factors of a product, turned or not, in a fixed order; how many are turned)."""
    factors = [(f, ONE) for f in t.factors] if isinstance(t, Chain) else t.factors if isinstance(t, Times) else [(t, ONE)]
    return sorted(((f.argument if isinstance(f, Turn) else f).serial, e) for f, e in factors), sum(isinstance(f, Turn) for f, _ in factors)


def _ordered(terms: Sequence[Scaled]) -> list[Scaled]:
    box = union([t.box for _, t in terms])
    return sorted(terms, key=lambda term: (term[1].box != box, *_order(term)))


def _order(term: Scaled) -> tuple[object, ...]:
    """Of terms that start alike the longer, of higher degree, first; A before A.T; a bare number last."""
    t = term[1]
    turned = isinstance(t, Turn) or (isinstance(t, Chain) and isinstance(t.factors[0], Turn))
    padded = (*t.key, *[LAST] * (KEY - len(t.key)))
    return not t.key, padded, turned, t.score if turned else -t.score, t.serial


def content(coefficients: list[Fraction]) -> Fraction:
    """The number to put in front of a sum: what all coefficients share."""
    sizes = {abs(c) for c in coefficients}
    if len(sizes) == 1:
        return sizes.pop()
    bottom = {c.denominator for c in coefficients}
    return Fraction(gcd(*(c.numerator for c in coefficients)), bottom.pop()) if len(bottom) == 1 else ONE


def _squares(forest: Forest, kept: list[Scaled]) -> list[Scaled]:
    """c + c*tan(u)**2 = c*sec(u)**2 and its like; never while the user's own text is being built."""
    if forest.typing:
        return kept
    for n, (c, t) in enumerate(kept):
        f, e = t.factors[0] if isinstance(t, Times) and len(t.factors) == 1 else (t, ONE)
        if not isinstance(f, Call):
            continue
        for m, (k, u) in enumerate(kept):
            name = SQUARES.get((f.function, int(e), int(c / k))) if u is forest.one and abs(c) == abs(k) and e.denominator == 1 else None
            if name is not None:
                other = forest.raw_call(name, f.arguments, f.box)
                j, square = forest.times([(other, e)])
                return [(k * j, square), *[term for i, term in enumerate(kept) if i not in (n, m)]]
    return kept


def _branches(forest: Forest, kept: list[Scaled]) -> list[Scaled]:
    """A*(x > 0) + B*where(x > 0, 0, 1) = where(x > 0, A, B)."""
    for n, (c, t) in enumerate(kept):
        factors = t.factors if isinstance(t, Times) else ((t, ONE),)
        switches = [f for f, e in factors if e == 1 and isinstance(f, Call) and f.function == "where"]
        switch = switches[0] if switches else None
        if switch is None or [number_of(a) for a in switch.arguments[1:]] != [0, 1]:
            continue
        condition = switch.arguments[0]
        others = [(k, u) for m, (k, u) in enumerate(kept) if m != n and _divides(condition, u)]
        if not others:
            continue
        below = forest.times([(f, e) for f, e in factors if f is not switch])
        above = forest.add([(k * m, v) for k, (m, v) in [(k, forest.times(_less(condition, u))) for k, u in others]])
        both = forest.call("where", (condition, forest.wrap(above), forest.wrap((c * below[0], below[1]))))
        rest = [term for term in kept if term is not kept[n] and term not in others]
        return [both, *rest]
    return kept


def _divides(f: Tree, t: Tree) -> bool:
    return any(g is f and e == 1 for g, e in (t.factors if isinstance(t, Times) else ((t, ONE),)))


def _less(f: Tree, t: Tree) -> list[Factor]:
    return [(g, e) for g, e in (t.factors if isinstance(t, Times) else ((t, ONE),)) if g is not f]


def _thin(forest: Forest, kept: list[Scaled]) -> list[Scaled]:
    """The terms with columns and rows spread by ones as plain columns and rows, where the sum keeps its box."""
    box = union([t.box for _, t in kept])
    if None in box:
        return kept
    thinner = [(c, _without_ones(t)) for c, t in kept]
    return thinner if union([t.box for _, t in thinner]) == box else kept


def _without_ones(t: Tree) -> Tree:
    if isinstance(t, Chain) and len(t.factors) == 2 and None in t.factors[0].box:
        first, last = t.factors
        if is_ones(first):
            return last
        if isinstance(last, Turn) and is_ones(last.argument):
            return first
    return t


def _meet(forest: Forest, terms: list[Scaled]) -> list[Scaled]:
    """A column and a row may only meet beside a full matrix: one of them is spread where there is none."""
    box = union([t.box for _, t in terms])
    if any(t.box == box for _, t in terms):
        if None not in box and any(is_diagonal(t) for _, t in terms):  # beside I, a 2 that means a matrix of twos would be misread
            return [(c, t) if t.box == box else spread(forest, (c, t), box) for c, t in terms]
        return terms
    k = next(n for n, (_, t) in enumerate(terms) if t.box[0] is not None)
    return [*terms[:k], spread(forest, terms[k], box), *terms[k + 1 :]]


def spread(forest: Forest, scaled: Scaled, box: Box) -> Scaled:
    """The same value with every axis of `box` written out by ones."""
    c, t = scaled
    if t.box == box:
        return scaled
    if t.box == SCALAR:
        k, u = forest.times([(t, ONE), (forest.ones(box), ONE)])
    elif t.box[0] is None:
        k, u = forest.chain([forest.ones((box[0], None)), t])
    else:
        k, u = forest.chain([t, forest.ones((None, box[1]))])
    return c * k, u
