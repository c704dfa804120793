"""Structure constants at work: equalities of indices become views, slices and placed writes, orders become triangles and running sums,
look-ups take rows. Only what none of these serves becomes a 0/1 array.

An equality c + sum a_k i_k == 0 is solved for a label with coefficient 1 or -1. A summed label is gathered from its operands; a label of
the result says where the result is written.
"""

from __future__ import annotations

from wrt.language.sizes import Size
from wrt.program.array import ZERO, Form, bare
from wrt.program.products import Contraction
from wrt.program.steps import Labels, Step

ONE = Size.of(1)


def settle(work: Contraction) -> None:
    """Every equality, order and look-up of a product, until only arrays are left."""
    while work.equalities:
        form = work.equalities.pop(0)
        if not form.steps:
            _constant(work, form, "==")
        elif not _solve(work, form):
            _mask(work, form, "==")
    for form in work.orders:
        if not form.steps:
            _constant(work, form, ">=")
        elif not (_triangle(work, form) or _running(work, form)):
            _mask(work, form, ">=")
    work.orders = []
    for step, labels in work.lookups:
        _look_up(work, step, labels)
    work.lookups = []


def at_least(a: Size, b: Size) -> bool:
    """Whether a >= b for all values of the names that are at least 1."""
    terms = (a - b).terms
    named = [k for monomial, k in terms if monomial]
    return all(k > 0 for k in named) and sum(k for _, k in terms) >= 0


def inside(work: Contraction, form: Form, size: Size) -> bool:
    """Whether a form surely lies in 0 .. size - 1."""
    low = high = form.start
    for label, step in form.steps:
        last = (work.sizes[label] - 1) * step
        low, high = (low, high + last) if step > 0 else (low + last, high)
    return at_least(low, ZERO) and at_least(size - 1, high)


def _constant(work: Contraction, form: Form, relation: str) -> None:
    value = form.start.number
    if value is not None:
        if not (value == 0 if relation == "==" else value >= 0):
            work.coefficient *= 0
    else:
        work.scalars.append(work.g.step("mask", (), (relation, (), form.start, ())))


def _mask(work: Contraction, form: Form, relation: str) -> None:
    labels = tuple(a for a, _ in form.steps)
    sizes = tuple(work.sizes[a] for a in labels)
    step = work.g.step("mask", (), (relation, tuple(s for _, s in form.steps), form.start, sizes), sizes)
    work.operands.append((step, labels))


# ------------------------------------------------------------------------------------------------ equalities
def _solve(work: Contraction, equality: Form) -> bool:
    """Eliminate one label of an equality; False when none has coefficient 1 or -1 or every choice would add entries up."""
    kept = work.kept
    held = {a for _, labels in [*work.operands, *work.lookups] for a in labels}
    ranked: list[tuple[int, int, Form]] = []
    for label, c in equality.steps:
        if abs(c) != 1:
            continue
        form = Form(equality.start * -c, tuple((a, -c * s) for a, s in equality.steps if a != label))
        surely = inside(work, form, work.sizes[label])
        if label in kept:
            summed = [a for a, _ in form.steps if a not in kept]
            if len(summed) <= 1:
                ranked.append((1 if surely else 4, label, form))
        elif label in held:
            ranked.append((0 if surely else 2, label, form))
        else:
            ranked.append((3, label, form))
    if not ranked:
        return False
    rank, label, form = min(ranked, key=lambda choice: (choice[0], choice[1]))
    if rank == 3 and not inside(work, form, work.sizes[label]):
        size = work.sizes[label]
        work.operands.append((work.g.expand(work.g.number(1), (), (label,), (size,)), (label,)))
    _eliminate(work, label, form)
    return True


def _eliminate(work: Contraction, label: int, form: Form) -> None:
    """Replace a label by a form everywhere."""
    work.gone = work.gone | {label}
    operands = []
    for x, labels in work.operands:
        while label in labels:
            x, labels = _gathered(work, x, labels, labels.index(label), form)
        operands.append((x, labels))
    work.operands = [(x, labels) for x, labels in operands if labels]
    work.scalars += [x for x, labels in operands if not labels]
    lookups = []
    for x, labels in work.lookups:
        if label not in labels:
            lookups.append((x, labels))
            continue
        axis = labels.index(label)
        renamed = form.label is not None and work.sizes[form.label] is x.shape[axis]
        if axis < len(labels) - 1 and not renamed:  # entries of the look-up vector itself
            index, rest = _gathered(work, x.args[0], labels[:-1], axis, form)
            size = x.shape[-1]
            lookups.append((work.g.step("operator", (index,), ("onehot",), (*index.shape, size)), (*rest, labels[-1])))
        elif renamed:
            lookups.append((x, tuple(form.steps[0][0] if a == label else a for a in labels)))
        else:  # an entry of the one-hot axis: compare
            dense = work.g.step("operator", x.args, ("onehot",), x.shape)
            x, labels = _gathered(work, dense, labels, axis, form)
            work.operands += [(x, labels)] if labels else []
            work.scalars += [] if labels else [x]
    work.lookups = lookups
    work.out = [f.replaced(label, form) for f in work.out]
    work.equalities = [f.replaced(label, form) for f in work.equalities]
    work.orders = [f.replaced(label, form) for f in work.orders]


