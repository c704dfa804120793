"""NumPy, SciPy and torch-like code as engineers write it, traced: the formula's compiled value is what the code computes on random arrays."""

from __future__ import annotations

import math
import types

import numpy as np
import pytest
import scipy.linalg
from numpy.linalg import inv
from scipy import special
from scipy.special import expit

import wrt

SIZES = {"batch": 4, "n": 3, "m": 5, "d": 6, "k": 2, "h": 2, "e": 3, "p": 7}


def softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


# ------------------------------------------------------------------------------------------------------------ layers
def linear(x, W, b):
    return x @ W.T + b


def mlp(x, W1, b1, W2, b2):
    hidden = np.maximum(x @ W1.T + b1, 0)
    return hidden @ W2.T + b2


def residual_block(x, W1, W2):
    return x + np.tanh(x @ W1) @ W2


def batch_norm(x, gamma, beta, eps=1e-5):
    mu = x.mean(axis=0)
    var = x.var(axis=0)
    return gamma * (x - mu) / np.sqrt(var + eps) + beta


def layer_norm(x, gamma, beta, eps=1e-5):
    mu = np.mean(x, axis=-1, keepdims=True)
    sigma = np.std(x, axis=-1, keepdims=True)
    return gamma * (x - mu) / (sigma + eps) + beta


def rms_norm(x, g):
    return g * x / np.sqrt(np.mean(np.square(x), axis=-1, keepdims=True) + 1e-6)


def attention(Q, K, V):
    return softmax(Q @ K.T / np.sqrt(Q.shape[-1])) @ V


def batched_attention(Q, K, V):
    scores = np.einsum("bqd,bkd->bqk", Q, K) / math.sqrt(6)
    return np.matmul(special.softmax(scores, axis=-1), V)


def multi_head_attention(x, Wq, Wk, Wv):
    n = x.shape[0]
    q = (x @ Wq).reshape(n, 2, 3).transpose(1, 0, 2)
    k = (x @ Wk).reshape(n, 2, 3).transpose(1, 0, 2)
    v = (x @ Wv).reshape(n, 2, 3).swapaxes(0, 1)
    a = special.softmax(q @ np.swapaxes(k, -1, -2), axis=-1)
    return np.reshape(np.transpose(a @ v, (1, 0, 2)), (n, -1))


def lstm_gate(x, c, h, W, U, b):
    z = W @ x + U @ h + b
    i, f, o, g = z[:3], z[3:6], z[6:9], z[9:]
    c = expit(f) * c + expit(i) * np.tanh(g)
    return expit(o) * np.tanh(c)


def rnn(x, W, U, h):
    for t in range(x.shape[0]):
        h = np.tanh(W @ h + U @ x[t])
    return h


def convolution_by_slices(x, w):
    out = 0
    for k in range(len(w)):
        out = out + w[k] * x[k : x.shape[0] - len(w) + k + 1]
    return out


def convolution_2d(X, K):
    n, m = X.shape
    rows = [sum(K[i, j] * X[i : n - 1 + i, j : m - 1 + j] for j in range(2)) for i in range(2)]
    return rows[0] + rows[1]


def squeeze_and_excite(x, W1, W2):
    s = expit(np.maximum(x.mean(axis=0) @ W1, 0) @ W2)
    return x * s[None, :]


# ------------------------------------------------------------------------------------------------------------ losses
def cross_entropy(X, W, Y):
    logits = X @ W
    logits = logits - logits.max(axis=1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -np.sum(Y * log_p) / X.shape[0]


def sparse_cross_entropy(X, W, y):
    log_p = special.log_softmax(X @ W, axis=1)
    return -np.mean(log_p[np.arange(len(y)), y])


def logistic_loss(w, X, y):
    return np.mean(np.logaddexp(0, -y * (X @ w)))


def binary_cross_entropy(X, w, b, t):
    p = 1 / (1 + np.exp(-(X.dot(w) + b)))
    return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))


def hinge(w, X, y, lam=0.1):
    return np.maximum(0, 1 - y * (X @ w)).mean() + lam / 2 * np.dot(w, w)


