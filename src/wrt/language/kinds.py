"""Kinds of values, shapes without their sizes: the letter rule for a name, and what operations and calls make of the kinds of their parts."""

from __future__ import annotations

from collections.abc import Mapping

from wrt.language.functions_declared import value_kind
from wrt.language.surface import Call, Declaration, Index, Slice
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS, REDUCTIONS

GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda lam mu nu xi omicron pi rho sigma tau upsilon phi chi psi omega".split()
)
MATRIX_RESULTS = frozenset(("eye", "kron", "tril", "triu", "outer", "commutation", "conv2d", "frechet"))  # of functions without a signature

Kind = str  # "scalar", "column", "row", "matrix", "size", "tensor3", ...; "" while unknown


def letter_kind(name: str) -> Kind:
    """The letter rule: capital matrix, a-g and Greek scalar, h-z vector."""
    first = name[0]
    word = name.rstrip("0123456789_₀₁₂₃₄₅₆₇₈₉")
    if first.isupper():
        return "matrix"
    if word.lower() in GREEK or not first.isascii() or first in "abcdefg" or word == "t":  # t is the parameter of A + t*B
        return "scalar"
    return "column"


def array_kind(name: str) -> Kind:
    """The letter rule where only an array fits."""
    return "matrix" if name[0].isupper() else "column"


def call_kind(node: Call, below: list[Kind], declared: Mapping[str, Declaration]) -> Kind:
    """The kind of a call from those of its arguments."""
    name = node.function
    kind = value_kind(name, declared)
    if kind is not None:
        return kind or stretch_kind(below)
    if not below:
        return ""
    if name in FUNCTIONS:
        return stretch_kind(below[: len(node.arguments)])
    if name in REDUCTIONS:
        if REDUCTIONS[name].result == "keep":
            return below[0]
        axis = node.option("axis")
        return "scalar" if axis is None else "row" if getattr(axis, "value", 1) == 0 else "column"
    if name in MATRIX_RESULTS:
        return "matrix"
    if name in ("ones", "zeros"):
        return {1: "column", 2: "matrix"}.get(len(node.arguments), "tensor")
    if name in ("vec", "eigvalsh", "svdvals", "conv1d"):
        return "column"
    if name == "diag":
        return {"column": "matrix", "row": "matrix", "matrix": "column"}.get(below[0], "")
    if name == "solve":
        return below[1] if len(below) > 1 else ""
    if name in OPERATORS:
        return {0: "scalar", 1: "column"}.get(len([s for s in OPERATORS[name].signature.split("->")[1].strip(" []").split(",") if s]), "matrix")
    return "scalar"


def index_kind(node: Index, base: Kind) -> Kind:
    """The kind of base[...]."""
    slices = [isinstance(p, Slice) for p in node.parts]
    if len(slices) == 2:
        return {(True, True): "matrix", (True, False): "column", (False, True): "row", (False, False): "scalar"}[slices[0], slices[1]]
    return "scalar" if not any(slices) else base


def stretch_kind(kinds: list[Kind]) -> Kind:
    """The kind of an operation entry by entry."""
    arrays = [k for k in kinds if k and k != "scalar"]
    if arrays:
        return "matrix" if "matrix" in arrays else arrays[0]
    return "" if "" in kinds else "scalar"


def product_kind(a: Kind, b: Kind) -> Kind:
    """The kind of a @ b."""
    if not a or not b:
        return ""
    if a == "row":
        return {"column": "scalar", "matrix": "row"}.get(b, "row")
    if a == "scalar":
        return b
    if a == "column":
        return {"row": "matrix", "scalar": "column", "column": ""}.get(b, "matrix")  # two columns: refused with their sizes
    return {"column": "column", "scalar": a}.get(b, "matrix")
