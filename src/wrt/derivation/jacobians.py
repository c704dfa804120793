"""The local Jacobians of the chain style as matrices with their sizes, and the paths along which they are multiplied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from wrt.conventions import Convention
from wrt.derivation.differential import transposed
from wrt.derivation.local import by_its_name
from wrt.derivation.reading import Setting
from wrt.derivation.terms import bare
from wrt.derivative import Derivative
from wrt.errors import WrtError
from wrt.formula import Formula
from wrt.language.parser import parse
from wrt.language.read import read_like
from wrt.language.shapes import annotate
from wrt.language.surface import Declaration, Name, Node, Shape, Source, postorder
from wrt.language.unparse import unparse

MOST_PATHS = 4


@dataclass(frozen=True)
class Jacobian:
    """d(of)/d(by): its closed form in numerator layout (a matrix by a matrix: that of vec), and how many entries its rows and columns have."""

    of: str
    by: str
    form: Formula
    rows: str
    columns: str
    total: bool = False  # along every path, not only where it is used itself

    @property
    def plain(self) -> bool:
        """Whether it is the derivative of a scalar by a scalar."""
        return self.rows == self.columns == "1"

    def name(self) -> str:
        """d(u1)/d(x)."""
        return f"{'total ' * self.total}d({self.of})/d({self.by})"

    def unicode_name(self) -> str:
        """∂u₁/∂x."""
        from wrt.notation import unicode

        d = "d" if self.total else "∂"
        return f"{d}{unicode.render(Name(self.of))}/{d}{unicode.render(Name(self.by))}"

    def latex_name(self) -> str:
        r"""The same as a fraction."""
        from wrt.notation import latex

        d = r"\mathrm{d}" if self.total else r"\partial"
        return f"\\frac{{{d} {latex.render(Name(self.of))}}}{{{d} {latex.render(Name(self.by))}}}"

    def text(self) -> str:
        """The form and its sizes: [2*u1.T: 1 x m]; of a scalar by a scalar, the form."""
        return f"[{self.form}]" if self.plain else f"[{self.form}: {self.rows} x {self.columns}]"

    def unicode(self) -> str:
        """The same in Unicode."""
        from wrt.notation import unicode

        words = unicode.render(self.form.source.tree)
        return f"[{words}]" if self.plain else f"[{words}: {_count(self.rows, unicode.render)} × {_count(self.columns, unicode.render)}]"

    def latex(self) -> str:
        r"""\underbrace{form}_{rows \times columns}."""
        from wrt.notation import latex

        if self.plain:
            return f"\\left({latex.render(self.form.source.tree)}\\right)"
        sizes = r" \times ".join(_count(s, latex.render) for s in (self.rows, self.columns))
        return f"\\underbrace{{{latex.render(self.form.source.tree)}}}_{{{sizes}}}"

    def data(self) -> dict[str, str]:
        """Plain data."""
        return {"of": self.of, "by": self.by, "text": str(self.form), "rows": self.rows, "columns": self.columns}


class Jacobians:
    """The local Jacobians of named steps, last first."""

    def __init__(self, setting: Setting, steps: dict[str, Node]) -> None:
        self.setting, self.steps = setting, steps
        self.names = (*steps, setting.variable)

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """The shape of each named step, and of the variable."""
        declared = self.setting.source.declarations
        found = {name: value.shape for name, value in self.steps.items() if value.shape is not None}
        return {**found, self.setting.variable: declared[self.setting.variable].shape}

    def paths(self) -> list[list[Jacobian]]:
        """The products of Jacobians whose sum is the derivative, outermost first; none where one has no closed form, or there are too many."""
        done: list[list[Jacobian]] = []
        stack: list[tuple[str, list[Jacobian]]] = [(next(reversed(self.steps)), [])] if self.steps else []
        known: dict[tuple[str, str], Jacobian | None] = {}
        while stack:
            name, path = stack.pop()
            if name == self.setting.variable:
                done.append(path)
                if len(done) > MOST_PATHS:
                    return []
                continue
            used = {n.name for n in postorder(self.steps[name]) if isinstance(n, Name) and n.name in self.names}
            for inner in sorted(used, key=self.names.index, reverse=True):
                if (name, inner) not in known:
                    known[name, inner] = self._jacobian(name, inner)
                found = known[name, inner]
                if found is None:
                    return []
                stack.append((inner, [*path, found]))
        return done

    def _jacobian(self, of: str, by: str) -> Jacobian | None:
        source = self.setting.source
        declared = {**source.declarations, **{n: Declaration(n, s) for n, s in self.shapes.items() if n not in source.declarations}}
        tree = bare(self.steps[of])
        try:
            annotate(tree, declared, sizes=source.sizes)
            used = {n.name for n in postorder(tree) if isinstance(n, Name)}
            formula = Formula(Source(tree, {n: d for n, d in declared.items() if n in used}, source.sizes))
            d = Derivative(formula, (by,), Convention("numerator", "ignored"))
            form = d.matrix if self.shapes[of].order + self.shapes[by].order < 2 or self._columns(of, by) else d.kronecker
        except WrtError:
            return None
        if form is None:
            return None
        form = _upright(form, "row" if self.shapes[by].order else "column")
        return Jacobian(of, by, self._named(of, form), entries(self.shapes[of]), entries(self.shapes[by]))

    def _columns(self, of: str, by: str) -> bool:
        """Whether both are columns, so that the matrix of the derivative is the Jacobian; what else has entries is stacked."""
        return self.shapes[of].kind == self.shapes[by].kind == "column"

    def _named(self, of: str, form: Formula) -> Formula:
        """The form with the value's own name in it, where it holds the value."""
        tree = by_its_name(form.source.tree, self.steps[of], of)
        if tree is form.source.tree:
            return form
        return Formula(read_like(unparse(tree), form.source, extra={of: Declaration(of, self.shapes[of])}))


def _upright(form: Formula, kind: str) -> Formula:
    """A gradient as a row, the derivative by a number as a column: of a row as well."""
    shape = form.source.tree.shape
    if shape is None or shape.order != 1 or shape.kind == kind:
        return form
    return Formula(read_like(unparse(transposed(form.source.tree)), form.source))


def entries(shape: Shape) -> str:
    """How many entries a value has: the rows, or columns, of a Jacobian."""
    return "*".join(f"({s})" if " " in str(s) else str(s) for s in shape.sizes) or "1"


def _count(product: str, say: Callable[[Node], str]) -> str:
    """A number of entries as it is read: n², mn."""
    one, _, other = product.partition("*")
    return say(parse(f"{one}**2" if one == other else product))
