"""The kinds of row: frozen records of texts. Formulas are in wrt's own text language and are parsed on first use, by whoever uses them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Elementwise:
    """A function of scalars applied entry by entry.

    `d`: one derivative a differentiable argument, in the argument names and `y`, the function's own value ("" for an argument with
    none: a condition, an order). `arguments`: names in order. `domain`: where the first argument may lie: real, positive, nonzero, unit (-1, 1),
    above_one (1, inf). `kink`: the condition under which the derivative holds, in the argument names ("x != 0"), or "".
    `alone`: the same where no other argument varies, if that is another minimal-norm subgradient at the kink, else ().
    `defined`: an equal formula in simpler functions, or "": the proof evaluates it, so that identities between functions hold exactly.
    `numpy`: how NumPy/SciPy code spells the call, with {0}, {1} for the arguments, and {y} nowhere.

    >>> Elementwise("square", d=("2*x",), defined="x**2", even=True).arguments
    ('x',)
    """

    name: str
    d: tuple[str, ...]
    arguments: tuple[str, ...] = ("x",)
    domain: str = "real"
    kink: str = ""
    defined: str = ""
    latex: str = ""
    numpy: str = ""
    source: str = ""
    odd: bool = False
    even: bool = False
    alone: tuple[str, ...] = ()
    at_zero: str = ""  # the value at 0 as text ("0", "1", "1/2"), "" when it is none of these: lets constants fold


@dataclass(frozen=True, slots=True)
class Matrix:
    """A function of whole matrices. `signature`: "X[n,n] -> [n,n]"; a scalar result is "[]".

    `d`: the differential, linear in dX (dA for an argument A), in the text language, may use the function itself. `assumes`: its condition of
    validity, "" when none. `defined`: an equal formula, or "" (then the row needs no `d`).

    >>> Matrix("commutator", "A[n,n], B[n,n] -> [n,n]", defined="A @ B - B @ A").signature
    'A[n,n], B[n,n] -> [n,n]'
    """

    name: str
    signature: str
    d: str = ""
    assumes: str = ""
    defined: str = ""
    latex: str = ""
    numpy: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Reduction:
    """A function over all entries or along `axis`. `result`: "reduce" (the axis goes) or "keep" (the shape stays).

    `axis_for_matrix`: the axis must be said for a matrix. `defined`: an equal formula in x, or "" for those that every room knows; an axis
    goes to each reduction in it.

    >>> Reduction("spread", defined="max(x) - min(x)").result
    'reduce'
    """

    name: str
    result: str = "reduce"
    axis_for_matrix: bool = False
    defined: str = ""
    latex: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something declared of a variable. `needs`: "any", "square", "matrix", "vector", "scalar"; `implies`: facts that follow.

    `open`: the set is open, so the fact may be used at any time, also before deriving by the variable itself.
    `linear`: the set is a linear space (then the default derivative is projected onto it).
    """

    name: str
    needs: str = "any"
    implies: tuple[str, ...] = field(default=())
    open: bool = False
    linear: bool = False
    says: str = ""
