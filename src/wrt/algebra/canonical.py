"""Canonical labels of a product: equal up to renaming of labels and order of operands <=> equal encoding.

A product is a coloured graph: labels are vertices, operands hyperedges with ordered slots, output positions colours. Colours are refined
until stable; a remaining tie is broken by trying each label of the first smallest cell, skipping labels that a known symmetry maps to
one already tried. The least encoding wins. The number of leaves is bounded: past the bound the encoding is sound (it denotes the same
product) but two equal products may get different ones, so nothing that matters rests on identity alone.
Source: McKay & Piperno 2014, Practical graph isomorphism II (individualisation-refinement).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from wrt.algebra.expr import Expr, Labels
from wrt.language.sizes import Size

LEAVES = 64
K = TypeVar("K")

Operand = tuple[Expr, Labels]
Encoding = tuple[tuple[tuple[bytes, Labels], ...], Labels]


def canonical(operands: Sequence[Operand], output: Labels, sizes: Sequence[Size]) -> tuple[tuple[Operand, ...], Labels, tuple[Size, ...]]:
    """(operands, output, sizes) with labels renamed 0, 1, 2, ... and operands sorted, the same for every equal product.

    Output labels come first, in order of first appearance.
    """
    colours = _start(output, sizes)
    if (len(operands) == 1 and len(colours) == len(set(colours))) or not colours:
        return _finish(operands, output, sizes, colours)
    colours = _refine(operands, colours)
    if len(set(colours)) < len(colours):
        colours = _search(operands, output, colours)
    return _finish(operands, output, sizes, colours)


def _start(output: Labels, sizes: Sequence[Size]) -> list[int]:
    count = len(sizes)
    positions: list[list[int]] = [[] for _ in range(count)]
    for place, label in enumerate(output):
        positions[label].append(place)
    return _ranks([(0 if positions[a] else 1, tuple(positions[a]), sizes[a].text) for a in range(count)])


def _ranks(keys: Sequence[K]) -> list[int]:
    if len(keys) == 1:
        return [0]
    order = {key: rank for rank, key in enumerate(sorted(set(keys)))}  # type: ignore[type-var]  # every caller's keys are comparable tuples
    return [order[key] for key in keys]


def _refine(operands: Sequence[Operand], colours: list[int]) -> list[int]:
    count, distinct = len(colours), len(set(colours))
    while distinct < count:
        seen: list[list[tuple[bytes, tuple[int, ...], int]]] = [[] for _ in range(count)]
        for e, labels in operands:
            near = tuple([colours[a] for a in labels])
            digest = e.digest
            for slot, label in enumerate(labels):
                seen[label].append((digest, near, slot))
        for entry in seen:
            if len(entry) > 1:
                entry.sort()
        colours = _ranks([(colours[a], tuple(seen[a])) for a in range(count)])
        now = len(set(colours))
        if now == distinct:
            break
        distinct = now
    return colours


def _encode(operands: Sequence[Operand], output: Labels, colours: list[int]) -> Encoding:
    return tuple(sorted((e.digest, tuple([colours[a] for a in labels])) for e, labels in operands)), tuple([colours[a] for a in output])


def _search(operands: Sequence[Operand], output: Labels, colours: list[int]) -> list[int]:
    """The discrete colouring with the least encoding among the leaves visited."""
    best: tuple[Encoding, list[int]] | None = None
    symmetries: list[list[int]] = []
    leaves = 0
    stack: list[tuple[list[int], tuple[int, ...]]] = [(colours, ())]
    tried: dict[tuple[int, ...], list[int]] = {}
    while stack and leaves < LEAVES:
        now, path = stack.pop()
        if path and _covered(path, tried.setdefault(path[:-1], []), symmetries):
            continue
        if path:
            tried[path[:-1]].append(path[-1])
        if len(set(now)) == len(now):
            leaves += 1
            code = _encode(operands, output, now)
            if best is None or code < best[0]:
                best = (code, now)
            elif code == best[0]:
                inverse = {colour: label for label, colour in enumerate(best[1])}
                symmetries.append([inverse[colour] for colour in now])
            continue
        for label in reversed(_cell(now)):
            split = [2 * c + 1 for c in now]
            split[label] -= 1
            stack.append((_refine(operands, _ranks(split)), (*path, label)))
    assert best is not None
    return best[1]


def _cell(colours: list[int]) -> list[int]:
    cells: dict[int, list[int]] = {}
    for label, colour in enumerate(colours):
        cells.setdefault(colour, []).append(label)
    return min((len(cell), colour, cell) for colour, cell in cells.items() if len(cell) > 1)[2]


def _covered(path: tuple[int, ...], done: list[int], symmetries: list[list[int]]) -> bool:
    """Whether a known symmetry that fixes the path so far maps a label already tried here to this one."""
    prefix, label = path[:-1], path[-1]
    usable = [s for s in symmetries if all(s[a] == a for a in prefix)]
    reach, frontier = set(done), list(done)
    while frontier:
        a = frontier.pop()
        for s in usable:
            for b in (s[a], s.index(a)):
                if b not in reach:
                    reach.add(b)
                    frontier.append(b)
    return label in reach


def _finish(
    operands: Sequence[Operand], output: Labels, sizes: Sequence[Size], colours: list[int]
) -> tuple[tuple[Operand, ...], Labels, tuple[Size, ...]]:
    by_colour = sorted(range(len(colours)), key=colours.__getitem__)
    new = [0] * len(colours)
    for rank, label in enumerate(by_colour):
        new[label] = rank
    ordered = sorted(((e, tuple([new[a] for a in labels])) for e, labels in operands), key=_operand_key)
    return tuple(ordered), tuple([new[a] for a in output]), tuple([sizes[a] for a in by_colour])


def _operand_key(operand: Operand) -> tuple[bytes, Labels]:
    return operand[0].digest, operand[1]
