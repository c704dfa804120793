"""A declared function given by a formula: every f(x), D(f)(x), grad(f)(x) of a text becomes that formula, or its derivative, at the argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import islice
from typing import Any

from wrt.conventions import Convention
from wrt.derivative import Derivative
from wrt.errors import ShapeError, TextError, WrtError
from wrt.formula import Formula, formula_of
from wrt.language.functions_declared import called, result_shape
from wrt.language.parser import parse
from wrt.language.read import type_tree
from wrt.language.rewrite import replace_names, with_children
from wrt.language.scopes import size_names
from wrt.language.shapes import annotate
from wrt.language.surface import (
    Binary,
    Call,
    Declaration,
    FunctionDeclaration,
    Generator,
    Loop,
    Name,
    Node,
    Number,
    Shape,
    Source,
    Unary,
    postorder,
)
from wrt.language.unparse import unparse

ARGUMENTS = "uvwxyz"  # names of a definition's arguments, an underscore behind them


def defined(formula: Formula, name: str, value: Any) -> Formula:
    """The formula with a declared function defined: by a text "u -> u.T @ u", or a Python function of formulas.

    Raises: TextError where the value defines no function; ShapeError where it has another shape than declared.
    """
    d = formula.declarations[name]
    assert isinstance(d, FunctionDeclaration)
    work = _Definition(formula.source, d, value)
    done: dict[int, Node] = {}
    for node in postorder(formula.source.tree):
        below = tuple(done[id(c)] for c in node.children)
        made = node if all(a is b for a, b in zip(below, node.children, strict=True)) else with_children(node, below)
        found = called(node.function, {name: d}) if isinstance(node, Call) else None
        if found is not None and isinstance(node, Call):
            made = work.applied(node, below, found[1], found[2])
        done[id(node)] = made
    tree = parse(unparse(done[id(formula.source.tree)]))
    declared = {n: v for n, v in {**formula.declarations, **work.body.declarations}.items() if n != name and n not in work.names}
    sizes = {**dict.fromkeys(formula.source.sizes), **size_names(declared)}
    try:
        conditions = annotate(tree, declared, sizes=sizes)
    except WrtError as error:
        raise error.located(unparse(tree), error.span) from None
    return Formula(Source(tree, declared, tuple(sizes), conditions=conditions))


class _Definition:
    """The body over names for the arguments, and its derivatives, each made once."""

    def __init__(self, source: Source, d: FunctionDeclaration, value: Any) -> None:
        self.d = d
        self.names, self.body = _from_text(d, value, source) if isinstance(value, str) else _from_function(d, value, source)
        shape = self.body.source.tree.shape
        if shape != d.shape:
            hint = "declare the shapes of what it is made of beside the formula."
            raise ShapeError(f"{d.name} is declared {d}; its definition is {shape}.", hint=hint)
        self.made: dict[tuple[int, ...], Node] = {}

    def applied(self, node: Call, arguments: tuple[Node, ...], orders: tuple[int, ...], word: str) -> Node:
        """The definition, or its derivative, at the arguments."""
        tree = self._derived(orders)
        own = result_shape(node, self.d, orders, word) if not self.d.elementwise else self.d.shape
        if own.kind == "row":
            tree = Unary("T", tree)
        used = {n.name for n in postorder(tree) if isinstance(n, Name)}
        if self.d.elementwise and not used & set(self.names) and node.shape is not None and node.shape.order:
            tree = _spread(tree, node.shape)
        return replace_names(tree, dict(zip(self.names, arguments, strict=True)))

    def _derived(self, orders: tuple[int, ...]) -> Node:
        found = self.made.get(orders)
        if found is None:
            by = tuple(n for n, k in zip(self.names, orders, strict=True) for _ in range(k))
            found = self.made[orders] = _array(Derivative(self.body, by, Convention("mixed", "ignored"))) if by else self.body.source.tree
        return found


def _array(d: Derivative) -> Node:
    """The derivative as a value: its matrix form, else entry by entry."""
    if d.matrix is not None:
        return d.matrix.source.tree
    loops = tuple(Loop(name, Number(Fraction(0)), parse(str(size))) for name, size in zip(d.index.indices, d.shape, strict=True))
    return Generator("array", d.index.expr.source.tree, loops)


def _spread(tree: Node, shape: Shape) -> Node:
    """A number in every entry of a shape."""
    ones: Node = Call("ones", tuple(parse(s.text) for s in shape.sizes))
    return Binary("*", tree, Unary("T", ones) if shape.kind == "row" else ones)


def _from_text(d: FunctionDeclaration, text: str, source: Source) -> tuple[tuple[str, ...], Formula]:
    """("u",) and the formula of "u -> u.T @ u", read beside the declarations around."""
    left, arrow, right = text.partition("->")
    names = tuple(word.strip() for word in left.strip().strip("()").split(","))
    if not arrow or len(names) != len(d.arguments) or not all(n.isidentifier() for n in names) or len(set(names)) < len(names):
        example = ", ".join(ARGUMENTS[: len(d.arguments)])
        raise TextError(f"{d.name} is a function of {len(d.arguments)}: '{text}' does not define it.", hint=f'{d.name}="{example} -> ...".')
    tree = parse(right.strip())
    if any(isinstance(n, Loop) and n.name in names for n in postorder(tree)):
        raise TextError(f"an index of '{right.strip()}' has the name of an argument.", hint="use another letter for the index.")
    fresh = _fresh(source, len(names))
    tree = replace_names(tree, {n: Name(new) for n, new in zip(names, fresh, strict=True)})
    others = {n: v for n, v in source.declarations.items() if not isinstance(v, FunctionDeclaration)}
    arguments = dict(zip(fresh, d.arguments, strict=True))
    try:
        formula = Formula(type_tree(tree, {**others, **{n: Declaration(n, shape) for n, shape in arguments.items()}}, right.strip()))
    except WrtError as error:
        raise error.located(right.strip(), error.span) from None
    used = {n.name for n in postorder(tree) if isinstance(n, Name)}
    kept = {n: v for n, v in formula.declarations.items() if n in used or n in arguments}
    return fresh, Formula(Source(formula.source.tree, kept, formula.source.sizes))


def _fresh(source: Source, count: int) -> tuple[str, ...]:
    """Names for arguments that nothing around has."""
    taken = {*source.declarations, *source.sizes, *(n.name for n in postorder(source.tree) if isinstance(n, (Name, Loop)))}
    free = (f"{letter}{k or ''}_" for k in range(100) for letter in ARGUMENTS)
    return tuple(islice((n for n in free if n not in taken), count))


def _from_function(d: FunctionDeclaration, value: Any, source: Source) -> tuple[tuple[str, ...], Formula]:
    """The formula that a Python function makes of formulas."""
    if not callable(value):
        raise TextError(f"{d.name} is a function, and is defined by a text or a Python function of formulas.", hint=f'{d.name}="u -> ...".')
    function: Callable[..., Any] = value
    names = _fresh(source, len(d.arguments))
    arguments = [_variable(n, shape) for n, shape in zip(names, d.arguments, strict=True)]
    return names, _beside(formula_of(function(*arguments)), dict(zip(names, d.arguments, strict=True)))


def _variable(name: str, shape: Shape) -> Formula:
    sizes = tuple(dict.fromkeys(n for s in shape.sizes for n in sorted(s.names)))
    return Formula(Source(Name(name, "variable", shape=shape), {name: Declaration(name, shape)}, sizes))


def _beside(body: Formula, arguments: Mapping[str, Shape]) -> Formula:
    """The body with all arguments declared, used or not."""
    declared = {**{n: Declaration(n, shape) for n, shape in arguments.items()}, **body.declarations}
    sizes = tuple(dict.fromkeys((*body.source.sizes, *size_names(declared))))
    return Formula(Source(body.source.tree, declared, sizes))
