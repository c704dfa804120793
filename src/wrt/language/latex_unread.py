r"""What is refused by name: commands and words that mean nothing here, with the nearest that do; derivatives inside of a function."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from wrt.errors import UnknownNameError, WrtError
from wrt.language.latex_function_words import HINTS, REFUSED, SAYS_SO, WORDS
from wrt.language.latex_raw import Token
from wrt.language.latex_words import FONTS, SIZED

if TYPE_CHECKING:
    from wrt.language.latex_cursor import Cursor

PREFIXES = ("b", "v", "m", "B", "V", "M", "bf", "bs", "bm", "mb", "vec", "mat", "bold", "mathbf")  # of macros for bold letters: \bx, \vecx


def unknown(p: Cursor, word: Token) -> WrtError:
    """A command or word that means nothing here, with the nearest that does."""
    name = word.text
    if name in REFUSED or name in SAYS_SO:
        return p.fail(REFUSED.get(name) or SAYS_SO[name], word.span, HINTS.get(name, ""))
    if word.kind == "word":
        near = get_close_matches(name, [*WORDS, *p.names.spellings()], 1)
        hint = f"did you mean {near[0]}?" if near else "declare it."
        return UnknownNameError(f"'{name}' is neither a function nor a variable.", text=p.text, span=word.span, hint=hint)
    near = get_close_matches(
        name,
        [
            *WORDS,
            *FONTS,
            *SIZED,
            "frac",
            "sum",
            "top",
            "cdot",
            "odot",
            "otimes",
            "left",
            "right",
            "lambda",
            "alpha",
            "beta",
            "sigma",
            "Sigma",
            "theta",
        ],
        1,
        0.7,
    )
    letter = name[-1:] if name[:-1] in PREFIXES else ""
    hint = (
        rf"if it stands for {letter}, write \mathbf{{{letter}}}: what \newcommand{{\{name}}}{{\mathbf{{{letter}}}}} defines is not known here."
        if letter
        else rf"did you mean \{near[0]}?"
        if near
        else r"a macro of your own is not known here: write what it stands for, or give it in names={...}."
    )
    return p.fail(f"the command \\{name} is not known.", word.span, hint)


def refuse_derivative(p: Cursor, command: Token) -> None:
    r"""\frac{\partial f}{\partial x} and \frac{d}{dx} are questions, not functions."""
    inner = p.word(1)
    later = next((w for w in p.words[p.at + 1 : p.at + 8] if w.text == "partial"), None)
    if (inner.text == "partial" or later is not None) and p.word().text == "{":
        raise p.fail(REFUSED["partial"], (command.start, inner.end), HINTS["partial"])
    if inner.text == "d" and p.names.find("d") is None and p.word().text == "{":
        raise p.fail(REFUSED["partial"], (command.start, inner.end), HINTS["partial"])
