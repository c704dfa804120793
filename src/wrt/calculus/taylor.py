"""Taylor polynomials of a function of one or several variables: f along the line a + t*h, differentiated by t at 0.

    f(a) + D f(a)[h] + D**2 f(a)[h, h]/2 + ...        h = x - a

The displacement h stays a symbol, because sums are flat in the index form and (x - 4)/4 would become x/4 - 1: whoever prints the polynomial
puts x - a in its place, whoever computes with it takes `whole`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import factorial

from wrt.algebra.distribution import weight
from wrt.algebra.expr import ONE, Expr, Map, Product, Sum, Symbol, constant_value, is_zero, number, postorder, symbol
from wrt.algebra.flatten import flattened
from wrt.algebra.gather import gathered
from wrt.algebra.known import Facts
from wrt.algebra.product import product, times
from wrt.algebra.rebuild import substitute
from wrt.algebra.simplify import simplify
from wrt.algebra.sums import add, minus
from wrt.calculus.conditions import kinks_at
from wrt.calculus.derive import derivative
from wrt.errors import DomainError, NoClosedFormError

MOST = 60  # terms up to which sums of displacements are multiplied out
ALONG = symbol("t along the line")  # no name of the text language: it cannot be a user's variable


@dataclass(frozen=True, slots=True)
class Taylor:
    """A polynomial in displacements: `expr` holds their symbols, `displacements` what each stands for (x - a; x itself where a = 0).

    `parts`: what adds up to `expr`, the terms of one degree each.
    """

    expr: Expr
    displacements: Mapping[str, Expr]
    parts: tuple[Expr, ...]

    @property
    def whole(self) -> Expr:
        """The polynomial in the variables themselves."""
        return substitute(self.expr, self.displacements)


def taylor(f: Expr, variables: Sequence[Symbol], at: Mapping[str, Expr], order: int, names: Sequence[str], facts: Facts | None = None) -> Taylor:
    """The Taylor polynomial of f in `variables` at the point `at`, up to `order`; `names` are fresh names for the displacements.

    Shapes: f [*F], at[x] [*X] as x; result [*F].
    Raises: DomainError where f or a derivative has no value at the point.
    Source: Magnus & Neudecker 2019, ch. 6 (differentials of higher order).
    """
    steps = {x.name: symbol(name, x.shape) for x, name in zip(variables, names, strict=True)}
    line = {x.name: add([(ONE, at[x.name]), (ONE, times(ALONG, steps[x.name]))], x.shape) for x in variables}
    if order and kinks_at(f, lambda e: simplify(flattened(substitute(e, at)), facts or {})[0]):
        raise DomainError("the function has no Taylor polynomial there: it has a kink at the point.")
    if order and any(is_zero(simplify(flattened(substitute(base, at)), facts or {})[0]) for base in _rooted(f)):
        raise DomainError("the function has no Taylor polynomial there: a power of 0 with no whole exponent has not every derivative.")
    g = substitute(f, line)
    terms: list[tuple[Fraction, Expr]] = []
    for k in range(order + 1):
        value = substitute(g, {ALONG.name: number(0)})
        _check(value, at)
        value, used = simplify(flattened(value), facts or {})
        if any(is_zero(e) for condition in used for e in condition.subjects):  # prod(x)/x at x = 0
            raise NoClosedFormError("no closed form of the Taylor polynomial is known at this point.")
        terms.append((Fraction(1, factorial(k)), value))
        if k < order:
            g = derivative(g, ALONG)
    displacements = {steps[x.name].name: minus(x, at[x.name]) for x in variables}
    kept = [(c, _spread(t, set(displacements))) for c, t in terms if not is_zero(t)] or terms[:1]
    return Taylor(gathered(kept, f.shape), displacements, tuple(add([term], f.shape) for term in kept))


def linearize(f: Expr, variables: Sequence[Symbol], at: Mapping[str, Expr], names: Sequence[str], facts: Facts | None = None) -> Taylor:
    """f(a) + D f(a)[x - a]: the Taylor polynomial of order 1."""
    return taylor(f, variables, at, 1, names, facts)


def _spread(e: Expr, displacements: set[str]) -> Expr:
    """The sums of displacements multiplied out where that is no longer: h*(h + k) + k*(h + k) = h**2 + 2*h*k + k**2."""
    terms = list(e.terms) if isinstance(e, Sum) else [(ONE, e)]
    done: list[tuple[Fraction, Expr]] = []
    while terms and len(done) < MOST:
        c, t = terms.pop()
        place = (
            next((m for m, (f, _) in enumerate(t.operands) if isinstance(f, Sum) and _made_of(f, displacements)), None)
            if isinstance(t, Product)
            else None
        )
        if place is None or not isinstance(t, Product):
            done.append((c, t))
            continue
        inner, labels = t.operands[place]
        rest = [o for m, o in enumerate(t.operands) if m != place]
        assert isinstance(inner, Sum)
        terms += [(c * k, product(t.coefficient, [(u, labels), *rest], t.output, t.sizes)) for k, u in inner.terms]
    spread = add(done, e.shape)
    return spread if not terms and weight(spread) <= weight(e) else e


def _made_of(e: Sum, displacements: set[str]) -> bool:
    """Whether every term of a sum holds a displacement."""
    return all(any(isinstance(node, Symbol) and node.name in displacements for node in postorder(t)) for _, t in e.terms)


def _rooted(f: Expr) -> list[Expr]:
    """What stands under a power whose exponent is no whole number."""
    powers = [node for node in postorder(f) if isinstance(node, Map) and node.function == "pow"]
    exponents = [constant_value(node.arguments[1]) for node in powers]
    return [node.arguments[0] for node, e in zip(powers, exponents, strict=True) if e is not None and e.denominator != 1]


def _check(value: Expr, at: Mapping[str, Expr]) -> None:
    """Refuse a point where the function or one of its derivatives is not defined."""
    for node in postorder(value):
        if not isinstance(node, Map):
            continue
        base = Fraction(0) if is_zero(node.arguments[0]) else constant_value(node.arguments[0])
        exponent = constant_value(node.arguments[-1])
        pole = node.function == "pow" and base == 0 and (exponent is None or exponent < 0)  # 0**e has a derivative for some e only
        root = node.function == "pow" and base is not None and base < 0 and exponent is not None and exponent.denominator != 1
        if pole or root or (node.function == "log" and base is not None and base <= 0):
            raise DomainError("the function has no Taylor polynomial there: it or a derivative has no value at the point.")
