"""Sums of placed pieces that make up one array: [a, b, c] of scalars, [[A, B], [C, D]] of blocks, instead of additions into zeros."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from wrt.language.sizes import Size
from wrt.program.array import ZERO, Array, Form
from wrt.program.steps import Graph, Step

ONE = Size.of(1)
LITERAL = 64  # entries that are written out
Band = tuple[Size, Size]  # start and length along an axis


def assembled(g: Graph, arrays: Sequence[Array], value: Callable[[Size], int]) -> Step | None:
    """The sum of the arrays as a literal or a block array; None when they are not such pieces."""
    order = len(arrays[0].forms)
    if order not in (1, 2) or len(arrays) < 2:
        return None
    return _literal(g, arrays) or _blocks(g, arrays, value)


def _literal(g: Graph, arrays: Sequence[Array]) -> Step | None:
    shape = arrays[0].shape
    lengths = [s.number for s in shape]
    if any(n is None for n in lengths):
        return None
    cells: dict[int, list[Step]] = {}
    total = 1
    for n in lengths:
        total *= n or 0
    if not 0 < total <= LITERAL:
        return None
    for a in arrays:
        if a.labels or any(f.steps or f.start.number is None for f in a.forms):
            return None
        at = 0
        for form, n in zip(a.forms, lengths, strict=True):
            place = form.start.number
            assert place is not None and n is not None
            if not 0 <= place < n:
                return None
            at = at * n + place
        cells.setdefault(at, []).append(g.floating(a.core))
    args = {at: g.add([(Fraction(1), x, ()) for x in found], ()) for at, found in cells.items()}
    return g.step("literal", tuple(args[at] for at in sorted(args)), tuple(sorted(args)), shape)


def _band(form: Form, a: Array) -> tuple[Band, int | None] | None:
    """((start, length), label) of a form that is one place or one run of places."""
    if not form.steps:
        return (form.start, ONE), None
    if len(form.steps) == 1 and form.steps[0][1] == 1:
        label = form.steps[0][0]
        return (form.start, a.sizes[label]), label
    return None


def _chain(bands: set[Band], end: Size, value: Callable[[Size], int]) -> list[Band] | None:
    """The bands in order when they tile an axis."""
    ordered = sorted(bands, key=lambda band: value(band[0]))
    at = ZERO
    for start, length in ordered:
        if start is not at:
            return None
        at = at + length
    return ordered if at is end else None


def _blocks(g: Graph, arrays: Sequence[Array], value: Callable[[Size], int]) -> Step | None:
    order = len(arrays[0].forms)
    found: list[tuple[tuple[Band, ...], tuple[int | None, ...], Array]] = []
    for a in arrays:
        pairs = [_band(f, a) for f in a.forms]
        if any(p is None for p in pairs):
            return None
        known = [p for p in pairs if p is not None]
        labels = tuple(p[1] for p in known)
        named = [label for label in labels if label is not None]
        if len(set(named)) < len(named) or set(a.labels) != set(named):
            return None
        found.append((tuple(p[0] for p in known), labels, a))
    chains = []
    for axis in range(order):
        chain = _chain({bands[axis] for bands, _, _ in found}, arrays[0].shape[axis], value)
        if chain is None:
            return None
        chains.append(chain)
    cells: dict[tuple[int, ...], list[Step]] = {}
    for bands, labels, a in found:
        at = tuple(chains[axis].index(band) for axis, band in enumerate(bands))
        core, _ = g.placed(g.floating(a.core), a.labels, tuple(label for label in labels if label is not None))
        cells.setdefault(at, []).append(g.step("cell", (core,), tuple(label is not None for label in labels), tuple(band[1] for band in bands)))
    merged = {
        at: parts[0] if len(parts) == 1 else g.add([(Fraction(1), x, tuple(range(order))) for x in parts], tuple(range(order)))
        for at, parts in cells.items()
    }
    places = tuple(sorted(merged))
    data = (places, tuple(tuple(length for _, length in chain) for chain in chains))
    return g.step("blocks", tuple(merged[at] for at in places), data, arrays[0].shape)
