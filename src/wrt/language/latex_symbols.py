r"""Symbols: variables as declared or as the user spells them, entries, bound indices, sizes, constants, I, \mathbf{1}, e_i, \delta_{ij}."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from wrt.errors import UnknownNameError
from wrt.language import latex_brackets, latex_functions, latex_points, latex_special, latex_sums, latex_unread
from wrt.language.assume import UndeclaredError
from wrt.language.latex_function_words import SAYS_SO, WORDS
from wrt.language.latex_names import key
from wrt.language.latex_norms import Value
from wrt.language.latex_raw import Token
from wrt.language.latex_scripts import Scripts, rest, script_word, scripted, take_scripts
from wrt.language.latex_spelled import spelled
from wrt.language.latex_words import GREEK
from wrt.language.sizes import Size
from wrt.language.surface import Name
from wrt.language.trampoline import Task

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser

FUNCTION_LETTERS = frozenset("fghFGHφψΦΨ")
_CODE = re.compile(r"([A-Za-z]{1,12}(?:[0-9]{1,2}[A-Za-z]{0,3}|_[a-z]{1,12}))\(")
SIZE_LETTERS = frozenset("ijklmnpq")


def symbol(p: Parser) -> Task:
    """A name with its scripts: a spelling of the user's, a declared name, an index, a special symbol, the letters of a function."""
    word = p.word()
    found = spelled(p, fonts=True)
    if found is not None:
        return (yield scripted(p, found))
    run = letters(p)
    if run is not None:
        return (yield run)
    return (yield plain(p, word))


def plain(p: Parser, word: Token) -> Task:
    """A symbol that no spelling of the user's covers."""
    start = p.at
    p.at += 1
    s = take_scripts(p)
    name = declared(p, word, s)
    if name is None and p.names.find(word.text) is None and word.text not in p.indices:
        p.at = start
        found = spelled(p, fonts=False)
        if found is not None:
            return (yield scripted(p, found))
        p.at = start + 1
        known: Value | None = yield latex_special.special(p, word)
        return known if known is not None else (yield undeclared(p, word))
    if name is None and word.text in p.indices:
        bound = p.indices[word.text]
        node = p.build.size(bound.value, word.span, [b.name for b in p.indices.values()])
        value = Value(node, "symbol")
    else:
        if name is None and s.below is not None and s.above is None and script_word(p, p.brief(s.below)) in ("max", "min"):
            p.at = start + 1
            if (eigenvalue := latex_functions.spectrum(p, word)) is not None:  # beside a declared scalar of that letter
                return (yield eigenvalue)
            s = take_scripts(p)
        name = name or p.names.find(word.text)
        assert name is not None
        if word.text == "π" and s.below is None and start and p.words[start - 1].kind == "number" and subscripted(p, word):
            raise p.fail(f"is {p.typed(word)} the number or the variable?", word.span, "the variable has subscripts elsewhere: give it another name.")
        d = p.build.declarations.get(name[0])
        counted = d is not None and "index" in d.facts  # what counts entries from 1 here and from 0 in the tree
        node = p.build.size(Size.of(name[0]) + 1, word.span) if counted else p.build.name(name[0], name[1], (word.start, word.end))
        value = Value(node, "symbol")
        asked_call(p, word, s, value)
        asked_entry(p, value)
    return (yield rest(p, value, s))


def declared(p: Parser, word: Token, s: Scripts) -> tuple[str, str] | None:
    """(name, role) of a declared name that has the subscript, or the star, in it; takes that script."""
    below = script_word(p, p.brief(s.below, 80)) if s.below is not None else ""
    above = p.brief(s.above)
    primed = s.primes or (len(above) == 1 and p.is_op(above[0], "'"))
    if primed and (found := p.names.find(f"{word.text}_prime" + (f"_{below}" if below else ""))):  # x' where x_prime is declared
        s.primes, s.above, s.below = 0, None, None if below else s.below
        return found
    numbered = len(above) == 3 and above[1].kind == "number" and above[0].text + above[2].text in ("()", "[]")
    if numbered and p.names.find(word.text) is None and (found := p.names.find(key(f"{word.text}_{above[1].text}"))):  # W^{(1)} of a declared W_1
        p.notes[f"{p.text[word.start : p.words[p.at - 1].end]} is read as {found[0]}"] = None
        s.above = None
        return found
    if len(above) == 1 and above[0].text in ("*", "star") and (found := p.names.find(f"{word.text}_star" + (f"_{below}" if below else ""))):
        s.above = None
        s.below = None if below else s.below
        return found
    if below and (found := p.names.find(key(f"{word.text}_{below}"))):
        s.below = None
        return found
    if s.below is not None and any(w.text == "," for w in p.brief(s.below)):
        return named_entry(p, word, s)
    if below and word.text in p.build.assumed and not as_entry(p, s):  # x_{ref} of an undeclared x
        full = f"{word.text}_{below}"
        p.build.assume(full, p.kinds.setdefault(full, p.letter_kind(full)))
        p.names.add(full, "variable")
        s.below = None
        return full, "variable"
    return None


