"""Formulas as sympy objects: the objects' values, at explicit matrices, are those of the formula."""

from __future__ import annotations

import numpy as np
import pytest

import wrt

sympy = pytest.importorskip("sympy")

FORMULAS = [
    ("tr(A @ X)", "A: 3 2, X: 2 3"),
    ("x.T @ S @ x", "S: 2 2, x: 2"),
    ("norm(A @ x - b)**2", "A: 3 2, x: 2, b: 3"),
    ("2*A.T @ (A @ x - b)", "A: 3 2, x: 2, b: 3"),
    ("logdet(S)", "S: 2 2"),
    ("inv(S).T @ S", "S: 2 2"),
    ("solve(S, x)", "S: 2 2, x: 2"),
    ("sum(exp(A @ x))", "A: 3 2, x: 2"),
    ("tanh(A)", "A: 3 2"),
    ("A*B/3", "A: 3 2, B: 3 2"),
    ("A/sum(A**2, axis=0)", "A: 3 2"),
    ("A + b", "A: 3 2, b: 3"),
    ("1 - x.T", "x: 2"),
    ("A[0, 1] + x[-1]", "A: 3 2, x: 2"),
    ("A[1:, :]", "A: 3 2"),
    ("A[:, 1]", "A: 3 2"),
    ("sum(A[i, j]*x[j] for i in range(3) for j in range(2) if i != j)", "A: 3 2, x: 2"),
    ("array(A[i, j]*x[j] for i in range(3) for j in range(2))", "A: 3 2, x: 2"),
    ("[[s, t], [1, s*t]]", "s:, t:"),
    ("diag(x) + eye(2)", "x: 2"),
    ("kron(A, S)", "A: 3 2, S: 2 2"),
    ("u = A @ x; u.T @ u*u", "A: 3 2, x: 2"),
    ("sigmoid(t)*relu(t) + maximum(s, t) + where(t > 0, s, 1)", "s:, t:"),
    ("mean(A) + mean(x)", "A: 3 2, x: 2"),
    ("mean(A, axis=1)", "A: 3 2"),
    ("dot(x, x) + sum(outer(x, x))", "x: 2"),
    ("matpow(S, 3)", "S: 2 2"),
    ("zeros(2, 2) + ones(2, 2)", "s:"),
    ("gammaln(s) + digamma(s) + polygamma(1, s) + arctan(t) + pi", "s: positive, t:"),
]


def explicit(found, values):
    """The numbers that a sympy object stands for."""
    matrices = {
        m: sympy.ImmutableDenseMatrix(np.atleast_2d(values[m.name]) if m.shape[1] != 1 else values[m.name]) for m in found.atoms(sympy.MatrixSymbol)
    }
    numbers = {s: values[s.name] for s in found.free_symbols if s.name in values and not isinstance(s, sympy.MatrixSymbol)}
    result = found.xreplace({**matrices, **numbers}).doit()
    return np.array(result.as_explicit() if hasattr(result, "as_explicit") else result.evalf(), dtype=float)


@pytest.mark.parametrize(("text", "shapes"), FORMULAS, ids=[f[0] for f in FORMULAS])
def test_sympy_object_has_the_formula_s_value(text, shapes):
    f = wrt.parse(text, shapes)
    draw = np.random.default_rng(4)
    values = {n: draw.uniform(0.3, 1.5, [s.number for s in d.shape.sizes]) for n, d in f.declarations.items()}
    values = {n: v if v.ndim else float(v) for n, v in values.items()}
    np.testing.assert_allclose(np.squeeze(explicit(f.sympy(), values)), np.squeeze(f(**values)), rtol=1e-9)


def test_symbolic_sizes_and_products_are_kept():
    m, n = sympy.symbols("m n", integer=True, positive=True)
    A, x = sympy.MatrixSymbol("A", m, n), sympy.MatrixSymbol("x", n, 1)
    assert wrt.parse("A @ x", "A: m n, x: n").sympy() == A * x
    assert wrt.parse("x.T @ A.T @ A @ x", "A: m n, x: n").sympy() == x.T * A.T * A * x
    assert wrt.derive("norm(A @ x)**2", "x").matrix.sympy() == 2 * A.T * A * x


def test_diagonal_of_a_matrix_is_sympy_s_own():
    S = wrt.parse("diag(S)", "S: 2 2").sympy()
    assert type(S).__name__ == "DiagonalOf"


@pytest.mark.parametrize(
    ("text", "shapes"), [("softmax(x)", "x: n"), ("sum(T)", "T: m n p"), ('norm(A, "nuc")', "A: m n"), ("max(x)", "x: n"), ("expm(A)", "A: n n")]
)
def test_what_sympy_cannot_hold_is_refused(text, shapes):
    with pytest.raises(wrt.NoClosedFormError, match="sympy has no object"):
        wrt.parse(text, shapes).sympy()
