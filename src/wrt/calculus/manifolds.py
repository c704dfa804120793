"""Riemannian gradients and Hessians as index form: the rows of `tables/manifolds.py`, lowered once and filled in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from wrt.algebra.expr import Expr, Symbol, number
from wrt.algebra.lower import lower
from wrt.algebra.rebuild import rewrite, substitute
from wrt.language.read import read
from wrt.language.sizes import Size

SIZES = ("m", "n")


def filled(text: str, x: Symbol, values: Mapping[str, Expr]) -> Expr:
    """A row's formula at the point x, with expressions of the shape of x for its other names (G, Z, V, ...)."""
    pattern = _pattern(text, x.order, (*sorted(values), "X"), x.order == 2 and x.shape[0] is x.shape[1])
    sizes = {name: size for name, size in zip(SIZES, x.shape, strict=False) if isinstance(size, Size)}
    return substitute(pattern, {**values, "X": x}, sizes)


@cache
def _pattern(text: str, order: int, names: tuple[str, ...], square: bool) -> Expr:
    shape = ("m", "m") if square else SIZES[:order]
    return lower(read(text, dict.fromkeys(names, shape)))


def replaced(e: Expr, known: Mapping[Expr, int]) -> Expr:
    """The expression where scalars have known values: on the unit sphere the squares of x's entries sum to 1."""
    return rewrite(e, lambda node: number(known[node]) if node in known else node)
