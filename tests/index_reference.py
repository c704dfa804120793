"""The index form evaluated in floats, node by node and without cleverness: what tests of the engine compare against.

Independent of `wrt.program`: every product is one NumPy einsum, every operator its plain definition (matrix functions by their Taylor-exact
block form or by SVD), so that a mistake here and a mistake in an emitted program are not the same mistake.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.linalg
from scipy import special

from wrt.algebra.expr import Expr, Indicator, Map, Operator, Position, Product, Reshape, SizeValue, Sum, Symbol, postorder

Array = Any

MAPS: dict[str, Any] = {
    **{
        name: getattr(np, name)
        for name in [
            "exp",
            "log",
            "log1p",
            "expm1",
            "abs",
            "sign",
            "sin",
            "cos",
            "tan",
            "sinh",
            "cosh",
            "tanh",
            "arcsinh",
            "arccosh",
            "arctanh",
            "arcsin",
            "arccos",
            "arctan",
        ]
    },
    "sec": lambda x: 1 / np.cos(x),
    "csc": lambda x: 1 / np.sin(x),
    "cot": lambda x: 1 / np.tan(x),
    "sigmoid": special.expit,
    "softplus": lambda x: np.logaddexp(x, 0),
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: x * special.ndtr(x),
    "silu": lambda x: x * special.expit(x),
    "erf": special.erf,
    "gammaln": special.gammaln,
    "digamma": special.digamma,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "where": lambda c, a, b: np.where(c != 0, a, b),
    "pow": np.power,
    "gt": lambda a, b: (a > b) * 1.0,
    "ge": lambda a, b: (a >= b) * 1.0,
    "eq": lambda a, b: (a == b) * 1.0,
    "ne": lambda a, b: (a != b) * 1.0,
}


def evaluate(e: Expr, env: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
    """The array of an expression for arrays of its symbols (vectors of order 1) and numbers for its size names."""
    done: dict[int, Array] = {}
    with np.errstate(all="ignore"):
        for node in postorder(e):
            below = [done[id(child)] for child in node.children]
            value = np.asarray(_value(node, below, env, sizes), dtype=float)
            shape = tuple(s.value(sizes) for s in node.shape)
            assert value.shape == shape, f"{node} has shape {value.shape}, not {shape}"
            done[id(node)] = value
    return done[id(e)]


def _value(node: Expr, below: list[Array], env: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
    match node:
        case Symbol():
            return env[node.name] if node.name in env else {"pi": np.pi}[node.name]
        case SizeValue():
            return node.size.value(sizes)
        case Position():
            return np.arange(node.shape[0].value(sizes))
        case Indicator():
            form = node.constant.value(sizes)
            for k, c in enumerate(node.coefficients):
                form = form + c * np.arange(node.shape[k].value(sizes)).reshape([-1 if a == k else 1 for a in range(node.order)])
            return (form == 0 if node.relation == "==" else form >= 0) + np.zeros([s.value(sizes) for s in node.shape])
        case Product():
            return _product(node, below, sizes)
        case Sum():
            total = np.zeros([s.value(sizes) for s in node.shape])
            for (c, _), value in zip(node.terms, below, strict=True):
                total = total + float(c) * value
            return total
        case Map(function="polygamma"):
            return special.polygamma(int(node.parameters[0]), below[0])
        case Map():
            return MAPS[node.function](*below)
        case Operator():
            return _operator(node, below, sizes)
        case Reshape():
            return below[0].reshape([s.value(sizes) for s in node.shape])
    raise AssertionError(type(node))


def _product(node: Product, below: list[Array], sizes: Mapping[str, int]) -> Array:
    size = [s.value(sizes) for s in node.sizes]
    free = list(dict.fromkeys(node.output))
    held = {a for _, labels in node.operands for a in labels}
    operands: list[Any] = []
    for value, (_, labels) in zip(below, node.operands, strict=True):
        operands += [value, list(labels)]
    for a in free:
        if a not in held:
            operands += [np.ones(size[a]), [a]]
    core = np.einsum(*operands, free, optimize=len(below) > 2) if operands else np.float64(1.0)
    core = float(node.coefficient) * core
    if free == list(node.output):
        return core
    out = np.zeros([size[a] for a in node.output])
    for at in itertools.product(*[range(size[a]) for a in free]):
        place = dict(zip(free, at, strict=True))
        out[tuple(place[a] for a in node.output)] = core[at]
    return out


FUNCTIONS = {"expm": scipy.linalg.expm, "logm": scipy.linalg.logm, "sqrtm": scipy.linalg.sqrtm}


def frechet(name: str, a: Array, *directions: Array) -> Array:
    """The Frechet derivative of a matrix function at `a` along each direction in turn (symmetric, linear in each), by one block matrix.

    f([[A, E], [0, A]]) = [[f(A), f'(A)[E]], [0, f(A)]], and so on with every further direction. Source: Higham & Relton 2014.
    """
    big = a
    for e in directions:
        copies = len(big) // len(e)
        big = np.block([[big, np.kron(np.eye(copies), e)], [np.zeros_like(big), big]])
    n = len(a)
    return np.real(FUNCTIONS[name](big))[:n, -n:]


def _frechet_array(node: Operator, below: list[Array]) -> Array:
    name, count = node.parameters[0], (len(node.shape) - 2) // 2
    a, directions = below[0], below[1:]
    n = len(a)
    out = np.zeros((n,) * len(node.shape))
    for at in itertools.product(range(n), repeat=2 * count):
        units = []
        for k in range(count):
            unit = np.zeros((n, n))
            unit[at[2 * k], at[2 * k + 1]] = 1
            units.append(unit)
        out[(slice(None), slice(None), *at)] = frechet(str(name), a, *directions, *units)
    return out


def _symmetric(x: Array) -> Array:
    return (x + x.T) / 2


def adjugate(x: Array) -> Array:
    """Cofactors transposed, by determinants of minors: right at singular matrices too."""
    n = len(x)
    out = np.zeros((n, n))
    for i, j in itertools.product(range(n), repeat=2):
        minor = np.delete(np.delete(x, i, 0), j, 1)
        out[j, i] = (-1) ** (i + j) * np.linalg.det(minor)
    return out


def _minors(x: Array, count: int) -> Array:
    """Derivatives of det by `count` entries: signed minors with those rows and columns left out."""
    n = len(x)
    out = np.zeros((n,) * (2 * count))
    for at in itertools.product(range(n), repeat=2 * count):
        rows, columns = at[::2], at[1::2]
        if len(set(rows)) == len(set(columns)) == count:
            minor = np.delete(np.delete(x, rows, 0), columns, 1)
            swaps = sum(a > b for places in (rows, columns) for k, a in enumerate(places) for b in places[k + 1 :])
            out[at] = (-1) ** (sum(at) + swaps) * (np.linalg.det(minor) if minor.size else 1.0)
    return out


def _svd(x: Array) -> tuple[Array, Array, Array]:
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    return u, s, vt.T


def _operator(node: Operator, below: list[Array], sizes: Mapping[str, int]) -> Array:
    x = below[0]
    match node.function:
        case "inv" | "inv_each":
            return np.linalg.inv(x)
        case "det" | "det_each":
            return np.linalg.det(x)
        case "logdet" | "logdet_each":
            return np.linalg.slogdet(x)[1]
        case "adj":
            return adjugate(x)
        case "minors":
            return _minors(x, node.order // 2)
        case "pinv":
            return np.linalg.pinv(x)
        case "expm" | "logm" | "sqrtm":
            return np.real(FUNCTIONS[node.function](x))
        case "cholesky":
            return np.linalg.cholesky(_symmetric(x))
        case "eigvalsh":
            return np.linalg.eigh(_symmetric(x))[0]
        case "eigvecsh":
            return np.linalg.eigh(_symmetric(x))[1]
        case "svdvals":
            return _svd(x)[1]
        case "svd_u":
            return _svd(x)[0]
        case "svd_v":
            return _svd(x)[2]
        case "polar":
            u, _, v = _svd(x)
            return u @ v.T
        case "lyapunov":
            return _lyapunov(x)
        case "polar_array":
            return _polar_array(x)
        case "norm_nuc":
            return _svd(x)[1].sum()
        case "norm_spec":
            return _svd(x)[1].max()
        case "frechet":
            return frechet(str(node.parameters[0]), *below)
        case "frechet_array":
            return _frechet_array(node, below)
        case "powers":
            return _powers(node, x, sizes)
        case "onehot":
            return (x.astype(int)[..., None] == np.arange(node.shape[-1].value(sizes))) * 1.0
    return _reduction(node, x)


def _lyapunov(x: Array) -> Array:
    """The solutions S of H S + S H = E along every unit matrix E, H the symmetric polar factor of x."""
    _, h = scipy.linalg.polar(x)
    n = len(h)
    units = np.eye(n * n).reshape(n, n, n, n)
    out = np.zeros((n, n, n, n))
    for k, m in np.ndindex(n, n):
        out[:, :, k, m] = scipy.linalg.solve_sylvester(h, h, units[k, m])
    return out


def _polar_array(x: Array) -> Array:
    """d P = P S + (I - P P.T) dX inv(H) along every unit matrix dX, S solving H S + S H = P.T dX - dX.T P."""
    p, h = scipy.linalg.polar(x)
    out = np.zeros((*x.shape, *x.shape))
    for k, m in np.ndindex(*x.shape):
        unit = np.zeros(x.shape)
        unit[k, m] = 1.0
        s = scipy.linalg.solve_sylvester(h, h, p.T @ unit - unit.T @ p)
        out[:, :, k, m] = p @ s + (unit - p @ (p.T @ unit)) @ np.linalg.inv(h)
    return out


def _powers(node: Operator, x: Array, sizes: Mapping[str, int]) -> Array:
    labels, exponent = node.parameters
    lead = [s.value(sizes) for s in node.shape[:-2]]
    out = np.zeros((*lead, *x.shape))
    for at in itertools.product(*map(range, lead)):
        k = exponent.value(sizes) + sum(c * i for c, i in zip(labels, at, strict=True))
        if k >= 0:
            out[at] = np.linalg.matrix_power(x, k)
    return out


def _reduction(node: Operator, x: Array) -> Array:
    count = node.parameters[0]
    axes = tuple(range(x.ndim - count, x.ndim))
    match node.function:
        case "prod_except":
            return _prod_except(node, x)
        case "prod" | "max" | "min":
            return {"prod": np.prod, "max": np.max, "min": np.min}[node.function](x, axis=axes)
        case "argmax" | "argmin":
            top = (np.max if node.function == "argmax" else np.min)(x, axis=axes, keepdims=True)
            here = (x == top) * 1.0
            return here / here.sum(axis=axes, keepdims=True)
    raise AssertionError(node.function)


def _prod_except(node: Operator, x: Array) -> Array:
    """The product of all entries but those at given places, 0 where two places coincide."""
    count, left_out = node.parameters
    reduced = x.shape[x.ndim - count :]
    out = np.zeros((*x.shape[: x.ndim - count], *reduced * left_out))
    everything = list(np.ndindex(*reduced))
    for places in itertools.product(everything, repeat=left_out):
        if len(set(places)) == left_out:
            rest = [x[(..., *at)] for at in everything if at not in places]
            out[(..., *itertools.chain(*places))] = np.prod(rest, axis=0) if rest else 1.0
    return out
