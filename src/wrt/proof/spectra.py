"""Functions of the spectrum of one matrix, in floats of any precision: eigenvalues, singular values, matrix functions and their derivatives.

Vectors have the sign that makes their largest entry positive, so that they are continuous; only what does not depend on signs can be checked.
Symmetric matrices take the way over their eigenvalues, others mpmath's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from operator import mul
from typing import Any

from wrt.proof.arrays import Flat, Keys, UnfitError

GAP = Fraction(1, 10**8)  # eigenvalues nearer than this are too near to tell apart


def shape(which: str, m: int, n: int) -> tuple[Keys, tuple[int, ...]]:
    """The axes and sizes of a function of an m x n matrix."""
    r = min(m, n)
    match which:
        case "nuc" | "spec":
            return (), ()
        case "eigvalsh" | "svdvals":
            return (0,), (r,)
        case "svd_u":
            return (0, 1), (m, r)
        case "svd_v":
            return (0, 1), (n, r)
    return (0, 1), (m, n)


def matrix_function(mp: Any, which: str, flat: Flat, m: int, n: int) -> Flat:
    """The entries of a function of an m x n matrix, row after row."""
    a = _matrix(mp, flat, m, n)
    match which:
        case "expm":
            return _exponential(mp, flat, None, n)[0]
        case "logm" | "sqrtm":
            return _entries(mp, _function(mp, which, a))
        case "eigvalsh" | "eigvecsh":
            values, vectors = _eigen(mp, (a + a.T) / 2)
            if which == "eigvalsh":
                return values
            signs = [_turn(column) for column in vectors]
            return [vectors[k][i] * signs[k] for i in range(n) for k in range(n)]
    u, s, v = mp.svd_r(a) if m >= n else _wide(mp, a)
    r = min(m, n)
    values = [s[k] for k in range(r)]
    match which:
        case "svdvals":
            return values
        case "nuc":
            return [sum(values)]
        case "spec":
            return [max(values)]
        case "polar":
            return _entries(mp, u * v)
    signs = [_turn([u[i, k] for i in range(m)]) for k in range(r)]
    if which == "svd_u":
        return [u[i, k] * signs[k] for i in range(m) for k in range(r)]
    return [v[k, j] * signs[k] for j in range(n) for k in range(r)]


def frechet(mp: Any, which: str, a: Flat, e: Flat, n: int) -> Flat:
    """The derivative of a matrix function at A along E.

    Symmetric A = V L V.T: V (D * (V.T E V)) V.T with the divided differences D (Daleckii & Krein); else the upper right block of f([[A, E], [0, A]]).
    """
    first, direction = _matrix(mp, a, n, n), _matrix(mp, e, n, n)
    if _symmetric(first):
        values, columns = _eigen(mp, first)
        v = mp.matrix([[columns[k][i] for k in range(n)] for i in range(n)])
        image = [real(mp, SCALAR[which](mp), x) for x in values]
        slope = [_slope(which, x, y) for x, y in zip(values, image, strict=True)]
        inner = v.T * direction * v
        for i in range(n):
            for j in range(n):
                inner[i, j] *= slope[i] if i == j else (image[i] - image[j]) / (values[i] - values[j])
        return _entries(mp, v * inner * v.T)
    if which == "expm":
        return _exponential(mp, a, e, n)[1]
    big = mp.zeros(2 * n)
    for i in range(n):
        for j in range(n):
            big[i, j] = big[n + i, n + j] = first[i, j]
            big[i, n + j] = direction[i, j]
    out = _function(mp, which, big)
    return [real(mp, _nearly_real, mp, out[i, n + j]) for i in range(n) for j in range(n)]


SCALAR: dict[str, Callable[[Any], Callable[[Any], Any]]] = {"expm": lambda mp: mp.exp, "logm": lambda mp: mp.log, "sqrtm": lambda mp: mp.sqrt}


def _slope(which: str, x: Any, y: Any) -> Any:
    return {"expm": lambda: y, "logm": lambda: 1 / x, "sqrtm": lambda: 1 / (2 * y)}[which]()


def real(mp: Any, function: Callable[..., Any], *arguments: Any) -> Any:
    """A function's value as a real number; UnfitError where it has none."""
    try:
        y = function(*arguments)
    except (ValueError, ZeroDivisionError, OverflowError, TypeError):
        raise UnfitError("a point outside the domain") from None
    if not isinstance(y, mp.mpf):
        if getattr(y, "imag", 0) != 0:
            raise UnfitError("a point outside the domain")
        y = mp.mpf(y.real if hasattr(y, "real") else y)
    if not mp.isfinite(y):
        raise UnfitError("a value that is not finite")
    return y