def huber(r, delta=1.0):
    a = np.abs(r)
    return np.sum(np.where(a <= delta, 0.5 * r**2, delta * (a - 0.5 * delta)))


def ridge(w, X, y, lam):
    residual = X @ w - y
    return residual @ residual / len(y) + lam * np.sum(w**2)


def lasso(w, X, y):
    return np.linalg.norm(X @ w - y) ** 2 / 2 + 0.1 * np.linalg.norm(w, 1)


def matrix_factorisation(U, V, R, M):
    return (M * (R - U @ V.T) ** 2).sum() + 0.01 * (np.linalg.norm(U) ** 2 + np.linalg.norm(V, "fro") ** 2)


def info_nce(A, B, tau=0.1):
    A = A / np.linalg.norm(A, axis=1, keepdims=True)
    B = B / np.linalg.norm(B, axis=1, keepdims=True)
    S = A @ B.T / tau
    return np.mean(special.logsumexp(S, axis=1) - np.diag(S))


def triplet(a, p, n, margin=1.0):
    return np.maximum(0, ((a - p) ** 2).sum(-1) - ((a - n) ** 2).sum(-1) + margin).mean()


def focal(z, y):
    p = expit(z)
    return -np.sum(y * (1 - p) ** 2 * np.log(p))


def kl_gaussians(mu, log_var):
    return -0.5 * np.sum(1 + log_var - mu**2 - np.exp(log_var))


def cosine_similarity(x, y):
    return x @ y / (np.linalg.norm(x) * np.linalg.norm(y))


def total_variation(x):
    return np.sum(np.sqrt(np.diff(x) ** 2 + 1e-3))


# ------------------------------------------------------------------------------------------------------------ statistics
def gaussian_log_likelihood(X, mu, S):
    n, d = X.shape
    r = X - mu
    _, logdet = np.linalg.slogdet(S)
    return -0.5 * np.sum(r @ inv(S) * r) - 0.5 * n * logdet - 0.5 * n * d * np.log(2 * np.pi)


def mixture(X, mu, log_pi):
    distance = ((X[:, None, :] - mu[None, :, :]) ** 2).sum(axis=2)
    return special.logsumexp(log_pi - distance / 2, axis=1).sum()


def rbf_kernel(X, ell):
    sq = np.sum(X**2, axis=1)
    return np.exp(-(sq[:, None] + sq[None, :] - 2 * X @ X.T) / (2 * ell**2))


def gaussian_process(X, y, ell, noise):
    K = rbf_kernel(X, ell) + noise**2 * np.eye(len(X))
    return 0.5 * y @ np.linalg.solve(K, y) + 0.5 * np.linalg.slogdet(K)[1]


def covariance(X):
    centred = X - X.mean(axis=0)
    return centred.T @ centred / (X.shape[0] - 1)


def student_t(x, nu):
    return np.sum(special.gammaln((nu + 1) / 2) - special.gammaln(nu / 2) - 0.5 * np.log(nu * np.pi) - (nu + 1) / 2 * np.log1p(x**2 / nu))


def poisson(w, X, y):
    eta = X @ w
    return np.sum(np.exp(eta) - y * eta + special.gammaln(y + 1))


def kalman_update(x, P, H, R, z):
    S = H @ P @ H.T + R
    K = P @ H.T @ np.linalg.inv(S)
    return x + K @ (z - H @ x)


def softmax_regression_ridge(W, X, Y):
    return -(Y * np.log(softmax(X @ W))).sum() + 0.5 * np.trace(W.T @ W)


def pca_reconstruction(W, X):
    return np.linalg.norm(X - X @ W @ W.T) ** 2


def barycentre(w, X):
    return w @ X / w.sum()


def determinantal(L):
    return np.log(np.linalg.det(L @ L.T + np.eye(3)))


def soft_threshold(x, lam=0.3):
    return np.sign(x) * np.clip(np.abs(x) - lam, 0, None)


def polynomial_features(x, w):
    return np.stack([np.ones_like(x), x, x**2], axis=1) @ w


