"""The text language evaluated in floats, independently of `wrt`: what tests compare against. Shares nothing with the package.

Python's own parser reads the text; every node becomes a closure over an environment {name: value}. A value is a float, or an array of order 2 (a
column is n x 1, a row 1 x n), or of higher order (only to be indexed). A value that breaks the language's shape rules raises `Misfit`.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import scipy.linalg
import scipy.signal
from scipy import special

Env = dict[str, Any]
Closure = Callable[[Env], Any]


MEMO = ""  # the name under which an environment may hold what is evaluated once


class Misfit(Exception):
    """The text does not follow the language."""


def evaluate(text: str, env: Mapping[str, Any]) -> Any:
    """The value of `text`, which may name steps first: `u = ...; v = ...; f`."""
    return compiled(text)({**env, MEMO: {}})


def compiled(text: str, indices: Iterable[str] = ()) -> Closure:
    """`text` as a function of an environment. Where that holds a dict under MEMO, calls and steps without indices are evaluated once for it."""
    steps = []
    body = ast.parse(text.strip()).body
    free = set(indices)
    for statement in body:
        inside = list(ast.walk(statement))
        varying = free | {g.target.id for g in inside if isinstance(g, ast.comprehension) and isinstance(g.target, ast.Name)}
        for part in inside:
            if isinstance(part, ast.Call) and not varying & _names(part):
                part.fixed = True  # type: ignore[attr-defined]
        if isinstance(statement, ast.Assign) and free & _names(statement.value):
            free |= _names(statement.targets[0])
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                steps.append((name, closure(value)))
            case ast.Expr(value=value):
                steps.append(("", closure(value)))
            case _:
                raise Misfit(f"not a formula: {text}")

    def run(env: Env) -> Any:
        result = None
        for name, step in steps:
            result = env[name] = step(env)
        return result

    return run


def reading_length(text: str) -> float:
    """How long a formula is to read: an operator, call, index, list or sum counts 1; a name, number, minus or transpose 1/4."""
    whole = (ast.BinOp, ast.Call, ast.Compare, ast.GeneratorExp, ast.Subscript, ast.List, ast.Assign)
    quarter = (ast.Name, ast.Constant, ast.UnaryOp, ast.Attribute)
    nodes = list(ast.walk(ast.parse(text)))
    return sum(isinstance(n, whole) for n in nodes) + sum(isinstance(n, quarter) for n in nodes) / 4


# ------------------------------------------------------------------------------------------------------------ nodes
def closure(node: ast.expr) -> Closure:
    match node:
        case ast.Constant(value=value):
            return lambda env: value if isinstance(value, str) else float(value)
        case ast.Name(id=name):
            return lambda env: env[name] if name in env else CONSTANTS[name]
        case ast.UnaryOp(op=op, operand=operand):
            sign = -1.0 if isinstance(op, ast.USub) else 1.0
            inner = closure(operand)
            return lambda env: sign * inner(env)
        case ast.Attribute(value=value, attr="T"):
            inner = closure(value)
            return lambda env: np.transpose(inner(env))
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(BINARY[type(op)], closure(left), closure(right))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _binary(COMPARE[type(op)], closure(left), closure(right))
        case ast.Subscript(value=value, slice=where):
            return _subscript(closure(value), where)
        case ast.List():
            return _block(node)
        case ast.Call(func=ast.Name(id=name), args=[ast.GeneratorExp() as generator]):
            return _loop(name, generator)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            function, inner_args = FUNCTIONS[name], [closure(a) for a in args]
            options = {k.arg: closure(k.value) for k in keywords}

            def call(env: Env) -> Any:
                return number(function(*(a(env) for a in inner_args), **{k: int(v(env)) for k, v in options.items()}))

            return _once(node, call) if hasattr(node, "fixed") else call
    raise Misfit(f"not in the language: {ast.dump(node)[:80]}")


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _once(node: ast.expr, run: Closure) -> Closure:
    def remembered(env: Env) -> Any:
        memo = env.get(MEMO)
        if memo is None:
            return run(env)
        if node not in memo:
            memo[node] = run(env)
        return memo[node]

    return remembered


def number(value: Any) -> Any:
    """Arrays of order 0 as floats, everything else as it is."""
    return float(value) if np.ndim(value) == 0 else value


def _binary(f: Callable[[Any, Any], Any], left: Closure, right: Closure) -> Closure:
    return lambda env: f(left(env), right(env))


def elementwise(f: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def run(a: Any, b: Any) -> Any:
        s, t = np.shape(a), np.shape(b)
        if max(len(s), len(t)) > 2:
            raise Misfit("arithmetic on a tensor of order 3 or more: index it")
        if s and t and s != t:
            together = tuple(max(p, q) for p, q in zip(s, t, strict=True))
            if any(p != q and 1 not in (p, q) for p, q in zip(s, t, strict=True)) or together not in (s, t):
                raise Misfit(f"elementwise operation on {s} and {t}")
        with np.errstate(all="ignore"):
            return f(a, b) if s or t else float(f(np.float64(a), np.float64(b)))

    return run


def matmul(a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 and np.ndim(b) == 0:
        raise Misfit("@ of two scalars")
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        inner = np.shape(b)[0] if np.ndim(a) == 0 else np.shape(a)[1]
        if inner != 1:
            raise Misfit("@ of a scalar and something that is not 1 high or wide")
        return a * b
    if a.shape[1] != b.shape[0]:
        raise Misfit(f"@ of {a.shape} and {b.shape}")
    product = a @ b
    return float(product[0, 0]) if product.shape == (1, 1) else product


BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: elementwise(operator.add),
    ast.Sub: elementwise(operator.sub),
    ast.Mult: elementwise(operator.mul),
    ast.Div: elementwise(np.divide),
    ast.Pow: elementwise(np.power),
    ast.MatMult: matmul,
}
COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    node: elementwise(lambda a, b, f=f: 1.0 * f(a, b))
    for node, f in {
        ast.Lt: np.less,
        ast.LtE: np.less_equal,
        ast.Gt: np.greater,
        ast.GtE: np.greater_equal,
        ast.Eq: np.equal,
        ast.NotEq: np.not_equal,
    }.items()
}


def _subscript(base: Closure, where: ast.expr) -> Closure:
    parts = [_part(p) for p in (where.elts if isinstance(where, ast.Tuple) else [where])]

    def run(env: Env) -> Any:
        value, keys = base(env), [part(env) for part in parts]
        if np.ndim(value) == 2 and len(keys) == 1:
            if 1 not in value.shape:
                raise Misfit("one index on a matrix")
            keys = [keys[0], 0] if value.shape[1] == 1 else [0, keys[0]]
            if not isinstance(keys[0] if value.shape[1] == 1 else keys[1], int):
                keys[1 if value.shape[1] == 1 else 0] = slice(None)
        if np.ndim(value) != len(keys):
            raise Misfit(f"{len(keys)} indices on a value of order {np.ndim(value)}")
        for axis in reversed(range(len(keys))):  # one axis at a time: two look-ups do not pair up
            value = np.take(value, keys[axis], axis) if not isinstance(keys[axis], slice) else value[(slice(None),) * axis + (keys[axis],)]
        if np.ndim(value) == 1:
            row = len(keys) == 2 and isinstance(keys[0], int)
            value = value[None, :] if row else value[:, None]
        return number(value)

    return run


def _part(node: ast.expr) -> Closure:
    if isinstance(node, ast.Slice):
        ends = [None if end is None else closure(end) for end in (node.lower, node.upper, node.step)]
        return lambda env: slice(*(None if end is None else round(end(env)) for end in ends))
    inner = closure(node)

    def run(env: Env) -> Any:
        value = inner(env)
        return round(value) if np.ndim(value) == 0 else np.rint(value[:, 0]).astype(int)

    return run


def _block(node: ast.List) -> Closure:
    rows = [[closure(c) for c in (row.elts if isinstance(row, ast.List) else [row])] for row in node.elts]
    return lambda env: np.vstack([np.hstack([np.atleast_2d(c(env)) for c in row]) for row in rows])


def _loop(name: str, node: ast.GeneratorExp) -> Closure:
    body = closure(node.elt)
    loops = [(g.target.id, g.iter, [closure(c) for c in g.ifs]) for g in node.generators if isinstance(g.target, ast.Name)]
    bounds = [[closure(a) for a in call.args] for _, call, _ in loops if isinstance(call, ast.Call)]
    if name not in ("sum", "array") or len(loops) != len(node.generators) or len(bounds) != len(loops):
        raise Misfit(f"a generator in {name}")

    def steps(env: Env, depth: int = 0) -> Iterator[Env]:
        if depth == len(loops):
            yield env
            return
        index, _, conditions = loops[depth]
        for value in range(*(round(b(env)) for b in bounds[depth])):
            env[index] = float(value)
            if all(c(env) for c in conditions):
                yield from steps(env, depth + 1)

    def total(env: Env) -> Any:
        return number(sum((body(e) for e in steps(dict(env))), 0.0))

    def table(env: Env) -> Any:
        entries: dict[tuple[int, ...], Any] = {tuple(round(e[i]) for i, _, _ in loops): body(e) for e in steps(dict(env))}
        out = np.array([entries[at] for at in sorted(entries)]).reshape([1 + max(at[k] for at in entries) for k in range(len(loops))])
        return out[:, None] if out.ndim == 1 else out

    return total if name == "sum" else table


# ------------------------------------------------------------------------------------------------------------ functions
def _quiet(f: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any) -> Any:
        with np.errstate(all="ignore"):
            return f(*args)

    return run


def _reduce(f: Callable[..., Any]) -> Callable[..., Any]:
    def run(x: Any, axis: int | None = None) -> Any:
        x = np.asarray(x)
        return f(x) if axis is None or x.ndim == 0 else f(x, axis=axis, keepdims=True)

    return run


def _norm(x: Any, p: Any = "fro") -> Any:
    x = np.atleast_2d(x)
    if p in ("nuc", "spec"):
        s = np.linalg.svd(x, compute_uv=False)
        return s.sum() if p == "nuc" else s[0]
    if p == "fro":
        return math.sqrt((x * x).sum())
    if 1 not in x.shape:
        raise Misfit('the norm of a matrix is norm(X), norm(X, "nuc") or norm(X, "spec")')
    return np.abs(x).max() if p == math.inf else (np.abs(x) ** p).sum() ** (1 / p)


def _diag(x: Any) -> Any:
    return np.diag(x[:, 0]) if x.shape[1] == 1 else np.diag(x)[:, None]


def _commutation(m: float, n: float) -> Any:
    m, n = round(m), round(n)
    out = np.zeros((m * n, m * n))
    for i in range(m):
        for j in range(n):
            out[i * n + j, j * m + i] = 1  # vec(A.T)[i*n + j] = A[i, j] = vec(A)[j*m + i]
    return out


def _symmetrised(A: Any) -> Any:
    return (A + A.T) / 2


def _frechet(name: str, A: Any, E: Any) -> Any:
    n = len(A)
    f = {"expm": scipy.linalg.expm, "logm": scipy.linalg.logm, "sqrtm": scipy.linalg.sqrtm}[name]
    return np.real(f(np.block([[A, E], [np.zeros((n, n)), A]])))[:n, n:]


def _einsum(spec: str, *operands: Any) -> Any:
    labels = spec.split("->", maxsplit=1)[0].split(",")
    arrays = [
        x[:, 0] if len(word) == 1 and np.ndim(x) == 2 and x.shape[1] == 1 else np.ravel(x) if len(word) == 1 else x
        for word, x in zip(labels, operands, strict=True)
    ]
    out = np.einsum(spec, *arrays)
    return out[:, None] if out.ndim == 1 else out


def _where(condition: Any, x: Any, y: Any) -> Any:
    shape = next((np.shape(v) for v in (condition, x, y) if np.ndim(v)), ())
    return np.broadcast_to(np.where(np.asarray(condition) != 0, x, y), np.broadcast_shapes(shape, np.shape(x), np.shape(y)))


def _filled(value: float) -> Callable[..., Any]:
    return lambda m, n=1.0: np.full((round(m), round(n)), value)


def _eigh(A: Any) -> Any:
    return np.linalg.eigh(_symmetrised(A))


NUMPY = "exp log log1p expm1 sqrt abs sign sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh".split()
CONSTANTS: dict[str, Any] = {"pi": math.pi, "inf": math.inf}


def _adj(A: Any) -> Any:
    """The transposed cofactors, of singular matrices too."""
    minors = np.array([[np.linalg.det(np.delete(np.delete(A, i, 0), j, 1)) for j in range(len(A))] for i in range(len(A))])
    return (minors * (-1.0) ** np.add.outer(np.arange(len(A)), np.arange(len(A)))).T


FUNCTIONS: dict[str, Callable[..., Any]] = {
    # elementwise
    **{name: _quiet(getattr(np, name)) for name in NUMPY},
    "sec": _quiet(lambda x: 1 / np.cos(x)),
    "csc": _quiet(lambda x: 1 / np.sin(x)),
    "cot": _quiet(lambda x: 1 / np.tan(x)),
    "sigmoid": special.expit,
    "softplus": lambda x: np.logaddexp(0, x),
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: x * special.ndtr(x),
    "silu": lambda x: x * special.expit(x),
    "erf": special.erf,
    "gammaln": special.gammaln,
    "digamma": special.digamma,
    "trigamma": lambda x: special.polygamma(1, x),
    "polygamma": lambda k, x: special.polygamma(round(k), x),
    "maximum": elementwise(np.maximum),
    "minimum": elementwise(np.minimum),
    "where": _where,
    # reductions
    **{name: _reduce(getattr(np, name)) for name in "sum mean prod max min var".split()},
    "logsumexp": _reduce(special.logsumexp),
    "cumsum": lambda x, axis=0: np.cumsum(x, axis=axis),
    "softmax": lambda x, axis=None: special.softmax(x, axis=axis),
    "log_softmax": lambda x, axis=None: special.log_softmax(x, axis=axis),
    "norm": _norm,
    # matrices
    "tr": np.trace,
    "trace": np.trace,
    "det": np.linalg.det,
    "logdet": lambda A: np.linalg.slogdet(A)[1],
    "inv": np.linalg.inv,
    "pinv": np.linalg.pinv,
    "solve": np.linalg.solve,
    "adj": _adj,
    "diag": _diag,
    "vec": lambda A: A.T.reshape(-1, 1),
    "kron": np.kron,
    "dot": lambda x, y: (x * y).sum(),
    "outer": lambda x, y: x @ y.T,
    "eye": lambda n: np.eye(round(n)),
    "ones": _filled(1.0),
    "zeros": _filled(0.0),
    "commutation": _commutation,
    "matpow": lambda A, k: np.linalg.matrix_power(A, round(k)),
    "expm": scipy.linalg.expm,
    "logm": lambda A: np.real(scipy.linalg.logm(A)),
    "sqrtm": lambda A: np.real(scipy.linalg.sqrtm(A)),
    "cholesky": lambda A: np.linalg.cholesky(_symmetrised(A)),
    "eigvalsh": lambda A: _eigh(A)[0][:, None],
    "eigvecsh": lambda A: _eigh(A)[1],
    "svdvals": lambda A: np.linalg.svd(A, compute_uv=False)[:, None],
    "svd_u": lambda A: np.linalg.svd(A, full_matrices=False)[0],
    "svd_v": lambda A: np.linalg.svd(A, full_matrices=False)[2].T,
    "polar": lambda A: scipy.linalg.polar(A)[0],
    "tril": np.tril,
    "triu": np.triu,
    "frechet": _frechet,
    "einsum": _einsum,
    "conv1d": lambda x, k: np.correlate(x[:, 0], k[:, 0], "valid")[:, None],
    "conv2d": lambda X, K: scipy.signal.correlate2d(X, K, "valid"),
}
