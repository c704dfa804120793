"""Rewrites that keep large and small numbers from overflowing, on the index form before it becomes steps.

    log(1 + exp(u))            softplus(u)               (1 + exp(u))**-k             sigmoid(-u)**k
    log(sigmoid(u))            -softplus(-u)             exp(u)*sigmoid(-u)           sigmoid(u)
    log(cosh(u))               |u| + softplus(-2|u|) - log 2                          sinh(u)/cosh(u)      tanh(u)
    log(S), S = sum w exp(a)   m + log(S'), with a shifted by its largest entry m: S = exp(m) S', S' = sum w exp(a - m)
    exp(a)**j / S**k           exp(a - m)**j / S'**k exp(-(k - j) m)
    log(1 + a)  log1p(a)       exp(a) - 1   expm1(a)     u*log(v), v holding u        0 where u is 0

A factor exp(a) or 1/S beside a sum that holds the other is first moved into that sum. Every rewrite is an identity where no kink is met.
"""

from __future__ import annotations

from fractions import Fraction

from wrt.algebra.expr import Expr, Map, Product, Sum, constant_value, fold, is_zero, number, raw_map, raw_operator
from wrt.algebra.guard import guarded, masked
from wrt.algebra.maps import mapping, power
from wrt.algebra.product import broadcast, product, scale, times, transpose, unscale
from wrt.algebra.rebuild import with_children
from wrt.algebra.sums import add, constant
from wrt.program.exponentials import Shift, exponent_of, has_exponential, one_and_exp, one_minus_sigmoid, split_exponential

ONE = Fraction(1)
Operand = tuple[Expr, tuple[int, ...]]
FUSED = ("exp", "sigmoid", "sinh", "log", "log1p")


def stabilised(*roots: Expr) -> tuple[Expr, ...]:
    """The same values, computed without overflow where the value itself does not overflow."""
    work = Stabiliser()
    whole = [fold(guarded(e), work.visit) for e in roots]
    work.partial = True  # what found no partner further out is shifted alone
    return tuple(fold(e, work.visit) for e in whole)


