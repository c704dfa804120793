"""What a reader expects of a print: the order of the product rule, sums and diagonals as typed, one fraction, no sign before a bracket."""

from __future__ import annotations

import pytest

import wrt

PRINTS = [
    ("(A + t*B) @ (C + t**2*E)", "t", "A: m n, B: m n, C: n p, E: n p, t:", "B @ (C + t**2*E) + 2*t*(A + t*B) @ E"),
    ("t*A + t**3*B", "t", "A: m n, B: m n, t:", "A + 3*t**2*B"),
    ("sin(x)*log(x)", "x", "x: positive", "cos(x)*log(x) + sin(x)/x"),
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
    ("x**3*sin(x)", "x", "x:", "3*x**2*sin(x) + x**3*cos(x)"),
    ("x**2*exp(-x)", "x", "x:", "x*exp(-x)*(2 - x)"),
    ("1/sin(x)", "x", "x:", "-cos(x)/sin(x)**2"),
    ("log(sin(x))", "x", "x:", "cos(x)/sin(x)"),
    ("log(tan(x))", "x", "x:", "1/tan(x) + tan(x)"),
    ("exp(sin(x) + x**2)", "x", "x:", "(cos(x) + 2*x)*exp(sin(x) + x**2)"),
    ("(a + b)*sin(x)", "x", "a:, b:, x:", "(a + b)*cos(x)"),
    ("det(A + exp(t)*B)", "t", "A: n n, B: n n, t:", "exp(t)*tr(adj(A + exp(t)*B) @ B)"),
    ("sin(t)**2 + 2*cos(t)", "t", "t:", "2*sin(t)*(cos(t) - 1)"),
    ("-y*log(p) - (1 - y)*log(1 - p)", "p", "y:, p:", "(p - y)/(p*(1 - p))"),
    ("sqrt(x)*log(x)", "x", "x: positive", "(log(x) + 2)/(2*sqrt(x))"),
    ("x**2*sqrt(x + 1)", "x", "x: positive", "x*(5*x + 4)/(2*sqrt(x + 1))"),
    ("c*norm(x)*log(norm(x))", "x", "c:, x: n", "c*(1 + log(norm(x)))*x/norm(x)"),
    ("tr(A @ X + X @ X)", "X", "A: n n, X: n n", "A.T + 2*X.T"),
    ("tr(X @ X @ B)", "X", "X: n n, B: n n", "(X @ B + B @ X).T"),
    ("a.T @ X @ X @ b", "X", "X: n n, a: n, b: n", "a @ b.T @ X.T + X.T @ a @ b.T"),
    ("tr(A @ B @ B.T @ C)", "B", "A: m n, B: n p, C: n m", "(C @ A + A.T @ C.T) @ B"),
    ("norm(y - X @ w)**2/2 + c*norm(w)**2/2", "w", "y: n, X: n d, w: d, c:", "X.T @ (X @ w - y) + c*w"),
    ("-((1 - c)*y + c/n*ones(n)).T @ log_softmax(z)", "z", "y: n simplex, z: n, c:", "softmax(z) - (1 - c)*y - c/n*ones(n)"),
    ("kron(A + t*B, t**2*C)", "t", "A: m m, B: m m, C: n n, t:", "t**2*kron(B, C) + 2*t*kron(A + t*B, C)"),
    ("sum(x)*norm(x)**2", "x", "x: n", "norm(x)**2*ones(n) + 2*sum(x)*x"),
    ("x.T @ log(x) - c*(sum(x) - 1)", "x", "x: n positive, c:", "log(x) + (1 - c)*ones(n)"),
    ("sqrt(W @ x + b)", "x", "W: m n, x: n, b: m", "diag(1/sqrt(W @ x + b)) @ W/2"),
    ("norm(X*X.T)**2/2", "X", "X: n n", "2*X*X.T**2"),
]
SECOND = [
    ("tanh(c*x)", "x", "c:, x:", "-2*c**2*tanh(c*x)*(1 - tanh(c*x)**2)"),
    ("norm(x)**4", "x", "x: n", "8*x @ x.T + 4*norm(x)**2*eye(n)"),
    ("prod(x)", "x", "x: n nonzero", "prod(x)*(ones(n, n) - eye(n))/(x @ x.T)"),
    (
        "x.T @ A @ x/(x.T @ x)",
        "x",
        "A: n n symmetric, x: n",
        "2*(4*(x.T @ A @ x)*x @ x.T - (x.T @ x)*(2*x @ x.T @ A + 2*A @ x @ x.T - (x.T @ x)*A + (x.T @ A @ x)*eye(n)))/(x.T @ x)**3",
    ),
]


