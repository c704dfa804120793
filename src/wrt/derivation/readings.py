r"""The readings of an answer, the likeliest first: what a person means who writes 2A^T r for the residual r, I for the identity, A^T 1 for a sum.

Only what cannot be read as it stands is read otherwise, and whatever was taken for something is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice, product
from typing import NamedTuple

from wrt.derivation.handed_in import HandedIn, differential_in, spellings
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
    of_code,
    only_python,
    side_by_side,
    sized,
    spelt_out,
    ticked,
    unmixed,
    with_euler,
    with_signs,
)
from wrt.derivation.statements import on_paper
from wrt.derivation.terms import all_replaced, bare
from wrt.errors import TextError, UnknownNameError, WrtError
from wrt.language.dialect import detect
from wrt.language.latex_names import key
from wrt.language.read import type_tree
from wrt.language.rewrite import replace_names
from wrt.language.scopes import undeclared
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Call, Declaration, FunctionDeclaration, Index, Name, Node, Number, Shape, Source, Unary, matrix, postorder
from wrt.language.unparse import unparse
from wrt.tables.facts import closure

MOST = 40  # readings that are tried
IDENTITY = ("I", "Id", "eye", "Identity", "identity")
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
        for syntax in (self.syntax,) if self.syntax is not None else (None, "matlab", "latex"):
            try:
                tree = adapted(parsed(words, syntax, self.declared, self.spelt, ()), self.declared)
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
        if not arrays and (prime := re.search(r"['′]", text)) is not None and self.syntax != "matlab":
            raise TextError("a prime is a derivative here.", text=text, span=prime.span(), hint="write the derivative out.")
        if (added := _ADDED.search(text)) is not None and added[1] not in self.declared and text[: added.start()].strip():
            text, constant = text[: added.start()], added[1]
        for found in self._of_text(text):
            yield found._replace(constant=constant, note=f"{found.note} {constant} is left out.".lstrip() if constant else found.note)

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
                    found = list(self._named(tree, missing)) if missing else [Reading(tree)]
                    break
            found = found or (self._as_latex(text) if self.syntax is None else [])
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
        tries: list[tuple[str, list[str]]] = [(text, [])]
        tries += [(braced(text), free) for free in free_indices(text, self.known)]
        tries += [(words, []) for words in (self._with_bars(text), entrywise(text), conditions(text), fractions(text)) if words != text]
        for words, indices in tries:
            try:
                return [Reading(parsed(words, "latex", self.declared, self.spelt, indices))]
            except UnknownNameError as error:
                named = error if named is None or indices else named
            except WrtError:
                continue
        found: list[Reading] = []
        for words in sized(text, self.function.sizes):
            with suppress(WrtError):
                found.append(Reading(parsed(words, "latex", self.declared, self.spelt, ())))
        return found or (list(self._with_name(text, named)) if named is not None else []) or self._loosely(text, "latex")

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

    def _with_name(self, text: str, error: UnknownNameError) -> Iterator[Reading]:
        """Readings of LaTeX with an undeclared symbol, taken for parts of the function in turn; none where it has none."""
        said = error.text or text
        symbol = "" if error.span is None else said[slice(*error.span)].strip()
        apart = re.sub(rf"({re.escape(symbol)})\s*\(", r"\1 \\cdot (", text) if symbol else text
        tries: list[tuple[str, list[str]]] = [(w, []) for w in dict.fromkeys((text, entrywise(text), apart))]
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


def parsed(text: str, syntax: str | None, declared: Mapping[str, Declaration], names: Mapping[str, str], indices: Sequence[str]) -> Node:
    """The tree of a text in a dialect; as LaTeX, with free indices."""
    if syntax != "latex" or not indices:
        return on_paper(text, syntax, declared, names)
    from wrt.language import latex

    functions = {name: d for name, d in declared.items() if isinstance(d, FunctionDeclaration)}
    shapes = {name: d.shape for name, d in declared.items() if name not in functions}
    facts = {name: closure(d.facts) for name, d in declared.items() if name not in functions}
    return latex.read(text, shapes, names, facts, indices, functions).tree


def one_size(declared: Mapping[str, Declaration]) -> dict[str, Declaration]:
    """The declarations with one size for all."""
    names = [n for d in declared.values() if not isinstance(d, FunctionDeclaration) for s in d.shape.sizes for n in s.names]
    same = {n: Size.of(names[0]) for n in names}
    return {
        n: d if isinstance(d, FunctionDeclaration) else replace(d, shape=Shape(d.shape.kind, tuple(s.substitute(same) for s in d.shape.sizes)))
        for n, d in declared.items()
    }


def all_square(declared: Mapping[str, Declaration]) -> dict[str, Declaration]:
    """The declarations with a square matrix for every array, so that any product fits."""
    names = [n for d in declared.values() if not isinstance(d, FunctionDeclaration) for s in d.shape.sizes for n in s.names]
    size = Size.of(names[0]) if names else Size.of(2)
    return {n: d if isinstance(d, FunctionDeclaration) or not d.shape.order else Declaration(n, matrix(size, size)) for n, d in declared.items()}


def renamed(tree: Node, function: Source) -> list[Node]:
    """A tree read beside other declarations, untyped; identities and columns of ones in it have each size in turn."""
    calls = [n for n in postorder(tree) if isinstance(n, Call) and n.function in ("eye", "ones", "zeros")]
    if not calls:
        return [bare(tree)]
    changes = ({id(n): Call(n.function, (Name(size),) * len(n.arguments), span=n.span) for n in calls} for size in function.sizes)
    return [bare(all_replaced(tree, c)) for c in changes]


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
