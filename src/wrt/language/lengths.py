"""Whole numbers in a tree: the size an expression is, how long a loop or a slice is, whether an index stays inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import TypeGuard

from wrt.errors import ShapeError
from wrt.language.scopes import Scopes
from wrt.language.sizes import MAX_POWER, Size
from wrt.language.surface import Binary, Declaration, Index, Loop, Name, Node, Number, Slice, Unary, postorder
from wrt.language.unify import Sizes
from wrt.language.unparse import short


class Lengths:
    """Sizes, indices and slices of one tree; `conditions` are those met so far ("m >= n")."""

    first = 0  # what entries are counted from where the text was typed; in trees always 0

    def __init__(self, declarations: Mapping[str, Declaration], unifier: Sizes) -> None:
        self.declarations = declarations
        self.unifier = unifier
        self.scopes = Scopes()
        self.conditions: dict[str, None] = {}

    def equal(self, a: Size, b: Size) -> bool:
        return self.unifier.unify(a, b)

    def require(self, condition: str) -> None:
        self.conditions[condition] = None

    def whole(self, node: Node) -> bool:
        """Whether an expression is a whole number by its parts: numbers, sizes, indices, integer variables."""
        for part in postorder(node):
            match part:
                case Number():
                    if part.value.denominator != 1:
                        return False
                case Name():
                    if part.role == "variable" and "integer" not in self.declarations[part.name].facts:
                        return False
                    if part.role in ("constant", "step"):
                        return False
                case Binary(op="**", right=Number(value=k)) if 0 <= k <= MAX_POWER:
                    pass
                case Unary(op="-") | Binary(op="+" | "-" | "*") | Index():  # an entry of an integer vector looks up
                    pass
                case _:
                    return False
        return True

    def size_of(self, node: Node) -> Size:
        """The size that an expression of numbers, sizes and whole variables is."""
        value = self.index_value(node)
        if value is None or any(id(part) in self.scopes.bound for part in postorder(node)):
            raise ShapeError(f"a size must be a whole number or a size name, not {short(node)}.", span=node.span)
        if value.number is not None and value.number < 0:
            raise ShapeError(f"a size cannot be negative ({value}).", span=node.span)
        return value

    def index_value(self, node: Node) -> Size | None:
        """Size arithmetic; None when the expression is none. Bound indices count as their names."""
        values: dict[int, Size | None] = {}
        for part in postorder(node):
            values[id(part)] = size_arithmetic(part, values, self._is_whole)
        return values[id(node)]

    def _is_whole(self, name: Name) -> bool:
        if name.role == "variable":
            d = self.declarations[name.name]
            return "integer" in d.facts and not d.shape.order
        return name.role in ("size", "index")

    def check_index(self, part: Node, size: Size) -> None:
        """Refuse an index that surely leaves 0 .. size - 1 (negative numbers count from the end)."""
        value = self.index_value(part)
        if value is None:
            if not self.whole(part):
                hint = "declare it integer." if isinstance(part, Name) else ""
                raise ShapeError(f"an index must be a whole number, not {short(part)}.", span=part.span, hint=hint)
            return
        size = self.unifier.find(size)
        loop = self.scopes.bound.get(id(part))
        if loop is not None and size.name is not None and size.name.startswith("?") and not self._guarded(loop, ("size", "variable")):
            stop = self.index_value(loop.stop)  # an undeclared size is what its index runs over
            if stop is not None and not any(isinstance(p, Name) and p.role == "index" for p in postorder(loop.stop)):
                self.equal(size, stop)
            return
        loops = {p.name: self.scopes.bound.get(id(p)) for p in postorder(part) if isinstance(p, Name) and p.role == "index"}
        if loop is not None and id(loop) in self.scopes.guards and not self._guarded(loop):
            still = not any(_is_index(p) for end in (loop.start, loop.stop) for p in postorder(end))
            high = self._extremes(value, {part.name: loop})[1] if isinstance(part, Name) and still else None
            if high is not None:
                self._reaches(part, high, size)
            return
        if any(loop is None or id(loop) in self.scopes.guards for loop in loops.values()):
            return
        low, high = self._extremes(value, {n: loop for n, loop in loops.items() if loop is not None})
        fixed = value.number
        if fixed is not None and fixed < 0:
            outside = _surely_negative(size + fixed)
        else:
            below = low is not None and (_surely_negative(low) or (low.number is None and _surely_at_least(Size.of(0), low)))
            outside = below or (high is not None and _surely_at_least(high, size))
        if outside:
            first = self.first
            counted = f"entries are counted from {first}{', -1 is the last' * (not first)}."
            hint = f"range({size}) runs from 0 to {size - 1}." if loops and not first else counted
            said = short(part) if not first else str(value + first)
            if fixed is None and not loops and below and not first and _surely_at_least(value + size, Size.of(0)):
                hint = f"only a number counts from the end: {short(part)} is {value + size} from the start."
            raise ShapeError(f"index {said} leaves the range {first} .. {size - 1 + first}.", span=part.span, hint=hint)
        if fixed is not None and size.number is None:
            self.require(f"{size} >= {fixed + 1 if fixed >= 0 else -fixed}")
        moved = {p.name for loop in loops.values() if loop is not None for end in (loop.start, loop.stop) for p in postorder(end) if _is_index(p)}
        if loops and high is not None and not moved and not _surely_negative(high - size):
            self._reaches(part, high, size)

    def _guarded(self, loop: Loop, roles: tuple[str, ...] = ("size", "variable", "number")) -> bool:
        """Whether a condition compares indices with something of these roles that the loop's range does not hold: if i < n, if i > 0."""
        own = {p.name for p in postorder(loop.stop) if isinstance(p, Name)}
        for condition in self.scopes.guards.get(id(loop), ()):
            for p in postorder(condition):
                if isinstance(p, Name) and p.role in roles and p.name not in own:
                    return True
                if isinstance(p, Number) and "number" in roles:
                    return True
        return False

    def _reaches(self, part: Node, high: Size, size: Size) -> None:
        """An index that runs to `high`, which a size may or may not contain: a number makes a condition, another declared size is refused."""
        if high.number is not None and size.name is not None:
            self.require(f"{size} >= {high + 1}")
        names = high.names | size.names
        if size.names and high.names - size.names and not any(name.startswith("?") or name in self.declarations for name in names):
            hint = "sizes that are the same have one name; a condition keeps inside too: if i < n."
            raise ShapeError(f"index {short(part)} runs to {high}: past the range 0 .. {size - 1} for some sizes.", span=part.span, hint=hint)

    def _extremes(self, value: Size, loops: Mapping[str, Loop]) -> tuple[Size | None, Size | None]:
        """The least and greatest value of a linear form of indices, None where bounds depend on other indices."""
        low = high = value
        for name, loop in loops.items():
            start, stop = self.index_value(loop.start), self.index_value(loop.stop)
            k = next((c for m, c in value.terms if m == ((name, 1),)), None)
            if start is None or stop is None or k is None or (start.names | stop.names) & set(loops):
                return None, None
            first, last = start, stop - 1
            if k < 0:
                first, last = last, first
            low, high = low.substitute({name: first}), high.substitute({name: last})
        return low, high

    def slice_length(self, part: Slice, size: Size) -> Size:
        step = 1
        if part.step is not None:
            value = self.size_or_negative(part.step).number
            if not value:
                raise ShapeError("the step of a slice must be a whole number other than 0.", span=part.step.span)
            step = value
        start = self.slice_bound(part.start, size, Size.of(0) if step > 0 else size - 1)
        stop = self.slice_bound(part.stop, size, size if step > 0 else Size.of(-1))
        if part.start is not None and part.stop is not None and start is stop:
            raise ShapeError("the slice is empty.", span=part.span)
        length = self.unifier.find(stop - start if step > 0 else start - stop)
        loops = {p.name: self.scopes.bound.get(id(p)) for p in postorder(part) if isinstance(p, Name) and p.role == "index"}
        if length.names & set(loops):
            raise ShapeError("a slice has one length, whatever its indices: x[i:i + 3].", span=part.span)
        low, high = (start, stop) if step > 0 else (stop + 1, start + 1)
        if loops and not any(loop is None or id(loop) in self.scopes.guards for loop in loops.values()):
            ends = {n: loop for n, loop in loops.items() if loop is not None}
            low, high = self._extremes(low, ends)[0] or low, self._extremes(high, ends)[1] or high
        size = self.unifier.find(size)
        leaves = low.number is None and _surely_at_least(Size.of(0), low)
        if (step > 0 or loops) and (leaves or _surely_negative(low) or _surely_negative(size - high)):
            raise ShapeError(f"the slice leaves the range of size {size}.", span=part.span)
        if abs(step) != 1:
            count = length.steps(abs(step))
            if count is None:
                raise ShapeError(f"how many entries a slice of length {length} has at a step of {step} is not known.", span=part.span)
            length = count
        if _surely_at_least(Size.of(0), length):
            raise ShapeError("the slice is empty.", span=part.span)
        return length

    def slice_bound(self, node: Node | None, size: Size, default: Size) -> Size:
        """A bound of a slice: a whole number (a negative one counts from the end), a size, or a sum of indices and these."""
        if node is None:
            return default
        value = self.index_value(node)
        if value is None or not self.whole(node):
            raise ShapeError(f"the bound of a slice must be a whole number, a size or an index, not {short(node)}.", span=node.span)
        return value + size if value.number is not None and value.number < 0 else value

    def size_or_negative(self, node: Node) -> Size:
        value = self.index_value(node)
        if value is None or any(isinstance(p, Name) and p.role == "index" for p in postorder(node)):
            raise ShapeError(f"the bound of a slice must be a whole number or a size, not {short(node)}.", span=node.span)
        return value

    def loop_length(self, loop: Loop) -> Size:
        start, stop = self.index_value(loop.start), self.index_value(loop.stop)
        assert start is not None and stop is not None
        return stop - start


