"""Forest: the constructors of matrix trees. Each interns its result, applies what always makes a formula shorter, and returns a Scaled.

Numbers move to the front; transposes move to the leaves or, where that is shorter, stand once outside; a scalar never stays inside a matrix
product; identities, double transposes and selections of rows and columns dissolve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import gcd
from typing import TypeVar

from wrt.algebra.maps import exact_power
from wrt.language.sizes import Size
from wrt.language.surface import Call as CallNode
from wrt.language.surface import Name, Node, Number
from wrt.language.unparse import unparse
from wrt.notation.context import Context
from wrt.notation.score import CALL, OPERATION, WORD, measure
from wrt.notation.tree import (
    SCALAR,
    Atom,
    Box,
    Call,
    Chain,
    Entry,
    Factor,
    Literal,
    Loop,
    Part,
    Power,
    Range,
    Scaled,
    Sum,
    Times,
    Tree,
    Turn,
)

ONE = Fraction(1)
HALF = Fraction(1, 2)
COMPARE = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}  # each sign with its mirror image
TURNS = {"inv", "adj", "pinv", "expm", "matpow", "logm", "sqrtm"}  # f(A.T) = f(A).T
KEEPS = {"sum", "mean", "max", "min", "prod", "logsumexp", "softmax", "log_softmax", "cumsum"}  # f(A.T, axis=1) = f(A, axis=0).T
NONNEGATIVE = {"norm", "exp", "abs", "sigmoid", "softplus", "cosh"}
KEY = 6  # leaves that an order key holds
T = TypeVar("T", bound=Tree)


class Forest:
    """The trees of one formula; see the module's docstring."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.table: dict[tuple[object, ...], Tree] = {}
        self.one = self.atom(Number(ONE), SCALAR, "one")
        self.one.key = ()
        self.typing = False  # while the user's own text is being built
        for name in sorted(context.order, key=context.order.__getitem__):
            shape = context.shapes.get(name)
            if shape is not None and shape.kind != "tensor":
                self.variable(name)

    # ------------------------------------------------------------------------------------------------ leaves
    def _intern(self, key: tuple[object, ...], make: Callable[[], Tree]) -> Tree:
        found = self.table.get(key)
        if found is None:
            found = make()
            found.serial = len(self.table)
            found.typed = self.typing if len(self.table) > 1 else False
            if not found.key:
                found.key = (found.serial,)
            self.table[key] = found
        return found

    def atom(self, node: Node, box: Box, role: str = "text") -> Tree:
        """A piece of text with a box."""
        text = node.name if isinstance(node, Name) else unparse(node)
        return self._intern(("atom", text, box), lambda: Atom(box, score=measure(node), node=node, role=role))

    def variable(self, name: str) -> Tree:
        """A declared variable, as its declaration says."""
        shape = self.context.shapes[name]
        sizes = shape.sizes
        match shape.kind:
            case "scalar":
                box: Box = SCALAR
            case "column":
                box = (sizes[0], None)
            case "row":
                box = (None, sizes[0])
            case _:
                box = (sizes[0], sizes[1])
        return self.atom(Name(name, "variable"), box, "name")

    def size(self, size: Size) -> Scaled:
        """A size used as a number."""
        terms = []
        for monomial, k in size.terms:
            c, t = self.times([(self.atom(Name(name, "size"), SCALAR, "name"), Fraction(e)) for name, e in monomial])
            terms.append((c * k, t))
        return self.add(terms) if terms else (Fraction(0), self.one)

    def ones(self, box: Box) -> Tree:
        """The array of ones of a box; the number 1 for a scalar."""
        rows, columns = box
        if rows is None and columns is None:
            return self.one
        if rows is None:
            return self.raw_turn(self.ones((columns, None)))
        arguments = (size_node(rows),) if columns is None else (size_node(rows), size_node(columns))
        return self.atom(CallNode("ones", arguments), box, "ones")

    def eye(self, n: Size) -> Tree:
        return self.atom(CallNode("eye", (size_node(n),)), (n, n), "eye")

    def unit(self, n: Size, part: Part) -> Tree:
        """The column of the identity that `part` names."""
        return self.raw_entry(self.eye(n), (ALL(n), part))

    def wrap(self, scaled: Scaled) -> Tree:
        """c*tree as one tree."""
        c, t = scaled
        if c == 1:
            return t
        if c == 0:
            return self.atom(Number(Fraction(0)), SCALAR, "zero")
        if isinstance(t, Sum) and len(t.terms) == 1:
            c, t = c * t.terms[0][0], t.terms[0][1]
        return self._sum(((c, t),))

    # ------------------------------------------------------------------------------------------------ sums
    def add(self, terms: Iterable[Scaled]) -> Scaled:
        """sum c*t: like terms merged, the common number in front."""
        total: dict[int, list[object]] = {}
        stack = list(terms)
        stack.reverse()
        while stack:
            c, t = stack.pop()
            if isinstance(t, Sum):
                stack.extend((c * k, u) for k, u in reversed(t.terms))
            elif c:
                entry = total.setdefault(id(t), [Fraction(0), t])
                entry[0] = entry[0] + c  # type: ignore[operator]  # [Fraction, Tree]
        kept: list[Scaled] = [(c, t) for c, t in total.values() if c]  # type: ignore[misc]  # [Fraction, Tree]
        if not kept:
            return Fraction(0), self.one
        if len(kept) == 1:
            return kept[0]
        kept = self._meet(kept)
        c = content([k for k, _ in kept])
        canonical = sorted(((t.serial, k / c) for k, t in kept))
        sign = 1 if canonical[0][1] > 0 else -1
        key = ("sum", tuple((s, k * sign) for s, k in canonical))
        found = self.table.get(key)
        if found is None:
            scaled = [(k / c, t) for k, t in kept]
            if not self.typing and self._mostly_negative(scaled):
                scaled = [(-k, t) for k, t in scaled]
            found = self._sum(tuple(scaled), key)
        assert isinstance(found, Sum)
        shown = next(k for k, t in found.terms if t.serial == canonical[0][0])
        return c * canonical[0][1] / shown, found

    def _mostly_negative(self, terms: list[Scaled]) -> bool:
        signs = [1 if k > 0 else -1 for k, _ in self._arranged(terms)]
        return sum(signs) < 0 or (sum(signs) == 0 and signs[0] < 0)

    def _sum(self, terms: tuple[Scaled, ...], key: tuple[object, ...] = ()) -> Tree:
        if len(terms) > 1 and not self.typing:
            terms = tuple(self._arranged(terms))
        elif len(terms) > 1:
            terms = tuple(_full_first(terms))
        key = key or ("scaled", terms[0][0], terms[0][1].serial)

        def make() -> Tree:
            box = union([t.box for _, t in terms])
            score = sum(self.product_score(k, t, first=n == 0) for n, (k, t) in enumerate(terms)) + OPERATION * (len(terms) - 1)
            return Sum(box, score=score, key=joined([t for _, t in terms]), terms=terms)

        return self._intern(key, make)

    def _arranged(self, terms: Sequence[Scaled]) -> list[Scaled]:
        """Order of first appearance; a positive term first; a bare number first only when all else is negative."""
        ordered = sorted(terms, key=lambda term: (term[1] is self.one, term[1].key, -term[1].score, term[1].serial))
        last = ordered[-1]
        if last[1] is self.one and last[0] > 0 and all(k < 0 for k, _ in ordered[:-1]):
            ordered = [last, *ordered[:-1]]
        elif ordered[0][0] < 0:
            lead = next((term for term in ordered if term[0] > 0), None)
            if lead is not None:
                ordered.remove(lead)
                ordered.insert(0, lead)
        return _full_first(ordered)

    def _meet(self, terms: list[Scaled]) -> list[Scaled]:
        """A column and a row may only meet beside a full matrix: one of them is spread where there is none."""
        box = union([t.box for _, t in terms])
        if any(t.box == box for _, t in terms):
            return terms
        k = next(n for n, (_, t) in enumerate(terms) if t.box[0] is not None)
        c, t = self.spread(terms[k], box)
        return [*terms[:k], (c, t), *terms[k + 1 :]]

    def spread(self, scaled: Scaled, box: Box) -> Scaled:
        """The same value with every axis of `box` written out by ones."""
        c, t = scaled
        if t.box == box:
            return scaled
        if t.box == SCALAR:
            k, u = self.times([(t, ONE), (self.ones(box), ONE)])
        elif t.box[0] is None:
            k, u = self.chain([self.ones((box[0], None)), t])
        else:
            k, u = self.chain([t, self.ones((None, box[1]))])
        return c * k, u

    # ------------------------------------------------------------------------------------------------ elementwise products
    def times(self, factors: Iterable[Factor]) -> Scaled:
        """The elementwise product of powers."""
        c = ONE
        exponents: dict[int, list[object]] = {}
        stack = list(factors)
        stack.reverse()
        while stack:
            t, e = stack.pop()
            if e == 0 or t is self.one:
                continue
            if isinstance(t, Times) and (e.denominator == 1 or all(nonnegative(f) for f, _ in t.factors)):
                stack.extend((f, k * e) for f, k in reversed(t.factors))
                continue
            if isinstance(t, Sum) and len(t.terms) == 1:
                value = exact_power(t.terms[0][0], e)
                if value is not None:
                    c *= value
                    stack.append((t.terms[0][1], e))
                    continue
            if isinstance(t, Atom) and t.role == "ones" and e != 1:
                e = ONE
            entry = exponents.setdefault(id(t), [t, Fraction(0)])
            entry[1] = entry[1] + e  # type: ignore[operator]  # [Tree, Fraction]
            if isinstance(t, Call) and t.function in COMPARE and entry[1] > 0:  # type: ignore[operator]
                entry[1] = ONE
        kept: list[Factor] = [(t, e) for t, e in exponents.values() if e]  # type: ignore[misc]  # [Tree, Fraction]
        box = union([t.box for t, _ in kept])
        kept = self._without_ones(kept, box)
        units = [(t, e) for t, e in kept if is_unit(t) and e > 0]
        if units and len(kept) > 1:
            return self._times_unit(c, kept, units[0][0])
        if kept and not any(t.box == box for t, _ in kept):
            columns = self.times([(t, e) for t, e in kept if t.box[1] is None])
            rows = self.times([(t, e) for t, e in kept if t.box[1] is not None])
            k, t = self.chain([self.wrap(columns), self.wrap(rows)])
            return c * k, t
        if not kept:
            return c, self.one
        if len(kept) == 1 and kept[0][1] == 1:
            return c, kept[0][0]
        return c, self._times(kept)

    def _without_ones(self, kept: list[Factor], box: Box) -> list[Factor]:
        ones = [t for t, _ in kept if isinstance(t, Atom) and t.role == "ones" or isinstance(t, Turn) and is_ones(t.argument)]
        for t in ones:
            others = [(u, e) for u, e in kept if u is not t]
            if others and (union([u.box for u, _ in others]) == box):
                kept = others
        return kept

    def _times_unit(self, c: Fraction, kept: list[Factor], unit: Tree) -> Scaled:
        """Entries beside a unit vector e_k are taken at k."""
        assert isinstance(unit, Entry)
        down = unit.box[1] is None
        part = unit.parts[1] if down else unit.parts[0]
        factors: list[Factor] = []
        for t, e in kept:
            if t is unit:
                continue
            if t.box == SCALAR:
                factors.append((t, e))
                continue
            k, u = self.entry(t, part, None) if down else self.entry(t, None, part)
            value = exact_power(k, e)
            factors += [(u, e)] if value is not None else [(self.wrap((k, u)), e)]
            c *= value if value is not None else 1
        k, rest = self.times(factors)
        if rest.box == SCALAR:
            return c * k, self._times([(rest, ONE), (unit, ONE)]) if rest is not self.one else unit
        m, t = self.chain([unit, rest] if down else [rest, unit])
        return c * k * m, t

    def _times(self, kept: list[Factor]) -> Tree:
        flat: list[Factor] = []
        for t, e in kept:
            flat += [(f, k * e) for f, k in t.factors] if isinstance(t, Times) and e.denominator == 1 else [(t, e)]
        key = ("times", tuple(sorted((t.serial, e) for t, e in flat)))
        if not self.typing:
            flat.sort(key=lambda f: (f[0].box != SCALAR, _CLASS[type(f[0])], f[0].key, f[0].serial))
        else:
            flat.sort(key=lambda f: f[0].box != SCALAR)
        factors = tuple(_full_first_factors(flat))

        def make() -> Tree:
            tree = Times(union([t.box for t, _ in factors]), key=joined([t for t, _ in factors]), factors=factors)
            tree.score = self.product_score(ONE, tree)
            return tree

        return self._intern(key, make)

    def product_score(self, c: Fraction, t: Tree, *, first: bool = True) -> float:
        """The length of c*t as a term; the sign of a later term belongs to the operator before it."""
        sign = WORD if c < 0 and first else 0.0
        c = abs(c)
        if t is self.one:
            return sign + (WORD if c.denominator == 1 or self.decimal(c) else OPERATION + 2 * WORD)
        top, bottom, score = 0, 0, sign
        for f, e in t.factors if isinstance(t, Times) else ((t, ONE),):
            score += f.score + (0.0 if abs(e) == 1 else CALL if abs(e) == HALF else OPERATION + WORD)
            top, bottom = (top + 1, bottom) if e > 0 else (top, bottom + 1)
        if c != 1:
            if c.denominator == 1 or self.decimal(c):
                top, score = top + 1, score + WORD
            else:
                bottom, score = bottom + 1, score + WORD
                if c.numerator != 1:
                    top, score = top + 1, score + WORD
        if not top:
            top, score = 1, score + WORD
        return score + OPERATION * (top + bottom - 1)

    def decimal(self, c: Fraction) -> str:
        """How a number is spelt when not as a fraction: as the user did, or as a decimal when the fraction would be unreadable."""
        if c in self.context.spelled:
            return self.context.spelled[c] if c.denominator != 1 else ""
        if c.denominator <= 100 or set(_primes(c.denominator)) - {2, 5}:
            return ""
        digits = 0
        while (c * 10**digits).denominator != 1:
            digits += 1
        whole = str(abs(int(c * 10**digits))).rjust(digits + 1, "0")
        return ("-" if c < 0 else "") + whole[:-digits] + "." + whole[-digits:]

    # ------------------------------------------------------------------------------------------------ matrix products
    def chain(self, factors: Iterable[Tree]) -> Scaled:
        """The matrix product of factors whose inner sizes fit; scalars come in front."""
        c = ONE
        scalars: list[Factor] = []
        done: list[Tree] = []
        stack = list(factors)
        stack.reverse()
        while stack:
            t = stack.pop()
            if t.box == SCALAR:
                scalars.append((t, ONE))
            elif isinstance(t, Chain):
                stack.extend(reversed(t.factors))
            elif isinstance(t, Sum) and len(t.terms) == 1:
                c *= t.terms[0][0]
                stack.append(t.terms[0][1])
            elif isinstance(t, Times) and any(f.box == SCALAR for f, _ in t.factors):
                scalars += [(f, e) for f, e in t.factors if f.box == SCALAR]
                k, body = self.times([(f, e) for f, e in t.factors if f.box != SCALAR])
                c *= k
                stack.append(body)
            else:
                merged = self._pair(done[-1], t) if done else None
                if merged is None:
                    done.append(t)
                else:
                    done.pop()
                    c *= merged[0]
                    stack.append(merged[1])
        pieces = _pieces(done)
        kept: list[Tree] = []
        for piece in pieces:
            if piece[0].box[0] is None and piece[-1].box[1] is None and len(pieces) > 1:
                scalars.append((self._scalar_chain(piece), ONE))
            else:
                kept += piece
        if not kept:
            k, t = self.times(scalars)
            return c * k, t
        body = self._scalar_chain(kept) if kept[0].box[0] is None and kept[-1].box[1] is None else self._chain(kept)
        if scalars:
            k, t = self.times([*scalars, (body, ONE)])
            return c * k, t
        return c, body

    def _pair(self, a: Tree, b: Tree) -> Scaled | None:
        """Two neighbours of a matrix product that are one factor."""
        if is_eye(a):
            return ONE, b
        if is_eye(b):
            return ONE, a
        if isinstance(a, Call) and a.function == "diag" and a.box[1] is not None:
            if b.box[1] is None:
                return self.times([(a.arguments[0], ONE), (b, ONE)])
            if isinstance(b, Call) and b.function == "diag" and b.box[1] is not None:
                c, v = self.times([(a.arguments[0], ONE), (b.arguments[0], ONE)])
                k, t = self.diag(v)
                return c * k, t
        if isinstance(b, Call) and b.function == "diag" and b.box[1] is not None and a.box[0] is None:
            k, column = self.turn(a)
            c, v = self.times([(column, ONE), (b.arguments[0], ONE)])
            m, t = self.turn(v)
            return k * c * m, t
        if isinstance(a, Entry) and is_eye(a.base) and a.parts[1].kind == "all":
            return self.entry(b, a.parts[0], None)
        if isinstance(b, Entry) and is_eye(b.base) and b.parts[0].kind == "all":
            return self.entry(a, None, b.parts[1])
        return None

    def _scalar_chain(self, factors: list[Tree]) -> Tree:
        """A scalar equals its transpose: the shorter one, the one that starts with what the user named first."""
        if len(factors) == 1:
            return factors[0]
        turned = [self.turn(f) for f in reversed(factors)]
        key = ("chain", tuple(f.serial for f in factors))
        other_key = ("chain", tuple(t.serial for _, t in turned))
        for k in (key, other_key):
            if k in self.table:
                return self.table[k]
        if any(c != 1 for c, _ in turned) or self.typing:
            return self._chain(factors)
        other = [t for _, t in turned]
        here, there = sum(f.score for f in factors), sum(t.score for t in other)
        if (there, joined(other)) < (here, joined(factors)):
            return self._chain(other)
        return self._chain(factors)

    def _chain(self, factors: list[Tree]) -> Tree:
        if len(factors) == 1:
            return factors[0]

        def make() -> Tree:
            tree = Chain((factors[0].box[0], factors[-1].box[1]), key=joined(factors), factors=tuple(factors))
            tree.score = sum(f.score for f in factors) + OPERATION * (len(factors) - 1)
            turns = sum(isinstance(f, Turn) for f in factors)
            if turns > 2 and not self.typing and all(None not in f.box for f in factors):
                turned = [self.turn(f) for f in reversed(factors)]
                score = sum(t.score for _, t in turned) + OPERATION * (len(factors) - 1) + WORD
                if all(c == 1 for c, _ in turned) and score <= tree.score - 2 * WORD:
                    tree.flip, tree.score = tuple(t for _, t in turned), score
            return tree

        return self._intern(("chain", tuple(f.serial for f in factors)), make)

    def diag(self, t: Tree) -> Scaled:
        """diag of a column (a matrix) or of a matrix (a column)."""
        if t.box[1] is None:
            if t.box[0] is None:
                raise ValueError("diag of a scalar; please report this as a bug")
            if is_unit(t):
                k, row = self.turn(t)
                c, pair = self.chain([t, row])
                return k * c, pair
            if is_ones(t):
                return ONE, self.eye(t.box[0])
        elif is_eye(t):
            return ONE, self.ones((t.box[0], None))
        elif isinstance(t, Turn):
            return self.diag(t.argument)
        elif isinstance(t, Call) and t.function == "diag":
            return ONE, t.arguments[0]
        if isinstance(t, Sum) and len(t.terms) == 1:
            k, u = self.diag(t.terms[0][1])
            return t.terms[0][0] * k, u
        if isinstance(t, Times) and any(f.box == SCALAR for f, _ in t.factors):
            c, body = self.times([(f, e) for f, e in t.factors if f.box != SCALAR])
            k, inner = self.diag(body)
            m, u = self.times([*[(f, e) for f, e in t.factors if f.box == SCALAR], (inner, ONE)])
            return c * k * m, u
        n = t.box[0]
        return ONE, self._call("diag", (t,), (n, n) if t.box[1] is None else (n, None))

    # ------------------------------------------------------------------------------------------------ transposes
    def turn(self, t: Tree) -> Scaled:
        """The transpose."""
        if t.box == SCALAR:
            return ONE, t
        if t.turned is None:
            t.turned = self._turn(t)
            c, u = t.turned
            if c == 1 and u.turned is None:
                u.turned = (ONE, t)
        return t.turned

    def raw_turn(self, t: Tree) -> Tree:
        """t.T as written."""
        return self._intern(("turn", t.serial), lambda: Turn((t.box[1], t.box[0]), score=t.score + WORD, key=t.key, argument=t))

    def _turn(self, t: Tree) -> Scaled:
        match t:
            case Turn():
                return ONE, t.argument
            case Atom():
                if t.role == "ones" and None not in t.box:
                    return ONE, self.ones((t.box[1], t.box[0]))
                symmetric = t.role == "eye" or (isinstance(t.node, Name) and "symmetric" in self.context.facts.get(t.node.name, ()))
                return ONE, t if symmetric else self.raw_turn(t)
            case Chain():
                c, turned = ONE, []
                for f in reversed(t.factors):
                    k, u = self.turn(f)
                    c *= k
                    turned.append(u)
                k, u = self.chain(turned)
                return c * k, u
            case Times():
                return self._turn_times(t)
            case Sum():
                return self._turn_sum(t)
            case Call():
                return self._turn_call(t)
            case Entry() if None in t.box or len(t.parts) == 2:
                k, base = self.turn(t.base)
                if len(t.parts) == 2 and (base is t.base or is_eye(t.base)):
                    return k, self.raw_entry(base, t.parts[::-1])
            case Loop():
                k, body = self.turn(t.body)
                return ONE, self.raw_loop(self.wrap((k, body)), t.ranges)
        return ONE, self.raw_turn(t)

    def _turn_times(self, t: Times) -> Scaled:
        c: Fraction = ONE
        turned: list[Factor] = []
        for f, e in t.factors:
            k, u = self.turn(f)
            value = exact_power(k, e)
            if value is None:
                return ONE, self.raw_turn(t)
            c *= value
            turned.append((u, e))
        k, other = self.times(turned)
        bodies = [f for f, _ in t.factors if f.box != SCALAR]
        if len(bodies) == 1 or other.score <= t.score + WORD:
            return c * k, other
        scalars = [(f, e) for f, e in t.factors if f.box == SCALAR]
        if scalars:
            m, body = self.times([(f, e) for f, e in t.factors if f.box != SCALAR])
            k, other = self.times([*scalars, (self.raw_turn(body), ONE)])
            return m * k, other
        return ONE, self.raw_turn(t)

    def _turn_sum(self, t: Sum) -> Scaled:
        turned = [(c, self.turn(u)) for c, u in t.terms]
        c, other = self.add([(c * k, u) for c, (k, u) in turned])
        if other is t or other.score <= t.score:
            return c, other
        return ONE, self.raw_turn(t)

    def _turn_call(self, t: Call) -> Scaled:
        if t.function == "diag" and t.box[1] is not None:
            return ONE, t
        if t.function in TURNS or t.function not in _WHOLE and t.axis is None:
            turned = [self.turn(a) for a in t.arguments]
            if all(c == 1 for c, _ in turned) and sum(u.score for _, u in turned) <= sum(a.score for a in t.arguments):
                return self.call(t.function, tuple(u for _, u in turned))
        return ONE, self.raw_turn(t)

    # ------------------------------------------------------------------------------------------------ calls and brackets
    def call(self, function: str, arguments: tuple[Tree, ...], axis: int | None = None) -> Scaled:
        """function(arguments): elementwise, of a whole matrix, or along an axis; transposes come outside."""
        bodies = [a for a in arguments if a.box != SCALAR]
        outside = function in TURNS or function in KEEPS or function not in _WHOLE
        if bodies and outside and all(isinstance(a, Turn) for a in bodies):
            inner = tuple(a.argument if isinstance(a, Turn) else a for a in arguments)
            if function in ("max", "min", "prod", "sum", "mean", "logsumexp") and axis is None:
                return self.call(function, inner)
            c, t = self.call(function, inner, None if axis is None else 1 - axis)
            k, u = self.turn(t)
            return c * k, u
        if function in COMPARE and len(arguments) == 2:
            a, b = arguments
            if not self.typing and (is_number(a), b.key) < (is_number(b), a.key) and not is_number(b) or is_number(a):
                function, arguments = COMPARE[function], (b, a)
        box = _call_box(function, arguments, axis)
        return ONE, self._call(function, arguments, box, axis)

    def named(self, function: str, arguments: tuple[Tree, ...], box: Box) -> Tree:
        """function(arguments) as written, of a box that the caller knows."""
        return self._call(function, arguments, box)

    def _call(self, function: str, arguments: tuple[Tree, ...], box: Box, axis: int | None = None) -> Tree:
        def make() -> Tree:
            own = OPERATION if function in COMPARE else CALL + (WORD if axis is not None else 0.0)
            return Call(box, score=own + sum(a.score for a in arguments), key=joined(arguments), function=function, arguments=arguments, axis=axis)

        return self._intern(("call", function, tuple(a.serial for a in arguments), axis), make)

    def power(self, base: Tree, exponent: Tree) -> Tree:
        """base**exponent for an exponent that is no number."""
        box = union([base.box, exponent.box])
        score = base.score + exponent.score + OPERATION
        return self._intern(("power", base.serial, exponent.serial), lambda: Power(box, score=score, key=joined([base, exponent]), base=base, exponent=exponent))

    def raw_entry(self, base: Tree, parts: tuple[Part, ...]) -> Tree:
        """base[parts] as written."""
        sizes = [p.size for p in parts]
        kept = [s for s in sizes if s is not None]
        box: Box = (sizes[0], sizes[1]) if len(sizes) == 2 else (kept[0] if kept else None, kept[1] if len(kept) > 1 else None)
        score = base.score + OPERATION + sum(measure(p.node) for p in parts if p.kind != "all")
        return self._intern(("entry", base.serial, tuple(p.text for p in parts)), lambda: Entry(box, score=score, key=base.key, base=base, parts=parts))

    def raw_loop(self, body: Tree, ranges: tuple[Range, ...]) -> Tree:
        """sum(body for ...) as written."""

        def make() -> Tree:
            bounds = sum(WORD + CALL + measure(size_node(r.stop)) + (measure(size_node(r.start)) if r.start.terms else 0.0) for r in ranges)
            return Loop(body.box, score=body.score + CALL + OPERATION + bounds, key=body.key, body=body, ranges=ranges)

        return self._intern(("loop", body.serial, tuple((r.name, r.start.text, r.stop.text) for r in ranges)), make)

    def literal(self, rows: tuple[tuple[Tree, ...], ...], nested: bool, box: Box) -> Tree:
        def make() -> Tree:
            cells = [cell for row in rows for cell in row]
            score = OPERATION * (1 + nested * len(rows)) + sum(cell.score for cell in cells)
            return Literal(box, score=score, key=joined(cells), rows=rows, nested=nested)

        return self._intern(("literal", tuple(tuple(cell.serial for cell in row) for row in rows), nested), make)

    def entry(self, t: Tree, row: Part | None, column: Part | None) -> Scaled:
        """t at a part of its rows and a part of its columns (None: all of them, or no such axis)."""
        from wrt.notation.entries import entry  # brackets are a room of their own, built on this class

        return entry(self, t, row, column)


