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
from wrt.language.surface import Index, Node, Slice
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
    on_data: list[list[Token]] = field(default_factory=list)  # conditions on entries, y_i > 0: their words


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
    r"""The value, as LaTeX counts, of i, 3, i+1, 2i-1, n-i+1, m \cdot n, n^{2}. Raises: TextError, UnknownNameError for a free index."""
    words = whole_names(words)
    total, sign, product = Size.of(0), 1, Size.of(1)
    last: Size | None = None  # the factor before, None at the start of a term
    joined = raised = False
    for word in [w for w in words if w.text not in ("{", "}", "(", ")")]:
        if raised and last is not None and word.kind == "number" and word.text in ("2", "3", "4"):
            for _ in range(int(word.text) - 1):
                product = product * last
            raised = False
        elif word.kind == "op" and word.text in ("+", "-") and not raised and not joined:
            if last is not None:
                total = total + product * sign
            sign = (1 if word.text == "+" else -1) * (sign if last is None else 1)
            product, last = Size.of(1), None
        elif word.kind == "op" and word.text in ("·", "×", "^") and last is not None and not joined and not raised:
            joined, raised = word.text != "^", word.text == "^"
        elif last is not None and word.kind == "name" and not product.number and not joined:
            place = where(words, span)
            raise TextError(
                f"'{p.text[slice(*place)]}' is no index here: two names side by side.",
                text=p.text,
                span=place,
                hint="put a comma between two indices.",
            )
        else:
            last = term(p, word)
            product, joined = product * last, False
    if last is None or joined or raised:
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
                return Size.of(found[0]) + ("index" in d.facts)
        if found is None and p.assuming and word.text in p.size_words:
            p.build.sizes[word.text] = None
            p.names.add(word.text, "size")
            return Size.of(word.text)
        bound = f"; the index of this sum is {', '.join(p.indices)}" if p.indices else ""
        hint = rf"write \sum_{{{word.text}=1}}^n over it, declare {word.text}: integer for the entry at a place, or spell a variable of its own in names={{...}}."
        if word.text in p.ended:
            hint = f"the sum over {word.text} ends before + and -: put brackets around all that is summed."
        raise UnknownNameError(f"the index {word.text} is free: no sum binds it{bound}.", text=p.text, span=word.span, hint=hint)
    raise TextError(f"'{p.text[slice(*word.span)]}' is no index.", text=p.text, span=word.span)


def whole_names(words: Sequence[Token]) -> list[Token]:
    """The words with an index that has a number of its own, i_{1}, as one."""
    out: list[Token] = []
    for word in words:
        out.append(word)
        if word.text == "}" and len(out) > 4 and out[-3].text == "{" and out[-4].text == "_" and out[-5].kind == "name" and out[-2].kind == "number":
            out[-5:] = [out[-5]._replace(text=f"{out[-5].text}_{out[-2].text}", end=word.end)]
    return out


def look_up(p: Parser, piece: Sequence[Token], span: Span) -> Node | None:
    """A declared vector of whole numbers as an index, E_{idx,:}, an entry of one, X_{i,y_i}, or one at another, x_{u_{v}}; None for anything else."""
    places = where(piece, span)
    names: list[tuple[str, Size]] = []
    while (found := whole_vector(p, piece)) is not None:
        name, size, piece = found
        names.append((name, size))
        p.notes[f"the entries of {name} are places counted from 0"] = None
    if not names:
        return None
    node: Node | None = None
    if piece:
        place = affine(p, list(piece), span)
        p.note_axis(piece, names[-1][1])
        node = p.build.size(place - 1, span, [b.name for b in p.indices.values()])
    for name, _ in reversed(names):
        vector = p.build.name(name, "variable", places)
        node = vector if node is None else p.build.put(Index(vector, (node,)), places)
    return node


def whole_vector(p: Parser, piece: Sequence[Token]) -> tuple[str, Size, Sequence[Token]] | None:
    """(name, size, the words of its subscript) of the declared vector of whole numbers that stands here."""
    head = next((k for k, w in enumerate(piece) if w.text == "_"), len(piece))
    if not piece or any(w.kind not in ("name", "word") for w in piece[:head]):
        return None
    spelling = "".join(w.text for w in piece[:head])
    found = None if spelling in p.indices else p.names.find(spelling)
    if found is None or found[1] != "variable":
        return None
    d = p.build.declarations.get(found[0])
    if d is None or d.shape.kind != "column" or "integer" not in closure(d.facts):
        return None
    return found[0], d.shape.sizes[0], unwrapped(list(piece[head + 1 :]))


@dataclass(slots=True)
class Range:
    """a : b or a : step : b in a place, both ends included; all None for a whole axis."""

    start: Size | None = None
    stop: Size | None = None
    step: Size | None = None


