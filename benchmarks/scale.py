#!/usr/bin/env python3
"""Does the cost follow the number of nodes? A chain of L tanh layers: gradient and Hessian-vector product, derived, proved and printed.

usage: scale.py [--layers 10 100 1000]

For each L the seconds and the nodes of the index form; at the end how the time a layer grows: (t(last) - t(middle)) / (t(middle) - t(first)),
per layer. 1 is linear; the project holds it under 1.5.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time

import wrt
from wrt.algebra.expr import count_nodes

BAR = 1.5


def chain(layers: int) -> tuple[str, dict[str, tuple[str, ...]]]:
    """The text of L tanh layers and its declarations."""
    steps = ["h0 = tanh(W0 @ x + b0)"] + [f"h{k} = tanh(W{k} @ h{k - 1} + b{k})" for k in range(1, layers)]
    shapes = {"x": ("n",), **{f"W{k}": ("n", "n") for k in range(layers)}, **{f"b{k}": ("n",) for k in range(layers)}}
    return "; ".join([*steps, f"sum(h{layers - 1}**2)"]), shapes


def measure(layers: int, what: str, repeats: int = 3) -> tuple[float, int, int, str]:
    """(seconds, nodes, characters printed, verdict): the best of a few runs."""
    text, shapes = chain(layers)
    best, nodes, length, verdict = float("inf"), 0, 0, ""
    for _ in range(repeats if layers <= 100 else 1):
        gc.collect()
        start = time.perf_counter()
        f = wrt.parse(text, shapes)
        d = wrt.gradient(f, "x") if what == "gradient" else wrt.hvp(f, "x")
        printed = str(d)
        best = min(best, time.perf_counter() - start)
        nodes, length, verdict = count_nodes(d.expr), len(printed), d.verified
    return best, nodes, length, verdict


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, nargs=3, default=[10, 100, 1000])
    a = parser.parse_args()
    ok = True
    print(f"{'':20} {'layers':>7} {'seconds':>9} {'nodes':>8} {'printed':>9}  proof")
    for what in ("gradient", "hvp"):
        times = []
        for layers in a.layers:
            seconds, nodes, length, verdict = measure(layers, what)
            times.append(seconds)
            print(f"{what:20} {layers:7} {seconds:9.3f} {nodes:8} {length:9}  {verdict}", flush=True)
        first, middle, last = a.layers
        growth = (times[2] - times[1]) / (last - middle) / ((times[1] - times[0]) / (middle - first))
        ok &= growth <= BAR
        print(f"{what:20} time a layer grows by {growth:.2f} (bar {BAR})")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
