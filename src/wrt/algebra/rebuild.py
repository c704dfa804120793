"""Rebuild an expression bottom-up through the smart constructors: the base of substitution and of every rewriting pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wrt.algebra.expr import (
    Expr,
    Indicator,
    Map,
    Operator,
    Position,
    Product,
    Reshape,
    SizeValue,
    Sum,
    Symbol,
    fold,
    indicator,
    position,
    symbol,
)
from wrt.algebra.maps import mapping
from wrt.algebra.operators import operator
from wrt.algebra.product import product
from wrt.algebra.reshape import group, split
from wrt.algebra.sums import add, size_number
from wrt.language.sizes import Size


def with_children(node: Expr, children: tuple[Expr, ...], *, flatten: bool = False) -> Expr:
    """The node with other children (of the same shapes), through its constructor."""
    if all(a is b for a, b in zip(node.children, children, strict=True)):
        return node
    match node:
        case Product():
            pairs = [(c, labels) for c, (_, labels) in zip(children, node.operands, strict=True)]
            return product(node.coefficient, pairs, node.output, node.sizes, flatten=flatten)
        case Sum():
            return add([(c, e) for (c, _), e in zip(node.terms, children, strict=True)], node.shape)
        case Map():
            return mapping(node.function, children, node.parameters)
        case Operator():
            return operator(node.function, children, node.shape, node.parameters)
        case Reshape():
            if node.split:
                return split(children[0], node.counts, node.shape)
            return group(children[0], node.counts)
    raise AssertionError(type(node))


def rewrite(e: Expr, visit: Callable[[Expr], Expr]) -> Expr:
    """`visit` applied to every node after its children were rewritten."""
    return fold(e, lambda node, below: visit(with_children(node, below) if below else node))


def substitute(e: Expr, values: Mapping[str, Expr], sizes: Mapping[str, Size] | None = None) -> Expr:
    """e with symbols replaced by expressions and, if given, size names by sizes (shapes must fit after that)."""
    sizes = sizes or {}

    def at(size: Size) -> Size:
        return size.substitute(sizes) if sizes else size

    def visit(node: Expr, below: tuple[Expr, ...]) -> Expr:
        match node:
            case Symbol():
                if node.name in values:
                    return values[node.name]
                return symbol(node.name, tuple(at(s) for s in node.shape)) if sizes else node
            case SizeValue():
                return size_number(at(node.size)) if sizes else node
            case Position():
                return position(at(node.shape[0])) if sizes else node
            case Indicator():
                return indicator(node.relation, node.coefficients, at(node.constant), tuple(at(s) for s in node.shape)) if sizes else node
            case Product():
                pairs = [(c, labels) for c, (_, labels) in zip(below, node.operands, strict=True)]
                return product(node.coefficient, pairs, node.output, [at(s) for s in node.sizes] if sizes else node.sizes)
            case Sum():
                return add([(c, t) for (c, _), t in zip(node.terms, below, strict=True)], tuple(at(s) for s in node.shape))
            case Operator():
                parameters = tuple(at(p) if isinstance(p, Size) else p for p in node.parameters)
                return operator(node.function, below, tuple(at(s) for s in node.shape), parameters)
            case Reshape():
                return split(below[0], node.counts, tuple(at(s) for s in node.shape)) if node.split else group(below[0], node.counts)
            case _:
                return with_children(node, below)

    return fold(e, visit)
