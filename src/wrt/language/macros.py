"""Functions that a row defines by a formula and nothing else: a call of one is its formula, with the call's arguments put in.

Reduction("rms", defined="sqrt(mean(x**2))")            rms(X, axis=0) is sqrt(mean(X**2, axis=0))
Matrix("gram", "X[m,n] -> [n,n]", defined="X.T @ X")    gram(A @ B) is (A @ B).T @ (A @ B)
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from wrt.language.builder import Builder
from wrt.language.parser import parse
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Call, Name, Node, Number, Text, Unary, postorder
from wrt.tables.functions import CONSTANTS
from wrt.tables.operators import OPERATORS, REDUCTIONS

NOWHERE = (0, 0)


def expansion(node: Call) -> Node | None:
    """The typed formula that a call stands for; None for a function that is more than a formula."""
    reduction = REDUCTIONS.get(node.function)
    if reduction is not None:
        return filled(reduction.defined, {"x": node.arguments[0]}, {}, node.options) if reduction.defined else None
    row = OPERATORS.get(node.function)
    if row is None or not row.defined:
        return None
    return filled(row.defined, *bound(node))


def bound(node: Call) -> tuple[dict[str, Node], dict[str, Size]]:
    """(arguments by name, sizes by name) of a call of a matrix function, by its signature."""
    values: dict[str, Node] = {}
    sizes: dict[str, Size] = {}
    for word, argument in zip(OPERATORS[node.function].signature.split("->")[0].split("]"), node.arguments, strict=False):
        name, names = word.lstrip(" ,").split("[")
        values[name.strip()] = argument
        assert argument.shape is not None
        sizes.update(zip([n.strip() for n in names.split(",") if n.strip()], argument.shape.sizes, strict=False))
    return values, sizes


def filled(formula: str, values: Mapping[str, Node], sizes: Mapping[str, Size], options: tuple[tuple[str, Node], ...] = ()) -> Node:
    """A row's formula over typed nodes; `options` (an axis) go to every reduction in it."""
    builder = Builder({})
    made: dict[int, Node] = {}
    for part in postorder(_parsed(formula)):
        match part:
            case Name():
                made[id(part)] = _name(builder, part, values, sizes)
            case Unary():
                made[id(part)] = builder.put(Unary(part.op, made[id(part.argument)]), NOWHERE)
            case Binary():
                made[id(part)] = builder.put(Binary(part.op, made[id(part.left)], made[id(part.right)]), NOWHERE)
            case Call():
                own = tuple((key, made[id(value)]) for key, value in part.options)
                passed = options if part.function in REDUCTIONS and not own else ()
                made[id(part)] = builder.put(Call(part.function, tuple(made[id(a)] for a in part.arguments), own + passed), NOWHERE)
            case Number():
                made[id(part)] = builder.put(Number(part.value, part.text), NOWHERE)
            case Text():
                made[id(part)] = part
            case _:
                raise AssertionError(f"a row's formula holds {type(part).__name__}; please report this as a bug")
    return made[id(_parsed(formula))]


def _name(builder: Builder, part: Name, values: Mapping[str, Node], sizes: Mapping[str, Size]) -> Node:
    if part.name in values:
        return values[part.name]
    if part.name in sizes:
        return builder.size(sizes[part.name], NOWHERE)
    return builder.put(Name(part.name, "constant" if part.name in CONSTANTS or part.name == "inf" else "size"), NOWHERE)


@lru_cache(maxsize=256)
def _parsed(formula: str) -> Node:
    return parse(formula)
