"""Differentiating numerically beside the proof: the compiled derivative against central differences of the compiled function.

Independent of the calculus: only values of the function one order lower are used. The point is drawn with the facts declared, and an entry of
a structured variable is moved along its structure, as the convention says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Any

from wrt.api import FormulaLike, as_formula, derive
from wrt.derivative import Derivative
from wrt.errors import DomainError, NoClosedFormError, ProofError, TextError, UnknownNameError
from wrt.formula import Formula
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.surface import FunctionDeclaration

if TYPE_CHECKING:
    from wrt.proof.numeric import FloatDraw
    from wrt.proof.trial import Question

DIGITS = 20  # of the random numbers of a point
LIMIT = 1e-6  # largest difference allowed, relative to 1 + the largest entry
STEP = 1e-3  # in units of the variable; the differences are of fourth order
LARGEST_VALUE = 1e6  # points where something is larger are drawn anew
LARGEST_SIZE = 12


@dataclass(frozen=True)
class Verification:
    """What `wrt.verify` found: the verdict of the proof over every view, and the largest difference from central differences.

    `views`: the proof's verdict, view by view; `largest_difference`: relative to 1 + the largest entry, at the entry `where` of the
    derivative's array, which is `derived` by the formula and `by_differences` numerically.

    >>> import wrt
    >>> found = wrt.verify("x.T @ A @ x", "x", seed=3)
    >>> found.views["matrix form"], found.sizes, found.largest_difference < 1e-9
    ('exact', {'n': 3}, True)
    """

    derivative: Derivative
    views: Mapping[str, str]
    sizes: Mapping[str, int]
    seed: int
    largest_difference: float
    where: tuple[int, ...]
    derived: float
    by_differences: float

    @property
    def verified(self) -> str:
        """The worst of the views: "exact", "numeric" or "unverified: why"."""
        return self.derivative.verified

    @property
    def verdict(self) -> str:
        """The same: "exact", "numeric" or "unverified: why"."""
        return self.verified

    def __str__(self) -> str:
        proof = {"exact": "proved exactly", "numeric": "proved by floats of high precision"}.get(self.verified, self.verified)
        sizes = "".join(f"{name} = {value}, " for name, value in self.sizes.items())
        d = self.derivative
        return (
            f"the derivative of {d.formula} by {', '.join(d.names)} is {proof} and agrees with central differences "
            f"to {self.largest_difference:.0e} ({sizes}seed {self.seed})."
        )


def verify(
    f: FormulaLike,
    *names: Any,
    layout: str | None = None,
    structure: str | None = None,
    sizes: Mapping[str, int] | None = None,
    seed: int = 0,
    shapes: ShapeSpec = None,
    assume: FactSpec = None,
) -> Verification:
    """Prove every view of the derivative of f, and compare its values with central differences at a random point.

    `sizes`: whole numbers from 1 to 12 by name; `seed`: a whole number, the same point for the same seed.

    Raises: ProofError when they disagree, with the entry and the command that repeats it.

    >>> import wrt
    >>> found = wrt.verify("logdet(X)", "X", sizes={"n": 3}, seed=7)
    >>> found.verified, found.largest_difference < 1e-9
    ('exact', True)
    """
    if sizes is not None and not isinstance(sizes, Mapping):
        raise TextError(f"sizes are a mapping, not {type(sizes).__name__}.", hint='sizes={"n": 3}.')
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TextError(f"the seed is a whole number, not {seed!r}.")
    formula = as_formula(f, shapes, assume)
    d = derive(formula, *names, layout=layout, structure=structure)
    if not isinstance(d, Derivative):
        raise TextError("verify takes one derivative at a time, not a list of names.")
    _ = d.matrix, d.kronecker, d.operator
    chosen = _sizes(d.formula, sizes or {})
    point, draw = _point(d, chosen, seed)
    got, numeric = d(**point), _differences(d, draw, point)
    import numpy as np

    got, numeric = np.asarray(got, float), np.asarray(numeric, float)
    gaps = np.abs(got - numeric) / (1 + np.abs(numeric).max(initial=0))
    where = tuple(map(int, np.unravel_index(int(gaps.argmax()), gaps.shape)))
    found = Verification(d, dict(d._verdicts), chosen, seed, float(gaps.max(initial=0)), where, float(got[where]), float(numeric[where]))
    if found.largest_difference > LIMIT:
        raise ProofError(_disagreement(found))
    return found


def _sizes(f: Formula, given: Mapping[str, int]) -> dict[str, int]:
    """A small number for every size: those given, and distinct ones for the rest."""
    for name, value in given.items():
        if name not in f.source.sizes:
            raise UnknownNameError(f"'{name}' is no size of the formula.", hint=f"its sizes are {', '.join(f.source.sizes) or 'none'}.")
        if not isinstance(value, int) or not 1 <= value <= LARGEST_SIZE:
            raise TextError(f"a size to verify at is a whole number from 1 to {LARGEST_SIZE}, not {value!r}.")
    free = iter(k for k in range(3, 4 + len(f.source.sizes) + len(given)) if k not in given.values())
    return {name: given[name] if name in given else next(free) for name in f.source.sizes}


def _point(d: Derivative, sizes: dict[str, int], seed: int) -> tuple[dict[str, Any], FloatDraw]:
    """A random point, with the facts declared, where the function and its derivative have moderate values; and the draw it is from."""
    import numpy as np

    from wrt.proof.numeric import STYLES, FloatDraw, Numeric, context
    from wrt.proof.stand_in import stand_in
    from wrt.proof.walk import BUDGET

    f = d.formula
    value, slope, looked_up = f.compile(), d.compile(), _question(d).reading.looked_up
    for attempt in range(5):
        for style in range(len(STYLES)):
            draw = FloatDraw(f.declarations, sizes, f"verify.{seed}.{attempt}", looked_up, style)
            point: dict[str, Any] = {}
            for name, declared in f.declarations.items():
                if isinstance(declared, FunctionDeclaration):
                    point[name] = stand_in(declared, Numeric(_question(d).reading, draw, DIGITS, BUDGET), sizes, np.asarray)
                    continue
                flat = np.array([float(v) for v in draw.floats(context(DIGITS), name)]).reshape(draw.dims(name))
                whole = "integer" in declared.facts
                point[name] = (int(flat) if whole else float(flat)) if not flat.ndim else flat.astype(int) if whole else flat
            with np.errstate(all="ignore"):
                try:
                    values = [np.asarray(value(**point), float), np.asarray(slope(**point), float)]
                except DomainError:  # a singular matrix
                    continue
            if all(np.isfinite(v).all() and np.abs(v).max(initial=0) < LARGEST_VALUE for v in values):
                return point, draw
    raise NoClosedFormError(
        "no random point was found where the function and its derivative have moderate values.", hint="try another seed or other sizes."
    )


def _differences(d: Derivative, draw: FloatDraw, point: Mapping[str, Any]) -> Any:
    """The derivative's array by central differences of fourth order of the derivative one order lower."""
    import numpy as np

    *before, _ = d.names
    lower = Derivative(d.formula, tuple(before), d.convention).compile() if before else d.formula.compile()
    name, base = d.variables[-1].name, np.asarray(point[d.variables[-1].name], float)
    shape, slopes = _part_shape(d, draw), []
    for move in _moves(d, draw):
        values = {}
        for k in (-2, -1, 1, 2):
            moved = base + k * STEP * move.reshape(base.shape)
            values[k] = np.asarray(lower(**{**point, name: moved if moved.ndim else float(moved)}), float)
        slopes.append((8 * (values[1] - values[-1]) - (values[2] - values[-2])) / (12 * STEP))
    table = np.array(slopes).reshape((*shape, *slopes[0].shape))
    return np.moveaxis(table, range(len(shape)), range(-len(shape), 0)) if shape else table


