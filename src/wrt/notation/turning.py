"""Transposes: down to the leaves, or once outside where that is shorter; what equals its transpose stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrt.algebra.maps import exact_power
from wrt.language.functions_declared import commute, is_hessian, is_symmetric_value
from wrt.language.surface import Name
from wrt.notation.functions import TURNS, WHOLE
from wrt.notation.score import WORD
from wrt.notation.tree import ONE, SCALAR, Atom, Call, Chain, Entry, Factor, Loop, Scaled, Sum, Times, Tree, Turn, is_eye, split_scalars

if TYPE_CHECKING:
    from wrt.notation.build import Forest


def turn(forest: Forest, t: Tree) -> Scaled:
    """The transpose; remembered at both ends. Parts are turned before wholes, so that depth costs no recursion."""
    if t.box == SCALAR:
        return ONE, t
    if t.turned is None:
        stack, opened = [t], set[int]()
        while stack:
            part = stack[-1]
            if part.turned is None and id(part) not in opened:
                opened.add(id(part))
                stack += [below for below in _parts(part) if below.turned is None and below.box != SCALAR]
                continue
            stack.pop()
            if part.turned is None:
                part.turned = _turn(forest, part)
                c, u = part.turned
                if c == 1 and u.turned is None:
                    u.turned = (ONE, part)
    assert t.turned is not None
    return t.turned


def _parts(t: Tree) -> tuple[Tree, ...]:
    """What `_turn` turns of a tree."""
    match t:
        case Chain():
            return t.factors
        case Times():
            return tuple(f for f, _ in t.factors)
        case Sum():
            return tuple(u for _, u in t.terms)
        case Call() if t.function in TURNS or (t.function not in WHOLE and t.axis is None):
            return t.arguments
        case Entry() if len(t.parts) == 2:
            return (t.base,)
        case Loop():
            return (t.body,)
    return ()


def _turn(forest: Forest, t: Tree) -> Scaled:
    match t:
        case Turn():
            return ONE, t.argument
        case Atom():
            if t.role == "ones" and None not in t.box:
                return ONE, forest.ones((t.box[1], t.box[0]))
            symmetric = t.role == "eye" or (isinstance(t.node, Name) and "symmetric" in forest.context.facts.get(t.node.name, ()))
            return ONE, t if symmetric else forest.raw_turn(t)
        case Chain():
            c, turned = ONE, []
            for f in reversed(t.factors):
                k, u = turn(forest, f)
                c *= k
                turned.append(u)
            k, u = forest.chain(turned)
            return c * k, u
        case Times():
            return _turn_times(forest, t)
        case Sum():
            c, other = forest.add([(c * k, u) for c, (k, u) in [(c, turn(forest, u)) for c, u in t.terms]])
            return (c, other) if other is t or other.score <= t.score else (ONE, forest.raw_turn(t))
        case Call():
            return _turn_call(forest, t)
        case Entry() if len(t.parts) == 2:
            k, base = turn(forest, t.base)
            if base is t.base or is_eye(t.base):
                return k, forest.raw_entry(base, t.parts[::-1])
        case Entry() if len(t.parts) > 2 and isinstance(t.base, Call):
            kept = [k for k, p in enumerate(t.parts) if p.kind == "all"]
            if len(kept) == 2 and commute(t.base.function, kept[0], kept[1], forest.context.functions):
                return ONE, t
        case Loop():
            return ONE, forest.raw_loop(forest.wrap(turn(forest, t.body)), t.ranges)
    return ONE, forest.raw_turn(t)


def _turn_times(forest: Forest, t: Times) -> Scaled:
    c = ONE
    turned: list[Factor] = []
    for f, e in t.factors:
        k, u = turn(forest, f)
        value = exact_power(k, e)
        if value is None:
            return ONE, forest.raw_turn(t)
        c *= value
        turned.append((u, e))
    k, other = forest.times(turned)
    scalars, bodies = split_scalars(t)
    if len(bodies) == 1 or other.score <= t.score + WORD:
        return c * k, other
    if scalars:
        m, body = forest.times(bodies)
        k, other = forest.times([*scalars, (forest.raw_turn(body), ONE)])
        return m * k, other
    return ONE, forest.raw_turn(t)


def _turn_call(forest: Forest, t: Call) -> Scaled:
    if t.function == "diag" and t.box[1] is not None:
        return ONE, t
    if is_hessian(t.function, forest.context.functions) or is_symmetric_value(t.function, forest.context.functions):
        return ONE, t
    through = t.function in TURNS or (t.function not in WHOLE and t.axis is None)
    if through and all(forest.wrap(turn(forest, a)) is a for a in t.arguments):
        return ONE, t
    return ONE, forest.raw_turn(t)
