"""Laws that hold for every formula, over random formulas (strategies.py): reading and printing, values, derivatives, views."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import wrt
from judge import close
from strategies import ASSUME, NAMES, SHAPES, columns, differences, environment, point, scalars, squares
from text_reference import evaluate

ANY = st.one_of(scalars(), columns(), squares())
SEEDS = st.integers(0, 10**6)
MODERATE = 1e4  # values above this leave finite differences too few digits


def read(text: str) -> wrt.Formula:
    return wrt.parse(text, SHAPES, assume=ASSUME)


def flat(value: object) -> np.ndarray:
    """A value without the axes of size 1 that a column or row has."""
    value = np.asarray(value, float)
    return value.reshape(-1) if value.ndim == 2 and 1 in value.shape else value


@given(ANY)
def test_printed_text_reads_back_to_the_same_formula(text):
    f = read(text)
    assert read(str(f)) == f


@given(ANY, SEEDS)
def test_compiled_value_is_the_value_of_the_text(text, seed):
    at = point(seed)
    assert close(flat(read(text)(**at)), flat(evaluate(text, environment(at))), 1e-8)


@given(scalars(2), scalars(2))
def test_order_of_terms_and_factors_does_not_matter(f, g):
    assert read(f"({f}) + ({g})") == read(f"({g}) + ({f})")
    assert read(f"({f}) * ({g})") == read(f"({g}) * ({f})")


@given(scalars(2))
def test_names_of_bound_indices_do_not_matter(f):
    renamed = re.sub(r"\bi\b", "row", re.sub(r"\bj\b", "col", f))
    assert read(renamed) == read(f)


@given(scalars(2) | columns(2) | squares(2), NAMES, SEEDS)
def test_derivative_is_what_differences_say(text, name, seed):
    at = point(seed)
    f = read(text)
    assume(re.search(rf"\b{name}\b", text))
    expected = differences(text, at, name)
    assume(np.isfinite(expected).all() and np.abs(expected).max() < MODERATE)
    assert close(wrt.derive(f, name, structure="ignored")(**at), expected, 1e-5)


@given(scalars(2) | columns(2), st.sampled_from(["x", "c", "A", "B"]), SEEDS)
def test_every_view_is_the_same_derivative(text, name, seed):
    at, env = point(seed), environment(point(seed))
    d = wrt.derive(read(text), name, structure="ignored")
    value = np.asarray(d(**at))
    if d.matrix is not None:
        assert close(flat(evaluate(str(d.matrix), env)), flat(value), 1e-7)
    if d.kronecker is not None:
        rows = value.ndim - len(SHAPES[name])
        stacked = value.transpose([*reversed(range(rows)), *reversed(range(rows, value.ndim))])
        assert close(flat(evaluate(str(d.kronecker), env)), flat(stacked.reshape(int(np.prod(value.shape[:rows])), -1)), 1e-7)
    middle = tuple(size // 2 for size in value.shape)
    for where in {tuple(0 for _ in value.shape), middle}:
        entry = evaluate(str(d.index.expr), {**env, **dict(zip(d.index.indices, map(float, where), strict=True))})
        assert close(entry, value[where], 1e-7)
    if d.operator is not None:
        tangent = point(seed + 1)[name]
        pushed = np.tensordot(value, tangent, np.ndim(tangent))
        column = tangent[:, None] if np.ndim(tangent) == 1 else tangent
        assert close(flat(evaluate(str(d.operator), {**env, d.tangents[0]: column})), flat(pushed), 1e-7)


@given(scalars(2), scalars(2), SEEDS)
def test_derivative_is_linear(f, g, seed):
    at = point(seed)
    sum_of = wrt.derive(read(f"2*({f}) - 3*({g})"), "x")(**at)
    assert close(sum_of, 2 * wrt.derive(read(f"{f}"), "x")(**at) - 3 * wrt.derive(read(f"{g}"), "x")(**at), 1e-7)


@given(scalars(2), SEEDS)
def test_hessian_is_symmetric(text, seed):
    H = np.asarray(wrt.hessian(read(text), "x")(**point(seed)))
    assume(np.isfinite(H).all())
    assert close(H, H.T, 1e-8)


@given(scalars(2), SEEDS)
def test_deriving_a_derivative_is_the_second_derivative(text, seed):
    at, f = point(seed), read(text)
    assert close(wrt.derive(wrt.derive(f, "x"), "x")(**at), wrt.derive(f, "x", "x")(**at), 1e-8)


@given(columns(2), SEEDS)
def test_pullback_is_the_adjoint_of_the_pushforward(text, seed):
    at, f = point(seed), read(text)
    u, v = point(seed + 1)["y"], point(seed + 2)["y"]
    pushed, pulled = wrt.jvp(f, "x", "v"), wrt.vjp(f, "x", "u")
    assert close(u @ np.asarray(pushed(**at, v=v)), np.asarray(pulled(**at, u=u)) @ v, 1e-7)


@given(scalars(2))
def test_layouts_transpose_a_gradient(text):
    f = read(text)
    mixed, numerator, denominator = (wrt.derive(f, "x", layout=layout).matrix for layout in ("mixed", "numerator", "denominator"))
    assert str(mixed) == str(denominator)
    assert {mixed.kind, numerator.kind} <= {"column", "row"}
    assert mixed.kind != numerator.kind


@given(scalars(2))
def test_projected_gradient_of_a_symmetric_matrix_is_symmetric(text):
    at = point(5)
    G = np.asarray(wrt.derive(read(text), "S")(**at))
    ignored = np.asarray(wrt.derive(read(text), "S", structure="ignored")(**at))
    assert close(G, (ignored + ignored.T) / 2, 1e-8)


TEXTS = (
    "norm(A @ x - b)**2",
    "sum(log(1 + exp(-b*(A @ x))))",
    "x.T @ B @ S @ B.T @ S @ x",
    "softmax(B @ x)",
    "logdet(A.T @ A + x @ x.T)",
    "x.T @ B @ x / (1 + x.T @ x)",
)


def test_answers_do_not_depend_on_the_hash_seed():
    program = (
        "import wrt\n"
        f"for text in {TEXTS!r}:\n"
        f"    d = wrt.derive(wrt.parse(text, {SHAPES!r}, assume={ASSUME!r}), 'x')\n"
        "    print(d, d.index, d.operator, d.compile().source, d.verified, d.conditions, sep='\\n')\n"
    )
    outputs = set()
    for seed in ("0", "1", "12345"):
        done = subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        outputs.add(done.stdout)
    assert len(outputs) == 1


@pytest.mark.parametrize("text", TEXTS)
def test_the_proof_is_exact_for_rational_and_exponential_formulas(text):
    d = wrt.derive(wrt.parse(text, SHAPES, assume=ASSUME), "x")
    assert (d.matrix is not None, d.verified) == (True, "exact")
