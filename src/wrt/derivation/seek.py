"""Seeking the slip in a wrong answer: the first kind of the list whose single edit mends it; else the one misapplied rule that leads to it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from wrt.derivation import questions
from wrt.derivation.edits import Edit, Subject
from wrt.derivation.lost import dropped, inner_derivatives, lost_terms
from wrt.derivation.mark import PROVED, Mark, Marking
from wrt.derivation.misapplied import misapplied
from wrt.derivation.slips import SLIPS, Slip
from wrt.errors import WrtError
from wrt.formula import shape_of
from wrt.language.read import read_like
from wrt.language.surface import Call, Node, Source, postorder
from wrt.language.unparse import unparse
from wrt.proof.views import Prover

MOST = 600  # edits tried for one kind of slip
PATIENCE = 600  # verdicts for one kind of slip; one that takes floats counts as several, one whose every value is an iteration as many
FLOATS, ITERATED, DERIVED = 6, 60, 6
SLOW = ("expm", "logm", "sqrtm", "frechet", "cholesky", "eigvalsh", "eigvecsh", "svdvals", "svd_u", "svd_v", "polar", "pinv")


def seek(marking: Marking, tree: Node, text: str) -> Mark:
    """The mark of a wrong answer, with the slip where one is found."""
    return _Seeker(marking, tree).mark(text)


class _Seeker:
    def __init__(self, marking: Marking, tree: Node) -> None:
        self.marking, self.tree = marking, tree
        self.function = marking.formula.source
        iterated = any(isinstance(n, Call) and n.function in SLOW for t in (tree, self.function.tree) for n in postorder(t))
        self.price = ITERATED if iterated and marking.slow else FLOATS if iterated or marking.slow else 1
        self.patience = PATIENCE
        self.answer = marking.source(unparse(tree))

    def mark(self, text: str) -> Mark:
        span, apart, true = (0, len(text)), self.marking.apart(self.tree), self.marking.true_form(self.marking.wanted[0])
        for slip in SLIPS.values():
            self.patience = PATIENCE
            if slip.undo is None and (note := self.other_question(slip.name)) is not None:
                return Mark(False, (), slip.name, span, apart, true, note=note)
            found = self.mended(self.edits(slip), DERIVED if slip.undo is None else 0)
            if found is not None:
                return Mark(False, (), slip.name, found.span, apart, unparse(found.tree))
        kind = self.misread() or self.dropped()
        self.patience = PATIENCE
        kind = kind or self.misapplied()
        if kind is not None:
            return Mark(False, (), kind, span, apart, true)
        note = self.misshapen()
        return Mark(False, (), "shape" if note else None, span, apart, note=note)

    def spend(self, extra: int = 0) -> bool:
        """Whether there is patience left for one more verdict, which is then paid for."""
        self.patience -= self.price + extra
        return self.patience > 0

    # ------------------------------------------------------------------------------------------------ one edit of the answer
    def edits(self, slip: Slip) -> Iterator[Edit]:
        """The single edits that undo a kind of slip."""
        marking = self.marking
        subject = Subject(self.tree, self.function.tree, marking.names, self.function.declarations, self.function.sizes)
        if slip.name == "product-rule-term-lost":
            yield from lost_terms(subject, self.function, marking.forms(unparse(self.tree)))
        elif slip.name == "chain-rule-inner-lost":
            yield from inner_derivatives(subject, self.function)
        elif slip.undo is not None:
            yield from slip.undo(subject)

    def mended(self, made: Iterator[Edit], price: int) -> Edit | None:
        """The first edit that makes the answer right in a layout that counts; `price` is what making one costs."""
        seen: set[str] = set()
        for edit in islice(made, MOST):
            words = unparse(edit.tree)
            if words in seen:
                continue
            seen.add(words)
            if not self.spend(price):
                return None
            if any(name in self.marking.wanted for name in self.marking.judge(words)[0]):
                return edit
        return None

    # ------------------------------------------------------------------------------------------------ another question
    def other_question(self, kind: str) -> str | None:
        """What is to be said of an answer that is right for another question; None when it is not."""
        match kind:
            case "wrong-variable":
                other = self.other_variable()
                return f" It is the derivative by {other}." if other else None
            case "symmetric-assumed":
                changed = questions.symmetric(self.function)
                return "" if changed is not None and self.right_under(changed, self.read_beside(changed)) else None
            case "only-for-1x1":
                changed = questions.scalarised(self.function.tree, self.function)
                return "" if changed is not None and self.right_under(changed, questions.scalarised(self.tree, self.function)) else None
        return None

    def read_beside(self, source: Source) -> Source | None:
        """The answer beside other declarations."""
        try:
            return read_like(unparse(self.tree), source)
        except WrtError:
            return None

    def right_under(self, question: Source, answer: Source | None, names: tuple[str, ...] = ()) -> bool:
        """Whether an answer is right for another question."""
        if answer is None:
            return False
        try:
            prover = self.marking.prover(question, names or self.marking.names, "ignored")
            return any(prover.matrix(answer, layout).status in PROVED for layout in self.marking.wanted)
        except WrtError:
            return False

    def other_variable(self) -> str:
        """The variable by which the answer would be right."""
        names = self.marking.names
        if self.answer is None or len(set(names)) != 1:
            return ""
        for name, d in self.function.declarations.items():
            if name not in names and "integer" not in d.facts and self.right_under(self.function, self.answer, (name,) * len(names)):
                return name
        return ""

    def misread(self) -> str | None:
        """The kind of slip of having taken a function for another: trace for sum."""
        for kind, changed in questions.misread(self.function):
            if self.right_under(changed, self.read_beside(changed)):
                return kind
        return None

    # ------------------------------------------------------------------------------------------------ one slip on the way
    def dropped(self) -> str | None:
        """The kind of slip of having dropped one factor of the derivative; an answer of the wrong shape is read with all sizes equal."""
        answer = self.answer if self.answer is not None else questions.equalised(self.tree, self.function)
        if answer is None:
            return None
        prover = Prover(answer, (), "ignored")
        for form in self.marking.forms(unparse(self.tree)):
            for kind, wrong in islice(dropped(form), MOST):
                if not self.spend():
                    return None
                other = self.marking.source(unparse(wrong)) if self.answer is not None else questions.equalised(wrong, self.function)
                if other is not None and prover.equal(other).status in PROVED:
                    return kind
        return None

    def misapplied(self) -> str | None:
        """The kind of the rule that, misapplied at one place of the function, gives the answer."""
        if self.answer is None or len(self.marking.names) != 1:
            return None
        prover = Prover(self.answer, (), "ignored")
        for found in misapplied(self.function.tree, self.marking.names[0], self.function, self.marking.wanted):
            if not self.spend(DERIVED):
                return None
            for form in found.forms:
                source = self.marking.source(unparse(form))
                if source is not None and prover.equal(source).status in PROVED:
                    return found.kind
        return None

    def misshapen(self) -> str:
        """What is to be said of the answer's shape, where the derivative has another in every layout that counts."""
        views = [self.marking.derivative.in_layout(layout) for layout in self.marking.wanted]
        shapes = list(dict.fromkeys(str(shape_of(v.source)) for v in views if v is not None))
        if self.answer is None and len(self.marking.entry_indices(unparse(self.tree)) or ()) == self.marking.order > 2:
            return ""
        if self.answer is None:
            return f" Its sizes do not fit; the derivative is {' or '.join(shapes)}." if shapes else " Its sizes do not fit."
        mine = str(shape_of(self.answer))
        return f" It is {mine}; the derivative is {' or '.join(shapes)}." if shapes and mine not in shapes else ""
