r"""\frac{a}{b}, \frac12, \sqrt{x}, \sqrt[3]{x}: commands with arguments."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from wrt.language import latex_brackets, latex_functions, latex_unread
from wrt.language.latex_norms import Value
from wrt.language.latex_raw import Token
from wrt.language.latex_words import ENDING
from wrt.language.trampoline import Task

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser


def argument(p: Parser, command: Token, count: int) -> Task:
    r"""The argument of \frac or \sqrt: a group, or one word (of a number one digit)."""
    word = p.word()
    needs = f"'{p.typed(command)}' needs {'two arguments' if count == 2 else 'an argument'}."
    if word.kind == "brace" and word.text == "{":
        if p.word(1).text == "}":
            raise p.fail(needs, command.span)
        return (yield p.braces())
    if word.kind == "number" and word.text[0] != ".":
        p.at += 1
        return Value(p.build.number(Fraction(word.text), word.span, word.text), "number")
    if word.kind in ("name", "word") or (word.kind == "command" and word.text not in ENDING):
        if word.kind == "name" and p.word(1).text in ("_", "^"):  # \frac a_1 b takes the letter alone
            raise p.fail(needs, command.span, "put the argument in braces.")
        return (yield p.factor())
    raise p.fail(needs, command.span)


def fraction(p: Parser) -> Task:
    r"""\frac{a}{b}"""
    command = p.next()
    latex_unread.refuse_derivative(p, command)
    top: Value = yield argument(p, command, 2)
    bottom: Value = yield argument(p, command, 2)
    value = p.algebra.over(top, bottom)
    value.node.span = (command.start, p.words[p.at - 1].end)
    return value


def root(p: Parser) -> Task:
    r"""\sqrt{x}, \sqrt[3]{x}"""
    command = p.next()
    degree: Value | None = None
    if p.is_op(p.word(), "["):
        p.enter(p.next())
        degree = yield p.expression()
        if not p.is_op(p.word(), "]"):
            raise p.expected("']'")
        p.at += 1
        p.opened.pop()
    if p.is_op(p.word(), "("):  # √(x) as Unicode types it
        inner: Value = yield latex_brackets.parenthesised(p, scripts=False)
    else:
        inner = yield argument(p, command, 1)
    span = (command.start, p.words[p.at - 1].end)
    if degree is None:
        return latex_functions.entry_function(p, "sqrt", inner, span)
    inner = p.algebra.number_of_bars(inner)
    one = p.build.number(1, degree.span, "1")
    return Value(p.build.binary("**", inner.node, p.build.binary("/", one, degree.node, degree.span), span), "power")
