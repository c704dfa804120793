"""Programs are run against the function as typed before their first result: a wrong one never leaves."""

from __future__ import annotations

import numpy as np
import pytest

from index_numerics import lowered, symbol_of
from wrt.algebra.flatten import flattened
from wrt.algebra.product import scale
from wrt.calculus.derive import derivative
from wrt.errors import ProofError
from wrt.proof.programs import compile_proved

DERIVED = [
    ("norm(A @ x - b)**2", "A: m n, x: n, b: m", "x"),
    ("log(sum(exp(x)))", "x: n", "x"),
    ("logdet(S)", "S: n n spd", "S"),
    ("sum(E[idx, :] @ a)", "E: v d, idx: b integer, a: d", "E"),
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
