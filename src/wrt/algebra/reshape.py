"""Grouping neighbouring axes into one and splitting one into several: vec, Kronecker products, stacking.

A grouping cancels against its splitting, commutes outwards through sums, maps and products and inwards through what it meets, so that it
stands only at the root or on a leaf. The first axis of a group varies slowest.
"""

from __future__ import annotations

from wrt.algebra.expr import Expr, Labels, Map, Product, Reshape, Sizes, Sum, raw_reshape
from wrt.algebra.maps import mapping
from wrt.algebra.product import product
from wrt.algebra.sums import add
from wrt.language.sizes import Size


def grouped_shape(shape: Sizes, counts: tuple[int, ...]) -> Sizes:
    """The shape after grouping counts[k] neighbouring axes into axis k."""
    out, at = [], 0
    for count in counts:
        size = Size.of(1)
        for s in shape[at : at + count]:
            size = size * s
        out.append(size)
        at += count
    return tuple(out)


def group(e: Expr, counts: tuple[int, ...]) -> Expr:
    """Axis k of the result is the next counts[k] axes of `e`, the first varying slowest."""
    assert sum(counts) == e.order
    if all(count == 1 for count in counts):
        return e
    if isinstance(e, Sum):
        return add([(c, group(t, counts)) for c, t in e.terms], grouped_shape(e.shape, counts))
    if isinstance(e, Reshape) and e.split and e.counts == counts:
        return e.argument
    return raw_reshape(e, counts, grouped_shape(e.shape, counts), split=False)


def split(e: Expr, counts: tuple[int, ...], shape: Sizes) -> Expr:
    """Axis k of `e` becomes counts[k] axes; `shape` is the resulting shape."""
    assert len(counts) == e.order and sum(counts) == len(shape)
    if all(count == 1 for count in counts):
        return e
    match e:
        case Reshape() if not e.split and e.counts == counts and e.argument.shape == shape:
            return e.argument
        case Reshape() if not e.split:
            return _split_grouped(e, counts, shape)
        case Sum():
            return add([(c, split(t, counts, shape)) for c, t in e.terms], shape)
        case Map():
            return mapping(e.function, tuple(split(a, counts, shape) for a in e.arguments), e.parameters)
        case Product():
            return _split_product(e, counts, shape)
    return raw_reshape(e, counts, shape, split=True)


def _split_grouped(e: Reshape, counts: tuple[int, ...], shape: Sizes) -> Expr:
    """Split what is grouped: axes where grouping and splitting agree cancel, the rest stays."""
    inner = e.argument
    at = there = 0
    keep_group: list[int] = []
    keep_split: list[int] = []
    for have, want in zip(e.counts, counts, strict=True):
        if have == want and inner.shape[at : at + have] == shape[there : there + want]:
            keep_group += [1] * have
            keep_split += [1] * want
        else:
            keep_group.append(have)
            keep_split.append(want)
        at += have
        there += want
    if all(c == 1 for c in keep_split):
        return group(inner, tuple(keep_group))
    return raw_reshape(group(inner, tuple(keep_group)), tuple(keep_split), shape, split=True)


def _split_product(e: Product, counts: tuple[int, ...], shape: Sizes) -> Expr:
    """Split the labels of a product: every operand that holds a split label is split there; where a repeated label is not to be split it is grouped again."""
    parts: dict[int, Sizes] = {}
    at = 0
    for label, count in zip(e.output, counts, strict=True):
        sizes = shape[at : at + count]
        known = parts.setdefault(label, sizes)
        if len(known) == 1 < count:
            parts[label] = sizes
        elif known != sizes and count > 1:
            return raw_reshape(e, counts, shape, split=True)
        at += count
    inner = split_labels(e.coefficient, e.operands, e.output, e.sizes, {a: s for a, s in parts.items() if len(s) > 1})
    again: list[int] = []
    for label, count in zip(e.output, counts, strict=True):
        again += [1] * count if count == len(parts[label]) else [len(parts[label])]
    return group(inner, tuple(again))


def split_labels(coefficient: object, operands: object, output: Labels, sizes: Sizes, parts: dict[int, Sizes]) -> Expr:
    """The product with each label in `parts` replaced by several labels of those sizes, everywhere."""
    table: list[Size] = []
    new: dict[int, Labels] = {}
    for label, size in enumerate(sizes):
        pieces = parts.get(label, (size,))
        new[label] = tuple(range(len(table), len(table) + len(pieces)))
        table.extend(pieces)
    pairs = []
    for e, labels in operands:  # type: ignore[attr-defined]  # Product.operands
        if any(a in parts for a in labels):
            inner = split(e, tuple(len(new[a]) for a in labels), tuple(s for a in labels for s in parts.get(a, (sizes[a],))))
        else:
            inner = e
        pairs.append((inner, tuple(b for a in labels for b in new[a])))
    return product(coefficient, pairs, tuple(b for a in output for b in new[a]), table)  # type: ignore[arg-type]  # Fraction


def contract(e: Expr) -> Expr:
    """A product whose operands group axes, with the grouped labels split and, for output labels, grouped once outside."""
    if not isinstance(e, Product):
        return e
    parts: dict[int, Sizes] = {}
    for f, labels in e.operands:
        if isinstance(f, Reshape) and not f.split:
            at = 0
            for label, count in zip(labels, f.counts, strict=True):
                if count > 1:
                    parts.setdefault(label, f.argument.shape[at : at + count])
                at += count
    if not parts:
        return e
    inner = split_labels(e.coefficient, e.operands, e.output, e.sizes, parts)
    return group(inner, tuple(len(parts.get(a, (0,))) for a in e.output))
