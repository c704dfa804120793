"""From the surface tree to the index form: each node becomes an expression whose first axes are the bound indices it depends on.

A bound index of a generator is one more axis until its generator sums it (or, for `array`, makes it an axis of the value), so that
every rule below works the same inside and outside of sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from wrt.algebra import brackets
from wrt.algebra.affine import Affine, affine
from wrt.algebra.domain import check_argument, check_power, check_quotient
from wrt.algebra.expr import ONE, Expr, number, position, raw_operator, symbol
from wrt.algebra.known import Known
from wrt.algebra.low import Binder, Low, fitted, join, slots, typed
from wrt.algebra.maps import comparison, mapping, power, reciprocal
from wrt.algebra.operators import operator
from wrt.algebra.scopes import Scopes
from wrt.algebra.sums import add, constant, size_number
from wrt.errors import NotDifferentiableError, ShapeError
from wrt.language.functions_declared import called
from wrt.language.macros import expansion
from wrt.language.sizes import Size
from wrt.language.surface import (
    Binary,
    Block,
    Call,
    Declaration,
    Generator,
    Index,
    Loop,
    Name,
    Node,
    Number,
    Shape,
    Slice,
    Source,
    Steps,
    Text,
    Unary,
    postorder,
)
from wrt.tables.facts import closure
from wrt.tables.functions import CONSTANTS, FUNCTIONS
from wrt.tables.operators import OPERATORS


def lower(source: Source) -> Expr:
    """The index form of a typed formula; axes as its shape says."""
    return Lowering(source.declarations).run(source.tree).expr


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

    def __init__(self, declarations: Mapping[str, Declaration]) -> None:
        self.declarations = declarations
        self.known = Known({name: closure(d.facts) for name, d in declarations.items() if d.facts})
        self.done: dict[int, Low] = {}
        self.scopes = Scopes()
        self.kept: list[Node] = []  # formulas of rows, whose nodes' identities are keys of `done`
        self.inner_sums: set[int] = set()  # ids of sums that are only a part of one longer sum

    def run(self, tree: Node) -> Low:
        self.scopes.bind(tree)
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

    def affine(self, node: Node) -> Affine:
        """A whole-number expression as constant + sum of coefficient * index; ShapeError when it is not affine."""
        return self.scopes.affine(node)

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
                binder = self.scopes.binder_of[id(node)]
                value = position(binder.size)
                if binder.start is Size.of(0):
                    return Low(value, (binder,))
                start = join([(Low(size_number(binder.start)), ())], (binder,)).expr
                return Low(add([(Fraction(1), value), (Fraction(1), start)], (binder.size,)), (binder,))
            case "size":
                return Low(size_number(Size.of(node.name)))
            case "step":
                return self.done[id(self.scopes.steps[node.name])]
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
        terms, free = self.fit(parts, typed(node))
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
                check_power(node, left.expr, right.expr, self.known)
                (a, b), free = self.fit([(left, typed(node.left)), (right, typed(node.right))], shape)
                return Low(power(a, b), free)
            case "@":
                return self._matmul(node, left, right)
        first, second = affine(node.left, self.scopes.binder_of), affine(node.right, self.scopes.binder_of)
        if first is not None and second is not None and (first.coefficients or second.coefficients):
            return self.scopes.compared(node.op, first, second)
        (a, b), free = self.fit([(left, typed(node.left)), (right, typed(node.right))], shape)
        return Low(comparison(node.op, a, b), free)

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

    def fit(self, parts: Sequence[tuple[Low, Shape]], result: Shape) -> tuple[list[Expr], tuple[Binder, ...]]:
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
        binders = self.scopes.binders[id(node)]
        body, shape = self.done[id(node.body)], typed(node.body)
        own = tuple(range(shape.order))
        parts: list[tuple[Low, tuple[object, ...]]] = [(body, own)]
        parts += [(low, ()) for low in self.scopes.conditions[id(node)]]
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
        from wrt.algebra.applications import application  # these two are built on this class
        from wrt.algebra.calls import CALLS

        arguments = [
            (self.done[id(a)], typed(a)) if id(a) in self.done else (Low(number(0)), typed(a)) for a in node.arguments if not isinstance(a, Text)
        ]
        function = called(node.function, self.declarations)
        if function is not None:
            return application(self, node, function, arguments)
        build = CALLS.get(node.function)
        if build is not None:
            return fitted(build(self, node, arguments), typed(node).order)
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
            check_argument(node, arguments[0][0].expr, node.arguments[0], self.known)
        exprs, free = self.fit(arguments, typed(node))
        return Low(mapping(node.function, tuple(exprs)), free)

    def operator(self, node: Call, arguments: list[tuple[Low, Shape]], parameters: tuple[object, ...] = ()) -> Low:
        """A matrix function of the tables; of one matrix for each outer index, "inv_each" and the like."""
        if any(low.free for low, _ in arguments):
            if node.function in ("inv", "det", "logdet", "solve"):
                return self.each(node.function, arguments)
            raise NotDifferentiableError(f"{node.function} inside a sum over its argument's index is not supported.", span=node.span)
        return Low(operator(node.function, tuple(low.expr for low, _ in arguments), typed(node).sizes, parameters))

    def each(self, name: str, arguments: list[tuple[Low, Shape]]) -> Low:
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
