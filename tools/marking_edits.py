"""Wrong answers made from right ones: edits of Python's own syntax tree, by kind of slip, that share nothing with `wrt`."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Sizes = dict[str, list[str | int]]
SWAPS = {"exp": "log", "log": "exp", "sin": "cos", "cos": "sin", "det": "logdet", "logdet": "det", "sinh": "cosh", "cosh": "sinh"}


@dataclass(frozen=True)
class Question:
    """A function, its variables' sizes, and those it is differentiated by."""

    expr: str
    shapes: Sizes
    wrt: tuple[str, ...]

    def matrix(self, name: str) -> bool:
        return len(self.shapes.get(name, [])) == 2

    def square(self, name: str) -> bool:
        return self.matrix(name) and self.shapes[name][0] == self.shapes[name][1]

    def occurrences(self) -> int:
        return sum(isinstance(n, ast.Name) and n.id in self.wrt for n in ast.walk(ast.parse(self.expr)))


def parsed(text: str) -> ast.expr:
    return ast.parse(text.strip(), mode="eval").body


def written(tree: ast.expr) -> str:
    """The tree as text, a generator without parentheses of its own."""
    texts: dict[str, str] = {}

    class Out(ast.NodeTransformer):
        def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
            self.generic_visit(node)
            texts[f"generator{len(texts)}_"] = ast.unparse(node)[1:-1]
            return ast.Name(f"generator{len(texts) - 1}_")

    text = ast.unparse(ast.fix_missing_locations(Out().visit(copy.deepcopy(tree))))
    for name, inside in reversed(texts.items()):
        text = text.replace(name, inside)
    return text


def number(value: int) -> ast.expr:
    return ast.Constant(value)


def call(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name), list(arguments), [])


def binary(left: ast.expr, op: type[ast.operator], right: ast.expr) -> ast.expr:
    return ast.BinOp(left, op(), right)


def transposed(tree: ast.expr) -> ast.expr:
    return tree.value if isinstance(tree, ast.Attribute) else ast.Attribute(tree, "T")


def is_op(node: ast.AST, *ops: type[ast.operator]) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ops)


def is_call(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def variants(tree: ast.expr, change: Callable[[ast.expr], list[ast.expr]]) -> Iterator[ast.expr]:
    """The tree with one node changed, for every node and every change of it."""
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.expr)]
    for k, node in enumerate(nodes):
        for new in change(node):
            whole = copy.deepcopy(tree)
            own = [n for n in ast.walk(whole) if isinstance(n, ast.expr)][k]
            yield _Put(own, new).visit(whole)


class _Put(ast.NodeTransformer):
    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def terms(tree: ast.expr) -> list[ast.expr]:
    """The addends, each with its sign."""
    if is_op(tree, ast.Add, ast.Sub):
        right = terms(tree.right)
        return [*terms(tree.left), *([ast.UnaryOp(ast.USub(), t) for t in right] if isinstance(tree.op, ast.Sub) else right)]
    return [tree]


def added(parts: list[ast.expr]) -> ast.expr:
    out = parts[0]
    for part in parts[1:]:
        minus = isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub)
        out = binary(out, ast.Sub if minus else ast.Add, part.operand if minus else part)
    return out


def chain(tree: ast.expr) -> list[ast.expr]:
    return [*chain(tree.left), *chain(tree.right)] if is_op(tree, ast.MatMult) else [tree]


def multiplied(parts: list[ast.expr]) -> ast.expr:
    out = parts[0]
    for part in parts[1:]:
        out = binary(out, ast.MatMult, part)
    return out


# ------------------------------------------------------------------------------------------------ one function a kind
def transpose(tree: ast.expr, q: Question) -> Iterator[ast.expr]:
    def change(n: ast.expr) -> list[ast.expr]:
        if isinstance(n, ast.Attribute):
            return [n.value]
        if (isinstance(n, ast.Name) and q.matrix(n.id)) or is_call(n, "inv", "pinv", "expm"):
            return [transposed(n)]
        return []

    yield from variants(tree, change)


def factor(tree: ast.expr, q: Question) -> Iterator[ast.expr]:
    def change(n: ast.expr) -> list[ast.expr]:
        if is_op(n, ast.Mult) and isinstance(n.left, ast.Constant):
            return [n.right]
        if is_op(n, ast.Div) and isinstance(n.right, (ast.Constant, ast.Name)) and (isinstance(n.right, ast.Constant) or n.right.id not in q.shapes):
            return [n.left]
        return []

    yield from variants(tree, change)
    yield binary(number(2), ast.Mult, tree)
    yield binary(tree, ast.Div, number(2))
    for size in sorted({s for sizes in q.shapes.values() for s in sizes if isinstance(s, str)})[:1]:
        yield binary(tree, ast.Div, ast.Name(size))


def sign(tree: ast.expr, q: Question) -> Iterator[ast.expr]:
    def change(n: ast.expr) -> list[ast.expr]:
        if isinstance(n, ast.UnaryOp):
            return [n.operand]
        if is_op(n, ast.Add):
            return [binary(n.left, ast.Sub, n.right)]
        return [binary(n.left, ast.Add, n.right)] if is_op(n, ast.Sub) else []

    yield ast.UnaryOp(ast.USub(), tree)
    yield from variants(tree, change)


def product_order(tree: ast.expr, q: Question) -> Iterator[ast.expr]:
    def change(n: ast.expr) -> list[ast.expr]:
        if not is_op(n, ast.MatMult):
            return []
        parts = chain(n)
        swapped = [[*parts[:k], parts[k + 1], parts[k], *parts[k + 2 :]] for k in range(len(parts) - 1)]
        return [multiplied(p) for p in (*swapped, parts[::-1])]

    yield from variants(tree, change)


