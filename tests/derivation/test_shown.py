"""How derivations are shown: differentials typeset, definitions told once, what is read off and where it holds, LaTeX that compiles."""

from __future__ import annotations

import re

import pytest

import wrt
from wrt.derivation.words import IDENTITIES
from wrt.errors import NoClosedFormError

STYLES = ("componentwise", "chain", "differential")
SHOWN = (
    ("θ.T @ A @ θ", "θ", "A: n n, θ: n"),
    ("norm(W_1 @ x + b)**2", "W_1", "W_1: m n, x: n, b: m"),
    ("a.T @ inv(X) @ b", "X", "X: n n, a: n, b: n"),
    ("relu(W @ x + b)", "x", "W: m n, x: n, b: m"),
    ("tr(A @ X @ B)", "X", "A: m n, X: n n symmetric, B: n m"),
    ("softmax(z)", "z", "z: n"),
    ("x**2*log(x)", "x", "x: positive"),
    ("diag(w) @ A @ w", "w", "A: n n, w: n"),
)
COMMANDS = {
    *("aligned", "begin", "end", "left", "right", "frac", "sum", "partial", "top", "mathrm", "mathbf", "operatorname", "text", "quad", "sqrt"),
    *("underbrace", "phantom", "times", "odot", "oslash", "otimes", "mathbb", "lVert", "rVert", "lvert", "rvert", "theta", "delta", "exp", "log"),
    *("cos", "sin", "tr", "det", "ne", "lim", "to", "cdot", "Rightarrow"),
}


def shown(f: str, x: str, shapes: str, style: str) -> wrt.Formula:
    return wrt.derive(wrt.parse(f, shapes), x).steps(style=style)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("f", "x", "shapes"), SHOWN, ids=[row[0] for row in SHOWN])
def test_latex_is_balanced_and_uses_known_commands(f, x, shapes, style):
    words = shown(f, x, shapes, style).latex()
    bare = words.replace(r"\\", "")
    assert set(re.findall(r"\\([A-Za-z]+)", bare)) <= COMMANDS
    assert (bare.count("{"), bare.count(r"\left"), bare.count(r"\(")) == (bare.count("}"), bare.count(r"\right"), bare.count(r"\)"))
    assert re.findall(r"\\begin\{(\w+)\}", bare) == re.findall(r"\\end\{(\w+)\}", bare)
    assert words.isascii()
    assert all(line.count("&&") == 1 for line in words.splitlines()[1:-1])


def test_the_differential_of_a_variable_is_d_and_its_name():
    latex = shown(*SHOWN[0], "differential").latex()
    assert r"\theta^{\top} A \, \mathrm{d}\theta" in latex
    assert r"(\mathrm{d}\theta)^{\top} A \theta" in latex
    assert "2(W₁x + b)ᵀ dW₁ x" in shown(*SHOWN[1], "chain").unicode()


def test_a_function_of_one_number_has_a_total_derivative():
    assert "d/dx [x² log(x)]" in shown(*SHOWN[6], "componentwise").unicode()
    assert r"\frac{\mathrm{d}}{\mathrm{d}x}" in shown(*SHOWN[6], "componentwise").latex()
    assert "∂/∂x [c x²]".replace(" ", "") in shown("c*x**2", "x", "c:, x:", "componentwise").unicode().replace(" ", "")


def test_intermediate_variables_are_defined_once():
    text = shown("norm(A @ x - b)**2", "x", "A: m n, x: n, b: m", "chain").unicode()
    assert text.count("u₁ = Ax − b") == 1


def test_a_single_operation_has_nothing_to_name():
    lines = shown("softmax(z)", "z", "z: n", "chain").lines
    assert [line.rule for line in lines[:2]] == ["what is asked for", "a single operation, nothing to name: its own Jacobian"]


def test_the_value_of_an_intermediate_variable_goes_by_its_name():
    steps = shown("sum(y*log(softmax(z)))", "z", "z: n, y: n", "chain")
    assert any(line.text.endswith("sum(y*(u1*(dz - u1.T @ dz)/u1))") for line in steps.lines)
    assert str(steps.products()[0][-1].form) == "diag(u1) - u1 @ u1.T"


def test_variables_are_differentiated_when_all_that_use_them_are():
    steps = shown("sqrt(x**2 + exp(x**2)) + cos(x**2 + exp(x**2))", "x", "x:", "chain")
    assert [line.text.split("; ")[-1] for line in steps.lines if line.rule == "collect the terms"] == [
        "(1/(2*sqrt(u3)) - sin(u3))*d(u3)",
        "(1/(2*sqrt(u3)) - sin(u3))*((1 + exp(u1))*d(u1))",
    ]


