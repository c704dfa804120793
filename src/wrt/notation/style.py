"""From a surface tree to marks: the decisions that every style shares.

What the text language writes with one sign for all shapes, mathematics writes by shape: `*` is juxtaposition beside a scalar and a Hadamard
product between vectors, `**` a power or an entrywise power, `sum(x, axis=1)` a product with ones. Trees should be typed (`shapes.annotate`);
a node without a shape is taken as a scalar.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from wrt.language.latex_names import key
from wrt.language.sizes import Size
from wrt.language.surface import SCALAR, Binary, Block, Call, Generator, Index, Loop, Name, Node, Number, Shape, Slice, Steps, Text, Unary, postorder
from wrt.language.unparse import unparse
from wrt.notation.style_call import CALLS
from wrt.notation.style_index import COMPARISONS, Counting, size_mark
from wrt.notation.style_mark import Mark, is_negative, negative, number, times
from wrt.notation.unknown import application

SPELT = 40  # nodes of a matrix up to which it is compared with its neighbour
CONSTANTS = ("pi", "inf")
TURNED: dict[str, Callable[[Mark], Mark]] = {  # how the factors are set whose product is transposed factor by factor: (A x)^T is x^T A^T
    "name": lambda mark: Mark("transpose", (mark,)) if mark.shape is not None and mark.shape.order else mark,
    "ones": lambda mark: Mark("transpose", (mark,)) if len(mark.parts) < 2 else Mark("ones", mark.parts[::-1]),
    "eye": lambda mark: mark,
    "transpose": lambda mark: mark.parts[0],
    "inverse": lambda mark: Mark("inverse_transpose", mark.parts),
    "inverse_transpose": lambda mark: Mark("inverse", mark.parts),
}
PLAIN = frozenset(TURNED)


def marks(root: Node) -> Mark:
    """The notation of a formula."""
    return Setting(root).run()


class Setting:
    """One formula being set: its index names, the names it uses, its marks by node."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self.counting = Counting(root)
        nodes = list(postorder(root))
        names = {node.name for node in nodes if isinstance(node, Name)}
        sizes = {size for node in nodes if isinstance(node, Name) and node.shape is not None for s in node.shape.sizes for size in s.names}
        self.alike = {name for name in names if any(other != name and key(other) == key(name) for other in names | sizes)}
        self.keys = {key(node.name) for node in nodes if isinstance(node, Name) and not (node.role == "constant" or node.name in CONSTANTS)}
        self.done: dict[int, Mark] = {}
        self.runs: dict[int, tuple[Node, int, Mark]] = {}  # matrix products that end in a power: its base, exponent and mark

    def run(self) -> Mark:
        for node in postorder(self.root):
            self.done[id(node)] = self._mark(node)
        return self.done[id(self.root)]

    def of(self, node: Node) -> Mark:
        return self.done[id(node)]

    def named(self, name: str) -> bool:
        """Whether a variable of the formula is spelt so."""
        return name in self.keys

    # ------------------------------------------------------------------------------------------------ nodes
    def _mark(self, node: Node) -> Mark:
        counted = self.counting.number(node) if isinstance(node, (Binary, Unary, Name)) else None
        if counted is not None:
            return counted
        match node:
            case Number():
                return number(node.value, node.text if "." in node.text or "e" in node.text.lower() else "")
            case Name():
                if node.name in CONSTANTS and node.role in ("constant", ""):
                    return Mark("symbol", text=node.name)
                if node.name in self.alike and node.name != key(node.name):
                    return Mark("word", text=node.name)
                return Mark("name", text=node.name, shape=node.shape)
            case Text():
                return Mark("word", text=node.value)
            case Unary(op="T"):
                return self._transpose(node)
            case Unary():
                return negative(self.of(node.argument))
            case Binary():
                return self._binary(node)
            case Call():
                rule = CALLS.get(node.function)
                found = rule(self, node) if rule is not None else None
                return found or application(self, node) or self.call(node)
            case Index():
                return self._entry(node)
            case Slice() | Loop():
                return Mark("word")
            case Block():
                cells = tuple(self.of(cell) for row in node.rows for cell in row)
                return Mark("block" if node.nested else "column", cells, str(len(node.rows)))
            case Generator():
                return self._series(node)
            case Steps():
                lines = [m for name, value in node.steps for m in (Mark("name", text=name, shape=value.shape), self.of(value))]
                return Mark("steps", (*lines, self.of(node.result)))
        raise AssertionError(type(node))

    def call(self, node: Call) -> Mark:
        """function(arguments), options in their place."""
        options = tuple(Mark("compare", (Mark("word", text=name), self.of(value)), "==") for name, value in node.options)
        return Mark("call", (*[self.of(a) for a in node.arguments], *options), node.function)

    def _transpose(self, node: Unary) -> Mark:
        inner = self.of(node.argument)
        if shape_of(node.argument).kind == "scalar":
            return inner
        match inner.kind:
            case "transpose":
                return inner.parts[0]
            case "inverse":
                return Mark("inverse_transpose", inner.parts)
            case "inverse_transpose":
                return Mark("inverse", inner.parts)
            case "times" if len(inner.parts) <= 3 and all(part.kind in PLAIN for part in inner.parts):
                return times(*[TURNED[part.kind](part) for part in reversed(inner.parts)])
        return Mark("transpose", (inner,))

    # ------------------------------------------------------------------------------------------------ signs
    def _binary(self, node: Binary) -> Mark:
        if node.op in COMPARISONS:
            return self._comparison(node)
        left, right = self.of(node.left), self.of(node.right)
        a, b = shape_of(node.left), shape_of(node.right)
        match node.op:
            case "+" | "-":
                return self._sum(node)
            case "@":
                return self._powers(node) or times(left, right)
            case "*":
                return self._product(left, a, right, b, node)
            case "/":
                return self._quotient(left, a, right, b)
        return self._power(left, a, right, b)

    def _powers(self, node: Binary) -> Mark | None:
        """A X X as A X^2, X^-1 X^-1 as X^-2 and X^T X^T as (X^2)^T; None where neighbours differ."""
        before = node.left
        while isinstance(before, (Unary, Binary)) and id(before) not in self.runs:
            if isinstance(before, Binary) and (before.op == "@" or (before.op == "*" and shape_of(before.left).kind == "scalar")):
                before = before.right
            elif isinstance(before, Unary) and before.op == "-":
                before = before.argument
            else:
                break
        base, count, last = self.runs.get(id(before), (before, 1, self.of(before)))
        left = self.of(node.left)
        sign, inner = (True, left.parts[0]) if is_negative(left) else (False, left)
        parts = inner.parts if inner.kind == "times" else (inner,)
        if not parts or parts[-1] is not last or not repeated(base, node.right):
            return None
        mark = power(self.of(node.right), count + 1)
        if mark is None:
            return None
        self.runs[id(node)] = base, count + 1, mark
        out = Mark("times", (*parts[:-1], mark)) if len(parts) > 1 else mark
        return negative(out) if sign else out

    def _sum(self, node: Binary) -> Mark:
        """a + b - c, a number beside a square matrix or a vector beside a matrix spread by ones."""
        whole = shape_of(node)
        left, right = self.of(node.left), spread(self.of(node.right), shape_of(node.right), whole)
        terms, signs = [spread(left, shape_of(node.left), whole)], "+"
        if isinstance(node.left, Binary) and node.left.op in ("+", "-") and left.kind == "sum" and terms[0] is left:
            terms, signs = list(left.parts), left.text
        elif is_negative(left) and terms[0] is left:
            terms, signs = [left.parts[0]], "-"
        sign = node.op
        if is_negative(right):
            right, sign = right.parts[0], "-" if sign == "+" else "+"
        elif sign == "+" and right.kind == "sum" and "-" not in right.text:  # a + (b - c) is a sum of two, as a displacement x - a is
            return Mark("sum", (*terms, *right.parts), signs + right.text)
        return Mark("sum", (*terms, right), signs + sign)

    def _product(self, left: Mark, a: Shape, right: Mark, b: Shape, node: Binary) -> Mark:
        if a.kind == "scalar" or b.kind == "scalar":
            left, right = inner_product(left, node.left), inner_product(right, node.right)
            return times(left, right) if a.kind == "scalar" else times(right, left)
        if a.kind == b.kind:
            scalars, left = self._peeled(node.left)
            return times(*scalars, Mark("join", (left, right), "odot"))
        return scaled(right, b, left) if a.kind == "matrix" else scaled(left, a, right)

    def _peeled(self, node: Node) -> tuple[list[Mark], Mark]:
        """Scalars in front of the left side of a Hadamard product, and what they stand before: 2*a*x*y is 2 a (x odot y)."""
        out: list[Mark] = []
        while isinstance(node, Binary) and node.op == "*" and shape_of(node.left).kind == "scalar":
            out.append(self.of(node.left))
            node = node.right
        if isinstance(node, Unary) and node.op == "-":
            return [negative(times(*out) if out else number(1))], self.of(node.argument)
        return out, self.of(node)

    def _quotient(self, left: Mark, a: Shape, right: Mark, b: Shape) -> Mark:
        if b.kind == "scalar":
            if a.kind == "scalar":
                if is_negative(left):
                    return negative(Mark("fraction", (left.parts[0], right)))
                return Mark("fraction", (left, right))
            return over(left, right)
        if a.kind == "scalar":
            if b.kind in ("column", "row"):
                return Mark("fraction", (left, right))
            return times(left, Mark("entry_power", (right, number(-1))))
        if a.kind == b.kind:
            return negative(Mark("join", (left.parts[0], right), "oslash")) if is_negative(left) else Mark("join", (left, right), "oslash")
        if b.kind == "matrix":
            return Mark("join", (spread(left, a, b), right), "oslash")
        return scaled(Mark("fraction", (number(1), right)), b, left)

    def _power(self, left: Mark, a: Shape, right: Mark, b: Shape) -> Mark:
        if right.kind == "number" and right.text.endswith(".5"):  # x^{3/2}
            right = Mark("number", text=f"{int(right.text[:-2] or 0) * 2 + 1}/2")
        if a.kind == b.kind == "scalar":
            return Mark("power", (left, right))
        return Mark("entry_power", (left, right))

    def _comparison(self, node: Binary) -> Mark:
        """An indicator; a Kronecker delta for the equality of two bare indices."""
        counted = self.counting.compared(node)
        if counted is not None:
            op, left, right = counted
            if op == "==" and left.kind == right.kind == "name" and not self.named("δ") and {left.text, right.text} <= self.counting.names:
                return Mark("delta", (left, right))
        else:
            a, b = shape_of(node.left), shape_of(node.right)
            whole = a if a.order >= b.order else b
            op, left, right = node.op, spread(self.of(node.left), a, whole), spread(self.of(node.right), b, whole)
        return Mark("indicator", (Mark("compare", (left, right), op),))

    # ------------------------------------------------------------------------------------------------ brackets, sums
    def _entry(self, node: Index) -> Mark:
        base, sizes = self.of(node.base), shape_of(node.base).sizes
        if base.kind == "name" and any(word.startswith(key(base.text) + "_") for word in self.keys):
            base = Mark("group", (base,))  # x_1 is a name of its own here
        if len(node.parts) == 1 and len(sizes) == 2:
            sizes = sizes[1:] if sizes[0].number == 1 else sizes[:1]
        places = []
        for axis, part in enumerate(node.parts):
            size = sizes[axis] if axis < len(sizes) else None
            places.append(self._slice(part, size) if isinstance(part, Slice) else self._place(part, size))
        return Mark("entry", (base, *places))

    def _place(self, part: Node, size: Size | None) -> Mark:
        found = self.counting.place(part)
        if found is not None:
            return found
        value = self.counting.wholes[id(part)]
        if value is not None and size is not None:  # from the end
            return size_mark(value + size + 1)
        return self.of(part)

    def _slice(self, part: Slice, size: Size | None) -> Mark:
        if part.start is None and part.stop is None and part.step is None:
            return Mark("slice")
        last = size_mark(size) if size is not None else Mark("word", text="end")
        back = part.step is not None and is_negative(self.of(part.step))
        start = self._place(part.start, size) if part.start is not None else last if back else number(1)
        stop = self.counting.end(part.stop, size, back=back) if part.stop is not None else number(1) if back else last
        parts = (start, stop or Mark("word")) if part.step is None else (start, self.of(part.step), stop or Mark("word"))
        return Mark("slice", parts)

    def _series(self, node: Generator) -> Mark:
        """A sum over indices, its conditions as indicators in front of the body; an array with its ranges."""
        body = self.of(node.body)
        names = " ".join(loop.name for loop in node.loops)
        if node.function == "array":
            sizes = tuple(self.counting.bounds(loop)[1] for loop in node.loops)
            return Mark("array", (body, *sizes), names)
        if node.conditions:
            body = times(*[self.of(c) for c in node.conditions], body)
        bounds = tuple(bound for loop in node.loops for bound in self.counting.bounds(loop))
        if body.kind == "series":
            return Mark("series", (body.parts[0], *bounds, *body.parts[1:]), f"{names} {body.text}")
        return Mark("series", (body, *bounds), names)


