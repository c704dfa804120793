"""A formula as sympy objects, where sympy can hold it: scalars, matrix symbols, traces, determinants, Hadamard and Kronecker products, sums.

sympy has no shape for a 1 x 1 product used as a scalar: inside a formula it becomes its trace; a formula that is one stays a product. sympy is
imported here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wrt.errors import NoClosedFormError, TooLargeError
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Block, Call, Generator, Index, Loop, Name, Node, Number, Shape, Slice, Source, Steps, Text, Unary, postorder
from wrt.language.unparse import short
from wrt.tables.facts import closure

ONE = Size.of(1)
SAME = "exp log sqrt sin cos tan sec csc cot sinh cosh tanh erf digamma sign".split()
OTHER = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "abs": "Abs",
    "gammaln": "loggamma",
}
MADE: dict[str, Callable[[Any, Any], Any]] = {
    "log1p": lambda sp, x: sp.log(1 + x),
    "expm1": lambda sp, x: sp.exp(x) - 1,
    "sigmoid": lambda sp, x: 1 / (1 + sp.exp(-x)),
    "softplus": lambda sp, x: sp.log(1 + sp.exp(x)),
    "relu": lambda sp, x: sp.Max(x, 0),
    "silu": lambda sp, x: x / (1 + sp.exp(-x)),
    "gelu": lambda sp, x: x * (1 + sp.erf(x / sp.sqrt(2))) / 2,
}
RELATIONS = {"<": "Lt", "<=": "Le", ">": "Gt", ">=": "Ge", "==": "Eq", "!=": "Ne"}


def sympy_form(source: Source) -> Any:
    """The sympy object of a formula. Raises: NoClosedFormError for what sympy cannot hold, or when it is not installed.

    >>> import wrt
    >>> wrt.parse("tr(A @ X)", "A: n m, X: m n").sympy()  # doctest: +SKIP
    Trace(A*X)
    """
    try:
        import sympy
    except ImportError:
        raise NoClosedFormError("sympy is not installed.", hint="pip install wrt[sympy].") from None
    try:
        return _Translation(sympy, source).run()
    except RecursionError:
        raise TooLargeError("the formula nests deeper than sympy can hold.") from None


class _Translation:
    """One formula: every node's sympy object, matrices as n x m expressions (a column is n x 1)."""

    def __init__(self, sympy: Any, source: Source) -> None:
        self.sp = sympy
        self.source = source
        self.made: dict[int, Any] = {}
        self.steps: dict[str, Any] = {}
        self.symbols: dict[str, Any] = {}

    def run(self) -> Any:
        for node in postorder(self.source.tree):
            if isinstance(node, Steps):
                self.made[id(node)] = self.made[id(node.result)]
            elif not isinstance(node, (Slice, Text, Loop)):
                self.made[id(node)] = self._node(node)
        found = self.made[id(self.source.tree)]
        pure = isinstance(found, self.sp.Trace) and isinstance(found.arg, self.sp.MatMul) and found.arg.shape == (1, 1)
        return found.arg if pure else found

    def fail(self, node: Node) -> NoClosedFormError:
        return NoClosedFormError(f"sympy has no object for {short(node)}.", text=self.source.text, span=node.span if self.source.text else None)

    # ------------------------------------------------------------------------------------------------ leaves
    def symbol(self, name: str, **assumptions: bool) -> Any:
        return self.symbols.setdefault(name, self.sp.Symbol(name, **assumptions))

    def size(self, size: Size) -> Any:
        total = self.sp.Integer(0)
        for monomial, k in size.terms:
            term = self.sp.Integer(k)
            for name, e in monomial:
                term *= self.symbol(name, integer=True, positive=True) ** e
            total += term
        return total

    def box(self, shape: Shape) -> tuple[Any, Any]:
        """(rows, columns) as sympy sizes."""
        match shape.kind:
            case "scalar":
                return self.sp.Integer(1), self.sp.Integer(1)
            case "column":
                return self.size(shape.sizes[0]), self.sp.Integer(1)
            case "row":
                return self.sp.Integer(1), self.size(shape.sizes[0])
            case _:
                return self.size(shape.sizes[0]), self.size(shape.sizes[1])

    def _name(self, node: Name) -> Any:
        match node.role:
            case "constant":
                return {"pi": self.sp.pi, "inf": self.sp.oo}[node.name]
            case "step":
                return self.made[id(_step(self.source.tree, node.name))]
            case "variable":
                return self._variable(node)
        return self.symbol(node.name, integer=True, **({"positive": True} if node.role == "size" else {"nonnegative": True}))

    def _variable(self, node: Name) -> Any:
        d = self.source.declarations[node.name]
        facts = closure(d.facts)
        if d.shape.kind == "tensor":
            raise self.fail(node)
        if d.shape.order:
            return self.sp.MatrixSymbol(node.name, *self.box(d.shape))
        known = {"integer": "integer" in facts, "positive": "positive" in facts, "nonzero": "nonzero" in facts}
        return self.symbol(node.name, real=True, **{k: True for k, v in known.items() if v})

    # ------------------------------------------------------------------------------------------------ nodes
    def _node(self, node: Node) -> Any:
        if node.shape is not None and node.shape.kind == "tensor":
            raise self.fail(node)
        below: list[Any] = [self.made.get(id(c)) for c in node.children]
        match node:
            case Number():
                return self.sp.Rational(node.value.numerator, node.value.denominator)
            case Name():
                return self._name(node)
            case Unary(op="T"):
                return below[0] if _scalar(node) else self.sp.Transpose(below[0]).doit(deep=False)
            case Unary():
                return -below[0]
            case Binary():
                return self._binary(node, *below)
            case Call():
                return self._call(node)
            case Index():
                return self._index(node)
            case Block():
                return self._block(node)
            case Generator():
                return self._generator(node)
        raise self.fail(node)

    def _binary(self, node: Binary, a: Any, b: Any) -> Any:
        sp = self.sp
        if node.op == "@":
            if _scalar(node.left) or _scalar(node.right):
                return a * b
            product = a * b
            return sp.Trace(product) if _scalar(node) else product
        if _scalar(node):
            return self._scalar_binary(node.op, a, b)
        if node.op in ("+", "-"):
            a, b = self._spread(node, node.left, a), self._spread(node, node.right, b)
            return a + b if node.op == "+" else a - b
        if _scalar(node.right) and node.op in ("*", "/"):
            return a * b if node.op == "*" else a / b
        if _scalar(node.left) and node.op == "*":
            return a * b
        a, b = self._spread(node, node.left, a), self._spread(node, node.right, b)
        if node.op == "*":
            return sp.HadamardProduct(a, b)
        if node.op == "/":
            return sp.HadamardProduct(a, sp.HadamardPower(b, -1))
        if node.op == "**" and _scalar(node.right):
            return sp.HadamardPower(a, self.made[id(node.right)])
        raise self.fail(node)

    def _scalar_binary(self, op: str, a: Any, b: Any) -> Any:
        if op in RELATIONS:
            return self.sp.Piecewise((1, getattr(self.sp, RELATIONS[op])(a, b)), (0, True))
        match op:
            case "+" | "-":
                return a + b if op == "+" else a - b
            case "*" | "/":
                return a * b if op == "*" else a / b
        return a**b

    def _spread(self, node: Node, part: Node, value: Any) -> Any:
        """A scalar, column or row repeated to the shape of an elementwise result."""
        sp = self.sp
        assert node.shape is not None and part.shape is not None
        rows, columns = self.box(node.shape)
        if _scalar(part):
            return value * sp.OneMatrix(rows, columns)
        have = self.box(part.shape)
        if have == (rows, columns):
            return value
        return sp.MatMul(value, sp.OneMatrix(1, columns)) if have[1] == 1 else sp.MatMul(sp.OneMatrix(rows, 1), value)

    # ------------------------------------------------------------------------------------------------ functions
    def _call(self, node: Call) -> Any:
        sp, name = self.sp, node.function
        arguments: list[Any] = [self.made.get(id(a)) for a in node.arguments]
        scalar_rule = self._elementwise(name)
        if scalar_rule is not None:
            if _scalar(node):
                return scalar_rule(arguments[0])
            t = sp.Dummy("t", real=True)
            return arguments[0].applyfunc(sp.Lambda(t, scalar_rule(t)))
        if name in ("maximum", "minimum") and _scalar(node):
            return (sp.Max if name == "maximum" else sp.Min)(*arguments)
        if name == "where" and _scalar(node):
            return sp.Piecewise((arguments[1], sp.Ne(arguments[0], 0)), (arguments[2], True))
        if name == "polygamma" and _scalar(node):
            return sp.polygamma(*arguments)
        rule = _MATRIX.get(name)
        if rule is None:
            raise self.fail(node)
        return rule(self, node, arguments)

    def _elementwise(self, name: str) -> Callable[[Any], Any] | None:
        sp = self.sp
        if name in MADE:
            made = MADE[name]
            return lambda x: made(sp, x)
        word = name if name in SAME else OTHER.get(name)
        found: Callable[[Any], Any] | None = None if word is None else getattr(sp, word)
        return found

    def total(self, node: Node, value: Any) -> Any:
        """The sum of all entries."""
        assert node.shape is not None
        if not node.shape.order:
            return value
        places, bounds = [], []
        for name, size in zip("ij", self.box(node.shape), strict=True):
            index = self.sp.Dummy(name, integer=True)
            places.append(index if size != 1 else 0)
            if size != 1:
                bounds.append((index, 0, size - 1))
        return self.sp.Sum(value[tuple(places)], *reversed(bounds))

    def count(self, node: Call) -> Any:
        """How many entries a reduction goes over."""
        shape = node.arguments[0].shape
        assert shape is not None
        rows, columns = self.box(shape)
        axis = _axis(node)
        return rows * columns if axis is None else (rows, columns)[axis]

    # ------------------------------------------------------------------------------------------------ brackets
    def _index(self, node: Index) -> Any:
        shape = node.base.shape
        assert shape is not None
        if shape.kind not in ("column", "row", "matrix"):
            raise self.fail(node)
        places = [self._place(p, s) for p, s in zip(node.parts, shape.sizes, strict=True)]
        if shape.kind != "matrix":
            places = [*places, 0] if shape.kind == "column" else [0, *places]
        base = self.made[id(node.base)]
        if all(not isinstance(p, tuple) for p in places):
            return base[places[0], places[1]]
        rows, columns = ((p, p + 1, 1) if not isinstance(p, tuple) else p for p in places)
        return self.sp.matrices.expressions.slice.MatrixSlice(base, rows, columns)

    def _place(self, part: Node, size: Size) -> Any:
        if not isinstance(part, Slice):
            assert part.shape is not None
            if part.shape.order:
                raise self.fail(part)
            return self._from_end(self.made[id(part)], size)
        if part.step is not None:
            raise self.fail(part)
        start = self.sp.Integer(0) if part.start is None else self._from_end(self.made[id(part.start)], size)
        stop = self.size(size) if part.stop is None else self._from_end(self.made[id(part.stop)], size)
        return start, stop, 1

    def _from_end(self, place: Any, size: Size) -> Any:
        return place + self.size(size) if place.is_number and place < 0 else place

    def _block(self, node: Block) -> Any:
        rows = [[self.made[id(c)] for c in row] for row in node.rows]
        if all(_scalar(c) for row in node.rows for c in row):
            return self.sp.ImmutableDenseMatrix(rows)
        return self.sp.BlockMatrix(
            [
                [c if not _scalar(n) else self.sp.ImmutableDenseMatrix([[c]]) for c, n in zip(r, ns, strict=True)]
                for r, ns in zip(rows, node.rows, strict=True)
            ]
        )

    def _generator(self, node: Generator) -> Any:
        sp = self.sp
        bounds = [
            (self.symbol(loop.name, integer=True, nonnegative=True), self.made[id(loop.start)], self.made[id(loop.stop)]) for loop in node.loops
        ]
        body = self.made[id(node.body)]
        if node.function == "array":
            if not _scalar(node.body) or len(bounds) > 2:
                raise self.fail(node)
            i, j = bounds[0], bounds[1] if len(bounds) > 1 else (sp.Dummy("j"), 0, 1)
            return sp.FunctionMatrix(
                i[2] - i[1], j[2] - j[1], sp.Lambda((i[0], j[0]), body.subs({i[0]: i[0] + i[1], j[0]: j[0] + j[1]}, simultaneous=True))
            )
        if not _scalar(node.body):
            raise self.fail(node)
        for condition in node.conditions:
            body = body * self.made[id(condition)]
        return sp.Sum(body, *[(i, start, stop - 1) for i, start, stop in reversed(bounds)])


