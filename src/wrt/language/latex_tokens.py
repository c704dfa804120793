r"""LaTeX as words: commands, letters, numbers and signs, each with its place; comments, spaces and wrappers such as $ and \[ left out.

Two steps. `raw` cuts the characters; `tokens` makes symbols of them: fonts and accents join the letter they stand on (`\hat{\mathbf y}`
is one name, "y_hat"), upright letters become one word (`\operatorname{tr}`), a script has braces always (`x^2` as `x^{2}`).
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from wrt.errors import TextError, TooLargeError
from wrt.language.latex_words import ACCENTS, COMBINING, EQUATIONS, FONTS, GREEK, IGNORED, OPERATORS, SIZED, SKIPPED, SPELLED, SWITCHES, SYNONYMS, UNICODE, UPRIGHT
from wrt.language.python import MAX_CHARACTERS, MAX_DIGITS, MAX_TOKENS

MAX_FONTS = 20  # fonts and accents inside one another
_RAW = re.compile(
    r"(?P<space>[\s~\u00a0\u2009\u200a\u2061-\u2064\ufeff\u200b]+|%[^\n]*(?:\n|$))|\\(?P<command>[A-Za-z]+\*?)|\\(?P<control>[^A-Za-z])|(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<other>.)",
    re.DOTALL,
)
_NEWLINE = re.compile(r"\*?[ \t]*\[\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm|in|px|baselineskip)\s*\]")
_THIN = re.compile(r"\\[,;:!>]")
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


def tokens(text: str) -> list[Token]:
    r"""The words of a LaTeX formula, the last one "stop". Raises: TextError with a caret, TooLargeError.

    >>> [t.text for t in tokens(r"\hat{\mathbf y}^\top x_1")]
    ['y_hat', '^', '{', 'top', '}', 'x', '_', '{', '1', '}', '']
    """
    words = _balanced(raw(text), text)
    out = _scripts(_Symbols(text, words).read(0, len(words), "", 0), text)
    out.append(Token("stop", "", len(text), len(text)))
    return out


# ------------------------------------------------------------------------------------------------ characters to words
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
                word, at = word[:-1], at - 1
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
        if name not in EQUATIONS:
            out.append(Token(word, name, start, found.end()))
        elif name == "alignat" and word == "begin":
            columns = _GROUP.match(text, found.end())
            return columns.end() if columns else found.end()
        return found.end()
    if word in SKIPPED:  # \label{eq:1}: the command and its argument say nothing
        found = _GROUP.match(text, at)
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


def _control(out: list[Token], text: str, word: str, start: int, at: int) -> int:
    if word in ",;:!>/ ()[]-\n\t":
        return at
    if word in "{}":
        out.append(Token("op", "\\" + word, start, at))
    elif word == "|":
        out.append(Token("op", "||", start, at))
    elif word == "_":
        out.append(Token("op", "\\_", start, at))
    elif word == "\\":
        found = _NEWLINE.match(text, at)
        at = found.end() if found else at
        out.append(Token("newline", "\\\\", start, at))
    elif word not in "$%":
        raise TextError(f"'\\{word}' has no meaning here.", text=text, span=(start, at))
    return at


def _character(out: list[Token], text: str, c: str, start: int) -> None:
    end = start + 1
    if c in COMBINING and out and out[-1].kind == "name":
        _accent(out, COMBINING[c], end)
    elif c.isascii() and c.isalpha():
        out.append(Token("name", c, start, end))
    elif c == "$":
        pass
    elif c == "|" and out and out[-1].text == "|" and out[-1].end == start and not out[-1].font and text[start - 1] == "|":
        out[-1] = Token("op", "||", out[-1].start, end)
    elif c in "{}":
        out.append(Token("brace", c, start, end))
    elif c in "+-*/=<>()[]!:;,.&^_'|?@#`\"":
        out.append(Token("op", c, start, end))
    elif c in UNICODE:
        for kind, word in UNICODE[c]:
            sign, side = OPERATORS.get(word, ("", "")) if kind == "command" else ("", "")
            out.append(Token("op", sign, start, end, side) if sign else Token(kind, word, start, end))
    elif _superscript(out, c, start) or _letter(out, c, start):
        pass
    else:
        raise TextError(f"the character {c!r} has no meaning here.", text=text, span=(start, end))


def _superscript(out: list[Token], c: str, start: int) -> bool:
    """A raised or lowered character of Unicode, as ^{..} or _{..}; neighbours share one group."""
    form, _, code = unicodedata.decomposition(c).partition(" ")
    sign = {"<super>": "^", "<sub>": "_"}.get(form)
    if sign is None:
        return False
    end = start + 1
    word = "-" if code in ("2212", "002D") else chr(int(code.split()[0], 16))
    kind = "number" if word.isdigit() else "name" if word.isalpha() else "op"
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


def _balanced(words: list[Token], text: str) -> list[Token]:
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


# ------------------------------------------------------------------------------------------------ words to symbols
class _Symbols:
    """Fonts, accents, sized brackets and upright words."""

    def __init__(self, text: str, words: list[Token]) -> None:
        self.text = text
        self.words = words

    def argument(self, at: int, stop: int, command: Token) -> tuple[int, int, int]:
        """(first, last, next): the words of the argument that starts at `at`, without its braces."""
        if at >= stop or self.words[at].text in ("}", "&", "^", "_") or self.words[at].kind in ("newline", "end"):
            raise TextError(f"\\{command.text} needs an argument.", text=self.text, span=command.span)
        if self.words[at].kind != "brace":
            inner = self.words[at]
            if inner.kind == "command" and (inner.text in FONTS or inner.text in ACCENTS):  # \hat\mathbf{x}
                return (at, *(self.argument(at + 1, stop, inner)[2],) * 2)
            return at, at + 1, at + 1
        depth = 0
        for k in range(at, stop):
            depth += (self.words[k].text == "{" and self.words[k].kind == "brace") - (self.words[k].text == "}" and self.words[k].kind == "brace")
            if depth == 0:
                return at + 1, k, k + 1
        raise TextError("'{' is never closed.", text=self.text, span=self.words[at].span)

    def read(self, at: int, stop: int, font: str, depth: int) -> list[Token]:
        """The symbols of words[at:stop]."""
        if depth > MAX_FONTS:
            raise TooLargeError(f"fonts and accents nested deeper than {MAX_FONTS}.", text=self.text, span=self.words[at].span)
        out: list[Token] = []
        fonts = [font]
        while at < stop:
            word = self.words[at]
            if word.kind == "command" and (word.text in FONTS or word.text in ACCENTS):
                first, last, at = self.argument(at + 1, stop, word)
                out += self.accented(word, first, last, fonts[-1], depth) if word.text in ACCENTS else self.styled(word, first, last, depth)
                continue
            at += 1
            if word.kind == "command" and word.text in SWITCHES:
                fonts[-1] = SWITCHES[word.text]
            elif word.kind == "command" and word.text in SIZED:
                at = self.sized(out, word, at, stop)
            elif word.kind in ("name", "number") and fonts[-1]:
                self.letter(out, word, fonts[-1])
            else:
                if word.kind == "brace":
                    fonts.append(fonts[-1]) if word.text == "{" else fonts.pop()
                out.append(word)
        return out

    def letter(self, out: list[Token], word: Token, font: str) -> None:
        """A letter in a font; upright neighbours make a word; bold 1 and 0 are symbols."""
        last = out[-1] if out else None
        if font == "upright" and last is not None and last.end == word.start and last.font == font and (last.kind == "word" or (last.kind == "name" and len(last.text) == 1)):
            out[-1] = Token("word", last.text + word.text, last.start, word.end, font)
        elif word.kind == "number" and (font == "upright" or word.text not in ("0", "1")):
            out.append(word)
        else:
            out.append(word._replace(kind="name", font=font if not word.font else word.font))

    def sized(self, out: list[Token], command: Token, at: int, stop: int) -> int:
        r"""\left( and its like: one bracket that knows its side."""
        if at >= stop:
            raise TextError(f"\\{command.text} needs a bracket or bar.", text=self.text, span=command.span)
        word = self.words[at]
        side = SIZED[command.text]
        if word.text == "." and side in ("left", "right"):
            out.append(Token("op", "null", command.start, word.end, side))
        elif word.kind == "op" and word.text in ("(", ")", "[", "]", "\\{", "\\}", "|", "||", "<", ">", "langle", "rangle", "/"):
            sign = {"<": "langle", ">": "rangle"}.get(word.text, word.text) if side in ("left", "right") else word.text
            out.append(Token("op", sign, command.start, word.end, side or word.font))
        elif word.kind == "command" and word.text in ("lfloor", "lceil", "rfloor", "rceil", "backslash"):
            out.append(word._replace(start=command.start))
        else:
            raise TextError(f"\\{command.text} needs a bracket or bar, found '{self.text[word.start : word.end]}'.", text=self.text, span=(command.start, word.end))
        return at + 1

    def styled(self, command: Token, first: int, last: int, depth: int) -> list[Token]:
        r"""The argument of a font: \mathbf{x} one symbol, \operatorname{tr} one word, \mathbf{AB} a group of symbols."""
        font = FONTS[command.text]
        if first == last:
            return []
        start, end = command.start, self.words[last - 1].end
        if command.text in UPRIGHT and last - first > 1:
            plain = " ".join(_THIN.sub("", self.text[self.words[first].start : end]).replace("\\_", "_").split())
            if all(c.isalnum() or c in " -_.," for c in plain):
                return [Token("word", plain, start, end, "upright")]
        inner = self.read(first, last, font, depth + 1)
        if len(inner) == 1:
            return [inner[0]._replace(start=start, end=max(end, inner[0].end))]
        return [Token("brace", "{", start, start), *inner, Token("brace", "}", end, end)] if inner else []

    def accented(self, command: Token, first: int, last: int, font: str, depth: int) -> list[Token]:
        r"""\hat{y}: one name, y_hat; \hat{y_i} is \hat{y}_i."""
        inner = self.read(first, last, font, depth + 1)
        while inner and inner[0].text == "{" and inner[-1].text == "}" and inner[0].kind == "brace":
            inner = inner[1:-1]
        scripted = len(inner) > 1 and inner[1].text in ("_", "^")
        if not inner or inner[0].kind not in ("name", "word") or (len(inner) > 1 and not scripted):
            raise TextError(f"\\{command.text} over more than one symbol is not known.", text=self.text, span=(command.start, self.words[last - 1].end if last > first else command.end), hint="declare a name for it.")
        head = inner[0]
        return [head._replace(text=f"{head.text}_{ACCENTS[command.text]}", start=command.start, end=max(head.end, command.end)), *inner[1:]]


def _scripts(words: list[Token], text: str) -> list[Token]:
    """Braces around every script; empty groups left out."""
    out: list[Token] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word.text == "{" and word.kind == "brace" and at < len(words) and words[at].text == "}" and words[at].kind == "brace" and not (out and out[-1].text in ("^", "_")):
            at += 1
            continue
        out.append(word)
        if word.kind != "op" or word.text not in ("^", "_"):
            continue
        if at >= len(words) or words[at].text in ("^", "_", "}", "&") or words[at].kind in ("newline", "end"):
            raise TextError(f"'{word.text}' needs what is {'raised' if word.text == '^' else 'lowered'}.", text=text, span=word.span)
        if words[at].kind != "brace":
            end = _argument_end(words, at, text)
            if words[at].kind == "number" and len(words[at].text) > 1:
                typed = words[at].text
                raise TextError(f"'{word.text}{typed}' is typeset with '{typed[0]}' alone in the script.", text=text, span=(word.start, words[at].end), hint=f"write {word.text}{{{typed}}}.")
            out += [Token("brace", "{", words[at].start, words[at].start), *words[at:end], Token("brace", "}", words[end - 1].end, words[end - 1].end)]
            at = end
    return out


def _argument_end(words: list[Token], at: int, text: str) -> int:
    r"""Where the one argument at `at` ends: \frac takes two more, \sqrt one."""
    wanted = {"frac": 2, "sqrt": 1}.get(words[at].text, 0) if words[at].kind == "command" else 0
    end = at + 1
    for _ in range(wanted):
        depth = 0
        while end < len(words):
            depth += (words[end].text == "{" and words[end].kind == "brace") - (words[end].text == "}" and words[end].kind == "brace")
            end += 1
            if depth == 0:
                break
    return min(end, len(words))
