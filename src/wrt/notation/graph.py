"""The graph of one product and its series-parallel reduction: labels are vertices, matrices edges, vectors weights.

    parallel edges                 Hadamard product
    inner vertex, two neighbours   matrix product, diag(weight) between
    inner vertex, one neighbour    matrix times vector
    isolated inner vertex          inner product or trace
    output                         c * diag(w_i) @ M @ diag(w_j)

It succeeds exactly when the graph has treewidth 2. Source: Duffin 1965, Topology of series-parallel networks.
"""

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
from wrt.notation.scalars import inner, row_sums, trace
from wrt.notation.tree import ONE, SCALAR, Call, Chain, Factor, Part, Scaled, Times, Tree, Turn, everything
from wrt.notation.unknown_tree import NoFormError, applied_at
from wrt.notation.weights import weighted
from wrt.notation.windows import convolved
from wrt.notation.write import size_node

if TYPE_CHECKING:
    from wrt.notation.recover import Recovery

TURNED = 1.0  # length by which diag(A.T @ B) must be shorter than sum(A*B, axis=0).T

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

    # ------------------------------------------------------------------------------------------------ reduction
    def result(self) -> Scaled:
        """The tree of the whole product; NoFormError when the graph does not reduce."""
        weights, edges = self.weights, self.edges
        for component in self._components():
            if component & set(self.output):
                weights, edges = self._eliminate(component - set(self.output), weights, edges)
            else:
                self.scale(self._scalar(component, weights, edges))
                weights = {a: w for a, w in weights.items() if a not in component}
                edges = [edge for edge in edges if edge[0] not in component]
        c, body = self._assemble(weights, edges)
        k, t = self.forest.times([*self.scalars, (body, ONE)])
        return self.c * c * k, t

    def _components(self) -> list[set[int]]:
        parent: dict[int, int] = {a: a for a in self.weights}
        for u, v, _ in self.edges:
            parent.setdefault(u, u)
            parent.setdefault(v, v)

        def find(a: int) -> int:
            while parent[a] != a:
                a = parent[a]
            return a

        for u, v, _ in self.edges:
            parent[find(u)] = find(v)
        groups: dict[int, set[int]] = {}
        for a in sorted(parent):
            groups.setdefault(find(a), set()).add(a)
        return list(groups.values())

    def _eliminate(self, vertices: set[int], weights: dict[int, list[Factor]], edges: list[Edge]) -> tuple[dict[int, list[Factor]], list[Edge]]:
        """Remove the vertices one by one: pendant ones first, then those between two others."""
        weights = {a: list(w) for a, w in weights.items()}
        edges = list(edges)
        left = set(vertices)
        while left:
            near = {a: sorted({v if u == a else u for u, v, _ in edges if a in (u, v)}) for a in left}
            a = min(left, key=lambda a: (len(near[a]), len(near[a]) > 1 and bool(weights.get(a)), a))
            here = [self._from(edge, a) for edge in edges if a in edge[:2]]
            edges = [edge for edge in edges if a not in edge[:2]]
            own = weights.pop(a, [])
            left.discard(a)
            if len(near[a]) == 1:
                self._pendant(near[a][0], here, own, weights)
            elif len(near[a]) == 2:
                edges.append(self._between(near[a], here, own))
            else:
                raise NoFormError
        return weights, edges

    def _from(self, edge: Edge, a: int) -> Edge:
        """The edge with its rows at `a`."""
        u, v, t = edge
        if u == a:
            return edge
        c, turned = self.forest.turn(t)
        self.c *= c
        return v, u, turned

    def _pendant(self, u: int, here: list[Edge], own: list[Factor], weights: dict[int, list[Factor]]) -> None:
        """All edges of a vertex lead to u: a vector on u."""
        forest = self.forest
        turned = [forest.turn(t) for _, _, t in here]
        for c, _ in turned:
            self.c *= c
        matrices = [t for _, t in turned]  # rows u, columns the vertex
        c, whole = forest.times([(t, ONE) for t in matrices])
        w = self._column(own)
        if whole.box == SCALAR:  # the matrices cancelled entry by entry
            (vertex,) = {a for a in here[0][:2] if a != u}
            found = inner(forest, [(f, ONE) for f in (whole, w) if f is not None], self.sizes[vertex])
        else:
            found = row_sums(forest, whole) if w is None else forest.chain([whole, w])
        found = (found[0] * c, found[1])
        if len(matrices) == 2:
            j, last = forest.turn(matrices[1])
            between = [] if w is None else [self._diagonal(w)]
            k, closed = forest.chain([matrices[0], *between, last])
            m, v = forest.diag(closed)
            other = (j * k * m, v)
            turns = TURNED if any(isinstance(f, Turn) for u in v.children for f in u.children) else 0.0
            if forest.product_score(*other) + turns < forest.product_score(*found):
                found = other
        self.c *= found[0]
        weights.setdefault(u, []).append((found[1], ONE))

    def _column(self, own: list[Factor]) -> Tree | None:
        if not own:
            return None
        c, t = self.forest.times(own)
        self.c *= c
        if t.box == SCALAR:  # what stood there cancelled
            self.scalars.append((t, ONE))
            return None
        return t

    def _diagonal(self, w: Tree) -> Tree:
        c, t = self.forest.diag(w)
        self.c *= c
        return t

    def _between(self, ends: list[int], here: list[Edge], own: list[Factor]) -> Edge:
        """A vertex between two others: their matrix product."""
        forest = self.forest
        left = [t for _, v, t in here if v == ends[0]]
        right = [t for _, v, t in here if v == ends[1]]
        c, b = forest.times([(t, ONE) for t in right])
        k, a = forest.times([(t, ONE) for t in left])
        m, turned = forest.turn(a)
        w = self._column(own)
        j, whole = forest.chain([turned, *([] if w is None else [self._diagonal(w)]), b])
        self.c *= c * k * m * j
        if isinstance(whole, Times):  # scalars that came out of the chain
            self.scalars += [(f, e) for f, e in whole.factors if f.box == SCALAR]
            i, whole = forest.times([(f, e) for f, e in whole.factors if f.box != SCALAR])
            self.c *= i
        return ends[0], ends[1], whole

    # ------------------------------------------------------------------------------------------------ scalars
    def _scalar(self, component: set[int], weights: dict[int, list[Factor]], edges: list[Edge]) -> Scaled:
        """A part without output labels."""
        inside = [edge for edge in edges if edge[0] in component]
        if not inside:
            (a,) = component
            return inner(self.forest, weights[a], self.sizes[a])
        found: list[Scaled] = []
        cycle = self._cycle(component, weights, inside)
        if cycle is not None:
            found.append(cycle)
        roots = sorted(component, key=lambda a: (-sum(a in edge[:2] for edge in inside) - len(weights.get(a, [])), a))
        junctions = [a for a in roots if sum(a in edge[:2] for edge in inside) + len(weights.get(a, [])) > 2]
        for a in junctions[:3] or roots[:1]:
            kept = self.c
            self.c = ONE
            scalars = list(self.scalars)
            try:
                after, _ = self._eliminate(component - {a}, {b: w for b, w in weights.items() if b in component}, inside)
                c, t = inner(self.forest, after[a], self.sizes[a])
                more = self.scalars[len(scalars) :]
                k, t = self.forest.times([*more, (t, ONE)])
                found.append((self.c * c * k, t))
            except NoFormError:
                pass
            finally:
                self.c, self.scalars = kept, scalars
        if not found:
            raise NoFormError
        return min(found, key=lambda s: self.forest.product_score(*s))

    def _cycle(self, component: set[int], weights: dict[int, list[Factor]], edges: list[Edge]) -> Scaled | None:
        """tr(A @ B @ C) when the part is one cycle."""
        if len(edges) != len(component) or len(edges) < 2 or any(sum(a in edge[:2] for edge in edges) != 2 for a in component):
            return None
        kept, self.c = self.c, ONE
        a = min(component)
        start, left = a, list(edges)
        word: list[Tree] = []
        while left:
            n = next(n for n, edge in enumerate(left) if a in edge[:2])
            u, v, t = left.pop(n)
            w = self._column(weights.get(a, []))
            if w is not None:
                word.append(self._diagonal(w))
            if u != a:
                c, t = self.forest.turn(t)
                self.c *= c
                u, v = v, u
            word.append(t)
            a = v
        c, t = trace(self.forest, word)
        out = (self.c * c, t)
        self.c = kept
        return out if a == start else None

    # ------------------------------------------------------------------------------------------------ output
    def _assemble(self, weights: dict[int, list[Factor]], edges: list[Edge]) -> Scaled:
        forest, output = self.forest, self.output
        if not output:
            return ONE, forest.one
        if len(output) == 1 or output[0] == output[1]:
            c, v = forest.times(weights.get(output[0], []))
            if len(output) == 1:
                return c, v
            if v.box == SCALAR:
                k, t = forest.times([(v, ONE), (forest.eye(self.sizes[output[0]]), ONE)])
            else:
                k, t = forest.diag(v)
            return c * k, t
        i, j = output
        matrices: list[Factor] = []
        for u, _, t in edges:
            c, turned = (ONE, t) if u == i else forest.turn(t)
            self.c *= c
            matrices.append((turned, ONE))
        c, left = forest.times(weights.get(i, []))
        k, right = forest.times(weights.get(j, []))
        m, row = forest.turn(right)
        n, middle = forest.times(matrices)
        scale = c * k * m * n
        if not matrices:
            f, t = forest.chain([left, row]) if SCALAR not in (left.box, row.box) else forest.times([(left, ONE), (row, ONE)])
            return scale * f, t
        f, t = weighted(forest, left, middle, right, row)
        return scale * f, t
