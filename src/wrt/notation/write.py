"""From the matrix tree to the surface tree that every style prints: signs, quotients, roots, decimals and the order of factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.language.functions_declared import printed
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Block, Generator, Index, Name, Node, Number, Shape, Unary
from wrt.language.surface import Call as CallNode
from wrt.language.surface import Loop as LoopNode
from wrt.language.trees import chain
from wrt.notation.chains import is_inverse
from wrt.notation.display import constant_roots, decimal, grouped, shown
from wrt.notation.tree import (
    HALF,
    ONE,
    SCALAR,
    Atom,
    Box,
    Call,
    Chain,
    Entry,
    Factor,
    Literal,
    Loop,
    Power,
    Scaled,
    Sum,
    Times,
    Tree,
    Turn,
    number_of,
)

if TYPE_CHECKING:
    from wrt.notation.build import Forest

SIGNS = (">", "<", ">=", "<=", "==", "!=")


def number_node(value: Fraction, text: str = "") -> Node:
    """A number; a negative one is a negated number."""
    return Number(value, text) if value >= 0 else Unary("-", Number(-value, text))


def size_node(size: Size) -> Node:
    """A size polynomial as text: m*n + 2*k - 1."""
    out: Node | None = None
    terms = sorted(size.terms, key=lambda term: term[1] < 0)
    for monomial, k in terms:
        factors: list[Node] = [Name(name, "size") if e == 1 else Binary("**", Name(name, "size"), Number(Fraction(e))) for name, e in monomial]
        if abs(k) != 1 or not factors:
            factors.insert(0, Number(Fraction(abs(k))))
        node = chain("*", factors)
        out = (Unary("-", node) if k < 0 else node) if out is None else Binary("-" if k < 0 else "+", out, node)
    return out if out is not None else Number(Fraction(0))


class Writer:
    """Surface nodes of trees, each once; `names` gives some trees a name of their own, used instead of their text."""

    def __init__(self, forest: Forest, names: Mapping[int, str] | None = None) -> None:
        self.forest = forest
        self.names = names or {}
        self.done: dict[int, Node] = {}

    def write(self, scaled: Scaled) -> Node:
        """c*tree as surface text."""
        c, root = scaled
        self._below(root)
        return self._term(c, root)

    def definition(self, t: Tree) -> Node:
        """The text of a named tree itself."""
        for child in _shown(t):
            self._below(child)
        return self._node(t)

    def _below(self, root: Tree) -> None:
        stack: list[tuple[Tree, bool]] = [(root, False)]
        while stack:
            t, ready = stack.pop()
            if id(t) in self.done:
                continue
            if id(t) in self.names:
                self.done[id(t)] = shaped(Name(self.names[id(t)], "step"), t.box)
            elif ready:
                self.done[id(t)] = shaped(self._node(t), t.box)
            else:
                stack.append((t, True))
                stack.extend((child, False) for child in reversed(_shown(t)))

    def _node(self, t: Tree) -> Node:
        done = self.done
        match t:
            case Atom():
                return t.node
            case Turn():
                return Unary("T", done[id(t.argument)])
            case Sum():
                return self._sum(t.terms)
            case Times():
                return self._product(ONE, t, whole=True)
            case Chain():
                if t.flip is not None:
                    return Unary("T", chain("@", [done[id(f)] for f in t.flip]))
                return self._word([], t.factors)
            case Power():
                return Binary("**", done[id(t.base)], done[id(t.exponent)])
            case Call():
                arguments = tuple(done[id(a)] for a in t.arguments)
                if t.function in SIGNS:
                    return Binary(t.function, *arguments)
                options = () if t.axis is None else (("axis", Number(Fraction(t.axis))),)
                return CallNode(printed(t.function, self.forest.context.functions), arguments, options)
            case Entry():
                return Index(done[id(t.base)], tuple(p.node for p in t.parts))
            case Loop():
                loops = tuple(LoopNode(r.name, size_node(r.start), size_node(r.stop)) for r in t.ranges)
                return Generator("sum", done[id(t.body)], loops)
            case Literal():
                return Block(tuple(tuple(done[id(cell)] for cell in row) for row in t.rows), t.nested)
        raise AssertionError(type(t))

    def _sum(self, terms: tuple[Scaled, ...]) -> Node:
        out: Node | None = None
        for c, t in grouped(self.forest, terms):
            self._below(t)
            out = self._term(c, t) if out is None else Binary("-" if c < 0 else "+", out, self._term(abs(c), t))
        assert out is not None
        return out

    def _term(self, c: Fraction, t: Tree) -> Node:
        if t is self.forest.one:
            return self._number(c)
        return self._product(c, t)

    def _number(self, c: Fraction) -> Node:
        node: Node = Number(abs(c), decimal(self.forest, abs(c)))
        return Unary("-", node) if c < 0 else node

    def _product(self, c: Fraction, t: Tree, *, whole: bool = False) -> Node:
        """c*t: numbers, scalars, then the body; a plain scalar quotient stands in front of a body, any other denominator comes last."""
        if c != 1 and id(t) not in self.names:
            c, t = shown(self.forest, c, t)
            self._below(t)
            if isinstance(t, Sum) and c == 1:
                return self.done[id(t)]
        factors = t.factors if isinstance(t, Times) and (whole or id(t) not in self.names) else ((t, ONE),)
        top = [(f, e) for f, e in factors if e > 0]
        below = [(f, -e) for f, e in factors if e < 0]
        constants = constant_roots(factors)
        top, below = [f for f in top if f not in constants], [f for f in below if (f[0], -f[1]) not in constants]
        bottom = self._stretched(below)
        numbers: list[Node] = []
        size = abs(c)
        if size != 1:
            text = decimal(self.forest, size)
            if text or size.denominator == 1:
                numbers.append(Number(size, text))
            else:
                bottom.insert(0, Number(Fraction(size.denominator)))
                if size.numerator != 1:
                    numbers.append(Number(Fraction(size.numerator)))
        if constants:
            numbers.append(CallNode("sqrt", (self._term(*self.forest.times([(f, 2 * e) for f, e in constants])),)))
        scalars = [(f, e) for f, e in top if f.box == SCALAR]
        bodies = [(f, e) for f, e in top if f.box != SCALAR]
        if not bodies and scalars and scalars[-1][1] == 1 and isinstance(scalars[-1][0], Chain) and all(isinstance(f, Atom) for f, _ in scalars[:-1]):
            bodies = [scalars.pop()]  # 2*x.T @ y
        front = [*numbers, *self._powers(scalars)]
        if front and bodies and bottom and all(isinstance(f, Atom) and e == 1 for f, e in below):
            front = [Binary("/", _elementwise("*", front), _elementwise("*", bottom))]
            bottom = []
        if len(bodies) == 1 and front and bodies[0][1] == 1 and self._opens(bodies[0][0]):
            chain = bodies[0][0]
            assert isinstance(chain, Chain)
            out = self._word(front, chain.factors)
        else:
            nodes = [*front, *self._powers(bodies)]
            out = _elementwise("*", nodes) if nodes else Number(ONE)
        if bottom:
            out = Binary("/", out, _elementwise("*", bottom))
        return negated(out) if c < 0 else out

    def _word(self, front: list[Node], factors: Sequence[Tree]) -> Node:
        """A matrix product with scalars before its first factor; where the user solves, inv(A) @ b is solve(A, b)."""
        nodes: list[Node] = []
        stack: list[tuple[list[Node], Node]] = []  # what stands before each solve, and its matrix
        for n, f in enumerate(factors):
            if self.forest.solves and n < len(factors) - 1 and is_inverse(f) and id(f) not in self.names:
                stack.append((nodes, self._inverted(f)))
                nodes = []
            else:
                nodes.append(self.done[id(f)])
        out = chain("@", nodes) if stack or not front else self._scaled(front, nodes)
        while stack:
            before, matrix = stack.pop()
            solved: Node = CallNode("solve", (matrix, out))
            nodes = [*before, solved]
            out = chain("@", nodes) if stack or not front else self._scaled(front, nodes)
        return out

    def _scaled(self, front: list[Node], nodes: list[Node]) -> Node:
        return chain("@", [Binary("*", _elementwise("*", front), nodes[0]), *nodes[1:]])

    def _inverted(self, f: Tree) -> Node:
        """A of inv(A), A.T of inv(A).T."""
        inner = f.argument if isinstance(f, Turn) else f
        assert isinstance(inner, Call)
        argument = inner.arguments[0]
        if id(argument) not in self.done:
            self._below(argument)
        node = self.done[id(argument)]
        return Unary("T", node) if isinstance(f, Turn) else node

    def _opens(self, t: Tree) -> bool:
        """Whether a number may stand before the first factor of a matrix product, with no parentheses."""
        return isinstance(t, Chain) and t.flip is None and id(t) not in self.names

    def _powers(self, factors: list[Factor]) -> list[Node]:
        """Factors with positive exponents; square roots under one sign."""
        out: list[Node] = []
        roots = sorted((f for f, e in factors if e == HALF), key=lambda f: number_of(f) is None)
        for f, e in factors:
            if e != HALF:
                out.append(self._raised(f, e))
            elif f is next(g for g, k in factors if k == HALF):
                inside = self._under_root(roots)
                out.append(shaped(CallNode("sqrt", (inside,)), f.box))
        return out

    def _under_root(self, roots: list[Tree]) -> Node:
        """sqrt(2)*sqrt(x/a) has 2*x/a under one sign."""
        if len(roots) == 1 and (not isinstance(roots[0], Times) or id(roots[0]) in self.names):
            return self.done[id(roots[0])]
        c, inside = self.forest.times([(g, ONE) for g in roots])
        self._below(inside)
        return self._term(c, inside)

    def _stretched(self, factors: list[Factor]) -> list[Node]:
        """Factors below the line: a column and a row without a matrix between them are their outer product, A/(x @ y.T)."""
        columns = [(f, e) for f, e in factors if f.box != SCALAR and f.box[1] is None]
        rows = [(f, e) for f, e in factors if f.box != SCALAR and f.box[0] is None]
        others = [(f, e) for f, e in factors if f.box == SCALAR]
        matrices = [(f, e) for f, e in factors if f.box[0] is not None and f.box[1] is not None]
        if not (columns and rows) or matrices:
            return self._powers([*others, *matrices, *columns, *rows])
        outer = Binary("@", _elementwise("*", self._powers(columns)), _elementwise("*", self._powers(rows)))
        return [*self._powers(others), outer]

    def _raised(self, f: Tree, e: Fraction) -> Node:
        node = self.done[id(f)] if id(f) in self.done else self._node(f)
        if e == 1:
            return node
        text = "" if e.denominator == 1 else decimal(self.forest, e) or str(float(e)) if e.denominator in (2, 4) else ""
        return shaped(Binary("**", node, Number(e, text)), f.box)


def shaped(node: Node, box: Box) -> Node:
    """The node with its shape noted: printers part (a*b) @ c of vectors from 2*a @ c."""
    if node.shape is None and box != SCALAR:
        sizes = tuple(s for s in box if s is not None)
        node.shape = Shape("matrix" if len(sizes) == 2 else "column" if box[1] is None else "row", sizes)
    return node


def _elementwise(op: str, nodes: list[Node]) -> Node:
    """Left to right, the shape of a partial product noted."""
    out = nodes[0]
    for node in nodes[1:]:
        shape = out.shape or node.shape
        out = Binary(op, out, node)
        out.shape = shape
    return out


def negated(node: Node) -> Node:
    """-node: the sign goes to the first number of a product, so that -2*x stands, not -(2*x)."""
    spine: list[Binary] = []
    inner = node
    while isinstance(inner, Binary) and inner.op in ("*", "/", "@"):
        spine.append(inner)
        inner = inner.left
    if not spine or (isinstance(inner, Binary) and inner.op in ("+", "-")):
        return Unary("-", node)
    out: Node = Unary("-", inner)
    for binary in reversed(spine):
        out = Binary(binary.op, out, binary.right)
    return out


def _shown(t: Tree) -> tuple[Tree, ...]:
    """The trees whose text is part of this one's."""
    return t.flip if isinstance(t, Chain) and t.flip is not None else t.children