def elementwise(tree: ast.expr, q: Question) -> Iterator[ast.expr]:
    def change(n: ast.expr) -> list[ast.expr]:
        if is_op(n, ast.MatMult):
            return [binary(n.left, ast.Mult, n.right)]
        if is_op(n, ast.Mult) and not isinstance(n.left, ast.Constant):
            return [binary(n.left, ast.MatMult, n.right)]
        return []

    yield from variants(tree, change)


def term_lost(tree: ast.expr, q: Question) -> Iterator[ast.expr]:
    parts = terms(tree)
    if len(parts) > 1 and q.occurrences() > 1:
        for k in range(len(parts)):
            yield added([*parts[:k], *parts[k + 1 :]])


def inner_lost(tree: ast.expr, q: Question) -> Iterator[ast.expr]:
    """A factor that the derivative of an inner function left: a function's value, the matrix of a linear map."""
    inside = {f.id for f in ast.walk(parsed(q.expr)) if isinstance(f, ast.Name)}

    def change(n: ast.expr) -> list[ast.expr]:
        if is_op(n, ast.Mult) and not isinstance(n.left, ast.Constant):
            return [
                p for p, lost in ((n.left, n.right), (n.right, n.left)) if is_call(lost, "cos", "sin", "exp", "diag") or isinstance(lost, ast.Name)
            ]
        if is_op(n, ast.MatMult):
            parts = chain(n)
            ends = [(parts[0], multiplied(parts[1:])), (parts[-1], multiplied(parts[:-1]))]
            return [
                rest for end, rest in ends if isinstance(end, (ast.Attribute, ast.Name)) and ast.unparse(end).removesuffix(".T") in inside - {*q.wrt}
            ]
        return []

    yield from variants(tree, change)


def inverse(tree: ast.expr, q: Question) -> Iterator[ast.expr]:
    def change(n: ast.expr) -> list[ast.expr]:
        if is_call(n, "inv"):
            return [n.args[0]]
        if is_op(n, ast.Div) and not isinstance(n.right, ast.Constant):
            return [binary(n.left, ast.Mult, n.right)]
        return []

    yield from variants(tree, change)


def symmetric(tree: ast.expr, q: Question) -> Iterator[ast.expr]:
    """2 A for A + A.T: one of two terms that are transposes of each other is written twice."""

    def change(n: ast.expr) -> list[ast.expr]:
        if not is_op(n, ast.Add):
            return []
        squares = [m for m in q.shapes if q.square(m)]
        plain = [_without_transposes(t, squares) for t in (n.left, n.right)]
        if plain[0] == plain[1]:
            return [binary(number(2), ast.Mult, n.left), binary(number(2), ast.Mult, n.right)]
        return []

    yield from variants(tree, change)


def _without_transposes(tree: ast.expr, names: list[str]) -> str:
    text = ast.unparse(tree)
    for name in names:
        text = text.replace(f"{name}.T", name)
    return text


def power(tree: ast.expr, q: Question) -> Iterator[ast.expr]:
    def change(n: ast.expr) -> list[ast.expr]:
        if is_op(n, ast.Pow) and isinstance(n.right, ast.Constant) and isinstance(n.right.value, int):
            less = n.right.value - 1
            return [binary(n.left, ast.Pow, number(n.right.value + 1)), n.left if less == 1 else binary(n.left, ast.Pow, number(less))]
        if is_op(n, ast.Pow) and is_op(n.right, ast.Sub):
            return [binary(n.left, ast.Pow, n.right.left)]
        return []

    yield from variants(tree, change)


def log_exp(tree: ast.expr, q: Question) -> Iterator[ast.expr]:
    def change(n: ast.expr) -> list[ast.expr]:
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in SWAPS and n.func.id in ("exp", "log", "det", "logdet"):
            return [call(SWAPS[n.func.id], n.args[0]), n.args[0]]
        return []

    yield from variants(tree, change)
    if q.expr.startswith("log("):
        yield binary(parsed(q.expr), ast.Mult, tree)


def trace_sum(tree: ast.expr, q: Question) -> Iterator[ast.expr]:
    def change(n: ast.expr) -> list[ast.expr]:
        if is_call(n, "tr", "sum") and len(n.args) == 1 and not n.keywords and not isinstance(n.args[0], ast.GeneratorExp):
            return [call("sum" if n.func.id == "tr" else "tr", n.args[0])]
        if is_call(n, "eye") and "tr(" in q.expr:
            return [call("ones", n.args[0], n.args[0])]
        return []

    yield from variants(tree, change)


def constant_kept(tree: ast.expr, q: Question) -> Iterator[ast.expr]:
    for term in terms(parsed(q.expr)):
        if not {n.id for n in ast.walk(term) if isinstance(n, ast.Name)} & {*q.wrt}:
            yield added([tree, term])


def shape(tree: ast.expr, q: Question) -> Iterator[ast.expr]:
    def change(n: ast.expr) -> list[ast.expr]:
        return [n.args[0]] if is_call(n, "diag") else []

    yield call("sum", tree)
    yield from variants(tree, change)


KINDS: dict[str, Callable[[ast.expr, Question], Iterator[ast.expr]]] = {
    "transpose": transpose,
    "factor": factor,
    "sign": sign,
    "product-order": product_order,
    "elementwise-vs-matrix": elementwise,
    "product-rule-term-lost": term_lost,
    "chain-rule-inner-lost": inner_lost,
    "symmetric-assumed": symmetric,
    "inverse": inverse,
    "shape": shape,
    "power-rule": power,
    "log-exp": log_exp,
    "trace-vs-sum": trace_sum,
    "constant-kept": constant_kept,
}
