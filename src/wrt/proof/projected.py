"""Matrix expressions applied to a vector, factor by factor, where the matrix itself would be too large: the random projection of a Kronecker form.

kron(A, B) applied to vec(V) is vec(B V A.T), a product is applied from its end, a commutation matrix only moves entries; what has no rule is
evaluated as it stands. A vector is a value with the key 0 (and the bound indices it depends on).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrt.language.surface import Binary, Call, Node, Unary
from wrt.language.surface import Generator as Sum
from wrt.proof.arrays import Key, UnfitError, Value, ordered
from wrt.proof.matrices import as_matrix
from wrt.proof.network import network
from wrt.proof.walk import Env, Walker

DEPTH = 50  # nested rules past which a matrix is evaluated as it stands


def bilinear(walk: Walker, node: Node, left: Value, right: Value) -> Any:
    """left.T @ M @ right for a matrix expression M and two vectors."""
    moved = applied(walk, node, right, (), turned=False, depth=0)
    flat = network(walk, [left, moved], ()).parts.get(0)
    return flat[0] if flat is not None else 0


def applied(walk: Walker, node: Node, vector: Value, env: Env, *, turned: bool, depth: int) -> Value:
    """M @ vector, or M.T @ vector when turned."""
    if depth > DEPTH or node.shape is None or node.shape.kind != "matrix":
        return _plainly(walk, node, vector, env, turned)
    match node:
        case Unary(op="T"):
            return applied(walk, node.argument, vector, env, turned=not turned, depth=depth + 1)
        case Unary():
            return walk.scale(walk.number(-1), applied(walk, node.argument, vector, env, turned=turned, depth=depth + 1))
        case Binary(op="@") if _matrices(node):
            first, second = (node.left, node.right) if turned else (node.right, node.left)
            middle = applied(walk, first, vector, env, turned=turned, depth=depth + 1)
            return applied(walk, second, middle, env, turned=turned, depth=depth + 1)
        case Binary(op="+" | "-") if _matrices(node):
            parts = [applied(walk, side, vector, env, turned=turned, depth=depth + 1) for side in (node.left, node.right)]
            return walk.add(*parts) if node.op == "+" else walk.subtract(*parts)
        case Binary(op="*" | "/"):
            return _scaled(walk, node, vector, env, turned, depth)
        case Call(function="kron"):
            return _kron(walk, node, vector, env, turned)
        case Call(function="commutation"):
            return _commuted(walk, node, vector, turned)
        case Call(function="eye") if node.shape.sizes[0] is node.shape.sizes[1]:
            return vector
        case Call(function="diag"):
            return walk.times(walk.renamed(walk.value(node.arguments[0], env), {1: 0}), vector)
        case Sum(function="sum"):
            return _summed(walk, node, vector, env, turned, depth)
    return _plainly(walk, node, vector, env, turned)


def _matrices(node: Binary) -> bool:
    kinds = [side.shape.kind for side in (node.left, node.right) if side.shape is not None]
    return kinds == ["matrix", "matrix"]


def _plainly(walk: Walker, node: Node, vector: Value, env: Env, turned: bool) -> Value:
    matrix = as_matrix(walk, walk.value(node, env))
    mine = 0 if turned else 1
    names: Mapping[Key, Key] = {mine: 20, 1 - mine: 0}
    bound = ordered(frozenset((*walk.bound(matrix), *walk.bound(vector))))
    return network(walk, [walk.renamed(matrix, names), walk.renamed(vector, {0: 20})], (*bound, 0))


def _scaled(walk: Walker, node: Binary, vector: Value, env: Env, turned: bool, depth: int) -> Value:
    """A scalar times a matrix."""
    for scalar, matrix in ((node.left, node.right), (node.right, node.left)):
        if scalar.shape is not None and scalar.shape.kind == "scalar" and not (node.op == "/" and scalar is node.left):
            factor = walk.value(scalar, env)
            factor = walk.invert(factor, 0) if node.op == "/" else factor
            return walk.times(factor, applied(walk, matrix, vector, env, turned=turned, depth=depth + 1))
    return _plainly(walk, node, vector, env, turned)


def _kron(walk: Walker, node: Call, vector: Value, env: Env, turned: bool) -> Value:
    """kron(A, B) @ v: entry (i, k) is the sum of A[i, j] B[k, l] v[j, l]."""
    a, b = (as_matrix(walk, walk.value(side, env)) for side in node.arguments)
    rows, columns = (1, 0) if turned else (0, 1)
    left, right = walk.renamed(a, {rows: 20, columns: 21}), walk.renamed(b, {rows: 22, columns: 23})
    sizes = {key: dim for v in (left, right) for key, dim in zip(v.keys, v.dims, strict=True)}
    bound = walk.bound(vector)
    if vector.dims[-1] != sizes[21] * sizes[23]:
        raise UnfitError("a Kronecker product of another size")
    split = Value((*bound, 21, 23), (*vector.dims[:-1], sizes[21], sizes[23]), vector.parts)
    outer = ordered(frozenset((*bound, *walk.bound(a), *walk.bound(b))))
    joined = walk.arranged(network(walk, [left, right, split], ordered(frozenset((*outer, 20, 22)))), (*outer, 20, 22))
    return Value((*outer, 0), (*joined.dims[:-2], joined.dims[-2] * joined.dims[-1]), joined.parts)


def _commuted(walk: Walker, node: Call, vector: Value, turned: bool) -> Value:
    """commutation(m, n) @ vec(A) = vec(A.T): the two halves of an index change places."""
    m, n = (walk.count(a) for a in node.arguments)
    slow, fast = (m, n) if turned else (n, m)
    bound = walk.bound(vector)
    if vector.dims[-1] != m * n:
        raise UnfitError("a commutation matrix of another size")
    split = Value((*bound, 20, 21), (*vector.dims[:-1], slow, fast), vector.parts)
    moved = walk.arranged(split, (*bound, 21, 20))
    return Value((*bound, 0), (*moved.dims[:-2], m * n), moved.parts)


def _summed(walk: Walker, node: Sum, vector: Value, env: Env, turned: bool, depth: int) -> Value:
    """A sum of matrices over plain ranges: the body applied, then summed."""
    if node.conditions:
        return _plainly(walk, node, vector, env, turned)
    inner = dict(env)
    for loop in node.loops:
        first, stop = (walk.whole_of(part, tuple(sorted(inner.items()))) for part in (loop.start, loop.stop))
        if first.keys or stop.keys:
            return _plainly(walk, node, vector, env, turned)
        inner[loop.name] = (loop.name, int(first.parts[0][0]), int(stop.parts[0][0]))
    inside = tuple(sorted(inner.items()))
    body = applied(walk, node.body, vector, inside, turned=turned, depth=depth + 1)
    keys = tuple(inner[loop.name] for loop in node.loops)
    total = walk.sum_over(body, tuple(k for k in keys if k in body.keys))
    missing = 1
    for key in keys:
        missing *= key[2] - key[1] if key not in body.keys else 1
    return walk.scale(walk.number(missing), total)
