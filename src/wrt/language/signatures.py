"""The shape of every function's value from the shapes of its arguments: one small rule a function, or the signature in its row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from wrt.errors import ShapeError, TextError, UnknownNameError
from wrt.language.functions_declared import HINT
from wrt.language.sizes import Size
from wrt.language.surface import SCALAR, Binary, Call, Node, Number, Shape, Text, Unary, column, matrix, row
from wrt.language.unparse import short
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS, REDUCTIONS

ONE = Size.of(1)


class Typing(Protocol):
    """What a rule may ask of the inference that calls it."""

    def equal(self, a: Size, b: Size) -> bool: ...
    def stretch(self, node: Node, shapes: list[Shape]) -> Shape: ...
    def size_of(self, node: Node) -> Size: ...
    def whole(self, node: Node) -> bool: ...
    def require(self, condition: str) -> None: ...


Rule = Callable[[Typing, Call, list[Shape]], Shape]


def known_functions() -> set[str]:
    """The names of all functions of the language."""
    return {*RULES, *FUNCTIONS, *OPERATORS, *REDUCTIONS}


def is_known(name: str) -> bool:
    """Whether a name is a function of the language."""
    return name in RULES or name in FUNCTIONS or name in OPERATORS or name in REDUCTIONS


def shape_of_call(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    """The shape of function(arguments). Raises: ShapeError, TextError, UnknownNameError."""
    name = node.function
    rule = RULES.get(name)
    if rule is not None:
        return rule(typing, node, shapes)
    if name in FUNCTIONS:
        counted(node, len(FUNCTIONS[name].arguments))
        return typing.stretch(node, shapes)
    if name in REDUCTIONS:
        return _reduction(typing, node, shapes)
    if name in OPERATORS:
        return _row(typing, node, shapes)
    raise unknown_function(name, node)


def unknown_function(name: str, node: Node) -> UnknownNameError:
    from wrt.language.hints import for_entry, for_function

    arguments = node.arguments if isinstance(node, Call) else ()
    hint = for_function(name, arguments, known_functions()) or for_entry(name, arguments) or (HINT.format(name) if name.isidentifier() else "")
    return UnknownNameError(f"'{name}' is not a function of the language.", span=(node.span[0], node.span[0] + len(name)), hint=hint)


def applied_variable(name: str, node: Call) -> UnknownNameError:
    """x(1) of a variable: brackets of another kind, or a product without its sign."""
    from wrt.language.hints import for_entry

    hint = for_entry(name, node.arguments) or f"a product is written {name}*(...) or {name} @ (...)."
    return UnknownNameError(f"'{name}' is a variable, not a function.", span=(node.span[0], node.span[0] + len(name)), hint=hint)


def counted(node: Call, least: int, most: int | None = None, options: tuple[str, ...] = ()) -> None:
    """Refuse a wrong number of arguments or an unknown keyword."""
    most = least if most is None else most
    count = len(node.arguments)
    if not least <= count <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        hint = ""
        if node.function == "log" and count == 2:
            hint = f"the logarithm to a base is log({short(node.arguments[0], 20)})/log({short(node.arguments[1], 20)})."
        elif node.function in ("maximum", "minimum") and count > 2:
            hint = f"write {_nested(node.function, node.arguments)}."
        raise TextError(f"{node.function} takes {wanted} argument{'s' * (wanted != '1')}, found {count}.", span=node.span, hint=hint)
    for key, value in node.options:
        if key not in options:
            raise TextError(
                f"{node.function} has no argument named '{key}'.", span=value.span, hint=f"it knows {', '.join(options)}." if options else ""
            )


def places(shape: Shape) -> tuple[Size, Size]:
    """(rows, columns) of a value of order at most 2."""
    match shape.kind:
        case "scalar":
            return ONE, ONE
        case "column":
            return shape.sizes[0], ONE
        case "row":
            return ONE, shape.sizes[0]
        case _:
            return shape.sizes[0], shape.sizes[1]


def of_places(rows: Size, columns: Size) -> Shape:
    """The shape with these rows and columns; sizes 1 make a row, a column or a scalar."""
    if rows is ONE and columns is ONE:
        return SCALAR
    if columns is ONE:
        return column(rows)
    if rows is ONE:
        return row(columns)
    return matrix(rows, columns)


def wrong(node: Node, message: str, hint: str = "") -> ShapeError:
    return ShapeError(message, span=node.span, hint=hint)


def _says(node: Node, shape: Shape) -> str:
    return f"{short(node)} is {shape}"


def no_tensor(node: Call, shapes: list[Shape]) -> None:
    for argument, shape in zip(node.arguments, shapes, strict=True):
        if shape.kind == "tensor":
            raise wrong(
                argument,
                f"{node.function} takes scalars, vectors and matrices; {_says(argument, shape)}.",
                "index the tensor inside sum(... for i in range(n)).",
            )


# ------------------------------------------------------------------------------------------------ reductions, norms
def axis_of(node: Call, shape: Shape, extra: int = 1) -> int | None:
    """The axis said (0 or 1, negative from the end), None when none is."""
    option = node.option("axis")
    if option is None and len(node.arguments) > extra:
        option = node.arguments[extra]
    if option is None:
        return None
    inner = option.argument if isinstance(option, Unary) and option.op == "-" else option
    if not isinstance(inner, Number) or inner.value.denominator != 1:
        raise TextError("axis must be a whole number.", span=option.span)
    value = int(inner.value) if inner is option else -int(inner.value)
    if not shape.order:
        raise ShapeError(f"a scalar has no axis {value}.", span=option.span)
    order = max(shape.order, 2)
    if not -order <= value < order:
        raise ShapeError(f"axis {value} is out of range for {shape}.", span=option.span)
    return value % order


def _nested(function: str, arguments: Sequence[Node]) -> str:
    """maximum(a, maximum(b, c))."""
    words = [short(a, 20) for a in arguments]
    out = words.pop()
    for word in reversed(words):
        out = f"{function}({word}, {out})"
    return out


def _reduction(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    if len(node.arguments) > 1 and node.function in ("max", "min"):
        says = f"{node.function} takes one array and returns its {'largest' if node.function == 'max' else 'smallest'} entry."
        along = f"; along an axis, {node.function}({short(node.arguments[0], 20)}, axis=0)" * (shapes[0].order > 0)
        raise TextError(says, span=node.span, hint=f"entry by entry it is {_nested(f'{node.function}imum', node.arguments)}{along}.")
    if len(node.arguments) > 2 and node.function in ("sum", "prod"):
        hint = "over an index it is sum(x[i] for i in range(n)); several arrays are added with +."
        raise TextError(f"{node.function} takes one array, found {len(node.arguments)} arguments.", span=node.span, hint=hint)
    counted(node, 1, 2, ("axis",))
    shape, table = shapes[0], REDUCTIONS[node.function]
    axis = axis_of(node, shape)
    if axis is None and table.axis_for_matrix and shape.order >= 2:
        raise wrong(
            node,
            f"{node.function} of a matrix needs an axis: {_says(node.arguments[0], shape)}.",
            f"{node.function}(X, axis=0) goes down the columns, {node.function}(X, axis=1) along the rows.",
        )
    if table.result == "keep":
        return shape
    if axis is None:
        return SCALAR
    if shape.kind == "tensor":
        kept = tuple(s for k, s in enumerate(shape.sizes) if k != axis)
        return matrix(*kept) if len(kept) == 2 else Shape("tensor", kept)
    rows, columns = places(shape)
    return of_places(ONE if axis == 0 else rows, ONE if axis == 1 else columns)


def _norm(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 1, 2, ("p", "ord"))
    kind = node.arguments[1] if len(node.arguments) > 1 else node.option("p") or node.option("ord")
    shape = shapes[0]
    if isinstance(kind, Text) and kind.value not in ("fro", "nuc", "spec"):
        raise TextError(f'"{kind.value}" is no norm.', span=kind.span, hint='matrix norms are norm(X), norm(X, "nuc") and norm(X, "spec").')
    if kind is not None and not isinstance(kind, Text) and shape.order >= 2:
        raise wrong(
            node,
            f"which norm of a matrix? {_says(node.arguments[0], shape)}.",
            'norm(X) is the Frobenius norm, norm(X, "nuc") the nuclear, norm(X, "spec") the spectral norm.',
        )
    if isinstance(kind, Text) and kind.value != "fro" and shape.order != 2:
        raise wrong(node, f'norm(.., "{kind.value}") is of a matrix; {_says(node.arguments[0], shape)}.')
    if kind is not None and not isinstance(kind, Text) and kind.shape is not None and kind.shape.order:
        raise wrong(kind, f"the order of a norm is a scalar; {_says(kind, kind.shape)}.")
    if isinstance(kind, Unary) or (isinstance(kind, Number) and kind.value <= 0):
        raise wrong(kind, "the order of a norm must be positive.")
    if isinstance(kind, Text) and kind.value != "fro":
        smaller(typing, *shape.sizes)  # its derivatives are said by singular vectors
    return SCALAR


# ------------------------------------------------------------------------------------------------ matrix functions
def square(typing: Typing, node: Call, argument: Node, shape: Shape) -> Size:
    """The size of a square matrix argument."""
    if shape.kind != "matrix":
        raise wrong(
            argument,
            f"{node.function} takes a square matrix; {_says(argument, shape)}.",
            "divide by a scalar with /." if node.function == "inv" and shape.kind == "scalar" else "",
        )
    if not typing.equal(*shape.sizes):
        raise wrong(argument, f"{node.function} takes a square matrix; {_says(argument, shape)}.")
    return shape.sizes[0]


OF_A_COLUMN = {
    "svdvals": "the singular value of a column is norm({0}).",
    "pinv": "the pseudoinverse of a column x is x.T/(x.T @ x).",
    "polar": "{0}/norm({0}).",
}


def _row(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    """The signature of a row: "X[n,n], k[] -> [n,n]", sizes by name; r in a result is min(m, n)."""
    left, right = OPERATORS[node.function].signature.split("->")
    wanted = [word.lstrip(" ,").split("[") for word in left.split("]")[:-1]]
    counted(node, len(wanted))
    sizes: dict[str, Size] = {}
    for argument, shape, (_, text) in zip(node.arguments, shapes, wanted, strict=True):
        names = [s.strip() for s in text.split(",") if s.strip()]
        have = shape.sizes
        if len(names) == 2 and len(set(names)) == 1:
            square(typing, node, argument, shape)
        elif len(have) != len(names):
            kinds = {0: "a scalar", 1: "a vector", 2: "a matrix"}
            hint = OF_A_COLUMN.get(node.function, "").format(short(argument, 20)) if shape.kind == "column" else ""
            raise wrong(argument, f"{node.function} takes {kinds[len(names)]} here; {_says(argument, shape)}.", hint)
        for name, size in zip(names, have, strict=True):
            if not typing.equal(sizes.setdefault(name, size), size):
                raise wrong(
                    node,
                    f"{node.function}: the sizes of its arguments do not fit; "
                    + " and ".join(_says(a, s) for a, s in zip(node.arguments, shapes, strict=True))
                    + ".",
                )
    names = [word.strip() for word in right.strip()[1:-1].split(",") if word.strip()]
    if "r" in names and "r" not in sizes:  # r is min(m, n), the number of singular values
        sizes["r"] = smaller(typing, sizes["m"], sizes["n"])
    elif node.function == "polar":  # its columns are orthonormal
        smaller(typing, sizes["m"], sizes["n"])
    return tensor_shape(tuple(sizes[name] for name in names))


def smaller(typing: Typing, m: Size, n: Size) -> Size:
    """min(m, n) for numbers or equal sizes; otherwise n, with the condition m >= n."""
    if m is n:
        return n
    if m.number is not None and n.number is not None:
        return m if m.number < n.number else n
    typing.require(f"{m} >= {n}")
    return n


def _solve(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 2)
    a, b = shapes
    n = square(typing, node, node.arguments[0], a)
    if b.kind not in ("column", "matrix"):
        raise wrong(node.arguments[1], f"the right side of solve is a column or a matrix; {_says(node.arguments[1], b)}.")
    if not typing.equal(n, b.sizes[0]):
        raise wrong(node, f"solve: sizes do not fit ({_says(node.arguments[0], a)}, {_says(node.arguments[1], b)}).")
    return b


def _tr(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 1)
    if shapes[0].kind != "scalar":
        square(typing, node, node.arguments[0], shapes[0])
    return SCALAR


def _diag(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 1)
    shape = shapes[0]
    if shape.kind in ("column", "row"):
        return matrix(shape.sizes[0], shape.sizes[0])
    return column(square(typing, node, node.arguments[0], shape))


def _vec(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 1)
    no_tensor(node, shapes)
    rows, columns = places(shapes[0])
    return column(rows * columns)


def _kron(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 2)
    no_tensor(node, shapes)
    (a, b), (c, d) = places(shapes[0]), places(shapes[1])
    if "matrix" in (shapes[0].kind, shapes[1].kind):
        return matrix(a * c, b * d)
    return of_places(a * c, b * d)


def _vectors(typing: Typing, node: Call, shapes: list[Shape]) -> None:
    counted(node, 2)
    for argument, shape in zip(node.arguments, shapes, strict=True):
        if shape.kind not in ("column", "row"):
            raise wrong(argument, f"{node.function} takes two vectors; {_says(argument, shape)}.")


def _dot(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 2)
    a, b = shapes
    if a.order != b.order or not all(typing.equal(s, t) for s, t in zip(a.sizes, b.sizes, strict=True)) or a.kind == "scalar":
        hint = f"the product is {short(Binary('@', *node.arguments), 40)}." if "matrix" in (a.kind, b.kind) else ""
        raise wrong(
            node, f"dot takes two vectors, or two matrices, of one shape; {_says(node.arguments[0], a)}, {_says(node.arguments[1], b)}.", hint
        )
    return SCALAR


def _outer(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    _vectors(typing, node, shapes)
    return matrix(shapes[0].sizes[0], shapes[1].sizes[0])


def _eye(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 1, 2)
    sizes = [typing.size_of(a) for a in node.arguments]
    return matrix(sizes[0], sizes[-1])


def _filled(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 1, 8)
    sizes = tuple(typing.size_of(a) for a in node.arguments)
    return column(*sizes) if len(sizes) == 1 else matrix(*sizes) if len(sizes) == 2 else Shape("tensor", sizes)


def _triangle(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 1)
    if shapes[0].kind != "matrix":
        raise wrong(node, f"{node.function} takes a matrix; {_says(node.arguments[0], shapes[0])}.")
    return shapes[0]


def _commutation(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 2)
    m, n = (typing.size_of(a) for a in node.arguments)
    return matrix(m * n, m * n)


def _matpow(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 2)
    n = square(typing, node, node.arguments[0], shapes[0])
    if not typing.whole(node.arguments[1]):
        raise wrong(node.arguments[1], "the exponent of matpow must be a whole number.", "declare it integer.")
    return matrix(n, n)


def _frechet(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 3)
    name = node.arguments[0]
    if not isinstance(name, Text) or name.value not in ("expm", "logm", "sqrtm"):
        raise TextError('frechet takes the name of a matrix function first: frechet("expm", A, E).', span=name.span, hint="expm, logm or sqrtm.")
    a, e = shapes[1:]
    n = square(typing, node, node.arguments[1], a)
    if e.kind != "matrix" or not all(typing.equal(n, s) for s in e.sizes):
        raise wrong(node.arguments[2], f"the direction has the matrix's shape; {_says(node.arguments[2], e)}.")
    return a


def _polygamma(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 2)
    return shapes[1]


def _conv1d(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    _vectors(typing, node, shapes)
    return column(shapes[0].sizes[0] - shapes[1].sizes[0] + 1)


def _conv2d(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 2)
    x, k = shapes
    if x.kind != "matrix" or k.kind != "matrix":
        raise wrong(node, f"conv2d takes two matrices; {_says(node.arguments[0], x)}, {_says(node.arguments[1], k)}.")
    return matrix(*(s - t + 1 for s, t in zip(x.sizes, k.sizes, strict=True)))


def _einsum(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    spec = node.arguments[0] if node.arguments else None
    if not isinstance(spec, Text):
        raise TextError('einsum takes its index pattern first: einsum("ij,jk->ik", A, B).', span=node.span)
    left, arrow, right = spec.value.replace(" ", "").partition("->")
    words = left.split(",")
    if not arrow or not all(c.isalpha() for c in left.replace(",", "") + right):
        raise TextError("an einsum pattern has letters, commas and one arrow: ij,jk->ik.", span=spec.span)
    if len(words) != len(shapes) - 1:
        raise TextError(f"the pattern names {len(words)} arrays, found {len(shapes) - 1}.", span=node.span)
    sizes: dict[str, Size] = {}
    for word, argument, shape in zip(words, node.arguments[1:], shapes[1:], strict=True):
        if len(word) != shape.order:
            raise wrong(argument, f"'{word}' names {len(word)} indices; {_says(argument, shape)}.")
        for letter, size in zip(word, shape.sizes, strict=True):
            if not typing.equal(sizes.setdefault(letter, size), size):
                raise wrong(argument, f"index {letter} runs over {sizes[letter]} and over {size}.")
    for k, letter in enumerate(right):
        if letter not in sizes or letter in right[:k]:
            raise TextError(f"index {letter} of the result is {'repeated' if letter in sizes else 'in no array'}.", span=spec.span)
    return tensor_shape(tuple(sizes[c] for c in right))


def tensor_shape(sizes: tuple[Size, ...]) -> Shape:
    """The shape of an array made by index: scalar, column, matrix or tensor by its order."""
    match len(sizes):
        case 0:
            return SCALAR
        case 1:
            return column(sizes[0])
        case 2:
            return matrix(sizes[0], sizes[1])
    return Shape("tensor", sizes)


RULES: dict[str, Rule] = {
    "norm": _norm,
    "tr": _tr,
    "trace": _tr,
    "solve": _solve,
    "diag": _diag,
    "vec": _vec,
    "kron": _kron,
    "dot": _dot,
    "outer": _outer,
    "eye": _eye,
    "ones": _filled,
    "zeros": _filled,
    "tril": _triangle,
    "triu": _triangle,
    "commutation": _commutation,
    "matpow": _matpow,
    "frechet": _frechet,
    "polygamma": _polygamma,
    "conv1d": _conv1d,
    "conv2d": _conv2d,
    "einsum": _einsum,
}
