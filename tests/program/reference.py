"""An independent evaluation of index-form expressions: every product as one dense einsum, deltas and indicators as arrays of 0 and 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import linalg, special

from wrt.algebra.expr import Expr, Indicator, Map, Operator, Position, Product, Reshape, SizeValue, Sum, Symbol, fold

ELEMENTWISE = {
    "pow": lambda a, b: np.power(a, b),
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
    "where": lambda c, a, b: np.where(c != 0, a, b),
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "abs": np.abs,
    "sign": np.sign,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "sec": lambda a: 1 / np.cos(a),
    "csc": lambda a: 1 / np.sin(a),
    "cot": lambda a: 1 / np.tan(a),
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "arcsinh": np.arcsinh,
    "arccosh": np.arccosh,
    "arctanh": np.arctanh,
    "sigmoid": special.expit,
    "softplus": lambda a: np.logaddexp(a, 0),
    "relu": lambda a: np.maximum(a, 0),
    "gelu": lambda a: a * special.ndtr(a),
    "silu": lambda a: a * special.expit(a),
    "erf": special.erf,
    "gammaln": special.gammaln,
    "digamma": special.digamma,
    "maximum": np.maximum,
    "minimum": np.minimum,
}


def evaluate(e: Expr, values: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    """The array of an expression."""
    return np.asarray(fold(e, lambda node, below: _value(node, below, values, sizes)), dtype=float)


def _shape(node: Expr, sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(s.value(sizes) for s in node.shape)


def _value(node: Expr, below: tuple[Any, ...], values: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    match node:
        case Symbol():
            return np.pi if node.name == "pi" and "pi" not in values else np.asarray(values[node.name], dtype=float)
        case SizeValue():
            return float(node.size.value(sizes))
        case Position():
            return np.arange(node.shape[0].value(sizes), dtype=float)
        case Indicator():
            grid = np.indices(_shape(node, sizes))
            total = node.constant.value(sizes) + sum(c * g for c, g in zip(node.coefficients, grid, strict=True))
            return np.asarray(total == 0 if node.relation == "==" else total >= 0, dtype=float)
        case Product():
            return _product(node, below, sizes)
        case Sum():
            total = np.zeros(_shape(node, sizes))
            for (c, _), t in zip(node.terms, below, strict=True):
                total = total + float(c) * t
            return total
        case Map(function="polygamma"):
            return special.polygamma(int(node.parameters[0]), below[0])  # type: ignore[call-overload]
        case Map():
            return ELEMENTWISE[node.function](*below) * 1.0  # type: ignore[no-untyped-call]
        case Operator():
            return _operator(node, below, sizes)
        case Reshape():
            return np.reshape(below[0], _shape(node, sizes))
    raise AssertionError(type(node))


def _product(node: Product, below: tuple[Any, ...], sizes: Mapping[str, int]) -> Any:
    lengths = [s.value(sizes) for s in node.sizes]
    distinct = list(dict.fromkeys(node.output))
    args: list[Any] = []
    for value, (_, labels) in zip(below, node.operands, strict=True):
        args += [value, list(labels)]
    for label in range(len(lengths)):
        args += [np.ones(lengths[label]), [label]]
    core = np.einsum(*args, distinct) * float(node.coefficient) if args else float(node.coefficient)
    out = np.zeros([lengths[a] for a in node.output])
    grid = np.indices([lengths[a] for a in distinct])
    out[tuple(grid[distinct.index(a)] for a in node.output)] = core
    return out


def _operator(node: Operator, below: tuple[Any, ...], sizes: Mapping[str, int]) -> Any:
    name, a = node.function, below[0]
    if name in ("prod", "max", "min", "argmax", "argmin"):
        count = int(node.parameters[0])  # type: ignore[call-overload]
        axes = tuple(range(a.ndim - count, a.ndim))
        if name in ("prod", "max", "min"):
            return getattr(np, name)(a, axis=axes)
        same = a == getattr(np, name.removeprefix("arg"))(a, axis=axes, keepdims=True)
        return same / same.sum(axis=axes, keepdims=True)
    if name == "powers":
        labels, exponent = node.parameters
        grid = np.indices(_shape(node, sizes)[: len(labels)])  # type: ignore[arg-type]
        exponents = exponent.value(sizes) + sum((c * g for c, g in zip(labels, grid, strict=True)), np.zeros(grid.shape[1:], int))  # type: ignore
        out = np.zeros(_shape(node, sizes))
        for at in np.ndindex(exponents.shape):
            if exponents[at] >= 0:
                out[at] = np.linalg.matrix_power(a, int(exponents[at]))
        return out
    if name == "onehot":
        return (a[..., None] == np.arange(node.shape[-1].value(sizes))) * 1.0
    if name == "frechet":
        return _frechet(str(node.parameters[0]), a, *below[1:])
    if name == "frechet_array":
        n = len(a)
        out = np.zeros((n,) * node.order)
        for at in np.ndindex(out.shape[2:]):
            units = []
            for k in range(0, len(at), 2):
                units.append(np.zeros((n, n)))
                units[-1][at[k], at[k + 1]] = 1
            out[(slice(None), slice(None), *at)] = _frechet(str(node.parameters[0]), a, *below[1:], *units)
        return out
    if name == "prod_except":
        count, left_out = node.parameters
        lead, rest = a.shape[: a.ndim - count], a.shape[a.ndim - count :]
        out = np.zeros(lead + rest * left_out)
        for at in np.ndindex(out.shape):
            places = [at[len(lead) + k * count : len(lead) + (k + 1) * count] for k in range(left_out)]
            if len(set(places)) == left_out:
                keep = np.ones(rest)
                for place in places:
                    keep[place] = 0
                out[at] = np.prod(np.where(keep == 1, a[at[: len(lead)]], 1.0))
        return out
    if name in ("norm_nuc", "norm_spec"):
        s = np.linalg.svd(a, compute_uv=False)
        return s.sum() if name == "norm_nuc" else s.max()
    functions = {
        "inv": np.linalg.inv,
        "det": np.linalg.det,
        "logdet": lambda x: np.linalg.slogdet(x)[1],
        "adj": lambda x: np.array([[(-1.0) ** (i + j) * np.linalg.det(np.delete(np.delete(x, j, 0), i, 1)) for j in range(len(x))] for i in range(len(x))]),
        "pinv": np.linalg.pinv,
        "expm": linalg.expm,
        "logm": linalg.logm,
        "sqrtm": linalg.sqrtm,
        "cholesky": lambda x: np.linalg.cholesky((x + x.T) / 2),
        "eigvalsh": lambda x: np.linalg.eigvalsh((x + x.T) / 2),
        "eigvecsh": lambda x: np.linalg.eigh((x + x.T) / 2)[1],
        "svdvals": lambda x: np.linalg.svd(x, compute_uv=False),
        "svd_u": lambda x: np.linalg.svd(x, full_matrices=False)[0],
        "svd_v": lambda x: np.linalg.svd(x, full_matrices=False)[2].T,
        "polar": lambda x: linalg.polar(x)[0],
    }
    return functions[name](a)


def _frechet(name: str, a: Any, *directions: Any) -> Any:
    n, double = len(a), a
    for e in directions:
        double = np.block([[double, np.kron(np.eye(len(double) // n), e)], [np.zeros_like(double), double]])
    return np.real({"expm": linalg.expm, "logm": linalg.logm, "sqrtm": linalg.sqrtm}[name](double))[:n, -n:]
