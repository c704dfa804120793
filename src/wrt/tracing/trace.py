"""`Trace`: one run of a function; builds typed nodes, and arrays of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wrt.errors import Span, TextError
from wrt.language.builder import Builder
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
    Text,
    Unary,
    postorder,
)
from wrt.tables.functions import CONSTANTS
from wrt.tracing.exact import Exact, tree_of
from wrt.tracing.exact import constant as exact_constant
from wrt.tracing.lengths import ONE, Sizes

if TYPE_CHECKING:
    from wrt.tracing.array import Traced

NOWHERE: Span = (0, 0)
LITERAL = 256  # entries up to which an array of plain numbers is written into the formula
LETTERS = "ijklpqrstuvw"


class Trace:
    """One run of a function: builds typed nodes and hands out names for bound indices."""

    def __init__(self, declared: Mapping[str, Declaration]) -> None:
        self.declared = dict(declared)
        self.builder = Builder({name: d.shape for name, d in declared.items()}, {name: d.facts for name, d in declared.items()})
        self.taken = {*self.declared, *self.builder.sizes, *CONSTANTS}
        self.count = 0

    def fresh(self) -> str:
        """The name of a new bound index."""
        while True:
            k, letter = divmod(self.count, len(LETTERS))
            self.count += 1
            name = LETTERS[letter] + (str(k) if k else "")
            if name not in self.taken:
                return name

    # ------------------------------------------------------------------------------------------------ nodes
    def put(self, node: Node) -> Node:
        """The node, typed."""
        return self.builder.put(node, NOWHERE)

    def number(self, value: float) -> Node:
        """A plain number, exact where it remembers what it is."""
        if isinstance(value, float) and abs(value) == math.pi and not isinstance(value, Exact):
            value = exact_constant("pi", math.pi) if value > 0 else -exact_constant("pi", math.pi)
        return self.written(tree_of(value), {})

    def written(self, tree: Node, values: Mapping[str, Node]) -> Node:
        """A formula's tree over given nodes, typed; a factor 1 is left out."""
        made: dict[int, Node] = {}
        for node in postorder(tree):
            match node:
                case Name():
                    made[id(node)] = values[node.name] if node.name in values else self.put(Name(node.name, "constant"))
                case Number():
                    made[id(node)] = self.put(Number(node.value, node.text))
                case Unary():
                    made[id(node)] = self.put(Unary(node.op, made[id(node.argument)]))
                case Binary():
                    left, right = made[id(node.left)], made[id(node.right)]
                    plain = node.op == "*" and isinstance(left, Number) and left.value == 1
                    made[id(node)] = right if plain else self.binary(node.op, left, right)
                case Call():
                    made[id(node)] = self.call(node.function, *[made[id(a)] for a in node.arguments])
        return made[id(tree)]

    def size(self, size: Size) -> Node:
        """A size used as a number."""
        return self.builder.size(size, NOWHERE)

    def call(self, function: str, *arguments: Node | str | Size, **options: int) -> Node:
        """function(arguments); strings are text arguments, sizes size expressions, options whole numbers."""
        nodes = tuple(Text(a) if isinstance(a, str) else self.size(a) if isinstance(a, Size) else a for a in arguments)
        return self.put(Call(function, nodes, tuple((key, self.number(v)) for key, v in options.items())))

    def binary(self, op: str, left: Node, right: Node) -> Node:
        return self.put(Binary(op, left, right))

    def turned(self, node: Node) -> Node:
        """The transpose; of a transpose what it is of."""
        if isinstance(node, Unary) and node.op == "T":
            return node.argument
        return node if shape_of(node) == SCALAR else self.put(Unary("T", node))

    def part(self, node: Node, parts: Sequence[Node]) -> Node:
        """node[parts]; all of it when every part is a bare colon, an entry of a transpose an entry of its argument."""
        if all(isinstance(p, Slice) and not p.children for p in parts):
            return node
        if isinstance(node, Unary) and node.op == "T":
            inner = shape_of(node.argument)
            if inner.kind == "matrix" and len(parts) == 2:
                turned = self.part(node.argument, parts[::-1])
                return self.turned(turned) if shape_of(turned).order else turned
            if inner.order == 1 and len(parts) == 1:
                turned = self.part(node.argument, parts)
                return self.turned(turned) if shape_of(turned).order else turned
        return self.put(Index(node, tuple(self.put(p) if isinstance(p, Slice) else p for p in parts)))

    def index(self, name: str) -> Node:
        """A bound index."""
        return self.put(Name(name, "index"))

    def loop(self, name: str, size: Size) -> Loop:
        """for name in range(size)."""
        loop = Loop(name, self.number(0), self.size(size))
        self.put(loop)
        return loop

    def table(self, sizes: Sizes, entry: Callable[..., Node]) -> Node:
        """array(entry(i, j, ...) for i in range(..) for j in range(..) ...)."""
        names = [self.fresh() for _ in sizes]
        body = entry(*[self.index(name) for name in names])
        return self.put(Generator("array", body, tuple(self.loop(n, s) for n, s in zip(names, sizes, strict=True))))

    def total(self, size: Size, term: Callable[[Node], Node]) -> Node:
        """sum(term(i) for i in range(size))."""
        name = self.fresh()
        return self.put(Generator("sum", term(self.index(name)), (self.loop(name, size),)))

    def block(self, rows: Sequence[Sequence[Node]], *, nested: bool) -> Node:
        return self.put(Block(tuple(map(tuple, rows)), nested))

    # ------------------------------------------------------------------------------------------------ arrays
    def array(self, node: Node, sizes: Sequence[Size] | None = None) -> Traced:
        """An array of a node; `sizes` its axes where they are not the node's own. Axes of size 1 that the node has are indexed away."""
        shape = shape_of(node)
        sizes = tuple(shape.sizes if sizes is None else sizes)
        if any(s is ONE for s in shape.sizes):
            node = self.part(node, [self.number(0) if s is ONE else Slice(None, None, None) for s in shape.sizes])
        assert shape_of(node).sizes == tuple(s for s in sizes if s is not ONE), "an array's axes are not its node's; please report this as a bug"
        from wrt.tracing.array import Traced  # an array holds its trace

        return Traced(self, node, sizes)

    def variable(self, d: Declaration) -> Traced:
        """A declared variable."""
        from wrt.tracing.array import Count

        node = self.put(Name(d.name, "variable"))
        if not d.shape.order and "integer" in d.facts:
            return Count(self, node, Size.of(d.name))
        return self.array(node)

    def count_of(self, size: Size) -> Any:
        """A size as Python code uses it: a plain int where it is one."""
        from wrt.tracing.array import Count

        return size.number if size.number is not None else Count(self, self.size(size), size)

    def constant(self, value: Any) -> Traced:
        """An array of plain numbers, or of arrays: nested lists, NumPy arrays, Python numbers."""
        from wrt.tracing.array import Traced

        if isinstance(value, Traced):
            return value
        if isinstance(value, (bool, int, float)):
            return self.array(self.number(int(value) if isinstance(value, bool) else value))
        listed = value.tolist() if hasattr(value, "tolist") else value
        if isinstance(listed, (bool, int, float)):
            return self.constant(listed)
        if isinstance(listed, (list, tuple)) and listed:
            from wrt.tracing.axes import stack

            if _entries(listed) > LITERAL:
                raise TextError(
                    f"an array of more than {LITERAL} plain numbers is not written into a formula.", hint="make it an argument of the function."
                )
            return stack(self, [self.constant(v) for v in listed], 0)
        raise TextError(
            f"a traced array cannot be combined with {type(value).__name__}.", hint="make it an argument of the function, with its shape declared."
        )


def _entries(listed: Any) -> int:
    total, todo = 0, [listed]
    while todo and total <= LITERAL:
        item = todo.pop()
        if isinstance(item, (list, tuple)):
            todo.extend(item)
        else:
            total += 1
    return total


def shape_of(node: Node) -> Shape:
    assert node.shape is not None, "an untyped node; please report this as a bug"
    return node.shape
