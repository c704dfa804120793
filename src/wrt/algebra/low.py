"""A lowered value and what holds it together: bound indices as leading axes, products by named axes, 0/1 arrays of index forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from wrt.algebra.affine import Affine
from wrt.algebra.expr import Expr, indicator
from wrt.algebra.product import product
from wrt.language.sizes import Size
from wrt.language.surface import Node, Shape


@dataclass(frozen=True, slots=True, eq=False)
class Binder:
    """A bound index: its label runs over `size` values, the index is `start` + label. `rank`: outer indices before inner ones."""

    name: str
    size: Size
    start: Size
    rank: int = 0


class Low(NamedTuple):
    """An expression whose first axes belong to `free`, the rest to the value itself."""

    expr: Expr
    free: tuple[Binder, ...] = ()


Labelled = tuple[Expr, tuple[object, ...]]


def join(
    parts: Sequence[tuple[Low, tuple[object, ...]]], output: tuple[object, ...], sizes: dict[int, Size] | None = None, coefficient: Fraction | int = 1
) -> Low:
    """The product of parts, own axes labelled by the given keys; free axes that are not in `output` stay free.

    Keys are ints (own labels) or Binders. `sizes` gives the size of an int label that no part has.
    """
    table: dict[object, int] = {}
    all_sizes: list[Size] = []

    def label(key: object, size: Size) -> int:
        if key not in table:
            table[key] = len(all_sizes)
            all_sizes.append(size)
        return table[key]

    pairs = []
    free: dict[Binder, None] = {}
    for low, own in parts:
        keys = (*low.free, *own)
        pairs.append((low.expr, tuple([label(k, s) for k, s in zip(keys, low.expr.shape, strict=True)])))
        for binder in low.free:
            free[binder] = None
    shown = tuple(b for b in free if b not in output)
    out = []
    for key in (*shown, *output):
        if key in table:
            out.append(table[key])
        elif isinstance(key, Binder):
            out.append(label(key, key.size))
        else:
            assert sizes is not None and isinstance(key, int)
            out.append(label(key, sizes[key]))
    return Low(product(coefficient, pairs, tuple(out), all_sizes), shown)


def fitted(low: Low, order: int) -> Low:
    """The value with as many own axes as its text has: the sum along the rows of a matrix of one row is a number."""
    own = low.expr.shape[len(low.free) :]
    single = [k for k, size in enumerate(own) if size.number == 1][: max(len(own) - order, 0)]
    if not single:
        return low
    keys = tuple([("one", k) if k in single else k for k in range(len(own))])
    return join([(low, keys)], tuple([k for k in range(len(own)) if k not in single]))


def slots(shape: Shape) -> tuple[int | None, int | None]:
    """Which own axis stands for the rows and which for the columns of a value."""
    match shape.kind:
        case "scalar":
            return None, None
        case "column":
            return 0, None
        case "row":
            return None, 0
        case _:
            return 0, 1


def typed(node: Node) -> Shape:
    assert node.shape is not None, "an untyped node; please report this as a bug"
    return node.shape


def selector(relation: str, coefficients: tuple[int, ...], constant_part: Size, shape: tuple[Size, ...]) -> Expr:
    """An indicator; plain equality of two indices of one size is the identity, not an operand."""
    if relation == "==" and constant_part is Size.of(0) and coefficients in ((1, -1), (-1, 1)) and shape[0] is shape[1]:
        return product(1, [], (0, 0), (shape[0],))
    if relation == "==" and next((c for c in coefficients if c), 1) < 0:
        coefficients, constant_part = tuple(-c for c in coefficients), -constant_part
    return indicator(relation, coefficients, constant_part, shape)


def entry(form: Affine, size: Size) -> Low:
    """The 0/1 array [axis index == form] over (free indices of the form, axis)."""
    free = tuple(form.coefficients)
    if len(free) == 1 and form.coefficients[free[0]] == 1 and (form.constant + free[0].start) is Size.of(0) and free[0].size is size:
        return Low(product(1, [], (0, 0), (size,)), free)
    coefficients = (*[-form.coefficients[b] for b in free], 1)
    return Low(selector("==", coefficients, -form.at_start, (*[b.size for b in free], size)), free)
