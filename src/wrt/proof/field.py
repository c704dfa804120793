"""The finite fields of the exact proof: a chain of primes in which exp, powers, sine and cosine keep their identities.

A number is drawn with one residue a level, modulo

    P[0] = 2 P[1] + 1,  P[1] = 2 P[2] + 1,  P[2] = 2 P[3] + 1,      K = 2 K2 + 1 with K dividing P[i] + 1 for every i.

The squares modulo P[i] are a group of order P[i + 1]: exp(a) = g**(a mod P[i + 1]) and u**b = u**(b mod P[i + 1]), so that
exp(a + b) = exp(a) exp(b) and u**(a + b) = u**a u**b. The norm-one elements of the field with P[i]**2 elements hold a group of order K:
cos(a) + i sin(a) = w**(a mod K). All primes are 3 modulo 4, so -1 is no square: squares are called positive, and a root is the positive one.
All are -1 modulo 3, 5 and 7 too (the chain also modulo 11 and 13), which makes the whole numbers built from these positive.
Past the last level a function is a random oracle: a hash of its name and argument.
"""

from __future__ import annotations

from hashlib import blake2b

K = 2399402323919
STEP = 480480  # 2**5 * 3 * 5 * 7 * 11 * 13
PRIMES = tuple(K * STEP // 2**i - 1 for i in range(4))
WINDOW = 4  # bits of an exponent looked up at a time


class Level:
    """One field: its prime `p`, the level that exponents live in (`exp`) and the level that angles live in (`trig`), None past the last."""

    def __init__(self, p: int, exp: Level | None, trig: Level | None) -> None:
        self.p = p
        self.exp = exp
        self.trig = trig
        self._signs: dict[int, int] = {}
        self._powers: list[list[int]] = []
        self._turns: list[list[tuple[int, int]]] = []

    def __repr__(self) -> str:
        return f"Level({self.p})"

    def sign(self, a: int) -> int:
        """1 for a square, -1 for none, 0 for zero: the Legendre symbol."""
        found = self._signs.get(a)
        if found is None:
            power = pow(a, (self.p - 1) // 2, self.p)
            found = -1 if power == self.p - 1 else power
            if len(self._signs) > 50_000:
                self._signs.clear()
            self._signs[a] = found
        return found

    def root(self, a: int) -> int:
        """The positive root of a square."""
        return pow(a, (self.p + 1) // 4, self.p)

    def power(self, base: int, exponent: int) -> int:
        """base**exponent for a positive base, the exponent a residue of the level `exp`."""
        return pow(base, exponent, self.p)

    def exponential(self, a: int) -> int:
        """g**a for a residue a of the level `exp`, from a table of windows."""
        if not self._powers:
            base = pow(self.oracle("exp base"), 2, self.p)
            for _ in range(64 // WINDOW):
                row = [1]
                for _ in range((1 << WINDOW) - 1):
                    row.append(row[-1] * base % self.p)
                self._powers.append(row)
                base = row[-1] * base % self.p
        out, p = 1, self.p
        for row in self._powers:
            if not a:
                break
            out = out * row[a & 15] % p
            a >>= WINDOW
        return out

    def circle(self, a: int) -> tuple[int, int]:
        """(cos a, sin a) for a residue a of the level `trig`."""
        p = self.p
        if not self._turns:
            z = (self.oracle("turn"), self.oracle("turn", 1))
            norm = pow(z[0] * z[0] + z[1] * z[1], -1, p)
            unit = ((z[0] * z[0] - z[1] * z[1]) * norm % p, -2 * z[0] * z[1] * norm % p)  # conjugate / z
            base = self._turn_power(unit, (p + 1) // K)
            for _ in range(44 // WINDOW):
                row = [(1, 0)]
                for _ in range((1 << WINDOW) - 1):
                    row.append(self._turn(row[-1], base))
                self._turns.append(row)
                base = self._turn(row[-1], base)
        c, s = 1, 0
        for row in self._turns:
            if not a:
                break
            x, y = row[a & 15]
            c, s = (c * x - s * y) % p, (c * y + s * x) % p
            a >>= WINDOW
        return c, s

    def _turn(self, a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
        return (a[0] * b[0] - a[1] * b[1]) % self.p, (a[0] * b[1] + a[1] * b[0]) % self.p

    def _turn_power(self, a: tuple[int, int], exponent: int) -> tuple[int, int]:
        out = (1, 0)
        while exponent:
            if exponent & 1:
                out = self._turn(out, a)
            a = self._turn(a, a)
            exponent >>= 1
        return out

    def oracle(self, name: str, *arguments: int) -> int:
        """A value that depends on nothing but the name and the arguments."""
        words = f"{self.p}|{name}|{arguments}".encode()
        return int.from_bytes(blake2b(words, digest_size=12).digest(), "big") % self.p


def _levels() -> tuple[Level, ...]:
    angles = Level(K, Level((K - 1) // 2, None, None), None)
    level: Level | None = None
    out: list[Level] = []
    for p in reversed(PRIMES):
        level = Level(p, level, angles)
        out.append(level)
    assert angles.exp is not None
    return (*reversed(out), angles, angles.exp)


LEVELS = _levels()
BASE = LEVELS[0]
