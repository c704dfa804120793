"""Shorter and more usual: polynomials multiplied out, norms of any order, products with a diagonal matrix, falling factorials."""

from __future__ import annotations

import pytest

import wrt


def printed(text: str, by: str, shapes: str, order: int = 1) -> str:
    d = wrt.derive(text, by, order, shapes=shapes)
    got = str(d)
    assert not d.verified.startswith("unverified")
    return got


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("exp(-x**2/2)/sqrt(2*pi)", 4, "exp(-x**2/2)*(x**4 - 6*x**2 + 3)/sqrt(2*pi)"),
        ("(x**2 + 1)/(x - 1)", 1, "(x**2 - 2*x - 1)/(x - 1)**2"),
        ("(x**2 + 1)/(x - 1)", 2, "4/(x - 1)**3"),
        ("x*(x - 1)*(x - 2)", 1, "3*x**2 - 6*x + 2"),
        ("(x - 1)**3*(x + 2)", 1, "(x - 1)**2*(4*x + 5)"),
    ],
)
def test_a_polynomial_is_multiplied_out_where_that_is_shorter(text, order, expected):
    assert printed(text, "x", "x:", order) == expected


@pytest.mark.parametrize(
    ("text", "by", "shapes", "expected"),
    [
        ("norm(x, p)", "x", "x: n, p:", "norm(x, p)**(1 - p)*abs(x)**(p - 1)*sign(x)"),
        ("norm(x, p)**2", "x", "x: n, p:", "2*norm(x, p)**(2 - p)*abs(x)**(p - 1)*sign(x)"),
    ],
)
def test_a_norm_of_any_order_is_known_again(text, by, shapes, expected):
    assert printed(text, by, shapes) == expected


@pytest.mark.parametrize(("by", "expected"), [("b", "-2*X.T @ W @ (y - X @ b)"), ("X", "-2*(W @ (y - X @ b)) @ b.T"), ("y", "2*W @ (y - X @ b)")])
def test_a_diagonal_matrix_that_the_user_multiplies_by_stays_a_factor(by, expected):
    assert printed("(y - X @ b).T @ W @ (y - X @ b)", by, "W: n n diagonal, X: n p, y: n, b: p") == expected


def test_the_diagonal_that_the_user_names_is_no_factor():
    assert printed("sum(diag(W)*x**2)", "x", "W: n n diagonal, x: n") == "2*x*diag(W)"


@pytest.mark.parametrize(
    ("text", "by", "shapes", "order", "expected"),
    [
        ("x**p", "x", "x:, p:", 2, "p*(p - 1)*x**(p - 2)"),
        ("(x.T @ z + c)**p", "x", "x: n, z: n, c:, p:", 2, "p*(p - 1)*(x.T @ z + c)**(p - 2)*z @ z.T"),
    ],
)
def test_what_differentiating_a_power_leaves_stands_before_it(text, by, shapes, order, expected):
    assert printed(text, by, shapes, order) == expected
