"""What the derivative would be had one rule been misapplied at one place of the function: an inner derivative dropped, a slope got wrong.

At a node g(u) whose derivative was got wrong the function is replaced by v + w*u, with v and w held still: its derivative by the variable is what
the student computed, with the wrong slope w for g'(u). v and w are written out afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wrt.api import derive
from wrt.derivation.lost import closed_forms, fresh
from wrt.derivation.terms import all_replaced, bare, replaced, tidied
from wrt.errors import WrtError
from wrt.formula import Formula
from wrt.language.parser import parse
from wrt.language.read import type_tree
from wrt.language.rewrite import replace_names
from wrt.language.surface import Binary, Call, Declaration, Generator, Name, Node, Number, Shape, Source, postorder
from wrt.language.unparse import short

MOST, FEW, MOST_NODES = 24, 6, 600  # misapplied rules tried on one answer; of a long function fewer
INNER, POWER, LOGS, SIGN, FACTOR, PRODUCT = (
    "chain-rule-inner-lost",
    "power-rule",
    "log-exp",
    "sign",
    "factor",
    "product-rule-term-lost",
)
# The slopes that are taken for g'(u) by mistake: u is the argument.
SLOPES: dict[str, tuple[tuple[str, str], ...]] = {
    "log": (("u", LOGS), ("1/log(u)", LOGS), ("log(u)", LOGS), ("exp(u)", LOGS), ("-1/u**2", POWER)),
    "exp": (("u*exp(u - 1)", POWER), ("log(u)", LOGS), ("u", LOGS)),
    "sin": (("-cos(u)", SIGN), ("-sin(u)", LOGS)),
    "cos": (("sin(u)", SIGN), ("cos(u)", LOGS)),
    "tan": (("1/cos(u)", POWER), ("1 - tan(u)**2", SIGN), ("-1/sin(u)**2", LOGS)),
    "sqrt": (("1/sqrt(u)", FACTOR), ("sqrt(u)/2", POWER), ("1/(2*u)", POWER), ("-1/(2*sqrt(u))", SIGN)),
    "tanh": (("1 - tanh(u)", POWER), ("1 + tanh(u)**2", SIGN)),
    "sigmoid": (("1 - sigmoid(u)", PRODUCT), ("sigmoid(u)", PRODUCT), ("sigmoid(u)*(1 + sigmoid(u))", SIGN)),
    "arctan": (("1/(1 - u**2)", SIGN), ("1/sqrt(1 + u**2)", POWER), ("1/(1 + u)", POWER)),
    "arcsin": (("1/sqrt(1 + u**2)", SIGN), ("1/(1 - u**2)", POWER), ("-1/sqrt(1 - u**2)", SIGN)),
    "arccos": (("1/sqrt(1 - u**2)", SIGN),),
    "sinh": (("-cosh(u)", SIGN),),
    "cosh": (("-sinh(u)", SIGN),),
    "relu": (("relu(u)", LOGS), ("1 - relu(u)**2", LOGS), ("u < 0", SIGN)),
    "abs": (("1", SIGN), ("u", POWER)),
}
UNFOLDED = {"logsumexp": "log(sum(exp(u)))", "softmax": "exp(u)/sum(exp(u))"}
# The slopes of u**n, n standing still, and of a**u.
POWERS = ("n*u**n", "(n - 1)*u**n", "u**(n - 1)", "n*u**(n + 1)", "u**(n + 1)/(n + 1)", "(n - 1)*u**(n - 1)", "n*u", "(n - 1)*u**(n - 2)")
EXPONENTIALS = (("u*a**(u - 1)", POWER), ("a**u", LOGS), ("a**u*a", LOGS), ("a**u/log(a)", LOGS))


@dataclass(frozen=True, slots=True)
class Misapplied:
    """A rule got wrong: the kind of slip, and the derivative that comes of it in the layouts asked for."""

    kind: str
    forms: tuple[Node, ...]
    says: str = ""


def misapplied(function: Node, name: str, source: Source, layouts: tuple[str, ...]) -> Iterator[Misapplied]:
    """The derivatives of `function` by the variable that come of one misapplied rule, the likeliest first."""
    work = _Work(_unfolded(function, source), name, source, layouts)
    made, most = 0, min(MOST, max(FEW, MOST_NODES // sum(1 for _ in postorder(function))))
    for kind, node, base, slope in sorted(work.choices(), key=lambda c: (not (c[0] == PRODUCT and isinstance(c[1], Binary)), c[0] != INNER)):
        if made >= most:
            return
        found = work.derived(node, base, slope)
        if found:
            made += 1
            yield Misapplied(kind, found, work.told(kind, node, base, slope))


def _unfolded(function: Node, source: Source) -> Node:
    """The function with log-sum-exp and softmax of a vector written out, whose parts can be got wrong one by one."""
    changes: dict[int, Node] = {}
    for node in postorder(function):
        if isinstance(node, Call) and node.function in UNFOLDED and len(node.children) == 1:
            u = node.arguments[0]
            if u.shape is not None and u.shape.order == 1:
                changes[id(node)] = replace_names(parse(UNFOLDED[node.function]), {"u": u})
    if not changes:
        return function
    try:
        return type_tree(bare(all_replaced(function, changes)), source.declarations).tree
    except WrtError:
        return function


class _Work:
    def __init__(self, function: Node, name: str, source: Source, layouts: tuple[str, ...]) -> None:
        self.function, self.name, self.source, self.layouts = function, name, source, layouts
        self.shape = source.declarations[name].shape
        inside = {id(c) for g in postorder(function) if isinstance(g, Generator) for c in postorder(g) if c is not g}
        self.nodes = [n for n in postorder(function) if id(n) not in inside and self.moving(n) and not isinstance(n, Name) and n.shape is not None]

    def moving(self, node: Node) -> bool:
        return any(isinstance(p, Name) and p.name == self.name for p in postorder(node))

    def choices(self) -> Iterator[tuple[str, Node, Node | None, Node | None]]:
        """(kind, node, what still moves in it, slope): no slope is the slope 1; nothing that moves, the node itself moves freely."""
        for node in self.nodes:
            moving = [c for c in node.children if self.moving(c)]
            if len(moving) == 1 and moving[0].shape == node.shape:
                yield INNER, node, moving[0], None
            if node.shape == self.shape and not (len(moving) == 1 and isinstance(moving[0], Name)):
                yield INNER, node, Name(self.name), None
            elif node.shape != self.shape and self._alone(node):
                yield INNER, node, None, None
            for wrong, kind in self._slopes(node, moving):
                yield kind, node, moving[0], wrong
            if isinstance(node, Call) and node.function == "exp" and node.shape == self.shape and not isinstance(moving[0], Name):
                yield POWER, node, Name(self.name), replace_names(parse("u*exp(u - 1)"), {"u": moving[0]})
            if len(moving) == 2 and not self.shape.order and node.shape is not None and not node.shape.order:
                slope = self._slopewise(node)
                if slope is not None:
                    yield PRODUCT, node, Name(self.name), slope
            if len(moving) == 1 and not self.shape.order and node.shape == moving[0].shape and not isinstance(moving[0], Name):
                yield from ((kind, node, Name(self.name), slope) for kind, slope in self._at_the_slope(node, moving[0]))

    def _alone(self, node: Node) -> bool:
        """Whether the variable occurs in this part of the function only."""
        below = {id(n) for n in postorder(node)}
        return node is not self.function and not any(
            isinstance(n, Name) and n.name == self.name and id(n) not in below for n in postorder(self.function)
        )

    def _slopes(self, node: Node, moving: list[Node]) -> Iterator[tuple[Node, str]]:
        if len(moving) != 1 or moving[0].shape != node.shape:
            return
        if isinstance(node, Call) and node.function in SLOPES and len(node.children) == 1:
            for words, kind in SLOPES[node.function]:
                yield replace_names(parse(words), {"u": moving[0]}), kind
        elif isinstance(node, Binary) and node.op == "**" and moving[0] is node.left:
            for words in POWERS:
                yield replace_names(parse(words), {"u": node.left, "n": node.right}), POWER
        elif isinstance(node, Binary) and node.op == "**":
            for words, kind in EXPONENTIALS:
                yield replace_names(parse(words), {"u": node.right, "a": node.left}), kind
        elif isinstance(node, Binary) and node.op == "/" and moving[0] is node.right:
            for words, kind in (("-c/u", POWER), ("c/u**2", SIGN), ("c", INNER), ("c*log(u)", LOGS), ("-1/u**2", FACTOR)):
                yield replace_names(parse(words), {"u": node.right, "c": node.left}), kind

    def _slopewise(self, node: Node) -> Node | None:
        """u'*v' taken for (u*v)', u'/v' for (u/v)'."""
        if not (isinstance(node, Binary) and node.op in "*/"):
            return None
        parts = []
        for child in node.children:
            try:
                parts.append(derive(Formula(type_tree(bare(child), self.source.declarations)), self.name).as_formula().source.tree)
            except WrtError:
                return None
        return Binary(node.op, parts[0], parts[1])

    def _at_the_slope(self, node: Node, u: Node) -> Iterator[tuple[str, Node]]:
        """g'(u') taken for g'(u)*u': 3*cos(x)**2 for the derivative of sin(x)**3."""
        v = fresh("v", self.source)
        declared = {**self.source.declarations, v: Declaration(v, self.shape)}
        try:
            outer = derive(Formula(type_tree(bare(replaced(node, u, Name(v))), declared)), v).as_formula().source.tree
            inner = derive(Formula(type_tree(bare(u), self.source.declarations)), self.name).as_formula().source.tree
        except WrtError:
            return
        yield POWER if isinstance(node, Binary) else INNER, replace_names(outer, {v: inner})

    def told(self, kind: str, node: Node, base: Node | None, slope: Node | None) -> str:
        """What was done at the node: which slope was taken for its own."""
        if kind == PRODUCT and isinstance(node, Binary):
            return (
                "the derivative of a product is taken to be the product of the derivatives"
                if node.op == "*"
                else ("the derivative of a quotient is taken to be the quotient of the derivatives")
            )
        moving = [c for c in node.children if self.moving(c)]
        if base is None:
            return f"the inner derivative of {short(node)} is forgotten"
        if slope is None and not any(base is c for c in moving):
            return f"the derivative of {short(node)} is taken to be {'the identity' if self.shape.order else 1}"
        if len(moving) != 1:
            return ""
        if kind == POWER and isinstance(node, Call) and node.function == "exp":
            return f"the power rule is used on the exponential {short(node)}; it holds for a power whose exponent stands still"
        u = "u" if not isinstance(moving[0], Name) else moving[0].name
        at = "" if u != "u" else f", u = {short(moving[0])}"
        outer = short(replaced(node, moving[0], Name(u)))
        if slope is None:
            return f"the derivative of {outer} is taken to be 1{at}"
        written = all_replaced(slope, {id(n): Name(u) for n in postorder(slope) if n is moving[0]})
        return f"the derivative of {outer} is taken to be {short(tidied(written))}{at}"

    def derived(self, node: Node, base: Node | None, slope: Node | None) -> tuple[Node, ...]:
        """The derivative with v + w*base for the node, v and w written out, in each layout."""
        v = fresh("v", self.source)
        w = fresh("w", self.source)
        assert node.shape is not None
        declared = {**self.source.declarations, v: Declaration(v, node.shape), w: Declaration(w, node.shape)}
        by = self.name
        if base is None:
            surrogate: Node = Name(v)
            values: dict[str, Node] = {v: node}
            by = v
        elif slope is None:
            surrogate, values = Binary("+", Name(v), base), {v: Binary("-", node, base)}
        else:
            slope = _full(slope, node.shape)
            surrogate = Binary("+", Name(v), Binary("*", Name(w), base))
            values = {v: Binary("-", node, Binary("*", slope, base)), w: slope}
        try:
            d = derive(Formula(type_tree(bare(replaced(self.function, node, surrogate)), declared)), by, structure="ignored")
            forms = closed_forms(d, self.layouts)
        except WrtError:
            return ()
        return tuple(replace_names(form, values) for form in forms)


def _full(slope: Node, shape: Shape) -> Node:
    """The slope as an array of the shape it belongs to, where it is a plain number."""
    if not isinstance(slope, Number) or not shape.order:
        return slope
    ones = Call("ones", tuple(parse(size.text) for size in shape.sizes))
    return Binary("*", slope, ones)
