r"""LaTeX, as a journal prints it: 2 A^{\top} (A x - b), \sum_{j=1}^{n} A_{ij} x_{j}, \lVert x \rVert^{2}. Indices count from 1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from wrt.language.latex_names import key
from wrt.language.latex_words import GREEK
from wrt.language.surface import Node
from wrt.notation.style import marks
from wrt.notation.style_mark import Mark
from wrt.notation.style_print import Style, spell
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS, REDUCTIONS

_PAIR = re.compile("[a-z],[a-z]")
COMMANDS = {letter: word for word, letter in reversed(GREEK.items()) if not word.startswith(("var", "imath", "jmath", "ell"))}
ACCENTS = {"hat": "hat", "bar": "bar", "tilde": "tilde", "dot": "dot", "ddot": "ddot", "check": "check", "breve": "breve"}
SIGNS = {
    "+": "+", "-": "-", "neg": "-", ", ": ", ", ",": ",", ":": ":", "..": r", \dots,", "by": r"\times", "side": "", "cdot": r"\cdot", "of": "", "thin": r"\,",
    "==": "=", "!=": r"\ne", "<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "odot": r"\odot", "oslash": r"\oslash", "otimes": r"\otimes",
    "top": r"\top", "-top": r"-\top", "-1": "-1", "plus": "+", "entrywise": r"\odot", "ones": r"\mathbf{1}", "zeros": r"\mathbf{0}", "eye": "I", "e": "e", "partial": r"\partial ", "to": r" \to ", "lim": r"\lim",
    "nabla": r"\nabla", "D": r"\mathrm{D}", "prime": "'", "one": r"\mathbb{1}", "delta": r"\delta", "pi": r"\pi", "inf": r"\infty", "norm *": "*", "norm F": "F", "norm 2": "2",
}  # fmt: skip


def render(node: Node, bold: bool = False) -> str:
    r"""The formula in LaTeX; `bold` sets vectors and matrices in bold type.

    >>> from wrt.language.read import read
    >>> print(render(read("2*A.T @ (A @ x - b)").tree))
    2 A^{\top} (A x - b)
    """
    return spell(marks(node), _STYLES[bold])


def _row(parts: Sequence[str]) -> str:
    return " ".join(part for part in parts if part)


def _tight(parts: Sequence[str]) -> str:
    """Parts without space, but for the one that ends a command before a letter or digit."""
    out = ""
    for part in parts:
        gap = part and out and part[0].isalnum() and re.search(r"\\[A-Za-z]+$", out)
        out += f" {part}" if gap else part
    return out


def _enclosed(left: str, body: str, right: str, tall: bool) -> str:
    if not left:
        return f"{{{body}}}"
    if left in (r"\lVert", r"\lvert"):
        return rf"\left{left} {body} \right{right}" if tall else f"{left} {body} {right}"
    return rf"\left{left}{body}\right{right}" if tall else f"{left}{body}{right}"


def _name(bold: bool, mark: Mark) -> tuple[str, bool]:
    base, *parts = key(mark.text).split("_")
    accents = [part for part in parts if part in ACCENTS]
    scripts = [part for part in parts if part not in ACCENTS]
    kind = mark.shape.kind if mark.shape is not None else "scalar"
    out = letter(base, bold and kind in ("column", "row", "matrix"))
    for accent in accents:
        out = rf"\{ACCENTS[accent]}{{{out}}}"
    if not scripts:
        return out, False
    return f"{out}_{{{','.join(letter(s, False) for s in scripts)}}}", True


def letter(base: str, bold: bool) -> str:
    r"""A letter or a word: x, \alpha, \mathrm{loss}; in bold \mathbf{x}, \boldsymbol{\alpha}."""
    if base in COMMANDS:
        return rf"\boldsymbol{{\{COMMANDS[base]}}}" if bold else rf"\{COMMANDS[base]}"
    if len(base) == 1 or base.isdigit():
        return rf"\mathbf{{{base}}}" if bold else base
    return rf"\mathbf{{{base}}}" if bold else rf"\mathrm{{{base}}}"


@cache
def function(name: str) -> str:
    r"""A function's command: \exp, \operatorname{tr}."""
    row = FUNCTIONS.get(name) or OPERATORS.get(name)
    if row is not None and row.latex and "{0}" not in row.latex:
        return row.latex
    if name in REDUCTIONS and name in ("max", "min"):
        return rf"\{name}"
    return _operator(name)


def _operator(text: str) -> str:
    return rf"\operatorname{{{text.replace('_', chr(92) + '_')}}}"


def _lowered(base: str, below: str) -> str:
    r"""A subscript; two indices of one letter stand side by side: A_{ij}, \delta_{ij}."""
    return f"{base}_{{{below.replace(',', '') if _PAIR.fullmatch(below) else below}}}"


def _series(loops: Sequence[tuple[str, str, str]], body: str) -> str:
    return " ".join([*[rf"\sum_{{{name}={start}}}^{{{stop}}}" for name, start, stop in loops], body])


def _grid(rows: Sequence[Sequence[str]]) -> str:
    return r"\begin{bmatrix} " + r" \\ ".join(" & ".join(row) for row in rows) + r" \end{bmatrix}"


def _cases(condition: str, a: str, b: str) -> str:
    return rf"\begin{{cases}} {a} & \text{{if }} {condition} \\ {b} & \text{{otherwise}} \end{{cases}}"


def _lines(steps: Sequence[tuple[str, str]], result: str) -> str:
    if len(steps) == 1:
        return rf"{result}, \quad {steps[0][0]} = {steps[0][1]}"
    lines = [f"& {result}", *[f"& {name} = {value}" for name, value in steps]]
    return r"\begin{aligned} " + r", \\ ".join(lines) + r" \end{aligned}"


def _style(bold: bool) -> Style:
    return Style(
        signs=SIGNS,
        name=lambda mark: _name(bold, mark),
        number=str,
        word=lambda text: rf"\mathrm{{{text.replace('_', chr(92) + '_')}}}",
        function=function,
        operator=_operator,
        row=_row,
        tight=_tight,
        beside=_row,
        enclosed=_enclosed,
        raised=lambda base, above: f"{base}^{{{above}}}",
        lowered=_lowered,
        fraction=lambda a, b: rf"\frac{{{a}}}{{{b}}}",
        root=lambda x: rf"\sqrt{{{x}}}",
        series=_series,
        grid=_grid,
        cases=_cases,
        lines=_lines,
        brackets={"(": ("(", ")"), "[": ("[", "]"), "|": (r"\lvert", r"\rvert"), "||": (r"\lVert", r"\rVert")},
    )


_STYLES = {False: _style(False), True: _style(True)}
