"""Which parts of an index form get a name of their own, so that its text and its cost stay linear: u = tanh(W @ x); ... u[i].

A part is named when it is long and used more than once, when sums would nest deeper than LOOPS, or when the text would nest deeper than
DEPTH. A product that sums over more than LOOPS labels is split first: the label whose summation leaves the smallest array goes into a part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from wrt.algebra.expr import Expr, Indicator, Map, Operator, Position, Product, Reshape, Sum, Symbol, constant_value, symbol
from wrt.algebra.product import product, unscale
from wrt.algebra.rebuild import with_children
from wrt.language.sizes import Size
from wrt.notation.index_typed import Typed

LOOPS = 3  # nested sums in an entry: their cost multiplies
DEPTH = 40  # nesting of the text of one step
LONG = 40  # words past which an array that is used twice is named
SCALAR = 25  # words past which a scalar that is used twice is named


@dataclass(frozen=True, slots=True)
class Measure:
    """What an entry of an expression costs: words of text, nested sums, nesting of the text."""

    words: int
    loops: int
    depth: int


@dataclass(frozen=True, slots=True)
class Step:
    """name = expr, where `original` is the expression before its own parts were named."""

    name: str
    expr: Expr
    original: Expr


LEAF = Measure(2, 0, 1)


class Plan:
    """The steps of one expression; `root` is the expression with named parts as symbols."""

    def __init__(self, root: Expr, typed: Typed, name: Callable[[Expr], str]) -> None:
        self.typed = typed
        self.name = name
        self.steps: list[Step] = []
        self.replaced: dict[int, Expr] = {}
        self.measures: dict[int, Measure] = {}
        self.kept: list[Expr] = []
        self.original: dict[int, Expr] = {}
        order = self._order(root)
        self.uses = Counter(id(child) for node in order if id(node) in self.open for child in node.children)
        for node in order:
            self._visit(node, node is root)
        self.root = self.replaced[id(root)]

    def _order(self, root: Expr) -> list[Expr]:
        """Children before parents; parts that are printed as the user typed them are leaves (not in `open`)."""
        self.open: set[int] = set()
        out: list[Expr] = []
        seen: set[int] = set()
        stack: list[tuple[Expr, bool]] = [(root, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                out.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                if node.children and self.typed.scalar(node) is None:
                    self.open.add(id(node))
                    stack.extend((child, False) for child in reversed(node.children))
        return out

    def _visit(self, node: Expr, is_root: bool) -> None:
        if id(node) not in self.open:
            match = self.typed.scalar(node) if node.children else None
            self._keep(node, node, LEAF if match is None else Measure(match.weight, 0, 1))
            if match is not None and match.weight > LONG and self.uses[id(node)] > 1 and not is_root:
                self._name(node)
            return
        if not (is_root and isinstance(node, Sum)):  # the terms of the whole stand beside one another, none inside a sum
            self._limit(node)
        expr = self._rebuilt(node)
        if isinstance(expr, Product):
            expr = self._split(expr)
        self._keep(node, expr, self._measure(expr))
        now, used = self.measures[id(expr)], self.uses[id(node)]
        named = now.depth > DEPTH or (used > 1 and now.words > (LONG if node.shape else SCALAR))
        named |= now.loops > 0 and self.typed.step(node) is not None
        if named and not is_root and constant_value(node) is None and not isinstance(expr, Symbol):
            self._name(node)

    def _rebuilt(self, node: Expr) -> Expr:
        return with_children(node, tuple(self.replaced[id(child)] for child in node.children))

    def _keep(self, node: Expr, expr: Expr, measure: Measure) -> None:
        self.replaced[id(node)] = expr
        self.measures[id(expr)] = measure
        self.original[id(expr)] = node
        self.kept += [node, expr]

    def _name(self, node: Expr) -> None:
        """Give the node a name: from now on it is read as a variable, without its axes of size 1 (a text of one entry reads as a scalar)."""
        expr, labels = self.replaced[id(node)], tuple(range(node.order))
        kept = tuple([a for a in labels if node.shape[a].number != 1])
        name = self.name(node)
        if kept == labels:
            self._keep(node, symbol(name, node.shape), LEAF)
            self.steps.append(Step(name, expr, node))
            return
        named = symbol(name, tuple([node.shape[a] for a in kept]))
        self._keep(node, product(1, [(named, kept)], labels, node.shape), LEAF)
        self.steps.append(Step(name, product(1, [(expr, labels)], kept, node.shape), product(1, [(node, labels)], kept, node.shape)))

    # ------------------------------------------------------------------------------------------------ measures
    def _measure(self, e: Expr) -> Measure:
        found = self.measures.get(id(e))
        if found is not None:
            return found
        if not e.children:
            return LEAF
        below = [self._measure_of(child) for child in e.children]
        loops = max(m.loops for m in below) + own_loops(e)
        words = sum(m.words for m in below) + 1 + 2 * own_loops(e)
        if isinstance(e, Operator) and e.function not in ("argmax", "argmin"):
            loops = 0  # a function of whole arrays is evaluated once
        return Measure(words, loops, max(m.depth for m in below) + 1)

    def _measure_of(self, e: Expr) -> Measure:
        """The measure of a node that a constructor may have made: its own or, for a small new one, of its leaves."""
        found = self.measures.get(id(e))
        if found is None:
            found = self._measure(e) if all(id(c) in self.measures or not c.children for c in e.children) else Measure(4, own_loops(e), 2)
            self.measures[id(e)] = found
            self.kept.append(e)
        return found

    def _limit(self, node: Expr) -> None:
        """Name what makes sums nest too deep below this node's own."""
        room = LOOPS - min(own_loops(node), LOOPS)
        for child in sorted({id(c): c for c in node.children}.values(), key=lambda c: -self._loops(c)):
            if self._loops(child) > room:
                self._refresh(child)
            if self._loops(child) > room and not is_structured_array(self.replaced[id(child)]):
                path = self._path(child)
                self._name(path[-1])
                for above in reversed(path[:-1]):
                    expr = self._rebuilt(above)
                    self._keep(above, expr, self._measure(expr))

    def _refresh(self, node: Expr) -> None:
        """Read the node again with the names that parts of it were given since."""
        maps = [node]
        for e in maps:
            if isinstance(e, (Map, Sum)) and id(e) in self.open and len(maps) < DEPTH:
                maps += [c for c in e.children if id(c) in self.open and not isinstance(self.replaced[id(c)], Symbol)]
        for e in reversed(maps):
            expr = self._rebuilt(e)
            if isinstance(e, (Map, Sum)) and expr is not self.replaced[id(e)] and not isinstance(self.replaced[id(e)], Symbol):
                self._keep(e, expr, self._measure(expr))

    def _loops(self, node: Expr) -> int:
        return self.measures[id(self.replaced[id(node)])].loops

    def _path(self, node: Expr) -> list[Expr]:
        """From a node down to the shared part that holds its sums: tanh(W @ x) rather than 1 - tanh(W @ x)**2."""
        path = [node]
        while not own_loops(path[-1]) and self.uses[id(path[-1])] < 2 and id(path[-1]) in self.open:
            below = [c for c in {id(c): c for c in path[-1].children}.values() if self._loops(c)]
            if len(below) != 1 or not isinstance(path[-1], (Map, Sum)):
                break
            path.append(below[0])
        return path if self.uses[id(path[-1])] > 1 else [node]

    def _split(self, e: Product) -> Expr:
        """The product with summed labels moved into named parts until at most LOOPS of them are left."""
        operands, output, sizes = list(e.operands), e.output, e.sizes
        while True:
            summed = [a for a in range(len(sizes)) if a not in output and any(a in labels for _, labels in operands)]
            if len(summed) - sum(isinstance(f, Indicator) and f.relation == "==" for f, _ in operands) <= LOOPS:
                break
            choice = min(summed, key=lambda a: (*_cost(a, operands, output), a))
            inside = [o for o in operands if choice in o[1]]
            if any(isinstance(f, (Indicator, Position)) for f, _ in inside):
                break
            outside = [o for o in operands if choice not in o[1]]
            kept = tuple(sorted({a for _, labels in inside for a in labels} - {choice}))
            c, part = self._part(inside, kept, sizes)
            if part is e or not outside:
                break
            operands = [*outside, (self.replaced[id(part)], kept)]
            rest = product(e.coefficient * c, *_compact(operands, output, sizes), flatten=False)
            if not isinstance(rest, Product):
                return rest
            e, operands, output, sizes = rest, list(rest.operands), rest.output, rest.sizes
        return e

    def _part(self, inside: list[tuple[Expr, tuple[int, ...]]], kept: tuple[int, ...], sizes: tuple[Size, ...]) -> tuple[Fraction, Expr]:
        """(c, part) with c * part the product of the operands over the labels not kept; the part has a name."""
        c, part = unscale(product(1, *_compact(inside, kept, sizes), flatten=False))
        if id(part) not in self.replaced:
            self._keep(part, part, self._measure(part))
            if part.children:
                self._name(part)
        return c, part


