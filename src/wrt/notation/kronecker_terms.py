"""One product as a Kronecker product: its row digits and column digits taken apart, factor by factor.

A term is coefficient * scalar * diag(vec(left)) @ (A kron B kron ..., or vec(P) @ vec(Q).T) @ diag(vec(right)) [@ commutation], summed over
an index or two where digits are entangled otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from wrt.algebra.expr import Expr, Indicator, Operator, indicator, number, postorder
from wrt.algebra.maps import power
from wrt.algebra.operators import matrix_power
from wrt.algebra.product import product, unscale
from wrt.algebra.sums import constant
from wrt.language.sizes import Size
from wrt.notation.index_idioms import softmax_divisor
from wrt.notation.index_monomial import exponent_form
from wrt.notation.index_place import Constraint

LOOPS = 2  # indices that a form may be summed over
Operand = tuple[Expr, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Monomial:
    """coefficient * product of operands, its output labels split into row digits and column digits, slow first."""

    coefficient: Fraction
    operands: tuple[Operand, ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    sizes: tuple[Size, ...]


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a Kronecker product: an expression shown as "matrix", "column", "row" or, for no digit, "scalar"."""

    expr: Expr
    kind: str


@dataclass(frozen=True, slots=True)
class Term:
    """coefficient * scalar * sum over loops of diag(left) @ body @ diag(right) [@ commutation].

    `kind`: "kron" (factors in order) or "outer" (the first factor stacked times the second stacked and transposed).
    """

    coefficient: Fraction
    scalar: Expr
    kind: str
    factors: tuple[Factor, ...]
    turned: tuple[Size, Size] | None = None
    left: Expr | None = None
    right: Expr | None = None
    loops: tuple[tuple[str, Size], ...] = ()


def decomposed(m: Monomial, names: tuple[str, ...], loops: int = LOOPS, *, late: bool = False) -> Term | None:
    """The Kronecker form of a product, with as few indices summed over as possible (at most `loops`, called `names`).

    `late`: where row and column digits may be paired in several ways, the last ones are: x.T kron s @ s.T, not s @ x.T kron s.T.
    """
    m = _placed(m)
    for left, right in ((False, False), (True, False), (False, True), (True, True)):
        found = _scaled_term(m, left, right, late=late)
        if found is not None:
            return found
    if not loops or not names:
        return None
    for label in _candidates(m):
        if any(label in labels and _picks(e) for e, labels in m.operands):
            continue
        inner = _fixed(m, label, Size.of(names[0]))
        found = decomposed(inner, names[1:], loops - 1, late=late) if inner is not None else None
        if found is not None:
            return replace(found, loops=((names[0], m.sizes[label]), *found.loops))
    return None


def softmaxes_whole(m: Monomial) -> Monomial:
    """The product with each exp(u) over sum(exp(u)) as one operand, which digits do not tear apart."""
    operands: list[Operand | None] = list(m.operands)
    for n, (e, labels) in enumerate(m.operands):
        found = softmax_divisor(e)
        if found is None:
            continue
        base, inner, kept, count = found
        axes = tuple(range(inner.order))
        share = product(1, [(inner, axes), (power(base, constant(Fraction(-1), base.shape)), kept)], axes, inner.shape, flatten=False)
        for k, operand in enumerate(operands):
            if count and operand is not None and operand[0] is inner and tuple(operand[1][a] for a in kept) == labels:
                operands[k] = (share, operand[1])
                count -= 1
        operands[n] = (power(base, constant(Fraction(-count), base.shape)), labels) if count else None
    return replace(m, operands=tuple(o for o in operands if o is not None))


def _scaled_term(m: Monomial, left: bool, right: bool, *, late: bool) -> Term | None:
    """The form of a product with what depends on rows only, or on columns only, as a diagonal factor in front or behind."""
    scalar, operands = _scalar_part(m.operands)
    diagonal: list[Expr | None] = [None, None]
    for side, (wanted, digits) in enumerate(((left, m.rows), (right, m.columns))):
        if not wanted:
            continue
        if len(digits) > 2 or len(set(digits)) < len(digits):
            return None
        chosen = _on(operands, digits, m)
        if not chosen:
            return None
        operands = [o for o in operands if o not in chosen]
        diagonal[side] = _part(chosen, tuple(reversed(digits)), m.sizes)
    rest = replace(m, operands=tuple(operands))
    kept, d = _unscaled(diagonal)
    c = m.coefficient * kept
    plain = _kron(rest, m.columns, late=late)
    if plain is not None:
        return Term(c, scalar, "kron", plain, None, d[0], d[1])
    if len(m.columns) == 2:
        turned = _kron(rest, m.columns[::-1], late=late)
        if turned is not None:
            rows, columns = m.sizes[m.columns[1]], m.sizes[m.columns[0]]
            return Term(c, scalar, "kron", turned, (rows, columns), d[0], d[1]) if d[1] is None else None
    outer = _outer(rest)
    return None if outer is None else Term(c, scalar, "outer", outer, None, d[0], d[1])


