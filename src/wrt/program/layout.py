"""The text of a program: imports, helper functions, and one function with its lines."""

from __future__ import annotations

import ast
import dis
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import CodeType
from typing import Any

from wrt.language.surface import Declaration, FunctionDeclaration, Name
from wrt.language.unparse import unparse
from wrt.program.bind import Binder, Recipe
from wrt.program.spell import SPELL
from wrt.program.spell_matrix import SPELL as SPELL_MATRIX
from wrt.program.spell_placed import SPELL as SPELL_PLACED
from wrt.program.spell_structure import SPELL as SPELL_STRUCTURE
from wrt.program.spell_tensors import SPELL as SPELL_TENSORS
from wrt.program.steps import Step
from wrt.program.write import Backend, Line, Writer, identifier, shape_text

VIEWS = ("transpose", "diagonal", "gather", "reshape", "expand")
SPELLINGS = {**SPELL, **SPELL_PLACED, **SPELL_STRUCTURE, **SPELL_TENSORS, **SPELL_MATRIX}
Helpers = Mapping[str, Callable[..., object]]


def source_of(
    backend: Backend, declarations: Mapping[str, Declaration], sizes: Sequence[str], binder: Binder, title: str, results: Mapping[str, Step]
) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """(source, the namespace it runs in, the sizes it is passed by name) of a program that returns the results.

    `title` names the function, `sizes` are all size names.
    """
    helpers = backend.helpers()
    reserved = {*backend.imports, *backend.prefix.values(), "float", *helpers}
    identifiers: dict[str, str] = {}
    for name in (*declarations, *sizes):
        if name not in identifiers:
            identifiers[name] = identifier(name, reserved | set(identifiers.values()))
    w = Writer(backend, SPELLINGS, (*helpers, *declarations, *sizes), identifiers)
    w.functions = {n: d for n, d in declarations.items() if isinstance(d, FunctionDeclaration)}
    w.write(list(results.values()))
    names = [_result(w, name, x) for name, x in results.items()]
    lines = _size_lines(w, binder) + w.lines
    used, namespace = _parts(w, helpers)
    free = tuple(n for n in binder.free if n not in binder.guessed or n in w.sizes)
    parameters = [identifiers[n] for n in (*declarations, *free)]
    shown = ", ".join(f"{n}: {shape_text(x.shape)}" for n, x in zip(names, results.values(), strict=True))
    doc = [f'    """{shown}.', "", *[f"    {identifiers[n]}: {_argument_text(d)}" for n, d in declarations.items()], '    """']
    body = [f"    {line.name} = {line.code}" + (f"  # {line.text}" if line.text else "") for line in lines]
    head = f"def {title if title.isidentifier() else 'program'}({', '.join(parameters)}):"
    text = [*used, head, *(doc if declarations else [f'    """{shown}."""']), *body, f"    return {', '.join(names)}", ""]
    return "\n".join(text), namespace, free


def _argument_text(d: Declaration) -> str:
    """What an argument is: an array's sizes, the callables of a declared function."""
    if not isinstance(d, FunctionDeclaration):
        return shape_text(d.shape.sizes)
    first = ", ".join(["1", *["0"] * (len(d.arguments) - 1)])
    return f"{d.signature}, callables by order of derivative, {d.name}[{first}] the first"


def _result(w: Writer, name: str, x: Step) -> str:
    """The line of a result, under a name that nothing else has."""
    word = name if name.isidentifier() and name not in w.taken else f"{name}_"
    while word in w.taken:
        word += "_"
    w.taken.add(word)
    term = w.terms[x.number]
    w.lines.append(Line(word, _fresh(w, x, term.code), unparse(term.node)))
    return word


def _fresh(w: Writer, x: Step, code: str) -> str:
    """The code of a result that is not a view of an argument."""
    if not x.order:
        return w.backend.number.format(code)
    if not w.backend.copied:
        return code
    root, read_only = x, False
    while root.op in VIEWS:
        read_only |= root.op == "gather" or (root.op == "expand" and root.args[0].order > 0)
        root = root.args[0]
    if root.op == "input" or read_only or (root is not x and w.uses[root.number] > 1):
        return _copied(w, code)
    return _copied(w, code) if w.uses[x.number] > 1 and w.terms[x.number].weight == 0 else code


def _copied(w: Writer, code: str) -> str:
    w.modules.setdefault("np", None)
    return w.backend.copied.format(code)


def _parts(w: Writer, helpers: Helpers) -> tuple[list[str], dict[str, Any]]:
    """(import lines and helper functions shown, the namespace that code runs in)."""
    needed = dict.fromkeys(w.helpers)
    stack = list(w.helpers)
    while stack:
        for name in _names(helpers[stack.pop()].__code__):
            if name in helpers and name not in needed:
                needed[name] = None
                stack.append(name)
    modules = {*w.modules, *(["np"] if needed and not w.backend.header else [])}
    lines = [w.backend.header] if needed and w.backend.header else []
    lines += [line for name, line in w.backend.imports.items() if name in modules]
    namespace: dict[str, Any] = {name: helpers[name] for name in needed}
    for line in lines:
        exec(line, namespace)  # noqa: S102 - an import line of the backend's table
    lines += [""] * bool(lines)
    for name in helpers:
        if name in needed:
            lines += ["", *shown(helpers[name]), ""]
    return [*lines, *([""] if lines else [])], namespace


def _names(code: CodeType) -> set[str]:
    """The global names that code uses (not attributes of those names), comprehensions in it too."""
    own = {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
    return own.union(*[_names(inner) for inner in code.co_consts if isinstance(inner, CodeType)])


@cache
def shown(helper: Callable[..., object]) -> tuple[str, ...]:
    """The lines of a helper function, without annotations."""
    text = inspect.getsource(helper)
    (definition,) = ast.parse(text).body
    assert isinstance(definition, ast.FunctionDef)
    body = text.splitlines()[definition.body[0].lineno - 1 :]
    parameters = [f"*{p.name}" if p.kind is p.VAR_POSITIONAL else p.name for p in inspect.signature(helper).parameters.values()]
    head = f"def {definition.name}({', '.join(parameters)}):"
    return (head, *[re.sub(r"^(    \w+): [\w\[\]]+ = ", r"\1 = ", line) for line in body])


def _size_lines(w: Writer, binder: Binder) -> list[Line]:
    """m = A.shape[0]  # m, for the sizes that the code uses, those that others are computed from first."""
    wanted = dict(w.sizes)
    stack = list(wanted)
    while stack:
        recipe = binder.recipes.get(stack.pop())
        for name in sorted((recipe.factor.names | recipe.offset.names) if recipe else ()):
            if name not in wanted:
                wanted[name] = None
                stack.append(name)
    return [
        Line(w.identifiers[name], _recipe_code(w, recipe), unparse(Name(name)))
        for name, recipe in binder.recipes.items()
        if name in wanted and name not in binder.declarations
    ]


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
