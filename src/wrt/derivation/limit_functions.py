"""Difference quotients of functions that are no polynomials: addition theorems, factors taken out, and the standard limits they lead to.

(sin(x + h) - sin(x))/h = (sin(x)*cos(h) + cos(x)*sin(h) - sin(x))/h = sin(x)*((cos(h) - 1)/h) + cos(x)*(sin(h)/h) -> cos(x)
(log(x + h) - log(x))/h = log((x + h)/x)/h = log(1 + h/x)/h = (1/x)*(log(1 + h/x)/(h/x)) -> 1/x
((x + h)**n - x**n)/h = x**n*(((1 + h/x)**n - 1)/h) -> x**n*(n/x)
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from wrt.derivation.polynomial import polynomial, sum_of, written
from wrt.derivation.reading import Scene
from wrt.derivation.rules import TWO, Apply, Rule
from wrt.derivation.terms import ONE, replaced
from wrt.language.parser import parse
from wrt.language.rewrite import replace_names
from wrt.language.surface import Binary, Call, Name, Node, Number, Unary, postorder
from wrt.language.unparse import unparse

TAUGHT = "the derivative as a limit"
# f(u + k) by f and its companion at u and k, and the same with f(u) taken away, sorted
ADDED = {
    "sin": ("sin(u)*cos(k) + cos(u)*sin(k)", "sin(u)*((cos(k) - 1)/h) + cos(u)*(sin(k)/h)"),
    "cos": ("cos(u)*cos(k) - sin(u)*sin(k)", "cos(u)*((cos(k) - 1)/h) - sin(u)*(sin(k)/h)"),
    "sinh": ("sinh(u)*cosh(k) + cosh(u)*sinh(k)", "sinh(u)*((cosh(k) - 1)/h) + cosh(u)*(sinh(k)/h)"),
    "cosh": ("cosh(u)*cosh(k) + sinh(u)*sinh(k)", "cosh(u)*((cosh(k) - 1)/h) + sinh(u)*(sinh(k)/h)"),
}
# the limits as t goes to 0 that are known by heart: quotient, limit
STANDARD = (
    ("(exp(t) - 1)/t", "1"),
    ("sin(t)/t", "1"),
    ("(cos(t) - 1)/t", "0"),
    ("sinh(t)/t", "1"),
    ("(cosh(t) - 1)/t", "0"),
    ("log(1 + t)/t", "1"),
    ("(a**t - 1)/t", "log(a)"),
    ("((1 + t)**n - 1)/t", "n"),
)


def lim(e: Node, s: Scene) -> Node:
    """lim(E, h): the limit of E as h goes to 0."""
    return Call("lim", (e, Name(s.setting.tangent)))


def limit_of(node: Node) -> Node | None:
    """E of lim(E, h)."""
    return node.arguments[0] if isinstance(node, Call) and node.function == "lim" else None


def quotient(node: Node) -> tuple[Node, Node, Node] | None:
    """(A, B, C) of lim((A - B)/C)."""
    e = limit_of(node)
    if isinstance(e, Binary) and e.op == "/" and isinstance(e.left, Binary) and e.left.op == "-":
        return e.left.left, e.left.right, e.right
    return None


def mentions(node: Node, name: str) -> bool:
    """Whether a name occurs below."""
    return any(isinstance(n, Name) and n.name == name for n in postorder(node))


def difference(a: Node, b: Node, s: Scene) -> Node:
    """lim((A - B)/h)."""
    return lim(Binary("/", Binary("-", a, b), Name(s.setting.tangent)), s)


def _over_h(node: Node, s: Scene) -> tuple[Node, Node] | None:
    """(A, B) of lim((A - B)/h)."""
    found = quotient(node)
    return found[:2] if found is not None and isinstance(found[2], Name) and found[2].name == s.setting.tangent else None


def _fixed(node: Node, s: Scene) -> bool:
    return not mentions(node, s.setting.tangent) and not mentions(node, s.setting.variable)


# ------------------------------------------------------------------------------------------------ sums and products
def _constant(node: Node, s: Scene) -> Node | None:
    found = _over_h(node, s)
    match found:
        case (Unary(op="-", argument=a), Unary(op="-", argument=b)):
            return Unary("-", difference(a, b, s))
        case (Binary(op="*", left=c, right=a), Binary(op="*", left=_, right=b)) if _fixed(c, s):
            return Binary("*", c, difference(a, b, s))
        case (Binary(op="*" | "/" as op, left=a, right=c), Binary(left=b)) if _fixed(c, s):
            return Binary(op, difference(a, b, s), c)
        case (Binary(op="/", left=c, right=a), Binary(op="/", right=b)) if _fixed(c, s) and unparse(c) != "1":
            return Binary("*", c, difference(Binary("/", ONE, a), Binary("/", ONE, b), s))
    return None


def _sum(node: Node, s: Scene) -> Node | None:
    found = _over_h(node, s)
    match found:
        case (Binary(op="+" | "-" as op, left=a, right=c), Binary(left=b, right=d)):
            if unparse(c) == unparse(d):
                return difference(a, b, s)
            if unparse(a) == unparse(b):
                return difference(c, d, s) if op == "+" else Unary("-", difference(c, d, s))
            return Binary(op, difference(a, b, s), difference(c, d, s))
    return None


def _product(node: Node, s: Scene) -> Node | None:
    """(a(x + h)*c(x + h) - a*c)/h is ((a(x + h) - a)/h)*c(x + h) + a*((c(x + h) - c)/h)."""
    found = _over_h(node, s)
    match found:
        case (Binary(op="*", left=a, right=c), Binary(op="*", left=b, right=d)):
            return Binary("+", Binary("*", difference(a, b, s), lim(c, s)), Binary("*", b, difference(c, d, s)))
    return None


def _squares(node: Node, s: Scene) -> Node | None:
    """(a(x + h)**2 - a**2)/h is ((a(x + h) - a)/h)*(a(x + h) + a)."""
    match _over_h(node, s):
        case (Binary(op="**", left=a, right=Number(value=n)), Binary(op="**", left=b)) if n == TWO.value:
            return Binary("*", difference(a, b, s), lim(Binary("+", a, b), s))
    return None


# ------------------------------------------------------------------------------------------------ functions of a linear function
def _increment(a: Node, b: Node, s: Scene) -> Node | None:
    """k = c*h with u(x + h) = u(x) + k, for a linear u."""
    p, q = polynomial(a), polynomial(b)
    if p is None or q is None:
        return None
    rest = sum_of(p, q, -1)
    h, x = s.setting.tangent, s.setting.variable
    plain = bool(rest) and all(dict(m).get(h) == 1 and x not in dict(m) for m in rest)
    return written(rest, h, x) if plain else None


def _factor(k: Node, s: Scene) -> Node | None:
    """c of k = c*h or (c*h)/d; None for h itself."""
    p = polynomial(k)
    h = s.setting.tangent
    if p is not None:
        less = {tuple((n, e) for n, e in m if n != h): c for m, c in p.items()}
        return None if less == {(): Fraction(1)} else written(less, h, s.setting.variable)
    if isinstance(k, Binary) and k.op == "/":
        return Binary("/", _factor(k.left, s) or ONE, k.right)
    return None


def _linear(node: Node, s: Scene, function: str) -> tuple[Node, Node] | None:
    """(u, k) of lim((f(u + k) - f(u))/h)."""
    match _over_h(node, s):
        case (Call(arguments=(a,)) as one, Call(arguments=(b,)) as other) if one.function == other.function == function:
            k = _increment(a, b, s)
            return None if k is None else (b, k)
    return None


def _addition(node: Node, s: Scene) -> Node | None:
    for function, (theorem, _) in ADDED.items():
        if (found := _linear(node, s, function)) is not None:
            made = replace_names(parse(theorem), {"u": found[0], "k": found[1]})
            return difference(made, Call(function, (found[0],)), s)
    return None


def _sorted(node: Node, s: Scene) -> Node | None:
    found = _over_h(node, s)
    if found is None or not isinstance(found[0], Binary) or not isinstance(found[1], Call) or found[1].function not in ADDED:
        return None
    theorem, made = ADDED[found[1].function]
    right = found[0].right
    k = right.right.children[0] if isinstance(right, Binary) and isinstance(right.right, Call) else None
    values = {"u": found[1].arguments[0], "k": k, "h": Name(s.setting.tangent)}
    if k is None or unparse(replace_names(parse(theorem), {"u": found[1].arguments[0], "k": k})) != unparse(found[0]):
        return None
    return lim(replace_names(parse(made), {n: v for n, v in values.items() if v is not None}), s)


def _exponential(node: Node, s: Scene) -> Node | None:
    h = Name(s.setting.tangent)
    if (found := _linear(node, s, "exp")) is not None:
        return lim(Binary("*", Call("exp", (found[0],)), Binary("/", Binary("-", Call("exp", (found[1],)), ONE), h)), s)
    match _over_h(node, s):
        case (Binary(op="**", left=a, right=u), Binary(op="**", left=b, right=v)) if _fixed(a, s) and (k := _increment(u, v, s)) is not None:
            return lim(Binary("*", Binary("**", b, v), Binary("/", Binary("-", Binary("**", a, k), ONE), h)), s)
    return None


def _logarithms(node: Node, s: Scene) -> Node | None:
    match _over_h(node, s):
        case (Call(function="log", arguments=(a,)), Call(function="log", arguments=(b,))) if _increment(a, b, s) is not None:
            return lim(Binary("/", Call("log", (Binary("/", a, b),)), Name(s.setting.tangent)), s)
    return None


def _ratio(node: Node, s: Scene) -> Node | None:
    """log((u + k)/u)/h is log(1 + k/u)/h."""
    match limit_of(node):
        case Binary(op="/", left=Call(function="log", arguments=(Binary(op="/", left=a, right=b),)), right=Name() as h) if (
            h.name == s.setting.tangent
        ):
            k = _increment(a, b, s)
            return None if k is None else lim(Binary("/", Call("log", (Binary("+", ONE, Binary("/", k, b)),)), h), s)
    return None


def _power(node: Node, s: Scene) -> Node | None:
    match _over_h(node, s):
        case (Binary(op="**", left=a, right=n), Binary(op="**", left=b, right=m)) if _fixed(n, s) and (k := _increment(a, b, s)) is not None:
            grown = Binary("**", Binary("+", ONE, Binary("/", k, b)), n)
            return lim(Binary("*", Binary("**", b, m), Binary("/", Binary("-", grown, ONE), Name(s.setting.tangent))), s)
    return None


def _tangents(node: Node, s: Scene) -> Node | None:
    match _over_h(node, s):
        case (Call(function="tan", arguments=(a,)), Call(function="tan", arguments=(b,))) if (k := _increment(a, b, s)) is not None:
            below = Binary("*", Call("cos", (a,)), Call("cos", (b,)))
            return lim(Binary("*", Binary("/", Call("sin", (k,)), Name(s.setting.tangent)), Binary("/", ONE, below)), s)
    return None


# ------------------------------------------------------------------------------------------------ standard limits
def _part(node: Node, s: Scene, made: Callable[[Binary], Node | None]) -> Node | None:
    """lim of the expression with its first quotient for which there is another exchanged."""
    e = limit_of(node)
    for part in postorder(e) if e is not None else ():
        if e is not None and isinstance(part, Binary) and part.op == "/" and (new := made(part)) is not None:
            rest = replaced(e, part, new)
            return lim(rest, s) if mentions(rest, s.setting.tangent) else rest
    return None


def _argument(above: Node) -> Node | None:
    """t of sin(t), exp(t) - 1, a**t - 1, log(1 + t), (1 + t)**n - 1."""
    match above:
        case Call(function="sin" | "sinh", arguments=(t,)):
            return t
        case Call(function="log", arguments=(Binary(op="+", left=one, right=t),)) if unparse(one) == "1":
            return t
        case Binary(op="-", left=Call(function="exp" | "cos" | "cosh", arguments=(t,)), right=one) if unparse(one) == "1":
            return t
        case Binary(op="-", left=Binary(op="**", left=Binary(op="+", left=one, right=t)), right=other) if unparse(one) == unparse(other) == "1":
            return t
        case Binary(op="-", left=Binary(op="**", right=t), right=one) if unparse(one) == "1":
            return t
    return None


def _scaled(node: Node, s: Scene) -> Node | None:
    """sin(2*h)/h is 2*(sin(2*h)/(2*h))."""

    def made(part: Binary) -> Node | None:
        t = _argument(part.left)
        if t is None or not (isinstance(part.right, Name) and part.right.name == s.setting.tangent) or not mentions(t, s.setting.tangent):
            return None
        c = _factor(t, s)
        return None if c is None else Binary("*", c, Binary("/", part.left, t))

    return _part(node, s, made)


def _standard(shape: str, value: str) -> Apply:
    """The rule of one standard limit."""
    wanted = parse(shape)
    assert isinstance(wanted, Binary)

    def made(part: Binary) -> Node | None:
        t = _argument(part.left)
        if t is None or unparse(t) != unparse(part.right):
            return None
        values = {"t": t, **_others(part.left)}
        if unparse(replace_names(wanted, values)) != unparse(part):
            return None
        return replace_names(parse(value), values)

    return lambda node, s: _part(node, s, made)


def _others(above: Node) -> dict[str, Node]:
    """a of a**t - 1, n of (1 + t)**n - 1."""
    if isinstance(above, Binary) and isinstance(above.left, Binary) and above.left.op == "**":
        return {"a": above.left.left, "n": above.left.right}
    return {}


KNOWN = {f"{shape} has the limit {value} as t goes to 0": (shape, value) for shape, value in STANDARD}  # by the names of their rules
STANDARDS: tuple[Rule, ...] = tuple(Rule(name, _standard(*known), True, TAUGHT) for name, known in KNOWN.items())
CONSTANT = Rule("constant factor", _constant, source=TAUGHT)
FUNCTIONS: tuple[Rule, ...] = (
    Rule("limit of a sum", _sum, source=TAUGHT),
    Rule("add and take away, limit of a product", _product, source=TAUGHT),
    Rule("take the power out, the base not 0", _power, source="(u + k)**n = u**n*(1 + k/u)**n"),
    Rule("difference of two squares, limit of a product", _squares, source="a**2 - b**2 = (a - b)*(a + b)"),
    Rule("addition theorem", _addition, source="sin(u + k) = sin(u)*cos(k) + cos(u)*sin(k), and the like"),
    Rule("sort the terms", _sorted, source=TAUGHT),
    Rule("exponents add up", _exponential, source="exp(u + k) = exp(u)*exp(k)"),
    Rule("difference of logarithms", _logarithms, source="log(a) - log(b) = log(a/b)"),
    Rule("divide inside the logarithm", _ratio, source=TAUGHT),
    Rule("difference of tangents", _tangents, source="tan(a) - tan(b) = sin(a - b)/(cos(a)*cos(b))"),
    Rule("expand by the same factor", _scaled, source=TAUGHT),
)
