"""Parts of a formula as a tree: terms, factors, the formula multiplied out, one part replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from wrt.language.parser import parse
from wrt.language.rewrite import exchanged, in_front, with_children
from wrt.language.surface import Binary, Call, Node, Number, Shape, Unary, postorder
from wrt.language.trees import number
from wrt.tables.functions import FUNCTIONS

MOST_TERMS = 24  # of a formula multiplied out
MOST_ROUNDS = 60  # of tidying up
ZERO, ONE = Number(Fraction(0), "0"), Number(Fraction(1), "1")


def replaced(tree: Node, old: Node, new: Node) -> Node:
    """The tree with one node (by identity) replaced."""
    return exchanged(tree, lambda n: new if n is old else None)


def all_replaced(tree: Node, changes: Mapping[int, Node]) -> Node:
    """The tree with nodes (by id) replaced, all at once."""
    return exchanged(tree, lambda n: changes.get(id(n)))


def is_zero(tree: Node) -> bool:
    """Whether a tree is the number 0, or an array of zeros, with a sign or not."""
    while isinstance(tree, Unary):
        tree = tree.argument
    return (isinstance(tree, Number) and not tree.value) or (isinstance(tree, Call) and tree.function == "zeros")


def tidied(tree: Node) -> Node:
    """The tree without what an edit leaves behind: X.T.T, --x, 0 + x, 1*x, x/1, x**1, a + -b, sin(-x), (-X).T, a @ -b, a @ (b @ c), 2*3."""

    def change(node: Node) -> Node | None:
        match node:
            case Unary(op=op, argument=Unary(op=same, argument=inner)) if op == same:
                return inner
            case Unary(op="T", argument=Unary(op="-", argument=inner)):
                return Unary("-", Unary("T", inner))
            case Binary(op="@" | "*" as op, left=left, right=Unary(op="-", argument=right)):
                return minus(Binary(op, left, right, span=node.span))
            case Binary(op="@" | "*" | "/" as op, left=Unary(op="-", argument=left), right=right):
                return Unary("-", Binary(op, left, right, span=node.span))
            case Binary(op="+" | "-" | "*" as op, left=Number(value=a), right=Number(value=b)):
                return _number(a + b if op == "+" else a - b if op == "-" else a * b)
            case Binary(op="*", left=Binary(op="/", left=Number(value=1), right=below), right=right):
                return Binary("/", right, below, span=node.span)
            case Binary(op="*", left=left, right=Binary(op="/", left=Number(value=1), right=below)):
                return Binary("/", left, below, span=node.span)
            case Binary(op="*", left=left, right=Binary(op="*", left=Number() as c, right=right)) if not isinstance(left, Number):
                return Binary("*", c, Binary("*", left, right), span=node.span)
            case Binary(op="*", left=left, right=Binary(op="*" | "/" as op, left=middle, right=right)):
                return Binary(op, Binary("*", left, middle), right, span=node.span)
            case Binary(op="/", left=Binary(op="*", left=Number(value=a), right=left), right=Binary(op="*", left=Number(value=b), right=right)) if (
                a == b
            ):
                return Binary("/", left, right, span=node.span)
            case Binary(op="@", left=left, right=Binary(op="*", left=Number() as c, right=right)):
                return Binary("@", in_front(c, left), right, span=node.span)
            case Binary(op="@", left=left, right=Binary(op="@", left=Binary(op="*", left=Number() as c, right=middle), right=right)):
                return Binary("@", in_front(c, left), Binary("@", middle, right), span=node.span)
            case Binary(op="@", left=left, right=Binary(op="@", left=middle, right=right)):
                return Binary("@", Binary("@", left, middle), right, span=node.span)
            case Call(function=name, arguments=(Unary(op="-", argument=inner),)) if name in FUNCTIONS and FUNCTIONS[name].odd:
                return Unary("-", Call(name, (inner,)), span=node.span)
            case Call(function=name, arguments=(Unary(op="-", argument=inner),)) if name in FUNCTIONS and FUNCTIONS[name].even:
                return Call(name, (inner,), span=node.span)
            case Unary(op="T", argument=Binary(op="@", left=left, right=right)):
                return Binary("@", Unary("T", right), Unary("T", left), span=node.span)
            case Binary(op="+", left=Number(value=0), right=kept) | Binary(op="+" | "-", left=kept, right=Number(value=0)):
                return kept
            case Binary(op="-", left=Number(value=0), right=kept):
                return minus(kept)
            case Binary(op="*", left=Number(value=1), right=kept) | Binary(op="*" | "/" | "**", left=kept, right=Number(value=1)):
                return kept
            case Binary(op="+" | "-" as op, left=left, right=Unary(op="-", argument=right)):
                return Binary("-" if op == "+" else "+", left, right, span=node.span)
        return None

    for _ in range(MOST_ROUNDS):
        found = exchanged(tree, change)
        if found is tree:
            break
        tree = found
    return tree


def _number(value: Fraction) -> Node:
    return Unary("-", number(-value)) if value < 0 else number(value)


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


def signed_addends(tree: Node) -> list[Node]:
    """The terms of the outermost sum, each with its sign."""
    out: list[Node] = []
    stack = [(tree, False)]
    while stack:
        node, negative = stack.pop()
        if isinstance(node, Binary) and node.op in "+-":
            stack += [(node.right, negative != (node.op == "-")), (node.left, negative)]
        else:
            out.append(minus(node) if negative else node)
    return out


def bare(tree: Node) -> Node:
    """A tree of its own nodes, so that typing it leaves the original alone."""
    done: dict[int, Node] = {}
    for node in postorder(tree):
        below = tuple(done[id(c)] for c in node.children)
        done[id(node)] = with_children(node, below) if below else replace(node)
    return done[id(tree)]


def expanded(tree: Node) -> list[Node]:
    """The terms of a formula multiplied out, each with its sign; the formula itself where there would be too many."""
    done: dict[int, list[Node]] = {}
    for node in postorder(tree):
        match node:
            case Binary(op="+" | "-"):
                right = done[id(node.right)]
                made = [*done[id(node.left)], *(map(minus, right) if node.op == "-" else right)]
            case Unary(op="-"):
                made = [minus(t) for t in done[id(node.argument)]]
            case Unary():
                made = [_transposed(t) for t in done[id(node.argument)]]
            case Binary(op="*" | "@"):
                made = [_times(node.op, a, b) for a in done[id(node.left)] for b in done[id(node.right)]]
            case Binary(op="/"):
                made = [_over(t, node.right) for t in done[id(node.left)]]
            case _:
                made = [node]
        done[id(node)] = made if len(made) <= MOST_TERMS else [node]
    return done[id(tree)]


def inner_terms(tree: Node) -> Iterator[Node]:
    """What one addend of a sum anywhere on a linear path contributes: 2*B for the B of 2*(A + B)."""
    stack: list[tuple[Node, tuple[tuple[Node, int], ...]]] = [(tree, ())]
    for _ in range(MOST_TERMS):
        if not stack:
            return
        node, path = stack.pop()
        match node:
            case Binary(op="+" | "-", left=left, right=right):
                parts = (left, minus(right) if node.op == "-" else right)
                yield from (_around(part, path) for part in parts)
                stack += [(part, path) for part in reversed(parts)]
            case Unary():
                stack.append((node.argument, (*path, (node, 0))))
            case Binary(op="*" | "@"):
                stack += [(node.right, (*path, (node, 1))), (node.left, (*path, (node, 0)))]
            case Binary(op="/"):
                stack.append((node.left, (*path, (node, 0))))


def _around(part: Node, path: tuple[tuple[Node, int], ...]) -> Node:
    """The part where the path (outermost first, with the number of the child) leads to, a minus sign brought to the front."""
    for node, k in reversed(path):
        match node:
            case Unary(op="-"):
                part = minus(part)
            case Unary():
                part = _transposed(part)
            case Binary(op="/"):
                part = _over(part, node.right)
            case Binary():
                part = _times(node.op, node.left, part) if k else _times(node.op, part, node.right)
    return part


def _transposed(tree: Node) -> Node:
    return Unary("-", Unary("T", tree.argument)) if isinstance(tree, Unary) and tree.op == "-" else Unary("T", tree)


def _over(tree: Node, below: Node) -> Node:
    negative = isinstance(tree, Unary) and tree.op == "-"
    made = Binary("/", tree.argument if isinstance(tree, Unary) and negative else tree, below)
    return Unary("-", made) if negative else made


def minus(tree: Node) -> Node:
    """The tree with the other sign."""
    return tree.argument if isinstance(tree, Unary) and tree.op == "-" else Unary("-", tree)


def _times(op: str, a: Node, b: Node) -> Node:
    """The product of two terms, signs and numbers in front."""
    negative = (isinstance(a, Unary) and a.op == "-") != (isinstance(b, Unary) and b.op == "-")
    a = a.argument if isinstance(a, Unary) and a.op == "-" else a
    b = b.argument if isinstance(b, Unary) and b.op == "-" else b
    if op == "@" and isinstance(a, Binary) and a.op == "*" and isinstance(a.left, Number):
        product = Binary("*", a.left, Binary(op, a.right, b))
    else:
        product = Binary(op, a, b)
    return Unary("-", product) if negative else product


def factors(node: Node) -> list[Node]:
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


def product_of(parts: Sequence[Node]) -> Node:
    """The matrix product of factors."""
    out = parts[0]
    for f in parts[1:]:
        out = Binary("@", out, f)
    return out


def zero(shape: Shape | None) -> Node | None:
    """Zero of a shape; None for tensors."""
    if shape is None or shape.kind == "tensor":
        return None
    if not shape.order:
        return ZERO
    made = Call("zeros", tuple(parse(s.text) for s in shape.sizes))
    return Unary("T", made) if shape.kind == "row" else made


def times(*factors: Node) -> Node:
    """The product of factors, numbers 1 left out."""
    out: Node | None = None
    for f in factors:
        if isinstance(f, Number) and f.value == 1:
            continue
        out = f if out is None else Binary("*", out, f)
    return ONE if out is None else out


def total(terms: list[Node]) -> Node | None:
    """The sum of terms; None when there is none."""
    out: Node | None = None
    for t in terms:
        out = t if out is None else Binary("-", out, t.argument) if isinstance(t, Unary) and t.op == "-" else Binary("+", out, t)
    return out
