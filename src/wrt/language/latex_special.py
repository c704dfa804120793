r"""Symbols with a meaning of their own where they are not declared: I, \mathbf{1}, e, \pi, e_i, \delta_{ij}, indicators, a_{ij} of a declared A."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrt.errors import Span
from wrt.language import latex_brackets, latex_functions, latex_index, latex_sums
from wrt.language.latex_norms import Value
from wrt.language.latex_raw import Token
from wrt.language.latex_scripts import entry, rest, scripted, take_scripts
from wrt.language.sizes import Size
from wrt.language.surface import Index, Slice
from wrt.language.trampoline import Task

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser

GREEK_FUNCTIONS = {"σ": "sigmoid", "Γ": "gamma", "ψ": "digamma"}


def special(p: Parser, word: Token) -> Task:
    """A symbol that is not declared: I, 1, 0, e, pi, delta, e_i, sigma(...), an entry a_{ij} of A; None for any other."""
    name = word.text
    if name in ("Σ", "Π") and p.text[word.start] == name and p.is_op(p.word(), "_"):  # the capital letter typed as the sign
        p.notes[f"{name} is not declared and is read as the {'sum' if name == 'Σ' else 'product'} sign"] = None
        return (yield latex_sums.bound(p, word, "sum" if name == "Σ" else "prod", take_scripts(p)))
    if name == "I":
        if latex_brackets.opening(p.word()) and has_relation(p, p.at):
            return (yield indicator(p, word))
        return (yield identity(p, word))
    if name in ("1", "0"):
        return (yield filled_array(p, word))
    if name == "e" and not p.is_op(p.word(), "_"):
        return (yield exponential(p, word))
    if name == "π":
        return (yield scripted(p, Value(p.build.name("pi", "constant", word.span), "symbol")))
    if name == "δ" and p.is_op(p.word(), "_"):
        return (yield kronecker_delta(p, word))
    if name == "e" and p.is_op(p.word(), "_"):
        return (yield unit_vector(p, word))
    if name == "D" and (divergence := kullback(p, word)) is not None:
        return (yield divergence)
    if name in GREEK_FUNCTIONS and latex_brackets.opening(p.word()):
        return (yield latex_functions.applied(p, word, GREEK_FUNCTIONS[name]))
    if name in ("λ", "σ", "ρ", "κ", "ψ") and (applied := latex_functions.spectrum(p, word)) is not None:
        return (yield applied)
    if (lower := lower_case_entry(p, word)) is not None:
        return (yield scripted(p, lower))
    return None


def size_of_script(p: Parser, place: tuple[int, int], span: Span) -> list[Size]:
    r"""The sizes in a script: n, n \times m, n,m."""
    return [latex_index.affine(p, latex_index.unwrapped(piece), span) for piece in latex_index.split(p.some(place), (",", "×"))]


def identity(p: Parser, word: Token) -> Task:
    r"""I, I_n, I_{n \times n}."""
    s = take_scripts(p)
    span = (word.start, p.words[p.at - 1].end)
    if s.below is not None:
        sizes = size_of_script(p, s.below, span)
        if len(sizes) > 2 or len(set(sizes)) > 1:
            raise p.fail("an identity matrix has one size.", span)
        size = sizes[0]
        s.below = None
    else:
        size = p.build.unifier.fresh()
    return (yield rest(p, Value(p.build.filled("eye", (size, size), span, "I"), "symbol"), s))


def filled_array(p: Parser, word: Token) -> Task:
    r"""\mathbf{1}, \mathbf{1}_n, \mathbf{0}_{m \times n}; \mathbb{1}[x > 0] is 0 or 1."""
    if word.text == "1" and latex_brackets.opening(p.word()) and word.font and has_relation(p, p.at):
        return (yield indicator(p, word))
    if word.text == "1" and p.is_op(p.word(), "_") and any(w.text in latex_index.RELATIONS for w in p.some(peek_script(p))):
        return (yield indicator(p, word))
    s = take_scripts(p)
    span = (word.start, p.words[p.at - 1].end)
    sizes = tuple(size_of_script(p, s.below, span)) if s.below is not None else (p.build.unifier.fresh(),)
    s.below = None
    if len(sizes) > 2:
        raise p.fail("a vector has one size, a matrix two.", span)
    return (yield rest(p, Value(p.build.filled("ones" if word.text == "1" else "zeros", sizes, span, word.text), "symbol"), s))


def peek_script(p: Parser) -> tuple[int, int]:
    """Where the words of the script that starts here stand."""
    back = p.at
    p.at += 1
    place = p.argument_place()
    p.at = back
    return place


def has_relation(p: Parser, at: int) -> bool:
    """Whether the bracket that opens at `at` holds a relation."""
    return at in p.closing and p.related[p.closing[at]] > p.related[at]


def indicator(p: Parser, word: Token) -> Task:
    r"""\mathbb{1}[x > 0], \mathbb{1}\{i = j\}, \mathbf{1}_{x > 0}: 1 where the relation holds, 0 elsewhere."""
    if p.is_op(p.word(), "_"):
        place = peek_script(p)
        take_scripts(p)
        words = p.some(place)
        if (words[0].text, words[-1].text) in (("\\{", "\\}"), ("[", "]"), ("(", ")")):
            place = (place[0] + 1, place[1] - 1)
        value: Value = yield p.inside(place, p.relation())
    else:
        values: list[Value] = yield latex_brackets.group(p)
        if len(values) != 1:
            raise p.fail("an indicator holds one condition.", word.span)
        value = values[0]
    if value.form not in ("relation", "group"):
        raise p.fail("an indicator holds a condition, such as x > 0.", value.span)
    return (yield scripted(p, Value(value.node, "call")))


def exponential(p: Parser, word: Token) -> Task:
    """e^x is exp(x); of a square matrix the matrix exponential; e alone is exp(1)."""
    s = take_scripts(p)
    if s.above is None:
        return (yield rest(p, Value(p.build.call("exp", p.build.number(1, word.span, "1"), span=word.span), "symbol"), s))
    value: Value = yield p.inside(s.above, p.expression())
    value = p.algebra.settled(value)
    span = (word.start, p.words[p.at - 1].end)
    matrix = p.build.is_square(p.algebra.shape(value))
    return (yield scripted(p, Value(p.build.call("expm" if matrix else "exp", value.node, span=span), "call")))


def kronecker_delta(p: Parser, word: Token) -> Task:
    r"""\delta_{ij}: 1 where i = j."""
    s = take_scripts(p)
    assert s.below is not None
    span = (word.start, p.words[p.at - 1].end)
    words = p.some(s.below)
    pieces = latex_index.split(words, (",",))
    pieces = pieces if len(pieces) > 1 else latex_index.atoms(words)
    if len(pieces) != 2:
        raise p.fail("a Kronecker delta has two indices.", span, r"\delta_{ij}.")
    left, right = (latex_index.affine(p, latex_index.unwrapped(piece), span) for piece in pieces)
    s.below = None
    node = p.build.binary("==", *latex_index.compared(p, left, right, span), span)
    return (yield rest(p, Value(node, "call"), s))


def unit_vector(p: Parser, word: Token) -> Task:
    """e_i: the i-th column of the identity."""
    s = take_scripts(p)
    assert s.below is not None
    span = (word.start, p.words[p.at - 1].end)
    words = latex_index.unwrapped(p.some(s.below))
    size = p.build.unifier.fresh()
    eye = p.build.filled("eye", (size, size), span, f"the unit vector {p.typed(word)}")
    place = latex_index.affine(p, words, span) - 1
    if len(words) == 1 and words[0].text in p.indices:
        p.indices[words[0].text].axes.append(size)
    s.below = None
    part = p.build.size(place, span, [b.name for b in p.indices.values()])
    node = p.build.put(Index(eye, (Slice(None, None, None, span=span), part)), span)
    return (yield rest(p, Value(node, "call"), s))


def kullback(p: Parser, word: Token) -> Task | None:
    r"""D_{\mathrm{KL}}(p \| q) is KL(p \| q)."""
    if not p.is_op(p.word(), "_"):
        return None
    first, last = peek_script(p)
    if "".join(w.text for w in p.words[first:last] if w.text not in ("{", "}")) != "KL":
        return None
    take_scripts(p)
    return latex_functions.applied(p, word._replace(kind="word", text="KL"), "KL")


def lower_case_entry(p: Parser, word: Token) -> Value | None:
    """a_{ij}, where A is a declared matrix and a is not declared."""
    upper = p.names.find(word.text.upper()) if len(word.text) == 1 else None
    if upper is None or upper[1] != "variable" or not word.text.islower() or not p.is_op(p.word(), "_"):
        return None
    if len(p.build.declarations[upper[0]].shape.sizes) != 2:
        return None
    back = p.at
    p.at += 1
    place = p.argument_place()
    words = p.some(place)
    pieces = latex_index.split(words, (",",))
    if len(pieces) != 2 and len(latex_index.atoms(words)) != 2:
        p.at = back
        return None
    value = Value(p.build.name(upper[0], "variable", word.span), "symbol")
    return entry(p, value, place, (word.start, p.words[p.at - 1].end))
