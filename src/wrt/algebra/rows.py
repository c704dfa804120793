"""Rows of the tables as index form: each text is parsed and lowered once, on first use, and instantiated by substitution."""

from __future__ import annotations

from functools import cache

from wrt.algebra.expr import Expr, Map, Product, Sizes, Sum, Symbol, fold
from wrt.algebra.maps import mapping
from wrt.algebra.product import broadcast, product
from wrt.algebra.sums import add
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS


@cache
def scalar_pattern(text: str, names: tuple[str, ...]) -> Expr:
    from wrt.algebra.lower import lower
    from wrt.language.read import read

    return lower(read(text, dict.fromkeys(names, ())))


def lift(pattern: Expr, values: dict[str, Expr], shape: Sizes) -> Expr:
    """A formula of scalars applied entry by entry: scalar symbols become arrays of `shape`."""
    axes = tuple(range(len(shape)))

    def visit(node: Expr, below: tuple[Expr, ...]) -> Expr:
        match node:
            case Symbol() if node.name in values:
                return values[node.name]
            case Product():
                return product(node.coefficient, [(e, axes) for e in below], axes, shape)
            case Sum():
                return add([(c, e) for (c, _), e in zip(node.terms, below, strict=True)], shape)
            case Map():
                return mapping(node.function, below, node.parameters)
            case _:
                return broadcast(node, (), shape)

    return fold(pattern, visit)


def defined(function: str, arguments: tuple[Expr, ...], shape: Sizes) -> Expr:
    """The expansion of an elementwise function in simpler ones."""
    row = FUNCTIONS[function]
    return lift(scalar_pattern(row.defined, row.arguments), dict(zip(row.arguments, arguments, strict=True)), shape)


@cache
def signature(name: str) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], tuple[str, ...]]:
    """((argument, sizes), ...) and the result's sizes of a row such as "X[n,n], k[] -> [n,n]"."""
    left, right = OPERATORS[name].signature.split("->")
    arguments = []
    for word in left.split("]")[:-1]:
        argument, sizes = word.lstrip(" ,").split("[")
        arguments.append((argument.strip(), tuple(s.strip() for s in sizes.split(",") if s.strip())))
    return tuple(arguments), tuple(s.strip() for s in right.strip()[1:-1].split(",") if s.strip())
