"""The text language: what is read, what is printed back, what is refused with a caret."""

from __future__ import annotations

import pytest

from wrt.errors import TextError, TooLargeError, WrtError
from wrt.language.parser import parse
from wrt.language.python import tokens
from wrt.language.unparse import unparse

PRINTED = [
    ("2 * A.T@(A @ x-b)", "2*A.T @ (A @ x - b)"),
    ("x.T@y", "x.T @ y"),
    ("-x**2", "-x**2"),
    ("(-x)**2", "(-x)**2"),
    ("2**-x", "2**-x"),
    ("a - (b - c)", "a - (b - c)"),
    ("a/(b*c)", "a/(b*c)"),
    ("a/b*c", "a/b*c"),
    ("(A @ x)*y", "(A @ x)*y"),
    ("A@(x*y)", "A @ (x*y)"),
    ("x**y**z", "x**y**z"),
    ("(x**y)**z", "(x**y)**z"),
    ("((x))", "x"),
    ("0.50*x", "0.50*x"),
    ("norm( X , 'nuc' )", 'norm(X, "nuc")'),
    ("sum(A[i,j]*x[j] for i in range(m) for j in range(1,n) if i!=j)", "sum(A[i, j]*x[j] for i in range(m) for j in range(1, n) if i != j)"),
    ("X[:, 0]", "X[:, 0]"),
    ("X[1:n:2,-1]", "X[1:n:2, -1]"),
    ("[a,b]", "[a, b]"),
    ("[[A,B],[C,D]]", "[[A, B], [C, D]]"),
    ("u = W@x + b ; relu( u )", "u = W @ x + b; relu(u)"),
    ("sum(X, axis = 1)", "sum(X, axis=1)"),
    ("(i==k)*x[j]", "(i == k)*x[j]"),
    ("-(a + b)*c", "-(a + b)*c"),
    ("x₁ + θ", "x₁ + θ"),
]


@pytest.mark.parametrize(("typed", "printed"), PRINTED)
def test_printing_is_minimal_and_reads_back(typed: str, printed: str) -> None:
    assert unparse(parse(typed)) == printed
    assert unparse(parse(printed)) == printed


REFUSED = [
    ("", "there is nothing to read: the text is empty."),
    ("x +", "expected a value, found the end of the text."),
    ("(x", "expected ')', found the end of the text."),
    ("x)", "')' closes nothing."),
    ("x y", "expected an operator, found 'y'."),
    ("x^2", "'^' has no meaning here."),
    ("lambda u: u", "'lambda' has no meaning here."),
    ("u = x; u = y; u", "'u' is defined twice."),
    ("x; y", "only the last step may be without a name."),
    ("x.inv", "'.inv' is not known; the only attribute is .T, the transpose."),
    ("1 < x < 2", "a chain of comparisons."),
    ("sum(x for i in y)", "expected 'range(...)', found 'y'."),
    ("(x, y)", "a comma inside plain parentheses."),
    ("x[1:2:3:4]", "a slice has at most start, stop and step."),
    ("norm(x, 'nuc)", "a string that is not closed."),
]


@pytest.mark.parametrize(("typed", "message"), REFUSED)
def test_faults_are_named(typed: str, message: str) -> None:
    with pytest.raises(TextError) as caught:
        parse(typed)
    assert caught.value.message == message
    assert caught.value.span is not None


def test_caret_stands_under_the_culprit() -> None:
    with pytest.raises(TextError) as caught:
        parse("norm(A @ x - b)^2")
    assert (
        str(caught.value)
        == "'^' has no meaning here.\n    norm(A @ x - b)^2\n                   ^\n  hint: a power is **, the transpose of A is A.T."
    )


@pytest.mark.parametrize("text", ["x + " * 200_000 + "x", "9" * 5000, "1e99999"])
def test_absurd_texts_are_too_large(text: str) -> None:
    with pytest.raises(TooLargeError):
        parse(text)


@pytest.mark.parametrize("text", ["(" * 30_000, "sin(" * 30_000, "[" * 30_000, "-" * 30_000, "x**" * 30_000, "((((" + ")" * 9])
def test_absurd_nesting_is_refused_not_recursed(text: str) -> None:
    with pytest.raises(WrtError):
        parse(text)


@pytest.mark.parametrize(
    "text", ["(" * 19_000 + "x" + ")" * 19_000, "-" * 19_000 + "x", " + ".join(["x"] * 20_000), "sin(" * 15_000 + "x" + ")" * 15_000]
)
def test_long_texts_are_read(text: str) -> None:
    assert unparse(parse(text)).count("x") == text.count("x")


def test_a_name_may_end_in_a_greek_subscript():
    assert [token.text for token in tokens("p_θ + q_φ2*x₁")] == ["p_θ", "+", "q_φ2", "*", "x₁", ""]
