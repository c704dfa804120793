r"""The readings of an answer, the likeliest first: what a person means who writes 2A^T r for the residual r, I for the identity, A^T 1 for a sum.

Only what cannot be read as it stands is read otherwise, and whatever was taken for something is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice, product
from typing import NamedTuple

from wrt.derivation.handed_in import HandedIn, differential_in, spellings
from wrt.derivation.loosened import all_square, one_size, renamed
from wrt.derivation.named_parts import named_parts, usual
from wrt.derivation.respelt import (
    adapted,
    braced,
    calls_of,
    conditions,
    dotted,
    entrywise,
    fractions,
    free_indices,
    in_code,
    of_code,
    of_frobenius,
    of_listed,
    only_python,
    side_by_side,
    sized,
    spelt_out,
    ticked,
    unmixed,
    with_arguments,
    with_commands,
    with_euler,
    with_powers,
    with_signs,
    with_slopes,
    with_transposes,
)
from wrt.derivation.statements import on_paper
from wrt.derivation.terms import all_replaced, bare
from wrt.errors import TextError, UnknownNameError, WrtError
from wrt.language.dialect import detect
from wrt.language.latex_names import key
from wrt.language.parser import parse
from wrt.language.read import type_tree
from wrt.language.rewrite import replace_names
from wrt.language.scopes import undeclared
from wrt.language.surface import Binary, Call, Declaration, FunctionDeclaration, Index, Name, Node, Number, Shape, Source, Unary, postorder
from wrt.language.unparse import unparse
from wrt.tables.facts import closure

MOST = 40  # readings that are tried
IDENTITY = ("I", "Id", "eye", "Identity", "identity")
_PRIMED = re.compile(r"((?:[^\W\d_]\w*(?:_\{\w+\})?)?)(['′])['′]*")  # f', x_1′ and what has the prime
_ADDED = re.compile(r"[+]\s*(?:\\(?:text|mathrm|mathit)\{\s*)?(C|c|K|k|const|constant)\s*\}?\s*$")  # a constant of integration


class Reading(NamedTuple):
    """The untyped tree of an answer, and what is to be said of how it was read."""

    tree: Node
    note: str = ""
    constant: str = ""  # the constant of integration that was left out
    guessed: str = ""  # the undeclared name that was taken for a part of the function, but seldom stands for it


def readings(given: HandedIn, syntax: str | None, function: Source, moving: Sequence[str]) -> Iterator[Reading]:
    """What an answer may mean beside the function it is the derivative of by `moving`. Raises: WrtError when it cannot be read at all."""
    return islice(_Reader(given, syntax, function, moving).all(), MOST)


class _Reader:
    def __init__(self, given: HandedIn, syntax: str | None, function: Source, moving: Sequence[str]) -> None:
        self.given, self.function = given, function
        self.declared: dict[str, Declaration] = dict(function.declarations)
        self.text = calls_of(ticked(given.formula), list(self.declared))
        for name in moving:
            if "d" not in self.declared and f"d{name}" not in self.declared and differential_in(self.text, name):
                self.declared[f"d{name}"] = Declaration(f"d{name}", function.declarations[name].shape)
        tangents = [n[1:] for n in self.declared if n not in function.declarations]
        self.spelt = {**spelt_out(list(self.declared)), **{s: f"d{n}" for n in tangents for s in spellings(n)}}
        self.syntax = syntax or ("latex" if given.latex and detect(given.formula) == "python" else None)
        if self.syntax is None and function.syntax == "matlab" and detect(self.text) == "python" and not only_python(self.text):
            with suppress(WrtError):
                if not self._missing(parsed(self.text, "matlab", self.declared, {}, ())):
                    self.syntax = "matlab"
        self.definitions = self._defined()

    def all(self) -> Iterator[Reading]:
        """Every reading, definitions put in."""
        for found in self._readings():
            tree = replace_names(found.tree, self.definitions) if self.definitions else found.tree
            yield found._replace(tree=tree)
            if (product := dotted(tree)) is not tree:
                yield found._replace(tree=product)
            for other in _with_ones(tree, self.function):
                yield found._replace(tree=other, note=f"{found.note} 1 is read as a column of ones.".lstrip())

    def _defined(self) -> dict[str, Node]:
        """The trees of the definitions beside the answer; their names are declared from now on, in their shapes. Raises: WrtError."""
        out: dict[str, Node] = {}
        waiting = dict(self.given.definitions)
        refused: WrtError | None = None
        for _ in range(len(waiting)):
            for name, words in list(waiting.items()):
                try:
                    tree, shape = self._whole(words, out)
                except WrtError as error:
                    refused = error
                    continue
                out[name] = tree
                self.declared[name] = Declaration(name, shape)
                del waiting[name]
        if waiting:
            assert refused is not None
            raise refused
        return out

    def _whole(self, words: str, earlier: Mapping[str, Node]) -> tuple[Node, Shape]:
        """(the tree of a text all of whose names are known, its shape), in the first dialect in which it has one. Raises: WrtError."""
        refused: WrtError | None = None
        tries = [(words, syntax) for syntax in ((self.syntax,) if self.syntax is not None else (None, "matlab", "latex"))]
        if self.syntax in (None, "latex"):
            tries += [(spelt, "latex") for name in earlier for spelt in _products(words, name) if spelt != words]
        for made, syntax in tries:
            try:
                tree = adapted(parsed(made, syntax, self.declared, self.spelt, ()), self.declared)
                if missing := self._missing(tree):
                    raise UnknownNameError(f"'{missing[0]}' is not a variable of the function.", text=words)
                tree = replace_names(tree, earlier)
                shape = type_tree(bare(tree), self.function.declarations).tree.shape
            except WrtError as error:
                refused = refused or error
                continue
            assert shape is not None
            return tree, shape
        assert refused is not None
        raise refused

    # ------------------------------------------------------------------------------------------------ one text
    def _readings(self) -> Iterator[Reading]:
        text, constant = self.text, ""
        arrays = any(not isinstance(d, FunctionDeclaration) and d.shape.order for d in self.declared.values())
        text = self.text = with_arguments(with_slopes(with_powers(text), self.known), self.function)
        text = self.text = with_transposes(text, self.known)
        if not arrays and (prime := self._prime(text)) is not None and self.syntax != "matlab":
            raise TextError("a prime is a derivative here.", text=text, span=prime.span(2), hint="write the derivative out.")
        if (added := _ADDED.search(text)) is not None and added[1] not in self.declared and text[: added.start()].strip():
            text, constant = text[: added.start()], added[1]
        for found in chain(self._of_text(text), self._also(text)):
            yield found._replace(constant=constant, note=f"{found.note} {constant} is left out.".lstrip() if constant else found.note)

    def _prime(self, text: str) -> re.Match[str] | None:
        """The first prime that is not one of a declared function: f'(x) of f is its derivative."""
        functions = {key(n) for n, d in self.declared.items() if isinstance(d, FunctionDeclaration)}
        return next((found for found in _PRIMED.finditer(text) if key(re.sub(r"[{}]", "", found[1])) not in functions), None)

    def _of_text(self, text: str) -> Iterator[Reading]:
        """What one text means: as it stands; as on paper, letters side by side; as code; with names for parts of the function."""
        dialect = self.syntax or detect(text)
        try:
            tree = adapted(parsed(text, self.syntax, self.declared, self.spelt, ()), self.declared)
        except WrtError:
            found = self._otherwise(text, dialect)
            if not found:
                raise
            yield from found
            return
        missing = self._missing(tree)
        if dialect != "latex" and any(isinstance(n, Call) and n.function in self.declared and not self.called(n) for n in postorder(tree)):
            missing = [*missing, ""]  # A(x - b): a product
        found = self._as_latex(text) if missing and dialect != "latex" and self.syntax is None else []
        yield from found or (self._named(tree, missing) if missing else [Reading(tree)])
        if dialect == "latex":
            for words in sized(text, self.function.sizes):
                with suppress(WrtError):
                    yield Reading(parsed(words, "latex", self.declared, self.spelt, ()))

    def _also(self, text: str) -> Iterator[Reading]:
        r"""What else a text may mean: |x| of a vector its norm, where the function has one; e not Euler's number, but a residual."""
        if self.syntax not in (None, "latex"):
            return
        if any(isinstance(n, Call) and n.function == "norm" for n in postorder(self.function.tree)):
            normed = re.sub(r"(?<!\|)\|([^|]+)\|(?!\|)", r"\\|\1\\|", text)
            if normed != text:
                yield from (found._replace(note=f"{found.note} | | is read as the norm.".lstrip()) for found in self._as_latex(normed))
        if "e" not in self.declared and re.search(r"(?<![\\a-zA-Z_{])e(?!\s*(?:\^|\*\*))", text):
            yield from (found for found in self._with_name(side_by_side(text), "e") if not found.guessed)

    def _otherwise(self, text: str, dialect: str) -> list[Reading]:
        """The readings of a text that cannot be read as it stands; none where there is none."""
        if dialect == "latex":
            found = self._as_latex(text)
        else:
            code = of_code(text) if self.syntax is None else None
            tries: list[tuple[str, str | None]] = [(code, None)] if code is not None else []
            if self.syntax is None and with_signs(text) != text:
                tries.append((with_signs(text), None))
            if self.syntax is None:
                tries += [(made, syntax) for made, syntax in ((unmixed(text), "matlab"), (side_by_side(text), "latex")) if made != text]
            found = []
            for words, syntax in tries:
                with suppress(WrtError):
                    tree = adapted(parsed(words, syntax, self.declared, {}, ()), self.declared)
                    missing = self._missing(tree)
                    found = (self._as_latex(words) or list(self._named(tree, missing))) if missing else [Reading(tree)]
                    break
            found = found or (self._as_latex(side_by_side(text)) if self.syntax is None else [])
        return found or self._loosely(text, self.syntax)

    def _loosely(self, text: str, syntax: str | None) -> list[Reading]:
        """The reading of a text whose sizes do not fit: beside one size for all, beside square matrices only; none where it has none."""
        for loose in (one_size(self.declared), all_square(self.declared)):
            with suppress(WrtError):
                found = [tree for tree in renamed(parsed(text, syntax, loose, self.spelt, ()), self.function) if not self._missing(tree)]
                if found:
                    return [Reading(tree) for tree in found]
        return []

    def _as_latex(self, text: str) -> list[Reading]:
        r"""The readings of a text as LaTeX, or as on paper: as it stands; with free indices; with what may be meant by |X|, a^2, \mathbf 1."""
        named: UnknownNameError | None = None
        text = with_commands(text, {*self.known, *self.spelt})
        tries: list[tuple[str, list[str]]] = [(text, [])]
        tries += [(braced(text), free) for free in free_indices(text, self.known)]
        others = (self._with_bars(text), entrywise(text), conditions(text), fractions(text), of_frobenius(text))
        tries += [(words, []) for words in others if words != text]
        tries += [of_listed(text)]
        for words, indices in tries:
            try:
                return [Reading(parsed(words, "latex", self.declared, self.spelt, indices))]
            except UnknownNameError as error:
                named = error if named is None or indices else named
            except WrtError:
                continue
        found: list[Reading] = []
        for words in sized(of_listed(text)[0], self.function.sizes):
            with suppress(WrtError):
                found.append(Reading(parsed(words, "latex", self.declared, self.spelt, ())))
        if not found and named is not None:
            symbol = "" if named.span is None else (named.text or text)[slice(*named.span)].strip()
            found = list(self._with_name(text, symbol))
        return found or self._loosely(text, "latex") or self._as_code(text)

    def _as_code(self, text: str) -> list[Reading]:
        """The readings of a text on paper as Python, which lets a number stand beside a matrix; none where it has none."""
        with suppress(WrtError):
            tree = adapted(parse(in_code(text)), self.declared)
            return [reading for reading in self._named(tree, self._missing(tree)) if not self._missing(reading.tree)]
        return []

    @property
    def known(self) -> set[str]:
        """What names mean something."""
        return {*self.declared, *self.function.sizes}

    def _with_bars(self, text: str) -> str:
        r"""|X| as \det X, where X is a square matrix and the function holds a determinant; else |x| of an array as the absolute values."""
        determinant = any(isinstance(n, Call) and n.function in ("det", "logdet") for n in postorder(self.function.tree))
        declared = {n: d.shape for n, d in self.function.declarations.items() if not isinstance(d, FunctionDeclaration) and d.shape.order}

        def said(found: re.Match[str]) -> str:
            shape = declared.get(found[1])
            if shape is None:
                return found[0]
            square = determinant and shape.order == 2 and shape.sizes[0] is shape.sizes[1]
            return rf"\det({found[1]})" if square else rf"\operatorname{{abs}}({found[1]})"

        return re.sub(r"(?<!\|)\|\s*([^\W\d_]\w*)\s*\|(?!\|)", said, text)

    def called(self, node: Call) -> bool:
        """Whether a call is one of a declared function."""
        return isinstance(self.declared[node.function], FunctionDeclaration)

    def _missing(self, tree: Node) -> list[str]:
        """The names that are neither declared nor bound nor the names of indices."""
        names = undeclared(tree, self.declared, {*self.function.sizes, *self.declared})
        indexed = {p.name for n in postorder(tree) if isinstance(n, Index) for part in n.parts for p in postorder(part) if isinstance(p, Name)}
        delta = {n.name for c in postorder(tree) if isinstance(c, Binary) and c.op == "==" for n in c.children if isinstance(n, Name)}
        return [name for name in names if name not in indexed | delta]

    # ------------------------------------------------------------------------------------------------ names nobody declared
    def _named(self, tree: Node, missing: Sequence[str]) -> Iterator[Reading]:
        """The tree with names that nobody declared read as what they usually are; the tree itself last."""
        same = {key(name): name for name in self.declared}
        plain = {name: Name(same[key(name)]) for name in missing if key(name) in same}
        tree = replace_names(tree, plain)
        rest = [name for name in missing if name not in plain]
        if "e" in rest:
            tree = with_euler(tree)
            rest = self._missing(tree)
        if not rest:
            yield Reading(tree)
            return
        identities = [name for name in rest if name in IDENTITY]
        others = [name for name in rest if name not in IDENTITY]
        if len(others) <= 1 and (not isinstance(tree, Name) or self.text != ticked(self.given.formula)):
            for values in _identities(tree, identities, self.function.sizes):
                made = all_replaced(tree, values)
                if not others:
                    yield Reading(made)
                for part in named_parts(self.function, others[0]) if others else ():
                    yield Reading(
                        replace_names(made, {others[0]: part}),
                        f"{others[0]} is read as {unparse(part)}.",
                        guessed="" if usual(others[0], part, self.function) else others[0],
                    )
        yield Reading(tree)

    def _with_name(self, text: str, symbol: str) -> Iterator[Reading]:
        """Readings of LaTeX with an undeclared symbol, taken for parts of the function in turn; none where it has none."""
        tries: list[tuple[str, list[str]]] = [(w, []) for w in dict.fromkeys((text, entrywise(text), *_products(text, symbol)))]
        tries += [(braced(text), free) for free in free_indices(text, self.known)]
        for part in named_parts(self.function, symbol) if symbol and symbol != text.strip() else ():
            assert part.shape is not None
            spare = next(w for w in ("part", "parted", "partedpart") if w not in self.declared)
            for words, free in tries:
                with suppress(WrtError):
                    declared = {**self.declared, spare: Declaration(spare, part.shape)}
                    tree = parsed(words, "latex", declared, {**self.spelt, symbol: spare}, free)
                    yield Reading(
                        replace_names(tree, {spare: part}),
                        f"{symbol} is read as {unparse(part)}.",
                        guessed="" if usual(symbol, part, self.function) else symbol,
                    )
                    break
            else:
                yield from self._part_loosely(tries, symbol, spare, part)

    def _part_loosely(self, tries: Sequence[tuple[str, list[str]]], symbol: str, spare: str, part: Node) -> Iterator[Reading]:
        """The reading with a part for a symbol where the sizes fit beside one size for all, or beside square matrices, only."""
        assert part.shape is not None
        declared = {**self.declared, spare: Declaration(spare, part.shape)}
        for loose in (one_size(declared), all_square(declared)):
            for words, free in tries:
                with suppress(WrtError):
                    tree = renamed(parsed(words, "latex", loose, {**self.spelt, symbol: spare}, free), self.function)[0]
                    guessed = "" if usual(symbol, part, self.function) else symbol
                    yield Reading(replace_names(tree, {spare: part}), f"{symbol} is read as {unparse(part)}.", guessed=guessed)
                    return


