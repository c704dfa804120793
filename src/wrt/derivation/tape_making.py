"""A tape on its way: rows, local derivatives, tangents or adjoints, numbers, and the proof that its end is the engine's derivative."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from itertools import product
from typing import Any

from wrt.conventions import Convention, current_convention
from wrt.derivation.tape import Tape
from wrt.derivation.tape_parts import Line, Partial, Term, added, bare, evaluated, finite, point_of, pushed, unfolded
from wrt.derivation.tape_rows import Row, rows_of
from wrt.derivative import Derivative
from wrt.errors import DomainError, ProofError, TooLargeError
from wrt.formula import Formula, call, formula_of
from wrt.language.read import read_like
from wrt.language.scopes import fresh
from wrt.language.surface import Binary, Call, Declaration, Name, Node, Steps
from wrt.language.unparse import unparse

PASSES = 12  # of the forward mode with numbers, one an entry of the inputs
RTOL = 1e-6  # of the engine's number, relative


def _convention() -> Convention:
    return Convention("mixed", current_convention().structure)


class Making:
    """A tape on its way: rows, then local derivatives, then numbers, then the check against the engine."""

    def __init__(self, formula: Formula, inputs: tuple[str, ...], mode: str) -> None:
        self.formula, self.inputs, self.mode = formula, inputs, mode
        self.rows = rows_of(formula, inputs)
        self.declared = {**formula.declarations, **{row.name: row.declared for row in self.rows}}
        taken = {*self.declared, *formula.source.sizes}
        self.flow: dict[str, str] = {}
        for row in self.rows:
            self.flow[row.name] = fresh(row.name + ("_bar" if mode == "reverse" else "_dot"), taken)
            taken.add(self.flow[row.name])
        self.partials = {(row.name, u): self.partial(row, u) for row in self.rows for u in row.uses}
        self.terms = {edge: Term(*edge, self.term(*edge)) for edge in self.partials}
        self.lines = {row.name: self.line(row) for row in self.rows}
        self.numbers: dict[str, Any] | None = None
        self.passes: tuple[str, ...] = ()
        self.seeds: list[dict[str, Any]] = []

    # ------------------------------------------------------------------------------------------------ with symbols
    def row(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)

    @cached_property
    def last(self) -> Row:
        """The function's row."""
        return self.rows[-1]

    def partial(self, row: Row, u: str) -> Partial:
        """The local derivative of a row by a variable."""
        assert row.formula is not None
        d = Derivative(row.formula, (u,), _convention())
        if "row" not in (row.declared.shape.kind, self.declared[u].shape.kind) and d.matrix is not None:
            return Partial(row.name, u, d.matrix)
        along = fresh(f"{u}_dot", {*self.declared, *self.formula.source.sizes})
        return Partial(row.name, u, pushed(row.formula, u, replace(self.declared[u], name=along)), along)

    def term(self, of: str, by: str) -> Formula:
        """What passes along an edge: (d of/d by)^T of_bar, or d of/d by by_dot."""
        if self.mode == "forward":
            formula = self.row(of).formula
            assert formula is not None
            return pushed(formula, by, replace(self.declared[by], name=self.flow[by]))
        return unfolded(self.local(of, by).as_formula())

    def local(self, of: str, by: str) -> Derivative:
        """The derivative of a row, of <of_bar, row> in the reverse mode, by one of its variables."""
        row = self.row(of)
        assert row.formula is not None
        if self.mode == "forward":
            return Derivative(row.formula, (by,), Convention("mixed", "ignored"))
        bar = Formula(bare(Declaration(self.flow[of], row.declared.shape)))
        paired = call("sum", bar * row.formula) if row.declared.shape.order else bar * row.formula
        return Derivative(paired, (by,), _convention())

    def line(self, row: Row) -> Line:
        """The line of a row, without numbers."""
        mine = tuple(self.partials[row.name, u] for u in row.uses)
        if self.mode == "forward":
            terms = tuple(self.terms[row.name, u] for u in row.uses)
        else:
            terms = tuple(self.terms[user.name, row.name] for user in self.rows if row.name in user.uses)
        return Line(row, mine, self.flow[row.name], terms, added([t.formula for t in terms]) if terms else None)

    # ------------------------------------------------------------------------------------------------ with numbers
    def values(self, at: Mapping[str, Any] | None) -> None:
        """Every number at a point."""
        if at is None:
            return
        env = point_of(at, self.formula)
        for row in self.rows:
            if row.formula is not None:
                env[row.name] = self.inside(evaluated(row.formula, env), row, env, "{} = {}")
            elif not finite(env[row.name]):
                raise DomainError(f"the value given for {row.name} is not finite.")
        self.numbers = dict(env)
        self.partials = {edge: p if p.along else replace(p, value=self.slope(p, env)) for edge, p in self.partials.items()}
        flows = [self.swept(env, seed) for seed in self.seeded(env)]
        for row in self.rows:
            line = self.line(row)
            self.lines[row.name] = replace(line, value=env[row.name], flows=tuple(flow[row.name] for flow in flows))

    def inside(self, value: Any, row: Row, env: Mapping[str, Any], what: str) -> Any:
        """The value, which must be finite. Raises: DomainError, naming the first row that has none and what it is made from."""
        if finite(value):
            return value
        from wrt.derivation.tape_table import number

        where = ", ".join(f"{name} = {number(env[name])}" for name in row.uses)
        raise DomainError(f"{what.format(row.name, row.formula)} has no finite value at {where}.", hint="choose another point.")

    def slope(self, p: Partial, env: Mapping[str, Any]) -> Any:
        """The number of a local derivative; where the printed form has none (a kink), the value that the convention says."""
        formula = self.row(p.of).formula
        value = evaluated(p.formula, env)
        assert formula is not None
        if finite(value):
            return value
        return self.inside(
            evaluated(Derivative(formula, (p.by,), _convention()), env), self.row(p.of), env, f"the derivative of {{}} = {{}} by {p.by}"
        )

    def passed(self, term: Term, known: Mapping[str, Any]) -> Any:
        """The number that passes along an edge; the same at a kink."""
        import numpy as np

        value = evaluated(term.formula, known)
        if finite(value):
            return value
        told = f"the derivative of {{}} = {{}} by {term.by}"
        slope = self.inside(evaluated(self.local(term.of, term.by), known), self.row(term.of), known, told)
        if self.mode == "reverse":
            return slope
        dot = known[self.flow[term.by]]
        return np.tensordot(slope, dot, axes=np.ndim(dot))

    def seeded(self, env: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The flows that a pass starts from: 1 at the function, or 1 at one entry of one input."""
        import numpy as np

        if self.mode == "reverse":
            shape = np.shape(env[self.last.name])
            return [{self.last.name: np.ones(shape) if shape else 1.0}]
        seeds: list[dict[str, Any]] = []
        labels: list[str] = []
        for name in self.inputs:
            shape = np.shape(env[name])
            for entry in product(*map(range, shape)):
                unit = np.zeros(shape)
                unit[entry] = 1.0
                seeds.append({n: (unit if shape else 1.0) if n == name else np.zeros(np.shape(env[n])) for n in self.inputs})
                labels.append(name + (f"[{', '.join(map(str, entry))}]" if shape else ""))
        if len(seeds) > PASSES:
            raise TooLargeError(
                f"the forward mode with numbers takes a pass for each of the {len(seeds)} entries of the inputs; {PASSES} are shown.",
                hint="ask for the reverse mode, one pass, or for fewer inputs.",
            )
        self.passes, self.seeds = tuple(labels), seeds
        return seeds

    def swept(self, env: Mapping[str, Any], seed: Mapping[str, Any]) -> dict[str, Any]:
        """The flow of every row out of a seed, in the direction of the mode."""
        import numpy as np

        flow = dict(seed)
        known = {**env, **{self.flow[n]: v for n, v in seed.items()}}
        for row in self.rows if self.mode == "forward" else reversed(self.rows):
            if row.name in seed:
                continue
            total = sum((self.passed(term, known) for term in self.lines[row.name].terms), np.zeros(np.shape(env[row.name])))
            flow[row.name] = total if np.ndim(total) else float(total)
            known[self.flow[row.name]] = flow[row.name]
        return flow

    # ------------------------------------------------------------------------------------------------ the check
    def finished(self) -> Tape:
        """The tape, its end proved to be the engine's derivative."""
        gradient = {name: self.engine(name) for name in self.inputs}
        statuses = [self.proved(name, d) for name, d in gradient.items()]
        unverified = next((s for s in statuses if s.startswith("unverified")), None)
        verified = unverified or ("numeric" if "numeric" in statuses else "exact")
        found = {} if self.numbers is None else self.agreed(gradient)
        lines = tuple(self.lines[row.name] for row in self.rows)
        at = None if self.numbers is None else {n: self.numbers[n] for n in self.formula.declarations}
        return Tape(self.formula, self.inputs, self.mode, lines, gradient, verified, at, self.passes, found, self.flow)

    @cached_property
    def bar(self) -> Declaration:
        """The seed of the reverse mode where f is no scalar."""
        return Declaration(self.flow[self.last.name], self.last.declared.shape)

    def engine(self, name: str) -> Derivative:
        """The engine's derivative by an input: of f; for the reverse mode where f is no scalar, of <f_bar, f>."""
        if self.mode == "forward":
            return Derivative(self.formula, (name,), Convention("mixed", "ignored"))
        if not self.formula.shape:
            return Derivative(self.formula, (name,), _convention())
        paired = call("sum", Formula(bare(self.bar)) * self.formula)
        return Derivative(paired, (name,), _convention())

    def proved(self, name: str, d: Derivative) -> str:
        """The verdict on the tape, all rows put together, against the function as typed. Raises: ProofError."""
        steps: list[tuple[str, Node]] = [(r.name, r.formula.source.tree) for r in self.rows if r.formula is not None]
        extra: dict[str, Declaration] = {}
        along = fresh(f"d{name}", {*self.declared, *self.formula.source.sizes, *self.flow.values()})
        if self.mode == "reverse":
            result: Node = Name(self.flow[name])
            if len(d.shape) > 2:  # a tensor: along a direction
                extra[along] = Declaration(along, self.declared[name].shape)
                result = Call("sum", (Binary("*", result, Name(along)),))
            for row in reversed(self.rows):
                total = self.lines[row.name].total
                if row is self.last and not self.formula.shape:
                    steps.append((self.flow[row.name], formula_of(1).source.tree))
                elif total is not None:
                    steps.append((self.flow[row.name], total.source.tree))
                elif row is not self.last:
                    steps.append((self.flow[row.name], Binary("*", formula_of(0).source.tree, Name(row.name))))
        else:
            result = Name(self.flow[self.last.name])
            extra[self.flow[name]] = Declaration(self.flow[name], self.declared[name].shape)
            for row in self.rows:
                total = self.lines[row.name].total
                if total is not None:
                    steps.append((self.flow[row.name], total.source.tree))
                elif row.name != name:
                    steps.append((self.flow[row.name], Binary("*", formula_of(0).source.tree, Name(row.name))))
        words = unparse(Steps(tuple(steps), result))
        source = read_like(words, d.formula.source, extra=extra)
        verdict = d.prover.operator(source, tuple(extra)) if extra else d.prover.matrix(source, "mixed")
        if verdict.status == "wrong":
            raise ProofError(f"the tape does not end in the derivative by {name}; please report this as a bug.", text=words, span=None)
        return verdict.status

    def agreed(self, gradient: Mapping[str, Derivative]) -> dict[str, Any]:
        """The tape's numbers for the derivative by each input, held against the engine's. Raises: ProofError."""
        import numpy as np

        assert self.numbers is not None
        out: dict[str, Any] = {}
        known = dict(self.numbers)
        if self.mode == "reverse":
            known[self.flow[self.last.name]] = self.lines[self.last.name].flows[0]
        for name, d in gradient.items():
            want = np.asarray(d(**{n: known[n] for n in d.declarations}), dtype=float)
            if self.mode == "reverse":
                got = np.asarray(self.lines[name].flows[0], dtype=float)
            else:
                mine = [np.asarray(flow) for flow, seed in zip(self.lines[self.last.name].flows, self.seeds, strict=True) if np.any(seed[name])]
                got = np.stack(mine, axis=-1).reshape(want.shape)
            if not np.allclose(got, want, rtol=RTOL, atol=RTOL * max(1.0, float(np.max(np.abs(want), initial=0.0))), equal_nan=True):
                raise ProofError(f"the tape's numbers for the derivative by {name}, {got.tolist()}, are not the engine's, {want.tolist()}.")
            out[name] = got if got.ndim else float(got)
        return out
