"""The shape of every function's value from the shapes of its arguments: a rule of its own, or the signature in its row."""

from __future__ import annotations

from wrt.errors import TextError, UnknownNameError
from wrt.language.arguments import Typing, axis_of, counted, nested, says, smaller, square, wrong
from wrt.language.functions_declared import HINT
from wrt.language.places import ONE, of_places, places, tensor_shape
from wrt.language.signatures_special import RULES
from wrt.language.sizes import Size
from wrt.language.surface import SCALAR, Call, Node, Shape, matrix
from wrt.language.unparse import short
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS, REDUCTIONS

OF_A_COLUMN = {
    "svdvals": "the singular value of a column is norm({0}).",
    "pinv": "the pseudoinverse of a column x is x.T/(x.T @ x).",
    "polar": "{0}/norm({0}).",
}


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


def _reduction(typing: Typing, node: Call, shapes: list[Shape]) -> Shape:
    if len(node.arguments) > 1 and node.function in ("max", "min"):
        takes = f"{node.function} takes one array and returns its {'largest' if node.function == 'max' else 'smallest'} entry."
        along = f"; along an axis, {node.function}({short(node.arguments[0], 20)}, axis=0)" * (shapes[0].order > 0)
        raise TextError(takes, span=node.span, hint=f"entry by entry it is {nested(f'{node.function}imum', node.arguments)}{along}.")
    if len(node.arguments) > 2 and node.function in ("sum", "prod"):
        hint = "over an index it is sum(x[i] for i in range(n)); several arrays are added with +."
        raise TextError(f"{node.function} takes one array, found {len(node.arguments)} arguments.", span=node.span, hint=hint)
    counted(node, 1, 2, ("axis",))
    shape, table = shapes[0], REDUCTIONS[node.function]
    axis = axis_of(node, shape)
    if axis is None and table.axis_for_matrix and shape.order >= 2:
        raise wrong(
            node,
            f"{node.function} of a matrix needs an axis: {says(node.arguments[0], shape)}.",
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
            raise wrong(argument, f"{node.function} takes {kinds[len(names)]} here; {says(argument, shape)}.", hint)
        for name, size in zip(names, have, strict=True):
            if not typing.equal(sizes.setdefault(name, size), size):
                raise wrong(
                    node,
                    f"{node.function}: the sizes of its arguments do not fit; "
                    + " and ".join(says(a, s) for a, s in zip(node.arguments, shapes, strict=True))
                    + ".",
                )
    names = [word.strip() for word in right.strip()[1:-1].split(",") if word.strip()]
    if "r" in names and "r" not in sizes:  # r is min(m, n), the number of singular values
        sizes["r"] = smaller(typing, sizes["m"], sizes["n"])
    elif node.function == "polar":  # its columns are orthonormal
        smaller(typing, sizes["m"], sizes["n"])
    return tensor_shape(tuple(sizes[name] for name in names))