def rotation(theta, x):
    c, s = np.cos(theta), np.sin(theta)
    return np.array([[c, -s], [s, c]]) @ x


def concatenated_gates(x, h, W):
    return np.tanh(np.concatenate([x, h]) @ W)


def embedding_sum(E, idx):
    return E[idx].sum(axis=0)


def outer_update(W, x, y, eta=0.5):
    return W + eta * np.outer(y, x)


def bilinear(x, T, y):
    return np.einsum("i,kij,j->k", x, T, y)


def tensor_trace(T):
    return np.einsum("iij->j", T)


def power_series(A, x):
    return sum(np.linalg.matrix_power(A, k) @ x / math.factorial(k) for k in range(1, 4))


def matrix_exponential(A, x):
    return scipy.linalg.expm(A) @ x


def last_column(X):
    return X[..., -1] * X[:, 0] + X[0, 1]


def every_second(x):
    return x[::2] - x[1::2]


def cumulative(x):
    return np.cumsum(x) / (np.arange(x.shape[0]) + 1)


def rows_by_norm(X):
    return X / np.sqrt((X * X).sum(1))[:, np.newaxis]


def raveled(X):
    return X.ravel() @ X.flatten() + X.reshape(-1)[3]


def regrouped(x):
    return x.reshape(2, 3).T.sum(axis=0)


def tensordotted(A, B):
    return np.tensordot(A, B, axes=([1], [0])) + np.tensordot(A, B, 1)


def masked_mean(X, M):
    return (X * M).sum(axis=1) / np.maximum(M.sum(axis=1), 1)


def activations(x):
    return np.where(x > 0, x, 0.01 * x) + special.erf(x) + np.log1p(np.exp(x)) + x * special.ndtr(x) + np.hypot(x, 1) + np.exp2(x)


def smooth_maximum(x):
    m = x.max()
    return m + np.log(np.sum(np.exp(x - m)))


def vectors_meet_matrices(x, A, y):
    return x @ A - y.dot(A.T @ A) * np.inner(x, x)


def triangles(x):
    pairs = np.outer(x, x)
    return np.tril(pairs, -1).sum() + np.triu(pairs, k=1).sum() ** 2 + np.tril(pairs, 1).mean()


def least_squares(A, b):
    return np.linalg.lstsq(A, b, rcond=None)[0]


def log_distances(X):
    squares = np.sum(X**2, axis=1)
    return np.log1p(squares[:, None] + squares[None, :] - 2 * X @ X.T).sum()


