"""What answers may be typed as: entries beside a number, T for a transpose, primes of declared functions, definitions, lists with dots, structure."""

from __future__ import annotations

import pytest

import wrt

SQUARES = "A: m n, x: n, b: m"
FUNCTIONS = "f: () -> (), g: () -> (), x:"
LOGISTIC = "sum(log(1 + exp(X @ w)))"
RIGHT = [
    ("sum(x**2)", "x", "2x_i", "x: n"),
    ("sum(x**2)", "x", "df/dx_i = 2x_i", "x: n"),
    ("3*a.T @ x", "x", "3a_i", "a: n, x: n"),
    ("sum(x**2)", "x", r"(2x_1, 2x_2, \dots, 2x_n)^\top", "x: n"),
    ("a.T @ x", "x", r"(a_1, \dots, a_n)", "a: n, x: n"),
    ("sum(x)", "x", "(1, 1, ..., 1)", "x: n"),
    ("norm(A @ x - b)**2", "x", "2AT(Ax-b)", SQUARES),
    ("norm(A @ x - b)**2", "x", "2ATAx - 2ATb", SQUARES),
    ("f(x)*g(x)", "x", "f'(x)g(x) + f(x)g'(x)", FUNCTIONS),
    ("f(x)*g(x)", "x", "f′g + fg′", FUNCTIONS),
    ("f(x)/g(x)", "x", r"\frac{f'g - fg'}{g^2}", FUNCTIONS),
    ("f(g(x))", "x", "f'(g(x)) g'(x)", FUNCTIONS),
    ("exp(f(x))", "x", "f' e^f", FUNCTIONS),
    ("f(x)**3", "x", "3f^2 f'", FUNCTIONS),
    (LOGISTIC, "w", r"X^\top D \mathbf 1, D = \mathrm{diag}(\sigma(Xw))", "X: d d, w: d"),
    ("norm(A @ x - b)**2", "x", "2Dr, D = A^T, r = Ax - b", SQUARES),
    ("norm(A @ x - b)**2", "x", "2 J^T r where J = A and r = Ax - b", SQUARES),
    ("x.T @ y/(norm(x)*norm(y))", "x", r"\frac{\hat y - c\hat x}{\|x\|}, \hat x = x/\|x\|, \hat y = y/\|y\|, c = \hat x^\top \hat y", "x: n, y: n"),
    ("mean((x - mean(x))**2)", "x", r"\frac2n(x - \bar x)", "x: n"),
    ("sum(tanh(x))", "x", "sech^2(x)", "x: n"),
    ("sum(sigmoid(x))", "x", r"\sigma'(x)", "x: n"),
    (LOGISTIC, "w", "X^T sigma(Xw)", "X: m n, w: n"),
    (LOGISTIC, "w", "X.T p", "X: m n, w: n"),
    ("norm(W @ x + b - y)**2", "W", "2 e x^T", "W: m n, x: n, b: m, y: m"),
    ("norm(x)", "x", "x/|x|", "x: n"),
]
WRONG = [
    ("norm(A @ x - b)**2", "x", "2A(Ax-b)", SQUARES, "transpose"),
    ("norm(A @ x - b)**2", "x", "2xA", SQUARES, "shape"),
    ("norm(A @ x - b)**2", "x", "2AT(Ax+b)", SQUARES, "sign"),
    ("norm(A @ x - b)**2", "x", "2Dr, D = A^T, r = b - Ax", SQUARES, "sign"),
    ("norm(tanh(W @ x + b) - y)**2/2", "b", "(a-y)*(1-a)", "W: m n, x: n, b: m, y: m", None),
    ("-y.T @ log(softmax(W @ x))", "W", "(p-y)x", "W: m n, x: n, y: m onehot", "transpose"),
    ("tanh(W @ x)", "x", "W diag(1-h^2)", "W: m n, x: n", "transpose"),
    ("softmax(x)", "x", "diag(p) - p^T p", "x: n", None),
    ("x/norm(x)", "x", r"\frac{I}{\|x\|}", "x: n", None),
    ("norm(X)**2", "X", r"2\|X\|", "X: m n", None),
    ("f(x**2)", "x", "f'(x^2)", FUNCTIONS, "chain-rule-inner-lost"),
]


@pytest.mark.parametrize(("f", "x", "answer", "shapes"), RIGHT)
def test_a_right_answer_is_read_as_people_type_it(f, x, answer, shapes):
    assert wrt.check(f, x, answer=answer, shapes=shapes).right


@pytest.mark.parametrize(("f", "x", "answer", "shapes", "slip"), WRONG)
def test_a_wrong_answer_is_marked_not_refused(f, x, answer, shapes, slip):
    mark = wrt.check(f, x, answer=answer, shapes=shapes)
    assert not mark.right
    assert slip in (None, mark.slip)


def test_a_hessian_may_name_its_diagonal_matrix_D():
    answer = r"X^\top D X, D = \mathrm{diag}(\sigma(Xw)\odot(1-\sigma(Xw)))"
    assert wrt.check(LOGISTIC, "w", "w", answer=answer, shapes="X: n d, w: d").right


@pytest.mark.parametrize(
    ("f", "x", "answer"),
    [
        ("x.T @ y/(norm(x)*norm(y))", "x", r"\frac{y}{\|x\|\|y\|} - \frac{x^\top y}{\|x\|^3\|y\|}x"),
        ("x/norm(x)", "x", r"\frac{1}{\|x\|}(I - \frac{xx^\top}{x^\top x})"),
    ],
)
def test_rounding_is_no_kink(f, x, answer):
    assert "kink" not in str(wrt.check(f, x, answer=answer, shapes="x: n, y: n"))


@pytest.mark.parametrize(
    ("f", "x", "answer", "shapes"),
    [
        ("logdet(X)", "X", r"2X^{-1} - X^{-1}\odot I", "X: n n symmetric"),
        ("tr(B @ S)", "S", "B + B.T - B*eye(n)", "B: n n, S: n n symmetric"),
        ("x.T @ X @ x", "X", "2*x @ x.T - diag(x**2)", "X: n n symmetric, x: n"),
    ],
)
def test_the_derivative_by_the_independent_entries_is_right_and_said_to_be_that(f, x, answer, shapes):
    mark = wrt.check(f, x, answer=answer, shapes=shapes)
    assert mark.right
    assert f"by the independent entries of {x}" in str(mark)


def test_a_right_answer_that_leaves_the_structure_out_says_so():
    shapes = "B: n n, S: n n symmetric"
    assert str(wrt.check("tr(B @ S)", "S", answer="(B + B.T)/2", shapes=shapes)) == "right."
    assert "all entries of S count as independent" in str(wrt.check("tr(B @ S)", "S", answer="B.T", shapes=shapes))


def test_the_mended_form_and_the_counterexample_are_of_one_convention():
    mark = wrt.check("tr(B @ S)", "S", answer="B", shapes="B: n n, S: n n symmetric")
    assert (mark.slip, mark.fixed) == ("transpose", "B.T")
    assert mark.counterexample is not None
    values, wanted, given = mark.counterexample
    assert (wanted, given) == ([list(row) for row in zip(*values["B"], strict=True)], values["B"])
    assert "all entries of S count as independent" in str(mark)
