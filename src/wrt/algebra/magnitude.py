"""Numbers in an expression that are past what floats hold."""

from __future__ import annotations

from wrt.algebra.expr import Expr, Map, Product, Sum, constant_value, postorder
from wrt.errors import TooLargeError

LARGEST_BITS = 1000  # 2**1000 is about 1e301; floats end near 1.8e308


def representable(e: Expr) -> Expr:
    """The same expression. Raises: TooLargeError when a number in it is past what floats hold."""
    for node in postorder(e):
        numbers = (node.coefficient,) if isinstance(node, Product) else tuple(c for c, _ in node.terms) if isinstance(node, Sum) else ()
        if isinstance(node, Map) and node.function == "pow":
            base, exponent = map(constant_value, node.arguments)
            if base and exponent is not None and abs(exponent * (base.numerator.bit_length() - base.denominator.bit_length())) > LARGEST_BITS:
                raise TooLargeError("a power in the formula is past 1e300, or below 1e-300.")
        if any(abs(c.numerator.bit_length() - c.denominator.bit_length()) > LARGEST_BITS for c in numbers):
            raise TooLargeError("a number in the formula is past 1e300, or below 1e-300.")
    return e
