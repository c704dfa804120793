"""Names and functions of the language of matrixcalculus.org: what each call means, and what of Matlab it is not."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from wrt.errors import ShapeError, Span, UnknownNameError
from wrt.language.assume import letter_kind
from wrt.language.builder import constant
from wrt.language.matlab_words import ENTRIES
from wrt.language.matlab_words import FUNCTIONS as OTHERS
from wrt.language.python import Token
from wrt.language.sizes import Size
from wrt.language.surface import Name, Node, Text
from wrt.tables.functions import CONSTANTS, FUNCTIONS

if TYPE_CHECKING:
    from wrt.language.matlab import Reader

SPELLINGS = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "trace": "tr",
    "psi": "digamma", "lgamma": "gammaln", "logistic": "sigmoid",
}  # fmt: skip
SAME = {"tr", "det", "logdet", "inv", "pinv", "adj", "diag", "vec", "kron", "dot", "expm", "logm", "sqrtm", "tril", "triu", "solve", *FUNCTIONS}
VECTOR = {"max", "min", "mean", "prod", "logsumexp", "softmax", "log_softmax", "cumsum", "var"}
KNOWN = sorted({*SAME, *VECTOR, *SPELLINGS, "sum", "norm", "norm1", "norm2", "vector", "matrix", "eye", "ones", "zeros"} - {"where", "polygamma"})


def named(r: Reader, word: Token) -> Node:
    """A variable, a named step, a size, a constant, eye; else an undeclared name, by its letter."""
    span, name = (word.start, word.end), word.text
    if name in r.build.declarations:
        r.once.discard(name)
        return r.build.name(name, "variable", span)
    if name in r.build.steps:
        return r.build.name(name, "step", span)
    if name in r.build.sizes:
        return r.build.name(name, "size", span)
    if name == "eye":
        return r.build.filled("eye", (size := r.build.unifier.fresh(), size), span, "eye")
    if name in ("inf", "Inf"):
        return r.build.name("inf", "constant", span)
    if name in CONSTANTS:
        return r.build.name(name, "constant", span)
    if len(name) > 1 and name in KNOWN:
        raise r.fail(f"{name} is a function and needs its argument.", span, f"write {name}(...).")
    r.build.assume(name, r.kinds.setdefault(name, letter_kind(name)))
    r.once.add(name)
    return r.build.name(name, "variable", span)


def called(r: Reader, word: Token, arguments: list[Node], span: Span) -> Node:
    """function(arguments)."""
    name = SPELLINGS.get(word.text, word.text)
    shapes = [r.build.shape(a) for a in arguments if not isinstance(a, Text)]
    kind = shapes[0].kind if shapes else ""
    if word.text in r.functions:
        return r.build.call(word.text, *arguments, span=span)
    if word.text in r.build.declarations or word.text in r.build.steps:
        hint = ENTRIES if all(s.kind == "scalar" for s in shapes) else "write * for a product."
        raise r.fail(f"{word.text} is a variable, not a function.", (word.start, word.end), hint)
    if name in ("norm1", "norm2") and len(arguments) == 1:
        return norm(r, name, arguments[0], kind, span)
    if name == "norm":
        return norm_of(r, arguments, kind, span)
    if name in ("vector", "matrix") and len(arguments) == 1:
        return constant_array(r, name, arguments[0], span)
    if name in ("eye", "ones", "zeros"):
        return sized(r, name, arguments, span)
    if name == "sum" and len(arguments) == 2 and constant(arguments[1]) in (1, 2):
        axis = r.build.number(int(constant(arguments[1]) or 1) - 1, arguments[1].span)
        return r.build.call("sum", arguments[0], span=span, axis=axis)
    if name in ("max", "min") and len(arguments) == 2:
        return r.build.call("maximum" if name == "max" else "minimum", *arguments, span=span)
    if name == "var":
        return variance(r, arguments, span)
    if name in ("log2", "log10") and len(arguments) == 1:
        base = r.build.call("log", r.build.number(int(name[3:]), span), span=span)
        return r.build.binary("/", r.build.call("log", arguments[0], span=span), base, span)
    if name == "sum" and kind == "matrix":
        r.notes["sum of a matrix is the sum of all its entries; Matlab's sums of columns are sum(X, 1)"] = None
    if name == "sum" or (name in VECTOR and kind != "matrix"):
        if len(arguments) != 1:
            raise r.fail(f"{name} takes one argument, found {len(arguments)}.", span)
        return r.build.call(name, *arguments, span=span)
    if name in VECTOR:
        raise r.fail(f"{name} of a matrix: of all entries, or of each column?", span, "apply it to a vector.")
    if name in SAME:
        return r.build.call(name, *arguments, span=span)
    near = get_close_matches(word.text, KNOWN, 1)
    hint = OTHERS.get(word.text) or (f"did you mean '{near[0]}'?" if near else "")
    raise UnknownNameError(f"'{word.text}' is not a function of the language.", text=r.text, span=(word.start, word.end), hint=hint)


def norm(r: Reader, name: str, value: Node, kind: str, span: Span) -> Node:
    """norm1, norm2 of a vector; of a matrix the sum of absolute values and the Frobenius norm."""
    if kind == "scalar":
        return r.build.call("abs", value, span=span)
    if name == "norm2":
        return r.build.call("norm", value, span=span)
    if kind == "matrix":
        r.notes["norm1 of a matrix is read as the sum of the absolute values of its entries"] = None
        return r.build.call("sum", r.build.call("abs", value, span=span), span=span)
    return r.build.call("norm", value, r.build.number(1, span, "1"), span=span)


def norm_of(r: Reader, arguments: list[Node], kind: str, span: Span) -> Node:
    """Matlab's norm(x), norm(x, p), norm(X, 'fro'); norm(X) of a matrix is refused, since it is the spectral norm there."""
    last = arguments[-1] if arguments else None
    if isinstance(last, Text) and last.value in ("fro", "nuc", "spec", "inf"):
        if last.value == "inf":
            return r.build.call("norm", arguments[0], r.build.name("inf", "constant", last.span), span=span)
        extra = [] if last.value == "fro" else [last]
        return r.build.call("norm", arguments[0], *extra, span=span)
    if kind == "matrix":
        raise r.fail(
            "which norm of a matrix?", span, "norm2(X) is the Frobenius norm; norm(X, 'nuc') the nuclear, norm(X, 'spec') the spectral norm."
        )
    return r.build.call("norm", *arguments, span=span)


