r"""Which dialect a text is written in, by tokens that only one of them has.

LaTeX: a command that it knows, braces, $, mathematical signs of Unicode (‖ ∑ ² ᵀ ⊙), a transpose followed by a letter (x'Ax), ^ in juxtaposed letters.
Matlab: .* ./ .^, ' after an operand, ^ otherwise, \ between two operands. Everything else is the Python spelling.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from wrt.language.latex_function_words import REFUSED, WORDS
from wrt.language.latex_words import ACCENTS, FONTS, GREEK, IGNORED, OPERATORS, SIZED, SKIPPED, SWITCHES, SYNONYMS, UNICODE
from wrt.language.python import MAX_CHARACTERS

Dialect = Literal["python", "matlab", "latex"]

COMMANDS = frozenset(
    {
        *ACCENTS,
        *FONTS,
        *GREEK,
        *IGNORED,
        *OPERATORS,
        *REFUSED,
        *SIZED,
        *SKIPPED,
        *SWITCHES,
        *SYNONYMS,
        *WORDS,
        "frac",
        "sqrt",
        "sum",
        "prod",
        "begin",
        "end",
        "top",
        "odot",
        "otimes",
        "circ",
        "oslash",
        "in",
        "quad",
        "underbrace",
    }
)
_STRING = re.compile(r"(?<![\w)\]'.])(?:'[^'\n]*'|\"[^\"\n]*\"|[“”][^“”\n]*[“”]|[‘’][^‘’\n]*[‘’])")
_COMMENT = re.compile(r"#[^\n]*")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_MATLAB = re.compile(r"\.[*/^']|(?<=[\w)\]])'|\^|\b(?:norm1|norm2|vector|matrix)\s*\(")
_RAISED_T = re.compile(r"\^[Tt]\s*[A-Z(]")
_CODE = re.compile(r"@|\*|\.T\b|\./|\.\^|&")
_LOWERED = re.compile(r"[)\]][₀-₉ₐₑₕ-ₜᵢᵣᵤᵥⱼ]")
_SOLVE = re.compile(r"(?<=[\w)\]'])\s*\\\s*(?=[\w(])")
_BESIDE = re.compile(r"'\s*[^\W\d_(]|\)\s*[^\W_(]|[^\W\d_]\s+[^\W_]|\d\s*[^\W\d_eE]|\)\s*\(")


def detect(text: str) -> Dialect:
    r"""The dialect of a text.

    >>> [detect(t) for t in ("norm(A @ x - b)**2", "norm2(A*x - b)^2", r"\|Ax-b\|_2^2", "x'*A*x", "norm(X, 'nuc')")]
    ['python', 'matlab', 'latex', 'matlab', 'python']
    """
    if len(text) > MAX_CHARACTERS:
        return "python"
    words = _COMMENT.sub("", _STRING.sub("''", text))  # what is quoted says nothing
    if any(c in "{}$" for c in words) or any(c in UNICODE or _raised(c) for c in set(words)) or _LOWERED.search(words):
        return "latex"
    if "\\" in words:
        known = any(found.group(1) in COMMANDS for found in _COMMAND.finditer(words))
        return "matlab" if not known and _SOLVE.search(words) and "\\\\" not in words else "latex"
    plain = words.replace("''", " ")
    if "|" in plain and "^" in plain and not _CODE.search(plain):  # ||Ax - b||^2: neither Matlab nor the text language has both
        return "latex"
    if _MATLAB.search(plain):
        dotted = re.search(r"\.[*/^']|\*", plain)
        return "latex" if not dotted and (_BESIDE.search(plain) or _RAISED_T.search(plain)) else "matlab"
    return "python"


def _raised(c: str) -> bool:
    """Whether a character is a superscript, as in x² and A⁻¹."""
    return not c.isascii() and unicodedata.decomposition(c).startswith("<super>")
