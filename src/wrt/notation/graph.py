"""The graph of one product: labels are vertices, matrices edges, vectors weights; `series_parallel` reduces it."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.algebra.expr import Expr, Indicator, Labels, Operator, Symbol
from wrt.algebra.maps import exact_power
from wrt.language.functions_declared import is_whole
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Name
from wrt.notation.entries import at, entry
from wrt.notation.recover import never_negative
from wrt.notation.tree import ONE, SCALAR, Call, Chain, Factor, Part, Scaled, Times, Tree, everything
from wrt.notation.unknown_tree import NoFormError, applied_at
from wrt.notation.windows import convolved
from wrt.notation.write import size_node

if TYPE_CHECKING:
    from wrt.notation.recover import Recovery

Item = tuple[Expr | Tree, tuple[int, ...]]
Edge = tuple[int, int, Tree]


class Graph:
    """The graph of one product: coefficient `c`, scalar factors, weights by label, edges."""

    def __init__(self, work: Recovery, sizes: list[Size], output: Labels) -> None:
        self.work, self.forest = work, work.forest
        self.sizes, self.output = sizes, output
        self.c: Fraction = ONE
        self.scalars: list[Factor] = []
        self.weights: dict[int, list[Factor]] = {}
        self.edges: list[Edge] = []
        self.seen: set[int] = set()

    # ------------------------------------------------------------------------------------------------ placing operands
    def place_all(self, items: Iterable[Item], fixed: dict[int, Part]) -> None:
        items = convolved(self.work, list(items), self.output, self.sizes)
        rest: list[Item] = []
        for e, labels in items:
            if isinstance(e, Indicator) and e.relation == "==" and len(labels) == 1 and abs(e.coefficients[0]) == 1 and labels[0] not in fixed:
                fixed[labels[0]] = at(e.constant * -e.coefficients[0])
            else:
                rest.append((e, labels))
        for label, part in fixed.items():
            self.seen.add(label)
            if label in self.output:
                self.weights.setdefault(label, []).append((self.forest.unit(self.sizes[label], part), ONE))
        for e, labels in rest:
            self._place(e, labels, fixed)
        for _, labels in items:
            for a in labels:
                if a not in self.seen and a not in self.output:
                    self.seen.add(a)
                    self.scale(self.forest.size(self.sizes[a]))

    def scale(self, scaled: Scaled) -> None:
        self.c *= scaled[0]
        self.scalars.append((scaled[1], ONE))

    def _place(self, e: Expr | Tree, labels: Labels, fixed: dict[int, Part]) -> None:
        parts = [fixed.get(a) for a in labels]
        if isinstance(e, Tree):
            scaled: Scaled = (ONE, e)
        elif isinstance(e, Indicator) and any(parts):
            self._place_indicator(e, labels, parts)
            return
        elif isinstance(e, Operator) and e.function == "powers" and len(labels) > 2:
            scaled, labels, parts = self._powers(e, parts), labels[-2:], parts[-2:]
        elif isinstance(e, Symbol) and e.order > 2:
            self._place_tensor(self.forest.atom(Name(e.name, "variable"), SCALAR, "name"), labels, parts)
            return
        elif isinstance(e, Operator) and is_whole(e.function) and (e.order > 2 or e.parameters != (0,)):
            t, lead = applied_at(self.work, e, parts)
            labels, parts = labels[lead:], parts[lead:]
            if len(labels) > 2:
                self._place_tensor(t, labels, parts)
                return
            scaled = ONE, t
        else:
            found = self.work.trees.get(id(e))
            if found is None or e.order > 2:
                raise NoFormError
            scaled = found
        self._attach_at(scaled, labels, parts)

    def _attach_at(self, scaled: Scaled, labels: Labels, parts: list[Part | None]) -> None:
        c, t = scaled
        if any(parts):
            row = parts[0] if labels else None
            column = parts[1] if len(labels) > 1 else None
            k, t = entry(self.forest, t, row, column)
            c *= k
        self.c *= c
        free = [None if p is not None else a for a, p in zip(labels, parts, strict=True)] + [None, None]
        self.attach(t, free[0], free[1])

    def _place_tensor(self, base: Tree, labels: Labels, parts: list[Part | None]) -> None:
        """T[k, :, :] of an array of order 3 or more."""
        kept = [a for a, p in zip(labels, parts, strict=True) if p is None]
        if len(kept) > 2 or len(set(kept)) < len(kept):
            raise NoFormError
        full = tuple(p if p is not None else everything(self.sizes[a]) for a, p in zip(labels, parts, strict=True))
        t = self.forest.raw_entry(base, full)
        free = [*kept, None, None]
        self.attach(t, free[0], free[1])

    def _place_indicator(self, e: Indicator, labels: Labels, parts: list[Part | None]) -> None:
        constant = e.constant
        left: list[tuple[int, int]] = []
        for a, c, p in zip(labels, e.coefficients, parts, strict=True):
            if p is None:
                left.append((a, c))
            elif p.value is not None:
                constant = constant + p.value * c
            else:
                raise NoFormError
        last = {
            p.text: self.sizes[a] - 1
            for a, p in zip(labels, parts, strict=True)
            if p is not None and p.value is not None and p.value.name is not None
        }
        found = self.work.indicator(e.relation, tuple(c for _, c in left), constant, tuple(self.sizes[a] for a, _ in left), last)
        if found is None:
            if left:
                raise NoFormError
            found = ONE, self.forest.atom(Binary(e.relation, size_node(constant), size_node(Size.of(0))), SCALAR)
        free = [*[a for a, _ in left], None, None]
        self.c *= found[0]
        self.attach(found[1], free[0], free[1])

    def _powers(self, e: Operator, parts: list[Part | None]) -> Scaled:
        labels, exponent = e.parameters
        assert isinstance(labels, tuple) and isinstance(exponent, Size)
        last: dict[str, Size] = {}
        for c, p, size in zip(labels, parts, e.shape, strict=False):
            if p is None or p.value is None:
                raise NoFormError
            exponent = exponent + p.value * c
            if p.value.name is not None:
                last[p.value.name] = size - 1
        if not never_negative(exponent, last):
            raise NoFormError  # the family is zero there, matpow would be the inverse's power
        x = self.work.full(e.arguments[0])
        if x is None:
            raise NoFormError
        return self.forest.call("matpow", (x, self.forest.wrap(self.forest.size(exponent))))

    def attach(self, t: Tree, row: int | None, column: int | None, e: Fraction = ONE) -> None:
        """A factor t**e whose rows and columns run over labels (None: no such axis)."""
        forest = self.forest
        if isinstance(t, Times) and e.denominator == 1:
            for f, k in t.factors:
                self.attach(f, row, column, k * e)
        elif t.box == SCALAR:
            self.scalars.append((t, e))
        elif t.box[1] is None:
            assert row is not None
            self.seen.add(row)
            self.weights.setdefault(row, []).append((t, e))
        elif t.box[0] is None:
            assert column is not None
            c, turned = forest.turn(t)
            self.c *= exact_power(c, e) or ONE
            self.attach(turned, column, None, e)
        else:
            assert row is not None and column is not None
            self._attach_matrix(t, row, column, e)

    def _attach_matrix(self, t: Tree, row: int, column: int, e: Fraction) -> None:
        self.seen |= {row, column}
        forest = self.forest
        if isinstance(t, Chain) and e == 1:
            cut = next((n for n, f in enumerate(t.factors) if f.box[1] is None), None)
            if cut is not None:
                for part, a, b in ((t.factors[: cut + 1], row, None), (t.factors[cut + 1 :], None, column)):
                    c, piece = forest.chain(part)
                    self.c *= c
                    self.attach(piece, a, b)
                return
            first, last = t.factors[0], t.factors[-1]
            if isinstance(first, Call) and first.function == "diag" and None not in first.box:
                c, rest = forest.chain(t.factors[1:])
                self.c *= c
                self.attach(first.arguments[0], row, None)
                self.attach(rest, row, column)
                return
            if isinstance(last, Call) and last.function == "diag" and None not in last.box:
                c, rest = forest.chain(t.factors[:-1])
                self.c *= c
                self.attach(last.arguments[0], column, None)
                self.attach(rest, row, column)
                return
        if row == column:
            c, v = forest.diag(t)
            self.c *= c
            self.attach(v, row, None, e)
            return
        c, whole = forest.times([(t, e)])
        self.c *= c
        self.edges.append((row, column, whole))
