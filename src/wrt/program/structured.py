"""Compressed results: the entries that matter, and where they stand. The Hessian of a masked matrix factorisation, n k x n k numbers when
written out, is n blocks of k x k.

    core "abc", pattern "abac"    T[a, b, a, c] = core[a, b, c], zero elsewhere    a block for every a
    core "",    pattern "aa"      core * identity
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from wrt.errors import ShapeError
from wrt.language.groups import Groups

Array = Any  # numpy.ndarray


class Structured:
    """An array given by its `core` (one axis a letter of `axes`) and the `pattern` of its own axes; equal letters run together.

    `dense()`, `T @ v` (the last axes against v's), `solve(b)` for a square one, `diag()`, `trace()`, `norm()`. A letter of the pattern that
    the core lacks: constant along it.
    """

    def __init__(self, core: Array, axes: str, pattern: str, shape: tuple[int, ...]) -> None:
        self.core = core
        self.axes = axes
        self.pattern = pattern
        self.shape = shape

    def __repr__(self) -> str:
        return f"Structured({self.pattern!r}, core {self.axes!r} {getattr(self.core, 'shape', ())}, shape {self.shape})"

    @property
    def sizes(self) -> dict[str, int]:
        """The length of each letter."""
        return dict(zip(self.pattern, self.shape, strict=True))

    def dense(self) -> Array:
        """The whole array."""
        import numpy as np

        from wrt.program.runtime import spread

        held = "".join(c for c in dict.fromkeys(self.pattern) if c in self.axes)
        core = np.transpose(np.asarray(self.core), [self.axes.index(c) for c in held])
        return spread(core, self.shape, held, self.pattern)

    def __matmul__(self, v: Array) -> Array:
        """The contraction of the last axes with all axes of v."""
        import numpy as np

        v = np.asarray(v, dtype=float)
        cut = len(self.shape) - v.ndim
        if cut < 0 or self.shape[cut:] != v.shape:
            raise ShapeError(f"the last axes of {self.shape} do not fit an array of shape {v.shape}.")
        rows, columns = self.pattern[:cut], self.pattern[cut:]
        v, letters = diagonals(v, columns)
        out = "".join(dict.fromkeys(rows))
        held = "".join(c for c in out if c in self.axes or c in letters)
        result = contract(np.asarray(self.core), self.axes, v, letters, held)
        return Structured(result, held, rows, self.shape[:cut]).dense() if rows else float(result)

    def solve(self, b: Array) -> Array:
        """v with T @ v = b, block by block where the pattern has blocks."""
        import numpy as np

        b = np.asarray(b, dtype=float)
        k = b.ndim
        if self.shape[:k] != b.shape or self.shape[k:] != b.shape:
            raise ShapeError(f"an array of shape {self.shape} cannot be solved for a right side of shape {b.shape}.")
        rows, columns = self.pattern[:k], self.pattern[k:]
        blocks = [c for c, d in zip(rows, columns, strict=True) if c == d]
        left = [c for c in rows if c not in blocks]
        right = [c for c in columns if c not in blocks]
        plain = len(set(rows)) == k and len(set(columns)) == k and not set(left) & set(right)
        if not plain or not {*left, *right} <= set(self.axes):
            size = int(np.prod(b.shape))
            return np.linalg.solve(self.dense().reshape(size, size), b.reshape(-1)).reshape(b.shape)
        order = [*[c for c in blocks if c in self.axes], *left, *right]
        core = np.transpose(np.asarray(self.core), [self.axes.index(c) for c in order])
        sizes = self.sizes
        lead = [sizes[c] if c in self.axes else 1 for c in blocks]
        count = int(np.prod([sizes[c] for c in left], dtype=int))
        turn = [rows.index(c) for c in (*blocks, *left)]
        side = np.transpose(b, turn)
        matrices = core.reshape((*lead, count, count))
        found = np.linalg.solve(matrices, side.reshape((*side.shape[: len(blocks)], count, 1)))
        back = found.reshape((*side.shape[: len(blocks)], *[sizes[c] for c in right]))
        return np.transpose(back, [[*blocks, *right].index(c) for c in columns])

    def diag(self) -> Array:
        """The entries whose first half of axes equals the second."""
        import numpy as np

        half = len(self.shape) // 2
        shape = self.shape[:half]
        if len(self.shape) % 2 or self.shape[half:] != shape:
            raise ShapeError(f"an array of shape {self.shape} has no diagonal.")
        same = Groups(self.pattern + self.axes)
        for c, d in zip(self.pattern[:half], self.pattern[half:], strict=True):
            same.join(c, d)
        core, axes = diagonals(np.asarray(self.core), "".join(map(same.find, self.axes)))
        return Structured(core, axes, "".join(map(same.find, self.pattern[:half])), shape).dense()

    def trace(self) -> float:
        """The sum of the diagonal."""
        return float(self.diag().sum())

    def norm(self) -> float:
        """The Frobenius norm, from the core alone."""
        import numpy as np

        missing = int(np.prod([n for c, n in self.sizes.items() if c not in self.axes], dtype=int))
        return float(np.sqrt(np.sum(np.square(self.core)) * missing))


class Part(Protocol):
    """What a sum is made of: a `Structured`, or an outer product of cores."""

    pattern: str
    shape: tuple[int, ...]

    @property
    def core(self) -> Array: ...
    @property
    def axes(self) -> str: ...
    @property
    def sizes(self) -> dict[str, int]: ...
    def dense(self) -> Array: ...
    def __matmul__(self, v: Array) -> Array: ...
    def diag(self) -> Array: ...
    def trace(self) -> float: ...


class StructuredSum:
    """A sum of structured arrays of one shape."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        self.shape = self.parts[0].shape

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.parts))

    def dense(self) -> Array:
        """The whole array."""
        total = self.parts[0].dense()
        for part in self.parts[1:]:
            total += part.dense()
        return total

    def __matmul__(self, v: Array) -> Array:
        """The contraction of the last axes with all axes of v."""
        total = self.parts[0] @ v
        for part in self.parts[1:]:
            total = total + part @ v
        return total

    def joined(self) -> Structured:
        """One structured array: the coarsest pattern holds the others, or it is written out."""
        for whole in self.parts:
            if all(finer(part.pattern, whole.pattern) for part in self.parts):
                letters = "".join(dict.fromkeys(whole.pattern))
                sizes = whole.sizes
                total: Array = 0.0
                for part in self.parts:
                    total = total + _inside(part, whole.pattern, letters, sizes)
                return Structured(total, letters, whole.pattern, self.shape)
        letters = "".join(chr(97 + k) for k in range(len(self.shape)))
        return Structured(self.dense(), letters, letters, self.shape)

    def solve(self, b: Array) -> Array:
        """v with T @ v = b."""
        return self.joined().solve(b)

    def diag(self) -> Array:
        """The entries whose first half of axes equals the second."""
        return sum((part.diag() for part in self.parts[1:]), self.parts[0].diag())

    def trace(self) -> float:
        """The sum of the diagonal."""
        return sum(part.trace() for part in self.parts)

    def norm(self) -> float:
        """The Frobenius norm."""
        return self.joined().norm()


