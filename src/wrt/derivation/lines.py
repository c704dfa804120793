"""Marking a whole derivation: each line is to equal the one before; the first that does not is named.

A line may open with =, => or a name ("f = ...", "dF = ...", "df/dx = ..."); a name stands for its formula from then on. A name of a derivative, after a
line for the function, asks whether the line is that derivative (a derivative set to zero opens equations to be solved); so does a line that is a derivative only, d/dx (x**2), of the line after it. dX is the
differential of X, d(E) that of a formula E; an index that is not bound runs over the axis that it stands at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from wrt.conventions import LAYOUTS
from wrt.derivation.agreement import agreement, names_of
from wrt.derivation.binding import bound, unbound
from wrt.derivation.equations import Equations
from wrt.derivation.line_reading import LineReader
from wrt.derivation.line_slips import LineSlips
from wrt.derivation.line_texts import lines_of
from wrt.derivation.mark import PROVED, Marking
from wrt.derivation.slips import SLIPS
from wrt.derivation.statements import Statement
from wrt.derivation.terms import is_zero
from wrt.equality import said as value_said
from wrt.errors import ShapeError, TextError, UnknownNameError, WrtError
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.parser import parse
from wrt.language.rewrite import replace_names
from wrt.language.surface import SCALAR, Call, Name, Node, postorder
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
            return f"right: every line equals the one before{'; ' if self.says else ''}{self.says}."
        if self.undecided:
            return f"not decided whether the line {self.line!r} follows: {self.undecided}."
        says = f"the line '{self.line.strip()}' {'is not true' if not self.first_bad else 'does not follow from the line before'}"
        says += f": {self.says or SLIPS[self.slip or ''].says}." if self.slip or self.says else "."
        if self.fixed is not None:
            says += f" With that mended: {self.fixed}."
        if self.counterexample is not None:
            values, wanted, given = self.counterexample
            at = ", ".join(f"{name} = {value_said(value)}" for name, value in values.items())
            says += f" {f'At {at} it' if at else 'It'} would have to be {value_said(wanted)}, it is {value_said(given)}."
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
    others: tuple[str, ...] = ()  # variables that may be meant as well, where the line names none
    at: str = ""  # the number at which the derivative by a scalar is taken


class _Derivation:
    """The verdict, line by line: the formula of the last line, and what a line only asks for."""

    def __init__(self, reader: LineReader, lines: Sequence[str]) -> None:
        self.reader, self.lines = reader, lines
        self.before: Node | None = None
        self.asked: Claim | None = None  # a derivative that a line asks for
        self.claimed: Claim | None = None  # what the last line says it is
        self.claims = 0  # formulas that follow from something
        self.arguments: dict[str, tuple[str, ...]] = {}  # of a function f(x, y) = ...
        self.gradients: dict[str, Node] = {}  # of functions that no line defines
        self.equations = Equations(reader)
        self.stated: tuple[str, ...] = ()  # the variable of the last derivative that a line states
        self.notes: list[str] = []  # what is to be said of a right derivation

    def mark(self) -> LinesMark:
        """The verdict on all lines."""
        entering: dict[int, Node | None] = {}  # the formula before a line
        for at, (k, said) in enumerate(self.reader.statements):
            name = said.name
            if said.follows and k in entering:  # = u v, u = x^2: what defines u is read first
                self.before = self.reader.last = entering[k]
            entering.setdefault(k, self.before)
            if self.equations.zeros and (sides := self.equations.sides(said)):
                if (mark := self.equation(k, sides)) is not None:
                    return mark
                said, name = replace(said.continued(), formulas=sides[2:]), ""
            for place, text in enumerate(said.formulas):
                verdict, tree = self.step(k, said, text)
                if verdict not in PROVED:
                    if verdict == "wrong" and is_zero(tree) and place + 1 == len(said.formulas) and self.set_to_zero(at, place):
                        break
                    if verdict == "wrong" and not place and self.rearranged(k, said):
                        break
                    return self.bad(k, said, tree, verdict)
                if self.claimed is not None and self.claimed.names:
                    self.stated = self.claimed.names[-1:]
                self.before = self.reader.last = tree
                if said.of and self.claimed is None and not said.differential:
                    self.gradients.setdefault(said.of, tree)
                    self.stated = self.stated or self.reader.candidates(tree)[:1]
                if name in self.reader.raw and not said.of:
                    self.reader.raw[name] = tree  # y = u**4 where it was (2*x - 1)**4
                elif name and name not in self.reader.named and not said.follows:
                    self.reader.define(name, tree)
                said = said.continued()
        if not self.claims:
            raise TextError("the lines define names, and none says what follows from them.", hint="write df/dx = ..., or = ... below a line.")
        return LinesMark(True, says="; ".join(self.notes))

    def equation(self, k: int, sides: tuple[str, ...]) -> LinesMark | None:
        """The mark of an equation that does not follow from those before; None of one that does. Raises: TextError, UnknownNameError."""
        line = self.lines[k]
        try:
            verdict, right, says = self.equations.follows(sides)
        except (TextError, UnknownNameError) as error:
            raise type(error)(f"line {k + 1}: {error.message}", text=line, hint=error.hint) from None
        except WrtError as error:
            return LinesMark(False, k, "shape", line=line, says=f"its sizes do not fit ({error.message.rstrip('.')})")
        if verdict not in PROVED:
            return LinesMark(False, k, line=line, undecided=verdict.partition(": ")[2], says=says)
        self.before = self.reader.last = right
        return None

    def rearranged(self, k: int, said: Statement) -> bool:
        """Whether a line is the equation that the derivative before it is zero, rearranged: A x = b after df/dx = A x - b."""
        zero, sides = self.before, self.equations.sides(said)
        if self.equations.zeros or zero is None or len(sides) != 2 or not self.stated or not set(self.stated) <= names_of(self.reader.expanded(zero)):
            return False
        self.equations.add(zero, self.stated)
        with suppress(WrtError):
            right = self.reader.read(sides[1])
            if agreement(self.reader.typed(right, zero), self.reader.typed(zero, right)) not in PROVED and self.equation(k, sides) is None:
                self.notes.append(f"from '{self.lines[k].strip()}' on, each equation follows from those before, the derivative being zero")
                return True
        self.equations = Equations(self.reader)
        return False

    def set_to_zero(self, at: int, place: int) -> bool:
        """Whether a line that sets a derivative to zero is an equation to be solved: the derivative stands before it, or equations after it."""
        said = self.reader.statements[at][1]
        claim = self.claimed
        equations = any(self.equations.sides(later) for _, later in self.reader.statements[at + 1 :])
        alone = not said.follows and (not place if said.of else bool(self.stated))
        names = claim.names[-1:] if claim is not None else self.stated
        if not names or not (equations or (alone and self.stated)):
            return False
        zero = self.target(claim) if claim is not None and claim.names else self.reader.named.get(said.name, self.before)
        if zero is None or not set(names) <= names_of(self.reader.expanded(zero)):
            return False
        if not self.equations.zeros:
            self.notes.append(f"from '{self.lines[self.reader.statements[at][0]].strip()}' on, each equation follows from those before")
        self.equations.add(zero, names)
        self.claims += 1
        return True

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
            return self.derived_by_any(claim, tree)
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
        if said.of in self.gradients and said.name in self.reader.named and said.of not in self.reader.raw:
            return None  # f' of a function that no line defines, said again
        if not said.differential and (claim := self.of_undefined(said)) is not None:
            return claim
        function = self.function(said)
        if function is None:
            return None
        if said.differential or (not said.by and not said.order > 1 and self.reader.moving and said.name.startswith("d")):
            return Claim(function, (), (), said.order)
        names, indices = self._by(said, function)
        open_to = not said.by and not said.arguments and "'" not in said.name and len(self.arguments.get(said.of, ())) != 1
        others = self.reader.candidates(function) if open_to and names[0] not in self.reader.chosen else ()
        return Claim(function, names, indices, said.order, tuple(n for n in others if n not in names), said.at)

    def of_undefined(self, said: Statement) -> Claim | None:
        """What a derivative of a function is to be that no line defines, its differential or its gradient given; None where neither is."""
        reader = self.reader
        if said.of in {**reader.raw, **reader.named, **reader.declared, **reader.shapes}:
            return None
        known = reader.named.get(f"d{said.of}")
        moving = tuple(n for n in reader.moving if known is not None and (not said.by or said.by[0] == n))
        if known is not None and moving:
            claim = Claim(reader.differentiated(known), (f"d{moving[0]}",), (), 1, tuple(f"d{n}" for n in moving[1:]))
            return claim if said.order == 1 and len(said.by) < 2 else Claim(self.target(claim), moving[:1], ())
        gradient = self.gradients.get(said.of)
        if gradient is None or max(said.order, len(said.by)) < 2:
            return None
        return Claim(gradient, said.by[:1] or reader.variables(gradient), ())

    def subscripted(self, said: Statement) -> Statement:
        """f_x and f_xy of a function that a line defines, its derivatives; g or H, of which no other line makes use: its gradient, its Hessian."""
        reader = self.reader
        if self.gradients and DERIVATIVES.get(said.name) == 2 and not said.of and not reader.mentioned(said.name):
            return replace(said, of=next(reversed(self.gradients)), order=2)
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

    def derived_by_any(self, claim: Claim, tree: Node) -> str:
        """Whether a line is the derivative of a function, by the usual variable or, where it names none, by another that it holds."""
        reader = self.reader
        found: dict[str, str] = {}
        for name in (claim.names[:1] + claim.others) if claim.others else ():
            with suppress(WrtError):
                self.claimed = claim._replace(names=(name,) * len(claim.names))
                found[name] = self.derived(self.claimed, tree)
            if found.get(name) in PROVED:
                reader.chosen = (name.removeprefix("d") if name not in reader.source.declarations else name, *reader.chosen)
                self.notes.append(f"the derivative is taken by {reader.chosen[0]}")
                return found[name]
        sizes = sorted(str(s) for s in (reader.typed(tree).tree.shape or SCALAR).sizes)
        alike = [n for n in found if sorted(str(s) for s in reader.declared[n].shape.sizes) == sizes]
        self.claimed = claim._replace(names=(alike[0],) * len(claim.names)) if alike else claim
        return found[alike[0]] if alike else self.derived(claim, tree)

    def derived(self, claim: Claim, tree: Node) -> str:
        """Whether a line is the derivative (or, without variables, the differential) of a function."""
        reader = self.reader
        if not claim.names or claim.at:
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
            if verdict == "wrong" and kept and not names_of(reader.expanded(claim.function, kept)) & set(kept):
                return f"unverified: the function is not written in {kept[0]}"
            return verdict
        right, undecided = self.marking(claim).judge(unparse(self.entries_bound(tree)))
        return "exact" if right else f"unverified: {undecided}" if undecided else "wrong"

    def target(self, claim: Claim) -> Node:
        """The derivative or the differential that is asked for."""
        if claim.names:
            derivative = self.reader.derivative(claim.function, claim.names, claim.indices)
            return replace_names(derivative, {claim.names[0]: parse(claim.at)}) if claim.at else derivative
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
            if claim.names and not claim.indices and not claim.at and not unbound(self.reader.expanded(claim.function), self.reader.indices):
                kept = [n for n in claim.names if n in self.reader.shapes]
                mark = self.marking(claim).mark(unparse(self.reader.expanded(tree, kept) if kept else self.entries_bound(tree)))
                if mark.slip is not None or mark.counterexample is not None:
                    return LinesMark(False, k, mark.slip, mark.fixed, line, "", self.without_idle(claim, tree, mark.counterexample), mark.says)
            before = self.target(claim)
        if before is None:
            return LinesMark(False, k, line=line)
        found = LineSlips(self.reader).slip(before, tree)
        return LinesMark(False, k, found.kind, found.fixed, line, "", found.counterexample, found.says)

    def without_idle(self, claim: Claim, tree: Node, point: tuple[Mapping[str, Any], Any, Any] | None) -> tuple[Mapping[str, Any], Any, Any] | None:
        """A point without the variables that neither the function nor the line holds."""
        if point is None:
            return None
        reader = self.reader
        tangents = reader.declared.keys() - reader.source.declarations.keys()
        held = (names_of(reader.expanded(claim.function)) | {*claim.names}) - tangents | names_of(reader.expanded(tree))
        return {name: value for name, value in point[0].items() if name in held}, *point[1:]
