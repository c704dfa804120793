"""The layers and losses that torch and jax have by name, and linear algebra's solvers that take a factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from wrt.errors import ShapeError, TextError
from wrt.language.surface import Call, Name, Node, Unary
from wrt.tracing import axes as ax
from wrt.tracing import linear as la
from wrt.tracing.array import Traced
from wrt.tracing.broadcast import applied, operation
from wrt.tracing.indexing import Range, indexed
from wrt.tracing.lengths import say
from wrt.tracing.reducing import no_options
from wrt.tracing.spelling import spelled
from wrt.tracing.trace import Trace

Function = Callable[..., Any]


# ------------------------------------------------------------------------------------------------ losses
def loss(formula: Function) -> Function:
    """A loss of torch: of each entry, then the mean, the sum or neither."""

    def run(trace: Trace, a: Any, b: Any, reduction: str = "mean", **options: Any) -> Traced:
        each: Traced = formula(trace, trace.constant(a), trace.constant(b), **options)
        if reduction == "none":
            return each
        if reduction not in ("mean", "sum"):
            raise TextError(f"reduction={reduction!r} is not known.", hint="mean, sum or none.")
        return ax.reduced(reduction, each)

    return run


def _difference(trace: Trace, a: Traced, b: Traced) -> Traced:
    if a.sizes != b.sizes:
        raise ShapeError(f"a loss compares arrays of one shape, found {say(a.sizes)} and {say(b.sizes)}.")
    return operation(trace, "-", a, b)


def squared(trace: Trace, a: Traced, b: Traced) -> Traced:
    return operation(trace, "**", _difference(trace, a, b), 2)


def absolute(trace: Trace, a: Traced, b: Traced) -> Traced:
    return applied(trace, "abs", _difference(trace, a, b))


def huber(trace: Trace, a: Traced, b: Traced, delta: float = 1.0) -> Traced:
    return spelled(trace, "huber", delta, _difference(trace, a, b))


def smooth_l1(trace: Trace, a: Traced, b: Traced, beta: float = 1.0) -> Traced:
    return operation(trace, "/", huber(trace, a, b, beta), beta)


def with_logits(trace: Trace, z: Traced, y: Traced) -> Traced:
    return operation(trace, "-", applied(trace, "softplus", z), operation(trace, "*", y, z))


def cross_entropy(trace: Trace, logits: Traced, labels: Traced) -> Traced:
    found = ax.along("log_softmax", logits, 1)
    if len(labels.sizes) == 2:
        return -ax.reduced("sum", operation(trace, "*", labels, found), 1)
    return picked(trace, found, labels)


def picked(trace: Trace, scores: Traced, labels: Traced) -> Traced:
    """Minus the entry of each row that its label names: torch's nll_loss."""
    return -indexed(scores, (Range(trace, trace.number(0), (scores.sizes[0],)), labels))


# ------------------------------------------------------------------------------------------------ layers
def linear(trace: Trace, x: Any, weight: Any, bias: Any = None) -> Traced:
    out = la.matmul(x, trace.constant(weight).T, trace)
    return out if bias is None else operation(trace, "+", out, bias)


