"""Linear algebra from one library, one factorisation a matrix."""

from __future__ import annotations

import numpy as np
import pytest

from index_numerics import close, environment, evaluate, facts_of, lowered, symbol_of
from wrt.algebra.flatten import flattened
from wrt.algebra.simplify import simplify
from wrt.calculus.derive import derivative
from wrt.program.emit import compile_program

ASKED = [
    # text, shapes, variable, calls that must be there, calls that must not
    ("logdet(K) + y.T @ inv(K) @ y", "K: n n spd, y: n", "", ("linalg.cholesky(", "cho_solve"), ("slogdet", "np.linalg")),
    (
        "logdet(K) + y.T @ inv(K) @ y",
        "K: n n spd, y: n",
        "K",
        ("linalg.cholesky(", "cho_solve", "inverse_of_cholesky"),
        ("np.linalg.inv", "np.linalg.solve"),
    ),
    ("a.T @ inv(X) @ b", "X: n n, a: n, b: n", "X", ("lu_factor", "lu_solve"), ("np.linalg",)),
    ("norm(A @ inv(X) @ B)**2", "A: m n, X: n n, B: n p", "X", ("np.linalg",), ("lu_", "cho_", "scipy")),
    ("inv(X) @ b", "X: n n, b: n", "", ("np.linalg.solve",), ("inv(", "scipy")),
    ("tr(inv(A) @ B)", "A: n n, B: n n", "", ("np.trace(np.linalg.solve",), ("np.linalg.inv",)),
]


@pytest.mark.parametrize(("text", "shapes", "name", "present", "absent"), ASKED)
def test_who_factorises(text, shapes, name, present, absent):
    source, d = lowered(text, shapes)
    if name:
        d = derivative(d, symbol_of(source, name))
    d, _ = simplify(flattened(d), facts_of(source))
    program = compile_program({"value": d}, source.declarations)
    sizes = {"m": 200, "n": 300, "p": 200}
    code = program.version({n: sizes[n] for n in program.names}).source
    code = "\n".join(line.partition("  # ")[0] for line in code[code.rindex("def ") :].splitlines())
    assert [word for word in present if word not in code] == []
    assert [word for word in absent if word in code] == []
    small = {"m": 2, "n": 3, "p": 4}
    at = environment(source, small)
    run = program.version({n: sizes[n] for n in program.names}).run
    assert close(run(*[np.asarray(at[n], dtype=float)[()] for n in source.declarations]), evaluate(d, at, small), 1e-8)


def test_one_factorisation_for_value_gradient_and_curvature():
    source, f = lowered("y.T @ inv(K) @ y", "K: n n spd, y: n")
    y = symbol_of(source, "y")
    gradient = flattened(derivative(f, y))
    program = compile_program({"f": f, "g": simplify(gradient, facts_of(source))[0]}, source.declarations)
    assert program.source.count("linalg.cholesky(") == 1
    assert program.source.count("cho_solve(") == 1
