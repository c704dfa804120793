"""One entry of a formula in index notation: (A @ x)[i] = sum(A[i, j]*x[j] for j in range(n))."""

from __future__ import annotations

from fractions import Fraction

from wrt.derivation.reading import Scene, is_pending, size_tree
from wrt.language.rewrite import exchanged
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Call, Generator, Index, Loop, Name, Node, Number, Slice, Unary
from wrt.language.trampoline import Task, run
from wrt.tables.functions import FUNCTIONS

ZERO, ONE = Number(Fraction(0), "0"), Number(Fraction(1), "1")


def entry(node: Node, place: tuple[Node, ...], scene: Scene) -> Node:
    """The entry of a typed tree at a place, in index notation as far as the functions are sums and products; nothing in it shares a bound name."""
    made = run(_entry(node, place, scene))
    assert isinstance(made, Node)
    return made


def opaque(node: Node, place: tuple[Node, ...]) -> Node:
    """The entry of what stays a whole: inv(X)[i, j]."""
    return Index(node, place) if place else node


def summed(index: str, size: Size, body: Node) -> Node:
    """sum(body for index in range(size))."""
    return Generator("sum", body, (Loop(index, ZERO, size_tree(size)),))


def _order(node: Node) -> int:
    return node.shape.order if node.shape is not None else 0


def _entry(node: Node, place: tuple[Node, ...], s: Scene) -> Task:
    if is_pending(node):
        return opaque(node, place)
    match node:
        case Unary(op="-"):
            return Unary("-", (yield _entry(node.argument, place, s)))
        case Unary():
            return (yield _entry(node.argument, place[::-1], s))
        case Binary(op="@"):
            return (yield _product(node, place, s))
        case Binary():
            return (yield _elementwise(node, place, s))
        case Call():
            return (yield _call(node, place, s))
        case Index():
            return (yield _index(node, place, s))
        case Generator(function="sum"):
            if any(loop.name in s.loops for loop in node.loops):
                return opaque(node, place)
            return Generator("sum", (yield _entry(node.body, place, s)), node.loops, node.conditions)
        case Generator():
            if len(place) == len(node.loops) and all(isinstance(p.start, Number) and p.start.value == 0 for p in node.loops):
                return replaced(node.body, {loop.name: p for loop, p in zip(node.loops, place, strict=True)})
    return opaque(node, place)


def replaced(tree: Node, values: dict[str, Node]) -> Node:
    """The tree with index names replaced, typed anew by whoever reads it."""
    return exchanged(tree, lambda n: values.get(n.name) if isinstance(n, Name) else None, typed=True)


def _elementwise(node: Binary, place: tuple[Node, ...], s: Scene) -> Task:
    left, right = node.left, node.right
    if not {_order(left), _order(right)} <= {0, len(place)} or (node.op == "**" and _is_norm(left) and _two(right)):
        return (yield _square(node, place, s))
    if place and _order(left) and _order(right) and left.shape != right.shape:
        return opaque(node, place)
    one = yield _entry(left, place if _order(left) else (), s)
    other = yield _entry(right, place if _order(right) else (), s)
    return Binary(node.op, one, other)


def _is_norm(node: Node) -> bool:
    return isinstance(node, Call) and node.function == "norm" and len(node.children) == 1 and _order(node.arguments[0]) in (1, 2)


def _two(node: Node) -> bool:
    return isinstance(node, Number) and node.value == 2


def _square(node: Binary, place: tuple[Node, ...], s: Scene) -> Task:
    if not (_is_norm(node.left) and isinstance(node.left, Call)):
        return opaque(node, place)
    return (yield _over_all(node.left.arguments[0], s, lambda e: Binary("**", e, Number(Fraction(2), "2"))))


def _over_all(inner: Node, s: Scene, body: object) -> Task:
    """The sum over all entries of a vector or a matrix."""
    assert inner.shape is not None and callable(body)
    names = [s.fresh() for _ in inner.shape.sizes]
    made = body((yield _entry(inner, tuple(map(Name, names)), s)))
    loops = tuple(Loop(n, ZERO, size_tree(size)) for n, size in zip(names, inner.shape.sizes, strict=True))
    return Generator("sum", made, loops) if loops else made


