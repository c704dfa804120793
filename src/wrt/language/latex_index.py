r"""Indices and what binds them: A_{ij}, x_{i+1}, and the limits of \sum, \prod, \max. LaTeX counts from 1, the tree from 0.

An index i of \sum_{i=1}^n is bound as range(n), its number is i + 1, and x_i is x[i]; one that starts at 0, as k in \sum_{k=0}^3 x^k, stays as typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wrt.errors import Span, TextError, UnknownNameError
from wrt.language.latex_raw import Token
from wrt.language.sizes import Size
from wrt.language.surface import Node, Slice
from wrt.tables.facts import closure

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser

RELATIONS = {"=": "==", "<": "<", ">": ">", "le": "<=", "ge": ">=", "ne": "!="}
SLICES = (":", "·", "*", "bullet", "cdot")


@dataclass(slots=True, eq=False)
class Bound:
    """A bound index: how it is spelt, its name in the tree, its value less the name's (1 when it counts from 1), the axes it runs over."""

    spelling: str
    name: str
    span: Span
    shift: int = 1
    start: Size | None = None  # the values it takes, as LaTeX counts; None where its use must tell
    stop: Size | None = None
    axes: list[Size] = field(default_factory=list)

    @property
    def value(self) -> Size:
        return Size.of(self.name) + self.shift


@dataclass(slots=True)
class Limits:
    """What the script of a sum binds, and the conditions it sets: (relation, left, right) in the values of LaTeX."""

    indices: list[Bound]
    conditions: list[tuple[str, Size, Size]]


