r"""Which undeclared letters of a LaTeX text are numbers, columns or matrices: the rules of the text language, by how a letter is used.

What is divided by, raised to a power that no array has, or added to a number is a number: the N of \frac1N\|Xw-y\|^2. What nothing forces to be an array
is one too: the C of C\|w\|^2. What is left follows its letter, with the fewest departures that fit (`assume`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from wrt.errors import ShapeError, WrtError
from wrt.language.assume import MAX_COST, by_letters, letter_kind
from wrt.language.builder import Reading
from wrt.language.surface import Binary, Call, Generator, Index, Name, Node, Shape, Steps, Unary, postorder
from wrt.tables.functions import FUNCTIONS

Rule = Callable[[str], str]
Attempt = Callable[[dict[str, str], Rule, set[str]], Reading]  # kinds, the rule for the others, and where it notes what is used as a number
Found = tuple[Reading, dict[str, str]]
MAX_ROUNDS = 5
FEW = 2  # departures from the letters beside letters that are numbers: no capital is one of them
SUMS = ("+", "-", "<", "<=", ">", ">=", "==", "!=")
OF_MATRICES = frozenset(("tr", "det", "logdet", "inv", "pinv", "adj", "expm", "logm", "sqrtm", "eigvalsh", "svdvals"))


def all_scalars(name: str) -> str:
    """Small letters are scalars."""
    return "matrix" if letter_kind(name) == "matrix" else "scalar"


def _number(_: str) -> str:
    return "scalar"


def choose(attempt: Attempt, text: str, length: int) -> Reading:
    """The reading with the kinds that the rules give. Raises: what `by_letters` raises where none fits."""
    numbers: set[str] = set()
    try:
        return _settled(attempt, _once(attempt, {}, all_scalars, numbers), all_scalars)  # nothing forces an array: x^2
    except WrtError:
        if numbers and (plain := _all_numbers(attempt)) is not None:
            return plain
    fixed = _numbers(attempt)
    if fixed:
        try:
            found = _searched(attempt, text, length, fixed, FEW)
            if not _beside_arrays(found[0].tree, fixed):
                return _settled(attempt, found, letter_kind)
        except WrtError:
            pass
    return _settled(attempt, _searched(attempt, text, length, {}), letter_kind)


def _once(attempt: Attempt, kinds: dict[str, str], rule: Rule, numbers: set[str]) -> Found:
    """One reading. Raises: ShapeError where an undeclared number stands as the argument of a function of matrices."""
    reading = attempt(kinds, rule, numbers)
    for node in postorder(reading.tree):
        if isinstance(node, Call) and node.function in OF_MATRICES and node.arguments:
            inside = node.arguments[0]
            names = [n.name for n in postorder(inside) if isinstance(n, Name) and n.name in reading.assumed]
            if names and inside.shape is not None and not inside.shape.order:
                says = f"{names[0]} is taken as a scalar, but {node.function} takes a matrix."
                raise ShapeError(says, span=node.span, hint="declare its shape.")
    return reading, kinds


def _all_numbers(attempt: Attempt) -> Reading | None:
    """The reading with all undeclared letters as numbers, where nothing in it takes an array."""
    try:
        reading, _ = _once(attempt, {}, _number, set())
    except WrtError:
        return None
    arrays = any(
        isinstance(node, Index) or (isinstance(node, Unary) and node.op == "T") or (isinstance(node, Call) and node.function not in FUNCTIONS)
        for node in postorder(reading.tree)
    )
    return None if arrays else reading


def _numbers(attempt: Attempt) -> dict[str, str]:
    """The letters that are used as numbers where all follow their letters."""
    fixed: dict[str, str] = {}
    for _ in range(MAX_ROUNDS):
        numbers: set[str] = set()
        with suppress(WrtError):
            attempt(dict(fixed), letter_kind, numbers)
        if numbers <= fixed.keys():
            break
        fixed.update(dict.fromkeys(sorted(numbers), "scalar"))
    return fixed


def _searched(attempt: Attempt, text: str, length: int, fixed: Mapping[str, str], most: int = MAX_COST) -> Found:
    """The reading nearest to the letters, some of which are known."""

    def one(kinds: dict[str, str]) -> Found:
        whole = {**kinds, **fixed}
        try:
            return _once(attempt, whole, letter_kind, set())
        finally:
            kinds.update({name: kind for name, kind in whole.items() if name not in fixed})

    return by_letters(one, text, length, most)


def _beside_arrays(tree: Node, fixed: Mapping[str, str]) -> bool:
    """Whether a capital letter that is used as a number multiplies an array somewhere: there its letter says matrix."""
    for node in postorder(tree):
        if isinstance(node, Binary) and node.op == "*":
            for part, other in (node.children, node.children[::-1]):
                array = other.shape is not None and other.shape.order > 0
                if array and isinstance(part, Name) and part.name in fixed and letter_kind(part.name) == "matrix":
                    return True
    return False


def _settled(attempt: Attempt, found: Found, rule: Rule) -> Reading:
    """The reading with what nothing forces to be an array as numbers, where that fits too."""
    reading, kinds = found
    for _ in range(MAX_ROUNDS):
        free = unforced(reading.tree, reading.assumed)
        if not free:
            break
        kinds = {**kinds, **dict.fromkeys(free, "scalar")}
        try:
            reading, kinds = _once(attempt, kinds, rule, set())
        except WrtError:
            break
    return reading


def unforced(tree: Node, assumed: Mapping[str, Shape]) -> list[str]:
    """The undeclared arrays that could be numbers: no operation on them takes an array, and no array stands beside them in a product or sum."""
    names = [name for name, shape in assumed.items() if shape.order]
    forced: set[str] = set()
    nodes = list(postorder(tree)) if names else []
    before = -1
    while before < len(forced) < len(names):
        before = len(forced)
        arrays: set[int] = set()  # nodes that are arrays whatever the open names are
        for node in nodes:
            if _is_array(node, arrays, assumed, forced):
                arrays.add(id(node))
        needed: set[int] = set()  # nodes that must be arrays
        for node in reversed(nodes):  # parents before children
            needed.update(map(id, _needs(node, id(node) in needed, arrays)))
            if isinstance(node, Name) and id(node) in needed and node.name in assumed:
                forced.add(node.name)
        forced &= set(names)
    return [name for name in names if name not in forced]


def _is_array(node: Node, arrays: set[int], assumed: Mapping[str, Shape], forced: set[str]) -> bool:
    if isinstance(node, Name) and node.name in assumed:
        return node.name in forced
    if isinstance(node, Unary | Binary) and getattr(node, "op", "") not in ("@", "T"):
        return any(id(c) in arrays for c in node.children)
    if isinstance(node, Call) and node.function in FUNCTIONS:
        return any(id(c) in arrays for c in node.arguments)
    if isinstance(node, Generator):
        return id(node.body) in arrays
    return node.shape is not None and node.shape.order > 0


def _needs(node: Node, needed: bool, arrays: set[int]) -> list[Node]:
    """The children that must be arrays, of a node that must be one or need not."""
    beside = any(id(c) in arrays for c in node.children)
    match node:
        case Binary(op="**"):
            return [node.left] if needed else []
        case Binary() if node.op in ("*", "/", *SUMS):
            return list(node.children) if needed or beside else []
        case Unary(op="-"):
            return list(node.children) if needed else []
        case Call() if node.function in FUNCTIONS:
            return list(node.arguments) if needed or beside else []
        case Generator():
            return [node.body] if needed else []
        case Steps():
            return list(node.children)
    return list(node.children)
