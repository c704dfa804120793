"""Declared functions as Python objects: g = wrt.symbols("g: (n) -> ()"), applied to formulas as g(A @ x), its derivatives as g.D(1)(x)."""

from __future__ import annotations

from collections.abc import Callable

from wrt.errors import TextError
from wrt.formula import Formula, formula_of, joined, typed
from wrt.language.functions_declared import HIGHEST, index_name, printed
from wrt.language.scopes import size_names
from wrt.language.surface import Call, FunctionDeclaration


class UndefinedFunction:
    """A function of which only shapes are declared; called with formulas (or numbers) it gives a formula.

    >>> import wrt
    >>> g, A, x = wrt.symbols("g: (m) -> (), A: m n, x: n")
    >>> print(wrt.derive(g(A @ x), "x"))
    A.T @ grad(g)(A @ x)
    >>> print(g.D(2)(A @ x))
    hess(g)(A @ x)
    """

    def __init__(self, declaration: FunctionDeclaration) -> None:
        self.declaration = declaration

    def __call__(self, *arguments: object) -> Formula:
        return self._applied(self.declaration.name, arguments)

    def D(self, *orders: int) -> Callable[..., Formula]:
        """The derivative, by each argument as often as its order says: g.D(1)(x), h.D(1, 0)(x, y)."""
        d = self.declaration
        if len(orders) != len(d.arguments) or any(not 0 <= k <= HIGHEST for k in orders):
            raise TextError(f"{d.name} takes {len(d.arguments)} orders of derivatives, each from 0 to {HIGHEST}.", hint=f"it is declared {d}.")
        name = printed(index_name(d.name, orders, elementwise=d.elementwise), {d.name: d})
        return lambda *arguments: self._applied(name, arguments)

    def _applied(self, function: str, arguments: tuple[object, ...]) -> Formula:
        parts = tuple(formula_of(a) for a in arguments)
        declarations, sizes = joined(parts)
        declarations = {self.declaration.name: self.declaration, **declarations}
        tree = Call(function, tuple(p.source.tree for p in parts))
        sizes.update(size_names(declarations))
        return typed(tree, declarations, sizes)

    def __repr__(self) -> str:
        return f"UndefinedFunction('{self.declaration}')"
