"""Declared functions in the index form: applied to arrays, and their derivatives, whose axes are symmetric in repeated directions (Schwarz).

A function of scalars alone is a Map "D(phi, k)", entry by entry; any other an Operator "D[f, k, l]" with the axes

    [*lead, *value, *(axes of argument 0, k times), *(axes of argument 1, l times), ...]

and the number of leading axes (free indices that arguments depend on, the same first axes of every argument) as its parameter.
"""

from __future__ import annotations

from itertools import permutations
from itertools import product as combinations
from math import factorial

from wrt.algebra.expr import Expr, Labels, Map, Operator, raw_operator
from wrt.algebra.maps import mapping
from wrt.algebra.product import product
from wrt.language.functions_declared import index_name, index_parts

MOST_ORDERS = 24  # arrangements of repeated directions up to which all are tried


def scalar_slope(node: Map, k: int) -> Expr | None:
    """The derivative of phi(x, y) by one argument, entry by entry; None for a function of the tables."""
    found = index_parts(node.function)
    if found is None:
        return None
    name, orders = found
    raised = tuple(order + (j == k) for j, order in enumerate(orders))
    return mapping(index_name(name, raised, elementwise=True), node.arguments)


def jacobian(node: Operator, k: int) -> Expr | None:
    """The derivative of f(x, y) by one argument, axes of the node then of the argument; None for a function of the tables."""
    found = index_parts(node.function)
    if found is None:
        return None
    name, orders = found
    (lead,) = node.parameters
    assert isinstance(lead, int)
    counts = [(a.order - lead) * order for a, order in zip(node.arguments, orders, strict=True)]
    first = node.order - sum(counts[k + 1 :])  # the new axes come after those of the same argument
    x = node.arguments[k]
    own = x.shape[lead:]
    shape = (*node.shape[:first], *own, *node.shape[first:])
    raised = tuple(order + (j == k) for j, order in enumerate(orders))
    array = raw_operator(index_name(name, raised), node.arguments, shape, node.parameters)
    labels = tuple(range(len(shape)))
    new = labels[first : first + len(own)]
    output = (*labels[:first], *labels[first + len(own) :], *labels[:lead], *new)
    return array if output == labels else product(1, [(array, labels)], output, shape)


def same_entries(node: Operator, labels: Labels) -> list[Labels]:
    """The orders of labels that give the same entries of a derivative: partial derivatives by one argument commute."""
    found = index_parts(node.function)
    if found is None:
        return [labels]
    _, orders = found
    (lead,) = node.parameters
    assert isinstance(lead, int)
    widths = [a.order - lead for a in node.arguments]
    count = 1
    for order, width in zip(orders, widths, strict=True):
        count *= factorial(order) if width else 1
    if not 1 < count <= MOST_ORDERS:
        return [labels]
    at = node.order - sum(w * k for w, k in zip(widths, orders, strict=True))
    head, turns = labels[:at], []
    for order, width in zip(orders, widths, strict=True):
        groups = [labels[at + width * n : at + width * (n + 1)] for n in range(order)]
        at += width * order
        turns.append([tuple(a for group in chosen for a in group) for chosen in permutations(groups)] if width else [()])
    return [(*head, *[a for part in chosen for a in part]) for chosen in combinations(*turns)]


def is_symmetric(node: Operator) -> bool:
    """Whether a matrix is the derivative of a scalar function twice by one vector, and by scalars."""
    found = index_parts(node.function)
    if found is None or node.order != 2 or node.parameters != (0,):
        return False
    return [(k, a.order) for k, a in zip(found[1], node.arguments, strict=True) if k and a.order] == [(2, 1)]
