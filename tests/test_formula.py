"""Formulas built from Python objects: operators, numbers of Python and NumPy, NumPy's functions and operators by their names."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import wrt

A, X, C = wrt.symbols("A: n n, x: n, c:")


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (3, "3*x"),
        (0.5, "0.5*x"),
        (Fraction(2, 3), "2/3*x"),
        (-1.5, "-1.5*x"),
        (True, "1*x"),
        (1e-30, "1e-30*x"),
        (np.float64(0.5), "0.5*x"),
        (np.float32(0.25), "0.25*x"),
        (np.int64(7), "7*x"),
        (np.array(2.5), "2.5*x"),
    ],
)
def test_a_number_is_put_in_exactly_as_it_is_spelt(number, printed):
    assert str(number * X) == printed


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -np.float64("inf")])
def test_what_is_no_number_is_refused(number):
    with pytest.raises(wrt.TextError, match="not a number that a formula can hold"):
        X + number


@pytest.mark.parametrize(
    ("built", "typed"),
    [
        (lambda: np.add(X, 1), "x + 1"),
        (lambda: np.true_divide(X, C), "x/c"),
        (lambda: np.matmul(A, X), "A @ x"),
        (lambda: np.float_power(X, 2), "x**2"),
        (lambda: np.less_equal(X, 0), "x <= 0"),
        (lambda: np.negative(X), "-x"),
        (lambda: np.absolute(X), "abs(x)"),
        (lambda: np.fmax(X, 0), "maximum(x, 0)"),
        (lambda: np.arccosh(X), "arccosh(x)"),
        (lambda: np.trace(A), "tr(A)"),
        (lambda: np.linalg.inv(A), "inv(A)"),
        (lambda: np.sum(A, axis=0), "sum(A, axis=0)"),
        (lambda: np.transpose(A), "A.T"),
    ],
)
def test_functions_of_numpy_are_those_of_the_language(built, typed):
    assert str(built()) == typed


@pytest.mark.parametrize(
    ("built", "typed"),
    [
        (lambda: (X - 1) / C, "(x - 1)/c"),
        (lambda: 2**C, "2**c"),
        (lambda: (A @ X).T @ X, "(A @ x).T @ x"),
        (lambda: -(X**2), "-x**2"),
        (lambda: 1 - X, "1 - x"),
        (lambda: abs(+X), "abs(x)"),
        (lambda: X > 0, "x > 0"),
        (lambda: A[0, 1:], "A[0, 1:]"),
    ],
)
def test_operators_print_as_they_are_typed(built, typed):
    assert str(built()) == typed


def test_a_method_of_a_numpy_function_is_refused():
    with pytest.raises(wrt.TextError, match=r"numpy.add.reduce is not a function of formulas"):
        np.add.reduce(X)
