"""The series-parallel reduction of a product's graph to one matrix tree.

    parallel edges                 Hadamard product
    inner vertex, two neighbours   matrix product, diag(weight) between
    inner vertex, one neighbour    matrix times vector
    isolated inner vertex          inner product or trace
    output                         c * diag(w_i) @ M @ diag(w_j)

It succeeds exactly when the graph has treewidth 2. Source: Duffin 1965, Topology of series-parallel networks.
"""

from __future__ import annotations

from fractions import Fraction

from wrt.language.groups import Groups
from wrt.notation.graph import Edge, Graph
from wrt.notation.scalars import inner, row_sums, trace
from wrt.notation.tree import ONE, SCALAR, Factor, Scaled, Times, Tree, Turn
from wrt.notation.unknown_tree import NoFormError
from wrt.notation.weights import weighted

TURNED = 1.0  # length by which diag(A.T @ B) must be shorter than sum(A*B, axis=0).T


class Reduction:
    """One reduction; `c` and `scalars` are what has come out so far."""

    def __init__(self, graph: Graph) -> None:
        self.forest = graph.forest
        self.sizes, self.output = graph.sizes, graph.output
        self.weights, self.edges = graph.weights, graph.edges
        self.c: Fraction = graph.c
        self.scalars = list(graph.scalars)

    def result(self) -> Scaled:
        """The tree of the whole product; NoFormError when the graph does not reduce."""
        weights, edges = self.weights, self.edges
        for component in self._components():
            if component & set(self.output):
                weights, edges = self._eliminate(component - set(self.output), weights, edges)
            else:
                c, t = self._scalar(component, weights, edges)
                self.c *= c
                self.scalars.append((t, ONE))
                weights = {a: w for a, w in weights.items() if a not in component}
                edges = [edge for edge in edges if edge[0] not in component]
        c, body = self._assemble(weights, edges)
        k, t = self.forest.times([*self.scalars, (body, ONE)])
        return self.c * c * k, t

    def _components(self) -> list[set[int]]:
        labels = sorted({*self.weights, *[a for u, v, _ in self.edges for a in (u, v)]})
        joined = Groups(labels)
        for u, v, _ in self.edges:
            joined.join(v, u)
        parts: dict[int, set[int]] = {}
        for a in labels:
            parts.setdefault(joined.find(a), set()).add(a)
        return list(parts.values())

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
