"""The proof of printed views: each is read back from its text, evaluated with matrix meaning, and compared with the typed function's own derivative.

exact        the fields decide: both sides agree at random points, with two assignments of sizes
numeric      the fields cannot decide (spectra, ties, identities between oracles); floats of high precision agree
wrong        the sides differ
unverified   neither could decide; says why
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wrt.language.surface import Node, Source
from wrt.proof import pairing
from wrt.proof.arrays import UndecidedError, UnfitError
from wrt.proof.draw import Draw
from wrt.proof.numeric import STYLES, FloatDraw
from wrt.proof.pairing import MisshapenError, Pairing
from wrt.proof.polynomial import polynomial_verdict
from wrt.proof.reading import Reading
from wrt.proof.sizing import Sizing
from wrt.proof.trial import ExactTrial, FloatTrial, Question, evaluated, fitted, tangent_values
from wrt.proof.verdict import EXACT, NUMERIC, Verdict, View, unverified
from wrt.proof.walk import BUDGET, BudgetError, Seen

TRIALS, MOST_TRIALS = 2, 24  # of the exact tier, at least and at most
LOOSE = 6  # draws that look for what is no square
FEW, ENOUGH = 8, 20  # decisions of a sign: of one that the function itself decides, both ways; of any other
POINTS, BRANCHING, DOUBTED, TRIES = 3, 12, 64, 40  # points of the numeric tier (where signs decide; where the fields differ there), failures allowed
DIGITS = (12, 18)  # of the steps of central differences; the finer ones confirm the first point


class NoValueError(Exception):
    """The function has no value with the usual sizes."""


class Prover:
    """Proofs about the derivative of one formula by variables (in order, repeated for higher orders); no variable: about the formula itself.

    Several views share the evaluations of the function. `budget`: ring multiplications an evaluation may take; more for a long text.
    """

    def __init__(self, source: Source, names: Sequence[str] = (), structure: str = "projected", budget: int = BUDGET) -> None:
        self.source = source
        self.reading = Reading(source.declarations)
        self.question = Question(self.reading, self.reading.take(source), names, structure, budget)
        declared = sorted({name for d in source.declarations.values() for size in d.sizes for name in size.names})
        self.sizes = tuple(dict.fromkeys((*source.sizes, *declared)))
        self._sizings: dict[int, Sizing] = {}
        self._trials: dict[tuple[int, bool, tuple[tuple[str, int], ...]], ExactTrial | None] = {}
        self._floats: dict[tuple[int, int, tuple[tuple[str, int], ...]], FloatTrial | UnfitError] = {}
        self._narrower: dict[tuple[str, ...], None] = {}  # size conditions of single views
        self._doubt = False  # whether the fields found the view at hand to differ, so that floats have to look closely
        self._without: str = ""  # why the fields cannot evaluate the function at all

    @property
    def sizing(self) -> Sizing:
        """The assignments of sizes, as large as the numbers read so far ask for."""
        floor = self.reading.floor
        if floor not in self._sizings:
            self._sizings[floor] = Sizing(self.question, self.sizes)
        return self._sizings[floor]

    # ------------------------------------------------------------------------------------------------ the views
    @property
    def conditions(self) -> tuple[str, ...]:
        """The size conditions under which the function, and the views proved so far, have a value at all ("m >= n")."""
        try:
            mine = tuple(c for sizing in self._sizings.values() for c in sizing.conditions)
        except (UndecidedError, BudgetError):
            mine = ()
        return tuple(dict.fromkeys((*mine, *[c for more in self._narrower for c in more])))

    def index(self, indices: Sequence[str], source: Source) -> Verdict:
        """One entry of the derivative, with free indices: the function's axes first, then each variable's."""
        tree = self._taken(source)
        return self.check(lambda pair: pairing.index_view(pair, tree, indices))

    def index_by_floats(self, indices: Sequence[str], source: Source) -> Verdict:
        """The same by floats alone, whatever the fields say: values against a row's derivative (the fields take rows at their word)."""
        tree = self._taken(source)
        try:
            return self._numeric(lambda pair: pairing.index_view(pair, tree, indices), self.sizing)
        except BudgetError:
            return unverified("too large")
        except (UndecidedError, UnfitError) as error:
            return unverified(error.why)

    def matrix(self, source: Source, layout: str) -> Verdict:
        """The closed form in a layout."""
        tree = self._taken(source)
        shape = self.question.tree.shape
        assert shape is not None
        found = pairing.layout_of(shape, [v.shape for v in self.question.variables], layout)
        if found is None:
            return Verdict("wrong", "a derivative of this order has no matrix form")
        kind, turned = found
        return self.check(lambda pair: pairing.matrix_view(pair, tree, kind, turned))

    def kronecker(self, source: Source) -> Verdict:
        """d vec(F) / d vec(X)^T, columns stacked; rows are the function's axes and, of two or more variables, the first one's."""
        tree = self._taken(source)
        shape = self.question.tree.shape
        assert shape is not None
        variables = self.question.variables
        rows = shape.order + (variables[0].shape.order if len(variables) > 1 else 0)
        return self.check(lambda pair: pairing.kronecker_view(pair, tree, rows))

    def operator(self, source: Source, tangents: Sequence[str]) -> Verdict:
        """The derivative applied to the tangents."""
        tree = self._taken(source)

        def view(pair: Pairing) -> Any:
            pair.walker.extra = {**pair.walker.extra, **tangent_values(self.question, tangents, pair)}
            return pairing.operator_view(pair, tree)

        return self._other_kind(tree) or self.check(view)

    def equal(self, source: Source) -> Verdict:
        """The formula itself, for a prover without variables: another of the same shape."""
        tree = self._taken(source)
        return self._other_kind(tree) or self.check(lambda pair: pairing.operator_view(pair, tree))

    def _other_kind(self, tree: Node) -> Verdict | None:
        """A refusal of what is a row where the function is a column, and so on."""
        mine, yours = self.question.tree.shape, tree.shape
        assert mine is not None and yours is not None
        return None if mine.kind == yours.kind else Verdict("wrong", f"one is {mine}, the other {yours}", self.sizing.first, "0")

    def polynomial(self, source: Source, at: Mapping[str, Source], order: int) -> Verdict:
        """A Taylor polynomial of the formula: of degree at most `order`, and equal to it to that order around the point `at`."""
        tree = self._taken(source)
        return polynomial_verdict(self.question, self.sizing, tree, {name: self._taken(s) for name, s in at.items()}, order)

    def _taken(self, source: Source) -> Node:
        return self.reading.take(source)

    # ------------------------------------------------------------------------------------------------ deciding
    def check(self, view: View) -> Verdict:
        """Whether a view, contracted with random weights and directions, is the function's derivative contracted with them."""
        try:
            return self._checked(view)
        except BudgetError:
            return unverified("too large")
        except MisshapenError as error:
            return Verdict("wrong", f"the shape is {error}", self.sizing.first, "0", self.question, None)
        except (UndecidedError, UnfitError) as error:
            return unverified(error.why)

    def _checked(self, view: View) -> Verdict:
        self._doubt = False
        sizing = self.sizing
        try:
            try:
                verdict = self._exact(view, sizing)
            except NoValueError:  # the function has none with the usual sizes: with others?
                sizing.refine()
                verdict = self._exact(view, sizing)
        except UnfitError as error:  # the view has none where the function has one: with some sizes only?
            sizing = Sizing(self.question, self.sizes, view)
            if not error.singular or not sizing.refine():
                return self._nowhere(error)
            self._narrower[sizing.conditions] = None
            verdict = self._exact(view, sizing)
        return verdict if verdict is not None else self._numeric(view, sizing)

    def _nowhere(self, error: UnfitError) -> Verdict:
        if self.sizing.refined and not self.sizing.refine():
            return unverified(f"the function has no value at random points ({error.why})")
        return Verdict("wrong", f"it has no value where the function has one ({error.why})", self.sizing.first, "0", self.question, None)

    def _exact(self, view: View, sizing: Sizing, *, strict: bool = False) -> Verdict | None:
        """The verdict of the fields, None when they cannot decide. Raises: UnfitError when the view has no value with these sizes."""
        if self._without:
            return None
        seen: Seen = {}
        own: set[object] = set()
        moved = False
        for k in range(MOST_TRIALS):
            if k == TRIALS and not _covered(seen, own, self.question.nonsquares):
                self._try_roots(view, sizing)
            if k >= TRIALS and _covered(seen, own, self.question.nonsquares):
                break
            trial = self._trial(k, sizing, strict)
            try:
                found = self._found(view, trial, k, strict) if trial is not None else None
            except UndecidedError:
                return None
            if found is None:
                return None
            moved = moved or found[0] is not trial
            trial, number = found
            own |= trial.own_signs | trial.shared_roots()
            _merge(seen, trial.walker.seen)
            if number != trial.expected:
                if self.reading.rational:
                    return Verdict("wrong", "", trial.draw.sizes, trial.draw.seed, self.question, view)
                if not strict and self.reading.logarithmic:
                    return self._exact(view, sizing, strict=True)
                self._doubt = True
                return None
        return self._on_the_domain(view, sizing) if moved else EXACT

    def _try_roots(self, view: View, sizing: Sizing) -> None:
        """Find out of what roots are taken that is no square by its form, at draws without facts about signs."""
        for k in range(LOOSE):
            draw = Draw(self.question.declarations, sizing.assignment(k), f"l{k}", self.reading.looked_up, k)
            draw.loose = True
            trial = ExactTrial(self.question, draw, strict=False)
            try:
                evaluated(trial)
                view(trial.pair)
            except (UnfitError, UndecidedError):
                pass
            self.question.note_roots(trial.walker.seen)
            if all(key in self.question.nonsquares for key in trial.walker.roots):
                break

    def _on_the_domain(self, view: View, sizing: Sizing) -> Verdict:
        """Exact, for a view with roots of its own, when it has a value wherever the function has one."""
        self._doubt = True
        verdict = self._numeric(view, sizing)
        return EXACT if verdict is NUMERIC else verdict

    def _trial(self, k: int, sizing: Sizing, strict: bool) -> ExactTrial | None:
        """The k-th trial, None when there is none; why not is remembered."""
        sizes = sizing.assignment(k)
        key = (k, strict, tuple(sorted(sizes.items())))
        if key not in self._trials:
            self._trials[key] = None
            try:
                self._trials[key] = fitted(self.question, sizes, f"{k}{'s' * strict}", k, strict)
            except UndecidedError as error:
                self._without = error.why
            except UnfitError as error:
                if not sizing.refined:
                    raise NoValueError from None
                self._without = error.why
        return self._trials[key]

    def _found(self, view: View, trial: ExactTrial, k: int, strict: bool) -> tuple[ExactTrial, Any] | None:
        """The view's number at a trial, or at another one where every root of the view too is of a square."""
        before = trial.violations
        number = view(trial.pair)
        if trial.violations == before:
            return trial, number
        other = fitted(self.question, trial.draw.sizes, f"{k}v{'s' * strict}", k, strict, lambda t: view(t.pair))
        if other is None:
            return None
        return other, view(other.pair)

    # ------------------------------------------------------------------------------------------------ floats
    def _numeric(self, view: View, sizing: Sizing) -> Verdict:
        """The verdict of floats: central differences of the function against the view, at two precisions."""
        seen: Seen = {}
        agreed, why, k = 0, "", 0
        while agreed < self._wanted(seen) and k < agreed + TRIES:
            k += 1
            try:
                trial = self._float(k - 1, sizing, DIGITS[0])
            except UnfitError as error:
                why = error.why
                if error.singular and not sizing.refined and sizing.refine():
                    return self._numeric(view, sizing)
                continue
            try:
                found = view(trial.pair)
            except UnfitError as error:
                if error.near:
                    continue
                if sizing.view is None and error.singular:
                    narrower = Sizing(self.question, self.sizes, view)
                    if narrower.refine() and narrower.conditions:
                        self._narrower[narrower.conditions] = None
                        return self._numeric(view, narrower)
                return self._nowhere(error)
            _merge(seen, trial.walker.seen)
            verdict = self._compared(view, k - 1, sizing, trial, found)
            if verdict is not None:
                return verdict
            agreed += 1
        return NUMERIC if agreed >= self._wanted(seen) else unverified(why or "no point of the domain was found")

    def _wanted(self, seen: Seen) -> int:
        """How many points must agree: more where signs decide, many more where the fields found a difference there."""
        if seen:
            return DOUBTED if self._doubt else BRANCHING
        return BRANCHING if self._doubt else POINTS

    def _float(self, k: int, sizing: Sizing, digits: int) -> FloatTrial:
        sizes = sizing.assignment(k)
        key = (k, digits, tuple(sorted(sizes.items())))
        if key not in self._floats:
            self._floats[key] = UnfitError("a point outside the domain")
            style = k % len(STYLES) if k >= 2 else 0
            try:
                draw = FloatDraw(self.question.declarations, sizes, f"n{k}", self.reading.looked_up, style, k)
                trial = self._floats[key] = FloatTrial(self.question, draw, digits)
                assert trial.expected is not None
            except UnfitError as error:
                self._floats[key] = error
        found = self._floats[key]
        if isinstance(found, UnfitError):
            raise found
        return found

    def _compared(self, view: View, k: int, sizing: Sizing, trial: FloatTrial, found: Any) -> Verdict | None:
        """None when both agree; at the finer precision too at the first point, and where the coarser one leaves a doubt."""
        if k and _agreement(trial, found):
            return None
        trial = self._float(k, sizing, DIGITS[1])
        again = view(trial.pair)
        if _agreement(trial, again):
            return None
        if _apart(trial, again):
            return Verdict("wrong", "", trial.draw.sizes, trial.draw.seed, self.question, view)
        return unverified("floats of high precision neither agree nor differ")