def finer(pattern: str, coarse: str) -> bool:
    """Whether axes that run together in the coarse pattern do so in the other too.

    >>> finer("abab", "abac"), finer("abba", "abac")
    (True, False)
    """
    return len({(c, d) for c, d in zip(coarse, pattern, strict=True)}) == len(set(coarse))


def _inside(part: Part, coarse: str, letters: str, sizes: dict[str, int]) -> Array:
    """A finer array as the core of a coarser pattern."""
    own = "".join(part.pattern[coarse.index(c)] for c in letters)
    return Structured(part.core, part.axes, own, tuple(sizes[c] for c in letters)).dense()


def diagonals(v: Array, letters: str) -> tuple[Array, str]:
    """Repeated letters taken as diagonals."""
    import numpy as np

    while len(set(letters)) < len(letters):
        c = next(c for c in letters if letters.count(c) > 1)
        i = letters.index(c)
        j = letters.index(c, i + 1)
        v = np.diagonal(v, 0, i, j)
        letters = letters[:i] + letters[i + 1 : j] + letters[j + 1 :] + c
    return v, letters


def contract(a: Array, left: str, b: Array, right: str, out: str) -> Array:
    """The product of two arrays with named axes by one batched matrix product; axes that only one has and `out` lacks are summed.

    >>> import numpy as np
    >>> contract(np.ones((2, 3)), "ab", np.ones(3), "b", "a").tolist()
    [3.0, 3.0]
    """
    import numpy as np

    for which in (0, 1):
        mine, other = (left, right) if which == 0 else (right, left)
        gone = tuple(k for k, c in enumerate(mine) if c not in other and c not in out)
        if gone:
            kept = "".join(c for c in mine if c in other or c in out)
            if which == 0:
                a, left = a.sum(axis=gone), kept
            else:
                b, right = b.sum(axis=gone), kept
    batch = [c for c in left if c in right and c in out]
    summed = [c for c in left if c in right and c not in out]
    rows, columns = [c for c in left if c not in right], [c for c in right if c not in left]
    sizes = {**dict(zip(left, a.shape, strict=True)), **dict(zip(right, b.shape, strict=True))}

    def grouped(x: Array, names: str, first: list[str], second: list[str]) -> Array:
        x = np.transpose(x, [names.index(c) for c in (*batch, *first, *second)])
        return x.reshape(
            [*[sizes[c] for c in batch], int(np.prod([sizes[c] for c in first], dtype=int)), int(np.prod([sizes[c] for c in second], dtype=int))]
        )

    product = np.matmul(grouped(a, left, rows, summed), grouped(b, right, summed, columns))
    names = [*batch, *rows, *columns]
    return np.transpose(product.reshape([sizes[c] for c in names]), [names.index(c) for c in out])


__all__ = ["Part", "Structured", "StructuredSum", "contract", "diagonals"]
