"""Single edits of a formula, by kind of slip: each yields the formula with one mistake undone, and where it was made.

Edits work on untyped surface trees, because a formula with a slip often does not fit its shapes; whoever asks types and judges the results.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from wrt.errors import Span
from wrt.language.rewrite import in_front, with_children
from wrt.language.surface import Binary, Call, Declaration, Index, Name, Node, Number, Unary, postorder
from wrt.tables.functions import FUNCTIONS

FACTORS = (Fraction(2), Fraction(1, 2), Fraction(3), Fraction(1, 3), Fraction(4), Fraction(1, 4), Fraction(6), Fraction(1, 6))
MATRIX_CALLS = ("inv", "pinv", "adj", "expm", "matpow", "eye", "kron", "diag", "solve")


@dataclass(frozen=True, slots=True)
class Edit:
    """The formula with one place changed; `span` is that place in the text it came from."""

    tree: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Subject:
    """What edits may look at: the answer, the function it differentiates, the variables, the declarations and sizes."""

    tree: Node
    function: Node
    names: tuple[str, ...]
    declared: dict[str, Declaration]
    sizes: tuple[str, ...]

    def scalar(self, node: Node) -> bool:
        """Whether a node is surely a scalar, so that transposing or inverting it means nothing."""
        if isinstance(node, Number):
            return True
        if isinstance(node, Name):
            return node.name not in self.declared or self.declared[node.name].shape.order == 0
        if isinstance(node, Call):
            return node.function in ("tr", "det", "logdet", "norm", "logsumexp", "mean") or (node.function == "sum" and not node.options)
        return False


def replaced(tree: Node, old: Node, new: Node) -> Node:
    """The tree with one node (by identity) replaced."""
    if tree is old:
        return new
    done: dict[int, Node] = {}
    for node in postorder(tree):
        if node is old:
            done[id(node)] = new
        elif all(done[id(c)] is c for c in node.children):
            done[id(node)] = node
        else:
            done[id(node)] = with_children(node, tuple(done[id(c)] for c in node.children))
    return done[id(tree)]


def number(value: Fraction) -> Node:
    """A number as a tree: 3, 1/2."""
    top = Number(Fraction(value.numerator), str(value.numerator))
    return top if value.denominator == 1 else Binary("/", top, Number(Fraction(value.denominator), str(value.denominator)))


def addends(tree: Node) -> list[Node]:
    """The terms of the outermost sum; the tree itself when it is none."""
    out: list[Node] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Binary) and node.op in "+-":
            stack += [node.right, node.left]
        elif isinstance(node, Unary) and node.op == "-":
            stack.append(node.argument)
        else:
            out.append(node)
    return out


def sign(s: Subject) -> Iterator[Edit]:
    """A sign turned: of the whole, of a term, of an argument."""
    for node in postorder(s.tree):
        match node:
            case Unary(op="-"):
                yield Edit(replaced(s.tree, node, node.argument), node.span)
            case Binary(op="+" | "-"):
                yield Edit(replaced(s.tree, node, Binary("-" if node.op == "+" else "+", node.left, node.right)), node.right.span)
                yield Edit(replaced(s.tree, node, Binary(node.op, Unary("-", node.left), node.right)), node.left.span)
            case Call() if node.function in FUNCTIONS and len(node.arguments) == 1:
                yield Edit(replaced(s.tree, node.arguments[0], Unary("-", node.arguments[0])), node.arguments[0].span)
    yield Edit(Unary("-", s.tree), s.tree.span)


def factor(s: Subject) -> Iterator[Edit]:
    """A factor put in or taken out: numbers, sizes, scalars; of the whole or of one term."""
    for node in postorder(s.tree):
        match node:
            case Binary(op="*") if s.scalar(node.left):
                yield Edit(replaced(s.tree, node, node.right), node.left.span)
            case Binary(op="/") if s.scalar(node.right):
                yield Edit(replaced(s.tree, node, node.left), node.right.span)
            case Binary(op="*") if s.scalar(node.right):
                yield Edit(replaced(s.tree, node, node.left), node.right.span)
            case Number():
                for c in (Fraction(2), Fraction(1, 2)):
                    yield Edit(replaced(s.tree, node, number(node.value * c)), node.span)
    scalars = [Name(n) for n in s.sizes] + [Name(n) for n, d in s.declared.items() if not d.shape.order]
    for part in dict.fromkeys([s.tree, *addends(s.tree)]):
        for c in FACTORS:
            yield Edit(replaced(s.tree, part, in_front(number(c), part)), part.span)
        for name in scalars:
            yield Edit(replaced(s.tree, part, in_front(name, part)), part.span)
            yield Edit(replaced(s.tree, part, Binary("/", part, name)), part.span)


def transpose(s: Subject) -> Iterator[Edit]:
    """A transpose put on or taken off one part."""
    for node in postorder(s.tree):
        match node:
            case Unary(op="T"):
                yield Edit(replaced(s.tree, node, node.argument), node.span)
            case Name() | Call() | Binary() | Index() if not s.scalar(node):
                yield Edit(replaced(s.tree, node, Unary("T", node)), node.span)


def power(s: Subject) -> Iterator[Edit]:
    """An exponent one too high or too low, or the exponent that should have come down as a factor."""
    raised = [n for n in postorder(s.function) if isinstance(n, Binary) and n.op == "**" and isinstance(n.left, Name) and n.left.name in s.names]
    exponents = [n.right.value for n in raised if isinstance(n.right, Number)]
    names = [n.right for n in raised if not isinstance(n.right, Number)]
    for node in postorder(s.tree):
        if isinstance(node, Binary) and node.op == "**":
            for c in (1, -1):
                new = (
                    number(node.right.value + c) if isinstance(node.right, Number) else Binary("+" if c > 0 else "-", node.right, number(Fraction(1)))
                )
                one = isinstance(new, Number) and new.value == 1
                yield Edit(replaced(s.tree, node, node.left if one else Binary("**", node.left, new)), node.span)
            yield Edit(replaced(s.tree, node, node.left), node.span)
        elif isinstance(node, Name) and node.name in s.names:
            for e in exponents:
                if e != 2:
                    yield Edit(replaced(s.tree, node, Binary("**", node, number(e - 1))), node.span)
            yield Edit(replaced(s.tree, node, Binary("**", node, number(Fraction(2)))), node.span)
    for part in dict.fromkeys([s.tree, *addends(s.tree)]):
        for e in exponents:
            yield Edit(replaced(s.tree, part, in_front(number(e), part)), part.span)
        for name in names:
            yield Edit(replaced(s.tree, part, in_front(name, part)), part.span)


def _chain(node: Node) -> list[Node]:
    """The factors of a matrix product."""
    out: list[Node] = []
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, Binary) and part.op == "@":
            stack += [part.right, part.left]
        else:
            out.append(part)
    return out


def _product(factors: Sequence[Node]) -> Node:
    out = factors[0]
    for f in factors[1:]:
        out = Binary("@", out, f)
    return out


def order(s: Subject) -> Iterator[Edit]:
    """The factors of a matrix product in another order: neighbours swapped, one moved to an end, all reversed."""
    inner = {id(c) for node in postorder(s.tree) if isinstance(node, Binary) and node.op == "@" for c in node.children}
    for node in postorder(s.tree):
        if not (isinstance(node, Binary) and node.op == "@") or id(node) in inner:
            continue
        chain = _chain(node)
        for k in range(len(chain) - 1):
            yield Edit(replaced(s.tree, node, _product([*chain[:k], chain[k + 1], chain[k], *chain[k + 2 :]])), node.span)
        for turned in (chain[::-1], [*chain[1:], chain[0]], [chain[-1], *chain[:-1]]):
            yield Edit(replaced(s.tree, node, _product(turned)), node.span)


def elementwise(s: Subject) -> Iterator[Edit]:
    """`*` for `@`, `@` for `*`, x**2 for a product with itself, and the same through a diagonal."""
    for node in postorder(s.tree):
        match node:
            case Binary(op="@"):
                yield Edit(replaced(s.tree, node, Binary("*", node.left, node.right)), node.span)
                if isinstance(node.left, Unary) and node.left.op == "T":
                    yield Edit(replaced(s.tree, node, Binary("*", node.left.argument, node.right)), node.span)
            case Binary(op="*"):
                a, b = node.left, node.right
                for new in (
                    Binary("@", a, b),
                    Binary("@", Unary("T", a), b),
                    Binary("@", a, Unary("T", b)),
                    Binary("@", Call("diag", (a,)), b),
                    Binary("@", a, Call("diag", (b,))),
                ):
                    yield Edit(replaced(s.tree, node, new), node.span)
            case Binary(op="**") if isinstance(node.right, Number) and node.right.value == 2:
                for new in (
                    Binary("@", node.left, node.left),
                    Binary("@", Unary("T", node.left), node.left),
                    Binary("@", node.left, Unary("T", node.left)),
                ):
                    yield Edit(replaced(s.tree, node, new), node.span)
            case Binary(op="/"):
                yield Edit(replaced(s.tree, node, Binary("@", node.left, Call("inv", (node.right,)))), node.span)
                yield Edit(replaced(s.tree, node, Binary("@", Call("inv", (node.right,)), node.left)), node.span)


def inverse(s: Subject) -> Iterator[Edit]:
    """An inverse forgotten or one too many, a quotient upside down."""
    for node in postorder(s.tree):
        match node:
            case Call(function="inv"):
                yield Edit(replaced(s.tree, node, node.arguments[0]), node.span)
                yield Edit(replaced(s.tree, node, Binary("@", node, node)), node.span)
            case Binary(op="/"):
                yield Edit(replaced(s.tree, node, Binary("*", node.left, node.right)), node.span)
                yield Edit(replaced(s.tree, node, Binary("/", node.right, node.left)), node.span)
            case Binary(op="*"):
                yield Edit(replaced(s.tree, node, Binary("/", node.left, node.right)), node.span)
                yield Edit(replaced(s.tree, node, Binary("/", node.right, node.left)), node.span)
        if not s.scalar(node) and isinstance(node, (Name, Binary, Unary)):
            yield Edit(replaced(s.tree, node, Call("inv", (node,))), node.span)
    yield Edit(Binary("/", number(Fraction(1)), s.tree), s.tree.span)
    for node in postorder(s.function):
        if isinstance(node, Call) and node.function == "inv":
            for new in (
                Binary("@", node, s.tree),
                Binary("@", s.tree, node),
                Binary("@", Unary("T", node), s.tree),
                Binary("@", s.tree, Unary("T", node)),
            ):
                yield Edit(new, s.tree.span)


def log_exp(s: Subject) -> Iterator[Edit]:
    """log for exp, a log or exp dropped or added, the value of the function forgotten or left as a factor."""
    swap = {"log": "exp", "exp": "log", "logdet": "det", "det": "logdet", "sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh"}
    for node in postorder(s.tree):
        if isinstance(node, Call) and node.function in swap:
            yield Edit(replaced(s.tree, node, Call(swap[node.function], node.arguments, node.options)), node.span)
            yield Edit(replaced(s.tree, node, node.arguments[0]), node.span)
        if isinstance(node, (Name, Binary)):
            for f in ("log", "exp"):
                yield Edit(replaced(s.tree, node, Call(f, (node,))), node.span)
    yield Edit(Binary("*", s.function, s.tree), s.tree.span)
    yield Edit(Binary("/", s.tree, s.function), s.tree.span)
    for node in postorder(s.function):
        if isinstance(node, Call) and node.function in swap:
            yield Edit(Binary("*", node, s.tree), s.tree.span)
            yield Edit(Binary("/", s.tree, node), s.tree.span)
            yield Edit(Binary("/", s.tree, node.arguments[0]), s.tree.span)


def trace_sum(s: Subject) -> Iterator[Edit]:
    """tr for sum, sum for tr, a sum or trace forgotten or one too many."""
    for node in postorder(s.tree):
        if isinstance(node, Call) and node.function in ("tr", "trace", "sum", "mean"):
            other = "sum" if node.function in ("tr", "trace") else "tr"
            yield Edit(replaced(s.tree, node, Call(other, node.arguments[:1])), node.span)
            yield Edit(replaced(s.tree, node, node.arguments[0]), node.span)
            if node.function == "mean":
                yield Edit(replaced(s.tree, node, Call("sum", node.arguments, node.options)), node.span)
        elif isinstance(node, Binary) or (isinstance(node, Name) and not s.scalar(node)):
            for f in ("sum", "tr"):
                yield Edit(replaced(s.tree, node, Call(f, (node,))), node.span)


def constant_kept(s: Subject) -> Iterator[Edit]:
    """A term that should have gone: a constant of the function kept in its derivative."""
    for node in postorder(s.tree):
        if isinstance(node, Binary) and node.op in "+-":
            yield Edit(replaced(s.tree, node, node.left), node.right.span)
            yield Edit(replaced(s.tree, node, node.right if node.op == "+" else Unary("-", node.right)), node.left.span)


def shape(s: Subject) -> Iterator[Edit]:
    """Another shape: a sum over an axis, a diagonal, ones or the identity forgotten."""
    t = s.tree
    sizes = [Name(n) for n in s.sizes]
    yield from (Edit(Call("sum", (t,), (("axis", number(Fraction(k))),)), t.span) for k in (0, 1))
    yield from (Edit(Unary("T", Call("sum", (t,), (("axis", number(Fraction(k))),))), t.span) for k in (0, 1))
    yield Edit(Call("diag", (t,)), t.span)
    yield Edit(Call("diag", (Call("diag", (t,)),)), t.span)
    yield Edit(Call("sum", (t,)), t.span)
    for n in sizes:
        yield Edit(Binary("*", t, Call("eye", (n,))), t.span)
        yield Edit(Binary("*", t, Call("ones", (n,))), t.span)
        yield Edit(Binary("@", t, Unary("T", Call("ones", (n,)))), t.span)
        for m in sizes:
            yield Edit(Binary("*", t, Call("ones", (n, m))), t.span)
