"""Brackets: entries, slices and look-ups of a value, and the literals that stack values into columns and blocks."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.algebra.affine import Affine
from wrt.algebra.expr import raw_operator
from wrt.algebra.low import Low, entry, join, selector, slots, typed
from wrt.algebra.sums import add
from wrt.language.sizes import Size
from wrt.language.surface import Block, Index, Node, Shape, Slice

if TYPE_CHECKING:
    from wrt.algebra.lower import Lowering


def index(work: Lowering, node: Index) -> Low:
    base, shape = work.done[id(node.base)], typed(node.base)
    parts: list[tuple[Low, tuple[object, ...]]] = []
    keys: list[object] = []
    output: list[object] = []
    if len(node.parts) == 1 and shape.order == 2:  # x[i] of a matrix with one row or column
        place = 0 if shape.sizes[0].number != 1 else 1
        asked: list[Node | None] = [None, None]
        asked[place] = node.parts[0]
    else:
        asked = list(node.parts)
    for axis, part in enumerate(asked):
        size, key = shape.sizes[axis], ("axis", axis)
        keys.append(key)
        if part is None:
            continue
        if isinstance(part, Slice):
            selected = _slice(work, part, size)
            output.append(axis)
            if selected is None:
                keys[-1] = axis
            else:
                parts.append((selected, (key, axis)))
        elif isinstance(part, Index) and typed(part).kind == "scalar":  # X[i, y[i]]
            chosen = work.done[id(part)]
            lookup = raw_operator("onehot", (chosen.expr,), (*chosen.expr.shape, size))
            parts.append((Low(lookup, chosen.free), (key,)))
        elif typed(part).kind == "scalar":
            form = work.affine(part)
            if not form.coefficients and form.constant.number is not None and form.constant.number < 0:
                form = form + Affine({}, size)
            parts.append((entry(form, size), (key,)))
        else:
            chosen_rows = work.done[id(part)]
            order = typed(part).order
            lookup = raw_operator("onehot", (chosen_rows.expr,), (*chosen_rows.expr.shape, size))
            parts.append((Low(lookup, chosen_rows.free), (*[(axis, k) if order > 1 else axis for k in range(order)], key)))
            output.extend((axis, k) if order > 1 else axis for k in range(order))
    sizes = {axis: typed(node).sizes[k] for k, axis in enumerate(output) if isinstance(axis, int) and k < typed(node).order}
    return join([(base, tuple(keys)), *parts], tuple(output), sizes)


def _slice(work: Lowering, part: Slice, size: Size) -> Low | None:
    """The 0/1 array [axis index == start + step*selected index] of a slice, None for all of the axis; the start may hold outer indices."""

    def bound(node: Node | None, default: Size) -> Affine:
        form = Affine({}, default) if node is None else work.affine(node)
        count = form.constant.number
        return form + Affine({}, size) if node is not None and not form.coefficients and count is not None and count < 0 else form

    step = 1
    if part.step is not None:
        value = work.affine(part.step).constant.number
        assert value, "a slice's step is a whole number other than 0; please report this as a bug"
        step = value
    start = bound(part.start, Size.of(0) if step > 0 else size - 1)
    stop = bound(part.stop, size if step > 0 else Size.of(-1))
    distance = stop - start if step > 0 else start - stop
    length = distance.constant.steps(abs(step))
    assert length is not None and not distance.coefficients, "a slice's length is known; please report this as a bug"
    if not start.coefficients and start.constant is Size.of(0) and length is size and step == 1:
        return None
    free = tuple(start.coefficients)
    coefficients = (*[-start.coefficients[b] for b in free], 1, -step)
    return Low(selector("==", coefficients, -start.at_start, (*[b.size for b in free], size, length)), free)


def block(work: Lowering, node: Block) -> Low:
    shape = typed(node)
    pieces: list[tuple[Fraction, Low]] = []
    down = Size.of(0)
    for row in node.rows:
        across = Size.of(0)
        height = Size.of(1)
        for cell in row:
            cell_shape = typed(cell)
            rows, columns = slots(cell_shape)
            height = Size.of(1) if rows is None else cell_shape.sizes[rows]
            width = Size.of(1) if columns is None else cell_shape.sizes[columns]
            pieces.append((Fraction(1), _place(work.done[id(cell)], cell_shape, shape, down, across)))
            if node.nested:
                across = across + width
            else:
                down = down + height
        if node.nested:
            down = down + height
    free = tuple(dict.fromkeys(b for _, low in pieces for b in low.free))
    own = tuple(range(shape.order))
    spread = [(c, join([(low, own)], (*free, *own), dict(enumerate(shape.sizes))).expr) for c, low in pieces]
    return Low(add(spread, spread[0][1].shape), free)


def _place(cell: Low, shape: Shape, result: Shape, down: Size, across: Size) -> Low:
    """One cell of a block literal, at its offset in the result, zero elsewhere."""
    parts: list[tuple[Low, tuple[object, ...]]] = []
    keys: dict[int, object] = {}
    for place, offset in ((0, down), (1, across)):
        have, want = slots(shape)[place], slots(result)[place]
        if want is None:
            if have is not None:
                keys[have] = ("one", place)
            continue
        size = result.sizes[want]
        if have is None:
            parts.append((Low(selector("==", (1,), -offset, (size,))), (want,)))
        else:
            keys[have] = ("cell", place)
            parts.append((Low(selector("==", (1, -1), -offset, (size, shape.sizes[have]))), (want, ("cell", place))))
    return join([(cell, tuple(keys[k] for k in range(shape.order))), *parts], tuple(range(result.order)), dict(enumerate(result.sizes)))
