"""Which dialect a text is written in."""

from __future__ import annotations

import pytest

from wrt.language.dialect import detect

TEXTS = {
    "python": [
        "A @ x - b",
        "x.T @ A @ x",
        "norm(X, 'nuc')",
        'norm(X, "nuc")',
        "2*x",
        "β.T @ x",
        "x₁ + x₂",
        "A*x  # it's a product",
        "frechet('expm', A, E)",
        "x**2",
    ],
    "matlab": ["x'*A*x", "x.^2", "x.*y", "A\\y", "A \\ (b + c)", "x^2 + y^2", "norm2(A*x - b)", "y'*y", "sum(log(X.^2 + matrix(1)))", "exp(-x/2)^2"],
    "latex": [
        r"\frac{1}{2} x^\top A x",
        r"\|Ax-b\|_2^2",
        "x'Ax",
        "y'y",
        "x^T A x",
        "x^tAx^T(A)",
        "x²",
        "xᵀAx",
        "‖x‖",
        "$x$",
        r"\bx^\top\bx",
        r"A\beta",
        "x^{2}",
        "||Ax - b||^2",
        "(Ax)₁",
        r"a \\ b",
    ],
}


@pytest.mark.parametrize(("dialect", "text"), [(dialect, text) for dialect, texts in TEXTS.items() for text in texts])
def test_a_text_is_in_the_dialect_whose_tokens_it_holds(dialect, text):
    assert detect(text) == dialect
