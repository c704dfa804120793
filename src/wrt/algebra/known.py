"""What is surely true of an expression under declared facts: signs and bounds, symmetry, definiteness, invertibility, triangular shape.

Answers are sound: False means "not known". The recursion is bounded (DEPTH); deeper down nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import inf

from wrt.algebra import ranges
from wrt.algebra.expr import Expr, Indicator, Map, Operator, Position, Product, Reshape, SizeValue, Sum, Symbol, constant_value
from wrt.algebra.ranges import NONNEGATIVE, POSITIVE, REAL, Range
from wrt.algebra.unknown import is_symmetric
from wrt.language.functions_declared import index_parts, is_whole, of_value, value_name

Facts = Mapping[str, frozenset[str]]
DEPTH = 24
PI = Range(Fraction(3), Fraction(4))
KEEP_SYMMETRY = frozenset({"inv", "adj", "pinv", "expm", "logm", "sqrtm", "powers"})  # functions of a symmetric matrix that are symmetric


class Known:
    """Knowledge under facts, memoised by node (the nodes are held, so that ids stay unique)."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.depth = 0
        self.ranges: dict[int, tuple[Expr, Range]] = {}
        self.answers: dict[tuple[str, int], tuple[Expr, bool]] = {}

    def of(self, e: Expr) -> frozenset[str]:
        """The declared facts of a symbol, or of the value of a declared function."""
        name = _declared(e)
        return frozenset() if name is None else self.facts.get(name, frozenset())

    def _asked(self, question: str, e: Expr, find: Callable[[Expr], bool]) -> bool:
        found = self.answers.get((question, id(e)))
        if found is None:
            if self.depth >= DEPTH:
                return False
            self.depth += 1
            found = self.answers[question, id(e)] = (e, find(e))
            self.depth -= 1
        return found[1]

    # ------------------------------------------------------------------------------------------------ signs and bounds
    def range(self, e: Expr) -> Range:
        """Bounds of every entry."""
        found = self.ranges.get(id(e))
        if found is None:
            if self.depth >= DEPTH:
                return REAL
            self.depth += 1
            found = self.ranges[id(e)] = (e, self._range(e))
            self.depth -= 1
        return found[1]

    def positive(self, e: Expr, *, strict: bool = True) -> bool:
        """Whether every entry is surely > 0 (>= 0 when not strict)."""
        r = self.range(e)
        return r.positive if strict else r.low >= 0

    def nonzero(self, e: Expr) -> bool:
        """Whether no entry is 0."""
        return self._asked("nonzero", e, self._nonzero)

    def _nonzero(self, e: Expr) -> bool:
        r = self.range(e)
        if r.positive or r.negative:
            return True
        match e:
            case Symbol() | Operator() | Map() if _declared(e) is not None:
                return "nonzero" in self.of(e) and not self.of(e) & {"lower", "upper"}
            case Map(function="pow" | "abs" | "sign" | "sinh" | "arctan" | "tanh" | "arcsinh"):
                return self.nonzero(e.arguments[0])
            case Product():
                return (
                    e.coefficient != 0
                    and len(set(e.output)) == len(e.output)
                    and self._entrywise(e)
                    and all(self._nonzero_entries(f, ls) for f, ls in e.operands)
                )
            case Operator(function="det"):
                return self.invertible(e.arguments[0])
        return False

    def _nonzero_entries(self, f: Expr, labels: tuple[int, ...]) -> bool:
        if len(labels) == 2 and labels[0] == labels[1] and ("nonzero" in self.of(f) or self._entries(f, labels).positive):
            return True
        return self.nonzero(f)

    def _entrywise(self, e: Product) -> bool:
        return all(a in e.output for _, labels in e.operands for a in labels)

    def _range(self, e: Expr) -> Range:
        c = constant_value(e)
        if c is not None:
            return ranges.point(c)
        match e:
            case Symbol() | Operator() | Map() if _declared(e) is not None:
                return PI if isinstance(e, Symbol) and e.name == "pi" else self._facts_range(e)
            case SizeValue():
                return Range(Fraction(1), inf, False) if all(k > 0 for m, k in e.size.terms if m) else REAL
            case Position():
                return NONNEGATIVE
            case Indicator():
                return ranges.INDICATOR
            case Map(function="pow"):
                exponent = constant_value(e.arguments[1])
                base = self.range(e.arguments[0])
                if exponent is None:
                    return POSITIVE if base.positive else NONNEGATIVE if base.low >= 0 else REAL
                if exponent < 0 and not base.positive and self.depth < DEPTH and self.nonzero(e.arguments[0]):
                    return POSITIVE if exponent.denominator == 1 and exponent % 2 == 0 else ranges.power(base, exponent)
                if exponent.denominator == 1 and exponent % 2 == 0 and self.nonzero(e.arguments[0]):
                    return POSITIVE
                return ranges.power(base, exponent)
            case Map():
                r = ranges.of_function(e.function, [self.range(a) for a in e.arguments])
                return POSITIVE if e.function == "abs" and self.nonzero(e.arguments[0]) else r
            case Sum():
                return ranges.total(ranges.scaled(k, self.range(t)) for k, t in e.terms)
            case Product():
                return self._product(e)
            case Operator():
                return self._operator(e)
            case Reshape():
                return self.range(e.argument)
        return REAL

    def _facts_range(self, e: Expr) -> Range:
        facts = self.of(e)
        if facts & {"lower", "upper"}:  # zeros off the triangle; entries of the diagonal are asked for by labels, see _entries
            return NONNEGATIVE if "positive" in facts else REAL
        if "unit_interval" in facts:
            return ranges.UNIT
        if "simplex" in facts:
            return Range(Fraction(0), Fraction(1), True, False)
        if "onehot" in facts:
            return ranges.INDICATOR
        if "labels_pm1" in facts:
            return ranges.BOUNDED
        return POSITIVE if "positive" in facts else REAL

    def _product(self, e: Product) -> Range:
        r = ranges.point(Fraction(1))
        for f, labels in e.operands:
            r = ranges.times(r, self._entries(f, labels))
        if r.low < 0 < r.high and self._is_quadratic_form(e):
            r = NONNEGATIVE
        elif not self._entrywise(e):
            r = ranges.summed(r)
        if len(set(e.output)) < len(e.output):
            r = ranges.hull(r, ranges.point(Fraction(0)))
        return ranges.scaled(e.coefficient, r)

    def _entries(self, f: Expr, labels: tuple[int, ...]) -> Range:
        """Bounds of the entries that an operand contributes: its diagonal only, when its labels coincide."""
        if (
            len(labels) == 2
            and labels[0] == labels[1]
            and ("positive" in self.of(f) or self.definite(f) or (isinstance(f, Operator) and f.function == "cholesky"))
        ):
            return POSITIVE
        return self.range(f)

    def _is_quadratic_form(self, e: Product) -> bool:
        """x.T @ S @ x with S semidefinite, or a sum of squares."""
        if e.output:
            return False
        matrices = [(f, labels) for f, labels in e.operands if len(labels) == 2 and self.semidefinite(f)]
        vectors = [(f, labels) for f, labels in e.operands if len(labels) == 1]
        scalars = [f for f, labels in e.operands if not labels]
        if (
            len(matrices) != 1
            or len(vectors) != 2
            or len(matrices) + 2 + len(scalars) != len(e.operands)
            or not all(self.positive(s, strict=False) for s in scalars)
        ):
            return False
        return vectors[0][0] is vectors[1][0] and {vectors[0][1][0], vectors[1][1][0]} == set(matrices[0][1]) and len(set(matrices[0][1])) == 2

    def _operator(self, e: Operator) -> Range:
        (x, *_) = e.arguments
        match e.function:
            case "det" if self.definite(x) or "det_positive" in self.of(x):
                return POSITIVE
            case "norm_nuc" | "norm_spec" | "svdvals":
                return NONNEGATIVE
            case "eigvalsh" if self.definite(x):
                return POSITIVE
            case "onehot" | "argmax" | "argmin":
                return ranges.INDICATOR
            case "max" | "min":
                return self.range(x)
            case "prod" | "prod_except" if self.positive(x):
                return POSITIVE if e.function == "prod" else NONNEGATIVE
        return REAL

    # ------------------------------------------------------------------------------------------------ matrices
    def symmetric(self, e: Expr) -> bool:
        """Whether the matrix e surely equals its transpose, by facts about its parts (the identity e.T is e is the caller's)."""
        return e.order == 2 and e.shape[0] is e.shape[1] and self._asked("symmetric", e, self._symmetric)

    def _symmetric(self, e: Expr) -> bool:
        match e:
            case Symbol():
                return "symmetric" in self.of(e)
            case Operator() if e.function in KEEP_SYMMETRY:
                return self.symmetric(e.arguments[0])
            case Operator(function="frechet"):
                return all(self.symmetric(a) for a in e.arguments)
            case Operator() if is_whole(e.function):
                return is_symmetric(e) or self._symmetric_value(e)
            case Sum():
                return bool(e.terms) and all(self.symmetric(t) for _, t in e.terms)
            case Map():
                return all(constant_value(a) is not None or self.symmetric(a) for a in e.arguments)
            case Product():
                if len(set(e.output)) < len(e.output) or not e.operands:
                    return True
                entry = [(f, labels) for f, labels in e.operands if labels]
                return all(len(labels) == 2 and set(labels) == set(e.output) and self.symmetric(f) for f, labels in entry)
        return False

    def _symmetric_value(self, e: Operator) -> bool:
        """Whether a declared function's value is a symmetric matrix, or its derivative by scalars is asked for."""
        found = index_parts(e.function)
        if found is None or e.parameters != (0,):
            return False
        name, orders = found
        return "symmetric" in self.facts.get(name, ()) and of_value(e.function, orders, [a.order for a in e.arguments])

    def definite(self, e: Expr) -> bool:
        """Whether the matrix is surely symmetric positive definite."""
        return e.order == 2 and self._asked("definite", e, self._definite)

    def _definite(self, e: Expr) -> bool:
        match e:
            case Symbol() | Operator() if _declared(e) is not None:
                facts = self.of(e)
                return "spd" in facts or {"diagonal", "positive"} <= facts
            case Operator(function="inv" | "sqrtm"):
                return self.definite(e.arguments[0])
            case Operator(function="expm"):
                return self.symmetric(e.arguments[0])
            case Product():
                scalars = [f for f, labels in e.operands if not labels]
                rest = [f for f, labels in e.operands if labels]
                if len(e.output) != 2 or e.coefficient <= 0 or not all(self.positive(s) for s in scalars):
                    return False
                if e.output[0] == e.output[1]:
                    return self._entrywise(e) and all(self.positive(f) for f in rest)
                return len(rest) == 1 and rest[0].order == 2 and self._entrywise(e) and self.definite(rest[0])
            case Sum():
                return bool(e.terms) and all(c > 0 and self.semidefinite(t) for c, t in e.terms) and any(self.definite(t) for _, t in e.terms)
        return False

    def semidefinite(self, e: Expr) -> bool:
        """Whether the matrix is surely symmetric positive semidefinite: definite, or B @ M @ B.T with M semidefinite."""
        return e.order == 2 and self._asked("semidefinite", e, self._semidefinite)

    def _semidefinite(self, e: Expr) -> bool:
        if self.definite(e):
            return True
        if not isinstance(e, Product) or len(e.output) != 2 or e.coefficient <= 0:
            return False
        if not all(self.positive(f, strict=False) for f, labels in e.operands if not labels):
            return False
        rest = [(f, labels) for f, labels in e.operands if labels]
        i, j = e.output
        if i == j:
            return self._entrywise(e) and all(self.positive(f, strict=False) for f, _ in rest)
        while True:  # strip the same factor from both ends
            left = [o for o in rest if i in o[1] and j not in o[1]]
            right = [o for o in rest if j in o[1] and i not in o[1]]
            if len(left) != 1 or len(right) != 1 or left[0][0] is not right[0][0]:
                break
            (_, a), (_, b) = left[0], right[0]
            rest = [o for o in rest if o not in (left[0], right[0])]
            if len(a) == 1:
                return not rest
            if len(a) != 2 or a.index(i) != b.index(j):
                return False
            i, j = a[1 - a.index(i)], b[1 - b.index(j)]
            if i == j:
                return all(labels == (i,) and self.positive(g, strict=False) for g, labels in rest)
        return len(rest) == 1 and set(rest[0][1]) == {i, j} and self.semidefinite(rest[0][0])

    def invertible(self, e: Expr) -> bool:
        """Whether the square matrix surely has an inverse."""
        return e.order == 2 and e.shape[0] is e.shape[1] and self._asked("invertible", e, self._invertible)

    def _invertible(self, e: Expr) -> bool:
        match e:
            case Symbol() | Operator() if _declared(e) is not None:
                facts = self.of(e)
                return bool(facts & {"invertible", "orthogonal"}) or {"diagonal", "nonzero"} <= facts or self.definite(e)
            case Operator(function="inv" | "expm" | "eigvecsh" | "cholesky"):
                return True
            case Operator(function="powers" | "sqrtm" | "adj"):
                return self.invertible(e.arguments[0])
            case Product():
                rest = [(f, labels) for f, labels in e.operands if labels]
                if e.coefficient == 0 or not all(self.nonzero(f) for f, labels in e.operands if not labels):
                    return False
                if e.output[0] == e.output[1]:
                    return self._entrywise(e) and all(self.nonzero(f) for f, _ in rest)
                chain = len(e.sizes) == len(rest) + 1 and len({a for _, ls in rest for a in ls}) == len(rest) + 1
                if chain and all(len(ls) == 2 and f.shape[0] is f.shape[1] and self.invertible(f) for f, ls in rest):
                    return True
        return self.definite(e)

    def lower(self, e: Expr) -> bool:
        """Whether the matrix is surely lower triangular."""
        return e.order == 2 and self._asked("lower", e, lambda x: self._triangular(x, "lower"))

    def upper(self, e: Expr) -> bool:
        """Whether the matrix is surely upper triangular."""
        return e.order == 2 and self._asked("upper", e, lambda x: self._triangular(x, "upper"))

    def _triangular(self, e: Expr, which: str) -> bool:
        match e:
            case Symbol():
                return which in self.of(e)
            case Operator(function="cholesky"):
                return which == "lower"
            case Operator(function="inv" | "expm" | "powers" | "sqrtm") if e.order == 2:
                return self.lower(e.arguments[0]) if which == "lower" else self.upper(e.arguments[0])
        return False


def _declared(e: Expr) -> str | None:
    """The name under which facts of an expression are declared: of a symbol, or of the function whose value it is."""
    if isinstance(e, Symbol):
        return e.name
    return value_name(e.function) if isinstance(e, (Operator, Map)) else None
