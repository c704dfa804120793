"""What a product holds that is not printed operand by operand: entries of softmax, indices of composite size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from wrt.algebra.expr import Expr, Map, Symbol, constant_value
from wrt.algebra.maps import power
from wrt.algebra.product import transpose
from wrt.algebra.sums import constant
from wrt.language.surface import Call, Name, Node, Unary, postorder
from wrt.language.trees import whole
from wrt.notation.index_monomial import Flat, Piece, tied
from wrt.notation.index_place import Place
from wrt.notation.index_typed import is_softmax_sum

SHORT = 30  # parts of a formula that softmax(...) repeats

if TYPE_CHECKING:
    from wrt.notation.index_entry import Entries


def softmaxes(entries: Entries, pieces: list[Piece]) -> list[Piece]:
    """exp(u)[..] / sum(exp(u)) is an entry of softmax(u), where u has a formula of its own."""
    out: list[Piece | None] = list(pieces)
    for n, piece in enumerate(pieces):
        found = softmax_divisor(piece.expr)
        if found is None:
            continue
        base, inner, kept, k = found
        node = softmax_node(entries, inner.arguments[0], kept)
        while node is not None and k > 0:
            hit = next(
                (
                    m
                    for m, p in enumerate(out)
                    if p is not None and p.node is None and p.expr is inner and tuple(p.labels[a] for a in kept) == piece.labels
                ),
                None,
            )
            if hit is None:
                break
            k -= 1
            labels = pieces[hit].labels
            out[hit] = Piece(transpose(inner), labels[::-1], node.argument) if isinstance(node, Unary) else Piece(inner, labels, node)
            out[n] = Piece(power(base, constant(-k, base.shape)), piece.labels) if k else None
    return [p for p in out if p is not None]


def untied(pieces: list[Piece], pinned: Mapping[int, Place], flats: Sequence[Flat]) -> tuple[list[Piece], list[Flat]]:
    """Operands that only tie a composite index to its parts as conditions."""
    out, more = [], list(flats)
    for piece in pieces:
        ties = tied(piece.expr)
        if ties is None or not all(piece.labels[whole_axis] in pinned for whole_axis, _ in ties):
            out.append(piece)
        else:
            more += [Flat(pinned[piece.labels[axis]], tuple([piece.labels[a] for a in parts])) for axis, parts in ties]
    return out, more


def softmax_divisor(e: Expr) -> tuple[Expr, Map, tuple[int, ...], int] | None:
    """(sum, exp(u), axes of u that stay, k) when e is sum(exp(u))**-k."""
    if not (isinstance(e, Map) and e.function == "pow"):
        return None
    exponent, found = constant_value(e.arguments[1]), is_softmax_sum(e.arguments[0])
    if found is None or exponent is None or exponent > -1 or exponent.denominator != 1:
        return None
    return e.arguments[0], *found, -int(exponent)


def softmax_node(entries: Entries, u: Expr, kept: tuple[int, ...]) -> Node | None:
    """softmax(u) or softmax(u, axis=..) as a whole: the user's own, or of a plain variable or an array with a short formula."""
    _ = entries.typed.table
    axis = 0 if u.order == 1 else next((a for a in range(u.order) if a not in kept), 0)
    if u.order > 2 or len(kept) != u.order - 1:
        return None
    found = entries.typed.softmaxes.get((id(u), axis))
    if found is not None:
        return found
    argument = Name(u.name, "variable") if isinstance(u, Symbol) else entries.matrix(u, "matrix" if u.order == 2 else "column")
    if argument is None or sum(1 for _ in postorder(argument)) > SHORT:
        return None
    options = () if u.order == 1 else (("axis", whole(axis)),)
    return Call("softmax", (argument,), options)
