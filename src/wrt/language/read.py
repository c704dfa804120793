"""Reading: a text in any dialect, with declarations beside it, becomes a typed `Source`. What nobody declared is inferred and listed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

from wrt.errors import NotDifferentiableError, ShapeError, TextError, TooLargeError, WrtError
from wrt.language import declarations as declare
from wrt.language.builder import Reading
from wrt.language.declarations import FactSpec, ShapeSpec
from wrt.language.functions_declared import primed
from wrt.language.hints import for_keyword
from wrt.language.infer import Inference
from wrt.language.parser import parse
from wrt.language.scopes import size_names, undeclared
from wrt.language.shapes import annotate
from wrt.language.sizes import Size
from wrt.language.slips import refuse_slips
from wrt.language.surface import (
    SCALAR,
    Binary,
    Call,
    Declaration,
    FunctionDeclaration,
    Index,
    Name,
    Node,
    Number,
    Shape,
    Source,
    Unary,
    column,
    matrix,
    postorder,
)
from wrt.language.unify import Sizes
from wrt.tables.facts import closure

MIXED = "@, ** and .T are Python's: x.T @ A @ x, x**2; beside ᵀ, ², ‖ and \\ a product is A x."
_PYTHON = re.compile(r"@|\*\*|\.T\b")
SYNTAXES = ("python", "matlab", "latex", "unicode")
ROWS = ("m", "p", "k", "r", "s", "u", "v")
COLUMNS = ("n", "m", "p", "q", "k", "l", "r", "s", "d", "u", "v")


def read(
    text: str,
    shapes: ShapeSpec = None,
    assume: FactSpec = None,
    syntax: str | None = None,
    names: Mapping[str, str] | None = None,
    by: Iterable[str] = (),
) -> Source:
    """The typed formula of a text. `syntax`: "python", "matlab" or "latex"; None finds out. `names`: how a LaTeX text spells variables.
    `by`: the variables of a derivative, where they are known: an undeclared one is no size, and in LaTeX is inferred beside others that are declared.

    Raises: TextError, UnknownNameError, ShapeError, TooLargeError, with a caret under the culprit.
    """
    declared = declare.declare(shapes, assume)
    by = [name.partition("[")[0].strip() for name in by]
    source = _read(text, declared, syntax, names or {}, by)
    counted = [name for name in by if name in source.sizes and name not in size_names(declared)]
    if counted:
        with suppress(WrtError):  # a number of things is no variable: the k of k*x**2 is
            numbers = {name: Declaration(name, SCALAR) for name in counted}
            found = _read(text, {**declared, **numbers}, syntax, names or {}, (*by, *source.declarations))
            return replace(found, assumed=(*found.assumed, *map(say, numbers.values())))
    return source


def _read(text: str, declared: Mapping[str, Declaration], syntax: str | None, names: Mapping[str, str], by: Iterable[str]) -> Source:
    """`read` beside what is declared."""
    syntax, reading = parse_dialect(text, syntax, declared, names, by)
    guessed = {name: Declaration(name, shape) for name, shape in reading.assumed.items() if name not in declared}
    try:
        source = type_tree(reading.tree, {**declared, **guessed}, text, syntax)
        told = (*[say(d) for d in guessed.values()], *reading.notes)
        return replace(source, assumed=(*source.assumed, *told)) if told else source
    except NotDifferentiableError:
        raise
    except WrtError as error:
        raise error.located(text, error.span) from None


def parse_dialect(
    text: str, syntax: str | None, declared: Mapping[str, Declaration], names: Mapping[str, str], by: Iterable[str] = ()
) -> tuple[str, Reading]:
    """(dialect, what the text says in it); `by`: the variables of a derivative, inferred beside others that are declared."""
    from wrt.language import dialect

    if syntax is not None and syntax not in SYNTAXES:
        raise TextError(f"syntax must be one of {', '.join(SYNTAXES)}, not {syntax!r}.")
    functions = {name: d for name, d in declared.items() if isinstance(d, FunctionDeclaration)}
    syntax = syntax or ("latex" if names or primed(text, functions) else dialect.detect(text))
    shapes = {name: d.shape for name, d in declared.items() if name not in functions}
    facts = {name: closure(d.facts) for name, d in declared.items() if name not in functions}
    if syntax == "matlab":
        from wrt.language import matlab

        return syntax, matlab.read(text, shapes, facts, functions)
    if syntax in ("latex", "unicode"):  # the Unicode style is read by the same grammar
        from wrt.language import latex

        try:
            return syntax, latex.read(text, shapes, dict(names), facts, functions=functions, by=by)
        except TextError as error:
            error.hint = error.hint or (MIXED if _PYTHON.search(text) else "")
            raise
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
        unknown_called(tree, missing, all_declared)
        if syntax in ("python", "matlab"):
            refuse_slips(tree, missing, all_declared, sizes)
        places: set[int] = set()  # what stands in an index, where a number may be a free index
        for node in reversed(list(postorder(tree))):  # parents before children
            places |= {id(c) for c in (node.children if id(node) in places else node.parts if isinstance(node, Index) else ())}
        open_names = {name: nodes for name, nodes in missing.items() if any(n.role != "size" or id(n) in places for n in nodes)}
        kinds = {**Inference(tree, open_names, all_declared, text).run(), **{name: "size" for name in missing if name not in open_names}}
        for name, kind in kinds.items():
            if kind == "size":
                sizes[name] = None
            elif kind == "integer":
                all_declared[name] = Declaration(name, SCALAR, frozenset({"integer", "index"}))
            else:
                declare.check_name(name)
                all_declared[name] = Declaration(name, _flexible(kind, unifier, missing[name][0]))
                flexible.append(name)
    try:
        conditions = annotate(tree, all_declared, sizes=sizes, unifier=unifier)
    except ShapeError as error:
        error.message, error.hint = _named(error.message, error.hint, {*sizes, *all_declared})
        raise
    if flexible or unifier.bound:
        lone = _lone_size(tree, missing, sizes, all_declared, unifier)
        all_declared = _settle(tree, all_declared, flexible, unifier, {*sizes, *all_declared, *_bound_names(tree)}, lone)
        for name in flexible:
            _small(all_declared[name], missing[name][0])
        assumed = [say(all_declared[name]) for name in flexible]
        conditions = ()  # found again with the names that sizes have now
        conditions = annotate(tree, all_declared, sizes=sizes)
    assumed += [f"{name}: a size" for name in missing if name in sizes]
    assumed += [f"{name}: a whole number" for name in missing if name in all_declared and "integer" in all_declared[name].facts]
    assumed += notes(tree, missing, syntax) if syntax != "latex" else []
    for name in size_names(all_declared):
        sizes[name] = None
    return Source(tree, all_declared, tuple(sizes), text, syntax, tuple(assumed), conditions)


def read_like(words: str, source: Source, indices: Mapping[str, Size] | None = None, extra: Mapping[str, Declaration] | None = None) -> Source:
    """A printed view read back beside the declarations of `source`; `indices` are free index names, `extra` further variables."""
    try:
        tree = parse(words)
    except TooLargeError as error:
        raise TooLargeError(f"a printed form is past a limit: {error.message}", text=source.text, span=(0, len(source.text))) from None
    declared = {**source.declarations, **(extra or {})}
    try:
        conditions = annotate(tree, declared, sizes=source.sizes, indices=indices)
    except WrtError as error:
        raise error.located(words, error.span) from None
    return Source(tree, declared, source.sizes, words, "python", (), conditions)


def unknown_called(tree: Node, missing: Mapping[str, list[Name]], declared: Mapping[str, Declaration]) -> None:
    """Refuse keywords, and a power T that may be meant as the transpose; a near miss of a function's name is told by the parser already."""
    for name, occurrences in missing.items():
        if name in declare.KEYWORDS:
            raise TextError(f"'{name}' is a keyword.", span=occurrences[0].span, hint=for_keyword(name))
    for node in postorder(tree) if "T" in missing else ():
        if isinstance(node, Binary) and node.op == "**" and node.right in missing["T"] and isinstance(node.left, Name):
            base = declared.get(node.left.name)
            if base is None or base.shape.order:
                hint = f"the transpose is {node.left.name}.T; declare T if it is a variable."
                raise TextError("is **T the transpose, or a power T?", span=node.span, hint=hint)


