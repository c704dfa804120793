"""Lines of a derivation as typed trees: what is still to be differentiated is written d(E) or diff(E, x[k]); places are paths of child numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from wrt.derivative import Derivative
from wrt.errors import NoClosedFormError
from wrt.formula import Formula
from wrt.language.parser import parse
from wrt.language.rewrite import with_children
from wrt.language.shapes import annotate
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Call, Declaration, Generator, Loop, Name, Node, Number, Source, Steps, postorder
from wrt.tables.facts import closure

PENDING = ("d", "diff")
OPEN = (*PENDING, "lim")  # what is no formula of the language: to be differentiated, a limit to be taken
LONGEST = 4000  # nodes in a line

Place = tuple[int, ...]


def is_pending(node: Node) -> bool:
    """Whether a node is still to be differentiated."""
    return isinstance(node, Call) and node.function in PENDING


def is_open(tree: Node) -> bool:
    """Whether something in a line is still to be differentiated, or a limit to be taken."""
    return any(isinstance(n, Call) and n.function in OPEN for n in postorder(tree))


def pendings(tree: Node) -> list[Call]:
    """What is still to be differentiated, each once."""
    return [n for n in postorder(tree) if isinstance(n, Call) and n.function in PENDING]


@dataclass
class Setting:
    """One derivation's surroundings: the derivative, its variable, the tangent dX, the free indices of a line and the one differentiated by."""

    derivative: Derivative
    variable: str
    tangent: str
    style: str
    indices: dict[str, Size] = field(default_factory=dict)
    by: Node | None = None
    entry: tuple[str, ...] = ()  # the free indices of the function's entry
    _read: dict[str, Node] = field(default_factory=dict, repr=False)

    @cached_property
    def source(self) -> Source:
        return self.derivative.formula.source

    @property
    def by_entries(self) -> bool:
        """Whether a line stands for one entry of the derivative."""
        return bool(self.indices)

    @property
    def symmetric(self) -> bool:
        """Whether the variable's entries X[i, j] and X[j, i] are one, each the mean of both."""
        facts = closure(self.source.declarations[self.variable].facts)
        return "symmetric" in facts and self.derivative.convention.structure == "projected"

    @cached_property
    def declared(self) -> dict[str, Declaration]:
        """The formula's names and the tangent."""
        tangent = self.derivative.variables[0].tangent
        return {**self.source.declarations, self.tangent: Declaration(self.tangent, tangent)}

    def read(self, text: str) -> Node:
        """The typed tree of a line, which nobody may change."""
        if text not in self._read:
            tree = parse(text)
            type_line(tree, self.declared, self.source.sizes, self.indices)
            self._read[text] = tree
        return self._read[text]


def type_line(tree: Node, declared: dict[str, Declaration], sizes: Iterable[str], indices: dict[str, Size]) -> None:
    """Shapes and roles for a line's tree; what is to be differentiated has the shape of its differential."""
    mirror: dict[int, Node] = {}
    nodes = list(postorder(tree))
    if len(nodes) > LONGEST:
        raise NoClosedFormError("the steps grow too long to be read.", hint="name parts of the function, and derive by those.")
    for node in nodes:
        if isinstance(node, Call) and node.function in OPEN:
            mirror[id(node)] = mirror[id(node.arguments[0])]
        elif all(mirror[id(c)] is c for c in node.children):
            mirror[id(node)] = node
        else:
            mirror[id(node)] = with_children(node, tuple(mirror[id(c)] for c in node.children))
    annotate(mirror[id(tree)], declared, sizes=sizes, indices=indices)
    for node in nodes:
        node.shape = mirror[id(node)].shape


