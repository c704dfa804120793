"""Undeclared names that are surely something else mistyped: sinx for sin(x), x_i for x[i] below a sum over i, sum(x[i]) without its i, nan.

Taken as variables they would give an answer to another question, so they are refused; whoever means a name declares it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from wrt.errors import TextError, UnknownNameError
from wrt.language.hints import OVER_INDEX
from wrt.language.kinds import letter_kind
from wrt.language.surface import Call, Declaration, Generator, Index, Name, Node, postorder
from wrt.language.unparse import short
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS, REDUCTIONS

NO_NUMBERS = ("nan", "NaN", "infinity", "Infinity", "Inf", "oo")
LONGEST = 12  # letters of a function's name
MORE = ("tr", "trace", "diag", "norm", "vec")  # functions of one argument without a row of their own


def refuse_slips(tree: Node, missing: Mapping[str, list[Name]], declared: Mapping[str, Declaration], sizes: Collection[str]) -> None:
    """Refuse what would be read as another question than was meant.

    Raises: UnknownNameError for an undeclared name that is a function and a name, or a name and an index; TextError for infinity, nan, and a
    reduction over an index that no generator binds.
    """
    known = {*missing, *declared, *sizes, "x"}
    indices = {loop.name for node in postorder(tree) if isinstance(node, Generator) for loop in node.loops}
    for node, index in _unbound(tree, missing, declared):
        if index not in indices:
            raise TextError(f"{index} is bound by nothing: {short(node, 40)} is the {node.function} of one number.", span=node.span, hint=OVER_INDEX)
    for name, occurrences in missing.items():
        span = occurrences[0].span
        if name in NO_NUMBERS:
            raise TextError(f"{name} has no place in a formula.", span=span)
        hint = _call(name, known) or _entry(name, indices, {n for n in {*missing, *declared} if n in missing or declared[n].shape.order})
        if hint:
            raise UnknownNameError(f"'{name}' is not declared.", span=span, hint=f"write {hint}; declare {name} if it is a name.")


def _unbound(tree: Node, missing: Collection[str], declared: Mapping[str, Declaration]) -> Iterator[tuple[Call, str]]:
    """Reductions of one number that holds x[i], with that i: in sum(x[i]**2) nothing is an array but what stands before brackets."""
    ready: dict[int, str | None] = {}  # the free index of a number; "" without one, None for what is or may be an array
    for node in postorder(tree):
        below = [ready[id(c)] for c in node.children]
        match node:
            case Index():
                names = [p.name for p in node.parts if isinstance(p, Name) and p.name in missing]
                found = names[0] if names and len(names) == len(node.parts) and isinstance(node.base, Name) else None
            case Name():
                array = declared[node.name].shape.order > 0 if node.name in declared else letter_kind(node.name) != "scalar"
                found = None if array else ""
            case _:
                found = None if None in below else next((index for index in below if index), "")
        ready[id(node)] = found
        if isinstance(node, Call) and node.function in REDUCTIONS and found:
            yield node, found


def _call(name: str, known: Collection[str]) -> str:
    """sin(x) of sinx, where x is a name of the formula, x itself or a Greek letter."""
    for cut in range(min(len(name) - 1, LONGEST), 1, -1):
        function, rest = name[:cut], name[cut:]
        plain = rest in known or (len(rest) == 1 and not rest.isascii())
        if plain and (function in FUNCTIONS or function in OPERATORS or function in REDUCTIONS or function in MORE):
            return f"{function}({rest})"
    return ""


def _entry(name: str, indices: Collection[str], arrays: Collection[str]) -> str:
    """x[i] of x_i, and of xi where x is an array of the formula, below a sum over i; X[i, j] of X_ij."""
    base, _, below = name.rpartition("_")
    if base and below and all(letter in indices for letter in below):
        return f"{base}[{', '.join(below)}]"
    if name[:-1] in arrays and name[-1] in indices:
        return f"{name[:-1]}[{name[-1]}]"
    return ""
