"""One iterative operator-precedence parser: tokens of any dialect -> surface tree, without recursion.

steps      = (name "=" expr ";")* expr
expr       = operand (binary operand)*                 comparisons < (+ -) < (* / @) < unary minus < ** < postfix
operand    = number | name | "-" operand | "(" expr ")" | list | call
postfix    = ".T" | "[" part ("," part)* "]"
call       = name "(" arguments ")"                    arguments may be one generator: expr for i in range(..) ... if ...
part       = expr | [expr] ":" [expr] [":" [expr]]
"""

from __future__ import annotations

from fractions import Fraction

from wrt.errors import TextError, TooLargeError, WrtError
from wrt.language import hints
from wrt.language.functions_declared import derivative_name
from wrt.language.parser_brackets import Brackets
from wrt.language.parser_state import BINARY, KEYWORDS, MAX_TOWER, NEGATE, Frame, Operator
from wrt.language.python import Token, tokens
from wrt.language.signatures import known_functions
from wrt.language.surface import Name, Node, Number, Steps, Text, Unary


def parse(text: str) -> Node:
    """The untyped surface tree of a text in the Python spelling. Raises: TextError with a caret, TooLargeError.

    >>> type(parse("2*x")).__name__
    'Binary'
    """
    return Parser(text, tokens(text)).run()


