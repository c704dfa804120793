"""Sums in an index form that read as entries of matrix products.

sum(W[i, l]*x[l] for l in range(n)) + b[i]                                      (W @ x + b)[i]
sum(inv(X)[p, i]*A[q, p]*inv(X)[l, q] for p in range(n) for q in range(n))      (inv(X) @ A @ inv(X))[l, i]

Where a derivative has no matrix form, its index form is what is read first: what is summed in it over indices of its own stands there as the
matrix or vector that it is, and only indices that three arrays share are left to a sum. Each such part becomes a symbol that prints as a formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from wrt.algebra.expr import Expr, Indicator, Labels, Map, Operator, Position, Product, Reshape, Sum, Symbol, symbol
from wrt.algebra.expr import postorder as below
from wrt.algebra.maps import power
from wrt.algebra.product import Operand, part, product, scale, unscale
from wrt.algebra.rebuild import rewrite, with_children
from wrt.algebra.sums import add, constant
from wrt.language.surface import Call, Generator, Node, Steps, Unary, postorder
from wrt.notation.index_entry import Entries
from wrt.notation.index_factors import signed
from wrt.notation.index_idioms import softmax_divisor, softmax_node
from wrt.notation.index_operators import KINDS
from wrt.notation.index_typed import Flattener, is_softmax_sum

FILLERS = frozenset({"eye", "ones", "zeros"})  # constant matrices
TERMS = 12  # terms of a sum over which a product is distributed
MATRIX = 2  # labels of what can be printed as a matrix
MARK = "part "  # begins the names of symbols that stand for a part: no name of a user holds a space


@dataclass(slots=True)
class _Chain:
    """Operands of a product joined by labels that are summed, and the labels by which they meet the rest."""

    members: list[int]
    open: Labels


class Wholes:
    """The parts of an expression that print as entries of a formula; `run` puts symbols for them."""

    def __init__(self, entries: Entries) -> None:
        self.entries = entries
        self.typed = entries.typed
        self.done: dict[int, Expr] = {}
        self.kept: list[Expr] = []
        self.simple = Flattener(entries.context)
        self.exponentials: set[int] = set()  # ids of the numerators of softmaxes

    def run(self, root: Expr) -> Expr:
        """`root` with its parts of orders 0, 1 and 2 that are sums of products as symbols."""
        root = rewrite(root, self._distributed)
        found = [is_softmax_sum(node) for node in below(root)]
        self.exponentials = {id(inner) for inner, kept in filter(None, found) if softmax_node(self.entries, inner.arguments[0], kept) is not None}
        stack = [root]
        while stack:
            node = stack[-1]
            missing = [child for child in self._open(node) if id(child) not in self.done]
            if missing and id(node) not in self.done:
                stack.extend(missing)
                continue
            stack.pop()
            if id(node) not in self.done:
                self.kept.append(node)
                self.done[id(node)] = self._visit(node)
        return self.done[id(root)]

    def _distributed(self, e: Expr) -> Expr:
        """A product with a sum as the sum of the products, where each of them then consists of matrices or of entries of a softmax."""
        if not isinstance(e, Product):
            return e
        summed = _summed(e.operands, e.output)
        exponentials = {id(f) for f, _ in e.operands if isinstance(f, Map) and f.function == "exp"}
        for n, (f, labels) in enumerate(e.operands):
            if not isinstance(f, Sum) or len(f.terms) > TERMS:
                continue
            if (f.order > MATRIX and summed & set(labels)) or any(id(inner) in exponentials for inner in _normalised(f)):
                rest = [pair for m, pair in enumerate(e.operands) if m != n]
                terms = [(c, self.simple.run(product(e.coefficient, [(t, labels), *rest], e.output, e.sizes))) for c, t in f.terms]
                return add(terms, e.shape)
        return e

    def _open(self, e: Expr) -> tuple[Expr, ...]:
        """The children whose own sums are looked at: none of a scalar as the user typed it, of a softmax, of a function of whole arrays."""
        if isinstance(e, Operator) or (e.children and self.typed.scalar(e) is not None) or self._softmax(e):
            return ()
        return e.children

    def _softmax(self, e: Expr) -> bool:
        """Whether the node is the numerator or the denominator of a softmax that prints as one."""
        found = is_softmax_sum(e)
        if found is not None:
            return softmax_node(self.entries, found[0].arguments[0], found[1]) is not None
        return id(e) in self.exponentials

    def _visit(self, e: Expr) -> Expr:
        children = self._open(e)
        if not children:
            return e
        if isinstance(e, Sum) and e.order in (1, 2) and any(_sums(t) for _, t in e.terms):
            sign, upright = self._upright(e)
            whole = self._symbol(upright) if self.typed.array(upright) is not None or not _normalised(e) else None
            if whole is not None:
                return scale(sign, whole)
        if isinstance(e, Product) and _sums(e):
            return self._contracted(e)
        rebuilt = with_children(e, tuple(self.done[id(child)] for child in children))
        if isinstance(rebuilt, Product):
            pairs = self._sorted(rebuilt.operands, rebuilt.output)
            if pairs != list(rebuilt.operands):
                return product(rebuilt.coefficient, pairs, rebuilt.output, rebuilt.sizes, flatten=False)
        return rebuilt

    def _sorted(self, operands: Sequence[Operand], output: Labels) -> list[Operand]:
        """The operands with the indices of symmetric matrices in order: S[i, k] for S[k, i]."""
        out = []
        for f, labels in operands:
            order = tuple(sorted(labels, key=lambda a: output.index(a) if a in output else len(output)))
            turn = order != labels and set(labels) <= set(output) and self.simple.work.symmetric(f)
            out.append((f, order if turn else labels))
        return out

    def _upright(self, e: Expr) -> tuple[int, Expr]:
        """(sign, sum) of a sum or its opposite: as the user typed it, else with a plus sign in front."""
        if not isinstance(e, Sum):
            return 1, e
        opposite = scale(-1, e)
        self.kept.append(opposite)
        if self.typed.array(e) is None and (self.typed.array(opposite) is not None or self.entries.flipped(e)):
            return -1, opposite
        return 1, e

    # ------------------------------------------------------------------------------------------------ products
    def _contracted(self, e: Product) -> Expr:
        """The product with its chains as symbols."""
        operands = _single_divisors(e.operands)
        coefficient = e.coefficient
        kept: list[Operand] = []
        gone: set[int] = set()
        for chain in _chains(operands, e.output):
            found = self._turned([operands[n] for n in chain.members], chain.open, e)
            if found is not None:
                coefficient *= found[0]
                kept.append(found[1])
                gone.update(chain.members)
        left = self._sorted([(self.done.get(id(f), f), labels) for n, (f, labels) in enumerate(operands) if n not in gone], e.output)
        kept = [*left, *kept]
        return part(coefficient, kept, e.output, e.sizes, flatten=False)

    def _turned(self, inside: Sequence[Operand], places: Labels, e: Product) -> tuple[Fraction, Operand] | None:
        """(number, (symbol, labels)) of a chain, the way round that needs fewer transposes."""
        best: tuple[tuple[int, bool], Fraction, Operand] | None = None
        for labels in dict.fromkeys((places, places[::-1])):
            c, inner = unscale(part(1, inside, labels, e.sizes))
            if isinstance(inner, Product) and sum(self._upright(f)[0] < 0 for f, _ in inner.operands) % 2:
                c, inner = -c, scale(-1, inner)
            found = self._symbol(inner)
            if found is not None:
                transposes = _transposes(self.entries.wholes.get(found.name)) if isinstance(found, Symbol) else 0
                cost = transposes, labels != tuple(sorted(labels, key=lambda a: e.output.index(a) if a in e.output else len(e.output)))
                if best is None or cost < best[0]:
                    best = cost, c, (found, labels)
        return None if best is None else best[1:]

    # ------------------------------------------------------------------------------------------------ symbols
    def _symbol(self, e: Expr) -> Expr | None:
        """A symbol that prints as the formula of e; e itself where it prints so; None where its formula would not read better than sums."""
        if not e.children or (not e.shape and self.typed.scalar(e) is not None):
            return e
        typed = self.typed.array(e)
        node = self.entries.matrix(e, KINDS[e.order]) if typed is None else signed(typed.sign, typed.node)
        if node is None or (typed is None and _fills(node)):
            return None
        name = f"{MARK}{len(self.entries.wholes)}"
        self.entries.wholes[name] = node
        self.entries.order[name] = self.entries.rank(e)
        return symbol(name, e.shape)


def _summed(operands: Sequence[Operand], output: Labels) -> set[int]:
    """The labels over which a product sums."""
    return {a for _, labels in operands for a in labels} - set(output)


def _sums(e: Expr) -> bool:
    """Whether an entry of the node is a sum over labels of the node itself."""
    return isinstance(e, Product) and bool(_summed(e.operands, e.output))


def _chains(operands: Sequence[Operand], output: Labels) -> list[_Chain]:
    """Operands joined label by label, as long as what is left of them has at most two labels."""
    groups = [_Chain([n], tuple(dict.fromkeys(labels))) for n, (_, labels) in enumerate(operands)]
    summed = sorted(_summed(operands, output))
    joined = True
    while joined:
        joined = False
        for label in list(summed):
            inside = [g for g in groups if label in g.open]
            rest = tuple(dict.fromkeys(a for g in inside for a in g.open if a != label))
            members = [n for g in inside for n in g.members]
            if len(rest) <= MATRIX and all(_plain(operands[n][0]) for n in members):
                groups = [*[g for g in groups if g not in inside], _Chain(members, rest)]
                summed.remove(label)
                joined = True
    chains = [g for g in groups if not set(operands[g.members[0]][1]) <= set(g.open)]
    _add_divisors(operands, chains)
    return chains


def _add_divisors(operands: Sequence[Operand], chains: Sequence[_Chain]) -> None:
    """The sum of exp(u) by which a softmax divides goes with exp(u)."""
    taken = {n for chain in chains for n in chain.members}
    for n, (f, labels) in enumerate(operands):
        found = softmax_divisor(f) if n not in taken else None
        if found is None:
            continue
        _, inner, axes, _ = found
        for chain in chains:
            members = [operands[m] for m in chain.members]
            above = sum(g is inner and tuple([at[a] for a in axes]) == labels for g, at in members)
            if set(labels) <= set(chain.open) and above > sum(g is f for g, _ in members):
                chain.members.append(n)
                break


def _single_divisors(operands: Sequence[Operand]) -> list[Operand]:
    """The operands with the square of a softmax's divisor as two divisors: each goes with an exponential of its own."""
    out: list[Operand] = []
    for f, labels in operands:
        found = softmax_divisor(f)
        if found is None:
            out.append((f, labels))
        else:
            base, _, _, k = found
            out += [(power(base, constant(-1, base.shape)), labels)] * k
    return out


def _normalised(e: Expr) -> list[Expr]:
    """The exponentials by whose sum a term of a sum is divided, as in softmax."""
    terms = [t for _, t in e.terms] if isinstance(e, Sum) else []
    found = [softmax_divisor(f) for t in terms for f, _ in (t.operands if isinstance(t, Product) else [(t, ())])]
    return [divisor[1] for divisor in found if divisor is not None]


def _plain(e: Expr) -> bool:
    """Whether an operand is an array of its own, no condition on indices."""
    return e.order <= 2 and not isinstance(e, (Indicator, Position, Reshape)) and not (isinstance(e, Operator) and e.function in ("powers", "onehot"))


def _fills(node: Node) -> bool:
    """Whether a formula writes out entries itself, or adds or multiplies by a constant matrix, whose entries read better as deltas."""
    stack = [node]
    while stack:
        inner = stack.pop()
        if isinstance(inner, (Generator, Steps)) or (isinstance(inner, Call) and inner.function in FILLERS):
            return True
        if not isinstance(inner, Call):
            stack.extend(inner.children)
    return False


def _transposes(node: Node | None) -> int:
    return 0 if node is None else sum(isinstance(inner, Unary) and inner.op == "T" for inner in postorder(node))
