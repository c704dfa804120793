"""Declared functions: `f: (n) -> (m)`, used as f(x), with derivatives D(f)(x), D(f, 2)(x), D(h, 1, 0)(x, y), grad(g)(x), hess(g)(x).

    D(h, k, l)(x, y)   the derivative k times by the first argument and l times by the second: axes of the value, then those of x, then of y
    D(f)               D(f, 1) of a function of one argument: the Jacobian; of a scalar function of a vector a row, D(g)(x) = grad(g)(x).T
    grad(g)            the same array of a scalar function in the shape of the argument; grad(h, 1, 0) by the first of several, grad(h, 1, 1)
                       also by the second, a scalar
    hess(g)            D(g, 2) of a scalar function of one vector: the matrix of second derivatives

In every tree an application is a call whose function's name is this text ("f", "D(f, 2)", "grad(g)"), so that no pass has to know of it. The
index form has one name for each, with all orders: "D[f, 0]", "D[h, 1, 0]". A function of scalars alone goes entry by entry: "D(phi, 1)".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from wrt.errors import ShapeError, TextError, TooLargeError, UnknownNameError
from wrt.language.sizes import Size
from wrt.language.surface import SCALAR, Call, Declaration, FunctionDeclaration, Name, Node, Number, Shape, column, matrix, row
from wrt.language.unparse import short
from wrt.tables.facts import FACTS, closure

if TYPE_CHECKING:
    from wrt.language.arguments import Typing

WORDS = ("D", "grad", "hess")
VALUE_FACTS = ("symmetric", "spd", "invertible", "det_positive", "positive", "nonzero")  # that may be declared of a function's value
HIGHEST = 12  # orders of derivatives that may be written
HINT = "a function of your own is declared with its shapes: {}: (n) -> (m)."
_APPLIED = re.compile(r"(D|grad|hess)\(([^(),\s]+)((?:, \d+)*)\)")


class Applied(NamedTuple):
    """The parts of a name such as "D(h, 1, 0)": the word ("" for a bare name), the function, the order by each argument (() when not said)."""

    word: str
    name: str
    orders: tuple[int, ...]


@lru_cache(maxsize=4096)
def applied(function: str) -> Applied | None:
    """What a call's name says of a derivative, None for any other name.

    >>> applied("D(h, 1, 0)")
    Applied(word='D', name='h', orders=(1, 0))
    """
    found = _APPLIED.fullmatch(function)
    if found is None:
        return None
    return Applied(found[1], found[2], tuple(int(k) for k in found[3].split(", ")[1:]))


def index_name(name: str, orders: Sequence[int], *, elementwise: bool = False) -> str:
    """The one name that an application has in the index form: "D[h, 1, 0]"; "D(phi, 2)" of a function of scalars, which goes entry by entry."""
    words = ", ".join([name, *map(str, orders)])
    return f"D({words})" if elementwise else f"D[{words}]"


def is_whole(function: str) -> bool:
    """Whether a name of the index form is of a declared function of whole arrays."""
    return function.startswith("D[")


@lru_cache(maxsize=4096)
def index_parts(function: str) -> tuple[str, tuple[int, ...]] | None:
    """(function, orders) of a name of the index form; None when it is of no declared function.

    >>> index_parts("D[h, 1, 0]")
    ('h', (1, 0))
    """
    if not function.startswith(("D[", "D(")):
        return None
    name, *orders = function[2:-1].split(", ")
    return name, tuple(map(int, orders))


def spelled(name: str, orders: Sequence[int], word: str = "D") -> str:
    """The name that is printed: "f", "D(f)", "D(f, 2)", "D(h, 1, 0)", "grad(g)"."""
    if not any(orders):
        return name
    if word == "hess" or (len(orders) == 1 and orders[0] == 1):
        return f"{word}({name})"
    return f"{word}({', '.join([name, *map(str, orders)])})"


def printed(function: str, declarations: Mapping[str, FunctionDeclaration]) -> str:
    """The name in print of a name of the index form, others as they are: a gradient where a scalar function is derived once, a Hessian."""
    found = index_parts(function)
    if found is None:
        return function
    name, orders = found
    d = declarations[name]
    if is_gradient(d, orders):
        return spelled(name, orders, "grad")
    if not d.shape.order and orders == (2,) and d.arguments[0].order == 1:
        return spelled(name, orders, "hess")
    return spelled(name, orders)


def is_gradient(d: FunctionDeclaration, orders: Sequence[int]) -> bool:
    """Whether a derivative of a scalar function has the axes of one argument: by that once, by scalars any number of times."""
    return not d.shape.order and [k for k, a in zip(orders, d.arguments, strict=True) if k and a.order] == [1]


def is_hessian(function: str, declarations: Mapping[str, FunctionDeclaration]) -> bool:
    """Whether a name of the index form is of the derivative of a scalar function twice by one vector (and by scalars): a symmetric matrix."""
    found = index_parts(function) if is_whole(function) else None
    if found is None:
        return False
    d = declarations[found[0]]
    return not d.shape.order and [(k, a.order) for k, a in zip(found[1], d.arguments, strict=True) if k and a.order] == [(2, 1)]


def value_name(function: str) -> str | None:
    """The declared function that a name of the index form is the value of, none of whose derivatives it is."""
    found = index_parts(function)
    return None if found is None or any(found[1]) else found[0]


def of_value(function: str, orders: Sequence[int], widths: Sequence[int]) -> bool:
    """Whether an application of arguments of those numbers of axes has the axes of the function's value alone."""
    return is_whole(function) and not any(k and width for k, width in zip(orders, widths, strict=True))


