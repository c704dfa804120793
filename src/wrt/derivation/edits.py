"""Single edits of a formula, by kind of slip: each yields the formula with one mistake undone, and where it was made.

Edits work on untyped surface trees, because a formula with a slip often does not fit its shapes; whoever asks types and judges the results.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from wrt.derivation.terms import addends, factors, product_of, replaced
from wrt.errors import Span
from wrt.language.rewrite import in_front
from wrt.language.surface import Binary, Call, Declaration, Name, Node, Number, Unary, postorder
from wrt.language.trees import number
from wrt.language.unparse import short, unparse
from wrt.tables.functions import FUNCTIONS

LOGS = ("log", "exp", "logdet", "det", "expm", "logm")
REDUCED = ("tr", "det", "logdet", "norm", "logsumexp", "mean")
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
    """The formula with one place changed; `span` is that place in the text it came from.

    `says`: what was wrong, where the kind does not tell; `kind`: the kind of slip, where it is another than the one that was sought.
    """

    tree: Node
    span: Span
    says: str = ""
    kind: str = ""


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
        stack = [node]
        while stack:
            part = stack.pop()
            match part:
                case Number():
                    continue
                case Name() if part.name not in self.declared or not self.declared[part.name].shape.order:
                    continue
                case Call() if part.function in REDUCED or (part.function == "sum" and not part.options):
                    continue
                case Call() if part.function in FUNCTIONS and part.arguments:
                    stack += part.arguments
                case Binary() if part.op != "@":
                    stack += part.children
                case Unary(op="-"):
                    stack.append(part.argument)
                case _:
                    return False
        return True


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
                if s.scalar(node.left) and not isinstance(node.left, Number):
                    yield Edit(replaced(s.tree, node, Binary("/", number(Fraction(1)), node.right)), node.left.span, _too_many(node.left))
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


def power(s: Subject) -> Iterator[Edit]:
    """An exponent one too high or too low, or the exponent that should have come down as a factor."""
    raised = [n for n in postorder(s.function) if isinstance(n, Binary) and n.op == "**" and isinstance(n.left, Name) and n.left.name in s.names]
    exponents = [n.right.value for n in raised if isinstance(n.right, Number)]
    names = [n.right for n in raised if not isinstance(n.right, Number)]
    pieces = {id(c) for n in postorder(s.tree) if isinstance(n, Call) and n.function in ("sign", "abs") for c in n.arguments}
    if isinstance(s.tree, Name) and s.tree.name in s.names and s.scalar(s.tree):
        yield Edit(number(Fraction(1)), s.tree.span, f"{s.tree.name} is the variable itself; its derivative is 1")
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
                if isinstance(extra, Name) and extra.name in s.names and (s.moving(rest) or (s.scalar(extra) and s.scalar(rest))):
                    yield Edit(replaced(s.tree, node, rest), extra.span, "" if s.moving(rest) else _linear(node, extra))
        if isinstance(node, Name) and node.name in s.names and id(node) not in pieces:
            for e in exponents:
                if e != 2:
                    yield Edit(replaced(s.tree, node, Binary("**", node, number(e - 1))), node.span)
            yield Edit(replaced(s.tree, node, Binary("**", node, number(Fraction(2)))), node.span)
    for part in dict.fromkeys([s.tree, *addends(s.tree)]):
        for e in exponents:
            yield Edit(replaced(s.tree, part, in_front(number(e), part)), part.span)
        for name in names:
            yield Edit(replaced(s.tree, part, in_front(name, part)), part.span)


def _linear(node: Node, variable: Name) -> str:
    return f"{short(node)} is linear in {variable.name}, which drops out of its derivative"


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
            kind = "log-exp" if node.function in LOGS else "factor"
            yield Edit(Binary("*", s.tree, node), s.tree.span, f"the factor {short(node)} is missing", kind)
            yield Edit(Binary("/", s.tree, node), s.tree.span, f"the factor {short(node)} is one too many", kind)
            inside = f"1/({short(node.arguments[0])})" if isinstance(node.arguments[0], Binary) else f"1/{short(node.arguments[0])}"
            says = f"the outer derivative {inside} of {short(node)} is forgotten" if node.function == "log" else f"the factor {inside} is missing"
            yield Edit(Binary("/", s.tree, node.arguments[0]), s.tree.span, says)


def _of_logs(s: Subject) -> bool:
    """Whether log or exp occurs, so that a sum and a product may have been mixed up."""
    return any(isinstance(n, Call) and n.function in ("log", "exp", "logdet", "det") for tree in (s.tree, s.function) for n in postorder(tree))


def constant_kept(s: Subject) -> Iterator[Edit]:
    """A term that should have gone: a constant of the function kept in its derivative."""
    still = [t for node in postorder(s.function) if isinstance(node, Binary) and node.op in "+-" for t in node.children if not s.moving(t)]
    still += [t for t in addends(s.function) if not s.moving(t)]
    parts = {unparse(n) for n in postorder(s.function)}
    for node in postorder(s.tree):
        if isinstance(node, Binary) and node.op in "+-":
            for lost, kept in ((node.right, node.left), (node.left, node.right if node.op == "+" else Unary("-", node.right))):
                says = f"{short(lost)} stands still: its derivative is 0" if not s.moving(lost) else f"the term {short(lost)} is one too many"
                known = not s.names or (unparse(lost) in parts and not s.moving(lost))
                yield Edit(replaced(s.tree, node, kept), lost.span, "" if known else says)
    for term in still:
        for op in "-+":
            yield Edit(_less(s.tree, term, op), s.tree.span)


def number_kept(s: Subject) -> Iterator[Edit]:
    """A number that has a constant of the function added to it, 8 for the derivative 3 of 3*x + 5."""
    if constant(s.tree) is not None:
        for term in addends(s.function):
            if not s.moving(term) and constant(term) is not None:
                for op in "-+":
                    yield Edit(_less(s.tree, term, op), s.tree.span)


def _less(tree: Node, term: Node, op: str) -> Node:
    """The tree with a term taken off or put on; of two numbers the number."""
    a, b = constant(tree), constant(term)
    if a is None or b is None:
        return Binary(op, tree, term)
    return signed(a - b if op == "-" else a + b)
