"""From the matrix tree to the surface tree that every style prints: signs, quotients, roots, decimals and the order of factors."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.language.sizes import Size
from wrt.language.surface import Binary, Block, Generator, Index, Name, Node, Number, Unary
from wrt.language.surface import Call as CallNode
from wrt.language.surface import Loop as LoopNode
from wrt.notation.tree import SCALAR, Atom, Call, Chain, Entry, Literal, Loop, Power, Scaled, Sum, Times, Tree, Turn

if TYPE_CHECKING:
    from wrt.notation.build import Forest

ONE = Fraction(1)
HALF = Fraction(1, 2)
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
        node = _left_to_right("*", factors)
        out = (Unary("-", node) if k < 0 else node) if out is None else Binary("-" if k < 0 else "+", out, node)
    return out if out is not None else Number(Fraction(0))


def _left_to_right(op: str, nodes: list[Node]) -> Node:
    out = nodes[0]
    for node in nodes[1:]:
        out = Binary(op, out, node)
    return out


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
                self.done[id(t)] = Name(self.names[id(t)], "step")
            elif ready:
                self.done[id(t)] = self._node(t)
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
                return Unary("T", done[id(t.other)]) if t.other is not None else self._sum(t.terms)
            case Times():
                return self._product(ONE, t)
            case Chain():
                if t.flip is not None:
                    return Unary("T", _left_to_right("@", [done[id(f)] for f in t.flip]))
                return _left_to_right("@", [done[id(f)] for f in t.factors])
            case Power():
                return Binary("**", done[id(t.base)], done[id(t.exponent)])
            case Call():
                arguments = tuple(done[id(a)] for a in t.arguments)
                if t.function in SIGNS:
                    return Binary(t.function, *arguments)
                options = () if t.axis is None else (("axis", Number(Fraction(t.axis))),)
                return CallNode(t.function, arguments, options)
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
        for c, t in terms:
            if out is None:
                out = self._term(c, t)
            else:
                out = Binary("-" if c < 0 else "+", out, self._term(abs(c), t))
        assert out is not None
        return out

    def _term(self, c: Fraction, t: Tree) -> Node:
        if t is self.forest.one:
            return self._number(c)
        return self._product(c, t)

    def _number(self, c: Fraction) -> Node:
        node: Node = Number(abs(c), self.forest.decimal(abs(c)))
        return Unary("-", node) if c < 0 else node

    def _product(self, c: Fraction, t: Tree) -> Node:
        """c*t: numbers, scalars, then the body; a scalar quotient stands in front of a long body, else the denominator comes last."""
        factors = t.factors if isinstance(t, Times) and id(t) not in self.names else ((t, ONE),)
        top = [(f, e) for f, e in factors if e > 0]
        bottom = [self._raised(f, -e) for f, e in factors if e < 0]
        numerators: list[Node] = []
        size = abs(c)
        if size != 1:
            text = self.forest.decimal(size)
            if text or size.denominator == 1:
                numerators.append(Number(size, text))
            else:
                bottom.insert(0, Number(Fraction(size.denominator)))
                if size.numerator != 1:
                    numerators.append(Number(Fraction(size.numerator)))
        scalars = [(f, e) for f, e in top if f.box == SCALAR]
        bodies = [(f, e) for f, e in top if f.box != SCALAR]
        numerators += [self._raised(f, e) for f, e in scalars]
        if numerators and bodies and bottom and all(f.box == SCALAR for f, e in factors if e < 0):
            numerators = [Binary("/", _left_to_right("*", numerators), _left_to_right("*", bottom))]
            bottom = []
        for f, e in bodies:
            if e == 1 and isinstance(f, Chain) and f.flip is None and id(f) not in self.names and numerators and len(bodies) == 1:
                parts = [self.done[id(g)] for g in f.factors]
                numerators = [_left_to_right("@", [Binary("*", _left_to_right("*", numerators), parts[0]), *parts[1:]])]
            else:
                numerators.append(self._raised(f, e))
        out = _left_to_right("*", numerators) if numerators else Number(ONE)
        if bottom:
            out = Binary("/", out, _left_to_right("*", bottom))
        return negated(out) if c < 0 else out

    def _raised(self, f: Tree, e: Fraction) -> Node:
        node = self.done[id(f)] if id(f) in self.done else self._node(f)
        if e == 1:
            return node
        if e == HALF:
            return CallNode("sqrt", (node,))
        text = "" if e.denominator == 1 else self.forest.decimal(e) or str(float(e)) if e.denominator in (2, 4) else ""
        return Binary("**", node, Number(e, text))


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
    if isinstance(t, Sum) and t.other is not None:
        return (t.other,)
    if isinstance(t, Chain) and t.flip is not None:
        return t.flip
    if isinstance(t, (Sum, Times)):  # a chain or product under a number or scalars is written out factor by factor
        out: list[Tree] = []
        for child in t.children:
            out.append(child)
        return tuple(out)
    return t.children
