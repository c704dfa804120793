"""Function calls: signs of odd and even functions and transposes come outside, so that a function is printed of its plainest argument."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrt.notation import literals
from wrt.notation.functions import ALONG, COMPARE, REDUCES, TURNS, WHOLE, call_box
from wrt.notation.tree import ONE, SCALAR, Scaled, Sum, Tree, Turn, number_of
from wrt.tables.functions import FUNCTIONS

if TYPE_CHECKING:
    from wrt.notation.build import Forest


def call(forest: Forest, function: str, arguments: tuple[Tree, ...], axis: int | None = None) -> Scaled:
    """function(arguments): elementwise, of a whole matrix, or along an axis."""
    row = FUNCTIONS.get(function)
    if row is not None and (row.odd or row.even) and len(arguments) == 1:
        a = arguments[0]
        if isinstance(a, Sum) and len(a.terms) == 1 and a.terms[0][0] < 0:
            c, t = call(forest, function, (forest.wrap((-a.terms[0][0], a.terms[0][1])),))
            return (-c if row.odd else c), t
    if function == "adj":
        folded = literals.adjugate(forest, arguments[0])
        if folded is not None:
            return ONE, folded
    if function in TURNS or function in REDUCES or function in ALONG or function not in WHOLE:
        outside = _turned(forest, function, arguments, axis)
        if outside is not None:
            return outside
    if function in COMPARE and len(arguments) == 2:
        a, b = arguments
        numbers = number_of(a) is not None, number_of(b) is not None
        if numbers[0] or (not forest.typing and not numbers[1] and b.key < a.key):  # x > 0, and x < y when x was named first
            function, arguments = COMPARE[function], (b, a)
    return ONE, forest.raw_call(function, arguments, call_box(function, arguments, axis), axis)


def _turned(forest: Forest, function: str, arguments: tuple[Tree, ...], axis: int | None) -> Scaled | None:
    """f(A.T) as f(A).T when the turned argument is the plainer one."""
    bodies = [a for a in arguments if a.box != SCALAR]
    if not bodies or (forest.typing and not any(isinstance(a, Turn) for a in bodies)):
        return None
    if all(None in a.box and not isinstance(a, Turn) for a in bodies):
        return None
    turned = [forest.wrap(forest.turn(a)) for a in arguments]
    if all(t is a for t, a in zip(turned, arguments, strict=True)):
        return None
    others = [t for t in turned if t.box != SCALAR]
    if _rank(others) >= _rank(bodies):
        return None
    inner = tuple(turned)
    if function in REDUCES and axis is None:
        return ONE, forest.raw_call(function, inner, SCALAR)
    axis = None if axis is None else 1 - axis
    return forest.turn(forest.raw_call(function, inner, call_box(function, inner, axis), axis))


def _rank(trees: list[Tree]) -> tuple[float, list[tuple[int, ...]], list[int]]:
    return sum(t.score for t in trees), [t.key for t in trees], [t.serial for t in trees]
