"""Conditions as they are told: plain, none that follows from facts or others, in the style asked for."""

from __future__ import annotations

import pytest

import wrt
from wrt.notation.validity import sizes


@pytest.mark.parametrize(
    ("text", "name", "shapes", "told"),
    [
        ("norm(x)", "x", "x: n", ("x != 0",)),
        ("norm(A @ x - b)", "x", "A: m n, x: n, b: m", ("A @ x != b",)),
        ("norm(x - y)", "x", "x: n, y: n", ("x != y",)),
        ("sqrt(mean(x**2))", "x", "x: n", ("x != 0",)),
        ("sqrt(x.T @ A @ x)", "x", "A: n n spd, x: n", ("x != 0",)),
        ("sqrt(x.T @ A @ x)", "x", "A: n n, x: n", ("x.T @ A @ x != 0",)),
        ("sqrt(c*t)", "t", "c: positive, t:", ("t != 0",)),
        ("sqrt(1 + norm(x)**2)", "x", "x: n", ()),
        ("sqrt(var(x) + c)", "x", "x: n, c: positive", ()),
        ("sum(sqrt(abs(x)))", "x", "x: n", ("x != 0 (entry by entry)",)),
        ("sum(maximum(0, 1 - y*(X @ w)))", "w", "X: n d, w: d, y: n", ("y*(X @ w) != 1 (entry by entry)",)),
        ("sum(relu(W @ x + b))", "x", "W: m n, x: n, b: m", ("W @ x + b != 0 (entry by entry)",)),
        ("logdet(S)", "S", "S: n n spd", ()),
        ("sqrt(det(X))", "X", "X: n n", ("X invertible",)),
        ("logdet(X.T @ X)", "X", "X: m n", ("X.T @ X invertible",)),
        ("logdet(X) + norm(inv(X) @ b)", "X", "X: n n, b: n", ("X invertible", "inv(X) @ b != 0")),
        ("(X.T @ X)[0, 1]", "X", "X: m n", ("n >= 2",)),
    ],
)
def test_a_condition_is_told_once_and_plainly(text, name, shapes, told):
    assert wrt.derive(text, name, shapes=shapes).conditions == told


@pytest.mark.parametrize(
    ("style", "told"),
    [
        ("text", ("norm(x) != m", "x != 0")),
        ("unicode", ("‖x‖ ≠ m", "x ≠ 0")),
        ("latex", (r"\lVert x \rVert \ne m", r"x \ne 0")),
    ],
)
def test_conditions_are_told_in_the_style_of_the_formula(style, told):
    assert sorted(wrt.derive("abs(norm(x) - m)", "x", shapes="x: n, m:").where(style)) == sorted(told)


def test_words_of_a_condition_are_text_in_latex():
    assert wrt.derive("inv(X)", "X", shapes="X: n n").where("latex") == (r"X \text{ invertible}",)


def test_of_two_least_sizes_the_greater_is_told():
    assert sizes(("n >= 1", "n >= 3", "n >= 2", "m >= 1", "m >= n"), ()) == ["n >= 3", "m >= n"]
