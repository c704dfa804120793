"""Function calls: signs of odd and even functions and transposes come outside, so that a function is printed of its plainest argument."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrt.notation import literals
from wrt.notation.functions import ALONG, COMPARE, REDUCES, TURNS, WHOLE, call_box
from wrt.notation.score import CALL, WORD
from wrt.notation.tree import ONE, SCALAR, Chain, Scaled, Sum, Times, Tree, Turn, number_of
from wrt.tables.functions import FUNCTIONS

if TYPE_CHECKING:
    from wrt.notation.build import Forest

GAIN = 0.2  # length that a diagonal must save over a sum along an axis


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
    if function == "sum" and axis is not None and not forest.typing:
        diagonal = _diagonal(forest, arguments[0], axis)
        if diagonal is not None:
            return diagonal
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


def _diagonal(forest: Forest, t: Tree, axis: int) -> Scaled | None:
    """sum(A*(M @ A), axis=0) as diag(A.T @ M @ A).T where that is shorter."""
    if not isinstance(t, Times) or len(t.factors) != 2 or any(e != 1 or None in f.box for f, e in t.factors):
        return None
    first, last = (f for f, _ in t.factors)
    if not isinstance(last, Chain):
        return None
    k, turned = forest.turn(last if axis else first)
    c, whole = forest.chain([first, turned] if axis else [turned, last])
    m, out = forest.diag(whole)
    if out.score >= t.score + CALL + WORD * (2 - axis) - GAIN or k * c * m != 1:
        return None
    return (ONE, out) if axis else forest.turn(out)


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
