r"""The grammar of a LaTeX formula: words -> typed values, by rules that run on a trampoline.

relation   = expression (("=" | "<" | ...) expression)*        in brackets and cases only
expression = ["-"] term (("+" | "-") term)*
term       = factor ([sign] factor)*                           sign: juxtaposition, \cdot * / \odot \circ \oslash \otimes
factor     = (number | symbol | group | bars | norm | \frac | \sqrt | function | \sum | environment) scripts
scripts    = ("_" "{" ... "}" | "^" "{" ... "}" | "'")*
"""

from __future__ import annotations

import re
from fractions import Fraction

from wrt.errors import Span
from wrt.language import (
    latex_blocks,
    latex_brackets,
    latex_fractions,
    latex_functions,
    latex_index,
    latex_special,
    latex_sums,
    latex_symbols,
    latex_unknown,
)
from wrt.language.latex_cursor import RELATIONS, Cursor
from wrt.language.latex_definitions import defined
from wrt.language.latex_norms import Value
from wrt.language.latex_raw import Token
from wrt.language.latex_scripts import scripted, take_scripts
from wrt.language.latex_values import HADAMARD, Item
from wrt.language.latex_words import ENDING
from wrt.language.surface import Node
from wrt.language.trampoline import Task

_CONDITION = re.compile(r"(?<=\s)(?:if|otherwise)\b")
STOP_WORDS = frozenset(("if", "otherwise", "else", "for", "where", "with", "and", "or", "s.t.", "st", "subject to", "such that", "for all"))
SIGNS = {"·": "·", "*": "*", "×": "×", "/": "/"}


