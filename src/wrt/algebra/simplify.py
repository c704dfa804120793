"""What needs a fact or a condition: one pass over an expression, with named rules, after all derivatives are taken.

    simplify(expr, facts) -> (expr, conditions)

`facts` maps a symbol's name to its closed facts (see tables.facts). Facts are never part of a symbol, so the same expression may be
simplified under different ones. The pass terminates: every rule removes an operand, an operator or a map, or orders slots canonically.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product as combinations

from wrt.algebra.expr import Expr, Map, Operator, Product, Sum, Symbol, constant_value, fold
from wrt.algebra.maps import mapping, power
from wrt.algebra.operators import operator
from wrt.algebra.product import broadcast, product, scale, times, transpose
from wrt.algebra.rebuild import with_children
from wrt.algebra.sums import add, constant

Facts = Mapping[str, frozenset[str]]
ONE = Fraction(1)


def simplify(e: Expr, facts: Facts, *, flatten: bool = True) -> tuple[Expr, tuple[str, ...]]:
    """The expression simplified under facts about its symbols, and the conditions used."""
    work = Simplifier(facts, flatten)
    for _ in range(4):  # rules feed each other; in practice the second round changes nothing
        simpler = fold(e, work.visit)
        if simpler is e:
            break
        e = simpler
    return e, tuple(work.conditions)


class Simplifier:
    def __init__(self, facts: Facts, flatten: bool) -> None:
        self.facts = facts
        self.flatten = flatten
        self.conditions: dict[str, None] = {}
        self.symmetric_memo: dict[int, tuple[Expr, bool]] = {}
        self.special = {name for name, known in facts.items() if known & {"symmetric", "diagonal", "orthogonal", "idempotent", "onehot", "simplex", "labels_pm1"}}

    def visit(self, node: Expr, below: tuple[Expr, ...]) -> Expr:
        node = with_children(node, below, flatten=self.flatten) if below else node
        match node:
            case Symbol() if "diagonal" in self.facts.get(node.name, ()):
                return product(1, [(node, (0, 0))], (0, 0), (node.shape[0],))
            case Map():
                return self.map(node)
            case Operator():
                return self.operator(node)
            case Product():
                return self.product(node)
        return node

    # ------------------------------------------------------------------------------------------------ what is known
    def known(self, e: Expr) -> frozenset[str]:
        return self.facts.get(e.name, frozenset()) if isinstance(e, Symbol) else frozenset()

    def positive(self, e: Expr, *, strict: bool = True) -> bool:
        """Whether every entry is surely > 0 (>= 0 when not strict)."""
        c = constant_value(e)
        if c is not None:
            return c > 0 or (c == 0 and not strict)
        match e:
            case Symbol():
                return "positive" in self.known(e)
            case Map(function="exp" | "sigmoid" | "softplus" | "cosh"):
                return True
            case Map(function="pow"):
                base, exponent = e.arguments
                k = constant_value(exponent)
                if self.positive(base):
                    return True
                if k is not None and k.denominator == 1 and k % 2 == 0:
                    return not strict or self.nonzero(base)
                return not strict and k is not None and k.denominator % 2 == 0
            case Map(function="abs"):
                return not strict or self.nonzero(e.arguments[0])
            case Sum():
                signs = [(c > 0 and self.positive(t, strict=False), c > 0 and self.positive(t)) for c, t in e.terms]
                return bool(signs) and all(s[0] for s in signs) and (not strict or any(s[1] for s in signs))
            case Product():
                return e.coefficient > 0 and len(set(e.output)) == len(e.output) and all(self.positive(f, strict=strict) for f, _ in e.operands)
            case Operator(function="det"):
                return self.definite(e.arguments[0]) or "det_positive" in self.known(e.arguments[0])
        return type(e).__name__ == "SizeValue"

    def nonzero(self, e: Expr) -> bool:
        c = constant_value(e)
        if c is not None:
            return c != 0
        if isinstance(e, Symbol) and "nonzero" in self.known(e):
            return True
        return self.positive(e)

    def symmetric(self, e: Expr) -> bool:
        """Whether the matrix e equals its transpose."""
        if e.order != 2 or e.shape[0] is not e.shape[1]:
            return False
        found = self.symmetric_memo.get(id(e))
        if found is None:
            self.symmetric_memo[id(e)] = (e, False)  # orienting asks about the operands again
            if isinstance(e, Symbol):
                answer = "symmetric" in self.known(e)
            elif isinstance(e, Operator) and e.function in ("inv", "adj", "pinv", "expm", "powers"):
                answer = e.order == 2 and self.symmetric(e.arguments[0])
            elif isinstance(e, Sum):
                turned = add([(c, self.oriented(transpose(t))) for c, t in e.terms], e.shape)
                answer = all(self.symmetric(t) for _, t in e.terms) or turned is add([(c, self.oriented(t)) for c, t in e.terms], e.shape)
            elif isinstance(e, Map):
                answer = all(constant_value(a) is not None or self.symmetric(a) for a in e.arguments)
            else:
                turned = transpose(e)
                answer = turned is e or self.oriented(turned) is self.oriented(e)
            found = (e, answer)
            self.symmetric_memo[id(e)] = found
        return found[1]

    def definite(self, e: Expr) -> bool:
        """Whether the matrix is surely symmetric positive definite."""
        match e:
            case Symbol():
                return "spd" in self.known(e)
            case Operator(function="inv" | "sqrtm" | "expm"):
                return self.definite(e.arguments[0])
            case Product():
                if e.coefficient > 0 and not e.operands and len(e.output) == 2 and e.output[0] == e.output[1]:
                    return True  # a positive multiple of the identity
                scalars = [f for f, labels in e.operands if not labels]
                rest = [f for f, labels in e.operands if labels]
                plain = len(e.output) == 2 and e.output[0] != e.output[1] and len(rest) == 1
                diagonal = len(e.output) == 2 and e.output[0] == e.output[1]
                if e.coefficient <= 0 or not all(self.positive(s) for s in scalars):
                    return False
                return self.definite(rest[0]) if plain else diagonal and all(self.positive(f) for f in rest)
            case Sum():
                return bool(e.terms) and all(c > 0 and self.semidefinite(t) for c, t in e.terms) and any(self.definite(t) for _, t in e.terms)
        return False

    def semidefinite(self, e: Expr) -> bool:
        """Whether the matrix is surely symmetric positive semidefinite: definite, or B @ B.T."""
        if self.definite(e):
            return True
        if not isinstance(e, Product) or len(e.output) != 2 or e.coefficient <= 0:
            return False
        scalars = [f for f, labels in e.operands if not labels]
        if not all(self.positive(s, strict=False) for s in scalars):
            return False
        if e.output[0] == e.output[1]:
            return all(self.positive(f, strict=False) for f, labels in e.operands if labels)
        rest = [(f, labels) for f, labels in e.operands if labels]
        i, j = e.output
        left = [(f, labels) for f, labels in rest if i in labels and j not in labels]
        right = [(f, labels) for f, labels in rest if j in labels and i not in labels]
        if len(left) != 1 or len(right) != 1 or left[0][0] is not right[0][0]:
            return False
        middle = [o for o in rest if o not in (left[0], right[0])]
        f, a = left[0]
        b = right[0][1]
        if len(a) == 1:
            return not middle
        ends = [(p, q) for p, q in zip(a, b, strict=True) if p != q and (p, q) != (i, j)]
        if not ends:
            return not middle or all(len(ls) == 1 and self.positive(g, strict=False) for g, ls in middle)
        return len(ends) == 1 and len(middle) == 1 and middle[0][1] in (ends[0], ends[0][::-1]) and self.definite(middle[0][0])

    def invertible(self, e: Expr) -> bool:
        if isinstance(e, Symbol):
            return "invertible" in self.known(e)
        if isinstance(e, Operator) and e.function in ("inv", "expm"):
            return True
        if isinstance(e, Product) and len(e.output) == 2 and e.output[0] != e.output[1]:
            rest = [(f, labels) for f, labels in e.operands if labels]
            scalars = [f for f, labels in e.operands if not labels]
            square = all(f.order == 2 and f.shape[0] is f.shape[1] and self.invertible(f) for f, _ in rest)
            chain = len(e.sizes) == len(rest) + 1 and len({a for _, ls in rest for a in ls}) == len(rest) + 1
            if square and chain and e.coefficient != 0 and all(self.nonzero(s) for s in scalars):
                return True
        return self.definite(e)

    # ------------------------------------------------------------------------------------------------ rules
    def map(self, node: Map) -> Expr:
        x = node.arguments[0]
        match node.function:
            case "abs" if self.positive(x, strict=False):  # abs-of-nonnegative
                return x
            case "sign" if self.positive(x):  # sign-of-positive
                return constant(1, x.shape)
            case "relu" if self.positive(x, strict=False):
                return x
            case "gt" if (c := constant_value(node.arguments[1])) is not None and c == 0 and self.positive(x):
                return constant(1, x.shape)
            case "log" if isinstance(x, Operator) and x.function == "det" and self.positive(x):  # log-of-positive-det
                return operator("logdet", x.arguments, ())
            case "pow":
                return self.power(node)
        return node

    def power(self, node: Map) -> Expr:
        base, exponent = node.arguments
        k = constant_value(exponent)
        if isinstance(base, Map) and base.function == "pow" and self.positive(base.arguments[0]):  # power-of-power, positive base
            inner = base.arguments[1]
            return power(base.arguments[0], times(inner, exponent))
        if k is not None and k.denominator == 2 and isinstance(base, Map) and base.function == "pow":
            m = constant_value(base.arguments[1])
            if m is not None and self.positive(base.arguments[0], strict=False):
                return power(base.arguments[0], constant(m * k, base.shape))
        if k is not None and k.denominator == 1 and isinstance(base, Symbol) and k % 2 == 0 and "labels_pm1" in self.known(base):  # label-squared
            return constant(1, base.shape)
        if k is not None and k > 0 and isinstance(base, Symbol) and "onehot" in self.known(base):  # onehot-power
            return base
        if k is not None and k.denominator == 1 and k < 0 and isinstance(base, Sum):  # one-over-one-plus-exp is a sigmoid
            u = _one_plus_exp(base)
            if u is not None:
                s = mapping("sigmoid", (scale(-1, u),))
                return power(s, constant(-k, s.shape))
        return node

    def operator(self, node: Operator) -> Expr:
        (x, *rest) = node.arguments
        if node.function == "adj" and self.invertible(x):  # adjugate-of-invertible
            return times(operator("det", (x,), ()), operator("inv", (x,), x.shape))
        if node.function == "inv" and isinstance(x, Symbol) and "orthogonal" in self.known(x):
            return transpose(x)
        if node.function in ("inv", "det", "logdet") and isinstance(x, Product):
            split = self.split_square(node.function, x)
            if split is not None:
                return split
        return node

    def split_square(self, name: str, x: Product) -> Expr | None:
        """inv(A B) = inv(B) inv(A) for surely invertible square factors; only when that lets something cancel or is shorter."""
        return None

    def product(self, node: Product) -> Expr:
        simpler = self.adjugate_over_determinant(node)
        if simpler is not None:
            return simpler
        simpler = self.exponentials(node)
        if simpler is not None:
            return simpler
        if self.special:
            simpler = self.set_facts(node)
            if simpler is not None:
                return simpler
        merged = self.matrix_powers(node)
        if merged is not None:
            return merged
        return self.oriented(node)

    def adjugate_over_determinant(self, node: Product) -> Expr | None:
        """adj(X) / det(X) = inv(X): the quotient exists only where X is invertible."""
        for k, (e, labels) in enumerate(node.operands):
            if isinstance(e, Operator) and e.function == "adj":
                for m, (f, _) in enumerate(node.operands):
                    base, exponent = (f.arguments[0], constant_value(f.arguments[1])) if isinstance(f, Map) and f.function == "pow" else (f, ONE)
                    if isinstance(base, Operator) and base.function == "det" and base.arguments == e.arguments and exponent is not None and exponent < 0:
                        rest = [o for n, o in enumerate(node.operands) if n not in (k, m)]
                        rest += [(operator("inv", e.arguments, e.shape), labels), (power(base, constant(exponent + 1, ())), ())]
                        return product(node.coefficient, rest, node.output, node.sizes)
        return None

    def exponentials(self, node: Product) -> Expr | None:
        """exp(u) * sigmoid(-u) = sigmoid(u)."""
        for k, (e, labels) in enumerate(node.operands):
            if not (isinstance(e, Map) and e.function == "exp"):
                continue
            opposite = mapping("sigmoid", (scale(-1, e.arguments[0]),))
            for m, (f, there) in enumerate(node.operands):
                base, exponent = (f.arguments[0], constant_value(f.arguments[1])) if isinstance(f, Map) and f.function == "pow" else (f, ONE)
                if base is opposite and there == labels and exponent is not None and exponent >= 1:
                    rest = [o for n, o in enumerate(node.operands) if n not in (k, m)]
                    rest += [(mapping("sigmoid", e.arguments), labels), (power(base, constant(exponent - 1, base.shape)), labels)]
                    return product(node.coefficient, rest, node.output, node.sizes)
        return None

    def set_facts(self, node: Product) -> Expr | None:
        """Q.T Q = I for orthonormal columns, P P = P, a one-hot or simplex vector sums to 1."""
        uses: dict[int, int] = {}
        for _, labels in node.operands:
            for a in labels:
                uses[a] = uses.get(a, 0) + 1
        for a in node.output:
            uses[a] = uses.get(a, 0) + 2
        for k, (e, labels) in enumerate(node.operands):
            known = self.known(e)
            others = [(m, o) for m, o in enumerate(node.operands) if m != k and o[0] is e]
            rest = [o for m, o in enumerate(node.operands) if m != k]
            if known & {"onehot", "simplex"} and e.order and labels.count(labels[-1]) == 1 and uses[labels[-1]] == 1:
                # entries of the last axis sum to 1
                kept = labels[:-1]
                ones = constant(1, e.shape[:-1])
                sizes = list(node.sizes)
                new = {a: n for n, a in enumerate(a for a in range(len(sizes)) if a != labels[-1])}
                pairs = [(f, tuple(new[a] for a in ls)) for f, ls in [*rest, (ones, kept)]]
                return product(node.coefficient, pairs, tuple(new[a] for a in node.output), [s for a, s in enumerate(sizes) if a != labels[-1]])
            for m, (_, there) in others:
                remaining = [o for n, o in enumerate(node.operands) if n not in (k, m)]
                if "orthogonal" in known and labels[0] == there[0] and uses[labels[0]] == 2 and labels[1] != there[1]:
                    return self._united(node, remaining, labels[0], labels[1], there[1])
                square = e.order == 2 and e.shape[0] is e.shape[1]
                if "orthogonal" in known and square and labels[1] == there[1] and uses[labels[1]] == 2 and labels[0] != there[0]:
                    return self._united(node, remaining, labels[1], labels[0], there[0])
                if "idempotent" in known and labels[1] == there[0] and uses[labels[1]] == 2 and labels[0] != there[1]:
                    pairs = [*remaining, (e, (labels[0], there[1]))]
                    return self._without(node, pairs, labels[1])
        return None

    def _united(self, node: Product, operands: list[tuple[Expr, tuple[int, ...]]], inner: int, a: int, b: int) -> Expr:
        identity = product(1, [], (0, 0), (node.sizes[a],))
        return self._without(node, [*operands, (identity, (a, b))], inner)

    def _without(self, node: Product, operands: list[tuple[Expr, tuple[int, ...]]], label: int) -> Expr:
        new = {a: n for n, a in enumerate(a for a in range(len(node.sizes)) if a != label)}
        pairs = [(f, tuple(new[a] for a in ls)) for f, ls in operands]
        return product(node.coefficient, pairs, tuple(new[a] for a in node.output), [s for a, s in enumerate(node.sizes) if a != label])

    def matrix_powers(self, node: Product) -> Expr | None:
        """X**a X**b = X**(a + b) for neighbouring powers of one matrix whose exponents are surely not negative."""
        from wrt.algebra.powers import merge_powers

        return merge_powers(node)

    def oriented(self, node: Expr) -> Expr:
        """Slots of symmetric operands in canonical order: among all orientations the least product."""
        if not isinstance(node, Product):
            return node
        turnable = [k for k, (e, labels) in enumerate(node.operands) if e.order == 2 and labels[0] != labels[1] and self.symmetric(e)]
        if not turnable or len(turnable) > 6:
            return node
        best: Expr = node
        for flips in combinations((False, True), repeat=len(turnable)):
            if not any(flips):
                continue
            flipped = {k for k, flip in zip(turnable, flips, strict=True) if flip}
            pairs = [(e, labels[::-1] if k in flipped else labels) for k, (e, labels) in enumerate(node.operands)]
            other = product(node.coefficient, pairs, node.output, node.sizes, flatten=False)
            if _rank(other) < _rank(best):
                best = other
        return best


def _rank(e: Expr) -> tuple[int, bytes]:
    """A plain symbol before a transposed one, then by structure."""
    return (1 if isinstance(e, Product) else 0, e.digest)


def _one_plus_exp(e: Sum) -> Expr | None:
    """u when e is 1 + exp(u)."""
    if len(e.terms) != 2 or any(c != 1 for c, _ in e.terms):
        return None
    first, second = e.terms[0][1], e.terms[1][1]
    if constant_value(second) == 1:
        first, second = second, first
    if constant_value(first) == 1 and isinstance(second, Map) and second.function == "exp":
        return second.arguments[0]
    if constant_value(first) == 1 and isinstance(second, Product) and len(second.operands) == 1 and second.coefficient == 1:
        inner, labels = second.operands[0]
        if isinstance(inner, Map) and inner.function == "exp" and sorted(labels) == sorted(second.output):
            turned = product(1, [(inner.arguments[0], labels)], second.output, second.sizes)
            return turned
    return None


__all__ = ["Facts", "add", "broadcast", "simplify"]
