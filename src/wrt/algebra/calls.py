"""How each structural function, reduction and norm of the text language becomes index form: one small rule a name."""

from __future__ import annotations

from fractions import Fraction

from wrt.algebra.closing import symmetrised
from wrt.algebra.domain import check_argument
from wrt.algebra.expr import Expr, Operator, constant_value, raw_operator
from wrt.algebra.low import Low, join, selector, slots, typed
from wrt.algebra.lower import CallRule, Lowering
from wrt.algebra.maps import mapping, power, reciprocal, square_root
from wrt.algebra.operators import matrix_power, operator
from wrt.algebra.product import product, times
from wrt.algebra.reshape import group
from wrt.algebra.sums import add, constant, size_number
from wrt.errors import NotDifferentiableError, ShapeError, TextError
from wrt.language.sizes import Size
from wrt.language.surface import Call, Name, Number, Shape, Text, Unary

Arguments = list[tuple[Low, Shape]]
LONGEST = 12  # powers of one matrix for each outer index that are written out


# ---------------------------------------------------------------------------------------------------- reductions
def _axis(node: Call) -> int | None:
    option = node.option("axis")
    if option is None and len(node.arguments) > 1 and node.function != "norm":
        option = node.arguments[1]
    if option is None:
        return None
    sign = 1
    if isinstance(option, Unary):
        option, sign = option.argument, -1
    if not isinstance(option, Number) or option.value.denominator != 1:
        raise TextError("axis must be 0 or 1.", span=node.span)
    return sign * int(option.value)


def _reduced(node: Call, shape: Shape) -> tuple[int, ...]:
    """The own axes that a reduction sums over."""
    axis = _axis(node)
    if axis is None:
        return tuple(range(shape.order))
    if shape.kind == "tensor":
        return (axis % shape.order,)
    chosen = slots(shape)[axis % 2]
    return () if chosen is None else (chosen,)


def _along(low: Low, shape: Shape, axes: tuple[int, ...]) -> Low:
    """Sum over own axes."""
    keys = tuple(("sum", k) if k in axes else k for k in range(shape.order))
    return join([(low, keys)], tuple(k for k in range(shape.order) if k not in axes))


def _count(shape: Shape, axes: tuple[int, ...]) -> Expr:
    size = Size.of(1)
    for k in axes:
        size = size * shape.sizes[k]
    return size_number(size)


def _back(low: Low, shape: Shape, axes: tuple[int, ...]) -> Low:
    """A reduced value spread over the axes it was reduced along."""
    kept = tuple(k for k in range(shape.order) if k not in axes)
    return join([(low, kept)], tuple(range(shape.order)), dict(enumerate(shape.sizes)))


def _apply(f: str, low: Low) -> Low:
    return Low(mapping(f, (low.expr,)), low.free)


def _sum(work: Lowering, node: Call, args: Arguments) -> Low:
    low, shape = args[0]
    return _along(low, shape, _reduced(node, shape))


def _mean(work: Lowering, node: Call, args: Arguments) -> Low:
    low, shape = args[0]
    axes = _reduced(node, shape)
    total = _along(low, shape, axes)
    return Low(times(reciprocal(_count(shape, axes)), total.expr), total.free)


def _var(work: Lowering, node: Call, args: Arguments) -> Low:
    low, shape = args[0]
    axes = _reduced(node, shape)
    mean = _mean(work, node, args)
    spread = _back(mean, shape, axes).expr
    deviation = add([(Fraction(1), low.expr), (Fraction(-1), spread)], low.expr.shape)
    squares = Low(power(deviation, constant(2, deviation.shape)), low.free)
    total = _along(squares, shape, axes)
    return Low(times(reciprocal(_count(shape, axes)), total.expr), total.free)


def _logsumexp(work: Lowering, node: Call, args: Arguments) -> Low:
    low, shape = args[0]
    return _apply("log", _along(_apply("exp", low), shape, _reduced(node, shape)))


