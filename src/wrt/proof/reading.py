"""What is known of a tree before any number is seen: named steps, free indices, whole numbers, the factors under a sum, expansions of functions.

Everything here is found once a tree and shared by every evaluation of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from wrt.language.functions_declared import called
from wrt.language.parser import parse
from wrt.language.sizes import Size
from wrt.language.surface import (
    SCALAR,
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

COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "!="))
EXACT_CALLS = frozenset(("sum", "mean", "prod", "tr", "trace", "det", "inv", "adj", "solve", "pinv", "diag", "vec", "kron", "dot", "outer", "eye"))
EXACT_CALLS |= frozenset(("ones", "zeros", "matpow", "tril", "triu", "commutation", "conv1d", "conv2d", "einsum", "cumsum", "var"))
HIGHEST_FLOOR = 6
UNROOTED = frozenset(("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sigmoid", "softplus", "silu", "relu", "abs", "sign", "softmax"))
UNROOTED |= frozenset(("logsumexp", "log_softmax", "logdet", "maximum", "minimum", "where", "log1p", "expm1", "max", "min"))


class Term(NamedTuple):
    """One addend under a sum: sign * product of `factors` / product of `divisors`."""

    sign: Fraction
    factors: tuple[Node, ...]
    divisors: tuple[Node, ...]


def _offset(part: Node) -> int:
    """c of an index t + c, -c of t - c; 0 of any other."""
    if isinstance(part, Binary) and part.op in ("+", "-") and isinstance(part.left, Name) and isinstance(part.right, Number):
        return int(part.right.value) * (1 if part.op == "+" else -1)
    return 0


class Reading:
    """Static facts about the trees of one proof. Trees are kept, so that identities of nodes stay theirs."""

    def __init__(self, declarations: Mapping[str, Declaration]) -> None:
        self.declarations = dict(declarations)
        self.trees: list[Node] = []
        self.kept: list[Node] = []  # nodes whose identity is a key of a table
        self._table: dict[tuple[object, ...], Node] = {}
        self._one: dict[int, Node] = {}
        self.rational = True  # whether only rational operations occur in the trees seen so far
        self.used: set[str] = set()  # the variables that occur
        self.counted: set[str] = set()  # the sizes that occur as numbers
        self.floor = 3  # the least number that a size is drawn as
        self.logarithmic = False  # whether a logarithm does
        self.rooted = False  # whether a root or a power with no whole exponent does
        self._free: dict[int, frozenset[str]] = {}
        self._whole: dict[int, bool] = {}
        self._varies: dict[int, bool] = {}
        self._terms: dict[int, list[Term]] = {}
        self._expanded: dict[tuple[int, str], Node] = {}
        self.made: dict[tuple[int, str], Node] = {}  # expansions of calls, by node and kind
        self.guarded: set[str] = set()  # index names whose generator has conditions
        self.looked_up: dict[str, list[tuple[int, Size]]] = {}  # integer variable -> (least, beyond the greatest) value by each axis it looks up

    def take(self, source: Source) -> Node:
        """Register a source's declarations; its tree with equal parts made one node and named steps put in."""
        for name, d in source.declarations.items():
            self.declarations.setdefault(name, d)
        self.trees.append(source.tree)
        return self.one(source.tree)

    def one(self, tree: Node) -> Node:
        """The one node that stands for all equal ones."""
        table, done = self._table, self._one
        steps: dict[str, Node] = {}
        stack = [(tree, False)]
        while stack:
            node, ready = stack.pop()
            if id(node) in done:
                continue
            children = node.children
            if children and not ready:
                if isinstance(node, Steps):
                    stack += [(node, True), (node.result, False)]
                    stack += [(_Named(name, value), False) for name, value in reversed(node.steps)]
                    continue
                stack.append((node, True))
                stack += [(child, False) for child in reversed(children)]
                continue
            if isinstance(node, _Named):
                steps[node.name] = done[id(node.value)]
                continue
            if isinstance(node, Steps):
                done[id(node)] = done[id(node.result)]
            elif isinstance(node, Name) and node.role == "step":
                done[id(node)] = steps[node.name]
            else:
                key = _key(node, done)
                found = table.get(key)
                if found is None:
                    found = table[key] = _rebuilt(node, done)
                    done[id(found)] = found
                    self._note(found)
                done[id(node)] = found
            self.kept.append(node)
        return done[id(tree)]

    def _note(self, node: Node) -> None:
        """What kinds of operations occur."""
        match node:
            case Name(role="variable"):
                self.used.add(node.name)
            case Name(role="size"):
                self.counted.add(node.name)
            case Call() if (function := called(node.function, self.declarations)) is not None:
                self.counted.update(name for size in function[0].sizes for name in size.names)
                self.rational = False
            case Call() if node.function not in EXACT_CALLS:
                self.rational = False
                self.logarithmic = self.logarithmic or node.function in ("log", "logdet", "logsumexp", "log1p", "softplus")
                self.rooted = self.rooted or node.function not in UNROOTED
            case Binary() if node.op in COMPARISONS and not self.whole(node):
                self.rational = False
            case Binary(op="**") if not self.whole(node.right):
                self.rational = False
                self.rooted = True
            case Generator() if node.conditions:
                self.guarded.update(loop.name for loop in node.loops)
            case Loop():
                self._note_numbers(node.start, node.stop)
            case Index():
                self.note_lookup(node)
                self._note_numbers(*node.parts)
        if isinstance(node, Binary) and node.op in COMPARISONS and self.whole(node):
            self._note_numbers(node.left, node.right)

    def _note_numbers(self, *nodes: Node) -> None:
        """Sizes must be larger than the numbers that indices are compared with, or a wrong number would make no difference."""
        for node in nodes:
            for part in postorder(node):
                if isinstance(part, Number) and part.value.denominator == 1:
                    self.floor = max(self.floor, min(abs(int(part.value)) + 2, HIGHEST_FLOOR))

    def note_lookup(self, node: Index) -> None:
        """Keep in mind what sizes a whole number has to stay below."""
        shape = node.base.shape
        for part, size in zip(node.parts, shape.sizes if shape is not None else (), strict=False):
            offset = _offset(part)
            for inner in postorder(part):
                if isinstance(inner, Name) and inner.role == "variable":
                    self.looked_up.setdefault(inner.name, []).append((max(-offset, 0), size - max(offset, 0)))

    def free(self, node: Node) -> frozenset[str]:
        """The index names that a node's value depends on."""
        found = self._free.get(id(node))
        if found is not None:
            return found
        stack = [(node, False)]
        memo = self._free
        while stack:
            top, ready = stack.pop()
            if id(top) in memo:
                continue
            below = top.children
            if not ready and below:
                stack.append((top, True))
                stack.extend((child, False) for child in below)
                continue
            memo[id(top)] = self._free_of(top, below)
        return memo[id(node)]

    def _free_of(self, node: Node, below: tuple[Node, ...]) -> frozenset[str]:
        memo = self._free
        match node:
            case Name(role="index"):
                return frozenset((node.name,))
            case Generator():
                inner = frozenset().union(memo[id(node.body)], *[memo[id(c)] for c in node.conditions])
                for loop in reversed(node.loops):
                    inner = (inner - {loop.name}) | memo[id(loop)]
                return inner
        out: frozenset[str] = frozenset()
        for child in below:
            if memo[id(child)]:
                out |= memo[id(child)]
        return out

    def whole(self, node: Node) -> bool:
        """Whether a node is a whole number by its parts (a comparison: whether both sides are)."""
        found = self._whole.get(id(node))
        if found is None:
            found = self._whole[id(node)] = all(self._whole_part(part) for part in postorder(node))
        return found

    def _whole_part(self, part: Node) -> bool:
        match part:
            case Number():
                return part.value.denominator == 1
            case Name():
                return part.role in ("index", "size") or (part.role == "variable" and "integer" in self.declarations[part.name].facts)
            case Binary():
                return part.op in ("+", "-", "*") or part.op in COMPARISONS
            case Unary() | Index() | Loop() | Generator() | Block() | Slice():
                return True
        return False

    def varies(self, node: Node) -> bool:
        """Whether a variable occurs in a node."""
        found = self._varies.get(id(node))
        if found is None:
            found = self._varies[id(node)] = any(isinstance(part, Name) and part.role == "variable" for part in postorder(node))
        return found

    def terms(self, body: Node) -> list[Term]:
        """A sum's body as addends of factors, so that each addend is contracted on its own and a factor is evaluated once."""
        found = self._terms.get(id(body))
        if found is None:
            found = self._terms[id(body)] = [self._factors(sign, node) for sign, node in _addends(body)]
            self.kept.append(body)
        return found

    def _factors(self, sign: int, node: Node) -> Term:
        value = Fraction(sign)
        above: list[Node] = []
        below: list[Node] = []
        stack = [(node, True)]
        while stack:
            top, over = stack.pop()
            match top:
                case Binary(op="*"):
                    stack += [(top.right, over), (top.left, over)]
                case Binary(op="/"):
                    stack += [(top.right, not over), (top.left, over)]
                case Unary(op="-"):
                    value = -value
                    stack.append((top.argument, over))
                case Number() if over or top.value:
                    value = value * top.value if over else value / top.value
                case _:
                    (above if over else below).append(top)
        return Term(value, tuple(above), tuple(below))

    def expanded(self, call: Call, formula: str, names: tuple[str, ...]) -> Node:
        """A row's formula with the call's arguments for `names`, and the call itself for y."""
        key = (id(call), formula)
        found = self._expanded.get(key)
        if found is None:
            found = self._expanded[key] = self.one(substituted(formula, {**dict(zip(names, call.arguments, strict=True)), "y": call}))
        return found


