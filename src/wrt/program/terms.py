"""A piece of a line under construction: its code, and the formula it stands for as a surface tree. Both are put together in parallel."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from wrt.language.sizes import Size
from wrt.language.surface import Binary, Call, Generator, Index, Loop, Name, Node, Number, Text, Unary
from wrt.language.trees import chain, number

COMPARE, PLUS, MATMUL, TIMES, NEGATIVE, POWER, ATOM = range(1, 8)  # how tightly a piece of code binds


class Term(NamedTuple):
    """Code with its binding strength, the formula, and the number of operations not yet given a name."""

    code: str
    rank: int
    node: Node
    weight: int = 0

    def at(self, least: int) -> str:
        """The code, in parentheses when it binds less than `least`."""
        return self.code if self.rank >= least else f"({self.code})"


# ------------------------------------------------------------------------------------------------ numbers
def decimal(value: Fraction) -> str | None:
    """A short exact decimal: 0.05, 3; None when there is none."""
    if value.denominator == 1:
        return str(value.numerator)
    rest, digits = value.denominator, 0
    while rest % 10 == 0:
        rest //= 10
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    while digits < 9 and (value * 10**digits).denominator != 1:
        digits += 1
    return f"{float(value):.{digits}f}" if rest == 1 and (value * 10**digits).denominator == 1 else None


def number_code(value: Fraction) -> tuple[str, int]:
    """(code, rank) of an exact number."""
    text = decimal(value)
    if text is None:
        text = f"{value.numerator}/{value.denominator}"
        if max(abs(value.numerator), value.denominator) > 10**15:
            text = repr(float(value))
        return text, (TIMES if "/" in text else ATOM if value >= 0 else NEGATIVE)
    return text, ATOM if value >= 0 else NEGATIVE


def number_node(value: Fraction) -> Node:
    if value < 0:
        return Unary("-", number_node(-value))
    text = decimal(value)
    if text is not None:
        return Number(value, text)
    return number(value)


def size_node(size: Size) -> Node:
    """A size polynomial as a tree."""
    total: Node | None = None
    for monomial, k in size.terms:
        factors: list[Node] = [Name(name) for name, e in monomial for _ in range(e)]
        if abs(k) != 1 or not factors:
            factors.insert(0, number_node(Fraction(abs(k))))
        term = chain("*", factors)
        total = (Unary("-", term) if k < 0 else term) if total is None else Binary("-" if k < 0 else "+", total, term)
    return total if total is not None else number_node(Fraction(0))


# ------------------------------------------------------------------------------------------------ trees
def ones(*sizes: Size) -> Node:
    return Call("ones", tuple(size_node(s) for s in sizes))


def entry(node: Node, indices: Sequence[Node | str]) -> Node:
    """node[i, j]."""
    return Index(node, tuple(Name(i) if isinstance(i, str) else i for i in indices)) if indices else node


def generator(function: str, body: Node, names: Sequence[str], sizes: Sequence[Size], conditions: Sequence[Node] = ()) -> Node:
    """sum(body for i in range(m) ...) or array(...); the body itself when there is no index."""
    if not names:
        return body
    zero = Number(Fraction(0), "0")
    loops = tuple(Loop(name, zero, size_node(size)) for name, size in zip(names, sizes, strict=True))
    return Generator(function, body, loops, tuple(conditions))


def einsum(spec: str, *nodes: Node) -> Node:
    return Call("einsum", (Text(spec), *nodes))


def affine_node(start: Size, steps: Sequence[tuple[str, int]]) -> Node:
    """start + sum of step * index."""
    total: Node | None = None
    for name, step in steps:
        term: Node = Name(name) if abs(step) == 1 else Binary("*", number_node(Fraction(abs(step))), Name(name))
        signed = term if step > 0 else Unary("-", term)
        total = signed if total is None else Binary("+" if step > 0 else "-", total, term)
    if total is None:
        return size_node(start)
    if start.terms:
        negative = all(k < 0 for _, k in start.terms)
        total = Binary("-" if negative else "+", total, size_node(-start if negative else start))
    return total
