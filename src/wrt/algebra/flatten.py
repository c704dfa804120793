"""Inline inner products where that helps: those used once, and all of them in a small expression.

Deriving keeps cotangents as shared nodes; reading and canonical comparison want one flat product a term.
"""

from __future__ import annotations

from collections import Counter

from wrt.algebra.expr import Expr, Product, postorder, raw_product
from wrt.algebra.product import CAP, Operand, product
from wrt.algebra.rebuild import with_children

SMALL = 400  # nodes up to which every inner product is inlined


def flattened(root: Expr) -> Expr:
    """The same value with inner products inlined; idempotent on small expressions."""
    nodes = list(postorder(root))
    everything = len(nodes) <= SMALL
    uses: Counter[int] = Counter()
    for node in nodes:
        for child in node.children:
            uses[id(child)] += 1
    done: dict[int, Expr] = {}
    for node in nodes:
        below = tuple([done[id(c)] for c in node.children])
        if not isinstance(node, Product):
            done[id(node)] = with_children(node, below) if below else node
        elif not any(isinstance(c, Product) for c in below):
            done[id(node)] = with_children(node, below)
        elif everything:
            pairs = [(c, labels) for c, (_, labels) in zip(below, node.operands, strict=True)]
            done[id(node)] = product(node.coefficient, pairs, node.output, node.sizes)
        else:
            done[id(node)] = _inline(node, below, uses)
    return done[id(root)]


def _inline(node: Product, below: tuple[Expr, ...], uses: Counter[int]) -> Expr:
    """The product with those inner products spliced in that nothing else uses, up to the cap."""
    pairs: list[Operand] = []
    sizes = list(node.sizes)
    coefficient = node.coefficient
    spliced = False
    for c, (original, labels) in zip(below, node.operands, strict=True):
        if not (
            isinstance(c, Product)
            and c.order
            and uses[id(original)] == 1
            and len(c.operands) + len(pairs) <= CAP
            and len(set(c.output)) == len(c.output)
        ):
            pairs.append((c, labels))
            continue
        spliced = True
        inner = dict(zip(c.output, labels, strict=True))
        for a in range(len(c.sizes)):
            if a not in inner:
                inner[a] = len(sizes)
                sizes.append(c.sizes[a])
        pairs.extend((e, tuple([inner[a] for a in ls])) for e, ls in c.operands)
        coefficient *= c.coefficient
    if not spliced and all(a is b for a, b in zip(node.children, below, strict=True)):
        return raw_product(coefficient, node.operands, node.output, node.sizes)
    return product(coefficient, pairs, node.output, sizes, flatten=False)
