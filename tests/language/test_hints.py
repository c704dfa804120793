"""Hints: what is offered can be typed, and what people bring from other systems is answered in their own letters."""

from __future__ import annotations

import pytest

from wrt.errors import WrtError
from wrt.language.hints import filled, for_character, nearest
from wrt.language.parser import parse
from wrt.language.read import read
from wrt.language.signatures import known_functions
from wrt.tables.foreign import METHODS, SENTENCES, SPELLINGS


@pytest.mark.parametrize("name", SPELLINGS)
def test_spelling_that_is_offered_can_be_read_and_has_known_functions(name: str) -> None:
    offered = (
        filled(SPELLINGS[name], ["x", "y", "z"]).partition(", ")[0] if ", which" in SPELLINGS[name] else filled(SPELLINGS[name], ["x", "y", "z"])
    )
    for ending in (", of symmetric matrices", ", the columns stacked"):
        offered = offered.removesuffix(ending)
    parse(offered)
    assert name not in known_functions()


def test_words_of_other_systems_are_no_functions_of_the_language() -> None:
    assert sorted(known_functions() & SENTENCES.keys()) == []
    assert sorted(known_functions() & SPELLINGS.keys()) == []


@pytest.mark.parametrize("name", METHODS)
def test_method_is_answered_with_the_object_it_stands_behind(name: str) -> None:
    with pytest.raises(WrtError) as caught:
        parse(f"u + Q.{name}(v)")
    assert "Q" in caught.value.hint


HINTS = [
    ("ln(a + b)", "write log(a + b)."),
    ("pow(a + b, 2)", "write (a + b)**2."),
    ("|a - b|", "write abs(a - b) for the absolute value, norm(a - b) for a norm, det(a - b) for a determinant."),
    ("||a||", "the norm is written norm(a)."),
    ("3a", "write 3*a."),
    ("2(a + 1)", "write 2*(...)."),
    ("a b", "write a*b, or a @ b for a matrix product."),
    ("X.T W", "write X.T @ W, the matrix product."),
    ("sqrt a", "write sqrt(a)."),
    ("ln a", "write log(a)."),
    ("1/2a", "write 1/(2*a) or 1/2*a."),
    ("sin**2(a)", "write sin(...)**2."),
    ("sum_i x_i", "a sum over an index is written sum(x[i] for i in range(n))."),
    ("d/da a**2", 'a text is the function alone; what it is differentiated by is said beside it: derive(f, "x"), or --wrt x.'),
    ("torch.logsumexp(x)", "functions stand alone: logsumexp(...). wrt.from_function reads Python code."),
    ("tf.math.log1p(x)", "functions stand alone: log1p(...). wrt.from_function reads Python code."),
    ("W.transpose() @ x", "write W.T."),
    ("x.dot(y)", "write x @ y, or x.T @ y for two columns."),
    ("lambda*x", "the letter is written lam, or λ."),
    ("a if b else c", "a choice is where(condition, a, b)."),
    ("x(1)", "an entry is x[1], counted from 0."),
    ("f(x)", "a function of your own is declared with its shapes: f: (n) -> (m)."),
    ("log(x, 10)", "the logarithm to a base is log(x)/log(10)."),
    ("max(a, b, c)", "entry by entry it is maximum(a, maximum(b, c)); along an axis, max(a, axis=0)."),
    ("x.T*y", "x.T @ y is the inner product, y @ x.T the outer product; entry by entry it is x*y."),
    ("x @ y + b", "x.T @ y is the inner product, x @ y.T the outer product."),
    ("X**T @ w", "the transpose is X.T; declare T if it is a variable."),
    ("a＋b", "write +."),
    ("x == y == z", "both together are a product: (x == y)*(y == z)."),
]


@pytest.mark.parametrize(("typed", "hint"), HINTS)
def test_what_people_type_elsewhere_is_answered(typed: str, hint: str) -> None:
    with pytest.raises(WrtError) as caught:
        read(typed)
    assert caught.value.hint == hint


def test_what_may_be_taken_for_something_else_is_said_among_the_assumptions() -> None:
    assert read("e**x").assumed == ("e: scalar", "x: scalar", "e is a variable, the exponential function is exp(x)")
    assert read("A**-1 @ b", {"A": ("n", "n"), "b": ("n",)}).assumed == ("A**-1 goes entry by entry, the inverse is inv(A)",)
    assert read("x.T*A*x").assumed[-1] == "x.T*A goes entry by entry, the product of matrices is x.T @ A"
    assert read("inv(A + c*I)").assumed[-1] == "I is a variable, the identity is eye(n)"


@pytest.mark.parametrize("typed", ["x[i]", "sum(x)*x[i]", "sum(A[i, j] for j in range(n))", "x[t] - x[t - 1]"])
def test_free_index_is_a_whole_number(typed: str) -> None:
    assert read(typed).assumed[-1] in ("i: a whole number", "t: a whole number")


def test_curled_quotes_are_quotes() -> None:
    assert str(read("norm(X, “nuc”)").assumed) == str(read('norm(X, "nuc")').assumed)
    assert for_character("`") == 'write straight quotes: "nuc".'


@pytest.mark.parametrize(("name", "found"), [("sofmax", "softmax"), ("Softmax", "softmax"), ("lgo", "log"), ("rank", ""), ("binom", ""), ("qqq", "")])
def test_nearest_is_given_only_where_it_is_surely_meant(name: str, found: str) -> None:
    assert nearest(name, known_functions()) == found
