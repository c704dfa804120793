"""Derivatives for tests of notation: the index form as the engine leaves it, and what notation knows of the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wrt.algebra.expr import Expr, symbol
from wrt.algebra.flatten import flattened
from wrt.algebra.lower import lower
from wrt.algebra.simplify import simplify
from wrt.calculus.derive import derivative
from wrt.language.read import read
from wrt.language.surface import Source
from wrt.language.unparse import unparse
from wrt.notation.context import context_of
from wrt.notation.index import index_form
from wrt.notation.kronecker import kronecker_form
from wrt.tables.facts import closure


def derived(text: str, shapes: Any, *names: str, assume: Mapping[str, Sequence[str]] | None = None) -> tuple[Source, Expr]:
    """The typed formula and the array of its derivative by the names in turn."""
    source = read(text, shapes, assume)
    d = flattened(lower(source))
    for name in names:
        d = derivative(d, symbol(name, source.declarations[name].shape.sizes))
    facts = {name: closure(v.facts) for name, v in source.declarations.items() if v.facts}
    return source, simplify(flattened(d), facts)[0]


def index_text(text: str, shapes: Any, *names: str, assume: Mapping[str, Sequence[str]] | None = None) -> str:
    """`i, j: formula` of one entry of the derivative."""
    source, d = derived(text, shapes, *names, assume=assume)
    indices, node = index_form(d, context_of(source, source.declarations))
    return f"{', '.join(indices)}: {unparse(node)}" if indices else unparse(node)


def kronecker_text(text: str, shapes: Any, *names: str) -> str | None:
    """d vec(F) / d vec(X)^T, None where it has no form."""
    source, d = derived(text, shapes, *names)
    tree, declared = source.tree, source.declarations
    assert tree.shape is not None
    rows = tree.shape.order + (declared[names[0]].shape.order if len(names) > 1 else 0)
    node = kronecker_form(d, rows, context_of(source, declared))
    return None if node is None else unparse(node)
