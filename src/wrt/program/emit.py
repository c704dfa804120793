"""Programs: expressions in, a straight-line function out, readable, planned for the sizes it meets.

    compile_program({"gradient": expr}, declarations) -> Program     called with arrays by name or in order of declaration

The plan depends on the sizes, so code is made when sizes are first seen, once for sizes of similar magnitude; `.source` shows it for
representative ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from itertools import groupby
from numbers import Integral
from typing import Any, NamedTuple

from wrt.algebra.expr import Expr, SizeValue, Sum, postorder
from wrt.errors import ShapeError, TextError
from wrt.language.sizes import Size
from wrt.language.surface import Declaration, FunctionDeclaration
from wrt.program.array import Array, canonical_names, dense_array, outer_factors
from wrt.program.bind import Binder
from wrt.program.build import Builder
from wrt.program.cost import multiply_adds
from wrt.program.execute import execute, told
from wrt.program.factor import shared_factors
from wrt.program.layout import source_of
from wrt.program.stable import stabilised
from wrt.program.steps import Labels, Step, ordered
from wrt.program.structured import Structured, StructuredSum
from wrt.program.structured_product import Factor, StructuredProduct
from wrt.program.thin import tall_sizes
from wrt.program.tidy import tidied
from wrt.program.write import Backend, shape_text
from wrt.tables.facts import closure

BACKENDS = ("numpy", "jax", "torch")
REPRESENTATIVE = (1000, 300, 100, 30, 20, 12, 8, 6)  # sizes in order of appearance, for `.source`
GUESS = 30  # a size that only the values of a passed function would show, where the order of products is planned
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
Facts = Mapping[str, frozenset[str]]


class Core(NamedTuple):
    """What a program returns: for an output its dense array, or one core of a part of it, with the labels of the part that its axes are."""

    output: str
    step: Step
    array: Array
    labels: Labels


class Compiled(NamedTuple):
    """One version of a program: its source, the function, its steps, what it returns, whether the sizes had a say, and which it is passed."""

    source: str
    run: Callable[..., Any]
    steps: tuple[Step, ...]
    cores: tuple[Core, ...]
    planned: bool
    free: tuple[str, ...]


Ready = tuple[Compiled, tuple[int, ...], dict[str, int]]  # a version, the sizes passed to it by name, all sizes


def compile_program(
    outputs: Mapping[str, Expr], declarations: Mapping[str, Declaration], *, backend: str = "numpy", output: str = "dense", facts: Facts | None = None
) -> Program:
    """The program of several expressions over one set of declared variables.

    Returns: Program; with one output a call returns its array (a float for a scalar), with several a tuple in order.
    Raises: TextError for an unknown backend or output; NoClosedFormError for a function that the backend lacks.
    """
    if output not in ("dense", "structured"):
        raise TextError(f"output must be 'dense' or 'structured', not {output!r}.")
    return Program(dict(outputs), dict(declarations), find_backend(backend), output, facts)


def find_backend(name: str) -> Backend:
    """The backend of that name."""
    if name not in BACKENDS:
        raise TextError(f"backend must be one of {', '.join(map(repr, BACKENDS))}, not {name!r}.")
    found: Backend = import_module(f"wrt.program.{name}").BACKEND
    try:
        found.asarray()
    except ImportError:
        raise TextError(f"{name} is not installed.", hint=f"pip install wrt[{name}]") from None
    return found


class Program:
    """A compiled function of all declared names: by keyword (used or not), or all in order of declaration; declared functions as callables.

    Vectors and rows are 1-D arrays, scalars numbers; everything is computed in float64. Non-finite data is left to the array library.
    """

    def __init__(self, outputs: dict[str, Expr], declarations: dict[str, Declaration], backend: Backend, output: str, facts: Facts | None) -> None:
        self.outputs = outputs
        self.declarations = declarations
        self.backend = backend
        self.output = output
        self.facts = facts if facts is not None else {n: closure(d.facts) for n, d in declarations.items() if d.facts}
        self.stable = dict(zip(outputs, tidied(*stabilised(*outputs.values())), strict=True))
        self.names = _size_names(self.stable.values(), declarations)
        self.binder = Binder(declarations, self.names)
        self.tall = tall_sizes(self.stable.values())
        self.versions: dict[tuple[int, ...] | None, Compiled] = {}
        self.ready: dict[object, Ready] = {}  # by the shapes of the arguments
        self.count = len(declarations)
        self.converters: list[Callable[[Any], Any]] = []
        self.verify: Callable[[Program, Compiled], None] | None = None  # run on every version before its first use

    # ------------------------------------------------------------------------------------------------ calling
    def __call__(self, *args: Any, **values: Any) -> Any:
        extra: Mapping[str, int] = {}
        if values or len(args) != self.count:
            given, extra = self.binder.gather(args, values)
            args = tuple(given)
        arrays = self.converted(args)
        key = (*[a if type(a) is int else a.shape for a in arrays], *extra.items())
        ready = self.ready.get(key)
        if ready is None:
            ready = self._prepare(key, arrays, extra)
        version, passed, sizes = ready
        try:
            found = version.run(*arrays, *passed)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told with the code that raised it
            raise told(error, version.source) from None
        return self.packed(found if type(found) is tuple else (found,), version.cores, sizes) if self.output == "structured" else found

    def converted(self, args: Sequence[Any]) -> list[Any]:
        """One array of the backend a declared name."""
        if not self.converters:
            self.converters = self.binder.converters(self.backend.asarray())
        return [convert(value) for convert, value in zip(self.converters, args, strict=True)]

    def _prepare(self, key: object, arrays: list[Any], extra: Mapping[str, int]) -> Ready:
        """Check the sizes, and find the code for them."""
        sizes = self.binder.solve(arrays, extra)
        for m, n in self.tall:
            if (rows := m.value(sizes)) < (columns := n.value(sizes)):
                hint = "the same with the matrix transposed has the other condition."
                raise ShapeError(f"the formula holds for {m} >= {n}; found {rows} and {columns}.", hint=hint)
        if len(self.ready) >= 512:
            self.ready.clear()
        version = self.version({**dict.fromkeys(self.binder.guessed, GUESS), **sizes})
        missing = [n for n in (self.binder.free if self.output == "structured" else version.free) if n not in sizes]
        if missing:
            raise ShapeError(f"no array shows the size {missing[0]}; pass it by name, {missing[0]}=3.")
        ready = self.ready[key] = (version, tuple([sizes[n] for n in version.free]), sizes)
        return ready

    # ------------------------------------------------------------------------------------------------ versions
    def version(self, sizes: Mapping[str, int]) -> Compiled:
        """The code for sizes of this magnitude."""
        if None in self.versions:
            return self.versions[None]
        key = self._key(sizes)
        found = self.versions.get(key)
        if found is None:
            found = self._compile(sizes)
            if self.verify is not None:
                self.verify(self, found)
            self.versions[key if found.planned else None] = found
        return found

    def _key(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """Equal for sizes that one version serves."""
        return tuple(_magnitude(sizes[n]) for n in self.names)

    def representative(self) -> dict[str, int]:
        """Distinct sizes in order of appearance, larger first."""
        return {n: REPRESENTATIVE[min(k, len(REPRESENTATIVE) - 1)] for k, n in enumerate(self.names)}

    @property
    def source(self) -> str:
        """The code: one assignment a line, its formula in the text language beside it."""
        return self.version(self.representative()).source

    def cost(self, sizes: Mapping[str, int]) -> int:
        """Multiply-adds of one call for given sizes."""
        if not isinstance(sizes, Mapping):
            raise TextError(f"sizes are a mapping, not {type(sizes).__name__}.", hint='cost({"m": 100, "n": 10}).')
        missing = [n for n in self.names if n not in sizes]
        if missing:
            raise TextError(f"cost needs the size {missing[0]}.")
        for name in self.names:
            if not isinstance(sizes[name], Integral) or sizes[name] < 1:
                raise ShapeError(f"a size is a whole number from 1 up; {name} is {sizes[name]!r}.")
        made = self.versions.get(None) or self.versions.get(self._key(sizes))
        steps = made.steps if made is not None else _steps(self._planned(sizes)[1])
        return multiply_adds(steps, lambda size: size.value(sizes))

    def __repr__(self) -> str:
        return f"Program({', '.join(self.declarations)}) -> {', '.join(f'{n}: {shape_text(e.shape)}' for n, e in self.outputs.items())}"

    # ------------------------------------------------------------------------------------------------ compiling
    def _planned(self, sizes: Mapping[str, int]) -> tuple[Builder, dict[str, Core]]:
        """What is returned of each output, planned for sizes."""
        build = Builder(sizes, self.declarations, self.facts)
        results = self._results(build)
        shared = shared_factors(build.g, [core.step for core in results.values()], build.definite, build.symmetric, build.value)
        return build, {name: core._replace(step=shared.get(core.step.number, core.step)) for name, core in results.items()}

    def _compile(self, sizes: Mapping[str, int]) -> Compiled:
        build, results = self._planned(sizes)
        steps = {name: core.step for name, core in results.items()}
        source, namespace, free = source_of(self.backend, self.declarations, self.names, self.binder, "_and_".join(self.outputs), steps)
        static = [k for k, n in enumerate(self.binder.names) if n in self.binder.whole + self.binder.functions] + list(
            range(self.count, self.count + len(free))
        )
        run = self.backend.compiled(execute(source, namespace), tuple(static))
        return Compiled(source, run, _steps(results), tuple(results.values()), build.planned, free)

    def _results(self, build: Builder) -> dict[str, Core]:
        """What is returned of each output: all of it, or the cores of its parts."""
        g = build.g
        found = build.outputs(list(self.stable.values()))
        if self.output == "dense":
            return {name: Core(name, g.floating(a.dense(g)), a, ()) for name, a in zip(self.stable, found, strict=True)}
        results = {}
        for (name, e), whole in zip(self.stable.items(), found, strict=True):
            cores = _cores(build, e, whole)
            for k, (a, (x, labels)) in enumerate(cores):
                results[name if len(cores) == 1 else f"{name}{k + 1}"] = Core(name, g.floating(x), a, labels)
        return results

    def packed(self, values: tuple[Any, ...], cores: Sequence[Core], sizes: Mapping[str, int]) -> Any:
        """Cores as structured results."""
        parts: dict[str, list[Structured | StructuredProduct]] = {name: [] for name in self.stable}
        for (name, _), group in groupby(zip(values, cores, strict=True), key=lambda pair: (pair[1].output, id(pair[1].array))):
            members = list(group)
            a = members[0][1].array
            names = canonical_names(a)
            letters = {label: ALPHABET[k] for k, label in enumerate([*names, *[label for label in a.labels if label not in names]])}
            pattern = "".join(letters[f.steps[0][0]] for f in a.forms)
            shape = tuple(s.value(sizes) for s in a.shape)
            factors = [Factor(value, "".join(letters[label] for label in core.labels)) for value, core in members]
            parts[name].append(Structured(*factors[0], pattern, shape) if len(factors) == 1 else StructuredProduct(factors, pattern, shape))
        out = [found[0] if len(found) == 1 else StructuredSum(found) for found in parts.values()]
        return out[0] if len(out) == 1 else tuple(out)


def _steps(results: Mapping[str, Core]) -> tuple[Step, ...]:
    """All steps below what is returned, in the order of their computation."""
    return tuple(ordered([core.step for core in results.values()]))


def _cores(build: Builder, e: Expr, whole: Array) -> list[tuple[Array, tuple[Step, Labels]]]:
    """The cores of an output beside the array they are of: terms of one pattern added up, outer products of order 3 and more as their factors."""
    terms = list(e.terms) if isinstance(e, Sum) else []
    outer: list[tuple[Array, list[tuple[Step, Labels]]]] = []
    rest = []
    for c, t in terms:
        a = build.arrays[id(t)]
        factors = outer_factors(build.g, a) if a.simple and len(a.shape) > 2 else []
        if len(factors) > 1:
            x, labels = factors[0]
            outer.append((a, [(build.g.mul([(x, labels)], labels, c), labels), *factors[1:]]))
        else:
            rest.append((c, t))
    plain = build.parts(rest) if terms else [whole]
    simple = [a if a.simple else dense_array(a.dense(build.g)) for a in plain]
    outer += [(a, outer_factors(build.g, a) if len(a.shape) > 2 else [(a.core, a.labels)]) for a in simple]
    return [(a, factor) for a, factors in outer for factor in factors]


def _size_names(exprs: Any, declarations: Mapping[str, Declaration]) -> tuple[str, ...]:
    """All size names, those of declared shapes first, in order of appearance."""
    names: dict[str, None] = {}
    for d in declarations.values():
        for s in d.shape.sizes if not isinstance(d, FunctionDeclaration) else ():
            names.update(dict.fromkeys(sorted(s.names)))
    for node in postorder(*exprs):
        for s in node.shape:
            names.update(dict.fromkeys(sorted(s.names)))
        if isinstance(node, SizeValue):
            names.update(dict.fromkeys(sorted(node.size.names)))
        for p in getattr(node, "parameters", ()):
            if isinstance(p, Size):
                names.update(dict.fromkeys(sorted(p.names)))
        for s in getattr(node, "sizes", ()):
            names.update(dict.fromkeys(sorted(s.names)))
        if hasattr(node, "constant"):
            names.update(dict.fromkeys(sorted(node.constant.names)))
    return tuple(names)


def _magnitude(n: int) -> int:
    """Equal for sizes within a factor of about 1.4, so that code is made once for similar sizes; small sizes are told apart."""
    return n if n < 8 else 2 * n.bit_length() + (n >> (n.bit_length() - 2) & 1) + 8
