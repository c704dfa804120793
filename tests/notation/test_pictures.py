"""Pictures: arrays of order 3 and 4 as stacks and grids of proved matrices."""

from __future__ import annotations

import pytest

import wrt
from wrt.errors import NoClosedFormError, TextError

DRAWN = [
    (
        "relu(W @ x + b)",
        "W",
        "W: m n, x: n, b: m",
        (
            "[ x[0]*diag(W @ x + b > 0)     ]\n"
            "[ x[1]*diag(W @ x + b > 0)     ]\n"
            "[ ...                          ]\n"
            "[ x[n - 1]*diag(W @ x + b > 0) ]\n"
            "B[k] = [:, :, k] = x[k]*diag(W @ x + b > 0)"
        ),
    ),
    ("W @ x", "W", "W: 2 3, x: 3", "[ x[0]*eye(2) ]\n[ x[1]*eye(2) ]\n[ x[2]*eye(2) ]\nB[k] = [:, :, k] = x[k]*eye(2)"),
    (
        "A @ X @ B",
        "X",
        "A: p 2, X: 2 2, B: 2 q",
        "[ A[:, 0] @ B[0, :]  A[:, 0] @ B[1, :] ]\n[ A[:, 1] @ B[0, :]  A[:, 1] @ B[1, :] ]\nC[k, l] = [:, :, k, l] = A[:, k] @ B[l, :]",
    ),
]


@pytest.mark.parametrize(("text", "name", "shapes", "drawing"), DRAWN, ids=[text for text, *_ in DRAWN])
def test_blocks_are_stacked_or_set_in_a_grid_and_proved(text, name, shapes, drawing):
    d = wrt.derive(text, name, shapes=shapes)
    assert (d.picture(), d.verified) == (drawing, "exact")


def test_the_matrix_of_note_001_is_drawn_slice_by_slice():
    matrix = "[[x[0] + x[1], x[0]*x[1], x[0]*x[1]*x[2]], [x[0], x[0] + x[2], x[1]**2], [x[1], x[0]*x[2]**2, x[2]**2]]"
    drawing = wrt.derive(matrix, "x", shapes="x: 3").picture()
    assert drawing == (
        "[ [[1, x[1], x[1]*x[2]], [1, 1, 0], [0, x[2]**2, 0]]       ]\n"
        "[ [[1, x[0], x[0]*x[2]], [0, 0, 2*x[1]], [1, 0, 0]]        ]\n"
        "[ [[0, 0, x[0]*x[1]], [0, 1, 0], [0, 2*x[0]*x[2], 2*x[2]]] ]\n"
        "B[k] = [:, :, k]"
    )


def test_latex_of_a_picture_is_a_column_of_matrices():
    drawing = wrt.derive("W @ x", "W", shapes="W: m n, x: n").picture(style="latex")
    assert drawing == r"\begin{bmatrix} x_{1} I_{m} \\ x_{2} I_{m} \\ \vdots \\ x_{n} I_{m} \end{bmatrix}, \quad B_{k} = x_{k} I_{m}"


def test_unicode_of_a_picture_counts_from_one():
    assert wrt.derive("inv(X)", "X", shapes="X: n n").picture("unicode").splitlines()[-1] == "Bₖₗ = [:, :, k, l] = −(X⁻¹)_{:,k}(X⁻¹)_{l,:}"


@pytest.mark.parametrize(("text", "name", "shapes"), [("A @ x", "x", "A: m n, x: n"), ("x.T @ x", "x", "x: n")])
def test_a_matrix_or_less_has_no_picture(text, name, shapes):
    with pytest.raises(NoClosedFormError, match=r"has no picture: it has order [12], not 3 or 4"):
        wrt.derive(text, name, shapes=shapes).picture()


def test_a_style_that_does_not_exist_is_refused():
    with pytest.raises(TextError, match="style must be one of"):
        wrt.derive("W @ x", "W", shapes="W: m n, x: n").picture("svg")


@pytest.mark.parametrize(("text", "shapes"), [("B.T @ B", "B: 2 2"), ("B.T @ B", "B: 3 2"), ("B @ B.T", "B: 2 2")])
def test_numbers_for_sizes_draw_too(text, shapes):
    assert "C[k, l] = [:, :, k, l] =" in wrt.derive(text, "B", shapes=shapes).picture()
