"""Functions of NumPy, SciPy, jax and torch by name, traced: the formula's compiled value is what the library computes."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from scipy import special

import wrt

SIZES = {"m": 4, "n": 3, "k": 2}


def values(f, seed=0):
    draw = np.random.default_rng(seed)
    out = {}
    for name, d in f.declarations.items():
        shape = [s.value(SIZES) for s in d.shape.sizes]
        value = draw.normal(size=shape)
        if {"lower", "upper"} & set(d.facts):
            value = (np.tril if "lower" in d.facts else np.triu)(value) + 3 * np.eye(shape[0])
        elif "spd" in d.facts:
            value = value @ value.T + np.eye(shape[0])
        elif "integer" in d.facts:
            value = draw.integers(0, 2, size=shape)
        out[name] = value if shape else float(value)
    return out


NUMPY = [
    (lambda x: np.split(x, 2)[0] * np.split(x, 2)[1], {"x": "2*n"}),
    (lambda X: np.split(X, [1, 3], axis=0)[1], {"X": "m n"}),
    (lambda X: np.hsplit(X, 3)[2] + np.vsplit(X, [2])[0][:, :1].sum(), {"X": "m 3"}),
    (lambda x: (x - np.roll(x, 1)) ** 2, {"x": "n"}),
    (lambda X: np.roll(X, -1, axis=1) - np.roll(X, (1, 1), axis=(0, 1)), {"X": "m n"}),
    (lambda x: np.tile(x, 3), {"x": "n"}),
    (lambda X: np.tile(X, (2, 3)), {"X": "m n"}),
    (lambda x: np.repeat(x, 2) + np.tile(x, 2), {"x": "n"}),
    (lambda X: np.repeat(X, 2, axis=1), {"X": "m n"}),
    (lambda x: np.pad(x, 1), {"x": "n"}),
    (lambda X: np.pad(X, ((0, 1), (2, 0))), {"X": "m n"}),
    (lambda x: np.pad(x, (2, 1), constant_values=1), {"x": "n"}),
    (lambda x, c: np.vander(x, 3) @ c, {"x": "n", "c": "3"}),
    (lambda x, c: np.vander(x, 3, increasing=True) @ c + np.polyval([c[0], 2.0, c[1]], x), {"x": "n", "c": "3"}),
    (lambda y: np.trapezoid(y, dx=0.5), {"y": "n"}),
    (np.trapezoid, {"y": "n", "x": "n"}),
    (lambda X: np.flipud(X) + np.fliplr(X), {"X": "n n"}),
    (lambda X: X.trace() + np.trace(X @ X), {"X": "n n"}),
    (lambda X: np.cov(X) / 2, {"X": "m n"}),
    (lambda X: np.cov(X, rowvar=False, bias=True), {"X": "m n"}),
    (lambda x: np.cbrt(x) + np.logaddexp2(x, 1.0) + np.degrees(x), {"x": "n"}),
    (lambda x: np.ptp(x) * np.ndim(x), {"x": "n"}),
    (lambda L, b: scipy.linalg.solve_triangular(L, b, lower=True), {"L": "n n lower", "b": "n"}),
    (lambda U, b: scipy.linalg.solve_triangular(U, b, trans="T"), {"U": "n n upper", "b": "n"}),
    (lambda A, b: scipy.linalg.solve_triangular(A @ A + 9 * np.eye(3), b), {"A": "3 3", "b": "3"}),
    (lambda S, b: scipy.linalg.cho_solve(scipy.linalg.cho_factor(S), b), {"S": "n n spd", "b": "n"}),
    (lambda S, b: scipy.linalg.cho_solve((np.linalg.cholesky(S), True), b), {"S": "n n spd", "b": "n"}),
    (lambda z: special.log_ndtr(z) + z, {"z": "n"}),
]


@pytest.mark.parametrize(("fn", "shapes"), NUMPY)
def test_formula_computes_what_numpy_computes(fn, shapes):
    f = wrt.from_function(fn, **shapes)
    given = values(f)
    np.testing.assert_allclose(f(**given), np.squeeze(fn(**given)), rtol=1e-9, atol=1e-12)


def test_pieces_read_as_a_person_would_write_them():
    assert str(wrt.from_function(lambda L, b: scipy.linalg.solve_triangular(L, b, lower=True), L="n n lower", b="n")) == "solve(L, b)"
    assert str(wrt.from_function(lambda x: np.tile(x, 3), x="n")) == "kron(ones(3), x)"
    assert str(wrt.from_function(lambda x: np.split(x, 2)[0].sum(), x="2*n")) == "sum(x[:n])"


def test_the_gradient_through_pieces_is_proved():
    f = wrt.from_function(lambda x: np.sum((x - np.roll(x, 1)) ** 2), x="n")
    d = wrt.gradient(f, "x")
    x = np.array([1.0, 4.0, 9.0, 16.0])
    np.testing.assert_allclose(d(x=x), 4 * x - 2 * np.roll(x, 1) - 2 * np.roll(x, -1))
    assert d.verified == "exact"


@pytest.mark.parametrize(
    ("fn", "shapes", "error", "says"),
    [
        (lambda x: np.split(x, 2), {"x": "n"}, wrt.ShapeError, "does not split into 2 equal parts"),
        (lambda x: x.repeat(2), {"x": "n"}, wrt.TextError, "means two things"),
        (lambda x: np.pad(x, 1, mode="edge"), {"x": "n"}, wrt.TextError, "constant"),
        (np.vander, {"x": "n"}, wrt.TextError, "number of its columns"),
        (lambda X: np.cov(X[0]), {"X": "m n"}, wrt.ShapeError, "takes a matrix"),
    ],
)
def test_refusals_say_what_to_do(fn, shapes, error, says):
    with pytest.raises(error, match=says):
        wrt.from_function(fn, **shapes)


def test_torch_layers_and_losses():
    torch = pytest.importorskip("torch")
    F = torch.nn.functional

    def network(x, y, W, g, b, labels):
        h = F.layer_norm(F.linear(x, W), (2,), g, b)
        a, c = h.split(1, dim=1)
        first, *_ = torch.chunk(x, 3, dim=1)
        q = F.scaled_dot_product_attention(x, x, y)
        parts = torch.unbind(x, dim=1)
        return (
            F.huber_loss(h, h * 2, delta=0.3)
            + F.smooth_l1_loss(a, c, beta=0.7)
            + F.nll_loss(F.log_softmax(h, dim=1), labels)
            + F.cosine_similarity(x, y, dim=1).sum()
            + torch.cdist(x, y + 3).sum()
            + first.sum()
            + q.mean()
            + parts[2].sum()
            + torch.addmm(h, x, W.T, beta=2).sum()
            + F.pad(x, (1, 0, 0, 2)).pow(2).sum()
            + x.narrow(1, 1, 2).sum()
            + x.clamp_min(0.1).sum()
            + F.hardswish(x).sum()
            + F.celu(x, 0.5).sum()
            + torch.lerp(x, y, 0.3).sum()
            + x.roll(1, 0)[0].sum()
            + torch.linalg.solve_triangular(W @ W.T, W, upper=False).sum()
        )

    f = wrt.from_function(network, x="m 3", y="m 3", W="2 3", g="2", b="2", labels="m integer")
    given = values(f)
    want = network(**{n: torch.tensor(v) for n, v in given.items()}).numpy()
    np.testing.assert_allclose(f(**given), want, rtol=1e-9)


def test_jax_pieces():
    jax = pytest.importorskip("jax")
    jnp = jax.numpy
    jax.config.update("jax_enable_x64", True)

    def fn(x, X, L):
        a, b = jnp.split(x, 2)
        inner = jax.scipy.linalg.solve_triangular(L, a, lower=True)
        return jnp.sum(a * jnp.roll(b, 1)) + inner @ b + jnp.sum(jnp.pad(X, 1)) + jnp.sum(jax.nn.hard_swish(X)) + jnp.trace(X @ X.T)

    f = wrt.from_function(fn, x="2*n", X="m n", L="n n lower")
    given = values(f)
    np.testing.assert_allclose(f(**given), fn(**given), rtol=1e-9)
    np.testing.assert_allclose(wrt.gradient(f, "x")(**given), jax.grad(fn)(*given.values()), rtol=1e-9)
