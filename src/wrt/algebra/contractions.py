"""Rules for a product as a whole: factors that meet over a label and cancel. Each says its identity; each removes a factor, so they end.

`work` knows the facts (known.py). Listed in `rules.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrt.algebra.expr import ONE, Expr, Indicator, Labels, Map, Operator, Product, constant_value
from wrt.algebra.factors import contracted, factors, raised, replaced, uses
from wrt.algebra.maps import mapping
from wrt.algebra.operators import operator
from wrt.algebra.product import Operand, part, product, unscale
from wrt.algebra.sums import add, constant
from wrt.language.sizes import Size

if TYPE_CHECKING:
    from wrt.algebra.simplify import Simplifier


def identity(size: Size) -> Expr:
    return product(1, [], (0, 0), (size,))


def operator_named(e: Expr, *names: str) -> bool:
    return isinstance(e, Operator) and e.function in names


# ---------------------------------------------------------------------------------------------------- masks
def triangle_of_triangular(work: Simplifier, node: Product) -> Expr | None:
    """L[a, b] * [a >= b] = L[a, b]; L[a, b] * [b >= a] = L[a, a] * [a == b] for a lower triangular L, and so for an upper one."""
    masks = [(k, e, labels) for k, (e, labels) in enumerate(node.operands) if isinstance(e, Indicator) and e.relation == ">=" and e.order == 2]
    for k, mask, (p, q) in masks:
        shift = mask.constant.number
        if shift is None or mask.coefficients not in ((1, -1), (-1, 1)) or p == q:
            continue
        greater, less = (p, q) if mask.coefficients == (1, -1) else (q, p)  # greater - less + shift >= 0
        for m, (e, labels) in enumerate(node.operands):
            if m == k or len(labels) != 2 or set(labels) != {p, q}:
                continue
            if not (work.known.lower(e) if labels == (greater, less) else work.known.upper(e)):
                if shift > 0 or not (work.known.upper(e) if labels == (greater, less) else work.known.lower(e)):
                    continue
                if shift < 0:
                    return replaced(node, (k,), [(constant(0, ()), ())])
                return replaced(node, (k,), [(identity(node.sizes[p]), (p, q))])
            if shift >= 0:
                return contracted(node, (k,), [])
    return None


# ---------------------------------------------------------------------------------------------------- facts that cut the space
def entries_that_sum_to_one(work: Simplifier, node: Product) -> Expr | None:
    """sum(y) = 1 for a one-hot or simplex vector (each row of a matrix)."""
    count = uses(node)
    for k, (e, labels) in enumerate(node.operands):
        if work.known.of(e) & {"onehot", "simplex"} and labels and count[labels[-1]] == 1 and labels.count(labels[-1]) == 1:
            return contracted(node, (k,), [(constant(1, e.shape[:-1]), labels[:-1])])
    return None


def look_up_sums_to_one(work: Simplifier, node: Product) -> Expr | None:
    """sum_k [idx[i] == k] = 1."""
    count = uses(node)
    for k, (e, labels) in enumerate(node.operands):
        if operator_named(e, "onehot") and count[labels[-1]] == 1 and labels.count(labels[-1]) == 1:
            return contracted(node, (k,), [(constant(1, e.shape[:-1]), labels[:-1])])
    return None


def one_of_a_sum(work: Simplifier, node: Product) -> Expr | None:
    """y[i]*(y.T @ g)**k = y[i]*g[i]**k for a one-hot y: where y[i] is not 0, the sum is its one term."""
    for y, labels in node.operands:
        if "onehot" not in work.known.of(y) or len(labels) != 1:
            continue
        for f in factors(node):
            total = f.base
            if f.labels or not isinstance(total, Product) or total.output:
                continue
            for m, (e, inner) in enumerate(total.operands):
                if e is not y:
                    continue
                term = part(total.coefficient, [o for n, o in enumerate(total.operands) if n != m], inner, total.sizes)
                return replaced(node, (f.place,), [(raised(term, f.exponent), labels)])
    return None


def orthonormal_columns(work: Simplifier, node: Product) -> Expr | None:
    """Q.T @ Q = I; Q @ Q.T = I for a square Q."""
    count = uses(node)
    for k, (e, labels) in enumerate(node.operands):
        if "orthogonal" not in work.known.of(e) or labels[0] == labels[1]:
            continue
        for place in (0, 1) if e.shape[0] is e.shape[1] else (0,):
            for m, (f, there) in enumerate(node.operands):
                if m > k and f is e and there[place] == labels[place] and count[labels[place]] == 2 and there[0] != there[1]:
                    ends = (labels[1 - place], there[1 - place])
                    return contracted(node, (k, m), [(identity(node.sizes[ends[0]]), ends)])
    return None


def idempotent_square(work: Simplifier, node: Product) -> Expr | None:
    """P @ P = P."""
    count = uses(node)
    for k, (e, labels) in enumerate(node.operands):
        if "idempotent" not in work.known.of(e):
            continue
        for m, (f, there) in enumerate(node.operands):
            if m != k and f is e and labels[1] == there[0] and count[labels[1]] == 2 and labels[0] != labels[1] != there[1]:
                return contracted(node, (k, m), [(e, (labels[0], there[1]))])
    return None


# ---------------------------------------------------------------------------------------------------- inverses
def adjugate_over_determinant(work: Simplifier, node: Product) -> Expr | None:
    """adj(X)/det(X) = inv(X): the quotient exists only where X is invertible."""
    powers = factors(node)
    for k, (e, labels) in enumerate(node.operands):
        if not operator_named(e, "adj"):
            continue
        for f in powers:
            if operator_named(f.base, "det") and f.base.children == e.children and f.exponent < 0:
                made = [(operator("inv", e.children, e.shape), labels), (raised(f.base, f.exponent + 1), ())]
                return replaced(node, (k, f.place), made)
    return None


def inverse_of_product(work: Simplifier, node: Product) -> Expr | None:
    """inv(A @ B) @ A = inv(B) and B @ inv(A @ B) = inv(A) for square A and B: where the left side exists, both are invertible.

    adj(A @ B) @ A = det(A)*adj(B) and B @ adj(A @ B) = det(B)*adj(A) always.
    """
    count = uses(node)
    for k, (e, labels) in enumerate(node.operands):
        if not operator_named(e, "inv", "adj") or labels[0] == labels[1] or not isinstance(e.children[0], Product):
            continue
        inner = e.children[0]
        if len(set(inner.output)) != 2 or any(len(ls) not in (0, 2) for _, ls in inner.operands):
            continue
        for end in (0, 1):  # the row of the product meets the column of its inverse, and so on
            meeting, far = labels[1 - end], labels[end]
            if count[meeting] != 2:
                continue
            found = _strip(node, inner, k, end, meeting)
            if found is not None:
                m, there, shorter = found
                assert isinstance(e, Operator)
                made: list[Operand] = [(operator(e.function, (shorter,), shorter.shape), (far, there) if end == 0 else (there, far))]
                if e.function == "adj":
                    made.append((operator("det", (node.operands[m][0],), ()), ()))
                return contracted(node, (k, m), made)
    return None


def _strip(node: Product, inner: Product, k: int, end: int, meeting: int) -> tuple[int, int, Expr] | None:
    """(operand, its other label, the product without its first or last factor) where that factor meets the inverse."""
    outer = inner.output[end]
    for p, (f, ls) in enumerate(inner.operands):
        if outer not in ls or f.shape[0] is not f.shape[1] or ls[0] == ls[1]:
            continue
        place = ls.index(outer)
        for m, (g, there) in enumerate(node.operands):
            if m != k and g is f and there[place] == meeting and there[1 - place] != meeting:
                rest = [o for n, o in enumerate(inner.operands) if n != p]
                output = (ls[1 - place], inner.output[1]) if end == 0 else (inner.output[0], ls[1 - place])
                if any(outer in labels for _, labels in rest):
                    return None
                return m, there[1 - place], part(inner.coefficient, rest, output, inner.sizes)
    return None


def square_root_of_matrix(work: Simplifier, node: Product) -> Expr | None:
    """sqrtm(A) @ sqrtm(A) = A, A @ inv(sqrtm(A)) = inv(sqrtm(A)) @ A = sqrtm(A)."""
    count = uses(node)
    for k, (e, labels) in enumerate(node.operands):
        root = e.children[0] if operator_named(e, "inv") else e
        if not operator_named(root, "sqrtm") or labels[0] == labels[1]:
            continue
        partner, made = (root, root.children[0]) if e is root else (root.children[0], root)
        for m, (f, there) in enumerate(node.operands):
            if m == k or f is not partner or there[0] == there[1]:
                continue
            if labels[1] == there[0] and count[labels[1]] == 2:
                return contracted(node, (k, m), [(made, (labels[0], there[1]))])
            if labels[0] == there[1] and count[labels[0]] == 2:
                return contracted(node, (k, m), [(made, (there[0], labels[1]))])
    return None


def pseudo_inverse_from_gram(work: Simplifier, node: Product) -> Expr | None:
    """X @ inv(X.T @ X) = pinv(X).T and X.T @ inv(X @ X.T) = pinv(X)."""
    count = uses(node)
    for k, (e, labels) in enumerate(node.operands):
        if not operator_named(e, "inv") or labels[0] == labels[1]:
            continue
        gram = _gram(e.children[0])
        if gram is None:
            continue
        x, place = gram  # X.T @ X: the labels at `place` are summed, those at the other place are the gram's
        for m, (f, there) in enumerate(node.operands):
            if f is not x or there[0] == there[1]:
                continue
            for end in (0, 1):
                if there[1 - place] == labels[end] and count[labels[end]] == 2:
                    other, own = labels[1 - end], there[place]
                    made = operator("pinv", (x,), x.shape[::-1])
                    return contracted(node, (k, m), [(made, (other, own) if place == 0 else (own, other))])
    return None


def _gram(m: Expr) -> tuple[Expr, int] | None:
    """(X, 0) for X.T @ X, (X, 1) for X @ X.T, with X not square."""
    if not (isinstance(m, Product) and m.coefficient == 1 and len(m.operands) == 2 and len(set(m.output)) == 2):
        return None
    (x, a), (y, b) = m.operands
    if x is not y or len(a) != 2 or x.shape[0] is x.shape[1]:
        return None
    for place in (0, 1):
        if a[place] == b[place] and {a[1 - place], b[1 - place]} == set(m.output):
            return x, place
    return None


def pseudo_inverse_projector(work: Simplifier, node: Product) -> Expr | None:
    """X @ pinv(X) @ X = X, pinv(X) @ X @ pinv(X) = pinv(X); X @ pinv(X) and pinv(X) @ X are symmetric, so also their transposes."""
    count = uses(node)
    for k, (q, inner) in enumerate(node.operands):
        if not operator_named(q, "pinv"):
            continue
        x = q.children[0]
        for m, (f, there) in enumerate(node.operands):
            if f is not x:
                continue
            for place in (0, 1):  # 0: X @ pinv(X), symmetric in (there[0], inner[1]); 1: pinv(X) @ X, in (inner[0], there[1])
                shared = there[1 - place]
                if shared != inner[place] or count[shared] != 2:
                    continue
                ends = (there[place], inner[1 - place])
                found = _absorbed(node, (k, m), x, q, ends, place, count)
                if found is not None:
                    return found
    return None


def _absorbed(node: Product, pair: tuple[int, int], x: Expr, q: Expr, ends: Labels, place: int, count: list[int]) -> Expr | None:
    for near, far in (ends, ends[::-1]):
        if near == far or count[near] != 2:
            continue
        for n, (g, labels) in enumerate(node.operands):
            if n in pair:
                continue
            at = place if g is x else 1 - place if g is q else None
            if at is not None and labels[at] == near and labels[1 - at] != near:
                return contracted(node, (*pair, n), [(g, tuple([far if a == near else a for a in labels]))])
    return None


# ---------------------------------------------------------------------------------------------------- sums that cancel
def diagonal_entry_of_same_base(work: Simplifier, node: Product) -> Expr | None:
    """A[i, i] * diag(A)[i]**k = diag(A)[i]**(k + 1)."""
    for k, (e, labels) in enumerate(node.operands):
        if len(labels) != 2 or labels[0] != labels[1]:
            continue
        diagonal = product(1, [(e, (0, 0))], (0,), e.shape[:1])
        for f in factors(node):
            if f.base is diagonal and f.labels == labels[:1]:
                return replaced(node, (k, f.place), [(raised(diagonal, f.exponent + 1), f.labels)])
    return None


def sum_over_private_label(work: Simplifier, node: Product) -> Expr | None:
    """sum_j exp(X)[i, j] / (sum_j exp(X)[i, j]) = 1: a factor alone with its label is its sum, which may be another factor's base."""
    count = uses(node)
    powers = factors(node)
    for f in powers:
        kept = tuple(a for a in f.labels if count[a] != 1)
        if not kept or len(kept) == len(f.labels) or len(set(f.labels)) < len(f.labels):
            continue
        e = node.operands[f.place][0]
        c, total = unscale(part(ONE, [(e, f.labels)], kept, node.sizes))
        for g in powers:
            if g.place != f.place and g.base is total and g.labels == kept:
                return contracted(node, (f.place, g.place), [(raised(total, g.exponent + 1), kept), (constant(c, ()), ())])
    return None


def root_of_same_base(work: Simplifier, node: Product) -> Expr | None:
    """norm(x)**p * (x.T @ x)**(-1/2) = norm(x)**(p - 1): powers of a root and of what stands under it."""
    for k, (e, labels) in enumerate(node.operands):
        if not (isinstance(e, Map) and e.function == "pow" and constant_value(e.arguments[1]) is None):
            continue
        root = e.arguments[0]
        inner = constant_value(root.arguments[1]) if isinstance(root, Map) and root.function == "pow" else None
        if inner is None or not isinstance(root, Map) or inner.denominator != 2:
            continue
        for f in factors(node):
            if f.base is root.arguments[0] and f.labels == labels and (f.exponent / inner).denominator == 1 and f.exponent.denominator == 2:
                exponent = add([(ONE, e.arguments[1]), (ONE, constant(f.exponent / inner, e.shape))], e.shape)
                return replaced(node, (k, f.place), [(mapping("pow", (root, exponent)), labels)])
    return None
