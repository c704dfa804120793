r"""Brackets: (x), [x], \{x\}, |x|, \|x\|, \langle x, y \rangle, sized or not; what closes what, and what bars are open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wrt.errors import Span
from wrt.language import latex_blocks, latex_limits, latex_sums
from wrt.language.latex_function_words import REFUSED
from wrt.language.latex_norms import Value
from wrt.language.latex_raw import Token
from wrt.language.latex_scripts import raised_kind, scripted, take_scripts, with_scripts
from wrt.language.sizes import Size
from wrt.language.surface import Block, Index, Name, Node, Unary, postorder
from wrt.language.trampoline import Task

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser

CLOSING = {"(": ")", "[": "]", "\\{": "\\}", "langle": "rangle", "|": "|", "||": "||", "null": "null"}
OPENING = ("(", "[", "\\{")
_OPTION = re.compile(r"(?:\\mathrm\{axis\}|axis)\s*=")
KINDS = {
    "": "", "2": "2", "1": "1", "F": "F", "Fro": "F", "fro": "F", "Frob": "F", "frob": "F", "Frobenius": "F", "HS": "F", "*": "*", "star": "*", "nuc": "*", "nuclear": "*", "tr": "*",
    "S1": "*", "l2": "2", "l1": "1", "linfty": "inf", "l∞": "inf", "op": "op", "spec": "op", "sp": "op", "2to2": "op", "max": "max", "1,1": "1,1", "infty": "inf", "ℓ2": "2", "ℓ1": "1", "ℓ∞": "inf", "L2": "2", "L1": "1",
    "ℓinfty": "inf", "operator": "op", "S∞": "op", "Sinfty": "op",
}  # fmt: skip


def opening(word: Token) -> bool:
    r"""Whether the word opens an argument: ( [ \{ and their sized forms."""
    return word.kind == "op" and (word.text in OPENING or (word.text == "null" and word.font == "left"))


def opens(p: Parser, word: Token) -> bool:
    """Whether a bar opens here: by its size, or when no such bar is open around it."""
    if word.font in ("left", "open"):
        return True
    if word.font in ("right", "close", "mid"):
        return False
    around = p.opened[-1] if p.opened else None
    if around is not None and around.text == "langle" and word.text == "|" and in_bracket(p):
        return False
    if around is None or around.text not in ("|", "||"):
        return True
    return around.text != word.text and not (around.text == "|" and word.text == "||")


def in_bracket(p: Parser) -> bool:
    r"""Whether the bar here stands in a bracket of Dirac, \langle x | A | y \rangle, which has no commas."""
    depth = 0
    for word in p.words[p.at : p.at + 200]:
        depth += (word.text in ("{", "(", "[", "langle")) - (word.text in ("}", ")", "]", "rangle"))
        if depth < 0 or (not depth and word.text in (",", ";")):
            return depth < 0
    return False


def closed(p: Parser, opening_word: Token) -> Token:
    """The bracket that closes `opening_word`. Raises: TextError that names the one left open."""
    word = p.word()
    wanted = CLOSING[opening_word.text]
    sized = opening_word.font == "left"
    if word.kind == "op" and word.text == "||" and wanted == "|" and not word.font and not sized:  # |x - |y||: two bars typed together
        p.half = True
        p.opened.pop()
        return word._replace(text="|", end=word.start + 1)
    fits = word.kind == "op" and (word.text == wanted or (sized and word.font == "right"))
    if not fits or sized != (word.font == "right"):
        if word.kind == "op" and word.text in CLOSING.values() and word.text not in ("|", "||"):
            typed = p.typed(word)
            raise p.fail(f"'{p.typed(opening_word)}' is never closed: '{typed}' closes another bracket.", opening_word.span)
        raise p.expected(f"'{wanted}'")
    p.half = False
    p.at += 1
    p.opened.pop()
    return word


def group(p: Parser) -> Task:
    """[values] between brackets, separated by commas; `p.rows` counts the values up to each semicolon."""
    first = p.next()
    p.enter(first)
    if p.word().kind == "op" and p.word().text in CLOSING.values() and p.word().text not in ("|", "||"):
        raise p.fail("there is nothing in the brackets.", (first.start, p.word().end))
    out: list[Value] = []
    rows = [0]
    dots = -1
    while True:
        if p.word().kind == "command" and p.word().text == "ldots" and out and dots < 0 and p.is_op(p.word(1), ","):  # x_1, \dots, x_n
            dots = len(out)
            p.at += 2
        option = _OPTION.match(p.text, p.word().start)
        while option and p.word().start < option.end():  # max(X, axis = 1)
            p.at += 1
        value: Value = yield p.relation()
        if first.font == "left":
            value = yield p.over(value)
        out.append(Value(value.node, "option") if option else value)
        rows[-1] += 1
        if not p.is_op(p.word(), ",", ";"):
            break
        rows += [0] * (p.next().text == ";")
    last = closed(p, first)
    p.rows = rows
    if dots >= 0:
        return [run_of_entries(p, out, dots, (first.start, last.end))]
    if len(out) == 1:
        form = "relation" if out[0].form == "relation" else "bars" if out[0].other is not None else "group"
        out[0] = Value(out[0].node, form, out[0].other)
        out[0].node.span = (first.start, last.end)
    return out


def run_of_entries(p: Parser, values: list[Value], dots: int, span: Span) -> Value:
    r"""x_1, x_2, \dots, x_n: all entries of x, the column itself. Raises: TextError for dots that leave out anything else."""
    nodes = [p.algebra.settled(v).node for v in values]
    places = [*range(dots), -1]
    base = nodes[0].base if isinstance(nodes[0], Index) else None
    if isinstance(base, Name) and len(nodes) == dots + 1 and (shape := p.algebra.shape(base)).kind == "column":
        wanted = [p.build.unifier.find(shape.sizes[0]) - 1 if k < 0 else Size.of(k) for k in places]
        entries = [node for node in nodes if isinstance(node, Index) and isinstance(node.base, Name) and node.base.name == base.name]
        if len(entries) == len(nodes) and [p.build.index_value(e.parts[0]) for e in entries] == wanted:
            return Value(base, "list")
    raise p.fail(REFUSED["ldots"], span, "x_1, \\dots, x_n are read as the entries of a declared x of size n.")


def parenthesised(p: Parser, scripts: bool = True) -> Task:
    """A group as an operand; (a, b)^T is a column."""
    start = p.word()
    place = latex_limits.around(p)
    if place is not None:
        return (yield scripted(p, (yield latex_sums.array(p, place))))
    values: list[Value] = yield group(p)
    span = (start.start, p.words[p.at - 1].end)
    if start.text == "[" and len(p.rows) > 1:  # [a; b] as Matlab and plain text write a column
        return (yield scripted(p, Value(semicolons(p, values, span), "group")))
    if start.text == "[" and len(values) > 1 and any(p.algebra.shape(v).kind == "matrix" for v in values):  # [A, B] side by side
        return (yield scripted(p, Value(semicolons(p, values, span), "group")))
    turned = p.is_op(p.word(), "^", "'")
    if len(values) > 1 and not turned and stacks(p, values):
        return (yield scripted(p, Value(p.build.put(Block(tuple((p.algebra.settled(v).node,) for v in values), False), span), "group")))
    if start.text == "[" and len(values) > 1 and turned and all(p.algebra.shape(v).kind == "column" for v in values) and not stacks(p, values):
        shown, hint = (
            p.text[slice(*span)],
            r"write \begin{bmatrix} x \\ y \end{bmatrix} for the column, \begin{bmatrix} x & y \end{bmatrix} for the matrix.",
        )
        raise p.fail(f"are the columns of {shown} one above the other or side by side?", span, hint)
    if len(values) > 1:
        return (yield column(p, values, span))
    value = values[0]
    if value.form == "list":
        return (yield column(p, values, span))
    if value.form == "relation" and start.text == "(":
        raise p.fail("a condition in parentheses is not a factor.", span, r"write \mathbb{1}[x > 0] for 1 where it holds and 0 elsewhere.")
    if value.form == "relation":
        value = Value(value.node, "group")
    return (yield scripted(p, value)) if scripts else value


def stacks(p: Parser, values: list[Value]) -> bool:
    """Whether columns in brackets can only be meant one above the other: [h, x] of two heights."""
    shapes = [p.algebra.shape(v) for v in values]
    columns = all(s.kind in ("column", "scalar") for s in shapes) and any(s.order for s in shapes)
    return columns and not all(p.build.alike(shapes[0], s) for s in shapes[1:])


def semicolons(p: Parser, values: list[Value], span: Span) -> Node:
    """[a, b; c, d]: a block matrix, its rows between semicolons."""
    if len(set(p.rows)) > 1:
        raise p.fail("the rows of a matrix have one length.", span)
    width = p.rows[0]
    cells = [p.algebra.settled(v) for v in values]
    return latex_blocks.block(p, [cells[k : k + width] for k in range(0, len(cells), width)], span)


def column(p: Parser, values: list[Value], span: Span) -> Task:
    r"""(a, b, c)^\top: the column of a, b, c."""
    nodes = [p.algebra.settled(v).node for v in values]
    s = take_scripts(p) if p.is_op(p.word(), "^", "'") else None
    turned = tuple(n.argument if isinstance(n, Unary) and n.op == "T" else n for n in nodes)  # [x^\top, y^\top]^\top
    columns = turned if s is not None and all(p.algebra.shape(n).kind in ("scalar", "row") for n in nodes) else tuple(nodes)
    block = nodes[0] if values[0].form == "list" else p.build.put(Block(tuple((node,) for node in columns), False), span)
    if s is None or (raised_kind(p, Value(block), s.above or (0, 0)) != "T" and not s.primes):
        raise p.fail(
            "a list in brackets: is it a row, a column or an interval?",
            span,
            r"write (a, b)^\top or \begin{pmatrix} a \\ b \end{pmatrix} for a column.",
        )
    return (yield scripted(p, Value(block, "group")))


# ------------------------------------------------------------------------------------------------ bars
def bars(p: Parser) -> Task:
    r"""|x| and \|x\| with what is written below them."""
    first = p.next()
    if first.font in ("right", "close"):
        raise p.fail(f"'{p.typed(first)}' closes nothing.", first.span)
    if p.opened and p.opened[-1].text == "||" and (p.is_op(p.word(), "_", "^") or p.word().kind == "stop"):  # \|x|_2
        raise p.fail(f"'{p.typed(p.opened[-1])}' is never closed: '{p.typed(first)}' is another sign.", p.opened[-1].span)
    p.enter(first)
    inner: Value = yield p.expression()
    if p.is_op(p.word(), ",") or (p.word().text in ("|", "||") and p.word().font == "mid"):
        raise p.expected(f"'{p.typed(first)}'")
    last = closed(p, first)
    span = (first.start, last.end)
    s = take_scripts(p)
    words = p.some(s.below)
    if first.text == "|" and not words:
        value = p.algebra.bars(inner, span)
    else:
        if p.is_op(p.word(0), "_"):
            raise p.fail("two subscripts.", p.word().span)
        value = yield norm(p, inner, s.below, span, squared(p, s.above))
        if value.form == "square":  # x^T W x: the power 2 is spent
            return (yield scripted(p, Value(value.node, "norm")))
    s.below = None
    if s.above is not None or s.primes:
        value = yield with_scripts(p, value, s)
    return (yield scripted(p, value))


def squared(p: Parser, place: tuple[int, int] | None) -> bool:
    words = p.brief(place)
    return len(words) == 1 and words[0].text == "2"


def norm_kind(p: Parser, words: list[Token]) -> str | None:
    """What a subscript of a norm says, None when it is an expression."""
    text = "".join(w.text for w in words if w.text not in ("{", "}", "_", "^", "(", ")", "\\{", "\\}"))
    return KINDS.get(text)


def norm(p: Parser, inner: Value, below: tuple[int, int] | None, span: Span, square: bool) -> Task:
    """The norm with its subscript: a kind, an order, or the matrix of a weighted norm."""
    words = p.some(below)
    kind = norm_kind(p, words)
    if kind is not None:
        return p.algebra.norm(inner, kind, span)
    if len(words) == 1 and words[0].text == "0":
        raise p.fail("the number of entries that are not 0 is not a norm and has no derivative.", words[0].span)
    assert below is not None
    if any(w.text == "," for w in words) or any(w.kind == "word" for w in words):
        return p.algebra.norm(inner, p.text[words[0].start : words[-1].end], span)
    order: Value = yield p.inside(below, p.expression())
    for node in postorder(order.node) if p.assuming else ():
        if isinstance(node, Name) and node.role == "size":  # the p of \|x\|_p is a number that nobody declared
            node.role = ""
    shape = p.algebra.shape(inner)
    if p.algebra.scalar(order) and shape.kind in ("column", "row"):
        return Value(p.build.call("norm", p.algebra.settled(inner).node, order.node, span=span), "norm")
    if p.algebra.shape(order).kind == "matrix" and shape.kind == "column":
        form = weighted(p, p.algebra.settled(inner).node, order.node, inner.node, span)
        if square:
            return Value(form.node, "square")
        return Value(p.build.call("sqrt", form.node, span=span), "norm")
    raise p.fail("this subscript names no norm.", order.span, r"\|x\|_1, \|x\|_2, \|x\|_\infty, \|x\|_p, \|X\|_F, \|X\|_*, \|x\|_W^2 are known.")


def weighted(p: Parser, left: Node, middle: Node, right: Node, span: Span) -> Value:
    """left^T middle right."""
    node = p.build.product(p.build.product(p.build.transpose(left, span), middle, span), right, span)
    return Value(node, "product")


# ------------------------------------------------------------------------------------------------ inner products
def between_angles(p: Parser) -> Task:
    r"""(left, what stands between the bars of Dirac or None, right): \langle x, y \rangle, \langle x | y \rangle, \langle x | A | y \rangle."""
    first = p.next()
    p.enter(first)
    left: Value = yield p.expression()
    if not (p.is_op(p.word(), ",", ";") or p.word().text == "|"):
        raise p.expected("','")
    p.at += 1
    right: Value = yield p.expression()
    middle: Value | None = None
    if p.is_op(p.word(), "|"):
        p.at += 1
        middle, right = p.algebra.settled(right), (yield p.expression())
    closed(p, first)
    return p.algebra.settled(left), middle, p.algebra.settled(right)


def inner_product(p: Parser) -> Task:
    r"""\langle x, y \rangle: x^T y of columns, the sum of the products of the entries of matrices; \langle x, y \rangle_W is x^T W y."""
    start = p.word().start
    left, weight, right = yield between_angles(p)
    span = (start, p.words[p.at - 1].end)
    s = take_scripts(p)
    a, b = p.algebra.shape(left), p.algebra.shape(right)
    words = p.some(s.below)
    if words and norm_kind(p, words) not in ("F", "2"):
        assert s.below is not None
        weight = yield p.inside(s.below, p.expression())
    s.below = None
    for side in (left, right):
        if p.algebra.scalar(side):
            p.algebra.ask_point(side)
    if a.kind == b.kind == "scalar" and p.build.assumed:
        raise p.algebra.misfit(f"{p.algebra.says(left)} is taken as a scalar, but has an inner product.", span)
    if not p.build.alike(a, b) and weight is None:
        raise p.algebra.misfit(
            f"an inner product takes two values of one shape: {p.algebra.says(left)} is {a}, {p.algebra.says(right)} is {b}.", span
        )
    if weight is not None:
        if a.kind != "column" or b.kind != "column":
            raise p.fail("a weighted inner product is of two columns.", span)
        value = weighted(p, left.node, weight.node, right.node, span)
    elif a.kind == "column":
        value = Value(p.build.product(p.build.transpose(left.node, left.span), right.node, span), "product")
    elif a.kind == "scalar":
        value = Value(p.build.binary("*", left.node, right.node, span), "product")
    else:
        value = Value(p.build.call("sum", p.build.binary("*", left.node, right.node, span), span=span), "call")
    if s.above is not None or s.primes:
        value = yield with_scripts(p, value, s)
    return (yield scripted(p, value))
