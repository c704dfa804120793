"""The shortest sum: common factors, common first or last matrices and common calls are taken out while that saves length.

A term is number * scalars * body; a body is an elementwise product or a chain of matrices. The greedy step takes out what saves most: the
handles that promise most are tried and the best result is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from wrt.notation.build import Forest
from wrt.notation.score import OPERATION, WORD
from wrt.notation.tree import ONE, SCALAR, Atom, Call, Chain, Entry, Factor, Loop, Scaled, Sum, Times, Tree, Turn, is_eye

LIMIT = 32  # terms up to which factors are sought
TRIED = 4  # handles tried in a step
DEPTH = 8  # factors within factors
GAIN = 0.2  # length that a step must save
NESTED = 2.6  # how much longer (a*d + b)/d**2 may be than (a + b/d)/d and still be preferred


def factored(forest: Forest, terms: Iterable[Scaled], depth: int = 0) -> Scaled:
    """sum c*t in its shortest form."""
    c, whole = forest.add(terms)
    if not isinstance(whole, Sum) or not 2 <= len(whole.terms) <= LIMIT or whole.typed or depth > DEPTH:
        return c, whole
    found = forest.shortest.get(whole.serial)
    if found is None:
        found = _shorten(forest, list(whole.terms), depth)
        forest.shortest[whole.serial] = found
    return c * found[0], found[1]


def _shorten(forest: Forest, terms: list[Scaled], depth: int) -> Scaled:
    while len(terms) > 1:
        views = [_view(forest, s) for s in terms]
        best: tuple[float, list[int], Scaled] | None = None
        for group in _groups(forest, terms, views)[:TRIED]:
            found = _taken_out(forest, terms, views, group, depth)
            if found is None:
                continue
            old = sum(forest.product_score(*terms[n], first=False) for n in group.members) + OPERATION * (len(group.members) - 1)
            gain = old - forest.product_score(*found, first=False) + (NESTED if group.common and found[1].box == SCALAR else 0.0)
            if gain > GAIN and (best is None or gain > best[0] + 1e-9):
                best = gain, group.members, found
        if best is None:
            break
        _, members, found = best
        kept = [t for n, t in enumerate(terms) if n not in members]
        kept.insert(min(members), found)
        c, merged = forest.add(kept)
        if not isinstance(merged, Sum) or len(merged.terms) < 2 or merged.typed:
            return c, merged
        terms = [(c * k, t) for k, t in merged.terms]
    return _halves(forest, terms)


def _halves(forest: Forest, terms: list[Scaled]) -> Scaled:
    """A + A.T for long A: the second half is printed as the transpose of the first."""
    out = list(terms)
    for n, (c, t) in enumerate(terms):
        if not isinstance(t, (Chain, Times)) or None in t.box or t.box[0] is not t.box[1]:
            continue
        k, turned = forest.turn(t)
        for m in range(n + 1, len(terms)):
            if terms[m] == (c * k, turned) and out[m] is terms[m] and turned is not t and t.score + WORD < turned.score - 0.3:
                out[m] = (c * k, forest.raw_turn(t))
    return forest.add(out)


# ---------------------------------------------------------------------------------------------------- what terms share
@dataclass(slots=True)
class _View:
    """A term seen for factoring. `scaled`: its elementwise factors come from diag(w) @ M."""

    scalars: list[Factor]
    body: Tree
    factors: list[Factor]
    scaled: bool


@dataclass(slots=True)
class _Group:
    """Terms `members` that share `tree` as `kind`: factor (to the power `exponent`), first, last, inner, call or loop; and the scalars `also`."""

    kind: str
    members: list[int]
    tree: Tree
    exponent: Fraction
    promise: float
    common: bool = False  # a denominator to its highest power: the terms are brought over it
    also: tuple[Factor, ...] = ()


def _view(forest: Forest, scaled: Scaled) -> _View:
    t = scaled[1]
    factors = _without_means(forest, t)
    scalars = [f for f in factors if f[0].box == SCALAR and f[0] is not forest.one]
    bodies = [f for f in factors if f[0].box != SCALAR]
    body = t if len(bodies) == len(factors) > 0 and not forest.means else forest.raw_product(bodies)
    if body is forest.one:
        return _View(scalars, body, [], False)
    if isinstance(body, Times):
        return _View(scalars, body, list(body.factors), False)
    rows = _scaled_rows(forest, body)
    if rows is not None:
        return _View(scalars, body, rows, True)
    return _View(scalars, body, [] if is_eye(body) else [(body, ONE)], False)


def _without_means(forest: Forest, t: Tree) -> list[Factor]:
    """The factors of a term, mean(x) as sum(x)/n: the 1/n may be common."""
    factors = list(t.factors) if isinstance(t, Times) else [(t, ONE)]
    out: dict[int, Factor] = {}
    for f, e in factors:
        parts = [(f, e)]
        if isinstance(f, Call) and f.function == "mean" and e == 1:
            sizes = [s for k, s in enumerate(f.arguments[0].box) if s is not None and f.axis in (None, k)]
            counts = [forest.size(s) for s in sizes]
            if all(c == 1 for c, _ in counts):
                parts = [(forest.raw_call("sum", f.arguments, f.box, f.axis), ONE), *[(n, -ONE) for _, n in counts]]
        for u, k in parts:  # each factor once: what is taken out is taken out of one power
            out[u.serial] = (u, out[u.serial][1] + k if u.serial in out else k)
    return [(u, k) for u, k in out.values() if k]


def _scaled_rows(forest: Forest, body: Tree) -> list[Factor] | None:
    """diag(w) @ M as the factors w and M, M @ diag(w) as M and w.T."""
    if not isinstance(body, Chain) or None in body.box:
        return None
    first, last = body.factors[0], body.factors[-1]
    if isinstance(first, Call) and first.function == "diag" and None not in first.box:
        c, rest = forest.chain(body.factors[1:])
        return [(first.arguments[0], ONE), (rest, ONE)] if c == 1 and not isinstance(rest, Times) else None
    if isinstance(last, Call) and last.function == "diag" and None not in last.box:
        c, rest = forest.chain(body.factors[:-1])
        k, row = forest.turn(last.arguments[0])
        return [(rest, ONE), (row, ONE)] if c == 1 and k == 1 and not isinstance(rest, Times) else None
    return None


def _groups(forest: Forest, terms: list[Scaled], views: list[_View]) -> list[_Group]:
    """Every handle that two terms or more share, the most promising first."""
    found: dict[tuple[object, ...], list[tuple[int, Tree, Fraction]]] = {}
    full = any(None not in t.box for _, t in terms)
    for n, v in enumerate(views):
        for f, e in (*v.scalars, *v.factors):
            found.setdefault(("factor", e > 0, f.serial), []).append((n, f, e))
        if isinstance(v.body, Chain) and v.body.box != SCALAR:
            found.setdefault(("first", v.body.factors[0].serial), []).append((n, v.body.factors[0], ONE))
            found.setdefault(("last", v.body.factors[-1].serial), []).append((n, v.body.factors[-1], ONE))
        elif full and v.body.box != SCALAR and None in v.body.box:  # a vector spread over a matrix: x.T is ones @ x.T
            kind = "first" if v.body.box[1] is None else "last"
            found.setdefault((kind, v.body.serial), []).append((n, v.body, ONE))
        summed = _row_sums(forest, v.body)
        if summed is not None:
            found.setdefault(("first", summed.serial), []).append((n, summed, ONE))
        for f, e in v.scalars:
            if e == 1 and isinstance(f, Chain) and v.body is forest.one:
                for ends, last in _ends(forest, f):
                    found.setdefault(("inner", last.serial, ends), []).append((n, last, ONE))
        called = v.scalars[0][0] if v.body is forest.one and len(v.scalars) == 1 and v.scalars[0][1] == 1 else v.body
        if isinstance(called, Loop):
            found.setdefault(("loop", called.ranges), []).append((n, called, ONE))
        elif isinstance(called, Call) and called.function in ("diag", "sum", "tr") and called.arguments[0].box != SCALAR:
            a = called.arguments[0]
            sizes = tuple(None if s is None else s.text for s in a.box)
            found.setdefault(("call", called.function, called.axis, sizes), []).append((n, called, ONE))
    groups: list[_Group] = []
    for key, uses in found.items():
        members = list(dict.fromkeys(n for n, _, _ in uses))
        if len(members) < 2:
            continue
        kind, t = str(key[0]), uses[0][1]
        if kind == "factor" and (_polynomial(terms, members, t) or all(views[n].scaled and t.box != SCALAR for n in members)):
            continue
        exponents = [e for _, _, e in uses]
        e = min(exponents, key=abs)
        price = OPERATION + (WORD if kind in ("call", "loop") else t.score + (0.0 if abs(e) == 1 else OPERATION + WORD))
        groups.append(_Group(kind, members, t, e, price * (len(members) - 1)))
        if e < 0 and any(other != e for other in exponents):
            groups.append(_Group(kind, members, t, max(exponents, key=abs), price * (len(members) - 1), common=True))
    _attach_scalars(groups, found)
    groups += _sums_within(forest, terms, views)
    return sorted(groups, key=lambda g: -g.promise)


def _sums_within(forest: Forest, terms: list[Scaled], views: list[_View]) -> list[_Group]:
    """a - 1 + b*(a - 1): a sum that is a factor of one term and lies spread out among the others."""
    places = {t.serial: (n, c) for n, (c, t) in enumerate(terms)}
    groups = []
    for n, v in enumerate(views):
        for f, e in (*v.scalars, *v.factors):
            if e != 1 or not isinstance(f, Sum) or len(f.terms) < 2 or not all(t.serial in places for _, t in f.terms):
                continue
            ratios = {places[t.serial][1] / c for c, t in f.terms}
            members = [places[t.serial][0] for _, t in f.terms]
            if len(ratios) == 1 and n not in members:
                groups.append(_Group("within", [n, *members], f, ratios.pop(), f.score + OPERATION))
    return groups


def _attach_scalars(groups: list[_Group], found: dict[tuple[object, ...], list[tuple[int, Tree, Fraction]]]) -> None:
    """Scalars that all members of a group share come out in the same step."""
    scalars = [uses for key, uses in found.items() if key[0] == "factor" and uses[0][1].box == SCALAR and len(uses) > 1]
    for group in groups:
        if group.kind not in ("factor", "first", "last"):
            continue
        for uses in scalars:
            here = {n: e for n, _, e in uses}
            if uses[0][1] is not group.tree and all(n in here for n in group.members):
                t, e = uses[0][1], min((here[n] for n in group.members), key=abs)
                group.also = (*group.also, (t, e))
                group.promise += (len(group.members) - 1) * (OPERATION + t.score)


def _ends(forest: Forest, t: Chain) -> list[tuple[tuple[int, ...], Tree]]:
    """(what the rest must look like, last vector) of a scalar a.T @ M @ b read in both directions; of a.T @ b the rest is any vector."""
    c, first = forest.turn(t.factors[0])
    last = t.factors[-1]
    if c != 1 or first is last:
        return []
    long = len(t.factors) > 2
    return [((first.serial,) if long else (), last), ((last.serial,) if long else (), first)]


def _row_sums(forest: Forest, body: Tree) -> Tree | None:
    """M when the body is the column of its row sums, M @ ones."""
    if isinstance(body, Call) and body.function == "sum" and body.axis == 1:
        return body.arguments[0]
    if isinstance(body, Turn) and isinstance(body.argument, Call) and body.argument.function == "sum" and body.argument.axis == 0:
        c, turned = forest.turn(body.argument.arguments[0])
        return turned if c == 1 else None
    return None


def _polynomial(terms: list[Scaled], members: list[int], factor: Tree) -> bool:
    """Whether the terms are a polynomial in plain scalars, which is left expanded."""
    if not isinstance(factor, (Atom, Entry)) or factor.box != SCALAR:
        return False
    for n in members:
        t = terms[n][1]
        factors = t.factors if isinstance(t, Times) else ((t, ONE),)
        if not all(isinstance(f, (Atom, Entry)) and f.box == SCALAR and e > 0 for f, e in factors):
            return False
    return True


# ---------------------------------------------------------------------------------------------------- taking out
def _taken_out(forest: Forest, terms: list[Scaled], views: list[_View], group: _Group, depth: int) -> Scaled | None:
    chosen = [(terms[n][0], views[n]) for n in group.members]
    t, e = group.tree, group.exponent
    match group.kind:
        case "factor":
            rest = [_divided(forest, c, v, [(t, e), *group.also]) for c, v in chosen]
            k, inside = factored(forest, rest, depth + 1)
            c, out = forest.times([(t, e), *group.also, (inside, ONE)])
            return c * k, out
        case "within":
            k, inside = factored(forest, [_divided(forest, *chosen[0], [(t, ONE)]), (e, forest.one)], depth + 1)
            c, out = forest.times([(t, ONE), (inside, ONE)])
            return c * k, out
        case "call" | "loop":
            return _merged(forest, chosen, t, depth)
        case "inner":
            columns = [_before(forest, c, v, t) for c, v in chosen]
            k, inside = factored(forest, columns, depth + 1)
            if inside.box == SCALAR:
                return None
            m, row = forest.turn(inside)
            c, out = forest.chain([row, t])
            return c * k * m, out
    first = group.kind == "first"
    rest = [_without(forest, c, v, t, first, group.also) for c, v in chosen]
    end = 1 if first else 0  # the axis of the rest that the whole keeps
    kept = next((r.box[end] for _, r in rest if r.box[end] is not None), None)
    box = (t.box[1], kept) if first else (kept, t.box[0])
    k, inside = forest.spread(plainer(forest, factored(forest, rest, depth + 1)), box)
    c, out = forest.chain([t, inside] if first else [inside, t])
    m, whole = forest.times([*group.also, (out, ONE)])
    return c * k * m, whole


def plainer(forest: Forest, scaled: Scaled) -> Scaled:
    """A sum such as X.T - Z.T as (X - Z).T: the plainer orientation inside."""
    c, t = scaled
    if t.box == SCALAR or not isinstance(t, Sum):
        return scaled
    k, turned = forest.turn(t)
    if isinstance(turned, Sum) and k == 1 and turned.score + 0.25 < t.score:
        return c, forest.raw_turn(turned)
    return scaled


def _merged(forest: Forest, chosen: list[tuple[Fraction, _View]], t: Tree, depth: int) -> Scaled | None:
    """diag(u) + diag(v) = diag(u + v), and so for sums, traces and sums over the same indices."""
    assert isinstance(t, (Call, Loop))
    inner: list[Scaled] = []
    for c, v in chosen:
        if v.body is forest.one:
            called, scalars = v.scalars[0][0], []
        else:
            called, scalars = v.body, v.scalars
        k, u = forest.times([*scalars, (called.children[0], ONE)])
        inner.append((c * k, u))
    k, inside = factored(forest, inner, depth + 1)
    if isinstance(t, Loop):
        return k, forest.raw_loop(inside, t.ranges)
    if inside.box == SCALAR or (t.function == "sum" and inside.box != t.arguments[0].box) or (t.function == "diag" and inside.box[0] is None):
        return None
    m, out = forest.diag(inside) if t.function == "diag" else forest.call(t.function, (inside,), t.axis)
    return k * m, out


def _divided(forest: Forest, c: Fraction, v: _View, gone: Sequence[Factor]) -> Scaled:
    """A term without some of its factors."""
    left = {id(t): e for t, e in gone}
    whole = v.scaled and all(id(f) not in left for f, _ in v.factors)  # diag(w) @ M stays unless w or M is what comes out
    bodies = v.factors if v.factors and not whole else [(v.body, ONE)] if v.body is not forest.one else []
    factors = [*v.scalars, *bodies]
    out = [(f, k - left.pop(id(f), Fraction(0))) for f, k in factors]
    assert not left, "a common factor is missing; please report this as a bug"
    k, rest = forest.times(out)
    return c * k, rest


def _before(forest: Forest, c: Fraction, v: _View, last: Tree) -> Scaled:
    """The column w of a scalar term w.T @ last."""
    out: list[Factor] = []
    column: Scaled | None = None
    for f, e in v.scalars:
        if column is None and e == 1 and isinstance(f, Chain):
            k, first = forest.turn(f.factors[0])
            if f.factors[-1] is last:
                j, row = forest.chain(f.factors[:-1])
                i, turned = forest.turn(row)
                column = j * i, turned
                continue
            if first is last:
                j, turned = forest.chain(f.factors[1:])
                column = k * j, turned
                continue
        out.append((f, e))
    assert column is not None, "a common vector is missing; please report this as a bug"
    k, w = forest.times([*out, (column[1], ONE)])
    return c * column[0] * k, w


def _without(forest: Forest, c: Fraction, v: _View, t: Tree, first: bool, gone: Sequence[Factor]) -> Scaled:
    """A term without the first or last matrix of its chain; of a vector alone the number 1 is left."""
    if not isinstance(v.body, Chain) or v.body is t:
        k, rest = ONE, forest.one
    else:
        k, rest = forest.chain(v.body.factors[1:] if first else v.body.factors[:-1])
    left = {id(f): e for f, e in gone}
    m, out = forest.times([*[(f, e - left.get(id(f), Fraction(0))) for f, e in v.scalars], (rest, ONE)])
    return c * k * m, out
