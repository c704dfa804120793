"""From the index form to steps: each distinct node once, children first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from fractions import Fraction

from wrt.algebra.expr import Expr, Indicator, Map, Operator, Position, Product, Reshape, SizeValue, Sum, Symbol, constant_value, postorder
from wrt.algebra.known import Facts, Known
from wrt.algebra.patterns import is_structured
from wrt.algebra.product import product
from wrt.algebra.sums import add
from wrt.language.sizes import Size
from wrt.program.array import Array, Form, bare, canonical_names, dense_array, pattern_key
from wrt.program.assemble import assembled
from wrt.program.cost import time_of
from wrt.program.products import Contraction, guarded_bases, root_base
from wrt.program.steps import Graph, Labels, Step, ordered
from wrt.program.structure import scattered_look_up, settle
from wrt.tables.functions import CONSTANTS

ONE = Fraction(1)
DEPTH, MOST_TERMS = 2, 4  # of spreading a product over sums: how deep, and over how many terms
GAIN = 0.9  # of the time as it stands: from there on spreading pays


class Builder:
    """The steps of several expressions; `sizes` are the lengths that the plan is made for."""

    def __init__(self, sizes: Mapping[str, int], declared: Container[str], facts: Facts) -> None:
        self.g = Graph()
        self.known = Known(facts)
        self.definite: set[int] = set()  # numbers of steps: matrices known to be positive definite, symmetric
        self.symmetric: set[int] = set()
        self.declared = declared
        self.sizes = sizes
        self.arrays: dict[int, Array] = {}
        self.keep: list[Expr] = []  # ids stay unique while their expressions live
        self.guarded: set[int] = set()
        self.uses: Counter[int] = Counter()
        self.paid: set[int] = set()  # numbers of steps that earlier outputs need anyway
        self.depth = 0
        self.planned = False  # whether any choice depended on the sizes

    def value(self, size: Size) -> int:
        return size.value(self.sizes)

    def outputs(self, roots: Sequence[Expr]) -> list[Array]:
        """The arrays of several expressions."""
        self.uses.update(id(child) for node in postorder(*roots) for child in node.children)
        out = []
        for root in roots:
            self.guarded |= guarded_bases(root)
            out.append(self.build(root))
            self.paid.update(x.number for x in ordered([out[-1].core]))
        return out

    def build(self, root: Expr) -> Array:
        """The array of an expression."""
        self.keep.append(root)
        for node in postorder(root):
            if id(node) not in self.arrays:
                self.arrays[id(node)] = self._node(node)
        return self.arrays[id(root)]

    def _node(self, node: Expr) -> Array:
        match node:
            case Symbol() if node.name in CONSTANTS and node.name not in self.declared:
                return dense_array(self.g.step("constant", (), (node.name,)))
            case Symbol():
                step = self.g.step("input", (), (node.name,), node.shape)
                if node.order == 2 and self.known.symmetric(node):
                    self.symmetric.add(step.number)
                return dense_array(step)
            case SizeValue():
                return dense_array(self.g.size(node.size))
            case Position():
                return dense_array(self.g.step("range", (), (), node.shape))
            case Indicator():
                axes = tuple(range(node.order))
                self.arrays[id(node)] = Array(self.g.number(1), (), (), {}, node.shape)  # never read: a product takes the condition itself
                return self._product(_alone(node, axes))
            case Product():
                return self._product(node)
            case Sum():
                return self._sum(node)
            case Map():
                return self._map(node)
            case Operator():
                return self._operator(node)
            case Reshape():
                inner = self.arrays[id(node.argument)].dense(self.g)
                return dense_array(self.g.step("reshape", (inner,), (node.counts, node.split), node.shape))
        raise AssertionError(type(node))

    # ------------------------------------------------------------------------------------------------ products
    def _product(self, node: Product) -> Array:
        """As it stands, or spread over a sum inside it where that is faster: (A + u v.T) @ x = A @ x + u (v.T @ x)."""
        best = self._contracted(node)
        if self.depth >= DEPTH:
            return best
        for place, (e, labels) in enumerate(node.operands):
            if isinstance(e, Sum) and len(e.terms) <= MOST_TERMS and self.uses[id(e)] <= 1 and _may_pay(node, e, labels):
                self.depth += 1
                other = self._distributed(node, place)
                self.depth -= 1
                self.planned = True
                if other is not None and self._time(other.core) < GAIN * self._time(best.core):
                    best = other
        return best

    def _distributed(self, node: Product, place: int) -> Array | None:
        """The product spread over the structured and low-rank terms of one sum; the other terms stay together."""
        total, labels = node.operands[place]
        assert isinstance(total, Sum)
        apart = [t for t in total.terms if _composite(t[1])]
        rest = [t for t in total.terms if not _composite(t[1])]
        parts = [(c, t) for c, t in apart] + ([(ONE, add(rest, total.shape))] if rest else [])
        if len(parts) < 2:
            return None
        others = [o for k, o in enumerate(node.operands) if k != place]
        terms = [(c, product(node.coefficient, [*others, (t, labels)], node.output, node.sizes)) for c, t in parts]
        return self.build(add(terms, node.shape))

    def _time(self, core: Step) -> float:
        return sum(time_of(x, self.value) for x in ordered([core]) if x.number not in self.paid)

    def _contracted(self, node: Product) -> Array:
        work = Contraction(self.g, self.value)
        work.read(node, self.arrays)
        work.forgotten()
        found = scattered_look_up(work)
        if found is not None:
            work.operands, work.scalars, work.coefficient = [found], [], ONE
        settle(work)
        out = work.result(node.shape)
        self.planned |= work.planned
        return out

    # ------------------------------------------------------------------------------------------------ sums
    def _sum(self, node: Sum) -> Array:
        """Terms with one pattern add their cores; otherwise broadcasting ones are added, and what stands on a diagonal is written into that."""
        if not node.terms:
            labels = tuple(range(node.order))
            return Array(self.g.number(0), (), tuple(map(bare, labels)), dict(enumerate(node.shape)), node.shape)
        arrays = self.parts(node.terms)
        if len(arrays) == 1:
            return arrays[0]
        whole = assembled(self.g, arrays, self.value)
        if whole is not None:
            return dense_array(whole)
        arrays.sort(key=lambda a: not a.spread)
        base = arrays[0].dense(self.g)
        for a in arrays[1:]:
            base = a.written(self.g, base)
        return dense_array(base)

    def parts(self, terms: Sequence[tuple[Fraction, Expr]]) -> list[Array]:
        """Terms of a sum added up where they have one pattern."""
        groups: dict[object, list[tuple[Fraction, Array]]] = {}
        for c, t in terms:
            array = self.arrays[id(t)]
            groups.setdefault("spread" if array.spread else pattern_key(array), []).append((c, array))
        return [self._same(terms) for terms in groups.values()]

    def _same(self, terms: list[tuple[Fraction, Array]]) -> Array:
        """The sum of arrays whose entries stand in the same places."""
        first = terms[0][1]
        if len(terms) == 1 and terms[0][0] == 1:
            return first
        parts: list[tuple[Fraction, Step, Labels]] = []
        names = canonical_names(first)
        for c, a in terms:
            mine = canonical_names(a)
            parts.append((c, a.core, tuple(mine[label] for label in a.labels)))
        held = sorted({label for _, _, labels in parts for label in labels})
        sizes = {names[k]: s for k, s in first.sizes.items() if k in names}
        forms = tuple(Form(f.start, tuple((names[a], s) for a, s in f.steps)) for f in first.forms)
        return Array(self.g.add(parts, tuple(held)), tuple(held), forms, sizes, first.shape)

    # ------------------------------------------------------------------------------------------------ maps
    def _map(self, node: Map) -> Array:
        """Entry by entry; axes along which every argument is constant stay outside."""
        parts: list[tuple[Step, Labels]] = []
        for a in node.arguments:
            array = self.arrays[id(a)]
            if array.spread:
                names = {f.steps[0][0]: k for k, f in enumerate(array.forms)}
                parts.append((array.core, tuple(names[label] for label in array.labels)))
            else:
                parts.append((array.dense(self.g), tuple(range(node.order))))
        held = tuple(sorted({label for _, labels in parts for label in labels}))
        exponent = constant_value(node.arguments[1]) if node.function == "pow" else None
        if exponent is not None:
            x, labels = parts[0]
            core = self.g.power(x, exponent, id(root_base(node)) in self.guarded)
            held = labels
        else:
            core = self.g.map(node.function, parts, held, node.parameters)
        return Array(core, held, tuple(map(bare, range(node.order))), dict(enumerate(node.shape)), node.shape)

    # ------------------------------------------------------------------------------------------------ operators
    def _operator(self, node: Operator) -> Array:
        args = tuple(self.g.floating(self.arrays[id(a)].dense(self.g)) for a in node.arguments)
        (x, *_) = args
        if node.function in ("inv", "logdet", "det"):
            base = x.args[0] if x.op == "transpose" else x
            if self.known.symmetric(node.arguments[0]):
                self.symmetric.add(base.number)
            if self.known.definite(node.arguments[0]):
                self.definite.add(base.number)
        if node.function in ("inv", "pinv", "adj", "expm", "logm", "sqrtm") and x.op == "transpose":  # f(A.T) = f(A).T
            inner = "inverse" if node.function == "inv" else "operator"
            data = () if node.function == "inv" else (node.function, *node.parameters)
            return dense_array(self.g.transpose(self.g.step(inner, x.args, data, node.shape[::-1]), (1, 0)))
        if node.function in ("det", "logdet", "norm_nuc", "norm_spec") and x.op == "transpose":
            args = x.args
        if node.function == "inv":
            return dense_array(self.g.step("inverse", args, (), node.shape))
        return dense_array(self.g.step("operator", args, (node.function, *node.parameters), node.shape))


def _alone(node: Indicator, axes: tuple[int, ...]) -> Product:
    """A condition as a product of itself."""
    from wrt.algebra.expr import raw_product

    return raw_product(ONE, ((node, axes),), axes, node.shape)


def _composite(t: Expr) -> bool:
    """Whether a term of a sum is cheaper as part of a product than as an array: structured, or a product of smaller arrays."""
    if not isinstance(t, Product):
        return False
    if is_structured(t):
        return True
    return sum(bool(labels) for _, labels in t.operands) > 1 and len(set(t.output)) == 2


def _may_pay(node: Product, e: Sum, labels: Labels) -> bool:
    """Whether a sum inside a product has both kinds of terms or several composite ones, and meets another array."""
    composite = sum(_composite(t) for _, t in e.terms)
    meets = any(f is not e and set(ls) & set(labels) for f, ls in node.operands)
    return bool(composite) and meets and e.order >= 2
