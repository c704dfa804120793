"""What stands in a line of a derivation when it is shown, and the words beside it: its rules, where the derivative is read off, facts and conditions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from wrt.derivation.chain import written_out
from wrt.derivation.limit_functions import KNOWN
from wrt.derivation.reading import scene_at
from wrt.derivation.replay import RECOGNISE, START
from wrt.formula import shape_of
from wrt.language.parser import parse
from wrt.language.rewrite import exchanged, replace_names
from wrt.language.surface import (
    SCALAR,
    Binary,
    Call,
    FunctionDeclaration,
    Generator,
    Index,
    Name,
    Node,
    Shape,
    Slice,
    Source,
    Steps,
    Unary,
    postorder,
)
from wrt.language.unparse import unparse
from wrt.notation import latex, unicode
from wrt.notation.style_call import TANGENT, TOTAL

if TYPE_CHECKING:
    from wrt.derivation.step import Line

NAMING = "name the intermediate variables"
# function of the derivative: (function of the line before, an identity between them in u)
IDENTITIES = {
    "sigmoid": (("exp", "sigmoid(u)", "1/(1 + exp(-u))"),),
    "sec": (("tan", "sec(u)**2", "1 + tan(u)**2"), ("cos", "sec(u)", "1/cos(u)")),
    "cot": (("tan", "cot(u)", "1/tan(u)"),),
    "tan": (("sin", "tan(u)", "sin(u)/cos(u)"),),
    "tanh": (("sinh", "tanh(u)", "sinh(u)/cosh(u)"),),
}
INVERSE = ("differential of the inverse", "derivative of the inverse")


@dataclass(frozen=True)
class Speech:
    """One way to show a derivation: `style` of notation, `formula` in a line, `inside` a formula among words, `words` themselves."""

    style: str
    formula: Callable[[Node], str]
    inside: Callable[[str], str]
    words: Callable[[str], str] = str
    by: str = " x "

    def name(self, name: str, shape: Shape = SCALAR) -> str:
        """A name among words."""
        return self.inside(self.formula(Name(name, shape=shape)))

    def condition(self, words: str) -> str:
        r"""A condition on values among words: in LaTeX a formula, which has its words in \\text."""
        return self.inside(words) if self.style == "latex" else words


TEXT = Speech("text", unparse, str)
UNICODE = Speech("unicode", unicode.render, str, by=" × ")
LATEX = Speech("latex", latex.render, lambda words: rf"\({words}\)", by=r" \times ")
HTML = Speech("latex", latex.render, lambda words: f"\\({escape(words, quote=False)}\\)", lambda words: escape(words, quote=False), r" \times ")

SPEECHES = {"text": TEXT, "unicode": UNICODE, "latex": replace(LATEX, inside=lambda words: f"${words}$")}  # of sentences


# ------------------------------------------------------------------------------------------------ the line itself
def displayed(line: Line, speech: Speech) -> str:
    """The line as it is shown: intermediate variables are defined once, the differential of X is dX, d/dx where there is one variable."""
    tree = line.tree()
    if isinstance(tree, Steps) and line.rule not in (NAMING, RECOGNISE):
        tree = tree.result
    return speech.formula(tree if speech.style == "text" else _spoken(tree, line))


def _spoken(tree: Node, line: Line) -> Node:
    setting = line.part.setting
    alone = not setting.by_entries and set(setting.declared) == {setting.variable, setting.tangent} and not setting.source.sizes

    def change(node: Node) -> Node | None:
        entry = isinstance(node, Index) and not any(isinstance(p, Slice) for p in node.parts)
        base = node.base if isinstance(node, Index) and entry else node
        if isinstance(base, Name) and base.name == setting.tangent and setting.style in ("differential", "chain"):
            x = Name(setting.variable, shape=base.shape)
            return Call(TANGENT, (Index(x, node.parts, shape=node.shape) if isinstance(node, Index) else x,), shape=node.shape)
        if alone and isinstance(node, Call) and node.function == "diff":
            return Call(TOTAL, node.arguments, shape=node.shape)
        return None

    return exchanged(_moving_last(tree, line), change, typed=True)


def _moving_last(tree: Node, line: Line) -> Node:
    """Products of numbers with the differential behind the other factors: 2x sin(x) dx for 2x dx sin(x)."""
    setting = line.part.setting
    if setting.style not in ("differential", "chain"):
        return tree

    def moves(node: Node) -> bool:
        if isinstance(node, Name):
            return node.name == setting.tangent
        return isinstance(node, Call) and node.function == "d" and isinstance(node.arguments[0], Name)

    def change(node: Node) -> Node | None:
        if not (isinstance(node, Binary) and node.op == "*" and node.shape == SCALAR):
            return None
        parts: list[Node] = []
        rest: Node = node
        while isinstance(rest, Binary) and rest.op == "*":
            parts.append(rest.right)
            rest = rest.left
        parts = [rest, *reversed(parts)]
        where = [k for k, part in enumerate(parts) if moves(part)]
        if len(where) != 1 or where[0] == len(parts) - 1 or any(part.shape != SCALAR for part in parts):
            return None
        parts.append(parts.pop(where[0]))
        made = parts[0]
        for part in parts[1:]:
            made = Binary("*", made, part, shape=SCALAR)
        return made

    return exchanged(tree, change, typed=True)


def tangent(variable: str, shape: Shape | None) -> Node:
    """dX as it is shown."""
    return Call(TANGENT, (Name(variable, shape=shape),), shape=shape)


# ------------------------------------------------------------------------------------------------ the words beside it
def note(line: Line, rules: tuple[str, ...], speech: Speech, *, same: bool = False) -> str:
    """The rules of a line; what is given, where it is asked for; shape and conditions, where the derivative is read off.

    `same`: what is read off is the line before, word by word.
    """
    told = ", ".join([rule_words(name, line, speech) for name in rules if name != RECOGNISE])
    setting = line.part.setting
    if line.rule == START:
        given = ", ".join(facts(setting.source, speech))
        return f"{told}; given {given}" if given else told
    if line.rule in INVERSE:
        return f"{told}: {inverse_reason(line, speech)}"
    if line.rule != RECOGNISE:
        return told
    where = " and ".join(map(speech.condition, setting.derivative.where(speech.style)))
    told = ", ".join(filter(None, [told, "" if same and not line.part.indices else read_off(line, speech), *used(line, speech)]))
    return f"{told}; where {where}" if where else told


def used(line: Line, speech: Speech) -> list[str]:
    """The identities by which the derivative is written shorter than the line it is read off from: with sec(x)**2 = 1 + tan(x)**2."""
    assert line.before is not None
    end, before = line.tree(), written_out(line.part.setting.read(line.before))
    held = {n.function for n in postorder(before) if isinstance(n, Call)}
    made = {unparse(n): n for n in postorder(end) if isinstance(n, Call) and n.function in IDENTITIES and n.function not in held}
    found = []
    for call in made.values():
        texts = next((pair for other, *pair in IDENTITIES[call.function] if other in held), None)
        if texts is not None:
            one, other = (speech.formula(replace_names(parse(text), {"u": call.arguments[0]})) for text in texts)
            found.append(f"with {speech.inside(f'{one} = {other}')}")
    found += [f"with {speech.inside(f'{speech.formula(total)} = 1')}" for total in _ones(before, end, line)]
    return found


def _ones(before: Node, end: Node, line: Line) -> list[Node]:
    """sum(y[j] for j in range(n)) of each one-hot y whose entries a line adds up and the derivative does not."""
    declared = line.part.setting.declared
    found: dict[str, Node] = {}
    if any(isinstance(n, Call) and n.function == "sum" for n in postorder(end)):
        return []
    for node in postorder(before):
        if not (isinstance(node, Generator) and node.function == "sum" and len(node.loops) == 1 and not node.conditions):
            continue
        places = [
            n for n in postorder(node.body) if isinstance(n, Index) and any(isinstance(p, Name) and p.name == node.loops[0].name for p in n.parts)
        ]
        if len(places) == 1 and isinstance(y := places[0].base, Name) and y.name in declared and "onehot" in declared[y.name].facts:
            found[y.name] = replace(node, body=places[0])
    return list(found.values())


def rule_words(name: str, line: Line, speech: Speech) -> str:
    """A rule by its name; a standard limit as a formula, the h of a limit by its letter."""
    if name in KNOWN:
        return standard_limit(*KNOWN[name], line, speech)
    setting = line.part.setting
    return re.sub(r"\bh\b", lambda _: speech.name(setting.tangent), speech.words(name)) if setting.style == "limit" else speech.words(name)


def standard_limit(quotient: str, value: str, line: Line, speech: Speech) -> str:
    """lim(sin(t)/t, t) = 1, in a letter that is free."""
    t = Name(next(c for c in "tuvs" if c not in line.part.setting.declared))
    e = replace_names(parse(quotient), {"t": t})
    return speech.inside(f"{speech.formula(Call('lim', (e, t)))} = {speech.formula(parse(value))}")


def inverse_reason(line: Line, speech: Speech) -> str:
    """X @ inv(X) = I gives d(X) @ inv(X) + X @ d(inv(X)) = 0, told of the matrix at hand."""
    assert line.before is not None
    node, _ = scene_at(line.part.setting, line.part.setting.read(line.before), line.place)
    e = node.children[0]
    inverse = e.base if isinstance(e, Index) else e
    x = inverse.children[0]

    def both(left: Node, right: Node) -> Node:
        return Binary("@", left, right, shape=x.shape)

    def d(node: Node) -> Node:
        return Call("d", (node,), shape=x.shape)

    whole, moving = both(x, inverse), Binary("+", both(d(x), inverse), both(x, d(inverse)), shape=x.shape)
    one, zero = ("eye", "0") if speech.style == "text" else ("I", "0")
    return f"{speech.inside(f'{speech.formula(whole)} = {one}')} gives {speech.inside(f'{speech.formula(moving)} = {zero}')}"


def facts(source: Source, speech: Speech) -> list[str]:
    """[A symmetric, y onehot]: what is declared of names besides their shapes."""
    named = [(n, d) for n, d in source.declarations.items() if not isinstance(d, FunctionDeclaration)]
    return [f"{speech.name(n, d.shape)} {speech.words(fact.replace('_', ' '))}" for n, d in named for fact in sorted(d.facts)]


def read_off(line: Line, speech: Speech) -> str:
    """From which expression the derivative is read off, and its shape."""
    part, setting = line.part, line.part.setting
    of = setting.source.tree.shape or SCALAR
    if part.indices:
        groups = [part.indices[: of.order], part.indices[of.order :]]
        return "entry " + " by ".join(speech.inside(", ".join(group)) for group in groups if group)
    shape = shape_of(part.final.source)
    layout = setting.derivative.convention.layout
    sized = f": {speech.inside(str(shape).replace(' x ', speech.by))}" if shape.order in (1, 2) else ""
    sized = f" in {layout} layout{sized}" if sized and layout != "mixed" else sized
    if setting.style in ("componentwise", "limit"):
        return ("recognise the matrix form" if setting.by_entries else "simplify") + sized
    structured = f", as {speech.name(setting.variable)} is {part.structure.replace('_', ' ')}" if part.structure else ""
    found = speech.inside(speech.formula(pattern(line, speech)))
    return f"{'read off from' if sized else 'the factor of'} {found}{structured}{sized}"


def pattern(line: Line, speech: Speech) -> Node:
    """dx, g.T @ dx, tr(G.T @ dX) or J @ dx: what the differential is brought to, in a letter that is free."""
    setting = line.part.setting
    of, by = setting.source.tree.shape or SCALAR, setting.declared[setting.tangent].shape
    moving = Name(setting.tangent, shape=by) if speech.style == "text" else tangent(setting.variable, by)
    if not of.order and not by.order:
        return moving
    letters = "JKL" if of.order else "GHQ" if by.kind == "matrix" else "ghq"
    factor = Name(next((c for c in letters if c not in setting.declared), "M"), shape=Shape("matrix", (*of.sizes, *by.sizes)) if of.order else by)
    if of.order:
        return Binary("*" if speech.style == "text" and not by.order else "@", factor, moving, shape=of)
    product = Binary("@", Unary("T", factor), moving)
    return Call("tr", (product,)) if by.kind == "matrix" else product
