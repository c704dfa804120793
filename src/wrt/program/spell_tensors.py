"""How contractions and reshapings of tensors are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wrt.language.sizes import Size
from wrt.language.surface import Binary, Call, Name, Node
from wrt.language.trees import chain, turned
from wrt.program.spell import weigh
from wrt.program.steps import Step
from wrt.program.terms import ATOM, Term, einsum, entry, generator
from wrt.program.write import Writer

ALPHABET = "abcdefghijklmnopqrstuvwxyz"


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


def _grouped(
    w: Writer, a: Term, labels: Sequence[int], batch: Sequence[int], rows: Sequence[int], columns: Sequence[int], sizes: dict[int, Size]
) -> str:
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
    for at, count in enumerate(counts):
        for _ in range(count - 1):
            names = w.letters(len(shape) + 1)
            rest = [*names[:at], *names[at + 2 : len(shape)]]
            i, j, r = names[at], names[at + 1], names[-1]
            pair = generator("array", entry(node, names[: len(shape)]), [j, i], [shape[at + 1], shape[at]])
            shape[at : at + 2] = [shape[at] * shape[at + 1]]
            node = generator("array", entry(Call("vec", (pair,)), [r]), [*rest[:at], r, *rest[at:]], shape)
    return node


def _split_text(w: Writer, x: Step, node: Node) -> Node:
    """Split axes: the entry of a vec that one unit matrix selects."""
    counts: tuple[int, ...] = x.data[0]  # type: ignore[assignment]
    names = w.letters(x.order + 3)
    out, (r, p, q) = names[: x.order], names[x.order :]
    at = 0
    parts: list[str] = []
    weights: list[Node] = []
    sums: list[str] = []
    sizes: list[Size] = []
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


SPELL: dict[str, Callable[[Writer, Step, list[Term]], Term]] = {
    "contract": _contract,
    "reshape": _reshape,
}
