"""The public functions: thin sentences over formulas and derivatives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wrt.conventions import Convention, current_convention
from wrt.derivative import Derivative
from wrt.errors import NotDifferentiableError, ShapeError, TextError, UnknownNameError
from wrt.formula import Formula, build, call, formula_of, shape_of, substituted
from wrt.language import declarations as declare
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.read import read
from wrt.language.surface import Block, Declaration, FunctionDeclaration, Name, Source
from wrt.language.variables import Variable, open_indices, variable

if TYPE_CHECKING:
    from wrt.program.emit import Program

MAX_ORDER = 8
FormulaLike = Formula | Derivative | str


def parse(
    expression: str, shapes: ShapeSpec = None, assume: FactSpec = None, syntax: str | None = None, names: Mapping[str, str] | None = None
) -> Formula:
    """A formula from its text; `shapes` a mapping {"A": ("m", "n"), "x": ("n",), "c": ()} or a declaration text "A: m n, x: n".

    `assume`: facts by name. `syntax`: "python", "matlab" or "latex"; found out when None. `names`: how a LaTeX text spells variables.
    Raises: TextError, UnknownNameError, ShapeError, TooLargeError, each with a caret under the culprit.

    >>> import wrt
    >>> wrt.parse("norm(A @ x - b)**2").assumed
    ('A: m x n', 'x: n', 'b: m')
    """
    if not isinstance(expression, str):
        raise TextError(f"a formula's text must be a string, not {type(expression).__name__}.")
    if names is not None and not (isinstance(names, Mapping) and all(isinstance(w, str) for pair in names.items() for w in pair)):
        raise TextError("names is a mapping of texts: how a LaTeX text spells a variable.", hint='names={"\\\\bar{x}": "x_bar"}.')
    return Formula(read(expression, shapes, assume, syntax, names))


def symbols(text: str) -> Any:
    """Declared variables as formulas, one or a tuple: A, x, b = wrt.symbols("A: m n, x: n, b: m"); declared functions to be called.

    >>> import wrt
    >>> A, x = wrt.symbols("A: m n, x: n")
    >>> print(wrt.derive(wrt.norm(A @ x) ** 2, "x"))
    2*A.T @ A @ x
    """
    made: list[Any] = []
    for d in declare.parse(text).values():
        if isinstance(d, FunctionDeclaration):
            from wrt.undefined import UndefinedFunction  # loaded when the first one is declared

            made.append(UndefinedFunction(d))
            continue
        tree = Name(d.name, "variable", shape=d.shape)
        names = dict.fromkeys(n for s in d.shape.sizes for n in sorted(s.names))
        made.append(Formula(Source(tree, {d.name: d}, tuple(names), text=d.name)))
    if not made:
        raise TextError('no variable is declared; write for example "A: m n, x: n".')
    return made[0] if len(made) == 1 else tuple(made)


def eq(a: object, b: object) -> Formula:
    """The 0/1 indicator of a == b, entry by entry (`==` itself compares formulas).

    >>> import wrt
    >>> x, y = wrt.symbols("x: n, y: n")
    >>> print(wrt.eq(x, y))
    x == y
    """
    return formula_of(a)._binary("==", b)


def as_formula(f: object, shapes: ShapeSpec = None, assume: FactSpec = None) -> Formula:
    """A formula from text, a formula, a derivative or a number."""
    if isinstance(f, str):
        return parse(f, shapes, assume)
    if shapes is not None or assume is not None:
        raise TextError("shapes and assume go with a text; a formula has its declarations already.")
    if isinstance(f, (Formula, Derivative, int, float)) or hasattr(f, "as_formula"):
        return formula_of(f)
    hint = 'wrt.from_function(f, x="n") reads a Python function.' if callable(f) else ""
    raise TextError(f"a function is given as a text or a formula, not {type(f).__name__}.", hint=hint)


def variables_of(f: Formula, names: Sequence[object]) -> tuple[str, ...]:
    """Variable names out of ("x", "x") or ("x", 2), checked; none given: the one variable there is."""
    out: list[str] = []
    for name in names:
        if isinstance(name, bool) or not isinstance(name, (str, int, Formula)):
            hint = 'a second derivative is named "x", "x" or "x", 2.' if isinstance(name, (tuple, list)) else ""
            raise TextError(f"a variable is named by a string, not {type(name).__name__}.", hint=hint)
        if isinstance(name, int):
            if not out or not 1 <= name <= MAX_ORDER:
                raise TextError(f'an order follows its variable and lies between 1 and {MAX_ORDER}: derive(f, "x", 2).')
            out += [out[-1]] * (name - 1)
        else:
            out.append(str(name))
    if len(out) > MAX_ORDER:
        raise TextError(f"derivatives up to order {MAX_ORDER} are supported.")
    if not out:
        free = [n for n, d in f.declarations.items() if "integer" not in d.facts and not isinstance(d, FunctionDeclaration)]
        if len(free) != 1:
            hint = f'derive(f, "{free[0]}"), or --wrt {free[0]}.' if free else ""
            raise TextError(f"by which variable? Say one of {', '.join(free)}." if free else "the formula has no variable.", hint=hint)
        out = free
    for name in out:
        _check_variable(f, name)
    return tuple(out)


def _check_variable(f: Formula, text: str) -> Variable:
    """The variable, or the part of one, that a text names. Raises: UnknownNameError, NotDifferentiableError, ShapeError."""
    if "," in text.partition("[")[0]:
        words = [w.strip() for w in text.split(",")]
        listed = ", ".join(f'"{w}"' for w in words)
        says = f"{' '.join(f'--wrt {w}' for w in words)} (in Python {listed}) is the derivative by one after the other"
        raise TextError(f"'{text}' names several variables; each has a name of its own.", hint=f"{says}; one at a time gives one derivative each.")
    if text in f.source.sizes and text not in f.declarations:
        raise NotDifferentiableError(f"{text} is a size, a whole number: there is no derivative by it.")
    found = variable(text, f.declarations)
    facts = f.declarations[found.name].facts
    if "integer" in facts:
        raise NotDifferentiableError(f"{found.name} is declared a whole number: there is no derivative by it.")
    flat = facts & {"onehot", "labels_pm1"}
    if flat:
        import warnings

        warnings.warn(f"{found.name} is declared {next(iter(flat))}: the derivative treats its entries as real numbers.", stacklevel=4)
    return found


def _with_indices(f: Formula, names: Iterable[object]) -> Formula:
    """The formula with the whole numbers declared that parts are named with: j of "X[:, j]"."""
    found = {d.name: d for name in names if isinstance(name, str) and "[" in name for d in open_indices(name, f.declarations)}
    if not found:
        return f
    source = f.source
    assumed = (*source.assumed, *[f"{name}: a whole number" for name in found])
    return Formula(replace(source, declarations={**source.declarations, **found}, assumed=assumed))


def derive(
    f: FormulaLike, *names: Any, layout: str | None = None, structure: str | None = None, shapes: ShapeSpec = None, assume: FactSpec = None
) -> Any:
    """The derivative of f by the variables named, proved: derive(f, "x"), derive(f, "x", "x"), derive(f, "x", 2), derive(f, "x", "y").

    A part of a variable may be named: an entry "X[0, 1]", a column "X[:, j]", a row "X[0, :]", a block "X[0:2, :]", "x[1:]".
    A list of names gives a tuple, one derivative each. `names` may be left out when there is one variable it could be.
    Shapes: axes of f, then those of each variable. Raises: NotDifferentiableError (names the smallest culprit), ProofError, ...

    >>> import wrt
    >>> print(wrt.derive("norm(A @ x - b)**2", "x"))
    2*A.T @ (A @ x - b)
    >>> print(wrt.derive("tr(A @ X)", "X[:, 0]", shapes="A: n m, X: m n"))
    A[0, :].T
    """
    if isinstance(f, Derivative) and not (len(names) == 1 and isinstance(names[0], (list, tuple))):
        inner = _with_indices(f.formula, names)
        convention = Convention(layout or f.convention.layout, structure or f.convention.structure)
        return Derivative(inner, f.names + variables_of(inner, names), convention)
    convention = current_convention(layout, structure)
    formula = as_formula(f, shapes, assume)
    if len(names) == 1 and isinstance(names[0], (list, tuple)):
        formula = _with_indices(formula, names[0])
        return tuple(Derivative(formula, variables_of(formula, [name]), convention) for name in names[0])
    formula = _with_indices(formula, names)
    return Derivative(formula, variables_of(formula, names), convention)


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
        formula = _with_indices(formula, _listed(x))
        if current_convention(layout).layout == "numerator":
            return _literal([[_block(formula, (), name) for name in x]])
        parts = [_block(formula, (name,), None) for name in x]
        return build(Block(tuple((p.source.tree,) for p in parts), False), *parts)
    return derive(formula, *([] if x is None else [x]), layout="mixed", structure=structure)


def _listed(names: Sequence[object]) -> Sequence[object]:
    if not names:
        raise TextError("by which variables? The list is empty.")
    return names


def _block(formula: Formula, down: Sequence[object], across: object) -> Formula:
    """One block of a literal matrix: rows run over the function, or the variable `down`; columns over the variable `across`. Scalars and columns only."""
    names = [str(name) for name in (*down, across) if name is not None]
    found = [_check_variable(formula, name) for name in names]
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
        return build(Block(tuple(tuple(e for (e,) in row) for row in zip(*[c.rows for c in lists], strict=True)), True), *rows[0])
    return build(Block(tuple(tuple(p.source.tree for p in row) for row in rows), True), *[p for row in rows for p in row])


def jacobian(f: FormulaLike, x: Any = None, *, layout: str | None = None, shapes: ShapeSpec = None, assume: FactSpec = None) -> Any:
    """The Jacobian d f / d x: m x n in mixed and numerator layout, n x m in denominator layout. A list of scalars and columns: the literal matrix.

    Shapes: f [m], x [n]. A `Derivative`, or a `Formula` for a list. Raises: ShapeError for a list with a matrix in it.

    >>> import wrt
    >>> print(wrt.jacobian("tanh(W @ x)", "x"))
    W*(1 - tanh(W @ x)**2)
    """
    formula = as_formula(f, shapes, assume)
    if isinstance(x, (list, tuple)):
        _listed(x)
        if formula.shape and formula.kind != "column":
            raise ShapeError(f"a literal Jacobian is of a column by scalars; {formula} is {shape_of(formula.source)}.")
        formula = _with_indices(formula, x)
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
        formula = _with_indices(formula, _listed(x))
        return _literal([[_block(formula, (a,), b) for b in x] for a in x])
    formula = _with_indices(formula, [x])
    (name,) = variables_of(formula, [] if x is None else [x])
    return derive(formula, name, name, structure=structure)


def _fresh(name: str, taken: Iterable[str]) -> str:
    reserved, k, word = set(taken), 1, name
    while word in reserved:
        k += 1
        word = f"{name}{k}"
    return word


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
        pushed
        if v is None
        else substituted(pushed.source, {d.tangents[0]: _beside(v, d.formula, Declaration(d.tangents[0], d.variables[0].tangent))})
    )


def _beside(v: object, f: Formula, like: Declaration) -> Formula:
    """A direction given as text is read beside the formula's declarations; a new bare name gets the shape of `like`."""
    if not isinstance(v, str):
        return formula_of(v)
    declared = dict(f.declarations)
    if v.isidentifier() and v not in declared:
        declared[v] = Declaration(v, like.shape)
    from wrt.language.parser import parse as parse_tree
    from wrt.language.read import type_tree

    return Formula(type_tree(parse_tree(v), declared, v))


