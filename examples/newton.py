"""Ridge and logistic regression on real data: the loss as text, its derivatives proved, printed, compiled; Newton beside gradient descent.

    make demo

The coefficients must agree with scikit-learn's to 1e-6; otherwise the exit status is 1.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

import wrt

AGREE = 1e-6  # largest difference of a coefficient allowed
FLAT = 1e-9  # a method stops where the gradient is this small, relative to the gradient at the start
NEWTON_STEPS, GRADIENT_STEPS = 50, 60_000


@dataclass
class Problem:
    """A loss in variables w and b, its data, and scikit-learn's solution: its objective is the same function."""

    title: str
    loss: str
    declarations: str
    data: dict[str, Any]
    features: list[str]
    solve: Callable[[], tuple[Any, float]]


def ridge() -> Problem:
    """scikit-learn's Ridge minimises norm(X @ w + b - y)**2 + alpha*norm(w)**2; the intercept b is not penalised."""
    found = load_diabetes()
    X, y, alpha = found.data, found.target, 0.1

    def solve() -> tuple[Any, float]:
        model = Ridge(alpha=alpha, solver="cholesky").fit(X, y)
        return model.coef_, float(model.intercept_)

    return Problem(
        "Ridge regression, diabetes",
        "norm(X @ w + b - y)**2 + alpha*norm(w)**2",
        "X: m n, w: n, b:, y: m, alpha: positive",
        {"X": X, "y": y, "alpha": alpha},
        list(found.feature_names),
        solve,
    )


def logistic() -> Problem:
    """scikit-learn's LogisticRegression minimises C*sum(log(1 + exp(-y*(X @ w + b)))) + norm(w)**2/2 for labels -1 and 1."""
    found = load_breast_cancer()
    X, labels, C = StandardScaler().fit_transform(found.data), found.target, 1.0

    def solve() -> tuple[Any, float]:
        model = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(X, labels)
        return model.coef_[0], float(model.intercept_[0])

    return Problem(
        "Logistic regression, breast cancer",
        "C*sum(log(1 + exp(-y*(X @ w + b)))) + norm(w)**2/2",
        "X: m n, w: n, b:, y: m labels_pm1, C: positive",
        {"X": X, "y": 2.0 * labels - 1, "C": C},
        list(found.feature_names),
        solve,
    )


class Model:
    """The loss, its gradient and its Hessian by (w, b), compiled: one program for value and gradient, one for the Hessian."""

    def __init__(self, problem: Problem) -> None:
        self.f = wrt.parse(problem.loss, problem.declarations)
        self.gradients = [wrt.derive(self.f, name) for name in ("w", "b")]
        self.hessians = [wrt.derive(self.f, *names) for names in (("w", "w"), ("w", "b"), ("b", "b"))]
        self._slope, self._curvature = wrt.compile([self.f, *self.gradients]), wrt.compile(self.hessians)
        self._data, self.n = problem.data, problem.data["X"].shape[1]

    def slope(self, point: Any) -> tuple[float, Any]:
        """Value and gradient at a point [w, b]."""
        value, by_w, by_b = self._slope(**self._data, w=point[:-1], b=float(point[-1]))
        return float(value), np.append(by_w, by_b)

    def curvature(self, point: Any) -> Any:
        """The Hessian at a point [w, b]."""
        ww, wb, bb = self._curvature(**self._data, w=point[:-1], b=float(point[-1]))
        return np.block([[ww, wb[:, None]], [wb[None, :], np.full((1, 1), bb)]])


@dataclass
class Run:
    """How a method went: where it ended, after how many steps, seconds, and the last gradient's size relative to the first."""

    method: str
    point: Any
    steps: int
    seconds: float
    flatness: float
    value: float


Direction = Callable[[Any, Any], Any]


