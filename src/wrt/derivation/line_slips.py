"""The slip in a line of a derivation: the single edit that mends it, the factor that was dropped, the condition under which it would follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from wrt.derivation import questions
from wrt.derivation.agreement import NO_VALUE, names_of
from wrt.derivation.binding import unbound
from wrt.derivation.edits import Edit, Subject
from wrt.derivation.line_reading import LineReader
from wrt.derivation.lost import dropped, restored
from wrt.derivation.mark import PROVED
from wrt.derivation.seek import MOST, TWICE
from wrt.derivation.slips import SLIPS
from wrt.derivation.terms import all_replaced, bare, tidied
from wrt.errors import ShapeError, WrtError
from wrt.language.read import type_tree
from wrt.language.surface import Binary, Call, Node, Source, postorder
from wrt.language.unparse import unparse
from wrt.proof.counterexample import counterexample
from wrt.proof.views import Prover

# What kinds of slips are called in a line of algebra, where nothing is differentiated.
ALGEBRA = {
    "product-rule-term-lost": "a term is lost",
    "chain-rule-inner-lost": "a factor is lost",
    "power-rule": "an exponent is wrong",
    "constant-kept": "a term is one too many",
}


class Found(NamedTuple):
    """The kind of slip, or None; the line mended; what went wrong; a point that shows it: (values, line before, this line)."""

    kind: str | None
    fixed: str | None
    says: str
    counterexample: tuple[Mapping[str, Any], Any, Any] | None


class LineSlips:
    """One wrong line, and what it is to be equal to."""

    def __init__(self, reader: LineReader) -> None:
        self.reader = reader
        self._provers: dict[tuple[int, frozenset[str]], tuple[Node, Prover]] = {}

    def slip(self, before: Node, tree: Node) -> Found:
        """The slip in a line that is not equal to what it is to be equal to."""
        apart = self.apart(before, tree)
        for name, made in self._kinds(tree, before):
            seen: set[str] = set()
            for edit in islice(made, MOST):
                words = unparse(edit.tree)
                if words not in seen:
                    seen.add(words)
                    if self._equal(before, edit.tree):
                        says = edit.says or self.algebraic(name, before, tree)
                        return Found(edit.kind or name, unparse(tidied(edit.tree)), says, apart)
        found = self._factorwise(before, tree) or self._dropped(before, tree) or self._under_conditions(before, tree) or self._misshapen(before, tree)
        kind, says = found if found is not None else (None, "")
        return Found(kind, None, says or (self.algebraic(kind, before, tree) if kind else ""), apart)

    def algebraic(self, kind: str, before: Node, tree: Node) -> str:
        """What a kind of slip is called where nothing is differentiated."""
        return "" if any(map(self.reader.moves, (before, tree))) else ALGEBRA.get(kind, "")

    def apart(self, before: Node, tree: Node) -> tuple[Mapping[str, Any], Any, Any] | None:
        """A point of small whole numbers at which the line differs from what it is to be equal to."""
        try:
            one, other = self.reader.typed(before, tree), self.reader.typed(tree, before)
            found = counterexample(one, other) if one.tree.shape == other.tree.shape else None
        except WrtError:
            return None
        if found is None:
            return None
        held = names_of(one.tree) | names_of(other.tree)
        return {name: value for name, value in found.values.items() if name in held}, found.left, found.right

    def _misshapen(self, before: Node, tree: Node) -> tuple[str, str] | None:
        """The slip of a line whose shapes do not fit, or are not those of the line before."""
        try:
            mine = self.reader.typed(tree, before).tree.shape
            theirs = self.reader.typed(before, tree).tree.shape
        except ShapeError as error:
            return "shape", f"its sizes do not fit ({error.message.rstrip('.')})"
        except WrtError:
            return None
        return None if mine == theirs else ("shape", f"it is {mine}, and has to be {theirs}")

    def _factorwise(self, before: Node, tree: Node) -> tuple[str, str] | None:
        """The slip of having taken d(u)*d(v) for d(u*v)."""
        for node in postorder(before):
            if isinstance(node, Call) and node.function == "d" and isinstance(e := node.arguments[0], Binary) and e.op in "*@":
                wrong = Binary(e.op, Call("d", (e.left,)), Call("d", (e.right,)))
                if self._equal(all_replaced(before, {id(node): wrong}), tree):
                    return "product-rule-term-lost", "the differential of a product is taken to be the product of the differentials"
        return None

    def _dropped(self, before: Node, tree: Node) -> tuple[str, str] | None:
        """The kind of slip of having dropped one factor; a line of the wrong shape is read with all sizes equal."""
        try:
            source = self.reader.typed(before, tree)
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
                if kind != "symmetric-assumed":
                    return kind, ""
                found = self._under_conditions(before, tree)
                return found if found is not None and found[0] == kind else ("product-order", TWICE)
        return None

    def _typed_or_equalised(self, tree: Node, before: Node, source: Source) -> tuple[Source, bool] | None:
        try:
            return self.reader.typed(tree, before), False
        except WrtError:
            found = questions.equalised(self.reader.differentiated(tree), source)
            return (found, True) if found is not None else None

    def _equal(self, before: Node, tree: Node) -> bool:
        """Whether a line, mended, follows; the evaluations of the line before are shared by all that is tried."""
        reader = self.reader
        try:
            key = (id(before), frozenset(unbound(reader.differentiated(tree), reader.indices)))
            if key not in self._provers:
                self._provers[key] = (before, Prover(reader.typed(before, tree), (), "ignored"))
            given = reader.typed(tree, before)
            verdict = self._provers[key][1].equal(given)
            if verdict.why.startswith(NO_VALUE):
                verdict = Prover(given, (), "ignored").equal(reader.typed(before, tree))
        except WrtError:
            return False
        return verdict.status in PROVED

    def _kinds(self, tree: Node, before: Node) -> Iterator[tuple[str, Iterator[Edit]]]:
        subject = Subject(tree, before, (), {**self.reader.declared, **self.reader.shapes}, self.reader.source.sizes)
        for slip in SLIPS.values():
            if slip.undo is not None:
                yield slip.name, slip.undo(subject)
            elif slip.name == "product-rule-term-lost":
                yield slip.name, restored(subject, [before])

    def _under_conditions(self, before: Node, tree: Node) -> tuple[str, str] | None:
        """The condition under which the line follows: symmetric matrices, 1 x 1 ones."""
        try:
            one = self.reader.typed(before, tree)
            other = self.reader.typed(tree, before)
        except WrtError:
            return None
        if (changed := questions.symmetric(one)) is not None:
            given = Source(other.tree, changed.declarations, other.sizes)
            if Prover(changed, (), "ignored").equal(given).status in PROVED:
                return "symmetric-assumed", ""
        plain, small = questions.scalarised(one.tree, one), questions.scalarised(other.tree, other)
        if plain is not None and small is not None and Prover(plain, (), "ignored").equal(small).status in PROVED:
            return "only-for-1x1", ""
        return None


def _fits(tree: Node, source: Source) -> bool:
    """Whether a tree's shapes fit."""
    try:
        type_tree(bare(tree), source.declarations)
    except WrtError:
        return False
    return True
