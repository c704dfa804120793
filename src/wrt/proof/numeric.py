"""The numeric evaluator: the same walk with floats of any precision, for what no finite field can decide.

Derivatives are central differences with tiny steps, so that only values are ever needed, of spectral functions too. mpmath is imported
when the first one is made. Outside its domain a function raises `UnfitError`, and so does a point nearer to a kink than `MARGIN`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from wrt.language.sizes import Size
from wrt.language.surface import Call, Declaration, Node, Text
from wrt.proof import spectra
from wrt.proof.arrays import Flat, Parts, UndecidedError, UnfitError, Value, ordered, size_of
from wrt.proof.calls import norm_order
from wrt.proof.draw import Draw, Maker, construct, hashed
from wrt.proof.jets import Ring
from wrt.proof.reading import Reading
from wrt.proof.walk import OWN, Env, Rule, Walker, all_of
from wrt.proof.whole import Whole, decided, note
from wrt.tables.facts import closure
from wrt.tables.functions import FUNCTIONS

MARGIN = Fraction(1, 10**8)
STYLES = (  # (least size, greatest size, share of negative entries in 8, multiple of the identity added to square matrices)
    (Fraction(1, 4), Fraction(5, 4), 4, 0),
    (Fraction(1, 3), Fraction(4, 3), 0, 0),
    (Fraction(1, 8), Fraction(7, 8), 0, 0),
    (Fraction(1, 16), Fraction(3, 8), 4, 0),
    (Fraction(5, 4), Fraction(5, 2), 0, 0),
    (Fraction(1, 8), Fraction(1, 2), 4, 3),
)


@lru_cache(maxsize=64)
def context(digits: int) -> Any:
    """The mpmath context with that many digits."""
    import mpmath

    made = mpmath.MPContext()
    made.dps = digits
    return made


class FloatDraw(Draw):
    """Variables as floats, drawn inside their domains; `style` varies sizes and signs."""

    def __init__(
        self,
        declarations: Mapping[str, Declaration],
        sizes: Mapping[str, int],
        seed: str,
        lookups: Mapping[str, Iterable[tuple[int, Size]]],
        style: int,
        turn: int = 0,
    ) -> None:
        super().__init__(declarations, sizes, seed, lookups, turn)
        self.style = style
        self._floats: dict[tuple[int, str], Flat] = {}

    def floats(self, mp: Any, name: str) -> Flat:
        """The entries of a variable."""
        key = (mp.dps, name)
        if key not in self._floats:
            self._floats[key] = self._made(mp, name)
        return self._floats[key]

    def _made(self, mp: Any, name: str) -> Flat:
        facts = closure(self.declarations[name].facts)
        if "integer" in facts:
            return [mp.mpf(v) for v in self.whole(name)]
        least, greatest, negative, diagonal = STYLES[self.style]

        def share(k: int, what: str = "") -> Fraction:
            return Fraction(hashed(self.seed, name, k, what) % 2**20, 2**20)

        def number(f: Fraction) -> Any:
            return mp.mpf(f.numerator) / f.denominator

        def entry(k: int) -> Any:
            size = least + (greatest - least) * share(k)
            return number(-size if hashed(self.seed, name, k, "sign") % 8 < negative else size)

        kinds = {
            "positive": lambda k: number(Fraction(1, 4) + share(k)),
            "pivot": lambda k: number(1 + share(k) / 2),
            "unit_interval": lambda k: number(Fraction(1, 8) + Fraction(3, 4) * share(k)),
            "labels_pm1": lambda k: mp.mpf(1 if self._hash(name, k) & 1 else -1),
            "choice": lambda k: self._hash(name, k),
        }
        dims = self.dims(name)
        ring = Ring(None, mp.mpf(1))
        flat = [v * ring.one for v in construct(Maker(ring, entry, kinds, mp.sqrt), dims, facts)]
        if diagonal and len(dims) == 2 and dims[0] == dims[1] and not facts & {"orthogonal", "idempotent"}:
            n = dims[0]
            flat = [v + diagonal if k // n == k % n else v for k, v in enumerate(flat)]
        return flat

    def floating(self, mp: Any, name: str, which: object, count: int) -> Flat:
        """Random floats between -1 and 1."""
        return [mp.mpf(hashed(self.seed, name, which, k) % 2**20) / 2**19 - 1 for k in range(count)]


class Numeric(Walker):
    """Evaluation in floats at one point; `shift` moves variables along their directions."""

    def __init__(self, reading: Reading, draw: FloatDraw, digits: int, budget: int) -> None:
        self.mp = context(digits)
        super().__init__(reading, draw.sizes, Ring(None, self.mp.mpf(1)), budget)
        self.draw = draw
        self.integers = Whole(reading, draw)
        self.shifts: dict[str, Flat] = {}  # how far a variable is moved
        self.margin = self.number(MARGIN)
        self.library = False  # singular vectors and eigenvectors have the signs that NumPy gives them
        self.branches = 0  # branches of `where` around the node at hand: what has no value there is nan, which matters only where it is chosen
        self.ring.small = self.small = self.mp.mpf(10) ** (-digits // 2)
        self.nothing = self.mp.mpf(10) ** (-(4 * digits) // 5)

    def random(self, what: str, *place: int) -> Any:
        return self.mp.mpf(hashed(what, place) % 2**20) / 2**19 - 1

    def smooth(self, name: str, count: int, flat: Flat, order: int) -> Flat:
        """sin(u), cos(u), -sin(u), ..."""
        turns = (self.mp.sin, self.mp.cos)
        sign = -1 if order % 4 >= 2 else 1
        return [sign * turns[order % 2](v) for v in flat]

    def whole_of(self, node: Node, env: Env) -> Value:
        return self.integers.value(node, env)

    def number(self, value: Fraction | int) -> Any:
        if isinstance(value, int):
            return self.mp.mpf(value)
        return self.mp.mpf(value.numerator) / value.denominator

    def constant(self, name: str) -> Any:
        if name == "inf":
            raise UndecidedError("inf is no number")
        return +getattr(self.mp, name)

    def base(self, name: str) -> Flat:
        """The entries of a variable, made once a draw and precision."""
        return self.draw.floats(self.mp, name)

    def variable(self, name: str, bits: int) -> Value:
        found = self.extra.get(name)
        if found is not None:
            return found
        shape = self.reading.declarations[name].shape
        value = Value(OWN.get(shape.kind) or tuple(range(shape.order)), self.dims(shape), {0: self.base(name)})
        return self.moved(name, value, bits)

    def moved(self, name: str, value: Value, bits: int) -> Value:
        shift = self.shifts.get(name)
        return value if shift is None else self.add(value, Value(value.keys, value.dims, {0: shift}))

    def reciprocal(self, a: Parts, bits: int) -> Parts:
        if not all(a[0]):
            raise UnfitError("a division by zero")
        if any(abs(v) < self.nothing for v in a[0]):
            raise UnfitError("a division by what is zero but for rounding", singular=True)
        return {0: [self.ring.one / v for v in a[0]]}

    def root(self, a: Any) -> Any:
        self._rounded(a)
        if a < 0:
            return self.outside("the root of a negative number")
        return self.mp.sqrt(a)

    def outside(self, why: str) -> Any:
        """The value of a function outside its domain: nan inside a branch that may not be chosen. Raises: UnfitError elsewhere."""
        if not self.branches:
            raise UnfitError(why)
        return self.mp.nan

    # ------------------------------------------------------------------------------------------------ signs
    def signs(self, left: Node, right: Node, env: Env) -> Rule:
        a = yield left
        b = yield right
        return self.noted(decided(left, right), self.subtract(a, b))

    def noted(self, key: object, value: Value) -> Value:
        flat = value.parts.get(0, [0] * size_of(value.dims))
        if any(v and abs(v) < self.margin for v in flat):
            raise UnfitError("a point near a kink", near=True)
        found = [1 if v > 0 else -1 if v < 0 else 0 for v in flat]
        note(self.seen, key, [1 if v > 0 else 2 if v < 0 else 4 for v in found])
        return Value(value.keys, value.dims, {0: found})

    def chosen(self, node: Call, flat: Flat, groups: Sequence[Sequence[int]], largest: bool) -> list[int]:
        out = []
        for group in groups:
            order = sorted(group, key=lambda i: -flat[i] if largest else flat[i])
            if len(order) > 1 and abs(flat[order[0]] - flat[order[1]]) < self.margin:
                raise UnfitError("a point near a tie", near=True)
            out.append(order[0])
            note(self.seen, (node.function, id(node.arguments[0])), [1 << min(order[0] - group[0], 1) if len(group) > 1 else 3])
        return out

    # ------------------------------------------------------------------------------------------------ functions
    def elementwise(self, node: Call, env: Env, bits: int) -> Rule:
        name = node.function
        if name in ("sign", "abs", "relu"):
            u = yield node.arguments[0]
            found = self.noted(id(node.arguments[0]), u)
            weight = KINKED[name]
            return Value(u.keys, u.dims, {0: [self.ring.one * weight(v, s) for v, s in zip(u.parts[0], found.parts[0], strict=True)]})
        if name in ("maximum", "minimum", "where"):
            return (yield from self._branch(node))
        values = yield from all_of(node.arguments, env, bits)
        if name in ("sqrt", "log", "_logabs"):
            note(self.seen, (name, id(node.arguments[0])), [1])
        function = functions(self.mp).get(name)
        if function is None:
            row = FUNCTIONS.get(name)
            if row is None or not row.defined:
                raise UndecidedError(f"{name} has no numeric value here")
            return (yield self.reading.expanded(node, row.defined, row.arguments))
        if len(values) == 1:
            (u,) = values
            return Value(u.keys, u.dims, {0: [self.real(function, v) for v in u.parts.get(0, [self.number(0)] * size_of(u.dims))]})
        a, b = values
        return self._pairwise(a, b, function)

    def _pairwise(self, a: Value, b: Value, function: Callable[..., Any]) -> Value:
        plan = self.met(a, b)
        x, y = (v.parts.get(0, [self.number(0)] * size_of(v.dims)) for v in (a, b))
        x = x if plan.left is None else plan.left(x)
        y = y if plan.right is None else plan.right(y)
        return Value(plan.keys, plan.dims, {0: [self.real(function, u, v) for u, v in zip(x, y, strict=True)]})

    def _rounded(self, base: Any) -> None:
        """Refuse a root of what is zero but for rounding, as det(X.T @ X) of a wide X is: it has no derivative, with other sizes it may."""
        if base and abs(base) < self.nothing and not self.branches:
            raise UnfitError("a root of what is zero but for rounding", singular=True)

    def real(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """A function's value; UnfitError outside its domain, nan inside a branch."""
        if function == self.mp.sqrt:
            self._rounded(*arguments)
        try:
            return spectra.real(self.mp, function, *arguments)
        except UnfitError as error:
            return self.outside(error.why)

    def _branch(self, node: Call) -> Rule:
        if node.function == "where":
            condition = yield node.arguments[0]
            self.branches += 1
            try:
                first, second = (yield node.arguments[1]), (yield node.arguments[2])
            finally:
                self.branches -= 1
            holds = Value(condition.keys, condition.dims, {0: [v != 0 for v in condition.parts.get(0, [0])]})
            none = self.number(0)
            return self.add(self._pairwise(holds, first, lambda c, v: v if c else none), self._pairwise(holds, second, lambda c, v: none if c else v))
        else:
            first, second = (yield node.arguments[0]), (yield node.arguments[1])
            found = self.noted(decided(*node.arguments), self.subtract(first, second))
            sign = 1 if node.function == "maximum" else -1
            share = Value(found.keys, found.dims, {0: [self.number(Fraction(1 + sign * s, 2)) for s in found.parts[0]]})
        rest = self.subtract(self.scalar(self.number(1)), share)
        return self.add(self.times(share, first), self.times(rest, second))

    def power(self, node: Node, base: Node, exponent: Node, env: Env, bits: int) -> Rule:
        u = yield base
        b = yield exponent
        note(self.seen, ("root", id(base)), [1])
        return self._pairwise(u, b, self._raised)

    def _raised(self, base: Any, exponent: Any) -> Any:
        if exponent == self.mp.nint(exponent):
            return base ** int(exponent)
        self._rounded(base)
        if base < 0 or (base == 0 and exponent < 0):
            return self.outside("the power of a negative number")
        return base**exponent

    # ------------------------------------------------------------------------------------------------ spectra
    def spectral(self, node: Call, env: Env, bits: int) -> Rule:
        order = norm_order(node) if node.function == "norm" else node.arguments[0]
        which = order.value if isinstance(order, Text) else node.function
        matrices = [a for a in node.arguments if not isinstance(a, Text)][: 2 if node.function == "frechet" else 1]
        values = yield from all_of(matrices, env, bits)
        m, n = values[0].dims[-2:]
        bound = ordered(frozenset(k for v in values for k in self.bound(v)))
        sizes = {k: d for v in values for k, d in zip(v.keys, v.dims, strict=True)}
        flats = [self.arranged(v, (*bound, 0, 1), sizes).parts.get(0, []) for v in values]
        count = size_of([sizes[k] for k in bound])
        zero = [self.number(0)] * (m * n)
        pieces = [[flat[k * m * n : (k + 1) * m * n] or zero for flat in flats] for k in range(count)]
        own, dims = spectra.shape(which if node.function != "frechet" else "frechet", m, n)
        out: list[Any] = []
        for piece in pieces:
            if node.function == "frechet":
                out += spectra.frechet(self.mp, which, piece[0], piece[1], n)
            else:
                out += spectra.matrix_function(self.mp, which, piece[0], m, n, library=self.library)
        return Value((*bound, *own), (*[sizes[k] for k in bound], *dims), {0: out})


