"""The polar factor P of a tall X = P H, differentiated without gaps between singular values: smooth wherever X has full rank.

    d P = P S + (I - P P.T) dX inv(H),  where S solves H S + S H = P.T dX - dX.T P
    H S + S H = E                       makes S = L[E], with the array L = "lyapunov"(X); inv(H) = 2 L[I]
    d H = L[dX.T X + X.T dX],  d S = -L[dH S + S dH]

"polar_array"(X) is d P / d X. Both arrays stand for themselves while derivatives are taken, since an array of singular vectors has none where
singular values meet; `opened` writes them by singular vectors afterwards, whose products have no gaps either.
Source: Higham 2008, Functions of Matrices, chapter 8 (polar decomposition).
"""

from __future__ import annotations

from fractions import Fraction

from wrt.algebra.expr import ONE, Expr, Operator, Product, raw_operator
from wrt.algebra.maps import reciprocal
from wrt.algebra.operators import operator
from wrt.algebra.product import einsum, transpose
from wrt.algebra.sums import add, constant

MINUS = Fraction(-1)


def polar_array(x: Expr) -> Expr:
    """d polar(X) / d X, axes [i, j, k, l], for a tall or square X."""
    return raw_operator("polar_array", (x,), x.shape * 2)


def lyapunov(x: Expr) -> Expr:
    """L[i, j, k, l]: the solution S[i, j] of H S + S H = E along each entry E[k, l], H the symmetric polar factor of X."""
    return raw_operator("lyapunov", (x,), (x.shape[1],) * 4)


def derivative_of_array(node: Operator) -> Expr:
    """The derivative of one of the two arrays by X, as an array with two more axes."""
    (x,) = node.arguments
    if node.function == "lyapunov":
        return _derivative_of_solution(x)
    wide = _wide_of(x)
    p = operator("polar", (x,), x.shape) if wide is None else transpose(operator("polar", (wide,), wide.shape))
    dp, s, ds = polar_array(x), lyapunov(x), _derivative_of_solution(x)
    terms = []
    for sign, there in ((ONE, "ibjd"), (MINUS, "ibdj")):  # P S, of P.T dX and of dX.T P
        terms += [
            (sign, einsum(f"aipq,{there},cj->abcdpq", dp, s, p)),
            (sign, einsum(f"ai,{there}pq,cj->abcdpq", p, ds, p)),
            (sign, einsum(f"ai,{there},cjpq->abcdpq", p, s, dp)),
        ]
    # (I - P P.T) dX inv(H), with inv(H) = 2 L[I]
    terms += [(2 * MINUS, einsum("aipq,ci,dbkk->abcdpq", dp, p, s)), (2 * MINUS, einsum("ai,cipq,dbkk->abcdpq", p, dp, s))]
    terms.append((2 * ONE, einsum("ac,dbkkpq->abcdpq", _outside(p), ds)))
    return add(terms, (*node.shape, *x.shape))


def _outside(p: Expr) -> Expr:
    """I - P P.T: what the columns of P leave out."""
    m = p.shape[0]
    return add([(ONE, einsum("->aa", a=m)), (MINUS, einsum("ai,bi->ab", p, p))], (m, m))


def _derivative_of_solution(x: Expr) -> Expr:
    """d S / d X = -L[dH S + S dH] along each entry of E, with dH = L[dX.T X + X.T dX]."""
    s = lyapunov(x)
    dh = add([(ONE, einsum("aeqt,pt->aepq", s, x)), (ONE, einsum("aetq,pt->aepq", s, x))], (*s.shape[:2], *x.shape))
    shape = (*s.shape, *x.shape)
    return add([(MINUS, einsum("ijac,aepq,eckl->ijklpq", s, dh, s)), (MINUS, einsum("ijac,aekl,ecpq->ijklpq", s, s, dh))], shape)


def opened(node: Operator) -> Expr:
    """One of the two arrays by singular vectors: L[E] = V ((V.T E V)/(s_a + s_b)) V.T, the polar factor U V.T."""
    (x,) = node.arguments
    m, n = x.shape
    u, v, s = _factors(x)
    one = constant(1, (n, n))
    turn = reciprocal(add([(ONE, einsum("a,ab->ab", s, one)), (ONE, einsum("b,ab->ab", s, one))], (n, n)))
    if node.function == "lyapunov":
        return einsum("ai,ij,bj,ci,dj->abcd", v, turn, v, v, v)
    within = [(ONE, einsum("ai,ij,bj,ci,dj->abcd", u, turn, v, u, v)), (MINUS, einsum("ai,ij,bj,di,cj->abcd", u, turn, v, v, u))]
    beyond = add([(ONE, einsum("->aa", a=m)), (MINUS, einsum("ai,bi->ab", u, u))], (m, m))
    return add([*within, (ONE, einsum("ac,di,i,bi->abcd", beyond, v, reciprocal(s), v))], node.shape)


def _factors(x: Expr) -> tuple[Expr, Expr, Expr]:
    """U, V and the singular values of a tall X."""
    m, n = x.shape
    wide = _wide_of(x)
    if wide is not None:
        return operator("svd_v", (wide,), (m, n)), operator("svd_u", (wide,), (n, n)), operator("svdvals", (wide,), (n,))
    return operator("svd_u", (x,), (m, n)), operator("svd_v", (x,), (n, n)), operator("svdvals", (x,), (n,))


def _wide_of(x: Expr) -> Expr | None:
    """The matrix whose transpose X is, where it is written so."""
    if isinstance(x, Product) and x.coefficient == 1 and len(x.operands) == 1 and len(x.sizes) == 2 and x.operands[0][0].order == 2:
        return x.operands[0][0]
    return None


def of_wide(node: Operator) -> Expr:
    """d polar(X) / d X of a wide X, by that of its transpose."""
    return transpose(polar_array(transpose(node.arguments[0])), (1, 0, 3, 2))
