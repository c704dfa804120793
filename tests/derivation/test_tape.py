"""Tapes: the rows a lecturer draws, sums over uses, numbers against central differences of plain NumPy, and forms that are well made."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from click.testing import CliRunner

import wrt
from wrt.cli import main
from wrt.derivation import tape_making as room

NOTE = "sqrt(x**2 + exp(x**2)) + cos(x**2 + exp(x**2))"  # lecture note 001, section 6.2


def rows(t):
    return [f"{line.name} = {line.formula}" for line in t.lines if line.formula is not None]


def flows(t):
    return {line.name: str(line.total) for line in t.lines if line.total is not None}


# ------------------------------------------------------------------------------------------------ rows
@pytest.mark.parametrize(
    ("text", "shapes", "expected"),
    [
        (NOTE, None, ["a = x**2", "b = exp(a)", "c = a + b", "d = sqrt(c)", "e = cos(c)", "f = d + e"]),
        ("sin(x*y) + y*x", None, ["a = x*y", "b = sin(a)", "f = b + a"]),
        ("-x*y + 2*sin(x) - exp(-x**2/2)", None, ["a = sin(x)", "b = -x*y", "c = x**2", "d = exp(-c/2)", "f = b + 2*a - d"]),
        ("norm(A @ x - b)**2", None, ["v1 = A @ x", "v2 = v1 - b", "f = norm(v2)**2"]),
        ("logdet(X.T @ X + t*eye(n))", "X: m n, t:", ["V1 = X.T @ X", "V2 = V1 + t*eye(n)", "f = logdet(V2)"]),
        ("u = A @ x; loss = norm(u - b)**2", None, ["u = A @ x", "v1 = u - b", "loss = norm(v1)**2"]),
        (
            "a = x**2; b = exp(a); c = a + b; sqrt(c) + cos(c)",
            None,
            ["a = x**2", "b = exp(a)", "c = a + b", "d = sqrt(c)", "e = cos(c)", "f = d + e"],
        ),
        ("u = x**2; v = sin(u); w = exp(x); v", None, ["u = x**2", "v = sin(u)"]),
        ("(x*y*z)**2", None, ["a = x*y*z", "f = a**2"]),
        ("sum(x[i]**2 for i in range(n))", "x: n", ["f = sum(x[i]**2 for i in range(n))"]),
        ("f = x**2; f*y", None, ["f = x**2", "f1 = f*y"]),
    ],
)
def test_a_row_is_an_operation_and_equal_parts_have_one(text, shapes, expected):
    assert rows(wrt.tape(text, shapes=shapes)) == expected


def test_what_is_no_input_stands_in_the_rows_as_it_is():
    assert rows(wrt.tape("sin(3*k)*x", "x", shapes="k:, x:")) == ["f = sin(3*k)*x"]


def test_an_adjoint_is_the_sum_over_the_uses():
    assert flows(wrt.tape(NOTE)) == {
        "x": "2*a_bar*x",
        "a": "b_bar*exp(a) + c_bar",
        "b": "c_bar",
        "c": "d_bar/(2*sqrt(c)) - e_bar*sin(c)",
        "d": "f_bar",
        "e": "f_bar",
    }


def test_a_tangent_is_the_sum_over_what_a_row_is_made_from():
    got = flows(wrt.tape("norm(A @ x - b)**2", mode="forward"))
    assert got == {"v1": "A_dot @ x + A @ x_dot", "v2": "v1_dot - b_dot", "f": "2*v2.T @ v2_dot"}


def test_adjoints_of_vectors_and_matrices_have_their_shapes():
    t = wrt.tape("relu(W @ x + b)", shapes="W: m n, x: n, b: m")
    assert flows(t) == {"W": "v1_bar @ x.T", "x": "W.T @ v1_bar", "b": "v2_bar", "v1": "v2_bar", "v2": "f_bar*(v2 > 0)"}
    assert str(t.gradient["W"]) == "(f_bar*(W @ x + b > 0)) @ x.T"


def test_an_input_that_the_function_lacks_has_adjoint_zero():
    t = wrt.tape("sin(x)", "x", "y", shapes="x:, y:", at={"x": 1, "y": 2})
    assert t.numbers["y"] == 0.0


def test_names_that_are_taken_are_not_used_again():
    t = wrt.tape("a*exp(x) + x_bar", shapes="a:, x:, x_bar:")
    names = [line.name for line in t.lines] + [line.flow for line in t.lines]
    assert len(set(names)) == len(names)


# ------------------------------------------------------------------------------------------------ numbers
def central(f, point, name):
    """The derivative of a scalar by central differences with one Richardson step."""

    def slope(step):
        out = np.zeros(np.shape(point[name]))
        for k in np.ndindex(out.shape):
            moved = []
            for sign in (1, -1):
                other = np.array(point[name], dtype=float)
                other[k] += sign * step
                moved.append(f(**{**point, name: other}))
            out[k] = (moved[0] - moved[1]) / (2 * step)
        return out

    return (4 * slope(5e-4) - slope(1e-3)) / 3


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


A = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 1.0]])
S = np.array([[2.0, 0.3], [0.3, 1.5]])
QUESTIONS = [
    (NOTE, None, lambda x: np.sqrt(x**2 + np.exp(x**2)) + np.cos(x**2 + np.exp(x**2)), {"x": 0.7}),
    ("x*y + sin(x)/y", None, lambda x, y: x * y + np.sin(x) / y, {"x": 2.0, "y": 3.0}),
    ("log(x**2 + y**2)*x**y", None, lambda x, y: np.log(x**2 + y**2) * x**y, {"x": 1.3, "y": 0.4}),
    ("norm(A @ x - b)**2", None, lambda A, x, b: np.sum((A @ x - b) ** 2), {"A": A, "x": np.array([1.0, -2.0]), "b": np.array([1.0, 0.0, 2.0])}),
    (
        "sum(log(1 + exp(-y*(X @ w))))",
        "X: m n, w: n, y: m",
        lambda X, w, y: np.sum(np.log(1 + np.exp(-y * (X @ w)))),
        {"X": A, "w": np.ones(2), "y": np.array([1.0, -1, 1])},
    ),
    ("logdet(X.T @ X) + tr(X.T @ X)", "X: m n", lambda X: np.log(np.linalg.det(X.T @ X)) + np.trace(X.T @ X), {"X": A}),
    (
        "-sum(y*log(softmax(W @ x)))",
        "W: m n, x: n, y: m",
        lambda W, x, y: -np.sum(y * np.log(softmax(W @ x))),
        {"W": A, "x": np.array([0.3, -0.2]), "y": np.eye(3)[1]},
    ),
    (
        "h = tanh(A @ x); c.T @ h + h.T @ h",
        None,
        lambda A, x, c: c @ np.tanh(A @ x) + np.sum(np.tanh(A @ x) ** 2),
        {"A": A, "x": np.ones(2), "c": np.ones(3)},
    ),
    ("x.T @ inv(M) @ x", None, lambda M, x: x @ np.linalg.inv(M) @ x, {"M": S + np.array([[0, 1.0], [0, 0]]), "x": np.array([1.0, 2.0])}),
    ("x[0]**2*x[1] + x[0]*x[1]**3", "x: 2", lambda x: x[0] ** 2 * x[1] + x[0] * x[1] ** 3, {"x": np.array([1.5, -0.5])}),
    ("max(x)*mean(x**2)", "x: n", lambda x: x.max() * np.mean(x**2), {"x": np.array([0.2, 1.0, -3.0])}),
]


@pytest.mark.parametrize(("text", "shapes", "f", "point"), QUESTIONS, ids=[q[0] for q in QUESTIONS])
def test_the_numbers_are_those_of_central_differences(text, shapes, f, point):
    t = wrt.tape(text, at=point, shapes=shapes)
    assert t.value == pytest.approx(float(f(**point)), rel=1e-12)
    for name in point:
        assert np.asarray(t.numbers[name]) == pytest.approx(central(f, point, name), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(("text", "shapes", "f", "point"), QUESTIONS[:4], ids=[q[0] for q in QUESTIONS[:4]])
def test_forward_mode_finds_the_same_numbers_one_pass_an_entry(text, shapes, f, point):
    last = list(point)[-1]
    t = wrt.tape(text, last, at=point, shapes=shapes, mode="forward")
    assert len(t.passes) == np.size(point[last])
    assert np.asarray(t.numbers[last]) == pytest.approx(central(f, point, last), rel=1e-6, abs=1e-8)


def test_a_symmetric_input_has_the_projected_gradient_in_reverse_mode():
    B = np.array([[1.0, 4.0], [0.0, 2.0]])
    t = wrt.tape("tr(B @ S)", "S", shapes="B: n n, S: n n symmetric", at={"B": B, "S": S})
    assert np.asarray(t.numbers["S"]) == pytest.approx((B + B.T) / 2)


def test_one_reverse_pass_finds_what_takes_forward_mode_a_pass_an_entry():
    point = {"A": np.ones((4, 4)), "x": np.ones(4)}
    assert wrt.tape("sum(A @ x)", at=point).passes == ()
    with pytest.raises(wrt.TooLargeError, match="20 entries"):
        wrt.tape("sum(A @ x)", at=point, mode="forward")


# ------------------------------------------------------------------------------------------------ the check
@pytest.mark.parametrize("mode", ["reverse", "forward"])
@pytest.mark.parametrize("edge", [("c", "a"), ("d", "c"), ("a", "x")])
def test_a_wrong_term_never_reaches_the_reader(monkeypatch, mode, edge):
    honest = room.Making.term
    monkeypatch.setattr(room.Making, "term", lambda self, of, by: 2 * honest(self, of, by) if (of, by) == edge else honest(self, of, by))
    with pytest.raises(wrt.ProofError):
        wrt.tape(NOTE, mode=mode)


def test_every_tape_is_proved_exactly_where_the_fields_decide():
    questions = [(NOTE, None), ("norm(A @ x - b)**2", None), ("tr(A @ X @ B @ X)", "X: n m, A: m n, B: m n"), ("softmax(W @ x)", "W: k n, x: n")]
    assert [wrt.tape(text, shapes=shapes, mode=mode).verified for text, shapes in questions for mode in ("reverse", "forward")] == ["exact"] * 8


def test_a_deep_function_is_taken_apart_without_recursion_and_a_too_deep_one_refused():
    deep = "x"
    for _ in range(120):
        deep = f"sin({deep})"
    assert len(wrt.tape(deep).lines) == 121
    with pytest.raises(wrt.TooLargeError):
        wrt.tape("sin(" * 250 + "x" + ")" * 250)


@pytest.mark.parametrize(
    ("kwargs", "error"),
    [
        ({"at": {"x": 1}}, wrt.TextError),
        ({"at": {"x": 1, "y": 2, "z": 3}}, wrt.UnknownNameError),
        ({"at": {"x": [1, 2], "y": 1}}, wrt.ShapeError),
        ({"at": {"x": "sin", "y": 1}}, wrt.WrtError),
        ({"at": {"x": object(), "y": 1}}, wrt.TextError),
        ({"mode": "sideways"}, wrt.TextError),
    ],
)
def test_a_point_or_mode_that_does_not_fit_is_refused(kwargs, error):
    with pytest.raises(error):
        wrt.tape("x*y", shapes="x:, y:", **kwargs)


# ------------------------------------------------------------------------------------------------ forms
TAPES = [
    wrt.tape(NOTE),
    wrt.tape(NOTE, at={"x": 0.5}, mode="forward"),
    wrt.tape("relu(W @ x + b)", shapes="W: m n, x: n, b: m"),
    wrt.tape("logdet(X.T @ X) < 3", shapes="X: m n"),
    wrt.tape("norm(A @ x - b)**2", "x", at={"A": A, "x": [1, 2], "b": [1, 0, 1]}, mode="forward"),
]


@pytest.mark.parametrize("t", TAPES, ids=lambda t: str(t.function))
def test_the_picture_is_well_formed_with_a_box_a_variable_and_an_arrow_a_use(t):
    picture = ET.fromstring(t.svg())
    space = "{http://www.w3.org/2000/svg}"
    assert len(picture.findall(f"{space}rect")) == len(t.lines) + 1  # and the paper
    assert len(picture.findall(f"{space}path")) == sum(len(line.partials) for line in t.lines)


@pytest.mark.parametrize("t", TAPES, ids=lambda t: str(t.function))
def test_boxes_do_not_overlap_and_stay_inside_the_picture(t):
    picture = ET.fromstring(t.svg())
    boxes = [tuple(float(r.get(k)) for k in ("x", "y", "width", "height")) for r in picture.findall("{http://www.w3.org/2000/svg}rect")[1:]]
    apart = [a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1] for a in boxes for b in boxes if a is not b]
    assert all(apart)
    assert all(x >= 0 and y >= 0 and x + w <= float(picture.get("width")) and y + h <= float(picture.get("height")) for x, y, w, h in boxes)


@pytest.mark.parametrize("t", TAPES, ids=lambda t: str(t.function))
def test_html_is_well_formed_and_latex_balanced(t):
    table = ET.fromstring(t.html())
    assert len(table.findall("tbody/tr")) == len(t.lines)
    tabular = t.latex()
    assert re.findall(r"\\begin\{(\w+)\}", tabular)[0] == "tabular"
    assert sorted(re.findall(r"\\begin\{(\w+)\}", tabular)) == sorted(re.findall(r"\\end\{(\w+)\}", tabular))
    assert tabular.count("$") % 2 == 0
    assert tabular.count("{") == tabular.count("}")


@pytest.mark.parametrize("t", TAPES, ids=lambda t: str(t.function))
def test_plain_data_holds_every_line_and_fits_json(t):
    data = json.loads(json.dumps(t.data()))
    assert [line["name"] for line in data["lines"]] == [line.name for line in t.lines]


def test_the_table_of_the_note_in_the_text_language():
    assert (
        wrt.tape(NOTE).text()
        == """\