def _square(node: Node) -> bool:
    return node.shape is not None and node.shape.kind == "matrix" and node.shape.sizes[0] is node.shape.sizes[1]


def notes(tree: Node, missing: Mapping[str, list[Name]], syntax: str) -> list[str]:
    """What a name or an operation may be taken for: the number e, the identity I, x.T*A for x.T @ A, A**-1 for inv(A)."""
    found: dict[str, None] = {}
    for node in postorder(tree):
        match node:
            case Binary(op="**", left=Name(name="e")) if "e" in missing:
                found["e is a variable, the exponential function is exp(x)"] = None
            case Name(name="I") if "I" in missing:
                found["I is a variable, the identity is eye(n)"] = None
            case Binary(op="**", left=Name() as x, right=Unary(op="-", argument=Number(value=Fraction(numerator=1, denominator=1)))) if (
                syntax == "python" and _square(x)
            ):
                found[f"{x.name}**-1 goes entry by entry, the inverse is inv({x.name})"] = None
            case Binary(op="*", left=Unary(op="T", argument=Name() as x), right=Name() as y) if {x.name, y.name} & missing.keys():
                found[f"{x.name}.T*{y.name} goes entry by entry, the product of matrices is {x.name}.T @ {y.name}"] = None
    return list(found)


def _named(message: str, hint: str, taken: set[str]) -> tuple[str, str]:
    """A message and its hint with letters for sizes that have no name yet: m x n for the first matrix."""
    pools = ROWS if re.search(r"\?\d+ x \?\d+", message) else COLUMNS
    letters = [w for w in dict.fromkeys((*pools[:1], *COLUMNS, *(f"n{k}" for k in range(1, 100)))) if w not in taken]
    names: dict[str, str] = {}

    def letter(found: re.Match[str]) -> str:
        return names.setdefault(found.group(), letters[len(names) % len(letters)])

    return re.sub(r"\?\d+", letter, message), re.sub(r"\?\d+", letter, hint)


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


def _lone_size(
    tree: Node, missing: Mapping[str, list[Name]], sizes: Mapping[str, object], declared: Mapping[str, Declaration], unifier: Sizes
) -> str | None:
    """The undeclared size that only numbers mention, where one size is open: in sum((x - mean(x))**2)/n the n is the size of x."""
    used = {n for d in declared.values() for s in d.shape.sizes for n in unifier.find(s).names}
    open_sizes = {n for n in used if n.startswith("?")}
    exponents = [p for n in postorder(tree) if isinstance(n, Call) and n.function == "matpow" for p in n.arguments[1:]]
    counts = {p.name for e in exponents for p in postorder(e) if isinstance(p, Name)}
    lone = [name for name in missing if name in sizes and name not in used and name not in counts]
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
    return {n: d.reshaped(final) for n, d in declared.items()}
