"""Marking a derivative made by hand: right, and in which layouts; or wrong, with the slip named, a counterexample and the answer mended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any

from wrt.api import FormulaLike, as_formula, variables_of
from wrt.conventions import LAYOUTS, choice, current_convention
from wrt.derivation.edits import Edit, Subject
from wrt.derivation.lost import inner_derivatives, lost_terms
from wrt.derivation.slips import SLIPS
from wrt.derivative import Derivative
from wrt.equality import equal, said
from wrt.errors import ShapeError, Span, TextError, UnknownNameError, WrtError
from wrt.formula import Formula, shape_of
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.infer import undeclared
from wrt.language.parser import parse as parse_tree
from wrt.language.read import parse_dialect, read_like, type_tree
from wrt.language.signatures import known_functions, unknown_function
from wrt.language.sizes import Size
from wrt.language.surface import Call, Declaration, Node, Number, Shape, Source, postorder
from wrt.language.unparse import unparse
from wrt.language.variables import variable
from wrt.proof.views import Prover

MOST = 600  # edits tried for one kind of slip


@dataclass(frozen=True)
class Mark:
    """What `wrt.check` found; true when the answer is right. `str` is a sentence.

    `layout`: the layouts in which the answer is right. `slip`: a kind of `SLIPS`, or None. `where`: its place in the answer.
    `counterexample`: (values, wanted, given) in small whole numbers, or None. `fixed`: the answer with that slip undone.
    `undecided`: why the proof could not decide, or "".
    """

    right: bool
    layout: tuple[str, ...] = ()
    slip: str | None = None
    where: Span | None = None
    counterexample: tuple[Mapping[str, Any], Any, Any] | None = None
    fixed: str | None = None
    undecided: str = ""
    note: str = field(default="", compare=False)

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        if self.undecided:
            return f"not decided: {self.undecided}."
        if self.right:
            everywhere = set(self.layout) >= set(LAYOUTS)
            return f"right{'' if everywhere else ' in ' + ' and '.join(self.layout) + ' layout'}.{self.note}"
        says = f"wrong: {SLIPS[self.slip].says}." if self.slip else "wrong."
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

    `layout`: the one layout that counts (another one is then the slip "layout"); None: any. The answer may be in any dialect.
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
        self.provers: dict[tuple[Any, ...], Prover] = {}

    # ------------------------------------------------------------------------------------------------ the verdict
    def mark(self, answer: str | FormulaLike, syntax: str | None = None) -> Mark:
        text = answer if isinstance(answer, str) else str(answer)
        tree = self._tree(text, syntax)
        right, undecided = self._judge(unparse(tree))
        counted = tuple(name for name in right if name in self.wanted)
        if counted:
            return Mark(True, right)
        if undecided:
            return Mark(False, undecided=undecided)
        if right:
            fixed = self._true_form(self.layout or "mixed")
            return Mark(False, right, "layout", (0, len(text)), self._apart(tree), fixed)
        return self._slip(tree, text)

    def _tree(self, text: str, syntax: str | None) -> Node:
        if text.count(";") == 0 and "=" in text and "==" not in text.split("=", 1)[0] + "=":
            head, _, tail = text.partition("=")
            if not any(c in head for c in "<>!(") and not tail.startswith("="):
                text = " " * (len(head) + 1) + tail  # "gradient = ..." names what is answered
        tree = parse_dialect(text, syntax, self.formula.declarations, {})[1].tree
        known = {*self.formula.declarations, *self.formula.source.sizes}
        for node in postorder(tree):
            if isinstance(node, Call) and node.function not in known_functions():
                error = unknown_function(node.function, node)
                raise error.located(text)
        for name, places in undeclared(tree, self.formula.declarations, known).items():
            raise UnknownNameError(f"'{name}' is not a variable of the function.", text=text, span=places[0].span)
        return tree

    def _judge(self, words: str) -> tuple[tuple[str, ...], str]:
        """The layouts in which a text is the derivative; and why that could not be decided."""
        source = self._source(words)
        if source is None:
            return (), ""
        right: list[str] = []
        undecided = ""
        for structure in dict.fromkeys((self.structure, "ignored")):
            prover = self._prover(self.formula.source, self.names, structure)
            for name in LAYOUTS:
                status = self._status(prover, source, name)
                if status in ("exact", "numeric"):
                    right.append(name)
                elif status.startswith("unverified"):
                    undecided = status.partition(": ")[2]
            if right:
                return tuple(right), ""
        return (), undecided

    def _status(self, prover: Prover, source: Source, layout: str) -> str:
        assert source.tree.shape is not None
        order = len(self.formula.shape) + sum(variable(n, self.formula.declarations).shape.order for n in self.names)
        if order > 2:
            return prover.kronecker(source).status if source.tree.shape.order <= 2 else "wrong"
        if self._zero(source.tree):
            zero = self._source(f"0*({self._true_form(layout)})")
            return prover.matrix(zero, layout).status if zero is not None else "wrong"
        return prover.matrix(source, layout).status

    @staticmethod
    def _zero(tree: Node) -> bool:
        return isinstance(tree, Number) and tree.value == 0

    def _prover(self, source: Source, names: tuple[str, ...], structure: str) -> Prover:
        key = (id(source), names, structure)
        if key not in self.provers:
            self.provers[key] = Prover(source, names, structure)
        return self.provers[key]

    def _source(self, words: str) -> Source | None:
        """The text read beside the function's declarations; None when it does not fit."""
        try:
            return read_like(words, self.formula.source)
        except WrtError:
            return None

    # ------------------------------------------------------------------------------------------------ the slip
    @cached_property
    def derivative(self) -> Derivative:
        """The engine's own derivative."""
        return Derivative(self.formula, self.names, current_convention())

    def _true_form(self, layout: str) -> str:
        view = self.derivative.in_layout(layout)
        return str(view if view is not None else self.derivative.kronecker or self.derivative.index.expr)

    def _slip(self, tree: Node, text: str) -> Mark:
        subject = Subject(tree, self.formula.source.tree, self.names, self.formula.declarations, self.formula.source.sizes)
        span = (0, len(text))
        apart = self._apart(tree)
        for slip in SLIPS.values():
            match slip.name:
                case "wrong-variable":
                    other = self._other_variable(unparse(tree))
                    if other:
                        return Mark(False, (), slip.name, span, apart, self._true_form(self.wanted[0]), note=f" It is the derivative by {other}.")
                case "symmetric-assumed" | "only-for-1x1":
                    changed = self._all_symmetric() if slip.name == "symmetric-assumed" else self._all_one()
                    if changed is not None and self._right_under(changed, unparse(tree)):
                        return Mark(False, (), slip.name, span, apart, self._true_form(self.wanted[0]))
                case "product-rule-term-lost" | "chain-rule-inner-lost":
                    made = lost_terms if slip.name == "product-rule-term-lost" else inner_derivatives
                    found = self._mended(made(subject, self.formula.source))
                    if found is not None:
                        return Mark(False, (), slip.name, found.span, apart, unparse(found.tree))
                case _ if slip.undo is not None:
                    found = self._mended(slip.undo(subject))
                    if found is not None:
                        return Mark(False, (), slip.name, found.span, apart, unparse(found.tree))
        return Mark(False, (), self._misshapen(tree), span, apart, None)

    def _mended(self, made: Iterator[Edit]) -> Edit | None:
        """The first edit that makes the answer right in a layout that counts."""
        seen: set[str] = set()
        for edit in islice(made, MOST):
            words = unparse(edit.tree)
            if words in seen:
                continue
            seen.add(words)
            if any(name in self.wanted for name in self._judge(words)[0]):
                return edit
        return None

    def _misshapen(self, tree: Node) -> str | None:
        return None if self._source(unparse(tree)) is not None else "shape"

    def _other_variable(self, words: str) -> str:
        """The variable by which the answer would be right."""
        source = self._source(words)
        if source is None or len(set(self.names)) != 1:
            return ""
        for name, d in self.formula.declarations.items():
            if name in self.names or "integer" in d.facts:
                continue
            try:
                prover = self._prover(self.formula.source, (name,) * len(self.names), "ignored")
                if any(prover.matrix(source, layout).status in ("exact", "numeric") for layout in self.wanted):
                    return name
            except WrtError:
                continue
        return ""

    def _all_symmetric(self) -> Source | None:
        """The function with every square matrix symmetric."""
        declared = dict(self.formula.declarations)
        for name, d in declared.items():
            if d.shape.kind == "matrix" and d.shape.sizes[0] is d.shape.sizes[1] and not d.facts & {"orthogonal", "lower", "upper", "idempotent"}:
                declared[name] = Declaration(name, d.shape, d.facts | {"symmetric"})
        return replace(self.formula.source, declarations=declared) if declared != self.formula.declarations else None

    def _all_one(self) -> Source | None:
        """The function with every size 1, read again."""
        one = {name: Size.of(1) for name in self.formula.source.sizes}
        if not one or not any(d.shape.order == 2 for d in self.formula.declarations.values()):
            return None
        declared = {
            n: Declaration(n, Shape(d.shape.kind, tuple(s.substitute(one) for s in d.shape.sizes)), d.facts)
            for n, d in self.formula.declarations.items()
        }
        try:
            return type_tree(parse_tree(unparse(self.formula.source.tree)), declared)
        except WrtError:
            return None

    def _right_under(self, source: Source, words: str) -> bool:
        try:
            answer = read_like(words, source)
        except WrtError:
            return False
        prover = self._prover(source, self.names, "ignored")
        return any(prover.matrix(answer, layout).status in ("exact", "numeric") for layout in self.wanted)

    def _apart(self, tree: Node) -> tuple[Mapping[str, Any], Any, Any] | None:
        """A point of small whole numbers at which the answer is not the derivative."""
        source = self._source(unparse(tree))
        if source is None:
            return None
        mine = shape_of(source)
        for layout in self.wanted:
            view = self.derivative.in_layout(layout)
            if view is not None and shape_of(view.source) == mine:
                from wrt.proof.counterexample import counterexample

                found = counterexample(view.source, source)
                return None if found is None else (found.values, found.left, found.right)
        return None


