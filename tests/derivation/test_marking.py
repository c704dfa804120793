"""Marking at its bars, on a fixed sample of the answers in tests/cases/marking (`make marking` runs them all)."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import wrt

MARKING = Path(__file__).parent.parent / "cases" / "marking"
EVERY = 24  # of the stored answers, one is marked here


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (MARKING / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def marked(row: dict[str, Any]) -> wrt.Mark:
    f = wrt.parse(row["expr"], {name: tuple(sizes) for name, sizes in row["vars"].items()}, assume=row["assume"])
    return wrt.check(f, *row["wrt"], answer=row["answer"], layout=row.get("layout"))


WRONG, RIGHT, LINES = rows("wrong"), rows("right"), rows("lines")
KINDS = sorted({row["kind"] for row in WRONG})


def test_the_stored_answers_are_as_many_as_the_bars_ask_for():
    assert len(WRONG) >= 400
    assert len(RIGHT) >= 400
    assert len(LINES) >= 60
    assert len(KINDS) == 17


@pytest.mark.parametrize("kind", KINDS)
def test_no_wrong_answer_is_accepted_and_its_slip_is_named(kind):
    named = []
    for row in [row for row in WRONG if row["kind"] == kind][::EVERY]:
        mark = marked(row)
        assert not mark.right, row["answer"]
        named.append(mark.slip is not None)
        if mark.fixed is not None:
            assert marked({**row, "answer": mark.fixed}).right, (row["answer"], mark.fixed)
    assert named.count(False) <= max(1, 0.15 * len(named))


@pytest.mark.parametrize("part", range(4))
def test_no_right_answer_in_another_form_is_rejected(part):
    for row in RIGHT[part::4][:: EVERY // 4]:
        assert marked(row).right, (row["expr"], row["answer"])


@pytest.mark.parametrize("part", range(4))
def test_the_first_line_that_does_not_follow_is_the_one_found(part):
    for row in LINES[part::12]:
        mark = wrt.check_lines(row["lines"], row["shapes"])
        assert (mark.first_bad, mark.right) == (row["first_bad"], row["first_bad"] is None), row["lines"]


def test_a_slip_in_a_derivation_is_named():
    bad = [row for row in LINES if row["first_bad"] is not None][1::6]
    found = Counter(wrt.check_lines(row["lines"], row["shapes"]).slip == row["slip"] for row in bad)
    assert found[True] >= 0.95 * len(bad)


# What threads got wrong, as their authors typed it.
THREADS = [
    # the derivative of cross-entropy through the sigmoid, with the sigmoid's own derivative left in
    (
        "-y*log(sigmoid(w.T@x + b)) - (1 - y)*log(1 - sigmoid(w.T@x + b))",
        "w",
        "y:, w: n, x: n, b:",
        "sigmoid(w.T@x + b)*(1 - sigmoid(w.T@x + b))*(y - sigmoid(w.T@x + b))*x",
    ),
    # d|u|/du written as u/(2|u|^2)
    ("exp(-norm(x - a)/b)", "x", "x: d, a: d, b: positive", "-exp(-norm(x - a)/b)*(x - a)/(2*norm(x - a)**2)/b"),
]


@pytest.mark.parametrize(("f", "x", "shapes", "answer"), THREADS)
def test_the_wrong_answers_of_threads_are_marked_wrong_with_a_point_that_shows_it(f, x, shapes, answer):
    mark = wrt.check(f, x, answer=answer, shapes=shapes)
    assert not mark.right
    assert mark.counterexample is not None
    _, wanted, given = mark.counterexample
    assert wanted != given
    assert str(mark).startswith("wrong")


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        ("2*A @ (A.T @ x - b)", None),
        ("2*A.T @ (A @ x + b)", "b"),
        ("3*A.T @ (A @ x - b)", "3"),
        ("\\nabla f = 2A^T(Ax + b)", "b"),
        ("df/dx = 2*A.T@(A@x + b)", "b"),
    ],
)
def test_the_place_named_is_the_slip(answer, place):
    mark = wrt.check("norm(A @ x - b)**2", "x", answer=answer, shapes="A: n n, x: n, b: n")
    assert not mark.right
    if place is not None:
        assert mark.where is not None
        assert answer[slice(*mark.where)] == place


@pytest.mark.parametrize(
    ("f", "x", "answer"),
    [("x**2", "x", "2x"), ("norm(A @ x)**2", "x", "gradient: 2*A.T@A@x"), ("x.T @ A @ x", "x", "(A + A^T)x"), ("sum(x**3)", "x", "3*x.^2")],
)
def test_answers_are_read_as_they_are_written_on_paper(f, x, answer):
    assert wrt.check(f, x, answer=answer).right


def test_decimals_of_pi_count_as_pi():
    assert wrt.check("exp(-x**2/2)/sqrt(2*pi)", "x", answer="-x*exp(-x**2/2)*0.3989422804014327", shapes={"x": ()}).right


def test_an_answer_of_the_wrong_shape_is_told_its_shape():
    mark = wrt.check("softmax(z)", "z", answer="softmax(z)*(1 - softmax(z))", shapes="z: n")
    assert (mark.right, mark.slip) == (False, "shape")
    assert "It is n x 1; the derivative is n x n." in str(mark)


def test_a_line_that_cannot_be_read_is_refused_by_its_number():
    with pytest.raises(wrt.UnknownNameError, match="line 2"):
        wrt.check_lines(["x**2", "coz(x)"], "x: n")


def test_a_derivation_in_one_text_is_read_line_by_line():
    mark = wrt.check_lines("f = sin(x**2)\nf'(x) = cos(x**2)", {"x": ()})
    assert (mark.first_bad, mark.slip) == (1, "chain-rule-inner-lost")


@pytest.mark.parametrize(
    ("f", "x", "answer", "shapes"),
    [
        ("x.T @ A @ x", "x", "sum((A[i, j] + A[j, i])*x[j] for j in range(n))", "A: n n, x: n"),
        ("A @ x", "x", "A[i, j]", "A: m n, x: n"),
        ("relu(W @ x + b)", "W", "(W @ x + b > 0)[i]*(i == j)*x[k]", "W: m n, x: n, b: m"),
        ("B.T @ B", "B", "(i == l)*B[k, j] + (j == l)*B[k, i]", "B: m n"),
        ("sum(exp(x))", "x", "np.exp(x)", "x: n"),
        ("x**2", "x", "df/dx = 2*x*1 = 2*x", {"x": ()}),
    ],
)
def test_an_answer_may_be_an_entry_or_code_or_end_a_chain_of_equations(f, x, answer, shapes):
    assert wrt.check(f, x, answer=answer, shapes=shapes).right


def test_a_term_lost_in_an_entry_is_put_back():
    mark = wrt.check("B.T @ B", "B", answer="(i == l)*B[k, j]", shapes="B: m n")
    assert (mark.right, mark.slip, mark.fixed) == (False, "product-rule-term-lost", "(i == l)*B[k, j] + (j == l)*B[k, i]")


def test_an_entry_that_is_right_for_another_order_of_its_indices_is_not_decided():
    mark = wrt.check("A @ B", "A", answer="(i == k)*B[j, l]", shapes="A: n n, B: n n")
    assert not mark.right
    assert mark.undecided == "it is right if the indices of the entry are, in order, i, l, k, j"


@pytest.mark.parametrize(
    ("f", "x", "answer", "slip"),
    [
        ("exp(sin(x))", "x", "exp(sin(x))", "chain-rule-inner-lost"),
        ("x**2*sin(x)", "x", "2*x*cos(x)", "product-rule-term-lost"),
        ("2**x", "x", "x*2**(x - 1)", "power-rule"),
        ("log(x)", "x", "exp(x)", "log-exp"),
        ("sin(x)**3", "x", "3*cos(x)**2", "power-rule"),
        ("(x**2 + 1)/(x - 1)", "x", "((x**2 + 1) - 2*x*(x - 1))/(x - 1)**2", "sign"),
    ],
)
def test_a_rule_misapplied_on_the_way_is_named(f, x, answer, slip):
    assert wrt.check(f, x, answer=answer, shapes={"x": ()}).slip == slip
