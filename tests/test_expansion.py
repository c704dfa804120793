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
]


@pytest.mark.parametrize(("text", "at", "order", "printed"), PRINTED)
def test_taylor_polynomials_read_by_degree(text: str, at: dict[str, object], order: int, printed: str) -> None:
    p = wrt.taylor(text, "x", at=at, order=order)
    assert str(p) == printed
    assert p.verified == "exact"


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
