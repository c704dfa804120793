r"""Environments: pmatrix, bmatrix, array (columns, rows and block matrices), vmatrix (a determinant), cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrt.errors import ShapeError, Span
from wrt.language import latex_brackets
from wrt.language.latex_norms import Value
from wrt.language.latex_raw import Token
from wrt.language.latex_trees import complementary
from wrt.language.places import ONE, places
from wrt.language.sizes import Size
from wrt.language.surface import Block, Node, Number
from wrt.language.trampoline import Task

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser

MATRICES = ("pmatrix", "bmatrix", "matrix", "smallmatrix", "psmallmatrix", "bsmallmatrix", "array", "Bmatrix", "vmatrix")


def environment(p: Parser) -> Task:
    r"""\begin{name} ... \end{name}"""
    first = p.next()
    if first.text == "cases" or first.text in ("dcases", "rcases"):
        return (yield cases(p, first))
    if first.text not in MATRICES:
        raise p.fail(f"the environment {first.text} is not known.", first.span, "pmatrix, bmatrix, vmatrix and cases are.")
    if first.text == "array" and p.word().text == "{":
        p.argument_place()
    rows: list[list[Value]] = yield cells(p, first)
    span = (first.start, p.words[p.at - 1].end)
    if (dots := next((k for k, row in enumerate(rows) if not row), -1)) >= 0:  # x_1, \vdots, x_n
        return latex_brackets.run_of_entries(p, [value for row in rows for value in row], dots, span)
    value = block(p, rows, span)
    if first.text == "vmatrix":
        return Value(p.build.call("det", value, span=span), "call")
    return Value(value, "group")


def cells(p: Parser, first: Token) -> Task:
    r"""Rows of cells, separated by & and \\."""
    p.enter(first)
    rows: list[list[Value]] = [[]]
    dots = False
    while True:
        word = p.word()
        if word.kind == "end":
            break
        if word.kind == "newline":
            p.at += 1
            rows.append([])
            continue
        if word.text == "ldots" and p.word(1).kind == "newline" and not rows[-1] and len(rows) > 1 and all(len(row) == 1 for row in rows[:-1]):
            p.at += 2  # an empty row stands for what the dots leave out
            rows.append([])
            dots = True
            continue
        if word.text == "ldots":
            raise p.unknown(word)
        rows[-1].append(p.algebra.settled((yield p.expression())))
        if p.is_op(p.word(), "&"):
            p.at += 1
        elif p.word().kind not in ("newline", "end"):
            raise p.expected(r"'&', '\\' or '\end'")
    finish(p, first)
    if dots:
        return rows
    rows = [row for row in rows if row]
    if not rows or len({len(row) for row in rows}) > 1:
        raise p.fail("the rows of a matrix have one length.", first.span)
    return rows


def finish(p: Parser, first: Token) -> None:
    last = p.next()
    p.opened.pop()
    if last.text != first.text:
        raise p.fail(rf"\begin{{{first.text}}} is closed by \end{{{last.text}}}.", last.span)


def block(p: Parser, rows: list[list[Value]], span: Span) -> Node:
    """A column, or a block matrix; 0 and I take the size that their row and column leave them."""
    nodes = [[cell.node for cell in row] for row in rows]
    if not any(_zero(n) or n.shape is None for row in nodes for n in row) and p.algebra.trial(lambda: _aligned(p, nodes, span)) is None:
        return p.build.put(Block(tuple(tuple(row) for row in nodes), True), span)  # the rows may fit though the columns do not
    heights: list[Size | None] = [_common(p, [places(p.algebra.shape(n))[0] for n in row if not _zero(n)], span) for row in nodes]
    widths = [_common(p, [places(p.algebra.shape(row[k]))[1] for row in nodes if not _zero(row[k])], span) for k in range(len(nodes[0]))]
    for i, row in enumerate(nodes):
        for j, node in enumerate(row):
            if _zero(node):
                row[j] = zero(p, node, heights[i], widths[j])
    for row in nodes:
        for node in row:
            node.shape = p.algebra.shape(node)
    if len(nodes[0]) == 1 and all(p.algebra.shape(row[0]).kind in ("scalar", "column") for row in nodes):
        return p.build.put(Block(tuple((row[0],) for row in nodes), False), span)
    return p.build.put(Block(tuple(tuple(row) for row in nodes), True), span)


def _aligned(p: Parser, nodes: list[list[Node]], span: Span) -> bool:
    """Whether the blocks have one width in every column. Raises: ShapeError where they do not."""
    for k in range(len(nodes[0])):
        _common(p, [places(p.algebra.shape(row[k]))[1] for row in nodes], span)
    return True


def _zero(node: Node) -> bool:
    return isinstance(node, Number) and node.value == 0


def _common(p: Parser, sizes: list[Size], span: Span) -> Size | None:
    """The one size of the cells of a row or column."""
    for size in sizes[1:]:
        if not p.build.unifier.unify(sizes[0], size):
            raise ShapeError(f"the blocks do not fit: {p.build.unifier.find(sizes[0])} beside {p.build.unifier.find(size)}.", text=p.text, span=span)
    return p.build.unifier.find(sizes[0]) if sizes else None


def zero(p: Parser, node: Node, height: Size | None, width: Size | None) -> Node:
    """0 as a block: a number where row and column are one wide, else a zero matrix."""
    if height in (ONE, None) and width in (ONE, None) and not (p.wide_zeros and height is None):
        return node
    rows = height if height is not None else p.build.unifier.fresh()
    columns = width if width is not None else p.build.unifier.fresh()
    if columns is ONE:
        return p.build.filled("zeros", (rows,), node.span, "0")
    return p.build.filled("zeros", (rows, columns), node.span, "0")


# ------------------------------------------------------------------------------------------------ cases
def cases(p: Parser, first: Token) -> Task:
    r"""\begin{cases} a & x > 0 \\ b & \text{otherwise} \end{cases}: where(x > 0, a, b)."""
    p.enter(first)
    branches: list[tuple[Value, Value | None]] = []
    while p.word().kind != "end":
        value: Value = yield p.expression()
        if p.is_op(p.word(), ","):
            p.at += 1
        if not p.is_op(p.word(), "&"):
            raise p.expected("'&' and a condition")
        p.at += 1
        branches.append((p.algebra.settled(value), (yield condition(p))))
        if p.is_op(p.word(), ",", ".", ";"):
            p.at += 1
        if p.word().kind == "newline":
            p.at += 1
        elif p.word().kind != "end":
            raise p.expected(r"'\\' or '\end{cases}'")
    finish(p, first)
    span = (first.start, p.words[p.at - 1].end)
    return Value(branched(p, branches, span), "call")


def plain_cases(p: Parser, first: Value) -> Task:
    """{a if x > 0; b otherwise}, as Unicode text prints cases; `p` stands at the "if"."""
    start = p.word().start
    p.at += len("if")
    given: Value = yield p.relation()
    if not p.is_op(p.word(), ";"):
        raise p.expected("';' and what holds otherwise")
    p.at += 1
    other: Value = yield p.expression()
    if p.condition_word(p.word()) != "otherwise":
        raise p.expected("'otherwise'")
    p.at += len("otherwise")
    nodes = [p.algebra.settled(v).node for v in (given, first, other)]
    return Value(p.build.call("where", *nodes, span=(start, p.words[p.at - 1].end)), "call")


def condition(p: Parser) -> Task:
    r"""\text{if } x > 0, \text{otherwise} (None)."""
    while p.word().kind == "word" and p.word().text in ("if", "for", "when"):
        p.at += 1
    if p.word().kind == "name" and p.text.startswith("otherwise", p.word().start):  # typed as letters
        p.at += len("otherwise")
        return None
    if p.word().kind == "word" and p.word().text in ("otherwise", "else", "otherwise."):
        p.at += 1
        return None
    value: Value = yield p.relation()
    if value.form != "relation":
        raise p.fail("a condition is missing, such as x > 0.", value.span)
    return value


def branched(p: Parser, branches: list[tuple[Value, Value | None]], span: Span) -> Node:
    """Nested where; the branches must cover everything."""
    if len(branches) < 2 or any(c is None for _, c in branches[:-1]):
        raise p.fail("cases need two branches or more, 'otherwise' last.", span)
    node = branches[-1][0].node
    last = branches[-1][1]
    if last is not None:
        before = branches[-2][1]
        if len(branches) != 2 or before is None or not complementary(before.node, last.node):
            raise p.fail("the cases may leave a gap: what holds elsewhere?", span, r"write \text{otherwise} for the last case.")
    for value, given in reversed(branches[:-1]):
        assert given is not None
        node = p.build.call("where", given.node, value.node, node, span=span)
    return node
