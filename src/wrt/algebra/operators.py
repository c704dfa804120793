"""Matrix functions of whole arguments: one constructor that takes transposes and numbers outside and folds what is always true."""

from __future__ import annotations

from fractions import Fraction

from wrt.algebra.expr import ONE, Expr, Operator, Product, Reshape, Sizes, indicator, is_zero, number, raw_operator
from wrt.algebra.maps import exact_power, mapping, orientation, power
from wrt.algebra.product import einsum, part, product, scale, times, transpose, unscale
from wrt.algebra.sums import add, constant, size_number
from wrt.language.sizes import Size

TURNS = {"inv", "adj", "pinv", "expm", "logm", "sqrtm"}  # f(A.T) = f(A).T
INVARIANT = {"det", "logdet", "eigvalsh", "eigvecsh", "cholesky"}  # f(A.T) = f(A); the last three symmetrise their argument

ORDERED = {"eigvalsh": "ascending", "svdvals": "descending"}


def operator(name: str, arguments: tuple[Expr, ...], shape: Sizes, parameters: tuple[object, ...] = ()) -> Expr:
    """name(arguments) of a given shape.

    >>> from wrt.algebra.expr import symbol
    >>> n = Size.of("n")
    >>> X = symbol("X", (n, n))
    >>> operator("inv", (operator("inv", (X,), X.shape),), X.shape) is X
    True
    """
    if name == "solve":
        a, b = arguments
        inverse = operator("inv", (a,), a.shape)
        return einsum("ab,b->a" if b.order == 1 else "ab,bc->ac", inverse, b)
    if name == "frechet":
        from wrt.algebra.matrix_functions import frechet  # built on this constructor

        return frechet(str(parameters[0]), *arguments)
    if name in ("max", "min") and not shape and isinstance(arguments[0], Operator) and arguments[0].function in ORDERED:
        return _end(name, arguments[0])
    if name not in TURNS | INVARIANT:
        return raw_operator(name, arguments, shape, parameters)
    (x,) = arguments
    folded = _identity_or_diagonal(name, x)
    if folded is None:
        folded = _of_kronecker(name, x)
    if folded is None and isinstance(x, Operator):
        folded = _of_operator(name, x, shape)
    if folded is None and name in ("det", "logdet") and isinstance(x, Product):
        folded = _of_power(name, x)
    if folded is not None:
        return folded
    if name in ("inv", "det", "pinv") and not (isinstance(x, Product) and not x.operands):
        c, rest = unscale(x)
        if name == "det":
            n = x.shape[0].number
            if c != 1 and n is not None:
                return scale(c**n, operator(name, (rest,), shape))
        elif c != 1:
            return scale(1 / c, operator(name, (rest,), shape))
        scalar, rest = _scalar_factor(x)
        if scalar is not None and name in ("inv", "pinv"):
            return times(power(scalar, constant(-1, ())), operator(name, (rest,), shape))
    if isinstance(x, Product) and len(x.operands) == 1 and x.coefficient == 1 and x.operands[0][1] == x.output[::-1] and len(set(x.output)) == 2:
        inner = operator(name, (x.operands[0][0],), shape[::-1] if name in TURNS else shape)
        return transpose(inner) if name in TURNS else inner
    turned = transpose(x)
    if orientation(turned) < orientation(x):
        inner = raw_operator(name, (turned,), shape[::-1] if name in TURNS else shape, parameters)
        return transpose(inner) if name in TURNS else inner
    return raw_operator(name, (x,), shape, parameters)


def _of_power(name: str, x: Product) -> Expr | None:
    """det(A @ A) = det(A)**2 and logdet(A @ A) = 2*logdet(A), for any number of the same square factor."""
    first = x.operands[0][0] if x.operands else None
    if first is None or first.order != 2 or first.shape[0] is not first.shape[1] or len(x.operands) < 2 or x.coefficient != 1:
        return None
    following = dict(labels for _, labels in x.operands if len(labels) == 2)
    at, place = 0, x.output[0]
    while place in following:
        place = following.pop(place)
        at += 1
    if any(e is not first for e, _ in x.operands) or at != len(x.operands) or place != x.output[1] or x.output[0] == x.output[1]:
        return None
    inner = operator(name, (first,), ())
    return power(inner, constant(at, ())) if name == "det" else scale(at, inner)


def _end(name: str, x: Operator) -> Expr:
    """max(eigvalsh(S)) = eigvalsh(S)[n - 1]: the values stand in order."""
    (n,) = x.shape
    last = (name == "max") == (ORDERED[x.function] == "ascending")
    return product(1, [(indicator("==", (1,), Size.of(1) - n if last else Size.of(0), (n,)), (0,)), (x, (0,))], (), (n,))


