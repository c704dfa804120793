"""The public functions that make formulas and derivatives: thin sentences over the two facades; the named operators are in `operators`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import index
from typing import TYPE_CHECKING, Any, TypeGuard

from wrt.conventions import Convention, current_convention
from wrt.derivative import Derivative
from wrt.errors import NotDifferentiableError, TextError, UnknownNameError
from wrt.formula import Formula, formula_of, joined, substituted
from wrt.language import declarations as declare
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.read import read
from wrt.language.surface import Declaration, FunctionDeclaration, Name, Source
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


def as_formula(f: object, shapes: ShapeSpec = None, assume: FactSpec = None, by: Sequence[object] = ()) -> Formula:
    """A formula from text, a formula, a derivative or a number; `by`: the names of variables, none of which is a size that nobody declared."""
    if isinstance(f, str):
        return Formula(read(f, shapes, assume, by=[name.strip() for name in by if isinstance(name, str)]))
    if shapes is not None or assume is not None:
        raise TextError("shapes and assume go with a text; a formula has its declarations already.")
    if isinstance(f, (Formula, Derivative, int, float)) or hasattr(f, "as_formula"):
        return formula_of(f)
    hint = 'wrt.from_function(f, x="n") reads a Python function.' if callable(f) else ""
    raise TextError(f"a function is given as a text or a formula, not {type(f).__name__}.", hint=hint)


def variables_of(f: Formula, names: Sequence[object]) -> tuple[str, ...]:
    """Variable names out of ("x", "x"), ("x", 2) or (("x", 2),), checked; none given: the one variable there is."""
    out: list[str] = []
    for name in [part for given in names for part in (given if with_order(given) else (given,))]:
        if isinstance(name, bool) or not (isinstance(name, (str, Formula)) or hasattr(name, "__index__")):
            hint = 'a second derivative is named "x", "x" or "x", 2.' if isinstance(name, (tuple, list)) else ""
            raise TextError(f"a variable is named by a string, not {type(name).__name__}.", hint=hint)
        if isinstance(name, (str, Formula)):
            out.append(str(name).strip())
            continue
        order = index(name)
        if not out or not 1 <= order <= MAX_ORDER:
            raise TextError(f'an order follows its variable and lies between 1 and {MAX_ORDER}: derive(f, "x", 2).')
        out += [out[-1]] * (order - 1)
    if len(out) > MAX_ORDER:
        raise TextError(f"derivatives up to order {MAX_ORDER} are supported.")
    if not out:
        free = [n for n, d in f.declarations.items() if "integer" not in d.facts and not isinstance(d, FunctionDeclaration)]
        if len(free) != 1:
            hint = f'derive(f, "{free[0]}"), or --wrt {free[0]}.' if free else ""
            raise TextError(f"by which variable? Say one of {', '.join(free)}." if free else "the formula has no variable.", hint=hint)
        out = free
    for name in out:
        check_variable(f, name)
    return tuple(out)


def with_order(name: object) -> TypeGuard[tuple[object, int]]:
    """Whether an argument is a pair ("x", 2), a variable and how often to differentiate by it."""
    return isinstance(name, tuple) and len(name) == 2 and isinstance(name[0], (str, Formula)) and hasattr(name[1], "__index__")


def check_variable(f: Formula, text: str) -> Variable:
    """The variable, or the part of one, that a text names. Raises: UnknownNameError, NotDifferentiableError, ShapeError."""
    if "," in text.partition("[")[0]:
        words = [w.strip() for w in text.split(",")]
        listed = ", ".join(f'"{w}"' for w in words)
        says = f"{' '.join(f'--wrt {w}' for w in words)} (in Python {listed}) is the derivative by one after the other"
        raise TextError(f"'{text}' names several variables; each has a name of its own.", hint=f"{says}; one at a time gives one derivative each.")
    if text in f.source.sizes and text not in f.declarations:
        counted = {n for d in f.declarations.values() for s in d.sizes for n in s.names}
        hint = "" if text in counted else f"if it is a variable, declare it as a number: {text}:."
        raise NotDifferentiableError(f"{text} is a size, a whole number: there is no derivative by it.", hint=hint)
    found = variable(text, f.declarations)
    facts = f.declarations[found.name].facts
    if "integer" in facts:
        raise NotDifferentiableError(f"{found.name} is declared a whole number: there is no derivative by it.")
    flat = facts & {"onehot", "labels_pm1"}
    if flat:
        import warnings

        warnings.warn(f"{found.name} is declared {next(iter(flat))}: the derivative treats its entries as real numbers.", stacklevel=4)
    return found


def with_indices(f: Formula, names: Iterable[object]) -> Formula:
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
    several = len(names) == 1 and isinstance(names[0], (list, tuple)) and not with_order(names[0])
    if isinstance(f, Derivative) and not several:
        inner = with_indices(f.formula, names)
        convention = Convention(layout or f.convention.layout, structure or f.convention.structure)
        return Derivative(inner, f.names + variables_of(inner, names), convention)
    convention = current_convention(layout, structure)
    formula = as_formula(f, shapes, assume, names[0] if several else [name[0] if with_order(name) else name for name in names])
    if several:
        formula = with_indices(formula, names[0])
        return tuple(Derivative(formula, variables_of(formula, [name]), convention) for name in names[0])
    formula = with_indices(formula, names)
    return Derivative(formula, variables_of(formula, names), convention)


def beside(v: object, f: Formula, like: Declaration) -> Formula:
    """A direction given as text is read beside the formula's declarations; a new bare name gets the shape of `like`."""
    if not isinstance(v, str):
        return formula_of(v)
    declared = dict(f.declarations)
    if v.isidentifier() and v not in declared:
        declared[v] = Declaration(v, like.shape)
    from wrt.language.parser import parse as parse_tree
    from wrt.language.read import type_tree

    return Formula(type_tree(parse_tree(v), declared, v))


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
            made[name] = beside(value, formula, formula.declarations[name])
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
    if not formulas:
        raise TextError("there is nothing to compile.")
    outputs: dict[str, Any] = {}
    parts: list[Formula] = []
    for k, f in enumerate(formulas):
        if isinstance(f, Derivative):
            parts.append(f.formula)
            outputs[f"d{k}"] = (f.computed, f.formula.source, (f.names, f.convention.structure))
        else:
            parts.append(as_formula(f))
            outputs[f"f{k}"] = (parts[-1].expr, parts[-1].source, ())
    declarations, _ = joined(tuple(parts))
    return compile_proved(outputs, declarations, backend=backend)
