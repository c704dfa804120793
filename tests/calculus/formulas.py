"""Formulas that together use every function of the text language, with shapes, facts, and the variables to derive by."""

from __future__ import annotations

from typing import NamedTuple

from wrt.tables.functions import FUNCTIONS

DOMAINS = {
    "real": "real",
    "positive": "positive",
    "nonzero": "positive",
    "unit": "unit_interval",
    "above_one": "above_one",
}


class Formula(NamedTuple):
    """`points`: how a variable is drawn, beside its facts: "above_one", "near_identity", ...; `wrt`: variables, each alone and in pairs."""

    text: str
    shapes: str
    wrt: str = "x"
    order: int = 2
    points: str = ""


def elementwise() -> list[Formula]:
    """Every row of tables.functions, of a scalar and of a vector inside a sum with a matrix."""
    out = []
    for name, row in FUNCTIONS.items():
        domain = DOMAINS[row.domain]
        fact = domain if domain in ("positive", "unit_interval") else ""
        arguments = {"polygamma": "2, x", "where": "x > 1/3, x**2, sin(x)", "maximum": "x, y", "minimum": "x, y"}.get(name, "x")
        call = f"{name}({arguments})"
        out.append(Formula(call, f"x: {fact}, y: {fact}", points=domain))
        out.append(Formula(f"sum(C @ {call})", f"x: n {fact}, y: n {fact}, C: m n", points=domain))
    return out


REDUCTIONS = [
    Formula("sum(X*C, axis=0) @ b", "X: m n, C: m n, b: n", "X"),
    Formula("sum(X**3, axis=1)", "X: m n", "X", 1),
    Formula("mean(x**2)", "x: n"),
    Formula("mean(X, axis=0) @ b", "X: m n, b: n", "X"),
    Formula("a.T @ mean(X**2, axis=1)", "X: m n, a: m", "X"),
    Formula("var(x)", "x: n"),
    Formula("a.T @ var(X, axis=1)", "X: m n, a: m", "X"),
    Formula("prod(x)", "x: n"),
    Formula("prod(x)", "x: n", points="zeros"),
    Formula("prod(x)**2", "x: n"),
    Formula("prod(X)", "X: m n", "X"),
    Formula("prod(X, axis=0) @ b", "X: m n, b: n", "X", points="zeros"),
    Formula("a.T @ prod(X, axis=1)", "X: m n, a: m", "X", points="zeros"),
    Formula("max(x)", "x: n"),
    Formula("min(x**2)", "x: n"),
    Formula("max(X)", "X: m n", "X"),
    Formula("a.T @ max(X, axis=1)**2", "X: m n, a: m", "X"),
    Formula("min(X, axis=0) @ b", "X: m n, b: n", "X"),
    Formula("logsumexp(x)", "x: n"),
    Formula("a.T @ logsumexp(X, axis=1)", "X: m n, a: m", "X"),
    Formula("cumsum(x**2)", "x: n"),
    Formula("sum(C*cumsum(X, axis=1)**2)", "X: m n, C: m n", "X"),
    Formula("sum(C*cumsum(X, axis=0)**2)", "X: m n, C: m n", "X"),
    Formula("softmax(x)", "x: n"),
    Formula("sum(C*softmax(X, axis=0))", "X: m n, C: m n", "X"),
    Formula("sum(C*log_softmax(X, axis=1))", "X: m n, C: m n", "X"),
    Formula("log_softmax(x)", "x: n"),
    Formula("norm(x)", "x: n"),
    Formula("norm(x)**3", "x: n"),
    Formula("norm(A @ x - b, 1)", "A: m n, x: n, b: m"),
    Formula("norm(x, 3)", "x: n"),
    Formula("norm(x, 5/2)", "x: n positive"),
    Formula("norm(x, p)", "x: n positive, p: positive", "x p"),
    Formula("norm(A @ x, inf)", "A: m n, x: n"),
    Formula("norm(X)", "X: m n", "X"),
    Formula('norm(X, "nuc")', "X: m n", "X", points="tall"),
    Formula('norm(X, "spec")', "X: m n", "X", points="tall"),
    Formula('norm(X, "nuc")', "X: 2 4", "X"),
    Formula('norm(X, "spec")', "X: 2 4", "X"),
    Formula('norm(A @ X, "nuc")', "A: m n, X: n p", "X", points="tall"),
]

