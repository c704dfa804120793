"""Marks: what stands on the page, before a style spells it. One kind of mark for each notation of mathematics that the styles share.

number name symbol word                       2, x, pi, a word
sum(terms)  text "+-+"                        a + b - c; a single "-" is a negation
times(factors)                                side by side: 2 A x
join(a, b)  text odot oslash otimes           a sign between
ratio(A, b, B[, k])                           a vector or matrix over a scalar: A/b, A = k B
fraction(a, b)  power(x, k)  entry_power(x, k)  root(x)
transpose(x) inverse(x) inverse_transpose(x) pseudo_inverse(x)
entry(x, place, ...)  slice(start, stop)      places count from 1
call(x, ...)  text the function               f(x, ...); with a prime the word rather than a letter
applied(f, x, ...)  text sign and orders      f(x), f'(x), Df(x), nabla f(x): a declared function
entry_call(x)  exponential(x)                 f of each entry of a square matrix; e^X
bars(x)  norm(x)  text the kind               |x|, ||x||_F; norm(x, p) of kind "p"
compare(a, b)  text the relation              indicator(c), delta(i, j)
series(body, start, stop, ...)  text names    sum over i = start .. stop, ...
array(body, size, ...)  text names            [body] for i = 1 .. size, ...
cases(c, a, b)  column(x, ...)  block(x, ...) text "rows"
ones(n, ...) zeros(n, ...) eye(n)
steps(name, value, ..., result)
differential(x) partial(x, v) limit(x, h)     d(x), the derivative of x by v, the limit as h goes to 0: what a line of a derivation has still to do
tangent(x)                                    dx; a partial of text "d" is that of a function of one number
group(x)                                      parentheses that are always shown
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from wrt.language.surface import Shape


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """A piece of notation: its kind, its parts, its word, and for a name the shape of what it names."""

    kind: str
    parts: tuple[Mark, ...] = ()
    text: str = ""
    shape: Shape | None = None


def postorder(root: Mark) -> Iterator[Mark]:
    """Every mark below the root once, parts first, without recursion."""
    seen: set[int] = set()
    stack: list[tuple[Mark, bool]] = [(root, False)]
    while stack:
        mark, ready = stack.pop()
        if ready:
            yield mark
        elif id(mark) not in seen:
            seen.add(id(mark))
            stack.append((mark, True))
            stack.extend((part, False) for part in reversed(mark.parts))


@dataclass(frozen=True, slots=True)
class Piece:
    """A mark as spelt: its text, how tightly it binds, whether it is taller than a line, whether it ends in a subscript."""

    text: str
    level: int
    tall: bool = False
    lowered: bool = False


# how tightly the outermost sign of a piece binds: the one precedence table
LINES, RELATION, SUM, SERIES, JOIN, QUOTIENT, PRODUCT, POWER, ATOM = range(9)


# ---------------------------------------------------------------------------------------------------- making marks
def number(value: Fraction | int, text: str = "") -> Mark:
    """A number as a mark; a fraction as one."""
    value = Fraction(value)
    if value < 0:
        return negative(number(-value, text.lstrip("-")))
    if text or value.denominator == 1:
        return Mark("number", text=text or str(value))
    return Mark("fraction", (number(value.numerator), number(value.denominator)))


def negative(mark: Mark) -> Mark:
    """-x; the sign of a sum's only term is flipped."""
    if mark.kind == "sum" and len(mark.parts) == 1:
        return mark.parts[0]
    return Mark("sum", (mark,), "-")


def is_negative(mark: Mark) -> bool:
    return mark.kind == "sum" and mark.text == "-"


def times(*factors: Mark) -> Mark:
    """Factors side by side, nested products as one, the sign of the first in front."""
    flat: list[Mark] = []
    for factor in factors:
        flat += factor.parts if factor.kind == "times" else (factor,)
    if is_negative(flat[0]):
        first = flat[0].parts[0]
        flat[:1] = first.parts if first.kind == "times" else (first,)
        return negative(times(*flat))
    flat = [f for f in flat if not (f.kind == "number" and f.text == "1")] or flat[:1]
    return flat[0] if len(flat) == 1 else Mark("times", tuple(flat))
