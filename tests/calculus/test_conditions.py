"""Conditions of validity: those of matrix functions and kinks, less what facts imply."""

from __future__ import annotations

import pytest

from index_numerics import facts_of, lowered, symbol_of
from wrt.algebra.flatten import flattened
from wrt.algebra.simplify import simplify
from wrt.calculus.conditions import conditions_of
from wrt.calculus.derive import derivative


@pytest.mark.parametrize(
    ("text", "shapes", "wrt", "told"),
    [
        ("logdet(X)", "X: n n", "X", ["X invertible"]),
        ("logdet(S)", "S: n n spd", "S", []),
        ("det(X)", "X: n n", "X", []),
        ("sum(abs(x))", "x: n", "x", ["x != 0 (entry by entry)"]),
        ("sum(abs(x))", "x: n nonzero", "x", []),
        ("sum(maximum(x, y))", "x: n, y: n", "x", ["x != y (entry by entry)"]),
        ("sum(abs(x))", "x: n, y: n", "y", []),
        ("max(x)", "x: n", "x", ["x without a tie for its greatest entry (a tie is split evenly)"]),
        ("sum(max(X, axis=0))", "X: m n", "X", ["X without a tie for the greatest entry of a column (a tie is split evenly)"]),
        ("sum(min(X, axis=1))", "X: m n", "X", ["X without a tie for the least entry of a row (a tie is split evenly)"]),
        ("sum(sqrt(relu(x)))", "x: n", "x", ["x != 0 (entry by entry)"]),
        ("sum(log(maximum(x, 2)))", "x: n", "x", ["x != ? (entry by entry)"]),
        ("sum(C*polar(X))", "X: m n, C: m n", "X", ["X of full rank"]),
        ("prod(x)", "x: n", "x", ["x != 0 (entry by entry)"]),
        ("prod(x)", "x: n positive", "x", []),
        ("sum(svdvals(X))", "X: m n", "X", ["X of full rank"]),
        ('norm(X, "nuc")', "X: m n", "X", ["X of full rank"]),
        ("svdvals(X)[0]", "X: m n", "X", ["X with a simple greatest singular value"]),
        ("sum(svdvals(X)**2)", "X: m n", "X", []),
        ("sum(eigvalsh(S))", "S: n n symmetric", "S", []),
        ("sum(exp(eigvalsh(S)))", "S: n n symmetric", "S", []),
        ("eigvalsh(S)[0]", "S: n n symmetric", "S", ["S with a simple least eigenvalue"]),
        ("max(eigvalsh(S))", "S: n n symmetric", "S", ["S with a simple greatest eigenvalue"]),
        ("eigvalsh(S)[1]", "S: n n symmetric", "S", ["S with distinct eigenvalues"]),
        ("eigvalsh(S)[0] + sum(eigvalsh(S)**2)", "S: n n symmetric", "S", ["S with distinct eigenvalues"]),
        ("sum(C*pinv(X))", "X: m n, C: n m", "X", ["X of constant rank"]),
        ("tr(C @ logm(X))", "X: n n, C: n n", "X", ["X without eigenvalues <= 0"]),
        ("tr(C @ expm(X))", "X: n n, C: n n", "X", []),
    ],
)
def test_conditions_told(text, shapes, wrt, told):
    source, f = lowered(text, shapes)
    facts = facts_of(source)
    d, used = simplify(flattened(derivative(f, symbol_of(source, wrt))), facts)
    found = [c.told(lambda e: getattr(e, "name", "?")) for c in (*conditions_of(f, d, [wrt], facts), *used)]
    assert sorted(set(found)) == sorted(told)
