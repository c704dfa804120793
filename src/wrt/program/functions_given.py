"""Declared functions as arguments of a program: callables by order of derivative, g[0](x) the value, g[1](x) the derivative, h[1, 0](x, y).

    g = np_function                       the value alone
    g = [value, gradient, hessian]        a function of one argument, derivatives in order, None for one that is not needed
    h = {(0, 0): ..., (1, 0): ...}        several arguments: by how often each is derived by

Each takes and returns arrays as the formula says (a gradient has the shape of the argument, a Jacobian is m x n); a function of scalars is
called with whole arrays and goes entry by entry, as NumPy's own do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wrt.errors import NotDifferentiableError, ShapeError, TextError
from wrt.language.functions_declared import index_name, printed
from wrt.language.sizes import Size
from wrt.language.surface import FunctionDeclaration

Orders = tuple[int, ...]


class Given:
    """The callables passed for one declared function; what comes back is checked. Equal where they hold the same callables."""

    shape = ()  # as a number's, to whoever looks up code by the shapes of arguments

    def __init__(self, declaration: FunctionDeclaration, table: Mapping[Orders, Callable[..., Any]]) -> None:
        self.declaration = declaration
        self.table = table

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Given) and other.declaration == self.declaration and other.table == self.table

    def __hash__(self) -> int:
        return hash((self.declaration, tuple(sorted((k, id(f)) for k, f in self.table.items()))))

    def __getitem__(self, orders: int | Orders) -> Callable[..., Any]:
        key = (orders,) if isinstance(orders, int) else orders
        d, f = self.declaration, self.table.get(key)
        if f is None:
            raise NotDifferentiableError(f"the program needs {spoken(d, key)}, which was not passed.", hint=passing(d))

        def checked(*arguments: Any) -> Any:
            value = f(*arguments)
            wanted = expected(d, key, [tuple(getattr(a, "shape", ())) for a in arguments])
            found = tuple(getattr(value, "shape", ()))
            if len(found) != len(wanted) or any(w is not None and w != n for w, n in zip(wanted, found, strict=True)):
                says = " x ".join("?" if w is None else str(w) for w in wanted) or "a number"
                raise ShapeError(f"{spoken(d, key)} returned shape {found}; it is {says}.", hint=f"{d.name} is declared {d}.")
            return value

        return checked


def spoken(d: FunctionDeclaration, orders: Orders) -> str:
    """The derivative as it is printed: grad(g), D(h, 1, 1)."""
    return printed(index_name(d.name, orders, elementwise=d.elementwise), {d.name: d})


def passing(d: FunctionDeclaration) -> str:
    """How the callables of a function are passed."""
    if len(d.arguments) == 1:
        return f"pass {d.name}=[value, derivative, second derivative, ...], one function each as far as needed."
    first = (1, *[0] * (len(d.arguments) - 1))
    return f"pass {d.name}={{{tuple([0] * len(first))}: value, {first}: derivative by the first argument, ...}}."


def given(d: FunctionDeclaration, value: Any) -> Given:
    """The callables that were passed for a function. Raises: TextError for anything else."""
    if isinstance(value, Given):
        return value
    count = len(d.arguments)
    table: dict[Orders, Callable[..., Any]] = {}
    if callable(value):
        table = {(0,) * count: value}
    elif isinstance(value, Mapping):
        table = {(k,) if isinstance(k, int) else tuple(k): f for k, f in value.items()}
    elif isinstance(value, Sequence) and not isinstance(value, str) and count == 1:
        table = {(k,): f for k, f in enumerate(value) if f is not None}
    if not table or not all(callable(f) and len(k) == count for k, f in table.items()):
        raise TextError(f"{d.name} is a function and is passed as a Python function.", hint=passing(d))
    return Given(d, table)


def expected(d: FunctionDeclaration, orders: Orders, shapes: Sequence[tuple[int, ...]]) -> tuple[int | None, ...]:
    """The shape that a derivative has at arguments of given shapes; None for a size that the arguments do not show."""
    if d.elementwise:
        axes = max(map(len, shapes))
        padded = [(1,) * (axes - len(s)) + s for s in shapes]
        return tuple(max(sizes) for sizes in zip(*padded, strict=True))
    known: dict[str, int] = {}
    for argument, shape in zip(d.arguments, shapes, strict=True):
        known.update({size.name: n for size, n in zip(argument.sizes, shape, strict=False) if size.name is not None})

    def number(size: Size) -> int | None:
        return size.value(known) if size.names <= set(known) else None

    sizes = [*d.shape.sizes]
    for argument, k in zip(d.arguments, orders, strict=True):
        sizes += argument.sizes * k
    return tuple(number(s) for s in sizes)
