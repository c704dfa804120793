"""Answers by a variable with structure that are right for another treatment of it than the one in force: found, and said to be that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wrt.conventions import LAYOUTS, current_convention
from wrt.derivation.points import apart
from wrt.derivative import Derivative
from wrt.language.surface import Node
from wrt.language.unparse import unparse

if TYPE_CHECKING:
    from wrt.derivation.mark import Mark, Marking


def by_parameters(marking: Marking, tree: Node) -> tuple[str, ...]:
    """The layouts in which an answer is the derivative by the independent entries of a variable with structure."""
    source = marking.source(unparse(tree)) if len(marking.structures) > 1 and marking.order <= 2 and not marking.along(tree) else None
    if source is None:
        return ()
    prover = marking.prover(marking.formula.source, marking.names, "parameters")
    right = tuple(name for name in LAYOUTS if marking.status(prover, source, name) in ("exact", "numeric"))
    marking.counted = "parameters" if right else marking.counted
    return right


def as_counted(marking: Marking) -> str:
    """What is to be said of an answer that is right for another treatment of the variable's structure than the one in force."""
    if len(marking.structures) < 2 or marking.counted == marking.structure:
        return ""
    names = " and ".join(dict.fromkeys(marking.names))
    how = f"the derivative is by the independent entries of {names}"
    if marking.counted == "ignored":
        how = f"all entries of {names} count as independent"
    return f" Here {how}; with structure={marking.structure!r} the derivative is {marking.true_form(marking.layout or 'mixed')}."


def of_one_structure(marking: Marking, mark: Mark, tree: Node) -> Mark:
    """A wrong answer's mark with the counterexample of the treatment of which the mended form is, and that said."""
    if mark.fixed is None or len(marking.structures) < 2 or not marking.judge(mark.fixed)[0] or marking.counted == marking.structure:
        return mark
    source = marking.source(unparse(tree))
    if source is None or marking.along(tree):
        return mark
    other = Derivative(marking.formula, marking.names, current_convention(structure=marking.counted))
    return replace(mark, counterexample=apart(other, marking.wanted, source), note=mark.note + as_counted(marking))
