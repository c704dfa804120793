"""Matrix products: identities dissolve, rows and columns of the identity select, scalars come in front, a scalar stands as its shorter transpose."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.language.sizes import Size
from wrt.language.surface import Name
from wrt.notation import literals
from wrt.notation.score import OPERATION, WORD
from wrt.notation.tree import (
    ONE,
    SCALAR,
    Atom,
    Call,
    Chain,
    Entry,
    Factor,
    Literal,
    Scaled,
    Sum,
    Times,
    Tree,
    Turn,
    is_eye,
    is_ones,
    is_unit,
    joined,
    split_scalars,
)

if TYPE_CHECKING:
    from wrt.notation.build import Forest


def chain(forest: Forest, factors: Iterable[Tree]) -> Scaled:
    """The matrix product of factors whose inner sizes fit."""
    c, scalars, done = _flattened(forest, factors)
    pieces = _pieces(done)
    kept: list[Tree] = []
    for piece in pieces:
        if piece[0].box[0] is None and piece[-1].box[1] is None and len(pieces) > 1:
            scalars.append((_scalar(forest, piece), ONE))
        else:
            kept += piece
    if not kept:
        k, t = forest.times(scalars)
        return c * k, t
    body = _scalar(forest, kept) if kept[0].box[0] is None and kept[-1].box[1] is None else raw_chain(forest, kept)
    if scalars:
        k, t = forest.times([*scalars, (body, ONE)])
        return c * k, t
    return c, body


def _flattened(forest: Forest, factors: Iterable[Tree]) -> tuple[Fraction, list[Factor], list[Tree]]:
    """(number, scalar factors, matrices left to right), neighbours merged."""
    c = ONE
    scalars: list[Factor] = []
    done: list[Tree] = []
    stack = list(factors)
    stack.reverse()
    while stack:
        t = stack.pop()
        if t.box == SCALAR:
            scalars.append((t, ONE))
        elif isinstance(t, Chain):
            stack.extend(reversed(t.factors))
        elif isinstance(t, Sum) and len(t.terms) == 1:
            c *= t.terms[0][0]
            stack.append(t.terms[0][1])
        elif isinstance(t, Times) and any(f.box == SCALAR for f, _ in t.factors):
            front, rest = split_scalars(t)
            scalars += front
            k, body = forest.times(rest)
            c *= k
            stack.append(body)
        else:
            merged = _pair(forest, done[-1], t) if done else None
            if merged is None:
                done.append(t)
            else:
                done.pop()
                c *= merged[0]
                stack.append(merged[1])
    return c, scalars, done


def _pieces(factors: list[Tree]) -> list[list[Tree]]:
    """Split where the inner size is 1: after a column."""
    out: list[list[Tree]] = [[]]
    for f in factors:
        if out[-1] and out[-1][-1].box[1] is None:
            out.append([])
        out[-1].append(f)
    return out if out[0] else []


def _pair(forest: Forest, a: Tree, b: Tree) -> Scaled | None:
    """Two neighbours of a matrix product that are one factor."""
    if is_eye(a):
        return ONE, b
    if is_eye(b):
        return ONE, a
    for one, other in ((a, b), (b, a)):  # ones(1) @ x of a matrix x of one row is x
        if is_ones(one) and isinstance(other, Atom) and other.role == "name" and Size.of(1) in one.box:
            whole = forest.variable(other.node.name)  # type: ignore[attr-defined]  # a Name
            if whole.box == (a.box[0], b.box[1]):
                return ONE, whole
    if _is_diag(a) and b.box[1] is None and a.arguments[0].serial not in forest.diagonals:  # type: ignore[attr-defined]  # a Call
        return forest.times([(a.arguments[0], ONE), (b, ONE)])  # type: ignore[attr-defined]  # a Call
    if _is_diag(a) and _is_diag(b):
        c, v = forest.times([(a.arguments[0], ONE), (b.arguments[0], ONE)])  # type: ignore[attr-defined]  # Calls
        k, t = diag(forest, v)
        return c * k, t
    if _is_diag(b) and a.box[0] is None and b.arguments[0].serial not in forest.diagonals:  # type: ignore[attr-defined]  # a Call
        k, column = forest.turn(a)
        c, v = forest.times([(column, ONE), (b.arguments[0], ONE)])  # type: ignore[attr-defined]  # a Call
        m, t = forest.turn(v)
        return k * c * m, t
    if isinstance(a, Entry) and is_eye(a.base) and a.parts[1].kind == "all":
        return forest.entry(b, a.parts[0], None)
    if isinstance(b, Entry) and is_eye(b.base) and b.parts[0].kind == "all":
        return forest.entry(a, None, b.parts[1])
    if isinstance(a, Literal) and isinstance(b, Literal):
        return literals.product(forest, a, b)
    return _pseudo_inverse(forest, a, b)


def _is_diag(t: Tree) -> bool:
    return isinstance(t, Call) and t.function == "diag" and t.box[1] is not None


def diagonal_of(t: Tree) -> Tree | None:
    """P of diag(P), a column."""
    return t.arguments[0] if isinstance(t, Call) and t.function == "diag" and t.box[1] is None else None


def _pseudo_inverse(forest: Forest, a: Tree, b: Tree) -> Scaled | None:
    """X @ inv(X.T @ X) = pinv(X).T and inv(X.T @ X) @ X.T = pinv(X), unless the user wrote the inverse."""
    for inverse, other, left in ((b, a, True), (a, b, False)):
        if not (isinstance(inverse, Call) and inverse.function == "inv") or inverse.typed or forest.typing:
            continue
        inside = inverse.arguments[0]
        if (
            isinstance(inside, Chain)
            and len(inside.factors) == 2
            and inside.factors[1 if left else 0] is other
            and forest.turn(inside.factors[0]) == (ONE, inside.factors[1])
        ):
            x = inside.factors[1]
            inverse_of = forest.raw_call("pinv", (x,), (x.box[1], x.box[0]))
            return forest.turn(inverse_of) if left else (ONE, inverse_of)
    return None


def _scalar(forest: Forest, factors: list[Tree]) -> Tree:
    """A scalar equals its transpose: the shorter one, the one that starts with what the user named first."""
    if len(factors) == 1:
        return factors[0]
    if len(factors) == 2 and not forest.typing:
        first, last = (diagonal_of(f.argument if isinstance(f, Turn) else f) for f in factors)
        if first is not None and last is not None:  # diag(P).T @ diag(Q) = tr(P*Q)
            return forest.wrap(forest.call("tr", (forest.wrap(forest.times([(first, ONE), (last, ONE)])),)))
    turned = [forest.turn(f) for f in reversed(factors)]
    for key in (("chain", tuple(f.serial for f in factors)), ("chain", tuple(t.serial for _, t in turned))):
        if key in forest.table:
            return forest.table[key]
    if any(c != 1 for c, _ in turned) or forest.typing:
        return raw_chain(forest, factors)
    other = [t for _, t in turned]
    here, there = sum(f.score for f in factors), sum(t.score for t in other)
    return raw_chain(forest, other if (there, joined(other)) < (here, joined(factors)) else factors)


def raw_chain(forest: Forest, factors: list[Tree]) -> Tree:
    """The matrix product as given."""
    if len(factors) == 1:
        return factors[0]

    def make() -> Tree:
        tree = Chain((factors[0].box[0], factors[-1].box[1]), key=joined(factors), factors=tuple(factors))
        tree.score = sum(f.score for f in factors) + OPERATION * (len(factors) - 1)
        turns = sum(isinstance(f, Turn) for f in factors)
        if turns > 2 and not forest.typing and all(None not in f.box for f in factors):
            turned = [forest.turn(f) for f in reversed(factors)]
            score = sum(t.score for _, t in turned) + OPERATION * (len(factors) - 1) + WORD
            if all(c == 1 for c, _ in turned) and score <= tree.score - 2 * WORD:
                tree.flip, tree.score = tuple(t for _, t in turned), score
        if forest.solves and tree.flip is None:  # inv(A) @ b is printed solve(A, b)
            tree.score -= OPERATION * sum(is_inverse(f) for f in factors[:-1])
        return tree

    return forest.intern(("chain", tuple(f.serial for f in factors)), make)


def is_inverse(t: Tree) -> bool:
    """inv(A) or inv(A).T."""
    inner = t.argument if isinstance(t, Turn) else t
    return isinstance(inner, Call) and inner.function == "inv"


def diag(forest: Forest, t: Tree) -> Scaled:
    """diag of a column (a matrix) or of a matrix (a column)."""
    assert t.box != SCALAR, "diag of a scalar; please report this as a bug"
    folded = _known_diagonal(forest, t)
    if folded is not None:
        return folded
    if isinstance(t, Sum) and len(t.terms) == 1:
        k, u = diag(forest, t.terms[0][1])
        return t.terms[0][0] * k, u
    if isinstance(t, Times) and any(f.box == SCALAR for f, _ in t.factors):
        scalars, rest = split_scalars(t)
        c, body = forest.times(rest)
        k, inner = diag(forest, body)
        m, u = forest.times([*scalars, (inner, ONE)])
        return c * k * m, u
    n = t.box[0]
    if t.box[1] is None:
        return ONE, forest.raw_call("diag", (t,), (n, n))
    k, turned = forest.turn(t)  # a matrix and its transpose have one diagonal
    return (k, forest.raw_call("diag", (turned,), (n, None))) if turned.score < t.score else (ONE, forest.raw_call("diag", (t,), (n, None)))


def _known_diagonal(forest: Forest, t: Tree) -> Scaled | None:
    n = t.box[0]
    if t.box[1] is not None:
        if is_eye(t):
            return ONE, forest.ones((n, None))
        if isinstance(t, Turn):
            return diag(forest, t.argument)
        return (ONE, t.arguments[0]) if _is_diag(t) else None  # type: ignore[attr-defined]  # a Call
    if is_unit(t):
        k, row = forest.turn(t)
        c, pair = chain(forest, [t, row])
        return k * c, pair
    if is_ones(t) and n is not None:
        return ONE, forest.eye(n)
    if isinstance(t, Call) and t.function == "diag":  # diag(diag(D)) of a diagonal matrix
        d = t.arguments[0]
        if isinstance(d, Atom) and isinstance(d.node, Name) and "diagonal" in forest.context.facts.get(d.node.name, ()):
            return ONE, d
        if n is not None and not forest.typing and ("call", "diag", (t.serial,), None) not in forest.table:
            return forest.times([(d, ONE), (forest.eye(n), ONE)])
    if isinstance(t, Times):
        return _of_diagonal_inverse(forest, t)
    return None


def _of_diagonal_inverse(forest: Forest, t: Times) -> Scaled | None:
    """diag(1/diag(D)) = inv(D) of a diagonal matrix D, and diag(diag(A)/diag(D)**2) = A*inv(D)**2."""
    for f, e in t.factors:
        if e >= 0 or e.denominator != 1 or not (isinstance(f, Call) and f.function == "diag"):
            continue
        c, d = diag(forest, f)
        if c != 1 or not isinstance(d, Atom):
            continue
        k, inverse = forest.call("inv", (d,))
        rest = [(g, a) for g, a in t.factors if g is not f and g.box != SCALAR]
        if not rest and e == -1 and len(t.factors) == 1:
            return k, inverse
        if len(rest) == 1 and rest[0][1] == 1 and isinstance(rest[0][0], Call) and rest[0][0].function == "diag":
            m, body = forest.times([*[g for g in t.factors if g[0].box == SCALAR], (rest[0][0].arguments[0], ONE), (inverse, -e)])
            return m, body
    return None
