"""How the common steps are written: leaves, elementwise work, sums and matrix products, each as code and as formula."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from wrt.language.sizes import Size
from wrt.language.surface import Binary, Call, Name, Node, Number, Unary
from wrt.language.trees import chain, turned
from wrt.program.spell_given import callable_code, spoken
from wrt.program.steps import Labels, Step, is_mask
from wrt.program.terms import (
    ATOM,
    COMPARE,
    MATMUL,
    NEGATIVE,
    PLUS,
    POWER,
    TIMES,
    Term,
    decimal,
    einsum,
    entry,
    generator,
    number_code,
    number_node,
    ones,
    size_node,
)
from wrt.program.write import Writer
from wrt.tables.functions import FUNCTIONS

ONE = Fraction(1)
COMPARISONS = {"gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
Body = Callable[[Sequence[Node]], Node]


def weigh(args: Sequence[Term], own: int = 1) -> int:
    return own + sum(a.weight for a in args)


# ------------------------------------------------------------------------------------------------ leaves and views
def _input(w: Writer, x: Step, args: list[Term]) -> Term:
    name = str(x.data[0])
    return Term(w.identifiers[name], ATOM, Name(name))


def _number(w: Writer, x: Step, args: list[Term]) -> Term:
    value = x.data[0]
    assert isinstance(value, Fraction)
    return Term(*number_code(value), number_node(value))


def _size(w: Writer, x: Step, args: list[Term]) -> Term:
    size = x.data[0]
    assert isinstance(size, Size)
    return Term(*w.size(size), size_node(size))


def _constant(w: Writer, x: Step, args: list[Term]) -> Term:
    name = str(x.data[0])
    return Term(f"{w.module('np')}.{name}", ATOM, Name(name))


def _range(w: Writer, x: Step, args: list[Term]) -> Term:
    (i,) = w.letters(1)
    return Term(f"{w.module('np')}.arange({w.size(x.shape[0])[0]}, dtype=float)", ATOM, generator("array", Name(i), [i], x.shape), 1)


def _transpose(w: Writer, x: Step, args: list[Term]) -> Term:
    (a,) = args
    if x.order == 2:
        return Term(f"{a.at(ATOM)}.T", ATOM, turned(a.node), a.weight)
    word = "abcdefghijklmnopqrstuvw"[: x.order]
    axes: Labels = x.data  # type: ignore[assignment]  # ints
    spec = f"{word}->{''.join(word[k] for k in axes)}"
    return Term(f"{a.at(ATOM)}.transpose({', '.join(map(str, axes))})", ATOM, einsum(spec, a.node), a.weight + 1)


def _diagonal(w: Writer, x: Step, args: list[Term]) -> Term:
    (a,) = args
    i, j = x.data
    assert isinstance(i, int) and isinstance(j, int)
    if x.order == 1:
        return Term(f"{a.at(ATOM)}.diagonal()", ATOM, Call("diag", (a.node,)), a.weight + 1)
    word = list("abcdefghijklmnopqrstuvw"[: x.order + 1])
    word[j] = word[i]
    out = [c for k, c in enumerate(word) if k not in (i, j)] + [word[i]]
    return Term(f"{a.at(ATOM)}.diagonal(0, {i}, {j})", ATOM, einsum(f"{''.join(word)}->{''.join(out)}", a.node), a.weight + 1)


def _sum(w: Writer, x: Step, args: list[Term]) -> Term:
    (a,) = args
    axes = x.data
    base = x.args[0]
    if not x.order:
        if base.op == "diagonal" and base.args[0].order == 2:  # the trace
            inner = a.code.removesuffix(".diagonal()")
            matrix = a.node.arguments[0] if isinstance(a.node, Call) and a.node.function == "diag" else None
            if matrix is not None and inner != a.code:
                return Term(f"{w.module('np')}.trace({inner})", ATOM, Call("tr", (matrix,)), a.weight)
        return Term(f"{a.at(ATOM)}.sum()", ATOM, Call("sum", (a.node,)), a.weight + 1)
    text: Node = a.node
    if base.order == 2:
        text = Call("sum", (a.node,), (("axis", number_node(Fraction(int(str(axes[0]))))),))
        text = turned(text) if axes[0] == 0 else text
    else:
        word = "abcdefghijklmnopqrstuvw"[: base.order]
        text = einsum(f"{word}->{''.join(c for k, c in enumerate(word) if k not in axes)}", a.node)
    where = str(axes[0]) if len(axes) == 1 else str(axes)
    return Term(f"{a.at(ATOM)}.sum(axis={where})", ATOM, text, a.weight + 1)


# ------------------------------------------------------------------------------------------------ elementwise
def aligned(term: Term, places: Labels, order: int) -> Term:
    """The code of an argument with the axes it lacks put in, so that broadcasting fits."""
    if places == tuple(range(order - len(places), order)):
        return term
    marks = [":" if k in places else "None" for k in range(places[0], order)]
    return Term(f"{term.at(ATOM)}[{', '.join(marks)}]", ATOM, term.node, term.weight)


def formula(w: Writer, x: Step, args: Sequence[Term], places: Sequence[Labels], body: Body) -> Node:
    """body(arguments) as a text: columns and rows stretch against a matrix; tensors that need more are written by index."""
    nodes = [a.node for a in args]
    order = x.order
    full = tuple(range(order))
    if order < 2 or all(p in ((), full) for p in places):
        return body(nodes)
    if order == 2:
        if (0,) in places and ((1,) in places or full not in places):  # a column never meets a row: it is spread
            nodes = [Binary("@", node, turned(ones(x.shape[1]))) if p == (0,) else node for node, p in zip(nodes, places, strict=True)]
        return body([turned(node) if p == (1,) else node for node, p in zip(nodes, places, strict=True)])
    names = w.letters(order)
    return generator("array", body([entry(node, [names[k] for k in p]) for node, p in zip(nodes, places, strict=True)]), names, x.shape)


def _mul(w: Writer, x: Step, args: list[Term]) -> Term:
    coefficient, above, below = x.data
    assert isinstance(coefficient, Fraction) and isinstance(above, tuple) and isinstance(below, tuple)
    cut = len(above)
    places = (*above, *below)
    scalars = [args[k] for k in range(cut) if not places[k]], [args[k] for k in range(cut, len(args)) if not places[k]]
    factor = _scalar(coefficient, *scalars)
    arrays = [(aligned(args[k], places[k], x.order), k < cut) for k in range(len(args)) if places[k]]
    weight = weigh(args, max(1, len(args) - 1 + (coefficient not in (1, -1))))
    if not arrays:
        assert factor is not None
        return Term(factor.code, factor.rank, factor.node, weight)
    code, rank = _product_code(factor, arrays)
    return Term(code, rank, _product_text(w, x, args, places, cut, factor), weight)


def _scalar(coefficient: Fraction, above: Sequence[Term], below: Sequence[Term]) -> Term | None:
    """The scalar part of a product, None when it is 1."""
    number = abs(coefficient)
    exact = decimal(number) is not None
    top, bottom = (number, ONE) if exact else (Fraction(number.numerator), Fraction(number.denominator))
    tops = ([_number_term(top)] if top != 1 else []) + list(above)
    unders = ([_number_term(bottom)] if bottom != 1 else []) + list(below)
    if not tops and not unders and coefficient == 1:
        return None
    tops = tops or [_number_term(ONE)]
    if len(tops) == 1 and not unders:
        code, rank, node = tops[0].code, tops[0].rank, tops[0].node
    else:
        code, rank = "*".join([tops[0].at(TIMES), *[t.at(TIMES + 1) for t in tops[1:]]]), TIMES
        node = chain("*", [t.node for t in tops])
        if unders:
            code += "/" + (unders[0].at(TIMES + 1) if len(unders) == 1 else f"({'*'.join(t.at(TIMES + 1) for t in unders)})")
            node = Binary("/", node, chain("*", [t.node for t in unders]))
    if coefficient < 0:
        code, node, rank = f"-{Term(code, rank, node).at(TIMES)}", Unary("-", node), NEGATIVE if rank >= POWER else TIMES
    return Term(code, rank, node)


def _is_one(node: Node) -> bool:
    return isinstance(node, Number) and node.value == 1


def _number_term(value: Fraction) -> Term:
    return Term(*number_code(value), number_node(value))


def _product_code(factor: Term | None, arrays: list[tuple[Term, bool]]) -> tuple[str, int]:
    above = [t for t, up in arrays if up]
    below = [t for t, up in arrays if not up]
    if len(above) == 1 and not below and factor is None:
        return above[0].code, above[0].rank
    words = [t.at(TIMES + 1) for t in above]
    if factor is not None and factor.rank == TIMES and factor.code.startswith("1/") and above:  # x/s rather than 1/s*x
        words[0] = above[0].at(TIMES if len(above) == 1 else TIMES + 1)
        return "*".join(words) + factor.code[1:] + "".join(f"/{t.at(TIMES + 1)}" for t in below), TIMES
    if factor is not None and factor.code == "-1" and above:
        words[0] = f"-{above[0].at(POWER)}"
    elif factor is not None:
        words.insert(0, factor.at(TIMES))
    code = "*".join(words or ["1"]) + "".join(f"/{t.at(TIMES + 1)}" for t in below)
    return code, NEGATIVE if code.startswith("-") and len(words) == 1 and not below else TIMES


def _product_text(w: Writer, x: Step, args: Sequence[Term], places: Sequence[Labels], cut: int, factor: Term | None) -> Node:
    order = x.order
    full = tuple(range(order))
    arrays = [k for k in range(len(args)) if places[k]]
    shown = [args[k] for k in arrays]
    where = [places[k] for k in arrays]
    up = [k < cut for k in arrays]

    def body(nodes: Sequence[Node]) -> Node:
        tops = [n for n, u in zip(nodes, up, strict=True) if u]
        unders = [n for n, u in zip(nodes, up, strict=True) if not u]
        if factor is not None and tops and factor.code == "-1":
            total: Node = Unary("-", chain("*", tops))
        elif factor is not None and tops and isinstance(factor.node, Binary) and factor.node.op == "/" and _is_one(factor.node.left):
            total = Binary("/", chain("*", tops), factor.node.right)
        else:
            total = chain("*", ([factor.node] if factor is not None else []) + tops) if tops or factor is not None else number_node(Fraction(1))
        for under in unders:
            total = Binary("/", total, under)
        return total

    if order == 2 and full not in where:  # an outer product
        sides: list[Node] = []
        for axis in (0, 1):
            mine = [k for k in range(len(shown)) if where[k] == (axis,)]
            tops = [shown[k].node for k in mine if up[k]]
            if axis == 0 and factor is not None:
                tops.insert(0, factor.node)
            side = chain("*", tops) if tops else number_node(Fraction(1))
            for k in mine:
                if not up[k]:
                    side = Binary("/", side, shown[k].node)
            sides.append(side)
        return Binary("@", sides[0], turned(sides[1]))
    return formula(w, x, shown, where, body)


def _add(w: Writer, x: Step, args: list[Term]) -> Term:
    coefficients, places = x.data
    assert isinstance(coefficients, tuple) and isinstance(places, tuple)
    order = sorted(range(len(args)), key=lambda k: coefficients[k] < 0)  # a positive term first where there is one
    code, rank = "", PLUS
    for k in order:
        c = coefficients[k]
        word = _times_number(abs(c), aligned(args[k], places[k], x.order))
        if not code:
            code = word.at(PLUS) if c > 0 else f"-{word.at(TIMES)}"
        else:
            code += f" {'+' if c > 0 else '-'} {word.at(PLUS + 1)}"

    def body(nodes: Sequence[Node]) -> Node:
        total: Node | None = None
        for k in order:
            c = coefficients[k]
            term = _number_times(abs(c), nodes[k])
            signed = term if c > 0 else Unary("-", term)
            total = signed if total is None else Binary("+" if c > 0 else "-", total, term)
        assert total is not None
        return total

    weight = weigh(args, len(args) - 1 + sum(abs(c) != 1 for c in coefficients))
    return Term(code, rank, formula(w, x, args, places, body), weight)


def _times_number(c: Fraction, term: Term) -> Term:
    if c == 1:
        return term
    code, rank = number_code(c)
    if rank < NEGATIVE and c.numerator == 1:
        return Term(f"{term.at(TIMES)}/{c.denominator}", TIMES, term.node)
    return Term(f"{code if rank >= NEGATIVE else f'({code})'}*{term.at(TIMES + 1)}", TIMES, term.node)


def _number_times(c: Fraction, node: Node) -> Node:
    if c == 1:
        return node
    if c.numerator == 1 and decimal(c) is None:
        return Binary("/", node, number_node(Fraction(c.denominator)))
    return Binary("*", number_node(c), node)


def _map(w: Writer, x: Step, args: list[Term]) -> Term:
    function, parameters, places = x.data
    assert isinstance(function, str) and isinstance(places, tuple) and isinstance(parameters, tuple)
    words = [aligned(a, p, x.order) for a, p in zip(args, places, strict=True)]
    weight = weigh(args)
    if function in COMPARISONS:
        sign = COMPARISONS[function]
        if x.args[0].op == "number" and x.args[1].op != "number":  # x > 0 rather than 0 < x
            sign = {">": "<", ">=": "<="}.get(sign, sign)
            words, args, places = words[::-1], args[::-1], places[::-1]
        node = formula(w, x, args, places, lambda nodes: Binary(sign, nodes[0], nodes[1]))
        return Term(f"{words[0].at(PLUS)} {sign} {words[1].at(PLUS)}", COMPARE, node, weight)
    if function == "pow":
        node = formula(w, x, args, places, lambda nodes: Binary("**", nodes[0], nodes[1]))
        return Term(f"{words[0].at(ATOM)}**{words[1].at(ATOM)}", POWER, node, weight)
    if function in ("xlogy", "xlog1py"):
        node = formula(w, x, args, places, lambda nodes: Binary("*", nodes[0], Call(function[1:].removesuffix("y"), (nodes[1],))))
        return Term(f"{w.module('special')}.{function}({words[0].code}, {words[1].code})", ATOM, node, weight)
    called = callable_code(w, function)
    if called is not None:
        node = formula(w, x, args, places, lambda nodes: Call(spoken(w, function), tuple(nodes)))
        return Term(f"{called}({', '.join(word.code for word in words)})", ATOM, node, 1)
    spelling = w.spelling(FUNCTIONS[function].numpy)
    if function == "where" and is_mask(x.args[0]):
        spelling = spelling.replace("{0} != 0", "{0}")
    numbers = [number_code(p)[0] for p in parameters]
    said = [str(spelling).count(f"{{{k + len(numbers)}}}") for k in range(len(words))]
    for k, times in enumerate(said):
        if times > 1 and args[k].weight:
            words[k] = aligned(w.atom(x.args[k]), places[k], x.order)
            args[k] = w.terms[x.args[k].number]
    bare = spelling.startswith("{") or spelling[0].isdigit()
    code = spelling.format(*numbers, *[t.at(POWER) if bare or " " in spelling.split("{")[0] else t.code for t in words])
    rank = TIMES if bare else ATOM
    node = formula(w, x, args, places, lambda nodes: Call(function, (*[number_node(p) for p in parameters], *nodes)))
    return Term(code, rank, node, weigh(args))


def _float(w: Writer, x: Step, args: list[Term]) -> Term:
    return Term(f"1.0*{args[0].at(ATOM)}", TIMES, args[0].node, args[0].weight)


def _power(w: Writer, x: Step, args: list[Term]) -> Term:
    exponent, guarded = x.data
    assert isinstance(exponent, Fraction)
    a = args[0]
    node: Node = Binary("**", a.node, number_node(exponent))
    if exponent == Fraction(1, 2):
        node = Call("sqrt", (a.node,))
    elif exponent == -1:
        node = Binary("/", number_node(Fraction(1)), a.node)
    if guarded:
        return Term(f"{w.helper('root_power')}({a.code}, {number_code(exponent)[0]})", ATOM, node, weigh(args))
    if abs(exponent) in (3, 4, Fraction(3, 2)) and a.weight:
        a = w.atom(x.args[0])
        node = Binary("**", a.node, number_node(exponent))
    code, rank = _power_code(w, a, abs(exponent))
    if exponent < 0:
        code, rank = f"1/{Term(code, rank, node).at(TIMES + 1)}", TIMES
    return Term(code, rank, node, a.weight + 1)


def _power_code(w: Writer, a: Term, exponent: Fraction) -> tuple[str, int]:
    """A positive power; small ones as products, since the library's general power is 20 times slower."""
    if exponent == 1:
        return a.code, a.rank
    if exponent == Fraction(1, 2):
        return f"{w.module('np')}.sqrt({a.code})", ATOM
    if exponent == Fraction(3, 2):
        return f"{a.at(ATOM)}*{w.module('np')}.sqrt({a.code})", TIMES
    if exponent == 3:
        return f"{a.at(ATOM)}*{a.at(ATOM)}**2", TIMES
    if exponent == 4:
        return f"({a.at(ATOM)}**2)**2", POWER
    code, rank = number_code(exponent)
    return f"{a.at(ATOM)}**{code if rank == ATOM else f'({code})'}", POWER


