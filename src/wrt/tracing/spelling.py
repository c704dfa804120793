"""What libraries call things: names that the language has under another one, and elementwise functions written with those that it has."""

from __future__ import annotations

from typing import Any

from wrt.errors import TextError
from wrt.language.parser import parse
from wrt.tracing.array import Traced
from wrt.tracing.broadcast import elementwise
from wrt.tracing.trace import Trace

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
    "binary_cross_entropy": (("p", "y"), "-(y*log(p) + (1 - y)*log(1 - p))"),
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
    "radians": (("x",), "x*pi/180"),
    "degrees": (("x",), "x*180/pi"),
    "rad2deg": (("x",), "x*180/pi"),
    "cbrt": (("x",), "sign(x)*abs(x)**(1/3)"),
    "celu": (("x", "alpha"), "where(x > 0, x, alpha*expm1(x/alpha))"),
    "hardsigmoid": (("x",), "minimum(maximum(x/6 + 1/2, 0), 1)"),
    "hard_sigmoid": (("x",), "minimum(maximum(x/6 + 1/2, 0), 1)"),
    "hardswish": (("x",), "x*minimum(maximum(x/6 + 1/2, 0), 1)"),
    "hard_swish": (("x",), "x*minimum(maximum(x/6 + 1/2, 0), 1)"),
    "lerp": (("a", "b", "w"), "a + w*(b - a)"),
    "addcmul": (("a", "b", "c", "value"), "a + value*b*c"),
    "addcdiv": (("a", "b", "c", "value"), "a + value*b/c"),
    "logaddexp2": (("a", "b"), "log(2**a + 2**b)/log(2)"),
    "log_ndtr": (("x",), "log((1 + erf(x/sqrt(2)))/2)"),
    "sinc": (("x",), "sin(pi*x)/(pi*x)"),
}
DEFAULTS: dict[str, dict[str, float]] = {
    "leaky_relu": {"negative_slope": 0.01},
    "elu": {"alpha": 1.0},
    "celu": {"alpha": 1.0},
    "addcmul": {"value": 1},
    "addcdiv": {"value": 1},
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
    return elementwise(trace, lambda nodes: trace.written(parse(formula), dict(zip(names, nodes, strict=True))), values)
