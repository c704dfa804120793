"""The scopes of names: the loop that binds an index, and what a free name is: a variable, a named step, a size, a constant, or nothing declared."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from wrt.errors import TextError, UnknownNameError
from wrt.language.hints import nearest
from wrt.language.surface import Declaration, FunctionDeclaration, Generator, Loop, Name, Node, Steps
from wrt.tables.functions import CONSTANTS


@dataclass(frozen=True, slots=True)
class Scopes:
    """What the names of one tree are bound to."""

    bound: dict[int, Loop] = field(default_factory=dict)  # id of a Name -> the loop that binds it
    guards: dict[int, tuple[Node, ...]] = field(default_factory=dict)  # id of a loop -> the conditions of its generator, where it has some
    steps: dict[str, Node] = field(default_factory=dict)


def fresh(name: str, taken: Container[str]) -> str:
    """The first of name, name2, name3, ... that is not taken."""
    made, k = name, 1
    while made in taken:
        k += 1
        made = f"{name}{k}"
    return made


def size_names(declarations: Mapping[str, Declaration]) -> dict[str, None]:
    """The names of all sizes in declared shapes, in order of appearance."""
    return {name: None for d in declarations.values() for s in d.sizes for name in sorted(s.names)}


def resolve(tree: Node, declarations: Mapping[str, Declaration], sizes: Mapping[str, None], indices: Iterable[str]) -> Scopes:
    """Fill the role of every name: a bound index where a generator binds it, else a variable, a step, a size, a constant.

    Raises: UnknownNameError for a name that is none of these, TextError for a name that is two.
    """
    return _Resolution(declarations, sizes).run(tree, indices)


class _Resolution:
    """One walk from the root, with the indices in scope at each node."""

    def __init__(self, declarations: Mapping[str, Declaration], sizes: Mapping[str, None]) -> None:
        self.declarations = declarations
        self.sizes = sizes
        self.found = Scopes()

    def run(self, tree: Node, indices: Iterable[str]) -> Scopes:
        """Every name gets its role; `indices` are bound from outside."""
        free = dict.fromkeys(indices)
        stack: list[tuple[Node, dict[str, Loop | None]]] = [(tree, free)]
        seen: dict[tuple[int, int], object] = {}
        while stack:
            node, scope = stack.pop()
            if (id(node), id(scope)) in seen:
                continue
            seen[id(node), id(scope)] = scope
            match node:
                case Name():
                    self._role(node, scope)
                case Generator():
                    inner = dict(scope)
                    for loop in node.loops:
                        self._index_name(loop)
                        stack += [(loop.start, dict(inner)), (loop.stop, dict(inner))]
                        inner[loop.name] = loop
                        if node.conditions:
                            self.found.guards[id(loop)] = node.conditions
                    stack += [(c, inner) for c in node.conditions]
                    stack.append((node.body, inner))
                case Steps():
                    for name, value in node.steps:
                        if name in self.declarations or name in self.sizes:
                            raise TextError(
                                f"'{name}' is already the name of a {'variable' if name in self.declarations else 'size'}.", span=value.span
                            )
                        self.found.steps[name] = value
                    stack += [(child, scope) for child in node.children]
                case _:
                    stack += [(child, scope) for child in node.children]
        return self.found

    def _index_name(self, loop: Loop) -> None:
        if loop.name in self.declarations or loop.name in self.sizes:
            what = "variable" if loop.name in self.declarations else "size"
            raise TextError(f"'{loop.name}' is already the name of a {what}; an index needs a name of its own.", span=loop.span)

    def _role(self, node: Name, scope: Mapping[str, Loop | None]) -> None:
        if node.name in scope:
            node.role = "index"
            loop = scope[node.name]
            if loop is not None:
                self.found.bound[id(node)] = loop
        elif node.name in self.declarations:
            node.role = "variable"
            function = self.declarations[node.name]
            if isinstance(function, FunctionDeclaration):
                raise TextError(f"{node.name} is a function and needs its arguments; it is declared {function}.", span=node.span)
            node.counted = "index" in function.facts and not function.shape.order
        elif node.name in self.found.steps:
            node.role = "step"
        elif node.name in self.sizes:
            node.role = "size"
        elif node.name in CONSTANTS or node.name == "inf":
            node.role = "constant"
        else:
            near = nearest(node.name, [*self.declarations, *self.found.steps, *self.sizes])
            raise UnknownNameError(
                f"'{node.name}' is neither a variable, a size nor a function.",
                span=node.span,
                hint=f"did you mean '{near}'?" if near else "declare its shape.",
            )


def undeclared(tree: Node, declarations: Mapping[str, Declaration], known: Iterable[str]) -> dict[str, list[Name]]:
    """Free names that are neither declared nor sizes nor constants, with their occurrences, in order of first appearance."""
    taken = {*declarations, *known, "pi", "inf"}
    found: dict[str, list[Name]] = {}
    stack: list[tuple[Node, frozenset[str]]] = [(tree, frozenset())]
    seen: set[tuple[int, frozenset[str]]] = set()
    while stack:
        node, bound = stack.pop()
        if (id(node), bound) in seen:
            continue
        seen.add((id(node), bound))
        if isinstance(node, Name):
            if node.name not in bound and node.name not in taken:
                found.setdefault(node.name, []).append(node)
        elif isinstance(node, Generator):
            inner = bound
            todo: list[tuple[Node, frozenset[str]]] = []
            for loop in node.loops:
                todo += [(loop.start, inner), (loop.stop, inner)]
                inner = inner | {loop.name}
            todo += [(node.body, inner), *[(c, inner) for c in node.conditions]]
            stack.extend(reversed(todo))
        elif isinstance(node, Steps):
            steps = bound | {name for name, _ in node.steps}
            stack.extend(reversed([(child, steps) for child in node.children]))
        else:
            stack.extend(reversed([(child, bound) for child in node.children]))
    return {name: found[name] for name in sorted(found, key=lambda n: min(o.span for o in found[n]))}
