"""Shapes by inference: every node of a surface tree gets its shape, every name its role, and what does not fit is refused with a caret.

One pass in postorder with the sizes unified as it goes (`unify.py`); scopes of bound indices are lexical. Kinds of undeclared names are
decided before (`infer.py`), so that here a shape is wrong only when its sizes are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

from wrt.errors import ShapeError, TextError, UnknownNameError
from wrt.language.functions_declared import shape_of_application
from wrt.language.hints import nearest
from wrt.language.hints_shapes import for_entries, for_product
from wrt.language.signatures import ONE, applied_variable, known_functions, places, shape_of_call, tensor_shape
from wrt.language.sizes import MAX_POWER, Size
from wrt.language.surface import (
    SCALAR,
    Binary,
    Block,
    Call,
    Declaration,
    FunctionDeclaration,
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
from wrt.tables.functions import CONSTANTS

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


def size_names(declarations: Mapping[str, Declaration]) -> dict[str, None]:
    """The names of all sizes in declared shapes, in order of appearance."""
    return {name: None for d in declarations.values() for s in d.sizes for name in sorted(s.names)}


class Annotator:
    """One inference over one tree."""

    first = 0  # what entries are counted from where the text was typed; in trees always 0

    def __init__(self, declarations: Mapping[str, Declaration], sizes: Iterable[str], indices: Mapping[str, Size], unifier: Sizes) -> None:
        self.declarations = declarations
        self.unifier = unifier
        self.sizes = {**size_names(declarations), **dict.fromkeys(sizes)}
        self.indices = dict(indices)
        self.conditions: dict[str, None] = {}
        self.bound: dict[int, Loop] = {}  # id(Name) -> the loop that binds it
        self.guarded: set[int] = set()  # ids of loops whose generator has conditions
        self.steps: dict[str, Node] = {}

    def run(self, tree: Node) -> None:
        self._scopes(tree)
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

    # ------------------------------------------------------------------------------------------------ scopes and roles
    def _scopes(self, tree: Node) -> None:
        """Resolve every name: a bound index where a generator binds it, else a variable, a step, a size, a constant."""
        free = dict.fromkeys(self.indices)
        stack: list[tuple[Node, dict[str, Loop | None]]] = [(tree, free)]
        seen: dict[tuple[int, int], object] = {}
        while stack:
            node, scope = stack.pop()
            if (id(node), id(scope)) in seen:
                continue
            seen[id(node), id(scope)] = scope
            match node:
                case Name():
                    self._role(node, scope)
                case Generator():
                    inner = dict(scope)
                    for loop in node.loops:
                        self._index_name(loop)
                        stack += [(loop.start, dict(inner)), (loop.stop, dict(inner))]
                        inner[loop.name] = loop
                        if node.conditions:
                            self.guarded.add(id(loop))
                    stack += [(c, inner) for c in node.conditions]
                    stack.append((node.body, inner))
                case Steps():
                    for name, value in node.steps:
                        if name in self.declarations or name in self.sizes:
                            raise TextError(
                                f"'{name}' is already the name of a {'variable' if name in self.declarations else 'size'}.", span=value.span
                            )
                        self.steps[name] = value
                    stack += [(child, scope) for child in node.children]
                case _:
                    stack += [(child, scope) for child in node.children]

    def _index_name(self, loop: Loop) -> None:
        if loop.name in self.declarations or loop.name in self.sizes:
            what = "variable" if loop.name in self.declarations else "size"
            raise TextError(f"'{loop.name}' is already the name of a {what}; an index needs a name of its own.", span=loop.span)

    def _role(self, node: Name, scope: Mapping[str, Loop | None]) -> None:
        if node.name in scope:
            node.role = "index"
            loop = scope[node.name]
            if loop is not None:
                self.bound[id(node)] = loop
        elif node.name in self.declarations:
            node.role = "variable"
            function = self.declarations[node.name]
            if isinstance(function, FunctionDeclaration):
                raise TextError(f"{node.name} is a function and needs its arguments; it is declared {function}.", span=node.span)
        elif node.name in self.steps:
            node.role = "step"
        elif node.name in self.sizes:
            node.role = "size"
        elif node.name in CONSTANTS or node.name == "inf":
            node.role = "constant"
        else:
            near = [word for word in (nearest(node.name, [*self.declarations, *self.steps, *self.sizes]),) if word]
            raise UnknownNameError(
                f"'{node.name}' is neither a variable, a size nor a function.",
                span=node.span,
                hint=f"did you mean '{near[0]}'?" if near else "declare its shape.",
            )

    # ------------------------------------------------------------------------------------------------ what rules may ask
    def equal(self, a: Size, b: Size) -> bool:
        return self.unifier.unify(a, b)

    def require(self, condition: str) -> None:
        self.conditions[condition] = None

    def whole(self, node: Node) -> bool:
        """Whether an expression is a whole number by its parts: numbers, sizes, indices, integer variables."""
        for part in postorder(node):
            match part:
                case Number():
                    if part.value.denominator != 1:
                        return False
                case Name():
                    if part.role == "variable" and "integer" not in self.declarations[part.name].facts:
                        return False
                    if part.role in ("constant", "step"):
                        return False
                case Binary(op="**", right=Number(value=k)) if 0 <= k <= MAX_POWER:
                    pass
                case Unary(op="-") | Binary(op="+" | "-" | "*") | Index():  # an entry of an integer vector looks up
                    pass
                case _:
                    return False
        return True

    def size_of(self, node: Node) -> Size:
        """The size that an expression of numbers, sizes and whole variables is."""
        value = self._size(node)
        if value is None or any(id(part) in self.bound for part in postorder(node)):
            raise ShapeError(f"a size must be a whole number or a size name, not {short(node)}.", span=node.span)
        if value.number is not None and value.number < 0:
            raise ShapeError(f"a size cannot be negative ({value}).", span=node.span)
        return value

    def _size(self, node: Node) -> Size | None:
        """Size arithmetic; None when the expression is none. Bound indices count as their names."""
        values: dict[int, Size | None] = {}
        for part in postorder(node):
            values[id(part)] = self._size_part(part, values)
        return values[id(node)]

    def _size_part(self, part: Node, values: dict[int, Size | None]) -> Size | None:
        match part:
            case Number():
                return Size.of(int(part.value)) if part.value.denominator == 1 else None
            case Name(role="size" | "index"):
                return Size.of(part.name)
            case Name(role="variable"):
                d = self.declarations[part.name]
                return Size.of(part.name) if "integer" in d.facts and not d.shape.order else None
            case Unary(op="-"):
                inner = values[id(part.argument)]
                return None if inner is None else -inner
            case Binary(op="+" | "-" | "*"):
                left, right = values[id(part.left)], values[id(part.right)]
                if left is None or right is None:
                    return None
                return left + right if part.op == "+" else left - right if part.op == "-" else left * right
            case Binary(op="**", right=Number(value=k)) if k.denominator == 1 and 0 <= k <= MAX_POWER:
                base = values[id(part.left)]
                return None if base is None else prod([base] * int(k), start=Size.of(1))
        return None

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
        if a.kind == "scalar" and b.kind in ("scalar", "column", "matrix") and not (b.kind == "matrix" and self.unifier.find(r2) is ONE):
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
            return (self._slice(part, size),)
        shape = typed(part)
        if shape.kind != "scalar":
            if not (isinstance(part, Name) and part.role == "variable" and "integer" in self.declarations[part.name].facts):
                raise ShapeError(
                    f"a look-up needs an integer vector; {short(part)} is {self._say(shape)}.",
                    span=part.span,
                    hint="declare it integer." if isinstance(part, Name) else "",
                )
            return shape.sizes
        self._in_range(part, size)
        return ()

    def _in_range(self, part: Node, size: Size) -> None:
        """Refuse an index that surely leaves 0 .. size - 1 (negative numbers count from the end)."""
        value = self._size(part)
        if value is None:
            if not self.whole(part):
                raise ShapeError(f"an index must be a whole number, not {short(part)}.", span=part.span)
            return
        size = self.unifier.find(size)
        loop = self.bound.get(id(part))
        if loop is not None and size.name is not None and size.name.startswith("?") and id(loop) not in self.guarded:
            stop = self._size(loop.stop)  # an undeclared size is what its index runs over
            if stop is not None and not any(isinstance(p, Name) and p.role == "index" for p in postorder(loop.stop)):
                self.equal(size, stop)
            return
        loops = {p.name: self.bound.get(id(p)) for p in postorder(part) if isinstance(p, Name) and p.role == "index"}
        if any(loop is None or id(loop) in self.guarded for loop in loops.values()):
            return
        low, high = self._extremes(value, {n: loop for n, loop in loops.items() if loop is not None})
        fixed = value.number
        if fixed is not None and fixed < 0:
            outside = _surely_negative(size + fixed)
        else:
            outside = (high is not None and _surely_at_least(high, size)) or (low is not None and _surely_negative(low) and bool(loops))
        if outside:
            first = self.first
            counted = f"entries are counted from {first}{', -1 is the last' * (not first)}."
            hint = f"range({size}) runs from 0 to {size - 1}." if loops and not first else counted
            said = short(part) if not first else str(value + first)
            raise ShapeError(f"index {said} leaves the range {first} .. {size - 1 + first}.", span=part.span, hint=hint)
        if fixed is not None and size.number is None:
            self.require(f"{size} >= {fixed + 1 if fixed >= 0 else -fixed}")

    def _extremes(self, value: Size, loops: Mapping[str, Loop]) -> tuple[Size | None, Size | None]:
        """The least and greatest value of a linear form of indices, None where bounds depend on other indices."""
        low = high = value
        for name, loop in loops.items():
            start, stop = self._size(loop.start), self._size(loop.stop)
            k = next((c for m, c in value.terms if m == ((name, 1),)), None)
            if start is None or stop is None or k is None or (start.names | stop.names) & set(loops):
                return None, None
            first, last = start, stop - 1
            if k < 0:
                first, last = last, first
            low, high = low.substitute({name: first}), high.substitute({name: last})
        return low, high

    def _slice(self, part: Slice, size: Size) -> Size:
        step = 1
        if part.step is not None:
            value = self.size_or_negative(part.step).number
            if not value:
                raise ShapeError("the step of a slice must be a whole number other than 0.", span=part.step.span)
            step = value
        start = self._bound(part.start, size, Size.of(0) if step > 0 else size - 1)
        stop = self._bound(part.stop, size, size if step > 0 else Size.of(-1))
        if part.start is not None and part.stop is not None and start is stop:
            raise ShapeError("the slice is empty.", span=part.span)
        length = self.unifier.find(stop - start if step > 0 else start - stop)
        loops = {p.name: self.bound.get(id(p)) for p in postorder(part) if isinstance(p, Name) and p.role == "index"}
        if length.names & set(loops):
            raise ShapeError("a slice has one length, whatever its indices: x[i:i + 3].", span=part.span)
        low, high = (start, stop) if step > 0 else (stop + 1, start + 1)
        if loops and not any(loop is None or id(loop) in self.guarded for loop in loops.values()):
            ends = {n: loop for n, loop in loops.items() if loop is not None}
            low, high = self._extremes(low, ends)[0] or low, self._extremes(high, ends)[1] or high
        size = self.unifier.find(size)
        if (step > 0 or loops) and (_surely_negative(low) or _surely_negative(size - high)):
            raise ShapeError(f"the slice leaves the range of size {size}.", span=part.span)
        if abs(step) != 1:
            count = length.steps(abs(step))
            if count is None:
                raise ShapeError(f"how many entries a slice of length {length} has at a step of {step} is not known.", span=part.span)
            length = count
        if length.number is not None and length.number <= 0:
            raise ShapeError("the slice is empty.", span=part.span)
        return length

    def _bound(self, node: Node | None, size: Size, default: Size) -> Size:
        """A bound of a slice: a whole number (a negative one counts from the end), a size, or a sum of indices and these."""
        if node is None:
            return default
        value = self._size(node)
        if value is None or not self.whole(node):
            raise ShapeError(f"the bound of a slice must be a whole number, a size or an index, not {short(node)}.", span=node.span)
        return value + size if value.number is not None and value.number < 0 else value

    def size_or_negative(self, node: Node) -> Size:
        value = self._size(node)
        if value is None or any(isinstance(p, Name) and p.role == "index" for p in postorder(node)):
            raise ShapeError(f"the bound of a slice must be a whole number or a size, not {short(node)}.", span=node.span)
        return value

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
                if not self.whole(part) or self._size(part) is None:
                    raise ShapeError(f"the bound of an index must be a whole number or a size, not {short(part)}.", span=part.span)
            length = self._length(loop)
            if length.number is not None and length.number <= 0:
                raise ShapeError(f"range({short(loop.stop)}) is empty.", span=loop.span)
        if node.function == "sum":
            return body
        return tensor_shape((*[self._length(loop) for loop in node.loops], *body.sizes))

    def _length(self, loop: Loop) -> Size:
        start, stop = self._size(loop.start), self._size(loop.stop)
        assert start is not None and stop is not None
        return stop - start


def typed(node: Node) -> Shape:
    """The shape of a node that must be a value."""
    if node.shape is None:
        if isinstance(node, Text):
            hint = "a formula stands without quotes; a text names a norm or a pattern."
            raise TextError(f'the text "{node.value}" is no value.', span=node.span, hint=hint)
        raise TextError("a slice is no value; it stands alone inside brackets.", span=node.span)
    return node.shape


def _finite(node: Node) -> None:
    if isinstance(node, Name) and node.name == "inf" and node.role == "constant":
        raise TextError("inf is only the order of a norm: norm(x, inf).", span=node.span)


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


def _surely_at_least(a: Size, b: Size) -> bool:
    """Whether a >= b for all values of the names that are at least 1."""
    difference = a - b
    constant = sum(k for m, k in difference.terms if not m)
    named = [k for m, k in difference.terms if m]
    return all(k > 0 for k in named) and constant + sum(named) >= 0


def _surely_negative(a: Size) -> bool:
    return _surely_at_least(Size.of(-1), a)
