"""What needs a fact or a condition: one pass over an expression, with named rules, after all derivatives are taken.

    simplify(expr, facts) -> (expr, conditions)

`facts` maps a symbol's name to its closed facts (see tables.facts). Facts are never part of a symbol, so the same expression may be
simplified under different ones. The rules are listed in `rules.py`; the pass terminates because every rule removes an operand, an operator or a map, or orders slots canonically.
"""

from __future__ import annotations

from itertools import permutations
from itertools import product as combinations
from math import prod

from wrt.algebra.conditions import Condition
from wrt.algebra.contractions import identity
from wrt.algebra.distribution import distribute_to_cancel
from wrt.algebra.expr import ONE, Expr, Labels, Map, Operator, Product, Sum, Symbol, constant_value, fold, postorder
from wrt.algebra.factors import marks, raised
from wrt.algebra.indices import is_unequal, spread_unequal
from wrt.algebra.known import KEEP_SYMMETRY, Facts, Known
from wrt.algebra.logistic import with_minus
from wrt.algebra.operators import operator
from wrt.algebra.polar import opened
from wrt.algebra.product import Operand, product, scale, times, transpose
from wrt.algebra.rebuild import with_children
from wrt.algebra.rules import LATE_MAP_RULES, LATE_RULES, MAP_RULES, PRODUCT_RULES, SET_RULES, SUM_RULES
from wrt.algebra.sums import add, constant
from wrt.algebra.unknown import same_entries
from wrt.language.functions_declared import is_whole

ROUNDS = 6  # rules feed each other; in practice the third round changes nothing
STEPS = 24  # rewrites of one node in one round
MOST_TURNS = 64  # orientations of symmetric operands up to which all are tried
CUTTING = frozenset(("orthogonal", "idempotent", "onehot", "simplex"))


def simplify(e: Expr, facts: Facts, *, flatten: bool = True, spell: bool = True) -> tuple[Expr, tuple[Condition, ...]]:
    """The expression simplified under facts about its symbols, and the conditions used.

    spell: replace operators that only the index form has by what the text language can say, under a condition where one is needed
    (the product of all other entries becomes prod(x)/x). A program keeps them, since they are right without the condition.
    """
    work = Simplifier(facts, flatten, spell)
    e = work.run(e)
    if any(isinstance(node, Map) and node.function in ("sigmoid", "where") for node in postorder(e)):
        work.rules += LATE_RULES
        work.map_rules += LATE_MAP_RULES
        work.done.clear()
        e = with_minus(work.run(e), everywhere=not spell)
    if isinstance(e, Sum) and len(e.terms) == 2 and is_unequal(e):
        e = add(spread_unequal(e), e.shape)
    return e, tuple(work.conditions)


