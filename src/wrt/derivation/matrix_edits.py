"""Single edits of a formula that undo a slip with matrices: transposes, order, kind of product, inverses, traces, shapes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from wrt.derivation.edits import Edit, Subject, constant, outermost_products
from wrt.derivation.terms import addends, all_replaced, factors, product_of, replaced
from wrt.language.parser import parse
from wrt.language.rewrite import with_children
from wrt.language.surface import Binary, Call, Index, Name, Node, Number, Unary, postorder
from wrt.language.trees import number
from wrt.language.unparse import short, unparse


def transpose(s: Subject) -> Iterator[Edit]:
    """A transpose put on or taken off one part, a stretch of a product, or every occurrence of one matrix."""
    for node in postorder(s.tree):
        match node:
            case Unary(op="T"):
                yield Edit(replaced(s.tree, node, node.argument), node.span, f"the transpose of {short(node.argument)} is one too many")
            case Name() | Call() | Binary() | Index() if not s.scalar(node):
                yield Edit(replaced(s.tree, node, Unary("T", node)), node.span, f"the transpose of {short(node)} is missing")
    yield from _stretches(s)
    yield from _everywhere(s)
    for node in outermost_products(s.tree) if s.names else ():
        yield from _outer(s, node)
        chain = [p for p in factors(node) if not s.scalar(p)]
        if len(chain) > 1 and all(isinstance(p, Name) for p in chain):
            says = f"the transposes of {', '.join(map(short, chain[:-1]))} and {short(chain[-1])} are missing"
            yield Edit(all_replaced(s.tree, {id(p): Unary("T", p) for p in chain}), node.span, says)


def _outer(s: Subject, node: Node) -> Iterator[Edit]:
    """a @ b.T for a.T @ b, two vectors, and the other way round."""
    parts = factors(node)
    plain = [p.argument if isinstance(p, Unary) and p.op == "T" else p for p in parts]
    if len(parts) == 2 and all(isinstance(p, Name) and p.name in s.declared and s.declared[p.name].shape.order == 1 for p in plain):
        turned = [Unary("T", p) if p is q else q for p, q in zip(parts, plain, strict=True)]
        says = (
            f"{short(node)} is the inner product for the outer one"
            if parts[0] is not plain[0]
            else f"{short(node)} is the outer product for the inner one"
        )
        yield Edit(replaced(s.tree, node, product_of(turned)), node.span, says)


def _stretches(s: Subject) -> Iterator[Edit]:
    """A stretch of a matrix product transposed: a @ (b @ c).T @ d for a @ b @ c @ d."""
    for node in outermost_products(s.tree):
        chain = factors(node)
        for i in range(len(chain)):
            for j in range(i + 2, len(chain) + (i > 0)):
                turned = [p.argument if isinstance(p, Unary) and p.op == "T" else Unary("T", p) for p in reversed(chain[i:j])]
                yield Edit(replaced(s.tree, node, product_of([*chain[:i], *turned, *chain[j:]])), node.span)


def _everywhere(s: Subject) -> Iterator[Edit]:
    """One matrix, or an inverse of it, transposed wherever it stands."""
    texts: dict[str, list[Node]] = {}
    for node in postorder(s.tree):
        if (isinstance(node, Name) and not s.scalar(node)) or (isinstance(node, Call) and node.function in ("inv", "pinv")):
            texts.setdefault(unparse(node), []).append(node)
    for copies in texts.values():
        ids = {id(c) for c in copies}
        below = {id(n): n for n in postorder(s.tree) if isinstance(n, Unary) and n.op == "T" and id(n.argument) in ids}
        covered = {id(n.argument) for n in below.values()}
        plain = [c for c in copies if id(c) not in covered]
        off: dict[int, Node] = {k: n.argument for k, n in below.items() if isinstance(n, Unary)}
        on: dict[int, Node] = {id(c): Unary("T", c) for c in plain}
        for changes in (off, on, {**off, **on}):
            if len(changes) > 1:
                yield Edit(all_replaced(s.tree, changes), s.tree.span)


def order(s: Subject) -> Iterator[Edit]:
    """The factors of a matrix product in another order: neighbours swapped, one moved to an end, all reversed."""
    for node in outermost_products(s.tree):
        chain = factors(node)
        for k in range(len(chain) - 1):
            yield Edit(replaced(s.tree, node, product_of([*chain[:k], chain[k + 1], chain[k], *chain[k + 2 :]])), node.span)
        for turned in (chain[::-1], [*chain[1:], chain[0]], [chain[-1], *chain[:-1]]):
            yield Edit(replaced(s.tree, node, product_of(turned)), node.span)
        sign, plain = (-1, chain[0].argument) if isinstance(chain[0], Unary) and chain[0].op == "-" else (1, chain[0])
        repeated = [c for p in (plain, *chain[1:]) for c in _powers(p)]
        if len(repeated) != len(chain):
            for k in range(len(repeated) - 1):
                made = product_of([*repeated[:k], repeated[k + 1], repeated[k], *repeated[k + 2 :]])
                yield Edit(replaced(s.tree, node, Unary("-", made) if sign < 0 else made), node.span)
    for node in postorder(s.tree):
        if isinstance(node, Call) and node.function == "kron" and len(node.arguments) == 2:
            a, b = node.arguments
            yield Edit(replaced(s.tree, node, Call("kron", (b, a))), node.span, "the factors of a Kronecker product are in the wrong order")


def _powers(node: Node) -> list[Node]:
    """The factors of an integer power of a matrix; the node itself where it is none."""
    if isinstance(node, Call) and node.function == "matpow" and len(node.arguments) == 2:
        base, e = node.arguments[0], constant(node.arguments[1])
        if e in (2, 3):
            return [base] * int(e)
        if e in (-2, -3):
            return [Call("inv", (base,)) for _ in range(-int(e))]
    return [node]


def elementwise(s: Subject) -> Iterator[Edit]:
    """`*` for `@`, `@` for `*`, x**2 for a product with itself, and the same through a diagonal."""
    for op, other in (("@", "*"), ("*", "@")):
        ids = {id(n) for n in postorder(s.tree) if isinstance(n, Binary) and n.op == op and not s.scalar(n.left) and not s.scalar(n.right)}
        if len(ids) > 1:
            yield Edit(_other_products(s.tree, ids, other), s.tree.span)
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
            case Call(function="matpow") if len(node.arguments) == 2:
                yield Edit(replaced(s.tree, node, Binary("**", node.arguments[0], node.arguments[1])), node.span)
            case Call(function="exp" | "expm" as name):
                yield Edit(replaced(s.tree, node, Call("expm" if name == "exp" else "exp", node.arguments)), node.span)
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


def _other_products(tree: Node, ids: set[int], op: str) -> Node:
    """The tree with another operator at some products."""
    done: dict[int, Node] = {}
    for node in postorder(tree):
        below = tuple(done[id(c)] for c in node.children)
        done[id(node)] = Binary(op, below[0], below[1], span=node.span) if id(node) in ids else with_children(node, below) if below else node
    return done[id(tree)]


def inverse(s: Subject) -> Iterator[Edit]:
    """An inverse forgotten or one too many, a quotient upside down."""
    for node in postorder(s.tree):
        match node:
            case Unary(op="T"):
                yield Edit(replaced(s.tree, node, Call("inv", (node.argument,))), node.span, "a transpose stands for an inverse")
            case Call(function="inv"):
                yield Edit(replaced(s.tree, node, node.arguments[0]), node.span)
                yield Edit(replaced(s.tree, node, Unary("T", node.arguments[0])), node.span, "an inverse stands for a transpose")
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
    yield from _inverted_everywhere(s)
    for node in postorder(s.function):
        if isinstance(node, Call) and node.function == "inv":
            for part in dict.fromkeys([s.tree, *addends(s.tree)]):
                for new in (
                    Binary("@", node, part),
                    Binary("@", part, node),
                    Binary("@", Unary("T", node), part),
                    Binary("@", part, Unary("T", node)),
                ):
                    yield Edit(replaced(s.tree, part, new), part.span)


def _inverted_everywhere(s: Subject) -> Iterator[Edit]:
    """An inverse put on, or taken off, every occurrence of one part."""
    texts: dict[str, dict[int, Node]] = {}
    for node in postorder(s.tree):
        if isinstance(node, Call) and node.function == "inv":
            texts.setdefault(unparse(node), {})[id(node)] = node.arguments[0]
        elif not s.scalar(node) and isinstance(node, (Name, Binary)):
            texts.setdefault(unparse(node), {})[id(node)] = Call("inv", (node,))
    for changes in texts.values():
        if len(changes) > 1:
            yield Edit(all_replaced(s.tree, changes), s.tree.span)


def trace_sum(s: Subject) -> Iterator[Edit]:
    """tr for sum, sum for tr, and so eye for ones; a sum or trace forgotten or one too many."""
    for node in postorder(s.tree):
        if isinstance(node, Call) and node.function in ("tr", "trace", "sum", "mean"):
            other = "sum" if node.function in ("tr", "trace") else "tr"
            yield Edit(replaced(s.tree, node, Call(other, node.arguments[:1])), node.span)
            yield Edit(replaced(s.tree, node, node.arguments[0]), node.span)
            if node.function == "mean":
                yield Edit(replaced(s.tree, node, Call("sum", node.arguments, node.options)), node.span)
        elif isinstance(node, Call) and node.function == "eye" and len(node.arguments) == 1:
            yield Edit(replaced(s.tree, node, Call("ones", (node.arguments[0], node.arguments[0]))), node.span)
            for name in s.names:
                if name in s.declared and s.declared[name].shape.kind == "matrix":
                    sides = tuple(parse(size.text) for size in s.declared[name].shape.sizes)
                    yield Edit(replaced(s.tree, node, Call("ones", sides)), node.span, "the identity is the derivative of the trace, not of the sum")
        elif isinstance(node, Call) and node.function == "ones":
            yield Edit(replaced(s.tree, node, Call("eye", node.arguments[:1])), node.span)
    for node in postorder(s.tree):
        if isinstance(node, Binary) or (isinstance(node, Name) and not s.scalar(node)):
            for f in ("sum", "tr"):
                yield Edit(replaced(s.tree, node, Call(f, (node,))), node.span)


def shape(s: Subject) -> Iterator[Edit]:
    """Another shape: a sum over an axis, a diagonal, ones or the identity forgotten."""
    t = s.tree
    sizes = [Name(n) for n in s.sizes]
    for node in postorder(t):
        if isinstance(node, Call) and node.function == "diag" and len(node.arguments) == 1:
            yield Edit(replaced(t, node, node.arguments[0]), node.span)
    yield from (Edit(Call("sum", (t,), (("axis", number(Fraction(k))),)), t.span) for k in (0, 1))
    yield from (Edit(Unary("T", Call("sum", (t,), (("axis", number(Fraction(k))),))), t.span) for k in (0, 1))
    yield Edit(Call("diag", (t,)), t.span)
    yield Edit(Call("diag", (Call("diag", (t,)),)), t.span)
    yield Edit(Call("sum", (t,)), t.span)
    for node in postorder(t):
        if not s.scalar(node) and isinstance(node, (Name, Call, Binary, Unary)):
            yield Edit(replaced(t, node, Call("diag", (node,))), node.span)
    for part in dict.fromkeys([t, *addends(t)]):
        for name, d in s.declared.items():
            if d.shape.order in (1, 2):
                yield Edit(replaced(t, part, Binary("*", part, Name(name))), part.span)
        for n in sizes:
            yield Edit(replaced(t, part, Binary("*", part, Call("ones", (n,)))), part.span)
    for n in sizes:
        yield Edit(Binary("*", t, Call("eye", (n,))), t.span)
        yield Edit(Binary("*", t, Call("ones", (n,))), t.span)
        yield Edit(Binary("@", t, Unary("T", Call("ones", (n,)))), t.span)
        for m in sizes:
            yield Edit(Binary("*", t, Call("ones", (n, m))), t.span)
