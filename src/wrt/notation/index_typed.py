"""The user's own subexpressions: which parts of an index form can be printed as they were typed.

Every closed subtree of the typed tree is lowered once; a part of the derivative that is the same expression is printed by that subtree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from wrt.algebra.expr import Expr, Map, Product, Sum, Symbol, constant_value
from wrt.algebra.lower import Lowering
from wrt.algebra.product import transpose
from wrt.algebra.simplify import Simplifier
from wrt.algebra.sums import content
from wrt.errors import WrtError
from wrt.language.surface import Binary, Call, Name, Node, Number, Steps, Unary
from wrt.language.surface import postorder as surface_postorder
from wrt.notation.context import Context

LARGE = 20_000  # surface nodes past which the user's text is not searched
PART = 80  # surface nodes past which a part of it is not repeated as typed
HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Match:
    """expr == sign * node; `weight` is the number of surface nodes."""

    node: Node
    sign: int
    weight: int


class Typed:
    """The user's tree, lowered when first asked."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.kept: list[Expr] = []  # holding expressions keeps their ids unique
        self.steps: dict[str, Node] = {}
        self.step_of: dict[int, str] = {}  # id of a step's value -> its name

    def scalar(self, e: Expr) -> Match | None:
        """The user's formula for a scalar expression."""
        return self.table.get(id(e)) if not e.shape else None

    def step(self, e: Expr) -> str | None:
        """The name that the user gave an expression."""
        match = self.table.get(id(e))
        return match.node.name if match is not None and match.sign == 1 and isinstance(match.node, Name) else None

    def array(self, e: Expr) -> Match | None:
        """The user's formula for a vector or matrix expression."""
        return self.table.get(id(e)) if e.shape else None

    @cached_property
    def softmaxes(self) -> dict[tuple[int, int], Node]:
        """(id of u, axis) -> the user's softmax(u, axis); filled with the table."""
        return {}

    @cached_property
    def table(self) -> dict[int, Match]:
        """id of an expression -> the first subtree that means it."""
        tree = self.context.tree
        out: dict[int, Match] = {}
        if tree is None or tree.shape is None:
            return out
        nodes = list(surface_postorder(tree))
        if len(nodes) > LARGE:
            return out
        work = Lowering(self.context.functions)
        try:
            work.run(tree)
        except WrtError:
            return out
        self._register(tree, nodes, work, out)
        return out

    def _register(self, tree: Node, nodes: list[Node], work: Lowering, out: dict[int, Match]) -> None:
        simple = Flattener(self.context)
        weights: dict[int, int] = {}
        if isinstance(tree, Steps):
            self.steps = dict(tree.steps)
            self.step_of = {id(value): name for name, value in tree.steps}
        for node in nodes:
            weights[id(node)] = 1 + sum(weights[id(child)] for child in node.children)
            low = work.done.get(id(node))
            if low is None or low.free or isinstance(node, (Name, Number, Steps)) or node.shape is None:
                continue
            if isinstance(node, (Unary, Binary)) and node.shape.kind == "row":
                continue  # columns are what an order-1 expression is shown as
            shown, weight = self._shown(node, weights[id(node)])
            for e in dict.fromkeys((low.expr, simple.run(low.expr))):
                self._add(e, shown, weight, out)
            if isinstance(node, Call) and node.function in ("softmax", "log_softmax", "logsumexp") and id(node.arguments[0]) in work.done:
                self._softmax(node, [work.done[id(node.arguments[0])].expr], simple)

    def _shown(self, node: Node, weight: int) -> tuple[Node, int]:
        name = self.step_of.get(id(node))
        return (Name(name, "step", shape=node.shape), 1) if name is not None else (node, weight)

    def _add(self, e: Expr, node: Node, weight: int, out: dict[int, Match]) -> None:
        if isinstance(e, Symbol) or constant_value(e) is not None or weight > PART:
            return
        self.kept.append(e)
        out.setdefault(id(e), Match(node, 1, weight))
        if e.shape:
            return
        if isinstance(e, Sum):
            c, rest = content(e)
            if c == -1:
                self.kept.append(rest)
                out.setdefault(id(rest), Match(node, -1, weight))
        if isinstance(e, Map) and e.function == "pow" and constant_value(e.arguments[1]) == HALF and isinstance(node, (Call, Name)):
            out.setdefault(id(e.arguments[0]), Match(Binary("**", node, Number(Fraction(2), "2")), 1, weight + 2))

    def _softmax(self, node: Call, arguments: list[Expr], simple: Flattener) -> None:
        shape = node.arguments[0].shape
        option = node.option("axis") or (node.arguments[1] if len(node.arguments) > 1 else None)
        axis = 0
        if shape is not None and shape.order > 1:
            if not isinstance(option, Number) or option.value not in (0, 1):
                return
            axis = int(option.value)
        if node.function != "softmax":
            node = Call("softmax", node.arguments, node.options, shape=shape)
        for u in (*arguments, simple.run(arguments[0])):
            self.kept.append(u)
            self.softmaxes.setdefault((id(u), axis), node)
            if u.order == 2:  # the array may be held the other way round
                turned = transpose(u)
                self.kept.append(turned)
                self.softmaxes.setdefault((id(turned), 1 - axis), Unary("T", node))

    def needs(self, nodes: Sequence[Node]) -> set[str]:
        """The user's steps that printed formulas refer to, those they refer to included."""
        found: set[str] = set()
        todo = list(nodes) if self.steps else []
        while todo:
            for part in surface_postorder(todo.pop()):
                if isinstance(part, Name) and part.name in self.steps and part.name not in found:
                    found.add(part.name)
                    todo.append(self.steps[part.name])
        return found


class Flattener:
    """Expressions as deriving leaves them: inner products inlined, facts applied, one memo for all subtrees."""

    def __init__(self, context: Context) -> None:
        self.work = Simplifier(context.facts, True)
        self.done: dict[int, tuple[Expr, Expr]] = {}

    def run(self, root: Expr) -> Expr:
        stack = [root]
        while stack:
            node = stack[-1]
            waiting = [child for child in node.children if id(child) not in self.done]
            if waiting and id(node) not in self.done:
                stack.extend(waiting)
                continue
            stack.pop()
            if id(node) not in self.done:
                below = tuple(self.done[id(child)][1] for child in node.children)
                self.done[id(node)] = (node, self.work.visit(node, below))
        return self.done[id(root)][1]


def is_softmax_sum(e: Expr) -> tuple[Map, tuple[int, ...]] | None:
    """(exp(u), axes of u that stay) when e is a sum of exp(u) over some of its axes."""
    if not isinstance(e, Product) or e.coefficient != 1 or len(e.operands) != 1:
        return None
    inner, labels = e.operands[0]
    if not (isinstance(inner, Map) and inner.function == "exp") or len(set(labels)) < len(labels):
        return None
    if len(set(e.output)) < len(e.output) or not set(e.output) < set(labels):
        return None
    return inner, tuple(labels.index(a) for a in e.output)
