"""One rule a kind of node: names, operators, brackets, generators. Whatever the ring."""

from __future__ import annotations

from collections.abc import Callable

from wrt.language.functions_declared import called
from wrt.language.surface import Binary, Block, Call, Index, Loop, Name, Node, Number, Slice, Text, Unary
from wrt.language.surface import Generator as Sum
from wrt.proof.arrays import Bound, Key, UndecidedError, UnfitError, Value, size_of, whole_difference
from wrt.proof.brackets import block, index
from wrt.proof.excluded import excludes, fragile, sum_within
from wrt.proof.network import summed_terms
from wrt.proof.reading import COMPARISONS
from wrt.proof.walk import Env, Rule, RuleOf, Walker
from wrt.tables.operators import OPERATORS, REDUCTIONS

SWAP: dict[Key, Key] = {0: 1, 1: 0}


def number(walk: Walker, node: Number, env: Env, bits: int) -> Value:
    return walk.scalar(walk.number(node.value))


def name(walk: Walker, node: Name, env: Env, bits: int) -> Rule | Value:
    match node.role:
        case "variable":
            return _stands_for(walk, node.name, bits) if node.name in walk.replaced else walk.variable(node.name, bits)
        case "index":
            bound = dict(env)[node.name]
            return Value((bound,), (bound[2] - bound[1],), {0: [walk.number(k) for k in range(bound[1], bound[2])]})
        case "size":
            return walk.scalar(walk.number(walk.sizes[node.name]))
    return walk.scalar(walk.constant(node.name))


def _stands_for(walk: Walker, name: str, bits: int) -> Rule:
    base = yield (walk.replaced[name], (), 0)
    return walk.moved(name, walk.conform(base, walk.reading.declarations[name].shape), bits)


def unary(walk: Walker, node: Unary, env: Env, bits: int) -> Rule:
    value = yield node.argument
    if node.op == "-":
        return walk.scale(walk.number(-1), value)
    return walk.renamed(value, SWAP) if len(walk.own(value)) <= 2 else value


def binary(walk: Walker, node: Binary, env: Env, bits: int) -> Rule:
    op = node.op
    if op in COMPARISONS:
        return (yield from _comparison(walk, node, env))
    if op == "**":
        return (yield from _power(walk, node, env, bits))
    left = yield node.left
    right = yield node.right
    match op:
        case "+":
            value = walk.add(left, right)
        case "-":
            value = walk.subtract(left, right)
        case "*":
            value = walk.times(left, right)
        case "/":
            value = walk.times(left, walk.invert(right, bits))
        case "@":
            value = walk.matmul(left, right)
        case _:
            raise AssertionError(op)
    return walk.conform(value, node.shape)


