"""What the terms of a sum have in common: factors, first and last matrices, calls, and which of these not to take out.

A term is number * scalars * body; a body is an elementwise product or a chain of matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from wrt.notation.build import Forest
from wrt.notation.functions import WHOLE
from wrt.notation.score import OPERATION, WORD
from wrt.notation.tree import ONE, SCALAR, Atom, Call, Chain, Entry, Factor, Loop, Scaled, Sum, Times, Tree, Turn, is_eye


@dataclass(slots=True)
class View:
    """A term seen for factoring. `scaled`: its elementwise factors come from diag(w) @ M."""

    scalars: list[Factor]
    body: Tree
    factors: list[Factor]
    scaled: bool


@dataclass(slots=True)
class Group:
    """Terms `members` that share `tree` as `kind`: factor (to the power `exponent`), first, last, inner, call or loop; and the scalars `also`."""

    kind: str
    members: list[int]
    tree: Tree
    exponent: Fraction
    promise: float
    common: bool = False  # a denominator to its highest power: the terms are brought over it
    also: tuple[Factor, ...] = ()


def view(forest: Forest, scaled: Scaled) -> View:
    t = scaled[1]
    factors = _without_means(forest, t)
    scalars = [f for f in factors if f[0].box == SCALAR and f[0] is not forest.one]
    bodies = [f for f in factors if f[0].box != SCALAR]
    body = t if len(bodies) == len(factors) > 0 and not forest.means else forest.raw_product(bodies)
    if body is forest.one:
        return View(scalars, body, [], False)
    if isinstance(body, Times):
        return View(scalars, body, [(body, ONE)] if any(is_eye(f) for f, _ in body.factors) else list(body.factors), False)
    rows = _scaled_rows(forest, body)
    if rows is not None:
        return View(scalars, body, rows, True)
    return View(scalars, body, [] if is_eye(body) else [(body, ONE)], False)


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


def _handles(forest: Forest, terms: list[Scaled], views: list[View]) -> dict[tuple[object, ...], list[tuple[int, Tree, Fraction]]]:
    """What could be taken out of terms -> (term, tree, exponent) wherever it stands."""
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
    return found


def groups(forest: Forest, terms: list[Scaled], views: list[View]) -> list[Group]:
    """Every handle that two terms or more share, the most promising first."""
    out: list[Group] = []
    found = _handles(forest, terms, views)
    images = {n: m for pair in mirror_images(forest, terms) for n, m in (pair, pair[::-1])}
    for key, uses in found.items():
        members = list(dict.fromkeys(n for n, _, _ in uses))
        if len(members) < 2 or (key[0] != "factor" and len({images.get(n, n) in members for n in members}) > 1):
            continue  # A @ x @ x.T is not taken together with what has no mirror image
        kind, t = str(key[0]), uses[0][1]
        if kind == "factor" and (_polynomial(terms, members, t) or all(views[n].scaled and t.box != SCALAR for n in members)):
            continue
        exponents = [e for _, _, e in uses]
        if kind == "factor" and t.box == SCALAR and _product_rule(terms, views, members, t, exponents):
            continue
        e = min(exponents, key=abs)
        price = OPERATION + (WORD if kind in ("call", "loop") else t.score + (0.0 if abs(e) == 1 else OPERATION + WORD))
        out.append(Group(kind, members, t, e, price * (len(members) - 1)))
        if e < 0 and any(other != e for other in exponents):
            out.append(Group(kind, members, t, max(exponents, key=abs), price * (len(members) - 1), common=True))
    _attach_scalars(out, found)
    out += _sums_within(forest, terms, views)
    return sorted(out, key=lambda g: -g.promise)


def mirror_images(forest: Forest, terms: list[Scaled]) -> list[tuple[int, int]]:
    """The places of outer products that are each other's transposes, A @ x @ x.T and x @ x.T @ A, which are read side by side."""
    places = {t.serial: n for n, (_, t) in enumerate(terms)}
    out = []
    for n, (c, t) in enumerate(terms):
        body = t.factors[-1][0] if isinstance(t, Times) else t
        if not isinstance(body, Chain) or None in t.box or t.box[0] is not t.box[1] or all(f.box[1] is not None for f in body.factors):
            continue
        k, turned = forest.turn(t)
        m = places.get(turned.serial, n)
        if m > n and terms[m][0] == c * k:
            out.append((n, m))
    return out


def _sums_within(forest: Forest, terms: list[Scaled], views: list[View]) -> list[Group]:
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
                groups.append(Group("within", [n, *members], f, ratios.pop(), f.score + OPERATION))
    return groups


def _attach_scalars(groups: list[Group], found: dict[tuple[object, ...], list[tuple[int, Tree, Fraction]]]) -> None:
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


def _product_rule(terms: list[Scaled], views: list[View], members: list[int], factor: Tree, exponents: list[Fraction]) -> bool:
    """Whether terms stay apart though they share a plain scalar or a short function of scalars.

    3*x**2*sin(x) + x**3*cos(x) is what the product rule gives, sin(t)*cos(t) + cos(t)**2 + t one of several ways to write a longer sum.
    """
    if min(exponents) < 0:
        return False
    plain = isinstance(factor, (Atom, Entry))
    if not plain and not (isinstance(factor, Call) and factor.function not in WHOLE and factor.function != "exp"):
        return False
    if len(members) < len(terms):
        return all(t.box == SCALAR for _, t in terms)
    if not plain or len(set(exponents)) == 1:
        return False
    shared = [{f.serial for f, _ in (*views[n].scalars, *views[n].factors) if not isinstance(f, (Atom, Entry))} for n in members]
    return not set.intersection(*shared)