def repeated(a: Node, b: Node) -> bool:
    """Whether two factors of a matrix product are one square matrix, spelt in few signs."""
    if a is b or (isinstance(a, Name) and isinstance(b, Name)):
        return isinstance(a, Name) and isinstance(b, Name) and a.name == b.name
    within = list(islice(postorder(b), SPELT))
    return type(a) is type(b) and len(within) < SPELT and shape_of(b).kind == "matrix" and unparse(a) == unparse(b)


def power(factor: Mark, count: int) -> Mark | None:
    """A matrix times itself; None for what has no power."""
    match factor.kind:
        case "name":
            return Mark("power", (factor, number(count)))
        case "inverse":
            return Mark("power", (factor.parts[0], number(-count)))
        case "inverse_transpose":
            return Mark("transpose", (Mark("power", (factor.parts[0], number(-count))),))
        case "transpose" if factor.parts[0].kind == "name":
            return Mark("transpose", (Mark("power", (factor.parts[0], number(count))),))
        case "sum" if not is_negative(factor):
            return Mark("power", (factor, number(count)))
    return None


def shape_of(node: Node) -> Shape:
    return node.shape if node.shape is not None else SCALAR


def spread(mark: Mark, shape: Shape, whole: Shape) -> Mark:
    """A term of another shape than its sum, written out: a number beside a square matrix, a vector beside a matrix."""
    if whole.kind != "matrix" or shape.kind == "matrix":
        return mark
    m, n = whole.sizes
    match shape.kind:
        case "scalar" if m is n:
            if mark.kind == "number" and mark.text == "0":
                return Mark("zeros", (size_mark(m), size_mark(n)))
            return times(mark, Mark("ones", (size_mark(m), size_mark(n))))
        case "column":
            return times(mark, Mark("transpose", (Mark("ones", (size_mark(n),)),)))
        case "row":
            front, row = _front(mark)
            return times(*front, Mark("ones", (size_mark(m),)), row)
    return mark