def _scalar(node: Node) -> bool:
    return node.shape is not None and not node.shape.order


def _axis(node: Call) -> int | None:
    axis = node.option("axis")
    return int(axis.value) % 2 if isinstance(axis, Number) else None


def _step(tree: Node, name: str) -> Node:
    return next(value for n in postorder(tree) if isinstance(n, Steps) for key, value in n.steps if key == name)


# ---------------------------------------------------------------------------------------------------- matrix functions
Rule = Callable[[_Translation, Call, list[Any]], Any]


def _sum(t: _Translation, node: Call, arguments: list[Any]) -> Any:
    axis, (x,) = _axis(node), arguments
    if axis is None:
        return t.total(node.arguments[0], x)
    shape = node.arguments[0].shape
    assert shape is not None
    rows, columns = t.box(shape)
    return t.sp.OneMatrix(1, rows) * x if axis == 0 else x * t.sp.OneMatrix(columns, 1)


def _mean(t: _Translation, node: Call, arguments: list[Any]) -> Any:
    return _sum(t, node, arguments) / t.count(node)


def _norm(t: _Translation, node: Call, arguments: list[Any]) -> Any:
    order = node.arguments[1] if len(node.arguments) > 1 else None
    if order is not None and not (isinstance(order, Number) and order.value == 2) and not (isinstance(order, Text) and order.value == "fro"):
        raise t.fail(node)
    x = arguments[0]
    return t.sp.sqrt(t.sp.Trace(t.sp.MatMul(x.T, x)))


