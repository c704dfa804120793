r"""Braces that group nothing: {{x}_{i}} is x_i, {\left\| w \right\|}_{1} is \|w\|_1, as editors of formulas write them."""

from __future__ import annotations

from collections.abc import Sequence

from wrt.errors import TooLargeError
from wrt.language.latex_function_words import WORDS
from wrt.language.latex_pairs import closings
from wrt.language.latex_raw import Token

MAX_NESTING = 2_000
OPENED, CLOSED = ("(", "[", "\\{", "langle", "||", "null", "&"), (")", "]", "\\}", "rangle", "||", "null", "&")
LONGEST = 40  # words of a group that is looked at
ARGUMENTS = {"frac": 2, "sqrt": 1, "underbrace": 1, "overbrace": 1, "textcolor": 2, "binom": 2, "substack": 1}


def without_idle_braces(words: Sequence[Token], text: str) -> list[Token]:
    r"""The words without braces around one symbol with its scripts, or around one pair of brackets or bars, where they are no argument.

    Raises: TooLargeError.
    """
    needed = _arguments(words)
    semicolons = 0  # {x if x > 0; 0 otherwise} keeps its braces
    over = any(word.text == "over" for word in words)
    out: list[Token] = []
    opened: list[tuple[int, bool, int]] = []  # where open groups start in `out`, whether they are arguments, how many semicolons stand before
    cells: set[int] = set()  # where the first cell of an array begins in `out`, behind its columns
    left: list[int] = []  # where sized brackets that are open stand in `out`
    pair = -1  # where the bracket stands that the last word closes
    for k, word in enumerate(words):
        semicolons += word.text == ";"
        if word.kind == "brace" and word.text == "{":
            opened.append((len(out), k in needed, semicolons))
            if len(opened) > MAX_NESTING:
                raise TooLargeError(f"brackets nested deeper than {MAX_NESTING}.", text=text, span=word.span)
        elif word.font == "left":
            left.append(len(out))
        elif word.kind == "brace" and opened:
            start, argument, before = opened.pop()
            after = words[k + 1].text if k + 1 < len(words) else ""
            first = start > 0 and (out[start - 1].text in OPENED or out[start - 1].kind in ("begin", "newline") or start in cells)
            within = (
                first and not over and before == semicolons and (after in CLOSED or (k + 1 < len(words) and words[k + 1].kind in ("end", "newline")))
            )
            if argument and start > 0 and out[start - 1].kind == "begin":
                cells.add(len(out) + 1)
            if not argument and (within or pair == start + 1 or _one(out, start + 1, scripted=after in ("^", "_", "'"))):
                del out[start]
                pair = -1
                continue
        pair = left.pop() if word.font == "right" and left else -1
        out.append(word)
    return out


def _arguments(words: Sequence[Token]) -> set[int]:
    """Where the braces open that are scripts, arguments of a command, or columns of an array."""
    partner = closings(list(words))
    out: set[int] = set()
    for k, word in enumerate(words):
        function = word.kind in ("command", "word") and word.text in WORDS  # \sin{x}^2
        count = ARGUMENTS.get(word.text, int(function)) if word.kind != "op" else int(word.text in ("^", "_"))
        count = 1 if word.kind == "begin" else count
        at = k + 1
        if word.text == "sqrt" and at in partner and words[at].text == "[":
            at = partner[at] + 1
        for _ in range(count):
            if at < len(words) and words[at].text == "{" and words[at].kind == "brace":
                out.add(at)
                at = partner[at]
            at += 1
    return out


def _one(out: Sequence[Token], start: int, *, scripted: bool) -> bool:
    """Whether one symbol stands from `start` on, with scripts only where none follow the group; or one pair of bars."""
    size = len(out) - start
    if not 0 < size <= LONGEST:
        return False
    bars = [w.text for w in out[start:] if w.text in ("|", "||") and w.kind == "op"]
    if len(bars) == 2 and out[start].text == out[-1].text == bars[0] and out[start].font != "left":
        return True
    if size == 1 and out[start].kind == "word":
        return True
    if out[start].kind != "name" and (len(bars) != 1 or out[start].text != bars[0] or out[start].font):
        return False
    if size == 1:
        return True
    at = start + 1
    while not scripted and at < len(out) and out[at].text in ("^", "_"):
        depth = 0
        at += 1
        while at < len(out):
            depth += (out[at].text == "{") - (out[at].text == "}")
            at += 1
            if depth == 0:
                break
    return not scripted and at == len(out)
