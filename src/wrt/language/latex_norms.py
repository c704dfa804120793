r"""Typed values, and the bars and norms that LaTeX writes around them.

What may mean two things is asked: |A| of a matrix (unless its neighbours tell), the norm of a matrix without F.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from wrt.errors import ShapeError, Span, TextError, WrtError
from wrt.language.builder import Builder
from wrt.language.latex_points import number_of_entries, point
from wrt.language.surface import Name, Node, Shape, Text

T = TypeVar("T")


@dataclass(slots=True)
class Value:
    """A part of the formula. `form`: how it is written (number, symbol, entry, group, call, bars, ...); `other`: the second reading of bars,
    whose first reading is `node`: |A| is det(A) or abs(A), |x| is norm(x) or abs(x).
    """

    node: Node
    form: str = ""
    other: Node | None = None

    @property
    def span(self) -> Span:
        return self.node.span


class Norms:
    """What is asked of values, and bars and norms, in one reading."""

    def __init__(self, text: str, build: Builder) -> None:
        self.text = text
        self.build = build
        self.notes: dict[str, None] = {}
        self.summed = False  # whether a sum without an index runs over all entries of what is read

    # ------------------------------------------------------------------------------------------------ helpers
    def ask(self, message: str, span: Span, hint: str = "") -> TextError:
        return TextError(message, text=self.text, span=span, hint=hint)

    def misfit(self, message: str, span: Span, hint: str = "") -> ShapeError:
        return ShapeError(message, text=self.text, span=span, hint=hint)

    def says(self, value: Value | Node) -> str:
        """The part as the user typed it."""
        start, end = value.span
        words = self.text[start:end]
        return words if len(words) <= 60 else words[:57] + "..."

    def shape(self, value: Value | Node) -> Shape:
        return self.build.shape(value.node if isinstance(value, Value) else value)

    def scalar(self, value: Value | Node) -> bool:
        return self.shape(value).kind == "scalar"

    def settled(self, value: Value) -> Value:
        """The value, when it has one reading. Raises: TextError that asks which."""
        if value.other is None:
            return value
        inner = self.says(value)
        if self.scalar(value) and self.shape(value.other).kind != "matrix":
            raise self.ask(
                f"is {inner} the norm or the absolute value of each entry?",
                value.span,
                r"write \|x\| for the norm, \operatorname{abs}(x) for the absolute values.",
            )
        raise self.ask(
            f"is {inner} the determinant or the absolute value?",
            value.span,
            r"write \det A for the determinant, \operatorname{abs}(A) for the absolute value of each entry.",
        )

    def of_shape(self, value: Value, beside: Value) -> Value:
        """Of |x|, the absolute values where they alone have the shape of what stands beside it."""
        if value.other is None or beside.other is not None or not self.shape(beside).order:
            return value
        return Value(value.other, "call") if self.build.alike(self.shape(value.other), self.shape(beside)) and self.scalar(value) else value

    def assumed_scalar(self, value: Value) -> bool:
        """Whether the value is a name that nobody declared, taken as a scalar."""
        return isinstance(value.node, Name) and value.node.name in self.build.assumed and self.scalar(value)

    def ask_point(self, number: Value) -> None:
        """Ask about x_i of an undeclared x where a vector stands: an entry, or a row of data?"""
        found = number_of_entries(number.node, self.build.assumed) if self.build.assumed else None
        if found is not None:
            raise point(self.text, found, found.span)

    def number_of_bars(self, value: Value) -> Value:
        """A determinant in bars where only a number fits; the bars of a vector are still asked about."""
        if value.other is not None and self.shape(value.other).kind == "matrix":
            return Value(value.node, "bars")
        return self.settled(value)

    def trial(self, attempt: Callable[[], T]) -> T | None:
        """What `attempt` returns, or None and everything as before when it does not fit."""
        bound, pending, opened = dict(self.build.unifier.bound), list(self.build.unifier.pending), len(self.build.open)
        try:
            return attempt()
        except WrtError:
            self.build.unifier.bound, self.build.unifier.pending = bound, pending
            del self.build.open[opened:]
            return None

    # ------------------------------------------------------------------------------------------------ bars and norms
    def bars(self, inner: Value, span: Span) -> Value:
        """|x|: the absolute value of a number; of a matrix the determinant or the absolute values, of a vector the norm or the absolute values."""
        inner = self.settled(inner)
        shape = self.shape(inner)
        absolute = self.build.call("abs", inner.node, span=span)
        if shape.kind == "scalar":
            return Value(absolute, "bars")
        if shape.kind != "matrix":
            return Value(self.build.call("norm", inner.node, span=span), "bars", absolute)
        if not self.build.is_square(shape):
            raise self.ask(
                f"{self.says(inner)} is {shape}: are the bars its norm or the absolute value of each entry?",
                span,
                r"write \|X\|_F or \operatorname{abs}(X).",
            )
        return Value(self.build.call("det", inner.node, span=span), "bars", absolute)

    def norm(self, inner: Value, kind: str, span: Span) -> Value:
        """The norm named by its subscript: "", "2", "1", "F", "inf", "*", "op", "max", "1,1"."""
        inner = self.settled(inner)
        shape = self.shape(inner)
        node = inner.node
        if shape.kind == "scalar" and self.build.assumed:
            self.ask_point(inner)
            raise self.misfit(f"{self.says(inner)} is taken as a scalar, but has a norm.", span)
        if shape.kind == "scalar":
            return Value(self.build.call("abs", node, span=span), "norm")
        if shape.kind != "matrix":
            if kind in ("", "2", "F"):
                return Value(self.build.call("norm", node, span=span), "norm")
            if kind == "1":
                return Value(self.build.call("norm", node, self.build.number(1, span, "1"), span=span), "norm")
            if kind in ("inf", "max"):
                return Value(self.build.call("norm", node, self.build.name("inf", "constant", span), span=span), "norm")
            raise self.ask(f"no norm of a vector is written with the subscript {kind}.", span)
        return self.matrix_norm(node, kind, span)

    def matrix_norm(self, node: Node, kind: str, span: Span) -> Value:
        if kind == "F":
            return Value(self.build.call("norm", node, span=span), "norm")
        if kind in ("*", "op", "2"):
            return Value(self.build.call("norm", node, Text("nuc" if kind == "*" else "spec", span=span), span=span), "norm")
        if kind in ("max", "1,1"):
            return Value(self.build.call("max" if kind == "max" else "sum", self.build.call("abs", node, span=span), span=span), "norm")
        raise self.ask(
            f"which norm of the matrix {self.says(node)}?"
            if not kind
            else f"the norm {kind} of a matrix has several meanings: of {self.says(node)} which?",
            span,
            r"write \|X\|_F for the Frobenius norm, \|X\|_2 for the spectral norm, \|X\|_* for the nuclear norm, \|X\|_{1,1} for the sum of the absolute values.",
        )
