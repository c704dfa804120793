"""Products in which an open direction of a matrix function meets its matrix, and products of the factors of a decomposition.

    frechet_array(A)[i, j, k, l] * E[k, l]      = frechet(A, E)[i, j]
    C[i, j] * frechet_array(A)[i, j, k, l]      = frechet(A.T, C)[k, l]
    tr(frechet(A, E))                           = sum(f'(A).T * E)            and so for more directions
    V[k, i] * f(l)[i] * V[m, i]                 = f((S + S.T)/2)[k, m]        V, l eigenvectors and eigenvalues
    V[k, i] * V[k, j] = U[k, i] * U[k, j]       = (i == j)                    orthonormal columns
    U[k, i] * s[i] * V[l, i]                    = X[k, l]                     singular value decomposition, and so for odd functions of s
    L[k, i] * L[m, i]                           = ((S + S.T)/2)[k, m]         Cholesky factor

Always true; applied by the constructor of products, so that derivatives of higher order start from the simpler form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from wrt.algebra.expr import ONE, Expr, Labels, Map, Operator, Product, Sum, constant_value, fold, postorder, raw_operator
from wrt.algebra.maps import mapping
from wrt.algebra.matrix_functions import frechet
from wrt.algebra.operators import matrix_power, operator
from wrt.algebra.product import CLOSING, Operand, einsum, part, product, times, transpose
from wrt.algebra.rebuild import rewrite, with_children
from wrt.algebra.sums import add, constant
from wrt.language.sizes import Size

ORTHONORMAL = ("eigvecsh", "svd_u", "svd_v", "polar")


def closed(node: Product) -> Expr | None:
    """The product with one such pair closed, None when there is none."""
    for k, (e, labels) in enumerate(node.operands):
        if not isinstance(e, Operator) or e.function not in CLOSING:
            continue
        match e.function:
            case "frechet_array":
                found = _close_direction(node, k, e, labels)
            case "frechet":
                found = _close_trace(node, k, e, labels)
            case _:
                found = _close_factor(node, k, e, labels)
        if found is not None:
            return found
    return None


def _is(e: Expr, function: str) -> bool:
    return isinstance(e, Operator) and e.function == function


# ---------------------------------------------------------------------------------------------------- directions
def _close_direction(node: Product, k: int, e: Operator, labels: Labels) -> Expr | None:
    name = str(e.parameters[0])
    a, directions = e.arguments[0], e.arguments[1:]
    for at in range(0, len(labels), 2):
        pair, others = labels[at : at + 2], labels[:at] + labels[at + 2 :]
        if set(pair) & (set(others) | set(node.output)):
            continue
        hanging = _component(node, k, pair, others)
        if hanging is None:
            continue
        matrix = part(ONE, [node.operands[m] for m in sorted(hanging)], pair, node.sizes)
        rest = [o for m, o in enumerate(node.operands) if m != k and m not in hanging]
        if at:  # a direction: symmetric, so any open pair is the last
            return part(
                node.coefficient, [*rest, (_opened(name, a, (*directions, matrix), e.order - 2), others)], node.output, node.sizes, flatten=False
            )
        # the value's own axes: by the adjoint, the first open direction becomes the value, everything else is turned
        made = _opened(name, transpose(a), (*[transpose(d) for d in directions], matrix), e.order - 2)
        turned = others[:2] + tuple(a for p in range(2, len(others), 2) for a in others[p : p + 2][::-1])
        return part(node.coefficient, [*rest, (made, turned)], node.output, node.sizes, flatten=False)
    return None


def _close_trace(node: Product, k: int, e: Operator, labels: Labels) -> Expr | None:
    """tr(frechet(A, E, H)) = sum(frechet(A.T, E.T, I) * H): the identity commutes, which leaves one direction less."""
    if labels[0] != labels[1] or labels[0] in node.output or any(labels[0] in ls for m, (_, ls) in enumerate(node.operands) if m != k):
        return None
    a, *others, last = e.arguments
    size = node.sizes[labels[0]]
    made = frechet(str(e.parameters[0]), transpose(a), *[transpose(d) for d in others], product(1, [], (0, 0), (size,)))
    value = product(1, [(made, (0, 1)), (last, (0, 1))], (), (size, size))
    rest = [o for m, o in enumerate(node.operands) if m != k]
    return part(node.coefficient, [*rest, (value, ())], node.output, node.sizes, flatten=False)


def _opened(name: str, a: Expr, directions: tuple[Expr, ...], order: int) -> Expr:
    if order == 2:
        return frechet(name, a, *directions)
    return raw_operator("frechet_array", (a, *directions), a.shape * (order // 2), (name,))


def _component(node: Product, k: int, pair: Labels, others: Labels) -> set[int] | None:
    """The operands that hang on the two labels only; None when they reach another axis of operand k or of the output."""
    reached = set(pair)
    hanging: set[int] = set()
    forbidden = set(others) | set(node.output)
    grown = True
    while grown:
        grown = False
        for m, (_, labels) in enumerate(node.operands):
            if m != k and m not in hanging and reached & set(labels):
                hanging.add(m)
                reached |= set(labels)
                grown = True
    return None if reached & forbidden else hanging


# ---------------------------------------------------------------------------------------------------- factors
def _close_factor(node: Product, k: int, e: Operator, labels: Labels) -> Expr | None:
    if len(labels) != 2 or labels[0] == labels[1]:
        return None
    if e.function in ORTHONORMAL:
        return _orthonormal(node, k, e, labels) or _spectral(node, k, e, labels)
    lower = e if e.function == "cholesky" else e.children[0]
    if not _is(lower, "cholesky"):
        return None
    place = 1 if e is lower else 0  # L @ L.T = S and inv(L).T @ inv(L) = inv(S)
    for m, (f, there) in enumerate(node.operands):
        if m > k and f is e and there[place] == labels[place] and there[1 - place] != labels[1 - place] and _private(node, (k, m), labels[place]):
            s = symmetrised(lower.children[0])
            made = s if e is lower else operator("inv", (s,), s.shape)
            return _replaced(node, (k, m), (made, (labels[1 - place], there[1 - place])), labels[place])
    return None


def symmetrised(a: Expr) -> Expr:
    """(A + A.T)/2."""
    half = Fraction(1, 2)
    return add([(half, a), (half, transpose(a))], a.shape)


def _private(node: Product, pair: Sequence[int], label: int) -> bool:
    """Whether a label is summed over and only these operands hold it."""
    return label not in node.output and all(label not in labels for m, (_, labels) in enumerate(node.operands) if m not in pair)


def _replaced(node: Product, gone: Sequence[int], made: Operand, label: int) -> Expr:
    """The product with operands replaced by one, a label dropped."""
    assert label not in made[1]
    rest = [o for m, o in enumerate(node.operands) if m not in gone]
    return part(node.coefficient, [*rest, made], node.output, node.sizes, flatten=False)


def _orthonormal(node: Product, k: int, e: Operator, labels: Labels) -> Expr | None:
    """Q.T @ Q = I, and Q @ Q.T = I for a square Q."""
    square = e.shape[0] is e.shape[1]
    wide = e.function == "polar" and _wide(e)
    for place in (0, 1):
        if not (square or place == (1 if wide else 0)):
            continue
        for m, (f, there) in enumerate(node.operands):
            if m > k and f is e and there[place] == labels[place] and there[1 - place] != labels[1 - place] and _private(node, (k, m), labels[place]):
                identity = product(1, [], (0, 0), (e.shape[1 - place],))
                return _replaced(node, (k, m), (identity, (labels[1 - place], there[1 - place])), labels[place])
    return None


def _wide(e: Expr) -> bool:
    m, n = e.shape
    return m.number is not None and n.number is not None and m.number < n.number


def _spectral(node: Product, k: int, e: Operator, labels: Labels) -> Expr | None:
    """V diag(f(l)) V.T = f(S) and U diag(s) V.T = X: the label between two factors holds nothing but a function of the values."""
    inner = labels[1]
    if inner in node.output or e.function == "polar":
        return None
    at = [m for m, (_, ls) in enumerate(node.operands) if inner in ls]
    partners = [m for m in at if m != k and node.operands[m][1][-1] == inner and len(node.operands[m][1]) == 2 and _partner(e, node.operands[m][0])]
    weights = [m for m in at if m != k and m not in partners]
    if len(partners) != 1 or partners[0] < k or any(node.operands[m][1] != (inner,) for m in weights):
        return None
    f, there = node.operands[partners[0]]
    if there[0] == labels[0]:
        return None
    size = (node.sizes[inner],)
    weight = product(1, [(node.operands[m][0], (0,)) for m in weights], (0,), size)
    made = _matrix(e, f, weight)
    return None if made is None else _replaced(node, (k, partners[0], *weights), (made, (labels[0], there[0])), inner)


def _partner(e: Operator, f: Expr) -> bool:
    return isinstance(f, Operator) and f.arguments == e.arguments and (f is e or {e.function, f.function} == {"svd_u", "svd_v"})


def _matrix(e: Operator, f: Expr, weight: Expr) -> Expr | None:
    """The matrix with these factors on its sides and a function of the values between."""
    (x,) = e.arguments
    if e.function == "eigvecsh":
        return _function(weight, operator("eigvalsh", (x,), (x.shape[0],)), symmetrised(x))
    values = operator("svdvals", (x,), (e.shape[1],))
    if f is not e:
        made = _odd_function(weight, values, x)
        return made if made is None or e.function == "svd_u" else transpose(made)
    if weight is times(values, values):
        return einsum("ka,kb->ab", x, x) if e.function == "svd_v" else einsum("ak,bk->ab", x, x)
    return None


def _odd_function(weight: Expr, values: Expr, x: Expr) -> Expr | None:
    """U diag(s*g(s**2)) V.T = X g(X.T X), for a wide X g(X X.T) X: smooth where singular values meet. Source: Higham 2008, Functions of Matrices, corollary 1.34."""
    if weight is values:
        return x
    if weight is mapping("pow", (values, constant(-1, values.shape))):
        return transpose(operator("pinv", (x,), x.shape[::-1]))
    if isinstance(weight, Sum):
        terms = [(c, _odd_function(t, values, x)) for c, t in weight.terms]
        return None if any(t is None for _, t in terms) else add([(c, t) for c, t in terms if t is not None], x.shape)
    if isinstance(weight, Product) and any(not labels for _, labels in weight.operands):
        scalars = [o for o in weight.operands if not o[1]]
        rest = [o for o in weight.operands if o[1]]
        made = _odd_function(product(1, rest, weight.output, weight.sizes), values, x)
        return None if made is None else product(weight.coefficient, [(made, (0, 1)), *scalars], (0, 1), x.shape)
    square = raw_operator("square", (), values.shape)  # stands for s**2
    even = fold(times(weight, mapping("pow", (values, constant(-1, values.shape)))), _squares(values, square))
    if any(node is values for node in postorder(even)):
        return None
    wide = _wide(x)
    made = _function(even, square, einsum("ak,bk->ab" if wide else "ka,kb->ab", x, x))
    if made is None or any(node is square for node in postorder(made)):
        return None
    return einsum("ab,bc->ac", *((made, x) if wide else (x, made)))


def _squares(values: Expr, square: Expr) -> Callable[[Expr, tuple[Expr, ...]], Expr]:
    """A visit that writes even powers of s as powers of s**2."""

    def visit(node: Expr, below: tuple[Expr, ...]) -> Expr:
        if isinstance(node, Map) and node.function == "pow" and node.arguments[0] is values:
            k = constant_value(node.arguments[1])
            if k is not None and k.denominator == 1 and k % 2 == 0:
                return mapping("pow", (square, constant(k / 2, node.shape)))
        return with_children(node, below) if below else node

    return visit


def with_polar(e: Expr) -> Expr:
    """U V.T as the polar factor, whose derivative is smooth where singular values meet."""
    if not any(_is(node, "svd_u") for node in postorder(e)):
        return e
    return rewrite(e, lambda node: _with_polar(node) if isinstance(node, Product) else node)


def _with_polar(node: Product) -> Expr:
    for k, (e, labels) in enumerate(node.operands):
        for m, (f, there) in enumerate(node.operands):
            if not (_is(e, "svd_u") and _is(f, "svd_v") and e.children == f.children and labels[1] == there[1] and labels[0] != there[0]):
                continue
            if _private(node, (k, m), labels[1]):
                x = e.children[0]
                return _replaced(node, (k, m), (operator("polar", (x,), x.shape), (labels[0], there[0])), labels[1])
    return node


def _function(weight: Expr, values: Expr, s: Expr) -> Expr | None:
    """f(S) for a weight f(values), f made of numbers, scalars, sums, products, powers, exp, log."""
    if weight is values:
        return s
    scalar = _spread_scalar(weight)
    if scalar is not None:
        return product(1, [(scalar, ())], (0, 0), (s.shape[0],))
    match weight:
        case Sum():
            terms = [(c, _function(t, values, s)) for c, t in weight.terms]
            if any(t is None for _, t in terms):
                return None
            return add([(c, t) for c, t in terms if t is not None], s.shape)
        case Product():
            scalars = [o for o in weight.operands if not o[1]]
            factors = [_function(g, values, s) for g, ls in weight.operands if ls == weight.output]
            if len(factors) + len(scalars) != len(weight.operands) or any(g is None for g in factors):
                return None
            chain: list[Operand] = [(g, (n, n + 1)) for n, g in enumerate(factors) if g is not None]
            return product(weight.coefficient, [*scalars, *chain], (0, len(chain)), [s.shape[0]] * (len(chain) + 1))
        case Map(function="exp" | "log"):
            inner = _function(weight.arguments[0], values, s)
            return None if inner is None else operator("expm" if weight.function == "exp" else "logm", (inner,), s.shape)
        case Map(function="pow"):
            return _power(weight, values, s)
    return None


def _power(weight: Map, values: Expr, s: Expr) -> Expr | None:
    inner, exponent = _function(weight.arguments[0], values, s), constant_value(weight.arguments[1])
    if inner is None or exponent is None or exponent.denominator > 2:
        return None
    if exponent.denominator == 2:
        inner = operator("sqrtm", (inner,), s.shape)
    if abs(exponent.numerator) > 12:
        return None
    return matrix_power(inner, Size.of(exponent.numerator))


def _spread_scalar(weight: Expr) -> Expr | None:
    """The scalar that every entry of a vector visibly is."""
    if isinstance(weight, Product) and all(not labels for _, labels in weight.operands):
        return part(weight.coefficient, weight.operands, (), weight.sizes)
    return None
