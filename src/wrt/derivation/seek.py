"""Seeking the slip in a wrong answer: the first kind of the list whose single edit mends it; else the one misapplied rule that leads to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain, islice

from wrt.api import derive
from wrt.derivation import questions
from wrt.derivation.edits import Edit, Subject, constant, number_kept
from wrt.derivation.lost import inner_derivatives, lost_terms, without_factor, written_twice
from wrt.derivation.mark import PROVED, Mark, Marking
from wrt.derivation.misapplied import misapplied
from wrt.derivation.slips import SLIPS, Slip
from wrt.derivation.terms import addends, bare, is_zero, tidied
from wrt.errors import WrtError
from wrt.formula import Formula, shape_of
from wrt.language.read import read_like, type_tree
from wrt.language.rewrite import in_front
from wrt.language.surface import Binary, Call, Name, Node, Number, Source, postorder
from wrt.language.trees import number
from wrt.language.unparse import short, unparse
from wrt.proof.views import Prover

SHORT, LONGER = 80, 5  # the derivative shown beside a wrong answer: characters that are always shown, and times as long as the function
MOST = 600  # edits tried for one kind of slip
PATIENCE = 600  # verdicts for one kind of slip; one that takes floats counts as several, one whose every value is an iteration as many
FLOATS, ITERATED, DERIVED = 6, 60, 6
TWICE = "one term is written twice for two that differ in the order of their factors, which do not commute"
ORDERS = ("first", "second", "third")
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
        whole = Mark(False, (), None, (0, len(text)), self.marking.apart(self.tree), self.true_form())
        if is_zero(self.tree):
            return replace(whole, slip="wrong-variable", says="0 is the derivative of what does not hold the variable; the function does")
        if (summed := self.sums_to_one()) is not None:
            return replace(whole, slip="factor", says=summed)
        if not (isinstance(self.function.tree, Call) and self.function.tree.function in ("exp", "expm")) and self.itself():
            return replace(whole, slip="log-exp", says="it is the function itself, not its derivative")
        for slip in SLIPS.values():
            self.patience = PATIENCE
            if slip.name == "factor" and (found := self.mended(self.constant_slopes(), 0)) is not None:
                return self.named(whole, "chain-rule-inner-lost", found)
            if slip.name == "only-for-1x1":  # the least that can be said: it is asked last
                continue
            if slip.name == "factor" and (found := self.mended(number_kept(self.subject()), 0)) is not None:
                return self.named(whole, "constant-kept", found)
            if slip.name == "factor" and (says := self.constant_itself()) is not None:
                return replace(whole, slip="constant-kept", says=says)
            if slip.undo is None and (note := self.other_question(slip.name)) is not None:
                inner = self.mended(self.edits(SLIPS["chain-rule-inner-lost"]), DERIVED) if slip.name == "wrong-variable" else None
                return self.named(whole, "chain-rule-inner-lost", inner) if inner is not None else replace(whole, slip=slip.name, note=note)
            made = self.edits(slip) if slip.name != "factor" else chain(self.edits(slip), self.ratio(whole))
            found = self.mended(made, DERIVED if slip.undo is None else 0)
            if found is not None:
                return self.named(whole, slip.name, found)
        for seeking in (
            self.twice,
            self.of_other_order,
            self.diagonal,
            self.misread,
            self.forgotten,
            self.misapplied,
            self.dropped,
            self.for_scalars,
        ):
            self.patience = PATIENCE
            if (named := seeking()) is not None:
                return replace(whole, slip=named[0], says=named[1], note=self.misshapen() if named[0] == "shape" else "")
        note = self.misshapen()
        return replace(whole, slip="shape" if note else None, note=note, fixed=None)

    def true_form(self) -> str | None:
        """The derivative as it is shown beside a wrong answer: along dX where the answer is; None where it is too long to help."""
        forms = self.marking.forms(unparse(self.tree)) if self.marking.along(self.tree) else []
        words = unparse(tidied(forms[0])) if forms else self.marking.true_form(self.marking.wanted[0])
        return words if len(words) <= max(SHORT, LONGER * len(unparse(self.function.tree))) else None

    def constant_itself(self) -> str | None:
        """What is to be said of an answer that is the constant term of the function."""
        given = constant(self.tree)
        terms = addends(self.function.tree)
        if given is not None and len(terms) > 1 and any(isinstance(t, Number) and t.value == given for t in terms):
            return f"{short(self.tree)} is the term that stands still: its derivative is 0"
        return None

    @staticmethod
    def named(whole: Mark, kind: str, edit: Edit) -> Mark:
        """The mark with the slip that an edit undoes."""
        return replace(whole, slip=edit.kind or kind, where=edit.span, fixed=unparse(tidied(edit.tree)), says=edit.says)

    def spend(self, extra: int = 0) -> bool:
        """Whether there is patience left for one more verdict, which is then paid for."""
        self.patience -= self.price + extra
        return self.patience > 0

    # ------------------------------------------------------------------------------------------------ one edit of the answer
    def subject(self) -> Subject:
        """What edits look at."""
        return Subject(self.tree, self.function.tree, self.marking.names, self.function.declarations, self.function.sizes)

    def edits(self, slip: Slip) -> Iterator[Edit]:
        """The single edits that undo a kind of slip."""
        marking, subject = self.marking, self.subject()
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
    def sums_to_one(self) -> str | None:
        """What is to be said of an answer that is right only where the entries of a vector that stands still add up to 1."""
        still = [n for n in self.function.declarations if n not in self.marking.names]
        for name, changed in questions.on_simplex(self.function, still):
            if self.right_under(changed, self.read_beside(changed)):
                return f"the factor sum({name}) is missing: the answer is right only where it is 1, as for one-hot {name}"
        return None

    def other_question(self, kind: str) -> str | None:
        """What is to be said of an answer that is right for another question; None when it is not."""
        match kind:
            case "wrong-variable":
                other = self.other_variable()
                return f" It is the derivative by {other}." if other else None
            case "symmetric-assumed":
                changed = questions.symmetric(self.function)
                return "" if changed is not None and self.right_under(changed, self.read_beside(changed)) else None
        return None

    def for_scalars(self) -> tuple[str, str] | None:
        """The slip of an answer that is right where every matrix is 1 x 1."""
        changed = questions.scalarised(self.function.tree, self.function)
        if changed is None or not self.right_under(changed, questions.scalarised(self.tree, self.function)):
            return None
        return "only-for-1x1", ""

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

    def itself(self) -> bool:
        """Whether the answer is the function."""
        return self.answer is not None and Prover(self.answer, (), "ignored").equal(self.function).status in PROVED

    def ratio(self, whole: Mark) -> Iterator[Edit]:
        """The answer times the number that the derivative is of it at the point where they differ."""
        if whole.counterexample is None:
            return
        _, wanted, given = whole.counterexample
        while isinstance(wanted, list) and isinstance(given, list):
            pairs = [(w, g) for w, g in zip(wanted, given, strict=True) if isinstance(g, list) or g]
            if not pairs:
                return
            wanted, given = pairs[0]
        if isinstance(wanted, int | Fraction) and isinstance(given, int | Fraction) and wanted and given:
            c = Fraction(wanted) / given
            yield Edit(in_front(number(abs(c)), self.tree), self.tree.span, f"the factor {abs(c)} is missing")

    def constant_slopes(self) -> Iterator[Edit]:
        """The answer times the slope of an inner function that is linear in a scalar: the 3 of (3*x + 1)**5."""
        declared = self.function.declarations
        if len(set(self.marking.names)) != 1 or self.marking.names[0] not in declared or declared[self.marking.names[0]].shape.order:
            return
        (name,) = set(self.marking.names)
        for node in postorder(self.function.tree):
            for u in node.children if isinstance(node, Call) or (isinstance(node, Binary) and node.op == "**") else ():
                if isinstance(u, (Name, Number)) or u.shape is None or u.shape.order:
                    continue
                try:
                    slope = derive(Formula(type_tree(bare(u), declared)), name).as_formula().source.tree
                except WrtError:
                    continue
                if any(isinstance(p, Name) and p.name == name for p in postorder(slope)) or (isinstance(slope, Number) and slope.value in (0, 1)):
                    continue
                says = f"the inner derivative {short(slope)} of {short(u)} is forgotten"
                yield Edit(in_front(slope, self.tree), self.tree.span, says)

    def of_other_order(self) -> tuple[str, str] | None:
        """The slip of having given the function itself, or a derivative of another order."""
        if self.answer is None:
            return None
        if len(set(self.marking.names)) == 2 == len(self.marking.names):
            a, b = self.marking.names
            for names in ((a,), (b,), (a, a), (b, b)):
                if self.right_under(self.function, self.answer, names):
                    return "wrong-variable", f"it is the derivative by {' and '.join(names)}"
        if len(set(self.marking.names)) != 1:
            return None
        times = len(self.marking.names)
        for order in (times + 1, times - 1):
            if 0 < order <= len(ORDERS) and self.right_under(self.function, self.answer, self.marking.names[:1] * order):
                return "wrong-variable", f"it is the {ORDERS[order - 1]} derivative"
        return None

    def diagonal(self) -> tuple[str, str] | None:
        """The slip of having kept the diagonal of a square derivative only, as a matrix or as a vector."""
        if self.answer is None:
            return None
        for form in self.marking.forms():
            if form.shape is None or form.shape.kind != "matrix" or form.shape.sizes[0] is not form.shape.sizes[1]:
                continue
            for kind, made in (("elementwise-vs-matrix", Call("diag", (Call("diag", (form,)),))), ("shape", Call("diag", (form,)))):
                try:
                    source = type_tree(bare(made), self.function.declarations)
                except WrtError:
                    continue
                if Prover(self.answer, (), "ignored").equal(source).status in PROVED:
                    return kind, "it is only the diagonal of the derivative: entry i of the function depends on other entries than i too"
        return None

    def misread(self) -> tuple[str, str] | None:
        """The slip of having taken a function for another: trace for sum."""
        for kind, says, changed in questions.misread(self.function):
            if self.right_under(changed, self.read_beside(changed)):
                return kind, says
        return None

    def forgotten(self) -> tuple[str, str] | None:
        """The slip of having forgotten a constant factor or term of the function."""
        names = set(self.marking.names)

        def moves(node: Node) -> bool:
            return any(getattr(n, "name", "") in names for n in postorder(node))

        for kind, lost, changed in questions.without_constant(self.function, moves):
            if not self.spend(DERIVED):
                return None
            if self.right_under(changed, self.read_beside(changed)):
                return kind, f"{lost} of the function is forgotten"
        return None

    # ------------------------------------------------------------------------------------------------ one slip on the way
    def twice(self) -> tuple[str, str] | None:
        """The slip of having written one term twice for two that have the same factors in another order."""
        if self.answer is None:
            return None
        prover = Prover(self.answer, (), "ignored")
        for form in self.marking.forms(unparse(self.tree)):
            for wrong in written_twice(form):
                other = self.marking.source(unparse(wrong))
                if other is not None and prover.equal(other).status in PROVED:
                    return "product-order", TWICE
        return None

    def dropped(self) -> tuple[str, str] | None:
        """The kind of slip of having dropped one factor of the derivative; an answer of the wrong shape is read with all sizes equal."""
        answer = self.answer if self.answer is not None else questions.equalised(self.tree, self.function)
        if answer is None:
            return None
        prover = Prover(answer, (), "ignored")
        for form in self.marking.forms(unparse(self.tree)):
            for kind, wrong, says in islice(without_factor(form), MOST):
                if not self.spend():
                    return None
                other = self.marking.source(unparse(wrong)) if self.answer is not None else questions.equalised(wrong, self.function)
                if other is not None and prover.equal(other).status in PROVED:
                    return kind, says
        return None

    def misapplied(self) -> tuple[str, str] | None:
        """The rule that, misapplied at one place of the function, gives the answer."""
        if self.answer is None or len(self.marking.names) != 1:
            return None
        prover = Prover(self.answer, (), "ignored")
        for found in misapplied(self.function.tree, self.marking.names[0], self.function, self.marking.wanted):
            if not self.spend(DERIVED):
                return None
            for form in found.forms:
                source = self.marking.source(unparse(form))
                if source is not None and prover.equal(source).status in PROVED:
                    return found.kind, found.says
        return None

    def misshapen(self) -> str:
        """What is to be said of the answer's shape, where the derivative has another in every layout that counts."""
        views = [self.marking.derivative.in_layout(layout) for layout in self.marking.wanted]
        shapes = list(dict.fromkeys(str(shape_of(v.source)) for v in views if v is not None))
        if self.answer is None and len(self.marking.entry_indices(unparse(self.tree)) or ()) == self.marking.order > 2:
            return ""
        if self.answer is None:
            return (
                f" Its sizes do not fit{self.why_not()}; the derivative is {' or '.join(shapes)}."
                if shapes
                else f" Its sizes do not fit{self.why_not()}."
            )
        mine = str(shape_of(self.answer))
        return f" It is {mine}; the derivative is {' or '.join(shapes)}." if shapes and mine not in shapes else ""

    def why_not(self) -> str:
        """Why the answer has no shape."""
        try:
            words = unparse(self.tree)
            read_like(words, self.function, extra={n: d for n, d in self.marking.tangents.items() if n in words})
        except WrtError as error:
            return f" ({error.message.rstrip('.')})"
        return ""
