"""Hypothesis strategies: random formulas of the text language, with declarations that fit, and random points to evaluate them at.

Every formula is smooth where it is drawn (no kink is hit with probability above 0) and its values stay moderate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from text_reference import evaluate

DECLARED = "A: m n, B: n n, S: n n symmetric, X: m n, x: n, y: n, b: m, c:, t:"
SHAPES = {"A": ("m", "n"), "B": ("n", "n"), "S": ("n", "n"), "X": ("m", "n"), "x": ("n",), "y": ("n",), "b": ("m",), "c": (), "t": ()}
ASSUME = {"S": ("symmetric",)}
SIZES = {"m": 3, "n": 4}

SMOOTH = ("sin", "cos", "tanh", "sigmoid", "softplus", "exp", "arctan", "erf")
KINKED = ("abs", "relu")


def point(seed: int) -> dict[str, Any]:
    """A value for every declared name: arrays as compiled programs take them."""
    draw = np.random.default_rng(seed)
    values = {name: 0.6 * draw.normal(size=[SIZES[s] for s in sizes]) for name, sizes in SHAPES.items()}
    values["S"] = (values["S"] + values["S"].T) / 2
    return {name: float(value) if value.ndim == 0 else value for name, value in values.items()}


def environment(values: dict[str, Any]) -> dict[str, Any]:
    """The same point for the reference evaluator: columns, and the sizes."""
    columns = {name: value[:, None] if np.ndim(value) == 1 else value for name, value in values.items()}
    return {**{name: float(size) for name, size in SIZES.items()}, **columns}


def differences(text: str, values: dict[str, Any], name: str, step: float = 1e-3) -> np.ndarray:
    """d text / d name by central differences of fourth order in floats; axes of the function as printed (columns squeezed), then of `name`."""

    def at(direction: np.ndarray, factor: float) -> np.ndarray:
        moved = {**values, name: values[name] + factor * step * (direction if np.ndim(values[name]) else float(direction))}
        return np.asarray(evaluate(text, environment(moved)), float)

    shape = np.shape(values[name])
    rows = []
    for k in range(int(np.prod(shape))):
        e = np.zeros(int(np.prod(shape)))
        e[k] = 1
        e = e.reshape(shape)
        rows.append((8 * (at(e, 1) - at(e, -1)) - (at(e, 2) - at(e, -2))) / (12 * step))
    value = rows[0]
    if value.ndim == 2 and 1 in value.shape:
        rows = [r.reshape(-1) for r in rows]
    return np.moveaxis(np.array(rows).reshape((*shape, *rows[0].shape)), range(len(shape)), range(rows[0].ndim, rows[0].ndim + len(shape)))


# ------------------------------------------------------------------------------------------------------------ formulas
def _mapped(inner: st.SearchStrategy[str], functions: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.builds("{}({})".format, st.sampled_from(functions), inner)


def _joined(a: st.SearchStrategy[str], b: st.SearchStrategy[str], signs: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.builds("({} {} {})".format, a, st.sampled_from(signs), b)


def scalars(depth: int = 3) -> st.SearchStrategy[str]:
    leaf = st.sampled_from(["c", "t", "2", "0.5", "n", "x[0]", "A[1, 2]", "(x.T @ y)"])
    if depth == 0:
        return leaf
    less, column, square = scalars(depth - 1), columns(depth - 1), squares(depth - 1)
    return st.one_of(
        leaf,
        st.builds("sum({})".format, column),
        st.builds("norm({})**2".format, column),
        st.builds("log(1 + norm({})**2)".format, column),
        st.builds("sqrt(1 + norm({})**2)".format, column),
        st.builds("logsumexp({})".format, column),
        st.builds("mean({}**2)".format, st.one_of(column, square)),
        st.builds("({}).T @ ({})".format, column, column),
        st.builds("tr({})".format, square),
        st.builds("logdet(({0}) @ ({0}).T + 5*eye(n))".format, square),
        st.builds("sum(({0})[i]*y[i] for i in range(n))".format, column),
        st.builds("sum(({0})[i, j]*x[j] for i in range(n) for j in range(n) if i != j)".format, square),
        _joined(less, less, ("+", "-", "*")),
        _mapped(less, SMOOTH),
    )


def columns(depth: int = 3) -> st.SearchStrategy[str]:
    """Columns of size n."""
    leaf = st.sampled_from(["x", "y", "(A.T @ b)", "B[:, 1]", "(S @ x)", "ones(n)"])
    if depth == 0:
        return leaf
    less = columns(depth - 1)
    return st.one_of(
        leaf,
        _joined(less, less, ("+", "-", "*")),
        _mapped(less, SMOOTH + KINKED),
        st.builds("({} * {})".format, scalars(depth - 1), less),
        st.builds("({}) @ ({})".format, squares(depth - 1), less),
        st.builds("softmax({})".format, less),
        st.builds("({})/(2 + exp({}))".format, less, less),
        st.builds("diag({})".format, squares(depth - 1)),
        st.builds("solve(({0}) @ ({0}).T + 5*eye(n), {1})".format, squares(depth - 1), less),
    )


def squares(depth: int = 3) -> st.SearchStrategy[str]:
    """Matrices n x n."""
    leaf = st.sampled_from(["B", "S", "B.T", "(A.T @ A)", "eye(n)", "(x @ y.T)"])
    if depth == 0:
        return leaf
    less = squares(depth - 1)
    return st.one_of(
        leaf,
        _joined(less, less, ("+", "-", "*", "@")),
        _mapped(less, SMOOTH),
        st.builds("({}).T".format, less),
        st.builds("diag({})".format, columns(depth - 1)),
        st.builds("({} * {})".format, scalars(depth - 1), less),
        st.builds("inv(({0}) @ ({0}).T + 5*eye(n))".format, less),
        st.builds("({} * {})".format, columns(depth - 1), less),
    )


NAMES = st.sampled_from(sorted(SHAPES))


# ------------------------------------------------------------------------------------------------------------ texts that mean nothing
WORDS = (
    *"A x b c n i ( ) ( ) [ ] , : ; = + - * / ** @ .T . ' == < != 0 1 2 0.5 1e3 -1".split(),
    *"for in if range sum array exp norm inv softmax logdet einsum where sofmax lambda import".split(),
    *"x₁ α Σ ∂ ² 😀 \\ \\frac { } ^ _ .* % # \x00".split(),
    '"',
    "\n",
    "\t",
)
WORD_SALAD = st.lists(st.sampled_from(WORDS), max_size=25).flatmap(lambda words: st.sampled_from(["", " "]).map(lambda space: space.join(words)))


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A formula with a few characters removed, doubled or replaced."""
    text = draw(st.one_of(scalars(2), columns(2), squares(2)))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(text) - 1)))
        piece = draw(st.sampled_from(["", text[at : at + 1] * 2, *WORDS]))
        text = text[:at] + piece + text[at + 1 :]
    return text