@dataclass(frozen=True)
class LinesMark:
    """What `wrt.check_lines` found: `first_bad` counts from 0, None when every line follows; `slip` a kind, or None."""

    right: bool
    first_bad: int | None = None
    slip: str | None = None
    fixed: str | None = None
    line: str = ""

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        if self.right:
            return "right: every line equals the one before."
        says = f"the line {self.line!r} does not follow from the line before"
        return f"{says}: {SLIPS[self.slip].says}." if self.slip else f"{says}."


def check_lines(lines: Sequence[str], shapes: ShapeSpec = None, assume: FactSpec = None) -> LinesMark:
    """Mark a derivation: each line is to equal the one before; the first that does not is named, with the slip where one edit mends it.

    >>> import wrt
    >>> print(wrt.check_lines(["norm(A @ x)**2", "x.T @ A.T @ A @ x", "x.T @ A @ A @ x"], "A: n n, x: n"))
    the line 'x.T @ A @ A @ x' does not follow from the line before: a transpose is missing or one too many.
    """
    if isinstance(lines, str):
        raise TextError("a derivation is a list of lines, not one text.")
    if len(lines) < 2:
        raise TextError("a derivation has at least two lines.")
    before = as_formula(lines[0], shapes, assume)
    for k, line in enumerate(lines[1:], 1):
        try:
            source: Source | None = read_like(line.removeprefix("=").strip(), before.source)
        except ShapeError:
            source = None
        if source is not None:
            verdict = equal(before, Formula(source))
            if verdict:
                before = Formula(source)
                continue
            if verdict.verdict.startswith("unverified"):
                raise TextError(f"line {k} could not be decided: {verdict.verdict.partition(': ')[2]}.")
        return _bad_line(before, line, k)
    return LinesMark(True)


def _bad_line(before: Formula, line: str, k: int) -> LinesMark:
    tree = parse_dialect(line.removeprefix("=").strip(), None, before.declarations, {})[1].tree
    subject = Subject(tree, before.source.tree, (), before.declarations, before.source.sizes)
    for slip in SLIPS.values():
        if slip.undo is None:
            continue
        seen: set[str] = set()
        for edit in islice(slip.undo(subject), MOST):
            words = unparse(edit.tree)
            if words not in seen:
                seen.add(words)
                try:
                    mended = bool(equal(before, Formula(read_like(words, before.source))))
                except WrtError:
                    mended = False
                if mended:
                    return LinesMark(False, k, slip.name, words, line)
    return LinesMark(False, k, line=line)
