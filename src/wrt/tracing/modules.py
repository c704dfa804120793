"""Putting traced arrays through code: a copy of a function whose NumPy, SciPy, jax, torch and math are stand-ins.

jax.numpy and torch refuse arrays that are not theirs, and len() wants a whole number, so a function is not called as it is: its globals and
closure are copied with stand-ins for those libraries, and so are, one by one, the Python functions that it calls. With no traced array among
its arguments a stand-in calls the library itself.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from functools import partial
from inspect import unwrap
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, ModuleType
from typing import Any

from wrt.errors import ShapeError, TextError
from wrt.tables.libraries import NAMES
from wrt.tracing.array import Count, Traced
from wrt.tracing.exact import constant, remembered
from wrt.tracing.functions import LOOPING, METHODS, function, known
from wrt.tracing.loops import LOOPS
from wrt.tracing.trace import Trace

LIBRARIES = {"numpy": "numpy", "scipy": "numpy", "autograd": "numpy", "jax": "jax", "jaxlib": "jax", "torch": "torch", "math": "numpy"}
MADE = frozenset(("zeros", "ones", "full", "eye", "identity"))  # always traced, so that large constants are never written out
TRANSFORMS = frozenset(("jit", "checkpoint", "compile"))


class Rebinding:
    """The stand-ins of one run."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.done: dict[int, Any] = {}
        self.kept: list[Any] = []  # what `done` has the identities of
        self.builtins = {**vars(builtins), **self._builtins(), "__import__": self._import}

    # ------------------------------------------------------------------------------------------------ functions
    def function(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """The function with stand-ins for the libraries that it names."""
        fn = unwrap(fn)
        if isinstance(fn, partial):
            return partial(self.function(fn.func), *map(self.translated, fn.args), **{k: self.translated(v) for k, v in fn.keywords.items()})
        if hasattr(fn, "__func__"):  # a bound method
            inner = self.function(fn.__func__)
            return partial(inner, fn.__self__)  # type: ignore[attr-defined]  # what has __func__ has __self__
        if not isinstance(fn, FunctionType):
            call = vars(type(fn)).get("__call__")
            return partial(self.function(call), fn) if isinstance(call, FunctionType) else fn
        found = self.done.get(id(fn))
        if found is None:
            scope: dict[str, Any] = {"__builtins__": self.builtins, "__name__": fn.__module__ or "", "__doc__": None}
            cells = tuple(CellType() for _ in fn.__closure__ or ())
            found = self.done[id(fn)] = FunctionType(fn.__code__, scope, fn.__name__, fn.__defaults__, cells or None)
            self.kept.append(fn)
            found.__kwdefaults__ = fn.__kwdefaults__
            for name in _names(fn.__code__):
                if name in fn.__globals__:
                    scope[name] = self.translated(fn.__globals__[name])
            for new, old in zip(cells, fn.__closure__ or (), strict=True):
                try:
                    new.cell_contents = self.translated(old.cell_contents)
                except ValueError:  # a cell that is still empty
                    continue
        assert callable(found)
        return found

    def translated(self, value: Any) -> Any:
        """A value as the copied function sees it."""
        library = _library(value)
        if isinstance(value, ModuleType):
            return Library(self, value, library) if library else value
        if library and callable(value) and not isinstance(value, type):
            return self.stand_in(library, getattr(value, "__name__", ""), value)
        return self.function(value) if callable(value) and not isinstance(value, type) else value

    def stand_in(self, library: str, name: str, real: Any) -> Callable[..., Any]:
        """The library's function where nothing is traced, ours where something is."""

        def call(*args: Any, **options: Any) -> Any:
            if library in LOOPING and name in LOOPS:
                return function(self.trace, library, name)(*args, **options)
            if name in TRANSFORMS:
                return args[0] if args else lambda fn: fn
            if name in MADE or _holds_traced((args, options)):
                return function(self.trace, library, name)(*args, **options)
            return remembered(NAMES.get(name, name), args, real(*args, **options)) if not options else real(*args, **options)

        call.__name__ = name or "function"
        return call

    # ------------------------------------------------------------------------------------------------ Python's own
    def _import(self, name: str, *args: Any, **options: Any) -> Any:
        return self.translated(builtins.__import__(name, *args, **options))

    def _builtins(self) -> dict[str, Any]:
        def length(x: Any) -> Any:
            if isinstance(x, Traced):
                if not x.sizes:
                    raise TextError("a scalar has no length.")
                return x.shape[0]
            return len(x)

        def total(values: Any, start: Any = 0) -> Any:
            if isinstance(values, Traced):
                return METHODS["sum"](values, 0) + start
            return sum(values, start)

        def extreme(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
            def run(*args: Any, **options: Any) -> Any:
                if not _holds_traced(args):
                    return real(*args, **options)
                if len(args) == 1 and isinstance(args[0], Traced):
                    return METHODS[name](args[0], 0)
                values = list(args[0] if len(args) == 1 else args)
                out = values[0]
                for v in values[1:]:
                    out = METHODS[name + "imum"](out, v)
                return out

            return run

        def counted(*args: Any) -> range:
            if any(isinstance(a, Count) for a in args):
                raise ShapeError(
                    "a Python loop over a symbolic size cannot be unrolled.", hint="declare a number for the size, or use a whole-array operation."
                )
            return range(*args)

        def plain(real: Callable[..., Any]) -> Callable[..., Any]:
            return lambda *args, **options: args[0] if args and isinstance(args[0], Traced) else real(*args, **options)

        out: dict[str, Any] = {"len": length, "sum": total, "range": counted, "float": plain(float), "int": plain(int)}
        return {**out, "max": extreme("max", max), "min": extreme("min", min)}


class Library:
    """A stand-in for a module."""

    def __init__(self, rebinding: Rebinding, real: ModuleType, library: str) -> None:
        self._rebinding = rebinding
        self._real = real
        self._library = library

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        if isinstance(value, ModuleType):
            return Library(self._rebinding, value, self._library)
        if name in ("pi", "e") and isinstance(value, float):
            return constant(name, value)
        if callable(value) and (not isinstance(value, type) or known(name, self._library)):
            return self._rebinding.stand_in(self._library, name, value)
        return value


def _library(value: Any) -> str:
    """Which known library a module or function is of; "" for none."""
    if isinstance(value, ModuleType):
        module = value.__name__
    elif type(value).__name__ in ("ufunc", "_ArrayFunctionDispatcher"):
        return "numpy"
    else:
        module = getattr(value, "__module__", None) or ""
        if not module and isinstance(value, BuiltinFunctionType):
            module = type(value.__self__).__module__ if value.__self__ is not None else ""
            module = "torch" if "torch" in str(type(value.__self__)) else module
    return LIBRARIES.get(str(module).partition(".")[0], "")


def _names(code: CodeType) -> list[str]:
    """The global names that a function and the functions inside it use."""
    out: dict[str, None] = {}
    todo = [code]
    while todo:
        part = todo.pop()
        out.update(dict.fromkeys(part.co_names))
        todo += [c for c in part.co_consts if isinstance(c, CodeType)]
    return list(out)


def _holds_traced(value: Any) -> bool:
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, Traced):
            return True
        if isinstance(item, (list, tuple)):
            todo.extend(item)
        elif isinstance(item, dict):
            todo.extend(item.values())
    return False