def named_entry(p: Parser, word: Token, s: Scripts) -> tuple[str, str] | None:
    r"""The declared name whose subscript stands beside indices: b_{2,j} of a declared b_2, y_{pred,i} and y_{i,pred} of y_pred."""
    assert s.below is not None
    first, last = s.below
    commas = [k for k in range(first, last) if p.words[k].text == ","]
    for part, others in (((first, commas[0]), (commas[0] + 1, last)), ((commas[-1] + 1, last), (first, commas[-1]))):
        words = p.words[slice(*part)]
        said = script_word(p, words)
        if not said or others[0] >= others[1] or (p.names.find(word.text) is not None and (len(said) == 1 or said in p.indices)):
            continue
        if found := p.names.find(key(f"{word.text}_{said}")):
            s.below = others
            return found
    return None


def as_entry(p: Parser, s: Scripts) -> bool:
    """Whether a subscript holds an index of a sum, or is written as an index is."""
    words = [w for w in p.brief(s.below, 80) if w.kind != "brace"] if s.below is not None else []
    return any(w.text in p.indices or w.text in p.size_words for w in words) or latex_points.is_index(words)


# ------------------------------------------------------------------------------------------------ letters that are words
def letters(p: Parser) -> Task | None:
    """log(x), Tr(X), det A typed without a backslash, and declared names of several letters; None when the letters are letters."""
    first = p.word()
    if first.font or not (first.text.isascii() and len(first.text) == 1):
        return None
    found = _CODE.match(p.text, first.start)
    if found and found.group(1) in WORDS:  # log1p(x), log_softmax(x): as code spells them
        word = Token("word", found.group(1), first.start, found.end(1), "upright")
        while p.word().start < word.end or (p.word().kind == "brace" and p.word().start == p.word().end == word.end):
            p.at += 1
        return latex_functions.applied(p, word, word.text)
    if not adjacent(p, 1):
        return None
    for length in range(p.names.longest, 1, -1):
        name = p.text[first.start : first.start + length]
        count = words_of(p, name)
        if not count:
            continue
        variable = p.names.find(name) or (p.names.find(GREEK[name]) if name in GREEK else None)  # alpha without a backslash
        if variable is None and (lowered := subscripted_name(p, name, count)) is not None:
            return lowered
        if variable is None and name not in WORDS:
            continue
        singles = all(p.names.find(letter) is not None or letter in p.indices for letter in name)
        if singles and (variable is not None or latex_brackets.opening(p.word(length))):
            span = (first.start, first.start + length)
            message = f"is {name} one name or a product of letters?"
            raise p.fail(message, span, rf"write \mathrm{{{name}}} for the name, spaces or \cdot for the product.")
        if singles:
            continue
        p.at += count
        word = Token("word", name, first.start, first.start + length, "upright")
        if variable is None and name in latex_sums.SUMS and p.is_op(p.word(), "_", "^"):  # sum_i x_i
            return latex_sums.bound(p, word, name, take_scripts(p))
        return latex_functions.applied(p, word, name) if variable is None else several(p, word, variable)
    return None


def words_of(p: Parser, name: str) -> int:
    """How many words from here on spell the name, letter by letter and a number behind them; 0 where they do not."""
    letters = name.rstrip("0123456789")
    count, digits = len(letters), name[len(letters) :]
    if not all(adjacent(p, k) for k in range(1, count)):
        return 0
    if not digits:
        return count
    word = p.word(count)
    return count + 1 if word.kind == "number" and word.text == digits and word.start == p.word(count - 1).end else 0


