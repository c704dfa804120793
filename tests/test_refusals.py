"""Questions that have no answer: each is refused by an error of the right kind, and errors read as the house style has them, whole."""

from __future__ import annotations

import json

import pytest

import wrt
from judge import CASES, time_limit

REFUSALS = [json.loads(line) for line in (CASES / "refusals" / "refusals.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case["id"])
def test_question_without_an_answer_is_refused(case):
    with time_limit(5), pytest.raises(wrt.WrtError) as caught:
        f = wrt.parse(case["expr"], {name: tuple(sizes) for name, sizes in case["vars"].items()}, assume=case.get("assume"))
        wrt.derive(f, *(case["wrt"] or list(f.declarations)[:1]))
    error = caught.value
    assert type(error).__name__ in case["error"]
    assert error.code
    assert error.message.endswith((".", "?"))


OWN = [json.loads(line) for line in (CASES / "refusals" / "own.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("case", OWN, ids=lambda case: case["id"])
def test_refusal_names_the_smallest_culprit_and_says_what_to_try(case):
    shapes = {name: tuple(sizes) for name, sizes in case["vars"].items()}
    with time_limit(5), pytest.raises(wrt.WrtError) as caught:
        f = wrt.parse(case["expr"], shapes, assume=case.get("assume"), syntax=case.get("syntax"))
        str(wrt.derive(f, *(case.get("wrt") or list(f.declarations)[:1])))
    error = caught.value
    assert type(error).__name__ in case["error"]
    assert error.message.endswith((".", "?"))
    assert case["hint"] in error.hint
    if "caret" in case:
        assert error.text[slice(*error.span)] == case["caret"]


MESSAGES = [
    (
        "x @ y + b",
        "x: n, y: n, b:",
        """ShapeError: cannot multiply x @ y: inner sizes differ (x is n x 1, y is n x 1).
    x @ y + b
    ^^^^^
  hint: x.T @ y is the inner product, x @ y.T the outer product.""",
    ),
    (
        "c @ x",
        "c:, x: n",
        """ShapeError: c is a scalar: a scalar multiplies with *, not with @.
    c @ x
    ^^^^^
  hint: write c*x.""",
    ),
    (
        "1 + sofmax(x)",
        None,
        """UnknownNameError: 'sofmax' is not a function of the language.
    1 + sofmax(x)
        ^^^^^^
  hint: did you mean 'softmax'?""",
    ),
    (
        "norm(X, 2)",
        "X: m n",
        """ShapeError: which norm of a matrix? X is m x n.
    norm(X, 2)
    ^^^^^^^^^^
  hint: norm(X) is the Frobenius norm, norm(X, "nuc") the nuclear, norm(X, "spec") the spectral norm.""",
    ),
    (
        "A*x",
        "A: m n, x: n",
        """ShapeError: the shapes do not fit: A is m x n, x is n x 1.
    A*x
    ^^^
  hint: A @ x is the product of matrix and vector; beside a matrix a column has an entry for every row, a row for every column: x.T fits.""",
    ),
    (
        "X @ W + b",
        None,
        """TextError: is b a scalar, a row or a column? It is added to a matrix.
    X @ W + b
            ^
  hint: declare it: b: (scalar), or a shape such as b: n; a row is b.T.""",
    ),
    (
        "(1 + x",
        None,
        """TextError: expected ')', found the end of the text.
    (1 + x
          ^""",
    ),
    (
        "x",
        "x: n symetric",
        """UnknownNameError: 'symetric' is no fact.
    x: n symetric
    ^^^^^^^^^^^^^
  hint: did you mean 'symmetric'?""",
    ),
]


@pytest.mark.parametrize(("text", "declared", "message"), MESSAGES, ids=[text for text, _, _ in MESSAGES])
def test_message_says_what_where_and_what_to_try(text, declared, message):
    with pytest.raises(wrt.WrtError) as caught:
        wrt.parse(text, declared)
    assert f"{type(caught.value).__name__}: {caught.value}" == message
