"""Printed views contracted with random weights and directions: one number each, whatever the order of the result.

A derivative has the axes of the function, then those of each variable. Contracting it with random weights over the first and one random
direction a variable is a random linear form of its entries, so two arrays agree in it only by an accident of probability 1/p.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wrt.language.surface import Node, Shape
from wrt.proof import projected
from wrt.proof.arrays import BudgetError, Flat, Keys, UnfitError, Value, size_of
from wrt.proof.network import network, summed_terms
from wrt.proof.walk import BUDGET, Walker


class MisshapenError(Exception):
    """A view whose shape is not that of the derivative in its layout."""


@dataclass(frozen=True)
class Pairing:
    """A walker, the weights over the function's entries, and one arbitrary direction a variable."""

    walker: Walker
    dims: tuple[int, ...]
    weights: Flat
    tangents: tuple[tuple[tuple[int, ...], Flat], ...]

    def axes(self) -> tuple[tuple[int, ...], ...]:
        """The axes of the derivative by operand: the function's, then each variable's; numbered from 10 on."""
        out, at = [], 10
        for dims in (self.dims, *[d for d, _ in self.tangents]):
            out.append(tuple(range(at, at + len(dims))))
            at += len(dims)
        return tuple(out)

    def factors(self, names: Sequence[Any] | None = None) -> list[Value]:
        """Weights and directions as values; `names[k]` is the key of axis k of the derivative."""
        out = []
        for keys, dims, flat in zip(
            self.axes(), (self.dims, *[d for d, _ in self.tangents]), (self.weights, *[f for _, f in self.tangents]), strict=True
        ):
            named: Keys = tuple(keys if names is None else [names[k - 10] for k in keys])
            value = Value(named, dims, {0: flat})
            out.append(value if names is None else self.walker.renamed(value, {}))
        return out

    @property
    def all_dims(self) -> tuple[int, ...]:
        return (*self.dims, *[n for dims, _ in self.tangents for n in dims])


def element(value: Value) -> Any:
    """The number that a value without axes is."""
    if value.keys and size_of(value.dims) != 1:
        raise UnfitError("a value with axes where a number is due")
    flat = value.parts.get(0)
    return flat[0] if flat is not None else 0


def function_view(pair: Pairing, value: Value, part: int) -> Any:
    """The weighted sum of the function's entries, at one product of infinitesimals."""
    flat = value.parts.get(part)
    if flat is None:
        return 0
    own = Value(tuple(range(10, 10 + len(pair.dims))), pair.dims, {0: flat})
    return element(network(pair.walker, [own, Value(own.keys, pair.dims, {0: pair.weights})], ()))


def index_view(pair: Pairing, tree: Node, indices: Sequence[str]) -> Any:
    """One entry with free indices: a sum over them, addend by addend, that never makes the whole array."""
    if tree.shape is not None and tree.shape.order:
        raise MisshapenError(f"{tree.shape} where one entry is due")
    if len(indices) != len(pair.all_dims):
        raise MisshapenError(f"of {len(indices)} indices where {len(pair.all_dims)} are due")
    bounds = tuple((name, 0, n) for name, n in zip(indices, pair.all_dims, strict=True))
    env = tuple(sorted((b[0], b) for b in bounds))
    rule = summed_terms(pair.walker, tree, env, 0, bounds, pair.factors(bounds))
    return element(pair.walker.drive(rule, env, 0))


def matrix_view(pair: Pairing, tree: Node, kind: str, turned: bool) -> Any:
    """A scalar, column, row or matrix; `turned` when it shows the derivative's two axes in the other order."""
    value = pair.walker.value(tree)
    dims = pair.all_dims
    axes = tuple(range(10, 10 + len(dims)))
    rows, columns = _places(value)
    match kind:
        case "scalar":
            want, names = (1, 1), {}
        case "column":
            want, names = (dims[0], 1), {0: axes[0]}
        case "row":
            want, names = (1, dims[0]), {1: axes[0]}
        case _:
            want = (dims[1], dims[0]) if turned else (dims[0], dims[1])
            names = {0: axes[1], 1: axes[0]} if turned else {0: axes[0], 1: axes[1]}
    if (rows, columns) != want:
        raise MisshapenError(f"{rows} x {columns} where {want[0]} x {want[1]} is due")
    kept = [(k, d) for k, d in zip(value.keys, value.dims, strict=True) if k in names]
    shown = Value(tuple(names[k] for k, _ in kept), tuple(d for _, d in kept), value.parts)
    return element(network(pair.walker, [shown, *_present(pair, shown)], ()))


