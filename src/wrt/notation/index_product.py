"""One entry of a product: labels become index names, deltas comparisons, and what is summed over sums of their own.

The tasks of `language.trampoline` here are those of `index_entry`, taken apart by what a product does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.algebra.expr import Expr, Indicator, Map, Operator, Position, Product, Reshape, SizeValue, Symbol, constant_value, raw_map
from wrt.algebra.expr import postorder as below
from wrt.algebra.product import scale
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Generator, Loop, Name, Node, postorder
from wrt.language.trampoline import Task
from wrt.language.trees import whole
from wrt.language.unparse import unparse
from wrt.notation.index_factors import Key, Parts, raised
from wrt.notation.index_idioms import softmaxes, untied
from wrt.notation.index_monomial import Condition, Flat, Group, Monomial, Piece
from wrt.notation.index_operators import operator_entry
from wrt.notation.index_place import (
    ONE,
    ZERO,
    Constraint,
    Form,
    Lookup,
    Place,
    bare,
    constraint_node,
    differ,
    entry_node,
    fixed,
    joined,
    name_order,
    place_node,
    size_node,
)

if TYPE_CHECKING:
    from wrt.notation.index_entry import Entries

LATE = 10**9  # the rank of what holds no name
Places = tuple[Place, ...]
Scope = tuple[str, ...]


def grouped(entries: Entries, c: Fraction, e: Reshape, places: Places, scope: Scope) -> Task:
    """An entry of a grouping: its parts are summed under the condition that they make up the index."""
    inner = e.argument
    if isinstance(inner, Product):
        pieces, output, sizes = [Piece(f, labels) for f, labels in inner.operands], inner.output, inner.sizes
        c = c * inner.coefficient
    else:
        output, sizes = tuple(range(inner.order)), inner.shape
        pieces = [Piece(inner, output)]
    flats: list[Flat] = []
    kept: list[tuple[int, Place]] = []
    at = 0
    for place, count in zip(places, e.counts, strict=True):
        if count == 1:
            kept.append((output[at], place))
        else:
            flats.append(Flat(place, output[at : at + count]))
        at += count
    return (yield product(entries, c, pieces, tuple(a for a, _ in kept), sizes, tuple(p for _, p in kept), scope, flats))


def product(
    entries: Entries,
    c: Fraction,
    pieces: list[Piece],
    output: tuple[int, ...],
    sizes: Sequence[Size],
    places: Places,
    scope: Scope,
    flats: Sequence[Flat] = (),
) -> Task:
    """c times the operands' product at `places` of its output labels, all other labels summed; `flats` tie a place to several labels."""
    parts = Parts(c)
    pinned = _pin(output, places, parts)
    if pinned is None or c == 0:
        return Parts(Fraction(0))
    if len(pinned) < len(sizes):
        tied = {a for flat in flats for a in flat.labels}
        pinned |= {a: fixed(Size.of(0)) for a, n in enumerate(sizes) if n.number == 1 and a not in pinned and a not in tied}  # no sum over one index
    pieces, flats = untied(pieces, pinned, flats)
    work = Monomial(softmaxes(entries, pieces), pinned, sizes, flats)
    if work.zero:
        return Parts(Fraction(0))
    groups, outside, count = work.groups()
    if count.number is not None:
        parts.coefficient *= count.number
    else:
        parts.scalar((0, -1), size_node(count))
    yield _fill(entries, parts, outside, work, {}, scope)
    for group in groups:
        rank = min([LATE, *[entries.rank(p.expr) for p in group.pieces]])
        node = yield _series(entries, group, work, parts, scope)
        parts.multiply(parts.factors if work.touches(group) else parts.scalars, (2, rank), node)
    return parts


def _pin(output: tuple[int, ...], places: Places, parts: Parts) -> dict[int, Place] | None:
    """The place of every output label, with comparisons where a label has several; None when they cannot agree."""
    chosen: dict[int, list[Place]] = {}
    for label, place in zip(output, places, strict=True):
        chosen.setdefault(label, []).append(place)
    pinned: dict[int, Place] = {}
    for label, options in chosen.items():
        first = min(options, key=_place_key)
        pinned[label] = first
        for other in dict.fromkeys(options):
            apart = differ(first, other)
            if isinstance(apart, Constraint):
                if not apart.form.terms and apart.form.constant.number is not None:
                    return None
                _delta(parts, constraint_node(apart))
            elif apart is not None:
                _delta(parts, Binary("==", *apart))
    return pinned