class Stabiliser:
    """One pass; remembers the exponentials that are shifted already."""

    def __init__(self) -> None:
        self.shifted: dict[int, Expr] = {}
        self.partial = False

    def visit(self, node: Expr, below: tuple[Expr, ...]) -> Expr:
        return self.rewritten(with_children(node, below)) if below else node

    def rewritten(self, node: Expr) -> Expr:
        match node:
            case Map(function="log"):
                return self.log(node)
            case Map(function="where"):
                return _where(node)
            case Map(function="log1p") if (u := exponent_of(node.arguments[0])) is not None:
                return mapping("softplus", (u,))
            case Map(function="pow"):
                return _power(node)
            case Product():
                return self.product(node)
            case Sum():
                return _sum(node)
        return node

    def shift_of(self, s: Expr) -> Shift | None:
        """The largest exponent taken out of a sum of exponentials; None when s is none."""
        if isinstance(s, Product):
            return self.shift_product(s)
        if isinstance(s, Sum) and len(s.terms) >= 2:
            return self.shift_sum(s)
        return None

    def shift_product(self, s: Product) -> Shift | None:
        if len(set(s.output)) < len(s.output):
            return None
        kept = set(s.output)
        found = [
            k
            for k, (e, labels) in enumerate(s.operands)
            if isinstance(e, Map) and e.function == "exp" and set(labels) - kept and len(set(labels)) == len(labels)
        ]
        if any(id(s.operands[k][0]) in self.shifted for k in found):
            return None
        if not found:
            for k, (e, labels) in enumerate(s.operands):
                inner = self.shift_product(e) if isinstance(e, Product) and set(labels) <= kept and len(set(labels)) == len(labels) else None
                if inner is not None:
                    operands = [*s.operands[:k], (inner.rest, labels), *s.operands[k + 1 :]]
                    place = {axis: s.output.index(label) for axis, label in enumerate(labels)}
                    members = tuple((u, tuple(None if a is None else place[a] for a in axes), e2) for u, axes, e2 in inner.members)
                    return Shift(
                        broadcast(inner.m, tuple(s.output.index(a) for a in labels), s.shape),
                        product(s.coefficient, operands, s.output, s.sizes, flatten=False),
                        members,
                    )
            return None
        if len(found) > 1:
            return None
        (k,) = found
        e, labels = s.operands[k]
        u = e.children[0]
        axes = tuple(s.output.index(label) if label in kept else None for label in labels)
        stay = tuple(n for n, a in enumerate(axes) if a is not None)
        gone = tuple(n for n, a in enumerate(axes) if a is None)
        turned = transpose(u, (*stay, *gone))
        top = raw_operator("max", (turned,), turned.shape[: len(stay)], (len(gone),))
        shifted = mapping("exp", (add([(ONE, u), (-ONE, broadcast(top, stay, u.shape))], u.shape),))
        self.shifted[id(shifted)] = shifted
        operands = [*s.operands[:k], (shifted, labels), *s.operands[k + 1 :]]
        m = broadcast(top, tuple(s.output.index(labels[n]) for n in stay), s.shape)
        return Shift(m, product(s.coefficient, operands, s.output, s.sizes, flatten=False), ((u, axes, shifted),))

    def shift_sum(self, s: Sum) -> Shift | None:
        """exp(u) p + exp(v) q + r: the largest of u, v (and 0) entry by entry."""
        parts: list[tuple[Fraction, Expr, list[Expr]]] = []  # coefficient, exponent of the shape of s, other factors
        some = 0
        for c, t in s.terms:
            exponent, rest = split_exponential(t)
            some += exponent is not None
            if exponent is not None and id(mapping("exp", (exponent,))) in self.shifted:
                return None
            parts.append((c, exponent if exponent is not None else constant(0, s.shape), rest))
        if not some:
            return None
        m = parts[0][1]
        for _, u, _ in parts[1:]:
            m = mapping("maximum", (m, u))
        terms, members = [], []
        for c, u, rest in parts:
            shifted = mapping("exp", (add([(ONE, u), (-ONE, m)], s.shape),))
            self.shifted[id(shifted)] = shifted
            terms.append((c, times(shifted, *rest, flatten=False)))
            members.append((u, tuple(range(s.order)), shifted))
        return Shift(m, add(terms, s.shape), tuple(members))

    def log(self, node: Map) -> Expr:
        x = node.arguments[0]
        if isinstance(x, Map) and x.function == "sigmoid":
            return scale(-1, mapping("softplus", (scale(-1, x.arguments[0]),)))
        if isinstance(x, Map) and x.function == "cosh":
            size = mapping("abs", x.arguments)
            return add(
                [(ONE, size), (ONE, mapping("softplus", (scale(-2, size),))), (-ONE, broadcast(mapping("log", (number(2),)), (), x.shape))], x.shape
            )
        base, k = _base(x)
        if k != 1 and self.shift_of(base) is not None:  # a sum of exponentials is positive
            return scale(k, self.log_of(base))
        if isinstance(x, Sum):
            u = one_minus_sigmoid(x)
            if u is not None:
                return scale(-1, mapping("softplus", (u,)))
            found = one_and_exp(x)
            if found is not None and found[0] == 1:
                return mapping("softplus", (found[1],))
            for place, (c, t) in enumerate(x.terms):
                value = constant_value(t)
                if value is not None and c * value == 1 and not has_exponential(x):
                    return mapping("log1p", (add([term for n, term in enumerate(x.terms) if n != place], x.shape),))
        exponent, rest = split_exponential(x)
        if exponent is not None and rest:
            return add([(ONE, exponent), (ONE, self.log_of(times(*rest, flatten=False)))], x.shape)
        shift = self.shift_of(x)
        return node if shift is None else add([(ONE, shift.m), (ONE, mapping("log", (shift.rest,)))], x.shape)

    def log_of(self, e: Expr) -> Expr:
        made = mapping("log", (e,))
        return self.rewritten(made)

    def product(self, node: Product) -> Expr:
        if not any(isinstance(e, Map) and (e.function in FUSED or (e.function == "pow" and _relevant(e))) for e, _ in node.operands):
            return node
        for rule in (_masked, _sigmoid_beside_exp, _tanh, self.ratio, self.moved_in, _entropy):
            found = rule(node)
            if found is not None:
                return self.product(found) if isinstance(found, Product) else found
        return node

    def ratio(self, node: Product) -> Expr | None:
        """exp(a)**j / S**k with exp(a) one of the exponentials that S sums, beside it or in an inner product: both shifted."""
        for m, (f, there) in enumerate(node.operands):
            base, exponent = _base(f)
            if exponent >= 0 or exponent.denominator != 1:
                continue
            shift = self.shift_of(base)
            if shift is None:
                continue
            left, gone = -exponent, {m}
            new: list[Operand] = []
            for k, (e, labels) in enumerate(node.operands):
                found, used = _shifted(shift, e, labels, there, left)
                if used:
                    left -= used
                    gone.add(k)
                    new.append((found, labels))
            if not new or (left and not self.partial):
                continue
            new.append((power(shift.rest, constant(exponent, base.shape)), there))
            if left:
                new.append((mapping("exp", (scale(-left, shift.m),)), there))
            return _without(node, gone, new)
        return None

    def moved_in(self, node: Product) -> Expr | None:
        """A factor beside a sum that holds its partner (exp(u) and sigmoid(-u), exp(u) and 1/S, a power and its reciprocal): moved into the sum."""
        for m, (total, there) in enumerate(node.operands):
            if len(set(there)) < len(there) or not isinstance(total, Sum):
                continue
            for k, (e, labels) in enumerate(node.operands):
                if k == m or not set(labels) <= set(there) or not self.meets(e, labels, total, there):
                    continue
                axes = tuple(there.index(label) for label in labels)
                own = tuple(range(total.order))
                terms = [(c, self.rewritten(product(1, [(e, axes), (t, own)], own, total.shape))) for c, t in total.terms]
                return _without(node, {k, m}, [(add(terms, total.shape), there)])
        return None

    def meets(self, e: Expr, labels: tuple[int, ...], total: Sum, there: tuple[int, ...]) -> bool:
        """Whether some term of a sum holds what a factor outside would fuse with."""
        axes = tuple(there.index(label) for label in labels)
        own = tuple(range(total.order))
        for _, t in total.terms:
            if not isinstance(t, (Product, Map)):
                continue
            if _cancels(e, axes, t, own):
                return True
            if not isinstance(e, Map):
                continue
            joined = product(1, [(e, axes), (t, own)], own, total.shape)
            if isinstance(joined, Product) and (_sigmoid_beside_exp(joined) is not None or (_interesting(joined) and self.ratio(joined) is not None)):
                return True
        return False


