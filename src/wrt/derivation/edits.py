"""Single edits of a formula, by kind of slip: each yields the formula with one mistake undone, and where it was made.

Edits work on untyped surface trees, because a formula with a slip often does not fit its shapes; whoever asks types and judges the results.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from wrt.derivation.terms import addends, all_replaced, factors, product_of, replaced
from wrt.errors import Span
from wrt.language.rewrite import in_front, with_children
from wrt.language.surface import Binary, Call, Declaration, Index, Name, Node, Number, Unary, postorder
from wrt.language.trees import number
from wrt.language.unparse import short, unparse
from wrt.tables.functions import FUNCTIONS

TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
RATIOS = (
    Fraction(2),
    Fraction(1, 2),
    Fraction(3),
    Fraction(1, 3),
    Fraction(3, 2),
    Fraction(2, 3),
    Fraction(4, 3),
    Fraction(3, 4),
    Fraction(4),
    Fraction(1, 4),
)
FACTORS = (Fraction(2), Fraction(1, 2), Fraction(3), Fraction(1, 3), Fraction(4), Fraction(1, 4), Fraction(6), Fraction(1, 6))


@dataclass(frozen=True, slots=True)
class Edit:
    """The formula with one place changed; `span` is that place in the text it came from, `says` what was wrong, where the kind does not tell."""

    tree: Node
    span: Span
    says: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What edits may look at: the answer, the function it differentiates, the variables, the declarations and sizes."""

    tree: Node
    function: Node
    names: tuple[str, ...]
    declared: dict[str, Declaration]
    sizes: tuple[str, ...]

    def moving(self, node: Node) -> bool:
        """Whether a variable of differentiation occurs below."""
        return any(isinstance(p, Name) and p.name in self.names for p in postorder(node))

    def scalar(self, node: Node) -> bool:
        """Whether a node is surely a scalar, so that transposing or inverting it means nothing."""
        if isinstance(node, Number):
            return True
        if isinstance(node, Name):
            return node.name not in self.declared or self.declared[node.name].shape.order == 0
        if isinstance(node, Call):
            return node.function in ("tr", "det", "logdet", "norm", "logsumexp", "mean") or (node.function == "sum" and not node.options)
        return False


def sign(s: Subject) -> Iterator[Edit]:
    """A sign turned: of the whole, of a term, of an argument."""
    for node in postorder(s.tree):
        match node:
            case Unary(op="-"):
                yield Edit(replaced(s.tree, node, node.argument), node.span)
            case Binary(op="+" | "-"):
                yield Edit(replaced(s.tree, node, Binary("-" if node.op == "+" else "+", node.left, node.right)), node.right.span)
                yield Edit(replaced(s.tree, node, Binary(node.op, Unary("-", node.left), node.right)), node.left.span)
            case Binary() if node.op in TURNED:
                yield Edit(replaced(s.tree, node, Binary(TURNED[node.op], node.left, node.right)), node.span)
            case Call() if node.function in FUNCTIONS and len(node.arguments) == 1:
                yield Edit(replaced(s.tree, node.arguments[0], Unary("-", node.arguments[0])), node.arguments[0].span)
    yield Edit(Unary("-", s.tree), s.tree.span)


