"""What to try instead: hints for names and spellings brought from other systems. A hint is given only where it is surely meant."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from difflib import get_close_matches

from wrt.language.surface import Binary, Call, Name, Node, Number, Unary
from wrt.language.unparse import short
from wrt.tables.foreign import METHODS, MODULES, SENTENCES, SPELLINGS

CLOSE = 0.75  # likeness of two words, 1 for the same
PLACEHOLDERS = ("x", "y", "z")
QUOTES = "“”„‟‘’‚‛«»`´"
WORDS = {
    "and": "a comparison is 0 or 1; both together are a product: (a < b)*(b < c).",
    "or": "a comparison is 0 or 1; one or the other is maximum(a < b, b < c).",
    "not": "a comparison is 0 or 1; the opposite is 1 - (a < b).",
    "if": "a choice is where(condition, a, b).",
    "else": "a choice is where(condition, a, b).",
    "for": "a sum is sum(x[i] for i in range(n)), an array array(x[i] for i in range(n)).",
    "True": "write 1.",
    "False": "write 0.",
    "None": "leave it out.",
    "is": "a comparison is ==.",
    "return": "give the formula alone.",
    "def": "give the formula alone, or a Python function to wrt.from_function.",
    "import": "functions need no import: write exp(x).",
}
MARKS = {
    "^": "a power is **, the transpose of A is A.T.",
    "|": "the absolute value is abs(x), the norm of a vector norm(x), a determinant det(X).",
    "&": "a comparison is 0 or 1; both together are a product: (a < b)*(b < c).",
    "!": "a factorial is exp(gammaln(x + 1)); unequal is !=.",
    "{": "brackets are ( ) and, for lists and entries, [ ].",
    "}": "brackets are ( ) and, for lists and entries, [ ].",
    "//": "a quotient is written /.",
}


OVER_INDEX = "a sum over an index is written sum(x[i] for i in range(n))."


def nearest(name: str, known: Collection[str]) -> str:
    """The known name that is surely meant, or "": the same letters in another case or order, or a close match.

    >>> nearest("sofmax", ["softmax", "max"]), nearest("ReLU", ["relu"]), nearest("lgo", ["log"]), nearest("rank", ["arctan"])
    ('softmax', 'relu', 'log', '')
    """
    words = sorted(known)
    same = [w for w in words if w.lower() == name.lower()] or [w for w in words if len(name) > 2 and sorted(w) == sorted(name)]
    return next(iter(same or get_close_matches(name, words, 1, CLOSE)), "")


def filled(template: str, arguments: Sequence[str]) -> str:
    """A template with the texts of the arguments.

    >>> filled("{0}**{1}", ["a + b", "2"])
    '(a + b)**2'
    """
    words = [_bracketed(a) if _operator_beside(template, k) else a for k, a in enumerate([*arguments, *PLACEHOLDERS[len(arguments) :]])]
    return template.format(*words, all=", ".join(arguments) or "x, y")


def _operator_beside(template: str, k: int) -> bool:
    """Whether an operator stands beside the place of argument k, rather than brackets and commas."""
    mark = "{" + str(k) + "}"
    at = template.find(mark)
    return at >= 0 and (
        template[max(0, at - 1) : at] not in ("", "(", "[", " ") or template[at + len(mark) : at + len(mark) + 1] not in ("", ")", ",", "]")
    )


def _bracketed(text: str) -> str:
    return text if all(c.isalnum() or c in "_.[]" for c in text) else f"({text})"


def for_function(name: str, arguments: Sequence[Node], known: Collection[str]) -> str:
    """What an unknown function is called here, said with the arguments of the call.

    >>> for_function("ln", [Name("t")], ["log"])
    'write log(t).'
    """
    if name in SENTENCES:
        return SENTENCES[name]
    row = SPELLINGS.get(name) or SPELLINGS.get(name.lower())
    near = nearest(name, known)
    if row is not None and near.lower() != name.lower():
        return f"write {filled(row, [short(a, 20) for a in arguments])}."
    return f"did you mean '{near}'?" if near else ""


def for_entry(name: str, arguments: Sequence[Node]) -> str:
    """x(1), A(1, 2) and A(1, j) of other systems: an entry, if whole numbers or index letters stand in the brackets.

    >>> for_entry("A", [Name("i"), Name("j")])
    'an entry is A[i, j], counted from 0.'
    """
    words = [short(a, 20) for a in arguments]
    whole = all((isinstance(a, Number) and a.value.denominator == 1) or (isinstance(a, Name) and a.name in "ijkl") for a in arguments)
    return f"an entry is {name}[{', '.join(words)}], counted from 0." if words and whole else ""


def for_attribute(value: Node, path: Sequence[str], arguments: Sequence[str], known: Collection[str]) -> str:
    """What a method, an attribute or a function of a module is called here. `path`: the names after the points; `arguments` the texts behind them."""
    name = path[-1]
    if isinstance(value, Name) and value.name in MODULES:
        if name in known:
            return f"functions stand alone: {name}(...). wrt.from_function reads Python code."
        row = SPELLINGS.get(name) or SPELLINGS.get(name.lower())
        spelled = f"write {filled(row, arguments)}. " if row else ""
        return f"{spelled}Functions stand alone; wrt.from_function reads Python code." if spelled else "wrt.from_function reads Python code."
    row = METHODS.get(name) or SPELLINGS.get(name)
    words = short(value, 20)
    if row is not None:
        return f"write {filled(row, [words, *arguments])}."
    if name in known:
        return f"write {name}({', '.join([words, *arguments])})."
    return SENTENCES.get(name, "")


def beside(left: Node, before: str, earlier: Node | None, word: str, text: str, known: Collection[str]) -> str:
    """Two operands side by side: a function without brackets, or a product without its sign.

    `left` the operand and `before` the operator in front of it, whose left side is `earlier`; `word` what follows, `text` the whole source.
    """
    said = text[left.span[0] : left.span[1]]
    if isinstance(left, Name):
        if left.name in known:
            return f"write {left.name}({word})."
        if left.name in SPELLINGS or left.name in SENTENCES:
            return for_function(left.name, [Name(word)], known)
        if left.name.startswith(("sum_", "prod_")):
            return OVER_INDEX
        if before == "/" and isinstance(earlier, Name) and earlier.name == "d" and left.name.startswith("d"):
            return SENTENCES["grad"]
    if len(said) > 20:
        return "a product is written with * or @."
    if isinstance(left, Number):
        if said == "0" and word[:1] in "xXbBoO" and word[1:].isalnum():
            return "numbers are decimal."
        if word.startswith("_") and word.replace("_", "").isdigit():
            return f"write {said}{word.replace('_', '')}."
        if before == "/" and earlier is not None:
            top = short(earlier, 20)
            return f"write {top}/({said}*{word}) or {top}/{said}*{word}."
        return f"write {said}*{word}."
    if isinstance(left, Unary) or (isinstance(left, Name) and left.name[:1].isupper()):
        return f"write {said} @ {word}, the matrix product."
    return f"write {said}*{word}, or {said} @ {word} for a matrix product."


def before_bracket(left: Node, before: str, earlier: Node | None, known: Collection[str]) -> str:
    """An operand followed by "(": sin**2(x), 2(x + 1)."""
    if before == "**" and isinstance(earlier, Name) and earlier.name in known:
        return f"write {earlier.name}(...)**{short(left, 20)}."
    if isinstance(left, Number):
        return f"write {left.text}*(...)."
    return "write * for a product."


def for_equals(left: Node) -> str:
    """f(x) = x**2: the right side is the formula."""
    return "give the right side alone." if isinstance(left, Call) else ""


def for_operand(text: str, at: int) -> str:
    """A sign where an operand is due: the bars of |x|, the arrow of x -> x**2."""
    if text.startswith("|", at):
        return for_bar(text, at)
    return "give the formula alone, without an arrow." if at and text.startswith(("->", "=>"), at - 1) else ""


def for_bar(text: str, at: int) -> str:
    """|x| and ||x||: by what stands between the bars."""
    double = text.startswith("||", at)
    start = at + 1 + double
    end = text.find("||" if double else "|", start)
    inner = text[start:end].strip() if end > start else ""
    if not inner or len(inner) > 40:
        return MARKS["|"]
    if double:
        return f"the norm is written norm({inner})."
    return f"write abs({inner}) for the absolute value, norm({inner}) for a norm, det({inner}) for a determinant."


def for_character(c: str) -> str:
    """What to type instead of a sign that is none of the language."""
    if c in QUOTES:
        return 'write straight quotes: "nuc".'
    plain = unicodedata.normalize("NFKC", c)
    return f"write {plain}." if plain != c and plain.isascii() and plain.isprintable() and plain.strip() else ""


def for_lambda(follows: str) -> str:
    """`lambda` as a name, or the start of a Python function."""
    if follows.isidentifier() or follows == ":":
        return "give the formula alone, or a Python function to wrt.from_function."
    return "the letter is written lam, or λ."


def for_keyword(name: str) -> str:
    """A name to take for a word of Python, with which no program could be called."""
    return for_lambda("") if name == "lambda" else f"write {name}_."


def for_comparisons(left: Node, op: str, right: Node) -> str:
    """a < b < c: both together."""
    assert isinstance(left, Binary)
    a, b, c = (short(n, 20) for n in (left.left, left.right, right))
    return f"both together are a product: ({a} {left.op} {b})*({b} {op} {c})."
