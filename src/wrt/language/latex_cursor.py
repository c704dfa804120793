"""Where a reading of a LaTeX formula stands: its words, brackets and indices in scope, and what to say where a word does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from wrt.errors import Span, TextError, TooLargeError, WrtError
from wrt.language import latex_index, latex_unread
from wrt.language.assume import letter_kind
from wrt.language.builder import Builder
from wrt.language.latex_definitions import Definition
from wrt.language.latex_index import Bound
from wrt.language.latex_names import Names, Pattern
from wrt.language.latex_norms import Value
from wrt.language.latex_pairs import closings
from wrt.language.latex_raw import Token
from wrt.language.latex_values import Algebra
from wrt.language.sizes import Size
from wrt.language.surface import FunctionDeclaration, Node
from wrt.language.trampoline import Task

MAX_NESTING = 2_000
RELATIONS = latex_index.RELATIONS


class Cursor:
    """The words of one reading, where it stands, and what it knows."""

    def __init__(
        self,
        text: str,
        words: list[Token],
        build: Builder,
        names: Names,
        patterns: list[Pattern],
        kinds: dict[str, str] | None,
        size_words: Iterable[str] = (),
    ) -> None:
        self.text = text
        self.at, self.half = 0, False
        self.opened: list[Token] = []
        self.start(words)
        self.build = build
        self.names = names
        self.patterns = patterns
        self.kinds = kinds if kinds is not None else {}
        self.letter_kind: Callable[[str], str] = letter_kind
        self.assuming = kinds is not None
        self.size_words = set(size_words)
        self.shared: set[str] = set()  # undeclared names whose subscripts are entries
        self.algebra = Algebra(text, build)
        self.indices: Mapping[str, Bound] = {}
        self.bodies: set[int] = set()  # the characters at which the bodies of sums begin
        self.ended: set[str] = set()  # indices of sums that have been read
        self.definitions: list[Definition] = []
        self.functions: Mapping[str, FunctionDeclaration] = {}  # those declared, by spelling
        self.wide_zeros = False  # whether 0 below a column is a column of its own
        self.unfolded = 0  # words that uses of the definitions have brought in
        self.pending: list[Value] = []
        self.rows: list[int] = []  # of the last bracket: how many values stand between its semicolons

    # ------------------------------------------------------------------------------------------------ helpers
    @property
    def notes(self) -> dict[str, None]:
        return self.algebra.notes

    def word(self, k: int = 0) -> Token:
        word = self.words[min(self.at + k, len(self.words) - 1)]
        return word._replace(text="|", start=word.start + 1) if self.half and not k else word

    def next(self) -> Token:
        word = self.word()
        self.half = False
        self.at += 1
        return word

    def fail(self, message: str, span: Span, hint: str = "") -> TextError:
        return TextError(message, text=self.text, span=span, hint=hint)

    def typed(self, word: Token) -> str:
        return self.text[word.start : word.end].strip()

    def expected(self, what: str) -> WrtError:
        """What should stand here; a bracket left open is named first."""
        word = self.word()
        if self.opened and (word.kind == "stop" or word.text in (")", "]", "\\}", "rangle") or word.font in ("right", "close")):
            opened = self.opened[-1]
            found = "the end of the text" if word.kind == "stop" else f"'{self.typed(word)}'"
            return self.fail(f"'{self.typed(opened)}' is never closed: found {found} instead.", opened.span)
        if word.kind == "stop":
            return self.fail(f"expected {what}, found the end of the text.", (max(word.start - 1, 0), word.start))
        if word.kind == "command":
            return self.unknown(word)
        hint = "a factorial is written \\Gamma(n + 1)." if self.is_op(word, "!") else ""
        return self.fail(f"expected {what}, found '{self.typed(word)}'.", (word.start, max(word.end, word.start + 1)), hint)

    def unknown(self, word: Token) -> WrtError:
        return latex_unread.unknown(self, word)

    def value(self, node: Node, form: str = "") -> Value:
        return Value(node, form)

    def is_op(self, word: Token, *texts: str) -> bool:
        return word.kind == "op" and word.text in texts

    def inside(self, place: tuple[int, int], rule: Task) -> Task:
        """The value of a rule on the words of a script."""
        back, opened, self.opened, self.at = self.at, self.opened, [], place[0]
        value = yield rule
        if self.at != place[1]:
            raise self.expected("an operator")
        self.at, self.opened = back, opened
        return value

    def brief(self, place: tuple[int, int] | None, most: int = 24) -> list[Token]:
        """The words of a script; none of a long one, which says nothing by its words alone."""
        return [] if place is None or place[1] - place[0] > most else self.words[place[0] : place[1]]

    def note_axis(self, words: Sequence[Token], size: Size) -> None:
        """A bare index runs over an axis of that size."""
        inner = [w for w in words if w.text not in ("{", "}")]
        if len(inner) == 1 and inner[0].text in self.indices:
            self.indices[inner[0].text].axes.append(size)

    def some(self, place: tuple[int, int] | None) -> list[Token]:
        return [] if place is None else list(self.words[place[0] : place[1]])

    def start(self, words: list[Token]) -> None:
        """Begin to read other words."""
        self.words = words
        self.at = 0
        self.half = False
        self.opened = []
        self.closing = closings(words)
        self.related = [0]
        for word in words:
            self.related.append(self.related[-1] + (word.text in RELATIONS and word.kind in ("op", "command")))

    def exchange(self, at: int, words: list[Token]) -> None:
        """Put the same words in another order from `at` on; their brackets close where they now stand."""
        self.words[at : at + len(words)] = words
        for first, last in closings(words).items():
            self.closing[at + first] = at + last
        for k, word in enumerate(words):
            self.related[at + k + 1] = self.related[at + k] + (word.text in RELATIONS and word.kind in ("op", "command"))

    def argument_place(self) -> tuple[int, int]:
        """Where the words of a group in braces stand."""
        word = self.word()
        if word.kind == "brace" and word.text == "{":
            first, last = self.at + 1, self.closing[self.at]
            self.at = last + 1
            return first, last
        raise self.expected("an argument in braces")

    def enter(self, word: Token) -> None:
        self.opened.append(word)
        if len(self.opened) > MAX_NESTING:
            raise TooLargeError(f"brackets nested deeper than {MAX_NESTING}.", text=self.text, span=word.span)
