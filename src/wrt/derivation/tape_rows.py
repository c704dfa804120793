"""A formula taken apart: one named variable an operation, equal parts once; a user's named steps keep their names.

    sqrt(x**2 + exp(x**2)) + cos(x**2 + exp(x**2))   ->   a = x**2, b = exp(a), c = a + b, d = sqrt(c), e = cos(c), f = d + e

What has no row of its own: constants, signs and transposes, scaling by a constant, entries of a variable, the terms of a sum and the factors of an
entrywise product (they stand in one row), what a sum over an index has inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, count

from wrt.errors import TooLargeError
from wrt.formula import Formula, shape_of
from wrt.language.read import read_like
from wrt.language.rewrite import exchanged, with_children
from wrt.language.surface import (
    Binary,
    Call,
    Declaration,
    FunctionDeclaration,
    Generator,
    Index,
    Loop,
    Name,
    Node,
    Slice,
    Source,
    Steps,
    Unary,
    postorder,
)
from wrt.language.unparse import unparse
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS, REDUCTIONS

MOST = 200  # rows
LETTERS = "abcdeghpqrstuvwz"  # of scalar intermediate variables; f is the function
LETTERED = 8  # intermediate variables up to which letters are used
COMPARED = ("<", "<=", ">", ">=", "==", "!=")


@dataclass(frozen=True)
class Row:
    """A variable of the tape: an input (`formula` None), or `name` = `formula` of the variables `uses` that come before it."""

    name: str
    declared: Declaration
    formula: Formula | None = None
    uses: tuple[str, ...] = ()


def rows_of(f: Formula, inputs: tuple[str, ...]) -> tuple[Row, ...]:
    """The inputs, then one row an operation, children first; the last is the function. Raises: TooLargeError past 200 rows."""
    taking = _Taking(f, inputs)
    tree = f.source.tree
    for name, value in tree.steps if isinstance(tree, Steps) else ():
        taking.statement(name, value)
    result = tree.result if isinstance(tree, Steps) else tree
    taking.statement(None, result)
    return _named(_needed(taking.rows, len(inputs), taking.last), taking, f)


def _needed(rows: list[Row], inputs: int, last: str) -> list[Row]:
    """The inputs, and the rows that the function's row is made from."""
    wanted = {last}
    for row in reversed(rows):
        if row.name in wanted:
            wanted.update(row.uses)
    return [row for k, row in enumerate(rows) if k < inputs or row.name in wanted]


class _Taking:
    """The rows made so far; new ones are numbered @1, @2, ... until all are known."""

    def __init__(self, f: Formula, inputs: tuple[str, ...]) -> None:
        self.source = f.source
        self.varying = set(inputs)
        self.rows = [Row(name, f.declarations[name]) for name in inputs]
        self.declared = dict(f.declarations)
        self.stands: dict[str, Node] = {}  # a step's name -> what stands for it
        self.made: dict[object, str] = {}
        self.fresh = (f"v{k}_" for k in count(1))
        self.own: set[str] = set()  # names that the user gave
        self.last = ""  # the function's row

    def statement(self, name: str | None, value: Node) -> None:
        """One `name = value`; None: the function itself."""
        bound = {n.name for n in postorder(value) if isinstance(n, Loop)}
        done: dict[int, Node] = {}
        moving: dict[int, bool] = {}
        for n in postorder(value):
            if isinstance(n, Name):
                done[id(n)] = self.stands.get(n.name, n)
                moving[id(n)] = any(isinstance(m, Name) and m.name in self.varying for m in postorder(done[id(n)]))
                continue
            moving[id(n)] = any(moving[id(c)] for c in n.children)
            below = tuple(self._below(n, c, done[id(c)], moving, bound) for c in n.children)
            done[id(n)] = n if all(a is b for a, b in zip(below, n.children, strict=True)) else with_children(n, below)
        tree = done[id(value)]
        if name is None:
            closing = isinstance(tree, Name) and any(row.name == tree.name for row in self.rows if row.formula is not None)  # u = ...; u
            self.last = tree.name if closing and isinstance(tree, Name) else self._row(tree, None, new=True)
        elif moving[id(value)]:
            self.stands[name] = Name(self._row(tree, name))
        else:
            self.stands[name] = tree

    def _below(self, parent: Node, child: Node, made: Node, moving: dict[int, bool], bound: set[str]) -> Node:
        """A child as it stands in its parent's row: itself, or the name of a row of its own."""
        if not moving[id(child)] or not is_operation(child, moving) or absorbed(parent, child, moving):
            return made
        if child.shape is None or child.shape.kind == "tensor" or {m.name for m in postorder(child) if isinstance(m, Name)} & bound:
            return made
        return Name(self._row(made, None))

    def _row(self, tree: Node, name: str | None, *, new: bool = False) -> str:
        """The name of the row for a tree; an equal row serves again, unless it must be new."""
        formula = Formula(_narrow(read_like(unparse(tree), replace(self.source, declarations=self.declared))))
        key = (formula.expr, formula.kind)
        if key in self.made and not new and name is None:
            return self.made[key]
        if len(self.rows) >= MOST:
            raise TooLargeError(f"the tape would have more than {MOST} rows.")
        made = name if name is not None and name not in self.declared else next(self.fresh)
        if name is not None:
            self.own.add(made)
        uses = tuple(dict.fromkeys(n.name for n in postorder(formula.source.tree) if isinstance(n, Name) and n.name in self.varying))
        declared = Declaration(made, shape_of(formula.source))
        self.rows.append(Row(made, declared, formula, uses))
        self.declared[made] = declared
        if uses:
            self.varying.add(made)
        self.made.setdefault(key, made)
        return made


