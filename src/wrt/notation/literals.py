"""Literals out of sums: scalars times unit vectors are [a, b] or [[a, b], [c, d]], pieces at their places are block matrices."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from typing import TYPE_CHECKING

from wrt.language.sizes import Size
from wrt.language.surface import Call as CallNode
from wrt.notation.tree import ONE, SCALAR, Atom, Chain, Entry, Literal, Part, Scaled, Times, Tree, Turn, is_eye, is_unit

if TYPE_CHECKING:
    from wrt.notation.build import Forest

CELLS = 64  # entries up to which a literal is written out
Place = tuple[Size, Size | None]  # start and extent of a piece along an axis; no extent: one entry


def literal(forest: Forest, terms: Iterable[Scaled]) -> Scaled | None:
    """The sum as a literal, None when it is not one of pieces at places."""
    pieces: list[tuple[Place | None, Place | None, Scaled]] = []
    whole: tuple[Size | None, Size | None] | None = None
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
        grid.setdefault((_at(rows, row), _at(columns, column)), []).append(scaled)
    cells = []
    for i, r in enumerate(rows):
        line = []
        for j, s in enumerate(columns):
            inside = grid.get((i, j))
            line.append(forest.wrap(forest.add(inside)) if inside else _zero(forest, r[1], s[1]))
        cells.append(tuple(line))
    if whole[1] is None:
        return ONE, forest.literal(tuple(cells), False, whole)
    if whole[0] is None:
        return ONE, forest.raw_turn(forest.literal(tuple((cell,) for cell in cells[0]), False, (whole[1], None)))
    return ONE, forest.literal(tuple(cells), True, whole)


def _placed(forest: Forest, t: Tree) -> tuple[tuple[Size | None, Size | None], Place | None, Place | None, Scaled] | None:
    """(box, place of its rows, place of its columns, piece) of a term such as s*e_i @ e_j.T or eye(n)[:, :k] @ A."""
    scalars = []
    if isinstance(t, Times):
        scalars = [(f, e) for f, e in t.factors if f.box == SCALAR]
        c, t = forest.times([(f, e) for f, e in t.factors if f.box != SCALAR])
        if c != 1:
            return None
    factors = list(t.factors) if isinstance(t, Chain) else [t]
    box = t.box
    row = column = None
    if box[0] is not None:
        row = _selects(factors[0])
        if row is None:
            return None
        factors = factors[1:]
    if box[1] is not None:
        if not factors:
            return None
        k, last = forest.turn(factors[-1])
        column = _selects(last)
        if column is None or k != 1:
            return None
        factors = factors[:-1]
    if not factors:
        if any(p is not None and p[1] is not None for p in (row, column)):
            if row is None or column is None or row[1] is not column[1] or row[1] is None:
                return None
            factors = [forest.eye(row[1])]
        else:
            c, body = forest.times(scalars)
            return box, row, column, (c, body)
    c, body = forest.chain(factors)
    k, out = forest.times([*scalars, (body, ONE)])
    return box, row, column, (c * k, out)


def _selects(t: Tree) -> Place | None:
    """Where a column of the identity, or a run of them, puts its argument."""
    if is_unit(t) and isinstance(t, Entry) and t.box[1] is None:
        part: Part = t.parts[1]
        return None if part.value is None else (part.value, None)
    if isinstance(t, Entry) and is_eye(t.base) and t.parts[0].kind == "all" and t.parts[1].kind == "range" and t.parts[1].start is not None:
        return t.parts[1].start, t.parts[1].size
    if isinstance(t, Turn):
        return None
    return None


def _cuts(places: list[Place | None], size: Size | None) -> list[tuple[Size, Size | None]] | None:
    """The places along an axis, in order and covering it; single entries that nobody names are filled in when the size is a number."""
    if size is None:
        return [(Size.of(0), None)]
    known = {p for p in places if p is not None}
    if any(p is None for p in places):
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


def _at(cuts: list[tuple[Size, Size | None]], place: Place | None) -> int:
    return 0 if place is None else next(n for n, cut in enumerate(cuts) if cut[0] is place[0])


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
            terms = [forest.chain([cell, row[j]]) if cell.box != SCALAR else forest.times([(cell, ONE), (row[j], ONE)]) for cell, row in zip(left, b.rows, strict=True) if not is_zero(cell) and not is_zero(row[j])]
            line.append(forest.wrap(forest.add(terms)) if terms else _zero(forest, left[0].box[0], b.rows[0][j].box[1]))
        rows.append(tuple(line))
    out = forest.literal(tuple(rows), True, (a.box[0], b.box[1]))
    return (ONE, out) if out.score <= a.score + b.score else None


def trace(forest: Forest, t: Literal) -> Scaled | None:
    """The sum of the traces of the diagonal cells of a block matrix; None when those are not square."""
    from wrt.notation.scalars import trace as trace_of

    if not t.nested or len(t.rows) != len(t.rows[0]):
        return None
    cells = [row[k] for k, row in enumerate(t.rows)]
    if any(cell.box[0] is not cell.box[1] for cell in cells):
        return None
    return forest.add([(ONE, cell) if cell.box == SCALAR else trace_of(forest, [cell]) for cell in cells if not is_zero(cell)])
