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
from wrt.language.surface import Binary, Block, Call, Index, Name, Node, Number, Shape, Steps, Unary
from wrt.language.surface import Generator as Sum
from wrt.proof.arrays import Bound, Dims, Flat, Key, Keys, Parts, Undecided, Unfit, Value, contraction, meeting, ordered, size_of, turned
from wrt.proof.jets import Ring, restricted
from wrt.proof.reading import Reading

Env = tuple[tuple[str, Bound], ...]
Request = Node | tuple[Node, Env, int]
Rule = Generator[Request, Value, Value]
Key3 = tuple[int, Env, int]

OWN: dict[str, Keys] = {"scalar": (), "column": (0,), "row": (1,), "matrix": (0, 1)}
BUDGET = 300_000


class TooMuch(Exception):
    """The evaluation would go over its budget of ring multiplications."""


class Walker:
    """Evaluation over one ring at one draw. Subclasses give numbers, variables, powers and functions their meaning."""

    def __init__(self, reading: Reading, sizes: Mapping[str, int], ring: Ring, budget: int = BUDGET) -> None:
        self.reading = reading
        self.sizes = sizes
        self.ring = ring
        self.budget = budget
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
                    raise TooMuch from None
                continue
            if type(request) is tuple:
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

    def constant(self, name: str) -> Any:
        raise NotImplementedError

    def signs(self, node: Node, left: Node, right: Node, env: Env) -> Rule:
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
        raise Undecided(f"{node.function} is not evaluated exactly")

    def chosen(self, node: Call, flat: Flat, groups: Sequence[Sequence[int]], largest: bool) -> list[int]:
        """In each group of positions, the one whose entry is the largest (or smallest)."""
        raise NotImplementedError

    small: Any = 0  # what counts as zero when a rank is found

    def root(self, a: Any) -> Any:
        """The positive root of a number."""
        raise NotImplementedError

    def whole_of(self, node: Node, env: Env) -> Value:
        """A whole-number expression as plain ints."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------------------------ whole numbers
    def count(self, node: Node) -> int:
        """A whole number without bound indices: a size, an axis, an exponent."""
        value = self.whole_of(node, ())
        if value.keys:
            raise Undecided("a number that depends on an index where none may")
        return int(value.parts[0][0]) if value.parts else 0

    def size(self, size: Size) -> int:
        """The drawn number that a size is."""
        number = size.number
        found = number if number is not None else size.value(self.sizes)
        if found < 1:
            raise Unfit(f"the size {size} is {found}")
        return found

    def dims(self, shape: Shape) -> Dims:
        return tuple(self.size(s) for s in shape.sizes)

    # ------------------------------------------------------------------------------------------------ arrays
    def spend(self, work: int) -> None:
        """Stop before work that the budget does not have."""
        if self.ring.work + work > self.budget:
            raise TooMuch

    def scalar(self, element: Any) -> Value:
        return Value((), (), {0: [element]})

    def add(self, a: Value, b: Value) -> Value:
        if a.keys == b.keys and a.dims == b.dims:
            return Value(a.keys, a.dims, self.ring.add(a.parts, b.parts))
        plan = meeting(a.keys, a.dims, b.keys, b.dims)
        return Value(plan.keys, plan.dims, self.ring.add(a.parts, b.parts, plan.left, plan.right))

    def subtract(self, a: Value, b: Value) -> Value:
        if a.keys == b.keys and a.dims == b.dims:
            return Value(a.keys, a.dims, self.ring.subtract(a.parts, b.parts))
        plan = meeting(a.keys, a.dims, b.keys, b.dims)
        return Value(plan.keys, plan.dims, self.ring.subtract(a.parts, b.parts, plan.left, plan.right))

    def times(self, a: Value, b: Value) -> Value:
        if a.keys == b.keys and a.dims == b.dims:
            return Value(a.keys, a.dims, self.ring.times(a.parts, b.parts))
        self._room(a, b)
        plan = meeting(a.keys, a.dims, b.keys, b.dims)
        return Value(plan.keys, plan.dims, self.ring.times(a.parts, b.parts, plan.left, plan.right))

    def _room(self, a: Value, b: Value) -> None:
        sizes = dict(zip(a.keys, a.dims, strict=True))
        for key, dim in zip(b.keys, b.dims, strict=True):
            sizes[key] = max(dim, sizes.get(key, 1))
        self.spend(size_of(tuple(sizes.values())))

    def scale(self, c: Any, a: Value) -> Value:
        return Value(a.keys, a.dims, self.ring.scale(c, a.parts))

    def invert(self, a: Value, bits: int) -> Value:
        """1/a, entry by entry."""
        if 0 not in a.parts:
            raise Unfit("a division by zero")
        return Value(a.keys, a.dims, self.ring_checked(self.reciprocal(a.parts, bits), a))

    def ring_checked(self, parts: Parts, like: Value) -> Parts:
        self.ring.work += size_of(like.dims)
        return parts

    def contract(self, a: Value, b: Value, out: Keys) -> Value:
        """sum of A*B over every key outside `out`."""
        a, b = self._presummed(a, b.keys, out), self._presummed(b, a.keys, out)
        self._room(a, b)
        plan = contraction(a.keys, a.dims, b.keys, b.dims, out)
        return Value(out, plan.dims, self.ring.contract(plan, a.parts, b.parts))

    def _presummed(self, a: Value, other: Keys, out: Keys) -> Value:
        alone = tuple(k for k in a.keys if k not in other and k not in out)
        return self.sum_over(a, alone) if alone else a

    def sum_over(self, a: Value, keys: Keys) -> Value:
        """The sum over some of a value's keys."""
        kept = tuple(k for k in a.keys if k not in keys)
        moved = self.arranged(a, (*kept, *keys))
        n = size_of(moved.dims[len(kept) :])
        return Value(kept, moved.dims[: len(kept)], self.ring.summed(moved.parts, n) if n else {})

    def arranged(self, a: Value, keys: Keys, sizes: Mapping[Key, int] | None = None) -> Value:
        """The same value with its axes in another order, stretched over keys that it lacks (their `sizes` given)."""
        if a.keys == keys and sizes is None:
            return a
        have = dict(zip(a.keys, a.dims, strict=True))
        dims = tuple((sizes or {}).get(k, have.get(k, 1)) for k in keys)
        self.spend(size_of(dims) // 8)
        read = turned(a.keys, a.dims, keys, dims)
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
            raise Unfit("an axis longer than 1 where none may be")
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
                raise Unfit("inner sizes differ")
        return self.times(*[self.sum_over(part, (2,)) if 2 in part.keys else part for part in (left, right)])

    def _inner(self, a: Value, axis: int) -> Value:
        return Value(tuple([2 if k == axis else k for k in a.keys]), a.dims, a.parts)

    # ------------------------------------------------------------------------------------------------ sums of products
    def network(self, factors: Sequence[Value], out: Keys) -> Value:
        """sum over every key outside `out` of the product of the factors, by the pair that shrinks most first."""
        work = [self._summed_alone(f, k, factors, out) for k, f in enumerate(factors)]
        if not work:
            return self.scalar(self.number(1))
        while len(work) > 1:
            i, j = self._best_pair(work, out)
            a, b = work[i], work[j]
            rest = [f for k, f in enumerate(work) if k not in (i, j)]
            needed = {*out}.union(*[f.keys for f in rest])
            keys = ordered(frozenset(k for k in {*a.keys, *b.keys} if k in needed))
            work = [*rest, self.contract(a, b, keys) if set(keys) != {*a.keys, *b.keys} or a.keys != b.keys else self.times(a, b)]
        (last,) = work
        alone = tuple(k for k in last.keys if k not in out)
        return self.sum_over(last, alone) if alone else last

    def _summed_alone(self, f: Value, at: int, factors: Sequence[Value], out: Keys) -> Value:
        alone = tuple(k for k in f.keys if k not in out and all(k not in g.keys for n, g in enumerate(factors) if n != at))
        return self.sum_over(f, alone) if alone else f

    def _best_pair(self, work: list[Value], out: Keys) -> tuple[int, int]:
        if len(work) == 2:
            return 0, 1
        best, least = (0, 1), None
        count: dict[Key, int] = {}
        for f in work:
            for key in f.keys:
                count[key] = count.get(key, 0) + 1
        for i, a in enumerate(work):
            for j in range(i + 1, len(work)):
                b = work[j]
                sizes = dict(zip((*a.keys, *b.keys), (*a.dims, *b.dims), strict=True))
                result = 1
                for key, dim in sizes.items():
                    if key in out or count[key] > (key in a.keys) + (key in b.keys):
                        result *= dim
                cost = (result - size_of(a.dims) - size_of(b.dims), size_of(tuple(sizes.values())))
                if least is None or cost < least:
                    best, least = (i, j), cost
        return best

    def summed_terms(self, body: Node, env: Env, bits: int, loops: Keys, more: Sequence[Value] = ()) -> Rule:
        """sum over the loops of body * product of `more`, an addend at a time."""
        sizes = {key: key[2] - key[1] for key in loops if not isinstance(key, int)}
        total: Value | None = None
        if any(n <= 0 for n in sizes.values()):
            return self.scalar(self.number(0))
        for term in self.reading.terms(body):
            factors: list[Value] = list(more)
            for node in term.factors:
                factors.append((yield (node, env, bits)))
            for node in term.divisors:
                factors.append(self.invert((yield (node, env, bits)), bits))
            factors = self._squeezed(factors)
            keys = ordered(frozenset(k for f in factors for k in f.keys if k not in loops))
            missing = size_of([n for key, n in sizes.items() if all(key not in f.keys for f in factors)])
            value = self.network(factors, keys)
            scale = term.sign * missing
            if scale != 1:
                value = self.scale(self.number(scale), value)
            total = value if total is None else self.add(total, value)
        assert total is not None
        return total

    def _squeezed(self, factors: list[Value]) -> list[Value]:
        """Axes of size 1 dropped where another factor has more."""
        longest: dict[Key, int] = {}
        for f in factors:
            for key, dim in zip(f.keys, f.dims, strict=True):
                longest[key] = max(dim, longest.get(key, 1))
        out = []
        for f in factors:
            drop = [k for k, d in zip(f.keys, f.dims, strict=True) if d == 1 and longest[k] > 1]
            if drop:
                kept = [(k, d) for k, d in zip(f.keys, f.dims, strict=True) if k not in drop]
                f = Value(tuple(k for k, _ in kept), tuple(d for _, d in kept), f.parts)
            out.append(f)
        return out


RuleOf = Callable[[Walker, Any, Env, int], Rule | Value]
__all__ = ["OWN", "Binary", "Block", "Call", "Env", "Index", "Name", "Number", "Rule", "RuleOf", "Steps", "Sum", "TooMuch", "Unary", "Walker"]
