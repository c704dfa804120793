"""Solves and inverses of one matrix share one factorisation.

NumPy's and SciPy's libraries keep separate pools of threads that fight over the cores (a factorisation after a matrix product costs 20 times
more), so a program takes all its linear algebra from one of them: SciPy's factorisations where no matrix product stands beside them,
NumPy's otherwise. There an inverse that is needed anyway serves the solves too.

    SciPy   definite A: L = cholesky(A), solves and log-determinant from L      else LU, when there are several solves
    NumPy   solve(A, b)                    inv(A) @ b once inv(A) is needed itself or there are three solves
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from wrt.language.sizes import Size
from wrt.program.steps import Graph, Step, ordered

LARGE = 64  # size from which importing a Cholesky factorisation for a single solve pays
PRODUCTS = ("matmul", "contract")


class Group:
    """What a program asks of one matrix."""

    def __init__(self, matrix: Step) -> None:
        self.matrix = matrix
        self.solves: list[Step] = []
        self.inverse: Step | None = None
        self.logdet: Step | None = None


def shared_factors(g: Graph, results: Iterable[Step], definite: set[int], symmetric: set[int], value: Callable[[Size], int]) -> dict[int, Step]:
    """For every step (by number) below the results what stands for it; `definite`, `symmetric`: numbers of matrices known to be so."""
    roots = list(results)
    if symmetric:
        turned = rebuilt(g, roots, lambda x, args: args[0] if x.op == "transpose" and x.order == 2 and _symmetric(args[0], symmetric) else None)
        roots = [turned[x.number] for x in roots]
    else:
        turned = {}
    groups = _groups(roots)
    if not groups:
        return turned
    products = any(x.op in PRODUCTS for x in ordered(roots))
    scipy = not products and all(_scipy_serves(group, definite, value) for group in groups.values())
    replace = _with_scipy(g, groups, definite) if scipy else _with_numpy(g, groups)
    final = rebuilt(g, roots, replace)
    return {k: final[x.number] for k, x in turned.items() if x.number in final} | final if turned else final


def _symmetric(x: Step, symmetric: set[int]) -> bool:
    return x.number in symmetric or (x.op == "inverse" and x.args[0].number in symmetric)


def rebuilt(g: Graph, roots: Iterable[Step], replace: Callable[[Step, tuple[Step, ...]], Step | None]) -> dict[int, Step]:
    """Every step below the roots, made again over replaced arguments."""
    done: dict[int, Step] = {}
    for x in ordered(list(roots)):
        args = tuple(done[a.number] for a in x.args)
        found = replace(x, args)
        if found is None:
            same = all(a is b for a, b in zip(args, x.args, strict=True))
            found = x if same else g.transpose(args[0], x.data) if x.op == "transpose" else g.step(x.op, args, x.data, x.shape)  # type: ignore[arg-type]  # axes
        done[x.number] = found
    return done


def _base(x: Step) -> Step:
    return x.args[0] if x.op == "transpose" and x.order == 2 else x


def _groups(roots: list[Step]) -> dict[int, Group]:
    groups: dict[int, Group] = {}
    for x in ordered(roots):
        if x.op in ("solve", "inverse") or (x.op == "operator" and x.data[0] == "logdet"):
            base = _base(x.args[0])
            group = groups.setdefault(base.number, Group(base))
            if x.op == "solve":
                group.solves.append(x)
            elif x.op == "inverse":
                group.inverse = x
            else:
                group.logdet = x
    return groups


def _scipy_serves(group: Group, definite: set[int], value: Callable[[Size], int]) -> bool:
    asked = len(group.solves) + (group.inverse is not None) + (group.logdet is not None)
    if group.matrix.number in definite:
        return asked > 1 or (bool(group.solves) and value(group.matrix.shape[0]) >= LARGE)
    return len(group.solves) > 1 and group.inverse is None


def _with_scipy(g: Graph, groups: Mapping[int, Group], definite: set[int]) -> Callable[[Step, tuple[Step, ...]], Step | None]:
    def replace(x: Step, args: tuple[Step, ...]) -> Step | None:
        if not (x.op in ("solve", "inverse") or (x.op == "operator" and x.data[0] == "logdet")):
            return None
        base = _base(args[0])
        if _base(x.args[0]).number in definite:
            lower = g.step("cholesky", (base,), (), base.shape)
            if x.op == "solve":
                return g.step("factored", (lower, base, args[1]), (False,), x.shape)
            return g.step("spd_inverse" if x.op == "inverse" else "cholesky_logdet", (lower, base), (), x.shape)
        if x.op == "solve":
            factors = g.step("factor", (base,), (), base.shape)
            return g.step("factored", (factors, base, args[1]), (args[0] is not base,), x.shape)
        return None

    return replace


def _with_numpy(g: Graph, groups: Mapping[int, Group]) -> Callable[[Step, tuple[Step, ...]], Step | None]:
    def replace(x: Step, args: tuple[Step, ...]) -> Step | None:
        if x.op != "solve":
            return None
        group = groups[_base(x.args[0]).number]
        if group.inverse is None and len(group.solves) < 3:
            return None
        base = _base(args[0])
        inverse = g.step("inverse", (base,), (), base.shape)
        return g.matmul_plain(inverse if args[0] is base else g.transpose(inverse, (1, 0)), args[1])

    return replace
