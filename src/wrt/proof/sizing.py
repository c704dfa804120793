"""Numbers for sizes: distinct, at least 3, in different orders; where the function has no value for some orders, those where it has, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import combinations, permutations

from wrt.proof.arrays import UndecidedError, UnfitError
from wrt.proof.draw import Draw, assignments
from wrt.proof.numeric import STYLES, FloatDraw
from wrt.proof.pairing import MisshapenError
from wrt.proof.trial import ExactTrial, FloatTrial, Question
from wrt.proof.verdict import View

FLOORS = (3, 4, 5, 6, 8, 12)


class Sizing:
    """The assignments of a question's sizes for which its function has a value."""

    def __init__(self, question: Question, names: Sequence[str], view: View | None = None) -> None:
        self.question = question
        self.floor = question.reading.floor
        self.names = tuple(name for name in names if name in question.sizes)
        self.others = tuple(name for name in names if name not in question.sizes)
        self.view = view  # a printed view that must have a value too
        self.found: dict[tuple[int, ...], bool] = {}  # the assignments searched, and whether they give a value
        self._in_floats = False  # whether the fields cannot evaluate the function
        self._good: list[dict[str, int]] = []

    @property
    def refined(self) -> bool:
        """Whether the assignments were searched for."""
        return bool(self.found)

    @property
    def first(self) -> dict[str, int]:
        return self.assignment(0)

    def assignment(self, k: int) -> dict[str, int]:
        """The sizes of the k-th trial."""
        found = self._good or self._usual
        return {**{name: 3 + (k + at) % 4 for at, name in enumerate(self.others)}, **found[k % len(found)]}

    @cached_property
    def _usual(self) -> list[dict[str, int]]:
        return [dict(zip(self.names, numbers, strict=True)) for numbers in assignments(self.names, self.floor)]

    def refine(self) -> bool:
        """Search for assignments under which there is a value, once; whether there are any."""
        if not self.found:
            self.found = self._search()
            good = [dict(zip(self.names, numbers, strict=True)) for numbers, works in self.found.items() if works]
            self._good = _different(good) if good else []
        return bool(self._good)

    def restrict(self, conditions: Sequence[str]) -> None:
        """Keep to sizes that satisfy conditions such as "m >= n", where there are any."""
        wanted = [words for words in (c.split() for c in conditions) if len(words) == 3 and words[1] in (">", ">=") and words[0] in self.names]
        if not wanted or self._good:
            return
        for numbers in self._orders(self.floor):
            sizes = dict(zip(self.names, numbers, strict=True))
            ends = [(sizes[a], sizes[b] if b in sizes else int(b), sign) for a, sign, b in wanted if b in sizes or b.isdigit()]
            if all(left > right or (left == right and sign == ">=") for left, right, sign in ends):
                self._good.append(sizes)

    def _search(self) -> dict[tuple[int, ...], bool]:
        """Which assignments work, over several orders and magnitudes."""
        out: dict[tuple[int, ...], bool] = {}
        floors = [floor for floor in sorted({self.floor, *FLOORS}) if floor >= self.floor]
        for gap, many in ((1, len(floors)), (2, 2), (4, 2)):  # a window and what it slides over may have to be far apart
            for floor in floors[:many]:
                for numbers in self._orders(floor, gap):
                    out[numbers] = self.has_value(dict(zip(self.names, numbers, strict=True)))
                if sum(out.values()) >= 2 or not self.names or (self._in_floats and floor > self.floor):
                    break
            if any(out.values()) or len(self.names) < 2:
                break
        return out

    def _orders(self, floor: int, gap: int = 1) -> Iterator[tuple[int, ...]]:
        count = len(self.names)
        if not count:
            yield ()
            return
        base = [floor + gap * k for k in range(count)]
        if count == 1:
            yield from ((floor,), (floor + 1,))
        elif count <= 4:
            yield from permutations(base)
        else:
            for k in range(count):
                yield tuple(base[k:] + base[:k])
                yield tuple(reversed(base[k:] + base[:k]))

    def has_value(self, sizes: Mapping[str, int]) -> bool:
        """Whether the function can be evaluated with these sizes."""
        question = self.question
        sizes = {**dict.fromkeys(self.others, 3), **sizes}
        if self._in_floats:
            return self._has_float_value(sizes)
        try:
            draw = Draw(question.declarations, sizes, "sizes", question.reading.looked_up)
            trial = ExactTrial(question, draw, strict=False)
            trial.walker.value(question.tree)
            if self.view is not None:
                self.view(trial.pair)
        except (UnfitError, MisshapenError):
            return False
        except UndecidedError:
            self._in_floats = True
            return self._has_float_value(sizes)
        return True

    def _has_float_value(self, sizes: Mapping[str, int]) -> bool:
        question = self.question
        for style in range(len(STYLES)):
            draw = FloatDraw(question.declarations, sizes, "sizes", question.reading.looked_up, style)
            try:
                trial = FloatTrial(question, draw, 12)
                trial.walker.value(question.tree)
                if self.view is not None:
                    self.view(trial.pair)
            except MisshapenError:
                return False
            except UnfitError as error:
                if error.singular:
                    return False
                continue
            return True
        return False

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """What the assignments that work have in common and the others have not: "m >= n"."""
        found = self.found
        if not found or not any(found.values()) or all(found.values()):
            return ()
        good = [numbers for numbers, works in found.items() if works]
        bad = [numbers for numbers, works in found.items() if not works]
        out = []
        for i, j in combinations(range(len(self.names)), 2):
            for a, b in ((i, j), (j, i)):
                if all(n[a] > n[b] for n in good) and any(n[a] < n[b] for n in bad):
                    out.append(f"{self.names[a]} {self._sign(a, b, good[0])} {self.names[b]}")
        if not out and len(self.names) == 1:
            out.append(f"{self.names[0]} >= {min(n[0] for n in good)}")
        return tuple(out)

    def _sign(self, a: int, b: int, good: tuple[int, ...]) -> str:
        """The sign >= when equal sizes work too, else >."""
        numbers = list(good)
        numbers[b] = numbers[a]
        return ">=" if self.has_value(dict(zip(self.names, numbers, strict=True))) else ">"


def _different(good: list[dict[str, int]]) -> list[dict[str, int]]:
    """The assignments, the second one as different from the first as can be."""
    first = good[0]
    rest = sorted(good[1:], key=lambda sizes: sum(sizes[n] == first[n] for n in sizes))
    return [first, *rest]
