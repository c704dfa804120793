"""The derivative by a part of a variable: the derivative by the variable, at the part's places."""

from __future__ import annotations

from wrt.algebra.expr import Expr
from wrt.algebra.low import selector
from wrt.algebra.product import product
from wrt.language.sizes import Size
from wrt.language.variables import Places, Variable


def selected(d: Expr, axis: int, variable: Variable) -> Expr:
    """d[.., places, ..]: the axes of d from `axis` on, those of the whole variable, replaced by those of its part.

    Shapes: d [.., *X, ..]; result [.., *part, ..].
    """
    labels = list(range(d.order))
    sizes = list(d.shape)
    operands: list[tuple[Expr, tuple[int, ...]]] = []
    output: list[int] = labels[:axis]
    for k, places in enumerate(variable.axes):
        label = axis + k
        if places.everything:
            output.append(label)
            continue
        if places.count is None:
            operands.append((_place(places), (label,)))
            continue
        sizes.append(places.count)
        output.append(len(sizes) - 1)
        operands.append((selector("==", (1, -places.step), -places.start, (places.size, places.count)), (label, len(sizes) - 1)))
    output += labels[axis + len(variable.axes) :]
    return product(1, [(d, tuple(labels)), *operands], tuple(output), sizes)


def _place(places: Places) -> Expr:
    """The 0/1 vector of one place."""
    return selector("==", (1,), Size.of(0) - places.start, (places.size,))
