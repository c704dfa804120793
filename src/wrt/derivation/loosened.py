"""Declarations under which sizes fit that do not fit otherwise, so that an answer of a wrong shape can be read and marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wrt.derivation.terms import all_replaced, bare
from wrt.language.sizes import Size
from wrt.language.surface import Call, Declaration, FunctionDeclaration, Name, Node, Shape, Source, matrix, postorder


def one_size(declared: Mapping[str, Declaration]) -> dict[str, Declaration]:
    """The declarations with one size for all."""
    names = [n for d in declared.values() if not isinstance(d, FunctionDeclaration) for s in d.shape.sizes for n in s.names]
    same = {n: Size.of(names[0]) for n in names}
    return {
        n: d if isinstance(d, FunctionDeclaration) else replace(d, shape=Shape(d.shape.kind, tuple(s.substitute(same) for s in d.shape.sizes)))
        for n, d in declared.items()
    }


def all_square(declared: Mapping[str, Declaration]) -> dict[str, Declaration]:
    """The declarations with a square matrix for every array, so that any product fits."""
    names = [n for d in declared.values() if not isinstance(d, FunctionDeclaration) for s in d.shape.sizes for n in s.names]
    size = Size.of(names[0]) if names else Size.of(2)
    return {n: d if isinstance(d, FunctionDeclaration) or not d.shape.order else Declaration(n, matrix(size, size)) for n, d in declared.items()}


def renamed(tree: Node, function: Source) -> list[Node]:
    """A tree read beside other declarations, untyped; identities and columns of ones in it have each size in turn."""
    calls = [n for n in postorder(tree) if isinstance(n, Call) and n.function in ("eye", "ones", "zeros")]
    if not calls:
        return [bare(tree)]
    changes = ({id(n): Call(n.function, (Name(size),) * len(n.arguments), span=n.span) for n in calls} for size in function.sizes)
    return [bare(all_replaced(tree, c)) for c in changes]
