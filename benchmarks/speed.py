"""How fast compiled derivatives run, beside the same derivative written in NumPy by hand, and beside jax and torch where they are installed.

Times are the least of rounds taken in turns within one process, so that a ratio means something on a busy machine. Ratios are of the other's
time over ours: 1 is equal, 2 means that ours takes half as long. Run: python benchmarks/speed.py [rounds]
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import special

import wrt

Values = dict[str, Any]
draw = np.random.default_rng(0)


@dataclass
class Benchmark:
    """A derivative, its sizes, and how an engineer writes it; `library(xp)`: the function for automatic differentiation."""

    name: str
    text: str
    shapes: str
    by: tuple[str, ...]
    sizes: dict[str, int]
    by_hand: Callable[..., Any]
    function: Callable[..., Any] | None = None
    output: str = "dense"
    prepare: Callable[[Values], None] = lambda values: None
    others: dict[str, Callable[[], Any]] = field(default_factory=dict)


def logistic(values: Values) -> None:
    values["y"] = np.sign(values["y"])


def definite(values: Values) -> None:
    n = len(values["K"])
    values["K"] = values["K"] @ values["K"].T / n + np.eye(n)


def mask(values: Values) -> None:
    values["M"] = (values["M"] > 0) * 1.0


def one_hot(values: Values) -> None:
    n, k = values["Y"].shape
    values["Y"] = np.eye(k)[draw.integers(k, size=n)]


def logistic_hessian(X: Any, y: Any, w: Any) -> Any:
    s = special.expit(-y * (X @ w))
    return X.T @ ((y * y * s * (1 - s))[:, None] * X)


def cross_entropy(X: Any, W: Any, Y: Any) -> Any:
    Z = X @ W
    Z -= Z.max(axis=1, keepdims=True)
    E = np.exp(Z)
    return X.T @ (E / E.sum(axis=1, keepdims=True) - Y) / len(X)


def process(K: Any, y: Any) -> Any:
    inverse = np.linalg.inv(K)
    a = inverse @ y
    return inverse - np.outer(a, a)


def masked_hessian(T: Any, M: Any, U: Any, V: Any) -> Any:
    m, k = U.shape
    core = 2 * (M @ (V[:, :, None] * V[:, None, :]).reshape(-1, k * k)).reshape(m, k, k)
    out = np.zeros((m, k, m, k))
    rows = np.arange(m)
    out[rows, :, rows, :] = core
    return out


def hessian_of_logsumexp(A: Any, x: Any) -> Any:
    p = special.softmax(A @ x)
    g = A.T @ p
    return A.T @ (p[:, None] * A) - np.outer(g, g)


BENCHMARKS = [
    Benchmark("quadratic Hessian", "x.T @ A @ x", "A: n n, x: n", ("x", "x"), {"n": 300}, lambda A, x: A + A.T, lambda xp, A, x: x @ A @ x),
    Benchmark("quadratic Hessian", "x.T @ A @ x", "A: n n, x: n", ("x", "x"), {"n": 1000}, lambda A, x: A + A.T, lambda xp, A, x: x @ A @ x),
    Benchmark(
        "logistic gradient",
        "sum(log(1 + exp(-y*(X @ w))))",
        "X: m n, y: m, w: n",
        ("w",),
        {"m": 2000, "n": 300},
        lambda X, y, w: X.T @ (-y * special.expit(-y * (X @ w))),
        lambda xp, X, y, w: xp.logaddexp(-y * (X @ w), 0 * y).sum(),
        prepare=logistic,
    ),
    Benchmark(
        "logistic Hessian",
        "sum(log(1 + exp(-y*(X @ w))))",
        "X: m n, y: m, w: n",
        ("w", "w"),
        {"m": 600, "n": 300},
        logistic_hessian,
        lambda xp, X, y, w: xp.logaddexp(-y * (X @ w), 0 * y).sum(),
        prepare=logistic,
    ),
    Benchmark(
        "matrix factorisation Hessian, masked",
        "norm(M*(T - U @ V.T))**2",
        "T: m n, M: m n, U: m k, V: n k",
        ("U", "U"),
        {"m": 100, "n": 100, "k": 5},
        masked_hessian,
        lambda xp, T, M, U, V: ((M * (T - U @ V.T)) ** 2).sum(),
        prepare=mask,
    ),
    Benchmark(
        "the same, compressed",
        "norm(M*(T - U @ V.T))**2",
        "T: m n, M: m n, U: m k, V: n k",
        ("U", "U"),
        {"m": 100, "n": 100, "k": 5},
        masked_hessian,
        lambda xp, T, M, U, V: ((M * (T - U @ V.T)) ** 2).sum(),
        output="structured",
        prepare=mask,
    ),
    Benchmark(
        "matrix factorisation gradient",
        "norm(T - U @ V.T)**2",
        "T: m n, U: m k, V: n k",
        ("U",),
        {"m": 1000, "n": 1000, "k": 5},
        lambda T, U, V: -2 * ((T - U @ V.T) @ V),
        lambda xp, T, U, V: ((T - U @ V.T) ** 2).sum(),
    ),
    Benchmark(
        "least squares gradient",
        "norm(A @ x - b)**2",
        "A: m n, x: n, b: m",
        ("x",),
        {"m": 1000, "n": 300},
        lambda A, x, b: 2 * (A.T @ (A @ x - b)),
        lambda xp, A, x, b: ((A @ x - b) ** 2).sum(),
    ),
    Benchmark(
        "least squares gradient, small",
        "norm(A @ x - b)**2",
        "A: m n, x: n, b: m",
        ("x",),
        {"m": 6, "n": 4},
        lambda A, x, b: 2 * (A.T @ (A @ x - b)),
        lambda xp, A, x, b: ((A @ x - b) ** 2).sum(),
    ),
    Benchmark(
        "softmax cross entropy gradient",
        "-sum(Y*log_softmax(X @ W, axis=1))/n",
        "X: n d, W: d k, Y: n k onehot",
        ("W",),
        {"n": 2000, "d": 100, "k": 20},
        cross_entropy,
        lambda xp, X, W, Y: -(Y * (X @ W - logsumexp(xp, X @ W))).sum() / len(X),
        prepare=one_hot,
    ),
    Benchmark(
        "Gaussian process likelihood gradient",
        "logdet(K) + y.T @ inv(K) @ y",
        "K: n n spd, y: n",
        ("K",),
        {"n": 300},
        process,
        lambda xp, K, y: xp.linalg.slogdet(K)[1] + y @ xp.linalg.solve(K, y),
        prepare=definite,
    ),
    Benchmark(
        "log-sum-exp Hessian",
        "log(sum(exp(A @ x)))",
        "A: m n, x: n",
        ("x", "x"),
        {"m": 1000, "n": 200},
        hessian_of_logsumexp,
        lambda xp, A, x: logsumexp(xp, (A @ x)[None, :]).sum(),
    ),
]


def logsumexp(xp: Any, Z: Any) -> Any:
    if xp.__name__ == "torch":
        return xp.logsumexp(Z, 1, keepdim=True)
    from jax.scipy.special import logsumexp as function

    return function(Z, axis=1, keepdims=True)


# ------------------------------------------------------------------------------------------------ other libraries, if they are installed
def jax_of(b: Benchmark, values: Values) -> Callable[[], Any] | None:
    try:
        import jax
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    names = list(values)
    at = names.index(b.by[-1])
    derive = (jax.grad if len(b.by) == 1 else jax.hessian)(lambda *a: b.function(jax.numpy, *a), at)  # type: ignore[misc]
    compiled = jax.jit(derive)
    arguments = [jax.numpy.asarray(v) for v in values.values()]
    return lambda: compiled(*arguments).block_until_ready()


def torch_of(b: Benchmark, values: Values) -> Callable[[], Any] | None:
    try:
        import torch
    except ImportError:
        return None
    names = list(values)
    at = names.index(b.by[-1])
    derive = (torch.func.grad if len(b.by) == 1 else torch.func.hessian)(lambda *a: b.function(torch, *a), at)  # type: ignore[misc]
    arguments = [torch.as_tensor(v) for v in values.values()]
    return lambda: derive(*arguments)


# ------------------------------------------------------------------------------------------------ timing
def times(runs: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The least time of each run in microseconds, taken in turns: what other processes add is no part of it."""
    counts = {}
    for name, run in runs.items():
        run()
        start = time.perf_counter()
        run()
        counts[name] = max(1, min(1000, int(2e-3 / (time.perf_counter() - start))))
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            run()  # what ran before has emptied the caches
            start = time.perf_counter()
            for _ in range(counts[name]):
                run()
            taken[name].append((time.perf_counter() - start) / counts[name])
    return {name: 1e6 * min(t) for name, t in taken.items()}


