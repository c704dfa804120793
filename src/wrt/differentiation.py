"""The array of a derivative: derived, its structure put in, its parts selected, simplified; and the cheaper of two forms of it for a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wrt.algebra.conditions import Condition
from wrt.algebra.expr import Expr, symbol
from wrt.algebra.flatten import flattened
from wrt.algebra.lower import lower
from wrt.algebra.simplify import simplify
from wrt.calculus.derive import derivative
from wrt.calculus.parts import selected
from wrt.calculus.structure import linear_structure, structured
from wrt.formula import Formula
from wrt.language.surface import Declaration, Source
from wrt.language.variables import Variable
from wrt.tables.facts import closure

NOMINAL = 50  # the least size that costs are compared at


def differentiated(formula: Formula, variables: Sequence[Variable], structure: str, *, spell: bool = True) -> tuple[Expr, tuple[Condition, ...]]:
    """(the array of the derivative by variables or parts, simplified by the facts declared; the conditions used). `spell`: see `simplify`."""
    d = formula.expr
    declared = formula.declarations
    for v in variables:
        d = derivative(d, symbol(v.name, declared[v.name].shape.sizes))
    axis = len(formula.shape)
    for v in variables:
        whole = declared[v.name]
        linear = linear_structure(closure(whole.facts)) if whole.shape.order == 2 else None
        if linear is not None and structure != "ignored":
            d = structured(d, axis, linear, structure)
        if v.axes:
            d = selected(d, axis, v)
        axis += v.shape.order
    return simplify(flattened(d), {name: closure(d.facts) for name, d in declared.items() if d.facts}, spell=spell)


def cheaper(computed: Expr, form: Source, declarations: Mapping[str, Declaration], facts: Mapping[str, frozenset[str]]) -> Expr:
    """`computed`, or the printed `form` of the same array where its program takes fewer multiply-adds at nominal sizes."""
    from wrt.program.emit import compile_program

    printed, _ = simplify(flattened(lower(form)), facts, spell=False)
    if printed is computed or printed.shape != computed.shape:
        return computed

    def cost(e: Expr) -> int:
        program = compile_program({"d": e}, declarations)
        return program.cost({name: NOMINAL + k for k, name in enumerate(program.names)})

    return printed if cost(printed) < cost(computed) else computed
