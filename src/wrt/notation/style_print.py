"""The printer that all styles share: marks to text by one precedence table; a style is a record of spellings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from wrt.notation import unknown
from wrt.notation.style_mark import ATOM, JOIN, LINES, POWER, PRODUCT, QUOTIENT, RELATION, SERIES, SUM, Mark, Piece, is_negative, postorder

CALLED = frozenset("fghFGHφψΦΨ")  # a scalar of such a name before a bracket would be read as a function
PLAIN = frozenset(("name", "number", "times", "power", "symbol", "root"))  # what a short scalar below a fraction is made of
SHORT = frozenset(("name", "transpose", "norm", "eye", "ones"))  # the factors of a product that stands above a fraction
SIZED = frozenset(("eye", "ones", "zeros"))  # symbols with their sizes below, in brackets before an index: (I_n)_{1,j}
MOVING = frozenset(("tangent", "differential"))  # factors set apart: A dX B
Pieces = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """How one style spells.

    `signs`: by the names of the marks' texts, with "top", "-top", "-1", "cdot", "ones", "zeros", "eye", "delta", "e", "one" (the indicator), "entrywise".
    Functions take spelt parts: `raised`(base, above), `lowered`(base, below), `paired`(base, below, above), `fraction`, `enclosed`(left, body, right, tall), ...
    `flat`: fractions are written on one line, so that their parts need parentheses.
    """

    signs: Mapping[str, str]
    name: Callable[[Mark], tuple[str, bool]]
    number: Callable[[str], str]
    word: Callable[[str], str]
    function: Callable[[str], str]
    operator: Callable[[str], str]
    row: Callable[[Sequence[str]], str]
    tight: Callable[[Sequence[str]], str]
    beside: Callable[[Sequence[str]], str]
    enclosed: Callable[[str, str, str, bool], str]
    raised: Callable[[str, str], str]
    lowered: Callable[[str, str], str]
    fraction: Callable[[str, str], str]
    root: Callable[[str], str]
    series: Callable[[Sequence[tuple[str, str, str]], str], str]
    grid: Callable[[Sequence[Sequence[str]]], str]
    cases: Callable[[str, str, str], str]
    lines: Callable[[Sequence[tuple[str, str]], str], str]
    flat: bool = False
    brackets: Mapping[str, tuple[str, str]] = field(default_factory=lambda: {"(": ("(", ")"), "[": ("[", "]"), "|": ("|", "|"), "||": ("‖", "‖")})


def spell(root: Mark, style: Style) -> str:
    """The text of a mark in a style."""
    work = Printer(style)
    done: dict[int, Piece] = {}
    for mark in postorder(root):
        done[id(mark)] = work.piece(mark, tuple([done[id(part)] for part in mark.parts]))
    return done[id(root)].text


class Printer:
    """One style at work: a rule a kind of mark."""

    def __init__(self, style: Style) -> None:
        self.style = style

    def piece(self, mark: Mark, parts: Pieces) -> Piece:
        rule = getattr(self, f"_{mark.kind}")
        found: Piece = rule(mark, parts)
        return found

    # ------------------------------------------------------------------------------------------------ helpers
    def enclosed(self, kind: str, piece: Piece) -> str:
        left, right = self.style.brackets[kind]
        return self.style.enclosed(left, piece.text, right, piece.tall)

    def at(self, piece: Piece, level: int) -> str:
        """The text, in parentheses when it binds less tightly than its place."""
        return piece.text if piece.level >= level else self.enclosed("(", piece)

    def listed(self, texts: Sequence[str], sign: str = ", ") -> str:
        out: list[str] = []
        for n, text in enumerate(texts):
            out += [self.style.signs[sign], text] if n else [text]
        return self.style.tight(out)

    def sized(self, sign: str, parts: Pieces) -> Piece:
        """A symbol with its sizes below."""
        base = self.style.signs[sign]
        if not parts:
            return Piece(base, ATOM)
        below = parts[0].text if len(parts) == 1 else self.style.row([parts[0].text, self.style.signs["by"], parts[1].text])
        return Piece(self.style.lowered(base, below), ATOM, lowered=True)

    # ------------------------------------------------------------------------------------------------ leaves
    def _number(self, mark: Mark, parts: Pieces) -> Piece:
        return Piece(self.style.number(mark.text), QUOTIENT if "/" in mark.text else ATOM)

    def _name(self, mark: Mark, parts: Pieces) -> Piece:
        text, lowered = self.style.name(mark)
        return Piece(text, ATOM, lowered=lowered)

    def _symbol(self, mark: Mark, parts: Pieces) -> Piece:
        return Piece(self.style.signs[mark.text], ATOM)

    def _word(self, mark: Mark, parts: Pieces) -> Piece:
        return Piece(self.style.word(mark.text) if mark.text else "", ATOM)

    def _differential(self, mark: Mark, parts: Pieces) -> Piece:
        return Piece(self.style.tight([self.style.word("d"), self.enclosed("(", parts[0])]), ATOM, parts[0].tall)

    def _tangent(self, mark: Mark, parts: Pieces) -> Piece:
        """dX, (dX)^T."""
        return Piece(self.style.tight([self.style.word("d"), parts[0].text]), POWER, lowered=parts[0].lowered)

    def _partial(self, mark: Mark, parts: Pieces) -> Piece:
        """A name or an entry stands above the line, anything longer behind it in brackets."""
        sign = self.style.word("d") if mark.text else self.style.signs.get("partial") or self.style.operator("∂")
        below = self.style.tight([sign, parts[1].text])
        if mark.parts[0].kind in ("name", "entry"):
            return Piece(
                self.style.fraction(self.style.tight([sign, parts[0].text]), below), QUOTIENT if self.style.flat else ATOM, not self.style.flat
            )
        return Piece(self.style.row([self.style.fraction(sign, below), self.enclosed("[", parts[0])]), PRODUCT, True)

    def _limit(self, mark: Mark, parts: Pieces) -> Piece:
        arrow = self.style.signs.get("to") or self.style.operator("→")
        below = self.style.tight([parts[1].text, arrow, self.style.number("0")])
        return Piece(
            self.style.row([self.style.lowered(self.style.signs.get("lim") or self.style.function("lim"), below), self.at(parts[0], QUOTIENT)]),
            PRODUCT,
            parts[0].tall,
        )

    def _ones(self, mark: Mark, parts: Pieces) -> Piece:
        return self.sized("ones", parts)

    def _zeros(self, mark: Mark, parts: Pieces) -> Piece:
        return self.sized("zeros", parts)

    def _eye(self, mark: Mark, parts: Pieces) -> Piece:
        return self.sized("eye", parts)

    # ------------------------------------------------------------------------------------------------ signs
    def _sum(self, mark: Mark, parts: Pieces) -> Piece:
        out: list[str] = []
        for n, (sign, part) in enumerate(zip(mark.text, parts, strict=True)):
            text = self.at(part, SERIES)
            if n:
                out += [self.style.signs[sign], text]
            else:
                out.append(self.style.tight([self.style.signs["neg"], text]) if sign == "-" else text)
        return Piece(self.style.row(out), SUM, any(p.tall for p in parts))

    def _times(self, mark: Mark, parts: Pieces) -> Piece:
        out: list[str] = []
        for n, (part, piece) in enumerate(zip(mark.parts, parts, strict=True)):
            last = n == len(parts) - 1
            text = self.at(piece, SERIES if last and part.kind == "series" else QUOTIENT if last and part.text == "logdet" else POWER)
            if n:
                before = mark.parts[n - 1]
                called = before.kind == "name" and _opens(part) and (_named_only(part) or before.text == "σ" or _callable(before))
                digit = piece.level >= POWER and self._digit(part)
                apart = {part.kind, before.kind} & MOVING and "thin" in self.style.signs
                out.append(self.style.signs["cdot" if called or digit else "thin" if apart else "side"])
            out.append(text)
        return Piece(self.style.beside(out), PRODUCT, any(p.tall for p in parts))

    def _digit(self, mark: Mark) -> bool:
        """Whether a mark starts with a digit, so that it cannot stand beside what precedes it."""
        while mark.kind in ("power", "times", "entry", "transpose", "fraction") and mark.parts:
            if mark.kind == "fraction" and not self.style.flat:
                return False
            mark = mark.parts[0]
        return mark.kind == "number"

    def _join(self, mark: Mark, parts: Pieces) -> Piece:
        least = JOIN if mark.text == "cdot" else POWER
        chained = mark.text == "odot" and mark.parts[0].kind == "join" and mark.parts[0].text == "odot"  # a odot b odot c from the left
        texts = [self.at(p, JOIN if chained and n == 0 else least) for n, p in enumerate(parts)]
        return Piece(self.style.row([texts[0], self.style.signs[mark.text], texts[1]]), JOIN, any(p.tall for p in parts))

    def _fraction(self, mark: Mark, parts: Pieces) -> Piece:
        top, bottom = parts
        if self.style.flat:
            small = self.style.signs.get(f"{top.text}/{bottom.text}")
            if small is not None:
                return Piece(small, POWER)
            return Piece(self.style.fraction(self.at(top, PRODUCT), self.at(bottom, POWER)), QUOTIENT)
        return Piece(self.style.fraction(top.text, bottom.text), POWER, True)

    def _ratio(self, mark: Mark, parts: Pieces) -> Piece:
        """On one line A/b; else a fraction, which stands in front of a product where the scalar below is short: 1/n A x."""
        whole, bottom, rest, *front = parts
        if self.style.flat:
            return Piece(self.style.fraction(self.at(whole, PRODUCT), self.at(bottom, POWER)), QUOTIENT)
        below, body = [part.kind for part in postorder(mark.parts[1])], mark.parts[2]
        short = "root" in below and all(f.kind in SHORT for f in body.parts)
        if body.kind != "times" or short or not PLAIN.issuperset(below):
            return Piece(self.style.fraction(whole.text, bottom.text), POWER, True)
        top = front[0].text if front else self.style.number("1")
        return Piece(self.style.beside([self.style.fraction(top, bottom.text), self.at(rest, PRODUCT)]), PRODUCT, True)

    def _compare(self, mark: Mark, parts: Pieces) -> Piece:
        texts = [self.at(p, SUM) for p in parts]
        return Piece(self.style.row([texts[0], self.style.signs[mark.text], texts[1]]), RELATION, any(p.tall for p in parts))

    # ------------------------------------------------------------------------------------------------ scripts
    def above(self, base: Piece, text: str) -> Piece:
        return Piece(self.style.raised(self.at(base, ATOM), text), POWER, base.tall)

    def _power(self, mark: Mark, parts: Pieces) -> Piece:
        return self.above(parts[0], parts[1].text)

    def _entry_power(self, mark: Mark, parts: Pieces) -> Piece:
        """The exponent stands behind the sign of what goes entry by entry, so that more than one piece, but for a negative number, needs brackets."""
        bare = parts[1].level > SUM or (is_negative(mark.parts[1]) and mark.parts[1].parts[0].kind == "number")
        above = parts[1].text if bare else self.enclosed("(", parts[1])
        return self.above(parts[0], self.style.tight([self.style.signs["entrywise"], self.style.signs["side"], above]))

    def _transpose(self, mark: Mark, parts: Pieces) -> Piece:
        return self.above(parts[0], self.style.signs["top"])

    def _inverse(self, mark: Mark, parts: Pieces) -> Piece:
        return self.above(parts[0], self.style.signs["-1"])

    def _inverse_transpose(self, mark: Mark, parts: Pieces) -> Piece:
        return self.above(parts[0], self.style.signs["-top"])

    def _pseudo_inverse(self, mark: Mark, parts: Pieces) -> Piece:
        return self.above(parts[0], self.style.signs["plus"])

    def _exponential(self, mark: Mark, parts: Pieces) -> Piece:
        return Piece(self.style.raised(self.style.signs["e"], parts[0].text), POWER)

    def _entry(self, mark: Mark, parts: Pieces) -> Piece:
        base, *places = parts
        text = self.at(base, ATOM)
        if base.lowered and base.level == ATOM:
            text = self.enclosed("(", base) if mark.parts[0].kind in SIZED else self.style.enclosed("", text, "", False)
        return Piece(self.style.lowered(text, self.listed([p.text for p in places], ",")), ATOM, base.tall, True)

    def _slice(self, mark: Mark, parts: Pieces) -> Piece:
        out: list[str] = []
        for n, part in enumerate(parts):
            out += [self.style.signs[":"], part.text] if n else [part.text]
        return Piece(self.style.row(out) if out else self.style.signs[":"], ATOM)

    # ------------------------------------------------------------------------------------------------ functions, brackets
    def spelt(self, name: str) -> str:
        """A function's name: its letter or command, or with a prime its word."""
        return self.style.operator(name[:-1]) if name.endswith("'") else self.style.function(name)

    def _call(self, mark: Mark, parts: Pieces) -> Piece:
        inner = Piece(self.listed([p.text for p in parts]), ATOM, any(p.tall for p in parts))
        if mark.text == "logdet":
            return Piece(self.style.row([self.spelt("log"), self.style.signs["of"], inner.text]), QUOTIENT, inner.tall)
        word, _, which = mark.text.partition("_")
        name = self.style.lowered(self.style.word(word), self.style.word(which)) if word == "frechet" and which else self.spelt(mark.text)
        return Piece(self.style.tight([name, self.enclosed("(", inner)]), ATOM, inner.tall)

    def _applied(self, mark: Mark, parts: Pieces) -> Piece:
        return unknown.spelt(self, mark, parts)

    def _entry_call(self, mark: Mark, parts: Pieces) -> Piece:
        name = self.style.raised(self.spelt(mark.text), self.style.signs["entrywise"])
        return Piece(self.style.tight([name, self.enclosed("(", parts[0])]), ATOM, parts[0].tall)

    def _root(self, mark: Mark, parts: Pieces) -> Piece:
        inner = self.at(parts[0], ATOM) if self.style.flat else parts[0].text
        return Piece(self.style.root(inner), POWER, True)

    def _bars(self, mark: Mark, parts: Pieces) -> Piece:
        return Piece(self.enclosed("|", parts[0]), ATOM, parts[0].tall)

    def _norm(self, mark: Mark, parts: Pieces) -> Piece:
        text = self.enclosed("||", parts[0])
        below = parts[1].text if mark.text == "p" else self.style.signs.get(f"norm {mark.text}", mark.text)
        return Piece(self.style.lowered(text, below) if below else text, ATOM, parts[0].tall, bool(below))

    def _indicator(self, mark: Mark, parts: Pieces) -> Piece:
        return Piece(self.style.tight([self.style.signs["one"], self.enclosed("[", parts[0])]), ATOM, parts[0].tall)

    def _delta(self, mark: Mark, parts: Pieces) -> Piece:
        return Piece(self.style.lowered(self.style.signs["delta"], self.listed([p.text for p in parts], ",")), ATOM, lowered=True)

    def _group(self, mark: Mark, parts: Pieces) -> Piece:
        return Piece(self.enclosed("(", parts[0]), ATOM, parts[0].tall)

    # ------------------------------------------------------------------------------------------------ sums, arrays, lines
    def _series(self, mark: Mark, parts: Pieces) -> Piece:
        names = [self.style.name(Mark("name", text=name))[0] for name in mark.text.split()]
        bounds = [p.text for p in parts[1:]]
        loops = list(zip(names, bounds[::2], bounds[1::2], strict=True))
        return Piece(self.style.series(loops, self.at(parts[0], SERIES)), SERIES, True)

    def _array(self, mark: Mark, parts: Pieces) -> Piece:
        """[body] with its indices below and their last values above."""
        names = [self.style.name(Mark("name", text=name))[0] for name in mark.text.split()]
        below = self.style.row([self.listed(names, ","), self.style.signs["=="], self.style.number("1")])
        above = self.listed([p.text for p in parts[1:]], ",")
        return Piece(self.style.raised(self.style.lowered(self.enclosed("[", parts[0]), below), above), POWER, parts[0].tall)

    def _cases(self, mark: Mark, parts: Pieces) -> Piece:
        return Piece(self.style.cases(*[p.text for p in parts]), SUM, True)

    def _column(self, mark: Mark, parts: Pieces) -> Piece:
        return Piece(self.style.grid([[p.text] for p in parts]), ATOM, True)

    def _block(self, mark: Mark, parts: Pieces) -> Piece:
        width = len(parts) // int(mark.text)
        rows = [[p.text for p in parts[k : k + width]] for k in range(0, len(parts), width)]
        return Piece(self.style.grid(rows), ATOM, True)

    def _steps(self, mark: Mark, parts: Pieces) -> Piece:
        texts = [p.text for p in parts]
        return Piece(self.style.lines(list(zip(texts[:-1:2], texts[1:-1:2], strict=True)), texts[-1]), LINES, True)


def _callable(mark: Mark) -> bool:
    return mark.text in CALLED and (mark.shape is None or mark.shape.kind == "scalar")


def _base(mark: Mark) -> Mark:
    """What a mark with something raised or lowered starts with."""
    while mark.kind in ("power", "entry_power", "transpose", "inverse", "inverse_transpose", "pseudo_inverse", "entry"):
        mark = mark.parts[0]
    return mark


def _opens(mark: Mark) -> bool:
    """Whether a factor starts with a bracket."""
    base = _base(mark)
    return base.kind in ("group", "sum", "join", "series", "cases") or (base is not mark and base.kind in ("times", "fraction", "root"))


def _named_only(mark: Mark) -> bool:
    """Whether there are only names in that bracket, as in f(x, y)."""
    base = _base(mark)
    while base.kind == "group":
        base = base.parts[0]
    return base.kind == "name" or (base.kind == "times" and all(part.kind in ("name", "entry") for part in base.parts))
