r"""x_i and x^{(i)} that nobody declared, beside a declared matrix X: its row or column i, where only one of the two fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from wrt.errors import TextError, WrtError
from wrt.language.latex_index import atoms, split
from wrt.language.latex_raw import Token
from wrt.language.surface import Generator, Index, Name, Node, Shape, postorder

MAX_TRIES = 16
MAX_WORDS = 4_000  # longer texts are not read again with rows in mind


@dataclass(frozen=True, slots=True)
class Guess:
    """One way to read the spellings: names to add, and what to tell."""

    names: Mapping[str, str]
    notes: tuple[str, ...]
    matrices: tuple[tuple[str, int], ...]  # (matrix, the axis that the index runs over)


def guesses(words: Sequence[Token], shapes: Mapping[str, Shape], known: Mapping[str, str]) -> Iterator[Guess]:
    """The choices of row or column for every x_i of an undeclared x beside a declared X; y^{(i)} of a declared column y is its entry."""
    if len(words) > MAX_WORDS:
        return
    spelt: dict[str, list[tuple[str, str, str, int]]] = {}  # spelling: (its tree, note, matrix, axis), one a choice
    for k, word in enumerate(words[:-3]):
        if word.kind != "name" or len(word.text) != 1 or not word.text.isascii():
            continue
        sign = _form(words, k)
        spelling = f"{word.text}_i" if sign == "_" else f"{word.text}^{{(i)}}"
        upper = shapes.get(word.text.upper())
        if not sign or any(re.search(rf"{re.escape(word.text)}\}}*\{sign}", given) for given in known):  # spelt by the user
            continue
        own = shapes.get(word.text)
        if sign == "^" and own is not None and own.kind == "column":
            spelt[spelling] = [(f"{word.text}[i]", f"{spelling} is read as {word.text}_i", "", 0)]
        elif word.text.islower() and upper is not None and upper.kind == "matrix" and (own is None or own.kind == "column"):
            name = word.text.upper()
            row = (f"{name}[i,:].T", f"{spelling} is read as row i of {name}", name, 0)
            spelt[spelling] = [row, (f"{name}[:,i]", f"{spelling} is read as column i of {name}", name, 1)]
    if not spelt:
        return
    for chosen in islice(product(*spelt.values()), MAX_TRIES):
        if len({(matrix, axis) for _, _, matrix, axis in chosen if matrix}) == len({matrix for _, _, matrix, _ in chosen if matrix}):
            names = {spelling: choice[0] for spelling, choice in zip(spelt, chosen, strict=True)}
            yield Guess(names, tuple(choice[1] for choice in chosen), tuple((m, axis) for _, _, m, axis in chosen if m))


def _form(words: Sequence[Token], at: int) -> str:
    """The sign of an index in a script, _ for x_{i} and ^ for x^{(i)}; "" for anything else."""
    found: dict[str, list[Token]] = {}
    while at + 2 < len(words) and words[at + 1].kind == "op" and words[at + 1].text in ("_", "^") and words[at + 2].text == "{":
        end = next((k for k in range(at + 3, min(at + 12, len(words))) if words[k].text == "}"), None)
        if end is None or words[at + 1].text in found:
            break
        found[words[at + 1].text] = list(words[at + 3 : end])
        at = end
    above, below = found.get("^", []), found.get("_", [])
    if len(above) > 2 and (above[0].text, above[-1].text) == ("(", ")"):
        return "^"
    single = bool(below) and len(split(below, (",", ";"))) == 1 and len(atoms(below)) == 1
    return "_" if single and below[0].kind in ("name", "number") else ""


def fits(guess: Guess, tree: Node, shapes: Mapping[str, Shape]) -> bool:
    """Whether every index that was put in runs over the axis it stands at, as far as the names of sizes tell."""
    stops = {
        loop.name: {n.name for n in postorder(loop.stop) if isinstance(n, Name)}
        for g in postorder(tree)
        if isinstance(g, Generator)
        for loop in g.loops
    }
    for node in postorder(tree):
        if not isinstance(node, Index) or not isinstance(node.base, Name):
            continue
        for matrix, axis in guess.matrices:
            sizes = shapes[matrix].sizes
            if node.base.name != matrix or len(node.parts) != 2:
                continue
            for name in (n.name for n in postorder(node.parts[axis]) if isinstance(n, Name)):
                runs, size = stops.get(name), set(sizes[axis].names)
                if runs is not None and size and runs and not runs & size:
                    return False
    return True


def asked(found: Sequence[Guess], text: str, words: Sequence[Token]) -> WrtError:
    """Two readings fit."""
    first, second = found[0], found[1]
    spelling = next(s for s in first.names if first.names[s] != second.names[s])
    at = next((k for k, w in enumerate(words) if w.text == spelling[0] and k + 1 < len(words) and words[k + 1].text == spelling[1]), 0)
    span = (words[at].start, words[at + 1].end)
    matrix = spelling[0].upper()
    end = next((w.end for w in words[at + 2 :] if w.text == "}"), span[1])
    return TextError(
        f"is {text[span[0] : end]} a row or a column of {matrix}?",
        text=text,
        span=(span[0], end),
        hint=f'say names={{"{spelling}": "{first.names[spelling]}"}} or names={{"{spelling}": "{second.names[spelling]}"}}.',
    )


def hint(found: Sequence[Guess]) -> str:
    """What to say when none of the readings fits."""
    spelling, tree = next(iter(found[0].names.items()))
    return f'how {spelling} is spelt is said by names={{"{spelling}": "{tree}"}}.'