CASES = [
    (triangles, {"x": "n"}),
    (least_squares, {"A": "m n", "b": "m"}),
    (log_distances, {"X": "m n"}),
    (linear, {"x": "batch n", "W": "m n", "b": "m"}),
    (mlp, {"x": "batch n", "W1": "m n", "b1": "m", "W2": "k m", "b2": "k"}),
    (residual_block, {"x": "batch n", "W1": "n m", "W2": "m n"}),
    (batch_norm, {"x": "batch n", "gamma": "n", "beta": "n"}),
    (layer_norm, {"x": "batch n", "gamma": "n", "beta": "n"}),
    (rms_norm, {"x": "batch n", "g": "n"}),
    (attention, {"Q": "n d", "K": "m d", "V": "m k"}),
    (batched_attention, {"Q": "batch n d", "K": "batch m d", "V": "batch m k"}),
    (multi_head_attention, {"x": "n 6", "Wq": "6 6", "Wk": "6 6", "Wv": "6 6"}),
    (lstm_gate, {"x": "n", "c": "3", "h": "3", "W": "12 n", "U": "12 3", "b": "12"}),
    (rnn, {"x": "3 n", "W": "m m", "U": "m n", "h": "m"}),
    (convolution_by_slices, {"x": "p", "w": "3"}),
    (convolution_2d, {"X": "n m", "K": "2 2"}),
    (squeeze_and_excite, {"x": "batch n", "W1": "n m", "W2": "m n"}),
    (cross_entropy, {"X": "batch n", "W": "n k", "Y": "batch k"}),
    (sparse_cross_entropy, {"X": "batch n", "W": "n k", "y": "batch integer"}),
    (logistic_loss, {"w": "n", "X": "batch n", "y": "batch"}),
    (binary_cross_entropy, {"X": "batch n", "w": "n", "b": "", "t": "batch"}),
    (hinge, {"w": "n", "X": "batch n", "y": "batch"}),
    (huber, {"r": "n"}),
    (ridge, {"w": "n", "X": "batch n", "y": "batch", "lam": ""}),
    (lasso, {"w": "n", "X": "batch n", "y": "batch"}),
    (matrix_factorisation, {"U": "m k", "V": "n k", "R": "m n", "M": "m n"}),
    (info_nce, {"A": "batch d", "B": "batch d"}),
    (triplet, {"a": "batch d", "p": "batch d", "n": "batch d"}),
    (focal, {"z": "n", "y": "n"}),
    (kl_gaussians, {"mu": "batch d", "log_var": "batch d"}),
    (cosine_similarity, {"x": "n", "y": "n"}),
    (total_variation, {"x": "n"}),
    (gaussian_log_likelihood, {"X": "batch n", "mu": "n", "S": "n n spd"}),
    (mixture, {"X": "batch n", "mu": "k n", "log_pi": "k"}),
    (rbf_kernel, {"X": "batch n", "ell": ""}),
    (gaussian_process, {"X": "batch n", "y": "batch", "ell": "", "noise": ""}),
    (covariance, {"X": "batch n"}),
    (student_t, {"x": "n", "nu": "positive"}),
    (poisson, {"w": "n", "X": "batch n", "y": "batch positive"}),
    (kalman_update, {"x": "n", "P": "n n spd", "H": "m n", "R": "m m spd", "z": "m"}),
    (softmax_regression_ridge, {"W": "n k", "X": "batch n", "Y": "batch k"}),
    (pca_reconstruction, {"W": "n k", "X": "batch n"}),
    (barycentre, {"w": "m positive", "X": "m n"}),
    (determinantal, {"L": "3 n"}),
    (soft_threshold, {"x": "n"}),
    (polynomial_features, {"x": "n", "w": "3"}),
    (rotation, {"theta": "", "x": "2"}),
    (concatenated_gates, {"x": "n", "h": "m", "W": ("n + m", "k")}),
    (embedding_sum, {"E": "m n", "idx": "k integer"}),
    (outer_update, {"W": "m n", "x": "n", "y": "m"}),
    (bilinear, {"x": "m", "T": "k m n", "y": "n"}),
    (tensor_trace, {"T": "n n m"}),
    (power_series, {"A": "n n", "x": "n"}),
    (matrix_exponential, {"A": "n n", "x": "n"}),
    (last_column, {"X": "m n"}),
    (every_second, {"x": "6"}),
    (cumulative, {"x": "n"}),
    (rows_by_norm, {"X": "m n"}),
    (raveled, {"X": "m n"}),
    (regrouped, {"x": "6"}),
    (tensordotted, {"A": "m n", "B": "n k"}),
    (masked_mean, {"X": "m n", "M": "m n positive"}),
    (activations, {"x": "n"}),
    (smooth_maximum, {"x": "n"}),
    (vectors_meet_matrices, {"x": "m", "A": "m n", "y": "n"}),
]


def drawn(f, seed=0):
    """A value for every declared name."""
    draw = np.random.default_rng(seed)
    out = {}
    for name, d in f.declarations.items():
        shape = [s.value(SIZES) for s in d.shape.sizes]
        value = draw.normal(size=shape) * 0.7
        if "integer" in d.facts:
            value = draw.integers(0, 2, size=shape)
        elif "spd" in d.facts:
            value = value @ value.T + np.eye(shape[0])
        elif "positive" in d.facts:
            value = np.abs(value) + 0.5
        out[name] = value if shape else float(value)
    return out


@pytest.mark.parametrize(("fn", "shapes"), CASES, ids=lambda v: getattr(v, "__name__", ""))
def test_formula_computes_what_the_code_computes(fn, shapes):
    f = wrt.from_function(fn, **shapes)
    values = drawn(f)
    np.testing.assert_allclose(f(**values), np.squeeze(fn(**values)), rtol=1e-9, atol=1e-9)


