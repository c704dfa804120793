"""Sizes that must be equal: flexible sizes (of variables nobody declared) are solved, declared ones must agree.

A flexible size is a name that starts with "?". Only a flexible size that occurs alone and linearly is solved for; what is left over between
composite sizes is recorded as a constraint and checked when numbers are known.
"""

from __future__ import annotations

from wrt.language.sizes import Size


class Sizes:
    """The bindings of flexible sizes, and the equations that could not be solved."""

    def __init__(self) -> None:
        self.bound: dict[str, Size] = {}
        self.count = 0
        self.pending: list[tuple[Size, Size]] = []

    def fresh(self) -> Size:
        """A new flexible size."""
        self.count += 1
        return Size.of(f"?{self.count}")

    def find(self, size: Size) -> Size:
        """The size with everything known put in."""
        while self.bound and any(name in self.bound for name in size.names):
            size = size.substitute(self.bound)
        return size

    def unify(self, a: Size, b: Size) -> bool:
        """Make two sizes equal; False when they cannot be."""
        if a is b:
            return True
        a, b = self.find(a), self.find(b)
        if a is b:
            return True
        for one, other in ((a, b), (b, a)):
            name = one.name
            if name is not None and name.startswith("?") and name not in other.names:
                self.bound[name] = other
                return True
        return self._solve(a - b)

    def _solve(self, difference: Size) -> bool:
        """Solve difference = 0 for a flexible size that occurs alone, linearly and with coefficient 1 or -1."""
        flexible = [name for name in sorted(difference.names) if name.startswith("?")]
        for name in flexible:
            holding = [(m, k) for m, k in difference.terms if any(n == name for n, _ in m)]
            if len(holding) == 1 and holding[0][0] == ((name, 1),) and abs(holding[0][1]) == 1:
                k = holding[0][1]
                rest = difference - Size.of(name) * k
                self.bound[name] = rest * -k
                return True
        if flexible:
            self.pending.append((difference, Size.of(0)))
            return True
        return False

    def settled(self) -> bool:
        """Whether every equation put off holds now."""
        return all(self.find(a) is self.find(b) for a, b in self.pending)
