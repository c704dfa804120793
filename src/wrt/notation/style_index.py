"""Indices as papers count them, from 1: an index that stands in a place is shifted wherever it stands, one that is only a number is not.

sum(A[i, j]*x[j] for j in range(n))          sum over j = 1 .. n of A_{i,j} x_j
sum(x[i + l]*k[l] for l in range(p))         sum over l = 1 .. p of x_{i+l-1} k_l
sum(c[k]*t**k for k in range(n))             sum over k = 1 .. n of c_k t^{k-1}
sum(matpow(X, r) for r in range(k))          sum over r = 0 .. k - 1 of X^r
"""

from __future__ import annotations

from collections.abc import Iterable

from wrt.language.lengths import size_arithmetic
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Generator, Index, Loop, Name, Node, postorder
from wrt.notation.style_mark import Mark, number

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
LONG = 30  # terms of an index
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Counting:
    """The index names of one formula and where each starts counting."""

    def __init__(self, root: Node) -> None:
        nodes = list(postorder(root))
        self.polynomials: dict[int, Size | None] = {}  # of numbers, sizes and indices
        self.wholes: dict[int, Size | None] = {}  # of whole variables too: only where nothing but a whole number can stand
        bound = {node.name for node in nodes if isinstance(node, Loop)}
        counted = {node.name for node in nodes if isinstance(node, Name) and node.counted}
        self.names = bound | counted | {node.name for node in nodes if isinstance(node, Name) and node.role == "index"}
        for node in nodes:
            self.polynomials[id(node)] = self._polynomial(node, self.polynomials, loose=False)
            self.wholes[id(node)] = self._polynomial(node, self.wholes, loose=True)
        placed = self.names - bound
        for node in nodes:
            if isinstance(node, Index):
                placed |= self._held(node.parts)
            elif isinstance(node, Binary) and node.op in COMPARISONS and self.value(node.left) is not None and self.value(node.right) is not None:
                placed |= self._held((node.left, node.right))
            elif isinstance(node, Generator) and node.function == "array":
                placed |= {loop.name for loop in node.loops}
        self.placed = placed
        self.shift = {name: Size.of(name) - 1 for name in placed}

    def _held(self, nodes: Iterable[Node]) -> set[str]:
        return {part.name for node in nodes for part in postorder(node) if isinstance(part, Name) and part.name in self.names}

    def _polynomial(self, node: Node, below: dict[int, Size | None], *, loose: bool) -> Size | None:
        """The whole number that an expression of numbers, sizes and indices is; None for one too long to stand in a place."""

        def whole(name: Name) -> bool:
            scalar = name.shape is not None and name.shape.kind == "scalar"
            return name.name in self.names or name.role == "size" or (loose and scalar)

        if isinstance(node, Binary) and node.op == "**":
            return None
        found = size_arithmetic(node, below, whole)
        return found if found is None or len(found.terms) <= LONG else None

    def value(self, node: Node) -> Size | None:
        """The expression as a polynomial when it holds an index, else None."""
        found = self.polynomials.get(id(node))
        return found if found is not None and found.names & self.names else None

    def number(self, node: Node) -> Mark | None:
        """An expression with an index in it, used as a number."""
        found = self.value(node)
        return None if found is None else size_mark(found.substitute(self.shift))

    def place(self, node: Node) -> Mark | None:
        """An expression that stands in a place, counted from 1."""
        found = self.wholes.get(id(node))
        if found is None or (found.number is not None and found.number < 0):
            return None
        return size_mark(found.substitute(self.shift) + 1)

    def size(self, node: Node) -> Mark | None:
        """A polynomial of sizes and indices as it stands; indices are shifted."""
        found = self.wholes.get(id(node))
        return None if found is None else size_mark(found.substitute(self.shift))

    def end(self, node: Node, size: Size | None, *, back: bool) -> Mark | None:
        """The last place of a slice, counted from 1: what a slice stops before, or stops behind where it goes back."""
        found = self.wholes.get(id(node))
        if found is not None and size is not None and found.number is not None and found.number < 0:
            found = found + size  # from the end
        return None if found is None else size_mark(found.substitute(self.shift) + (2 if back else 0))

    def bounds(self, loop: Loop) -> tuple[Mark, Mark]:
        """The first and the last value of a loop as printed."""
        start, stop = self.wholes[id(loop.start)], self.wholes[id(loop.stop)]
        assert start is not None and stop is not None, "the bound of a loop is no whole number; please report this as a bug"
        if loop.name in self.placed:
            return size_mark(start.substitute(self.shift) + 1), size_mark(stop.substitute(self.shift))
        return size_mark(start.substitute(self.shift)), size_mark(stop.substitute(self.shift) - 1)

    def compared(self, node: Binary) -> tuple[str, Mark, Mark] | None:
        """A comparison of index forms, terms on the side where they are positive; None when it is none."""
        left, right = self.polynomials.get(id(node.left)), self.polynomials.get(id(node.right))
        if left is None or right is None or not (left.names | right.names) & self.names:
            return None
        difference = left.substitute(self.shift) - right.substitute(self.shift)
        positive, negative = _side(difference), _side(-difference)
        first = next((name for side in (left, right) for name in sorted(side.names & self.names)), "")
        if first in negative.names and first not in positive.names:
            return MIRRORED[node.op], size_mark(negative), size_mark(positive)
        return node.op, size_mark(positive), size_mark(negative)


def _side(size: Size) -> Size:
    """The terms with a positive coefficient."""
    out = Size.of(0)
    for monomial, k in size.terms:
        if k > 0:
            term = Size.of(k)
            for name, e in monomial:
                for _ in range(e):
                    term = term * Size.of(name)
            out = out + term
    return out


def size_mark(size: Size) -> Mark:
    """A size polynomial: n - 1, 2n, and m n with a dot, since mn would be two indices."""
    terms: list[tuple[str, Mark]] = []
    for monomial, k in size.terms:
        factors = [Mark("name", text=name) if e == 1 else Mark("power", (Mark("name", text=name), number(e))) for name, e in monomial]
        if abs(k) != 1 or not factors:
            factors.insert(0, number(abs(k)))
        term = factors[0]
        for factor in factors[1:]:
            term = Mark("times", (term, factor)) if term.kind == "number" else Mark("join", (term, factor), "cdot")
        terms.append(("+" if k > 0 else "-", term))
    if not terms:
        return number(0)
    lead = next((n for n, (sign, _) in enumerate(terms) if sign == "+"), 0)
    terms.insert(0, terms.pop(lead))
    if len(terms) == 1 and terms[0][0] == "+":
        return terms[0][1]
    return Mark("sum", tuple(mark for _, mark in terms), "".join(sign for sign, _ in terms))
