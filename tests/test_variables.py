"""Anything as the variable: entries, columns, rows, blocks, slices; several at once; scalars inside matrices; tensors. Values by central differences."""

from __future__ import annotations

import numpy as np
import pytest

import wrt

SIZES = {"m": 4, "n": 5, "p": 3}


def drawn(f, seed=3):
    draw = np.random.default_rng(seed)
    out = {}
    for name, d in f.declarations.items():
        shape = [s.value(SIZES) for s in d.shape.sizes]
        value = draw.normal(size=shape)
        if "symmetric" in d.facts:
            value = (value + value.T) / 2
        out[name] = 1 if "integer" in d.facts else value if shape else float(value)
    return out


def differences(f, values, name, where, step=1e-4):
    """d f / d name[where] by central differences of fourth order; axes of f, then those of the part."""

    def at(move):
        return np.asarray(f(**{**values, name: values[name] + move}), float)

    places = np.arange(values[name].size).reshape(values[name].shape)[where]
    slopes = []
    for place in np.ravel(places):
        move = np.zeros(values[name].size)
        move[place] = step
        move = move.reshape(values[name].shape)
        slopes.append((8 * (at(move) - at(-move)) - (at(2 * move) - at(-2 * move))) / (12 * step))
    table = np.array(slopes).reshape((*np.shape(places), *slopes[0].shape))
    k = np.ndim(places)
    return np.moveaxis(table, range(k), range(-k, 0)) if k else table


CASES = [
    ("tr(A @ X)", "A: n m, X: m n", "X[0, 1]", np.s_[0, 1], "A[1, 0]"),
    ("tr(A @ X)", "A: n m, X: m n", "X[:, 0]", np.s_[:, 0], "A[0, :].T"),
    ("tr(A @ X)", "A: n m, X: m n", "X[:, j]", np.s_[:, 1], "A[j, :].T"),
    ("tr(A @ X)", "A: n m, X: m n", "X[0, :]", np.s_[0, :], "A[:, 0].T"),
    ("tr(A @ X)", "A: n m, X: m n", "X[0:2, :]", np.s_[0:2, :], "A[:, :2].T"),
    ("tr(A @ X)", "A: n m, X: m n", "X[1:3, 2:]", np.s_[1:3, 2:], "A[2:, 1:3].T"),
    ("x.T @ A @ x", "A: n n, x: n", "x[2]", np.s_[2], None),
    ("x.T @ A @ x", "A: n n, x: n", "x[1:]", np.s_[1:], None),
    ("x.T @ A @ x", "A: n n, x: n", "x[-1]", np.s_[-1], None),
    ("x.T @ A @ x", "A: 6 6, x: 6", "x[::2]", np.s_[::2], None),
    ("x.T @ A @ x", "A: 6 6, x: 6", "x[::-1]", np.s_[::-1], None),
    ("A @ x", "A: m n, x: n", "x[1:]", np.s_[1:], "A[:, 1:]"),
    ("X @ a", "X: m n, a: n", "X[0, 1]", np.s_[0, 1], "a[1]*eye(m)[:, 0]"),
    ("X @ a", "X: m n, a: n", "X[:, 1]", np.s_[:, 1], "a[1]*eye(m)"),
    ("logdet(X)", "X: n n", "X[0, 1]", np.s_[0, 1], "inv(X)[1, 0]"),
    ("softmax(x)[0]", "x: n", "x[j]", np.s_[1], "softmax(x)[j]*(eye(n)[:, 0][j] - softmax(x)[0])"),
    ("softmax(x)[1]", "x: n", "x[j]", np.s_[1], None),
    ("inv(X)", "X: n n", "X[0, 1]", np.s_[0, 1], "-inv(X)[:, 0] @ inv(X)[1, :]"),
    ("norm(X @ b - y)**2", "X: m n, b: n, y: m", "X[:, j]", np.s_[:, 1], "2*b[j]*(X @ b - y)"),
    ("sum(T**2)", "T: m n p", "T[0, :, :]", np.s_[0, :, :], "2*T[0, :, :]"),
    ("sum(T**3)", "T: m n p", "T", np.s_[:, :, :], None),
    ("einsum('ijkl,j,k,l->i', T, x, x, x)", "T: m n n n, x: n", "T[:, 0, 1, 2]", np.s_[:, 0, 1, 2], None),
    ("tanh(T[0, :, :] @ x)", "T: p m n, x: n", "T[0, 1, :]", np.s_[0, 1, :], None),
]


