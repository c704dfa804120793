"""From the surface tree to the index form: each node becomes an expression whose first axes are the bound indices it depends on.

A bound index of a generator is one more axis until its generator sums it (or, for `array`, makes it an axis of the value), so that
every rule below works the same inside and outside of sums.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from wrt.algebra import brackets
from wrt.algebra.affine import Affine, affine, upper_bound
from wrt.algebra.domain import check_argument, check_power, check_quotient
from wrt.algebra.expr import ONE, Expr, number, position, raw_operator, symbol
from wrt.algebra.low import Binder, Low, join, selector, slots, typed
from wrt.algebra.maps import comparison, mapping, power, reciprocal
from wrt.algebra.operators import operator
from wrt.algebra.sums import add, constant, size_number
from wrt.errors import NotDifferentiableError, ShapeError
from wrt.language.macros import expansion
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Block, Call, Generator, Index, Loop, Name, Node, Number, Shape, Slice, Source, Steps, Text, Unary, postorder
from wrt.tables.functions import CONSTANTS, FUNCTIONS
from wrt.tables.operators import OPERATORS


def lower(source: Source) -> Expr:
    """The index form of a typed formula; axes as its shape says."""
    return Lowering().run(source.tree).expr


def lower_entry(source: Source, indices: Sequence[tuple[str, Size]]) -> Expr:
    """The array of a formula with free indices: one axis an index, then the axes of the formula."""
    work = Lowering()
    for name, size in indices:
        work.outer[name] = Binder(name, size, Size.of(0))
    low = work.run(source.tree)
    binders = [work.outer[name] for name, _ in indices]
    own = tuple(range(low.expr.order - len(low.free)))
    return join([(low, own)], tuple(binders) + own, dict(enumerate(low.expr.shape[len(low.free) :]))).expr


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


def inner_sums(tree: Node) -> set[int]:
    """The ids of sums, differences and negated sums whose only use is as a term of a sum."""
    uses: dict[int, int] = {}
    inside: dict[int, Node] = {}
    for node in postorder(tree):
        for child in node.children:
            uses[id(child)] = uses.get(id(child), 0) + 1
            if _is_sum(node) and _is_sum(child):
                inside[id(child)] = child
        if isinstance(node, Steps):
            for _, value in node.steps:
                uses[id(value)] = 2
    return {key for key in inside if uses[key] == 1}


def _is_sum(node: Node) -> bool:
    return (isinstance(node, Binary) and node.op in ("+", "-")) or (isinstance(node, Unary) and node.op == "-")


class Lowering:
    """One lowering: results by node identity, binders by generator, named steps by name."""

    def __init__(self) -> None:
        self.done: dict[int, Low] = {}
        self.binder_of: dict[int, Binder] = {}  # id(Name) -> binder
        self.conditions: dict[int, list[Low]] = {}  # id(Generator) -> bounds that depend on outer indices
        self.binders: dict[int, tuple[Binder, ...]] = {}  # id(Generator) -> its binders
        self.steps: dict[str, Node] = {}
        self.outer: dict[str, Binder] = {}
        self.kept: list[Node] = []  # formulas of rows, whose nodes' identities are keys of `done`
        self.inner_sums: set[int] = set()  # ids of sums that are only a part of one longer sum

    def run(self, tree: Node) -> Low:
        self._bind(tree)
        self.inner_sums = inner_sums(tree)
        for node in postorder(tree):
            if (
                isinstance(node, (Slice, Text, Loop))
                or id(node) in self.inner_sums
                or (isinstance(node, Name) and node.name == "inf" and node.role == "constant")
            ):
                continue
            try:
                self.done[id(node)] = self._lower(node)
            except NotDifferentiableError as error:
                if error.span is None:
                    error.span = node.span
                raise
        return self.done[id(tree)]

    # ------------------------------------------------------------------------------------------------ scopes
    def _bind(self, tree: Node) -> None:
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
        start, stop = self.affine(loop.start), self.affine(loop.stop)
        if not start.coefficients and not stop.coefficients:
            return Binder(loop.name, stop.constant - start.constant, start.constant), []
        size = upper_bound(stop)
        outer = next(iter(stop.coefficients), None)
        within = outer is not None and stop.coefficients == {outer: 1} and size is outer.start + outer.size - 1
        if outer is not None and within and not any(s is size for s in axes_read_at(loop.name, generator)) and not may_fail(loop.name, generator):
            size = outer.start + outer.size  # j < i for i < n: j runs over n too, so that masks of i and j are square
        binder = Binder(loop.name, size, Size.of(0))
        me = Affine({binder: 1}, Size.of(0))
        bounds = []
        if start.coefficients or start.constant is not Size.of(0):
            bounds.append(self._indicator(">=", me - start))
        bounds.append(self._indicator(">=", stop - me - Affine({}, Size.of(1))))
        return binder, bounds

    def affine(self, node: Node) -> Affine:
        """A whole-number expression as constant + sum of coefficient * index; ShapeError when it is not affine."""
        found = affine(node, self.binder_of)
        if found is None:
            raise ShapeError("an index must be a whole number: a sum of indices, sizes and numbers.", span=node.span)
        return found

    def _indicator(self, relation: str, form: Affine) -> Low:
        """[form == 0] or [form >= 0] as a 0/1 array over the binders of the form."""
        free = tuple(form.coefficients)
        constant_part = form.constant
        for binder in free:
            constant_part = constant_part + binder.start * form.coefficients[binder]
        coefficients = tuple(form.coefficients[b] for b in free)
        if not free:
            value = constant_part.number
            if value is None:
                raise ShapeError(f"whether {constant_part} {relation} 0 is not known for symbolic sizes.")
            return Low(number(int(value == 0 if relation == "==" else value >= 0)))
        return Low(selector(relation, coefficients, constant_part, tuple(b.size for b in free)), free)

    # ------------------------------------------------------------------------------------------------ nodes
    def _lower(self, node: Node) -> Low:
        match node:
            case Number():
                return Low(number(node.value))
            case Name():
                return self._name(node)
            case Unary(op="-"):
                return self._sum(node)
            case Unary():
                low, shape = self.done[id(node.argument)], typed(node.argument)
                if shape.kind in ("scalar", "column", "row"):
                    return low
                return join([(low, (0, 1))], (1, 0))
            case Binary():
                return self._binary(node)
            case Call():
                return self._call(node)
            case Index():
                return brackets.index(self, node)
            case Block():
                return brackets.block(self, node)
            case Generator():
                return self._generator(node)
            case Steps():
                return self.done[id(node.result)]
        raise AssertionError(type(node))

    def _name(self, node: Name) -> Low:
        match node.role:
            case "index":
                binder = self.binder_of[id(node)]
                value = position(binder.size)
                if binder.start is Size.of(0):
                    return Low(value, (binder,))
                start = join([(Low(size_number(binder.start)), ())], (binder,)).expr
                return Low(add([(Fraction(1), value), (Fraction(1), start)], (binder.size,)), (binder,))
            case "size":
                return Low(size_number(Size.of(node.name)))
            case "step":
                return self.done[id(self.steps[node.name])]
            case "constant" if node.name not in CONSTANTS:
                raise ShapeError(f"{node.name} is not a number here.", span=node.span)
        return Low(symbol(node.name, typed(node).sizes))

    def _sum(self, node: Node) -> Low:
        """A whole chain of + and - as one sum, so that its cost follows its length."""
        signs: list[Fraction] = []
        parts: list[tuple[Low, Shape]] = []
        stack = [(ONE, node)]
        while stack:
            sign, part = stack.pop()
            if part is not node and id(part) not in self.inner_sums:
                signs.append(sign)
                parts.append((self.done[id(part)], typed(part)))
            elif isinstance(part, Unary):
                stack.append((-sign, part.argument))
            else:
                assert isinstance(part, Binary)
                stack += [(sign if part.op == "+" else -sign, part.right), (sign, part.left)]
        terms, free = self._fit(parts, typed(node))
        return Low(add(list(zip(signs, terms, strict=True)), terms[0].shape), free)

    def _binary(self, node: Binary) -> Low:
        if node.op in ("+", "-"):
            return self._sum(node)
        left, right = self.done[id(node.left)], self.done[id(node.right)]
        shape = typed(node)
        match node.op:
            case "*":
                return self._times(left, typed(node.left), right, typed(node.right), shape)
            case "/":
                check_quotient(node, right.expr)
                return self._times(left, typed(node.left), Low(reciprocal(right.expr), right.free), typed(node.right), shape)
            case "**":
                check_power(node, left.expr, right.expr)
                (a, b), free = self._fit([(left, typed(node.left)), (right, typed(node.right))], shape)
                return Low(power(a, b), free)
            case "@":
                return self._matmul(node, left, right)
        first, second = affine(node.left, self.binder_of), affine(node.right, self.binder_of)
        if first is not None and second is not None and (first.coefficients or second.coefficients):
            return self._compare_indices(node.op, first, second)
        (a, b), free = self._fit([(left, typed(node.left)), (right, typed(node.right))], shape)
        return Low(comparison(node.op, a, b), free)

    def _compare_indices(self, op: str, a: Affine, b: Affine) -> Low:
        one = Affine({}, Size.of(1))
        match op:
            case "==":
                return self._indicator("==", a - b)
            case "!=":  # two order masks rather than 1 - [a == b]: what is excluded may have no value there
                above = self._indicator(">=", a - b - one)
                below = join([(self._indicator(">=", b - a - one), ())], above.free)
                if above.free and below.expr.shape == above.expr.shape:
                    return Low(add([(ONE, above.expr), (ONE, below.expr)], above.expr.shape), above.free)
                equal = self._indicator("==", a - b)
                return Low(add([(ONE, constant(1, equal.expr.shape)), (-ONE, equal.expr)], equal.expr.shape), equal.free)
            case "<":
                return self._indicator(">=", b - a - one)
            case "<=":
                return self._indicator(">=", b - a)
            case ">":
                return self._indicator(">=", a - b - one)
        return self._indicator(">=", a - b)

    def _keys(self, shape: Shape, result: Shape) -> tuple[object, ...]:
        """Own labels of a value inside a result: rows against rows, columns against columns; a size 1 that the result lacks is summed."""
        if shape.kind == "tensor" or result.kind == "tensor":
            return tuple(range(shape.order))
        have, want = slots(shape), slots(result)
        keys: dict[int, object] = {}
        for place in (0, 1):
            axis = have[place]
            if axis is not None:
                target = want[place]
                stretched = target is not None and shape.sizes[axis] is not result.sizes[target]
                keys[axis] = ("one", place, id(shape)) if target is None or stretched else target
        return tuple(keys[axis] for axis in range(shape.order))

    def _fit(self, parts: Sequence[tuple[Low, Shape]], result: Shape) -> tuple[list[Expr], tuple[Binder, ...]]:
        """The parts spread to the shape of the result and to all free indices of any."""
        free = tuple(dict.fromkeys(b for low, _ in parts for b in low.free))
        own = tuple(range(result.order))
        sizes = dict(enumerate(result.sizes))
        return [join([(low, self._keys(shape, result))], (*free, *own), sizes).expr for low, shape in parts], free

    def _times(self, left: Low, a: Shape, right: Low, b: Shape, result: Shape) -> Low:
        return join([(left, self._keys(a, result)), (right, self._keys(b, result))], tuple(range(result.order)), dict(enumerate(result.sizes)))

    def _matmul(self, node: Binary, left: Low, right: Low) -> Low:
        a, b, shape = typed(node.left), typed(node.right), typed(node)
        (r, c), (r2, c2) = slots(a), slots(b)
        want = slots(shape)
        keys_a: dict[int, object] = {}
        keys_b: dict[int, object] = {}
        if r is not None:
            keys_a[r] = "left" if want[0] is None else want[0]
        if c2 is not None:
            keys_b[c2] = "right" if want[1] is None else want[1]
        if "scalar" in (a.kind, b.kind):
            return self._times(left, a, right, b, shape)
        if c is not None:
            keys_a[c] = "inner"
        if r2 is not None:
            keys_b[r2] = "inner" if c is not None and a.sizes[c] is b.sizes[r2] else "inner2"
        return join(
            [(left, tuple(keys_a[k] for k in range(a.order))), (right, tuple(keys_b[k] for k in range(b.order)))],
            tuple(range(shape.order)),
            dict(enumerate(shape.sizes)),
        )

    def _generator(self, node: Generator) -> Low:
        binders = self.binders[id(node)]
        body, shape = self.done[id(node.body)], typed(node.body)
        own = tuple(range(shape.order))
        parts: list[tuple[Low, tuple[object, ...]]] = [(body, own)]
        parts += [(low, ()) for low in self.conditions[id(node)]]
        parts += [(self.done[id(c)], ()) for c in node.conditions]
        if node.function == "array":
            result = (*binders, *own)
            return join(parts, result, dict(enumerate(shape.sizes)))
        held = {b for low, _ in parts for b in low.free}
        missing: list[tuple[Low, tuple[object, ...]]] = [(Low(constant(1, (b.size,)), (b,)), ()) for b in binders if b not in held]
        whole = join(parts + missing, (*binders, *own), dict(enumerate(shape.sizes)))
        keys = (*[("bound", k) for k in range(len(binders))], *own)
        return join([(whole, keys)], own)

    # ------------------------------------------------------------------------------------------------ functions
    def _call(self, node: Call) -> Low:
        from wrt.algebra.calls import CALLS  # the table of calls is built on this class

        arguments = [
            (self.done[id(a)], typed(a)) if id(a) in self.done else (Low(number(0)), typed(a)) for a in node.arguments if not isinstance(a, Text)
        ]
        build = CALLS.get(node.function)
        if build is not None:
            return build(self, node, arguments)
        if node.function in FUNCTIONS:
            return self.elementwise(node, arguments)
        row = OPERATORS.get(node.function)
        formula = expansion(node) if row is None or not row.d else None
        if formula is not None and node.function != "solve":
            return self._expanded(formula)
        return self.operator(node, arguments)

    def _expanded(self, formula: Node) -> Low:
        """A row's formula in place of a call."""
        self.kept.append(formula)
        for part in postorder(formula):
            if id(part) not in self.done and not isinstance(part, Text):
                self.done[id(part)] = self._lower(part)
        return self.done[id(formula)]

    def elementwise(self, node: Call, arguments: list[tuple[Low, Shape]]) -> Low:
        if len(arguments) == 1:
            check_argument(node, arguments[0][0].expr, node.arguments[0])
        exprs, free = self._fit(arguments, typed(node))
        return Low(mapping(node.function, tuple(exprs)), free)

    def operator(self, node: Call, arguments: list[tuple[Low, Shape]], parameters: tuple[object, ...] = ()) -> Low:
        """A matrix function of the tables; of one matrix for each outer index, "inv_each" and the like."""
        if any(low.free for low, _ in arguments):
            if node.function in ("inv", "det", "logdet", "solve"):
                return self._of_each(node.function, arguments)
            raise NotDifferentiableError(f"{node.function} inside a sum over its argument's index is not supported.", span=node.span)
        return Low(operator(node.function, tuple(low.expr for low, _ in arguments), typed(node).sizes, parameters))

    def _of_each(self, name: str, arguments: list[tuple[Low, Shape]]) -> Low:
        """A matrix function of a matrix that depends on outer indices: leading axes stay."""
        low = arguments[0][0]
        if name == "solve":
            (b, shape) = arguments[1]
            inverse = (
                Low(raw_operator("inv_each", (low.expr,), low.expr.shape), low.free)
                if low.free
                else Low(operator("inv", (low.expr,), low.expr.shape))
            )
            own = tuple(range(shape.order))
            return join([(inverse, (0, "inner")), (b, ("inner", *own[1:]))], own)
        return Low(raw_operator(f"{name}_each", (low.expr,), low.expr.shape if name == "inv" else low.expr.shape[:-2]), low.free)


CallRule = Callable[[Lowering, Call, list[tuple[Low, Shape]]], Low]
