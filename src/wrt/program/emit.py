"""Programs: expressions in, a straight-line function out, readable, planned for the sizes it meets.

    compile_program({"gradient": expr}, declarations) -> Program     called with arrays by name or in order of declaration

The plan depends on the sizes, so code is made when sizes are first seen, once for sizes of similar magnitude; `.source` shows it for
representative ones.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from wrt.algebra.expr import Expr, SizeValue, Sum, postorder
from wrt.errors import ShapeError, TextError, WrtError
from wrt.language.sizes import Size
from wrt.language.surface import Declaration, Name
from wrt.language.unparse import unparse
from wrt.program.array import Array, canonical_names, dense_array
from wrt.program.bind import Binder, Recipe
from wrt.program.build import Builder
from wrt.program.cost import multiply_adds
from wrt.program.factor import shared_factors
from wrt.program.numpy import BACKEND as NUMPY
from wrt.program.spell import SPELL
from wrt.program.spell_matrix import SPELL as SPELL_MATRIX
from wrt.program.spell_placed import SPELL as SPELL_PLACED
from wrt.program.spell_structure import SPELL as SPELL_STRUCTURE
from wrt.program.spell_tensors import SPELL as SPELL_TENSORS
from wrt.program.stable import stabilised
from wrt.program.steps import Step, ordered
from wrt.program.structured import Structured, StructuredSum
from wrt.program.tidy import tidied
from wrt.program.write import Backend, Line, Writer, identifier, shape_text
from wrt.tables.facts import closure

REPRESENTATIVE = (1000, 300, 100, 30, 20, 12, 8, 6)  # sizes in order of appearance, for `.source`
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
VIEWS = ("transpose", "diagonal", "gather", "reshape", "expand")
SPELLINGS = {**SPELL, **SPELL_PLACED, **SPELL_STRUCTURE, **SPELL_TENSORS, **SPELL_MATRIX}
Facts = Mapping[str, frozenset[str]]


class Compiled(NamedTuple):
    """One version of a program: its source, the function, its steps, where results stand, and whether the sizes had a say."""

    source: str
    run: Callable[..., Any]
    steps: tuple[Step, ...]
    arrays: tuple[Array, ...]
    planned: bool


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
    if name == "numpy":
        return NUMPY
    raise TextError(f"backend must be 'numpy', not {name!r}.")


class Program:
    """A compiled function of all declared names: by keyword (used or not), or all in order of declaration.

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
        self.parts: dict[str, int] = {}  # cores an output has
        self.versions: dict[tuple[int, ...] | None, Compiled] = {}
        self.ready: dict[object, Callable[..., Any]] = {}
        self.verify: Callable[[Program, Compiled], None] | None = None  # run on every version before its first use

    # ------------------------------------------------------------------------------------------------ calling
    def __call__(self, *args: Any, **values: Any) -> Any:
        given, extra = self.binder.gather(args, values)
        convert, asarray = self.binder.convert, _asarray()
        arrays = [convert(name, value, asarray) for name, value in zip(self.binder.names, given, strict=True)]
        key = (*[a if type(a) is int else a.shape for a in arrays], *extra.items())
        run = self.ready.get(key)
        if run is None:
            run = self._prepare(key, arrays, extra)
        return run(*arrays)

    def _prepare(self, key: object, arrays: list[Any], extra: Mapping[str, int]) -> Callable[..., Any]:
        """Check the sizes, and the function for them."""
        sizes = self.binder.solve(arrays, extra)
        version = self.version(sizes)
        passed = [sizes[n] for n in self.binder.free]
        structured = self.output == "structured"

        def run(*given: Any) -> Any:
            try:
                found = version.run(*given, *passed)
                return self.packed(found if type(found) is tuple else (found,), version.arrays, sizes) if structured else found
            except WrtError:
                raise
            except IndexError as error:
                raise ShapeError(f"an index leaves its range at these sizes: {error}.") from error
            except Exception as error:
                if hasattr(error, "add_note") and type(error).__name__ != "LinAlgError":
                    error.add_note(f"in the compiled program:\n{numbered(version.source)}")
                raise

        if len(self.ready) >= 512:
            self.ready.clear()
        self.ready[key] = run
        return run

    # ------------------------------------------------------------------------------------------------ versions
    def version(self, sizes: Mapping[str, int]) -> Compiled:
        """The code for sizes of this magnitude."""
        if None in self.versions:
            return self.versions[None]
        key = tuple(_magnitude(sizes[n]) for n in self.names)
        found = self.versions.get(key)
        if found is None:
            found = self._compile(sizes)
            if self.verify is not None:
                self.verify(self, found)
            self.versions[key if found.planned else None] = found
        return found

    def representative(self) -> dict[str, int]:
        """Distinct sizes in order of appearance, larger first."""
        return {n: REPRESENTATIVE[min(k, len(REPRESENTATIVE) - 1)] for k, n in enumerate(self.names)}

    @property
    def source(self) -> str:
        """The code: one assignment a line, its formula in the text language beside it."""
        return self.version(self.representative()).source

    def cost(self, sizes: Mapping[str, int]) -> int:
        """Multiply-adds of one call for given sizes."""
        missing = [n for n in self.names if n not in sizes]
        if missing:
            raise TextError(f"cost needs the size {missing[0]}.")
        return multiply_adds(self.version(sizes).steps, lambda size: size.value(sizes))

    def __repr__(self) -> str:
        return f"Program({', '.join(self.declarations)}) -> {', '.join(f'{n}: {shape_text(e.shape)}' for n, e in self.outputs.items())}"

    # ------------------------------------------------------------------------------------------------ compiling
    def _compile(self, sizes: Mapping[str, int]) -> Compiled:
        build = Builder(sizes, self.declarations, self.facts)
        results = self._results(build)
        shared = shared_factors(build.g, [x for x, _ in results.values()], build.definite, build.symmetric, build.value)
        results = {name: (shared.get(x.number, x), a) for name, (x, a) in results.items()}
        source, namespace = self._write(results)
        run = execute(source, namespace)
        return Compiled(source, run, tuple(ordered([x for x, _ in results.values()])), tuple(a for _, a in results.values()), build.planned)

    def _results(self, build: Builder) -> dict[str, tuple[Step, Array]]:
        """What is returned of each output: all of it, or the cores of its parts."""
        g = build.g
        found = build.outputs(list(self.stable.values()))
        if self.output == "dense":
            return {name: (g.floating(a.dense(g)), a) for name, a in zip(self.stable, found, strict=True)}
        results = {}
        for (name, e), whole in zip(self.stable.items(), found, strict=True):
            parts = build.parts(e) if isinstance(e, Sum) else [whole]
            simple = [a if a.simple else dense_array(a.dense(g)) for a in parts]
            for k, a in enumerate(simple):
                results[name if len(simple) == 1 else f"{name}{k + 1}"] = (g.floating(a.core), a)
            self.parts[name] = len(simple)
        return results

    def packed(self, values: tuple[Any, ...], arrays: Sequence[Array], sizes: Mapping[str, int]) -> Any:
        """Cores as structured results."""
        out, at = [], 0
        for name in self.stable:
            parts = []
            for value, a in zip(values[at : at + self.parts[name]], arrays[at:], strict=False):
                names = canonical_names(a)
                letters = {label: ALPHABET[k] for k, label in enumerate([*names, *[label for label in a.labels if label not in names]])}
                pattern = "".join(letters[f.steps[0][0]] for f in a.forms)
                parts.append(Structured(value, "".join(letters[label] for label in a.labels), pattern, tuple(s.value(sizes) for s in a.shape)))
            at += self.parts[name]
            out.append(parts[0] if len(parts) == 1 else StructuredSum(parts))
        return out[0] if len(out) == 1 else tuple(out)

    def _write(self, results: Mapping[str, tuple[Step, Array]]) -> tuple[str, dict[str, Any]]:
        helpers = self.backend.helpers()
        reserved = {"np", "special", "linalg", "float", *helpers}
        identifiers: dict[str, str] = {}
        for name in (*self.declarations, *self.names):
            if name not in identifiers:
                identifiers[name] = identifier(name, reserved | set(identifiers.values()))
        w = Writer(self.backend, SPELLINGS, (*helpers, *self.declarations, *self.names), identifiers)
        w.write([x for x, _ in results.values()])
        names = []
        for output, (x, _) in results.items():
            word = output if output.isidentifier() and output not in w.taken else f"{output}_"
            while word in w.taken:
                word += "_"
            w.taken.add(word)
            names.append(word)
            term = w.terms[x.number]
            w.lines.append(Line(word, self._fresh(w, x, term.code), unparse(term.node)))
        return self._source(w, results, names, helpers)

    def _fresh(self, w: Writer, x: Step, code: str) -> str:
        """The code of a result that is not a view of an argument."""
        if not x.order:
            return f"float({code})"
        root, read_only = x, False
        while root.op in VIEWS:
            read_only |= root.op == "gather" or (root.op == "expand" and root.args[0].order > 0)
            root = root.args[0]
        if root.op == "input" or read_only or (root is not x and w.uses[root.number] > 1):
            return f"{w.module('np')}.array({code})"
        if w.uses[x.number] > 1 and w.terms[x.number].weight == 0:
            return f"{code}.copy()" if x.op != "expand" else code
        return code

    def _source(
        self, w: Writer, results: Mapping[str, tuple[Step, Array]], names: Sequence[str], helpers: Mapping[str, Callable[..., object]]
    ) -> tuple[str, dict[str, Any]]:
        lines = self._size_lines(w) + w.lines
        parameters = [w.identifiers[n] for n in (*self.declarations, *self.binder.free)]
        shown = ", ".join(f"{n}: {shape_text(x.shape)}" for n, (x, _) in zip(names, results.values(), strict=True))
        doc = [f'    """{shown}.', ""] + [f"    {w.identifiers[n]}: {shape_text(d.shape.sizes)}" for n, d in self.declarations.items()] + ['    """']
        body = [f"    {line.name} = {line.code}" + (f"  # {line.text}" if line.text else "") for line in lines]
        word = "_and_".join(self.outputs)
        head = f"def {word if word.isidentifier() else 'program'}({', '.join(parameters)}):"
        used, namespace = self.backend_parts(w, helpers)
        text = [*used, head, *(doc if self.declarations else [f'    """{shown}."""']), *body, f"    return {', '.join(names)}", ""]
        return "\n".join(text), namespace

    def backend_parts(self, w: Writer, helpers: Mapping[str, Callable[..., object]]) -> tuple[list[str], dict[str, Any]]:
        """(import lines and helper functions shown, the namespace code runs in)."""
        needed = dict.fromkeys(w.helpers)
        stack = list(w.helpers)
        while stack:
            for name in helpers[stack.pop()].__code__.co_names:
                if name in helpers and name not in needed:
                    needed[name] = None
                    stack.append(name)
        modules = dict.fromkeys([*(["np"] if needed else []), *w.modules])
        lines = [self.backend.imports[m] for m in ("np", "linalg", "special") if m in modules]
        lines += [""] * bool(lines)
        for name in helpers:
            if name in needed:
                lines += ["", *shown(helpers[name]), ""]
        namespace: dict[str, Any] = {name: helpers[name] for name in needed}
        for line in self.backend.imports.values():
            if any(line == self.backend.imports[m] for m in modules):
                exec(line, namespace)  # noqa: S102 - an import line of the backend's table
        return [*lines, *([""] if lines else [])], namespace

    def _size_lines(self, w: Writer) -> list[Line]:
        """m = A.shape[0]  # m, for the sizes that the code uses, those that others are computed from first."""
        wanted = dict(w.sizes)
        stack = list(wanted)
        while stack:
            recipe = self.binder.recipes.get(stack.pop())
            for name in sorted((recipe.factor.names | recipe.offset.names) if recipe else ()):
                if name not in wanted:
                    wanted[name] = None
                    stack.append(name)
        out = []
        for name, recipe in self.binder.recipes.items():
            if name in wanted and name not in self.declarations:
                out.append(Line(w.identifiers[name], _recipe_code(w, recipe), unparse(Name(name))))
        return out


