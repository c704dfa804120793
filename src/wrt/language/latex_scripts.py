r"""Scripts: what stands below (an entry, a plus for the positive part) and above (transpose, inverse, power) a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wrt.errors import Span
from wrt.language import latex_index, latex_points
from wrt.language.latex_norms import Value
from wrt.language.latex_raw import Token
from wrt.language.surface import Index, Name
from wrt.language.trampoline import Task

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser


@dataclass(slots=True)
class Scripts:
    """The scripts after a symbol: where their words stand (first, last), how many primes, and whether the raised one was typed first."""

    below: tuple[int, int] | None = None
    above: tuple[int, int] | None = None
    primes: int = 0
    raised_first: bool = False


def take_scripts(p: Parser) -> Scripts:
    """The next scripts, at most one below and one above."""
    out = Scripts()
    while True:
        word = p.word()
        if p.is_op(word, "'"):
            if out.above is not None:
                return out
            if out.primes:
                raise p.fail("a double prime is a second derivative, which a formula cannot hold.", word.span)
            p.at += 1
            out.primes += 1
        elif p.is_op(word, "^", "_") and (out.above if word.text == "^" else out.below) is None and not (word.text == "^" and out.primes):
            p.at += 1
            place = p.argument_place()
            if word.text == "^":
                out.above, out.raised_first = place, out.below is None
            else:
                out.below = place
        else:
            return out


def scripted(p: Parser, value: Value) -> Task:
    """The value with all scripts that follow."""
    while p.is_op(p.word(), "^", "_", "'"):
        value = yield with_scripts(p, value, take_scripts(p))
    return value


def rest(p: Parser, value: Value, s: Scripts) -> Task:
    """The scripts that the name did not take, then those that follow."""
    if s.below is not None or s.above is not None or s.primes:
        value = yield with_scripts(p, value, s)
    return (yield scripted(p, value))


def with_scripts(p: Parser, value: Value, s: Scripts) -> Task:
    """The value with one pair of scripts: an index below, a power above."""
    end = p.words[p.at - 1].end
    span = (value.span[0], end)
    if s.below is not None and [w.text for w in p.brief(s.below)] == ["+"]:
        other = None if value.other is None else p.build.call("relu", value.other, span=span)
        value = Value(p.build.call("relu", value.node, span=span), "call" if other is None else "bars", other)
        s.below = None
    if s.below is not None and s.above is not None and p.algebra.shape(value).kind == "matrix":
        kind = raised_kind(p, value, s.above)
        if (kind == "number" and s.raised_first) or (kind == "-1" and not s.raised_first):
            what = "the power of the entry or the entry of the power" if kind == "number" else "the entry of the inverse or the inverse of the entry"
            raise p.fail(f"is {p.text[slice(*span)]} {what}?", span, "write (X^{2})_{ij} or (X_{ij})^{2}.")
        if s.raised_first and kind in ("T", "-T", "-1"):
            value = yield raised(p, value, s, span)
            return entry(p, value, s.below, span)
    if s.below is not None:
        value = entry(p, value, s.below, span)
    if s.above is not None or s.primes:
        value = yield raised(p, value, s, span)
    return value


def raised_kind(p: Parser, value: Value, place: tuple[int, int]) -> str:
    r"""What a raised group says of the value: "T", "-T", "-1", "number", or "" for anything else."""
    words = [w for w in p.brief(place) if w.text not in ("{", "}")]
    sign = "-" if words and p.is_op(words[0], "-") else ""
    rest = words[1:] if sign else words
    if len(rest) != 1:
        return ""
    word = rest[0]
    if word.text == "top" or p.is_op(word, "'"):
        return sign + "T"
    if word.text == "dagger" and not sign and p.algebra.shape(value).kind in ("column", "row"):  # of a matrix it is asked about
        p.notes[f"the dagger of {p.algebra.says(value)} is read as its transpose: numbers are real"] = None
        return "T"
    if word.kind in ("name", "word") and word.text in ("T", "t", "H"):
        return sign + "T" if word.font == "upright" or transposes(p, value, word) else ""
    if word.kind == "number":
        return "-1" if sign and word.text == "1" else "number"
    return ""


def transposes(p: Parser, value: Value, word: Token) -> bool:
    """Whether a raised T (t, H) is the transpose: always when nothing of that name is declared; asked about where a power is possible too."""
    found = p.names.find(word.text)
    if word.text not in p.indices:
        if found is None:
            return True
        if found[1] == "variable" and p.build.declarations[found[0]].shape.order:
            return p.algebra.shape(value).order > 0
    shape = p.algebra.shape(value)
    if not shape.order:
        return False
    if p.build.is_square(shape) or word.text != "T":
        span = (value.span[0], word.end)
        raise p.fail(f"is {p.text[slice(*span)]} the transpose or a power? {word.text} is declared.", span, r"write x^\top for the transpose.")
    return True


def raised(p: Parser, value: Value, s: Scripts, span: Span) -> Task:
    """The value with what is raised beside it: a transpose, an inverse, a power."""
    kind = "T" if s.primes else raised_kind(p, value, s.above or (0, 0))
    if value.form == "trace" and kind in ("T", "-T", "-1"):
        raise p.fail(
            f"what is raised in {p.text[slice(*span)]}: the matrix or the number?",
            span,
            r"put it inside: \operatorname{tr}(A^{-1}), or write \frac{1}{\operatorname{tr}(A)}.",
        )
    if kind == "T":
        return p.algebra.transpose(value, span)
    if kind == "-T":
        return p.algebra.transpose(p.algebra.inverse(value, span), span)
    assert s.above is not None
    if s.above[0] == s.above[1]:
        raise p.fail("an exponent is missing.", span)
    words, first = p.brief(s.above), p.words[s.above[0]]
    ask_raised(p, value, words, span)
    if first.kind == "command" and first.text in ("odot", "circ"):
        power: Value = yield p.inside((s.above[0] + 1, s.above[1]), p.expression())
        return p.algebra.entry_power(value, power, span)
    if len(words) == 1 and p.is_op(words[0], "+") and p.algebra.scalar(value):
        return Value(p.build.call("relu", p.algebra.settled(value).node, span=span), "call")
    if len(words) == 1 and p.is_op(words[0], "+"):
        return Value(p.build.call("pinv", p.algebra.settled(value).node, span=span), "power")
    exponent: Value = yield p.inside(s.above, p.expression())
    return p.algebra.power(value, exponent, span)


def ask_raised(p: Parser, value: Value, words: list[Token], span: Span) -> None:
    """Raised signs with several meanings."""
    if not words:
        return
    first, shown = words[0], p.text[slice(*span)]
    if first.text in ("dagger", "*", "star", "perp") and len(words) == 1:
        raise p.fail(
            f"what does {shown} mean?",
            span,
            r"write A^+ for the pseudo-inverse, A^\top for the transpose; a name such as x^* is given by names={...}.",
        )
    if p.algebra.shape(value).order and len(words) == 3 and first.text == "(" and words[-1].text == ")":
        raise p.fail(f"what does {shown} mean?", span, 'a spelling with a raised index is given by names, as {"x^{(i)}": "X[i,:].T"}.')


def script_word(p: Parser, words: list[Token]) -> str:
    """The subscript of a name as one word: "ref", "12", "max"; "" when it is an expression."""
    out = ""
    if [w.text for w in words if w.text not in ("{", "}")] == ["*"]:
        return "star"
    for word in words:
        if word.text in ("{", "}", ","):
            continue
        if word.kind == "command" and word.text in ("min", "max", "star", "infty", "ast"):
            out += word.text
        elif word.kind in ("name", "word", "number"):
            out += word.text.replace(" ", "_").replace("-", "_")
        else:
            return ""
    return out


# ------------------------------------------------------------------------------------------------ entries
def entry(p: Parser, value: Value, place: tuple[int, int], span: Span) -> Value:
    r"""value_{ij}: an entry; A_{i,:} a row, A_{:,j} a column; a matrix with one index is asked about."""
    value = p.algebra.settled(value)
    shape = p.algebra.shape(value)
    words = p.some(place)
    shown = p.text[slice(*span)]
    assumed = isinstance(value.node, Name) and value.node.name in p.build.assumed
    if assumed and isinstance(value.node, Name):
        latex_points.free_entry(p, value.node, words, span)
    if not shape.order and assumed:
        raise p.algebra.misfit(f"{p.algebra.says(value)} is taken as a scalar, but has an index: {shown}.", span, "declare the shapes.")
    if not shape.order:
        raise p.fail(
            f"{p.algebra.says(value)} is a scalar and has no index: {shown}.",
            span,
            "if it is a name of its own, declare it or give its spelling in names={...}.",
        )
    pieces = latex_index.split(words, (",", ";"))
    if shape.order == 1 and len(words) == 1 and words[0].text in ("*", "·", "bullet"):
        raise p.fail(f"is {shown} a name of its own?", span, 'declare it, as x_star, or say how it is spelt: names={"x_*": "x_star"}.')
    if shape.order == 2 and len(pieces) == 1 and len(latex_index.atoms(latex_index.unwrapped(words))) == 1:
        base = p.algebra.says(value)
        raise p.fail(
            f"is {shown} a row or a column of {base}?",
            span,
            f"write {base}_{{i,:}} for a row, {base}_{{:,j}} for a column, or say it in names={{...}}.",
        )
    found = latex_index.positions(p, words, shape.sizes, span)
    parts = tuple(latex_index.entry_part(p, v, size, span) for v, size in zip(found, shape.sizes, strict=True))
    node = p.build.put(Index(value.node, parts), span)
    return Value(node, "entry" if node.shape is not None and not node.shape.order else "slice")
