"""`Derivation`: a derivative step by step, each line one rule at one place, replayed and proved; made by `d.steps(style=...)`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from wrt.calculus.structure import linear_structure
from wrt.conventions import Convention, choice
from wrt.derivation import chain
from wrt.derivation.check import line_verdict
from wrt.derivation.jacobians import Jacobian, Jacobians, entries
from wrt.derivation.reading import Part, Place, Setting, is_open, is_pending, scene_at
from wrt.derivation.replay import AGAIN, RECOGNISE, RULES, START, STYLES, Told, following, replay
from wrt.derivation.show import Fold, Shown, folded
from wrt.derivative import Derivative
from wrt.errors import NoClosedFormError, ProofError
from wrt.formula import Formula
from wrt.language.parser import parse
from wrt.language.read import read_like
from wrt.language.rewrite import replace_names
from wrt.language.sizes import Size
from wrt.language.surface import Call, Index, Name, Node, Source, Steps, postorder
from wrt.language.unparse import unparse
from wrt.tables.facts import closure
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS

MOST = 300  # lines
LIMITS = (
    "the limit is shown for polynomials, their fractions and roots, and for powers, exp, log, sin, cos, tan, sinh, cosh of linear functions, "
    "their sums and products; the other styles show the rest."
)
NAMED = "name the intermediate variables"


@dataclass
class Line:
    """One line: its `text`, the `rule` that made it out of the line before, at which `place` (a path of child numbers), under which `condition`.

    `source`: where the rule is taught. `formula`: the line as a formula, None while something in it is still to be differentiated.
    `verified`: "exact", "numeric" or "unverified: why": whether the line equals the one before.
    """

    text: str
    rule: str
    place: Place
    condition: str
    source: str
    before: str | None = field(repr=False)
    part: Part = field(repr=False)

    @cached_property
    def formula(self) -> Formula | None:
        """The line as a formula; None while something in it is still to be differentiated."""
        if self.rule == RECOGNISE and self.text == self.part.end:
            return self.part.final
        if is_open(parse(self.text)):
            return None
        setting = self.part.setting
        extra = {setting.tangent: setting.declared[setting.tangent]} if setting.tangent not in setting.source.declarations else None
        return Formula(read_like(self.text, setting.source, indices=setting.indices, extra=extra))

    @cached_property
    def verified(self) -> str:
        """Whether the line equals the one before, proved. Raises: ProofError when it does not."""
        status = line_verdict(self.part, self.before, self.text, self.rule, self.place)
        if status == "wrong":
            raise ProofError(f"the rule '{self.rule}' made a line that differs from the one before.", text=self.text, span=(0, len(self.text)))
        return status

    @property
    def calculus(self) -> bool:
        """Whether the line applies a rule of calculus (the others rearrange)."""
        rule = RULES[self.part.setting.style].get(self.rule)
        return rule is not None and rule.calculus

    def tree(self) -> Node:
        """The typed tree that is printed."""
        if self.rule == RECOGNISE and self.text == self.part.end:
            return self.part.final.source.tree
        return self.part.setting.read(self.text)

    def __str__(self) -> str:
        return f"{self.text}    [{self.rule}]"


class Derivation:
    """A derivation: `lines` in order, the last the derivative itself; `str` shows at most a dozen of them, with the rules of what was folded."""

    def __init__(self, derivative: Derivative, style: str, parts: tuple[Part, ...], lines: list[Line]) -> None:
        self.derivative = derivative
        self.style = style
        self.parts = parts
        self.lines = lines
        self._products: list[list[Jacobian]] | None = None

    def replay(self) -> None:
        """Re-apply every line's rule at its place to the line before. Raises: ProofError, naming the line that does not follow."""
        replay(self.parts, [Told(line.text, line.rule, line.place) for line in self.lines])

    @property
    def verified(self) -> str:
        """The worst of the lines: "exact", "numeric" or "unverified: why"."""
        statuses = [line.verified for line in self.lines]
        unverified = next((s for s in statuses if s.startswith("unverified")), None)
        return unverified or ("numeric" if "numeric" in statuses else "exact")

    def folded(self) -> list[Fold]:
        """At most a dozen lines, each with the lines since the one shown before: a `Fold` has `.line`, `.rules` and `.lines`."""
        return folded(self.lines)

    def products(self) -> list[list[Jacobian]]:
        """Chain style: the local Jacobians along each path from the result to the variable, outermost first; else, and for more than a few, none."""
        if self._products is None:
            self._products = []
            if self.style == "chain" and len(self.parts) == 1:
                named = next((line for line in self.lines if line.rule == NAMED), None)
                tree = named.tree() if named is not None else None
                if isinstance(tree, Steps) and len(tree.steps) > 1:
                    self._products = Jacobians(self.parts[0].setting, dict(tree.steps)).paths()
        return self._products

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    def __str__(self) -> str:
        return Shown(self).text()

    def unicode(self) -> str:
        """The folded lines in Unicode."""
        return Shown(self).unicode()

    def latex(self) -> str:
        """The folded lines as an aligned display; the Jacobians of the chain style have their shapes under braces."""
        return Shown(self).latex()

    def html(self) -> str:
        r"""The folded lines as plain HTML, the formulas in LaTeX between \( and \), as KaTeX and MathJax find them; folded lines open on request."""
        return Shown(self).html()

    def data(self) -> dict[str, Any]:
        """All lines as plain data, for JSON."""
        return Shown(self).data()

    def picture(self, at: float, reach: float = 1.0) -> str:
        """The secants at a point turning into the tangent, as an SVG; `reach`: the greatest h, in units of the variable."""
        from wrt.derivation.secant import secants

        return secants(self.derivative.formula, self.lines[-1].part.final, self.parts[0].setting.variable, at, reach)

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def __repr__(self) -> str:
        return f"Derivation({self.style!r}, {len(self.lines)} lines)"


