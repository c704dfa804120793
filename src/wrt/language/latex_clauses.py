r"""The lines, clauses and sides of a text: where alignments, commas, wide spaces, signs of equality and leading words cut it.

Works on words, as `latex_statements` does, which says what the pieces are.
"""

from __future__ import annotations

from collections.abc import Sequence

from wrt.errors import TextError
from wrt.language.latex_raw import Token

EQUALS = ("=", "coloneqq")
OPEN, CLOSED = ("{", "(", "[", "\\{", "langle"), ("}", ")", "]", "\\}", "rangle")
LEADING = frozenset(
    ("for all", "such that", "in which", "given by", "defined as", "for some", "that is", "i.e.", "i.e.,", "We have", "we have", "so that")
) | frozenset(
    "where Where with With and And for For let Let here Here given Given is Minimize minimize Maximize maximize Consider consider Define define Suppose suppose Assume assume Then then Thus thus Hence hence So".split()
)
ABOUT = ("<", ">", "le", "ge", "ne", "succ", "succeq", "prec", "preceq", "subset", "sim", "to")
REFUSED = {
    "propto": "a formula known up to a factor is not a function.",
    "approx": "an approximation is not a function.",
    "sim": "a distribution is not a function.",
    "le": "an inequality is not a function.",
    "ge": "an inequality is not a function.",
    "<": "an inequality is not a function.",
    ">": "an inequality is not a function.",
    **dict.fromkeys(("ne", "succ", "succeq", "prec", "preceq"), "an inequality is not a function."),
}


def after_group(words: Sequence[Token], at: int) -> int:
    """Where the group in braces that opens at `at` ends."""
    depth = 0
    for k in range(at, len(words)):
        depth += (words[k].text == "{") - (words[k].text == "}")
        if depth == 0:
            return k + 1
    return len(words)


def outside_of(words: Sequence[Token]) -> list[bool]:
    """Whether each word stands outside of all braces, brackets and environments; brackets that do not pair are passed over."""
    out: list[bool] = []
    stack: list[str] = []
    for word in words:
        opens = word.kind == "begin" or (word.text in OPEN and word.kind in ("op", "brace"))
        closes = word.kind == "end" or (word.text in CLOSED and word.kind in ("op", "brace"))
        if closes and word.text == "}":  # braces pair always
            while stack and stack.pop() != "{":
                pass
        elif closes and stack and stack[-1] != "{":
            stack.pop()
        out.append(not stack and not opens and not closes)
        if opens:
            stack.append("{" if word.text == "{" else "(")
    return out


def unbraced(words: list[Token]) -> list[Token]:
    r"""Without braces around the whole, {\displaystyle f(x) = x^2}, and what ends it."""
    if not words or words[0].text != "{" or words[0].kind != "brace":
        return words
    end = after_group(words, 0)
    inner = words[1 : end - 1]
    more = any(w.kind != "op" or w.text not in (".", ",", ";") for w in words[end:]) or len(split_at(inner, EQUALS)) < 2
    return words if more else inner


def lines_of(words: list[Token], text: str) -> list[list[Token]]:
    r"""The lines of an alignment: \\\\ outside of environments; the & of an alignment go."""
    out: list[list[Token]] = [[]]
    depth = braces = 0
    for k, word in enumerate(words):
        depth += (word.kind == "begin") - (word.kind == "end")
        braces += (word.kind == "brace") * ((word.text == "{") - (word.text == "}"))
        if depth == 0 and word.kind == "newline" and not braces:
            out.append([])
        elif depth or word.text != "&" or word.kind != "op":
            out[-1].append(word)
        else:
            beside = [words[j] for j in (k - 1, k + 1) if 0 <= j < len(words)]
            if len(beside) == 2 and not any(
                w.text in (*EQUALS, "+", "-", "&", "mapsto", ":", ",", "quad") or w.kind in ("newline", "word") or w.text in REFUSED for w in beside
            ):
                raise TextError("'&' stands outside of an alignment and of a matrix.", text=text, span=word.span)
    return [line for line in out if line]


def split_at(words: list[Token], signs: tuple[str, ...]) -> list[list[Token]]:
    """The parts between signs outside brackets and environments; := is =."""
    out: list[list[Token]] = [[]]
    outside = outside_of(words)
    for k, word in enumerate(words):
        if outside[k] and word.text in signs and word.kind in ("op", "command"):
            if out[-1] and out[-1][-1].text == ":" and word.text == "=":
                out[-1].pop()
            out.append([])
        elif outside[k] and word.text == ":" and k + 1 < len(words) and words[k + 1].text == "=" and not out[-1]:
            continue
        else:
            out[-1].append(word)
    return out


def clauses_of(words: list[Token]) -> list[list[Token]]:
    r"""The parts between commas, semicolons and wide spaces that start something new."""
    out: list[list[Token]] = []
    parts = split_at(words, (",", ";"))
    for part, following in zip(parts, [*parts[1:], []], strict=True):
        spaced = split_at(part, ("quad",))
        if len(spaced) > 1 and is_number(bare(spaced[0])):  # (1) in front of the formula
            del spaced[0]
        pieces = [piece for space in spaced for piece in at_words(space)]
        pieces = [piece for k, whole in enumerate(pieces) for piece in aside(whole, first=not k)]
        out.append(pieces[0])
        for piece in pieces[1:]:
            if is_number(bare(piece)):
                continue
            says = any(w.text in (*EQUALS, *ABOUT, "in") for w in piece[1:]) or (
                bool(piece) and (piece[0].kind == "word" or piece[0].text == "forall")
            )
            leads = [w.kind for w in piece] == ["name"] and any(w.text in (*ABOUT, "in") for w in following)  # W, H \ge 0
            fresh = piece and (says or leads) and piece[0].text not in EQUALS
            if fresh and bare(out[-1]) and not (len(bare(out[-1])) == 1 and out[-1][0].kind == "word"):
                out.append(piece)
            else:
                out[-1] += piece
    return joined(out)


