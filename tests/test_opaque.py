"""Constants that the index form takes apart are printed as they were typed."""

from __future__ import annotations

import pytest

import wrt

CASES = [
    ("norm(vec(X) - kron(B, A) @ y)**2", "X: m n, A: m p, B: n q, y: p*q", ("y",), "-2*kron(B, A).T @ (vec(X) - kron(B, A) @ y)"),
    ("norm(vec(X) - kron(B, A) @ y)**2", "X: m n, A: m p, B: n q, y: p*q", ("y", "y"), "2*kron(B, A).T @ kron(B, A)"),
    ("norm([[A], [c*B]] @ x - [b, d])**2", "A: m n, B: p n, b: m, d: p, x: n, c:", ("x",), "2*[[A], [c*B]].T @ ([[A], [c*B]] @ x - [b, d])"),
    ("logdet(kron(A, B) + X)", "A: n n, B: m m, X: n*m n*m", ("X",), "inv(kron(A, B) + X).T"),
    ("kron(a, b).T @ C @ x", "a: n, b: m, x: n*m, C: n*m n*m", ("x",), "C.T @ kron(a, b)"),
    ("u = kron(A, B); norm(u @ x)**2", "A: n n, B: m m, x: n*m", ("x",), "2*kron(A, B).T @ kron(A, B) @ x"),
    ("vec(X).T @ kron(A, B) @ vec(X)", "X: m n, A: n n, B: m m", ("X",), "B @ X @ A.T + B.T @ X @ A"),
]


@pytest.mark.parametrize(("text", "shapes", "by", "printed"), CASES)
def test_constant_is_printed_as_typed(text, shapes, by, printed):
    d = wrt.derive(wrt.parse(text, shapes), *by)
    assert (str(d), d.verified) == (printed, "exact")


def test_a_name_of_the_user_is_never_taken():
    d = wrt.derive(wrt.parse("norm(K1 @ kron(A, B) @ x)**2", "A: n n, B: m m, x: n*m, K1: p n*m"), "x")
    assert "K1 @ kron(A, B)" in str(d)