def _delta(parts: Parts, node: Node) -> None:
    """Multiply by a comparison; comparisons stand in the order of their first index name."""
    names = [name_order(part.name) for part in postorder(node) if isinstance(part, Name) and part.role == "index"]
    key = tuple([k for name in sorted(names) for k in name])
    if not any(key == other and unparse(node) == unparse(seen) for other, seen in parts.deltas):
        parts.deltas.append((key, node))


def _fill(entries: Entries, parts: Parts, group: Group, work: Monomial, names: dict[int, Place], scope: Scope) -> Task:
    """Put a group's conditions and operands into a product, all labels placed."""
    for condition in group.conditions:
        _delta(parts, _condition(condition, work, names))
    for flat in group.flats:
        _delta(parts, _flat_node(flat, {a: work.place(a, names) for a in flat.labels}, work.sizes))
    exponents = {id(part) for piece in group.pieces for part in _exponent_parts(piece.expr)}
    for n, piece in enumerate(work.arranged(group.pieces, entries.rank)):
        places = tuple([work.place(a, names) for a in piece.labels])
        if piece.node is not None:
            parts.factor((0, n), entry_node(piece.node, places))
        else:
            yield factor(entries, parts, piece.expr, places, scope, (-1 if id(piece.expr) in exponents else _plainness(piece.expr), n))


def factor(entries: Entries, parts: Parts, e: Expr, places: Places, scope: Scope, key: Key) -> Task:
    """Multiply e[places] into a product."""
    typed = entries.typed.scalar(e) if not places and e.children else None
    if typed is not None:
        parts.coefficient *= typed.sign
        parts.scalar((1, *key[1:]), typed.node)
        return
    value = constant_value(e)
    if value is not None:
        parts.coefficient *= value
        return
    exponent = constant_value(e.arguments[1]) if isinstance(e, Map) and e.function == "pow" else None
    base = e.children[0] if exponent is not None and exponent.denominator == 1 else e
    if entries.flipped(base) and (exponent is None or exponent.denominator == 1):
        if exponent is None or exponent % 2:
            parts.coefficient = -parts.coefficient
        base = scale(-1, base)
        e = base if exponent is None else raw_map("pow", (base, *e.children[1:]))
        entries.kept.append(e)
    where = parts.factors if places else parts.scalars
    match e:
        case Map(function="pow") if exponent is not None and exponent < 0:
            node = yield entries.entry(e.children[0], places, scope)
            parts.divisors.append(((0 if isinstance(e.children[0], SizeValue) else 1, *key), raised(node, -exponent, entries.spelled)))
        case Operator(function="onehot"):
            index = yield entries.entry(e.arguments[0], places[:-1], scope)
            _delta(parts, Binary("==", index, place_node(places[-1])))
        case Operator(function="powers"):
            where.append((key, (yield operator_entry(entries, e, places, scope))))
        case Indicator() | Product() | Reshape(split=False):
            inner = yield entries.term(Fraction(1), e, places, scope)
            parts.coefficient *= inner.coefficient
            for mine, others in (
                (parts.deltas, inner.deltas),
                (parts.scalars, inner.scalars),
                (where, inner.factors),
                (parts.divisors, inner.divisors),
            ):
                mine += [((*key, *k), node) for k, node in others] if mine is not parts.deltas else others
        case _:
            parts.multiply(where, key, (yield entries.entry(e, places, scope)))


def _condition(condition: Condition, work: Monomial, names: dict[int, Place]) -> Node:
    if work.readable(condition):
        return constraint_node(Constraint(condition.relation, work.named(condition.form, names)))
    positive: list[Node] = []
    negative: list[Node] = []
    for label, c in condition.form.terms:
        node = place_node(work.place(label, names))
        (positive if c > 0 else negative).append(node if abs(c) == 1 else Binary("*", whole(abs(c)), node))
    positive.append(size_node(condition.form.constant))
    return Binary(condition.relation, joined(positive, negative), whole(0))


