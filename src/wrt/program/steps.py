"""A program as data: interned steps, each one array computed from earlier ones; equal computations are one step.

    input size number range        leaves
    transpose diagonal sum         views and reductions of one array
    mul add map power float        elementwise with broadcasting: `places` says which axes of the result each argument has
    matmul dot contract            contractions of a pair
    expand scatter scatter_add     a result written over a larger shape (by broadcasting, by strides)
    gather tril cumsum take ...    structure constants at work on an operand
    solve inverse operator ...     matrix functions

A step knows its symbolic shape; `Graph` builds steps and folds what is trivial. What a step costs is in `cost.py`, how it is written in `spell*.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from wrt.language.sizes import Size

Labels = tuple[int, ...]
Sizes = tuple[Size, ...]
ONE = Fraction(1)
MANY = 16  # terms or factors in one step
MASKS = ("gt", "ge", "eq", "ne")


class Step:
    """One array: `op` of `args` with parameters `data` (hashable); `shape` a Size an axis; `number` its place in the graph."""

    __slots__ = ("args", "data", "number", "op", "shape")

    def __init__(self, op: str, args: tuple[Step, ...], data: tuple[object, ...], shape: Sizes, number: int) -> None:
        self.op, self.args, self.data, self.shape, self.number = op, args, data, shape, number

    @property
    def order(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        return f"{self.op}#{self.number}"


class Graph:
    """The steps of one program."""

    def __init__(self) -> None:
        self.table: dict[tuple[object, ...], Step] = {}

    def step(self, op: str, args: tuple[Step, ...] = (), data: tuple[object, ...] = (), shape: Sizes = ()) -> Step:
        """The step, made once."""
        key = (op, tuple([a.number for a in args]), data, shape)
        found = self.table.get(key)
        if found is None:
            found = self.table[key] = Step(op, args, data, shape, len(self.table))
        return found

    def known(self, op: str, args: tuple[Step, ...], data: tuple[object, ...], shape: Sizes) -> Step | None:
        """The step if it was made already."""
        return self.table.get((op, tuple([a.number for a in args]), data, shape))

    # ------------------------------------------------------------------------------------------------ leaves
    def number(self, value: Fraction | int) -> Step:
        return self.step("number", (), (Fraction(value),))

    def size(self, size: Size) -> Step:
        return self.number(size.number) if size.number is not None else self.step("size", (), (size,))

    # ------------------------------------------------------------------------------------------------ views and reductions
    def transpose(self, x: Step, axes: Labels) -> Step:
        """Axis k of the result is axis axes[k] of x."""
        if axes == tuple(range(x.order)):
            return x
        if x.op == "transpose":
            inner = x.data
            return self.transpose(x.args[0], tuple([inner[a] for a in axes]))  # type: ignore[misc]  # axes are ints
        return self.step("transpose", (x,), axes, tuple([x.shape[a] for a in axes]))

    def diagonal(self, x: Step, i: int, j: int) -> Step:
        """The entries with axes i and j equal; that axis comes last."""
        if x.op == "transpose" and x.order == 2:
            x = x.args[0]
        shape = tuple(s for k, s in enumerate(x.shape) if k not in (i, j))
        return self.step("diagonal", (x,), (i, j), (*shape, x.shape[i]))

    def sum(self, x: Step, axes: Labels) -> Step:
        """The sum over axes."""
        if not axes:
            return x
        if x.op == "transpose":  # sum the array itself
            inner: Labels = x.data  # type: ignore[assignment]  # axes are ints
            kept = [inner[k] for k in range(x.order) if k not in axes]
            if kept == sorted(kept):
                return self.sum(x.args[0], tuple(sorted(inner[k] for k in axes)))
        return self.step("sum", (x,), tuple(sorted(axes)), tuple(s for k, s in enumerate(x.shape) if k not in axes))

    # ------------------------------------------------------------------------------------------------ elementwise
    def placed(self, x: Step, labels: Labels, out: Labels) -> tuple[Step, Labels]:
        """(x with axes in the order of `out`, their places in `out`)."""
        places = [out.index(a) for a in labels]
        order = tuple(sorted(range(len(places)), key=places.__getitem__))
        return self.transpose(x, order), tuple(sorted(places))

    def mul(self, parts: Iterable[tuple[Step, Labels]], out: Labels, coefficient: Fraction | int = 1) -> Step:
        """coefficient * product of the parts, entry by entry; every label of `out` is in some part. Reciprocals divide."""
        coefficient = Fraction(coefficient)
        parts = list(parts)
        if len(parts) > MANY:
            chunks = []
            for k in range(0, len(parts), MANY):
                held = {label for _, labels in parts[k : k + MANY] for label in labels}
                kept = tuple(label for label in out if label in held)
                chunks.append((self.mul(parts[k : k + MANY], kept), kept))
            return self.mul(chunks, out, coefficient)
        above: list[tuple[Step, Labels]] = []
        below: list[tuple[Step, Labels]] = []
        shape: dict[int, Size] = {}
        for x, labels in parts:
            placed, places = self.placed(x, labels, out)
            shape |= dict(zip(places, placed.shape, strict=True))
            if placed.op == "number":
                coefficient *= placed.data[0]  # type: ignore[operator]  # a Fraction
            elif placed.op == "power" and placed.data[0] < 0 and not placed.data[1]:  # type: ignore[operator]  # a Fraction
                below.append((self.power(placed.args[0], -placed.data[0]), places))  # type: ignore[operator]
            else:
                above.append((placed, places))
        sizes = tuple(shape[k] for k in range(len(out)))
        if not above and not below:
            assert not out
            return self.number(coefficient)
        if len(above) == 1 and not below and coefficient == 1 and len(above[0][1]) == len(out):
            return above[0][0]
        if not any(not is_mask(x) and x.op not in ("number", "size") for x, _ in (*above, *below)):  # true*true is no number
            above = [(self.floating(x), p) for x, p in above]
        if len(below) == 1 and not above and coefficient == 1:
            return self.power(below[0][0], Fraction(-1))
        if _mostly_turned([*above, *below], len(out)):
            return self.transpose(
                self.mul([*_turned(above), *[(self.power(x, Fraction(-1)), p) for x, p in _turned(below)]], (0, 1), coefficient), (1, 0)
            )
        above.sort(key=lambda part: (len(part[1]), part[0].number))
        below.sort(key=lambda part: (len(part[1]), part[0].number))
        places_of = tuple(p for _, p in above), tuple(p for _, p in below)
        return self.step("mul", tuple(x for x, _ in (*above, *below)), (coefficient, *places_of), sizes)

    def add(self, terms: Sequence[tuple[Fraction, Step, Labels]], out: Labels) -> Step:
        """sum of coefficient * part, entry by entry, with broadcasting; every label of `out` is in some part."""
        if len(terms) > MANY:
            return self.add([self._chunk(terms[k : k + MANY], out) for k in range(0, len(terms), MANY)], out)
        coefficients, args, places = [], [], []
        shape: dict[int, Size] = {}
        for c, x, labels in terms:
            placed, where = self.placed(self.floating(x), labels, out)
            shape |= dict(zip(where, placed.shape, strict=True))
            c, placed = self._absorbed(c, placed)
            coefficients.append(c)
            args.append(placed)
            places.append(where)
        if _mostly_turned(list(zip(args, places, strict=True)), len(out)):
            turned = _turned(list(zip(args, places, strict=True)))
            return self.transpose(self.add([(c, x, p) for c, (x, p) in zip(coefficients, turned, strict=True)], (0, 1)), (1, 0))
        if len(args) == 1:
            axes = tuple(range(len(out)))
            return self.mul([(args[0], axes)], axes, coefficients[0])
        return self.step("add", tuple(args), (tuple(coefficients), tuple(places)), tuple(shape[k] for k in range(len(out))))

    def _chunk(self, terms: Sequence[tuple[Fraction, Step, Labels]], out: Labels) -> tuple[Fraction, Step, Labels]:
        """Some of the terms of a long sum as one term."""
        held = {label for _, _, labels in terms for label in labels}
        kept = tuple(label for label in out if label in held)
        return ONE, self.add(terms, kept), kept

    def _absorbed(self, c: Fraction, x: Step) -> tuple[Fraction, Step]:
        """(1 or -1, x) with a number put into what multiplies x anyway: one pass over the array less."""
        if x.op == "number" and abs(c) != 1:
            value = c * x.data[0]  # type: ignore[operator]  # a Fraction
            return Fraction(1 if value >= 0 else -1), self.number(abs(value))
        if abs(c) != 1 and x.op == "mul" and x.order and (x.data[0] != 1 or any(a.order == 0 for a in x.args)):
            inner = c * x.data[0]  # type: ignore[operator]  # a Fraction
            return Fraction(1 if inner >= 0 else -1), self.step("mul", x.args, (abs(inner), *x.data[1:]), x.shape)
        return c, x

    def map(self, function: str, parts: Sequence[tuple[Step, Labels]], out: Labels, parameters: tuple[object, ...] = ()) -> Step:
        """function(parts), entry by entry, with broadcasting; every label of `out` is in some part."""
        args: list[Step] = []
        places: list[Labels] = []
        shape: dict[int, Size] = {}
        for x, labels in parts:
            placed, where = self.placed(x if function == "where" and not args else self.floating(x), labels, out)
            shape |= dict(zip(where, placed.shape, strict=True))
            args.append(placed)
            places.append(where)
        if _mostly_turned(list(zip(args, places, strict=True)), len(out)):
            return self.transpose(self.map(function, _turned(list(zip(args, places, strict=True))), (0, 1), parameters), (1, 0))
        return self.step("map", tuple(args), (function, parameters, tuple(places)), tuple(shape[k] for k in range(len(out))))

    def power(self, x: Step, exponent: Fraction, guarded: bool = False) -> Step:
        """x ** exponent; guarded: 0 where x is 0, whatever the exponent's sign."""
        if exponent == 1:
            return x
        squares = _squared(x) if exponent.denominator == 2 else None
        if squares is not None:
            return self.power(self.step("norm", squares[:1], squares[1], x.shape), 2 * exponent, guarded)
        if x.op == "transpose":
            return self.transpose(self.power(x.args[0], exponent, guarded), x.data)  # type: ignore[arg-type]  # axes are ints
        if x.op == "power" and exponent.denominator == 1 and not guarded and x.data[0] == -1:
            return self.power(x.args[0], -exponent)
        return self.step("power", (self.floating(x),), (exponent, guarded), x.shape)

    def floating(self, x: Step) -> Step:
        """Comparisons as numbers 0. and 1."""
        return self.step("float", (x,), (), x.shape) if is_mask(x) else x

    # ------------------------------------------------------------------------------------------------ matrices
    def matmul_of(self, x: Step, y: Step) -> Step:
        """x @ y for a matrix x and a vector or matrix y; the inverse of A times y is a solve."""
        shape = (x.shape[0], *y.shape[1:])
        if x.op == y.op == "transpose" and y.order == 2:
            return self.transpose(self.matmul_of(y.args[0], x.args[0]), (1, 0))
        if x.op == "inverse":
            return self.step("solve", (x.args[0], self.floating(y)), (), shape)
        if x.op == "transpose" and x.args[0].op == "inverse":
            return self.step("solve", (self.transpose(x.args[0].args[0], (1, 0)), self.floating(y)), (), shape)
        return self.matmul_plain(x, y)

    def matmul_plain(self, x: Step, y: Step) -> Step:
        """x @ y, whatever x is."""
        return self.step("matmul", (self.floating(x), self.floating(y)), (), (x.shape[0], *y.shape[1:]))

    def known_product(self, x: Step, y: Step) -> Step | None:
        """x @ y if it was made already."""
        return self.known("matmul", (x, y), (), (x.shape[0], *y.shape[1:]))

    def expand(self, x: Step, labels: Labels, out: Labels, sizes: Sizes) -> Step:
        """x spread over the axes of `out` that it lacks."""
        if set(labels) == set(out):
            return self.placed(x, labels, out)[0]
        placed, places = self.placed(self.floating(x), labels, out)
        return self.step("expand", (placed,), places, sizes)


