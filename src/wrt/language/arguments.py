"""What the rules of shapes ask of a call's arguments: how many there are, which axis is meant, whether a matrix is square."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from wrt.errors import ShapeError, TextError
from wrt.language.sizes import Size
from wrt.language.surface import Call, Node, Number, Shape, Unary
from wrt.language.unparse import short


class Typing(Protocol):
    """What a rule may ask of the inference that calls it."""

    def equal(self, a: Size, b: Size) -> bool: ...
    def stretch(self, node: Node, shapes: list[Shape]) -> Shape: ...
    def size_of(self, node: Node) -> Size: ...
    def whole(self, node: Node) -> bool: ...
    def require(self, condition: str) -> None: ...


Rule = Callable[[Typing, Call, list[Shape]], Shape]


def counted(node: Call, least: int, most: int | None = None, options: tuple[str, ...] = ()) -> None:
    """Refuse a wrong number of arguments or an unknown keyword."""
    most = least if most is None else most
    count = len(node.arguments)
    if not least <= count <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        hint = ""
        if node.function == "log" and count == 2:
            hint = f"the logarithm to a base is log({short(node.arguments[0], 20)})/log({short(node.arguments[1], 20)})."
        elif node.function in ("maximum", "minimum") and count > 2:
            hint = f"write {nested(node.function, node.arguments)}."
        raise TextError(f"{node.function} takes {wanted} argument{'s' * (wanted != '1')}, found {count}.", span=node.span, hint=hint)
    for key, value in node.options:
        if key not in options:
            raise TextError(
                f"{node.function} has no argument named '{key}'.", span=value.span, hint=f"it knows {', '.join(options)}." if options else ""
            )


def wrong(node: Node, message: str, hint: str = "") -> ShapeError:
    return ShapeError(message, span=node.span, hint=hint)


def says(node: Node, shape: Shape) -> str:
    return f"{short(node)} is {shape}"


def nested(function: str, arguments: Sequence[Node]) -> str:
    """maximum(a, maximum(b, c))."""
    words = [short(a, 20) for a in arguments]
    out = words.pop()
    for word in reversed(words):
        out = f"{function}({word}, {out})"
    return out


def no_tensor(node: Call, shapes: list[Shape]) -> None:
    for argument, shape in zip(node.arguments, shapes, strict=True):
        if shape.kind == "tensor":
            raise wrong(
                argument,
                f"{node.function} takes scalars, vectors and matrices; {says(argument, shape)}.",
                "index the tensor inside sum(... for i in range(n)).",
            )


def axis_of(node: Call, shape: Shape, extra: int = 1) -> int | None:
    """The axis said (0 or 1, negative from the end), None when none is."""
    option = node.option("axis")
    if option is None and len(node.arguments) > extra:
        option = node.arguments[extra]
    if option is None:
        return None
    inner = option.argument if isinstance(option, Unary) and option.op == "-" else option
    if not isinstance(inner, Number) or inner.value.denominator != 1:
        raise TextError("axis must be a whole number.", span=option.span)
    value = int(inner.value) if inner is option else -int(inner.value)
    if not shape.order:
        raise ShapeError(f"a scalar has no axis {value}.", span=option.span)
    order = max(shape.order, 2)
    if not -order <= value < order:
        raise ShapeError(f"axis {value} is out of range for {shape}.", span=option.span)
    return value % order


def square(typing: Typing, node: Call, argument: Node, shape: Shape) -> Size:
    """The size of a square matrix argument."""
    if shape.kind != "matrix":
        raise wrong(
            argument,
            f"{node.function} takes a square matrix; {says(argument, shape)}.",
            "divide by a scalar with /." if node.function == "inv" and shape.kind == "scalar" else "",
        )
    if not typing.equal(*shape.sizes):
        raise wrong(argument, f"{node.function} takes a square matrix; {says(argument, shape)}.")
    return shape.sizes[0]


def smaller(typing: Typing, m: Size, n: Size) -> Size:
    """min(m, n) for numbers or equal sizes; otherwise n, with the condition m >= n."""
    if m is n:
        return n
    if m.number is not None and n.number is not None:
        return m if m.number < n.number else n
    typing.require(f"{m} >= {n}")
    return n
