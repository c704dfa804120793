"""Every function of the text language, derived to second order, against differences; and simplified, against itself."""

from __future__ import annotations

import numpy as np
import pytest
from formulas import EVERYTHING, Formula

import text_reference
from index_numerics import SIZES, SIZES_OF, close, differences, environment, evaluate, facts_of, lowered, symbol_of
from wrt.algebra.flatten import flattened
from wrt.algebra.simplify import simplify
from wrt.calculus.derive import derivative
from wrt.calculus.local import FLAT
from wrt.language.signatures import known_functions
from wrt.language.signatures_special import RULES
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS

FIRST, SECOND, SAME = 1e-7, 1e-6, 1e-8  # relative errors: differences once, differences of an exact derivative, a rewriting


@pytest.mark.parametrize("case", EVERYTHING, ids=lambda case: f"{case.text} {case.points}".strip())
def test_derivatives_are_those_of_differences(case: Formula):
    source, f = lowered(case.text, case.shapes)
    sizes = SIZES_OF.get(case.points, SIZES)
    at = environment(source, sizes, case.points)
    columns = {name: value[:, None] if np.ndim(value) == 1 else value for name, value in at.items()}
    value = np.asarray(text_reference.evaluate(case.text, {**sizes, **columns}))
    assert close(evaluate(f, at, sizes).reshape(-1), value.reshape(-1), SAME)
    names = case.wrt.split()
    for name in names:
        d = _checked(f, source, name, at, sizes, FIRST)
        for other in names if case.order > 1 else ():
            _checked(d, source, other, at, sizes, SECOND)


def _checked(f, source, name, at, sizes, tolerance):
    d = flattened(derivative(f, symbol_of(source, name)))
    got = evaluate(d, at, sizes)
    want = differences(lambda x: evaluate(f, {**at, name: x}, sizes), at[name])
    assert close(got, want, tolerance)
    exact, _ = simplify(d, facts_of(source), spell=False)
    assert close(evaluate(exact, at, sizes), got, SAME)
    spelled, conditions = simplify(d, facts_of(source))
    assert conditions or close(evaluate(spelled, at, sizes), got, SAME)
    return d


def test_formulas_use_every_function():
    text = " ".join(case.text for case in EVERYTHING)
    unused = {name for name in known_functions() if f"{name}(" not in text}
    assert unused <= {"trace"}, f"no formula of formulas.py uses {sorted(unused)}"


def test_every_row_has_a_derivative():
    for name, row in FUNCTIONS.items():
        assert len(row.d) == len(row.arguments), name
    for name, row in OPERATORS.items():
        assert row.d or row.defined or name in RULES or name in FLAT, name
