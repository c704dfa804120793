"""expm, logm and sqrtm along directions: the Frechet derivative as an operator, and where it closes because the direction commutes.

    frechet(f, A, E, ...)      symmetric and linear in each direction; frechet(f, A.T, E.T) = frechet(f, A, E).T
    <C, frechet(f, A, E)>      = <frechet(f, A.T, C), E>
    frechet(f, A, E)           = E @ f'(A) when E commutes with A (a multiple of I or of A, a power of A, a function of A)

Source: Higham 2008, Functions of Matrices, ch. 3.
"""

from __future__ import annotations

from fractions import Fraction

from wrt.algebra.expr import ONE, Expr, Operator, Product, Sum, is_zero, raw_operator, zero
from wrt.algebra.operators import operator
from wrt.algebra.product import einsum, part, product, scale, transpose

FUNCTIONS = ("expm", "logm", "sqrtm")


def frechet(name: str, a: Expr, *directions: Expr) -> Expr:
    """The derivative of the matrix function `name` at `a` along each direction in turn."""
    if not directions:
        return operator(name, (a,), a.shape)
    if any(is_zero(e) for e in directions):
        return zero(a.shape)
    factors, cores = zip(*[_without_scalars(e) for e in directions], strict=True)
    if any(f is not None for f in factors):
        scalars: list[tuple[Expr, tuple[int, ...]]] = [(f, ()) for f in factors if f is not None]
        return product(1, [(frechet(name, a, *cores), (0, 1)), *scalars], (0, 1), a.shape)
    if len(directions) == 1 and commutes(directions[0], a):
        return einsum("ab,bc->ac", directions[0], _slope(name, a))
    along = [e for e in directions if _is_multiple_of_identity(e)]
    if along and name in ("expm", "logm"):  # along I: the derivative of f', at A along the others
        others = tuple(e for e in directions if e is not along[0])
        times = len(directions) - len(others)
        if name == "expm":
            return frechet(name, a, *others)
        if times == len(along) == 1 and len(others) == 1:
            inverse = operator("inv", (a,), a.shape)
            return scale(-1, einsum("ab,bc,cd->ad", inverse, others[0], inverse))
    everything = (a, *directions)
    if 2 * sum(_is_transpose(e) for e in everything) > len(everything):
        turned = [transpose(e) for e in everything]
        return transpose(raw_operator("frechet", (turned[0], *sorted(turned[1:], key=_digest)), a.shape, (name,)))
    return raw_operator("frechet", (a, *sorted(directions, key=_digest)), a.shape, (name,))


def _digest(e: Expr) -> bytes:
    return e.digest


def _slope(name: str, a: Expr) -> Expr:
    """The scalar function's derivative at the matrix: expm, inv, inv(sqrtm)/2."""
    if name == "expm":
        return operator("expm", (a,), a.shape)
    if name == "logm":
        return operator("inv", (a,), a.shape)
    return scale(Fraction(1, 2), operator("inv", (operator("sqrtm", (a,), a.shape),), a.shape))


def _is_transpose(e: Expr) -> bool:
    return isinstance(e, Product) and len(e.operands) == 1 and e.operands[0][1] == e.output[::-1] and len(set(e.output)) == 2


def _without_scalars(e: Expr) -> tuple[Expr | None, Expr]:
    """(s, rest) with e = s * rest, s a scalar expression, or (None, e)."""
    if not isinstance(e, Product):
        return None, e
    scalars = [o for o in e.operands if not o[1]]
    if not scalars and e.coefficient == 1:
        return None, e
    rest = [o for o in e.operands if o[1]]
    return part(e.coefficient, scalars, (), e.sizes), part(ONE, rest, e.output, e.sizes)


def commutes(e: Expr, a: Expr) -> bool:
    """Whether e is visibly a polynomial in, or a function of, the matrix `a` (up to a multiple of `a` or of I added to it)."""
    return _made_of(e, _core(a))


def _core(a: Expr) -> Expr:
    """B when a = s*B + t*I with scalars s, t."""
    _, a = _without_scalars(a)
    if isinstance(a, Sum) and a.terms:
        rest = [t for _, t in a.terms if not _is_multiple_of_identity(t)]
        if len(rest) == 1:
            return _core(rest[0])
    return a


def _is_multiple_of_identity(e: Expr) -> bool:
    return isinstance(e, Product) and len(e.output) == 2 and e.output[0] == e.output[1] and all(not labels for _, labels in e.operands)


def _made_of(e: Expr, core: Expr) -> bool:
    if e is core or _is_multiple_of_identity(e):
        return True
    if isinstance(e, Operator) and e.function in ("inv", "powers", *FUNCTIONS) and e.order == 2:
        return _core(e.arguments[0]) is core
    if isinstance(e, Sum):
        return bool(e.terms) and all(_made_of(t, core) for _, t in e.terms)
    if isinstance(e, Product):
        chain = chain_of(e)
        return chain is not None and all(f is core or (isinstance(f, Operator) and _made_of(f, core)) for f in chain)
    return False


def chain_of(e: Product) -> list[Expr] | None:
    """The factors of a matrix product A @ B @ C in order, scalars apart; None when a factor is turned or it is no such chain."""
    if len(e.output) != 2 or e.output[0] == e.output[1]:
        return None
    ahead = {labels[0]: (f, labels[1]) for f, labels in e.operands if len(labels) == 2}
    matrices = [labels for _, labels in e.operands if labels]
    if len(ahead) != len(matrices):
        return None
    at, chain = e.output[0], []
    while at in ahead:
        f, at = ahead.pop(at)
        chain.append(f)
    return chain if at == e.output[1] and not ahead else None
