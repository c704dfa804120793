"""Which form is shortest to read: as derived, or with sums spread out and factored anew; and when to name shared parts."""

from __future__ import annotations

from collections.abc import Mapping

from wrt.algebra.expr import Expr
from wrt.notation.build import ONE, Forest
from wrt.notation.expand import expanded, generic
from wrt.notation.recover import Recovery, box_of
from wrt.notation.tree import Scaled, Tree

MARGIN = 0.3  # length an expanded form must save


def best(forest: Forest, typed: Mapping[int, Scaled], e: Expr, row: bool) -> Scaled | None:
    """The shortest tree of e, with every axis written out; a row when asked."""
    work = Recovery(forest, typed)
    e = generic(e, set(typed))
    found = _laid_out(work, e, row)
    seen = {id(e)}
    for constants_only in (True, False):
        other = expanded(e, constants_only=constants_only)
        if other is None or id(other) in seen:
            continue
        seen.add(id(other))
        work.kept.append(other)
        candidate = _laid_out(work, other, row)
        if candidate is not None and (found is None or forest.product_score(*candidate) < forest.product_score(*found) - MARGIN):
            found = candidate
    return found


def _laid_out(work: Recovery, e: Expr, row: bool) -> Scaled | None:
    found = work.tree(e)
    if found is None or e.order > 2:
        return None
    if found[0] == 0:
        return found
    c, t = work.forest.spread(found, box_of(e))
    if not row:
        return c, t
    k, turned = work.forest.turn(t)
    return c * k, turned


__all__ = ["ONE", "Tree", "best"]
