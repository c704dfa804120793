"""Forms as people write them: sums over entries where indices are numbers, rows for matrices of one row, one root, one sign, one trace."""

from __future__ import annotations

import pytest

import wrt


def printed(text: str, by: str, shapes: str) -> str:
    d = wrt.derive(text, by, shapes=shapes)
    assert d.verified == "exact"
    return str(d)


@pytest.mark.parametrize(
    ("text", "by", "shapes", "expected"),
    [
        ("sum(c[k]*x**k for k in range(n))", "x", "c: n, x: positive", "sum(i*c[i]*x**(i - 1) for i in range(n))"),
        ("sum(c[k]*x**k for k in range(n))", "c", "c: n, x: positive", "array(x**i for i in range(n))"),
        ("sum(γ**t*r[t] for t in range(T))", "r", "r: T, γ: positive", "array(γ**i for i in range(T))"),
        ("sum((y[i] - a - b*i)**2 for i in range(n))", "b", "y: n, a:, b:", "-2*sum(j*(y[j] - a - b*j) for j in range(n))"),
        ("sum(x[i]**2*(n - i) for i in range(n))", "x", "x: n", "2*x*(n - array(j for j in range(n)))"),
    ],
)
def test_where_indices_are_numbers_entries_are_shown(text, by, shapes, expected):
    assert printed(text, by, shapes) == expected


def test_a_minus_goes_into_the_difference_of_a_number_and_an_index():
    d = wrt.derive("sum(c[k]*x**k for k in range(n))", "x", "x", shapes="c: n, x: positive")
    assert str(d) == "sum(i*c[i]*x**(i - 2)*(i - 1) for i in range(n))"


def test_the_sum_of_a_matrix_of_one_row_has_ones_on_one_side():
    assert wrt.parse("sum(y)*X", "y: 1 m, X: m n").unicode() == "(y𝟏)X"


@pytest.mark.parametrize(
    ("text", "by", "shapes", "expected"),
    [
        ("x @ A @ x.T", "x", "x: 1 n, A: n n", "x @ (A + A.T)"),
        ("norm(x @ W + b)**2", "x", "x: 1 n, W: n m, b: 1 m", "2*(x @ W + b) @ W.T"),
        ("norm(x @ W + b)**2", "W", "x: 1 n, W: n m, b: 1 m", "2*x.T @ (x @ W + b)"),
        ("norm(X @ w - y)**2", "w", "X: m n, w: n 1, y: m 1", "2*X.T @ (X @ w - y)"),
        ("(a @ relu(W*x + b) - y)**2", "a", "a: 1 h, W: h, x:, b: h, y:", "2*(a @ relu(x*W + b) - y)*relu(x*W + b).T"),
        ("-sum(y*log_softmax(x @ W, axis=1))", "W", "x: 1 n, W: n m, y: 1 m", "x.T @ (sum(y)*softmax(x @ W, axis=1) - y)"),
        ("c*x", "c", "x: n, c: 1", "x"),
        ("x @ x.T", "x", "x: 1 1", "2*x"),
        ("X[0, 0]**2", "X", "X: 1 n", "2*X[0, 0]*eye(n)[0, :]"),
    ],
)
def test_a_matrix_of_one_row_or_column_is_a_row_or_a_column(text, by, shapes, expected):
    assert printed(text, by, shapes) == expected


@pytest.mark.parametrize(
    ("text", "by", "shapes", "expected"),
    [
        ("sqrt(2/pi)*x**2", "x", "x:", "2*sqrt(2/pi)*x"),
        ("sqrt(3/a)*x**2", "x", "x:, a:", "2*x*sqrt(3/a)"),
        ("sqrt(pi/2)*x*A", "x", "x:, A: m n", "sqrt(pi/2)*A"),
        ("sqrt(2*x/pi)", "x", "x:", "1/sqrt(2*x*pi)"),
    ],
)
def test_roots_of_quotients_are_one_root(text, by, shapes, expected):
    assert printed(text, by, shapes) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("c/(1 + exp(-k*(t - b)))", "k*c*sigmoid(k*(t - b))*(1 - sigmoid(k*(t - b)))"),
        ("1/(1 + exp((b - t)/c))", "sigmoid((b - t)/c)*(1 - sigmoid((b - t)/c))/c"),
    ],
)
def test_a_logistic_slope_has_no_minus_inside(text, expected):
    d = wrt.derive(text, "t", shapes="t:, k:, b:, c:")
    assert str(wrt.parse(expected, "t:, k:, b:, c:")) is not None
    assert wrt.equal(d, wrt.parse(expected, "t:, k:, b:, c:"))
    assert "sigmoid(-" not in str(d)


@pytest.mark.parametrize(
    ("text", "by", "shapes", "expected"),
    [
        ("tr(sin(t*A))", "t", "t:, A: n n", "tr(A*cos(t*A))"),
        ("tr(exp(t*A)*B)", "t", "t:, A: n n, B: n n", "tr(A*B*exp(t*A))"),
        ("sum(sin(x*A)*B)", "x", "x: m, A: m n, B: m n", "sum(A*B*cos(x*A), axis=1)"),
        ("sum(exp(A*x.T))", "x", "x: n, A: m n", "sum(A*exp(A*x.T), axis=0).T"),
    ],
)
def test_traces_and_stretched_products_stay_as_they_are_typed(text, by, shapes, expected):
    assert printed(text, by, shapes) == expected


def test_a_slope_of_an_arctangent_has_no_fraction_in_its_fraction():
    assert printed("arctan(x/a)", "x", "x:, a:") == "a/(x**2 + a**2)"


def test_a_condition_is_of_the_product_as_typed():
    assert wrt.derive("norm(ρ @ relu(W @ X) @ ones(n))**2", "W", shapes="ρ: k h, W: h d, X: d n").conditions == ("W @ X != 0 (entry by entry)",)


def test_batch_normalisation_divides_by_the_row_of_deviations():
    d = wrt.derive("sum(G*((X - mean(X, axis=0))/sqrt(var(X, axis=0) + c)))", "X", shapes="X: m n, G: m n, c: positive")
    assert "diag" not in str(d)
    assert d.verified == "exact"
