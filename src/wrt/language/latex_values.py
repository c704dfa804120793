r"""What LaTeX writes between typed values: sums, products by juxtaposition, powers.

What may mean two things is asked: which product, the square of a vector.
"""

from __future__ import annotations

from collections.abc import Sequence

from wrt.errors import ShapeError, Span
from wrt.language.builder import constant
from wrt.language.latex_norms import Norms, Value
from wrt.language.latex_trees import entrywise
from wrt.language.surface import Call, Unary
from wrt.tables.functions import FUNCTIONS

HADAMARD = {"odot": "*", "circ": "*", "oslash": "/"}
Item = tuple[str, Value]  # the sign before a factor ("" for juxtaposition) and the factor


class Algebra(Norms):
    """The operations of one reading."""

    # ------------------------------------------------------------------------------------------------ sums
    def add(self, op: str, left: Value, right: Value) -> Value:
        span = (left.span[0], right.span[1])
        if (
            left.other is not None and right.other is None and self.scalar(right) and self.shape(left.other).kind != "matrix"
        ):  # |x| - c is as open as |x|
            return Value(self.build.binary(op, left.node, right.node, span), "bars", self.build.binary(op, left.other, right.node, span))
        if left.other is not None and right.other is None and self.scalar(right):
            left = self.number_of_bars(left)
        elif right.other is not None and left.other is None and self.scalar(left):
            right = self.number_of_bars(right)
        left, right = self.settled(left), self.settled(right)
        a, b = self.shape(left), self.shape(right)
        if not self.build.alike(a, b):
            self.stretches(left, right, span)
        return Value(self.build.binary(op, left.node, right.node, span), "sum")

    def stretches(self, left: Value, right: Value, span: Span) -> None:
        """Refuse a sum or comparison of two shapes, except a number beside every entry of a vector."""
        a, b = self.shape(left), self.shape(right)
        if "scalar" not in (a.kind, b.kind):
            hint = r"a row is added to every row as X + \mathbf{1} b^\top." if {a.kind, b.kind} == {"matrix", "column"} else ""
            raise self.misfit(f"the shapes do not fit: {self.says(left)} is {a}, {self.says(right)} is {b}.", span, hint)
        number, array = (left, right) if a.kind == "scalar" else (right, left)
        self.ask_point(number)
        if self.assumed_scalar(number):
            raise self.misfit(f"{self.says(number)} is taken as a scalar, but is added to {self.says(array)}.", span)
        if self.build.is_square(self.shape(array)) and not entrywise(array.node):
            self.build.note_numbers(array.node)
            raise self.ask(
                f"{self.says(number)} is a number and {self.says(array)} a square matrix: is a multiple of the identity added, or the number to every entry?",
                span,
                r"write \lambda I for a multiple of the identity, \lambda \mathbf{1}\mathbf{1}^\top for every entry.",
            )

    # ------------------------------------------------------------------------------------------------ products
    def term(self, items: Sequence[Item]) -> Value:
        r"""The product of the factors of a term: juxtaposition first, then \odot, \circ, \oslash, \otimes from left to right."""
        parts: list[list[Item]] = [[]]
        signs: list[str] = []
        for op, value in items:
            if op in HADAMARD or op in ("otimes", ":"):
                signs.append(op)
                parts.append([("", value)])
            else:
                parts[-1].append((op, value))
        if not signs:
            return self.chain(parts[0])
        if len(signs) == 1 and any(sum(not self.scalar(v) for _, v in part) > 1 for part in parts):
            return self.mixed(signs[0], parts[0], parts[1])
        out = self.chain(parts[0])
        for sign, part in zip(signs, parts[1:], strict=True):
            out = self.entry_product(sign, out, self.chain(part))
        return out

    def mixed(self, sign: str, left: list[Item], right: list[Item]) -> Value:
        r"""A \odot B C: A \odot (B C) or (A \odot B) C, whichever fits; asked about where both do."""

        def product_first() -> Value:
            return self.entry_product(sign, self.chain(left), self.chain(right))

        def sign_first() -> Value:
            middle = self.entry_product(sign, left[-1][1], right[0][1])
            return self.chain([*left[:-1], (left[-1][0], middle), *right[1:]])

        both = (self.trial(product_first), self.trial(sign_first))
        if both[0] is not None and both[1] is None:
            return both[0]
        if both[0] is None:
            return both[1] if both[1] is not None else product_first()
        span = (left[0][1].span[0], right[-1][1].span[1])
        raise self.ask(f"which product comes first in {self.text[slice(*span)]}?", span, "put parentheses.")

    def entry_product(self, sign: str, left: Value, right: Value) -> Value:
        r"""left \odot right, left \oslash right, left \otimes right."""
        left, right = self.settled(self.of_shape(left, right)), self.settled(self.of_shape(right, left))
        span = (left.span[0], right.span[1])
        a, b = self.shape(left), self.shape(right)
        if sign == "otimes":
            if a.kind == b.kind == "column":
                raise self.ask(
                    f"is {self.text[slice(*span)]} the Kronecker product or the outer product?", span, r"write \operatorname{kron}(x, y) or x y^\top."
                )
            return Value(self.build.call("kron", left.node, right.node, span=span), "product")
        if sign == ":":
            if not self.build.alike(a, b) or a.kind != "matrix":
                raise self.misfit(f"A : B takes two matrices of one shape: {self.says(left)} is {a}, {self.says(right)} is {b}.", span)
            return Value(self.build.call("sum", self.build.binary("*", left.node, right.node, span), span=span), "call")
        if not self.build.alike(a, b) or (a.kind == "scalar" and self.build.assumed):
            raise self.misfit(f"the Hadamard product takes two values of one shape: {self.says(left)} is {a}, {self.says(right)} is {b}.", span)
        return Value(self.build.binary(HADAMARD[sign], left.node, right.node, span), "product")

    def chain(self, items: Sequence[Item]) -> Value:
        r"""Factors side by side: neighbours that fit are multiplied from the left, what is left over from the right (x^\top (y^\top z))."""
        if len(items) == 1:
            return items[0][1]
        stack: list[Item] = []
        for op, value in items:
            if op == "/":
                last = stack.pop()
                stack.append((last[0], self.over(last[1], value)))
            elif stack and self.fits(op, stack[-1][1], value):
                last = stack.pop()
                stack.append((last[0], self.times(op, last[1], value)))
            else:
                stack.append((op, value))
        while len(stack) > 1:
            op, right = stack.pop()
            before, left = stack.pop()
            stack.append((before, self.times(op, left, right)))
        return stack[0][1]

    def fits(self, op: str, left: Value, right: Value) -> bool:
        a, b = self.shape(left), self.shape(right)
        return self.build.multiplies(a, b) or (op == "·" and a.kind == b.kind == "column" and self.build.alike(a, b))

    def times(self, op: str, left: Value, right: Value) -> Value:
        """left times right, once shapes say which product."""
        span = (left.span[0], right.span[1])
        a, b = self.shape(left), self.shape(right)
        if left.other is not None or right.other is not None:
            return self.times_bars(op, left, right, span)
        if a.kind == "row" and right.form == "entry" and op in ("", "·"):
            name = self.says(right)
            hint = 'if it is a row of a matrix, declare that and say names={"x_i": "X[i,:].T"}; a number goes in front.'
            raise self.ask(f"{name} is an entry, a number, behind the row {self.says(left)}.", span, hint)
        if "scalar" in (a.kind, b.kind):
            if op == "" and a.order and right.form == "entry":
                self.ask_point(right)
            if op == "" and a.order and self.assumed_scalar(right):
                raise self.misfit(f"{self.says(right)} is taken as a scalar, but stands behind {self.says(left)}.", span)
            return Value(self.build.product(left.node, right.node, span), "product")
        if op == "·" and a.kind == b.kind == "column" and self.build.alike(a, b):
            return Value(self.build.product(self.build.transpose(left.node, left.span), right.node, span), "product")
        if op in ("×", "*") and (self.build.alike(a, b) or (op == "×" and not self.build.multiplies(a, b))):
            what = "the cross product is not known." if op == "×" and a.kind == b.kind == "column" else f"which product is {self.text[slice(*span)]}?"
            raise self.ask(what, span, r"write A B for the matrix product, A \odot B for the elementwise one, x^\top y for the inner one.")
        if not self.build.multiplies(a, b):
            raise self.no_product(left, right, span)
        return Value(self.build.product(left.node, right.node, span), "product")

    def times_bars(self, op: str, left: Value, right: Value, span: Span) -> Value:
        """A multiple of |A| is as open as |A|; two determinants, or anything else, are asked about."""
        if left.other is not None and right.other is not None:
            if self.shape(left.other).kind == self.shape(right.other).kind == "column" and op != "·":  # |x||y|: columns are not multiplied
                return Value(self.build.product(left.node, right.node, span), "product")
            left, right = self.settled(left), self.settled(right)
        bars, factor = (left, right) if left.other is not None else (right, left)
        assert bars.other is not None
        if not self.scalar(factor):
            self.settled(bars)
        first = self.build.product(left.node, right.node, span)
        second = self.build.product(*((bars.other, right.node) if bars is left else (left.node, bars.other)), span)
        return Value(first, "bars", second)

    def no_product(self, left: Value, right: Value, span: Span) -> ShapeError:
        a, b = self.shape(left), self.shape(right)
        x, y = self.says(left), self.says(right)
        hint = ""
        if a.kind == b.kind == "column":
            hint = rf"{x}^\top {y} is the inner product, {x} {y}^\top the outer product, {x} \odot {y} the elementwise one."
        elif a.kind == b.kind == "matrix" and self.build.alike(a, b):
            hint = rf"{x} \odot {y} is the elementwise product."
        return self.misfit(f"cannot multiply {x} by {y}: the first is {a}, the second {b}.", span, hint)

    def over(self, left: Value, right: Value) -> Value:
        """left / right, also as a fraction: by a scalar, or entry by entry for two vectors."""
        span = (left.span[0], right.span[1])
        if right.other is not None and self.shape(right.other).kind == "column" and left.other is None and self.scalar(left):
            self.notes[f"{self.says(right)} is read as the norm, a number that is divided by"] = None
            right = Value(right.node, "bars")
        left, right = self.number_of_bars(left), self.number_of_bars(right)
        a, b = self.shape(left), self.shape(right)
        self.build.note_numbers(right.node)
        if b.kind == "matrix":
            raise self.ask(
                f"{self.says(right)} is a matrix: what is dividing by it?",
                span,
                r"write A B^{-1}, B^{-1} A, or A \oslash B for the elementwise quotient.",
            )
        if b.kind != "scalar" and a.kind not in ("scalar", b.kind):
            raise self.misfit(f"cannot divide {self.says(left)} by {self.says(right)}: the first is {a}, the second {b}.", span)
        return Value(self.build.binary("/", left.node, right.node, span), "fraction")

    # ------------------------------------------------------------------------------------------------ powers
    def transpose(self, value: Value, span: Span) -> Value:
        value = self.settled(value)
        if self.scalar(value):
            self.ask_point(value)
        if self.scalar(value) and self.build.assumed and value.form != "product":
            raise self.misfit(f"{self.says(value)} is taken as a scalar, but is transposed.", span)
        if value.form in ("symbol", "entry", "number") and self.scalar(value):
            hint = (
                r'if x_i is a row of a matrix X, say so: names={"x_i": "X[i,:].T"}.'
                if value.form == "entry"
                else "if it is a variable of its own, give its spelling in names={...}."
            )
            raise self.ask(
                f"what is transposed in {self.text[slice(*span)]} is {'an entry, a number' if value.form == 'entry' else 'a number'}.", span, hint
            )
        node = value.node
        if isinstance(node, Unary) and node.op == "T" and value.form == "symbol":  # x_i spelt as X[i,:].T
            return Value(node.argument, "transpose")
        return Value(self.build.transpose(node, span), "transpose")

    def power(self, base: Value, exponent: Value, span: Span) -> Value:
        """base^exponent: of a number; of a square matrix; of a vector it is asked about."""
        exponent = self.settled(exponent)
        if not self.scalar(exponent):
            raise self.misfit(
                f"the exponent {self.says(exponent)} is {self.shape(exponent)}.", exponent.span, r"an elementwise power is written x^{\odot k}."
            )
        if base.other is not None and self.shape(base.other).kind != "matrix" and constant(exponent.node) == 2:
            base = Value(base.node, "bars")
        base = self.number_of_bars(base)
        shape = self.shape(base)
        if shape.kind == "scalar":
            return Value(
                self.build.binary("**", base.node, exponent.node, span),
                "entry" if base.form == "entry" else "symbol" if base.form == "symbol" else "power",
            )
        if (
            base.form == "function-power"
            or (self.summed and shape.kind in ("column", "row"))
            or (entrywise(base.node) and not self.build.is_square(shape))
        ):
            return Value(self.build.binary("**", base.node, exponent.node, span), "power")
        if shape.kind != "matrix":
            self.build.note_numbers(base.node)
            raise self.ask(
                f"{self.says(base)} is a vector ({shape}): what is its power?",
                span,
                r"write x^\top x or \|x\|^2 for the inner product, x^{\odot 2} for the square of each entry.",
            )
        if not self.build.is_square(shape):
            raise self.misfit(
                f"{self.says(base)} is {shape}: only a square matrix has powers.",
                span,
                r"write X^{\odot 2} for the square of each entry, X^+ for the pseudo-inverse.",
            )
        node, value = base.node, constant(exponent.node)
        if value is None:
            self.build.note_numbers(node)
        if isinstance(node, Call) and node.function in FUNCTIONS and (value is None or value > 0):
            raise self.ask(
                f"is the power of {self.says(base)} the matrix product or taken of each entry?",
                span,
                r"write X^{\odot 2} for the power of each entry.",
            )
        return Value(self.build.matrix_power(base.node, exponent.node, span), "power")

    def entry_power(self, base: Value, exponent: Value, span: Span) -> Value:
        r"""x^{\odot k}, x^{\circ k}: the power of each entry."""
        base, exponent = self.settled(base), self.settled(exponent)
        a, b = self.shape(base), self.shape(exponent)
        along = a.kind == "matrix" and b.kind == "column" and self.build.unifier.unify(a.sizes[0], b.sizes[0])  # one exponent a row
        if "scalar" not in (a.kind, b.kind) and not along and not self.build.alike(a, b):
            raise self.misfit(f"the exponent {self.says(exponent)} is {self.shape(exponent)}.", exponent.span)
        return Value(self.build.binary("**", base.node, exponent.node, span), "power")

    def inverse(self, base: Value, span: Span) -> Value:
        return self.power(base, Value(self.build.number(-1, span, "-1")), span)
