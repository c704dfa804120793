"""Rows, columns, entries and slices of matrix trees: brackets move inwards as far as that makes the formula no longer."""

from __future__ import annotations

from copy import copy
from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.algebra.maps import exact_power
from wrt.language.sizes import Size
from wrt.language.surface import Name, Slice
from wrt.language.unparse import unparse
from wrt.notation.functions import WHOLE
from wrt.notation.tree import ONE, SCALAR, Atom, Call, Chain, Entry, Factor, Literal, Part, Scaled, Sum, Times, Tree, Turn, everything
from wrt.notation.write import number_node, size_node

if TYPE_CHECKING:
    from wrt.notation.build import Forest

ZERO = Fraction(0)


def at(place: Size) -> Part:
    """One index, a size polynomial."""
    return Part("at", place.text, size_node(place), None, place)


def at_name(name: str) -> Part:
    """One index, a bound name."""
    return Part("at", name, Name(name, "index"))


def between(start: Size, stop: Size, whole: Size, step: int = 1, count: Size | None = None) -> Part:
    """start:stop:step, or the colon when that is everything."""
    if step == 1 and not start.terms and stop is whole:
        return everything(whole)
    first = None if not start.terms and step > 0 else size_node(start)
    last = None if stop is whole and step > 0 else size_node(stop)
    if step < 0 and start is whole - 1:
        first = None
    if step < 0 and stop is Size.of(-1):
        last = None
    node = Slice(first, last, None if step == 1 else number_node(Fraction(step)))
    return Part("range", unparse(node), node, count if count is not None else stop - start, None, start if step == 1 else None)


def entry(forest: Forest, t: Tree, row: Part | None, column: Part | None) -> Scaled:
    """t at `row` and `column`; None where all is kept or the axis is absent. A tree constant along an axis is its own entry."""
    row, column = _plain(row), _plain(column)
    row = None if t.box[0] is None else row
    column = None if t.box[1] is None else column
    if row is None and column is None:
        return ONE, t
    match t:
        case Turn():
            c, inner = entry(forest, t.argument, column, row)
            k, turned = forest.turn(inner)
            return c * k, turned
        case Atom(role="ones"):
            box = (_left(t.box[0], row), _left(t.box[1], column))
            return ONE, forest.ones(box)
        case Atom(role="eye"):
            return _of_identity(forest, t, row, column)
        case Entry():
            return _of_entry(forest, t, row, column)
        case Chain():
            return _of_chain(forest, t, row, column)
        case Times():
            return _of_times(forest, t, row, column)
        case Sum():
            terms = [(c, entry(forest, u, row, column)) for c, u in t.terms]
            return _shorter(forest, forest.add([(c * k, u) for c, (k, u) in terms]), t, row, column)
        case Call(function="diag") if t.box[1] is not None:
            return _of_diagonal(forest, t, row, column)
        case Call() if t.axis is None and t.function not in WHOLE:
            parts = [entry(forest, a, row, column) for a in t.arguments]
            return _shorter(forest, forest.call(t.function, tuple(forest.wrap(p) for p in parts)), t, row, column)
        case Literal():
            found = _of_literal(t, row, column)
            if found is not None:
                return ONE, found
    single = _drops(t.box[0], row) + _drops(t.box[1], column)
    alone = None in (row, column) and t.box[0] is not t.box[1]  # a row of a square matrix of one entry is no row of its own
    if not forest.typing and isinstance(t, (Atom, Call)) and single >= (1 if alone else 2):
        return _without_axis(forest, t, row, column)
    return ONE, _raw(forest, t, row, column)


def _drops(size: Size | None, part: Part | None) -> bool:
    """Whether a place is the only one of its axis: a matrix of one row is a row."""
    return size is not None and size.number == 1 and part is not None and part.value is not None and part.value.number == 0


def _without_axis(forest: Forest, t: Tree, row: Part | None, column: Part | None) -> Scaled:
    """The only row of a matrix as a row, the only column as a column: the matrix itself, which has one axis less."""
    box = (None if _drops(t.box[0], row) else t.box[0], None if _drops(t.box[1], column) else t.box[1])
    if isinstance(t, Atom):
        return entry(forest, forest.atom(t.node, box, t.role), row, column)

    def make() -> Tree:
        out = copy(t)
        out.box, out.turned = box, None
        return out

    return entry(forest, forest.intern(("single", t.serial, box), make), row, column)


def _plain(part: Part | None) -> Part | None:
    return None if part is not None and part.kind == "all" else part


def _left(size: Size | None, part: Part | None) -> Size | None:
    return size if part is None else part.size


def _raw(forest: Forest, t: Tree, row: Part | None, column: Part | None) -> Tree:
    parts = []
    if t.box[0] is not None:
        parts.append(row if row is not None else everything(t.box[0]))
    if t.box[1] is not None:
        parts.append(column if column is not None else everything(t.box[1]))
    if len(parts) == 1 and t.box[0] is None and parts[0].kind != "at":  # a slice of a row is a row: said with both places
        return forest.raw_turn(forest.raw_entry(forest.wrap(forest.turn(t)), (parts[0],)))
    return forest.raw_entry(t, tuple(parts))


def _shorter(forest: Forest, inside: Scaled, t: Tree, row: Part | None, column: Part | None) -> Scaled:
    outside = _raw(forest, t, row, column)
    return inside if forest.product_score(*inside) <= outside.score else (ONE, outside)