class Simplifier:
    """One simplification: what is known, what has been done, which conditions were used."""

    def __init__(self, facts: Facts, flatten: bool = True, spell: bool = True) -> None:
        self.known = Known(facts)
        self.facts = facts
        self.flatten = flatten
        self.spell = spell
        self.conditions: dict[Condition, None] = {}
        self.done: dict[int, tuple[Expr, Expr]] = {}
        self.symmetric_memo: dict[int, tuple[Expr, bool]] = {}
        self.arguments: dict[int, Expr] = {}  # arguments met, to decide between u and -u where no sign does
        every = frozenset(fact for known in facts.values() for fact in known)
        self.map_rules = MAP_RULES
        self.rules = PRODUCT_RULES + (SET_RULES if every & CUTTING else ())

    def run(self, e: Expr) -> Expr:
        """All rules bottom-up, until nothing changes."""
        for _ in range(ROUNDS):
            simpler = fold(e, self.visit)
            if simpler is e:
                break
            e = simpler
        return e

    def visit(self, node: Expr, below: tuple[Expr, ...]) -> Expr:
        node = with_children(node, below, flatten=self.flatten) if below else node
        found = self.done.get(id(node))
        if found is not None:
            return found[1]
        result = self.settled(node)
        if isinstance(result, Product):
            result = distribute_to_cancel(self, result) or result
        self.done[id(node)] = (node, result)
        return result

    def settled(self, node: Expr) -> Expr:
        """The node after the rules, until none applies."""
        for _ in range(STEPS):
            simpler = self.once(node)
            if simpler is None or simpler is node:
                break
            node = simpler
        return node

    def once(self, node: Expr) -> Expr | None:
        """The node after the first rule that applies."""
        match node:
            case Symbol() if "diagonal" in self.facts.get(node.name, ()):
                return product(1, [(node, (0, 0))], (0, 0), (node.shape[0],))
            case Map():
                return next((found for rule in self.map_rules if (found := rule(self, node)) is not None), None)
            case Sum():
                return next((found for rule in SUM_RULES if (found := rule(self, node)) is not None), None)
            case Operator():
                return self.operator(node)
            case Product():
                have = marks(node)
                found = next((found for start, rule in self.rules if not start.isdisjoint(have) and (found := rule(self, node)) is not None), None)
                return self.oriented(node) if found is None else found
        return None

    def oriented_argument(self, u: Expr) -> Expr:
        """u or -u: the one with more plus than minus signs, else the one met first."""
        signs = [c for c, _ in u.terms] if isinstance(u, Sum) else [u.coefficient] if isinstance(u, Product) else [ONE]
        score = sum(1 if c > 0 else -1 for c in signs)
        turned = scale(-1, u)
        if score:
            return u if score > 0 else turned
        if id(turned) in self.arguments:
            return turned
        self.arguments[id(u)] = u
        return u

    # ------------------------------------------------------------------------------------------------ operators
    def operator(self, node: Operator) -> Expr | None:
        x = node.arguments[0]
        match node.function:
            case "adj" if self.known.invertible(x):  # adj(X) = det(X)*inv(X)
                return times(operator("det", (x,), ()), operator("inv", (x,), x.shape))
            case "inv" | "pinv" if "orthogonal" in self.known.of(x):  # inv(Q) = Q.T
                return transpose(x)
            case "pinv" if self.known.invertible(x):
                return operator("inv", (x,), x.shape)
            case "logdet" if "orthogonal" in self.known.of(x) and x.shape[0] is x.shape[1]:
                return constant(0, ())
            case "powers" if "idempotent" in self.known.of(x) and (node.parameters[1].number or 0) >= 1:  # type: ignore[attr-defined]  # a Size
                return x
            case "polar_array" | "lyapunov":
                return opened(node)
            case "prod_except" if self.spell:
                return self.other_entries(node)
            case "minors" if self.spell or self.known.invertible(x):
                return self.minors(node)
        return None

    def other_entries(self, node: Operator) -> Expr:
        """The product of all entries but those left out, as prod(x)/x, for entries that are not 0."""
        (x,) = node.arguments
        count, left_out = node.parameters
        assert isinstance(count, int) and isinstance(left_out, int)
        if not self.known.nonzero(x):
            self.conditions[Condition("{} != 0" + " (entry by entry)" * bool(x.order), (x,))] = None
        kept = tuple(range(x.order - count))
        places = [tuple(range(len(kept) + k * count, len(kept) + (k + 1) * count)) for k in range(left_out)]
        whole = operator("prod", (x,), x.shape[: len(kept)], (count,))
        pairs: list[Operand] = [(whole, kept)]
        for k, place in enumerate(places):
            pairs.append((raised(x, -ONE), (*kept, *place)))
            for other in places[:k]:
                shape = tuple(node.shape[a] for a in (*other, *place))
                half = tuple(range(count))
                same = product(1, [(identity(s), (a, a + count)) for a, s in enumerate(shape[:count])], (*half, *[a + count for a in half]), shape)
                pairs.append((add([(ONE, constant(1, shape)), (-ONE, same)], shape), (*other, *place)))
        return product(1, pairs, tuple(range(node.order)), node.shape)

    def minors(self, node: Operator) -> Expr:
        """Derivatives of det(X) as det(X) times determinants of entries of inv(X), for an invertible X."""
        (x,) = node.arguments
        if not self.known.invertible(x):
            self.conditions[Condition("{} invertible", (x,))] = None
        inverse, count = operator("inv", (x,), x.shape), node.order // 2
        rows, columns = range(0, 2 * count, 2), range(1, 2 * count, 2)
        terms = []
        for order in permutations(range(count)):
            sign = -1 if sum(a > b for n, a in enumerate(order) for b in order[n + 1 :]) % 2 else 1
            pairs: list[Operand] = [(inverse, (columns[k], rows[p])) for k, p in enumerate(order)]
            terms.append((sign * ONE, product(1, pairs, tuple(range(node.order)), node.shape)))
        return product(1, [(operator("det", (x,), ()), ()), (add(terms, node.shape), tuple(range(node.order)))], tuple(range(node.order)), node.shape)

    # ------------------------------------------------------------------------------------------------ symmetry
    def symmetric(self, e: Expr) -> bool:
        """Whether the matrix e equals its transpose, by facts or because both are one object once oriented."""
        if e.order != 2 or e.shape[0] is not e.shape[1]:
            return False
        found = self.symmetric_memo.get(id(e))
        if found is None:
            self.symmetric_memo[id(e)] = (e, False)  # orienting asks about the operands again
            answer = self.known.symmetric(e)
            core = _argument(e)
            if answer or isinstance(e, Symbol):
                pass
            elif core is not e:
                answer = self.symmetric(core)
            elif isinstance(e, Sum):
                turned = add([(c, self.oriented(transpose(t))) for c, t in e.terms], e.shape)
                answer = turned is add([(c, self.oriented(t)) for c, t in e.terms], e.shape)
            else:
                turned = transpose(e)
                answer = turned is e or self.oriented(turned) is self.oriented(e)
            found = self.symmetric_memo[id(e)] = (e, answer)
        return found[1]

    def oriented(self, node: Expr) -> Expr:
        """Slots of symmetric operands in canonical order: among all orientations the least product."""
        if not isinstance(node, Product):
            return node
        turns = [self._orientations(e, labels) for e, labels in node.operands]
        if not 1 < prod(len(t) for t in turns) <= MOST_TURNS:
            return node
        best: Expr = node
        for chosen in combinations(*turns):
            pairs = [(e, labels) for (e, _), labels in zip(node.operands, chosen, strict=True)]
            other = product(node.coefficient, pairs, node.output, node.sizes, flatten=False)
            if _rank(other) < _rank(best):
                best = other
        return best

    def _orientations(self, e: Expr, labels: Labels) -> list[Labels]:
        """The orders of labels that give the same entries: of a symmetric matrix, and of the derivative of a function of one."""
        if e.order == 2 and labels[0] != labels[1] and self.symmetric(e):
            return [labels, labels[::-1]]
        if isinstance(e, Operator) and e.function == "frechet_array" and e.order == 4 and len(e.arguments) == 1 and self.symmetric(e.arguments[0]):
            i, j, k, m = labels
            return [labels, (j, i, m, k), (k, m, i, j), (m, k, j, i)]
        if isinstance(e, Operator) and is_whole(e.function):
            return same_entries(e, labels)
        return [labels]


def _argument(e: Expr) -> Expr:
    """The matrix of which e is a function that keeps symmetry: X for inv(X), adj(inv(X)), exp(X) entry by entry, ..."""
    while True:
        if isinstance(e, Operator) and e.function in KEEP_SYMMETRY:
            e = e.arguments[0]
        elif isinstance(e, Map) and len(arrays := [a for a in e.arguments if constant_value(a) is None]) == 1:
            (e,) = arrays
        else:
            return e


def _rank(e: Expr) -> tuple[int, int, bytes]:
    """A plain symbol before a transposed one, a product in which an inverse met its matrix before others, then by structure."""
    return (1, len(e.operands), e.digest) if isinstance(e, Product) else (0, 0, e.digest)
