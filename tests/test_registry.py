"""Functions added while running: an elementwise, a two-argument, a reduction and a matrix row get everything that a built-in function has."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special

import wrt

BUMP = wrt.Elementwise("bump", d=("-2*x*y",), defined="exp(-x**2)", even=True, latex=r"\beta", at_zero="1")
LAMBERT = wrt.Elementwise("lambert", d=("y/(x*(1 + y))",), domain="positive", numpy="np.real(special.lambertw({0}))", source="Corless et al. 1996")
SOFTMIN = wrt.Elementwise(
    "softmin", d=("exp(-a)/(exp(-a) + exp(-b))", "exp(-b)/(exp(-a) + exp(-b))"), arguments=("a", "b"), numpy="-np.logaddexp(-{0}, -{1})"
)
RMS = wrt.Reduction("rms", defined="sqrt(mean(x**2))")
COMMUTATOR = wrt.Matrix("commutator", "A[n,n], B[n,n] -> [n,n]", d="dA @ B + A @ dB - dB @ A - B @ dA", numpy="({0} @ {1} - {1} @ {0})")
CAYLEY = wrt.Matrix(
    "cayley",
    "X[n,n] -> [n,n]",
    d="-inv(eye(n) + X) @ dX @ (eye(n) + cayley(X))",
    assumes="X without eigenvalue -1",
    numpy="np.linalg.solve(np.eye(len({0})) + {0}, np.eye(len({0})) - {0})",
)
GRAM = wrt.Matrix("gram", "X[m,n] -> [n,n]", defined="X.T @ X")


@pytest.fixture(autouse=True, scope="module")
def registered():
    rows = (BUMP, LAMBERT, SOFTMIN, RMS, COMMUTATOR, CAYLEY, GRAM)
    for row in rows:
        wrt.register(row)
    yield
    for row in rows:
        wrt.unregister(row.name)


def cayley(X):
    return np.linalg.solve(np.eye(len(X)) + X, np.eye(len(X)) - X)


VALUES = {
    "bump": lambda x: np.exp(-(x**2)),
    "lambert": lambda x: np.real(special.lambertw(x)),
    "softmin": lambda a, b: -np.logaddexp(-a, -b),
    "rms": lambda x: math.sqrt((x**2).mean()),
}
FORMULAS = [
    ("sum(bump(A @ x))", "A: m n, x: n", "x", lambda A, x: VALUES["bump"](A @ x).sum()),
    ("bump(t)*t", "t:", "t", lambda t: VALUES["bump"](t) * t),
    ("sum(lambert(x)**2)", "x: n positive", "x", lambda x: (VALUES["lambert"](x) ** 2).sum()),
    ("sum(softmin(x, y))", "x: n, y: n", "x", lambda x, y: VALUES["softmin"](x, y).sum()),
    ("softmin(s, s*t)", "s:, t:", "s", lambda s, t: VALUES["softmin"](s, s * t)),
    ("rms(A @ x - b)", "A: m n, x: n, b: m", "x", lambda A, x, b: VALUES["rms"](A @ x - b)),
    ("sum(rms(X, axis=0))", "X: m n", "X", lambda X: sum(VALUES["rms"](column) for column in X.T)),
    ("tr(C @ commutator(X, B))", "B: n n, C: n n, X: n n", "X", lambda B, C, X: np.trace(C @ (X @ B - B @ X))),
    ("tr(B @ cayley(X))", "B: n n, X: n n", "X", lambda B, X: np.trace(B @ cayley(X))),
    ("tr(B @ gram(A @ X))", "A: p m, B: n n, X: m n", "X", lambda A, B, X: np.trace(B @ (A @ X).T @ A @ X)),
]
SIZES = {"m": 3, "n": 2, "p": 4}


def drawn(f):
    draw = np.random.default_rng(5)
    out = {}
    for name, d in f.declarations.items():
        value = draw.uniform(0.4, 1.2, [s.value(SIZES) for s in d.shape.sizes])
        out[name] = value if value.ndim else float(value)
    return out


@pytest.mark.parametrize(("text", "shapes", "by", "function"), FORMULAS, ids=[f[0] for f in FORMULAS])
def test_added_function_is_parsed_and_compiled(text, shapes, by, function):
    f = wrt.parse(text, shapes)
    values = drawn(f)
    assert str(f) == text
    assert f(**values) == pytest.approx(function(**values), rel=1e-10)


@pytest.mark.parametrize("code", ["numpy.square({0})", "np.sqare({0})", "np.square({0}, {0}, {0}, {0})"])
def test_code_that_does_not_run_is_refused(code):
    with pytest.raises(wrt.TextError, match=r"the code of square does not run: .*"):
        wrt.register(wrt.Elementwise("square", d=("2*x",), numpy=code))
    assert "square" not in wrt.tables.functions.FUNCTIONS


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize(("text", "shapes", "by", "function"), FORMULAS, ids=[f[0] for f in FORMULAS])
def test_added_function_is_differentiated_to_third_order_with_proof(text, shapes, by, function, order):
    d = wrt.derive(wrt.parse(text, shapes), by, order)
    _ = d.matrix, d.operator
    assert d.verified == "exact"
    found = wrt.verify(text, *[by] * order, shapes=shapes, sizes={s: SIZES[s] for s in d.formula.source.sizes})
    assert found.largest_difference < 1e-6


@pytest.mark.parametrize(("text", "by", "shapes"), [(f[0], f[2], f[1]) for f in FORMULAS], ids=[f[0] for f in FORMULAS])
def test_added_function_has_every_notation(text, by, shapes):
    d = wrt.derive(wrt.parse(text, shapes), by)
    for f in (d.formula, d.as_formula()):
        for words in (f.latex(), f.unicode(), f.mathml(), f.typst()):
            assert words
    assert r"\beta" in wrt.parse("bump(x)", "x:").latex()
    assert "lambert" in str(wrt.derive("lambert(x)", "x", shapes="x:"))


def test_conditions_of_an_added_function_are_said():
    assert "A @ X without eigenvalue -1" in wrt.derive("tr(cayley(A @ X))", "X", shapes="A: n n, X: n n").conditions


def test_added_function_as_a_python_function():
    x = wrt.symbols("x: n")
    assert str(wrt.bump(2 * x)) == "bump(2*x)"


def test_undeclared_arguments_of_an_added_function_are_inferred():
    assert wrt.parse("tr(cayley(X))").assumed == ("X: n x n",)
    assert wrt.parse("rms(x)").assumed == ("x: n",)


# ------------------------------------------------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    "row",
    [
        wrt.Elementwise("wrong", d=("2*x*y",), defined="exp(-x**2)"),
        wrt.Elementwise("wrong", d=("-2*x*y + 0.001",), defined="exp(-x**2)"),
        wrt.Elementwise("wrong", d=("y/(x*(1 - y))",), domain="positive", numpy="np.real(special.lambertw({0}))"),
        wrt.Elementwise("wrong", d=("exp(a)/(exp(a) + exp(b))", "exp(a)/(exp(a) + exp(b))"), arguments=("a", "b"), numpy="np.logaddexp({0}, {1})"),
        wrt.Matrix("wrong", "X[m,n] -> [n,n]", d="dX.T @ X - X.T @ dX", defined="X.T @ X", numpy="({0}.T @ {0})"),
        wrt.Matrix(
            "wrong",
            "X[n,n] -> [n,n]",
            d="-inv(eye(n) + X) @ dX @ (eye(n) - wrong(X))",
            numpy="np.linalg.solve(np.eye(len({0})) + {0}, np.eye(len({0})) - {0})",
        ),
        wrt.Matrix("wrong", "A[n,n], B[n,n] -> [n,n]", d="dA @ B + A @ dB - dB @ A", numpy="({0} @ {1} - {1} @ {0})"),
    ],
    ids=["sign", "small", "code", "second argument", "transpose", "itself", "two matrices"],
)
def test_a_wrong_derivative_is_refused_and_leaves_nothing(row):
    with pytest.raises(wrt.ProofError, match="the row of wrong is wrong"):
        wrt.register(row)
    with pytest.raises(wrt.WrtError):
        wrt.parse("wrong(x)", "x:")


@pytest.mark.parametrize(
    ("row", "error", "says"),
    [
        (wrt.Elementwise("exp", d=("y",), defined="exp(x)"), wrt.TextError, "already"),
        (wrt.Elementwise("bump", d=("-2*x*y",), defined="exp(-x**2)"), wrt.TextError, "unregister"),
        (wrt.Elementwise("1f", d=("1",), defined="x"), wrt.TextError, "no name"),
        (wrt.Elementwise("for", d=("1",), defined="x"), wrt.TextError, "keyword"),
        (wrt.Elementwise("f", d=("1", "1"), defined="x"), wrt.TextError, "2 derivatives"),
        (wrt.Elementwise("f", d=("1",)), wrt.TextError, "checked against"),
        (wrt.Elementwise("f", d=("z",), defined="x"), wrt.UnknownNameError, "names 'z'"),
        (wrt.Elementwise("f", d=("g(x)",), defined="x"), wrt.UnknownNameError, "'g'"),
        (wrt.Elementwise("f", d=("1 +",), defined="x"), wrt.TextError, "expected"),
        (wrt.Reduction("f"), wrt.TextError, "needs a formula"),
        (wrt.Reduction("f", defined="sum(z)"), wrt.UnknownNameError, "names 'z'"),
        (wrt.Matrix("f", "X[n,n] -> [n,n]", d="dX"), wrt.TextError, "needs a formula"),
        (wrt.Matrix("f", "X(n,n)", defined="X"), wrt.TextError, "no signature"),
        ("f", wrt.TextError, "a row is"),
    ],
)
def test_incomplete_rows_are_refused(row, error, says):
    with pytest.raises(error, match=says):
        wrt.register(row)


def test_only_registered_functions_are_unregistered():
    with pytest.raises(wrt.UnknownNameError):
        wrt.unregister("exp")
