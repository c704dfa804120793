"""The Kronecker form d vec(F) / d vec(X)^T, columns stacked: an array of order 3 or more as one matrix.

    P_ik Q_jl               kron(Q, P)                          d (A X B) / d X = kron(B.T, A)
    P_il Q_jk               kron(Q, P) @ commutation(m, n)      commutation(m, n) @ vec(X) = vec(X.T)
    P_ij Q_kl               vec(P) @ vec(Q).T
    M_ij, i = k and j = l   diag(vec(M))
    P_ij Q_kl times one of the above      diag(vec(P)) @ ... @ diag(vec(Q))
    anything else           a sum over one index or two of such products

Row digits are the axes of F from the last (slow) to the first (fast), column digits those of X likewise.
Source: Magnus & Neudecker 2019, Matrix Differential Calculus, chapters 2 and 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from wrt.algebra.expr import Expr, Operator, Product, Reshape, Sum, count_nodes, is_zero, number, postorder
from wrt.algebra.guard import unmasked
from wrt.algebra.product import product, unscale
from wrt.algebra.reshape import group
from wrt.algebra.sums import add
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Call, Generator, Loop, Name, Node, Slice, Unary
from wrt.language.surface import postorder as surface_postorder
from wrt.language.trees import whole
from wrt.notation.build import Forest
from wrt.notation.choose import best
from wrt.notation.context import Context
from wrt.notation.display import DEPTH, negated
from wrt.notation.index_factors import Parts, added, coefficient_nodes
from wrt.notation.index_monomial import Monomial as Labelled
from wrt.notation.index_monomial import Piece, exponent_form, tied
from wrt.notation.index_place import LETTERS, ONE, Constraint, Place, bare, size_node
from wrt.notation.kronecker_terms import LOOPS, Factor, Monomial, Operand, Term, decomposed, softmaxes_whole
from wrt.notation.typed import spellings
from wrt.notation.write import Writer

LARGE = 400  # nodes of an array past which no form is looked for
TERMS = 24  # products that a sum may have, after spreading


def kronecker_form(expr: Expr, rows: int, context: Context) -> Node | None:
    """d vec(F) / d vec(X)^T for an array whose first `rows` axes are those of F; None where no form is known."""
    if count_nodes(expr) > LARGE or not all(_writable(node) for node in postorder(expr)):
        return None
    if is_zero(expr):
        return Call("zeros", (_stacked_size(expr.shape[:rows]), _stacked_size(expr.shape[rows:])))
    monomials = _monomials(expr, rows)
    if monomials is None:
        return None
    names = _index_names(context)
    kept = [softmaxes_whole(monomial) for monomial in monomials if not _vanishes(monomial)]
    if not kept:
        return Call("zeros", (_stacked_size(expr.shape[:rows]), _stacked_size(expr.shape[rows:])))
    ways = [way for late in (False, True) if (way := _terms(kept, names, late=late)) is not None]
    if not ways:
        return None
    node = _Printer(replace(context, reserved=context.reserved | set(names))).total(min(ways, key=len))
    return None if node is None or _slices_by(node, names) else node


def _terms(monomials: Sequence[Monomial], names: tuple[str, ...], *, late: bool) -> list[Term] | None:
    """The terms of a sum of products, those that differ in one factor as one; None where a product has no form."""
    found = [decomposed(monomial, names, late=late) for monomial in monomials]
    return None if any(term is None for term in found) else _merged([term for term in found if term is not None])


def _slices_by(node: Node, names: Sequence[str]) -> bool:
    """Whether a slice is bounded by the index of a sum, which the text language has no meaning for."""
    slices = [part for part in surface_postorder(node) if isinstance(part, Slice)]
    return any(isinstance(inner, Name) and inner.name in names for part in slices for inner in surface_postorder(part))


def _writable(node: Expr) -> bool:
    """Whether a node has a formula of its own: no open Frechet derivative, no quotient beside a mask, no power of an exponent that may be negative."""
    if isinstance(node, Operator):
        return node.function != "frechet_array"
    if not isinstance(node, Product):
        return True
    if not unmasked(node):
        return False  # a quotient that the mask excludes would be 0/0 in a form without conditions
    last = {a: size - 1 for a, size in enumerate(node.sizes)}
    powers = [(e, labels) for e, labels in node.operands if isinstance(e, Operator) and e.function == "powers"]
    return all(Constraint(">=", exponent_form(e, labels)).decided(last) is True for e, labels in powers)


def _vanishes(m: Monomial) -> bool:
    """Whether the places that a product selects never meet."""
    outside: dict[int, Place] = {a: bare(f"i{a}") for a in (*m.rows, *m.columns)}
    return Labelled([Piece(e, labels) for e, labels in m.operands], outside, m.sizes).zero


def _stacked_size(sizes: Sequence[Size]) -> Node:
    total = ONE
    for size in sizes:
        total = total * size
    return size_node(total)


def _index_names(context: Context) -> tuple[str, ...]:
    return tuple(letter for letter in LETTERS if letter not in context.reserved and letter not in context.sizes)[:LOOPS]


# ---------------------------------------------------------------------------------------------------- monomials
def _monomials(expr: Expr, rows: int) -> list[Monomial] | None:
    """The array as a sum of products, sums that hold more than a matrix spread out; None past TERMS."""
    out: list[Monomial] = []
    stack: list[tuple[Fraction, Expr]] = [(Fraction(1), expr)]
    while stack:
        c, e = stack.pop()
        if isinstance(e, Sum):
            stack.extend((c * k, t) for k, t in reversed(e.terms))
        else:
            body, counts = (e.argument, e.counts) if isinstance(e, Reshape) and not e.split else (e, (1,) * e.order)
            spread = _spread(body)
            if spread is not None:
                stack.extend((c * k, group(t, counts)) for k, t in reversed(spread))
            else:
                out.append(_monomial(c, body, counts, rows))
        if len(out) + len(stack) > TERMS:
            return None
    return out


def _spread(e: Expr) -> list[tuple[Fraction, Expr]] | None:
    """The terms of a product with its first operand of order 3 or more that is a sum spread out, or inlined when a product."""
    if not isinstance(e, Product):
        return None
    for n, (f, labels) in enumerate(e.operands):
        if isinstance(f, Sum) and (f.order > 2 or _structured(f)):
            rest = [o for m, o in enumerate(e.operands) if m != n]
            return [(k, product(e.coefficient, [(t, labels), *rest], e.output, e.sizes)) for k, t in f.terms]
        if isinstance(f, Product) and f.order > 2:
            flat = product(e.coefficient, e.operands, e.output, e.sizes)
            return None if flat is e else [(Fraction(1), flat)]
    return None


def _structured(e: Sum) -> bool:
    return any(isinstance(t, Product) and len(set(t.output)) < len(t.output) for _, t in e.terms)


def _monomial(c: Fraction, e: Expr, counts: tuple[int, ...], rows: int) -> Monomial:
    if isinstance(e, Product):
        c, operands, output, sizes = c * e.coefficient, e.operands, e.output, e.sizes
    else:
        output, sizes = tuple(range(e.order)), e.shape
        operands = ((e, output),)
    axes: list[tuple[int, ...]] = []
    at = 0
    for count in counts:
        axes.append(output[at : at + count])
        at += count
    digits = [tuple(a for axis in reversed(part) for a in axis) for part in (axes[:rows], axes[rows:])]
    return _untied(Monomial(c, tuple(operands), digits[0], digits[1], sizes))


def _untied(m: Monomial) -> Monomial:
    """Digits of a composite size as the digits they consist of."""
    kept: list[Operand] = []
    for n, (e, labels) in enumerate(m.operands):
        ties = tied(e)
        others = {a for k, (_, ls) in enumerate(m.operands) if k != n for a in ls}
        if ties is None or any(labels[axis] in others for axis, _ in ties):
            kept.append((e, labels))
            continue
        parts = {labels[axis]: tuple([labels[a] for a in inner]) for axis, inner in ties}
        rows, columns = (tuple(b for a in digits for b in parts.get(a, (a,))) for digits in (m.rows, m.columns))
        m = replace(m, rows=rows, columns=columns)
    return replace(m, operands=tuple(kept))


# ---------------------------------------------------------------------------------------------------- sums of terms
def _merged(terms: list[Term]) -> list[Term]:
    """Terms that differ in one factor only become one: kron(A, B) + kron(A, C) = kron(A, B + C)."""
    out: list[Term] = []
    for term in terms:
        for n, other in enumerate(out):
            joined = _join(other, term)
            if joined is not None:
                out[n] = joined
                break
        else:
            out.append(term)
    return out


def _join(a: Term, b: Term) -> Term | None:
    frame = replace(a, coefficient=b.coefficient, factors=b.factors)
    if frame != b or len(a.factors) != len(b.factors):
        return None
    if [f.kind for f in a.factors] != [f.kind for f in b.factors]:
        return None
    apart = [n for n, (f, g) in enumerate(zip(a.factors, b.factors, strict=True)) if f.expr is not g.expr]
    if len(apart) != 1:
        return None
    (n,) = apart
    total = add([(a.coefficient, a.factors[n].expr), (b.coefficient, b.factors[n].expr)], a.factors[n].expr.shape)
    c, total = unscale(total)
    factors = (*a.factors[:n], Factor(total, a.factors[n].kind), *a.factors[n + 1 :])
    return replace(a, coefficient=c, factors=factors)


class _Printer:
    """Terms as formulas, factors in their most readable matrix form."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.forest = Forest(context)
        self.typed = spellings(self.forest, context)
        self.sign = 1  # of what has been written of a term

    def total(self, terms: list[Term]) -> Node | None:
        """The sum of terms, a scalar or a number that all have in front."""
        turns = {t.turned for t in terms}
        if len(terms) > 1 and len(turns) == 1 and None not in turns and not any(t.loops for t in terms):
            inner = self.total([replace(t, turned=None) for t in terms])
            return None if inner is None else _turned(inner, terms[0].turned)
        same = len({id(t.scalar) for t in terms}) == 1 and len({abs(t.coefficient) for t in terms}) == 1 and len(terms) > 1
        outside = self._front(terms[0]) if same else None
        parts = []
        for n, term in enumerate(terms):
            c = Fraction(1 if term.coefficient > 0 else -1) if outside is not None else term.coefficient
            self.sign = 1 if c > 0 else -1
            body = self._body(term)
            front = Parts() if outside is not None else self._front(term)
            if body is None or front is None:
                return None
            sign, node = _in_front(front, c * body[0], body[1], self.context)
            parts.append(((n,), (sign, node)))
        total = added(parts)
        if outside is None:
            return total
        sign, node = _in_front(outside, abs(terms[0].coefficient), total, self.context)
        return node

    def _front(self, term: Term) -> Parts | None:
        if term.scalar is number(1):
            return Parts()
        node = self._node(term.scalar, row=False)
        if node is None:
            return None
        parts = Parts(node[0])
        parts.scalar((0,), node[1])
        return parts

    def _node(self, e: Expr, *, row: bool) -> tuple[Fraction, Node] | None:
        """(number, formula) of an expression of order at most 2; a minus sign of the term sinks into a difference."""
        found = best(self.forest, self.typed, e, row)
        if found is None or found[0] == 0:
            return None
        c, t = found
        if t is self.forest.one:
            return c, whole(1)
        self.sign *= 1 if c > 0 else -1
        turned = negated(self.forest, t, DEPTH) if self.sign < 0 else None
        if turned is not None:
            c, t, self.sign = -c, turned, 1
        return c, Writer(self.forest).write((Fraction(1), t))

    def _body(self, term: Term) -> tuple[Fraction, Node] | None:
        """(number, formula) of a term without its scalar."""
        made = self._outer(term) if term.kind == "outer" else self._kron(term)
        if made is None:
            return None
        c, body = made
        for side, e in ((0, term.left), (1, term.right)):
            if e is None:
                continue
            found = self._node(e, row=False)
            if found is None:
                return None
            c *= found[0]
            diagonal = Call("diag", (Call("vec", (found[1],)) if e.order == 2 else found[1],))
            body = diagonal if is_identity(body) else Binary("@", *((diagonal, body) if side == 0 else (body, diagonal)))
        if term.turned is not None:
            body = _turned(body, term.turned)
        if term.loops:
            body = Generator("sum", body, tuple(Loop(name, whole(0), size_node(size)) for name, size in term.loops))
        return c, body

    def _kron(self, term: Term) -> tuple[Fraction, Node] | None:
        """kron(A, B, ...), neighbouring identities as one."""
        c = Fraction(1)
        out: Node | None = None
        identity: Size | None = None
        inner = term.factors[0] if term.factors[0].kind == "scalar" and len(term.factors) > 1 else None
        for factor in (*(term.factors if inner is None else term.factors[1:]), None):
            size = identity_size(factor.expr) if factor is not None and factor.kind == "matrix" else None
            if size is not None:
                c *= factor.expr.coefficient  # type: ignore[union-attr]  # an identity is a Product
                identity = size if identity is None else identity * size
                continue
            if identity is not None:
                out = _kron_node(out, Call("eye", (size_node(identity),)))
                identity = None
            if factor is not None:
                found = self._node(factor.expr, row=factor.kind == "row")
                if found is None:
                    return None
                c *= found[0]
                out = _kron_node(out, found[1])
        assert out is not None
        if inner is not None:
            found = self._node(inner.expr, row=False)
            return None if found is None else (c * found[0], Binary("*", found[1], out))
        return c, out

    def _outer(self, term: Term) -> tuple[Fraction, Node] | None:
        """vec(P) @ vec(Q).T; a side without digits is left out."""
        c = Fraction(1)
        sides: list[Node] = []
        for n, factor in enumerate(term.factors):
            if factor.kind == "scalar":
                continue
            row = n == 1 and factor.kind == "column"
            found = self._node(factor.expr, row=row)
            if found is None:
                return None
            c *= found[0]
            node = Call("vec", (found[1],)) if factor.kind == "matrix" else found[1]
            sides.append(Unary("T", node) if n == 1 and factor.kind == "matrix" else node)
        return c, sides[0] if len(sides) == 1 else Binary("@", sides[0], sides[1])


