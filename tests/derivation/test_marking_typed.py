"""Answers as people type them: with $ and align, heads, definitions, letters for parts, code, indices, differentials; sentences that say what went wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import wrt

TYPED = Path(__file__).parent.parent / "cases" / "marking" / "typed.jsonl"
ROWS = [json.loads(line) for line in TYPED.read_text(encoding="utf-8").splitlines()]
LEAST_SQUARES = "A: m n, x: n, b: m"


def marked(row: dict[str, Any]) -> wrt.Mark:
    return wrt.check(row["f"], *row["by"], answer=row["answer"], shapes=row["shapes"])


@pytest.mark.parametrize("part", range(4))
def test_a_right_answer_is_right_however_it_is_typed(part):
    for row in [row for row in ROWS if row["right"]][part::16]:
        assert marked(row).right, (row["f"], row["answer"])


@pytest.mark.parametrize("part", range(4))
def test_a_wrong_answer_is_wrong_however_it_is_typed(part):
    named = []
    for row in [row for row in ROWS if not row["right"]][part::28]:
        mark = marked(row)
        assert not mark.right, (row["f"], row["answer"])
        named.append(not row["slips"] or mark.slip in row["slips"])
    assert all(named)


@pytest.mark.parametrize(
    "answer",
    [
        "2*A.T@r, r = A@x - b",
        "2A^T r, r = Ax - b",
        r"2A^\top r \quad\text{where } r = Ax - b",
        "r = A@x - b; g = 2*A.T@r",
        "2A^T r",
        r"$\nabla f(x) = 2A^\top(Ax-b)$.",
        r"\begin{align} \nabla f &= 2A^\top(Ax-b) \end{align}",
        "2A^T(Ax-b), which is a column",
        "df = 2(Ax-b)^T A dx",
        "2*np.dot(A.T, A.dot(x) - b)",
        r"2\sum_i A_{ij}(Ax-b)_i",
    ],
)
def test_what_stands_around_a_formula_is_understood(answer):
    assert wrt.check("norm(A@x-b)**2", "x", answer=answer, shapes=LEAST_SQUARES).right


def test_a_definition_beside_the_answer_is_used_as_it_stands():
    mark = wrt.check("norm(A@x-b)**2", "x", answer=r"2A^\top r \text{ with } r = b - Ax", shapes=LEAST_SQUARES)
    assert (mark.right, mark.slip) == (False, "sign")


def test_a_letter_taken_for_a_part_of_the_function_is_told():
    mark = wrt.check("softmax(z)", "z", answer="diag(p) - p p^T", shapes="z: n")
    assert mark.right
    assert mark.note == " p is read as softmax(z)."


def test_an_undeclared_letter_alone_is_no_answer():
    with pytest.raises(wrt.UnknownNameError, match="'p' is not a variable"):
        wrt.check("logsumexp(z)", "z", answer="p", shapes="z: n")


def test_sizes_that_do_not_fit_are_marked_not_refused():
    mark = wrt.check("norm(A@x-b)**2", "x", answer="2*(A*x-b)*A'", shapes=LEAST_SQUARES)
    assert (mark.right, mark.slip is not None) == (False, True)


@pytest.mark.parametrize(
    ("f", "x", "shapes", "answer", "slip", "says"),
    [
        ("x**2", "x", "x:", "0", "wrong-variable", "0 is the derivative of what does not hold the variable; the function does"),
        ("relu(x)", "x", "x:", "relu(x)", "log-exp", "it is the function itself, not its derivative"),
        ("x**3", "x", "x:", "3x^2 + C", "constant-kept", "an antiderivative has a constant C, a derivative has none"),
        ("sin(x)/x", "x", "x:", "cos(x)/1", "product-rule-term-lost", "the derivative of a quotient is taken to be the quotient of the derivatives"),
        (
            "(x**2+1)*sin(x)",
            "x",
            "x:",
            "2*x*cos(x)",
            "product-rule-term-lost",
            "the derivative of a product is taken to be the product of the derivatives",
        ),
        ("(3*x+1)**5", "x", "x:", "5*(3*x+1)**4", "chain-rule-inner-lost", "the inner derivative 3 of 3*x + 1 is forgotten"),
        ("x.T@A@x", "x", "A: n n, x: n", "A + A.T", "wrong-variable", "it is the second derivative"),
        ("norm(x-a)", "x", "x: n, a: n", "2*(x-a)", "power-rule", "norm(x - a)**2 is taken for norm(x - a)"),
        (
            "-sum(y*log_softmax(z))",
            "z",
            "z: n, y: n",
            "softmax(z) - y",
            "factor",
            "the factor sum(y) is missing: the answer is right only where it is 1, as for one-hot y",
        ),
        (
            "softmax(z)",
            "z",
            "z: n",
            "softmax(z)*(1-softmax(z))",
            "shape",
            "it is only the diagonal of the derivative: entry i of the function depends on other entries than i too",
        ),
    ],
)
def test_the_sentence_says_what_went_wrong(f, x, shapes, answer, slip, says):
    mark = wrt.check(f, x, answer=answer, shapes=shapes)
    assert (mark.slip, mark.says) == (slip, says)


def test_a_mended_answer_holds_nothing_that_an_edit_leaves_behind():
    mark = wrt.check("norm(W@x-y)**2/2", "W", answer="x@(W@x-y).T", shapes="W: m n, x: n, y: m")
    assert mark.fixed == "(W @ x - y) @ x.T"


def test_a_right_answer_may_have_another_value_at_a_kink_and_that_is_told():
    mark = wrt.check("relu(x)", "x", answer="x >= 0", shapes="x:")
    assert mark.right
    assert str(mark).endswith("At a kink, x = 0, the derivative is taken to be 0 and the answer gives 1: both are right there.")


def test_no_counterexample_stands_at_a_kink():
    mark = wrt.check("sum(relu(x))", "x", answer="relu(x)", shapes="x: n")
    assert mark.counterexample is not None
    values, _, _ = mark.counterexample
    assert 0 not in values["x"]


@pytest.mark.parametrize(
    ("lines", "shapes"),
    [
        (["u = 3x + 1", "f = u^5", r"\frac{df}{dx} = \frac{df}{du}\frac{du}{dx} = 15u^4"], "x:"),
        ([r"\frac{d}{dx}[x^2 e^x]", r"= \frac{d}{dx}[x^2] e^x + x^2 \frac{d}{dx}[e^x]", "= 2x e^x + x^2 e^x"], "x:"),
        (["(x^2 sin x)' = 2x sin x + x^2 cos x"], "x:"),
        ([r"d(X^{-1}) = -X^{-1} dX X^{-1}"], "X: n n"),
        ([r"y_i = \sum_j W_{ij} x_j", r"\frac{\partial y_i}{\partial x_k} = \sum_j W_{ij}\delta_{jk}", "= W_{ik}"], "W: m n, x: n"),
        (r"\begin{align*} f &= \|Ax-b\|^2 \\ \nabla f &= 2A^\top(Ax-b) \end{align*}", "A: m n, x: n, b: m"),
        ([r"f(x) = x^\top A x", r"\nabla^2 f(x) = A + A^\top"], "A: n n, x: n"),
        (["r = A@x - b", "f = r.T@r", "df = 2*r.T@dr", "dr = A@dx", "df = 2*r.T@A@dx"], "A: m n, x: n, b: m"),
    ],
)
def test_a_derivation_is_read_as_it_is_written(lines, shapes):
    assert wrt.check_lines(lines, shapes).right


def test_a_line_of_a_wrong_shape_is_marked_with_what_its_shape_is():
    mark = wrt.check_lines(["f = x.T @ x", "df = 2x dx"], "x: n")
    assert (mark.first_bad, mark.slip) == (1, "transpose")
    mark = wrt.check_lines([r"\|Ax-b\|^2", r"= (Ax-b)(Ax-b)^\top"], "A: m n, x: n, b: m")
    assert (mark.first_bad, mark.right) == (1, False)


def test_a_false_line_of_algebra_has_a_term_and_a_point_that_show_it():
    mark = wrt.check_lines(["(x + y)**2 = x**2 + y**2"], "x:, y:")
    assert (mark.first_bad, mark.says, mark.fixed) == (0, "a term is lost", "x**2 + y**2 + 2*x*y")
    assert mark.counterexample == ({"x": 1, "y": 1}, 4, 2)


def test_two_terms_that_differ_in_the_order_of_factors_are_not_called_symmetric():
    assert wrt.check_lines(["d(X@X)", "= 2*X@dX"], "X: n n").slip == "product-order"


def test_lines_that_only_define_names_say_nothing():
    with pytest.raises(wrt.TextError, match="none says what follows"):
        wrt.check_lines(["u = x**2", "v = sin(u)"], "x:")


@pytest.mark.parametrize("line", ["f_y = x^2 + 3y", "g = 2xy", "f' = 2xy"])
def test_a_derivative_under_any_usual_name_is_asked_for(line):
    function = "f(x, y) = x^2 y + y^3" if line.startswith("f_y") else "f(x) = x^2 y"
    mark = wrt.check_lines([function, line], "x:, y:")
    assert mark.right == (not line.startswith("f_y"))


@pytest.mark.parametrize(("f", "shapes", "answer"), [("sin(x)", "x:", "cos(x)'"), ("x**3", "x:", "3t^2")])
def test_what_has_another_meaning_or_none_is_refused(f, shapes, answer):
    with pytest.raises(wrt.WrtError):
        wrt.check(f, "x", answer=answer, shapes=shapes)
