"""What a reader expects of a print: the order of the product rule, sums and diagonals as typed, one fraction, no sign before a bracket."""

from __future__ import annotations

import pytest

import wrt

PRINTS = [
    ("(A + t*B) @ (C + t**2*E)", "t", "A: m n, B: m n, C: n p, E: n p, t:", "B @ (C + t**2*E) + 2*t*(A + t*B) @ E"),
    ("t*A + t**3*B", "t", "A: m n, B: m n, t:", "A + 3*t**2*B"),
    ("sin(x)*log(x)", "x", "x: positive", "log(x)*cos(x) + sin(x)/x"),
    ("tanh(x) + x**3", "x", "x:", "1 - tanh(x)**2 + 3*x**2"),
    ("tr(X @ A @ X.T @ B)", "X", "X: m n, A: n n, B: m m", "B @ X @ A + B.T @ X @ A.T"),
    ("gelu(t)", "t", "t:", "(1 + erf(t/sqrt(2)))/2 + t*exp(-t**2/2)/sqrt(2*pi)"),
    ("t*(1 + erf(t/sqrt(2)))/2", "t", "t:", "(1 + erf(t/sqrt(2)))/2 + t*exp(-t**2/2)/sqrt(2*pi)"),
    ("norm(X - diag(diag(X)))**2 + tr(A @ X)", "X", "X: n n, A: n n", "2*(X - diag(diag(X))) + A.T"),
    ("(y - X @ w).T @ diag(r) @ (y - X @ w)", "w", "y: n, X: n d, w: d, r: n", "-2*X.T @ diag(r) @ (y - X @ w)"),
    ("x.T @ diag(d) @ x", "x", "d: n, x: n", "2*diag(d) @ x"),
    ("norm(r*x)**2", "x", "r: n, x: n", "2*r**2*x"),
    ("tanh(x)/(2 + x**2)", "x", "x:", "((2 + x**2)*(1 - tanh(x)**2) - 2*x*tanh(x))/(2 + x**2)**2"),
    ("log(x + sqrt(1 + x**2))", "x", "x:", "1/sqrt(1 + x**2)"),
    ("r*log(r/(r + exp(u))) + y*log(exp(u)/(r + exp(u)))", "u", "u:, y:, r: positive", "r*(y - exp(u))/(r + exp(u))"),
    ("tr(W.T @ C @ W) - tr(L @ W.T @ W)", "W", "C: d d symmetric, W: d k, L: k k symmetric", "2*(C @ W - W @ L)"),
    ("logdet(S)/2 + tr(inv(S) @ C)/2", "S", "S: n n spd, C: n n symmetric", "(inv(S) - inv(S) @ C @ inv(S))/2"),
    ("arctan(y/x)", "x", "x: positive, y:", "-y/(y**2 + x**2)"),
    ("log(1 + norm(x)**2/c)", "x", "x: n, c: positive", "2*x/(norm(x)**2 + c)"),
    ("n*log(c) + sum((x - m)**2)/(2*c**2)", "c", "x: n, m:, c: positive", "(n*c**2 - sum((x - m)**2))/c**3"),
    ("logdet(A @ diag(d) @ A.T)", "d", "A: m n, d: n", "diag(A.T @ inv(A @ diag(d) @ A.T) @ A)"),
    ("norm(U @ diag(s) @ V.T - X)**2", "s", "U: m k, s: k, V: n k, X: m n", "2*diag(U.T @ (U @ diag(s) @ V.T - X) @ V)"),
    (
        "g.T @ ((x - mean(x))/sqrt(var(x) + c))",
        "x",
        "x: n, g: n, c: positive",
        "(g - mean(g) - (g.T @ (x - mean(x)))*(x - mean(x))/(n*(var(x) + c)))/sqrt(var(x) + c)",
    ),
]


@pytest.mark.parametrize(("text", "name", "shapes", "printed"), PRINTS, ids=[text for text, *_ in PRINTS])
def test_a_print_reads_as_a_lecturer_writes_it(text, name, shapes, printed):
    assert str(wrt.derive(text, name, shapes=shapes)) == printed


def test_a_row_is_turned_term_by_term():
    d = wrt.derive("exp(a.T @ x) + x.T @ B @ x", "x", shapes="a: n, x: n, B: n n", layout="numerator")
    assert str(d) == "exp(a.T @ x)*a.T + x.T @ (B + B.T)"


def test_a_matrix_stands_beside_its_transpose():
    d = wrt.derive("tr(A @ X)", "X", shapes="A: n n, X: n n symmetric", structure="parameters")
    assert str(d) == "A + A.T - diag(diag(A))"


@pytest.mark.parametrize(
    ("text", "unicode", "latex"),
    [
        ("x/norm(x)", "x/‖x‖", r"\frac{x}{\lVert x \rVert}"),
        ("2*x/(x.T @ A @ x)", "2x/(xᵀAx)", r"\frac{2 x}{x^{\top} A x}"),
        ("A @ (x - y)/n", "A(x − y)/n", r"\frac{1}{n} A (x - y)"),
        ("A/sqrt(n)", "A/√n", r"\frac{A}{\sqrt{n}}"),
        ("-x/y", "−x ⊘ y", r"-x \oslash y"),
        ("x*y*(x + y)", "x ⊙ y ⊙ (x + y)", r"x \odot y \odot (x + y)"),
        ("2*logdet(A)*x", "2(log |det(A)|)x", r"2 (\log \lvert \det(A) \rvert) x"),
        ("norm(x)**2*(1 + y.T @ y)**1.5", "‖x‖²(1 + yᵀy)^{3/2}", r"\lVert x \rVert^{2} (1 + y^{\top} y)^{3/2}"),
        ("sum(y)*x", "(𝟏ᵀy)x", r"(\mathbf{1}^{\top} y) x"),
        ("(A - eye(n)/norm(x))/2", "½(A − Iₙ/‖x‖)", r"\frac{1}{2} \left(A - \frac{I_{n}}{\lVert x \rVert}\right)"),
    ],
)
def test_a_vector_over_a_scalar_is_a_quotient_in_every_style(text, unicode, latex):
    f = wrt.parse(text, "x: n, y: n, A: n n")
    assert (f.unicode(), f.latex()) == (unicode, latex)


def test_a_place_is_compared_without_a_minus_sign():
    assert "(r == i + j" in str(wrt.derive("a.T @ conv1d(x, k)", "x")).replace("array(", "(")
