"""Emitted programs, run at small sizes against the function as typed, before the first result leaves them.

The expected number is the weighted k-th derivative of the typed function along random directions, by the float tier of the proof (central
differences in high precision, the surface tree walked with matrix meaning); the program's array is contracted with the same weights and
directions. Every version of a program is checked: the order of its products depends on the sizes it was made for, its meaning must not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from wrt.algebra.expr import Expr
from wrt.errors import ProofError, TooLargeError
from wrt.language.surface import Declaration, FunctionDeclaration, Source
from wrt.program.emit import Compiled, Program, compile_program
from wrt.proof.arrays import UndecidedError, UnfitError, size_of
from wrt.proof.numeric import STYLES, FloatDraw
from wrt.proof.reading import Reading
from wrt.proof.sizing import Sizing
from wrt.proof.stand_in import stand_in
from wrt.proof.trial import FloatTrial, Question
from wrt.proof.walk import BUDGET, BudgetError

DIGITS = 8  # of the step of the central differences: their error is about 1e-16
POINTS = 8  # tried until one lies in the domain
RTOL, SINGLE = 1e-6, 1e-2  # of the size of the terms summed; for arrays of 32 bits
LARGEST = 1e300
BEYOND = "a number in the formula is past 1e300: its program would overflow."
MEMO = 256  # programs remembered

Asked = Mapping[str, tuple[Expr, Source, tuple[Any, ...]]]  # name -> (expression, what it was derived from, (variables, structure) or ())


class Point(NamedTuple):
    """One trial: the arguments, and for every output the weights, the directions and the expected number."""

    arguments: tuple[Any, ...]
    sizes: dict[str, int]
    seed: str
    outputs: tuple[tuple[Any, tuple[Any, ...], float], ...]


_MEMO: dict[object, Program] = {}


def compile_proved(
    outputs: Asked,
    declarations: Mapping[str, Declaration],
    backend: str = "numpy",
    output: str = "dense",
    facts: Mapping[str, frozenset[str]] | None = None,
    conditions: tuple[str, ...] = (),
) -> Program:
    """The program of the outputs; each version of its code is run against the typed functions before it is used, at sizes as the conditions say.

    Raises: ProofError, when a version is first used, if it disagrees.
    """
    key = (
        tuple((name, expr, asked) for name, (expr, _, asked) in outputs.items()),
        tuple(declarations.items()),
        backend,
        output,
        None if facts is None else tuple(sorted(facts.items())),
    )
    program = _MEMO.get(key)
    if program is None:
        program = compile_program({name: expr for name, (expr, _, _) in outputs.items()}, declarations, backend=backend, output=output, facts=facts)
        program.verify = _verifier(outputs, declarations, conditions)
        if len(_MEMO) >= MEMO:
            _MEMO.clear()
        _MEMO[key] = program
    return program


def _verifier(outputs: Asked, declarations: Mapping[str, Declaration], conditions: tuple[str, ...]) -> Callable[[Program, Compiled], None]:
    """check(program, version): runs the version at a point, found once."""
    found: list[Point | None] = []

    def check(program: Program, version: Compiled) -> None:
        with program.backend.aside():
            if not found:
                found.append(_point(program, outputs, declarations, conditions))
            if found[0] is not None:
                _compare(program, version, found[0])

    return check


# ------------------------------------------------------------------------------------------------ the expected numbers
def _point(program: Program, outputs: Asked, declarations: Mapping[str, Declaration], conditions: tuple[str, ...]) -> Point | None:
    """A point inside the domain of every output; None when the floats have no meaning for the function, or none is found."""
    questions = []
    for _, source, asked in outputs.values():
        names, structure = asked or ((), "ignored")
        reading = Reading(declarations)
        tree = reading.take(source)
        questions.append(Question(reading, tree, names, structure, BUDGET))
    sizing = Sizing(questions[0], program.names)
    sizing.restrict((*conditions, *[f"{m} >= {n}" for m, n in program.tall]))
    with suppress(BudgetError):
        if not conditions and not sizing.has_value(sizing.first):
            sizing.refine()
    tried = 0
    for k in range(POINTS):
        try:
            return _trial(program, questions, sizing.assignment(k), k % len(STYLES), k)
        except UnfitError as error:
            if error.singular and not sizing.refined and not sizing.refine():
                return None
            tried += 1
        except (UndecidedError, BudgetError):
            return None
    return None


def _trial(program: Program, questions: list[Question], sizes: Mapping[str, int], style: int, k: int) -> Point:
    import numpy as np

    seed = f"p{k}"
    looked: dict[str, list[Any]] = {}
    for question in questions:
        for name, axes in question.reading.looked_up.items():
            looked.setdefault(name, []).extend(axes)
    draw = FloatDraw(questions[0].declarations, sizes, seed, looked, style, k)
    numbers = []
    trial = None
    for question in questions:
        trial = FloatTrial(question, draw, DIGITS, library=True)
        weights = np.array(trial.weights, dtype=float).reshape(question.own_dims(draw))
        directions = tuple(np.array(flat, dtype=float).reshape(dims) for dims, flat in trial.pair.tangents)
        numbers.append((weights, directions, float(trial.expected)))
    assert trial is not None
    mp = trial.walker.mp
    arguments: list[Any] = []
    for name, d in program.declarations.items():
        if isinstance(d, FunctionDeclaration):
            arguments.append(stand_in(d, trial.walker, sizes, program.backend.asarray()))
            continue
        flat = draw.floats(mp, name)
        if not d.shape.sizes:
            arguments.append(int(flat[0]) if name in program.binder.whole else np.float64(flat[0]))
        else:
            arguments.append(np.array(flat, dtype=float).reshape(draw.dims(name)))
    return Point(
        tuple(arguments),
        {**sizes, **{n: int(a) for n, a in zip(program.binder.names, arguments, strict=True) if n in program.binder.whole}},
        seed,
        tuple(numbers),
    )


# ------------------------------------------------------------------------------------------------ comparing
def _compare(program: Program, version: Compiled, point: Point) -> None:
    import numpy as np

    passed = [point.sizes[n] for n in version.free]
    if any(not abs(expected) < LARGEST for _, _, expected in point.outputs):
        raise TooLargeError(BEYOND)
    try:
        with np.errstate(all="ignore"):
            results = version.run(*program.converted(point.arguments), *passed)
    except OverflowError:
        raise TooLargeError(BEYOND) from None
    if program.output == "structured":
        results = program.packed(results if isinstance(results, tuple) else (results,), version.cores, point.sizes)
    many = results if len(program.outputs) > 1 else (results,)
    for name, value, (weights, directions, expected) in zip(program.outputs, many, point.outputs, strict=True):
        raw = value.dense() if hasattr(value, "dense") else value
        rtol = RTOL if getattr(raw, "dtype", np.dtype(float)) == np.float64 else SINGLE
        dense = np.asarray(raw, dtype=float)
        wanted = (*np.shape(weights), *[n for v in directions for n in v.shape])
        if dense.shape != wanted and size_of(dense.shape) != size_of(wanted):
            raise _wrong(name, f"its shape is {dense.shape}, that of the derivative {wanted}", point, version.source)
        terms = weights
        for v in directions:
            terms = np.multiply.outer(terms, v)
        products = dense.reshape(np.shape(terms)) * terms
        got, scale = float(products.sum()), float(np.abs(products).sum())
        if not abs(got - expected) <= rtol * (scale + abs(expected) + 1e-6):
            raise _wrong(name, f"along a random direction {got:.10g} against {expected:.10g}", point, version.source)


def _wrong(name: str, why: str, point: Point, source: str) -> ProofError:
    from wrt.program.execute import numbered

    where = ", ".join(f"{n}={k}" for n, k in point.sizes.items())
    return ProofError(
        f"the compiled program disagrees with the function as typed ({name}: {why}; sizes {where}, seed {point.seed}).",
        hint=f"please report this as a bug, with the code:\n{numbered(source)}",
    )


__all__ = ["compile_proved"]
