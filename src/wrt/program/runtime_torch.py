"""The helper functions that emitted torch code calls: those of `runtime.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Tensor = Any  # torch.Tensor
torch: Any = None  # the library, bound when the backend is first used: importing this module must not need it


def root_power(s: Tensor, exponent: float) -> Tensor:
    """s**exponent, and 0 where s is 0: the minimal-norm subgradient of a norm at 0."""
    return torch.where(s != 0, torch.where(s != 0, s, 1.0) ** exponent, 0.0)


def norm(x: Tensor) -> Tensor:
    """The root of the sum of the squares, scaled so that none overflows or vanishes."""
    scale = x.abs().max() if x.numel() else x.sum()
    scale = torch.where((scale > 0) & (scale < torch.inf), scale, torch.ones_like(scale))
    return scale * (x / scale).square().sum().sqrt()


def norms(x: Tensor, axis: int) -> Tensor:
    """The root of the sum of the squares along an axis, scaled so that none overflows or vanishes."""
    scale = x.abs().amax(dim=axis) if x.numel() else x.sum(dim=axis)
    scale = torch.where((scale > 0) & (scale < torch.inf), scale, torch.ones_like(scale))
    return scale * (x / scale.unsqueeze(axis)).square().sum(dim=axis).sqrt()


def add_diagonal(a: Tensor, v: Tensor) -> Tensor:
    """a + diag(v)."""
    a = a.clone()
    a.diagonal().add_(v)
    return a


def spread(core: Tensor, shape: tuple[int, ...], axes: str, pattern: str) -> Tensor:
    """Zeros but where axes with one letter agree: there result[pattern] = core[axes]."""
    return add_spread(torch.zeros(shape, dtype=torch.float64), core, axes, pattern)


def add_spread(a: Tensor, core: Tensor, axes: str, pattern: str) -> Tensor:
    """a + spread(core)."""
    out = a.clone(memory_format=torch.contiguous_format)
    letters = axes + "".join(c for c in dict.fromkeys(pattern) if c not in axes)
    strides = [sum(s for s, p in zip(out.stride(), pattern, strict=True) if p == c) for c in letters]
    view = torch.as_strided(out, [out.shape[pattern.index(c)] for c in letters], strides)
    core = torch.as_tensor(core, dtype=torch.float64)
    view += core.reshape(tuple(core.shape) + (1,) * (view.ndim - core.ndim))
    return out


def at(core: Tensor, shape: tuple[int, ...], where: Any) -> Tensor:
    """Zeros with core at [where]."""
    return add_at(torch.zeros(shape, dtype=torch.float64), core, where)


def add_at(a: Tensor, core: Tensor, where: Any) -> Tensor:
    """a + at(core)."""
    out = a.clone()
    out[where] += core
    return out


def placed(core: Tensor, shape: tuple[int, ...], held: int, counts: Sequence[int], starts: Sequence[int], steps: Sequence[Sequence[int]]) -> Tensor:
    """Zeros with core[i] written at starts + steps @ i, for i below counts; what falls outside is dropped."""
    return add_placed(torch.zeros(shape, dtype=torch.float64), core, held, counts, starts, steps)


def places(start: int, steps: Sequence[int], counts: Sequence[int]) -> Tensor:
    """start + steps @ i for i below counts."""
    total = torch.full(tuple(counts), start)
    for k, (step, n) in enumerate(zip(steps, counts, strict=True)):
        total = total + step * torch.arange(n).reshape([n if a == k else 1 for a in range(len(counts))])
    return total


def add_placed(a: Tensor, core: Tensor, held: int, counts: Sequence[int], starts: Sequence[int], steps: Sequence[Sequence[int]]) -> Tensor:
    """a + placed(core)."""
    out = a.clone()
    where = [places(start, row, counts) for start, row in zip(starts, steps, strict=True)]
    inside = torch.ones(tuple(counts), dtype=torch.bool)
    for place, n in zip(where, a.shape, strict=True):
        inside &= (place >= 0) & (place < n)
    core = torch.as_tensor(core, dtype=torch.float64)
    values = torch.broadcast_to(core.reshape(tuple(core.shape) + (1,) * (len(counts) - held)), tuple(counts))
    out[tuple(place[inside] for place in where)] += values[inside]
    return out


def gather(x: Tensor, axis: int, start: int, steps: Sequence[int], counts: Sequence[int]) -> Tensor:
    """x with an axis replaced by one a step: the entry start + steps @ i along it, 0 outside its range."""
    place = places(start, steps, counts)
    inside = (place >= 0) & (place < x.shape[axis])
    whole = (*x.shape[:axis], *counts, *x.shape[axis + 1 :])
    if not x.shape[axis]:
        return torch.zeros(whole, dtype=x.dtype)
    found = torch.index_select(x, axis, torch.where(inside, place, 0).reshape(-1)).reshape(whole)
    return torch.where(inside.reshape(tuple(inside.shape) + (1,) * (x.ndim - axis - 1)), found, 0.0)


def indicator(relation: str, start: int, steps: Sequence[int], counts: Sequence[int]) -> Tensor:
    """1 where start + steps @ i == 0 (>= 0), else 0."""
    value = places(start, steps, counts)
    return (value == 0 if relation == "==" else value >= 0).double()


def index(rows: Tensor, size: int) -> Tensor:
    """Rows to look up, as whole numbers within range."""
    found = rows.long()
    if found.numel() and (int(found.min()) < 0 or int(found.max()) >= size):
        from wrt.errors import ShapeError

        raise ShapeError(f"a look-up leaves the range 0 .. {size - 1}: {int(found.min())} .. {int(found.max())}.")
    return found


def onehot(rows: Tensor, size: int) -> Tensor:
    """1 where the last axis is the number looked up, else 0."""
    return (index(rows, size)[..., None] == torch.arange(size)).double()


def put(values: Tensor, rows: Tensor, size: int) -> Tensor:
    """The sum of the values that go to each row."""
    return torch.zeros((size, *values.shape[1:]), dtype=values.dtype).index_add(0, index(rows, size), values)


def place_of(best: str, x: Tensor, count: int) -> Tensor:
    """Over the last `count` axes: 1 at the largest ("max") or smallest ("min") entry, split evenly at a tie."""
    axes = tuple(range(x.ndim - count, x.ndim))
    same = (x == getattr(x, f"a{best}")(dim=axes, keepdim=True)).double()
    return same / same.sum(dim=axes, keepdim=True)


def adjugate(a: Tensor) -> Tensor:
    """The adjugate, right for singular matrices too: det(U) det(V) V diag(products of the other singular values) U'."""
    u, s, vt = torch.linalg.svd(a)
    return torch.linalg.det(u) * torch.linalg.det(vt) * (vt.T * others(s, 1)) @ u.T


