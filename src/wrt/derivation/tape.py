"""Automatic differentiation as a table: intermediate variables, their local derivatives, and tangents (forward) or adjoints (reverse).

Forward, row by row: the tangent of v is the sum over the variables it is made from, v_dot = sum_u dv/du u_dot. Reverse, from the last row up: the adjoint of u
is the sum over its uses, u_bar = sum_v (dv/du)^T v_bar. The last line, with every row put into the next, is proved to be the engine's own derivative.
Source: Griewank & Walther 2008, ch. 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wrt.api import FormulaLike, as_formula, variables_of
from wrt.conventions import choice
from wrt.derivative import Derivative
from wrt.errors import ShapeError, TextError
from wrt.formula import Formula
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.surface import FunctionDeclaration
from wrt.language.variables import variable

if TYPE_CHECKING:
    from wrt.derivation.tape_parts import Line

MODES = ("forward", "reverse")


@dataclass(frozen=True, repr=False)
class Tape:
    """A table of automatic differentiation; made by `wrt.tape`. `str` is the table in the text language.

    `lines`: inputs, then one line an operation. `gradient`: the engine's derivative by each input (of <f_bar, f> where f is no scalar), proved equal to what
    the tape adds up to; `verified` the verdict; `numbers` its values. `passes`: the seeds of the forward mode with numbers, one flow each.

    >>> import wrt
    >>> t = wrt.tape("x*sin(y)", at={"x": 2, "y": 0})
    >>> t.value, t.numbers, [line.name for line in t.uses("x")]
    (0.0, {'x': 0.0, 'y': 2.0}, ['f'])
    """

    function: Formula
    inputs: tuple[str, ...]
    mode: str
    lines: tuple[Line, ...]
    gradient: dict[str, Derivative]
    verified: str
    at: Mapping[str, Any] | None = None
    passes: tuple[str, ...] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict)
    flow_names: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def value(self) -> Any:
        """The function's number; None on a tape with symbols."""
        return self.lines[-1].value

    def uses(self, name: str) -> tuple[Line, ...]:
        """The lines that a variable enters: the terms of its adjoint."""
        return tuple(line for line in self.lines if name in line.row.uses)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"Tape({str(self.function)!r}, {self.mode} mode, {len(self.lines)} lines)"

    def text(self) -> str:
        """The table in the text language."""
        from wrt.derivation.tape_table import as_text

        return as_text(self, "text")

    def unicode(self) -> str:
        """The table in Unicode."""
        from wrt.derivation.tape_table import as_text

        return as_text(self, "unicode")

    def latex(self) -> str:
        """The table as a LaTeX tabular."""
        from wrt.derivation.tape_table import as_latex

        return as_latex(self)

    def html(self) -> str:
        """The table in HTML."""
        from wrt.derivation.tape_table import as_html

        return as_html(self)

    def _repr_html_(self) -> str:
        return self.html()

    def svg(self) -> str:
        """The graph as an SVG picture: a box a variable, an arrow a use with its local derivative."""
        from wrt.derivation.tape_graph import as_svg

        return as_svg(self)

    def data(self) -> dict[str, Any]:
        """The table as plain data, for JSON."""
        from wrt.derivation.tape_table import as_data

        return as_data(self)


def tape(
    f: FormulaLike,
    *names: Any,
    at: Mapping[str, Any] | None = None,
    mode: str = "reverse",
    shapes: ShapeSpec = None,
    assume: FactSpec = None,
) -> Tape:
    """The table of automatic differentiation of f by the inputs named (all of them by default), with symbols or, `at` a point, with numbers.

    `mode`: "reverse" (adjoints, from the function back) or "forward" (tangents; with numbers one pass for each entry of the inputs).
    Raises: TextError, UnknownNameError for a point that does not fit; DomainError where a row or a local derivative has no finite value there;
    TooLargeError; ProofError if the table disagrees with the engine.

    >>> import wrt
    >>> t = wrt.tape("sin(x*y) + x", at={"x": 2, "y": 3})
    >>> [line.name for line in t.lines], round(t.lines[0].flows[0], 4)
    (['x', 'y', 'a', 'b', 'f'], 3.8805)
    """
    choice("mode", mode, MODES)
    formula = as_formula(f, shapes, assume)
    inputs = _inputs(formula, names)
    if any(variable(name, formula.declarations).axes for name in inputs):
        raise ShapeError("a tape is by whole variables.", hint="index the variable in the formula instead.")
    from wrt.derivation.tape_making import Making

    made = Making(formula, inputs, mode)
    made.values(at)
    return made.finished()


def _inputs(f: Formula, names: Sequence[Any]) -> tuple[str, ...]:
    if names:
        return tuple(dict.fromkeys(variables_of(f, names)))
    fixed = {"integer", "onehot", "labels_pm1"}
    free = tuple(n for n, d in f.declarations.items() if not isinstance(d, FunctionDeclaration) and not d.facts & fixed)
    if not free:
        raise TextError("the formula has no variable to differentiate by.")
    return free