def derivation(derivative: Derivative, style: str = "differential") -> Derivation:
    """The steps of a derivative in a style. Raises: NoClosedFormError for what has no steps (parts of variables, orders above 2)."""
    choice("style", style, tuple(STYLES))
    if len(derivative.names) > 2 or any(v.axes for v in derivative.variables):
        raise NoClosedFormError("steps are shown for first and second derivatives by whole variables.")
    parts: list[Part] = []
    lines: list[Line] = []
    for k in range(len(derivative.names)):
        d = _stage(derivative, k)
        part = _part(d, style, AGAIN if k else START, derivative if k == len(derivative.names) - 1 else d)
        parts.append(part)
        lines += _lines(part)
    return Derivation(derivative, style, tuple(parts), lines)


def _stage(derivative: Derivative, k: int) -> Derivative:
    """The k-th differentiation: of the formula, or of its first derivative."""
    structure = derivative.convention.structure
    if len(derivative.names) == 1:
        return derivative
    first = Derivative(derivative.formula, derivative.names[:1], Convention("mixed", structure))
    if not k:
        return first
    if first.matrix is None:
        raise NoClosedFormError("the first derivative has no matrix form to differentiate again.")
    source = first.matrix.source
    again = Formula(Source(parse(str(first.matrix)), source.declarations, source.sizes))
    return Derivative(Formula(read_like(str(again), source)), derivative.names[1:], Convention("mixed", structure))


def _unstructured(d: Derivative, style: str) -> Derivative:
    """The derivative whose lines are shown: by independent entries, the structure entering where it is read off (or, symmetric, in the deltas)."""
    v = d.variables[0]
    linear = linear_structure(closure(d.declarations[v.name].facts)) if v.shape.order == 2 else None
    structure = d.convention.structure
    if linear is None or structure == "ignored" or (style == "componentwise" and linear == "symmetric" and structure == "projected"):
        return d
    return Derivative(d.formula, d.names, Convention(d.convention.layout, "ignored"))


def _part(d: Derivative, style: str, rule: str, asked: Derivative) -> Part:
    end = asked.matrix if asked.matrix is not None else asked.index.expr
    indices = () if asked.matrix is not None else tuple(asked.index.indices)
    free = _unstructured(d, style)
    structure = "" if free is d else linear_structure(closure(d.declarations[d.variables[0].name].facts)) or ""
    if structure and d.convention.structure == "parameters":
        structure += ", by its independent entries"
    d = free
    if style == "limit":
        return _limit_part(d, rule, end)
    if style == "componentwise":
        return replace(_entry_part(d, rule, end, indices), structure=structure)
    tree = chain.written_out(d.formula.source.tree)
    setting = Setting(d, d.variables[0].name, d.tangents[0], style)
    return Part(setting, rule, unparse(Call("d", (tree,))), end, indices, structure)


