"""Large numbers, kinks and zeros: programs give the value wherever it is finite, without a warning."""

from __future__ import annotations

import numpy as np
import pytest

import wrt
from index_numerics import facts_of, lowered, symbol_of
from wrt.algebra.flatten import flattened
from wrt.algebra.simplify import simplify
from wrt.calculus.derive import derivative
from wrt.program.emit import compile_program

Z = np.array([1000.0, -1000.0, 999.0])
X = np.array([[1000.0, 0.0], [-1000.0, 1.0], [3.0, 4.0]])
P, Q = 1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))  # of 1000 and 999: the softmax
W = np.array([1.0, 2.0])
Y = np.array([1.0, 1.0, -1.0])
SIG = 1 / (1 + np.exp(-11.0))


def run(text: str, shapes: str, *names: str, **values: object) -> object:
    source, d = lowered(text, shapes)
    for name in names:
        d = derivative(d, symbol_of(source, name))
    d, _ = simplify(flattened(d), facts_of(source), spell=False)
    return compile_program({"value": d}, source.declarations)(**values)


CASES = [
    ("sum(log(1 + exp(-y*(X @ w))))", "X: n d, y: n, w: d", (), {"X": X, "y": Y, "w": W}, 998 + 11 + np.log1p(np.exp(-11.0))),
    ("sum(log(1 + exp(-y*(X @ w))))", "X: n d, y: n, w: d", ("w",), {"X": X, "y": Y, "w": W}, [1000 + 3 * SIG, -1 + 4 * SIG]),
    (
        "sum(log(1 + exp(-y*(X @ w))))",
        "X: n d, y: n, w: d",
        ("w", "w"),
        {"X": X, "y": Y, "w": W},
        SIG * (1 - SIG) * np.outer([3.0, 4.0], [3.0, 4.0]),
    ),
    ("log(sum(exp(z)))", "z: n", (), {"z": Z}, 1000 + np.log1p(np.exp(-1))),
    ("log(sum(exp(z)))", "z: n", ("z",), {"z": Z}, [P, 0, Q]),
    ("log(sum(exp(z)))", "z: n", ("z", "z"), {"z": Z}, np.diag([P, 0, Q]) - np.outer([P, 0, Q], [P, 0, Q])),
    ("log(sum(exp(A @ x)))", "A: m n, x: n", ("x", "x"), {"A": X, "x": W}, np.zeros((2, 2))),
    ("softmax(z)", "z: n", (), {"z": Z}, [P, 0, Q]),
    ("log(softmax(z))", "z: n", (), {"z": Z}, [-np.log1p(np.exp(-1)), -2000 - np.log1p(np.exp(-1)), -1 - np.log1p(np.exp(-1))]),
    ("sum(log(sum(exp(X @ W), axis=1)))", "X: n d, W: d 1", (), {"X": X, "W": np.array([[1.0], [2.0]])}, 1000 - 998 + 11),
    ("log(exp(a) + exp(b))", "a:, b:", ("a",), {"a": 1000.0, "b": 999.0}, P),
    ("log(p*exp(a) + (1 - p)*exp(b))", "a:, b:, p:", (), {"a": -1000.0, "b": -1000.0, "p": 0.25}, -1000),
    ("sum(log(exp(-x**2/2)/sqrt(2*pi)))", "x: n", ("x",), {"x": Z}, -Z),
    ("-sum(y*log(sigmoid(z)) + (1 - y)*log(1 - sigmoid(z)))", "y: n, z: n", (), {"y": np.array([0.0, 1, 1]), "z": Z}, 2000),
    ("-sum(y*log(sigmoid(z)) + (1 - y)*log(1 - sigmoid(z)))", "y: n, z: n", ("z",), {"y": np.array([0.0, 1, 1]), "z": Z}, [1, -1, 0]),
    ("-sum(y*log(sigmoid(z)) + (1 - y)*log(1 - sigmoid(z)))", "y: n, z: n", ("z", "z"), {"y": np.array([0.0, 1, 1]), "z": Z}, np.zeros((3, 3))),
    ("exp(z)/(1 + exp(z))", "z: n", (), {"z": Z}, [1, 0, 1]),
    ("exp(z)/(1 + exp(z))", "z: n", ("z",), {"z": Z}, np.zeros((3, 3))),
    ("sum(log(cosh(z)))", "z: n", (), {"z": Z}, 2999 - 3 * np.log(2)),
    ("sum(log(cosh(z)))", "z: n", ("z",), {"z": Z}, [1, -1, 1]),
    ("log1p(exp(z))", "z: n", (), {"z": Z}, [1000, 0, 999]),
    ("softplus(z)", "z: n", (), {"z": Z}, [1000, 0, 999]),
    ("log(1 + x)", "x: n", (), {"x": np.array([1e-20])}, [1e-20]),
    ("exp(x) - 1", "x: n", (), {"x": np.array([1e-20])}, [1e-20]),
    ("norm(x)", "x: n", ("x",), {"x": np.zeros(3)}, np.zeros(3)),
    ("norm(x)", "x: n", ("x", "x"), {"x": np.zeros(3)}, np.zeros((3, 3))),
    ("norm(A @ x - b)", "A: m n, x: n, b: m", ("x",), {"A": np.ones((3, 2)), "x": np.zeros(2), "b": np.zeros(3)}, np.zeros(2)),
    ("norm(x, 3)", "x: n", ("x",), {"x": np.zeros(3)}, np.zeros(3)),
    ("sqrt(var(x))", "x: n", ("x",), {"x": np.ones(3)}, np.zeros(3)),
    ("relu(z)", "z: n", ("z",), {"z": np.array([0.0, 1.0])}, np.diag([0.0, 1.0])),
    ("abs(z)", "z: n", ("z",), {"z": np.array([0.0, 1.0])}, np.diag([0.0, 1.0])),
    ("max(z)", "z: n", ("z",), {"z": np.array([1.0, 1.0])}, [0.5, 0.5]),
    ("sum(x*log(x))", "x: n", (), {"x": np.array([0.0, 1.0, 2.0])}, 2 * np.log(2)),
    ("sum(p*log(p/q))", "p: n, q: n", ("q",), {"p": np.array([0.0, 1.0]), "q": np.ones(2)}, [0, -1]),
    ("sum(where(z > 0, z*log(z), 0))", "z: n", ("z",), {"z": np.array([0.0, 1.0])}, [0, 1]),
    ("where(z > 0, z*log(z), 0)", "z: n", (), {"z": np.array([-1.0, 1.0])}, [0, 0]),
    ("sum(where(z > 0, sqrt(z), 0))", "z: n", ("z",), {"z": np.array([-1.0, 0.0, 4.0])}, [0, 0, 0.25]),
    ("sum(sqrt(relu(z)))", "z: n", ("z",), {"z": np.array([-1.0, 1.0, 4.0])}, [0, 0.5, 0.25]),
    ("sum(relu(z)**1.5)", "z: n", ("z", "z"), {"z": np.array([-1.0, 1.0, 4.0])}, np.diag([0, 0.75, 0.375])),
    ("norm(x, 1.5)", "x: n", ("x",), {"x": np.array([0.0, 0.0, 1.0])}, [0, 0, 1]),
    ("sum(x**a)", "x: n, a:", ("a",), {"x": np.array([0.0, 2.0, 1.0]), "a": 2.0}, 4 * np.log(2)),
    ("-sum(p*log(p) + (1 - p)*log(1 - p))", "p: n", (), {"p": np.array([0.0, 1.0, 0.5])}, np.log(2)),
    ("prod(x)", "x: n", ("x",), {"x": np.array([0.0, 2.0, 3.0])}, [6, 0, 0]),
    ("det(A)", "A: n n", ("A",), {"A": np.diag([1.0, 2.0, 0.0])}, np.diag([0.0, 0.0, 2.0])),
    ("det(A)", "A: n n", ("A",), {"A": np.ones((3, 3))}, np.zeros((3, 3))),
]