def _turned(body: Node, turned: tuple[Size, Size] | None) -> Node:
    """body @ commutation(m, n)."""
    assert turned is not None
    turn = Call("commutation", tuple(size_node(s) for s in turned))
    return turn if is_identity(body) else Binary("@", body, turn)


def _in_front(front: Parts, c: Fraction, body: Node, context: Context) -> tuple[int, Node]:
    """number * scalars * body / divisors with its sign; the body is a matrix and stays last above the line."""
    parts = Parts(front.coefficient * c, scalars=list(front.scalars), divisors=list(front.divisors))
    parts.factors.append(((1,), body))
    if isinstance(body, Binary) and body.op == "@" and not parts.scalars and not parts.divisors:
        above, below = coefficient_nodes(abs(parts.coefficient), context.spelled)
        if above and not below:  # 2*A @ B rather than 2*(A @ B)
            return (1 if parts.coefficient > 0 else -1), _multiplied(above[0], body)
    return parts.finish(context.spelled)


def _multiplied(c: Node, body: Node) -> Node:
    """c*A @ B @ C for a matrix product A @ B @ C."""
    rights = []
    while isinstance(body, Binary) and body.op == "@":
        rights.append(body.right)
        body = body.left
    out: Node = Binary("*", c, body)
    for right in reversed(rights):
        out = Binary("@", out, right)
    return out


def _kron_node(left: Node | None, right: Node) -> Node:
    return right if left is None else Call("kron", (left, right))


def identity_size(e: Expr) -> Size | None:
    """n when the expression is a multiple of the identity of that size."""
    if isinstance(e, Product) and not e.operands and len(e.output) == 2 and e.output[0] == e.output[1]:
        return e.sizes[0]
    return None


def is_identity(node: Node) -> bool:
    return isinstance(node, Call) and node.function == "eye" and len(node.arguments) == 1
