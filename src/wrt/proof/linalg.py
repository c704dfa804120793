"""Matrix functions of parts: inverse, determinant, adjugate (right at singular matrices too), pseudoinverse and Cholesky factor.

Each takes one matrix as parts of flat rows and returns parts; infinitesimals are added one at a time by the function's differential.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wrt.proof.arrays import Flat, Parts, UnfitError, contraction
from wrt.proof.jets import Ring, along, restricted

Root = Callable[[Any], Any]


def multiply(ring: Ring, a: Parts, b: Parts, m: int, k: int, n: int) -> Parts:
    """The product of an m x k and a k x n matrix."""
    return ring.contract(contraction((0, 2), (m, k), (2, 1), (k, n), (0, 1)), a, b)


def transposed(a: Parts, m: int, n: int) -> Parts:
    """The transpose of an m x n matrix."""
    return {part: [x[i * n + j] for j in range(n) for i in range(m)] for part, x in a.items()}


def identity(n: int) -> Flat:
    return [int(i == j) for i in range(n) for j in range(n)]


def solve_finite(ring: Ring, a: Flat, n: int) -> tuple[Any, Flat] | None:
    """(determinant, inverse) of an n x n matrix by elimination; None when it is singular."""
    p = ring.p
    one = ring.one
    rows = [[v * one for v in a[i * n : (i + 1) * n]] + [one * int(i == j) for j in range(n)] for i in range(n)]
    determinant: Any = one
    small = ring.small * max([abs(v) for v in a], default=0) if not p else 0
    ring.work += n * n * n
    for k in range(n):
        pivot = next((i for i in range(k, n) if rows[i][k]), None) if p else max(range(k, n), key=lambda i: abs(rows[i][k]))
        if pivot is None or not rows[pivot][k] or (not p and abs(rows[pivot][k]) <= small):
            return None
        if pivot != k:
            rows[k], rows[pivot] = rows[pivot], rows[k]
            determinant = -determinant
        top = rows[k]
        head = top[k]
        if p:
            determinant = determinant * head % p
            factor = pow(head, -1, p)
            top = rows[k] = [v * factor % p for v in top]
        else:
            determinant = determinant * head
            top = rows[k] = [v / head for v in top]
        for i in range(n):
            c = rows[i][k]
            if i != k and c:
                rows[i] = (
                    [(u - c * v) % p for u, v in zip(rows[i], top, strict=True)] if p else [u - c * v for u, v in zip(rows[i], top, strict=True)]
                )
    return determinant % p if p else determinant, [v for row in rows for v in row[n:]]


def inverse(ring: Ring, a: Parts, n: int) -> Parts:
    """inv(A): inv[S] = -inv[0] sum over nonempty T in S of A[T] inv[S - T]."""
    found = solve_finite(ring, a[0], n) if 0 in a else None
    if found is None:
        raise UnfitError("a singular matrix", singular=True)
    first: Parts = {0: found[1]}
    out: Parts = {0: found[1]}
    tail = {m: x for m, x in a.items() if m}
    for m in _sets(tail):
        inner: Parts = {}
        for t, x in tail.items():
            if t & m == t and m ^ t in out:
                inner = ring.add(inner, multiply(ring, {0: x}, {0: out[m ^ t]}, n, n, n))
        if inner:
            out[m] = ring.scale(-1, multiply(ring, first, inner, n, n, n))[0]
    return out


def _sets(a: Parts) -> list[int]:
    """Every set of the infinitesimals that occur, without the empty one, smaller numbers first."""
    top = 0
    for m in a:
        top |= m
    out, m = [], 0
    while m != top:
        m = (m - top) & top
        out.append(m)
    return out


def adjugate(ring: Ring, a: Parts, n: int) -> tuple[Parts, Parts]:
    """(det A, adj A), at singular matrices too (then by Faddeev and LeVerrier's division-free recursion)."""
    found = solve_finite(ring, a[0], n) if ring.p and 0 in a else None
    if found is None:
        return _faddeev(ring, a, n)
    determinant: Parts = {0: [found[0]]}
    adj: Parts = {0: ring.scale(found[0], {0: found[1]})[0]}
    tail = {m: x for m, x in a.items() if m}
    if not tail:
        return determinant, adj
    inv = inverse(ring, a, n)
    for bit in range(max(tail).bit_length()):
        step = 1 << bit
        here = along(a, bit)
        if here:
            traces = ring.contract(contraction((2, 3), (n, n), (3, 2), (n, n), ()), adj, here)
            determinant.update({m | step: x for m, x in traces.items()})
            adj = ring.times(restricted(inv, bit + 1), {m: x * (n * n) for m, x in determinant.items()})
    return determinant, adj


def _faddeev(ring: Ring, a: Parts, n: int) -> tuple[Parts, Parts]:
    """det and adj by the coefficients of the characteristic polynomial; divides by 1 .. n only."""
    unit = identity(n)
    adj: Parts = {0: unit}
    for k in range(1, n + 1):
        turned = multiply(ring, a, adj, n, n, n) if a else {}
        trace = ring.summed({m: x[:: n + 1] for m, x in turned.items()}, n)
        share = pow(k, -1, ring.p) if ring.p else None
        coefficient = ring.scale(-share, trace) if share is not None else {m: [-x[0] * ring.one / k] for m, x in trace.items()}
        if k == n:
            break
        spread = {m: [x[0] * u for u in unit] for m, x in coefficient.items()}
        adj = ring.add(turned, spread)
    sign = 1 if n % 2 == 0 else -1
    return ring.scale(sign, coefficient), ring.scale(-sign, adj)


def pseudoinverse(ring: Ring, a: Parts, m: int, n: int, small: Any = 0) -> Parts:
    """pinv of an m x n matrix of constant rank, from a rank factorisation; floats up to `small` count as zero."""
    if 0 not in a:
        return {}
    columns, rows = _rank_factors(ring, a[0], m, n, small)
    r = len(rows) // n
    if r == 0:
        return {}
    left = multiply(ring, {0: transposed({0: columns}, m, r)[0]}, {0: columns}, r, m, r)
    right = multiply(ring, {0: rows}, transposed({0: rows}, r, n), r, n, r)
    inner = multiply(ring, inverse(ring, right, r), inverse(ring, left, r), r, r, r)
    out = multiply(ring, multiply(ring, transposed({0: rows}, r, n), inner, n, r, r), transposed({0: columns}, m, r), n, r, m)
    tail = [m_ for m_ in a if m_]
    for bit in range(max(tail).bit_length() if tail else 0):
        step = 1 << bit
        here = along(a, bit)
        if here:
            more = _pinv_differential(ring, restricted(a, bit), out, here, m, n)
            out = {**out, **{part | step: x for part, x in more.items()}}
    return out


def _pinv_differential(ring: Ring, a: Parts, y: Parts, da: Parts, m: int, n: int) -> Parts:
    """-Y dA Y + (I - Y A) dA.T Y.T Y + Y Y.T dA.T (I - A Y). Source: Golub & Pereyra 1973, (4.12)."""
    yt, dat = transposed(y, n, m), transposed(da, m, n)
    first = multiply(ring, multiply(ring, y, da, n, m, n), y, n, n, m)
    rest_left = ring.subtract({0: identity(n)}, multiply(ring, y, a, n, m, n))
    rest_right = ring.subtract({0: identity(m)}, multiply(ring, a, y, m, n, m))
    second = multiply(ring, multiply(ring, rest_left, dat, n, n, m), multiply(ring, yt, y, m, n, m), n, m, m)
    third = multiply(ring, multiply(ring, y, yt, n, m, n), multiply(ring, dat, rest_right, n, m, m), n, n, m)
    return ring.subtract(ring.add(second, third), first)


def _rank_factors(ring: Ring, a: Flat, m: int, n: int, small: Any) -> tuple[Flat, Flat]:
    """C (m x r) and R (r x n) with A = C R: the pivot columns, and the nonzero rows of the reduced echelon form."""
    p = ring.p
    rows = [[v * ring.one for v in a[i * n : (i + 1) * n]] for i in range(m)]
    pivots: list[int] = []
    for j in range(n):
        k = len(pivots)
        best = max(range(k, m), key=lambda i: abs(rows[i][j]), default=None) if k < m else None
        if best is None or abs(rows[best][j]) <= small:
            continue
        rows[k], rows[best] = rows[best], rows[k]
        head = rows[k][j]
        factor = pow(head, -1, p) if p else None
        rows[k] = [v * factor % p for v in rows[k]] if p else [v / head for v in rows[k]]
        for i in range(m):
            c = rows[i][j]
            if i != k and c:
                rows[i] = [(u - c * v) % p if p else u - c * v for u, v in zip(rows[i], rows[k], strict=True)]
        pivots.append(j)
    return [a[i * n + j] for i in range(m) for j in pivots], [v for row in rows[: len(pivots)] for v in row]


def cholesky(ring: Ring, a: Parts, n: int, root: Root) -> Parts:
    """The lower factor L with positive diagonal of a symmetric matrix; `root` takes the positive root of a number."""
    p = ring.p
    x = a[0] if 0 in a else [0] * (n * n)
    low: list[list[Any]] = [[0] * n for _ in range(n)]
    for j in range(n):
        pivot = root((x[j * n + j] - sum(v * v for v in low[j][:j])) % p if p else x[j * n + j] - sum(v * v for v in low[j][:j]))
        if not pivot:
            raise UnfitError("a matrix that is not positive definite")
        low[j][j] = pivot
        factor = pow(pivot, -1, p) if p else None
        for i in range(j + 1, n):
            value = x[i * n + j] - sum(u * v for u, v in zip(low[i][:j], low[j][:j], strict=True))
            low[i][j] = value * factor % p if p else value / pivot
    out: Parts = {0: [v for row in low for v in row]}
    tail = [m for m in a if m]
    for bit in range(max(tail).bit_length() if tail else 0):
        step = 1 << bit
        here = along(a, bit)
        if here:
            inv = inverse(ring, out, n)
            middle = multiply(ring, multiply(ring, inv, here, n, n, n), transposed(inv, n, n), n, n, n)
            half = pow(2, -1, p) if p else None
            masked = {
                m: [(v * half if p else v / 2) if k // n == k % n else v if k // n > k % n else 0 for k, v in enumerate(y)] for m, y in middle.items()
            }
            more = multiply(ring, out, masked, n, n, n)
            out = {**out, **{m | step: y for m, y in more.items()}}
    return out
