"""A typed surface tree as text in the language of matrixcalculus.org, where it can say it; `matlab.parse` reads it back."""

from __future__ import annotations

from wrt.errors import NoClosedFormError
from wrt.language.matlab_functions import SAME, VECTOR
from wrt.language.signatures import known_functions
from wrt.language.surface import Binary, Call, Name, Node, Number, Shape, Steps, Text, Unary
from wrt.language.unparse import Piece, number_text, short, written

SUM, PRODUCT, NEGATE, POWER, POSTFIX = 2, 3, 4, 5, 6


def matlab_text(node: Node) -> str:
    """The text of a typed tree in the matlab dialect. Raises: NoClosedFormError for what the dialect cannot say (entries, generator sums, comparisons).

    >>> from wrt.language.matlab import parse
    >>> from wrt.language.surface import column, matrix
    >>> from wrt.language.sizes import Size
    >>> m, n = Size.of("m"), Size.of("n")
    >>> matlab_text(parse("A'*(A*x-y)/2", {"A": matrix(m, n), "x": column(n), "y": column(m)}))
    "A'*(A*x - y)/2"
    """
    return written(node, _pieces, _rank)


def _cannot(node: Node) -> NoClosedFormError:
    return NoClosedFormError(f"{short(node)} has no spelling in the matlab dialect.", span=node.span, hint="print it as text or LaTeX.")


def _shape(node: Node) -> Shape:
    assert node.shape is not None, "an untyped node; please report this as a bug"
    return node.shape


def _rank(node: Node) -> int:
    match node:
        case Binary(op="+" | "-"):
            return SUM
        case Binary(op="**"):
            return POWER
        case Binary():
            return PRODUCT
        case Unary(op="-"):
            return PRODUCT if isinstance(node.argument, Binary) and node.argument.op in "*/@" else NEGATE
        case Number():
            return NEGATE if node.value < 0 else PRODUCT if node.value.denominator != 1 and not node.text else POSTFIX
        case Call(function="matpow"):
            return POWER
        case Call(function="outer" | "solve"):
            return PRODUCT
        case Steps():
            return 0
    return POSTFIX


def _pieces(node: Node) -> list[Piece]:
    match node:
        case Number():
            return [node.text or number_text(node.value)]
        case Name():
            return [node.name]
        case Unary(op="T"):
            return [(node.argument, POSTFIX), "'"]
        case Unary():
            return ["-", (node.argument, PRODUCT)]
        case Binary():
            return _binary(node)
        case Call():
            return _call(node)
        case Steps():
            out: list[Piece] = []
            for name, value in node.steps:
                out += [f"{name} = ", (value, 0), "; "]
            return [*out, (node.result, 0)]
    raise _cannot(node)


def _binary(node: Binary) -> list[Piece]:
    left, right = node.left, node.right
    a, b = _shape(left), _shape(right)
    scalar = "scalar" in (a.kind, b.kind)
    if node.op not in ("@", "+", "-", "*", "/", "**") or (node.op != "@" and not scalar and (a.kind != b.kind or a.sizes != b.sizes)):
        raise _cannot(node)
    match node.op:
        case "+" | "-":
            return [(left, SUM), f" {node.op} ", (right, PRODUCT)]
        case "**":
            sign = "^" if a.kind == b.kind == "scalar" else ".^"
            inner = right.argument if isinstance(right, Unary) and right.op == "-" else right
            plain = isinstance(inner, Number | Name) and _rank(inner) == POSTFIX
            return [(left, POSTFIX), sign, (right, 0) if plain else (right, POSTFIX)]
        case "/":
            sign = "/" if b.kind == "scalar" else "./"
        case "@":
            sign = "*"
        case _:
            sign = "*" if scalar else ".*"
    return [(left, PRODUCT), sign, (right, POSTFIX if isinstance(right, Unary) and right.op == "-" else PRODUCT + 1)]


def _call(node: Call) -> list[Piece]:
    name, arguments = node.function, node.arguments
    first = arguments[0] if arguments else node
    match name:
        case "norm":
            return _norm(node)
        case "matpow":
            return [(first, POSTFIX), "^", (arguments[1], POSTFIX)]
        case "outer":
            return [(first, PRODUCT), "*", (arguments[1], POSTFIX), "'"]
        case "eye" if len(arguments) == 1:
            return ["eye(", (first, 0), ")"]
        case "ones" | "zeros" if len(arguments) == 2 and any(isinstance(a, Number) and a.value == 1 for a in arguments):
            raise _cannot(node)  # a matrix of one column: the dialect has columns only
        case "ones" | "zeros" if len(arguments) <= 2:
            return [f"{name}(", (first, 0), ", ", (arguments[1], 0) if len(arguments) == 2 else "1", ")"]
        case "var" if not node.options and _shape(first).kind != "matrix":
            return ["var(", (first, 0), ", 1)"]
        case "trace":
            return ["tr(", (first, 0), ")"]
        case "sum" if not node.options and len(arguments) == 1:
            return ["sum(", (first, 0), ")"]
        case "sum" if len(arguments) == 1 and isinstance(axis := node.option("axis"), Number) and axis.value in (0, 1):
            return ["sum(", (first, 0), f", {int(axis.value) + 1})"]
    own = name.isidentifier() and name not in known_functions()  # a function that the user declares
    if node.options or not (own or name in SAME or (name in VECTOR and _shape(first).kind != "matrix")) or name in ("where", "solve"):
        if name == "solve":
            return ["inv(", (first, 0), ")*", (arguments[1], POSTFIX)]
        raise _cannot(node)
    out: list[Piece] = [f"{name}("]
    for k, argument in enumerate(arguments):
        out += [", "] * (k > 0)
        out.append((argument, 0))
    return [*out, ")"]


def _norm(node: Call) -> list[Piece]:
    value = node.arguments[0]
    kind = node.arguments[1] if len(node.arguments) > 1 else None
    if node.options:
        raise _cannot(node)
    if kind is None or (isinstance(kind, Text) and kind.value == "fro"):
        return ["norm2(", (value, 0), ")"]
    if isinstance(kind, Text):
        return ["norm(", (value, 0), f", '{kind.value}')"]
    if isinstance(kind, Name) and kind.name == "inf":
        return ["norm(", (value, 0), ", 'inf')"]
    if isinstance(kind, Number) and kind.value == 1:
        return ["norm1(", (value, 0), ")"]
    if isinstance(kind, Number) and kind.value == 2:
        return ["norm2(", (value, 0), ")"]
    return ["norm(", (value, 0), ", ", (kind, 0), ")"]
