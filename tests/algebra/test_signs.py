"""Products of x, sign(x) and |x|."""

from __future__ import annotations

import pytest

import wrt


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x*abs(x)", "2*abs(x)"),
        ("abs(x)**3", "3*x*abs(x)"),
        ("x/(1 + abs(x))", "1/(1 + abs(x))**2"),
        ("x/abs(x)", "0"),
        ("sqrt(abs(x))", "sign(x)/(2*sqrt(abs(x)))"),
        ("abs(x)**3*x", "4*abs(x)**3"),
        ("x**2*sign(x)", "2*abs(x)"),
    ],
)
def test_a_number_times_its_sign_is_its_absolute_value(text, expected):
    d = wrt.derive(text, "x")
    assert (str(d), d.verified) == (expected, "exact")


def test_the_volume_of_a_frame_needs_independent_columns():
    d = wrt.derive("sqrt(det(A.T @ A))", "A", shapes="A: m n")
    assert (str(d), d.conditions) == ("sqrt(det(A.T @ A))*pinv(A).T", ("A.T @ A invertible",))