def matrix_powers(a: Tensor, start: int, steps: Sequence[int], counts: Sequence[int]) -> Tensor:
    """a**(start + steps @ i) for i below counts, 0 where the exponent is negative."""
    if any(n < 0 for n in counts):
        raise ValueError("the derivative of a matrix power is computed for exponents that are not negative.")
    exponents = places(start, steps, counts)
    table = [torch.eye(len(a), dtype=a.dtype)]
    for _ in range(int(exponents.max()) if exponents.numel() else 0):
        table.append(table[-1] @ a)
    table.append(torch.zeros_like(a))  # for negative exponents
    return torch.stack(table)[torch.where(exponents < 0, len(table) - 1, exponents)]


def inverse_of_cholesky(factor: Tensor) -> Tensor:
    """inv(L @ L.T) from L."""
    return torch.cholesky_inverse(factor)


def frechet(name: str, a: Tensor, *directions: Tensor) -> Tensor:
    """The derivative of the matrix exponential at a along each direction in turn: the corner of that of [[a, e], [0, a]]."""
    n, double = len(a), a
    for e in directions:
        corner = torch.kron(torch.eye(len(double) // n, dtype=a.dtype), e.contiguous())
        double = torch.cat([torch.cat([double, corner], 1), torch.cat([torch.zeros_like(double), double], 1)])
    return torch.linalg.matrix_exp(double)[:n, -n:]


def frechet_array(name: str, count: int, a: Tensor, *directions: Tensor) -> Tensor:
    """The derivative along the directions given and along every pair of unit matrices: axes [i, j], then [k, l] for each of `count`."""
    import itertools

    n = len(a)
    units = torch.eye(n * n, dtype=a.dtype).reshape(n * n, n, n)
    found = [frechet(name, a, *directions, *[units[k] for k in many]) for many in itertools.product(range(n * n), repeat=count)]
    return torch.stack(found, dim=-1).reshape((n, n) * (count + 1))


def prod_except(x: Tensor, count: int, left_out: int) -> Tensor:
    """Over the last `count` axes: the product of all entries but the ones at the places left out, 0 where two of these coincide."""
    lead, rest = tuple(x.shape[: x.ndim - count]), tuple(x.shape[x.ndim - count :])
    return others(x.reshape((*lead, -1)), left_out).reshape(lead + rest * left_out)


def others(x: Tensor, left_out: int) -> Tensor:
    """prod_except over the last axis."""
    n = x.shape[-1]
    if left_out == 0:
        return x.prod(dim=-1)
    parts = []
    for i in range(n):
        inner = others(torch.cat([x[..., :i], x[..., i + 1 :]], -1), left_out - 1)
        for k in range(left_out - 1):  # a zero at place i, which two places cannot share
            before, after = torch.tensor_split(inner, [i], dim=x.ndim - 1 + k)
            inner = torch.cat([before, torch.zeros_like(inner.narrow(x.ndim - 1 + k, 0, 1)), after], x.ndim - 1 + k)
        parts.append(inner)
    return torch.stack(parts, dim=x.ndim - 1)


def minors(a: Tensor, count: int) -> Tensor:
    """The derivative of det(a) by `count` entries, axes [i, j] for each: signed minors, right for singular matrices too."""
    from itertools import permutations

    n = len(a)
    if count == 1:
        return adjugate(a).T
    out = torch.zeros((n, n) * count, dtype=a.dtype)
    for rows in permutations(range(n), count):
        for columns in permutations(range(n), count):
            rest = a[[k for k in range(n) if k not in rows]][:, [k for k in range(n) if k not in columns]]
            swaps = sum(p[i] > p[j] for p in (rows, columns) for i in range(count) for j in range(i + 1, count))
            place = tuple(k for pair in zip(rows, columns, strict=True) for k in pair)
            out[place] = (-1) ** (sum(place) + swaps) * (torch.linalg.det(rest) if count < n else 1.0)
    return out


def at_each(f: Any, lead: int, *arguments: Tensor) -> Tensor:
    """f(a[i], b[i], ...) for every index i of the first `lead` axes."""
    rows = [a.reshape((-1, *a.shape[lead:])) for a in arguments]
    values = torch.stack([f(*row) for row in zip(*rows, strict=True)])
    return values.reshape((*arguments[0].shape[:lead], *values.shape[1:]))
