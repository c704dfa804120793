r"""What a line of a derivation says before its formula: = and =>, a name, a derivative: "f =", "dF =", "df/dx =", "\nabla_x f =", "f'(x) ="."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from wrt.errors import ShapeError, TextError, UnknownNameError, WrtError
from wrt.language.dialect import detect
from wrt.language.read import parse_dialect
from wrt.language.surface import Declaration, Node

_OPENING = re.compile(
    r"^\s*(?:&\s*)?(?:=>|⇒|->|→|\\Rightarrow|\\Longrightarrow|\\implies|\\iff|\\Leftrightarrow|\\to\b|<=>|⇔|\\quad|\\qquad|\\text\{[^{}]*\}"
    r"|(?:so|hence|therefore|thus|then|now|let|where|with|set|define|put|finally|and|we have|we get|i\.e\.|that is|note that|recall)\b[,:]?)\s*(?:&\s*)?",
    re.IGNORECASE,
)
_EQUALS = re.compile(r"^\s*(?:&\s*)?(?:=|\\equiv)\s*(?:&\s*)?")
_STACKED = re.compile(r"\\(?:stackrel|overset)\s*\{[^{}]*\}\s*\{\s*=\s*\}")  # an equality that is to hold: ! above =
_REASON = r"[A-Za-z][A-Za-z \-']{3,}"
_CLOSING = re.compile(
    rf"(?:\s{{2,}}\[[^\]]*\]|\s*\\\\(?:\[[^\]]*\])?|\s*[.,;])\s*$|\s+#.*$|\s+%.*$|\s*\\q?quad\s*\\text\{{[^{{}}]*\}}\s*$|\s*\\text\{{[^{{}}]*\}}\s*$"
    rf"|\s*\\q?quad\s*$|\s+\((?:by|using|since|because|from|as)\s{_REASON}\)\s*$|\s+\((?:{_REASON}\s+)?(?:rule|rules|linearity|cyclic|symmetry)\)\s*$"
    rf"|\s*,?\s+(?:by|using|because|since)\s+(?:the\s+)?{_REASON}\s*$"
)
WORD = r"(?:\\[A-Za-z]+|[^\W\d_])(?:_\{?\w+\}?|\w*)"
_PART = rf"{WORD}(?:\[[\w, ]+\])?"
_D = r"(?:\\mathrm\{?\s*d\s*\}?|\\partial|∂|d)\s*"
_CALLED = r"(?:\(\s*(?P<arguments>[\w\s,;\\]*)\))?"
_TWICE = r"(?:\^\{?2\}?|²|\*\*2)"
_QUOTIENT = re.compile(rf"^\(?{_D}{_TWICE}?\s*(?P<of>{_PART}){_CALLED}\s*/\s*\(?{_D}(?P<by>{_PART})(?P<second>{_TWICE})?\)?$")
_FRACTION = re.compile(
    rf"^\\[dt]?frac\{{\s*{_D}{_TWICE}?\s*(?P<of>{_PART}){_CALLED}\s*\}}\{{\s*{_D}(?P<by>{_PART})\s*(?:(?P<second>{_TWICE})|{_D}(?P<also>{_PART}))?\s*\}}$"
)
_NABLA = re.compile(
    rf"^(?:(?:\\nabla|∇)\s*(?P<second>{_TWICE})?|(?P<hessian>[Hh]ess(?:ian)?)|[Gg]rad(?:ient)?|[Jj]acobian)\s*(?:_\{{?(?P<by>{WORD}?)\}}?\s*)?"
    rf"(?P<twice>{_TWICE})?\s*(?:of\s+)?(?P<of>{WORD})?{_CALLED}$"
)
_PRIME = re.compile(rf"^(?P<of>{WORD})(?P<primes>'+|′+)\s*(?:\(\s*(?:(?P<by>{WORD})|(?P<at>[-−]?\d+(?:\.\d+|/\d+)?))\s*\))?$")
_LETTER = re.compile(rf"^(?P<letter>[JH])_\{{?(?P<of>{WORD})\}}?{_CALLED}$")
_DIFFERENTIAL = re.compile(rf"^(?:\\mathrm\{{d\}}|\\mathrm d|d)\s*(?P<second>{_TWICE})?\s*(?P<of>{WORD})$")
_NAME = re.compile(rf"^(?P<name>{_PART}(?:\^\{{[(\[]\w+[)\]]\}})?){_CALLED}$")


@dataclass(frozen=True)
class Statement:
    """The formulas of a line (several where it has several equals signs), under a name; of which function and by what it is the derivative.

    `order` of a derivative whose variables are not said; `arguments` of a function f(x, y) = ...; `follows`: whether the line opens with =;
    `at`: the number at which a derivative f'(2) is taken.
    """

    formulas: tuple[str, ...]
    name: str = ""
    of: str = ""
    by: tuple[str, ...] = ()
    order: int = 1
    arguments: tuple[str, ...] = ()
    follows: bool = False
    differential: bool = False
    at: str = ""

    def continued(self) -> Statement:
        """What is said of the second formula of a line: that it equals the first."""
        return replace(self, name="", of="", by=(), follows=True, differential=False, at="")


def on_paper(text: str, syntax: str | None, declared: Mapping[str, Declaration], names: Mapping[str, str]) -> Node:
    """The untyped tree of a text in any dialect; one that is none in its own dialect is read as on paper, letters side by side multiplied.

    `names`: what LaTeX spells with more than one letter. Raises: TextError, UnknownNameError; ShapeError where only its shapes do not fit.
    """
    dialect = syntax or detect(text)
    try:
        return parse_dialect(text, dialect, declared, names if dialect == "latex" else {})[1].tree
    except (TextError, UnknownNameError) as error:
        if syntax is not None or dialect == "latex":
            raise
        try:
            return parse_dialect(text, "latex", declared, names)[1].tree
        except ShapeError:
            raise
        except WrtError:
            raise error from None


def statement(line: str) -> Statement:
    """A line taken apart. Raises: TextError for a line without a formula, and for a relation that is no equality."""
    text, follows = _STACKED.sub("=", line), False
    while (found := _CLOSING.search(text)) is not None and found.start():
        text = text[: found.start()]
    while (found := _OPENING.match(text) or (None if follows else _EQUALS.match(text))) is not None and found.end():
        follows = follows or _EQUALS.match(text) is not None
        text = text[found.end() :]
    parts = [p.strip(" &") for p in equals_apart(text)]
    if not all(parts):
        raise TextError("a line of a derivation holds a formula.", text=line, span=(0, len(line)))
    if len(parts) == 1:
        return Statement((parts[0],), follows=follows)
    head = re.sub(r"\\[,;!: ]", "", parts[0]).strip()
    named = None if follows else _named(head)
    return Statement(tuple(parts), "", follows=follows) if named is None else replace(named, formulas=tuple(parts[1:]))


def _named(head: str) -> Statement | None:
    name = re.sub(r"\s", "", head)
    for pattern in (_QUOTIENT, _FRACTION):
        if (found := pattern.match(head)) is not None:
            by = plain_word(found["by"])
            also = plain_word(found.groupdict().get("also") or "")
            return Statement((), name, plain_word(found["of"]), (by, by) if found["second"] else (also, by) if also else (by,))
    if (found := _PRIME.match(head)) is not None:
        by = plain_word(found["by"] or "")
        order = len(found["primes"])
        return Statement((), name, plain_word(found["of"]), (by,) * order if by else (), order, at=(found["at"] or "").replace("−", "-"))
    if (found := _NABLA.match(head)) is not None:
        order = 2 if found["second"] or found["twice"] or found["hessian"] else 1
        return Statement((), name, plain_word(found["of"] or "f"), (plain_word(found["by"]),) * order if found["by"] else (), order)
    if (found := _LETTER.match(head)) is not None:
        return Statement((), name, plain_word(found["of"]), (), 2 if found["letter"] == "H" else 1)
    if (found := _DIFFERENTIAL.match(head)) is not None:
        return Statement((), name, plain_word(found["of"]), (), 2 if found["second"] else 1, differential=True)
    if (found := _NAME.match(head)) is not None and not (found["name"] == "d" and found["arguments"]):  # d(X) is a differential
        arguments = tuple(plain_word(w) for w in re.split(r"[\s,;]+", found["arguments"] or "") if w)
        label = found["name"].strip()
        return Statement((), label if "^" in label else plain_word(label), arguments=arguments)
    return None


def plain_word(word: str) -> str:
    r"""The word without a backslash and braces: theta for \theta, x_k for x_{k}."""
    return word.removeprefix("\\").replace("{", "").replace("}", "").replace(" ", "")


def equals_apart(text: str) -> list[str]:
    """The text cut at equals signs outside of brackets, comparisons left alone.

    >>> equals_apart("f = sum(A, axis=0) = (i == k)*b")
    ['f ', ' sum(A, axis=0) ', ' (i == k)*b']
    """
    out, depth, start, k = [], 0, 0, 0
    while k < len(text):
        c = text[k]
        depth += (c in "([{") - (c in ")]}")
        if c == "=" and not depth:
            if text[k : k + 2] == "==":
                k += 2
                continue
            if text[k - 1 : k] not in "<>!" or not k:
                out.append(text[start:k])
                start = k + 1
        k += 1
    return [*out, text[start:]]
