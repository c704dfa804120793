"""A directed graph as an SVG picture, plain text made here: boxes in layers from left to right, arrows between them, labels beside the arrows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from unicodedata import combining

CHARACTER, LEADING, PADDING = 7.2, 17.0, 9.0  # pixels: width of a letter, height of a line, space inside a box
ROOM, GAP, MARGIN = 22.0, 44.0, 16.0  # between boxes of a layer, beside the labels of a layer, around the picture
SWEEPS = 6
INK, PAPER, FLOW, EDGE, LABEL = "#1a1a1a", "#ffffff", "#a02020", "#606060", "#204080"


@dataclass(frozen=True)
class Box:
    """A node: its `lines`, the first its title; `marked` lines stand in a second colour. `round`: an input."""

    name: str
    lines: tuple[str, ...]
    marked: tuple[str, ...] = ()
    round: bool = False


@dataclass(frozen=True)
class Arrow:
    """An edge from one box to another, with a label."""

    start: str
    end: str
    label: str = ""


@dataclass
class _Spot:
    """A place of the layout: a box, or a bend of a long arrow (`box` None)."""

    layer: int
    box: Box | None = None
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = LEADING
    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)


def wide(text: str) -> float:
    """The width of a text in pixels, as far as it can be told without a font."""
    return CHARACTER * sum(not combining(c) for c in text)


def drawn(boxes: Sequence[Box], arrows: Sequence[Arrow], title: str) -> str:
    """The picture. Every arrow leads from a box to a later one.

    >>> picture = drawn([Box("x", ("x",)), Box("y", ("y = x²",))], [Arrow("x", "y", "2x")], "a square")
    >>> picture.startswith("<svg"), picture.count("<rect")
    (True, 3)
    """
    spots, chains = _laid_out(boxes, arrows)
    _ordered(spots)
    width, height = _placed(spots, chains, arrows)
    out = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
            'font-family="DejaVu Sans, Segoe UI, Helvetica, sans-serif" font-size="13">'
        ),
        f"<title>{escape(title)}</title>",
        (
            '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M 0 0 L 10 5 L 0 10 z" fill="{EDGE}"/></marker></defs>'
        ),
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="{PAPER}"/>',
        *[_curve([spots[k] for k in chain]) for chain in chains],
        *[_box(spot) for spot in spots if spot.box is not None],
        *_labels(spots, chains, arrows),
        "</svg>",
    ]
    return "\n".join(out) + "\n"


def _layers(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> dict[str, int]:
    """The longest way to each box; one without arrows in stands just before its first use."""
    layer = {box.name: 0 for box in boxes}
    for box in boxes:
        layer[box.name] = max((layer[a.start] + 1 for a in arrows if a.end == box.name), default=0)
    ends = {a.end for a in arrows}
    for box in boxes:
        if box.name not in ends:
            layer[box.name] = max(0, min((layer[a.end] for a in arrows if a.start == box.name), default=1) - 1)
    return layer


def _laid_out(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> tuple[list[_Spot], list[list[int]]]:
    """The boxes and the bends of arrows that pass a layer; each arrow as a chain of them."""
    layer = _layers(boxes, arrows)
    spots = []
    for box in boxes:
        lines = (*box.lines, *box.marked)
        spots.append(_Spot(layer[box.name], box, width=max(map(wide, lines)) + 2 * PADDING, height=LEADING * len(lines) + PADDING))
    place: Mapping[str, int] = {box.name: k for k, box in enumerate(boxes)}
    chains = []
    for arrow in arrows:
        chain = [place[arrow.start]]
        for between in range(layer[arrow.start] + 1, layer[arrow.end]):
            spots.append(_Spot(between))
            chain.append(len(spots) - 1)
        chain.append(place[arrow.end])
        for a, b in itertools.pairwise(chain):
            spots[a].after.append(b)
            spots[b].before.append(a)
        chains.append(chain)
    return spots, chains


def _ordered(spots: list[_Spot]) -> None:
    """Heights of the spots in each layer: by the mean height of their neighbours, swept to and fro, so that few arrows cross."""
    rows: dict[int, list[int]] = {}
    for k, spot in enumerate(spots):
        rows.setdefault(spot.layer, []).append(k)
    for row in rows.values():
        _stacked(spots, row)
    for sweep in range(SWEEPS):
        for layer in sorted(rows, reverse=bool(sweep % 2)):

            def mean(k: int, back: bool = not sweep % 2) -> float:
                beside = spots[k].before if back else spots[k].after
                return sum(spots[b].y for b in beside) / len(beside) if beside else spots[k].y

            rows[layer].sort(key=lambda k: (mean(k), k))
            _stacked(spots, rows[layer])


def _stacked(spots: list[_Spot], row: list[int]) -> None:
    """The spots of a layer below one another, centred at 0."""
    y = -(sum(spots[k].height for k in row) + ROOM * (len(row) - 1)) / 2
    for k in row:
        spots[k].y = y + spots[k].height / 2
        y += spots[k].height + ROOM


def _placed(spots: list[_Spot], chains: list[list[int]], arrows: Sequence[Arrow]) -> tuple[float, float]:
    """Final coordinates; the size of the picture."""
    last = max(spot.layer for spot in spots)
    labels = [0.0] * (last + 1)  # before each layer
    for chain, arrow in zip(chains, arrows, strict=True):
        layer = spots[chain[-1]].layer
        labels[layer] = max(labels[layer], wide(arrow.label))
    x = MARGIN
    for layer in range(last + 1):
        mine = [spot for spot in spots if spot.layer == layer]
        x += labels[layer] + GAP if layer else 0.0
        width = max(spot.width for spot in mine)
        for spot in mine:
            spot.x = x + width / 2
            if spot.box is None:
                spot.width = width
        x += width
    top = min(spot.y - spot.height / 2 for spot in spots) - LEADING
    for spot in spots:
        spot.y += MARGIN - top
    return x + MARGIN, max(spot.y + spot.height / 2 for spot in spots) + MARGIN + LEADING


def _curve(chain: Sequence[_Spot]) -> str:
    """An arrow: curves that leave and reach every spot horizontally."""
    words = [f"M {chain[0].x + chain[0].width / 2:.1f} {chain[0].y:.1f}"]
    for a, b in itertools.pairwise(chain):
        x0, x1 = a.x + a.width / 2, b.x - b.width / 2
        half = (x0 + x1) / 2
        words.append(f"C {half:.1f} {a.y:.1f} {half:.1f} {b.y:.1f} {x1:.1f} {b.y:.1f}")
        if b.box is None:
            words.append(f"L {b.x + b.width / 2:.1f} {b.y:.1f}")
    return f'<path d="{" ".join(words)}" fill="none" stroke="{EDGE}" stroke-width="1.3" marker-end="url(#tip)"/>'


def _box(spot: _Spot) -> str:
    assert spot.box is not None
    left, top = spot.x - spot.width / 2, spot.y - spot.height / 2
    radius = min(spot.height / 2, 14.0) if spot.box.round else 4.0
    out = [
        (
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{spot.width:.1f}" height="{spot.height:.1f}" rx="{radius:.0f}" '
            f'fill="{PAPER}" stroke="{INK}" stroke-width="1.2"/>'
        )
    ]
    for k, line in enumerate((*spot.box.lines, *spot.box.marked)):
        colour = INK if k < len(spot.box.lines) else FLOW
        out.append(_text(spot.x, top + PADDING / 2 + LEADING * (k + 0.75), line, colour))
    return "\n".join(out)


def _labels(spots: list[_Spot], chains: list[list[int]], arrows: Sequence[Arrow]) -> list[str]:
    """The labels, each on the last piece of its arrow; those of one gap are pushed apart."""
    gaps: dict[int, list[tuple[float, float, str]]] = {}
    for chain, arrow in zip(chains, arrows, strict=True):
        a, b = spots[chain[-2]], spots[chain[-1]]
        if arrow.label:
            x = (a.x + a.width / 2 + b.x - b.width / 2) / 2
            gaps.setdefault(b.layer, []).append(((a.y + b.y) / 2, x, arrow.label))
    out = []
    for labels in gaps.values():
        labels.sort()
        before = float("-inf")
        for y, x, words in labels:
            before = max(y, before + LEADING)
            out.append(_text(x, before - 5, words, LABEL, ' stroke="#ffffff" stroke-width="4" paint-order="stroke"'))
    return out


def _text(x: float, y: float, words: str, colour: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="{colour}"{more}>{escape(words)}</text>'
