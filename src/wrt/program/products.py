"""A product of the index form becomes a sequence of pair operations.

Labels united by repeated or constant axes of the operands' own arrays dissolve first, so that no delta is ever an operand. Structure
constants (`structure.py`) turn into views, masks and writes. What is left is contracted pair by pair in the planned order (`plan.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from wrt.algebra.expr import Expr, Indicator, Map, Product, Sum, Symbol, constant_value, postorder
from wrt.language.sizes import Size
from wrt.program.array import Array, Form, bare
from wrt.program.kernels import Operand, pair, reduced
from wrt.program.plan import contraction_path
from wrt.program.steps import Graph, Labels, Step

MUCH = 8  # a factor is moved onto an operand that many times smaller than the result


class Contraction:
    """One product under way: `operands` (array, labels), `scalars`, `out` (a form an axis of the result), `equalities` and `orders` between labels."""

    def __init__(self, g: Graph, value: Callable[[Size], int]) -> None:
        self.g = g
        self.value = value
        self.coefficient = Fraction(1)
        self.scalars: list[Step] = []
        self.operands: list[Operand] = []
        self.lookups: list[Operand] = []
        self.equalities: list[Form] = []  # form == 0
        self.orders: list[Form] = []  # form >= 0
        self.out: list[Form] = []
        self.sizes: dict[int, Size] = {}
        self.parent: dict[int, int] = {}
        self.planned = False  # whether there was a choice of order
        self.gone: frozenset[int] = frozenset()  # labels that an equality has replaced

    # ------------------------------------------------------------------------------------------------ labels
    def fresh(self, size: Size) -> int:
        label = len(self.parent)
        self.parent[label] = label
        self.sizes[label] = size
        return label

    def find(self, a: int) -> int:
        while self.parent[a] != a:
            a = self.parent[a]
        return a

    def unite(self, a: int, b: int) -> None:
        a, b = self.find(a), self.find(b)
        self.parent[max(a, b)] = min(a, b)

    @property
    def kept(self) -> set[int]:
        """Labels of the result."""
        return {label for form in self.out for label, _ in form.steps}

    def numel(self, labels: Sequence[int]) -> int:
        total = 1
        for a in labels:
            total *= max(1, self.value(self.sizes[a]))
        return total

    # ------------------------------------------------------------------------------------------------ reading the product
    def read(self, node: Product, arrays: dict[int, Array]) -> None:
        for size in node.sizes:
            self.fresh(size)
        raw: list[tuple[Step, list[int]]] = []
        conditions: list[tuple[Indicator, Labels]] = []
        self.coefficient = node.coefficient
        for e, labels in node.operands:
            if isinstance(e, Indicator):
                conditions.append((e, labels))
                continue
            array = arrays[id(e)]
            if not array.simple:
                core = array.dense(self.g)
                raw.append((core, list(labels)))
                continue
            inner = {a: self.fresh(array.sizes[a]) for a in array.sizes}
            for form, label in zip(array.forms, labels, strict=True):
                self.unite(label, inner[form.steps[0][0]])
            raw.append((array.core, [inner[a] for a in array.labels]))
        for core, names in raw:
            self.take(core, tuple(self.find(a) for a in names))
        for condition, labels in conditions:
            total: dict[int, int] = {}
            for a, c in zip(labels, condition.coefficients, strict=True):
                total[self.find(a)] = total.get(self.find(a), 0) + c
            form = Form(condition.constant, tuple(sorted((a, c) for a, c in total.items() if c)))
            (self.equalities if condition.relation == "==" else self.orders).append(form)
        self.out = [bare(self.find(a)) for a in node.output]

    def take(self, core: Step, labels: Labels) -> None:
        """An operand: squares count as two factors, so that a sum of squares is an inner product."""
        if core.op == "operator" and core.data[0] == "onehot":
            self.lookups.append((core, labels))
        elif not labels:
            self.scalars.append(core)
        else:
            self.operands.append((core, labels))

    # ------------------------------------------------------------------------------------------------ the result
    def forgotten(self) -> None:
        """A label that nothing holds is summed over ones: it multiplies by its size."""
        held = self.kept | {a for _, labels in [*self.operands, *self.lookups] for a in labels}
        held |= {a for form in [*self.equalities, *self.orders] for a, _ in form.steps}
        for label in self.parent:
            if self.find(label) == label and label not in held and label not in self.gone:
                self.scalars.append(self.g.size(self.sizes[label]))

    def result(self, shape: tuple[Size, ...]) -> Array:
        """Contract what is left; the array of the product."""
        core, labels = self.contracted()
        return Array(core, labels, tuple(self.out), {a: self.sizes[a] for a in {*labels, *self.kept}}, shape)

    def contracted(self) -> Operand:
        g = self.g
        keep = self.kept
        wish = [label for form in self.out for label, _ in form.steps]
        operands = _squares(g, self.operands, keep)
        operands = [reduced(g, x, labels, _held(k, operands) | keep) for k, (x, labels) in enumerate(operands)]
        for x, labels in operands:
            if not labels:
                self.scalars.append(x)
        operands = [(x, labels) for x, labels in operands if labels]
        scalar = self._scalar()
        if not operands:
            return scalar if scalar is not None else g.number(self.coefficient), ()
        if len(operands) > 2:
            self.planned = True
        lengths = {a: self.value(self.sizes[a]) for _, labels in operands for a in labels}
        sets = [frozenset(labels) for _, labels in operands]
        path = contraction_path(sets, frozenset(keep), lengths)
        return self._run(operands, path, scalar, keep, wish)

    def _scalar(self) -> Step | None:
        """All scalar factors as one step, the number apart when it stands alone."""
        if not self.scalars:
            return None
        return self.g.mul([(s, ()) for s in self.scalars], (), self.coefficient)

    def _run(self, operands: list[Operand], path: list[tuple[int, int]], scalar: Step | None, keep: set[int], wish: Sequence[int]) -> Operand:
        g = self.g
        place = self._scaled_place(operands, path, keep) if scalar is not None or self.coefficient != 1 else -1
        work: dict[int, Operand] = dict(enumerate(operands))
        last = len(operands) + len(path) - 1

        def scaled(operand: Operand) -> Operand:
            x, labels = operand
            parts: list[Operand] = [(x, labels)] if scalar is None else [(scalar, ()), (x, labels)]
            return g.mul(parts, labels, self.coefficient if scalar is None else 1), labels

        for k in range(len(operands)):
            if k == place:
                work[k] = scaled(work[k])
        for step, (i, j) in enumerate(path):
            a, b = work.pop(i), work.pop(j)
            live = keep | {label for _, labels in work.values() for label in labels}
            made = pair(g, a, b, live, wish)
            if len(operands) + step == place:
                made = scaled(made)
            work[len(operands) + step] = made
        assert set(work) == {last}
        return work[last]

    def _scaled_place(self, operands: list[Operand], path: list[tuple[int, int]], keep: set[int]) -> int:
        """Where a scalar factor costs least: the result, unless something on the way is much smaller."""
        labels = [frozenset(ls) for _, ls in operands]
        live = set(range(len(operands)))
        for i, j in path:
            live -= {i, j}
            outside = keep.union(*(labels[k] for k in live))
            live.add(len(labels))
            labels.append((labels[i] | labels[j]) & outside)
        entries = [self.numel(sorted(ls)) for ls in labels]
        made = [k for k in range(len(entries)) if k >= len(operands) or len(labels[k]) < 2]  # a matrix given stays what it is, if it can
        for candidates in filter(None, (made, range(len(entries)))):
            best = min(candidates, key=lambda k: (entries[k], -k))
            if entries[best] * MUCH < entries[-1]:
                return best
        return len(entries) - 1


def _held(k: int, operands: Sequence[Operand]) -> set[int]:
    return {a for m, (_, labels) in enumerate(operands) if m != k for a in labels}


def _squares(g: Graph, operands: Sequence[Operand], keep: set[int]) -> list[Operand]:
    """A square that is summed over is a product of two equal factors."""
    out: list[Operand] = []
    for x, labels in operands:
        others = {a for y, ls in operands if y is not x or ls != labels for a in ls}
        if x.op == "power" and x.data[0] == 2 and any(a not in keep and a not in others for a in labels):
            out += [(x.args[0], labels)] * 2
        else:
            out.append((x, labels))
    return out


def guarded_bases(root: Expr) -> set[int]:
    """Bases S of pow(S, negative root) that somewhere stand beside what shares a symbol with S.

    There, and then everywhere in the expression, the power is 0 where S is 0: the minimal-norm subgradient of a norm.
    """
    found: set[int] = set()
    for node in postorder(root):
        if isinstance(node, Product):
            for k, (e, _) in enumerate(node.operands):
                base = root_base(e)
                if base is None or id(base) in found:
                    continue
                mine = _symbols(base)
                others = [f for m, (f, _) in enumerate(node.operands) if m != k and not isinstance(f, Indicator)]
                if any(_symbols(f) & mine for f in others):
                    found.add(id(base))
    return found


def root_base(e: Expr) -> Expr | None:
    """S of pow(S, -1/2), pow(S, -3/2), ... of a sum S; None for anything else."""
    if not (isinstance(e, Map) and e.function == "pow" and isinstance(e.arguments[0], (Product, Sum))):
        return None
    exponent = constant_value(e.arguments[1])
    return e.arguments[0] if exponent is not None and exponent < 0 and exponent.denominator != 1 else None


def _symbols(e: Expr) -> set[str]:
    return {node.name for node in postorder(e) if isinstance(node, Symbol)}