def descend(method: str, model: Model, limit: int, direction: Direction, report: Callable[[int, float, float], None]) -> Run:
    """Steps along `direction`(point, gradient), halved until the loss does not rise, until the gradient is flat."""
    started = time.perf_counter()
    point = np.zeros(model.n + 1)
    value, g = model.slope(point)
    first, steps = np.linalg.norm(g), 0
    while steps < limit and np.linalg.norm(g) > FLAT * first:
        step = direction(point, g)
        for _ in range(40):
            new = model.slope(point + step)
            if new[0] <= value + 1e-12 * abs(value):
                break
            step = step / 2
        point, (value, g), steps = point + step, new, steps + 1
        report(steps, value, float(np.linalg.norm(g) / first))
    return Run(method, point, steps, time.perf_counter() - started, float(np.linalg.norm(g) / first), value)


def both(model: Model, console: Console) -> list[Run]:
    """Newton's method beside gradient descent with the step 1/L, L the largest curvature at the start (where both losses are most curved)."""
    step = 1 / np.linalg.eigvalsh(model.curvature(np.zeros(model.n + 1)))[-1]
    methods: list[tuple[str, int, Direction]] = [
        ("Newton", NEWTON_STEPS, lambda point, g: -np.linalg.solve(model.curvature(point), g)),
        ("gradient descent", GRADIENT_STEPS, lambda _, g: -step * g),
    ]
    runs = []
    columns = (TextColumn("{task.description:17}"), BarColumn(), TextColumn("{task.fields[says]}"))
    with Progress(*columns, console=console) as progress:
        for method, limit, direction in methods:
            task = progress.add_task(method, total=-np.log10(FLAT), says="")

            def report(steps: int, value: float, flatness: float, task: Any = task) -> None:
                says = f"step {steps:5d}  loss {value:.10g}  gradient {flatness:.0e}"
                progress.update(task, completed=-np.log10(max(flatness, FLAT)), says=says)

            runs.append(descend(method, model, limit, direction, report))
    return runs


def show(problem: Problem, console: Console) -> bool:
    """One problem from text to coefficients; True when they agree with scikit-learn's."""
    console.rule(problem.title)
    model = Model(problem)
    m, n = problem.data["X"].shape
    console.print(f"m = {m} observations, n = {n} features\n", highlight=False)
    console.print(f"f = {model.f.unicode()}", markup=False, highlight=False, soft_wrap=True)
    derivatives = model.gradients + model.hessians
    for d in derivatives:
        by = " ".join(f"d{name}" for name in d.names)
        order = "²" * (len(d.names) == 2)
        console.print(f"d{order}f/{by} = {d.unicode()}    (proof: {d.verified})", markup=False, highlight=False, soft_wrap=True)
    console.print()
    runs = both(model, console)
    coefficients, intercept = problem.solve()
    reference = np.append(coefficients, intercept)
    table = Table(
        "method", "steps", "seconds", "loss", "gradient, relative", "largest difference", caption="difference: of a coefficient from scikit-learn's"
    )
    for run in runs:
        table.add_row(
            run.method, str(run.steps), f"{run.seconds:.3f}", f"{run.value:.10g}", f"{run.flatness:.1e}", f"{difference(run.point, reference):.1e}"
        )
    console.print(table)
    newton = runs[0].point
    table = Table("coefficient", "wrt, Newton", "wrt, gradient descent", "scikit-learn", "difference of Newton")
    for k, name in enumerate([*problem.features, "intercept"]):
        table.add_row(name, f"{newton[k]:.8f}", f"{runs[1].point[k]:.8f}", f"{reference[k]:.8f}", f"{abs(newton[k] - reference[k]):.1e}")
    console.print(table)
    return difference(newton, reference) <= AGREE and all(d.verified == "exact" for d in derivatives)


def difference(point: Any, reference: Any) -> float:
    """The largest difference of a coefficient."""
    return float(np.abs(point - reference).max())


def main() -> int:
    console = Console(width=None if sys.stdout.isatty() else 110)
    agree = {problem.title: show(problem, console) for problem in (ridge(), logistic())}
    for title, good in agree.items():
        says = f"every coefficient agrees with scikit-learn's to {AGREE:g}" if good else "does NOT agree with scikit-learn"
        console.print(f"{title}: {says}", highlight=False)
    return 0 if all(agree.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
