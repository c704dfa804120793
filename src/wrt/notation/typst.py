"""Typst's mathematics: 2 A^top (A x - b), sum_(j=1)^n A_(i,j) x_j. Indices count from 1."""

from __future__ import annotations

from collections.abc import Sequence

from wrt.language.latex_names import key
from wrt.language.surface import Node
from wrt.notation.style import marks
from wrt.notation.style_mark import Mark
from wrt.notation.style_print import Style, spell
from wrt.notation.unicode import WORDS

ACCENTS = {"hat": "hat", "bar": "macron", "tilde": "tilde", "dot": "dot", "ddot": "dot.double", "check": "caron", "breve": "breve"}
KNOWN = frozenset("exp log sin cos tan sec csc cot arcsin arccos arctan sinh cosh tanh det tr max min".split())
SIGNS = {
    "+": "+", "-": "-", "neg": "-", ", ": ", ", ",": ",", ":": ":", "by": "times", "side": "", "cdot": "dot.op", "of": "",
    "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "odot": "⊙", "oslash": "⊘", "otimes": "⊗",
    "top": "top", "-top": "-top", "-1": "-1", "plus": "+", "entrywise": "⊙", "ones": "bold(1)", "zeros": "bold(0)", "eye": "I", "e": "e",
    "nabla": "nabla", "partial": "partial", "D": "upright(D)", "prime": "'", "one": "bb(1)", "delta": "delta", "pi": "pi", "inf": "infinity", "norm *": "*", "norm F": "F", "norm 2": "2",
}  # fmt: skip


def render(node: Node) -> str:
    """The formula in Typst's mathematics, without the dollar signs around it.

    >>> from wrt.language.read import read
    >>> print(render(read("2*A.T @ (A @ x - b)").tree))
    2 A^(top) (A x - b)
    """
    return spell(marks(node), STYLE)


def _row(parts: Sequence[str]) -> str:
    return " ".join(part for part in parts if part)


def letter(base: str) -> str:
    return base if len(base) == 1 or base.isdigit() else f'"{base}"'


def _name(mark: Mark) -> tuple[str, bool]:
    base, *parts = key(mark.text).split("_")
    out = letter(base)
    for part in parts:
        if part in ACCENTS:
            out = f"accent({out}, {ACCENTS[part]})"
    scripts = [part for part in parts if part not in ACCENTS]
    return (f"{out}_({','.join(letter(s) for s in scripts)})", True) if scripts else (out, False)


def _enclosed(left: str, body: str, right: str, tall: bool) -> str:
    if left in ("norm", "abs"):
        return f"{left}({body})"
    return f"{left}{body}{right}" if left else body


def _function(name: str) -> str:
    word = WORDS.get(name, name)
    if name in KNOWN or word in KNOWN:
        return word
    return word if len(word) == 1 else f'op("{word}")'


def _series(loops: Sequence[tuple[str, str, str]], body: str) -> str:
    return " ".join([*[f"sum_({name}={start})^({stop})" for name, start, stop in loops], body])


def _grid(rows: Sequence[Sequence[str]]) -> str:
    return 'mat(delim: "[", ' + "; ".join(", ".join(row) for row in rows) + ")"


def _cases(condition: str, a: str, b: str) -> str:
    return f'cases({a} & "if" {condition}, {b} & "otherwise")'


def _lines(steps: Sequence[tuple[str, str]], result: str) -> str:
    return ", quad ".join([result, *[f"{name} = {value}" for name, value in steps]])


STYLE = Style(
    signs=SIGNS,
    name=_name,
    number=str,
    word=letter,
    function=_function,
    operator=lambda name: f'op("{name}")',
    row=_row,
    tight="".join,
    beside=_row,
    enclosed=_enclosed,
    raised=lambda base, above: f"{base}^({above})",
    lowered=lambda base, below: f"{base}_({below})",
    fraction=lambda a, b: f"frac({a}, {b})",
    root=lambda x: f"sqrt({x})",
    series=_series,
    grid=_grid,
    cases=_cases,
    lines=_lines,
    brackets={"(": ("(", ")"), "[": ("[", "]"), "|": ("abs", ""), "||": ("norm", "")},
)