def vjp(f: FormulaLike, x: str, u: object = None, *, shapes: ShapeSpec = None, assume: FactSpec = None) -> Any:
    """The pullback: sum over F of u[*F] * (df[*F] / dx[*X]), of the shape of x; u of the shape of f, by default the new name y_bar.

    Shapes: f and u [*F], x [*X]; result [*X]: a `Derivative`, or a `Formula` where u is given. Raises: ShapeError, of a tensor too.

    >>> import wrt
    >>> print(wrt.vjp("A @ x", "x"))
    A.T @ y_bar
    """
    formula = as_formula(f, shapes, assume)
    name = _fresh("y_bar", [*formula.declarations, *formula.source.sizes])
    shape = shape_of(formula.source)
    if shape.kind == "tensor":
        raise ShapeError("the pullback is of scalars, vectors and matrices.", hint="index the tensor inside sum(...).")
    bar = Formula(Source(Name(name, "variable", shape=shape), {name: Declaration(name, shape)}, formula.source.sizes))
    paired = _with_indices(call("sum", bar * formula) if shape.order else bar * formula, [x])
    d = Derivative(paired, variables_of(paired, [x]), Convention("mixed", current_convention().structure))
    return d if u is None else substituted(d.as_formula().source, {name: _beside(u, formula, Declaration(name, shape))})


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
        else substituted(second.as_formula().source, {d.tangents[0]: _beside(v, formula, Declaration(d.tangents[0], d.variables[0].tangent))})
    )


