"""Points in declared domains, derivatives by differences, and comparing: what the tests of the calculus share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from index_reference import evaluate as plain
from wrt.algebra.expr import Expr, Symbol, symbol
from wrt.algebra.flatten import flattened
from wrt.algebra.guard import guarded
from wrt.algebra.lower import lower
from wrt.language.read import read
from wrt.language.surface import Declaration, Source
from wrt.tables.facts import closure

Array = Any
SIZES = {"m": 2, "n": 3, "p": 2, "q": 2, "v": 4, "d": 2, "k": 3}
TALL = {**SIZES, "m": 4}  # m > n, for singular values
SIZES_OF = {"tall": TALL, "windows": {**SIZES, "m": 4, "n": 4}}


def lowered(text: str, shapes: str) -> tuple[Source, Expr]:
    """A text read and lowered."""
    source = read(text, shapes)
    return source, flattened(lower(source))


def symbol_of(source: Source, name: str) -> Symbol:
    """The symbol of a declared variable."""
    return symbol(name, source.declarations[name].shape.sizes)


def facts_of(source: Source) -> dict[str, frozenset[str]]:
    """The closed facts of the variables that have any."""
    return {name: closure(d.facts) for name, d in source.declarations.items() if d.facts}


def evaluate(e: Expr, env: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
    """The value of an index form, quotients beside masks guarded."""
    return plain(guarded(e), env, sizes)


def draw(rng: np.random.Generator, d: Declaration, sizes: Mapping[str, int], points: str = "") -> Array:
    """A random value of a variable with its facts; `points` says more of where."""
    shape = tuple(s.value(sizes) for s in d.shape.sizes)
    facts = closure(d.facts)
    if "integer" in facts:
        return rng.integers(0, sizes["v"], shape) if shape else np.int64(sizes["k"])
    x = rng.normal(size=shape)
    n = shape[-1] if shape else 1
    square = {
        "spd": lambda: x @ x.T / n + np.eye(n),
        "diagonal": lambda: np.diag(np.abs(np.diag(x)) + 0.3),
        "symmetric": lambda: (x + x.T) / 2,
        "orthogonal": lambda: np.linalg.qr(x)[0],
        "idempotent": lambda: x[:, :2] @ np.linalg.inv(x[:, 1:].T @ x[:, :2]) @ x[:, 1:].T,
        "lower": lambda: np.tril(x) * 0.4 + 1.5 * np.eye(n),
        "upper": lambda: np.triu(x) * 0.4 + 1.5 * np.eye(n),
        "onehot": lambda: np.eye(n)[rng.integers(n, size=shape[:-1])],
        "simplex": lambda: rng.dirichlet(np.ones(n)),
        "labels_pm1": lambda: rng.choice([-1.0, 1.0], shape),
        "unit_interval": lambda: rng.uniform(0.1, 0.9, shape),
    }
    for fact, make in square.items():
        if fact in facts:
            return make()
    if points == "above_one" and d.name in "xX":
        return rng.uniform(1.5, 3, shape)
    if "positive" in facts or points == "positive":
        return rng.uniform(0.3, 2, shape)
    if points in ("small", "contracting"):
        return x * 0.45
    if (points == "near_identity" or facts & {"invertible", "det_positive"}) and len(shape) == 2 and shape[0] == shape[1] and d.name != "C":
        return 2 * np.eye(n) + 0.3 * x
    if points == "stack" and len(shape) == 3:
        return 2 * np.eye(n) + 0.3 * x
    if points == "far":  # from the kink
        return x + np.sign(x)
    if points == "zeros" and d.name in "xX" and shape:
        x.reshape(-1)[[0, 1] if x.ndim == 1 else [0, 3]] = 0
    return x


def environment(source: Source, sizes: Mapping[str, int], points: str = "", seed: int = 5) -> dict[str, Array]:
    """A random value for every declared variable."""
    rng = np.random.default_rng(seed)
    return {name: draw(rng, d, sizes, points) for name, d in source.declarations.items()}


def differences(f: Callable[[Array], Array], x: Array, step: float = 2e-3) -> Array:
    """d f / d x by central differences of fourth order, axes of f then of x."""
    x = np.asarray(x, float)
    columns = []
    for at in np.ndindex(x.shape):
        unit = np.zeros(x.shape)
        unit[at] = step
        columns.append((8 * (f(x + unit) - f(x - unit)) - (f(x + 2 * unit) - f(x - 2 * unit))) / (12 * step))
    table = np.stack(columns, -1)
    return table.reshape(table.shape[:-1] + x.shape)


def close(a: Array, b: Array, tolerance: float) -> bool:
    """Whether two arrays agree, relative to the larger entries of b."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    return (
        a.shape == b.shape and bool(np.isfinite(a).all()) and bool(np.max(np.abs(a - b), initial=0) <= tolerance * (1 + np.max(np.abs(b), initial=0)))
    )