# ------------------------------------------------------------------------------------------------ index expressions
def split(words: Sequence[Token], signs: tuple[str, ...]) -> list[list[Token]]:
    """The parts between signs outside brackets."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for word in words:
        depth += (word.text in ("{", "(", "[", "\\{")) - (word.text in ("}", ")", "]", "\\}"))
        if depth == 0 and word.kind in ("op", "newline", "command") and word.text in signs:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def where(words: Sequence[Token], default: Span) -> Span:
    return (words[0].start, words[-1].end) if words else default


def unwrapped(words: list[Token]) -> list[Token]:
    """Without braces or parentheses around the whole."""
    while len(words) > 1 and (words[0].text, words[-1].text) in (("{", "}"), ("(", ")")) and len(split(words[1:-1], ("}", ")"))) == 1:
        words = words[1:-1]
    return words


def affine(p: Parser, words: list[Token], span: Span) -> Size:
    """The value, as LaTeX counts, of i, 3, i+1, 2i-1, n-i+1. Raises: TextError, UnknownNameError for a free index."""
    total, sign, product, empty = Size.of(0), 1, Size.of(1), True
    for word in [w for w in words if w.text not in ("{", "}", "(", ")")]:
        if word.kind == "op" and word.text in ("+", "-"):
            if not empty:
                total = total + product * sign
            sign, product, empty = (1 if word.text == "+" else -1) * (sign if empty else 1), Size.of(1), True
            continue
        if word.kind == "op" and word.text == "·" and not empty:
            continue
        if not empty and word.kind == "name" and not product.number:
            raise TextError(
                f"'{p.text[slice(*where(words, span))]}' is no index here: two names side by side.",
                text=p.text,
                span=where(words, span),
                hint="put a comma between two indices.",
            )
        product, empty = product * term(p, word), False
    if empty:
        raise TextError("an index is missing.", text=p.text, span=where(words, span))
    return total + product * sign


def term(p: Parser, word: Token) -> Size:
    """The value of one name or number in an index."""
    if word.kind == "number" and word.text.isdigit():
        return Size.of(int(word.text))
    if word.kind == "name" and word.text in ("0", "1"):
        return Size.of(int(word.text))
    if word.kind in ("name", "word"):
        if word.text in p.indices:
            return p.indices[word.text].value
        found = p.names.find(word.text)
        if found is not None and found[1] == "size":
            return Size.of(found[0])
        if found is not None and found[1] == "variable":
            d = p.build.declarations.get(found[0])
            if d is not None and not d.shape.order and "integer" in closure(d.facts):
                return Size.of(found[0])
        if found is None and p.assuming and word.text in p.size_words:
            p.build.sizes[word.text] = None
            p.names.add(word.text, "size")
            return Size.of(word.text)
        bound = f"; the index of this sum is {', '.join(p.indices)}" if p.indices else ""
        raise UnknownNameError(
            f"the index {word.text} is free: no sum binds it{bound}.", text=p.text, span=word.span, hint=rf"write \sum_{{{word.text}=1}}^n over it."
        )
    raise TextError(f"'{p.text[slice(*word.span)]}' is no index.", text=p.text, span=word.span)


def positions(p: Parser, words: list[Token], sizes: Sequence[Size], span: Span) -> list[Size | None]:
    r"""The values of the indices of an entry, one an axis, None for a whole axis (A_{i,:}, A_{i\cdot})."""
    pieces = split(words, (",", ";"))
    if len(pieces) == 1 and len(sizes) > 1:
        pieces = atoms(unwrapped(list(words)))
    if len(pieces) != len(sizes):
        count = f"{len(sizes)} ind{'ex' if len(sizes) == 1 else 'ices'}"
        raise TextError(
            f"'{p.text[slice(*where(words, span))]}' is {len(pieces)} ind{'ex' if len(pieces) == 1 else 'ices'}; {count} fit here.",
            text=p.text,
            span=span,
            hint="a row is written A_{i,:}, a column A_{:,j}."
            if len(sizes) == 2 and len(pieces) == 1
            else "put commas between indices."
            if len(pieces) > len(sizes)
            else "",
        )
    out: list[Size | None] = []
    for piece, size in zip(pieces, sizes, strict=True):
        piece = unwrapped(piece)
        if len(piece) == 1 and piece[0].text in SLICES:
            out.append(None)
            continue
        out.append(affine(p, piece, span))
        if len(piece) == 1 and piece[0].text in p.indices:
            p.indices[piece[0].text].axes.append(size)
    return out


def atoms(words: list[Token]) -> list[list[Token]]:
    """ij, 12, i1, {i+1}j: one index a letter, a digit or a group."""
    out: list[list[Token]] = []
    depth = 0
    for word in words:
        if depth:
            out[-1].append(word)
        elif word.kind == "number":
            out += [[word._replace(text=c, start=word.start + k, end=word.start + k + 1)] for k, c in enumerate(word.text)]
        elif word.kind == "op" and word.text in ("+", "-"):
            return [words]
        else:
            out.append([word])
        depth += (word.text == "{") - (word.text == "}")
    return out


def entry_part(p: Parser, value: Size | None, size: Size, span: Span) -> Node:
    """One index of an entry as the tree counts; literal numbers are checked."""
    if value is None:
        return Slice(None, None, None, span=span)
    place = value - 1
    first = value.substitute(
        {b.name: b.start - b.shift for b in p.indices.values() if b.start is not None and _coefficient(value, b.name) > 0}
    ).number
    if first is not None and first < 1 and value.number is None:
        raise p.algebra.misfit(f"this index starts at {first}; in LaTeX indices count from 1.", span, r"write \sum_{i=1}^{n}.")
    length = p.build.unifier.find(size).number
    if place.number is not None and (place.number < 0 or (length is not None and place.number >= length)):
        top = p.build.unifier.find(size)
        raise p.algebra.misfit(f"the index {value} leaves 1 .. {top}; in LaTeX indices count from 1.", span)
    return p.build.size(place, span, [b.name for b in p.indices.values()])


def _coefficient(value: Size, name: str) -> int:
    return next((k for monomial, k in value.terms if monomial == ((name, 1),)), 0)


def compared(p: Parser, left: Size, right: Size, span: Span) -> tuple[Node, Node]:
    """Two index values less what both add: i + 1 == j + 1 is i == j, i + 1 == 2 is i == 1."""
    added = [dict(side.terms).get((), 0) for side in (left, right) if side.number is None]
    common = min(added, default=0)
    names = [bound.name for bound in p.indices.values()]
    return p.build.size(left - common, span, names), p.build.size(right - common, span, names)