def addmm(trace: Trace, c: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Traced:
    return operation(trace, "+", operation(trace, "*", beta, trace.constant(c)), operation(trace, "*", alpha, la.matmul(a, b, trace)))


def normalized(trace: Trace, x: Traced, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Traced:
    """torch's normalize: x over its norm along an axis, which counts at least eps."""
    length = ax.norm(x, int(p) if p == int(p) else p, dim, keep=True)
    return operation(trace, "/", x, applied(trace, "maximum", length, eps))


def layer_norm(trace: Trace, x: Traced, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Traced:
    """torch's layer_norm over the last axes."""
    count = len(normalized_shape) if isinstance(normalized_shape, (tuple, list)) else 1
    axes = tuple(range(-count, 0))
    centred = operation(trace, "-", x, ax.reduced("mean", x, axes, keep=True))
    spread = applied(trace, "sqrt", operation(trace, "+", ax.variance(x, axes, keep=True), eps))
    out = operation(trace, "/", centred, spread)
    out = out if weight is None else operation(trace, "*", out, weight)
    return out if bias is None else operation(trace, "+", out, bias)


def attention(trace: Trace, q: Any, k: Any, v: Any, attn_mask: Any = None, dropout_p: float = 0.0, **options: Any) -> Traced:
    """torch's scaled_dot_product_attention without a mask of truth values."""
    if dropout_p or options.pop("is_causal", False):
        raise TextError("attention with dropout or a causal mask is not supported.", hint="write the mask as numbers that are added: attn_mask=M.")
    scale = options.pop("scale", None)
    no_options(options, "scaled_dot_product_attention")
    q, k = trace.constant(q), trace.constant(k)
    scores = la.matmul(q, ax.swapped(k, -1, -2), trace)
    root = applied(trace, "sqrt", q.shape[-1])
    scores = operation(trace, "/", scores, root) if scale is None else operation(trace, "*", scale, scores)
    scores = scores if attn_mask is None else operation(trace, "+", scores, attn_mask)
    return la.matmul(ax.along("softmax", scores, -1), v, trace)


def cosine_similarity(trace: Trace, a: Any, b: Any, dim: int = 1, eps: float = 1e-8) -> Traced:
    """torch's cosine_similarity; where both lengths are over `eps`, so that it plays no part."""
    a, b = trace.constant(a), trace.constant(b)
    top = ax.reduced("sum", operation(trace, "*", a, b), dim)
    return operation(trace, "/", top, operation(trace, "*", ax.norm(a, 2, dim), ax.norm(b, 2, dim)))


def cdist(trace: Trace, x: Any, y: Any, p: float = 2.0) -> Traced:
    """Euclidean distances between the rows of two matrices."""
    if p != 2:
        raise TextError("cdist is known for p=2.")
    x, y = trace.constant(x), trace.constant(y)
    apart = operation(trace, "-", ax.expanded(x, -2), ax.expanded(y, -3))
    return applied(trace, "sqrt", ax.reduced("sum", operation(trace, "**", apart, 2), -1))


def covariance(x: Traced, rowvar: bool = True, bias: bool = False, ddof: int | None = None) -> Traced:
    """np.cov of a matrix: variables are rows, divided by the count less one."""
    if len(x.sizes) != 2:
        raise ShapeError(f"cov takes a matrix, found an array of shape {say(x.sizes)}.")
    x = x if rowvar else x.T
    centred = operation(x.home, "-", x, ax.reduced("mean", x, 1, keep=True))
    count = x.shape[1] - (int(not bias) if ddof is None else ddof)
    return operation(x.home, "/", la.matmul(centred, centred.T, x.home), count)


# ------------------------------------------------------------------------------------------------ solvers
def solve_triangular(trace: Trace, a: Any, b: Any, trans: Any = 0, lower: bool = False, upper: bool | None = None, **options: Any) -> Traced:
    """solve_triangular, which reads one triangle of a; scipy and jax say lower=, torch upper=."""
    quiet = {"overwrite_b", "check_finite", "unit_diagonal"}
    if options.get("unit_diagonal"):
        raise TextError("solve_triangular with unit_diagonal=True is not supported.")
    no_options({k: v for k, v in options.items() if k not in quiet}, "solve_triangular")
    lower = lower if upper is None else not upper
    half = trace.constant(a)
    if not _is_triangular(trace, half.node, "lower" if lower else "upper"):
        half = trace.array(trace.call("tril" if lower else "triu", la.matrix(half, "solve_triangular")))
    return la.solve(half.T if trans in (1, 2, "T", "C") else half, b, trace)


def _is_triangular(trace: Trace, node: Node, fact: str) -> bool:
    if isinstance(node, Call):
        return node.function == "cholesky" and fact == "lower"
    if isinstance(node, Unary) and node.op == "T":
        return _is_triangular(trace, node.argument, "upper" if fact == "lower" else "lower")
    return isinstance(node, Name) and node.name in trace.declared and bool({fact, "diagonal"} & set(trace.declared[node.name].facts))


class Factored(NamedTuple):
    """What scipy's cho_factor gives: only cho_solve reads it."""

    symmetric: Traced
    lower: bool


def cho_factor(x: Traced, *args: Any, **options: Any) -> Factored:
    half = operation(x.home, "/", operation(x.home, "+", x, x.T), 2)
    return Factored(half, lower=True)


def cho_solve(trace: Trace, factor: Any, b: Any, **options: Any) -> Traced:
    """scipy's cho_solve: by what cho_factor gave, or by (L, lower)."""
    if isinstance(factor, Factored):
        return la.solve(factor.symmetric, b, trace)
    half, lower = factor
    first = solve_triangular(trace, half, b, 0 if lower else 1, lower=bool(lower))
    return solve_triangular(trace, half, first, 1 if lower else 0, lower=bool(lower))
