"""What NumPy, SciPy, jax.numpy and torch call things: one small function a name, over traced arrays.

Most elementwise functions have the language's own name; the rest are rows of `SPELLED`, written in the language. The tables are looked up by the
last part of a name (np.linalg.inv is "inv"), so that np, jnp and torch share them; where libraries differ, `OWN` has the library's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

from wrt.errors import ShapeError, TextError, UnknownNameError
from wrt.language.parser import parse
from wrt.language.surface import Binary, Call, Name, Node, Number, Slice, Unary, postorder
from wrt.tables.functions import FUNCTIONS
from wrt.tracing import axes as ax
from wrt.tracing import linear as la
from wrt.tracing.array import ONE, Count, Trace, Traced, say, size_of
from wrt.tracing.broadcast import applied, elementwise, operation, spread
from wrt.tracing.indexing import Range, indexed

Function = Callable[..., Any]

# name -> (arguments, the formula, entry by entry)
SPELLED: dict[str, tuple[tuple[str, ...], str]] = {
    "square": (("x",), "x**2"),
    "reciprocal": (("x",), "1/x"),
    "rsqrt": (("x",), "1/sqrt(x)"),
    "exp2": (("x",), "2**x"),
    "log2": (("x",), "log(x)/log(2)"),
    "log10": (("x",), "log(x)/log(10)"),
    "hypot": (("x", "y"), "sqrt(x**2 + y**2)"),
    "logit": (("x",), "log(x/(1 - x))"),
    "log_sigmoid": (("x",), "-softplus(-x)"),
    "log_expit": (("x",), "-softplus(-x)"),
    "logsigmoid": (("x",), "-softplus(-x)"),
    "erfc": (("x",), "1 - erf(x)"),
    "ndtr": (("x",), "(1 + erf(x/sqrt(2)))/2"),
    "xlogy": (("x", "y"), "x*log(y)"),
    "xlog1py": (("x", "y"), "x*log1p(y)"),
    "entr": (("x",), "-x*log(x)"),
    "rel_entr": (("x", "y"), "x*log(x/y)"),
    "kl_div": (("x", "y"), "x*log(x/y) - x + y"),
    "betaln": (("a", "b"), "gammaln(a) + gammaln(b) - gammaln(a + b)"),
    "logical_not": (("x",), "x == 0"),
    "logical_and": (("x", "y"), "(x != 0)*(y != 0)"),
    "logical_or": (("x", "y"), "maximum(x != 0, y != 0)"),
    "heaviside": (("x", "h"), "where(x == 0, h, x > 0)"),
    "squared_difference": (("x", "y"), "(x - y)**2"),
    "relu6": (("x",), "minimum(relu(x), 6)"),
    "leaky_relu": (("x", "negative_slope"), "where(x > 0, x, negative_slope*x)"),
    "elu": (("x", "alpha"), "where(x > 0, x, alpha*expm1(x))"),
    "selu": (("x",), "1.0507009873554805*where(x > 0, x, 1.6732632423543772*expm1(x))"),
    "hard_tanh": (("x",), "maximum(-1, minimum(x, 1))"),
    "hardtanh": (("x",), "maximum(-1, minimum(x, 1))"),
    "softsign": (("x",), "x/(1 + abs(x))"),
    "mish": (("x",), "x*tanh(softplus(x))"),
    "gelu_tanh": (("x",), "x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))/2"),
    "huber": (("delta", "x"), "where(abs(x) <= delta, x**2/2, delta*(abs(x) - delta/2))"),
    "deg2rad": (("x",), "x*pi/180"),
    "rad2deg": (("x",), "x*180/pi"),
    "sinc": (("x",), "sin(pi*x)/(pi*x)"),
}
DEFAULTS: dict[str, dict[str, float]] = {"leaky_relu": {"negative_slope": 0.01}, "elu": {"alpha": 1.0}}
SAME = {  # names that the language has under another one
    "expit": "sigmoid",
    "psi": "digamma",
    "loggamma": "gammaln",
    "lgamma": "gammaln",
    "absolute": "abs",
    "fabs": "abs",
    "arcsin": "arcsin",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "swish": "silu",
    "fmax": "maximum",
    "fmin": "minimum",
}
OPERATORS = {
    "add": "+",
    "subtract": "-",
    "sub": "-",
    "multiply": "*",
    "mul": "*",
    "divide": "/",
    "true_divide": "/",
    "div": "/",
    "power": "**",
    "float_power": "**",
    "pow": "**",
    "less": "<",
    "lt": "<",
    "less_equal": "<=",
    "le": "<=",
    "greater": ">",
    "gt": ">",
    "greater_equal": ">=",
    "ge": ">=",
    "equal": "==",
    "eq": "==",
    "not_equal": "!=",
    "ne": "!=",
}
IDENTITIES = (
    "array asarray asanyarray ascontiguousarray copy clone detach astype float float32 float64 double item tensor as_tensor stop_gradient contiguous to cpu "
    "numpy real conj conjugate atleast_1d block_until_ready requires_grad_ nan_to_num"
).split()


def spelled(trace: Trace, name: str, *arguments: Any, **options: Any) -> Traced:
    """A function that the language does not have, written with those that it has."""
    names, formula = SPELLED[name]
    values = list(arguments) + [options.get(n, DEFAULTS.get(name, {}).get(n)) for n in names[len(arguments) :]]
    if len(values) != len(names) or any(v is None for v in values):
        raise TextError(f"{name} takes {len(names)} argument{'s' * (len(names) > 1)}: {', '.join(names)}.")
    return elementwise(trace, lambda nodes: _written(trace, parse(formula), dict(zip(names, nodes, strict=True))), values)


def _written(trace: Trace, tree: Node, values: dict[str, Node]) -> Node:
    """A formula's tree over given nodes."""
    made: dict[int, Node] = {}
    for node in postorder(tree):
        match node:
            case Name():
                made[id(node)] = values[node.name] if node.name in values else trace.put(Name(node.name, "constant"))
            case Number():
                made[id(node)] = trace.put(node)
            case Unary():
                made[id(node)] = trace.put(Unary(node.op, made[id(node.argument)]))
            case Binary():
                made[id(node)] = trace.binary(node.op, made[id(node.left)], made[id(node.right)])
            case Call():
                made[id(node)] = trace.call(node.function, *[made[id(a)] for a in node.arguments])
    return made[id(tree)]


