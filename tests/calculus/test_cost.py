"""The cost of deriving follows the number of distinct nodes: chains of layers, long texts, deep nesting."""

from __future__ import annotations

import time

import pytest

from wrt.algebra.expr import count_nodes, symbol
from wrt.algebra.flatten import flattened
from wrt.algebra.lower import lower
from wrt.algebra.maps import mapping
from wrt.algebra.product import einsum
from wrt.algebra.simplify import simplify
from wrt.calculus.derive import derivative, hvp
from wrt.language.read import read
from wrt.language.sizes import Size

N = Size.of("n")
X = symbol("x", (N,))


def network(layers):
    """The squared norm of a chain of tanh layers."""
    h = X
    for k in range(layers):
        h = mapping("tanh", (einsum("ab,b->a", symbol(f"W{k}", (N, N)), h),))
    return einsum("a,a->", h, h)


@pytest.mark.parametrize("order", [1, 2])
def test_nodes_of_a_deep_network_are_linear_in_its_layers(order):
    counts = []
    for layers in (10, 100, 400):
        f = flattened(network(layers))
        d = derivative(f, X) if order == 1 else hvp(f, X, symbol("v", (N,)))
        counts.append(count_nodes(flattened(d)))
    assert counts[2] - counts[1] <= 1.1 * (counts[1] - counts[0]) * 300 / 90


def test_time_of_a_deep_network_is_linear_in_its_layers():
    def seconds(layers):
        best = 60.0
        for _ in range(3):
            start = time.process_time()
            simplify(flattened(derivative(flattened(network(layers)), X)), {})
            best = min(best, time.process_time() - start)
        return best

    short, middle, long = (seconds(layers) for layers in (20, 100, 400))
    assert (long - middle) / 300 <= 2 * (middle - short) / 80 + 1e-4


@pytest.mark.parametrize(
    "text",
    [
        "sum(" + " + ".join(f"x**{k}" for k in range(2, 4000)) + ")",
        "sum(" + " - ".join(f"sin({k}*x)" for k in range(1, 3000)) + ")",
        "sum(" + "(" * 3000 + "x" + " + 1)" * 3000 + ")",
        "sum(" + "sin(" * 3000 + "x" + ")" * 3000 + ")",
        "sum(" + "1 + x*(" * 2000 + "x" + ")" * 2000 + ")",
        "sum(" + "*".join(["x"] * 3000) + ")",
        "sum(" + "tanh(A @ " * 1500 + "x" + ")" * 1500 + ")",
        "sum(" + "exp(-" * 2000 + "x" + ")" * 2000 + ")",
    ],
    ids=["powers", "sines", "parentheses", "nested sines", "Horner", "product", "layers", "nested exponentials"],
)
def test_long_texts_take_no_recursion_and_little_time(text):
    start = time.process_time()
    source = read(text, "x: n, A: n n")
    d, _ = simplify(flattened(derivative(flattened(lower(source)), X)), {})
    assert d.order == 1
    assert time.process_time() - start < 20