def _diag(t: _Translation, node: Call, arguments: list[Any]) -> Any:
    from_vector = node.arguments[0].shape is not None and node.arguments[0].shape.order == 1
    diagonal = t.sp.matrices.expressions.diagonal
    return diagonal.DiagMatrix(arguments[0]) if from_vector else diagonal.DiagonalOf(arguments[0])


def _sized(make: str) -> Rule:
    def rule(t: _Translation, node: Call, arguments: list[Any]) -> Any:
        assert node.shape is not None
        rows, columns = t.box(node.shape)
        if make == "Identity":
            if rows != columns:
                raise t.fail(node)
            return t.sp.Identity(rows)
        return getattr(t.sp, make)(rows, columns)

    return rule


_MATRIX: Mapping[str, Rule] = {
    "sum": _sum,
    "mean": _mean,
    "norm": _norm,
    "diag": _diag,
    "eye": _sized("Identity"),
    "ones": _sized("OneMatrix"),
    "zeros": _sized("ZeroMatrix"),
    "tr": lambda t, node, a: t.sp.Trace(a[0]),
    "trace": lambda t, node, a: t.sp.Trace(a[0]),
    "det": lambda t, node, a: t.sp.Determinant(a[0]),
    "logdet": lambda t, node, a: t.sp.log(t.sp.Abs(t.sp.Determinant(a[0]))),
    "inv": lambda t, node, a: t.sp.Inverse(a[0]),
    "solve": lambda t, node, a: t.sp.MatMul(t.sp.Inverse(a[0]), a[1]),
    "matpow": lambda t, node, a: t.sp.MatPow(a[0], a[1]),
    "kron": lambda t, node, a: t.sp.KroneckerProduct(a[0], a[1]),
    "dot": lambda t, node, a: t.total(node.arguments[0], t.sp.HadamardProduct(a[0], a[1])),
    "outer": lambda t, node, a: t.sp.MatMul(a[0], a[1].T),
}
