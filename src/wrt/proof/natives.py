"""The functions that the fields themselves give a meaning: exp, log, roots, sine and cosine, and what is decided by a sign.

Each is a rule of the exact evaluator. What they have in common with the real ones: exp(a + b) = exp(a) exp(b), the addition theorems, log of a
product, sqrt(a)*sqrt(b) = sqrt(a*b) for positive numbers, abs(x) = sqrt(x**2) = x*sign(x), and every derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from wrt.language.surface import SCALAR, Binary, Call, Node, Number, Unary
from wrt.proof.arrays import Flat, UnfitError, Value, size_of
from wrt.proof.exact import POWER_WORK, Exact, inverses
from wrt.proof.walk import Env, Rule
from wrt.proof.whole import note
from wrt.tables.functions import FUNCTIONS

TWO = Number(Fraction(2), "2", shape=SCALAR)
Native = Callable[[Exact, Call, Env, int], Rule]


def _exp(walk: Exact, node: Call, env: Env, bits: int) -> Rule:
    u = yield (node.arguments[0], env, bits)
    below = walk.below("exp")
    count = size_of(u.dims)
    walk.ring.work += POWER_WORK * count // 2
    if below is None:
        flat = [walk.level.oracle("exp", a) if a else 1 for a in u.parts.get(0, [0] * count)]
    else:
        exponents = below.value(node.arguments[0], env).parts.get(0) or [0] * count
        flat = [walk.level.exponential(a) for a in exponents]
    return walk.mapped(u, lambda _: [flat] * (bits + 1), bits)


def _circular(first: int) -> Native:
    """sin (first 1) and cos (first 0): derivatives in a cycle of four."""

    def rule(walk: Exact, node: Call, env: Env, bits: int) -> Rule:
        u = yield (node.arguments[0], env, bits)
        below = walk.below("trig")
        count = size_of(u.dims)
        p = walk.level.p
        walk.ring.work += POWER_WORK * count
        if below is None:
            pairs = [_oracle_pair(walk, a) for a in u.parts.get(0, [0] * count)]
        else:
            pairs = [walk.level.circle(a) for a in below.value(node.arguments[0], env).parts.get(0) or [0] * count]
        cosine, sine = [c for c, _ in pairs], [s for _, s in pairs]
        cycle = [cosine, [-s % p for s in sine], [-c % p for c in cosine], sine]
        return walk.mapped(u, lambda _: [cycle[(k - first) % 4] for k in range(bits + 1)], bits)

    return rule


def _oracle_pair(walk: Exact, a: int) -> tuple[int, int]:
    p = walk.level.p
    small = min(a, p - a)
    cosine, sine = (walk.level.oracle("cos", small), walk.level.oracle("sin", small)) if a else (1, 0)
    return cosine, sine if a == small else -sine % p


def _sqrt(walk: Exact, node: Call, env: Env, bits: int) -> Rule:
    u = yield (node.arguments[0], env, bits)
    p = walk.level.p
    walk.ring.work += POWER_WORK * size_of(u.dims)

    def derivatives(flat: Flat) -> list[Flat]:
        walk.rooted(node.arguments[0], flat)
        y = [walk.root(v) for v in flat]
        out: list[Flat] = [y]
        if any(u.parts) and bits:
            inverse = inverses(flat, p)
            half = pow(2, -1, p)
            for k in range(bits):
                factor = (half - k) % p
                out.append([factor * d * v % p for d, v in zip(out[-1], inverse, strict=True)])
        return out

    return walk.mapped(u, derivatives, bits)


def _log(walk: Exact, node: Call, env: Env, bits: int) -> Rule:
    """log|u|, and a constant of its own where u is no square, so that log(x**2) is not 2*log(x) but log(x*x) is 2*log(abs(x))."""
    value = yield (walk.log_of(node.arguments[0]), env, bits)
    u = yield (node.arguments[0], env, 0)
    flat = u.parts.get(0)
    if flat is None or not all(flat):
        raise UnfitError("the logarithm of zero")
    walk.ring.work += POWER_WORK * len(flat)
    negative = [walk.level.sign(v) < 0 for v in flat]
    note(walk.seen, ("log", id(node.arguments[0])), [2 if n else 1 for n in negative])
    count = sum(negative)
    if not count:
        return value
    if walk.base.strict:
        walk.violations[0] += count
    turn = walk.level.oracle("log of -1")
    return walk.add(value, Value(u.keys, u.dims, {0: [turn if n else 0 for n in negative]}))


def _logabs(walk: Exact, node: Call, env: Env, bits: int) -> Rule:
    """log|u|: products, quotients, powers, exponentials and numbers come apart; the rest is an oracle of |u|."""
    u = node.arguments[0]
    apart = _split_log(walk, node, u)
    if apart is not None:
        return (yield apart)
    value = yield (u, env, bits)
    p = walk.level.p

    def derivatives(flat: Flat) -> list[Flat]:
        out: list[Flat] = [[_log_value(walk, min(v, p - v)) for v in flat]]
        if any(value.parts) and bits:
            inverse = inverses(flat, p)
            out.append(inverse)
            for k in range(1, bits):
                out.append([-k * d * v % p for d, v in zip(out[-1], inverse, strict=True)])
        return out

    if 0 not in value.parts or not all(value.parts[0]):
        raise UnfitError("the logarithm of zero")
    return walk.mapped(value, derivatives, bits)


def _log_value(walk: Exact, a: int) -> int:
    """The oracle of log, additive on small whole numbers."""
    if a > 10**6:
        return walk.level.oracle("log", a)
    total, q = 0, 2
    while a > 1:
        while a % q == 0:
            total += walk.level.oracle("log", q)
            a //= q
        q += 1
        if q * q > a > 1:
            total += walk.level.oracle("log", a)
            break
    return total % walk.level.p


def _split_log(walk: Exact, node: Call, u: Node) -> Node | None:
    """log|u| in logarithms of u's factors, None when u is no product."""
    table = walk.reading.made
    key = (id(node), "split")
    if key in table:
        found = table[key]
        return found if found is not node else None
    log = walk.log_of
    made: Node | None = None
    match u:
        case Binary(op="*"):
            made = Binary("+", log(u.left), log(u.right))
        case Binary(op="/"):
            made = Binary("-", log(u.left), log(u.right))
        case Binary(op="**"):
            made = Binary("*", u.right, log(u.left))
        case Unary(op="-"):
            made = log(u.argument)
        case Call(function="exp"):
            made = u.arguments[0]
        case Call(function="sqrt"):
            made = Binary("/", log(u.arguments[0]), TWO)
        case Call(function="abs"):
            made = log(u.arguments[0])
        case Call(function="softmax"):
            made = Call("log_softmax", u.arguments, u.options, shape=u.shape)
        case Call(function="prod"):
            made = Call("sum", (log(u.arguments[0]), *u.arguments[1:]), u.options, shape=u.shape)
        case Call() if u.function in FUNCTIONS and FUNCTIONS[u.function].defined:
            made = log(walk.reading.expanded(u, FUNCTIONS[u.function].defined, FUNCTIONS[u.function].arguments))
        case Number() if u.value.denominator != 1:
            parts = [walk.reading.one(Number(Fraction(v), str(v), shape=SCALAR)) for v in (abs(u.value.numerator), u.value.denominator)]
            made = Binary("-", log(parts[0]), log(parts[1]))
    if made is not None:
        made = walk.reading.one(made)
    table[key] = made if made is not None else node
    return made


