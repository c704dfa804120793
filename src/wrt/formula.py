"""`Formula`: a function of its declared names, as typed. Prints, typesets, evaluates, compiles, combines with operators, differentiates.

A formula is never simplified by facts; what it prints is the surface tree it came from, so that 0.5 stays 0.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

from wrt.algebra.expr import Expr
from wrt.algebra.flatten import flattened
from wrt.algebra.lower import lower
from wrt.algebra.magnitude import representable
from wrt.errors import ShapeError, TextError, WrtError
from wrt.language.shapes import annotate
from wrt.language.sizes import Size
from wrt.language.surface import SCALAR, Binary, Call, Declaration, Index, Name, Node, Number, Shape, Slice, Source, Text, Unary
from wrt.language.trees import number
from wrt.language.unparse import unparse
from wrt.notation.context import Context, context_of
from wrt.tables.libraries import NAMES, OPERATORS

if TYPE_CHECKING:
    from wrt.program.emit import Program

T = TypeVar("T")


class Formula:
    """A function of its declared names. Build with `wrt.parse` or from `wrt.symbols`; `==` is sameness of expression and declarations.

    >>> import wrt
    >>> x = wrt.symbols("x: n")
    >>> print(wrt.exp(x).T @ x)
    exp(x).T @ x
    """

    __array_priority__ = 1000

    def __init__(self, source: Source) -> None:
        self.source = source

    @cached_property
    def expr(self) -> Expr:
        """The index form, interned, not simplified by facts."""
        return located(self.source, lambda: representable(flattened(lower(self.source))))

    @property
    def declarations(self) -> dict[str, Declaration]:
        """Name -> shape and facts, in order of declaration."""
        return self.source.declarations

    @property
    def assumed(self) -> tuple[str, ...]:
        """What was inferred rather than declared: ("A: m x n", "x: n")."""
        return self.source.assumed

    @property
    def conditions(self) -> tuple[str, ...]:
        """Size conditions met while reading: ("m >= n",)."""
        return self.source.conditions

    @property
    def kind(self) -> str:
        """scalar, column, row, matrix or tensor."""
        return shape_of(self.source).kind

    @property
    def shape(self) -> tuple[Size, ...]:
        """The sizes, one an axis."""
        return shape_of(self.source).sizes

    @cached_property
    def context(self) -> Context:
        """What notation knows of the text."""
        return context_of(self.source, self.declarations)

    @cached_property
    def _text(self) -> str:
        return unparse(self.source.tree)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Formula({str(self)!r})"

    def unicode(self) -> str:
        """The formula in Unicode: 2Aᵀ(Ax - b)."""
        from wrt.notation import unicode

        return unicode.render(self.source.tree)

    def latex(self, bold: bool = False) -> str:
        """The formula in LaTeX; `bold`: vectors and matrices in bold type."""
        from wrt.notation import latex

        return latex.render(self.source.tree, bold)

    def matlab(self) -> str:
        """The formula in the language of matrixcalculus.org: 2*A'*(A*x - b). Raises: NoClosedFormError for what that language cannot say."""
        from wrt.language.matlab_print import matlab_text

        return matlab_text(self.source.tree)

    def mathml(self) -> str:
        """The formula in presentation MathML."""
        from wrt.notation import mathml

        return mathml.render(self.source.tree)

    def typst(self) -> str:
        """The formula in Typst."""
        from wrt.notation import typst

        return typst.render(self.source.tree)

    def sympy(self) -> Any:
        """The formula as sympy objects (matrix expressions, scalars). Raises: NoClosedFormError for what sympy cannot hold."""
        from wrt.notation.sympy_form import sympy_form

        return sympy_form(self.source)

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def __getstate__(self) -> dict[str, object]:
        """What a copy is made from: the typed source alone, so that copies share the interned expression."""
        return {"source": self.source}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Formula):
            return NotImplemented
        return self.expr is other.expr and self.kind == other.kind and self.declarations == other.declarations

    def __hash__(self) -> int:
        return hash((self.expr.digest, self.kind))

    def compile(self, backend: str = "numpy", output: str = "dense") -> Program:
        """A straight-line function of all declared names (keywords, or positional in order of declaration)."""
        from wrt.proof.programs import compile_proved

        return compile_proved({"f": (self.expr, self.source, ())}, self.declarations, backend=backend, output=output)

    def __call__(self, *args: Any, **values: Any) -> Any:
        """The value at given arrays or numbers."""
        return self.compile()(*args, **values)

    # operators build trees; shapes are checked at once
    def _binary(self, op: str, other: object, *, reverse: bool = False) -> Formula:
        pair = formula_of(other), self
        left, right = pair if reverse else pair[::-1]
        return build(Binary(op, left.source.tree, right.source.tree), left, right)

    def __add__(self, other: object) -> Formula:
        return self._binary("+", other)

    def __radd__(self, other: object) -> Formula:
        return self._binary("+", other, reverse=True)

    def __sub__(self, other: object) -> Formula:
        return self._binary("-", other)

    def __rsub__(self, other: object) -> Formula:
        return self._binary("-", other, reverse=True)

    def __mul__(self, other: object) -> Formula:
        return self._binary("*", other)

    def __rmul__(self, other: object) -> Formula:
        return self._binary("*", other, reverse=True)

    def __truediv__(self, other: object) -> Formula:
        return self._binary("/", other)

    def __rtruediv__(self, other: object) -> Formula:
        return self._binary("/", other, reverse=True)

    def __pow__(self, other: object) -> Formula:
        return self._binary("**", other)

    def __rpow__(self, other: object) -> Formula:
        return self._binary("**", other, reverse=True)

    def __matmul__(self, other: object) -> Formula:
        return self._binary("@", other)

    def __rmatmul__(self, other: object) -> Formula:
        return self._binary("@", other, reverse=True)

    def __lt__(self, other: object) -> Formula:
        return self._binary("<", other)

    def __le__(self, other: object) -> Formula:
        return self._binary("<=", other)

    def __gt__(self, other: object) -> Formula:
        return self._binary(">", other)

    def __ge__(self, other: object) -> Formula:
        return self._binary(">=", other)

    def __neg__(self) -> Formula:
        return build(Unary("-", self.source.tree), self)

    def __pos__(self) -> Formula:
        return self

    def __abs__(self) -> Formula:
        return call("abs", self)

    def __bool__(self) -> bool:
        raise TextError("a formula has no truth value; comparisons build 0/1 formulas (use wrt.eq for equality).")

    def __float__(self) -> float:
        raise TextError(
            f"{self} is a formula, not a number.", hint="f(x=...) evaluates one; of math's functions use wrt.exp, wrt.log, ... or NumPy's."
        )

    def __iter__(self) -> Any:
        raise TextError("a formula cannot be iterated over; write sum(x[i] for i in range(n)) as text.")

    @property
    def T(self) -> Formula:
        """The transpose."""
        return build(Unary("T", self.source.tree), self)

    def __getitem__(self, key: object) -> Formula:
        parts = key if isinstance(key, tuple) else (key,)
        formulas: list[Formula] = [self]

        def node(part: object) -> Node:
            if isinstance(part, slice):
                return Slice(*(None if v is None else node(v) for v in (part.start, part.stop, part.step)))
            other = formula_of(part)
            formulas.append(other)
            return other.source.tree

        return build(Index(self.source.tree, tuple(node(p) for p in parts)), *formulas)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: object, **kwargs: object) -> Any:
        """np.exp(x), np.multiply(x, y), ...: the same formulas as wrt.exp(x), x*y."""
        name = "@" if ufunc.__name__ == "matmul" else OPERATORS.get(ufunc.__name__) or NAMES.get(ufunc.__name__, ufunc.__name__)
        if method != "__call__" or kwargs:
            says = f"numpy.{ufunc.__name__} with {', '.join(kwargs)}" if method == "__call__" else f"numpy.{ufunc.__name__}.{method}"
            raise TextError(f"{says} is not a function of formulas.", hint="wrt.sum, wrt.prod, wrt.max, ... reduce." * (method != "__call__"))
        operands = [formula_of(x) for x in inputs]
        if not name[0].isalpha():
            return operands[0]._binary(name, operands[1])
        if name == "negative":
            return -operands[0]
        return call(name, *operands)

    def __array_function__(self, func: Any, types: object, args: tuple[object, ...], kwargs: dict[str, object]) -> Any:
        """np.trace(A), np.linalg.inv(A), np.sum(X, axis=0), ...: by the name that the language has for it."""
        name = {"trace": "tr", "matrix_power": "matpow", "amax": "max", "amin": "min"}.get(func.__name__, func.__name__)
        if name == "transpose":
            return formula_of(args[0]).T
        return call(name, *args, **kwargs)


