"""The rules of the differential, each a named function of one surface tree: d(u*v) = d(u)*v + u*d(v), and so on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from wrt.derivation.local import local_differential
from wrt.derivation.reading import Scene, is_pending, size_tree
from wrt.derivation.terms import ONE, ZERO, times, total, zero
from wrt.language.functions_declared import called
from wrt.language.parser import parse
from wrt.language.rewrite import replace_names, with_children
from wrt.language.surface import Binary, Block, Call, Generator, Index, Loop, Name, Node, Number, Text, Unary, postorder
from wrt.language.trees import number
from wrt.language.unparse import unparse
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS

Apply = Callable[[Node, Scene], Node | None]
LINEAR = ("tr", "sum", "mean", "diag", "vec", "triu", "tril", "cumsum")
BILINEAR = ("kron", "dot", "outer", "cross", "trace_product")
TWO = Number(Fraction(2), "2")


@dataclass(frozen=True, slots=True)
class Rule:
    """A named rule. `apply` rewrites the node it is given, or says None; `calculus`: whether it differentiates; `source`: where it is taught."""

    name: str
    apply: Apply
    calculus: bool = False
    source: str = ""
    condition: str = ""


def row_derivative(call: Call, place: int) -> Node | None:
    """The derivative of an elementwise function by its argument number `place`, in the arguments given; None where its row has none."""
    row = FUNCTIONS[call.function]
    if not row.d[place]:
        return None
    values = dict(zip(row.arguments, call.arguments, strict=True))
    return replace_names(parse(row.d[place]), {**values, "y": call})


# ------------------------------------------------------------------------------------------------ shared by d(E) and diff(E, v)
def calculus_rules(pend: Callable[[Node, Node], Node]) -> tuple[Rule, ...]:
    """The rules that d(E) and diff(E, x[k]) have in common; `pend(E, like)` says what is to be differentiated next, as `like` does."""

    def rule(body: Callable[[Node, Callable[[Node], Node], Scene], Node | None]) -> Apply:
        def apply(node: Node, scene: Scene) -> Node | None:
            if not isinstance(node, Call) or node.function not in ("d", "diff"):
                return None
            return body(node.arguments[0], lambda e: pend(e, node), scene)

        return apply

    taught = "Magnus & Neudecker, chapter 8"
    return (
        Rule("constant", rule(lambda e, d, s: None if s.varies(e) else zero(e.shape)), True, taught),
        Rule("constant term", rule(_constant_term), True, taught),
        Rule("sum rule", rule(_sum), True, taught),
        Rule("constant factor", rule(_factor), True, taught),
        Rule("product rule", rule(_product), True, taught),
        Rule("quotient rule", rule(_quotient), True, taught),
        Rule("squared norm", rule(_squared_norm), True, taught),
        Rule("power rule", rule(_power), True, taught),
        Rule("exponential rule", rule(_exponential), True, taught),
        Rule("power with varying base and exponent", rule(_general_power), True, taught),
        Rule("inverse function rule", rule(_inverse_function), True, "the derivative of the inverse is 1/f'(y) at y with f(y) = u"),
        Rule("chain rule", rule(_chain), True, "the derivative in the table of functions"),
        Rule("branch by branch", rule(_branches), True, "between the points where the branch changes"),
        Rule("derivative of a sum over an index", rule(_generator), True, taught),
    )


Diff = Callable[[Node], Node]


def _constant_term(e: Node, d: Diff, s: Scene) -> Node | None:
    if not isinstance(e, Binary) or e.op not in "+-":
        return None
    if not s.varies(e.right) and e.shape == e.left.shape:
        return d(e.left)
    if not s.varies(e.left) and e.shape == e.right.shape:
        return d(e.right) if e.op == "+" else Unary("-", d(e.right))
    return None


def _sum(e: Node, d: Diff, s: Scene) -> Node | None:
    return Binary(e.op, d(e.left), d(e.right)) if isinstance(e, Binary) and e.op in "+-" else None


def _factor(e: Node, d: Diff, s: Scene) -> Node | None:
    if isinstance(e, Unary) and e.op == "-":
        return Unary("-", d(e.argument))
    if not isinstance(e, Binary) or e.op not in "*@/":
        return None
    left, right = s.varies(e.left), s.varies(e.right)
    if left and not right:
        return Binary(e.op, d(e.left), e.right)
    if right and not left and e.op != "/":
        return Binary(e.op, e.left, d(e.right))
    return None


def _product(e: Node, d: Diff, s: Scene) -> Node | None:
    if not isinstance(e, Binary) or e.op not in "*@":
        return None
    return Binary("+", Binary(e.op, d(e.left), e.right), Binary(e.op, e.left, d(e.right)))


def _quotient(e: Node, d: Diff, s: Scene) -> Node | None:
    if not isinstance(e, Binary) or e.op != "/":
        return None
    below = Binary("**", e.right, TWO)
    if not s.varies(e.left):
        return Unary("-", Binary("/", Binary("*", e.left, d(e.right)), below))
    return Binary("/", Binary("-", Binary("*", d(e.left), e.right), Binary("*", e.left, d(e.right))), below)


def _squared_norm(e: Node, d: Diff, s: Scene) -> Node | None:
    if not (isinstance(e, Binary) and e.op == "**" and isinstance(e.right, Number) and e.right.value == 2):
        return None
    n = e.left
    if not (isinstance(n, Call) and n.function == "norm" and len(n.children) == 1 and n.arguments[0].shape is not None):
        return None
    u = n.arguments[0]
    if u.shape is not None and u.shape.kind == "column":
        return times(TWO, Binary("@", Unary("T", u), d(u)))
    if u.shape is not None and u.shape.kind == "matrix":
        return times(TWO, Call("tr", (Binary("@", Unary("T", u), d(u)),)))
    return None


def _power(e: Node, d: Diff, s: Scene) -> Node | None:
    if not isinstance(e, Binary) or e.op != "**" or s.varies(e.right):
        return None
    exponent, sign = e.right, 1
    if isinstance(exponent, Unary) and exponent.op == "-":
        exponent, sign = exponent.argument, -1
    if isinstance(exponent, Number):
        value = sign * exponent.value
        if value.denominator == 1:
            less = value - 1
            power = e.left if less == 1 else ONE if less == 0 else Binary("**", e.left, number(less))
            return times(number(value), power, d(e.left)) if value > 0 else Unary("-", times(number(-value), power, d(e.left)))
    return times(e.right, Binary("**", e.left, Binary("-", e.right, ONE)), d(e.left))


def _exponential(e: Node, d: Diff, s: Scene) -> Node | None:
    if not isinstance(e, Binary) or e.op != "**" or s.varies(e.left):
        return None
    return times(e, Call("log", (e.left,)), d(e.right))


def _general_power(e: Node, d: Diff, s: Scene) -> Node | None:
    if not isinstance(e, Binary) or e.op != "**":
        return None
    inner = Binary("+", times(d(e.right), Call("log", (e.left,))), Binary("/", times(e.right, d(e.left)), e.left))
    return times(e, inner)


def _chain(e: Node, d: Diff, s: Scene) -> Node | None:
    if isinstance(e, Binary) and e.op in ("<", "<=", ">", ">=", "==", "!="):
        return zero(e.shape)
    if not isinstance(e, Call) or e.function not in FUNCTIONS:
        return None
    terms = []
    for k, u in enumerate(e.arguments):
        if s.varies(u):
            slope = row_derivative(e, k)
            if slope is None:
                return None
            if isinstance(slope, Number) and slope.value == 0:
                continue
            terms.append(Unary("-", times(slope.argument, d(u))) if isinstance(slope, Unary) and slope.op == "-" else times(slope, d(u)))
    return total(terms) or zero(e.shape)


def _branches(e: Node, d: Diff, s: Scene) -> Node | None:
    """The derivative of a number given by cases, each case by itself."""
    if not (isinstance(e, Call) and e.function == "where" and len(e.children) == 3 and e.shape is not None and not e.shape.order):
        return None
    condition, *values = e.arguments
    return Call("where", (condition, *[d(v) if s.varies(v) else ZERO for v in values]))


# The slope of the inverse of f at u, by y = f^-1(u): 1/f'(y), f'(y) written by f(y).
INVERSES = {
    "arctan": ("tan", "1/(1 + tan(y)**2)"),
    "arcsin": ("sin", "1/sqrt(1 - sin(y)**2)"),
    "arccos": ("cos", "-(1/sqrt(1 - cos(y)**2))"),
}


def inverse_slope(e: Call) -> Node:
    """The slope of an inverse function by the function it inverts: 1/(1 + tan(arctan(u))**2)."""
    return replace_names(parse(INVERSES[e.function][1]), {"y": e})


def _inverse_function(e: Node, d: Diff, s: Scene) -> Node | None:
    if not isinstance(e, Call) or e.function not in INVERSES:
        return None
    slope = inverse_slope(e)
    return Unary("-", times(slope.argument, d(e.arguments[0]))) if isinstance(slope, Unary) else times(slope, d(e.arguments[0]))


def _undone(node: Node, s: Scene) -> Node | None:
    """tan(arctan(u)) is u."""
    if isinstance(node, Call) and len(node.children) == 1 and isinstance(inside := node.arguments[0], Call):
        found = INVERSES.get(inside.function)
        return inside.arguments[0] if found is not None and found[0] == node.function else None
    return None


UNDONE = Rule("a function of its inverse is its argument", _undone)


def _cancelled(node: Node, s: Scene) -> Node | None:
    """(1/v)*(v*w) is w: what is divided by itself, in a product of numbers or of entries."""
    if is_pending(node) or not (isinstance(node, Binary) and node.op in "*/"):
        return None
    above: list[Node] = []
    below: list[Node] = []
    stack: list[tuple[Node, bool]] = [(node, True)]
    sign = 1
    while stack:
        n, top = stack.pop()
        if isinstance(n, Binary) and n.op in "*/":
            stack += [(n.right, top == (n.op == "*")), (n.left, top)]
        elif isinstance(n, Unary) and n.op == "-":
            sign = -sign
            stack.append((n.argument, top))
        elif not (isinstance(n, Number) and n.value == 1):
            (above if top else below).append(n)
    words = {unparse(n): n for n in above if not isinstance(n, Number)}
    same = next((n for n in below if unparse(n) in words and n.shape == words[unparse(n)].shape), None)
    if same is None:
        return None
    above.remove(words[unparse(same)])
    below.remove(same)
    if not any(n.shape == node.shape for n in above) and node.shape is not None and node.shape.order:
        return None
    made = times(*above)
    for n in below:
        made = Binary("/", made, n)
    return made if sign > 0 else Unary("-", made)


CANCEL = Rule("cancel", _cancelled, source="v/v is 1")


def _generator(e: Node, d: Diff, s: Scene) -> Node | None:
    if not isinstance(e, Generator) or any(s.varies(c) for c in (*e.loops, *e.conditions)):
        return None
    return Generator(e.function, d(e.body), e.loops, e.conditions)


# ------------------------------------------------------------------------------------------------ only d(E)
def d_of(e: Node, like: Node | None = None) -> Node:
    """d(E)."""
    return Call("d", (e,))


def inner(node: Node) -> Node | None:
    """E of d(E)."""
    return node.arguments[0] if isinstance(node, Call) and node.function == "d" else None


def _variable(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    return Name(s.setting.tangent) if isinstance(e, Name) and e.name == s.setting.variable else None


def _transpose(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    return Unary("T", d_of(e.argument)) if isinstance(e, Unary) and e.op == "T" else None


def _linear(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    if isinstance(e, Call) and e.function in LINEAR and e.arguments and not any(s.varies(c) for c in e.children[1:]):
        return Call(e.function, (d_of(e.arguments[0]), *e.arguments[1:]), e.options)
    if isinstance(e, Index) and not any(s.varies(p) for p in e.parts):
        return Index(d_of(e.base), e.parts)
    if isinstance(e, Block) and all(s.varies(c) or zero(c.shape) is not None for c in e.children):
        return Block(tuple(tuple(d_of(c) if s.varies(c) else zero(c.shape) or ZERO for c in row) for row in e.rows), e.nested)
    return None


def _bilinear(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    if not isinstance(e, Call) or e.function not in BILINEAR or len(e.arguments) != 2 or e.options:
        return None
    u, v = e.arguments
    terms: list[Node] = [Call(e.function, (d_of(u), v))] if s.varies(u) else []
    return total([*terms, Call(e.function, (u, d_of(v)))] if s.varies(v) else terms)


def matrix_row(e: Call, differential: Diff, s: Scene) -> Node | None:
    """The differential of a matrix function by its row in the table, in the arguments given."""
    row = OPERATORS.get(e.function)
    if row is None or not row.d or any(isinstance(c, Text) for c in e.children):
        return None
    words = re.findall(r"(\w+)\[([^\]]*)\]", row.signature.partition("->")[0])
    if len(words) != len(e.arguments) or [k for k, a in enumerate(e.arguments) if s.varies(a)] != [0]:
        return None
    values: dict[str, Node] = {f"d{words[0][0]}": differential(e.arguments[0])}
    tree = parse(row.d)
    if any(isinstance(n, Name) and re.fullmatch(r"d[A-Z]", n.name) and n.name not in values for n in postorder(tree)):
        return None
    for (name, sizes), argument in zip(words, e.arguments, strict=True):
        values[name] = argument
        own = argument.shape.sizes if argument.shape is not None else ()
        values.update({w.strip(): size_tree(size) for w, size in zip(sizes.split(","), own, strict=False) if w.strip()})
    bound = {n.name: Name(s.fresh("rspq")) for g in postorder(tree) if isinstance(g, Generator) for n in g.loops}
    if bound:
        tree = renamed(tree, {k: v.name for k, v in bound.items()})
    return replace_names(tree, values)


def renamed(tree: Node, names: dict[str, str]) -> Node:
    """The tree with bound indices renamed, loops and uses."""
    done: dict[int, Node] = {}
    for node in postorder(tree):
        below = tuple(done[id(c)] for c in node.children)
        if isinstance(node, Name) and node.name in names:
            done[id(node)] = Name(names[node.name])
        elif isinstance(node, Loop):
            done[id(node)] = Loop(names.get(node.name, node.name), below[0], below[1])
        else:
            done[id(node)] = with_children(node, below) if below else node
    return done[id(tree)]


def _matrix_function(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    return matrix_row(e, d_of, s) if isinstance(e, Call) else None


def _inverse(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    return matrix_row(e, d_of, s) if isinstance(e, Call) and e.function == "inv" else None


def _definition(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    row = OPERATORS.get(e.function) if isinstance(e, Call) else None
    if row is None or not row.defined or not isinstance(e, Call):
        return None
    words = re.findall(r"(\w+)\[", row.signature.partition("->")[0])
    tree = parse(row.defined)
    if len(words) != len(e.arguments) or any(isinstance(n, (Generator, Text)) for n in postorder(tree)):
        return None
    if {n.name for n in postorder(tree) if isinstance(n, Name)} - set(words):
        return None
    return d_of(replace_names(tree, dict(zip(words, e.arguments, strict=True))))


def _local(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    return local_differential(e, d_of, s) if e is not None else None


def is_declared(e: Node, s: Scene) -> bool:
    """Whether a node applies a declared function."""
    return isinstance(e, Call) and called(e.function, s.setting.source.declarations) is not None


def _declared(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    return _local(node, s) if e is not None and is_declared(e, s) else None


def _determinant(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    return matrix_row(e, d_of, s) if isinstance(e, Call) and e.function in ("det", "logdet") else None


def _norm(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    return _local(node, s) if isinstance(e, Call) and e.function == "norm" else None


DIFFERENTIAL: tuple[Rule, ...] = (
    Rule("differential of the variable", _variable, True, "definition of dX"),
    *calculus_rules(d_of),
    Rule("differential of a transpose", _transpose, True, "Magnus & Neudecker, section 8.1"),
    Rule("differential of a linear function", _linear, True, "Magnus & Neudecker, section 8.1"),
    Rule("product rule for two arguments", _bilinear, True, "Magnus & Neudecker, section 8.1"),
    Rule("differential of the inverse", _inverse, True, "X @ inv(X) is the identity matrix, whose differential is 0"),
    Rule("Jacobi's formula", _determinant, True, "Magnus & Neudecker, section 8.3"),
    Rule("differential of a matrix function", _matrix_function, True, "the differential in the table of matrix functions"),
    Rule("definition", _definition, False, "the definition in the table of matrix functions"),
    Rule("chain rule for a declared function", _declared, True, "d f(u) = D(f)(u) du"),
    Rule("differential of the norm", _norm, True, "the norm's operator form, proved"),
    Rule("differential of the outermost function", _local, True, "the engine's operator form, proved"),
)