# ------------------------------------------------------------------------------------------------ keywords of two libraries
def _axis(options: dict[str, Any], default: Any = None) -> Any:
    """axis=, which torch calls dim=; options that change nothing are dropped."""
    for name in ("dtype", "out", "where", "initial", "stable"):
        if options.get(name) is not None and name in ("out", "where", "initial"):
            raise TextError(f"the option {name}= is not supported.")
        options.pop(name, None)
    found = options.pop("axis", None)
    dim = options.pop("dim", None)
    return found if found is not None else dim if dim is not None else default


def _keep(options: dict[str, Any]) -> bool:
    first, second = options.pop("keepdims", None), options.pop("keepdim", None)
    return bool(first or second)


def _none(options: dict[str, Any], name: str) -> None:
    if options:
        raise TextError(f"{name} has no option {next(iter(options))}= that a formula could hold.")


class Extreme:
    """What torch's max along an axis returns: .values, or the first of a pair."""

    def __init__(self, values: Traced) -> None:
        self.values = values

    def __getitem__(self, k: int) -> Traced:
        if k:
            raise TextError("the place of a maximum has no derivative and is not kept.")
        return self.values


def _reduction(name: str) -> Function:
    def run(x: Traced, *args: Any, **options: Any) -> Any:
        torch = "dim" in options
        axis, keep = _axis(options, args[0] if args else None), _keep(options)
        if name in ("max", "min") and isinstance(axis, Traced):
            return applied(x.trace, f"{name}imum", x, axis)
        _none(options, name)
        out = ax.reduced(name, x, axis, keep=keep)
        return Extreme(out) if torch and name in ("max", "min") else out

    return run


def _variance(power: str) -> Function:
    def run(x: Traced, *args: Any, **options: Any) -> Traced:
        unbiased = options.pop("unbiased", "dim" in options)  # torch divides by the count less one
        axis, keep = _axis(options, args[0] if args else None), _keep(options)
        ddof = options.pop("ddof", options.pop("correction", int(bool(unbiased))))
        _none(options, "var")
        out = ax.variance(x, axis, ddof, keep=keep)
        return applied(x.trace, "sqrt", out) if power == "std" else out

    return run


def _along(name: str, default: Any) -> Function:
    def run(x: Traced, *args: Any, **options: Any) -> Traced:
        axis = _axis(options, args[0] if args else default)
        _none(options, name)
        if axis is None and name == "cumsum" and len(x.sizes) > 1:
            x = ax.reshaped(x, -1)
        return ax.along(name, x, axis)

    return run