def at_words(words: list[Token]) -> list[list[Token]]:
    """The parts that words such as "where" and "for" start, outside brackets and environments."""
    out: list[list[Token]] = [[]]
    for word, outside in zip(words, outside_of(words), strict=True):
        if outside and word.kind == "word" and word.text in LEADING and out[-1]:
            out.append([])
        out[-1].append(word)
    return out


def aside(words: list[Token], *, first: bool) -> list[list[Token]]:
    r"""A remark in parentheses at the end, (\lambda > 0) or (r = Ax - b), as a part of its own, without the parentheses."""
    outside = outside_of(words)
    at = next((k for k in range(len(words) - 1, 0, -1) if outside[k]), -1) + 1
    inner = words[at + 1 : -1]
    opened = len(words) - at > 2 and (words[at].text, words[-1].text) == ("(", ")") and (at > 1 if first else at == 0 or words[at - 1].kind != "op")
    says = (*ABOUT, "in") if at else (*ABOUT, *EQUALS, "in")
    if not opened or not any(w.text in says and w.kind in ("op", "command") for w, free in zip(inner, outside_of(inner), strict=True) if free):
        return [words]
    told = any(w.text == "in" for w in inner)  # nothing takes x \in R as its argument
    if any(w.text == "(" for w in inner) or (at and not told and words[at - 1].kind in ("op", "name", "word", "command")):  # f(x > 0)
        return [words]
    return [words[:at], inner] if at else [inner]


def is_number(words: list[Token]) -> bool:
    """Whether words are the number of an equation: (3), (2.1)."""
    words = [w for w in words if w.kind != "brace"]
    return (
        len(words) >= 3
        and (words[0].text, words[-1].text) == ("(", ")")
        and all(w.kind == "number" or w.text in (".", "*", "'") for w in words[1:-1])
    )


def joined(parts: list[list[Token]]) -> list[list[Token]]:
    r"""A word that only leads on ("where") goes with what follows; i=1,\dots,n is one part."""
    out: list[list[Token]] = []
    for part in parts:
        lead = bool(out) and all(w.kind == "word" or w.text == "quad" for w in out[-1]) and bool(out[-1])
        dots = bool(out) and len(part) >= 1 and part[0].text == "ldots"
        counts = len(part) == 1 and part[0].kind == "number" and bool(out) and [w.kind for w in out[-1][-3:]] == ["name", "op", "number"]  # i=1, 2
        alone = len(out) > 1 and [w.kind for w in out[-1] if w.kind != "word"] == ["name"]
        names = alone and any(w.text in (*ABOUT, "in") for w in part)  # W, H \ge 0
        if lead or dots or counts or names or (out and out[-1] and out[-1][-1].text == "ldots"):
            out[-1] += part
        else:
            out.append(part)
    return out


def caption(words: list[Token]) -> int:
    r"""Where a caption ends that stands in front: \text{Objective: }."""
    at = int(bool(words) and words[0].text == "{" and words[0].kind == "brace")
    first = at
    while at < len(words) and words[at].kind == "word":
        at += 1
    ends = first < at < len(words) and words[at].text == ":" and words[at].kind == "op"
    return at + 1 + first if ends and not (at + 1 < len(words) and words[at + 1].text == "=") else 0


def bare(words: list[Token]) -> list[Token]:
    """Without leading words, wide spaces, and the full stop at the end."""
    start, end = caption(words), len(words)
    while start < end and (
        (words[start].kind == "word" and words[start].text in LEADING and not (start + 1 < end and words[start + 1].text == "_"))
        or words[start].text == "quad"
        or (words[start].kind == "op" and words[start].text == ":")
    ):
        start += 1
    while end > start and (
        (words[end - 1].kind == "op" and words[end - 1].text in (".", ",", ";", ":"))
        or words[end - 1].text == "quad"
        or (words[end - 1].kind == "word" and (words[end - 1].text in {*LEADING, "."} or words[end - 1].text[0] == "("))
    ):
        end -= 1
    return words[start:end]


def says_nothing(words: list[Token]) -> bool:
    r"""x \in R^n, \forall i, \lambda > 0, i = 1, \dots, n: about names, not about the function."""
    texts = [w.text for w in words]
    if words[0].text == "forall" or ("ldots" in texts and any(text in (*EQUALS, *ABOUT, "in") for text in texts)):
        return True
    if all(w.kind == "word" for w in words):
        return words[0].text not in ("s.t.", "subject to", "st")
    for word, outside in zip(words, outside_of(words), strict=True):
        if outside and word.kind in ("op", "command") and word.text in (*ABOUT, "in"):
            return (
                not any(w.kind == "word" and w.text in ("s.t.", "subject to", "st") for w in words)
                and len([w for w in words if w.kind in ("name", "word")]) <= 6
            )
    return False
