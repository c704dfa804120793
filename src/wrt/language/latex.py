r"""LaTeX, as papers, notes and threads type it, read as a surface tree.

`\|Ax-b\|_2^2`, `\frac12 x^\top A x`, `\operatorname{tr}(AX^{-1}B)`, `\sum_{i=1}^n \log(1 + e^{-y_i w^\top x_i})`: juxtaposition is the product that
the shapes ask for; indices count from 1; names are those declared, in LaTeX's spelling (β as \beta, y_hat as \hat{y}, W_1), or as `names` spells them.
What has two meanings is asked, never guessed. The words are made in `latex_tokens`, the statements in `latex_statements`, the grammar is `latex_grammar`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

from wrt.errors import ShapeError, TextError, UnknownNameError, WrtError
from wrt.language.assume import UndeclaredError, letter_kind, named
from wrt.language.builder import Builder, Reading
from wrt.language.latex_definitions import Definition, all_entries, definition, definitions
from wrt.language.latex_grammar import Parser
from wrt.language.latex_index import Bound
from wrt.language.latex_kinds import Rule, choose
from wrt.language.latex_names import Names, Pattern, key, patterns
from wrt.language.latex_norms import Value
from wrt.language.latex_objective import pass_over
from wrt.language.latex_points import shared
from wrt.language.latex_raw import Token
from wrt.language.latex_rows import Guess, asked, fits, guesses, hint
from wrt.language.latex_statements import Statement, label_name, main, statements
from wrt.language.latex_tokens import tokens
from wrt.language.surface import FunctionDeclaration, Name, Node, Shape, Steps, postorder
from wrt.language.trampoline import run

_DOUBLED = re.compile(r"\\\\(?:frac|sum|operatorname|left|math|top|lambda|alpha|beta|theta|sigma|mu|log|exp|text|bold|cdot|sqrt|Sigma)")
_TWO_BARS = re.compile(r"(\||\\vert)\s*(\||\\vert)")
Facts = Mapping[str, Iterable[str]]


class Given(NamedTuple):
    """What stands beside the text: spellings, facts, free indices."""

    names: Mapping[str, str]
    facts: Facts | None
    indices: tuple[str, ...]
    functions: Mapping[str, FunctionDeclaration]
    wide_zeros: bool = False
    by: frozenset[str] = frozenset()  # variables of a derivative: where one is not declared, letters are inferred beside those that are
    entries: bool = False  # whether the function is given by its entries, K_{ij} = ...


def parse(
    text: str,
    shapes: Mapping[str, Shape] | None = None,
    names: Mapping[str, str] | None = None,
    facts: Facts | None = None,
    indices: Iterable[str] = (),
) -> Node:
    r"""The untyped surface tree of a LaTeX formula. `shapes` of the declared names; `names`: how variables, entries and rows are spelt.

    Raises: TextError (also where the formula has two meanings), ShapeError, UnknownNameError, each with a caret; TooLargeError.

    >>> from wrt.language.unparse import unparse
    >>> unparse(parse(r"\frac{1}{2}\|Ax-b\|_2^2"))
    '1/2*norm(A @ x - b)**2'
    """
    return read(text, shapes, names, facts, indices).tree


def read(
    text: str,
    shapes: Mapping[str, Shape] | None = None,
    names: Mapping[str, str] | None = None,
    facts: Facts | None = None,
    indices: Iterable[str] = (),
    functions: Mapping[str, FunctionDeclaration] | None = None,
    by: Iterable[str] = (),
) -> Reading:
    """The tree, the shapes assumed, and what the user should be told; `indices` are free in the formula.

    Shapes are assumed where nothing at all is declared, and where a variable of the derivative (`by`) is not, of plain letters.
    """
    try:
        words = tokens(text)
        given = Given(names or {}, facts, tuple(indices), functions or {}, by=frozenset(map(key, by)))
        try:
            return _choose(text, words, shapes, given)
        except WrtError:
            split = _bars_apart(words, text)
            if split is None:
                raise
            with suppress(WrtError):  # ||a| - |b||: the bars at the ends are two each
                return _choose(text, split, shapes, given)
            raise
    except WrtError as error:
        if _DOUBLED.search(text):
            error.hint = r'the backslashes are doubled: write r"\frac..." or "\\frac...", not both.'
        if error.span is not None and error.span[0] > error.span[1]:
            error.span = error.span[::-1]
        raise named(error).located(text) from None


def _choose(text: str, words: list[Token], shapes: Mapping[str, Shape] | None, given: Given) -> Reading:
    """The reading beside declarations, or with the kinds of names that fit best where nothing is declared."""
    sizes = {name for shape in (shapes or {}).values() for size in shape.sizes for name in size.names}
    found = statements(words[:-1], text, {key(name) for name in (*(shapes or {}), *sizes)})
    try:
        return _declared_or_not(text, words, found, shapes, given)
    except WrtError as error:
        at = main(found, text)
        label, last = found[at].label or [], found[at].sides[-1]
        if [word.text for word in label[1:3]] == ["_", "{"] and label[-1].text == "}":
            try:
                return _declared_or_not(text, words, found, shapes, given._replace(entries=True))
            except TextError as other:
                raise (other if isinstance(error, UnknownNameError) else error) from None
            except WrtError:
                raise error from None
        before = label and isinstance(error, UnknownNameError) and error.span is not None and error.span[1] <= last[0].start
        if before:  # L(w) = \prod_i p(y_i | x_i) = ...
            found[at] = Statement(label, [last])
            with suppress(WrtError):
                reading = _declared_or_not(text, words, found, shapes, given)
                return reading._replace(notes=(*reading.notes, "the last side is read: those before it hold what is not declared"))
        raise


def _declared_or_not(text: str, words: list[Token], found: list[Statement], shapes: Mapping[str, Shape] | None, given: Given) -> Reading:
    """`_choose` of statements that are known."""
    if shapes:
        try:
            return _read(text, words[-1], found, shapes, given, None)
        except WrtError as error:
            if isinstance(error, ShapeError) and any(word.text == "0" for word in words):
                with suppress(WrtError):
                    reading = _read(text, words[-1], found, shapes, given._replace(wide_zeros=True), None)
                    return reading._replace(notes=(*reading.notes, "0 below a column is read as a column of zeros"))
            try:
                return _with_rows(error, text, words, found, shapes, given)
            except UnknownNameError as unknown:
                if given.by and (filled := _filled(text, words, found, shapes, given)) is not None:
                    return filled
                if not isinstance(unknown, UndeclaredError):
                    raise
                raise UnknownNameError(unknown.message, text=text, span=unknown.span, hint=unknown.hint) from None
    return _inferred(text, words, found, {}, given)


def _filled(text: str, words: list[Token], found: list[Statement], shapes: Mapping[str, Shape], given: Given) -> Reading | None:
    r"""The reading with plain letters inferred beside those declared; None where it does not fit, or \bar{x} or x_0 may be made of a declared x."""
    with suppress(WrtError):
        reading = _inferred(text, words, found, shapes, given)
        if given.by & {key(name) for name in reading.assumed} and all("_" not in name for name in reading.assumed):
            return reading
    return None


def _inferred(text: str, words: list[Token], found: list[Statement], shapes: Mapping[str, Shape], given: Given) -> Reading:
    """The reading with the kinds of undeclared letters that fit best."""

    def attempt(kinds: dict[str, str], rule: Rule, numbers: set[str]) -> Reading:
        return _read(text, words[-1], found, shapes, given, kinds, rule, numbers)

    return choose(attempt, text, len(words))


def _with_rows(error: WrtError, text: str, words: list[Token], found: list[Statement], shapes: Mapping[str, Shape], given: Given) -> Reading:
    """The reading with x_i as the row or column of X, where one of the two fits. Raises: `error` where none does; TextError where both do."""
    tried = list(guesses(words, shapes, given.names))
    good: list[tuple[Guess, Reading]] = []
    for guess in tried:
        with suppress(WrtError):
            reading = _read(text, words[-1], found, shapes, given._replace(names={**given.names, **guess.names}), None)
            if fits(guess, reading.tree, shapes):
                good.append((guess, reading))
    if len(good) == 1:
        guess, reading = good[0]
        return reading._replace(notes=(*reading.notes, *guess.notes))
    if good:
        raise asked([guess for guess, _ in good], text, words)
    if tried:
        error.hint = hint(tried)
    raise error


def _bars_apart(words: list[Token], text: str) -> list[Token] | None:
    """The words with every || typed as two bars read as two; None when there is none."""
    out: list[Token] = []
    for word in words:
        typed = _TWO_BARS.fullmatch(text, word.start, word.end) if word.text == "||" and not word.font else None
        if typed:
            out += [word._replace(text="|", end=typed.end(1)), word._replace(text="|", start=typed.start(2))]
        else:
            out.append(word)
    return out if len(out) > len(words) else None


def _read(
    text: str,
    stop: Token,
    found: list[Statement],
    shapes: Mapping[str, Shape],
    given: Given,
    kinds: dict[str, str] | None,
    rule: Rule = letter_kind,
    numbers: set[str] | None = None,
) -> Reading:
    """One reading, with one choice of kinds for undeclared names; `numbers`: where it notes those that are used as numbers."""
    build = Builder(shapes, given.facts, given.functions)
    build.numbers = set() if numbers is None else numbers
    table = Names(shapes, build.sizes)
    spelt = patterns(given.names, {*shapes, *build.sizes})
    parser = Parser(text, [], build, table, spelt, kinds, _size_words(found))
    parser.letter_kind = rule
    parser.shared = shared(side for s in found for side in s.sides) if parser.assuming else set()
    parser.wide_zeros = given.wide_zeros
    parser.functions = {key(f"ℓ{name[3:]}" if name.startswith("ell") else name): d for name, d in given.functions.items()}
    parser.indices = {key(name): Bound(key(name), name, (0, 0)) for name in given.indices}
    last = main(found, text)

    def known_name(name: str) -> bool:
        return table.find(name) is not None

    macros = definitions(found, last, known_name)
    parser.definitions = list(macros.values())
    order = [k for k in _in_order(found, last) if k not in macros]
    steps: list[tuple[str, Node]] = []
    value: Value | None = None
    for k in order:
        entries = definition(found[k].label or [], found[k].sides[0], known_name) if given.entries and k == last else None
        value = _entries(parser, entries, found[k]) if entries is not None else _statement(parser, found[k], stop, k == last)
        if k != last:
            spelling = label_name(found[k].label or [])
            known = table.find(spelling)
            if known is not None and known[1] != "size":
                raise TextError(f"{spelling} is defined, but is already the name of a variable.", text=text, span=found[k].sides[0][0].span)
            name = _spare(spelling, build) if known is not None else spelling
            steps.append((name, value.node))
            build.steps[name] = value.node
            table.add(name, "step", spelling)
            label = tuple(found[k].label or ())
            if len(label) > 1:  # h(x) is h from here on
                spelt.insert(0, Pattern(label, Name(name), frozenset()))
    assert value is not None
    tree = _with_steps(steps, value.node, text)
    for node in postorder(tree):
        if node.span[0] > node.span[1]:  # a macro's words stand where it is defined
            node.span = node.span[::-1]
    build.finish(tree, (n.name for n in postorder(tree) if isinstance(n, Name)))
    return Reading(tree, build.assumed, tuple(parser.notes))


def _spare(name: str, build: Builder) -> str:
    """A name for a step whose own is the name of a size: h1."""
    taken = {*build.declarations, *build.sizes, *build.steps}
    return next(choice for k in range(1, 1000) if (choice := f"{name}{k}") not in taken)


def _with_steps(steps: list[tuple[str, Node]], result: Node, text: str) -> Node:
    used = {n.name for node in (result, *(v for _, v in steps)) for n in postorder(node) if isinstance(n, Name) and n.role == "step"}
    kept = tuple(s for s in steps if s[0] in used)
    return Steps(kept, result, span=(0, len(text)), shape=result.shape) if kept else result


def _statement(parser: Parser, statement: Statement, stop: Token, whole: bool) -> Value:
    """The value of the right-hand side; further right-hand sides must be formulas of the same shape."""
    values: list[Value] = []
    for side in statement.sides:
        end = side[-1].end if side else stop.end
        parser.start([*_plain_words(side), Token("stop", "", end, end)])
        if whole:
            pass_over(parser)
        value: Value = run(parser.whole())
        if parser.word().kind != "stop":
            raise parser.expected("an operator")
        values.append(parser.algebra.settled(value))
    shapes = [parser.algebra.shape(v) for v in values]
    for value, shape in zip(values[1:], shapes[1:], strict=True):
        if not parser.build.alike(shapes[0], shape) or not any(isinstance(n, Name) for n in postorder(value.node)):
            raise parser.fail("this is an equation: its sides are different functions.", value.span, "give one side alone.")
    label = statement.label
    if whole and label is not None and len(label) == 1:
        known = parser.names.find(label[0].text)
        if known is not None and any(isinstance(n, Name) and n.name == known[0] for n in postorder(values[0].node)):
            raise parser.fail(f"{parser.typed(label[0])} is on both sides: an equation is not a function.", label[0].span, "give one side alone.")
    return values[0]


def _entries(parser: Parser, made: Definition, statement: Statement) -> Value:
    r"""The array whose entries a statement gives: K_{ij} = \exp(-(x_i - x_j)^2)."""
    if not made.of_entries or not statement.label or len(statement.sides) > 1:
        raise parser.fail("an entry is given once.", statement.sides[0][0].span)
    words = statement.sides[0]
    parser.notes[f"{parser.text[statement.label[0].start : statement.label[-1].end]} gives every entry: the whole array is read"] = None
    value: Value = run(all_entries(parser, made, 0, (words[0].start, words[-1].end)))
    return value


def _plain_words(words: list[Token]) -> list[Token]:
    r"""The words with {\rm tr} as one word, outside of scripts."""
    out: list[Token] = []
    for word in words:
        out.append(word)
        if word.text == "}" and len(out) > 2 and out[-2].kind == "word" and out[-3].text == "{" and not (len(out) > 3 and out[-4].text in ("^", "_")):
            out[-3:] = [out[-2]]
    return out


def _in_order(found: list[Statement], last: int) -> list[int]:
    """Statements so that every name is defined before it is used; the function itself last."""
    heads = {k: s.label[0] if s.label else None for k, s in enumerate(found)}
    waiting = [k for k in range(len(found)) if k != last]
    out: list[int] = []
    while waiting:
        ready = next((k for k in waiting if not any(_mentions(found[k], heads[j]) for j in waiting if j != k)), waiting[0])
        waiting.remove(ready)
        out.append(ready)
    return [*out, last]


def _mentions(statement: Statement, head: Token | None) -> bool:
    return head is not None and any(word.text == head.text for side in statement.sides for word in side)


def _size_words(found: list[Statement]) -> set[str]:
    r"""Letters that stand above a sum or below I and \mathbf{1}: sizes, where nothing is declared."""
    out: set[str] = set()
    for side in (side for s in found for side in s.sides):
        for k, word in enumerate(side):
            big = word.text in ("sum", "prod") and word.kind == "command"
            sized = word.kind == "name" and word.text in ("I", "1", "0") and k + 1 < len(side) and side[k + 1].text == "_"
            at = k + 1
            while (big or sized) and at < len(side) and side[at].text in ("_", "^"):
                above, at, depth = side[at].text == "^", at + 1, 0
                while at < len(side):
                    depth += (side[at].text == "{") - (side[at].text == "}")
                    if side[at].kind == "name" and (above or sized or side[at - 1].text == "[" or side[at - 1].text == "le"):
                        out.add(side[at].text)
                    at += 1
                    if depth == 0:
                        break
    return out - {"1", "0"}
