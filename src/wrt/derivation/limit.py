"""The limit style: the derivative of a scalar function from its definition, the difference quotient as h goes to 0.

Polynomials are multiplied out, 1/u is brought over one denominator, a root is multiplied by its conjugate, other functions are brought to standard
limits (`limit_functions`); what is left is divided by h, and h is let go to 0. Each line is proved equal to the one before as a function of x and h.
"""

from __future__ import annotations

from wrt.derivation.componentwise import DROP
from wrt.derivation.limit_functions import CONSTANT, FUNCTIONS, STANDARDS, TAUGHT, lim, limit_of, mentions, quotient
from wrt.derivation.polynomial import polynomial, sum_of, written
from wrt.derivation.reading import Scene, Setting
from wrt.derivation.rules import Rule
from wrt.derivation.terms import ZERO, all_replaced, bare, times
from wrt.language.parser import parse
from wrt.language.read import type_tree
from wrt.language.rewrite import exchanged, replace_names, with_children
from wrt.language.surface import Binary, Call, Name, Node, Number, postorder
from wrt.language.unparse import unparse
from wrt.proof.views import equal

DEFINITION, LIMIT = "definition of the derivative", "let h go to 0"


def _definition(node: Node, s: Scene) -> Node | None:
    if not (isinstance(node, Call) and node.function == "diff"):
        return None
    e, x, h = node.arguments[0], s.setting.variable, Name(s.setting.tangent)
    moved = replace_names(e, {x: Binary("+", Name(x), h)})
    return lim(Binary("/", Binary("-", moved, e), h), s)


def _is_written(tree: Node) -> bool:
    """Whether a polynomial is multiplied out already."""
    return not any(isinstance(n, Binary) and n.op in "*/**" and any(_is_sum(c) for c in n.children) for n in postorder(tree))


def _is_sum(node: Node) -> bool:
    return isinstance(node, Binary) and node.op in "+-"


def _multiply_out(node: Node, s: Scene) -> Node | None:
    found = quotient(node)
    if found is None:
        return None
    a, b, c = found
    p, q = polynomial(a), polynomial(b)
    if p is None or q is None or all(_is_written(t) for t in (a, b)):
        return None
    made = Binary("-", written(p, s.setting.tangent, s.setting.variable), written(q, s.setting.tangent, s.setting.variable))
    return lim(Binary("/", made, c), s) if unparse(made) != unparse(Binary("-", a, b)) else None


def _cancel(node: Node, s: Scene) -> Node | None:
    found = quotient(node)
    if found is None:
        return None
    a, b, c = found
    p, q = polynomial(a), polynomial(b)
    if p is None or q is None or not all(_is_written(t) for t in (a, b)):
        return None
    rest = sum_of(p, q, -1)
    made = written(rest, s.setting.tangent, s.setting.variable)
    return lim(Binary("/", made, c), s) if unparse(made) != unparse(Binary("-", a, b)) else None


def _divide(node: Node, s: Scene) -> Node | None:
    """(2*x*h + h**2)/h is 2*x + h; h in the numerator and in a product below it cancels."""
    if not (isinstance(node, Call) and node.function == "lim" and isinstance(e := node.arguments[0], Binary) and e.op == "/"):
        return None
    h = s.setting.tangent
    p = polynomial(e.left)
    if p is None or not all(dict(m).get(h, 0) for m in p) or unparse(written(p, h, s.setting.variable)) != unparse(e.left):
        return None
    less = {tuple((n, k - (n == h)) for n, k in m if k - (n == h)): c for m, c in p.items()}
    above = written(less, h, s.setting.variable)
    if isinstance(e.right, Name) and e.right.name == h:
        return lim(above, s)
    if isinstance(e.right, Binary) and e.right.op == "*" and isinstance(e.right.left, Name) and e.right.left.name == h:
        return lim(Binary("/", above, e.right.right), s)
    return None


