"""Presentation MathML, for web pages: well-formed XML, one <math> element. Indices count from 1."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from wrt.language.latex_names import key
from wrt.language.surface import Node
from wrt.notation.style import marks
from wrt.notation.style_mark import Mark
from wrt.notation.style_print import Style, spell
from wrt.notation.unicode import ACCENTS, WORDS

ACCENT_SIGNS = {"hat": "^", "bar": "¯", "tilde": "~", "dot": "˙", "ddot": "¨", "check": "ˇ", "breve": "˘"}


def render(node: Node) -> str:
    """The formula in MathML.

    >>> from wrt.language.read import read
    >>> print(render(read("x/2").tree))
    <math xmlns="http://www.w3.org/1998/Math/MathML"><mfrac><mi>x</mi><mn>2</mn></mfrac></math>
    """
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML">{spell(marks(node), STYLE)}</math>'


def _sign(text: str) -> str:
    return f"<mo>{escape(text)}</mo>"


SIGNS = {
    **{name: _sign(text) for name, text in {
        "+": "+", "-": "−", "neg": "−", ", ": ",", ",": ",", ":": ":", "by": "×", "side": "\u2062", "cdot": "·", "of": "\u2061", "plus": "+", "entrywise": "⊙",
        "==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥", "odot": "⊙", "oslash": "⊘", "otimes": "⊗", "top": "⊤",
    }.items()},
    "-top": "<mrow><mo>−</mo><mo>⊤</mo></mrow>", "-1": "<mrow><mo>−</mo><mn>1</mn></mrow>", "ones": "<mn>𝟏</mn>", "zeros": "<mn>𝟎</mn>",
    **{name: f"<mi>{text}</mi>" for name, text in {"eye": "I", "e": "e", "one": "𝟙", "delta": "δ", "pi": "π", "inf": "∞", "norm F": "F"}.items()},
    "nabla": "<mo>∇</mo>", "partial": "<mo>∂</mo>", "D": '<mi mathvariant="normal">D</mi>', "norm *": "<mo>*</mo>", "norm 2": "<mn>2</mn>",
}  # fmt: skip


def _row(parts: Sequence[str]) -> str:
    kept = [part for part in parts if part]
    return kept[0] if len(kept) == 1 else f"<mrow>{''.join(kept)}</mrow>"


def _name(mark: Mark) -> tuple[str, bool]:
    base, *parts = key(mark.text).split("_")
    out = f"<mi>{escape(base)}</mi>"
    for part in parts:
        if part in ACCENTS:
            out = f"<mover>{out}<mo>{ACCENT_SIGNS[part]}</mo></mover>"
    scripts = [part for part in parts if part not in ACCENTS]
    if not scripts:
        return out, False
    below = _row([f"<mn>{s}</mn>" if s.isdigit() else f"<mi>{escape(s)}</mi>" for s in scripts])
    return f"<msub>{out}{below}</msub>", True


def _enclosed(left: str, body: str, right: str, tall: bool) -> str:
    return f"<mrow><mo>{left}</mo>{body}<mo>{right}</mo></mrow>" if left else body


def _series(loops: Sequence[tuple[str, str, str]], body: str) -> str:
    signs = [f"<munderover><mo>∑</mo><mrow>{name}<mo>=</mo>{start}</mrow>{stop}</munderover>" for name, start, stop in loops]
    return _row([*signs, body])


def _grid(rows: Sequence[Sequence[str]]) -> str:
    cells = "".join("<mtr>" + "".join(f"<mtd>{cell}</mtd>" for cell in row) + "</mtr>" for row in rows)
    return f"<mrow><mo>[</mo><mtable>{cells}</mtable><mo>]</mo></mrow>"


def _cases(condition: str, a: str, b: str) -> str:
    rows = ((a, f"<mtext>if </mtext>{condition}"), (b, "<mtext>otherwise</mtext>"))
    cells = "".join(f"<mtr><mtd>{value}</mtd><mtd><mrow>{given}</mrow></mtd></mtr>" for value, given in rows)
    return f"<mrow><mo>{{</mo><mtable>{cells}</mtable></mrow>"


def _lines(steps: Sequence[tuple[str, str]], result: str) -> str:
    lines = [result, *[f"<mrow>{name}<mo>=</mo>{value}</mrow>" for name, value in steps]]
    return "<mtable>" + "".join(f"<mtr><mtd>{line}</mtd></mtr>" for line in lines) + "</mtable>"


def _word(text: str) -> str:
    return f"<mi>{escape(text)}</mi>"


STYLE = Style(
    signs=SIGNS,
    name=_name,
    number=lambda text: f"<mn>{text}</mn>",
    word=_word,
    function=lambda name: _word(WORDS.get(name, name)),
    operator=_word,
    row=_row,
    tight=_row,
    beside=_row,
    enclosed=_enclosed,
    raised=lambda base, above: f"<msup>{base}{above}</msup>",
    lowered=lambda base, below: f"<msub>{base}{below}</msub>",
    fraction=lambda a, b: f"<mfrac>{a}{b}</mfrac>",
    root=lambda x: f"<msqrt>{x}</msqrt>",
    series=_series,
    grid=_grid,
    cases=_cases,
    lines=_lines,
)
