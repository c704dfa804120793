"""Programs against the plain evaluation of the index form, for every function of the language, its gradient and its Hessian; and every line
against its own comment.
"""

from __future__ import annotations

import random

import numpy as np
import pytest
from formulas import EVERYTHING, Formula
from program_comments import check

from index_numerics import SIZES, SIZES_OF, close, environment, evaluate, facts_of, lowered, symbol_of
from wrt.algebra.flatten import flattened
from wrt.algebra.simplify import simplify
from wrt.calculus.derive import derivative
from wrt.program.emit import compile_program

SAME = 1e-8
SLOW = ("logm", "sqrtm", "frechet", "expm")  # their second derivatives take the plain evaluation seconds


@pytest.mark.parametrize("case", EVERYTHING, ids=lambda case: f"{case.text} {case.points}".strip())
def test_programs_give_the_values_and_mean_their_comments(case: Formula):
    source, f = lowered(case.text, case.shapes)
    sizes = SIZES_OF.get(case.points, SIZES)
    at = environment(source, sizes, case.points)
    for expr in _derivatives(source, f, case):
        program = compile_program({"value": expr}, source.declarations)
        needed = {n: sizes[n] for n in program.names}
        with np.errstate(all="ignore"):
            got = program(**at, **{n: sizes[n] for n in program.binder.free})
            assert close(got, evaluate(expr, at, sizes), SAME)
            check(program.version(needed).source, source.declarations, at, needed)


def _derivatives(source, f, case):
    """The function, then its first and second derivatives by each variable and one other, simplified without and with conditions."""
    yield f
    names = case.wrt.split()
    choose = random.Random(case.text)
    for name in names:
        d = flattened(derivative(f, symbol_of(source, name)))
        yield simplify(d, facts_of(source), spell=False)[0]
        if case.order > 1 and not any(f"{slow}(" in case.text for slow in SLOW):
            second = flattened(derivative(d, symbol_of(source, choose.choice(names))))
            if second.order <= 4:
                yield simplify(second, facts_of(source), spell=False)[0]


SHAPED = [
    ("A @ X @ B + C", "A: m m, X: m n, B: n n, C: m n"),
    ("x.T @ A @ x + b.T @ x", "A: n n, x: n, b: n"),
    ("diag(x) + A*(x @ x.T)", "A: n n, x: n"),
    ("sum(exp(X @ Y), axis=1)", "X: m n, Y: n p"),
    ("tr(A @ B @ C)", "A: m n, B: n p, C: p m"),
    ("einsum('ijk,kl,j->il', T, A, x)", "T: m n p, A: p q, x: n"),
    ("array(T[i, j, k]*A[k, j] for i in range(m) for j in range(n) for k in range(p))", "T: m n p, A: p n"),
    ("kron(A, B) @ vec(X.T)", "A: m n, B: p q, X: n q"),
    ("[[A, B], [B.T, D]]", "A: m m, B: m n, D: n n"),
    ("cumsum(X, axis=0) + tril(X)", "X: m n"),
]


@pytest.mark.parametrize(("text", "shapes"), SHAPED)
@pytest.mark.parametrize("sizes", [{"m": 1, "n": 1, "p": 1, "q": 1}, {"m": 0, "n": 3, "p": 1, "q": 2}, {"m": 4, "n": 0, "p": 2, "q": 1}])
def test_sizes_0_and_1(text, shapes, sizes):
    source, f = lowered(text, shapes)
    at = environment(source, sizes)
    for name in source.declarations:
        expr = flattened(derivative(f, symbol_of(source, name)))
        for e in (f, expr):
            program = compile_program({"value": e}, source.declarations)
            assert close(program(**at), evaluate(e, at, sizes), SAME)


def test_several_outputs_come_in_order_and_share_their_work():
    source, f = lowered("norm(A @ x - b)**2", "A: m n, x: n, b: m")
    gradient = flattened(derivative(f, symbol_of(source, "x")))
    program = compile_program({"value": f, "gradient": gradient}, source.declarations)
    value, slope = program(A=np.eye(2), x=[3.0, 4.0], b=[0.0, 0.0])
    assert value == 25.0
    assert slope.tolist() == [6.0, 8.0]
    assert program.source.count("A @ x") == 2  # once in code, once in its comment


def test_results_are_no_views_of_arguments():
    source, f = lowered("X.T", "X: m n")
    X = np.arange(6.0).reshape(2, 3)
    result = compile_program({"value": f}, source.declarations)(X)
    result[0, 0] = 7
    assert X[0, 0] == 0


def test_a_scalar_comes_as_a_number():
    source, f = lowered("sum(x)", "x: n")
    assert type(compile_program({"value": f}, source.declarations)([1, 2])) is float


def test_cost_counts_multiply_adds():
    source, f = lowered("A @ B @ x", "A: n n, B: n n, x: n")
    program = compile_program({"value": f}, source.declarations)
    assert program.cost({"n": 100}) == 2 * 100 * 100


def test_the_order_of_products_follows_the_sizes():
    source, f = lowered("A @ B @ C", "A: m n, B: n p, C: p q")
    program = compile_program({"value": f}, source.declarations)
    left = {"m": 2, "n": 200, "p": 200, "q": 300}
    right = {"m": 300, "n": 200, "p": 200, "q": 2}
    assert program.cost(left) == 2 * 200 * 200 + 2 * 200 * 300
    assert program.cost(right) == 200 * 200 * 2 + 300 * 200 * 2


def test_code_is_made_once_for_similar_sizes():
    source, f = lowered("A @ B @ x", "A: n n, B: n n, x: n")
    program = compile_program({"value": f}, source.declarations)
    for n in (1000, 1010, 1020):
        program.version({"n": n})
    assert len(program.versions) == 1


def test_failing_code_is_shown_with_line_numbers():
    source, f = lowered("exp(x)", "x: n")
    program = compile_program({"value": f}, source.declarations)
    version = program.version({"n": 2})

    def broken(*arguments):
        raise ValueError("no")

    program.versions = dict.fromkeys(program.versions, version._replace(run=broken))
    with pytest.raises(ValueError, match="no") as caught:
        program([1.0, 2.0])
    assert "value = np.exp(x)" in caught.value.__notes__[0]
    assert caught.value.__notes__[0].startswith("in the compiled program:\n   1  ")
