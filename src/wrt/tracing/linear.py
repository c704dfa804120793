"""Products as NumPy means them: matmul, dot, einsum, tensordot, outer, Kronecker; matrix functions of single matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wrt.errors import ShapeError, TextError
from wrt.language.surface import Node
from wrt.tracing.array import Traced
from wrt.tracing.axes import axis_of, reshaped
from wrt.tracing.broadcast import flat, operation, upright
from wrt.tracing.lengths import ONE, Sizes, say
from wrt.tracing.trace import Trace, shape_of

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def matmul(a: Any, b: Any, trace: Trace) -> Traced:
    """a @ b: vectors are rows on the left and columns on the right; axes before the last two are a batch."""
    a, b = trace.constant(a), trace.constant(b)
    if not a.sizes or not b.sizes:
        raise ShapeError("matmul takes arrays, not scalars.", hint="a scalar multiplies with *.")
    _inner(a, b, a.sizes[-1], b.sizes[0 if len(b.sizes) == 1 else -2])
    if max(len(a.sizes), len(b.sizes)) > 2:
        return _batched(a, b)
    sizes = a.sizes[:-1] + b.sizes[1:] if len(b.sizes) > 1 else a.sizes[:-1]
    return Traced(trace, _product(trace, a, b), sizes)


def _inner(a: Traced, b: Traced, left: object, right: object) -> None:
    if left is not right:
        hint = ""
        if len(b.sizes) == 2 and b.sizes[1] is left:
            hint = "the second array's last axis fits: write b.T."
        elif len(a.sizes) == 2 and a.sizes[0] is right:
            hint = "the first array's first axis fits: write a.T."
        raise ShapeError(f"cannot multiply arrays of shape {say(a.sizes)} and {say(b.sizes)}: {left} is not {right}.", hint=hint)


def _product(trace: Trace, a: Traced, b: Traced) -> Node:
    """The node of a product of arrays with at most two axes."""
    left = (ONE, a.sizes[0]) if len(a.sizes) == 1 else a.sizes
    right = (b.sizes[0], ONE) if len(b.sizes) == 1 else b.sizes
    x, y = _placed(trace, a.node, left), _placed(trace, b.node, right)
    if "scalar" in (shape_of(x).kind, shape_of(y).kind):
        return trace.binary("*", x, y)
    if len(a.sizes) == 1 and shape_of(y).kind == "matrix":  # a vector times a matrix, as a column
        return trace.binary("@", trace.turned(y), upright(trace, x))
    return trace.binary("@", x, y)


def _placed(trace: Trace, node: Node, sizes: Sizes) -> Node:
    """A node as the matrix with these rows and columns."""
    if sizes[0] is ONE:
        return flat(trace, node)
    return upright(trace, node) if sizes[1] is ONE else node


def _batched(a: Traced, b: Traced) -> Traced:
    count = max(len(a.sizes), len(b.sizes)) - 2
    batch = LETTERS[:count]
    words = []
    for x, own in ((a, "yz"), (b, "zx")):
        if len(x.sizes) == 1:
            words.append("z")
        else:
            words.append(batch[count - (len(x.sizes) - 2) :] + own)
    out = batch + ("y" if len(a.sizes) > 1 else "") + ("x" if len(b.sizes) > 1 else "")
    return einsum(a.home, f"{words[0]},{words[1]}->{out}", a, b)


def einsum(trace: Trace, spec: Any, *operands: Any) -> Traced:
    """np.einsum with letters; "..." and a missing arrow are filled in."""
    if not isinstance(spec, str):
        raise TextError("einsum takes its index pattern as a text.")
    arrays = [trace.constant(x) for x in operands]
    words, out = _pattern(spec.replace(" ", ""), arrays)
    sizes: dict[str, Any] = {}
    for word, x in zip(words, arrays, strict=True):
        for letter, size in zip(word, x.sizes, strict=True):
            known = sizes.get(letter, ONE)
            if known is not ONE and size is not ONE and known is not size:
                raise ShapeError(f"index {letter} of einsum runs over {known} and over {size}.")
            sizes[letter] = size if known is ONE else known
    shown = tuple(sizes[c] for c in out)
    kept = ["".join(word[k] for k in x.core) for word, x in zip(words, arrays, strict=True)]
    scalars = [x.node for word, x in zip(kept, arrays, strict=True) if not word]
    factors = [(word, x.node) for word, x in zip(kept, arrays, strict=True) if word]
    result = "".join(c for c in out if sizes[c] is not ONE)
    node = _contracted(trace, factors, result)
    for s in scalars:
        node = s if node is None else trace.binary("*", s, node)
    assert node is not None
    return Traced(trace, node, shown)


def _contracted(trace: Trace, factors: Sequence[tuple[str, Node]], result: str) -> Node | None:
    """The sum of products over letters, written with @ and sums where that is short."""
    words = [word for word, _ in factors]
    nodes = [node for _, node in factors]
    if not factors:
        return None
    if words == [result]:
        return nodes[0]
    if len(factors) == 2 and all(len(set(w)) == len(w) <= 2 for w in words) and len(result) <= 2:
        found = _pair(trace, words, nodes, result)
        if found is not None:
            return found
    return trace.call("einsum", f"{','.join(words)}->{result}", *nodes)


def _pair(trace: Trace, words: Sequence[str], nodes: Sequence[Node], result: str) -> Node | None:
    """Two vectors or matrices: matrix products, inner and outer products, traces of products."""
    (a, b), (x, y) = words, nodes
    shared = [c for c in a if c in b]
    if len(a) == len(b) == 1:
        x, y = upright(trace, x), upright(trace, y)
        if a == b:
            return trace.binary("*", x, y) if result == a else trace.binary("@", trace.turned(x), y)
        return trace.binary("@", x, trace.turned(y)) if result == a + b else trace.binary("@", y, trace.turned(x)) if result == b + a else None
    if len(shared) == 1 and shared[0] not in result:
        (s,) = shared
        if len(a) == len(b) == 2:
            left = x if a[1] == s else trace.turned(x)
            right = y if b[0] == s else trace.turned(y)
            outer = (a.replace(s, ""), b.replace(s, ""))
            if result == outer[0] + outer[1]:
                return trace.binary("@", left, right)
            if result == outer[1] + outer[0]:
                return trace.binary("@", trace.turned(right), trace.turned(left))
            return None
        matrix, vector, word = (x, y, a) if len(a) == 2 else (y, x, b)
        return trace.binary("@", matrix if word[1] == s else trace.turned(matrix), upright(trace, vector)) if result == word.replace(s, "") else None
    if len(a) == len(b) == 2 and len(shared) == 2 and not result:
        return trace.call("sum", trace.binary("*", x, y if a == b else trace.turned(y)))
    return None


def _pattern(spec: str, arrays: Sequence[Traced]) -> tuple[list[str], str]:
    left, arrow, right = spec.partition("->")
    words = left.split(",")
    if len(words) != len(arrays):
        raise TextError(f"the pattern names {len(words)} arrays, found {len(arrays)}.")
    free = [c for c in LETTERS[::-1] if c not in spec]
    rank = max((len(x.sizes) - len(w.replace("...", "")) for w, x in zip(words, arrays, strict=True) if "..." in w), default=0)
    batch = "".join(free[: max(rank, 0)])
    filled = []
    for w, x in zip(words, arrays, strict=True):
        own = len(x.sizes) - len(w.replace("...", ""))
        word = w.replace("...", batch[len(batch) - own :] if own else "")
        if len(word) != len(x.sizes):
            raise ShapeError(f"'{w}' does not fit an array of shape {say(x.sizes)}.")
        filled.append(word)
    if not arrow:
        letters = "".join(filled)
        right = ("..." if batch else "") + "".join(sorted(c for c in set(letters) if letters.count(c) == 1 and c not in batch))
    return filled, right.replace("...", batch)


def dot(a: Any, b: Any, trace: Trace) -> Traced:
    """np.dot: scalars multiply, the last axis of a meets the last but one of b."""
    a, b = trace.constant(a), trace.constant(b)
    if not a.sizes or not b.sizes:
        return operation(trace, "*", a, b)
    if len(b.sizes) <= 2 and len(a.sizes) <= 2:
        return matmul(a, b, trace)
    return tensordot(a, b, ([-1], [-2 if len(b.sizes) > 1 else -1]), trace)


def inner(a: Any, b: Any, trace: Trace) -> Traced:
    """np.inner: the last axes meet."""
    a, b = trace.constant(a), trace.constant(b)
    return tensordot(a, b, ([-1], [-1]), trace) if a.sizes and b.sizes else operation(trace, "*", a, b)


def tensordot(a: Any, b: Any, axes: Any, trace: Trace) -> Traced:
    """np.tensordot."""
    a, b = trace.constant(a), trace.constant(b)
    if isinstance(axes, int):
        mine, yours = list(range(len(a.sizes) - axes, len(a.sizes))), list(range(axes))
    else:
        mine, yours = ([axis_of(x, k) for k in ([ax] if isinstance(ax, int) else ax)] for x, ax in zip((a, b), axes, strict=True))
    letters = LETTERS[: len(a.sizes) + len(b.sizes)]
    left, right = letters[: len(a.sizes)], list(letters[len(a.sizes) :])
    for i, j in zip(mine, yours, strict=True):
        _inner(a, b, a.sizes[i], b.sizes[j])
        right[j] = left[i]
    out = "".join(c for k, c in enumerate(left) if k not in mine) + "".join(c for k, c in enumerate(right) if k not in yours)
    return einsum(trace, f"{left},{''.join(right)}->{out}", a, b)


def outer(a: Any, b: Any, trace: Trace) -> Traced:
    """np.outer of raveled arrays."""
    a, b = (reshaped(x, -1) if len(x.sizes) != 1 else x for x in (trace.constant(a), trace.constant(b)))
    return einsum(trace, "a,b->ab", a, b)


def kron(a: Any, b: Any, trace: Trace) -> Traced:
    """np.kron of arrays with one number of axes, at most two."""
    a, b = trace.constant(a), trace.constant(b)
    if len(a.sizes) != len(b.sizes) or len(a.sizes) > 2:
        raise ShapeError(f"kron takes two vectors or two matrices, found {say(a.sizes)} and {say(b.sizes)}.")
    sizes = tuple(s * t for s, t in zip(a.sizes, b.sizes, strict=True))
    if len(a.sizes) == 1:
        return trace.array(trace.call("kron", upright(trace, a.node), upright(trace, b.node)), sizes)
    return trace.array(trace.call("kron", _placed(trace, a.node, a.sizes), _placed(trace, b.node, b.sizes)), sizes)


def matrix(x: Traced, name: str) -> Node:
    """The node of a square or rectangular matrix argument."""
    if len(x.core) != 2 or len(x.sizes) != 2:
        raise ShapeError(f"{name} takes one matrix; found an array of shape {say(x.sizes)}.")
    return x.node


def matrix_function(x: Traced, name: str, *arguments: int) -> Traced:
    """inv, det, expm, ... of one matrix."""
    trace = x.home
    return trace.array(trace.call(name, matrix(x, name), *[trace.number(a) for a in arguments]))


def solve(a: Any, b: Any, trace: Trace) -> Traced:
    """np.linalg.solve."""
    a, b = trace.constant(a), trace.constant(b)
    if len(b.sizes) not in (1, 2):
        raise ShapeError(f"the right side of solve has one or two axes, found {say(b.sizes)}.")
    node = trace.call("solve", matrix(a, "solve"), upright(trace, b.node) if len(b.core) == 1 else b.node)
    return Traced(trace, node, b.sizes)


def diagonal(x: Traced, k: int = 0) -> Traced:
    """np.diag: the matrix of a vector, the vector of a matrix."""
    if k:
        raise TextError("only the main diagonal is in the language.")
    if len(x.sizes) == 1 or len(x.sizes) == 2:
        return x.home.array(x.home.call("diag", x.node))
    raise ShapeError(f"diag takes a vector or a matrix, found {say(x.sizes)}.")


def traced(x: Traced) -> Traced:
    """np.trace."""
    return x.home.array(x.home.call("tr", matrix(x, "trace")))


def least_squares(a: Any, b: Any, trace: Trace) -> tuple[Traced, None, None, None]:
    """np.linalg.lstsq: the solution pinv(A) @ b, first of a tuple whose other parts no formula holds."""
    return matmul(matrix_function(trace.constant(a), "pinv"), b, trace), None, None, None


def chain(trace: Trace, parts: Sequence[Any]) -> Traced:
    """np.linalg.multi_dot."""
    out = trace.constant(parts[0])
    for p in parts[1:]:
        out = dot(out, p, trace)
    return out
