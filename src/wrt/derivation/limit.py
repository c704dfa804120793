"""The limit style: the derivative of a scalar function from its definition, the difference quotient as h goes to 0.

Polynomials are multiplied out, 1/u is brought over one denominator, a root is multiplied by its conjugate, e^(x + h) is split; what is left is
divided by h, and h is let go to 0. Each line is proved equal to the one before as a function of x and h.
"""

from __future__ import annotations

from fractions import Fraction

from wrt.derivation.reading import Scene, Setting
from wrt.derivation.rules import Rule, number
from wrt.derivation.terms import ONE, ZERO, all_replaced, bare, replaced, times
from wrt.language.parser import parse
from wrt.language.read import type_tree
from wrt.language.rewrite import replace_names, with_children
from wrt.language.surface import Binary, Call, Name, Node, Number, Unary, postorder
from wrt.language.unparse import unparse
from wrt.proof.views import equal

Monomial = tuple[tuple[str, int], ...]
Polynomial = dict[Monomial, Fraction]
MOST_TERMS, MOST_POWER = 60, 12
DEFINITION, LIMIT = "definition of the derivative", "let h go to 0"
STANDARD = "the limit of (exp(h) - 1)/h is 1"
TAUGHT = "the derivative as a limit"


def lim(e: Node, s: Scene) -> Node:
    """lim(E, h): the limit of E as h goes to 0."""
    return Call("lim", (e, Name(s.setting.tangent)))


def _quotient(node: Node, s: Scene) -> tuple[Node, Node, Node] | None:
    """(A, B, C) of lim((A - B)/C)."""
    if not (isinstance(node, Call) and node.function == "lim"):
        return None
    e = node.arguments[0]
    if isinstance(e, Binary) and e.op == "/" and isinstance(e.left, Binary) and e.left.op == "-":
        return e.left.left, e.left.right, e.right
    return None


def _definition(node: Node, s: Scene) -> Node | None:
    if not (isinstance(node, Call) and node.function == "diff"):
        return None
    e, x, h = node.arguments[0], s.setting.variable, Name(s.setting.tangent)
    moved = replace_names(e, {x: Binary("+", Name(x), h)})
    return lim(Binary("/", Binary("-", moved, e), h), s)


# ------------------------------------------------------------------------------------------------ polynomials
def polynomial(tree: Node) -> Polynomial | None:
    """The tree multiplied out; None where it is no polynomial, or too long a one."""
    done: dict[int, Polynomial | None] = {}
    for node in postorder(tree):
        done[id(node)] = _expanded(node, done)
    found = done[id(tree)]
    return None if found is None or len(found) > MOST_TERMS else found


def _expanded(node: Node, done: dict[int, Polynomial | None]) -> Polynomial | None:
    match node:
        case Number():
            return {(): node.value} if node.value else {}
        case Name():
            return {((node.name, 1),): Fraction(1)} if node.shape is None or not node.shape.order else None
        case Unary():
            inner = done[id(node.argument)]
            return None if inner is None else {m: -c for m, c in inner.items()} if node.op == "-" else inner
        case Binary():
            left, right = done[id(node.left)], done[id(node.right)]
            if left is None or right is None:
                return None
            return _combined(node, left, right)
    return None


def _combined(node: Binary, left: Polynomial, right: Polynomial) -> Polynomial | None:
    constant = right.get((), Fraction(0)) if set(right) <= {()} else None
    match node.op:
        case "+" | "-":
            return _sum(left, right, 1 if node.op == "+" else -1)
        case "*":
            return _times(left, right)
        case "/" if constant:
            return {m: c / constant for m, c in left.items()}
        case "**" if constant is not None and constant.denominator == 1 and 0 <= constant <= MOST_POWER:
            out: Polynomial = {(): Fraction(1)}
            for _ in range(int(constant)):
                out = _times(out, left)
                if len(out) > MOST_TERMS:
                    return None
            return out
    return None


def _sum(left: Polynomial, right: Polynomial, sign: int) -> Polynomial:
    out = dict(left)
    for m, c in right.items():
        out[m] = out.get(m, Fraction(0)) + sign * c
    return {m: c for m, c in out.items() if c}


def _times(left: Polynomial, right: Polynomial) -> Polynomial:
    out: Polynomial = {}
    for m, c in left.items():
        for n, d in right.items():
            powers = dict(m)
            for name, k in n:
                powers[name] = powers.get(name, 0) + k
            key = tuple(sorted(powers.items()))
            out[key] = out.get(key, Fraction(0)) + c * d
    return {m: c for m, c in out.items() if c}