def _squared(x: Step) -> tuple[Step, Labels] | None:
    """(A, axes) of a sum of the squares of A over all axes or over one of two: its root is a norm, which no large entry makes overflow."""
    if x.op == "dot" and x.args[0] is x.args[1]:
        return x.args[0], ()
    base = x.args[0] if x.op == "sum" else x
    if x.op != "sum" or base.op != "mul" or base.order > 2 or base.data[0] != 1 or len(base.args) != 2 or base.args[0] is not base.args[1]:
        return None
    full = tuple(range(base.order))
    axes: Labels = x.data  # type: ignore[assignment]  # axes are ints
    return (base.args[0], axes if x.order else ()) if base.data[1] == (full, full) else None


def _mostly_turned(parts: Sequence[tuple[Step, Labels]], order: int) -> bool:
    """Whether most of the matrices among elementwise parts are transposes: then the transposed result is computed."""
    full = [x for x, p in parts if len(p) == 2]
    return order == 2 and 2 * sum(x.op == "transpose" for x in full) > len(full)


def _turned(parts: Sequence[tuple[Step, Labels]]) -> list[tuple[Step, Labels]]:
    """Parts of the transposed result: each on the labels (1, 0) that it now has."""
    return [(x, tuple(1 - a for a in p)) for x, p in parts]


def is_mask(x: Step) -> bool:
    """Whether a step is a comparison, true or false in code."""
    return (x.op == "map" and x.data[0] in MASKS) or (x.op == "transpose" and is_mask(x.args[0]))


def ordered(outputs: Sequence[Step]) -> Iterator[Step]:
    """Every step below the outputs once, arguments first."""
    seen: set[int] = set()
    stack: list[tuple[Step, bool]] = [(x, False) for x in reversed(outputs)]
    while stack:
        x, ready = stack.pop()
        if ready:
            yield x
        elif x.number not in seen:
            seen.add(x.number)
            stack.append((x, True))
            stack.extend((a, False) for a in reversed(x.args))
