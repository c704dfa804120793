"""Loops and branches that JAX writes as functions of functions: those of a known number of steps are taken, the others refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wrt.errors import ShapeError, TextError
from wrt.tracing import axes as ax
from wrt.tracing.array import Traced, size_of
from wrt.tracing.indexing import indexed
from wrt.tracing.making import vmap
from wrt.tracing.trace import Trace

Function = Callable[..., Any]


def steps(size: object) -> int:
    """A number of steps. Raises: ShapeError for a symbolic size."""
    found = size_of(size)
    if found is None or found.number is None:
        raise ShapeError("a loop has a number of steps that is known.", hint="declare a number in place of the size that it runs over.")
    return found.number


def fori_loop(trace: Trace, lower: Any, upper: Any, body: Function, carry: Any, **options: Any) -> Any:
    """jax.lax.fori_loop: body(i, carry) for every i from `lower` to `upper` - 1."""
    for i in range(steps(lower), steps(upper)):
        carry = body(i, carry)
    return carry


def scan(trace: Trace, fn: Function, carry: Any, xs: Any = None, length: Any = None, reverse: bool = False, **options: Any) -> tuple[Any, Any]:
    """jax.lax.scan over an array whose first axis has a number for its size: (the last carry, the outputs stacked)."""
    if isinstance(xs, (list, tuple, dict)):
        raise TextError("scan runs over one array.", hint="index several arrays in a Python loop.")
    count = steps(length if xs is None else trace.constant(xs).sizes[0])
    out: list[Any] = [None] * count
    for i in reversed(range(count)) if reverse else range(count):
        carry, out[i] = fn(carry, None if xs is None else indexed(trace.constant(xs), i))
    return carry, None if any(y is None for y in out) else ax.stack(trace, out, 0)


def mapped(trace: Trace, fn: Function, xs: Any, **options: Any) -> Traced:
    """jax.lax.map: the function of every member along the first axis."""
    out = vmap(trace, fn)(xs)
    assert isinstance(out, Traced)
    return out


def refused(name: str) -> Function:
    """A function of functions that a formula cannot hold."""

    def run(trace: Trace, *args: Any, **options: Any) -> Any:
        raise TextError(f"{name} is not read: {WHY[name][0]}.", hint=WHY[name][1])

    return run


_DATA = ("a formula cannot branch on data", "np.where(condition, a, b) chooses entry by entry.")
_DERIVED = ("a formula is the function alone", "wrt.derive differentiates what from_function has read.")
WHY: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("cond", "switch", "while_loop", "select_n"), _DATA),
    **dict.fromkeys(("grad", "value_and_grad", "jacfwd", "jacrev", "jacobian", "hessian", "jvp", "vjp", "linearize"), _DERIVED),
    **dict.fromkeys(("associative_scan",), ("its order of steps is not fixed", "write the loop.")),
}
LOOPS: dict[str, Function] = {"vmap": vmap, "fori_loop": fori_loop, "scan": scan, "map": mapped, **{name: refused(name) for name in WHY}}
