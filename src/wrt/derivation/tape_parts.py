"""What a tape is made of: local derivatives, terms, lines; tangents pushed through a row, terms added up, numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wrt.api import as_formula
from wrt.conventions import Convention
from wrt.derivation.chain import written_out
from wrt.derivation.tape_rows import Row
from wrt.derivative import Derivative
from wrt.errors import ShapeError, TextError, UnknownNameError, WrtError
from wrt.formula import Formula, build, formula_of, substituted
from wrt.language.parser import parse
from wrt.language.read import read_like
from wrt.language.rewrite import with_children
from wrt.language.surface import Binary, Declaration, Generator, Index, Loop, Name, Node, Source, Steps, Unary
from wrt.language.unparse import unparse
from wrt.notation.context import context_of
from wrt.notation.matrix import matrix_form


@dataclass(frozen=True)
class Partial:
    """The local derivative of the row `of` by one of the variables it is made from.

    `formula`: d(of)/d(by), mixed layout; where that has no matrix form, the differential of the row `along` the direction named (else ""). `value`: its
    number, or None.
    """

    of: str
    by: str
    formula: Formula
    along: str = ""
    value: Any = None


@dataclass(frozen=True)
class Term:
    """One term of a tangent or adjoint: what passes along the edge from `by` to `of`, in the tangent of `by` or the adjoint of `of`."""

    of: str
    by: str
    formula: Formula


@dataclass(frozen=True)
class Line:
    """A row of the tape: `name` = `formula` (None for an input), its local `partials`, and the tangent or adjoint `flow` with its `terms`.

    `total`: the terms added up, a formula. `value` and `flows`: numbers, one flow a pass; None and () on a tape with symbols.
    """

    row: Row
    partials: tuple[Partial, ...]
    flow: str
    terms: tuple[Term, ...]
    total: Formula | None
    value: Any = None
    flows: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """The variable."""
        return self.row.name

    @property
    def formula(self) -> Formula | None:
        """What defines it; None for an input."""
        return self.row.formula


def bare(d: Declaration) -> Source:
    """A bare variable as a source."""
    names = dict.fromkeys(n for s in d.shape.sizes for n in sorted(s.names))
    return Source(Name(d.name, "variable", shape=d.shape), {d.name: d}, tuple(names), text=d.name)


def pushed(f: Formula, u: str, tangent: Declaration) -> Formula:
    """D f(u)[tangent], in matrix form where there is one; the tangent has the shape of u, every entry free."""
    d = Derivative(f, (u,), Convention("mixed", "ignored"))
    moving = Formula(bare(tangent))
    found = d.operator
    if found is None:
        return _by_entries(d, moving)
    if tangent.shape.kind != "row":
        return substituted(found.source, {d.tangents[0]: moving})
    made = substituted(found.source, {d.tangents[0]: moving.T})
    node = matrix_form(made.expr, made.kind, context_of(replace(made.source, tree=f.source.tree), made.declarations))
    return made if node is None else Formula(read_like(unparse(node), made.source))


def _by_entries(d: Derivative, tangent: Formula) -> Formula:
    """The same entry by entry: array(sum(df[*F]/du[*U] * tangent[*U] for U) for F)."""
    entry = d.index.expr.source.tree
    steps, body = (entry.steps, entry.result) if isinstance(entry, Steps) else ((), entry)
    loops = [Loop(i, formula_of(0).source.tree, parse(s.text)) for i, s in zip(d.index.indices, d.shape, strict=True)]
    kept = len(d.formula.shape)
    by = tuple(Name(i) for i in d.index.indices[kept:])
    tree: Node = Binary("*", body, Index(tangent.source.tree, by) if by else tangent.source.tree)
    tree = Generator("sum", tree, tuple(loops[kept:])) if by else tree
    tree = Generator("array", tree, tuple(loops[:kept])) if kept else tree
    words = unparse(Steps(steps, tree) if steps else tree)
    return unfolded(Formula(read_like(words, d.formula.source, extra=tangent.declarations)))


def unfolded(f: Formula) -> Formula:
    """The formula with the steps of a long result written out, so that it may stand in a sum."""
    return Formula(read_like(unparse(written_out(f.source.tree)), f.source)) if isinstance(f.source.tree, Steps) else f


def added(parts: Sequence[Formula]) -> Formula:
    """The sum of formulas, a term that begins with a minus subtracted."""
    total = parts[0]
    for part in parts[1:]:
        positive = without_minus(part.source.tree)
        op, tree = ("+", part.source.tree) if positive is None else ("-", positive)
        total = build(Binary(op, total.source.tree, tree), total, part)
    return total


def without_minus(tree: Node) -> Node | None:
    """The tree without the minus it begins with; None where it begins with none."""
    spine: list[Node] = []
    while isinstance(tree, Binary) and tree.op in ("*", "/", "@"):
        spine.append(tree)
        tree = tree.left
    if not isinstance(tree, Unary) or tree.op != "-":
        return None
    made = tree.argument
    if spine and isinstance(made, Binary) and made.op in ("+", "-"):
        return None
    for node in reversed(spine):
        made = with_children(node, (made, *node.children[1:]))
    return made


def point_of(at: Mapping[str, Any], f: Formula) -> dict[str, Any]:
    """A number or an array for every variable of a formula. Raises: TextError, UnknownNameError."""
    import numpy as np

    for name in at:
        if name not in f.declarations:
            raise UnknownNameError(
                f"a value is given for '{name}', which is no variable of the formula.", hint=f"it has {', '.join(f.declarations)}."
            )
    missing = [name for name in f.declarations if name not in at]
    if missing:
        example = 'at={"x": 2, "y": [1, 3]}, on the command line --at "x=2, y=[1, 3]".'
        raise TextError(f"no value is given for {', '.join(missing)}.", hint=f"one value for every variable: {example}")
    out: dict[str, Any] = {}
    for name, value in at.items():
        try:
            given = formula_of(value)() if isinstance(value, Formula) else as_formula(value)() if isinstance(value, str) else value
            array = np.asarray(given, dtype=float)
        except (TypeError, ValueError, WrtError):
            raise TextError(f"the value of {name}, {value}, is no number and no array of numbers.") from None
        order = f.declarations[name].shape.order
        if array.ndim != order:
            raise ShapeError(f"the value of {name} has {array.ndim} axes; {name} is {f.declarations[name].shape}.")
        out[name] = array if order else float(array)
    return out


def evaluated(f: Formula | Derivative, env: Mapping[str, Any]) -> Any:
    """The number or array of a formula, or of a derivative."""
    import numpy as np

    with np.errstate(all="ignore"):
        value = np.asarray(f(**{name: env[name] for name in f.declarations}), dtype=float)
    return value if value.ndim else float(value)


def finite(value: Any) -> bool:
    """Whether every entry is a finite number."""
    import numpy as np

    return bool(np.all(np.isfinite(value)))
