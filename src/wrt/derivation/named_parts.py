"""The parts of a function that a letter in an answer may stand for: p for the softmax, r for the residual, f for the function itself."""

from __future__ import annotations

from contextlib import suppress

from wrt.derivation.terms import bare
from wrt.errors import WrtError
from wrt.language.read import type_tree
from wrt.language.scopes import undeclared
from wrt.language.surface import Binary, Call, Name, Node, Number, Source, Unary, postorder
from wrt.language.unparse import unparse

MOST_PARTS = 16  # parts of the function that a name may stand for
# What a letter usually stands for: the kinds of parts of the function that are tried first.
USUAL = {
    **dict.fromkeys(("p", "s", "σ", "sigma", "q", "y_hat", "yhat", "π"), ("softmax", "sigmoid", "exp", "tanh", "/")),
    **dict.fromkeys(("h", "a"), ("tanh", "relu", "sigmoid", "softmax", "@", "+")),
    **dict.fromkeys(("r", "e", "ε", "res", "residual", "d", "err"), ("-", "+", "@")),
    **dict.fromkeys(("z", "u", "v"), ("-", "+", "@", "*", "**")),
    **dict.fromkeys(("ρ", "rho", "R", "λ", "lambda", "mu", "μ", "m"), ("/", "mean")),
    **dict.fromkeys(("K", "k", "E", "c"), ("exp", "*", "/")),
    **dict.fromkeys(("f", "F", "L", "J", "y", "g"), ("whole",)),
}


def named_parts(function: Source, name: str) -> list[Node]:
    """The parts of the function that a name may stand for, those that it usually does first."""
    found: dict[str, Node] = {}
    for node in reversed(list(postorder(function.tree))):
        for part in (node, *_slopes(node)):
            if isinstance(part, (Name, Number)) or part.shape is None or part.shape.kind == "tensor":
                continue
            with suppress(WrtError):
                source = type_tree(bare(part), function.declarations)
                if not undeclared(source.tree, function.declarations, function.sizes):
                    found.setdefault(unparse(part), source.tree)
    kinds = _kinds(name)

    def rank(part: Node) -> tuple[int, bool]:
        own = _kind(part, function)
        return min((kinds.index(k) for k in own if k in kinds), default=len(kinds)), "mean" in kinds and "whole" in own

    return sorted(found.values(), key=rank)[:MOST_PARTS]


def usual(name: str, part: Node, function: Source) -> bool:
    """Whether a letter usually stands for such a part: p for a softmax, r for a difference, a letter with a hat or a bar for any."""
    accented = name.removeprefix("\\").startswith(("hat", "bar", "tilde", "widehat"))
    return accented or any(k in _kinds(name) for k in _kind(part, function))


def _kinds(name: str) -> tuple[str, ...]:
    word = name.removeprefix("\\")
    return ("mean",) if word.startswith(("bar", "overline")) else USUAL.get(word, ())


def _kind(part: Node, function: Source) -> tuple[str, ...]:
    """What a part is: its outermost function or operator; whether it is the whole function."""
    word = part.function if isinstance(part, Call) else part.op if isinstance(part, (Binary, Unary)) else ""
    return (word, "whole") if unparse(part) == unparse(function.tree) else (word,)


def _slopes(node: Node) -> tuple[Node, ...]:
    """What stands in the derivative of a part and has a name of its own: the softmax of log-sum-exp, the sigmoid of softplus."""
    if isinstance(node, Call) and node.function in ("logsumexp", "log_softmax", "softplus"):
        made = Call("sigmoid" if node.function == "softplus" else "softmax", node.arguments, node.options)
        made.shape = node.arguments[0].shape
        return (made,)
    if isinstance(node, Call) and node.function == "var":
        mean = Call("mean", node.arguments, node.options)
        mean.shape = node.shape
        return (mean,)
    if (
        isinstance(node, Call)
        and node.function == "log"
        and isinstance(total := node.arguments[0], Call)
        and total.function == "sum"
        and not total.options
    ):
        inner = total.arguments[0]
        if isinstance(inner, Call) and inner.function == "exp" and inner.shape is not None and inner.shape.order == 1:
            made = Call("softmax", inner.arguments)
            made.shape = inner.shape
            return (made,)
    if isinstance(node, Call) and node.function == "log" and isinstance(e := node.arguments[0], Binary) and e.op == "+":
        for one, other in ((e.left, e.right), (e.right, e.left)):
            if isinstance(one, Number) and one.value == 1 and isinstance(other, Call) and other.function == "exp":
                made = Call("sigmoid", other.arguments)
                made.shape = node.shape
                return (made,)
    return ()
