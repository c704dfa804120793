"""Elementwise products of powers: equal bases merge, numbers come in front, factors that together are one function become it."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from wrt.algebra.maps import exact_power
from wrt.language.surface import Name
from wrt.notation.display import decimal
from wrt.notation.functions import COMPARE, PARTNERS, RATIOS, WHOLE, nonnegative
from wrt.notation.tree import (
    ONE,
    SCALAR,
    Atom,
    Box,
    Call,
    Chain,
    Entry,
    Factor,
    Literal,
    Loop,
    Power,
    Scaled,
    Sum,
    Times,
    Tree,
    Turn,
    full_first,
    is_eye,
    is_ones,
    is_unit,
    joined,
    levels,
    number_of,
    postorder,
    split_scalars,
    union,
)

if TYPE_CHECKING:
    from wrt.notation.build import Forest

CLASS = {Atom: 0, Entry: 0, Power: 1, Turn: 1, Call: 2, Chain: 3, Literal: 3, Loop: 4, Sum: 4, Times: 4}
FIRST, BEHIND, LAST = 1.5, 2.5, 5.0  # the classes of an exponential of plain scalars, of norms and the like, and of other functions


def times(forest: Forest, factors: Iterable[Factor]) -> Scaled:
    """prod t**e, entry by entry; scalars go with anything, a column and a row with a matrix."""
    c, kept = _collected(forest, factors)
    if len(kept) > 1:
        simpler = _combined(forest, kept)
        if simpler is not None:
            k, t = times(forest, simpler)
            return c * k, t
    if not forest.typing and any(e < 0 for _, e in kept):
        k, kept = _whole_numerators(forest, kept)
        c *= k
    box = union([t.box for t, _ in kept])
    kept = _without_ones(kept, box)
    units = [t for t, e in kept if is_unit(t) and e > 0]
    if units and len(kept) > 1:
        k, t = _beside_unit(forest, kept, units[0])
        return c * k, t
    if kept and not any(t.box == box for t, _ in kept):  # a column beside a row is their outer product
        below = all(e < 0 for t, e in kept if t.box != SCALAR)  # 1/(x @ x.T) rather than 1/x @ (1/x.T)
        turn = -1 if below else 1
        columns = times(forest, [(t, e * turn) for t, e in kept if t.box[1] is None and t.box != SCALAR])
        rows = times(forest, [(t, e * turn) for t, e in kept if t.box[1] is not None])
        pair = forest.wrap(forest.chain([forest.wrap(columns), forest.wrap(rows)]))
        k, t = times(forest, [*[(t, e) for t, e in kept if t.box == SCALAR], (pair, ONE * turn)])
        return c * k, t
    if not kept:
        return c, forest.one
    if forest.diagonals and not forest.typing and box[1] is None:
        whole = _weighted(forest, kept)
        if whole is not None:
            return c * whole[0], whole[1]
    if len(kept) == 1 and kept[0][1] == 1:
        return c, kept[0][0]
    return c, raw_times(forest, kept)


def _whole_numerators(forest: Forest, kept: list[Factor]) -> tuple[Fraction, list[Factor]]:
    """(log(x)/2 + 1)/sqrt(x) as (log(x) + 2)/(2*sqrt(x)), (5*x**2 + 4*x)/sqrt(x + 1) as x*(5*x + 4)/sqrt(x + 1): the top of a fraction."""
    c, out = ONE, list(kept)
    for n, (t, e) in enumerate(kept):
        if e != 1 or not isinstance(t, Sum) or t.typed or len(t.terms) < 2 or any(decimal(forest, k) for k, _ in t.terms):
            continue
        common = lcm(*(k.denominator for k, _ in t.terms))
        if common > 1:
            out[n] = forest.wrap(forest.add([(k * common, u) for k, u in t.terms])), ONE
            c /= common
    for t, e in tuple(out):
        if e == 1 and isinstance(t, Sum) and not t.typed and len(t.terms) > 1 and t.box == SCALAR and (shared := _shared_names(t)):
            inside = forest.add([(k * m, u) for k, (m, u) in [(k, times(forest, [(u, ONE), *[(f, -d) for f, d in shared]])) for k, u in t.terms]])
            out = [*[o for o in out if o[0] is not t], *shared, (forest.wrap(inside), ONE)]
    return c, out


def _shared_names(total: Sum) -> list[Factor]:
    """The plain scalars that every term of a sum has as factors, each with its least power."""
    least: dict[int, Factor] = {}
    for n, (_, t) in enumerate(total.terms):
        factors = t.factors if isinstance(t, Times) else ((t, ONE),)
        here: dict[int, Factor] = {f.serial: (f, e) for f, e in factors if isinstance(f, Atom) and e > 0 and f.role != "one"}
        least = here if n == 0 else {k: (f, min(e, here[k][1])) for k, (f, e) in least.items() if k in here}
    return list(least.values())


def _weighted(forest: Forest, kept: list[Factor]) -> Scaled | None:
    """r*x as diag(r) @ x where the user writes it so."""
    weights = [t for t, e in kept if e == 1 and t.serial in forest.diagonals]
    rest = [(t, e) for t, e in kept if t.box != SCALAR and t not in weights]
    if not weights or not rest:
        return None
    c, column = times(forest, rest)
    scalars, bodies = split_scalars(column)
    below = bodies[0][0].factors if len(bodies) == 1 and bodies[0][1] == 1 and isinstance(bodies[0][0], Chain) else (forest.raw_product(bodies),)
    square = (weights[0].box[0], weights[0].box[0])
    body = forest.raw_chain([*[forest.raw_call("diag", (t,), square) for t in weights], *below])
    front = [*scalars, *[(t, e) for t, e in kept if t.box == SCALAR]]
    if not front:
        return c, body
    k, out = times(forest, [*front, (body, ONE)])
    return c * k, out


def _collected(forest: Forest, factors: Iterable[Factor]) -> tuple[Fraction, list[Factor]]:
    """The number in front, and the powers by base."""
    c = ONE
    exponents: dict[int, list[object]] = {}
    stack = list(factors)
    stack.reverse()
    while stack:
        t, e = stack.pop()
        if e == 0 or t is forest.one:
            continue
        if isinstance(t, Times):
            apart = [f for f in t.factors if e.denominator == 1 or nonnegative(f[0])]  # sqrt(pi*x) = sqrt(pi)*sqrt(x)
            if apart:
                stack.extend((f, k * e) for f, k in reversed(apart))
                rest = [f for f in t.factors if f not in apart]
                if rest:
                    stack.append((forest.raw_product(rest), e))
                continue
        if isinstance(t, Sum) and len(t.terms) == 1:
            k, inner = t.terms[0]
            value = exact_power(k, e)
            if value is not None:
                c *= value
                stack.append((inner, e))
                continue
            if k > 0 and inner is not forest.one:  # sqrt(2*x) = sqrt(2)*sqrt(x)
                stack += [(inner, e), (forest.wrap((k, forest.one)), e)]
                continue
        if is_ones(t):
            e = ONE
        entry = exponents.setdefault(id(t), [t, Fraction(0)])
        entry[1] = entry[1] + e  # type: ignore[operator]  # [Tree, Fraction]
        if isinstance(t, Call) and t.function in COMPARE and entry[1] > 0:  # type: ignore[operator]
            entry[1] = ONE
    kept: list[Factor] = []
    for t, e in exponents.values():  # type: ignore[assignment]  # [Tree, Fraction]
        number = number_of(t)
        value = exact_power(number, e) if number is not None and e else None
        if value is not None:
            c *= value
        elif e:
            kept.append((t, e))
    return c, kept


def _combined(forest: Forest, kept: list[Factor]) -> list[Factor] | None:
    """The factors after one that is another together with others: a triangle of ones cuts the rest, sinh/cosh is tanh, powers of a base add."""
    for n, (t, e) in enumerate(kept):
        rest = [f for m, f in enumerate(kept) if m != n]
        found: list[Factor] | None = None
        if isinstance(t, Call) and t.function in ("tril", "triu") and is_ones(t.arguments[0]) and e > 0:
            found = _cut(forest, t, rest)
        elif isinstance(t, Call) and t.function == "diag" and t.box[1] is None and e == 1 and not t.typed:
            found = _diagonals(forest, t, rest)
        elif isinstance(t, Call) and t.function in RATIOS:
            found = _ratio(forest, t, e, rest)
        elif isinstance(t, Call) and t.function == "exp" and e == 1:
            found = _logistic(forest, t, rest)
        elif isinstance(t, Call) and t.function == "sigmoid" and e == 1 and not t.typed:
            found = _even_logistic(forest, t, rest)
        elif isinstance(t, Power):
            found = _powers(forest, t, e, rest)
        elif forest.means and isinstance(t, Call) and t.function == "sum" and e == 1:
            found = _mean(forest, t, rest)
        if found is not None:
            return found
    return None


def _cut(forest: Forest, triangle: Call, rest: list[Factor]) -> list[Factor] | None:
    others = [f for f in rest if f[0].box != SCALAR]
    if not others or union([t.box for t, _ in others]) != triangle.box:
        return None
    inner = forest.raw_call(triangle.function, (forest.wrap(times(forest, others)),), triangle.box)
    return [*[f for f in rest if f[0].box == SCALAR], (inner, ONE)]


def _diagonals(forest: Forest, t: Call, rest: list[Factor]) -> list[Factor] | None:
    """diag(P)*diag(Q) is diag(P*Q)."""
    for m, (u, k) in enumerate(rest):
        if k == 1 and isinstance(u, Call) and u.function == "diag" and u.box == t.box:
            inner = forest.wrap(times(forest, [(t.arguments[0], ONE), (u.arguments[0], ONE)]))
            return [*rest[:m], *rest[m + 1 :], (forest.wrap(forest.diag(inner)), ONE)]
    return None


def _ratio(forest: Forest, t: Call, e: Fraction, rest: list[Factor]) -> list[Factor] | None:
    below, ratio = RATIOS[t.function]
    for m, (u, k) in enumerate(rest):
        if isinstance(u, Call) and u.function == below and u.arguments == t.arguments and k * e < 0:
            used = min(abs(e), abs(k)) * (1 if e > 0 else -1)
            quotient = forest.raw_call(ratio, t.arguments, t.box)
            if used < 0 and not quotient.typed:  # cos(x)/sin(x) is no 1/tan(x) unless the user speaks of the tangent
                continue
            return [*[f for j, f in enumerate(rest) if j != m], (t, e - used), (u, k + used), (quotient, used)]
    return None


def _even_logistic(forest: Forest, t: Call, rest: list[Factor]) -> list[Factor] | None:
    """sigmoid(-u)*(1 - sigmoid(-u)) is sigmoid(u)*(1 - sigmoid(u))."""
    argument = t.arguments[0]
    if not isinstance(argument, Sum) or len(argument.terms) != 1 or argument.terms[0][0] > 0:
        return None
    k, other = forest.add([(ONE, forest.one), (-ONE, t)])
    place = next((m for m, (u, j) in enumerate(rest) if u is other and j == 1), None)
    if place is None or k != 1:
        return None
    c, inner = argument.terms[0]
    j, turned = forest.call("sigmoid", (forest.wrap((-c, inner)),))
    return [*rest[:place], *rest[place + 1 :], (turned, ONE), (forest.wrap(forest.add([(ONE, forest.one), (-j, turned)])), ONE)]


def _logistic(forest: Forest, t: Call, rest: list[Factor]) -> list[Factor] | None:
    """exp(u)*(1 - sigmoid(u)) is sigmoid(u)."""
    if not any(isinstance(u, Sum) and k >= 1 for u, k in rest):
        return None
    c, logistic = forest.call("sigmoid", t.arguments)
    k, other = forest.add([(ONE, forest.one), (-c, logistic)])
    for m, (u, e) in enumerate(rest):
        if u is other and e >= 1 and c == 1 and abs(k) == 1:
            return [*[f for j, f in enumerate(rest) if j != m], (u, e - 1), (forest.wrap((k, logistic)), ONE)]
    return None


def _mean(forest: Forest, t: Call, rest: list[Factor]) -> list[Factor] | None:
    """sum(x)/n is mean(x), where the user speaks of means."""
    sizes = [s for k, s in enumerate(t.arguments[0].box) if s is not None and t.axis in (None, k)]
    left = list(rest)
    for size in sizes:
        c, name = forest.size(size)
        m = next((m for m, (u, k) in enumerate(left) if u is name and k <= -1), None)
        if c != 1 or m is None:
            return None
        left[m] = (name, left[m][1] + 1)
    return [*left, (forest.raw_call("mean", t.arguments, t.box, t.axis), ONE)] if sizes else None


def _powers(forest: Forest, t: Power, e: Fraction, rest: list[Factor]) -> list[Factor] | None:
    for m, (u, k) in enumerate(rest):
        if u is t.base or (isinstance(u, Power) and u.base is t.base):
            own = u.exponent if isinstance(u, Power) and u is not t.base else forest.one
            exponent = forest.wrap(forest.add([(e, t.exponent), (k, own)]))
            value = number_of(exponent)
            raised = forest.power(t.base, exponent) if value is None else forest.wrap(times(forest, [(t.base, value)]))
            return [*[f for j, f in enumerate(rest) if j != m], (raised, ONE)]
    return None


def _without_ones(kept: list[Factor], box: Box) -> list[Factor]:
    for t in [t for t, _ in kept if is_ones(t) or (isinstance(t, Turn) and is_ones(t.argument))]:
        others = [f for f in kept if f[0] is not t]
        if others and union([u.box for u, _ in others]) == box:
            kept = others
    return kept


def _beside_unit(forest: Forest, kept: list[Factor], unit: Tree) -> Scaled:
    """Entries beside a unit vector e_k are taken at k."""
    assert isinstance(unit, Entry)
    down = unit.box[1] is None
    part = unit.parts[1] if down else unit.parts[0]
    c = ONE
    factors: list[Factor] = []
    for t, e in kept:
        if t is unit:
            continue
        if t.box == SCALAR:
            factors.append((t, e))
            continue
        k, u = forest.entry(t, part, None) if down else forest.entry(t, None, part)
        value = exact_power(k, e)
        factors += [(u, e)] if value is not None else [(forest.wrap((k, u)), e)]
        c *= value if value is not None else 1
    k, rest = times(forest, factors)
    if rest.box == SCALAR:
        return c * k, unit if rest is forest.one else raw_times(forest, [(rest, ONE), (unit, ONE)])
    m, t = forest.chain([unit, rest] if down else [rest, unit])
    return c * k * m, t


def _is_size(t: Tree) -> bool:
    """Whether a factor is a size used as a number, which stands first: n*σ**2."""
    return isinstance(t, Atom) and isinstance(t.node, Name) and t.node.role == "size"


def _rank(forest: Forest, t: Tree) -> tuple[object, ...]:
    """The place of a factor: names, functions and the user's a + b, sums, by first appearance; exp(-c*t) before other functions, exp(sin(x)) last.

    A function that differentiation exchanges for another stands where that stood: cos(x)*log(x) out of sin(x)*log(x).
    """
    place, serial = LAST if is_eye(t) else CLASS[type(t)], t.serial
    if isinstance(t, Call) and t.function == "exp":
        inside = postorder(t.arguments[0])
        functions = [u.function for u in inside if isinstance(u, Call)]
        if functions and not any(name in WHOLE for name in functions) and not any(isinstance(u, Chain) for u in inside):
            place = LAST
        elif functions:
            place = BEHIND
        elif all(u.box == SCALAR and isinstance(u, (Atom, Times, Sum)) for u in inside):
            place = FIRST
    elif isinstance(t, Sum) and t.typed and t.box == SCALAR and all(isinstance(u, (Atom, Entry)) for _, u in t.terms):
        place = CLASS[Call]
    elif isinstance(t, Call) and t.function in PARTNERS:
        other = forest.table.get(("call", PARTNERS[t.function], tuple(a.serial for a in t.arguments), t.axis))
        serial = other.serial if other is not None and other.typed else serial
    return place, not _is_size(t), t.key, serial, t.serial


def _falling(forest: Forest, factors: list[Factor]) -> list[Factor]:
    """p*(p - 1)*u**(p - 2): what differentiating a power leaves of its exponent stands together, in front of the power."""
    exponents = [f.exponent for f, _ in factors if isinstance(f, Power)]
    raised = {u.serial for t in exponents for u in postorder(t) if isinstance(u, Atom)} if exponents else set()
    out = list(factors)
    for factor in factors if raised else ():
        t, e = factor
        names = [u for _, u in t.terms if u is not forest.one] if isinstance(t, Sum) and len(t.terms) == 2 and e == 1 else []
        p = next((n for n, (f, _) in enumerate(out) if [f] == names and f.serial in raised), None)
        if p is not None:
            out.remove(factor)
            while p + 1 < len(out) and isinstance(out[p + 1][0], Sum):
                p += 1  # behind p - 1 stands p - 2
            out.insert(p + 1, factor)
    return out


def raw_times(forest: Forest, kept: list[Factor]) -> Tree:
    """The product of powers as given, in reading order: scalars, names, functions, sums; within a kind by first appearance."""
    flat: list[Factor] = []
    for t, e in kept:
        flat += [(f, k * e) for f, k in t.factors] if isinstance(t, Times) and e.denominator == 1 else [(t, e)]
    key = ("times", tuple(sorted((t.serial, e) for t, e in flat)))
    if forest.typing:
        flat.sort(key=lambda f: f[0].box != SCALAR)
    else:
        flat.sort(key=lambda f: (f[0].box != SCALAR, *_rank(forest, f[0])))
        flat = _falling(forest, flat)
    factors = tuple((t, e) for e, t in full_first([(e, t) for t, e in flat]))

    def make() -> Tree:
        trees = [t for t, _ in factors]
        tree = Times(union([t.box for t in trees]), key=joined(trees), factors=factors)
        tree.levels = levels(tree)
        tree.score = forest.product_score(ONE, tree)
        return tree

    return forest.intern(key, make)
