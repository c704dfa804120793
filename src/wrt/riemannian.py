"""`wrt.riemannian`: the gradient of a function on a manifold, with its tangent projection and Hessian, each proved at points of the manifold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wrt.algebra.expr import Expr, symbol
from wrt.algebra.flatten import flattened
from wrt.algebra.simplify import simplify
from wrt.api import FormulaLike, as_formula, variables_of
from wrt.calculus import manifolds
from wrt.calculus.derive import distributed
from wrt.calculus.operators import tangent_names
from wrt.conventions import Convention
from wrt.derivative import Derivative
from wrt.errors import NoClosedFormError, ProofError, ShapeError, TextError
from wrt.formula import Formula, call, shape_of, substituted
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.read import read, read_like
from wrt.language.scopes import fresh
from wrt.language.surface import Declaration, Name, Shape, Source
from wrt.language.unparse import unparse
from wrt.tables.facts import closure
from wrt.tables.manifolds import MANIFOLDS, Manifold

if TYPE_CHECKING:
    from wrt.program.emit import Program

PLAIN = Convention("mixed", "ignored")


class RiemannianGradient:
    """The gradient of a formula by a variable on a manifold; `str` is its closed form. Made by `wrt.riemannian`.

    `formula` the closed form, `gradient` the plain (Euclidean) gradient, `projection` of a direction dX onto the tangent space, `hessian` the
    Riemannian Hessian applied to a tangent dX (None where no formula is in the table), `conditions` where they hold, `verified` the proof: that the
    gradient is tangent and that its inner product with every tangent is the derivative of the function along it.

    >>> import wrt
    >>> g = wrt.riemannian("x.T @ A @ x/2", "x", manifold="sphere", shapes="A: n n symmetric, x: n")
    >>> print(g, "|", g.projection, "|", g.metric)
    A @ x - (x.T @ A @ x)*x | dx - (x.T @ dx)*x | euclidean
    """

    def __init__(self, formula: Formula, name: str, row: Manifold) -> None:
        d = formula.declarations[name]
        facts = d.facts | ({row.fact} if row.fact else frozenset())
        declared = {**formula.declarations, name: Declaration(name, d.shape, facts)}
        self.function = Formula(replace(formula.source, declarations=declared))
        self.name = name
        self.row = row
        self.gradient = Derivative(self.function, (name,), PLAIN)
        self._point = symbol(name, d.shape.sizes)
        (self.tangent,) = tangent_names([name], self.function.context.reserved)
        self._statuses = [self.gradient.verified]
        self.formula = self._formula(self._filled(row.gradient, {"G": self.gradient.expr}))
        self._prove()

    @property
    def manifold(self) -> str:
        """The manifold's name."""
        return self.row.name

    @property
    def metric(self) -> str:
        """The metric's name."""
        return self.row.metric

    @property
    def declarations(self) -> dict[str, Declaration]:
        """The declarations, the point's with what the manifold makes true of it."""
        return self.function.declarations

    @property
    def shape(self) -> Shape:
        """The point's shape."""
        return self.declarations[self.name].shape

    @property
    def conditions(self) -> tuple[str, ...]:
        """Where the gradient holds: the manifold, then what the plain gradient needs."""
        return (self.row.says.format(self.name), *self.gradient.conditions)

    @property
    def verified(self) -> str:
        """The worst of what was shown: "exact", "numeric" or "unverified: why"."""
        unverified = next((s for s in self._statuses if s.startswith("unverified")), None)
        return unverified or ("numeric" if "numeric" in self._statuses else "exact")

    @cached_property
    def projection(self) -> Formula:
        """The tangent projection of a direction, dX."""
        return self._formula(self._filled(self.row.projection, {"Z": symbol(self.tangent, self.shape.sizes)}), tangent=True)

    @cached_property
    def hessian(self) -> Formula | None:
        """The Riemannian Hessian applied to a tangent dX, proved as the covariant derivative of the gradient; None where none is in the table."""
        row = self.row
        if not row.hessian:
            return None
        v = symbol(self.tangent, self.shape.sizes)
        second = Derivative(self.function, (self.name, self.name), PLAIN)
        own, k = tuple(range(second.expr.order)), self.shape.order
        along = distributed(Fraction(1), [(second.expr, own), (v, own[k:])], own[:k], second.expr.shape)
        self._statuses.append(second.verified)
        made = self._formula(self._filled(row.hessian, {"G": self.gradient.expr, "dG": along, "V": v}, v), tangent=True)
        field = Derivative(self.formula, (self.name,), PLAIN)
        moved = field.operator
        if moved is None:
            raise NoClosedFormError("the derivative of the gradient has no matrix form.")
        tangent = self._text(row.projection, {"Z": self._variable(fresh("Z", self._taken))})
        values = {self.tangent: tangent}
        wanted = self._text(row.connection, {"R": self.formula, "dR": substituted(moved.source, {field.tangents[0]: tangent}), "V": tangent})
        self._equal("Hessian", substituted(made.source, values), wanted)
        return made

    def __str__(self) -> str:
        return str(self.formula)

    def __repr__(self) -> str:
        return f"RiemannianGradient({str(self)!r}, by {self.name} on the {self.manifold}, {self.metric} metric, verified: {self.verified})"

    def as_formula(self) -> Formula:
        """The closed form."""
        return self.formula

    def unicode(self) -> str:
        """The closed form in Unicode.

        >>> import wrt
        >>> wrt.riemannian("b.T @ x", "x", manifold="sphere", shapes="b: n, x: n").unicode()
        'b − (bᵀx)x'
        """
        return self.formula.unicode()

    def latex(self) -> str:
        """The closed form in LaTeX."""
        return self.formula.latex()

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def compile(self, backend: str = "numpy") -> Program:
        """A function of all declared names; the array has the axes of the variable."""
        return self.formula.compile(backend=backend)

    def __call__(self, *args: Any, **values: Any) -> Any:
        """The gradient's array at given values."""
        return self.compile()(*args, **values)

    # ------------------------------------------------------------------------------------------------ building
    def _filled(self, text: str, values: Mapping[str, Expr], tangent: Expr | None = None) -> tuple[Expr, ...]:
        """A row's formula at the point, simplified by what holds there and of a tangent; also with its products spread out."""
        from wrt.notation.expand import every_sum, expanded

        row, known = self.row, {}
        facts = {n: closure(d.facts) for n, d in self.declarations.items() if d.facts}
        if row.unit:
            known[manifolds.filled("sum(X*X)", self._point, {})] = 1
        if tangent is not None and row.vanishing:
            known[manifolds.filled(row.vanishing, self._point, {"V": tangent})] = 0
        if tangent is not None and row.tangent:
            facts[self.tangent] = closure({row.tangent})

        def settled(e: Expr) -> Expr:
            while True:
                before = e
                e = simplify(flattened(manifolds.replaced(e, known)), facts)[0]
                if e is before:
                    return e

        e = flattened(manifolds.filled(text, self._point, values))
        spread = expanded(e, every_sum)
        return (settled(e),) if spread is None else (settled(e), settled(spread))

    def _formula(self, candidates: tuple[Expr, ...], *, tangent: bool = False) -> Formula:
        """The shortest of the forms."""
        from wrt.notation.matrix import matrix_form

        nodes = [matrix_form(e, self.shape.kind, self.function.context) for e in candidates]
        words = [unparse(node) for node in nodes if node is not None]
        if not words:
            raise NoClosedFormError("the gradient on the manifold has no matrix form.")
        extra = {self.tangent: Declaration(self.tangent, self.shape)} if tangent else None
        return Formula(read_like(min(words, key=len), self.function.source, extra=extra))

    # ------------------------------------------------------------------------------------------------ the proof
    def _prove(self) -> None:
        """Tangent: the projection leaves it. Right: its inner product with a projected direction is the plain gradient's with it."""
        row, z = self.row, self._variable(fresh("Z", self._taken))
        tangent = self._text(row.projection, {"Z": z})
        self._equal("gradient (tangency)", self._text(row.projection, {"Z": self.formula}), self.formula)
        plain = self.gradient.as_formula()
        pairing = call("sum", plain * tangent) if self.shape.order else plain * tangent
        self._equal("gradient", self._text(row.inner, {"A": self.formula, "B": tangent}), pairing)

    def _equal(self, what: str, left: Formula, right: Formula) -> None:
        from wrt.proof.views import equal

        verdict = equal(self._on_manifold(left).source, self._on_manifold(right).source)
        if verdict.status == "wrong":
            raise ProofError(
                f"the {what} of {self.function} by {self.name} on the {self.manifold} is wrong: {self.formula}. Please report this as a bug."
            )
        self._statuses.append(verdict.status)

    def _text(self, text: str, values: Mapping[str, Formula]) -> Formula:
        """A row's formula with formulas for its names."""
        names = {**values, "X": self._variable(self.name)}
        pattern = read(text, {n: tuple(s.text for s in self.shape.sizes) for n in names})
        return substituted(pattern, names)

    @property
    def _taken(self) -> set[str]:
        return {*self.declarations, *self.function.source.sizes, self.tangent}

    def _variable(self, name: str) -> Formula:
        d = self.declarations.get(name, Declaration(name, self.shape))
        tree = Name(name, "variable", shape=d.shape)
        return Formula(Source(tree, {name: d}, tuple(n for s in d.shape.sizes for n in sorted(s.names))))

    def _on_manifold(self, f: Formula) -> Formula:
        """The formula at a point of the manifold: a unit vector is y/norm(y); other points are drawn as their fact says."""
        if not self.row.unit or self.name not in f.declarations:
            return f
        y = self._variable(fresh("y", self._taken))
        return substituted(f.source, {self.name: y / call("norm", y)})


