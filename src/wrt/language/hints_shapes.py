"""What to try where shapes do not fit: the product, transpose or stretch that does, in the user's own letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wrt.language.sizes import Size
from wrt.language.surface import Binary, Call, Index, Node, Shape, Slice
from wrt.language.trees import turned
from wrt.language.unparse import short

Same = Callable[[Size, Size], bool]  # whether two sizes are one, or may be


def product(left: Node, right: Node) -> str:
    return short(Binary("@", left, right), 40)


def for_product(left: Node, right: Node, a: Shape, b: Shape, same: Same) -> str:
    """left @ right of inner sizes that differ: the transposes that fit."""
    if a.kind == b.kind == "column":
        outer = f"{product(left, turned(right))} the outer product."
        if same(a.sizes[0], b.sizes[0]):
            return f"{product(turned(left), right)} is the inner product, {outer}"
        return outer.replace(" the outer", " is the outer")
    if a.kind == b.kind == "row" and same(a.sizes[0], b.sizes[0]):
        return f"{product(left, turned(right))} is the inner product, {product(turned(left), right)} the outer product."
    if "scalar" in (a.kind, b.kind):
        return ""
    rows, columns = _places(a), _places(b)
    tries = (
        (turned(left), right, rows[0], columns[0]),
        (left, turned(right), rows[1], columns[1]),
        (turned(left), turned(right), rows[0], columns[1]),
    )
    fitting = [product(one, other) for one, other, s, t in tries if s is not None and t is not None and same(s, t)]
    return f"{' or '.join(fitting)} fits." if fitting else ""


def _places(shape: Shape) -> tuple[Size | None, Size | None]:
    """(rows, columns), None where the size is 1."""
    if shape.kind == "matrix":
        return shape.sizes[0], shape.sizes[1]
    return (shape.sizes[0], None) if shape.kind == "column" else (None, shape.sizes[0])


def for_entries(node: Node, parts: Sequence[Node], shapes: Sequence[Shape], same: Same) -> str:
    """An operation entry by entry whose shapes do not fit."""
    if len(parts) != 2:
        return ""
    kinds = [s.kind for s in shapes]
    times = isinstance(node, Binary) and node.op == "*"
    if sorted(kinds) == ["column", "row"]:
        return _column_and_row(node, parts, shapes, same)
    if "matrix" in kinds and ("column" in kinds or "row" in kinds):
        stretch = "beside a matrix a column has an entry for every row, a row for every column"
        matmul = _matrix_vector(parts, shapes, same) if times else ""
        at = kinds.index("column" if "column" in kinds else "row")
        fits = same(shapes[at].sizes[0], shapes[1 - at].sizes[1 if kinds[at] == "column" else 0])
        return f"{matmul}{'; ' * bool(matmul)}{stretch}{f': {short(turned(parts[at]), 40)} fits' * fits}."
    if kinds == ["matrix", "matrix"]:
        (a, b), (c, d) = shapes[0].sizes, shapes[1].sizes
        if times and same(b, c):
            return f"{product(*parts)} is the matrix product."
        if isinstance(node, Binary) and node.op == "/" and same(c, d) and same(b, c):
            return f"{product(parts[0], Call('inv', (parts[1],)))} divides by a matrix."
        if same(a, d) and same(b, c):
            return f"{short(turned(parts[1]), 40)} has the shape of {short(parts[0], 40)}."
    if times and kinds == ["column", "column"]:
        return f"{product(parts[0], turned(parts[1]))} is the outer product."
    return ""


def for_places(node: Index, base: Shape) -> str:
    """Too few or too many places in brackets: A[0], x[0, 0]."""
    said = short(node.base, 40)
    if base.kind == "matrix" and len(node.parts) == 1 and not isinstance(node.parts[0], Slice):
        place = short(node.parts[0], 20)
        return f"a row is {said}[{place}, :], a column {said}[:, {place}]."
    if base.kind in ("column", "row") and len(node.parts) == 2 and not any(isinstance(p, Slice) for p in node.parts):
        return f"an entry is {short(Index(node.base, (node.parts[base.kind == 'row'],)), 40)}."
    return ""


def _column_and_row(node: Node, parts: Sequence[Node], shapes: Sequence[Shape], same: Same) -> str:
    at = 0 if shapes[0].kind == "column" else 1
    col, row = parts[at], parts[1 - at]
    (m,), (n,) = shapes[at].sizes, shapes[1 - at].sizes
    flat = [turned(row), turned(row)]
    flat[at] = col
    entries = short(Binary(node.op, *flat) if isinstance(node, Binary) else Call(getattr(node, "function", "maximum"), tuple(flat)), 60)
    inner = f"{product(row, col)} is the inner product, " if same(m, n) else ""
    by_entry = f"; entry by entry it is {entries}" if same(m, n) else ""
    if isinstance(node, Binary) and node.op in ("*", "/", "**"):
        if node.op != "*":
            return by_entry.removeprefix("; ") + "." * bool(by_entry)
        return f"{inner}{product(col, row)}{'' if inner else ' is'} the outer product{by_entry}."
    if isinstance(node, Binary) and node.op in ("+", "-"):
        sides = [f"ones({m}) @ {short(row, 40)}"] * 2
        sides[at] = f"{short(col, 40)} @ ones({n}).T"
        return f"{by_entry.removeprefix('; ')}{'; ' * bool(by_entry)}every entry with every other is {f' {node.op} '.join(sides)}."
    return by_entry.removeprefix("; ") + "." * bool(by_entry)


def _matrix_vector(parts: Sequence[Node], shapes: Sequence[Shape], same: Same) -> str:
    first, second = shapes
    if first.kind == "matrix" and second.kind == "column" and same(first.sizes[1], second.sizes[0]):
        return f"{product(*parts)} is the product of matrix and vector"
    if first.kind == "row" and second.kind == "matrix" and same(first.sizes[0], second.sizes[0]):
        return f"{product(*parts)} is the product of vector and matrix"
    return ""