def _logsumexp(x: Traced, *args: Any, **options: Any) -> Traced:
    weights = options.pop("b", None)
    axis, keep = _axis(options, args[0] if args else None), _keep(options)
    _none(options, "logsumexp")
    if weights is not None:
        total = ax.reduced("sum", operation(x.trace, "*", weights, applied(x.trace, "exp", x)), axis, keep=keep)
        return applied(x.trace, "log", total)
    return ax.reduced("logsumexp", x, axis, keep=keep)


def _norm(x: Traced, *args: Any, **options: Any) -> Traced:
    order = options.pop("ord", options.pop("p", args[0] if args else None))
    axis, keep = _axis(options, args[1] if len(args) > 1 else None), _keep(options)
    _none(options, "norm")
    return ax.norm(x, order, axis, keep=keep)


def _average(x: Traced, axis: Any = None, weights: Any = None, **options: Any) -> Traced:
    if weights is None:
        return ax.reduced("mean", x, axis)
    _none(options, "average")
    w = x.trace.constant(weights)
    if axis is not None and len(w.sizes) == 1 < len(x.sizes):
        w = ax.reshaped(w, *[w.sizes[0] if k == ax.axis_of(x, axis) else 1 for k in range(len(x.sizes))])
    top = ax.reduced("sum", operation(x.trace, "*", w, x), axis)
    return operation(x.trace, "/", top, ax.reduced("sum", w, axis if len(w.sizes) == len(x.sizes) else None))


def _clip(x: Any, low: Any = None, high: Any = None, **options: Any) -> Traced:
    low = options.get("a_min", options.get("min", low))
    high = options.get("a_max", options.get("max", high))
    trace: Trace = next(v.trace for v in (x, low, high) if isinstance(v, Traced))
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
    return _eye(x.trace, x.trace.count_of(x.sizes[0])) if k == 0 else la.matrix_function(base, "matpow", abs(k))


def _transpose(x: Traced, *args: Any, **options: Any) -> Traced:
    axes = options.pop("axes", args[0] if len(args) == 1 and not isinstance(args[0], int) else args)
    if isinstance(axes, tuple) and len(axes) == 2 and len(x.sizes) > 2:  # torch: two axes to swap
        return ax.swapped(x, *axes)
    return ax.permuted(x, tuple(axes) if axes else tuple(range(len(x.sizes)))[::-1])


def _matrix_transpose(x: Traced) -> Traced:
    return ax.swapped(x, -1, -2)


def _slogdet(x: Traced) -> tuple[Traced, Traced]:
    sign = applied(x.trace, "sign", la.matrix_function(x, "det"))
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


def _convolved(trace: Trace, x: Any, k: Any, mode: str = "full", *, flip: bool) -> Traced:
    if mode != "valid":
        raise TextError('only mode="valid" is supported: the language never pads.', hint="concatenate zeros first.")
    a, b = trace.constant(x), trace.constant(k)
    if flip:
        b = indexed(b, slice(None, None, -1))
    return trace.array(trace.call("conv1d", a.node, b.node))


def _diff(x: Traced, n: int = 1, axis: int = -1) -> Traced:
    k = ax.axis_of(x, axis)
    for _ in range(n):
        later, earlier = ((slice(None),) * k + (s,) for s in (slice(1, None), slice(None, -1)))
        x = operation(x.trace, "-", indexed(x, later), indexed(x, earlier))
    return x


def _take(x: Traced, places: Any, axis: int | None = None, **options: Any) -> Traced:
    k = ax.axis_of(x, options.get("dim", axis) if axis is None and "dim" in options else 0 if axis is None and len(x.sizes) == 1 else axis)
    return indexed(x, (slice(None),) * k + (places,))


def _take_along(x: Traced, places: Traced, axis: int = -1, **options: Any) -> Traced:
    """One entry a row (or column) of a matrix, by a vector of places with an axis of size 1."""
    k = ax.axis_of(x, options.get("dim", axis))
    if len(x.core) != 2 or len(places.sizes) != 2 or places.sizes[k] is not ONE or places.sizes[1 - k] is not x.sizes[1 - k]:
        raise ShapeError(f"take_along_axis is supported for one place a row of a matrix; found {say(x.sizes)} and {say(places.sizes)}.")
    flat = Traced(x.trace, places.node, (places.sizes[1 - k],))
    every = Range(x.trace, x.trace.number(0), (x.sizes[1 - k],))
    found = indexed(x, (every, flat) if k else (flat, every))
    return ax.expanded(found, k)


