"""The exact evaluator: a typed surface tree over a finite field with infinitesimals, with matrix meaning.

Independent of what it proves: it imports tables and language only. What each number means is said in `field.py`: squares are positive, a
root is the positive one, exp and powers take their exponents from the next field, sine and cosine their angles from the field of angles. A
function that is none of these and has no expansion in its row is a random oracle with its row's derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Protocol

from wrt.language.surface import SCALAR, Binary, Call, Name, Node, Number, Unary
from wrt.proof.arrays import Flat, Parts, Undecided, Unfit, Value, meeting, ordered, size_of
from wrt.proof.field import Level
from wrt.proof.jets import Ring
from wrt.proof.reading import Reading
from wrt.proof.walk import BUDGET, OWN, Env, Rule, Walker
from wrt.tables.functions import FUNCTIONS

POWER_WORK = 30  # ring multiplications that a power or a root costs
TWO = Number(Fraction(2), "2", shape=SCALAR)


class Drawn(Protocol):
    """What the evaluator asks of a draw."""

    @property
    def sizes(self) -> Mapping[str, int]: ...
    def value(self, level: Level, name: str) -> Flat: ...
    def whole(self, name: str) -> list[int]: ...


class Whole(Walker):
    """Whole numbers as plain ints: sizes, indices, bounds, exponents."""

    def __init__(self, reading: Reading, draw: Drawn) -> None:
        super().__init__(reading, draw.sizes, Ring(None))
        self.draw = draw

    def number(self, value: Fraction | int) -> int:
        if Fraction(value).denominator != 1:
            raise Undecided("a fraction where a whole number is due")
        return int(value)

    def variable(self, name: str, bits: int) -> Value:
        shape = self.reading.declarations[name].shape
        return Value(OWN.get(shape.kind) or tuple(range(shape.order)), self.dims(shape), {0: self.draw.whole(name)})

    def whole_of(self, node: Node, env: Env) -> Value:
        return self.value(node, env)


class Exact(Walker):
    """Evaluation in one field at one draw; `base` is the walker of the first field, where signs are decided."""

    def __init__(self, reading: Reading, draw: Drawn, level: Level, base: Exact | None = None, budget: int = BUDGET) -> None:
        super().__init__(reading, draw.sizes, Ring(level.p), budget)
        self.draw = draw
        self.level = level
        self.base = base or self
        self.integers: Whole = base.integers if base is not None else Whole(reading, draw)
        self.directions: dict[str, dict[int, Flat]] = {}  # variable -> {bit: its direction}
        self.extra: dict[str, Value] = {}  # variables that the draw does not have: tangents
        self.violations = base.violations if base is not None else [0]  # roots of what is no square, met so far
        self.strict = base.strict if base is not None else False  # whether log of what is no square counts as one
        self.seen: dict[int, int] = base.seen if base is not None else {}  # id(node) -> signs or choices met, as bits
        self._below: dict[str, Exact | None] = {}

    # ------------------------------------------------------------------------------------------------ levels
    def below(self, which: str) -> Exact | None:
        """The walker of the field that exponents ("exp") or angles ("trig") live in."""
        if which not in self._below:
            level = self.level.exp if which == "exp" else self.level.trig
            above = self.base._below if self is not self.base else {}
            shared = next((w for w in (above.get("exp"), above.get("trig")) if w is not None and level is not None and w.level is level), None)
            self._below[which] = shared or (Exact(self.reading, self.draw, level, self.base, self.budget) if level is not None else None)
        return self._below[which]

    def whole_of(self, node: Node, env: Env) -> Value:
        return self.integers.value(node, env)

    # ------------------------------------------------------------------------------------------------ numbers
    def number(self, value: Fraction | int) -> int:
        p = self.level.p
        if isinstance(value, int):
            return value % p
        if value.denominator == 1:
            return value.numerator % p
        if value.denominator % p == 0:
            raise Unfit("a division by zero")
        return value.numerator * pow(value.denominator, -1, p) % p

    def constant(self, name: str) -> int:
        if name == "inf":
            raise Undecided("inf is no number")
        return pow(self.level.oracle(name), 2, self.level.p)

    def variable(self, name: str, bits: int) -> Value:
        found = self.extra.get(name)
        if found is not None:
            return found
        shape = self.reading.declarations[name].shape
        keys = OWN.get(shape.kind) or tuple(range(shape.order))
        parts: Parts = {0: self.draw.value(self.level, name)}
        if bits and self is self.base:
            for bit, flat in self.directions.get(name, {}).items():
                if bit < bits:
                    parts[1 << bit] = flat
        return Value(keys, self.dims(shape), parts)

    def reciprocal(self, a: Parts, bits: int) -> Parts:
        p = self.level.p
        inverse = inverses(a[0], p)
        if len(a) == 1:
            return {0: inverse}
        derivatives: list[Flat] = [inverse]
        for k in range(1, bits + 1):
            derivatives.append([-k * d * v % p for d, v in zip(derivatives[-1], inverse, strict=True)])
        return self.ring.compose(derivatives, a, bits)

    def root(self, a: int) -> int:
        if self.level.sign(a) < 0:
            self.violations[0] += 1
            a = -a % self.level.p
        return self.level.root(a)

    # ------------------------------------------------------------------------------------------------ signs
    def signs(self, node: Node, left: Node, right: Node, env: Env) -> Rule:
        base = self.base
        if base is self:
            a = yield (left, env, 0)
            b = yield (right, env, 0)
        else:
            a, b = base.value(left, env), base.value(right, env)
        return self._noted(node, base.subtract(a, b))

    def sign_of(self, node: Node, argument: Node, env: Env) -> Rule:
        """The signs of a value's entries."""
        value = (yield (argument, env, 0)) if self.base is self else self.base.value(argument, env)
        return self._noted(node, value)

    def _noted(self, node: Node, value: Value) -> Value:
        flat = value.parts.get(0)
        sign = self.base.level.sign
        found = [sign(v) for v in flat] if flat is not None else [0] * size_of(value.dims)
        self.ring.work += POWER_WORK * len(found)
        met = self.seen.get(id(node), 0)
        for v in found:
            met |= 1 if v > 0 else 2 if v < 0 else 4
        self.seen[id(node)] = met
        return Value(value.keys, value.dims, {0: found})

    def chosen(self, node: Call, flat: Flat, groups: Sequence[Sequence[int]], largest: bool) -> list[int]:
        """The residues in their order as whole numbers stand for an order: any choice function keeps what is true of max."""
        if self.base is not self:
            raise Undecided(f"{node.function} inside an exponent")
        pick = max if largest else min
        found = [pick(group, key=lambda i: flat[i]) for group in groups]
        met = self.seen.get(id(node), 0)
        for group, i in zip(groups, found, strict=True):
            met |= 1 << min(i - group[0], 1) if len(group) > 1 else 3
        self.seen[id(node)] = met
        return found

    # ------------------------------------------------------------------------------------------------ functions
    def elementwise(self, node: Call, env: Env, bits: int) -> Rule:
        native = NATIVE.get(node.function)
        if native is not None:
            return (yield from native(self, node, env, bits))
        row = FUNCTIONS.get(node.function)
        if row is None:
            raise Undecided(f"{node.function} is not evaluated exactly")
        if row.defined:
            return (yield self.reading.expanded(node, row.defined, row.arguments))
        return (yield from self._oracle(node, env, bits))

    def mapped(self, value: Value, derivatives: Callable[[Flat], list[Flat]], bits: int) -> Value:
        """f(value) from the list f, f', ... at the finite part."""
        flat = value.parts.get(0)
        if flat is None:
            flat = [0] * size_of(value.dims)
        if len(value.parts) == (0 in value.parts):
            bits = 0
        return Value(value.keys, value.dims, self.ring.compose(derivatives(flat)[: bits + 1], value.parts, bits))

    def _oracle(self, node: Call, env: Env, bits: int) -> Rule:
        """A random function of the arguments, with its row's derivatives, one infinitesimal after another."""
        row = FUNCTIONS[node.function]
        values: list[Value] = []
        for argument in node.arguments:
            values.append((yield (argument, env, bits)))
        keys = ordered(frozenset(k for v in values for k in v.keys))
        sizes = {k: d for v in values for k, d in zip(v.keys, v.dims, strict=True)}
        values = [self.arranged(v, keys, sizes) for v in values]
        dims = tuple(sizes[k] for k in keys)
        if not bits or all(not any(v.parts) for v in values):
            zeros = [0] * size_of(dims)
            columns = [v.parts.get(0, zeros) for v in values]
            self.ring.work += POWER_WORK * len(zeros) // 4
            return Value(keys, dims, {0: [self._oracle_value(node, arguments) for arguments in zip(*columns, strict=True)]})
        lower = yield (node, env, bits - 1)
        parts = dict(lower.parts)
        step = 1 << (bits - 1)
        for formula, value in zip(row.d, values, strict=True):
            tail = {m ^ step: x for m, x in value.parts.items() if m & step}
            if not tail or formula in ("", "0"):
                continue
            slope = yield (self.reading.expanded(node, formula, row.arguments), env, bits - 1)
            slope = self.arranged(slope, keys, sizes)
            for m, x in self.ring.times(slope.parts, tail).items():
                parts = self.ring.add(parts, {m | step: x})
        return Value(keys, dims, parts)

    def _oracle_value(self, node: Call, arguments: Sequence[int]) -> int:
        row, p = FUNCTIONS[node.function], self.level.p
        if node.function in ("digamma", "polygamma"):
            order = 0 if len(arguments) == 1 else arguments[0]
            return self.level.oracle("polygamma", order, arguments[-1])
        if len(arguments) == 1:
            (x,) = arguments
            if x == 0 and row.at_zero:
                return self.number(Fraction(row.at_zero))
            if (row.odd or row.even) and x > p // 2:
                y = self.level.oracle(node.function, p - x)
                return -y % p if row.odd else y
        return self.level.oracle(node.function, *arguments)

    def power(self, node: Node, base: Node, exponent: Node, env: Env, bits: int) -> Rule:
        """base**exponent for a positive base: u**(b mod the order of the squares) times exp of the infinitesimal part of b log u."""
        u = yield (base, env, bits)
        b = yield (exponent, env, bits)
        exponents = self._exponents(exponent, env, b)
        plan = meeting(u.keys, u.dims, b.keys, b.dims)
        flat = u.parts.get(0, [0] * size_of(u.dims))
        flat = flat if plan.left is None else plan.left(flat)
        exponents = exponents if plan.right is None else plan.right(exponents)
        self.ring.work += POWER_WORK * len(flat)
        first = Value(plan.keys, plan.dims, {0: [self._raised(x, e) for x, e in zip(flat, exponents, strict=True)]})
        if bits == 0 or not (any(u.parts) or any(b.parts)):
            return first
        logarithm = yield (self._log_of(base), env, bits)
        tail = self.times(b, logarithm)
        small = Value(tail.keys, tail.dims, {m: x for m, x in tail.parts.items() if m})
        ones = [1] * size_of(tail.dims)
        return self.times(first, Value(small.keys, small.dims, self.ring.compose([ones] * (bits + 1), small.parts, bits)))

    def _raised(self, base: int, exponent: int) -> int:
        sign = self.level.sign(base)
        if sign < 0:
            self.violations[0] += 1
            base = -base % self.level.p
        if self.level.exp is None and exponent < 0:
            return self.level.oracle("power", base, -exponent)
        return self.level.power(base, exponent)

    def _exponents(self, exponent: Node, env: Env, value: Value) -> Flat:
        """The exponents as residues modulo the order of the squares; past the last level, of fixed fractions only (else -1 - hash)."""
        below = self.below("exp")
        if below is not None:
            found = below.value(exponent, env)
            return found.parts.get(0) or [0] * size_of(found.dims)
        fixed = fixed_fraction(exponent)
        order = (self.level.p - 1) // 2
        flat = value.parts.get(0) or [0] * size_of(value.dims)
        if fixed is not None:
            try:
                return [fixed.numerator * pow(fixed.denominator, -1, order) % order] * len(flat)
            except ValueError:
                pass
        return [-1 - v for v in flat]

    def _log_of(self, node: Node) -> Node:
        """_logabs(node) as a node of its own."""
        table = self.reading.made
        found = table.get((id(node), "log"))
        if found is None:
            found = table[id(node), "log"] = Call("_logabs", (node,), shape=node.shape)
            self.reading.kept.append(node)
        return found


