"""One walk over a typed surface tree for every ring: scheduling without recursion, and what holds whatever numbers are.

A rule is a coroutine: it yields the nodes it needs (a node, or a node with bound indices and a number of infinitesimals), receives their
values and returns its own. Values are memoised by node, by the bound indices the node depends on and by the infinitesimals kept, so a body
under a generator is one array over its indices and is never walked again for an entry.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from wrt.language.sizes import Size
from wrt.language.surface import Call, Node, Shape
from wrt.proof.arrays import (
    Bound,
    BudgetError,
    Dims,
    Flat,
    Key,
    Keys,
    Meeting,
    Parts,
    UndecidedError,
    UnfitError,
    Value,
    contraction,
    meeting,
    ordered,
    size_of,
    turned,
)
from wrt.proof.jets import Ring, restricted
from wrt.proof.reading import Reading

Env = tuple[tuple[str, Bound], ...]
Request = Node | tuple[Node, Env, int]
Rule = Generator[Request, Value, Value]
Seen = dict[object, tuple[int, int]]  # what is decided -> (branches met, as bits 1 and 2; how often)
Key3 = tuple[int, Env, int]

OWN: dict[str, Keys] = {"scalar": (), "column": (0,), "row": (1,), "matrix": (0, 1)}
BUDGET = 300_000
BUDGET_A_NODE = 100  # of a long text: a chain of tanh layers needs about 50 for its second derivative
KEPT_PLANS = 4096  # entries up to which a plan is kept for the next array of the same shape


class Walker:
    """Evaluation over one ring at one draw. Subclasses give numbers, variables, powers and functions their meaning."""

    def __init__(self, reading: Reading, sizes: Mapping[str, int], ring: Ring, budget: int = BUDGET) -> None:
        self.reading = reading
        self.sizes = sizes
        self.ring = ring
        self.budget = budget
        self.extra: dict[str, Value] = {}  # variables that the draw does not have: tangents
        self.seen: Seen = {}  # the decisions met: signs, choices
        self.replaced: dict[str, Node] = {}  # variables that stand for a formula
        self.top = 0  # the most infinitesimals that anything is evaluated with
        self.memo: dict[Key3, Value] = {}

    # ------------------------------------------------------------------------------------------------ the schedule
    def value(self, node: Node, env: Env = (), bits: int = 0) -> Value:
        """The value of a node with the given bound indices, keeping the first `bits` infinitesimals."""
        memo = self.memo
        if env:
            env = self.narrowed(node, env)
        key = (id(node), env, bits)
        found = memo.get(key) or self._lower(key, memo)
        if found is not None:
            return found
        made = self.rule(node, env, bits)
        if isinstance(made, Value):
            memo[key] = made
            return made
        return self.drive(made, env, bits, key)

    def drive(self, rule: Rule, env: Env = (), bits: int = 0, key: Key3 | None = None) -> Value:
        """Run a coroutine to its value; what it asks for is answered from the memo or evaluated first."""
        memo = self.memo
        stack: list[tuple[Key3 | None, Env, int, Rule]] = [(key, env, bits, rule)]
        answer: Any = None
        wanted: Node
        while stack:
            _, env, bits, rule = stack[-1]
            try:
                request = rule.send(answer)
            except StopIteration as stop:
                answer = stop.value
                done = stack.pop()[0]
                if done is not None:
                    memo[done] = answer
                if self.ring.work > self.budget:
                    raise BudgetError from None
                continue
            if isinstance(request, tuple):
                wanted, env, bits = request
            else:
                wanted = request
            if env:
                env = self.narrowed(wanted, env)
            key = (id(wanted), env, bits)
            answer = memo.get(key) or self._lower(key, memo)
            if answer is None:
                made = self.rule(wanted, env, bits)
                if isinstance(made, Value):
                    memo[key] = answer = made
                else:
                    stack.append((key, env, bits, made))
        assert isinstance(answer, Value)
        return answer

    def _lower(self, key: Key3, memo: dict[Key3, Value]) -> Value | None:
        """A value cut from one known with more infinitesimals."""
        for more in range(key[2] + 1, self.top + 1):
            found = memo.get((key[0], key[1], more))
            if found is not None:
                cut = memo[key] = Value(found.keys, found.dims, restricted(found.parts, key[2]))
                return cut
        return None

    def narrowed(self, node: Node, env: Env) -> Env:
        """The bound indices that a node depends on."""
        free = self.reading.free(node)
        return tuple([e for e in env if e[0] in free]) if free else ()

    def rule(self, node: Node, env: Env, bits: int) -> Rule | Value:
        """The coroutine that evaluates a node, or its value at once."""
        from wrt.proof.nodes import RULES

        return RULES[type(node)](self, node, env, bits)

    # ------------------------------------------------------------------------------------------------ what subclasses say
    def number(self, value: Fraction | int) -> Any:
        """A rational number as a ring element."""
        raise NotImplementedError

    def variable(self, name: str, bits: int) -> Value:
        raise NotImplementedError

    def moved(self, name: str, value: Value, bits: int) -> Value:
        """A variable that stands for a formula, moved along its direction."""
        raise NotImplementedError

    def constant(self, name: str) -> Any:
        raise NotImplementedError

    def signs(self, left: Node, right: Node, env: Env) -> Rule:
        """The sign (1, 0, -1 as whole numbers) of left - right, entry by entry."""
        raise NotImplementedError

    def reciprocal(self, a: Parts, bits: int) -> Parts:
        raise NotImplementedError

    def power(self, node: Node, base: Node, exponent: Node, env: Env, bits: int) -> Rule:
        """base**exponent for an exponent that is no whole number."""
        raise NotImplementedError

    def elementwise(self, node: Call, env: Env, bits: int) -> Rule:
        raise NotImplementedError

    def spectral(self, node: Call, env: Env, bits: int) -> Rule:
        """A matrix function that only floats can evaluate."""
        raise UndecidedError(f"{node.function} is not evaluated exactly")

    def chosen(self, node: Call, flat: Flat, groups: Sequence[Sequence[int]], largest: bool) -> list[int]:
        """In each group of positions, the one whose entry is the largest (or smallest)."""
        raise NotImplementedError

    small: Any = 0  # what counts as zero when a rank is found

    def root(self, a: Any) -> Any:
        """The positive root of a number."""
        raise NotImplementedError

    def random(self, what: str, *place: int) -> Any:
        """A random number of its own for a declared function, the same in every draw."""
        raise NotImplementedError

    def smooth(self, name: str, count: int, flat: Flat, order: int) -> Flat:
        """The derivative of an order of `count` random functions, entry k by the function k modulo `count`."""
        raise NotImplementedError

    def whole_of(self, node: Node, env: Env) -> Value:
        """A whole-number expression as plain ints."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------------------------ whole numbers
    def count(self, node: Node) -> int:
        """A whole number without bound indices: a size, an axis, an exponent."""
        value = self.whole_of(node, ())
        if value.keys:
            raise UndecidedError("a number that depends on an index where none may")
        return int(value.parts[0][0]) if value.parts else 0

    def size(self, size: Size) -> int:
        """The drawn number that a size is."""
        number = size.number
        found = number if number is not None else size.value(self.sizes)
        if found < 1:
            raise UnfitError(f"the size {size} is {found}")
        return found

    def dims(self, shape: Shape) -> Dims:
        return tuple(self.size(s) for s in shape.sizes)

    # ------------------------------------------------------------------------------------------------ arrays
    def spend(self, work: int) -> None:
        """Stop before work that the budget does not have."""
        if self.ring.work + work > self.budget:
            raise BudgetError

    def scalar(self, element: Any) -> Value:
        return Value((), (), {0: [element]})

    def add(self, a: Value, b: Value) -> Value:
        if a.keys == b.keys and a.dims == b.dims:
            return Value(a.keys, a.dims, self.ring.add(a.parts, b.parts))
        plan = self.met(a, b)
        return Value(plan.keys, plan.dims, self.ring.add(a.parts, b.parts, plan.left, plan.right))

    def subtract(self, a: Value, b: Value) -> Value:
        if a.keys == b.keys and a.dims == b.dims:
            return Value(a.keys, a.dims, self.ring.subtract(a.parts, b.parts))
        plan = self.met(a, b)
        return Value(plan.keys, plan.dims, self.ring.subtract(a.parts, b.parts, plan.left, plan.right))

    def times(self, a: Value, b: Value) -> Value:
        if a.keys == b.keys and a.dims == b.dims:
            return Value(a.keys, a.dims, self.ring.times(a.parts, b.parts))
        plan = self.met(a, b)
        return Value(plan.keys, plan.dims, self.ring.times(a.parts, b.parts, plan.left, plan.right))

    def met(self, a: Value, b: Value) -> Meeting:
        """How two values stretch to one; plans of large arrays are not kept."""
        make = meeting if self._room(a, b) <= KEPT_PLANS else meeting.__wrapped__
        return make(a.keys, a.dims, b.keys, b.dims)

    def _room(self, a: Value, b: Value) -> int:
        """The number of entries over the keys of both, refused when the budget does not have it."""
        sizes = dict(zip(a.keys, a.dims, strict=True))
        for key, dim in zip(b.keys, b.dims, strict=True):
            sizes[key] = max(dim, sizes.get(key, 1))
        total = size_of(tuple(sizes.values()))
        self.spend(total)
        return total

    def scale(self, c: Any, a: Value) -> Value:
        return Value(a.keys, a.dims, self.ring.scale(c, a.parts))

    def invert(self, a: Value, bits: int) -> Value:
        """1/a, entry by entry."""
        if 0 not in a.parts:
            raise UnfitError("a division by zero")
        return Value(a.keys, a.dims, self.ring_checked(self.reciprocal(a.parts, bits), a))

    def ring_checked(self, parts: Parts, like: Value) -> Parts:
        self.ring.work += size_of(like.dims)
        return parts

    def contract(self, a: Value, b: Value, out: Keys) -> Value:
        """sum of A*B over every key outside `out`."""
        a, b = self._presummed(a, b.keys, out), self._presummed(b, a.keys, out)
        make = contraction if self._room(a, b) <= KEPT_PLANS else contraction.__wrapped__
        plan = make(a.keys, a.dims, b.keys, b.dims, out)
        return Value(out, plan.dims, self.ring.contract(plan, a.parts, b.parts))

    def _presummed(self, a: Value, other: Keys, out: Keys) -> Value:
        alone = tuple(k for k in a.keys if k not in other and k not in out)
        return self.sum_over(a, alone) if alone else a

    def sum_over(self, a: Value, keys: Keys) -> Value:
        """The sum over some of a value's keys."""
        moved, kept, n = self.last(a, keys)
        return Value(kept, moved.dims[: len(kept)], self.ring.summed(moved.parts, n) if n else {})

    def last(self, a: Value, keys: Keys) -> tuple[Value, Keys, int]:
        """The value with some axes last, the keys that stay, and how many entries the last ones have."""
        kept = tuple(k for k in a.keys if k not in keys)
        moved = self.arranged(a, (*kept, *keys))
        return moved, kept, size_of(moved.dims[len(kept) :])

    def arranged(self, a: Value, keys: Keys, sizes: Mapping[Key, int] | None = None) -> Value:
        """The same value with its axes in another order, stretched over keys that it lacks (their `sizes` given)."""
        if a.keys == keys and sizes is None:
            return a
        have = dict(zip(a.keys, a.dims, strict=True))
        dims = tuple((sizes or {}).get(k, have.get(k, 1)) for k in keys)
        total = size_of(dims)
        self.spend(total // 2)
        read = (turned if total <= KEPT_PLANS else turned.__wrapped__)(a.keys, a.dims, keys, dims)
        return Value(keys, dims, a.parts if read is None else {m: read(x) for m, x in a.parts.items()})

    def renamed(self, a: Value, names: Mapping[Key, Key]) -> Value:
        """The same value with other keys, in their one order; keys that become equal take the diagonal."""
        keys = tuple(names.get(k, k) for k in a.keys)
        out = ordered(frozenset(keys))
        if keys == out:
            return Value(keys, a.dims, a.parts)
        return self.arranged(Value(keys, a.dims, a.parts), out)

    def conform(self, a: Value, shape: Shape | None) -> Value:
        """The value with the axes that its shape says: axes of size 1 come and go."""
        if shape is None:
            return a
        want = OWN.get(shape.kind) or (tuple(range(shape.order)) if shape.kind == "tensor" else ())
        own = tuple([k for k in a.keys if isinstance(k, int)])
        if own == want:
            return a
        bound = tuple([k for k in a.keys if not isinstance(k, int)])
        sizes = dict(zip(a.keys, a.dims, strict=True))
        if any(sizes[k] != 1 for k in own if k not in want):
            raise UnfitError("an axis longer than 1 where none may be")
        keys = (*bound, *want)
        return Value(keys, tuple(sizes.get(k, 1) for k in keys), a.parts)

    def own(self, a: Value) -> tuple[int, ...]:
        """The keys of the value's own axes."""
        return tuple([k for k in a.keys if isinstance(k, int)])

    def bound(self, a: Value) -> Keys:
        """The keys of the bound indices that a value depends on."""
        return tuple([k for k in a.keys if not isinstance(k, int)])

    def matmul(self, a: Value, b: Value) -> Value:
        """A @ B: the columns of A against the rows of B; a missing axis has size 1."""
        left, right = self._inner(a, 1), self._inner(b, 0)
        keys = ordered(frozenset(k for k in (*left.keys, *right.keys) if k != 2))
        if 2 in left.keys and 2 in right.keys:
            return self.contract(left, right, keys)
        for part in (left, right):
            if 2 in part.keys and part.dims[part.keys.index(2)] != 1:
                raise UnfitError("inner sizes differ")
        return self.times(*[self.sum_over(part, (2,)) if 2 in part.keys else part for part in (left, right)])

    def _inner(self, a: Value, axis: int) -> Value:
        return Value(tuple([2 if k == axis else k for k in a.keys]), a.dims, a.parts)


def all_of(nodes: Sequence[Node], env: Env, bits: int) -> Generator[Request, Value, list[Value]]:
    """The values of several nodes, for a rule: yield from all_of(...)."""
    out = []
    for node in nodes:
        out.append((yield (node, env, bits)))  # noqa: PERF401 - a comprehension cannot yield
    return out


RuleOf = Callable[[Walker, Any, Env, int], Rule | Value]
__all__ = ["OWN", "BudgetError", "Env", "Rule", "RuleOf", "Walker", "all_of"]
