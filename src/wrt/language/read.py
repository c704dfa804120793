"""Reading: a text in any dialect, with declarations beside it, becomes a typed `Source`. What nobody declared is inferred and listed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from wrt.errors import NotDifferentiableError, ShapeError, TextError, TooLargeError, WrtError
from wrt.language import declarations as declare
from wrt.language.builder import Reading
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.infer import Inference, undeclared
from wrt.language.parser import parse
from wrt.language.shapes import annotate, size_names
from wrt.language.sizes import Size
from wrt.language.surface import SCALAR, Declaration, Name, Node, Shape, Source, column, matrix, postorder
from wrt.language.unify import Sizes
from wrt.tables.facts import closure

SYNTAXES = ("python", "matlab", "latex", "unicode")
ROWS = ("m", "p", "k", "r", "s", "u", "v")
COLUMNS = ("n", "m", "p", "q", "k", "l", "r", "s", "d", "u", "v")


def read(text: str, shapes: ShapeSpec = None, assume: FactSpec = None, syntax: str | None = None, names: Mapping[str, str] | None = None) -> Source:
    """The typed formula of a text. `syntax`: "python", "matlab" or "latex"; None finds out. `names`: how a LaTeX text spells variables.

    Raises: TextError, UnknownNameError, ShapeError, TooLargeError, with a caret under the culprit.
    """
    declared = declare.declare(shapes, assume)
    syntax, reading = parse_dialect(text, syntax, declared, names or {})
    guessed = {name: Declaration(name, shape) for name, shape in reading.assumed.items() if name not in declared}
    try:
        source = type_tree(reading.tree, {**declared, **guessed}, text, syntax)
        told = (*[say(d) for d in guessed.values()], *reading.notes)
        return replace(source, assumed=(*source.assumed, *told)) if told else source
    except NotDifferentiableError:
        raise
    except WrtError as error:
        raise error.located(text, error.span) from None


def parse_dialect(text: str, syntax: str | None, declared: Mapping[str, Declaration], names: Mapping[str, str]) -> tuple[str, Reading]:
    """(dialect, what the text says in it)."""
    from wrt.language import dialect

    if syntax is not None and syntax not in SYNTAXES:
        raise TextError(f"syntax must be one of {', '.join(SYNTAXES)}, not {syntax!r}.")
    syntax = syntax or ("latex" if names else dialect.detect(text))
    shapes = {name: d.shape for name, d in declared.items()}
    facts = {name: closure(d.facts) for name, d in declared.items()}
    if syntax == "matlab":
        from wrt.language import matlab

        return syntax, matlab.read(text, shapes, facts)
    if syntax in ("latex", "unicode"):  # the Unicode style is read by the same grammar
        from wrt.language import latex

        return syntax, latex.read(text, shapes, dict(names), facts)
    return syntax, Reading(parse(text), {}, ())


def type_tree(tree: Node, declared: Mapping[str, Declaration], text: str = "", syntax: str = "python") -> Source:
    """The source of an untyped tree beside declarations; undeclared names are inferred."""
    all_declared = dict(declared)
    sizes = size_names(all_declared)
    missing = undeclared(tree, all_declared, sizes)
    unifier = Sizes()
    assumed: list[str] = []
    flexible: list[str] = []
    if missing:
        unknown_called(tree, missing)
        kinds = Inference(tree, missing, all_declared, text).run()
        for name, kind in kinds.items():
            if kind == "size":
                sizes[name] = None
            else:
                declare.check_name(name)
                all_declared[name] = Declaration(name, _flexible(kind, unifier, missing[name][0]))
                flexible.append(name)
    try:
        conditions = annotate(tree, all_declared, sizes=sizes, unifier=unifier)
    except ShapeError as error:
        error.message = _named(error.message, {*sizes, *all_declared})
        raise
    if flexible or unifier.bound:
        lone = _lone_size(missing, sizes, all_declared, unifier)
        all_declared = _settle(tree, all_declared, flexible, unifier, {*sizes, *all_declared, *_bound_names(tree)}, lone)
        for name in flexible:
            _small(all_declared[name], missing[name][0])
        assumed = [say(all_declared[name]) for name in flexible]
        conditions = ()  # found again with the names that sizes have now
        conditions = annotate(tree, all_declared, sizes=sizes)
    assumed += [f"{name}: a size" for name in missing if name in sizes]
    for name in size_names(all_declared):
        sizes[name] = None
    return Source(tree, all_declared, tuple(sizes), text, syntax, tuple(assumed), conditions)


def read_like(words: str, source: Source, indices: Mapping[str, Size] | None = None, extra: Mapping[str, Declaration] | None = None) -> Source:
    """A printed view read back beside the declarations of `source`; `indices` are free index names, `extra` further variables."""
    tree = parse(words)
    declared = {**source.declarations, **(extra or {})}
    try:
        conditions = annotate(tree, declared, sizes=source.sizes, indices=indices)
    except WrtError as error:
        raise error.located(words, error.span) from None
    return Source(tree, declared, source.sizes, words, "python", (), conditions)


def unknown_called(tree: Node, missing: Mapping[str, list[Name]]) -> None:
    """A near miss of a function's name used as a variable is told by the parser already; here only keywords are refused."""
    for name, occurrences in missing.items():
        if name in declare.KEYWORDS:
            raise TextError(f"'{name}' is a keyword.", span=occurrences[0].span)