def substitute(f: FormulaLike, values: Mapping[str, object] | None = None, /, **more: object) -> Formula:
    """The formula with variables replaced by formulas, texts or numbers: substitute(f, x="A @ z").

    >>> import wrt
    >>> print(wrt.substitute("x**2 + c", x="sin(t)"))
    sin(t)**2 + c

    A declared function is defined by a text, or a Python function of formulas: each D(g)(x) becomes the derivative of its definition.

    >>> d = wrt.derive("g(A @ x)", "x", shapes="A: m n, x: n, g: (m) -> ()")
    >>> print(d, "=", wrt.substitute(d, g="u -> norm(u)**2"))
    A.T @ grad(g)(A @ x) = A.T @ (2*(A @ x))
    """
    formula = as_formula(f)
    if values is not None and not isinstance(values, Mapping):
        raise TextError(f"values are a mapping, not {type(values).__name__}.", hint='substitute(f, x="A @ z").')
    made: dict[str, Formula] = {}
    defining: dict[str, object] = {}
    for name, value in {**(values or {}), **more}.items():
        if name not in formula.declarations:
            raise UnknownNameError(
                f"'{name}' is not a variable of the formula.", hint=f"its variables are {', '.join(formula.declarations) or 'none'}."
            )
        if isinstance(formula.declarations[name], FunctionDeclaration):
            defining[name] = value
        else:
            made[name] = _beside(value, formula, formula.declarations[name])
    out = substituted(formula.source, made) if made else formula
    for name, value in defining.items():
        from wrt.definitions import defined  # built on derivatives

        out = defined(out, name, value)
    return out


