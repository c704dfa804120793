r"""What stands around a formula that is handed in: $ and align, "df/dx =" before it, definitions and remarks behind it.

What is taken away is blanked out, so that places in the text stay.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import NamedTuple

from wrt.derivation.statements import WORD, equals_apart, plain_word
from wrt.language.latex_words import GREEK

_AROUND = re.compile(
    r"\\\\(?:\[[^\]]*\])?\s*$|\$\$?|\\[()\[\]]|\\(?:begin|end)\{(?:align|aligned|alignat|equation|gather|gathered|split|eqnarray|multline|math)\*?\}"
    r"|\\(?:displaystyle|notag|nonumber|boxed(?=\{))|\\(?:tag|label)\{[^}]*\}|`+|[∎■□]|\\(?:qed|square|blacksquare)\b",
    re.MULTILINE,
)
_TABLE = re.compile(r"\\begin\{(?:\w*matrix|cases|array|smallmatrix)\}")
_MATHEMATICS = re.compile(r"\$|\\[()\[\]]|\\begin\{")
_CLOSING = re.compile(r"(?<![.\d])[.,;]\s*$|(?<=\d)[.,;]\s*$|\s[.,;]\s*$|\s+#[^\n]*$")
_LABEL = re.compile(
    r"\s*(?:(?:the\s+)?(?:gradient|derivative|jacobian|hessian|answer|result|solution)\b[^=:@*+()\\]*?(?:\bis\b(?!\s*=)|:)|[A-Za-z][A-Za-z ]*:(?=\s))\s*",
    re.IGNORECASE,
)
_OPENING = re.compile(r"\s*(?:=>|⇒|->|→|\\Rightarrow|\\implies|=|so\b|hence\b|therefore\b|thus\b|return\b)\s*,?", re.IGNORECASE)
# What may stand before the equals sign of an answer: names, signs of differentiation, fractions of them.
_NAMES_ONLY = re.compile(r"(?:\\[a-zA-Z]+|[\w∇∂′'{}()^/,.:;_|\s]|\\[,;!])*")
_DIFFERENTIATION = re.compile(
    r"∂|∇|\\partial|\\nabla|\bd\w*\s*/\s*d|\\frac\{\s*(?:\\mathrm\{?\s*)?d|\bgrad|\bD_?\w*\b|'\s*$|'\s*\(|′|\bJ\b|\bH\b|\bd[\w(]"
)
_TEXT = r"\\(?:text|mathrm|textrm|mbox|textit)\{[\s,;]*(?:%s)[\s:]*\}"
_DEFINING = r"where|with|and|let|denoting|using|here|writing"
_REMARKING = r"which|if|for|when|whenever|assuming|given|provided|since|because|unless|as long as"
_CUT = re.compile(
    rf"(?P<remark>\b(?:{_REMARKING})\b|{_TEXT % _REMARKING})|{_TEXT % _DEFINING}|\b(?:{_DEFINING})\b(?!\s*\()|\\q?quad\b|\\\\(?:\[[^\]]*\])?|[,;\n]"
)
_INDEXED = re.compile(r"\\?[^\W\d_]+(?:\{\w+\})?_\{?[ijklst]\}?\s*=")
_ACCENTED = re.compile(r"\\(?:wide)?(hat|bar|tilde)\s*\{?\s*\\?([A-Za-z]+)\s*\}?")
_SPACE = re.compile(r"(?:\\in|∈)\s*(?:\\mathbb\{?\s*R\}?|ℝ|\bR\b).*$")
_ASIDE = re.compile(r"\s\((?:[A-Za-z]\w*,?\s+)+[a-z]{4,}\)\s*$")
_COMPARED = re.compile(r"[<>≤≥≠∈]|\\(?:le|leq|ge|geq|ne|neq|in|lt|gt|to)\b|!=|==")


class HandedIn(NamedTuple):
    """A formula alone, the definitions beside it by name, and whether its marks say that it is LaTeX; blanks stand for what is taken away."""

    formula: str
    definitions: dict[str, str]
    latex: bool


def handed_in(text: str, declared: Container[str]) -> HandedIn:
    r"""A formula without what stands around it.

    >>> found = handed_in(r"$\nabla f = 2A^\top r$, where $r = Ax - b$.", {"A", "x", "b"})
    >>> found.formula.strip(), {name: words.strip() for name, words in found.definitions.items()}
    ('2A^\\top r', {'r': 'Ax - b'})
    """
    shown = cleared(text)
    parts_of = clauses(shown)
    definitions: dict[str, str] = {}
    formulas: list[str] = []
    if (
        len(parts_of) > 1 and "\\" in shown and any(_INDEXED.match(clause.strip()) for _, clause in parts_of[1:])
    ):  # p_i = ...: LaTeX reads it with the formula
        start = len(parts_of[0][1])
        return HandedIn(without_head(parts_of[0][1]) + shown[start:], {}, latex=True)
    for remark, clause in parts_of:
        parts = equals_apart(clause)
        label = _label(parts[0].strip()) if len(parts) == 2 else ""
        named = label and label not in declared and len(parts_of) > 1
        if named and (not _DIFFERENTIATION.fullmatch(parts[0].strip()) or _stands_in(label, [c for _, c in parts_of if c is not clause])):
            definitions[label] = clause[: len(parts[0])].replace(parts[0], " " * len(parts[0])) + " " + parts[1]
        elif not remark and not (formulas and len(parts) == 1 and _COMPARED.search(clause)):
            formulas.append(clause)
    if not formulas and definitions:
        last = next((name for name in reversed(definitions) if not _used(name, definitions)), next(reversed(definitions)))
        formulas.append(definitions.pop(last))
    if len(formulas) != 1:
        return HandedIn(without_head(shown), {}, bool(_MATHEMATICS.search(text)))
    used = {name: words for name, words in definitions.items() if _used(name, {**definitions, "": formulas[0]})}
    return HandedIn(without_head(formulas[0]), used, bool(_MATHEMATICS.search(text)))


def _label(head: str) -> str:
    r"""The name that a head is: r, x_hat for \hat x; "" for what is none."""
    if (accented := _ACCENTED.fullmatch(head)) is not None:
        return f"{accented[2]}_{accented[1]}"
    return plain_word(head) if re.fullmatch(WORD, head) else ""


def _stands_in(label: str, others: list[str]) -> bool:
    r"""Whether a letter stands in formulas, \diag and other words left alone: D in X^\top D X."""
    return any(label in re.sub(r"\\[a-zA-Z]+|[a-zA-Z]{3,}", " ", equals_apart(words)[-1]) for words in others)


def _used(name: str, definitions: dict[str, str]) -> bool:
    if any(f"{found[2]}_{found[1]}" == name for words in definitions.values() for found in _ACCENTED.finditer(words)):
        return True
    return any(
        re.search(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])|{re.escape(name)}", words) for other, words in definitions.items() if other != name
    )


def cleared(text: str) -> str:
    """The text with marks of mathematics, of alignment, and a full stop blanked out."""
    for pattern in (_AROUND, _SPACE, _ASIDE):
        text = pattern.sub(_blank, text)
    text = text.replace("{-⊤}", "{-T}")
    if not _TABLE.search(text) and ("\\" in text or re.search(r"&\s*=|=\s*&", text)):
        text = text.replace("&", " ")
    while (found := _CLOSING.search(text)) is not None and found.start():
        text = text[: found.start()] + " " * (len(text) - found.start())
        if not text[: found.start()].strip():
            break
    return text


def _blank(found: re.Match[str]) -> str:
    return " " * len(found.group())


def clauses(text: str) -> list[tuple[bool, str]]:
    """(whether it is a remark, the clause with blanks for all before it), cut where no bracket is open."""
    out: list[tuple[bool, str]] = []
    depth, start, at, remark = 0, 0, 0, False
    if re.search(r"\belse\b", text):
        return [(False, text)]
    while at < len(text):
        found = _CUT.match(text, at) if not depth and not (text[at].isalpha() and at and (text[at - 1].isalnum() or text[at - 1] in "_\\")) else None
        if found is not None and not (text[at] == "," and text[at - 1 : at] == "\\"):
            out.append((remark, " " * start + text[start:at]))
            start = at = found.end()
            remark = found["remark"] is not None
            continue
        depth += (text[at] in "([{") - (text[at] in ")]}") + text.startswith("\\begin{", at) - text.startswith("\\end{", at)
        at += 1
    out.append((remark, " " * start + text[start:]))
    return [(r, c) for r, c in out if c.strip()] or [(False, text)]


def differential_in(text: str, name: str) -> bool:
    r"""Whether the differential of a variable stands in a text: dx, d x, \mathrm{d}x."""
    signs = r"(?:d|\\mathrm\{\s*d\s*\}|\\mathrm d)\s?(?:\\(?:mathbf|boldsymbol)\{)?"
    return any(re.search(rf"(?<![^\W\d_])(?<!\\){signs}{re.escape(word)}(?![\w])", text) for word in _words(name))


def spellings(name: str) -> list[str]:
    """How the differential of a variable is spelt."""
    return [
        f"{sign}{font % word}"
        for word in _words(name)
        for sign in ("d", "d ", r"\mathrm{d}", r"\mathrm{d} ")
        for font in ("%s", r"\mathbf{%s}", r"\boldsymbol{%s}")
    ]


def _words(name: str) -> list[str]:
    """A name, and its LaTeX command where it is a Greek letter."""
    letter = GREEK.get(name, name)
    return [name, *(f"\\{word}" for word, greek in GREEK.items() if greek == letter and len(word) > 1)]


def without_head(text: str) -> str:
    r"""The formula with what names it ("gradient = ...", "df/dx = ...", "\nabla f = ...") blanked out, so that places stay."""
    for pattern in (_LABEL, _OPENING):
        if (found := pattern.match(text)) is not None and text[found.end() :].strip():
            text = " " * found.end() + text[found.end() :]
    parts = equals_apart(text)
    if len(parts) < 2 or ";" in text or not (len(parts) > 2 or _NAMES_ONLY.fullmatch(parts[0]) or _DIFFERENTIATION.search(parts[0])):
        return text
    return " " * (len(text) - len(parts[-1])) + parts[-1]
