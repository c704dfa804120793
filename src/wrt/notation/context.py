"""What notation knows of the user's text: shapes, facts, order of first appearance, how numbers were spelt, which names are taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from wrt.language.functions_declared import called
from wrt.language.surface import Binary, Call, Declaration, FunctionDeclaration, Generator, Loop, Name, Node, Number, Shape, Source, postorder
from wrt.tables.facts import closure

COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "!="))


@dataclass(frozen=True, eq=False)
class Context:
    """`order` of first appearance of names, `spelled` decimals as typed, `facts` closed facts by name, `functions` those declared, `reserved` names that no index may take."""

    order: Mapping[str, int] = field(default_factory=dict)
    spelled: Mapping[Fraction, str] = field(default_factory=dict)
    facts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    functions: Mapping[str, FunctionDeclaration] = field(default_factory=dict)
    sizes: tuple[str, ...] = ()
    reserved: frozenset[str] = frozenset()
    tree: Node | None = None

    @cached_property
    def compares(self) -> bool:
        """Whether the text compares indices: then ranges that meet need not lie within one another."""
        return self.tree is not None and any(
            isinstance(node, Binary) and node.op in COMPARISONS and any(isinstance(p, Name) and p.role == "index" for p in postorder(node))
            for node in postorder(self.tree)
        )

    @cached_property
    def excludes(self) -> bool:
        """Whether a sum of the text leaves entries out, by a condition or a bound that depends on an index."""
        return self.tree is not None and any(
            (isinstance(node, Generator) and bool(node.conditions))
            or (isinstance(node, Loop) and any(isinstance(p, Name) and p.role == "index" for end in (node.start, node.stop) for p in postorder(end)))
            for node in postorder(self.tree)
        )


def context_of(source: Source, declarations: Mapping[str, Declaration]) -> Context:
    """The context of a formula as typed."""
    functions = {name: d for name, d in declarations.items() if isinstance(d, FunctionDeclaration)}
    order: dict[str, int] = {name: n for n, name in enumerate(_in_order(source.tree, functions))}
    spelled: dict[Fraction, str] = {}
    for node in postorder(source.tree):
        if isinstance(node, Name):
            order.setdefault(node.name, len(order))
        elif isinstance(node, Number) and node.text:
            spelled.setdefault(node.value, node.text)
    for name in declarations:
        order.setdefault(name, len(order))
    return Context(
        order=order,
        spelled=spelled,
        facts={name: closure(d.facts) for name, d in declarations.items() if d.facts},
        shapes={name: d.shape for name, d in declarations.items() if not isinstance(d, FunctionDeclaration)},
        functions=functions,
        sizes=tuple(source.sizes),
        reserved=frozenset(order) | frozenset(source.sizes),
        tree=source.tree,
    )


def _in_order(tree: Node, functions: Mapping[str, FunctionDeclaration]) -> list[str]:
    """The declared functions that a formula applies, outer ones first."""
    found: dict[str, None] = {}
    stack, seen = [tree] if functions else [], set[int]()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        function = called(node.function, functions) if isinstance(node, Call) else None
        if function is not None:
            found[function[0].name] = None
        stack.extend(reversed(node.children))
    return list(found)