def _softmax(work: Lowering, node: Call, args: Arguments) -> Low:
    low, shape = args[0]
    axes = _reduced(node, shape)
    top = _apply("exp", low)
    below = _along(top, shape, axes)
    spread = _back(Low(reciprocal(below.expr), below.free), shape, axes)
    return Low(times(top.expr, spread.expr), low.free)


def _log_softmax(work: Lowering, node: Call, args: Arguments) -> Low:
    low, shape = args[0]
    axes = _reduced(node, shape)
    lse = _apply("log", _along(_apply("exp", low), shape, axes))
    spread = _back(lse, shape, axes)
    return Low(add([(Fraction(1), low.expr), (Fraction(-1), spread.expr)], low.expr.shape), low.free)


def _cumsum(work: Lowering, node: Call, args: Arguments) -> Low:
    low, shape = args[0]
    if not shape.order:
        return low
    (axis,) = _reduced(node, shape)[:1] or (0,)
    size = shape.sizes[axis]
    mask = Low(selector(">=", (1, -1), Size.of(0), (size, size)))
    keys = tuple("old" if k == axis else k for k in range(shape.order))
    return join([(low, keys), (mask, (axis, "old"))], tuple(range(shape.order)))


def _extreme(work: Lowering, node: Call, args: Arguments) -> Low:
    """prod, max, min: operators over the last axes of their argument; parameters (number of axes reduced)."""
    low, shape = args[0]
    axes = _reduced(node, shape)
    if not axes:
        return low
    if low.free and not shape.order:
        return low
    kept = tuple(k for k in range(shape.order) if k not in axes)
    if node.function == "prod" and isinstance(low.expr, Operator) and low.expr.function == "eigvalsh" and not low.free:
        s = symmetrised(low.expr.children[0])
        return Low(operator("det", (s,), ()))
    turned = join([(low, tuple(range(shape.order)))], (*kept, *axes))
    cut = turned.expr.order - len(axes)
    return Low(operator(node.function, (turned.expr,), turned.expr.shape[:cut], (len(axes),)), turned.free)


def _norm(work: Lowering, node: Call, args: Arguments) -> Low:
    low, shape = args[0]
    order = node.arguments[1] if len(node.arguments) > 1 else node.option("p") or node.option("ord")
    axes = tuple(range(shape.order))
    if order is None or (isinstance(order, Text) and order.value == "fro") or (isinstance(order, Number) and order.value == 2):
        squares = Low(power(low.expr, constant(2, low.expr.shape)), low.free)
        total = _along(squares, shape, axes)
        return Low(square_root(total.expr), total.free)
    if isinstance(order, Text):
        if low.free:
            raise NotDifferentiableError("a matrix norm inside a sum over its argument's index is not supported.", span=node.span)
        return Low(raw_operator("norm_" + order.value, (low.expr,), ()))
    size = _apply("abs", low)
    if isinstance(order, Name) and order.name == "inf":
        cut = len(low.free)
        return Low(raw_operator("max", (size.expr,), size.expr.shape[:cut], (shape.order,)), low.free) if shape.order else size
    if isinstance(order, Number) and order.value == 1:
        return _along(size, shape, axes)
    exponent = work.done[id(order)]
    p = exponent.expr
    raised = Low(power(size.expr, join([(exponent, ())], (*low.free, *axes), dict(enumerate(shape.sizes))).expr), low.free)
    total = _along(raised, shape, axes)
    outer = join([(Low(reciprocal(p), exponent.free), ())], total.free)
    return Low(power(total.expr, outer.expr), total.free)


# ---------------------------------------------------------------------------------------------------- structure
def _tr(work: Lowering, node: Call, args: Arguments) -> Low:
    low, shape = args[0]
    return join([(low, ("d",) * shape.order)], ()) if shape.order == 2 else low


