r"""Definitions with parameters beside a formula: p_i = \sigma(w^\top x_i), \phi(u) = \log(1 + e^{-u}), r^{(i)} = y^{(i)} - \hat{y}^{(i)}.

A use of one, p_k or \phi(a^\top x), is read as the body with its own index or argument put in for the parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wrt.errors import Span, TextError, TooLargeError
from wrt.language import latex_limits
from wrt.language.latex_clauses import CLOSED, OPEN
from wrt.language.latex_norms import Value
from wrt.language.latex_raw import Token
from wrt.language.latex_scripts import scripted
from wrt.language.latex_statements import Statement
from wrt.language.python import MAX_TOKENS
from wrt.language.surface import Generator, postorder
from wrt.language.trampoline import Task

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser

Known = Callable[[str], bool]
SPARE = "jklmnpqrstuvwi"


@dataclass(frozen=True, slots=True)
class Definition:
    r"""`front`: the words before the parameters (p _ {, \phi (); `back`: those after them; the words of the body."""

    front: tuple[Token, ...]
    parameters: tuple[str, ...]
    back: tuple[Token, ...]
    body: tuple[Token, ...]

    @property
    def of_entries(self) -> bool:
        r"""Whether it says what the entries of an array are: Q_{ij} = ..."""
        return len(self.front) > 1 and self.front[1].text == "_"


def definitions(found: Sequence[Statement], last: int, known: Known) -> dict[int, Definition]:
    """Which statements, other than the function itself, define something of parameters that is used so."""
    out: dict[int, Definition] = {}
    for k, statement in enumerate(found):
        if k == last or statement.label is None or len(statement.sides) != 1:
            continue
        made = definition(statement.label, statement.sides[0], known)
        if made is not None and _needed(made, statement.label, found, k, known):
            out[k] = made
    return out


def definition(label: Sequence[Token], body: Sequence[Token], known: Known) -> Definition | None:
    r"""The definition that a label makes: x_{i}, x^{(i)}, f(u, v), f_\theta(u)."""
    texts = [word.text for word in label]
    if texts[-1] == ")" and "(" in texts:
        first = texts.index("(") + 1
    elif texts[-1] == "}" and len(label) > 3 and texts[1] in ("_", "^"):
        first = 3 + (texts[1] == "^" and texts[3] == "(")
    else:
        return None
    last = len(label) - 1 - (texts[-1] == "}" and texts[-2] == ")")
    inner = [word for word in label[first:last] if word.text not in (",", ";", "|")]
    if not inner or any(word.kind != "name" for word in inner) or (texts[1] == "^" and texts[-2:] != [")", "}"]):
        return None
    names = tuple(word.text for word in inner)
    indexed = texts[-1] == "}"
    if len(set(names)) < len(names) or (indexed and (known(texts[0]) or any(known(name) for name in names))):
        return None
    if not any(word.text in names and word.kind == "name" for word in body):
        return None
    return Definition(tuple(label[:first]), names, tuple(label[last:]), tuple(body))


def _needed(made: Definition, label: Sequence[Token], found: Sequence[Statement], at: int, known: Known) -> bool:
    """Whether it is used with other arguments than the label's, or has parameters that mean nothing by themselves."""
    if any(not known(name) for name in made.parameters):
        return True
    plain = [word.text for word in label]
    for k, statement in enumerate(found):
        for side in statement.sides if k != at else ():
            for start in range(len(side)):
                end = use(made, side, start)
                if end is not None and [word.text for word in side[start : end[0]]] != plain:
                    return True
    return False


def use(made: Definition, words: Sequence[Token], at: int) -> tuple[int, list[tuple[Token, ...]]] | None:
    """(where it ends, its arguments) when the definition is used at words[at:]."""
    front, back = made.front, made.back
    if [w.text for w in words[at : at + len(front)]] != [w.text for w in front] or words[at].kind != front[0].kind:
        return None
    arguments: list[tuple[Token, ...]] = []
    start = at = at + len(front)
    depth = 0
    while at < len(words):
        word = words[at]
        if depth == 0 and word.text == back[0].text and word.kind == back[0].kind:
            arguments.append(tuple(words[start:at]))
            break
        if depth == 0 and word.kind == "op" and word.text in (",", ";"):
            arguments.append(tuple(words[start:at]))
            start = at + 1
        depth += (word.text in OPEN) - (word.text in CLOSED)
        at += 1
    if front[1].text in ("_", "^") and len(arguments) == 1 < len(made.parameters):  # a_{ij}
        arguments = [(word,) for word in arguments[0]]
    fits = len(arguments) == len(made.parameters) and all(arguments) and [w.text for w in words[at : at + len(back)]] == [w.text for w in back]
    return (at + len(back), arguments) if fits else None


def defined(p: Parser) -> Task | None:
    """The value of the definition that is used here, of one entry or of all, Q of Q_{ij} = ...; None where none is."""
    for made in p.definitions:
        found = use(made, p.words, p.at)
        if found is not None:
            return _used(p, made, *found)
        if made.of_entries and p.word().text == made.front[0].text and not p.is_op(p.word(1), "_"):
            return _whole(p, made)
    return None


def _whole(p: Parser, made: Definition) -> Task:
    """The array of which a definition gives every entry, in place of its name."""
    span = p.word().span
    value: Value = yield all_entries(p, made, p.at + 1, span)
    return (yield scripted(p, value))


def all_entries(p: Parser, made: Definition, end: int, span: Span) -> Task:
    r"""The array of which Q_{ij} = ... gives every entry; `p` goes on at `end`."""
    below = [Token("name", name, *span) for name in made.parameters]
    found = latex_limits.limits(p, below, [], span, span[0])
    outer = p.indices
    p.indices = {**outer, **{b.spelling: b for b in found.indices}}
    value: Value = yield _body(p, made, list(made.body), end, span)
    if p.algebra.shape(value).order or len(made.parameters) > 2:
        raise p.fail(f"the entries of {made.front[0].text} are numbers with one or two indices.", span)
    loops, _ = latex_limits.close(p, found, span)
    p.indices = outer
    return Value(p.build.put(Generator("array", value.node, loops), span), "group")


def _used(p: Parser, made: Definition, end: int, arguments: list[tuple[Token, ...]]) -> Task:
    span = (p.word().start, p.words[end - 1].end)
    value: Value = yield _body(p, made, _filled(p, made, arguments, span), end, span)
    form = "call" if made.front[-1].text == "(" else "entry" if p.algebra.scalar(value) else "group"
    return (yield scripted(p, Value(value.node, form)))


def _body(p: Parser, made: Definition, words: list[Token], end: int, span: Span) -> Task:
    """The value of the words of a definition; `p` goes on at `end`."""
    p.unfolded += len(words)
    if p.unfolded > MAX_TOKENS:
        raise TooLargeError("the definitions beside the formula make it too long.", text=p.text, span=span)
    before = p.words, p.half, p.opened, p.closing, p.related
    kept, p.definitions = p.definitions, [d for d in p.definitions if d is not made]  # none is used inside itself
    p.start([*words, Token("stop", "", span[1], span[1])])
    value: Value = yield p.expression()
    if p.word().kind != "stop":
        raise p.expected("an operator")
    p.words, p.half, p.opened, p.closing, p.related = before
    p.definitions, p.at = kept, end
    value = p.algebra.settled(value)
    for node in postorder(value.node):
        if node.span[0] >= node.span[1]:
            node.span = span
    value.node.span = span
    return value


def _filled(p: Parser, made: Definition, arguments: list[tuple[Token, ...]], span: Span) -> list[Token]:
    """The body with the arguments put in; a letter that a sum of the body binds gives way to an index around."""
    given = dict(zip(made.parameters, arguments, strict=True))
    inside = {word.text for word in made.body if word.kind == "name"}
    around = {*p.indices, *(word.text for words in arguments for word in words if word.kind == "name")}
    free = [c for c in SPARE if c not in inside | around and p.names.find(c) is None]
    for name in sorted((inside & around) - set(given)):
        if p.names.find(name) is None and free:
            given[name] = (Token("name", free.pop(0), *span),)
        elif name in p.indices:
            raise TextError(f"{name} is an index here and something else in the definition.", text=p.text, span=span, hint="use another letter.")
    out: list[Token] = []
    for word in made.body:
        words = given.get(word.text) if word.kind == "name" else None
        if words is None:
            out.append(word)
        elif len(words) == 1:
            out.append(words[0])
        else:
            out += [Token("brace", "{", words[0].start, words[0].start), *words, Token("brace", "}", words[-1].end, words[-1].end)]
    return out
