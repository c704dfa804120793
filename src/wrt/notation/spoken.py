"""A piece of a formula in any of the three styles."""

from __future__ import annotations

from collections.abc import Mapping

from wrt.language.read import read_like
from wrt.language.sizes import Size
from wrt.language.surface import Declaration, Node, Source
from wrt.language.unparse import unparse

STYLES = ("text", "unicode", "latex")


def spoken(node: Node, source: Source, style: str, indices: Mapping[str, Size] | None = None, extra: Mapping[str, Declaration] | None = None) -> str:
    """The node in the style "text", "unicode" or "latex", typed beside the declarations of `source`, free `indices` and `extra` variables."""
    from wrt.notation import latex, unicode

    words = unparse(node)
    if style == "text":
        return words
    tree = read_like(words, source, indices=indices, extra=extra).tree
    return unicode.render(tree) if style == "unicode" else latex.render(tree)
