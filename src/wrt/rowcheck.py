"""Rows of the tables checked by floats, to second order: what "exact" rests on.

The function's values are those of its definition: by mpmath, by the formula that its row gives, or by its code; the row's derivatives are on the
other side only. High precision where there is a definition, float64 where there is only code.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import Any

from wrt.algebra.expr import Expr
from wrt.differentiation import differentiated
from wrt.errors import ProofError, TextError
from wrt.formula import Formula
from wrt.language.read import read, read_like
from wrt.language.unparse import unparse
from wrt.language.variables import variable
from wrt.tables.rows import Elementwise, Matrix, Reduction

Row = Elementwise | Matrix | Reduction
Shapes = dict[str, tuple[int, ...]]
SIZES = {"n": 2, "m": 3, "p": 2, "k": 2}
POINTS = {  # where an elementwise function's arguments are drawn in float64: least, greatest
    "real": (-1.5, 1.5),
    "positive": (0.3, 2.5),
    "nonzero": (0.3, 1.4),
    "unit": (-0.8, 0.8),
    "above_one": (1.2, 2.5),
}
LIMIT = 1e-6  # largest difference allowed in float64, relative to 1 + the largest entry
CODED = ("logm", "sqrtm")  # checked against their code: in high precision a point takes a minute
STEP = 1e-3  # in units of the variable; the differences are of fourth order


def check(row: Row) -> None:
    """Check the first and second derivatives of a row's function by every argument. Raises: ProofError."""
    for text, shapes, names in questions(row):
        formula = Formula(read(text, shapes, _facts(row)))
        for order in (1, 2):
            for chosen in combinations_with_replacement(names, order):
                _check_one(row, formula, chosen)


def questions(row: Row) -> list[tuple[str, Shapes, tuple[str, ...]]]:
    """(formula, shapes, variables) to differentiate for a row's check."""
    match row:
        case Elementwise(name="polygamma"):
            return [(f"polygamma({k}, x)", {"x": ()}, ("x",)) for k in (1, 2)]
        case Elementwise():
            moving = tuple(a for a, d in zip(row.arguments, row.d, strict=True) if d)
            asked: list[tuple[str, Shapes, tuple[str, ...]]] = [(f"{row.name}({', '.join(row.arguments)})", dict.fromkeys(row.arguments, ()), moving)]
            if row.alone:  # both arguments vary at once
                asked.append((f"{row.name}(a, a*b)", {"a": (), "b": ()}, ("a", "b")))
            return asked
        case Reduction():
            matrix: Shapes = {"X": (2, 3)}
            return [(f"{row.name}(x)", {"x": (4,)}, ("x",)), *[(f"{row.name}(X, axis={axis})", matrix, ("X",)) for axis in (0, 1)]]
        case Matrix(name="matpow"):
            return [("matpow(X, 3)", {"X": (3, 3)}, ("X",))]
    numbers = dict(SIZES)
    shapes: Shapes = {}
    for word in row.signature.split("->")[0].split("]")[:-1]:
        name, sizes = word.lstrip(" ,").split("[")
        listed = [s.strip() for s in sizes.split(",") if s.strip()]
        shapes[name.strip()] = tuple(int(s) if s.isdigit() else numbers.setdefault(s, 2) for s in listed)
    return [(f"{row.name}({', '.join(shapes)})", shapes, tuple(shapes))]


def _facts(row: Row) -> dict[str, tuple[str, ...]]:
    """What the points must be."""
    if isinstance(row, Elementwise):
        return {row.arguments[-1]: ("positive",)} if row.domain in ("positive", "above_one", "nonzero") else {}
    return {"X": ("spd",)} if isinstance(row, Matrix) and "positive definite" in row.assumes else {}


def _check_one(row: Row, formula: Formula, names: Sequence[str]) -> None:
    """One derivative against central differences of high precision; of the code's values in float64 where there is nothing better."""
    from wrt.notation.index import index_form
    from wrt.proof.diagnose import disagreement
    from wrt.proof.views import Prover

    array = _array(formula, names)
    if row.name in CODED:
        _check_code(row, formula, names, array, row.name)
        return
    indices, node = index_form(array, formula.context)
    words = unparse(node)
    source = read_like(words, formula.source, indices=dict(zip(indices, array.shape, strict=True)))
    verdict = Prover(formula.source, names, "ignored").index_by_floats(indices, source)
    if verdict.status == "wrong":
        raise ProofError(f"the row of {row.name} is wrong: {disagreement(formula.source, names, 'form', words, verdict)}")
    if verdict.status != "numeric":
        _check_code(row, formula, names, array, words)


def _array(formula: Formula, names: Sequence[str]) -> Expr:
    variables = [variable(name, formula.declarations) for name in names]
    return differentiated(formula, variables, "ignored")[0]


def _check_code(row: Row, formula: Formula, names: Sequence[str], array: Expr, words: str) -> None:
    """The compiled derivative against differences of the derivative one order lower, whose values are the code's."""
    import numpy as np

    from wrt.program.emit import compile_program

    lower = compile_program({"f": _array(formula, names[:-1]) if len(names) > 1 else formula.expr}, formula.declarations)
    slope = compile_program({"d": array}, formula.declarations)
    draw = np.random.default_rng(7)
    for _ in range(6):
        point = _point(row, formula, draw)
        try:
            got, want = np.asarray(slope(**point), float), _differences(lower, point, names[-1])
        except (NameError, AttributeError, TypeError, SyntaxError, ValueError) as error:
            says = str(error).splitlines()[0]
            hint = 'NumPy is np, scipy.special is special: numpy="np.sinh({0})".'
            raise TextError(f"the code of {row.name} does not run: {says}.", hint=hint) from error
        if not (np.isfinite(got).all() and np.isfinite(want).all()):
            continue
        gap = float(np.max(np.abs(got - want), initial=0) / (1 + np.max(np.abs(want), initial=0)))
        if gap > LIMIT:
            of = f"the derivative {words} of {formula} by {', '.join(names)}"
            raise ProofError(
                f"the row of {row.name} is wrong: {of} differs from central differences of its code (relative {gap:.0e}, limit {LIMIT:.0e})."
            )
        return
    raise ProofError(f"the row of {row.name} could not be checked: no point of its domain with finite values was found.", hint="say its domain.")


def _point(row: Row, formula: Formula, draw: Any) -> dict[str, Any]:
    """A random point: of an elementwise function in its domain, a square matrix near a multiple of the identity."""
    import numpy as np

    low, high = POINTS[row.domain] if isinstance(row, Elementwise) else POINTS["real"]
    point = {}
    for name, d in formula.declarations.items():
        x = draw.uniform(low, high, [s.value({}) for s in d.shape.sizes])
        square = x.ndim == 2 and x.shape[0] == x.shape[1]
        point[name] = x / 2 + 2 * np.eye(len(x)) if square else x if x.ndim else float(x)
    return point


def _differences(function: Any, point: dict[str, Any], name: str) -> Any:
    """The derivative of a compiled function by an argument; axes of the function, then of the argument."""
    import numpy as np

    base = np.asarray(point[name], float)
    slopes = []
    for k in range(base.size):
        move = np.zeros(base.size)
        move[k] = STEP
        moved = {j: base + j * move.reshape(base.shape) for j in (-2, -1, 1, 2)}
        at = {j: np.asarray(function(**{**point, name: x if x.ndim else float(x)}), float) for j, x in moved.items()}
        slopes.append((8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * STEP))
    table = np.array(slopes).reshape((*base.shape, *slopes[0].shape))
    return np.moveaxis(table, range(base.ndim), range(-base.ndim, 0)) if base.ndim else table
