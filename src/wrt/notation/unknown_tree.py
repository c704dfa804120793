"""Applications of declared functions in matrix trees that are no array of order 2 by themselves: D(f, 2)(x)[k, :, :], grad(f)(X[i, :].T) under a sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrt.algebra.expr import Expr, Operator
from wrt.notation.entries import entry
from wrt.notation.tree import SCALAR, Box, Part, Tree

if TYPE_CHECKING:
    from wrt.notation.recover import Recovery


class NoFormError(Exception):
    """What is asked for has no matrix notation as it stands."""


def applied_at(work: Recovery, e: Operator, parts: list[Part | None]) -> tuple[Tree, int]:
    """(the application, how many leading axes its arguments are read at): f(X[i, :].T) where the leading axis has the index i.

    Raises: NoFormError where a leading axis has no index, or an argument no tree.
    """
    (lead,) = e.parameters
    assert isinstance(lead, int)
    if lead > 1 or (lead and parts[0] is None):
        raise NoFormError
    arguments = tuple(_argument(work, a, parts[0] if lead else None) for a in e.arguments)
    own = e.shape[lead:]
    box: Box = (own[0] if own else None, own[1] if len(own) > 1 else None) if len(own) <= 2 else SCALAR
    return work.forest.raw_call(e.function, arguments, box), lead


def _argument(work: Recovery, e: Expr, at: Part | None) -> Tree:
    """A whole argument, or its row (entry) at an index as a column (scalar)."""
    t = work.full(e)
    if t is None:
        raise NoFormError
    if at is None:
        return t
    forest = work.forest
    c, t = entry(forest, t, at, None)
    k, t = forest.turn(t)
    return forest.wrap((c * k, t))