def _diag(work: Lowering, node: Call, args: Arguments) -> Low:
    low, shape = args[0]
    return join([(low, (0, 0))], (0,)) if shape.order == 2 else join([(low, (0,))], (0, 0))


def _group(low: Low, counts: tuple[int, ...]) -> Low:
    return Low(group(low.expr, (*[1] * len(low.free), *counts)), low.free)


def _vec(work: Lowering, node: Call, args: Arguments) -> Low:
    low, shape = args[0]
    if shape.order != 2:
        return low if shape.order else _as_column(low)
    return _group(join([(low, (0, 1))], (1, 0)), (2,))


def _as_column(low: Low) -> Low:
    return join([(low, ())], (0,), {0: Size.of(1)})


def _kron(work: Lowering, node: Call, args: Arguments) -> Low:
    (a, sa), (b, sb) = args
    keys: list[list[object]] = [[], []]
    own: list[tuple[object, ...]] = []
    for which, shape in (("a", sa), ("b", sb)):
        named: dict[int, object] = {}
        for place in (0, 1):
            axis = slots(shape)[place]
            if axis is not None:
                named[axis] = (which, place)
                keys[place].append((which, place))
        own.append(tuple(named[k] for k in range(shape.order)))
    joined = join([(a, own[0]), (b, own[1])], (*keys[0], *keys[1]))
    want = slots(typed(node))
    counts = tuple(len(keys[place]) for place in (0, 1) if want[place] is not None)
    assert sum(counts) == len(keys[0]) + len(keys[1])
    return _group(joined, counts)


def _dot(work: Lowering, node: Call, args: Arguments) -> Low:
    (a, sa), (b, sb) = args
    return join([(a, tuple(range(sa.order))), (b, tuple(range(sb.order)))], ())


def _outer(work: Lowering, node: Call, args: Arguments) -> Low:
    (a, sa), (b, sb) = args
    return join([(a, (0,) * sa.order), (b, (1,) * sb.order)], tuple(range(typed(node).order)))


def _eye(work: Lowering, node: Call, args: Arguments) -> Low:
    shape = typed(node)
    if shape.order == 2 and shape.sizes[0] is not shape.sizes[1]:
        return Low(selector("==", (1, -1), Size.of(0), shape.sizes))
    return Low(product(1, [], (0, 0), (shape.sizes[0],)))


def _filled(value: int) -> CallRule:
    def rule(work: Lowering, node: Call, args: Arguments) -> Low:
        return Low(constant(value, typed(node).sizes))

    return rule


def _triangle(sign: int) -> CallRule:
    def rule(work: Lowering, node: Call, args: Arguments) -> Low:
        low, shape = args[0]
        mask = Low(selector(">=", (sign, -sign), Size.of(0), shape.sizes))
        return join([(low, (0, 1)), (mask, (0, 1))], (0, 1))

    return rule


def _commutation(work: Lowering, node: Call, args: Arguments) -> Low:
    m, n = (work.affine(a).constant for a in node.arguments)
    # K vec(A) = vec(A.T): rows are vec(A.T) = (i, j) with i slow, columns vec(A) = (j, i) with j slow
    return Low(group(product(1, [], (0, 1, 1, 0), (m, n)), (2, 2)))


def _einsum(work: Lowering, node: Call, args: Arguments) -> Low:
    spec = node.arguments[0]
    assert isinstance(spec, Text)
    inputs, output = spec.value.replace(" ", "").split("->")
    parts: list[tuple[Low, tuple[object, ...]]] = [(low, tuple(word)) for (low, _), word in zip(args, inputs.split(","), strict=True)]
    return join(parts, tuple(output))


def _conv(work: Lowering, node: Call, args: Arguments) -> Low:
    """result[i] = sum_a x[i + a] k[a], an axis at a time: the windows [t == i + a]."""
    (x, sx), (k, sk) = args
    shape = typed(node)
    parts: list[tuple[Low, tuple[object, ...]]] = [(x, tuple(("t", d) for d in range(sx.order))), (k, tuple(("a", d) for d in range(sk.order)))]
    for d in range(shape.order):
        window = selector("==", (1, -1, -1), Size.of(0), (sx.sizes[d], shape.sizes[d], sk.sizes[d]))
        parts.append((Low(window), (("t", d), d, ("a", d))))
    return join(parts, tuple(range(shape.order)))