def _noise(trial: FloatTrial) -> Any:
    """What a central difference cannot tell from zero, with six digits to spare: the square of the step, times what was subtracted.

    Values that are rounding errors themselves (an eigenvalue 0 of A.T @ A, a wide A) come of numbers of about 1.
    """
    ten = trial.walker.mp.mpf(10)
    magnitude = trial.magnitude if trial.magnitude > ten ** (8 - trial.walker.mp.dps) else 1
    return magnitude * ten ** (6 - 2 * trial.step_digits)


def _agreement(trial: FloatTrial, found: Any) -> bool:
    """Whether a view's number agrees with the function's difference to what the difference gives, with eight digits to spare."""
    off = abs(trial.expected - found)
    return bool(off <= max(abs(trial.expected), abs(found)) * 10.0 ** (8 - 2 * trial.step_digits) + _noise(trial))


def _apart(trial: FloatTrial, found: Any) -> bool:
    """Whether the two differ for certain."""
    off = abs(trial.expected - found)
    return bool(off > 1e-10 * max(abs(trial.expected), abs(found)) and off > 100 * _noise(trial))


def _merge(seen: Seen, more: Seen) -> None:
    for node, (bits, count) in more.items():
        have, before = seen.get(node, (0, 0))
        seen[node] = (have | bits, before + count)


