"""Matrix functions in floats of high precision: block triangular matrices, which directions of derivatives make, against the library's general method."""

from __future__ import annotations

import mpmath
import pytest

import wrt
from wrt.proof.arrays import UnfitError
from wrt.proof.draw import hashed
from wrt.proof.spectra import _exponential, _repeated, _repeats

N = 3


def drawn(mp, seed):
    return mp.matrix([[mp.mpf(hashed("spectra", seed, i, j) % 1000) / 1000 for j in range(N)] for i in range(N)])


def blocks(mp, rows):
    out = mp.zeros(N * len(rows))
    for i, row in enumerate(rows):
        for j, block in enumerate(row):
            out[i * N : (i + 1) * N, j * N : (j + 1) * N] = block
    return out


@pytest.fixture
def mp():
    made = mpmath.mp.clone()
    made.dps = 30
    return made


@pytest.mark.parametrize("symmetric", [True, False], ids=["symmetric", "general"])
@pytest.mark.parametrize("which", ["logm", "sqrtm"])
def test_a_function_along_two_directions_is_that_of_the_block_matrix(mp, which, symmetric):
    a, e, h, o = drawn(mp, 1), drawn(mp, 2), drawn(mp, 3), mp.zeros(N)
    a = (a + a.T if symmetric else a) + mp.diag([3, 4, 5])
    for big in (blocks(mp, [[a, e], [o, a]]), blocks(mp, [[a, e, h, o], [o, a, o, h], [o, o, a, e], [o, o, o, a]])):
        count = _repeats(big)
        assert count == big.rows // N
        assert mp.mnorm(_repeated(mp, which, big, count) - getattr(mp, which)(big)) < mp.mpf(10) ** -25


def test_a_matrix_with_other_blocks_is_none(mp):
    a, e = drawn(mp, 1), drawn(mp, 2)
    assert _repeats(blocks(mp, [[a, e], [mp.zeros(N), a + mp.eye(N)]])) == 0


def test_a_negative_eigenvalue_has_no_logarithm(mp):
    a = mp.diag([-1, 2, 3])
    with pytest.raises(UnfitError):
        _repeated(mp, "logm", blocks(mp, [[a, drawn(mp, 2)], [mp.zeros(N), a]]), 2)


@pytest.mark.parametrize("size", [1, 200, 1000, 10**6, 10**12])
def test_an_exponential_and_its_derivative_are_those_of_the_block_matrix_at_any_size(mp, size):
    a, e = drawn(mp, 4) * size, drawn(mp, 5)
    value, slope = _exponential(mp, list(a), list(e), N)
    with mp.workdps(80):
        expected = mp.expm(blocks(mp, [[a, e], [mp.zeros(N), a]]))
        corner = expected[:N, N:]
        assert max(abs(u - v) for u, v in zip(value, expected[:N, :N], strict=True)) < mp.mpf("1e-29") * mp.mnorm(expected[:N, :N])
        assert max(abs(u - v) for u, v in zip(slope, corner, strict=True)) < mp.mpf("1e-29") * mp.mnorm(corner)


@pytest.mark.parametrize("entry", ["1e15", "1e300", "inf", "nan"])
def test_the_exponential_of_a_huge_matrix_is_no_fit(mp, entry):
    with pytest.raises(UnfitError, match="past 1e15"):
        _exponential(mp, [mp.mpf(entry)] * 4, None, 2)


def test_an_eigenvalue_that_is_zero_whatever_the_sizes_is_no_disagreement():
    d = wrt.derive("eigvalsh(A.T @ A)[0]", "A", shapes="A: m n")
    assert (str(d), d.verified) == ("2*A @ eigvecsh(A.T @ A)[:, 0] @ eigvecsh(A.T @ A)[:, 0].T", "numeric")


def test_a_branch_that_is_not_chosen_needs_no_value():
    d = wrt.derive("sum(sqrt(relu(x)))", "x", shapes="x: n")
    assert (str(d), d.verified) == ("where(x > 0, 1/(2*sqrt(x)), 0)", "numeric")
