"""The user's own spelling: every subtree of the text as a matrix tree, found again by its expression, so that residuals, norms and means come out as typed."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from weakref import WeakKeyDictionary

from wrt.algebra.affine import affine
from wrt.algebra.expr import Expr, Map, Operator, Sum, Symbol, constant_value
from wrt.algebra.expr import postorder as exprs
from wrt.algebra.flatten import flattened
from wrt.algebra.lower import Lowering
from wrt.algebra.maps import exact_power
from wrt.algebra.simplify import simplify
from wrt.algebra.sums import content
from wrt.errors import WrtError
from wrt.language.functions_declared import called, index_name
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Block, Call, Generator, Index, Name, Node, Number, Shape, Slice, Steps, Text, Unary, postorder
from wrt.notation.build import Forest
from wrt.notation.context import Context
from wrt.notation.entries import at, between, entry
from wrt.notation.functions import nonnegative
from wrt.notation.tree import ONE, SCALAR, Box, Part, Scaled, Times, Tree, everything
from wrt.notation.write import SIGNS

LIMIT = 300  # nodes of the text up to which every subtree is also known flattened and simplified

_EXPRESSIONS: WeakKeyDictionary[Context, list[tuple[Node, tuple[Expr, ...]]]] = WeakKeyDictionary()


def expressions(context: Context) -> list[tuple[Node, tuple[Expr, ...]]]:
    """Every closed subtree of the user's text with its expression: as lowered, flattened, and simplified by facts."""
    found = _EXPRESSIONS.get(context)
    if found is None:
        found = _lowered(context) if context.tree is not None else []
        _EXPRESSIONS[context] = found
    return found


def _lowered(context: Context) -> list[tuple[Node, tuple[Expr, ...]]]:
    assert context.tree is not None
    work = Lowering(context.functions)
    try:
        work.run(context.tree)
    except WrtError:
        return []
    out: list[tuple[Node, tuple[Expr, ...]]] = []
    simpler: dict[int, Expr] = {}
    nodes = [node for node in postorder(context.tree) if not isinstance(node, (Name, Number)) and id(node) in work.done]
    if len(nodes) > LIMIT:  # of a long sum the whole, not every sum of its first terms
        inner = {id(node.left) for node in nodes if isinstance(node, Binary) and goes_on(node)}
        nodes = [node for node in nodes if id(node) not in inner]
    for node in nodes:
        low = work.done[id(node)]
        if low.free or low.expr.order > 2:
            continue
        if len(nodes) > LIMIT:  # a long text costs its length, not its square: subtrees are known as lowered only
            out.append((node, (low.expr,)))
            continue
        flat = flattened(low.expr)
        if id(flat) not in simpler:
            simpler[id(flat)] = simplify(flat, context.facts)[0] if context.facts or _may_simplify(flat) else flat
        out.append((node, (low.expr, flat, simpler[id(flat)])))
    return out


def _may_simplify(e: Expr) -> bool:
    """Whether rules that need no fact could change an expression: it holds a function other than a power."""
    return any(isinstance(node, Operator) or (isinstance(node, Map) and node.function != "pow") for node in exprs(e))


def spellings(forest: Forest, context: Context) -> dict[int, Scaled]:
    """id(expression) -> the tree of the user's spelling of it (a column for a row)."""
    out: dict[int, Scaled] = {}
    whole: list[tuple[Expr, Tree, Fraction]] = []
    reading = Reading(forest, context)
    forest.typing = True
    try:
        for node, exprs in expressions(context):
            found = reading.read(node)
            if found is None or isinstance(exprs[0], Symbol) or constant_value(exprs[0]) is not None:
                continue
            c, t = found
            if t.box[0] is None and t.box[1] is not None:
                k, t = forest.turn(t)
                c *= k
            for e in exprs:
                out.setdefault(id(e), (c, t))
                if isinstance(e, Map) and e.function == "pow" and c == 1 and nonnegative(t):
                    power = constant_value(e.arguments[1])
                    if power is not None and power.numerator == 1 and power.denominator > 1:
                        forest.roots[id(e.arguments[0])] = (1 / power, t)
                        whole.append((e.arguments[0], t, 1 / power))
                    order = e.arguments[1]
                    if isinstance(order, Map) and order.function == "pow" and constant_value(order.arguments[1]) == -1:  # norm(x, p)
                        forest.bases[id(e.arguments[0])] = order.arguments[0], t
                if isinstance(e, Sum) and e.terms:
                    k, primitive = content(e)
                    out.setdefault(id(primitive), (c / k, t))
                    forest.held.append(primitive)
        for e, t, power in whole:  # norm(x)**2 where norm(x) is typed and x.T @ x is not
            out.setdefault(id(e), forest.times([(t, power)]))
        for name, node in reading.steps.items():
            named = reading.done.get(id(node))
            if named is not None and named[0] == 1:
                forest.steps.setdefault(named[1].serial, name)
        forest.diagonals -= {f.serial for t in forest.table.values() if isinstance(t, Times) for f, _ in t.factors}
    finally:
        forest.typing = False
    return out