def factor(s: Subject) -> Iterator[Edit]:
    """A factor put in or taken out: numbers, sizes, scalars; of the whole or of one term."""
    for node in postorder(s.tree):
        match node:
            case Binary(op="*") if s.scalar(node.left):
                yield Edit(replaced(s.tree, node, node.right), node.left.span, _too_many(node.left))
            case Binary(op="/") if s.scalar(node.right):
                yield Edit(replaced(s.tree, node, node.left), node.right.span, f"the divisor {short(node.right)} is one too many")
            case Binary(op="*") if s.scalar(node.right):
                yield Edit(replaced(s.tree, node, node.left), node.right.span, _too_many(node.right))
    for node in outermost_products(s.tree):
        chain = factors(node)
        for k in range(len(chain)):
            yield Edit(replaced(s.tree, node, product_of([*chain[:k], *chain[k + 1 :]])), chain[k].span, _too_many(chain[k]))
    raised = {id(p) for n in postorder(s.tree) if isinstance(n, Binary) and n.op == "**" for p in postorder(n.right)}
    for node in postorder(s.tree):
        if isinstance(node, Number) and id(node) not in raised:
            for c in RATIOS:
                new = number(node.value * c)
                yield Edit(replaced(s.tree, node, new), node.span, f"the factor {short(new)} stands there as {short(node)}")
    scalars = [Name(n) for n in s.sizes] + [Name(n) for n, d in s.declared.items() if not d.shape.order]
    for part in dict.fromkeys([s.tree, *addends(s.tree)]):
        for c in FACTORS:
            says = f"the factor {short(number(c))} is missing" if c >= 1 else f"the factor {short(number(1 / c))} is one too many"
            yield Edit(replaced(s.tree, part, in_front(number(c), part)), part.span, says)
        for name in scalars:
            yield Edit(replaced(s.tree, part, in_front(name, part)), part.span, f"the factor {name.name} is missing")
            yield Edit(replaced(s.tree, part, Binary("/", part, name)), part.span, f"the factor 1/{name.name} is missing")
    for node in postorder(s.tree):
        if (isinstance(node, Call | Name) or (isinstance(node, Unary) and node.op == "T")) and not s.scalar(node):
            yield Edit(replaced(s.tree, node, Binary("*", number(Fraction(2)), node)), node.span)
            yield Edit(replaced(s.tree, node, Binary("/", node, number(Fraction(2)))), node.span)


def _too_many(node: Node) -> str:
    return f"the factor {short(node)} is one too many"


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


def power(s: Subject) -> Iterator[Edit]:
    """An exponent one too high or too low, or the exponent that should have come down as a factor."""
    raised = [n for n in postorder(s.function) if isinstance(n, Binary) and n.op == "**" and isinstance(n.left, Name) and n.left.name in s.names]
    exponents = [n.right.value for n in raised if isinstance(n.right, Number)]
    names = [n.right for n in raised if not isinstance(n.right, Number)]
    for node in postorder(s.tree):
        if isinstance(node, Binary) and node.op == "**":
            for c in (1, -1):
                e = constant(node.right)
                new = signed(e + c) if e is not None else Binary("+" if c > 0 else "-", node.right, number(Fraction(1)))
                one = isinstance(new, Number) and new.value == 1
                yield Edit(replaced(s.tree, node, node.left if one else Binary("**", node.left, new)), node.span)
            yield Edit(replaced(s.tree, node, node.left), node.span)
        elif isinstance(node, Binary) and node.op == "/" and not isinstance(node.right, Number):
            yield Edit(replaced(s.tree, node, Binary("/", node.left, Binary("**", node.right, number(Fraction(2))))), node.right.span)
        elif isinstance(node, Call) and node.function == "matpow":
            for op in "-+":
                shifted = Call("matpow", (node.arguments[0], Binary(op, node.arguments[1], number(Fraction(1)))))
                yield Edit(replaced(s.tree, node, shifted), node.span)
        elif isinstance(node, Binary) and node.op in "*@":
            for extra, rest in ((node.left, node.right), (node.right, node.left)):
                if isinstance(extra, Name) and extra.name in s.names and s.moving(rest):
                    yield Edit(replaced(s.tree, node, rest), extra.span)
        if isinstance(node, Name) and node.name in s.names:
            for e in exponents:
                if e != 2:
                    yield Edit(replaced(s.tree, node, Binary("**", node, number(e - 1))), node.span)
            yield Edit(replaced(s.tree, node, Binary("**", node, number(Fraction(2)))), node.span)
    for part in dict.fromkeys([s.tree, *addends(s.tree)]):
        for e in exponents:
            yield Edit(replaced(s.tree, part, in_front(number(e), part)), part.span)
        for name in names:
            yield Edit(replaced(s.tree, part, in_front(name, part)), part.span)


