"""What the public functions take: orders beside names, names with blanks, numbers of other types."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import wrt


@pytest.mark.parametrize("names", [("x", "x"), ("x", 2), (("x", 2),), ("x", np.int64(2)), (" x ", "x")])
def test_a_second_derivative_is_named_in_several_ways(names):
    assert str(wrt.derive("x**3", *names)) == "6*x"


def test_a_pair_of_names_is_a_list_of_derivatives():
    assert [str(d) for d in wrt.derive("x*y", ("x", "y"))] == ["y", "x"]


def test_a_list_may_hold_orders():
    assert [str(d) for d in wrt.derive("x**3", ["x", ("x", 2)])] == ["3*x**2", "6*x"]


@pytest.mark.parametrize("number", [Fraction(1, 2), np.float32(0.5), np.array(0.5), 0.5])
def test_numbers_of_other_types_are_data(number):
    assert wrt.parse("x**2")(x=number) == 0.25


def test_a_mean_of_nothing_is_refused():
    with pytest.raises(wrt.ShapeError):
        wrt.derive("mean(x)", "x", shapes="x: n")(x=np.zeros(0))