def shape_of(source: Source) -> Shape:
    """The shape of a typed formula."""
    assert source.tree.shape is not None, "an untyped formula; please report this as a bug"
    return source.tree.shape


def located(source: Source, make: Callable[[], T]) -> T:
    """Run `make`; errors that carry a span but no text are told under the source's text."""
    try:
        return make()
    except WrtError as error:
        words = source.text or unparse(source.tree)
        raise error.located(words, error.span if source.text else (0, len(words))) from None


class Entry(Formula):
    """One entry of an index form: it prints in every style, but with free indices it has no value of its own."""

    def __init__(self, source: Source, indices: tuple[str, ...]) -> None:
        super().__init__(source)
        self.indices = indices

    def refusal(self) -> TextError:
        """Why it is no function: what to do with it."""
        free = ", ".join(self.indices)
        return TextError(
            f"{self} is one entry, with the free {'index' if len(self.indices) == 1 else 'indices'} {free}; it has no value of its own.",
            hint="evaluate, compile, combine or differentiate the derivative itself.",
        )

    @property
    def expr(self) -> Expr:  # never cached: there is none
        raise self.refusal()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entry) and (str(self), self.indices, self.declarations) == (str(other), other.indices, other.declarations)

    def __hash__(self) -> int:
        return hash((str(self), self.indices))


