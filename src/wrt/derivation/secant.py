"""A picture of the derivative: the secants through (a, f(a)) and (a + h, f(a + h)) turning into the tangent, as an SVG made here."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from wrt.errors import DomainError, ShapeError
from wrt.formula import Formula

WIDTH, HEIGHT, MARGIN = 480, 320, 32  # pixels
POINTS = 161  # of the curve
STEPS = (1.0, 0.6, 0.3, 0.1)  # h, as shares of `reach`
FAR = 1.5  # how far the curve is drawn above and below the secants, in their height
CURVE, SECANT, TANGENT, INK = "#1a1a1a", "#8aa4c8", "#a02020", "#606060"


def secants(f: Formula, slope: Formula, name: str, at: float, reach: float = 1.0) -> str:
    """The curve of f around `at`, secants for falling h, and the tangent, with the slope of each.

    `reach`: the greatest h, in units of the variable. Raises: ShapeError unless f is a scalar of one scalar; DomainError without a value at `at`.
    """
    if f.shape or set(f.declarations) != {name} or f.declarations[name].shape.order:
        raise ShapeError("the picture is of a scalar function of one scalar.", hint="set the other variables with wrt.substitute first.")
    run, slope_at = f.compile(), slope.compile()

    def value(x: float, of: Callable[..., Any] = run) -> float:
        import numpy as np

        with np.errstate(all="ignore"):
            return float(of(**{name: x}))

    here, tilt = value(at), value(at, slope_at)
    if not (math.isfinite(here) and math.isfinite(tilt)):
        raise DomainError(f"the function has no finite slope at {name} = {at:g}.")
    return _Picture(value, name, at, here, tilt, reach).svg()


class _Picture:
    def __init__(self, value: Callable[[float], float], name: str, at: float, here: float, tilt: float, reach: float) -> None:
        self.value, self.name, self.at, self.here, self.tilt, self.reach = value, name, at, here, tilt, reach
        self.left, self.right = at - 1.2 * reach, at + 1.6 * reach
        xs = [self.left + (self.right - self.left) * k / (POINTS - 1) for k in range(POINTS)]
        self.curve = [(x, y) for x in xs if math.isfinite(y := value(x))]
        near = [here, *[y for share in STEPS if math.isfinite(y := value(at + share * reach))]]
        span = max(max(near) - min(near), abs(tilt) * reach)
        ys = [y for _, y in self.curve] + near
        low, high = max(min(ys), min(near) - FAR * span), min(max(ys), max(near) + FAR * span)  # a pole nearby leaves the secants their room
        room = 0.1 * (high - low) or 1.0
        self.low, self.high = low - room, high + room

    def x(self, x: float) -> float:
        return MARGIN + (WIDTH - 2 * MARGIN) * (x - self.left) / (self.right - self.left)

    def y(self, y: float) -> float:
        return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (y - self.low) / (self.high - self.low)

    def line(self, slope: float, colour: str, width: float, label: str) -> str:
        """A line of that slope through the point, cut where the picture ends, named for a reader who points at it."""
        ends = [(x, self.here + slope * (x - self.at)) for x in self._span(slope)]
        (a, b), (c, d) = ends
        at = f'x1="{self.x(a):.1f}" y1="{self.y(b):.1f}" x2="{self.x(c):.1f}" y2="{self.y(d):.1f}"'
        return f'<line {at} stroke="{colour}" stroke-width="{width}"><title>{label}</title></line>'

    def _span(self, slope: float) -> tuple[float, float]:
        left, right = self.left, self.right
        if slope:
            hits = sorted(self.at + (y - self.here) / slope for y in (self.low, self.high))
            left, right = max(left, hits[0]), min(right, hits[1])
        return left, right

    def svg(self) -> str:
        """The picture."""
        rows = [self._axes(), self._path()]
        told = []
        for share in STEPS:
            h = share * self.reach
            other = self.value(self.at + h)
            if math.isfinite(other):
                slope = (other - self.here) / h
                rows.append(self.line(slope, SECANT, 1.2, f"secant, h = {h:g}: slope {slope:.4g}"))
                rows.append(self._dot(self.at + h, other, SECANT))
                told.append(f"h = {h:g}: {slope:.4g}")
        rows.append(self.line(self.tilt, TANGENT, 2.0, f"tangent: slope {self.tilt:.4g}"))
        rows.append(self._dot(self.at, self.here, TANGENT))
        rows += self._legend([*told, f"tangent: {self.tilt:.4g}"])
        title = f"<title>Secants at {self.name} = {self.at:g} turning into the tangent</title>"
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">'
        return "\n".join([head, title, *rows, "</svg>"]) + "\n"

    def _axes(self) -> str:
        base = f'<path d="M{MARGIN} {MARGIN}V{HEIGHT - MARGIN}H{WIDTH - MARGIN}" fill="none" stroke="{INK}"/>'
        label = f'<text x="{self.x(self.at):.1f}" y="{HEIGHT - 10}" font-size="12" text-anchor="middle">{self.name} = {self.at:g}</text>'
        return base + label

    def _path(self) -> str:
        pieces: list[list[str]] = [[]]
        for x, y in self.curve:
            if self.low <= y <= self.high:
                pieces[-1].append(f"{self.x(x):.1f},{self.y(y):.1f}")
            elif pieces[-1]:
                pieces.append([])
        drawn = [f'<polyline points="{" ".join(piece)}" fill="none" stroke="{CURVE}" stroke-width="1.6"/>' for piece in pieces if piece]
        return "\n".join(drawn)

    def _dot(self, x: float, y: float, colour: str) -> str:
        return f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="3" fill="{colour}"/>'

    @staticmethod
    def _legend(lines: Sequence[str]) -> list[str]:
        return [
            f'<text x="{MARGIN + 10}" y="{MARGIN + 14 * (k + 1)}" font-size="11" fill="{TANGENT if k == len(lines) - 1 else INK}">slope, {line}</text>'
            for k, line in enumerate(lines)
        ]
