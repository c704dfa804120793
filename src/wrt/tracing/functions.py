"""What NumPy, SciPy, jax.numpy and torch call things: one small function a name, over traced arrays.

Most elementwise functions have the language's own name; the rest are rows of `SPELLED`, written in the language. The tables are looked up by the
last part of a name (np.linalg.inv is "inv"), so that np, jnp and torch share them; where libraries differ, `OWN` has the library's own.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from wrt.errors import ShapeError, TextError, UnknownNameError
from wrt.tables.foreign import SENTENCES, SPELLINGS
from wrt.tables.functions import FUNCTIONS
from wrt.tables.libraries import NAMES, OPERATORS
from wrt.tracing import axes as ax
from wrt.tracing import layers as ly
from wrt.tracing import linear as la
from wrt.tracing import making as mk
from wrt.tracing import pieces as pc
from wrt.tracing import reducing as rd
from wrt.tracing.array import Traced
from wrt.tracing.broadcast import applied, operation, spread
from wrt.tracing.indexing import Range, indexed
from wrt.tracing.lengths import ONE, say
from wrt.tracing.loops import LOOPS
from wrt.tracing.spelling import IDENTITIES, SPELLED, spelled
from wrt.tracing.trace import Trace

Function = Callable[..., Any]


def _clip(x: Any, low: Any = None, high: Any = None, **options: Any) -> Traced:
    low = options.get("a_min", options.get("min", low))
    high = options.get("a_max", options.get("max", high))
    trace: Trace = next(v.home for v in (x, low, high) if isinstance(v, Traced))
    if low is not None:
        x = applied(trace, "maximum", x, low)
    return applied(trace, "minimum", x, high) if high is not None else x


def _where(trace: Trace, condition: Any, *branches: Any) -> Traced:
    if len(branches) != 2:
        raise TextError("where takes a condition and two branches.")
    return applied(trace, "where", condition, *branches)


def _logaddexp(trace: Trace, a: Any, b: Any) -> Traced:
    for x, y in ((a, b), (b, a)):
        if not isinstance(x, Traced) and x == 0:
            return applied(trace, "softplus", y)
    return operation(trace, "+", a, applied(trace, "softplus", operation(trace, "-", b, a)))


def _power(x: Traced, k: int) -> Traced:
    base = la.matrix_function(x, "inv") if k < 0 else x
    if abs(k) == 1:
        return base
    return mk.eye(x.home, x.home.count_of(x.sizes[0])) if k == 0 else la.matrix_function(base, "matpow", abs(k))


def _transpose(x: Traced, *args: Any, **options: Any) -> Traced:
    axes = options.pop("axes", args[0] if len(args) == 1 and not isinstance(args[0], int) else args)
    if isinstance(axes, tuple) and len(axes) == 2 and len(x.sizes) > 2:  # torch: two axes to swap
        return ax.swapped(x, *axes)
    return ax.permuted(x, tuple(axes) if axes else tuple(range(len(x.sizes)))[::-1])


def _matrix_transpose(x: Traced) -> Traced:
    return ax.swapped(x, -1, -2)


def _slogdet(x: Traced) -> tuple[Traced, Traced]:
    sign = applied(x.home, "sign", la.matrix_function(x, "det"))
    return sign, la.matrix_function(x, "logdet")


def _svd(x: Traced, full_matrices: bool = True, compute_uv: bool = True, **options: Any) -> Any:
    values = la.matrix_function(x, "svdvals")
    if not compute_uv:
        return values
    if full_matrices and x.sizes[0] is not x.sizes[1]:
        raise TextError("svd with full_matrices=True has columns that no formula determines.", hint="pass full_matrices=False.")
    return la.matrix_function(x, "svd_u"), values, la.matrix_function(x, "svd_v").T


def _eigh(x: Traced, **options: Any) -> tuple[Traced, Traced]:
    return la.matrix_function(x, "eigvalsh"), la.matrix_function(x, "eigvecsh")


def _diff(x: Traced, n: int = 1, axis: int = -1) -> Traced:
    k = ax.axis_of(x, axis)
    for _ in range(n):
        later, earlier = ((slice(None),) * k + (s,) for s in (slice(1, None), slice(None, -1)))
        x = operation(x.home, "-", indexed(x, later), indexed(x, earlier))
    return x


def _take(x: Traced, places: Any, axis: int | None = None, **options: Any) -> Traced:
    k = ax.axis_of(x, options.get("dim", axis) if axis is None and "dim" in options else 0 if axis is None and len(x.sizes) == 1 else axis)
    return indexed(x, (slice(None),) * k + (places,))


def _take_along(x: Traced, places: Traced, axis: int = -1, **options: Any) -> Traced:
    """One entry a row (or column) of a matrix, by a vector of places with an axis of size 1."""
    k = ax.axis_of(x, options.get("dim", axis))
    if len(x.core) != 2 or len(places.sizes) != 2 or places.sizes[k] is not ONE or places.sizes[1 - k] is not x.sizes[1 - k]:
        raise ShapeError(f"take_along_axis is supported for one place a row of a matrix; found {say(x.sizes)} and {say(places.sizes)}.")
    flat = Traced(x.home, places.node, (places.sizes[1 - k],))
    every = Range(x.home, x.home.number(0), (x.sizes[1 - k],))
    found = indexed(x, (every, flat) if k else (flat, every))
    return ax.expanded(found, k)


def _trapezoid(y: Traced, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Traced:
    """The trapezoidal rule along an axis."""
    k = ax.axis_of(y, axis)
    later, earlier = (indexed(y, (slice(None),) * k + (s,)) for s in (slice(1, None), slice(None, -1)))
    step = dx if x is None else _diff(y.home.constant(x))
    return ax.reduced("sum", operation(y.home, "*", step, operation(y.home, "/", operation(y.home, "+", later, earlier), 2)), axis)


def _flip(x: Traced, axis: Any = None, **options: Any) -> Traced:
    gone = ax.axes_of(x, options.get("dims", axis))
    return indexed(x, tuple(slice(None, None, -1) if k in gone else slice(None) for k in range(len(x.sizes))))


# name -> function of (x, ...), x traced
METHODS: dict[str, Function] = {
    **{name: rd.reduction(name) for name in ("sum", "mean", "prod", "max", "min")},
    "amax": rd.reduction("max"),
    "amin": rd.reduction("min"),
    "var": rd.variance("var"),
    "std": rd.variance("std"),
    **{name: rd.along(name, None) for name in ("softmax", "log_softmax", "cumsum")},
    "logsumexp": rd.logsumexp,
    "norm": rd.norm,
    "vector_norm": rd.norm,
    "average": rd.average,
    "clip": _clip,
    "clamp": _clip,
    "transpose": _transpose,
    "permute": lambda x, *axes: ax.permuted(x, axes[0] if len(axes) == 1 else axes),
    "permute_dims": ax.permuted,
    "matrix_transpose": _matrix_transpose,
    "t": _matrix_transpose,
    "swapaxes": ax.swapped,
    "moveaxis": ax.moved,
    "movedim": ax.moved,
    "expand_dims": ax.expanded,
    "unsqueeze": ax.expanded,
    "squeeze": lambda x, axis=None, dim=None: ax.squeezed(x, axis if dim is None else dim),
    "reshape": lambda x, *shape, **o: ax.reshaped(x, *(shape or (o.get("shape", o.get("newshape")),))),
    "view": ax.reshaped,
    "ravel": lambda x, *_: ax.reshaped(x, -1),
    "flatten": lambda x, *_: ax.reshaped(x, -1),
    "broadcast_to": lambda x, shape: spread(x, mk.shape((shape,))),
    "expand": lambda x, *shape: spread(x, mk.shape(shape)),
    "atleast_2d": lambda x: x if len(x.sizes) > 1 else ax.expanded(x, 0),
    "flip": _flip,
    "diff": _diff,
    "take": _take,
    "index_select": lambda x, dim, index: _take(x, index, dim),
    "take_along_axis": _take_along,
    "split": pc.split_by_size,  # arrays of NumPy have no such method
    "chunk": pc.chunk,
    "unbind": pc.unbind,
    "narrow": pc.narrow,
    "roll": pc.roll,
    "tile": pc.tile,
    "repeat": pc.repeat_of_a_method,
    "pad": pc.pad,
    "vander": pc.vander,
    "flipud": lambda x: _flip(x, 0),
    "fliplr": lambda x: _flip(x, 1),
    "masked_fill": lambda x, mask, value: _where(x.home, mask, value, x),
    "ndim": lambda x: x.ndim,
    "dim": lambda x: x.ndim,
    "numel": lambda x: x.size(),
    "ptp": lambda x, axis=None: operation(x.home, "-", ax.reduced("max", x, axis), ax.reduced("min", x, axis)),
    "trapezoid": _trapezoid,
    "cov": ly.covariance,
    "cho_factor": ly.cho_factor,
    "gather": lambda x, dim, index: _take_along(x, index, dim),
    "matmul": lambda x, y: la.matmul(x, y, x.home),
    "mm": lambda x, y: la.matmul(x, y, x.home),
    "mv": lambda x, y: la.matmul(x, y, x.home),
    "bmm": lambda x, y: la.matmul(x, y, x.home),
    "dot": lambda x, y: la.dot(x, y, x.home),
    "trace": la.traced,
    "diag": la.diagonal,
    "diagonal": la.diagonal,
    "tril": lambda x, k=0, diagonal=0: pc.triangle(x, "tril", k or diagonal),
    "triu": lambda x, k=0, diagonal=0: pc.triangle(x, "triu", k or diagonal),
    **{
        name: (lambda x, name=name, **_: la.matrix_function(x, name))
        for name in "inv det pinv expm logm sqrtm cholesky eigvalsh svdvals logdet".split()
    },
    "inverse": lambda x: la.matrix_function(x, "inv"),
    "slogdet": _slogdet,
    "svd": _svd,
    "eigh": _eigh,
    "matrix_power": _power,
    "zeros_like": lambda x, **_: mk.filled(x.home, 0, x.sizes),
    "ones_like": lambda x, **_: mk.filled(x.home, 1, x.sizes),
    "full_like": lambda x, value, **_: mk.filled(x.home, value, x.sizes),
    "negative": lambda x: -x,
    "neg": lambda x: -x,
    "positive": lambda x: x,
    "real_if_close": lambda x: x,
    "count_nonzero": lambda x, axis=None: ax.reduced("sum", operation(x.home, "!=", x, 0), axis),
    **{name: (lambda x, *_, **__: x) for name in IDENTITIES},
}


def _elementwise_method(name: str) -> Function:
    def run(x: Any, *args: Any, **options: Any) -> Traced:
        for quiet in ("out", "where", "casting", "dtype", "approximate", "inplace"):
            options.pop(quiet, None)
        trace: Trace = next(v.home for v in (x, *args) if isinstance(v, Traced))
        if name in SPELLED:
            return spelled(trace, name, x, *args, **options)
        rd.no_options(options, name)
        if name in OPERATORS:
            return operation(trace, OPERATORS[name], x, *args)
        inner = NAMES.get(name, name)
        return applied(trace, inner, x, *args)

    return run


for _name in (*FUNCTIONS, *NAMES, *SPELLED, *OPERATORS):
    METHODS.setdefault(_name, _elementwise_method(_name))

# name -> function of (trace, ...)
FREE: dict[str, Function] = {
    "where": _where,
    "logaddexp": _logaddexp,
    "einsum": la.einsum,
    "tensordot": lambda trace, a, b, axes=2, dims=None: la.tensordot(a, b, axes if dims is None else dims, trace),
    "outer": lambda trace, a, b: la.outer(a, b, trace),
    "ger": lambda trace, a, b: la.outer(a, b, trace),
    "inner": lambda trace, a, b: la.inner(a, b, trace),
    "vdot": lambda trace, a, b: la.dot(ax.reshaped(trace.constant(a), -1), ax.reshaped(trace.constant(b), -1), trace),
    "kron": lambda trace, a, b: la.kron(a, b, trace),
    "dot": lambda trace, a, b: la.dot(a, b, trace),
    "matmul": lambda trace, a, b: la.matmul(a, b, trace),
    "solve": lambda trace, a, b, **_: la.solve(a, b, trace),
    "multi_dot": la.chain,
    "lstsq": lambda trace, a, b, rcond=None, **_: la.least_squares(a, b, trace),
    "concatenate": lambda trace, parts, axis=0, dim=None, **_: ax.concatenated(trace, parts, axis if dim is None else dim),
    "concat": lambda trace, parts, axis=0, dim=None, **_: ax.concatenated(trace, parts, axis if dim is None else dim),
    "cat": lambda trace, parts, dim=0, axis=None: ax.concatenated(trace, parts, dim if axis is None else axis),
    "stack": lambda trace, parts, axis=0, dim=None: ax.stack(trace, parts, axis if dim is None else dim),
    "vstack": lambda trace, parts: ax.concatenated(trace, [METHODS["atleast_2d"](trace.constant(p)) for p in parts], 0),
    "hstack": lambda trace, parts: ax.concatenated(trace, parts, 0 if len(trace.constant(parts[0]).sizes) < 2 else 1),
    "column_stack": lambda trace, parts: ax.concatenated(
        trace, [a if len(a.sizes) > 1 else ax.expanded(a, 1) for a in map(trace.constant, parts)], 1
    ),
    "append": lambda trace, a, b, axis=None: ax.concatenated(trace, [a, b], 0 if axis is None else axis),
    "array": lambda trace, value, *_, **__: trace.constant(value),
    "asarray": lambda trace, value, *_, **__: trace.constant(value),
    "tensor": lambda trace, value, *_, **__: trace.constant(value),
    "zeros": lambda trace, *shape, **o: mk.filled(trace, 0, *(shape[:1] if shape and isinstance(shape[0], (tuple, list)) else shape)),
    "ones": lambda trace, *shape, **o: mk.filled(trace, 1, *(shape[:1] if shape and isinstance(shape[0], (tuple, list)) else shape)),
    "full": lambda trace, shape, value, **_: mk.filled(trace, value, shape),
    "eye": mk.eye,
    "identity": mk.eye,
    "arange": mk.arange,
    "one_hot": lambda trace, places, num_classes=None, **_: indexed(mk.eye(trace, num_classes), places),
    "convolve": lambda trace, x, k, mode="full": mk.convolved(trace, x, k, mode, flip=True),
    "correlate": lambda trace, x, k, mode="valid": mk.convolved(trace, x, k, mode, flip=False),
    "normalize": ly.normalized,
    "linear": ly.linear,
    "addmm": ly.addmm,
    "layer_norm": ly.layer_norm,
    "scaled_dot_product_attention": ly.attention,
    "cosine_similarity": ly.cosine_similarity,
    "cdist": ly.cdist,
    "mse_loss": ly.loss(ly.squared),
    "l1_loss": ly.loss(ly.absolute),
    "huber_loss": ly.loss(ly.huber),
    "smooth_l1_loss": ly.loss(ly.smooth_l1),
    "cross_entropy": ly.loss(ly.cross_entropy),
    "nll_loss": ly.loss(ly.picked),
    "binary_cross_entropy_with_logits": ly.loss(ly.with_logits),
    "binary_cross_entropy": ly.loss(lambda trace, p, y: spelled(trace, "binary_cross_entropy", p, y)),
    "solve_triangular": ly.solve_triangular,
    "cho_solve": ly.cho_solve,
    "polyval": pc.polyval,
    "split": lambda trace, x, parts, axis=0: pc.split(x, parts, axis),
    "array_split": lambda trace, x, parts, axis=0: pc.split(x, parts, axis),
    "hsplit": lambda trace, x, parts: pc.split(x, parts, min(1, len(x.sizes) - 1)),
    "vsplit": lambda trace, x, parts: pc.split(x, parts, 0),
    "repeat": lambda trace, x, repeats, axis=None: pc.repeat(x, repeats, axis),
}

# (library, name) -> function of (trace, ...): where libraries disagree
OWN: dict[tuple[str, str], Function] = {
    ("jax", "gelu"): lambda trace, x, approximate=True: spelled(trace, "gelu_tanh", x) if approximate else applied(trace, "gelu", x),
    ("torch", "gelu"): lambda trace, x, approximate="none": spelled(trace, "gelu_tanh", x) if approximate == "tanh" else applied(trace, "gelu", x),
    ("jax", "softmax"): lambda trace, x, axis=-1, **_: ax.along("softmax", x, axis),
    ("jax", "log_softmax"): lambda trace, x, axis=-1, **_: ax.along("log_softmax", x, axis),
    ("torch", "sum"): lambda trace, x, *args, **o: METHODS["sum"](x, *args, **o),
    ("torch", "var"): lambda trace, x, *args, **o: rd.variance("var")(x, *args, **{"unbiased": True, **o}),
    ("torch", "std"): lambda trace, x, *args, **o: rd.variance("std")(x, *args, **{"unbiased": True, **o}),
    ("torch", "split"): lambda trace, x, parts, dim=0: pc.split_by_size(x, parts, dim),
    ("torch", "pad"): lambda trace, x, widths, *args, **o: pc.pad_from_last(x, widths, *args, **o),
    ("torch", "cov"): lambda trace, x, correction=1: ly.covariance(x, ddof=correction),
    ("jax", "huber"): lambda trace, delta, x: spelled(trace, "huber", delta, x),
}


LOOPING = ("jax", "torch")  # libraries with loops and derivatives as functions of functions


def known(name: str, library: str = "") -> bool:
    """Whether there is a function of that name."""
    return name in METHODS or name in FREE or (library, name) in OWN


def function(trace: Trace, library: str, name: str) -> Function:
    """The function of that name in a library, over traced arrays. Raises: UnknownNameError."""
    own = OWN.get((library, name)) or FREE.get(name) or (LOOPS.get(name) if library in LOOPING else None)
    if own is not None:
        return lambda *args, **options: own(trace, *args, **options)
    method = METHODS.get(name)
    if method is None:
        raise UnknownNameError(f"{library}'s {name} is not known to from_function.", hint=_instead(name))
    if name in FUNCTIONS or name in NAMES or name in SPELLED or name in OPERATORS:
        return method
    return lambda x, *args, **options: method(trace.constant(x), *args, **options)


def _instead(name: str) -> str:
    """What to write for a function that is not known: why there is none, how it is spelt, or the nearest name."""
    if name in SENTENCES:
        return SENTENCES[name]
    if name in SPELLINGS:
        return f"write {name}(x, y) as {SPELLINGS[name].format('x', 'y', 'z', all='x, y, z')}."
    near = get_close_matches(name, [*METHODS, *FREE], 1, 0.75)
    return f"did you mean {near[0]}?" if near else "write it with functions of the text language."


__all__ = ["METHODS", "function", "known"]