# ------------------------------------------------------------------------------------------------ maps and sums
def _power(node: Map) -> Expr:
    base, exponent = node.arguments
    k = constant_value(exponent)
    found = one_and_exp(base)
    if k is not None and k < 0 and found is not None and found[0] == 1:
        s = mapping("sigmoid", (scale(-1, found[1]),))
        return power(s, constant(-k, s.shape))
    return node


def _sum(node: Sum) -> Expr:
    """exp(u) - 1 is expm1(u), times a number."""
    if len(node.terms) == 2:
        for (c, one), (d, other) in (node.terms, node.terms[::-1]):
            value = constant_value(one)
            u = exponent_of(other) if value is not None and c * value == -d else None
            if u is not None:
                return scale(d, mapping("expm1", (u,)))
    return node


# ------------------------------------------------------------------------------------------------ products
def _relevant(e: Map) -> bool:
    k = constant_value(e.arguments[1])
    return k is not None and k < 0


def _base(e: Expr) -> tuple[Expr, Fraction]:
    """(base, exponent) of a factor."""
    if isinstance(e, Map) and e.function == "pow":
        k = constant_value(e.arguments[1])
        if k is not None:
            return e.arguments[0], k
    return e, ONE


def _cancels(e: Expr, axes: tuple[int, ...], t: Expr, own: tuple[int, ...]) -> bool:
    """Whether a term holds a negative power of a factor outside."""
    base, k = _base(e)
    operands = [(t, own)]
    if isinstance(t, Product):
        place = {label: axis for axis, label in enumerate(t.output)}
        operands = [(f, tuple(place.get(a, -1) for a in labels)) for f, labels in t.operands]
    return any(_base(f)[0] is base and _base(f)[1] * k < 0 and places == axes for f, places in operands)


def _without(node: Product, gone: set[int], new: list[Operand]) -> Expr:
    rest = [o for k, o in enumerate(node.operands) if k not in gone]
    return product(node.coefficient, [*rest, *new], node.output, node.sizes, flatten=False)


def _sigmoid_beside_exp(node: Product) -> Expr | None:
    """exp(u) * sigmoid(-u)**k = sigmoid(u) * sigmoid(-u)**(k - 1)."""
    for k, (e, labels) in enumerate(node.operands):
        if isinstance(e, Map) and e.function == "exp":
            opposite = mapping("sigmoid", (scale(-1, e.arguments[0]),))
            for m, (f, there) in enumerate(node.operands):
                base, exponent = _base(f)
                sign = 1
                if one_minus_sigmoid(base) is e.arguments[0] or one_minus_sigmoid(scale(-1, base)) is e.arguments[0]:  # 1 - sigmoid(u) = sigmoid(-u)
                    sign, base = 1 if one_minus_sigmoid(base) is not None else (-1) ** exponent.numerator, opposite
                if base is opposite and there == labels and exponent >= 1 and exponent.denominator == 1:
                    found = _without(
                        node, {k, m}, [(mapping("sigmoid", e.arguments), labels), (power(base, constant(exponent - 1, base.shape)), labels)]
                    )
                    return scale(sign, found)
    return None


