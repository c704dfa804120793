"""Plain numbers that remember what they are: np.sqrt(6) is a float for Python and sqrt(6) for the formula; 1/3 is no decimal fraction either."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Self

from wrt.language import trees
from wrt.language.surface import Binary, Call, Name, Node, Number, Unary
from wrt.tables.functions import FUNCTIONS

DIGITS = 15  # of a decimal fraction from which on it is taken for the rounded value of a quotient
DENOMINATOR = 100


class Exact(float):
    """A float with the untyped tree of the number that it rounds."""

    tree: Node

    def __new__(cls, value: float, tree: Node) -> Self:
        made = super().__new__(cls, value)
        made.tree = tree
        return made

    def _binary(self, op: str, other: object, *, reverse: bool = False) -> Any:
        if isinstance(other, bool) or not isinstance(other, (int, float)):
            return NotImplemented
        a, b = (other, self) if reverse else (self, other)
        value = OPERATIONS[op](float(a), float(b))
        return Exact(value, Binary(op, tree_of(a), tree_of(b))) if isinstance(value, float) else value

    def __add__(self, other: object) -> Any:
        return self._binary("+", other)

    def __radd__(self, other: object) -> Any:
        return self._binary("+", other, reverse=True)

    def __sub__(self, other: object) -> Any:
        return self._binary("-", other)

    def __rsub__(self, other: object) -> Any:
        return self._binary("-", other, reverse=True)

    def __mul__(self, other: object) -> Any:
        return self._binary("*", other)

    def __rmul__(self, other: object) -> Any:
        return self._binary("*", other, reverse=True)

    def __truediv__(self, other: object) -> Any:
        return self._binary("/", other)

    def __rtruediv__(self, other: object) -> Any:
        return self._binary("/", other, reverse=True)

    def __pow__(self, other: object, modulus: object = None) -> Any:
        return self._binary("**", other)

    def __rpow__(self, other: object, modulus: object = None) -> Any:
        return self._binary("**", other, reverse=True)

    def __neg__(self) -> Exact:
        return Exact(-float(self), Unary("-", self.tree))


OPERATIONS: dict[str, Callable[[float, float], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
}


def tree_of(value: float) -> Node:
    """The untyped tree of a plain number: exact where it remembers, a quotient where a long decimal fraction rounds one, else as Python writes it."""
    if isinstance(value, Exact):
        return value.tree
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    number = Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
    near = Fraction(value).limit_denominator(DENOMINATOR)
    if isinstance(value, float) and len(repr(value).partition("e")[0]) > DIGITS and float(near) == value:
        number = near
    if number.denominator != 1 and (number is near or not isinstance(value, float)):
        return trees.number(number)
    mantissa, e, exponent = repr(value).lstrip("-").partition("e")
    node = Number(abs(number), mantissa + e + (str(int(exponent)) if exponent else ""))
    return Unary("-", node) if number < 0 else node


def remembered(name: str, arguments: tuple[Any, ...], result: Any) -> Any:
    """The result of a library's function of plain numbers, with its formula where the language has the function."""
    row = FUNCTIONS.get(name)
    plain = all(isinstance(a, (int, float)) and not isinstance(a, bool) for a in arguments)
    if row is None or not plain or len(arguments) != len(row.arguments) or not isinstance(result, float) or result.is_integer():
        return result
    return Exact(float(result), Call(name, tuple(tree_of(a) for a in arguments)))


def constant(name: str, value: float) -> Exact:
    """pi and e."""
    return Exact(value, Name("pi") if name == "pi" else Call("exp", (Number(Fraction(1), "1"),)))
