"""Derivations as a reader of lecture notes sees them, kept as text: read aloud once, changed on purpose only.

`python tests/derivation/test_golden.py` writes them anew, for the eye to judge.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import wrt

GOLDEN = Path(__file__).parent / "golden"
STYLES = ("componentwise", "chain", "differential")
# name: (function, variable, shapes, styles)
DERIVATIONS = {
    "linear-map": ("A @ v", "v", "A: m n, v: n", STYLES),
    "quadratic-form": ("x.T @ A @ x", "x", "A: n n, x: n", STYLES),
    "relu-layer-by-its-weights": ("relu(W @ x + b)", "W", "W: m n, x: n, b: m", STYLES),
    "relu-layer-by-its-input": ("relu(W @ x + b)", "x", "W: m n, x: n, b: m", STYLES),
    "least-squares": ("norm(X @ β - Y)**2", "β", "X: m n, β: n, Y: m", STYLES),
    "least-squares-hessian": ("norm(X @ β - Y)**2", "β, β", "X: m n, β: n, Y: m", ("differential",)),
    "sine-inside-a-residual": ("norm(y - A @ sin(x))**2", "x", "A: m n, x: n, y: m", STYLES),
    "gram-matrix": ("B.T @ B", "B", "B: m n", STYLES),
    "through-x1-and-x2-by-s": ("x1 = s*t; x2 = s + t**2; x1**2 + 2*x2", "s", "s: , t:", ("chain",)),
    "through-x1-and-x2-by-t": ("x1 = s*t; x2 = s + t**2; x1**2 + 2*x2", "t", "s: , t:", ("chain",)),
    "product-rule": ("x**2*log(x)", "x", "x: positive", STYLES),
    "chain-rule": ("exp(sin(x))", "x", "x:", STYLES),
    "quotient-rule": ("sin(x)/(1 + x**2)", "x", "x:", ("componentwise", "differential")),
    "exponential-rule": ("a**x", "x", "a: positive, x:", ("componentwise", "differential")),
    "inverse-function-rule": ("arctan(x)", "x", "x:", ("componentwise", "differential")),
    "automatic-differentiation": ("sqrt(x**2 + exp(x**2)) + cos(x**2 + exp(x**2))", "x", "x:", ("chain",)),
    "sine-squared": ("sin(B @ v)**2", "v", "B: m n, v: n", STYLES),
    "log-det": ("log(det(X))", "X", "X: n n", STYLES),
    "trace": ("tr(A @ X @ B)", "X", "A: m n, X: n p, B: p m", STYLES),
    "inverse": ("a.T @ inv(X) @ b", "X", "X: n n, a: n, b: n", STYLES),
    "logistic-loss": ("sum(log(1 + exp(-y*(X @ w))))", "w", "X: m n, w: n, y: m", STYLES),
    "softmax": ("softmax(z)", "z", "z: n", STYLES),
    "softmax-cross-entropy": ("-sum(y*log(softmax(z)))", "z", "z: n, y: n onehot", STYLES),
    "inverse-matrix": ("inv(X)", "X", "X: n n", ("componentwise", "differential")),
    "rayleigh-quotient": ("(x.T @ A @ x)/(x.T @ x)", "x", "A: n n symmetric, x: n", STYLES),
    "two-layer-network": (
        "norm(W2 @ tanh(W1 @ x + b1) + b2 - y)**2/2",
        "W1",
        "W1: h n, x: n, b1: h, W2: m h, b2: m, y: m",
        ("chain", "differential"),
    ),
    "normalised-vector": ("x/norm(x)", "x", "x: n", STYLES),
    "symmetric-variable": ("tr(A @ X @ B)", "X", "A: m n, X: n n symmetric, B: n m", ("differential",)),
    "kronecker-product": ("kron(A, X)", "X", "A: m n, X: p q", ("componentwise",)),
    "square-by-its-limit": ("x**2", "x", "x:", ("limit",)),
    "reciprocal-by-its-limit": ("1/x", "x", "x:", ("limit",)),
    "root-by-its-limit": ("sqrt(x)", "x", "x:", ("limit",)),
    "exponential-by-its-limit": ("exp(x)", "x", "x:", ("limit",)),
    "exponential-of-2x-by-its-limit": ("exp(2*x)", "x", "x:", ("limit",)),
    "sine-by-its-limit": ("sin(x)", "x", "x:", ("limit",)),
    "logarithm-by-its-limit": ("log(x)", "x", "x: positive", ("limit",)),
    "power-by-its-limit": ("x**n", "x", "x: positive, n:", ("limit",)),
    "product-by-its-limit": ("x*sin(x)", "x", "x:", ("limit",)),
}


def written(name: str) -> str:
    f, names, shapes, styles = DERIVATIONS[name]
    d = wrt.derive(wrt.parse(f, shapes), *names.split(", "))
    out = [f"{f}    by {names}"]
    for style in styles:
        steps = d.steps(style=style)
        out += ["", f"-- {style}", steps.unicode()]
    return "\n".join(out) + "\n"


@pytest.mark.parametrize("name", DERIVATIONS)
def test_a_derivation_reads_as_it_did(name):
    assert written(name) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_every_golden_file_has_its_derivation():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(DERIVATIONS)


if __name__ == "__main__":
    for each in DERIVATIONS:
        (GOLDEN / f"{each}.txt").write_text(written(each), encoding="utf-8")
