"""Products, quotients and sums of scalar formulas put together as a mathematician writes them: the number first, divisors last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from wrt.language.surface import Binary, Call, Generator, Name, Node, Number, Unary, postorder
from wrt.language.trees import chain, whole
from wrt.language.unparse import unparse

HALF = Fraction(1, 2)
PLAIN = 1000  # denominators past which a number that the user spelt as a decimal stays one
Signed = tuple[int, Node]  # (1 or -1, the formula without its sign)
Key = tuple[int, ...]  # where a factor stands among the others


@dataclass(slots=True)
class Parts:
    """A product under construction: coefficient * deltas * scalars * factors / divisors, each with its key for the order."""

    coefficient: Fraction = Fraction(1)
    deltas: list[tuple[Key, Node]] = field(default_factory=list)
    scalars: list[tuple[Key, Node]] = field(default_factory=list)
    factors: list[tuple[Key, Node]] = field(default_factory=list)
    divisors: list[tuple[Key, Node]] = field(default_factory=list)

    def scalar(self, key: Key, node: Node) -> None:
        """Multiply by a scalar formula."""
        self.multiply(self.scalars, key, node)

    def factor(self, key: Key, node: Node) -> None:
        """Multiply by a formula that depends on an index."""
        self.multiply(self.factors, key, node)

    def multiply(self, where: list[tuple[Key, Node]], key: Key, node: Node) -> None:
        """Multiply by a formula; a product or a quotient is taken apart (entries are scalars)."""
        factors: list[Node] = []
        while isinstance(node, Binary) and node.op in ("*", "/"):
            if node.op == "/":
                self.divisors.append((key, node.right))
            else:
                factors.append(node.right)
            node = node.left
        for factor in reversed([*factors, node]):
            if isinstance(factor, Number):
                self.coefficient *= factor.value
            elif isinstance(factor, Unary) and factor.op == "-":
                self.coefficient = -self.coefficient
                self.multiply(where, key, factor.argument)
            else:
                where.append((key, factor))

    def finish(self, spelled: Mapping[Fraction, str]) -> Signed:
        """The product as one formula and its sign; a quotient that stands only where indices differ is not formed where they agree."""
        if not self.coefficient:
            return 1, whole(0)
        self._sink()
        sign = -1 if self.coefficient < 0 else 1
        apart = [item for item in self.deltas if isinstance(item[1], Binary) and item[1].op == "!="]
        if apart and (self.divisors or any(_divides(node) for _, node in (*self.scalars, *self.factors))):
            rest = Parts(abs(self.coefficient), [item for item in self.deltas if item not in apart], self.scalars, self.factors, self.divisors)
            return sign, Call("where", (chain("*", _in_order(apart)), rest.finish(spelled)[1], whole(0)))
        top, bottom = coefficient_nodes(abs(self.coefficient), spelled)
        above = [*top, *_in_order(self.deltas), *_in_order(self.scalars), *_in_order(self.factors)]
        below = [*bottom, *_in_order(self.divisors)]
        node = chain("*", above) if above else number_node(Fraction(1), spelled)
        return sign, Binary("/", node, chain("*", below)) if below else node

    def _sink(self) -> None:
        """-(1 - i) as i - 1: a minus in front goes into the difference of a number and an index."""
        for where in (self.scalars, self.factors):
            for n, (key, node) in enumerate(where):
                turned = _turned(node) if self.coefficient < 0 else None
                if turned is not None:
                    self.coefficient = -self.coefficient
                    where[n] = (key, turned)


def _turned(node: Node) -> Node | None:
    """-node, where node is the difference of a number and an index, or a sum of products with such a factor."""
    if isinstance(node, Generator) and node.function == "sum":
        factors: list[Node] = []
        body = node.body
        while isinstance(body, Binary) and body.op == "*":
            factors.append(body.right)
            body = body.left
        factors.append(body)
        for n, factor in enumerate(factors):
            turned = None if isinstance(factor, Generator) else _turned(factor)
            if turned is not None:
                return Generator("sum", chain("*", [*reversed(factors[n + 1 :]), turned, *reversed(factors[:n])]), node.loops, node.conditions)
        return None
    if isinstance(node, Binary) and node.op == "-" and isinstance(node.left, Number) and isinstance(node.right, Name) and node.right.role == "index":
        return Binary("-", node.right, node.left)
    return None


def _divides(node: Node) -> bool:
    return any(isinstance(part, Binary) and part.op == "/" for part in postorder(node))


def _in_order(items: Sequence[tuple[Key, Node]]) -> list[Node]:
    return [node for _, node in sorted(items, key=lambda item: item[0])]


def _decimal(value: Fraction) -> str:
    """A fraction as a finite decimal, "" when it is none or a long one."""
    for digits in range(1, 31):
        scaled = value * 10**digits
        if scaled.denominator == 1:
            whole = str(scaled.numerator).rjust(digits + 1, "0")
            return f"{whole[:-digits]}.{whole[-digits:]}"
    return ""


def coefficient_nodes(value: Fraction, spelled: Mapping[Fraction, str]) -> tuple[list[Node], list[Node]]:
    """A positive number as factors above and below the line; a decimal that the user spelt stays one."""
    text = spelled.get(value, "")
    if "." in text or "e" in text.lower():
        return [Number(value, text)], []
    if value.denominator > PLAIN and (decimal := _decimal(value)) and any("." in t for t in spelled.values()):
        return [Number(value, decimal)], []
    above: list[Node] = [] if value.numerator == 1 else [whole(value.numerator)]
    below: list[Node] = [] if value.denominator == 1 else [whole(value.denominator)]
    return above, below


def number_node(value: Fraction, spelled: Mapping[Fraction, str]) -> Node:
    """A number of either sign as a formula: 3, 1/2, 0.5 (when spelt so), -2."""
    above, below = coefficient_nodes(abs(value), spelled)
    node = above[0] if above else whole(1)
    if value == 0:
        node = whole(0)
    if below:
        node = Binary("/", node, below[0])
    return Unary("-", node) if value < 0 else node


def signed(sign: int, node: Node) -> Node:
    """The formula with its sign."""
    return node if sign > 0 else Unary("-", node)


def raised(base: Node, exponent: Fraction, spelled: Mapping[Fraction, str]) -> Node:
    """base ** exponent, square roots as sqrt, a power of a power as one."""
    if (
        isinstance(base, Binary)
        and base.op == "**"
        and isinstance(base.right, Number)
        and base.right.value == 2
        and exponent == HALF
        and _nonnegative(base.left)
    ):
        return base.left
    if exponent == 1:
        return base
    if exponent == HALF:
        return Call("sqrt", (base,))
    if isinstance(base, Binary) and base.op == "**" and isinstance(base.right, Number) and base.right.value == 2 and _nonnegative(base.left):
        return raised(base.left, 2 * exponent, spelled)
    return Binary("**", base, number_node(exponent, spelled))


def _nonnegative(node: Node) -> bool:
    return isinstance(node, Call) and node.function in ("norm", "abs")


def added(terms: Sequence[tuple[Key, Signed]]) -> Node:
    """The sum of signed formulas in order of their keys."""
    keys = Counter(key for key, _ in terms)
    ordered = [term for _, term in sorted(terms, key=lambda item: (item[0], unparse(item[1][1]) if keys[item[0]] > 1 else ""))]
    lead = next((k for k, (sign, _) in enumerate(ordered) if sign > 0), 0)
    ordered.insert(0, ordered.pop(lead))
    out = signed(*ordered[0])
    for sign, node in ordered[1:]:
        out = Binary("+" if sign > 0 else "-", out, node)
    return out
