"""The random smooth function of the proof (`unknown.py`) as the callables that a program is passed for a declared function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wrt.language.surface import FunctionDeclaration
from wrt.program.functions_given import Given, Orders, expected
from wrt.proof import unknown
from wrt.proof.walk import Walker


class Table(dict[Orders, Callable[..., Any]]):
    """The partial derivatives of one function, each made when it is asked for."""

    def __init__(self, d: FunctionDeclaration, walker: Walker, sizes: Mapping[str, int], asarray: Callable[[Any], Any]) -> None:
        super().__init__()
        self.d, self.walker, self.asarray = d, walker, asarray
        self.own = tuple(s.value(sizes) for s in d.shape.sizes)

    def get(self, orders: Orders, default: Any = None) -> Callable[..., Any]:
        return lambda *arguments: self._called(orders, arguments)

    def _called(self, orders: Orders, arguments: tuple[Any, ...]) -> Any:
        if not any(type(a).__module__.startswith("jax") for a in arguments):
            return self.asarray(self._value(orders, arguments))
        import jax  # while a function is traced there are no numbers yet
        import jax.numpy as jnp

        shape = self._shape(orders, [tuple(a.shape) for a in arguments])
        kind = jax.eval_shape(lambda: jnp.zeros(shape))
        return jax.pure_callback(lambda *given: self._value(orders, given).astype(kind.dtype), kind, *arguments)

    def _shape(self, orders: Orders, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
        if self.d.elementwise:
            return tuple(n for n in expected(self.d, orders, shapes) if n is not None)
        return (*self.own, *[n for shape, k in zip(shapes, orders, strict=True) for n in shape * k])

    def _value(self, orders: Orders, arguments: tuple[Any, ...]) -> Any:
        import numpy as np

        arrays = [np.asarray(a, dtype=float) for a in arguments]
        shape = self._shape(orders, [a.shape for a in arrays])
        if self.d.elementwise:
            arrays = list(np.broadcast_arrays(*arrays))
        self.walker.ring.work = 0
        found = unknown.number(self.walker, self.d, orders, [a.ravel().tolist() for a in arrays], self.own)
        return np.array([float(v) for v in found]).reshape(shape)


def stand_in(d: FunctionDeclaration, walker: Walker, sizes: Mapping[str, int], asarray: Callable[[Any], Any]) -> Given:
    """The function that the numeric proof takes for a declared one, as an argument of a program."""
    return Given(d, Table(d, walker, sizes, asarray))
