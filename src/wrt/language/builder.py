"""Surface nodes typed as they are made: what a dialect needs to tell a matrix product from a scalar one while it reads.

The rules are those of `shapes`. A size that only context can tell (of I, of the vector of ones, of a name nobody declared) is flexible
until `finish` writes it in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple, TypeVar

from wrt.errors import ShapeError, Span, TextError, UnknownNameError
from wrt.language.parser import parse as parse_text
from wrt.language.places import ONE, places, typed
from wrt.language.scopes import size_names
from wrt.language.shapes import Annotator
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Call, Declaration, FunctionDeclaration, Loop, Name, Node, Number, Shape, Unary, column, matrix, postorder
from wrt.language.unify import Sizes

N = TypeVar("N", bound=Node)
INDEX_LETTERS = "ijkl"
FRESH = ("n", "m", "p", "q", "r", "s", "d", "k", "l", "h")


class Reading(NamedTuple):
    """What a dialect's text says: the untyped tree, the shapes assumed of undeclared names, and what the user should be told (sentences)."""

    tree: Node
    assumed: dict[str, Shape]
    notes: tuple[str, ...]


class Flexible(Sizes):
    """Sizes whose chains of bindings stay short, so that a sum of thousands of undeclared names is read in linear time."""

    def find(self, size: Size) -> Size:
        """The size with everything known put in."""
        path: list[str] = []
        while (name := size.name) is not None and name in self.bound:
            path.append(name)
            size = self.bound[name]
        found = super().find(size)
        for name in path:
            self.bound[name] = found
        return found


