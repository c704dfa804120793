"""What undeclared names are: scalars, columns, matrices, tensors or sizes, decided from use before any size is looked at.

1  what use forces: @ .T [] reductions and matrix functions take arrays; beside + - and comparisons a name has its partner's shape
2  what stays open beside * or / with an array: the letter rule (a-g and Greek scalar, h-z vector, capital matrix)
3  nothing forces anything: a scalar
i j k l m n p q used only as sizes, bounds or numbers beside arrays are sizes; a name that is only an index, as in x[i], is a whole number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wrt.errors import TextError
from wrt.language.functions_declared import called
from wrt.language.kinds import Kind, array_kind, call_kind, index_kind, letter_kind, product_kind, stretch_kind
from wrt.language.surface import Binary, Block, Call, Declaration, Generator, Index, Loop, Name, Node, Shape, Slice, Steps, Text, Unary, postorder
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS, REDUCTIONS

SIZE_LETTERS = frozenset("ijklmnpq")
INDEX_LETTERS = frozenset("ijkl")
MATRIX_CALLS = {"tr", "trace", "tril", "triu", "matpow", "conv2d", "solve"}
VECTOR_CALLS = {"conv1d", "outer"}
ARRAY_CALLS = {"diag", "vec", "kron", "dot", "norm", "softmax", "log_softmax", "logsumexp", "cumsum"}
SIZE_CALLS = {"eye", "ones", "zeros", "commutation"}
ELEMENTWISE_OPS = ("+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!=")
SAME = ("+", "-", "<", "<=", ">", ">=", "==", "!=")


class Inference:
    """Kinds of the undeclared names of one tree."""

    def __init__(self, tree: Node, names: Mapping[str, list[Name]], declarations: Mapping[str, Declaration], text: str) -> None:
        self.tree = tree
        self.text = text
        self.kinds: dict[str, Kind] = dict.fromkeys(names, "")
        self.open = {id(o): name for name, occurrences in names.items() for o in occurrences}
        self.declared = declarations
        self.nodes = list(postorder(tree))
        self.steps = {name: value for node in self.nodes if isinstance(node, Steps) for name, value in node.steps}
        self.kind: dict[int, Kind] = {}

    def run(self) -> dict[str, Kind]:
        self._sizes()
        composite = self._direct()
        self._settle()
        for node in composite:
            if (not self.kind.get(id(node)) or self.kind[id(node)] == "scalar") and self._push_array(node):
                self._settle()
        self._letters()
        for name, kind in self.kinds.items():
            if not kind:
                self.kinds[name] = "scalar"
        return self.kinds

    # ------------------------------------------------------------------------------------------------ sizes
    def _sizes(self) -> None:
        """Names used as sizes or bounds; and the size letters used only as numbers where arrays are about."""
        used: dict[int, set[str]] = {}  # node -> how it is used, with all that is below it: "bound", "index", "array"

        def mark(nodes: Iterable[Node], *uses: str) -> None:
            for child in nodes:
                used.setdefault(id(child), set()).update(uses)

        array_uses: set[str] = set()
        for node in reversed(self.nodes):  # parents before children
            if not self._counts(node):
                mark(node.children, *used.get(id(node), ()))
            match node:
                case Loop():
                    mark((node.start, node.stop), "bound")
                case Call() if node.function in SIZE_CALLS:
                    mark(node.arguments, "bound")
                case Call(function="matpow") if len(node.arguments) == 2:
                    mark(node.arguments[:1], *used.get(id(node), ()))
                    mark(node.arguments[1:], "bound")
                case Index():
                    for part in node.parts:
                        mark((part,), "bound" if isinstance(part, Slice) else "index")
                    mark((node.base,), "array", *used.get(id(node), ()))
                case Unary(op="T"):
                    mark((node.argument,), "array")
                case Binary(op="@"):
                    mark(node.children, "array")
                case Call() if self._takes_array(node.function):
                    array_uses |= {self.open[id(a)] for a in node.arguments if id(a) in self.open}
        uses = {name: set[str]() for name in self.kinds}
        for at, name in self.open.items():
            uses[name] |= used.get(at, set())
        array_uses |= {name for name, how in uses.items() if "array" in how}
        arrays = bool(array_uses) or any(d.shape.order for d in self.declared.values())
        for name in self.kinds:
            if name not in array_uses and uses[name] == {"index"} and (name in INDEX_LETTERS or name not in SIZE_LETTERS):
                self.kinds[name] = "integer"  # the free index of x[i]
            elif name not in array_uses and (uses[name] & {"bound", "index"} or (name in SIZE_LETTERS and arrays)):
                self.kinds[name] = "size"

    @staticmethod
    def _counts(node: Node) -> bool:
        """Whether what stands below is, in part, a number of things: how the node itself is used says nothing of it."""
        return isinstance(node, (Index, Loop)) or (isinstance(node, Call) and (node.function in SIZE_CALLS or node.function == "matpow"))

    @staticmethod
    def _takes_array(function: str) -> bool:
        return function in REDUCTIONS or function in OPERATORS or function in MATRIX_CALLS | VECTOR_CALLS | ARRAY_CALLS

    # ------------------------------------------------------------------------------------------------ what use forces
    def _direct(self) -> list[Node]:
        """Names that an operator uses directly; returns the composite operands that must be arrays too."""
        composite: list[Node] = []
        for node in self.nodes:
            match node:
                case Unary(op="T"):
                    composite += self._force(node.argument)
                case Binary(op="@"):
                    composite += self._force(node.left) + self._force(node.right)
                case Index():
                    if id(node.base) in self.open:
                        self._set(node.base, {1: "column", 2: "matrix"}.get(len(node.parts), f"tensor{len(node.parts)}"))
                    for part in node.parts:
                        if id(part) in self.open and not self.kinds[self.open[id(part)]]:
                            self._set(part, "size")
                case Call():
                    composite += self._call(node)
        return composite

    def _call(self, node: Call) -> list[Node]:
        out: list[Node] = []
        name = node.function
        function = called(name, self.declared)
        if function is not None:
            for shape, argument in zip(function[0].arguments, node.arguments, strict=False):
                out += self._declared(shape, argument, function[0].elementwise)
        elif name == "einsum" and node.arguments and isinstance(node.arguments[0], Text):
            for word, argument in zip(node.arguments[0].value.partition("->")[0].split(","), node.arguments[1:], strict=False):
                if id(argument) in self.open:
                    order = len(word.strip())
                    self._set(argument, {0: "scalar", 1: "column", 2: "matrix"}.get(order, f"tensor{order}"))
        elif name in VECTOR_CALLS:
            for argument in node.arguments:
                self._set(argument, "column")
        elif name in OPERATORS or name in MATRIX_CALLS:
            wanted = OPERATORS[name].signature.split("->")[0].split("]")[:-1] if name in OPERATORS and name != "solve" else ["[n,n", "["]
            for argument, sizes in zip(node.arguments, wanted, strict=False):
                if "," in sizes.partition("[")[2]:
                    self._set_matrix(argument)
            if name == "solve" and node.arguments:
                out += self._force(node.arguments[-1])
            if name == "conv2d":
                for argument in node.arguments:
                    self._set_matrix(argument)
        elif name in REDUCTIONS or name in ARRAY_CALLS:
            axis = node.option("axis")
            for argument in node.arguments[:1] if name in REDUCTIONS or name == "norm" else node.arguments:
                text = name == "norm" and len(node.arguments) > 1 and isinstance(node.arguments[1], Text)
                if text or axis is not None:
                    self._set_matrix(argument)
                else:
                    out += self._force(argument)
        return out

    def _declared(self, shape: Shape, argument: Node, elementwise: bool) -> list[Node]:
        """What a declared function's argument of a shape says of a name; a function of scalars, which goes entry by entry, says nothing."""
        if shape.kind == "matrix":
            self._set_matrix(argument)
        elif shape.kind == "column":
            self._set(argument, "column")
            return self._force(argument)
        elif not elementwise:
            self._set(argument, "scalar" if shape.kind == "scalar" else f"tensor{shape.order}")
        return []

    def _set(self, node: Node, kind: Kind) -> None:
        name = self.open.get(id(node))
        if name is not None and not self.kinds[name]:
            self.kinds[name] = kind

    def _set_matrix(self, node: Node) -> None:
        """A matrix is needed: a bare name is one; in a sum or product the capital letters are, else a name, unless an array stands there already."""
        leaves = self._elementwise_leaves(node)
        names = [self.open[id(leaf)] for leaf in leaves if id(leaf) in self.open]
        capitals = [n for n in names if n[0].isupper()]
        for name in capitals or ([] if any(self._is_array(leaf) for leaf in leaves) else names[:1]):
            if not self.kinds[name]:
                self.kinds[name] = "matrix"

    def _is_array(self, leaf: Node) -> bool:
        """Whether a leaf, no undeclared name, is an array whatever the undeclared names are: in det(A + t*B) the matrix is there, t is free."""
        if isinstance(leaf, Name):
            return leaf.name in self.declared and self.declared[leaf.name].shape.order > 0
        if isinstance(leaf, Call):
            return call_kind(leaf, [""] * len(leaf.arguments), self.declared) not in ("", "scalar")
        return isinstance(leaf, Block) or (isinstance(leaf, Binary) and leaf.op == "@")

    def _force(self, node: Node) -> list[Node]:
        """An array is needed: a bare name follows the letter rule, anything else is looked at later."""
        while isinstance(node, Unary):
            node = node.argument
        name = self.open.get(id(node))
        if name is not None:
            if not self.kinds[name]:
                self.kinds[name] = array_kind(name)
            return []
        return [node] if isinstance(node, (Binary, Call, Name)) else []

    def _entrywise(self, function: str) -> bool:
        """Whether a function goes entry by entry."""
        found = called(function, self.declared)
        return function in FUNCTIONS if found is None else found[0].elementwise

    def _elementwise_names(self, node: Node) -> list[str]:
        """Undeclared names that an elementwise expression is made of, through named steps."""
        return list(dict.fromkeys(self.open[id(leaf)] for leaf in self._elementwise_leaves(node) if id(leaf) in self.open))

    def _elementwise_leaves(self, node: Node) -> list[Node]:
        """What an elementwise expression is made of, through named steps: names, numbers, products and calls that do not go entry by entry."""
        out: list[Node] = []
        stack, seen = [node], set[int]()
        while stack:
            part = stack.pop()
            if id(part) in seen:
                continue
            seen.add(id(part))
            if id(part) in self.open:
                out.append(part)
            elif isinstance(part, Name) and part.name in self.steps:
                stack.append(self.steps[part.name])
            elif (
                isinstance(part, Unary)
                or (isinstance(part, Binary) and part.op in ELEMENTWISE_OPS)
                or (isinstance(part, Call) and self._entrywise(part.function))
            ):
                stack += reversed(part.children)
            else:
                out.append(part)
        return out

    def _push_array(self, node: Node) -> bool:
        """Make arrays of the names below that must be some; whether there were any."""
        names = [n for n in self._elementwise_names(node) if not self.kinds[n]]
        arrays = [n for n in names if letter_kind(n) != "scalar"] or names
        for name in arrays:
            self.kinds[name] = array_kind(name)
        return bool(arrays)

    # ------------------------------------------------------------------------------------------------ what follows
    def _settle(self) -> None:
        """Kinds of all nodes, and of names beside + - and comparisons, until nothing changes."""
        for _ in range(len(self.kinds) + 1):
            before = dict(self.kinds)
            for node in self.nodes:
                self.kind[id(node)] = self._kind(node)
            for node in self.nodes:
                if (isinstance(node, Binary) and node.op in SAME) or (isinstance(node, Call) and node.function in ("maximum", "minimum", "where")):
                    self._partners(node)
            if self.kinds == before:
                return

    def _partners(self, node: Node) -> None:
        shapes = [self.kind[id(c)] for c in node.children]
        arrays = [k for k in shapes if k and k != "scalar"]
        if not arrays:
            return
        kind = "matrix" if "matrix" in arrays else arrays[0]
        for child in node.children:
            inner = child
            while (isinstance(inner, Unary) and inner.op == "-") or (
                isinstance(inner, Call) and self._entrywise(inner.function) and len(inner.arguments) == 1
            ):
                inner = inner.children[0]
            name = self.open.get(id(inner))
            if name is None or self.kinds[name]:
                continue
            if kind == "matrix" and not name[0].isupper():
                m = "added to" if isinstance(node, Binary) and node.op in "+-" else "compared with"
                raise TextError(
                    f"is {name} a scalar, a row or a column? It is {m} a matrix.",
                    text=self.text,
                    span=inner.span,
                    hint=f"declare it: {name}: (scalar), or a shape such as {name}: n; a row is {name}.T.",
                )
            if kind in ("matrix", "column"):
                self.kinds[name] = kind

    def _kind(self, node: Node) -> Kind:
        below = [self.kind.get(id(c), "") for c in node.children]
        match node:
            case Name():
                if id(node) in self.open:
                    kind = self.kinds[self.open[id(node)]]
                    return "scalar" if kind in ("size", "integer") else kind
                if node.name in self.declared:
                    return self.declared[node.name].shape.kind
                return self.kind.get(id(self.steps[node.name]), "") if node.name in self.steps else "scalar"
            case Unary(op="T"):
                return {"column": "row", "row": "column"}.get(below[0], below[0])
            case Unary():
                return below[0]
            case Binary(op="@"):
                return product_kind(*below)
            case Binary():
                return stretch_kind(below)
            case Call():
                return call_kind(node, below, self.declared)
            case Index():
                return index_kind(node, below[0])
            case Generator():
                body = self.kind.get(id(node.body), "")
                return body if node.function == "sum" else {1: "column", 2: "matrix"}.get(len(node.loops), "tensor")
            case Steps():
                return below[-1]
        return {"Block": "matrix" if getattr(node, "nested", False) else "column"}.get(type(node).__name__, "scalar")

    # ------------------------------------------------------------------------------------------------ the letter rule
    def _letters(self) -> None:
        """Beside * / ** and an array, what is still open follows its letter."""
        for _ in range(len(self.kinds) + 1):
            changed = False
            for node in self.nodes:
                if not (isinstance(node, Binary) and node.op in ("*", "/", "**")):
                    continue
                kinds = [self.kind[id(c)] for c in node.children]
                if not any(k and k != "scalar" for k in kinds):
                    continue
                array = next(k for k in kinds if k and k != "scalar")
                for child in node.children:
                    for name in self._elementwise_names(child):
                        if not self.kinds[name]:
                            kind = letter_kind(name)
                            self.kinds[name] = "scalar" if kind == "matrix" and array in ("column", "row") and node.op == "**" else kind
                            changed = True
            self._settle()
            if not changed:
                return
