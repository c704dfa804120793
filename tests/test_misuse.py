"""The public functions called with what they cannot take: an error of the package, of the right kind, that says what to do; never another exception."""

from __future__ import annotations

import math

import numpy as np
import pytest

import wrt

F = wrt.parse("norm(A @ x - b)**2", "A: m n, x: n, b: m")
D = wrt.derive(F, "x")
A, X, B = wrt.symbols("A: m n, x: n, b: m")
ONES = np.ones
GOOD = {"A": ONES((2, 2)), "x": ONES(2), "b": ONES(2)}

MISUSE = {
    "a number as text": (lambda: wrt.parse(3), wrt.TextError, ""),
    "a function as function": (lambda: wrt.derive(lambda x: x, "x"), wrt.TextError, "from_function"),
    "an array as function": (lambda: wrt.derive(ONES(3), "x"), wrt.TextError, ""),
    "nothing as function": (lambda: wrt.equal(None, "x"), wrt.TextError, ""),
    "shapes: a number": (lambda: wrt.parse("x", 3), wrt.TextError, "A: m n"),
    "shapes: a float size": (lambda: wrt.parse("x", {"x": 1.5}), wrt.ShapeError, "()"),
    "shapes: none": (lambda: wrt.parse("x", {"x": None}), wrt.ShapeError, "()"),
    "shapes: a word for a shape": (lambda: wrt.parse("x", "x: vector"), wrt.TextError, "x: n"),
    "shapes: an abbreviated fact": (lambda: wrt.parse("S", "S: n n sym"), wrt.UnknownNameError, "symmetric"),
    "shapes: brackets": (lambda: wrt.parse("A", "A: [m, n]"), wrt.ShapeError, "A: m n"),
    "shapes: negative": (lambda: wrt.parse("x", "x: -n"), wrt.ShapeError, ""),
    "names: no mapping": (lambda: wrt.parse("x", names="x"), wrt.TextError, "x_bar"),
    "names: a number": (lambda: wrt.parse("x", names={"x": 3}), wrt.TextError, "x_bar"),
    "assume: a list": (lambda: wrt.parse("x", "x: n", assume=["x"]), wrt.TextError, "symmetric"),
    "syntax": (lambda: wrt.parse("x", syntax="Latex"), wrt.TextError, ""),
    "variable: none said": (lambda: wrt.derive(F), wrt.TextError, '"A"'),
    "variable: a tuple": (lambda: wrt.check(F, ("x", "x"), answer="A"), wrt.TextError, '"x", 2'),
    "variable: two in one": (lambda: wrt.derive(F, "x,b"), wrt.TextError, '"x", "b"'),
    "variable: none such": (lambda: wrt.derive(F, "z"), wrt.UnknownNameError, "A, x, b"),
    "variable: a size": (lambda: wrt.derive(F, "n"), wrt.NotDifferentiableError, ""),
    "variable: an empty list": (lambda: wrt.hessian(F, []), wrt.TextError, ""),
    "order": (lambda: wrt.derive(F, "x", 9), wrt.TextError, ""),
    "layout": (lambda: D.in_layout("row"), wrt.TextError, ""),
    "structure": (lambda: wrt.derive(F, "x", structure="sym"), wrt.TextError, ""),
    "style": (lambda: D.steps(style="short"), wrt.TextError, ""),
    "form": (lambda: D.latex(form="kron"), wrt.TextError, ""),
    "backend": (lambda: F.compile(backend="tensorflow"), wrt.TextError, ""),
    "gradient of a vector": (lambda: wrt.gradient("A @ x", "x"), wrt.ShapeError, "jacobian"),
    "hessian of a vector": (lambda: wrt.hessian("A @ x", "x"), wrt.ShapeError, "derive"),
    "direction of another shape": (lambda: wrt.jvp(F, "x", "A"), wrt.ShapeError, ""),
    "substitution: a list": (lambda: wrt.substitute(F, ["x"]), wrt.TextError, "substitute"),
    "substitution: another shape": (lambda: wrt.substitute(F, x="A"), wrt.ShapeError, ""),
    "compile: one formula": (lambda: wrt.compile(F), wrt.TextError, ""),
    "compile: a number": (lambda: wrt.compile(3), wrt.TextError, ""),
    "taylor: a part": (lambda: wrt.taylor("norm(x)**2", "x[0]", shapes="x: n"), wrt.TextError, "x"),
    "taylor: an order": (lambda: wrt.taylor("exp(x)", "x", order=2.5), wrt.TextError, ""),
    "taylor: a point": (lambda: wrt.taylor("exp(x)", "x", at=3), wrt.TextError, ""),
    "taylor: a pole": (lambda: wrt.taylor("log(x)", "x"), wrt.DomainError, ""),
    "taylor: a variable power of 0": (lambda: wrt.taylor("x**y", "x"), wrt.DomainError, ""),
    "taylor: a root of 0": (lambda: wrt.taylor("x**2.5", "x"), wrt.DomainError, ""),
    "taylor: prod at 0": (lambda: wrt.taylor("prod(x)", "x", shapes="x: n"), wrt.NoClosedFormError, ""),
    "verify: sizes": (lambda: wrt.verify(F, "x", sizes=3), wrt.TextError, '{"n": 3}'),
    "verify: a seed": (lambda: wrt.verify(F, "x", seed="a"), wrt.TextError, ""),
    "cost: no mapping": (lambda: D.cost(3), wrt.TextError, "cost"),
    "cost: no number": (lambda: D.cost({"m": 3, "n": "a"}), wrt.ShapeError, ""),
    "cost: negative": (lambda: D.cost({"m": 3, "n": -1}), wrt.ShapeError, ""),
    "call: one missing": (lambda: F(A=ONES((2, 2)), x=ONES(2)), wrt.TextError, ""),
    "call: one too many": (lambda: F(**GOOD, c=1), wrt.UnknownNameError, "A, x, b"),
    "call: sizes": (lambda: F(**{**GOOD, "A": ONES((2, 3))}), wrt.ShapeError, ""),
    "call: a column": (lambda: F(**{**GOOD, "x": ONES((2, 1))}), wrt.ShapeError, "reshape"),
    "call: a scalar": (lambda: F(A=1, x=1, b=1), wrt.ShapeError, ""),
    "call: words": (lambda: F(**{**GOOD, "A": "a"}), wrt.ShapeError, ""),
    "call: nothing": (lambda: F(**{**GOOD, "A": None}), wrt.ShapeError, ""),
    "call: complex": (lambda: F(**{**GOOD, "A": ONES((2, 2)) * 1j}), wrt.ShapeError, ""),
    "call: rows of two lengths": (lambda: F(**{**GOOD, "A": [[1, 2], [3]]}), wrt.ShapeError, ""),
    "call: half a number": (lambda: wrt.parse("matpow(S, k)", "S: n n, k: integer")(S=ONES((2, 2)), k=0.5), wrt.ShapeError, ""),
    "call: an array as number": (lambda: wrt.parse("matpow(S, k)", "S: n n, k: integer")(S=ONES((2, 2)), k=ONES(2)), wrt.ShapeError, ""),
    "a symbol and an array": (lambda: X + ONES(3), wrt.TextError, ""),
    "a symbol in math": (lambda: math.exp(wrt.symbols("c:")), wrt.TextError, "wrt.exp"),
    "a symbol as a condition": (lambda: bool(X), wrt.TextError, ""),
    "a loop over a symbol": (lambda: list(X), wrt.TextError, ""),
    "numpy with out": (lambda: np.exp(X, out=ONES(3)), wrt.TextError, ""),
    "numpy's reduce": (lambda: np.add.reduce(X), wrt.TextError, "wrt.sum"),
    "a function by number": (lambda: wrt.call(3, X), wrt.TextError, "call"),
    "a product that does not fit": (lambda: A @ B, wrt.ShapeError, "A.T @ b"),
    "declared twice": (lambda: X + wrt.symbols("x: m"), wrt.ShapeError, ""),
    "unregister": (lambda: wrt.unregister(3), wrt.TextError, ""),
    "manifold": (lambda: wrt.riemannian("b.T @ x", "x", manifold="ball", shapes="b: n, x: n"), wrt.TextError, ""),
}


@pytest.mark.parametrize("name", MISUSE)
def test_misuse_is_refused_with_the_right_error(name):
    make, kind, hint = MISUSE[name]
    with pytest.raises(wrt.WrtError) as caught:
        make()
    assert type(caught.value) is kind
    assert caught.value.message.endswith((".", "?"))
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["1e400*x", "x*3**1000", "3**5000*x", "1e-400*x", "sum(x)*1e299*100"])
def test_number_that_no_float_holds_is_too_large(text):
    with pytest.raises(wrt.TooLargeError):
        str(wrt.derive(text, "x"))


def test_long_whole_number_is_printed_by_its_zeros():
    assert str(wrt.derive("1e300*x")) == "1e300"


def test_what_is_assumed_can_be_declared_again():
    f = wrt.parse("c*x**2")
    assert wrt.parse("c*x**2", ", ".join(f.assumed)).declarations == f.declarations


def test_sizes_may_be_numpy_integers():
    assert wrt.parse("sum(x)", {"x": (np.int64(3),)}).shape == ()
