"""The tape as a table: in the text language, in Unicode, as a LaTeX tabular, in HTML, as plain data. Every form shows the same cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import zip_longest
from typing import Any
from unicodedata import combining

from wrt.calculus.structure import linear_structure
from wrt.derivation.tape import Tape
from wrt.derivation.tape_parts import Line, Partial, Term
from wrt.formula import Formula
from wrt.language.read import read_like
from wrt.language.surface import Call, Name, Shape, postorder
from wrt.language.unparse import unparse
from wrt.notation import latex, unicode
from wrt.tables.facts import closure
from wrt.tables.functions import FUNCTIONS

MANY = 12  # numbers of an array up to which it is shown
Cell = tuple[str, ...]  # its lines


@dataclass(frozen=True)
class Spelling:
    """How one form spells what a table says: formulas, names, partial derivatives, products of them."""

    formula: Callable[[Formula], str]
    name: Callable[[str], str]
    partial: Callable[[str, str], str]
    times: Callable[[str, str], str]
    turned: Callable[[str], str]
    adjoint: Callable[[str, str], str]
    applied: Callable[[str, str], str]
    beside: Callable[[str, str], str]
    shape: Callable[[Shape], str]
    minus: str = "-"

    def number(self, value: Any) -> str:
        """A number, or the entries of an array."""
        return number(value).replace("-", self.minus)


def _shape(shape: Shape) -> str:
    return "" if not shape.order else str(shape)


TEXT = Spelling(
    formula=str,
    name=str,
    partial=lambda v, u: f"d({v})/d({u})",
    times=lambda a, b: f"{a}*{b}",
    turned=lambda a: f"({a}).T",
    adjoint=lambda a, b: f"adjoint({a})[{b}]",
    applied=lambda a, b: f"{a}[{b}]",
    beside=lambda a, b: f"{a} @ {b}",
    shape=_shape,
)
UNICODE = Spelling(
    formula=lambda f: f.unicode(),
    name=lambda n: unicode.render(Name(n)),
    partial=lambda v, u: f"∂{v}/∂{u}",
    times=lambda a, b: f"{a}·{b}",
    turned=lambda a: f"({a})ᵀ",
    adjoint=lambda a, b: f"({a})*[{b}]",
    applied=lambda a, b: f"{a}[{b}]",
    beside=lambda a, b: f"{a} {b}",
    shape=lambda s: _shape(s).replace(" x ", "×"),
    minus="−",
)
LATEX = Spelling(
    formula=lambda f: f.latex(),
    name=lambda n: latex.render(Name(n)),
    partial=lambda v, u: rf"\frac{{\partial {v}}}{{\partial {u}}}",
    times=lambda a, b: rf"{a} \cdot {b}",
    turned=lambda a: rf"\left({a}\right)^{{\top}}",
    adjoint=lambda a, b: rf"\left({a}\right)^{{*}}[{b}]",
    applied=lambda a, b: f"{a}[{b}]",
    beside=lambda a, b: rf"{a} \, {b}",
    shape=lambda s: _shape(s).replace(" x ", r" \times "),
)
SPELLINGS = {"text": TEXT, "unicode": UNICODE, "latex": LATEX}


def number(value: Any) -> str:
    """A number with six digits; an array by its entries, a large one by its shape."""
    import numpy as np

    array = np.asarray(value, dtype=float)
    if not array.ndim:
        return f"{float(array):.6g}"
    if array.size > MANY:
        return f"{' x '.join(map(str, array.shape))} numbers"
    return "[" + ", ".join(map(number, array)) + "]"


# ---------------------------------------------------------------------------------------------------- what a cell says
def spelled_term(tape: Tape, term: Term, s: Spelling) -> str:
    """A term of a tangent or adjoint by the chain rule: f_bar * df/dc, (dv/du)^T v_bar."""
    shapes = {line.name: line.row.declared.shape for line in tape.lines}
    v, u = shapes[term.of], shapes[term.by]
    partial = s.partial(s.name(term.of), s.name(term.by))
    if tape.mode == "reverse":
        bar = s.name(tape.flow_names[term.of])
        if not v.order:
            return s.times(bar, partial)
        return s.beside(s.turned(partial), bar) if v.kind == "column" and u.kind in ("scalar", "column") else s.adjoint(partial, bar)
    dot = s.name(tape.flow_names[term.by])
    if not u.order:
        return s.times(partial, dot)
    if u.kind == "column" and v.kind in ("scalar", "column"):
        return s.beside(partial if v.order else s.turned(partial), dot)
    return s.applied(partial, dot)


def spelled_partial(partial: Partial, s: Spelling) -> str:
    """dv/du = ..., with its number; along a direction where it has no matrix form."""
    left = s.partial(s.name(partial.of), s.name(partial.by))
    if partial.along:
        left = s.applied(left, s.name(partial.along))
    words = f"{left} = {s.formula(partial.formula)}"
    constant = not any(isinstance(n, Name) and n.name in partial.formula.declarations for n in postorder(partial.formula.source.tree))
    return words if partial.value is None or constant else f"{words} = {s.number(partial.value)}"


def flow_cell(tape: Tape, line: Line, s: Spelling) -> Cell:
    """The tangent or adjoint: what it starts from, or the sum spelled out, in closed form, and its numbers."""
    name = s.name(line.flow)
    seed = line is tape.lines[-1] if tape.mode == "reverse" else line.formula is None
    out: list[str] = []
    if seed:
        plain_one = not line.row.declared.shape.order and (tape.mode == "reverse" or len(tape.passes) == 1)
        out.append(f"{name} = 1" if plain_one else f"{name}: the seed")
    elif line.total is None:
        out.append(f"{name} = 0")
    else:
        spelled = " + ".join(spelled_term(tape, term, s) for term in line.terms)
        out += [f"{name} = {spelled}", f"= {s.formula(line.total)}"]
    if len(tape.passes) > 1:
        out += [f"{label}: {s.number(flow)}" for label, flow in zip(tape.passes, line.flows, strict=True)]
    elif line.flows and not out[-1].endswith("= 1"):
        out.append(f"= {s.number(line.flows[0])}")
    return tuple(out)


def columns(tape: Tape, s: Spelling) -> tuple[list[str], list[list[Cell]]]:
    """(headers, rows of cells)."""
    shaped = any(line.row.declared.shape.order for line in tape.lines)
    headers = ["variable", *(["shape"] if shaped else []), "definition", *(["value"] if tape.at is not None else []), "local derivatives"]
    headers.append("adjoint, from the last row up" if tape.mode == "reverse" else "tangent")
    rows: list[list[Cell]] = []
    for line in tape.lines:
        row: list[Cell] = [(s.name(line.name),)]
        if shaped:
            row.append((s.shape(line.row.declared.shape),))
        row.append(("input" if line.formula is None else s.formula(line.formula),))
        if tape.at is not None:
            row.append((s.number(line.value),))
        row += [tuple(spelled_partial(p, s) for p in line.partials), flow_cell(tape, line, s)]
        rows.append(row)
    return headers, rows


def ending(tape: Tape, s: Spelling) -> list[str]:
    """The engine's derivatives that the tape adds up to, and the verdict."""
    f = s.name(tape.lines[-1].name)
    out = []
    for name, d in tape.gradient.items():
        if tape.mode == "reverse":
            told = s.name(tape.flow_names[name])
            left = f"{told} = {s.partial(f, s.name(name))}" if not tape.function.shape else told
        else:
            left = s.partial(f, s.name(name))
        shown = d.matrix
        applied = None if shown is not None else d.operator
        if applied is not None:
            left, shown = s.applied(left, s.name(d.tangents[0])), applied
        words = f"{left} = {s.formula(shown if shown is not None else d.index.expr)}"
        out.append(words if name not in tape.numbers or applied is not None else f"{words} = {s.number(tape.numbers[name])}")
    return out