# ---------------------------------------------------------------------------------------------------- small helpers
_CLASS = {Atom: 0, Entry: 0, Power: 1, Turn: 1, Call: 2, Chain: 3, Literal: 3, Loop: 4, Sum: 4, Times: 4}
_WHOLE = {
    "inv", "adj", "pinv", "expm", "matpow", "logm", "sqrtm", "diag", "det", "logdet", "tr", "sum", "mean", "max", "min", "prod", "logsumexp", "norm",
    "softmax", "log_softmax", "cumsum", "kron", "vec", "frechet", "conv1d", "conv2d", "tril", "triu", "commutation", "cholesky", "eigvalsh", "eigvecsh", "svdvals",
    "svd_u", "svd_v", "polar", "solve", "var",
}  # fmt: skip  # functions that are not elementwise


def ALL(size: Size | None) -> Part:  # noqa: N802 - reads as a constant
    """The colon."""
    from wrt.language.surface import Slice

    return Part("all", ":", Slice(None, None, None), size)


def size_node(size: Size) -> Node:
    """A size as surface text."""
    from wrt.notation.write import size_node as spell

    return spell(size)


def content(coefficients: list[Fraction]) -> Fraction:
    """The number to put in front of a sum: what all coefficients share, when that leaves them simpler."""
    sizes = {abs(c) for c in coefficients}
    if len(sizes) == 1:
        return sizes.pop()
    bottom = {c.denominator for c in coefficients}
    if len(bottom) == 1:
        return Fraction(gcd(*(c.numerator for c in coefficients)), bottom.pop())
    return ONE


