"""Bound indices: which binder a name of an index means, over which values it runs, and the 0/1 arrays of comparisons of indices."""

from __future__ import annotations

from wrt.algebra.affine import Affine, affine, upper_bound
from wrt.algebra.expr import ONE, number
from wrt.algebra.low import Binder, Low, join, selector, typed
from wrt.algebra.sums import add, constant
from wrt.errors import ShapeError
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Call, Generator, Index, Loop, Name, Node, Number, Steps, postorder
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS


class Scopes:
    """The scopes of one lowering: binders by name, those of each generator, and the named steps."""

    def __init__(self) -> None:
        self.binder_of: dict[int, Binder] = {}  # id(Name) -> binder
        self.conditions: dict[int, list[Low]] = {}  # id(Generator) -> bounds that depend on outer indices
        self.binders: dict[int, tuple[Binder, ...]] = {}  # id(Generator) -> its binders
        self.bound = 0  # how many indices have been bound
        self.steps: dict[str, Node] = {}
        self.outer: dict[str, Binder] = {}

    def bind(self, tree: Node) -> None:
        """Resolve every index name to its binder; scopes are lexical."""
        stack: list[tuple[Node, dict[str, Binder]]] = [(tree, dict(self.outer))]
        seen: dict[tuple[int, int], dict[str, Binder]] = {}  # holding the scopes keeps their ids unique
        while stack:
            node, scope = stack.pop()
            if (id(node), id(scope)) in seen:
                continue
            seen[id(node), id(scope)] = scope
            if isinstance(node, Name):
                if node.name in scope and node.role == "index":
                    self.binder_of[id(node)] = scope[node.name]
            elif isinstance(node, Generator):
                inner = dict(scope)
                made = []
                bounds: list[Low] = []
                for loop in node.loops:
                    for part in (loop.start, loop.stop):
                        self._bind_names(part, inner)
                    binder, extra = self._binder(loop, node)
                    inner[loop.name] = binder
                    made.append(binder)
                    bounds += extra
                self.binders[id(node)] = tuple(made)
                self.conditions[id(node)] = bounds
                stack.append((node.body, inner))
                stack.extend((c, inner) for c in node.conditions)
            else:
                if isinstance(node, Steps):
                    self.steps.update(node.steps)
                stack.extend((child, scope) for child in node.children)

    def _bind_names(self, node: Node, scope: dict[str, Binder]) -> None:
        for part in postorder(node):
            if isinstance(part, Name) and part.role == "index" and part.name in scope:
                self.binder_of[id(part)] = scope[part.name]

    def _binder(self, loop: Loop, generator: Generator) -> tuple[Binder, list[Low]]:
        """The binder of a loop, and masks where its bounds depend on outer indices."""
        self.bound += 1
        start, stop = self.affine(loop.start), self.affine(loop.stop)
        if not start.coefficients and not stop.coefficients:
            return Binder(loop.name, stop.constant - start.constant, start.constant, self.bound), []
        size = upper_bound(stop)
        outer = next(iter(stop.coefficients), None)
        within = outer is not None and stop.coefficients == {outer: 1} and size is outer.start + outer.size - 1
        if outer is not None and within and not any(s is size for s in axes_read_at(loop.name, generator)) and not may_fail(loop.name, generator):
            size = outer.start + outer.size  # j < i for i < n: j runs over n too, so that masks of i and j are square
        binder = Binder(loop.name, size, Size.of(0), self.bound)
        me = Affine({binder: 1}, Size.of(0))
        bounds = []
        if start.coefficients or start.constant is not Size.of(0):
            bounds.append(self.indicator(">=", me - start))
        bounds.append(self.indicator(">=", stop - me - Affine({}, Size.of(1))))
        return binder, bounds

    def affine(self, node: Node) -> Affine:
        """A whole-number expression as constant + sum of coefficient * index; ShapeError when it is not affine."""
        found = affine(node, self.binder_of)
        if found is None:
            raise ShapeError("an index must be a whole number: a sum of indices, sizes and numbers.", span=node.span)
        return found

    def indicator(self, relation: str, form: Affine) -> Low:
        """[form == 0] or [form >= 0] as a 0/1 array over the binders of the form."""
        free = tuple(form.coefficients)
        constant_part = form.at_start
        coefficients = tuple(form.coefficients[b] for b in free)
        if not free:
            value = constant_part.number
            if value is None:
                raise ShapeError(f"whether {constant_part} {relation} 0 is not known for symbolic sizes.")
            return Low(number(int(value == 0 if relation == "==" else value >= 0)))
        return Low(selector(relation, coefficients, constant_part, tuple(b.size for b in free)), free)

    def compared(self, op: str, a: Affine, b: Affine) -> Low:
        """A comparison of two whole-number expressions as a 0/1 array over their binders."""
        one = Affine({}, Size.of(1))
        match op:
            case "==":
                return self.indicator("==", a - b)
            case "!=":  # two order masks rather than 1 - [a == b]: what is excluded may have no value there
                above = self.indicator(">=", a - b - one)
                below = join([(self.indicator(">=", b - a - one), ())], above.free)
                if above.free and below.expr.shape == above.expr.shape:
                    return Low(add([(ONE, above.expr), (ONE, below.expr)], above.expr.shape), above.free)
                equal = self.indicator("==", a - b)
                return Low(add([(ONE, constant(1, equal.expr.shape)), (-ONE, equal.expr)], equal.expr.shape), equal.free)
            case "<":
                return self.indicator(">=", b - a - one)
            case "<=":
                return self.indicator(">=", b - a)
            case ">":
                return self.indicator(">=", a - b - one)
        return self.indicator(">=", a - b)


def axes_read_at(index: str, generator: Generator) -> list[Size]:
    """The sizes of the axes that a bare index reads in a generator."""
    found = []
    for node in (part for root in (generator.body, *generator.conditions) for part in postorder(root)):
        if isinstance(node, Index) and len(node.parts) == typed(node.base).order:
            found += [s for part, s in zip(node.parts, typed(node.base).sizes, strict=True) if isinstance(part, Name) and part.name == index]
    return found


def may_fail(index: str, generator: Generator) -> bool:
    """Whether a quotient, a root or a function without a value everywhere depends on an index: then no place may be added to its range."""
    for node in postorder(generator.body):
        match node:
            case Binary(op="/"):
                inner: Node = node.right
            case Binary(op="**") if not (isinstance(node.right, Number) and node.right.value >= 0 and node.right.value.denominator == 1):
                inner = node
            case Call() if (
                node.function == "norm" or node.function in OPERATORS or (node.function in FUNCTIONS and FUNCTIONS[node.function].domain != "real")
            ):
                inner = node
            case _:
                continue
        if any(isinstance(part, Name) and part.name == index for part in postorder(inner)):
            return True
    return False
