"""Whether two formulas of a derivation agree, and a formula written in a name that a later line gives to a part of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice

from wrt.derivation.terms import all_replaced, minus
from wrt.errors import WrtError
from wrt.language.surface import Generator, Loop, Name, Node, Number, Source, Unary, postorder
from wrt.proof.views import Prover

NO_VALUE = "it has no value"  # how the verdict opens on a formula without a value where the other has one
MOST_PARTS = 60  # of a formula, compared with what a name stands for


def agreement(one: Source, other: Source) -> str:
    """Whether two formulas are equal wherever both have a value, as `wrt.equal` has it: the status of the verdict."""
    verdict = Prover(one, (), "ignored").equal(other)
    if verdict.status == "wrong" and verdict.why.startswith(NO_VALUE):
        verdict = Prover(other, (), "ignored").equal(one)
    return verdict.status


def names_of(tree: Node) -> set[str]:
    """The names that a formula holds."""
    return {n.name for n in postorder(tree) if isinstance(n, Name)}


def used(tree: Node, raw: Mapping[str, Node]) -> set[str]:
    """The names of lines that a formula uses, by way of others too."""
    found: set[str] = set()
    waiting = [tree]
    while waiting:
        new = {n for n in names_of(waiting.pop()) if n in raw} - found
        found |= new
        waiting += [raw[n] for n in new]
    return found


def in_a_name(name: str, tree: Node, raw: Mapping[str, Node], expanded: Callable[[Node], Node], typed: Callable[[Node], Source]) -> dict[str, Node]:
    """The formulas of lines before, in a new name wherever they hold what it stands for, in whatever form: f = sin(x^2), then u = x^2."""
    meant = expanded(tree)
    held = names_of(meant)
    if isinstance(meant, (Name, Number)) or not held:
        return dict(raw)

    def written(node: Node) -> Node | None:
        plain = expanded(node)
        if names_of(plain) != held:
            return None
        try:
            if agreement(typed(plain), typed(meant)) == "exact":
                return Name(name)
            return Unary("-", Name(name)) if agreement(typed(plain), typed(minus(meant))) == "exact" else None
        except WrtError:
            return None

    out = dict(raw)
    for other in raw.keys() - used(tree, raw):
        parts = (n for n in postorder(raw[other]) if n.children and not isinstance(n, (Loop, Generator)))
        out[other] = all_replaced(raw[other], {id(n): new for n in islice(parts, MOST_PARTS) if (new := written(n)) is not None})
    return out
