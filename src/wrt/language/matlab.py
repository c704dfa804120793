r"""The language of matrixcalculus.org (a corner of Matlab's), read as a surface tree.

    statements = (name "=" sum ";")* sum
    sum        = ["-"] term (("+" | "-") term)*
    term       = factor (("*" | ".*" | "/" | "./" | "\") factor)*
    factor     = "-" factor | operand ("'" | "^" exponent | ".^" exponent)*
    operand    = number | name | name "(" sum ("," sum)* ")" | "(" sum ")"

| typed | means |
|---|---|
| x' A' | the transpose |
| a*b | the matrix product A @ b; times, when one is a scalar |
| .* ./ .^ | entry by entry, between values of one shape or with a scalar |
| a/b | division by a scalar |
| a^b, A^k | a power of a scalar; of a square matrix matpow(A, k), A^-1 is inv(A), A^(1/2) sqrtm(A) |
| A\y | solve(A, y), as in Matlab (said in a note) |
| sin cos tan arcsin arccos arctan tanh exp log abs sign relu ... | entry by entry, of matrices too; every elementwise function of the text language |
| sum(x), sum(X) | the sum of all entries, also of a matrix (Matlab sums its columns) |
| norm1(x) norm2(x) | norm(x, 1), norm(x); norm2(X) is norm(X), the Frobenius norm; norm1(X) is sum(abs(X)) |
| tr det logdet inv adj diag | of matrices; diag of a vector too; logdet is log of abs(det) |
| vector(c) matrix(c) eye | a column, a matrix of one number, the identity: their sizes come from context |

Names nobody declared are taken by matrixcalculus.org's letters: a-g and Greek scalars, h-z vectors, capitals matrices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from wrt.errors import ShapeError, Span, TextError, TooLargeError, WrtError
from wrt.language import matlab_functions
from wrt.language.assume import by_letters, named
from wrt.language.builder import Builder, Reading
from wrt.language.matlab_tokens import tokens
from wrt.language.matlab_words import CONTROL, SIGNS
from wrt.language.python import Token
from wrt.language.surface import FunctionDeclaration, Name, Node, Shape, Steps, Text
from wrt.language.trampoline import Task, run

MAX_NESTING = 20_000


def parse(text: str, shapes: Mapping[str, Shape] | None = None, facts: Mapping[str, Iterable[str]] | None = None) -> Node:
    """The untyped surface tree of a text in the language of matrixcalculus.org; `shapes` of the declared names.

    Raises: TextError, ShapeError, UnknownNameError, each with a caret; TooLargeError.

    >>> from wrt.language.unparse import unparse
    >>> unparse(parse("norm2(A*x - y)^2", {}))
    'norm(A @ x - y)**2'
    """
    return read(text, shapes, facts).tree


def read(
    text: str,
    shapes: Mapping[str, Shape] | None = None,
    facts: Mapping[str, Iterable[str]] | None = None,
    functions: Mapping[str, FunctionDeclaration] | None = None,
) -> Reading:
    """The tree, the shapes assumed of undeclared names, and what the user should be told; `functions` are those declared."""
    words = tokens(text)
    if words[0].kind == "end":
        raise TextError("there is nothing to read: the text is empty.", text=text, span=(0, 1), hint='write for example "norm2(A*x - y)^2".')

    def attempt(kinds: dict[str, str]) -> Reading:
        return Reader(text, words, Builder(dict(shapes or {}), facts, functions), functions or {}, kinds).read()

    try:
        return by_letters(attempt, text, len(words))
    except WrtError as error:
        raise named(error).located(text) from None


class Reader:
    """One reading of one text with one choice of kinds for the undeclared names."""

    def __init__(self, text: str, words: list[Token], build: Builder, functions: Mapping[str, FunctionDeclaration], kinds: dict[str, str]) -> None:
        self.text = text
        self.words = words
        self.at = 0
        self.kinds = kinds
        self.notes: dict[str, None] = {}
        self.once: set[str] = set()  # undeclared names met once so far
        self.build = build
        self.functions = functions
        self.opened: list[Token] = []

    # ------------------------------------------------------------------------------------------------ helpers
    def fail(self, message: str, span: Span, hint: str = "") -> TextError:
        return TextError(message, text=self.text, span=span, hint=hint)

    def word(self, k: int = 0) -> Token:
        return self.words[min(self.at + k, len(self.words) - 1)]

    def take(self, *texts: str) -> Token | None:
        word = self.words[self.at]
        if word.kind == "op" and word.text in texts:
            self.at += 1
            return word
        return None

    def expected(self, what: str) -> TextError:
        word = self.word()
        if word.kind == "end":
            return self.fail(f"expected {what}, found the end of the text.", (max(word.start - 1, 0), word.start))
        hint = SIGNS.get(word.text, "")
        following = self.words[self.at + 1].text if self.at + 1 < len(self.words) else ""
        if word.text == "@" and what != "an operator" and following == "(" and not self.at:
            hint = "give the formula alone, without @(x)."
        elif word.text == "@":
            hint = "two spellings are mixed: @ goes with ** (A @ x, x**2), ^ with * (A*x, x^2)."
        elif word.kind in ("name", "number") and what == "an operator":
            control = word.text in CONTROL or (self.at and self.words[self.at - 1].text in CONTROL)
            hint = "loops and branches are not part of this language." if control else "a product is written with *: 2*x, x'*A*x."
        return self.fail(f"expected {what}, found '{word.text}'.", (word.start, word.end), hint)

    # ------------------------------------------------------------------------------------------------ rules
    def read(self) -> Reading:
        steps: list[tuple[str, Node]] = []
        while True:
            name = self.word()
            self.past_label()
            step = name.kind == "name" and self.word(1).text == "="
            if step:
                if name.text in self.build.declarations:
                    raise self.fail(f"'{name.text}' is already the name of a variable.", (name.start, name.end))
                self.at += 2
            value = run(self.sum())
            if not self.take(";"):
                break
            if not step:
                raise self.fail("only the last line may be without a name.", value.span)
            if name.text in self.build.declarations or name.text in self.build.steps:
                raise self.fail(f"'{name.text}' is already the name of a variable.", (name.start, name.end))
            steps.append((name.text, value))
            self.build.steps[name.text] = value
        if self.word().kind != "end":
            raise self.expected("an operator")
        tree = Steps(tuple(steps), value, span=(0, len(self.text)), shape=value.shape) if steps else value
        self.build.finish(tree, (n for n, _ in steps))
        return Reading(tree, self.build.assumed, tuple(self.notes))

    def past_label(self) -> None:
        """Go past f(x, y) = in front of a formula, where f is not declared."""
        if self.word().kind != "name" or self.word(1).text != "(" or self.word().text in self.functions:
            return
        end = 2
        while self.word(end).kind == "name" and self.word(end + 1).text in (",", ")"):
            end += 2
        known = {*self.build.declarations, *self.build.steps, *matlab_functions.KNOWN}
        if self.word(end - 1).text == ")" and self.word(end).text == "=" and self.word().text not in known:
            self.at += end + 1

    def sum(self) -> Task:
        """["-"] term (("+" | "-") term)*"""
        left: Node = yield self.term()
        while sign := self.take("+", "-"):
            right: Node = yield self.term()
            left = self.added(sign.text, left, right)
        return left

    def added(self, op: str, left: Node, right: Node) -> Node:
        a, b = self.build.shape(left), self.build.shape(right)
        span = (left.span[0], right.span[1])
        if "scalar" not in (a.kind, b.kind) and not self.build.alike(a, b):
            raise ShapeError(f"the shapes do not fit: one side of {op} is {a}, the other {b}.", text=self.text, span=span)
        for one, other in ((left, b), (right, a)):  # b in A*x + b is what A*x is
            if (
                isinstance(one, Name)
                and one.name in self.build.assumed
                and one.shape is not None
                and one.shape.kind == "scalar"
                and other.kind != "scalar"
            ):
                raise ShapeError(f"{one.name} is taken as a scalar, but is added to {other}.", text=self.text, span=span)
        return self.build.binary(op, left, right, span)

    def term(self) -> Task:
        r"""factor (("*" | ".*" | "/" | "./" | "\") factor)*"""
        left: Node = yield self.factor()
        while sign := self.take("*", ".*", "/", "./", "\\"):
            right: Node = yield self.factor()
            left = self.multiplied(sign.text, left, right)
        return left

    def multiplied(self, op: str, left: Node, right: Node) -> Node:
        a, b = self.build.shape(left), self.build.shape(right)
        span = (left.span[0], right.span[1])
        one, two = self.text[slice(*left.span)], self.text[slice(*right.span)]
        if op == "*":
            if not self.build.multiplies(a, b):
                hint = (
                    f"{one}'*{two} is the inner product, {one}*{two}' the outer product, {one}.*{two} the elementwise one."
                    if a.kind == b.kind == "column"
                    else ""
                )
                raise ShapeError(f"cannot multiply {one}*{two}: the left is {a}, the right {b}.", text=self.text, span=span, hint=hint)
            return self.build.product(left, right, span)
        if op == "\\":
            self.notes["A\\b is read as in Matlab: the solution of A*z = b"] = None
            return self.build.call("solve", left, right, span=span)
        if op == "/" and b.kind != "scalar":
            raise ShapeError(
                f"/ divides by a scalar; {two} is {b}.",
                text=self.text,
                span=span,
                hint=f"{one}./{two} divides entry by entry; {one}*inv({two}) multiplies by the inverse.",
            )
        if op != "/" and "scalar" not in (a.kind, b.kind) and not self.build.alike(a, b):
            raise ShapeError(f"{op} takes two values of one shape: {one} is {a}, {two} is {b}.", text=self.text, span=span)
        return self.build.binary(op[-1], left, right, span)

    def factor(self) -> Task:
        """factor = "-" factor | operand ("'" | "^" exponent | ".^" exponent)*"""
        signs: list[Token] = []
        while sign := self.take("+", "-"):
            signs.append(sign)
        value: Node = yield self.operand()
        raised = False
        while sign := self.take("'", ".'", "^", ".^"):
            span = (value.span[0], sign.end)
            if sign.text in ("'", ".'"):
                value = self.transposed(value, span)
                continue
            if raised:
                raise self.fail("a power of a power: which is raised first?", span, "put parentheses: (a^b)^c or a^(b^c).")
            raised = True
            minus = self.take("+", "-")
            word = self.word()
            if sign.text == "^" and word.text == "T" and "T" not in self.build.declarations:
                raise self.fail(
                    "is ^T the transpose, or a power T?", (value.span[0], word.end), "the transpose is x' or x.T; declare T if it is a variable."
                )
            exponent: Node = yield self.operand()
            if minus and minus.text == "-":
                exponent = self.build.negative(exponent, (minus.start, exponent.span[1]))
            value = self.powered(sign.text, value, exponent)
        for sign in reversed(signs):
            if sign.text == "-":
                value = self.build.negative(value, (sign.start, value.span[1]))
        return value

    def transposed(self, value: Node, span: Span) -> Node:
        if isinstance(value, Name) and value.name in self.build.assumed and value.shape is not None and value.shape.kind == "scalar":
            raise ShapeError(f"{value.name} is taken as a scalar, but is transposed.", text=self.text, span=span)
        return self.build.transpose(value, span)

    def powered(self, op: str, base: Node, exponent: Node) -> Node:
        span = (base.span[0], exponent.span[1])
        a, e = self.build.shape(base), self.build.shape(exponent)
        if op == ".^":
            if "scalar" not in (a.kind, e.kind) and not self.build.alike(a, e):
                raise ShapeError(f".^ takes two values of one shape: the base is {a}, the exponent {e}.", text=self.text, span=span)
            return self.build.binary("**", base, exponent, span)
        if e.kind != "scalar":
            raise ShapeError(
                f"the exponent of ^ is a scalar; this one is {e}.", text=self.text, span=exponent.span, hint="write .^ for the elementwise power."
            )
        if a.kind == "scalar":
            return self.build.binary("**", base, exponent, span)
        if not self.build.is_square(a):
            raise ShapeError(
                f"^ raises scalars and square matrices; this is {a}.", text=self.text, span=span, hint="write .^ for the elementwise power."
            )
        return self.build.matrix_power(base, exponent, span)

    def operand(self) -> Task:
        """operand = number | name | name "(" arguments ")" | "(" sum ")"."""
        word = self.word()
        span = (word.start, word.end)
        if word.kind == "number":
            self.at += 1
            return self.build.number(Fraction(word.text.rstrip(".") if word.text.endswith(".") else word.text), span, word.text.rstrip("."))
        if word.kind == "name":
            self.at += 1
            if self.word().text == "(" and self.word().kind == "op":
                arguments: list[Node] = yield self.arguments()
                return matlab_functions.called(self, word, arguments, (word.start, self.words[self.at - 1].end))
            return matlab_functions.named(self, word)
        if opening := self.take("("):
            self.enter(opening)
            value: Node = yield self.sum()
            closing = self.close()
            value.span = (word.start, closing.end)
            return value
        raise self.expected("a number, a name or '('")

    def enter(self, word: Token) -> None:
        self.opened.append(word)
        if len(self.opened) > MAX_NESTING:
            raise TooLargeError(f"brackets nested deeper than {MAX_NESTING}.", text=self.text, span=(word.start, word.end))

    def close(self) -> Token:
        closing = self.take(")")
        if closing is None:
            raise self.expected("')'")
        self.opened.pop()
        return closing

    def arguments(self) -> Task:
        """arguments = "(" sum ("," sum)* ")"."""
        opening = self.take("(")
        assert opening is not None
        self.enter(opening)
        out: list[Node] = []
        while self.word().text != ")" or out:
            if self.word().kind == "string":
                word = self.word()
                self.at += 1
                out.append(Text(word.text, span=(word.start, word.end)))
            else:
                out.append((yield self.sum()))
            if not self.take(","):
                break
        self.close()
        return out
