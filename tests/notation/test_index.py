"""The index form: what it prints, that it means the derivative, that its names are free and its length linear."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from derived import derived, index_text

import wrt
from index_reference import evaluate as evaluate_array
from text_reference import compiled
from wrt.language.read import read_like
from wrt.language.surface import Loop, postorder
from wrt.language.unparse import unparse
from wrt.notation.context import context_of
from wrt.notation.index import index_form
from wrt.tables.facts import closure

SIZES = {"m": 4, "n": 3, "p": 2, "q": 2, "v": 4, "d": 2, "N": 3}


@pytest.mark.parametrize(
    ("text", "shapes", "names", "printed"),
    [
        ("norm(A @ x - b)**2", "A: m n, x: n, b: m", "x", "i: 2*sum(A[j, i]*(sum(A[j, k]*x[k] for k in range(n)) - b[j]) for j in range(m))"),
        ("x.T @ A @ x", "A: n n, x: n", "x", "i: sum((A[i, j] + A[j, i])*x[j] for j in range(n))"),
        ("relu(W @ x + b)", "W: m n, x: n, b: m", "W", "i, j, k: (i == j)*x[k]*((W @ x + b)[i] > 0)"),
        ("X.T @ B @ X", "X: m n, B: m m", "X", "i, j, k, l: (i == l)*(B @ X)[k, j] + (j == l)*(X.T @ B)[i, k]"),
        ("softmax(x)", "x: n", "x", "i, j: softmax(x)[i]*((i == j) - softmax(x)[j])"),
        ("logsumexp(x)", "x: n", "x", "i: softmax(x)[i]"),
        ("exp(a.T @ x)", "a: n, x: n", "x x", "i, j: exp(a.T @ x)*a[i]*a[j]"),
        ("inv(X)", "X: n n", "X", "i, j, k, l: -inv(X)[i, k]*inv(X)[l, j]"),
        ("inv(X.T)", "X: n n", "X", "i, j, k, l: -inv(X)[l, i]*inv(X)[j, k]"),
        ("det(X)", "X: n n", "X", "i, j: adj(X)[j, i]"),
        ("matpow(X, k)", "X: n n, k: integer", "X", "i, j, l, p: sum(matpow(X, r)[i, l]*matpow(X, k - 1 - r)[p, j] for r in range(k))"),
        ("cumsum(x)", "x: n", "x", "i, j: i >= j"),
        ("norm(cumsum(x))**2", "x: n", "x", "i: 2*sum(x[j] for j in range(n) for k in range(i, n) if j <= k)"),
        ("sum((x[i + 1] - x[i])**2 for i in range(n - 1))", "x: n", "x", None),
        ("X[:, 1:n]", "X: m n", "X", "i, j, k, l: (i == k)*(l == j + 1)"),
        ("X[1, :] @ a", "X: m n, a: n", "X", "i, j: (i == 1)*a[j]"),
        ("a.T @ conv1d(x, k)", "x: n, k: p, a: (n-p+1)", "k", "i: sum(a[j]*x[i + j] for j in range(n - p + 1))"),
        ("sum(C*E[idx, :]**2)", "E: v d, idx: n integer, C: n d", "E", "i, j: 2*sum((idx[k] == i)*C[k, j]*E[idx, :][k, j] for k in range(n))"),
        ("max(x)", "x: n", "x", "i: (x[i] == max(x))/sum(x[j] == max(x) for j in range(n))"),
        ("max(X, axis=1)", "X: m n", "X", "i, j, k: (i == j)*(X[i, k] == max(X, axis=1)[i])/sum(X[i, l] == max(X, axis=1)[i] for l in range(n))"),
        ("kron(A, B)", "A: m n, B: p q", "A", "i, j, k, l: sum(B[r, s] for r in range(p) for s in range(q) if i == k*p + r if j == l*q + s)"),
        ("tr(X @ Y @ A)", "X: m n, Y: n p, A: p m", "X Y", "i, j, k, l: (j == k)*A[l, i]"),
        ("0.5*c*x**2 + 0.25*x", "c:, x:", "x", "0.25 + c*x"),
        ("0.5*c*x**3", "c:, x:", "x", "3*c*x**2/2"),
        ("x**k", "x: positive, k:", "x", "k*x**(k - 1)"),
        ("sum(x)/n", "x: n", "x", "i: 1/n"),
        ("expm(X)", "X: n n", "X", 'i, j, k, l: frechet("expm", X, eye(n)[:, k] @ eye(n)[l, :])[i, j]'),
        ("u = W @ x + b; relu(u)", "W: m n, x: n, b: m", "W", "i, j, k: u = W @ x + b; (i == j)*x[k]*(u[i] > 0)"),
        ("A @ x", "A: m n, x: n", "x x", "i, j, k: 0"),
    ],
)
def test_index_form_is_printed_as_a_mathematician_writes_it(text, shapes, names, printed):
    got = index_text(text, shapes, *names.split())
    assert printed is None or got == printed


@pytest.mark.parametrize(
    ("text", "shapes", "names", "printed"),
    [
        ("tr(A @ inv(X))", "A: n n, X: n n", "X X", "(inv(X) @ A @ inv(X))[l, i]*inv(X)[j, k] + inv(X)[l, i]*(inv(X) @ A @ inv(X))[j, k]"),
        ("norm(A @ x - b)**2", "A: m n, x: n, b: m", "A x", "2*(j == k)*(A @ x - b)[i] + 2*A[i, k]*x[j]"),
        (
            "logdet(A @ A.T)",
            "A: m n",
            "A A",
            "2*((j == l)*inv(A @ A.T)[i, k] - inv(A @ A.T)[i, k]*(pinv(A) @ A)[j, l] - pinv(A)[l, i]*pinv(A)[j, k])",
        ),
        ("logdet(S)", "S: n n symmetric", "S S", "-inv(S)[i, l]*inv(S)[j, k]"),
        (
            "u.T @ sigmoid(W @ x)",
            "u: m, W: m n, x: n",
            "W W",
            "(i == k)*u[i]*x[j]*x[l]*sigmoid((W @ x)[i])*(1 - sigmoid((W @ x)[i]))*(1 - 2*sigmoid((W @ x)[i]))",
        ),
        ("log(sum(exp(W @ x)))", "W: m n, x: n", "W W", "softmax(W @ x)[i]*x[j]*x[l]*((i == k) - softmax(W @ x)[k])"),
        (
            "softmax(B @ tanh(W @ x))",
            "B: m n, W: n p, x: p",
            "W",
            "softmax(B @ tanh(W @ x))[i]*x[k]*(1 - tanh((W @ x)[j])**2)*(B[i, j] - (B.T @ softmax(B @ tanh(W @ x)))[j])",
        ),
        (
            "softmax(Q @ K.T, axis=1) @ V",
            "Q: n p, K: m p, V: m q",
            "Q",
            (
                "(i == k)*(sum(softmax(Q @ K.T, axis=1)[i, r]*K[r, l]*V[r, j] for r in range(m))"
                " - (softmax(Q @ K.T, axis=1) @ K)[i, l]*(softmax(Q @ K.T, axis=1) @ V)[i, j])"
            ),
        ),
        ("norm(x)**4", "x: n", "x x x", "8*((i == j)*x[k] + (i == k)*x[j] + (j == k)*x[i])"),
    ],
)
def test_what_is_summed_reads_as_a_matrix_where_the_whole_has_no_matrix_form(text, shapes, names, printed):
    assert index_text(text, shapes, *names.split()).split(": ", 1)[1] == printed


FORMULAS = [
    ("logdet(A @ A.T + s*eye(m))", "A: m n, s:", "A A"),
    ("tr(inv(A @ A.T + s*eye(m)))", "A: m n, s:", "A A"),
    ("softmax(B @ tanh(W @ x))", "B: m n, W: n p, x: p", "W"),
    ("log(sum(exp(W @ x)))", "W: m n, x: n", "W W"),
    ("softmax(Q @ K.T, axis=1) @ V", "Q: n p, K: m p, V: m q", "Q"),
    ("softmax(Q @ K.T, axis=1) @ V", "Q: n p, K: m p, V: m q", "K"),
    ("sum(sqrt(2 + X @ X.T))", "X: m n", "X X"),
    ("u.T @ sigmoid(W @ x)", "u: m, W: m n, x: n", "W W"),
    ("norm(A @ x - b)**4", "A: m n, x: n, b: m", "x x"),
    ("a.T @ tanh(W @ tanh(V @ tanh(U @ x)))", "a: m, W: m n, V: n p, U: p n, x: n", "V"),
    ("tr(X @ X @ X @ A)", "X: n n, A: n n", "X X"),
    ("sum(softmax(X, axis=1) @ A)**2", "X: m n, A: n p", "X"),
    ("log_softmax(X, axis=0)", "X: m n", "X"),
    ("sum(C*kron(X, Y))", "X: m n, Y: p q, C: m*p n*q", "X"),
    ("vec(X)", "X: m n", "X"),
    ("a.T @ vec(B @ X)", "X: m n, B: p m, a: p*n", "X"),
    ("prod(x)**2", "x: n", "x x"),
    ("prod(X, axis=0) @ b", "X: m n, b: n", "X X"),
    ("a.T @ max(X, axis=1)**2", "X: m n, a: m", "X"),
    ("norm(A @ x, inf)", "A: m n, x: n", "x"),
    ("norm(x, 3)", "x: n", "x x"),
    ("sum(C*matpow(X, k))", "X: n n, C: n n, k: integer", "X X"),
    ("sum(C*expm(X))", "X: n n, C: n n", "X X"),
    ("sum(C*sqrtm(S))", "S: n n spd, C: n n", "S"),
    ("sum(exp(E[idx, :] @ w))", "E: v d, idx: n integer, w: d", "E w"),
    ("sum(x[idx]**2*y)", "x: v, idx: n integer, y: n", "x x"),
    ("sum(x[::-1]*x**2)", "x: 4", "x x"),
    ("sum(x[0:5:2]**3) + x[-1]**2", "x: 5", "x x"),
    ("sum(i*x[i]**2 for i in range(n))", "x: n", "x"),
    ("sum(x[i]*x[j] for i in range(n) for j in range(i))", "x: n", "x x"),
    ("sum(1/(1 + norm(X[i, :] - X[j, :])**2) for i in range(m) for j in range(m) if i < j)", "X: m n", "X"),
    ("sum(T[i, j, k]*x[i]*x[j]*x[k] for i in range(n) for j in range(n) for k in range(n))", "T: n n n, x: n", "x x"),
    ("array(A[i, j]*x[k]**2 for i in range(m) for j in range(n) for k in range(p))", "A: m n, x: p", "x"),
    ('sum(C*einsum("ijk,k->ij", T, z)**2)', "T: m n p, z: p, C: m n", "z T"),
    ("logdet([[A, B], [C, D]])", "A: p p, B: p n, C: n p, D: n n", "D B"),
    ("norm([[A, x], [x.T, 1]])**4", "A: n n, x: n", "x A"),
    ("norm(conv1d(x, k))**2", "x: 5, k: 2", "x k"),
    ("sum(tanh(conv2d(X, K)))", "X: 4 3, K: 2 2", "K"),
    ("sum(X + x)**2 + sum(X*y.T)**3", "X: m n, x: m, y: n", "x y"),
    ("sum(maximum(X, x)**2)", "X: m n, x: m", "x"),
    ("b.T @ tril(X) @ triu(X) @ b", "X: n n, b: n", "X X"),
    ("sum(C*eigvecsh(S))", "S: n n symmetric, C: n n", "S"),
    ("sum(svdvals(X)**2)", "X: m n", "X"),
    ("norm(X @ pinv(X) @ y)**2", "X: m n, y: m", "X"),
    ("u = A @ x; v = u*x; u.T @ v", "A: n n, x: n", "x x"),
    ("sum(x**y)", "x: n positive, y: n", "x y"),
]


@pytest.mark.parametrize(("text", "shapes", "names"), FORMULAS, ids=[f"{t} by {w}" for t, _, w in FORMULAS])
def test_every_entry_has_the_value_of_the_array(text, shapes, names):
    source, d = derived(text, shapes, *names.split())
    indices, node = index_form(d, context_of(source, source.declarations))
    words = unparse(node)
    read_like(words, source, indices=dict(zip(indices, d.shape, strict=True)))
    values = point(source)
    sizes = {**SIZES, **{name: int(v) for name, v in values.items() if v.ndim == 0 and "integer" in source.declarations[name].facts}}
    want = evaluate_array(d, values, sizes)
    entry = compiled(words)
    environment = as_columns(values)
    cells = list(itertools.product(*map(range, want.shape)))
    for at in random.Random(1).sample(cells, min(10, len(cells))):
        got = np.asarray(entry({**environment, **dict(zip(indices, at, strict=True))}), float).reshape(())
        np.testing.assert_allclose(got, want[at], rtol=1e-7, atol=1e-9)


def as_columns(values):
    """The point as the text is evaluated: sizes, vectors as columns, scalars as numbers."""
    sizes = {k: float(v) for k, v in SIZES.items()}
    return {**sizes, **{n: v[:, None] if v.ndim == 1 else v if v.ndim else float(v) for n, v in values.items()}}


def point(source):
    rng = np.random.default_rng(4)
    out = {}
    for name, d in source.declarations.items():
        shape, facts = [s.value(SIZES) for s in d.shape.sizes], closure(d.facts)
        x = rng.uniform(0.2, 0.9, shape) * (1 if "positive" in facts else rng.choice([-1, 1], shape))
        if "integer" in facts:
            x = rng.integers(0, 3, shape) if shape else 3
        elif len(shape) == 2 and shape[0] == shape[1]:
            x = 0.5 * x + np.eye(shape[0])
            x = x @ x.T + np.eye(shape[0]) if "spd" in facts else (x + x.T) / 2 if "symmetric" in facts else x
        out[name] = np.asarray(x)
    return out


def test_index_names_are_never_those_of_variables_sizes_or_anything_in_the_text():
    text = "sum(i[k]*l[k]*j for k in range(p)) + sum(q*i**2)"
    source, d = derived(text, "i: p, l: p, j:, q:", "i", "i")
    indices, node = index_form(d, context_of(source, source.declarations))
    bound = {part.name for part in postorder(node) if isinstance(part, Loop)}
    assert not (bound | set(indices)) & {"i", "j", "k", "l", "p", "q"}


def chain(layers):
    text = "x"
    for k in range(layers):
        text = f"tanh(W{k} @ {text})"
    return f"c.T @ {text}", {**{f"W{k}": ("n", "n") for k in range(layers)}, "x": ("n",), "c": ("n",)}


def test_length_is_linear_in_the_layers_of_a_network():
    lengths = [len(index_text(*chain(layers), "W0")) / layers for layers in (20, 40, 80)]
    assert lengths[2] < 1.2 * lengths[0]


def test_deep_nesting_of_a_scalar_is_linear_and_needs_no_recursion():
    text = "x"
    for _ in range(600):
        text = f"sin({text})"
    printed = index_text(text, "x:", "x")
    assert len(printed) < 100 * 600


def test_a_long_sum_stays_one_formula():
    text = " + ".join(f"sin({k}*x)" for k in range(1, 300))
    assert ";" not in index_text(text, "x:", "x")


def test_the_text_is_the_same_in_every_process():
    program = "from derived import index_text; print(index_text('sum(softmax(X @ Y, axis=1)**2)', 'X: m n, Y: n p', 'X', 'Y'))"
    folder = Path(__file__).parent
    texts = set()
    for seed in ("0", "1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, cwd=folder, env={**os.environ, "PYTHONHASHSEED": seed}, check=True
        )
        texts.add(done.stdout)
    assert len(texts) == 1


def test_terms_that_cancel_where_places_are_fixed_are_zero():
    d = wrt.derive("det(S)", "S[2, 2]", 2, shapes="S: n n")
    assert (str(d), str(d.index)) == ("0", "0")


def test_columns_and_rows_meet_beside_a_matrix():
    text = "sum(log(1 + sum(X**2, axis=1) @ ones(m).T + ones(m) @ sum(X**2, axis=1).T - 2*X @ X.T))"
    assert wrt.derive(text, "X", shapes="X: m n").matrix is not None
