"""Arrays made from nothing, functions of functions, convolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from wrt.errors import ShapeError, TextError
from wrt.language.surface import Generator, Slice
from wrt.tracing import axes as ax
from wrt.tracing.array import Traced, size_of
from wrt.tracing.broadcast import operation
from wrt.tracing.indexing import Range, indexed
from wrt.tracing.lengths import ONE, Sizes
from wrt.tracing.trace import Trace

Function = Callable[..., Any]


# ------------------------------------------------------------------------------------------------ arrays made from nothing
def shape(arguments: Sequence[Any]) -> Sizes:
    """The sizes that numbers, sizes or one tuple of them say."""
    listed = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], (tuple, list)) else arguments
    sizes = [s for s in map(size_of, listed) if s is not None]
    if len(sizes) < len(listed):
        raise ShapeError("the shape of an array is made of whole numbers and sizes.")
    return tuple(sizes)


def filled(trace: Trace, value: Any, *lengths: Any) -> Traced:
    """An array of one value."""
    sizes = shape(lengths)
    core = [s for s in sizes if s is not ONE]
    if not core:
        return Traced(trace, trace.constant(value).node, sizes)
    if value == 0 and not isinstance(value, Traced):
        return Traced(trace, trace.call("zeros", *core), sizes)
    ones = Traced(trace, trace.call("ones", *core), sizes)
    return ones if value == 1 and not isinstance(value, Traced) else operation(trace, "*", value, ones)


def eye(trace: Trace, n: Any, m: Any = None, **options: Any) -> Traced:
    sizes = shape((n,) if m is None else (n, m))
    return trace.array(trace.call("eye", *sizes))


def arange(trace: Trace, *args: Any, **options: Any) -> Traced:
    if len(args) not in (1, 2) or options.get("step") not in (None, 1):
        raise TextError("arange takes a length, or a start and a stop.")
    start, stop = (size_of(a) for a in ((0, *args) if len(args) == 1 else args))
    if start is None or stop is None:
        raise ShapeError("the ends of arange are whole numbers or sizes.")
    count = stop - start
    node = trace.table((count,), lambda i: i if not start.terms else trace.binary("+", trace.size(start), i))
    return (Range if not start.terms else Traced)(trace, node, (count,))


def vmap(trace: Trace, fn: Function, in_axes: Any = 0, out_axes: int = 0, **options: Any) -> Function:
    """jax.vmap: the function of one member, with a bound index in place of the axis."""

    def run(*args: Any) -> Traced:
        axes = in_axes if isinstance(in_axes, (tuple, list)) else (in_axes,) * len(args)
        sizes = {a.sizes[ax.axis_of(a, k)] for a, k in zip(args, axes, strict=True) if k is not None}
        if len(sizes) != 1 or out_axes != 0:
            raise ShapeError("vmap maps over axes of one size, to the first axis.")
        (count,) = sizes
        name = trace.fresh()
        i = trace.index(name)

        def member(a: Any, k: int | None) -> Any:
            if k is None:
                return a
            front = ax.moved(a, k, 0)
            return trace.array(trace.part(front.node, [i] + [Slice(None, None, None)] * (len(front.core) - 1)), front.sizes[1:])

        out = trace.constant(fn(*[member(a, k) for a, k in zip(args, axes, strict=True)]))
        inner = [trace.fresh() for _ in out.core]
        body = trace.part(out.node, [trace.index(n) for n in inner]) if inner else out.node
        loops = tuple(trace.loop(n, s) for n, s in zip((name, *inner), (count, *[out.sizes[k] for k in out.core]), strict=True))
        return Traced(trace, trace.put(Generator("array", body, loops)), (count, *out.sizes))

    return run


def convolved(trace: Trace, x: Any, k: Any, mode: str = "full", *, flip: bool) -> Traced:
    if mode != "valid":
        raise TextError('only mode="valid" is supported: the language never pads.', hint="concatenate zeros first.")
    a, b = trace.constant(x), trace.constant(k)
    if flip:
        b = indexed(b, slice(None, None, -1))
    return trace.array(trace.call("conv1d", a.node, b.node))