def _gathered(work: Contraction, x: Step, labels: Labels, axis: int, form: Form) -> tuple[Step, Labels]:
    """One axis of an operand replaced by the labels of a form: entry form(labels) along it, zero outside."""
    others = tuple(a for a, _ in form.steps)
    if form.label is not None and work.sizes[others[0]] is x.shape[axis]:
        return x, (*labels[:axis], others[0], *labels[axis + 1 :])
    counts = tuple(work.sizes[a] for a in others)
    surely = inside(work, form, x.shape[axis])
    shape = (*x.shape[:axis], *counts, *x.shape[axis + 1 :])
    data = (axis, form.start, tuple(s for _, s in form.steps), counts, surely)
    return work.g.step("gather", (work.g.floating(x),), data, shape), (*labels[:axis], *others, *labels[axis + 1 :])


# ------------------------------------------------------------------------------------------------ orders
def _pair(form: Form) -> tuple[int, int, Size] | None:
    """(i, j, c) of a condition i - j + c >= 0."""
    if len(form.steps) != 2 or {s for _, s in form.steps} != {1, -1}:
        return None
    (a, s), (b, _) = form.steps
    return (a, b, form.start) if s == 1 else (b, a, form.start)


def _triangle(work: Contraction, form: Form) -> bool:
    """An operand that has both indices keeps a triangle of them."""
    found = _pair(form)
    if found is None:
        return False
    i, j, c = found
    for k, (x, labels) in enumerate(work.operands):
        if labels.count(i) == 1 and labels.count(j) == 1:
            rest = tuple(a for a in labels if a not in (i, j))
            order = (*rest, *((i, j) if labels.index(i) < labels.index(j) else (j, i)))
            turned = work.g.transpose(x, tuple(labels.index(a) for a in order))
            side, offset = ("tril", c) if order[-2] == i else ("triu", -c)
            work.operands[k] = (work.g.step(side, (work.g.floating(turned),), (offset,), turned.shape), order)
            return True
    return False


def _running(work: Contraction, form: Form) -> bool:
    """sum_j [i >= j] x_j is a running sum; sum_i [i >= j] x_i one from the end."""
    found = _pair(form)
    if found is None or found[2] is not ZERO:
        return False
    i, j, _ = found
    if work.sizes[i] is not work.sizes[j]:
        return False
    kept = work.kept
    for summed, other, backwards in ((j, i, False), (i, j, True)):
        if summed in kept or any(summed in (a for a, _ in f.steps) for f in work.orders if f is not form):
            continue
        holders = [k for k, (_, labels) in enumerate(work.operands) if summed in labels]
        if len(holders) != 1 or any(summed in labels for _, labels in work.lookups):
            continue
        x, labels = work.operands[holders[0]]
        if labels.count(summed) != 1 or other in labels:
            continue
        axis = labels.index(summed)
        work.operands[holders[0]] = (
            work.g.step("cumsum", (work.g.floating(x),), (axis, backwards), x.shape),
            tuple(other if a == summed else a for a in labels),
        )
        work.gone = work.gone | {summed}
        return True
    return False


# ------------------------------------------------------------------------------------------------ look-ups
def _look_up(work: Contraction, step: Step, labels: Labels) -> None:
    """onehot[b, v] with v summed against one operand takes its entries idx[b]; otherwise it is an array of 0 and 1."""
    v, b = labels[-1], labels[:-1]
    holders = [k for k, (_, ls) in enumerate(work.operands) if v in ls]
    lookups = [ls for x, ls in work.lookups if x is not step or ls != labels]
    if v not in work.kept and v not in b and len(holders) == 1 and not any(v in ls for ls in lookups):
        x, ls = work.operands[holders[0]]
        if ls.count(v) == 1 and len(set(b)) == len(b) and not set(b) & set(ls):
            axis = ls.index(v)
            shape = (*x.shape[:axis], *step.shape[:-1], *x.shape[axis + 1 :])
            taken = work.g.step("take", (work.g.floating(x), step.args[0]), (axis,), shape)
            work.operands[holders[0]] = (taken, (*ls[:axis], *b, *ls[axis + 1 :]))
            return
    work.operands.append((step, labels))


def scattered_look_up(work: Contraction) -> tuple[Step, Labels] | None:
    """A single look-up whose v is kept and whose b is summed: rows added up where they belong; None when the product is not of that kind."""
    if len(work.lookups) != 1 or work.equalities or work.orders:
        return None
    step, labels = work.lookups[0]
    if len(labels) != 2:
        return None
    b, v = labels
    kept = work.kept
    if b in kept or v not in kept or b == v or any(v in ls for _, ls in work.operands):
        return None
    if not any(b in ls for _, ls in work.operands):  # how often each row is looked up
        work.lookups = []
        ones = work.g.expand(work.g.number(1), (), (b,), (work.sizes[b],))
        work.operands.append((work.g.step("put", (ones, step.args[0]), (step.shape[-1],), step.shape[-1:]), (v,)))
        return None
    if any(f.label is None for f in work.out):
        return None
    wanted = [f.steps[0][0] for f in work.out]
    others = [a for a in dict.fromkeys(wanted) if a != v and any(a in ls for _, ls in work.operands)]
    work.lookups = []
    final = work.out
    work.out = [bare(b), *map(bare, others)]
    core, found = work.contracted()
    work.out = final
    rows = work.g.expand(core, found, (b, *others), tuple(work.sizes[a] for a in (b, *others)))
    shape = (step.shape[-1], *rows.shape[1:])
    return work.g.step("put", (rows, step.args[0]), (step.shape[-1],), shape), (v, *others)
