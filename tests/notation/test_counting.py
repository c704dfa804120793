"""An index of an entry is printed from 1, as it is read: x[i] is x_i beside `i: index`, whose code counts from 0."""

from __future__ import annotations

import pytest

import wrt
from wrt.language.read import read
from wrt.notation import latex, unicode


@pytest.mark.parametrize(
    ("text", "by", "shown", "in_latex"),
    [
        ("det(X)", "X[i, j]", "adj(X)ⱼᵢ", r"\operatorname{adj}(X)_{ji}"),
        ("x.T @ A @ x", "A[i, j]", "xⱼxᵢ", "x_{j} x_{i}"),
        ("sum(x**3)", "x[k + 1]", "3xₖ₊₁²", "3 x_{k + 1}^{2}"),
        ("z[i]*t**i", "z[i]", "tⁱ⁻¹", "t^{i - 1}"),
    ],
)
def test_the_index_of_an_entry_counts_from_one(text, by, shown, in_latex):
    d = wrt.derive(text, by)
    assert (d.unicode(), d.latex()) == (shown, in_latex)


@pytest.mark.parametrize("style", [unicode, latex])
@pytest.mark.parametrize(
    "text", ["x[i]", "2*x[i + 1]*A[i, j]", "x[i]*i", "t**i*x[n - 1 - i]", "sum(A[i, k]*x[k] for k in range(n))", "A[:, i] + A[j, :].T"]
)
def test_an_index_reads_back_as_it_was(style, text):
    shapes, facts = {"x": ("n",), "A": ("n", "n"), "t": (), "i": (), "j": ()}, {"i": ("index",), "j": ("index",)}
    source = read(text, shapes, facts)
    back = read(style.render(source.tree), shapes, facts, syntax=style.__name__.rpartition(".")[2])
    assert wrt.equal(wrt.formula.Formula(source), wrt.formula.Formula(back))


def test_a_whole_number_that_is_declared_so_is_a_number():
    shapes, facts = {"x": ("n",), "k": ()}, {"k": ("integer",)}
    assert unicode.render(read("x[k]*k", shapes, facts).tree) == "xₖ₊₁k"


def test_an_index_is_a_scalar():
    with pytest.raises(wrt.WrtError):
        wrt.parse("x", "x: n index")
