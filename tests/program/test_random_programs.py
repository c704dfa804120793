"""Random index-form expressions, with deltas, indicators of any coefficients, repeated and missing labels: programs against the plain evaluation."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from program_comments import check

from index_numerics import close
from index_reference import evaluate
from wrt.algebra.expr import Expr, indicator, position, symbol
from wrt.algebra.maps import mapping, power
from wrt.algebra.product import product
from wrt.algebra.sums import add, constant
from wrt.errors import ShapeError
from wrt.language.sizes import Size
from wrt.language.surface import Declaration, Shape
from wrt.program.emit import compile_program

NAMES = ("m", "n", "p")
POINTS = ({"m": 3, "n": 4, "p": 2}, {"m": 1, "n": 1, "p": 1}, {"m": 1, "n": 3, "p": 0}, {"m": 5, "n": 2, "p": 3})


class Maker:
    """Random expressions over symbols named by their shapes."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.declared: dict[str, tuple[Size, ...]] = {f"v{n}": (Size.of(n),) for n in NAMES}

    def shape(self, orders: tuple[int, ...]) -> tuple[Size, ...]:
        return tuple(Size.of(self.random.choice(NAMES)) for _ in range(self.random.choice(orders)))

    def expr(self, depth: int, shape: tuple[Size, ...]) -> Expr:
        kind = self.random.random()
        if depth == 0 or kind < 0.1:
            name = f"S{''.join(s.text for s in shape)}{self.random.randrange(2)}"
            self.declared[name] = shape
            return symbol(name, shape)
        if kind < 0.3:
            numbers = [Fraction(self.random.choice([1, -1, 2, -3]), self.random.choice([1, 1, 2, 3])) for _ in range(self.random.choice([2, 2, 3]))]
            return add([(c, self.expr(depth - 1, shape)) for c in numbers], shape)
        return self.map(depth, shape) if kind < 0.42 else self.product(depth, shape)

    def map(self, depth: int, shape: tuple[Size, ...]) -> Expr:
        function = self.random.choice(["exp", "tanh", "sigmoid", "sin", "abs", "relu", "square", "root", "gt", "maximum"])
        argument = self.expr(depth - 1, shape)
        match function:
            case "square":
                return power(argument, constant(2, shape))
            case "root":
                return power(mapping("exp", (mapping("sin", (argument,)),)), constant(Fraction(1, 2), shape))
            case "gt" | "maximum":
                return mapping(function, (argument, self.expr(depth - 1, shape)))
            case "exp":
                return mapping("exp", (mapping("sin", (argument,)),))
        return mapping(function, (argument,))

    def product(self, depth: int, shape: tuple[Size, ...]) -> Expr:
        choose = self.random
        table = [*shape, *self.shape((0, 1, 2))]
        output = list(range(len(shape)))
        if len(shape) >= 2 and shape[0] is shape[1] and choose.random() < 0.4:
            output[1] = 0
        operands = []
        for _ in range(choose.randrange(1, 4)):
            labels = tuple(choose.randrange(len(table)) for _ in range(choose.choice([0, 1, 1, 2, 2, 3]) if table else 0))
            operands.append((self.expr(depth - 1, tuple(table[a] for a in labels)), labels))
        if table and choose.random() < 0.45:
            labels = tuple(choose.sample(range(len(table)), min(choose.choice([1, 2, 2, 3]), len(table))))
            coefficients = tuple(choose.choice([1, -1, 1, -1, 2, -2]) for _ in labels)
            condition = indicator(
                choose.choice(["==", "==", ">="]), coefficients, Size.of(choose.choice([0, 0, 1, -1, 2])), tuple(table[a] for a in labels)
            )
            operands.append((condition, labels))
        if table and choose.random() < 0.1:
            label = choose.randrange(len(table))
            operands.append((position(table[label]), (label,)))
        return product(Fraction(choose.choice([1, -1, 2, 3]), choose.choice([1, 2])), operands, tuple(output), table, flatten=choose.random() < 0.5)


@pytest.mark.parametrize("seed", range(250))
def test_random_expressions(seed: int):
    maker = Maker(seed)
    e = maker.expr(maker.random.choice([1, 2, 3]), maker.shape((0, 1, 2, 2, 2, 3)))
    kinds = {0: "scalar", 1: "column", 2: "matrix"}
    declarations = {k: Declaration(k, Shape(kinds.get(len(s), "tensor"), s)) for k, s in maker.declared.items()}
    program = compile_program({"value": e}, declarations)
    for k, sizes in enumerate(POINTS):
        draw = np.random.default_rng(seed)
        at = {name: draw.normal(size=tuple(s.value(sizes) for s in shape)) for name, shape in maker.declared.items()}
        try:
            got = program(**at)
        except ShapeError:
            assert 0 in sizes.values()  # an entry of an empty array
            continue
        assert close(got, evaluate(e, at, sizes), 1e-8)
        if k == 0:
            check(program.version(sizes).source, declarations, at, sizes)
