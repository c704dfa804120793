"""The differential of one function at its arguments, by the engine's own proved operator form."""

from __future__ import annotations

from collections.abc import Callable

from wrt.conventions import Convention
from wrt.derivation.reading import Scene
from wrt.derivation.terms import total, zero
from wrt.derivative import Derivative
from wrt.errors import WrtError
from wrt.formula import Formula
from wrt.language.parser import parse
from wrt.language.rewrite import exchanged, replace_names, with_children
from wrt.language.shapes import annotate
from wrt.language.surface import Binary, Call, Declaration, FunctionDeclaration, Loop, Name, Node, Number, Shape, Source, Unary, postorder
from wrt.language.unparse import unparse
from wrt.tables.functions import FUNCTIONS

Diff = Callable[[Node], Node]


def local_differential(e: Node, differential: Diff, s: Scene) -> Node | None:
    """The differential of the outermost function of E, by the engine's proved operator form in arguments of their own."""
    parts = e.children
    moving = [k for k, c in enumerate(parts) if s.varies(c)]
    free = {n.name for n in postorder(e) if isinstance(n, Name)} & {*s.loops, *s.setting.indices}
    if not moving or free or any(isinstance(parts[k], Loop) or parts[k].shape is None for k in moving):
        return None
    names = {k: f"{'v' if (shape := parts[k].shape) is not None and shape.order < 2 else 'V'}{k}_" for k in moving}
    tree = with_children(e, tuple(Name(names[k]) if k in names else c for k, c in enumerate(parts)))
    return local_operator(tree, {names[k]: parts[k] for k in moving}, differential, s)


def local_operator(tree: Node, values: dict[str, Node], differential: Diff, s: Scene) -> Node | None:
    """sum over the names of values: the operator form of `tree` by the name, at its value, applied to the value's differential."""
    setting = s.setting
    declared = dict(setting.source.declarations)
    declared.update({k: Declaration(k, v.shape) for k, v in s.steps.items() if v.shape is not None})
    declared.update({k: Declaration(k, v.shape) for k, v in values.items() if v.shape is not None})
    tree = replace_names(tree, {})
    copied = parse_again(tree)
    terms: list[Node] = []
    try:
        annotate(copied, declared, sizes=setting.source.sizes)
        used = {n.name for n in postorder(copied) if isinstance(n, Name)}
        formula = Formula(
            Source(
                copied, {k: v for k, v in declared.items() if k in used or k in values or isinstance(v, FunctionDeclaration)}, setting.source.sizes
            )
        )
        for name, value in values.items():
            found = Derivative(formula, (name,), Convention("mixed", "ignored"))
            view = found.operator
            if view is None:
                return None
            moved = tangent_last(view.source.tree, found.tangents[0])
            terms.append(replace_names(moved, {**values, found.tangents[0]: differential(value)}))
    except WrtError:
        return None
    return total([t for t in terms if not (isinstance(t, Number) and t.value == 0)]) or zero(copied.shape)


def tangent_last(tree: Node, tangent: str) -> Node:
    """The tree with the tangent behind the other factors of each elementwise product: cos(x)*dx for dx*cos(x)."""
    done: dict[int, Node] = {}
    moving: dict[int, bool] = {}
    for node in postorder(tree):
        moving[id(node)] = (isinstance(node, Name) and node.name == tangent) or any(moving[id(c)] for c in node.children)
        below = tuple(done[id(c)] for c in node.children)
        made = with_children(node, below) if below else node
        if isinstance(node, Binary) and node.op == "*" and moving[id(node.left)] != moving[id(node.right)]:
            first = moving[id(node.left)]
            fixed, inner = (below[1], below[0]) if first else below
            typed = node.left
            negative = False
            if isinstance(inner, Unary) and inner.op == "-":
                negative, inner = not negative, inner.argument
                typed = typed.argument if isinstance(typed, Unary) and first else typed
            if isinstance(fixed, Unary) and fixed.op == "-":
                negative, fixed = not negative, fixed.argument
            made = _behind(fixed, node.right.shape, inner, typed) if first else Binary("*", fixed, inner)
            made = Unary("-", made) if negative else made
        elif isinstance(node, Binary) and node.op == "/" and isinstance(below[0], Unary) and below[0].op == "-" and moving[id(node.left)]:
            made = Unary("-", Binary("/", below[0].argument, below[1]))
        done[id(node)] = made
    return done[id(tree)]


def _behind(fixed: Node, shape: Shape | None, moving: Node, typed: Node) -> Node:
    """c*fixed*dX for (c*dX)*fixed, where c and `fixed` go together whatever dX is; else fixed*(c*dX)."""
    if isinstance(moving, Binary) and moving.op == "*" and isinstance(typed, Binary) and typed.op == "*":
        own = typed.left.shape
        if own is not None and (not own.order or own == shape):
            return Binary("*", Binary("*", moving.left, fixed), moving.right)
    return Binary("*", fixed, moving)


def by_its_name(tree: Node, own: Node, name: str) -> Node:
    """The derivative of name = own with the value's name in it: of u = softmax(z), u*dz - ...; tables of functions of numbers are left as they are."""
    if not isinstance(own, Call) or own.function in FUNCTIONS:
        return tree
    words = unparse(own)
    return exchanged(tree, lambda n: Name(name) if isinstance(n, Call) and n.function == own.function and unparse(n) == words else None)


def parse_again(tree: Node) -> Node:
    """A copy of a tree that shares nothing with it."""
    return parse(unparse(tree))
