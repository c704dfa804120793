"""Everything `wrt` refuses: one closed tree of errors, each with a code, a place in the text and a hint.

WrtError
  TextError                 the text cannot be read, or an argument or keyword is wrong
  UnknownNameError          a name is neither a variable, a size nor a function
  ShapeError                shapes, sizes, axes or index ranges do not fit
  NotDifferentiableError    no derivative is known (names the smallest culprit)
  DomainError               a value outside the domain, known before any number is seen
  TooLargeError             past a stated limit (length, nesting, terms)
  ProofError                the proof found a disagreement; nothing wrong is shown
  NoClosedFormError         no closed form is known
"""

from __future__ import annotations

Span = tuple[int, int]


class WrtError(Exception):
    """Base of every refusal: `ShapeError: message`, the text, a caret under the culprit, a hint.

    `message` one sentence; `span` (start, end) in characters of `text`, or None; `hint` what to try, or ""; `code` a word for programs.

    >>> import wrt
    >>> try:
    ...     wrt.parse("A @ x + c @ x", "A: n n, x: n, c:")
    ... except wrt.WrtError as error:
    ...     print(error.code, error.text[slice(*error.span)], error.hint)
    shape c @ x write c*x.
    """

    code = "wrt"

    def __init__(self, message: str, *, text: str = "", span: Span | None = None, hint: str = "") -> None:
        self.message = message
        self.text = text
        self.span = span
        self.hint = hint
        super().__init__(message)

    def located(self, text: str, span: Span | None = None) -> WrtError:
        """The same error, told where it happened (an inner place, if known, is kept)."""
        if not self.text:
            self.text = text
            if self.span is None:
                self.span = span
        return self

    def __str__(self) -> str:
        lines = [self.message]
        if self.text and self.span is not None:
            lines += _under(self.text, self.span)
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


def _under(text: str, span: Span, width: int = 100) -> list[str]:
    """The line of `text` that holds `span`, cut to `width` characters, with carets below."""
    start, end = max(0, min(span[0], len(text))), min(max(span), len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    left = max(line_start, start - width // 2)
    right = min(line_end, left + width)
    shown = text[left:right].replace("\t", " ")
    carets = max(1, min(end, right) - start)
    before, after = ("..." if left > line_start else ""), ("..." if right < line_end else "")
    return [f"    {before}{shown}{after}", "    " + " " * (len(before) + start - left) + "^" * carets]


class TextError(WrtError):
    """The text cannot be read: `expected ')', found the end of the text.`

    >>> import wrt
    >>> wrt.parse("(1 + x")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    wrt.errors.TextError: expected ')', found the end of the text...
    """

    code = "text"


class UnknownNameError(WrtError):
    """`'sofmax' is neither a variable nor a function.` hint: did you mean 'softmax'?

    >>> import wrt
    >>> wrt.parse("sofmax(x)")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    wrt.errors.UnknownNameError: 'sofmax' is not a function of the language...
    """

    code = "unknown-name"


class ShapeError(WrtError):
    """`cannot multiply x @ y: inner sizes differ (x is n x 1, y is n x 1).`

    >>> import wrt
    >>> wrt.parse("x @ y", "x: n, y: n")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    wrt.errors.ShapeError: cannot multiply x @ y: inner sizes differ (x is n x 1, y is n x 1)...
    """

    code = "shape"


class NotDifferentiableError(WrtError):
    """`no derivative is known for argmax(z).`

    >>> import wrt
    >>> wrt.derive("sum(x)/n", "n", shapes="x: n")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    wrt.errors.NotDifferentiableError: n is a size, a whole number: there is no derivative by it.
    """

    code = "not-differentiable"


class DomainError(WrtError):
    """`log of a negative number.`

    >>> import wrt
    >>> wrt.derive("log(-c)", shapes="c:", assume={"c": "positive"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    wrt.errors.DomainError: log(-c) has no value: -c is negative...
    """

    code = "domain"


class TooLargeError(WrtError):
    """`the text has 2000001 characters; the limit is 1000000.`

    >>> import wrt
    >>> wrt.parse("1e999*x")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    wrt.errors.TooLargeError: a number of that many digits is not supported...
    """

    code = "too-large"


class ProofError(WrtError):
    """`the matrix form of the derivative of f disagrees with the function as typed.`

    >>> import wrt
    >>> wrt.register(wrt.Elementwise("bumpy", d=("2*x*y",), defined="exp(-x**2)"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    wrt.errors.ProofError: the row of bumpy is wrong: ...
    """

    code = "proof"


class NoClosedFormError(WrtError):
    """`no closed form is known for the stationary points of f.`

    >>> import wrt
    >>> wrt.parse("logsumexp(x)", "x: n").sympy()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    wrt.errors.NoClosedFormError: sympy has no object for ...
    """

    code = "no-closed-form"
