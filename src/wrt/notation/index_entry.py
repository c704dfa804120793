"""One entry of an index-form expression as a formula: sums as generators, deltas as comparisons, scalars of the user as they were typed.

`entry` and its helpers are tasks of `language.trampoline`: they yield the sub-entries they need, so that depth costs no recursion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from wrt.algebra.expr import Expr, Indicator, Map, Operator, Position, Product, Reshape, SizeValue, Sum, Symbol, constant_value
from wrt.algebra.expr import postorder as below
from wrt.language.functions_declared import printed
from wrt.language.rewrite import replace_names
from wrt.language.surface import Binary, Call, Name, Node, Steps
from wrt.language.trampoline import Task
from wrt.language.trees import whole
from wrt.notation.context import Context
from wrt.notation.index_collect import total
from wrt.notation.index_factors import Key, Parts, number_node, raised, signed
from wrt.notation.index_monomial import Piece
from wrt.notation.index_operators import operator_entry
from wrt.notation.index_place import LETTERS, entry_node, place_node, size_node
from wrt.notation.index_product import LATE, Places, Scope, factor, grouped, product, split_entry
from wrt.notation.index_typed import Typed
from wrt.notation.matrix import matrix_form

OPPOSITE = {"==": "!=", "!=": "==", ">=": "<", "<=": ">", ">": "<=", "<": ">="}
COMPARE = {"gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
MIRRORED = {">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Entries:
    """Entries of expressions over one context; index names and orders of appearance in one place."""

    def __init__(self, context: Context, typed: Typed) -> None:
        self.context = context
        self.typed = typed
        self.spelled = context.spelled
        self.memo: dict[tuple[int, Places, Scope], Node] = {}
        self.kept: list[Expr] = []
        self.ranks: dict[int, int] = {}
        self.order = dict(context.order)
        self.taken: set[str] = {*context.reserved, *context.sizes}
        self.matrices: dict[tuple[int, str], Node | None] = {}
        self.wholes: dict[str, Node] = {}  # what a symbol that stands for a part of the expression prints as

    def matrix(self, e: Expr, kind: str) -> Node | None:
        """The matrix form of a vector or matrix as one formula, None when it has none or needs names for its parts."""
        key = (id(e), kind)
        if key not in self.matrices:
            node = matrix_form(e, kind, self._about(e))
            self.matrices[key] = None if node is None or isinstance(node, Steps) else replace_names(node, self.wholes)
            self.kept.append(e)
        return self.matrices[key]

    def _about(self, e: Expr) -> Context:
        """The context of a part: what its own variables need; what the user typed was looked for before."""
        names = sorted({part.name for part in below(e) if isinstance(part, Symbol)}, key=lambda name: (self.order.get(name, LATE), name))
        known = {name: self.context.facts[name] for name in names if name in self.context.facts}
        shapes = {name: self.context.shapes[name] for name in names if name in self.context.shapes}
        return replace(self.context, tree=None, order={name: n for n, name in enumerate(names)}, facts=known, shapes=shapes)

    # ------------------------------------------------------------------------------------------------ names and order
    def fresh(self, scope: Scope) -> str:
        """The first index name that is neither taken by the user's text nor in scope."""
        k = 0
        while True:
            for letter in LETTERS if not k else LETTERS[:8]:
                name = letter + (str(k) if k else "")
                if name not in self.taken and name not in scope:
                    return name
            k += 1

    def fresh_many(self, count: int, scope: Scope) -> Scope:
        """Several index names that are not in scope."""
        names: Scope = ()
        for _ in range(count):
            names = (*names, self.fresh((*scope, *names)))
        return names

    def name(self, name: str) -> Node:
        """What a symbol prints as."""
        return self.wholes.get(name) or Name(name, "variable")

    def rank(self, e: Expr) -> int:
        """Where the first variable of an expression appears in the user's text."""
        found = self.ranks.get(id(e))
        if found is not None:
            return found
        stack = [e]
        while stack:
            node = stack[-1]
            missing = [child for child in node.children if id(child) not in self.ranks]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            self.kept.append(node)
            own = self.order.get(node.name, LATE) if isinstance(node, Symbol) else LATE
            self.ranks[id(node)] = min([own, *[self.ranks[id(child)] for child in node.children]])
        return self.ranks[id(e)]

    # ------------------------------------------------------------------------------------------------ entries
    def entry(self, e: Expr, places: Places, scope: Scope) -> Task:
        """The formula of e[places]; `scope` holds the index names in use."""
        key = (id(e), places, scope)
        found = self.memo.get(key)
        if found is None:
            found = self.memo[key] = yield self._entry(e, places, scope)
            self.kept.append(e)
        return found

    def _entry(self, e: Expr, places: Places, scope: Scope) -> Task:
        if not places:
            match = self.typed.scalar(e) if e.children else None
            if match is not None:
                return signed(match.sign, match.node)
        value = constant_value(e)
        if value is not None:
            return number_node(value, self.spelled)
        match e:
            case Symbol():
                return entry_node(self.name(e.name), places)
            case SizeValue():
                return size_node(e.size)
            case Position():
                return place_node(places[0])
            case Sum():
                return (yield self._sum(e, places, scope))
            case Map():
                return (yield self._map(e, places, scope))
            case Operator() if e.function not in ("powers", "onehot"):
                return (yield operator_entry(self, e, places, scope))
            case Reshape() if e.split:
                return (yield split_entry(self, e, places, scope))
        parts = yield self.term(Fraction(1), e, places, scope)
        return signed(*parts.finish(self.spelled))

    def term(self, c: Fraction, e: Expr, places: Places, scope: Scope) -> Task:
        """c * e[places] as a product; its coefficient is 0 where it vanishes."""
        match e:
            case Product():
                if places or self.typed.scalar(e) is None:
                    return (yield product(self, c * e.coefficient, [Piece(f, labels) for f, labels in e.operands], e.output, e.sizes, places, scope))
            case Reshape() if not e.split:
                return (yield grouped(self, c, e, places, scope))
            case Indicator() | Operator(function="powers" | "onehot"):
                labels = tuple(range(len(places)))
                return (yield product(self, c, [Piece(e, labels)], labels, e.shape, places, scope))
        parts = Parts(c)
        yield factor(self, parts, e, places, scope, (0,))
        return parts

    def _sum(self, e: Sum, places: Places, scope: Scope) -> Task:
        terms: list[tuple[Key, Parts]] = []
        for c, t in e.terms:
            terms.append((self._term_key(t), (yield self.term(c, t, places, scope))))
        return _opposite([parts for _, parts in terms]) or total(terms, self.spelled)

    def _term_key(self, t: Expr) -> Key:
        return (-1,) if constant_value(t) is not None else (self.rank(t),)

    def flipped(self, e: Expr) -> bool:
        """Whether a sum reads better as minus the opposite sum: its first term in print has a minus sign."""
        return isinstance(e, Sum) and len(e.terms) > 0 and min(e.terms, key=lambda term: self._term_key(term[1]))[0] < 0

    def _map(self, e: Map, places: Places, scope: Scope) -> Task:
        if e.function == "pow":
            exponent = constant_value(e.arguments[1])
            base = yield self.entry(e.arguments[0], places, scope)
            if exponent is None:
                return Binary("**", base, (yield self.entry(e.arguments[1], places, scope)))
            if exponent < 0:
                return Binary("/", whole(1), raised(base, -exponent, self.spelled))
            return raised(base, exponent, self.spelled)
        arguments: list[Node] = []
        for a in e.arguments:
            node = yield self.entry(a, places, scope)
            arguments.append(node)
        if e.function in COMPARE:
            sign = COMPARE[e.function]
            if constant_value(e.arguments[0]) is not None:
                return Binary(MIRRORED[sign], arguments[1], arguments[0])
            return Binary(sign, arguments[0], arguments[1])
        first = [number_node(p, self.spelled) for p in e.parameters if isinstance(p, Fraction)]
        return Call(printed(e.function, self.context.functions), (*first, *arguments))


def _opposite(terms: Sequence[Parts]) -> Node | None:
    """i != j for 1 - (i == j); None for anything else."""
    if len(terms) != 2 or any(parts.scalars or parts.factors or parts.divisors for parts in terms):
        return None
    one, other = sorted(terms, key=lambda parts: len(parts.deltas))
    if one.deltas or one.coefficient != 1 or other.coefficient != -1 or len(other.deltas) != 1:
        return None
    node = other.deltas[0][1]
    return Binary(OPPOSITE[node.op], node.left, node.right) if isinstance(node, Binary) and node.op in OPPOSITE else None
