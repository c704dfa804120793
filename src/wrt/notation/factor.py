"""The shortest sum: common factors, common first or last matrices and common calls are taken out while that saves length.

A term is number * scalars * body; a body is an elementwise product or a chain of matrices. The greedy step takes out what saves most.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from wrt.notation.build import ONE, Forest, is_eye, union
from wrt.notation.tree import SCALAR, Atom, Call, Chain, Entry, Factor, Scaled, Sum, Times, Tree, Turn

LIMIT = 40  # terms up to which factors are sought
GAIN = 0.2  # length that a step must save
Handle = tuple[str, int]


def factored(forest: Forest, terms: Iterable[Scaled]) -> Scaled:
    """sum c*t in its shortest form."""
    c, whole = forest.add(terms)
    if not isinstance(whole, Sum) or len(whole.terms) < 2 or len(whole.terms) > LIMIT or whole.typed:
        return c, whole
    k, out = _shorten(forest, list(whole.terms), 0)
    return c * k, out


def _shorten(forest: Forest, terms: list[Scaled], depth: int) -> Scaled:
    while len(terms) > 1:
        best: tuple[float, list[Scaled]] | None = None
        for members, build in _groups(forest, terms):
            rest = [t for n, t in enumerate(terms) if n not in members]
            found = build(depth)
            if found is None:
                continue
            old = sum(forest.product_score(*terms[n], first=False) for n in members) + len(members) - 1
            gain = old - forest.product_score(*found, first=False)
            if gain > GAIN and (best is None or gain > best[0] + 1e-9):
                at = min(members)
                best = gain, [*[t for n, t in enumerate(terms) if n < at and n not in members], found, *[t for n, t in enumerate(terms) if n > at and n not in members]]
                assert len(best[1]) == len(rest) + 1
        if best is None:
            break
        merged = forest.add(best[1])
        if not isinstance(merged[1], Sum) or len(merged[1].terms) < 2:
            return merged
        terms = [(merged[0] * k, t) for k, t in merged[1].terms]
    return _halves(forest, terms)


def _halves(forest: Forest, terms: list[Scaled]) -> Scaled:
    """A + A.T for long A: the second half is printed as the transpose of the first."""
    out = list(terms)
    for n, (c, t) in enumerate(terms):
        if not isinstance(t, (Chain, Times)) or None in t.box or t.box[0] is not t.box[1]:
            continue
        k, turned = forest.turn(t)
        short = t.score + 0.25
        for m in range(n + 1, len(terms)):
            if terms[m][1] is turned and terms[m][0] == c * k and out[m] is terms[m] and turned is not t and short < turned.score - 0.3:
                out[m] = (c * k, forest.raw_turn(t))
    return forest.add(out)


class _Group:
    """Terms that share a handle, and the way to take it out."""

    def __init__(self, forest: Forest, terms: list[Scaled], members: list[int], handle: tuple[str, Tree, Fraction]) -> None:
        self.forest, self.terms, self.members, self.handle = forest, terms, members, handle

    def __call__(self, depth: int) -> Scaled | None:
        forest = self.forest
        kind, t, e = self.handle
        chosen = [self.terms[n] for n in self.members]
        if kind == "factor":
            rest = [_divided(forest, s, t, e) for s in chosen]
            k, inside = _shorten_sum(forest, rest, depth)
            c, out = forest.times([(t, e), (inside, ONE)])
            return c * k, out
        if kind == "call":
            return self._merged(chosen, t, depth)
        rest = [_without(forest, s, kind) for s in chosen]
        box = (t.box[1], None) if kind == "first" else (None, t.box[0])
        other = next((s[1].box[1] for s in rest if s[1].box[1] is not None), None) if kind == "first" else next((s[1].box[0] for s in rest if s[1].box[0] is not None), None)
        whole = (box[0], other) if kind == "first" else (other, box[1])
        k, inside = forest.spread(_shorten_sum(forest, rest, depth), whole)
        c, out = forest.chain([t, inside] if kind == "first" else [inside, t])
        return c * k, out

    def _merged(self, chosen: list[Scaled], t: Tree, depth: int) -> Scaled | None:
        """diag(u) + diag(v) = diag(u + v), and so for sums and traces."""
        forest = self.forest
        assert isinstance(t, Call)
        inner: list[Scaled] = []
        for c, u in chosen:
            scalars, body = _parts(forest, u)
            assert isinstance(body, Call)
            k, v = forest.times([*scalars, (body.arguments[0], ONE)])
            inner.append((c * k, v))
        k, inside = _shorten_sum(forest, inner, depth)
        if inside.box == SCALAR:
            return None
        if t.function == "diag":
            m, out = forest.diag(inside)
        else:
            m, out = forest.call(t.function, (inside,), t.axis)
        return k * m, out


def _shorten_sum(forest: Forest, terms: list[Scaled], depth: int) -> Scaled:
    c, whole = forest.add(terms)
    if not isinstance(whole, Sum) or len(whole.terms) < 2 or whole.typed or depth > 12:
        return c, whole
    k, out = _shorten(forest, list(whole.terms), depth + 1)
    return c * k, out


def _groups(forest: Forest, terms: list[Scaled]) -> list[tuple[list[int], _Group]]:
    """Every handle that two terms or more share."""
    found: dict[tuple[str, int], list[tuple[int, Tree, Fraction]]] = {}
    for n, (_, t) in enumerate(terms):
        scalars, body = _parts(forest, t)
        for f, e in scalars:
            found.setdefault((f"factor{e > 0}", f.serial), []).append((n, f, e))
        for f, e in _elementwise(forest, body):
            found.setdefault((f"factor{e > 0}", f.serial), []).append((n, f, e))
        if isinstance(body, Chain):
            found.setdefault(("first", body.factors[0].serial), []).append((n, body.factors[0], ONE))
            found.setdefault(("last", body.factors[-1].serial), []).append((n, body.factors[-1], ONE))
        elif isinstance(body, Call) and body.function in ("diag", "sum", "tr") and body.arguments[0].box != SCALAR:
            a = body.arguments[0]
            key = f"call {body.function} {body.axis} {a.box[0]} {a.box[1]}"
            found.setdefault((key, 0), []).append((n, body, ONE))
    out: list[tuple[list[int], _Group]] = []
    for (kind, _), uses in found.items():
        members = list(dict.fromkeys(n for n, _, _ in uses))
        if len(members) < 2:
            continue
        e = min((e for _, _, e in uses), key=abs)
        name = kind.split()[0] if kind.startswith("call") else "factor" if kind.startswith("factor") else kind
        if name == "factor" and _polynomial([terms[n] for n in members], uses[0][1]):
            continue
        out.append((members, _Group(forest, terms, members, (name, uses[0][1], e))))
    return out


def _polynomial(terms: list[Scaled], factor: Tree) -> bool:
    """Whether a sum is a polynomial in plain scalars, which is left expanded."""
    if not isinstance(factor, (Atom, Entry)) or factor.box != SCALAR:
        return False
    for _, t in terms:
        factors = t.factors if isinstance(t, Times) else ((t, ONE),)
        if not all(isinstance(f, (Atom, Entry)) and f.box == SCALAR and e > 0 for f, e in factors):
            return False
    return True


def _parts(forest: Forest, t: Tree) -> tuple[list[Factor], Tree]:
    """(scalar factors, body) of a tree; a scalar tree is all factors."""
    if isinstance(t, Times):
        scalars = [(f, e) for f, e in t.factors if f.box == SCALAR]
        if not scalars:
            return [], t
        rest = [(f, e) for f, e in t.factors if f.box != SCALAR]
        return scalars, forest.times(rest)[1]
    if t.box == SCALAR and t is not forest.one:
        return ([], t) if isinstance(t, Chain) or (isinstance(t, Call) and t.function in ("sum", "tr")) else ([(t, ONE)], forest.one)
    return [], t


def _elementwise(forest: Forest, body: Tree) -> list[Factor]:
    """The elementwise factors of a body; diag(w) @ M counts as w*M."""
    if body.box == SCALAR:
        return [(body, ONE)] if isinstance(body, (Chain, Call)) else []
    if isinstance(body, Times):
        return list(body.factors)
    view = _scaled_rows(forest, body)
    if view is not None:
        return view
    return [(body, ONE)] if not is_eye(body) else []


def _scaled_rows(forest: Forest, body: Tree) -> list[Factor] | None:
    """diag(w) @ M as the factors w and M, M @ diag(w) as M and w.T."""
    if not isinstance(body, Chain):
        return None
    first, last = body.factors[0], body.factors[-1]
    if isinstance(first, Call) and first.function == "diag" and None not in body.box:
        c, rest = forest.chain(body.factors[1:])
        return [(first.arguments[0], ONE), (rest, ONE)] if c == 1 and not isinstance(rest, Times) else None
    if isinstance(last, Call) and last.function == "diag" and None not in body.box:
        c, rest = forest.chain(body.factors[:-1])
        k, row = forest.turn(last.arguments[0])
        return [(rest, ONE), (row, ONE)] if c == 1 and k == 1 and not isinstance(rest, Times) else None
    return None


def _divided(forest: Forest, scaled: Scaled, t: Tree, e: Fraction) -> Scaled:
    """A term without the factor t**e."""
    c, u = scaled
    scalars, body = _parts(forest, u)
    factors = [*scalars, *(_elementwise(forest, body) or ([(body, ONE)] if body is not forest.one else []))]
    out: list[Factor] = []
    left = e
    for f, k in factors:
        if f is t and left:
            k, left = k - left, Fraction(0)
        out.append((f, k))
    assert not left, "a common factor is missing; please report this as a bug"
    k, rest = forest.times(out)
    return c * k, rest


def _without(forest: Forest, scaled: Scaled, kind: str) -> Scaled:
    """A term without the first or last matrix of its chain."""
    c, u = scaled
    scalars, body = _parts(forest, u)
    assert isinstance(body, Chain)
    k, rest = forest.chain(body.factors[1:] if kind == "first" else body.factors[:-1])
    m, out = forest.times([*scalars, (rest, ONE)])
    return c * k * m, out


__all__ = ["Turn", "factored", "union"]
