"""Entries of declared functions: D(f)(x)[i, j]; under a sum of arguments at its index, grad(g)(X[i, :].T)[j]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrt.algebra.expr import Expr, Operator, Product, Symbol
from wrt.language.functions_declared import index_parts, printed
from wrt.language.surface import Call, Index, Name, Node, Slice, Unary
from wrt.language.trampoline import Task
from wrt.language.unparse import unparse
from wrt.notation.index_operators import Places, Scope, array, formula
from wrt.notation.index_place import Lookup, entry_node, place_node

if TYPE_CHECKING:
    from wrt.notation.index_entry import Entries

EVERYTHING = Slice(None, None, None)


def application(entries: Entries, e: Operator, places: Places, scope: Scope) -> Task:
    """A declared function at places, the first of them those of its arguments."""
    (count,) = e.parameters
    assert isinstance(count, int)
    arguments: list[Node] = []
    for a in e.arguments:
        node = (yield _part(entries, a, places[:count], scope)) if count else (yield formula(entries, a, scope))
        arguments.append(node)
    name = printed(e.function, entries.context.functions)
    return entry_node(Call(name, tuple(arguments)), _in_order(e, places[count:]))


def _in_order(e: Operator, places: Places) -> Places:
    """The places with those of repeated directions in the order of their names: partial derivatives commute."""
    found = index_parts(e.function)
    assert found is not None
    (count,) = e.parameters
    assert isinstance(count, int)
    if any(isinstance(p, Lookup) for p in places):
        return places
    widths = [a.order - count for a in e.arguments]
    at = len(places) - sum(w * k for w, k in zip(widths, found[1], strict=True))
    out = list(places[:at])
    for width, k in zip(widths, found[1], strict=True):
        groups = [places[at + width * n : at + width * (n + 1)] for n in range(k)]
        out += [p for group in sorted(groups, key=lambda group: [unparse(place_node(p)) for p in group]) for p in group]
        at += width * k
    return tuple(out)


def _part(entries: Entries, e: Expr, fixed: Places, scope: Scope) -> Task:
    """e[fixed, ...] as one value: an entry, a row of a matrix as a column, X[i, :].T, else array(e[fixed, j] for ...)."""
    if e.order == len(fixed):
        return (yield entries.entry(e, fixed, scope))
    found = _sliced(e, fixed)
    if found is None and len(fixed) == 1 and e.order == 2 and not isinstance(fixed[0], Lookup):
        whole = entries.matrix(e, "matrix")
        found = None if whole is None else Unary("T", Index(whole, (place_node(fixed[0]), EVERYTHING)))
    return found if found is not None else (yield array(entries, e, fixed, scope))


def _sliced(e: Expr, fixed: Places) -> Node | None:
    """X[i, :].T, X[:, i], T[i, :, :] or x itself of a variable that the value is read off; None where it is made of more."""
    labels = tuple(range(e.order))
    symbol: Expr = e
    output = labels
    if isinstance(e, Product):
        if len(e.operands) != 1 or e.coefficient != 1 or len(set(e.output)) < len(e.output):
            return None
        ((symbol, labels),) = e.operands
        output = e.output
    if not isinstance(symbol, Symbol) or len(set(labels)) < len(labels) or set(labels) - set(output):
        return None
    at = {a: p for a, p in zip(output, fixed, strict=False) if not isinstance(p, Lookup)}
    own = output[len(fixed) :]
    kept = [a for a in labels if a not in at]
    if set(kept) != set(own) or (len(own) != 1 and kept != list(own)):
        return None
    name = Name(symbol.name, "variable")
    if not any(a in at for a in labels):
        return name
    node = Index(name, tuple(place_node(at[a]) if a in at else EVERYTHING for a in labels))
    return Unary("T", node) if len(labels) == 2 and labels[1] == own[0] else node
