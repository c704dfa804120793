r"""The user's own spellings: \mathbf{x}_i as names={"\\mathbf{x}_i": "X[i,:].T"} says, with its indices put in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrt.errors import Span, TextError, UnknownNameError
from wrt.language import latex_index
from wrt.language.latex_names import Pattern, key, match
from wrt.language.latex_norms import Value
from wrt.language.latex_scripts import script_word
from wrt.language.rewrite import with_children
from wrt.language.sizes import Size
from wrt.language.surface import Binary, Index, Name, Node, postorder

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser


def spelled(p: Parser, fonts: bool) -> Value | None:
    """The value of the longest spelling of the user's that stands here, or None."""
    for pattern in p.patterns:
        found = match(pattern, p.words, p.at, fonts)
        if found is None and len(pattern.words) > 1 and pattern.words[0].text == p.word().text and p.word().kind == "name" and exchanged(p):
            found = match(pattern, p.words, p.at, fonts)
        if found is None:
            continue
        end, holes = found
        if holes and named_so(p, end):
            continue
        span = (p.word().start, p.words[end - 1].end)
        try:
            value = filled(p, pattern, holes, span)
        except TextError:  # x_{\min} where x_i is spelt: not an index
            continue
        p.at = end
        return value
    return None


def named_so(p: Parser, end: int) -> bool:
    r"""Whether the words up to `end` are a declared name with its subscript: u_o beside a spelling of u_k."""
    words = p.words[p.at : end]
    if len(words) < 4 or words[0].kind != "name" or words[1].text != "_" or p.closing.get(p.at + 2) != end - 1:
        return False
    below = words[3:-1]
    if any(word.text in p.indices for word in below):
        return False
    found = p.names.find(key(f"{words[0].text}_{script_word(p, below)}")) if script_word(p, below) else None
    return found is not None and found[1] == "variable"


def exchanged(p: Parser) -> bool:
    r"""Whether the two scripts of the name here were exchanged: x^\top_i as x_i^\top, x_j^{(i)} as x^{(i)}_j."""
    ends = [p.at + 1]
    for _ in range(2):
        if not p.is_op(p.words[ends[-1]], "^", "_") or p.words[ends[-1] + 1].text != "{":
            return False
        ends.append(p.closing[ends[-1] + 1] + 1)
    first, second = p.words[ends[0] : ends[1]], p.words[ends[1] : ends[2]]
    raised = first if first[0].text == "^" else second
    if first[0].text == second[0].text or (raised is second) != (raised[2].text == "("):
        return False
    p.exchange(ends[0], [*second, *first])
    return True


def filled(p: Parser, pattern: Pattern, holes: dict[str, tuple[int, int]], span: Span) -> Value:
    """The tree of a spelling with its indices put in, typed."""
    names = [b.name for b in p.indices.values()]
    typed: dict[str, Size] = {}
    bound: dict[str, latex_index.Bound] = {}
    for name, place in holes.items():
        words = latex_index.unwrapped(p.some(place))
        typed[name] = latex_index.affine(p, words, span)
        if len(words) == 1 and words[0].text in p.indices:
            bound[name] = p.indices[words[0].text]
    values = {name: p.build.size(value - 1, span, names) for name, value in typed.items()}
    done: dict[int, Node] = {}
    for node in postorder(pattern.tree):
        if isinstance(node, Name) and node.name in values:
            done[id(node)] = values[node.name]
            continue
        new = with_children(node, tuple(done[id(child)] for child in node.children))
        if isinstance(new, Name):
            new.role = role(p, new.name, span)
        place_value = p.build.index_value(new) if isinstance(new, Binary) else None  # X[k + 1, :] at k - 1 is X[k, :]
        done[id(node)] = p.build.put(new, span) if place_value is None else p.build.size(place_value, span, names)
        if isinstance(node, Index) and isinstance(new, Index) and new.base.shape is not None:
            for part, size in zip(node.parts, new.base.shape.sizes, strict=False):
                if isinstance(part, Name) and part.name in typed:
                    hint = f"where it counts from 0, put {part.name} + 1 for {part.name} into the place that names={{...}} gives."
                    latex_index.from_one(p, typed[part.name], span, hint)
                if isinstance(part, Name) and part.name in bound:
                    bound[part.name].axes.append(size)
    tree = done[id(pattern.tree)]
    return Value(tree, "entry" if not isinstance(tree, Name) and tree.shape is not None and not tree.shape.order else "symbol")


def role(p: Parser, name: str, span: Span) -> str:
    """What a name in a spelling is. Raises: UnknownNameError for one that is not declared."""
    for some, kind in ((p.build.declarations, "variable"), (p.build.steps, "step"), (p.build.sizes, "size")):
        if name in some:
            return kind
    if name not in ("pi", "inf"):
        raise UnknownNameError(f"{p.text[slice(*span)]} stands for {name}, which is not declared.", text=p.text, span=span)
    return "constant"
