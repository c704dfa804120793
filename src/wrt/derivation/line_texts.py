"""The texts of a derivation before they are read: lines, sentences within a line, and the nodes that tell the sizes of indices."""

from __future__ import annotations

import re
from collections.abc import Mapping

from wrt.derivation.handed_in import clauses, cleared
from wrt.derivation.statements import statement
from wrt.derivation.terms import all_replaced
from wrt.errors import WrtError
from wrt.language.dialect import detect
from wrt.language.parser import parse
from wrt.language.surface import Binary, Call, Declaration, Index, Node, postorder
from wrt.tables.functions import FUNCTIONS

_BREAKS = re.compile(r"\\\\(?:\[[^\]]*\])?\s*\n?|\n")
_LETTERS = re.compile(r"(?P<over>/\s*)?(?<![A-Za-z_\\{.])(?P<word>[A-Za-z]{2,4})(?![\w(\[{]|\.[^\W\d])(?P<raised>\s*(?:\^|\*\*))?")
_TABLES = re.compile(r"\\begin\{(?:\w*matrix|cases|array)\}")


def lines_of(text: str) -> list[str]:
    r"""The lines of a derivation in one text, cut at line breaks and at \\ outside of matrices."""
    return [line for line in (text.splitlines() if _TABLES.search(text) else _BREAKS.split(text)) if cleared(line).strip()]


def sentences(line: str) -> list[str]:
    """A line with definitions behind a comma cut into statements: f = u**2, u = 3*x."""
    parts = [clause.strip() for remark, clause in clauses(line) if not remark]
    if len(parts) < 2 or not all("=" in p for p in parts[1:]):
        return [line]
    names = [(statement(p).name, p) for p in parts]
    later = [p for k, (name, p) in enumerate(names) if name.isidentifier() and any(re.search(rf"(?<![^\W_]){name}(?![^\W_])", q) for q in parts[:k])]
    return [*later, *(p for p in parts if p not in later)]  # what a formula before uses comes first


def undifferentiated(node: Node) -> list[Node]:
    """The node, if it can say the size of an index: with d(E) inside, as E."""
    if isinstance(node, Index):
        return [inside_of(node)]
    return [node] if isinstance(node, Binary) and node.op == "==" else []


def nodes_of(tree: Node) -> list[Node]:
    return [n for node in postorder(tree) for n in undifferentiated(node)]


def nodes(text: str) -> list[Node]:
    """The nodes of a line in the text language; none where it is in another dialect."""
    try:
        return list(postorder(parse(text)))
    except WrtError:
        return []


def inside_of(tree: Node) -> Node:
    """E for d(E): the formula that declares the variables."""
    return all_replaced(tree, {id(n): n.arguments[0] for n in postorder(tree) if isinstance(n, Call) and n.function == "d"})


def letters_apart(text: str, declared: Mapping[str, Declaration], taken: set[str]) -> str:
    """The text with xy, of which nobody speaks but as of x and y, as their product; 1/xy is 1/(xy).

    `declared`: the variables; `taken`: words that mean something else.

    >>> from wrt.language.surface import SCALAR
    >>> letters_apart("x^2 + xy + 1/xy", {name: Declaration(name, SCALAR) for name in "xy"}, set())
    'x^2 + x*y + 1/(x*y)'
    """
    latex = detect(text) == "latex"

    def change(found: re.Match[str]) -> str:
        word, over, raised = found["word"], found["over"] or "", found["raised"] or ""
        if (
            word in taken
            or word in declared
            or word in FUNCTIONS
            or not all(c in declared for c in word)
            or (word[0] == "d" and word[1:] in declared)
        ):
            return found.group()
        scalars = not any(declared[c].shape.order for c in word)
        made = ("*" if scalars and not latex else " ").join(word)
        return f"{over}({made})" if over and not raised else f"{over}{made}{raised}"

    return _LETTERS.sub(change, text)