def test_there_are_many_cases():
    assert len(CASES) >= 60


@pytest.mark.parametrize(
    ("fn", "shapes", "text"),
    [
        (linear, {"x": "batch n", "W": "m n", "b": "m"}, "x @ W.T + b.T"),
        (attention, {"Q": "n d", "K": "m d", "V": "m k"}, "softmax(Q @ K.T/sqrt(d), axis=1) @ V"),
        (cross_entropy, {"X": "batch n", "W": "n k", "Y": "batch k"}, "-sum(Y*log_softmax(X @ W, axis=1))/batch"),
        (smooth_maximum, {"x": "n"}, "logsumexp(x)"),
        (batch_norm, {"x": "batch n", "gamma": "n", "beta": "n"}, "gamma.T*(x - mean(x, axis=0))/sqrt(var(x, axis=0) + 1e-5) + beta.T"),
        (outer_update, {"W": "m n", "x": "n", "y": "m"}, "W + 0.5*(y @ x.T)"),
        (ridge, {"w": "n", "X": "batch n", "y": "batch", "lam": ""}, "(X @ w - y).T @ (X @ w - y)/batch + lam*sum(w**2)"),
        (lambda x: np.log(2 * np.pi) + x[0], {"x": "n"}, "log(2*pi) + x[0]"),
        (lambda x: x[1:] - x[:-1], {"x": "n"}, "x[1:] - x[:-1]"),
        (lambda x, W: x @ W, {"x": "n", "W": "n m"}, "W.T @ x"),
        (sparse_cross_entropy, {"X": "batch n", "W": "n k", "y": "batch integer"}, "-mean(diag(log_softmax(X @ W, axis=1)[:, y]))"),
    ],
)
def test_formula_reads_as_a_person_would_write_it(fn, shapes, text):
    assert str(wrt.from_function(fn, **shapes)) == text


def test_what_recurs_keeps_its_name_in_the_code():
    def f(X, W):
        hidden = np.tanh(X @ W) + 1
        return np.sum(hidden * np.exp(hidden)) / hidden.sum()

    assert str(wrt.from_function(f, X="m n", W="n k")) == "hidden = tanh(X @ W) + 1; sum(hidden*exp(hidden))/sum(hidden)"


def test_gradient_of_traced_code():
    f = wrt.from_function(lambda w, X, y: np.mean((X @ w - y) ** 2), w="n", X="m n", y="m")
    d = wrt.gradient(f, "w")
    assert str(d) == "2/m*X.T @ (X @ w - y)"
    assert d.verified == "exact"


# ------------------------------------------------------------------------------------------------------------ other libraries
def library(name, **functions):
    """A module that looks like one of the library's, whose functions refuse what is not theirs."""
    made = types.ModuleType(name)

    def refusing(real):
        def call(*args, **options):
            raise TypeError(f"{name} was called with {args}")

        call.__name__, call.__module__ = real, name
        return call

    for word in functions.get("words", ()):
        setattr(made, word, refusing(word))
    return made


jnp = library("jax.numpy", words="exp tanh mean sum dot where linalg einsum".split())
jnn = library("jax.nn", words="relu softmax gelu one_hot log_softmax".split())
jax = library("jax", words=["vmap", "jit"])
torch = library("torch", words="sigmoid relu softmax mm sum mean norm max cat bmm log_softmax".split())
F = library("torch.nn.functional", words="linear mse_loss cross_entropy gelu softplus".split())


