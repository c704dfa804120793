"""The matrix form: what a mathematician would print, row by row, and what is never printed."""

from __future__ import annotations

import pytest
from derived import derived

from wrt.calculus.operators import in_layout
from wrt.language.unparse import unparse
from wrt.notation.context import context_of
from wrt.notation.matrix import matrix_form


def matrix_text(text: str, shapes: str, names: str, layout: str = "mixed") -> str | None:
    """The matrix form of the derivative in a layout, None where there is none."""
    source, d = derived(text, shapes, *names.split())
    assert source.tree.shape is not None
    laid_out = in_layout(d, source.tree.shape, [source.declarations[n].shape for n in names.split()], layout)
    if laid_out is None:
        return None
    node = matrix_form(laid_out.expr, laid_out.kind, context_of(source, source.declarations))
    return None if node is None else unparse(node)


PRODUCTS = [
    ("norm(A @ x - b)**2", "A: m n, x: n, b: m", "x", "2*A.T @ (A @ x - b)"),
    ("norm(A @ x - b)**2", "A: m n, x: n, b: m", "A", "2*(A @ x - b) @ x.T"),
    ("norm(y - X @ w)**2", "X: m n, w: n, y: m", "w", "-2*X.T @ (y - X @ w)"),
    ("x.T @ A @ x", "A: n n, x: n", "x", "(A + A.T) @ x"),
    ("x.T @ A @ x", "A: n n symmetric, x: n", "x", "2*A @ x"),
    ("x.T @ A @ x", "A: n n, x: n", "x x", "A + A.T"),
    ("tr(A @ X @ B)", "A: m n, X: n p, B: p m", "X", "A.T @ B.T"),
    ("tr(A @ B @ C @ E)", "A: m n, B: n p, C: p q, E: q m", "B", "(C @ E @ A).T"),
    ("tr(X @ X @ B)", "X: n n, B: n n", "X", "(X @ B + B @ X).T"),
    ("a.T @ X @ b", "a: m, X: m n, b: n", "X", "a @ b.T"),
    ("(a.T @ x)*(x.T @ b)", "a: n, b: n, x: n", "x", "(a.T @ x)*b + (x.T @ b)*a"),
    ("norm(T - U @ V.T)**2", "T: m n, U: m k, V: n k", "U", "-2*(T - U @ V.T) @ V"),
    ("sum((A*X) @ B)", "A: m n, X: m n, B: n p", "X", "A*sum(B, axis=1).T"),
    ("sum(X, axis=0) @ a", "X: m n, a: n", "X", "ones(m) @ a.T"),
    ("logdet(X)", "X: n n invertible", "X", "inv(X).T"),
    ("tr(A @ inv(X) @ B)", "A: m n, X: n n invertible, B: n m", "X", "-(inv(X) @ B @ A @ inv(X)).T"),
    ("log(abs(det(X.T @ X)))", "X: m n", "X", "2*pinv(X).T"),
    ("sum(C*solve(A, B))", "A: n n, B: n p, C: n p", "B", "solve(A.T, C)"),
    ("tr(matpow(X, k))", "X: n n, k: integer", "X", "k*matpow(X, k - 1).T"),
    ("a.T @ matpow(X, k) @ b", "a: n, X: n n, b: n, k: integer", "X", "sum(matpow(X, i).T @ a @ b.T @ matpow(X, k - i - 1).T for i in range(k))"),
    ("kron(A + t*B, C)", "A: m n, B: m n, C: p q, t:", "t", "kron(B, C)"),
    (
        "det(diag(x) @ X)",
        "x: n, X: n n",
        "x x",
        "det(diag(x) @ X)*(diag(X @ inv(diag(x) @ X)) @ diag(X @ inv(diag(x) @ X)).T - (inv(diag(x) @ X).T @ X.T)*(X @ inv(diag(x) @ X)))",
    ),
    ("(a**d)**f", "a:, d:, f:", "d", "f*(a**d)**f*log(a)"),
    ("det(X @ X)", "X: n n", "X", "2*det(X)*adj(X).T"),
    ("max(eigvalsh(S))", "S: n n symmetric", "S", "eigvecsh(S)[:, n - 1] @ eigvecsh(S)[:, n - 1].T"),
]

