"""`Exercise`: a question with its answer, hints drawn from the steps one at a time, a worked solution, and marking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from wrt.api import derive, parse
from wrt.conventions import LAYOUTS
from wrt.derivation.exercises.answers import likeliest
from wrt.derivation.exercises.row import Row
from wrt.derivation.mark import Mark, check
from wrt.derivative import Derivative
from wrt.equality import equal, said
from wrt.errors import ShapeError, TextError, WrtError
from wrt.expansion import taylor
from wrt.formula import Formula, formula_of, substituted
from wrt.language import declarations as declare
from wrt.language.parser import parse as parse_tree
from wrt.language.read import parse_dialect, read_like
from wrt.language.rewrite import replace_names
from wrt.language.sizes import Size
from wrt.language.surface import Call, Declaration, FunctionDeclaration, Generator, Loop, Name, Node, Shape, Steps, postorder
from wrt.language.unparse import unparse

if TYPE_CHECKING:
    from wrt.derivation.step import Derivation

STYLES = ("text", "unicode", "latex")
MOST = 10  # hints drawn from the steps
DELTAS = "A Kronecker delta is written as a comparison, (i == j); indices count from 0."
DECLARED = "The derivative of a function g is written D(g), the gradient of a scalar function grad(g), a partial derivative D(g, 1, 0)."
HINT = "A delta that is summed over leaves the sum and puts one of its two indices in the place of the other."
FACTS = {"spd": "symmetric positive definite", "integer": "a whole number", "det_positive": "of positive determinant", "onehot": "one-hot"}
ORDERS = {1: "the linear approximation", 2: "the Taylor polynomial of second order", 3: "the Taylor polynomial of third order"}


@dataclass(frozen=True)
class AnswerMark(Mark):
    """The mark of an answer that is no derivative: `asked` says what the first number of the counterexample is."""

    asked: str = "the right answer is"

    def __str__(self) -> str:
        if self.right:
            return "right."
        if self.undecided or self.slip or self.counterexample is None:
            return super().__str__()
        values, wanted, given = self.counterexample
        at = ", ".join(f"{name} = {said(value)}" for name, value in values.items())
        return f"wrong.{f' At {at}' if at else ' Here'} {self.asked} {said(wanted)}, and this gives {said(given)}."


class Exercise:
    """A question. `source` says where it comes from; `str` is the question in Unicode. Made by `wrt.exercises`.

    `name`, `topic`, `difficulty` (1 to 5), `kind`; `formula` and the variables `names`; `answer` a formula; `hints` in order; `solution` the steps, or None.

    >>> import wrt
    >>> task = wrt.exercise("000-loss")
    >>> task.topic, task.names, bool(task.mark("2*X.T @ (X @ β - Y)"))
    ('vector', ('β',), True)
    """

    def __init__(self, row: Row, source: str) -> None:
        self.row = row
        self.source = source
        self.name, self.topic, self.difficulty, self.kind = row.name, row.topic, row.level, row.kind

    # ------------------------------------------------------------------------------------------------ the question
    @cached_property
    def indices(self) -> dict[str, Size]:
        """The free indices of an answer that is an entry: name -> size."""
        if self.kind == "indices":
            return {name: d.shape.sizes[0] for name, d in declare.parse(self.row.detail).items()}
        return dict(zip(self.row.detail.split(), self.derivative.shape, strict=True)) if self.kind == "entry" else {}

    @cached_property
    def formula(self) -> Formula:
        """The function; of a sum over indices, the array of its entries."""
        if self.kind != "indices":
            return parse(self.row.text, self.row.shapes or None)
        return parse(unparse(self._array(parse_tree(self.row.text))), self.row.shapes)

    def _array(self, entry: Node) -> Node:
        """array(entry for each free index)."""
        loops = tuple(Loop(name, formula_of(0).source.tree, parse_tree(size.text)) for name, size in self.indices.items())
        return Generator("array", entry, loops) if loops else entry

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The variables of differentiation."""
        return tuple(self.row.by.split())

    @cached_property
    def point(self) -> dict[str, Formula]:
        """The point at which the derivative or expansion is asked for."""
        if self.kind not in ("value", "expansion"):
            return {}
        pairs = (word.partition("=") for word in self.row.detail.split(","))
        return {name.strip(): self._read(value) for name, _, value in pairs}

    def question(self, style: str = "unicode") -> str:
        """The question in words, formulas as "text", "unicode" or "latex"."""
        if style not in STYLES:
            raise TextError(f"a question is written as {', '.join(STYLES)}, not {style!r}.")
        say = _speaker(style)
        tree = self.formula.source.tree
        if self.kind == "indices" and self.indices:
            assert isinstance(tree, Generator)
            tree = tree.body
        f = _said(tree, say)
        by = [say(Name(name)) for name in self.names]
        at = ", ".join(f"{say(Name(name))} = {say(value.source.tree)}" for name, value in self.point.items())
        words = self.row.asks.format(f=f) if self.row.asks else self._sentence(f, by, at)
        used = {n.function if isinstance(n, Call) else n.name for n in postorder(self.formula.source.tree) if isinstance(n, (Call, Name))}
        declared = [d for d in self.formula.declarations.values() if d.name in {*used, *self.names}]
        shapes = [
            _shape_words(d, say, style) for d in declared if not isinstance(d, FunctionDeclaration) and (d.shape.order or d.facts - {"unit_interval"})
        ]
        functions = [d for d in declared if isinstance(d, FunctionDeclaration)]
        shapes += [f"{say(Name(d.name))} {_maps(d, style)}" for d in functions if not d.elementwise]
        told = f"{words} Here {', '.join(shapes)}." if shapes else words
        told += f" {DECLARED}" if functions else ""
        if self.kind not in ("entry", "indices"):
            return told
        return f"{told} {DELTAS.replace('(i == j)', chr(92) + 'texttt{(i == j)}') if style == 'latex' else DELTAS}"

    def _sentence(self, f: str, by: list[str], at: str) -> str:
        match self.kind:
            case "value":
                return f"Find the derivative of {f} with respect to {by[0]} at {at}."
            case "entry":
                many = len(self.formula.shape)
                own, its = (", ".join(self.row.detail.split()[part]) for part in (slice(0, many), slice(many, None)))
                return f"Find the derivative of the entry [{own}] of {f} with respect to the entry [{its}] of {by[0]}."
            case "indices":
                return f"Simplify {f}."
            case "expansion":
                return f"Find {ORDERS[self.row.order]} of {f} around {at}."
            case "stationary":
                return f"Find the {by[0]} at which the gradient of {f} vanishes."
        if len(by) == 1:
            return f"Differentiate {f} with respect to {by[0]}."
        return f"Find the second derivative of {f} with respect to {by[0] if by[0] == by[1] else ' and '.join(by)}."

    def __str__(self) -> str:
        return self.question()

    def _repr_markdown_(self) -> str:
        return self.question("latex")

    def __repr__(self) -> str:
        return f"Exercise({self.name!r}, topic {self.topic!r}, difficulty {self.difficulty})"

    # ------------------------------------------------------------------------------------------------ the answer
    @cached_property
    def derivative(self) -> Derivative:
        """The derivative that the answer is made of."""
        names = self.names[:1] if self.kind == "expansion" else self.names
        made = derive(self.formula, *names, layout="mixed")
        assert isinstance(made, Derivative)
        return made

    @cached_property
    def answer(self) -> Formula:
        """The right answer, in mixed layout where layouts differ."""
        match self.kind:
            case "value":
                d = self.derivative.as_formula()
                return _simplest(substituted(d.source, {n: v for n, v in self.point.items() if n in d.declarations}))
            case "entry":
                return self._renamed(self.derivative.index.indices, self.derivative.index.expr.source.tree)
            case "indices":
                from wrt.notation.index import index_form

                found = index_form(self.formula.expr, self.formula.context)
                return self._renamed(*found)
            case "expansion":
                return taylor(self.formula, *self.names, at=dict(self.point), order=self.row.order)
            case "stationary":
                return self._read(self.row.answer)
        return self.derivative.as_formula()

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """The answer's texts, one for each layout that has its own."""
        if self.kind != "derivative":
            return (str(self.answer),)
        views = [self.derivative.in_layout(layout) for layout in LAYOUTS]
        return tuple(dict.fromkeys(str(v) for v in views if v is not None)) or (str(self.answer),)

    def _renamed(self, indices: tuple[str, ...], tree: Node) -> Formula:
        """An entry with the index names of the question."""
        passing = {i: Name(f"{i}_") for i in indices}
        final = {f"{i}_": Name(name) for i, name in zip(indices, self.indices, strict=True)}
        words = unparse(replace_names(parse_tree(unparse(replace_names(parse_tree(unparse(tree)), passing))), final))
        made = Formula(read_like(words, self.formula.source, indices=self.indices))
        assert self._entry_is_right(words), "an entry's indices could not be renamed; please report this as a bug"
        return made

    def _read(self, text: str) -> Formula:
        """An answer read beside the function's declarations, in any dialect."""
        tree = parse_dialect(text, None, self.formula.declarations, {})[1].tree
        try:
            return Formula(read_like(unparse(tree), self.formula.source, indices=self.indices or None))
        except WrtError as error:
            raise error.located(text) from None

    # ------------------------------------------------------------------------------------------------ help
    @cached_property
    def solution(self) -> Derivation | None:
        """The steps to the derivative; None where there are none."""
        if self.kind == "indices":
            return None
        from wrt.derivation.exercises.grading import derivation_of

        styles = {"entry": ("componentwise", "differential"), "chain": ("chain", "differential")}
        return derivation_of(self.derivative, *styles.get(self.kind, styles.get(self.topic, ("differential", "componentwise"))))

    @cached_property
    def hints(self) -> tuple[str, ...]:
        """Hints in the text language, one at a time: the rules needed, then the steps up to the last but one."""
        return self.hints_in("text")

    def hints_in(self, style: str) -> tuple[str, ...]:
        """The hints with formulas as "text", "unicode" or "latex", as the question has them."""
        if style not in STYLES:
            raise TextError(f"hints are written as {', '.join(STYLES)}, not {style!r}.")
        if self.solution is None:
            return (HINT,) if self.kind == "indices" else ()
        from wrt.derivation.exercises.grading import rules_of
        from wrt.derivation.words import SPEECHES, displayed, note

        speech = SPEECHES[style]
        counts = rules_of(self.solution)
        rules = ", ".join(speech.words(rule) + (f" ({count} times)" if count > 1 else "") for rule, count in counts.items())
        lines = self.solution.lines[1:-1]
        stride = max(1, -(-len(lines) // MOST))
        steps = [f"{note(line, (line.rule,), speech)}: {speech.inside(displayed(line, speech))}" for line in lines[stride - 1 :: stride]]
        return ((f"Rules needed: {rules}.",) if rules else ()) + tuple(steps)

    # ------------------------------------------------------------------------------------------------ marking
    def mark(self, answer: str, layout: str | None = None) -> Mark:
        """The mark of an answer, in any dialect: as `wrt.check` where a derivative is asked for.

        Raises: TextError, UnknownNameError, ShapeError when the answer cannot be read.
        """
        if self.kind == "derivative":
            return check(self.formula, *self.names, answer=answer, layout=layout)
        return likeliest(answer, self.formula.source, self.indices, self._mark_of)

    def _mark_of(self, given: Formula) -> Mark:
        """The mark of one meaning of an answer that is no derivative."""
        match self.kind:
            case "entry":
                return self._entry_mark(given)
            case "indices":
                return self._sum_mark(given)
            case "stationary":
                gradient = self.derivative.as_formula()
                there = substituted(gradient.source, {self.names[0]: given})
                return _compared(0 * there, there, "the gradient is to be")
        return _compared(self.answer, given)

    def _entry_mark(self, given: Formula) -> Mark:
        """The mark of one entry: the slip, where one explains it, else a counterexample, all entries side by side."""
        from wrt.derivation.exercises.entry_slips import entry_slip

        if self._entry_is_right(unparse(given.source.tree)):
            return AnswerMark(True, LAYOUTS)
        found = entry_slip(given, self.answer, self.formula, self.indices, self._right_if_read)
        if found is not None:
            return AnswerMark(False, slip=found.kind, fixed=found.fixed, says=found.says)
        return self._sum_mark(given, parse(unparse(self._array(self.answer.source.tree)), self.row.shapes))

    def _sum_mark(self, given: Formula, wanted: Formula | None = None) -> Mark:
        """The mark of entries with free indices, by the array of all of them."""
        try:
            whole = parse(unparse(self._array(given.source.tree)), self.row.shapes)
        except ShapeError as error:
            return AnswerMark(False, slip="shape", says=f"its indices do not fit ({error.message.rstrip('.')})")
        return _at_one_entry(_compared(self.formula if wanted is None else wanted, whole))

    def _right_if_read(self, words: str) -> bool:
        """Whether a text is the entry asked for; what cannot be read is not."""
        try:
            return self._entry_is_right(words)
        except WrtError:
            return False

    def readable(self, words: str) -> Formula | None:
        """A text of the text language beside the function's declarations; None where it does not fit."""
        try:
            return Formula(read_like(words, self.formula.source, indices=self.indices or None))
        except WrtError:
            return None

    def is_wrong(self, words: str) -> bool:
        """Whether a text is proved not to be the answer, in any layout; no slip is looked for."""
        given = self.readable(words)
        if given is None:
            return True
        if self.kind != "derivative":
            try:
                return not self.mark(words)
            except WrtError:  # of another shape
                return True
        prover = self.derivative.prover
        return all(prover.matrix(given.source, layout).status == "wrong" for layout in LAYOUTS)

    def _entry_is_right(self, words: str) -> bool:
        source = read_like(words, self.formula.source, indices=self.indices)
        if self.kind == "entry":
            return self.derivative.prover.index(tuple(self.indices), source).status in ("exact", "numeric")
        return bool(equal(self.formula, parse(unparse(self._array(source.tree)), self.row.shapes)))


def _compared(wanted: Formula, given: Formula, asked: str = "the right answer is") -> Mark:
    """The mark of a formula that is to equal another."""
    found = equal(wanted, given)
    if found:
        return AnswerMark(True, LAYOUTS)
    if found.verdict.startswith("unverified"):
        return AnswerMark(False, undecided=found.verdict.partition(": ")[2])
    values = None if found.counterexample is None else (found.counterexample, found.left, found.right)
    return AnswerMark(False, counterexample=values, asked=asked)


def _at_one_entry(mark: Mark) -> Mark:
    """A counterexample of arrays by the first entry that differs."""
    if mark.counterexample is None:
        return mark
    import numpy as np

    values, wanted, given = mark.counterexample
    one, other = np.broadcast_arrays(np.asarray(wanted, dtype=object), np.asarray(given, dtype=object))
    place = next(iter(zip(*np.nonzero(one != other), strict=True)), None)
    if place is None or not place:
        return mark
    where = f"the entry [{', '.join(map(str, place))}] is to be"
    return AnswerMark(False, counterexample=(values, one[place], other[place]), asked=where)


def _simplest(f: Formula) -> Formula:
    """The formula as the engine would print it, where it has a matrix form."""
    from wrt.algebra.simplify import simplify
    from wrt.notation.matrix import matrix_form

    node = matrix_form(simplify(f.expr, {})[0], f.kind, f.context)
    return f if node is None else Formula(read_like(unparse(node), f.source))


def _speaker(style: str) -> Callable[[Node], str]:
    """How a tree is said in a style."""
    from wrt.notation import latex, unicode

    if style == "text":
        return unparse
    return unicode.render if style == "unicode" else lambda tree: f"${latex.render(tree)}$"


def _said(tree: Node, say: Callable[[Node], str]) -> str:
    """A function in words: named steps after it."""
    if not isinstance(tree, Steps):
        return say(tree)
    return f"{say(tree.result)} with " + ", ".join(f"{say(Name(name))} = {say(value)}" for name, value in tree.steps)


def _maps(d: FunctionDeclaration, style: str) -> str:
    """takes n x 1 to m x 1."""
    places = [_sizes(shape, style) for shape in (*d.arguments, d.shape)]
    return f"takes {' and '.join(places[:-1])} to {places[-1]}"


def _sizes(shape: Shape, style: str) -> str:
    """n x 1, m x n."""
    if not shape.order:
        return "a number"
    if style == "latex":
        return "$" + r" \times ".join(map(str, shape.sizes)) + (r" \times 1" if shape.kind == "column" else "") + "$"
    return str(shape).replace(" x ", "×") if style == "unicode" else str(shape)


def _shape_words(d: Declaration, say: Callable[[Node], str], style: str) -> str:
    """x is n x 1; A is m x n, symmetric."""
    shape = _sizes(d.shape, style)
    facts = " and ".join(FACTS.get(fact, fact) for fact in sorted(d.facts - {"unit_interval"}))
    return f"{say(Name(d.name))} is " + " and ".join(part for part in (shape if d.shape.order else "", facts) if part)
