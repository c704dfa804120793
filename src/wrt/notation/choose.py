"""Which form is shortest to read: as derived, with sums that absorb what cancels, or with products spread out and factored anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise

from wrt.algebra.expr import Expr, count_nodes
from wrt.algebra.known import Facts
from wrt.algebra.simplify import simplify
from wrt.language.sizes import Size
from wrt.notation.build import Forest
from wrt.notation.common import mirror_images
from wrt.notation.expand import absorbed, every_sum, expanded, generic, with_number, with_vector
from wrt.notation.functions import REDUCES
from wrt.notation.recover import Recovery, box_of
from wrt.notation.score import WORD
from wrt.notation.together import together
from wrt.notation.tree import ONE, SCALAR, Call, Chain, Scaled, Sum, Times, Tree, Turn, is_unit, postorder, split_scalars
from wrt.notation.univariate import multiplied_out

MARGIN = 0.3  # length an other shape must save
SHARE = 0.15  # and the share of the length it must save: what the user named stays recognisable
KEPT = 0.4  # the same where a sum that the user wrote would be lost: the product rule's B @ (C + t*E) + (A + t*B) @ E stays
PAIRED = 0.12  # the share that a form may be longer than fractions within fractions where A @ x @ x.T + x @ x.T @ A stand side by side
TURNED = 0.75  # how much longer a.T @ M + b.T may be than (M.T @ a + b).T
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
        share = KEPT if written_sums(found[1]) - written_sums(candidate[1]) else SHARE
        mirrored = (
            found[1].levels > 1
            and _uses(candidate[1]) >= _uses(found[1])
            and new <= (1 + PAIRED) * old
            and _pairs(forest, candidate[1]) > _pairs(forest, found[1])
        )
        if mirrored or new < old - (MARGIN if exact else max(MARGIN, share * old)):
            found = candidate
    return found


def _pairs(forest: Forest, t: Tree) -> int:
    """How many pairs A @ x @ x.T + x @ x.T @ A stand together in sums."""
    return sum(len(mirror_images(forest, list(u.terms))) for u in postorder(t) if isinstance(u, Sum))


def _uses(t: Tree) -> int:
    """In how many places the parts of a tree hold a sum that the user wrote."""
    return sum(c.typed and isinstance(c, Sum) and len(c.terms) > 1 for u in postorder(t) for c in u.children)


def written_sums(t: Tree) -> set[int]:
    """The serials of the sums in a tree that the user wrote."""
    return {u.serial for u in postorder(t) if u.typed and isinstance(u, Sum) and len(u.terms) > 1}


def _others(e: Expr, facts: Facts) -> Iterator[tuple[Expr, bool]]:
    """Other shapes of e; True for those that need only be shorter."""
    seen = {id(e)}
    cancelled = absorbed(e)
    shapes: list[tuple[Expr, bool]] = [(cancelled, True), *[(together(x, facts), True) for x in dict.fromkeys((e, cancelled))]]
    shapes.append((multiplied_out(e), True))
    for which in (with_vector, with_number, every_sum):
        spread = expanded(cancelled, which)
        if spread is not None:
            shapes.append((simplify(spread, facts)[0], which is with_vector))  # what stands alone now may cancel by a fact
    for other, exact in shapes:
        if id(other) not in seen:
            seen.add(id(other))
            yield other, exact


def _laid_out(work: Recovery, e: Expr, row: bool) -> Scaled | None:
    found = work.tree(e)
    if found is None or e.order > 2:
        return None
    if found[0] == 0:
        return found
    rows, columns = box_of(e)
    c, t = work.forest.spread(found, (_written(rows, found[1].box[0]), _written(columns, found[1].box[1])))
    if not row:
        k, t = distributed(work.forest, t)
        m, t = with_ones(work.forest, t)
        return c * k * m, t
    k, turned = work.forest.turn(t)
    m, out = as_row(work.forest, turned)
    return c * k * m, out


def _written(size: Size | None, own: Size | None) -> Size | None:
    """The size of an axis that is written out: a row stands for the matrix of one row."""
    return own if size is not None and size.number == 1 else size


def distributed(forest: Forest, t: Tree) -> Scaled:
    """(A + 2*X).T as A.T + 2*X.T, a transpose at every term, where that takes at most one more of them a term.

    (X @ B + B @ X).T stays, and a polynomial such as (X @ X + 2*X).T.
    """
    if isinstance(t, Times):
        scaled = [(forest.wrap(distributed(forest, f)) if isinstance(f, Turn) else f, e) for f, e in t.factors]
        return (ONE, t) if all(f is g for (f, _), (g, _) in zip(scaled, t.factors, strict=True)) else forest.times(scaled)
    if not isinstance(t, Turn) or not isinstance(t.argument, Sum) or t.argument.typed or None in t.box:
        return ONE, t
    rows = [(c * k, u) for c, (k, u) in [(c, forest.turn(u)) for c, u in t.argument.terms]]
    c, other = forest.add(rows)
    kept = any(isinstance(u, Chain) and (u.flip is not None or any(f is g for f, g in pairwise(u.factors))) for _, u in rows)
    if not isinstance(other, Sum) or kept or other.score > t.score + WORD * len(other.terms):
        return ONE, t
    return c, other


def with_ones(forest: Forest, t: Tree) -> Scaled:
    """2*sum(x)*x + (x.T @ x)*ones(n): a scalar that is no number and no mean is not added to an array as it stands, unless the user does so."""
    if isinstance(t, Times) and sum(isinstance(f, Sum) for f, _ in t.factors) == 1 and sum(f.box != SCALAR for f, _ in t.factors) == 1:
        scaled = [(forest.wrap(with_ones(forest, f)) if isinstance(f, Sum) and e == 1 else f, e) for f, e in t.factors]
        return (ONE, t) if all(f is g for (f, _), (g, _) in zip(scaled, t.factors, strict=True)) else forest.times(scaled)
    if not isinstance(t, Sum) or t.typed or t.box == SCALAR or not any(_bare(forest, u) for _, u in t.terms):
        return ONE, t
    if any(s.box != SCALAR and any(_bare(forest, u) for _, u in s.terms) for s in forest.written):
        return ONE, t
    scalars = forest.add([(c, u) for c, u in t.terms if u.box == SCALAR])
    terms = [*[(c, u) for c, u in t.terms if u.box != SCALAR], forest.spread(scalars, t.box)]
    return ONE, forest.raw_sum(tuple(forest.arranged(terms)), ("spread", t.serial))


def _bare(forest: Forest, t: Tree) -> bool:
    """Whether a term is a scalar that must not stand for an array of equal entries."""
    means = isinstance(t, Call) and t.function in REDUCES - {"sum", "prod"}
    return t.box == SCALAR and t is not forest.one and not means


def as_row(forest: Forest, t: Tree) -> Scaled:
    """A row as the layout's readers print it: r.T @ A @ diag(w) rather than (w*(A.T @ r)).T, in every term."""
    match t:
        case Sum():
            return forest.add([(c * k, u) for c, (k, u) in [(c, as_row(forest, u)) for c, u in t.terms]])
        case Turn(argument=Sum() as total) if not total.typed:
            rows = [(c, forest.turn(u)) for c, u in total.terms]
            c, out = forest.add([(c * k * m, row) for c, k, (m, row) in [(c, k, as_row(forest, u)) for c, (k, u) in rows]])
            return (c, out) if isinstance(out, Sum) and out.score <= t.score + TURNED else (ONE, t)
        case Times() if any(_turned_sum(f) for f, _ in t.factors) and sum(f.box != SCALAR for f, _ in t.factors) == 1:
            return forest.times([(forest.wrap(as_row(forest, f)) if _turned_sum(f) else f, e) for f, e in t.factors])
        case Turn(argument=Times()) | Times():
            c, column = forest.turn(t)
            return _weighted(forest, c, column) or (ONE, t)
        case Chain() if t.factors[0].box[0] is None and not (isinstance(t.factors[0], Turn) and isinstance(t.factors[0].argument, Sum)):
            k, first = as_row(forest, t.factors[0])
            m, out = forest.chain([first, *t.factors[1:]])
            return k * m, out
    return ONE, t


def _turned_sum(t: Tree) -> bool:
    """Whether a row is a sum that nobody typed, turned as a whole."""
    return isinstance(t, Turn) and isinstance(t.argument, Sum) and not t.argument.typed


def _weighted(forest: Forest, c: Fraction, column: Tree) -> Scaled | None:
    """s*w*(A @ r), turned, as s*r.T @ A.T @ diag(w)."""
    scalars, bodies = split_scalars(column)
    chains = [f for f, e in bodies if e == 1 and isinstance(f, Chain)]
    if len(bodies) < 2 or len(chains) != 1:
        return None
    k, w = forest.times([f for f in bodies if f[0] is not chains[0]])
    if w.box == SCALAR or is_unit(w):
        return None
    m, row = forest.turn(chains[0])
    j, weights = forest.diag(w)
    i, out = forest.chain([row, weights])
    n, whole = forest.times([*scalars, (out, ONE)])
    return c * k * m * j * i * n, whole
