"""What a step costs: multiply-adds for given sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wrt.language.sizes import Size
from wrt.program.plan import ENTRY, FLOP, SMALL, STREAM
from wrt.program.steps import Step

OVERHEAD = 0.6  # us of any call
FREE = {"input", "size", "number", "constant", "transpose", "diagonal", "reshape", "expand", "gather", "float", "literal", "cell", "blocks"}


def multiply_adds(steps: Iterable[Step], value: Callable[[Size], int]) -> int:
    """The multiply-adds of a program; a function value counts as one."""
    return sum(_cost(x, value) for x in steps)


def time_of(x: Step, value: Callable[[Size], int]) -> float:
    """About how long a step takes, in microseconds: large matrix products at arithmetic speed, the rest at the speed of memory."""
    if x.op in FREE:
        return 0.2
    size = _numel(x.shape, value)
    largest = max([size, *[_numel(a.shape, value) for a in x.args]])
    if x.op == "matmul" and x.order == 2:
        inner = value(x.args[1].shape[0])
        small = min(inner, value(x.shape[0]), value(x.shape[1])) < SMALL
        return OVERHEAD + STREAM * largest + (6 if small else 1) * FLOP * size * inner
    if x.op == "contract":
        return 4 * OVERHEAD + STREAM * largest + 2 * FLOP * _cost(x, value)
    if x.op in ("solve", "inverse", "operator") and x.args and x.args[0].order == 2:
        return 10 * OVERHEAD + 2 * FLOP * _cost(x, value)
    return OVERHEAD + (STREAM if x.op in ("matmul", "dot", "norm", "sum") else ENTRY) * largest


def _numel(shape: Iterable[Size], value: Callable[[Size], int]) -> int:
    total = 1
    for s in shape:
        total *= value(s)
    return total


def _cost(x: Step, value: Callable[[Size], int]) -> int:
    size = _numel(x.shape, value)
    if x.op in FREE:
        return 0
    if x.op == "matmul":
        return size * value(x.args[1].shape[0])
    if x.op == "contract":
        first, second, _ = x.data
        lengths = dict(zip((*first, *second), (*x.args[0].shape, *x.args[1].shape), strict=True))  # type: ignore[misc]  # tuples of labels
        return _numel(lengths.values(), value)
    if x.op in ("sum", "dot", "norm", "tril", "triu", "cumsum", "put", "scatter_add"):
        return _numel(x.args[0].shape, value)
    if x.op in ("scatter", "take"):
        return 0
    if x.op in ("mul", "add"):
        return size * max(1, len(x.args) - 1)
    if x.op in ("inverse", "solve", "factor", "cholesky", "factored", "spd_inverse"):
        n = value(x.args[0].shape[0])
        columns = _numel(x.shape[1:], value)
        return {"inverse": n**3, "factor": n**3 // 3, "cholesky": n**3 // 6, "factored": n * n * columns, "spd_inverse": n**3 // 3}.get(
            x.op, n**3 // 3 + n * n * columns
        )
    if x.op == "operator":
        base = x.args[0].shape
        if len(base) == 2 and x.data[0] not in ("prod", "max", "min", "argmax", "argmin", "onehot"):
            m, n = value(base[0]), value(base[1])
            return m * n * max(m, n)
        return max(size, _numel(base, value))
    return size