@pytest.mark.parametrize(
    ("fn", "shapes", "text"),
    [
        (lambda x, W: jnp.tanh(jnp.dot(x, W)).sum(axis=-1), {"x": "batch n", "W": "n m"}, "sum(tanh(x @ W), axis=1)"),
        (lambda x: jnn.softmax(jnn.relu(x)), {"x": "batch n"}, "softmax(relu(x), axis=1)"),
        (
            lambda x, A: jnp.mean(jax.vmap(lambda v: v @ A @ v)(x)),
            {"x": "batch n", "A": "n n"},
            "mean(array((A.T @ x[i, :].T).T @ x[i, :].T for i in range(batch)))",
        ),
        (lambda x, W: torch.softmax(torch.mm(x, W.t()), dim=-1), {"x": "batch n", "W": "m n"}, "softmax(x @ W.T, axis=1)"),
        (lambda x: torch.sum(x.pow(2), dim=1, keepdim=True) * x, {"x": "batch n"}, "sum(x**2, axis=1)*x"),
        (lambda x: torch.max(x, dim=1)[0], {"x": "batch n"}, "max(x, axis=1)"),
        (lambda x, W, b: F.linear(x, weight=W, bias=b), {"x": "batch n", "W": "m n", "b": "m"}, "x @ W.T + b.T"),
        (lambda x, y: F.mse_loss(x, y, reduction="mean"), {"x": "n", "y": "n"}, "mean((x - y)**2)"),
        (lambda z, y: F.cross_entropy(z, y, reduction="mean"), {"z": "batch n", "y": "batch integer"}, "mean(-diag(log_softmax(z, axis=1)[:, y]))"),
        (lambda a, b: torch.cat([a, b], dim=1), {"a": "m n", "b": "m k"}, "[[a, b]]"),
        (lambda x: F.gelu(x, approximate="none"), {"x": "n"}, "gelu(x)"),
    ],
)
def test_jax_and_torch_spellings(fn, shapes, text):
    assert str(wrt.from_function(fn, **shapes)) == text


def test_numbers_that_functions_of_numbers_give_stay_what_they_are():
    f = wrt.from_function(lambda x: x / np.sqrt(6) + np.log(2 * np.pi) + x ** (1 / 3) - 0.1 * math.exp(1) + int(np.sqrt(17)) * x, x="n")
    assert str(f) == "x/sqrt(6) + log(2*pi) + x**(1/3) - 0.1*exp(1) + 4*x"


def test_jax_itself():
    jax = pytest.importorskip("jax")
    jnp, nn = jax.numpy, jax.nn
    jax.config.update("jax_enable_x64", True)

    @jax.jit
    def loss(w, X, y):
        return jnp.mean(nn.softplus(-y * (X @ w))) + jnp.sum(jax.vmap(lambda row: nn.gelu(row @ w))(X))

    f = wrt.from_function(loss, w="n", X="batch n", y="batch")
    values = drawn(f)
    np.testing.assert_allclose(f(**values), loss(**values), rtol=1e-9)
    np.testing.assert_allclose(wrt.gradient(f, "w")(**values), jax.grad(loss)(*[values[n] for n in ("w", "X", "y")]), rtol=1e-9)


def test_loops_of_jax_with_a_known_number_of_steps():
    jax = pytest.importorskip("jax")
    jnp, lax = jax.numpy, jax.lax
    jax.config.update("jax_enable_x64", True)

    def code(x, W):
        last, parts = lax.scan(lambda c, row: (0.5 * c + row @ W, jnp.sum(row)), jnp.zeros(3), x)
        total = lax.fori_loop(0, 3, lambda i, s: s + i * jnp.sum(x**2), 0.0)
        return jnp.sum(jnp.tanh(last)) + jnp.sum(parts**2) + total + jnp.sum(lax.map(lambda row: jnp.sum(row**3), x))

    f = wrt.from_function(code, x="4 3", W="3 3")
    values = drawn(f)
    np.testing.assert_allclose(f(**values), code(**values), rtol=1e-9)
    np.testing.assert_allclose(wrt.gradient(f, "W")(**values), jax.grad(code, 1)(values["x"], values["W"]), rtol=1e-9)


def test_loops_of_jax_that_no_formula_holds():
    jax = pytest.importorskip("jax")
    jnp, lax = jax.numpy, jax.lax
    for code, says in [
        (lambda x: lax.cond(jnp.sum(x) > 0, jnp.sum, jnp.prod, x), "cannot branch on data"),
        (lambda x: lax.scan(lambda c, v: (c + v, v), 0.0, x)[0], "number of steps"),
        (lambda x: jnp.sum(jax.grad(jnp.sum)(x)), "the function alone"),
    ]:
        with pytest.raises(wrt.WrtError, match=says):
            wrt.from_function(code, x="n")