def is_symmetric_value(function: str, declarations: Mapping[str, FunctionDeclaration]) -> bool:
    """Whether a name of the index form is of a symmetric matrix, or of its derivative by scalars."""
    found = index_parts(function) if is_whole(function) else None
    if found is None:
        return False
    d = declarations[found[0]]
    return "symmetric" in closure(d.facts) and of_value(function, found[1], [a.order for a in d.arguments])


def commute(function: str, first: int, second: int, declarations: Mapping[str, FunctionDeclaration]) -> bool:
    """Whether two axes of a derivative are directions of one vector argument, so that they may be exchanged."""
    found = index_parts(function) if is_whole(function) else None
    if found is None:
        return False
    d = declarations[found[0]]
    axes = [-1] * d.shape.order
    for j, (k, a) in enumerate(zip(found[1], d.arguments, strict=True)):
        axes += [j if a.order == 1 else -1] * (k * a.order)
    return axes[first] == axes[second] >= 0


def derivative_name(node: Node) -> str | None:
    """The name of the function that D(f), D(f, 2), grad(g) stands for when it is applied; None for any other expression.

    Raises: TextError where the orders are no whole numbers.
    """
    if not (isinstance(node, Call) and node.function in WORDS):
        return None
    orders = node.arguments[1:]
    for k in orders:
        if not (isinstance(k, Number) and k.value.denominator == 1 and k.value >= 0):
            raise TextError(f"an order of a derivative is a whole number, not {short(k)}.", span=k.span, hint=_usage(node.function))
        if k.value > HIGHEST:
            raise TooLargeError(f"derivatives up to order {HIGHEST} may be written.", span=k.span)
    if node.options or not node.arguments or not isinstance(node.arguments[0], Name):
        raise TextError(f"{node.function} takes the name of a declared function.", span=node.span, hint=_usage(node.function))
    return f"{node.function}({', '.join([node.arguments[0].name, *[str(k.value) for k in orders if isinstance(k, Number)]])})"


def _usage(word: str) -> str:
    return {
        "D": "D(f)(x); D(f, 2)(x) is the second derivative, D(h, 1, 0)(x, y) the one by the first argument.",
        "grad": "grad(g)(x); grad(h, 1, 0)(x, y) is the gradient by the first argument.",
        "hess": "hess(g)(x).",
    }[word]


def called(function: str, declarations: Mapping[str, Declaration]) -> tuple[FunctionDeclaration, tuple[int, ...], str] | None:
    """(the declared function, the order by each argument, the word) of a call's name; None when it is no declared function's."""
    d = declarations.get(function)
    if isinstance(d, FunctionDeclaration):
        return d, (0,) * len(d.arguments), ""
    found = applied(function)
    d = declarations.get(found.name) if found is not None else None
    if found is None or not isinstance(d, FunctionDeclaration):
        return None
    if found.word == "hess":
        return d, (2,) * len(d.arguments), "hess"
    return d, found.orders or (1,) * len(d.arguments), found.word