def measure(b: Benchmark, rounds: int) -> tuple[dict[str, float], float]:
    """(times by library, milliseconds from text to the first value)."""
    f = wrt.parse(b.text, b.shapes)
    values = {n: draw.normal(size=tuple(s.value(b.sizes) for s in d.shape.sizes)) for n, d in f.declarations.items()}
    b.prepare(values)
    start = time.perf_counter()
    program = wrt.derive(f, *b.by, structure="ignored").compile(output=b.output)
    ours = program(**values)
    first = 1e3 * (time.perf_counter() - start)
    expected = b.by_hand(**values)
    assert np.allclose(ours.dense() if b.output == "structured" else ours, expected), b.name
    arguments = list(values.values())
    runs: dict[str, Callable[[], Any]] = {"wrt": lambda: program(*arguments), "NumPy": lambda: b.by_hand(*arguments)}
    for name, make in (("jax", jax_of), ("torch", torch_of)):
        other = make(b, values)
        if other is not None:
            runs[name] = other
    return times(runs, rounds), first


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, {os.cpu_count()} cores, OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE')}"
    )
    print(f"{'derivative':38} {'sizes':22} {'wrt, us':>10} {'NumPy by hand':>14} {'jax':>8} {'torch':>8} {'text to value, ms':>18}")
    for b in BENCHMARKS:
        took, first = measure(b, rounds)
        sizes = " ".join(f"{n}={k}" for n, k in b.sizes.items())
        ratios = [f"{took[name] / took['wrt']:.2f}x" if name in took else "-" for name in ("NumPy", "jax", "torch")]
        print(f"{b.name:38} {sizes:22} {took['wrt']:10.1f} {ratios[0]:>14} {ratios[1]:>8} {ratios[2]:>8} {first:18.1f}")


if __name__ == "__main__":
    main()
