"""The functions of the text language as Python functions of formulas: wrt.exp(x), wrt.norm(X, "nuc"), wrt.sum(X, axis=0)."""

from __future__ import annotations

from collections.abc import Callable

from wrt.formula import Formula, call
from wrt.language.hints import for_function
from wrt.language.signatures import known_functions

_MADE: dict[str, Callable[..., Formula]] = {}


def function(name: str) -> Callable[..., Formula]:
    """The function of that name; AttributeError when the language has none.

    >>> import wrt
    >>> print(wrt.logdet(wrt.symbols("X: n n")))
    logdet(X)
    """
    if name not in _MADE:
        if name not in known_functions():
            hint = for_function(name, (), known_functions()) if not name.startswith("_") else ""
            raise AttributeError(f"module 'wrt' has no attribute {name!r}{': ' * bool(hint)}{hint}")

        def apply(*arguments: object, **options: object) -> Formula:
            return call(name, *arguments, **options)

        apply.__name__ = apply.__qualname__ = name
        apply.__doc__ = f"The formula {name}(...) of the text language; see docs/text-language.md."
        _MADE[name] = apply
    return _MADE[name]
