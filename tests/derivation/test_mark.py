"""Marking: right answers in any form are right, wrong ones are wrong, and a slip is named only where undoing it mends the answer."""

from __future__ import annotations

import pytest

import wrt

RIGHT = [
    ("norm(A @ x - b)**2", "x", "2*A.T @ (A @ x - b)", ("mixed", "denominator")),
    ("norm(A @ x - b)**2", "x", "2*(A @ x - b).T @ A", ("numerator",)),
    ("norm(A @ x - b)**2", "x", "2*x'*A'*A - 2*b'*A", ("numerator",)),
    ("x.T @ A @ x", "x", "A.T @ x + A @ x", ("mixed", "denominator")),
    ("logdet(X)", "X", "inv(X.T)", ("mixed", "numerator", "denominator")),
    ("sin(x)**2", "x", "sin(2*x)", ("mixed", "numerator", "denominator")),
    ("log(1 + exp(-y*w))", "w", "-y/(1 + exp(y*w))", ("mixed", "numerator", "denominator")),
    ("A @ x", "x", "A.T", ("denominator",)),
    ("inv(X)", "X", "-kron(inv(X).T, inv(X))", ("mixed", "numerator", "denominator")),
]

WRONG = [
    ("norm(A @ x - b)**2", "x", "A.T @ (A @ x - b)", "factor"),
    ("norm(A @ x - b)**2", "x", "2*A @ (A @ x - b)", "transpose"),
    ("norm(A @ x - b)**2", "x", "2*A.T @ (A @ x + b)", "sign"),
    ("norm(A @ x - b)**2", "x", "2*(A @ x - b)", "chain-rule-inner-lost"),
    ("norm(A @ x - b)**2", "x", "2*A.T*(A @ x - b)", "elementwise-vs-matrix"),
    ("x.T @ A @ x", "x", "2*A @ x", "symmetric-assumed"),
    ("x.T @ A @ x", "x", "A @ x", "product-rule-term-lost"),
    ("logdet(X)", "X", "X.T", "inverse"),
    ("tr(A @ X @ B)", "X", "B.T @ A.T", "product-order"),
    ("x**3 + c", "x", "3*x**2 + c", "constant-kept"),
    ("x**3 + c", "x", "3*x**3", "power-rule"),
    ("log(1 + exp(-y*w))", "w", "-w/(1 + exp(y*w))", "wrong-variable"),
]


@pytest.mark.parametrize(("f", "x", "answer", "layouts"), RIGHT)
def test_a_right_answer_in_another_form_is_right(f: str, x: str, answer: str, layouts: tuple[str, ...]) -> None:
    mark = wrt.check(f, x, answer=answer)
    assert mark.right
    assert mark.layout == layouts


@pytest.mark.parametrize(("f", "x", "answer", "slip"), WRONG)
def test_a_slip_is_named_and_mended(f: str, x: str, answer: str, slip: str) -> None:
    mark = wrt.check(f, x, answer=answer)
    assert not mark.right
    assert mark.slip == slip
    assert mark.fixed is not None
    assert wrt.check(f, x, answer=mark.fixed).right


def test_the_layout_asked_for_is_the_only_right_one() -> None:
    mark = wrt.check("norm(A @ x)**2", "x", answer="2*A.T @ A @ x", layout="numerator")
    assert (mark.right, mark.slip) == (False, "layout")


def test_an_unknown_function_is_no_wrong_answer() -> None:
    with pytest.raises(wrt.UnknownNameError, match="coz"):
        wrt.check("sin(x)", "x", answer="coz(x)")


def test_the_first_line_that_does_not_follow_is_named() -> None:
    mark = wrt.check_lines(["norm(A @ x)**2", "x.T @ A.T @ A @ x", "x.T @ A @ A @ x", "0"], "A: n n, x: n")
    assert (mark.right, mark.first_bad, mark.slip) == (False, 2, "transpose")
    assert wrt.check_lines(["norm(x)**2", "x.T @ x", "tr(x @ x.T)"], "x: n").right


def test_an_array_of_order_three_written_entry_by_entry_is_marked():
    shapes, loops = "W: m n, x: n, b: m", "for l in range(m) for j in range(m) for k in range(n)"
    assert wrt.check("W @ x + b", "W", answer=f"array((l == j)*x[k] {loops})", shapes=shapes).right
    assert wrt.check("W @ x + b", "W", answer=f"array(2*(l == j)*x[k] {loops})", shapes=shapes).slip == "factor"
    assert not wrt.check("W @ x + b", "W", answer="array((l == j)*x[k] for j in range(m) for k in range(n) for l in range(m))", shapes=shapes).right
