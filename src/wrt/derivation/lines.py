"""Marking a whole derivation: each line is to equal the one before; the first that does not is named.

A line may open with =, => or a name ("f = ...", "dF = ...", "df/dx = ..."); a name stands for its formula from then on. A name of a derivative, after a
line for the function, asks whether the line is that derivative; so does a line that is a derivative only, d/dx (x**2), of the line after it. dX is the
differential of X, d(E) that of a formula E; an index that is not bound runs over the axis that it stands at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from wrt.conventions import LAYOUTS
from wrt.derivation.binding import bound, unbound
from wrt.derivation.line_reading import LineReader
from wrt.derivation.line_slips import LineSlips, agreement
from wrt.derivation.line_texts import lines_of
from wrt.derivation.mark import PROVED, Marking
from wrt.derivation.slips import SLIPS
from wrt.derivation.statements import Statement
from wrt.equality import said as value_said
from wrt.errors import ShapeError, TextError, UnknownNameError
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.surface import Call, Name, Node, postorder
from wrt.language.unparse import unparse

# What a gradient and a Hessian are called; the order.
DERIVATIVES = {**dict.fromkeys(("g", "G", "grad", "gradient", "J", "jac", "jacobian", "D"), 1), **dict.fromkeys(("H", "hess", "hessian"), 2)}


@dataclass(frozen=True)
class LinesMark:
    """What `wrt.check_lines` found: `first_bad` counts from 0, None when every line follows; `slip` a kind, or None; `fixed` the line mended.

    `undecided`: why the proof could not decide about a line (`first_bad` says which), or "". `counterexample`: (values, line before, this line) in
    small whole numbers, or None. `says`: what went wrong, where the kind of slip does not tell it all.

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
    counterexample: tuple[Mapping[str, Any], Any, Any] | None = None
    says: str = field(default="", compare=False)

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        if self.right:
            return "right: every line equals the one before."
        if self.undecided:
            return f"not decided whether the line {self.line!r} follows: {self.undecided}."
        says = f"the line '{self.line.strip()}' {'is not true' if not self.first_bad else 'does not follow from the line before'}"
        says += f": {self.says or SLIPS[self.slip].says}." if self.slip else "."
        if self.fixed is not None:
            says += f" With that mended: {self.fixed}."
        if self.counterexample is not None:
            values, wanted, given = self.counterexample
            at = ", ".join(f"{name} = {value_said(value)}" for name, value in values.items())
            says += f" At {at} it would have to be {value_said(wanted)}, it is {value_said(given)}."
        return says


def check_lines(lines: Sequence[str] | str, shapes: ShapeSpec = None, assume: FactSpec = None) -> LinesMark:
    """Mark a derivation: each line is to equal the one before; the first that does not is named, with the slip where one edit mends it.

    Raises: TextError, UnknownNameError for a line that cannot be read.

    >>> import wrt
    >>> print(wrt.check_lines(["(x + y)**2 = x**2 + y**2"], "x:, y:"))
    the line '(x + y)**2 = x**2 + y**2' is not true: a term is lost. With that mended: x**2 + y**2 + 2*x*y. At x = 1, y = 1 it would have to be 4, it is 2.
    >>> print(wrt.check_lines(["f = log(x**2 + 1)", "df/dx = 2*x/(x**2 + 1)", "= 2/(x + 1/x)"]))
    right: every line equals the one before.
    """
    given = lines_of(lines) if isinstance(lines, str) else list(lines)
    reader = LineReader(given, shapes, assume)
    alone = sum(len(said.formulas) for _, said in reader.statements) < 2
    if alone and not any(said.of and reader.entry(said.of, reader.declared) is not None for _, said in reader.statements):
        raise TextError("a derivation has at least two lines.")
    return _Derivation(reader, given).mark()


class Claim(NamedTuple):
    """What a line says it is: the derivative of a function by variables, at an entry; without variables, the differential of an order."""

    function: Node
    names: tuple[str, ...]
    indices: tuple[str, ...]
    order: int = 1


