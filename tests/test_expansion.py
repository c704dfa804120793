"""Taylor polynomials: ordered by degree, proved, refused where the function has none."""

from __future__ import annotations

import pytest

import wrt

PRINTED = [
    ("sin(x)", {}, 7, "x - x**3/6 + x**5/120 - x**7/5040"),
    ("cos(x)", {}, 4, "1 - x**2/2 + x**4/24"),
    ("1/(1 - x)", {}, 3, "1 + x + x**2 + x**3"),
    ("sqrt(x)", {"x": 4}, 1, "2 + (x - 4)/4"),
    ("exp(x)", {"x": "a"}, 3, "exp(a)*(1 + (x - a) + (x - a)**2/2 + (x - a)**3/6)"),
    ("log(1 + x)", {"x": 0}, 2, "x - x**2/2"),
    ("x**5", {}, 3, "0"),
    ("1/x", {"x": "a"}, 2, "1/a - (x - a)/a**2 + (x - a)**2/a**3"),
    ("sqrt(x)", {"x": "a"}, 2, "sqrt(a) + (x - a)/(2*sqrt(a)) - (x - a)**2/(8*a**1.5)"),
    ("tanh(x)", {"x": "a"}, 2, "tanh(a) + (1 - tanh(a)**2)*(x - a) - tanh(a)*(1 - tanh(a)**2)*(x - a)**2"),
    ("sin(x)", {"x": "a"}, 2, "sin(a) + cos(a)*(x - a) - sin(a)*(x - a)**2/2"),
]
ARRAYS = [
    ("exp(b.T @ x)", "x", {"x": "a"}, "exp(b.T @ a)*(1 + b.T @ (x - a) + (b.T @ (x - a))**2/2)"),
    ("inv(X)", "X", {"X": "A"}, "inv(A) - inv(A) @ (X - A) @ inv(A) + inv(A) @ (X - A) @ inv(A) @ (X - A) @ inv(A)"),
    ("inv(A + t*B)", "t", {}, "inv(A) - t*inv(A) @ B @ inv(A) + t**2*inv(A) @ B @ inv(A) @ B @ inv(A)"),
    ("(a.T @ (W + t*U) @ b - c)**2", "t", {}, "(a.T @ W @ b - c)**2 + 2*t*(a.T @ U @ b)*(a.T @ W @ b - c) + t**2*(a.T @ U @ b)**2"),
]


@pytest.mark.parametrize(("text", "at", "order", "printed"), PRINTED)
def test_taylor_polynomials_read_by_degree(text: str, at: dict[str, object], order: int, printed: str) -> None:
    p = wrt.taylor(text, "x", at=at, order=order)
    assert str(p) == printed
    assert p.verified == "exact"


@pytest.mark.parametrize(("text", "name", "at", "printed"), ARRAYS)
def test_no_sum_of_degrees_stands_within_a_term(text: str, name: str, at: dict[str, object], printed: str) -> None:
    p = wrt.taylor(text, name, at=at, order=2)
    assert str(p) == printed
    assert p.verified == "exact"


@pytest.mark.parametrize(
    ("text", "shapes", "at", "conditions"),
    [
        ("norm(x)", "x: n", "a", ("a != 0",)),
        ("inv(x)", "x: n n", "A", ("A invertible",)),
        ("logdet(x)", "x: n n, A: n n spd", "A", ()),
        ("relu(x)", "x:", 1, ()),
        ("norm(A @ x - b)", "A: m n, x: n, b: m", "a", ("A @ a != b",)),
    ],
)
def test_an_expansion_names_what_its_point_must_fulfil(text: str, shapes: str, at: object, conditions: tuple[str, ...]) -> None:
    assert wrt.taylor(text, "x", at={"x": at}, order=1, shapes=shapes).conditions == conditions


def test_terms_of_one_degree_stand_in_the_order_of_the_variables() -> None:
    p = wrt.taylor("x**2 + 2*x*y + y**2", "x", "y", at={"x": 1, "y": 2}, order=2)
    assert str(p) == "9 + 6*(x - 1) + 6*(y - 2) + (x - 1)**2 + 2*(x - 1)*(y - 2) + (y - 2)**2"


def test_two_variables() -> None:
    p = wrt.taylor("x**2 + 2*x*y + y**2", "x", "y", at={"x": 1, "y": 2}, order=2)
    assert p(x=3.0, y=5.0) == pytest.approx(64.0)


def test_linearized_logdet_is_a_trace() -> None:
    p = wrt.linearize("logdet(X + t*U)", "t", shapes={"X": ("n", "n"), "U": ("n", "n"), "t": ()}, assume={"X": ("invertible",)})
    assert str(p) == "logdet(X) + t*tr(inv(X) @ U)"


@pytest.mark.parametrize(
    ("text", "options", "kind"),
    [
        ("log(x)", {}, wrt.DomainError),
        ("1/x", {}, wrt.DomainError),
        ("sin(x)", {"order": -1}, wrt.TextError),
        ("sin(x)", {"order": 2.5}, wrt.TextError),
        ("sin(x)", {"at": {"y": 0}}, wrt.UnknownNameError),
        ("norm(A @ x)**2", {"at": {"x": "ones(3)"}}, wrt.ShapeError),
    ],
)
def test_what_has_no_expansion_is_refused(text: str, options: dict[str, object], kind: type[wrt.WrtError]) -> None:
    with pytest.raises(kind):
        wrt.taylor(text, "x", **options)


def test_a_point_of_zeros_leaves_the_variable() -> None:
    assert str(wrt.linearize("[x[1], -c*sin(x[0])]", "x", at={"x": "[0, 0]"}, shapes="x: 2, c:")) == "[x[1], -c*x[0]]"