def note(tape: Tape, s: Spelling) -> str:
    """What a reader has to be told of the signs used, and of kinks."""
    words = "mixed layout; proof: " + tape.verified
    structured = [name for name in tape.inputs if linear_structure(closure(tape.function.declarations[name].facts)) is not None]
    if tape.mode == "forward" and structured:
        words = f"every entry of {', '.join(structured)} moves freely; {words}"
    if any("*[" in line for row in columns(tape, UNICODE)[1] for line in row[-1]):
        words = "(∂v/∂u)* is the adjoint of the linear map ∂v/∂u; " + words
    return ". ".join([*at_kinks(tape, s.formula), words])


def at_kinks(tape: Tape, said: Callable[[Formula], str]) -> list[str]:
    """What is to be said of the rows that have a kink at the point: their derivative there is a choice."""
    values = {line.name: line.value for line in tape.lines if line.value is not None}
    found = [said(line.formula) for line in tape.lines if line.formula is not None and values and _kinked(line.formula, values)]
    return (
        [f"{', '.join(found)} {'has a kink' if len(found) == 1 else 'have kinks'} at this point: the derivative there is a convention"]
        if found
        else []
    )


def _kinked(f: Formula, values: Mapping[str, Any]) -> bool:
    """Whether an operation has a kink at the values of its arguments."""
    import numpy as np

    tree = f.source.tree
    kink = (
        ""
        if not isinstance(tree, Call)
        else "x != 0"
        if tree.function == "norm"
        else FUNCTIONS[tree.function].kink
        if tree.function in FUNCTIONS
        else ""
    )
    if not isinstance(tree, Call) or not kink:
        return False
    arguments = [Formula(read_like(unparse(a), f.source)) for a in tree.arguments]
    known = [np.asarray(a(**{n: values[n] for n in a.declarations if n in values})) for a in arguments]
    if kink == "a != b":
        return bool(np.any(known[0] == known[1]))
    return bool(np.all(known[0] == 0) if tree.function == "norm" else np.any(known[0] == 0))


