r"""Indices and what binds them: A_{ij}, x_{i+1}, and the limits of \sum, \prod, \max. LaTeX counts from 1, the tree from 0.

An index i of \sum_{i=1}^n is bound as range(n), its number is i + 1, and x_i is x[i]; one that starts at 0, as k in \sum_{k=0}^3 x^k, stays as typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wrt.errors import Span, TextError, UnknownNameError
from wrt.language.latex_tokens import Token
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Loop, Node, Slice
from wrt.tables.facts import closure

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser

RELATIONS = {"=": "==", "<": "<", ">": ">", "le": "<=", "ge": ">=", "ne": "!="}
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "!=": "!=", "==": "=="}
SLICES = (":", "·", "*", "bullet", "cdot")
SPARE = "ijklrstuvpqabc"


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
            raise TextError(f"'{p.text[slice(*where(words, span))]}' is no index here: two names side by side.", text=p.text, span=where(words, span), hint="put a comma between two indices.")
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
        raise UnknownNameError(f"the index {word.text} is free: no sum binds it{bound}.", text=p.text, span=word.span, hint=rf"write \sum_{{{word.text}=1}}^n over it.")
    raise TextError(f"'{p.text[slice(*word.span)]}' is no index.", text=p.text, span=word.span)


def positions(p: Parser, words: list[Token], sizes: Sequence[Size], span: Span) -> list[Size | None]:
    r"""The values of the indices of an entry, one an axis, None for a whole axis (A_{i,:}, A_{i\cdot})."""
    pieces = [piece for piece in split(words, (",", ";"))]
    if len(pieces) == 1 and len(sizes) > 1:
        pieces = atoms(unwrapped(list(words)))
    if len(pieces) != len(sizes):
        count = f"{len(sizes)} ind{'ex' if len(sizes) == 1 else 'ices'}"
        raise TextError(
            f"'{p.text[slice(*where(words, span))]}' is {len(pieces)} ind{'ex' if len(pieces) == 1 else 'ices'}; {count} fit here.",
            text=p.text,
            span=span,
            hint="a row is written A_{i,:}, a column A_{:,j}." if len(sizes) == 2 and len(pieces) == 1 else "put commas between indices." if len(pieces) > len(sizes) else "",
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
    length = p.build.unifier.find(size).number
    if place.number is not None and (place.number < 0 or (length is not None and place.number >= length)):
        top = p.build.unifier.find(size)
        raise p.algebra.misfit(f"the index {value} leaves 1 .. {top}; in LaTeX indices count from 1.", span)
    return p.build.size(place, span, [b.name for b in p.indices.values()])


# ------------------------------------------------------------------------------------------------ limits
class Reader:
    """One script under a sum: i=1, i,j=1, i<j, 1 \\le i < j \\le n, i \\in [n], (i,j) \\in [m] \\times [n], j \\ne i."""

    def __init__(self, p: Parser, span: Span) -> None:
        self.p = p
        self.span = span
        self.found: dict[str, Bound] = {}
        self.conditions: list[tuple[str, Size, Size]] = []
        self.last: list[Bound] = []

    def fail(self, words: Sequence[Token], hint: str = "") -> TextError:
        span = where(words, self.span)
        return TextError(f"'{self.p.text[slice(*span)]}' does not say which indices are summed over.", text=self.p.text, span=span, hint=hint or r"write \sum_{i=1}^n.")

    def read(self, below: list[Token], above: list[Token]) -> Limits:
        below = [w._replace(kind="op", text=",") if w.kind == "newline" else w for w in below if not (w.kind == "command" and w.text in ("substack", "quad"))]
        waiting: list[Bound] = []
        dots = False
        for piece in split(unwrapped(below), (",", ";", ":", "|")):
            piece = [w for w in unwrapped(piece) if not (w.kind == "word" and w.text in ("s.t.", "st", "such that", "and", "with"))]
            if not piece:
                continue
            if piece[0].text == "ldots" and len(piece) == 1:
                dots = True
            elif dots and self.last:
                for bound in self.last:
                    bound.stop = affine(self.p, piece, self.span)
                dots = False
            elif len(piece) == 1 and piece[0].kind == "number" and self.last:
                continue  # the 2 of i=1,2,\dots,n
            elif not any(w.text in RELATIONS or w.text in ("in", "notin") for w in piece):
                waiting += self.fresh(piece)
            else:
                waiting = self.relation(piece, waiting)
        if above:
            self.upper(above)
        if not self.found:
            raise self.fail(below)
        return Limits(list(self.found.values()), self.conditions)

    def upper(self, above: list[Token]) -> None:
        if any(w.text == "infty" for w in above):
            raise TextError("an infinite sum is not supported.", text=self.p.text, span=where(above, self.span))
        stop = affine(self.p, unwrapped(above), self.span)
        for bound in self.found.values():
            if bound.stop is None:
                bound.stop = stop
            if bound.start is None:
                bound.start = Size.of(1)

    def fresh(self, words: list[Token]) -> list[Bound]:
        """New indices: i, ij, or (i)."""
        out: list[Bound] = []
        for word in words:
            if word.text in ("(", ")", "{", "}"):
                continue
            if word.kind != "name":
                raise self.fail(words)
            out.append(self.bind(word))
        return out

    def bind(self, word: Token) -> Bound:
        p = self.p
        if word.text in p.indices or word.text in self.found:
            raise TextError(f"the index {word.text} is bound already.", text=p.text, span=word.span, hint="use another letter.")
        found = p.names.find(word.text)
        if found is not None and found[1] == "variable" and p.build.declarations[found[0]].shape.order:
            raise TextError(f"{word.text} is a variable: an index needs a letter of its own.", text=p.text, span=word.span)
        taken = {*p.build.declarations, *p.build.sizes, *p.build.steps, *(b.name for b in p.indices.values()), *(b.name for b in self.found.values())}
        choices = [word.text, *SPARE, *(f"{word.text}{k}" for k in range(1, 100))]
        bound = Bound(word.text, next(c for c in choices if c not in taken and c not in ("e", "inf", "pi")), word.span)
        self.found[word.text] = bound
        return bound

    def known(self, words: list[Token]) -> bool:
        """Whether an operand is one letter that nothing binds yet."""
        word = words[0] if len(words) == 1 else None
        return not (word is not None and word.kind == "name" and word.text not in ("0", "1") and word.text not in self.p.indices and word.text not in self.found and self.p.names.find(word.text) is None)

    def relation(self, words: list[Token], waiting: list[Bound]) -> list[Bound]:
        """operand relation operand ...; returns the indices still waiting for their range."""
        operands: list[list[Token]] = [[]]
        relations: list[str] = []
        for word in words:
            if word.kind in ("op", "command") and (word.text in RELATIONS or word.text in ("in", "notin")):
                relations.append(word.text)
                operands.append([])
            else:
                operands[-1].append(word)
        if relations[0] in ("in", "notin"):
            return self.member(operands, relations, waiting, words)
        if relations == ["="]:
            new = [*waiting, *self.fresh(operands[0])]
            for bound in new:
                self.begin(bound, operands[1])
            self.last = new
            return []
        self.ordered(operands, [RELATIONS[r] for r in relations if r in RELATIONS], words)
        return []

    def begin(self, bound: Bound, words: list[Token]) -> None:
        bound.start = affine(self.p, words, self.span)
        if bound.start.number == 0:
            bound.shift = 0

    def member(self, operands: list[list[Token]], relations: list[str], waiting: list[Bound], words: list[Token]) -> list[Bound]:
        r"""i \in [n], i,j \in \{1,\dots,n\}, (i,j) \in [m] \times [n]."""
        if relations != ["in"]:
            raise self.fail(words)
        new = [*waiting, *self.fresh([w for w in operands[0] if w.text != ","])]
        sets = split(operands[1], ("×", "times"))
        if len(sets) not in (1, len(new)):
            raise self.fail(words)
        for k, bound in enumerate(new):
            piece = sets[k if len(sets) > 1 else 0]
            bound.start, bound.stop = Size.of(1), self.set_size(piece, words)
        return []

    def set_size(self, piece: list[Token], words: list[Token]) -> Size:
        inner = piece[1:-1]
        if len(piece) >= 3 and (piece[0].text, piece[-1].text) == ("[", "]") and len(split(inner, (",",))) == 1:
            return affine(self.p, inner, self.span)
        if len(piece) >= 5 and (piece[0].text, piece[-1].text) in (("\\{", "\\}"), ("[", "]")):
            parts = split(inner, (",",))
            dots = len(parts) == 2 and parts[0][0].text == "1" and piece[0].text == "[" or any(len(part) == 1 and part[0].text == "ldots" for part in parts)
            if dots and len(parts[0]) == 1 and parts[0][0].text == "1":
                return affine(self.p, parts[-1], self.span)
        raise self.fail(words, r"a set of indices is written [n] or \{1, \dots, n\}.")

    def ordered(self, operands: list[list[Token]], relations: list[str], words: list[Token]) -> None:
        r"""i < j, j \ne i, 1 \le i < j \le n."""
        if len(relations) != len(operands) - 1 or not all(operands):
            raise self.fail(words)
        new = [self.bind(o[0]) if not self.known(o) else None for o in operands]
        values = [affine_with(self.p, o, self.found, self.span) for o in operands]
        stops: list[Size] = []
        for k, relation in enumerate(relations):
            left, right = new[k], new[k + 1]
            literal = [k if operands[k][0].text not in {**self.p.indices, **self.found} else -1, k + 1 if operands[k + 1][0].text not in {**self.p.indices, **self.found} else -1]
            if right is not None and relation in ("<", "<=") and k == 0 and literal[0] == 0 and right.start is None:
                right.start = values[0] + (relation == "<")
                if right.start.number == 0:
                    right.shift = 0
            elif left is not None and relation in ("<", "<=") and k + 1 == len(relations) and literal[1] == k + 1 and (len(relations) > 1):
                left.stop = values[k + 1] - (relation == "<")
                stops.append(left.stop)
            else:
                self.conditions.append((relation, values[k], values[k + 1]))
        for bound in new:
            if bound is not None and stops:
                bound.stop = bound.stop or stops[0]
                bound.start = bound.start or Size.of(1)


def affine_with(p: Parser, words: list[Token], more: dict[str, Bound], span: Span) -> Size:
    """`affine` with the indices that the same script binds."""
    before = p.indices
    p.indices = {**before, **more}
    try:
        return affine(p, words, span)
    finally:
        p.indices = before


def limits(p: Parser, below: list[Token], above: list[Token], span: Span) -> Limits:
    """The indices and conditions of the scripts of a sum."""
    return Reader(p, span).read(below, above)


def close(p: Parser, found: Limits, span: Span) -> tuple[tuple[Loop, ...], tuple[Node, ...]]:
    """The loops and conditions, once the body has told the ranges that were not typed."""
    loops: list[Loop] = []
    names = [b.name for b in (*p.indices.values(), *found.indices)]
    for bound in found.indices:
        if bound.stop is None:
            bound.stop = _range(p, bound)
            bound.start = bound.start or Size.of(1)
        start, stop = (bound.start or Size.of(1)) - bound.shift, bound.stop + (1 - bound.shift)
        loop = Loop(bound.name, p.build.size(start, span, names), p.build.size(stop, span, names), span=bound.span)
        if any(n.startswith("?") for n in stop.names):
            p.build.open.append((loop, (stop,), f"the range of {bound.spelling}"))
        elif len(loop.name) and bound.start is not None and bound.start.number == 1:
            for axis in bound.axes:  # undeclared arrays get their sizes from the range
                if any(n.startswith("?") for n in p.build.unifier.find(axis).names):
                    p.build.unifier.unify(axis, stop)
        loops.append(p.build.put(loop, bound.span))
    conditions = [p.build.put(Binary(op, *_compared(p, left, right, span, names)), span) for op, left, right in found.conditions]
    return tuple(loops), tuple(conditions)


def _compared(p: Parser, left: Size, right: Size, span: Span, names: list[str]) -> tuple[Node, Node]:
    """Two index values with what both add taken away: i + 1 == j + 1 is i == j."""
    common = min((dict(left.terms).get((), 0), dict(right.terms).get((), 0)))
    if left.number is None and right.number is None:
        left, right = left - common, right - common
    else:
        number, other = (left, right) if left.number is not None else (right, left)
        shift = dict(other.terms).get((), 0)
        left, right = left - shift, right - shift
        del number
    return p.build.size(left, span, names), p.build.size(right, span, names)


def _range(p: Parser, bound: Bound) -> Size:
    """The size of the axes an index runs over."""
    if not bound.axes:
        raise TextError(f"how far does the index {bound.spelling} run?", text=p.text, span=bound.span, hint=rf"write \sum_{{{bound.spelling}=1}}^n.")
    first, *others = bound.axes
    for size in others:
        if not p.build.unifier.unify(first, size):
            a, b = p.build.unifier.find(first), p.build.unifier.find(size)
            raise TextError(f"the index {bound.spelling} runs over {a} and over {b}.", text=p.text, span=bound.span, hint=rf"write \sum_{{{bound.spelling}=1}}^n.")
    return p.build.unifier.find(first)
