"""Every row of the tables is checked by floats to second order, and the check notices every row whose derivative is changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

import wrt
from wrt.registry import _forget, _table
from wrt.rowcheck import check
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS, REDUCTIONS

ROWS = [*FUNCTIONS.values(), *REDUCTIONS.values(), *OPERATORS.values()]
WITH_DERIVATIVES = [row for row in ROWS if getattr(row, "d", "") and row.name not in ("sign", "where", "polygamma", "logm")]
NATIVE = {"sqrt", "expm", "sqrtm", "svd_u", "svd_v", "polar", "matpow", "adj"}  # their rule is the calculus' own; the row states it


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row_has_the_derivative_of_its_function(row):
    check(row)


@pytest.mark.parametrize("row", [row for row in WITH_DERIVATIVES if row.name not in NATIVE], ids=lambda row: row.name)
def test_a_changed_derivative_is_noticed(row):
    wrong = replace(row, d=tuple(f"1.01*({d})" if d else d for d in row.d) if isinstance(row.d, tuple) else f"1.01*({row.d})")
    table = _table(row)
    table[row.name] = wrong
    _forget()
    try:
        with pytest.raises(wrt.ProofError, match=f"the row of {row.name} is wrong"):
            check(wrong)
    finally:
        table[row.name] = row
        _forget()


def test_names_are_keys_and_sources_are_said():
    for table in (FUNCTIONS, REDUCTIONS, OPERATORS):
        assert {row.name for row in table.values()} == set(table)
    assert [row.name for row in (*FUNCTIONS.values(), *OPERATORS.values()) if not row.source and row.name != "sign"] == []
