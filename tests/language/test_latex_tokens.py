"""The words of LaTeX: fonts, accents and scripts as symbols, each word with its place."""

from __future__ import annotations

import pytest

from wrt.errors import TextError
from wrt.language.latex_names import key
from wrt.language.latex_tokens import tokens


def texts(typed: str) -> list[str]:
    return [t.text for t in tokens(typed)[:-1]]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (r"\hat{\mathbf y}", ["y_hat"]),
        (r"\hat\beta", ["β_hat"]),
        (r"\hat{y_i}", ["y_hat", "_", "{", "i", "}"]),
        (r"\mathbf Ax", ["A", "x"]),
        (r"\mathbf{Ax}^2", ["{", "A", "x", "}", "^", "{", "2", "}"]),
        (r"\operatorname*{arg\,min}", ["argmin"]),
        (r"{\bf x}", ["x"]),
        (r"{\bf x + y}", ["{", "x", "+", "y", "}"]),
        (r"\mathrm { t r }", ["tr"]),
        (r"\text{if $x>0$}", ["if", "x", ">", "0"]),
        (r"\pmatrix{c\cr 1}", ["pmatrix", "c", "\\\\", "1", "pmatrix"]),
        (r"11^\top x", ["1", "1", "^", "{", "top", "}", "x"]),
        (r"\vert \vert x \vert \vert", ["||", "x", "||"]),
        (r"\text{ if }x", ["if", "x"]),
        (r"\left. x \right|_{0}", ["null", "x", "|", "_", "{", "0", "}"]),
        (r"\frac12", ["frac", "1", "2"]),
        (r"\frac{1}23", ["frac", "{", "1", "}", "2", "3"]),
        (r"\sqrt[3]2c", ["sqrt", "[", "3", "]", "2", "c"]),
        (r"x^\frac12", ["x", "^", "{", "frac", "1", "2", "}"]),
        (r"W^{(1)\top}", ["W", "^", "{", "(", "1", ")", "}", "^", "{", "top", "}"]),
        (r"x\label{eq}\\[2pt] y % note", ["x", "\\\\", "y"]),
        (r"x^{\mkern-1.5mu T}", ["x", "^", "{", "T", "}"]),
        ("x²ᵀ", ["x", "^", "{", "2", "}", "^", "{", "top", "}"]),
        ("A⁻¹ ‖ x₁₂", ["A", "^", "{", "-", "1", "}", "||", "x", "_", "{", "12", "}"]),
        ("𝐱 ŷ ϵ", ["x", "y_hat", "ε"]),
    ],
)
def test_typed_is_cut_into(typed, words):
    assert texts(typed) == words


def test_words_know_their_place_and_font():
    word = tokens(r"a + \boldsymbol{\hat{\beta}}")[2]
    assert (word.kind, word.text, word.font, word.span) == ("name", "β_hat", "", (4, 28)) or (word.font, word.span) == ("bold", (4, 28))


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (r"x^", "'^' needs what is raised."),
        (r"{x", "'{' is never closed."),
        (r"\mathbf", "\\mathbf needs an argument."),
        (r"\left x", "\\left needs a bracket or bar, found 'x'."),
        (r"\begin x", "\\begin needs the name of an environment."),
        (r"x \& y", "'\\&' has no meaning here."),
        ("x ☃", "the character '☃' has no meaning here."),
    ],
)
def test_what_is_no_word_is_refused(typed, message):
    with pytest.raises(TextError) as caught:
        tokens(typed)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("beta_0", "β_0"),
        ("W1", "W_1"),
        ("x₁", "x_1"),
        ("yhat", "y_hat"),
        ("y_1_hat", "y_hat_1"),
        ("ŷ", "y_hat"),
        ("lam", "λ"),
        ("C_X", "C_X"),
        ("loss", "loss"),
    ],
)
def test_declared_names_have_one_spelling(name, spelling):
    assert key(name) == spelling
