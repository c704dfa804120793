"""Common factors taken out of sums before they become steps, so that a large array is multiplied once.

v[i] X[i,j] + w[i] X[i,j]  =  (v + w)[i] X[i,j]          X.T @ A - X.T @ B  =  X.T @ (A - B)
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from wrt.algebra.expr import Expr, Indicator, Operator, Product, Sizes, Sum, fold, postorder
from wrt.algebra.product import Operand, part, product
from wrt.algebra.rebuild import with_children
from wrt.algebra.sums import add

ONE = Fraction(1)
MOST = 64  # terms of a sum that is searched
FEW = 4  # terms that may share a matrix product: so few that the builder can undo it where that is faster
Key = tuple[int, tuple[int | None, ...]]  # a factor's identity, and which axis of the sum each of its axes is (None: summed over)
Term = tuple[Fraction, Expr]


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
        shared = [(None not in key[1], len(key[1]), n, -k, key) for k, (key, n) in enumerate(counts.items()) if n > 1 and _worth(key, terms, keys)]
        if not shared:
            break
        key = max(shared, key=lambda found: found[:4])[4]
        group = [k for k, found in enumerate(keys) if key in found]
        common = {k for k in set(keys[group[0]]).intersection(*(keys[k] for k in group[1:])) if None not in k[1]} | {key}
        joined = _joined(node, [terms[k] for k in group], sorted(common, key=lambda k: keys[group[0]][k]))
        terms = [t for k, t in enumerate(terms) if k not in group] + [(ONE, joined)]
    return add(terms, node.shape)


def _worth(key: Key, terms: list[Term], keys: list[dict[Key, int]]) -> bool:
    """An array, or a matrix in a few matrix products; scalars multiply what they meet anyway."""
    if None not in key[1]:
        return bool(key[1])
    group = [t for (_, t), found in zip(terms, keys, strict=True) if key in found]
    held = {a for t in group for a in _rest(t, [key])[0]}
    return len(key[1]) == 2 and key[1].count(None) == 1 and len(group) <= FEW and len(held) <= 1


def _factors(t: Expr) -> dict[Key, int]:
    """The factors of a term, with their places among its operands."""
    if not isinstance(t, Product):
        return {(id(t), tuple(range(t.order))): 0}
    if len(set(t.output)) < len(t.output):
        return {}
    place = {label: k for k, label in enumerate(t.output)}
    out: dict[Key, int] = {}
    for k, (e, labels) in enumerate(t.operands):
        if len(set(labels)) == len(labels) and not isinstance(e, Indicator) and not (isinstance(e, Operator) and e.function == "onehot"):
            out.setdefault((id(e), tuple([place.get(label) for label in labels])), k)
    return out


def _joined(node: Sum, terms: list[Term], common: list[Key]) -> Expr:
    """common factors * (the sum of what is left of each term)."""
    rests = [_rest(t, common) for _, t in terms]
    held = sorted({a for places, _ in rests for a in places})
    summed: Sizes = next((sizes for _, sizes in rests if sizes), ())
    shape = (*[node.shape[a] for a in held], *summed)
    pieces = [(c, _piece(t, common, tuple(held), shape)) for c, t in terms]
    inner = add(pieces, shape)
    inner = _factored(inner) if isinstance(inner, Sum) and inner.terms else inner
    labels = (*held, *range(node.order, node.order + len(summed)))
    first = terms[0][1]
    outside: list[Operand] = []
    for key in common:
        e = first.operands[_factors(first)[key]][0] if isinstance(first, Product) else first
        fresh = iter(range(node.order, node.order + len(summed)))
        outside.append((e, tuple([next(fresh) if a is None else a for a in key[1]])))
    return product(1, [*outside, (inner, labels)], tuple(range(node.order)), (*node.shape, *summed), flatten=False)


def _rest(t: Expr, common: list[Key]) -> tuple[set[int], Sizes]:
    """(axes of the sum that a term without the common factors still has, sizes of the labels that these sum over)."""
    if not isinstance(t, Product):
        return set(), ()
    found = _factors(t)
    gone = {found[key] for key in common}
    place = {label: k for k, label in enumerate(t.output)}
    places = {place[label] for k, (_, labels) in enumerate(t.operands) if k not in gone for label in labels if label in place}
    return places, tuple([t.sizes[label] for label in _summed(t, common)])


def _summed(t: Product, common: list[Key]) -> tuple[int, ...]:
    """The labels that the common factors sum over, in their order."""
    found = _factors(t)
    return tuple([label for key in common for label, a in zip(t.operands[found[key]][1], key[1], strict=True) if a is None])


def _piece(t: Expr, common: list[Key], held: tuple[int, ...], shape: Sizes) -> Expr:
    """A term without the common factors, over the axes held and the labels they sum over."""
    if not isinstance(t, Product):
        return product(1, [], tuple(range(len(shape))), shape)
    found = _factors(t)
    gone = {found[key] for key in common}
    rest = [o for k, o in enumerate(t.operands) if k not in gone]
    return part(t.coefficient, rest, (*[t.output[a] for a in held], *_summed(t, common)), t.sizes)