MATRICES = [
    Formula("tr(X @ X @ A)", "X: n n, A: n n", "X"),
    Formula("det(X)", "X: n n", "X"),
    Formula("det(X)", "X: n n invertible", "X"),
    Formula("det(A + t*B)", "A: n n, B: n n, t:", "t"),
    Formula("logdet(X)", "X: n n invertible", "X", points="near_identity"),
    Formula("log(det(A @ A.T + t*B @ B.T))", "A: n n, B: n n, t: positive", "t"),
    Formula("a.T @ inv(X) @ b", "X: n n invertible, a: n, b: n", "X", points="near_identity"),
    Formula("inv(X)", "X: n n", "X", 1, "near_identity"),
    Formula("sum(C*pinv(X))", "X: m n, C: n m", "X", 1, "tall"),
    Formula("norm(X @ pinv(X) @ y)**2", "X: m n, y: m", "X", 1, "tall"),
    Formula("sum(C*pinv(X))", "X: m n, C: n m", "X", 2, "tall"),
    Formula("sum(C*pinv(X))", "X: 2 3, C: 3 2", "X", 2),
    Formula("a.T @ solve(A, b)", "A: n n, a: n, b: n", "A", points="near_identity"),
    Formula("sum(C*solve(A, B)**2)", "A: n n, B: n p, C: n p", "B", points="near_identity"),
    Formula("sum(C*adj(X))", "X: n n, C: n n", "X", points="near_identity"),
    Formula("adj(X)", "X: n n", "X", 1, "near_identity"),
    Formula("diag(X).T @ diag(X)", "X: n n", "X"),
    Formula("tr(diag(x) @ A @ diag(x))", "x: n, A: n n"),
    Formula("norm(vec(X @ A))**2", "X: m n, A: n p", "X"),
    Formula("vec(X)", "X: m n", "X", 1),
    Formula("sum(C*kron(X, X))", "X: m n, C: m*m n*n", "X"),
    Formula("kron(x, y)", "x: n, y: m", "x y"),
    Formula("logdet(kron(X, Y))", "X: m m, Y: n n", "X Y", points="near_identity"),
    Formula("det(kron(X, Y))", "X: m m, Y: n n", "X", points="near_identity"),
    Formula("sum(C*inv(kron(X, Y)))", "X: m m, Y: n n, C: m*n m*n", "Y", points="near_identity"),
    Formula("dot(x, A @ x)", "x: n, A: n n"),
    Formula("sum(C*outer(x, x))", "x: n, C: n n"),
    Formula("tr(x*eye(n) + A @ ones(n, n))*x", "x:, A: n n"),
    Formula("zeros(n) + x", "x: n", order=1),
    Formula("sum(C*matpow(X, 3))", "X: n n, C: n n", "X"),
    Formula("sum(C*matpow(X, k))", "X: n n, C: n n, k: integer", "X", points="small"),
    Formula("sum(C*matpow(X, -2))", "X: n n, C: n n", "X", points="near_identity"),
    Formula("tr(matpow(X, k))", "X: n n, k: integer", "X", points="small"),
    Formula("matpow(X, 15)[0, 1]", "X: n n", "X", points="contracting"),
    Formula("sum(C*expm(X))", "X: n n, C: n n", "X", points="small"),
    Formula("expm(X)", "X: n n", "X", 1, "small"),
    Formula("a.T @ expm(t*A) @ b", "A: n n, a: n, b: n, t:", "t", points="small"),
    Formula("tr(expm(X) @ X)", "X: n n", "X", points="small"),
    Formula("tr(expm(A + t*B))", "A: n n, B: n n, t:", "t", points="small"),
    Formula("norm(expm(X))**2", "X: n n", "X", points="small"),
    Formula("expm(x @ x.T) @ a", "x: n, a: n", order=1, points="small"),
    Formula("sum(C*logm(X))", "X: n n, C: n n", "X", points="near_identity"),
    Formula("tr(A @ logm(B + t*eye(n)))", "A: n n, B: n n, t: positive", "t", points="near_identity"),
    Formula("sum(C*sqrtm(X))", "X: n n, C: n n", "X", points="near_identity"),
    Formula("tr(sqrtm(X))", "X: n n", "X", points="near_identity"),
    Formula("tr(sqrtm(t*X))", "X: n n, t: positive", "t X", points="near_identity"),
    Formula("sum(C*cholesky(S))", "S: n n spd, C: n n", "S"),
    Formula("2*sum(log(diag(cholesky(S))))", "S: n n spd", "S"),
    Formula("norm(solve(cholesky(S), b))**2", "S: n n spd, b: n", "S"),
    Formula("a.T @ eigvalsh(S)", "S: n n symmetric, a: n", "S"),
    Formula("eigvalsh(A)", "A: n n", "A", 1),
    Formula("eigvalsh(A + t*B)[0]", "A: n n, B: n n, t:", "t"),
    Formula("sum(exp(eigvalsh(S)))", "S: n n symmetric", "S"),
    Formula("sum(eigvalsh(S)**3)", "S: n n symmetric", "S"),
    Formula("sum(log(eigvalsh(S)))", "S: n n spd", "S"),
    Formula("sum(sqrt(eigvalsh(S)))", "S: n n spd", "S"),
    Formula("(a.T @ eigvecsh(S)[:, 0])**2", "S: n n symmetric, a: n", "S"),
    Formula("sum(C*eigvecsh(S))", "S: n n symmetric, C: n n", "S"),
    Formula("a.T @ svdvals(X)", "X: m n, a: n", "X", points="tall"),
    Formula("svdvals(X)", "X: 2 3", "X", 1),
    Formula("sum(svdvals(X)**2)", "X: m n", "X", points="tall"),
    Formula("sum(C*svd_u(X))", "X: m n, C: m n", "X", points="tall"),
    Formula("sum(C*svd_v(X))", "X: m n, C: n n", "X", points="tall"),
    Formula("sum(C*svd_u(X))", "X: 2 3, C: 2 2", "X"),
    Formula("sum(C*svd_v(X))", "X: 2 3, C: 3 2", "X"),
    Formula("sum(C*polar(X))", "X: m n, C: m n", "X", points="tall"),
    Formula("sum(C*polar(X))", "X: 2 3, C: 2 3", "X"),
    Formula("sum(C*polar(X))", "X: n n, C: n n", "X"),
    Formula("b.T @ tril(X) @ triu(X) @ b", "X: n n, b: n", "X"),
    Formula("a.T @ commutation(m, n) @ vec(X)", "X: m n, a: m*n", "X"),
    Formula('sum(C*frechet("expm", A, E))', "A: n n, E: n n, C: n n", "A E", points="small"),
    Formula('sum(C*frechet("logm", A, E))', "A: n n, E: n n, C: n n", "A E", points="near_identity"),
    Formula('sum(C*frechet("sqrtm", A, E))', "A: n n, E: n n, C: n n", "E A", points="near_identity"),
    Formula("norm(conv1d(x, k))**2", "x: 5, k: 2", "x k"),
    Formula("conv1d(x, k)", "x: n, k: p", "k", 1, "tall"),
    Formula("sum(tanh(conv2d(X, K)))", "X: 4 3, K: 2 2", "X K"),
]

