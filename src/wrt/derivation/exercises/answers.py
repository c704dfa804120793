"""What an answer that is no derivative may mean: an entry, a sum over indices, an expansion, read as `wrt.check` reads derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from wrt.derivation.handed_in import handed_in
from wrt.derivation.mark import Mark
from wrt.derivation.readings import parsed, readings
from wrt.derivation.respelt import braced
from wrt.errors import WrtError
from wrt.formula import Formula
from wrt.language.read import parse_dialect, read_like
from wrt.language.sizes import Size
from wrt.language.surface import Node, Source
from wrt.language.unparse import unparse


def likeliest(answer: str, source: Source, indices: Mapping[str, Size], marked: Callable[[Formula], Mark]) -> Mark:
    """The mark of the first meaning of an answer that is right; else of the first that has one. Raises: WrtError when none has."""
    first: Mark | None = None
    refused: WrtError | None = None
    for tree in _meanings(answer, source, indices):
        if isinstance(tree, WrtError):
            refused = refused or tree
            continue
        try:
            mark = marked(Formula(read_like(unparse(tree), source, indices=dict(indices) or None)))
        except WrtError as error:
            refused = refused or error.located(answer)
            continue
        if mark.right:
            return mark
        first = mark if first is None else first
    if first is None:
        assert refused is not None
        raise refused
    return first


def _meanings(answer: str, source: Source, indices: Mapping[str, Size]) -> Iterator[Node | WrtError]:
    """The trees of an answer, each once: as it stands, on paper with the free indices, otherwise; where it has none, why."""
    declared = source.declarations

    def as_it_stands() -> Iterator[Node]:
        yield parse_dialect(answer, None, declared, {})[1].tree

    def with_indices(words: str) -> Iterator[Node]:
        yield parsed(words, "latex", declared, {}, tuple(indices))

    def otherwise() -> Iterator[Node]:
        yield from (r.tree for r in readings(handed_in(answer, declared), None, source, ()) if not r.guessed)

    on_paper = [with_indices(words) for words in (answer, braced(answer))] if indices else []
    seen: set[str] = set()
    for attempt in (as_it_stands(), *on_paper, otherwise()):
        try:
            for tree in attempt:
                if (words := unparse(tree)) not in seen:
                    seen.add(words)
                    yield tree
        except WrtError as error:
            yield error
