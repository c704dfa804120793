"""`from_function`: array code as a formula."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from types import FrameType
from typing import Any

from wrt.errors import ShapeError, TextError, UnknownNameError, WrtError
from wrt.formula import Formula
from wrt.language import declarations as declare
from wrt.language.places import tensor_shape
from wrt.language.read import say as say_declared
from wrt.language.scopes import size_names
from wrt.language.shapes import annotate
from wrt.language.sizes import Size
from wrt.language.surface import Declaration, Node, Source
from wrt.tracing.array import Traced
from wrt.tracing.broadcast import upright
from wrt.tracing.lengths import say
from wrt.tracing.modules import Rebinding
from wrt.tracing.sharing import shared
from wrt.tracing.trace import Trace

CANDIDATES = 200  # shapes tried for what nobody declared


def from_function(fn: Callable[..., Any], /, **shapes: str | Sequence[int | str]) -> Formula:
    """The formula that NumPy, jax.numpy or torch code computes, with the library's meaning: trailing axes broadcast, axis=-1 is the last.

    `shapes`: a declaration for each argument, W="m n", x="batch n", c="", idx="k integer", or a tuple of sizes. An argument with a default
    keeps it. A shape that is left out is found where only one fits; where several do, ShapeError asks with the choices.
    Raises: ShapeError, TextError, UnknownNameError (a library function that is not known).

    >>> import wrt
    >>> import numpy as np
    >>> print(wrt.from_function(lambda x, W, b: np.tanh(x @ W.T + b), x="batch n", W="m n", b="m"))
    tanh(x @ W.T + b.T)
    >>> f = wrt.from_function(lambda w, X, y: np.mean((X @ w - y) ** 2), w="n", X="m n", y="m")
    >>> print(wrt.gradient(f, "w"))
    2/m*X.T @ (X @ w - y)
    """
    if not callable(fn):
        raise TextError(f"from_function takes a Python function, not {type(fn).__name__}.")
    names, fixed = _arguments(fn, shapes)
    declared = {name: _declared(name, shapes[name]) for name in names if name in shapes}
    declare._distinct(declared)
    open_names = [name for name in names if name not in declared]
    if not open_names:
        return _traced(fn, declared, fixed, ())
    declared = _inferred(fn, names, declared, fixed, open_names)
    return _traced(fn, declared, fixed, tuple(say_declared(declared[name]) for name in open_names))


def _arguments(fn: Callable[..., Any], shapes: Mapping[str, object]) -> tuple[list[str], dict[str, Any]]:
    """(arguments that become variables, arguments that keep their defaults)."""
    try:
        parameters = inspect.signature(fn).parameters
    except (TypeError, ValueError):
        raise TextError(f"the arguments of {fn!r} cannot be read.", hint="wrap it in a lambda.") from None
    names, fixed = [], {}
    for name, p in parameters.items():
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            raise TextError(f"a formula has a fixed list of variables; the function takes {'*' if p.kind is p.VAR_POSITIONAL else '**'}{name}.")
        if name not in shapes and p.default is not p.empty:
            fixed[name] = p.default
        else:
            names.append(name)
    for name in shapes:
        if name not in parameters:
            raise UnknownNameError(f"the function has no argument named '{name}'.", hint=f"its arguments are {', '.join(parameters) or 'none'}.")
    return names, fixed


def _declared(name: str, shape: str | Sequence[int | str]) -> Declaration:
    if isinstance(shape, str):
        found = declare.parse(f"{name}: {shape}")
        if len(found) != 1:
            raise TextError(f"{name} is declared as {shape!r}: sizes and facts, separated by spaces.")
        return found[name]
    return declare.declare({name: tuple(shape)})[name]


def _inferred(
    fn: Callable[..., Any], names: list[str], declared: dict[str, Declaration], fixed: dict[str, Any], open_names: list[str]
) -> dict[str, Declaration]:
    """The declarations with the one assignment of known sizes under which the function runs. Raises: ShapeError with the choices."""
    sizes = [Size.of(name) for name in size_names(declared)]
    shapes = [(), *[(s,) for s in sizes], *product(sizes, sizes)]
    if len(shapes) ** len(open_names) > CANDIDATES:
        raise ShapeError(
            f"the shape of {', '.join(open_names)} is not declared.", hint=f'for example {open_names[0]}="m n", or {open_names[0]}="" for a scalar.'
        )
    fits: list[dict[str, Declaration]] = []
    failure: Exception | None = None
    for choice in product(shapes, repeat=len(open_names)):
        tried = {**declared, **{n: Declaration(n, tensor_shape(s)) for n, s in zip(open_names, choice, strict=True)}}
        try:
            _traced(fn, {n: tried[n] for n in names}, fixed, ())
        except Exception as error:  # noqa: BLE001 - whatever the code raises for arrays of that shape, they do not fit
            failure = error
            continue
        fits.append({n: tried[n] for n in names})
    if not fits:
        raise ShapeError(f"no shape of {', '.join(open_names)} made of the declared sizes fits ({failure})", hint="declare it.")
    if len(fits) > 1:
        said = [", ".join(f'{n}="{" ".join(map(str, f[n].shape.sizes))}"' for n in open_names) for f in fits]
        raise ShapeError(
            f"which shape has {', '.join(open_names)}? {len(fits)} fit.",
            hint="declare one of " + "; ".join(said[:8]) + ("; ..." if len(said) > 8 else "") + ".",
        )
    return fits[0]


def _traced(fn: Callable[..., Any], declared: dict[str, Declaration], fixed: dict[str, Any], assumed: tuple[str, ...]) -> Formula:
    trace = Trace(declared)
    rebinding = Rebinding(trace)
    run = rebinding.translated(fn)
    arguments = {name: trace.variable(d) for name, d in declared.items()}
    locals_of: dict[int, str] = {}
    try:
        with _watched(rebinding, locals_of):
            result = _called(run, fn, arguments, {k: rebinding.translated(v) for k, v in fixed.items()})
        tree = _result(trace, result)
        tree = shared(trace, tree, locals_of)
        sizes = dict.fromkeys([*size_names(declared)])
        conditions = annotate(tree, declared, sizes=sizes)
    except WrtError as error:
        kind = TextError if isinstance(error, AttributeError) else type(error)
        raise kind(error.message, hint=error.hint) from error
    return Formula(Source(tree, declared, tuple(sizes), assumed=assumed, conditions=conditions))


def _called(run: Callable[..., Any], fn: Callable[..., Any], arguments: dict[str, Traced], fixed: dict[str, Any]) -> Any:
    """The function's result; arguments go by position where they can (a library's function has names of its own)."""
    together: dict[str, Any] = {**arguments, **fixed}
    kinds = inspect.signature(fn).parameters
    placed = [n for n, p in kinds.items() if p.kind is not p.KEYWORD_ONLY]
    while placed and placed[-1] in fixed:
        placed.pop()  # a default at the end stays the function's own
    named = {n: together[n] for n, p in kinds.items() if p.kind is p.KEYWORD_ONLY and n not in fixed}
    return run(*[together[n] for n in placed], **named)


def _result(trace: Trace, result: Any) -> Node:
    """The node of what the function returned: a column where it has one axis."""
    if result is None:
        raise TextError("the function returns nothing.")
    if isinstance(result, (tuple, dict)) or type(result).__name__ == "Extreme":
        raise TextError("a formula is one array; the function returns several.", hint="return one of them.")
    x = trace.constant(result)
    if len(x.core) != 1:
        return x.node
    place = x.core[0]
    if len(x.sizes) == 2 and place == 1:
        return trace.turned(upright(trace, x.node))
    return upright(trace, x.node)


@contextmanager
def _watched(rebinding: Rebinding, names: dict[int, str]) -> Iterator[None]:
    """Note what the function, and those that it calls, name their intermediate arrays: id of a node -> name, the outermost name last."""
    before = sys.getprofile()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "return" and frame.f_globals.get("__builtins__") is rebinding.builtins:
            names.update({id(value.node): name for name, value in frame.f_locals.items() if isinstance(value, Traced) and name.isidentifier()})

    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)


__all__ = ["from_function", "say"]