def union(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds all of them."""
    rows = next((b[0] for b in boxes if b[0] is not None), None)
    return rows, next((b[1] for b in boxes if b[1] is not None), None)


def joined(trees: Sequence[Tree]) -> tuple[int, ...]:
    out: tuple[int, ...] = ()
    for t in trees:
        out += t.key
        if len(out) >= KEY:
            break
    return out[:KEY]


def is_ones(t: Tree) -> bool:
    return isinstance(t, Atom) and t.role == "ones"


def is_eye(t: Tree) -> bool:
    return isinstance(t, Atom) and t.role == "eye"


def is_whole(function: str) -> bool:
    """Whether a function is not elementwise."""
    return function in _WHOLE


def is_number(t: Tree) -> bool:
    """Whether the tree is a bare number."""
    return isinstance(t, Atom) and t.role in ("one", "zero") or isinstance(t, Sum) and len(t.terms) == 1 and is_number(t.terms[0][1])


def is_unit(t: Tree) -> bool:
    """Whether the tree is a unit vector, a row or column of the identity."""
    return isinstance(t, Entry) and is_eye(t.base) and (t.box[0] is None) != (t.box[1] is None)


def nonnegative(t: Tree) -> bool:
    return isinstance(t, Call) and t.function in NONNEGATIVE


def _pieces(factors: list[Tree]) -> list[list[Tree]]:
    """Split where the inner size is 1: after a column."""
    out: list[list[Tree]] = [[]]
    for f in factors:
        if out[-1] and out[-1][-1].box[1] is None:
            out.append([])
        out[-1].append(f)
    return out if out[0] else []


def _full_first(terms: Sequence[Scaled]) -> list[Scaled]:
    """A column never meets a row before a full matrix does."""
    boxes = {(t.box[0] is None, t.box[1] is None) for _, t in terms}
    if (False, True) not in boxes or (True, False) not in boxes:
        return list(terms)
    k = next(n for n, (_, t) in enumerate(terms) if None not in t.box)
    return [terms[k], *terms[:k], *terms[k + 1 :]]


def _full_first_factors(factors: list[Factor]) -> list[Factor]:
    scaled: list[Scaled] = [(e, t) for t, e in factors]
    return [(t, e) for e, t in _full_first(scaled)]


def _call_box(function: str, arguments: tuple[Tree, ...], axis: int | None) -> Box:
    first = arguments[0].box if arguments else SCALAR
    if function in ("det", "logdet", "tr", "norm") or (function in KEEPS - {"softmax", "log_softmax", "cumsum"} and axis is None):
        return SCALAR
    if function in KEEPS - {"softmax", "log_softmax", "cumsum"} or function == "var":
        return (first[0], None) if axis == 1 else (None, first[1]) if axis == 0 else SCALAR
    if function == "pinv":
        return first[1], first[0]
    if function in _WHOLE:
        return first
    return union([a.box for a in arguments])


def _primes(n: int) -> list[int]:
    out = []
    for p in (2, 5):
        while n % p == 0:
            out.append(p)
            n //= p
    return out if n == 1 else [*out, n]
