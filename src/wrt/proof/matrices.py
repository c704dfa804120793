"""One small rule a matrix function: inverse, determinant, adjugate, pseudoinverse, Cholesky factor, powers. Whatever the ring."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from wrt.language.surface import Call, Node
from wrt.proof import linalg
from wrt.proof.arrays import Dims, Keys, Parts, UndecidedError, UnfitError, Value, size_of
from wrt.proof.walk import Env, Rule, RuleOf, Walker

CallRule = Callable[[Walker, Call, Env, int], Rule | Value]


def made(function: str, *arguments: Node, like: Node | None = None, options: tuple[tuple[str, Node], ...] = ()) -> Call:
    shape = like.shape if like is not None else None
    return Call(function, arguments, options, shape=shape)


def kept(walk: Walker, node: Node, what: str, make: Callable[[], Node]) -> Node:
    """An expansion made once a node, and kept, so that its identity stays its own."""
    table = walk.reading.made
    found = table.get((id(node), what))
    if found is None:
        found = table[id(node), what] = walk.reading.one(make())
    return found


def as_matrix(walk: Walker, value: Value) -> Value:
    sizes = dict(zip(value.keys, value.dims, strict=True))
    bound = walk.bound(value)
    return Value((*bound, 0, 1), (*[sizes[k] for k in bound], sizes.get(0, 1), sizes.get(1, 1)), value.parts)


def batched(walk: Walker, value: Value, apply: Callable[[Parts], Parts], own: Keys, dims: Dims) -> Value:
    """A function of one matrix at a time, over the bound indices that the value depends on."""
    bound = walk.bound(value)
    size = size_of(value.dims[len(bound) :])
    if not bound:
        return Value(own, dims, apply(value.parts))
    outer = value.dims[: len(bound)]
    pieces = [apply({m: x[k * size : (k + 1) * size] for m, x in value.parts.items()}) for k in range(size_of(outer))]
    zero = [walk.number(0)] * size_of(dims)
    masks = sorted({m for piece in pieces for m in piece})
    parts: Parts = {m: [v for piece in pieces for v in piece.get(m, zero)] for m in masks}
    return Value((*bound, *own), (*outer, *dims), parts)


def _square(value: Value) -> int:
    m, n = value.dims[-2:]
    if m != n:
        raise UnfitError("a matrix that is not square")
    return n


def _inv(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    value = yield node.arguments[0]
    return inverted(walk, value)


def inverted(walk: Walker, value: Value) -> Value:
    n = _square(value)
    walk.spend(n**3)
    return batched(walk, value, lambda parts: linalg.inverse(walk.ring, parts, n), (0, 1), (n, n))


def _solve(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    a = yield node.arguments[0]
    b = yield node.arguments[1]
    return walk.matmul(inverted(walk, a), b)


def _adjugates(which: int) -> CallRule:
    def rule(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
        value = yield node.arguments[0]
        n = _square(value)
        walk.spend(n**3)
        own, dims = (((), ()), ((0, 1), (n, n)))[which]
        return batched(walk, value, lambda parts: linalg.adjugate(walk.ring, parts, n)[which], own, dims)

    return rule


def _logdet(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    return (yield kept(walk, node, "logdet", lambda: made("_logabs", made("det", node.arguments[0], like=None))))


def _pinv(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    value = as_matrix(walk, (yield node.arguments[0]))
    m, n = value.dims[-2:]
    walk.spend(m * n * min(m, n))
    return batched(walk, value, lambda parts: linalg.pseudoinverse(walk.ring, parts, m, n, walk.small), (0, 1), (n, m))


def _cholesky(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    value = yield node.arguments[0]
    n = _square(value)
    half = walk.scale(walk.number(Fraction(1, 2)), walk.add(value, walk.renamed(value, {0: 1, 1: 0})))
    return batched(walk, half, lambda parts: linalg.cholesky(walk.ring, parts, n, walk.root), (0, 1), (n, n))


def _matpow(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    x = yield node.arguments[0]
    n = _square(x)
    exponent = node.arguments[1]
    exponents = walk.whole_of(exponent, walk.narrowed(exponent, env) if env else ())
    flat = [int(e) for e in exponents.parts.get(0) or [0] * size_of(exponents.dims)]
    powers = _matrix_powers(walk, x, n, sorted(set(flat)))
    if not exponents.keys:
        return powers[flat[0]]
    total: Value | None = None
    for k, power in powers.items():
        mask = Value(exponents.keys, exponents.dims, {0: [walk.number(int(e == k)) for e in flat]})
        term = walk.times(mask, power)
        total = term if total is None else walk.add(total, term)
    assert total is not None
    return total


def _matrix_powers(walk: Walker, x: Value, n: int, wanted: Sequence[int]) -> Mapping[int, Value]:
    """The powers of a matrix with these exponents."""
    one = Value((0, 1), (n, n), {0: [walk.number(v) for v in linalg.identity(n)]})
    out: dict[int, Value] = {}
    for k in wanted:
        if abs(k) > 1000:
            raise UndecidedError("a matrix power above 1000")
        base = x if k > 0 else inverted(walk, x) if k < 0 else one
        power: Value | None = None
        rest = abs(k)
        while rest:
            if rest & 1:
                power = base if power is None else walk.matmul(power, base)
            rest >>= 1
            if rest:
                base = walk.matmul(base, base)
        out[k] = one if power is None else power
    return out


MATRICES: dict[str, RuleOf] = {
    "inv": _inv,
    "solve": _solve,
    "det": _adjugates(0),
    "adj": _adjugates(1),
    "logdet": _logdet,
    "pinv": _pinv,
    "cholesky": _cholesky,
    "matpow": _matpow,
}
