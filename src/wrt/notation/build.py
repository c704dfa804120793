"""Forest: the trees of one formula, each one object, and their constructors. Each applies what always makes a formula shorter.

Numbers move to the front; transposes move to the leaves or, where that is shorter, stand once outside; a scalar never stays inside a matrix
product; identities, double transposes and selections of rows and columns dissolve. The rules are in adding, hadamard, chains, turning, calling
and entries, one room a kind of tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from wrt.algebra.expr import Expr
from wrt.language.functions_declared import index_parts
from wrt.language.sizes import Size
from wrt.language.surface import Call as CallNode
from wrt.language.surface import Name, Node, Number, postorder
from wrt.language.unparse import unparse
from wrt.notation import adding, calling, chains, display, entries, hadamard, turning
from wrt.notation.context import Context
from wrt.notation.functions import COMPARE, IDIOMS
from wrt.notation.score import CALL, OPERATION, WORD, measure
from wrt.notation.tree import (
    KEY,
    ONE,
    SCALAR,
    Atom,
    Box,
    Call,
    Entry,
    Factor,
    Literal,
    Loop,
    Part,
    Power,
    Range,
    Scaled,
    Sum,
    Tree,
    Turn,
    everything,
    joined,
    levels,
    union,
)
from wrt.notation.write import size_node


class Forest:
    """The trees of one formula; see the module's docstring."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.table: dict[tuple[object, ...], Tree] = {}
        self.held: list[object] = []  # what must live as long as the forest, known elsewhere by identity
        self.shortest: dict[int, Scaled] = {}  # a sum's serial -> its shortest form
        self.divided = 0  # terms of sums from which something was taken out, on trial or for good
        self.display: dict[tuple[Fraction, int], Scaled] = {}
        self.typing = False  # while the user's own text is being built
        self.bases: dict[int, tuple[Expr, Tree]] = {}  # the same where p is no number
        self.roots: dict[int, tuple[Fraction, Tree]] = {}  # id of an expression -> (p, the user's spelling of its p-th root, which is not negative)
        self.written: list[Sum] = []  # the sums that the user wrote
        self.diagonals: set[int] = set()  # the serials of columns that the user always writes as diag(r), never r*x
        self.steps: dict[int, str] = {}  # serial -> the name the user gave to a tree
        self.means = context.tree is not None and any(
            isinstance(node, CallNode) and node.function in ("mean", "var") for node in postorder(context.tree)
        )
        self.solves = context.tree is not None and any(isinstance(node, CallNode) and node.function == "solve" for node in postorder(context.tree))
        self.one = self.atom(Number(ONE), SCALAR, "one")
        self.one.key = ()
        for name in sorted(context.order, key=context.order.__getitem__):
            shape = context.shapes.get(name)
            if shape is not None and shape.kind != "tensor":
                self.variable(name)
            elif name in context.functions:
                self.atom(Name(name), SCALAR, "function")

    def intern(self, key: tuple[object, ...], make: Callable[[], Tree]) -> Tree:
        """The tree of a key, made when there is none yet."""
        found = self.table.get(key)
        if found is None:
            found = make()
            found.serial = len(self.table)
            found.typed = self.typing
            found.levels = levels(found)
            if self.typing and isinstance(found, Sum) and len(found.terms) > 1:
                self.written.append(found)
            if not found.key:
                found.key = (found.serial,)
            self.table[key] = found
        return found

    # ------------------------------------------------------------------------------------------------ leaves
    def atom(self, node: Node, box: Box, role: str = "text") -> Tree:
        """A piece of text with a box."""
        text = node.name if isinstance(node, Name) else unparse(node)
        return self.intern(("atom", text, box), lambda: Atom(box, score=measure(node), node=node, role=role))

    def variable(self, name: str) -> Tree:
        """A declared variable, as its declaration says."""
        shape = self.context.shapes[name]
        sizes = shape.sizes
        boxes: dict[str, Callable[[], Box]] = {"scalar": lambda: SCALAR, "column": lambda: (sizes[0], None), "row": lambda: (None, sizes[0])}
        return self.atom(Name(name, "variable"), boxes.get(shape.kind, lambda: (sizes[0], sizes[1]))(), "name")

    def size(self, size: Size) -> Scaled:
        """A size used as a number."""
        terms = []
        for monomial, k in size.terms:
            c, t = self.times([(self.atom(Name(name, "size"), SCALAR, "name"), Fraction(e)) for name, e in monomial])
            terms.append((c * k, t))
        return self.add(terms)

    def ones(self, box: Box) -> Tree:
        """The array of ones of a box; the number 1 for a scalar."""
        rows, columns = box
        if rows is None and columns is None:
            return self.one
        if rows is None:
            return self.raw_turn(self.ones((columns, None)))
        arguments = (size_node(rows),) if columns is None else (size_node(rows), size_node(columns))
        return self.atom(CallNode("ones", arguments), box, "ones")

    def eye(self, n: Size) -> Tree:
        """The identity."""
        return self.atom(CallNode("eye", (size_node(n),)), (n, n), "eye")

    def unit(self, n: Size, part: Part) -> Tree:
        """The column of the identity that `part` names."""
        return self.raw_entry(self.eye(n), (everything(n), part))

    def wrap(self, scaled: Scaled) -> Tree:
        """c*tree as one tree."""
        c, t = scaled
        if c == 1:
            return t
        if c == 0:
            return self.atom(Number(Fraction(0)), SCALAR, "zero")
        if isinstance(t, Sum) and len(t.terms) == 1:
            c, t = c * t.terms[0][0], t.terms[0][1]
        return self.raw_sum(((c, t),))

    # ------------------------------------------------------------------------------------------------ constructors with rules
    def add(self, terms: Iterable[Scaled]) -> Scaled:
        return adding.add(self, terms)

    def raw_sum(self, terms: tuple[Scaled, ...], key: tuple[object, ...] = (), *, arrange: bool = True) -> Tree:
        return adding.raw_sum(self, terms, key, arrange=arrange)

    def arranged(self, terms: Sequence[Scaled]) -> list[Scaled]:
        return adding.arranged(self, terms)

    def spread(self, scaled: Scaled, box: Box) -> Scaled:
        return adding.spread(self, scaled, box)

    def times(self, factors: Iterable[Factor]) -> Scaled:
        return hadamard.times(self, factors)

    def chain(self, factors: Iterable[Tree]) -> Scaled:
        return chains.chain(self, factors)

    def raw_chain(self, factors: list[Tree]) -> Tree:
        return chains.raw_chain(self, factors)

    def diag(self, t: Tree) -> Scaled:
        return chains.diag(self, t)

    def turn(self, t: Tree) -> Scaled:
        return turning.turn(self, t)

    def call(self, function: str, arguments: tuple[Tree, ...], axis: int | None = None) -> Scaled:
        return calling.call(self, function, arguments, axis)

    def entry(self, t: Tree, row: Part | None, column: Part | None) -> Scaled:
        return entries.entry(self, t, row, column)

    def raw_product(self, factors: list[Factor]) -> Tree:
        """The factors as they are, nothing merged."""
        if not factors:
            return self.one
        return factors[0][0] if len(factors) == 1 and factors[0][1] == 1 else hadamard.raw_times(self, factors)

    def product_score(self, c: Fraction, t: Tree, *, first: bool = True) -> float:
        return display.product_score(self, c, t, first=first)

    # ------------------------------------------------------------------------------------------------ nodes as written
    def raw_turn(self, t: Tree) -> Tree:
        """t.T."""
        return self.intern(("turn", t.serial), lambda: Turn((t.box[1], t.box[0]), score=t.score + WORD, key=t.key, argument=t))

    def raw_call(self, function: str, arguments: tuple[Tree, ...], box: Box, axis: int | None = None) -> Tree:
        """function(arguments) of a box that the caller knows."""

        def make() -> Tree:
            own = OPERATION if function in COMPARE else CALL + (WORD if axis is not None else 0.0) - IDIOMS.get(function, 0.0)
            key = (*self.named(function), *joined(arguments))[:KEY]
            return Call(box, score=own + sum(a.score for a in arguments), key=key, function=function, arguments=arguments, axis=axis)

        return self.intern(("call", function, tuple(a.serial for a in arguments), axis), make)

    def named(self, function: str) -> tuple[int, ...]:
        """The place of a declared function in the order, then the orders of its derivative; nothing for a function of the language."""
        found = index_parts(function) if self.context.functions else None
        if found is None:
            return ()
        name, orders = found
        return (*self.atom(Name(name), SCALAR, "function").key, *[-k for k in orders])

    def power(self, base: Tree, exponent: Tree) -> Tree:
        """base**exponent for an exponent that is no number."""
        score = base.score + exponent.score + OPERATION
        key = ("power", base.serial, exponent.serial)
        return self.intern(
            key, lambda: Power(union([base.box, exponent.box]), score=score, key=joined([base, exponent]), base=base, exponent=exponent)
        )

    def raw_entry(self, base: Tree, parts: tuple[Part, ...]) -> Tree:
        """base[parts]."""
        sizes = [p.size for p in parts]
        kept = [s for s in sizes if s is not None]
        box: Box = (sizes[0], sizes[1]) if len(sizes) == 2 else (kept[0] if kept else None, kept[1] if len(kept) > 1 else None)
        score = base.score + OPERATION + sum(measure(p.node) for p in parts if p.kind != "all")
        return self.intern(
            ("entry", base.serial, tuple(p.text for p in parts)), lambda: Entry(box, score=score, key=base.key, base=base, parts=parts)
        )

    def raw_loop(self, body: Tree, ranges: tuple[Range, ...]) -> Tree:
        """sum(body for ...)."""

        def make() -> Tree:
            bounds = sum(WORD + CALL + measure(size_node(r.stop)) + (measure(size_node(r.start)) if r.start.terms else 0.0) for r in ranges)
            return Loop(body.box, score=body.score + CALL + OPERATION + bounds, key=body.key, body=body, ranges=ranges)

        return self.intern(("loop", body.serial, tuple((r.name, r.start.text, r.stop.text) for r in ranges)), make)

    def literal(self, rows: tuple[tuple[Tree, ...], ...], nested: bool, box: Box) -> Tree:
        """[a, b] or [[A, B], [C, D]]."""

        def make() -> Tree:
            cells = [cell for row in rows for cell in row]
            score = OPERATION * (1 + nested * len(rows)) + sum(cell.score for cell in cells)
            return Literal(box, score=score, key=joined(cells), rows=rows, nested=nested)

        return self.intern(("literal", tuple(tuple(cell.serial for cell in row) for row in rows), nested), make)