@dataclass(slots=True, eq=False)
class _Named(Node):
    """A named step on the way: its value first, then its name is known."""

    name: str
    value: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.value,)


def _key(node: Node, done: Mapping[int, Node]) -> tuple[object, ...]:
    """What makes two nodes equal, given their children's representatives."""
    match node:
        case Name():
            return (node.name, node.role)
        case Number():
            return (node.value,)
        case Text():
            return ("", node.value)
        case Unary():
            return (node.op, id(done[id(node.argument)]), node.shape)
        case Binary():
            return (node.op, id(done[id(node.left)]), id(done[id(node.right)]), node.shape)
    below = tuple([id(done[id(child)]) for child in node.children])
    match node:
        case Call():
            return ("call", node.function, below, tuple([name for name, _ in node.options]), node.shape)
        case Slice():
            return ("slice", below, node.start is None, node.stop is None, node.step is None)
        case Block():
            return ("block", below, tuple([len(line) for line in node.rows]), node.shape)
        case Loop():
            return ("loop", node.name, below)
        case Generator():
            return ("generator", node.function, below, len(node.loops), node.shape)
    return (type(node).__name__, below, node.shape)


def _rebuilt(node: Node, done: Mapping[int, Node]) -> Node:
    """The node over its children's representatives; itself when they are its children."""
    if all(done[id(child)] is child for child in node.children):
        return node

    def one(child: Any) -> Any:
        return None if child is None else done[id(child)]

    made: Node
    match node:
        case Unary():
            made = Unary(node.op, one(node.argument))
        case Binary():
            made = Binary(node.op, one(node.left), one(node.right))
        case Call():
            made = Call(node.function, tuple(map(one, node.arguments)), tuple((name, one(value)) for name, value in node.options))
        case Slice():
            made = Slice(one(node.start), one(node.stop), one(node.step))
        case Index():
            made = Index(one(node.base), tuple(map(one, node.parts)))
        case Block():
            made = Block(tuple(tuple(map(one, line)) for line in node.rows), node.nested)
        case Loop():
            made = Loop(node.name, one(node.start), one(node.stop))
        case Generator():
            made = Generator(node.function, one(node.body), tuple(map(one, node.loops)), tuple(map(one, node.conditions)))
        case _:
            raise AssertionError(type(node))
    made.shape = node.shape
    return made


