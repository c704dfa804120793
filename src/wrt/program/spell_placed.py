"""How a result written over a larger shape is spelled: spread, diagonal, placed pieces, literals and blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from wrt.language.sizes import Size
from wrt.language.surface import Binary, Block, Call, Name, Node
from wrt.language.trees import chain, turned
from wrt.program.array import ZERO
from wrt.program.spell import weigh
from wrt.program.steps import Step
from wrt.program.structure import at_least
from wrt.program.terms import ATOM, Term, affine_node, entry, generator, number_node, ones, size_node
from wrt.program.write import Writer

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
Forms = tuple[tuple[Size, tuple[tuple[int, int], ...]], ...]


# ------------------------------------------------------------------------------------------------ spreading and placing
def _expand(w: Writer, x: Step, args: list[Term]) -> Term:
    (a,) = args
    places: tuple[int, ...] = x.data  # type: ignore[assignment]  # axes are ints
    np, shape = w.module("np"), w.tuple(x.shape)
    if not places:
        number = "0.0" if a.code == "0" else a.code
        code = f"{np}.zeros({shape})" if number == "0.0" else f"{np}.full({shape}, {number}, dtype=float)"
        text: Node = Call("zeros", tuple(map(size_node, x.shape))) if number == "0.0" else ones(*x.shape)
        if number not in ("0.0", "1"):
            text = Binary("*", a.node, text)
        return Term(code, ATOM, text, a.weight + 1)
    marks = [":" if k in places else "None" for k in range(places[0], x.order)]
    lead = a.code if places == tuple(range(x.order - len(places), x.order)) else f"{a.at(ATOM)}[{', '.join(marks)}]"
    if x.order == 2:
        text = Binary("@", a.node, turned(ones(x.shape[1]))) if places == (0,) else Binary("@", ones(x.shape[0]), turned(a.node))
    else:
        names = w.letters(x.order)
        text = generator("array", entry(a.node, [names[k] for k in places]), names, x.shape)
    return Term(f"{np}.broadcast_to({lead}, {shape})", ATOM, text, a.weight + 1)


def _is_diagonal(x: Step) -> bool:
    forms: Forms = x.data[1]  # type: ignore[assignment]
    return x.order == 2 and all(f == (ZERO, ((0, 1),)) for f in forms) and x.shape[0] is x.shape[1] is x.data[2][0]  # type: ignore[index]  # the counts


def _selection(w: Writer, x: Step) -> tuple[str, str] | None:
    """(indices of the core, where it goes) when every axis is one number or one surely fitting slice: `[:, None]`, `np.s_[:, 1]`."""
    held: int = x.data[0]  # type: ignore[assignment]
    forms: Forms = x.data[1]  # type: ignore[assignment]
    counts: tuple[Size, ...] = x.data[2]  # type: ignore[assignment]
    words, order = [], []
    for (start, steps), size in zip(forms, x.shape, strict=True):
        if not steps:
            if not (at_least(start, ZERO) and at_least(size - 1, start)):
                return None
            words.append(w.size(start)[0])
            continue
        label, step = steps[0]
        last = start + (counts[label] - 1) * step
        if len(steps) > 1 or step < 0 or label in order or not (at_least(start, ZERO) and at_least(size - 1, last)):
            return None
        order.append(label)
        stop = start + counts[label] * step
        low, high = "" if start is ZERO else w.size(start)[0], "" if stop is size or (step > 1 and at_least(stop, size)) else w.size(stop)[0]
        words.append(f"{low}:{high}" + (f":{step}" if step > 1 else ""))
    kept = [k for k, label in enumerate(order) if label < held]
    if [order[k] for k in kept] != list(range(held)):
        return None
    lacking = kept != list(range(len(order) - len(kept), len(order)))
    marks = f"[{', '.join(':' if k in kept else 'None' for k in range(kept[0], len(order)))}]" if lacking and kept else ""
    return marks, f"{w.module('np')}.s_[{', '.join(words)}]" if len(words) > 1 or ":" in words[0] else words[0]


def _scatter(w: Writer, x: Step, args: list[Term]) -> Term:
    core = args[-1]
    if _is_diagonal(x):
        np = w.module("np")
        number = x.args[-1].order == 0
        inner = f"{np}.full({w.size(x.shape[0])[0]}, {core.code}, dtype=float)" if number else core.code
        return Term(f"{np}.diag({inner})", ATOM, Call("diag", (_filled(core, x) if number else core.node,)), core.weight + 1)
    call, text = _placed(w, x, core)
    if call[0] == "at":
        return Term(
            f"{w.helper('at')}({core.at(ATOM) + call[2] if call[2] else core.code}, {w.tuple(x.shape)}, {call[1]})", ATOM, text, core.weight + 1
        )
    return Term(f"{w.helper(call[0])}({core.code}, {w.tuple(x.shape)}, {call[1]})", ATOM, text, core.weight + 1)


def _filled(core: Term, x: Step) -> Node:
    one = ones(x.shape[0])
    return one if core.code == "1" else Binary("*", core.node, one)


def _scatter_add(w: Writer, x: Step, args: list[Term]) -> Term:
    base, core = args
    target = base.code if w.own(x.args[0]) and w.backend.eager else f"{base.at(ATOM)}.copy()" if w.backend.eager else base.code
    weight = weigh(args)
    if _is_diagonal(x):
        text: Node = Call("diag", (_filled(core, x) if x.args[1].order == 0 else core.node,))
        return Term(f"{w.helper('add_diagonal')}({target}, {core.code})", ATOM, Binary("+", base.node, text), weight)
    call, text = _placed(w, x, core)
    if call[0] == "at":
        code = f"{w.helper('add_at')}({target}, {core.at(ATOM) + call[2] if call[2] else core.code}, {call[1]})"
        return Term(code, ATOM, Binary("+", base.node, text), weight)
    return Term(f"{w.helper('add_' + call[0])}({target}, {core.code}, {call[1]})", ATOM, Binary("+", base.node, text), weight)


def _placed(w: Writer, x: Step, core: Term) -> tuple[tuple[str, str, str], Node]:
    """((helper, its last arguments, indices of the core), formula) of a core written where forms say."""
    held: int = x.data[0]  # type: ignore[assignment]
    forms: Forms = x.data[1]  # type: ignore[assignment]
    counts: tuple[Size, ...] = x.data[2]  # type: ignore[assignment]
    names = w.letters(len(counts) + x.order)
    inner, outer = names[: len(counts)], names[len(counts) :]
    text = _placed_text(core, held, forms, counts, inner, outer, x.shape)
    if all(
        start is ZERO and len(steps) == 1 and steps[0][1] == 1 and counts[steps[0][0]] is size
        for (start, steps), size in zip(forms, x.shape, strict=True)
    ):
        pattern = "".join(ALPHABET[steps[0][0]] for _, steps in forms)
        return ("spread", f'"{ALPHABET[:held]}", "{pattern}"', ""), text
    chosen = _selection(w, x)
    if chosen is not None:
        return ("at", chosen[1], chosen[0]), text
    starts_code = w.tuple([start for start, _ in forms])
    steps_code = [tuple(dict(steps).get(label, 0) for label in range(len(counts))) for _, steps in forms]
    rows = ", ".join(str(row) for row in steps_code)
    last = f"{held}, {w.tuple(counts) if counts else '()'}, {starts_code}, ({rows}{',' if len(steps_code) == 1 else ''})"
    return ("placed", last, ""), text


def _placed_text(
    core: Term, held: int, forms: Forms, counts: Sequence[Size], inner: Sequence[str], outer: Sequence[str], shape: Sequence[Size]
) -> Node:
    """Entry by entry: the first axis that is a bare label names it, every further one is compared with its form."""
    names: dict[int, str] = {}
    conditions: list[Node] = []
    for axis, (start, steps) in enumerate(forms):
        if start is ZERO and len(steps) == 1 and steps[0][1] == 1 and steps[0][0] not in names and shape[axis] is counts[steps[0][0]]:
            names[steps[0][0]] = outer[axis]
    named = dict(names)
    for label in range(len(counts)):
        names.setdefault(label, inner[label])
    for axis, (start, steps) in enumerate(forms):
        if len(steps) == 1 and names[steps[0][0]] == outer[axis]:
            continue
        conditions.append(Binary("==", Name(outer[axis]), affine_node(start, [(names[a], s) for a, s in steps])))
    body = (
        chain("*", [*conditions, entry(core.node, [names[k] for k in range(held)])]) if core.code != "1" or not conditions else chain("*", conditions)
    )
    rest = [label for label in range(len(counts)) if label not in named]
    body = generator("sum", body, [names[label] for label in rest], [counts[label] for label in rest])
    return generator("array", body, outer, shape)


# ------------------------------------------------------------------------------------------------ literals and blocks
def _literal(w: Writer, x: Step, args: list[Term]) -> Term:
    total = 1
    for s in x.shape:
        total *= s.number or 0
    zero = number_node(Fraction(0))
    given = {at: args[k] for k, at in enumerate(x.data)}
    codes = [given[at].code if at in given else "0" for at in range(total)]
    nodes = [given[at].node if at in given else zero for at in range(total)]
    np = w.module("np")
    if x.order == 1:
        return Term(f"{np}.array([{', '.join(codes)}], dtype=float)", ATOM, Block(tuple((n,) for n in nodes), False), weigh(args))
    width = x.shape[1].number or 1
    rows = [range(k, k + width) for k in range(0, total, width)]
    inner = ", ".join(f"[{', '.join(codes[k] for k in row)}]" for row in rows)
    return Term(f"{np}.array([{inner}], dtype=float)", ATOM, Block(tuple(tuple(nodes[k] for k in row) for row in rows), True), weigh(args))


def _cell(w: Writer, x: Step, args: list[Term]) -> Term:
    """A piece with the axes of length 1 that it lacks, as a cell of a block array."""
    a = w.atom(x.args[0])  # a cell itself never gets a name: it stands only inside its block array
    if all(x.data):
        return a
    if x.order == 1:
        return Term(f"[{a.code}]", ATOM, a.node, a.weight)
    if x.args[0].order == 0:
        return a
    if x.data == (True, False):
        return Term(f"{a.at(ATOM)}[:, None]", ATOM, a.node, a.weight)
    return Term(f"{a.at(ATOM)}[None, :]", ATOM, turned(a.node), a.weight)


def _blocks(w: Writer, x: Step, args: list[Term]) -> Term:
    places, lengths = x.data
    assert isinstance(places, tuple) and isinstance(lengths, tuple)
    given = dict(zip(places, args, strict=True))
    np = w.module("np")
    if x.order == 1:
        cells = [given[(k,)] for k in range(len(lengths[0]))]
        return Term(f"{np}.concatenate(({', '.join(c.code for c in cells)}))", ATOM, Block(tuple((c.node,) for c in cells), False), weigh(args))
    codes, nodes = [], []
    for i, height in enumerate(lengths[0]):
        row = [given.get((i, j)) or _empty(w, height, width) for j, width in enumerate(lengths[1])]
        codes.append(f"[{', '.join(c.code for c in row)}]")
        nodes.append(tuple(c.node for c in row))
    return Term(f"{np}.block([{', '.join(codes)}])", ATOM, Block(tuple(nodes), True), weigh(args))


def _empty(w: Writer, height: Size, width: Size) -> Term:
    return Term(f"{w.module('np')}.zeros({w.tuple((height, width))})", ATOM, Call("zeros", (size_node(height), size_node(width))))


SPELL: dict[str, Callable[[Writer, Step, list[Term]], Term]] = {
    "expand": _expand,
    "scatter": _scatter,
    "scatter_add": _scatter_add,
    "literal": _literal,
    "cell": _cell,
    "blocks": _blocks,
}
