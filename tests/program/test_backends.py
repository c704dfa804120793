"""Every backend against the plain evaluation of the index form. What is not installed here is skipped."""

from __future__ import annotations

import numpy as np
import pytest
from formulas import EVERYTHING, Formula

import wrt
from index_numerics import SIZES, SIZES_OF, close, environment, evaluate, facts_of, lowered, symbol_of
from wrt.algebra.flatten import flattened
from wrt.algebra.simplify import simplify
from wrt.calculus.derive import derivative
from wrt.errors import DomainError, NoClosedFormError
from wrt.program.emit import compile_program
from wrt.proof.programs import compile_proved

SAME = 1e-7
GAUGE = ("svd_u(", "svd_v(")  # each library chooses the signs of singular vectors
LACKING = {"jax": ("logm",), "torch": ("logm", "sqrtm")}


@pytest.fixture(params=["jax", "torch"])
def backend(request):
    pytest.importorskip(request.param)
    if request.param == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
    return request.param


SOME = [case for k, case in enumerate(EVERYTHING) if not any(word in case.text for word in GAUGE) and k % 3 == 0]
SOME += [case for case in EVERYTHING if "logm" in case.text or "sqrtm" in case.text]


@pytest.mark.parametrize("case", SOME, ids=lambda case: f"{case.text} {case.points}".strip())
def test_values_and_gradients(case: Formula, backend: str):
    source, f = lowered(case.text, case.shapes)
    sizes = SIZES_OF.get(case.points, SIZES)
    at = environment(source, sizes, case.points)
    d = flattened(derivative(f, symbol_of(source, case.wrt.split()[0])))
    for expr in (f, simplify(d, facts_of(source), spell=False)[0]):
        program = compile_program({"value": expr}, source.declarations, backend=backend)
        if any(word in case.text for word in LACKING.get(backend, ())):
            with pytest.raises(NoClosedFormError, match=f"{backend} has no linalg"):
                _ = program.source
            return
        got = program(**at, **{n: sizes[n] for n in program.binder.free})
        with np.errstate(all="ignore"):
            assert close(np.asarray(got), evaluate(expr, at, sizes), SAME)


def test_programs_are_proved_whatever_the_library(backend: str):
    source, f = lowered("norm(O*(T - U @ V.T))**2", "T: m n, O: m n, U: m k, V: n k")
    U = symbol_of(source, "U")
    h = flattened(derivative(derivative(f, U), U))
    at = environment(source, {"m": 3, "n": 4, "k": 2})
    asked = {"h": (h, source, (("U", "U"), "ignored"))}
    dense = compile_proved(asked, source.declarations, backend=backend)(**at)
    structured = compile_proved(asked, source.declarations, backend=backend, output="structured")(**at)
    assert np.allclose(structured.dense(), np.asarray(dense))


def test_the_code_names_its_library(backend: str):
    source, f = lowered("exp(A @ x)", "A: m n, x: n")
    code = compile_program({"value": f}, source.declarations, backend=backend).source
    assert {"jax": "import jax.numpy as jnp", "torch": "torch_names import np as tnp"}[backend] in code
    assert f"{'jnp' if backend == 'jax' else 'tnp'}.exp(A @ x)  # exp(A @ x)" in code


def test_a_program_is_proved_while_jax_traces_its_caller():
    jax = pytest.importorskip("jax")
    a, b, x = np.arange(6.0).reshape(3, 2) + 0.5, np.ones(3), np.array([0.3, -0.2])
    for text in ("norm(A @ x - b)**2 + sum(x)", "norm(A @ x - b)**2 + sum(x**3)"):  # not compiled by another test
        f = wrt.parse(text, "A: m n, x: n, b: m")
        first, second = f.compile(backend="jax"), wrt.derive(f, "x").compile(backend="jax")
        got = jax.jit(jax.grad(lambda x, f=first: f(a, x, b)))(x)
        assert close(got, wrt.derive(f, "x").compile()(a, x, b), 1e-4)
        assert close(jax.jit(second)(a, x, b), got, 1e-4)


def test_a_singular_matrix_is_refused_as_a_point_outside_the_domain():
    with pytest.raises(DomainError):
        wrt.derive("logdet(X)", "X", shapes="X: n n").compile()(np.zeros((2, 2)))
