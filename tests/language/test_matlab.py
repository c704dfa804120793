"""The language of matrixcalculus.org: what is read, refused and printed back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import wrt
from text_reference import evaluate
from wrt.errors import NoClosedFormError, ShapeError, TextError, TooLargeError, UnknownNameError, WrtError
from wrt.language import matlab
from wrt.language.declarations import declare
from wrt.language.matlab_print import matlab_text
from wrt.language.parser import parse
from wrt.language.shapes import annotate
from wrt.language.surface import Declaration
from wrt.language.unparse import unparse

CASES = Path(__file__).parents[1] / "cases" / "dialects" / "matlab.jsonl"
DECLARED = "A: m n, X: m n, S: n n symmetric, M: n n, x: n, y: n, w: n, b: m, c:, a:"
KNOWN = declare(DECLARED)
SHAPES = {name: d.shape for name, d in KNOWN.items()}

READ = [
    ("x'*S*x", "x.T @ S @ x", "x'*S*x"),
    ("norm2(A*x-b)^2", "norm(A @ x - b)**2", "norm2(A*x - b)^2"),
    ("0.5*x'*x + .5*c", "0.5*x.T @ x + .5*c", "0.5*x'*x + .5*c"),
    ("2.*x + 2.^x", "2*x + 2**x", "2*x + 2.^x"),
    ("1e-3*x", "1e-3*x", "1e-3*x"),
    ("x'*y*w", "(x.T @ y)*w", "x'*y*w"),
    ("x*y'*w", "x @ y.T @ w", "x*y'*w"),
    ("x.*y./w", "x*y/w", "x.*y./w"),
    ("c./x", "c/x", "c./x"),
    ("x.^-1", "x**-1", "x.^-1"),
    ("S^2", "matpow(S, 2)", "S^2"),
    ("S^-1*x", "inv(S) @ x", "inv(S)*x"),
    ("S^(1/2)", "sqrtm(S)", "sqrtm(S)"),
    ("-c^2 + 2^-c", "-c**2 + 2**-c", "-c^2 + 2^-c"),
    ("(A*x - b)'*(A*x - b)/(2*c)", "(A @ x - b).T @ (A @ x - b)/(2*c)", "(A*x - b)'*(A*x - b)/(2*c)"),
    ("a*(x - y) - (c - a)*x", "a*(x - y) - (c - a)*x", "a*(x - y) - (c - a)*x"),
    ("norm1(x) + norm(x, 3)", "norm(x, 1) + norm(x, 3)", "norm1(x) + norm(x, 3)"),
    ("norm(x, inf)", "norm(x, inf)", "norm(x, 'inf')"),
    ("norm(A, 'nuc') + norm2(A)", 'norm(A, "nuc") + norm(A)', "norm(A, 'nuc') + norm2(A)"),
    ("norm1(A)", "sum(abs(A))", "sum(abs(A))"),
    ("logdet(eye + A*A')", "logdet(eye(m) + A @ A.T)", "logdet(eye(m) + A*A')"),
    ("x - vector(2)", "x - 2*ones(n)", "x - 2*ones(n, 1)"),
    ("sum(log(X.^2 + matrix(1)))", "sum(log(X**2 + ones(m, n)))", "sum(log(X.^2 + ones(m, n)))"),
    ("x + vector(0) + ones(n, 1)", "x + zeros(n) + ones(n)", "x + zeros(n, 1) + ones(n, 1)"),
    ("ones(1, n)*x", "ones(n).T @ x", "ones(n, 1)'*x"),
    ("sum(A, 1)", "sum(A, axis=0)", "sum(A, 1)"),
    ("tr(S)*det(M) + trace(inv(S))", "tr(S)*det(M) + tr(inv(S))", "tr(S)*det(M) + tr(inv(S))"),
    ("diag(x)*S*diag(S)", "diag(x) @ S @ diag(S)", "diag(x)*S*diag(S)"),
    ("sum(relu(vector(1) - y.*(S*w)))", "sum(relu(ones(n) - y*(S @ w)))", "sum(relu(ones(n, 1) - y.*(S*w)))"),
    ("atan(x) + x'' % a comment", "arctan(x) + x.T.T", "arctan(x) + x''"),
    ("u = A*x - b; u'*u", "u = A @ x - b; u.T @ u", "u = A*x - b; u'*u"),
    ("S\\x", "solve(S, x)", "inv(S)*x"),
]


def read(typed: str) -> matlab.Reading:
    reading = matlab.read(typed, SHAPES)
    annotate(reading.tree, {**KNOWN, **{n: Declaration(n, s) for n, s in reading.assumed.items()}})
    return reading


@pytest.mark.parametrize(("typed", "text", "printed"), READ)
def test_typed_is_read_as_and_printed_as(typed, text, printed):
    tree = read(typed).tree
    assert unparse(tree) == text
    assert matlab_text(tree) == printed
    if "solve" not in text:
        assert unparse(read(printed).tree) == text


REFUSED = [
    ("", TextError, "there is nothing to read: the text is empty."),
    ("norm2(A*x-y^2", TextError, "'(' is never closed."),
    ("x)", TextError, "')' closes nothing."),
    ("x*", TextError, "expected a number, a name or '(', found the end of the text."),
    ("x y", TextError, "expected an operator, found 'y'."),
    ("A@x", TextError, "expected an operator, found '@'."),
    ("x.T", TextError, "expected an operator, found '.'."),
    ("x**2", TextError, "expected an operator, found '**'."),
    ("c^2^3", TextError, "a power of a power: which is raised first?"),
    ("norm(A)", TextError, "which norm of a matrix?"),
    ("max(A)", TextError, "max of a matrix: of all entries, or of each column?"),
    ("A(1, 2)", TextError, "A is a variable, not a function."),
    ("sin x", TextError, "sin is a function and needs its argument."),
    ("eye", TextError, "the size of eye is not known here."),
    ("x = y", TextError, "'x' is already the name of a variable."),
    ("foo(x)", UnknownNameError, "'foo' is not a function of the language."),
    ("x*y", ShapeError, "cannot multiply x*y: the left is n x 1, the right n x 1."),
    ("x^2", ShapeError, "^ raises scalars and square matrices; this is n x 1."),
    ("x/y", ShapeError, "/ divides by a scalar; y is n x 1."),
    ("x.*b", ShapeError, ".* takes two values of one shape: x is n x 1, b is m x 1."),
    ("x + y'", ShapeError, "the shapes do not fit: one side of + is n x 1, the other 1 x n."),
    ("det(A)", ShapeError, "det takes a square matrix; A is m x n."),
]


@pytest.mark.parametrize(("typed", "kind", "message"), REFUSED)
def test_what_cannot_be_read_is_refused_with_its_place(typed, kind, message):
    with pytest.raises(kind) as caught:
        read(typed)
    assert caught.value.message == message
    assert caught.value.span is not None


def test_a_declared_function_is_read_and_printed():
    f = wrt.parse("f(A*x)'*y + g(c)", "f: (m) -> (n), g: () -> (), A: m n, x: n, y: n, c:", syntax="matlab")
    assert (str(f), f.matlab()) == ("f(A @ x).T @ y + g(c)", "f(A*x)'*y + g(c)")


def test_a_product_of_two_columns_offers_the_three_that_are_meant():
    with pytest.raises(ShapeError) as caught:
        read("x*y")
    assert caught.value.hint == "x'*y is the inner product, x*y' the outer product, x.*y the elementwise one."


@pytest.mark.parametrize(
    ("typed", "text", "assumed"),
    [
        ("norm2(A*x - b)^2", "norm(A @ x - b)**2", {"A": "n x m", "x": "m x 1", "b": "n x 1"}),
        ("b'*x + c", "b.T @ x + c", {"b": "n x 1", "x": "n x 1", "c": "a scalar"}),
        ("alpha*exp(x)", "alpha*exp(x)", {"alpha": "a scalar", "x": "n x 1"}),
        ("logdet(eye + X*X')", "logdet(eye(n) + X @ X.T)", {"X": "n x m"}),
    ],
)
def test_undeclared_names_follow_the_letter_rule(typed, text, assumed):
    reading = matlab.read(typed)
    assert unparse(reading.tree) == text
    assert {name: str(shape) for name, shape in reading.assumed.items()} == assumed


def test_what_the_reader_decides_is_said():
    assert read("S\\x").notes == ("A\\b is read as in Matlab: the solution of A*z = b",)


@pytest.mark.parametrize("text", ["sum(x[i]**2 for i in range(n))", "x[0]", "[x, y]", "A + b", "x > 0", "mean(A, axis=0)"])
def test_what_the_dialect_cannot_say_is_refused(text):
    tree = parse(text)
    annotate(tree, KNOWN)
    with pytest.raises(NoClosedFormError):
        matlab_text(tree)


@pytest.mark.parametrize("typed", ["x+" * 500_000, "(" * 60_000 + "c" + ")" * 60_000, "c+" * 100_000 + "c"])
def test_what_is_too_large_is_refused_at_once(typed):
    with pytest.raises(TooLargeError):
        matlab.parse(typed, SHAPES)


def test_long_and_deep_formulas_are_read():
    assert unparse(read("(" * 5000 + "c" + ")" * 5000).tree) == "c"
    assert matlab_text(read("+".join(["c"] * 3000)).tree) == " + ".join(["c"] * 3000)


def lines() -> list[dict]:
    return [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("case", lines(), ids=lambda case: case["id"])
def test_formulas_of_the_site_have_the_value_they_mean(case):
    known = declare({n: tuple(s) for n, s in case["vars"].items()}, case.get("assume"))
    shapes = {n: d.shape for n, d in known.items()}
    if case.get("expect") == "error":
        with pytest.raises(WrtError):
            matlab.parse(case["matlab"], shapes)
        return
    text = unparse(matlab.parse(case["matlab"], shapes))
    draw = np.random.default_rng(5)
    sizes = {s: 3 + k for k, s in enumerate(sorted({s for v in case["vars"].values() for s in v}))}
    point = {n: value(draw, [sizes[s] for s in v]) for n, v in case["vars"].items()} | {n: float(s) for n, s in sizes.items()}
    for want in [case["expr"]] if case["expr"] else case["readings"]:
        np.testing.assert_allclose(evaluate(text, point), evaluate(want, point), rtol=1e-9)


def value(draw, shape):
    out = draw.uniform(0.2, 0.9, size=shape)
    if len(shape) == 2 and shape[0] == shape[1]:
        out += 2 * np.eye(shape[0])
    return float(out) if not shape else out[:, None] if len(shape) == 1 else out


def test_a_mixture_with_the_python_spelling_is_told():
    with pytest.raises(wrt.TextError) as caught:
        wrt.parse("sum((A @ x - b)^2)")
    assert caught.value.hint == "two spellings are mixed: @ goes with ** (A @ x, x**2), ^ with * (A*x, x^2)."