def _flip(x: Traced, axis: Any = None, **options: Any) -> Traced:
    gone = ax.axes_of(x, options.get("dims", axis))
    return indexed(x, tuple(slice(None, None, -1) if k in gone else slice(None) for k in range(len(x.sizes))))


# ------------------------------------------------------------------------------------------------ arrays made from nothing
def _shape(trace: Trace, arguments: Sequence[Any]) -> tuple[Any, ...]:
    listed = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], (tuple, list)) else arguments
    sizes = tuple(size_of(s) for s in listed)
    if any(s is None for s in sizes):
        raise ShapeError("the shape of an array is made of whole numbers and sizes.")
    return sizes


def filled(trace: Trace, value: Any, *shape: Any) -> Traced:
    """An array of one value."""
    sizes = _shape(trace, shape)
    core = [s for s in sizes if s is not ONE]
    if not core:
        return Traced(trace, trace.constant(value).node, sizes)
    if value == 0 and not isinstance(value, Traced):
        return Traced(trace, trace.call("zeros", *core), sizes)
    ones = Traced(trace, trace.call("ones", *core), sizes)
    return ones if value == 1 and not isinstance(value, Traced) else operation(trace, "*", value, ones)


def _eye(trace: Trace, n: Any, m: Any = None, **options: Any) -> Traced:
    sizes = _shape(trace, (n,) if m is None else (n, m))
    return trace.array(trace.call("eye", *sizes))


def _arange(trace: Trace, *args: Any, **options: Any) -> Traced:
    if len(args) not in (1, 2) or (step := options.get("step")) not in (None, 1):
        raise TextError("arange takes a length, or a start and a stop.")
    start, stop = (size_of(a) for a in ((0, *args) if len(args) == 1 else args))
    if start is None or stop is None:
        raise ShapeError("the ends of arange are whole numbers or sizes.")
    count = stop - start
    node = trace.table((count,), lambda i: i if not start.terms else trace.binary("+", trace.size(start), i))
    return (Range if not start.terms else Traced)(trace, node, (count,))


def _vmap(trace: Trace, fn: Function, in_axes: Any = 0, out_axes: int = 0, **options: Any) -> Function:
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
        from wrt.language.surface import Generator

        body = trace.part(out.node, [trace.index(n) for n in inner]) if inner else out.node
        loops = tuple(trace.loop(n, s) for n, s in zip((name, *inner), (count, *[out.sizes[k] for k in out.core]), strict=True))
        return Traced(trace, trace.put(Generator("array", body, loops)), (count, *out.sizes))

    return run


# ------------------------------------------------------------------------------------------------ losses of torch
def _loss(formula: Function) -> Function:
    def run(trace: Trace, a: Any, b: Any, reduction: str = "mean", **options: Any) -> Traced:
        _none(options, "the loss")
        each = formula(trace, trace.constant(a), trace.constant(b))
        return each if reduction == "none" else ax.reduced(reduction, each)

    return run


def _cross_entropy(trace: Trace, logits: Traced, labels: Traced) -> Traced:
    found = ax.along("log_softmax", logits, 1)
    if len(labels.sizes) == 2:
        return -ax.reduced("sum", operation(trace, "*", labels, found), 1)
    return -indexed(found, (Range(trace, trace.number(0), (logits.sizes[0],)), labels))


def _linear(trace: Trace, x: Any, weight: Any, bias: Any = None) -> Traced:
    out = la.matmul(x, trace.constant(weight).T, trace)
    return out if bias is None else operation(trace, "+", out, bias)