class Parser(Cursor):
    """The rules, each a task that returns a typed value."""

    # ------------------------------------------------------------------------------------------------ sums and relations
    def relation(self) -> Task:
        """expression (relation expression)*: 0 or 1 where there is a relation."""
        left: Value = yield self.expression()
        parts: list[Node] = []
        while self.word().text in RELATIONS and self.word().kind in ("op", "command"):
            op = RELATIONS[self.next().text]
            right: Value = yield self.expression()
            span = (left.span[0], right.span[1])
            left, right = self.algebra.settled(left), self.algebra.settled(right)
            if not self.build.alike(self.algebra.shape(left), self.algebra.shape(right)):
                self.algebra.stretches(left, right, span)
            parts.append(self.compared(op, left.node, right.node, span))
            left = right
        if not parts:
            return left
        node = parts[0]
        for part in parts[1:]:
            node = self.build.binary("*", node, part, (node.span[0], part.span[1]))
        return Value(node, "relation")

    def compared(self, op: str, left: Node, right: Node, span: Span) -> Node:
        """left op right; what both indices add is left out: i + 1 == j + 1 is i == j."""
        a, b = self.build.index_value(left), self.build.index_value(right)
        if a is not None and b is not None:
            left, right = latex_index.compared(self, a, b, span)
        return self.build.binary(op, left, right, span)

    def expression(self) -> Task:
        """["-"] term (("+" | "-") term)*"""
        minus = self.signs()
        left: Value = yield self.term()
        left = self.negative(left, minus)
        while self.is_op(self.word(), "+", "-"):
            sign = self.next()
            minus = self.signs()
            right: Value = yield self.term()
            left = self.algebra.add(sign.text, left, self.negative(right, minus))
        if self.word().text in ("pm", "mp") and self.word().kind == "command":
            raise self.fail("two signs at once are two formulas.", self.word().span, "write + or -.")
        return left

    def whole(self) -> Task:
        r"""expression [\over expression]: what braces, \left and \right, or the ends of the text enclose."""
        value: Value = yield self.expression()
        return (yield self.over(value))

    def over(self, value: Value) -> Task:
        r"""The value, divided by what follows \over."""
        if self.word().kind == "command" and self.word().text == "over":
            self.at += 1
            below: Value = yield self.expression()
            value = self.algebra.over(value, below)
        return value

    def signs(self) -> Token | None:
        """Signs before a term; the first minus when they make one."""
        minus: list[Token] = []
        while self.is_op(self.word(), "+", "-"):
            sign = self.next()
            if sign.text == "-":
                minus.append(sign)
        return minus[0] if len(minus) % 2 else None

    def negative(self, value: Value, minus: Token | None) -> Value:
        if minus is None:
            return value
        span = (minus.start, value.span[1])
        other = None if value.other is None else self.build.negative(value.other, span)
        return Value(self.build.minus(value.node, span), "bars" if other is not None else "sum", other)

    # ------------------------------------------------------------------------------------------------ products
    def term(self) -> Task:
        """factor ([sign] factor)*"""
        items: list[Item] = []
        op, divided = "", False
        while True:
            value: Value = yield (self.denominator() if op == "/" else self.signed() if op else self.factor())
            if divided and op == "" and value.form in ("symbol", "entry", "number") and self.algebra.scalar(value):
                span = (items[-2][1].span[0] if len(items) > 1 else items[0][1].span[0], value.span[1])
                raise self.fail(
                    f"is {self.algebra.says(value)} divided by, too, in {self.text[slice(*span)]}?", span, r"write \frac{a}{b} c or \frac{a}{b c}."
                )
            if op == "" and items and value.form == "number" and items[-1][1].form in ("symbol", "entry", "number"):
                span = (items[-1][1].span[0], value.span[1])
                raise self.fail(f"a number after a factor: what is {self.text[slice(*span)]}?", span, r"write c^{2}, c_{2} or 2 c.")
            if op == "" and items and value.span[1] - value.span[0] == 1 and value.form == "fraction" and items[-1][1].form in ("symbol", "entry"):
                span = (items[-1][1].span[0], value.span[1])
                raise self.fail(f"is {self.text[slice(*span)]} a product or a power?", span, "put the number in front, or write ^{1/2}.")
            items.append((op, value))
            divided = op == "/"
            items += [("", extra) for extra in self.pending]
            self.pending = []
            found = self.joint()
            if found is None:
                return self.algebra.term(items)
            op = found

    def joint(self) -> str | None:
        """The sign before the next factor, "" for juxtaposition, None where the term ends."""
        word = self.word()
        if word.kind == "op" and word.text in SIGNS:
            self.at += 1
            return SIGNS[word.text]
        if self.is_op(word, ":") and self.starts(self.word(1)):  # A : B, the Frobenius inner product
            self.at += 1
            return ":"
        if word.kind == "command" and (word.text in HADAMARD or word.text in ("otimes", "div")):
            self.at += 1
            return {"div": "/"}.get(word.text, word.text)
        if word.kind == "command" and word.text in ("star", "bullet", "oplus"):
            raise self.fail(
                f"the product '{self.typed(word)}' is not known.", word.span, r"write A B for the matrix product, A \odot B for the elementwise one."
            )
        return "" if self.starts(word) else None

    def starts(self, word: Token) -> bool:
        """Whether a factor can start with the word."""
        match word.kind:
            case "name":
                return not self.condition_word(word)
            case "number" | "begin":
                return True
            case "word":
                return word.text not in STOP_WORDS
            case "brace":
                return word.text == "{"
            case "command":
                return word.text not in ENDING
            case "op" if word.text in ("|", "||"):
                return latex_brackets.opens(self, word)
            case "op":
                return word.text in ("(", "[", "\\{", "langle") or (word.text == "null" and word.font == "left")
        return False

    def condition_word(self, word: Token) -> str:
        """The word "if" or "otherwise" in plain letters inside braces, as Unicode text prints cases; "" for anything else."""
        if word.kind != "name" or word.text not in ("i", "o") or not self.opened or self.opened[-1].text != "{":
            return ""
        found = _CONDITION.match(self.text, word.start)
        return found.group() if found else ""

    def signed(self) -> Task:
        """A factor after a sign, which may have a minus of its own."""
        minus = self.signs()
        value: Value = yield self.factor()
        return self.negative(value, minus)

    def denominator(self) -> Task:
        r"""What stands after /: one factor, or the factors that make a number together (x^\top A x / x^\top x)."""
        value: Value = yield self.signed()
        items: list[Item] = [("", value), *[("", extra) for extra in self.pending]]
        self.pending = []
        while not self.algebra.scalar(self.algebra.chain(items)) and self.algebra.shape(items[0][1]).kind != "column" and self.starts(self.word()):
            items.append(("", (yield self.factor())))
        return self.algebra.chain(items)

    # ------------------------------------------------------------------------------------------------ factors
    def factor(self) -> Task:
        """One operand with its scripts."""
        word = self.word()
        unknown = latex_unknown.application(self) if self.functions and word.kind in ("name", "word", "command") else None
        if unknown is not None:
            return (yield unknown)
        match word.kind:
            case "number":
                self.at += 1
                if word.text in ("0", "1") and self.is_op(self.word(), "_"):  # 1_n
                    return (yield latex_special.filled_array(self, word))
                self.exponent_form(word)
                return (yield scripted(self, Value(self.build.number(Fraction(word.text), word.span, word.text), "number")))
            case "name" | "word" if self.definitions and (found := defined(self)) is not None:
                return (yield found)
            case "name":
                return (yield latex_symbols.symbol(self))
            case "word":
                return (yield latex_symbols.upright(self))
            case "brace" if word.text == "{":
                return (yield scripted(self, (yield self.braces())))
            case "begin":
                return (yield scripted(self, (yield latex_blocks.environment(self))))
            case "command":
                return (yield self.command(word))
            case "op" if word.text in ("|", "||"):
                return (yield latex_brackets.bars(self))
            case "op" if word.text == "langle":
                return (yield latex_brackets.inner_product(self))
            case "op" if word.text == "^" and [w.text for w in self.words[self.at + 2 : self.at + 4]] in (["t", "}"], ["T", "}"], ["top", "}"]):
                self.at += 4  # {}^t x, the transpose in front
                value: Value = yield self.factor()
                return self.algebra.transpose(value, (word.start, value.span[1]))
            case "op" if word.text in ("(", "[", "\\{", "null"):
                return (yield latex_brackets.parenthesised(self))
        raise self.expected("an operand")

    def exponent_form(self, word: Token) -> None:
        """Refuse 1e-3: in LaTeX that is 1 times e minus 3."""
        after = self.word()
        if (
            after.text in ("e", "E")
            and after.start == word.end
            and (
                self.word(1).kind == "number"
                or (self.word(1).text in ("-", "+") and self.word(2).kind == "number" and self.word(2).start == self.word(1).end)
            )
        ):
            raise self.fail("a power of ten is not typed so in LaTeX.", (word.start, self.word(2).end), r"write 10^{-3}.")

    def braces(self) -> Task:
        r"""{ ... }, also {a \over b}."""
        opening = self.next()
        self.enter(opening)
        value: Value = yield self.whole()
        if self.condition_word(self.word()) == "if":
            value = yield latex_blocks.plain_cases(self, value)
        if not (self.word().kind == "brace" and self.word().text == "}"):
            raise self.expected("'}'")
        self.at += 1
        self.opened.pop()
        return value

    def command(self, word: Token) -> Task:
        """A command that starts an operand."""
        name = word.text
        if name == "frac":
            return (yield scripted(self, (yield latex_fractions.fraction(self))))
        if name == "sqrt":
            return (yield scripted(self, (yield latex_fractions.root(self))))
        if name in latex_sums.SUMS:
            return (yield latex_sums.big(self))
        if latex_functions.known(name):
            self.at += 1
            return (yield latex_functions.applied(self, word, name))
        if name in ("underbrace", "overbrace"):
            self.at += 1
            value: Value = yield self.braces()
            while self.is_op(self.word(), "_", "^"):
                take_scripts(self)  # the note under the brace
            return value
        if name in ("textcolor", "mathopen", "mathclose"):
            self.at += 1
            self.argument_place()
            return (yield scripted(self, (yield self.braces())))
        return (yield latex_symbols.command(self, word))
