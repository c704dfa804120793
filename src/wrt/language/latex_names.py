r"""How names are spelt in LaTeX: a declared name's own spelling (β_0 as \beta_0, y_hat as \hat{y}), and spellings the user gives.

A spelling that holds an index, as in {"\\mathbf{x}_i": "X[i,:].T"}, is a pattern: x_j, x_{i+1} and x_1 are read by it too.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from wrt.errors import TextError
from wrt.language.latex_function_words import WORDS
from wrt.language.latex_raw import Token
from wrt.language.latex_tokens import tokens
from wrt.language.latex_words import ACCENTS, COMBINING, GREEK, SPELLED
from wrt.language.parser import parse as parse_text
from wrt.language.surface import Index, Name, Node, postorder

_ACCENTS = frozenset({*ACCENTS.values(), "star", "prime"})
_GREEK = {**GREEK, "lam": "λ", "lamda": "λ", "eps": "ε"}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A spelling given by the user: its words, the tree it stands for, the places of its indices among the words."""

    words: tuple[Token, ...]
    tree: Node
    holes: frozenset[str]


@lru_cache(maxsize=4096)
def key(name: str) -> str:
    """The one spelling by which a declared name and a typed symbol meet: base, accents, subscripts.

    >>> [key(n) for n in ("beta_0", "W1", "x₁", "yhat", "y_hat_1", "C_X", "loss")]
    ['β_0', 'W_1', 'x_1', 'y_hat', 'y_hat_1', 'C_X', 'loss']
    """
    base, *parts = [part for part in unicodedata.normalize("NFKC", _plain(name)).split("_") if part] or [name]
    base = _GREEK.get(base, SPELLED.get(base, base))
    for word, letter in _GREEK.items():
        if base.startswith(word) and base[len(word) :].isdigit():
            base = letter + base[len(word) :]
    if len(base) > 1:
        rest = base[1:]
        if rest.isdigit() or rest in _ACCENTS:
            base, parts = base[0], [rest, *parts]
    accents = [part for part in parts if part in _ACCENTS]
    scripts = [_GREEK.get(part, part) for part in parts if part not in _ACCENTS]
    return "_".join([base, *accents, *scripts])


def _plain(name: str) -> str:
    """Accented letters taken apart: ŷ is y_hat."""
    out = ""
    for c in name:
        parts = unicodedata.normalize("NFD", c)
        out += f"{parts[0]}_{COMBINING[parts[1]]}" if len(parts) == 2 and parts[1] in COMBINING else f"_{COMBINING[c]}" if c in COMBINING else c
    return out


def patterns(names: Mapping[str, str], known: Iterable[str]) -> list[Pattern]:
    """The user's spellings, longest first. Raises: TextError for one that cannot be read."""
    known = set(known)
    out: list[Pattern] = []
    for spelling, value in names.items():
        words = tuple(tokens(spelling)[:-1])
        if not words:
            raise TextError(f"names: {spelling!r} spells nothing.")
        tree = parse_text(value)
        indices = {
            n.name for index in postorder(tree) if isinstance(index, Index) for part in index.parts for n in postorder(part) if isinstance(n, Name)
        }
        typed = {word.text for word in words[1:] if word.kind == "name"}
        out.append(Pattern(words, tree, frozenset((indices - known) & typed)))
    return sorted(out, key=lambda p: -len(p.words))


def match(pattern: Pattern, words: Sequence[Token], at: int, fonts: bool) -> tuple[int, dict[str, tuple[int, int]]] | None:
    """(end, {index: (first, last)}): where the pattern stands at words[at:], and the words its indices stand for; None when it does not."""
    found: dict[str, tuple[int, int]] = {}
    for k, wanted in enumerate(pattern.words):
        if at >= len(words):
            return None
        word = words[at]
        hole = wanted.kind == "name" and k > 0 and wanted.text in pattern.holes
        if hole:
            closing = pattern.words[k + 1].text if k + 1 < len(pattern.words) else ""
            end = _run(words, at, closing) if pattern.words[k - 1].text in ("{", "(") and closing in ("}", ")") else at + 1
            if end is None or end == at or (end == at + 1 and word.kind not in ("name", "number")):
                return None
            found[wanted.text] = (at, end)
            at = end
        elif word.kind == wanted.kind and word.text == wanted.text and (not fonts or wanted.font in ("", word.font)):
            at += 1
        else:
            return None
    return at, found


def _run(words: Sequence[Token], at: int, closing: str) -> int | None:
    """Where the bracket that holds words[at:] closes."""
    depth = 0
    for k in range(at, min(at + 40, len(words))):
        text = words[k].text
        if text == closing and depth == 0:
            return k
        depth += (text in ("{", "(")) - (text in ("}", ")"))
    return None


class Names:
    """Declared variables and sizes by their spelling."""

    def __init__(self, variables: Iterable[str], sizes: Iterable[str]) -> None:
        self.table: dict[str, list[tuple[str, str]]] = {}
        self.longest = max(map(len, WORDS))  # letters of a name or function typed without a command
        for role, some in (("variable", variables), ("size", sizes)):
            for name in some:
                self.add(name, role)

    def add(self, name: str, role: str, spelling: str = "") -> None:
        """One more name, as a step or an index of the formula; `spelling` where it is not spelt as it is called."""
        spelling = key(spelling or name)
        self.table.setdefault(spelling, []).append((name, role))
        if len(spelling) > self.longest and spelling.isalpha():
            self.longest = len(spelling)

    def find(self, spelling: str) -> tuple[str, str] | None:
        """(name, role) of what is spelt so. Raises: TextError when two declared names are."""
        found = self.table.get(spelling) or (self.table.get("l" + spelling[1:]) if spelling[:1] == "ℓ" else None)  # \ell is also how l is typed
        if not found:
            return None
        exact = [f for f in found if f[1] == "step" or (f[0] == spelling and f[1] != "size")]
        if len(found) > 1 and not exact:
            raise TextError(f"{' and '.join(n for n, _ in found)} are spelt alike in LaTeX.", hint="say how each is spelt: names={...}.")
        return (exact or found)[0]

    def spellings(self) -> list[str]:
        return list(self.table)
