"""The proof of a line: the part a rule rewrote and what it made of it are equal for whatever stands inside, shown by the prover alone.

What is still to be differentiated is replaced by a variable u of its own that moves along du, so that d(E) is the derivative of E by t at
u + t*du; equality for every u and du is equality for the line's own. A derivative read off is proved against the line before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from wrt.derivation import limit
from wrt.derivation.chain import written_out
from wrt.derivation.entries import entry
from wrt.derivation.reading import Part, Place, Scene, Setting, is_pending, pendings, put, scene_at, size_of, type_line
from wrt.derivation.replay import RULES
from wrt.derivation.rules import inverse_slope, renamed, row_derivative
from wrt.derivation.terms import times
from wrt.errors import WrtError
from wrt.language.parser import parse
from wrt.language.rewrite import exchanged, replace_names, with_children
from wrt.language.shapes import annotate
from wrt.language.sizes import Size
from wrt.language.surface import (
    SCALAR,
    Binary,
    Call,
    Declaration,
    FunctionDeclaration,
    Generator,
    Index,
    Loop,
    Name,
    Node,
    Number,
    Shape,
    Source,
    column,
    matrix,
    postorder,
)
from wrt.language.unparse import unparse
from wrt.proof.views import Prover, equal

ZERO = Fraction(0)
DEFINITIONS = (
    "differential of the variable",
    "derivative of the variable's entry",
    "derivative of the variable itself",
    "constant",
    "a function of its inverse is its argument",
)
SAME_INSIDE = ("index notation", "definition", "logarithm of a quotient")  # rules that rewrite what is still to be differentiated
BY_MEANING = ("name the intermediate variables", "write the variable out")


def line_verdict(part: Part, before: str | None, text: str, rule: str, place: Place) -> str:
    """Whether a line equals the one before: "exact", "numeric", "wrong" or "unverified: why"."""
    if before is None or rule in DEFINITIONS:
        return "exact"  # the question itself; what a rule says of a variable, an entry, a constant, an inverse is its definition
    try:
        if part.setting.style == "limit" and rule != "recognise":
            return limit.verdict(part.setting, before, text, rule)
        if rule == "recognise":
            return _read_off(part.setting, before)
        return _rewriting(part.setting, before, text, rule, place)
    except WrtError as error:
        return f"unverified: {error.message}"


def _read_off(setting: Setting, before: str) -> str:
    prover = setting.derivative.prover
    tree = written_out(parse(before))
    if setting.style == "limit":
        annotate(tree, setting.declared, sizes=setting.source.sizes)
        return prover.matrix(Source(tree, dict(setting.declared), setting.source.sizes), "mixed").status
    if setting.style == "componentwise":
        annotate(tree, setting.declared, sizes=setting.source.sizes, indices=setting.indices)
        return prover.index(tuple(setting.indices), Source(tree, dict(setting.declared), setting.source.sizes)).status
    annotate(tree, setting.declared, sizes=setting.source.sizes)
    shape = setting.derivative.formula.source.tree.shape
    if isinstance(tree, Number) and not tree.value and shape is not None and shape.order:
        return "exact"
    return prover.operator(Source(tree, dict(setting.declared), setting.source.sizes), (setting.tangent,)).status


def _rewriting(setting: Setting, before: str, text: str, rule: str, place: Place) -> str:
    tree = setting.read(before)
    old, scene = scene_at(setting, tree, place)
    made = RULES[setting.style][rule].apply(old, scene) if rule in RULES[setting.style] else None
    if made is None:
        return "wrong"
    whole = put(tree, place, made)
    if unparse(setting.read(unparse(whole))) != text:
        return "wrong"
    if rule in BY_MEANING:  # names are names: written out, both lines are one text
        inside = (tree, whole) if rule == BY_MEANING[1] else (old.children[0], made)
        one, other = (unparse(written_out(t)) for t in inside)
        return "exact" if other in (one, f"d({one})") else "wrong"
    if rule == "inverse function rule" and isinstance(e := old.children[0], Call):
        return _inverse_slope(e.function)
    type_line(whole, setting.declared, setting.source.sizes, setting.indices)
    new, _ = scene_at(setting, whole, place)
    if is_pending(old) and is_pending(new) and rule in SAME_INSIDE:
        old, new = old.children[0], new.children[0]
    return Lemma(setting, scene, old, new).status()


class Lemma:
    """One rewriting, before and after, with what is inside made general."""

    def __init__(self, setting: Setting, scene: Scene, old: Node, new: Node) -> None:
        self.setting, self.scene, self.new = setting, scene, new
        self.moving = is_pending(old)
        self.old = old.children[0] if self.moving else old
        if self.moving and isinstance(self.old, Name) and self.old.name in scene.steps:
            name, self.old = self.old.name, scene.steps[self.old.name]
            self.new = exchanged(new, lambda n: self.old if isinstance(n, Name) and n.name == name else None)
        self.sizes: dict[str, Size | None] = dict(setting.indices)
        for loop in (*scene.loops.values(), *[n for t in (self.old, new) for n in postorder(t) if isinstance(n, Loop)]):
            self.sizes[loop.name] = size_of(loop)
        self.declared = {**setting.declared, **{n: Declaration(n, v.shape) for n, v in scene.steps.items() if v.shape is not None}}
        self.inner = {n.name for t in (self.old, new) for n in postorder(t) if isinstance(n, Loop)}
        stops = {s.name for s in self.sizes.values() if s is not None and s.name is not None}
        self.counts = tuple(n for n in self.declared if n in stops)  # whole numbers that indices run to: sizes for the lemma's purpose
        self.general: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.aliases: dict[str, Index] = {}  # entries in index notation: sum(A[i, k]*x[k] for k in range(n)) is (A @ x)[i]

    def status(self) -> str:
        """The verdict."""
        for side in (self.new,) if self.moving else (self.old, self.new):
            for waiting in pendings(side):
                if not self._generalise(waiting.arguments[0]):
                    return self._expanded()
        if self.moving and self._stays(self.old):
            self.general.setdefault(self.setting.variable, (self.setting.variable, ()))
        elif self.moving and self._stays(self.new):
            return self._expanded()
        left, right = self._made(self.old), self._made(self.new)
        return self._proved(left, right)

    def _expanded(self) -> str:
        return "unverified: what is inside depends on bound indices"

    def _stays(self, tree: Node) -> bool:
        """Whether the variable occurs outside of what was made general."""
        stack = [tree]
        moving = self.scene.moving | {self.setting.variable}
        while stack:
            n = stack.pop()
            if is_pending(n) or unparse(n) in self.general or self._alias(n) is not None:
                continue
            if isinstance(n, Name) and n.name in moving:
                return True
            stack.extend(n.children)
        return False

    def _generalise(self, e: Node) -> bool:
        """A variable of its own for E of d(E), one entry of it where indices are bound."""
        if isinstance(e, Index) and not set(self._indices(e.base)) & self.inner and e.base.shape is not None:
            self.aliases[_spelled(entry(e.base, e.parts, self.scene))] = e
            e = e.base
        text = unparse(e)
        if text in self.general:
            return True
        bound = tuple(b for b in self._indices(e) if b in self.inner)  # the others stand still
        shape = e.shape
        if shape is None or (bound and shape.order) or any(self.sizes.get(b) is None for b in bound):
            return False
        if bound:
            sizes = tuple(s for b in bound if (s := self.sizes[b]) is not None)
            shape = column(*sizes) if len(sizes) == 1 else matrix(*sizes) if len(sizes) == 2 else Shape("tensor", sizes)
        name = f"g{len(self.general)}_"
        self.general[text] = (name, bound)
        self.declared[name] = Declaration(name, shape)
        self.declared[f"d{name}"] = Declaration(f"d{name}", shape)
        return True

    def _indices(self, e: Node) -> tuple[str, ...]:
        """The indices free in a tree."""
        own = {n.name for n in postorder(e) if isinstance(n, Loop)}
        return tuple(dict.fromkeys(n.name for n in postorder(e) if isinstance(n, Name) and n.name in self.sizes and n.name not in own))

    def _value(self, text: str) -> Node:
        name, bound = self.general[text]
        own: Node = Name(name)
        other = self._tangent(name)
        if bound:
            own, other = (Index(n, tuple(map(Name, bound))) for n in (own, other))
        return Binary("+", own, Binary("*", Name("t_"), other)) if self.moving else own

    def _tangent(self, name: str) -> Node:
        """Along what a variable moves; in the componentwise style that by which is differentiated moves by 1, or by one entry that is 1."""
        setting = self.setting
        if name != setting.variable:
            return Name(f"d{name}")
        if setting.style != "componentwise":
            return Name(setting.tangent)
        if not isinstance(setting.by, Index):
            return Number(Fraction(1), "1")
        own = [f"e{k}_" for k, _ in enumerate(setting.by.parts)]
        plain = times(*[Binary("==", Name(i), p) for i, p in zip(own, setting.by.parts, strict=True)])
        if setting.symmetric:
            crossed = times(*[Binary("==", Name(i), p) for i, p in zip(own, reversed(setting.by.parts), strict=True)])
            plain = Binary("/", Binary("+", plain, crossed), Number(Fraction(2), "2"))
        sizes = setting.source.declarations[setting.variable].shape.sizes
        return Generator("array", plain, tuple(Loop(i, Number(ZERO, "0"), parse(size.text)) for i, size in zip(own, sizes, strict=True)))

    def _alias(self, node: Node) -> Index | None:
        """The entry that a node spells in index notation."""
        return self.aliases.get(_spelled(node)) if self.aliases and isinstance(node, (Binary, Generator, Call)) else None

    def _direction(self, e: Node) -> Node:
        base, parts = (e.base, e.parts) if isinstance(e, Index) and unparse(e.base) in self.general else (e, ())
        name, bound = self.general[unparse(base)]
        made = self._tangent(name)
        if bound:
            made = Index(made, tuple(map(Name, bound)))
        return Index(made, parts) if parts else made

    def _made(self, tree: Node) -> Node:
        """The tree with what was made general replaced, the largest first."""
        done: dict[int, Node] = {}
        stack: list[tuple[Node, bool]] = [(tree, False)]
        while stack:
            n, ready = stack.pop()
            if ready:
                done[id(n)] = with_children(n, tuple(done[id(c)] for c in n.children)) if n.children else n
            elif isinstance(n, Call) and is_pending(n):
                done[id(n)] = self._direction(n.arguments[0])
            elif not isinstance(n, (Loop, Number)) and unparse(n) in self.general:
                done[id(n)] = self._value(unparse(n))
            elif (spelled := self._alias(n)) is not None and unparse(spelled.base) in self.general:
                done[id(n)] = Index(self._value(unparse(spelled.base)), spelled.parts)
            else:
                stack.append((n, True))
                stack.extend((c, False) for c in n.children)
        return done[id(tree)]

    def _proved(self, left: Node, right: Node) -> str:
        free = tuple(dict.fromkeys((*self._indices(left), *self._indices(right))))
        sizes = [self.sizes.get(name) for name in free]
        if any(s is None for s in sizes):
            return self._expanded()
        if self.moving:
            right = Binary("*", right, Name("dt_"))
        if free:
            loops = tuple(Loop(n, Number(ZERO, "0"), parse(s.text)) for n, s in zip(free, sizes, strict=True) if s is not None)
            left, right = Generator("array", left, loops), Generator("array", right, loops)
        used = {n.name for t in (left, right) for n in postorder(t) if isinstance(n, Name)}
        names = {n: d for n, d in self.declared.items() if isinstance(d, FunctionDeclaration) or (n in used and n not in self.counts)}
        declared = tuple(replace(d, name=n) for n, d in names.items())
        return _decided(Question(unparse(left), unparse(right), self.moving, declared, (*self.setting.source.sizes, *self.counts)))


@lru_cache(maxsize=16)
def _inverse_slope(function: str) -> str:
    """Whether the slope of an inverse function, by the function it inverts, is the slope in the table of functions."""
    u = Call(function, (Name("u"),))
    slope = row_derivative(u, 0)
    assert slope is not None
    names = {"u": Declaration("u", SCALAR, frozenset({"unit_interval"}))}
    one, other = (_source(unparse(tree), names, ()) for tree in (slope, inverse_slope(u)))
    return equal(one, other).status


def _spelled(tree: Node) -> str:
    """The text of a tree, whatever its bound indices are called."""
    bound = dict.fromkeys(n.name for n in postorder(tree) if isinstance(n, Loop))
    return unparse(renamed(tree, {name: f"b{k}_" for k, name in enumerate(bound)}) if bound else tree)


@dataclass(frozen=True)
class Question:
    """Whether two texts are equal beside declarations; with `moving`, whether the second is the derivative of the first by t_, times dt_."""

    left: str
    right: str
    moving: bool
    declared: tuple[Declaration, ...]
    sizes: tuple[str, ...]

    def at(self, sizes: Mapping[str, int]) -> Question:
        """The same question at given sizes."""
        values: dict[str, Node] = {name: Number(Fraction(k), str(k)) for name, k in sizes.items()}
        one, other = (unparse(replace_names(parse(text), values)) for text in (self.left, self.right))
        fixed = {name: Size.of(k) for name, k in sizes.items()}

        def change(shape: Shape) -> Shape:
            return Shape(shape.kind, tuple(s.substitute(fixed) for s in shape.sizes))

        return replace(self, left=one, right=other, declared=tuple(d.reshaped(change) for d in self.declared), sizes=())

    def verdict(self) -> str:
        """The prover's."""
        names = {d.name: d for d in self.declared}
        if self.moving:
            names["t_"], names["dt_"] = Declaration("t_", SCALAR), Declaration("dt_", SCALAR)
        one, other = (_source(text, names, self.sizes) for text in (self.left, self.right))
        if self.moving:
            return Prover(one, ("t_",), "ignored").operator(other, ("dt_",)).status
        return equal(one, other).status


@lru_cache(maxsize=4096)
def _decided(question: Question) -> str:
    """The prover's verdict, remembered: the same lemma returns in many derivations. What is too large for it is tried at the smallest sizes."""
    found = question.verdict()
    for most in (len(question.sizes), 2):
        if found.endswith("too large") and question.sizes:
            found = question.at({name: 2 + k % most for k, name in enumerate(question.sizes)}).verdict()
    return found


def _source(text: str, names: dict[str, Declaration], sizes: tuple[str, ...]) -> Source:
    tree = parse(text)
    annotate(tree, names, sizes=sizes)
    return Source(tree, dict(names), sizes, text)
