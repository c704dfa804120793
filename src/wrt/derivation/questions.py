"""Other questions that an answer may be right for: every matrix symmetric, everything 1 x 1, trace read as sum, every size the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from wrt.derivation.terms import bare, replaced
from wrt.errors import WrtError
from wrt.language.read import type_tree
from wrt.language.rewrite import with_children
from wrt.language.sizes import Size
from wrt.language.surface import SCALAR, Binary, Block, Call, Declaration, Generator, Index, Name, Node, Number, Shape, Source, Unary, postorder
from wrt.language.unparse import short, unparse

ONE, TWO = Number(Fraction(1), "1"), Number(Fraction(2), "2")
# What a matrix function is for a 1 x 1 matrix.
SCALAR_FORMS = ("tr", "trace", "sum", "mean", "det", "diag", "vec", "max", "min", "prod", "tril", "triu")
MISREAD = (
    ("tr", "sum", "trace-vs-sum"),
    ("trace", "sum", "trace-vs-sum"),
    ("sum", "tr", "trace-vs-sum"),
    ("exp", "expm", "elementwise-vs-matrix"),
    ("expm", "exp", "elementwise-vs-matrix"),
    ("logdet", "det", "log-exp"),
    ("det", "logdet", "log-exp"),
    ("mean", "sum", "factor"),
)


def symmetric(source: Source) -> Source | None:
    """The function with every square matrix symmetric; None when nothing changes."""
    declared = dict(source.declarations)
    for name, d in declared.items():
        if d.shape.kind == "matrix" and d.shape.sizes[0] is d.shape.sizes[1] and not d.facts & {"orthogonal", "lower", "upper", "idempotent"}:
            declared[name] = Declaration(name, d.shape, d.facts | {"symmetric"})
    return replace(source, declarations=declared) if declared != source.declarations else None


def scalarised(tree: Node, source: Source) -> Source | None:
    """The formula for 1 x 1 matrices: every name a scalar, every product a plain one; None where that has no meaning, or changes nothing."""
    if not any(d.shape.order == 2 for d in source.declarations.values()):
        return None
    done: dict[int, Node] = {}
    for node in postorder(tree):
        below = tuple(done[id(c)] for c in node.children)
        made = _scalar(node, below, source)
        if made is None:
            return None
        done[id(node)] = made
    declared = {
        name: Declaration(name, SCALAR, d.facts & {"positive", "nonzero", "unit_interval", "integer"}) for name, d in source.declarations.items()
    }
    try:
        return type_tree(bare(done[id(tree)]), declared)
    except WrtError:
        return None


def _scalar(node: Node, below: tuple[Node, ...], source: Source) -> Node | None:
    match node:
        case Name() if node.name in source.sizes and node.name not in source.declarations:
            return ONE
        case Unary(op="T"):
            return below[0]
        case Binary(op="@"):
            return Binary("*", below[0], below[1])
        case Call(function="eye" | "ones"):
            return ONE
        case Call(function="zeros"):
            return Number(Fraction(0), "0")
        case Call(function="inv" | "pinv"):
            return Binary("/", ONE, below[0])
        case Call(function="solve"):
            return Binary("/", below[1], below[0])
        case Call(function="kron" | "outer" | "dot"):
            return Binary("*", below[0], below[1])
        case Call(function="matpow"):
            return Binary("**", below[0], below[1])
        case Call(function="adj"):
            return ONE
        case Call(function="norm") if len(below) == 1:
            return Call("abs", below)
        case Call(function="logdet"):
            return Call("log", (Call("abs", below),))
        case Call(function="expm" | "logm" | "sqrtm" as name):
            return Call(name[:-1], below)
        case Call() if node.function in SCALAR_FORMS:
            return below[0]
        case Index() | Generator() | Block():
            return None
    return with_children(node, below) if below else node


def on_simplex(source: Source, still: Iterable[str]) -> Iterator[tuple[str, Source]]:
    """(name, the function with the entries of that vector, which stands still, adding up to 1): what a one-hot target does."""
    for name in still:
        d = source.declarations.get(name)
        if isinstance(d, Declaration) and d.shape.kind == "column" and not d.facts & {"simplex", "onehot"}:
            yield name, replace(source, declarations={**source.declarations, name: Declaration(name, d.shape, d.facts | {"simplex"})})


def without_constant(source: Source, moves: Callable[[Node], bool]) -> Iterator[tuple[str, str, Source]]:
    """(kind, what is forgotten, the function without one part that stands still): A of A @ x, b of x + b."""
    for node in postorder(source.tree):
        if not isinstance(node, Binary) or node.op not in "*@/+-":
            continue
        for lost, kept in ((node.left, node.right), (node.right, node.left)):
            if moves(lost) or not moves(kept) or (node.op == "/" and lost is node.left) or (isinstance(lost, Number) and node.op in "*/"):
                continue
            made = Unary("-", kept) if node.op == "-" and lost is node.left else kept
            try:
                yield (
                    "factor" if node.op in "*@/" else "product-rule-term-lost",
                    unparse(lost),
                    type_tree(bare(replaced(source.tree, node, made)), source.declarations),
                )
            except WrtError:
                continue


def misread(source: Source) -> Iterator[tuple[str, str, Source]]:
    """(kind, what was taken for what, the function with one of its functions taken for another)."""
    for node in postorder(source.tree):
        if isinstance(node, Call) and node.function == "norm" and len(node.arguments) == 1:
            squared = next((n for n in postorder(source.tree) if isinstance(n, Binary) and n.op == "**" and n.left is node and n.right == TWO), None)
            old, new = (squared, node) if squared is not None else (node, Binary("**", node, TWO))
            try:
                made = type_tree(bare(replaced(source.tree, old, new)), source.declarations)
            except WrtError:
                continue
            yield "power-rule", f"{short(new)} is taken for {short(old)}", made
    for node in postorder(source.tree):
        if not isinstance(node, Call) or any(isinstance(c, Generator) for c in node.children):
            continue
        for name, other, kind in MISREAD:
            if node.function == name:
                try:
                    tree = bare(replaced(source.tree, node, Call(other, node.arguments, node.options)))
                    yield kind, f"{other} is taken for {name}", type_tree(tree, source.declarations)
                except WrtError:
                    continue


def equalised(tree: Node, source: Source) -> Source | None:
    """The formula with one size for all, in which many a formula of the wrong shape has a value; None when it has none even there."""
    names = [n for n in source.sizes if n not in source.declarations]
    if len(names) < 2:
        return None
    same = {name: Size.of(names[0]) for name in names}
    declared = {
        n: Declaration(n, Shape(d.shape.kind, tuple(s.substitute(same) for s in d.shape.sizes)), d.facts) for n, d in source.declarations.items()
    }
    done: dict[int, Node] = {}
    for node in postorder(tree):
        below = tuple(done[id(c)] for c in node.children)
        renamed = isinstance(node, Name) and node.name in same
        done[id(node)] = Name(names[0]) if renamed else with_children(node, below) if below else node
    try:
        return type_tree(bare(done[id(tree)]), declared)
    except WrtError:
        return None
