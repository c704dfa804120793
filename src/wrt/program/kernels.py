"""One pair of operands -> one array operation: matrix product, inner product, broadcasting product, batched product.

The labels of a pair are batch (in both, kept), summed (in both, not kept), left and right (in one). What only one operand has and nobody
keeps has been summed before (`reduced`).
"""

from __future__ import annotations

from collections.abc import Sequence

from wrt.program.steps import Graph, Labels, Sizes, Step

Operand = tuple[Step, Labels]


def reduced(g: Graph, x: Step, labels: Labels, keep: set[int]) -> Operand:
    """The operand with repeated labels taken as diagonals, and labels that nobody keeps summed."""
    if (
        x.op == "operator"
        and x.data == ("frechet_array", "expm")
        and x.order == 4
        and len(x.args) == 1
        and labels[0] == labels[1]
        and labels[0] not in keep
        and labels.count(labels[0]) == 2
    ):
        (a,) = x.args  # the derivative of tr(expm(A)) is expm(A).T
        x, labels = g.transpose(g.step("operator", (a,), ("expm",), a.shape), (1, 0)), labels[2:]
    while len(set(labels)) < len(labels):
        i, j = next((i, j) for i, a in enumerate(labels) for j in range(i + 1, len(labels)) if labels[j] == a)
        x = g.diagonal(x, i, j)
        labels = (*[a for k, a in enumerate(labels) if k not in (i, j)], labels[i])
    gone = tuple(k for k, a in enumerate(labels) if a not in keep)
    return g.sum(x, gone), tuple(a for a in labels if a in keep)


def pair(g: Graph, a: Operand, b: Operand, keep: set[int], wish: Sequence[int]) -> Operand:
    """The product of two operands over the labels `keep`; `wish` is the order in which the final result wants its labels."""
    (x, lx), (y, ly) = a, b
    shared = [label for label in lx if label in ly]
    summed = [label for label in shared if label not in keep]
    if not summed:
        out = _wished([*lx, *[label for label in ly if label not in lx]], wish)
        return g.mul([a, b], out), out
    batch = [label for label in shared if label in keep]
    left = [label for label in lx if label not in shared]
    right = [label for label in ly if label not in shared]
    if not left and not right:
        if batch:
            out = _wished([*batch, *summed], wish)
            total = g.mul([a, b], out)
            return g.sum(total, tuple(k for k, label in enumerate(out) if label in summed)), tuple(label for label in out if label in batch)
        return inner(g, a, b), ()
    if not batch and x.order <= 2 and y.order <= 2:
        return matrix_product(g, a, b, summed, wish)
    frechet = _frechet(g, a, b, summed) or _frechet(g, b, a, summed)
    if frechet is not None:
        return frechet
    out = _wished([*batch, *left, *right], [*batch, *wish])
    return contract(g, a, b, out), out


def _wished(labels: Sequence[int], wish: Sequence[int]) -> Labels:
    place = {label: k for k, label in reversed(list(enumerate(wish)))}
    return tuple(sorted(labels, key=lambda label: place.get(label, len(place) + 1)))


def inner(g: Graph, a: Operand, b: Operand) -> Step:
    """The sum of products of all entries."""
    (x, lx), (y, ly) = a, b
    if x.order == 2 and (x.op == "inverse" or y.op == "inverse"):  # tr(inv(A) @ B) is the trace of a solve
        if x.op != "inverse":
            (x, lx), (y, ly) = (y, ly), (x, lx)
        solved = g.matmul_of(x, g.transpose(y, (1, 0)) if ly == lx else y)
        return g.sum(g.diagonal(solved, 0, 1), (0,))
    if x.op == "transpose" and ly != lx:
        (x, lx), (y, ly) = (y, ly), (x, lx)
    y = g.transpose(y, tuple(ly.index(label) for label in lx))
    if x.op == "transpose" and y.op == "transpose" and x.data == y.data:
        x, y = x.args[0], y.args[0]
    x, y = g.floating(x), g.floating(y)
    first, second = (x, y) if x.number <= y.number else (y, x)
    return g.step("dot", (first, second), (), ())


def matrix_product(g: Graph, a: Operand, b: Operand, summed: Sequence[int], wish: Sequence[int]) -> Operand:
    """Matrix times vector or matrix."""
    (x, lx), (y, ly) = a, b
    (s,) = summed
    left = tuple(label for label in lx if label != s)
    right = tuple(label for label in ly if label != s)
    first = g.transpose(x, tuple(lx.index(label) for label in (*left, s)))  # (left, s)
    second = g.transpose(y, tuple(ly.index(label) for label in (s, *right)))  # (s, right)
    if not left:  # vector times matrix: the matrix goes first
        return g.matmul_of(g.transpose(second, (1, 0)), first), right
    if not right:
        return g.matmul_of(first, second), left
    place = {label: k for k, label in enumerate(wish)}
    swap = place.get(left[0], 99) > place.get(right[0], 99)
    if x.op == "inverse" or y.op == "inverse":
        swap = y.op == "inverse" and x.op != "inverse"  # solve wants the inverse on the left
    other = g.known_product(g.transpose(second, (1, 0)), g.transpose(first, (1, 0)))
    if other is not None and g.known_product(first, second) is None:
        return g.transpose(other, (1, 0)), (*left, *right)
    if swap and (x.op == "inverse" or y.op == "inverse" or g.known_product(first, second) is None):
        return g.matmul_of(g.transpose(second, (1, 0)), g.transpose(first, (1, 0))), (*right, *left)
    return g.matmul_of(first, second), (*left, *right)


def contract(g: Graph, a: Operand, b: Operand, out: Labels) -> Step:
    """A product of tensors: labels renamed 0, 1, ... so that equal contractions are one step."""
    (x, lx), (y, ly) = a, b
    x, y = g.floating(x), g.floating(y)
    names: dict[int, int] = {}
    for label in (*lx, *ly):
        names.setdefault(label, len(names))
    shape: dict[int, object] = dict(zip((*lx, *ly), (*x.shape, *y.shape), strict=True))
    data = (tuple(names[k] for k in lx), tuple(names[k] for k in ly), tuple(names[k] for k in out))
    sizes: Sizes = tuple(shape[k] for k in out)  # type: ignore[misc]  # shape holds Sizes
    return g.step("contract", (x, y), data, sizes)


def _frechet(g: Graph, a: Operand, b: Operand, summed: Sequence[int]) -> Operand | None:
    """The derivative array of a matrix function against a matrix is one Frechet derivative: L(A, E), or its adjoint L(A.T, G)."""
    (x, lx), (y, ly) = a, b
    if x.op != "operator" or x.data[0] != "frechet_array" or x.order != 4 or len(x.args) != 1 or y.order != 2 or len(summed) != 2:
        return None
    matrix = x.args[0]
    for pair_labels, rest, base in ((lx[2:], lx[:2], matrix), (lx[:2], lx[2:], g.transpose(matrix, (1, 0)))):
        if set(summed) == set(pair_labels):
            direction = g.transpose(y, tuple(ly.index(label) for label in pair_labels))
            return g.step("operator", (base, g.floating(direction)), ("frechet", *x.data[1:]), matrix.shape), rest
    return None