class Parser(Brackets):
    """Operands and operators, one word after the other."""

    def run(self) -> Node:
        if self.words[0].kind == "end":
            raise TextError(
                "there is nothing to read: the text is empty.", text=self.text, span=(0, 1), hint='write for example "norm(A @ x - b)**2".'
            )
        steps: list[tuple[str, Node]] = []
        names: set[str] = set()
        while True:
            name, start = "", self.peek()
            if start.kind == "name" and self.peek(1).text == "=" and self.peek(1).kind == "op":
                name = start.text
                if name in KEYWORDS:
                    raise self.fail(f"'{name}' is a keyword.", (start.start, start.end), hints.for_keyword(name))
                if name in names:
                    raise self.fail(f"'{name}' is defined twice.", (start.start, start.end))
                self.at += 2
            value = self.expression()
            if self.take(";"):
                while self.take(";"):
                    pass
                if self.peek().kind == "end":
                    break
                if not name:
                    raise self.fail("only the last step may be without a name.", value.span)
                steps.append((name, value))
                names.add(name)
                continue
            if self.peek().kind != "end":
                raise self.expected("an operator", "one formula at a time; a column is written [x, y]." if self.peek().text == "," else "")
            break
        return Steps(tuple(steps), value, span=(0, len(self.text))) if steps else value

    def expression(self) -> Node:
        """One expression up to a word that cannot continue it."""
        base = len(self.stack)
        due: bool | None = True
        while True:
            due = self.operand() if due else self.operator(base)
            if due is None:
                self.reduce(0)
                if len(self.stack) > base:
                    frame = self.frame()
                    assert frame is not None
                    closing = {"index": "]", "list": "]"}.get(frame.kind, ")")
                    matlab = frame.kind == "list" and self.peek().text == ";"
                    raise self.expected(f"'{closing}'", "every row is a list: [[a, b], [c, d]]." if matlab else "")
                return self.values.pop()

    def operand(self) -> bool:
        """Read what starts an operand; True when another operand is due, False when an operator is."""
        word = self.peek()
        frame = self.frame()
        if word.kind == "number":
            self.at += 1
            self.values.append(Number(_fraction(word.text), word.text, span=(word.start, word.end)))
            return False
        if word.kind == "string":
            self.at += 1
            self.values.append(Text(word.text, span=(word.start, word.end)))
            return False
        if word.kind == "name":
            if word.text in KEYWORDS:
                raise self.keyword(f"'{word.text}' has no meaning here.")
            if frame is not None and frame.kind == "call" and self.peek(1).text == "=" and self.fresh():
                frame.keyword = word.text
                self.at += 2
                return True
            self.at += 1
            if self.take("("):
                self.open(Frame("call", word.start, name=word.text))
                if self.peek().text == ")":
                    return self.close_call()
                return True
            self.values.append(Name(word.text, span=(word.start, word.end)))
            return False
        match word.text:
            case "-":
                self.at += 1
                self.stack.append(Operator("neg", NEGATE, word.start))
                return True
            case "+":
                self.at += 1
                return True
            case "(":
                self.at += 1
                self.open(Frame("group", word.start))
                return True
            case "[":
                self.at += 1
                self.open(Frame("list", word.start))
                return True
            case ":" if frame is not None and frame.kind == "index" and self.fresh():
                return self.colon(frame, None)
            case "]" if frame is not None and frame.kind == "index" and frame.slices is not None and self.fresh():
                return self.close_index()
            case "," if frame is not None and frame.kind == "index" and frame.slices is not None and self.fresh():
                self.end_part(frame, None)
                self.at += 1
                return True
        raise self.expected("a value", hints.for_operand(self.text, word.start))

    def operator(self, base: int) -> bool | None:
        """Read what follows an operand; None at a word that cannot continue the expression."""
        word = self.peek()
        if word.kind == "name" and word.text in KEYWORDS:
            frame = self.frame()
            if word.text in ("for", "if") and frame is not None and frame.kind == "call":
                return self.clause(frame)
            raise self.keyword(f"expected an operator, found '{word.text}'.")
        if word.kind in ("name", "number", "string"):
            follows = f"{word.text}(...)" if self.peek(1).text == "(" else word.text
            raise self.expected("an operator", hints.beside(self.values[-1], *self.before(), follows, self.text, known_functions()))
        text = word.text
        if text in BINARY:
            rank = BINARY[text]
            self.reduce(rank)
            self.at += 1
            self.stack.append(Operator(text, rank, word.start))
            if text == "**" and len(self.stack) >= MAX_TOWER and all(isinstance(o, Operator) and o.op == "**" for o in self.stack[-MAX_TOWER:]):
                raise TooLargeError(f"a tower of more than {MAX_TOWER} powers.", text=self.text, span=(word.start, word.end))
            return True
        match text:
            case ".":
                self.at += 1
                attribute = self.peek()
                if attribute.kind != "name" or attribute.text != "T":
                    raise self.attribute(word)
                self.at += 1
                value = self.values.pop()
                self.values.append(Unary("T", value, span=(value.span[0], attribute.end)))
                return False
            case "[":
                self.at += 1
                value = self.values.pop()
                self.open(Frame("index", value.span[0], base=value))
                return True
            case "(":
                value = self.values[-1]
                try:
                    name = derivative_name(value)
                except WrtError as error:
                    raise error.located(self.text) from None
                if name is None:
                    hint = hints.before_bracket(value, *self.before(), known_functions())
                    raise self.fail("only a named function can be called.", (value.span[0], word.end), hint)
                self.values.pop()
                self.at += 1
                self.open(Frame("call", value.span[0], name=name))
                return self.close_call() if self.peek().text == ")" else True
            case "," | ")" | "]" | ":":
                return self.close_item(text)
            case "=":
                raise self.fail(
                    "'=' names a step only at its start; a comparison is '=='.", (word.start, word.end), hints.for_equals(self.values[-1])
                )
            case "^" | "//" | "%" | "&" | "|" | "~" | "!" | "?" | "{" | "}":
                raise self.fail(f"'{text}' has no meaning here.", (word.start, word.end), hints.MARKS.get(text, ""))
        return None

    def attribute(self, point: Token) -> TextError:
        """`.name` other than .T: a method, an attribute, or a function of a module; the argument's text where it is one name or number."""
        path = [self.peek().text]
        end = max(self.peek().end, point.end)
        while self.peek(1).text == "." and self.peek(2).kind == "name":
            self.at += 2
            path.append(self.peek().text)
            end = self.peek().end
        given = [self.peek(2).text] if self.peek(1).text == "(" and self.peek(2).kind in ("name", "number") and self.peek(3).text == ")" else []
        hint = hints.for_attribute(self.values[-1], path, given, known_functions()) if path[0].isidentifier() else ""
        if ".." in self.text[max(point.start - 1, 0) : point.start + 2]:
            hint = hints.OVER_INDEX
        return self.fail(f"'.{'.'.join(path)}' is not known; the only attribute is .T, the transpose.", (point.start, end), hint)


def _fraction(text: str) -> Fraction:
    return Fraction(text if not text.endswith(".") else text + "0")
