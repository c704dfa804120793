"""The index form: immutable interned nodes. Two equal expressions are one object, so equality is `is`.

Every node has positional axes, `shape` (a Size an axis); orientation (row, column) is a matter of notation, not of the index form.

    Symbol      X                              a variable
    SizeValue   n                              a size used as a number (scalar)
    Position    i                              the vector 0, 1, 2, ... of a label used as a value
    Indicator   [0 == c + sum_k a_k i_k]       1 where an affine form of its axes' indices is zero (or >= 0), else 0
    Product     c * sum prod_k A_k[labels]     the generalised einsum: the one product, see `product.py`
    Sum         c_1 A_1 + c_2 A_2 + ...        same shape
    Map         f(A, B)                        elementwise, all arguments of the node's own shape
    Operator    inv(A), det(A), ...            a matrix function, one row of `tables/operators.py` each
    Reshape     group or split neighbouring axes

Constructors here only intern; `product.py` and `sums.py` hold the smart constructors that keep the invariants.
Order and identity rest on `digest`, a structural hash that is the same in every process; never on `id` or `hash`.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from fractions import Fraction
from hashlib import blake2b
from typing import Any, TypeVar

from wrt.language.sizes import Size

Sizes = tuple[Size, ...]
Labels = tuple[int, ...]
T = TypeVar("T")


class Expr:
    """Base of all nodes. `shape`: a Size an axis; `digest`: 16 bytes, structural; `children`: the nodes directly below."""

    __slots__ = ("__weakref__", "children", "digest", "shape")
    shape: Sizes
    digest: bytes
    children: tuple[Expr, ...]

    @property
    def order(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        return debug(self)


class Symbol(Expr):
    __slots__ = ("name",)
    name: str


class SizeValue(Expr):
    __slots__ = ("size",)
    size: Size


class Position(Expr):
    __slots__ = ()


class Indicator(Expr):
    """1 where constant + sum(coefficients[k] * index_k) == 0 (relation "==") or >= 0 (relation ">="), else 0. Zero derivative."""

    __slots__ = ("coefficients", "constant", "relation")
    relation: str
    coefficients: tuple[int, ...]
    constant: Size


class Product(Expr):
    """coefficient * sum over the labels not in `output` of the product of operands: result[output labels].

    `operands` ((expr, labels), ...); `output` may repeat a label (a diagonal: diag(x) is x_a -> aa) or hold one that no
    operand has (identity -> aa, ones -> a). `sizes[label]` is a label's size; labels are 0, 1, 2, ... . A number is a Product with
    no operands and no output.
    """

    __slots__ = ("coefficient", "operands", "output", "sizes")
    coefficient: Fraction
    operands: tuple[tuple[Expr, Labels], ...]
    output: Labels
    sizes: Sizes


class Sum(Expr):
    """sum_k coefficient_k * term_k, at least two terms, or none for the zero of a shape.

    `content`: the common factor of the coefficients, found once by `sums.content` (None until then).
    """

    __slots__ = ("content", "terms")
    terms: tuple[tuple[Fraction, Expr], ...]
    content: Fraction | None


class Map(Expr):
    """function(arguments) entry by entry; `parameters` are exact constants of the function (polygamma's order)."""

    __slots__ = ("function", "parameters")
    function: str
    parameters: tuple[object, ...]

    @property
    def arguments(self) -> tuple[Expr, ...]:
        return self.children


class Operator(Expr):
    """A matrix function of whole arguments; `parameters` hold what is not an Expr (exponents, axes)."""

    __slots__ = ("function", "parameters")
    function: str
    parameters: tuple[object, ...]

    @property
    def arguments(self) -> tuple[Expr, ...]:
        return self.children


class Reshape(Expr):
    """Neighbouring axes grouped into one or one split into several; `counts[k]` axes belong together, the first varies slowest.

    `split` False: argument axes -> fewer, grouped axes. `split` True: the shape has the counts[k] axes that argument axis k splits into.
    """

    __slots__ = ("counts", "split")
    counts: tuple[int, ...]
    split: bool

    @property
    def argument(self) -> Expr:
        return self.children[0]


ONE = Fraction(1)
_TABLE: weakref.WeakValueDictionary[bytes, Expr] = weakref.WeakValueDictionary()
_LOCK = threading.Lock()
_TEXTS: dict[object, str] = {}  # texts of shapes and label patterns: few are distinct, and every node needs one


def _text(key: object, make: Callable[[], str]) -> str:
    found = _TEXTS.get(key)
    if found is None:
        if len(_TEXTS) > 50_000:
            _TEXTS.clear()
        found = _TEXTS[key] = make()
    return found


def _intern(kind: type[T], shape: Sizes, children: tuple[Expr, ...], fields: dict[str, object], tag: str) -> T:
    text = _text(shape, lambda: ",".join([s.text for s in shape])) if shape else ""
    digest = blake2b(b"%s|%s|%s" % (tag.encode(), text.encode(), b"".join([c.digest for c in children])), digest_size=16).digest()
    found: Any = _TABLE.get(digest)  # of the kind asked for: the digest starts with the kind's tag
    if found is None:
        with _LOCK:
            found = _TABLE.get(digest)
            if found is None:
                found = object.__new__(kind)
                found.shape, found.children, found.digest = shape, children, digest
                for name, value in fields.items():
                    setattr(found, name, value)
                _TABLE[digest] = found
    return found  # type: ignore[no-any-return]  # one table for all kinds; the tag is the kind's


def symbol(name: str, shape: Sizes = ()) -> Symbol:
    return _intern(Symbol, shape, (), {"name": name}, f"symbol {name}")


def size_value(size: Size) -> SizeValue:
    return _intern(SizeValue, (), (), {"size": size}, f"size {size.text}")


def position(size: Size) -> Position:
    return _intern(Position, (size,), (), {}, "position")


def indicator(relation: str, coefficients: tuple[int, ...], constant: Size, shape: Sizes) -> Indicator:
    fields: dict[str, object] = {"relation": relation, "coefficients": coefficients, "constant": constant}
    return _intern(Indicator, shape, (), fields, f"indicator {relation} {coefficients} {constant.text}")


def raw_product(coefficient: Fraction, operands: tuple[tuple[Expr, Labels], ...], output: Labels, sizes: Sizes) -> Product:
    """A Product as given; use `product.product`, which keeps the invariants."""
    if coefficient == 1:
        coefficient = ONE
    fields: dict[str, object] = {"coefficient": coefficient, "operands": operands, "output": output, "sizes": sizes}
    labels = (*[labels for _, labels in operands], output)
    pattern = _text((labels, sizes), lambda: f"{labels} {','.join([s.text for s in sizes])}")
    tag = f"product {pattern}" if coefficient is ONE else f"product {coefficient} {pattern}"
    return _intern(Product, tuple([sizes[a] for a in output]), tuple([e for e, _ in operands]), fields, tag)


def raw_sum(terms: tuple[tuple[Fraction, Expr], ...], shape: Sizes) -> Sum:
    """A Sum as given; use `sums.add`, which keeps the invariants."""
    return _intern(Sum, shape, tuple([e for _, e in terms]), {"terms": terms, "content": None}, f"sum {' '.join([str(c) for c, _ in terms])}")


def raw_map(function: str, arguments: tuple[Expr, ...], parameters: tuple[object, ...] = ()) -> Map:
    fields: dict[str, object] = {"function": function, "parameters": parameters}
    return _intern(Map, arguments[0].shape, arguments, fields, f"map {function} {parameters}")


def raw_operator(function: str, arguments: tuple[Expr, ...], shape: Sizes, parameters: tuple[object, ...] = ()) -> Operator:
    fields: dict[str, object] = {"function": function, "parameters": parameters}
    return _intern(Operator, shape, arguments, fields, f"operator {function} {parameters}")


def raw_reshape(argument: Expr, counts: tuple[int, ...], shape: Sizes, *, split: bool) -> Reshape:
    return _intern(Reshape, shape, (argument,), {"counts": counts, "split": split}, f"reshape {counts} {split}")


def number(value: Fraction | int) -> Product:
    """A scalar constant."""
    return raw_product(Fraction(value), (), (), ())


def zero(shape: Sizes) -> Expr:
    """The zero of a shape."""
    return raw_sum((), shape) if shape else number(0)


def is_zero(e: Expr) -> bool:
    return (isinstance(e, Sum) and not e.terms) or (isinstance(e, Product) and e.coefficient == 0)


def constant_value(e: Expr) -> Fraction | None:
    """The number that every entry of `e` is, when it is written as one (2, or 2 in every entry), else None."""
    if isinstance(e, Sum) and not e.terms:
        return Fraction(0)
    if isinstance(e, Product) and not e.operands and len(set(e.output)) == len(e.output):
        return e.coefficient
    return None


def postorder(*roots: Expr) -> Iterator[Expr]:
    """Every node below the roots once, children before parents, without recursion."""
    seen: set[int] = set()
    stack: list[tuple[Expr, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(node.children))


def fold(root: Expr, visit: Callable[[Expr, tuple[T, ...]], T]) -> T:
    """visit(node, results of its children) over the shared graph, each distinct node once; the result of the root."""
    done: dict[int, T] = {}
    for node in postorder(root):
        done[id(node)] = visit(node, tuple(done[id(child)] for child in node.children))
    return done[id(root)]


def count_nodes(*roots: Expr) -> int:
    """The number of distinct nodes."""
    return sum(1 for _ in postorder(*roots))


def debug(e: Expr) -> str:
    """An exact, unlovely text of a node, for developers."""

    def visit(node: Expr, below: tuple[str, ...]) -> str:
        match node:
            case Symbol():
                return node.name
            case SizeValue():
                return f"#{node.size}"
            case Position():
                return "position"
            case Indicator():
                return f"[{node.constant} + {node.coefficients} {node.relation} 0]"
            case Product():
                parts = [f"{text}_{''.join(map(str, labels))}" for text, (_, labels) in zip(below, node.operands, strict=True)]
                return f"({node.coefficient}: {' '.join(parts)} -> {''.join(map(str, node.output))})"
            case Sum():
                return "(" + " + ".join(f"{c}*{t}" for (c, _), t in zip(node.terms, below, strict=True)) + f"){node.shape}"
            case Map():
                return f"{node.function}({', '.join(below)})"
            case Operator():
                return f"{node.function}{node.parameters or ''}({', '.join(below)})"
            case Reshape():
                return f"{'split' if node.split else 'group'}{node.counts}({below[0]})"
        raise AssertionError(type(node))

    return fold(e, visit)
