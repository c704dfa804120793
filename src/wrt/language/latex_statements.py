r"""What stands around the formula: f(x) = ..., definitions after a comma or on lines of their own, x \in R^n, alignment, a full stop.

Works on words, before the grammar: which words are the function, which define a name that it uses, which say nothing about it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from wrt.errors import Span, TextError, TooLargeError
from wrt.language.latex_clauses import (
    CLOSED,
    EQUALS,
    OPEN,
    REFUSED,
    after_group,
    bare,
    clauses_of,
    lines_of,
    outside_of,
    says_nothing,
    split_at,
    unbraced,
)
from wrt.language.latex_names import key
from wrt.language.latex_raw import Token

MAX_STATEMENTS = 200
BEFORE_A_NAME = ("log", "ln", "-", "min", "max", "exp", "cos", "sin", "tan")


@dataclass(slots=True)
class Statement:
    """label = words: the words of a name being defined (None for a formula alone) and of each right-hand side."""

    label: list[Token] | None
    sides: list[list[Token]]


def statements(words: Sequence[Token], text: str, known: Collection[str] = ()) -> list[Statement]:
    r"""The statements of a text, the function's own among them (see `main`); `known`: how the declared names are spelt.

    Raises: TextError for an equation, an inequality, a constraint.
    """
    out: list[Statement] = []
    for line in lines_of(unbraced(list(words)), text):
        for k, clause in enumerate(clauses_of(line)):
            part = _sought_first(bare(clause))
            if not part or ((k or any(w.text == "to" for w in part)) and says_nothing(part)):
                continue
            _refuse(part, text)
            sides = _sides(part)
            if out and not sides[0]:  # "= ..." goes on with the line before
                out[-1].sides += sides[1:]
            elif len(sides) == 1 and out and k == 0 and out[-1].sides and (_continues(part) or _goes_on(out[-1].sides[-1])):
                out[-1].sides[-1] += part
            else:
                alone = not k or _uses_one(part, out)
                sides[0] = _one_word(sides[0], known) if len(sides) > 1 else sides[0]
                out.append(_statement(part, [side for side in sides if side], text, alone=alone))
    if len(out) > MAX_STATEMENTS:
        raise TooLargeError(f"the text defines more than {MAX_STATEMENTS} names.", text=text)
    nameless = [s for s in out if s.label is None]
    if len(nameless) > 1:
        raise TextError("these are several formulas.", text=text, span=_span(nameless[1].sides[0]), hint="give one, or name the parts: z = ...")
    if not out:
        raise TextError("there is no formula to read.", text=text, span=(0, max(1, len(text))), hint=r"write for example \|Ax - b\|_2^2.")
    return out


def _sought_first(part: list[Token]) -> list[Token]:
    r"""\|Ax - b\|^2 \to \min_x as \min_x \|Ax - b\|^2."""
    outside = outside_of(part)
    at = next((k for k, w in enumerate(part) if w.text == "to" and w.kind == "command" and outside[k]), 0)
    goal = part[at + 1 : at + 2]
    sought = at > 0 and bool(goal) and goal[0].text in ("min", "max") and (at + 2 == len(part) or part[at + 2].text == "_")
    return [*part[at + 1 :], *part[:at]] if sought and (at + 2 == len(part) or after_group(part, at + 3) == len(part)) else part


def _sides(part: list[Token]) -> list[list[Token]]:
    """What stands between the signs of equality; the first is empty where the part starts with one."""
    sides = [bare(side) for side in split_at(part, EQUALS)]
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


def _one_word(words: list[Token], known: Collection[str]) -> list[Token]:
    """The letters that begin a side as one word, Loss or MSE, where they are not `known` names; where none are known, long words only."""
    end = 0
    while end < len(words) and words[end].kind == "name" and words[end].text.isascii() and len(words[end].text) == 1 and not words[end].font:
        if end and words[end].start != words[end - 1].end:
            break
        end += 1
    letters = [word.text for word in words[:end]]
    new = [letter for letter in letters if letter not in known]
    small = 2 * sum(letter.islower() for letter in letters) > len(letters)
    plain = len(letters) > 2 and small and 2 * len(new) >= len(letters) and (bool(known) or len(letters) > 3)  # Loss
    capitals = len(letters) > 1 and "".join(letters).isupper() and bool(known) and len(new) == len(letters)  # MSE
    if not plain and not capitals:
        return words
    return [Token("word", "".join(letters), words[0].start, words[end - 1].end, "upright"), *words[end:]]


def is_label(words: list[Token]) -> bool:
    r"""Whether words are a name to define: f, f(x), J_\theta(x, y), D_{KL}(P \| Q), \log p(x)."""
    at = 0
    while at + 1 < len(words) and words[at].kind in ("command", "op") and words[at].text in BEFORE_A_NAME:
        over = words[at].text in ("min", "max") and words[at + 1].text == "_"  # \min_x f(x)
        at = after_group(words, at + 2) if over else at + 1
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
    outside = outside_of(words)
    return next((k + 1 for k, w in enumerate(words) if w.kind == "command" and w.text == "mapsto" and outside[k]), 0)


def _refuse(words: list[Token], text: str) -> None:
    """Relations and words that make no function."""
    for word, outside in zip(words, outside_of(words), strict=True):
        if outside and word.kind in ("op", "command") and word.text in REFUSED:
            raise TextError(REFUSED[word.text], text=text, span=word.span, hint="give the function alone.")
        if word.kind == "word" and word.text in ("s.t.", "subject to", "st", "such that"):
            raise TextError("a constraint is not part of a function.", text=text, span=word.span, hint="give the objective alone.")


def _typed(words: list[Token], text: str) -> str:
    span = _span(words)
    return text[span[0] : span[1]]


def _span(words: list[Token]) -> Span:
    return (words[0].start, words[-1].end) if words else (0, 1)