# name -> function of (x, ...), x traced
METHODS: dict[str, Function] = {
    **{name: _reduction(name) for name in ("sum", "mean", "prod", "max", "min")},
    **{"amax": _reduction("max"), "amin": _reduction("min"), "var": _variance("var"), "std": _variance("std")},
    **{name: _along(name, None) for name in ("softmax", "log_softmax", "cumsum")},
    "logsumexp": _logsumexp,
    "norm": _norm,
    "vector_norm": _norm,
    "average": _average,
    "clip": _clip,
    "clamp": _clip,
    "transpose": _transpose,
    "permute": lambda x, *axes: ax.permuted(x, axes[0] if len(axes) == 1 else axes),
    "permute_dims": lambda x, axes: ax.permuted(x, axes),
    "matrix_transpose": _matrix_transpose,
    "t": _matrix_transpose,
    "swapaxes": ax.swapped,
    "moveaxis": ax.moved,
    "movedim": ax.moved,
    "expand_dims": lambda x, axis: ax.expanded(x, axis),
    "unsqueeze": lambda x, dim: ax.expanded(x, dim),
    "squeeze": lambda x, axis=None, dim=None: ax.squeezed(x, axis if dim is None else dim),
    "reshape": lambda x, *shape, **o: ax.reshaped(x, *(shape or (o.get("shape", o.get("newshape")),))),
    "view": ax.reshaped,
    "ravel": lambda x, *_: ax.reshaped(x, -1),
    "flatten": lambda x, *_: ax.reshaped(x, -1),
    "broadcast_to": lambda x, shape: spread(x, _shape(x.trace, (shape,))),
    "expand": lambda x, *shape: spread(x, _shape(x.trace, shape)),
    "atleast_2d": lambda x: x if len(x.sizes) > 1 else ax.expanded(x, 0),
    "flip": _flip,
    "diff": _diff,
    "take": _take,
    "index_select": lambda x, dim, index: _take(x, index, dim),
    "take_along_axis": _take_along,
    "gather": lambda x, dim, index: _take_along(x, index, dim),
    "matmul": lambda x, y: la.matmul(x, y, x.trace),
    "mm": lambda x, y: la.matmul(x, y, x.trace),
    "mv": lambda x, y: la.matmul(x, y, x.trace),
    "bmm": lambda x, y: la.matmul(x, y, x.trace),
    "dot": lambda x, y: la.dot(x, y, x.trace),
    "trace": la.traced,
    "diag": la.diagonal,
    "diagonal": la.diagonal,
    "tril": lambda x: x.trace.array(x.trace.call("tril", x.node)),
    "triu": lambda x: x.trace.array(x.trace.call("triu", x.node)),
    **{name: (lambda x, name=name, **_: la.matrix_function(x, name)) for name in "inv det pinv expm logm sqrtm cholesky eigvalsh svdvals logdet".split()},
    "inverse": lambda x: la.matrix_function(x, "inv"),
    "slogdet": _slogdet,
    "svd": _svd,
    "eigh": _eigh,
    "matrix_power": _power,
    "zeros_like": lambda x, **_: filled(x.trace, 0, x.sizes),
    "ones_like": lambda x, **_: filled(x.trace, 1, x.sizes),
    "full_like": lambda x, value, **_: filled(x.trace, value, x.sizes),
    "negative": lambda x: -x,
    "neg": lambda x: -x,
    "positive": lambda x: x,
    "real_if_close": lambda x: x,
    "count_nonzero": lambda x, axis=None: ax.reduced("sum", operation(x.trace, "!=", x, 0), axis),
    **{name: (lambda x, *_, **__: x) for name in IDENTITIES},
}


def _elementwise_method(name: str) -> Function:
    def run(x: Any, *args: Any, **options: Any) -> Traced:
        for quiet in ("out", "where", "casting", "dtype", "approximate", "inplace"):
            options.pop(quiet, None)
        trace: Trace = next(v.trace for v in (x, *args) if isinstance(v, Traced))
        if name in SPELLED:
            return spelled(trace, name, x, *args, **options)
        _none(options, name)
        if name in OPERATORS:
            return operation(trace, OPERATORS[name], x, *args)
        inner = SAME.get(name, name)
        return applied(trace, inner, x, *args)

    return run


