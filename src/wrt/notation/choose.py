"""Which form is shortest to read: as derived, with sums that absorb what cancels, or with products spread out and factored anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wrt.algebra.expr import Expr, count_nodes
from wrt.algebra.simplify import Facts, simplify
from wrt.notation.build import Forest
from wrt.notation.expand import absorbed, expanded, generic
from wrt.notation.recover import Recovery, box_of
from wrt.notation.tree import Scaled

MARGIN = 0.3  # length an other shape must save
SHARE = 0.15  # and the share of the length it must save: what the user named stays recognisable
LARGE = 400  # nodes beyond which only the derived shape is tried


def best(forest: Forest, typed: Mapping[int, Scaled], e: Expr, row: bool) -> Scaled | None:
    """The shortest tree of e, with every axis written out; a row when asked."""
    work = Recovery(forest, typed)
    e = generic(e, typed)
    work.kept.append(e)
    found = _laid_out(work, e, row)
    if count_nodes(e) > LARGE:
        return found
    for other, exact in _others(e, forest.context.facts):
        work.kept.append(other)
        candidate = _laid_out(work, other, row)
        if candidate is None:
            continue
        if found is None:
            found = candidate
            continue
        old, new = forest.product_score(*found), forest.product_score(*candidate)
        if new < old - (MARGIN if exact else max(MARGIN, SHARE * old)):
            found = candidate
    return found


def _others(e: Expr, facts: Facts) -> Iterator[tuple[Expr, bool]]:
    """Other shapes of e; True for those that only cancel."""
    seen = {id(e)}
    cancelled = absorbed(e)
    for other, exact in (
        (cancelled, True),
        (expanded(cancelled, constants_only=True), False),
        (expanded(cancelled, constants_only=False), False),
    ):
        if other is None or id(other) in seen:
            continue
        if not exact:
            other = simplify(other, facts)[0]  # what stands alone now may cancel by a fact
        if id(other) not in seen:
            seen.add(id(other))
            yield other, exact


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
