r"""Macros that a text defines itself: \newcommand{\bx}{\mathbf{x}}, \def\bx{...}, \DeclareMathOperator{\tr}{tr}; and \norm{x}, \inner{x}{y} of papers."""

from __future__ import annotations

from dataclasses import dataclass

from wrt.errors import TextError, TooLargeError
from wrt.language.latex_raw import Token
from wrt.language.python import MAX_TOKENS

NEW = ("newcommand", "renewcommand", "providecommand", "def", "DeclareMathOperator")
INNER = ("inner", "ip", "inprod", "innerprod", "innerproduct", "dotprod", "dotp")


@dataclass(frozen=True, slots=True)
class Macro:
    """A body with places for arguments, # and a number."""

    count: int
    body: tuple[Token, ...]


def expanded(words: list[Token], text: str) -> list[Token]:
    """The words with every macro of the text and of papers written out. Raises: TextError, TooLargeError."""
    if not any(w.kind == "command" and (w.text in NEW or w.text in INNER or w.text == "norm") for w in words):
        return words
    macros: dict[str, Macro] = {}
    kept: list[Token] = []
    at = 0
    while at < len(words):
        if words[at].kind == "command" and words[at].text in NEW:
            at = _define(macros, words, at, text)
        else:
            kept.append(words[at])
            at += 1
    macros.setdefault("norm", _norm())
    for name in INNER:
        macros.setdefault(name, _inner())
    return _written_out(kept, macros, text)


def _norm() -> Macro:
    return Macro(1, (Token("command", "left", 0, 0), Token("op", "||", 0, 0), *_hole(1), Token("command", "right", 0, 0), Token("op", "||", 0, 0)))


def _inner() -> Macro:
    return Macro(2, (Token("op", "langle", 0, 0), *_hole(1), Token("op", ",", 0, 0), *_hole(2), Token("op", "rangle", 0, 0)))


def _hole(k: int) -> tuple[Token, Token]:
    return Token("op", "#", 0, 0), Token("number", str(k), 0, 0)


def _define(macros: dict[str, Macro], words: list[Token], at: int, text: str) -> int:
    r"""One definition, \newcommand{\name}[count]{body}; returns where it ends."""
    start, kind = words[at], words[at].text
    at += 1
    inside, at = _group(words, at, start, text)
    if len(inside) != 1 or inside[0].kind not in ("command", "name"):
        raise TextError(f"\\{kind} defines one command.", text=text, span=start.span, hint=r"\newcommand{\bx}{\mathbf{x}}.")
    count = 0
    if at + 2 < len(words) and words[at].text == "[" and words[at + 1].kind == "number":
        count, at = int(words[at + 1].text), at + 3
    while kind == "def" and at + 1 < len(words) and words[at].text == "#":  # \def\f#1{...}
        count, at = int(words[at + 1].text), at + 2
    body, at = _group(words, at, start, text)
    if kind == "DeclareMathOperator" and body:
        body = [Token("word", "".join(w.text for w in body), body[0].start, body[-1].end, "upright")]
    macros[text[inside[0].start : inside[0].end].lstrip("\\")] = Macro(count, tuple(body))
    return at


def _group(words: list[Token], at: int, command: Token, text: str) -> tuple[list[Token], int]:
    """(the words of the argument at `at`, where it ends)."""
    if at >= len(words):
        raise TextError(f"\\{command.text} needs an argument.", text=text, span=command.span)
    if words[at].text != "{" or words[at].kind != "brace":
        return [words[at]], at + 1
    depth = 0
    for k in range(at, len(words)):
        depth += (words[k].kind == "brace") * ((words[k].text == "{") - (words[k].text == "}"))
        if depth == 0:
            return words[at + 1 : k], k + 1
    raise TextError("'{' is never closed.", text=text, span=words[at].span)


def _written_out(words: list[Token], macros: dict[str, Macro], text: str) -> list[Token]:
    """The words with macros replaced, again and again while there are any."""
    out: list[Token] = []
    stack = list(reversed(words))
    steps = 0
    while stack:
        word = stack.pop()
        name = text[word.start : word.end].lstrip("\\") if word.kind == "command" or (word.kind == "name" and text[word.start] == "\\") else ""
        macro = macros.get(name)
        braced = bool(stack) and stack[-1].text == "{"
        if macro is None or (name in ("norm", *INNER) and macro.count and not braced):
            out.append(word)
            continue
        steps += 1 + len(macro.body)
        if steps > MAX_TOKENS:
            raise TooLargeError("the macros of the text make it too long.", text=text, span=word.span)
        arguments: list[list[Token]] = []
        for _ in range(macro.count):
            argument, end = _last_group(stack, word, text)
            del stack[len(stack) - end :]
            arguments.append(argument)
        stack += reversed(_filled(macro, arguments, word))
    return out


def _last_group(stack: list[Token], command: Token, text: str) -> tuple[list[Token], int]:
    """`_group` of a reversed list, without turning it round."""
    depth = 0
    for k in range(1, len(stack) + 1):
        word = stack[-k]
        depth += (word.kind == "brace") * ((word.text == "{") - (word.text == "}"))
        if depth == 0:
            return _group(stack[-k:][::-1], 0, command, text)
    raise TextError(f"\\{command.text} needs an argument.", text=text, span=command.span)


def _filled(macro: Macro, arguments: list[list[Token]], use: Token) -> list[Token]:
    """The body at one use; the words of a macro of papers stand where it was typed."""
    out: list[Token] = []
    body = list(macro.body)
    at = 0
    while at < len(body):
        if body[at].text == "#" and at + 1 < len(body) and body[at + 1].kind == "number" and int(body[at + 1].text) <= len(arguments):
            out += [Token("brace", "{", use.start, use.start), *arguments[int(body[at + 1].text) - 1], Token("brace", "}", use.end, use.end)]
            at += 2
            continue
        out.append(body[at] if body[at].end else body[at]._replace(start=use.start, end=use.end))
        at += 1
    return out
