"""Right answers in other forms: identities applied to Python's own syntax tree, and the same formula typed in other dialects."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from marking_edits import Question, binary, call, chain, is_call, is_op, multiplied, number, parsed, transposed, variants

GREEK = {"α": "alpha", "β": "beta", "μ": "mu", "σ": "sigma", "Σ": "Sigma", "λ": "lambda", "θ": "theta", "γ": "gamma", "η": "eta", "ε": "epsilon"}


def two(tree: ast.expr) -> bool:
    return isinstance(tree, ast.Constant) and tree.value == 2


def turned(tree: ast.expr) -> ast.expr:
    """(A @ B).T as B.T @ A.T."""
    return multiplied([transposed(p) for p in reversed(chain(tree))])


class Shapes:
    """What a part of an answer is, as far as its names say: "scalar", "column", "row", "matrix", or ""."""

    def __init__(self, q: Question) -> None:
        self.q = q

    def of(self, n: ast.expr) -> str:
        match n:
            case ast.Constant():
                return "scalar"
            case ast.Name():
                return {0: "scalar", 1: "column", 2: "matrix"}[len(self.q.shapes[n.id])] if n.id in self.q.shapes else "scalar"
            case ast.Attribute():
                return {"column": "row", "row": "column"}.get(self.of(n.value), self.of(n.value))
            case ast.UnaryOp():
                return self.of(n.operand)
            case ast.BinOp(op=ast.MatMult()):
                left, right = self.of(n.left), self.of(n.right)
                rows, columns = {"row": 1, "scalar": 1}.get(left, 0), {"column": 1, "scalar": 1}.get(right, 0)
                return {(0, 0): "matrix", (1, 0): "row", (0, 1): "column", (1, 1): "scalar"}[rows, columns] if left and right else ""
            case ast.BinOp():
                left, right = self.of(n.left), self.of(n.right)
                return left if right in ("scalar", left) else right if left == "scalar" else ""
            case ast.Call(func=ast.Name(id=name)):
                if name in ("tr", "det", "logdet", "norm", "sum", "mean", "dot"):
                    return "scalar" if not n.keywords else ""
                return self.of(n.args[0]) if name in ("exp", "log", "sin", "cos", "tanh", "sigmoid", "inv", "sqrt", "abs", "relu", "tan") else ""
        return ""


def identities(tree: ast.expr, q: Question) -> Iterator[tuple[str, ast.expr]]:
    """(name, the tree with one identity used once)."""
    s = Shapes(q)

    def rule(change: Callable[[ast.expr], ast.expr | None]) -> Callable[[ast.expr], list[ast.expr]]:
        return lambda n: [new] if (new := change(n)) is not None else []

    rules: dict[str, Callable[[ast.expr], ast.expr | None]] = {
        "commuted": lambda n: binary(n.right, type(n.op), n.left) if is_op(n, ast.Add, ast.Mult) else None,
        "distributed": lambda n: (
            binary(binary(n.left, type(n.op), n.right.left), type(n.right.op), binary(n.left, type(n.op), n.right.right))
            if is_op(n, ast.Mult, ast.MatMult) and is_op(n.right, ast.Add, ast.Sub)
            else None
        ),
        "distributed-left": lambda n: (
            binary(binary(n.left.left, type(n.op), n.right), type(n.left.op), binary(n.left.right, type(n.op), n.right))
            if is_op(n, ast.MatMult, ast.Div) and is_op(n.left, ast.Add, ast.Sub)
            else None
        ),
        "transposed-product": lambda n: transposed(turned(n)) if is_op(n, ast.MatMult) and s.of(n) != "scalar" else None,
        "scalar-transposed": lambda n: turned(n) if is_op(n, ast.MatMult) and s.of(n) == "scalar" else None,
        "scalar-summed": lambda n: (
            call("sum", binary(n.left.value, ast.Mult, n.right))
            if is_op(n, ast.MatMult) and isinstance(n.left, ast.Attribute) and s.of(n.left) == "row" and s.of(n.right) == "column"
            else None
        ),
        "scalar-traced": lambda n: (
            call("tr", binary(n.right, ast.MatMult, n.left))
            if is_op(n, ast.MatMult) and s.of(n.left) == "row" and s.of(n.right) == "column"
            else None
        ),
        "trace-rotated": lambda n: (
            call("tr", multiplied([*chain(n.args[0])[1:], chain(n.args[0])[0]])) if is_call(n, "tr") and is_op(n.args[0], ast.MatMult) else None
        ),
        "trace-as-sum": lambda n: (
            call("sum", binary(transposed(n.args[0].left), ast.Mult, n.args[0].right)) if is_call(n, "tr") and is_op(n.args[0], ast.MatMult) else None
        ),
        "doubled": lambda n: (
            binary(n.right, ast.Add, n.right) if is_op(n, ast.Mult) and isinstance(n.left, ast.Constant) and n.left.value == 2 else None
        ),
        "quotient-as-power": lambda n: (
            binary(n.left, ast.Mult, binary(n.right, ast.Pow, ast.UnaryOp(ast.USub(), number(1)))) if is_op(n, ast.Div) and s.of(n.right) else None
        ),
        "quotient-as-factor": lambda n: (
            binary(binary(number(1), ast.Div, n.right), ast.Mult, n.left) if is_op(n, ast.Div) and s.of(n.right) == "scalar" else None
        ),
        "square-as-product": lambda n: (
            binary(n.left, ast.Mult, n.left) if is_op(n, ast.Pow) and isinstance(n.right, ast.Constant) and n.right.value == 2 else None
        ),
        "difference-as-sum": lambda n: binary(n.left, ast.Add, ast.UnaryOp(ast.USub(), n.right)) if is_op(n, ast.Sub) else None,
        "minus-outside": lambda n: (
            ast.UnaryOp(ast.USub(), binary(n.right, ast.Sub, n.left))
            if is_op(n, ast.Sub) and s.of(n.left) and s.of(n.left) == s.of(n.right)
            else None
        ),
        "solve": lambda n: call("solve", n.left.args[0], n.right) if is_op(n, ast.MatMult) and is_call(n.left, "inv") else None,
        "inverse-of-transpose": lambda n: (
            call("inv", transposed(n.value.args[0])) if isinstance(n, ast.Attribute) and is_call(n.value, "inv") else None
        ),
        "diagonal": lambda n: (
            binary(call("diag", n.left), ast.MatMult, n.right)
            if is_op(n, ast.Mult) and s.of(n.left) == s.of(n.right) == "column"
            else binary(n.left.args[0], ast.Mult, n.right)
            if is_op(n, ast.MatMult) and is_call(n.left, "diag") and s.of(n.left.args[0]) == "column"
            else None
        ),
        "norm-as-product": lambda n: (
            binary(transposed(n.left.args[0]), ast.MatMult, n.left.args[0])
            if is_op(n, ast.Pow) and is_call(n.left, "norm") and s.of(n.left.args[0]) == "column" and two(n.right)
            else None
        ),
        "sigmoid-written-out": lambda n: (
            binary(number(1), ast.Div, binary(number(1), ast.Add, call("exp", ast.UnaryOp(ast.USub(), n.args[0])))) if is_call(n, "sigmoid") else None
        ),
        "sigmoid-mirrored": lambda n: (
            binary(number(1), ast.Sub, call("sigmoid", ast.UnaryOp(ast.USub(), n.args[0]))) if is_call(n, "sigmoid") else None
        ),
        "tanh-by-sigmoid": lambda n: (
            binary(binary(number(2), ast.Mult, call("sigmoid", binary(number(2), ast.Mult, n.args[0]))), ast.Sub, number(1))
            if is_call(n, "tanh")
            else None
        ),
        "sine-squared": lambda n: (
            binary(number(1), ast.Sub, binary(call("cos", n.left.args[0]), ast.Pow, number(2)))
            if is_op(n, ast.Pow) and is_call(n.left, "sin") and two(n.right)
            else None
        ),
        "root-as-power": lambda n: binary(n.args[0], ast.Pow, binary(number(1), ast.Div, number(2))) if is_call(n, "sqrt") else None,
        "exp-split": lambda n: (
            binary(call("exp", n.args[0].left), ast.Mult, call("exp", n.args[0].right)) if is_call(n, "exp") and is_op(n.args[0], ast.Add) else None
        ),
        "exp-of-log": lambda n: (
            call("exp", binary(n.right, ast.Mult, call("log", n.left)))
            if is_op(n, ast.Pow) and isinstance(n.left, ast.Name) and not isinstance(n.right, ast.Constant)
            else None
        ),
        "einsum": lambda n: (
            ast.Call(ast.Name("einsum"), [ast.Constant("ij,j->i"), n.left, n.right], [])
            if is_op(n, ast.MatMult) and s.of(n.left) == "matrix" and s.of(n.right) == "column"
            else None
        ),
        "einsum-matrices": lambda n: (
            ast.Call(ast.Name("einsum"), [ast.Constant("ij,jk->ik"), n.left, n.right], [])
            if is_op(n, ast.MatMult) and s.of(n.left) == s.of(n.right) == "matrix"
            else None
        ),
        "index-sum": lambda n: _entries(n, q) if is_op(n, ast.MatMult) else None,
    }
    for name, change in rules.items():
        for made in variants(tree, rule(change)):
            yield name, made
    yield "zero-added", binary(tree, ast.Add, binary(tree, ast.Sub, tree))
    yield "halves", binary(binary(tree, ast.Div, number(2)), ast.Add, binary(tree, ast.Div, number(2)))
    yield "twice-transposed", ast.Attribute(ast.Attribute(tree, "T"), "T")


def _entries(n: ast.BinOp, q: Question) -> ast.expr | None:
    """A @ v, A.T @ v entry by entry."""
    base = n.left.value if isinstance(n.left, ast.Attribute) else n.left
    if not (isinstance(base, ast.Name) and isinstance(n.right, ast.Name) and q.matrix(base.id) and len(q.shapes.get(n.right.id, [])) == 1):
        return None
    rows, columns = q.shapes[base.id]
    entry = f"{base.id}[i,j]"
    if isinstance(n.left, ast.Attribute):
        rows, columns, entry = columns, rows, f"{base.id}[j,i]"
    if {"i", "j"} & {*q.shapes, *[s for sizes in q.shapes.values() for s in sizes]}:
        return None
    return parsed(f"array(sum({entry}*{n.right.id}[j] for j in range({columns})) for i in range({rows}))")


# ------------------------------------------------------------------------------------------------ dialects
class UnspeltError(Exception):
    """The dialect has no simple spelling for this."""


LEVEL = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Div: 2, ast.MatMult: 2, ast.Pow: 4}


def matlab(tree: ast.expr, q: Question) -> str:
    s = Shapes(q)

    def write(n: ast.expr, level: int) -> str:
        match n:
            case ast.Constant():
                return repr(n.value)
            case ast.Name():
                return n.id
            case ast.Attribute():
                return write(n.value, 5) + "'"
            case ast.UnaryOp():
                return f"(-{write(n.operand, 3)})" if level > 1 else f"-{write(n.operand, 2)}"
            case ast.Call(func=ast.Name(id=name), keywords=[]) if name in (
                "exp",
                "log",
                "sin",
                "cos",
                "tanh",
                "tr",
                "det",
                "inv",
                "sqrt",
                "abs",
                "diag",
                "sum",
                "sigmoid",
            ):
                return f"{name}({write(n.args[0], 0)})"
            case ast.BinOp():
                scalar = "scalar" in (s.of(n.left), s.of(n.right))
                op = {
                    ast.Add: " + ",
                    ast.Sub: " - ",
                    ast.MatMult: "*",
                    ast.Mult: "*" if scalar else ".*",
                    ast.Div: "/" if s.of(n.right) == "scalar" else "./",
                }.get(type(n.op), "^")
                if isinstance(n.op, ast.Pow) and s.of(n.left) != "scalar":
                    op = ".^"
                mine = LEVEL[type(n.op)]
                text = f"{write(n.left, mine)}{op}{write(n.right, mine + 1)}"
                return f"({text})" if mine < level else text
        raise UnspeltError(ast.dump(n))

    return write(tree, 0)


def latex(tree: ast.expr, q: Question) -> str:
    s = Shapes(q)

    def name(word: str) -> str:
        return "\\" + GREEK[word] if word in GREEK else word

    def write(n: ast.expr, level: int) -> str:
        match n:
            case ast.Constant(value=int()):
                return str(n.value)
            case ast.Name() if len(n.id) == 1:
                return name(n.id)
            case ast.Attribute() if is_call(n.value, "inv") and isinstance(n.value.args[0], ast.Name):
                return write(n.value.args[0], 5) + "^{-\\top}"
            case ast.Attribute():
                return write(n.value, 5) + "^\\top"
            case ast.UnaryOp():
                return f"\\left(-{write(n.operand, 3)}\\right)" if level > 1 else f"-{write(n.operand, 2)}"
            case ast.Call(func=ast.Name(id="inv")):
                return write(n.args[0], 5) + "^{-1}" if isinstance(n.args[0], ast.Name) else f"\\left({write(n.args[0], 0)}\\right)^{{-1}}"
            case ast.Call(func=ast.Name(id="sqrt")):
                return f"\\sqrt{{{write(n.args[0], 0)}}}"
            case ast.Call(func=ast.Name(id="norm"), args=[inner]):
                return f"\\|{write(inner, 0)}\\|"
            case ast.Call(func=ast.Name(id=word), args=[inner], keywords=[]) if word in ("exp", "log", "sin", "cos", "tanh", "det", "tr"):
                command = "\\operatorname{tr}" if word == "tr" else "\\" + word
                return f"{command}\\left({write(inner, 0)}\\right)"
            case ast.BinOp(op=ast.Div()):
                if s.of(n.right) != "scalar":
                    raise UnspeltError("a quotient of arrays")
                return f"\\frac{{{write(n.left, 0)}}}{{{write(n.right, 0)}}}"
            case ast.BinOp(op=ast.Pow()):
                if s.of(n.left) != "scalar":
                    raise UnspeltError("an elementwise power")
                base = write(n.left, 5) if isinstance(n.left, ast.Name) else f"\\left({write(n.left, 0)}\\right)"
                return f"{base}^{{{write(n.right, 0)}}}"
            case ast.BinOp():
                scalar = "scalar" in (s.of(n.left), s.of(n.right))
                op = {ast.Add: " + ", ast.Sub: " - ", ast.MatMult: " "}.get(type(n.op), " \\, " if scalar else " \\odot ")
                mine = LEVEL[type(n.op)]
                text = f"{write(n.left, mine)}{op}{write(n.right, mine + 1)}"
                return f"\\left({text}\\right)" if mine < level else text
        raise UnspeltError(ast.dump(n))

    return write(tree, 0)


DIALECTS: dict[str, Callable[[ast.expr, Question], str]] = {"matlab": matlab, "latex": latex}
