"""Scalars out of vectors and matrices, in the shortest of the usual spellings: x.T @ y, sum(x), tr(A @ B), sum(A*B)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from wrt.language.functions_declared import index_parts
from wrt.language.sizes import Size
from wrt.notation import literals
from wrt.notation.build import Forest
from wrt.notation.tree import ONE, SCALAR, Atom, Call, Chain, Factor, Literal, Scaled, Sum, Times, Tree, Turn, is_eye, is_ones, is_unit

SUM_BIAS = 0.3  # tr(A @ B) is preferred to sum(A.T*B) unless it is longer by more than this


def total(forest: Forest, t: Tree) -> Scaled:
    """The sum of the entries of a column."""
    if isinstance(t, Call) and t.function == "diag":
        return trace(forest, [t.arguments[0]])
    if isinstance(t, Call) and t.function == "sum" and t.axis is not None:
        return forest.call("sum", t.arguments)
    if isinstance(t, Turn) and isinstance(t.argument, Call) and t.argument.function == "sum":
        return forest.call("sum", t.argument.arguments)
    if is_ones(t):
        assert t.box[0] is not None
        return forest.size(t.box[0])
    if is_unit(t):
        return ONE, forest.one
    if isinstance(t, Sum) and len(t.terms) == 1:
        c, inner = total(forest, t.terms[0][1])
        return c * t.terms[0][0], inner
    if isinstance(t, Times) and any(f.box == SCALAR for f, _ in t.factors):
        c, body = forest.times([(f, e) for f, e in t.factors if f.box != SCALAR])
        k, inner = total(forest, body)
        m, out = forest.times([*[(f, e) for f, e in t.factors if f.box == SCALAR], (inner, ONE)])
        return c * k * m, out
    return forest.call("sum", (t,))


def row_sums(forest: Forest, t: Tree) -> Scaled:
    """The sums of the rows of a matrix, a column."""
    if is_eye(t):
        return ONE, forest.ones((t.box[0], None))
    if isinstance(t, Call) and t.function == "diag":
        return ONE, t.arguments[0]
    if isinstance(t, Chain):
        last = t.factors[-1]
        if last.box[0] is None:
            k, turned = forest.turn(last)
            c, inner = total(forest, turned)
            c *= k
        else:
            c, inner = row_sums(forest, last)
        k, out = forest.chain([*t.factors[:-1], forest.wrap((c, inner))])
        return k, out
    return forest.call("sum", (t,), 1)


def inner(forest: Forest, factors: Sequence[Factor], size: Size) -> Scaled:
    """sum_i prod_k factor_k[i]**e_k of columns of that size: the shortest of x.T @ (y*z), sum(x*y*z), norm forms being typed."""
    c, whole = forest.times(factors)
    if whole.box == SCALAR:  # the columns cancelled: x*(1/x) has as many ones as x has entries
        k, count = forest.size(size)
        m, out = forest.times([(whole, ONE), (count, ONE)])
        return c * k * m, out
    flat = list(whole.factors) if isinstance(whole, Times) else [(whole, ONE)]
    scalars = [(f, e) for f, e in flat if f.box == SCALAR]
    vectors = [(f, e) for f, e in flat if f.box != SCALAR]
    best = _inner(forest, vectors)
    k, t = forest.times([*scalars, (best[1], ONE)])
    return c * best[0] * k, t


def _inner(forest: Forest, vectors: list[Factor]) -> Scaled:
    k, body = forest.times(vectors)
    whole = total(forest, body)
    if len(vectors) == 1 and vectors[0][1] == 1:
        return k * whole[0], whole[1]
    best: Scaled = (k * whole[0], whole[1])
    least = forest.product_score(*best) + (0.0 if len(vectors) > 1 else 0.5)
    for n, (f, e) in enumerate(vectors):
        if e < 1 or e.denominator != 1:
            continue
        rest = [(g, d) for m, (g, d) in enumerate(vectors) if m != n] + ([(f, e - 1)] if e > 1 else [])
        if not rest or (e > 2 and len(vectors) == 1):
            continue
        j, turned = forest.turn(f)
        m, other = forest.times(rest)
        i, t = forest.chain([turned, other])
        found = (j * m * i, t)
        score = forest.product_score(*found)
        if score < least:
            best, least = found, score
    return best


def trace(forest: Forest, factors: Sequence[Tree]) -> Scaled:
    """tr of a product of square-closing factors: the rotation with the fewest transposes that starts with what the user named first."""
    c, product = forest.chain(factors)
    if isinstance(product, Times) and any(f.box == SCALAR for f, _ in product.factors):
        scalars = [(f, e) for f, e in product.factors if f.box == SCALAR]
        k, body = forest.times([(f, e) for f, e in product.factors if f.box != SCALAR])
        m, t = trace(forest, [body])
        j, out = forest.times([*scalars, (t, ONE)])
        return c * k * m * j, out
    if product.box == SCALAR:
        return c, product
    if is_eye(product):
        assert product.box[0] is not None
        k, t = forest.size(product.box[0])
        return c * k, t
    if isinstance(product, Call) and product.function == "diag":
        k, t = total(forest, product.arguments[0])
        return c * k, t
    if isinstance(product, Turn):
        product = product.argument
    if isinstance(product, Sum) and len(product.terms) == 1:
        k, t = trace(forest, [product.terms[0][1]])
        return c * product.terms[0][0] * k, t
    if isinstance(product, Call) and product.function == "frechet":
        return _trace_of_frechet(forest, c, product)
    if isinstance(product, Literal):
        found = literals.trace(forest, product)
        if found is not None:
            return c * found[0], found[1]
    if not isinstance(product, Chain):
        k, t = forest.call("tr", (product,))
        return c * k, t
    columns = [n for n, f in enumerate(product.factors) if f.box[1] is None]
    if columns:  # tr(a b.T) = b.T a
        n = columns[0] + 1
        k, t = forest.chain([*product.factors[n:], *product.factors[:n]])
        return c * k, t
    k, t = forest.chain([*product.factors[1:], product.factors[0]])
    if not isinstance(t, Chain) or len(t.factors) < len(product.factors):  # the ends are one factor together
        m, out = trace(forest, [t])
        return c * k * m, out
    k, t = _rotated(forest, list(product.factors))
    if len(product.factors) == 2:
        a, b = product.factors
        m, turned = forest.turn(a)
        j, pair = forest.times([(turned, ONE), (b, ONE)])
        other = total_of_matrix(forest, (m * j, pair))
        if forest.product_score(*other) < forest.product_score(k, t) - SUM_BIAS:
            return c * other[0], other[1]
    return c * k, t


def _trace_of_frechet(forest: Forest, c: Fraction, t: Call) -> Scaled:
    """tr(frechet(f, A, E)) = tr(f'(A) @ E): under the trace everything commutes."""
    name, a, e = t.arguments[0], t.arguments[1], t.arguments[2]
    assert isinstance(name, Atom)
    match getattr(name.node, "value", ""):
        case "expm":
            k, slope = forest.call("expm", (a,))
        case "logm":
            k, slope = forest.call("inv", (a,))
        case _:
            m, root = forest.call("sqrtm", (a,))
            k, slope = forest.call("inv", (forest.wrap((2 * m, root)),))
    m, out = trace(forest, [slope, e])
    return c * k * m, out


def total_of_matrix(forest: Forest, scaled: Scaled) -> Scaled:
    c, t = scaled
    if isinstance(t, Times) and any(f.box == SCALAR for f, _ in t.factors):
        scalars = [(f, e) for f, e in t.factors if f.box == SCALAR]
        k, body = forest.times([(f, e) for f, e in t.factors if f.box != SCALAR])
        m, inside = forest.call("sum", (body,))
        j, out = forest.times([*scalars, (inside, ONE)])
        return c * k * m * j, out
    k, out = forest.call("sum", (t,))
    return c * k, out


def _rotated(forest: Forest, factors: list[Tree]) -> Scaled:
    best: tuple[tuple[float, bool, tuple[int, ...]], Fraction, list[Tree]] | None = None
    turned = [forest.turn(f) for f in reversed(factors)]
    sign = ONE
    for k, _ in turned:
        sign *= k
    for c, word in ((ONE, factors), (sign, [t for _, t in turned])):
        score = sum(f.score for f in word)
        for n in range(len(word)):
            rotation = word[n:] + word[:n]
            key = tuple(x for f in rotation for x in f.key)
            rank = (score, _derived(rotation[0]), key)
            if best is None or rank < best[0]:
                best = (rank, c, rotation)
    assert best is not None
    k, product = forest.chain(best[2])
    m, t = forest.call("tr", (forest.wrap((ONE, product)),))
    return best[1] * k * m, t


def _derived(t: Tree) -> bool:
    """Whether a factor is a derivative of a declared function, which stands behind others: tr(inv(A(t)) @ D(A)(t))."""
    inner = t.argument if isinstance(t, Turn) else t
    found = index_parts(inner.function) if isinstance(inner, Call) else None
    return found is not None and any(found[1])
