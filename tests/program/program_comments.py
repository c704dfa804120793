"""Check a program's own words: run its lines one by one, and evaluate each comment, a formula over the names known so far."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from index_reference import evaluate
from wrt.algebra.lower import lower
from wrt.language.parser import parse
from wrt.language.shapes import annotate
from wrt.language.sizes import Size
from wrt.language.surface import Declaration, Name, Number, Shape, Source, postorder


def lines_of(source: str) -> list[tuple[str, str, str]]:
    """(name, code, comment) of every line of the last function."""
    body = source[source.rindex("\ndef ") if "\ndef " in source else 0 :]
    body = body[body.index('"""', body.index('"""') + 3) + 3 :]
    out = []
    for line in body.splitlines():
        if " = " in line and line.startswith("    "):
            code, _, comment = line.strip().partition("  # ")
            name, _, code = code.partition(" = ")
            out.append((name, code, comment))
    return out


def check(source: str, declarations: Mapping[str, Declaration], values: Mapping[str, Any], sizes: Mapping[str, int], rtol: float = 1e-8) -> int:
    """Compare every line's value with its comment; the number of lines with one."""
    scope: dict[str, Any] = {}
    exec(compile(source, "<source>", "exec", dont_inherit=True), scope)
    known: dict[str, Any] = dict(values)
    declared = {
        n: Declaration(n, Shape(d.shape.kind, tuple(Size.of(s.value(sizes)) for s in d.shape.sizes)), d.facts) for n, d in declarations.items()
    }
    whole = {n for n, d in declarations.items() if "integer" in d.facts and not d.shape.sizes}
    scope.update({n: int(v) if n in whole else np.asarray(v, dtype=float)[()] for n, v in values.items()})
    count = 0
    for name, code, comment in lines_of(source):
        before = dict(known)
        result = scope[name] = eval(code, scope)
        if comment:
            want = meaning(comment, declared, before, sizes)
            got = np.asarray(result, dtype=float)
            assert got.shape == want.shape or got.size == want.size == 1, f"{name} = {code}  # {comment}: {got.shape}, {want.shape}"
            assert np.allclose(got, want, rtol=rtol, atol=rtol), f"{name} = {code}  # {comment}\n{got}\n{want}"
            count += 1
        if isinstance(result, (int, float, np.ndarray, np.generic)) and name not in sizes:
            known[name] = np.array(result)
            declared[name] = Declaration(name, _shape(np.shape(result)))
    return count


def _shape(shape: tuple[int, ...]) -> Shape:
    sizes = tuple(map(Size.of, shape))
    return Shape({0: "scalar", 1: "column", 2: "matrix"}.get(len(shape), "tensor"), sizes)  # type: ignore[arg-type]


def meaning(text: str, declared: Mapping[str, Declaration], values: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    """The value of a text of the language."""
    tree = parse(text)
    bound = {node.name for node in postorder(tree) if type(node).__name__ == "Loop"}
    for node in list(postorder(tree)):
        for field in getattr(type(node), "__slots__", ()):
            part = getattr(node, field, None)
            if isinstance(part, Name):
                setattr(node, field, _number(part, declared, sizes, bound))
            elif isinstance(part, tuple) and any(isinstance(p, Name) for p in part):
                setattr(node, field, tuple(_number(p, declared, sizes, bound) if isinstance(p, Name) else p for p in part))
    tree = _number(tree, declared, sizes, bound) if isinstance(tree, Name) else tree
    annotate(tree, declared)
    return evaluate(lower(Source(tree, dict(declared), ())), values, sizes)


def _number(node: Name, declared: Mapping[str, Declaration], sizes: Mapping[str, int], bound: set[str]) -> Any:
    if node.name in sizes and (node.name not in declared or not declared[node.name].shape.sizes) and node.name not in bound:
        return Number(Fraction(sizes[node.name]), str(sizes[node.name]))
    return node
