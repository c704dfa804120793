"""The code as it is read: golden programs, and what must never be in one."""

from __future__ import annotations

import re

import pytest

from index_numerics import facts_of, lowered, symbol_of
from wrt.algebra.flatten import flattened
from wrt.algebra.simplify import simplify
from wrt.calculus.derive import derivative
from wrt.program.emit import compile_program


def source_of(text: str, shapes: str, *names: str) -> str:
    source, d = lowered(text, shapes)
    for name in names:
        d = derivative(d, symbol_of(source, name))
    d, _ = simplify(flattened(d), facts_of(source))
    return compile_program({"result": d}, source.declarations).source


def body(text: str, shapes: str, *names: str) -> str:
    """The lines between the docstring and the return."""
    code = source_of(text, shapes, *names)
    code = code[code.rindex('    """\n') + 8 : code.rindex("    return ")]
    return "\n".join(line[4:] for line in code.splitlines())


GOLDEN = {
    ("norm(A @ x - b)**2", "A: m n, x: n, b: m", "x"): "result = -2*(A.T @ (b - A @ x))  # -2*(A.T @ (b - A @ x))",
    ("x.T @ A @ x", "A: n n, x: n", "x x"): "result = A.T + A  # A.T + A",
    ("norm(X @ w - y)**2 + λ*norm(w)**2", "X: m n, w: n, y: m, λ:", "w w"): (
        "result = add_diagonal(2*(X.T @ X), 2*λ)  # 2*(X.T @ X) + diag(2*λ*ones(n))"
    ),
    ("sum(log(1 + exp(-y*(X @ w))))", "X: m n, w: n, y: m", "w"): """\
t1 = special.expit(-(y*(X @ w)))  # sigmoid(-y*(X @ w))
result = -(X.T @ (y*t1))  # -X.T @ (y*t1)""",
    ("log(sum(exp(x)))", "x: n", ""): """\
t1 = np.max(x)  # max(x)
t2 = np.log(np.exp(x - t1).sum())  # log(sum(exp(x - t1)))
result = float(t1 + t2)  # t1 + t2""",
    ("logdet(K) + y.T @ inv(K) @ y", "K: n n spd, y: n", "K"): """\
t1 = linalg.cholesky(K, lower=True, check_finite=False)  # cholesky(K)
t2 = linalg.cho_solve((t1, True), y, check_finite=False)  # solve(K, y)
result = inverse_of_cholesky(t1) - t2[:, None]*t2  # inv(K) - t2 @ t2.T""",
    ("a.T @ inv(X) @ b", "X: n n, a: n, b: n", "X"): """\
t1 = linalg.lu_factor(X, check_finite=False)
t2 = -linalg.lu_solve(t1, b, check_finite=False)  # -solve(X, b)
result = linalg.lu_solve(t1, a, trans=1, check_finite=False)[:, None]*t2  # solve(X.T, a) @ t2.T""",
    ("[[A, B], [B.T, D]] @ [x, y]", "A: m m, B: m n, D: n n, x: m, y: n", ""): (
        "result = np.block([[A, B], [B.T, D]]) @ np.concatenate((x, y))  # [[A, B], [B.T, D]] @ [x, y]"
    ),
    ("[2*t, sin(t), t**2]", "t:", ""): "result = np.array([2*t, np.sin(t), t**2], dtype=float)  # [2*t, sin(t), t**2]",
    ("tr(A @ B)", "A: m n, B: n m", ""): "result = float((B*A.T).sum())  # sum(B*A.T)",
    ("diag(A @ B)", "A: m n, B: n m", ""): "result = (A*B.T).sum(axis=1)  # sum(A*B.T, axis=1)",
    ("sum(x[i]*x[i + 1] for i in range(n - 1))", "x: n", ""): """\
n = x.shape[0]  # n
result = float(x[1:] @ x[:n - 1])  # x[1:].T @ x[:n - 1]""",
}


@pytest.mark.parametrize(("question", "lines"), GOLDEN.items(), ids=[k[0] for k in GOLDEN])
def test_golden_programs(question, lines):
    text, shapes, names = question
    assert body(text, shapes, *names.split()) == lines


def test_the_head_says_the_shapes():
    code = source_of("A @ x", "A: m n, x: n")
    assert code == ('def result(A, x):\n    """result: m.\n\n    A: m x n\n    x: n\n    """\n    result = A @ x  # A @ x\n    return result\n')


PLAIN = [
    ("norm(A @ x - b)**2", "A: m n, x: n, b: m", "x x"),
    ("sum(log(1 + exp(-y*(X @ w))))", "X: n d, y: n, w: d", "w w"),
    ("norm(O*(T - U @ V.T))**2", "T: m n, O: m n, U: m k, V: n k", "U"),
    ("-sum(Y*log_softmax(X @ W, axis=1))", "X: n d, W: d k, Y: n k", "W"),
    ("b.T @ inv(A) @ c", "A: n n, b: n, c: n", "b"),
    ("tr(A @ X @ B @ X.T)", "A: m m, X: m n, B: n n", "X"),
    ("norm(relu(X @ W) @ v - y)**2", "X: n d, W: d h, v: h, y: n", "W"),
    ("x.T @ diag(w) @ x + norm(x)**2", "x: n, w: n", "x x"),
]


@pytest.mark.parametrize(("text", "shapes", "names"), PLAIN, ids=[p[0] for p in PLAIN])
def test_no_inverse_einsum_or_identity_where_something_simpler_serves(text, shapes, names):
    lines = body(text, shapes, *names.split())
    assert not re.search(r"inv\(|einsum\(|eye\(|np\.kron\(", lines)


def test_matrix_factorisation_hessian_is_one_product_and_one_write():
    lines = body("norm(O*(T - U @ V.T))**2", "T: m n, O: m n, U: m k, V: n k", "U", "U")
    assert lines.count("tensordot(") == 1
    assert 'spread(t1, (m, k, m, k), "abc", "abac")' in lines


def test_shared_subexpressions_are_computed_once():
    lines = body("sum(exp(A @ x)) + norm(A @ x)**2 + sum(sin(A @ x))", "A: m n, x: n")
    assert lines.count("A @ x") == 2  # code and comment of one line


def test_every_line_is_one_assignment():
    code = body("log(det(A @ A.T + s*eye(m))) + norm(A @ x)", "A: m n, s:, x: n", "A")
    for line in code.splitlines():
        assert re.match(r"^[A-Za-z_]\w* = .+  # .+$", line)


def test_long_chains_do_not_exhaust_the_stack():
    text = " + ".join(f"{k}*x[{k % 7}]*c" for k in range(1, 600)) + " + sin(" * 300 + "c" + ")" * 300
    code = source_of(text, "x: 7, c:")
    assert max(map(len, code.splitlines())) < 1000
