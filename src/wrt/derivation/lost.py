"""What a derivation by hand loses: the inner derivative of a chain rule, one term of a product rule, put back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from wrt.api import derive
from wrt.calculus import operators as calculus
from wrt.conventions import LAYOUTS
from wrt.derivation.edits import Edit, Subject
from wrt.derivation.terms import addends, bare, expanded, inner_terms, minus, replaced
from wrt.derivative import Derivative
from wrt.errors import WrtError
from wrt.formula import Formula, shape_of
from wrt.language.read import type_tree
from wrt.language.rewrite import replace_names
from wrt.language.surface import Binary, Block, Call, Declaration, Name, Node, Number, Source, Unary, postorder
from wrt.tables.functions import FUNCTIONS

MOST = 12  # parts of the function that are looked at


def inner_derivatives(s: Subject, source: Source) -> Iterator[Edit]:
    """The answer, or one of its terms, times the derivative of an inner function: elementwise, as a matrix, transposed, from either side."""
    seen: dict[str, None] = {}
    for node in postorder(s.function):
        if (
            not s.moving(node)
            or isinstance(node, Name)
            or node is s.function
            or node.shape is None
            or node.shape.kind == "tensor"
            or len(seen) >= MOST
        ):
            continue
        for inner in _derivatives(node, s, source):
            words = _text(inner)
            if words in seen:
                continue
            seen[words] = None
            for part in dict.fromkeys([s.tree, *addends(s.tree)]):
                turned = Unary("T", inner)
                for new in (
                    Binary("*", inner, part),
                    Binary("*", part, inner),
                    Binary("@", turned, part),
                    Binary("@", inner, part),
                    Binary("@", part, inner),
                    Binary("@", part, turned),
                ):
                    yield Edit(replaced(s.tree, part, new), part.span)


def _derivatives(node: Node, s: Subject, source: Source) -> Iterator[Node]:
    """The derivative of an inner function by each variable, as a tree; and that of its elementwise function by its argument."""
    try:
        inner = Formula(type_tree(bare(node), source.declarations))
    except WrtError:  # it holds a bound index
        return
    for name in dict.fromkeys(s.names):
        try:
            found = derive(inner, name, layout="mixed").matrix
        except WrtError:
            continue
        if found is not None:
            yield found.source.tree
    arguments = [c for c in node.children if s.moving(c)]
    if (
        len(arguments) == 1
        and arguments[0].shape is not None
        and node.shape is not None
        and arguments[0].shape == node.shape
        and not isinstance(arguments[0], Name)
    ):
        u = fresh("u", source)
        outer = replaced(node, arguments[0], Name(u))
        declared = {**source.declarations, u: Declaration(u, arguments[0].shape)}
        try:
            local = derive(Formula(type_tree(bare(outer), declared)), u).as_formula().source.tree
        except WrtError:
            return
        yield replace_names(local, {u: arguments[0]})


def lost_terms(s: Subject, source: Source, forms: Iterable[Node] = ()) -> Iterator[Edit]:
    """The answer plus a term of the derivative (`forms` are its closed forms), or plus what one part of the function contributes; short ones first."""
    yield from sorted((*restored(s, forms), *_contributed(s, source)), key=lambda edit: len(_text(edit.tree)))


def _contributed(s: Subject, source: Source) -> Iterator[Edit]:
    if len(set(s.names)) != 1 or len(s.names) > 1:
        return
    (name,) = s.names
    parts = [n for n in postorder(s.function) if n is not s.function and s.moving(n) and n.shape is not None and n.shape.kind != "tensor"]
    for part in parts[:MOST]:
        for term in _contributions(part, name, s, source):
            if not (isinstance(term, Number) and term.value == 0):
                yield _with(s, term)
                yield Edit(Binary("-", s.tree, term), s.tree.span)


def restored(s: Subject, forms: Iterable[Node]) -> Iterator[Edit]:
    """The answer plus a term of one of the forms."""
    for form in forms:
        for term in dict.fromkeys((*_signed(form), *inner_terms(form), *expanded(form), *_mixed_terms(form))):
            yield _with(s, term)


def _mixed_terms(form: Node) -> Iterator[Node]:
    """2*a*b for (a + b)**2, the term that is forgotten."""
    for term in _signed(form):
        square = term.argument if isinstance(term, Unary) and term.op == "-" else term
        match square:
            case Binary(op="**", left=Binary(op="+" | "-" as op, left=a, right=b), right=Number(value=2)):
                mixed = Binary("*", Binary("*", Number(Fraction(2), "2"), a), b)
                yield minus(mixed) if (op == "-") != (square is not term) else mixed


def dropped(form: Node) -> Iterator[tuple[str, Node]]:
    """(kind, the derivative without one factor), for each factor of a closed form of it; and with one of two terms written twice."""
    yield from _without(form)
    terms = expanded(form)
    if len(terms) > 1:
        for k, term in enumerate(terms):
            for kind, less in _without(term):
                yield kind, _summed([*terms[:k], less, *terms[k + 1 :]])
    for pair in (_signed(form), terms):
        if len(pair) == 2:
            for term in pair:
                yield "symmetric-assumed", Binary("+", term, term)


def _without(form: Node) -> Iterator[tuple[str, Node]]:
    for node in postorder(form):
        if isinstance(node, Call) and node.function in FUNCTIONS and node.shape is not None and not node.shape.order:
            yield "chain-rule-inner-lost", replaced(form, node, Number(Fraction(1), "1"))
        for cell in node.children if isinstance(node, Block) else ():
            yield "product-rule-term-lost", replaced(form, cell, Number(Fraction(0), "0"))
        if not isinstance(node, Binary) or node.op not in "*@/":
            continue
        for lost, kept in ((node.left, node.right), (node.right, node.left)):
            if node.op != "/":
                yield _kind_of(lost), replaced(form, node, kept)
            elif lost is node.right:
                yield "inverse" if lost.children else "factor", replaced(form, node, kept)


def _kind_of(lost: Node) -> str:
    """The slip of having forgotten a factor."""
    scalar = lost.shape is not None and not lost.shape.order
    if isinstance(lost, Number) or (scalar and isinstance(lost, (Name, Call)) and getattr(lost, "function", "sum") in ("sum", "mean", "tr")):
        return "factor"
    return "inverse" if isinstance(lost, Call) and lost.function == "inv" else "chain-rule-inner-lost"


def _summed(terms: list[Node]) -> Node:
    out = terms[0]
    for t in terms[1:]:
        out = Binary("-", out, t.argument) if isinstance(t, Unary) and t.op == "-" else Binary("+", out, t)
    return out


def _with(s: Subject, term: Node) -> Edit:
    """The answer and one more term."""
    if isinstance(term, Unary) and term.op == "-":
        return Edit(Binary("-", s.tree, term.argument), s.tree.span)
    return Edit(Binary("+", s.tree, term), s.tree.span)


def _signed(tree: Node) -> list[Node]:
    """The terms of the outermost sum, each with its sign."""
    if isinstance(tree, Binary) and tree.op in "+-":
        right = _signed(tree.right)
        return [*_signed(tree.left), *(map(minus, right) if tree.op == "-" else right)]
    return [tree]


def _contributions(part: Node, name: str, s: Subject, source: Source) -> Iterator[Node]:
    """The derivative through one part of the function alone, the others held still, in each layout."""
    other = fresh(f"{name}0", source)
    declared = {**source.declarations, other: Declaration(other, source.declarations[name].shape, source.declarations[name].facts)}
    tree = replaced(s.function, part, replace_names(part, {name: Name(other)}))
    try:
        found = closed_forms(derive(Formula(type_tree(bare(tree), declared)), other, structure="ignored"), LAYOUTS)
    except WrtError:
        return
    yield from (replace_names(form, {other: Name(name)}) for form in found)


def closed_forms(d: Derivative, layouts: Iterable[str]) -> list[Node]:
    """The closed forms of a derivative in the layouts, each once, not proved: what is made of them is compared with the answer by proof."""
    from wrt.notation.matrix import matrix_form

    out: dict[tuple[str, int], Node] = {}
    shape, variables = shape_of(d.formula.source), [v.shape for v in d.variables]
    for layout in layouts:
        laid_out = calculus.in_layout(d.expr, shape, variables, layout)
        if laid_out is not None and (laid_out.kind, id(laid_out.expr)) not in out:
            form = matrix_form(laid_out.expr, laid_out.kind, d.context)
            if form is not None:
                out[laid_out.kind, id(laid_out.expr)] = form
    return list(out.values())


def fresh(word: str, source: Source) -> str:
    """A name nobody uses, close to the word."""
    while word in source.declarations or word in source.sizes:
        word += word[-1]
    return word


def _text(node: Node) -> str:
    from wrt.language.unparse import unparse

    return unparse(node)