def _covered(seen: Seen, own: set[object], nonsquares: set[object]) -> bool:
    """Whether enough signs were decided: of one that only the view asks for, so many that it cannot agree by accident.

    The sign under a logarithm matters only where the function does not take the same logarithm.
    """
    return all(count >= ENOUGH or _settled(key, bits, count, key in own, nonsquares) for key, (bits, count) in seen.items())


def _settled(key: object, bits: int, count: int, mine: bool, nonsquares: set[object]) -> bool:
    """Whether a decision was met often enough. Only what is a square by its form has a root with a hidden sign; a root of the view's own may
    have no value where the function has one, which shows at every other trial.
    """
    match key:
        case ("root", _):
            return mine and (bool(bits & 2) or key in nonsquares)
        case ("log", _) if mine:
            return True
    return mine and count >= FEW and bits & 3 == 3


def equal(a: Source, b: Source, budget: int = BUDGET) -> Verdict:
    """Whether two formulas are equal: of one shape, with one value wherever both have one."""
    for name, d in b.declarations.items():
        mine = a.declarations.get(name)
        if mine is not None and mine.form != d.form:
            return Verdict("wrong", f"{name} is {mine.form} in one and {d.form} in the other")
    sizes = tuple(dict.fromkeys((*a.sizes, *b.sizes)))
    joined = Source(a.tree, {**a.declarations, **b.declarations}, sizes, a.text, a.syntax)
    return Prover(joined, (), "ignored", budget).equal(b)


__all__ = ["Prover", "Verdict", "equal"]
