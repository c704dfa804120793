"""Steps: every line is one rule at one place, proved, replayed; the last is the derivative; no line can go missing or be changed unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest

import wrt
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
