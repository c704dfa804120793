r"""Declared functions in LaTeX: f(x), f_i(x), f'(t), f^{(4)}(t), \dot{A}(t), and the signs of derivatives before a name.

\nabla g(x), \nabla^2 g(x), \nabla_1 h(x, y) and \nabla_x h(x, y), \mathrm{D} f(x), J_f(x), \partial_1^2 h(x, y), \partial_{xy} h(x, y).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from wrt.errors import Span
from wrt.language import latex_brackets
from wrt.language.functions_declared import is_gradient, spelled
from wrt.language.latex_names import key
from wrt.language.latex_norms import Value
from wrt.language.latex_raw import Token
from wrt.language.latex_scripts import entry, scripted
from wrt.language.surface import FunctionDeclaration, Name, Node
from wrt.language.trampoline import Task

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser

LONGEST = 12  # letters of a function's name typed without a command
DOTS = {"dot": 1, "ddot": 2}


class Sign(NamedTuple):
    """One operator before the name: nabla, D or partial, what stands below (an argument's number or name, "" for nothing) and the order."""

    word: str
    below: str
    order: int


class Head(NamedTuple):
    """What stands before the brackets: the operators, the function, the order by primes or dots, where the brackets open, the i of f_i(x)."""

    signs: tuple[Sign, ...]
    function: FunctionDeclaration
    primes: int
    end: int
    component: tuple[int, int] | None = None


def application(p: Parser) -> Task | None:
    """The application of a declared function that stands here; None where there is none."""
    head = _head(p) if p.functions else None
    return None if head is None else _applied(p, head)


def _applied(p: Parser, head: Head) -> Task:
    first = p.word()
    p.at = head.end
    values: list[Value] = yield latex_brackets.group(p)
    span = (first.start, p.words[p.at - 1].end)
    d, count = head.function, len(head.function.arguments)
    nodes = [p.algebra.settled(v).node for v in values]
    if len(nodes) != count:
        p.build.call(d.name, *nodes, span=span)  # which says how many it takes
    orders = [0] * count
    for sign in head.signs:
        for place, order in _places(p, sign, nodes, d, span):
            orders[place] += order
    if head.primes:
        if count > 1 or head.signs:
            raise p.fail(f"{d.name} is declared {d}: a prime does not say by which argument.", span, r"\partial_{1} is by the first.")
        orders[0] = head.primes
    nabla = any(sign.word == "nabla" for sign in head.signs)
    if nabla and d.shape.order:
        raise p.fail(
            f"is {p.text[slice(*span)]} the Jacobian or its transpose?", span, rf"write J_{{{d.name}}} for the Jacobian, rows as {d.name} has them."
        )
    word = "grad" if nabla and is_gradient(d, orders) else "hess" if nabla and orders == [2] and d.arguments[0].order == 1 else "D"
    value = Value(p.build.call(spelled(d.name, orders, word), *nodes, span=span), "call")
    return (yield scripted(p, value if head.component is None else entry(p, value, head.component, span)))


def _places(p: Parser, sign: Sign, nodes: Sequence[Node], d: FunctionDeclaration, span: Span) -> list[tuple[int, int]]:
    r"""(argument, order) of an operator: by its number, or by the name that stands there alone, \nabla_x L(x, y), \nabla^2_{xy} L(x, y)."""
    if not sign.below and len(nodes) == 1:
        return [(0, sign.order)]
    if sign.below.isdigit() and 1 <= int(sign.below) <= len(nodes):
        return [(int(sign.below) - 1, sign.order)]
    place = _argument(p, sign.below, nodes)
    if place is not None:
        return [(place, sign.order)]
    letters = [_argument(p, letter, nodes) for letter in sign.below]
    known = [place for place in letters if place is not None]
    if known and len(known) == len(letters) and sign.order in (1, len(letters)):
        return [(place, 1) for place in known]
    raise p.fail(f"{d.name} is declared {d}: by which of its arguments?", span, r"\nabla_{1} or \partial_{1} is by the first.")


def _argument(p: Parser, text: str, nodes: Sequence[Node]) -> int | None:
    """The one argument that is the variable spelt so; None where none is, or several are."""
    found = p.names.find(key(text)) if text and not text.isdigit() else None
    places = [k for k, node in enumerate(nodes) if found is not None and isinstance(node, Name) and node.name == found[0]]
    return places[0] if len(places) == 1 else None


def _head(p: Parser) -> Head | None:
    """The operators and the name before a bracket, nothing taken."""
    signs: list[Sign] = []
    at = p.at
    while (found := _sign(p, at)) is not None:
        sign, at = found
        signs.append(sign)
    jacobian = _subscripted(p, at) if not signs else None
    if jacobian is not None:
        return jacobian
    named = _name(p, at)
    if named is None:
        return None
    d, dots, at = named
    primes = dots
    while _is(p, at, "'") or _is(p, at, "prime"):
        primes += 1
        at += 1
    raised = _raised_order(p, at) if not primes else None
    if raised is not None:
        primes, at = raised
    index = None
    if not signs and not primes and (_is(p, at, "_") or _is(p, at, "^")):
        script = _script(p, at)
        if script is None or not latex_brackets.opening(_word(p, script[2])):
            return None
        if _is(p, at, "^"):
            span = (_word(p, p.at).start, _word(p, script[2] - 1).end)
            raise p.fail(f"is {p.text[slice(*span)]} a power of {d.name} or of its value?", span, f"write {d.name}(x)^{{2}} for that of the value.")
        index, at = (script[0], script[1]), script[2]
    if not latex_brackets.opening(_word(p, at)):
        return None
    return Head(tuple(signs), d, primes, at, index)


def _script(p: Parser, at: int) -> tuple[int, int, int] | None:
    """The words of the script at a place, first and last, and where it ends."""
    if _word(p, at + 1).text != "{":
        return at + 1, at + 2, at + 2
    end = p.closing.get(at + 1)
    return None if end is None else (at + 2, end, end + 1)


def _word(p: Parser, at: int) -> Token:
    return p.words[min(at, len(p.words) - 1)]


def _is(p: Parser, at: int, text: str) -> bool:
    word = _word(p, at)
    return word.text == text and word.kind in ("op", "command")


def _sign(p: Parser, at: int) -> tuple[Sign, int] | None:
    r"""\nabla_1^2, \partial_{2}, \mathrm{D}^{3} at a place, and where it ends."""
    word = _word(p, at)
    if word.kind == "command" and word.text in ("nabla", "partial"):
        name = word.text
    elif word.kind in ("name", "word") and word.text == "D" and (word.kind == "word" or word.font == "upright" or p.names.find("D") is None):
        name = "D"
    else:
        return None
    below, order, at = "", 1, at + 1
    while _is(p, at, "_") or _is(p, at, "^"):
        if _is(p, at, "_"):
            script = _script_text(p, at)
            if script is None:
                return None
            below, at = script
        else:
            found = _whole(p, at + 1)
            if found is None:
                return None
            order, at = found
    return Sign(name, below, order), at


def _whole(p: Parser, at: int) -> tuple[int, int] | None:
    """The whole number in a script, and where the script ends."""
    words = [_word(p, k) for k in range(at, at + 3)]
    if words[0].text == "{" and words[1].kind == "number" and words[1].text.isdigit() and words[2].text == "}":
        return int(words[1].text), at + 3
    return (int(words[0].text), at + 1) if words[0].kind == "number" and words[0].text.isdigit() else None


def _raised_order(p: Parser, at: int) -> tuple[int, int] | None:
    """(4) as a power: the order of a derivative."""
    words = [_word(p, k).text for k in range(at, at + 6)]
    if words[:3] == ["^", "{", "("] and words[3].isdigit() and words[4:] == [")", "}"]:
        return int(words[3]), at + 6
    return None


def _subscripted(p: Parser, at: int) -> Head | None:
    """J_f(x): the Jacobian."""
    if not (_word(p, at).text == "J" and _is(p, at + 1, "_") and p.names.find("J") is None):
        return None
    braced = _word(p, at + 2).text == "{"
    named = _name(p, at + 2 + braced)
    if named is None or named[1] or (braced and _word(p, named[2]).text != "}"):
        return None
    end = named[2] + braced
    return Head((Sign("D", "", 1),), named[0], 0, end) if latex_brackets.opening(_word(p, end)) else None


def _name(p: Parser, at: int) -> tuple[FunctionDeclaration, int, int] | None:
    """The declared function whose name stands at a place, the dots over it, and where it ends: the longest run of letters that is one."""
    if _word(p, at).kind not in ("name", "word"):
        return None
    texts: list[str] = []
    k = at
    while len(texts) < LONGEST and _word(p, k).kind in ("name", "word") and (not texts or _word(p, k).start == _word(p, k - 1).end):
        texts.append(_word(p, k).text)
        k += 1
    for count in range(len(texts), 0, -1):
        text, end = "".join(texts[:count]), at + count
        below = _script_text(p, end)
        if below is not None and (d := p.functions.get(key(f"{text}_{below[0]}"))) is not None:
            return d, 0, below[1]
        if (d := p.functions.get(key(text))) is not None:
            return d, 0, end
        base, _, accent = key(text).rpartition("_")
        if accent in DOTS and (d := p.functions.get(base)) is not None:
            return d, DOTS[accent], end
    return None


def _script_text(p: Parser, at: int) -> tuple[str, int] | None:
    """The letters and digits below a name or a sign, and where the subscript ends."""
    if not _is(p, at, "_"):
        return None
    if _word(p, at + 1).text != "{":
        return (_word(p, at + 1).text, at + 2) if _word(p, at + 1).kind in ("name", "number", "word") else None
    end = p.closing.get(at + 1)
    if end is None:
        return None
    words = p.words[at + 2 : end]
    plain = all(w.kind in ("name", "number", "word") or w.text in (",", "{", "}", "_") for w in words)
    return ("_".join("".join(w.text if w.text not in (",", "{", "}", "_") else " " for w in words).split()), end + 1) if plain else None
