"""What simplify knows, one line an identity: both sides become one object, and are equal at a random point of the declared domain."""

from __future__ import annotations

import pytest

from index_numerics import SIZES, TALL, close, environment, evaluate, facts_of, lowered
from wrt.algebra.simplify import simplify

ALWAYS = [
    ("log(exp(x))", "x", "x: n"),
    ("exp(log(x))", "x", "x: n positive"),
    ("log(softmax(x))", "log_softmax(x)", "x: n"),
    ("sqrt(x)**2", "x", "x: n positive"),
    ("sqrt(x**2)", "abs(x)", "x: n"),
    ("abs(x)**2", "x**2", "x: n"),
    ("abs(x.T @ x)", "norm(x)**2", "x: n"),
    ("norm(x)**2", "x.T @ x", "x: n"),
    ("norm(x)**4", "(x.T @ x)**2", "x: n"),
    ("x/abs(x)", "sign(x)", "x: n"),
    ("sign(x)*abs(x)", "x", "x: n"),
    ("sign(x)/abs(x)", "1/x", "x: n"),
    ("x**2/abs(x)", "abs(x)", "x: n"),
    ("relu(x)*(x > 0)", "relu(x)", "x: n"),
    ("maximum(0, x)*(x > 0)", "maximum(0, x)", "x: n"),
    ("exp(x)*exp(-x)", "ones(n)", "x: n"),
    ("exp(2*x)*exp(x)", "exp(3*x)", "x: n"),
    ("1/(1 + exp(-x))", "sigmoid(x)", "x: n"),
    ("exp(x)/(1 + exp(x))", "sigmoid(x)", "x: n"),
    ("1 - sigmoid(x)", "sigmoid(-x)", "x: n"),
    ("sigmoid(x)*(1 + exp(-x))", "ones(n)", "x: n"),
    ("exp(x)*sigmoid(-x)", "sigmoid(x)", "x: n"),
    ("exp(-x)*sigmoid(x)**2", "sigmoid(x)*(1 - sigmoid(x))", "x: n"),
    ("sigmoid(x) - sigmoid(x)**2", "sigmoid(x)*sigmoid(-x)", "x: n"),
    ("sinh(x)/cosh(x)", "tanh(x)", "x: n"),
    ("sin(x)**2 + cos(x)**2", "ones(n)", "x: n"),
    ("sum(softmax(x))", "1", "x: n"),
    ("sum(softmax(X, axis=1), axis=1)", "ones(m)", "X: m n"),
    ("a.T @ softmax(X, axis=1) @ ones(n)", "sum(a)", "X: m n, a: m"),
    ("tr(A @ B)", "sum(A*B.T)", "A: m n, B: n m"),
    ("inv(A) @ A", "eye(n)", "A: n n invertible"),
    ("A.T @ inv(A).T", "eye(n)", "A: n n invertible"),
    ("inv(inv(A))", "A", "A: n n invertible"),
    ("inv(A @ B) @ A", "inv(B)", "A: n n invertible, B: n n invertible"),
    ("A @ inv(B @ A)", "inv(B)", "A: n n invertible, B: n n invertible"),
    ("A @ X @ inv(X.T @ A @ X)", "inv(X).T", "A: n n invertible, X: n n invertible"),
    ("B @ adj(A @ B)", "det(B)*adj(A)", "A: n n, B: n n"),
    ("adj(X)/det(X)", "inv(X)", "X: n n"),
    ("det(inv(A))", "1/det(A)", "A: n n invertible"),
    ("det(A.T)", "det(A)", "A: n n"),
    ("det(matpow(A, k))", "det(A)**k", "A: n n, k: integer"),
    ("logdet(kron(A, B))", "n*logdet(A) + m*logdet(B)", "A: m m invertible, B: n n invertible"),
    ("inv(kron(A, B))", "kron(inv(A), inv(B))", "A: m m invertible, B: n n invertible"),
    ("det(expm(A))", "exp(tr(A))", "A: n n"),
    ("inv(expm(A))", "expm(-A)", "A: n n"),
    ("expm(A.T)", "expm(A).T", "A: n n"),
    ('frechet("expm", t*A, A)', "A @ expm(t*A)", "A: n n, t: positive"),
    ('frechet("logm", A, A)', "eye(n)", "A: n n invertible"),
    ('frechet("sqrtm", A, A)', "sqrtm(A)/2", "A: n n invertible"),
    ("matpow(A, k) @ matpow(A, 2)", "matpow(A, k + 2)", "A: n n, k: integer"),
    ("X @ pinv(X) @ X", "X", "X: m n"),
    ("pinv(X) @ X @ pinv(X)", "pinv(X)", "X: m n"),
    ("X.T @ X @ pinv(X)", "X.T", "X: m n"),
    ("pinv(X).T @ X.T @ X", "X", "X: m n"),
    ("X @ inv(X.T @ X)", "pinv(X).T", "X: m n"),
    ("eigvecsh(A).T @ eigvecsh(A)", "eye(n)", "A: n n"),
    ("eigvecsh(A) @ diag(eigvalsh(A)) @ eigvecsh(A).T", "(A + A.T)/2", "A: n n"),
    ("eigvecsh(A) @ diag(exp(2*eigvalsh(A))) @ eigvecsh(A).T", "expm(A + A.T)", "A: n n"),
    ("svd_u(X).T @ svd_u(X)", "eye(n)", "X: m n"),
    ("svd_u(X) @ diag(svdvals(X)) @ svd_v(X).T", "X", "X: m n"),
    ("svd_u(X) @ diag(svdvals(X)**3) @ svd_v(X).T", "X @ X.T @ X", "X: m n"),
    ("svd_u(X) @ diag(svdvals(X)/(1 + svdvals(X)**2)) @ svd_v(X).T", "X @ inv(eye(n) + X.T @ X)", "X: m n"),
    ("svd_v(X) @ diag(1/svdvals(X)) @ svd_u(X).T", "pinv(X)", "X: m n"),
    ("prod(eigvalsh(A))", "det((A + A.T)/2)", "A: n n"),
    ("matpow(A, -k)", "matpow(inv(A), k)", "A: n n invertible, k: integer"),
    ("svd_v(X) @ diag(svdvals(X)**2) @ svd_v(X).T", "X.T @ X", "X: m n"),
    ("polar(X).T @ polar(X)", "eye(n)", "X: m n"),
    ("cholesky(A) @ cholesky(A).T", "(A + A.T)/2", "A: n n spd"),
    ("tril(cholesky(S))", "cholesky(S)", "S: n n spd"),
    ("sum(x[i] for i in range(n) for j in range(n) if i != j)", "(n - 1)*sum(x)", "x: n"),
    ("tril(ones(n, n)) + triu(ones(n, n))", "ones(n, n) + eye(n)", "x: n"),
    ("[[A, B], [B, A]][0:n, n:2*n]", "B", "A: n n, B: n n"),
    ("[[A, B], [B, A]] @ [[A, B], [B, A]]", "[[A @ A + B @ B, A @ B + B @ A], [B @ A + A @ B, B @ B + A @ A]]", "A: n n, B: n n"),
    ("x[1:n][1:n - 1]", "x[2:n]", "x: n"),
    ("log(det(exp(t)*A))", "log(det(exp(t)*A))", "A: n n det_positive, t:"),
]
FACTS = [
    ("abs(x)", "x", "x: n positive"),
    ("relu(x)", "x", "x: n positive"),
    ("sign(x)", "ones(n)", "x: n positive"),
    ("(x > 0)", "ones(n)", "x: n positive"),
    ("maximum(x, -y)", "x", "x: n positive, y: n positive"),
    ("abs(1 - x)", "1 - x", "x: n unit_interval"),
    ("log(x**3)", "3*log(x)", "x: n positive"),
    ("(x**a)**b", "x**(a*b)", "x: n positive, a:, b:"),
    ("sqrt(x**2*y)", "x*sqrt(y)", "x: n positive, y: n positive"),
    ("log(det(S))", "logdet(S)", "S: n n spd"),
    ("log(det(X))", "logdet(X)", "X: n n det_positive"),
    ("log(det(A.T @ A + t*eye(n)))", "logdet(A.T @ A + t*eye(n))", "A: m n, t: positive"),
    ("abs(x.T @ S @ x)", "x.T @ S @ x", "S: n n spd, x: n"),
    ("S.T", "S", "S: n n symmetric"),
    ("inv(S).T", "inv(S)", "S: n n spd"),
    ("x.T @ S @ y", "y.T @ S @ x", "S: n n symmetric, x: n, y: n"),
    ("tr(S @ A)", "tr(S @ A.T)", "S: n n symmetric, A: n n"),
    ("expm(S).T", "expm(S)", "S: n n symmetric"),
    ("eigvalsh((S + S.T)/2)", "eigvalsh(S)", "S: n n symmetric"),
    ("D @ E", "E @ D", "D: n n diagonal, E: n n diagonal"),
    ("tril(L)", "L", "L: n n lower"),
    ("triu(L)", "diag(diag(L))", "L: n n lower"),
    ("triu(U)", "U", "U: n n upper"),
    ("tril(U)", "diag(diag(U))", "U: n n upper"),
    ("Q.T @ Q", "eye(n)", "Q: n n orthogonal"),
    ("Q @ Q.T @ A", "A", "Q: n n orthogonal, A: n n"),
    ("inv(Q)", "Q.T", "Q: n n orthogonal"),
    ("tr(Q.T @ A @ Q)", "tr(A)", "Q: n n orthogonal, A: n n"),
    ("P @ P", "P", "P: n n idempotent"),
    ("matpow(P, 3)", "P", "P: n n idempotent"),
    ("adj(X)", "det(X)*inv(X)", "X: n n invertible"),
    ("pinv(X)", "inv(X)", "X: n n invertible"),
    ("sum(p)", "1", "p: n simplex"),
    ("p/sum(p)", "p", "p: n simplex"),
    ("sum(y)", "1", "y: n onehot"),
    ("y**2", "y", "y: n onehot"),
    ("sum(Y, axis=1)", "ones(m)", "Y: m n onehot"),
    ("y*exp(x)/(y.T @ exp(x))", "y", "y: n onehot, x: n"),
    ("y**2", "ones(n)", "y: n labels_pm1"),
    ("y**3", "y", "y: n labels_pm1"),
    ("x/y", "x*y", "x: n, y: n labels_pm1"),
    ("tanh(y*x)", "y*tanh(x)", "x: n, y: n labels_pm1"),
    ("cosh(y*x)", "cosh(x)", "x: n, y: n labels_pm1"),
    ("norm(y*x - ones(n))**2", "norm(x - y)**2", "x: n, y: n labels_pm1"),
    ("sigmoid(y*x)*(1 - sigmoid(y*x))", "sigmoid(x)*(1 - sigmoid(x))", "x: n, y: n labels_pm1"),
]
DIFFERENT_FORMS = {
    "norm(y*x - ones(n))**2",
    "det(matpow(A, k))",
    "sum(x[i] for i in range(n) for j in range(n) if i != j)",
    "[[A, B], [B, A]] @ [[A, B], [B, A]]",
}  # equal, and of equal length, but not one object


