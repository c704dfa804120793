"""Looking at the factors of a product: powers split into base and exponent, who uses a label, factors replaced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from wrt.algebra.expr import ONE, Expr, Indicator, Labels, Map, Operator, Product, Sum, Symbol, constant_value
from wrt.algebra.maps import power
from wrt.algebra.product import Operand, part, product
from wrt.algebra.sums import constant

if TYPE_CHECKING:
    from wrt.algebra.simplify import Simplifier


class Factor(NamedTuple):
    """Operand `place` of a product: base ** exponent at `labels`."""

    place: int
    base: Expr
    exponent: Fraction
    labels: Labels


def factors(node: Product) -> list[Factor]:
    """Every operand as a power with a constant exponent (1 when it is none)."""
    out = []
    for place, (e, labels) in enumerate(node.operands):
        exponent = constant_value(e.arguments[1]) if isinstance(e, Map) and e.function == "pow" else None
        base = e.arguments[0] if exponent is not None and isinstance(e, Map) else e
        out.append(Factor(place, base, ONE if exponent is None else exponent, labels))
    return out


def marks(node: Product) -> set[str]:
    """What kinds of factor a product holds, so that a rule is tried only where it may apply: names of functions, and

    "repeated" (a label twice), "sum", "indicator", "symbol", "variable power", "sigmoid sum", "exp sum" and "mask sum" (1 - sigmoid(u), 1 + exp(u), [i > j] + [j > i]).
    """
    out: set[str] = set()
    for e, labels in node.operands:
        if len(set(labels)) < len(labels):
            out.add("repeated")
        if isinstance(e, Map) and e.function == "pow":
            out.add("pow" if constant_value(e.arguments[1]) is not None else "variable power")
            e = e.arguments[0]
        match e:
            case Map() | Operator():
                out.add(e.function)
            case Sum():
                out.add("sum")
                if len(e.terms) == 2:
                    inner = {f.function for _, t in e.terms for f in (t, *t.children) if isinstance(f, Map)}
                    out.update(f"{name} sum" for name in inner & {"sigmoid", "exp"})
                    if any(isinstance(f, Indicator) for _, t in e.terms for f in (t, *t.children)):
                        out.add("mask sum")
            case Indicator():
                out.add("indicator")
            case Symbol():
                out.add("symbol")
    return out


def raised(base: Expr, exponent: Fraction) -> Expr:
    """base ** exponent for a number."""
    return power(base, constant(exponent, base.shape))


def uses(node: Product) -> list[int]:
    """How many slots hold each label; an output slot counts as three, so that 2 means: two operand slots and nothing else."""
    count = [0] * len(node.sizes)
    for _, labels in node.operands:
        for a in labels:
            count[a] += 1
    for a in node.output:
        count[a] += 3
    return count


def replaced(node: Product, gone: Iterable[int], made: Sequence[Operand]) -> Expr:
    """The product with operands at `gone` replaced; a label that nothing holds any more is still summed over."""
    away = set(gone)
    rest = [o for k, o in enumerate(node.operands) if k not in away]
    return product(node.coefficient, [*rest, *made], node.output, node.sizes, flatten=False)


def contracted(node: Product, gone: Iterable[int], made: Sequence[Operand]) -> Expr:
    """The product with operands at `gone` replaced by `made`, in which their private labels were summed already."""
    away = set(gone)
    rest = [o for k, o in enumerate(node.operands) if k not in away]
    return part(node.coefficient, [*rest, *made], node.output, node.sizes, flatten=False)


def is_map(e: Expr, *names: str) -> bool:
    """Whether e is one of these elementwise functions."""
    return isinstance(e, Map) and e.function in names


def without_labels(work: Simplifier, e: Expr) -> tuple[list[Operand], Expr] | None:
    """(factors that are labels of 1 and -1, the rest) of an argument, None when it has none."""
    if not isinstance(e, Product) or len(set(e.output)) < len(e.output):
        return None
    signs = [
        (f, labels)
        for f, labels in e.operands
        if "labels_pm1" in work.known.of(f) and set(labels) <= set(e.output) and len(set(labels)) == len(labels)
    ]
    if not signs:
        return None
    rest = [o for o in e.operands if o not in signs]
    place = {a: k for k, a in enumerate(e.output)}
    return [(f, tuple([place[a] for a in labels])) for f, labels in signs], product(e.coefficient, rest, e.output, e.sizes)
