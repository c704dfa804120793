"""`wrt.verify` and `wrt.equal`: reports that say what was proved, what was compared and, when something is wrong, where."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import wrt
from wrt import differentiation


@pytest.mark.parametrize(
    ("text", "by", "options"),
    [
        ("logdet(X)", ("X",), {"shapes": "X: n n"}),
        ("logdet(X)", ("X", "X"), {"shapes": "X: n n symmetric"}),
        ("logdet(X)", ("X",), {"shapes": "X: n n symmetric", "structure": "parameters"}),
        ("norm(A @ x - b)**2", ("x", "A"), {}),
        ("logsumexp(A @ x)", ("x", "x"), {}),
        ("norm(X @ b - y)**2", ("X[:, j]",), {"shapes": "X: m n, b: n, y: m"}),
        ("tr(A @ X)", ("X[0:2, 1:]",), {"shapes": "A: n m, X: m n"}),
        ("sum(log(p))", ("p",), {"shapes": "p: n simplex"}),
        ("sum(E[idx, :]**2)", ("E",), {"shapes": "E: m n, idx: k integer"}),
        ("x**3", ("x", "x", "x"), {"shapes": "x:"}),
    ],
)
def test_derivative_is_proved_and_agrees_with_differences(text, by, options):
    found = wrt.verify(text, *by, **options)
    assert found.verdict == "exact"
    assert found.largest_difference < 1e-6
    assert "proved exactly and agrees with central differences" in str(found)


def test_report_names_sizes_and_seed():
    found = wrt.verify("logdet(X)", "X", sizes={"n": 4}, seed=7)
    assert dict(found.sizes) == {"n": 4}
    assert str(found).endswith("(n = 4, seed 7).")
    assert set(found.views) >= {"index form", "matrix form"}


def test_report_is_frozen():
    found = wrt.verify("x**2", "x", shapes="x:")
    with pytest.raises(AttributeError):
        found.seed = 1


def test_a_wrong_derivative_is_a_proof_error(monkeypatch):
    def doubled(f, x):
        from wrt.algebra.product import scale
        from wrt.calculus.derive import derivative as right

        return scale(2, right(f, x))

    monkeypatch.setattr(differentiation, "derivative", doubled)
    with pytest.raises(wrt.ProofError, match="disagrees with central differences"):
        wrt.verify("sum(sin(A @ x))", "x", shapes="A: m n, x: n")


@pytest.mark.parametrize(("sizes", "error"), [({"q": 3}, wrt.UnknownNameError), ({"n": 0}, wrt.TextError), ({"n": 10**6}, wrt.TextError)])
def test_sizes_are_checked(sizes, error):
    with pytest.raises(error):
        wrt.verify("logdet(X)", "X", sizes=sizes)


# ------------------------------------------------------------------------------------------------------------ equality
@pytest.mark.parametrize(
    ("a", "b", "shapes"),
    [
        ("norm(x)**2", "x.T @ x", "x: n"),
        ("tr(A @ B)", "tr(B @ A)", "A: m n, B: n m"),
        ("x.T @ S @ y", "y.T @ S @ x", "S: n n symmetric, x: n, y: n"),
        ("A @ B", "B @ A", "A: n n diagonal, B: n n diagonal"),
        ("Q.T @ Q", "eye(n)", "Q: m n orthogonal"),
        ("P @ P", "P", "P: n n idempotent"),
        ("sum(p)", "1", "p: n simplex"),
        ("y**2", "ones(n)", "y: n labels_pm1"),
        ("logsumexp(x)", "log(sum(exp(x)))", "x: n"),
        ("log(softmax(x))", "x - logsumexp(x)", "x: n"),
        ("sqrt(x**2)", "abs(x)", "x:"),
        ("sqrt(x**2)", "x", "x: positive"),
        ("inv(A @ B)", "inv(B) @ inv(A)", "A: n n, B: n n"),
        ("(a + b)**2", "a**2 + 2*a*b + b**2", "a:, b:"),
        ("tanh(x)", "2*sigmoid(2*x) - 1", "x: n"),
        ("sum(A[i, j]*x[j] for i in range(m) for j in range(n))", "sum(A @ x)", "A: m n, x: n"),
    ],
)
def test_equal_formulas_are_proved_equal(a, b, shapes):
    found = wrt.equal(a, b, shapes=shapes)
    assert found
    assert found.verdict == "exact"
    assert str(found).startswith("equal")
    assert found.counterexample is None


def test_equal_by_floats_says_so():
    found = wrt.equal("sum(eigvalsh(S))", "tr(S)", shapes="S: n n symmetric")
    assert (found.verdict, bool(found)) == ("numeric", True)
    assert "floats" in str(found)


@pytest.mark.parametrize(
    ("a", "b", "shapes"),
    [
        ("A @ B", "B @ A", "A: n n, B: n n"),
        ("Q @ Q.T", "eye(m)", "Q: m n orthogonal"),
        ("sqrt(x**2)", "x", "x:"),
        ("exp(A)", "expm(A)", "A: n n"),
        ("max(x)", "x[0]", "x: n"),
        ("a/b", "a*b", "a:, b:"),
        ("x.T @ A @ y", "y.T @ A @ x", "A: n n, x: n, y: n"),
        ("norm(x)", "sum(abs(x))", "x: n"),
        ("tr(A @ B)", "tr(A)*tr(B)", "A: n n spd, B: n n spd"),
        ("A**2", "A @ A", "A: n n"),
        ("matpow(A, k)", "matpow(A, k + 1)", "A: n n, k: integer"),
    ],
)
def test_different_formulas_are_told_apart_by_whole_numbers(a, b, shapes):
    found = wrt.equal(a, b, shapes=shapes)
    assert not found
    assert found.verdict == "different"
    assert found.counterexample is not None
    assert all(isinstance(v, (int, Fraction)) for value in found.counterexample.values() for v in np.ravel(np.asarray(value, object)).tolist())
    values = {n: np.asarray(v, float) if isinstance(v, list) else v for n, v in found.counterexample.items()}
    declared = {n: v if np.ndim(v) else v if n == "k" else float(v) for n, v in values.items()}
    left, right = wrt.parse(a, shapes), wrt.parse(b, shapes)
    one, other = (np.asarray(f(**declared), float) for f in (left, right))
    assert np.abs(one - other).max() > 1e-9
    assert str(found).startswith("different: at ")


def test_counterexample_has_the_facts_declared():
    S = np.array(wrt.equal("S @ A", "A @ S", shapes="S: n n symmetric, A: n n").counterexample["S"], float)
    np.testing.assert_array_equal(S, S.T)


def test_shapes_that_differ_are_different():
    assert str(wrt.equal("x", "x.T", shapes="x: n")) == "different: the first is n x 1, the second 1 x n."


def test_a_value_that_one_side_lacks():
    assert str(wrt.equal("log(x*y)", "log(x) + log(y)", shapes="x:, y:")) == "equal where both have a value: proved exactly."


def test_formulas_and_derivatives_are_compared():
    d = wrt.derive("norm(A @ x - b)**2", "x")
    assert wrt.equal(d, "2*A.T @ A @ x - 2*A.T @ b")
    assert not wrt.equal(d, "A.T @ (A @ x - b)")
    table = "array(-inv(X)[i, k]*inv(X)[l, j] for i in range(n) for j in range(n) for k in range(n) for l in range(n))"
    assert wrt.equal(wrt.derive("inv(X)", "X"), table)


def test_declarations_that_disagree():
    with pytest.raises(wrt.ShapeError, match="declared twice"):
        wrt.equal(wrt.parse("x", "x: n"), wrt.parse("x", "x: m n"))