@pytest.mark.parametrize(("left", "right", "shapes"), ALWAYS + FACTS, ids=[f"{left} = {right}" for left, right, _ in ALWAYS + FACTS])
def test_both_sides_become_one(left, right, shapes):
    source, e = lowered(left, shapes)
    _, other = lowered(right, shapes)
    facts = facts_of(source)
    a, conditions = simplify(e, facts)
    b, _ = simplify(other, facts)
    assert not conditions
    sizes = TALL if {"m", "n"} <= set(source.sizes) else SIZES
    at = environment(source, sizes)
    want = evaluate(e, at, sizes)
    assert close(evaluate(a, at, sizes), want, 1e-9)
    assert close(evaluate(other, at, sizes), want, 1e-9)
    if left not in DIFFERENT_FORMS:
        assert a is b


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("log(x*y)", "x: n, y: n"),
        ("(x**a)**b", "x: n, a:, b:"),
        ("sqrt(x**2*y)", "x: n, y: n positive"),
        ("log(det(X))", "X: n n invertible"),
        ("adj(X)", "X: n n"),
        ("pinv(X)", "X: n n"),
        ("Q @ Q.T", "Q: m n orthogonal"),
        ("abs(1 - x)", "x: n positive"),
        ("(x > y)", "x: n positive, y: n"),
        ("sum(p[0:n - 1])", "p: n simplex"),
        ("sum(Y, axis=0)", "Y: m n onehot"),
        ("sum(1/(x[i] - x[j]) for i in range(n) for j in range(n) if i != j)", "x: n"),
        ("X @ pinv(X)", "X: m n"),
        ("svd_u(X) @ svd_u(X).T", "X: m n"),
    ],
)
def test_nothing_is_assumed(text, shapes):
    source, e = lowered(text, shapes)
    simpler, conditions = simplify(e, facts_of(source))
    assert simpler is e
    assert not conditions


@pytest.mark.parametrize(("left", "right", "shapes"), FACTS, ids=[left for left, _, _ in FACTS])
def test_facts_are_needed(left, right, shapes):
    _, e = lowered(left, shapes)
    _, other = lowered(right, shapes)
    assert simplify(e, {})[0] is not simplify(other, {})[0]


@pytest.mark.parametrize(("left", "shapes"), [(left, shapes) for left, _, shapes in ALWAYS + FACTS], ids=[left for left, _, _ in ALWAYS + FACTS])
def test_simplify_is_idempotent(left, shapes):
    source, e = lowered(left, shapes)
    facts = facts_of(source)
    once, _ = simplify(e, facts)
    assert simplify(once, facts)[0] is once
