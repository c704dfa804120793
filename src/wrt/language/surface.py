"""The surface tree: a formula as it was written, with spans and, once `shapes` has run, the shape of every node.

One tree for all dialects. Nodes are shared where a formula is built from Python objects, so every pass memoises by `id(node)`
and walks with a stack of its own (`postorder`), never by recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, NamedTuple

from wrt.errors import Span
from wrt.language.sizes import Size

Kind = Literal["scalar", "column", "row", "matrix", "tensor"]


class Shape(NamedTuple):
    """What a value is: scalar (), column (n,), row (n,), matrix (m, n), tensor of order 3 or more; `sizes` has one entry an axis."""

    kind: Kind
    sizes: tuple[Size, ...]

    @property
    def order(self) -> int:
        return len(self.sizes)

    def __str__(self) -> str:
        match self.kind:
            case "scalar":
                return "a scalar"
            case "column":
                return f"{self.sizes[0]} x 1"
            case "row":
                return f"1 x {self.sizes[0]}"
            case _:
                return " x ".join(map(str, self.sizes))


SCALAR = Shape("scalar", ())


def column(n: Size) -> Shape:
    return Shape("column", (n,))


def row(n: Size) -> Shape:
    return Shape("row", (n,))


def matrix(m: Size, n: Size) -> Shape:
    return Shape("matrix", (m, n))


@dataclass(slots=True, eq=False, kw_only=True)
class Node:
    """Base of all nodes. `span`: characters (start, end) of the source text. `shape`: None until inferred."""

    span: Span = (0, 0)
    shape: Shape | None = None

    @property
    def children(self) -> tuple[Node, ...]:
        return ()


@dataclass(slots=True, eq=False)
class Number(Node):
    """An exact number; `text` as the user spelt it ("0.5"). `inf` is a Name."""

    value: Fraction
    text: str = ""


@dataclass(slots=True, eq=False)
class Text(Node):
    """A string argument: norm(X, "nuc"), einsum("ij,jk->ik", A, B)."""

    value: str


@dataclass(slots=True, eq=False)
class Name(Node):
    """A variable, a bound index, a size used as a number, a named step, or a constant (pi, inf).

    `role` is filled by `shapes`: "variable", "index", "size", "step", "constant"; `counted` tells a variable that is declared an index.
    """

    name: str
    role: str = ""
    counted: bool = False


@dataclass(slots=True, eq=False)
class Unary(Node):
    """op: "-" (negation) or "T" (transpose)."""

    op: str
    argument: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.argument,)


@dataclass(slots=True, eq=False)
class Binary(Node):
    """op: + - * / ** @ and the comparisons < <= > >= == != (which give 0 or 1)."""

    op: str
    left: Node
    right: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@dataclass(slots=True, eq=False)
class Call(Node):
    """A function of the tables: exp(x), sum(X, axis=0), norm(X, "nuc"). Options are keyword arguments."""

    function: str
    arguments: tuple[Node, ...]
    options: tuple[tuple[str, Node], ...] = ()

    @property
    def children(self) -> tuple[Node, ...]:
        return self.arguments + tuple(node for _, node in self.options)

    def option(self, name: str) -> Node | None:
        return next((node for key, node in self.options if key == name), None)


@dataclass(slots=True, eq=False)
class Slice(Node):
    """start:stop:step inside brackets; missing parts are None."""

    start: Node | None
    stop: Node | None
    step: Node | None

    @property
    def children(self) -> tuple[Node, ...]:
        return tuple(node for node in (self.start, self.stop, self.step) if node is not None)


@dataclass(slots=True, eq=False)
class Index(Node):
    """base[part, ...]: a part is a Slice, an affine integer scalar, or an integer column (look-up)."""

    base: Node
    parts: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.base, *self.parts)


@dataclass(slots=True, eq=False)
class Block(Node):
    """[a, b] (`nested` False: a column of scalars or columns) or [[A, B], [C, D]] (`nested` True: blocks)."""

    rows: tuple[tuple[Node, ...], ...]
    nested: bool

    @property
    def children(self) -> tuple[Node, ...]:
        return tuple(node for row in self.rows for node in row)


@dataclass(slots=True, eq=False)
class Loop(Node):
    """for name in range(start, stop)."""

    name: str
    start: Node
    stop: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.start, self.stop)


@dataclass(slots=True, eq=False)
class Generator(Node):
    """function(body for i in range(..) for j in range(..) if condition): function is "sum" or "array".

    `loops` outermost first; a condition may use every loop's name (for "array" there is none).
    """

    function: str
    body: Node
    loops: tuple[Loop, ...]
    conditions: tuple[Node, ...] = ()

    @property
    def children(self) -> tuple[Node, ...]:
        return (*self.loops, *self.conditions, self.body)


@dataclass(slots=True, eq=False)
class Steps(Node):
    """u = ...; v = ...; f: named steps in order, then the result. A step's name may be used by the later ones."""

    steps: tuple[tuple[str, Node], ...]
    result: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (*(node for _, node in self.steps), self.result)


@dataclass(frozen=True, slots=True)
class Declaration:
    """A variable: its name, shape and facts (symmetric, positive, ...)."""

    name: str
    shape: Shape
    facts: frozenset[str] = frozenset()

    def reshaped(self, change: Callable[[Shape], Shape]) -> Declaration:
        """The declaration with other shapes."""
        return replace(self, shape=change(self.shape))

    @property
    def sizes(self) -> tuple[Size, ...]:
        """All sizes that are declared."""
        return self.shape.sizes

    @property
    def form(self) -> str:
        """What is declared of the name besides its facts: its shape, a function's signature."""
        return str(self.shape)


@dataclass(frozen=True, slots=True)
class FunctionDeclaration(Declaration):
    """A function of which only shapes are known: `arguments`, and `shape` and `facts` (symmetric) for its value. Printed f: (n), () -> (m)."""

    arguments: tuple[Shape, ...] = ()

    def reshaped(self, change: Callable[[Shape], Shape]) -> Declaration:
        return replace(self, shape=change(self.shape), arguments=tuple(change(a) for a in self.arguments))

    @property
    def sizes(self) -> tuple[Size, ...]:
        return (*[s for a in self.arguments for s in a.sizes], *self.shape.sizes)

    @property
    def form(self) -> str:
        return f"a function {self.signature}"

    @property
    def elementwise(self) -> bool:
        """Whether it takes and gives scalars, and so goes entry by entry over arrays."""
        return not self.sizes

    @property
    def signature(self) -> str:
        """`(n), () -> (m)`."""
        groups = [f"({', '.join(map(str, a.sizes))})" for a in (*self.arguments, self.shape)]
        return f"{', '.join(groups[:-1])} -> {groups[-1]}"

    def __str__(self) -> str:
        return " ".join([f"{self.name}: {self.signature}", *sorted(self.facts)])


@dataclass(frozen=True, slots=True)
class Source:
    """A formula read and typed: what every later room starts from.

    `tree` has a shape on every node; `declarations` in order of declaration, then of first use; `sizes` the names of all sizes;
    `assumed` what was inferred rather than declared, as sentences ("A: m x n"); `text` as typed; `syntax` the dialect it was read in;
    `conditions` size conditions met on the way ("m >= n").
    """

    tree: Node
    declarations: dict[str, Declaration]
    sizes: tuple[str, ...]
    text: str = ""
    syntax: str = "python"
    assumed: tuple[str, ...] = ()
    conditions: tuple[str, ...] = field(default=())


def postorder(root: Node) -> Iterator[Node]:
    """Every node below `root` once, children before parents, without recursion."""
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(node.children))
