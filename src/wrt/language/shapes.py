"""Shapes by inference: every node of a surface tree gets its shape, every name its role, and what does not fit is refused with a caret.

One pass in postorder with the sizes unified as it goes (`unify`); names have their roles (`scopes`), whole numbers are looked at in `lengths`,
calls in `signatures`. Kinds of undeclared names are decided before (`infer`), so that here a shape is wrong only when its sizes are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wrt.errors import ShapeError, TextError, UnknownNameError
from wrt.language.functions_declared import shape_of_application
from wrt.language.hints_shapes import for_entries, for_places, for_product
from wrt.language.lengths import Lengths
from wrt.language.places import ONE, places, product_shape, tensor_shape, transposed, typed
from wrt.language.scopes import resolve, size_names
from wrt.language.signatures import applied_variable, known_functions, shape_of_call
from wrt.language.sizes import Size
from wrt.language.surface import (
    SCALAR,
    Binary,
    Block,
    Call,
    Declaration,
    Generator,
    Index,
    Loop,
    Name,
    Node,
    Number,
    Shape,
    Slice,
    Steps,
    Text,
    Unary,
    column,
    matrix,
    postorder,
    row,
)
from wrt.language.unify import Sizes
from wrt.language.unparse import short

TEXT_ARGUMENT = {"norm": 1, "einsum": 0, "frechet": 0}  # which argument may be a text


def annotate(
    tree: Node,
    declarations: Mapping[str, Declaration],
    *,
    sizes: Iterable[str] = (),
    indices: Mapping[str, Size] | None = None,
    unifier: Sizes | None = None,
) -> tuple[str, ...]:
    """Fill `shape` and `role` of every node; `indices` are free index names with their sizes. Returns the size conditions met ("m >= n").

    Raises: ShapeError, UnknownNameError, TextError, each with the span of the culprit.
    """
    work = Annotator(declarations, sizes, indices or {}, unifier or Sizes())
    work.run(tree)
    return tuple(work.conditions)


class Annotator(Lengths):
    """One inference over one tree."""

    def __init__(self, declarations: Mapping[str, Declaration], sizes: Iterable[str], indices: Mapping[str, Size], unifier: Sizes) -> None:
        super().__init__(declarations, unifier)
        self.sizes = {**size_names(declarations), **dict.fromkeys(sizes)}
        self.indices = dict(indices)

    @property
    def steps(self) -> dict[str, Node]:
        """The named steps met so far."""
        return self.scopes.steps

    def run(self, tree: Node) -> None:
        self.scopes = resolve(tree, self.declarations, self.sizes, self.indices)
        _finite(tree)
        for node in postorder(tree):
            try:
                for child in node.arguments[:1] if isinstance(node, Call) and node.function == "norm" else node.children:
                    _finite(child)
                node.shape = self._shape(node)
            except (ShapeError, TextError, UnknownNameError) as error:
                if error.span is None:
                    error.span = node.span
                raise
        typed(tree)

    # ------------------------------------------------------------------------------------------------ nodes
    def _shape(self, node: Node) -> Shape | None:
        match node:
            case Number():
                return SCALAR
            case Name():
                return self._name(node)
            case Text() | Slice():
                return None
            case Loop():
                return SCALAR
            case Unary(op="T"):
                return transposed(node, typed(node.argument))
            case Unary():
                return typed(node.argument)
            case Binary():
                return self._binary(node)
            case Call():
                return self._call(node)
            case Index():
                return self._index(node)
            case Block():
                return self._block(node)
            case Generator():
                return self._generator(node)
            case Steps():
                for _, value in node.steps:
                    typed(value)
                return typed(node.result)
        raise AssertionError(type(node))

    def _name(self, node: Name) -> Shape:
        match node.role:
            case "variable":
                return self.declarations[node.name].shape
            case "step":
                shape = self.steps[node.name].shape
                if shape is None:
                    raise UnknownNameError(f"'{node.name}' is used before it is defined.", span=node.span)
                return shape
        return SCALAR

    def _call(self, node: Call) -> Shape:
        shapes = [a.shape if a.shape is not None else SCALAR for a in node.arguments]
        for k, argument in enumerate(node.arguments):
            if isinstance(argument, Text) and TEXT_ARGUMENT.get(node.function) != k:
                raise TextError(f"{node.function} takes no text argument.", span=argument.span)
        found = shape_of_application(self, node, shapes, self.declarations)
        if found is None and (node.function in self.declarations or node.function in self.steps) and node.function not in known_functions():
            raise applied_variable(node.function, node)
        return shape_of_call(self, node, shapes) if found is None else found

    def _binary(self, node: Binary) -> Shape:
        a, b = typed(node.left), typed(node.right)
        if node.op == "@":
            return self._matmul(node, a, b)
        return self.stretch(node, [a, b])

    def _matmul(self, node: Binary, a: Shape, b: Shape) -> Shape:
        if "tensor" in (a.kind, b.kind):
            raise ShapeError(
                f"@ takes vectors and matrices: {self._both(node, a, b)}.", span=node.span, hint='einsum("ijk,k->ij", T, x) contracts a tensor.'
            )
        (r, c), (r2, c2) = places(a), places(b)
        if a.kind == "scalar" and b.kind in ("scalar", "column", "matrix") and not (b.kind != "scalar" and self.unifier.find(r2) is ONE):
            raise ShapeError(
                f"{short(node.left)} is a scalar: a scalar multiplies with *, not with @.",
                span=node.span,
                hint=f"write {short(node.left)}*{short(node.right)}.",
            )
        if b.kind == "scalar" and a.kind != "column" and self.unifier.find(c) is not ONE:
            raise ShapeError(
                f"{short(node.right)} is a scalar: a scalar multiplies with *, not with @.",
                span=node.span,
                hint=f"write {short(node.left)}*{short(node.right)}.",
            )
        inner = self.unifier.find(c), self.unifier.find(r2)
        stretched = (inner[0] is ONE and inner[1].name is not None) or (inner[1] is ONE and inner[0].name is not None)
        if stretched or not self.equal(c, r2):
            hint = for_product(node.left, node.right, a, b, self._same)
            raise ShapeError(f"cannot multiply {short(node)}: inner sizes differ ({self._both(node, a, b)}).", span=node.span, hint=hint)
        return product_shape(a, b, self.unifier.find(r), self.unifier.find(c2))

    def _both(self, node: Binary, a: Shape, b: Shape) -> str:
        return f"{short(node.left)} is {self._say(a)}, {short(node.right)} is {self._say(b)}"

    def _say(self, shape: Shape) -> str:
        return str(Shape(shape.kind, tuple(self.unifier.find(s) for s in shape.sizes)))

    def stretch(self, node: Node, shapes: list[Shape]) -> Shape:
        """The common shape of an elementwise operation: scalars go with anything, a column or a row stretches against a matrix."""
        result = SCALAR
        parts = node.children if not isinstance(node, Call) else node.arguments
        for shape in shapes:
            if shape.kind == "scalar" or result is shape:
                continue
            if result.kind == "scalar":
                result = shape
                continue
            joined = self._join(result, shape)
            if joined is None:
                raise self._misfit(node, parts, shapes)
            result = joined
        return result

    def _join(self, a: Shape, b: Shape) -> Shape | None:
        if "tensor" in (a.kind, b.kind):
            fits = a.order == b.order and all(self.equal(s, t) for s, t in zip(a.sizes, b.sizes, strict=True))
            return a if fits else None
        if {a.kind, b.kind} == {"column", "row"}:
            return None
        for one, other in ((a, b), (b, a)):  # the result has the shape of one of the two
            pairs = list(zip(places(one), places(other), strict=True))
            if all(self.unifier.find(t) is ONE or self.unifier.find(s) is self.unifier.find(t) for s, t in pairs):
                return one
        if a.kind != b.kind and b.kind == "matrix":
            a, b = b, a
        for s, t in zip(places(a), places(b), strict=True):
            if self.unifier.find(t) is not ONE and not self.equal(s, t):
                return None
        return a

    def _misfit(self, node: Node, parts: tuple[Node, ...], shapes: list[Shape]) -> ShapeError:
        says = ", ".join(f"{short(p)} is {self._say(s)}" for p, s in zip(parts, shapes, strict=True))
        found = [Shape(s.kind, tuple(self.unifier.find(k) for k in s.sizes)) for s in shapes]
        return ShapeError(f"the shapes do not fit: {says}.", span=node.span, hint=for_entries(node, parts, found, self._same))

    def _same(self, a: Size, b: Size) -> bool:
        """Whether two sizes are one, or may be: one of them is not known yet."""
        a, b = self.unifier.find(a), self.unifier.find(b)
        return a is b or any(name.startswith("?") for s in (a, b) for name in s.names)

    # ------------------------------------------------------------------------------------------------ brackets
    def _index(self, node: Index) -> Shape:
        base = typed(node.base)
        if base.kind == "scalar":
            raise ShapeError(f"{short(node.base)} is a scalar and cannot be indexed.", span=node.span)
        sizes, parts = base.sizes, node.parts
        if len(parts) == 1 and base.kind == "matrix" and any(self.unifier.find(s) is ONE for s in sizes):
            sizes = sizes[1:] if self.unifier.find(sizes[0]) is ONE else sizes[:1]
        if len(parts) != len(sizes):
            raise ShapeError(
                f"{short(node.base)} is {self._say(base)} and takes {len(sizes)} ind{'ex' if len(sizes) == 1 else 'ices'}, found {len(parts)}.",
                span=node.span,
                hint=for_places(node, base),
            )
        kept: list[tuple[int, Size]] = []
        for axis, (part, size) in enumerate(zip(parts, sizes, strict=True)):
            kept += [(axis, s) for s in self._part(part, size)]
        left = tuple(s for _, s in kept)
        if base.kind == "row":
            return row(*left) if len(left) == 1 else tensor_shape(left)
        if base.kind == "matrix" and len(parts) == 2 and len(left) == 1 and kept[0][0] == 1:
            return row(left[0])
        return tensor_shape(left)

    def _part(self, part: Node, size: Size) -> tuple[Size, ...]:
        """The sizes that one part of an index leaves: none for a number, one for a slice, the look-up's own for an integer vector."""
        if isinstance(part, Slice):
            return (self.slice_length(part, size),)
        shape = typed(part)
        if shape.kind != "scalar":
            whole = part.base if isinstance(part, Index) else part  # s, or s[1:]
            if not (isinstance(whole, Name) and whole.role == "variable" and "integer" in self.declarations[whole.name].facts):
                raise ShapeError(
                    f"a look-up needs an integer vector; {short(part)} is {self._say(shape)}.",
                    span=part.span,
                    hint="declare it integer." if isinstance(part, Name) else "",
                )
            return shape.sizes
        self.check_index(part, size)
        return ()

    def _block(self, node: Block) -> Shape:
        """A column of scalars and columns, or a block matrix; blocks of a row share their height, rows their width."""
        if not node.nested:
            height = Size.of(0)
            for (cell,) in node.rows:
                shape = typed(cell)
                if shape.kind not in ("scalar", "column"):
                    raise ShapeError(
                        f"a list stacks scalars and columns; {short(cell)} is {self._say(shape)}.",
                        span=cell.span,
                        hint="a block matrix is written [[A, B], [C, D]].",
                    )
                height = height + places(shape)[0]
            return column(height)
        total, width = Size.of(0), None
        for cells in node.rows:
            across = Size.of(0)
            height = places(typed(cells[0]))[0]
            for cell in cells:
                shape = typed(cell)
                if shape.kind == "tensor":
                    raise ShapeError(f"a block is a scalar, a vector or a matrix; {short(cell)} is {self._say(shape)}.", span=cell.span)
                rows, columns = places(shape)
                if not self.equal(height, rows):
                    raise ShapeError(
                        f"blocks of one row have one height: {short(cells[0])} is {self._say(typed(cells[0]))}, {short(cell)} is {self._say(shape)}.",
                        span=cell.span,
                    )
                across = across + columns
            if width is not None and not self.equal(width, across):
                raise ShapeError(f"the rows of a block matrix have one width: {width} and {across}.", span=node.span)
            width, total = across if width is None else width, total + height
        return matrix(total, width if width is not None else ONE)

    def _generator(self, node: Generator) -> Shape:
        body = typed(node.body)
        for loop in node.loops:
            for part in (loop.start, loop.stop):
                if not self.whole(part) or self.index_value(part) is None:
                    raise ShapeError(f"the bound of an index must be a whole number or a size, not {short(part)}.", span=part.span)
            length = self.loop_length(loop)
            if length.number is not None and length.number <= 0:
                start = "" if isinstance(loop.start, Number) and not loop.start.value else f"{short(loop.start)}, "
                raise ShapeError(f"range({start}{short(loop.stop)}) is empty.", span=loop.span)
        if node.function == "sum":
            return body
        return tensor_shape((*[self.loop_length(loop) for loop in node.loops], *body.sizes))


def _finite(node: Node) -> None:
    if isinstance(node, Name) and node.name == "inf" and node.role == "constant":
        raise TextError("inf is only the order of a norm: norm(x, inf).", span=node.span)