def _matrix(mp: Any, flat: Flat, m: int, n: int) -> Any:
    return mp.matrix([[flat[i * n + j] for j in range(n)] for i in range(m)])


def _entries(mp: Any, a: Any) -> Flat:
    return [real(mp, _nearly_real, mp, a[i, j]) for i in range(a.rows) for j in range(a.cols)]


def _nearly_real(mp: Any, v: Any) -> Any:
    """A complex number without its imaginary part where that is rounding."""
    if isinstance(v, mp.mpc) and abs(v.imag) <= mp.mpf(10) ** (-mp.dps // 2) * (1 + abs(v.real)):
        return v.real
    return v


def _exponential(mp: Any, a: Flat, e: Flat | None, n: int) -> tuple[Flat, Flat]:
    """(exp(A), its derivative along E) by Taylor's series of A/2**s and s squarings: (X, L) becomes (X X, X L + L X)."""
    size = max(sum(abs(v) for v in a[i * n : (i + 1) * n]) for i in range(n))
    squarings = max(0, int(mp.ceil(mp.log(size + 1, 2))) + 6)
    digits = mp.dps
    with mp.workdps(digits + squarings + 5):
        scale = mp.mpf(2) ** -squarings
        x = [v * scale for v in a]
        d = None if e is None else [v * scale for v in e]
        term: Flat = [mp.mpf(int(i == j)) for i in range(n) for j in range(n)]
        slope: Flat = [mp.mpf(0)] * (n * n)
        total, moved = list(term), list(slope)
        bound = mp.mpf(10) ** -(digits + squarings + 5)
        for k in range(1, 10 * digits):
            if d is not None:
                slope = [(u + v) / k for u, v in zip(_times(slope, x, n), _times(term, d, n), strict=True)]
                moved = [u + v for u, v in zip(moved, slope, strict=True)]
            term = [u / k for u in _times(term, x, n)]
            total = [u + v for u, v in zip(total, term, strict=True)]
            if max(map(abs, term)) < bound and max(map(abs, slope)) < bound:
                break
        for _ in range(squarings):
            if d is not None:
                moved = [u + v for u, v in zip(_times(total, moved, n), _times(moved, total, n), strict=True)]
            total = _times(total, total, n)
    return [+v for v in total], [+v for v in moved]


def _times(a: Flat, b: Flat, n: int) -> Flat:
    columns = [b[j::n] for j in range(n)]
    return [sum(map(mul, a[i * n : (i + 1) * n], column)) for i in range(n) for column in columns]


def _symmetric(a: Any) -> bool:
    return all(a[i, j] == a[j, i] for i in range(a.rows) for j in range(i))


def _eigen(mp: Any, a: Any) -> tuple[list[Any], list[list[Any]]]:
    """(eigenvalues ascending, the columns of eigenvectors) of a symmetric matrix with eigenvalues apart."""
    values, vectors = mp.eigsy(a)
    order = sorted(range(a.rows), key=lambda k: values[k])
    gap = mp.mpf(GAP.numerator) / GAP.denominator
    if any(values[j] - values[i] < gap for i, j in pairwise(order)):
        raise UnfitError("eigenvalues that nearly meet", near=True)
    return [values[k] for k in order], [[vectors[i, k] for i in range(a.rows)] for k in order]


def _wide(mp: Any, a: Any) -> tuple[Any, Any, Any]:
    u, s, v = mp.svd_r(a.T)
    return v.T, s, u.T


def _turn(column: Sequence[Any]) -> int:
    """The sign that makes the largest entry of a column positive."""
    return 1 if max(column, key=abs) > 0 else -1


def _function(mp: Any, which: str, a: Any) -> Any:
    """logm or sqrtm of a square matrix."""
    if _symmetric(a):
        values, vectors = mp.eigsy(a)
        return vectors * mp.diag([real(mp, SCALAR[which](mp), v) for v in values]) * vectors.T
    count = _repeats(a)
    if count:
        return _repeated(mp, which, a, count)
    with mp.extradps(15):
        try:
            return +getattr(mp, which)(a)
        except (ValueError, ZeroDivisionError, mp.NoConvergence):
            raise UnfitError(f"{which} has no value here") from None


def _repeats(a: Any) -> int:
    """How many equal blocks stand on the diagonal of a block upper triangular matrix, as [[A, E], [0, A]] has; 0 when it is none."""
    rows = int(a.rows)
    for n in range(1, rows // 2 + 1):
        if rows % n == 0 and all(a[i, j] == (a[i % n, j % n] if i // n == j // n else 0) for i in range(rows) for j in range((i // n + 1) * n)):
            return rows // n
    return 0


def _repeated(mp: Any, which: str, a: Any, count: int) -> Any:
    """A function of a block upper triangular matrix with one block on the diagonal: sums over chains of divided differences.

    With A = V L inv(V) and every block turned by V, f(T)[i, j] is the sum over i < k < ... < j of T[i, k] T[k, ..] ... f[l_i, l_k, ..., l_j].
    Source: Higham 2008, Functions of Matrices, theorem 4.11.
    """
    n = a.rows // count
    values, v, back = _diagonalised(mp, a[:n, :n])
    turned = {(r, c): back * a[r * n : (r + 1) * n, c * n : (c + 1) * n] * v for r in range(count) for c in range(r + 1, count)}
    known: dict[tuple[int, ...], Any] = {}

    def difference(places: tuple[int, ...]) -> Any:
        if places not in known:
            known[places] = _divided_difference(mp, which, [values[k] for k in places])
        return known[places]

    out = mp.zeros(a.rows)
    for i in range(a.rows):
        chains: list[tuple[int, Any, tuple[int, ...]]] = [(i, mp.mpf(1), (i % n,))]
        while chains:
            at, weight, places = chains.pop()
            out[i, at] += weight * difference(tuple(sorted(places)))
            for k in range((at // n + 1) * n, a.rows):
                step = turned[at // n, k // n][at % n, k % n]
                if step:
                    chains.append((k, weight * step, (*places, k % n)))
    there, here = mp.zeros(a.rows), mp.zeros(a.rows)
    for k in range(count):
        there[k * n : (k + 1) * n, k * n : (k + 1) * n] = v
        here[k * n : (k + 1) * n, k * n : (k + 1) * n] = back
    return there * out * here


def _diagonalised(mp: Any, a: Any) -> tuple[list[Any], Any, Any]:
    """(eigenvalues, V, inv(V)) of a matrix with eigenvalues apart."""
    if _symmetric(a):
        values, columns = _eigen(mp, a)
        v = mp.matrix([[columns[k][i] for k in range(a.rows)] for i in range(a.rows)])
        return values, v, v.T
    values, v = mp.eig(a)
    gap = mp.mpf(GAP.numerator) / GAP.denominator
    if any(abs(x - y) < gap for i, x in enumerate(values) for y in values[:i]):
        raise UnfitError("eigenvalues that nearly meet", near=True)
    return values, v, mp.inverse(v)


def _divided_difference(mp: Any, which: str, points: Sequence[Any]) -> Any:
    """f[x_0, ..., x_k] of points in which equal ones are neighbours: f^(k)(x)/k! where all are equal."""
    if any(not getattr(x, "imag", 0) and mp.re(x) <= 0 for x in points) and which != "expm":
        raise UnfitError("a point outside the domain")
    table = {(i, i): SCALAR[which](mp)(x) for i, x in enumerate(points)}
    for width in range(1, len(points)):
        for i in range(len(points) - width):
            x, y = points[i], points[i + width]
            table[i, i + width] = (table[i + 1, i + width] - table[i, i + width - 1]) / (y - x) if x != y else _taylor(mp, which, x, width)
    return table[0, len(points) - 1]


def _taylor(mp: Any, which: str, x: Any, k: int) -> Any:
    """f^(k)(x)/k! for k >= 1."""
    if which == "expm":
        return mp.exp(x) / mp.factorial(k)
    if which == "logm":
        return -((-1) ** k) / (k * x**k)
    return mp.binomial(mp.mpf(1) / 2, k) * mp.sqrt(x) / x**k
