"""The state of the operator-precedence parser: words, operands, operators and open brackets, and what to say where a word does not fit."""

from __future__ import annotations

from dataclasses import dataclass, field

from wrt.errors import Span, TextError, TooLargeError
from wrt.language import hints
from wrt.language.python import Token
from wrt.language.surface import Binary, Loop, Node, Unary

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


class State:
    """Two stacks, of operands and of operators with the open brackets between them."""

    def __init__(self, text: str, words: list[Token]) -> None:
        self.text = text
        self.words = words
        self.at = 0
        self.values: list[Node] = []
        self.stack: list[Operator | Frame] = []
        self.depth = 0
        self.frames: list[Frame] = []  # the open brackets of `stack`

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

    def fresh(self) -> bool:
        """Whether nothing of the current item has been read yet."""
        return bool(self.stack) and isinstance(self.stack[-1], Frame)