def _unscaled(parts: Sequence[Expr | None]) -> tuple[Fraction, list[Expr | None]]:
    c = Fraction(1)
    out: list[Expr | None] = []
    for e in parts:
        k, e = unscale(e) if e is not None else (Fraction(1), None)
        c *= k
        out.append(e)
    return c, out


def _scalar_part(operands: Sequence[Operand]) -> tuple[Expr, list[Operand]]:
    scalars = [o for o in operands if not o[1]]
    return product(1, scalars, (), ()) if scalars else number(1), [o for o in operands if o[1]]


def _components(operands: Sequence[Operand], joined: set[int]) -> list[tuple[set[int], list[Operand]]]:
    """Operands connected by the labels in `joined`: (all labels of the component, its operands)."""
    parts: list[tuple[set[int], list[Operand]]] = []
    for operand in operands:
        labels = set(operand[1])
        meets = [part for part in parts if part[0] & labels & joined]
        merged = labels.union(*[part[0] for part in meets]), [o for part in meets for o in part[1]] + [operand]
        parts = [part for part in parts if part not in meets] + [merged]
    return parts


def _on(operands: Sequence[Operand], digits: Sequence[int], m: Monomial) -> list[Operand]:
    """The operands that depend on the given digits only, what they sum over included."""
    outputs = {*m.rows, *m.columns}
    summed = {a for _, labels in operands for a in labels} - outputs
    return [o for labels, part in _components(operands, summed) if labels & outputs <= set(digits) and labels & outputs for o in part]


def _part(operands: Sequence[Operand], output: tuple[int, ...], sizes: Sequence[Size]) -> Expr:
    """The product of operands with the given output, over the labels that occur."""
    used = sorted({a for _, labels in operands for a in labels} | set(output))
    new = {a: n for n, a in enumerate(used)}
    return product(1, [(e, tuple([new[a] for a in labels])) for e, labels in operands], tuple([new[a] for a in output]), [sizes[a] for a in used])


def _kron(m: Monomial, columns: tuple[int, ...], *, late: bool) -> tuple[Factor, ...] | None:
    """Factors with at most one row digit and one column digit each, in the order of the digits; None when digits are entangled."""
    everything = {a for _, labels in m.operands for a in labels} | {*m.rows, *columns}
    parts = _components([*m.operands, *[(number(1), (a,)) for a in (*m.rows, *columns)]], everything)
    component = {a: n for n, (labels, _) in enumerate(parts) for a in labels}

    def walk(i: int, j: int, used: frozenset[int]) -> list[tuple[int, ...]] | None:
        if i == len(m.rows) and j == len(columns):
            return []
        options: list[tuple[tuple[int, ...], int, int]] = []
        if i < len(m.rows) and j < len(columns):
            options.append(((m.rows[i], columns[j]), i + 1, j + 1))
        if i < len(m.rows):
            options.append(((m.rows[i],), i + 1, j))
        if j < len(columns):
            options.append(((columns[j],), i, j + 1))
        if late:  # first what leaves as many digits of rows as of columns
            options.sort(key=lambda option: abs((len(m.rows) - option[1]) - (len(columns) - option[2])))
        for digits, i2, j2 in options:
            here = {component[a] for a in digits}
            if here & used:
                continue
            rest = walk(i2, j2, used | here)
            if rest is not None:
                return [digits, *rest]
        return None

    found = walk(0, 0, frozenset())
    if found is None:
        return None
    outputs = {*m.rows, *columns}
    inner = [o for labels, part in parts if not labels & outputs for o in part]
    factors = [Factor(_part(inner, (), m.sizes), "scalar")] if inner else []
    at_row = 0
    for digits in found:
        here = {component[a] for a in digits}
        operands = [o for n in sorted(here) for o in parts[n][1] if o in m.operands]
        is_row = len(digits) == 1 and not (at_row < len(m.rows) and digits[0] == m.rows[at_row])
        at_row += len(digits) == 2 or not is_row
        kind = "matrix" if len(digits) == 2 else "row" if is_row else "column"
        factors.append(Factor(_part(operands, digits, m.sizes), kind))
    return tuple(factors) or (Factor(number(1), "scalar"),)


