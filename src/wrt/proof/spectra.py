"""Functions of the spectrum of one matrix, in floats of any precision: eigenvalues, singular values, matrix functions and their derivatives.

Vectors have the sign that makes their largest entry positive, so that they are continuous; only what does not depend on signs can be checked.
Symmetric matrices take the way over their eigenvalues, others mpmath's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from wrt.proof.arrays import Flat, Keys, UnfitError

GAP = Fraction(1, 10**8)  # eigenvalues nearer than this are too near to tell apart
LARGE = 300  # the size of a matrix up to which its exponential is computed in whole numbers: exp(300) is about 2**433
HUGE = 10**15  # where the exponential's own exponent leaves the precision worked with


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


def matrix_function(mp: Any, which: str, flat: Flat, m: int, n: int, *, library: bool = False) -> Flat:
    """The entries of a function of an m x n matrix, row after row.

    library: eigenvectors and singular vectors with the signs that NumPy gives them; else with the largest entry positive.
    """
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
            signs = _signs(vectors, _theirs(which, flat, m, n) if library else None)
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
    signs = _signs([[u[i, k] for i in range(m)] for k in range(r)], _theirs("svd_u", flat, m, n) if library else None)
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
    """(exp(A), its derivative along E) by Taylor's series of A/2**s and s squarings: (X, L) becomes (X X, X L + L X). Raises: UnfitError.

    In whole numbers of 2**-bits, which multiply many times faster than floats; a spare bit for each squaring and for what the values grow by.
    A large matrix, whose values would need too many bits, is taken in floats.
    """
    size = max(sum(abs(v) for v in a[i * n : (i + 1) * n]) for i in range(n))
    if not size < HUGE:
        raise UnfitError("the exponential of a matrix past 1e15")
    squarings = max(0, int(mp.ceil(mp.log(size + 1, 2))) + 6)
    if size > LARGE:
        return _exponential_of_floats(mp, a, e, n, squarings)
    bits = mp.prec + 2 * squarings + int(4 * size) + 24

    def fixed(flat: Flat) -> list[list[int]]:
        whole = [int(mp.ldexp(v, bits - squarings)) for v in flat]
        return [whole[i * n : (i + 1) * n] for i in range(n)]

    x, d = fixed(a), None if e is None else fixed(e)
    term, slope = [[int(i == j) << bits for j in range(n)] for i in range(n)], [[0] * n for _ in range(n)]
    total, moved = term, slope
    k = 0
    while any(map(any, term)) or any(map(any, slope)):
        k += 1
        if d is not None:
            slope = [[(u + v) // k for u, v in zip(p, q, strict=True)] for p, q in zip(_times(slope, x, bits), _times(term, d, bits), strict=True)]
            moved = _sum(moved, slope)
        term = [[u // k for u in row] for row in _times(term, x, bits)]
        total = _sum(total, term)
    for _ in range(squarings):
        if d is not None:
            moved = _sum(_times(total, moved, bits), _times(moved, total, bits))
        total = _times(total, total, bits)
    return [mp.ldexp(mp.mpf(v), -bits) for row in total for v in row], [mp.ldexp(mp.mpf(v), -bits) for row in moved for v in row]


def _exponential_of_floats(mp: Any, a: Flat, e: Flat | None, n: int, squarings: int) -> tuple[Flat, Flat]:
    """The same in floats, with two spare bits a squaring."""
    bits = mp.prec + 2 * squarings + 24
    with mp.workprec(bits):
        x, d = (mp.matrix(n, n) if flat is None else _matrix(mp, flat, n, n) * mp.ldexp(1, -squarings) for flat in (a, e))
        term, slope = mp.eye(n), mp.matrix(n, n)
        total, moved = term, slope
        for k in range(1, bits // 6 + 2):  # entries of x are below 2**-6
            term, slope = term * x / k, (slope * x + term * d) / k
            total, moved = total + term, moved + slope
        for _ in range(squarings):
            total, moved = total * total, total * moved + moved * total
    return [+v for v in total], [+v for v in moved]


Fixed = list[list[int]]


def _sum(a: Fixed, b: Fixed) -> Fixed:
    return [[u + v for u, v in zip(p, q, strict=True)] for p, q in zip(a, b, strict=True)]


def _times(a: Fixed, b: Fixed, bits: int) -> Fixed:
    """The product, rounded towards zero; zeros, of which block triangular matrices have many, cost nothing."""
    out = []
    for row in a:
        total = [0] * len(row)
        for u, other in zip(row, b, strict=True):
            if u:
                total = [t + u * v for t, v in zip(total, other, strict=True)]
        out.append([t >> bits if t >= 0 else -(-t >> bits) for t in total])
    return out


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


def _signs(columns: Sequence[Sequence[Any]], theirs: Sequence[Sequence[float]] | None) -> list[int]:
    """The sign of each column: that of other columns, as far as they are given."""
    if theirs is None:
        return [_turn(column) for column in columns]
    return [1 if sum(u * v for u, v in zip(mine, other, strict=True)) > 0 else -1 for mine, other in zip(columns, theirs, strict=True)]


def _theirs(which: str, flat: Flat, m: int, n: int) -> list[list[float]]:
    """NumPy's eigenvectors or left singular vectors."""
    import numpy as np

    a = np.array([float(v) for v in flat]).reshape(m, n)
    found = np.linalg.eigh((a + a.T) / 2)[1] if which == "eigvecsh" else np.linalg.svd(a, full_matrices=False)[0]
    columns: list[list[float]] = found.T.tolist()
    return columns


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
