"""Steps: every line is one rule at one place, proved, replayed; the last is the derivative; no line can go missing or be changed unseen."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import wrt
from wrt.derivation.limit_functions import KNOWN
from wrt.derivation.step import Derivation, derivation
from wrt.errors import NoClosedFormError, ProofError, TextError

STYLES = ("differential", "componentwise", "chain")
CASES = (
    ("A @ v", "v", "A: m n, v: n"),
    ("x.T @ A @ x", "x", "A: n n, x: n"),
    ("relu(W @ x + b)", "W", "W: m n, x: n, b: m"),
    ("norm(A @ x - b)**2", "x", "A: m n, x: n, b: m"),
    ("0.5*norm(y - A @ sin(x))**2", "x", "A: m n, x: n, y: m"),
    ("B.T @ B", "B", "B: m n"),
    ("tr(A @ X.T @ B)", "X", "A: m n, X: p n, B: p m"),
    ("log(det(X))", "X", "X: n n"),
    ("a.T @ inv(X) @ b", "X", "X: n n, a: n, b: n"),
    ("x**3*sin(x)/exp(x)", "x", "x:"),
    ("softmax(x)", "x", "x: n"),
    ("c", "x", {"c": (), "x": ()}),
)


def made(f: str, x: str, shapes: object, style: str) -> Derivation:
    if shapes == "x:":
        shapes = {"x": ()}
    return derivation(wrt.derive(f, x, shapes=shapes), style)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("f", "x", "shapes"), CASES, ids=[c[0] for c in CASES])
def test_steps_replay_and_end_in_the_derivative(f, x, shapes, style):
    steps = made(f, x, shapes, style)
    steps.replay()
    d = steps.derivative
    assert steps.lines[-1].text == str(d.matrix if d.matrix is not None else d.index.expr)
    assert steps.verified in ("exact", "numeric")
    assert len(steps.folded()) <= 12
    assert steps.lines[0].formula is None
    assert steps.lines[-1].formula is not None
    assert all((steps, steps.unicode(), steps.latex()))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("f", "x", "shapes"), CASES, ids=[c[0] for c in CASES])
def test_a_missing_line_is_noticed(f, x, shapes, style):
    steps = made(f, x, shapes, style)
    for k in range(len(steps.lines)):
        with pytest.raises(ProofError):
            Derivation(steps.derivative, style, steps.parts, steps.lines[:k] + steps.lines[k + 1 :]).replay()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("old", "new"), [("2", "3"), (".T", ""), ("+", "-"), ("-", "+"), ("x", "b")])
def test_a_corrupted_line_is_named(old, new, style):
    steps = made("norm(A @ x - b)**2 + norm(x)**2", "x", "A: n n, x: n, b: n", style)
    for k, line in enumerate(steps.lines):
        if old in line.text:
            lines = list(steps.lines)
            lines[k] = replace(line, text=line.text.replace(old, new, 1))
            with pytest.raises(ProofError, match=f"line ({k}|{k + 1}) "):
                Derivation(steps.derivative, style, steps.parts, lines).replay()


def test_every_delta_is_seen_and_contracted_one_at_a_time():
    texts = [line.text for line in made("A @ v", "v", "A: m n, v: n", "componentwise").lines]
    assert texts == [
        "diff((A @ v)[i], v[j])",
        "diff(sum(A[i, k]*v[k] for k in range(n)), v[j])",
        "sum(diff(A[i, k]*v[k], v[j]) for k in range(n))",
        "sum(A[i, k]*diff(v[k], v[j]) for k in range(n))",
        "sum(A[i, k]*(k == j) for k in range(n))",
        "A[i, j]",
        "A",
    ]


def test_the_differential_is_moved_to_the_right_by_named_moves():
    lines = made("tr(A @ X.T @ B)", "X", "A: m n, X: p n, B: p m", "differential").lines
    assert [line.rule for line in lines[-3:]] == ["trace of the transpose", "trace rotated", "recognise"]
    assert lines[-2].text == "tr(A.T @ B.T @ dX)"


def test_local_jacobians_say_their_sizes():
    conditions = [line.condition for line in made("relu(W @ x + b)", "x", "W: m n, x: n, b: m", "chain").lines]
    assert "d(u1)/d(x): m x n" in conditions


def test_second_derivatives_go_on_from_the_first():
    steps = derivation(wrt.derive("x.T @ A @ x", "x", "x", shapes="A: n n, x: n"))
    steps.replay()
    assert steps.lines[-1].text == "A + A.T"
    assert "differentiate again" in [line.rule for line in steps.lines]


def test_a_symmetric_variable_shares_its_deltas():
    d = wrt.derive("tr(A @ X)", "X", shapes="A: n n, X: n n", assume={"X": ["symmetric"]})
    steps = derivation(d, "componentwise")
    steps.replay()
    assert steps.verified == "exact"
    assert any("/2" in line.text for line in steps.lines[:-1])


def test_what_has_no_steps_is_refused():
    with pytest.raises(NoClosedFormError):
        derivation(wrt.derive("x**4", "x", 3, shapes={"x": ()}))
    with pytest.raises(NoClosedFormError):
        derivation(wrt.derive("tr(expm(X))", "X", shapes="X: n n"), "componentwise")
    with pytest.raises(TextError):
        derivation(wrt.derive("x**2", "x", shapes={"x": ()}), "slow")


CORRUPTIONS = (
    ("2", "3"),
    (".T", ""),
    ("+", "-"),
    ("-", "+"),
    ("*", "+"),
    ("@ ", "* "),
    ("x", "b"),
    ("A", "B"),
    ("n", "m"),
    ("sin", "cos"),
    ("==", "!="),
    ("(", "-("),
)


def test_at_least_99_of_100_corrupted_lines_are_found():
    """A line with one thing changed, among the others: the replay names it, or the line after it."""
    found = []
    for f, x, shapes in CASES[1::3]:
        for style in STYLES:
            steps = made(f, x, shapes, style)
            for k, line in enumerate(steps.lines):
                for old, new in CORRUPTIONS:
                    if old in line.text:
                        lines = list(steps.lines)
                        lines[k] = replace(line, text=line.text.replace(old, new, 1))
                        try:
                            Derivation(steps.derivative, style, steps.parts, lines).replay()
                        except ProofError as error:
                            found.append(f"line {k} " in str(error) or f"line {k + 1} " in str(error))
                        else:
                            found.append(False)
    assert len(found) >= 300
    assert sum(found) >= 0.99 * len(found)


# ---------------------------------------------------------------------------------------- the limit, the inverse function rule, the names of steps
@pytest.mark.parametrize("f", ["x**2", "x**3 + 2*x", "c*x**2 + b*x", "1/x", "(1 + x)/(2 - x)", "sqrt(x)", "exp(x)", "5", "(x + 1)*(x - 2)"])
def test_the_limit_of_the_difference_quotient_is_the_derivative(f):
    d = wrt.derive(f, "x", shapes={"x": (), "b": (), "c": ()})
    steps = d.steps(style="limit")
    steps.replay()
    assert steps.verified == "exact"
    assert steps.lines[1].rule == "definition of the derivative"
    assert steps.lines[-1].text == str(d)
    for k in range(len(steps.lines)):
        with pytest.raises(ProofError):
            Derivation(d, "limit", steps.parts, steps.lines[:k] + steps.lines[k + 1 :]).replay()


def test_the_limit_of_a_square_is_taken_as_in_the_notes():
    texts = [line.text for line in wrt.derive("x**2", "x", shapes={"x": ()}).steps(style="limit").lines]
    assert texts == [
        "diff(x**2, x)",
        "lim(((x + h)**2 - x**2)/h, h)",
        "lim((x**2 + 2*x*h + h**2 - x**2)/h, h)",
        "lim((2*x*h + h**2)/h, h)",
        "lim(2*x + h, h)",
        "2*x",
        "2*x",
    ]


@pytest.mark.parametrize(
    ("f", "known"),
    [
        ("sin(x)", ["sin(t)/t", "(cos(t) - 1)/t"]),
        ("cos(2*x + 1)", ["sin(t)/t", "(cos(t) - 1)/t"]),
        ("log(x)", ["log(1 + t)/t"]),
        ("exp(-x/2)", ["(exp(t) - 1)/t"]),
        ("2**x", ["(a**t - 1)/t"]),
        ("(c*x + 1)**n", ["((1 + t)**n - 1)/t"]),
        ("tan(x)", ["sin(t)/t"]),
        ("x*cosh(x)", ["sinh(t)/t", "(cosh(t) - 1)/t"]),
        ("1/sqrt(x)", []),
        ("-3*sin(x)/2 + x**2", ["sin(t)/t", "(cos(t) - 1)/t"]),
    ],
)
def test_limits_are_brought_to_standard_ones(f, known):
    d = wrt.derive(f, "x", shapes={"x": (), "n": (), "c": ()})
    steps = d.steps(style="limit")
    steps.replay()
    assert steps.verified in ("exact", "numeric")
    assert [KNOWN[line.rule][0] for line in steps.lines if line.rule in KNOWN] == known
    assert steps.lines[-1].text == str(d)


@pytest.mark.parametrize("f", ["abs(x)", "sin(x**2)", "relu(x)", "log(sin(x))"])
def test_a_limit_that_is_not_known_is_refused(f):
    with pytest.raises(NoClosedFormError, match="no limit is known"):
        wrt.derive(f, "x", shapes={"x": (), "n": ()}).steps(style="limit")


@pytest.mark.parametrize("f", ["arctan(x)", "arcsin(x)", "arccos(x)"])
def test_the_derivative_of_an_inverse_function_is_taken_from_the_function(f):
    steps = wrt.derive(f, "x", shapes={"x": ()}).steps(style="componentwise")
    steps.replay()
    assert "inverse function rule" in [line.rule for line in steps.lines]
    assert steps.verified in ("exact", "numeric")


def test_the_chain_style_keeps_the_names_of_the_formula():
    steps = wrt.derive("x1 = s*t; x2 = s + t**2; x1**2 + 2*x2", "t", shapes={"s": (), "t": ()}).steps(style="chain")
    assert steps.lines[1].text == "x1 = s*t; x2 = s + t**2; u1 = x1**2 + 2*x2; d(u1)"
    assert [[(j.of, j.by, str(j.form)) for j in path] for path in steps.products()] == [
        [("u1", "x1", "2*x1"), ("x1", "t", "s")],
        [("u1", "x2", "2"), ("x2", "t", "2*t")],
    ]


def test_local_jacobians_stand_over_their_sizes():
    steps = made("norm(A @ x - b)**2", "x", "A: m n, x: n, b: m", "chain")
    assert r"\underbrace{2 u_{1}^{\top}}_{1 \times m}\,\underbrace{A}_{m \times n}" in steps.latex()
    assert "[2*u1.T: 1 x m] [A: m x n]" in str(steps)


# ---------------------------------------------------------------------------------------- how they are shown
def test_lines_that_look_alike_are_shown_once():
    shown = made("x**2*log(x)", "x", {"x": ()}, "componentwise").unicode().splitlines()
    formulas = [line.partition("    [")[0] for line in shown]
    assert len(formulas) == len(set(formulas))


def test_html_is_an_ordered_list_with_what_is_folded_away_inside():
    steps = made("x**2*log(x)", "x", {"x": ()}, "componentwise")
    html = steps.html()
    assert html.startswith('<section class="derivation" data-style="componentwise">\n<ol>\n<li>')
    assert html.count('<span class="formula">') == len(steps.folded())
    assert html.count("\\(") == html.count("\\)") == len(steps.lines)
    assert "<details>" in html


def test_data_holds_every_line_and_says_which_are_shown():
    steps = made("A @ v", "v", "A: m n, v: n", "differential")
    data = steps.data()
    assert [line["text"] for line in data["lines"]] == [line.text for line in steps.lines]
    assert [line["verified"] for line in data["lines"]] == ["exact"] * len(steps.lines)
    assert sum(line["shown"] for line in data["lines"]) == len(steps.folded())


def test_the_secants_turn_into_the_tangent():
    svg = wrt.derive("x**2", "x", shapes={"x": ()}).steps(style="limit").picture(at=1.0)
    assert svg.startswith("<svg ")
    assert [slope for slope in ("slope 3<", "slope 2.6<", "slope 2.3<", "slope 2.1<", "tangent: slope 2<") if slope in svg] == [
        "slope 3<",
        "slope 2.6<",
        "slope 2.3<",
        "slope 2.1<",
        "tangent: slope 2<",
    ]


def test_a_pole_near_the_point_leaves_the_secants_their_room():
    svg = wrt.derive("1/x", "x", shapes={"x": ()}).steps(style="limit").picture(at=1.0)
    heights = [float(pair.split(",")[1]) for points in re.findall(r'<polyline points="([^"]*)"', svg) for pair in points.split()]
    assert 0 < min(heights) < max(heights) < 320
    dots = [float(y) for y in re.findall(r'<circle cx="[^"]*" cy="([^"]*)"', svg)]
    assert max(dots) - min(dots) > 20


def test_a_picture_needs_one_scalar_variable():
    with pytest.raises(wrt.ShapeError):
        wrt.derive("c*x**2", "x", shapes={"x": (), "c": ()}).steps(style="limit").picture(at=1.0)
    with pytest.raises(wrt.DomainError):
        wrt.derive("1/x", "x", shapes={"x": ()}).steps(style="limit").picture(at=0.0)


def test_folding_keeps_what_is_read_off_and_what_is_differentiated_again():
    steps = wrt.derive("norm(z - a)", "z", "z", shapes="z: n, a: n").steps()
    shown = [fold.line.rule for fold in steps.folded()]
    assert [rule for rule in shown if rule in ("recognise", "differentiate again")] == ["recognise", "differentiate again", "recognise"]
