"""Other shapes of the same expression, as candidates for the printed form: sums that absorb what cancels inside them, products spread out.

Nothing here needs a condition but `generic`, which drops what only ties of a maximum add (the conditions of a derivative name them).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from fractions import Fraction

from wrt.algebra.expr import Expr, Labels, Map, Product, Sum, constant_value, postorder
from wrt.algebra.maps import reciprocal
from wrt.algebra.product import product, unscale
from wrt.algebra.rebuild import rewrite
from wrt.algebra.sums import add, content
from wrt.notation.idioms import exponential_sum

LIMIT = 16  # terms of an expansion
ONE = Fraction(1)
Operand = tuple[Expr, Labels]


# ---------------------------------------------------------------------------------------------------- spreading
Which = Callable[[Sum], bool]


def every_sum(e: Sum) -> bool:
    """Spread over every sum but 1 - tanh(u)**2, which is known by its looks."""
    return not _tangent_slope(e)


def with_number(e: Sum) -> bool:
    """Spread over sums that hold a bare number, as 1 - s."""
    return any(constant_value(u) is not None for _, u in e.terms) and not _tangent_slope(e)


def _tangent_slope(e: Sum) -> bool:
    """Whether a sum is 1 - tanh(u)**2, the derivative of tanh."""
    if len(e.terms) != 2 or not any(constant_value(u) is not None for _, u in e.terms):
        return False
    squares = [u for _, u in e.terms if isinstance(u, Map) and u.function == "pow" and constant_value(u.arguments[1]) == 2]
    return any(isinstance(u.arguments[0], Map) and u.arguments[0].function == "tanh" for u in squares)


def with_vector(e: Sum) -> bool:
    """Spread over sums of matrices that hold a vector spread over rows or columns."""
    return e.order == 2 and any(
        isinstance(u, Product) and u.operands and len({a for _, ls in u.operands for a in ls} & set(u.output)) == 1 and len(set(u.output)) == 2
        for _, u in e.terms
    )


def expanded(e: Expr, which: Which) -> Expr | None:
    """e with products spread over such sums; None when nothing changes or it gets too long."""
    todo: list[tuple[Fraction, Expr]] = list(e.terms) if isinstance(e, Sum) else [(ONE, e)]
    todo.reverse()
    done: list[tuple[Fraction, Expr]] = []
    changed = False
    while todo:
        c, t = todo.pop()
        if isinstance(t, Sum):
            todo.extend((c * k, u) for k, u in reversed(t.terms))
            continue
        place = _place(t, which)
        if place is None or not isinstance(t, Product):
            done.append((c, t))
        else:
            changed = True
            m, inside = place
            labels = t.operands[m][1]
            rest = [o for n, o in enumerate(t.operands) if n != m]
            terms = inside.terms if isinstance(inside, Sum) else ((ONE, inside),)
            spread = [(k, product(t.coefficient, [(u, labels), *rest], t.output, t.sizes)) for k, u in terms]
            todo.extend((c * k, u) for k, u in reversed(spread))
        if len(todo) + len(done) > LIMIT:
            return None
    return add(done, e.shape) if changed else None


def _place(t: Expr, which: Which) -> tuple[int, Expr] | None:
    """The operand to spread over: a sum, or a scalar product that spreads into one."""
    if not isinstance(t, Product):
        return None
    for m, (f, labels) in enumerate(t.operands):
        if isinstance(f, Sum) and which(f):
            return m, f
        if isinstance(f, Product) and not labels:
            inner = expanded(f, which)
            if inner is not None:
                return m, inner
    return None


# ---------------------------------------------------------------------------------------------------- absorbing
def absorbed(e: Expr) -> Expr:
    """e with factors moved into the sums beside them where that cancels more than it repeats: exp(-u)*(y - exp(u)) = y*exp(-u) - 1."""
    if not any(isinstance(node, Sum) for node in postorder(e)):
        return e
    return rewrite(e, _absorb)


def _absorb(node: Expr) -> Expr:
    for _ in range(8):
        if not isinstance(node, Product):
            return node
        node = _exude(_over_sum(node))
        if not isinstance(node, Product):
            return node
        found = next((new for m in range(len(node.operands)) if (new := _absorb_at(node, m)) is not None), None)
        if found is None:
            return node
        node = found
    return node


def _over_sum(node: Product) -> Expr:
    """A label summed over a sum alone, term by term where that leaves fewer terms: sum(x - mean(x)) = 0."""
    if len(node.operands) != 1 or len(set(node.output)) < len(node.output):
        return node
    inside, labels = node.operands[0]
    if not isinstance(inside, Sum) or not inside.terms or len(set(labels)) < len(labels) or set(labels) <= set(node.output):
        return node
    terms = [(c, product(node.coefficient, [(t, labels)], node.output, node.sizes)) for c, t in inside.terms]
    total = add([(c, _within(t)) for c, t in terms], node.shape)
    count = len(total.terms) if isinstance(total, Sum) else 1
    return total if count < len(inside.terms) else node


def _within(t: Expr) -> Expr:
    """A term whose scalar factors are such sums in turn."""
    if not isinstance(t, Product):
        return t
    operands = [(_over_sum(f) if isinstance(f, Product) and not f.output else f, labels) for f, labels in t.operands]
    return t if all(f is g for (f, _), (g, _) in zip(operands, t.operands, strict=True)) else product(t.coefficient, operands, t.output, t.sizes)


def _exude(node: Expr) -> Expr:
    """The node with powers of sum(exp(a)) taken out of a sum for as many exp(a) as wait for them outside."""
    if not isinstance(node, Product):
        return node
    for n, (top, _) in enumerate(node.operands):
        if not (isinstance(top, Map) and top.function == "exp"):
            continue
        below = [(f, _base(f)) for f, labels in node.operands if not labels]
        if any(sign < 0 and (found := exponential_sum(base)) is not None and found[0] is top for _, (base, sign) in below):
            continue
        for m, (inside, labels) in enumerate(node.operands):
            if m == n or not isinstance(inside, Sum) or not inside.terms:
                continue
            base = _waiting(inside, top)
            if base is not None:
                axes = tuple(range(inside.order))
                terms = [(c, product(1, [(t, axes), (base, ())], axes, inside.shape)) for c, t in inside.terms]
                rest = [o for k, o in enumerate(node.operands) if k != m]
                return product(node.coefficient, [*rest, (add(terms, inside.shape), labels), (reciprocal(base), ())], node.output, node.sizes)
    return node


def _waiting(inside: Sum, top: Expr) -> Expr | None:
    """sum(top) when every term divides by it."""
    found: Expr | None = None
    for _, t in inside.terms:
        operands = t.operands if isinstance(t, Product) else ((t, tuple(range(t.order))),)
        here = None
        for f, labels in operands:
            base, sign = _base(f)
            total = exponential_sum(base) if sign < 0 and not labels else None
            if total is not None and total[0] is top:
                here = base
        if here is None:
            return None
        found = here
    return found


def _absorb_at(node: Product, m: int) -> Expr | None:
    inside, labels = node.operands[m]
    if not isinstance(inside, Sum) or not inside.terms or len(inside.terms) > LIMIT or len(set(labels)) < len(labels):
        return None
    own = {a: k for k, a in enumerate(labels)}
    known = [_signs(t) for _, t in inside.terms]
    moved: list[int] = []
    for n, (f, ls) in enumerate(node.operands):
        if n != m and all(a in own for a in ls):
            place = tuple(own[a] for a in ls)
            if any(_meets(f, place, signs) for signs in known):
                moved.append(n)
    if not moved:
        return None
    factors = [(node.operands[n][0], tuple(own[a] for a in node.operands[n][1])) for n in moved]
    axes = tuple(range(inside.order))
    terms = [(c, product(1, [(t, axes), *factors], axes, inside.shape)) for c, t in inside.terms]
    total = add(terms, inside.shape)
    simpler = expanded(total, with_number)
    best = min([total] if simpler is None else [total, simpler], key=_weight)
    if _weight(best) >= _weight(inside) + sum(_weight(f) for f, _ in factors):
        return None
    rest = [o for n, o in enumerate(node.operands) if n != m and n not in moved]
    return product(node.coefficient, [*rest, (best, labels)], node.output, node.sizes)


def _signs(t: Expr) -> dict[tuple[int, Labels], int]:
    """Base and place of each power in a term -> the sign of its exponent."""
    out: dict[tuple[int, Labels], int] = {}
    operands = t.operands if isinstance(t, Product) else ((t, tuple(range(t.order))),)
    names = {a: k for k, a in enumerate(t.output)} if isinstance(t, Product) else {k: k for k in range(t.order)}
    for f, ls in operands:
        if all(a in names for a in ls):
            base, sign = _base(f)
            out[id(base), tuple(names[a] for a in ls)] = sign
            summed = exponential_sum(base)
            if sign < 0 and summed is not None:  # a softmax waits for its numerator
                out[id(summed[0]), ()] = sign
    return out


def _base(f: Expr) -> tuple[Expr, int]:
    if isinstance(f, Map) and f.function == "pow":
        k = constant_value(f.arguments[1])
        return f.arguments[0], -1 if k is not None and k < 0 else 1
    if isinstance(f, Map) and f.function == "exp":
        c, u = unscale(f.arguments[0])
        if isinstance(u, Sum) and u.terms:
            k, u = content(u)
            c *= k
        return u, -1 if c < 0 else 1
    return f, 1


def _meets(f: Expr, place: Labels, signs: dict[tuple[int, Labels], int]) -> bool:
    base, sign = _base(f)
    if signs.get((id(base), place), sign) != sign:
        return True
    return sign > 0 and isinstance(f, Map) and f.function == "exp" and (id(f), ()) in signs


def _weight(e: Expr) -> int:
    """How much there is to read: operands of all terms; exp(a)/sum(exp(a)) counts once."""
    if isinstance(e, Sum):
        return sum(_weight(t) for _, t in e.terms) + len(e.terms) - 1
    if not isinstance(e, Product):
        return 1
    pairs = sum(
        1
        for f, _ in e.operands
        for g, _ in e.operands
        if isinstance(g, Map) and (s := exponential_sum(_base(g)[0])) is not None and s[0] is f and _base(g)[1] < 0
    )
    return sum(_weight(f) if isinstance(f, Sum) else 1 for f, _ in e.operands) - pairs


# ---------------------------------------------------------------------------------------------------- ties
def generic(e: Expr, typed: Collection[int]) -> Expr:
    """e without what only ties of maximum and minimum add, (a == b)/2 beside a > b, and without u > 0 beside relu(u) or maximum(u, 0)."""
    if not any(isinstance(node, Map) and node.function in ("eq", "gt") for node in postorder(e)):
        return e

    def visit(node: Expr) -> Expr:
        if isinstance(node, Sum):
            above = {frozenset(map(id, t.arguments)) for _, t in node.terms if isinstance(t, Map) and t.function == "gt"}
            kept = [(c, t) for c, t in node.terms if not _tie(t, above, typed)]
            return add(kept, node.shape) if len(kept) < len(node.terms) else node
        return _without_step(node) if isinstance(node, Product) else node

    return rewrite(e, visit)


def _tie(t: Expr, above: set[frozenset[int]], typed: Collection[int]) -> bool:
    return isinstance(t, Map) and t.function == "eq" and id(t) not in typed and frozenset(map(id, t.arguments)) in above


def _without_step(node: Product) -> Expr:
    """relu(u)*(u > 0) = relu(u); maximum(u, 0)*(u > 0) = maximum(u, 0)."""
    clipped: set[tuple[int, Labels]] = set()
    for f, labels in node.operands:
        base = f.arguments[0] if isinstance(f, Map) and f.function == "pow" and _base(f)[1] > 0 else f
        if isinstance(base, Map) and base.function == "relu":
            clipped.add((id(base.arguments[0]), labels))
        elif isinstance(base, Map) and base.function == "maximum":
            for a, b in (base.arguments, base.arguments[::-1]):
                if constant_value(b) == 0:
                    clipped.add((id(a), labels))
    rest = [
        (f, labels)
        for f, labels in node.operands
        if not (isinstance(f, Map) and f.function == "gt" and constant_value(f.arguments[1]) == 0 and (id(f.arguments[0]), labels) in clipped)
    ]
    return product(node.coefficient, rest, node.output, node.sizes) if len(rest) < len(node.operands) else node
