"""Whatever is typed gets an answer or a WrtError with a code, within a second of computing; never another exception, never a hang."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wrt
from judge import time_limit
from strategies import SHAPES, WORD_SALAD, columns, damaged, scalars, squares

SECOND = 1.0  # of this process's computing time, for a refusal
HANG = 15.0  # seconds that an answer to a long text may take


def outcome(make: Callable[[], Any]) -> wrt.WrtError | None:
    """The refusal, or None for an answer; any other exception is the test's failure."""
    with time_limit(HANG):
        try:
            make()
        except wrt.WrtError as error:
            return error
    return None


def answered(make: Callable[[], Any]) -> str:
    """The word "answer", or the code of the refusal; asserts that it came in time and says something."""
    started = time.process_time()
    error = outcome(make)
    if error is None:
        return "answer"
    assert time.process_time() - started < SECOND
    assert error.message.strip()
    assert error.code
    assert str(error).startswith(error.message)
    if error.span is not None:
        start, end = error.span
        assert 0 <= start <= end <= len(error.text) + 1  # "expected a value" points behind the end
    return error.code


def derived(text: str, shapes: Any = None, assume: Any = None) -> Any:
    f = wrt.parse(text, shapes, assume=assume)
    return str(wrt.derive(f, *list(f.declarations)[:1]))


@given(st.text(max_size=60))
def test_any_characters(text):
    answered(lambda: derived(text))


@given(WORD_SALAD)
def test_words_of_the_language_in_any_order(text):
    answered(lambda: derived(text))


@given(WORD_SALAD)
def test_words_in_any_order_beside_declarations(text):
    answered(lambda: derived(text, SHAPES))


@given(damaged())
def test_damaged_formulas(text):
    answered(lambda: derived(text, SHAPES))
    answered(lambda: derived(text))


FORMULAS = st.one_of(scalars(2), columns(2), squares(2))
OTHER_SIZES = st.lists(st.tuples(st.sampled_from(sorted(SHAPES)), st.lists(st.sampled_from(["m", "n", "k", 2, 3]), max_size=4)), max_size=3)


@given(FORMULAS, OTHER_SIZES)
def test_shapes_that_do_not_fit(text, changes):
    answered(lambda: derived(text, {**SHAPES, **{name: tuple(sizes) for name, sizes in changes}}))


DECLARATION_WORDS = "A x : : m n , ; symmetric spd positive (m+1) 0 -1 ( * 9999999 sym".split()


@given(st.text(max_size=40) | st.lists(st.sampled_from(DECLARATION_WORDS), max_size=12).map(" ".join))
def test_declarations(text):
    answered(lambda: derived("norm(A @ x)**2", text))


NOT_TEXT = (None, 3, 2.5, b"x", ["x"], {"x": 1}, object(), float("nan"), True, ())


@pytest.mark.parametrize("value", NOT_TEXT, ids=repr)
def test_what_is_not_a_text(value):
    assert answered(lambda: wrt.parse(value)) == "text"


@pytest.mark.parametrize("value", [v for v in NOT_TEXT if v not in (None, {"x": 1})], ids=repr)
def test_shapes_of_another_type(value):
    answered(lambda: wrt.parse("x", value))


@pytest.mark.parametrize("value", [*NOT_TEXT, "z", "n", "", "x y", -1, 10**9], ids=repr)
def test_variables_that_are_none(value):
    assert answered(lambda: wrt.derive("sum(x)/n", value, shapes={"x": ("n",)})) in ("answer", "text", "unknown-name", "not-differentiable")


@pytest.mark.parametrize("keyword", ["layout", "structure"])
@pytest.mark.parametrize("value", ["", "rows", 3, [], "Mixed"], ids=repr)
def test_conventions_that_are_none(keyword, value):
    assert answered(lambda: wrt.derive("x**2", "x", **{keyword: value})) == "text"


SIZES = (0, -1, 10**7, 10**400, "n*n*n*n*n", "(" * 300 + "n" + ")" * 300, "n-n", "1/2", "n**2", "", "2.5", "x")


@pytest.mark.parametrize("size", SIZES, ids=lambda s: str(s)[:12])
def test_absurd_sizes(size):
    answered(lambda: derived("sum(x**2)", {"x": (size,)}))


