"""What programs accept, and what they say of arguments that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from index_numerics import lowered
from wrt.errors import ShapeError, TextError, UnknownNameError
from wrt.program.emit import compile_program


def program(text: str = "A @ x + c*b", shapes: str = "A: m n, x: n, b: m, c:, unused: k"):
    source, f = lowered(text, shapes)
    return compile_program({"value": f}, source.declarations)


GOOD = {"A": np.ones((2, 3)), "x": np.ones(3), "b": np.ones(2), "c": 1, "unused": np.ones(1)}


def test_keywords_and_positions():
    p = program()
    assert p(**GOOD).tolist() == [4.0, 4.0]
    assert p(*GOOD.values()).tolist() == [4.0, 4.0]
    assert p([[1, 1, 1], [1, 1, 1]], [1, 1, 1], (1, 1), np.array(1), [0]).tolist() == [4.0, 4.0]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": np.ones((3, 1))}, ShapeError, "x must be a 1-D array of size n; found shape (3, 1)."),
        ({"x": np.ones(4)}, ShapeError, "size n is 3 in A (2 x 3) and 4 in x (4)."),
        ({"b": np.ones(5)}, ShapeError, "size m is 2 in A (2 x 3) and 5 in b (5)."),
        ({"A": np.ones(3)}, ShapeError, "A must be a 2-D array; found shape (3,)."),
        ({"c": np.ones(2)}, ShapeError, "c must be a number; found shape (2,)."),
        ({"x": ["a", "b", "c"]}, ShapeError, "x must be real numbers: found <U1."),
        ({"x": np.ones(3) * 1j}, ShapeError, "x must be real numbers: found complex128."),
    ],
)
def test_what_does_not_fit_is_named(change, error, message):
    with pytest.raises(error) as caught:
        program()(**{**GOOD, **change})
    assert caught.value.message == message


def test_a_column_array_gets_a_hint():
    with pytest.raises(ShapeError) as caught:
        program()(**{**GOOD, "x": np.ones((3, 1))})
    assert caught.value.hint == "vectors and rows are passed as 1-D arrays: x.reshape(-1)."


def test_unknown_and_missing_names():
    with pytest.raises(UnknownNameError, match="'z' is not an argument of the program"):
        program()(**GOOD, z=1)
    with pytest.raises(TextError, match="no value for c, unused"):
        program()(A=GOOD["A"], x=GOOD["x"], b=GOOD["b"])
    with pytest.raises(TextError, match="found 2 by position"):
        program()(1, 2)


def test_composite_sizes_are_solved():
    p = program("sum(z) + sum(w)", "z: (m+1), w: (2*k)")
    assert p(z=np.ones(4), w=np.ones(6)) == 10.0
    with pytest.raises(ShapeError, match=r"w has shape 7: no whole k makes its axis 0 equal to 2\*k"):
        p(z=np.ones(4), w=np.ones(7))


def test_a_square_size_is_its_root():
    p = program("sum(z)/n", "z: (n*n)")
    assert p(z=np.ones(9)) == 3.0


def test_literal_sizes_are_checked():
    with pytest.raises(ShapeError, match="axis 0 of x has size 2 by declaration; found shape 3"):
        program("sum(x)", "x: 2")(np.ones(3))


def test_whole_numbers():
    p = program("tr(matpow(X, k))", "X: n n, k: integer")
    assert p(X=2 * np.eye(2), k=3) == 16.0
    with pytest.raises(ShapeError, match="k is declared a whole number"):
        p(X=np.eye(2), k=2.5)


def test_a_size_that_no_array_shows_is_asked_for():
    p = program("sum(i for i in range(n))", "x:")
    assert p(x=1.0, n=4) == 6.0
    with pytest.raises(ShapeError, match="no array shows the size n"):
        p(x=1.0)


def test_a_look_up_outside_the_range_is_refused():
    p = program("sum(E[idx, :])", "E: v d, idx: b integer")
    with pytest.raises(ShapeError, match=r"a look-up leaves the range 0 \.\. 2: 0 \.\. 3"):
        p(E=np.ones((3, 2)), idx=[0, 3])


def test_names_that_python_does_not_take():
    p = program("x₁ + λ", "x₁:, λ:")
    assert p(**{"x₁": 1, "λ": 2}) == 3.0
    assert "# x₁ + λ" in p.source or "# λ + x₁" in p.source


def test_unknown_backend_and_output():
    source, f = lowered("x", "x:")
    with pytest.raises(TextError, match="backend must be"):
        compile_program({"value": f}, source.declarations, backend="fortran")
    with pytest.raises(TextError, match="output must be"):
        compile_program({"value": f}, source.declarations, output="sparse")