KINKED: dict[str, Callable[[Any, int], Any]] = {
    "sign": lambda v, s: s,
    "abs": lambda v, s: v * s,
    "relu": lambda v, s: v if s > 0 else 0 * v,
}


@lru_cache(maxsize=64)
def functions(mp: Any) -> dict[str, Callable[..., Any]]:
    """The functions of one or two numbers in a context."""

    def positive(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def guarded(x: Any) -> Any:
            if x <= 0:
                raise ValueError
            return f(x)

        return guarded

    names = "exp sin cos tan sec csc cot sinh cosh tanh expm1 erf".split()
    inverse = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh"}
    half = mp.mpf(1) / 2
    return {
        **{name: getattr(mp, name) for name in names},
        **{name: getattr(mp, theirs) for name, theirs in inverse.items()},
        "log": positive(mp.log),
        "_logabs": lambda x: mp.log(abs(x)),
        "log1p": lambda x: positive(mp.log)(1 + x),
        "sqrt": mp.sqrt,
        "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
        "softplus": lambda x: mp.log(1 + mp.exp(x)),
        "silu": lambda x: x / (1 + mp.exp(-x)),
        "gelu": lambda x: x * (1 + mp.erf(x / mp.sqrt(2))) * half,
        "gammaln": positive(mp.loggamma),
        "digamma": mp.digamma,
        "polygamma": lambda k, x: mp.psi(int(k), x),
    }
