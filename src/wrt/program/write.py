"""From steps to lines: one assignment a line, its formula as the comment. Short pieces that are used once are written where they are used."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wrt.errors import NoClosedFormError
from wrt.language.sizes import Size
from wrt.language.surface import FunctionDeclaration, Name
from wrt.language.unparse import unparse
from wrt.program.steps import Sizes, Step, ordered
from wrt.program.terms import ATOM, PLUS, TIMES, Term

WEIGHT = 4  # operations in one line
WIDTH = 88  # characters of code in one line
LETTERS = "ijklpqrstuvabcdefgh"


Spell = Callable[["Writer", Step, list[Term]], Term]


class Line(NamedTuple):
    """name = code  # text; `text` is "" where the value is no array (a factorisation)."""

    name: str
    code: str
    text: str


@dataclass(frozen=True)
class Backend:
    """How an array library spells things: modules by the names code uses, helper functions by name, operations spelled differently."""

    name: str
    imports: Mapping[str, str]  # np -> "import numpy as np", and so on for special and linalg
    helpers: Callable[[], Mapping[str, Callable[..., object]]]
    asarray: Callable[[], Callable[[Any], Any]]  # a function that makes arrays of float64, leaving those that are
    spell: Mapping[str, Callable[[Writer, Step, list[Term]], Term]] = field(default_factory=dict)  # steps written in another way
    prefix: Mapping[str, str] = field(default_factory=dict)  # np -> jnp
    missing: frozenset[str] = frozenset()  # NumPy or SciPy functions that it lacks
    respelled: Mapping[str, str] = field(default_factory=dict)  # a table's spelling -> its own
    eager: bool = True  # arrays may be written in place by helper functions
    number: str = "float({0})"  # a scalar result
    copied: str = ""  # a copy of an array, where a result may be a view of an argument
    header: str = ""  # what the helper functions need imported
    compiled: Callable[[Callable[..., Any], tuple[int, ...]], Callable[..., Any]] = lambda run, static: run  # static: positions of whole numbers
    aside: Callable[[], AbstractContextManager[object]] = nullcontext  # where numbers stay numbers while a caller's function is being traced


