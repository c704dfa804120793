"""Brackets in the proof: entries, slices and look-ups of a value, and the literals that stack values into columns and blocks. Whatever the ring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from wrt.language.surface import Block, Index, Name, Node, Slice, postorder
from wrt.proof.arrays import Key, Keys, Parts, UnfitError, Value, ordered, positions, size_of, whole_difference
from wrt.proof.walk import Env, Rule, Walker, all_of


class Place(NamedTuple):
    """What one part of an index says: `offsets` into the axis, over `keys` and `dims`; `kept` when the axis stays (as the last key)."""

    keys: Keys
    dims: tuple[int, ...]
    offsets: list[int]
    kept: bool


def index(walk: Walker, node: Index, env: Env, bits: int) -> Rule:
    base = yield node.base
    own = walk.own(base)
    sizes = dict(zip(base.keys, base.dims, strict=True))
    if len(node.parts) == 1 and len(own) == 2:  # a matrix with one row or one column
        own = tuple(k for k in own if sizes[k] != 1)[:1] or own[:1]
        base = walk.arranged(base, tuple(k for k in base.keys if not isinstance(k, int) or k in own))
    if len(own) != len(node.parts):
        raise UnfitError("an index with the wrong number of parts")
    simple = _relabelled(walk, node, base, own, env)
    if simple is not None:
        return walk.conform(simple, node.shape)
    places = [_place(walk, part, sizes[key], env) for part, key in zip(node.parts, own, strict=True)]
    return _picked(walk, node, base, own, places)


def _relabelled(walk: Walker, node: Index, base: Value, own: Sequence[int], env: Env) -> Value | None:
    """The base with axes renamed, where every part is ':' or a bound index over the whole axis."""
    names: dict[Key, Key] = {}
    bound = dict(env)
    kept = 0
    row = node.shape is not None and node.shape.kind == "row"
    for part, key in zip(node.parts, own, strict=True):
        if isinstance(part, Slice) and not part.children:
            names[key] = 1 if row else kept
            kept += 1
        elif isinstance(part, Name) and part.role == "index" and bound[part.name][1] == 0 and bound[part.name][2] == base.dims[base.keys.index(key)]:
            names[key] = bound[part.name]
        else:
            return None
    return walk.renamed(base, names)


def _place(walk: Walker, part: Node, size: int, env: Env) -> Place:
    if isinstance(part, Slice):
        if any(isinstance(p, Name) and p.role == "index" for p in postorder(part)):
            return _window(walk, part, size, env)
        start, stop, step = (None if p is None else walk.count(p) for p in (part.start, part.stop, part.step))
        chosen = list(range(size))[slice(start, stop, step)]
        if not chosen or (start is not None and start > size) or (stop is not None and stop > size):
            raise UnfitError("a slice leaves its range")
        return Place((0,), (len(chosen),), chosen, True)
    value = walk.whole_of(part, walk.narrowed(part, env) if env else ())
    flat = value.parts.get(0) or [0] * size_of(value.dims)
    if not any(isinstance(p, Name) for p in postorder(part)):  # written numbers may count from the end
        flat = [k + size if k < 0 else k for k in flat]
    if any(not 0 <= k < size for k in flat):
        if not any(not isinstance(k, int) and k[0] in walk.reading.guarded for k in value.keys):
            raise UnfitError("an index leaves its range")
        flat = [k if 0 <= k < size else -1 for k in flat]
    own = [k for k in value.keys if isinstance(k, int)]
    keys = tuple(0 if isinstance(k, int) else k for k in value.keys)
    return Place(keys, value.dims, list(flat), bool(own))


def _window(walk: Walker, part: Slice, size: int, env: Env) -> Place:
    """A slice that outer indices move: one length for all of them."""
    step = 1 if part.step is None else walk.count(part.step)
    ends = ((part.start, 0 if step > 0 else size - 1), (part.stop, size if step > 0 else -1))
    start, stop = (Value((), (), {0: [default]}) if p is None else walk.whole_of(p, walk.narrowed(p, env)) for p, default in ends)
    starts = start.parts.get(0) or [0] * size_of(start.dims)
    lengths = set(whole_difference(stop, start).parts[0])
    if len(lengths) != 1:
        raise UnfitError("a slice of several lengths")
    chosen = range(0, lengths.pop(), step)
    offsets = [place + k for place in starts for k in chosen]
    if not chosen or any(not 0 <= k < size for k in offsets):
        raise UnfitError("a slice leaves its range")
    return Place((*start.keys, 0), (*start.dims, len(chosen)), offsets, True)


def _picked(walk: Walker, node: Index, base: Value, own: Sequence[int], places: Sequence[Place]) -> Value:
    """The entries that the places name; what a condition leaves out of range counts as 1."""
    row = node.shape is not None and node.shape.kind == "row"
    sizes: dict[Key, int] = {k: d for k, d in zip(base.keys, base.dims, strict=True) if not isinstance(k, int)}
    named: list[Keys] = []
    kept = 0
    for place in places:
        mine = tuple((1 if row else kept) if isinstance(k, int) else k for k in place.keys)
        kept += place.kept
        named.append(mine)
        sizes.update(zip(mine, place.dims, strict=True))
    keys = ordered(frozenset(sizes))
    dims = tuple(sizes[k] for k in keys)
    walk.spend(size_of(dims) // 4)
    strides = _strides(base)
    bound = tuple(k for k in base.keys if not isinstance(k, int))
    bound_dims = tuple(d for k, d in zip(base.keys, base.dims, strict=True) if not isinstance(k, int))
    total = [0] * size_of(dims)
    outside: set[int] = set()
    for k, d in zip(bound, bound_dims, strict=True):
        total = [t + strides[k] * at for t, at in zip(total, positions((k,), (d,), keys, dims), strict=True)]
    for place, mine, key in zip(places, named, own, strict=True):
        read = positions(mine, place.dims, keys, dims)
        step = strides[key]
        for n, at in enumerate(read):
            offset = place.offsets[at]
            if offset < 0:
                outside.add(n)
            else:
                total[n] += step * offset
    parts: Parts = {}
    for m, x in base.parts.items():
        flat = [x[t] for t in total]
        for n in outside:
            flat[n] = walk.number(int(m == 0))
        parts[m] = flat
    return walk.conform(Value(keys, dims, parts), node.shape)


def _strides(a: Value) -> dict[Key, int]:
    out: dict[Key, int] = {}
    step = 1
    for key, dim in zip(reversed(a.keys), reversed(a.dims), strict=True):
        out[key] = step
        step *= dim
    return out


def block(walk: Walker, node: Block, env: Env, bits: int) -> Rule:
    cells = yield from all_of([cell for line in node.rows for cell in line], env, bits)
    rest = iter(cells)
    grid = [[next(rest) for _ in line] for line in node.rows]
    bound = ordered(frozenset(k for line in grid for v in line for k in v.keys if not isinstance(k, int)))
    sizes: dict[Key, int] = {k: d for line in grid for v in line for k, d in zip(v.keys, v.dims, strict=True) if not isinstance(k, int)}
    keys = (*bound, 0, 1)
    laid = [[_laid(walk, v, keys, sizes) for v in line] for line in grid]
    heights = [line[0].dims[-2] for line in laid]
    width = sum(v.dims[-1] for v in laid[0])
    if any(v.dims[-2] != h for line, h in zip(laid, heights, strict=True) for v in line) or any(
        sum(v.dims[-1] for v in line) != width for line in laid
    ):
        raise UnfitError("blocks that do not fit")
    count = size_of([sizes[k] for k in bound])
    zero = walk.number(0)
    parts: Parts = {}
    for m in {m for line in laid for v in line for m in v.parts}:
        flat: list[Any] = []
        for b in range(count):
            for line, h in zip(laid, heights, strict=True):
                for r in range(h):
                    for v in line:
                        w = v.dims[-1]
                        x = v.parts.get(m)
                        start = (b * h + r) * w
                        flat += x[start : start + w] if x is not None else [zero] * w
        parts[m] = flat
    return walk.conform(Value(keys, (*[sizes[k] for k in bound], sum(heights), width), parts), node.shape)


def _laid(walk: Walker, v: Value, keys: Keys, sizes: dict[Key, int]) -> Value:
    have = dict(zip(v.keys, v.dims, strict=True))
    laid = walk.arranged(v, keys, {**sizes, **{k: have.get(k, 1) for k in (0, 1)}})
    return Value(laid.keys, laid.dims, {m: list(x) for m, x in laid.parts.items()})
