"""`wrt.register`: a function added while running, by one row; refused when its derivative is wrong.

A row goes into the table that every room reads, so it is parsed, differentiated, proved, printed and compiled like any other. Before that it is
checked by floats to second order at points of its domain: against the formula that defines it or, where there is none, the values of its code.
The same check runs over every row of the tables in `tests/tables/test_rows.py`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from wrt.algebra import rows
from wrt.calculus import local
from wrt.errors import TextError, UnknownNameError, WrtError
from wrt.language.declarations import check_name
from wrt.language.parser import parse as parse_tree
from wrt.language.signatures import known_functions
from wrt.language.surface import Binary, Call, Name, Number, Unary, postorder
from wrt.rowcheck import Row, check
from wrt.tables.functions import CONSTANTS, FUNCTIONS
from wrt.tables.operators import OPERATORS, REDUCTIONS
from wrt.tables.rows import Elementwise, Matrix, Reduction

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_ADDED: dict[str, dict[str, Any]] = {}  # rows registered while running, and the table each is in


def register(row: Row) -> None:
    """Add a function: an `Elementwise` row (of one argument or several), a `Reduction` with a `defined` formula, or a `Matrix` row.

    An elementwise row needs its derivatives `d`, and `defined` or `numpy` to be checked against; a matrix row `d` with `defined` or `numpy`, or
    `defined` alone. Code that is not given is made from `defined`.
    Raises: ProofError when the derivative is wrong; TextError for a name that is taken or a row that lacks something.

    >>> import wrt
    >>> wrt.register(wrt.Elementwise("bump", d=("-2*x*y",), defined="exp(-x**2)", even=True))
    >>> print(wrt.derive("sum(bump(A @ x))", "x"))
    -2*A.T @ (bump(A @ x)*(A @ x))
    >>> wrt.register(wrt.Elementwise("bumpy", d=("2*x*y",), defined="exp(-x**2)"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    wrt.errors.ProofError: the row of bumpy is wrong: ...
    >>> wrt.unregister("bump")
    """
    if not isinstance(row, (Elementwise, Matrix, Reduction)):
        raise TextError(f"a row is an Elementwise, a Matrix or a Reduction, not {type(row).__name__}.")
    check_name(row.name)
    if row.name in known_functions() or row.name in CONSTANTS:
        raise TextError(
            f"{row.name} is a function already.", hint=f'wrt.unregister("{row.name}") first.' if row.name in _ADDED else "choose another name."
        )
    row = _complete(row)
    table = _table(row)
    table[row.name] = row
    _forget()
    try:
        check(row)
    except WrtError:
        del table[row.name]
        _forget()
        raise
    _ADDED[row.name] = table


def unregister(name: str) -> None:
    """Take a function out again that was added by `register`.

    >>> import wrt
    >>> wrt.register(wrt.Reduction("spread", defined="max(x) - min(x)"))
    >>> wrt.unregister("spread")
    """
    if not isinstance(name, str):
        raise TextError(f"a function is named by a text, not {type(name).__name__}.")
    if name not in _ADDED:
        near = get_close_matches(name, list(_ADDED), 1)
        raise UnknownNameError(f"no function '{name}' was registered.", hint=f"did you mean '{near[0]}'?" if near else "")
    del _ADDED.pop(name)[name]
    _forget()


def _table(row: Row) -> dict[str, Any]:
    return FUNCTIONS if isinstance(row, Elementwise) else OPERATORS if isinstance(row, Matrix) else REDUCTIONS


def _forget() -> None:
    """Clear what was made of rows."""
    from wrt.notation import latex
    from wrt.proof import programs

    for cached in (rows.scalar_pattern, rows.signature, local._pattern, latex.function):
        cached.cache_clear()
    programs._MEMO.clear()


# ---------------------------------------------------------------------------------------------------- what a row must have
def _complete(row: Row) -> Row:
    """The row with its code made where it can be. Raises: TextError for what is missing."""
    match row:
        case Reduction():
            if not row.defined:
                raise TextError(f"the reduction {row.name} needs a formula in x: defined=...")
            _readable(row.name, row.defined, {"x"})
        case Matrix():
            if not row.defined and not (row.d and row.numpy):
                raise TextError(f"the matrix function {row.name} needs a formula, defined=..., or a differential and code, d=... and numpy=...")
            if row.d and not row.numpy:
                raise TextError(
                    f"the matrix function {row.name} has a differential of its own and needs its code: numpy=...",
                    hint="or leave d out: defined=... is enough.",
                )
            _signature(row)
        case Elementwise():
            if len(row.d) != len(row.arguments):
                raise TextError(
                    f"{row.name} has {len(row.arguments)} argument{'s' * (len(row.arguments) > 1)} and {len(row.d)} derivative{'s' * (len(row.d) != 1)}."
                )
            if not row.defined and not row.numpy:
                raise TextError(f"{row.name} needs a value to be checked against: defined=... (a formula) or numpy=... (code).")
            for formula in row.d:
                _readable(row.name, formula, {*row.arguments, "y"}, row.name)
            _readable(row.name, row.defined, set(row.arguments))
            if not row.numpy:
                return replace(row, numpy=f"({_code(row)})")
    return row if isinstance(row, Reduction) else replace(row, numpy=_enclosed(row.numpy))


def _enclosed(code: str) -> str:
    """Code that may stand anywhere and whose arguments may be any expression: parentheses around what is not inside a call's."""
    inner = re.sub(r"(?<![(,] )(?<![(,])\{(\d)\}|\{(\d)\}(?![),])", lambda found: f"({found.group()})", code)
    return inner if not inner or re.fullmatch(r"[\w.]+\((?:[^()]|\([^()]*\))*\)", inner) else f"({inner})"


def _readable(name: str, formula: str, names: set[str], *functions: str) -> None:
    """Refuse a formula that cannot be read or names what it should not."""
    if not formula:
        return
    for node in postorder(parse_tree(formula)):
        if isinstance(node, Name) and node.name not in names | CONSTANTS.keys():
            raise UnknownNameError(f"the row of {name} names '{node.name}' in {formula}.", hint=f"it knows {', '.join(sorted(names))}.")
        if isinstance(node, Call) and node.function not in known_functions() | set(functions):
            raise UnknownNameError(f"the row of {name} uses '{node.function}', which is no function, in {formula}.")


def _signature(row: Matrix) -> None:
    left, arrow, right = row.signature.partition("->")
    words = [w.lstrip(" ,").split("[") for w in left.split("]")[:-1]]
    if not arrow or not right.strip().startswith("[") or not words or any(len(w) != 2 or not w[0].strip().isidentifier() for w in words):
        raise TextError(f'{row.signature!r} is no signature of {row.name}: write for example "X[m,n] -> [n,n]".')


def _code(row: Elementwise) -> str:
    """NumPy's spelling of a formula of scalars."""
    words: dict[int, str] = {}
    tree = parse_tree(row.defined)
    for node in postorder(tree):
        below = [words[id(c)] for c in node.children]
        match node:
            case Name():
                words[id(node)] = f"({{{row.arguments.index(node.name)}}})" if node.name in row.arguments else f"np.{node.name}"
            case Number():
                words[id(node)] = node.text or str(node.value)
            case Unary():
                words[id(node)] = f"(-{below[0]})"
            case Binary():
                sign = f"({below[0]} {node.op} {below[1]})"
                words[id(node)] = f"(1.0*{sign})" if node.op in COMPARISONS else sign
            case Call():
                inner = FUNCTIONS.get(node.function)
                if inner is None or not inner.numpy:
                    raise TextError(f"{row.name} needs its code: {node.function} has none of its own.", hint="numpy=...")
                words[id(node)] = f"({inner.numpy.format(*below)})"
            case _:
                raise TextError(f"{row.defined} is no formula of scalars.")
    return words[id(tree)]
