"""How functions are set that mathematics does not write f(x): norms, traces of the shape, inverses, ones, products by reduction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from wrt.language.surface import SCALAR, Call, Node, Number, Shape, Text
from wrt.notation.style_index import size_mark
from wrt.notation.style_mark import Mark, number, times

if TYPE_CHECKING:
    from wrt.notation.style import Setting

Rule = Callable[["Setting", Call], Mark | None]
TANGENT, TOTAL = "tangent of", "total diff"  # of lines of a derivation that are shown: names that nobody can type


def _shape(node: Node) -> Shape:
    return node.shape if node.shape is not None else SCALAR


def _sizes(kind: str) -> Rule:
    """ones(n), zeros(m, n), eye(n)."""

    def rule(setting: Setting, node: Call) -> Mark | None:
        sizes = tuple(setting.counting.size(a) or setting.of(a) for a in node.arguments)
        if kind == "eye" and (len(sizes) > 1 or setting.named("I")):
            return None
        return Mark(kind, sizes)

    return rule


def _wrapped(kind: str) -> Rule:
    def rule(setting: Setting, node: Call) -> Mark | None:
        return Mark(kind, (setting.of(node.arguments[0]),))

    return rule


def _inverse(setting: Setting, node: Call) -> Mark:
    inner = setting.of(node.arguments[0])
    if inner.kind == "transpose":
        return Mark("inverse_transpose", inner.parts)
    return Mark("inverse", (closed(inner),))


def closed(mark: Mark) -> Mark:
    """A block S_{1:2,1:2} in brackets before its power: the inverse of the block, not the block of the inverse."""
    return Mark("group", (mark,)) if mark.kind == "entry" else mark


def _solve(setting: Setting, node: Call) -> Mark:
    inner = setting.of(node.arguments[0])
    inverse = Mark("inverse_transpose", inner.parts) if inner.kind == "transpose" else Mark("inverse", (closed(inner),))
    return times(inverse, setting.of(node.arguments[1]))


def _abs(setting: Setting, node: Call) -> Mark | None:
    """|x| of a number; of an array it would be read as a norm or a determinant."""
    return Mark("bars", (setting.of(node.arguments[0]),)) if _shape(node.arguments[0]).kind == "scalar" else None


def _norm(setting: Setting, node: Call) -> Mark:
    inner = setting.of(node.arguments[0])
    kind = node.arguments[1] if len(node.arguments) > 1 else node.option("p") or node.option("ord")
    matrix = _shape(node.arguments[0]).kind == "matrix"
    if kind is None or (isinstance(kind, Text) and kind.value == "fro") or (isinstance(kind, Number) and kind.value == 2 and not matrix):
        return Mark("norm", (inner,), "F" if matrix else "")
    if isinstance(kind, Text):
        return Mark("norm", (inner,), {"nuc": "*", "spec": "2"}.get(kind.value, kind.value))
    return Mark("norm", (inner, setting.of(kind)), "p")


def _logdet(setting: Setting, node: Call) -> Mark:
    return Mark("call", (Mark("bars", (Mark("call", (setting.of(node.arguments[0]),), "det"),)),), "logdet")


def _dot(setting: Setting, node: Call) -> Mark | None:
    a, b = (setting.of(x) for x in node.arguments)
    if _shape(node.arguments[0]).kind != "column":
        return None
    return Mark("group", (times(Mark("transpose", (a,)), b),))


def _outer(setting: Setting, node: Call) -> Mark | None:
    if {_shape(x).kind for x in node.arguments} != {"column"}:
        return None
    a, b = (setting.of(x) for x in node.arguments)
    return times(a, Mark("transpose", (b,)))


def _kron(setting: Setting, node: Call) -> Mark | None:
    if all(_shape(x).kind == "column" for x in node.arguments):
        return None  # between two columns the sign could be an outer product
    return Mark("join", tuple(setting.of(x) for x in node.arguments), "otimes")


def _matpow(setting: Setting, node: Call) -> Mark:
    return Mark("power", (closed(setting.of(node.arguments[0])), setting.of(node.arguments[1])))


def _sqrtm(setting: Setting, node: Call) -> Mark:
    return Mark("power", (setting.of(node.arguments[0]), number(1, "1/2")))


def _expm(setting: Setting, node: Call) -> Mark | None:
    return None if setting.named("e") else Mark("exponential", (setting.of(node.arguments[0]),))


def _sqrt(setting: Setting, node: Call) -> Mark:
    x = node.arguments[0]
    if _square(x):
        return Mark("entry_power", (setting.of(x), number(1, "1/2")))
    return Mark("root", (setting.of(x),))


def _entry_function(setting: Setting, node: Call) -> Mark | None:
    """exp and log of each entry of a square matrix, which without a sign would be the matrix functions."""
    if not _square(node.arguments[0]):
        return None
    return Mark("entry_call", (setting.of(node.arguments[0]),), node.function)


def _square(node: Node) -> bool:
    shape = _shape(node)
    return shape.kind == "matrix" and shape.sizes[0] is shape.sizes[1]


def _axis(node: Call) -> int | None:
    option = node.option("axis") or (node.arguments[1] if len(node.arguments) > 1 else None)
    return int(option.value) % 2 if isinstance(option, Number) else None


def _sum(setting: Setting, node: Call) -> Mark | None:
    """sum(X, axis=1) = X 1, sum(X, axis=0) = 1^T X, sum(x) = 1^T x."""
    x, shape = setting.of(node.arguments[0]), _shape(node.arguments[0])
    axis = _axis(node)
    left = Mark("transpose", (Mark("ones"),))
    if shape.kind == "matrix":
        if axis is None:
            rows, columns = (size.number != 1 for size in shape.sizes)
            parts = [*[left] * rows, x, *[Mark("ones")] * columns]
            return times(*parts) if len(parts) > 1 else None
        ones = Mark("ones", (size_mark(shape.sizes[axis]),))
        return times(x, ones) if axis else times(Mark("transpose", (ones,)), x)
    if shape.kind == "column" and (axis is None or axis == 0):
        return times(left, x)
    return None


def _mean(setting: Setting, node: Call) -> Mark | None:
    """Along an axis of a matrix the sum over its size."""
    shape, axis = _shape(node.arguments[0]), _axis(node)
    total = _sum(setting, node) if shape.kind == "matrix" and axis is not None else None
    return None if total is None or axis is None else times(Mark("fraction", (number(1), size_mark(shape.sizes[axis]))), total)


def _logsumexp(setting: Setting, node: Call) -> Mark | None:
    """Along an axis of a matrix the logarithm of a product with ones."""
    shape, axis = _shape(node.arguments[0]), _axis(node)
    if shape.kind != "matrix" or axis is None:
        return Mark("call", (setting.of(node.arguments[0]),), "logsumexp")
    inner = Mark("entry_call" if _square(node.arguments[0]) else "call", (setting.of(node.arguments[0]),), "exp")
    ones = Mark("ones", (size_mark(shape.sizes[axis]),))
    return Mark("call", (times(inner, ones) if axis else times(Mark("transpose", (ones,)), inner),), "log")


def _softmax(setting: Setting, node: Call) -> Mark | None:
    """Of a matrix along its rows as it stands; along its columns by transposes."""
    shape, axis = _shape(node.arguments[0]), _axis(node)
    x = setting.of(node.arguments[0])
    if shape.kind != "matrix" or axis is None:
        return Mark("call", (x,), node.function)
    if axis == 1:
        return Mark("call", (x,), node.function)
    if node.function == "log_softmax":  # a difference, whose transpose is another expression
        return setting.call(node)
    turned = x.parts[0] if x.kind == "transpose" else Mark("transpose", (x,))
    return Mark("transpose", (Mark("call", (turned,), node.function),))


def _where(setting: Setting, node: Call) -> Mark:
    condition = setting.of(node.arguments[0])
    inner = condition.parts[0] if condition.kind == "indicator" else condition
    if condition.kind == "delta":
        inner = Mark("compare", condition.parts, "==")
    elif condition.kind != "indicator":
        inner = Mark("compare", (condition, number(0)), "!=")
    return Mark("cases", (inner, setting.of(node.arguments[1]), setting.of(node.arguments[2])))


def _unless(letter: str) -> Rule:
    """A function that a Greek letter spells, by its word where the letter is a variable."""

    def rule(setting: Setting, node: Call) -> Mark | None:
        return Mark("call", tuple(setting.of(a) for a in node.arguments), f"{node.function}'") if setting.named(letter) else None

    return rule


def _einsum(setting: Setting, node: Call) -> Mark | None:
    """The sum it stands for, entry by entry: [sum over k of A_{i,k} B_{k,j}]."""
    spec = node.arguments[0]
    if not isinstance(spec, Text):
        return None
    left, _, right = spec.value.replace(" ", "").partition("->")
    sizes: dict[str, Mark] = {}
    factors = []
    for letters, argument in zip(left.split(","), node.arguments[1:], strict=True):
        sizes.update({c: size_mark(s) for c, s in zip(letters, _shape(argument).sizes, strict=True)})
        base = setting.of(argument)
        factors.append(Mark("entry", (base, *[Mark("name", text=c) for c in letters])) if letters else base)
    summed = [c for c in sizes if c not in right]
    body = times(*factors)
    if summed:
        body = Mark("series", (body, *[bound for c in summed for bound in (number(1), sizes[c])]), " ".join(summed))
    return Mark("array", (body, *[sizes[c] for c in right]), " ".join(right)) if right else body


def _differential(setting: Setting, node: Call) -> Mark | None:
    """d(E), in a line of a derivation."""
    return Mark("differential", (setting.of(node.arguments[0]),)) if len(node.children) == 1 else None


def _tangent(setting: Setting, node: Call) -> Mark:
    """dX, by the name of the variable."""
    return Mark("tangent", (setting.of(node.arguments[0]),))


def _partial(setting: Setting, node: Call) -> Mark | None:
    """diff(E, v), in a line of a derivation."""
    return Mark("partial", tuple(setting.of(a) for a in node.arguments)) if len(node.children) == 2 else None


def _total(setting: Setting, node: Call) -> Mark:
    """The same of a function of one number, which has no other variable to hold."""
    return Mark("partial", tuple(setting.of(a) for a in node.arguments), "d")


def _limit(setting: Setting, node: Call) -> Mark | None:
    """lim(E, h), in a line of a derivation: the limit as h goes to 0."""
    return Mark("limit", tuple(setting.of(a) for a in node.arguments)) if len(node.children) == 2 else None


def _frechet(setting: Setting, node: Call) -> Mark:
    word = node.arguments[0]
    assert isinstance(word, Text)
    return Mark("call", tuple(setting.of(a) for a in node.arguments[1:]), f"frechet_{word.value}")


CALLS: dict[str, Rule] = {
    "ones": _sizes("ones"),
    "zeros": _sizes("zeros"),
    "eye": _sizes("eye"),
    "inv": _inverse,
    "pinv": _wrapped("pseudo_inverse"),
    "solve": _solve,
    "abs": _abs,
    "norm": _norm,
    "logdet": _logdet,
    "dot": _dot,
    "outer": _outer,
    "kron": _kron,
    "matpow": _matpow,
    "sqrtm": _sqrtm,
    "expm": _expm,
    "sqrt": _sqrt,
    "exp": _entry_function,
    "log": _entry_function,
    "sigmoid": _unless("σ"),
    "digamma": _unless("ψ"),
    "gammaln": _unless("Γ"),
    "sum": _sum,
    "mean": _mean,
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "log_softmax": _softmax,
    "where": _where,
    "einsum": _einsum,
    "frechet": _frechet,
    "d": _differential,
    TANGENT: _tangent,
    "diff": _partial,
    TOTAL: _total,
    "lim": _limit,
}