def _present(pair: Pairing, shown: Value) -> list[Value]:
    """The factors; an axis of size 1 that the view does not show is summed over at once."""
    out = []
    for factor in pair.factors():
        hidden = tuple(k for k in factor.keys if k not in shown.keys)
        out.append(pair.walker.sum_over(factor, hidden) if hidden else factor)
    return out


def _places(value: Value) -> tuple[int, int]:
    sizes = dict(zip(value.keys, value.dims, strict=True))
    if any(k not in (0, 1) for k in sizes):
        raise MisshapenError("a tensor where a matrix is due")
    return sizes.get(0, 1), sizes.get(1, 1)


def kronecker_view(pair: Pairing, tree: Node, rows: int) -> Any:
    """d vec(F) / d vec(X)^T, columns stacked; the first `rows` axes of the derivative are the row axes."""
    axes = tuple(range(10, 10 + len(pair.all_dims)))
    groups = (axes[:rows], axes[rows:])
    factors = pair.factors()
    sides = []
    for group in groups:
        mine = [f for f in factors if f.keys and set(f.keys) <= set(group)]
        joined = pair.walker.arranged(network(pair.walker, mine, group), group[::-1])
        sides.append(joined)
    want = tuple(size_of(side.dims) for side in sides)
    scalars = [f for f in factors if not f.keys]
    try:
        value = pair.walker.value(tree)
    except BudgetError:
        return _projected(pair, tree, sides, want, scalars)
    if _places(value) != want:
        raise MisshapenError(f"{_places(value)[0]} x {_places(value)[1]} where {want[0]} x {want[1]} is due")
    flat = [Value((key,), (n,), side.parts) for key, n, side in zip((0, 1), want, sides, strict=True)]
    shown = Value((0, 1), want, value.parts)
    return element(network(pair.walker, [shown, *flat, *scalars], ()))


def _projected(pair: Pairing, tree: Node, sides: Sequence[Value], want: tuple[int, ...], scalars: Sequence[Value]) -> Any:
    """The same for a form too large to be written out: applied to its vectors factor by factor, within a budget of its own."""
    walk = pair.walker
    walk.budget = walk.ring.work + BUDGET
    if tree.shape is None or tree.shape.kind != "matrix":
        raise BudgetError
    if walk.dims(tree.shape) != want:
        raise MisshapenError(f"{tree.shape} where {want[0]} x {want[1]} is due")
    left, right = (Value((0,), (n,), side.parts) for n, side in zip(want, sides, strict=True))
    found = Value((), (), {0: [projected.bilinear(walk, tree, left, right)]})
    return element(network(walk, [found, *scalars], ()))


def operator_view(pair: Pairing, tree: Node) -> Any:
    """The derivative applied to the directions: an array of the function's own shape."""
    value = pair.walker.value(tree)
    if value.dims != pair.dims:
        raise MisshapenError(f"{' x '.join(map(str, value.dims)) or 'a scalar'} where {' x '.join(map(str, pair.dims)) or 'a scalar'} is due")
    return function_view(pair, value, 0)


def layout_of(f: Shape, variables: Sequence[Shape], layout: str) -> tuple[str, bool] | None:
    r"""(kind, turned) of the derivative in a layout, None when it has no matrix form.

    f \ x      scalar            column n                      matrix m x n
    scalar     scalar            column (row in numerator)      matrix
    column m   column (row in    m x n (n x m in               none
               denominator)      denominator)
    matrix     matrix            none                           none
    """
    order = sum(v.order for v in variables)
    if f.kind == "tensor" or f.order + order > 2 or any(v.kind == "tensor" for v in variables):
        return None
    if f.order + order == 0:
        return "scalar", False
    if f.order == 1 and not order:
        return ("row" if f.kind == "row" or layout == "denominator" else "column"), False
    if f.order == 1:
        return "matrix", layout == "denominator"
    if f.order == 0 and order == 1:
        upright = any(v.kind == "row" for v in variables) == (layout == "numerator")
        return ("column" if upright else "row"), False
    return "matrix", False
