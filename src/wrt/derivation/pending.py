r"""Derivatives written inside a line, cut out of its text: \frac{d}{dx}(x^2), d(x^\top A x), \nabla_x (b^\top x), df/du, \partial x_i/\partial x_k.

A name stands in the line for each, and what it stands for is worked out elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from typing import NamedTuple

from wrt.derivation.statements import WORD

_D = r"(?:\\mathrm\{\s*d\s*\}|\\mathrm\s+d|\\operatorname\{d\}|\\partial|∂|d)\s*"
_PART = rf"{WORD}(?:\[[\w, ]+\])?"
_TWICE = r"(?:\^\{?2\}?|²|\*\*2)"
_CALLED = r"(?:\(\s*[\w\s,\\]*\))?"
_OPERATOR = re.compile(
    rf"\\[dt]?frac\{{\s*{_D}(?P<twice_a>{_TWICE})?\s*\}}\{{\s*{_D}(?P<by_a>{_PART})\s*{_TWICE}?\s*\}}"
    rf"|(?<![\w\\}}]){_D}(?P<twice_b>{_TWICE})?\s*/\s*{_D}(?P<by_b>{_PART})(?:{_TWICE})?(?![\w\[])"
    rf"|(?:\\partial|∂)\s*_\s*\{{?\s*(?P<by_c>{_PART})\s*\}}?"
    rf"|(?:\\nabla|∇)\s*(?P<twice_d>{_TWICE})?\s*(?:_\s*\{{\s*(?P<by_d>{_PART})\s*\}}|_\s*(?P<by_e>\\?[^\W\d_]))?(?P<twice_e>{_TWICE})?"
)
_NAMED = re.compile(
    rf"\\[dt]?frac\{{\s*{_D}(?P<twice_a>{_TWICE})?\s*(?P<of_a>{_PART}){_CALLED}\s*\}}\{{\s*{_D}(?P<by_a>{_PART})\s*{_TWICE}?\s*\}}"
    rf"|(?<![\w\\}}])\(?{_D}(?P<twice_b>{_TWICE})?(?P<of_b>{_PART}){_CALLED}\s*/\s*{_D}(?P<by_b>{_PART})(?:{_TWICE})?(?![\w\[])"
)
_DIFFERENTIAL = re.compile(r"(?:\\mathrm\{\s*d\s*\}|\\operatorname\{d\}|\\mathrm\s+d|(?<![\w\\])d)\s*(?:\\left|\\[bB]ig+l?)?\s*(?=[(\[])")
_PRIMED = re.compile(rf"(?P<of>{WORD})(?P<primes>'+|′+)(?:\(\s*(?P<by>{WORD})\s*\))?")
_LETTER_PRIMED = re.compile(rf"(?P<of>[^\W\d_])(?P<primes>'+|′+)(?:\(\s*(?P<by>{WORD})\s*\))?")
_BY = ("by_a", "by_b", "by_c", "by_d", "by_e")
_BARE = re.compile(
    r"(?:\\mathrm\{\s*d\s*\}|\\operatorname\{d\}|\\mathrm\s+d|(?<![\w\\])d)\s*(?=\\(?:log|ln|det|exp|sin|cos|tan|sqrt|operatorname|mathrm\{tr|text\{tr|tr\b|l?Vert|\|)|‖)"
)
_FRACTION = re.compile(rf"\\[dt]?frac\s*(?=\{{\s*{_D})")
_BY_PART = re.compile(rf"^\s*{_D}(?P<by>{_PART})\s*$")
_START = re.compile(rf"^\s*{_D}")
_SPACE = re.compile(r"(?:\s|\\[,;!: ]|\\q?quad\b|\\left(?=[(\[|\\])|\\[bB]ig+l?(?=[(\[|\\{]))*")
_RAISED = re.compile(r"\s*(?:\^\{[^{}]*\}|\^\w|\*\*\s*[\w.]+|[²³]|_\{[^{}]*\}|_\w)")
_OPEN, _CLOSED = "([{", ")]}"


class Pending(NamedTuple):
    """`name` stands in the line for the derivative of `inside` by `by` (a variable or an entry of one); no `by`: the differential, or the gradient."""

    name: str
    inside: str
    by: str
    order: int = 1
    differential: bool = False


def cut_out(
    text: str, known: Callable[[str], bool], defined: Callable[[str], bool], taken: Container[str], *, differentials: bool, primes: bool = False
) -> tuple[str, list[Pending]]:
    r"""The text with a name for every derivative in it, and these.

    `known`: whether a name may be differentiated, or by; `defined`: whether a line before defines it; `differentials`: whether d(E) is cut out too; `primes`: (E)'.

    >>> cut_out(r"\frac{d}{dx}(x^2) \sin x", lambda name: True, lambda name: False, (), differentials=False)
    (' DD1  \\sin x', [Pending(name='DD1', inside='x^2', by='x', order=1, differential=False)])
    """
    out: list[Pending] = []
    at = 0
    while at < len(text):
        found = (
            _of_a_name(text, at, known)
            or _primed(text, at, known, defined)
            or _operator(text, at, known)
            or (_differential(text, at) if differentials else None)
            or (_ticked(text, at) if primes else None)
        )
        if found is None:
            at += 1
            continue
        made, end = found
        if not made.inside.strip():
            at = end
            continue
        k = len(out) + 1
        while f"DD{k}" in taken:
            k += 1
        out.append(made._replace(name=f"DD{k}"))
        text = f"{text[:at]} DD{k} {text[end:]}"
        at += len(f" DD{k} ")
    return text, out


def _of_a_name(text: str, at: int, known: Callable[[str], bool]) -> tuple[Pending, int] | None:
    r"""df/du, \frac{\partial f}{\partial x_k}, (dy/dx)."""
    found = _NAMED.match(text, at)
    if found is None or not known(found["of_a"] or found["of_b"]) or not known(found["by_a"] or found["by_b"]):
        return None
    end = found.end()
    if found.group().startswith("(") and text[end : end + 1] == ")":
        end += 1
    return Pending("", found["of_a"] or found["of_b"], found["by_a"] or found["by_b"], 2 if found["twice_a"] or found["twice_b"] else 1), end


def _primed(text: str, at: int, known: Callable[[str], bool], defined: Callable[[str], bool]) -> tuple[Pending, int] | None:
    """f', f''(x) of what a line defines; uv' with letters side by side."""
    before = text[at - 1] if at else " "
    found = None if before.isalnum() or before in "_\\" else _PRIMED.match(text, at)
    if (found is None or not defined(found["of"])) and (not before.isalpha() or known(before)):
        found = _LETTER_PRIMED.match(text, at)
    if found is None or not defined(found["of"]) or (found["by"] and not known(found["by"])):
        return None
    return Pending("", found["of"], found["by"] or "", len(found["primes"])), found.end()


def _operator(text: str, at: int, known: Callable[[str], bool]) -> tuple[Pending, int] | None:
    r"""\frac{d}{dx}(E), \nabla_x E, \frac{\partial E}{\partial x}."""
    found = _OPERATOR.match(text, at)
    if found is not None and all(known(found[key]) for key in _BY if found[key]):
        by = next((found[key] for key in _BY if found[key]), "")
        twice = any(found[key] for key in ("twice_a", "twice_b", "twice_d", "twice_e"))
        inside, end = _argument(text, found.end())
        return Pending("", inside, by, 2 if twice else 1), end
    fraction = _fraction(text, at)
    if fraction is None or not known(fraction[1]):
        return None
    return Pending("", fraction[0], fraction[1]), fraction[2]


def _differential(text: str, at: int) -> tuple[Pending, int] | None:
    r"""d(E), d\log\det X."""
    if (found := _BARE.match(text, at)) is not None:
        inside, end = _argument(text, found.end())
    elif (found := _DIFFERENTIAL.match(text, at)) is not None:
        inside, end = _group(text, found.end())
    else:
        return None
    return Pending("", inside, "", differential=True), end


def _fraction(text: str, at: int) -> tuple[str, str, int] | None:
    r"""(E, x, where it ends) for \frac{\partial E}{\partial x} of any formula E."""
    found = _FRACTION.match(text, at)
    if found is None:
        return None
    above, middle = _group(text, found.end())
    if text[middle : middle + 1] != "{":
        return None
    below, end = _group(text, middle)
    by = _BY_PART.match(below)
    return (_START.sub("", above), by["by"], end) if by is not None else None


def _ticked(text: str, at: int) -> tuple[Pending, int] | None:
    """(E)' and (E)'' of scalars."""
    before = text[at - 1] if at else " "
    if text[at] not in "([" or before.isalnum() or before in "_}":
        return None
    inside, end = _group(text, at)
    ticks = len(text[end:]) - len(text[end:].lstrip("'′"))
    return (Pending("", inside, "", ticks), end + ticks) if ticks else None


