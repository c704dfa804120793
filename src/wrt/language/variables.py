"""What is differentiated by: a variable, or a part of one: an entry X[0, 1], x[2], a column X[:, j], a row X[i, :], a block X[0:2, :], x[1:].

A part is named by its text. Along each axis of its variable it takes one place, or places start, start + step, ... ; the derivative by a part is
that by the variable at those places, because a part's places are distinct.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from wrt.errors import NotDifferentiableError, ShapeError, TextError, UnknownNameError, WrtError
from wrt.language.lengths import Lengths
from wrt.language.parser import parse
from wrt.language.shapes import annotate
from wrt.language.sizes import Size
from wrt.language.surface import SCALAR, Declaration, FunctionDeclaration, Index, Name, Node, Shape, Slice, column, postorder
from wrt.language.unify import Sizes
from wrt.language.unparse import unparse

ZERO = Size.of(0)


@dataclass(frozen=True, slots=True)
class Places:
    """Along one axis of length `size`: the places start + step*k, for k below `count`, or the one place `start` (`count` None)."""

    size: Size
    start: Size = ZERO
    step: int = 1
    count: Size | None = None

    @property
    def everything(self) -> bool:
        """Whether all places are taken, in order."""
        return self.start is ZERO and self.step == 1 and self.count is self.size


@dataclass(frozen=True, slots=True)
class Variable:
    """`name` the variable, `shape` that of the part (of the variable itself where `axes` is empty), `axes` the places taken along each axis.

    `tree` is the part as an Index, or None.
    """

    text: str
    name: str
    shape: Shape
    axes: tuple[Places, ...] = ()
    tree: Index | None = None

    @property
    def tangent(self) -> Shape:
        """The shape of a direction: of a row the column of its entries."""
        return column(self.shape.sizes[0]) if self.shape.kind == "row" else self.shape


def variable(text: str, declarations: Mapping[str, Declaration]) -> Variable:
    """The variable or part that a text names. Raises: TextError for anything else, UnknownNameError, ShapeError out of range.

    >>> from wrt.language.declarations import parse as declared
    >>> str(variable("X[:, 0]", declared("X: m n")).shape)
    'm x 1'
    """
    d = declarations.get(text)
    if isinstance(d, FunctionDeclaration):
        raise NotDifferentiableError(
            f"{text} is a function: the derivative is by a variable.", hint=f"D({text}) stands for its own derivative, as in D({text})(x)."
        )
    if d is not None:
        return Variable(text, text, d.shape)
    tree = part_of(text)
    if isinstance(tree, Name):
        raise _unknown(tree.name, declarations)
    base = tree.base
    assert isinstance(base, Name)
    if base.name not in declarations:
        raise _unknown(base.name, declarations)
    try:
        annotate(tree, declarations)
    except WrtError as error:
        raise error.located(text, error.span) from None
    shape, whole = tree.shape, declarations[base.name].shape
    assert shape is not None
    lengths = Lengths(declarations, Sizes())
    parts = tree.parts
    if len(parts) != whole.order:
        raise ShapeError(f"{base.name} is {whole} and takes {whole.order} indices, found {len(parts)}.", text=text, span=tree.span)
    return Variable(unparse(tree), base.name, shape, tuple(_places(lengths, p, s, text) for p, s in zip(parts, whole.sizes, strict=True)), tree)


def part_of(text: str) -> Index | Name:
    """The tree of a variable's or a part's text. Raises: TextError for what is neither."""
    tree = parse(text)
    if isinstance(tree, Name) or (isinstance(tree, Index) and isinstance(tree.base, Name)):
        return tree
    names = [n.name for n in postorder(tree) if isinstance(n, Name)]
    name = names[0] if names else "X"
    raise TextError(
        f"the derivative is by a variable or a part of one, and {unparse(tree)} is neither.",
        text=text,
        span=tree.span,
        hint=f"differentiate by {name}, or by an entry, a column, a row or a block: {name}[0, 1], {name}[:, 0], {name}[0:2, :].",
    )


def open_indices(text: str, declarations: Mapping[str, Declaration]) -> tuple[Declaration, ...]:
    """The names inside a part's brackets that nobody declared, as whole numbers: j of X[:, j]."""
    tree = part_of(text) if text not in declarations else None
    if not isinstance(tree, Index):
        return ()
    sizes = {n for d in declarations.values() for s in d.sizes for n in s.names}
    inside = [n.name for p in tree.parts for n in postorder(p) if isinstance(n, Name)]
    return tuple(Declaration(n, SCALAR, frozenset(("integer", "index"))) for n in dict.fromkeys(inside) if n not in declarations and n not in sizes)


def _places(lengths: Lengths, part: Node, size: Size, text: str) -> Places:
    if isinstance(part, Slice):
        return _range(lengths, part, size)
    start = lengths.index_value(part)
    if start is None:
        raise NotDifferentiableError(f"a look-up is no part of a variable: {unparse(part)} may name a place twice.", text=text, span=part.span)
    return Places(size, start + size if start.number is not None and start.number < 0 else start)


def _range(lengths: Lengths, part: Slice, size: Size) -> Places:
    step = 1 if part.step is None else lengths.size_or_negative(part.step).number or 1
    start = lengths.slice_bound(part.start, size, ZERO if step > 0 else size - 1)
    stop = lengths.slice_bound(part.stop, size, size if step > 0 else Size.of(-1))
    length = stop - start if step > 0 else start - stop
    if abs(step) != 1:
        count = length.steps(abs(step))
        assert count is not None, "a stepped slice of an unknown length passed the inference; please report this as a bug"
        length = count
    return Places(size, start, step, length)


def _unknown(name: str, declarations: Mapping[str, Declaration]) -> WrtError:
    if any(name in s.names for d in declarations.values() for s in d.sizes):
        return NotDifferentiableError(f"{name} is a size, a whole number: there is no derivative by it.")
    near = get_close_matches(name, list(declarations), 1)
    return UnknownNameError(
        f"'{name}' is not a variable of the formula.",
        hint=f"did you mean '{near[0]}'?" if near else f"its variables are {', '.join(declarations) or 'none'}.",
    )
