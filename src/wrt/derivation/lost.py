"""What a derivation by hand loses: the inner derivative of a chain rule, one term of a product rule, put back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from wrt.api import derive
from wrt.calculus import operators as calculus
from wrt.conventions import LAYOUTS
from wrt.derivation.edits import LOGS, Edit, Subject
from wrt.derivation.terms import addends, bare, expanded, inner_terms, minus, replaced
from wrt.derivative import Derivative
from wrt.errors import WrtError
from wrt.formula import Formula, shape_of
from wrt.language.read import type_tree
from wrt.language.rewrite import replace_names
from wrt.language.surface import Binary, Block, Call, Declaration, Name, Node, Number, Source, Unary, postorder
from wrt.language.unparse import short
from wrt.tables.functions import FUNCTIONS

MOST = 12  # parts of the function that are looked at


def inner_derivatives(s: Subject, source: Source) -> Iterator[Edit]:
    """The answer, or one of its terms, times the derivative of an inner function: elementwise, as a matrix, transposed, from either side."""
    seen: dict[str, None] = {}
    tangents = [n for n in postorder(s.tree) if isinstance(n, Name) and n.name[1:] in s.names and n.name[0] == "d"]
    for node in postorder(s.function):
        if not s.moving(node) or isinstance(node, Name) or node.shape is None or node.shape.kind == "tensor" or len(seen) >= MOST:
            continue
        for inner, says in _derivatives(node, s, source):
            words = _text(inner)
            if words in seen or (isinstance(inner, Number) and inner.value in (0, 1)):
                continue
            seen[words] = None
            for tangent in tangents:
                for op in "@*":
                    yield Edit(replaced(s.tree, tangent, Binary(op, inner, tangent)), tangent.span, says)
            for part in dict.fromkeys([s.tree, *addends(s.tree)]):
                turned = inner.argument if isinstance(inner, Unary) and inner.op == "T" else Unary("T", inner)
                for new in (
                    *_diagonal(inner, part),
                    Binary("*", inner, part),
                    Binary("*", part, inner),
                    Binary("@", turned, part),
                    Binary("@", inner, part),
                    Binary("@", part, inner),
                    Binary("@", part, turned),
                ):
                    yield Edit(replaced(s.tree, part, new), part.span, says)


def _diagonal(inner: Node, part: Node) -> Iterator[Node]:
    """diag(v) @ part, written as an elementwise product."""
    if isinstance(inner, Call) and inner.function == "diag" and len(inner.arguments) == 1:
        v = inner.arguments[0]
        if v.shape is not None and v.shape.order == 1:
            yield Binary("*", part, v)


def _derivatives(node: Node, s: Subject, source: Source) -> Iterator[tuple[Node, str]]:
    """The derivative of an inner function by each variable, as a tree, and what is said of it; and that of its elementwise function by its argument."""
    try:
        inner = Formula(type_tree(bare(node), source.declarations))
    except WrtError:  # it holds a bound index
        return
    for name in dict.fromkeys(s.names) if node is not s.function else ():
        try:
            found = derive(inner, name, layout="mixed").matrix
        except WrtError:
            continue
        if found is not None:
            yield found.source.tree, f"the inner derivative {short(found.source.tree)} of {short(node)} is forgotten"
    arguments = [c for c in node.children if s.moving(c)]
    if (
        len(arguments) == 1
        and (node is not s.function or len(s.names) == 1)
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
        slope = replace_names(local, {u: arguments[0]})
        if node is not s.function or getattr(node, "function", "") not in LOGS:
            yield slope, f"the {'outer' if node is s.function else 'inner'} derivative {short(slope)} of {short(node)} is forgotten"


def lost_terms(s: Subject, source: Source, forms: Iterable[Node] = ()) -> Iterator[Edit]:
    """The answer plus a term of the derivative (`forms` are its closed forms), or plus what one part of the function contributes; short ones first."""
    ops = _products(s)
    says = "" if ops - {"/"} else "the quotient rule has two terms; one is lost" if ops else "a term of the derivative is lost"
    made = (*_contributed(s, source), *restored(s, forms))
    for edit in sorted(made, key=lambda edit: (not edit.says, len(_text(edit.tree)))):
        yield edit if edit.says else Edit(edit.tree, edit.span, says)


def _products(s: Subject) -> set[str]:
    """The operators of the function's products, quotients and powers of two parts that both hold the variable."""
    return {n.op for n in postorder(s.function) if isinstance(n, Binary) and n.op not in "+-" and all(map(s.moving, n.children))}


