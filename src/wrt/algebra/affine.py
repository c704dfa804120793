"""Whole-number expressions of bound indices: constant + sum of coefficient * index, with a size polynomial as constant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wrt.language.sizes import Size
from wrt.language.surface import Binary, Name, Node, Number, Unary, postorder

if TYPE_CHECKING:
    from wrt.algebra.low import Binder


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """constant + sum_b coefficients[b] * index_b, outer indices first: j - i == r and i + r == j have one form."""

    coefficients: dict[Binder, int]
    constant: Size

    def __add__(self, other: Affine) -> Affine:
        total = dict(self.coefficients)
        for binder, c in other.coefficients.items():
            total[binder] = total.get(binder, 0) + c
        ordered = sorted(total.items(), key=lambda item: item[0].rank)
        return Affine({b: c for b, c in ordered if c}, self.constant + other.constant)

    def times(self, k: int) -> Affine:
        return Affine({b: c * k for b, c in self.coefficients.items() if k}, self.constant * Size.of(k))

    def __sub__(self, other: Affine) -> Affine:
        return self + other.times(-1)

    @property
    def at_start(self) -> Size:
        """The value where every index has its first value: the constant of the form in the places along the axes, which count from 0."""
        return self.constant + sum((b.start * c for b, c in self.coefficients.items()), Size.of(0))


def affine(node: Node, binder_of: Mapping[int, Binder]) -> Affine | None:
    """The affine form of a whole-number expression, None when it is not one."""
    forms: dict[int, Affine | None] = {}
    for part in postorder(node):
        forms[id(part)] = _affine(part, forms, binder_of)
    return forms[id(node)]


def _affine(node: Node, below: Mapping[int, Affine | None], binder_of: Mapping[int, Binder]) -> Affine | None:
    match node:
        case Number():
            return Affine({}, Size.of(int(node.value))) if node.value.denominator == 1 else None
        case Name(role="index"):
            return Affine({binder_of[id(node)]: 1}, Size.of(0)) if id(node) in binder_of else None
        case Name(role="size"):
            return Affine({}, Size.of(node.name))
        case Name(role="variable"):
            # an integer variable used as a count is the size of that name; shapes has checked that it is declared so
            return Affine({}, Size.of(node.name)) if node.shape is not None and node.shape.kind == "scalar" else None
        case Unary(op="-"):
            inner = below[id(node.argument)]
            return None if inner is None else inner.times(-1)
        case Binary(op="+" | "-" | "*"):
            left, right = below[id(node.left)], below[id(node.right)]
            if left is None or right is None:
                return None
            if node.op == "*":
                for a, b in ((left, right), (right, left)):
                    if not a.coefficients and a.constant.number is not None:
                        return b.times(a.constant.number)
                if not left.coefficients and not right.coefficients:
                    return Affine({}, left.constant * right.constant)
                return None
            return left + right if node.op == "+" else left - right
    return None


def upper_bound(form: Affine) -> Size:
    """The largest value of the form: indices with positive coefficients at their last value, the others at their first."""
    total = form.constant
    for binder, c in form.coefficients.items():
        last = binder.start + binder.size - 1
        total = total + (last if c > 0 else binder.start) * c
    return total