def inverses(flat: Flat, p: int) -> list[int]:
    """1/x for every entry, by one inversion: running products there and back."""
    running: list[int] = []
    total = 1
    for x in flat:
        running.append(total)
        total = total * x % p
    if not total:
        raise Unfit("a division by zero")
    total = pow(total, -1, p)
    out = []
    for x, before in zip(reversed(flat), reversed(running), strict=True):
        out.append(total * before % p)
        total = total * x % p
    out.reverse()
    return out


def fixed_fraction(node: Node) -> Fraction | None:
    """The number that an expression of plain numbers is."""
    match node:
        case Number():
            return node.value
        case Unary(op="-", argument=Number() as inner):
            return -inner.value
        case Binary(op="/", left=Number() as top, right=Number() as bottom) if bottom.value:
            return top.value / bottom.value
        case Unary(op="-", argument=Binary(op="/", left=Number() as top, right=Number() as bottom)) if bottom.value:
            return -top.value / bottom.value
    return None


# ------------------------------------------------------------------------------------------------ the native functions
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
    value = yield (walk._log_of(node.arguments[0]), env, bits)
    u = yield (node.arguments[0], env, 0)
    flat = u.parts.get(0)
    if flat is None or not all(flat):
        raise Unfit("the logarithm of zero")
    walk.ring.work += POWER_WORK * len(flat)
    negative = [walk.level.sign(v) < 0 for v in flat]
    count = sum(negative)
    if not count:
        return value
    if walk.strict:
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
        raise Unfit("the logarithm of zero")
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
    while isinstance(u, Name) and u.role == "step":
        u = walk.reading.step_of[id(u)]
    log = walk._log_of
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
            parts = [Number(Fraction(v), str(v), shape=SCALAR) for v in (abs(u.value.numerator), u.value.denominator)]
            walk.reading.kept.extend(parts)
            made = Binary("-", log(parts[0]), log(parts[1]))
    table[key] = made if made is not None else node
    walk.reading.kept.append(node)
    return made


def _sign(walk: Exact, node: Call, env: Env, bits: int) -> Rule:
    found = yield from walk.sign_of(node, node.arguments[0], env)
    return Value(found.keys, found.dims, {0: [walk.number(v) for v in found.parts[0]]})


def _kinked(weight: Callable[[int], int]) -> Native:
    """u times a number that depends on its sign: abs, relu."""

    def rule(walk: Exact, node: Call, env: Env, bits: int) -> Rule:
        u = yield (node.arguments[0], env, bits)
        found = yield from walk.sign_of(node, node.arguments[0], env)
        return walk.times(u, Value(found.keys, found.dims, {0: [walk.number(weight(v)) for v in found.parts[0]]}))

    return rule


def _larger(sign: int) -> Native:
    """maximum (sign 1) and minimum (-1) of two: an even split at a tie."""

    def rule(walk: Exact, node: Call, env: Env, bits: int) -> Rule:
        left, right = node.arguments
        a = yield (left, env, bits)
        b = yield (right, env, bits)
        found = yield from walk.signs(node, left, right, env)
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