def _compact(
    operands: list[tuple[Expr, tuple[int, ...]]], output: tuple[int, ...], sizes: tuple[Size, ...]
) -> tuple[list[tuple[Expr, tuple[int, ...]]], tuple[int, ...], tuple[Size, ...]]:
    """The same product over the labels that occur (a label that nothing holds would multiply by its size)."""
    used = sorted({a for _, labels in operands for a in labels} | set(output))
    new = {a: n for n, a in enumerate(used)}
    return [(f, tuple([new[a] for a in labels])) for f, labels in operands], tuple([new[a] for a in output]), tuple([sizes[a] for a in used])


def own_loops(e: Expr) -> int:
    """How many sums an entry of the node itself writes."""
    match e:
        case Product():
            held = {a for _, labels in e.operands for a in labels} - set(e.output)
            determined = sum(
                1 for f, _ in e.operands if (isinstance(f, Indicator) and f.relation == "==") or (isinstance(f, Operator) and f.function == "onehot")
            )
            return max(0, len(held) - determined)
        case Reshape():
            return sum(count for count in e.counts if count > 1) if not e.split else 0
        case Operator(function="argmax" | "argmin"):
            count = e.parameters[0]
            assert isinstance(count, int)
            return count
    return 0


def _cost(label: int, operands: list[tuple[Expr, tuple[int, ...]]], output: tuple[int, ...]) -> tuple[int, int]:
    """(order of the array that summing the label leaves, operands it joins)."""
    inside = [labels for _, labels in operands if label in labels]
    return len({a for labels in inside for a in labels}) - 1, len(inside)


def is_structured_array(e: Expr) -> bool:
    """Whether the node is little more than deltas: naming it would write out what is zero."""
    if isinstance(e, Sum):
        return any(is_structured_array(t) for _, t in e.terms)
    return isinstance(e, Product) and len(set(e.output)) < len(e.output)
