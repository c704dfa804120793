"""Common factors taken out of sums before they become steps: v[i] X[i,j] + w[i] X[i,j] = (v + w)[i] X[i,j] multiplies the large array once."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from wrt.algebra.expr import Expr, Product, Sum, fold, postorder
from wrt.algebra.product import part, product
from wrt.algebra.rebuild import with_children
from wrt.algebra.sums import add

ONE = Fraction(1)
MOST = 64  # terms of a sum that is searched
Key = tuple[int, tuple[int, ...]]  # a factor's identity and which axes of the sum it has


def tidied(*roots: Expr) -> tuple[Expr, ...]:
    """The same values with common factors taken out."""
    uses = Counter(id(child) for node in postorder(*roots) for child in node.children)
    made: dict[int, Expr] = {}  # products that were sums

    def visit(node: Expr, below: tuple[Expr, ...]) -> Expr:
        if isinstance(node, Product) and any(id(child) in made for child in below):
            once = all(not isinstance(now, Product) or uses[id(was)] == 1 for was, now in zip(node.children, below, strict=True))
            return with_children(node, below, flatten=once)
        result = with_children(node, below) if below else node
        if isinstance(result, Sum) and 1 < len(result.terms) <= MOST:
            found = _factored(result)
            if isinstance(found, Product):
                made[id(found)] = found
            return found
        return result

    return tuple(fold(e, visit) for e in roots)


def _factored(node: Sum) -> Expr:
    """The sum with its most shared factor taken out, again and again."""
    terms = list(node.terms)
    for _ in range(len(terms)):
        keys = [_factors(t) for _, t in terms]
        counts = Counter(key for found in keys for key in found)
        shared = [(len(key[1]), n, -k, key) for k, (key, n) in enumerate(counts.items()) if n > 1 and key[1]]
        if not shared:
            break
        key = max(shared)[3]
        group = [k for k, found in enumerate(keys) if key in found]
        common = set(keys[group[0]]).intersection(*(keys[k] for k in group[1:]))
        joined = _joined(node, [terms[k] for k in group], common)
        terms = [t for k, t in enumerate(terms) if k not in group] + [(ONE, joined)]
    return add(terms, node.shape)


def _factors(t: Expr) -> dict[Key, int]:
    """The factors of a term all of whose axes are axes of the term, with their places among its operands."""
    if not isinstance(t, Product):
        return {(id(t), tuple(range(t.order))): 0}
    if len(set(t.output)) < len(t.output):
        return {}
    place = {label: k for k, label in enumerate(t.output)}
    out: dict[Key, int] = {}
    for k, (e, labels) in enumerate(t.operands):
        if all(label in place for label in labels) and len(set(labels)) == len(labels):
            out.setdefault((id(e), tuple(place[label] for label in labels)), k)
    return out


def _joined(node: Sum, terms: list[tuple[Fraction, Expr]], common: set[Key]) -> Expr:
    """common factors * (the sum of what is left of each term)."""
    outside: list[tuple[Expr, tuple[int, ...]]] = []
    left: list[tuple[Fraction, list[tuple[Expr, tuple[int, ...]]], Product | None]] = []
    held: set[int] = set()
    for n, (c, t) in enumerate(terms):
        found = _factors(t)
        gone = {found[key] for key in common}
        if not isinstance(t, Product):
            outside = outside or [(t, tuple(range(t.order)))]
            left.append((c, [], None))
            continue
        if not n or not outside:
            outside = [(t.operands[found[key]][0], key[1]) for key in sorted(common, key=lambda key: found[key])]
        rest = [o for k, o in enumerate(t.operands) if k not in gone]
        place = {label: k for k, label in enumerate(t.output)}
        held |= {place[label] for _, labels in rest for label in labels if label in place}
        left.append((c * t.coefficient, rest, t))
    axes = tuple(sorted(held))
    shape = tuple(node.shape[a] for a in axes)
    pieces = []
    for c, rest, factor in left:
        everywhere = product(1, [], tuple(range(len(axes))), shape)
        pieces.append((c, everywhere if factor is None else part(ONE, rest, tuple(factor.output[a] for a in axes), factor.sizes)))
    own = tuple(range(node.order))
    return product(1, [*outside, (add(pieces, shape), axes)], own, node.shape, flatten=False)