for _name in (*FUNCTIONS, *SAME, *SPELLED, *OPERATORS):
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
    "multi_dot": lambda trace, parts: _chain(trace, parts),
    "concatenate": lambda trace, parts, axis=0, dim=None, **_: ax.concatenated(trace, parts, axis if dim is None else dim),
    "concat": lambda trace, parts, axis=0, dim=None, **_: ax.concatenated(trace, parts, axis if dim is None else dim),
    "cat": lambda trace, parts, dim=0, axis=None: ax.concatenated(trace, parts, dim if axis is None else axis),
    "stack": lambda trace, parts, axis=0, dim=None: ax.stack(trace, parts, axis if dim is None else dim),
    "vstack": lambda trace, parts: ax.concatenated(trace, [METHODS["atleast_2d"](trace.constant(p)) for p in parts], 0),
    "hstack": lambda trace, parts: ax.concatenated(trace, parts, 0 if len(trace.constant(parts[0]).sizes) < 2 else 1),
    "column_stack": lambda trace, parts: ax.concatenated(trace, [a if len(a.sizes) > 1 else ax.expanded(a, 1) for a in map(trace.constant, parts)], 1),
    "append": lambda trace, a, b, axis=None: ax.concatenated(trace, [a, b], 0 if axis is None else axis),
    "array": lambda trace, value, *_, **__: trace.constant(value),
    "asarray": lambda trace, value, *_, **__: trace.constant(value),
    "tensor": lambda trace, value, *_, **__: trace.constant(value),
    "zeros": lambda trace, *shape, **o: filled(trace, 0, *(shape[:1] if shape and isinstance(shape[0], (tuple, list)) else shape)),
    "ones": lambda trace, *shape, **o: filled(trace, 1, *(shape[:1] if shape and isinstance(shape[0], (tuple, list)) else shape)),
    "full": lambda trace, shape, value, **_: filled(trace, value, shape),
    "eye": _eye,
    "identity": _eye,
    "arange": _arange,
    "one_hot": lambda trace, places, num_classes=None, **_: indexed(_eye(trace, num_classes), places),
    "convolve": lambda trace, x, k, mode="full": _convolved(trace, x, k, mode, flip=True),
    "correlate": lambda trace, x, k, mode="valid": _convolved(trace, x, k, mode, flip=False),
    "vmap": _vmap,
    "linear": _linear,
    "mse_loss": _loss(lambda trace, a, b: operation(trace, "**", operation(trace, "-", a, b), 2)),
    "l1_loss": _loss(lambda trace, a, b: applied(trace, "abs", operation(trace, "-", a, b))),
    "cross_entropy": _loss(_cross_entropy),
    "binary_cross_entropy_with_logits": _loss(lambda trace, z, y: operation(trace, "-", applied(trace, "softplus", z), operation(trace, "*", y, z))),
    "binary_cross_entropy": _loss(
        lambda trace, p, y: elementwise(trace, lambda n: _written(trace, parse("-(y*log(p) + (1 - y)*log(1 - p))"), {"p": n[0], "y": n[1]}), (p, y))
    ),
}

# (library, name) -> function of (trace, ...): where libraries disagree
OWN: dict[tuple[str, str], Function] = {
    ("jax", "gelu"): lambda trace, x, approximate=True: spelled(trace, "gelu_tanh", x) if approximate else applied(trace, "gelu", x),
    ("torch", "gelu"): lambda trace, x, approximate="none": spelled(trace, "gelu_tanh", x) if approximate == "tanh" else applied(trace, "gelu", x),
    ("jax", "softmax"): lambda trace, x, axis=-1, **_: ax.along("softmax", x, axis),
    ("jax", "log_softmax"): lambda trace, x, axis=-1, **_: ax.along("log_softmax", x, axis),
    ("torch", "sum"): lambda trace, x, *args, **o: METHODS["sum"](x, *args, **o),
    ("torch", "var"): lambda trace, x, *args, **o: _variance("var")(x, *args, **{"unbiased": True, **o}),
    ("torch", "std"): lambda trace, x, *args, **o: _variance("std")(x, *args, **{"unbiased": True, **o}),
    ("jax", "huber"): lambda trace, delta, x: spelled(trace, "huber", delta, x),
}


def _chain(trace: Trace, parts: Sequence[Any]) -> Traced:
    out = trace.constant(parts[0])
    for p in parts[1:]:
        out = la.dot(out, p, trace)
    return out


def known(name: str, library: str = "") -> bool:
    """Whether there is a function of that name."""
    return name in METHODS or name in FREE or (library, name) in OWN


def function(trace: Trace, library: str, name: str) -> Function:
    """The function of that name in a library, over traced arrays. Raises: UnknownNameError."""
    own = OWN.get((library, name)) or FREE.get(name)
    if own is not None:
        return lambda *args, **options: own(trace, *args, **options)
    method = METHODS.get(name)
    if method is None:
        near = get_close_matches(name, [*METHODS, *FREE], 1)
        raise UnknownNameError(f"{library}'s {name} is not known to from_function.", hint=f"did you mean {near[0]}?" if near else "write it with functions of the text language.")
    if name in FUNCTIONS or name in SAME or name in SPELLED or name in OPERATORS:
        return method
    return lambda x, *args, **options: method(trace.constant(x), *args, **options)


__all__ = ["Count", "METHODS", "function", "known"]