def _power(walk: Walker, node: Binary, env: Env, bits: int) -> Rule:
    if not walk.reading.whole(node.right):
        value = yield from walk.power(node, node.left, node.right, env, bits)
        return walk.conform(value, node.shape)
    inner = _even_root(walk, node)
    base = yield (inner if inner is not None else node.left)
    exponents = walk.whole_of(node.right, walk.narrowed(node.right, env) if env else ())
    if not exponents.keys:
        k = int(exponents.parts[0][0])
        return whole_power(walk, base, k // 2 if inner is not None else k, bits)
    return walk.conform(_powers(walk, base, exponents, bits), node.shape)


def _even_root(walk: Walker, node: Binary) -> Node | None:
    """The base of an even power without its root: norm(x)**2 is sum(x*x)**1, whatever the field knows of roots."""
    if not (isinstance(node.left, Call) and node.left.function == "norm" and isinstance(node.right, Number) and node.right.value % 2 == 0):
        return None
    from wrt.proof.calls import squared

    return squared(walk, node.left)


def whole_power(walk: Walker, base: Value, k: int, bits: int) -> Value:
    """base**k entry by entry."""
    if k < 0:
        base, k = walk.invert(base, bits), -k
    if k > 10_000:
        raise UndecidedError("an exponent above 10000")
    if k == 0:
        return Value(base.keys, base.dims, {0: [walk.number(1)] * size_of(base.dims)})
    out: Value | None = None
    while True:
        if k & 1:
            out = base if out is None else walk.times(out, base)
        k >>= 1
        if not k:
            assert out is not None
            return out
        base = walk.times(base, base)


def _powers(walk: Walker, base: Value, exponents: Value, bits: int) -> Value:
    """base**exponent for an array of whole exponents: a masked sum over the exponents that occur."""
    total: Value | None = None
    flat = exponents.parts.get(0) or [0] * size_of(exponents.dims)
    for k in sorted(set(flat)):
        mask = Value(exponents.keys, exponents.dims, {0: [walk.number(int(e == k)) for e in flat]})
        value = walk.times(mask, whole_power(walk, base, int(k), bits))
        total = value if total is None else walk.add(total, value)
    assert total is not None
    return total


def _comparison(walk: Walker, node: Binary, env: Env) -> Rule:
    """A comparison as 0 or 1: of whole numbers as such, of others by the ring's sign."""
    if walk.reading.whole(node):
        left, right = (walk.whole_of(side, walk.narrowed(side, env) if env else ()) for side in (node.left, node.right))
        difference = whole_difference(left, right)
    else:
        difference = yield from walk.signs(node.left, node.right, env)
    test = TESTS[node.op]
    zero, one = walk.number(0), walk.number(1)
    flat = difference.parts.get(0) or [0] * size_of(difference.dims)
    return walk.conform(Value(difference.keys, difference.dims, {0: [one if test(v) else zero for v in flat]}), node.shape)


TESTS: dict[str, Callable[[int], bool]] = {
    "<": lambda v: v < 0,
    "<=": lambda v: v <= 0,
    ">": lambda v: v > 0,
    ">=": lambda v: v >= 0,
    "==": lambda v: v == 0,
    "!=": lambda v: v != 0,
}


def call(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    from wrt.proof.calls import CALLS
    from wrt.proof.unknown import application

    rule = CALLS.get(node.function)
    if called(node.function, walk.reading.declarations) is not None:
        value = yield from application(walk, node, env, bits)
    elif rule is None and (node.function in REDUCTIONS or node.function in OPERATORS):
        from wrt.proof.rows import of_row  # built on the exact evaluator

        value = yield from of_row(walk, node, env, bits)
    elif rule is None:
        value = yield from walk.elementwise(node, env, bits)
    else:
        made = rule(walk, node, env, bits)
        value = made if isinstance(made, Value) else (yield from made)
    value = walk.conform(value, node.shape)
    if node.function in SVD and node.shape is not None and value.dims[len(walk.bound(value)) :] != walk.dims(node.shape):
        raise UnfitError("fewer singular values than the shape says", singular=True)
    return value


SVD = ("svdvals", "svd_u", "svd_v")


# ------------------------------------------------------------------------------------------------ generators
def generator(walk: Walker, node: Sum, env: Env, bits: int) -> Rule:
    inner = dict(env)
    bounds: list[Bound] = []
    limits: list[Value] = []
    for loop in node.loops:
        here = tuple(sorted(inner.items()))
        bound, limit = _bound(walk, loop, here)
        inner[loop.name] = bound
        bounds.append(bound)
        limits += limit
    inside = tuple(sorted(inner.items()))
    for condition in node.conditions:
        limits.append((yield (condition, inside, bits)))
    if node.function == "sum":
        compared = frozenset(key[0] for limit in limits for key in limit.keys if not isinstance(key, int))
        if limits and excludes(limits) and fragile(walk.reading, node.body, compared):
            value = yield from sum_within(walk, node.body, inside, bits, tuple(bounds), limits)
            return walk.conform(value, node.shape)
        value = yield from summed_terms(walk, node.body, inside, bits, tuple(bounds), limits)
        return walk.conform(value, node.shape)
    body = yield (node.body, inside, bits)
    for limit_value in limits:
        body = walk.times(body, limit_value)
    outer = tuple(k for k in body.keys if not isinstance(k, int) and k not in bounds)
    own = walk.own(body)
    sizes: dict[Key, int] = dict(zip(body.keys, body.dims, strict=True))
    sizes.update({b: b[2] - b[1] for b in bounds})
    if any(b[2] <= b[1] for b in bounds):
        raise UnfitError("an empty range")
    spread = walk.arranged(body, (*outer, *bounds, *own), sizes)
    return walk.conform(Value((*outer, *range(len(bounds) + len(own))), spread.dims, spread.parts), node.shape)


def _bound(walk: Walker, loop: Loop, env: Env) -> tuple[Bound, list[Value]]:
    """The range of an index, the largest where it depends on others, and then the 0/1 array that cuts it."""
    ends = [walk.whole_of(part, walk.narrowed(part, env) if env else ()) for part in (loop.start, loop.stop)]
    flats = [e.parts.get(0) or [0] * size_of(e.dims) for e in ends]
    bound = (loop.name, int(min(flats[0])), int(max(flats[1])))
    if not ends[0].keys and not ends[1].keys:
        if bound[2] < bound[1]:
            raise UnfitError("a range of negative length")
        return bound, []
    me = Value((bound,), (max(bound[2] - bound[1], 0),), {0: list(range(bound[1], bound[2]))})
    cuts = []
    for end, test in ((ends[0], TESTS[">="]), (ends[1], TESTS["<"])):
        if end.keys and me.dims[0]:
            d = whole_difference(me, end)
            cuts.append(Value(d.keys, d.dims, {0: [walk.number(int(test(v))) for v in d.parts[0]]}))
    return bound, cuts


def nothing(walk: Walker, node: Node, env: Env, bits: int) -> Value:
    raise UndecidedError(f"{type(node).__name__} is no value")


RULES: dict[type[Node], RuleOf] = {
    Number: number,
    Name: name,
    Unary: unary,
    Binary: binary,
    Call: call,
    Index: index,
    Block: block,
    Sum: generator,
    Slice: nothing,
    Loop: nothing,
    Text: nothing,
}
__all__ = ["RULES", "whole_power"]
