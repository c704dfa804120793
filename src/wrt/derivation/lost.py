"""What a derivation by hand loses: the inner derivative of a chain rule, one term of a product rule, put back."""

from __future__ import annotations

from collections.abc import Iterator

from wrt.api import derive
from wrt.derivation.edits import Edit, Subject, addends, replaced
from wrt.errors import WrtError
from wrt.formula import Formula
from wrt.language.read import type_tree
from wrt.language.rewrite import with_children
from wrt.language.surface import Binary, Declaration, Name, Node, Number, Source, Unary, postorder

MOST = 12  # occurrences of the variable, and inner functions, that are looked at


def inner_derivatives(s: Subject, source: Source) -> Iterator[Edit]:
    """The answer, or one of its terms, times the derivative of an inner function: elementwise, as a matrix, transposed, from either side."""
    seen: dict[str, None] = {}
    for node in postorder(s.function):
        moving = any(isinstance(p, Name) and p.name in s.names for p in postorder(node))
        if not moving or isinstance(node, Name) or node is s.function or node.shape is None or node.shape.kind == "tensor" or len(seen) >= MOST:
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
        inner = Formula(type_tree(_copy(node), source.declarations))
    except WrtError:  # it holds a bound index
        return
    for name in dict.fromkeys(s.names):
        try:
            found = derive(inner, name, layout="mixed").matrix
        except WrtError:
            continue
        if found is not None:
            yield found.source.tree
    arguments = [c for c in node.children if any(isinstance(p, Name) and p.name in s.names for p in postorder(c))]
    if (
        len(arguments) == 1
        and arguments[0].shape is not None
        and node.shape is not None
        and arguments[0].shape == node.shape
        and not isinstance(arguments[0], Name)
    ):
        fresh = "u"
        while fresh in source.declarations or fresh in source.sizes:
            fresh += "u"
        outer = replaced(node, arguments[0], Name(fresh))
        declared = {**source.declarations, fresh: Declaration(fresh, arguments[0].shape)}
        try:
            local = derive(Formula(type_tree(_copy(outer), declared)), fresh).as_formula().source.tree
        except WrtError:
            return
        from wrt.language.rewrite import replace_names

        yield replace_names(local, {fresh: arguments[0]})


def lost_terms(s: Subject, source: Source) -> Iterator[Edit]:
    """The answer plus what one occurrence of the variable contributes."""
    occurrences = [n for n in postorder(s.function) if isinstance(n, Name) and n.name in s.names]
    if not 1 < len(occurrences) <= MOST or len(s.names) != 1:
        return
    from wrt.language.rewrite import replace_names

    (name,) = s.names
    fresh = name + "0"
    while fresh in source.declarations or fresh in source.sizes:
        fresh += "0"
    declared = {**source.declarations, fresh: Declaration(fresh, source.declarations[name].shape, source.declarations[name].facts)}
    for occurrence in occurrences:
        tree = replaced(s.function, occurrence, Name(fresh))
        try:
            d = derive(Formula(type_tree(_copy(tree), declared)), fresh, structure="ignored")
            views = [d.in_layout(layout) for layout in ("mixed", "numerator", "denominator")]
        except WrtError:
            continue
        for view in dict.fromkeys(v for v in views if v is not None):
            term = replace_names(view.source.tree, {fresh: Name(name)})
            if not (isinstance(term, Number) and term.value == 0):
                yield Edit(Binary("+", s.tree, term), s.tree.span)
                yield Edit(Binary("-", s.tree, term), s.tree.span)


def _copy(tree: Node) -> Node:
    """A tree of its own nodes, so that typing it leaves the original alone."""
    from dataclasses import replace

    done: dict[int, Node] = {}
    for node in postorder(tree):
        below = tuple(done[id(c)] for c in node.children)
        done[id(node)] = with_children(node, below) if below else replace(node)
    return done[id(tree)]


def _text(node: Node) -> str:
    from wrt.language.unparse import unparse

    return unparse(node)
