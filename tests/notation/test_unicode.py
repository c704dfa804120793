"""Unicode, MathML and Typst: one formula in each, from the same notation as LaTeX."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from wrt.language.read import read
from wrt.notation import mathml, typst, unicode

CASES = Path(__file__).parents[1] / "cases"

PRINTED = [
    ("2*A.T @ (A @ x - b)", "A: m n, x: n, b: m", "2Aᵀ(Ax − b)"),
    ("1/2*norm(x)**2", "x: n", "½‖x‖²"),
    ("norm(A @ x - b)**2", "A: m n, x: n, b: m", "‖Ax − b‖²"),
    ("inv(X).T @ A @ inv(X)", "X: n n, A: n n", "X⁻ᵀAX⁻¹"),
    ("A.T @ r/n", "A: m n, r: m", "Aᵀr/n"),
    ("x/(2*y)", "x:, y:", "x/(2y)"),
    ("x*y", "x: n, y: n", "x ⊙ y"),
    ("sqrt(x)*sqrt(x + 1)", "x:", "√x √(x + 1)"),
    ("sum(A[i, j]*x[j] for i in range(m) for j in range(n))", "A: m n, x: n", "∑ᵢ₌₁ᵐ ∑ⱼ₌₁ⁿ Aᵢⱼxⱼ"),
    ("sum(x[i + 1] for i in range(q))", "x: (q+1)", "∑ᵢ₌₁^{q} xᵢ₊₁"),
    ("A[0, q - 1]", "A: m q", "A_{1,q}"),
    ("tr(A) + det(A) + 2*exp(t)", "A: n n, t:", "tr(A) + det(A) + 2 exp(t)"),
    ("α*x1 - W_out @ y_hat", "α:, x1: m, W_out: m n, y_hat: n", "αx₁ − Wₒᵤₜy\u0302"),
    ("loss*(a - b)", "loss:, a:, b:", "loss (a − b)"),
    ("x**(n - 1)", "x:", "xⁿ⁻¹"),
    ("(x > 0)*y", "x: n, y: n", "𝟙[x > 0] ⊙ y"),
    ("u = W @ x; tanh(u)", "W: m n, x: n", "tanh(u), u = Wx"),
    ("kron(B.T, A @ C)", "A: m m, C: m m, B: n n", "Bᵀ ⊗ (AC)"),
    ("x**(p - 1)", "x: n, p:", "x^{⊙(p−1)}"),
    ("x**-1 + x**2", "x: n", "x^{⊙−1} + x^{⊙2}"),
    ("x**(log(x) - 1)", "x:", "x^{log(x)−1}"),
    ("learning_rate*x", "learning_rate:, x: n", "learning_{rate} x"),
    ("λ*eye(d) + X.T @ X", "λ:, X: m d", "λI_d + XᵀX"),
    ("y + (x - 2)", "x:, y:", "y + (x − 2)"),
]


@pytest.mark.parametrize(("text", "shapes", "printed"), PRINTED, ids=[text for text, _, _ in PRINTED])
def test_unicode_is_what_one_writes_by_hand(text, shapes, printed):
    assert unicode.render(read(text, shapes).tree) == printed


@pytest.mark.parametrize(
    ("text", "shapes", "printed"),
    [
        ("norm(A @ x - b)**2", "A: m n, x: n, b: m", "norm(A x - b)^(2)"),
        ("x/(2*n)", "x: n", "frac(x, 2 n)"),
        ("sum(x[j] for j in range(n))", "x: n", "sum_(j=1)^(n) x_(j)"),
        ("softmax(α*x1)", "α:, x1: n", 'op("softmax")(α x_(1))'),
    ],
)
def test_typst_spells_the_same_notation(text, shapes, printed):
    assert typst.render(read(text, shapes).tree) == printed


def test_mathml_of_every_case_is_one_well_formed_element():
    for path in sorted(p for p in CASES.glob("*.jsonl") if p.stem != "own"):
        for line in path.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            tree = read(
                case["expr"], {v: tuple(d) for v, d in case["vars"].items()}, {v: tuple(p) for v, p in (case.get("assume") or {}).items()}
            ).tree
            assert ET.fromstring(mathml.render(tree)).tag.endswith("math")


def test_mathml_has_the_structure_of_the_formula():
    got = mathml.render(read("A.T @ x/2", "A: n m, x: n").tree)
    assert got == (
        '<math xmlns="http://www.w3.org/1998/Math/MathML"><mrow><mfrac><mn>1</mn><mn>2</mn></mfrac><mo>\u2062</mo>'
        "<msup><mi>A</mi><mo>⊤</mo></msup><mo>\u2062</mo><mi>x</mi></mrow></math>"
    )
