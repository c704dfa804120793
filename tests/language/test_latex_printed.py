"""What LaTeX and Unicode print is read back to a formula of the same value: every function of the tables, every public formula."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from text_reference import evaluate
from wrt.errors import WrtError
from wrt.language import latex
from wrt.language.dialect import detect
from wrt.language.read import read, read_like
from wrt.language.surface import Source
from wrt.language.unparse import unparse
from wrt.notation import latex as latex_style
from wrt.notation import unicode as unicode_style
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS, REDUCTIONS

CASES = Path(__file__).parents[1] / "cases"
FILES = ("seeds", "cookbook", "tables", "peers", "wild", "breadth", "ml")
STYLES = {
    "latex": latex_style.render,
    "bold": lambda tree: latex_style.render(tree, bold=True),
    "unicode": unicode_style.render,
}
DECLARED = "A: m n, S: n n, C: n n, x: n, y: n, t:, c:"


def back(source: Source, style: str, indices: tuple[str, ...] = ()) -> str:
    """The text that the printed formula is read as."""
    shapes = {name: d.shape for name, d in source.declarations.items()}
    facts = {name: d.facts for name, d in source.declarations.items()}
    return unparse(latex.parse(STYLES[style](source.tree), shapes, {}, facts, indices))


def point(shapes: dict[str, tuple], sizes: dict[str, int], seed: int = 1) -> dict:
    """A value for every name, positive, square matrices with a large diagonal."""
    draw = np.random.default_rng(seed)
    out: dict = {name: float(size) for name, size in sizes.items()}
    for name, axes in shapes.items():
        shape = [sizes.get(s, s) for s in axes]
        value = draw.uniform(0.2, 0.9, size=shape)
        if len(shape) == 2 and shape[0] == shape[1]:
            value = value + value.T + 2 * np.eye(shape[0])
        out[name] = float(value) if not shape else value[:, None] if len(shape) == 1 else value
    return out


def sized(shapes: dict[str, tuple], fixed: dict[str, int] | None = None) -> dict[str, int]:
    names = sorted({s for axes in shapes.values() for s in axes if isinstance(s, str)})
    return {**{name: 3 + k % 3 for k, name in enumerate(names)}, **(fixed or {})}


def agree(one: str, other: str, env: dict) -> None:
    if one != other:
        a, b = np.asarray(evaluate(one, env)), np.asarray(evaluate(other, env))
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


UNARY = [name for name, row in FUNCTIONS.items() if len(row.arguments) == 1 and row.domain != "above_one"]
FORMULAS = [
    *[f"{name}({argument})" for name in UNARY for argument in ("t", "x", "A", "S", "t*x + y")],
    *[f"2*{name}(t)**2" for name in UNARY if name != "gammaln"],  # log Γ(t)² is asked about
    *["maximum(x, y)", "minimum(t, c)", "where(x > y, x, 0)", "where(t > c, t, c**2)", "polygamma(2, x)", "arccosh(t + 2)"],
    *[f"{name}(S)" for name, row in OPERATORS.items() if row.signature.count("[") == 2],
    *[f"{name}(x)" for name in REDUCTIONS],
    *[f"{name}(A, axis={axis})" for name in REDUCTIONS for axis in (0, 1)],
    *["matpow(S, 3)", "solve(S, x)", "norm(x)", "norm(x, 1)", "norm(x, inf)", "norm(x, 3)", "norm(A)", 'norm(A, "nuc")', 'norm(A, "spec")', "tr(S)"],
    *["diag(x)", "diag(S)", "vec(A)", "kron(S, A)", "dot(x, y)", "outer(x, y)", "eye(n)", "ones(n)", "ones(m, n)", "zeros(m, n)", "tril(S)", "triu(S)"],
    *["S + t", "1 - x", "A*ones(m) + A", "x[0]*x[1:n]", "A[:, 1]", "A[0, :]", "inv(S)[0, 1]", "S.T[0, 1]", "inv(S).T", "inv(S.T @ S) @ x", "-x @ y.T"],
    *["sum(x[i]*y[j] for i in range(n) for j in range(n) if i < j)", "sum((i == j)*S[i, j] for i in range(n) for j in range(n))"],
    *["sum(t**k for k in range(4))", "array(x[i]*y[j] for i in range(n) for j in range(n))", "[x, t]", "[[S, x], [y.T, t]]", "u = A @ x; u.T @ u"],
    *["x*A.T[:, 0]", "(t*x)*y", "x/(t*c)", "x/y", "t/(c/t)", "(x.T @ y)*(t + c)", "S*C @ S", "S @ (C*S)", "(S*C)**2", "abs(S)", "abs(x.T @ y)", "exp(S) + expm(S)"],
]  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_every_notation_is_read_back(style):
    shapes = {"A": ("m", "n"), "S": ("n", "n"), "C": ("n", "n"), "x": ("n",), "y": ("n",), "t": (), "c": ()}
    env = point(shapes, sized(shapes))
    bad = []
    for formula in FORMULAS:
        try:
            source = read(formula, DECLARED)
        except WrtError:
            continue
        try:
            agree(back(source, style), unparse(source.tree), env)
        except (WrtError, AssertionError) as error:
            bad.append((formula, STYLES[style](source.tree), str(error).strip().splitlines()[0]))
    assert bad == []


def lines(name: str) -> list[dict]:
    return [json.loads(line) for line in (CASES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("style", ["latex", "unicode"])
def test_every_public_formula_is_read_back(name, style):
    bad = []
    for case in lines(name):
        shapes = {n: tuple(s) for n, s in case["vars"].items()}
        env = point(shapes, sized(shapes, case.get("sizes")))
        for formula in filter(None, (case["expr"], case["expected"], case.get("expected_vec"))):
            try:
                source = read(formula, shapes, case.get("assume"))
            except WrtError:
                continue
            try:
                agree(back(source, style), unparse(source.tree), env)
            except (WrtError, AssertionError) as error:
                bad.append((case["id"], formula, STYLES[style](source.tree), str(error).strip().splitlines()[0]))
    assert [b for b in bad if "spelt alike" not in b[-1]] == []


def test_index_forms_are_read_back_beside_their_free_indices():
    for case in (case for name in FILES for case in lines(name) if case.get("expected_index")):
        shapes = {n: tuple(s) for n, s in case["vars"].items()}
        source = read(case["expr"], shapes, case.get("assume"))
        assert source.tree.shape is not None
        sizes = [*source.tree.shape.sizes, *[s for w in case["wrt"] for s in source.declarations[w].shape.sizes]]
        names = tuple(case["expected_index"]["indices"])
        view = read_like(case["expected_index"]["expr"], source, dict(zip(names, sizes, strict=True)))
        env = point(shapes, sized(shapes, case.get("sizes")))
        agree(back(view, "latex", names), unparse(view.tree), {**env, **dict.fromkeys(names, 1), names[0]: 0})


@pytest.mark.parametrize("formula", ["norm(A @ x)**2", "x.T @ S @ x", "exp(x)", "S @ inv(C)"])
def test_latex_is_recognised_as_such(formula):
    printed = latex_style.render(read(formula, DECLARED).tree)
    assert detect(printed) == "latex" or "\\" not in printed
