"""The named operators: gradient, Jacobian, Hessian, their literal forms for lists of variables, pushforward, pullback, Hessian-vector product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wrt.api import FormulaLike, as_formula, beside, check_variable, derive, variables_of, with_indices
from wrt.conventions import Convention, current_convention
from wrt.derivative import Derivative
from wrt.errors import NotDifferentiableError, ShapeError, TextError
from wrt.formula import Formula, build, call, shape_of, substituted
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.scopes import fresh
from wrt.language.surface import Block, Declaration, Name, Source


def gradient(
    f: FormulaLike, x: Any = None, *, shapes: ShapeSpec = None, assume: FactSpec = None, structure: str | None = None, layout: str | None = None
) -> Any:
    """The gradient of a scalar, of the shape of x: for a vector a column (in any layout). A list ["x1", "x2"] of scalars and columns: the literal column or row.

    Shapes: f scalar, x [*X]; result [*X]. Raises: ShapeError when f is no scalar.

    >>> import wrt
    >>> print(wrt.gradient("log(det(X))", "X", shapes={"X": ("n", "n")}))
    inv(X).T
    """
    formula = as_formula(f, shapes, assume)
    if formula.shape:
        raise ShapeError(f"the gradient is of a scalar; {formula} is {shape_of(formula.source)}.", hint="jacobian differentiates vectors.")
    if isinstance(x, (list, tuple)):
        formula = with_indices(formula, _listed(x))
        if current_convention(layout).layout == "numerator":
            return _literal([[_block(formula, (), name) for name in x]])
        parts = [_block(formula, (name,), None) for name in x]
        return build(Block(tuple((p.source.tree,) for p in parts), nested=False), *parts)
    return derive(formula, *([] if x is None else [x]), layout="mixed", structure=structure)


def _listed(names: Sequence[object]) -> Sequence[object]:
    if not names:
        raise TextError("by which variables? The list is empty.")
    return names


def _block(formula: Formula, down: Sequence[object], across: object) -> Formula:
    """One block of a literal matrix: rows run over the function, or the variable `down`; columns over the variable `across`. Scalars and columns only."""
    names = [str(name) for name in (*down, across) if name is not None]
    found = [check_variable(formula, name) for name in names]
    for v in found:
        if v.shape.kind not in ("scalar", "column"):
            raise ShapeError(f"{v.text} is {v.shape}; a list holds scalars and columns.")
    flat = across is not None and not formula.shape and not any(v.shape.order for v in found[: len(down)])
    layout = "numerator" if flat else "mixed"
    return Derivative(formula, tuple(names), Convention(layout, current_convention().structure)).as_formula()


def _literal(rows: Sequence[Sequence[Formula]]) -> Formula:
    """[[A, B], [C, D]]; columns of entries side by side are one matrix of entries."""
    cells = [p.source.tree for p in rows[0]]
    lists = [c for c in cells if isinstance(c, Block) and not c.nested and all(e.shape is not None and not e.shape.order for (e,) in c.rows)]
    if len(rows) == 1 and len(lists) == len(cells):
        return build(Block(tuple(tuple(e for (e,) in row) for row in zip(*[c.rows for c in lists], strict=True)), nested=True), *rows[0])
    return build(Block(tuple(tuple(p.source.tree for p in row) for row in rows), nested=True), *[p for row in rows for p in row])


def jacobian(f: FormulaLike, x: Any = None, *, layout: str | None = None, shapes: ShapeSpec = None, assume: FactSpec = None) -> Any:
    """The Jacobian d f / d x: m x n in mixed and numerator layout, n x m in denominator layout. A list of scalars and columns: the literal matrix.

    Shapes: f [m], x [n]. A `Derivative`, or a `Formula` for a list. Raises: ShapeError for a list with a matrix in it.

    >>> import wrt
    >>> print(wrt.jacobian("tanh(W @ x)", "x"))
    diag(1 - tanh(W @ x)**2) @ W
    """
    formula = as_formula(f, shapes, assume)
    if isinstance(x, (list, tuple)):
        _listed(x)
        if formula.shape and formula.kind != "column":
            raise ShapeError(f"a literal Jacobian is of a column by scalars; {formula} is {shape_of(formula.source)}.")
        formula = with_indices(formula, x)
        matrix = _literal([[_block(formula, (), name) for name in x]])
        return matrix.T if current_convention(layout).layout == "denominator" else matrix
    return derive(formula, *([] if x is None else [x]), layout=layout)


def hessian(f: FormulaLike, x: Any = None, *, shapes: ShapeSpec = None, assume: FactSpec = None, structure: str | None = None) -> Any:
    """The second derivative of a scalar by x, axes [*X, *X]. A list of scalars and columns: the literal matrix.

    A `Derivative`, or a `Formula` for a list. Raises: ShapeError when f is no scalar.

    >>> import wrt
    >>> print(wrt.hessian("x.T @ A @ x", "x"))
    A + A.T
    """
    formula = as_formula(f, shapes, assume)
    if formula.shape:
        raise ShapeError(
            f"the Hessian is of a scalar; {formula} is {shape_of(formula.source)}.", hint='derive(f, "x", "x") differentiates anything twice.'
        )
    if isinstance(x, (list, tuple)):
        formula = with_indices(formula, _listed(x))
        return _literal([[_block(formula, (a,), b) for b in x] for a in x])
    formula = with_indices(formula, [x])
    (name,) = variables_of(formula, [] if x is None else [x])
    return derive(formula, name, name, structure=structure)


def jvp(f: FormulaLike, x: str, v: object = None, *, shapes: ShapeSpec = None, assume: FactSpec = None) -> Formula:
    """The pushforward D f(x)[v]: sum over X of (df[*F] / dx[*X]) * v[*X]; v a formula or text of the shape of x, by default the new name dx.

    Shapes: f [*F], x and v [*X]; result [*F], a `Formula`. Raises: ShapeError for a direction of another shape, NotDifferentiableError.

    >>> import wrt
    >>> print(wrt.jvp("A @ x", "x"))
    A @ dx
    """
    d = derive(as_formula(f, shapes, assume), x)
    pushed = d.operator
    if pushed is None:
        raise NotDifferentiableError("the pushforward has no matrix form.", hint="derive(f, x).index shows it entry by entry.")
    return (
        pushed if v is None else substituted(pushed.source, {d.tangents[0]: beside(v, d.formula, Declaration(d.tangents[0], d.variables[0].tangent))})
    )


def vjp(f: FormulaLike, x: str, u: object = None, *, shapes: ShapeSpec = None, assume: FactSpec = None) -> Any:
    """The pullback: sum over F of u[*F] * (df[*F] / dx[*X]), of the shape of x; u of the shape of f, by default the new name y_bar.

    Shapes: f and u [*F], x [*X]; result [*X]: a `Derivative`, or a `Formula` where u is given. Raises: ShapeError, of a tensor too.

    >>> import wrt
    >>> print(wrt.vjp("A @ x", "x"))
    A.T @ y_bar
    """
    formula = as_formula(f, shapes, assume)
    name = fresh("y_bar", [*formula.declarations, *formula.source.sizes])
    shape = shape_of(formula.source)
    if shape.kind == "tensor":
        raise ShapeError("the pullback is of scalars, vectors and matrices.", hint="index the tensor inside sum(...).")
    bar = Formula(Source(Name(name, "variable", shape=shape), {name: Declaration(name, shape)}, formula.source.sizes))
    paired = with_indices(call("sum", bar * formula) if shape.order else bar * formula, [x])
    d = Derivative(paired, variables_of(paired, [x]), Convention("mixed", current_convention().structure))
    return d if u is None else substituted(d.as_formula().source, {name: beside(u, formula, Declaration(name, shape))})


def hvp(f: FormulaLike, x: str, v: object = None, *, shapes: ShapeSpec = None, assume: FactSpec = None) -> Any:
    """The Hessian-vector product: the gradient of D f(x)[v] by x, of the shape of x; the Hessian itself is never formed.

    Shapes: f scalar, x and v [*X]; result [*X]: a `Derivative`, or a `Formula` where v is given. Raises: ShapeError when f is no scalar.

    >>> import wrt
    >>> print(wrt.hvp("x.T @ A @ x", "x"))
    (A + A.T) @ dx
    """
    formula = as_formula(f, shapes, assume)
    if formula.shape:
        raise ShapeError(f"the Hessian is of a scalar; {formula} is {shape_of(formula.source)}.")
    d = derive(formula, x)
    pushed = d.operator
    assert pushed is not None, "a scalar's pushforward always has a matrix form; please report this as a bug"
    second = Derivative(pushed, variables_of(pushed, [x]), Convention("mixed", current_convention().structure))
    return (
        second
        if v is None
        else substituted(second.as_formula().source, {d.tangents[0]: beside(v, formula, Declaration(d.tangents[0], d.variables[0].tangent))})
    )