def _matpow(work: Lowering, node: Call, args: Arguments) -> Low:
    (x, shape), form = args[0], work.affine(node.arguments[1])
    free = tuple(form.coefficients)
    exponent = form.at_start
    if x.free:
        count = exponent.number
        if free or count is None or abs(count) > LONGEST:
            raise NotDifferentiableError("inside a sum over its argument's index, matpow takes a small whole number.", span=node.span)
        factor = work.each("inv", [(x, shape)]) if count < 0 else x
        return join([(factor, (k, k + 1)) for k in range(abs(count))], (0, abs(count))) if count else _eye(work, node, args)
    labels = tuple(form.coefficients[b] for b in free)
    base = x.expr
    if exponent.terms and all(c < 0 for c in (*labels, *[c for _, c in exponent.terms])):  # powers of the inverse
        base, exponent, labels = operator("inv", (base,), base.shape), -exponent, tuple(-c for c in labels)
    return Low(matrix_power(base, exponent, labels, tuple(b.size for b in free)), free)


def _frechet(work: Lowering, node: Call, args: Arguments) -> Low:
    spec = node.arguments[0]
    assert isinstance(spec, Text)
    (a, sa), (e, _) = args
    if a.free:
        raise NotDifferentiableError("frechet at a matrix that depends on a summation index is not supported.", span=node.span)
    if e.free:  # linear in the direction: applied to the unit matrices, then to the direction
        array = raw_operator("frechet_array", (a.expr,), (*sa.sizes, *sa.sizes), (spec.value,))
        return join([(Low(array), (0, 1, "down", "across")), (e, ("down", "across"))], (0, 1))
    return Low(operator("frechet", (a.expr, e.expr), sa.sizes, (spec.value,)))


def _polygamma(work: Lowering, node: Call, args: Arguments) -> Low:
    order = constant_value(args[0][0].expr)
    if order is None or order.denominator != 1 or order < 0:
        raise ShapeError("the order of polygamma must be a whole number.", span=node.arguments[0].span)
    low, _ = args[1]
    if order == 0:
        return _apply("digamma", low)
    return Low(mapping("polygamma", (low.expr,), (order,)), low.free)


def _logarithm(work: Lowering, node: Call, args: Arguments) -> Low:
    """log(abs(det(X))) is logdet(X)."""
    low, _ = args[0]
    inner = node.arguments[0]
    check_argument(node, low.expr, inner, work.known)
    if isinstance(inner, Call) and inner.function == "abs" and isinstance(inner.arguments[0], Call) and inner.arguments[0].function == "det":
        matrix = inner.arguments[0].arguments[0]
        found = work.done[id(matrix)]
        if not found.free:
            return Low(operator("logdet", (found.expr,), ()))
    return _apply("log", low)


CALLS: dict[str, CallRule] = {
    "sum": _sum,
    "mean": _mean,
    "var": _var,
    "prod": _extreme,
    "max": _extreme,
    "min": _extreme,
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "cumsum": _cumsum,
    "norm": _norm,
    "tr": _tr,
    "trace": _tr,
    "diag": _diag,
    "vec": _vec,
    "kron": _kron,
    "dot": _dot,
    "outer": _outer,
    "eye": _eye,
    "ones": _filled(1),
    "zeros": _filled(0),
    "tril": _triangle(1),
    "triu": _triangle(-1),
    "commutation": _commutation,
    "einsum": _einsum,
    "conv1d": _conv,
    "conv2d": _conv,
    "matpow": _matpow,
    "frechet": _frechet,
    "polygamma": _polygamma,
    "log": _logarithm,
}
