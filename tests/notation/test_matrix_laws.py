"""Laws of the matrix form: it reads back to the derivative's value and kind, costs its nodes, and is the same in every process."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from derived import derived
from hypothesis import given, settings
from hypothesis import strategies as st

from index_reference import evaluate as evaluate_array
from strategies import DECLARED, NAMES, SHAPES, SIZES, columns, environment, point, scalars, squares
from text_reference import evaluate, reading_length
from wrt.calculus.operators import in_layout
from wrt.errors import WrtError
from wrt.language.read import read_like
from wrt.language.surface import Steps
from wrt.language.unparse import unparse
from wrt.notation.context import context_of
from wrt.notation.lets import named
from wrt.notation.matrix import matrix_form

FORMULAS = st.one_of(scalars(3), columns(2), squares(2))


def laid_out(text, shapes, names, layout="mixed"):
    source, d = derived(text, shapes, *names)
    return source, in_layout(d, source.tree.shape, [source.declarations[n].shape for n in names], layout)


@given(FORMULAS, NAMES, st.sampled_from(["mixed", "numerator", "denominator"]), st.booleans(), st.integers(0, 3))
@settings(max_examples=120)
def test_matrix_form_reads_back_to_the_derivative(text, name, layout, twice, seed):
    names = [name, name] if twice else [name]
    try:
        source, form = laid_out(f"({text}) + 0*sum({name})" if SHAPES[name] else f"({text}) + 0*{name}", DECLARED, names, layout)
    except WrtError:
        return
    if form is None:
        return
    node = matrix_form(form.expr, form.kind, context_of(source, source.declarations))
    assert node is not None
    words = unparse(node)
    back = read_like(words, source)
    assert back.tree.shape.kind == form.kind
    assert unparse(back.tree) == words
    values = point(seed)
    want = np.asarray(evaluate_array(form.expr, values, SIZES), float)
    want = want[:, None] if form.kind == "column" else want[None, :] if form.kind == "row" else want
    got = np.asarray(evaluate(words, environment(values)), float)
    np.testing.assert_allclose(got, want, rtol=1e-7, atol=1e-8 * (1 + np.abs(want).max(initial=0)))


def chain(layers: int, *, steps: bool) -> str:
    if steps:
        return "h0 = x; " + "".join(f"h{k + 1} = tanh(W @ h{k} + b); " for k in range(layers)) + f"sum(h{layers})"
    text = "x"
    for _ in range(layers):
        text = f"tanh(W @ {text} + b)"
    return f"sum({text})"


def test_a_deep_chain_is_printed_in_length_linear_in_its_layers():
    lengths = {}
    for layers in (30, 60):
        source, form = laid_out(chain(layers, steps=True), "W: n n, x: n, b: n", ["x"])
        node = matrix_form(form.expr, form.kind, context_of(source, source.declarations))
        assert isinstance(node, Steps)
        lengths[layers] = reading_length(unparse(node))
    assert lengths[60] < 2.2 * lengths[30]


def test_a_thousand_layers_take_linear_time():
    source, form = laid_out(chain(1000, steps=True), "W: n n, x: n, b: n", ["x"])
    start = time.process_time()
    node = matrix_form(form.expr, form.kind, context_of(source, source.declarations))
    assert isinstance(node, Steps)
    assert time.process_time() - start < 20


def test_shared_parts_keep_the_user_s_names():
    source, form = laid_out(chain(5, steps=True), "W: n n, x: n, b: n", ["x"])
    words = unparse(matrix_form(form.expr, form.kind, context_of(source, source.declarations)))
    assert words.startswith("h1 = tanh(W @ x + b); h2 = tanh(W @ h1 + b);")
    assert read_like(words, source).tree.shape.kind == "column"


def test_a_short_result_is_printed_without_names():
    source, form = laid_out(chain(3, steps=False), "W: n n, x: n, b: n", ["x"])
    assert not isinstance(matrix_form(form.expr, form.kind, context_of(source, source.declarations)), Steps)


def test_recurring_parts_are_named_on_request():
    source, form = laid_out(chain(3, steps=False), "W: n n, x: n, b: n", ["x"])
    context = context_of(source, source.declarations)
    words = unparse(matrix_form(form.expr, form.kind, context))
    shorter = unparse(named(read_like(words, source).tree, context))
    assert shorter.startswith("u1 = ")
    assert reading_length(shorter) < reading_length(words)


PROGRAM = """
import sys
sys.path[:0] = [{tests!r}, {notation!r}]
from test_matrix import ELEMENTWISE, IDIOMS, PLACES, PRODUCTS, matrix_text
print([matrix_text(text, shapes, names) for text, shapes, names, _ in PRODUCTS + ELEMENTWISE + IDIOMS + PLACES])
"""


@pytest.mark.parametrize("seed", ["1", "77"])
def test_the_same_text_in_every_process(seed):
    here = Path(__file__).parent
    program = PROGRAM.format(tests=str(here.parent), notation=str(here))
    done = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": s, "PYTHONPATH": str(here.parents[1] / "src")},
            capture_output=True,
            text=True,
            check=True,
        )
        for s in ("0", seed)
    ]
    assert done[0].stdout == done[1].stdout
