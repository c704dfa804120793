"""The numeric evaluator: the same walk with floats of any precision, for what no finite field can decide.

Derivatives are central differences with tiny steps, so that only values are ever needed, of spectral functions too. mpmath is imported
when the first one is made. Outside its domain a function raises `Unfit`, and so does a point nearer to a kink than `MARGIN`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from wrt.language.sizes import Size
from wrt.language.surface import Call, Declaration, Node, Text
from wrt.proof.arrays import Flat, Parts, Undecided, Unfit, Value, meeting, size_of
from wrt.proof.calls import batched, norm_order
from wrt.proof.draw import Draw, Maker, construct, hashed
from wrt.proof.exact import Whole
from wrt.proof.jets import Ring
from wrt.proof.reading import Reading
from wrt.proof.walk import OWN, Env, Rule, Walker
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


def context(digits: int) -> Any:
    """An mpmath context of its own with that many digits."""
    import mpmath

    made = mpmath.MPContext()
    made.dps = digits
    return made


class FloatDraw(Draw):
    """Variables as floats, drawn inside their domains; `style` varies sizes and signs."""

    def __init__(self, declarations: Mapping[str, Declaration], sizes: Mapping[str, int], seed: str, lookups: Mapping[str, Iterable[Size]], style: int) -> None:
        super().__init__(declarations, sizes, seed, lookups)
        self.style = style

    def floats(self, mp: Any, name: str) -> Flat:
        """The entries of a variable."""
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
        self.values: dict[str, Flat] = {}
        self.extra: dict[str, Value] = {}
        self.seen: dict[int, int] = {}
        self.margin = self.number(MARGIN)
        self.small = self.mp.mpf(10) ** (-digits * 2 // 3)

    def whole_of(self, node: Node, env: Env) -> Value:
        return self.integers.value(node, env)

    def number(self, value: Fraction | int) -> Any:
        if isinstance(value, int):
            return self.mp.mpf(value)
        return self.mp.mpf(value.numerator) / value.denominator

    def constant(self, name: str) -> Any:
        if name == "inf":
            raise Undecided("inf is no number")
        return +getattr(self.mp, name)

    def base(self, name: str) -> Flat:
        """The entries of a variable, made once."""
        found = self.values.get(name)
        if found is None:
            found = self.values[name] = self.draw.floats(self.mp, name)
        return found

    def variable(self, name: str, bits: int) -> Value:
        found = self.extra.get(name)
        if found is not None:
            return found
        shape = self.reading.declarations[name].shape
        return Value(OWN.get(shape.kind) or tuple(range(shape.order)), self.dims(shape), {0: self.base(name)})

    def reciprocal(self, a: Parts, bits: int) -> Parts:
        if not all(a[0]):
            raise Unfit("a division by zero")
        return {0: [self.ring.one / v for v in a[0]]}

    def root(self, a: Any) -> Any:
        if a < 0:
            raise Unfit("the root of a negative number")
        return self.mp.sqrt(a)

    # ------------------------------------------------------------------------------------------------ signs
    def signs(self, node: Node, left: Node, right: Node, env: Env) -> Rule:
        a = yield left
        b = yield right
        return self.noted(node, self.subtract(a, b))

    def noted(self, node: Node, value: Value) -> Value:
        flat = value.parts.get(0, [0] * size_of(value.dims))
        if any(v and abs(v) < self.margin for v in flat):
            raise Unfit("a point near a kink")
        found = [1 if v > 0 else -1 if v < 0 else 0 for v in flat]
        for v in found:
            self.seen[id(node)] = self.seen.get(id(node), 0) | (1 if v > 0 else 2 if v < 0 else 4)
        return Value(value.keys, value.dims, {0: found})

    def chosen(self, node: Call, flat: Flat, groups: Sequence[Sequence[int]], largest: bool) -> list[int]:
        out = []
        for group in groups:
            order = sorted(group, key=lambda i: -flat[i] if largest else flat[i])
            if len(order) > 1 and abs(flat[order[0]] - flat[order[1]]) < self.margin:
                raise Unfit("a point near a tie")
            out.append(order[0])
            self.seen[id(node)] = self.seen.get(id(node), 0) | (1 << min(order[0] - group[0], 1) if len(group) > 1 else 3)
        return out

    # ------------------------------------------------------------------------------------------------ functions
    def elementwise(self, node: Call, env: Env, bits: int) -> Rule:
        name = node.function
        if name in ("sign", "abs", "relu"):
            u = yield node.arguments[0]
            found = self.noted(node, u)
            weight = {"sign": lambda v, s: s, "abs": lambda v, s: v * s, "relu": lambda v, s: v if s > 0 else 0 * v}[name]
            return Value(u.keys, u.dims, {0: [self.ring.one * weight(v, s) for v, s in zip(u.parts[0], found.parts[0], strict=True)]})
        if name in ("maximum", "minimum", "where"):
            return (yield from self._branch(node))
        values = []
        for argument in node.arguments:
            values.append((yield argument))
        function = functions(self.mp).get(name)
        if function is None:
            row = FUNCTIONS.get(name)
            if row is None or not row.defined:
                raise Undecided(f"{name} has no numeric value here")
            return (yield self.reading.expanded(node, row.defined, row.arguments))
        if len(values) == 1:
            (u,) = values
            return Value(u.keys, u.dims, {0: [self.real(function, v) for v in u.parts.get(0, [self.number(0)] * size_of(u.dims))]})
        a, b = values
        return self._pairwise(a, b, function)

    def _pairwise(self, a: Value, b: Value, function: Callable[..., Any]) -> Value:
        plan = meeting(a.keys, a.dims, b.keys, b.dims)
        x, y = (v.parts.get(0, [self.number(0)] * size_of(v.dims)) for v in (a, b))
        x = x if plan.left is None else plan.left(x)
        y = y if plan.right is None else plan.right(y)
        return Value(plan.keys, plan.dims, {0: [self.real(function, u, v) for u, v in zip(x, y, strict=True)]})

    def real(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """A function's value; Unfit outside its domain."""
        try:
            y = function(*arguments)
        except (ValueError, ZeroDivisionError, OverflowError, TypeError):
            raise Unfit("a point outside the domain") from None
        if not isinstance(y, self.mp.mpf):
            if getattr(y, "imag", 0) != 0:
                raise Unfit("a point outside the domain")
            y = self.mp.mpf(y.real if hasattr(y, "real") else y)
        if not self.mp.isfinite(y):
            raise Unfit("a value that is not finite")
        return y

    def _branch(self, node: Call) -> Rule:
        if node.function == "where":
            condition = yield node.arguments[0]
            first, second = (yield node.arguments[1]), (yield node.arguments[2])
            flat = condition.parts.get(0, [0])
            share = Value(condition.keys, condition.dims, {0: [self.number(int(v != 0)) for v in flat]})
        else:
            first, second = (yield node.arguments[0]), (yield node.arguments[1])
            found = self.noted(node, self.subtract(first, second))
            sign = 1 if node.function == "maximum" else -1
            share = Value(found.keys, found.dims, {0: [self.number(Fraction(1 + sign * s, 2)) for s in found.parts[0]]})
        rest = self.subtract(self.scalar(self.number(1)), share)
        return self.add(self.times(share, first), self.times(rest, second))

    def power(self, node: Node, base: Node, exponent: Node, env: Env, bits: int) -> Rule:
        u = yield base
        b = yield exponent
        return self._pairwise(u, b, self._raised)

    def _raised(self, base: Any, exponent: Any) -> Any:
        if exponent == self.mp.nint(exponent):
            return base ** int(exponent)
        if base < 0 or (base == 0 and exponent < 0):
            raise Unfit("the power of a negative number")
        return base**exponent

    # ------------------------------------------------------------------------------------------------ spectra
    def spectral(self, node: Call, env: Env, bits: int) -> Rule:
        matrices = []
        for argument in node.arguments:
            if not isinstance(argument, Text):
                matrices.append((yield argument))
            if node.function == "norm":
                break
        first = matrices[0]
        m, n = first.dims[-2:]
        if node.function == "frechet":
            text = node.arguments[0]
            assert isinstance(text, Text)
            if any(self.bound(v) for v in matrices):
                raise Undecided("frechet under a sum")
            flat = self._frechet(text.value, first.parts[0], matrices[1].parts[0], n)
            return Value((0, 1), (n, n), {0: flat})
        which = node.function
        if which == "norm":
            order = norm_order(node)
            assert isinstance(order, Text)
            which = order.value
        r = min(m, n)
        own, dims = {"nuc": ((), ()), "spec": ((), ()), "eigvalsh": ((0,), (n,)), "svdvals": ((0,), (r,))}.get(which, ((0, 1), (m, n)))
        if which in ("svd_u", "svd_v"):
            dims = (m if which == "svd_u" else n, r)
        return batched(self, first, lambda parts: {0: self._matrix_function(which, parts[0], m, n)}, own, dims)

    def _rows(self, flat: Flat, m: int, n: int) -> Any:
        return self.mp.matrix([[flat[i * n + j] for j in range(n)] for i in range(m)])

    def _flat(self, a: Any) -> Flat:
        return [self.real(lambda v: self._nearly_real(v), a[i, j]) for i in range(a.rows) for j in range(a.cols)]

    def _nearly_real(self, v: Any) -> Any:
        if isinstance(v, self.mp.mpc) and abs(v.imag) <= self.small * (1 + abs(v.real)):
            return v.real
        return v

    def _matrix_function(self, which: str, flat: Flat, m: int, n: int) -> Flat:
        mp = self.mp
        a = self._rows(flat, m, n)
        if which in ("expm", "logm", "sqrtm"):
            return self._flat(self._function(which, a))
        if which in ("eigvalsh", "eigvecsh"):
            values, vectors = mp.eigsy((a + a.T) / 2)
            order = sorted(range(n), key=lambda k: values[k])
            self._apart([values[k] for k in order])
            if which == "eigvalsh":
                return [values[k] for k in order]
            signs = [self._turn([vectors[i, k] for i in range(n)]) for k in order]
            return [vectors[i, k] * s for i in range(n) for k, s in zip(order, signs, strict=True)]
        u, s, v = mp.svd_r(a) if m >= n else self._swapped_svd(a)
        r = min(m, n)
        if which in ("svdvals", "nuc", "spec"):
            values = [s[k] for k in range(r)]
            return values if which == "svdvals" else [sum(values) if which == "nuc" else max(values)]
        if which == "polar":
            return self._flat(u * v)
        signs = [self._turn([u[i, k] for i in range(m)]) for k in range(r)]
        if which == "svd_u":
            return [u[i, k] * signs[k] for i in range(m) for k in range(r)]
        return [v[k, j] * signs[k] for j in range(n) for k in range(r)]

    def _swapped_svd(self, a: Any) -> tuple[Any, Any, Any]:
        u, s, v = self.mp.svd_r(a.T)
        return v.T, s, u.T

    def _apart(self, values: Sequence[Any]) -> None:
        if any(abs(a - b) < self.margin for a, b in zip(values, values[1:], strict=False)):
            raise Unfit("eigenvalues that nearly meet")

    def _turn(self, column: Sequence[Any]) -> int:
        """The sign that makes the largest entry of a column positive."""
        return 1 if max(column, key=abs) > 0 else -1

    def _function(self, which: str, a: Any) -> Any:
        mp = self.mp
        with mp.extradps(15):
            try:
                return +{"expm": mp.expm, "logm": mp.logm, "sqrtm": mp.sqrtm}[which](a)
            except (ValueError, ZeroDivisionError, mp.NoConvergence):
                raise Unfit(f"{which} has no value here") from None

    def _frechet(self, which: str, a: Flat, e: Flat, n: int) -> Flat:
        """The derivative of a matrix function along E: the upper right block of f([[A, E], [0, A]])."""
        big = self.mp.zeros(2 * n)
        for i in range(n):
            for j in range(n):
                big[i, j] = big[n + i, n + j] = a[i * n + j]
                big[i, n + j] = e[i * n + j]
        out = self._function(which, big)
        return [self.real(self._nearly_real, out[i, n + j]) for i in range(n) for j in range(n)]


_FUNCTIONS: dict[int, tuple[Any, dict[str, Callable[..., Any]]]] = {}


def functions(mp: Any) -> dict[str, Callable[..., Any]]:
    """The functions of one or two numbers in a context."""
    found = _FUNCTIONS.get(id(mp))
    if found is None or found[0] is not mp:
        if len(_FUNCTIONS) > 32:
            _FUNCTIONS.clear()
        found = _FUNCTIONS[id(mp)] = (mp, _made(mp))
    return found[1]


def _made(mp: Any) -> dict[str, Callable[..., Any]]:
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
        "sqrt": lambda x: mp.sqrt(x),
        "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
        "softplus": lambda x: mp.log(1 + mp.exp(x)),
        "silu": lambda x: x / (1 + mp.exp(-x)),
        "gelu": lambda x: x * (1 + mp.erf(x / mp.sqrt(2))) * half,
        "gammaln": positive(mp.loggamma),
        "digamma": mp.digamma,
        "polygamma": lambda k, x: mp.psi(int(k), x),
    }
