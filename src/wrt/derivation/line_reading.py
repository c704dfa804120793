r"""The formulas of a derivation as trees: names of earlier lines, differentials dX and d(E), derivatives written inside a line, free indices.

A name that a line before defines stands for its formula; dX is the differential of X; \frac{d}{dx}(E), \partial f/\partial x_k and the like are worked
out by the engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

from wrt.conventions import Convention
from wrt.derivation.agreement import in_a_name, names_of
from wrt.derivation.binding import bound, entries_taken, index_sizes, unbound
from wrt.derivation.handed_in import cleared, differential_in, spellings
from wrt.derivation.line_texts import inside_of, letters_apart, nodes, nodes_of, sentences, undifferentiated
from wrt.derivation.loosened import all_square, one_size, renamed
from wrt.derivation.pending import Pending, cut_out
from wrt.derivation.readings import IDENTITY, parsed
from wrt.derivation.respelt import braced, calls_of, free_indices, only_python, side_by_side, spelt_out, unmixed, with_euler, with_signs
from wrt.derivation.statements import Statement, on_paper, statement
from wrt.derivation.terms import all_replaced, bare, is_zero, zero
from wrt.derivative import Derivative
from wrt.errors import NoClosedFormError, ShapeError, TextError, UnknownNameError, WrtError
from wrt.formula import Formula
from wrt.language.declarations import FactSpec, ShapeSpec, declare
from wrt.language.dialect import detect
from wrt.language.latex_names import key
from wrt.language.parser import parse
from wrt.language.read import type_tree
from wrt.language.rewrite import replace_names
from wrt.language.scopes import undeclared
from wrt.language.surface import SCALAR, Call, Declaration, Generator, Index, Loop, Name, Node, Number, Shape, Source, postorder
from wrt.language.unparse import unparse

_ENTRY = re.compile(r"(?P<base>[^\W_]+?)(?:_\{?(?P<low>\w+)\}?|\[(?P<at>[\w, ]+)\])$")
USUAL = ("x", "X", "w", "W", "θ", "theta", "β", "beta", "z", "Z", "u", "v", "t", "y", "Y")  # variables of functions of which nobody says it


class LineReader:
    """What is known so far: the variables, the names that lines define, and how all of it is spelt."""

    def __init__(self, lines: Sequence[str], shapes: ShapeSpec, assume: FactSpec) -> None:
        self.lines = [cleared(line) for line in lines]
        self.statements: list[tuple[int, Statement]] = [
            (k, statement(part)) for k, line in enumerate(self.lines) if line.strip() for part in sentences(line)
        ]
        if not self.statements:
            raise TextError("a derivation has at least two lines.")
        self.named: dict[str, Node] = {}  # what a name stands for, in variables
        self.raw: dict[str, Node] = {}  # the same, other names left in
        self.last: Node | None = None  # the formula before
        self.spelt: dict[str, str] = {}  # names of lines that are no words: z^{(1)}
        self.chosen: tuple[str, ...] = ()  # variables by which a line that names none turned out to be a derivative
        self.layout, self.laid_out = "mixed", False  # of derivatives written inside a line; whether one was
        words = [text for _, said in self.statements for text in said.formulas]
        self.matlab = any(detect(w) == "matlab" for w in words) and not any(only_python(w) for w in words)
        declared = declare(shapes, assume)
        taken = {said.name for _, said in self.statements}
        self.statements = [
            (k, replace(said, formulas=tuple(letters_apart(text, declared, taken) for text in said.formulas))) for k, said in self.statements
        ]
        self.moving = self._moving(declared)
        self.source = self._first(declared)
        if not self.moving:
            self.moving = self._moving(self.source.declarations)
        own = self.source.declarations
        self.declared = {**own, **{f"d{n}": Declaration(f"d{n}", own[n].shape) for n in self.moving}}
        self.shapes: dict[str, Declaration] = {}  # of the names that lines define
        if any(isinstance(n, Call) and n.function == "d" for n in self._all_nodes()) and not self.moving:
            raise TextError("d(...) says nothing where no line has the differential (dX) of a variable.", hint="write dX, dx, ... in a line.")
        axes = {s: None for d in own.values() for s in d.shape.sizes}
        self.indices = index_sizes([n for node in self._all_nodes() for n in undifferentiated(node)], self.declared, tuple(axes))

    # ------------------------------------------------------------------------------------------------ what is declared
    def _first(self, declared: dict[str, Declaration]) -> Source:
        """The first formula, which declares what is not declared; where nothing is, those after it that define names too."""
        tangents = {f"d{n}": Declaration(f"d{n}", declared[n].shape) for n in self.moving}
        known = {**declared, **tangents}
        source: Source | None = None
        for k, said in self.statements:
            text, inside = self._cut(said.formulas[0], known, {})
            for pending in inside if source is None else ():
                text = text.replace(pending.name, f"({pending.inside})")
            try:
                spelt = {n: n for n in tangents}
                tree = inside_of(self._first_tree(text, known, spelt))
                if declared and detect(text) == "python" and undeclared(tree, known, ()):  # letters side by side, as on paper: Ax
                    with suppress(WrtError):
                        tree = inside_of(on_paper(text, "latex", known, spelt))
                if source is not None and (declared or not said.name or said.of):
                    break
                names = {n: Declaration(n, SCALAR) for n in self.named}
                source = type_tree(bare(tree), {**known, **names}, text)
            except WrtError as error:
                if source is not None:
                    break
                if declared and said.of:  # entries whose indices only the derivative tells
                    source = type_tree(parse("0"), known)
                    break
                raise type(error)(f"line {k + 1}: {error.message}", text=self.lines[k], hint=error.hint) from None
            known = {n: d for n, d in source.declarations.items() if n not in names}
            if declared or not said.name or said.of:
                break
            self.named[said.name] = tree
        assert source is not None
        self.named = {}
        kept = {n: d for n, d in known.items() if n not in tangents}
        return Source(source.tree, kept, source.sizes, source.text, source.syntax, source.assumed, source.conditions)

    def _first_tree(self, text: str, known: Mapping[str, Declaration], spelt: Mapping[str, str]) -> Node:
        """The tree of the first formula, its free indices bound."""
        try:
            return on_paper(text, None, known, spelt)
        except WrtError:
            for words, dialect in ((with_signs(text), None), (side_by_side(text), "latex")) if detect(text) == "python" else ():
                with suppress(WrtError):
                    tree = on_paper(words, dialect, known, spelt)
                    lengths = {n for d in known.values() if isinstance(d, Declaration) for s in d.shape.sizes for n in s.names}
                    if not undeclared(tree, known, lengths):
                        return tree
            for free in free_indices(text, known):
                with suppress(WrtError):
                    tree = parsed(braced(text), "latex", known, spelt, free)
                    sizes = index_sizes([*nodes_of(tree)], known)
                    if unbound(tree, free) <= set(sizes):
                        return bound(tree, unbound(tree, sizes), sizes)
            raise

    def _all_nodes(self) -> list[Node]:
        return [n for _, said in self.statements for text in said.formulas for n in nodes(text)]

    def _moving(self, declared: Mapping[str, Declaration]) -> tuple[str, ...]:
        """The variables that have a differential: those whose dX occurs, or the only one, where d(...) occurs."""
        words = " ".join(text for _, said in self.statements for text in said.formulas)
        found = tuple(n for n in declared if f"d{n}" not in declared and differential_in(words, n))
        pending = any(isinstance(n, Call) and n.function == "d" for n in self._all_nodes()) or bool(
            re.search(r"(?<![\w\\])(?:\\mathrm\{)?d\}?\s*(?:\\left)?\(", words)
        )
        pending = pending or any(said.differential for _, said in self.statements)
        return tuple(declared) if pending and not found and len(declared) == 1 else found

    # ------------------------------------------------------------------------------------------------ one formula
    def read(self, text: str, syntax: str | None = None) -> Node:
        """The untyped tree of a formula, other names left in. Raises: WrtError."""
        syntax = syntax or ("latex" if detect(text) == "latex" else None)
        if syntax is None and self.matlab and detect(text) == "python":
            with suppress(WrtError):
                found = self.read(text, "matlab")
                if not undeclared(found, {**self.declared, **self.shapes}, self.source.sizes):
                    return found
        known: dict[str, Declaration] = {**self.declared, **self.shapes}
        text = calls_of(text, list(self.source.declarations), self.shapes)
        tangents = {f"d{n}": Declaration(f"d{n}", d.shape) for n, d in self.shapes.items() if f"d{n}" not in known}
        known.update(tangents)
        words, inside = self._cut(text, known, self.shapes)
        trees: dict[str, Node] = {}
        for pending in inside:
            trees[pending.name] = self._worked_out(pending, syntax)
            known[pending.name] = Declaration(pending.name, self._shape(trees[pending.name]))
        spelt = {**self.spelt, **spelt_out(list(known)), **{s: f"d{n}" for n in (*self.moving, *self.shapes) for s in spellings(n)}}
        tree = self._on_paper(words, syntax, known, {**spelt, **{name: name for name in trees}})
        if "e" not in known:
            tree = with_euler(tree)
        tree = self._identities(tree, known)
        same = {key(name): name for name in known}
        tree = replace_names(tree, {n: Name(same[key(n)]) for n in undeclared(tree, known, self.source.sizes) if key(n) in same})
        changes: dict[str, Node] = dict(trees)
        for name in tangents:
            changes[name] = Call("d", (Name(name[1:]),))
        return replace_names(tree, changes) if changes else tree

    def _identities(self, tree: Node, known: Mapping[str, Declaration]) -> Node:
        """The tree with the identity for I, of the first size that fits the line before, or else by itself."""
        places = [n for n in undeclared(tree, known, self.source.sizes) if n in IDENTITY]
        fits: list[Node] = []
        for size in self.source.sizes if places else ():
            made = replace_names(tree, {name: Call("eye", (Name(size),)) for name in places})
            with suppress(WrtError):
                shape = self.typed(made).tree.shape
                fits.append(made)
                if self.last is not None and self.typed(self.last).tree.shape == shape:
                    return made
        return fits[0] if fits else tree

    def only_derivative(self, text: str) -> tuple[Node, tuple[str, ...], tuple[str, ...]] | None:
        """(function, variables, indices) of a formula that is a derivative asked for and nothing else; None for any other. Raises: WrtError."""
        words, inside = self._cut(text, {**self.declared, **self.shapes}, self.shapes)
        if len(inside) != 1 or words.strip() != inside[0].name or inside[0].differential:
            return None
        (pending,) = inside
        function = self.read(pending.inside, "latex" if detect(text) == "latex" else None)
        entry = self.entry(pending.by, {**self.declared, **self.shapes}) if pending.by else None
        names, indices = ((entry[0],), entry[1]) if entry is not None else (self.variables(function), ())
        return function, names * pending.order, indices

    def at(self, entry: tuple[str, tuple[str, ...]]) -> Node:
        """The name, or its entry at indices."""
        name, low = entry
        places = tuple(Number(Fraction(int(c)), c) if c.isdigit() else Name(c) for c in low)
        if not places:
            return Name(name)
        shape = {**self.declared, **self.shapes}[name].shape
        for c, size in zip(low, shape.sizes, strict=False):
            if not c.isdigit():
                self.indices.setdefault(c, size)
        return Index(Name(name), places)

    def read_loosely(self, text: str) -> Node:
        """The untyped tree of a formula whose shapes do not fit; the text as a name where there is none."""
        known = {**self.declared, **self.shapes}
        for loose in (one_size(known), all_square(known)):
            with suppress(WrtError):
                return renamed(on_paper(text, None, loose, {n: n for n in known if len(n) > 1}), self.source)[0]
        return Name(text)

    def _on_paper(self, text: str, syntax: str | None, known: Mapping[str, Declaration], spelt: Mapping[str, str]) -> Node:
        try:
            tree = on_paper(text, syntax, known, spelt)
            missing = [n for n in undeclared(tree, known, self.source.sizes) if n not in self.indices and key(n) not in map(key, known)]
            if missing and syntax is None and detect(text) == "python":  # letters side by side, as on paper: Ax
                with suppress(WrtError):
                    return self._on_paper(text, "latex", known, spelt)
        except WrtError:
            if syntax is None:
                for words, dialect in ((with_signs(text), None), (unmixed(text), "matlab"), (side_by_side(text), "latex")):
                    if words != text:
                        with suppress(WrtError):
                            tree = on_paper(words, dialect, known, spelt)
                            if not undeclared(tree, known, self.source.sizes):
                                return tree
            for free in free_indices(text, {*known, *self.source.sizes}):
                with suppress(WrtError):
                    tree = parsed(braced(text), "latex", known, spelt, free)
                    self._note_indices(tree, known)
                    return tree
            raise
        self._note_indices(tree, known)
        return tree

    def _note_indices(self, tree: Node, known: Mapping[str, Declaration]) -> None:
        """Remember the sizes of the free indices that the tree shows."""
        axes = {s: None for d in self.source.declarations.values() for s in d.shape.sizes}
        for name, size in index_sizes([*nodes_of(tree)], known, tuple(axes)).items():
            self.indices.setdefault(name, size)

    def _cut(self, text: str, known: Mapping[str, Declaration], defined: Mapping[str, object]) -> tuple[str, list[Pending]]:
        def may_be(name: str) -> bool:
            return self.entry(name, known) is not None

        native = detect(text) == "python" and bool(nodes(text))
        scalars = not any(d.shape.order for d in known.values() if isinstance(d, Declaration))
        return cut_out(text, may_be, lambda name: name in defined, known, differentials=not native and "d" not in known, primes=scalars)

    def entry(self, name: str, known: Mapping[str, object]) -> tuple[str, tuple[str, ...]] | None:
        r"""(variable, indices) that a name means: x, \theta, x_k, X_{ij}, x[k]; None where it means none."""
        name = name.removeprefix("\\").replace("{", "").replace("}", "")
        same = {key(n): n for n in known}
        if key(name) in same:
            return same[key(name)], ()
        found = _ENTRY.match(name)
        if found is None or key(found["base"]) not in same:
            return None
        low = (
            tuple(found["low"])
            if found["low"] and found["low"].isalpha()
            else (found["low"],)
            if found["low"]
            else tuple(re.split(r"[\s,]+", found["at"].strip()))
        )
        return same[key(found["base"])], low

    def _worked_out(self, pending: Pending, syntax: str | None) -> Node:
        """What stands for a derivative written inside a line."""
        inside = self.read(pending.inside, syntax)
        if pending.differential:
            return Call("d", (inside,))
        if not pending.by:
            names = self.variables(inside)
            return self.derivative(inside, names[:1] * pending.order, ())
        entry = self.entry(pending.by, {**self.declared, **self.shapes})
        assert entry is not None
        return self.derivative(inside, (entry[0],) * pending.order, entry[1])

    def variables(self, tree: Node) -> tuple[str, ...]:
        """The variable by which a formula is differentiated where nobody says so, the usual one of several. Raises: TextError."""
        names = self.candidates(tree)
        if not names or (len(names) > 1 and names[0] not in (*self.chosen, *USUAL)):
            raise TextError("it is not said by which variable is differentiated.", hint="write df/dx = ...")
        return names[:1]

    def candidates(self, tree: Node) -> tuple[str, ...]:
        """The variables by which a formula may be differentiated where nobody says so, the usual ones first: what moves, or what it holds."""
        held = [n for n in self.source.declarations if any(isinstance(p, Name) and p.name == n for p in postorder(self.expanded(tree)))]
        said = {self.entry(b, self.declared) for _, s in self.statements for b in s.by}
        names = [n for n in self.moving if n in held] or [e[0] for e in said if e is not None and e[0] in held] or held
        order = {n: k for k, n in enumerate(dict.fromkeys((*self.chosen, *USUAL)))}
        return tuple(sorted(names, key=lambda n: order.get(n, len(order))))

    def expanded(self, tree: Node, keep: Iterable[str] = ()) -> Node:
        """The tree with names of earlier lines written out, but for those to keep."""
        keep = set(keep)
        if not keep:
            return entries_taken(replace_names(tree, self.named) if self.named else tree)
        while True:
            values = {n: self.raw[n] for n in self.raw if n not in keep and any(isinstance(p, Name) and p.name == n for p in postorder(tree))}
            if not values:
                return entries_taken(tree)
            tree = replace_names(tree, values)

    def formula(self, tree: Node, keep: Iterable[str] = ()) -> Formula:
        """The formula of a tree without differentials; `keep`: names that stay, as variables."""
        keep = tuple(keep)
        kept = {n: self.shapes[n] for n in keep if n in self.shapes}
        tangents = {n: self.declared[n] for n in keep if n in self.declared and n not in self.source.declarations}
        return Formula(type_tree(bare(self.expanded(tree, kept)), {**self.source.declarations, **kept, **tangents}))

    def derivative(self, tree: Node, names: tuple[str, ...], indices: tuple[str, ...]) -> Node:
        """The derivative of a formula as a tree: in the layout that is tried, or its entry at the indices. Raises: WrtError."""
        self.laid_out = True
        plain = self.expanded(tree, names)
        free = sorted(unbound(plain, self.indices))
        d = Derivative(self.formula(bound(plain, free, self.indices), names), names, Convention(self.layout, "ignored"))
        view = None if indices or free else d.in_layout(self.layout)
        if view is not None:
            return self.expanded(bare(view.source.tree))
        given = (*free, *indices)
        if len(given) != len(d.index.indices):
            raise NoClosedFormError("this derivative is no matrix.", hint="write one entry of it, with indices.")
        declared = {**self.declared, **self.shapes}
        axes = (*d.formula.shape, *(s for n in names for s in declared[n].shape.sizes))
        sizes = dict(zip(d.index.indices, axes, strict=True))
        loops = tuple(Loop(i, Number(Fraction(0), "0"), parse(sizes[i].text)) for i in d.index.indices)
        whole = Generator("array", bare(d.index.expr.source.tree), loops)
        for name, letter in zip(d.index.indices, given, strict=True):
            self.indices.setdefault(letter, sizes[name])
        places = tuple(Number(Fraction(int(g)), g) if g.isdigit() else Name(g) for g in given)
        return self.expanded(Index(whole, places))

    def mentioned(self, name: str) -> bool:
        """Whether a line uses a name, or differentiates it."""
        word = re.compile(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])")
        return any(said.of == name or any(map(word.search, said.formulas)) or name in said.by for _, said in self.statements)

    def known(self, tree: Node) -> None:
        """Raises: UnknownNameError where a line holds a name that nobody declared or defined."""
        for name in undeclared(tree, {**self.declared, **self.shapes}, self.source.sizes):
            if name not in self.indices and name not in self.named:
                raise UnknownNameError(f"'{name}' is neither a variable of the derivation nor a function.")

    def moves(self, tree: Node) -> bool:
        """Whether a line holds a differential: d(E) or dX."""
        tangents = {f"d{n}" for n in self.moving}
        return any((isinstance(n, Call) and n.function == "d") or (isinstance(n, Name) and n.name in tangents) for n in postorder(tree))

    def _shape(self, tree: Node) -> Shape:
        try:
            return self.typed(tree).tree.shape or SCALAR
        except ShapeError:
            return SCALAR

    # ------------------------------------------------------------------------------------------------ names of lines
    def define(self, name: str, tree: Node) -> None:
        """A line's name stands for its formula from now on; r_i = ... defines r entry by entry."""
        if "^" in name:
            word = re.sub(r"\W+", "_", name).strip("_")
            self.spelt[name] = name = next(w for w in (word, f"{word}_line", f"{word}_line_") if w not in {**self.declared, **self.shapes})
        entry = _ENTRY.match(name) if "^" not in name and name not in self.spelt.values() else None
        free = sorted(unbound(self.expanded(tree), self.indices))
        if entry is not None and name not in self.named and entry["base"] not in {**self.declared, **self.shapes}:
            low = [c for c in (entry["low"] or entry["at"]) if c.isalpha()]
            if sorted(low) == free and len(low) == 1:
                name, tree = entry["base"], bound(tree, low, self.indices)
                free = []
        with suppress(WrtError):
            if not free and name.isidentifier() and name not in names_of(self.expanded(tree)):
                shape = self.typed(tree).tree.shape
                curve = name in self.source.declarations and shape == self.declared[name].shape  # x = cos(t)
                if shape is not None and (curve or name not in self.declared) and not self.moves(tree):
                    self.raw = in_a_name(name, tree, self.raw, self.expanded, self.typed)
                    self.shapes[name] = Declaration(name, shape)
                    self.raw[name] = tree
                if curve:
                    self.named = {n: replace_names(old, {name: self.expanded(tree)}) for n, old in self.named.items()}
        self.named[name] = self.expanded(tree)

    # ------------------------------------------------------------------------------------------------ typed
    def typed(self, tree: Node, beside: Node | None = None) -> Source:
        """The source of a line, differentials written out, its unbound indices and those of the line beside it bound. Raises: WrtError."""
        plain = self.differentiated(tree)
        if beside is not None and is_zero(plain) and not is_zero(beside):  # the zero of any shape
            plain = zero(self.typed(beside).tree.shape) or plain
        free = unbound(plain, self.indices) | (unbound(self.expanded(beside), self.indices) if beside is not None else set())
        plain = bound(plain, free, self.indices)
        source = type_tree(bare(plain), self.declared)
        for name in source.declarations:
            if name not in self.declared:
                raise UnknownNameError(f"'{name}' is neither a variable of the derivation nor a function.")
        return source

    def differentiated(self, tree: Node) -> Node:
        """The tree with names written out and d(E) replaced by the differential of E, the innermost first."""
        tree = self.expanded(tree)
        while True:
            waiting = [n for n in postorder(tree) if isinstance(n, Call) and n.function == "d" and len(n.children) == 1]
            if not waiting:
                return tree
            tree = all_replaced(tree, {id(waiting[0]): self.differential(waiting[0].arguments[0])})

    def differential(self, e: Node) -> Node:
        """The differential of a formula along those of the variables; that of dX is 0."""
        formula = Formula(type_tree(bare(self.expanded(e)), self.declared))
        terms = [self._along(formula, name) for name in self.moving]
        if not terms:
            raise TextError("d(...) says nothing where no line has the differential (dX) of a variable.", hint="write dX, dx, ... in a line.")
        total = terms[0]
        for term in terms[1:]:
            total = parse(f"{unparse(total)} + ({unparse(term)})")
        return total

    def _along(self, formula: Formula, name: str) -> Node:
        d = Derivative(formula, (name,), Convention("mixed", "ignored"))
        if d.operator is None:
            raise NoClosedFormError(f"the differential of {formula} has no closed form.")
        return replace_names(d.operator.source.tree, {d.tangents[0]: Name(f"d{name}")})
