"""The contraction order: never slower than any other tree, by its own clock; never a wrong one."""

from __future__ import annotations

import itertools
import random

import pytest

from wrt.program.plan import EXACT, contraction_path, step_time


def total_time(operands, output, sizes, path):
    """The time of a path, and the labels of its result."""
    bit = {a: 1 << k for k, a in enumerate(sorted(set().union(*operands)))}

    def mask(labels):
        return sum(bit[a] for a in labels)

    def numel(m):
        n = 1
        for a, b in bit.items():
            if m & b:
                n *= sizes[a]
        return n

    live = dict(enumerate(operands))
    time = 0.0
    for step, (i, j) in enumerate(path):
        a, b = live.pop(i), live.pop(j)
        kept = (a | b) & output.union(*live.values())
        time += step_time(mask(a), mask(b), mask(kept), numel)
        live[len(operands) + step] = kept
    return time, live.popitem()[1]


def all_paths(names, start):
    if len(names) == 1:
        yield []
        return
    for i, j in itertools.combinations(names, 2):
        rest = [k for k in names if k not in (i, j)]
        for tail in all_paths([*rest, start], start + 1):
            yield [(i, j), *tail]


def drawn(seed, count):
    choose = random.Random(seed)
    labels = range(choose.randrange(2, 6))
    sizes = {a: choose.choice([2, 5, 30, 300]) for a in labels}
    operands = [frozenset(choose.sample(labels, choose.randrange(1, min(3, len(labels)) + 1))) for _ in range(count)]
    held = [a for a in labels if any(a in o for o in operands)]
    output = frozenset(choose.sample(held, choose.randrange(0, len(held) + 1)))
    return [frozenset(a for a in o if a in output or sum(a in p for p in operands) > 1) for o in operands], output, sizes


@pytest.mark.parametrize("seed", range(60))
def test_small_products_are_planned_best(seed):
    operands, output, sizes = next(found for k in itertools.count(1000 * seed) if all((found := drawn(k, 4))[0]))  # no scalar factors
    best = min(total_time(operands, output, sizes, p)[0] for p in all_paths(range(4), 4))
    time, kept = total_time(operands, output, sizes, contraction_path(operands, output, sizes))
    assert time == pytest.approx(best)
    assert kept == output


@pytest.mark.parametrize("seed", range(20))
def test_long_products_are_planned_right(seed):
    operands, output, sizes = drawn(seed, EXACT + 6)
    operands = [o for o in operands if o]
    path = contraction_path(operands, output, sizes)
    assert len(path) == len(operands) - 1
    assert total_time(operands, output, sizes, path)[1] == output


def test_a_chain_with_a_vector_goes_from_the_right():
    chain = [frozenset({k, k + 1}) for k in range(12)] + [frozenset({12})]
    path = contraction_path(chain, frozenset({0}), [50] * 13)
    assert total_time(chain, frozenset({0}), [50] * 13, path)[0] < 12 * step_time(0b11, 0b10, 0b01, lambda m: 50 ** m.bit_count()) + 1e-6


def test_a_mask_meets_the_outer_product_of_factors_first():
    # sum_d O[a,d] V[d,b] V[d,c]: V V by entry, then one matrix product with O
    operands = [frozenset("ad"), frozenset("db"), frozenset("dc")]
    assert contraction_path(operands, frozenset("abc"), {"a": 200, "b": 5, "c": 5, "d": 200}) == [(1, 2), (0, 3)]
