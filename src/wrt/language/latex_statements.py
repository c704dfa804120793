r"""What stands around the formula: f(x) = ..., definitions after a comma or on lines of their own, x \in R^n, alignment, a full stop.

Works on words, before the grammar: which words are the function, which define a name that it uses, which say nothing about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wrt.errors import Span, TextError, TooLargeError
from wrt.language.latex_names import key
from wrt.language.latex_raw import Token

MAX_STATEMENTS = 200
EQUALS = ("=", "coloneqq")
OPEN, CLOSED = ("{", "(", "[", "\\{", "langle"), ("}", ")", "]", "\\}", "rangle")
LEADING = frozenset(
    ("for all", "such that", "in which", "given by", "defined as", "for some", "that is", "i.e.", "i.e.,", "We have", "we have", "so that")
) | frozenset(
    "where with and for let here given is Let Minimize minimize Maximize maximize Consider consider Define define Suppose suppose Assume assume Then then Thus thus Hence hence So".split()
)
BEFORE_A_NAME = ("log", "ln", "-", "min", "max", "exp", "cos", "sin", "tan")
ABOUT = ("<", ">", "le", "ge", "ne", "succ", "succeq", "prec", "preceq", "subset", "sim", "to")
REFUSED = {
    "propto": "a formula known up to a factor is not a function.",
    "approx": "an approximation is not a function.",
    "sim": "a distribution is not a function.",
    "le": "an inequality is not a function.",
    "ge": "an inequality is not a function.",
    "<": "an inequality is not a function.",
    ">": "an inequality is not a function.",
    **dict.fromkeys(("ne", "succ", "succeq", "prec", "preceq"), "an inequality is not a function."),
}


@dataclass(slots=True)
class Statement:
    """label = words: the words of a name being defined (None for a formula alone) and of each right-hand side."""

    label: list[Token] | None
    sides: list[list[Token]]


def statements(words: Sequence[Token], text: str) -> list[Statement]:
    r"""The statements of a text, the function's own among them (see `main`). Raises: TextError for an equation, an inequality, a constraint."""
    out: list[Statement] = []
    for line in _lines(list(words), text):
        for k, clause in enumerate(_clauses(line)):
            part = _bare(clause)
            if not part or ((k or any(w.text == "to" for w in part)) and _says_nothing(part)):
                continue
            _refuse(part, text)
            sides = _sides(part)
            if out and not sides[0]:  # "= ..." goes on with the line before
                out[-1].sides += sides[1:]
            elif len(sides) == 1 and out and k == 0 and out[-1].sides and (_continues(part) or _goes_on(out[-1].sides[-1])):
                out[-1].sides[-1] += part
            else:
                alone = not k or _uses_one(part, out)
                out.append(_statement(part, [side for side in sides if side], text, alone=alone))
    if len(out) > MAX_STATEMENTS:
        raise TooLargeError(f"the text defines more than {MAX_STATEMENTS} names.", text=text)
    bare = [s for s in out if s.label is None]
    if len(bare) > 1:
        raise TextError("these are several formulas.", text=text, span=_span(bare[1].sides[0]), hint="give one, or name the parts: z = ...")
    if not out:
        raise TextError("there is no formula to read.", text=text, span=(0, max(1, len(text))), hint=r"write for example \|Ax - b\|_2^2.")
    return out


def _sides(part: list[Token]) -> list[list[Token]]:
    """What stands between the signs of equality; the first is empty where the part starts with one."""
    sides = [_bare(side) for side in _split(part, EQUALS)]
    return [side for n, side in enumerate(sides) if side or n == 0]


def _statement(part: list[Token], sides: list[list[Token]], text: str, *, alone: bool) -> Statement:
    """label = sides, or one side alone, which only the first clause of a line may be."""
    sides = [side[_after_map(side) :] for side in sides]
    while len(sides) > 2 and is_label(sides[1]) and sides[1][-1].text == ")" and sides[1][0].text in "fghFGHJL":  # y = f(x) = ...
        del sides[1]
    if not sides:
        raise TextError("there is nothing beside the equality sign.", text=text, span=_span(part))
    if len(sides) == 1:
        if not alone and not any(w.text == "mapsto" for w in part):
            raise TextError(
                f"'{_typed(part, text)}' after the formula is not understood.", text=text, span=_span(part), hint="give the formula alone."
            )
        return Statement(None, sides)
    if any(w.text in ("nabla", "partial") for w in sides[0]):
        raise TextError("this is a derivative, not a function.", text=text, span=_span(sides[0]), hint="give the function alone, and derive it.")
    if not is_label(sides[0]):
        message = f"this is an equation: which side is the function, {_typed(sides[0], text)} or {_typed(sides[1], text)}?"
        raise TextError(message, text=text, span=_span(part), hint="give one side alone.")
    return Statement(sides[0], sides[1:])


