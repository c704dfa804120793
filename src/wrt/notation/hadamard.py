"""Elementwise products of powers: equal bases merge, numbers come in front, factors that together are one function become it."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.algebra.maps import exact_power
from wrt.language.surface import Name
from wrt.notation.functions import COMPARE, RATIOS, nonnegative
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
    is_ones,
    is_unit,
    joined,
    number_of,
    split_scalars,
    union,
)

if TYPE_CHECKING:
    from wrt.notation.build import Forest

CLASS = {Atom: 0, Entry: 0, Power: 1, Turn: 1, Call: 2, Chain: 3, Literal: 3, Loop: 4, Sum: 4, Times: 4}


def times(forest: Forest, factors: Iterable[Factor]) -> Scaled:
    """prod t**e, entry by entry; scalars go with anything, a column and a row with a matrix."""
    c, kept = _collected(forest, factors)
    if len(kept) > 1:
        simpler = _combined(forest, kept)
        if simpler is not None:
            k, t = times(forest, simpler)
            return c * k, t
    box = union([t.box for t, _ in kept])
    kept = _without_ones(kept, box)
    units = [t for t, e in kept if is_unit(t) and e > 0]
    if units and len(kept) > 1:
        k, t = _beside_unit(forest, kept, units[0])
        return c * k, t
    if kept and not any(t.box == box for t, _ in kept):  # a column beside a row is their outer product
        columns = times(forest, [(t, e) for t, e in kept if t.box[1] is None])
        rows = times(forest, [(t, e) for t, e in kept if t.box[1] is not None])
        k, t = forest.chain([forest.wrap(columns), forest.wrap(rows)])
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
        if isinstance(t, Times) and (e.denominator == 1 or all(nonnegative(f) for f, _ in t.factors)):
            stack.extend((f, k * e) for f, k in reversed(t.factors))
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
        elif isinstance(t, Call) and t.function in RATIOS:
            found = _ratio(forest, t, e, rest)
        elif isinstance(t, Call) and t.function == "exp" and e == 1:
            found = _logistic(forest, t, rest)
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


def _ratio(forest: Forest, t: Call, e: Fraction, rest: list[Factor]) -> list[Factor] | None:
    below, ratio = RATIOS[t.function]
    for m, (u, k) in enumerate(rest):
        if isinstance(u, Call) and u.function == below and u.arguments == t.arguments and k * e < 0:
            used = min(abs(e), abs(k)) * (1 if e > 0 else -1)
            quotient = forest.raw_call(ratio, t.arguments, t.box)
            return [*[f for j, f in enumerate(rest) if j != m], (t, e - used), (u, k + used), (quotient, used)]
    return None


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


def raw_times(forest: Forest, kept: list[Factor]) -> Tree:
    """The product of powers as given, in reading order: scalars, names, functions, sums; within a kind by first appearance."""
    flat: list[Factor] = []
    for t, e in kept:
        flat += [(f, k * e) for f, k in t.factors] if isinstance(t, Times) and e.denominator == 1 else [(t, e)]
    key = ("times", tuple(sorted((t.serial, e) for t, e in flat)))
    if forest.typing:
        flat.sort(key=lambda f: f[0].box != SCALAR)
    else:
        flat.sort(key=lambda f: (f[0].box != SCALAR, CLASS[type(f[0])], not _is_size(f[0]), f[0].key, f[0].serial))
    factors = tuple((t, e) for e, t in full_first([(e, t) for t, e in flat]))

    def make() -> Tree:
        trees = [t for t, _ in factors]
        tree = Times(union([t.box for t in trees]), key=joined(trees), factors=factors)
        tree.score = forest.product_score(ONE, tree)
        return tree

    return forest.intern(key, make)