def _addends(node: Node) -> list[tuple[int, Node]]:
    out: list[tuple[int, Node]] = []
    stack = [(node, 1)]
    while stack:
        top, sign = stack.pop()
        match top:
            case Binary(op="+"):
                stack += [(top.right, sign), (top.left, sign)]
            case Binary(op="-"):
                stack += [(top.right, -sign), (top.left, sign)]
            case _:
                out.append((sign, top))
    return out


@lru_cache(maxsize=256)
def _parsed(formula: str) -> Node:
    return parse(formula)


def substituted(formula: str, values: Mapping[str, Node]) -> Node:
    """The tree of a row's formula with nodes for its names; names without one are constants."""
    made: dict[int, Node] = {}
    for node in postorder(_parsed(formula)):
        match node:
            case Name():
                made[id(node)] = values[node.name] if node.name in values else Name(node.name, "constant")
            case Unary():
                made[id(node)] = Unary(node.op, made[id(node.argument)])
            case Binary():
                made[id(node)] = Binary(node.op, made[id(node.left)], made[id(node.right)])
            case Call():
                made[id(node)] = Call(node.function, tuple(made[id(a)] for a in node.arguments))
            case Number() | Text():
                made[id(node)] = node
            case _:
                raise AssertionError(f"a row's formula holds {type(node).__name__}; please report this as a bug")
        new = made[id(node)]
        if new.shape is None and not isinstance(new, Text):
            new.shape = _stretched([child.shape for child in new.children])
    return made[id(_parsed(formula))]


def _stretched(shapes: Sequence[Shape | None]) -> Shape | None:
    """The shape of an elementwise operation, None where arguments of different shapes meet."""
    kinds = {shape for shape in shapes if shape is None or shape.order}
    return SCALAR if not kinds else kinds.pop() if len(kinds) == 1 else None
