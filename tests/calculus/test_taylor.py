"""Taylor polynomials: exact for polynomials, error of the next order for everything else, powers of x - a kept."""

from __future__ import annotations

import numpy as np
import pytest

from index_numerics import SIZES, close, environment, evaluate, facts_of, lowered, symbol_of
from wrt.algebra.expr import number, symbol
from wrt.algebra.lower import lower
from wrt.calculus.taylor import linearize, taylor
from wrt.errors import DomainError
from wrt.language.read import read


def polynomial(text, shapes, at, order):
    source, f = lowered(text, shapes)
    declared = {name: d.shape.sizes for name, d in source.declarations.items()}
    point = {name: lower(read(words, declared)) for name, words in at.items()}
    variables = [symbol_of(source, name) for name in at]
    return source, f, taylor(f, variables, point, order, [f"d{name}" for name in at], facts_of(source))


@pytest.mark.parametrize(
    ("text", "shapes", "at"),
    [
        ("exp(b.T @ x)", "b: n, x: n, a: n", {"x": "a"}),
        ("logdet(X + eye(n)*3)", "X: n n, A: n n", {"X": "A"}),
        ("sin(x)*exp(y)", "x:, y:, a:, b:", {"x": "a", "y": "b"}),
        ("tanh(B @ x)", "B: m n, x: n, a: n", {"x": "a"}),
        ("tr(A @ expm(X))", "X: n n, A: n n, B: n n", {"X": "B"}),
        ("log(1 + x**2)", "x:", {"x": "1/2"}),
    ],
)
def test_error_is_of_the_next_order(text, shapes, at):
    order = 3
    source, f, p = polynomial(text, shapes, at, order)
    base = environment(source, SIZES, "small")
    centre = {
        name: evaluate(lower(read(words, {n: d.shape.sizes for n, d in source.declarations.items()})), base, SIZES) for name, words in at.items()
    }
    rng = np.random.default_rng(3)
    way = {name: rng.normal(size=np.shape(value)) for name, value in centre.items()}
    errors = []
    for step in (0.1, 0.05):
        env = {**base, **{name: centre[name] + step * way[name] for name in at}}
        errors.append(np.max(np.abs(evaluate(f, env, SIZES) - evaluate(p.whole, env, SIZES))))
    assert errors[0] < 1e-9 or errors[1] < errors[0] / 2 ** (order + 0.5)


def test_polynomial_is_its_own_taylor_polynomial():
    source, f, p = polynomial("x**2 + 2*x*y + y**2", "x:, y:", {"x": "1", "y": "2"}, 2)
    at = environment(source, SIZES)
    assert close(evaluate(p.whole, at, SIZES), evaluate(f, at, SIZES), 1e-12)
    dx, dy = symbol("dx"), symbol("dy")
    assert {dx, dy} <= set(p.expr.children) | {c for t in p.expr.children for c in t.children}


def test_displacement_stays_whole():
    _, _, p = polynomial("sqrt(x)", "x: positive", {"x": "4"}, 1)
    (one, half), (quarter, step) = sorted(p.expr.terms, key=lambda term: -term[0])
    assert (one, quarter, step) == (2, 0.25, symbol("dx"))
    assert half is number(1)


def test_linearize_is_order_one():
    source, f = lowered("x**3", "x:, a:")
    x, a = symbol_of(source, "x"), symbol_of(source, "a")
    assert linearize(f, [x], {"x": a}, ["dx"]).expr is taylor(f, [x], {"x": a}, 1, ["dx"]).expr


@pytest.mark.parametrize("text", ["log(x)", "sqrt(x)", "1/x"])
def test_a_point_without_derivatives_is_refused(text):
    with pytest.raises(DomainError):
        polynomial(text, "x:", {"x": "0"}, 2)
