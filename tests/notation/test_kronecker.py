"""The Kronecker form: the textbook's matrix, and that it is d vec(F) / d vec(X)^T."""

from __future__ import annotations

import numpy as np
import pytest
from derived import derived, kronecker_text
from test_index import SIZES, as_columns, point

from index_reference import evaluate as evaluate_array
from text_reference import evaluate
from wrt.language.read import read_like

FORMS = [
    ("A @ X @ B", "A: p m, X: m n, B: n q", "X", "kron(B.T, A)"),
    ("A @ B", "A: m n, B: n p", "A", "kron(B.T, eye(m))"),
    ("W @ x + b", "W: m n, x: n, b: m", "W", "kron(x.T, eye(m))"),
    ("relu(W @ x + b)", "W: m n, x: n, b: m", "W", "kron(x.T, diag(W @ x + b > 0))"),
    ("X", "X: m n", "X", "eye(m*n)"),
    ("vec(X)", "X: m n", "X", "eye(m*n)"),
    ("X.T", "X: m n", "X", "commutation(m, n)"),
    ("X.T @ A", "X: m n, A: m p", "X", "kron(A.T, eye(n)) @ commutation(m, n)"),
    ("X.T @ B @ X", "X: m n, B: m m", "X", "kron(X.T @ B.T, eye(n)) @ commutation(m, n) + kron(eye(n), X.T @ B)"),
    ("inv(X)", "X: n n", "X", "-kron(inv(X).T, inv(X))"),
    ("A @ inv(X) @ B", "A: m n, X: n n, B: n p", "X", "-kron(B.T @ inv(X).T, A @ inv(X))"),
    ("solve(A, b)", "A: n n, b: n", "A", "-kron(solve(A, b).T, inv(A))"),
    ("det(X)*inv(X)", "X: n n", "X", None),
    ("A*X**2", "A: m n, X: m n", "X", "2*diag(vec(A*X))"),
    ("x*A + B", "x:, A: m n, B: m n", "x", "vec(A)"),
    ("x @ x.T", "x: n", "x", "kron(x, eye(n)) + kron(eye(n), x)"),
    ("matpow(X, k)", "X: n n, k: integer", "X", "sum(kron(matpow(X, k - i - 1).T, matpow(X, i)) for i in range(k))"),
    ("tr(A @ X.T @ B @ X)", "A: n n, X: m n, B: m m", "X X", "kron(A, B.T) + kron(A.T, B)"),
    ("tr(A @ X @ B @ X)", "A: n n, X: n n, B: n n", "X X", "(kron(B, A.T) + kron(A, B.T)) @ commutation(n, n)"),
    ("diag(X)", "X: n n", "X", "sum(kron(eye(n)[:, i] @ eye(n)[i, :], eye(n)[i, :]) for i in range(n))"),
    ("softmax(X, axis=1)", "X: m n", "X", None),
    ("softmax(W @ x)", "W: m n, x: n", "W", "kron(x.T, diag(softmax(W @ x)) - softmax(W @ x) @ softmax(W @ x).T)"),
    ("exp(W @ x)/sum(exp(W @ x))", "W: m n, x: n", "W", "kron(x.T, diag(softmax(W @ x)) - softmax(W @ x) @ softmax(W @ x).T)"),
    ("softmax(X.T @ a)", "X: m n, a: m", "X", "kron(diag(softmax(X.T @ a)) - softmax(X.T @ a) @ softmax(X.T @ a).T, a.T)"),
    ("log(softmax(W @ x))", "W: m n, x: n", "W", None),
    ("softmax(X @ W, axis=1)", "X: m n, W: n p", "W", None),
    ("kron(A, B)", "A: m n, B: p q", "A", None),
    ("sum(M*(T - U @ V.T)**2)", "M: m n, T: m n, U: m p, V: n p", "U U", None),
    ("X @ X.T @ X", "X: m n", "X", None),
    ("norm([[A, x], [x.T, 1]])**4", "A: n n, x: n", "x A", None),
    ("A @ x", "A: m n, x: n", "x x", "zeros(m*n, n)"),
]


@pytest.mark.parametrize(("text", "shapes", "names", "printed"), FORMS, ids=[f"{t} by {w}" for t, _, w, _ in FORMS])
def test_kronecker_form_is_the_textbooks_and_true(text, shapes, names, printed):
    words = kronecker_text(text, shapes, *names.split())
    assert words is not None
    assert printed is None or words == printed
    source, d = derived(text, shapes, *names.split())
    read_like(words, source)
    values = point(source)
    sizes = {**SIZES, **{name: int(v) for name, v in values.items() if v.ndim == 0 and "integer" in source.declarations[name].facts}}
    array = evaluate_array(d, values, sizes)
    rows = source.tree.shape.order + (source.declarations[names.split()[0]].shape.order if " " in names else 0)
    digits = [*range(rows)[::-1], *range(rows, array.ndim)[::-1]]
    want = array.transpose(digits).reshape(int(np.prod(array.shape[:rows])), -1)
    got = evaluate(words, as_columns(values))
    np.testing.assert_allclose(np.asarray(got, float), want, rtol=1e-7, atol=1e-9)


WITHOUT = [
    ("expm(X)", "X: n n", "X"),
    ("sum(C*matpow(X, k))", "X: n n, C: n n, k: integer", "X X"),
    ("sum(tanh(conv2d(X, K)))", "X: 4 3, K: 2 2", "X K"),  # a slice bounded by the index of a sum
    ("sum(norm(X[i, :] - X[j, :]) for i in range(m) for j in range(m) if i != j)", "X: m n", "X X"),  # 0/0 beside its mask
]


@pytest.mark.parametrize(("text", "shapes", "names"), WITHOUT)
def test_what_has_no_kronecker_form_has_none(text, shapes, names):
    assert kronecker_text(text, shapes, *names.split()) is None