@dataclass
class Scene:
    """What a rule may see besides the node it rewrites: the setting, the loops around the node, the named steps, and the names in use."""

    setting: Setting
    loops: dict[str, Loop]
    steps: dict[str, Node]
    tree: Node
    used: set[str] = field(default_factory=set)

    @cached_property
    def taken(self) -> set[str]:
        """The names in use in the line and around it."""
        setting = self.setting
        names = {n.name for n in postorder(self.tree) if isinstance(n, (Name, Loop))}
        return names | {*setting.declared, *setting.source.sizes, *setting.indices, *self.steps, "d", "diff"}

    def varies(self, node: Node) -> bool:
        """Whether the variable, or a step that depends on it, occurs below."""
        return any(isinstance(n, Name) and (n.name == self.setting.variable or n.name in self.moving) for n in postorder(node))

    def _claim(self, word: str) -> bool:
        if word in self.taken or word in self.used:
            return False
        self.used.add(word)
        return True

    def fresh_numbered(self, letter: str) -> str:
        """u1, u2, ...: the next that nobody uses."""
        k = 1
        while not self._claim(f"{letter}{k}"):
            k += 1
        return f"{letter}{k}"

    def size_named(self, name: str, nearer: Iterable[Loop] = ()) -> Size | None:
        """The size of the range of an index, bound or free."""
        loops = {**self.loops, **{loop.name: loop for loop in nearer}}
        return size_of(loops[name]) if name in loops else self.setting.indices.get(name)

    @cached_property
    def moving(self) -> set[str]:
        """The named steps that depend on the variable."""
        out: set[str] = set()
        for name, value in self.steps.items():
            if any(isinstance(n, Name) and (n.name == self.setting.variable or n.name in out) for n in postorder(value)):
                out.add(name)
        return out

    def fresh(self, pool: str = "ijklprstuvqabch") -> str:
        """An index name nobody uses; it counts as used from now on."""
        k = 0
        while True:
            for letter in pool:
                word = letter + (str(k) if k else "")
                if self._claim(word):
                    return word
            k += 1


def scene_at(setting: Setting, tree: Node, place: Place) -> tuple[Node, Scene]:
    """The node at a place, and what is around it. Raises: IndexError."""
    steps = dict(tree.steps) if isinstance(tree, Steps) else {}
    loops: dict[str, Loop] = {}
    node = tree
    for k in place:
        if isinstance(node, Generator):
            loops.update({loop.name: loop for loop in node.loops})
        node = node.children[k]
    return node, Scene(setting, loops, steps, tree)


def put(tree: Node, place: Place, new: Node) -> Node:
    """The tree with another node at a place."""
    path = [tree]
    for k in place:
        path.append(path[-1].children[k])
    for node, k in zip(reversed(path[:-1]), reversed(place), strict=True):
        below = list(node.children)
        below[k] = new
        new = with_children(node, tuple(below))
    return new


def places(tree: Node) -> Iterator[tuple[Place, Node]]:
    """Every place, parents before children, left to right."""
    stack: list[tuple[Place, Node]] = [((), tree)]
    while stack:
        place, node = stack.pop()
        yield place, node
        stack.extend(((*place, k), c) for k, c in reversed(list(enumerate(node.children))))


def size_tree(size: Size) -> Node:
    """A size as a tree."""
    return parse(size.text)


def size_of(loop: Loop) -> Size | None:
    """How many values a loop has, if it starts at 0 and stops at a sum of products of names and whole numbers."""
    if not (isinstance(loop.start, Number) and loop.start.value == 0):
        return None
    done: dict[int, Size] = {}
    for node in postorder(loop.stop):
        match node:
            case Name():
                done[id(node)] = Size.of(node.name)
            case Number() if node.value.denominator == 1:
                done[id(node)] = Size.of(int(node.value))
            case Binary(op="+"):
                done[id(node)] = done[id(node.left)] + done[id(node.right)]
            case Binary(op="-"):
                done[id(node)] = done[id(node.left)] - done[id(node.right)]
            case Binary(op="*"):
                done[id(node)] = done[id(node.left)] * done[id(node.right)]
            case _:
                return None
    return done[id(loop.stop)]


@dataclass(frozen=True)
class Part:
    """One differentiation: how it starts, in which setting it goes on, and the derivative it ends with."""

    setting: Setting
    rule: str
    start: str
    final: Formula
    indices: tuple[str, ...] = ()  # of the entry that `final` is, where it is no matrix
    structure: str = ""  # of the variable, in words, where it enters as the derivative is read off only

    @property
    def end(self) -> str:
        """The text of the derivative."""
        return str(self.final)
