"""Convolutions: windows [t == i + a] between an array, its kernel and the result become conv1d and conv2d.

Where t is what is left over, the window is that of the full convolution, the valid one of what zeros surround with the kernel turned round:
sum over i + a == t of r[i]*k[a] = conv1d([zeros(p - 1), r, zeros(p - 1)], k[::-1])[t], p the size of k.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.algebra.expr import Indicator
from wrt.language.sizes import Size
from wrt.language.surface import Call
from wrt.notation.entries import between
from wrt.notation.tree import Scaled, Tree, Turn
from wrt.notation.write import size_node

if TYPE_CHECKING:
    from wrt.notation.graph import Item
    from wrt.notation.recover import Recovery

ONE = Fraction(1)
Window = tuple[int, int, int]  # labels t, i, a with t = i + a


def convolved(work: Recovery, items: list[Item], output: tuple[int, ...], sizes: list[Size]) -> list[Item]:
    """The operands with conv1d(x, k) or conv2d(X, K) in place of x, k and their windows, where labels allow it."""
    found = [(n, _window(e, labels)) for n, (e, labels) in enumerate(items)]
    windows = [(n, w) for n, w in found if w is not None]
    if not windows or len(windows) > 2:
        return items
    whole = tuple(w[0] for _, w in windows)
    if any(t in output for t in whole):
        return _full(work, items, windows[0], output, sizes) if len(windows) == 1 else items
    uses = [n for n, (_, labels) in enumerate(items) if set(labels) & set(whole) and n not in [k for k, _ in windows]]
    if len(uses) != 1:
        return items
    array = _matrix(work, items[uses[0]], whole)
    if array is None:
        return items
    for pick in (2, 1):  # the kernel runs over a, or over i
        kernel_labels = tuple(w[pick] for _, w in windows)
        result_labels = tuple(w[3 - pick] for _, w in windows)
        if any(a in output for a in kernel_labels):
            continue
        rest = [n for n in range(len(items)) if n not in (*[k for k, _ in windows], *uses)]
        kernels = [n for n in rest if set(items[n][1]) & set(kernel_labels)]
        if len(kernels) != 1 or set(kernel_labels) & {a for n in rest if n not in kernels for a in items[n][1]}:
            continue
        kernel = _matrix(work, items[kernels[0]], kernel_labels)
        if kernel is None:
            continue
        if isinstance(array, Turn) and isinstance(kernel, Turn):
            array, kernel, result_labels = array.argument, kernel.argument, result_labels[::-1]
        box = (sizes[result_labels[0]], sizes[result_labels[1]] if len(result_labels) == 2 else None)
        t = work.forest.raw_call("conv1d" if len(whole) == 1 else "conv2d", (array, kernel), box)
        return [*[items[n] for n in rest if n not in kernels], (t, result_labels)]
    return items


def _full(work: Recovery, items: list[Item], found: tuple[int, Window], output: tuple[int, ...], sizes: list[Size]) -> list[Item]:
    """The operands with a full convolution in place of two vectors and their window."""
    place, (t, i, a) = found
    uses = {label: [n for n, (_, labels) in enumerate(items) if label in labels and n != place] for label in (t, i, a)}
    if uses[t] or i in output or a in output or sizes[t] is not sizes[i] + sizes[a] - 1:
        return items
    if sizes[a].name is None and sizes[i].name is not None:
        i, a = a, i
    first, second = [_vector(work, [items[n] for n in uses[label]], label) for label in (i, a)]
    if first is None or second is None or sizes[a].number == 1:
        return items
    (c, array), (k, kernel) = first, second
    forest, n, p = work.forest, sizes[i], sizes[a]
    zeros = forest.atom(Call("zeros", (size_node(p - 1),)), (p - 1, None))
    padded = forest.literal(((zeros,), (array,), (zeros,)), False, (n + (p - 1) * 2, None))
    back, kernel = forest.entry(kernel, between(p - 1, Size.of(-1), p, -1, p), None)
    whole = forest.wrap((c * k * back, forest.raw_call("conv1d", (padded, kernel), (sizes[t], None))))
    return [*[item for n, item in enumerate(items) if n not in (place, *uses[i], *uses[a])], (whole, (t,))]


def _vector(work: Recovery, items: list[Item], label: int) -> Scaled | None:
    """The product of operands that all stand at one label, the number in front apart."""
    found = [_matrix(work, item, (label,)) for item in items]
    trees = [t for t in found if t is not None]
    if not trees or len(trees) < len(found):
        return None
    return work.forest.times([(t, ONE) for t in trees])


def _window(e: object, labels: tuple[int, ...]) -> Window | None:
    if not (isinstance(e, Indicator) and e.relation == "==" and len(labels) == 3 and not e.constant.terms):
        return None
    for sign in (1, -1):
        signs = [c * sign for c in e.coefficients]
        if sorted(signs) == [-1, -1, 1]:
            t = signs.index(1)
            i, a = (k for k in range(3) if k != t)
            return labels[t], labels[i], labels[a]
    return None


def _matrix(work: Recovery, item: Item, labels: tuple[int, ...]) -> Tree | None:
    """The operand as a tree whose axes are exactly these labels, in this order."""
    e, own = item
    if sorted(own) != sorted(labels) or len(set(own)) < len(own):
        return None
    if isinstance(e, Tree):
        t = e
    else:
        full = work.full(e)
        if full is None:
            return None
        t = full
    if own != labels:
        c, t = work.forest.turn(t)
        if c != 1:
            return None
    return t
