"""The reference evaluator against the truths, with no help from `wrt`: functions and printed forms of all cases, evaluated at the stored points."""

from __future__ import annotations

import numpy as np
import pytest

from judge import FILES, Question, Verdict, close, load, sampled, squeezed
from text_reference import Misfit, evaluate, reading_length


@pytest.mark.parametrize("name", FILES)
def test_reference_agrees_with_the_truths_of(name):
    wrong = []
    for case, truth in load(name):
        question = Question(case, truth, Verdict(case["id"]))
        for point in truth["points"]:
            env, D = question.columns(point), np.asarray(point["D"], float)
            checks = [("expr", squeezed(evaluate(case["expr"], env)), squeezed(point["f"]))]
            if case["expected"] is not None:
                value = evaluate(case["expected"], env)
                checks.append(("expected", squeezed(value), squeezed(D)) if question.polynomial else ("expected", value, question.laid_out(D, point)))
            if case.get("expected_vec") is not None:
                checks.append(("expected_vec", np.atleast_2d(evaluate(case["expected_vec"], env)), question.vectorised(D, point)))
            if case.get("expected_index") is not None:
                indices, entry = case["expected_index"]["indices"], case["expected_index"]["expr"]
                checks += [
                    ("expected_index", evaluate(entry, {**env, **dict(zip(indices, map(float, at), strict=True))}), D[at]) for at in sampled(D.shape)
                ]
            wrong += [f"{case['id']} {key}" for key, got, want in checks if not close(got, want, 1e-6)]
    assert wrong == []


X = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("X[1, 2]", 5.0),
        ("X[1, :]", [[3.0, 4.0, 5.0]]),
        ("X[:, 1]", [[1.0], [4.0]]),
        ("X[:, 1][1]", 4.0),
        ("X[0, :][2]", 2.0),
        ("X[:, ::-1]", [[2.0, 1.0, 0.0], [5.0, 4.0, 3.0]]),
        ("sum(X, axis=0)", [[3.0, 5.0, 7.0]]),
        ("[[X], [X]]", np.vstack([X, X])),
        ("[1, 2]", [[1.0], [2.0]]),
        ("sum(X[i, j] for i in range(2) for j in range(3) if i < j)", 1.0 + 2.0 + 5.0),
        ("array(X[i, j] for j in range(3) for i in range(2))", X.T),
        ("commutation(2, 3) @ vec(X)", X.reshape(-1, 1)),
        ("u = X @ X.T; tr(u)", 55.0),
    ],
)
def test_value_of_a_text(text, value):
    assert np.array_equal(evaluate(text, {"X": X}), value)


@pytest.mark.parametrize("text", ["X @ X", "X + X.T", "X[1]", "X[:, 0] + X[0, :]", "2 @ X", "norm(X, 2)", "lambda: 1"])
def test_what_the_language_has_no_meaning_for_is_refused(text):
    with pytest.raises(Misfit):
        evaluate(text, {"X": X})


def test_reading_length_counts_operations_one_and_names_a_quarter():
    assert reading_length("2*A.T @ (A @ x - b)") == 4 + (5 + 1) / 4
