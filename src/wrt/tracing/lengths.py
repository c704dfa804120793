"""Sizes as NumPy's shapes have them: 1 is an axis of its own kind, quotients of products of sizes are sizes."""

from __future__ import annotations

from collections.abc import Sequence

from wrt.language.sizes import Size

ONE = Size.of(1)
Sizes = tuple[Size, ...]


def say(sizes: Sequence[Size]) -> str:
    """A shape as NumPy writes it: (batch, n), (n,), ()."""
    return f"({', '.join(map(str, sizes))}{',' if len(sizes) == 1 else ''})"


def quotient(a: Size, b: Size) -> Size | None:
    """a / b where b is one product of sizes that divides every term of a; None otherwise."""
    if a is b:
        return ONE
    if len(b.terms) != 1:
        return None
    (monomial, k), total = b.terms[0], Size.of(0)
    for powers, c in a.terms:
        left = dict(powers)
        for name, e in monomial:
            left[name] = left.get(name, 0) - e
        if c % k or any(e < 0 for e in left.values()):
            return None
        term = Size.of(c // k)
        for name, e in left.items():
            for _ in range(e):
                term = term * Size.of(name)
        total = total + term
    return total
