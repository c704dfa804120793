"""Outer products kept as their factors: the derivative A X B by X, numbers m n p q when written out, is A and B.

cores "ac", "bd", pattern "abcd"    T[a, b, c, d] = core1[a, c] * core2[b, d]
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

from wrt.errors import ShapeError
from wrt.program.structured import Structured, contract, diagonals

Array = Any  # numpy.ndarray


class Factor(NamedTuple):
    """A core with an axis for each letter."""

    core: Array
    axes: str


class StructuredProduct:
    """An array that is an outer product of `factors` over the `pattern` of its axes; equal letters run together.

    `dense()`, `T @ v` (the last axes against v's), `solve(b)` for a square one, `diag()`, `trace()`, `norm()`, each by the factors.
    """

    def __init__(self, factors: Sequence[Factor], pattern: str, shape: tuple[int, ...]) -> None:
        self.factors = tuple(factors)
        self.pattern = pattern
        self.shape = shape

    def __repr__(self) -> str:
        cores = ", ".join(f"{f.axes!r} {getattr(f.core, 'shape', ())}" for f in self.factors)
        return f"StructuredProduct({self.pattern!r}, cores {cores}, shape {self.shape})"

    @property
    def sizes(self) -> dict[str, int]:
        """The length of each letter."""
        return dict(zip(self.pattern, self.shape, strict=True))

    @cached_property
    def whole(self) -> Structured:
        """The same with one core, written out."""
        core, axes = self._met("".join(dict.fromkeys("".join(f.axes for f in self.factors))))
        return Structured(core, axes, self.pattern, self.shape)

    @property
    def core(self) -> Array:
        """The outer product of the cores."""
        return self.whole.core

    @property
    def axes(self) -> str:
        """A letter for each axis of `core`."""
        return self.whole.axes

    def dense(self) -> Array:
        """The whole array."""
        return self.whole.dense()

    def _met(self, out: str) -> tuple[Array, str]:
        """The product of all factors with axes `out`."""
        import numpy as np

        core, axes = np.asarray(self.factors[0].core), self.factors[0].axes
        for k, f in enumerate(self.factors[1:], 1):
            later = {c for g in self.factors[k + 1 :] for c in g.axes}
            kept = "".join(c for c in dict.fromkeys(axes + f.axes) if c in out or c in later)
            core, axes = contract(core, axes, np.asarray(f.core), f.axes, kept), kept
        return np.transpose(core, [axes.index(c) for c in out]), out

    def __matmul__(self, v: Array) -> Array:
        """The contraction of the last axes with all axes of v, one factor after the other: A V B.T for two of them."""
        import numpy as np

        v = np.asarray(v, dtype=float)
        cut = len(self.shape) - v.ndim
        if cut < 0 or self.shape[cut:] != v.shape:
            raise ShapeError(f"the last axes of {self.shape} do not fit an array of shape {v.shape}.")
        rows = self.pattern[:cut]
        found, letters = diagonals(v, self.pattern[cut:])
        for k, f in enumerate(self.factors):
            later = {c for g in self.factors[k + 1 :] for c in g.axes}
            kept = "".join(c for c in dict.fromkeys(letters + f.axes) if c in rows or c in later)
            found, letters = contract(found, letters, np.asarray(f.core), f.axes, kept), kept
        return Structured(found, letters, rows, self.shape[:cut]).dense() if rows else float(found)

    def solve(self, b: Array) -> Array:
        """v with T @ v = b, a solve by each factor where each is a square matrix of its own."""
        import numpy as np

        b = np.asarray(b, dtype=float)
        k = b.ndim
        rows, columns = self.pattern[:k], self.pattern[k:]
        pairs = [(rows.find(f.axes[0]), columns.find(f.axes[1])) for f in self.factors if len(f.axes) == 2]
        turned = [(rows.find(f.axes[1]), columns.find(f.axes[0])) for f in self.factors if len(f.axes) == 2]
        places = [p if p[0] >= 0 else q for p, q in zip(pairs, turned, strict=True)]
        apart = len(set(self.pattern)) == 2 * k and sorted(i for i, _ in places) == sorted(j for _, j in places) == list(range(k))
        if not apart or self.shape[:k] != b.shape or self.shape[k:] != b.shape or any(b.shape[i] != b.shape[j] for i, j in places):
            return self.whole.solve(b)
        back = list(range(k))  # where each axis of the columns stands
        for f, (i, j), pair in zip(self.factors, places, pairs, strict=True):
            matrix = np.asarray(f.core) if pair[0] >= 0 else np.asarray(f.core).T
            first = np.moveaxis(b, i, 0)
            b = np.moveaxis(np.linalg.solve(matrix, first.reshape(len(first), -1)).reshape(first.shape), 0, i)
            back[j] = i
        return np.transpose(b, back)

    def diag(self) -> Array:
        """The entries whose first half of axes equals the second."""
        half = len(self.shape) // 2
        if len(self.shape) % 2 or self.shape[half:] != self.shape[:half]:
            raise ShapeError(f"an array of shape {self.shape} has no diagonal.")
        if len(set(self.pattern)) < len(self.pattern):
            return self.whole.diag()
        same = dict(zip(self.pattern[half:], self.pattern[:half], strict=True))
        ends = [diagonals(f.core, "".join(same.get(c, c) for c in f.axes)) for f in self.factors]
        found = StructuredProduct([Factor(core, axes) for core, axes in ends], self.pattern[:half], self.shape[:half])
        return found.dense()

    def trace(self) -> float:
        """The sum of the diagonal."""
        return float(self.diag().sum())

    def norm(self) -> float:
        """The Frobenius norm: the product of the factors' norms."""
        import numpy as np

        held = {c for f in self.factors for c in f.axes}
        missing = float(np.prod([n for c, n in self.sizes.items() if c not in held], dtype=float))
        return float(np.prod([np.linalg.norm(f.core) for f in self.factors]) * np.sqrt(missing))
