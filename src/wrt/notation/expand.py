"""Products spread over their sums, as a second and third candidate for the printed form: some cancellations show only then."""

from __future__ import annotations

from fractions import Fraction

from wrt.algebra.expr import Expr, Map, Product, Sum, constant_value
from wrt.algebra.product import product
from wrt.algebra.sums import add

LIMIT = 60  # terms of an expansion
ONE = Fraction(1)


def expanded(e: Expr, *, constants_only: bool) -> Expr | None:
    """e with products spread over sums (only over sums that hold a bare number, as 1 - s, on request); None when nothing changes or it gets too long."""
    todo: list[tuple[Fraction, Expr]] = list(e.terms) if isinstance(e, Sum) else [(ONE, e)]
    todo.reverse()
    done: list[tuple[Fraction, Expr]] = []
    changed = False
    while todo:
        c, t = todo.pop()
        if isinstance(t, Sum):
            todo.extend((c * k, u) for k, u in reversed(t.terms))
            continue
        m = _place(t, constants_only)
        if m is None or not isinstance(t, Product):
            done.append((c, t))
        else:
            changed = True
            inside, labels = t.operands[m]
            assert isinstance(inside, Sum)
            rest = [o for n, o in enumerate(t.operands) if n != m]
            spread = [(k, product(t.coefficient, [(u, labels), *rest], t.output, t.sizes)) for k, u in inside.terms]
            todo.extend((c * k, u) for k, u in reversed(spread))
        if len(todo) + len(done) > LIMIT:
            return None
    return add(done, e.shape) if changed else None


def _place(t: Expr, constants_only: bool) -> int | None:
    if not isinstance(t, Product):
        return None
    for m, (f, _) in enumerate(t.operands):
        if isinstance(f, Sum) and (not constants_only or any(constant_value(u) is not None for _, u in f.terms)):
            return m
    return None


def generic(e: Expr, typed: set[int]) -> Expr:
    """e without what only ties of maximum and minimum add, (a == b)/2 beside a > b: it holds where a != b, which the conditions say."""
    from wrt.algebra.expr import postorder
    from wrt.algebra.rebuild import rewrite

    if not any(isinstance(node, Map) and node.function == "eq" and id(node) not in typed for node in postorder(e)):
        return e

    def visit(node: Expr) -> Expr:
        if not isinstance(node, Sum):
            return node
        above = {frozenset(map(id, t.arguments)) for _, t in node.terms if isinstance(t, Map) and t.function == "gt"}
        kept = [(c, t) for c, t in node.terms if not _tie(t, above, typed)]
        return add(kept, node.shape) if len(kept) < len(node.terms) else node

    return rewrite(e, visit)


def _tie(t: Expr, above: set[frozenset[int]], typed: set[int]) -> bool:
    return isinstance(t, Map) and t.function == "eq" and id(t) not in typed and frozenset(map(id, t.arguments)) in above
