"""Disjoint groups of labels that are joined one after the other (union-find)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

L = TypeVar("L", bound=Hashable)


class Groups(Generic[L]):
    """Labels in groups; each group is known by one of its labels.

    >>> groups = Groups("abcd")
    >>> groups.join("a", "b")
    >>> groups.find("b"), groups.find("c")
    ('a', 'c')
    """

    def __init__(self, labels: Iterable[L]) -> None:
        self.parent = {a: a for a in labels}

    def find(self, label: L) -> L:
        """The label that its group is known by."""
        parent = self.parent
        while parent[label] != label:
            parent[label] = label = parent[parent[label]]
        return label

    def join(self, kept: L, other: L) -> None:
        """One group of the two labels'; it is known by what the group of `kept` was known by."""
        self.parent[self.find(other)] = self.find(kept)
