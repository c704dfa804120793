"""Kinks and jumps of piecewise functions: told where they are, not where the two sides agree to the order differentiated."""

from __future__ import annotations

import pytest

import wrt
from wrt.errors import DomainError


@pytest.mark.parametrize(
    ("text", "shapes", "told"),
    [
        ("where(x > 0, x**2, -x)", "x:", ("x != 0",)),
        ("where(x > 0, x, 0.1*x)", "x:", ("x != 0",)),
        ("maximum(x, 0.1*x)", "x:", ("x != 0",)),
        ("(x > 0)*(x + 1)", "x:", ("x != 0",)),
        ("where(x**2 > 0, abs(x), -x)", "x:", ("x != 0",)),
        ("sum(where(x > d, x, d**2))", "x: n, d:", ("x != d (entry by entry)",)),
        ("where(x > 0, exp(-1/x), 0)", "x:", ("x != 0",)),
        ("where(n > 2, x, -x)", "x:, n: integer", ()),
    ],
)
def test_branches_that_meet_in_a_kink_or_a_jump_have_a_condition(text, shapes, told):
    assert wrt.derive(text, "x", shapes=shapes).conditions == told


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("abs(x)**3", "x:"),
        ("sum(x*abs(x))", "x: n"),
        ("sum(w*abs(x)**1.5)", "x: n, w: n"),
        ("sum(relu(x)**2)", "x: n"),
        ("norm(relu(W @ x))**2", "W: m n, x: n"),
        ("sum(where(A @ x > b, A @ x - b, 0)**2)", "A: m n, x: n, b: m"),
        ("log(1 + sum(abs(x)**3))", "x: n"),
        ("where(x > 1, x**2, 2*x - 1)", "x:"),
        ("where(x >= 0, log(1 + x), x/(1 - x))", "x:"),
        ("sum(where(x > 0, x, exp(x) - 1))", "x: n"),
        ("sum(where(abs(x) <= 1, x**2/2, abs(x) - 1/2))", "x: n"),
        ("sum(where(abs(x) <= d, x**2/2, d*(abs(x) - d/2)))", "x: n, d: positive"),
    ],
)
def test_sides_that_agree_to_first_order_are_no_kink(text, shapes):
    assert wrt.derive(text, "x", shapes=shapes).conditions == ()


@pytest.mark.parametrize(
    ("text", "orders"),
    [("x*abs(x)", 1), ("abs(x)**3", 2), ("relu(x)**2", 1), ("where(x > 0, x**4, 0)", 3), ("where(abs(x) <= 1, x**2/2, abs(x) - 1/2)", 1)],
)
def test_a_kink_returns_with_the_order_that_meets_it(text, orders):
    assert wrt.derive(text, *["x"] * orders, shapes="x:").conditions == ()
    assert wrt.derive(text, *["x"] * (orders + 1), shapes="x:").conditions != ()


@pytest.mark.parametrize(
    "text", ["x**2 + abs(x)", "abs(x)*y", "norm(x*ones(3), 1) + y", "sign(x)*x*y", "where(a*x > 0, x, 0)", "abs(x)**p", "x*(x == 0)"]
)
def test_what_is_not_shown_smooth_keeps_its_condition(text):
    assert wrt.derive(text, "x", shapes="x:, y:, a:, p:").conditions != ()


@pytest.mark.parametrize("text", ["abs(x)*sign(x)", "sum(relu(x*ones(2)) - relu(-x*ones(2)))"])
def test_a_formula_that_is_wrong_at_a_kink_keeps_its_condition_where_the_function_is_smooth(text):
    assert wrt.derive(text, "x", shapes="x:").conditions == ("x != 0",)


def test_a_width_without_a_sign_is_told_to_be_positive():
    d = wrt.derive("sum(where(abs(x) <= d, x**2/2, d*(abs(x) - d/2)))", "x", shapes="x: n, d:")
    assert d.conditions == ("d > 0",)


def test_infinite_slopes_at_the_end_of_a_domain_are_left_out():
    assert wrt.derive("arcsin(x)", "x", shapes="x:").conditions == ("abs(x) < 1",)
    assert wrt.derive("sum(arccos(x))", "x", shapes="x: n").conditions == ("abs(x) < 1 (entry by entry)",)
    assert wrt.derive("arccosh(x)", "x", shapes="x:").conditions == ("x > 1",)
    assert wrt.derive("arcsin(tanh(x))", "x", shapes="x:").conditions == ()
    assert wrt.derive("x**(3/2)", "x", "x", shapes="x:").conditions == ("x != 0",)


def test_a_determinant_below_a_logarithm_or_a_quotient_is_not_zero():
    assert wrt.derive("log(det(X.T @ X))", "X", shapes="X: m n").conditions == ("X.T @ X invertible",)
    assert wrt.derive("1/det(X.T @ X)", "X", shapes="X: m n").conditions == ("X.T @ X invertible",)


def test_the_greatest_absolute_value_needs_no_other_entry_to_be_nonzero():
    assert wrt.derive("norm(x, inf)", "x", shapes="x: n").conditions[0] == "x != 0"


def test_there_is_no_taylor_polynomial_where_branches_meet():
    with pytest.raises(DomainError):
        wrt.taylor("where(x > 0, x**2, -x)", "x", at={"x": 0}, order=1, shapes="x:")
