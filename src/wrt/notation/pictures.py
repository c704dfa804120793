"""Arrays of order 3 and 4 as pictures: a stack or a grid of matrices, one for each value of the indices that are held.

d relu(W @ x + b) / d W      [ x[0]*diag(W @ x + b > 0)     ]        held k, the column of W; block k is x[k]*diag(W @ x + b > 0)
                             [ x[1]*diag(W @ x + b > 0)     ]
                             [ ...                          ]
                             [ x[n - 1]*diag(W @ x + b > 0) ]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product as every

from wrt.algebra.expr import Expr, indicator
from wrt.algebra.flatten import flattened
from wrt.algebra.known import Facts
from wrt.algebra.product import product
from wrt.algebra.simplify import simplify
from wrt.language.parser import parse
from wrt.language.read import read_like
from wrt.language.rewrite import replace_names
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Declaration, Index, Name, Node, Shape, Source, Steps, postorder
from wrt.language.unparse import unparse
from wrt.notation.context import Context
from wrt.notation.matrix import matrix_form
from wrt.notation.score import measure
from wrt.notation.spoken import spoken
from wrt.notation.write import size_node

HELD = {3: ((2,), (1,), (0,)), 4: ((2, 3), (0, 1))}  # axes that may be held, the variable's first: the first is drawn unless another is much shorter
SAVED = 3.0  # reading length that a picture with other axes held must save
ALL = 4  # values up to which each block is drawn
WIDTH = 40  # characters of a block in a grid; longer ones are called B[k, l]
LETTERS = "BCDEFGHKMNPQRSTUVWYZ"
SIGNS = {"text": ("...", "...", "..."), "unicode": ("⋯", "⋮", "⋱"), "latex": (r"\cdots", r"\vdots", r"\ddots")}


@dataclass(frozen=True, slots=True)
class Picture:
    """`block`: the matrix at `held`, one (name, size) for each axis held; `indices`, `shape`: the names and sizes of all axes, in order.

    `letter`: what a block is called. `cells`: blocks with a text of their own at given values. `source`: whose declarations hold.
    """

    block: Node
    held: tuple[tuple[str, Size], ...]
    indices: tuple[str, ...]
    shape: tuple[Size, ...]
    source: Source
    letter: str
    cells: Mapping[tuple[Size, ...], Node] = field(default_factory=dict)

    @property
    def sizes(self) -> dict[str, Size]:
        """The size of each index."""
        return dict(zip(self.indices, self.shape, strict=True))

    def entry(self) -> Node:
        """One entry of the array out of its block, with all indices free: what is proved."""
        names = {name for name, _ in self.held}
        return Index(self.block, tuple(Name(i, "index") for i in self.indices if i not in names))

    def place(self) -> str:
        """Where a block stands: [:, :, k]."""
        names = {name for name, _ in self.held}
        return f"[{', '.join(i if i in names else ':' for i in self.indices)}]"

    def at(self, values: Sequence[Size]) -> Node:
        """The block at given values of what is held: its own text where there is one."""
        own = self.cells.get(tuple(values))
        return self.instance(values) if own is None else own

    def instance(self, values: Sequence[Size]) -> Node:
        """The block with values in the place of what is held."""
        new: Mapping[str, Node] = {name: size_node(value) for (name, _), value in zip(self.held, values, strict=True)}
        return replace_names(parse(unparse(self.block)), new)

    def values(self) -> list[tuple[Size, ...]]:
        """The values of what is held whose blocks are drawn."""
        return list(every(*[[v for v in _shown(size) if v is not None] for _, size in self.held]))

    def settled(self, same: Callable[[Source, Source], bool]) -> Picture:
        """The picture with those cells only that are the same as their instance of the block."""
        kept = {}
        for values, node in self.cells.items():
            a, b = (read_like(unparse(n), self.source) for n in (node, self.instance(values)))
            if same(a, b):
                kept[values] = node
        return replace(self, cells=kept)

    def drawn(self, style: str) -> str:
        """The picture in the style "text", "unicode" or "latex"."""
        held = tuple(size for _, size in self.held)
        extra = {self.letter: Declaration(self.letter, Shape("column" if len(held) == 1 else "matrix", held))}

        def say(node: Node) -> str:
            return spoken(node, self.source, style, self.sizes, extra)

        shown = [_shown(size) for _, size in self.held]
        cells = {values: say(self.at(values)) for values in self.values()}
        if len(self.held) > 1 and max(map(len, cells.values())) > WIDTH * (1 + (style == "latex")):
            cells = {values: self._named(values, say) for values in cells}
        rows = [_row(values, shown, cells, style) for values in shown[0]]
        named = f"{self._named([Size.of(name) for name, _ in self.held], say)}"
        whole = len(self.cells) == len(cells) and all(
            None not in row for row in shown
        )  # every block is there, in a plainer text than the general one
        caption = "" if whole else say(self.block)
        if style == "latex":
            body = r" \\ ".join(" & ".join(row) for row in rows)
            drawing = rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"
            return rf"{drawing}, \quad {named} = {caption}" if caption else drawing
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines = ["[ " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " ]" for row in rows]
        return "\n".join([*lines, " = ".join(filter(None, (named, self.place(), caption)))])

    def _named(self, values: Sequence[Size], say: Callable[[Node], str]) -> str:
        """B[k, l]: the block by its name and place, counted as the style counts."""
        return say(Index(Name(self.letter, "variable"), tuple(size_node(v) for v in values)))


def picture(expr: Expr, indices: Sequence[str], context: Context, facts: Facts, source: Source) -> Picture | None:
    """The picture of an array of order 3 or 4; None where no block has a matrix form.

    Blocks that compare what is held with places (k == 0) get a text of their own at each value.
    """
    best: tuple[float, Picture] | None = None
    for axes in HELD.get(expr.order, ()):
        block = matrix_form(_slice(expr, axes, [Size.of(indices[a]) for a in axes], facts), "matrix", context)
        if block is None or isinstance(block, Steps):
            continue
        letter = next(c for c in LETTERS if c not in context.reserved)
        found = Picture(block, tuple((indices[a], expr.shape[a]) for a in axes), tuple(indices), expr.shape, source, letter)
        if best is None or measure(block) < best[0] - SAVED:
            best = measure(block), found
    if best is None or not any(isinstance(node, Binary) and node.op == "==" for node in postorder(best[1].block)):
        return None if best is None else best[1]
    places = [indices.index(name) for name, _ in best[1].held]
    cells = {v: matrix_form(_slice(expr, places, v, facts), "matrix", context) for v in best[1].values()}
    return replace(best[1], cells={v: node for v, node in cells.items() if node is not None and not isinstance(node, Steps)})


def _slice(expr: Expr, axes: Sequence[int], values: Sequence[Size], facts: Facts) -> Expr:
    """The matrix of an array where `axes` are held at values."""
    units = [(indicator("==", (1,), -value, (expr.shape[a],)), (a,)) for a, value in zip(axes, values, strict=True)]
    labels = tuple(range(expr.order))
    made = product(1, [(expr, labels), *units], tuple(a for a in labels if a not in axes), expr.shape)
    return simplify(flattened(made), facts)[0]


def _shown(size: Size) -> list[Size | None]:
    """The values of an index that are drawn: all of a few, else the first ones, None for those between, the last."""
    if size.number is not None and size.number <= ALL:
        return [Size.of(k) for k in range(size.number)]
    return [Size.of(0), Size.of(1), None, size - 1]


def _row(first: Size | None, shown: Sequence[Sequence[Size | None]], cells: Mapping[tuple[Size, ...], str], style: str) -> list[str]:
    """One row of the picture, dots where values are left out."""
    across, down, both = SIGNS[style]
    if len(shown) == 1:
        return [down if first is None else cells[first,]]
    return [(both if second is None else down) if first is None else across if second is None else cells[first, second] for second in shown[1]]
