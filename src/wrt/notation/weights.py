"""A matrix between two weights: diag(u) @ M @ diag(v), or stretched, M*sum(X, axis=0), or M*(u @ v.T), where that is shorter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrt.notation.functions import WHOLE
from wrt.notation.tree import ONE, SCALAR, Call, Power, Scaled, Sum, Times, Tree, Turn

if TYPE_CHECKING:
    from wrt.notation.build import Forest


def weighted(forest: Forest, left: Tree, middle: Tree, right: Tree, row: Tree) -> Scaled:
    """M with its rows weighted by the column `left` and its columns by the column `right`, which `row` is turned; a scalar is no weight."""
    c = ONE
    word = [middle]
    if left.box != SCALAR:
        k, d = forest.diag(left)
        c, word = c * k, [d, *word]
    if right.box != SCALAR:
        k, d = forest.diag(right)
        c, word = c * k, [*word, d]
    k, t = forest.chain(word)
    best: Scaled = (c * k, t)
    stretched = all(_along_axis(v) for v in (left, right) if v.box != SCALAR)
    if len(word) == 3 or (len(word) == 2 and stretched):
        weights = [(v, ONE) for v in (left, row) if v.box != SCALAR]
        other = forest.times([(middle, ONE), *weights]) if stretched else _outer(forest, middle, left, row)
        if forest.product_score(*other) < forest.product_score(*best):
            best = other
    return best


def _outer(forest: Forest, middle: Tree, left: Tree, row: Tree) -> Scaled:
    c, pair = forest.times([(left, ONE), (row, ONE)])
    k, t = forest.times([(middle, ONE), (pair, ONE)])
    return c * k, t


def _along_axis(t: Tree) -> bool:
    """Whether a weight is made of reductions along an axis, which are columns or rows beside their matrix by nature: 1/sqrt(var(X, axis=0) + c)."""
    found, stack = False, [t]
    while stack:
        u = stack.pop()
        if u.box == SCALAR:
            continue
        if isinstance(u, Call) and u.axis is not None:
            found = True
        elif isinstance(u, (Times, Sum, Turn, Power)) or (isinstance(u, Call) and u.function not in WHOLE):
            stack += u.children
        else:
            return False
    return found
