"""What is meant by "the derivative": layout, the variable's structure, the value at kinks; named in every result, never implied."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from wrt.errors import TextError

LAYOUTS = ("mixed", "numerator", "denominator")
STRUCTURES = ("projected", "parameters", "ignored")

_LAYOUT_SAYS = {
    "mixed": "mixed layout: gradient of a scalar a column, Jacobian m x n",
    "numerator": "numerator layout: gradient of a scalar a row, Jacobian m x n",
    "denominator": "denominator layout: gradient of a scalar a column, Jacobian n x m",
}
_STRUCTURE_SAYS = {
    "projected": "a structured variable's derivative is projected onto its structure",
    "parameters": "by the independent entries of a structured variable",
    "ignored": "every entry of the variable independent",
}


@dataclass(frozen=True, slots=True)
class Convention:
    """`layout`: mixed, numerator, denominator; `structure`: projected, parameters, ignored; `kinks`: the value taken where no derivative exists.

    >>> Convention(layout="numerator").layout
    'numerator'
    """

    layout: str = "mixed"
    structure: str = "projected"
    kinks: str = "minimal-norm subgradient"

    def __post_init__(self) -> None:
        choice("layout", self.layout, LAYOUTS)
        choice("structure", self.structure, STRUCTURES)

    def __str__(self) -> str:
        return f"{_LAYOUT_SAYS[self.layout]}; {_STRUCTURE_SAYS[self.structure]}; {self.kinks} at kinks"


_CURRENT: ContextVar[Convention | None] = ContextVar("convention", default=None)


def current_convention(layout: str | None = None, structure: str | None = None) -> Convention:
    """The convention in force (of `with wrt.conventions(...)`, else the default, its layout from WRT_LAYOUT), with what is asked for here."""
    now = _CURRENT.get() or Convention(layout=os.environ.get("WRT_LAYOUT") or "mixed")
    return Convention(now.layout if layout is None else layout, now.structure if structure is None else structure)


@contextmanager
def conventions(*, layout: str | None = None, structure: str | None = None) -> Iterator[Convention]:
    """Set the layout and the treatment of structure for a block of code.

    >>> import wrt
    >>> with wrt.conventions(layout="numerator"):
    ...     print(wrt.derive("norm(x)**2", "x", shapes={"x": ("n",)}))
    2*x.T
    """
    chosen = current_convention(layout, structure)
    token = _CURRENT.set(chosen)
    try:
        yield chosen
    finally:
        _CURRENT.reset(token)


def choice(name: str, value: object, allowed: Sequence[str]) -> None:
    """Refuse an argument that is not one of those allowed."""
    if value not in allowed:
        raise TextError(f"{name} must be one of {', '.join(map(repr, allowed))}, not {value!r}.")