def _is_index(part: Node) -> TypeGuard[Name]:
    return isinstance(part, Name) and part.role == "index"


def size_arithmetic(node: Node, below: Mapping[int, Size | None], whole: Callable[[Name], bool]) -> Size | None:
    """The size that a node of numbers, `whole` names, + - * and powers is, from those of its children by id; None for anything else."""
    match node:
        case Number():
            return Size.of(int(node.value)) if node.value.denominator == 1 else None
        case Name():
            return Size.of(node.name) if whole(node) else None
        case Unary(op="-"):
            inner = below[id(node.argument)]
            return None if inner is None else -inner
        case Binary(op="+" | "-" | "*"):
            left, right = below[id(node.left)], below[id(node.right)]
            if left is None or right is None:
                return None
            return left + right if node.op == "+" else left - right if node.op == "-" else left * right
        case Binary(op="**", right=Number(value=k)) if k.denominator == 1 and 0 <= k <= MAX_POWER:
            base = below[id(node.left)]
            return None if base is None else prod([base] * int(k), start=Size.of(1))
    return None


def _surely_at_least(a: Size, b: Size) -> bool:
    """Whether a >= b for all values of the names that are at least 1."""
    difference = a - b
    constant = sum(k for m, k in difference.terms if not m)
    named = [k for m, k in difference.terms if m]
    return all(k > 0 for k in named) and constant + sum(named) >= 0


def _surely_negative(a: Size) -> bool:
    return _surely_at_least(Size.of(-1), a)