def positions(p: Parser, words: list[Token], sizes: Sequence[Size], span: Span) -> list[Size | Range | Node]:
    r"""The values of the indices of an entry, one an axis; A_{i,:} and A_{i\cdot} leave a whole axis, x_{2:n} a part of one."""
    words = whole_names(words)
    pieces = split(words, (",", ";"))
    if len(pieces) == 1 and len(sizes) > 1:
        pieces = atoms(unwrapped(list(words)))
    if len(pieces) != len(sizes):
        count = f"{len(sizes)} ind{'ex' if len(sizes) == 1 else 'ices'}"
        row = len(sizes) == 2 and len(pieces) == 1
        raise TextError(
            f"'{p.text[slice(*where(words, span))]}' is {len(pieces)} ind{'ex' if len(pieces) == 1 else 'ices'}; {count} fit here.",
            text=p.text,
            span=span,
            hint="a row is written A_{i,:}, a column A_{:,j}." if row else "put commas between indices." if len(pieces) > len(sizes) else "",
        )
    out: list[Size | Range | Node] = []
    for piece, size in zip(pieces, sizes, strict=True):
        piece = unwrapped(piece)
        ends = split(piece, (":",))
        if (found := look_up(p, piece, span)) is not None:
            out.append(found)
        elif len(piece) == 1 and piece[0].text in SLICES:
            out.append(Range())
        elif len(ends) in (2, 3) and all(ends):
            first, *middle, last = (affine(p, unwrapped(end), span) for end in ends)
            out.append(Range(first, last, middle[0] if middle else None))
        else:
            out.append(affine(p, piece, span))
            p.note_axis(piece, size)
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


def entry_part(p: Parser, value: Size | Range | Node, size: Size, span: Span) -> Node:
    """One index of an entry as the tree counts; literal numbers are checked."""
    if isinstance(value, Node):
        return value
    if isinstance(value, Range):
        return part_of_axis(p, value, size, span)
    place = value - 1
    from_one(p, value, span, r"write \sum_{i=1}^{n}.")
    length = p.build.unifier.find(size).number
    if place.number is not None and (place.number < 0 or (length is not None and place.number >= length)):
        top = p.build.unifier.find(size)
        shown = p.text[slice(*span)].partition("^")[0]
        hint = f'if {shown} is a variable of its own, declare it and say names={{"{shown}": ...}}.' if value.number == 0 else ""
        raise p.algebra.misfit(f"the index {value} leaves 1 .. {top}; in LaTeX indices count from 1.", span, hint)
    return p.build.size(place, span, [b.name for b in p.indices.values()])


def from_one(p: Parser, value: Size, span: Span, hint: str) -> None:
    """Refuse an index that starts below 1, as in a sum from 0."""
    starts = {b.name: b.start - b.shift for b in p.indices.values() if b.start is not None and _coefficient(value, b.name) > 0}
    first = value.substitute(starts).number
    if first is not None and first < 1 and value.number is None:
        raise p.algebra.misfit(f"this index starts at {first}; in LaTeX indices count from 1.", span, hint)


def part_of_axis(p: Parser, part: Range, size: Size, span: Span) -> Slice:
    """a : b as the tree slices: from a - 1 up to b; a : -s : b from a - 1 down to b - 1, both ends included."""
    if part.start is None or part.stop is None:
        return Slice(None, None, None, span=span)
    names = [b.name for b in p.indices.values()]
    if part.step is not None and part.step.number is not None and part.step.number < 0:
        if part.stop.number is not None and part.stop.number < 1:
            raise p.algebra.misfit(f"the index {part.stop} leaves 1 .. {p.build.unifier.find(size)}; in LaTeX indices count from 1.", span)
        first = None if p.build.unifier.find(part.start) is p.build.unifier.find(size) else p.build.size(part.start - 1, span, names)
        last = None if part.stop.number == 1 else p.build.size(part.stop - 2, span, names)
        return Slice(first, last, p.build.size(part.step, span), span=span)
    whole = p.build.unifier.find(part.stop) is p.build.unifier.find(size)
    start = p.build.size(part.start - 1, span, names) if part.start.number != 1 else None
    stop = p.build.size(part.stop, span, names) if not whole else None
    if part.start.number is not None and part.start.number < 1:
        raise p.algebra.misfit(f"the index {part.start} leaves 1 .. {p.build.unifier.find(size)}; in LaTeX indices count from 1.", span)
    return Slice(start, stop, p.build.size(part.step, span) if part.step is not None else None, span=span)


def _coefficient(value: Size, name: str) -> int:
    return next((k for monomial, k in value.terms if monomial == ((name, 1),)), 0)


def compared(p: Parser, left: Size, right: Size, span: Span) -> tuple[Node, Node]:
    """Two index values less what both add: i + 1 == j + 1 is i == j, i + 1 == 2 is i == 1."""
    added = [dict(side.terms).get((), 0) for side in (left, right) if side.number is None]
    common = min(added, default=0)
    names = [bound.name for bound in p.indices.values()]
    return p.build.size(left - common, span, names), p.build.size(right - common, span, names)
