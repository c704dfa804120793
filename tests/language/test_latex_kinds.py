"""Undeclared letters in LaTeX: what nothing forces to be an array is a number, by how it is used."""

import pytest

import wrt

KINDS = [
    (r"C\|w\|^2", ("C: scalar", "w: n")),
    (r"\frac{\|x\|^2}{2v}", ("x: n", "v: scalar")),
    (r"x^\top y/z", ("x: n", "y: n", "z: scalar")),
    (r"A L^{\alpha}K^{\beta}", ("A: scalar", "L: scalar", "α: scalar", "K: scalar", "β: scalar")),
    (r"A\sin(\omega t+\phi)", ("A: scalar", "ω: scalar", "t: scalar", "φ: scalar")),
    (r"\frac{1}{N}\|Xw-y\|^2", ("N: scalar", "X: n x m", "w: m", "y: n")),
    (r"\frac{V_{\max}S}{K_m+S}", ("V_max: scalar", "S: scalar", "K_m: scalar")),
    (r"\frac{K}{1+Ae^{-rt}}", ("K: scalar", "A: scalar", "r: scalar", "t: scalar")),
    (r"\frac{\|y-Xw\|^2}{2s^2}", ("y: n", "X: n x m", "w: m", "s: scalar")),
    (r"\lambda(\|w\|^2-C)", ("λ: scalar", "w: n", "C: scalar")),
    (r"\|Ax-b\|^2", ("A: n x m", "x: m", "b: n")),
    (r"\frac{x^\top A x}{x^\top x}", ("x: n", "A: n x n")),
    (r"A^{-1}B", ("A: n x n", "B: n x m")),
]


@pytest.mark.parametrize(("typed", "assumed"), KINDS)
def test_undeclared_letters_are_numbers_unless_their_use_needs_an_array(typed, assumed):
    assert wrt.parse(typed).assumed == assumed


@pytest.mark.parametrize("typed", [r"\|x\|^2 + x^2", r"\|Ax\|^2+x^2"])
def test_the_square_of_what_is_a_column_elsewhere_is_asked(typed):
    with pytest.raises(wrt.WrtError) as caught:
        wrt.parse(typed)
    assert caught.value.message == "x is a vector (n x 1): what is its power?"


def test_a_number_is_no_matrix():
    with pytest.raises(wrt.WrtError) as caught:
        wrt.parse(r"\mathrm{tr}(\rho\log\rho)")
    assert caught.value.message == "ρ is taken as a scalar, but tr takes a matrix."


BY = [
    (r"\frac12 kx^2", "k", None, "x**2/2"),
    ("sum((y - m*x)**2)", "m", "x: n", "-2*(y - m*x).T @ x"),
    (r"x^\top A x", "x", "A: n n symmetric", "2*A @ x"),
    ("xᵀAx", "x", "A: n n symmetric", "2*A @ x"),
    (r"\|Ax-b\|^2", "x", "A: m n, b: m", "2*A.T @ (A @ x - b)"),
    (r"\|Ax-b\|^2", "x", "A: m n", "2*A.T @ (A @ x - b)"),
]


@pytest.mark.parametrize(("typed", "by", "shapes", "derivative"), BY)
def test_the_variable_of_a_derivative_needs_no_declaration_and_is_no_size(typed, by, shapes, derivative):
    assert str(wrt.derive(typed, by, shapes=shapes)) == derivative
