"""Compressed results: the core and pattern of each, and every operation against the dense array."""

from __future__ import annotations

import numpy as np
import pytest

from index_numerics import environment, facts_of, lowered, symbol_of
from wrt.algebra.flatten import flattened
from wrt.algebra.simplify import simplify
from wrt.calculus.derive import derivative
from wrt.errors import ShapeError
from wrt.program.emit import compile_program
from wrt.program.structured import Structured, StructuredSum, contract
from wrt.program.structured_product import StructuredProduct

SIZES = {"m": 6, "n": 5, "k": 3, "p": 4}


def both(text: str, shapes: str, *names: str):
    source, d = lowered(text, shapes)
    for name in names:
        d = derivative(d, symbol_of(source, name))
    d, _ = simplify(flattened(d), facts_of(source))
    at = environment(source, SIZES)
    dense = compile_program({"value": d}, source.declarations)(**at)
    return np.asarray(dense), compile_program({"value": d}, source.declarations, output="structured")(**at)


HESSIANS = [
    ("norm(O*(T - U @ V.T))**2", "T: m n, O: m n, U: m k, V: n k", "U", "abac"),
    ("norm(T - U @ V.T)**2", "T: m n, U: m k, V: n k", "U", "abac"),
    ("norm(T - U @ V.T)**2 + a*norm(U)**2", "T: m n, U: m k, V: n k, a: positive", "U", ""),
    ("norm(X @ w - y)**2 + a*norm(w)**2", "X: m n, w: n, y: m, a: positive", "w", ""),
    ("sum(exp(x))", "x: n", "x", "aa"),
    ("sum(exp(X))", "X: m n", "X", "abab"),
    ("norm(X)**2", "X: m n", "X", "abab"),
    ("tr(X @ X)", "X: n n", "X", "abba"),
    ("norm(A @ X @ B)**2", "A: p m, X: m k, B: k k", "X", "abcd"),
    ("logdet(X)", "X: n n", "X", "abcd"),
    ("tr(X.T @ A @ X @ B)", "X: m k, A: m m, B: k k", "X", ""),
    ("x.T @ A @ x", "A: n n, x: n", "x", "ab"),
]


@pytest.mark.parametrize(("text", "shapes", "name", "pattern"), HESSIANS, ids=[h[0] for h in HESSIANS])
def test_hessians(text, shapes, name, pattern):
    dense, compressed = both(text, shapes, name, name)
    if pattern:
        assert isinstance(compressed, (Structured, StructuredProduct))
        assert compressed.pattern == pattern
    else:
        assert isinstance(compressed, StructuredSum)
    assert np.allclose(compressed.dense(), dense)
    half = dense.ndim // 2
    shape = dense.shape[:half]
    size = int(np.prod(shape))
    square = dense.reshape(size, size)
    v = np.random.default_rng(1).normal(size=shape)
    assert np.allclose(compressed @ v, (square @ v.reshape(-1)).reshape(shape))
    assert np.allclose(compressed.diag().reshape(-1), np.diag(square))
    assert np.allclose(compressed.trace(), np.trace(square))
    assert np.allclose(compressed.norm(), np.linalg.norm(square))
    if np.linalg.cond(square) < 1e8:
        assert np.allclose(compressed.solve(v), np.linalg.solve(square, v.reshape(-1)).reshape(shape))


def test_the_core_alone_is_computed():
    _, compressed = both("norm(T - U @ V.T)**2", "T: m n, U: m k, V: n k", "U", "U")
    assert compressed.core.shape == (SIZES["k"], SIZES["k"])
    assert compressed.axes == "bc"
    assert compressed.shape == (6, 3, 6, 3)


def test_jacobians():
    dense, compressed = both("X @ A", "X: m n, A: n p", "X")
    v = np.random.default_rng(1).normal(size=(6, 5))
    assert compressed.pattern == "abac"
    assert np.allclose(compressed @ v, np.tensordot(dense, v, 2))


@pytest.mark.parametrize(
    ("text", "shapes", "name"),
    [
        ("A @ X @ B", "A: m n, X: n p, B: p k", "X"),
        ("inv(X)", "X: n n", "X"),
        ("a*A @ X @ B", "A: n n, X: n p, B: p p, a:", "X"),
        ("tanh(W @ x)", "W: m n, x: n", "W"),
    ],
)
def test_an_outer_product_is_kept_as_its_factors(text, shapes, name):
    dense, compressed = both(text, shapes, name)
    assert isinstance(compressed, StructuredProduct)
    assert max(np.size(f.core) for f in compressed.factors) < dense.size
    assert np.allclose(compressed.dense(), dense)
    v = np.random.default_rng(1).normal(size=dense.shape[-2:])
    assert np.allclose(compressed @ v, np.tensordot(dense, v, 2))
    assert np.allclose(compressed.norm(), np.linalg.norm(dense))
    if dense.shape[:2] == dense.shape[2:]:
        assert np.allclose(compressed @ compressed.solve(v), v)
        assert np.allclose(compressed.trace(), np.einsum("abab->", dense))


def test_several_outputs():
    source, f = lowered("norm(x)**2", "x: n")
    gradient = flattened(derivative(f, symbol_of(source, "x")))
    hessian = flattened(derivative(gradient, symbol_of(source, "x")))
    value, g, h = compile_program({"f": f, "g": gradient, "h": hessian}, source.declarations, output="structured")(x=[1.0, 2.0])
    assert float(value.core) == 5.0
    assert g.dense().tolist() == [2.0, 4.0]
    assert h.pattern == "aa"
    assert h.solve(np.array([2.0, 4.0])).tolist() == [1.0, 2.0]


def test_what_does_not_fit_is_refused():
    _, compressed = both("sum(exp(x))", "x: n", "x", "x")
    with pytest.raises(ShapeError, match="do not fit"):
        compressed @ np.ones(4)
    with pytest.raises(ShapeError, match="cannot be solved"):
        compressed.solve(np.ones(4))


def test_contract_is_einsum():
    draw = np.random.default_rng(0)
    for left, right, out in [
        ("abc", "bcd", "ad"),
        ("abc", "abd", "acd"),
        ("ab", "ab", ""),
        ("ab", "ab", "a"),
        ("ab", "c", "abc"),
        ("abx", "by", "a"),
    ]:
        sizes = dict(zip("abcdxy", (2, 3, 4, 5, 2, 3), strict=True))
        a, b = (draw.normal(size=[sizes[c] for c in word]) for word in (left, right))
        assert np.allclose(contract(a, left, b, right, out), np.einsum(f"{left},{right}->{out}", a, b))
