"""Literals out of sums: scalars times unit vectors are [a, b] or [[a, b], [c, d]], pieces at their places are block matrices."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.language.sizes import Size
from wrt.language.surface import Call as CallNode
from wrt.notation.tree import ONE, SCALAR, Atom, Box, Chain, Entry, Literal, Part, Scaled, Sum, Times, Tree, Turn, is_eye, is_unit, split_scalars

if TYPE_CHECKING:
    from wrt.notation.build import Forest

CELLS = 64  # entries up to which a literal is written out
Place = tuple[Size, Size | None]  # start and extent of a piece along an axis; no extent: one entry


def literal(forest: Forest, terms: Iterable[Scaled]) -> Scaled | None:
    """The sum as a literal, None when it is not one of pieces at places."""
    pieces: list[tuple[Place | None, Place | None, Scaled]] = []
    whole: Box | None = None
    for c, t in terms:
        found = _placed(forest, t)
        if found is None:
            return None
        box, row, column, (k, body) = found
        if whole is not None and box != whole:
            return None
        whole = box
        pieces.append((row, column, (c * k, body)))
    if whole is None or len(pieces) < 2:
        return None
    rows, columns = _cuts([p[0] for p in pieces], whole[0]), _cuts([p[1] for p in pieces], whole[1])
    if rows is None or columns is None or len(rows) * len(columns) > CELLS or len(rows) * len(columns) < 2:
        return None
    grid: dict[tuple[int, int], list[Scaled]] = {}
    for row, column, scaled in pieces:
        i, j = _at(rows, row), _at(columns, column)
        if i is None or j is None:  # a piece that overlaps others
            return None
        grid.setdefault((i, j), []).append(scaled)
    cells = []
    for i, r in enumerate(rows):
        line = []
        for j, s in enumerate(columns):
            inside = grid.get((i, j))
            line.append(forest.wrap(forest.add(inside)) if inside else _zero(forest, r[1], s[1]))
        cells.append(tuple(line))
    if any(_holds_literal(cell) for line in cells for cell in line):
        exploded = _exploded(forest, cells, whole)
        if exploded is None:
            return None
        cells = exploded
    if whole[1] is None:
        return ONE, forest.literal(tuple(cells), False, whole)
    if whole[0] is None:
        return ONE, forest.raw_turn(forest.literal(tuple((cell,) for cell in cells[0]), False, (whole[1], None)))
    return ONE, forest.literal(tuple(cells), True, whole)


def _holds_literal(t: Tree) -> bool:
    return isinstance(t, Literal) or (isinstance(t, (Sum, Times, Turn)) and any(_holds_literal(c) for c in t.children))


def _exploded(forest: Forest, cells: list[tuple[Tree, ...]], whole: Box) -> list[tuple[Tree, ...]] | None:
    """Cells that are themselves literals, taken entry by entry: a literal does not stand in a block matrix."""
    if len(cells) == 1 and whole[1] is not None and whole[0] is not None and whole[0].number is not None:
        count = whole[0].number
        out = [tuple(forest.wrap(forest.entry(cell, _entry_at(k), None)) for cell in cells[0]) for k in range(count)]
    elif all(len(line) == 1 for line in cells) and whole[1] is not None and whole[1].number is not None:
        count = whole[1].number
        out = [tuple(forest.wrap(forest.entry(line[0], None, _entry_at(k))) for k in range(count)) for line in cells]
    else:
        return None
    return None if len(cells) * count > CELLS or any(_holds_literal(cell) or cell.box != SCALAR for line in out for cell in line) else out


def _entry_at(k: int) -> Part:
    from wrt.notation.entries import at

    return at(Size.of(k))


def _placed(forest: Forest, t: Tree) -> tuple[Box, Place | None, Place | None, Scaled] | None:
    """(box, place of its rows, place of its columns, piece) of a term such as s*e_i @ e_j.T, e_i @ r.T or eye(n)[:, :k] @ A; no place: the whole axis."""
    scalars, bodies = split_scalars(t)
    c, body = forest.times(bodies)
    if c != 1 or body.box == SCALAR:
        return None
    factors = list(body.factors) if isinstance(body, Chain) else [body]
    row = _selects(factors[0]) if body.box[0] is not None else None
    if row is not None:
        factors = factors[1:]
    column = None
    if body.box[1] is not None and factors:
        k, last = forest.turn(factors[-1])
        column = _selects(last) if k == 1 else None
        if column is not None:
            factors = factors[:-1]
    if row is None and column is None:
        return None
    if not factors:
        extents = [p[1] for p in (row, column) if p is not None]
        if any(e is not None for e in extents):
            if extents[0] is None or any(e is not extents[0] for e in extents):
                return None
            factors = [forest.eye(extents[0])]
    k, inner = forest.chain(factors) if factors else (ONE, forest.one)
    m, out = forest.times([*scalars, (inner, ONE)])
    return body.box, row, column, (k * m, out)


def _selects(t: Tree) -> Place | None:
    """Where a column of the identity, or a run of them, puts its argument."""
    if is_unit(t) and isinstance(t, Entry) and t.box[1] is None:
        part: Part = t.parts[1]
        return None if part.value is None else (part.value, None)
    if isinstance(t, Entry) and is_eye(t.base) and t.parts[0].kind == "all" and t.parts[1].kind == "range" and t.parts[1].start is not None:
        return t.parts[1].start, t.parts[1].size
    return None


def _cuts(places: list[Place | None], size: Size | None) -> list[tuple[Size, Size | None]] | None:
    """The places along an axis, in order and covering it; single entries that nobody names are filled in when the size is a number."""
    known = {p for p in places if p is not None}
    if not known:
        return [(Size.of(0), size)]
    if size is None or any(p is None for p in places):
        return None
    singles = all(extent is None for _, extent in known)
    if singles and size.number is not None:
        return [(Size.of(k), None) for k in range(size.number)] if size.number <= CELLS else None
    out: list[Place] = []
    at = Size.of(0)
    left = set(known)
    while left:
        found = next((p for p in left if p[0] is at), None)
        if found is None:
            return None
        left.discard(found)
        out.append(found)
        at = at + (found[1] if found[1] is not None else Size.of(1))
    return out if at is size else None


def _at(cuts: list[tuple[Size, Size | None]], place: Place | None) -> int | None:
    return 0 if place is None else next((n for n, cut in enumerate(cuts) if cut[0] is place[0]), None)


def _zero(forest: Forest, rows: Size | None, columns: Size | None) -> Tree:
    from wrt.notation.write import size_node

    if rows is None and columns is None:
        return forest.wrap((Fraction(0), forest.one))
    if rows is None and columns is not None:
        return forest.raw_turn(_zero(forest, columns, None))
    sizes = tuple(size_node(s) for s in (rows, columns) if s is not None)
    return forest.atom(CallNode("zeros", sizes), (rows, columns), "zero")


def is_zero(t: Tree) -> bool:
    """Whether a cell is zero."""
    return (isinstance(t, Atom) and t.role == "zero") or (isinstance(t, Turn) and is_zero(t.argument))


# ---------------------------------------------------------------------------------------------------- block algebra
def product(forest: Forest, a: Literal, b: Literal) -> Scaled | None:
    """The product of two block matrices cell by cell, where zeros make it no longer than the two."""
    cells = [cell for row in (*a.rows, *b.rows) for cell in row]
    if not (a.nested and b.nested) or not any(map(is_zero, cells)) or len(a.rows[0]) != len(b.rows):
        return None
    if any(cell.box[1] is not row[0].box[0] for cell, row in zip(a.rows[0], b.rows, strict=True)):
        return None
    rows = []
    for left in a.rows:
        line = []
        for j in range(len(b.rows[0])):
            terms = [
                forest.chain([cell, row[j]]) if cell.box != SCALAR else forest.times([(cell, ONE), (row[j], ONE)])
                for cell, row in zip(left, b.rows, strict=True)
                if not is_zero(cell) and not is_zero(row[j])
            ]
            line.append(forest.wrap(forest.add(terms)) if terms else _zero(forest, left[0].box[0], b.rows[0][j].box[1]))
        rows.append(tuple(line))
    out = forest.literal(tuple(rows), True, (a.box[0], b.box[1]))
    return (ONE, out) if out.score <= a.score + b.score else None


def adjugate(forest: Forest, t: Tree) -> Tree | None:
    """adj([[a, b], [c, d]]) = [[d, -b], [-c, a]]; None for anything but four numbers."""
    if not (isinstance(t, Literal) and t.nested and [len(row) for row in t.rows] == [2, 2] and all(c.box == SCALAR for row in t.rows for c in row)):
        return None
    (a, b), (c, d) = t.rows
    return forest.literal(((d, forest.wrap((-ONE, b))), (forest.wrap((-ONE, c)), a)), True, t.box)


def trace(forest: Forest, t: Literal) -> Scaled | None:
    """The sum of the traces of the diagonal cells of a block matrix; None when those are not square."""
    from wrt.notation.scalars import trace as trace_of

    if not t.nested or len(t.rows) != len(t.rows[0]):
        return None
    cells = [row[k] for k, row in enumerate(t.rows)]
    if any(cell.box[0] is not cell.box[1] for cell in cells):
        return None
    return forest.add([(ONE, cell) if cell.box == SCALAR else trace_of(forest, [cell]) for cell in cells if not is_zero(cell)])
