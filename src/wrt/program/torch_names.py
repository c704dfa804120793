"""NumPy's and SciPy's names, as far as emitted code uses them, over torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any

Tensor = Any  # torch.Tensor


@cache
def library() -> Any:
    """The module torch: importing this one must not need it."""
    return import_module("torch")


def tensor(x: Any) -> Tensor:
    """A tensor of 64-bit numbers, or the one given."""
    return x if isinstance(x, library().Tensor) else library().as_tensor(x, dtype=library().float64)


def _unary(function: Callable[[Tensor], Tensor]) -> Callable[[Any], Tensor]:
    return lambda x: function(tensor(x))


def _binary(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Any, Any], Tensor]:
    return lambda x, y: function(tensor(x), tensor(y))


def _reduced(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda x, axis=None: function(x, dim=tuple(range(x.ndim)) if axis is None else axis)


def _prod(x: Tensor, axis: int | tuple[int, ...] | None = None) -> Tensor:
    if axis is None:
        return x.prod()
    for k in sorted([axis] if isinstance(axis, int) else axis, reverse=True):
        x = x.prod(dim=k)
    return x


def _array(rows: Sequence[Any], dtype: object = None) -> Tensor:
    return library().stack([_array(row) if isinstance(row, list) else tensor(row) for row in rows])


def _concatenate(parts: Sequence[Any]) -> Tensor:
    return library().cat([_array(p) if isinstance(p, list) else p for p in parts])


def _block(rows: Sequence[Sequence[Any]]) -> Tensor:
    def matrix(cell: Any) -> Tensor:
        found = tensor(cell)
        return found if found.ndim == 2 else found.reshape(1, -1)

    return library().cat([library().cat([matrix(cell) for cell in row], dim=1) for row in rows])


def _diag(v: Any) -> Tensor:
    return library().diag(tensor(v))


def _full(shape: tuple[int, ...] | int, value: Any, dtype: object = None) -> Tensor:
    return tensor(value).expand(shape if isinstance(shape, tuple) else (shape,)).clone()


def _where(condition: Tensor, x: Any, y: Any) -> Tensor:
    return library().where(condition, tensor(x), tensor(y))


def _cholesky(a: Tensor, *, lower: bool = True, check_finite: bool = False) -> Tensor:
    return library().linalg.cholesky(a)


def _columns(solve: Callable[[Tensor], Tensor], b: Tensor) -> Tensor:
    return solve(b[:, None])[:, 0] if b.ndim == 1 else solve(b)


def _cho_solve(factor: tuple[Tensor, bool], b: Tensor, *, check_finite: bool = False) -> Tensor:
    return _columns(lambda columns: library().cholesky_solve(columns, factor[0]), b)


def _lu_factor(a: Tensor, *, check_finite: bool = False) -> tuple[Tensor, Tensor]:
    return tuple(library().linalg.lu_factor(a))


def _lu_solve(factors: tuple[Tensor, Tensor], b: Tensor, trans: int = 0, *, check_finite: bool = False) -> Tensor:
    return _columns(lambda columns: library().linalg.lu_solve(*factors, columns, adjoint=bool(trans)), b)


def _polar(a: Tensor) -> tuple[Tensor]:
    u, _, vt = library().linalg.svd(a, full_matrices=False)
    return (u @ vt,)


def _svd(a: Tensor, *, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    return library().linalg.svd(a, full_matrices=full_matrices) if compute_uv else library().linalg.svdvals(a)


class _Index:
    def __getitem__(self, key: Any) -> Any:
        return key


@cache
def _names() -> dict[str, Any]:
    torch = library()
    double = torch.float64
    numpy = SimpleNamespace(
        **{name: _unary(getattr(torch, name)) for name in "abs cos cosh exp expm1 log log1p sign sin sinh sqrt tan tanh real".split()},
        **{f"arc{name}": _unary(getattr(torch, f"a{name}")) for name in "cos cosh sin sinh tan tanh".split()},
        **{name: _binary(getattr(torch, name)) for name in ("logaddexp", "maximum", "minimum")},
        pi=math.pi,
        s_=_Index(),
        max=_reduced(torch.amax),
        min=_reduced(torch.amin),
        prod=_prod,
        array=_array,
        concatenate=_concatenate,
        block=_block,
        diag=_diag,
        full=_full,
        where=_where,
        zeros=lambda shape: torch.zeros(shape, dtype=double),
        arange=lambda n, dtype=None: torch.arange(n, dtype=double),
        tri=lambda m, n, k=0: torch.tril(torch.ones(m, n, dtype=double), k),
        tril=torch.tril,
        triu=torch.triu,
        trace=torch.trace,
        matmul=torch.matmul,
        broadcast_to=torch.broadcast_to,
        cumsum=lambda x, axis=0: torch.cumsum(x, dim=axis),
        flip=lambda x, axis: torch.flip(x, (axis,)),
        vdot=lambda a, b: (a * b).sum(),
        tensordot=lambda a, b, axes: torch.tensordot(a, b, dims=[list(k) for k in axes]),
        multiply=SimpleNamespace(outer=lambda a, b: torch.tensordot(a, b, dims=0)),
        linalg=SimpleNamespace(
            **{name: getattr(torch.linalg, name) for name in "det eigh eigvalsh inv matrix_power pinv slogdet solve cholesky".split()},
            svd=_svd,
            norm=lambda a, order: torch.linalg.matrix_norm(a, ord=order),
        ),
    )
    special = SimpleNamespace(
        **{name: _unary(getattr(torch.special, name)) for name in "digamma erf expit gammaln ndtr".split()},
        xlogy=_binary(torch.special.xlogy),
        xlog1py=_binary(torch.special.xlog1py),
        polygamma=lambda k, x: torch.special.polygamma(int(k), tensor(x)),
    )
    linalg = SimpleNamespace(
        cholesky=_cholesky, cho_solve=_cho_solve, lu_factor=_lu_factor, lu_solve=_lu_solve, polar=_polar, expm=torch.linalg.matrix_exp
    )
    return {"np": numpy, "special": special, "linalg": linalg}


def __getattr__(name: str) -> Any:
    if name not in ("np", "special", "linalg"):
        raise AttributeError(name)
    return _names()[name]
