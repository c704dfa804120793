"""Reductions with their keywords: axis= and keepdims=, which torch calls dim= and keepdim=; where torch divides and returns otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wrt.errors import TextError
from wrt.tracing import axes as ax
from wrt.tracing.array import Traced
from wrt.tracing.broadcast import applied, operation

Function = Callable[..., Any]


def axis_option(options: dict[str, Any], default: Any = None) -> Any:
    """axis=, which torch calls dim=; options that change nothing are dropped."""
    for name in ("dtype", "out", "where", "initial", "stable"):
        if options.get(name) is not None and name in ("out", "where", "initial"):
            raise TextError(f"the option {name}= is not supported.")
        options.pop(name, None)
    found = options.pop("axis", None)
    dim = options.pop("dim", None)
    return found if found is not None else dim if dim is not None else default


def keep_option(options: dict[str, Any]) -> bool:
    first, second = options.pop("keepdims", None), options.pop("keepdim", None)
    return bool(first or second)


def no_options(options: dict[str, Any], name: str) -> None:
    if options:
        raise TextError(f"{name} has no option {next(iter(options))}= that a formula could hold.")


class Extreme:
    """What torch's max along an axis returns: .values, or the first of a pair."""

    def __init__(self, values: Traced) -> None:
        self.values = values

    def __getitem__(self, k: int) -> Traced:
        if k:
            raise TextError("the place of a maximum has no derivative and is not kept.")
        return self.values


def reduction(name: str) -> Function:
    def run(x: Traced, *args: Any, **options: Any) -> Any:
        torch = "dim" in options
        axis, keep = axis_option(options, args[0] if args else None), keep_option(options)
        if name in ("max", "min") and isinstance(axis, Traced):
            return applied(x.home, f"{name}imum", x, axis)
        no_options(options, name)
        out = ax.reduced(name, x, axis, keep=keep)
        return Extreme(out) if torch and name in ("max", "min") else out

    return run


def variance(power: str) -> Function:
    def run(x: Traced, *args: Any, **options: Any) -> Traced:
        unbiased = options.pop("unbiased", "dim" in options)  # torch divides by the count less one
        axis, keep = axis_option(options, args[0] if args else None), keep_option(options)
        ddof = options.pop("ddof", options.pop("correction", int(bool(unbiased))))
        no_options(options, "var")
        out = ax.variance(x, axis, ddof, keep=keep)
        return applied(x.home, "sqrt", out) if power == "std" else out

    return run


def along(name: str, default: Any) -> Function:
    def run(x: Traced, *args: Any, **options: Any) -> Traced:
        axis = axis_option(options, args[0] if args else default)
        no_options(options, name)
        if axis is None and name == "cumsum" and len(x.sizes) > 1:
            x = ax.reshaped(x, -1)
        return ax.along(name, x, axis)

    return run


def logsumexp(x: Traced, *args: Any, **options: Any) -> Traced:
    weights = options.pop("b", None)
    axis, keep = axis_option(options, args[0] if args else None), keep_option(options)
    no_options(options, "logsumexp")
    if weights is not None:
        total = ax.reduced("sum", operation(x.home, "*", weights, applied(x.home, "exp", x)), axis, keep=keep)
        return applied(x.home, "log", total)
    return ax.reduced("logsumexp", x, axis, keep=keep)


def norm(x: Traced, *args: Any, **options: Any) -> Traced:
    order = options.pop("ord", options.pop("p", args[0] if args else None))
    axis, keep = axis_option(options, args[1] if len(args) > 1 else None), keep_option(options)
    no_options(options, "norm")
    return ax.norm(x, order, axis, keep=keep)


def average(x: Traced, axis: Any = None, weights: Any = None, **options: Any) -> Traced:
    if weights is None:
        return ax.reduced("mean", x, axis)
    no_options(options, "average")
    w = x.home.constant(weights)
    if axis is not None and len(w.sizes) == 1 < len(x.sizes):
        w = ax.reshaped(w, *[w.sizes[0] if k == ax.axis_of(x, axis) else 1 for k in range(len(x.sizes))])
    top = ax.reduced("sum", operation(x.home, "*", w, x), axis)
    return operation(x.home, "/", top, ax.reduced("sum", w, axis if len(w.sizes) == len(x.sizes) else None))
