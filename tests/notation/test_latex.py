r"""LaTeX: what is printed, and that it reads back to the same object beside its declarations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from derived import derived

from wrt.algebra.flatten import flattened
from wrt.algebra.lower import lower
from wrt.errors import WrtError
from wrt.language import latex as reader
from wrt.language.read import read, read_like, type_tree
from wrt.language.unparse import unparse
from wrt.notation.context import context_of
from wrt.notation.index import index_form
from wrt.notation.latex import render

CASES = Path(__file__).parents[1] / "cases"

PRINTED = [
    ("2*A.T @ (A @ x - b)", "A: m n, x: n, b: m", r"2 A^{\top} (A x - b)"),
    ("norm(A @ x - b)**2/2", "A: m n, x: n, b: m", r"\frac{\lVert A x - b \rVert^{2}}{2}"),
    ("1/2*(x - μ).T @ inv(Σ) @ (x - μ)", "x: n, μ: n, Σ: n n", r"\frac{1}{2} (x - \mu)^{\top} \Sigma^{-1} (x - \mu)"),
    ("inv(X).T @ A + pinv(X)", "X: n n, A: n n", r"X^{-\top} A + X^{+}"),
    ("2*a*x*y", "a:, x: n, y: n", r"2 a (x \odot y)"),
    ("x*A", "x: m, A: m n", r"\operatorname{diag}(x) A"),
    ("A.T @ r/n", "A: m n, r: m", r"\frac{1}{n} A^{\top} r"),
    ("x/y", "x: n, y: n", r"x \oslash y"),
    ("1/(1 + exp(-x))", "x: n", r"\frac{1}{1 + \exp(-x)}"),
    ("X**2 + X @ X", "X: n n", r"X^{\odot 2} + X^{2}"),
    ("exp(X) + expm(X)", "X: n n", r"\exp^{\odot}(X) + e^{X}"),
    ("(1 - tanh(u)**2)*v", "u: n, v: n", r"(1 - \tanh(u)^{\odot 2}) \odot v"),
    ("sum(x) + sum(X, axis=0) @ y", "x: n, X: m n, y: n", r"\mathbf{1}^{\top} x + \mathbf{1}_{m}^{\top} X y"),
    ("logdet(S) - log(det(S))", "S: n n", r"\log \lvert \det(S) \rvert - \log(\det(S))"),
    ("(a.T @ x)*b + c", "a: n, x: n, b: n, c:", r"(a^{\top} x) b + c"),
    ("X + 1", "X: n n", r"X + \mathbf{1}_{n \times n}"),
    ("kron(B.T, A) @ commutation(m, n)", "A: m m, B: n n", r"(B^{\top} \otimes A) \operatorname{commutation}(m, n)"),
    (
        "sum(A[i, j]*x[j + 1] for i in range(m) for j in range(n) if i != j)",
        "A: m n, x: (n+1)",
        r"\sum_{i=1}^{m} \sum_{j=1}^{n} \mathbb{1}[i \ne j] A_{ij} x_{j + 1}",
    ),
    ("sum(x[k] for k in range(1, n))", "x: n", r"\sum_{k=2}^{n} x_{k}"),
    ("sum(c[k]*t**k for k in range(n))", "c: n, t:", r"\sum_{k=1}^{n} c_{k} t^{k - 1}"),
    ("sum(matpow(X, r) for r in range(k))", "X: n n, k: integer", r"\sum_{r=0}^{k - 1} X^{r}"),
    ("x[0] + x[-1] + A[1, :] @ x", "x: n, A: m n", r"x_{1} + x_{n} + A_{2,:} x"),
    ("where(t > 0, t, 2*t)", "t:", r"\begin{cases} t & \text{if } t > 0 \\ 2 t & \text{otherwise} \end{cases}"),
    ("[[A, B], [C, D]]", "A: m m, B: m n, C: n m, D: n n", r"\begin{bmatrix} A & B \\ C & D \end{bmatrix}"),
    ("u = W @ x; tanh(u)", "W: m n, x: n", r"\tanh(u), \quad u = W x"),
    (
        "alpha*x1 + W_out @ y_hat + loss*x1",
        "alpha:, x1: m, W_out: m n, y_hat: n, loss:",
        r"\alpha x_{1} + W_{\mathrm{out}} \hat{y} + \mathrm{loss} x_{1}",
    ),
    ("σ*sigmoid(x)", "σ:, x: n", r"\sigma \operatorname{sigmoid}(x)"),
    ("norm(x, 1) + norm(x, inf) + norm(x, 3)", "x: n", r"\lVert x \rVert_{1} + \lVert x \rVert_{\infty} + \lVert x \rVert_{3}"),
    ('norm(X) + norm(X, "nuc") + norm(X, "spec")', "X: m n", r"\lVert X \rVert_{F} + \lVert X \rVert_{*} + \lVert X \rVert_{2}"),
]


@pytest.mark.parametrize(("text", "shapes", "printed"), PRINTED, ids=[text for text, _, _ in PRINTED])
def test_formula_is_set_as_a_journal_prints_it(text, shapes, printed):
    assert render(read(text, shapes).tree) == printed


def test_vectors_and_matrices_are_bold_on_request():
    assert render(read("μ.T @ A @ x + t", "μ: n, A: n n, x: n, t:").tree, bold=True) == r"\boldsymbol{\mu}^{\top} \mathbf{A} \mathbf{x} + t"


@pytest.mark.parametrize(
    ("text", "shapes", "name", "printed"),
    [
        ("A @ x", "A: m n, x: n", "x", r"A_{ij}"),
        ("relu(u)", "u: n", "u", r"\delta_{ij} \mathbb{1}[u_{i} > 0]"),
        ("X[1, :] @ a", "X: m n, a: n", "X", r"\mathbb{1}[i = 2] a_{j}"),
        ("x.T @ x/n", "x: n", "x", r"\frac{2 x_{i}}{n}"),
        ("sum(i*x[i] for i in range(n))", "x: n", "x", r"j - 1"),
        ("norm(A @ x)**2", "A: m n, x: n", "x", r"2 \sum_{j=1}^{m} \sum_{k=1}^{n} A_{ji} A_{jk} x_{k}"),
    ],
)
def test_index_form_counts_from_one(text, shapes, name, printed):
    source, d = derived(text, shapes, name)
    indices, node = index_form(d, context_of(source, source.declarations))
    back = read_like(unparse(node), source, indices=dict(zip(indices, d.shape, strict=True)))
    assert render(back.tree) == printed


def cases():
    for path in sorted(p for p in CASES.glob("*.jsonl") if p.stem != "own"):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def test_the_functions_of_all_cases_read_back_to_the_same_object():
    count = {"same": 0, "other": 0, "refused": 0}
    for case in cases():
        source = read(case["expr"], {v: tuple(d) for v, d in case["vars"].items()}, {v: tuple(p) for v, p in (case.get("assume") or {}).items()})
        count[readback(source)] += 1
    assert count["other"] <= 4
    assert count["refused"] <= 25
    assert count["same"] >= 820


def readback(source):
    declared = source.declarations
    words = render(source.tree)
    try:
        got = reader.read(words, {n: d.shape for n, d in declared.items()}, None, {n: d.facts for n, d in declared.items()})
        again = type_tree(got.tree, declared, words, "latex")
    except WrtError:
        return "refused"
    return "same" if flattened(lower(again)) is flattened(lower(source)) else "other"


def test_a_long_chain_of_terms_needs_no_recursion():
    source = read(" + ".join(f"sin({k}*x)" for k in range(1, 3000)), "x:")
    assert render(source.tree).count(r"\sin") == 2999