def shape_of_application(typing: Typing, node: Call, shapes: list[Shape], declarations: Mapping[str, Declaration]) -> Shape | None:
    """The shape of f(x), D(f)(x), ...; None when the call is of no declared function. Raises: ShapeError, TextError, UnknownNameError."""
    told = applied(node.function)
    found = called(node.function, declarations)
    if found is None:
        if told is not None:
            raise UnknownNameError(f"'{told.name}' is not a declared function.", span=_name_span(node, told.name), hint=HINT.format(told.name))
        return None
    d, orders, word = found
    count = len(d.arguments)
    if len(node.arguments) != count or node.options:
        raise TextError(
            f"{d.name} takes {count} argument{'s' * (count != 1)}, found {len(node.arguments) + len(node.options)}.",
            span=node.span,
            hint=f"it is declared {d}.",
        )
    if word and ((told is not None and not told.orders and count != 1) or len(orders) != count):
        hint = f"{word}({', '.join([d.name, '1', *['0'] * (count - 1)])}) is the derivative by the first argument."
        raise TextError(f"{node.function} does not say how often by each of the {count} arguments.", span=node.span, hint=hint)
    if d.elementwise:
        return typing.stretch(node, shapes)
    for k, (wanted, shape) in enumerate(zip(d.arguments, shapes, strict=True)):
        _fitting(typing, node, d, k, wanted, shape)
    return result_shape(node, d, orders, word)


def _fitting(typing: Typing, node: Call, d: FunctionDeclaration, k: int, wanted: Shape, shape: Shape) -> None:
    """Refuse an argument of another shape than declared."""
    fits = wanted.kind == shape.kind and all(typing.equal(a, b) for a, b in zip(wanted.sizes, shape.sizes, strict=True))
    if fits:
        return
    argument = node.arguments[k]
    which = "" if len(d.arguments) == 1 else f" as argument {k + 1}"
    hint = f"it is declared {d}."
    if wanted.kind == "column" and shape.kind == "row":
        hint = f"write {short(argument)}.T."
    raise ShapeError(f"{d.name} takes {_says(wanted)}{which}; {short(argument)} is {shape}.", span=argument.span, hint=hint)


def _says(shape: Shape) -> str:
    return "a scalar" if shape.kind == "scalar" else f"an array {shape}" if shape.kind == "tensor" else f"{shape}"


def result_shape(node: Node, d: FunctionDeclaration, orders: Sequence[int], word: str) -> Shape:
    """The shape of an application: the value's axes, then those of each argument as often as it is derived by."""
    if word == "hess" and (d.shape.order or len(d.arguments) != 1 or d.arguments[0].order != 1):
        hint = f"D({d.name}, 2) is the array of second derivatives."
        raise ShapeError(f"hess needs a scalar function of one vector; it is declared {d}.", span=node.span, hint=hint)
    sizes: tuple[Size, ...] = d.shape.sizes
    for k, argument in zip(orders, d.arguments, strict=True):
        sizes += argument.sizes * k
    if not any(orders):
        return d.shape
    if word == "grad" and not is_gradient(d, orders):
        raise ShapeError(f"grad is the first derivative of a scalar function by one array; it is declared {d}.", span=node.span, hint=_usage("D"))
    if len(sizes) > HIGHEST:
        raise TooLargeError(f"an array of order {len(sizes)}; the limit is {HIGHEST}.", span=node.span)
    if len(sizes) == 1:
        return row(sizes[0]) if not d.shape.order and word == "D" else Shape(d.shape.kind, sizes) if d.shape.order else column(sizes[0])
    return SCALAR if not sizes else matrix(*sizes) if len(sizes) == 2 else Shape("tensor", sizes)


def primed(text: str, functions: Iterable[str]) -> bool:
    """Whether a declared function has a prime in a text, as on paper: g'(t), which is no transpose.

    >>> primed("g''(t) + g(t)", ["g"]), primed("x'*g(x)", ["g"])
    (True, False)
    """
    words = "|".join(map(re.escape, functions))
    return bool(words) and "'" in text and re.search(rf"(?<![\w.])(?:{words})'+\s*\(", text) is not None


# ---------------------------------------------------------------------------------------------------- declarations
def is_signature(text: str) -> bool:
    """Whether what stands behind a name declares a function."""
    return "->" in text or "→" in text


