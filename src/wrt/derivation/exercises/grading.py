"""How hard a question is, 1 to 5: counted from its steps, by the rules that they need and what is differentiated by what."""

from __future__ import annotations

from collections import Counter

from wrt.derivation.step import Derivation
from wrt.derivative import Derivative
from wrt.errors import NoClosedFormError

PLAIN = ("constant", "constant term", "constant factor", "sum rule", "differential of a transpose", "differential of a linear function")
HARD = ("Jacobi's formula", "differential of a matrix function", "differential of the inverse", "quotient rule")
WEIGHTS = {**dict.fromkeys(PLAIN, 0.25), **dict.fromkeys(HARD, 1.5), "squared norm": 2.0}  # any other rule: 1
FREE = ("differential of the variable", "derivative of the variable's entry", "derivative of the variable itself")  # every derivation has them
MOVE = 0.1  # of a line that only rearranges
BOUNDS = (2.0, 3.5, 5.0, 7.0)  # the score from which a question is of level 2, 3, 4, 5
LEVELS = (1, 2, 3, 4, 5)
EXTRA = {"value": 0.25, "entry": 0.5, "expansion": 0.5, "stationary": 2.0}  # what is asked beyond the derivative


def derivation_of(d: Derivative, *styles: str) -> Derivation | None:
    """The steps in the first style that has them, None where there are none."""
    for style in styles or ("differential", "componentwise"):
        try:
            return d.steps(style=style)
        except NoClosedFormError:
            continue
    return None


def rules_of(steps: Derivation) -> Counter[str]:
    """How often each rule of calculus is applied, in order of first use."""
    return Counter(line.rule for line in steps.lines if line.calculus and line.rule not in FREE)


def level_of(d: Derivative, kind: str = "derivative", order: int = 1) -> int:
    """The level of a question about a derivative."""
    score = EXTRA.get(kind, 0.0) * (order if kind == "expansion" else 1)
    steps = derivation_of(d)
    if steps is not None:
        rules = rules_of(steps)
        score += sum(count * WEIGHTS.get(rule, 1.0) for rule, count in rules.items())
        score += MOVE * sum(not line.calculus for line in steps.lines[1:-1])
    orders = [v.shape.order for v in d.variables] + [len(d.formula.shape)]
    score += 1.0 * bool(max(orders)) + 1.0 * (2 in orders) + 1.0 * (len(d.shape) > 2) + 0.5 * (len(d.names) - 1)
    return 1 + sum(score >= bound for bound in BOUNDS)
