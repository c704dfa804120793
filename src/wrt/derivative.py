"""`Derivative`: one index-form array and its views (matrix, index, Kronecker, operator form, program), each proved before it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wrt.algebra.conditions import Condition
from wrt.algebra.expr import Expr
from wrt.algebra.flatten import flattened
from wrt.algebra.simplify import simplify
from wrt.calculus import operators as calculus
from wrt.calculus.conditions import conditions_of, has_kinks
from wrt.calculus.occurrences import by_occurrence
from wrt.conventions import LAYOUTS, Convention, choice
from wrt.differentiation import cheaper, differentiated
from wrt.errors import NoClosedFormError, ProofError
from wrt.formula import Entry, Formula, located, shape_of
from wrt.language.parser import parse
from wrt.language.read import read_like
from wrt.language.sizes import Size
from wrt.language.surface import Declaration, Generator, Loop, Node, Number, Steps
from wrt.language.unparse import unparse
from wrt.language.variables import Variable, variable
from wrt.notation.context import Context
from wrt.notation.spoken import STYLES
from wrt.tables.facts import closure

if TYPE_CHECKING:
    from wrt.derivation.step import Derivation
    from wrt.notation.pictures import Picture
    from wrt.notation.validity import Validity
    from wrt.program.emit import Program
    from wrt.proof.views import Prover, Verdict

FORMS = ("matrix", "index", "kronecker", "operator")


@dataclass(frozen=True, slots=True)
class IndexForm:
    """One entry of the derivative: `expr` with the free `indices`, one an axis (f's axes, then each variable's)."""

    indices: tuple[str, ...]
    expr: Formula

    def __str__(self) -> str:
        return str(self.expr)


class Derivative:
    """The derivative of a formula by variables, of any order, with its views; made by `wrt.derive`.

    Axes of the array: those of the formula, then those of each variable in turn. `str` is the matrix form where there is one, else
    the index form. `verified` is "exact", "numeric" or "unverified: why", the worst of the views made so far.

    >>> import wrt
    >>> d = wrt.derive("norm(A @ x - b)**2", "x")
    >>> print(d.matrix, d.shape, d.verified)
    2*A.T @ (A @ x - b) (n,) exact
    >>> print(d.in_layout("numerator"))
    2*(A @ x - b).T @ A
    >>> print(d.operator, d.tangents)
    2*(A @ x - b).T @ A @ dx ('dx',)
    """

    def __init__(self, formula: Formula, names: tuple[str, ...], convention: Convention) -> None:
        self.formula = formula
        self.names = names
        self.convention = convention
        self._verdicts: dict[str, str] = {}
        self._used: tuple[Condition, ...] = ()
        self.expr = located(formula.source, self._derive)
        self.index = located(formula.source, self._index)

    # ------------------------------------------------------------------------------------------------ the array
    @property
    def declarations(self) -> dict[str, Declaration]:
        """The declarations of the formula."""
        return self.formula.declarations

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """What is differentiated by, in order: variables, or parts of them."""
        return tuple(variable(name, self.declarations) for name in self.names)

    @cached_property
    def facts(self) -> dict[str, frozenset[str]]:
        """The closed facts of each variable that has any."""
        return {name: closure(v.facts) for name, v in self.declarations.items() if v.facts}

    def _derive(self) -> Expr:
        d, self._used = differentiated(self.formula, self.variables, self.convention.structure)
        return d

    @cached_property
    def computed(self) -> Expr:
        """The array as it is computed: right at zeros and singular matrices too, where the printed forms need a condition."""
        return differentiated(self.formula, self.variables, self.convention.structure, spell=False)[0] if self._used else self.expr

    @cached_property
    def economical(self) -> Expr:
        """What one program is made of: `computed`, or the printed form where that takes fewer multiply-adds and no condition was used for it."""
        if self.expr.order > 2 or self._used or has_kinks(self.formula.expr):
            return self.computed
        form = self.in_layout("mixed")
        return self.computed if form is None else cheaper(self.computed, form.source, self.declarations, self.facts)

    @cached_property
    def context(self) -> Context:
        """What notation knows of the formula's text."""
        return self.formula.context

    @property
    def shape(self) -> tuple[Size, ...]:
        """The sizes of the array, one an axis."""
        return self.expr.shape

    # ------------------------------------------------------------------------------------------------ the proof
    @cached_property
    def prover(self) -> Prover:
        """The proof of this derivative's views."""
        from wrt.proof.views import Prover

        return Prover(self.formula.source, self.names, self.convention.structure)

    def _prove(self, view: str, words: str, check: Callable[[Prover], Verdict]) -> None:
        verdict = check(self.prover)
        if verdict.status == "wrong":
            from wrt.proof.diagnose import disagreement

            raise ProofError(disagreement(self.formula.source, self.names, view, words, verdict), text=self.formula.source.text, span=None)
        self._verdicts[view] = verdict.status

    @property
    def verified(self) -> str:
        """The worst verdict of the views made so far: "exact", "numeric" or "unverified: why"."""
        statuses = list(self._verdicts.values())
        unverified = next((s for s in statuses if s.startswith("unverified")), None)
        return unverified or ("numeric" if "numeric" in statuses else "exact")

    # ------------------------------------------------------------------------------------------------ the views
    def _index(self) -> IndexForm:
        from wrt.notation.index import index_form

        indices, node = index_form(self.expr, self.context)
        words = unparse(node)
        sizes = dict(zip(indices, self.expr.shape, strict=True))
        source = read_like(words, self.formula.source, indices=sizes)
        self._prove("index form", words, lambda p: p.index(indices, source))
        return IndexForm(indices, Entry(source, indices) if indices else Formula(source))

    def _view(
        self, view: str, node: Node | None, check: Callable[[Any, Any], Verdict], extra: Mapping[str, Declaration] | None = None
    ) -> Formula | None:
        """A printed view: its text is read back, and what was read is proved."""
        if node is None:
            return None
        words = unparse(node)
        source = read_like(words, self.formula.source, extra=extra)
        self._prove(view, words, lambda p: check(p, source))
        return Formula(source)

    @cached_property
    def matrix(self) -> Formula | None:
        """The closed form in the layout asked for; None when there is none (as for results of order above 2)."""
        return self.in_layout(self.convention.layout)

    def in_layout(self, layout: str) -> Formula | None:
        """The closed form in any layout, proved; None when there is none."""
        from wrt.notation.by_entries import shorter
        from wrt.notation.matrix import matrix_form

        choice("layout", layout, LAYOUTS)
        variables = [v.shape for v in self.variables]
        laid_out = calculus.in_layout(self.expr, shape_of(self.formula.source), variables, layout)
        node = None if laid_out is None else matrix_form(laid_out.expr, laid_out.kind, self.context, self._parts(layout))
        if laid_out is not None:
            node = self._with_constants(layout, node)
            node = node if node is None else shorter(node, laid_out.expr, laid_out.kind, self.context)
        return self._view("matrix form", node, lambda p, source: p.matrix(source, layout))

    def _parts(self, layout: str) -> Iterator[Expr]:
        """The derivatives by one occurrence of the variable after the other, laid out; none for a part of a variable or of a structured one."""
        v = self.variables[0]
        if len(self.names) > 1 or v.axes or (v.shape.order == 2 and self.declarations[v.name].facts):
            return
        for part in by_occurrence(self.formula.source.tree, v.name, self.context.functions, self.facts):
            laid_out = calculus.in_layout(part, shape_of(self.formula.source), [v.shape], layout)
            if laid_out is not None:
                yield laid_out.expr

    def _with_constants(self, layout: str, node: Node | None) -> Node | None:
        """The form, or that of the function with its constant Kronecker products and blocks as they were typed, whichever is shorter."""
        from wrt.language.rewrite import replace_names
        from wrt.notation.matrix import matrix_form
        from wrt.opaque import with_names

        found = with_names(self.formula, self.names)
        if found is None:
            return node
        formula, stands = found
        d, _ = differentiated(formula, self.variables, self.convention.structure)
        laid_out = calculus.in_layout(d, shape_of(formula.source), [v.shape for v in self.variables], layout)
        named = None if laid_out is None else matrix_form(laid_out.expr, laid_out.kind, formula.context)
        if named is None:
            return node
        whole = replace_names(named, stands)
        return whole if node is None or len(unparse(whole)) < len(unparse(node)) else node

    @cached_property
    def kronecker(self) -> Formula | None:
        """d vec(F) / d vec(X)^T, columns stacked; None where it has no form, and where neither F nor X is a matrix or a tensor."""
        if self.expr.order <= 2 and len(self.formula.shape) < 2 and all(v.shape.order < 2 for v in self.variables):
            return None
        from wrt.notation.kronecker import kronecker_form

        rows = len(self.formula.shape) + (self.variables[0].shape.order if len(self.names) > 1 else 0)
        return self._view("Kronecker form", kronecker_form(self.expr, rows, self.context), lambda p, source: p.kronecker(source))

    @cached_property
    def tangents(self) -> tuple[str, ...]:
        """The names of the directions in the operator form: dx, or dX_1, dX_2 for a second derivative."""
        return calculus.tangent_names([v.name for v in self.variables], self.context.reserved)

    @cached_property
    def operator(self) -> Formula | None:
        """D f[dx], the derivative applied to tangents, in matrix form; any order."""
        from wrt.notation.matrix import matrix_form

        shapes = {t: v.tangent for t, v in zip(self.tangents, self.variables, strict=True)}
        applied = calculus.applied(self.expr, len(self.formula.shape), [(t, s.sizes) for t, s in shapes.items()])
        applied, _ = simplify(flattened(applied), self.facts)
        kind = shape_of(self.formula.source).kind
        node = matrix_form(applied, kind, self.context) if kind != "tensor" else None
        extra = {t: Declaration(t, s) for t, s in shapes.items()}
        return self._view("operator form", node, lambda p, source: p.operator(source, self.tangents), extra)

    @property
    def conditions(self) -> tuple[str, ...]:
        """Where the result holds: ("X invertible", "x != 0", "m >= n")."""
        return self.where("text")

    def where(self, style: str = "unicode") -> tuple[str, ...]:
        r"""The conditions in the style "text", "unicode" or "latex", those that declared facts imply left out.

        >>> import wrt
        >>> wrt.derive("norm(A @ x - b)", "x").where("latex")
        ('A x \\ne b',)
        """
        choice("style", style, STYLES)
        return self._validity.told(style, (*self.formula.source.conditions, *self.prover.conditions))

    @cached_property
    def _validity(self) -> Validity:
        """The conditions on values, none that follows from the facts or from others."""
        from wrt.notation.validity import validity

        whole = [name for name, d in self.declarations.items() if "integer" in d.facts]
        needed = conditions_of(self.formula.expr, self.expr, [v.name for v in self.variables], self.facts, whole)
        return validity((*needed, *self._used), self.facts, self.context, self.formula.source)

    def as_formula(self) -> Formula:
        """The derivative as a formula: its matrix form, else its index form as an array."""
        return self.matrix if self.matrix is not None else self._array

    @cached_property
    def _array(self) -> Formula:
        """The index form over all its indices: array(... for i in range(m) ...)."""
        node = self.index.expr.source.tree
        steps, entry = (node.steps, node.result) if isinstance(node, Steps) else ((), node)
        zero = Number(Fraction(0), "0")
        loops = tuple(Loop(i, zero, parse(s.text)) for i, s in zip(self.index.indices, self.shape, strict=True))
        tree: Node = Generator("array", entry, loops) if loops else entry
        return Formula(read_like(unparse(Steps(steps, tree) if steps else tree), self.formula.source))

    @property
    def _shown(self) -> Formula:
        """What is printed: the matrix form, else one entry."""
        return self.matrix if self.matrix is not None else self.index.expr

    @cached_property
    def named(self) -> Formula:
        """The printed form with a name for each part that recurs, `u1 = ...; f`, proved; itself where there is none.

        >>> import wrt
        >>> print(wrt.derive("sum(C*(softmax(Q @ K.T/sqrt(d), axis=1) @ V))", "Q", shapes="Q: n d, K: m d, V: m p, C: n p").named)
        u1 = softmax(Q @ K.T/sqrt(d), axis=1); (u1*(C @ V.T - sum(C*(u1 @ V), axis=1))) @ K/sqrt(d)
        """
        from wrt.notation.lets import named

        if self.matrix is None:
            return self._shown
        tree = named(self.matrix.source.tree, self.context)
        found = (
            None if tree is self.matrix.source.tree else self._view("named form", tree, lambda p, source: p.matrix(source, self.convention.layout))
        )
        return self.matrix if found is None else found

    def text(self, lets: bool = False) -> str:
        """The matrix form, else the index form, in the text language; `lets` names subexpressions that recur."""
        return str(self.named if lets else self._shown)

    def unicode(self, lets: bool = False) -> str:
        """The matrix form, else the index form, in Unicode; `lets` names subexpressions that recur."""
        return (self.named if lets else self._shown).unicode()

    def matlab(self) -> str:
        """The derivative in the language of matrixcalculus.org. Raises: NoClosedFormError for what that language cannot say."""
        return self._shown.matlab()

    def latex(self, form: str = "matrix", bold: bool = False) -> str:
        r"""The view `form` ("matrix", "index", "kronecker", "operator") in LaTeX; the index form where the view is missing.

        bold: vectors and matrices in bold type.

        >>> import wrt
        >>> print(wrt.derive("x.T @ A @ x", "x").latex(bold=True))
        (\mathbf{A} + \mathbf{A}^{\top}) \mathbf{x}
        """
        choice("form", form, FORMS)
        view = self.index.expr if form == "index" else getattr(self, form)
        return (view if view is not None else self.index.expr).latex(bold)

    def picture(self, style: str = "text") -> str:
        """An array of order 3 or 4 as a stack or a grid of matrices, in the style "text", "unicode" or "latex"; every block is proved.

        Raises: NoClosedFormError for other orders, and where the blocks have no matrix form.

        >>> import wrt
        >>> print(wrt.derive("W @ x", "W").picture())
        [ x[0]*eye(m)     ]
        [ x[1]*eye(m)     ]
        [ ...             ]
        [ x[n - 1]*eye(m) ]
        B[k] = [:, :, k] = x[k]*eye(m)
        """
        choice("style", style, STYLES)
        return self._drawing.drawn(style)

    @cached_property
    def _drawing(self) -> Picture:
        """The picture: its block proved as an entry with free indices, what a block is at given places proved equal to that."""
        from wrt.notation.pictures import picture
        from wrt.proof.views import equal

        found = picture(self.expr, self.index.indices, self.context, self.facts, self.formula.source)
        if found is None:
            why = "no slice of it is a matrix formula" if self.expr.order in (3, 4) else f"it has order {self.expr.order}, not 3 or 4"
            raise NoClosedFormError(f"this derivative has no picture: {why}.", hint="d.matrix or d.index shows it.")
        source = read_like(words := unparse(found.entry()), self.formula.source, indices=found.sizes)
        self._prove("picture", words, lambda p: p.index(found.indices, source))
        return found.settled(lambda a, b: equal(a, b).status in ("exact", "numeric"))

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"Derivative({str(self)!r}, by {', '.join(self.names)}, {self.convention.layout} layout, verified: {self.verified})"

    def steps(self, style: str = "differential") -> Derivation:
        """The derivation step by step, "differential", "componentwise" or "chain": replayed and proved line by line.

        Raises: NoClosedFormError where no derivation by named rules is known.

        >>> import wrt
        >>> wrt.derive("x.T @ A @ x", "x").steps().lines[-1].text
        '(A + A.T) @ x'
        """
        from wrt.derivation.step import derivation

        return derivation(self, style)

    # ------------------------------------------------------------------------------------------------ the program
    def compile(self, backend: str = "numpy", output: str = "dense") -> Program:
        """A straight-line function of all declared names; the result's axes are f's, then each variable's."""
        from wrt.proof.programs import compile_proved

        outputs = {"d": (self.economical, self.formula.source, (self.names, self.convention.structure))}
        return compile_proved(outputs, self.declarations, backend=backend, output=output, conditions=self.prover.conditions)

    def __call__(self, *args: Any, **values: Any) -> Any:
        """The derivative's array at given values."""
        return self.compile()(*args, **values)

    def cost(self, sizes: Mapping[str, int]) -> int:
        """Multiply-adds of the compiled program for given sizes."""
        return self.compile().cost(sizes)