def _series(entries: Entries, group: Group, work: Monomial, parts: Parts, scope: Scope) -> Task:
    """sum(body for ... if ...) over the loops of a group; numbers go to the product outside."""
    pieces = work.arranged(group.pieces, entries.rank)
    met = [a for piece in pieces for label in piece.labels for a in sorted(work.support((label,)))]
    order = sorted(group.loops, key=lambda a: met.index(a) if a in met else len(met) + a)
    bounds, conditions = work.bounded(order, group.conditions)
    names: dict[int, Place] = {}
    loops = []
    for loop in bounds:
        name = entries.fresh(scope)
        scope = (*scope, name)
        start = place_node(work.named(loop.start, names)) if loop.start is not None else whole(0)
        stop = place_node(work.named(loop.stop, names)) if loop.stop is not None else size_node(work.sizes[loop.label])
        loops.append(Loop(name, start, stop))
        names[loop.label] = bare(name)
    body = Parts()
    yield _fill(entries, body, Group([], group.pieces), work, names, scope)
    guards = [_condition(c, work, names) for c in conditions]
    guards += [_flat_node(f, {a: work.place(a, names) for a in f.labels}, work.sizes) for f in group.flats]
    parts.coefficient *= body.coefficient
    body.coefficient = Fraction(1)
    _, node = body.finish(entries.spelled)
    return Generator("sum", node, tuple(loops), tuple(guards))


def split_entry(entries: Entries, e: Reshape, places: Places, scope: Scope) -> Task:
    """An array of composite size read by the parts: A[3*i + j], or a sum with the condition t == i*n + j for symbolic sizes."""
    outer: list[Place] = []
    loops: list[tuple[str, Size, Flat]] = []
    at = 0
    for axis, count in enumerate(e.counts):
        parts, sizes = places[at : at + count], e.shape[at : at + count]
        at += count
        place = _joined_place(parts, sizes)
        if place is None:
            name = entries.fresh(scope)
            scope = (*scope, name)
            place = bare(name)
            loops.append((name, e.argument.shape[axis], Flat(place, tuple(range(at - count, at)))))
        outer.append(place)
    node = yield entries.entry(e.argument, tuple(outer), scope)
    if not loops:
        return node
    conditions = tuple(_flat_node(flat, dict(enumerate(places)), e.shape) for _, _, flat in loops)
    return Generator("sum", node, tuple(Loop(name, whole(0), size_node(size)) for name, size, _ in loops), conditions)


def _flat_node(flat: Flat, places: Mapping[int, Place], sizes: Sequence[Size]) -> Node:
    """place == (l_0 * n_1 + l_1) * n_2 + ..."""
    terms: list[Node] = []
    step = ONE
    for label in reversed(flat.labels):
        node = place_node(places[label])
        if step is not ONE:
            node = Binary("*", node, size_node(step))
        if not _is_zero(places[label]):
            terms.insert(0, node)
        step = step * sizes[label]
    return Binary("==", place_node(flat.place), joined(terms, []))


def _exponent_parts(e: Expr) -> list[Expr]:
    """What the exponent of a power consists of: such factors stand in front of it, as in k*x**(k - 1)."""
    return list(below(e.arguments[1])) if isinstance(e, Map) and e.function == "pow" and constant_value(e.arguments[1]) is None else []


def _plainness(e: Expr) -> int:
    """How a factor is sorted: entries of variables and matrix functions, then function values, then sums."""
    while isinstance(e, Map) and e.function == "pow":
        e = e.children[0]
    if isinstance(e, Map):
        return 1
    return 0 if isinstance(e, (Symbol, SizeValue, Position, Operator)) else 2


def _is_zero(place: Place) -> bool:
    return isinstance(place, Form) and not place.terms and place.constant is ZERO


def _joined_place(parts: Sequence[Place], sizes: Sequence[Size]) -> Place | None:
    """The place of an index that consists of parts, when it is affine: the sizes inside are numbers."""
    if len(parts) == 1:
        return parts[0]
    out: Form[str] = fixed(ZERO)
    step = ONE
    for part, size in zip(reversed(parts), reversed(sizes), strict=True):
        if isinstance(part, Lookup) or step.number is None:
            return None
        out = out.plus(part, step.number)
        step = step * size
    return out


def _place_key(place: Place) -> tuple[int, int]:
    if isinstance(place, Lookup):
        return (3, 0)
    return (0 if place.key is not None else 1 if place.terms else 2, len(place.terms))