ELEMENTWISE = [
    ("tanh(W @ x + b)", "W: m n, x: n, b: m", "x", "diag(1 - tanh(W @ x + b)**2) @ W"),
    ("sum(softplus(A @ x))", "A: m n, x: n", "x x", "A.T @ diag(sigmoid(A @ x)*(1 - sigmoid(A @ x))) @ A"),
    ("maximum(0, x)", "x: n", "x", "diag(x > 0)"),
    ("sum(minimum(x, y)**2)", "x: n, y: n", "x x", "2*diag(x < y)"),
    ("sum(where(x > 0, x**2, x))", "x: n", "x", "where(x > 0, 2*x, 1)"),
    ("tan(x)", "x:", "x", "sec(x)**2"),
    ("sum(log(cosh(x)))", "x: n", "x", "tanh(x)"),
    ("sin(x)/(1 + x**2)", "x:", "x", "(cos(x)*(1 + x**2) - 2*x*sin(x))/(1 + x**2)**2"),
    ("gelu(t)", "t:", "t t", "exp(-t**2/2)*(2 - t**2)/sqrt(2*pi)"),
    ("0.5*norm(x)**2 + 0.25*sum(x)", "x: n", "x", "x + 0.25"),
    ("sqrt(x)", "x: positive", "x x", "-1/(4*x**1.5)"),
]

IDIOMS = [
    ("softmax(x)", "x: n", "x", "diag(softmax(x)) - softmax(x) @ softmax(x).T"),
    ("logsumexp(A @ x + b)", "A: m n, x: n, b: m", "x", "A.T @ softmax(A @ x + b)"),
    ("sum(logsumexp(X, axis=1))", "X: m n", "X", "softmax(X, axis=1)"),
    ("y.T @ softmax(W @ x)", "W: m n, x: n, y: m", "W", "(softmax(W @ x)*(y - y.T @ softmax(W @ x))) @ x.T"),
    ("sum(G*(softmax(Q @ K.T, axis=1) @ V))", "G: m p, Q: m d, K: n d, V: n p", "V", "softmax(Q @ K.T, axis=1).T @ G"),
    ("-y.T @ log_softmax(z)", "y: k onehot, z: k", "z", "softmax(z) - y"),
    ("norm(x - a)", "x: n, a: n", "x", "(x - a)/norm(x - a)"),
    ("norm(x, 3)", "x: n", "x", None),
    ("var(x)", "x: n", "x", "2/n*(x - mean(x))"),
    (
        "sum(exp(-(x @ ones(n).T - ones(n) @ x.T)**2))",
        "x: n",
        "x",
        "-4*sum(exp(-(x @ ones(n).T - ones(n) @ x.T)**2)*(x @ ones(n).T - ones(n) @ x.T), axis=1)",
    ),
    ("cumsum(x)", "x: n", "x", "tril(ones(n, n))"),
    ("b.T @ triu(X) @ b", "X: n n, b: n", "X", "triu(b @ b.T)"),
    ("max(x)", "x: n", "x", "x == max(x)"),
    ("tr(expm(X + t*U))", "X: n n, U: n n, t:", "t", "tr(expm(X + t*U) @ U)"),
    ("vec(a @ a.T)", "a: n", "a", "kron(a, eye(n)) + kron(eye(n), a)"),
]

