"""`wrt.check_lines` on whole derivations as lecturers write them: equations to be solved, names given after the function, gradients without a variable."""

from __future__ import annotations

import pytest

import wrt

SETS = "X: n d, w: d, y: n"


@pytest.mark.parametrize(
    ("lines", "shapes"),
    [
        (["f = x^2 - 4x", "f' = 2x - 4", "f' = 0", "x = 2"], "x:"),
        (["f = x^2 - 4x", "f' = 2x - 4", "2x - 4 = 0", "2x = 4", "x = 4/2 = 2", "f'' = 2"], "x:"),
        (["f = x^2 - 4x", "f' = 0", "x = 2"], "x:"),
        (["f = x^3 - 3x", "f' = 3x^2 - 3 = 0", "(x-1)(x+1) = 0", "x = 1, x = -1"], "x:"),
        ([r"L = \|Xw-y\|^2", r"\nabla L = 2X^\top(Xw-y) \stackrel{!}{=} 0", r"X^\top X w = X^\top y", r"\hat w = (X^\top X)^{-1}X^\top y"], SETS),
        (["L = norm(X@w-y)**2/n", "dL/dw = 2*X.T@(X@w-y)/n", "dL/dw = 0", "X.T@X@w = X.T@y"], SETS),
        (
            [
                r"l = p \log\theta + (n-p)\log(1-\theta)",
                r"\frac{dl}{d\theta} = \frac{p}{\theta} - \frac{n-p}{1-\theta} = 0",
                r"p(1-\theta) = (n-p)\theta",
                r"\hat\theta = p/n",
            ],
            "p:, n:, theta: positive",
        ),
        (["f = x^2 + y^2 - 2x", "f_x = 2x - 2 = 0", "f_y = 2y = 0", "x = 1, y = 0"], "x:, y:"),
        (["f = x.T@A@x/2 - b.T@x", "df/dx = A@x - b", "A@x = b", "x = inv(A)@b"], "x: n, A: n n symmetric, b: n"),
        (["f' = 2x - 4", "f' = 0", "x = 2"], "x:"),
    ],
)
def test_a_derivative_set_to_zero_is_an_equation_that_the_lines_after_it_solve(lines, shapes):
    mark = wrt.check_lines(lines, shapes)
    assert mark.right
    assert "each equation follows from those before" in str(mark)


@pytest.mark.parametrize(
    ("lines", "shapes", "bad"),
    [
        (["f = x^2 - 4x", "f' = 2x - 4", "f' = 0", "x = 3"], "x:", 3),
        (["f = x^2 - 4x", "f' = 2x - 4", "2x - 4 = 0", "2x = -4", "x = -2"], "x:", 3),
        (["f = x^2 - 4x", "f' = 2x - 5 = 0", "x = 5/2"], "x:", 1),
        (["f = x^2 - 4x", "f' = 2x - 4 = 0", "x = 4/2 = 3"], "x:", 2),
        (["f = x^2", "f' = 0"], "x:", 1),
        (["f = 5x", "f' = 5 = 0", "x = 0"], "x:", 1),
        (["x - x + 1", "= 0"], "x:", 1),
        (["f = x^2 - 4x", "f' = 2x - 4", "2x = 5"], "x:", 2),
        (["f = x^2", "f' = 2x", "2x = 3x"], "x:", 2),
        (["f = x^2", "f' = 2x", "3x = 2x"], "x:", 2),
        ([r"L = \|Xw-y\|^2", r"\nabla_w L = 2X^\top(Xw-y) = 0", r"w^* = X^\top y"], SETS, 2),
        (["f = x^2 + y^2 - 2x", "f_x = 2x - 2 = 0", "f_y = 2y = 0", "x = 1, y = 1"], "x:, y:", 3),
    ],
)
def test_an_equation_that_does_not_follow_is_found(lines, shapes, bad):
    mark = wrt.check_lines(lines, shapes)
    assert (mark.first_bad, mark.right, mark.undecided) == (bad, False, "")


def test_of_an_equation_that_cannot_be_checked_nothing_else_is_said():
    mark = wrt.check_lines([r"L = \|Xw-y\|^2", r"\nabla_w L = 2X^\top(Xw-y) = 0", "Xw = y"], SETS)
    assert (mark.first_bad, mark.right) == (2, False)
    assert mark.undecided.endswith("cannot be checked")


