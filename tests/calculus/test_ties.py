"""Compiled derivatives where spectra meet and where matrices are singular: right wherever the derivative exists, never nan."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import wrt

DRAW = np.random.default_rng(4)
A = DRAW.normal(size=(3, 3))
Q = np.linalg.qr(DRAW.normal(size=(3, 3)))[0]
TALL = np.linalg.qr(DRAW.normal(size=(4, 3)))[0]
WEIGHTS = DRAW.normal(size=(4, 3))
EQUAL = 2 * np.eye(3)
REPEATED = Q @ np.diag([2.0, 2.0, 5.0]) @ Q.T
ZERO = np.zeros((3, 3))
RANK_ONE = np.outer(A[0], A[1])
STEP = 1e-5  # of the central differences


def along(f, values, name, direction):
    """The central difference of a program along a direction of one argument."""
    ahead, behind = (np.asarray(f(**{**values, name: values[name] + s * direction})) for s in (STEP, -STEP))
    return (ahead - behind) / (2 * STEP)


def assert_right(text, shapes, name, point, order, **values):
    """The derivative of the given order, contracted with a direction, against the difference of the one before (symmetric directions where the point is)."""
    f = wrt.parse(text, shapes)
    d = wrt.derive(f, name, order, structure="ignored")
    lower = wrt.derive(f, name, order - 1, structure="ignored") if order > 1 else f
    values = {**values, name: point}
    symmetric = "symmetric" in shapes or "spd" in shapes
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value = np.asarray(d(**values))
    for _ in range(2):
        direction = DRAW.normal(size=point.shape)
        direction = direction + direction.T if symmetric else direction
        got = np.tensordot(value, direction, 2)
        assert got == pytest.approx(along(lower.compile(), values, name, direction), rel=2e-4, abs=2e-4 * (1 + np.abs(value).max()))


@pytest.mark.parametrize("point", [EQUAL, REPEATED], ids=["equal", "repeated"])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    "text",
    ["sum(exp(eigvalsh(S)))", "sum(log(eigvalsh(S)))", "prod(eigvalsh(S))", "tr(sqrtm(S))", 'norm(S, "nuc")', "sum(A*cholesky(S))"],
)
def test_functions_of_a_definite_matrix_at_equal_eigenvalues(text, order, point):
    shapes = "S: n n spd" + (", A: n n" if "A" in text else "")
    assert_right(text, shapes, "S", point, order, **({"A": A} if "A" in text else {}))


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("text", ['norm(X, "nuc")', "sum(log(1 + svdvals(X)**2))", "sum(log(svdvals(X)))", "norm(svdvals(X), 4)"])
def test_functions_of_equal_singular_values(text, order):
    assert_right(text, "X: m n", "X", 1.5 * TALL, order)


@pytest.mark.parametrize("order", [1, 2])
def test_the_polar_factor_at_equal_singular_values(order):
    assert_right("sum(W*polar(X))", "X: m n, W: m n", "X", 1.5 * TALL, order, W=WEIGHTS)


@pytest.mark.parametrize("order", [1, 2])
def test_the_polar_factor_of_a_wide_matrix_at_equal_singular_values(order):
    assert_right("sum(W*polar(X))", "X: 3 4, W: 3 4", "X", 1.5 * TALL.T, order, W=WEIGHTS.T)


def test_the_third_derivative_of_the_nuclear_norm_at_equal_singular_values():
    assert_right('norm(X, "nuc")', "X: n n", "X", EQUAL, 3)


@pytest.mark.parametrize("point", [ZERO, RANK_ONE], ids=["zero", "rank one"])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("text", ["det(X)", "det(X)**2", "det(X @ A)", "sum(A*adj(X))", "tr(A @ expm(X))"])
def test_functions_of_a_singular_matrix(text, order, point):
    assert_right(text, "X: n n" + (", A: n n" if "A" in text else ""), "X", point, order, **({"A": A} if "A" in text else {}))


def test_the_derivative_of_a_matrix_power_refuses_a_negative_exponent_it_was_not_made_for():
    d = wrt.derive("x.T @ matpow(A, k) @ x", "A", shapes="A: n n, x: n, k: integer")
    assert d.conditions == ("k >= 0",)
    with pytest.raises(ValueError, match="exponents that are not negative"):
        d(A=A + EQUAL, x=A[0], k=-2)


def test_powers_of_the_inverse_at_any_exponent():
    d = wrt.derive("tr(matpow(A, -k))", "A", shapes="A: n n invertible, k: integer")
    point, inverse = A + 2 * EQUAL, np.linalg.inv(A + 2 * EQUAL)
    assert d(A=point, k=2) == pytest.approx(-2 * np.linalg.matrix_power(inverse, 3).T)
