"""Programs are run against the function as typed before their first result: a wrong one never leaves."""

from __future__ import annotations

import numpy as np
import pytest

import wrt
from index_numerics import lowered, symbol_of
from wrt.algebra.flatten import flattened
from wrt.algebra.product import scale
from wrt.calculus.derive import derivative
from wrt.errors import ProofError, ShapeError, TooLargeError
from wrt.proof.programs import compile_proved

DERIVED = [
    ("norm(A @ x - b)**2", "A: m n, x: n, b: m", "x"),
    ("log(sum(exp(x)))", "x: n", "x"),
    ("logdet(S)", "S: n n spd", "S"),
    ("sum(E[idx, :] @ a)", "E: v d, idx: b integer, a: d", "E"),
    ("sum(log(A[s[t], s[t + 1]]) for t in range(T - 1))", "A: N N positive, s: T integer", "A"),
    ("tr(matpow(X, k))", "X: n n, k: integer", "X"),
    ("max(x)", "x: n", "x"),
    ("sum(sqrt(x))", "x: n positive", "x"),
]


@pytest.mark.parametrize(("text", "shapes", "name"), DERIVED, ids=[d[0] for d in DERIVED])
def test_a_right_program_passes_and_a_wrong_one_does_not(text, shapes, name):
    source, f = lowered(text, shapes)
    d = flattened(derivative(f, symbol_of(source, name)))
    asked = ((name,), "ignored")
    assert compile_proved({"d": (d, source, asked)}, source.declarations).source
    wrong = compile_proved({"d": (scale(2, d), source, asked)}, source.declarations)
    with pytest.raises(ProofError, match="the compiled program disagrees with the function as typed") as caught:
        _ = wrong.source
    assert "def d(" in caught.value.hint


def test_values_and_several_outputs_are_checked_too():
    source, f = lowered("x.T @ A @ x", "A: n n, x: n")
    g = flattened(derivative(f, symbol_of(source, "x")))
    outputs = {"f": (f, source, ()), "g": (g, source, (("x",), "ignored"))}
    assert compile_proved(outputs, source.declarations)(A=np.eye(2), x=[1.0, 2.0])[0] == 5.0
    with pytest.raises(ProofError, match=r"\(f: "):
        _ = compile_proved({**outputs, "f": (scale(-1, f), source, ())}, source.declarations).source


def test_structured_programs_are_checked():
    source, f = lowered("norm(T - U @ V.T)**2", "T: m n, U: m k, V: n k")
    U = symbol_of(source, "U")
    h = flattened(derivative(derivative(f, U), U))
    asked = (("U", "U"), "ignored")
    assert compile_proved({"h": (h, source, asked)}, source.declarations, output="structured").source
    with pytest.raises(ProofError):
        _ = compile_proved({"h": (scale(3, h), source, asked)}, source.declarations, output="structured").source


def test_programs_are_remembered():
    source, f = lowered("sum(x)", "x: n")
    assert compile_proved({"f": (f, source, ())}, source.declarations) is compile_proved({"f": (f, source, ())}, source.declarations)


def test_every_plan_is_checked():
    source, f = lowered("A @ B @ C", "A: m n, B: n p, C: p q")
    program = compile_proved({"f": (f, source, ())}, source.declarations)
    seen = []
    inner = program.verify
    program.verify = lambda p, version: (seen.append(version), inner(p, version))
    program.version({"m": 2, "n": 200, "p": 200, "q": 300})
    program.version({"m": 300, "n": 200, "p": 200, "q": 2})
    assert len(seen) == 2


@pytest.mark.parametrize("text", ["x*pi**1000", "x**2*exp(1000)", "x*exp(exp(10))"])
def test_a_number_that_no_float_holds_is_told(text):
    with pytest.raises(TooLargeError, match="past 1e300"):
        wrt.derive(text, "x", shapes="x:")(x=1.5)


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("sum(A*eigvecsh(X))", "X: n n, A: n n"),
        ("sum(A*svd_u(X))", "X: m n, A: m n"),
        ("sum(B*svd_v(X))", "X: m n, B: n n"),
        ("eigvecsh(X)", "X: n n"),
    ],
)
def test_vectors_have_the_signs_that_the_library_gives_them(text, shapes):
    f = wrt.parse(text, shapes)
    draw = np.random.default_rng(2)
    at = {name: draw.normal(size=[{"m": 4, "n": 3}[str(s)] for s in d.shape.sizes]) for name, d in f.declarations.items()}
    direction = draw.normal(size=at["X"].shape)
    value = f.compile()
    ahead, behind = (np.asarray(value(**{**at, "X": at["X"] + s * direction})) for s in (1e-6, -1e-6))
    assert np.tensordot(wrt.derive(f, "X")(**at), direction, 2) == pytest.approx((ahead - behind) / 2e-6, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(
    ("text", "order"), [("sum(A*polar(X))", 1), ('norm(X, "nuc")', 2), ("sum(svdvals(X)**3)", 2), ("sum(A*svd_u(X))", 1)], ids=str
)
def test_formulas_for_a_tall_matrix_refuse_a_wide_one(text, order):
    f = wrt.parse(text, "X: m n" + (", A: m n" if "A" in text else ""))
    wide = {name: np.ones((2, 3)) + np.eye(2, 3) for name in f.declarations}
    with pytest.raises(ShapeError, match="holds for m >= n; found 2 and 3"):
        wrt.derive(f, "X", order)(**wide)


@pytest.mark.parametrize("text", ['norm(X, "nuc")', 'norm(X, "spec")', "sum(svdvals(X)**3)"])
def test_formulas_for_every_shape_take_a_wide_matrix(text):
    d = wrt.derive(text, "X", shapes="X: m n")
    wide = np.random.default_rng(3).normal(size=(2, 3))
    assert d(X=wide) == pytest.approx(d(X=wide.T.copy()).T)


def test_a_look_up_by_a_part_of_a_vector_reads_back():
    d = wrt.derive("sum(E[s[t], :] @ E[s[t + 1], :].T for t in range(T - 1))", "E", shapes="E: N k, s: T integer")
    assert str(d) == "eye(N)[:, s[:T - 1]] @ E[s[1:], :] + eye(N)[:, s[1:]] @ E[s[:T - 1], :]"
    assert d.verified == "exact"