def _written(p: Polynomial, h: str, x: str) -> Node:
    """The polynomial by rising powers of h: x**2 + 2*x*h + h**2."""
    out: Node | None = None
    for m, c in sorted(p.items(), key=lambda item: (dict(item[0]).get(h, 0), -dict(item[0]).get(x, 0), item[0])):
        parts: list[Node] = [number(abs(c))] if abs(c) != 1 or not m else []
        for name, k in sorted(m, key=lambda part: (part[0] == h, part[0] == x, part[0])):
            parts.append(Name(name) if k == 1 else Binary("**", Name(name), number(k)))
        whole = times(*parts) if len(parts) > 1 else parts[0]
        first = Unary("-", whole) if c < 0 else whole
        out = first if out is None else Binary("-" if c < 0 else "+", out, whole)
    return ZERO if out is None else out


def _is_written(tree: Node) -> bool:
    """Whether a polynomial is multiplied out already."""
    return not any(isinstance(n, Binary) and n.op in "*/**" and any(_is_sum(c) for c in n.children) for n in postorder(tree))


def _is_sum(node: Node) -> bool:
    return isinstance(node, Binary) and node.op in "+-"


def _multiply_out(node: Node, s: Scene) -> Node | None:
    found = _quotient(node, s)
    if found is None:
        return None
    a, b, c = found
    p, q = polynomial(a), polynomial(b)
    if p is None or q is None or all(_is_written(t) for t in (a, b)):
        return None
    made = Binary("-", _written(p, s.setting.tangent, s.setting.variable), _written(q, s.setting.tangent, s.setting.variable))
    return lim(Binary("/", made, c), s) if unparse(made) != unparse(Binary("-", a, b)) else None


def _cancel(node: Node, s: Scene) -> Node | None:
    found = _quotient(node, s)
    if found is None:
        return None
    a, b, c = found
    p, q = polynomial(a), polynomial(b)
    if p is None or q is None or not all(_is_written(t) for t in (a, b)):
        return None
    rest = _sum(p, q, -1)
    made = _written(rest, s.setting.tangent, s.setting.variable)
    return lim(Binary("/", made, c), s) if unparse(made) != unparse(Binary("-", a, b)) else None


def _divide(node: Node, s: Scene) -> Node | None:
    """(2*x*h + h**2)/h is 2*x + h; h in the numerator and in a product below it cancels."""
    if not (isinstance(node, Call) and node.function == "lim" and isinstance(e := node.arguments[0], Binary) and e.op == "/"):
        return None
    h = s.setting.tangent
    p = polynomial(e.left)
    if p is None or not all(dict(m).get(h, 0) for m in p) or unparse(_written(p, h, s.setting.variable)) != unparse(e.left):
        return None
    less = {tuple((n, k - (n == h)) for n, k in m if k - (n == h)): c for m, c in p.items()}
    above = _written(less, h, s.setting.variable)
    if isinstance(e.right, Name) and e.right.name == h:
        return lim(above, s)
    if isinstance(e.right, Binary) and e.right.op == "*" and isinstance(e.right.left, Name) and e.right.left.name == h:
        return lim(Binary("/", above, e.right.right), s)
    return None


# ------------------------------------------------------------------------------------------------ 1/u, roots, exponentials
def _one_denominator(node: Node, s: Scene) -> Node | None:
    """(a/u - b/v)/h is (a*v - b*u)/(h*(u*v))."""
    found = _quotient(node, s)
    if found is None:
        return None
    one, other, h = found
    if not (isinstance(one, Binary) and isinstance(other, Binary) and one.op == other.op == "/" and isinstance(h, Name)):
        return None
    above = Binary("-", times(one.left, other.right), times(other.left, one.right))
    return lim(Binary("/", above, Binary("*", h, Binary("*", one.right, other.right))), s)


def _conjugate(node: Node, s: Scene) -> Node | None:
    """(sqrt(u) - sqrt(v))/h is (u - v)/(h*(sqrt(u) + sqrt(v)))."""
    found = _quotient(node, s)
    if found is None:
        return None
    one, other, h = found
    if not (isinstance(one, Call) and isinstance(other, Call) and one.function == other.function == "sqrt" and isinstance(h, Name)):
        return None
    above = Binary("-", one.arguments[0], other.arguments[0])
    return lim(Binary("/", above, Binary("*", h, Binary("+", one, other))), s)


