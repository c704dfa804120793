"""Unicode on one line: 2Aᵀ(Ax − b), ½‖x‖², ∑ⱼ₌₁ⁿ Aᵢⱼxⱼ. Indices count from 1."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wrt.language.latex_names import key
from wrt.language.surface import Node
from wrt.notation.style import marks
from wrt.notation.style_mark import Mark
from wrt.notation.style_print import Style, spell

_PLAIN = "0123456789+−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRUVW⊤"
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵁⱽᵂᵀ"
RAISED = dict(zip(_PLAIN, _RAISED, strict=True))
LOWERED = dict(zip("0123456789+−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307", "ddot": "\u0308", "check": "\u030c", "breve": "\u0306"}
SIGNS = {
    "+": "+", "-": "−", "neg": "−", ", ": ", ", ",": ",", ":": ":", "by": "×", "side": "", "cdot": "·", "of": "",
    "==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥", "odot": "⊙", "oslash": "⊘", "otimes": "⊗",
    "top": "⊤", "-top": "−⊤", "-1": "−1", "plus": "+", "entrywise": "⊙", "ones": "𝟏", "zeros": "𝟎", "eye": "I", "e": "e",
    "nabla": "∇", "D": "D", "prime": "′", "one": "𝟙", "delta": "δ", "pi": "π", "inf": "∞", "norm *": "*", "norm F": "F", "norm 2": "2",
    "1/2": "½", "1/4": "¼", "3/4": "¾",
}  # fmt: skip
_WORD = re.compile("[A-Za-z\u0370-\u03ff]{2}")
_WORD_ENDS = re.compile("[A-Za-z\u0370-\u03ff]{2}([\u2080-\u209c\u1d62-\u1d6a\u2c7c]*|_\\{\\w+\\})$")  # subscripts behind it or not
_NAME_ENDS = re.compile("[A-Za-z\u0370-\u03ff][\u2080-\u209c\u1d62-\u1d6a\u2c7c]*$")
_APPLIED = re.compile("[A-Za-z\u0370-\u03ff][\u2080-\u209c\u1d62-\u1d6a\u2c7c′]*\\(")  # σ(x), f′(x)
_CALLED = re.compile("[A-Za-z]{2}\\(")  # log(x): the letters of a function's name are not raised
WORDS = {
    "sigmoid": "σ",
    "digamma": "ψ",
    "gammaln": "log Γ",
    "relu": "ReLU",
    "gelu": "GELU",
    "silu": "SiLU",
    "maximum": "max",
    "minimum": "min",
    "cholesky": "chol",
}


def render(node: Node) -> str:
    """The formula in Unicode.

    >>> from wrt.language.read import read
    >>> print(render(read("2*A.T @ (A @ x - b)").tree))
    2Aᵀ(Ax − b)
    """
    return spell(marks(node), STYLE)


def _row(parts: Sequence[str]) -> str:
    return " ".join(part for part in parts if part)


def _beside(parts: Sequence[str]) -> str:
    """Factors without space, but where words of several letters meet others, a name a function, before a sum or root, and after a fraction."""
    out = before = ""
    for part in filter(None, parts):
        gap = before and (
            _WORD.match(part)
            or _WORD_ENDS.search(before)
            or (before[-2:-1] == "_" and part[0].isalnum())
            or (_APPLIED.match(part) and _NAME_ENDS.search(before))
            or part[0] in "∑√"
            or part.startswith(("d(", "∂"))
            or (before[-1] in "½¼¾" and part[0].isdigit())
        )
        out += f" {part}" if gap else part
        before = part
    return out


def _raised(base: str, above: str) -> str:
    text = above.replace(" ", "")
    if all(c in RAISED for c in text) and not _CALLED.search(text):
        return base + "".join(RAISED[c] for c in text)
    return f"{base}^{{{text}}}"


def _lowered(base: str, below: str) -> str:
    below = below.replace(" ", "")
    letters = below.split(",")
    plain = all(len(letter) == 1 for letter in letters)
    text = "".join(letters) if plain else below
    if all(c in LOWERED for c in text) and (plain or "," not in below):
        return base + "".join(LOWERED[c] for c in text)
    return f"{base}_{below}" if len(below) == 1 else f"{base}_{{{below}}}"


def _name(mark: Mark) -> tuple[str, bool]:
    base, *parts = key(mark.text).split("_")
    base += "".join(ACCENTS[part] for part in parts if part in ACCENTS)
    scripts = [part for part in parts if part not in ACCENTS]
    if len(base) > 1 and len(scripts) == 1 and len(scripts[0]) > 2 and not parts[1:]:  # learning_{rate}: a word below a word keeps its letters
        return f"{base}_{{{scripts[0]}}}", True
    return (_lowered(base, ",".join(scripts)), True) if scripts else (base, False)


def _enclosed(left: str, body: str, right: str, tall: bool) -> str:
    return f"{left}{body}{right}" if left else f"({body})"


def _fraction(top: str, bottom: str) -> str:
    return f"{top}/{bottom}"


def _series(loops: Sequence[tuple[str, str, str]], body: str) -> str:
    return "".join(_raised(_lowered("∑", f"{name}={start}"), stop) + " " for name, start, stop in loops) + body


def _grid(rows: Sequence[Sequence[str]]) -> str:
    return "[" + "; ".join(", ".join(row) for row in rows) + "]"


def _cases(condition: str, a: str, b: str) -> str:
    return f"{{{a} if {condition}; {b} otherwise}}"


def _lines(steps: Sequence[tuple[str, str]], result: str) -> str:
    return ", ".join([result, *[f"{name} = {value}" for name, value in steps]])


STYLE = Style(
    signs=SIGNS,
    name=_name,
    number=str,
    word=str,
    function=lambda name: WORDS.get(name, name),
    operator=str,
    row=_row,
    tight="".join,
    beside=_beside,
    enclosed=_enclosed,
    raised=_raised,
    lowered=_lowered,
    fraction=_fraction,
    root=lambda x: f"√{x}",
    series=_series,
    grid=_grid,
    cases=_cases,
    lines=_lines,
    flat=True,
)