def _of_operator(name: str, x: Operator, shape: Sizes) -> Expr | None:
    """f(g(A)) where that is simpler: of inverses and exponentials."""
    match name, x.function:
        case ("inv" | "pinv", "inv") | ("pinv", "pinv") | ("expm", "logm"):
            return x.children[0]
        case "det", "inv":
            return power(operator("det", x.children, ()), constant(-1, ()))
        case "logdet", "inv":
            return scale(-1, operator("logdet", x.children, ()))
        case "inv", "expm":
            return operator("expm", (scale(-1, x.children[0]),), shape)
        case "det", "expm":
            return mapping("exp", (einsum("aa->", x.children[0]),))
        case "logdet", "expm":
            return einsum("aa->", x.children[0])
        case "det" | "logdet", "powers" if not x.parameters[0] and isinstance(x.parameters[1], Size):
            count, inner = size_number(x.parameters[1]), operator(name, x.children, ())
            return power(inner, count) if name == "det" else times(count, inner)
    return None


def _of_kronecker(name: str, x: Expr) -> Expr | None:
    """inv, pinv, det and logdet of a Kronecker product, factor by factor."""
    if name not in ("inv", "pinv", "det", "logdet") or not (isinstance(x, Reshape) and not x.split and x.counts == (2, 2)):
        return None
    parts = kronecker_factors(x.argument)
    if parts is None:
        return None
    a, b = parts
    if name == "pinv" or (a.shape[0] is a.shape[1] and b.shape[0] is b.shape[1]):
        if name in ("inv", "pinv"):
            from wrt.algebra.reshape import group  # built on products

            turned = [operator(name, (f,), f.shape[::-1]) for f in (a, b)]
            return group(einsum("ac,bd->abcd", *turned), (2, 2))
        m, n = size_number(a.shape[0]), size_number(b.shape[0])
        first, second = operator(name, (a,), ()), operator(name, (b,), ())
        if name == "det":
            return times(power(first, n), power(second, m))
        return add([(ONE, times(n, first)), (ONE, times(m, second))], ())
    return None


def kronecker_factors(e: Expr) -> tuple[Expr, Expr] | None:
    """(A, B) when e[a, b, c, d] = A[a, c] * B[b, d]; numbers and scalars go to A."""
    if not isinstance(e, Product) or len(set(e.output)) != 4:
        return None
    joined = list(range(len(e.sizes)))
    for _, labels in e.operands:
        roots = {_root(joined, a) for a in labels}
        for a in roots:
            joined[a] = min(roots)
    a, b, c, d = e.output
    mine = {_root(joined, a), _root(joined, c)}
    if mine & {_root(joined, b), _root(joined, d)}:
        return None
    left = [o for o in e.operands if not o[1] or _root(joined, o[1][0]) not in {_root(joined, b), _root(joined, d)}]
    right = [o for o in e.operands if o not in left]
    return part(e.coefficient, left, (a, c), e.sizes), part(ONE, right, (b, d), e.sizes)


def _root(joined: list[int], a: int) -> int:
    while joined[a] != a:
        a = joined[a]
    return a


def _scalar_factor(x: Expr) -> tuple[Expr | None, Expr]:
    """(s, rest) when x = s * rest with a scalar expression s."""
    if not isinstance(x, Product):
        return None, x
    scalars = [e for e, labels in x.operands if not labels]
    if not scalars:
        return None, x
    rest = [(e, labels) for e, labels in x.operands if labels]
    return times(*scalars), product(x.coefficient, rest, x.output, x.sizes)


def _identity_or_diagonal(name: str, x: Expr) -> Expr | None:
    """f(c*I) and f(diag(v)) for inv, det, logdet: products of the diagonal entries."""
    if not (isinstance(x, Product) and len(x.output) == 2 and x.output[0] == x.output[1]):
        return None
    entry = product(x.coefficient, x.operands, x.output[:1], x.sizes)
    if is_zero(entry):
        return None
    n = x.shape[0]
    if name == "inv":
        return einsum("a->aa", power(entry, constant(-1, entry.shape)))
    value = entry.coefficient if isinstance(entry, Product) and not entry.operands else None
    if name in ("adj", "pinv") and value is not None:  # of a multiple of I
        known = 1 / value if name == "pinv" else exact_power(value, Fraction(n.number - 1)) if n.number is not None else ONE if value == 1 else None
        return None if known is None else product(known, [], (0, 0), (n,))
    if name == "det" and value is not None:
        if value == 1:
            return number(1)
        known = exact_power(value, Fraction(n.number)) if n.number is not None else None
        return number(known) if known is not None else power(number(value), size_number(n))
    if name == "logdet" and value == 1:
        return number(0)
    return None


def matrix_power(x: Expr, exponent: Size, labels: tuple[int, ...] = (), sizes: Sizes = ()) -> Expr:
    """The family x**(exponent + sum_k labels[k] * index_k) over label axes of `sizes`, zero where the exponent is negative.

    Axes: the label axes, then the two of x. Source: Matrix Cookbook (90).
    """
    if not labels and exponent.number is not None:
        return _whole_power(x, exponent.number)
    return raw_operator("powers", (x,), (*sizes, *x.shape), (labels, exponent))


def _whole_power(x: Expr, k: int) -> Expr:
    n = x.shape[0]
    if k < 0:
        return _whole_power(operator("inv", (x,), x.shape), -k)
    if k == 0:
        return einsum("->aa", a=n)
    if k > 12:  # past that the written-out product is not what anybody reads
        return raw_operator("powers", (x,), x.shape, ((), Size.of(k)))
    return product(1, [(x, (i, i + 1)) for i in range(k)], (0, k), [n] * (k + 1))