@pytest.mark.parametrize("order", [0, 1, 3, 12, 13, 500])
def test_tensors_of_high_order(order):
    answered(lambda: derived("sum(T*1)" if order < 3 else "c**2", {"T": ("n",) * order, "c": ()}))


ABSURD = {
    "exponent": "x**99999999999",
    "negative exponent": "x**-99999999999",
    "tower": "x**" * 100 + "2",
    "decimal": "0." + "1" * 5000,
    "power of ten": "1e999999999",
    "whole number": "9" * 5000,
    "matrix power": "matpow(A, 1000000000)",
    "polygamma": "polygamma(1000000000, x)",
    "bound": "sum(x[i] for i in range(1000000000000))",
    "ones": "ones(1000000, 1000000)",
    "index": "x[99999999999999999999]",
    "loops": "sum(1 " + "".join(f"for i{k} in range(n) " for k in range(300)) + ")",
    "names": "+".join(f"v{k}" for k in range(3000)),
    "blocks": "[" + ", ".join(["x"] * 2000) + "]",
    "nested lists": "[" * 500 + "x" + "]" * 500,
    "steps": "; ".join(f"u{k} = {'x' if k == 0 else f'u{k - 1}'}*2" for k in range(2000)) + "; u1999",
    "doubling steps": "; ".join(f"u{k} = {'x' if k == 0 else f'u{k - 1}'} + {'x' if k == 0 else f'u{k - 1}'}" for k in range(60)) + "; u59",
    "squaring steps": "; ".join(f"u{k} = {'x' if k == 0 else f'u{k - 1}*u{k - 1}'}" for k in range(40)) + "; u39",
    "expanding power": "(a + b + c + d + e + f + g)**60",
    "einsum": 'einsum("' + "a" * 500 + '->", x)',
    "long index": "sum(x[i" + " + 1 - 1" * 1000 + "] for i in range(n))",
    "index that is a product of sums": "x[" + "*".join(f"(n + m{k})" for k in range(40)) + "]",
    "tower of exponentials": "tr(" + "expm(" * 5 + "A" + ")" * 5 + ")",
}


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_numbers_and_lengths(name):
    answered(lambda: derived(ABSURD[name]))


@pytest.mark.parametrize(
    "text", ["*".join(f"(a{k} + b{k})" for k in range(100)), " + ".join(f"a{k}*b{k}" for k in range(300)), "sin(" * 150 + "x" + ")" * 150]
)
def test_a_long_formula_is_set_in_every_style(text):
    f = wrt.parse(text)
    for style in (f.unicode, f.latex, f.mathml, f.typst, f.matlab):
        assert outcome(style) is None


@pytest.mark.parametrize("count", [12, 20])
def test_the_derivative_of_a_long_product_of_sums_is_printed(count):
    product = "*".join(f"(a{k}*x + b{k})" for k in range(count))
    assert outcome(lambda: str(wrt.derive(product, "x"))) is None


def test_a_long_product_is_expanded():
    assert outcome(lambda: wrt.taylor("*".join(f"c{k}" for k in range(400)) + "*x", "x", order=2)) is None


MEGABYTE = 1_000_000
PIECES = (
    *"( ) [ ((x)+ - + x+ x* x** x@ A.T@ .T x[0]+ exp( x; u=x; a 9 1. . , ' # α 😀 \\frac{ { } ^".split(),
    *("sum(x for i in range(n) ", "x == ", '"x"', " ", "\n", "\x00"),
)


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_a_megabyte_of(piece):
    text = piece * (MEGABYTE // len(piece))
    assert answered(lambda: derived(text)) != "answer"


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_twenty_thousand_of(piece):
    outcome(lambda: derived(piece * 20_000))


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("exp(", ")"), ("-(", ")"), ("[", "]"), ("x[", "]"), ("sum(", ")"), ("norm(x, ", ")")])
@pytest.mark.parametrize("depth", [50, 1000, 15_000])
def test_nesting(opening, closing, depth):
    outcome(lambda: wrt.parse(opening * depth + "x" + closing * depth))