def _sign(walk: Exact, node: Call, env: Env, bits: int) -> Rule:
    found = yield from walk.sign_of(node.arguments[0], env)
    return Value(found.keys, found.dims, {0: [walk.number(v) for v in found.parts[0]]})


def _kinked(weight: Callable[[int], int]) -> Native:
    """u times a number that depends on its sign: abs, relu."""

    def rule(walk: Exact, node: Call, env: Env, bits: int) -> Rule:
        u = yield (node.arguments[0], env, bits)
        found = yield from walk.sign_of(node.arguments[0], env)
        return walk.times(u, Value(found.keys, found.dims, {0: [walk.number(weight(v)) for v in found.parts[0]]}))

    return rule


def _larger(sign: int) -> Native:
    """maximum (sign 1) and minimum (-1) of two: an even split at a tie."""

    def rule(walk: Exact, node: Call, env: Env, bits: int) -> Rule:
        left, right = node.arguments
        a = yield (left, env, bits)
        b = yield (right, env, bits)
        found = yield from walk.signs(left, right, env)
        shares = [Fraction(1 + sign * v, 2) for v in found.parts[0]]
        first = Value(found.keys, found.dims, {0: [walk.number(s) for s in shares]})
        second = Value(found.keys, found.dims, {0: [walk.number(1 - s) for s in shares]})
        return walk.add(walk.times(first, a), walk.times(second, b))

    return rule


def _where(walk: Exact, node: Call, env: Env, bits: int) -> Rule:
    condition, left, right = node.arguments
    c = yield (condition, env, 0)
    a = yield (left, env, bits)
    b = yield (right, env, bits)
    flat = c.parts.get(0) or [0] * size_of(c.dims)
    first = Value(c.keys, c.dims, {0: [int(v != 0) for v in flat]})
    second = Value(c.keys, c.dims, {0: [int(v == 0) for v in flat]})
    return walk.add(walk.times(first, a), walk.times(second, b))


NATIVE: dict[str, Native] = {
    "exp": _exp,
    "log": _log,
    "_logabs": _logabs,
    "sqrt": _sqrt,
    "sin": _circular(1),
    "cos": _circular(0),
    "sign": _sign,
    "abs": _kinked(lambda v: v),
    "relu": _kinked(lambda v: int(v > 0)),
    "maximum": _larger(1),
    "minimum": _larger(-1),
    "where": _where,
}
