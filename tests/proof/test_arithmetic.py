"""Labelled arrays, jets and matrix functions of jets, against plain loops and identities."""

from itertools import product
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wrt.proof import linalg
from wrt.proof.arrays import UnfitError, Value, contraction, meeting, turned
from wrt.proof.draw import hashed
from wrt.proof.field import BASE
from wrt.proof.jets import Ring, restricted

P = BASE.p
I3 = ("i", 0, 3)


def numbers(seed, count, p=P):
    return [hashed("test", seed, k) % p for k in range(count)]


def entries(keys, dims, flat):
    return {at: flat[n] for n, at in enumerate(product(*map(range, dims)))}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_contraction_is_the_sum_over_the_keys_left_out(data):
    sizes = {0: 2, 1: 3, 5: 2, ("i", 0, 3): 3}
    names = list(sizes)
    ka, kb = (tuple(data.draw(st.lists(st.sampled_from(names), unique=True, max_size=3))) for _ in range(2))
    both = [k for k in ka if k in kb]
    out = tuple(data.draw(st.permutations([k for k in {*ka, *kb} if k not in both or data.draw(st.booleans())])))
    da, db = (tuple(sizes[k] for k in ks) for ks in (ka, kb))
    a, b = numbers("a", prod(da)), numbers("b", prod(db))
    plan = contraction(ka, da, kb, db, out)
    got = Ring(P).contract(plan, {0: a}, {0: b})[0]
    want = dict.fromkeys(product(*[range(sizes[k]) for k in out]), 0)
    every = list(dict.fromkeys((*ka, *kb)))
    left, right = entries(ka, da, a), entries(kb, db, b)
    for at in product(*[range(sizes[k]) for k in every]):
        where = dict(zip(every, at, strict=True))
        want[tuple(where[k] for k in out)] += left[tuple(where[k] for k in ka)] * right[tuple(where[k] for k in kb)]
    assert list(got) == [v % P for v in want.values()]


def test_a_column_stretches_over_a_matrix_and_a_scalar_over_anything():
    plan = meeting((0,), (2,), (0, 1), (2, 3))
    assert plan.dims == (2, 3)
    assert list(plan.left([7, 8])) == [7, 7, 7, 8, 8, 8]
    assert plan.right is None
    assert list(meeting((), (), (1,), (3,)).left([5])) == [5, 5, 5]


def test_axes_of_different_lengths_do_not_meet():
    with pytest.raises(UnfitError):
        meeting((0,), (2,), (0,), (3,))
    with pytest.raises(UnfitError):
        contraction((0, 1), (2, 3), (1,), (4,), (0,))


def test_a_repeated_key_reads_the_diagonal():
    assert list(turned((I3, I3), (3, 3), (I3,), (3,))(list(range(9)))) == [0, 4, 8]


@pytest.mark.parametrize("bits", [0, 1, 2, 3])
def test_composition_with_a_cube_is_two_products(bits):
    ring = Ring(P)
    a = {m: numbers(m, 4) for m in range(1 << bits)}
    x = a[0]
    derivatives = [[v**3 % P for v in x], [3 * v * v % P for v in x], [6 * v % P for v in x], [6] * 4]
    assert ring.compose(derivatives[: bits + 1], a, bits) == ring.times(a, ring.times(a, a))


def test_products_of_the_same_infinitesimal_vanish():
    ring = Ring(P)
    assert ring.times({1: [2]}, {1: [3]}) == {}
    assert ring.times({0: [2], 1: [5]}, {0: [3], 2: [7]}) == {0: [6], 1: [15], 2: [14], 3: [35]}


def matrix(seed, m, n, bits=2):
    return {part: numbers((seed, part), m * n) for part in range(1 << bits)}


def same(a, b):
    zero = {m: x for m, x in a.items() if any(x)}, {m: x for m, x in b.items() if any(x)}
    return {m: list(x) for m, x in zero[0].items()} == {m: list(x) for m, x in zero[1].items()}


def test_the_inverse_of_a_jet_is_its_inverse():
    ring, a = Ring(P), matrix("inv", 3, 3, 3)
    assert same(linalg.multiply(ring, a, linalg.inverse(ring, a, 3), 3, 3, 3), {0: linalg.identity(3)})


def test_determinant_and_adjugate_agree_with_the_division_free_recursion():
    ring, a = Ring(P), matrix("det", 4, 4, 3)
    fast, slow = linalg.adjugate(ring, a, 4), linalg._faddeev(ring, a, 4)
    assert same(fast[0], slow[0])
    assert same(fast[1], slow[1])


def test_the_adjugate_is_right_at_a_singular_matrix():
    ring = Ring(P)
    a = linalg.multiply(ring, matrix("u", 3, 2, 0), matrix("v", 2, 3, 0), 3, 2, 3)
    determinant, adj = linalg.adjugate(ring, a, 3)
    assert not any(determinant[0])
    assert any(adj[0])
    assert not any(linalg.multiply(ring, a, adj, 3, 3, 3)[0])


def test_the_pseudoinverse_of_a_jet_of_constant_rank_obeys_penrose():
    ring = Ring(P)
    a = linalg.multiply(ring, matrix("c", 4, 2), matrix("r", 2, 5), 4, 2, 5)
    x = linalg.pseudoinverse(ring, a, 4, 5)
    ax, xa = linalg.multiply(ring, a, x, 4, 5, 4), linalg.multiply(ring, x, a, 5, 4, 5)
    assert same(linalg.multiply(ring, ax, a, 4, 4, 5), a)
    assert same(linalg.multiply(ring, xa, x, 5, 5, 4), x)
    assert same(linalg.transposed(ax, 4, 4), ax)
    assert same(linalg.transposed(xa, 5, 5), xa)


def test_the_cholesky_factor_of_a_jet_is_the_triangle_it_came_from():
    ring = Ring(P)
    low = {m: [0 if k % 3 > k // 3 else v for k, v in enumerate(x)] for m, x in matrix("low", 3, 3).items()}
    low[0] = [v * v % P if k in (0, 4, 8) else v for k, v in enumerate(low[0])]
    a = linalg.multiply(ring, low, linalg.transposed(low, 3, 3), 3, 3, 3)
    assert same(linalg.cholesky(ring, a, 3, BASE.root), low)


def test_singular_matrices_have_no_inverse():
    with pytest.raises(UnfitError):
        linalg.inverse(Ring(P), {0: [1, 2, 2, 4]}, 2)


def test_parts_are_cut_by_the_infinitesimals_kept():
    assert restricted({0: 1, 1: 2, 2: 3, 3: 4}, 1) == {0: 1, 1: 2}
    assert repr(Value((), (), {0: [1]})) == "Value((), (), {0: [1]})"