def subscripted_name(p: Parser, name: str, count: int) -> Task | None:
    """A declared name of several letters with a subscript in it, as dX_1; None for anything else."""
    if not p.is_op(p.word(count), "_") or any(p.names.find(letter) is not None for letter in name):
        return None
    first = p.word()
    back, p.at = p.at, p.at + count
    s = take_scripts(p)
    below = script_word(p, p.brief(s.below, 80)) if s.below is not None else ""
    found = p.names.find(key(f"{name}_{below}")) if below else None
    if found is None:
        p.at = back
        return None
    s.below = None
    return rest(p, Value(p.build.name(found[0], found[1], (first.start, first.start + len(name))), "symbol"), s)


def adjacent(p: Parser, k: int) -> bool:
    """Whether the k-th word from here is a plain letter that follows the one before without a space."""
    word = p.word(k)
    return word.kind == "name" and len(word.text) == 1 and not word.font and word.start == p.word(k - 1).end


def several(p: Parser, word: Token, name: tuple[str, str]) -> Task:
    """A variable of several letters."""
    return (yield scripted(p, Value(p.build.name(name[0], name[1], word.span), "symbol")))


def upright(p: Parser) -> Task:
    r"""\mathrm{...}, \text{...}: a declared name of several letters, or a function."""
    word = p.word()
    found = spelled(p, fonts=False)
    if found is not None:
        return (yield scripted(p, found))
    p.at += 1
    s_at = p.at
    s = take_scripts(p)
    spelling = key(word.text)
    below = script_word(p, p.brief(s.below, 80)) if s.below is not None else ""
    name = p.names.find(key(f"{word.text}_{below}")) if below else None
    if name is not None:
        s.below = None
    if word.text in p.build.declarations:  # b_, where a size is called b
        name = (word.text, "variable")
    elif word.text.endswith("_"):
        raise p.fail("'_' needs what is lowered.", (word.end - 1, word.end))
    name = name or p.names.find(spelling) or p.names.find(word.text)
    if name is not None:
        return (yield rest(p, Value(p.build.name(name[0], name[1], word.span), "symbol"), s))
    p.at = s_at
    if word.text in ("E", "P", "Pr", "Prob"):
        raise p.fail("an expectation or probability is not supported.", word.span)
    if word.text in ("Id", "eye"):
        return (yield latex_special.identity(p, word))
    for name_of_function in (word.text, word.text.lower() if word.text not in SAYS_SO else ""):  # \text{Softmax}
        if name_of_function in WORDS and (name_of_function == word.text or len(word.text) > 2):
            return (yield latex_functions.applied(p, word, name_of_function))
    raise latex_unread.unknown(p, word)


def undeclared(p: Parser, word: Token) -> Task:
    """A name nobody declared: refused beside declarations; without any, taken by the letter rule."""
    name = p.text[word.start : word.end].strip()
    if word.font == "bb" and word.text in "EP":
        raise p.fail("an expectation or probability is not supported.", word.span)
    call = latex_brackets.opening(p.word()) and not (p.assuming and word.text not in FUNCTION_LETTERS and not bare_arguments(p))
    if p.is_op(p.word(), "_") and (p.assuming or not any(w.text in p.indices for w in p.brief(latex_special.peek_script(p)))):  # h_\theta(x)
        back, p.at = p.at, latex_special.peek_script(p)[1] + 1
        call = latex_brackets.opening(p.word()) and bare_arguments(p)
        p.at = back
    if call or (p.is_op(p.word(), "'") and latex_brackets.opening(p.word(1))):
        raise UnknownNameError(
            f"{name} stands before an argument and is not declared: it is read as a function, and which is not known.",
            text=p.text,
            span=word.span,
            hint=f"a function is declared with its shapes, {word.text}: (n) -> (m); a factor as a scalar, {word.text}:.",
        )
    if not p.assuming:
        near = get_close_matches(word.text, p.names.spellings(), 1) if len(word.text) > 1 else []
        if not near and len(word.text) == 1:
            near = [s for s in p.names.spellings() if s.lower() == word.text.lower()]
        raise (UnknownNameError if near else UndeclaredError)(
            f"{name} is not declared: it is neither a variable, a size nor a bound index.",
            text=p.text,
            span=word.span,
            hint=f"did you mean {near[0]}?" if near else "declare its shape, or say what it spells in names={...}.",
        )
    start = p.at
    s = take_scripts(p)
    below = script_word(p, p.brief(s.below, 80)) if s.below is not None else ""
    bound = any(w.text in p.indices for w in p.brief(s.below, 80)) if s.below is not None else False
    entry = bound or (word.text in p.shared and as_entry(p, s))
    full = word.text if not below or entry else f"{word.text}_{below}"
    if full in p.size_words or (full in SIZE_LETTERS and full not in p.kinds and s.below is None and not s.primes):
        p.build.sizes[full] = None
        p.names.add(full, "size")
    elif p.names.find(full) is None:
        p.build.assume(full, p.kinds.setdefault(full, p.letter_kind(full)))
        p.names.add(full, "variable")
    p.at = start - 1
    return (yield plain(p, word))


