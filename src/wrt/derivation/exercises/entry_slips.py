"""What went wrong in the answer to a question for one entry: indices mixed up, a Kronecker delta forgotten, a lost term, or a slip of `wrt.check`'s kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, islice, permutations
from typing import NamedTuple

from wrt.derivation.edits import Subject
from wrt.derivation.entries import replaced as replaced_names
from wrt.derivation.slips import SLIPS
from wrt.derivation.terms import addends, bare, replaced
from wrt.formula import Formula
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Index, Name, Node, postorder
from wrt.language.unparse import unparse

MOST = 30  # edits of a kind that are tried
MIXED = "its indices are mixed up"
DELTA = "a Kronecker delta is forgotten: the derivative of an entry by an entry of the variable is one for each index"


class EntrySlip(NamedTuple):
    """A kind of `SLIPS`, what is said of it, and the answer with it undone."""

    kind: str
    says: str
    fixed: str


def entry_slip(given: Formula, wanted: Formula, function: Formula, indices: Mapping[str, Size], right: Callable[[str], bool]) -> EntrySlip | None:
    """The one slip whose undoing makes the entry `given` right, in the order in which they are likely; None where there is none."""
    for kind, says, made in _tries(given, wanted, function, indices):
        seen: set[str] = set()
        for tree in islice(made, MOST):
            words = unparse(tree)
            if words not in seen:
                seen.add(words)
                if right(words):
                    return EntrySlip(kind, says or SLIPS[kind].says, words)
    return None


def _tries(given: Formula, wanted: Formula, function: Formula, indices: Mapping[str, Size]) -> Iterator[tuple[str, str, Iterator[Node]]]:
    tree = given.source.tree
    subject = Subject(bare(tree), function.source.tree, (), function.declarations, function.source.sizes)
    rows = [slip for slip in SLIPS.values() if slip.undo is not None and slip.name not in ("shape", "transpose")]
    first = [slip for slip in rows if slip.name in ("sign", "factor")]
    yield from ((slip.name, "", (edit.tree for edit in slip.undo(subject))) for slip in first if slip.undo is not None)
    yield "transpose", MIXED, _exchanged(tree, tuple(indices))
    yield "chain-rule-inner-lost", DELTA, _with_deltas(tree, indices)
    yield "product-rule-term-lost", "", _with_terms(tree, wanted.source.tree)
    yield from ((slip.name, "", (edit.tree for edit in slip.undo(subject))) for slip in rows if slip.undo is not None and slip not in first)


def _exchanged(tree: Node, names: tuple[str, ...]) -> Iterator[Node]:
    """The tree with the indices of one entry turned round, and with all its indices in every other order."""
    for entry in postorder(tree):
        if isinstance(entry, Index) and len(entry.parts) > 1:
            yield replaced(tree, entry, Index(entry.base, entry.parts[::-1]))
    for order in permutations(names):
        if order != names:
            yield replaced_names(tree, dict(zip(names, map(Name, order), strict=True)))


def _with_deltas(tree: Node, indices: Mapping[str, Size]) -> Iterator[Node]:
    """The tree times one delta of two indices of one range."""
    for a, b in combinations(indices, 2):
        if indices[a] is indices[b]:
            yield Binary("*", Binary("==", Name(a), Name(b)), tree)


def _with_terms(tree: Node, wanted: Node) -> Iterator[Node]:
    """The tree and one term of the right answer."""
    for term in addends(wanted):
        yield from (Binary(op, tree, term) for op in "+-")