def _split(node: Node, s: Scene) -> Node | None:
    """(exp(x + h) - exp(x))/h is exp(x)*((exp(h) - 1)/h)."""
    found = _quotient(node, s)
    if found is None:
        return None
    one, other, h = found
    wanted = parse(f"exp({s.setting.variable} + {s.setting.tangent})")
    if unparse(one) != unparse(wanted) or unparse(other) != f"exp({s.setting.variable})":
        return None
    return lim(Binary("*", other, Binary("/", Binary("-", Call("exp", (h,)), ONE), h)), s)


def _standard(node: Node, s: Scene) -> Node | None:
    if not (isinstance(node, Call) and node.function == "lim"):
        return None
    h = s.setting.tangent
    for part in postorder(node.arguments[0]):
        if unparse(part) == f"(exp({h}) - 1)/{h}":
            rest = replaced(node.arguments[0], part, ONE)
            if not _mentions(rest, h):
                return rest
    return None


def _at_zero(node: Node, s: Scene) -> Node | None:
    """lim(E) is E at h = 0, where nothing is divided by what vanishes there."""
    if not (isinstance(node, Call) and node.function == "lim"):
        return None
    e, h = node.arguments[0], s.setting.tangent
    zeros: dict[int, Node] = {id(n): ZERO for n in postorder(e) if isinstance(n, Name) and n.name == h}
    if not zeros:
        return e
    if any(_vanishing(n, h) for n in postorder(e)):
        return None
    return _tidied(all_replaced(e, zeros))


def _vanishing(node: Node, h: str) -> bool:
    """Whether a quotient's denominator may vanish with h."""
    if not (isinstance(node, Binary) and node.op == "/" and _mentions(node.right, h)):
        return isinstance(node, Call) and node.function == "log" and _mentions(node, h)
    below = _tidied(all_replaced(node.right, {id(n): ZERO for n in postorder(node.right) if isinstance(n, Name) and n.name == h}))
    value = polynomial(below)
    return _is_zero(below) or value == {} or (value is None and any(isinstance(n, Binary) and n.op == "-" for n in postorder(below)))


def _tidied(tree: Node) -> Node:
    """The tree without the zeros that h left."""
    done: dict[int, Node] = {}
    for node in postorder(tree):
        below = tuple(done[id(c)] for c in node.children)
        match node:
            case Binary(op="+") if _is_zero(below[0]):
                made = below[1]
            case Binary(op="+" | "-") if _is_zero(below[1]):
                made = below[0]
            case Binary(op="*") if _is_zero(below[0]) or _is_zero(below[1]):
                made = ZERO
            case Binary(op="**") if _is_zero(below[0]):
                made = ZERO
            case _:
                made = with_children(node, below) if below else node
        done[id(node)] = made
    return done[id(tree)]


def _is_zero(node: Node) -> bool:
    return isinstance(node, Number) and node.value == 0


def _mentions(node: Node, name: str) -> bool:
    return any(isinstance(n, Name) and n.name == name for n in postorder(node))


def verdict(setting: Setting, before: str, text: str, rule: str) -> str:
    """Whether a line of the limit style equals the one before: equal as functions of x and h; a limit taken, equal at h = 0 to what is left."""
    if rule in (DEFINITION, STANDARD, LIMIT):
        return "exact"  # the definition; limits of continuous functions, which the rule itself makes sure of
    one, other = (_inside(parse(t)) for t in (before, text))
    return equal(type_tree(bare(one), setting.declared), type_tree(bare(other), setting.declared)).status


def _inside(tree: Node) -> Node:
    return tree.arguments[0] if isinstance(tree, Call) and tree.function == "lim" else tree


RULES: tuple[Rule, ...] = (
    Rule(DEFINITION, _definition, True, TAUGHT),
    Rule("multiply out", _multiply_out, source=TAUGHT),
    Rule("cancel", _cancel, source=TAUGHT),
    Rule("divide by h", _divide, source=TAUGHT),
    Rule("bring over one denominator", _one_denominator, source=TAUGHT),
    Rule("multiply by the conjugate", _conjugate, source=TAUGHT),
    Rule("exp(x + h) is exp(x)*exp(h)", _split, source=TAUGHT),
    Rule(STANDARD, _standard, True, TAUGHT),
    Rule(LIMIT, _at_zero, True, TAUGHT),
)