def _products(text: str, symbol: str) -> list[str]:
    r"""The text with a sign for the product of a symbol and the bracket behind it, p(1 - p), and with * for products entry by entry."""
    beside = rf"({re.escape(symbol)})\s*\("
    return [re.sub(beside, rf"\1 \\{sign} (", text) for sign in ("cdot", "odot") if symbol] + [text.replace("*", r"\odot ")]


def parsed(text: str, syntax: str | None, declared: Mapping[str, Declaration], names: Mapping[str, str], indices: Sequence[str]) -> Node:
    """The tree of a text in a dialect; as LaTeX, with free indices."""
    if syntax != "latex" or not indices:
        return on_paper(text, syntax, declared, names)
    from wrt.language import latex

    functions = {name: d for name, d in declared.items() if isinstance(d, FunctionDeclaration)}
    shapes = {name: d.shape for name, d in declared.items() if name not in functions}
    facts = {name: closure(d.facts) for name, d in declared.items() if name not in functions}
    return latex.read(text, shapes, names, facts, indices, functions).tree


def _identities(tree: Node, names: Sequence[str], sizes: Sequence[str]) -> Iterator[dict[int, Node]]:
    """The identity of each size for the names, all of one size first; of several sizes where there are few."""
    places = [n for n in postorder(tree) if isinstance(n, Name) and n.name in names]
    if not places:
        yield {}
        return
    choices = [(size,) * len(places) for size in sizes]
    if len(places) <= 3:
        choices += [c for c in product(sizes, repeat=len(places)) if len(set(c)) > 1]
    for choice in choices:
        yield {id(place): Call("eye", (Name(size),), span=place.span) for place, size in zip(places, choice, strict=True)}


def _with_ones(tree: Node, function: Source) -> Iterator[Node]:
    """The tree with a 1 beside an array in a product read as a column of ones; only where the 1 says nothing otherwise."""
    changes: dict[int, tuple[Node, bool]] = {}
    for node in postorder(tree):
        if isinstance(node, Binary) and node.op in "@*":
            for one, right in ((node.right, True), (node.left, False)):
                turned = isinstance(one, Unary) and one.op == "T"
                inner = one.argument if isinstance(one, Unary) and turned else one
                if isinstance(inner, Number) and inner.value == 1 and (node.op == "@" or right):
                    changes[id(node)] = (node, right)
    if len(changes) != 1:
        return
    ((node, right),) = changes.values()
    assert isinstance(node, Binary)
    for size in function.sizes:
        ones: Node = Call("ones", (Name(size),))
        old = node.right if right else node.left
        if isinstance(old, Unary):
            ones = Unary("T", ones)
        for op in "@*":
            made = Binary(op, node.left, ones) if right else Binary(op, ones, node.right)
            yield all_replaced(tree, {id(node): made})
