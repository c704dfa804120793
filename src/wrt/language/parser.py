"""One iterative operator-precedence parser: tokens of any dialect -> surface tree, without recursion.

steps      = (name "=" expr ";")* expr
expr       = operand (binary operand)*                 comparisons < (+ -) < (* / @) < unary minus < ** < postfix
operand    = number | name | "-" operand | "(" expr ")" | list | call
postfix    = ".T" | "[" part ("," part)* "]"
call       = name "(" arguments ")"                    arguments may be one generator: expr for i in range(..) ... if ...
part       = expr | [expr] ":" [expr] [":" [expr]]
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from wrt.errors import Span, TextError, TooLargeError, WrtError
from wrt.language import hints
from wrt.language.functions_declared import derivative_name
from wrt.language.python import Token, tokens
from wrt.language.signatures import known_functions
from wrt.language.surface import Binary, Block, Call, Generator, Index, Loop, Name, Node, Number, Slice, Steps, Text, Unary

MAX_NESTING = 20_000
MAX_TOWER = 64  # powers of powers: each level of a derivative repeats all those above it
BINARY = {"<": 1, "<=": 1, ">": 1, ">=": 1, "==": 1, "!=": 1, "+": 2, "-": 2, "*": 3, "/": 3, "@": 3, "**": 5}
NEGATE = 4
KEYWORDS = {
    "for",
    "in",
    "if",
    "lambda",
    "else",
    "and",
    "or",
    "not",
    "is",
    "None",
    "True",
    "False",
    "import",
    "def",
    "return",
    "class",
    "while",
    "with",
    "yield",
    "await",
}


@dataclass(slots=True)
class Frame:
    """An open bracket: what kind, what it holds so far, and where its operators start."""

    kind: str  # "group", "call", "index", "list", "range", "step"
    start: int
    base: Node | None = None
    name: str = ""
    items: list[Node] = field(default_factory=list)
    keywords: list[tuple[str, Node]] = field(default_factory=list)
    keyword: str = ""
    slices: list[Node | None] | None = None
    slice_start: int = 0
    body: Node | None = None
    loops: list[Loop] = field(default_factory=list)
    conditions: list[Node] = field(default_factory=list)
    pending: str = ""  # what the expression being read is: "" an item, "if" a condition


@dataclass(slots=True)
class Operator:
    op: str
    rank: int
    start: int


def parse(text: str) -> Node:
    """The untyped surface tree of a text in the Python spelling. Raises: TextError with a caret, TooLargeError.

    >>> type(parse("2*x")).__name__
    'Binary'
    """
    return Parser(text, tokens(text)).run()


class Parser:
    def __init__(self, text: str, words: list[Token]) -> None:
        self.text = text
        self.words = words
        self.at = 0
        self.values: list[Node] = []
        self.stack: list[Operator | Frame] = []
        self.depth = 0
        self.frames: list[Frame] = []  # the open brackets of `stack`

    # ------------------------------------------------------------------------------------------------ helpers
    def fail(self, message: str, span: Span, hint: str = "") -> TextError:
        return TextError(message, text=self.text, span=span, hint=hint)

    def expected(self, what: str, hint: str = "") -> TextError:
        word = self.words[self.at]
        found = "the end of the text" if word.kind == "end" else f"'{word.text}'"
        return self.fail(f"expected {what}, found {found}.", (word.start, max(word.end, word.start + 1)), hint)

    def keyword(self, message: str) -> TextError:
        """A keyword of Python where a value or an operator is due."""
        word = self.words[self.at]
        hint = hints.for_lambda(self.peek(1).text) if word.text == "lambda" else hints.WORDS.get(word.text, "")
        return self.fail(message, (word.start, word.end), hint)

    def before(self) -> tuple[str, Node | None]:
        """The operator in front of the operand just read, and that operator's left side."""
        top = self.stack[-1] if self.stack else None
        return (top.op, self.values[-2]) if isinstance(top, Operator) and top.op in BINARY else ("", None)

    def peek(self, k: int = 0) -> Token:
        return self.words[min(self.at + k, len(self.words) - 1)]

    def take(self, text: str) -> bool:
        word = self.words[self.at]
        if word.text == text and word.kind in ("op", "name"):
            self.at += 1
            return True
        return False

    def need(self, text: str) -> Token:
        word = self.words[self.at]
        if not self.take(text):
            raise self.expected(f"'{text}'")
        return word

    def open(self, frame: Frame) -> None:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise TooLargeError(f"brackets nested deeper than {MAX_NESTING}.", text=self.text, span=(frame.start, frame.start + 1))
        self.stack.append(frame)
        self.frames.append(frame)

    def close(self) -> Frame:
        self.depth -= 1
        self.stack.pop()
        return self.frames.pop()

    def frame(self) -> Frame | None:
        return self.frames[-1] if self.frames else None

    def reduce(self, rank: int) -> None:
        """Apply the operators on the stack that bind at least as tightly as `rank`."""
        while self.stack and isinstance(self.stack[-1], Operator):
            top = self.stack[-1]
            if top.rank < rank or (top.rank == rank == 5):  # ** is right associative
                return
            self.stack.pop()
            right = self.values.pop()
            if top.rank == NEGATE:
                self.values.append(Unary("-", right, span=(top.start, right.span[1])))
                continue
            left = self.values.pop()
            if (
                top.rank == 1 and isinstance(left, Binary) and BINARY[left.op] == 1 and left.span[0] == left.left.span[0]
            ):  # (a < b) < c has its bracket
                raise self.fail("a chain of comparisons.", (left.span[0], right.span[1]), hints.for_comparisons(left, top.op, right))
            self.values.append(Binary(top.op, left, right, span=(left.span[0], right.span[1])))

    # ------------------------------------------------------------------------------------------------ driver
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
                    raise self.fail(f"'{name}' is a keyword.", (start.start, start.end))
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
            if frame is not None and frame.kind == "call" and self.peek(1).text == "=" and self._fresh():
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
            case ":" if frame is not None and frame.kind == "index" and self._fresh():
                return self.colon(frame, None)
            case "]" if frame is not None and frame.kind == "index" and frame.slices is not None and self._fresh():
                return self.close_index()
            case "," if frame is not None and frame.kind == "index" and frame.slices is not None and self._fresh():
                self.end_part(frame, None)
                self.at += 1
                return True
        raise self.expected("a value", hints.for_bar(self.text, word.start) if word.text == "|" else "")

    def _fresh(self) -> bool:
        """Whether nothing of the current item has been read yet."""
        return bool(self.stack) and isinstance(self.stack[-1], Frame)

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
                raise self.fail("'=' names a step only at its start; a comparison is '=='.", (word.start, word.end))
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
        return self.fail(f"'.{'.'.join(path)}' is not known; the only attribute is .T, the transpose.", (point.start, end), hint)

    # ------------------------------------------------------------------------------------------------ brackets
    def close_item(self, text: str) -> bool | None:
        self.reduce(0)
        if not self.stack:
            if text in ")]":
                word = self.peek()
                raise self.fail(f"'{text}' closes nothing.", (word.start, word.end))
            return None
        frame = self.stack[-1]
        assert isinstance(frame, Frame)
        value = self.values.pop()
        if text == ":":
            if frame.kind != "index":
                self.values.append(value)
                raise self.expected("an operator")
            return self.colon(frame, value)
        if text == ",":
            self.at += 1
            match frame.kind:
                case "group":
                    raise self.fail(
                        "a comma inside plain parentheses.",
                        (self.words[self.at - 1].start, self.words[self.at - 1].end),
                        hint="a column is written [a, b].",
                    )
                case "index":
                    self.end_part(frame, value)
                case "call" if frame.body is not None:
                    raise self.fail("a generator must be the only argument.", (frame.start, self.words[self.at - 1].end))
                case _:
                    self.end_argument(frame, value)
            if self.peek().text == ")" and frame.kind == "call":
                return self.close_call()
            if self.peek().text == "]" and frame.kind == "list":
                return self.close_list(frame)
            return True
        if text == ")":
            match frame.kind:
                case "group":
                    self.close()
                    word = self.need(")")
                    value.span = (frame.start, word.end)
                    self.values.append(value)
                    return False
                case "call":
                    self.end_argument(frame, value)
                    return self.close_call()
                case "range":
                    frame.items.append(value)
                    return self.close_range(frame)
            raise self.expected("']'")
        match frame.kind:
            case "index":
                self.end_part(frame, value)
                return self.close_index()
            case "list":
                frame.items.append(value)
                return self.close_list(frame)
        raise self.expected("')'")

    def end_argument(self, frame: Frame, value: Node) -> None:
        if frame.pending == "if":
            frame.conditions.append(value)
            frame.pending = ""
        elif frame.keyword:
            frame.keywords.append((frame.keyword, value))
            frame.keyword = ""
        elif frame.keywords and frame.kind == "call":
            raise self.fail("an argument without a name after one with a name.", value.span)
        else:
            frame.items.append(value)

    def close_call(self) -> bool:
        word = self.need(")")
        frame = self.close()
        span = (frame.start, word.end)
        if frame.body is not None:
            node: Node = Generator(frame.name, frame.body, tuple(frame.loops), tuple(frame.conditions), span=span)
            if frame.name not in ("sum", "array"):
                raise self.fail(f"{frame.name} of a generator is not supported; sum and array are.", span)
        else:
            node = Call(frame.name, tuple(frame.items), tuple(frame.keywords), span=span)
        self.values.append(node)
        return False

    def close_list(self, frame: Frame) -> bool:
        word = self.need("]")
        self.close()
        inner = [isinstance(i, Block) and not i.nested and self.text[i.span[0] : i.span[0] + 1] == "[" for i in frame.items]
        span = (frame.start, word.end)
        if all(inner) and inner:
            rows = tuple(tuple(c for row in i.rows for c in row) for i in frame.items if isinstance(i, Block))
            self.values.append(Block(rows, True, span=span))
        elif any(inner):
            raise self.fail("a block matrix has a list for every row.", span)
        else:
            self.values.append(Block(tuple((i,) for i in frame.items), False, span=span))
        return False

    def colon(self, frame: Frame, value: Node | None) -> bool:
        self.at += 1
        if frame.slices is None:
            frame.slices = []
            frame.slice_start = self.words[self.at - 1].start if value is None else value.span[0]
        if len(frame.slices) == 2:
            raise self.fail("a slice has at most start, stop and step.", (frame.start, self.words[self.at - 1].end))
        frame.slices.append(value)
        return True

    def end_part(self, frame: Frame, value: Node | None) -> None:
        if frame.slices is None:
            assert value is not None
            frame.items.append(value)
            return
        parts = [*frame.slices, value, None, None][:3] if len(frame.slices) < 3 else frame.slices
        frame.items.append(Slice(parts[0], parts[1], parts[2], span=(frame.slice_start, self.words[self.at - 1].end)))
        frame.slices = None

    def close_index(self) -> bool:
        frame = self.stack[-1]
        assert isinstance(frame, Frame) and frame.base is not None
        if frame.slices is not None:
            self.end_part(frame, None)
        self.close()
        word = self.need("]")
        self.values.append(Index(frame.base, tuple(frame.items), span=(frame.start, word.end)))
        return False

    # ------------------------------------------------------------------------------------------------ generators
    def clause(self, frame: Frame) -> bool:
        """`for name in range(...)` or `if condition` inside a call."""
        self.reduce(0)
        value = self.values.pop()
        if frame.body is None:
            if frame.items or frame.keywords or frame.keyword:
                raise self.fail("a generator must be the only argument.", value.span)
            if self.peek().text == "if":
                raise self.expected("'for'")
            frame.body = value
        elif frame.pending == "if":
            frame.conditions.append(value)
            frame.pending = ""
        return self.next_clause(frame)

    def next_clause(self, frame: Frame) -> bool:
        if self.take("if"):
            frame.pending = "if"
            return True
        self.need("for")
        name = self.peek()
        if name.kind != "name" or name.text in KEYWORDS:
            raise self.expected("the name of an index")
        self.at += 1
        self.need("in")
        if self.peek().text != "range":
            raise self.expected("'range(...)'", "range(n) runs from 0 to n - 1, range(a, b) from a to b - 1.")
        self.at += 1
        self.need("(")
        self.open(Frame("range", name.start, name=name.text))
        return True

    def close_range(self, frame: Frame) -> bool | None:
        word = self.need(")")
        self.close()
        call = self.frame()
        assert call is not None
        if len(frame.items) > 2:
            raise self.fail("range takes a stop, or a start and a stop.", (frame.start, word.end))
        zero = Number(Fraction(0), "0", span=(word.start, word.start))
        start, stop = (zero, frame.items[0]) if len(frame.items) == 1 else frame.items
        call.loops.append(Loop(frame.name, start, stop, span=(frame.start, word.end)))
        if self.peek().text in ("for", "if"):
            return self.next_clause(call)
        if self.peek().text == ")":
            return self.close_call()
        raise self.expected("')'")


def _fraction(text: str) -> Fraction:
    return Fraction(text if not text.endswith(".") else text + "0")
