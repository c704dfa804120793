"""How a derivation is shown: folded to a dozen lines, as text, Unicode, LaTeX, HTML and plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wrt.derivation.jacobians import Jacobian
from wrt.derivation.replay import AGAIN, RECOGNISE
from wrt.derivation.words import HTML, LATEX, NAMING, TEXT, UNICODE, Speech, displayed, note

if TYPE_CHECKING:
    from wrt.derivation.step import Derivation, Line

Told = Callable[[Jacobian], str]
FOLDED, LONG = 12, 9  # lines: the most that are shown, and from where on small steps are taken together
TRIVIAL = ("drop zeros and ones", "double transpose")  # never shown for themselves
LOCAL = "local Jacobian"  # of one variable after another: no run of half steps
TERMWISE, ENTRY = "derivative of a sum over an index", "derivative of the variable's entry"
RUNS = ("write the variable out", "differential of the variable")  # of which a run is one line
STAGES = ("index notation", NAMING)
CHAIN_RULE, OUTERMOST = "chain rule", "the local Jacobians, outermost first"


@dataclass(frozen=True)
class Fold:
    """A line that is shown, and the lines since the one shown before: the last of `lines` is it."""

    lines: tuple[Line, ...]

    @property
    def line(self) -> Line:
        """The line that is shown."""
        return self.lines[-1]

    @property
    def same(self) -> bool:
        """Whether the line shown reads as the one before it."""
        return len(self.lines) > 1 and self.lines[-2].text == self.line.text

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
    must = {0, last, *[k for k, line in enumerate(lines) if line.rule in (RECOGNISE, AGAIN, NAMING)]}
    kept = [k for k in range(len(lines)) if k in must or not (lines[k + 1].rule in TRIVIAL or lines[k + 1].rule == lines[k].rule in RUNS)]
    kept = [k for k in kept if k == last or lines[k].rule == NAMING or _result(lines[k]) != _result(lines[k + 1])]
    if len(kept) > LONG:
        kept = [k for k in kept if k in must or not _leads_on(lines[k], lines[k + 1])]
    if len(kept) > FOLDED:
        kept = [k for k in kept if k in must or lines[k + 1].rule != lines[k].rule or lines[k].rule.startswith(LOCAL)]
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


def _result(line: Line) -> str:
    """The text of a line without the definitions of intermediate variables."""
    return line.text.rpartition("; ")[2]


def _leads_on(line: Line, after: Line) -> bool:
    """Whether a line is a half step: a sum that is differentiated term by term, the first of two entries that become deltas."""
    if after.rule == RECOGNISE:
        return False
    return line.rule == TERMWISE or (line.rule == after.rule == ENTRY)


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
        return so if line.rule == RECOGNISE and not entries and not self.folds[k].same else equal

    def rows(self, speech: Speech, first: str, equal: str, so: str) -> list[tuple[str, str]]:
        """(formula, words) of each folded line."""
        return [
            (self.joint(k, first, equal, so) + displayed(fold.line, speech), note(fold.line, fold.rules, speech, same=fold.same))
            for k, fold in enumerate(self.folds)
        ]

    def text(self) -> str:
        """The folded lines in the text language."""
        return self._written(TEXT, Jacobian.text, Jacobian.name)

    def unicode(self) -> str:
        """The folded lines in Unicode; the chain style ends in the product of the Jacobians."""
        return self._written(UNICODE, Jacobian.unicode, Jacobian.unicode_name)

    def _written(self, speech: Speech, form: Told, name: Told) -> str:
        rows = [f"{formula}    [{words}]" for formula, words in self.rows(speech, "  ", "= ", "so ")]
        if self.derivation.products():
            rows.append(f"  {self._total(name)} = {self._sum(name)}    [{CHAIN_RULE}]")
            rows.append(f"= {self._sum(form)}    [{OUTERMOST}]")
        return "\n".join(rows)

    def _sum(self, told: Told) -> str:
        return " + ".join(" ".join(map(told, path)) for path in self.derivation.products())

    def _whole(self) -> Jacobian:
        """The Jacobian of the whole, for its name."""
        path = self.derivation.products()[0]
        return replace(path[0], by=path[-1].by)

    def _total(self, name: Told) -> str:
        """The name of the derivative of the whole: beside a local one of the same variables, the total derivative du/dx."""
        whole = self._whole()
        paths = self.derivation.products()
        direct = len(paths) > 1 and any(len(path) == 1 for path in paths)
        return name(replace(whole, total=True) if direct else whole)

    def latex(self) -> str:
        """The folded lines as an aligned display, the Jacobians of the chain style with their shapes under braces."""
        rows = [f"{formula} && \\text{{{words}}}" for formula, words in self.rows(LATEX, "&", "&= ", r"&\Rightarrow ")]
        if self.derivation.products():
            name = self._total(Jacobian.latex_name)
            rows.append(f"&{name} = {self._sum(Jacobian.latex_name)} && \\text{{{CHAIN_RULE}}}")
            rows.append(f"&\\phantom{{{name}}} = {self.braces()} && \\text{{{OUTERMOST}}}")
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def braces(self) -> str:
        """The product of the local Jacobians in LaTeX, the shape of each under a brace."""
        return " + ".join(r"\,".join(j.latex() for j in path) for path in self.derivation.products())

    def html(self) -> str:
        r"""Plain semantic HTML: an ordered list, a line each, the formula in LaTeX between \( and \); what is folded away opens on request."""
        rows = self.rows(HTML, "", "= ", r"\Rightarrow ")
        items = [
            f'<li><span class="formula">{HTML.inside(formula)}</span> <span class="rule">{words}</span>{self._inner(fold)}</li>'
            for (formula, words), fold in zip(rows, self.folds, strict=True)
        ]
        braces = f'\n<p class="jacobians">{HTML.inside(self.braces())}</p>' if self.derivation.products() else ""
        style = HTML.words(self.derivation.style)
        return f'<section class="derivation" data-style="{style}">\n<ol>\n' + "\n".join(items) + f"\n</ol>{braces}\n</section>"

    @staticmethod
    def _inner(fold: Fold) -> str:
        hidden = fold.lines[:-1]
        if not hidden:
            return ""
        rows = "".join(f'<li>{HTML.inside(displayed(line, HTML))} <span class="rule">{HTML.words(line.rule)}</span></li>' for line in hidden)
        return f"<details><summary>{len(hidden)} more</summary><ol>{rows}</ol></details>"

    def data(self) -> dict[str, Any]:
        """The derivation as plain data, for JSON: every line, in the text language, and as it is shown in Unicode and LaTeX."""
        keys = ("text", "rule", "condition", "source", "verified")
        shown = [fold.line for fold in self.folds]
        return {
            "style": self.derivation.style,
            "lines": [
                {
                    **{key: getattr(line, key) for key in keys},
                    "place": list(line.place),
                    "shown": any(line is s for s in shown),
                    "unicode": displayed(line, UNICODE),
                    "latex": displayed(line, LATEX),
                }
                for line in self.derivation.lines
            ],
            "jacobians": [[j.data() for j in path] for path in self.derivation.products()],
        }