@pytest.mark.parametrize(("text", "shapes", "names", "values", "expected"), CASES, ids=[f"{c[0]} by {c[2]}" for c in CASES])
def test_values_are_finite_and_right(text, shapes, names, values, expected):
    got = np.asarray(run(text, shapes, *names, **values))
    assert np.allclose(got, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("scale", [1e200, 1e-200])
@pytest.mark.parametrize(
    ("text", "shapes", "direction"),
    [
        ("norm(x)", "x: n", lambda x: x / np.linalg.norm(x)),
        ("norm(x)", "x: m n", lambda x: x / np.linalg.norm(x)),
        ("sum(norm(x[i, :]) for i in range(m))", "x: m n", lambda x: x / np.linalg.norm(x, axis=1)[:, None]),
        ("sum(norm(x[:, j]) for j in range(n))", "x: m n", lambda x: x / np.linalg.norm(x, axis=0)),
    ],
)
def test_norms_of_large_and_small_numbers(text, shapes, direction, scale):
    x = np.array([3.0, -4.0]) if shapes == "x: n" else np.array([[3.0, -4.0, 1.0], [0.5, 2.0, -1.0]])
    assert np.allclose(run(text, shapes, "x", x=scale * x), direction(x))
    assert np.allclose(run(text, shapes, x=scale * x) / scale, run(text, shapes, x=x))


def test_a_typed_reciprocal_of_a_norm_is_infinite_at_0():
    with pytest.warns(RuntimeWarning):
        assert run("1/norm(x)", "x: n", x=np.zeros(2)) == np.inf


def test_an_exponential_in_an_inner_product_is_shifted():
    d = wrt.derive("sum(softmax(z)*log_softmax(z))", "z", shapes="z: n")
    assert np.allclose(d(z=Z), [P * Q, 0, -P * Q])
