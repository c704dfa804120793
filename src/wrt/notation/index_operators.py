"""Entries of matrix functions and of reductions over axes: inv(X)[i, j], matpow(X, k - 1 - r)[i, j], max(X, axis=1)[i], a tie of max as an even split."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.algebra.expr import Expr, Operator, Product, Symbol
from wrt.algebra.operators import TURNS
from wrt.algebra.product import transpose
from wrt.language.functions_declared import is_whole
from wrt.language.surface import Binary, Block, Call, Generator, Index, Loop, Name, Node, Slice, Text, Unary
from wrt.language.trampoline import Task
from wrt.language.trees import chain, whole
from wrt.notation.index_factors import number_node, signed
from wrt.notation.index_monomial import exponent_form
from wrt.notation.index_place import Form, Lookup, Place, bare, entry_node, fixed, place_node, size_node

if TYPE_CHECKING:
    from wrt.notation.index_entry import Entries

Places = tuple[Place, ...]
Scope = tuple[str, ...]
KINDS = ("scalar", "column", "matrix")


def formula(entries: Entries, e: Expr, scope: Scope) -> Task:
    """A whole array as a formula: a name, the user's own text, its matrix form, or array(entry for ...)."""
    if isinstance(e, Symbol):
        return entries.name(e.name)
    if not e.shape:
        return (yield entries.entry(e, (), scope))
    typed = entries.typed.array(e)
    if typed is not None:
        return signed(typed.sign, typed.node)
    turned = _transposed(e)
    if turned is not None:
        return Unary("T", (yield formula(entries, turned, scope)))
    if e.order <= 2:
        node = entries.matrix(e, KINDS[e.order])
        if node is not None:
            return node
    return (yield array(entries, e, (), scope))


def array(entries: Entries, e: Expr, fixed_places: Places, scope: Scope) -> Task:
    """array(e[fixed, ...] for ...): the axes after the fixed ones, by index."""
    rest = e.shape[len(fixed_places) :]
    names = entries.fresh_many(len(rest), scope)
    body = yield entries.entry(e, (*fixed_places, *[bare(name) for name in names]), (*scope, *names))
    return Generator("array", body, tuple(Loop(name, whole(0), size_node(size)) for name, size in zip(names, rest, strict=True)))


def _transposed(e: Expr) -> Expr | None:
    """X when e is X.T and nothing else."""
    if isinstance(e, Product) and e.coefficient == 1 and len(e.operands) == 1 and e.order == 2:
        inner, labels = e.operands[0]
        if labels == e.output[::-1] and len(set(labels)) == 2:
            return inner
    return None


def _turned(entries: Entries, e: Expr) -> Expr | None:
    """X when X.T would be printed for `e`: e is X.T, or the user typed X and not e."""
    inner = _transposed(e)
    if inner is not None:
        return inner
    if e.order != 2 or isinstance(e, Symbol) or entries.typed.array(e) is not None:
        return None
    other = transpose(e)
    entries.kept.append(other)
    return other if entries.typed.array(other) is not None else None


def operator_entry(entries: Entries, e: Operator, places: Places, scope: Scope) -> Task:
    """The formula of a matrix function at places."""
    match e.function:
        case "powers":
            return (yield _powers(entries, e, places, scope))
        case "prod" | "max" | "min":
            return (yield _reduction(entries, e, places, scope))
        case "argmax" | "argmin":
            return (yield _ties(entries, e, places, scope))
        case "norm_nuc" | "norm_spec":
            return Call("norm", ((yield formula(entries, e.arguments[0], scope)), Text(e.function.removeprefix("norm_"))))
        case "inv_each" | "det_each" | "logdet_each":
            return (yield _each(entries, e, places, scope))
        case "prod_except":
            return (yield _prod_except(entries, e, places, scope))
        case "frechet" | "frechet_array":
            return (yield _frechet(entries, e, places, scope))
    if is_whole(e.function):
        from wrt.notation.index_unknown import application  # built on the formulas of whole arrays here

        return (yield application(entries, e, places, scope))
    if e.function in TURNS and len(e.arguments) == 1:  # f(X.T)[i, j] is f(X)[j, i]
        turned = _turned(entries, e.arguments[0])
        if turned is not None:
            return entry_node(Call(e.function, ((yield formula(entries, turned, scope)),)), places[::-1])
    wholes: list[Node] = []
    for a in e.arguments:
        node = yield formula(entries, a, scope)
        wholes.append(node)
    first = [number_node(p, entries.spelled) for p in e.parameters if isinstance(p, Fraction)]
    return entry_node(Call(e.function, (*first, *wholes)), places)


def _powers(entries: Entries, e: Operator, places: Places, scope: Scope) -> Task:
    """matpow(X, exponent)[i, j], the exponent a form of index names."""
    exponent: Form[str] = fixed(exponent_form(e, ()).constant)
    for label, c in exponent_form(e, tuple(range(len(places)))).terms:
        place = places[label]
        assert isinstance(place, Form), "a look-up as an exponent; please report this as a bug"
        exponent = exponent.plus(place, c)
    base = yield formula(entries, e.arguments[0], scope)
    at = places[-2:]
    if not exponent.terms and exponent.constant.number == 1:
        return entry_node(base, at)
    return entry_node(Call("matpow", (base, place_node(exponent))), at)