class _Derivation:
    """The verdict, line by line: the formula of the last line, and what a line only asks for."""

    def __init__(self, reader: LineReader, lines: Sequence[str]) -> None:
        self.reader, self.lines = reader, lines
        self.before: Node | None = None
        self.asked: Claim | None = None  # a derivative that a line asks for
        self.claimed: Claim | None = None  # what the last line says it is
        self.claims = 0  # formulas that follow from something
        self.arguments: dict[str, tuple[str, ...]] = {}  # of a function f(x, y) = ...

    def mark(self) -> LinesMark:
        """The verdict on all lines."""
        for k, said in self.reader.statements:
            name = said.name
            for text in said.formulas:
                verdict, tree = self.step(k, said, text)
                if verdict not in PROVED:
                    return self.bad(k, said, tree, verdict)
                self.before = self.reader.last = tree
                if name in self.reader.raw and not said.of:
                    self.reader.raw[name] = tree  # y = u**4 where it was (2*x - 1)**4
                elif name and name not in self.reader.named and not said.follows:
                    self.reader.define(name, tree)
                said = said.continued()
        if not self.claims:
            raise TextError("the lines define names, and none says what follows from them.", hint="write df/dx = ..., or = ... below a line.")
        return LinesMark(True)

    def step(self, k: int, said: Statement, text: str) -> tuple[str, Node]:
        """(whether a formula follows, its tree). Raises: TextError, UnknownNameError for a line that cannot be read."""
        reader = self.reader
        if said.arguments:
            self.arguments[said.name] = said.arguments
        found: tuple[str, Node] | None = None
        for layout in LAYOUTS:
            reader.layout, reader.laid_out = layout, False
            try:
                verdict, tree = self.verdict(said, text)
            except (TextError, UnknownNameError) as error:
                raise type(error)(f"line {k + 1}: {error.message}", text=self.lines[k], hint=error.hint) from None
            if found is None or verdict in PROVED:
                found = (verdict, tree)
            if verdict in PROVED or not reader.laid_out:
                break
        assert found is not None
        return found

    def verdict(self, said: Statement, text: str) -> tuple[str, Node]:
        """(whether a formula is what the line says, its tree); one whose shapes do not fit is wrong. Raises: TextError, UnknownNameError."""
        asked = self.reader.only_derivative(text) if not said.follows and not said.of else None
        if asked is not None:
            self.asked = Claim(*asked)
            return "exact", self.reader.read(text)
        self.claimed = None
        try:
            tree = self.reader.read(text)
        except ShapeError:
            self.claimed = self.claim(said)
            return "wrong", self.reader.read_loosely(text)
        try:
            return self.follows(said, tree), tree
        except ShapeError:
            return "wrong", tree

    # ------------------------------------------------------------------------------------------------ the verdict
    def follows(self, said: Statement, tree: Node) -> str:
        """Whether a line is what it says: equal to the line before, or the derivative of the function named."""
        reader = self.reader
        claim = self.claim(said)
        self.claimed = claim
        self.claims += 1
        if claim is not None:
            return self.derived(claim, tree)
        if not said.follows and (self.starts(said) or (isinstance(tree, Call) and tree.function == "d") or self.anew(said, tree)):
            self.claims -= 1
            reader.known(tree)
            return "exact"
        before = reader.named.get(said.name, self.before)
        source = reader.typed(tree, before)
        if before is None:
            self.claims -= 1
            return "exact"
        return agreement(reader.typed(before, tree), source)

    def starts(self, said: Statement) -> bool:
        """Whether a line defines a name beside others, so that it does not go on with the line before."""
        reader = self.reader
        return bool(said.name) and said.name not in reader.named and (bool(reader.named) or self.before is None)

    def anew(self, said: Statement, tree: Node) -> bool:
        """Whether a line is an equation of its own: of what lines before define, ln(y) = x*ln(x); or both sides of the one before differentiated."""
        if len(said.formulas) < 2:
            return False
        moves = [self.reader.moves(t) for t in (tree, self.before) if t is not None]
        return moves == [True, False] or any(isinstance(n, Name) and n.name in self.reader.raw for n in postorder(tree))

    def claim(self, said: Statement) -> Claim | None:
        """The derivative that a line says it is; None where it says none, or of what nobody has defined. Raises: TextError."""
        if said.follows:
            claim, self.asked = self.asked, None
            return claim
        self.asked = None
        said = self.subscripted(said)
        if not said.of:
            return None
        function = self.function(said)
        if function is None:
            return None
        if said.differential or (not said.by and not said.order > 1 and self.reader.moving and said.name.startswith("d")):
            return Claim(function, (), (), said.order)
        return Claim(function, *self._by(said, function))

    def subscripted(self, said: Statement) -> Statement:
        """f_x and f_xy of a function that a line defines, its derivatives; g or H, of which no other line makes use: its gradient, its Hessian."""
        reader = self.reader
        functions = [name for name in reader.raw if name not in DERIVATIVES]
        if said.name in DERIVATIVES and functions and not said.of and not reader.mentioned(said.name):
            return replace(said, of=functions[-1], order=DERIVATIVES[said.name])
        base, _, low = said.name.partition("_")
        known = reader.declared
        if said.of or not low or base not in self.reader.raw or said.name in {**known, **self.reader.shapes}:
            return said
        by = (low,) if low in known else tuple(low)
        return replace(said, of=base, by=by) if all(b in known for b in by) else said

    def function(self, said: Statement) -> Node | None:
        """What is differentiated: what the name stands for, an entry of it, a variable; else the formula before."""
        reader = self.reader
        if said.of in reader.raw:
            return Name(said.of)
        entry = reader.entry(said.of, {**reader.declared, **reader.shapes})
        if entry is not None:
            return reader.at(entry)
        if reader.named and said.of not in reader.named:
            return reader.named[next(reversed(reader.named))]
        return reader.named.get(said.of, self.before)

    def _by(self, said: Statement, function: Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(the variables of differentiation that a name names, the indices of their entries). Raises: TextError where it names none."""
        reader = self.reader
        known = {**reader.declared, **reader.shapes}
        if said.by:
            entries = [reader.entry(b, known) for b in said.by]
            if any(e is None for e in entries):
                raise TextError(f"it is not said by which variable {said.of} is differentiated.", hint="write df/dx = ...")
            found = [e for e in entries if e is not None]
            return tuple(e[0] for e in found), tuple(i for e in found for i in e[1])
        given = [e[0] for w in self.arguments.get(said.of, ()) if (e := reader.entry(w, known)) is not None]
        names = (given[0],) if len(given) == 1 else reader.variables(function)
        return names * said.order, ()

    def derived(self, claim: Claim, tree: Node) -> str:
        """Whether a line is the derivative (or, without variables, the differential) of a function."""
        reader = self.reader
        if not claim.names:
            target = self.target(claim)
            return agreement(reader.typed(target, tree), reader.typed(tree, target))
        kept = [n for n in claim.names if n in reader.shapes]
        if claim.indices or kept or unbound(reader.expanded(claim.function), reader.indices):
            verdict = "wrong"
            for layout in LAYOUTS:
                reader.layout = layout
                target = self.target(claim)
                with suppress(ShapeError):
                    verdict = agreement(reader.typed(target, tree), reader.typed(tree, target))
                if verdict in PROVED:
                    break
            return verdict
        right, undecided = self.marking(claim).judge(unparse(self.entries_bound(tree)))
        return "exact" if right else f"unverified: {undecided}" if undecided else "wrong"

    def target(self, claim: Claim) -> Node:
        """The derivative or the differential that is asked for."""
        if claim.names:
            return self.reader.derivative(claim.function, claim.names, claim.indices)
        made = claim.function
        for _ in range(claim.order):
            made = self.reader.differential(made)
        return made

    def marking(self, claim: Claim) -> Marking:
        """The question that a claim answers."""
        return Marking(self.reader.formula(claim.function, claim.names), claim.names, None)

    def entries_bound(self, tree: Node) -> Node:
        """The line with names written out, its unbound indices bound."""
        plain = self.reader.expanded(tree)
        return bound(plain, unbound(plain, self.reader.indices), self.reader.indices)

    # ------------------------------------------------------------------------------------------------ the slip
    def bad(self, k: int, said: Statement, tree: Node, verdict: str) -> LinesMark:
        """The mark of a line that does not follow."""
        line = self.lines[k]
        if verdict.startswith("unverified"):
            return LinesMark(False, k, line=line, undecided=verdict.partition(": ")[2])
        claim = self.claimed
        before = self.reader.named.get(said.name, self.before)
        if claim is not None:
            if claim.names and not claim.indices and not unbound(self.reader.expanded(claim.function), self.reader.indices):
                kept = [n for n in claim.names if n in self.reader.shapes]
                mark = self.marking(claim).mark(unparse(self.reader.expanded(tree, kept) if kept else self.entries_bound(tree)))
                if mark.slip is not None or mark.counterexample is not None:
                    return LinesMark(False, k, mark.slip, mark.fixed, line, "", mark.counterexample, mark.says)
            before = self.target(claim)
        if before is None:
            return LinesMark(False, k, line=line)
        found = LineSlips(self.reader).slip(before, tree)
        return LinesMark(False, k, found.kind, found.fixed, line, "", found.counterexample, found.says)
