"""`Traced`: an array as NumPy means it (any number of axes, trailing axes broadcast), held as a node of the text language.

The language has columns, rows and matrices where NumPy has axes. An array's node is a value over those axes whose size is not a literal 1, in
order: no axis a scalar, one a column or a row (whichever is shorter to write; they mean the same here), two a matrix, more a tensor. So
x[:, None], keepdims and broadcasting only change which axes a node's own axes stand for.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from wrt.errors import ShapeError, TextError
from wrt.language.sizes import Size
from wrt.language.surface import Node, Unary
from wrt.tracing.lengths import ONE, Sizes, quotient, say
from wrt.tracing.trace import Trace

IN_PLACE = "build it with np.where, np.concatenate or np.stack."


class NoMethodError(TextError, AttributeError):
    """A method that traced arrays have not; an AttributeError too, so that hasattr says so."""


class Traced:
    """An array that records what is done with it; `sizes` its axes, `node` its value over the axes that are not of size 1."""

    __array_priority__ = 2000
    __hash__ = object.__hash__

    def __init__(self, trace: Trace, node: Node, sizes: Sizes) -> None:
        self.home = trace
        self.node = node
        self.sizes = sizes

    # ------------------------------------------------------------------------------------------------ what code asks
    @property
    def core(self) -> tuple[int, ...]:
        """The axes whose size is not 1: those that the node has."""
        return tuple(k for k, s in enumerate(self.sizes) if s is not ONE)

    @property
    def shape(self) -> tuple[Any, ...]:
        """The sizes as code uses them: plain ints, or numbers that stand for a size."""
        return tuple(self.home.count_of(s) for s in self.sizes)

    @property
    def ndim(self) -> int:
        return len(self.sizes)

    @property
    def size(self) -> Any:
        """NumPy's number of entries, torch's size(axis)."""
        return Entries(self)

    @property
    def T(self) -> Any:
        return self._do("transpose")

    mT = property(lambda self: self._do("matrix_transpose"))  # noqa: N815 - NumPy's name
    real = property(lambda self: self)
    dtype = property(lambda self: None)
    data = property(lambda self: self)

    def __repr__(self) -> str:
        from wrt.language.unparse import short

        return f"Traced({short(self.node)}, {say(self.sizes)})"

    def __len__(self) -> int:
        if not self.sizes:
            raise TextError("a scalar has no length.")
        number = self.sizes[0].number
        if number is None:
            raise ShapeError(f"the length {self.sizes[0]} is a symbol, no whole number.", hint="declare a number for it, or use x.shape[0].")
        return number

    def __iter__(self) -> Iterator[Traced]:
        return iter([self[k] for k in range(len(self))])

    def __bool__(self) -> bool:
        raise TextError("a traced array has no truth value: a formula cannot branch on data.", hint="use np.where(condition, a, b).")

    def __index__(self) -> int:
        raise ShapeError("a traced array cannot be a Python whole number.", hint="declare a number for its size, or declare the variable an integer.")

    def __float__(self) -> float:
        raise TextError("a traced array has no value yet.", hint="use np. functions instead of math on plain floats.")

    def __setitem__(self, key: object, value: object) -> None:
        raise TextError("a formula has no assignment into an array.", hint=IN_PLACE)

    def __getitem__(self, key: Any) -> Traced:
        from wrt.tracing.indexing import indexed

        return indexed(self, key)

    def __getattr__(self, name: str) -> Any:
        """A method is the function of that name: x.sum(axis=0) is np.sum(x, axis=0)."""
        from wrt.tracing.functions import METHODS

        if name not in METHODS:
            raise NoMethodError(f"arrays have no method {name!r} that a formula could hold.", hint=IN_PLACE if name == "at" else "")
        return lambda *args, **options: METHODS[name](self, *args, **options)

    def _do(self, name: str, *args: Any) -> Any:
        from wrt.tracing.functions import METHODS

        return METHODS[name](self, *args)

    # ------------------------------------------------------------------------------------------------ operators
    def _binary(self, op: str, other: object, *, reverse: bool = False) -> Any:
        from wrt.tracing.broadcast import operation

        if not _operand(other):
            return NotImplemented
        pair = (other, self) if reverse else (self, other)
        return operation(self.home, op, *pair)

    def __add__(self, other: object) -> Any:
        return self._binary("+", other)

    def __radd__(self, other: object) -> Any:
        return self._binary("+", other, reverse=True)

    def __sub__(self, other: object) -> Any:
        return self._binary("-", other)

    def __rsub__(self, other: object) -> Any:
        return self._binary("-", other, reverse=True)

    def __mul__(self, other: object) -> Any:
        return self._binary("*", other)

    def __rmul__(self, other: object) -> Any:
        return self._binary("*", other, reverse=True)

    def __truediv__(self, other: object) -> Any:
        return self._binary("/", other)

    def __rtruediv__(self, other: object) -> Any:
        return self._binary("/", other, reverse=True)

    def __pow__(self, other: object) -> Any:
        return self._binary("**", other)

    def __rpow__(self, other: object) -> Any:
        return self._binary("**", other, reverse=True)

    def __matmul__(self, other: object) -> Any:
        return self._do("matmul", other)

    def __rmatmul__(self, other: object) -> Any:
        return self.home.constant(other)._do("matmul", self)

    def __lt__(self, other: object) -> Any:
        return self._binary("<", other)

    def __le__(self, other: object) -> Any:
        return self._binary("<=", other)

    def __gt__(self, other: object) -> Any:
        return self._binary(">", other)

    def __ge__(self, other: object) -> Any:
        return self._binary(">=", other)

    def __eq__(self, other: object) -> Any:
        return self._binary("==", other)

    def __ne__(self, other: object) -> Any:
        return self._binary("!=", other)

    def __and__(self, other: object) -> Any:
        return self._do("logical_and", other)

    def __rand__(self, other: object) -> Any:
        return self._do("logical_and", other)

    def __or__(self, other: object) -> Any:
        return self._do("logical_or", other)

    def __ror__(self, other: object) -> Any:
        return self._do("logical_or", other)

    def __invert__(self) -> Any:
        return self._do("logical_not")

    def __neg__(self) -> Traced:
        return Traced(self.home, self.home.put(Unary("-", self.node)), self.sizes)

    def __pos__(self) -> Traced:
        return self

    def __abs__(self) -> Any:
        return self._do("abs")

    # ------------------------------------------------------------------------------------------------ NumPy's and torch's own dispatch
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        from wrt.tracing.functions import function

        if method != "__call__":
            return NotImplemented
        return function(self.home, "numpy", ufunc.__name__)(*inputs, **options)

    def __array_function__(self, func: Any, types: object, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        from wrt.tracing.functions import function

        return function(self.home, "numpy", func.__name__)(*args, **options)


class Count(Traced):
    """A size used as a number: sums and products of sizes stay sizes, so that they may be bounds and shapes."""

    def __init__(self, trace: Trace, node: Node, length: Size) -> None:
        super().__init__(trace, node, ())
        self.length = length

    def _binary(self, op: str, other: object, *, reverse: bool = False) -> Any:
        size = size_of(other)
        if size is None:
            return super()._binary(op, other, reverse=reverse)
        a, b = (size, self.length) if reverse else (self.length, size)
        match op:
            case "+" | "-" | "*":
                return self.home.count_of(a + b if op == "+" else a - b if op == "-" else a * b)
            case "==" | "!=":
                return (a is b) == (op == "==")
        return super()._binary(op, other, reverse=reverse)

    def __neg__(self) -> Any:
        return self.home.count_of(-self.length)

    def __floordiv__(self, other: object) -> Any:
        return self._quotient(self.length, size_of(other))

    def __rfloordiv__(self, other: object) -> Any:
        return self._quotient(size_of(other), self.length)

    def _quotient(self, a: Size | None, b: Size | None) -> Any:
        found = None if a is None or b is None else quotient(a, b)
        if found is None:
            raise ShapeError(f"{a} // {b} is not known for symbolic sizes.", hint='declare the size as a product, as in x="batch h*d".')
        return self.home.count_of(found)

    def __mod__(self, other: object) -> Any:
        b = size_of(other)
        if b is None or quotient(self.length, b) is None:
            raise ShapeError(f"{self.length} % {other!r} is not known for symbolic sizes.")
        return 0

    def __index__(self) -> int:
        raise ShapeError(
            f"the size {self.length} is a symbol, no whole number.",
            hint=f"declare a number in place of {self.length} where a Python loop runs over it.",
        )

    def __bool__(self) -> bool:
        return True


class Entries(Count):
    """x.size: a number, and torch's method."""

    def __init__(self, array: Traced) -> None:
        total = ONE
        for s in array.sizes:
            total = total * s
        super().__init__(array.home, array.home.size(total), total)
        self.array = array

    def __call__(self, axis: int | None = None) -> Any:
        return self.array.shape if axis is None else self.array.shape[axis]


def _operand(value: object) -> bool:
    return isinstance(value, (Traced, bool, int, float, Fraction, list, tuple)) or hasattr(value, "tolist")


def size_of(value: object) -> Size | None:
    """The size that a value is: an int, or a number that stands for one."""
    if isinstance(value, Size):
        return value
    if isinstance(value, Count):
        return value.length
    if isinstance(value, bool) or not hasattr(type(value), "__index__") or isinstance(value, Traced):
        return None
    return Size.of(int(value.__index__())) if hasattr(value, "__index__") else None