def _reduction(entries: Entries, e: Operator, places: Places, scope: Scope) -> Task:
    """prod, max, min over the last axes of the argument."""
    (x,) = e.arguments
    if not places:
        if x.order <= 2:
            return Call(e.function, ((yield formula(entries, x, scope)),))
        return Call(e.function, ((yield array(entries, x, (), scope)),))
    if x.order == 2 and e.shape[0].number == 1:
        places = ()  # max(X, axis=1) of a matrix of one row is a number
    typed = entries.typed.array(e)
    if typed is not None:
        return entry_node(signed(typed.sign, typed.node), places)
    inner = x if isinstance(x, Symbol) else _transposed(x)
    if x.order == 2 and isinstance(inner, Symbol):
        return entry_node(Call(e.function, (entries.name(inner.name),), (("axis", whole(1 if inner is x else 0)),)), places)
    return Call(e.function, ((yield array(entries, x, places, scope)),))


def _ties(entries: Entries, e: Operator, places: Places, scope: Scope) -> Task:
    """Where the extreme lies, an even split at a tie: (x[i] == max(x))/sum(x[k] == max(x) for k in range(n))."""
    (x,) = e.arguments
    (count,) = e.parameters
    assert isinstance(count, int)
    from wrt.algebra.expr import raw_operator

    kept = places[: len(places) - count]
    extreme = raw_operator("max" if e.function == "argmax" else "min", (x,), x.shape[: len(kept)], (count,))
    entries.kept.append(extreme)
    top = yield entries.entry(extreme, kept, scope)
    names = entries.fresh_many(count, scope)
    others = (*kept, *[bare(name) for name in names])
    entire: Node = yield formula(entries, x, scope)
    if isinstance(entire, Generator):
        here: Node = yield entries.entry(x, places, scope)
        there: Node = yield entries.entry(x, others, (*scope, *names))
    else:  # an entry of the very array whose extreme it is: in floats, a sum in another order need not be equal to it
        here, there = entry_node(entire, places), entry_node(entire, others)
    loops = tuple(Loop(name, whole(0), size_node(size)) for name, size in zip(names, x.shape[len(kept) :], strict=True))
    return Binary("/", Binary("==", here, top), Generator("sum", Binary("==", there, top), loops))


def _each(entries: Entries, e: Operator, places: Places, scope: Scope) -> Task:
    """inv, det, logdet of the matrix at the leading places: logdet(T[i, :, :]), inv(array(..))[j, k]."""
    (x,) = e.arguments
    count = x.order - 2
    if isinstance(x, Symbol) and not any(isinstance(p, Lookup) for p in places[:count]):
        everything = Slice(None, None, None)
        matrix: Node = Index(Name(x.name, "variable"), (*[place_node(p) for p in places[:count]], everything, everything))
    else:
        matrix = yield array(entries, x, places[:count], scope)
    return entry_node(Call(e.function.removesuffix("_each"), (matrix,)), places[count:])


def _frechet(entries: Entries, e: Operator, places: Places, scope: Scope) -> Task:
    """d f(A) along E, ... and along the unit matrices at (k, l), ...: frechet of block matrices for two directions and more.

    The derivative of f at [[A, E], [0, A]] along [[F, 0], [0, F]] holds the second derivative along E and F in its upper right block.
    Source: Higham 2008, Functions of Matrices, (3.16); Higham & Relton 2014, algorithm 3.6.
    """
    base = yield formula(entries, e.arguments[0], scope)
    n = e.shape[0]
    directions: list[Node] = []
    for a in e.arguments[1:]:
        node = yield formula(entries, a, scope)
        directions.append(node)
    for at in range(2, len(places), 2):
        everything, row, column = Slice(None, None, None), place_node(places[at]), place_node(places[at + 1])
        unit = Binary("@", Index(Call("eye", (size_node(n),)), (everything, row)), Index(Call("eye", (size_node(n),)), (column, everything)))
        directions.append(unit)
    end, size = places[1], n
    for k in range(len(directions) - 1):
        zeros = Call("zeros", (size_node(size), size_node(size)))
        base = Block(((base, directions[k]), (zeros, base)), True)
        directions[k + 1 :] = [Block(((later, zeros), (zeros, later)), True) for later in directions[k + 1 :]]
        assert isinstance(end, Form), "a look-up in a matrix function; please report this as a bug"
        end = end.plus(fixed(size))
        size = size * 2
    return entry_node(Call("frechet", (Text(str(e.parameters[0])), base, directions[-1])), (places[0], end))


def _prod_except(entries: Entries, e: Operator, places: Places, scope: Scope) -> Task:
    """The product of all entries but those at some places; 0 where two of the places coincide."""
    (x,) = e.arguments
    count, left_out = e.parameters
    assert isinstance(count, int) and isinstance(left_out, int)
    kept = places[: len(places) - count * left_out]
    spots = [places[len(kept) + count * k : len(kept) + count * (k + 1)] for k in range(left_out)]
    names = entries.fresh_many(count, scope)
    own = tuple(bare(name) for name in names)
    here = chain("+", [_same(own, spot) for spot in spots])
    value = yield entries.entry(x, (*kept, *own), (*scope, *names))
    body = Call("where", (here, whole(1), value))
    loops = tuple(Loop(name, whole(0), size_node(size)) for name, size in zip(names, x.shape[len(kept) :], strict=True))
    node: Node = Call("prod", (Generator("array", body, loops),))
    apart = [
        Binary("-", whole(1), _same(a, b)) if count > 1 else Binary("!=", place_node(a[0]), place_node(b[0]))
        for n, a in enumerate(spots)
        for b in spots[:n]
    ]
    return chain("*", [*apart, node])


def _same(a: Places, b: Places) -> Node:
    return chain("*", [Binary("==", place_node(p), place_node(q)) for p, q in zip(a, b, strict=True)])
