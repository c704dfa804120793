"""A product as matrix notation: its graph is reduced; what does not reduce is spread over a sum, or one label becomes the index of a sum."""

from __future__ import annotations

from fractions import Fraction

from wrt.algebra.expr import Expr, Labels, Map, Operator, Product, Sum, constant_value
from wrt.algebra.product import product
from wrt.algebra.sums import add
from wrt.language.sizes import Size
from wrt.language.surface import Name
from wrt.language.surface import postorder as surface_postorder
from wrt.notation.build import Forest
from wrt.notation.entries import at
from wrt.notation.graph import Graph, Item
from wrt.notation.idioms import fused
from wrt.notation.recover import Recovery
from wrt.notation.series_parallel import Reduction
from wrt.notation.tree import ONE, SCALAR, Atom, Entry, Factor, Loop, Part, Range, Scaled, Times, Tree, postorder
from wrt.notation.unknown_tree import NoFormError

MATRIX = 2
LOOPS = 2  # labels that may become indices of a sum


def reduce(work: Recovery, node: Product) -> Scaled | None:
    """The matrix tree of a product of order up to 2, None when there is none."""
    if node.order > 2:
        return None
    sizes = list(node.sizes)
    try:
        coefficient, items = _inlined(work, node, sizes)
    except NoFormError:
        return _distributed(work, node)
    items = fused(work, items, sizes)
    single = _single(items, node.output, sizes)
    output = tuple(a for a in node.output if a not in single)
    found = _solve(work, coefficient, items, output, sizes, {a: at(Size.of(0)) for a in single}, LOOPS)
    if found is None or output != node.output[1:]:
        return found
    k, row = work.forest.turn(found[1])
    return found[0] * k, row


def _single(items: list[Item], output: Labels, sizes: list[Size]) -> set[int]:
    """The labels of size 1 that only matrices hold: a matrix of one row is a row, nothing is summed over its rows."""
    held = {a for _, labels in items if len(labels) != MATRIX for a in labels} | {a for a in output if output.count(a) > 1 or len(output) != MATRIX}
    return {a for a in range(len(sizes)) if sizes[a].number == 1 and a not in held}


def _inlined(work: Recovery, node: Product, sizes: list[Size]) -> tuple[Fraction, list[Item]]:
    """Operands, inner products that have no tree of their own opened up; NoFormError where a sum must be distributed first."""
    coefficient = node.coefficient
    out: list[Item] = []
    stack: list[tuple[Expr, Labels]] = list(reversed(node.operands))
    while stack:
        e, labels = stack.pop()
        plain = e.order <= 2 and work.trees.get(id(e)) is not None
        if plain or (not isinstance(e, Product) and _open_terms(e) is None):
            out.append((e, labels))
        elif not isinstance(e, Product):
            raise NoFormError
        else:
            names = dict(zip(e.output, labels, strict=True))
            if len(names) < len(e.output):
                raise NoFormError
            for a in range(len(e.sizes)):
                if a not in names:
                    names[a] = len(sizes)
                    sizes.append(e.sizes[a])
            coefficient *= e.coefficient
            stack.extend((f, tuple(names[a] for a in ls)) for f, ls in reversed(e.operands))
    return coefficient, out


def _distributed(work: Recovery, node: Product) -> Scaled | None:
    """The product spread over a sum, or the square of one, that has no matrix notation of its own."""
    for m, (e, labels) in enumerate(node.operands):
        terms = _open_terms(e) if work.trees.get(id(e)) is None else None
        if terms is None:
            continue
        rest = [o for n, o in enumerate(node.operands) if n != m]
        pieces = [(c, product(node.coefficient, [*[(t, labels) for t in factors], *rest], node.output, node.sizes)) for c, factors in terms]
        spread = add(pieces, node.shape)
        if spread is node:
            return None
        work.kept.append(spread)
        return work.tree(spread)
    return None


def _open_terms(e: Expr) -> list[tuple[Fraction, list[Expr]]] | None:
    """The terms of a sum as products of factors, those of its square too; None for anything else."""
    if isinstance(e, Sum):
        return [(c, [t]) for c, t in e.terms]
    if isinstance(e, Product) and len(set(e.output)) < len(e.output):
        return [(ONE, [e])]
    if isinstance(e, Map) and e.function == "pow" and e.order > 2 and constant_value(e.arguments[1]) == 2 and isinstance(e.arguments[0], Sum):
        terms = e.arguments[0].terms
        return [(c * k, [t, u]) for c, t in terms for k, u in terms]
    return None


def _solve(
    work: Recovery, coefficient: Fraction, items: list[Item], output: Labels, sizes: list[Size], fixed: dict[int, Part], loops: int
) -> Scaled | None:
    graph = Graph(work, sizes, output)
    graph.c = coefficient
    try:
        graph.place_all(items, dict(fixed))
        return Reduction(graph).result()
    except NoFormError:
        pass
    if not loops:
        return None
    for label in _candidates(items, output, fixed, sizes):
        name = work.fresh(frozenset(name for p in fixed.values() if p.value is not None for name in p.value.names))
        found = _solve(work, coefficient, items, output, sizes, {**fixed, label: at(Size.of(name))}, loops - 1)
        if found is not None:
            return _loop(work.forest, found, Range(name, Size.of(0), sizes[label]))
    return None


def _loop(forest: Forest, scaled: Scaled, over: Range) -> Scaled:
    """sum(c*t for ...), factors that do not hold the index outside."""
    c, t = scaled
    outside: list[Factor] = []
    if isinstance(t, Times):
        outside = [(f, e) for f, e in t.factors if f.box == SCALAR and not holds(f, over.name)]
        k, t = forest.times([(f, e) for f, e in t.factors if (f, e) not in outside])
        c *= k
    body = forest.raw_loop(t.body, (over, *t.ranges)) if isinstance(t, Loop) else forest.raw_loop(t, (over,))
    k, out = forest.times([*outside, (body, ONE)])
    return c * k, out


def holds(t: Tree, name: str) -> bool:
    """Whether an index name occurs in a tree."""
    for u in postorder(t):
        nodes = [u.node] if isinstance(u, Atom) else [p.node for p in u.parts] if isinstance(u, Entry) else []
        if any(isinstance(n, Name) and n.name == name for node in nodes for n in surface_postorder(node)):
            return True
    return False


def _candidates(items: list[Item], output: Labels, fixed: dict[int, Part], sizes: list[Size]) -> list[int]:
    """Labels that may become an index: those of powers first, then of arrays of high order, then the most used."""
    out: dict[int, None] = {}
    use: dict[int, int] = {}
    for e, labels in items:
        if isinstance(e, Operator) and e.function == "powers":
            out.update(dict.fromkeys(labels[:-2]))
        for a in labels:
            use[a] = use.get(a, 0) + 1
    high = [a for e, labels in items if len(labels) > 2 for a in labels]
    rest = sorted(use, key=lambda a: (-use[a], a))
    for a in [*sorted(high, key=lambda a: (-use[a], a)), *rest]:
        out[a] = None
    return [a for a in out if a not in output and a not in fixed and a < len(sizes)]
