"""Running emitted code: made a function once, told with its lines when it fails."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any
from zlib import crc32

from wrt.errors import DomainError, ShapeError, WrtError

KEPT = 200  # sources whose lines tracebacks can show


def execute(source: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    """The last function that a source defines; tracebacks show its lines."""
    filename = f"<wrt program {crc32(source.encode()):08x}>"
    try:
        code = compile(source, filename, "exec")
    except SyntaxError as error:
        raise AssertionError(f"the emitted code is not valid; please report this as a bug: {error}\n{numbered(source)}") from None
    for old in [name for name in linecache.cache if name.startswith("<wrt program")][:-KEPT]:
        del linecache.cache[old]
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    scope = dict(namespace)
    exec(code, scope)  # noqa: S102 - the code that was just emitted
    functions = [v for v in scope.values() if getattr(getattr(v, "__code__", None), "co_filename", None) == filename]
    return functions[-1]  # type: ignore[no-any-return]  # a function


def told(error: Exception, source: str) -> Exception:
    """What emitted code raised, with the code: a place outside an array, a quotient by an empty size as ShapeError, a singular matrix as DomainError."""
    if isinstance(error, IndexError):
        return ShapeError(f"an index leaves its range at these sizes: {error}.")
    if isinstance(error, ZeroDivisionError):
        return ShapeError("the formula divides by a size that is 0 here.")
    if type(error).__name__.endswith("LinAlgError"):  # NumPy's, SciPy's or Torch's
        return DomainError(f"the formula has no value here: {error}.")
    if not isinstance(error, WrtError):
        error.add_note(f"in the compiled program:\n{numbered(source)}")
    return error


def numbered(source: str) -> str:
    """The source with line numbers."""
    return "\n".join(f"{k:4}  {line}" for k, line in enumerate(source.splitlines(), 1))
