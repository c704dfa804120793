"""What is drawn is what was declared, exactly; the map of a structure is its own adjoint."""

import pytest

from wrt.language.read import read
from wrt.proof import linalg
from wrt.proof.draw import Draw, assignments
from wrt.proof.field import BASE, LEVELS
from wrt.proof.jets import Ring
from wrt.proof.numeric import STYLES, FloatDraw, context
from wrt.proof.structure import classes, mapped, space

N = 4


def drawn(facts, level=BASE, shape="n n", seed="t"):
    source = read("X", f"X: {shape} {facts}")
    return list(Draw(source.declarations, {"n": N, "m": N + 1}, seed, {}).value(level, "X"))


def rows(flat, n=N):
    return [flat[k : k + n] for k in range(0, len(flat), n)]


def turned(a):
    return [list(c) for c in zip(*a, strict=True)]


def times(a, b, p):
    return [[sum(x * y for x, y in zip(r, c, strict=True)) % p for c in turned(b)] for r in a]


def unit(n):
    return [[int(i == j) for j in range(n)] for i in range(n)]


@pytest.mark.parametrize("level", LEVELS[:3], ids=lambda level: str(level.p))
def test_square_facts_hold_in_every_field(level):
    p = level.p
    s = rows(drawn("spd", level))
    assert s == turned(s)
    assert level.sign(linalg.adjugate(Ring(p), {0: [v for r in s for v in r]}, N)[0][0][0]) == 1
    q = rows(drawn("orthogonal", level))
    assert times(turned(q), q, p) == unit(N)
    e = rows(drawn("idempotent", level))
    assert times(e, e, p) == e != unit(N)
    t = rows(drawn("toeplitz", level))
    assert t[1][1] == t[0][0] and t[2][1] == t[1][0] and t[0][1] != t[1][0]
    u = rows(drawn("symmetric_toeplitz", level))
    assert u == turned(u) and u[1][2] == u[0][1]
    d = rows(drawn("diagonal", level))
    assert all((d[i][j] != 0) == (i == j) for i in range(N) for j in range(N))
    low, up = rows(drawn("lower", level)), rows(drawn("upper", level))
    assert all(low[i][j] == 0 == up[j][i] for i in range(N) for j in range(i + 1, N))
    assert level.sign(linalg.adjugate(Ring(p), {0: drawn("det_positive", level)}, N)[0][0][0]) == 1


def test_orthonormal_columns_and_reflections():
    flat = drawn("orthogonal", shape="m n")
    q = rows(flat)
    assert len(q) == N + 1
    assert times(turned(q), q, BASE.p) == unit(N)
    h = rows(drawn("orthogonal symmetric"))
    assert h == turned(h)
    assert times(h, h, BASE.p) == unit(N)


def test_entry_facts_hold():
    assert {BASE.sign(v) for v in drawn("positive")} == {1}
    inside = drawn("unit_interval", shape="n")
    assert {BASE.sign(v) for v in inside} == {1} == {BASE.sign(1 - v) for v in inside}
    simplex = drawn("simplex", shape="n")
    assert sum(simplex) % BASE.p == 1
    assert {BASE.sign(v) for v in simplex} == {1}
    assert sorted(drawn("onehot", shape="n")) == [0] * (N - 1) + [1]
    assert all(sum(r) == 1 for r in rows(drawn("onehot", shape="m n")))
    assert set(drawn("labels_pm1", shape="m n")) == {1, BASE.p - 1}
    assert all(3 <= v < 7 for v in drawn("integer", shape="n"))


def test_an_entry_has_one_sign_in_all_fields():
    first = [BASE.sign(v) for v in drawn("")]
    for level in LEVELS[1:3]:
        assert [level.sign(v) for v in drawn("", level)] == first


def test_look_ups_stay_in_range_and_repeat():
    source = read("E[k, :]", "E: v d, k: l integer")
    values = Draw(source.declarations, {"v": 3, "d": 4, "l": 5}, "t", {"k": [(0, source.declarations["E"].shape.sizes[0])]}).whole("k")
    assert all(0 <= v < 3 for v in values)
    assert values[0] == values[-1]


@pytest.mark.parametrize("style", range(len(STYLES)))
@pytest.mark.parametrize(
    "facts", ["", "symmetric", "spd", "orthogonal", "idempotent", "lower", "positive", "unit_interval", "toeplitz", "det_positive"]
)
def test_floats_obey_their_facts_too(style, facts):
    source, mp = read("X", f"X: n n {facts}"), context(40)
    a = mp.matrix(rows(FloatDraw(source.declarations, {"n": N}, "t", {}, style).floats(mp, "X")))
    tiny = mp.mpf(10) ** -35
    checks = {
        "": lambda: True,
        "symmetric": lambda: a == a.T,
        "spd": lambda: a == a.T and min(mp.eigsy(a, eigvals_only=True)) > 0,
        "orthogonal": lambda: mp.norm(a.T * a - mp.eye(N)) < tiny,
        "idempotent": lambda: mp.norm(a * a - a) < tiny * 1000,
        "lower": lambda: a[0, 1] == 0 != a[1, 0],
        "positive": lambda: min(a) > 0,
        "unit_interval": lambda: style == 5 or (min(a) > 0 and max(a) < 1),
        "toeplitz": lambda: a[0, 0] == a[1, 1] and a[1, 0] == a[2, 1],
        "det_positive": lambda: style == 5 or mp.det(a) > 0,
    }
    assert checks[facts]()


@pytest.mark.parametrize("facts", ["symmetric", "diagonal", "lower", "upper", "toeplitz", "symmetric_toeplitz", "symmetric lower", "upper toeplitz"])
@pytest.mark.parametrize("mode", ["projected", "parameters"])
def test_the_map_of_a_structure_is_its_own_adjoint(facts, mode):
    ring, named = Ring(BASE.p), space(facts.split())
    a, b = drawn("", seed="a"), drawn("", seed="b")
    fa, fb = (mapped(ring, x, N, named, mode) for x in (a, b))
    assert sum(x * y for x, y in zip(fa, b, strict=True)) % BASE.p == sum(x * y for x, y in zip(a, fb, strict=True)) % BASE.p
    if mode == "projected":
        assert mapped(ring, fa, N, named, mode) == fa


def test_a_symmetric_and_triangular_matrix_is_diagonal():
    assert classes(3, space({"symmetric", "lower"})) == classes(3, space({"diagonal"})) == (0, -1, -1, -1, 4, -1, -1, -1, 8)


@pytest.mark.parametrize("count", range(1, 12))
def test_any_two_sizes_differ_in_one_of_the_first_two_assignments(count):
    first, second = assignments(tuple("abcdefghijk"[:count]))[:2]
    assert min(first + second) >= 3
    assert len(set(zip(first, second, strict=True))) == count
