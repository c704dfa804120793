r"""What stands under a sum: which indices it binds, over which ranges, under which conditions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from wrt.errors import Span, TextError
from wrt.language.latex_index import RELATIONS, Bound, Limits, affine, compared, split, unwrapped, where, whole_names
from wrt.language.latex_raw import Token
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Loop, Node

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser

FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "!=": "!=", "==": "=="}
SPARE = "ijklrstuvpqabc"


class Reader:
    r"""One script under a sum: i=1, i,j=1, i<j, 1 \le i < j \le n, i \in [n], (i,j) \in [m] \times [n], j \ne i."""

    def __init__(self, p: Parser, span: Span, at: int) -> None:
        self.at = at  # the character at which the sum stands
        self.p = p
        self.span = span
        self.found: dict[str, Bound] = {}
        self.conditions: list[tuple[str, Size, Size]] = []
        self.on_data: list[list[Token]] = []
        self.last: list[Bound] = []

    def fail(self, words: Sequence[Token], hint: str = "") -> TextError:
        span = where(words, self.span)
        return TextError(
            f"'{self.p.text[slice(*span)]}' does not say which indices are summed over.",
            text=self.p.text,
            span=span,
            hint=hint or r"write \sum_{i=1}^n.",
        )

    def read(self, below: list[Token], above: list[Token]) -> Limits:
        below = [
            w._replace(kind="op", text=",") if w.kind == "newline" else w
            for w in below
            if not (w.kind == "command" and w.text in ("substack", "quad"))
        ]
        if below and (below[0].text, below[-1].text) == ("\\{", "\\}"):  # {i : y_i > 0}
            below = below[1:-1]
        bars = sum(w.text == "|" and w.kind == "op" for w in below)  # one is "such that", two are an absolute value
        waiting: list[Bound] = []
        dots = False
        for piece in split(unwrapped(whole_names(below)), (",", ";", ":", *["|"] * (bars == 1))):
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
            elif self.of_data(piece):
                self.on_data.append(piece)
            elif not any(w.text in RELATIONS or w.text in ("in", "notin") for w in piece):
                waiting += self.fresh(piece)
            else:
                waiting = self.relation(piece, waiting)
        if above:
            self.upper(above)
        if not self.found:
            raise self.fail(below)
        return Limits(list(self.found.values()), self.conditions, self.on_data)

    def of_data(self, words: Sequence[Token]) -> bool:
        """Whether a condition is on the entries of a declared array, not on indices alone."""
        compares = any(w.text in RELATIONS for w in words)
        bases = [w for w, after in pairwise(words) if w.kind == "name" and after.text == "_"]
        spelt = {pattern.words[0].text for pattern in self.p.patterns}
        entries = self.p.assuming and any(w.text not in self.found for w in bases)
        return compares and (
            entries or any(w.text in spelt or ((found := self.p.names.find(w.text)) is not None and found[1] == "variable") for w in bases)
        )

    def upper(self, above: list[Token]) -> None:
        if any(w.text == "infty" for w in above):
            raise TextError("an infinite sum is not supported.", text=self.p.text, span=where(above, self.span))
        stops = [affine(self.p, unwrapped(piece), self.span) for piece in split(unwrapped(above), (",",))]
        open_ended = [bound for bound in self.found.values() if bound.stop is None]
        if len(stops) not in (1, len(open_ended)):
            raise self.fail(above)
        for k, bound in enumerate(open_ended):
            bound.stop = stops[k if len(stops) > 1 else 0]
            bound.start = bound.start or Size.of(1)

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
        if word.text in self.found or (word.text in p.indices and self.at in p.bodies):  # \sum_i \sum_i
            raise TextError(f"the index {word.text} is bound already.", text=p.text, span=word.span, hint="use another letter.")
        found = p.names.find(word.text)
        if found is not None and found[1] == "variable" and p.build.declarations[found[0]].shape.order:
            raise TextError(f"{word.text} is a variable: an index needs a letter of its own.", text=p.text, span=word.span)
        taken = {*p.build.declarations, *p.build.sizes, *p.build.steps, *(b.name for b in p.indices.values()), *(b.name for b in self.found.values())}
        choices = [word.text, *SPARE, *(f"{word.text}{k}" for k in range(1, 100))]
        bound = Bound(word.text, next(c for c in choices if c not in taken and c not in ("e", "inf", "pi")), word.span)
        self.found[word.text] = bound
        return bound

    def unbound(self, words: list[Token]) -> bool:
        """Whether an operand is one letter that nothing binds or declares yet."""
        if len(words) != 1 or words[0].kind != "name" or words[0].text in ("0", "1"):
            return False
        return words[0].text not in self.p.indices and words[0].text not in self.found and self.p.names.find(words[0].text) is None

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
            dots = (len(parts) == 2 and parts[0][0].text == "1" and piece[0].text == "[") or any(
                len(part) == 1 and part[0].text == "ldots" for part in parts
            )
            if dots and len(parts[0]) == 1 and parts[0][0].text == "1":
                return affine(self.p, parts[-1], self.span)
        raise self.fail(words, r"a set of indices is written [n] or \{1, \dots, n\}.")

    def ordered(self, operands: list[list[Token]], relations: list[str], words: list[Token]) -> None:
        r"""i < j, j \ne i, 1 \le i < j \le n."""
        if len(relations) != len(operands) - 1 or not all(operands):
            raise self.fail(words)
        new = [self.bind(o[0]) if self.unbound(o) else None for o in operands]
        plain = [n is None and not (len(o) == 1 and o[0].text in {**self.p.indices, **self.found}) for n, o in zip(new, operands, strict=True)]
        label = operands[1][0].text in ("c", "y")  # of the true class: \sum_{j \ne y}
        if relations == ["!="] and None not in new and (label or operands[0][0].text > operands[1][0].text):
            i = operands[1][0].text
            raise self.fail(words, rf"is {i} summed over too? Write \sum_{{{i}}}\sum_{{{operands[0][0].text} \ne {i}}}, or bind {i} in front.")
        compared: list[tuple[str, int, int]] = []
        for k, relation in enumerate(relations):
            low, high = (k + 1, k) if relation in (">", ">=") else (k, k + 1)
            relation = FLIPPED[relation] if relation in (">", ">=") else relation
            first, second = new[low], new[high]
            if relation in ("<", "<=") and plain[low] and second is not None:
                second.start = affine(self.p, operands[low], self.span) + (relation == "<")
                second.shift = 0 if second.start.number == 0 else 1
            elif relation in ("<", "<=") and plain[high] and first is not None:
                first.stop = affine(self.p, operands[high], self.span) - (relation == "<")
            else:
                compared.append((relation, low, high))
        stops = [bound.stop for bound in new if bound is not None and bound.stop is not None]
        for bound in new:
            if bound is not None and stops:
                bound.stop = bound.stop or stops[0]
                bound.start = bound.start or Size.of(1)
        for relation, low, high in compared:
            self.conditions.append(
                (relation, affine_with(self.p, operands[low], self.found, self.span), affine_with(self.p, operands[high], self.found, self.span))
            )


def affine_with(p: Parser, words: list[Token], more: dict[str, Bound], span: Span) -> Size:
    """`affine` with the indices that the same script binds."""
    before = p.indices
    p.indices = {**before, **more}
    try:
        return affine(p, words, span)
    finally:
        p.indices = before


def around(p: Parser) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """The scripts of [body]_{i,j = 1}^{m,n} when the bracket here is such an array: where their words stand, below and above."""
    if p.word().text != "[" or p.at not in p.closing:
        return None
    back, p.at = p.at, p.closing[p.at] + 1
    try:
        if not p.is_op(p.word(), "_"):
            return None
        p.at += 1
        below = p.argument_place()
        if not p.is_op(p.word(), "^") or not any(w.text == "=" and w.kind == "op" for w in p.some(below)):
            return None
        p.at += 1
        return below, p.argument_place()
    finally:
        p.at = back


def limits(p: Parser, below: list[Token], above: list[Token], span: Span, at: int) -> Limits:
    """The indices and conditions of the scripts of a sum; `at`: the character at which the sum stands."""
    return Reader(p, span, at).read(below, above)


def close(p: Parser, found: Limits, span: Span) -> tuple[tuple[Loop, ...], tuple[Node, ...]]:
    """The loops and conditions, once the body has told the ranges that were not typed; the indices are still in scope."""
    loops: list[Loop] = []
    names = [b.name for b in p.indices.values()]
    for bound in found.indices:
        if bound.stop is None:
            bound.stop = _range(p, bound)
            bound.start = bound.start or Size.of(1)
        _within(p, bound)
        start, stop = (bound.start or Size.of(1)) - bound.shift, bound.stop + (1 - bound.shift)
        loop = Loop(bound.name, p.build.size(start, span, names), p.build.size(stop, span, names), span=bound.span)
        if any(n.startswith("?") for n in stop.names):
            p.build.open.append((loop, (stop,), f"the range of {bound.spelling}"))
        elif bound.start is not None and bound.start.number == 1:
            for axis in bound.axes:  # undeclared arrays get their sizes from the range
                if any(n.startswith("?") for n in p.build.unifier.find(axis).names):
                    p.build.unifier.unify(axis, stop)
        loops.append(p.build.put(loop, bound.span))
    conditions = [p.build.put(Binary(op, *compared(p, left, right, span)), span) for op, left, right in found.conditions]
    return tuple(loops), tuple(conditions)


def _within(p: Parser, bound: Bound) -> None:
    """Refuse an index that runs to n but stands at an axis of another size d: nothing says that d reaches as far."""
    assert bound.stop is not None
    for axis in map(p.build.unifier.find, bound.axes):
        told = all(name in p.build.sizes for name in (*axis.names, *bound.stop.names))
        if axis.names and bound.stop.names and told and not set(axis.names) & set(bound.stop.names):
            message = f"the index {bound.spelling} runs to {bound.stop}, but stands where {axis} values are."
            raise TextError(message, text=p.text, span=bound.span, hint="what is it an index of? Say how a row or an entry is spelt in names={...}.")


def _range(p: Parser, bound: Bound) -> Size:
    """The size of the axes an index runs over."""
    if not bound.axes:
        raise TextError(f"how far does the index {bound.spelling} run?", text=p.text, span=bound.span, hint=rf"write \sum_{{{bound.spelling}=1}}^n.")
    first, *others = bound.axes
    for size in others:
        if not p.build.unifier.unify(first, size):
            a, b = p.build.unifier.find(first), p.build.unifier.find(size)
            raise TextError(
                f"the index {bound.spelling} runs over {a} and over {b}.", text=p.text, span=bound.span, hint=rf"write \sum_{{{bound.spelling}=1}}^n."
            )
    return p.build.unifier.find(first)