def _tanh(node: Product) -> Expr | None:
    """sinh(u) / cosh(u)**k = tanh(u) / cosh(u)**(k - 1)."""
    for k, (e, labels) in enumerate(node.operands):
        if isinstance(e, Map) and e.function == "sinh":
            for m, (f, there) in enumerate(node.operands):
                base, exponent = _base(f)
                if isinstance(base, Map) and base.function == "cosh" and base.arguments == e.arguments and there == labels and exponent <= -1:
                    return _without(node, {k, m}, [(mapping("tanh", e.arguments), labels), (power(base, constant(exponent + 1, base.shape)), labels)])
    return None


def _shifted(shift: Shift, e: Expr, labels: tuple[int, ...], there: tuple[int, ...], left: Fraction) -> tuple[Expr, Fraction]:
    """(e, how many powers of the sum they make up, at most `left`), the exponentials in e that are members of the sum shifted."""
    if isinstance(e, Map) and e.function == "exp" and left:
        matched = _member(shift, e.arguments[0], labels, there)
        if matched is not None and matched[0] <= left:
            return power(matched[1], constant(matched[0], matched[1].shape)), matched[0]
    if not isinstance(e, Product) or len(set(e.output)) < len(e.output):
        return e, Fraction(0)
    place = dict(zip(e.output, labels, strict=True))
    used = Fraction(0)
    new: list[Operand] = []
    for n, (f, own) in enumerate(e.operands):
        made = f
        if isinstance(f, Map):
            made, more = _shifted(shift, f, tuple([place.get(a, -1 - a) for a in own]), there, left - used)
            used += more
        new.append((made, e.operands[n][1]))
    return (product(e.coefficient, new, e.output, e.sizes, flatten=False) if used else e), used


def _member(shift: Shift, u: Expr, labels: tuple[int, ...], there: tuple[int, ...]) -> tuple[Fraction, Expr] | None:
    """(r, shifted exponential) when exp(u) at `labels` is the r-th power of a member of a sum that stands at `there`."""
    c, plain = unscale(u)
    for exponent, axes, shifted in shift.members:
        d, other = unscale(exponent)
        if plain is not other or len(axes) != len(labels) or c / d < 1 or (c / d).denominator != 1:
            continue
        if all(a is None or there[a] == label for a, label in zip(axes, labels, strict=True)):
            return c / d, shifted
    return None


def _interesting(node: Product) -> bool:
    return any(isinstance(e, Map) and e.function == "exp" for e, _ in node.operands) and any(_base(e)[1] < 0 for e, _ in node.operands)


def _entropy(node: Product) -> Expr | None:
    """u * log(v) with v holding u, v**a * log(v), (1 - w) * log1p(-w): 0 where the first factor is 0."""
    for k, (e, labels) in enumerate(node.operands):
        if not (isinstance(e, Map) and e.function in ("log", "log1p")):
            continue
        (a,) = e.arguments
        v = a if e.function == "log" else add([(ONE, constant(1, a.shape)), (ONE, a)], a.shape)
        factors = [v] if not isinstance(v, Product) else [f for f, ls in v.operands if ls == v.output]
        for m, (f, there) in enumerate(node.operands):
            if m == k or there != labels or is_zero(f):
                continue
            sign = next((c for c in (1, -1) if any(scale(c, f) is g or _power_of(scale(c, f), g) for g in factors)), 0)
            if sign:
                made = raw_map("xlogy" if e.function == "log" else "xlog1py", (scale(sign, f), a))
                return scale(sign, _without(node, {k, m}, [(made, labels)]))
    return None


def _power_of(f: Expr, base: Expr) -> bool:
    """Whether f is a power of the base that may be 0 with it: no constant negative exponent."""
    if not (isinstance(f, Map) and f.function == "pow" and f.arguments[0] is base):
        return False
    k = constant_value(f.arguments[1])
    return k is None or k > 0


# ------------------------------------------------------------------------------------------------ branches
def _masked(node: Product) -> Expr | None:
    """mask * f(v), f undefined in places: v is 1 where the mask is 0, so that 0 * inf never occurs."""
    for c, labels in node.operands:
        if isinstance(c, Map) and c.function in ("gt", "ge", "eq", "ne"):
            for m, (e, there) in enumerate(node.operands):
                safe = masked(e, c) if there == labels and e is not c else e
                if safe is not e:
                    return _without(node, {m}, [(safe, there)])
    return None


def _where(node: Map) -> Expr:
    """Each branch of a `where` guarded against the entries that it does not give."""
    c, a, b = node.arguments
    one, none = constant(1, c.shape), constant(0, c.shape)
    first, second = masked(a, c), masked(b, mapping("where", (c, none, one)))
    return node if first is a and second is b else mapping("where", (c, first, second))
