"""Riemannian gradients: closed forms, and values by differences along curves on the manifold, independent of the formulas' proof."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

import wrt
from wrt.tables.manifolds import MANIFOLDS

CASES = [
    ("x.T @ A @ x", "x", "sphere", None, "A: n n symmetric, x: n", "2*(A @ x - (x.T @ A @ x)*x)"),
    ("b.T @ x", "x", "sphere", None, "b: n, x: n", "b - (b.T @ x)*x"),
    ("norm(x)**4", "x", "sphere", None, "x: n", "zeros(n)"),
    ("norm(A - X @ B)**2", "X", "sphere", None, "A: m p, X: m n, B: n p", None),
    ("tr(X.T @ A @ X)", "X", "stiefel", None, "A: m m symmetric, X: m n", "2*(A - X @ X.T @ A) @ X"),
    ("tr(M.T @ X)", "X", "stiefel", None, "M: m n, X: m n", "M - X @ (M.T @ X + X.T @ M)/2"),
    ("tr(M.T @ X)", "X", "stiefel", "canonical", "M: m n, X: m n", "M - X @ M.T @ X"),
    ("tr(X.T @ A @ X)", "X", "grassmann", None, "A: m m symmetric, X: m n", "2*(A - X @ X.T @ A) @ X"),
    ("logdet(X)", "X", "spd", None, "X: n n", "X"),
    ("logdet(X) + tr(inv(X) @ S)", "X", "spd", None, "X: n n, S: n n symmetric", "X - S"),
    ("tr(A @ X)", "X", "spd", "euclidean", "A: n n, X: n n", "(A + A.T)/2"),
    ("sum(p*log(p))", "p", "simplex", None, "p: n", "log(p) - sum(log(p))/n*ones(n)"),
    ("c.T @ p", "p", "simplex", "fisher", "c: n, p: n", "p*(c - c.T @ p)"),
    ("tr(M.T @ X)", "X", "orthogonal", None, "M: n n, X: n n", "(M - X @ M.T @ X)/2"),
]
SIZES = {"m": 4, "n": 3, "p": 2}
STEP = 1e-4


def point(d, draw):
    """Values of all variables, the point on the manifold."""
    values = {}
    for name, v in d.declarations.items():
        x = draw.normal(size=[s.value(SIZES) for s in v.shape.sizes])
        values[name] = (x + x.T) / 2 if "symmetric" in v.facts else x
    x = values[d.name]
    match d.manifold:
        case "sphere":
            x = x / np.linalg.norm(x)
        case "stiefel" | "grassmann" | "orthogonal":
            x = np.linalg.qr(x)[0]
        case "spd":
            x = x @ x.T + np.eye(len(x))
        case "simplex":
            x = np.abs(x) + 0.2
            x = x / x.sum()
    return {**values, d.name: x}


def tangent(manifold, x, z):
    """A tangent at x, by a formula of its own."""
    match manifold:
        case "sphere":
            return z - np.vdot(x, z) * x
        case "stiefel" | "orthogonal":
            skew = np.triu(z[: x.shape[1]], 1)
            return x @ (skew - skew.T) + (np.eye(len(x)) - x @ x.T) @ z
        case "grassmann":
            return (np.eye(len(x)) - x @ x.T) @ z
        case "spd":
            return z + z.T
    return z - z.mean()


def curve(manifold, x, v, t):
    """A curve on the manifold through x with velocity v."""
    match manifold:
        case "sphere":
            return (x + t * v) / np.linalg.norm(x + t * v)
        case "stiefel" | "grassmann" | "orthogonal":
            return scipy.linalg.polar(x + t * v)[0]
    return x + t * v


def inner(d, x, a, b):
    match d.manifold, d.metric:
        case "spd", "affine-invariant":
            return np.trace(np.linalg.solve(x, a) @ np.linalg.solve(x, b))
        case "stiefel", "canonical":
            return np.trace(a.T @ (np.eye(len(x)) - x @ x.T / 2) @ b)
        case "simplex", "fisher":
            return np.sum(a * b / x)
    return np.vdot(a, b)


@pytest.mark.parametrize(("text", "name", "manifold", "metric", "shapes", "printed"), CASES, ids=[f"{c[0]} on {c[2]} {c[3] or ''}" for c in CASES])
def test_gradient_on_a_manifold(text, name, manifold, metric, shapes, printed):
    d = wrt.riemannian(text, name, manifold=manifold, metric=metric, shapes=shapes)
    if printed is not None:
        assert wrt.equal(d.formula, printed)
        assert len(str(d)) <= len(printed) + 2
    assert d.verified == "exact"
    draw = np.random.default_rng(11)
    values = point(d, draw)
    x, f = values[name], wrt.parse(text, shapes)
    gradient = np.asarray(d(**values))
    v = tangent(manifold, x, draw.normal(size=x.shape))
    slopes = [f(**{**values, name: curve(manifold, x, v, t)}) for t in (-2 * STEP, -STEP, STEP, 2 * STEP)]
    slope = (8 * (slopes[2] - slopes[1]) - (slopes[3] - slopes[0])) / (12 * STEP)
    assert inner(d, x, gradient, v) == pytest.approx(slope, rel=1e-6, abs=1e-7)
    again = tangent(manifold, x, gradient) if manifold in ("sphere", "grassmann", "simplex") else None
    if again is not None:
        np.testing.assert_allclose(again, gradient, atol=1e-9)


@pytest.mark.parametrize(("text", "name", "manifold", "metric", "shapes", "printed"), CASES, ids=[f"{c[0]} on {c[2]} {c[3] or ''}" for c in CASES])
def test_hessian_on_a_manifold_is_proved(text, name, manifold, metric, shapes, printed):
    d = wrt.riemannian(text, name, manifold=manifold, metric=metric, shapes=shapes)
    if not MANIFOLDS[manifold, d.metric].hessian:
        assert d.hessian is None
        return
    assert d.hessian is not None
    assert d.verified == "exact"


def test_hessian_of_the_rayleigh_quotient():
    d = wrt.riemannian("x.T @ A @ x", "x", manifold="sphere", shapes="A: n n symmetric, x: n")
    values = point(d, np.random.default_rng(2))
    A, x = values["A"], values["x"]
    v = tangent("sphere", x, np.arange(3.0))
    want = 2 * ((np.eye(3) - np.outer(x, x)) @ A @ v - x @ A @ x * v)
    np.testing.assert_allclose(d.hessian(**values, dx=v), want, rtol=1e-9)


def test_conditions_and_projection_are_said():
    d = wrt.riemannian("logdet(X)", "X", manifold="spd", shapes="X: n n")
    assert d.conditions[0] == "X symmetric positive definite"
    assert str(wrt.riemannian("b.T @ x", manifold="sphere", shapes="b: n, x: n", x="x").projection) == "dx - (x.T @ dx)*x"
    assert repr(d).startswith("RiemannianGradient('X', by X on the spd, affine-invariant metric")
    assert d.latex() == "X"


@pytest.mark.parametrize(
    ("text", "shapes", "options", "error", "says"),
    [
        ("tr(A @ X)", "A: n m, X: m n", {"x": "X", "manifold": "spd"}, wrt.ShapeError, "square matrix"),
        ("tr(A @ X)", "A: n m, X: m n", {"x": "X", "manifold": "simplex"}, wrt.ShapeError, "vector"),
        ("tr(A @ X)", "A: n m, X: m n", {"x": "X", "manifold": "torus"}, wrt.TextError, "sphere"),
        ("tr(A @ X)", "A: n m, X: m n", {"x": "X", "manifold": "sphere", "metric": "fisher"}, wrt.TextError, "euclidean"),
        ("A @ x", "A: n m, x: m", {"x": "x", "manifold": "sphere"}, wrt.ShapeError, "of a scalar"),
        ("tr(A @ X)", "A: n m, X: m n", {"x": "X[:, 0]", "manifold": "sphere"}, wrt.TextError, "whole variables"),
        ("tr(A @ X)", "A: n m, X: m n", {"x": "Z", "manifold": "sphere"}, wrt.UnknownNameError, "not a variable"),
    ],
)
def test_refusals(text, shapes, options, error, says):
    with pytest.raises(error, match=says):
        wrt.riemannian(text, shapes=shapes, **options)