def bare_arguments(p: Parser) -> bool:
    """Whether the bracket here holds nothing but names and commas, as f(x, y) does."""
    depth = 0
    for word in p.words[p.at : p.at + 60]:
        depth += (word.text in ("(", "[", "\\{")) - (word.text in (")", "]", "\\}"))
        if depth == 0:
            return True
        if word.kind not in ("name", "brace") and word.text not in ("(", ",", "_", "^", "null"):
            return False
    return False


def subscripted(p: Parser, word: Token) -> bool:
    """Whether the symbol has a subscript somewhere in the formula."""
    return any(w.text == word.text and after.text == "_" for w, after in zip(p.words, p.words[1:], strict=False))


def listed(p: Parser) -> bool:
    """Whether the bracket here holds single names between commas, as A(t) does, not a product, as A(AB) does."""
    before = ""
    for word in p.words[p.at + 1 : p.at + 60]:
        if word.text == ")":
            return True
        if word.kind == "name" and before in ("name", "}"):
            return False
        before = "name" if word.kind == "name" else word.text
    return False


def asked_call(p: Parser, word: Token, s: Scripts, value: Value) -> None:
    """f(x) with a declared f, and sigma(...): asked, since it reads as a function; c(x + 1) is a product."""
    if s.below is not None or s.above is not None or s.primes or not latex_brackets.opening(p.word()) or not isinstance(value.node, Name):
        return
    name = p.typed(word)
    if value.node.role == "step" and bare_arguments(p):
        raise p.fail(f"{name} is defined, but not of these arguments.", word.span)
    factors = p.algebra.shape(value).order > 0 and not listed(p)
    if word.text == "σ" or (p.is_op(p.word(), "(") and bare_arguments(p) and not factors and p.names.find(p.word(1).text) is not None):
        raise p.fail(
            f"is {name}(...) the function {name} or {name} times what is in parentheses?", word.span, rf"write {name} \cdot (...) for the product."
        )


def asked_entry(p: Parser, value: Value) -> None:
    """x[1] and A[i, j] of a declared array, as code writes entries: from 0 or from 1 is not said."""
    if not p.is_op(p.word(), "[") or not p.algebra.shape(value).order or p.at not in p.closing:
        return
    inner = p.words[p.at + 1 : p.closing[p.at]]
    if inner and all(w.kind == "number" or w.text in p.indices or p.is_op(w, ",", ":", "+", "-") for w in inner):
        name, typed = p.algebra.says(value), p.text[inner[0].start : inner[-1].end]
        span = (value.span[0], p.words[p.closing[p.at]].end)
        raise p.fail(
            f"is {p.text[slice(*span)]} an entry of {name} or a product?", span, rf"write {name}_{{{typed}}}, counted from 1, for the entry."
        )


def command(p: Parser, word: Token) -> Task:
    r"""Commands that are a symbol: \one, \infty, spellings of the user's; everything else is unknown."""
    found = spelled(p, fonts=False)
    if found is not None:
        return (yield scripted(p, found))
    digit = {"one": "1", "ones": "1", "bone": "1", "vone": "1", "onev": "1", "zero": "0", "zeros": "0", "bzero": "0", "vzero": "0"}.get(word.text)
    if digit is not None:
        p.at += 1
        return (yield latex_special.filled_array(p, word._replace(kind="name", text=digit, font="bb")))
    raise latex_unread.unknown(p, word)
