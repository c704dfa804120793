"""Sizes: integer polynomials in size names, such as 3, n, m + 1, m*n; interned, so that equal sizes are one object."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from fractions import Fraction
from weakref import WeakValueDictionary

from wrt.errors import TooLargeError

Monomial = tuple[tuple[str, int], ...]  # ((name, exponent), ...), names ascending

MAX_POWER = 12  # of a size, as in n**2
MAX_RECENT = 10_000  # sizes kept alive that nobody may need any more
MAX_TERMS = 4000  # of a product of sizes, before equal ones are collected: a product of sums has exponentially many


class Size:
    """An integer polynomial in size names. Build with `Size.of(3)`, `Size.of("n")`, and + - *."""

    __slots__ = ("__weakref__", "terms", "text")
    terms: tuple[tuple[Monomial, int], ...]
    text: str

    @staticmethod
    def of(value: int | str | Size) -> Size:
        """The size of a whole number or a name: Size.of(3), Size.of("n")."""
        if isinstance(value, Size):
            return value
        found = _COMMON.get(value)
        if found is None:
            found = _make({((value, 1),): 1} if isinstance(value, str) else {(): int(value)})
            if len(_COMMON) < 10_000:
                _COMMON[value] = found
        return found

    @property
    def number(self) -> int | None:
        """The whole number this size is, or None when it holds a name."""
        if not self.terms:
            return 0
        return self.terms[0][1] if len(self.terms) == 1 and self.terms[0][0] == () else None

    @property
    def name(self) -> str | None:
        """The name this size is, or None when it is not one bare name."""
        if len(self.terms) == 1 and self.terms[0][1] == 1 and len(self.terms[0][0]) == 1 and self.terms[0][0][0][1] == 1:
            return self.terms[0][0][0][0]
        return None

    @property
    def names(self) -> frozenset[str]:
        """All names that occur."""
        return frozenset(name for monomial, _ in self.terms for name, _ in monomial)

    def __add__(self, other: Size | int) -> Size:
        out = dict(self.terms)
        for monomial, k in Size.of(other).terms:
            out[monomial] = out.get(monomial, 0) + k
        return _make(out)

    def parted(self) -> tuple[Size, Size]:
        """(a, b) with self = a - b, neither with a minus sign: of n - m - 1 the sizes n and m + 1."""
        return _make({m: k for m, k in self.terms if k > 0}), _make({m: -k for m, k in self.terms if k < 0})

    def __neg__(self) -> Size:
        return _make({monomial: -k for monomial, k in self.terms})

    def __sub__(self, other: Size | int) -> Size:
        return self + (-Size.of(other))

    def __mul__(self, other: Size | int) -> Size:
        out: dict[Monomial, int] = {}
        factor = Size.of(other)
        if len(self.terms) * len(factor.terms) > MAX_TERMS:
            raise TooLargeError("a size of that many terms is not supported.")
        for a, j in self.terms:
            for b, k in factor.terms:
                powers = dict(a)
                for name, e in b:
                    powers[name] = powers.get(name, 0) + e
                monomial = tuple(sorted(powers.items()))
                out[monomial] = out.get(monomial, 0) + j * k
        return _make(out)

    def steps(self, step: int) -> Size | None:
        """How many steps this length takes, ceil(length/step); None where that is no polynomial.

        >>> print((Size.of("n") * 2 - 1).steps(2))
        n
        """
        if any(k % step for monomial, k in self.terms if monomial):
            return None
        return _make({monomial: -(-k // step) for monomial, k in self.terms})

    def value(self, sizes: Mapping[str, int]) -> int:
        """The whole number for given values of the names."""
        total = 0
        for monomial, k in self.terms:
            for name, e in monomial:
                k *= int(sizes[name]) ** e
            total += k
        return total

    def substitute(self, sizes: Mapping[str, Size]) -> Size:
        """The size with names replaced by sizes."""
        if not any(name in sizes for name in self.names):
            return self
        total = Size.of(0)
        for monomial, k in self.terms:
            term = Size.of(k)
            for name, e in monomial:
                factor = sizes.get(name, Size.of(name))
                for _ in range(e):
                    term = term * factor
            total = total + term
        return total

    def __repr__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[object, ...]:
        return _make, (dict(self.terms),)


_TABLE: WeakValueDictionary[tuple[tuple[Monomial, int], ...], Size] = WeakValueDictionary()  # every size there is
_RECENT: dict[tuple[tuple[Monomial, int], ...], Size] = {}  # the same, kept alive for a while: most are made again soon
_COMMON: dict[int | str, Size] = {}
_LOCK = threading.Lock()


def _make(terms: dict[Monomial, int]) -> Size:
    key = tuple(sorted(((m, k) for m, k in terms.items() if k), key=_order))
    found = _RECENT.get(key)
    if found is None:
        with _LOCK:
            found = _TABLE.get(key)
            if found is None:
                found = object.__new__(Size)
                found.terms = key
                found.text = _text(key)
                _TABLE[key] = found
            if len(_RECENT) >= MAX_RECENT:
                _RECENT.clear()
            _RECENT[key] = found
    return found


def _order(term: tuple[Monomial, int]) -> tuple[int, Monomial]:
    return (-sum(e for _, e in term[0]), term[0])


def _text(terms: tuple[tuple[Monomial, int], ...]) -> str:
    """`m*n + 2*n - 1`, in the text language (powers written out as products)."""
    out = ""
    for monomial, k in terms:
        factors = [name for name, e in monomial for _ in range(e)]
        if abs(k) != 1 or not factors:
            factors.insert(0, str(abs(k)))
        word = "*".join(factors)
        out += (f" {'-' if k < 0 else '+'} " if out else "-" if k < 0 else "") + word
    return out or "0"


def ratio(value: Fraction) -> str:
    """A fraction in the text language: 3, 1/2, -3/4."""
    return str(value)