class Builder(Annotator):
    """Makes nodes with shapes. Raises what `shapes` raises, with the span of the node that does not fit."""

    first = 1

    def __init__(
        self,
        shapes: Mapping[str, Shape],
        facts: Mapping[str, Iterable[str]] | None = None,
        functions: Mapping[str, FunctionDeclaration] | None = None,
    ) -> None:
        declared = {name: Declaration(name, shape, frozenset((facts or {}).get(name, ()))) for name, shape in shapes.items()}
        declared.update(functions or {})
        super().__init__(declared, (), {}, Flexible())
        self.declared = declared
        self.open: list[tuple[Call | Loop, tuple[Size, ...], str]] = []
        self.assumed: dict[str, Shape] = {}
        self.numbers: set[str] = set()  # undeclared arrays that are used as numbers are
        self.told = facts is not None

    # ------------------------------------------------------------------------------------------------ leaves
    def put(self, node: N, span: Span) -> N:
        """The node with its place and its shape."""
        node.span = span
        try:
            node.shape = self._shape(node)
        except (ShapeError, TextError, UnknownNameError) as error:
            if error.span is None or error.span == (0, 0):
                error.span = span
            raise
        return node

    def number(self, value: Fraction | int, span: Span, text: str = "") -> Number:
        return self.put(Number(Fraction(value), text), span)

    def name(self, name: str, role: str, span: Span) -> Name:
        """A variable, size, index, step or constant."""
        return self.put(Name(name, role), span)

    def assume(self, name: str, kind: str) -> None:
        """Take an undeclared name as a scalar, a column or a matrix of flexible sizes."""
        sizes = tuple(self.unifier.fresh() for _ in range({"scalar": 0, "column": 1}.get(kind, 2)))
        shape = Shape("scalar", ()) if not sizes else column(*sizes) if len(sizes) == 1 else matrix(*sizes)
        self.assumed[name] = shape
        self.declared[name] = Declaration(name, shape)

    def forget(self, name: str) -> None:
        """Take an assumed name for a size after all."""
        self.assumed.pop(name, None)
        self.declared.pop(name, None)
        self.sizes[name] = None

    def size(self, size: Size, span: Span, indices: Iterable[str] = ()) -> Node:
        """A size or an index expression as a node."""
        tree = parse_text(size.text) if not any(n.startswith("?") for n in size.names) else Name(size.text)
        for node in postorder(tree):
            if isinstance(node, Name):
                node.role = "index" if node.name in indices else "size"
            self.put(node, span)
        return tree

    def filled(self, function: str, sizes: tuple[Size, ...], span: Span, what: str) -> Call:
        """eye(n), ones(n), zeros(m, n), of sizes that may be flexible; `what` names it in the message when they stay so."""
        arguments = sizes[:1] if function == "eye" else sizes
        node = Call(function, tuple(self.size(s, span) for s in arguments), span=span)
        node.shape = column(*sizes) if len(sizes) == 1 else matrix(*sizes)
        if any(n.startswith("?") for s in sizes for n in s.names):
            self.open.append((node, arguments, what))
        return node

    # ------------------------------------------------------------------------------------------------ questions
    def note_numbers(self, node: Node) -> None:
        """Note the undeclared arrays that a product, sum or power of letters is made of: it is used as a number is."""
        stack = [node] if self.assumed else []
        while stack:
            part = stack.pop()
            if isinstance(part, Name):
                if part.name in self.assumed and self.assumed[part.name].order:
                    self.numbers.add(part.name)
            elif isinstance(part, Unary) and part.op == "-":
                stack.append(part.argument)
            elif isinstance(part, Binary):
                stack += [part.left] if part.op == "**" else part.children
            elif isinstance(part, Call) and part.function == "matpow":
                stack.append(part.arguments[0])

    def shape(self, node: Node) -> Shape:
        """The shape as far as it is known now."""
        shape = typed(node)
        return Shape(shape.kind, tuple(self.unifier.find(s) for s in shape.sizes)) if self.unifier.bound else shape

    def may_equal(self, a: Size, b: Size) -> bool:
        """Whether two sizes are equal or could be; a size nobody knows is not 1."""
        if (a is ONE) != (b is ONE):
            return self.unifier.find(a) is self.unifier.find(b)
        difference = self.unifier.find(a) - self.unifier.find(b)
        return not difference.terms or any(n.startswith("?") for n in difference.names)

    def multiplies(self, a: Shape, b: Shape) -> bool:
        """Whether a @ b, or a*b with a scalar, has a shape."""
        if "tensor" in (a.kind, b.kind):
            return "scalar" in (a.kind, b.kind)
        return "scalar" in (a.kind, b.kind) or self.may_equal(places(a)[1], places(b)[0])

    def alike(self, a: Shape, b: Shape) -> bool:
        """Whether two shapes are of one kind and could be equal."""
        return a.kind == b.kind and a.order == b.order and all(self.may_equal(s, t) for s, t in zip(a.sizes, b.sizes, strict=True))

    def is_square(self, shape: Shape) -> bool:
        return shape.kind == "matrix" and self.may_equal(*shape.sizes)

    def whole(self, node: Node) -> bool:
        """Whether an expression is a whole number; without facts that is left to the inference that follows."""
        return not self.told or super().whole(node)

    def symmetric(self, node: Node) -> bool:
        """Whether a matrix is symmetric by how it is written: declared so, X.T @ X, X @ X.T, or a sum, inverse or multiple of such."""
        stack = [node]
        while stack:
            part = stack.pop()
            match part:
                case Name():
                    if not {"symmetric", "spd", "diagonal", "symmetric_toeplitz"} & set(self._facts(part.name)):
                        return False
                case Binary(op="@"):
                    if not _mirrored(list(_factors(part))):
                        return False
                case Binary(op="+" | "-"):
                    stack += [part.left, part.right]
                case Binary(op="*" | "/"):
                    stack += [p for p in (part.left, part.right) if typed(p).order]
                case Unary():
                    stack.append(part.argument)
                case Call(function="inv" | "expm" | "sqrtm" | "matpow"):
                    stack.append(part.arguments[0])
                case Call(function="eye") | Call(function="diag"):
                    pass
                case _:
                    return False
        return True

    def _facts(self, name: str) -> frozenset[str]:
        return self.declarations[name].facts if name in self.declarations else frozenset()

    # ------------------------------------------------------------------------------------------------ operations
    def product(self, a: Node, b: Node, span: Span) -> Node:
        """a times b: @ between arrays, * with a scalar."""
        left, right = typed(a), typed(b)
        on = left.kind == "scalar" and right.kind == "row" and isinstance(a, Binary) and a.op == "@"
        return self.put(Binary("*" if "scalar" in (left.kind, right.kind) and not on else "@", a, b), span)

    def binary(self, op: str, a: Node, b: Node, span: Span) -> Node:
        return self.put(Binary(op, a, b), span)

    def call(self, function: str, *arguments: Node, span: Span, **options: Node) -> Node:
        return self.put(Call(function, arguments, tuple(options.items())), span)

    def negative(self, a: Node, span: Span) -> Node:
        return self.put(Unary("-", a), span)

    def minus(self, a: Node, span: Span) -> Node:
        """-a of a term as the text language reads it: the sign goes to the first factor, -A @ x is (-A) @ x."""
        chain: list[Binary] = []
        first = a
        while isinstance(first, Binary) and first.op in ("*", "/", "@"):
            chain.append(first)
            first = first.left
        out = self.negative(first, (span[0], first.span[1]))
        for node in reversed(chain):
            out = Binary(node.op, out, node.right, span=(span[0], node.span[1]), shape=node.shape)
        return out

    def transpose(self, a: Node, span: Span) -> Node:
        """a.T; a scalar is its own transpose."""
        return self.put(Unary("T", a), span)

    def matrix_power(self, a: Node, exponent: Node, span: Span) -> Node:
        """A to a power: A^k, A^-1, A^-k, A^(1/2), A^(-1/2). Raises: TextError for other exponents."""
        value = constant(exponent)
        if value is None:
            return self.call("matpow", a, exponent, span=span)
        if value.denominator == 1:
            k = int(value)
            if k == 0:
                return self.filled("eye", typed(a).sizes, span, "I")
            if abs(k) == 1:
                return self.call("inv", a, span=span) if k < 0 else a
            return self.call("matpow", a, self.number(k, exponent.span, str(k)), span=span)
        if abs(value) == Fraction(1, 2):
            root = self.call("sqrtm", a, span=span)
            return root if value > 0 else self.call("inv", root, span=span)
        raise TextError("a matrix is raised to whole powers, 1/2 and -1/2 only.", span=exponent.span)

    # ------------------------------------------------------------------------------------------------ the end
    def finish(self, tree: Node, taken: Iterable[str] = ()) -> None:
        """Write in the sizes found. Raises: TextError for a size that nothing tells."""
        self._divide()
        self._same_ones(tree)
        lone = self._lone_size(tree)
        names = {**self._fresh_names({*taken, *self.declarations, *(n for size in lone.values() for n in size.names)}, lone), **lone}
        for node, sizes, what in self.open:
            known = tuple(self.unifier.find(s).substitute(names) for s in sizes)
            if any(n.startswith("?") for s in known for n in s.names):
                raise TextError(f"the size of {what} is not known here.", span=node.span, hint=_size_hint(what))
            parts = tuple(self.size(s, node.span) for s in known)
            if isinstance(node, Call):
                node.arguments = parts
            else:
                node.stop = parts[0]
        for name, shape in self.assumed.items():
            self.assumed[name] = Shape(shape.kind, tuple(self.unifier.find(s).substitute(names) for s in shape.sizes))

    def _same_ones(self, tree: Node) -> None:
        r"""The sizes of \mathbf{1} in \mathbf{1}\mathbf{1}^\top are one, where one of them is not told: both are the same vector."""
        for node in postorder(tree) if self.open else ():
            if isinstance(node, Binary) and node.op == "@" and isinstance(node.right, Unary) and node.right.op == "T":
                left = node.left
                while isinstance(left, Binary) and left.op == "*" and not typed(left.left).order:  # \frac1n \mathbf{1}
                    left = left.right
                sides = (left, node.right.argument)
                if all(isinstance(s, Call) and s.function == "ones" and typed(s).kind == "column" for s in sides):
                    a, b = (self.unifier.find(typed(s).sizes[0]) for s in sides)
                    if any(n.startswith("?") for n in (*a.names, *b.names)):
                        self.unifier.unify(a, b)

    def _lone_size(self, tree: Node) -> dict[str, Size]:
        r"""The size that only numbers mention, where one size of undeclared names is open: in \frac1n\sum_i x_i^2 the n is the size of x."""
        if not self.assumed or not self.sizes:
            return {}
        used = {n for shape in self.assumed.values() for s in shape.sizes for n in self.unifier.find(s).names}
        raised = [n.right for n in postorder(tree) if isinstance(n, Binary) and n.op == "**"]
        raised += [p for n in postorder(tree) if isinstance(n, Call) and n.function == "matpow" for p in n.arguments[1:]]
        raised += [p for n in postorder(tree) if isinstance(n, Call) and n.function == "norm" for p in n.arguments[1:]]
        powers = {p.name for e in raised for p in postorder(e) if isinstance(p, Name)}
        lone = [name for name in self.sizes if name not in used and name not in powers and name not in INDEX_LETTERS]
        free = [name for name in used if name.startswith("?")]
        ones = {n for node in postorder(tree) if isinstance(node, Call) and node.function == "ones" for n in self._open_size(node)}
        if len(free) != 1 and len(ones) == 1:  # \frac1n \mathbf{1}\mathbf{1}^\top X: the n is the size of \mathbf{1}
            free = list(ones)
        return {free[0]: Size.of(lone[0])} if len(lone) == len(free) == 1 else {}

    def _open_size(self, node: Call) -> Iterator[str]:
        """The flexible size of an array of one number, if it is one."""
        for size in map(self.unifier.find, typed(node).sizes[:1]):
            yield from (name for name in size.names if name.startswith("?") and size is Size.of(name))

    def _fresh_names(self, taken: set[str], named: Mapping[str, Size]) -> dict[str, Size]:
        """Names for the flexible sizes of undeclared variables, other than those `named` already."""
        used = {*taken, *size_names(self.declarations)} | {n for s in self.unifier.bound.values() for n in s.names}
        free = (name for k in range(100) for name in (FRESH if not k else [f"{n}{k}" for n in FRESH]) if name not in used)
        out: dict[str, Size] = {}
        for shape in self.assumed.values():
            for size in shape.sizes:
                for name in sorted(self.unifier.find(size).names):
                    if name.startswith("?") and name not in out and name not in named:
                        out[name] = Size.of(next(free))
        return out

    def _divide(self) -> None:
        """Solve what unification put off: a flexible size times a product of sizes, as in (I kron A) @ vec(X)."""
        for a, b in self.unifier.pending:
            difference = self.unifier.find(a) - self.unifier.find(b)
            for name in sorted(n for n in difference.names if n.startswith("?")):
                found = _quotient(difference, name)
                if found is not None:
                    self.unifier.bound[name] = found
                    break