def _product(node: Binary, place: tuple[Node, ...], s: Scene) -> Task:
    left, right = node.left.shape, node.right.shape
    if left is None or right is None or node.shape is None or not left.order or not right.order or "tensor" in (left.kind, right.kind):
        return opaque(node, place)
    inner_left = left.sizes[-1] if left.kind in ("row", "matrix") else None
    inner_right = right.sizes[0] if right.kind in ("column", "matrix") else None
    rows = () if left.kind == "row" else place[:1]
    columns = () if right.kind == "column" else place[-1:]
    if len(rows) + len(columns) != len(place) or (left.kind == "column") != (right.kind == "row"):
        return opaque(node, place)
    if inner_left is None or inner_right is None:
        one = yield _entry(node.left, rows, s)
        return Binary("*", one, (yield _entry(node.right, columns, s)))
    bound = s.fresh()
    one = yield _entry(node.left, (*rows, Name(bound)), s)
    other = yield _entry(node.right, (Name(bound), *columns), s)
    return summed(bound, inner_left, Binary("*", one, other))


def _call(node: Call, place: tuple[Node, ...], s: Scene) -> Task:
    name = node.function
    if name in FUNCTIONS and all(_order(a) in (0, len(place)) for a in node.arguments):
        made: tuple[Node, ...] = ()
        for a in node.arguments:
            made = (*made, (yield _entry(a, place if _order(a) else (), s)))
        return Call(name, made)
    if name in ("ones", "zeros"):
        return ONE if name == "ones" else ZERO
    if name == "eye" and len(place) == 2:
        return Binary("==", place[0], place[1])
    if name == "kron" and len(place) == 2 and len(node.children) == 2 and all(_order(a) == 2 for a in node.arguments):
        return (yield _kronecker(node, place, s))
    axis = _axis(node)
    if axis is not None:
        return (yield _along(node, node.arguments[0], axis, place, s))
    if len(node.children) != 1 or node.arguments[0].shape is None:
        return opaque(node, place)
    return (yield _reduced(node, node.arguments[0], place, s))


def _kronecker(node: Call, place: tuple[Node, ...], s: Scene) -> Task:
    """kron(A, B)[i, j]: A[a, b]*B[c, d] where i is p*a + c and j is q*b + d, B being p x q."""
    shapes = [a.shape for a in node.arguments if a.shape is not None]
    names = [s.fresh() for _ in range(4)]
    a, b, c, d = map(Name, names)
    p, q = map(size_tree, shapes[1].sizes)
    made: Node = Binary("==", place[0], Binary("+", Binary("*", p, a), c))
    made = Binary("*", made, Binary("==", place[1], Binary("+", Binary("*", q, b), d)))
    made = Binary("*", made, (yield _entry(node.arguments[0], (a, b), s)))
    made = Binary("*", made, (yield _entry(node.arguments[1], (c, d), s)))
    for name, size in zip(reversed(names), reversed([*shapes[0].sizes, *shapes[1].sizes]), strict=True):
        made = summed(name, size, made)
    return made


def _axis(node: Call) -> int | None:
    """The axis of a reduction of a matrix, 0 or 1."""
    said = node.option("axis") or (node.arguments[1] if len(node.arguments) > 1 else None)
    plain = isinstance(said, Number) and len(node.children) == 2 and _order(node.arguments[0]) == 2
    return int(said.value) if isinstance(said, Number) and plain and said.value in (0, 1) else None


def _along(node: Call, u: Node, axis: int, place: tuple[Node, ...], s: Scene) -> Task:
    """sum, mean, logsumexp, softmax, log_softmax of a matrix along its columns (axis 0) or rows (axis 1)."""
    kept = len(place) == 2
    if node.function not in (("softmax", "log_softmax") if kept else ("sum", "mean", "logsumexp")) or not place or u.shape is None:
        return opaque(node, place)
    bound, size = s.fresh(), u.shape.sizes[axis]
    other = place[1 - axis] if kept else place[0]
    one = yield _entry(u, (other, Name(bound)) if axis else (Name(bound), other), s)
    if node.function in ("sum", "mean"):
        total = summed(bound, size, one)
        return Binary("/", total, size_tree(size)) if node.function == "mean" else total
    total = summed(bound, size, Call("exp", (one,)))
    if not kept:
        return Call("log", (total,))
    own = yield _entry(u, place, s)
    return Binary("/", Call("exp", (own,)), total) if node.function == "softmax" else Binary("-", own, Call("log", (total,)))