def over(body: Mark, bottom: Mark) -> Mark:
    """A vector or matrix over a scalar, its sign in front; over a plain number the fraction stands in front."""
    if is_negative(body):
        return negative(over(body.parts[0], bottom))
    front = [body.parts[0]] if body.kind == "times" and body.parts[0].kind == "number" else []
    rest = times(*body.parts[1:]) if front else body
    if bottom.kind == "number":
        return times(Mark("fraction", (*(front or [number(1)]), bottom)), rest)
    return Mark("ratio", (body, bottom, rest, *front))


def _front(mark: Mark) -> tuple[list[Mark], Mark]:
    """Numbers and quotients in front of a product, and the rest."""
    if is_negative(mark):
        front, rest = _front(mark.parts[0])
        return [negative(times(*front) if front else number(1))], rest
    if mark.kind != "times":
        return [], mark
    k = next((n for n, part in enumerate(mark.parts[:-1]) if part.kind not in ("number", "fraction")), len(mark.parts) - 1)
    return list(mark.parts[:k]), times(*mark.parts[k:])


def scaled(vector: Mark, shape: Shape, matrix: Mark) -> Mark:
    """A matrix with its rows (by a column) or columns (by a row) scaled: diag(x) A, A diag(b)."""
    if shape.kind == "row":
        turned = vector.parts[0] if vector.kind == "transpose" else Mark("transpose", (vector,))
        return times(matrix, Mark("call", (turned,), "diag"))
    return times(Mark("call", (vector,), "diag"), matrix)


def inner_product(mark: Mark, node: Node) -> Mark:
    """A scalar that is a matrix product, as a sum of entries is, keeps together when something is multiplied by it: (a^T x) b, (1^T y) b."""
    product = (
        ((isinstance(node, Binary) and node.op == "@") or (isinstance(node, Call) and node.function == "sum"))
        and shape_of(node).kind == "scalar"
        and mark.kind in ("times", "sum")
    )
    if is_negative(mark) and product:
        return negative(Mark("group", mark.parts))
    return Mark("group", (mark,)) if product else mark