class Writer:
    """The lines of one program under construction."""

    def __init__(
        self, backend: Backend, spell: Mapping[str, Callable[[Writer, Step, list[Term]], Term]], taken: Iterable[str], identifiers: Mapping[str, str]
    ) -> None:
        self.backend = backend
        self.spell = {**spell, **backend.spell}
        self.taken = set(taken) | set(identifiers) | set(identifiers.values()) | {"np", "special", "linalg"}
        self.identifiers = identifiers
        self.functions: Mapping[str, FunctionDeclaration] = {}  # those declared
        self.lines: list[Line] = []
        self.terms: dict[int, Term] = {}
        self.uses: Counter[int] = Counter()
        self.modules: dict[str, None] = {}
        self.helpers: dict[str, None] = {}
        self.sizes: dict[str, None] = {}
        self.count = 0

    # ------------------------------------------------------------------------------------------------ names
    def fresh(self) -> str:
        self.count += 1
        while f"t{self.count}" in self.taken:
            self.count += 1
        return f"t{self.count}"

    def letters(self, count: int, besides: Iterable[str] = ()) -> list[str]:
        """Names for indices that nothing else has."""
        used = self.taken | set(besides)
        out = [c for c in LETTERS if c not in used][:count]
        k = 1
        while len(out) < count:
            word = f"i{k}"
            if word not in used:
                out.append(word)
            k += 1
        return out

    def module(self, name: str) -> str:
        self.modules[name] = None
        return self.backend.prefix.get(name, name)

    def spelling(self, numpy: str) -> str:
        """A table's NumPy spelling in this library."""
        numpy = self.backend.respelled.get(numpy, numpy)
        lacking = next((word for word in re.findall(r"[a-z]+(?:\.[a-z]+)?\.\w+", numpy) if word in self.backend.missing), None)
        if lacking is not None:
            raise NoClosedFormError(f"{self.backend.name} has no {lacking}.")
        return re.sub(r"(?<![\w.])(np|special|linalg)\.", lambda found: f"{self.module(found.group(1))}.", numpy)

    def helper(self, name: str) -> str:
        self.helpers[name] = None
        return name

    # ------------------------------------------------------------------------------------------------ sizes
    def size(self, size: Size) -> tuple[str, int]:
        """(code, rank) of a size."""
        total = ""
        for monomial, k in size.terms:
            factors = [self._size_name(name) for name, e in monomial for _ in range(e)]
            if abs(k) != 1 or not factors:
                factors.insert(0, str(abs(k)))
            total += (f" {'-' if k < 0 else '+'} " if total else "-" if k < 0 else "") + "*".join(factors)
        rank = ATOM if size.name is not None or (size.number is not None and size.number >= 0) else PLUS if len(size.terms) > 1 else TIMES
        return total or "0", rank

    def _size_name(self, name: str) -> str:
        self.sizes[name] = None
        return self.identifiers.get(name, name)

    def tuple(self, sizes: Sequence[Size]) -> str:
        """The code of a shape."""
        words = [self.size(s)[0] for s in sizes]
        return f"({words[0]},)" if len(words) == 1 else f"({', '.join(words)})"

    # ------------------------------------------------------------------------------------------------ lines
    def name(self, x: Step) -> Term:
        """The step under a name: a line is written for it unless it has one."""
        term = self.terms[x.number]
        if term.weight == 0:
            return term
        name = self.fresh()
        self.lines.append(Line(name, term.code, unparse(term.node)))
        named = self.terms[x.number] = Term(name, ATOM, Name(name))
        return named

    def factor(self, x: Step, code: str) -> Term:
        """A value that is no array under a name."""
        name = self.fresh()
        self.lines.append(Line(name, code, ""))
        return Term(name, ATOM, Name(name))

    def write(self, outputs: Sequence[Step]) -> None:
        """Lines for everything below the outputs; what an output is remains in `terms`."""
        for x in ordered(outputs):
            for a in x.args:
                self.uses[a.number] += 1
        for x in outputs:
            self.uses[x.number] += 1
        bases = {x.args[0].number for x in ordered(outputs) if x.op == "scatter_add"}
        for x in ordered(outputs):
            args = self._arguments(x)
            term = self.spell[x.op](self, x, args)
            self.terms[x.number] = term
            if term.weight and (self.uses[x.number] > 1 or (len(term.code) > WIDTH and x.number not in bases)):
                self.name(x)

    def _arguments(self, x: Step) -> list[Term]:
        """The arguments' terms; the heaviest get names until the rest fits a line."""
        base = x.args[0] if x.op == "scatter_add" else None  # stays in the line, so that what has a name is never written over
        loose = [a for a in x.args if a is not base or not self.own(a)]
        while loose and (sum(self.terms[a.number].weight for a in x.args) >= WEIGHT or sum(len(self.terms[a.number].code) for a in x.args) > WIDTH):
            heaviest = max(loose, key=lambda a: (self.terms[a.number].weight, len(self.terms[a.number].code)))
            if not self.terms[heaviest.number].weight:
                break
            self.name(heaviest)
        if base is not None and self.terms[base.number].weight > 2 * WEIGHT:
            self.name(base)
        return [self.terms[a.number] for a in x.args]

    def atom(self, x: Step) -> Term:
        """The step's term, a bare name: for code that says it twice."""
        return self.name(x)

    def own(self, x: Step) -> bool:
        """Whether a step's array is fresh, without a name and used once, so that it may be written in place."""
        return (
            self.uses[x.number] == 1
            and self.terms[x.number].weight > 0
            and x.op in ("add", "mul", "map", "matmul", "contract", "scatter", "scatter_add", "power", "solve", "dot", "norm")
            and x.order > 0
        )


def identifier(name: str, taken: set[str]) -> str:
    """A Python identifier for a declared name: itself where Python takes it as it is."""
    plain = unicodedata.normalize("NFKC", name)
    if plain == name and name.isidentifier() and not keyword.iskeyword(name) and name not in taken:
        return name
    word = "".join(c if (c.isidentifier() or c.isdigit()) and c.isascii() else "_" for c in plain) or "v"
    if not (word[0].isalpha() or word[0] == "_") or keyword.iskeyword(word):
        word = f"v{word}"
    k, choice = 1, word
    while choice in taken or keyword.iskeyword(choice):
        k += 1
        choice = f"{word}_{k}"
    return choice


def shape_text(shape: Sizes) -> str:
    """(m, n) as documentation: `m x n`, `scalar`."""
    return " x ".join(s.text if len(s.terms) <= 1 else f"({s.text})" for s in shape) or "scalar"
