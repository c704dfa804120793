"""The index form: one entry of an array as a formula, sums as generators, deltas as comparisons of index names.

2*A.T @ (A @ x - b)         2*sum(A[j, i]*(sum(A[j, k]*x[k] for k in range(n)) - b[j]) for j in range(m))
d (W @ x) / d W             (i == j)*x[k]
tanh(W2 @ tanh(W1 @ x)) ... u = W1 @ x; ... u[i]      parts that are long or nest deep get a name, so that text and cost stay linear
"""

from __future__ import annotations

from wrt.algebra.expr import Expr
from wrt.language.surface import Name, Node, Steps, postorder
from wrt.language.trampoline import Task, run
from wrt.language.unparse import unparse
from wrt.notation.context import Context
from wrt.notation.index_entry import Entries
from wrt.notation.index_operators import formula
from wrt.notation.index_place import bare
from wrt.notation.index_steps import Plan, Step
from wrt.notation.index_typed import Typed
from wrt.notation.index_wholes import MATRIX, Wholes

NAMES = "uvwyzhg"
SHORT = 30  # words of the user's text that a step repeats as typed


def index_form(expr: Expr, context: Context) -> tuple[tuple[str, ...], Node]:
    """(free index names, formula) of one entry of `expr`, exact for every expression.

    Names are never those of a variable, a size or anything else in the user's text.
    """
    writer = _Writer(context)
    return writer.write(expr)


class _Writer:
    def __init__(self, context: Context) -> None:
        self.typed = Typed(context)
        self.entries = Entries(context, self.typed)
        self.count = 0

    def write(self, expr: Expr) -> tuple[tuple[str, ...], Node]:
        if expr.order > MATRIX:  # no matrix form: this one is what is read first
            expr = Wholes(self.entries).run(expr)
        plan = Plan(expr, self.typed, self._name)
        indices = self.entries.fresh_many(expr.order, ())
        steps = [(step.name, run(self._body(step))) for step in plan.steps if step.name not in self.typed.steps]
        node = run(self.entries.entry(plan.root, tuple(bare(name) for name in indices), indices))
        steps = _distinct(steps, node)
        users = self.typed.needs([*[value for _, value in steps], node])
        first = [(name, value) for name, value in self.typed.steps.items() if name in users]
        return indices, Steps((*first, *steps), node) if first or steps else node

    def _body(self, step: Step) -> Task:
        match = self.typed.scalar(step.original) or self.typed.array(step.original)
        if match is not None and match.sign == 1 and match.weight <= SHORT and step.expr is step.original:
            return match.node
        return (yield formula(self.entries, step.expr, ()))

    def _name(self, e: Expr) -> str:
        """A name for a part: the user's own where it is a step of theirs, else u, v, w, ..., u1, u2, ..."""
        own = self.typed.step(e)
        name = self._fresh() if own is None else own
        self.entries.taken.add(name)
        self.entries.order[name] = self.entries.rank(e)
        return name

    def _fresh(self) -> str:
        while True:
            name = NAMES[self.count] if self.count < len(NAMES) else f"u{self.count - len(NAMES) + 1}"
            self.count += 1
            if name not in self.entries.taken:
                return name


def _distinct(steps: list[tuple[str, Node]], node: Node) -> list[tuple[str, Node]]:
    """The steps without those that repeat another's text (as C @ X and C.T @ X do for a symmetric C); their names change in place."""
    first: dict[str, str] = {}
    other: dict[str, str] = {}
    out = []
    for name, value in steps:
        _rename(value, other)
        text = unparse(value)
        if text in first:
            other[name] = first[text]
        else:
            first[text] = name
            out.append((name, value))
    _rename(node, other)
    return out


def _rename(node: Node, names: dict[str, str]) -> None:
    if names:
        for part in postorder(node):
            if isinstance(part, Name) and part.name in names:
                part.name = names[part.name]
