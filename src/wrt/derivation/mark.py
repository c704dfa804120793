"""Marking a derivative made by hand: right, and in which layouts; or wrong, with the slip named, a counterexample and the answer mended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import permutations
from typing import Any

from wrt.api import FormulaLike, as_formula, variables_of
from wrt.calculus.structure import linear_structure
from wrt.conventions import LAYOUTS, choice, current_convention
from wrt.derivation.binding import bound, index_sizes, unbound
from wrt.derivation.constants import with_constants
from wrt.derivation.handed_in import handed_in
from wrt.derivation.points import apart, at_kinks
from wrt.derivation.readings import Reading, readings
from wrt.derivation.slips import SLIPS
from wrt.derivation.structures import as_counted, by_parameters, of_one_structure
from wrt.derivation.terms import bare
from wrt.derivative import Derivative
from wrt.equality import said
from wrt.errors import ShapeError, Span, UnknownNameError, WrtError
from wrt.formula import Formula
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.functions_declared import called
from wrt.language.parser import parse
from wrt.language.read import read_like, type_tree
from wrt.language.rewrite import replace_names
from wrt.language.scopes import undeclared
from wrt.language.signatures import known_functions, unknown_function
from wrt.language.sizes import Size
from wrt.language.surface import Call, Declaration, Generator, Name, Node, Number, Source, postorder
from wrt.language.unparse import unparse
from wrt.language.variables import variable
from wrt.proof.pairing import layout_of
from wrt.proof.views import Prover, Verdict
from wrt.tables.facts import closure

_LIBRARY = re.compile(r"(?<![\w.])(?:np|numpy|jnp|torch|math)\.(?:linalg\.)?(?=[a-z])")  # np.exp is exp
PROVED = ("exact", "numeric")


@dataclass(frozen=True)
class Mark:
    """What `wrt.check` found; true when the answer is right. `str` is a sentence.

    `layout`: the layouts in which the answer is right. `slip`: a kind of `SLIPS`, or None. `where`: its place in the answer.
    `counterexample`: (values, wanted, given) in small whole numbers, or None. `fixed`: the answer with that slip undone.
    `undecided`: why the proof could not decide, or "". `says`: what went wrong, where the kind of slip does not tell it all.

    >>> import wrt
    >>> mark = wrt.check("norm(A @ x - b)**2", "x", answer="2*A.T @ (A @ x + b)")
    >>> bool(mark), mark.slip, mark.fixed
    (False, 'sign', '2*A.T @ (A @ x - b)')
    """

    right: bool
    layout: tuple[str, ...] = ()
    slip: str | None = None
    where: Span | None = None
    counterexample: tuple[Mapping[str, Any], Any, Any] | None = None
    fixed: str | None = None
    undecided: str = ""
    note: str = field(default="", compare=False)
    says: str = field(default="", compare=False)

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        if self.undecided:
            return f"not decided: {self.undecided}."
        if self.right:
            everywhere = set(self.layout) >= set(LAYOUTS)
            return f"right{'' if everywhere else ' in ' + ' and '.join(self.layout) + ' layout'}.{self.note}"
        says = f"wrong: {self.says or SLIPS[self.slip].says}." if self.slip else "wrong."
        if self.fixed is not None:
            says += f" With that mended: {self.fixed}."
        if self.counterexample is not None:
            values, wanted, given = self.counterexample
            at = ", ".join(f"{name} = {said(value)}" for name, value in values.items())
            says += f" At {at} the derivative is {said(wanted)}, the answer gives {said(given)}."
        return says + self.note


def check(
    f: FormulaLike,
    *names: Any,
    answer: str | FormulaLike,
    layout: str | None = None,
    shapes: ShapeSpec = None,
    assume: FactSpec = None,
    syntax: str | None = None,
) -> Mark:
    """Mark `answer` as the derivative of f by the variables named: right (in which layouts), or the slip, mended, with a counterexample.

    `layout`: the one layout that counts (another one is then the slip "layout"); None: any. The answer may be in any dialect. Each treatment of
    a variable's structure counts; one other than that in force is told.
    Raises: TextError, UnknownNameError when the answer cannot be read at all.

    >>> import wrt
    >>> print(wrt.check("norm(A @ x - b)**2", "x", answer="2*A.T @ (A @ x - b)"))
    right in mixed and denominator layout.
    >>> wrt.check("norm(A @ x - b)**2", "x", answer="A.T @ (A @ x - b)").slip
    'factor'
    """
    if layout is not None:
        choice("layout", layout, LAYOUTS)
    formula = as_formula(f, shapes, assume)
    return Marking(formula, variables_of(formula, names), layout).mark(answer, syntax)


class Marking:
    """One question, ready to mark answers."""

    def __init__(self, formula: Formula, names: tuple[str, ...], layout: str | None) -> None:
        self.formula = formula
        self.names = names
        self.layout = layout
        self.wanted = LAYOUTS if layout is None else (layout,)
        self.structure = current_convention().structure
        self._provers: dict[tuple[Any, ...], Prover] = {}
        self.counted = self.structure  # how the variable's structure was treated in the last verdict that was "right"
        self.slow = False  # whether verdicts take floats of many digits

    # ------------------------------------------------------------------------------------------------ the verdict
    def mark(self, answer: str | FormulaLike, syntax: str | None = None) -> Mark:
        """The verdict on one answer: right if any of its readings is."""
        text = answer if isinstance(answer, str) else str(answer)
        first: tuple[Reading, tuple[str, ...]] | None = None
        undecided = ""
        try:
            possible = self.read(text, syntax)
        except ShapeError as error:
            return Mark(False, (), "shape", (0, len(text)), says=f"its sizes do not fit: {error.message.rstrip('.')}")
        for found in possible:
            right, why = self.judge(unparse(found.tree))
            if not right and (again := self._with_constants(found.tree)) is not None:
                right, why = again
            if found.constant and any(name in self.wanted for name in right):
                says = f"an antiderivative has a constant {found.constant}, a derivative has none"
                return Mark(False, (), "constant-kept", (0, len(text)), fixed=unparse(found.tree), says=says)
            if any(name in self.wanted for name in right) and not found.guessed:
                return Mark(True, right, note=f" {found.note}".rstrip() + as_counted(self) + self.at_kinks(found.tree))
            undecided = undecided or why
            if first is None or (self.source(unparse(first[0].tree)) is None and self.source(unparse(found.tree)) is not None):
                first = (found, right)
        assert first is not None
        if first[0].guessed:
            raise UnknownNameError(f"'{first[0].guessed}' is not a variable of the function.", text=text)
        if undecided:
            return Mark(False, undecided=undecided)
        for found in possible:
            right = by_parameters(self, found.tree)
            if any(name in self.wanted for name in right):
                return Mark(True, right, note=f" {found.note}".rstrip() + as_counted(self))
        tree, note = first[0].tree, first[0].note
        right = first[1]
        if right:
            return Mark(False, right, "layout", (0, len(text)), self.apart(tree), self.true_form(self.layout or "mixed"))
        from wrt.derivation.seek import seek

        exact = with_constants(tree)
        mark = of_one_structure(self, seek(self, tree if exact is None else exact, text), tree)
        return replace(mark, note=f"{mark.note} {note}".rstrip()) if note else mark

    def read(self, text: str, syntax: str | None = None) -> list[Reading]:
        """The readings of an answer, in any dialect, the likeliest first. Raises: TextError, UnknownNameError when there is none."""
        if syntax is None:
            text = _LIBRARY.sub(lambda found: " " * len(found.group()), text)
        found: list[Reading] = []
        refused: WrtError | None = None
        for reading in readings(handed_in(text, self.formula.declarations), syntax, self.formula.source, self.moving):
            try:
                found.append(reading._replace(tree=self._known(reading.tree, text)))
            except WrtError as error:
                refused = refused or error
        if not found:
            assert refused is not None
            raise refused
        return found

    def _known(self, tree: Node, text: str) -> Node:
        """The tree, if its names and functions are known. Raises: UnknownNameError."""
        known = {*self.formula.declarations, *self.formula.source.sizes, *self.tangents}
        for node in postorder(tree):
            if isinstance(node, Call) and node.function not in known_functions() and called(node.function, self.formula.declarations) is None:
                raise unknown_function(node.function, node).located(text)
        sizes = index_sizes(postorder(tree), self.formula.declarations, self.axes)
        free = unbound(tree, sizes)
        if free and self.order <= 2 and len(free) <= 2:
            tree = bound(tree, free, sizes)
        for name, places in undeclared(tree, {**self.formula.declarations, **self.tangents}, known).items():
            if name in free and self.order > 2:
                continue
            raise UnknownNameError(f"'{name}' is not a variable of the function.", text=text, span=places[0].span)
        return tree

    @cached_property
    def moving(self) -> tuple[str, ...]:
        """The variable, where there is one that an answer may give the differential along."""
        return self.names if len(self.names) == 1 and self.names[0] in self.formula.declarations else ()

    @cached_property
    def tangents(self) -> dict[str, Declaration]:
        """The differential dX of the variable, in which an answer may be written."""
        declared = self.formula.declarations
        return {f"d{n}": Declaration(f"d{n}", declared[n].shape) for n in self.moving if f"d{n}" not in declared}

    def along(self, tree: Node) -> bool:
        """Whether a text is a differential, tr(A @ dX), rather than a derivative."""
        return any(isinstance(n, Name) and n.name in self.tangents for n in postorder(tree))

    def judge(self, words: str) -> tuple[tuple[str, ...], str]:
        """The layouts in which a text is the derivative; and why that could not be decided."""
        self.counted = self.structure
        if self.tangents and (source := self.source(words)) is not None and self.along(source.tree):
            verdict = self.prover(self.formula.source, self.names, "ignored").operator(source, tuple(self.tangents))
            return (LAYOUTS, "") if self._noted(verdict) in PROVED else ((), verdict.status.partition(": ")[2])
        if self.order > 2 and (found := self._entry(words)) is not None:
            return found
        source = self.source(words)
        return ((), "") if source is None else self._judged(source, self.formula.source)

    @cached_property
    def axes(self) -> tuple[Size, ...]:
        """The sizes of the derivative's axes."""
        return (*self.formula.shape, *(s for n in self.names for s in variable(n, self.formula.declarations).shape.sizes))

    @property
    def order(self) -> int:
        """How many axes the derivative has."""
        return len(self.axes)

    def _entry(self, words: str) -> tuple[tuple[str, ...], str] | None:
        """The verdict on one entry of a derivative that has no matrix form; None for what is no entry.

        Indices are the axes in alphabetical order, the function's first: d f_i / d W_jk. Right in another order only, it is not decided.
        """
        if (array := self._array(words)) is not None:
            return array
        free = self.entry_indices(words)
        if free is None or not free:
            return None
        if len(free) != self.order:
            return (), ""
        prover = self.prover(self.formula.source, self.names, "ignored")
        try:
            source = read_like(words, self.formula.source, indices=free)
        except WrtError:
            return (), ""
        status = prover.index(tuple(free), source).status
        if status in PROVED:
            return LAYOUTS, ""
        if status.startswith("unverified"):
            return (), status.partition(": ")[2]
        other = next((order for order in permutations(free) if prover.index(order, source).status in PROVED), None)
        return (), f"it is right if the indices of the entry are, in order, {', '.join(other)}" if other else ""

    def _array(self, words: str) -> tuple[tuple[str, ...], str] | None:
        """The verdict on an array of order 3 or more written entry by entry, its indices in the order of the axes; None for what is none."""
        try:
            tree = parse(words)
        except WrtError:  # an edit may leave what cannot be read: 2.T
            return None
        if not isinstance(tree, Generator) or tree.function != "array" or len(tree.loops) != self.order or tree.conditions:
            return None
        if [(unparse(loop.start), unparse(loop.stop)) for loop in tree.loops] != [("0", size.text) for size in self.axes]:
            return (), ""
        indices = dict(zip([loop.name for loop in tree.loops], self.axes, strict=True))
        try:
            source = read_like(unparse(tree.body), self.formula.source, indices=indices)
        except WrtError:
            return (), ""
        status = self.prover(self.formula.source, self.names, "ignored").index(tuple(indices), source).status
        if status in PROVED:
            return LAYOUTS, ""
        return (), status.partition(": ")[2] if status.startswith("unverified") else ""

    def entry_indices(self, words: str) -> dict[str, Size] | None:
        """The unbound indices of a text, with their sizes; None for what cannot be read."""
        try:
            tree = parse(words)
        except WrtError:
            return None
        sizes = index_sizes(postorder(tree), self.formula.declarations, self.axes)
        return {name: sizes[name] for name in sorted(unbound(tree, sizes))}

    def _judged(self, source: Source, function: Source) -> tuple[tuple[str, ...], str]:
        right: list[str] = []
        undecided = ""
        for structure in self.structures:
            prover = self.prover(function, self.names, structure)
            found: dict[object, str] = {}
            for name, same in self._same.items():
                if same not in found:
                    found[same] = self.status(prover, source, name)
                status = found[same]
                if status in PROVED:
                    right.append(name)
                elif status.startswith("unverified"):
                    undecided = status.partition(": ")[2]
            if right:
                self.counted = structure
                return tuple(right), ""
        return (), undecided

    @cached_property
    def _same(self) -> dict[str, object]:
        """What each layout makes of the derivative: layouts that make the same of it need no second proof."""
        shapes = [variable(n, self.formula.declarations).shape for n in self.names]
        shape = self.formula.source.tree.shape
        assert shape is not None
        return {name: layout_of(shape, shapes, name) for name in LAYOUTS}

    @cached_property
    def structures(self) -> tuple[str, ...]:
        """The treatments of the variable's structure under which an answer may be right; one where it has none."""
        declared = self.formula.declarations
        facts = [closure(declared[variable(n, declared).name].facts) for n in self.names]
        return tuple(dict.fromkeys((self.structure, "ignored"))) if any(map(linear_structure, facts)) else ("ignored",)

    def _with_constants(self, tree: Node) -> tuple[tuple[str, ...], str] | None:
        """The verdict with decimals that stand for multiples of pi, or for roots, read as such; None when there are none."""
        own, given = with_constants(self.formula.source.tree), with_constants(tree)
        if own is None and given is None:
            return None
        declared = self.formula.declarations
        try:
            function = type_tree(own, declared) if own is not None else self.formula.source
            return self._judged(type_tree(given, declared) if given is not None else read_like(unparse(tree), function), function)
        except WrtError:
            return None

    def status(self, prover: Prover, source: Source, layout: str) -> str:
        """The status of the verdict on an answer in a layout."""
        assert source.tree.shape is not None
        if self.order > 2:
            return self._noted(prover.kronecker(source)) if source.tree.shape.order <= 2 else "wrong"
        if isinstance(source.tree, Number) and source.tree.value == 0:  # the zero of any shape
            zero = self.source(f"0*({self.true_form(layout)})")
            return prover.matrix(zero, layout).status if zero is not None else "wrong"
        return self._noted(prover.matrix(source, layout))

    def _noted(self, verdict: Verdict) -> str:
        """The status of a verdict; that it took floats is remembered."""
        self.slow = self.slow or verdict.status == "numeric" or verdict.seed.startswith("n") or "domain" in verdict.why
        return verdict.status

    def prover(self, source: Source, names: tuple[str, ...], structure: str) -> Prover:
        """The prover of a question, made once: its evaluations of the function are shared by all answers."""
        key = (id(source), names, structure)
        if key not in self._provers:
            self._provers[key] = Prover(source, names, structure)
        return self._provers[key]

    def source(self, words: str) -> Source | None:
        """The text read beside the function's declarations; None when it does not fit."""
        try:
            extra = {n: d for n, d in self.tangents.items() if n in words}
            return read_like(words, self.formula.source, extra=extra)
        except WrtError:
            return None

    # ------------------------------------------------------------------------------------------------ the truth
    @cached_property
    def derivative(self) -> Derivative:
        """The engine's own derivative."""
        return Derivative(self.formula, self.names, current_convention())

    def true_form(self, layout: str) -> str:
        """The derivative in a layout; its Kronecker or index form where it is no matrix."""
        view = self.derivative.in_layout(layout)
        if view is None:
            view = self.derivative.kronecker
        return str(view if view is not None else self.derivative.index.expr)

    def forms(self, words: str = "") -> list[Node]:
        """The closed forms of the derivative in the layouts that count; one entry of it, where the answer is an entry."""
        if words and (source := self.source(words)) is not None and self.along(source.tree):
            operator = self.derivative.operator
            named = dict(zip(self.derivative.tangents, map(Name, self.tangents), strict=True))
            return [] if operator is None else [replace_names(bare(operator.source.tree), named)]
        if self.order > 2:
            free, view = self.entry_indices(words), self.derivative.index
            if not free and (kronecker := self.derivative.kronecker) is not None:
                return [kronecker.source.tree]
            if not free or len(free) != self.order:
                return []
            return [replace_names(bare(view.expr.source.tree), dict(zip(view.indices, map(Name, free), strict=True)))]
        views = [self.derivative.in_layout(layout) for layout in self.wanted]
        return list(dict.fromkeys(v.source.tree for v in views if v is not None))

    def apart(self, tree: Node) -> tuple[Mapping[str, Any], Any, Any] | None:
        """A point of small whole numbers, off the function's kinks where there is one, at which the answer is not the derivative."""
        source = self.source(unparse(tree))
        return None if source is None or self.along(tree) else apart(self.derivative, self.wanted, source)

    def at_kinks(self, tree: Node) -> str:
        """What is to be said of a right answer that has another value at a kink of the function than the derivative as it is taken there."""
        source = self.source(unparse(tree))
        return "" if source is None or self.along(tree) else at_kinks(self.derivative, self.wanted, source)
