"""Entries of matrix functions and of reductions over axes: inv(X)[i, j], matpow(X, k - 1 - r)[i, j], max(X, axis=1)[i], a tie of max as an even split."""

from __future__ import annotations

from collections.abc import Generator as Task
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from wrt.algebra.expr import Expr, Operator, Product, Symbol
from wrt.algebra.operators import TURNS
from wrt.algebra.product import transpose
from wrt.language.surface import Binary, Call, Generator, Loop, Name, Node, Text, Unary
from wrt.notation.index_factors import number_node, signed
from wrt.notation.index_monomial import exponent_form
from wrt.notation.index_place import Form, Place, bare, entry_node, fixed, place_node, size_node, whole

if TYPE_CHECKING:
    from wrt.notation.index_entry import Entries

Places = tuple[Place, ...]
Scope = tuple[str, ...]
KINDS = ("scalar", "column", "matrix")


def formula(entries: Entries, e: Expr, scope: Scope) -> Task[Any, Any, Node]:
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


def array(entries: Entries, e: Expr, fixed_places: Places, scope: Scope) -> Task[Any, Any, Node]:
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


def operator_entry(entries: Entries, e: Operator, places: Places, scope: Scope) -> Task[Any, Any, Node]:
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
        case "frechet":
            arguments = [Text(str(e.parameters[0])), (yield formula(entries, e.arguments[0], scope)), (yield formula(entries, e.arguments[1], scope))]
            return entry_node(Call("frechet", tuple(arguments)), places)
        case "frechet_array":
            return (yield _frechet_array(entries, e, places, scope))
    if e.function in TURNS and len(e.arguments) == 1:  # f(X.T)[i, j] is f(X)[j, i]
        turned = _turned(entries, e.arguments[0])
        if turned is not None:
            return entry_node(Call(e.function, ((yield formula(entries, turned, scope)),)), places[::-1])
    wholes = []
    for a in e.arguments:
        wholes.append((yield formula(entries, a, scope)))
    first = [number_node(p, entries.spelled) for p in e.parameters if isinstance(p, Fraction)]
    return entry_node(Call(e.function, (*first, *wholes)), places)


def _powers(entries: Entries, e: Operator, places: Places, scope: Scope) -> Task[Any, Any, Node]:
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


def _reduction(entries: Entries, e: Operator, places: Places, scope: Scope) -> Task[Any, Any, Node]:
    """prod, max, min over the last axes of the argument."""
    (x,) = e.arguments
    if not places:
        if x.order <= 2:
            return Call(e.function, ((yield formula(entries, x, scope)),))
        return Call(e.function, ((yield array(entries, x, (), scope)),))
    typed = entries.typed.array(e)
    if typed is not None:
        return entry_node(signed(typed.sign, typed.node), places)
    inner = x if isinstance(x, Symbol) else _transposed(x)
    if x.order == 2 and isinstance(inner, Symbol):
        return entry_node(Call(e.function, (entries.name(inner.name),), (("axis", whole(1 if inner is x else 0)),)), places)
    return Call(e.function, ((yield array(entries, x, places, scope)),))


def _ties(entries: Entries, e: Operator, places: Places, scope: Scope) -> Task[Any, Any, Node]:
    """Where the extreme lies, an even split at a tie: (x[i] == max(x))/sum(x[k] == max(x) for k in range(n))."""
    (x,) = e.arguments
    (count,) = e.parameters
    assert isinstance(count, int)
    from wrt.algebra.expr import raw_operator

    kept = places[: len(places) - count]
    extreme = raw_operator("max" if e.function == "argmax" else "min", (x,), x.shape[: len(kept)], (count,))
    entries.kept.append(extreme)
    top = yield entries.entry(extreme, kept, scope)
    here = yield entries.entry(x, places, scope)
    names = entries.fresh_many(count, scope)
    there = yield entries.entry(x, (*kept, *[bare(name) for name in names]), (*scope, *names))
    loops = tuple(Loop(name, whole(0), size_node(size)) for name, size in zip(names, x.shape[len(kept) :], strict=True))
    return Binary("/", Binary("==", here, top), Generator("sum", Binary("==", there, top), loops))


def _frechet_array(entries: Entries, e: Operator, places: Places, scope: Scope) -> Task[Any, Any, Node]:
    """d f(A)[i, j] / d A[k, l] = frechet(f, A, E)[i, j] with E the matrix that is 1 at (k, l) and 0 elsewhere."""
    (a,) = e.arguments
    base = yield formula(entries, a, scope)
    names = entries.fresh_many(2, scope)
    deltas = []
    for name, place in zip(names, places[2:], strict=True):
        deltas.append(Binary("==", Name(name, "index"), place_node(place)))
    unit = Generator("array", Binary("*", *deltas), tuple(Loop(name, whole(0), size_node(size)) for name, size in zip(names, e.shape[2:], strict=True)))
    return entry_node(Call("frechet", (Text(str(e.parameters[0])), base, unit)), places[:2])