@pytest.mark.parametrize(("text", "shapes", "part", "where", "printed"), CASES, ids=[f"{c[0]} by {c[2]}" for c in CASES])
def test_derivative_by_a_part(text, shapes, part, where, printed):
    f = wrt.parse(text, shapes)
    d = wrt.derive(f, part)
    if printed is not None:
        assert str(d) == printed
    assert (d.operator, d.verified)[1] == "exact"
    values = drawn(d)
    name = part.partition("[")[0]
    np.testing.assert_allclose(d(**values), differences(f, {n: values[n] for n in f.declarations}, name, where), rtol=1e-6, atol=1e-6)


def test_a_part_twice_and_two_parts():
    f = wrt.parse("logdet(X)", "X: n n")
    values = drawn(f)
    inverse = np.linalg.inv(values["X"])
    assert wrt.derive(f, "X[0, 1]", "X[1, 0]")(**values) == pytest.approx(-inverse[1, 1] * inverse[0, 0])
    np.testing.assert_allclose(wrt.derive(f, "X[:, 0]", 2)(**values), -np.outer(inverse[0], inverse[0]).T, rtol=1e-9)
    assert wrt.derive(wrt.derive(f, "X[0, 1]"), "X[1, 0]").verified == "exact"


def test_an_undeclared_index_is_a_whole_number_of_the_formula():
    d = wrt.derive("tr(A @ X)", "X[:, j]", shapes="A: n m, X: m n")
    assert d.formula.assumed == ("j: a whole number",)
    assert "j" in d.declarations


def test_entry_of_a_symmetric_matrix_by_convention():
    f = wrt.parse("tr(A @ S)", "A: n n, S: n n symmetric")
    entries = {s: str(wrt.derive(f, "S[0, 1]", structure=s)) for s in ("ignored", "projected", "parameters")}
    assert entries["ignored"] == "A[1, 0]"
    values = drawn(f)
    A = values["A"]
    assert wrt.derive(f, "S[0, 1]")(**values) == pytest.approx((A[0, 1] + A[1, 0]) / 2)
    assert wrt.derive(f, "S[0, 1]", structure="parameters")(**values) == pytest.approx(A[0, 1] + A[1, 0])
    assert wrt.derive(f, "S[1, 1]", structure="parameters")(**values) == pytest.approx(A[1, 1])


def test_layouts_of_a_row():
    assert str(wrt.derive("tr(A @ X)", "X[0, :]", shapes="A: n m, X: m n", layout="numerator")) == "A[:, 0]"
    assert str(wrt.derive("A @ x", "x[1:]", shapes="A: m n, x: n", layout="denominator")) == "A[:, 1:].T"


def test_operators_by_a_part():
    f = wrt.parse("norm(X @ b - y)**2", "X: m n, b: n, y: m")
    assert str(wrt.jvp(f, "X[:, j]")) == "2*b[j]*((X @ b - y).T @ dX)"
    assert str(wrt.hessian(f, "X[:, j]")) == "2*b[j]**2*eye(m)"
    assert str(wrt.vjp("A @ x", "x[1:]")) == "A[:, 1:].T @ y_bar"