def test_torch_itself():
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional

    def layer(x, W, b):
        h = torch.relu(functional.linear(x, W, b))
        return torch.softmax(h / h.size(-1) ** 0.5, dim=-1) - torch.std(h, dim=0) + functional.normalize(h, dim=1)

    f = wrt.from_function(layer, x="batch n", W="m n", b="m")
    values = drawn(f)
    np.testing.assert_allclose(f(**values), layer(**{n: torch.tensor(v) for n, v in values.items()}).numpy(), rtol=1e-9)


# ------------------------------------------------------------------------------------------------------------ declarations and refusals
def test_a_shape_that_only_one_choice_fits_is_found():
    def quadratic(x, A):
        (n,) = x.shape
        return x @ A @ x / n

    f = wrt.from_function(quadratic, A="n n")
    assert f.assumed == ("x: n",)


def test_a_shape_that_several_choices_fit_is_asked_for():
    with pytest.raises(wrt.ShapeError, match="which shape has b") as error:
        wrt.from_function(lambda x, b: x + b, x="batch n")
    assert 'b="n"' in str(error.value)


def test_defaults_stay_plain_numbers():
    assert str(wrt.from_function(lambda x, eps=1e-3: x / (1 + eps), x="n")) == "x/1.001"
    assert str(wrt.from_function(lambda x, eps=1e-3: x / (1 + eps), x="n", eps="")) == "x/(1 + eps)"


@pytest.mark.parametrize(
    ("fn", "shapes", "error", "says"),
    [
        (lambda x, W: x @ W, {"x": "batch n", "W": "m n"}, wrt.ShapeError, "write b.T"),
        (lambda x, b: x + b, {"x": "batch n", "b": "batch"}, wrt.ShapeError, r"v\[:, None\]"),
        (lambda x: x if x[0] > 0 else -x, {"x": "n"}, wrt.TextError, "np.where"),
        (lambda x: [x[k] for k in range(len(x))], {"x": "n"}, wrt.ShapeError, "symbolic size"),
        (lambda x: np.fft.fft(x, norm=None), {"x": "n"}, wrt.UnknownNameError, "fft"),
        (lambda x, *rest: x, {"x": "n"}, wrt.TextError, "fixed list"),
        (lambda x: x, {"y": "n"}, wrt.UnknownNameError, "no argument named 'y'"),
        (lambda x: (x, x), {"x": "n"}, wrt.TextError, "several"),
        (lambda x: None, {"x": "n"}, wrt.TextError, "nothing"),
        (lambda x: x[x > 0], {"x": "n"}, wrt.TextError, "whole number"),
        (lambda x: x.reshape(7, -1), {"x": "n"}, wrt.ShapeError, "cannot reshape"),
        (lambda x: x.sum(axis=2), {"x": "m n"}, wrt.ShapeError, "out of range"),
        (np.linalg.inv, {"a": "m n"}, wrt.ShapeError, "square"),
        (lambda x: x * np.ones(1000), {"x": "1000"}, None, ""),
        (lambda x: x * np.arange(1000.0).reshape(10, 100), {"x": "10 100"}, wrt.TextError, "argument"),
        (3, {}, wrt.TextError, "Python function"),
        (lambda x: x.at[0].set(0.0), {"x": "n"}, wrt.TextError, "np.concatenate"),
        (lambda x: np.sort(x)[0], {"x": "n"}, wrt.UnknownNameError, "orders its entries"),
        (lambda x: np.arctan2(x, 2.0), {"x": "n"}, wrt.UnknownNameError, "arctan"),
        (np.linalg.cond, {"x": "n n"}, wrt.UnknownNameError, "cond is not known"),
    ],
)
def test_refusals_say_what_to_do(fn, shapes, error, says):
    if error is None:
        wrt.from_function(fn, **shapes)
        return
    with pytest.raises(error, match=says):
        wrt.from_function(fn, **shapes)
