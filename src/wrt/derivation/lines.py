"""Marking a whole derivation: each line is to equal the one before; the first that does not is named.

A line may open with =, => or a name ("f = ...", "dF = ...", "df/dx = ..."). A name of a derivative, after a line for the function, asks whether the
line is that derivative; dX is the differential of X, d(E) that of a formula E; an index that is not bound runs over the axis that it stands at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from wrt.conventions import Convention
from wrt.derivation import questions
from wrt.derivation.binding import bound, index_sizes, unbound
from wrt.derivation.edits import Edit, Subject
from wrt.derivation.lost import dropped, restored
from wrt.derivation.mark import PROVED, Marking
from wrt.derivation.seek import MOST
from wrt.derivation.slips import SLIPS
from wrt.derivation.statements import Statement, on_paper, statement
from wrt.derivation.terms import all_replaced, bare
from wrt.derivative import Derivative
from wrt.errors import NoClosedFormError, ShapeError, TextError, UnknownNameError, WrtError
from wrt.formula import Formula
from wrt.language.declarations import FactSpec, ShapeSpec, declare
from wrt.language.parser import parse
from wrt.language.read import type_tree
from wrt.language.surface import Binary, Call, Declaration, Index, Name, Node, Source, postorder
from wrt.language.unparse import unparse
from wrt.proof.views import Prover

NO_VALUE = "it has no value"  # how the verdict opens on a formula without a value where the other has one


@dataclass(frozen=True)
class LinesMark:
    """What `wrt.check_lines` found: `first_bad` counts from 0, None when every line follows; `slip` a kind, or None; `fixed` the line mended.

    `undecided`: why the proof could not decide about a line (`first_bad` says which), or "".

    >>> import wrt
    >>> mark = wrt.check_lines(["(x + 1)**2", "x**2 + 2*x + 1", "x*(x + 2)"])
    >>> bool(mark), mark.first_bad
    (False, 2)
    """

    right: bool
    first_bad: int | None = None
    slip: str | None = None
    fixed: str | None = None
    line: str = ""
    undecided: str = ""

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        if self.right:
            return "right: every line equals the one before."
        if self.undecided:
            return f"not decided whether the line {self.line!r} follows: {self.undecided}."
        says = f"the line {self.line!r} does not follow from the line before"
        says += f": {SLIPS[self.slip].says}." if self.slip else "."
        return says if self.fixed is None else f"{says} With that mended: {self.fixed}."


def check_lines(lines: Sequence[str] | str, shapes: ShapeSpec = None, assume: FactSpec = None) -> LinesMark:
    """Mark a derivation: each line is to equal the one before; the first that does not is named, with the slip where one edit mends it.

    Raises: TextError, UnknownNameError for a line that cannot be read.

    >>> import wrt
    >>> print(wrt.check_lines(["norm(A @ x)**2", "x.T @ A.T @ A @ x", "x.T @ A @ A @ x"], "A: n n, x: n"))
    the line 'x.T @ A @ A @ x' does not follow from the line before: a transpose is missing or one too many. With that mended: x.T @ A.T @ A @ x.
    >>> print(wrt.check_lines(["f = log(x**2 + 1)", "df/dx = 2*x/(x**2 + 1)", "= 2/(x + 1/x)"]))
    right: every line equals the one before.
    """
    given = [line for line in lines.splitlines() if line.strip()] if isinstance(lines, str) else list(lines)
    derivation = _Derivation(given, shapes, assume)
    if sum(len(said.formulas) for said in derivation.statements) < 2:
        raise TextError("a derivation has at least two lines.")
    return derivation.mark()


class _Derivation:
    """The lines read so far: the last one, and the last one of each name."""

    def __init__(self, lines: Sequence[str], shapes: ShapeSpec, assume: FactSpec) -> None:
        if not lines:
            raise TextError("a derivation has at least two lines.")
        self.lines = lines
        self.statements = [statement(line) for line in lines]
        declared = declare(shapes, assume)
        self.moving = self._moving(declared)
        self.source = self._first(declared)
        if not self.moving:
            self.moving = self._moving(self.source.declarations)
        own = self.source.declarations
        self.declared = {**own, **{f"d{n}": Declaration(f"d{n}", own[n].shape) for n in self.moving}}
        self.spelt = {spelling: f"d{n}" for n in self.moving for spelling in (f"d{n}", f"d {n}", f"\\mathrm{{d}}{n}", f"\\mathrm{{d}} {n}")}
        if any(isinstance(n, Call) and n.function == "d" for n in self._all_nodes()) and not self.moving:
            raise TextError("d(...) says nothing where no line has the differential (dX) of a variable.", hint="write dX, dx, ... in a line.")
        self.indices = index_sizes([n for node in self._all_nodes() for n in self._undifferentiated(node)], self.declared)
        self._provers: dict[tuple[int, frozenset[str]], tuple[Node, Prover]] = {}
        self.named: dict[str, Node] = {}
        self.before: Node | None = None

    def _first(self, declared: dict[str, Declaration]) -> Source:
        """The first formula, which declares what is not declared."""
        tangents = {f"d{n}": Declaration(f"d{n}", declared[n].shape) for n in self.moving}
        text = self.statements[0].formulas[0]
        spelt = {f"d{n}": f"d{n}" for n in self.moving}
        tree = _inside(on_paper(text, None, {**declared, **tangents}, spelt))
        try:
            source = type_tree(bare(tree), {**declared, **tangents}, text)
        except WrtError as error:
            raise error.located(text, error.span) from None
        return replace(source, declarations={n: d for n, d in source.declarations.items() if n not in tangents})

    def _all_nodes(self) -> list[Node]:
        return [n for said in self.statements for text in said.formulas for n in _nodes(text)]

    def _moving(self, declared: Mapping[str, Declaration]) -> tuple[str, ...]:
        """The variables that have a differential: those whose dX occurs, or the only one, where d(...) occurs."""
        words = " ".join(text for said in self.statements for text in said.formulas)
        found = tuple(
            n for n in declared if f"d{n}" not in declared and re.search(rf"(?<![^\W\d_])(?:d|\\mathrm\{{d\}})\s?\\?{re.escape(n)}(?![\w])", words)
        )
        pending = any(isinstance(n, Call) and n.function == "d" for n in self._all_nodes())
        return tuple(declared) if pending and not found and len(declared) == 1 else found

    def mark(self) -> LinesMark:
        """The verdict on all lines."""
        for k, said in enumerate(self.statements):
            for text in said.formulas:
                try:
                    tree = on_paper(text, None, self.declared, self.spelt)
                    verdict = self.follows(said, tree)
                except (TextError, UnknownNameError) as error:
                    raise type(error)(f"line {k + 1}: {error.message}", text=self.lines[k], hint=error.hint) from None
                if verdict not in PROVED:
                    return self.bad(k, said, tree, verdict)
                self.before = tree
                said = said.continued()
            if (name := self.statements[k].name) and self.before is not None:
                self.named[name] = self.before
        return LinesMark(True)

    # ------------------------------------------------------------------------------------------------ reading
    def typed(self, tree: Node, beside: Node | None = None) -> Source:
        """The source of a line, differentials written out, its unbound indices and those of the line beside it bound. Raises: WrtError."""
        plain = self._differentiated(tree)
        free = unbound(plain, self.indices) | (unbound(beside, self.indices) if beside is not None else set())
        plain = bound(plain, free, self.indices)
        source = type_tree(bare(plain), self.declared)
        for name in source.declarations:
            if name not in self.declared:
                raise UnknownNameError(f"'{name}' is neither a variable of the derivation nor a function.")
        return source

    def _undifferentiated(self, node: Node) -> list[Node]:
        """The node, if it can say the size of an index: with d(E) inside, as E."""
        return [_inside(node)] if isinstance(node, Index) else []

    def _differentiated(self, tree: Node) -> Node:
        """The tree with d(E) replaced by the differential of E."""
        while True:
            waiting = [n for n in postorder(tree) if isinstance(n, Call) and n.function == "d" and len(n.children) == 1]
            if not waiting:
                return tree
            tree = all_replaced(tree, {id(waiting[0]): self._differential(waiting[0].arguments[0])})

    def _differential(self, e: Node) -> Node:
        formula = Formula(type_tree(bare(e), self.source.declarations))
        terms = [self._along(formula, name) for name in self.moving]
        total = terms[0]
        for term in terms[1:]:
            total = parse(f"{unparse(total)} + ({unparse(term)})")
        return total

    def _along(self, formula: Formula, name: str) -> Node:
        from wrt.language.rewrite import replace_names

        d = Derivative(formula, (name,), Convention("mixed", "ignored"))
        if d.operator is None:
            raise NoClosedFormError(f"the differential of {formula} has no closed form.")
        return replace_names(d.operator.source.tree, {d.tangents[0]: Name(f"d{name}")})

    # ------------------------------------------------------------------------------------------------ the verdict
    def follows(self, said: Statement, tree: Node) -> str:
        """Whether a line is what it says: equal to the line before, or the derivative of the function named."""
        function = self.named.get(said.of, self.before)
        if said.of and said.name not in self.named and function is not None:
            return self.derived(said, function, tree)
        before = self.named.get(said.name, self.before)
        try:
            source = self.typed(tree, before)
            return "exact" if before is None else agreement(self.typed(before, tree), source)
        except ShapeError:
            return "wrong"

    def derived(self, said: Statement, function: Node, tree: Node) -> str:
        """Whether a line is the derivative (or, without a variable, the differential) of a function."""
        if not said.by and self.moving:
            try:
                return Prover(self.typed(tree), (), "ignored").equal(type_tree(bare(self._differential(function)), self.declared)).status
            except ShapeError:
                return "wrong"
        right, undecided = Marking(self._formula(function), self._by(said), None).judge(unparse(tree))
        return "exact" if right else f"unverified: {undecided}" if undecided else "wrong"

    def _formula(self, function: Node) -> Formula:
        return Formula(type_tree(bare(function), self.source.declarations))

    def _by(self, said: Statement) -> tuple[str, ...]:
        """The variables of differentiation that a name names. Raises: TextError where it names none."""
        declared = self.source.declarations
        names = said.by or (tuple(declared) if len(declared) == 1 else ())
        if not names or any(n not in declared for n in names):
            raise TextError(f"it is not said by which variable {said.of} is differentiated.", hint="write df/dx = ...")
        return names

    # ------------------------------------------------------------------------------------------------ the slip
    def bad(self, k: int, said: Statement, tree: Node, verdict: str) -> LinesMark:
        """The mark of a line that does not follow."""
        line = self.lines[k]
        if verdict.startswith("unverified"):
            return LinesMark(False, k, line=line, undecided=verdict.partition(": ")[2])
        function = self.named.get(said.of, self.before)
        if said.of and said.name not in self.named and function is not None and not (self.moving and not said.by):
            mark = Marking(self._formula(function), self._by(said), None).mark(unparse(tree))
            return LinesMark(False, k, mark.slip, mark.fixed, line)
        before = self.named.get(said.name, self.before)
        if said.of and said.name not in self.named and function is not None:
            before = self._differential(function)
        if before is None:
            return LinesMark(False, k, line=line)
        for name, made in self._kinds(tree, before):
            seen: set[str] = set()
            for edit in islice(made, MOST):
                words = unparse(edit.tree)
                if words not in seen:
                    seen.add(words)
                    if self._equal(before, edit.tree):
                        return LinesMark(False, k, name, words, line)
        kind = self._factorwise(before, tree) or self._dropped(before, tree) or self._under_conditions(before, tree)
        return LinesMark(False, k, kind, line=line)

    def _factorwise(self, before: Node, tree: Node) -> str | None:
        """The slip of having taken d(u)*d(v) for d(u*v)."""
        for node in postorder(before):
            if isinstance(node, Call) and node.function == "d" and isinstance(e := node.arguments[0], Binary) and e.op in "*@":
                wrong = Binary(e.op, Call("d", (e.left,)), Call("d", (e.right,)))
                if self._equal(all_replaced(before, {id(node): wrong}), tree):
                    return "product-rule-term-lost"
        return None

    def _dropped(self, before: Node, tree: Node) -> str | None:
        """The kind of slip of having dropped one factor; a line of the wrong shape is read with all sizes equal."""
        try:
            source = self.typed(before, tree)
        except WrtError:
            return None
        given = self._typed_or_equalised(tree, before, source)
        if given is None:
            return None
        answer, same = given
        prover = Prover(answer, (), "ignored")
        for kind, wrong in islice(dropped(source.tree), MOST):
            other = questions.equalised(wrong, source) if same else type_tree(bare(wrong), source.declarations) if _fits(wrong, source) else None
            if other is not None and prover.equal(other).status in PROVED:
                return kind
        return None

    def _typed_or_equalised(self, tree: Node, before: Node, source: Source) -> tuple[Source, bool] | None:
        try:
            return self.typed(tree, before), False
        except WrtError:
            found = questions.equalised(self._differentiated(tree), source)
            return (found, True) if found is not None else None

    def _equal(self, before: Node, tree: Node) -> bool:
        """Whether a line, mended, follows; the evaluations of the line before are shared by all that is tried."""
        try:
            key = (id(before), frozenset(unbound(self._differentiated(tree), self.indices)))
            if key not in self._provers:
                self._provers[key] = (before, Prover(self.typed(before, tree), (), "ignored"))
            given = self.typed(tree, before)
            verdict = self._provers[key][1].equal(given)
            if verdict.why.startswith(NO_VALUE):
                verdict = Prover(given, (), "ignored").equal(self.typed(before, tree))
        except WrtError:
            return False
        return verdict.status in PROVED

    def _kinds(self, tree: Node, before: Node) -> Iterator[tuple[str, Iterator[Edit]]]:
        subject = Subject(tree, before, (), self.declared, self.source.sizes)
        for slip in SLIPS.values():
            if slip.undo is not None:
                yield slip.name, slip.undo(subject)
            elif slip.name == "product-rule-term-lost":
                yield slip.name, restored(subject, [before])

    def _under_conditions(self, before: Node, tree: Node) -> str | None:
        """The condition under which the line follows: symmetric matrices, 1 x 1 ones."""
        try:
            one = self.typed(before, tree)
            other = self.typed(tree, before)
        except WrtError:
            return None
        if (changed := questions.symmetric(one)) is not None:
            given = Source(other.tree, changed.declarations, other.sizes)
            if Prover(changed, (), "ignored").equal(given).status in PROVED:
                return "symmetric-assumed"
        plain, small = questions.scalarised(one.tree, one), questions.scalarised(other.tree, other)
        if plain is not None and small is not None and Prover(plain, (), "ignored").equal(small).status in PROVED:
            return "only-for-1x1"
        return None


def _fits(tree: Node, source: Source) -> bool:
    """Whether a tree's shapes fit."""
    try:
        type_tree(bare(tree), source.declarations)
    except WrtError:
        return False
    return True


def agreement(one: Source, other: Source) -> str:
    """Whether two formulas are equal wherever both have a value, as `wrt.equal` has it: the status of the verdict."""
    verdict = Prover(one, (), "ignored").equal(other)
    if verdict.status == "wrong" and verdict.why.startswith(NO_VALUE):
        verdict = Prover(other, (), "ignored").equal(one)
    return verdict.status


def _nodes(text: str) -> list[Node]:
    """The nodes of a line in the text language; none where it is in another dialect."""
    try:
        return list(postorder(parse(text)))
    except WrtError:
        return []


def _inside(tree: Node) -> Node:
    """E for d(E): the formula that declares the variables."""
    return all_replaced(tree, {id(n): n.arguments[0] for n in postorder(tree) if isinstance(n, Call) and n.function == "d"})
