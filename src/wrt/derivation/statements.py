r"""What a line of a derivation says before its formula: = and =>, a name, a derivative: "f =", "dF =", "df/dx =", "\nabla_x f =", "f'(x) ="."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from wrt.errors import TextError, UnknownNameError, WrtError
from wrt.language.dialect import detect
from wrt.language.read import parse_dialect
from wrt.language.surface import Declaration, Node

_OPENING = re.compile(
    r"^\s*(?:&\s*)?(?:=>|⇒|->|→|\\Rightarrow|\\implies|\\iff|<=>|⇔|=|so\b|hence\b|therefore\b|thus\b|i\.e\.)\s*(?:&\s*)?", re.IGNORECASE
)
_CLOSING = re.compile(r"(?:\s{2,}\[[^\]]*\]|\s*\\\\|\s*[.,;])\s*$|\s+#.*$")
_WORD = r"(?:\\[A-Za-z]+|[^\W\d_])(?:_\{?\w+\}?|\w*)"
_D = r"(?:\\mathrm\{?\s*d\s*\}?|\\partial|∂|d)\s*"
_CALLED = r"(?:\(\s*[\w\s,\\]*\))?"
_QUOTIENT = re.compile(rf"^{_D}(?:\^2\s*)?(?P<of>{_WORD}){_CALLED}\s*/\s*\(?{_D}(?P<by>{_WORD})(?P<second>\^2|²|\*\*2)?\)?$")
_FRACTION = re.compile(rf"^\\d?frac\{{\s*{_D}(?:\^2\s*)?(?P<of>{_WORD}){_CALLED}\s*\}}\{{\s*{_D}(?P<by>{_WORD})(?P<second>\^2)?\s*\}}$")
_NABLA = re.compile(rf"^(?:\\nabla|∇|grad(?:ient)?)\s*(?:_\{{?(?P<by>{_WORD}?)\}}?\s*)?(?P<of>{_WORD})?{_CALLED}$")
_PRIME = re.compile(rf"^(?P<of>{_WORD})(?P<primes>'+|′+)\s*(?:\(\s*(?P<by>{_WORD})\s*\))?$")
_DIFFERENTIAL = re.compile(rf"^(?:\\mathrm\{{d\}}|d)\s*(?P<of>{_WORD})$")
_NAME = re.compile(rf"^(?P<name>{_WORD}){_CALLED}$")


@dataclass(frozen=True)
class Statement:
    """The formulas of a line (several where it has several equals signs), under a name; of which function and by what it is the derivative."""

    formulas: tuple[str, ...]
    name: str = ""
    of: str = ""
    by: tuple[str, ...] = ()

    def continued(self) -> Statement:
        """What is said of the second formula of a line: that it equals the first."""
        return replace(self, name="", of="", by=())


def on_paper(text: str, syntax: str | None, declared: Mapping[str, Declaration], names: Mapping[str, str]) -> Node:
    """The untyped tree of a text in any dialect; one that is none in its own dialect is read as on paper, letters side by side multiplied.

    `names`: what LaTeX spells with more than one letter. Raises: TextError, UnknownNameError.
    """
    dialect = syntax or detect(text)
    try:
        return parse_dialect(text, dialect, declared, names if dialect == "latex" else {})[1].tree
    except (TextError, UnknownNameError) as error:
        if syntax is not None or dialect == "latex":
            raise
        try:
            return parse_dialect(text, "latex", declared, names)[1].tree
        except WrtError:
            raise error from None


def statement(line: str) -> Statement:
    """A line taken apart. Raises: TextError for a line without a formula, and for a relation that is no equality."""
    text = line
    while (found := _CLOSING.search(text)) is not None and found.start():
        text = text[: found.start()]
    while (found := _OPENING.match(text)) is not None:
        text = text[found.end() :]
    parts = [p.strip(" &") for p in equals_apart(text)]
    if not all(parts):
        raise TextError("a line of a derivation holds a formula.", text=line, span=(0, len(line)))
    if len(parts) == 1:
        return Statement((parts[0],))
    head = parts[0].replace("\\,", "").replace("\\;", "").strip()
    named = _named(head)
    return Statement(tuple(parts), "") if named is None else replace(named, formulas=tuple(parts[1:]))


def _named(head: str) -> Statement | None:
    for pattern in (_QUOTIENT, _FRACTION):
        if (found := pattern.match(head)) is not None:
            by = _plain(found["by"])
            return Statement((), head.replace(" ", ""), _plain(found["of"]), (by, by) if found["second"] else (by,))
    if (found := _NABLA.match(head)) is not None:
        return Statement((), head.replace(" ", ""), _plain(found["of"] or "f"), (_plain(found["by"]),) if found["by"] else ())
    if (found := _PRIME.match(head)) is not None:
        by = _plain(found["by"] or "")
        return Statement((), head.replace(" ", ""), _plain(found["of"]), (by,) * len(found["primes"]) if by else ())
    if (found := _DIFFERENTIAL.match(head)) is not None:
        return Statement((), head.replace(" ", ""), _plain(found["of"]))
    if (found := _NAME.match(head)) is not None:
        return Statement((), _plain(found["name"]))
    return None


def _plain(word: str) -> str:
    return word.removeprefix("\\")


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
