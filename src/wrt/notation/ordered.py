"""The order of a sum's terms: as the product rule gives them, by the first occurrence of the variable that each comes from."""

from __future__ import annotations

from collections.abc import Iterable

from wrt.algebra.expr import Expr
from wrt.notation.adding import mirrored
from wrt.notation.build import Forest
from wrt.notation.display import DEPTH, negated, shown
from wrt.notation.recover import Recovery
from wrt.notation.tree import ONE, Scaled, Sum, Tree, Turn

MOST = 8  # terms that are put in order


def ordered(forest: Forest, work: Recovery, found: Scaled, parts: Iterable[Expr]) -> Scaled:
    """c*tree with the terms of a sum in the order of `parts`, the derivatives by one occurrence after the other.

    What several parts share stands where the first of them would that is no term by itself. A positive term is first where there is one.
    """
    c, t = found
    turned = isinstance(t, Turn)
    total = t.argument if isinstance(t, Turn) else t
    if not isinstance(total, Sum) or not 2 <= len(total.terms) <= MOST or total.typed:
        return found
    ranks: dict[int, int] = {}
    here = {u.serial for _, u in total.terms}
    shared: int | None = None
    for place, part in enumerate(parts):
        work.kept.append(part)
        tree = work.tree(part)
        if tree is None:
            return found
        serials = [] if tree[0] == 0 else [u.serial for u in _terms(forest, tree[1], turned=turned)]
        for serial in serials:
            ranks.setdefault(serial, place)
        if shared is None and not here & set(serials):
            shared = place
    if not here & set(ranks):
        return found
    front = abs(c) if shown(forest, abs(c), total)[0] == abs(c) else ONE  # a number that would be printed inside the sum goes there
    groups: dict[int, list[Scaled]] = {}
    for k, u in total.terms:
        groups.setdefault(ranks.get(u.serial, shared or 0), []).append((c / front * k, u))
    terms = _settled(forest, [term for rank in sorted(groups) for term in (forest.arranged(groups[rank]) if len(groups[rank]) > 1 else groups[rank])])
    if [t.serial for _, t in terms] == [t.serial for _, t in total.terms]:
        return found
    made = forest.raw_sum(tuple(terms), ("ordered", tuple((k, u.serial) for k, u in terms)), arrange=False)
    made.typed = True  # printed in this order
    return front, forest.raw_turn(made) if turned else made


def _settled(forest: Forest, terms: list[Scaled]) -> list[Scaled]:
    """The terms with a positive one in front, and A @ X @ B before its mirror image A.T @ X @ B.T.

    X.T @ (X @ w - y) + c*w, where the user wrote y - X @ w, rather than c*w - X.T @ (y - X @ w).
    """
    out = mirrored(terms)
    if out[0][0] < 0 and (first := negated(forest, out[0][1], DEPTH, typed=True)) is not None:
        return [(-out[0][0], first), *out[1:]]
    lead = next((term for term in out if term[0] > 0), None)
    if lead is not None and out[0][0] < 0:
        out.remove(lead)
        out.insert(0, lead)
    return out


def _terms(forest: Forest, t: Tree, *, turned: bool) -> list[Tree]:
    """The terms of a sum, or the tree itself, turned where asked."""
    terms = [u for _, u in t.terms] if isinstance(t, Sum) else [t]
    return [forest.wrap((ONE, forest.turn(u)[1])) for u in terms] if turned else terms
