"""Rules for the 0/1 arrays of indices: labels that only choose places are put in, what is always true or never true is dropped.

sum_t [t == i + a]*[t == j + b]        = [i + a == j + b]             t ranges over all places that i + a can be
[i >= j] + [j >= i]                    = 1 + [i == j]                 also with shifts
[i + n == j]                           = 0                            j always less than n
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from wrt.algebra.expr import ONE, Expr, Indicator, Labels, Map, Product, Sum, constant_value, indicator, postorder
from wrt.algebra.factors import contracted, uses
from wrt.algebra.product import Operand, part, product
from wrt.algebra.sums import add, constant
from wrt.language.sizes import Size

if TYPE_CHECKING:
    from wrt.algebra.simplify import Simplifier

Form = tuple[dict[int, int], Size]  # coefficient of each label, constant


def form_of(e: Indicator, labels: Labels) -> Form:
    """The affine form of an indicator at labels; a label in several slots counts once."""
    total: dict[int, int] = {}
    for a, c in zip(labels, e.coefficients, strict=True):
        total[a] = total.get(a, 0) + c
    return {a: c for a, c in total.items() if c}, e.constant


def surely_nonnegative(size: Size, least: int = 1) -> bool:
    """Whether a size is >= 0 for all values of its names, which are at least `least`, 0 or 1."""
    named = [k for m, k in size.terms if m]
    return all(k > 0 for k in named) and sum(k for m, k in size.terms if least or not m) >= 0


def bounds(form: Form, sizes: tuple[Size, ...]) -> tuple[Size, Size]:
    """The least and greatest value of a form, each label over its size."""
    low = high = form[1]
    for a, c in form[0].items():
        if c > 0:
            high = high + (sizes[a] - 1) * c
        else:
            low = low + (sizes[a] - 1) * c
    return low, high


def made(relation: str, form: Form, sizes: tuple[Size, ...]) -> Operand | None:
    """The indicator of a form as an operand: a number where that is decided, the identity where it is one; None when undecided without labels."""
    low, high = bounds(form, sizes)
    least = 0 if relation == "==" else 1  # a whole variable that names a place may be 0
    never = surely_nonnegative(-high - 1, least) or (relation == "==" and surely_nonnegative(low - 1, least))
    always = surely_nonnegative(low) if relation == ">=" else low is high is Size.of(0)
    if never or always:
        return constant(int(always), ()), ()
    labels = tuple(sorted(form[0]))
    if not labels:
        return None
    coefficients = tuple(form[0][a] for a in labels)
    constant_part = form[1]
    if relation == "==" and coefficients in ((1, -1), (-1, 1)) and constant_part is Size.of(0) and sizes[labels[0]] is sizes[labels[1]]:
        return product(1, [], (0, 0), (sizes[labels[0]],)), labels
    if relation == "==" and coefficients[0] < 0:
        coefficients, constant_part = tuple(-c for c in coefficients), -constant_part
    return indicator(relation, coefficients, constant_part, tuple(sizes[a] for a in labels)), labels


def put(form: Form, label: int, value: Form) -> Form:
    """The form with a label replaced by a form."""
    c = form[0].get(label, 0)
    total = {a: k for a, k in form[0].items() if a != label}
    for a, k in value[0].items():
        total[a] = total.get(a, 0) + c * k
    return {a: k for a, k in total.items() if k}, form[1] + value[1] * c


def solved(form: Form, label: int) -> Form:
    """The label where the form is zero, for a coefficient 1 or -1."""
    c = form[0][label]
    return {a: -k * c for a, k in form[0].items() if a != label}, form[1] * -c


# ---------------------------------------------------------------------------------------------------- products
def decided(work: Simplifier, node: Product) -> Expr | None:
    """An indicator that is always or never true, or holds a label twice, in its simplest form."""
    for k, (e, labels) in enumerate(node.operands):
        if isinstance(e, Indicator):
            new = made(e.relation, form_of(e, labels), node.sizes)
            if new is not None and (new[0] is not e or new[1] != labels) and (not isinstance(new[0], Indicator) or len(new[1]) < len(labels)):
                rest = [o for m, o in enumerate(node.operands) if m != k]
                return product(node.coefficient, [*rest, new], node.output, node.sizes, flatten=False)
    return None


def index_put_in(work: Simplifier, node: Product) -> Expr | None:
    """A label that only indicators hold is put in everywhere; elsewhere one equation is used in another when that decides it."""
    masks = [(k, e, form_of(e, labels)) for k, (e, labels) in enumerate(node.operands) if isinstance(e, Indicator)]
    if len(masks) < 2:
        return None
    count = uses(node)
    for k, e, form in masks:
        if e.relation != "==":
            continue
        for label, c in form[0].items():
            if abs(c) != 1:
                continue
            others = [(m, f, g) for m, f, g in masks if m != k and label in g[0]]
            if not others:
                continue
            value = solved(form, label)
            if count[label] == 1 + len(others):  # only indicators hold it, and it is summed
                low, high = bounds(value, node.sizes)
                if surely_nonnegative(low) and surely_nonnegative(node.sizes[label] - 1 - high):
                    new = [made(f.relation, put(g, label, value), node.sizes) for _, f, g in others]
                    if all(n is not None for n in new):
                        return contracted(node, (k, *[m for m, _, _ in others]), [n for n in new if n is not None])
            for m, f, g in others:
                one = made(f.relation, put(g, label, value), node.sizes)
                if one is not None and not isinstance(one[0], Indicator):
                    rest = [o for n, o in enumerate(node.operands) if n != m]
                    return product(node.coefficient, [*rest, one], node.output, node.sizes, flatten=False)
    return None


# ---------------------------------------------------------------------------------------------------- sums
def complementary_masks(work: Simplifier, node: Sum) -> Expr | None:
    """c*P*[i >= j] + c*P*[j >= i] = c*P + c*P*[i == j], and the same with shifts."""
    masked = [(k, found) for k, (_, t) in enumerate(node.terms) if (found := _mask(t)) is not None]
    for n, (k, t) in enumerate(masked):
        c = node.terms[k][0]
        left = part(ONE, t.rest, (*t.output, *t.ends), t.sizes)
        for m, u in masked[n + 1 :]:
            gap = (t.shift + u.shift).number
            if gap == -2 and ((len(node.terms) == 2 and not t.rest) or not all(regular(f) for f, _ in t.rest)):
                continue  # [i != j] itself, or beside what may have no value at i == j
            if node.terms[m][0] * u.coefficient != c * t.coefficient or gap not in (-2, -1, 0):
                continue
            if part(ONE, u.rest, (*u.output, *u.ends[::-1]), u.sizes) is not left:
                continue
            terms = [p for q, p in enumerate(node.terms) if q not in (k, m)]
            terms.append((c, product(t.coefficient, t.rest, t.output, t.sizes)))
            if gap != -1:
                at = t.shift if gap == 0 else t.shift + 1
                equal = made("==", ({t.ends[0]: 1, t.ends[1]: -1}, at), t.sizes)
                assert equal is not None
                terms.append((c if gap == 0 else -c, product(t.coefficient, [*t.rest, equal], t.output, t.sizes)))
            return add(terms, node.shape)
    return None


def unequal_spread(work: Simplifier, node: Product) -> Expr | None:
    """P*[i != j] = P - P*[i == j] where P has a value at i == j."""
    for k, (e, labels) in enumerate(node.operands):
        if isinstance(e, Sum) and len(e.terms) == 2 and is_unequal(e):
            rest = [o for m, o in enumerate(node.operands) if m != k]
            if all(regular(f) for f, ls in rest if set(labels) <= set(ls)):
                terms = [(c, product(node.coefficient, [*rest, (t, labels)], node.output, node.sizes)) for c, t in spread_unequal(e)]
                return add(terms, node.shape)
    return None


def is_unequal(e: Sum) -> bool:
    """Whether a sum of two order masks is the mask of an inequality: [f > 0] + [f < 0]."""
    if len(e.terms) != 2:
        return False
    first, second = (_mask(t) if not isinstance(t, Indicator) or t.order == 2 else None for _, t in e.terms)
    if first is None or second is None or first.rest or second.rest or len({c for c, _ in e.terms}) > 1:
        return False
    return first.ends == second.ends[::-1] and (first.shift + second.shift).number == -2


def spread_unequal(e: Sum) -> list[tuple[Fraction, Expr]]:
    """[i != j] as 1 - [i == j]."""
    mask = _mask(e.terms[0][1])
    assert mask is not None
    equal = made("==", ({mask.ends[0]: 1, mask.ends[1]: -1}, mask.shift + 1), mask.sizes)
    assert equal is not None
    c = e.terms[0][0]
    same = product(1, [equal], mask.output, mask.sizes)
    return [(c, constant(1, e.shape)), (-c, same)]


FRAGILE = frozenset(("log", "log1p", "arcsin", "arccos", "arccosh", "arctanh", "tan", "sec", "csc", "cot", "gammaln", "digamma", "polygamma"))


def regular(e: Expr) -> bool:
    """Whether an array surely has a value at every place: no quotient, root or logarithm of entries that depend on two indices at once."""
    for node in postorder(e):
        if isinstance(node, Map) and node.order > 1:
            k = constant_value(node.arguments[-1]) if node.function == "pow" else None
            if node.function in FRAGILE or (node.function == "pow" and (k is None or k < 0)):
                return False
    return True


class Masked(NamedTuple):
    """A product that holds the order mask [greater - less + shift >= 0], ends = (greater, less), and the rest of it."""

    coefficient: Fraction
    rest: list[Operand]
    output: Labels
    sizes: tuple[Size, ...]
    ends: Labels
    shift: Size


def _mask(t: Expr) -> Masked | None:
    """The first order mask of a term."""
    if isinstance(t, Indicator):
        own = tuple(range(t.order))
        operands: tuple[Operand, ...] = ((t, own),)
        coefficient, output, sizes = ONE, own, t.shape
    elif isinstance(t, Product):
        operands, coefficient, output, sizes = t.operands, t.coefficient, t.output, t.sizes
    else:
        return None
    for place, (e, labels) in enumerate(operands):
        if isinstance(e, Indicator) and e.relation == ">=" and e.coefficients in ((1, -1), (-1, 1)) and labels[0] != labels[1]:
            ends = labels if e.coefficients == (1, -1) else labels[::-1]
            return Masked(coefficient, [o for p, o in enumerate(operands) if p != place], output, sizes, ends, e.constant)
    return None


def collected_entries(work: Simplifier, node: Sum) -> Expr | None:
    """b[0]*u + b[1]*v = b.T @ [u, v] for entries of one composite vector b."""
    if node.order:
        return None
    groups: dict[int, list[tuple[int, Expr, Expr]]] = {}
    vectors: list[Expr] = []  # held, so that their ids stay theirs
    for k, (c, t) in enumerate(node.terms):
        if not isinstance(t, Product):
            continue
        for place, e in enumerate((t, *t.children)):
            found = _entry(e)
            if found is None:
                continue
            b, at = found
            vectors.append(b)
            others = [o for p, o in enumerate(t.operands) if p != place - 1] if place else []
            cell = product(c * (t.coefficient if place else 1), [*others, (at, (0,))], (0,), b.shape)
            groups.setdefault(id(b), []).append((k, cell, b))
            break
    for members in groups.values():
        if len(members) > 1:
            b = members[0][2]
            whole = product(1, [(b, (0,)), (add([(ONE, cell) for _, cell, _ in members], b.shape), (0,))], (), b.shape)
            gone = {k for k, _, _ in members}
            return add([*[p for k, p in enumerate(node.terms) if k not in gone], (ONE, whole)], ())
    return None


def _entry(e: Expr) -> tuple[Expr, Expr] | None:
    """(b, place) when e is the entry at a fixed place of a composite vector b."""
    if not isinstance(e, Product) or e.output:
        return None
    for place, (f, labels) in enumerate(e.operands):
        if isinstance(f, Indicator) and f.relation == "==" and f.order == 1:
            b = part(e.coefficient, [o for p, o in enumerate(e.operands) if p != place], labels, e.sizes)
            return (b, f) if isinstance(b, (Product, Sum)) else None
    return None
