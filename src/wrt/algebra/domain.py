"""What is outside a function's domain whatever the variables are: 1/0, 0**-1, log(-2), (-1)**0.5, log(-c) of a positive c."""

from __future__ import annotations

from wrt.algebra.expr import Expr, constant_value
from wrt.algebra.known import Known
from wrt.errors import DomainError
from wrt.language.surface import Binary, Call, Node
from wrt.language.unparse import short
from wrt.tables.functions import FUNCTIONS


def check_quotient(node: Binary, divisor: Expr) -> None:
    """Refuse a division by the number 0."""
    if constant_value(divisor) == 0:
        raise DomainError("division by zero.", span=node.right.span)


def check_power(node: Binary, base: Expr, exponent: Expr, known: Known) -> None:
    """Refuse 0 to a negative power and a root of a negative number."""
    b, e = constant_value(base), constant_value(exponent)
    if e is not None and b is None and e.denominator != 1 and known.range(base).negative:
        raise DomainError(f"{short(node.left, 40)} is negative and has no real power {e}.", span=node.span)
    if b is None or e is None:
        return
    if b == 0 and e < 0:
        raise DomainError("zero to a negative power.", span=node.span)
    if b < 0 and e.denominator != 1:
        raise DomainError(f"{b} has no real power {e}.", span=node.span)


def check_argument(node: Call, argument: Expr, place: Node, known: Known) -> None:
    """Refuse an argument that is surely outside an elementwise function's domain."""
    value = constant_value(argument)
    row = FUNCTIONS.get(node.function)
    if row is None or not row.domain:
        return
    if value is None:
        r = known.range(argument)
        why = {
            "positive": "negative" * r.negative if node.function != "log1p" else "below -1" * (r.high < -1),
            "unit": "outside -1 .. 1" * (r.low > 1 or r.high < -1) if node.function.startswith("arc") else "",
            "above_one": "below 1" * (r.high < 1),
        }.get(row.domain, "")
        if why:
            raise DomainError(f"{node.function}({short(place, 40)}) has no value: {short(place, 40)} is {why}.", span=place.span)
        return
    shifted = value + 1 if node.function == "log1p" else value
    outside = {
        "positive": shifted < 0 or (shifted == 0 and node.function != "sqrt"),
        "unit": abs(value) > 1 if node.function.startswith("arc") else False,
        "above_one": value < 1,
        "nonzero": value == 0,
    }.get(row.domain, False)
    if outside:
        raise DomainError(f"{node.function}({value}) is outside its domain.", span=place.span)
