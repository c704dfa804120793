"""Declarations: variables with shapes and facts, and functions, from a text ("A: m n symmetric, x: n, c:, f: (n) -> (m)") or from a mapping."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from numbers import Integral

from wrt.errors import ShapeError, TextError, TooLargeError, UnknownNameError
from wrt.language.functions_declared import declared_function, is_signature, pieces, with_value_facts
from wrt.language.hints import for_keyword
from wrt.language.lengths import size_arithmetic
from wrt.language.parser import parse as parse_tree
from wrt.language.places import tensor_shape
from wrt.language.python import tokens
from wrt.language.signatures import known_functions
from wrt.language.sizes import Size
from wrt.language.surface import Declaration, FunctionDeclaration, Shape, postorder
from wrt.tables.facts import FACTS, closure
from wrt.tables.functions import CONSTANTS

MAX_SIZE = 10**6
MAX_ORDER = 12
MAX_WORDS = 60  # of a size
SYNONYMS = {"positive_definite": "spd", "posdef": "spd", "pd": "spd", "psd": "spd", "unitary": "orthogonal", "hermitian": "symmetric"}
SYNONYMS |= {"sym": "symmetric", "symm": "symmetric", "diag": "diagonal", "orth": "orthogonal", "orthonormal": "orthogonal", "pos": "positive"}
SYNONYMS |= {"nonsingular": "invertible", "int": "integer", "one_hot": "onehot", "triangular": "lower", "posdef_symmetric": "spd"}
SEPARATORS = ("x", "×", "by")
KINDS = frozenset("scalar vector matrix column row tensor array real".split())
KEYWORDS = frozenset("for in if lambda else and or not is None True False import def return class while with yield await".split())

ShapeSpec = Mapping[str, Sequence[int | str | Size] | int | str] | str | None
FactSpec = Mapping[str, Iterable[str] | str] | None


def declare(shapes: ShapeSpec, assume: FactSpec = None) -> dict[str, Declaration]:
    """Declarations from a mapping {"A": ("m", "n"), "c": (), "f": "(n) -> (m)"} or a text, with facts {"A": ("symmetric",)} beside it."""
    if shapes is None:
        shapes = {}
    if isinstance(shapes, str):
        out = parse(shapes)
    elif isinstance(shapes, Mapping):
        out = {}
        for name, sizes in shapes.items():
            check_name(name)
            if isinstance(sizes, str) and is_signature(sizes):
                out[name] = declared_function(name, sizes, size, known_functions())
                continue
            listed: object = sizes.split() if isinstance(sizes, str) else [sizes] if isinstance(sizes, Integral) else sizes
            if not isinstance(listed, Iterable):
                raise ShapeError(
                    f"the shape of {name} is a list of sizes, not {type(sizes).__name__}.", hint=f'{{"{name}": ("m", "n")}}, () for a scalar.'
                )
            out[name] = Declaration(name, tensor_shape(tuple(size(s) for s in listed)))
    else:
        raise TextError(f"shapes are a mapping or a text, not {type(shapes).__name__}.", hint='{"A": ("m", "n"), "x": ("n",)} or "A: m n, x: n".')
    _distinct(out)
    return with_facts(out, assume)


def with_facts(declared: dict[str, Declaration], assume: FactSpec) -> dict[str, Declaration]:
    """The declarations with more facts; names must be declared."""
    out = dict(declared)
    if assume is not None and not isinstance(assume, Mapping):
        raise TextError(f"facts are a mapping, not {type(assume).__name__}.", hint='{"A": ("symmetric",)}.')
    for name, facts in (assume or {}).items():
        if not isinstance(facts, Iterable):
            raise TextError(f"the facts of {name} are words, not {type(facts).__name__}.", hint=f'{{"{name}": ("symmetric",)}}.')
        if name not in out:
            raise UnknownNameError(f"facts are given for '{name}', which is not declared.", hint="declare its shape too.")
        words = facts.split() if isinstance(facts, str) else tuple(facts)
        d = out[name]
        if isinstance(d, FunctionDeclaration):
            out[name] = with_value_facts(d, words)
            continue
        for fact in words:
            check_fact(name, d.shape, fact)
        out[name] = Declaration(name, d.shape, _with_integer(d.facts | frozenset(words)))
    return out


def parse(text: str) -> dict[str, Declaration]:
    """The declarations of a text: "A: m n symmetric, x: n; c:", also one a line.

    >>> {name: str(d.shape) for name, d in parse("A: m n, x: n, c:").items()}
    {'A': 'm x n', 'x': 'n x 1', 'c': 'a scalar'}
    """
    if not isinstance(text, str):
        raise TextError(f"declarations are a text, not {type(text).__name__}.")
    out: dict[str, Declaration] = {}
    for words, start in pieces(text):
        name, colon, rest = words.partition(":")
        span = (start, start + len(words))
        if not colon:
            raise TextError(
                f"'{words.strip()}' is no declaration: a name, a colon, its sizes.",
                text=text,
                span=span,
                hint="for example A: m n symmetric; sizes are separated by spaces.",
            )
        try:
            d = _one(name.strip(), rest)
        except (TextError, UnknownNameError, ShapeError) as error:
            raise error.located(text, span) from None
        if d.name in out:
            raise TextError(f"'{d.name}' is declared twice.", text=text, span=span)
        out[d.name] = d
    _distinct(out)
    return out


def _one(name: str, rest: str) -> Declaration:
    check_name(name)
    if is_signature(rest):
        return declared_function(name, rest, size, known_functions())
    sizes: list[Size] = []
    facts: list[str] = []
    for word in re.findall(r"\([^()]*\)|\S+", rest):
        if word in FACTS:
            facts.append(word)
        elif word in (SEPARATORS if sizes else ("scalar",)):  # A: m x n; c: scalar, as assumptions are printed
            continue
        elif word in KINDS:
            raise TextError(f"'{word}' is no size: a shape is its sizes.", hint="c: is a scalar, x: n a column, A: m n a matrix, T: m n p a tensor.")
        elif facts:
            raise _unknown_fact(word)
        else:
            if word.isidentifier() and (word in SYNONYMS or (len(word) > 3 and get_close_matches(word, list(FACTS), 1, 0.75))):
                raise _unknown_fact(word)
            if re.fullmatch(r"(\w+)[x×](\w+)", word) and not sizes and len(word) <= 5:
                raise TextError(f"'{word}' names one size.", hint=f"two sizes are written apart: {word[0]} {word[-1]}.")
            sizes.append(size(word))
    shape = tensor_shape(tuple(sizes))
    for fact in facts:
        check_fact(name, shape, fact)
    return Declaration(name, shape, _with_integer(frozenset(facts)))


def _with_integer(facts: frozenset[str]) -> frozenset[str]:
    """An index is a whole number wherever only that is asked."""
    return facts | {"integer"} if "index" in facts else facts


def size(value: object) -> Size:
    """A size from a whole number, a name or a polynomial in names ("m + 1", "m*n")."""
    if isinstance(value, Size):
        return value
    if isinstance(value, str) and value in FACTS:
        raise ShapeError(f"'{value}' is a fact, not a size.", hint=f'say it in assume={{"A": ("{value}",)}}.')
    if isinstance(value, bool) or not isinstance(value, (Integral, str)):
        raise ShapeError(f"a size is a whole number or a name, not {value!r}.")
    if isinstance(value, Integral):
        value = int(value)
        if value < 1:
            raise ShapeError(f"a size is at least 1, not {value}.")
        if value > MAX_SIZE:
            raise TooLargeError(f"sizes up to {MAX_SIZE} may be written as numbers; use a name instead of {value}.")
        return Size.of(value)
    return _size_of_text(value)


def _size_of_text(text: str) -> Size:
    """A sum of products of names and whole numbers."""
    hint = "sizes stand side by side, without brackets: A: m n." if any(c in text for c in "([{,") else ""
    unfit = ShapeError(f"'{text}' is no size: a whole number, a name, or a sum of products of them.", hint=hint)
    if len(tokens(text)) > MAX_WORDS:
        raise TooLargeError("a size of that many terms is not supported.")
    try:
        tree = parse_tree(text)
    except TextError:
        raise unfit from None
    sizes: dict[int, Size | None] = {}
    for node in postorder(tree):
        sizes[id(node)] = size_arithmetic(node, sizes, lambda name: True)
    found = sizes[id(tree)]
    if found is None:
        raise unfit
    if found.number is not None:
        return size(found.number)
    if all(k < 0 for _, k in found.terms):
        raise ShapeError(f"a size is at least 1, and {text} is negative.")
    return found


def check_name(name: str) -> None:
    """Refuse what cannot be a variable's name."""
    if not isinstance(name, str):
        raise TextError(f"a variable's name is a text, not {type(name).__name__}.")
    words = tokens(name) if name else []
    if len(words) != 2 or words[0].kind != "name" or words[0].text != name:
        raise TextError(f"{name!r} is no name: letters, digits and _, not starting with a digit.")
    if name in KEYWORDS:
        raise TextError(f"'{name}' is a keyword and cannot name a variable.", hint=for_keyword(name))
    if name in CONSTANTS or name == "inf":
        raise TextError(f"'{name}' is a constant and cannot name a variable.")


