"""Decimals that stand for multiples of pi and for square roots: 6.283185307179586 is 2*pi, 0.7071067811865476 the root of 1/2."""

from __future__ import annotations

import math
from fractions import Fraction

from wrt.derivation.terms import all_replaced
from wrt.language.surface import Binary, Call, Name, Node, Number, postorder
from wrt.language.trees import number

DIGITS = 12  # significant ones, from which on a decimal is an approximation
NEAR = Fraction(1, 10**13)  # relative distance to what it stands for
DENOMINATOR = 12
PI = Fraction(math.pi)


def with_constants(tree: Node) -> Node | None:
    """The tree with such decimals written exactly; None when it has none."""
    changes = {id(node): made for node in postorder(tree) if isinstance(node, Number) and (made := _meant(node)) is not None}
    return all_replaced(tree, changes) if changes else None


def _meant(node: Number) -> Node | None:
    if not node.value or sum(c.isdigit() for c in node.text.lstrip("0.")) < DIGITS or node.value.denominator == 1:
        return None
    if (ratio := _simple(node.value / PI)) is not None:
        return Binary("*", number(ratio), Name("pi"))
    if (ratio := _simple(node.value**2)) is not None:
        return Call("sqrt", (number(ratio),))
    if (ratio := _simple(node.value**2 * PI)) is not None:
        return Call("sqrt", (Binary("/", number(ratio), Name("pi")),))
    if (ratio := _simple(node.value**2 / PI)) is not None:
        return Call("sqrt", (Binary("*", number(ratio), Name("pi")),))
    return None


def _simple(value: Fraction) -> Fraction | None:
    """The fraction with a small denominator that a value is all but equal to."""
    near = value.limit_denominator(DENOMINATOR)
    return near if near and abs(value - near) <= NEAR * abs(value) else None