def riemannian(
    f: FormulaLike, x: str | None = None, *, manifold: str, metric: str | None = None, shapes: ShapeSpec = None, assume: FactSpec = None
) -> RiemannianGradient:
    """The Riemannian gradient of a scalar by a variable on a manifold: "sphere", "stiefel", "grassmann", "spd", "simplex" or "orthogonal".

    `metric`: the first in the table unless said: "euclidean" for all but "spd" ("affine-invariant"); "canonical" (stiefel), "fisher" (simplex).
    The plain gradient treats every entry as independent; grassmann supposes a function of the columns' span.
    Raises: ShapeError when f is no scalar or the variable cannot lie on the manifold; TextError for an unknown one.

    >>> import wrt
    >>> d = wrt.riemannian("b.T @ x", "x", manifold="sphere", shapes="b: n, x: n")
    >>> print(d)
    b - (b.T @ x)*x
    >>> d.conditions, d.verified
    (('norm(x) = 1',), 'exact')
    """
    formula = as_formula(f, shapes, assume)
    if formula.shape:
        raise ShapeError(f"a Riemannian gradient is of a scalar; {formula} is {shape_of(formula.source)}.")
    (name,) = variables_of(formula, [] if x is None else [x])
    if name not in formula.declarations:
        raise TextError(f"a manifold is one of whole variables; {name} is a part.")
    metrics = [m for n, m in MANIFOLDS if n == manifold]
    if not metrics:
        raise TextError(f"manifold must be one of {', '.join(dict.fromkeys(n for n, _ in MANIFOLDS))}, not {manifold!r}.")
    if metric is not None and metric not in metrics:
        raise TextError(f"the metric on the {manifold} must be one of {', '.join(metrics)}, not {metric!r}.")
    row = MANIFOLDS[manifold, metric or metrics[0]]
    _check(name, formula.declarations[name].shape, row)
    return RiemannianGradient(formula, name, row)


def _check(name: str, shape: Shape, row: Manifold) -> None:
    square = shape.kind == "matrix" and shape.sizes[0] is shape.sizes[1]
    fits = {"any": shape.kind in ("column", "matrix"), "vector": shape.kind == "column", "matrix": shape.kind == "matrix", "square": square}
    if not fits[row.needs]:
        what = {"any": "a vector or a matrix", "vector": "a vector", "matrix": "a matrix", "square": "a square matrix"}[row.needs]
        raise ShapeError(f"a point of the {row.name} is {what}; {name} is {shape}.")


__all__ = ["RiemannianGradient", "riemannian"]