def main(found: list[Statement], text: str) -> int:
    """Which statement is the function: the one without a label, or the one whose label no other statement uses."""
    free = [k for k, s in enumerate(found) if s.label is None]
    if free:
        return free[-1]
    roots = [k for k in range(len(found)) if not _uses(found, k)] or [len(found) - 1]
    if len(roots) > 1:
        names = ", ".join(_typed(found[k].label or [], text) for k in roots)
        raise TextError(
            f"which of {names} is the function?", text=text, span=_span(found[roots[1]].label or []), hint="give one, with the parts it uses."
        )
    return roots[0]


def _uses(found: list[Statement], k: int) -> bool:
    """Whether another statement uses the name that statement k defines."""
    label = found[k].label or []
    head = label[0].text if label else ""
    return any(word.text == head for j, other in enumerate(found) if j != k for side in other.sides for word in side)


def is_label(words: list[Token]) -> bool:
    r"""Whether words are a name to define: f, f(x), J_\theta(x, y), D_{KL}(P \| Q), \log p(x)."""
    at = 0
    while at + 1 < len(words) and words[at].kind in ("command", "op") and words[at].text in BEFORE_A_NAME:
        over = words[at].text in ("min", "max") and words[at + 1].text == "_"  # \min_x f(x)
        at = _after_group(words, at + 2) if over else at + 1
    depth = 0
    head = words[at] if at < len(words) else None
    if head is None or head.kind not in ("name", "word"):
        return False
    at += 1
    while at < len(words):
        word = words[at]
        depth += (word.text in OPEN) - (word.text in CLOSED)
        if depth == 0 and word.text not in CLOSED and word.text not in ("_", "^", "'"):
            return False
        at += 1
    return True


def _after_group(words: Sequence[Token], at: int) -> int:
    """Where the group in braces that opens at `at` ends."""
    depth = 0
    for k in range(at, len(words)):
        depth += (words[k].text == "{") - (words[k].text == "}")
        if depth == 0:
            return k + 1
    return len(words)


def label_name(label: list[Token]) -> str:
    """The name that a label gives: its symbol with subscript."""
    below = ""
    if len(label) > 2 and label[1].text == "_":
        depth = 0
        for word in label[2:]:
            depth += (word.text == "{") - (word.text == "}")
            if depth == 0:
                break
            below += word.text.replace(" ", "_") if word.kind in ("name", "word", "number") else ""
    return key(f"{label[0].text}_{below}" if below else label[0].text)


# ------------------------------------------------------------------------------------------------ splitting
def _outside(words: Sequence[Token]) -> list[bool]:
    """Whether each word stands outside of all braces, brackets and environments; brackets that do not pair are passed over."""
    out: list[bool] = []
    stack: list[str] = []
    for word in words:
        opens = word.kind == "begin" or (word.text in OPEN and word.kind in ("op", "brace"))
        closes = word.kind == "end" or (word.text in CLOSED and word.kind in ("op", "brace"))
        if closes and word.text == "}":  # braces pair always
            while stack and stack.pop() != "{":
                pass
        elif closes and stack and stack[-1] != "{":
            stack.pop()
        out.append(not stack and not opens and not closes)
        if opens:
            stack.append("{" if word.text == "{" else "(")
    return out