def goes_on(node: Binary) -> bool:
    """Whether a sum, a product entry by entry or a product of matrices is the left operand of one like it."""
    left = node.left
    if not isinstance(left, Binary) or left.shape is None:
        return False
    match node.op:
        case "+" | "-":
            return left.op in "+-" and left.shape == node.shape
        case "*":
            return left.op == "*" and left.shape == node.shape
        case "@":
            return left.op == "@" and left.shape.kind == "matrix"
    return False


def chained(node: Binary) -> list[tuple[str, Node]]:
    """The operands of a sum or a product of many, each with its operator, leftmost first."""
    out: list[tuple[str, Node]] = [(node.op, node.right)]
    while goes_on(node):
        assert isinstance(node.left, Binary)
        node = node.left
        out.append((node.op, node.right))
    return [("", node.left), *reversed(out)]


class Reading:
    """Surface nodes as trees, children first; None where a node has no tree."""

    def __init__(self, forest: Forest, context: Context) -> None:
        self.forest = forest
        self.done: dict[int, Scaled | None] = {}
        self.steps: dict[str, Node] = {}
        if context.tree is not None:
            for node in postorder(context.tree):
                if isinstance(node, Steps):
                    self.steps.update(node.steps)

    def read(self, root: Node) -> Scaled | None:
        """The tree of a node; what it needs is read first, on a stack."""
        stack = [root]
        while stack:
            node = stack[-1]
            waiting = [] if id(node) in self.done else [c for c in self._needs(node) if id(c) not in self.done]
            if waiting:
                stack += waiting
                continue
            stack.pop()
            if id(node) not in self.done:
                found = self._node(node)
                if found is not None and found[1].box != box_of(node.shape):
                    found = None  # a vector that is a number in every entry is no piece of notation
                self.done[id(node)] = found
        return self.done[id(root)]

    def _needs(self, node: Node) -> tuple[Node, ...]:
        """The nodes that a node's tree is made from."""
        if node.shape is None or node.shape.kind == "tensor" or isinstance(node, Generator):
            return ()
        if isinstance(node, Name):
            return (self.steps[node.name],) if node.role == "step" else ()
        if isinstance(node, Binary):
            return tuple(operand for _, operand in chained(node))
        return (node.result,) if isinstance(node, Steps) else node.children

    def _below(self, node: Node) -> Scaled | None:
        return self.read(node)

    def _node(self, node: Node) -> Scaled | None:
        shape = node.shape
        if shape is None or shape.kind == "tensor" or Size.of(1) in shape.sizes:
            return None
        match node:
            case Number():
                return node.value, self.forest.one
            case Name():
                return self._name(node, shape)
            case Unary():
                found = self._below(node.argument)
                if found is None:
                    return None
                if node.op == "-":
                    return -found[0], found[1]
                c, t = self.forest.turn(found[1])
                return found[0] * c, t
            case Binary():
                return self._binary(node)
            case Call():
                return self._call(node, shape)
            case Index():
                return self._index(node, shape)
            case Block():
                return self._block(node, shape)
            case Generator():
                return self._opaque(node, shape)
            case Steps():
                return self._below(node.result)
        return None

    def _opaque(self, node: Node, shape: Shape) -> Scaled | None:
        if any(isinstance(part, Name) and part.role == "step" for part in postorder(node)):
            return None
        return ONE, self.forest.atom(node, box_of(shape))

    def _name(self, node: Name, shape: Shape) -> Scaled | None:
        match node.role:
            case "variable":
                return ONE, self.forest.variable(node.name)
            case "size":
                return self.forest.size(Size.of(node.name))
            case "step":
                return self._below(self.steps[node.name])
            case "constant":
                return ONE, self.forest.atom(Name(node.name, "constant"), SCALAR, "name")
        return None

    def _binary(self, node: Binary) -> Scaled | None:
        forest = self.forest
        signs, found = [sign for sign, _ in chained(node)], [self.done[id(operand)] for _, operand in chained(node)]
        known = [pair for pair in found if pair is not None]
        if len(known) < len(found):
            return None
        if node.op in "+-":
            return forest.add([(-c if sign == "-" else c, t) for sign, (c, t) in zip(signs, known, strict=True)])
        if node.op in "*@":
            factor, out = forest.times([(t, ONE) for _, t in known]) if node.op == "*" else forest.chain([t for _, t in known])
            return factor * prod(c for c, _ in known), out
        left, right = known
        (a, s), (b, t) = left, right
        match node.op:
            case "/":
                if b == 0:
                    return None
                c, out = forest.times([(s, ONE), (t, -ONE)])
                return a / b * c, out
            case "**":
                return self._power(left, right)
        if node.op in SIGNS:
            return forest.call(node.op, (forest.wrap(left), forest.wrap(right)))
        return None

    def _power(self, base: Scaled, exponent: Scaled) -> Scaled | None:
        forest = self.forest
        if exponent[1] is not forest.one:
            return ONE, forest.power(forest.wrap(base), forest.wrap(exponent))
        e = exponent[0]
        if base[1] is forest.one:
            value = exact_power(base[0], e)
            return (value, forest.one) if value is not None else None
        value = exact_power(base[0], e) if e.denominator == 1 or base[0] > 0 else None
        if value is None:
            return forest.times([(forest.wrap(base), e)])
        c, t = forest.times([(base[1], e)])
        return value * c, t

    def _call(self, node: Call, shape: Shape) -> Scaled | None:
        forest = self.forest
        if node.function in ("eye", "ones", "zeros", "einsum", "commutation"):
            if node.function == "ones":
                return ONE, forest.ones(box_of(shape))
            if node.function == "eye" and shape.sizes[0] is shape.sizes[1]:
                return ONE, forest.eye(shape.sizes[0])
            return self._opaque(node, shape)
        arguments: list[Scaled] = []
        for a in node.arguments:
            found = (ONE, forest.atom(a, SCALAR)) if isinstance(a, Text) else self._below(a)
            if found is None:
                return None
            arguments.append(found)
        if node.function == "sqrt":
            return self._power(arguments[0], (Fraction(1, 2), forest.one))
        if node.function == "diag" and arguments[0][1].box != SCALAR:
            if shape.kind == "matrix":
                forest.diagonals.add(arguments[0][1].serial)
            c, t = forest.diag(forest.wrap(arguments[0]))
            return c, t
        function = called(node.function, forest.context.functions)
        if function is not None:
            d, orders, _ = function
            name = index_name(d.name, orders, elementwise=d.elementwise)
            trees = tuple(forest.wrap(a) for a in arguments)
            if shape.kind == "row" and not d.elementwise:  # D(g)(x) is grad(g)(x).T
                return forest.turn(forest.raw_call(name, trees, (shape.sizes[0], None)))
            return forest.call(name, trees) if d.elementwise else (ONE, forest.raw_call(name, trees, box_of(shape)))
        option = node.option("axis")
        axis = _axis(option)
        if option is not None and axis is None:
            return None
        if len(shape.sizes) < 2 and box_of(node.arguments[0].shape) != SCALAR and None in box_of(node.arguments[0].shape):
            axis = None  # of a vector there is one axis
        trees = tuple(forest.wrap(a) for a in arguments)
        name = "tr" if node.function == "trace" else node.function
        if axis is None and name not in ("inv", "pinv", "adj", "expm", "matpow", "exp", "log", "sum", "max", "min", "prod", "mean"):
            return ONE, forest.raw_call(name, trees, box_of(shape))
        return forest.call(name, trees, axis)

    def _index(self, node: Index, shape: Shape) -> Scaled | None:
        base = self._below(node.base)
        if base is None or node.base.shape is None or (None in (base[1].box[0], base[1].box[1]) and len(node.parts) == 2):
            return None
        places = [self._part(p, size) for p, size in zip(node.parts, node.base.shape.sizes, strict=False)]
        if any(p is None for p in places):
            return self._opaque(node, shape)
        row = places[0] if base[1].box[0] is not None else None
        column = places[-1] if base[1].box[1] is not None else None
        c, t = entry(self.forest, base[1], row, column)
        return base[0] * c, t

    def _part(self, node: Node, size: Size) -> Part | None:
        if isinstance(node, Slice):
            start, stop = _size(node.start, Size.of(0), size), _size(node.stop, size, size)
            if node.step is not None or start is None or stop is None:
                return None
            return between(start, stop, size) if node.start is not None or node.stop is not None else everything(size)
        value = _size(node, None, size) if node.shape is not None and node.shape.kind == "scalar" else None
        return None if value is None else at(value)

    def _block(self, node: Block, shape: Shape) -> Scaled | None:
        rows: list[tuple[Tree, ...]] = []
        for row in node.rows:
            cells = [self._below(cell) for cell in row]
            if any(c is None for c in cells):
                return None
            rows.append(tuple(self.forest.wrap(c) for c in cells if c is not None))
        return ONE, self.forest.literal(tuple(rows), node.nested, box_of(shape))


def _size(node: Node | None, default: Size | None, whole: Size) -> Size | None:
    if node is None:
        return default
    form = affine(node, {})
    if form is None or form.coefficients:
        return None
    value = form.constant
    return value + whole if value.number is not None and value.number < 0 else value


def _axis(option: Node | None) -> int | None:
    if isinstance(option, Number):
        return int(option.value) % 2
    return 1 if isinstance(option, Unary) else None


def box_of(shape: Shape | None) -> Box:
    """The box of a typed node."""
    if shape is None:
        return SCALAR
    match shape.kind:
        case "scalar":
            return SCALAR
        case "column":
            return shape.sizes[0], None
        case "row":
            return None, shape.sizes[0]
        case _:
            return shape.sizes[0], shape.sizes[1]