# ------------------------------------------------------------------------------------------------ products of a pair
def _matmul(w: Writer, x: Step, args: list[Term]) -> Term:
    a, b = args
    first = a.code if a.rank in (MATMUL, ATOM) else f"({a.code})"
    return Term(f"{first} @ {b.at(ATOM)}", MATMUL, Binary("@", a.node, b.node), weigh(args))


def _dot(w: Writer, x: Step, args: list[Term]) -> Term:
    a, b = args
    order = x.args[0].order
    if order == 1:
        first = a.code if a.rank in (MATMUL, ATOM) else f"({a.code})"
        return Term(f"{first} @ {b.at(ATOM)}", MATMUL, Binary("@", turned(a.node), b.node), weigh(args))
    if any(t.op == "transpose" for t in x.args):  # a copy of the transpose would cost more than the product
        return Term(f"({a.at(TIMES + 1)}*{b.at(TIMES + 1)}).sum()", ATOM, Call("sum", (Binary("*", a.node, b.node),)), weigh(args))
    return Term(f"{w.module('np')}.vdot({a.code}, {b.code})", ATOM, Call("sum", (Binary("*", a.node, b.node),)), weigh(args))


def _norm(w: Writer, x: Step, args: list[Term]) -> Term:
    (a,) = args
    if not x.data:
        return Term(f"{w.helper('norm')}({a.code})", ATOM, Call("norm", (a.node,)), weigh(args))
    (axis,) = x.data
    assert isinstance(axis, int)
    squares = Call("sum", (Binary("*", a.node, a.node),), (("axis", number_node(Fraction(axis))),))
    text = Call("sqrt", (squares,))
    return Term(f"{w.helper('norms')}({a.code}, {axis})", ATOM, turned(text) if axis == 0 else text, weigh(args))


SPELL: dict[str, Callable[[Writer, Step, list[Term]], Term]] = {
    "input": _input,
    "number": _number,
    "size": _size,
    "constant": _constant,
    "range": _range,
    "transpose": _transpose,
    "diagonal": _diagonal,
    "sum": _sum,
    "mul": _mul,
    "add": _add,
    "map": _map,
    "float": _float,
    "power": _power,
    "matmul": _matmul,
    "dot": _dot,
    "norm": _norm,
}
