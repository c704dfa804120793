"""One small rule a function of the language: reductions, norms, structure, products, linear algebra. Whatever the ring.

A function made of simpler ones is expanded to a tree and that is evaluated, so that equal things are equal whatever they are written with.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from wrt.language.surface import SCALAR, Binary, Call, Name, Node, Number, Text, Unary
from wrt.proof.arrays import Key, Keys, Parts, UndecidedError, UnfitError, Value, ordered, size_of
from wrt.proof.matrices import MATRICES, as_matrix, kept, made
from wrt.proof.network import network
from wrt.proof.walk import Env, Rule, RuleOf, Walker

CallRule = Callable[[Walker, Call, Env, int], Rule | Value]
ONE = Number(Fraction(1), "1", shape=SCALAR)


# ------------------------------------------------------------------------------------------------ reductions
def _axis(node: Call) -> int | None:
    option = node.option("axis")
    if option is None and len(node.arguments) > 1:
        option = node.arguments[1]
    if isinstance(option, Unary) and isinstance(option.argument, Number):
        return -int(option.argument.value)
    return int(option.value) if isinstance(option, Number) else None


def _reduced(node: Call, value: Value, walk: Walker) -> Keys:
    """The own axes that a reduction goes over."""
    own, axis = walk.own(value), _axis(node)
    if axis is None:
        return own
    shape = node.arguments[0].shape
    if shape is not None and shape.kind == "tensor":
        return (own[axis],)
    return tuple(k for k in own if k == axis % 2)


def _renumbered(walk: Walker, node: Call, value: Value) -> Value:
    """The axes left of a tensor, counted anew."""
    shape = node.arguments[0].shape
    if shape is None or shape.kind != "tensor":
        return value
    names: dict[Key, Key] = {k: n for n, k in enumerate(walk.own(value))}
    return walk.renamed(value, names)


def _sum(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    value = yield node.arguments[0]
    keys = _reduced(node, value, walk)
    return _renumbered(walk, node, walk.sum_over(value, keys) if keys else value)


def _count(value: Value, keys: Keys) -> int:
    return size_of([d for k, d in zip(value.keys, value.dims, strict=True) if k in keys])


def _mean_over(walk: Walker, value: Value, keys: Keys) -> Value:
    return walk.scale(walk.number(Fraction(1, _count(value, keys))), walk.sum_over(value, keys)) if keys else value


def _mean(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    value = yield node.arguments[0]
    return _renumbered(walk, node, _mean_over(walk, value, _reduced(node, value, walk)))


def _var(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    value = yield node.arguments[0]
    keys = _reduced(node, value, walk)
    deviation = walk.subtract(value, _mean_over(walk, value, keys))
    return _renumbered(walk, node, _mean_over(walk, walk.times(deviation, deviation), keys))


def _prod(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    value = yield node.arguments[0]
    keys = _reduced(node, value, walk)
    if not keys:
        return value
    moved, kept, n = walk.last(value, keys)
    out: Parts = {m: x[::n] for m, x in moved.parts.items()}
    for k in range(1, n):
        out = walk.ring.times(out, {m: x[k::n] for m, x in moved.parts.items()})
    return _renumbered(walk, node, Value(kept, moved.dims[: len(kept)], out))


def _extreme(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    value = yield node.arguments[0]
    keys = _reduced(node, value, walk)
    if not keys:
        return value
    moved, kept, n = walk.last(value, keys)
    count = size_of(moved.dims)
    flat = moved.parts.get(0) or [walk.number(0)] * count
    groups = [range(k, k + n) for k in range(0, count, n)]
    at = walk.chosen(node, flat, groups, node.function == "max")
    out: Parts = {m: [x[i] for i in at] for m, x in moved.parts.items()}
    return _renumbered(walk, node, Value(kept, moved.dims[: len(kept)], out))


def _cumsum(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    value = yield node.arguments[0]
    keys = _reduced(node, value, walk) if _axis(node) is not None else walk.own(value)
    if not keys:
        return value
    moved, _, n = walk.last(value, keys)
    parts: Parts = {}
    for m, x in moved.parts.items():
        flat = list(x)
        for k in range(len(flat)):
            if k % n:
                flat[k] = flat[k] + flat[k - 1]
        parts[m] = flat
    p = walk.ring.p
    reduced = {m: [u % p for u in x] for m, x in parts.items()} if p else parts
    return walk.arranged(Value(moved.keys, moved.dims, reduced), value.keys)


def _softmax(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    top = yield kept(walk, node, "exp", lambda: made("exp", node.arguments[0], like=node.arguments[0]))
    below = walk.sum_over(top, _reduced(node, top, walk))
    return walk.times(top, walk.invert(below, bits))


def _logsumexp(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    return (yield kept(walk, node, "logsumexp", lambda: _lse(node)))


def _lse(node: Call) -> Node:
    x = node.arguments[0]
    return made("log", made("sum", made("exp", x, like=x), *node.arguments[1:], options=node.options))


def _log_softmax(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    shape = node.arguments[0].shape
    if shape is not None and shape.kind == "tensor":
        raise UndecidedError("log_softmax of a tensor")
    return (yield kept(walk, node, "log_softmax", lambda: Binary("-", node.arguments[0], _lse(node))))


# ------------------------------------------------------------------------------------------------ norms
def norm_order(node: Call) -> Node | None:
    return node.arguments[1] if len(node.arguments) > 1 else node.option("p") or node.option("ord")


def squared(walk: Walker, node: Call) -> Node | None:
    """What a Euclidean norm is the square root of."""
    if node.function == "norm" and _euclidean(norm_order(node)):
        return _square_sum(walk, node)
    return None


def _square_sum(walk: Walker, node: Call) -> Node:
    x = node.arguments[0]
    return kept(walk, node, "squares", lambda: made("sum", Binary("*", x, x, shape=x.shape)))


def _euclidean(order: Node | None) -> bool:
    return order is None or (isinstance(order, Text) and order.value == "fro") or (isinstance(order, Number) and order.value == 2)


def _norm(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    order = norm_order(node)
    if isinstance(order, Text) and order.value in ("nuc", "spec"):
        return (yield from walk.spectral(node, env, bits))
    return (yield kept(walk, node, "norm", lambda: _norm_tree(walk, node, order)))


def _norm_tree(walk: Walker, node: Call, order: Node | None) -> Node:
    x = node.arguments[0]
    if _euclidean(order):
        return made("sqrt", _square_sum(walk, node))
    size = made("abs", x, like=x)
    if isinstance(order, Name) and order.name == "inf":
        return made("max", size)
    if isinstance(order, Number) and order.value == 1:
        return made("sum", size)
    assert order is not None
    return Binary("**", made("sum", Binary("**", size, order, shape=x.shape)), Binary("/", ONE, order, shape=SCALAR))


# ------------------------------------------------------------------------------------------------ structure
def _tr(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    value = yield node.arguments[0]
    if len(walk.own(value)) < 2:
        return value
    return walk.sum_over(walk.renamed(value, {1: 0}), (0,))


def _diag(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    value = yield node.arguments[0]
    own = walk.own(value)
    if len(own) == 2:
        return walk.renamed(value, {1: 0})
    n = value.dims[-1]
    zero = walk.number(0)
    parts: Parts = {}
    for m, x in value.parts.items():
        flat = []
        for k, v in enumerate(x):
            flat += [zero] * (k % n) + [v] + [zero] * (n - 1 - k % n)
        parts[m] = flat
    return Value((*walk.bound(value), 0, 1), (*value.dims[:-1], n, n), parts)


def _vec(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    value = yield node.arguments[0]
    own = walk.own(value)
    if len(own) < 2:
        return walk.renamed(value, {1: 0})
    bound = walk.bound(value)
    moved = walk.arranged(value, (*bound, 1, 0))
    return Value((*bound, 0), (*moved.dims[:-2], moved.dims[-1] * moved.dims[-2]), moved.parts)


def _kron(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    a = yield node.arguments[0]
    b = yield node.arguments[1]
    left, right = (as_matrix(walk, v) for v in (a, b))
    left = Value(tuple({0: 4, 1: 5}.get(k, k) if isinstance(k, int) else k for k in left.keys), left.dims, left.parts)
    right = Value(tuple({0: 6, 1: 7}.get(k, k) if isinstance(k, int) else k for k in right.keys), right.dims, right.parts)
    bound = ordered(frozenset(k for k in (*left.keys, *right.keys) if not isinstance(k, int)))
    joined = walk.contract(left, right, (*bound, 4, 6, 5, 7))
    *outer, a0, b0, a1, b1 = joined.dims
    return Value((*bound, 0, 1), (*outer, a0 * b0, a1 * b1), joined.parts)


def _dot(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    a = yield node.arguments[0]
    b = yield node.arguments[1]
    if len(walk.own(a)) == 1:
        a, b = (walk.renamed(v, {1: 0}) for v in (a, b))
    return network(walk, [a, b], ordered(frozenset((*walk.bound(a), *walk.bound(b)))))


def _outer(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    a = yield node.arguments[0]
    b = yield node.arguments[1]
    return walk.times(walk.renamed(a, {1: 0}), walk.renamed(b, {0: 1}))


def _counts(walk: Walker, node: Call) -> tuple[int, ...]:
    """The arguments as sizes."""
    found = tuple([walk.count(a) for a in node.arguments])
    if any(n < 1 for n in found):
        raise UnfitError(f"a size is {min(found)}")
    return found


def _eye(walk: Walker, node: Call, env: Env, bits: int) -> Value:
    m, n = (_counts(walk, node) * 2)[:2]
    walk.spend(m * n // 4)
    one, zero = walk.number(1), walk.number(0)
    return Value((0, 1), (m, n), {0: [one if i == j else zero for i in range(m) for j in range(n)]})


def _filled(value: int) -> CallRule:
    def rule(walk: Walker, node: Call, env: Env, bits: int) -> Value:
        dims = _counts(walk, node)
        walk.spend(size_of(dims) // 4)
        parts: Parts = {0: [walk.number(value)] * size_of(dims)}
        return Value(tuple(range(len(dims))), dims, parts)

    return rule


def _triangle(*, lower: bool) -> CallRule:
    def rule(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
        value = yield node.arguments[0]
        m, n = value.dims[-2:]
        zero = walk.number(0)
        keep = [(j <= i) if lower else (j >= i) for i in range(m) for j in range(n)]
        return Value(value.keys, value.dims, {part: [v if keep[k % (m * n)] else zero for k, v in enumerate(x)] for part, x in value.parts.items()})

    return rule


def _commutation(walk: Walker, node: Call, env: Env, bits: int) -> Value:
    m, n = _counts(walk, node)
    walk.spend((m * n) ** 2 // 4)
    flat = [walk.number(0)] * (m * n) ** 2
    for i in range(m):
        for j in range(n):
            flat[(j + i * n) * m * n + i + j * m] = walk.number(1)
    return Value((0, 1), (m * n, m * n), {0: flat})


def _einsum(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    spec = node.arguments[0]
    assert isinstance(spec, Text)
    words, right = spec.value.replace(" ", "").split("->")
    letter = {c: 10 + k for k, c in enumerate(sorted(set(words.replace(",", "") + right)))}
    factors = []
    for word, argument in zip(words.split(","), node.arguments[1:], strict=True):
        value = yield argument
        names: dict[Key, Key] = {key: letter[c] for key, c in zip(walk.own(value), word, strict=True)}
        factors.append(walk.renamed(value, names))
    bound = ordered(frozenset(k for f in factors for k in f.keys if not isinstance(k, int)))
    out = tuple(letter[c] for c in right)
    total = walk.arranged(network(walk, factors, ordered(frozenset((*bound, *out)))), (*bound, *out))
    return Value((*bound, *range(len(out))), total.dims, total.parts)


def _conv(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    """result[i] = sum_a x[i + a] k[a], an axis at a time."""
    x = yield node.arguments[0]
    k = yield node.arguments[1]
    if node.function == "conv1d":
        x, k = (walk.renamed(v, {1: 0}) for v in (x, k))
    own = walk.own(x)
    sizes, inner = dict(zip(x.keys, x.dims, strict=True)), dict(zip(k.keys, k.dims, strict=True))
    bound = walk.bound(x)
    offsets = [0]
    for key in bound:
        offsets = [o * sizes[key] + t for o in offsets for t in range(sizes[key])]
    out = {key: sizes[key] - inner[key] + 1 for key in own}
    if any(n < 1 for n in out.values()):
        raise UnfitError("a filter longer than what it runs over")
    tops: list[tuple[int, ...]] = [()]
    for key in own:
        tops = [(*t, i) for t in tops for i in range(out[key])]
    lows: list[tuple[int, ...]] = [()]
    for key in own:
        lows = [(*t, i) for t in lows for i in range(inner[key])]
    read = []
    for o in offsets:
        for top in tops:
            for low in lows:
                at = o
                for key, i, a in zip(own, top, low, strict=True):
                    at = at * sizes[key] + i + a
                read.append(at)
    walk.spend(len(read))
    keys = (*bound, *own, *[10 + key for key in own])
    dims = (*[sizes[b] for b in bound], *out.values(), *[inner[key] for key in own])
    windows = Value(keys, dims, {m: [flat[i] for i in read] for m, flat in x.parts.items()})
    weights = Value(tuple(10 + key if isinstance(key, int) else key for key in k.keys), k.dims, k.parts)
    return walk.contract(windows, weights, ordered(frozenset((*bound, *walk.bound(k), *own))))


def _spectral(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    return (yield from walk.spectral(node, env, bits))


CALLS: dict[str, RuleOf] = {
    "sum": _sum,
    "mean": _mean,
    "var": _var,
    "prod": _prod,
    "max": _extreme,
    "min": _extreme,
    "cumsum": _cumsum,
    "softmax": _softmax,
    "logsumexp": _logsumexp,
    "log_softmax": _log_softmax,
    "norm": _norm,
    "tr": _tr,
    "trace": _tr,
    "diag": _diag,
    "vec": _vec,
    "kron": _kron,
    "dot": _dot,
    "outer": _outer,
    "eye": _eye,
    "ones": _filled(1),
    "zeros": _filled(0),
    "tril": _triangle(lower=True),
    "triu": _triangle(lower=False),
    "commutation": _commutation,
    "einsum": _einsum,
    "conv1d": _conv,
    "conv2d": _conv,
    **MATRICES,
    **dict.fromkeys(("expm", "logm", "sqrtm", "eigvalsh", "eigvecsh", "svdvals", "svd_u", "svd_v", "polar", "frechet"), _spectral),
}