def _contributed(s: Subject, source: Source) -> Iterator[Edit]:
    if len(set(s.names)) != 1 or len(s.names) > 1:
        return
    (name,) = s.names
    parts = [n for n in postorder(s.function) if n is not s.function and s.moving(n) and n.shape is not None and n.shape.kind != "tensor"]
    summed = {id(n) for n in addends(s.function)} - {id(s.function)}
    for part in sorted(parts, key=lambda n: id(n) not in summed)[:MOST]:
        says = f"the term {short(part)} of the sum is lost" if id(part) in summed else ""
        for term in _contributions(part, name, s, source):
            if not (isinstance(term, Number) and term.value == 0):
                yield replace(_with(s, term), says=says)
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
    yield from ((kind, tree) for kind, tree, _ in without_factor(form))
    yield from (("symmetric-assumed", tree) for tree in written_twice(form))


def without_factor(form: Node) -> Iterator[tuple[str, Node, str]]:
    """(kind, the derivative without one factor, what is said of it), for each factor of a closed form of it, or of one of its terms."""
    yield from _without(form)
    terms = expanded(form)
    if len(terms) > 1:
        for k, term in enumerate(terms):
            for kind, less, says in _without(term):
                yield kind, _summed([*terms[:k], less, *terms[k + 1 :]]), says


def written_twice(form: Node) -> Iterator[Node]:
    """A sum of two terms that have the same factors in another order with one of the terms written twice."""
    for pair in (_signed(form), expanded(form)):
        if len(pair) == 2 and _leaves(pair[0]) == _leaves(pair[1]):
            for term in pair:
                yield Binary("+", term, term)


def _leaves(term: Node) -> list[str] | None:
    """The names and numbers of a product of matrices, sorted; a list that equals no other for what is none."""
    if not any(isinstance(n, Binary) and n.op == "@" for n in postorder(term)):
        return [_text(term)]
    return sorted(_text(n) for n in postorder(term) if not n.children)


def _without(form: Node) -> Iterator[tuple[str, Node, str]]:
    inside: dict[int, Call] = {}  # the innermost elementwise function around a node
    for node in postorder(form):
        for part in postorder(node) if isinstance(node, Call) and node.function in FUNCTIONS else ():
            if part is not node and isinstance(node, Call):
                inside.setdefault(id(part), node)
    for node in postorder(form):
        if isinstance(node, Call) and node.function in FUNCTIONS and node.shape is not None and not node.shape.order:
            yield "chain-rule-inner-lost", replaced(form, node, Number(Fraction(1), "1")), f"the factor {short(node)} of the derivative is missing"
        for cell in node.children if isinstance(node, Block) else ():
            yield "product-rule-term-lost", replaced(form, cell, Number(Fraction(0), "0")), f"the entry {short(cell)} is missing"
        if not isinstance(node, Binary) or node.op not in "*@/":
            continue
        for lost, kept in ((node.left, node.right), (node.right, node.left)):
            if node.op == "/" and lost is node.left:
                continue
            says = f"the {'divisor' if node.op == '/' else 'factor'} {short(lost)} of the derivative is missing"
            if (around := inside.get(id(node))) is not None:
                says = f"{short(replaced(around, node, kept))} stands for {short(around)}"
            yield ("factor" if not lost.children else "inverse") if node.op == "/" else _kind_of(lost), replaced(form, node, kept), says


def _kind_of(lost: Node) -> str:
    """The slip of having forgotten a factor."""
    if isinstance(lost, Binary) and lost.op in "+-":
        return "factor"
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
