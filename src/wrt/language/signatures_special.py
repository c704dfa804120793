"""The functions whose shape no signature says, one rule each: norm, diag, kron, eye, einsum, ..."""

from __future__ import annotations

from wrt.errors import TextError
from wrt.language.arguments import Rule, Typing, counted, no_tensor, says, smaller, square, wrong
from wrt.language.places import of_places, places, tensor_shape
from wrt.language.sizes import Size
from wrt.language.surface import SCALAR, Binary, Call, Number, Shape, Text, Unary, column, matrix
from wrt.language.unparse import short


def _norm(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 1, 2, ("p", "ord"))
    kind = node.arguments[1] if len(node.arguments) > 1 else node.option("p") or node.option("ord")
    shape = shapes[0]
    if isinstance(kind, Text) and kind.value not in ("fro", "nuc", "spec"):
        raise TextError(f'"{kind.value}" is no norm.', span=kind.span, hint='matrix norms are norm(X), norm(X, "nuc") and norm(X, "spec").')
    if kind is not None and not isinstance(kind, Text) and shape.order >= 2:
        raise wrong(
            node,
            f"which norm of a matrix? {says(node.arguments[0], shape)}.",
            'norm(X) is the Frobenius norm, norm(X, "nuc") the nuclear, norm(X, "spec") the spectral norm.',
        )
    if isinstance(kind, Text) and kind.value != "fro" and shape.order != 2:
        raise wrong(node, f'norm(.., "{kind.value}") is of a matrix; {says(node.arguments[0], shape)}.')
    if kind is not None and not isinstance(kind, Text) and kind.shape is not None and kind.shape.order:
        raise wrong(kind, f"the order of a norm is a scalar; {says(kind, kind.shape)}.")
    if isinstance(kind, Unary) or (isinstance(kind, Number) and kind.value <= 0):
        raise wrong(kind, "the order of a norm must be positive.")
    if isinstance(kind, Text) and kind.value != "fro":
        smaller(typing, *shape.sizes)  # its derivatives are said by singular vectors
    return SCALAR


def _solve(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 2)
    a, b = shapes
    n = square(typing, node, node.arguments[0], a)
    if b.kind not in ("column", "matrix"):
        raise wrong(node.arguments[1], f"the right side of solve is a column or a matrix; {says(node.arguments[1], b)}.")
    if not typing.equal(n, b.sizes[0]):
        raise wrong(node, f"solve: sizes do not fit ({says(node.arguments[0], a)}, {says(node.arguments[1], b)}).")
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
            raise wrong(argument, f"{node.function} takes two vectors; {says(argument, shape)}.")


def _dot(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    counted(node, 2)
    a, b = shapes
    if a.order != b.order or not all(typing.equal(s, t) for s, t in zip(a.sizes, b.sizes, strict=True)) or a.kind == "scalar":
        hint = f"the product is {short(Binary('@', *node.arguments), 40)}." if "matrix" in (a.kind, b.kind) else ""
        raise wrong(node, f"dot takes two vectors, or two matrices, of one shape; {says(node.arguments[0], a)}, {says(node.arguments[1], b)}.", hint)
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
        raise wrong(node, f"{node.function} takes a matrix; {says(node.arguments[0], shapes[0])}.")
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
        raise wrong(node.arguments[2], f"the direction has the matrix's shape; {says(node.arguments[2], e)}.")
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
        raise wrong(node, f"conv2d takes two matrices; {says(node.arguments[0], x)}, {says(node.arguments[1], k)}.")
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
            raise wrong(argument, f"'{word}' names {len(word)} indices; {says(argument, shape)}.")
        for letter, size in zip(word, shape.sizes, strict=True):
            if not typing.equal(sizes.setdefault(letter, size), size):
                raise wrong(argument, f"index {letter} runs over {sizes[letter]} and over {size}.")
    for k, letter in enumerate(right):
        if letter not in sizes or letter in right[:k]:
            raise TextError(f"index {letter} of the result is {'repeated' if letter in sizes else 'in no array'}.", span=spec.span)
    return tensor_shape(tuple(sizes[c] for c in right))


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
