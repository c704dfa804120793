"""Points that show a wrong answer wrong: of small whole numbers, off the function's kinks; and what a right answer does at a kink."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wrt.derivative import Derivative
from wrt.equality import said
from wrt.formula import shape_of
from wrt.language.surface import Binary, Call, Source, postorder
from wrt.proof.counterexample import counterexample

COMPARED = ("<", "<=", ">", ">=")
KINKED = ("relu", "abs", "sign", "maximum", "minimum", "max", "min", "where", "norm")
KINKS = 48  # points at which a right answer is compared with the derivative as it is taken at kinks


def apart(derivative: Derivative, layouts: Sequence[str], answer: Source) -> tuple[Mapping[str, Any], Any, Any] | None:
    """(values, derivative, answer) at the simplest point where an answer is not the derivative; off its kinks where there is such a point."""
    pair = _beside(derivative, layouts, answer)
    if pair is None:
        return None
    found = counterexample(*pair, off_kinks=True) or counterexample(*pair)
    return None if found is None else (found.values, found.left, found.right)


def at_kinks(derivative: Derivative, layouts: Sequence[str], answer: Source) -> str:
    """What is to be said of a right answer that has another value at a kink than the derivative as it is taken there."""
    trees = (answer.tree, derivative.formula.source.tree)
    if not any(_kinked(n) for t in trees for n in postorder(t)):
        return ""
    pair = _beside(derivative, layouts, answer)
    found = counterexample(*pair, most=KINKS) if pair is not None else None
    if found is None:
        return ""
    at = ", ".join(f"{name} = {said(value)}" for name, value in found.values.items())
    return f" At a kink, {at}, the derivative is taken to be {said(found.left)} and the answer gives {said(found.right)}: both are right there."


def _kinked(node: object) -> bool:
    return (isinstance(node, Binary) and node.op in COMPARED) or (isinstance(node, Call) and node.function in KINKED)


def _beside(derivative: Derivative, layouts: Sequence[str], answer: Source) -> tuple[Source, Source] | None:
    """The derivative in the layout that has the answer's shape, and the answer; None where there is none."""
    for layout in layouts:
        view = derivative.in_layout(layout)
        if view is None and not derivative.in_layout("mixed"):
            view = derivative.kronecker
        if view is not None and shape_of(view.source) == shape_of(answer):
            return view.source, answer
    return None