def _recipe_code(w: Writer, recipe: Recipe) -> str:
    code = f"{w.identifiers[recipe.array]}.shape[{recipe.axis}]"
    if recipe.root:
        return f"round({code}**0.5)"
    if recipe.offset.terms:
        code = (
            f"{code} - ({w.size(recipe.offset)[0]})"
            if len(recipe.offset.terms) > 1 or recipe.offset.terms[0][1] < 0
            else f"{code} - {w.size(recipe.offset)[0]}"
        )
    if recipe.factor.number != 1:
        code = f"({code})//({w.size(recipe.factor)[0]})"
    return code


def _size_names(exprs: Any, declarations: Mapping[str, Declaration]) -> tuple[str, ...]:
    """All size names, those of declared shapes first, in order of appearance."""
    names: dict[str, None] = {}
    for d in declarations.values():
        for s in d.shape.sizes:
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


def _asarray() -> Callable[[Any], Any]:
    import numpy as np

    def asarray(value: Any) -> Any:
        array = np.asarray(value)
        if array.dtype != np.float64:
            if array.dtype.kind not in "biuf":
                raise TypeError(f"found {array.dtype}")
            array = array.astype(np.float64)
        return array

    return asarray


def execute(source: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    """The last function that a source defines; tracebacks show its lines."""
    filename = f"<wrt program {abs(hash(source)):x}>"
    try:
        code = compile(source, filename, "exec")
    except SyntaxError as error:
        raise AssertionError(f"the emitted code is not valid; please report this as a bug: {error}\n{numbered(source)}") from None
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    scope = dict(namespace)
    exec(code, scope)  # noqa: S102 - the code that was just emitted
    functions = [v for v in scope.values() if getattr(getattr(v, "__code__", None), "co_filename", None) == filename]
    return functions[-1]  # type: ignore[no-any-return]  # a function


def shown(helper: Callable[..., object]) -> list[str]:
    """The lines of a helper function, without annotations."""
    import ast
    import inspect

    text = inspect.getsource(helper)
    (definition,) = ast.parse(text).body
    assert isinstance(definition, ast.FunctionDef)
    body = text.splitlines()[definition.body[0].lineno - 1 :]
    parameters = [f"*{p.name}" if p.kind is p.VAR_POSITIONAL else p.name for p in inspect.signature(helper).parameters.values()]
    return [f"def {definition.name}({', '.join(parameters)}):", *[re.sub(r"^(    \w+): [\w\[\]]+ = ", r"\1 = ", line) for line in body]]


def numbered(source: str) -> str:
    """The source with line numbers."""
    return "\n".join(f"{k:4}  {line}" for k, line in enumerate(source.splitlines(), 1))
