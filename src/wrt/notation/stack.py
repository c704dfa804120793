"""vec, Kronecker products and commutations: what a grouping of axes is in matrix notation."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.algebra.expr import Expr, Product, Reshape, Sum
from wrt.algebra.product import product, transpose
from wrt.language.groups import Groups
from wrt.language.sizes import Size
from wrt.notation.tree import Factor, Scaled, Tree, split_scalars
from wrt.notation.tree import Sum as Total

if TYPE_CHECKING:
    from wrt.notation.recover import Recovery

ONE = Fraction(1)


def stacked(work: Recovery, node: Reshape) -> Scaled | None:
    """The matrix tree of grouped axes, first of a group slowest; None for splittings and what has no such form."""
    if node.split or node.order > 2:
        return None
    inner = node.argument
    if isinstance(inner, Sum):
        return None  # grouping was spread over sums
    match node.counts:
        case (2,):
            return _vec(work, inner)
        case (2, 1) | (1, 2) | (2, 2):
            return _kron(work, inner, node.counts)
    return None


def _vec(work: Recovery, inner: Expr) -> Scaled | None:
    """The first axis varies slowest, in vec(A) the columns do: vec of the transpose."""
    turned = transpose(inner)
    work.kept.append(turned)
    found = work.tree(turned)
    if found is None:
        return None
    t = work.full(turned)
    if t is None:
        return None
    size = inner.shape[0] * inner.shape[1]
    return ONE, work.forest.raw_call("vec", (t,), (size, None))


def _kron(work: Recovery, inner: Expr, counts: tuple[int, ...]) -> Scaled | None:
    """A_ik B_jl -> kron(A, B); A_il B_jk -> kron(A, B) @ K; A_ij B_kl -> vec(A.T) @ vec(B.T).T."""
    if not isinstance(inner, Product):
        return None
    rows = tuple(range(counts[0]))
    columns = tuple(range(counts[0], counts[0] + counts[1]))
    forest = work.forest
    pairings: list[tuple[tuple[int, ...], tuple[int, ...], str]] = []
    if counts == (2, 2):
        pairings = [((0, 2), (1, 3), "kron"), ((0, 3), (1, 2), "swap"), ((0, 1), (2, 3), "vec")]
    elif counts == (2, 1):
        pairings = [((0, 2), (1,), "kron"), ((0,), (1, 2), "kron")]
    else:
        pairings = [((0, 1), (2,), "kron"), ((0, 2), (1,), "kron")]
    for first, second, how in pairings:
        pair = _split(inner, first, second)
        if pair is None:
            continue
        a, b = _piece(work, pair[0]), _piece(work, pair[1])
        if a is None or b is None:
            continue
        if how == "vec":
            return _outer(work, pair, inner)
        if counts == (1, 2) and first == (0, 1):
            b = forest.wrap(forest.turn(b))
        elif counts == (1, 2):
            a, b = forest.wrap(forest.turn(b)), a
        return _finish(work, a, b, how, inner, rows, columns)
    return None


def _finish(work: Recovery, a: Tree, b: Tree, how: str, inner: Expr, rows: tuple[int, ...], columns: tuple[int, ...]) -> Scaled | None:
    forest = work.forest

    def size(axes: tuple[int, ...]) -> Size:
        out = Size.of(1)
        for k in axes:
            out = out * inner.shape[k]
        return out

    c, bodies = ONE, list[Tree]()
    front: list[Factor] = []
    for t in (a, b):  # kron(t*A, B) is t*kron(A, B)
        k, inside = t.terms[0] if isinstance(t, Total) and len(t.terms) == 1 else (ONE, t)
        scalars, rest = split_scalars(inside)
        m, body = forest.times(rest)
        c, front = c * k * m, front + scalars
        bodies.append(body)
    whole = forest.raw_call("kron", tuple(bodies), (size(rows), size(columns)))
    if how != "kron":
        sizes = [forest.wrap(forest.size(inner.shape[k])) for k in (3, 2)]
        swap = forest.raw_call("commutation", tuple(sizes), (size(columns), size(columns)))
        whole = forest.wrap(forest.chain([whole, swap]))
    k, out = forest.times([*front, (whole, ONE)])
    return c * k, out


def _piece(work: Recovery, e: Expr) -> Tree | None:
    work.kept.append(e)
    return None if work.tree(e) is None else work.full(e)


def _outer(work: Recovery, pair: tuple[Expr, Expr], inner: Expr) -> Scaled | None:
    sides = []
    for e in pair:
        found = _vec(work, e)
        if found is None:
            return None
        sides.append(work.forest.wrap(found))
    c, row = work.forest.turn(sides[1])
    k, t = work.forest.chain([sides[0], row])
    return c * k, t


def _split(e: Product, first: tuple[int, ...], second: tuple[int, ...]) -> tuple[Expr, Expr] | None:
    """e as the product of two factors over these axes, None when operands join them or an axis repeats across."""
    here = {e.output[k] for k in first}
    there = {e.output[k] for k in second}
    if here & there:
        return None
    joined = Groups(range(len(e.sizes)))
    for _, labels in e.operands:
        for a in labels[1:]:
            joined.join(labels[0], a)
    left = {joined.find(a) for a in here}
    if left & {joined.find(a) for a in there}:
        return None
    mine = [(f, ls) for f, ls in e.operands if not ls or joined.find(ls[0]) in left]
    rest = [(f, ls) for f, ls in e.operands if ls and joined.find(ls[0]) not in left]
    one = product(e.coefficient, mine, tuple(e.output[k] for k in first), _sizes(e, mine, first))
    other = product(1, rest, tuple(e.output[k] for k in second), _sizes(e, rest, second))
    return one, other


def _sizes(e: Product, operands: list[tuple[Expr, tuple[int, ...]]], axes: tuple[int, ...]) -> list[Size]:
    """Sizes by label; labels of the other factor get size 1 so that they do not count."""
    held = {a for _, ls in operands for a in ls} | {e.output[k] for k in axes}
    return [s if a in held else Size.of(1) for a, s in enumerate(e.sizes)]
