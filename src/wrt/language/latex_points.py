r"""x_k, x_1, x_0, x_i of an undeclared x: an entry of a vector, a variable of its own, or a point of data?

Where x is a vector of the same formula, x_k and x_1 are its entries; what may as well be a name of its own (x_0, \theta_t) is asked about. An entry that
stands where a vector does, as in \sum_i \|x_i - c\|^2, is asked about too: it may be a row of a matrix.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from wrt.errors import Span
from wrt.language.assume import LabelError, PointError
from wrt.language.latex_raw import Token
from wrt.language.surface import SCALAR, Declaration, Generator, Index, Name, Node

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser

INDEX_LETTERS = frozenset("ijklmnpqrscy")
BINDERS = frozenset(("sum", "prod", "max", "min"))


# ------------------------------------------------------------------------------------------------ which names are used in two ways
def shared(statements: Iterable[Sequence[Token]]) -> set[str]:
    """The names that stand without a subscript, or with an index that is summed over: their other subscripts are entries."""
    whole: set[str] = set()
    letters: dict[str, set[str]] = {}
    bound: set[str] = set()
    implicit = False  # whether a sum leaves its index unsaid: every letter may be the one
    for words in statements:
        inside = 0  # where the subscript around ends
        for k, word in enumerate(words):
            below, end = _below(words, k)
            if word.text in BINDERS and word.kind in ("command", "word"):
                bound |= _letters(below)
                implicit = implicit or (not below and word.text in ("sum", "prod"))
            elif word.kind == "name" and k >= inside and below:
                letters.setdefault(word.text, set()).update(_letters(below))
            elif word.kind == "name" and k >= inside:
                whole.add(word.text)
            inside = max(inside, end)
    return whole | {name for name, some in letters.items() if some & bound or (some and implicit)}


def _below(words: Sequence[Token], at: int) -> tuple[Sequence[Token], int]:
    """The words of the subscript behind a place, with or without a superscript between, and where it ends."""
    k = at + 1
    while k + 1 < len(words) and words[k].kind == "op" and words[k].text in ("^", "_") and words[k + 1].text == "{":
        depth, end = 1, k + 2
        while end < len(words) and depth:
            depth += (words[end].text == "{") - (words[end].text == "}")
            end += 1
        if words[k].text == "_":
            return words[k + 2 : end - 1], end
        k = end
    return (), 0


def _letters(words: Sequence[Token]) -> set[str]:
    return {word.text for word in words if word.kind == "name"}


def is_index(words: Sequence[Token]) -> bool:
    """Whether a subscript without its braces is one letter, a whole number, or two letters that are usual indices; x_{max} is a name."""
    texts = [w.text for w in words if w.text != ","]
    if len(texts) == 1:
        return words[0].kind == "name" or texts[0].isdigit()
    return len(texts) == 2 and all(text in INDEX_LETTERS or text.isdigit() for text in texts)


# ------------------------------------------------------------------------------------------------ entries
def free_entry(p: Parser, base: Name, words: Sequence[Token], span: Span) -> None:
    """Take the free letter of x_k as a whole number. Raises: LabelError where x_0, x_t may be a name of its own."""
    plain = [w for w in words if w.text not in ("{", "}")]
    if not plain or not is_index(plain) or any(w.text in p.indices or w.text in p.ended for w in plain):
        return
    label = "".join(w.text for w in words if w.kind != "brace")
    shown = f"{p.text[slice(*base.span)]}_{label if len(label) == 1 else f'{{{label}}}'}"
    free = [w for w in plain if w.kind == "name" and p.names.find(w.text) is None and w.text not in p.size_words]
    if plain[0].text == "0" or any(w.text not in INDEX_LETTERS for w in free):
        own = f"{base.name}_{label}"
        hint = f'for a variable declare {own} and {base.name}, names={{"{shown}": "{own}"}}'
        if p.build.shape(base).order < 2:
            place, integer = ("0", "") if label == "0" else (f"{label} - 1", f" and {label}: integer")
            hint += f'; for an entry declare {base.name}{integer}, names={{"{shown}": "{base.name}[{place}]"}}'
        raise LabelError(f"is {shown} an entry of {base.name} or a variable of its own?", text=p.text, span=span, hint=f"{hint}.")
    if p.build.shape(base).order != len(plain):
        return
    for word in free:
        p.build.declared[word.text] = Declaration(word.text, SCALAR, frozenset({"integer"}))
        p.names.add(word.text, "variable")
    if free:
        p.notes[f"{shown} is an entry of {base.name}, counted from 1"] = None


def number_of_entries(node: Node, assumed: Iterable[str]) -> Index | None:
    """The first entry of an undeclared vector in a number, outside sums; None where there is none."""
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, Index) and isinstance(part.base, Name) and part.base.name in assumed:
            return part
        if not isinstance(part, Generator | Index):
            stack.extend(reversed(part.children))
    return None


def point(text: str, found: Index, span: Span) -> PointError:
    """The question about an entry where a vector is needed."""
    assert isinstance(found.base, Name)
    shown, base = text[slice(*found.span)].partition("^")[0], text[slice(*found.base.span)]
    letter = found.parts[0].name if len(found.parts) == 1 and isinstance(found.parts[0], Name) else "i"
    name = found.base.name[0]
    matrix = (name if name.isascii() else unicodedata.name(name).split()[-1])[0].upper()
    return PointError(
        f"{shown} is an entry of {found.base.name}, a number, but stands where a vector does: is it a row of a matrix?",
        text=text,
        span=span,
        hint=f'if it is a row of data, declare the matrix, {matrix}: n d, and say names={{"{base}_{letter}": "{matrix}[{letter},:].T"}}; '
        "if it is a vector of its own, declare it.",
    )