variable  definition  local derivatives          adjoint, from the last row up
------------------------------------------------------------------------------------------
x         input                                  x_bar = a_bar*d(a)/d(x)
                                                 = 2*a_bar*x
a         x**2        d(a)/d(x) = 2*x            a_bar = b_bar*d(b)/d(a) + c_bar*d(c)/d(a)
                                                 = b_bar*exp(a) + c_bar
b         exp(a)      d(b)/d(a) = exp(a)         b_bar = c_bar*d(c)/d(b)
                                                 = c_bar
c         a + b       d(c)/d(a) = 1              c_bar = d_bar*d(d)/d(c) + e_bar*d(e)/d(c)
                      d(c)/d(b) = 1              = d_bar/(2*sqrt(c)) - e_bar*sin(c)
d         sqrt(c)     d(d)/d(c) = 1/(2*sqrt(c))  d_bar = f_bar*d(f)/d(d)
                                                 = f_bar
e         cos(c)      d(e)/d(c) = -sin(c)        e_bar = f_bar*d(f)/d(e)
                                                 = f_bar
f         d + e       d(f)/d(d) = 1              f_bar = 1
                      d(f)/d(e) = 1
------------------------------------------------------------------------------------------
x_bar = d(f)/d(x) = x*(1 + exp(x**2))*(1/sqrt(x**2 + exp(x**2)) - 2*sin(x**2 + exp(x**2)))
mixed layout; proof: exact"""
    )


def test_the_command_draws_the_graph_and_reads_points(tmp_path):
    picture = tmp_path / "graph.svg"
    words = ["tape", "norm(A @ x)**2", "--at", "A=[[1, 2], [3, 4]], x=[1, 1/2]", "--json", "--svg", str(picture)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0
    assert json.loads(result.output)["gradient"]["x"]["value"] == [34.0, 48.0]
    assert ET.fromstring(picture.read_text(encoding="utf-8")).tag.endswith("svg")


@pytest.mark.parametrize("point", ["x", "x=", "x=[1, 2", "y=1"])
def test_the_command_refuses_a_point_it_cannot_read(point):
    result = CliRunner().invoke(main, ["tape", "x**2", "--at", point])
    assert (result.exit_code, "Error" in result.output) == (2, True)


def test_declared_functions_have_rows_and_named_jacobians():
    t = wrt.tape("norm(g(x) - y)**2", "x", shapes="g: (n) -> (m), x: n, y: m")
    assert rows(t) == ["v1 = g(x)", "v2 = v1 - y", "f = norm(v2)**2"]
    assert flows(t)["x"] == "D(g)(x).T @ v1_bar"
    assert t.verified == "exact"
    with pytest.raises(wrt.TextError):
        wrt.tape("u(v(t))*t", "t", shapes="u: () -> (), v: () -> (), t:", at={"t": 1})


def test_the_tangent_of_a_row_is_a_row():
    assert flows(wrt.tape("x.T @ A @ x", "x", mode="forward")) == {"v1": "x_dot.T @ A", "f": "v1_dot @ x + v1 @ x_dot"}


@pytest.mark.parametrize("mode", ["reverse", "forward"])
@pytest.mark.parametrize(
    ("text", "shapes", "point", "expected"),
    [
        ("3*norm(x)", "x: n", {"x": [0.0, 0.0]}, [0.0, 0.0]),
        ("abs(x)*y", "x:, y:", {"x": 0.0, "y": 2.0}, 0.0),
        ("sum(relu(x))", "x: n", {"x": [0.0, 1.0]}, [0.0, 1.0]),
        ("det(X)", "X: 2 2", {"X": [[0.0, 1.0], [0.0, 2.0]]}, [[2.0, 0.0], [-1.0, 0.0]]),
    ],
)
def test_a_kink_or_a_singular_matrix_has_the_number_that_the_convention_says(text, shapes, point, expected, mode):
    name = next(iter(point))
    assert np.asarray(wrt.tape(text, name, shapes=shapes, at=point, mode=mode).numbers[name]) == pytest.approx(np.asarray(expected))


def test_a_tape_is_short_at_the_prompt():
    assert repr(wrt.tape("x**2")) == "Tape('x**2', reverse mode, 2 lines)"


# ---------------------------------------------------------------------------------------- outside the domain
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("mode", ["reverse", "forward"])
@pytest.mark.parametrize(
    ("f", "at", "says"),
    [
        ("1/x", {"x": 0}, "f = 1/x has no finite value at x = 0."),
        ("x + log(x)", {"x": -1}, "a = log(x) has no finite value at x = -1."),
        ("x*exp(exp(x))", {"x": 9}, "b = exp(a) has no finite value at a = 8103.08."),
        ("sqrt(x) + x", {"x": 0}, "the derivative of a = sqrt(x) by x has no finite value at x = 0."),
        ("x**y", {"x": -2, "y": 0.5}, "f = x**y has no finite value at x = -2, y = 0.5."),
        ("x**2", {"x": float("nan")}, "the value given for x is not finite."),
    ],
)
def test_a_point_outside_the_domain_is_told_by_its_row(f, at, says, mode):
    with pytest.raises(wrt.DomainError) as error:
        wrt.tape(f, at=at, mode=mode)
    assert error.value.message == says


def test_a_kink_has_the_value_of_the_convention():
    assert wrt.tape("norm(x)", at={"x": [0, 0]}).numbers["x"].tolist() == [0, 0]
    assert wrt.tape("relu(x)", at={"x": 0}).numbers["x"] == 0


@pytest.mark.parametrize(
    ("f", "at", "says"),
    [
        ("abs(x)", {"x": 0}, "abs(x) has a kink at this point"),
        ("norm(x)", {"x": [0, 0]}, "norm(x) has a kink at this point"),
        ("relu(x) + maximum(2*x, y)", {"x": 0, "y": 0}, "relu(x), maximum(2*x, y) have kinks at this point"),
        ("abs(x)", {"x": 1}, None),
        ("norm(x)", {"x": [1, 0]}, None),
        ("abs(x)", None, None),
    ],
)
def test_a_tape_at_a_kink_says_so(f, at, says):
    t = wrt.tape(f, at=at)
    assert [f"{says}: the derivative there is a convention" in words for words in (t.text(),)] == [says is not None]
    assert ["kink" in words for words in (t.text(), t.unicode(), t.latex(), t.html())] == [says is not None] * 4


def test_the_point_is_asked_for_with_an_example():
    for words in (["x*y", "--at"], ["x*y", "--at", "x=2"], ["x*y", "--at", "x=2, y"]):
        result = CliRunner().invoke(main, ["tape", *words])
        assert (result.exit_code, '"x=2, y=[1, 3]"' in result.output) == (2, True)