PLACES = [
    ("A[1, :] @ x", "A: m n, x: n", "x", "A[1, :].T"),
    ("x[0]**2*x[1]", "x: n", "x", "2*x[0]*x[1]*eye(n)[:, 0] + x[0]**2*eye(n)[:, 1]"),
    ("[r*cos(φ), r*sin(φ)]", "r:, φ:", "φ φ", "-[r*cos(φ), r*sin(φ)]"),
    ("x[0]**2*x[1]", "x: 2", "x", "[2*x[0]*x[1], x[0]**2]"),
    ("[A @ x, x]", "A: m n, x: n", "x", "[[A], [eye(n)]]"),
    ("[a.T @ x, norm(x)**2]", "a: n, x: n", "x", "[[a.T], [2*x.T]]"),
    ("norm([A @ x, x] - c)**2", "A: m n, x: n, c: (m+n)", "x", "2*(A.T @ (A @ x - c[:m]) + x - c[m:])"),
    ("logdet([[A, B], [B.T, D]])", "A: n n, B: n m, D: m m", "A", "inv([[A, B], [B.T, D]])[:n, :n].T"),
    ("norm(E[idx, :] @ w)**2", "E: v d, idx: k integer, w: d", "w", "2*E[idx, :].T @ E[idx, :] @ w"),
    ("a.T @ conv1d(x, k)", "x: n, k: p, a: (n-p+1)", "k", "conv1d(x, a)"),
    ("a.T @ conv1d(x, k)", "x: n, k: p, a: (n-p+1)", "x", "conv1d([zeros(p - 1), a, zeros(p - 1)], k[::-1])"),
    ("a.T @ tanh(conv1d(x, k))", "x: n, k: 3, a: (n-2)", "x", "conv1d([zeros(2), a*(1 - tanh(conv1d(x, k))**2), zeros(2)], k[::-1])"),
    ("sum(C*conv2d(X, K))", "X: m n, K: p q, C: (m-p+1) (n-q+1)", "K", "conv2d(X, C)"),
    (
        "sum(T[i, j, l]*x[i]*y[j]*z[l] for i in range(m) for j in range(n) for l in range(p))",
        "T: m n p, x: m, y: n, z: p",
        "x y",
        "sum(z[k]*T[:, :, k] for k in range(p))",
    ),
]

ROWS = [
    ("norm(X @ β - Y)**2", "X: m n, β: n, Y: m", "β", "2*(X @ β - Y).T @ X"),
    ("x.T @ A @ x", "A: n n, x: n", "x", "x.T @ (A + A.T)"),
    ("0.5*norm(y - A @ sin(x))**2", "A: m n, x: n, y: m", "x", "-(y - A @ sin(x)).T @ A @ diag(cos(x))"),
    ("sum(x)*c", "x: n, c:", "x", "c*ones(n).T"),
    ("Y.T @ Y", "Y: m, β: n", "β", "zeros(n).T"),
]


@pytest.mark.parametrize(("text", "shapes", "names", "printed"), PRODUCTS + ELEMENTWISE + IDIOMS + PLACES, ids=lambda value: None)
def test_matrix_form_is_what_a_textbook_prints(text, shapes, names, printed):
    assert printed is None or matrix_text(text, shapes, names) == printed


@pytest.mark.parametrize(("text", "shapes", "names", "printed"), ROWS, ids=lambda value: None)
def test_gradient_is_a_row_in_numerator_layout(text, shapes, names, printed):
    assert matrix_text(text, shapes, names, "numerator") == printed


def test_jacobian_is_turned_in_denominator_layout():
    assert matrix_text("cos(W @ x + b)", "W: m n, x: n, b: m", "x", "denominator") == "-W.T @ diag(sin(W @ x + b))"


@pytest.mark.parametrize(
    ("text", "shapes", "names", "printed"),
    [("c", "c:, x:", "x", "0"), ("A", "A: m n, t:", "t", "zeros(m, n)"), ("sum(abs(A @ x))", "A: m n, x: n", "x x", "zeros(n, n)")],
)
def test_zero_has_its_shape(text, shapes, names, printed):
    assert matrix_text(text, shapes, names) == printed


def test_no_matrix_form_above_order_two():
    assert matrix_text("A @ B", "A: m n, B: n p", "A") is None


def test_the_user_s_order_and_names_are_kept():
    assert matrix_text("exp(b.T @ x + a)", "a:, b: n, x: n", "x") == "exp(b.T @ x + a)*b"
    assert matrix_text("u = x - μ; u.T @ Λ @ u/2", "x: n, μ: n, Λ: n n spd", "μ") == "-Λ @ (x - μ)"
    assert matrix_text("norm(y - Φ @ θ)**2", "y: N, Φ: N D, θ: D", "θ", "numerator") == "-2*(y - Φ @ θ).T @ Φ"


def test_a_scalar_beside_the_identity_is_written_out():
    assert matrix_text("sum(x)**2 + norm(x)**2", "x: n", "x x") == "2*(eye(n) + ones(n, n))"