def _part_shape(d: Derivative, draw: FloatDraw) -> tuple[int, ...]:
    return _question(d).dims(draw, d.variables[-1])


def _moves(d: Derivative, draw: FloatDraw) -> list[Any]:
    """For each entry of the last variable (or part) the direction of the whole variable whose derivative is that entry of the array."""
    import numpy as np

    from wrt.proof.jets import Ring

    question, v = _question(d), d.variables[-1]
    count = int(np.prod(question.dims(draw, v)))
    units = [[float(k == n) for n in range(count)] for k in range(count)]
    return [np.array(question.followed(draw, v, unit, Ring(None, 1.0)), float) for unit in units]


def _question(d: Derivative) -> Question:
    from wrt.proof.reading import Reading
    from wrt.proof.trial import Question
    from wrt.proof.walk import BUDGET

    reading = Reading(d.declarations)
    return Question(reading, reading.take(d.formula.source), d.names, d.convention.structure, BUDGET)


def _disagreement(found: Verification) -> str:
    d = found.derivative
    sizes = "".join(f" --size {name}={value}" for name, value in found.sizes.items())
    by = "".join(f" --wrt {quote(name)}" for name in d.names)
    return (
        f"the derivative of {d.formula} by {', '.join(d.names)} disagrees with central differences at {list(found.where)}: "
        f"{found.derived:.6g} against {found.by_differences:.6g} (relative {found.largest_difference:.0e}, limit {LIMIT:.0e}). "
        f'Repeat: wrt verify "{d.formula}"{by}{sizes} --seed {found.seed}'
    )
