"""How matrix functions, solves and factorisations are written. A new row of `tables/operators.py` needs nothing here: its own spelling is used."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from wrt.errors import NoClosedFormError
from wrt.language.functions_declared import is_whole
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Call, Name, Node, Text
from wrt.language.trees import chain, turned
from wrt.program.spell import weigh
from wrt.program.spell_given import application
from wrt.program.steps import Step
from wrt.program.terms import ATOM, TIMES, Term, affine_node, entry, generator, number_node, size_node
from wrt.program.write import Writer
from wrt.tables.operators import OPERATORS

Spell = Callable[[Writer, Step, list[Term]], Term]


# ------------------------------------------------------------------------------------------------ solves
def _inverse(w: Writer, x: Step, args: list[Term]) -> Term:
    return Term(f"{w.module('np')}.linalg.inv({args[0].code})", ATOM, Call("inv", (args[0].node,)), weigh(args))


def _solve(w: Writer, x: Step, args: list[Term]) -> Term:
    a, b = args
    return Term(f"{w.module('np')}.linalg.solve({a.code}, {b.code})", ATOM, Call("solve", (a.node, b.node)), weigh(args))


def _factor(w: Writer, x: Step, args: list[Term]) -> Term:
    """LU factors: no array, so the line has no formula."""
    name = w.factor(x, f"{w.module('linalg')}.lu_factor({args[0].code}, check_finite=False)")
    return Term(name.code, ATOM, args[0].node)


def _cholesky(w: Writer, x: Step, args: list[Term]) -> Term:
    return Term(
        f"{w.module('linalg')}.cholesky({args[0].code}, lower=True, check_finite=False)", ATOM, Call("cholesky", (args[0].node,)), weigh(args)
    )


def _factored(w: Writer, x: Step, args: list[Term]) -> Term:
    """A solve with factors made before; data (transposed,)."""
    factor, matrix, b = args
    if x.args[0].op == "cholesky":
        code = f"{w.module('linalg')}.cho_solve(({factor.code}, True), {b.code}, check_finite=False)"
        return Term(code, ATOM, Call("solve", (matrix.node, b.node)), weigh([factor, b]))
    turn = ", trans=1" if x.data[0] else ""
    code = f"{w.module('linalg')}.lu_solve({factor.code}, {b.code}{turn}, check_finite=False)"
    return Term(code, ATOM, Call("solve", (turned(matrix.node) if x.data[0] else matrix.node, b.node)), weigh([b]))


def _spd_inverse(w: Writer, x: Step, args: list[Term]) -> Term:
    """The inverse from a Cholesky factor."""
    return Term(f"{w.helper('inverse_of_cholesky')}({args[0].code})", ATOM, Call("inv", (args[1].node,)), weigh(args[:1]))


def _cholesky_logdet(w: Writer, x: Step, args: list[Term]) -> Term:
    np = w.module("np")
    return Term(f"2*{np}.log({args[0].at(ATOM)}.diagonal()).sum()", TIMES, Call("logdet", (args[1].node,)), weigh(args[:1]))


# ------------------------------------------------------------------------------------------------ operators
def _axes(x: Step, count: int) -> str:
    order = x.args[0].order
    if count == order:
        return ""
    axes = tuple(range(order - count, order))
    return f", axis={axes[0] if count == 1 else axes}"


def _reduce(w: Writer, x: Step, args: list[Term]) -> Term:
    name, count = x.data
    assert isinstance(name, str) and isinstance(count, int)
    (a,) = args
    base = x.args[0]
    np = w.module("np")
    if count == base.order:
        text: Node = Call(name, (a.node,))
    elif base.order == 2:
        text = Call(name, (a.node,), (("axis", number_node(Fraction(1))),))
    else:
        text = _stacked(w, x, a.node, lambda inner: Call(name, (inner,)))
    return Term(f"{np}.{name}({a.code}{_axes(x, count)})", ATOM, text, weigh(args))


def _stacked(w: Writer, x: Step, node: Node, reduced: Callable[[Node], Node]) -> Node:
    """A reduction of the last axes of a tensor, entry by entry."""
    base = x.args[0]
    names = w.letters(base.order)
    kept, inner = names[: x.order], names[x.order :]
    return generator("array", reduced(generator("array", entry(node, names), inner, base.shape[x.order :])), kept, x.shape)


def _place(w: Writer, x: Step, args: list[Term]) -> Term:
    """The place of the largest (smallest) entry, split evenly at a tie."""
    name, count = x.data
    assert isinstance(name, str) and isinstance(count, int)
    a = w.atom(x.args[0])
    base = x.args[0]
    best = name.removeprefix("arg")
    if count == base.order:
        same: Node = Binary("==", a.node, Call(best, (a.node,)))
        text: Node = Binary("/", same, Call("sum", (same,)))
    elif base.order == 2:
        along = (("axis", number_node(Fraction(1))),)
        same = Binary("==", a.node, Call(best, (a.node,), along))
        text = Binary("/", same, Call("sum", (same,), along))
    else:
        names = w.letters(base.order + count)
        out, inner = names[: base.order], names[base.order :]
        kept = out[: base.order - count]
        row = generator("array", entry(a.node, [*kept, *inner]), inner, base.shape[base.order - count :])
        same = Binary("==", row, Call(best, (row,)))
        text = generator("array", entry(Binary("/", same, Call("sum", (same,))), out[base.order - count :]), out, base.shape)
    return Term(f'{w.helper("place_of")}("{best}", {a.code}, {count})', ATOM, text, 1)


def _powers(w: Writer, x: Step, args: list[Term]) -> Term:
    """X ** (exponent + sum of label * index) over label axes, zero where the exponent is negative."""
    (a,) = args
    _, labels, exponent = x.data
    assert isinstance(labels, tuple) and isinstance(exponent, Size)
    code, _ = w.size(exponent)
    if not labels:
        return Term(f"{w.module('np')}.linalg.matrix_power({a.code}, {code})", ATOM, Call("matpow", (a.node, size_node(exponent))), weigh(args))
    names = w.letters(x.order)
    own = names[: len(labels)]
    power = affine_node(exponent, list(zip(own, labels, strict=True)))
    text = generator("array", entry(Call("matpow", (a.node, power)), names[len(labels) :]), names, x.shape)
    many = f"({', '.join(map(str, labels))}{',' if len(labels) == 1 else ''})"
    return Term(f"{w.helper('matrix_powers')}({a.code}, {code}, {many}, {w.tuple(x.shape[: len(labels)])})", ATOM, text, weigh(args))


def _onehot(w: Writer, x: Step, args: list[Term]) -> Term:
    (a,) = args
    names = w.letters(x.order)
    text = generator("array", Binary("==", entry(a.node, names[:-1]), Name(names[-1])), names, x.shape)
    return Term(f"{w.helper('onehot')}({a.code}, {w.size(x.shape[-1])[0]})", ATOM, text, weigh(args))


def _frechet(w: Writer, x: Step, args: list[Term]) -> Term:
    """The derivative of a matrix function along one direction or several; the text language has a formula for one."""
    name = str(x.data[1])
    w.spelling(f"linalg.{name}")
    code = f'{w.helper("frechet")}("{name}", {", ".join(a.code for a in args)})'
    if len(args) > 2:
        return w.factor(x, code)
    return Term(code, ATOM, Call("frechet", (Text(name), args[0].node, args[1].node)), weigh(args))


def _frechet_array(w: Writer, x: Step, args: list[Term]) -> Term:
    """The derivative in every direction: the text language has no formula for it."""
    w.spelling(f"linalg.{x.data[1]}")
    return w.factor(x, f'{w.helper("frechet_array")}("{x.data[1]}", {(x.order - 2) // 2}, {", ".join(a.code for a in args)})')


def _prod_except(w: Writer, x: Step, args: list[Term]) -> Term:
    """Over the last axes: the product of all entries but those at the places left out, zero where two of these coincide."""
    (a,) = args
    count, left_out = x.data[1:]
    assert isinstance(count, int) and isinstance(left_out, int)
    base = x.args[0]
    names = w.letters(x.order + count)
    out, inner = names[: x.order], names[x.order :]
    kept = out[: base.order - count]
    places = [out[len(kept) + k * count : len(kept) + (k + 1) * count] for k in range(left_out)]

    def apart(p: list[str], q: list[str]) -> Node:
        same = chain("*", [Binary("==", Name(i), Name(j)) for i, j in zip(p, q, strict=True)])
        return Binary("-", number_node(Fraction(1)), same)

    rest = chain("*", [apart(inner, place) for place in places])
    entries = Binary("+", Binary("*", rest, entry(a.node, [*kept, *inner])), Binary("-", number_node(Fraction(1)), rest))
    body: Node = Call("prod", (generator("array", entries, inner, base.shape[base.order - count :]),))
    body = chain("*", [*[apart(p, q) for k, p in enumerate(places) for q in places[:k]], body])
    return Term(f"{w.helper('prod_except')}({a.code}, {count}, {left_out})", ATOM, generator("array", body, out, x.shape), weigh(args))


def _minors(w: Writer, x: Step, args: list[Term]) -> Term:
    """Derivatives of det by two entries or more: the text language has no formula for them."""
    return w.factor(x, f"{w.helper('minors')}({args[0].code}, {x.order // 2})")


def _norm(w: Writer, x: Step, args: list[Term]) -> Term:
    kind = str(x.data[0]).removeprefix("norm_")
    order = '"nuc"' if kind == "nuc" else "2"
    return Term(f"{w.module('np')}.linalg.norm({args[0].code}, {order})", ATOM, Call("norm", (args[0].node, Text(kind))), weigh(args))


def _adj(w: Writer, x: Step, args: list[Term]) -> Term:
    return Term(f"{w.helper('adjugate')}({args[0].code})", ATOM, Call("adj", (args[0].node,)), weigh(args))


def _each(w: Writer, x: Step, args: list[Term]) -> Term:
    """inv, det, logdet of one matrix for each leading index."""
    name = str(x.data[0]).removesuffix("_each")
    (a,) = args
    np, base = w.module("np"), x.args[0]
    names = w.letters(base.order + 2)
    lead, rows, inner = names[: base.order - 2], names[base.order - 2 : base.order], names[base.order :]
    value: Node = Call(name, (generator("array", entry(a.node, [*lead, *inner]), inner, base.shape[-2:]),))
    text = generator("array", *((entry(value, rows), [*lead, *rows]) if name == "inv" else (value, lead)), x.shape)
    code = {"inv": f"{np}.linalg.inv({a.code})", "det": f"{np}.linalg.det({a.code})", "logdet": f"{np}.linalg.slogdet({a.code})[1]"}[name]
    return Term(code, ATOM, text, weigh(args))


OPERATOR: dict[str, Spell] = {
    "inv_each": _each,
    "det_each": _each,
    "logdet_each": _each,
    "prod": _reduce,
    "max": _reduce,
    "min": _reduce,
    "argmax": _place,
    "argmin": _place,
    "powers": _powers,
    "onehot": _onehot,
    "frechet": _frechet,
    "frechet_array": _frechet_array,
    "prod_except": _prod_except,
    "minors": _minors,
    "norm_nuc": _norm,
    "norm_spec": _norm,
    "adj": _adj,
}


def _operator(w: Writer, x: Step, args: list[Term]) -> Term:
    """The rule of a name, else the table's own spelling."""
    name = str(x.data[0])
    rule = OPERATOR.get(name)
    if rule is not None:
        return rule(w, x, args)
    if is_whole(name):
        return application(w, x, args)
    row = OPERATORS.get(name)
    if row is None or not row.numpy:
        raise NoClosedFormError(f"no code is known for {name}.")
    spelling = w.spelling(row.numpy)
    parameters = [str(p) for p in x.data[1:]]
    for k in range(len(args)):
        if spelling.count(f"{{{k}}}") > 1:
            args[k] = w.atom(x.args[k])
    code = spelling.format(*[a.code for a in args], *parameters)
    return Term(code, ATOM, Call(name, tuple(a.node for a in args)), weigh(args))


SPELL: dict[str, Spell] = {
    "inverse": _inverse,
    "solve": _solve,
    "factor": _factor,
    "cholesky": _cholesky,
    "factored": _factored,
    "spd_inverse": _spd_inverse,
    "cholesky_logdet": _cholesky_logdet,
    "operator": _operator,
}
