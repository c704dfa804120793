"""The words of a text in the language of matrixcalculus.org; a quote after an operand is a transpose, elsewhere it opens a string."""

from __future__ import annotations

import re

from wrt.errors import TextError, TooLargeError
from wrt.language.python import MAX_CHARACTERS, MAX_TOKENS, Token, _check_number, _name_end

_NUMBER = re.compile(r"(?:\d+(?:\.\d+|\.(?![*/^'\\\d]))?|\.\d+)(?:[eE][+-]?\d+)?")
_STRING = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_OPEN_ENDED = ("+", "-", "*", "/", ".*", "./", "^", ".^", "\\", ",", "(", "=", ";")
_OPERATOR = re.compile(r"\.[*/^'\\]|\*\*|==|[-+*/\\^'()=,;\[\]@:<>~&|!.?{}$#`]")


def tokens(text: str) -> list[Token]:
    """The words of a text: numbers, names, strings and signs."""
    if len(text) > MAX_CHARACTERS:
        raise TooLargeError(f"the text has {len(text)} characters; the limit is {MAX_CHARACTERS}.")
    out: list[Token] = []
    at = depth = 0
    while at < len(text):
        c = text[at]
        if c in " \t\r\f":
            at += 1
            continue
        if c == "\n":
            if out and depth <= 0 and out[-1].text not in _OPEN_ENDED:  # a line that goes on, or an open bracket, ends nothing
                out.append(Token("op", ";", at, at + 1))
            at += 1
            continue
        if c == "%" or text.startswith("...", at):
            end = text.find("\n", at)
            at = len(text) if end < 0 else end + (c == ".")
            continue
        after = bool(out) and (out[-1].kind in ("number", "name") or out[-1].text in (")", "'", ".'", "]"))
        end = _name_end(text, at)
        if end > at:
            out.append(Token("name", text[at:end], at, end))
        elif found := _NUMBER.match(text, at):
            _check_number(text, found)
            out.append(Token("number", found.group(), at, found.end()))
        elif c in "'\"" and not after:
            found = _STRING.match(text, at)
            if not found:
                raise TextError(f"{c} stands after nothing: there is nothing to transpose.", text=text, span=(at, at + 1))
            out.append(Token("string", found.group()[1:-1], at, found.end()))
        elif found := _OPERATOR.match(text, at):
            depth += (c == "(") - (c == ")")
            out.append(Token("op", found.group(), at, found.end()))
        else:
            raise TextError(f"the character {c!r} has no meaning here.", text=text, span=(at, at + 1))
        at = out[-1].end
        if len(out) > MAX_TOKENS:
            raise TooLargeError(f"the text has more than {MAX_TOKENS} words; name parts of it or split it.")
    while out and out[-1].text == ";":
        out.pop()
    out.append(Token("end", "", len(text), len(text)))
    _balanced(out, text)
    return out


def _balanced(words: list[Token], text: str) -> None:
    """Refuse a bracket without its partner."""
    opened: list[Token] = []
    for word in words:
        if word.kind == "op" and word.text == "(":
            opened.append(word)
        elif word.kind == "op" and word.text == ")":
            if not opened:
                raise TextError("')' closes nothing.", text=text, span=(word.start, word.end))
            opened.pop()
    if opened:
        raise TextError("'(' is never closed.", text=text, span=(opened[-1].start, opened[-1].end))