# ------------------------------------------------------------------------------------------------------------ several at once
def test_a_list_of_scalars_and_entries_is_a_literal():
    assert str(wrt.gradient("x[0]**2*x[1]", ["x[0]", "x[1]"], shapes="x: n")) == "[2*x[0]*x[1], x[0]**2]"
    assert str(wrt.hessian("x1**2*x2", ["x1", "x2"])) == "[[2*x2, 2*x1], [2*x1, 0]]"
    assert str(wrt.jacobian("[x1*x2, x1 + x2]", ["x1", "x2"])) == "[[x2, x1], [1, 1]]"


def test_a_list_of_columns_is_a_block_matrix():
    f = wrt.parse("norm(A @ x - b)**2", "A: m n, x: n, b: m")
    assert str(wrt.gradient(f, ["x", "b"])) == "[2*A.T @ (A @ x - b), -2*(A @ x - b)]"
    assert str(wrt.hessian(f, ["x", "b"])) == "[[2*A.T @ A, -2*A.T], [-2*A, 2*eye(m)]]"
    assert str(wrt.hessian("c*norm(A @ x - b)**2", ["c", "x"])) == "[[0, 2*(A @ x - b).T @ A], [2*A.T @ (A @ x - b), 2*c*A.T @ A]]"
    assert str(wrt.jacobian("c*A @ x", ["c", "x"])) == "[[A @ x, c*A]]"


def test_a_scalar_inside_a_matrix():
    assert str(wrt.derive("tr(M @ [[a, b], [c, d]])", "a", shapes="M: 2 2, a:, b:, c:, d:")) == "M[0, 0]"
    d = wrt.derive("det([[a, b], [c, d]])", "a", shapes="a:, b:, c:, d:")
    assert d(a=1.0, b=2.0, c=3.0, d=4.0) == pytest.approx(4.0)
    d = wrt.derive("inv([[a, b], [b, c]])", "b", shapes="a:, b:, c:")
    inverse = np.linalg.inv([[2.0, 0.5], [0.5, 3.0]])
    np.testing.assert_allclose(d(a=2.0, b=0.5, c=3.0), -inverse @ np.array([[0, 1], [1, 0]]) @ inverse, rtol=1e-9)


# ------------------------------------------------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("part", "error", "says"),
    [
        ("A.T", wrt.TextError, "A.T is neither"),
        ("A @ x", wrt.TextError, "is neither"),
        ("exp(x)", wrt.TextError, "is neither"),
        ("A[0]", wrt.ShapeError, "takes 2 indices"),
        ("x[n]", wrt.ShapeError, "leaves the range"),
        ("y[0]", wrt.UnknownNameError, "not a variable"),
        ("z", wrt.UnknownNameError, "not a variable"),
        ("n", wrt.NotDifferentiableError, "size"),
        ("k", wrt.NotDifferentiableError, "whole number"),
        ("A[idx, :]", wrt.NotDifferentiableError, "twice"),
        ("x[1:1]", wrt.ShapeError, "empty"),
        ("x[", wrt.TextError, "expected"),
    ],
)
def test_what_cannot_be_differentiated_by(part, error, says):
    f = wrt.parse("x.T @ A @ x + k + sum(A[idx, :])", "A: n n, x: n, k: integer, idx: p integer")
    with pytest.raises(error, match=says):
        wrt.derive(f, part)


def test_lists_hold_scalars_and_columns():
    with pytest.raises(wrt.ShapeError, match="scalars and columns"):
        wrt.gradient("tr(A @ X)", ["A", "X"], shapes="A: n m, X: m n")


def test_an_entry_of_the_index_form_is_printed_but_is_no_function():
    entry = wrt.derive("x.T @ x", "x").index.expr
    assert (str(entry), entry.latex()) == ("2*x[i]", "2 x_{i}")
    for use in (lambda: entry(x=[1.0]), lambda: wrt.derive(entry, "x"), lambda: wrt.equal(entry, "2*x"), lambda: entry + 1):
        with pytest.raises(wrt.TextError, match="one entry, with the free index i"):
            use()