def test_what_is_given_and_where_it_is_read_off_is_told():
    text = shown(*SHOWN[4], "differential").unicode()
    assert "[what is asked for; given X symmetric]" in text
    assert text.endswith("[read off from tr(Gᵀ dX), as X is symmetric: n × n]")
    assert shown(*SHOWN[3], "componentwise").unicode().endswith("[recognise the matrix form: m × n; where Wx + b ≠ 0 (entry by entry)]")
    assert shown("B.T @ B", "B", "B: m n", "differential").unicode().endswith("[entry i, j by k, l]")


def test_the_layout_and_the_treatment_of_a_structure_are_told():
    d = wrt.derive("A @ x", "x", shapes="A: m n, x: n", layout="denominator")
    assert d.steps(style="componentwise").unicode().endswith("[recognise the matrix form in denominator layout: n × m]")
    d = wrt.derive("tr(A @ X)", "X", shapes="A: n n, X: n n symmetric", structure="parameters")
    assert d.steps().unicode().endswith("[read off from tr(Gᵀ dX), as X is symmetric, by its independent entries: n × n]")


def test_the_letter_read_off_is_free():
    assert shown("g.T @ h", "h", "g: n, h: n", "differential").unicode().endswith("[read off from qᵀ dh: n × 1]")


def test_the_inverse_is_differentiated_by_what_it_inverts():
    assert "XX⁻¹ = I gives d(X)X⁻¹ + X d(X⁻¹) = 0" in shown("inv(X)", "X", "X: n n", "differential").unicode()
    assert "A @ X @ inv(A @ X) = eye gives" in str(shown("tr(inv(A @ X))", "X", "A: n n, X: n n", "differential"))


def test_a_line_that_reads_as_the_one_before_is_not_repeated():
    text = shown("x**3", "x", "x:", "componentwise").unicode()
    assert text.splitlines()[-1] == "= 3x²    [derivative of the variable itself]"


# ---------------------------------------------------------------------------------------- moves and entries
@pytest.mark.parametrize(
    ("f", "x", "shapes", "line"),
    [
        ("tanh(W @ x)", "x", "W: m n, x: n", "diag(1 - tanh(W @ x)**2) @ (W @ dx)"),
        ("softmax(z)", "z", "z: n", "diag(softmax(z)) @ dz - softmax(z) @ softmax(z).T @ dz"),
        ("mean(sin(A @ x))", "x", "A: m n, x: n", "cos(A @ x).T @ (A @ dx)/m"),
        ("a.T @ sin(x)", "x", "a: n, x: n", "(cos(x)*a).T @ dx"),
        ("norm(y - A @ exp(x))**2", "x", "A: m n, x: n, y: m", "2*(-(exp(x)*(A.T @ (y - A @ exp(x)))).T @ dx)"),
        ("sum(y*log(softmax(z)))", "z", "z: n, y: n", "y.T @ dz - sum(y)*(softmax(z).T @ dz)"),
    ],
)
def test_the_differential_ends_where_the_derivative_is_read_off(f, x, shapes, line):
    steps = shown(f, x, shapes, "differential")
    steps.replay()
    assert steps.verified in ("exact", "numeric")
    assert steps.lines[-2].text == line


@pytest.mark.parametrize(
    ("f", "x", "shapes"),
    [("vec(A @ X)", "X", "A: m n, X: n p"), ("kron(A, X)", "X", "A: m n, X: p q"), ("vec(C).T @ vec(X*X)", "X", "C: m n, X: m n")],
)
def test_stacked_columns_and_kronecker_products_have_entries(f, x, shapes):
    steps = shown(f, x, shapes, "componentwise")
    steps.replay()
    assert steps.verified == "exact"


@pytest.mark.parametrize(
    ("f", "x", "shapes"),
    [
        ("norm(A @ x - y, 1)", "x", "A: m n, x: n, y: m"),
        ("where(x > 0, x**2, -x)", "x", "x:"),
        ("sum((x > y)*x)", "x", "x: n, y: n"),
        ("var(A @ x)", "x", "A: m n, x: n"),
        ("cumsum(A @ x)", "x", "A: m n, x: n"),
        ("tr(triu(A @ X))", "X", "A: n n, X: n n"),
        ("softmax(X @ W, axis=1)", "W", "X: n d, W: d k"),
        ("sum(logsumexp(X @ W, axis=0))", "W", "X: n d, W: d k"),
        ("g(A @ x)", "x", "A: m n, x: n, g: (m) -> ()"),
        ("max(A @ x)", "x", "A: m n, x: n"),
    ],
)
def test_every_line_in_entries_is_proved(f, x, shapes):
    steps = shown(f, x, shapes, "componentwise")
    steps.replay()
    assert steps.verified == "exact"