def _lines(words: list[Token], text: str) -> list[list[Token]]:
    r"""The lines of an alignment: \\\\ outside of environments; the & of an alignment go."""
    out: list[list[Token]] = [[]]
    depth = braces = 0
    for k, word in enumerate(words):
        depth += (word.kind == "begin") - (word.kind == "end")
        braces += (word.kind == "brace") * ((word.text == "{") - (word.text == "}"))
        if depth == 0 and word.kind == "newline" and not braces:
            out.append([])
        elif depth or word.text != "&" or word.kind != "op":
            out[-1].append(word)
        else:
            beside = [words[j] for j in (k - 1, k + 1) if 0 <= j < len(words)]
            if len(beside) == 2 and not any(
                w.text in (*EQUALS, "+", "-", "&", "mapsto", ":", ",", "quad") or w.kind in ("newline", "word") or w.text in REFUSED for w in beside
            ):
                raise TextError("'&' stands outside of an alignment and of a matrix.", text=text, span=word.span)
    return [line for line in out if line]


def _split(words: list[Token], signs: tuple[str, ...]) -> list[list[Token]]:
    """The parts between signs outside brackets and environments; := is =."""
    out: list[list[Token]] = [[]]
    outside = _outside(words)
    for k, word in enumerate(words):
        if outside[k] and word.text in signs and word.kind in ("op", "command"):
            if out[-1] and out[-1][-1].text == ":" and word.text == "=":
                out[-1].pop()
            out.append([])
        elif outside[k] and word.text == ":" and k + 1 < len(words) and words[k + 1].text == "=" and not out[-1]:
            continue
        else:
            out[-1].append(word)
    return out


def _clauses(words: list[Token]) -> list[list[Token]]:
    r"""The parts between commas, semicolons and wide spaces that start something new."""
    out: list[list[Token]] = []
    for part in _split(words, (",", ";")):
        spaced = _split(part, ("quad",))
        if len(spaced) > 1 and _number(_bare(spaced[0])):  # (1) in front of the formula
            del spaced[0]
        pieces = [piece for space in spaced for piece in _at_words(space)]
        pieces = [piece for k, whole in enumerate(pieces) for piece in _aside(whole, first=not k)]
        out.append(pieces[0])
        for piece in pieces[1:]:
            if _number(_bare(piece)):
                continue
            says = any(w.text in (*EQUALS, *ABOUT, "in") for w in piece[1:]) or (
                bool(piece) and (piece[0].kind == "word" or piece[0].text == "forall")
            )
            fresh = piece and says and piece[0].text not in EQUALS
            if fresh and _bare(out[-1]) and not (len(_bare(out[-1])) == 1 and out[-1][0].kind == "word"):
                out.append(piece)
            else:
                out[-1] += piece
    return _joined(out)


def _at_words(words: list[Token]) -> list[list[Token]]:
    """The parts that words such as "where" and "for" start, outside brackets and environments."""
    out: list[list[Token]] = [[]]
    for word, outside in zip(words, _outside(words), strict=True):
        if outside and word.kind == "word" and word.text in LEADING and out[-1]:
            out.append([])
        out[-1].append(word)
    return out


def _aside(words: list[Token], *, first: bool) -> list[list[Token]]:
    r"""A remark in parentheses at the end, (\lambda > 0) or (r = Ax - b), as a part of its own, without the parentheses."""
    outside = _outside(words)
    at = next((k for k in range(len(words) - 1, 0, -1) if outside[k]), -1) + 1
    inner = words[at + 1 : -1]
    opened = len(words) - at > 2 and (words[at].text, words[-1].text) == ("(", ")") and (at > 1 if first else at == 0 or words[at - 1].kind != "op")
    says = ABOUT if at else (*ABOUT, *EQUALS)
    if not opened or not any(w.text in says and w.kind in ("op", "command") for w, free in zip(inner, _outside(inner), strict=True) if free):
        return [words]
    if any(w.text == "(" for w in inner) or (at and words[at - 1].kind in ("op", "name", "word", "command")):  # f(x > 0)
        return [words]
    return [words[:at], inner] if at else [inner]


def _number(words: list[Token]) -> bool:
    """Whether words are the number of an equation: (3), (2.1)."""
    words = [w for w in words if w.kind != "brace"]
    return (
        len(words) >= 3
        and (words[0].text, words[-1].text) == ("(", ")")
        and all(w.kind == "number" or w.text in (".", "*", "'") for w in words[1:-1])
    )