def _outer(m: Monomial) -> tuple[Factor, ...] | None:
    """(P, Q) when rows and columns depend on nothing common: vec(P) @ vec(Q).T."""
    if len(m.rows) > 2 or len(m.columns) > 2:
        return None
    everything = {a for _, labels in m.operands for a in labels} | {*m.rows, *m.columns}
    parts = _components([*m.operands, *[(number(1), (a,)) for a in (*m.rows, *m.columns)]], everything)
    sides: list[list[Operand]] = [[], []]
    for labels, operands in parts:
        held = [bool(labels & set(digits)) for digits in (m.rows, m.columns)]
        if held[0] == held[1]:
            return None
        sides[held[1]] += [o for o in operands if o in m.operands]
    out = []
    for operands, digits in zip(sides, (m.rows, m.columns), strict=True):
        kind = ("scalar", "column", "matrix")[len(digits)]
        out.append(Factor(_part(operands, tuple(reversed(digits)), m.sizes), kind))
    return tuple(out)


def _candidates(m: Monomial) -> list[int]:
    """Labels that may become the index of a sum: exponents of powers first, then summed labels, then digits."""
    outputs = [*m.rows, *m.columns]
    powers = [a for e, labels in m.operands if isinstance(e, Operator) and e.function == "powers" for a in labels[:-2]]
    summed = [a for _, labels in m.operands for a in labels if a not in outputs]
    return list(dict.fromkeys([*powers, *summed, *sorted(outputs, key=lambda a: -outputs.count(a))]))


def _picks(e: Expr) -> bool:
    """Whether an operand holds a unit vector, whose place the name of an index cannot be compared with (a size is never 0)."""
    return any(isinstance(node, Indicator) and node.relation == "==" and node.order == 1 for node in postorder(e))


def _placed(m: Monomial) -> Monomial:
    """The product with every label that a unit vector holds at a place, and that ties others together, put there."""
    for n, (e, labels) in enumerate(m.operands):
        if not (isinstance(e, Indicator) and e.relation == "==" and e.order == 1 and abs(e.coefficients[0]) == 1):
            continue
        rest = replace(m, operands=(*m.operands[:n], *m.operands[n + 1 :]))
        held = [*m.rows, *m.columns, *[a for _, ls in rest.operands for a in ls]]
        if held.count(labels[0]) > 1:
            fixed = _fixed(rest, labels[0], e.constant * -e.coefficients[0])
            return m if fixed is None else _placed(fixed)
    return m


def _fixed(m: Monomial, label: int, place: Size) -> Monomial | None:
    """The product at one value of a label: every place that held it is free of the others."""
    sizes = list(m.sizes)

    def at_name() -> int:
        sizes.append(m.sizes[label])
        return len(sizes) - 1

    unit = indicator("==", (1,), -place, (m.sizes[label],))
    operands: list[Operand] = []
    for e, labels in m.operands:
        if isinstance(e, Operator) and e.function == "powers" and label in labels[:-2]:
            fixed = _fixed_power(m, e, labels, label, place)
            if fixed is None or label in fixed[1]:
                return None
            operands.append(fixed)
            continue
        slots = []
        for a in labels:
            if a == label:
                fresh = at_name()
                operands.append((unit, (fresh,)))
                slots.append(fresh)
            else:
                slots.append(a)
        operands.append((e, tuple(slots)))
    digits: list[tuple[int, ...]] = []
    for part in (m.rows, m.columns):
        out = []
        for a in part:
            if a == label:
                a = at_name()
                operands.append((unit, (a,)))
            out.append(a)
        digits.append(tuple(out))
    return Monomial(m.coefficient, tuple(operands), digits[0], digits[1], tuple(sizes))


def _fixed_power(m: Monomial, e: Operator, labels: tuple[int, ...], label: int, place: Size) -> Operand | None:
    """A family of matrix powers with one of its labels at a value; None where the exponent may be negative."""
    if Constraint(">=", exponent_form(e, labels)).decided({a: s - 1 for a, s in enumerate(m.sizes)}) is not True:
        return None
    coefficients, exponent = e.parameters
    assert isinstance(coefficients, tuple) and isinstance(exponent, Size)
    kept = [n for n, a in enumerate(labels[:-2]) if a != label]
    for n, a in enumerate(labels[:-2]):
        if a == label:
            exponent = exponent + place * coefficients[n]
    power = matrix_power(e.arguments[0], exponent, tuple(coefficients[n] for n in kept), tuple(e.shape[n] for n in kept))
    return power, (*[labels[n] for n in kept], *labels[-2:])