def formula_of(value: object) -> Formula:
    """A formula from a formula, a derivative, a number."""
    if isinstance(value, Entry):
        raise value.refusal()
    if isinstance(value, Formula):
        return value
    view = getattr(value, "as_formula", None)
    if view is not None:
        found = view()
        assert isinstance(found, Formula)
        return found
    if isinstance(value, float):
        if not isfinite(value):
            raise TextError(f"{value} is not a number that a formula can hold.")
        text = repr(abs(float(value)))  # a subclass, as NumPy's, may print itself otherwise
        node: Node = Number(Fraction(text), text, shape=SCALAR)
        return Formula(Source(Unary("-", node, shape=SCALAR) if value < 0 else node, {}, ()))
    if isinstance(value, (int, Fraction)):
        return Formula(Source(number(Fraction(value)), {}, ()))
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return formula_of(value.item())
    raise TextError(f"a formula cannot be combined with {type(value).__name__}; declare a symbol for it and pass the data when you evaluate.")


def joined(parts: tuple[Formula, ...]) -> tuple[dict[str, Declaration], dict[str, None]]:
    """The declarations and sizes of several formulas together. Raises: ShapeError when they disagree."""
    declarations: dict[str, Declaration] = {}
    sizes: dict[str, None] = {}
    for part in parts:
        for name, d in part.declarations.items():
            if declarations.setdefault(name, d) != d:
                raise ShapeError(f"{name} is declared twice, differently: {declarations[name].form} and {d.form}.")
        sizes.update(dict.fromkeys(part.source.sizes))
    return declarations, sizes


def build(tree: Node, *parts: Formula) -> Formula:
    """A formula over the joined declarations of its parts; shapes are checked, errors shown under the formula's own text."""
    for part in parts:
        if isinstance(part, Entry):
            raise part.refusal()
    declarations, sizes = joined(parts)
    return typed(tree, declarations, sizes)


def typed(tree: Node, declarations: dict[str, Declaration], sizes: Mapping[str, None]) -> Formula:
    """The formula of a tree over declarations; shapes are checked, errors shown under the formula's own text."""
    try:
        conditions = annotate(tree, declarations, sizes=sizes)
    except WrtError as error:
        words = unparse(tree)
        raise type(error)(error.message, text=words, span=(0, len(words)), hint=error.hint) from None
    return Formula(Source(tree, declarations, tuple(sizes), conditions=conditions))


def call(function: str, *arguments: object, **options: object) -> Formula:
    """A function of the text language applied to formulas, numbers and strings: call("norm", X, "nuc").

    >>> import wrt
    >>> print(wrt.call("norm", wrt.symbols("X: m n"), "nuc"))
    norm(X, "nuc")
    """
    if not isinstance(function, str):
        raise TextError(f"a function is named by a text, not {type(function).__name__}.", hint='call("norm", X, "nuc").')
    formulas: list[Formula] = []

    def node(value: object) -> Node:
        if isinstance(value, str):
            return Text(value)
        if isinstance(value, Size):
            from wrt.language.parser import parse

            return parse(value.text)
        if isinstance(value, float) and value == float("inf"):
            return Name("inf", "constant", shape=SCALAR)
        formula = formula_of(value)
        formulas.append(formula)
        return formula.source.tree

    tree = Call(function, tuple(node(a) for a in arguments), tuple((k, node(v)) for k, v in options.items() if v is not None))
    return build(tree, *formulas)


def substituted(source: Source, values: Mapping[str, Formula]) -> Formula:
    """The formula with variables replaced by formulas (shapes must fit)."""
    from wrt.language.rewrite import replace_names

    for name, value in values.items():
        if name in source.declarations and source.declarations[name].shape.sizes != value.shape:
            raise ShapeError(f"{name} is {source.declarations[name].shape}, what replaces it is {shape_of(value.source)}.")
    kept = Formula(Source(source.tree, {n: d for n, d in source.declarations.items() if n not in values}, source.sizes))
    tree = replace_names(source.tree, {name: value.source.tree for name, value in values.items()})
    return build(tree, kept, *values.values())