def _joined(parts: list[list[Token]]) -> list[list[Token]]:
    r"""A word that only leads on ("where") goes with what follows; i=1,\dots,n is one part."""
    out: list[list[Token]] = []
    for part in parts:
        lead = bool(out) and all(w.kind == "word" or w.text == "quad" for w in out[-1]) and bool(out[-1])
        dots = bool(out) and len(part) >= 1 and part[0].text == "ldots"
        if lead or dots or (out and out[-1] and out[-1][-1].text == "ldots"):
            out[-1] += part
        else:
            out.append(part)
    return out


def _caption(words: list[Token]) -> int:
    r"""Where a caption ends that stands in front: \text{Objective: }."""
    at = int(bool(words) and words[0].text == "{" and words[0].kind == "brace")
    first = at
    while at < len(words) and words[at].kind == "word":
        at += 1
    ends = first < at < len(words) and words[at].text == ":" and words[at].kind == "op"
    return at + 1 + first if ends and not (at + 1 < len(words) and words[at + 1].text == "=") else 0


def _bare(words: list[Token]) -> list[Token]:
    """Without leading words, wide spaces, and the full stop at the end."""
    start, end = _caption(words), len(words)
    while start < end and (
        (words[start].kind == "word" and words[start].text in LEADING and not (start + 1 < end and words[start + 1].text == "_"))
        or words[start].text == "quad"
        or (words[start].kind == "op" and words[start].text == ":")
    ):
        start += 1
    while end > start and (
        (words[end - 1].kind == "op" and words[end - 1].text in (".", ",", ";", ":"))
        or words[end - 1].text == "quad"
        or (words[end - 1].kind == "word" and words[end - 1].text in {*LEADING, "."})
    ):
        end -= 1
    return words[start:end]


def _goes_on(words: list[Token]) -> bool:
    """Whether a line ends with a sign, and goes on in the next."""
    return bool(words) and words[-1].kind == "op" and words[-1].text in ("+", "-", "·", "×", "*", "/")


def _uses_one(part: list[Token], before: list[Statement]) -> bool:
    r"""Whether a formula after definitions uses one of them: P = X X^+, \|y - P y\|^2."""
    heads = {s.label[0].text for s in before if s.label}
    return bool(before) and all(s.label for s in before) and any(w.text in heads for w in part)


def _continues(words: list[Token]) -> bool:
    """Whether a line goes on with the one before: it starts with a sign."""
    return (words[0].kind == "op" and words[0].text in ("+", "-", "·", "×", "*", "/")) or (
        words[0].kind == "command" and words[0].text in ("odot", "otimes", "circ", "times", "cdot", "quad")
    )


def _after_map(words: list[Token]) -> int:
    r"""Where the function starts after x \mapsto."""
    outside = _outside(words)
    return next((k + 1 for k, w in enumerate(words) if w.kind == "command" and w.text == "mapsto" and outside[k]), 0)


def _says_nothing(words: list[Token]) -> bool:
    r"""x \in R^n, \forall i, \lambda > 0, i = 1, \dots, n: about names, not about the function."""
    texts = [w.text for w in words]
    if words[0].text == "forall" or "ldots" in texts:
        return True
    if all(w.kind == "word" for w in words):
        return words[0].text not in ("s.t.", "subject to", "st")
    for word, outside in zip(words, _outside(words), strict=True):
        if outside and word.kind in ("op", "command") and word.text in (*ABOUT, "in"):
            return (
                not any(w.kind == "word" and w.text in ("s.t.", "subject to", "st") for w in words)
                and len([w for w in words if w.kind in ("name", "word")]) <= 6
            )
    return False


def _refuse(words: list[Token], text: str) -> None:
    """Relations and words that make no function."""
    for word, outside in zip(words, _outside(words), strict=True):
        if outside and word.kind in ("op", "command") and word.text in REFUSED:
            raise TextError(REFUSED[word.text], text=text, span=word.span, hint="give the function alone.")
        if word.kind == "word" and word.text in ("s.t.", "subject to", "st", "such that"):
            raise TextError("a constraint is not part of a function.", text=text, span=word.span, hint="give the objective alone.")


def _typed(words: list[Token], text: str) -> str:
    span = _span(words)
    return text[span[0] : span[1]]


def _span(words: list[Token]) -> Span:
    return (words[0].start, words[-1].end) if words else (0, 1)
