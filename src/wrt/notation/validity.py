"""Where a derivative holds, told as a lecturer tells it: each condition in its plainest form, none that follows from others or from declared facts.

x.T @ x != 0                    x != 0            a sum of squares, a positive definite form
c*t != 0, c positive            t != 0
A @ x - b != 0                  A @ x != b
X.T @ X invertible              nothing where X is declared invertible, or stands beside "X invertible"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from wrt.algebra.conditions import Condition
from wrt.algebra.expr import Expr, Map, Operator, Product, Symbol, constant_value
from wrt.algebra.known import Facts, Known
from wrt.algebra.product import transpose
from wrt.algebra.sums import minus
from wrt.errors import WrtError
from wrt.language.surface import Binary, Name, Node, Number, Source, Unary, postorder
from wrt.language.unparse import unparse
from wrt.notation.context import Context
from wrt.notation.index import index_form
from wrt.notation.matrix import matrix_form
from wrt.notation.score import measure
from wrt.notation.spoken import spoken

ACROSS = " (entry by entry)"
MATRIX = 2
STRONGER = {  # a sentence -> those that say more of the same subject
    "{} of full rank": ("{} invertible", "{} with distinct, nonzero singular values"),
    "{} with a simple greatest singular value": ("{} with distinct, nonzero singular values",),
    "{} of constant rank": ("{} invertible", "{} of full rank", "{} with distinct, nonzero singular values"),
    "{} != 0": ("{} != 0" + ACROSS, "{} invertible"),
}
SIGNS = {"unicode": {"!=": "≠", ">=": "≥", "<=": "≤"}, "latex": {"!=": r"\ne", ">=": r"\ge", "<=": r"\le"}}
_WORDS = re.compile(r"[A-Za-z(][A-Za-z ,'()-]*[A-Za-z)]|,")
_SIZES = re.compile(r"(\w+) >= (\w+)")


@dataclass(frozen=True, slots=True)
class Statement:
    """A condition with its subjects as surface trees: Statement("{} != 0", (x,))."""

    sentence: str
    subjects: tuple[Node, ...]

    def told(self, say: Callable[[Node], str], style: str) -> str:
        """The sentence in a style, its subjects told by `say`."""
        parts = [styled(part, style) for part in self.sentence.split("{}")]
        return parts[0] + "".join(say(node) + part for node, part in zip(self.subjects, parts[1:], strict=True))


@dataclass(frozen=True, slots=True)
class Validity:
    """Where a result holds: independent conditions on values, and the same as statements beside the declarations of `source`."""

    conditions: tuple[Condition, ...]
    statements: tuple[Statement, ...]
    source: Source

    def told(self, style: str, on_sizes: Iterable[str] = ()) -> tuple[str, ...]:
        """The conditions in the style "text", "unicode" or "latex", those on sizes last."""

        def say(node: Node) -> str:
            try:
                return spoken(node, self.source, style)
            except WrtError:  # an entry with open indices cannot be read alone
                return unparse(node)

        values = dict.fromkeys(s.told(say, style) for s in self.statements)
        return (*values, *[styled(text, style) for text in sizes(on_sizes, self.conditions)])


def validity(conditions: Iterable[Condition], facts: Facts, context: Context, source: Source) -> Validity:
    """The conditions without what follows from the facts or from others, their subjects in matrix form where they have one, else in index form."""

    def spelt(e: Expr) -> Node:
        node = matrix_form(e, {0: "scalar", 1: "column"}.get(e.order, "matrix"), context) if e.order <= 2 else None
        return node if node is not None else index_form(e, context)[1]

    needed = independent(conditions, facts, lambda e: measure(spelt(e)))
    return Validity(tuple(needed), tuple([statement(c, spelt, context.order) for c in needed]), source)


def styled(words: str, style: str) -> str:
    """The words and signs of a sentence in a style; in LaTeX words are text."""
    if style == "latex":
        words = _WORDS.sub(lambda m: rf"\text{{ {m.group()}}}", words)
    for sign, other in SIGNS.get(style, {}).items():
        words = words.replace(sign, other)
    return words


def independent(conditions: Iterable[Condition], facts: Facts, length: Callable[[Expr], float]) -> list[Condition]:
    """The conditions in their plainest form, without what declared facts or other conditions imply; `length` is that of a subject to read."""
    known = Known(facts)
    plain = list(dict.fromkeys(c for condition in conditions for c in _plain(condition, known, length)))
    granted: dict[str, frozenset[str]] = dict(facts)
    for sentence, subjects in plain:
        if sentence == "{} invertible" and isinstance(subjects[0], Symbol):
            granted[subjects[0].name] = granted.get(subjects[0].name, frozenset()) | {"invertible"}
    known = Known(granted)
    return [c for c in plain if not _follows(c, known, plain)]


def _plain(condition: Condition, known: Known, length: Callable[[Expr], float]) -> list[Condition]:
    """The same condition of a plainer subject, or of each factor of its subject; none when the facts imply it."""
    sentence, subjects = condition
    if sentence == "{} invertible" and known.invertible(subjects[0]):
        return []
    if sentence.startswith("{} != {}") and any(constant_value(e) == 0 for e in subjects):
        sentence, subjects = sentence.replace("{} != {}", "{} != 0"), tuple(e for e in subjects if constant_value(e) != 0)
    if sentence.startswith("{} != {}") and len(subjects) == 2 and subjects[0].shape == subjects[1].shape:
        gap = minus(*subjects)  # x != x/10 where x != 0
        if _is_multiple(gap) and isinstance(gap.children[0], Symbol):
            sentence, subjects = sentence.replace("{} != {}", "{} != 0"), gap.children
    if not sentence.startswith("{} != 0") or len(subjects) != 1:
        return [Condition(sentence, subjects)]
    e = subjects[0]
    if isinstance(e, Map) and e.function == "pow" and (k := constant_value(e.arguments[1])) is not None and k < 0:
        return []  # 1/(1 + x) is nowhere 0
    if sentence.endswith(ACROSS):
        while (isinstance(e, Map) and (e.function == "abs" or (e.function == "pow" and _positive_number(e.arguments[1])))) or _is_multiple(e):
            e = e.children[0]
        if known.nonzero(subjects[0]) or known.nonzero(e):
            return []
        return [Condition(sentence, (min(e, transpose(e), key=length) if e.order == MATRIX else e,))]  # W @ X, not X.T @ W.T
    if isinstance(e, Product) and len(e.operands) > 1 and e.coefficient and not any(labels for _, labels in e.operands):
        return [c for f, _ in e.operands for c in _plain(Condition(sentence, (f,)), known, length)]
    best, least = e, length(e)
    while not known.nonzero(e) and (inner := _essential(e, known)) is not None:
        e = inner
        if length(e) <= least:
            best, least = e, length(e)
    if known.nonzero(e):
        return []
    return [Condition("{} invertible", best.arguments) if isinstance(best, Operator) and best.function == "det" else Condition(sentence, (best,))]


def _is_multiple(e: Expr) -> bool:
    """Whether e is a number other than 0 times one array."""
    return isinstance(e, Product) and e.coefficient not in (0, 1) and len(e.operands) == 1 and e.operands[0][1] == e.output


def _essential(e: Expr, known: Known) -> Expr | None:
    """What must not be 0 for e not to be 0, where that is something smaller."""
    if isinstance(e, Map) and (e.function == "abs" or (e.function == "pow" and _positive_number(e.arguments[1]))):
        return e.arguments[0]
    if not isinstance(e, Product) or e.output or not e.coefficient:
        return None
    left = [(f, labels) for f, labels in e.operands if labels or not known.nonzero(f)]
    if len(left) == 1 and not left[0][1]:
        return left[0][0]
    if len(left) == 1 and len(set(left[0][1])) == left[0][0].order:
        f = left[0][0]
        if not isinstance(f, Map) or f.function != "pow" or not _positive_number(f.arguments[1]):
            return f.arguments[0] if isinstance(f, Map) and f.function == "abs" else None
        even = (constant_value(f.arguments[1]) or 1) % 2 == 0
        return f.arguments[0] if even or known.positive(f.arguments[0], strict=False) else None
    if len(left) == 2 and left[0] == left[1]:
        return left[0][0]
    forms = [o for o in left if len(o[1]) == 2 and known.definite(o[0])]
    ends = [o for o in left if len(o[1]) == 1]
    if len(left) == 3 and len(forms) == 1 and len(ends) == 2 and ends[0][0] is ends[1][0] and {ends[0][1][0], ends[1][1][0]} == set(forms[0][1]):
        return ends[0][0]
    return None


def _positive_number(e: Expr) -> bool:
    value = constant_value(e)
    return value is not None and value > 0


def _follows(condition: Condition, known: Known, others: Sequence[Condition]) -> bool:
    """Whether a condition follows from others about its subject or its parts."""
    sentence, (e, *_) = condition
    if any(other.subjects[0] is e and other.sentence in STRONGER.get(sentence, ()) for other in others):
        return True
    if sentence == "{} of constant rank":  # an invertible X.T @ X, or X.T @ M @ X, makes the rank of X full
        return any(other.sentence == "{} invertible" and _ends_with(other.subjects[0], e) for other in others)
    return sentence == "{} invertible" and not isinstance(e, Symbol) and known.invertible(e)


def _ends_with(product: Expr, e: Expr) -> bool:
    """Whether a product of matrices has e at both ends."""
    if not isinstance(product, Product) or len(product.output) != 2 or product.output[0] == product.output[1]:
        return False
    places = [labels for f, labels in product.operands if f is e]
    return len(places) > 1 and all(any(a in labels for labels in places) for a in product.output)


def statement(condition: Condition, spelt: Callable[[Expr], Node], order: Mapping[str, int]) -> Statement:
    """A condition with its subjects spelt; a difference that is not 0 as two things that differ, the longer first, of equal ones that named first."""
    nodes = tuple(spelt(e) for e in condition.subjects)
    if condition.sentence.startswith("{} != 0") and isinstance(nodes[0], Binary) and nodes[0].op == "-":
        pair = (nodes[0].left, nodes[0].right)
        within = [a for a, b in (pair, pair[::-1]) if isinstance(a, Name) and any(isinstance(p, Name) and p.name == a.name for p in postorder(b))]
        sides = tuple(sorted(pair, key=lambda side: (side not in within, -measure(side), _first(side, order))))
        return Statement(condition.sentence.replace("{} != 0", "{} != {}"), sides)
    if condition.sentence.startswith("{} != 0") and isinstance(nodes[0], Binary) and nodes[0].op == "+":
        for value, name in ((nodes[0].left, nodes[0].right), (nodes[0].right, nodes[0].left)):
            if isinstance(value, Number) and isinstance(name, Name):  # x != -1
                return Statement(condition.sentence.replace("{} != 0", "{} != {}"), (name, Unary("-", value)))
    return Statement(condition.sentence, nodes)


def _first(node: Node, order: Mapping[str, int]) -> int:
    return min((order.get(part.name, len(order)) for part in postorder(node) if isinstance(part, Name)), default=len(order))


def sizes(texts: Iterable[str], granted: Sequence[Condition]) -> list[str]:
    """Conditions on sizes: of n >= 1 and n >= 2 the stronger, none on a size being 1 or more, none that an invertible product has anyway."""
    texts = list(dict.fromkeys(texts))
    least: dict[str, int] = {}
    for text in texts:
        found = _SIZES.fullmatch(text)
        if found and found[2].isdigit():
            least[found[1]] = max(least.get(found[1], 1), int(found[2]))
    out = []
    for text in texts:
        found = _SIZES.fullmatch(text)
        if found and (int(found[2]) < max(least[found[1]], 2) if found[2].isdigit() else any(_thin(c, found[1], found[2]) for c in granted)):
            continue
        out.append(text)
    return out


def _thin(condition: Condition, wide: str, narrow: str) -> bool:
    """Whether a product of matrices that is invertible, n x n through m, already says m >= n."""
    e = condition.subjects[0]
    if condition.sentence != "{} invertible" or not isinstance(e, Product) or any(len(labels) > 2 for _, labels in e.operands):
        return False
    return e.shape[0].text == narrow and any(size.text == wide for a, size in enumerate(e.sizes) if a not in e.output)