def _named(message: str, taken: set[str]) -> str:
    """A message with letters for sizes that have no name yet."""
    letters = [w for w in (*COLUMNS, *(f"n{k}" for k in range(1, 100))) if w not in taken]
    names: dict[str, str] = {}
    return re.sub(r"\?\d+", lambda found: names.setdefault(found.group(), letters[len(names) % len(letters)]), message)


def say(d: Declaration) -> str:
    """`A: m x n`, `x: n`, `c: scalar`."""
    return f"{d.name}: {' x '.join(map(str, d.shape.sizes)) or 'scalar'}"


def _flexible(kind: str, unifier: Sizes, first: Name) -> Shape:
    match kind:
        case "column":
            return column(unifier.fresh())
        case "matrix":
            return matrix(unifier.fresh(), unifier.fresh())
        case "scalar":
            return SCALAR
    order = int(kind.removeprefix("tensor"))
    if order > declare.MAX_ORDER:
        raise TooLargeError(f"{first.name} would have order {order}; the limit is {declare.MAX_ORDER}.", span=first.span)
    return Shape("tensor", tuple(unifier.fresh() for _ in range(order)))


def _small(d: Declaration, first: Name) -> None:
    """Refuse an inferred shape that could not be declared."""
    if any(s.number is not None and s.number > declare.MAX_SIZE for s in d.shape.sizes):
        says = f"{d.name} would be {d.shape}; sizes up to {declare.MAX_SIZE} may be written as numbers."
        raise TooLargeError(says, span=first.span, hint="use a name for the size.")


def _bound_names(tree: Node) -> set[str]:
    from wrt.language.surface import Loop, Steps

    out: set[str] = set()
    for node in postorder(tree):
        if isinstance(node, Loop):
            out.add(node.name)
        elif isinstance(node, Steps):
            out.update(name for name, _ in node.steps)
    return out


def _lone_size(missing: Mapping[str, list[Name]], sizes: Mapping[str, object], declared: Mapping[str, Declaration], unifier: Sizes) -> str | None:
    """The undeclared size that only numbers mention, where one size is open: in sum((x - mean(x))**2)/n the n is the size of x."""
    used = {n for d in declared.values() for s in d.shape.sizes for n in unifier.find(s).names}
    open_sizes = {n for n in used if n.startswith("?")}
    lone = [name for name in missing if name in sizes and name not in used]
    return lone[0] if len(lone) == 1 and len(open_sizes) == 1 else None


def _settle(
    tree: Node, declared: dict[str, Declaration], flexible: list[str], unifier: Sizes, taken: set[str], lone: str | None
) -> dict[str, Declaration]:
    """Name the sizes that are still free: `lone` where it is the only one, else rows m, columns and vectors n, then p, q, ..."""
    free: dict[str, str] = {}

    def name(pool: tuple[str, ...], size: Size) -> None:
        for word in sorted(unifier.find(size).names):
            if word.startswith("?") and word not in free:
                k = 0
                if lone is not None:
                    free[word] = lone
                    continue
                while True:
                    choice = next((w + (str(k) if k else "") for w in pool if w + (str(k) if k else "") not in taken), None)
                    if choice is not None:
                        break
                    k += 1
                free[word] = choice
                taken.add(choice)

    for which in ("matrix", "tensor", "column"):
        for variable in flexible:
            shape = declared[variable].shape
            if shape.kind != which:
                continue
            pools: list[tuple[str, ...]] = [COLUMNS] * shape.order
            if which == "matrix" and unifier.find(shape.sizes[0]) is not unifier.find(shape.sizes[1]):
                pools = [ROWS, COLUMNS]
            for pool, size in zip(pools, shape.sizes, strict=True):
                name(pool, size)
    chosen = {word: Size.of(new) for word, new in free.items()}

    def final(shape: Shape) -> Shape:
        return Shape(shape.kind, tuple(unifier.find(s).substitute(chosen) for s in shape.sizes))

    for node in postorder(tree):
        node.shape = None
    return {n: Declaration(n, final(d.shape), d.facts) for n, d in declared.items()}
