"""The order of a sum's terms: as the product rule gives them, by the first occurrence of the variable that each comes from."""

from __future__ import annotations

from collections.abc import Iterable

from wrt.algebra.expr import Expr
from wrt.notation.build import Forest
from wrt.notation.display import shown
from wrt.notation.recover import Recovery
from wrt.notation.tree import ONE, Chain, Scaled, Sum, Tree, Turn

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
    terms = _settled([term for rank in sorted(groups) for term in (forest.arranged(groups[rank]) if len(groups[rank]) > 1 else groups[rank])])
    if [t.serial for _, t in terms] == [t.serial for _, t in total.terms]:
        return found
    made = forest.raw_sum(tuple(terms), ("ordered", tuple((k, u.serial) for k, u in terms)), arrange=False)
    made.typed = True  # printed in this order
    return front, forest.raw_turn(made) if turned else made


def _settled(terms: list[Scaled]) -> list[Scaled]:
    """The terms with a positive one in front, and A @ X @ B before its mirror image A.T @ X @ B.T."""
    out = list(terms)
    for n in range(len(out)):
        for m in range(n + 1, len(out)):
            (leaves, turns), (others, fewer) = _leaves(out[n][1]), _leaves(out[m][1])
            if leaves == others and turns > fewer:
                out[n], out[m] = out[m], out[n]
    lead = next((term for term in out if term[0] > 0), None)
    if lead is not None and out[0][0] < 0:
        out.remove(lead)
        out.insert(0, lead)
    return out


def _leaves(t: Tree) -> tuple[list[int], int]:
    """(the factors of a product, turned or not, in a fixed order; how many are turned)."""
    factors = t.factors if isinstance(t, Chain) else (t,)
    return sorted((f.argument if isinstance(f, Turn) else f).serial for f in factors), sum(isinstance(f, Turn) for f in factors)


def _terms(forest: Forest, t: Tree, *, turned: bool) -> list[Tree]:
    """The terms of a sum, or the tree itself, turned where asked."""
    terms = [u for _, u in t.terms] if isinstance(t, Sum) else [t]
    return [forest.wrap((ONE, forest.turn(u)[1])) for u in terms] if turned else terms
