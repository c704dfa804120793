"""Intervals of real numbers: between which bounds every entry of an expression surely lies.

Sound, never tight on purpose: what is not known is the whole line. Ends are exact fractions or infinite, open or closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import inf
from typing import NamedTuple

End = Fraction | float  # a float only for an infinity


class Range(NamedTuple):
    """The numbers between two ends; an open end does not belong to them."""

    low: End = -inf
    high: End = inf
    low_open: bool = True
    high_open: bool = True

    @property
    def positive(self) -> bool:
        return self.low > 0 or (self.low == 0 and self.low_open)

    @property
    def negative(self) -> bool:
        return self.high < 0 or (self.high == 0 and self.high_open)


REAL = Range()
ZERO, ONE = Fraction(0), Fraction(1)
POSITIVE = Range(ZERO)
NONNEGATIVE = Range(ZERO, inf, False)
UNIT = Range(ZERO, ONE)
INDICATOR = Range(ZERO, ONE, False, False)
BOUNDED = Range(-ONE, ONE, False, False)

# functions whose values lie between fixed bounds whatever the argument
FIXED: dict[str, Range] = {
    "exp": POSITIVE,
    "sigmoid": UNIT,
    "softplus": POSITIVE,
    "cosh": Range(ONE, inf, False),
    "abs": NONNEGATIVE,
    "relu": NONNEGATIVE,
    "tanh": Range(-ONE, ONE),
    "erf": Range(-ONE, ONE),
    "sin": BOUNDED,
    "cos": BOUNDED,
    "sign": BOUNDED,
    "gt": INDICATOR,
    "ge": INDICATOR,
    "eq": INDICATOR,
    "ne": INDICATOR,
    "expm1": Range(-ONE),
}
# functions with the sign of their argument
ODD_LIKE = frozenset(("sinh", "tanh", "arcsinh", "arctan", "arctanh", "arcsin", "erf", "expm1", "log1p", "sign", "relu", "silu", "gelu"))


def point(value: Fraction) -> Range:
    return Range(value, value, False, False)


def total(parts: Iterable[Range]) -> Range:
    """The range of a sum."""
    low: End = ZERO
    high: End = ZERO
    low_open = high_open = False
    for r in parts:
        low, high = low + r.low, high + r.high
        low_open, high_open = low_open or r.low_open, high_open or r.high_open
    return Range(low, high, low_open, high_open)


def scaled(c: Fraction, r: Range) -> Range:
    """The range of c * x."""
    if c > 0:
        return Range(c * r.low, c * r.high, r.low_open, r.high_open)
    return Range(c * r.high, c * r.low, r.high_open, r.low_open) if c else point(ZERO)


def times(a: Range, b: Range) -> Range:
    """The range of x * y."""
    ends: list[tuple[End, bool]] = []
    for x, x_open in ((a.low, a.low_open), (a.high, a.high_open)):
        for y, y_open in ((b.low, b.low_open), (b.high, b.high_open)):
            if x == 0 or y == 0:
                reached = (x == 0 and not x_open) or (y == 0 and not y_open)
                ends.append((ZERO, not reached))
            else:
                ends.append((x * y, x_open or y_open))
    low, high = min(v for v, _ in ends), max(v for v, _ in ends)
    return Range(low, high, all(o for v, o in ends if v == low), all(o for v, o in ends if v == high))


def hull(a: Range, b: Range) -> Range:
    """The least range that holds both."""
    low, high = min(a.low, b.low), max(a.high, b.high)
    low_open = all(r.low_open for r in (a, b) if r.low == low)
    high_open = all(r.high_open for r in (a, b) if r.high == high)
    return Range(low, high, low_open, high_open)


def summed(r: Range) -> Range:
    """The range of a sum of one or more numbers of a range."""
    low: End = r.low if r.low >= 0 else -inf
    high: End = r.high if r.high <= 0 else inf
    return Range(low, high, r.low_open if r.low >= 0 else True, r.high_open if r.high <= 0 else True)


def power(r: Range, k: Fraction) -> Range:
    """The range of x ** k, where it is real."""
    if k.denominator == 1 and k.numerator % 2 == 0 and not (r.low >= 0 or r.high <= 0):
        top: End = max(-r.low, r.high)
        if k > 0 and top not in (inf, -inf):
            return Range(ZERO, Fraction(top) ** k.numerator, False, False)
        return NONNEGATIVE if k > 0 else POSITIVE
    if r.high <= 0 and k.denominator == 1 and r.high != r.low:
        flipped = power(scaled(-ONE, r), k)
        return flipped if k.numerator % 2 == 0 else scaled(-ONE, flipped)
    if r.low < 0:
        return NONNEGATIVE if k.denominator % 2 == 0 else REAL
    within, beyond = r.high <= 1, r.low >= 1
    if k < 0:
        within, beyond = beyond, within
    low: End = ONE if beyond else ZERO
    high: End = ONE if within else inf
    if k.denominator == 1 and k > 0:
        low = r.low**k.numerator if r.low != inf else low
        high = r.high**k.numerator if r.high != inf else inf
        return Range(low, high, r.low_open, r.high_open)
    return Range(low, high, low == 0 and (r.positive or k < 0), False)


def of_function(name: str, arguments: list[Range]) -> Range:
    """The range of an elementwise function."""
    x = arguments[0]
    if name in ("maximum", "minimum"):
        a, b = arguments
        pick = max if name == "maximum" else min
        low, high = pick(a.low, b.low), pick(a.high, b.high)
        low_open = any(r.low_open for r in arguments if r.low == low)
        high_open = any(r.high_open for r in arguments if r.high == high)
        return Range(low, high, low_open, high_open)
    if name == "where":
        return hull(arguments[1], arguments[2])
    if name == "log":
        if x.low >= 1:
            return Range(ZERO, inf, x.low > 1 or x.low_open)
        return Range(-inf, ZERO, True, x.high < 1 or x.high_open) if x.high <= 1 else REAL
    fixed = FIXED.get(name, REAL)
    if name == "abs" and (x.positive or x.negative):
        return POSITIVE
    if name == "exp" and x.high <= 0:
        return Range(ZERO, ONE, True, x.high_open or x.high < 0)
    if name == "exp" and x.low >= 0:
        return Range(ONE, inf, x.low_open)
    if name in ODD_LIKE and x.low >= 0:
        return Range(ZERO, fixed.high, x.positive, fixed.high_open)
    if name in ODD_LIKE and x.high <= 0 and name != "relu":
        return Range(fixed.low, ZERO, fixed.low_open, x.negative)
    return fixed
