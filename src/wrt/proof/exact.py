"""The exact evaluator: a typed surface tree over a finite field with infinitesimals, with matrix meaning.

Independent of what it proves: it imports tables and language only. What each number means is said in `field.py`: squares are positive, a
root is the positive one, exp and powers take their exponents from the next field, sine and cosine their angles from the field of angles. A
function that is none of these and has no expansion in its row is a random oracle with its row's derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from wrt.language.surface import Binary, Call, Node, Number, Unary
from wrt.proof.arrays import Flat, Parts, UndecidedError, UnfitError, Value, ordered, size_of
from wrt.proof.field import Level
from wrt.proof.jets import Ring
from wrt.proof.reading import Reading
from wrt.proof.walk import BUDGET, OWN, Env, Rule, Walker, all_of
from wrt.proof.whole import Drawn, Whole, decided, note
from wrt.tables.functions import FUNCTIONS

POWER_WORK = 8  # ring multiplications that a power or a root counts as


class Exact(Walker):
    """Evaluation in one field at one draw; `base` is the walker of the first field, where signs are decided."""

    def __init__(self, reading: Reading, draw: Drawn, level: Level, base: Exact | None = None, budget: int = BUDGET) -> None:
        super().__init__(reading, draw.sizes, Ring(level.p), budget)
        self.draw = draw
        self.level = level
        self.base = base or self
        self.integers: Whole = base.integers if base is not None else Whole(reading, draw)
        self.directions: dict[str, dict[int, Flat]] = {}  # variable -> {bit: its direction}
        self.violations: list[int] = base.violations if base is not None else [0]  # roots of what is no square, met so far
        self.roots: dict[object, tuple[int, ...]] = {}  # of what roots are taken in the first field
        self.strict = False  # whether a logarithm of what is no square counts as one (asked of the base)
        if base is not None:
            self.seen, self.replaced = base.seen, base.replaced
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

    def random(self, what: str, *place: int) -> int:
        return self.level.oracle(what, *place)

    def smooth(self, name: str, count: int, flat: Flat, order: int) -> Flat:
        self.ring.work += POWER_WORK * len(flat) // 4
        return [self.level.oracle(name, k % count, order, v) for k, v in enumerate(flat)]

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
            raise UnfitError("a division by zero")
        return value.numerator * pow(value.denominator, -1, p) % p

    def constant(self, name: str) -> int:
        if name == "inf":
            raise UndecidedError("inf is no number")
        return pow(self.level.oracle(name), 2, self.level.p)

    def variable(self, name: str, bits: int) -> Value:
        found = self.extra.get(name)
        if found is not None:
            return found
        shape = self.reading.declarations[name].shape
        keys = OWN.get(shape.kind) or tuple(range(shape.order))
        return self.moved(name, Value(keys, self.dims(shape), {0: self.draw.value(self.level, name)}), bits)

    def moved(self, name: str, value: Value, bits: int) -> Value:
        directions = self.directions.get(name)
        if not bits or self is not self.base or directions is None:
            return value
        return Value(value.keys, value.dims, {**value.parts, **{1 << bit: flat for bit, flat in directions.items() if bit < bits}})

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

    def rooted(self, argument: Node, flat: Flat) -> None:
        """Remember whether a root was of a square: what always is may be a square by its form, and its root then has a hidden sign."""
        if self is self.base and self.reading.varies(argument):
            key = ("root", id(argument))
            self.roots[key] = tuple(flat)
            note(self.seen, key, [2 if self.level.sign(v) < 0 else 1 for v in flat])

    # ------------------------------------------------------------------------------------------------ signs
    def signs(self, left: Node, right: Node, env: Env) -> Rule:
        base = self.base
        if base is self:
            a = yield (left, env, 0)
            b = yield (right, env, 0)
        else:
            a, b = base.value(left, env), base.value(right, env)
        return self._noted(decided(left, right), base.subtract(a, b))

    def sign_of(self, argument: Node, env: Env) -> Rule:
        """The signs of a value's entries."""
        value = (yield (argument, env, 0)) if self.base is self else self.base.value(argument, env)
        return self._noted(id(argument), value)

    def _noted(self, key: object, value: Value) -> Value:
        flat = value.parts.get(0)
        sign = self.base.level.sign
        found = [sign(v) for v in flat] if flat is not None else [0] * size_of(value.dims)
        self.ring.work += POWER_WORK * len(found)
        note(self.seen, key, [1 if v > 0 else 2 if v < 0 else 4 for v in found])
        return Value(value.keys, value.dims, {0: found})

    def chosen(self, node: Call, flat: Flat, groups: Sequence[Sequence[int]], largest: bool) -> list[int]:
        """The residues in their order as whole numbers stand for an order: any choice function keeps what is true of max."""
        if self.base is not self:
            raise UndecidedError(f"{node.function} inside an exponent")
        pick = max if largest else min
        found = [pick(group, key=lambda i: flat[i]) for group in groups]
        note(
            self.seen,
            (node.function, id(node.arguments[0])),
            [1 << min(i - group[0], 1) if len(group) > 1 else 3 for group, i in zip(groups, found, strict=True)],
        )
        return found

    # ------------------------------------------------------------------------------------------------ functions
    def elementwise(self, node: Call, env: Env, bits: int) -> Rule:
        from wrt.proof.natives import NATIVE

        native = NATIVE.get(node.function)
        if native is not None:
            return (yield from native(self, node, env, bits))
        row = FUNCTIONS.get(node.function)
        if row is None:
            raise UndecidedError(f"{node.function} is not evaluated exactly")
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
        values = yield from all_of(node.arguments, env, bits)
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
        plan = self.met(u, b)
        flat = u.parts.get(0, [0] * size_of(u.dims))
        flat = flat if plan.left is None else plan.left(flat)
        exponents = exponents if plan.right is None else plan.right(exponents)
        self.ring.work += POWER_WORK * len(flat)
        self.rooted(base, flat)
        first = Value(plan.keys, plan.dims, {0: [self._raised(x, e) for x, e in zip(flat, exponents, strict=True)]})
        if bits == 0 or not (any(u.parts) or any(b.parts)):
            return first
        logarithm = yield (self.log_of(base), env, bits)
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

    def log_of(self, node: Node) -> Node:
        """_logabs(node) as a node of its own."""
        table = self.reading.made
        found = table.get((id(node), "log"))
        if found is None:
            found = table[id(node), "log"] = self.reading.one(Call("_logabs", (node,), shape=node.shape))
        return found


def inverses(flat: Flat, p: int) -> list[int]:
    """1/x for every entry, by one inversion: running products there and back."""
    running: list[int] = []
    total = 1
    for x in flat:
        running.append(total)
        total = total * x % p
    if not total:
        raise UnfitError("a division by zero")
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
