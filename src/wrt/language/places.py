"""Shapes as places: the rows and columns of a value, and the shapes that transposes, products and arrays made by index have."""

from __future__ import annotations

from wrt.errors import ShapeError, TextError
from wrt.language.sizes import Size
from wrt.language.surface import SCALAR, Node, Shape, Text, column, matrix, row

ONE = Size.of(1)


def typed(node: Node) -> Shape:
    """The shape of a node that must be a value."""
    if node.shape is None:
        if isinstance(node, Text):
            hint = "a formula stands without quotes; a text names a norm or a pattern."
            raise TextError(f'the text "{node.value}" is no value.', span=node.span, hint=hint)
        raise TextError("a slice is no value; it stands alone inside brackets.", span=node.span)
    return node.shape


def places(shape: Shape) -> tuple[Size, Size]:
    """(rows, columns) of a value of order at most 2."""
    match shape.kind:
        case "scalar":
            return ONE, ONE
        case "column":
            return shape.sizes[0], ONE
        case "row":
            return ONE, shape.sizes[0]
        case _:
            return shape.sizes[0], shape.sizes[1]


def of_places(rows: Size, columns: Size) -> Shape:
    """The shape with these rows and columns; sizes 1 make a row, a column or a scalar."""
    if rows is ONE and columns is ONE:
        return SCALAR
    if columns is ONE:
        return column(rows)
    if rows is ONE:
        return row(columns)
    return matrix(rows, columns)


def tensor_shape(sizes: tuple[Size, ...]) -> Shape:
    """The shape of an array made by index: scalar, column, matrix or tensor by its order."""
    match len(sizes):
        case 0:
            return SCALAR
        case 1:
            return column(sizes[0])
        case 2:
            return matrix(sizes[0], sizes[1])
    return Shape("tensor", sizes)


def transposed(node: Node, shape: Shape) -> Shape:
    """The shape of x.T."""
    match shape.kind:
        case "column":
            return row(shape.sizes[0])
        case "row":
            return column(shape.sizes[0])
        case "matrix":
            return matrix(shape.sizes[1], shape.sizes[0])
        case "tensor":
            raise ShapeError(
                f"the transpose of a tensor of order {shape.order} is not defined.", span=node.span, hint='einsum("ijk->kji", T) reorders its axes.'
            )
    return shape


def product_shape(a: Shape, b: Shape, rows: Size, columns: Size) -> Shape:
    """The shape of a @ b whose inner sizes fit."""
    if rows is ONE and columns is ONE:
        return SCALAR
    if "scalar" in (a.kind, b.kind):
        return b if a.kind == "scalar" else a
    if b.kind == "column" and a.kind == "matrix":
        return column(rows)
    if a.kind == "row":
        return row(columns) if b.kind == "matrix" else SCALAR
    if b.kind == "column":
        return column(rows)
    return matrix(rows, columns)