def _reduced(node: Call, u: Node, place: tuple[Node, ...], s: Scene) -> Task:
    shape = u.shape
    assert shape is not None
    match node.function:
        case "sum" | "mean" if shape.order in (1, 2):
            total = yield _over_all(u, s, lambda e: e)
            for size in shape.sizes if node.function == "mean" else ():
                total = Binary("/", total, size_tree(size))
            return total
        case "tr" if shape.order == 2:
            bound = s.fresh()
            return summed(bound, shape.sizes[0], (yield _entry(u, (Name(bound), Name(bound)), s)))
        case "diag" if shape.order == 1 and len(place) == 2:
            return Binary("*", Binary("==", place[0], place[1]), (yield _entry(u, place[:1], s)))
        case "diag" if shape.order == 2 and len(place) == 1:
            return (yield _entry(u, (place[0], place[0]), s))
        case "norm" if shape.order in (1, 2):
            return Call("sqrt", ((yield _over_all(u, s, lambda e: Binary("**", e, Number(Fraction(2), "2")))),))
        case "var" if shape.order == 1:
            n = size_tree(shape.sizes[0])
            mean = Binary("/", (yield _over_all(u, s, lambda e: e)), n)
            return Binary("/", (yield _over_all(u, s, lambda e: Binary("**", Binary("-", e, mean), Number(Fraction(2), "2")))), n)
        case "triu" | "tril" if len(place) == 2:
            one = yield _entry(u, place, s)
            on_diagonal = isinstance(place[0], Name) and isinstance(place[1], Name) and place[0].name == place[1].name
            return one if on_diagonal else Binary("*", Binary("<=" if node.function == "triu" else ">=", *place), one)
        case "cumsum" if shape.order == 1 and len(place) == 1:
            bound = s.fresh()
            return summed(bound, shape.sizes[0], Binary("*", Binary("<=", Name(bound), place[0]), (yield _entry(u, (Name(bound),), s))))
        case "logsumexp" if shape.order == 1:
            return Call("log", ((yield _over_all(u, s, lambda e: Call("exp", (e,)))),))
        case "log_softmax" if shape.order == 1:
            own = yield _entry(u, place, s)
            return Binary("-", own, Call("log", ((yield _over_all(u, s, lambda e: Call("exp", (e,)))),)))
        case "vec" if shape.order == 2 and len(place) == 1:  # the columns stacked
            a, b = s.fresh(), s.fresh()
            here = Binary("==", place[0], Binary("+", Binary("*", size_tree(shape.sizes[0]), Name(b)), Name(a)))
            made = Binary("*", here, (yield _entry(u, (Name(a), Name(b)), s)))
            return summed(a, shape.sizes[0], summed(b, shape.sizes[1], made))
        case "softmax" if shape.order == 1:
            above = Call("exp", ((yield _entry(u, place, s)),))
            return Binary("/", above, (yield _over_all(u, s, lambda e: Call("exp", (e,)))))
    return opaque(node, place)


def _index(node: Index, place: tuple[Node, ...], s: Scene) -> Task:
    """Entry of a part: whole axes and single indices only."""
    rest = list(place)
    full: list[Node] = []
    for p in node.parts:
        if isinstance(p, Slice):
            if p.start is not None or p.stop is not None or p.step is not None or not rest:
                return opaque(node, place)
            full.append(rest.pop(0))
        elif _order(p):
            return opaque(node, place)
        else:
            full.append(p)
    if rest or len(full) != _order(node.base):
        return opaque(node, place)
    if any(isinstance(p, Unary) for p in node.parts):
        return opaque(node, place)
    return (yield _entry(node.base, tuple(full), s))