def constant(node: Node) -> Fraction | None:
    """The number that a node of numbers is, or None."""
    if not _numeric(node):
        return None
    values: dict[int, Fraction | None] = {}
    for part in postorder(node):
        match part:
            case Number():
                values[id(part)] = part.value
            case Unary(op="-"):
                inner = values[id(part.argument)]
                values[id(part)] = None if inner is None else -inner
            case Binary(op="+" | "-" | "*" | "/"):
                a, b = values[id(part.left)], values[id(part.right)]
                if a is None or b is None or (part.op == "/" and not b):
                    values[id(part)] = None
                else:
                    values[id(part)] = a + b if part.op == "+" else a - b if part.op == "-" else a * b if part.op == "*" else a / b
            case _:
                values[id(part)] = None
    return values[id(node)]


def _numeric(node: Node) -> bool:
    """Whether a node holds nothing but numbers, signs and + - * /; the first other node ends the search."""
    stack = [node]
    while stack:
        part = stack.pop()
        if not isinstance(part, Number | Unary | Binary) or (isinstance(part, Binary) and part.op not in ("+", "-", "*", "/")):
            return False
        stack.extend(part.children)
    return True


def _factors(node: Node) -> Iterator[Node]:
    """The factors of a chain of @, left to right."""
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, Binary) and part.op == "@":
            stack += [part.right, part.left]
        else:
            yield part