def check_fact(name: str, shape: Shape, fact: str) -> None:
    """Refuse an unknown fact, or one the shape cannot have."""
    row = FACTS.get(fact)
    if row is None:
        raise _unknown_fact(fact)
    needs = row.needs
    square = shape.kind == "matrix" and shape.sizes[0] is shape.sizes[1]
    fits = {"any": True, "square": square, "matrix": shape.kind == "matrix", "vector": shape.order >= 1, "scalar": not shape.order}[needs]
    if not fits:
        raise ShapeError(f"{name} cannot be {fact}: that needs a {'square matrix' if needs == 'square' else needs}, and {name} is {shape}.")


def _unknown_fact(word: object) -> UnknownNameError:
    near = [SYNONYMS[str(word)]] if word in SYNONYMS else get_close_matches(str(word), list(FACTS), 1)
    return UnknownNameError(f"'{word}' is no fact.", hint=f"did you mean '{near[0]}'?" if near else "facts: " + ", ".join(FACTS) + ".")


def _distinct(declared: Mapping[str, Declaration]) -> None:
    """A variable and a size may share a name only when the variable is a whole number."""
    names = {n for d in declared.values() for s in d.sizes for n in s.names}
    for name in names & set(declared):
        d = declared[name]
        if d.shape.order or "integer" not in closure(d.facts):
            raise TextError(f"'{name}' is both a size and a variable.", hint="rename one of them, or declare the variable an integer.")
    for d in declared.values():
        if d.shape.order > MAX_ORDER:
            raise TooLargeError(f"{d.name} has order {d.shape.order}; the limit is {MAX_ORDER}.")
