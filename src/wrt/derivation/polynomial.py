"""Polynomials multiplied out, by rising powers of h: what the limit of a difference quotient works on."""

from __future__ import annotations

from fractions import Fraction

from wrt.derivation.terms import ZERO, times
from wrt.language.surface import Binary, Name, Node, Number, Unary, postorder
from wrt.language.trees import number

Monomial = tuple[tuple[str, int], ...]
Polynomial = dict[Monomial, Fraction]
MOST_TERMS, MOST_POWER = 60, 12


def polynomial(tree: Node) -> Polynomial | None:
    """The tree multiplied out; None where it is no polynomial, or too long a one."""
    done: dict[int, Polynomial | None] = {}
    for node in postorder(tree):
        done[id(node)] = _expanded(node, done)
    found = done[id(tree)]
    return None if found is None or len(found) > MOST_TERMS else found


def _expanded(node: Node, done: dict[int, Polynomial | None]) -> Polynomial | None:
    match node:
        case Number():
            return {(): node.value} if node.value else {}
        case Name():
            return {((node.name, 1),): Fraction(1)} if node.shape is None or not node.shape.order else None
        case Unary():
            inner = done[id(node.argument)]
            return None if inner is None else {m: -c for m, c in inner.items()} if node.op == "-" else inner
        case Binary():
            left, right = done[id(node.left)], done[id(node.right)]
            if left is None or right is None:
                return None
            return _combined(node, left, right)
    return None


def _combined(node: Binary, left: Polynomial, right: Polynomial) -> Polynomial | None:
    constant = right.get((), Fraction(0)) if set(right) <= {()} else None
    match node.op:
        case "+" | "-":
            return sum_of(left, right, 1 if node.op == "+" else -1)
        case "*":
            return _times(left, right)
        case "/" if constant:
            return {m: c / constant for m, c in left.items()}
        case "**" if constant is not None and constant.denominator == 1 and 0 <= constant <= MOST_POWER:
            out: Polynomial = {(): Fraction(1)}
            for _ in range(int(constant)):
                out = _times(out, left)
                if len(out) > MOST_TERMS:
                    return None
            return out
    return None


def sum_of(left: Polynomial, right: Polynomial, sign: int) -> Polynomial:
    """left + sign*right."""
    out = dict(left)
    for m, c in right.items():
        out[m] = out.get(m, Fraction(0)) + sign * c
    return {m: c for m, c in out.items() if c}


def _times(left: Polynomial, right: Polynomial) -> Polynomial:
    out: Polynomial = {}
    for m, c in left.items():
        for n, d in right.items():
            powers = dict(m)
            for name, k in n:
                powers[name] = powers.get(name, 0) + k
            key = tuple(sorted(powers.items()))
            out[key] = out.get(key, Fraction(0)) + c * d
    return {m: c for m, c in out.items() if c}


def written(p: Polynomial, h: str, x: str) -> Node:
    """The polynomial by rising powers of h: x**2 + 2*x*h + h**2."""
    out: Node | None = None
    for m, c in sorted(p.items(), key=lambda item: (dict(item[0]).get(h, 0), -dict(item[0]).get(x, 0), item[0])):
        parts: list[Node] = [number(abs(c))] if abs(c) != 1 or not m else []
        for name, k in sorted(m, key=lambda part: (part[0] == h, part[0] == x, part[0])):
            parts.append(Name(name) if k == 1 else Binary("**", Name(name), number(k)))
        whole = times(*parts) if len(parts) > 1 else parts[0]
        first = Unary("-", whole) if c < 0 else whole
        out = first if out is None else Binary("-" if c < 0 else "+", out, whole)
    return ZERO if out is None else out
