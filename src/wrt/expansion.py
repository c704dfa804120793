"""Taylor polynomials and linearisations as formulas, proved: f(a) + D f(a)[x - a] + D**2 f(a)[x - a, x - a]/2 + ..."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrt.algebra.expr import symbol
from wrt.api import FormulaLike, _fresh, as_formula, variables_of
from wrt.calculus.taylor import taylor as polynomial_of
from wrt.errors import NotDifferentiableError, ProofError, ShapeError, TextError, UnknownNameError
from wrt.formula import Formula, formula_of, located, shape_of
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.parser import parse as parse_tree
from wrt.language.read import read_like, type_tree
from wrt.language.rewrite import replace_names
from wrt.language.surface import Binary, Call, Declaration, Name, Node, Number, Source
from wrt.language.unparse import unparse
from wrt.tables.facts import closure

MAX_ORDER = 12


class Expansion(Formula):
    """A polynomial that agrees with `function` at `at` up to `order`; a formula like any other. `verified` as for derivatives.

    >>> import wrt
    >>> p = wrt.taylor("cos(x)", "x", order=4)
    >>> print(p, p.order, p.verified)
    1 - x**2/2 + x**4/24 4 exact
    """

    def __init__(self, source: Source, function: Formula, at: Mapping[str, Formula], order: int, verified: str) -> None:
        super().__init__(source)
        self.function = function
        self.at = dict(at)
        self.order = order
        self.verified = verified


def taylor(
    f: FormulaLike, *names: Any, at: Mapping[str, object] | None = None, order: int = 2, shapes: ShapeSpec = None, assume: FactSpec = None
) -> Expansion:
    """The Taylor polynomial of f in the variables named, around the point `at` (0 where nothing is said), up to `order`.

    `at`: a formula, a text or a number a variable, of the variable's shape. Shapes: result as f.
    Raises: DomainError where f or a derivative has no value at the point.

    >>> import wrt
    >>> print(wrt.taylor("sqrt(x)", "x", at={"x": 4}, order=1))
    2 + (x - 4)/4
    """
    if isinstance(order, bool) or not isinstance(order, int) or not 0 <= order <= MAX_ORDER:
        raise TextError(f"the order of a Taylor polynomial is a whole number from 0 to {MAX_ORDER}, not {order!r}.")
    formula = as_formula(f, shapes, assume)
    if len(names) == 1 and isinstance(names[0], (list, tuple)):
        names = tuple(names[0])
    if at is not None and not isinstance(at, Mapping):
        raise TextError(f'a point is a mapping, not {type(at).__name__}: at={{"x": "a"}}.')
    chosen = tuple(dict.fromkeys(variables_of(formula, names)))
    for name in chosen:
        if name not in formula.declarations:
            raise TextError(f"{name} is a part of a variable; a Taylor polynomial is in whole variables.", hint=f"name {name.partition('[')[0]}.")
    for name in at or {}:
        if name not in chosen:
            raise UnknownNameError(f"a point is given for '{name}', which is not one of the variables {', '.join(chosen)}.")
    points = {name: _point(formula, name, (at or {}).get(name, 0)) for name in chosen}
    return located(formula.source, lambda: _expanded(formula, chosen, points, order))


def linearize(f: FormulaLike, *names: Any, at: Mapping[str, object] | None = None, shapes: ShapeSpec = None, assume: FactSpec = None) -> Expansion:
    """The linear approximation f(a) + D f(a)[x - a]: the Taylor polynomial of order 1.

    >>> import wrt
    >>> print(wrt.linearize("exp(x)", "x"))
    1 + x
    """
    return taylor(f, *names, at=at, order=1, shapes=shapes, assume=assume)


def _point(formula: Formula, name: str, value: object) -> Formula:
    """A point as a formula of the variable's shape; a name that is new has that shape, a number stands in every entry."""
    shape = formula.declarations[name].shape
    if isinstance(value, str):
        tree = parse_tree(value)
        declared = dict(formula.declarations)
        if isinstance(tree, Name) and tree.name not in declared:
            declared[tree.name] = Declaration(tree.name, shape)
        found = Formula(type_tree(tree, declared, value))
    else:
        found = formula_of(value)
    if not found.shape and shape.order:
        return Formula(type_tree(parse_tree(f"({unparse(found.source.tree)})*ones({', '.join(map(str, shape.sizes))})"), formula.declarations))
    if found.shape != shape.sizes:
        raise ShapeError(f"{name} is {shape}, the point given for it is {shape_of(found.source)}.")
    return found


def _expanded(formula: Formula, chosen: tuple[str, ...], points: dict[str, Formula], order: int) -> Expansion:
    from wrt.notation.context import context_of
    from wrt.notation.matrix import matrix_form
    from wrt.notation.series import by_degree

    declared = dict(formula.declarations)
    for point in points.values():
        declared.update({name: d for name, d in point.declarations.items() if name not in declared})
    taken = {*declared, *formula.source.sizes}
    steps: dict[str, str] = {}
    for name in chosen:
        steps[name] = _fresh(f"d{name}", taken)
        taken.add(steps[name])
    facts = {name: closure(d.facts) for name, d in declared.items() if d.facts}
    variables = [symbol(name, declared[name].shape.sizes) for name in chosen]
    found = polynomial_of(formula.expr, variables, {n: p.expr for n, p in points.items()}, order, [steps[n] for n in chosen], facts)
    shown = Source(formula.source.tree, {**declared, **{s: declared[n] for n, s in steps.items()}}, formula.source.sizes)
    kind = formula.kind
    node = matrix_form(found.expr, kind, context_of(shown, shown.declarations)) if kind != "tensor" else None
    if node is None:
        raise NotDifferentiableError("the Taylor polynomial has no matrix form.")
    node = by_degree(node, set(steps.values()))
    tree = replace_names(node, {steps[n]: _displacement(n, points[n].source.tree) for n in chosen})
    words = unparse(tree)
    source = read_like(words, Source(formula.source.tree, declared, formula.source.sizes))
    verified = _proved(formula, chosen, declared, source, points, order, words)
    return Expansion(source, formula, points, order, verified)


def _displacement(name: str, point: Node) -> Node:
    """x - a, or x itself where a is 0."""
    if (isinstance(point, Number) and point.value == 0) or (isinstance(point, Call) and point.function == "zeros"):
        return Name(name)
    if isinstance(point, Binary) and point.op == "*" and isinstance(point.left, Number) and point.left.value == 0:
        return Name(name)  # 0*ones(n): the point a number was given for
    return Binary("-", Name(name), point)


def _proved(
    formula: Formula, chosen: tuple[str, ...], declared: dict[str, Declaration], source: Source, points: Mapping[str, Formula], order: int, words: str
) -> str:
    from wrt.proof.views import Prover

    typed = Source(formula.source.tree, declared, formula.source.sizes, formula.source.text)
    verdict = Prover(typed, chosen, "ignored").polynomial(source, {n: p.source for n, p in points.items()}, order)
    if verdict.status == "wrong":
        from wrt.proof.diagnose import disagreement

        raise ProofError(disagreement(typed, chosen, "Taylor polynomial", words, verdict), text=formula.source.text)
    return verdict.status
