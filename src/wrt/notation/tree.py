"""The matrix tree: a formula in matrix notation before it is spelt, n-ary, interned, each node with its box and its reading length.

    Atom     A, 1, ones(n), eye(n), or any piece of the user's own text
    Sum      c1*A + c2*B + ...        at least one term; alone when it only holds a number in front
    Times    a * A**2 / B             elementwise, scalars included, no number in front
    Chain    A @ B.T @ x              matrix product, no scalar among the factors
    Power    a**n                     an exponent that is no number
    Turn     A.T
    Call     exp(A), inv(A), sum(A, axis=1), A > B
    Entry    A[1, :], x[k]
    Loop     sum(A[:, k] for k in range(n))
    Literal  [a, b], [[A, B], [C, D]]

A box (rows, columns) holds None where there is no such axis: a scalar is (None, None), a column (n, None). A tree may stand for a larger
box than its own along which it is constant, as the text language stretches it; `build.spread` writes the ones out where that is not allowed.
Everywhere a number in front is kept apart: a Scaled (c, tree) is c*tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from wrt.language.sizes import Size
from wrt.language.surface import Node, Slice

Box = tuple[Size | None, Size | None]
SCALAR: Box = (None, None)
ONE = Fraction(1)
HALF = Fraction(1, 2)
KEY = 6  # leaves that an order key holds


@dataclass(slots=True, eq=False)
class Tree:
    """Base of all nodes; equal trees of one forest are one object.

    `score`: reading length. `serial`: number of creation, the order of the user's text first. `key`: serials of the first leaves, for
    the order in which terms and factors are shown. `typed`: built from the user's text as it stands. `levels`: fractions within fractions.
    """

    box: Box
    score: float = 0.0
    serial: int = 0
    key: tuple[int, ...] = ()
    typed: bool = False
    levels: int = 0
    turned: tuple[Fraction, Tree] | None = field(default=None, repr=False)

    @property
    def children(self) -> tuple[Tree, ...]:
        return ()


Scaled = tuple[Fraction, Tree]
Factor = tuple[Tree, Fraction]


@dataclass(slots=True, eq=False)
class Atom(Tree):
    """`role`: "name", "one", "ones", "eye", or "text" for anything printed as it stands."""

    node: Node = None  # type: ignore[assignment]  # always given; dataclass order demands a default
    role: str = "text"


@dataclass(slots=True, eq=False)
class Sum(Tree):
    terms: tuple[Scaled, ...] = ()

    @property
    def children(self) -> tuple[Tree, ...]:
        return tuple(t for _, t in self.terms)


@dataclass(slots=True, eq=False)
class Times(Tree):
    factors: tuple[Factor, ...] = ()

    @property
    def children(self) -> tuple[Tree, ...]:
        return tuple(t for t, _ in self.factors)


@dataclass(slots=True, eq=False)
class Chain(Tree):
    """`flip`: printed as the transpose of the reversed, turned factors, which is shorter."""

    factors: tuple[Tree, ...] = ()
    flip: tuple[Tree, ...] | None = None

    @property
    def children(self) -> tuple[Tree, ...]:
        return self.factors


@dataclass(slots=True, eq=False)
class Power(Tree):
    base: Tree = None  # type: ignore[assignment]
    exponent: Tree = None  # type: ignore[assignment]

    @property
    def children(self) -> tuple[Tree, ...]:
        return (self.base, self.exponent)


@dataclass(slots=True, eq=False)
class Turn(Tree):
    argument: Tree = None  # type: ignore[assignment]

    @property
    def children(self) -> tuple[Tree, ...]:
        return (self.argument,)


@dataclass(slots=True, eq=False)
class Call(Tree):
    """`function` is a name of the tables or a comparison sign; `axis` the option of that name."""

    function: str = ""
    arguments: tuple[Tree, ...] = ()
    axis: int | None = None

    @property
    def children(self) -> tuple[Tree, ...]:
        return self.arguments


@dataclass(frozen=True, slots=True)
class Part:
    """What stands in one place of brackets: `at` an index, `range` a slice, `all` the colon, `look` an integer vector. `text` identifies it."""

    kind: str
    text: str
    node: Node
    size: Size | None = None  # the size of the resulting axis, None when it goes
    value: Size | None = None  # of an `at` that is a size polynomial
    start: Size | None = None  # of a `range` with step 1


@dataclass(slots=True, eq=False)
class Entry(Tree):
    base: Tree = None  # type: ignore[assignment]
    parts: tuple[Part, ...] = ()

    @property
    def children(self) -> tuple[Tree, ...]:
        return (self.base,)


@dataclass(frozen=True, slots=True)
class Range:
    """for name in range(start, stop)."""

    name: str
    start: Size
    stop: Size


@dataclass(slots=True, eq=False)
class Loop(Tree):
    body: Tree = None  # type: ignore[assignment]
    ranges: tuple[Range, ...] = ()

    @property
    def children(self) -> tuple[Tree, ...]:
        return (self.body,)


@dataclass(slots=True, eq=False)
class Literal(Tree):
    rows: tuple[tuple[Tree, ...], ...] = ()
    nested: bool = False

    @property
    def children(self) -> tuple[Tree, ...]:
        return tuple(cell for row in self.rows for cell in row)


def postorder(*roots: Tree) -> list[Tree]:
    """Every tree below the roots once, children before parents."""
    seen: set[int] = set()
    out: list[Tree] = []
    stack: list[tuple[Tree, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        tree, ready = stack.pop()
        if ready:
            out.append(tree)
        elif id(tree) not in seen:
            seen.add(id(tree))
            stack.append((tree, True))
            stack.extend((child, False) for child in reversed(tree.children))
    return out


# ---------------------------------------------------------------------------------------------------- small questions
def levels(t: Tree) -> int:
    """How deep fractions stand within fractions, those within a call's parentheses left out."""
    if isinstance(t, Call):
        return 0
    below = max((u.levels for u in t.children), default=0)
    return below + (isinstance(t, Times) and any(e < 0 for f, e in t.factors))


