r"""LaTeX cut into words: commands, letters, numbers and signs, each with its place; comments, spaces and wrappers such as $ and \[ left out."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from wrt.errors import TextError, TooLargeError
from wrt.language.latex_words import COMBINING, EQUATIONS, GREEK, IGNORED, OPERATORS, SIZED, SKIPPED, SPELLED, SYNONYMS, UNICODE
from wrt.language.python import MAX_CHARACTERS, MAX_DIGITS, MAX_TOKENS

_RAW = re.compile(
    r"(?P<space>[\s~\u00a0\u2009\u200a\u2061-\u2064\ufeff\u200b]+|%[^\n]*(?:\n|$))|\\(?P<command>[A-Za-z]+\*?)|\\(?P<control>[^A-Za-z])|(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)|(?P<other>.)",
    re.DOTALL,
)
_NEWLINE = re.compile(r"\*?[ \t]*\[\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm|in|px|baselineskip)\s*\]")
_LENGTH = re.compile(r"\s*-?(?:\d+\.?\d*|\.\d+)\s*(?:mu|pt|em|ex|mm|cm|in|px)")
_PLACE = re.compile(r"\s*\[[tbc]\]")
_TRAILING = re.compile(r"\s*(?:[-+/−·),;\]ᵀ⁻⊙⊘]|$)")
_GROUP = re.compile(r"\s*\{([^{}]*)\}")


class Token(NamedTuple):
    r"""One word of a formula.

    kind: "name" one symbol, accents in its text ("x", "β", "y_hat"); "word" several upright letters; "number"; "command" (text without the
    backslash); "op" a sign; "brace" { or }; "newline"; "begin", "end" of an environment; "stop" after the last. `font`: of a symbol bold, upright,
    cal, bb, vec or ""; of a bracket or bar how it was sized: left, right, open, close or "".
    """

    kind: str
    text: str
    start: int
    end: int
    font: str = ""

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end


def raw(text: str) -> list[Token]:
    """Commands, single letters, numbers and signs."""
    if len(text) > MAX_CHARACTERS:
        raise TooLargeError(f"the text has {len(text)} characters; the limit is {MAX_CHARACTERS}.")
    out: list[Token] = []
    at = 0
    while at < len(text):
        found = _RAW.match(text, at)
        assert found is not None
        at, word, kind = found.end(), found.group(found.lastgroup or 0), found.lastgroup
        start = found.start()
        if kind == "command":
            if word.endswith("*") and word[:-1] != "operatorname":
                word, at = word[:-1], at - (word[:-1] not in SKIPPED)  # \tag*{3} is skipped with its star
            at = _command(out, text, word, start, at)
        elif kind == "control":
            at = _control(out, text, word, start, at)
        elif kind == "number":
            if len(word) > MAX_DIGITS:
                raise TooLargeError(f"a number of that many digits is not supported (at most {MAX_DIGITS}).", text=text, span=(start, at))
            out.append(Token("number", word, start, at))
        elif kind == "other":
            _character(out, text, word, start)
        if len(out) > MAX_TOKENS:
            raise TooLargeError(f"the text has more than {MAX_TOKENS} words; name parts of it or split it.")
    return out


def _command(out: list[Token], text: str, word: str, start: int, at: int) -> int:
    if word in ("begin", "end"):
        found = _GROUP.match(text, at)
        if not found:
            raise TextError(f"\\{word} needs the name of an environment.", text=text, span=(start, at), hint=r"for example \begin{pmatrix}.")
        name = found.group(1).strip().rstrip("*")
        branched = word == "begin" and len(out) > 1 and (out[-2].text, out[-1].text) == ("left", "\\{")  # an alignment as cases
        if name not in EQUATIONS or branched or (word == "end" and _open_environment(out) == name):
            out.append(Token(word, name, start, found.end()))
        elif name == "alignat" and word == "begin":
            columns = _GROUP.match(text, found.end())
            return columns.end() if columns else found.end()
        place = _PLACE.match(text, found.end())  # \begin{aligned}[t]
        return place.end() if place and word == "begin" else found.end()
    if word in SKIPPED:  # \label{eq:1}, \mkern-1.5mu: the command and its argument say nothing
        found = _GROUP.match(text, at) or _LENGTH.match(text, at)
        return found.end() if found else at
    if word in IGNORED:
        return at
    word = SYNONYMS.get(word, word)
    if word in GREEK:
        out.append(Token("name", GREEK[word], start, at))
    elif word in OPERATORS:
        sign, side = OPERATORS[word]
        out.append(Token("op", sign, start, at, side))
    else:
        out.append(Token("command", word, start, at))
    return at


def _open_environment(out: list[Token]) -> str:
    """The innermost environment that is open and was kept."""
    depth = 0
    for word in reversed(out):
        depth += (word.kind == "end") - (word.kind == "begin")
        if depth < 0:
            return word.text
    return ""


def _control(out: list[Token], text: str, word: str, start: int, at: int) -> int:
    if word in ",;:!>/ ()[]-\n\t":
        return at
    if word in "{}":
        out.append(Token("op", "\\" + word, start, at))
    elif word == "|":
        out.append(Token("op", "||", start, at))
    elif word == "_":  # k\_l, as Markdown has it
        out.append(Token("op", "_" if out and out[-1].end == start else "\\_", start, at))
    elif word == "\\":
        found = _NEWLINE.match(text, at)
        at = found.end() if found else at
        out.append(Token("newline", "\\\\", start, at))
    elif word != "$":
        raise TextError(f"'\\{word}' has no meaning here.", text=text, span=(start, at))
    return at


def _character(out: list[Token], text: str, c: str, start: int) -> None:
    end = start + 1
    if c in COMBINING and out and out[-1].kind == "name":
        _accent(out, COMBINING[c], end)
    elif c.isascii() and c.isalpha():
        out.append(Token("name", c, start, end))
    elif c == "_" and _TRAILING.match(text, end) and out and out[-1].kind == "name" and out[-1].end == start:  # a name that ends so
        out[-1] = out[-1]._replace(kind="word", text=out[-1].text + "_", end=end, font="upright")
    elif c == "$":
        pass
    elif c == "|" and out and out[-1].text == "|" and out[-1].end == start and not out[-1].font and text[start - 1] == "|" and not _sized(out):
        out[-1] = Token("op", "||", out[-1].start, end)
    elif c in "{}":
        out.append(Token("brace", c, start, end))
    elif c in "+-*/=<>()[]!:;,.&^_'|?@#`\"":
        out.append(Token("op", c, start, end))
    elif c in "⊤⊺" and not (out and out[-1].text in ("^", "{")):  # x⊤Ax, as copied from a page
        out += [Token("op", "^", start, end), Token("brace", "{", start, end), Token("command", "top", start, end), Token("brace", "}", start, end)]
    elif c in UNICODE:
        for kind, word in UNICODE[c]:
            sign, side = OPERATORS.get(word, ("", "")) if kind == "command" else ("", "")
            out.append(Token("op", sign, start, end, side) if sign else Token(kind, word, start, end))
    elif _superscript(out, c, start) or _letter(out, c, start):
        pass
    else:
        raise TextError(f"the character {c!r} has no meaning here.", text=text, span=(start, end))


def _sized(out: list[Token]) -> bool:
    r"""Whether the last bar belongs to \left or \right: in \left||x|-1\right| it is single."""
    return len(out) > 1 and out[-2].kind == "command" and out[-2].text in SIZED


def _superscript(out: list[Token], c: str, start: int) -> bool:
    """A raised or lowered character of Unicode, as ^{..} or _{..}; neighbours share one group."""
    form, _, code = unicodedata.decomposition(c).partition(" ")
    sign = {"<super>": "^", "<sub>": "_"}.get(form)
    if sign is None:
        return False
    end = start + 1
    word = "-" if code in ("2212", "002D") else chr(int(code.split()[0], 16))
    kind = "number" if word.isdigit() else "name" if word.isalpha() else "op"
    if c == "ᵀ":
        kind, word = "command", "top"
    if len(out) > 3 and out[-1].text == "}" and out[-1].end == start and out[-1].font == sign:
        last = out.pop()
        if kind == "number" and out[-1].kind == "number":
            out[-1] = out[-1]._replace(text=out[-1].text + word, end=end)
        else:
            out.append(Token(kind, word, start, end))
        out.append(last._replace(start=start, end=end))
    else:
        out += [Token("op", sign, start, end), Token("brace", "{", start, end), Token(kind, word, start, end), Token("brace", "}", start, end, sign)]
    return True


def _letter(out: list[Token], c: str, start: int) -> bool:
    """A letter outside ASCII: Greek, mathematical alphabets, or one with an accent."""
    plain = SPELLED.get(c) or unicodedata.normalize("NFKC", c)
    parts = unicodedata.normalize("NFD", plain)
    if len(parts) == 2 and parts[0].isalpha() and parts[1] in COMBINING:
        out.append(Token("name", SPELLED.get(parts[0], parts[0]), start, start + 1))
        _accent(out, COMBINING[parts[1]], start + 1)
        return True
    if len(plain) != 1 or not plain.isalpha():
        return False
    name = unicodedata.name(c, "")
    font = "bold" if "BOLD" in name else "bb" if "DOUBLE-STRUCK" in name else "cal" if "SCRIPT" in name else ""
    out.append(Token("name", SPELLED.get(plain, plain), start, start + 1, font))
    return True


def _accent(out: list[Token], accent: str, end: int) -> None:
    last = out[-1]
    out[-1] = last._replace(font="vec", end=end) if accent == "vec" else last._replace(text=f"{last.text}_{accent}", end=end)


def balanced(words: list[Token], text: str) -> list[Token]:
    """Refuse braces that do not pair."""
    opened: list[Token] = []
    for word in words:
        if word.kind == "brace" and word.text == "{":
            opened.append(word)
        elif word.kind == "brace":
            if not opened:
                raise TextError("'}' closes nothing.", text=text, span=word.span)
            opened.pop()
    if opened:
        raise TextError("'{' is never closed.", text=text, span=opened[-1].span)
    return words
