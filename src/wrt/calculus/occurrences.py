"""The derivative by one occurrence of a variable in the text at a time: which term of the product rule comes first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wrt.algebra.expr import Expr, symbol
from wrt.algebra.flatten import flattened
from wrt.algebra.known import Facts
from wrt.algebra.lower import Lowering
from wrt.algebra.rebuild import substitute
from wrt.algebra.simplify import simplify
from wrt.calculus.derive import derivative
from wrt.errors import WrtError
from wrt.language.rewrite import exchanged
from wrt.language.surface import FunctionDeclaration, Name, Node, postorder

MOST = 6  # occurrences that are told apart
LARGE = 120  # nodes of a text whose occurrences are told apart


def by_occurrence(tree: Node, name: str, functions: Mapping[str, FunctionDeclaration], facts: Facts) -> Iterator[Expr]:
    """The derivatives of a typed text by each occurrence of a variable, left to right; they add up to the derivative. None for one occurrence or for many.

    Shapes: [*F, *X] each, as the derivative.
    """
    nodes = list(postorder(tree))
    places = [node for node in nodes if isinstance(node, Name) and node.role == "variable" and node.name == name]
    if not 2 <= len(places) <= MOST or len(nodes) > LARGE:
        return
    names = {id(node): f"{name}#{k}" for k, node in enumerate(places)}
    split = exchanged(tree, lambda n: Name(names[id(n)], "variable", span=n.span, shape=n.shape) if id(n) in names else None, typed=True)
    work = Lowering(functions)
    try:
        f = work.run(split).expr
    except WrtError:
        return
    assert places[0].shape is not None
    sizes = places[0].shape.sizes
    back = {other: symbol(name, sizes) for other in names.values()}
    for other in names.values():
        d = substitute(derivative(f, symbol(other, sizes)), back)
        yield simplify(flattened(d), facts)[0]
