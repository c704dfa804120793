"""In which order the operands of a product are multiplied, for given sizes.

The cost of a step is a time in microseconds, not a count of operations: large matrix products run at arithmetic speed, everything else at
the speed of memory, and every call has its overhead. Up to EXACT operands all trees are compared, above that the best step is taken greedily.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

EXACT = 6
OVERHEAD = 1.0  # us a call
ENTRY = 1e-3  # us an entry, elementwise
STREAM = 4e-4  # us an entry read once, as in matrix times vector
FLOP = 4e-5  # us a multiply-add of a large matrix product
SMALL = 12  # a matrix product with a side below this runs at the speed of memory

Path = list[tuple[int, int]]


def step_time(a: int, b: int, out: int, numel: Callable[[int], int]) -> float:
    """Time of multiplying arrays with label sets a and b, keeping the labels `out`; sets are bit masks."""
    every = a | b
    volume = numel(every)
    if not every & ~out:
        return OVERHEAD + ENTRY * volume
    batch, left, right = a & b & out, a & ~b, b & ~a
    if not left and not right:
        return 2 * OVERHEAD + ENTRY * volume if batch else OVERHEAD + STREAM * volume
    moved = STREAM * (numel(a) + numel(b) + numel(every & out))
    if batch:
        groups = numel(batch)
        return 3 * OVERHEAD + 0.3 * min(groups, 1000) + 2 * moved + (5 * FLOP if left and right else STREAM) * volume
    if left and right:
        small = min(numel(left), numel(right), numel(a & b)) < SMALL
        return OVERHEAD + moved + (6 if small else 1) * FLOP * volume
    return OVERHEAD + moved


def contraction_path(
    operands: Sequence[frozenset[int]],
    output: frozenset[int],
    sizes: Sequence[int] | dict[int, int],
    ready: Callable[[int], bool] = lambda subset: False,
) -> Path:
    """The pairs to multiply, in order; results are numbered on after the operands. `ready(subset)`: that part (a bit mask) is computed already.

    >>> contraction_path([frozenset({0, 1}), frozenset({1, 2}), frozenset({2})], frozenset({0}), [50, 50, 50])
    [(1, 2), (0, 3)]
    """
    labels = sorted(set().union(*operands))
    bit = {a: 1 << k for k, a in enumerate(labels)}
    masks = [sum(bit[a] for a in o) for o in operands]
    out = sum(bit[a] for a in output if a in bit)
    lengths = [max(1, sizes[a]) for a in labels]

    @cache
    def numel(mask: int) -> int:
        total, k = 1, 0
        while mask:
            if mask & 1:
                total *= lengths[k]
            mask >>= 1
            k += 1
        return total

    if len(operands) <= 2:
        return [(0, 1)] if len(operands) == 2 else []
    if len(operands) <= EXACT:
        return _exact(masks, out, numel, ready)
    return _greedy(masks, out, numel)


def _exact(masks: list[int], out: int, numel: Callable[[int], int], ready: Callable[[int], bool]) -> Path:
    """All trees; a bit mask names a subset of operands."""
    count = len(masks)
    full = (1 << count) - 1
    union = [0] * (full + 1)
    for subset in range(1, full + 1):
        low = subset & -subset
        union[subset] = union[subset ^ low] | masks[low.bit_length() - 1]
    keep = [union[s] & (out | union[full ^ s]) for s in range(full + 1)]
    best: dict[int, tuple[float, int]] = {1 << k: (0.0, 0) for k in range(count)}
    for subset in sorted(range(1, full + 1), key=int.bit_count):
        if subset in best:
            continue
        choice: tuple[float, int] | None = None
        low = subset & -subset
        rest = subset ^ low
        part = rest
        options: list[int] = []
        while True:  # every split with the lowest operand on the left
            part = (part - 1) & rest if part else -1
            if part < 0:
                break
            options.append(part | low)
        for left in options:
            right = subset ^ left
            time = best[left][0] + best[right][0] + step_time(keep[left], keep[right], keep[subset], numel)
            if choice is None or time < choice[0]:
                choice = (time, left)
        assert choice is not None
        best[subset] = (0.0, choice[1]) if subset != full and ready(subset) else choice
    return _unfold(best, full, count)


def _unfold(best: dict[int, tuple[float, int]], full: int, count: int) -> Path:
    path: Path = []
    name = {1 << k: k for k in range(count)}
    stack = [full]
    while stack:
        subset = stack[-1]
        if subset in name:
            stack.pop()
            continue
        left = best[subset][1]
        right = subset ^ left
        missing = [s for s in (left, right) if s not in name]
        if missing:
            stack += missing
            continue
        name[subset] = count + len(path)
        path.append((name[left], name[right]))
        stack.pop()
    return path


def _greedy(masks: list[int], out: int, numel: Callable[[int], int]) -> Path:
    """The step that grows memory least, again and again; ties by time, then by position."""
    live = dict(enumerate(masks))
    path: Path = []
    while len(live) > 1:
        names = list(live)
        uses: dict[int, int] = {}
        for mask in live.values():
            while mask:
                low = mask & -mask
                uses[low] = uses.get(low, 0) + 1
                mask ^= low
        choice: tuple[tuple[float, float], int, int] | None = None
        for p, i in enumerate(names):
            for j in names[p + 1 :]:
                a, b = live[i], live[j]
                if choice is not None and not a & b and (a and b):
                    continue
                only = sum(low for low, k in uses.items() if k == bool(a & low) + bool(b & low))
                kept = (a | b) & (out | ~only)
                score = (float(numel(kept) - numel(a) - numel(b)), step_time(a, b, kept, numel))
                if choice is None or score < choice[0]:
                    choice = (score, i, j)
        assert choice is not None
        _, i, j = choice
        a, b = live.pop(i), live.pop(j)
        others = 0
        for mask in live.values():
            others |= mask
        live[len(masks) + len(path)] = (a | b) & (out | others)
        path.append((i, j))
    return path
