"""The shortest sum: common factors, common first or last matrices and common calls are taken out while that saves length.

A term is number * scalars * body; a body is an elementwise product or a chain of matrices. The greedy step takes out what saves most: the
handles that promise most are tried and the best result is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from wrt.notation.build import Forest
from wrt.notation.common import Group, View, groups, view
from wrt.notation.score import OPERATION, WORD
from wrt.notation.tree import ONE, SCALAR, Atom, Call, Chain, Factor, Loop, Scaled, Sum, Times, Tree, postorder

LIMIT = 32  # terms up to which factors are sought
TRIED = 4  # handles tried in a step
PATIENCE = 1000  # terms divided in one formula, after which only the best handle of a step is tried: factors within factors are exponentially many
DEPTH = 8  # factors within factors
GAIN = 0.2  # length that a step must save
WRITTEN = 0.3  # length that a sum of scalars that the user wrote, or a scalar of all terms, is worth: (1 - c)*y, not y - c*y; c*(u + 1), not c*u + c
NESTED = 2.6  # how much longer (a*d + b)/d**2 may be than (a + b/d)/d and still be preferred


def factored(forest: Forest, terms: Iterable[Scaled], depth: int = 0) -> Scaled:
    """sum c*t in its shortest form."""
    c, whole = forest.add(terms)
    if not isinstance(whole, Sum) or not 2 <= len(whole.terms) <= LIMIT or whole.typed or depth > DEPTH:
        return c, whole
    found = forest.shortest.get(whole.serial)
    if found is None:
        found = _shorten(forest, list(whole.terms), depth)
        forest.shortest[whole.serial] = found
    return c * found[0], found[1]


def _shorten(forest: Forest, terms: list[Scaled], depth: int) -> Scaled:
    while len(terms) > 1:
        views = [view(forest, s) for s in terms]
        best: tuple[float, list[int], Scaled] | None = None
        for group in groups(forest, terms, views)[: TRIED if forest.divided < PATIENCE else 1]:
            forest.divided += len(group.members)
            found = _taken_out(forest, terms, views, group, depth)
            if found is None:
                continue
            old = sum(forest.product_score(*terms[n], first=False) for n in group.members) + OPERATION * (len(group.members) - 1)
            gain = old - forest.product_score(*found, first=False) + (NESTED if group.common and found[1].box == SCALAR else 0.0)
            if _keeps_sum(found[1]) or (group.kind == "factor" and len(group.members) == len(terms) and _is_constant(group.tree, found[1])):
                gain += WRITTEN
            if gain > GAIN and (best is None or gain > best[0] + 1e-9):
                best = gain, group.members, found
        if best is None:
            break
        _, members, found = best
        kept = [t for n, t in enumerate(terms) if n not in members]
        kept.insert(min(members), found)
        c, merged = forest.add(kept)
        if not isinstance(merged, Sum) or len(merged.terms) < 2 or merged.typed:
            return c, merged
        terms = [(c * k, t) for k, t in merged.terms]
    return _halves(forest, terms)


def _keeps_sum(t: Tree) -> bool:
    """Whether a sum of scalars that the user wrote is a factor."""
    return isinstance(t, Times) and any(isinstance(f, Sum) and f.typed and f.box == SCALAR for f, _ in t.factors)


def _is_constant(factor: Tree, product: Tree) -> bool:
    """Whether a plain scalar stands nowhere else in a product that it is a factor of."""
    if not isinstance(factor, Atom) or factor.box != SCALAR or not isinstance(product, Times):
        return False
    return not any(u is factor for f, _ in product.factors if f is not factor for u in postorder(f))


def _halves(forest: Forest, terms: list[Scaled]) -> Scaled:
    """A + A.T for long A: the second half is printed as the transpose of the first."""
    out = list(terms)
    for n, (c, t) in enumerate(terms):
        if not isinstance(t, (Chain, Times)) or None in t.box or t.box[0] is not t.box[1]:
            continue
        k, turned = forest.turn(t)
        for m in range(n + 1, len(terms)):
            if terms[m] == (c * k, turned) and out[m] is terms[m] and turned is not t and t.score + WORD < turned.score - 0.3:
                out[m] = (c * k, forest.raw_turn(t))
    return forest.add(out)


# ---------------------------------------------------------------------------------------------------- taking out
def _taken_out(forest: Forest, terms: list[Scaled], views: list[View], group: Group, depth: int) -> Scaled | None:
    chosen = [(terms[n][0], views[n]) for n in group.members]
    t, e = group.tree, group.exponent
    match group.kind:
        case "factor":
            rest = [_divided(forest, c, v, [(t, e), *group.also]) for c, v in chosen]
            k, inside = factored(forest, rest, depth + 1)
            c, out = forest.times([(t, e), *group.also, (inside, ONE)])
            return c * k, out
        case "within":
            k, inside = factored(forest, [_divided(forest, *chosen[0], [(t, ONE)]), (e, forest.one)], depth + 1)
            c, out = forest.times([(t, ONE), (inside, ONE)])
            return c * k, out
        case "call" | "loop":
            return _merged(forest, chosen, t, depth)
        case "inner":
            columns = [_before(forest, c, v, t) for c, v in chosen]
            k, inside = factored(forest, columns, depth + 1)
            if inside.box == SCALAR:
                return None
            m, row = forest.turn(inside)
            c, out = forest.chain([row, t])
            return c * k * m, out
    first = group.kind == "first"
    rest = [_without(forest, c, v, t, first, group.also) for c, v in chosen]
    end = 1 if first else 0  # the axis of the rest that the whole keeps
    kept = next((r.box[end] for _, r in rest if r.box[end] is not None), None)
    box = (t.box[1], kept) if first else (kept, t.box[0])
    k, inside = forest.spread(plainer(forest, factored(forest, rest, depth + 1)), box)
    c, out = forest.chain([t, inside] if first else [inside, t])
    m, whole = forest.times([*group.also, (out, ONE)])
    return c * k * m, whole


def plainer(forest: Forest, scaled: Scaled) -> Scaled:
    """A sum such as X.T - Z.T as (X - Z).T: the plainer orientation inside."""
    c, t = scaled
    if t.box == SCALAR or not isinstance(t, Sum):
        return scaled
    k, turned = forest.turn(t)
    if isinstance(turned, Sum) and k == 1 and turned.score + 0.25 < t.score:
        return c, forest.raw_turn(turned)
    return scaled


def _merged(forest: Forest, chosen: list[tuple[Fraction, View]], t: Tree, depth: int) -> Scaled | None:
    """diag(u) + diag(v) = diag(u + v), and so for sums, traces and sums over the same indices."""
    assert isinstance(t, (Call, Loop))
    inner: list[Scaled] = []
    for c, v in chosen:
        if v.body is forest.one:
            called, scalars = v.scalars[0][0], []
        else:
            called, scalars = v.body, v.scalars
        k, u = forest.times([*scalars, (called.children[0], ONE)])
        inner.append((c * k, u))
    k, inside = factored(forest, inner, depth + 1)
    if isinstance(t, Loop):
        return k, forest.raw_loop(inside, t.ranges)
    if inside.box == SCALAR or (t.function == "sum" and inside.box != t.arguments[0].box) or (t.function == "diag" and inside.box[0] is None):
        return None
    m, out = forest.diag(inside) if t.function == "diag" else forest.call(t.function, (inside,), t.axis)
    return k * m, out


def _divided(forest: Forest, c: Fraction, v: View, gone: Sequence[Factor]) -> Scaled:
    """A term without some of its factors."""
    left = {id(t): e for t, e in gone}
    whole = v.scaled and all(id(f) not in left for f, _ in v.factors)  # diag(w) @ M stays unless w or M is what comes out
    bodies = v.factors if v.factors and not whole else [(v.body, ONE)] if v.body is not forest.one else []
    factors = [*v.scalars, *bodies]
    out = [(f, k - left.pop(id(f), Fraction(0))) for f, k in factors]
    assert not left, "a common factor is missing; please report this as a bug"
    k, rest = forest.times(out)
    return c * k, rest


def _before(forest: Forest, c: Fraction, v: View, last: Tree) -> Scaled:
    """The column w of a scalar term w.T @ last."""
    out: list[Factor] = []
    column: Scaled | None = None
    for f, e in v.scalars:
        if column is None and e == 1 and isinstance(f, Chain):
            k, first = forest.turn(f.factors[0])
            if f.factors[-1] is last:
                j, row = forest.chain(f.factors[:-1])
                i, turned = forest.turn(row)
                column = j * i, turned
                continue
            if first is last:
                j, turned = forest.chain(f.factors[1:])
                column = k * j, turned
                continue
        out.append((f, e))
    assert column is not None, "a common vector is missing; please report this as a bug"
    k, w = forest.times([*out, (column[1], ONE)])
    return c * column[0] * k, w


def _without(forest: Forest, c: Fraction, v: View, t: Tree, first: bool, gone: Sequence[Factor]) -> Scaled:
    """A term without the first or last matrix of its chain; of a vector alone the number 1 is left."""
    if not isinstance(v.body, Chain) or v.body is t:
        k, rest = ONE, forest.one
    else:
        k, rest = forest.chain(v.body.factors[1:] if first else v.body.factors[:-1])
    left = {id(f): e for f, e in gone}
    m, out = forest.times([*[(f, e - left.get(id(f), Fraction(0))) for f, e in v.scalars], (rest, ONE)])
    return c * k * m, out