def _limit_part(d: Derivative, rule: str, end: Formula) -> Part:
    tree, name = chain.written_out(d.formula.source.tree), d.variables[0].name
    if d.formula.shape or d.variables[0].shape.order:
        raise NoClosedFormError("the limit is taken of a scalar function of a scalar.", hint="the other styles show the rest.")
    taken = {*d.declarations, *d.formula.source.sizes, *d.context.reserved, *(n.name for n in postorder(tree) if isinstance(n, Name))}
    h = next(word for word in ("h", "ε", "h1", "h2", "h3", *(f"h{k}" for k in range(4, 99))) if word not in taken)
    return Part(Setting(d, name, h, "limit"), rule, unparse(Call("diff", (tree, Name(name)))), end)


def _entry_part(d: Derivative, rule: str, end: Formula, final: tuple[str, ...]) -> Part:
    tree = chain.written_out(d.formula.source.tree)
    shape = d.formula.shape
    wanted = (*shape, *d.variables[0].shape.sizes)
    taken = {*d.declarations, *d.formula.source.sizes, *d.context.reserved}
    taken |= {n.name for n in postorder(tree) if isinstance(n, Name)}
    names = [w for w in (*"ijklprstuvqabch", *(f"i{n}" for n in range(1, 30))) if w not in taken][: len(wanted)]
    indices: dict[str, Size] = dict(zip(names, wanted, strict=True))
    entry, by = names[: len(shape)], names[len(shape) :]
    name = d.variables[0].name
    v: Node = Index(Name(name), tuple(map(Name, by))) if by else Name(name)
    f: Node = Index(tree, tuple(map(Name, entry))) if entry else tree
    setting = Setting(d, name, d.tangents[0], "componentwise", indices, v, tuple(entry))
    return Part(setting, rule, unparse(Call("diff", (f, v))), end, final)


def _lines(part: Part) -> list[Line]:
    text = unparse(part.setting.read(part.start))
    out = [Line(part.start, part.rule, (), "", "", None, part)]
    seen = {text}
    while (found := following(part.setting, out[-1].text)) is not None:
        rule, place, text = found
        if text in seen or len(out) > MOST:
            raise NoClosedFormError("no short derivation was found.")
        seen.add(text)
        condition = condition_of(part.setting, out[-1].text, rule.name, place)
        out.append(Line(text, rule.name, place, condition, rule.source, out[-1].text, part))
    if is_open(parse(out[-1].text)):
        raise _stuck(part.setting, parse(out[-1].text))
    conditions = ", ".join(part.setting.derivative.conditions)
    out.append(Line(part.end, RECOGNISE, (), conditions, "the derivative read off", out[-1].text, part))
    for line in out:
        assert line.verified  # proved before it is shown
    return out


def _stuck(setting: Setting, tree: Node) -> NoClosedFormError:
    """What is said of a line that no rule leads on from, by its smallest part that is still open."""
    waiting = next(n for n in postorder(tree) if is_open(n))
    if setting.style == "limit":
        return NoClosedFormError(f"no limit is known for {unparse(waiting)}.", hint=LIMITS)
    e = waiting.children[0]
    if setting.style == "componentwise" and isinstance(e, Index):
        says = f"{unparse(e.base)} has no formula entry by entry, so that it has no componentwise steps."
        return NoClosedFormError(says, hint="the styles differential and chain show its derivative.")
    return NoClosedFormError(f"no rule differentiates {unparse(e)}.")


def condition_of(setting: Setting, before: str, rule: str, place: Place) -> str:
    """Where a rule holds ("X invertible"), by the tables; of a local Jacobian, its size."""
    node, scene = scene_at(setting, setting.read(before), place)
    e = node.children[0] if is_pending(node) else node
    if rule.startswith("local Jacobian") and isinstance(e, Name) and e.shape is not None:
        used = {
            n.name: n.shape for n in postorder(scene.steps[e.name]) if isinstance(n, Name) and (n.name in scene.moving or n.name == setting.variable)
        }
        return ", ".join(f"d({e.name})/d({name}): {entries(e.shape)} x {entries(shape)}" for name, shape in used.items() if shape is not None)
    if isinstance(e, Index):
        e = e.base
    if not isinstance(e, Call) or not e.arguments:
        return ""
    row = FUNCTIONS.get(e.function)
    if row is not None and row.kink:
        return unparse(replace_names(parse(row.kink), dict(zip(row.arguments, e.arguments, strict=False))))
    operator = OPERATORS.get(e.function)
    if operator is None or not operator.assumes:
        return ""
    letter, _, rest = operator.assumes.partition(" ")
    return f"{unparse(e.arguments[0])} {rest}" if len(letter) == 1 else operator.assumes
