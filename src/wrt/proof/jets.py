"""Arithmetic of parts: numbers with nilpotent infinitesimals e1 .. ek, ei**2 = 0, one flat list for each product of infinitesimals.

`parts[m]` is the coefficient of the product of the e_i with bit i of m set; a missing part is zero. One class serves the finite fields
(`p` a prime), the whole numbers and floats of any precision (`p` None). `work` counts ring multiplications.
"""

from __future__ import annotations

from operator import mul
from typing import Any

from wrt.proof.arrays import Contraction, Flat, Gather, Parts


class Ring:
    """Operations on parts; everything stays reduced modulo `p` when there is one."""

    def __init__(self, p: int | None, one: Any = 1) -> None:
        self.p = p
        self.one = one  # the unit of the ring: floats must not become plain ints, whose quotients are floats of 53 bits
        self.small: Any = 0  # relative to the largest entry: what counts as zero when a matrix of floats is eliminated
        self.work = 0

    # ------------------------------------------------------------------------------------------------ linear
    def add(self, a: Parts, b: Parts, left: Gather | None = None, right: Gather | None = None) -> Parts:
        """a + b, each read through its gather."""
        p = self.p
        out: Parts = {}
        for m in {**a, **b}:
            x, y = a.get(m), b.get(m)
            if x is None or y is None:
                z, read = (x, left) if y is None else (y, right)
                out[m] = z if read is None else read(z)
                continue
            x = x if left is None else left(x)
            y = y if right is None else right(y)
            out[m] = [(u + v) % p for u, v in zip(x, y, strict=True)] if p else [u + v for u, v in zip(x, y, strict=True)]
        return out

    def subtract(self, a: Parts, b: Parts, left: Gather | None = None, right: Gather | None = None) -> Parts:
        """a - b."""
        p = self.p
        out: Parts = {}
        for m in {**a, **b}:
            x, y = a.get(m), b.get(m)
            x = x if x is None or left is None else left(x)
            y = y if y is None or right is None else right(y)
            if y is None:
                out[m] = x
            elif x is None:
                out[m] = [-v % p for v in y] if p else [-v for v in y]
            else:
                out[m] = [(u - v) % p for u, v in zip(x, y, strict=True)] if p else [u - v for u, v in zip(x, y, strict=True)]
        return out

    def scale(self, c: Any, a: Parts) -> Parts:
        """c*a for a ring element c."""
        p = self.p
        if c == 1:
            return a
        if p:
            c %= p
            return {m: [c * u % p for u in x] for m, x in a.items()}
        return {m: [c * u for u in x] for m, x in a.items()}

    def summed(self, a: Parts, n: int) -> Parts:
        """Sums of n neighbours."""
        p = self.p
        out: Parts = {}
        for m, x in a.items():
            totals = [sum(x[k : k + n]) for k in range(0, len(x), n)]
            out[m] = [t % p for t in totals] if p else totals
        return out

    # ------------------------------------------------------------------------------------------------ products
    def times(self, a: Parts, b: Parts, left: Gather | None = None, right: Gather | None = None) -> Parts:
        """The elementwise product."""
        p = self.p
        if left is not None:
            a = {m: left(x) for m, x in a.items()}
        if right is not None:
            b = {m: right(x) for m, x in b.items()}
        out: Parts = {}
        for m, pairs in _pairs(a, b).items():
            x, y = pairs[0]
            self.work += len(x) * len(pairs)
            if len(pairs) == 1:
                out[m] = [u * v % p for u, v in zip(x, y, strict=True)] if p else [u * v for u, v in zip(x, y, strict=True)]
            elif len(pairs) == 2:
                z, w = pairs[1]
                four = zip(x, y, z, w, strict=True)
                out[m] = [(s * t + u * v) % p for s, t, u, v in four] if p else [s * t + u * v for s, t, u, v in four]
            else:
                rows = zip(*[q for q, _ in pairs], strict=True)
                columns = zip(*[q for _, q in pairs], strict=True)
                totals = [sum(map(mul, r, c)) for r, c in zip(rows, columns, strict=True)]
                out[m] = [t % p for t in totals] if p else totals
        return out

    def contract(self, plan: Contraction, a: Parts, b: Parts) -> Parts:
        """The batched matrix product that a plan describes."""
        p = self.p
        left, right, batch, rows, columns, inner, read, _ = plan
        if left is not None:
            a = {m: left(x) for m, x in a.items()}
        if right is not None:
            b = {m: right(x) for m, x in b.items()}
        out: Parts = {}
        for m, pairs in _pairs(a, b).items():
            self.work += batch * rows * columns * inner * len(pairs)
            if inner == 1 and len(pairs) == 1:
                x, y = pairs[0]
                flat = [u * v for k in range(batch) for u in x[k * rows : (k + 1) * rows] for v in y[k * columns : (k + 1) * columns]]
            else:
                tops = _lines([x for x, _ in pairs], batch * rows, inner)
                sides = _lines([y for _, y in pairs], batch * columns, inner)
                flat = [
                    sum(map(mul, u, v)) for k in range(batch) for u in tops[k * rows : (k + 1) * rows] for v in sides[k * columns : (k + 1) * columns]
                ]
            flat = [t % p for t in flat] if p else flat
            out[m] = flat if read is None else read(flat)
        return out

    # ------------------------------------------------------------------------------------------------ functions
    def compose(self, derivatives: list[Flat], a: Parts, bits: int) -> Parts:
        """f(a) entry by entry from f, f', ..., f^(bits) at the finite part of a: one infinitesimal at a time, by the chain rule."""
        series: list[Parts] = [{0: d} for d in derivatives]
        for bit in range(bits):
            step = 1 << bit
            tail = along(a, bit)
            if tail:
                for k in range(len(series) - 1):
                    more = self.times(series[k + 1], tail)
                    series[k] = {**series[k], **{m | step: x for m, x in more.items()}}
            if len(series) > 1:
                series.pop()
        return series[0]


def _pairs(a: Parts, b: Parts) -> dict[int, list[tuple[Flat, Flat]]]:
    """The products of parts with no infinitesimal in common, by what they are a coefficient of."""
    if len(a) == 1 == len(b) and 0 in a and 0 in b:
        return {0: [(a[0], b[0])]}
    out: dict[int, list[tuple[Flat, Flat]]] = {}
    for m, x in a.items():
        for n, y in b.items():
            if not m & n:
                out.setdefault(m | n, []).append((x, y))
    return out


def _lines(flats: list[Flat], count: int, length: int) -> list[Flat]:
    """`count` neighbouring stretches of each list, joined across the lists."""
    if len(flats) == 1:
        (x,) = flats
        return [x[k * length : (k + 1) * length] for k in range(count)]
    return [[u for x in flats for u in x[k * length : (k + 1) * length]] for k in range(count)]


def along(a: Parts, bit: int) -> Parts:
    """The coefficient of one infinitesimal, as parts of those before it."""
    step = 1 << bit
    return {m ^ step: x for m, x in a.items() if m & step and m < 2 * step}


def restricted(a: Parts, bits: int) -> Parts:
    """The parts that hold only the first `bits` infinitesimals."""
    limit = 1 << bits
    return {m: x for m, x in a.items() if m < limit}