@pytest.mark.parametrize(
    ("lines", "shapes"),
    [
        (["f = sin(x^2)", "u = x^2", "df/du = cos(u)", "df/dx = df/du du/dx = 2x cos(x^2)"], "x:"),
        (["f = (1 + x^2)^3", "u = x^2 + 1", "df/du = 3u^2"], "x:"),
        (["f = log(sum(exp(x)))", "s = sum(exp(x))", "df/ds = 1/s", "df/dx = exp(x)/s"], "x: n"),
        (["L = sum(log(1+exp(-y*(X@w))))", "m = y*(X@w)", "dL/dm = -sigmoid(-m)"], SETS),
        (["f = x^2+y^2", "x = cos(t)", "y = sin(t)", "df/dx = 2x", "df/dt = df/dx dx/dt + df/dy dy/dt", "= 0"], "x:, y:, t:"),
        (["f = x^2 sin(x)", "= u v, u = x^2, v = sin x", "f' = u'v + uv'", "= 2x sin(x) + x^2 cos(x)"], "x:"),
    ],
)
def test_a_name_may_be_given_after_the_function_that_holds_it(lines, shapes):
    assert wrt.check_lines(lines, shapes).right


def test_of_a_name_that_the_function_is_not_written_in_nothing_is_decided():
    mark = wrt.check_lines(["f = sin(p)*q", "u = x*p", "df/du = 2"], "x:, p:, q:")
    assert (mark.first_bad, mark.undecided) == (2, "the function is not written in u")


def test_a_gradient_without_a_variable_is_by_one_and_stays_so():
    mark = wrt.check_lines([r"L = w^\top x", r"\nabla L = x"], "w: d, x: d")
    assert str(mark) == "right: every line equals the one before; the derivative is taken by w."
    assert wrt.check_lines([r"L = w^\top x", r"\nabla L = x", r"\nabla L = w"], "w: d, x: d").first_bad == 2
    assert wrt.check_lines([r"L = \|Xw - y\|^2", r"\nabla L = X^\top(Xw-y)"], SETS).slip == "factor"


@pytest.mark.parametrize(
    ("lines", "shapes", "right"),
    [
        ([r"df = x^\top(A+A^\top) dx", r"\nabla f = (A+A^\top)x", r"\nabla^2 f = A + A^\top"], "A: n n, x: n", True),
        ([r"df = x^\top(A+A^\top) dx", r"\nabla f = 2Ax"], "A: n n, x: n", False),
        (["df = d(x.T @ A @ x)", "= x.T @ (A + A.T) @ dx", "df/dx = (A + A.T) @ x"], "A: n n, x: n", True),
        (["df = tr(A^T dX)", "df/dX = 2A"], "A: m n, X: m n", False),
        (["grad f = A @ x - b", "H = A"], "A: n n, x: n, b: n", True),
        (["f' = 2x", "f'' = 3"], "x:", False),
    ],
)
def test_a_function_may_be_known_by_its_differential_or_its_gradient_only(lines, shapes, right):
    assert wrt.check_lines(lines, shapes).right == right


@pytest.mark.parametrize(("value", "right"), [("f'(2) = 12", True), ("f'(2) = 13", False), ("f''(-1) = -6", True), ("f'(1/2) = 3/4", True)])
def test_a_derivative_at_a_number_is_its_value_there(value, right):
    assert wrt.check_lines(["f = x^3", value], "x:").right == right


@pytest.mark.parametrize(
    ("lines", "right"),
    [
        (["f = x^2 + xy", "df/dx = 2x + y"], True),
        (["f = xy^2 + 1/xy", "df/dx = y^2 - 1/(x^2 y)"], True),
        ([r"f = \frac{xy}{2} + xy", r"df/dx = \frac{3y}{2}"], True),
        (["f = x^2 + xy", "df/dx = 2x + x"], False),
    ],
)
def test_letters_side_by_side_of_variables_are_their_product(lines, right):
    assert wrt.check_lines(lines, "x:, y:").right == right


@pytest.mark.parametrize(("delta", "right"), [(r"\delta_{ik}x_l", True), (r"\delta_{il}x_k", False)])
def test_an_index_that_a_sum_binds_elsewhere_keeps_its_meaning(delta, right):
    lines = [r"z_i = \sum_j W_{ij}x_j", r"a_i = \tanh(z_i)", rf"\frac{{\partial a_i}}{{\partial W_{{kl}}}} = (1-a_i^2){delta}"]
    assert wrt.check_lines(lines, "W: n n, x: n").right == right


def test_a_point_holds_only_what_the_lines_hold():
    mark = wrt.check_lines(["df = tr(A^T dX)", "df/dX = 2A"], "A: m n, X: m n")
    assert mark.counterexample is not None
    assert [*mark.counterexample[0]] == ["A"]
