"""Derivatives by structured matrices: the projection is orthogonal onto the space, the derivative by entries is that of differences."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from index_numerics import SIZES, close, draw, environment, evaluate, facts_of, lowered, symbol_of
from wrt.algebra.flatten import flattened
from wrt.algebra.simplify import simplify
from wrt.calculus.derive import derivative
from wrt.calculus.structure import linear_structure, structured
from wrt.tables.facts import closure

N = SIZES["n"]
STRUCTURES = ("symmetric", "diagonal", "lower", "upper", "toeplitz", "symmetric_toeplitz")
FUNCTIONS = ("tr(A @ X @ B @ X)", "sum(A*X)**3", "tr(inv(X + 3*eye(n)) @ A)", "x.T @ X.T @ X @ x")


def classes(structure: str) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """For each entry, the entries that are the same parameter; none where the entry is 0."""
    same = {
        "symmetric": lambda i, j: {(i, j), (j, i)},
        "diagonal": lambda i, j: {(i, j)} if i == j else set(),
        "lower": lambda i, j: {(i, j)} if i >= j else set(),
        "upper": lambda i, j: {(i, j)} if i <= j else set(),
        "toeplitz": lambda i, j: {(k, m) for k in range(N) for m in range(N) if k - m == i - j},
        "symmetric_toeplitz": lambda i, j: {(k, m) for k in range(N) for m in range(N) if abs(k - m) == abs(i - j)},
    }[structure]
    return {(i, j): sorted(same(i, j)) for i in range(N) for j in range(N)}


def by_entries(d, axis, structure):
    """The derivative by the independent entries: the sum of d over the entries that are the same parameter."""
    out = np.zeros_like(d)
    for at, same in classes(structure).items():
        for other in same:
            out[(*[slice(None)] * axis, *at)] += d[(*[slice(None)] * axis, *other)]
    return out


def setting(text, structure):
    source, f = lowered(text, f"X: n n {structure}, A: n n, B: n n, x: n")
    at = environment(source, SIZES, seed=11)
    if "toeplitz" in structure:
        row = np.random.default_rng(3).normal(size=2 * N)
        at["X"] = np.array([[row[abs(i - j) if "symmetric" in structure else i - j + N - 1] for j in range(N)] for i in range(N)])
    return source, f, at


@pytest.mark.parametrize(("text", "structure"), list(itertools.product(FUNCTIONS, STRUCTURES)))
def test_both_answers_to_second_order(text, structure):
    source, f, at = setting(text, structure)
    x = symbol_of(source, "X")
    first = derivative(f, x)
    second = derivative(first, x)
    space = linear_structure(closure({structure}))
    assert space is not None
    for d, axes in ((first, (0,)), (second, (0, 2))):
        raw = evaluate(d, at, SIZES)
        for mode in ("projected", "parameters"):
            made, want = d, raw
            for axis in axes:
                made = structured(made, axis, space, mode)
                entries = by_entries(want, axis, structure)
                want = (
                    entries
                    if mode == "parameters"
                    else entries
                    / np.maximum([[len(classes(structure)[i, j]) for j in range(N)] for i in range(N)], 1).reshape(
                        (1,) * axis + (N, N) + (1,) * (want.ndim - axis - 2)
                    )
                )
            got, conditions = simplify(flattened(made), facts_of(source))
            assert not conditions
            assert close(evaluate(got, at, SIZES), want, 1e-9), mode


@pytest.mark.parametrize("structure", STRUCTURES)
def test_projection_is_the_gradient_of_the_restricted_function(structure):
    source, f, at = setting("tr(A @ X @ B @ X) + sum(A*X)**3", structure)
    x = symbol_of(source, "X")
    space = linear_structure(closure({structure}))
    gradient = evaluate(structured(derivative(f, x), 0, space, "projected"), at, SIZES)
    direction = np.zeros((N, N))
    for same in classes(structure).values():
        for k, entry in enumerate(same):
            direction[entry] = (3 * same[0][0] + 5 * same[0][1]) % 7 - 3.5 if k == 0 else direction[same[0]]
    step = 1e-5
    value = [evaluate(f, {**at, "X": at["X"] + s * step * direction}, SIZES) for s in (1, -1)]
    assert close(np.sum(gradient * direction), (value[0] - value[1]) / (2 * step), 1e-7)


def test_the_smallest_space_is_taken():
    assert linear_structure(closure({"spd"})) == "symmetric"
    assert linear_structure(closure({"diagonal", "positive"})) == "diagonal"
    assert linear_structure(closure({"symmetric_toeplitz"})) == "symmetric_toeplitz"
    assert linear_structure(closure({"invertible"})) is None


def test_points_have_their_structure():
    source, _ = lowered("tr(L @ U)", "L: n n lower, U: n n upper")
    rng = np.random.default_rng(1)
    lower, upper = (draw(rng, source.declarations[name], SIZES) for name in "LU")
    assert close(lower, np.tril(lower), 0)
    assert close(upper, np.triu(upper), 0)
