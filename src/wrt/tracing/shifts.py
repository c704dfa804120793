"""What code writes for the sake of floats, undone: the largest entry taken off before exponentials, which changes no value.

    exp(u - max(u))/sum(exp(u - max(u)))        softmax(u)
    max(u) + log(sum(exp(u - max(u))))          logsumexp(u)
    (u - max(u)) - log(sum(exp(u - max(u))))    log_softmax(u)

A formula needs no such care (compiled programs take it themselves), and its derivative would hold the place of the maximum.
"""

from __future__ import annotations

from wrt.language.surface import Binary, Call, Node, Number, Unary
from wrt.language.unparse import unparse
from wrt.tracing.trace import Trace, shape_of


def undone(trace: Trace, op: str, left: Node, right: Node) -> Node | None:
    """left op right without the shift; None where there is none."""
    match op:
        case "/":
            return _softmax(trace, left, right)
        case "+":
            return _logsumexp(trace, left, right) or _logsumexp(trace, right, left)
        case "-":
            return _log_softmax(trace, left, right)
    return None


def _softmax(trace: Trace, top: Node, below: Node) -> Node | None:
    shifted = _argument(top, "exp")
    u = None if shifted is None else _unshifted(shifted)
    total = _reduced(below, "sum")
    if u is None or total is None or not same(total[0], top) or not _along(u[1], total[1]):
        return None
    return _called(trace, "softmax", u[0], total[1])


def _logsumexp(trace: Trace, most: Node, log: Node) -> Node | None:
    found, inner = _reduced(most, "max"), _log_sum_exp(log)
    if found is None or inner is None:
        return None
    u = _unshifted(inner[0])
    if u is None or not same(u[0], found[0]) or not _along(u[1], inner[1]) or found[1] != u[1]:
        return None
    node = _called(trace, "logsumexp", u[0], inner[1])
    return node if shape_of(node).kind == shape_of(most).kind else trace.turned(node)


def _log_softmax(trace: Trace, shifted: Node, log: Node) -> Node | None:
    u, inner = _unshifted(shifted), _log_sum_exp(log)
    if u is None or inner is None or not same(inner[0], shifted) or not _along(u[1], inner[1]):
        return None
    return _called(trace, "log_softmax", u[0], inner[1])


def _called(trace: Trace, name: str, u: Node, axis: int | None) -> Node:
    return trace.call(name, u) if axis is None else trace.call(name, u, axis=axis)


def _along(one: int | None, other: int | None) -> bool:
    """Whether a maximum along one axis is a fair shift for a sum along another: of everything, or along the same."""
    return one is None or one == other


def _unshifted(node: Node) -> tuple[Node, int | None] | None:
    """(u, axis) of u - max(u, axis)."""
    if not (isinstance(node, Binary) and node.op == "-"):
        return None
    found = _reduced(node.right, "max")
    return (node.left, found[1]) if found is not None and same(found[0], node.left) else None


def _log_sum_exp(node: Node) -> tuple[Node, int | None] | None:
    """(a, axis) of log(sum(exp(a), axis))."""
    inner = _argument(_upright(node), "log")
    total = None if inner is None else _reduced(inner, "sum")
    a = None if total is None else _argument(total[0], "exp")
    return (a, total[1]) if a is not None and total is not None else None


def _argument(node: Node, function: str) -> Node | None:
    return node.arguments[0] if isinstance(node, Call) and node.function == function and len(node.arguments) == 1 else None


def _upright(node: Node) -> Node:
    return node.argument if isinstance(node, Unary) and node.op == "T" else node


def _reduced(node: Node, function: str) -> tuple[Node, int | None] | None:
    """(what is reduced, the axis) of sum(x, axis=k) or max(x, axis=k)."""
    node = _upright(node)
    if not (isinstance(node, Call) and node.function == function):
        return None
    axis = node.option("axis")
    return node.arguments[0], int(axis.value) if isinstance(axis, Number) else None


def same(a: Node, b: Node) -> bool:
    """Whether two nodes are written alike."""
    return a is b or (shape_of(a) == shape_of(b) and unparse(a) == unparse(b))
