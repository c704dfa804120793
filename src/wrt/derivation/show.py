"""How a derivation is shown: folded to a dozen lines, as text, Unicode, LaTeX, HTML and plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

from wrt.derivation.jacobians import Jacobian
from wrt.derivation.replay import AGAIN, RECOGNISE
from wrt.formula import shape_of

if TYPE_CHECKING:
    from wrt.derivation.step import Derivation, Line

Told = Callable[[Jacobian], str]
FOLDED = 12
TRIVIAL = ("drop zeros and ones", "double transpose")  # never shown for themselves
RUNS = ("write the variable out", "differential of the variable")  # of which a run is one line
STAGES = ("index notation", "name the intermediate variables")


@dataclass(frozen=True)
class Fold:
    """A line that is shown, and the lines since the one shown before: the last of `lines` is it."""

    lines: tuple[Line, ...]

    @property
    def line(self) -> Line:
        """The line that is shown."""
        return self.lines[-1]

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules applied since the line shown before, each once; trivial ones only where there is no other."""
        names = dict.fromkeys(line.rule for line in self.lines)
        told = [name for name in names if name not in TRIVIAL]
        return tuple(told or names)


def folded(lines: Sequence[Line]) -> list[Fold]:
    """At most a dozen folds: trivial lines first go into the next, then runs of one rule, then what rearranges, then evenly."""
    last = len(lines) - 1
    # what is read off is an array, and what is differentiated again is another function: neither line disappears into an equation
    must = {0, last, *[k for k, line in enumerate(lines) if line.rule in (RECOGNISE, AGAIN)]}
    kept = [k for k in range(len(lines)) if k in must or not (lines[k + 1].rule in TRIVIAL or lines[k + 1].rule == lines[k].rule in RUNS)]
    if len(kept) > FOLDED:
        kept = [k for k in kept if k in must or lines[k + 1].rule != lines[k].rule]
    if len(kept) > FOLDED:
        kept = [k for k in kept if k in must or lines[k].calculus or lines[k].rule in STAGES or lines[k + 1].rule == RECOGNISE]
    if len(kept) > FOLDED:
        inner = [k for k in kept if k not in must]
        room = min(max(FOLDED - len(must), 0), len(inner))
        kept = sorted({*must, *[inner[(j + 1) * len(inner) // room - 1] for j in range(room)]})
    out, start = [], 0
    for k in kept:
        out.append(Fold(tuple(lines[start : k + 1])))
        start = k + 1
    return out


class Shown:
    """One derivation in one style of notation."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        self.folds = derivation.folded()

    def joint(self, k: int, first: str, equal: str, so: str) -> str:
        """How a folded line is joined to the one before: what is read off is an array, no entry and no differential any more."""
        line = self.folds[k].line
        if not k or line.rule == AGAIN:
            return first
        entries = self.derivation.style == "limit" or (self.derivation.style == "componentwise" and not line.part.setting.by_entries)
        return so if line.rule == RECOGNISE and not entries else equal

    def note(self, fold: Fold, sizes: str = " x ") -> str:
        """The rules of a fold; with the shape, where the derivative is read off."""
        line = fold.line
        text = ", ".join(fold.rules)
        if line.rule != RECOGNISE:
            return text
        shape = shape_of(line.part.final.source)
        if line.part.final.source is not None and line.part.indices:
            text += f": entry {', '.join(line.part.indices)}"
        conditions = f"; where {line.condition}" if line.condition else ""
        return f"{text}: {str(shape).replace(' x ', sizes)}{conditions}" if shape.order in (1, 2) else f"{text}{conditions}"

    def text(self) -> str:
        """The folded lines in the text language."""
        return self._written([fold.line.text for fold in self.folds], Jacobian.text, Jacobian.name, " x ")

    def unicode(self) -> str:
        """The folded lines in Unicode; the chain style ends in the product of the Jacobians."""
        from wrt.notation import unicode

        return self._written([unicode.render(fold.line.tree()) for fold in self.folds], Jacobian.unicode, Jacobian.unicode_name, " × ")

    def _written(self, texts: list[str], form: Told, name: Told, by: str) -> str:
        rows = []
        for k, (text, fold) in enumerate(zip(texts, self.folds, strict=True)):
            rows.append(f"{self.joint(k, '  ', '= ', 'so ')}{text}    [{self.note(fold, by)}]")
        if self.derivation.products():
            rows.append(f"  {self._whole().name() if name is Jacobian.name else self._whole().unicode_name()} = {self._sum(name)}    [chain rule]")
            rows.append(f"= {self._sum(form)}    [the local Jacobians, outermost first]")
        return "\n".join(rows)

    def _sum(self, told: Told) -> str:
        return " + ".join(" ".join(map(told, path)) for path in self.derivation.products())

    def _whole(self) -> Jacobian:
        """The Jacobian of the whole, for its name."""
        path = self.derivation.products()[0]
        return replace(path[0], by=path[-1].by)

    def latex(self) -> str:
        """The folded lines as an aligned display, the Jacobians of the chain style with their shapes under braces."""
        from wrt.notation import latex

        rows = []
        for k, fold in enumerate(self.folds):
            joint = self.joint(k, "&", "&= ", r"&\Rightarrow ")
            rows.append(f"{joint}{latex.render(fold.line.tree())} && \\text{{{self.note(fold)}}}")
        if self.derivation.products():
            rows.append(f"&{self._whole().latex_name()} = {self._sum(Jacobian.latex_name)} && \\text{{chain rule}}")
            rows.append(f"&\\phantom{{{self._whole().latex_name()}}} = {self.braces()} && \\text{{the local Jacobians, outermost first}}")
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def braces(self) -> str:
        """The product of the local Jacobians in LaTeX, the shape of each under a brace."""
        return " + ".join(r"\,".join(j.latex() for j in path) for path in self.derivation.products())

    def html(self) -> str:
        r"""Plain semantic HTML: an ordered list, a line each, the formula in LaTeX between \( and \); what is folded away opens on request."""
        from wrt.notation import latex

        items = []
        for k, fold in enumerate(self.folds):
            joint = self.joint(k, "", "= ", r"\Rightarrow ")
            inner = self._inner(fold)
            items.append(
                f'<li><span class="formula">{_math(joint + latex.render(fold.line.tree()))}</span> <span class="rule">{escape(self.note(fold))}</span>{inner}</li>'
            )
        braces = f'\n<p class="jacobians">{_math(self.braces())}</p>' if self.derivation.products() else ""
        style = escape(self.derivation.style)
        return f'<section class="derivation" data-style="{style}">\n<ol>\n' + "\n".join(items) + f"\n</ol>{braces}\n</section>"

    @staticmethod
    def _inner(fold: Fold) -> str:
        from wrt.notation import latex

        hidden = fold.lines[:-1]
        if not hidden:
            return ""
        rows = "".join(f'<li>{_math(latex.render(line.tree()))} <span class="rule">{escape(line.rule)}</span></li>' for line in hidden)
        return f"<details><summary>{len(hidden)} more</summary><ol>{rows}</ol></details>"

    def data(self) -> dict[str, Any]:
        """The derivation as plain data, for JSON."""
        keys = ("text", "rule", "condition", "source", "verified")
        shown = [fold.line for fold in self.folds]
        return {
            "style": self.derivation.style,
            "lines": [
                {**{key: getattr(line, key) for key in keys}, "place": list(line.place), "shown": any(line is s for s in shown)}
                for line in self.derivation.lines
            ],
            "jacobians": [[j.data() for j in path] for path in self.derivation.products()],
        }


def _math(words: str) -> str:
    return f"\\({escape(words, quote=False)}\\)"