INDICES = [
    Formula("x[0]**2*x[1] + x[n - 1]**3", "x: n"),
    Formula("X[1, 0]*X[0, 1] + sin(X[0, 0])", "X: m n", "X"),
    Formula("norm(X[1, :])**2 + norm(X[:, 0])**4", "X: m n", "X"),
    Formula("sum(x[1:n]**2*x[0:n - 1])", "x: n"),
    Formula("sum(x[0:5:2]**3) + x[-1]**2", "x: 5"),
    Formula("sum(x[::-1]*x**2)", "x: 4"),
    Formula("norm(X[1:, :-1])**2", "X: 3 4", "X"),
    Formula("sum(C*E[idx, :]**2)", "E: v d, idx: n integer, C: n d", "E"),
    Formula("sum(exp(E[idx, :] @ w))", "E: v d, idx: n integer, w: d", "E w"),
    Formula("sum(x[idx]**2*y)", "x: v, idx: n integer, y: n"),
    Formula("inv(X)[0, 1]", "X: n n", "X", points="near_identity"),
    Formula("sum((x[i] - x[j])**2 for i in range(n) for j in range(n) if i > j)", "x: n"),
    Formula("sum(x[i]*x[j] for i in range(n) for j in range(i))", "x: n"),
    Formula("sum(x[i]*x[j]**2 for i in range(n) for j in range(i + 1, n))", "x: n"),
    Formula("sum(x[i]*x[j] for i in range(n) for j in range(n) if i != j)", "x: n"),
    Formula("sum((x[i + 1] - x[i])**2 for i in range(n - 1))", "x: n"),
    Formula("sum(i*x[i]**2 for i in range(n))", "x: n"),
    Formula("sum(x[i]**2 for i in range(1, n))", "x: n"),
    Formula("sum(c[k]*t**k for k in range(n))", "c: n, t:", "t c", points="positive"),
    Formula("sum(norm(X[i, :] - X[j, :]) for i in range(m) for j in range(m) if i != j)", "X: m n", "X"),
    Formula(
        "sum(C[i, j]*X[a + i, b + j]*K[a, b] for i in range(4 - p + 1) for j in range(4 - q + 1) for a in range(p) for b in range(q))",
        "X: 4 4, K: p q, C: (4-p+1) (4-q+1)",
        "K",
        points="windows",
    ),
    Formula("sum(T[i, j, k]*x[i]*x[j]*x[k] for i in range(n) for j in range(n) for k in range(n))", "T: n n n, x: n", "x T"),
    Formula(
        "sum(T[i, j, k, l]*x[i]*x[j]*y[k]*y[l] for i in range(n) for j in range(n) for k in range(m) for l in range(m))",
        "T: n n m m, x: n, y: m",
        "x y",
    ),
    Formula("array(A[i, j]*x[k]**2 for i in range(m) for j in range(n) for k in range(p))", "A: m n, x: p", "x A", 1),
    Formula('sum(C*einsum("ijk,k->ij", T, z)**2)', "T: m n p, z: p, C: m n", "z T"),
    Formula('einsum("ii->i", A)', "A: n n", "A", 1),
    Formula("sum(norm(A @ X[:, j] - b)**2 for j in range(n))", "A: m p, X: p n, b: m", "A X"),
    Formula("[r*cos(t), r*sin(t)]", "r:, t:", "t r"),
    Formula("logdet([[A, B], [C, D]])", "A: m m, B: m n, C: n m, D: n n", "D B", points="near_identity"),
    Formula("norm([[A, x], [x.T, 1]])**4", "A: n n, x: n", "x A"),
    Formula("tr([[A, t*A], [t*eye(n), A]] @ [[A, t*A], [t*eye(n), A]])", "A: n n, t:", "t A"),
    Formula("sum(X + x)**2 + sum(X*y.T)**3", "X: m n, x: m, y: n", "x y X"),
    Formula("sum(maximum(X, x)**2)", "X: m n, x: m", "x X"),
    Formula("sum(logdet(T[i, :, :]) for i in range(p))", "T: p n n", "T", points="stack"),
    Formula("sum(det(T[i, :, :])**2 for i in range(p))", "T: p n n", "T", points="stack"),
    Formula("sum(a.T @ solve(A + t[i]*B, a) for i in range(p))", "A: n n, B: n n, t: p, a: n", "t A", points="near_identity"),
    Formula("array(inv(T[i, :, :])[j, 0] for i in range(p) for j in range(n))", "T: p n n", "T", 1, "stack"),
    Formula("-sum(log_softmax(X, axis=1)[i, y[i]] for i in range(m))", "X: m v, y: m integer", "X"),
    Formula("a.T @ where(x > 1/3, sqrt(x), x**2)", "x: n, a: n", "x", points="far"),
    Formula("sum(where(X > Y, log(X - Y), exp(X)))", "X: m n, Y: m n", "X Y"),
    Formula("sum(x[i]*x[j] for i in range(n) for j in range(i + 1))", "x: n"),
    Formula("x**k", "x: n nonzero, k: integer", "x"),
    Formula("sum(a**x)", "x: n, a: positive", "x a"),
    Formula("sum(x**y)", "x: n positive, y: n", "x y"),
    Formula("u = A @ x; v = u*x; f = u.T @ v", "A: n n, x: n"),
    Formula("sum(x)**n/n", "x: n positive"),
]

EVERYTHING = elementwise() + REDUCTIONS + MATRICES + INDICES