def constant_array(r: Reader, name: str, value: Node, span: Span) -> Node:
    """vector(c), matrix(c): c times ones, zeros for 0."""
    if r.build.shape(value).kind != "scalar":
        raise ShapeError(f"{name} takes a scalar; this is {r.build.shape(value)}.", text=r.text, span=value.span)
    sizes = tuple(r.build.unifier.fresh() for _ in range(1 if name == "vector" else 2))
    number = constant(value)
    array = r.build.filled("zeros" if number == 0 else "ones", sizes, span, f"{name}({r.text[slice(*value.span)]})")
    return array if number in (0, 1) else r.build.binary("*", value, array, span)


def sized(r: Reader, name: str, arguments: list[Node], span: Span) -> Node:
    """eye(n), ones(m, n), zeros(m, n); as in Matlab ones(n, 1) is a column, ones(1, n) a row."""
    sizes: list[Size] = []
    for part in arguments:
        if isinstance(part, Name) and part.role == "variable" and part.name in r.build.assumed:  # n in eye(n) is a size
            if part.name not in r.once:
                raise ShapeError(f"{part.name} is a size here, but was used as a value.", text=r.text, span=part.span)
            part.role = "size"
            r.build.forget(part.name)
        sizes.append(r.build.size_of(part))
    if name == "eye" and len(set(sizes)) == 1:
        return r.build.filled("eye", (sizes[0], sizes[0]), span, "eye")
    if name != "eye" and len(sizes) == 2 and sizes[1].number == 1:
        return r.build.filled(name, (sizes[0],), span, name)
    if name != "eye" and len(sizes) == 2 and sizes[0].number == 1:
        return r.build.transpose(r.build.filled(name, (sizes[1],), span, name), span)
    if len(sizes) == 2 and name != "eye":
        return r.build.filled(name, (sizes[0], sizes[1]), span, name)
    raise r.fail(
        f"{name} needs {'one size' if name == 'eye' else 'two sizes'}.", span, "eye(n)." if name == "eye" else f"{name}(m, n), {name}(n, 1)."
    )


def variance(r: Reader, arguments: list[Node], span: Span) -> Node:
    """var(x, 1) divides by n; Matlab's var(x) by n - 1, which is not taken for it."""
    if len(arguments) == 2 and constant(arguments[1]) == 1 and r.build.shape(arguments[0]).kind != "matrix":
        return r.build.call("var", arguments[0], span=span)
    raise r.fail(
        "is the variance divided by n or by n - 1?", span, "var(x, 1) divides by n, as var of the text language does; Matlab's var(x) by n - 1."
    )