# ---------------------------------------------------------------------------------------------------- the forms
def width(text: str) -> int:
    """Columns on a terminal: accents stand over their letters."""
    return sum(not combining(c) for c in text)


def padded(text: str, columns_: int) -> str:
    return text + " " * (columns_ - width(text))


def as_text(tape: Tape, style: str) -> str:
    """The table with aligned columns, style "text" or "unicode"."""
    s = SPELLINGS[style]
    headers, rows = columns(tape, s)
    wide = [max(width(h), *(width(line) for row in rows for line in row[k] or ("",))) for k, h in enumerate(headers)]
    rule = ("─" if style == "unicode" else "-") * (sum(wide) + 2 * (len(wide) - 1))
    out = ["  ".join(padded(h, w) for h, w in zip(headers, wide, strict=True)), rule]
    for row in rows:
        lines = zip_longest(*row, fillvalue="")
        out += ["  ".join(padded(text, w) for text, w in zip(line, wide, strict=True)) for line in lines]
    last = note(tape, s) if style == "unicode" else note(tape, s).replace("(∂v/∂u)* is", "adjoint(d(v)/d(u)) is").replace("∂v/∂u", "d(v)/d(u)")
    return "\n".join(line.rstrip() for line in [*out, rule, *ending(tape, s), last])


def as_latex(tape: Tape) -> str:
    """A tabular; cells of several lines are arrays."""
    headers, rows = columns(tape, LATEX)
    words = {"input", ""}

    def cell(lines: Sequence[str]) -> str:
        if not lines or lines[0] in words:
            return "".join(lines)
        shown = [rf"\text{{{line}}}" if "numbers" in line and "=" not in line else line.replace(": the seed", r"\text{: the seed}") for line in lines]
        if len(shown) == 1:
            return f"${shown[0]}$"
        return "$\\begin{array}[t]{@{}l@{}}" + r" \\ ".join(shown) + "\\end{array}$"

    body = [" & ".join(cell(c) for c in row) + r" \\" for row in rows]
    last = [rf"\multicolumn{{{len(headers)}}}{{l}}{{${line}$}} \\" for line in ending(tape, LATEX)]
    told = at_kinks(tape, lambda f: f"${LATEX.formula(f)}$")
    last += [rf"\multicolumn{{{len(headers)}}}{{l}}{{{line}}} \\" for line in told]
    head = " & ".join(headers) + r" \\"
    return "\n".join(
        [rf"\begin{{tabular}}{{{'l' * len(headers)}}}", r"\hline", head, r"\hline", *body, r"\hline", *last, r"\hline", r"\end{tabular}"]
    )


def as_html(tape: Tape) -> str:
    """A table of Unicode formulas."""
    headers, rows = columns(tape, UNICODE)
    head = "".join(f"<th>{escape(h)}</th>" for h in headers)
    body = "\n".join("<tr>" + "".join(f"<td>{'<br/>'.join(map(escape, cell))}</td>" for cell in row) + "</tr>" for row in rows)
    foot = "<br/>".join(map(escape, [*ending(tape, UNICODE), note(tape, UNICODE)]))
    return (
        f'<table class="wrt-tape">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n'
        f'<tfoot><tr><td colspan="{len(headers)}">{foot}</td></tr></tfoot>\n</table>'
    )


def as_data(tape: Tape) -> dict[str, Any]:
    """The table as plain data."""

    def line(found: Line) -> dict[str, Any]:
        return {
            "name": found.name,
            "shape": list(map(str, found.row.declared.shape.sizes)),
            "definition": None if found.formula is None else str(found.formula),
            "uses": list(found.row.uses),
            "value": plain(found.value),
            "partials": [{"by": p.by, "along": p.along, "text": str(p.formula), "value": plain(p.value)} for p in found.partials],
            tape_word: {
                "name": found.flow,
                "terms": [{"of": t.of, "by": t.by, "chain": spelled_term(tape, t, TEXT), "text": str(t.formula)} for t in found.terms],
                "text": None if found.total is None else str(found.total),
                "values": [plain(flow) for flow in found.flows],
            },
        }

    tape_word = "adjoint" if tape.mode == "reverse" else "tangent"
    return {
        "function": str(tape.function),
        "inputs": list(tape.inputs),
        "mode": tape.mode,
        "passes": list(tape.passes),
        "lines": [line(found) for found in tape.lines],
        "gradient": {name: {"text": d.text(), "value": plain(tape.numbers.get(name))} for name, d in tape.gradient.items()},
        "verified": tape.verified,
    }


def plain(value: Any) -> Any:
    """A number or nested lists of numbers; None stays."""
    import numpy as np

    return None if value is None else np.asarray(value, dtype=float).tolist()