def _mirrored(factors: list[Node]) -> bool:
    """Whether the factors read the same transposed from right to left, names and their transposes only."""

    def word(node: Node) -> tuple[str, bool] | None:
        flipped = isinstance(node, Unary) and node.op == "T"
        inner = node.argument if isinstance(node, Unary) and flipped else node
        return (inner.name, flipped) if isinstance(inner, Name) else None

    words = [word(f) for f in factors]
    if len(words) % 2 or None in words:
        return False
    return all(a is not None and b is not None and a[0] == b[0] and a[1] != b[1] for a, b in zip(words, reversed(words), strict=True))


def _quotient(difference: Size, name: str) -> Size | None:
    """s with name*p - name*s*p = 0 solved, where p is one product of sizes: difference = c*name*p + rest, rest divisible by c*p."""
    holding = [(m, k) for m, k in difference.terms if any(n == name for n, _ in m)]
    if len(holding) != 1 or dict(holding[0][0])[name] != 1:
        return None
    powers = {n: e for n, e in holding[0][0] if n != name}
    total = Size.of(0)
    for monomial, k in difference.terms:
        if (monomial, k) == holding[0]:
            continue
        left = dict(monomial)
        if k % holding[0][1] or any(left.get(n, 0) < e for n, e in powers.items()):
            return None
        term = Size.of(-k // holding[0][1])
        for n, e in left.items():
            for _ in range(e - powers.get(n, 0)):
                term = term * Size.of(n)
        total = total + term
    return total


def _size_hint(what: str) -> str:
    return {"I": "say it: I_n.", "1": r"say it: \mathbf{1}_n.", "0": r"say it: \mathbf{0}_n."}.get(
        what, "say it, as in eye(n), ones(n), zeros(m, n)."
    )


__all__ = ["ONE", "Builder", "Reading", "constant"]
