"""Taylor polynomials and linearisations as formulas, proved: f(a) + D f(a)[x - a] + D**2 f(a)[x - a, x - a]/2 + ..."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wrt.algebra.conditions import Condition
from wrt.algebra.expr import Expr, constant_value, symbol
from wrt.algebra.flatten import flattened
from wrt.algebra.rebuild import substitute
from wrt.algebra.simplify import simplify
from wrt.api import FormulaLike, as_formula, variables_of
from wrt.calculus.conditions import conditions_of
from wrt.calculus.taylor import taylor as polynomial_of
from wrt.conventions import choice
from wrt.errors import NotDifferentiableError, ProofError, ShapeError, TextError, UnknownNameError
from wrt.formula import Formula, formula_of, located, shape_of
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.parser import parse as parse_tree
from wrt.language.read import read_like, type_tree
from wrt.language.rewrite import replace_names
from wrt.language.scopes import fresh
from wrt.language.surface import Binary, Block, Call, Declaration, Name, Node, Number, Source
from wrt.language.unparse import unparse
from wrt.notation.spoken import STYLES
from wrt.tables.facts import closure

if TYPE_CHECKING:
    from wrt.notation.validity import Validity

MAX_ORDER = 12


class Expansion(Formula):
    """A polynomial that agrees with `function` at `at` up to `order`; a formula like any other. `verified` as for derivatives.

    >>> import wrt
    >>> p = wrt.taylor("cos(x)", "x", order=4)
    >>> print(p, p.order, p.verified)
    1 - x**2/2 + x**4/24 4 exact
    """

    def __init__(self, source: Source, function: Formula, at: Mapping[str, Formula], order: int, verified: str, polynomial: Expr) -> None:
        super().__init__(source)
        self.function = function
        self.at = dict(at)
        self.order = order
        self.verified = verified
        self._polynomial = polynomial

    @property
    def conditions(self) -> tuple[str, ...]:
        """What the point must fulfil: ("a != 0",) for abs(x) around a.

        >>> import wrt
        >>> wrt.taylor("norm(x)", "x", at={"x": "a"}, order=1, shapes="x: n").conditions
        ('a != 0',)
        """
        return self.where("text")

    def where(self, style: str = "unicode") -> tuple[str, ...]:
        """The conditions in the style "text", "unicode" or "latex", those that declared facts imply left out."""
        choice("style", style, STYLES)
        return self._validity.told(style, self.source.conditions)

    @cached_property
    def _validity(self) -> Validity:
        """Where the function's derivatives exist, at the point instead of the variables."""
        from wrt.notation.context import context_of
        from wrt.notation.validity import validity

        declared = {**self.function.declarations, **self.source.declarations}
        facts = {name: closure(d.facts) for name, d in declared.items() if d.facts}
        whole = [name for name, d in declared.items() if "integer" in d.facts]
        needed = conditions_of(self.function.expr, self._polynomial, list(self.at), facts, whole)
        point = {name: p.expr for name, p in self.at.items()}
        moved = [Condition(c.sentence, tuple(simplify(flattened(substitute(e, point)), facts)[0] for e in c.subjects)) for c in needed]
        open_ones = [c for c in moved if any(constant_value(e) is None for e in c.subjects)]
        source = Source(self.function.source.tree, declared, self.function.source.sizes)
        return validity(open_ones, facts, context_of(source, declared), source)


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
    from wrt.notation.polynomials import last_displacements, polynomial_form

    declared = dict(formula.declarations)
    for point in points.values():
        declared.update({name: d for name, d in point.declarations.items() if name not in declared})
    taken = {*declared, *formula.source.sizes}
    steps: dict[str, str] = {}
    for name in chosen:
        steps[name] = fresh(f"d{name}", taken)
        taken.add(steps[name])
    facts = {name: closure(d.facts) for name, d in declared.items() if d.facts}
    variables = [symbol(name, declared[name].shape.sizes) for name in chosen]
    found = polynomial_of(formula.expr, variables, {n: p.expr for n, p in points.items()}, order, [steps[n] for n in chosen], facts)
    shown = Source(formula.source.tree, {**declared, **{s: declared[n] for n, s in steps.items()}}, formula.source.sizes)
    kind = formula.kind
    context, names = context_of(shown, shown.declarations), [steps[n] for n in chosen]
    node = polynomial_form(found.expr, found.parts, kind, context, names) if kind != "tensor" else None
    if node is None:
        raise NotDifferentiableError("the Taylor polynomial has no matrix form.")
    moved = {n: _displacement(n, points[n].source.tree) for n in chosen}
    node = last_displacements(node, [steps[n] for n in chosen if not declared[n].shape.order and not isinstance(moved[n], Name)])
    tree = replace_names(node, {steps[n]: moved[n] for n in chosen})
    words = unparse(tree)
    source = read_like(words, Source(formula.source.tree, declared, formula.source.sizes))
    verified = _proved(formula, chosen, declared, source, points, order, words)
    return Expansion(source, formula, points, order, verified, found.expr)


def _displacement(name: str, point: Node) -> Node:
    """x - a, or x itself where a is 0."""
    if (isinstance(point, Number) and point.value == 0) or (isinstance(point, Call) and point.function == "zeros"):
        return Name(name)
    if isinstance(point, Binary) and point.op == "*" and isinstance(point.left, Number) and point.left.value == 0:
        return Name(name)  # 0*ones(n): the point a number was given for
    if isinstance(point, Block) and all(isinstance(cell, Number) and cell.value == 0 for row in point.rows for cell in row):
        return Name(name)
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