def _argument(text: str, start: int) -> tuple[str, int]:
    """(what an operator is applied to, where it ends): a group in brackets with its powers, else the rest of the term."""
    found = _SPACE.match(text, start)
    at = found.end() if found is not None else start
    if at < len(text) and (text[at] in _OPEN or text.startswith("\\{", at)):
        inside, end = _group(text, at)
        raised = end
        while (more := _RAISED.match(text, raised)) is not None:
            raised = more.end()
        return (inside, end) if raised == end else (text[at:raised], raised)
    depth, end = 0, at
    while end < len(text):
        c = text[end]
        if not depth and end > at and (c in "=,;" or (c in "+-−" and text[end - 1] not in "^_(*/@")):
            break
        if c in _CLOSED and not depth:
            break
        depth += (c in _OPEN) - (c in _CLOSED)
        end += 1
    return text[at:end], end


def _group(text: str, start: int) -> tuple[str, int]:
    """(the inside of a bracket, where it ends)."""
    depth, end = 0, start
    while end < len(text):
        depth += (text[end] in _OPEN) - (text[end] in _CLOSED)
        end += 1
        if not depth and text[end - 1] in _CLOSED:
            break
    inside = text[start + 1 : end - 1]
    return re.sub(r"\\(?:right|[bB]ig+r?)\s*$", "", inside), end
