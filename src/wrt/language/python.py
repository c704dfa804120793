"""The Python spelling of the text language as tokens; names are taken as typed (Greek, subscripts, primes of Unicode letters included)."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from wrt.errors import TextError, TooLargeError

MAX_CHARACTERS = 400_000
MAX_TOKENS = 120_000
MAX_DIGITS = 300  # floats end near 1.8e308
MAX_EXPONENT = 300

_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_STRING = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|[“”][^“”\n]*[“”]|[‘’][^‘’\n]*[‘’]")
_SPACE = re.compile(r"[ \t\r\f]+|\\\n|#[^\n]*")
_ASCII_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*(?![A-Za-z_0-9]|[^\x00-\x7f])")
_OPERATOR = re.compile(r"\*\*|//|==|!=|<=|>=|[-+*/@<>=()\[\],:;.%&|^~!?{}]|\n")


class Token(NamedTuple):
    """kind: number, name, string, op, end; `text` as typed; `start`, `end` in characters."""

    kind: str
    text: str
    start: int
    end: int


def _name_end(text: str, at: int) -> int:
    """Where the name that starts at `at` ends; `at` itself when none starts there."""
    end = at
    while end < len(text):
        c = text[end]
        category = unicodedata.category(c)
        if (
            c == "_"
            or (category[0] == "L" and not _superscript(c))
            or (end > at and (category in ("Nd", "Mn", "Mc") or (category in ("No", "Lm") and not _superscript(c))))
        ):
            end += 1
        else:
            break
    return end


def _superscript(c: str) -> bool:
    return unicodedata.decomposition(c).startswith("<super>")


def tokens(text: str) -> list[Token]:
    """The tokens of a text. Raises: TextError at a character that starts none, TooLargeError."""
    if len(text) > MAX_CHARACTERS:
        raise TooLargeError(f"the text has {len(text)} characters; the limit is {MAX_CHARACTERS}.")
    out: list[Token] = []
    at, depth = 0, 0
    while at < len(text):
        found = _SPACE.match(text, at)
        if found:
            at = found.end()
            continue
        c = text[at]
        if found := _ASCII_NAME.match(text, at):
            out.append(Token("name", found.group(), at, found.end()))
        elif c in "0123456789" or (c == "." and text[at + 1 : at + 2].isdigit()):
            found = _NUMBER.match(text, at)
            assert found is not None
            _check_number(text, found)
            out.append(Token("number", found.group(), at, found.end()))
        elif found := _OPERATOR.match(text, at):
            word = found.group()
            depth += (word in "([") - (word in ")]")
            if word == "\n":
                if depth <= 0 and out and out[-1].text != ";":  # a new line ends a step; inside brackets it is a space
                    out.append(Token("op", ";", at, at + 1))
            else:
                out.append(Token("op", word, at, found.end()))
        elif c in "\"'“”‘’":  # word processors curl the quotes
            found = _STRING.match(text, at)
            if not found:
                raise TextError("a string that is not closed.", text=text, span=(at, at + 1))
            out.append(Token("string", found.group()[1:-1], at, found.end()))
        elif (end := _name_end(text, at)) > at:
            out.append(Token("name", text[at:end], at, end))
            found = None
        else:
            from wrt.language.hints import for_character

            raise TextError(f"the character {c!r} has no meaning here.", text=text, span=(at, at + 1), hint=for_character(c))
        at = out[-1].end if out and (found is None or out[-1].start == at) else found.end()  # type: ignore[union-attr]  # one of the two matched
        if len(out) > MAX_TOKENS:
            raise TooLargeError(f"the text has more than {MAX_TOKENS} words; name parts of it or split it.")
    while out and out[-1].text == ";":
        out.pop()
    out.append(Token("end", "", len(text), len(text)))
    return out


def _check_number(text: str, found: re.Match[str]) -> None:
    word = found.group().lower()
    mantissa, _, exponent = word.partition("e")
    if len(mantissa) > MAX_DIGITS or (exponent and (len(exponent) > 6 or abs(int(exponent)) > MAX_EXPONENT)):
        raise TooLargeError(
            f"a number of that many digits is not supported (at most {MAX_DIGITS} digits, exponents up to {MAX_EXPONENT}).",
            text=text,
            span=found.span(),
        )