def constant(node: Node) -> Fraction | None:
    """The value of a number, with its sign or as a fraction of two; None for what is none."""
    match node:
        case Number():
            return node.value
        case Unary(op="-"):
            below = constant(node.argument)
            return None if below is None else -below
        case Binary(op="/", left=Number() as a, right=Number() as b) if b.value:
            return a.value / b.value
    return None


def signed(value: Fraction) -> Node:
    """A number as a tree, its sign in front."""
    return Unary("-", number(-value)) if value < 0 else number(value)


def outermost_products(tree: Node) -> Iterator[Node]:
    """The matrix products that are no part of a longer one."""
    inner = {id(c) for node in postorder(tree) if isinstance(node, Binary) and node.op == "@" for c in node.children}
    return (node for node in postorder(tree) if isinstance(node, Binary) and node.op == "@" and id(node) not in inner)


def order(s: Subject) -> Iterator[Edit]:
    """The factors of a matrix product in another order: neighbours swapped, one moved to an end, all reversed."""
    for node in outermost_products(s.tree):
        chain = factors(node)
        for k in range(len(chain) - 1):
            yield Edit(replaced(s.tree, node, product_of([*chain[:k], chain[k + 1], chain[k], *chain[k + 2 :]])), node.span)
        for turned in (chain[::-1], [*chain[1:], chain[0]], [chain[-1], *chain[:-1]]):
            yield Edit(replaced(s.tree, node, product_of(turned)), node.span)


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


def log_exp(s: Subject) -> Iterator[Edit]:
    """log for exp, a log or exp dropped or added, the value of the function forgotten or left as a factor."""
    swap = {
        "log": "exp",
        "exp": "log",
        "logdet": "det",
        "det": "logdet",
        "sin": "cos",
        "cos": "sin",
        "sinh": "cosh",
        "cosh": "sinh",
        "expm": "logm",
        "logm": "expm",
    }
    for node in postorder(s.tree):
        if isinstance(node, Call) and node.function in swap:
            yield Edit(replaced(s.tree, node, Call(swap[node.function], node.arguments, node.options)), node.span)
            yield Edit(replaced(s.tree, node, node.arguments[0]), node.span)
        if isinstance(node, Binary) and node.op in "+*" and _of_logs(s):
            yield Edit(replaced(s.tree, node, Binary("*" if node.op == "+" else "+", node.left, node.right)), node.span)
        if isinstance(node, (Name, Binary)):
            for f in ("log", "exp"):
                yield Edit(replaced(s.tree, node, Call(f, (node,))), node.span)
    yield Edit(Binary("*", s.function, s.tree), s.tree.span, "the function's own value is missing as a factor")
    yield Edit(Binary("/", s.tree, s.function), s.tree.span, "the function's own value is one factor too many")
    for node in postorder(s.function):
        if isinstance(node, Call) and node.function in swap:
            yield Edit(Binary("*", node, s.tree), s.tree.span)
            yield Edit(Binary("/", s.tree, node), s.tree.span)
            yield Edit(Binary("/", s.tree, node.arguments[0]), s.tree.span)


def _of_logs(s: Subject) -> bool:
    """Whether log or exp occurs, so that a sum and a product may have been mixed up."""
    return any(isinstance(n, Call) and n.function in ("log", "exp", "logdet", "det") for tree in (s.tree, s.function) for n in postorder(tree))


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
        elif isinstance(node, Call) and node.function == "ones":
            yield Edit(replaced(s.tree, node, Call("eye", node.arguments[:1])), node.span)
    for node in postorder(s.tree):
        if isinstance(node, Binary) or (isinstance(node, Name) and not s.scalar(node)):
            for f in ("sum", "tr"):
                yield Edit(replaced(s.tree, node, Call(f, (node,))), node.span)


def constant_kept(s: Subject) -> Iterator[Edit]:
    """A term that should have gone: a constant of the function kept in its derivative."""
    still = [t for node in postorder(s.function) if isinstance(node, Binary) and node.op in "+-" for t in node.children if not s.moving(t)]
    still += [t for t in addends(s.function) if not s.moving(t)]
    for term in still:
        for op in "-+":
            yield Edit(Binary(op, s.tree, term), s.tree.span)
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