def is_operation(node: Node, moving: dict[int, bool]) -> bool:
    """Whether a part that varies is an operation of its own: not a leaf, a sign, a transpose, a constant multiple, an entry."""
    if isinstance(node, Binary):
        if node.op in COMPARED:
            return False
        return not (node.op in ("*", "/") and moving[id(node.left)] != moving[id(node.right)] and (node.op == "*" or moving[id(node.left)]))
    return not isinstance(node, (Name, Unary, Index, Slice, Loop)) and bool(node.children)


def absorbed(parent: Node, child: Node, moving: dict[int, bool]) -> bool:
    """Whether an operation stands in its parent's row: terms of a sum, factors of a product, norm(u)**2, what only carries a sign."""
    if isinstance(parent, Binary) and isinstance(child, Binary):
        if parent.op in ("+", "-"):
            return child.op in ("+", "-") and child is parent.left
        return parent.op == "*" == child.op and moving[id(parent.left)] and moving[id(parent.right)]
    squared = isinstance(parent, Binary) and parent.op == "**" and isinstance(child, Call) and child.function == "norm"
    return squared or isinstance(parent, (Slice, Loop)) or (isinstance(child, Generator) and isinstance(parent, Generator))


def _narrow(source: Source) -> Source:
    """The source with the declarations that its tree uses, and those that hold its sizes."""
    used = {n.name for n in postorder(source.tree) if isinstance(n, Name)}
    sizes = {s for n in postorder(source.tree) if isinstance(n, Name) and n.name in source.sizes for s in (n.name,)}
    assert source.tree.shape is not None
    sizes |= {name for s in source.tree.shape.sizes for name in s.names}
    kept = {n: d for n, d in source.declarations.items() if n in used or isinstance(d, FunctionDeclaration)}
    held = {name for d in kept.values() for s in d.shape.sizes for name in s.names}
    for name, d in source.declarations.items():
        missing = sizes - held
        if name not in kept and any(s.name in missing for s in d.shape.sizes):
            kept[name] = d
            held |= {n for s in d.shape.sizes for n in s.names}
    return replace(source, declarations={n: d for n, d in source.declarations.items() if n in kept})


# ---------------------------------------------------------------------------------------------------- names
def _named(rows: list[Row], taking: _Taking, f: Formula) -> tuple[Row, ...]:
    """The rows with their names for the reader: letters for a few scalars, else v1, v2, ... (V2 a matrix), and f."""
    taken = {*taking.source.declarations, *f.source.sizes, *taking.own, *f.context.reserved, *FUNCTIONS, *OPERATORS, *REDUCTIONS}
    last = taking.last
    open_ = [row for row in rows if row.formula is not None and row.name not in taking.own and row.name != last]
    names: dict[str, str] = {}
    if last not in taking.own:
        names[last] = next(w for w in chain(_told(f.source), ("f", "y"), (f"f{k}" for k in count(1))) if w not in taken)
        taken.add(names[last])
    plain = len(open_) <= LETTERED and all(not row.declared.shape.order for row in open_)
    words: Iterator[str] = chain(LETTERS if plain else (), (f"v{k}" for k in count(1)))
    for row in open_:
        word = next(w for w in words if w not in taken and w.upper() not in taken)
        names[row.name] = word.upper() if row.declared.shape.kind == "matrix" else word
    return tuple(_renamed(row, names, {r.name: r.declared for r in rows}) for row in rows)


def _told(source: Source) -> list[str]:
    """The name that the text gives its last statement: `loss = ...`."""
    found = re.match(r"\s*([^\W\d]\w*)\s*=(?!=)", re.split(r";|\n", source.text.rstrip("; \n"))[-1]) if source.syntax == "python" else None
    return [found.group(1)] if found else []


def _renamed(row: Row, names: dict[str, str], declared: dict[str, Declaration]) -> Row:
    name = names.get(row.name, row.name)
    fresh = replace(row.declared, name=name)
    if row.formula is None:
        return row
    source = row.formula.source
    mine = {names.get(n, n): replace(d, name=names.get(n, n)) for n, d in source.declarations.items()}
    tree = _spelled(source.tree, names)
    formula = Formula(_narrow(read_like(unparse(tree), replace(source, declarations=mine))))
    return Row(name, fresh, formula, tuple(names.get(u, u) for u in row.uses))


def _spelled(tree: Node, names: dict[str, str]) -> Node:
    return exchanged(tree, lambda n: Name(names[n.name]) if isinstance(n, Name) and n.name in names else None)