def _of_identity(forest: Forest, t: Tree, row: Part | None, column: Part | None) -> Scaled:
    if row is not None and column is not None:
        if row.text == column.text:
            return ONE, forest.one if row.size is None else forest.eye(row.size)
        if row.value is not None and column.value is not None and (row.value - column.value).number is not None:
            return ZERO, forest.one
        if column.kind == "at":  # an entry of a unit vector
            inner = forest.raw_entry(t, (everything(column_size(t)), column))
            return ONE, forest.raw_entry(inner, (row,))
        if row.kind == "at":
            return ONE, _raw(forest, forest.raw_entry(t, (row, everything(column_size(t)))), None, column)
    parts = (row if row is not None else everything(column_size(t)), column if column is not None else everything(column_size(t)))
    return ONE, forest.raw_entry(t, parts)


def column_size(t: Tree) -> Size:
    assert t.box[1] is not None
    return t.box[1]


def _of_entry(forest: Forest, t: Entry, row: Part | None, column: Part | None) -> Scaled:
    """Brackets of brackets become one, where the places are numbers: x[1:][0] is x[1], A[i, :][j] is A[i, j]."""
    two = len(t.parts) == 2
    wanted = [row, column] if two else [row if t.box[0] is not None else column]
    if len(t.parts) > 2:  # of an array: rows and columns are what its numbers leave
        left = iter([row, column] if t.box[0] is not None and t.box[1] is not None else wanted)
        wanted = [None if have.kind == "at" else next(left) for have in t.parts]
    parts: list[Part] = []
    for have, want in zip(t.parts, wanted, strict=True):
        if want is None or have.kind == "at":
            parts.append(have)
        elif have.kind == "all":
            parts.append(want)
        elif have.start is not None and want.kind == "at" and want.value is not None:
            parts.append(at(have.start + want.value))
        elif have.start is not None and want.start is not None and want.size is not None and have.size is not None:
            start = have.start + want.start
            parts.append(between(start, start + want.size, Size.of(0) - 1))
        else:
            return ONE, _raw(forest, t, row, column)
    if t.base.box != SCALAR and two:
        if all(p.kind == "all" for p in parts):
            return ONE, t.base
        return entry(forest, t.base, *parts) if any(p is not q for p, q in zip(parts, t.parts, strict=True)) else (ONE, t)
    found = forest.raw_entry(t.base, tuple(parts))
    lying = None not in t.box and row is not None and row.kind == "at" and found.box[0] is not None and found.box[1] is None
    return forest.turn(found) if lying else (ONE, found)  # a row of T[0, :, :] is written T[0, 1, :], which is a column


def _of_chain(forest: Forest, t: Chain, row: Part | None, column: Part | None) -> Scaled:
    c = ONE
    factors = list(t.factors)
    if row is not None:
        k, factors[0] = entry(forest, factors[0], row, None)
        c *= k
    if column is not None:
        k, factors[-1] = entry(forest, factors[-1], None, column)
        c *= k
    k, inside = forest.chain(factors)
    return _shorter(forest, (c * k, inside), t, row, column)


def _of_times(forest: Forest, t: Times, row: Part | None, column: Part | None) -> Scaled:
    c = ONE
    factors: list[Factor] = []
    for f, e in t.factors:
        k, u = entry(forest, f, row, column)
        value = exact_power(k, e)
        factors.append((u, e) if value is not None else (forest.wrap((k, u)), e))
        c *= value if value is not None else 1
    k, inside = forest.times(factors)
    return _shorter(forest, (c * k, inside), t, row, column)


def _of_diagonal(forest: Forest, t: Call, row: Part | None, column: Part | None) -> Scaled:
    v = t.arguments[0]
    if row is not None and column is not None and row.text == column.text and row.kind in ("at", "range"):  # looked up, a place may stand twice
        c, value = entry(forest, v, row, None)
        if row.kind == "at":
            return c, value
        k, out = forest.diag(forest.wrap((c, value)))
        return k, out
    if row is not None and row.kind == "at" and column is None:
        c, value = entry(forest, v, row, None)
        n = v.box[0]
        assert n is not None
        k, u = forest.times([(value, ONE), (forest.raw_entry(forest.eye(n), (row, everything(n))), ONE)])
        return c * k, u
    if column is not None and column.kind == "at" and row is None:
        k, turned = forest.turn(entry(forest, t, column, None)[1])
        return k * entry(forest, t, column, None)[0], turned
    return ONE, _raw(forest, t, row, column)


def _of_literal(t: Literal, row: Part | None, column: Part | None) -> Tree | None:
    """A cell of a literal, when the places say exactly one."""
    i = _cell([r[0].box[0] for r in t.rows], row) if t.nested else _cell([c.box[0] for r in t.rows for c in r], row)
    if not t.nested:
        return None if i is None else [c for r in t.rows for c in r][i]
    j = _cell([c.box[1] for c in t.rows[0]], column)
    return None if i is None or j is None else t.rows[i][j]


def _cell(sizes: list[Size | None], part: Part | None) -> int | None:
    """Which of consecutive cells a place covers exactly; a cell without size takes one place."""
    if part is None:
        return 0 if len(sizes) == 1 else None
    start = Size.of(0)
    for n, size in enumerate(sizes):
        if size is None and part.kind == "at" and part.value is start:
            return n
        if size is not None and part.kind == "range" and part.start is start and part.size is size:
            return n
        start = start + (size if size is not None else Size.of(1))
    return None