@pytest.mark.parametrize(("text", "name", "shapes", "printed"), PRINTS, ids=[text for text, *_ in PRINTS])
def test_a_print_reads_as_a_lecturer_writes_it(text, name, shapes, printed):
    assert str(wrt.derive(text, name, shapes=shapes)) == printed


@pytest.mark.parametrize(("text", "name", "shapes", "printed"), SECOND, ids=[text for text, *_ in SECOND])
def test_a_second_derivative_reads_as_a_lecturer_writes_it(text, name, shapes, printed):
    assert str(wrt.derive(text, name, name, shapes=shapes)) == printed


def test_a_denominator_layout_has_its_transposes_at_the_terms():
    d = wrt.derive("sin(B @ x) + exp(C @ x)", "x", shapes="B: m n, C: m n, x: n", layout="denominator")
    assert str(d) == "B.T @ diag(cos(B @ x)) + C.T @ diag(exp(C @ x))"


def test_a_row_is_turned_term_by_term():
    d = wrt.derive("exp(a.T @ x) + x.T @ B @ x", "x", shapes="a: n, x: n, B: n n", layout="numerator")
    assert str(d) == "exp(a.T @ x)*a.T + x.T @ (B + B.T)"


def test_a_matrix_stands_beside_its_transpose():
    d = wrt.derive("tr(A @ X)", "X", shapes="A: n n, X: n n symmetric", structure="parameters")
    assert str(d) == "A + A.T - A*eye(n)"


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
        ("A @ A @ x", "A²x", r"A^{2} x"),
        ("3*A.T @ A.T", "3(A²)ᵀ", r"3 (A^{2})^{\top}"),
        ("-inv(A + eye(n)) @ inv(A + eye(n)) @ x", "−(A + Iₙ)⁻²x", r"-(A + I_{n})^{-2} x"),
        ("inv(A).T @ inv(A).T", "(A⁻²)ᵀ", r"(A^{-2})^{\top}"),
        ("x[::-1] + 2*y", "x_{n:−1:1} + 2y", r"x_{n : -1 : 1} + 2 y"),
        ("A @ A.T @ A @ A.T", "AAᵀAAᵀ", r"A A^{\top} A A^{\top}"),
        ("(A - eye(n)/norm(x))/2", "½(A − Iₙ/‖x‖)", r"\frac{1}{2} \left(A - \frac{I_{n}}{\lVert x \rVert}\right)"),
    ],
)
def test_a_vector_over_a_scalar_is_a_quotient_in_every_style(text, unicode, latex):
    f = wrt.parse(text, "x: n, y: n, A: n n")
    assert (f.unicode(), f.latex()) == (unicode, latex)


def test_a_place_is_compared_without_a_minus_sign():
    assert str(wrt.derive("conv1d(x, k)", "x").index) == "sum(k[l] for l in range(m) if j == i + l)"


@pytest.mark.parametrize("text", ["x[::-1]", "x[3::-1]", "x[5:2:-1]", "x[:-2]", "x[1:-1]"])
def test_a_slice_comes_back_from_every_style(text):
    f = wrt.parse(text, "x: 8")
    assert [wrt.parse(words, "x: 8").expr is f.expr for words in (f.unicode(), f.latex())] == [True, True]
