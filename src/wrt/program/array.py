"""The value of an expression inside a program: a core array, and where its entries stand in the expression.

    diag(x)        core x (label 0),       forms (0, 0)
    x 1.T          core x (label 0),       forms (0, 1), label 1 of size n: constant along it
    A below zeros  core A (labels 0, 1),   forms (m + 0, 1)

Entry [f_1, f_2, ...] of the expression is the core's at the labels; what no labels reach is zero. A core is never spread before it must be.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from wrt.language.sizes import Size
from wrt.program.steps import Graph, Labels, Sizes, Step

ZERO = Size.of(0)


@dataclass(frozen=True, slots=True)
class Form:
    """An index: start + sum of step * label."""

    start: Size
    steps: tuple[tuple[int, int], ...]

    @property
    def label(self) -> int | None:
        """The label this is, None when it is more than one bare label."""
        return self.steps[0][0] if self.start is ZERO and len(self.steps) == 1 and self.steps[0][1] == 1 else None

    def replaced(self, label: int, form: Form) -> Form:
        """With a label replaced by a form."""
        total = dict(self.steps)
        k = total.pop(label, 0)
        if not k:
            return self
        for other, step in form.steps:
            total[other] = total.get(other, 0) + k * step
        return Form(self.start + form.start * k, tuple(sorted((a, s) for a, s in total.items() if s)))


def bare(label: int) -> Form:
    return Form(ZERO, ((label, 1),))


@dataclass(frozen=True, slots=True)
class Array:
    """`core` has an axis for each of `labels`; `forms` has an entry for each axis of the expression; `sizes` of all labels; `shape` of the expression."""

    core: Step
    labels: Labels
    forms: tuple[Form, ...]
    sizes: dict[int, Size]
    shape: Sizes

    @property
    def simple(self) -> bool:
        """Whether every axis is one bare label over all of it (repeated or constant ones allowed)."""
        return all(f.label is not None and self.sizes[f.label] is s for f, s in zip(self.forms, self.shape, strict=True))

    @property
    def spread(self) -> bool:
        """Whether every axis is a bare label of its own: broadcasting alone makes it dense."""
        return self.simple and len({f.label for f in self.forms}) == len(self.forms)

    def dense(self, g: Graph) -> Step:
        """The whole array, axes in the order of the expression."""
        if self.spread:
            out = tuple([f.steps[0][0] for f in self.forms])
            return g.expand(self.core, self.labels, out, self.shape)
        return self.written(g, None)

    def written(self, g: Graph, base: Step | None) -> Step:
        """The array written into zeros by strides, or added into `base`."""
        held = [a for a in canonical_names(self) if a in self.labels]
        held += [a for a in self.labels if a not in held]
        core, _ = g.placed(g.floating(self.core), self.labels, tuple(held))
        names = {label: k for k, label in enumerate([*held, *[a for a in canonical_names(self) if a not in held]])}
        forms = tuple((f.start, tuple((names[a], s) for a, s in f.steps)) for f in self.forms)
        counts = tuple(self.sizes[a] for a in names)
        if base is None:
            return g.step("scatter", (core,), (len(self.labels), forms, counts), self.shape)
        return g.step("scatter_add", (g.floating(base), core), (len(self.labels), forms, counts), self.shape)


def dense_array(x: Step) -> Array:
    """An array that is just a step."""
    labels = tuple(range(x.order))
    return Array(x, labels, tuple(map(bare, labels)), dict(enumerate(x.shape)), x.shape)


def pattern_key(a: Array) -> tuple[object, ...]:
    """Equal for arrays whose entries stand in the same places: labels renamed by first appearance in the forms."""
    names = canonical_names(a)
    return tuple((f.start.text, tuple(sorted((names[label], s) for label, s in f.steps))) for f in a.forms), tuple(
        sorted((names[k], s.text) for k, s in a.sizes.items() if k in names)
    )


def canonical_names(a: Array) -> dict[int, int]:
    """Labels of the forms numbered by first appearance."""
    names: dict[int, int] = {}
    for form in a.forms:
        for label, _ in form.steps:
            names.setdefault(label, len(names))
    return names


Factors = list[tuple[Step, Labels]]


def outer_factors(g: Graph, a: Array) -> Factors:
    """The core as an outer product of steps over disjoint labels, numbers with the first; one factor where it is none."""
    core, labels = a.core, a.labels
    if core.op == "transpose":
        inner = dict(zip(core.data, labels, strict=True))
        core, labels = core.args[0], tuple([inner[k] for k in range(core.order)])
    if core.op != "mul":
        return [(a.core, a.labels)]
    coefficient, above, below = core.data
    assert isinstance(coefficient, Fraction) and isinstance(above, tuple) and isinstance(below, tuple)
    parts = [(x, tuple([labels[p] for p in places])) for x, places in zip(core.args, (*above, *below), strict=True)]
    parts = [(x if k < len(above) else g.power(x, Fraction(-1)), ls) for k, (x, ls) in enumerate(parts)]
    groups: list[Factors] = []
    for part in parts:
        met = [group for group in groups if any(set(part[1]) & set(ls) for _, ls in group)]
        groups = [group for group in groups if group not in met] + [[p for group in met for p in group] + [part]]
    numbers = [p for group in groups for p in group if not p[1]]
    groups = [group for group in groups if group[0][1]]
    if len(groups) < 2:
        return [(a.core, a.labels)]
    out: Factors = []
    for k, group in enumerate(groups):
        held = tuple(sorted({label for _, ls in group for label in ls}))
        out.append((g.mul([*group, *(numbers if k == 0 else [])], held, coefficient if k == 0 else 1), held))
    return out