def everything(size: Size | None) -> Part:
    """The colon."""
    return Part("all", ":", Slice(None, None, None), size)


def union(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds all of them."""
    rows = next((b[0] for b in boxes if b[0] is not None), None)
    return rows, next((b[1] for b in boxes if b[1] is not None), None)


def joined(trees: Sequence[Tree]) -> tuple[int, ...]:
    """The order key of trees side by side."""
    out: tuple[int, ...] = ()
    for t in trees:
        out += t.key
        if len(out) >= KEY:
            break
    return out[:KEY]


def is_ones(t: Tree) -> bool:
    return isinstance(t, Atom) and t.role == "ones"


def is_eye(t: Tree) -> bool:
    return isinstance(t, Atom) and t.role == "eye"


def is_unit(t: Tree) -> bool:
    """Whether the tree is a unit vector, a row or column of the identity."""
    return isinstance(t, Entry) and is_eye(t.base) and (t.box[0] is None) != (t.box[1] is None)


def is_diagonal(t: Tree) -> bool:
    """Whether a matrix is visibly diagonal."""
    if isinstance(t, Times):
        return any(is_diagonal(f) for f, e in t.factors if e > 0)
    return is_eye(t) or (isinstance(t, Call) and t.function == "diag" and t.box[1] is not None)


def number_of(t: Tree) -> Fraction | None:
    """The number a tree is, if it is a bare number."""
    if isinstance(t, Atom):
        return ONE if t.role == "one" else Fraction(0) if t.role == "zero" else None
    if isinstance(t, Sum) and len(t.terms) == 1:
        value = number_of(t.terms[0][1])
        return None if value is None else t.terms[0][0] * value
    return None


def split_scalars(t: Tree) -> tuple[list[Factor], list[Factor]]:
    """The scalar factors of a tree and its other factors."""
    factors = t.factors if isinstance(t, Times) else ((t, ONE),)
    return [f for f in factors if f[0].box == SCALAR], [f for f in factors if f[0].box != SCALAR]


def full_first(terms: Sequence[Scaled]) -> list[Scaled]:
    """The terms with a full matrix before a column meets a row: column - matrix + row stays, column + row - matrix does not."""
    meets: set[tuple[bool, bool]] = set()
    for n, (_, t) in enumerate(terms):
        meets.add((t.box[0] is None, t.box[1] is None))
        if (False, False) in meets:
            break
        if {(False, True), (True, False)} <= meets:
            k = next(m for m, (_, u) in enumerate(terms) if None not in u.box)
            return [*terms[:n], terms[k], *[term for m, term in enumerate(terms) if m >= n and m != k]]
    return list(terms)