def test_the_logarithm_of_a_softmax_is_taken_apart_first():
    lines = shown("-sum(y*log(softmax(z)))", "z", "z: n, y: n", "componentwise").lines
    assert [line.rule for line in lines if line.rule in ("quotient rule", "logarithm of a quotient")] == ["logarithm of a quotient"]


def test_a_quotient_rule_over_a_sum_is_divided_out():
    lines = shown("softmax(z)", "z", "z: n", "componentwise").lines
    total = "sum(exp(z[k]) for k in range(n))"
    assert lines[-2].text == f"exp(z[i])*(i == j)/{total} - exp(z[i])*exp(z[j])/{total}**2"


def test_what_has_no_entries_is_named():
    with pytest.raises(NoClosedFormError, match=r"^expm\(X\) has no formula entry by entry"):
        shown("expm(X)", "X", "X: n n", "componentwise")


@pytest.mark.parametrize(
    ("f", "x", "shapes", "line"),
    [
        ("a.T @ X.T @ X @ b", "X", "a: n, b: n, X: m n", "= [bᵀ: 1 × n] [aᵀ ⊗ Xᵀ + Iₙ ⊗ (aᵀXᵀ): n × mn]    [the local Jacobians, outermost first]"),
        ("3*x**2 + 2*x + 1", "x", "x:", "  du₂/dx = ∂u₂/∂u₁ ∂u₁/∂x + ∂u₂/∂x    [chain rule]"),
        ("x/(1 + x**2)", "x", "x:", "  du₃/dx = ∂u₃/∂u₂ ∂u₂/∂u₁ ∂u₁/∂x + ∂u₃/∂x    [chain rule]"),
        ("exp(sin(x))", "x", "x:", "  ∂u₂/∂x = ∂u₂/∂u₁ ∂u₁/∂x    [chain rule]"),
    ],
)
def test_the_chain_rule_is_an_identity_of_jacobians_of_the_sizes_told(f, x, shapes, line):
    assert line in shown(f, x, shapes, "chain").unicode().split("\n")


@pytest.mark.parametrize(
    ("f", "x", "shapes", "style", "words"),
    [
        ("1/(1 + exp(-x))", "x", "x:", "differential", "with σ(x) = 1/(1 + exp(−x))"),
        ("tan(x)", "x", "x:", "differential", "with sec(x)² = 1 + tan(x)²"),
        ("log(cos(x))", "x", "x:", "componentwise", "with tan(x) = sin(x)/cos(x)"),
        ("-y.T @ log(softmax(z))", "z", "z: n, y: n onehot", "differential", "the entries of a one-hot vector sum to 1"),
        ("-y.T @ log(softmax(z))", "z", "z: n, y: n onehot", "componentwise", "with ∑ⱼ₌₁ⁿ yⱼ = 1"),
        ("logdet(X)", "X", "X: n n", "differential", "Jacobi's formula"),
        ("norm(x)", "x", "x: n", "differential", "differential of the norm"),
        ("x*sin(x)", "x", "x:", "chain", "local Jacobian by the product rule"),
        ("x.T @ A @ x", "x", "A: n n, x: n", "chain", "product rule"),
    ],
)
def test_a_line_tells_by_what_it_follows(f, x, shapes, style, words):
    steps = shown(f, x, shapes, style)
    assert words in steps.unicode()
    steps.replay()


def test_the_identities_told_are_true():
    for rows in IDENTITIES.values():
        for _, one, other in rows:
            assert wrt.equal(one, other, shapes="u:")


def test_what_is_told_is_told_only_where_it_is_used():
    assert "with" not in shown("sigmoid(x)", "x", "x:", "differential").unicode()
    assert "= 1" not in shown("y.T @ A @ x", "x", "x: m, A: n m, y: n onehot", "componentwise").unicode()


def test_the_differential_stands_behind_the_other_numbers():
    assert "= 2x sin(x) dx + x² cos(x) dx" in shown("x**2*sin(x)", "x", "x:", "differential").unicode()