def pieces(text: str) -> list[tuple[str, int]]:
    """The declarations of a text with their places: parted at , ; and new lines, but for the commas of a signature h: (n), (m) -> ()."""
    out: list[tuple[str, int]] = []
    start = depth = 0
    for at, c in enumerate(f"{text};"):
        depth = max(0, depth + (c == "(") - (c == ")"))
        if (c == "," and depth == 0) or c in ";\n" or at == len(text):
            out.append((text[start:at], start))
            start, depth = at + 1, 0
    joined: list[tuple[str, int]] = []
    k = 0
    while k < len(out):
        piece, at = out[k]
        end = k
        if piece.partition(":")[2].strip().startswith("("):
            while not is_signature(text[at : out[end][1] + len(out[end][0])]) and end + 1 < len(out) and out[end + 1][0].strip().startswith("("):
                end += 1
            if not is_signature(text[at : out[end][1] + len(out[end][0])]):
                end = k
        joined.append((text[at : out[end][1] + len(out[end][0])], at))
        k = end + 1
    return [(piece, at) for piece, at in joined if piece.strip()]


def declared_function(name: str, text: str, size: Callable[[str], Size], known: Container[str]) -> FunctionDeclaration:
    """The declaration of a signature such as "(n), () -> (m)". Raises: TextError."""
    if name in known or name in WORDS:
        raise TextError(f"'{name}' is a function of the language and cannot be declared.", hint="give it another name.")
    left, _, right = text.replace("→", "->").partition("->")
    groups = re.findall(r"\((?:[^()]|\([^()]*\))*\)", left)
    if (
        not groups
        or re.sub(r"\((?:[^()]|\([^()]*\))*\)", "", left).replace(",", "").strip()
        or left.count(",") - sum(g.count(",") for g in groups) > len(groups) - 1
    ):
        raise TextError(
            f"'{left.strip()}' is no list of arguments: sizes in parentheses for each, () for a scalar.", hint=f"for example {name}: (n), () -> (m)."
        )
    value = re.fullmatch(r"\s*(\((?:[^()]|\([^()]*\))*\))\s*(.*)", right, re.DOTALL)
    if value is None:
        raise TextError(f"'{right.strip()}' is no value: its sizes in parentheses, () for a scalar.", hint=f"for example {name}: (n) -> (m).")

    def shape(group: str) -> Shape:
        words = re.findall(r"\([^()]*\)|[^\s,]+", group[1:-1])
        sizes = tuple(size(word) for k, word in enumerate(words) if word not in ("x", "×") or not 0 < k < len(words) - 1)  # m x n
        return SCALAR if not sizes else column(sizes[0]) if len(sizes) == 1 else matrix(*sizes) if len(sizes) == 2 else Shape("tensor", sizes)

    return with_value_facts(FunctionDeclaration(name, shape(value[1]), frozenset(), tuple(shape(g) for g in groups)), value[2].split())


def with_value_facts(d: FunctionDeclaration, facts: Iterable[str]) -> FunctionDeclaration:
    """The function with facts of its value (VALUE_FACTS). Raises: TextError, ShapeError."""
    for fact in facts:
        if fact not in VALUE_FACTS:
            raise TextError(f"'{fact}' is said of a function: of its value {', '.join(VALUE_FACTS)} are known.")
        if FACTS[fact].needs == "square" and (d.shape.kind != "matrix" or d.shape.sizes[0] is not d.shape.sizes[1]):
            raise ShapeError(f"{d.name} cannot be {fact}: that needs a square matrix, and its value is {d.shape}.")
    return replace(d, facts=d.facts | frozenset(facts))


def _name_span(node: Call, name: str) -> tuple[int, int]:
    start = node.span[0] + node.function.find(name)
    return (start, start + len(name))


def value_kind(function: str, declarations: Mapping[str, Declaration]) -> str | None:
    """The kind of an application's value, "" where it follows the arguments (entry by entry); None when the call is of no declared function."""
    found = called(function, declarations)
    if found is None:
        return None
    d, orders, word = found
    return (
        ""
        if d.elementwise
        else result_shape(Call(function, ()), d, orders if len(orders) == len(d.arguments) else (0,) * len(d.arguments), word).kind
    )
