"""From the index form to a matrix tree, each distinct node once: maps and operators by name, sums term by term, products by graph reduction.

An order-1 expression becomes a column. A tree may be smaller than the expression's shape where that is constant along an axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from wrt.algebra.expr import Expr, Indicator, Map, Operator, Position, Product, Reshape, SizeValue, Sum, Symbol, constant_value, postorder
from wrt.algebra.maps import exact_power
from wrt.algebra.operators import operator
from wrt.algebra.product import einsum, product, transpose
from wrt.algebra.sums import content
from wrt.language.functions_declared import is_whole
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Generator, Loop, Name, Node, Number, Text
from wrt.notation.build import Forest
from wrt.notation.entries import at, between
from wrt.notation.factor import factored, plainer
from wrt.notation.functions import nonnegative
from wrt.notation.literals import literal
from wrt.notation.score import WORD
from wrt.notation.tree import ONE, SCALAR, Part, Scaled, Times, Tree, everything
from wrt.notation.write import size_node

COMPARISONS = {"gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
FIRST_NAMES = "ijkrst"
LIMIT = 1.1  # how much longer the user's own spelling of a subexpression may be than ours and still be printed


class Recovery:
    """One recovery: `trees` by expression, `typed` the user's own spelling of expressions."""

    def __init__(self, forest: Forest, typed: Mapping[int, Scaled] | None = None) -> None:
        self.forest = forest
        self.typed = typed or {}
        self.trees: dict[int, Scaled | None] = {}
        self.kept: list[Expr] = []  # expressions made here: their ids must stay theirs

    def tree(self, root: Expr) -> Scaled | None:
        """c*tree equal to the expression, None when it has no matrix notation."""
        for node in postorder(root):
            if id(node) not in self.trees:
                self.kept.append(node)
                self.trees[id(node)] = self._best(node)
        return self.trees[id(root)]

    def _best(self, node: Expr) -> Scaled | None:
        found = self._node(node)
        typed = self.typed.get(id(node))
        if typed is None and isinstance(node, Sum) and node.terms:
            c, primitive = content(node)
            if c != 1 and id(primitive) in self.typed:
                k, t = self.typed[id(primitive)]
                typed = (c * k, t)
        if typed is None and found is not None and isinstance(node, Product) and node.order == 2 and node.children:
            return self._turned_typing(node, found)
        if typed is not None and (found is None or self.forest.product_score(*typed) <= self.forest.product_score(*found) + LIMIT):
            return typed
        return found

    def _turned_typing(self, node: Product, found: Scaled) -> Scaled:
        """The transpose of what the user typed, where that is shorter than what was found: (x*A).T rather than A.T @ diag(x)."""
        turned = transpose(node)
        if id(turned) not in self.typed:
            return found
        self.kept.append(turned)
        c, t = self.typed[id(turned)]
        k, out = self.forest.turn(t)
        score = self.forest.product_score
        return (c * k, out) if score(c * k, out) < score(*found) - WORD else found

    def full(self, node: Expr) -> Tree | None:
        """The tree of a node with every axis written out."""
        found = self.trees[id(node)]
        if found is None or node.order > 2:
            return None
        return self.forest.wrap(self.forest.spread(found, box_of(node)))

    def _node(self, node: Expr) -> Scaled | None:
        match node:
            case Symbol():
                return self._symbol(node)
            case SizeValue():
                return self.forest.size(node.size)
            case Position():
                name = self.fresh()
                return ONE, self.text(Generator("array", Name(name, "index"), (range_loop(name, node.shape[0]),)), (node.shape[0], None))
            case Indicator():
                return self.indicator(node.relation, node.coefficients, node.constant, node.shape)
            case Sum():
                return self._sum(node)
            case Map():
                return self._map(node)
            case Operator():
                return self._operator(node)
            case Product():
                from wrt.notation.reduce import reduce  # products are a room of their own, built on this class

                return reduce(self, node)
            case Reshape():
                from wrt.notation.stack import stacked

                return stacked(self, node)
        raise AssertionError(type(node))

    def fresh(self, taken: frozenset[str] = frozenset()) -> str:
        """An index name that nothing else has."""
        for k in range(1000):
            for letter in FIRST_NAMES:
                name = letter if k == 0 else f"{letter}{k}"
                if name not in self.forest.context.reserved and name not in taken and name not in self.forest.context.sizes:
                    return name
        raise AssertionError("no free index name; please report this as a bug")

    def text(self, node: Node, box: tuple[Size | None, Size | None]) -> Tree:
        return self.forest.atom(node, box)

    # ------------------------------------------------------------------------------------------------ leaves
    def _symbol(self, node: Symbol) -> Scaled | None:
        if node.order > 2:
            return None
        if node.name in self.forest.context.shapes and self.forest.context.shapes[node.name].sizes == node.shape:
            t = self.forest.variable(node.name)
            return self.forest.turn(t) if t.box[0] is None and t.box[1] is not None else (ONE, t)
        return ONE, self.forest.atom(Name(node.name, "variable"), box_of(node), "name")

    def indicator(
        self, relation: str, coefficients: tuple[int, ...], constant: Size, shape: tuple[Size, ...], last: Mapping[str, Size] | None = None
    ) -> Scaled | None:
        """A 0/1 array of one or two indices: unit vectors, slices of the identity, triangles, else entry by entry. `last`: the index names in `constant`, with their last values."""
        forest = self.forest
        if not shape:
            value = constant.number
            return None if value is None else (Fraction(int(value == 0 if relation == "==" else value >= 0)), forest.one)
        if len(shape) > 2 or not any(coefficients):
            return None
        if relation == "==" and len(shape) == 1 and abs(coefficients[0]) == 1:
            place = constant * -coefficients[0]
            if not constant.names & set(last or {}) or (never_negative(place, last or {}) and never_negative(shape[0] - 1 - place, last or {})):
                return ONE, forest.unit(shape[0], at(place))
        if relation == "==" and len(shape) == 2:
            if constant.names & set(last or {}):
                return None  # a slice cannot depend on an index
            chosen = self._selection(coefficients, constant, shape, last or {})
            if chosen is not None:
                return ONE, chosen
        if relation == ">=" and len(shape) == 2 and coefficients in ((1, -1), (-1, 1)):
            name = "tril" if coefficients == (1, -1) else "triu"
            _, whole = forest.call(name, (forest.ones((shape[0], shape[1])),))
            if not constant.terms:
                return ONE, whole
            if constant is Size.of(-1) and shape[0] is shape[1]:
                return forest.add([(ONE, whole), (-ONE, forest.eye(shape[0]))])
        return ONE, self._entrywise(relation, coefficients, constant, shape, frozenset(last or {}))

    def _selection(self, coefficients: tuple[int, ...], constant: Size, shape: tuple[Size, ...], last: Mapping[str, Size]) -> Tree | None:
        """[i == start + step*j] as columns of the identity, or rows of it. The first index is that of the whole axis where a slice made the array."""
        forest = self.forest
        (a, b), (m, n) = coefficients, shape
        if any(name in last for name in constant.names):
            return None  # the text language has no slice from an index on
        if abs(a) == 1:
            start, step = constant * -a, -a * b
            end = start + (n - 1) * step
            leaves = not never_negative(m - n - start, last) if forest.context.compares else never_negative(start + n - m - 1, last)
            if step == 1 and not leaves and never_negative(start, last):
                return forest.raw_entry(forest.eye(m), (everything(m), between(start, start + n, m)))
            if step not in (0, 1) and never_negative(end if step < 0 else start, last):
                stop = end + (1 if step > 0 else -1)
                return forest.raw_entry(forest.eye(m), (everything(m), between(start, stop, m, step, n)))
        if abs(b) == 1 and abs(a) == 1:
            start, step = constant * -b, -b * a
            if step == 1 and never_negative(n - start - m, last) and never_negative(start, last):
                return forest.raw_entry(forest.eye(n), (between(start, start + m, n), everything(n)))
        return None

    def _entrywise(self, relation: str, coefficients: tuple[int, ...], constant: Size, shape: tuple[Size, ...], taken: frozenset[str]) -> Tree:
        names: list[str] = []
        for _ in shape:
            names.append(self.fresh(taken | frozenset(names)))
        left, right = constant.parted()
        for name, c in zip(names, coefficients, strict=True):
            if c > 0:
                left = left + Size.of(name) * c
            else:
                right = right + Size.of(name) * -c
        loops = tuple(range_loop(name, size) for name, size in zip(names, shape, strict=True))
        box = (shape[0], shape[1] if len(shape) == 2 else None)
        return self.text(Generator("array", Binary(relation, size_node(left), size_node(right)), loops), box)

    # ------------------------------------------------------------------------------------------------ sums, maps, operators
    def _sum(self, node: Sum) -> Scaled | None:
        terms: list[Scaled] = []
        for c, e in node.terms:
            found = self.trees[id(e)]
            if found is None:
                return None
            terms.append((c * found[0], found[1]))
        if node.order and not terms:
            return Fraction(0), self.forest.one
        return plainer(self.forest, literal(self.forest, terms) or factored(self.forest, terms))

    def _map(self, node: Map) -> Scaled | None:
        forest = self.forest
        below = [self.trees[id(a)] for a in node.arguments]
        if node.order > 2 or any(b is None for b in below):
            return None
        scaled: list[Scaled] = [b for b in below if b is not None]
        if node.function == "pow":
            return self._power(node, scaled[0], scaled[1])
        if node.function == "log":
            from wrt.notation.idioms import log_sum_exp

            found = log_sum_exp(self, node.arguments[0])
            if found is not None:
                return found
        arguments = self._meeting([forest.wrap(s) for s in scaled], node)
        parameters = tuple(forest.wrap((p, forest.one)) for p in node.parameters if isinstance(p, Fraction))
        return forest.call(COMPARISONS.get(node.function, node.function), (*parameters, *arguments))

    def _meeting(self, arguments: list[Tree], node: Expr) -> list[Tree]:
        """Arguments that may stand together elementwise: a column and a row only beside a full matrix."""
        box = box_of(node)
        if any(a.box == box for a in arguments):
            return arguments
        k = next((n for n, a in enumerate(arguments) if a.box != SCALAR), 0)
        c, t = self.forest.spread((ONE, arguments[k]), box)
        return [*arguments[:k], self.forest.wrap((c, t)), *arguments[k + 1 :]]

    def _power(self, node: Map, base: Scaled, exponent: Scaled) -> Scaled | None:
        from wrt.notation.expand import every_sum, expanded
        from wrt.notation.idioms import square_norm

        forest = self.forest
        e = constant_value(node.arguments[1])
        if e is None or e.denominator != 1:
            norm = square_norm(self, node.arguments[0])
            order, root = (Fraction(2), norm) if norm is not None else forest.roots.get(id(node.arguments[0]), (ONE, None))
            if root is not None:
                if e is not None:
                    return forest.times([(root, order * e)])
                base, exponent = (ONE, root), (order * exponent[0], exponent[1])
            elif e is None and id(node.arguments[0]) in forest.bases:  # (sum(abs(x)**p))**(1/p - 1) as norm(x, p)**(1 - p)
                p, norm = forest.bases[id(node.arguments[0])]
                raised = product(1, [(p, ()), (node.arguments[1], ())], (), ())
                raised = expanded(raised, every_sum) or raised
                self.kept.append(raised)
                found = self.tree(raised) if not raised.order else None
                if found is not None:
                    base, exponent = (ONE, norm), found
        if e is not None:
            value = exact_power(base[0], e)
            if value is None:
                return forest.times([(forest.wrap(base), e)])
            c, t = forest.times([(base[1], e)])
            return c * value, t
        t = base[1]
        if base[0] == 1 and isinstance(t, Times) and len(t.factors) == 1 and nonnegative(t.factors[0][0]):  # norm(x)**2 ** k
            inner, k = t.factors[0]
            base, exponent = (ONE, inner), (k * exponent[0], exponent[1])
        trees = self._meeting([forest.wrap(base), forest.wrap(exponent)], node)
        return ONE, forest.power(*trees)

    def _operator(self, node: Operator) -> Scaled | None:
        forest, name = self.forest, node.function
        if node.order > 2:
            return None
        arguments = []
        for a in node.arguments:
            t = self.full(a)
            if t is None:
                return None
            arguments.append(t)
        match name:
            case "powers":
                labels, exponent = node.parameters
                assert isinstance(exponent, Size)
                return None if labels else forest.call("matpow", (arguments[0], forest.wrap(forest.size(exponent))))
            case "prod" | "max" | "min":
                return self._reduction(name, arguments[0], node)
            case "argmax" | "argmin":
                top = self._reduction(name[3:], arguments[0], node)
                return None if top is None else forest.call("==", (arguments[0], forest.wrap(top)))
            case "onehot":
                if node.order != 2 or arguments[0].box[1] is not None:
                    return None
                return ONE, forest.raw_entry(forest.eye(node.shape[1]), (self.look(arguments[0], node.shape[0]), everything(node.shape[1])))
            case "norm_nuc" | "norm_spec":
                words = forest.atom(Text(name[5:]), SCALAR)
                return forest.call("norm", (arguments[0], words))
            case "frechet" if len(arguments) > 2:
                return None  # the index form says it with block matrices
            case "frechet":
                words = forest.atom(Text(str(node.parameters[0])), SCALAR)
                return ONE, forest.raw_call("frechet", (words, *arguments), arguments[0].box)
            case "frechet_array":
                return None
        if is_whole(name) and node.parameters != (0,):
            return None  # at every index of a sum
        if name in ("det", "logdet"):
            return forest.call(name, tuple(arguments))
        if name == "pinv":
            spelled = self._normal_inverse(node.arguments[0], arguments[0])
            if spelled is not None:
                return spelled
        if node.order == 2 and name in ("inv", "adj", "pinv", "expm", "logm", "sqrtm"):
            return forest.call(name, tuple(arguments))
        return ONE, forest.raw_call(name, tuple(arguments), box_of(node))

    def _normal_inverse(self, x: Expr, t: Tree) -> Scaled | None:
        """pinv(X) as inv(X.T @ X) @ X.T, or X.T @ inv(X @ X.T), where the user wrote that inverse."""
        if x.order != 2:
            return None
        for spec, left in (("ka,kb->ab", True), ("ak,bk->ab", False)):
            gram = einsum(spec, x, x)
            inverse = operator("inv", (gram,), gram.shape)
            self.kept += [gram, inverse]
            found = self.typed.get(id(inverse))
            if found is not None:
                c, turned = self.forest.turn(t)
                k, out = self.forest.chain([found[1], turned] if left else [turned, found[1]])
                return found[0] * c * k, out
        return None

    def look(self, index: Tree, size: Size) -> Part:
        """An integer vector between brackets."""
        from wrt.language.unparse import unparse
        from wrt.notation.write import Writer

        node = Writer(self.forest).write((ONE, index))
        return Part("look", unparse(node), node, size)

    def _reduction(self, name: str, argument: Tree, node: Operator) -> Scaled | None:
        (count,) = node.parameters
        if count == node.arguments[0].order:
            return self.forest.call(name, (argument,))
        return self.forest.call(name, (argument,), 1) if count == 1 else None


def box_of(node: Expr) -> tuple[Size | None, Size | None]:
    """The box of an expression of order up to 2, a column for order 1."""
    return (node.shape[0] if node.order else None, node.shape[1] if node.order > 1 else None)


def range_loop(name: str, stop: Size) -> Loop:
    return Loop(name, Number(Fraction(0)), size_node(stop))


def never_negative(size: Size, last: Mapping[str, Size]) -> bool:
    """Whether a size polynomial is surely >= 0 for sizes of at least 1 and indices from 0 to their last values (it is linear in those)."""
    ends = [size]
    for name, value in last.items():
        if name in size.names:
            ends = [e.substitute({name: end}) for e in ends for end in (Size.of(0), value)]
    return all(all(k > 0 for monomial, k in e.terms if monomial) and sum(k for _, k in e.terms) >= 0 for e in ends)