def compile(formulas: Sequence[FormulaLike], *, backend: str = "numpy") -> Program:
    """One program for several formulas and derivatives over the same variables; what they share is computed once.

    >>> import wrt
    >>> f = wrt.parse("norm(A @ x - b)**2")
    >>> both = wrt.compile([f, wrt.gradient(f, "x")])
    >>> both(A=[[1.0]], x=[2.0], b=[0.0])
    (4.0, array([4.]))
    """
    from wrt.proof.programs import compile_proved

    if isinstance(formulas, (Formula, Derivative, str)) or not isinstance(formulas, Sequence):
        raise TextError("a list of formulas is compiled together; one alone has a method of its own: f.compile().")
    outputs: dict[str, Any] = {}
    declarations: dict[str, Declaration] = {}
    for k, f in enumerate(formulas):
        if isinstance(f, Derivative):
            outputs[f"d{k}"] = (f.computed, f.formula.source, (f.names, f.convention.structure))
            declared = f.declarations
        else:
            formula = as_formula(f)
            outputs[f"f{k}"] = (formula.expr, formula.source, ())
            declared = formula.declarations
        for name, d in declared.items():
            if declarations.setdefault(name, d) != d:
                raise ShapeError(f"{name} is declared twice, differently: {declarations[name].shape} and {d.shape}.")
    if not outputs:
        raise TextError("there is nothing to compile.")
    return compile_proved(outputs, declarations, backend=backend)
