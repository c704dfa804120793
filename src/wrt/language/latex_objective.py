r"""What stands before an objective: \min_x, \arg\max_\theta, minimize: it says what is sought, not what the function is, and is left out with a note."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wrt.errors import TextError
from wrt.language.latex_raw import Token
from wrt.language.latex_scripts import take_scripts

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser

_TYPED = re.compile(r"(?:(?:arg ?)?(?:min|max)|[Mm](?:in|ax)imi[sz]e)(?=\s*_)|[Mm](?:in|ax)imi[sz]e\b")
POINTS = frozenset("min max argmin argmax arg-min arg-max minimize maximize minimise maximise Minimize Maximize Minimise Maximise".split())
CONSTRAINTS = ("=", "<", ">", "le", "ge", "ne", "||", "|", "subset")


def pass_over(p: Parser) -> None:
    r"""Go past \min_x and its like at the start of a formula. Raises: TextError for a constraint under it."""
    start = p.at
    first = p.next()
    if typed := _TYPED.match(p.text, first.start if first.kind == "name" else len(p.text)):  # min_x without a backslash
        first = first._replace(kind="word", text=typed.group(), end=typed.end())
        while p.word().start < typed.end():
            p.at += 1
    if first.text == "arg" and first.kind in ("command", "word") and p.word().text in ("min", "max"):
        first = first._replace(text=f"arg{p.next().text}", end=p.words[p.at - 1].end)
    seeks = first.kind in ("command", "word") and (first.text in POINTS or first.text.replace(" ", "") in POINTS)
    below = take_scripts(p).below if seeks and p.is_op(p.word(), "_") else None
    words = p.some(below)
    prose = first.kind == "word" and p.word().text not in ("(", "[", "{", "\\{")  # \text{min } x^\top Q x
    alone = below is None and (prose or p.word().text in ("||", "frac", "sum"))  # \min \|Ax - b\|
    if not seeks or (first.text in ("min", "max") and not alone and not _over_variable(p, words, p.words[p.at :])):
        p.at = start
        return
    if any(w.text in CONSTRAINTS and w.kind in ("op", "command") for w in words) or ("in" in [w.text for w in words] and not _whole_space(words)):
        span = (first.start, words[-1].end)
        raise TextError("a constraint is not part of a function.", text=p.text, span=span, hint="give the objective alone.")
    p.notes[f"{p.text[first.start : p.words[p.at - 1].end].strip()} is left out: the objective is the function"] = None


def _over_variable(p: Parser, words: Sequence[Token], body: Sequence[Token]) -> bool:
    """Whether a subscript names a variable; an index stands in subscripts of the body."""
    first = next((w for w in words if w.kind in ("name", "word")), None)
    if first is None:
        return False
    found = p.names.find(first.text)
    if found is not None:
        return found[1] == "variable"
    low = [False]
    used = False
    for k, word in enumerate(body):
        if word.text == "{":
            low.append(low[-1] or (k > 0 and body[k - 1].text == "_"))
        elif word.text == "}" and len(low) > 1:
            low.pop()
        elif word.text == first.text and word.kind == first.kind:
            if low[-1]:
                return False
            used = True
    return used


def _whole_space(words: Sequence[Token]) -> bool:
    r"""x \in \mathbb{R}^n says no more than a declaration."""
    texts = [w.text for w in words]
    after = words[texts.index("in") + 1 :]
    return bool(after) and after[0].text == "R"
