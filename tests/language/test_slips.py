"""Names and indices that are surely something else mistyped are refused with the spelling that is meant; sizes are not counted from the end."""

from __future__ import annotations

import pytest

import wrt

SHAPES = "x: n, y: n, A: m n, S: n n"


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("sinx", "write sin(x)"),
        ("x.T @ logy", "write log(y)"),
        ("cost + t", "write cos(t)"),
        ("trS", "write tr(S)"),
        ("sinθ*θ", "write sin(θ)"),
        ("sum(x_i**2 for i in range(n))", "write x[i]"),
        ("sum(xi**2 for i in range(n))", "write x[i]"),
        ("sum(A_ij for i in range(m) for j in range(n))", "write A[i, j]"),
        ("sum(x[i]**2)", "sum(x[i] for i in range(n))"),
        ("mean(A[i, j]*x[j])", "sum(x[i] for i in range(n))"),
        ("sum(i=1..n, x[i])", "sum(x[i] for i in range(n))"),
        ("sum(x[i], i=0, n)", "sum(x[i] for i in range(n))"),
    ],
)
def test_what_is_surely_mistyped_is_refused_with_what_is_meant(typed, spelled):
    with pytest.raises(wrt.WrtError) as caught:
        wrt.parse(typed, SHAPES)
    assert spelled in caught.value.hint
    assert caught.value.span is not None


@pytest.mark.parametrize("typed", ["cost", "signal*x", "x_i + 1", "mean_x", "sum(x*y[i])", "sum(A[i, :]*x.T)", "sum(x[0])", "x[i]**2"])
def test_names_that_may_be_meant_are_taken(typed):
    assert str(wrt.parse(typed, SHAPES)).replace(" ", "") == typed.replace(" ", "")


def test_a_name_that_is_declared_is_no_slip():
    assert str(wrt.derive("sinx**2", "sinx", shapes="sinx:")) == "2*sinx"


@pytest.mark.parametrize("typed", ["x[-n]", "x[1 - n]", "x[-2*n]", "x[-n:]", "x[:-n]", "x[:1 - n]", "sum(x[i - n + 1] for i in range(n))"])
def test_only_numbers_count_from_the_end(typed):
    with pytest.raises(wrt.ShapeError):
        wrt.parse(typed, SHAPES)


@pytest.mark.parametrize("typed", ["logdet(S + t*B)", "tr(exp(t*S))", "expm(t*S)", "det(eye(n) + t*S)", "inv(S/t)"])
@pytest.mark.parametrize("shapes", ["S: n n", None])
def test_a_matrix_function_makes_no_matrix_of_a_letter_beside_a_matrix(typed, shapes):
    assert "t: scalar" in wrt.parse(typed, shapes).assumed


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("f(x) = x**2", "give the right side alone."),
        ("x -> x**2", "without an arrow"),
        ("1_000*x", "write 1000."),
        ("0x10", "numbers are decimal."),
        ("A[0]", "a row is A[0, :], a column A[:, 0]."),
        ("(A @ x)[0, 0]", "an entry is (A @ x)[0]."),
        ("x[c]", "declare it integer."),
        ("A/S", "A @ inv(S) divides by a matrix."),
        ("xᵀ @ S @ x", "@, ** and .T are Python's"),
    ],
)
def test_hints_for_other_spellings(typed, spelled):
    with pytest.raises(wrt.WrtError) as caught:
        wrt.parse(typed, f"{SHAPES}, c:")
    assert spelled in caught.value.hint


def test_an_empty_range_is_named_whole():
    with pytest.raises(wrt.ShapeError) as caught:
        wrt.parse("sum(x[i] for i in range(2, 2))", "x: 5")
    assert caught.value.message == "range(2, 2) is empty."
