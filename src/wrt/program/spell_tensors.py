"""How views, placed writes, contractions of tensors and structure constants are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from wrt.language.sizes import Size
from wrt.language.surface import Binary, Block, Call, Index, Name, Node, Slice, Unary
from wrt.program.array import ZERO
from wrt.program.spell import weigh
from wrt.program.steps import Step
from wrt.program.structure import at_least
from wrt.program.terms import ATOM, Term, affine_node, chain, einsum, entry, generator, number_node, ones, size_node, turned
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
        return Term(f"{w.helper('at')}({core.at(ATOM) + call[2] if call[2] else core.code}, {w.tuple(x.shape)}, {call[1]})", ATOM, text, core.weight + 1)
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
    if all(start is ZERO and len(steps) == 1 and steps[0][1] == 1 and counts[steps[0][0]] is size for (start, steps), size in zip(forms, x.shape, strict=True)):
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


def _placed_text(core: Term, held: int, forms: Forms, counts: Sequence[Size], inner: Sequence[str], outer: Sequence[str], shape: Sequence[Size]) -> Node:
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
    body = chain("*", [*conditions, entry(core.node, [names[k] for k in range(held)])]) if core.code != "1" or not conditions else chain("*", conditions)
    rest = [label for label in range(len(counts)) if label not in named]
    body = generator("sum", body, [names[label] for label in rest], [counts[label] for label in rest])
    return generator("array", body, outer, shape)


# ------------------------------------------------------------------------------------------------ gathering
def _gather(w: Writer, x: Step, args: list[Term]) -> Term:
    (a,) = args
    base = x.args[0]
    axis: int = x.data[0]  # type: ignore[assignment]
    start: Size = x.data[1]  # type: ignore[assignment]
    steps: tuple[int, ...] = x.data[2]  # type: ignore[assignment]
    counts: tuple[Size, ...] = x.data[3]  # type: ignore[assignment]
    surely = x.data[4]
    text = _gather_text(w, x, a.node)
    lead = ", ".join([":"] * axis)
    lead += ", " if axis else ""
    if surely and not steps:
        return Term(f"{a.at(ATOM)}[{lead}{w.size(start)[0]}]", ATOM, text, a.weight + 1)
    if surely and steps == (1,):
        low = "" if start is ZERO else w.size(start)[0]
        stop = start + counts[0]
        return Term(f"{a.at(ATOM)}[{lead}{low}:{'' if stop is base.shape[axis] else w.size(stop)[0]}]", ATOM, text, a.weight + 1)
    many = f"({', '.join(map(str, steps))}{',' if len(steps) == 1 else ''})"
    lengths = w.tuple(counts) if counts else "()"
    return Term(f"{w.helper('gather')}({a.code}, {axis}, {w.size(start)[0]}, {many}, {lengths})", ATOM, text, a.weight + 1)


def _gather_text(w: Writer, x: Step, node: Node) -> Node:
    base = x.args[0]
    axis, start, steps, counts, surely = x.data
    assert isinstance(axis, int) and isinstance(start, Size) and isinstance(steps, tuple) and isinstance(counts, tuple)
    if surely and not steps and base.order == 1:
        return entry(node, [size_node(start)])
    if surely and steps == (1,) and base.order <= 2:
        part = Slice(None if start is ZERO else size_node(start), None if start + counts[0] is base.shape[axis] else size_node(start + counts[0]), None)
        return Index(node, (part,) if base.order == 1 else (part, Slice(None, None, None)) if axis == 0 else (Slice(None, None, None), part))
    if surely and not steps and base.order == 2:
        whole = Slice(None, None, None)
        return turned(Index(node, (size_node(start), whole))) if axis == 0 else Index(node, (whole, size_node(start)))
    names = w.letters(x.order + 1)
    out, last = names[: x.order], names[-1]
    form = affine_node(start, list(zip(out[axis : axis + len(steps)], steps, strict=True)))
    rest = out[:axis], out[axis + len(steps) :]
    if surely:
        return generator("array", entry(node, [*rest[0], form, *rest[1]]), out, x.shape)
    body = Binary("*", Binary("==", Name(last), form), entry(node, [*rest[0], last, *rest[1]]))
    return generator("array", generator("sum", body, [last], [base.shape[axis]]), out, x.shape)


# ------------------------------------------------------------------------------------------------ masks, triangles, running sums
def _mask(w: Writer, x: Step, args: list[Term]) -> Term:
    relation, steps, start, counts = x.data
    assert isinstance(relation, str) and isinstance(steps, tuple) and isinstance(start, Size) and isinstance(counts, tuple)
    names = w.letters(len(steps))
    text = generator("array", Binary(relation, affine_node(start, list(zip(names, steps, strict=True))), number_node(Fraction(0))), names, counts)
    if not steps:
        return Term(f"float({w.size(start)[0]} {relation} 0)", ATOM, text, 1)
    if relation == ">=" and steps == (1, -1):
        return Term(f"{w.module('np')}.tri({w.size(counts[0])[0]}, {w.size(counts[1])[0]}, {w.size(start)[0]})", ATOM, text, 1)
    many = f"({', '.join(map(str, steps))}{',' if len(steps) == 1 else ''})"
    return Term(f'{w.helper("indicator")}("{relation}", {w.size(start)[0]}, {many}, {w.tuple(counts)})', ATOM, text, 1)


def _triangle(w: Writer, x: Step, args: list[Term]) -> Term:
    (a,) = args
    offset = x.data[0]
    assert isinstance(offset, Size)
    code = f"{w.module('np')}.{x.op}({a.code}{'' if offset is ZERO else ', ' + w.size(offset)[0]})"
    if x.order == 2 and offset is ZERO:
        return Term(code, ATOM, Call(x.op, (a.node,)), a.weight + 1)
    names = w.letters(x.order)
    i, j = names[-2:]
    sign = ">=" if x.op == "tril" else "<="
    condition = Binary(sign, affine_node(offset, [(i, 1)]), Name(j))
    return Term(code, ATOM, generator("array", Binary("*", condition, entry(a.node, names)), names, x.shape), a.weight + 1)


def _cumsum(w: Writer, x: Step, args: list[Term]) -> Term:
    (a,) = args
    axis, backwards = x.data
    assert isinstance(axis, int)
    np = w.module("np")
    if not backwards:
        option = (("axis", number_node(Fraction(axis))),) if x.order == 2 else ()
        if x.order <= 2:
            return Term(f"{np}.cumsum({a.code}, axis={axis})" if x.order == 2 else f"{np}.cumsum({a.code})", ATOM, Call("cumsum", (a.node,), option), a.weight + 1)
    names = w.letters(x.order + 1)
    out, last = names[: x.order], names[-1]
    inner = entry(a.node, [last if k == axis else name for k, name in enumerate(out)])
    condition = Binary(">=" if backwards else "<=", Name(last), Name(out[axis]))
    text = generator("array", generator("sum", inner, [last], [x.shape[axis]], [condition]), out, x.shape)
    flip = ", ".join([*[":"] * axis, "::-1"])
    code = f"{np}.cumsum({a.at(ATOM)}[{flip}], axis={axis})[{flip}]" if backwards else f"{np}.cumsum({a.code}, axis={axis})"
    return Term(code, ATOM, text, a.weight + 1)


# ------------------------------------------------------------------------------------------------ look-ups
def _take(w: Writer, x: Step, args: list[Term]) -> Term:
    a, rows = args
    axis = x.data[0]
    assert isinstance(axis, int)
    base, index = x.args
    lead = ", ".join([":"] * axis) + (", " if axis else "")
    code = f"{a.at(ATOM)}[{lead}{w.helper('index')}({rows.code}, {a.at(ATOM)}.shape[{axis}])]"
    if index.op == "input" and index.order == 1 and base.order <= 2:
        whole = Slice(None, None, None)
        parts: tuple[Node, ...] = (rows.node,) if base.order == 1 else (rows.node, whole) if axis == 0 else (whole, rows.node)
        return Term(code, ATOM, Index(a.node, parts), weigh(args))
    names = w.letters(x.order + 1)
    out, last = names[: x.order], names[-1]
    b = out[axis : axis + index.order]
    body = Binary("*", Binary("==", entry(rows.node, b), Name(last)), entry(a.node, [*out[:axis], last, *out[axis + index.order :]]))
    return Term(code, ATOM, generator("array", generator("sum", body, [last], [base.shape[axis]]), out, x.shape), weigh(args))


def _put(w: Writer, x: Step, args: list[Term]) -> Term:
    rows, index = args
    names = w.letters(x.order + 1)
    out, b = names[: x.order], names[-1]
    body = Binary("*", Binary("==", entry(index.node, [b]), Name(out[0])), entry(rows.node, [b, *out[1:]]))
    text = generator("array", generator("sum", body, [b], [x.args[1].shape[0]]), out, x.shape)
    return Term(f"{w.helper('put')}({rows.code}, {index.code}, {w.size(x.shape[0])[0]})", ATOM, text, weigh(args))


# ------------------------------------------------------------------------------------------------ tensors
def _contract(w: Writer, x: Step, args: list[Term]) -> Term:
    """Two tensors: one tensordot, or one batched matrix product of grouped axes."""
    a, b = args
    lx, ly, out = x.data
    assert isinstance(lx, tuple) and isinstance(ly, tuple) and isinstance(out, tuple)
    words = ["".join(ALPHABET[k] for k in labels) for labels in (lx, ly, out)]
    text = einsum(f"{words[0]},{words[1]}->{words[2]}", a.node, b.node)
    summed = [k for k in lx if k in ly and k not in out]
    batch = [k for k in out if k in lx and k in ly]
    left = [k for k in out if k in lx and k not in ly]
    right = [k for k in out if k in ly and k not in lx]
    weight = weigh(args)
    np = w.module("np")
    if not batch:
        natural = [k for k in lx if k not in summed] + [k for k in ly if k not in summed]
        axes = tuple(lx.index(k) for k in summed), tuple(ly.index(k) for k in summed)
        code = f"{np}.tensordot({a.code}, {b.code}, {axes})"
        if len(summed) == 1 and len(ly) == 1 and lx[-1] == ly[0]:
            code = f"({a.at(ATOM)} @ {b.at(ATOM)})"
        elif not summed:
            code = f"{np}.multiply.outer({a.code}, {b.code})"
        return Term(code + _reordered(natural, out), ATOM, text, weight)
    sizes = {**dict(zip(lx, x.args[0].shape, strict=True)), **dict(zip(ly, x.args[1].shape, strict=True))}
    first = _grouped(w, a, lx, batch, left, summed, sizes)
    second = _grouped(w, b, ly, batch, summed, right, sizes)
    code = f"{np}.matmul({first}, {second})"
    natural = [*batch, *left, *right]
    if len(left) != 1 or len(right) != 1:
        code += f".reshape({w.tuple([sizes[k] for k in natural])})"
    return Term(code + _reordered(natural, out), ATOM, text, weight)


def _reordered(have: Sequence[int], want: Sequence[int]) -> str:
    axes = [list(have).index(k) for k in want]
    if axes == list(range(len(axes))):
        return ""
    return ".T" if axes == [1, 0] else f".transpose({', '.join(map(str, axes))})"


def _grouped(w: Writer, a: Term, labels: Sequence[int], batch: Sequence[int], rows: Sequence[int], columns: Sequence[int], sizes: dict[int, Size]) -> str:
    """The code of an operand as a stack of matrices (batch, rows, columns)."""
    order = [*batch, *rows, *columns]
    code = a.at(ATOM) + _reordered(labels, order)
    if len(rows) == 1 and len(columns) == 1:
        return code
    if not rows and len(columns) == 1:
        return f"{code}[..., None, :]"
    if not columns and len(rows) == 1:
        return f"{code}[..., None]"
    many = [Size.of(1), Size.of(1)]
    for k, group in enumerate((rows, columns)):
        for label in group:
            many[k] = many[k] * sizes[label]
    return f"{code}.reshape({w.tuple([*[sizes[k] for k in batch], *many])})"


def _reshape(w: Writer, x: Step, args: list[Term]) -> Term:
    (a,) = args
    counts, split = x.data
    assert isinstance(counts, tuple)
    code = f"{a.at(ATOM)}.reshape({w.tuple(x.shape)})"
    text = _split_text(w, x, a.node) if split else _group_text(w, x, a.node)
    return Term(code, ATOM, text, a.weight + 1)


def _group_text(w: Writer, x: Step, node: Node) -> Node:
    """Grouped axes, two at a time: vec of the transposed slice."""
    counts: tuple[int, ...] = x.data[0]  # type: ignore[assignment]
    shape = list(x.args[0].shape)
    if counts == (2,):
        return Call("vec", (turned(node),))
    at = 0
    for count in counts:
        for _ in range(count - 1):
            names = w.letters(len(shape) + 1)
            rest = [*names[:at], *names[at + 2 : len(shape)]]
            i, j, r = names[at], names[at + 1], names[-1]
            pair = generator("array", entry(node, names[: len(shape)]), [j, i], [shape[at + 1], shape[at]])
            shape[at : at + 2] = [shape[at] * shape[at + 1]]
            node = generator("array", entry(Call("vec", (pair,)), [r]), [*rest[:at], r, *rest[at:]], shape)
        at += 1
    return node


def _split_text(w: Writer, x: Step, node: Node) -> Node:
    """Split axes: the entry of a vec that one unit matrix selects."""
    counts: tuple[int, ...] = x.data[0]  # type: ignore[assignment]
    names = w.letters(x.order + 3)
    out, (r, p, q) = names[: x.order], names[x.order :]
    at, parts, weights, sums, sizes = 0, [], [], [], []
    for axis, count in enumerate(counts):
        own, shape = out[at : at + count], x.shape[at : at + count]
        at += count
        if count == 1:
            parts.append(own[0])
            continue
        unit: Node = generator("array", Binary("==", Name(p), Name(own[0])), [p], [shape[0]])
        total = shape[0]
        for name, size in zip(own[1:], shape[1:], strict=True):
            last = generator("array", Binary("==", Name(q), Name(name)), [q], [size])
            unit = Call("kron", (unit, last))
            total = total * size
        index = f"{r}{axis}" if sums else r
        parts.append(index)
        weights.append(entry(unit, [index]))
        sums.append(index)
        sizes.append(total)
    body = chain("*", [*weights, entry(node, parts)])
    return generator("array", generator("sum", body, sums, sizes), out, x.shape)


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
    "gather": _gather,
    "mask": _mask,
    "tril": _triangle,
    "triu": _triangle,
    "cumsum": _cumsum,
    "take": _take,
    "put": _put,
    "contract": _contract,
    "reshape": _reshape,
    "literal": _literal,
    "cell": _cell,
    "blocks": _blocks,
}
__all__ = ["SPELL", "Unary"]
