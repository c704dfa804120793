"""wrt, "with respect to": derivatives as formulas a mathematician would print, proved, and as code.

    d = wrt.derive("norm(A @ x - b)**2", "x")       # 2*A.T @ (A @ x - b)

Every function of the text language is here too, for formulas built from symbols: wrt.exp(x), wrt.norm(A @ x - b), wrt.logdet(X).
"""

from typing import TYPE_CHECKING as _CHECKING
from typing import Any as _Any

from wrt.api import compile, derive, eq, parse, substitute, symbols
from wrt.conventions import Convention, conventions
from wrt.derivative import Derivative
from wrt.equality import Equality, equal
from wrt.errors import (
    DomainError,
    NoClosedFormError,
    NotDifferentiableError,
    ProofError,
    ShapeError,
    TextError,
    TooLargeError,
    UnknownNameError,
    WrtError,
)
from wrt.expansion import Expansion, linearize, taylor
from wrt.formula import Formula, call
from wrt.operators import gradient, hessian, hvp, jacobian, jvp, vjp
from wrt.registry import register, unregister
from wrt.riemannian import RiemannianGradient, riemannian
from wrt.tables.rows import Elementwise, Matrix, Reduction
from wrt.verification import Verification, verify

if _CHECKING:
    from wrt.derivation.exercises.collection import exercise, exercises
    from wrt.derivation.exercises.exercise import Exercise
    from wrt.derivation.exercises.sheet import ExerciseSheet
    from wrt.derivation.lines import LinesMark, check_lines
    from wrt.derivation.mark import Mark, check
    from wrt.derivation.tape import Tape, tape
    from wrt.tracing.function import from_function

__version__ = "0.1.0"
# Loaded when first asked for: a first derivative needs none of them, and they are half of what there is to load.
_LATER = {
    "Exercise": "wrt.derivation.exercises.exercise",
    "ExerciseSheet": "wrt.derivation.exercises.sheet",
    "LinesMark": "wrt.derivation.lines",
    "Mark": "wrt.derivation.mark",
    "Tape": "wrt.derivation.tape",
    "check": "wrt.derivation.mark",
    "check_lines": "wrt.derivation.lines",
    "exercise": "wrt.derivation.exercises.collection",
    "exercises": "wrt.derivation.exercises.collection",
    "from_function": "wrt.tracing.function",
    "tape": "wrt.derivation.tape",
}

__all__ = [
    "Convention",
    "Derivative",
    "DomainError",
    "Elementwise",
    "Equality",
    "Exercise",
    "ExerciseSheet",
    "Expansion",
    "Formula",
    "LinesMark",
    "Mark",
    "Matrix",
    "NoClosedFormError",
    "NotDifferentiableError",
    "ProofError",
    "Reduction",
    "RiemannianGradient",
    "ShapeError",
    "Tape",
    "TextError",
    "TooLargeError",
    "UnknownNameError",
    "Verification",
    "WrtError",
    "call",
    "check",
    "check_lines",
    "compile",
    "conventions",
    "derive",
    "eq",
    "equal",
    "exercise",
    "exercises",
    "from_function",
    "gradient",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "linearize",
    "parse",
    "register",
    "riemannian",
    "substitute",
    "symbols",
    "tape",
    "taylor",
    "unregister",
    "verify",
    "vjp",
]


def __getattr__(name: str) -> _Any:
    if name in _LATER:
        from importlib import import_module

        found = globals()[name] = getattr(import_module(_LATER[name]), name)
        return found
    from wrt.functions import function

    return function(name)


def __dir__() -> list[str]:
    from wrt.language.signatures import known_functions

    return sorted({*__all__, "__version__", *known_functions()})
