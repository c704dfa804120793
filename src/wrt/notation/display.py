"""How long c*t is to read, and as what it is printed: numbers go into sums and signs into factors where that makes it no longer."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.notation.functions import is_pi
from wrt.notation.score import CALL, OPERATION, WORD
from wrt.notation.tree import HALF, ONE, Call, Chain, Factor, Scaled, Sum, Times, Tree, Turn, full_first, number_of

if TYPE_CHECKING:
    from wrt.notation.build import Forest

LINEAR = frozenset(("tr", "sum", "mean", "diag"))  # functions that a sign sinks into
DEPTH = 4  # how deep a sign may sink
LEVELS = 2  # fractions within fractions that are read with ease: (A @ x - (x.T @ A @ x)*x/(x.T @ x))/(x.T @ x)
DEEP = 8.0  # length that every further level costs
LEGIBLE = 100  # denominators up to which a fraction stays a fraction


def product_score(forest: Forest, c: Fraction, t: Tree, *, first: bool = True) -> float:
    """The length of c*t as a term; the sign of a later term belongs to the operator before it."""
    if not first:
        c = abs(c)
    if c != 1:
        c, t = shown(forest, c, t)
    sign = WORD if c < 0 else 0.0
    c = abs(c)
    if t is forest.one:
        return sign + (WORD if c.denominator == 1 or decimal(forest, c) else OPERATION + 2 * WORD)
    factors = t.factors if isinstance(t, Times) else ((t, ONE),)
    top, bottom, score = _number_of_parts(forest, c, factors)
    deep = DEEP * max(0, t.levels - LEVELS) if isinstance(t, Times) else 0.0
    return sign + score + OPERATION * (top + bottom - 1) + deep


def _number_of_parts(forest: Forest, c: Fraction, factors: tuple[Factor, ...]) -> tuple[int, int, float]:
    """(parts above the line, parts below it, their length without the operators between)."""
    top, bottom, score, roots = 0, 0, -CALL if constant_roots(factors) else 0.0, set()
    for f, e in factors:
        score += f.score
        if abs(e) == HALF:  # sqrt(a)*sqrt(b) is printed sqrt(a*b)
            score += 0.0 if e in roots else CALL
            roots.add(e)
        elif abs(e) != 1:
            score += OPERATION + WORD
        top, bottom = (top + 1, bottom) if e > 0 else (top, bottom + 1)
    if c != 1:
        whole = c.denominator == 1 or bool(decimal(forest, c))
        top, bottom, score = top + (whole or c.numerator != 1), bottom + (not whole), score + WORD * (1 + (not whole and c.numerator != 1))
    return (top, bottom, score) if top else (1, bottom, score + WORD)


def constant_roots(factors: Iterable[Factor]) -> list[Factor]:
    """sqrt(2)/sqrt(pi), roots of numbers above and below the line, which are printed as one: sqrt(2/pi)."""
    found = [(f, e) for f, e in factors if abs(e) == HALF and (number_of(f) is not None or is_pi(f))]
    return found if len({e for _, e in found}) == 2 else []


def decimal(forest: Forest, c: Fraction) -> str:
    """How a number is spelt when not as a fraction: as the user did, or as a decimal when the fraction would be unreadable; else ""."""
    spelled = forest.context.spelled.get(c)
    if spelled is not None:
        return spelled if c.denominator != 1 else ""
    if c.denominator <= LEGIBLE:
        return ""
    rest, digits = c.denominator, 0
    for p in (2, 5):
        count = 0
        while rest % p == 0:
            rest //= p
            count += 1
        digits = max(digits, count)
    if rest != 1:
        return ""
    whole = str(abs(int(c * 10**digits))).rjust(digits + 1, "0")
    return ("-" if c < 0 else "") + whole[:-digits] + "." + whole[-digits:]


def shown(forest: Forest, c: Fraction, t: Tree) -> Scaled:
    """c*t as it is printed."""
    key = (c, t.serial)
    found = forest.display.get(key)
    if found is None:
        found = forest.display[key] = _shown(forest, c, t)
    return found


def _shown(forest: Forest, c: Fraction, t: Tree) -> Scaled:
    if isinstance(t, Sum) and len(t.terms) > 1:
        inside = scaled_sum(forest, c, t)
        if abs(c) == 1:
            plain = t.score + WORD
        else:
            parts = (c.denominator != 1 and not decimal(forest, c)) + (c.numerator not in (1, -1) or c.denominator == 1)
            plain = t.score + parts * (OPERATION + WORD) + (WORD if c < 0 else 0.0)
        if inside.score < plain or (inside.score == plain and not t.typed):
            return ONE, inside
    if c < 0:
        other = negated(forest, t, DEPTH)
        if other is not None:
            return -c, other
    if c.denominator != 1 and isinstance(t, (Times, Chain)):
        return _spread_fraction(forest, c, t)
    return c, t


def _spread_fraction(forest: Forest, c: Fraction, t: Times | Chain) -> Scaled:
    """B @ (2*a + f + 1)/2 as B @ (a + (f + 1)/2) where that is shorter."""
    factors = list(t.factors) if isinstance(t, Times) else [(f, ONE) for f in t.factors]
    for n, (f, e) in enumerate(factors):
        if e == 1 and isinstance(f, Sum) and not f.typed and len(f.terms) > 2:
            inside = scaled_sum(forest, c, f)
            assert isinstance(inside, Sum)
            shown_terms = grouped(forest, inside.terms)
            length = sum(product_score(forest, k, u, first=m == 0) for m, (k, u) in enumerate(shown_terms)) + OPERATION * (len(shown_terms) - 1)
            if length <= f.score and len(shown_terms) < len(f.terms):
                factors[n] = (inside, e)
                return ONE, _with_factors(forest, t, factors)
    return c, t


def negated(forest: Forest, t: Tree, depth: int, *, typed: bool = False) -> Tree | None:
    """-t with the sign sunk into a sum that nobody typed, or into a typed difference, when no sign is left; None when there is no such sum.

    1 - tanh(u)**2 and the like stay, and 1 - x**2 below the line: they are known by their looks.
    """
    match t:
        case Sum() if len(t.terms) > 1 and (not t.typed or (typed and len(t.terms) == 2)) and not known_by_looks(forest, t):
            flipped = scaled_sum(forest, -ONE, t)
            return flipped if flipped.score <= t.score + WORD / 2 else None
        case Turn():
            inner = negated(forest, t.argument, depth, typed=typed)
            return None if inner is None else forest.raw_turn(inner)
        case Call() if t.function in LINEAR and len(t.arguments) == 1:
            inner = negated(forest, t.arguments[0], depth, typed=typed)
            return None if inner is None else forest.raw_call(t.function, (inner,), t.box, t.axis)
        case Times() | Chain() if depth:
            factors = list(t.factors) if isinstance(t, Times) else [(f, ONE) for f in t.factors]
            for n, (f, e) in enumerate(factors):
                below = e == -1 and isinstance(f, Sum) and any(u is forest.one and c > 0 for c, u in f.terms)
                inner = negated(forest, f, depth - 1, typed=typed) if abs(e) == 1 and not below else None
                if inner is not None:
                    factors[n] = (inner, e)
                    return _with_factors(forest, t, factors)
    return None


def known_by_looks(forest: Forest, t: Sum) -> bool:
    """Whether a sum is 1 - s, 1 - 2*s or 1 - g**2 with s a logistic function or a softmax, g a function: the parts of well-known derivatives."""
    if len(t.terms) != 2 or not any(u is forest.one and c > 0 for c, u in t.terms):
        return False
    f, e = next(((f, e) for _, u in t.terms if u is not forest.one for f, e in (u.factors if isinstance(u, Times) else ((u, ONE),))), (t, ONE))
    return isinstance(f, Call) and (e == 2 or f.function in ("sigmoid", "softmax"))


def grouped(forest: Forest, terms: tuple[Scaled, ...]) -> tuple[Scaled, ...]:
    """The terms of a sum as they are printed: those of k*(a + b) together where the user wrote a + b, and f/2 + 1/2 as (f + 1)/2.

    Those of a + b itself stand side by side.
    """
    if len(terms) < 3:  # two terms with a common number have it in front
        return terms
    terms = tuple(full_first(_paired(forest, terms)))
    numbers = {t.serial: c for c, t in terms}
    half = numbers.get(forest.one.serial)
    if half is not None and half.denominator != 1:
        partner = [t for c, t in terms if c == half and t is not forest.one]
        if len(partner) == 1:
            both = forest.raw_sum(((ONE, forest.one), (ONE, partner[0])))
            return ((half, both), *[term for term in terms if term[1] is not forest.one and term[1] is not partner[0]])
    for written in forest.written:
        if len(written.terms) >= len(terms):
            continue
        ratios = {numbers.get(t.serial, Fraction(0)) / c for c, t in written.terms}
        if len(ratios) == 1 and (ratio := ratios.pop()) != 0:
            gone = {t.serial for _, t in written.terms}
            place = next(n for n, (_, t) in enumerate(terms) if t.serial in gone)
            kept = [term for term in terms if term[1].serial not in gone]
            if abs(ratio) != 1:
                return (*kept[:place], (ratio, written), *kept[place:])
            if ratio == 1:
                terms = tuple(full_first((*kept[:place], *written.terms, *kept[place:])))
    return terms


def _paired(forest: Forest, terms: tuple[Scaled, ...]) -> tuple[Scaled, ...]:
    """The terms with A.T right after A, x @ y.T right after y @ x.T, and -mean(y) right after y."""
    out = list(terms)
    here = {t.serial for _, t in terms}
    for term in terms:
        c, t = term
        other = None
        if isinstance(t, Turn):
            other = t.argument
        elif isinstance(t, Call) and t.function == "mean":
            other = t.arguments[0]
        elif isinstance(t, Chain) and None not in t.box and any(f.box[1] is None for f in t.factors):
            other = forest.turn(t)[1]
        if other is None or other.serial not in here:
            continue
        place = next((n for n, (k, u) in enumerate(out) if u is other and k == (-c if isinstance(t, Call) else c)), None)
        if place is not None and out.index(term) > place + 1:
            out.remove(term)
            out.insert(place + 1, term)
    return tuple(out)


def scaled_sum(forest: Forest, c: Fraction, t: Sum) -> Tree:
    """c*t as one sum, for printing only."""
    terms = [(c * k, u) for k, u in t.terms]
    if not t.typed or terms[0][0] < 0:
        terms = forest.arranged(terms)
    return forest.raw_sum(tuple(terms), ("shown", c, t.serial))


def _with_factors(forest: Forest, t: Times | Chain, factors: list[Factor]) -> Tree:
    key = ("shown", t.serial, tuple(f.serial for f, _ in factors))
    if isinstance(t, Times):
        return forest.intern(key, lambda: Times(t.box, score=t.score, key=t.key, factors=tuple(factors)))
    return forest.intern(key, lambda: Chain(t.box, score=t.score, key=t.key, factors=tuple(f for f, _ in factors)))
