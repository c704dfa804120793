r"""Reading the Unicode style back: 2Aᵀ(Ax − b) becomes 2 A^{\top} (A x - b), which the LaTeX reader knows how to type.

Sub- and superscripts become scripts, juxtaposed letters become factors (a declared name of several letters is one), signs become commands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from wrt.errors import TextError, WrtError
from wrt.language import latex
from wrt.language.builder import Reading
from wrt.language.latex_names import key
from wrt.language.latex_words import GREEK
from wrt.language.signatures import known_functions
from wrt.language.surface import Shape

_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵁⱽᵂ", "0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRUVW", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", "0123456789+-=()aehijklmnoprstuvxβγρφχ", strict=True))
_SIGNS = {
    "−": "-", "⊙": r"\odot ", "⊘": r"\oslash ", "⊗": r"\otimes ", "·": r"\cdot ", "≠": r"\ne ", "≤": r"\le ", "≥": r"\ge ", "∞": r"\infty ", "⊤": r"\top ",
    "𝟏": r"\mathbf{1}", "𝟎": r"\mathbf{0}", "𝟙": r"\mathbb{1}", "½": r"\frac{1}{2}", "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}", "∑": r"\sum", "×": r"\times ", "π": r"\pi ",
    "‖": r"\|",
}  # fmt: skip
_ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot", "\u0308": "ddot", "\u030c": "check", "\u0306": "breve"}
_COMMANDS = {letter: word for word, letter in reversed(GREEK.items()) if not word.startswith(("var", "imath", "jmath", "ell"))}
_SPELLED = {"ReLU", "GELU", "SiLU", "chol", "max", "min"}  # functions that the style spells in another way than the text language
_STEP = re.compile(r"[^\W\d]\w*[₀-₉]* = ")


def read(text: str, shapes: Mapping[str, Shape], names: Mapping[str, str] | None = None, facts: latex.Facts | None = None) -> Reading:
    """What a formula says, beside its declarations. Raises: WrtError with the whole text as its place."""
    words = {part for name in shapes for part in (key(name), key(name).split("_")[0])}
    try:
        result, *steps = _steps(text)
        lines = [_translated(part, words | {s.split(" = ")[0] for s in steps}) for part in (result, *steps)]
        return latex.read(_joined(lines), shapes, dict(names or {}), facts)
    except WrtError as error:
        raise type(error)(error.message, text=text, span=(0, len(text)), hint=error.hint) from None


def _steps(text: str) -> list[str]:
    """The result, then the steps `name = value` that follow it."""
    out: list[str] = []
    for part in _split(text, ","):
        if out and not _STEP.match(part):
            out[-1] += f", {part}"
        else:
            out.append(part)
    return out


def _joined(lines: list[str]) -> str:
    """A result and its named steps, as the LaTeX style sets them."""
    if len(lines) < 3:
        return r", \quad ".join(lines)
    return r"\begin{aligned} & " + r", \\ & ".join(lines) + r" \end{aligned}"


def _translated(text: str, words: set[str]) -> str:
    """One formula as LaTeX."""
    out: list[str] = []
    at = 0
    while at < len(text):
        c = text[at]
        if c in _RAISED or c == "ᵀ":
            at = _script(text, at, out)
        elif c in _LOWERED:
            at = _subscript(text, at, out, words)
        elif c in "^_" and text[at + 1 : at + 2] == "{":
            end = _matching(text, at + 1, "{", "}")
            inside = text[at + 2 : end]
            word = c == "_" and out and out[-1].startswith(r"\operatorname") and inside.isalpha()
            out.append(rf"_{{\mathrm{{{inside}}}}}" if word else f"{c}{{{_translated(inside, words)}}}")
            at = end + 1
        elif c == "√":
            end = _atom(text, at + 1)
            inside = text[at + 1 : end]
            inside = inside[1:-1] if inside[:1] == "(" and _matching(inside, 0, "(", ")") == len(inside) - 1 else inside
            out.append(rf"\sqrt{{{_translated(inside, words)}}}")
            at = end
        elif c == "[" and _is_grid(text, at):
            end = _matching(text, at, "[", "]")
            rows = [[_translated(cell, words) for cell in _split(row, ",")] for row in _split(text[at + 1 : end], ";")]
            out.append(r"\begin{bmatrix} " + r" \\ ".join(" & ".join(row) for row in rows) + r" \end{bmatrix}")
            at = end + 1
        elif c == "{":
            end = _matching(text, at, "{", "}")
            first, _, second = text[at + 1 : end].partition("; ")
            value, _, condition = first.partition(" if ")
            cells = [_translated(part, words) for part in (value, condition, second.removesuffix(" otherwise"))]
            out.append(rf"\begin{{cases}} {cells[0]} & \text{{if }} {cells[1]} \\ {cells[2]} & \text{{otherwise}} \end{{cases}}")
            at = end + 1
        elif c in _SIGNS:
            out.append(_SIGNS[c])
            at += 1
        elif c.isalpha() or c == "_":
            at = _word(text, at, out, words)
        else:
            out.append(c)
            at += 1
    return "".join(out)


def _is_grid(text: str, at: int) -> bool:
    """Whether a bracket holds rows or cells, not the condition of an indicator or the entry of an array."""
    end = _matching(text, at, "[", "]")
    indicator = at > 0 and text[at - 1] == "𝟙"
    array = text[end + 1 : end + 2] == "_" or text[end + 1 : end + 2] in _LOWERED
    inside = text[at + 1 : end]
    return not indicator and not array and (len(_split(inside, ";")) > 1 or len(_split(inside, ",")) > 1)


def _script(text: str, at: int, out: list[str]) -> int:
    body = ""
    while at < len(text) and (text[at] in _RAISED or text[at] == "ᵀ"):
        body += r"\top" if text[at] == "ᵀ" else _RAISED[text[at]]
        at += 1
    out.append(f"^{{{body}}}")
    return at


def _subscript(text: str, at: int, out: list[str], words: set[str]) -> int:
    start = at
    while at < len(text) and text[at] in _LOWERED:
        at += 1
    body = "".join(_LOWERED[c] for c in text[start:at])
    base = out[-1].strip("\\ {}").rsplit("{")[-1] if out else ""
    split = body.isalnum() and len(body) > 1 and not (body.isdigit() and (base in ("I", "0", "1") or f"{base}_{body}" in words))
    if out and out[-1].startswith(r"\operatorname") and body.isalpha():
        body, split = rf"\mathrm{{{body}}}", False
    out.append(f"_{{{','.join(body) if split else body}}}")
    return at


def _word(text: str, at: int, out: list[str], words: set[str]) -> int:
    end = at
    while end < len(text) and (text[end].isalnum() or (text[end] == "_" and text[end + 1 : end + 2] != "{")) and text[end] not in _RAISED and text[end] not in _LOWERED and text[end] != "ᵀ":
        end += 1
    run = text[at:end]
    follows = text[end : end + 1]
    for size in range(len(run), 1, -1):
        piece = run[:size]
        if size == len(run) and piece not in words and (follows in ("(", " ", "^", "_", "") or follows in _LOWERED) and (piece in _SPELLED or piece in known_functions()):
            out.append(r"\log\Gamma" if text[at:].startswith("log Γ(") else rf"\operatorname{{{piece.replace('_', chr(92) + '_')}}}")
            return at + (5 if text[at:].startswith("log Γ(") else size)
        if piece in words or (piece == "axis" and text[at + size :].startswith(" = ")):
            out.append(rf"\mathrm{{{piece}}}")
            return at + size
    letter = run[0]
    spelled = rf"\{_COMMANDS[letter]} " if letter in _COMMANDS else letter
    at += 1
    while at < len(text) and unicodedata.combining(text[at]):
        spelled = rf"\{_ACCENTS[text[at]]}{{{spelled.strip()}}}" if text[at] in _ACCENTS else spelled
        at += 1
    out.append(spelled + (" " if at < len(text) and text[at].isalpha() else ""))
    return at


def _atom(text: str, at: int) -> int:
    """The end of what a root sign is over: brackets, a norm, a number, a name or a call."""
    if at >= len(text):
        raise TextError("a root of nothing.", text=text, span=(at - 1, at))
    if text[at] == "(":
        return _matching(text, at, "(", ")") + 1
    if text[at] in "‖|":
        return text.index(text[at], at + 1) + 1
    end = at + 1
    while end < len(text) and (text[end].isalnum() or unicodedata.combining(text[end])) and text[end] not in _RAISED:
        end += 1
    if end < len(text) and text[end] == "(" and text[at:end].isalpha() and len(text[at:end]) > 1:
        end = _matching(text, end, "(", ")") + 1
    return end


def _matching(text: str, at: int, left: str, right: str) -> int:
    depth = 0
    for k in range(at, len(text)):
        depth += (text[k] == left) - (text[k] == right)
        if depth == 0:
            return k
    raise TextError(f"'{left}' is not closed.", text=text, span=(at, at + 1))


def _split(text: str, sign: str) -> list[str]:
    """The parts between signs that stand outside all brackets."""
    parts, depth, start = [], 0, 0
    for k, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c == sign and depth == 0:
            parts.append(text[start:k].strip())
            start = k + 1
    return [*parts, text[start:].strip()]