# ------------------------------------------------------------------------------------------------ 1/u, roots
def _one_denominator(node: Node, s: Scene) -> Node | None:
    """(a/u - b/v)/h is (a*v - b*u)/(h*(u*v))."""
    found = quotient(node)
    if found is None:
        return None
    one, other, h = found
    if not (isinstance(one, Binary) and isinstance(other, Binary) and one.op == other.op == "/" and isinstance(h, Name)):
        return None
    above = Binary("-", times(one.left, other.right), times(other.left, one.right))
    return lim(Binary("/", above, Binary("*", h, Binary("*", one.right, other.right))), s)


def _conjugate(node: Node, s: Scene) -> Node | None:
    """(sqrt(u) - sqrt(v))/h is (u - v)/(h*(sqrt(u) + sqrt(v)))."""
    found = quotient(node)
    if found is None:
        return None
    one, other, below = found
    h, rest = (below.left, below.right) if isinstance(below, Binary) and below.op == "*" else (below, None)
    if not (isinstance(one, Call) and isinstance(other, Call) and one.function == other.function == "sqrt" and isinstance(h, Name)):
        return None
    both: Node = Binary("+", one, other)
    above = Binary("-", one.arguments[0], other.arguments[0])
    return lim(Binary("/", above, Binary("*", h, both if rest is None else Binary("*", rest, both))), s)


def _at_zero(node: Node, s: Scene) -> Node | None:
    """lim(E) is E at h = 0, where nothing is divided by what vanishes there."""
    if not (isinstance(node, Call) and node.function == "lim"):
        return None
    e, h = node.arguments[0], s.setting.tangent
    zeros: dict[int, Node] = {id(n): ZERO for n in postorder(e) if isinstance(n, Name) and n.name == h}
    if not zeros:
        return e
    if any(_vanishing(n, s.setting) for n in postorder(e)):
        return None
    return _tidied(all_replaced(e, zeros))


def _vanishing(node: Node, setting: Setting) -> bool:
    """Whether a quotient's denominator, or what a logarithm is taken of, may vanish with h."""
    if isinstance(node, Call) and node.function == "log":
        inside = node.arguments[0]
    elif isinstance(node, Binary) and node.op == "/":
        inside = node.right
    else:
        return False
    h = setting.tangent
    if not mentions(inside, h):
        return False
    below = _tidied(all_replaced(inside, {id(n): ZERO for n in postorder(inside) if isinstance(n, Name) and n.name == h}))
    value = polynomial(below)
    if value is not None or _is_zero(below):
        return not value
    return equal(type_tree(bare(below), setting.declared), type_tree(ZERO, setting.declared)).status != "wrong"


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


def verdict(setting: Setting, before: str, text: str, rule: str) -> str:
    """Whether a line of the limit style equals the one before: equal as functions of x and h; a limit taken, equal at h = 0 to what is left."""
    if rule in TRUSTED:
        return "exact"  # the definition; limits of continuous functions, which the rule itself makes sure of; those known by heart
    one, other = (_inside(parse(t)) for t in (before, text))
    return equal(type_tree(bare(one), setting.declared), type_tree(bare(other), setting.declared)).status


def _inside(tree: Node) -> Node:
    """The line with each limit as the function of x and h that it is taken of."""
    return exchanged(tree, limit_of)


RULES: tuple[Rule, ...] = (
    Rule(DEFINITION, _definition, True, TAUGHT),
    Rule("multiply out", _multiply_out, source=TAUGHT),
    Rule("cancel", _cancel, source=TAUGHT),
    Rule("divide by h", _divide, source=TAUGHT),
    CONSTANT,
    Rule("bring over one denominator", _one_denominator, source=TAUGHT),
    Rule("multiply by the conjugate", _conjugate, source=TAUGHT),
    *FUNCTIONS,
    *STANDARDS,
    Rule(LIMIT, _at_zero, True, TAUGHT),
    DROP,
)
TRUSTED = {DEFINITION, LIMIT, *(rule.name for rule in STANDARDS)}
