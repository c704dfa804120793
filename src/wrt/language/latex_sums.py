r"""\sum, \prod, \max_i, \min_i with their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrt.errors import Span
from wrt.language import latex_brackets, latex_limits
from wrt.language.latex_index import Limits
from wrt.language.latex_norms import Value
from wrt.language.latex_raw import Token
from wrt.language.latex_scripts import Scripts, take_scripts
from wrt.language.surface import Call, Generator, Loop, Node
from wrt.language.trampoline import Task

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser

SUMS = ("sum", "prod")


def big(p: Parser) -> Task:
    r"""\sum_{i=1}^n term: the term that follows, up to the next + or -."""
    word = p.next()
    s = take_scripts(p)
    if s.below is None:
        return (yield plain_sum(p, word, s))
    return (yield bound(p, word, word.text, s))


def plain_sum(p: Parser, word: Token, s: Scripts) -> Task:
    r"""\sum x_i y_i over the one index that nothing binds; \sum x of all entries of an array."""
    if s.above is not None:
        raise p.fail("a sum needs its index.", word.span, r"write \sum_{i=1}^n.")
    free = free_indices(p)
    if len(free) == 1:
        return (yield over(p, word, word.text, latex_limits.limits(p, free, [], word.span, word.start), word.span))
    outer, p.algebra.summed = p.algebra.summed, True  # \sum (x - c)^2: only the square of each entry can be summed
    value: Value = yield p.term()
    p.algebra.summed = outer
    value = p.algebra.settled(value if value.other is None or not p.algebra.scalar(value) else Value(value.other))
    span = (word.start, value.span[1])
    if not p.algebra.shape(value).order:
        raise p.fail("what is summed over?", word.span, r"write \sum_{i=1}^n.")
    return Value(p.build.call(word.text, value.node, span=span), "big")


def free_indices(p: Parser) -> list[Token]:
    """The letters in subscripts of the term that starts here which nothing binds or declares, each once."""
    out: dict[str, Token] = {}
    depth, low = 0, 0  # `low`: the depth of the subscript around, 0 outside
    for k in range(p.at, min(p.at + 200, len(p.words))):
        word = p.words[k]
        depth += (word.text in ("{", "(", "[", "\\{")) - (word.text in ("}", ")", "]", "\\}"))
        ends = (p.is_op(word, "+", "-") and k > p.at) or (word.kind == "command" and word.text in SUMS)
        if depth < 0 or word.kind == "stop" or (depth == 0 and ends):
            break
        if word.text == "{" and p.is_op(p.words[k - 1], "_") and not low:
            low = depth
        low = 0 if depth < low else low
        if low and word.kind == "name" and len(word.text) == 1 and word.text not in p.indices and p.names.find(word.text) is None:
            out.setdefault(word.text, word)
    return list(out.values())


def reduction(p: Parser, word: Token, name: str, s: Scripts) -> Task:
    r"""\max_i x_i, \min_{1 \le j \le n} c_j."""
    assert s.below is not None
    for token in p.some(s.below):
        if p.is_op(token, ":"):  # \max_{i: y_i > 0}
            break
        found = p.names.find(token.text) if token.kind == "name" and token.text not in p.indices else None
        if (found is not None and found[1] == "variable") or token.text == "||":
            raise p.fail(
                f"the {name}imum over a variable is an optimisation problem, not a function.",
                (word.start, p.words[s.below[1]].end),
                "give the objective alone.",
            )
    return (yield bound(p, word, name, s))


def bound(p: Parser, word: Token, name: str, s: Scripts) -> Task:
    """What the limits bind, then the body with the indices in scope."""
    start = p.words[s.below[0]].start if s.below is not None else word.start
    place = (start, p.words[p.at - 1].end)
    return (yield over(p, word, name, latex_limits.limits(p, p.some(s.below), p.some(s.above), place, word.start), place))


def over(p: Parser, word: Token, name: str, found: Limits, place: Span) -> Task:
    """The sum of the body that follows over indices."""
    outer = p.indices
    p.indices = {**outer, **{b.spelling: b for b in found.indices}}
    minus = p.signs()
    p.bodies.add(p.word().start)
    body: Value = yield (p.term() if name in SUMS else p.factor() if p.word().kind == "op" else p.term())
    body = p.algebra.settled(p.negative(body, minus))
    for words in found.on_data:
        body = yield restricted(p, word, name, body, words)
    loops, conditions = latex_limits.close(p, found, place)
    p.ended |= set(p.indices) - set(outer)
    p.indices = outer
    span = (word.start, body.span[1])
    node = generator(p, name, body.node, loops, conditions, span)
    return Value(node, "big")


def restricted(p: Parser, word: Token, name: str, body: Value, words: list[Token]) -> Task:
    r"""The body where a condition on data holds, \sum_{i: y_i > 0}: elsewhere it adds 0 to a sum, and is a factor 1 of a product."""
    first = next(k for k, w in enumerate(p.words) if w.start == words[0].start and w.kind != "brace")
    last = max(k for k, w in enumerate(p.words) if w.end == words[-1].end and w.start >= words[0].start)
    holds: Value = yield p.inside((first, last + 1), p.relation())
    if name == "sum":
        return Value(p.build.product(holds.node, body.node, body.span), "product")
    if name != "prod":
        raise p.fail(f"a condition under {name} is not supported.", word.span)
    return Value(p.build.call("where", holds.node, body.node, p.build.number(1, body.span, "1"), span=body.span), "call")


def generator(p: Parser, name: str, body: Node, loops: tuple[Loop, ...], conditions: tuple[Node, ...], span: Span) -> Node:
    """sum(body for ...), nested sums as one; prod, max and min of an array of the bodies."""
    if name == "sum":
        if isinstance(body, Generator) and body.function == "sum":
            loops, conditions, body = (*loops, *body.loops), (*conditions, *body.conditions), body.body
        return p.build.put(Generator("sum", body, loops, conditions), span)
    if p.algebra.shape(body).order:
        raise p.fail(f"the {name} is of numbers; the body is {p.algebra.shape(body)}.", span)
    if conditions:
        if name != "prod":
            raise p.fail(f"a condition under {name} is not supported.", span)
        inside = conditions[0]
        for condition in conditions[1:]:
            inside = p.build.binary("*", inside, condition, span)
        body = p.build.call("where", inside, body, p.build.number(1, span, "1"), span=span)
    array = p.build.put(Generator("array", body, loops), span)
    return p.build.put(Call(name, (array,)), span)


def array(p: Parser, scripts: tuple[tuple[int, int], tuple[int, int]]) -> Task:
    """[body]_{i,j = 1}^{m,n}: the array of the body, one axis an index."""
    first = p.word()
    place = (first.start, p.words[scripts[1][1]].end)
    found = latex_limits.limits(p, p.some(scripts[0]), p.some(scripts[1]), place, first.start)
    outer = p.indices
    p.indices = {**outer, **{b.spelling: b for b in found.indices}}
    values: list[Value] = yield latex_brackets.group(p)
    if len(values) != 1:
        raise p.fail("an array has one body.", place)
    loops, conditions = latex_limits.close(p, found, place)
    p.indices = outer
    if conditions:
        raise p.fail("a condition on an array is not supported.", place)
    p.at = scripts[1][1] + 1
    return Value(p.build.put(Generator("array", p.algebra.settled(values[0]).node, loops), place), "call")
