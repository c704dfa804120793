"""The componentwise style: one entry in index notation, differentiated by one entry; deltas appear, and are contracted one at a time."""

from __future__ import annotations

from wrt.derivation.entries import ONE, ZERO, entry, opaque, replaced
from wrt.derivation.local import local_differential, parse_again
from wrt.derivation.reading import Scene, is_pending, put, size_of
from wrt.derivation.rules import CANCEL, UNDONE, Rule, calculus_rules, is_declared, matrix_row
from wrt.derivation.terms import times
from wrt.errors import WrtError
from wrt.language.rewrite import with_children
from wrt.language.shapes import annotate
from wrt.language.surface import Binary, Call, Declaration, Generator, Index, Name, Node, Number, Unary, postorder
from wrt.language.unparse import unparse


def diff_of(e: Node, like: Node) -> Node:
    """diff(E, v), by the same entry v as `like`."""
    assert isinstance(like, Call)
    return Call("diff", (e, like.arguments[1]))


def inner(node: Node) -> Node | None:
    """E of diff(E, v)."""
    return node.arguments[0] if isinstance(node, Call) and node.function == "diff" else None


def _notation(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    if e is None or e.shape is None or e.shape.order:
        return None
    base, place = (e.base, e.parts) if isinstance(e, Index) else (e, ())
    made = entry(base, place, s)
    return diff_of(made, node) if unparse(made) != unparse(e) else None


def _variable(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    if e is None or not isinstance(node, Call):
        return None
    v = node.arguments[1]
    if not (isinstance(e, Index) and isinstance(v, Index) and isinstance(e.base, Name) and e.base.name == s.setting.variable):
        return None
    if len(e.parts) != len(v.parts):
        return None
    plain = times(*[Binary("==", p, q) for p, q in zip(e.parts, v.parts, strict=True)])
    if s.setting.symmetric:
        crossed = times(*[Binary("==", p, q) for p, q in zip(e.parts, reversed(v.parts), strict=True)])
        return Binary("/", Binary("+", plain, crossed), Number(ONE.value * 2, "2"))
    return plain


def _itself(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    return ONE if isinstance(e, Name) and isinstance(node, Call) and isinstance(v := node.arguments[1], Name) and e.name == v.name else None


def _log_quotient(node: Node, s: Scene) -> Node | None:
    """log(exp(a)/b) is a - log(b), before it is differentiated."""
    match inner(node):
        case Call(function="log", arguments=(Binary(op="/", left=Call(function="exp", arguments=(a,)), right=b),)):
            return diff_of(Binary("-", a, Call("log", (b,))), node)
    return None


def _matrix_function(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    base, place = (e.base, e.parts) if isinstance(e, Index) else (e, ())
    if not isinstance(base, Call) or is_pending(base):
        return None
    return _by_entries(node, base, place, s, lambda d: matrix_row(base, d, s))


def _inverse(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    base = e.base if isinstance(e, Index) else e
    return _matrix_function(node, s) if isinstance(base, Call) and base.function == "inv" else None


def _local(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    base, place = (e.base, e.parts) if isinstance(e, Index) and s.varies(e.base) else (e, ())
    if base is None or isinstance(base, Name):
        return None
    return _by_entries(node, base, place, s, lambda d: local_differential(base, d, s))


def _declared(node: Node, s: Scene) -> Node | None:
    e = inner(node)
    base = e.base if isinstance(e, Index) else e
    return _local(node, s) if base is not None and is_declared(base, s) else None


def _by_entries(node: Node, base: Node, place: tuple[Node, ...], s: Scene, make: object) -> Node | None:
    """The differential of a function of whole matrices, one entry of it, with diff(U[a, b], v) for the entries of dU."""
    assert callable(make)
    arguments: dict[str, Node] = {}

    def differential(u: Node) -> Node:
        name = f"D{len(arguments)}_"
        arguments[name] = u
        return Name(name)

    tree = make(differential)
    if tree is None or any(u.shape is None or u.shape.kind == "tensor" for u in arguments.values()):
        return None
    tree = parse_again(tree)
    declared = {**s.setting.declared, **{n: Declaration(n, u.shape) for n, u in arguments.items() if u.shape is not None}}
    sizes = {**s.setting.indices, **{n: size for n, loop in s.loops.items() if (size := size_of(loop)) is not None}}
    try:
        annotate(tree, declared, sizes=s.setting.source.sizes, indices=sizes)
    except WrtError:
        return None
    made = entry(tree, place, s)
    return _filled(made, arguments, node)


def _whole(u: Node, like: Node) -> bool:
    """Whether diff(U, v) needs no entries: U is a scalar, or v is."""
    return (u.shape is not None and not u.shape.order) or (isinstance(like, Call) and isinstance(like.arguments[1], Name))


def _filled(tree: Node, arguments: dict[str, Node], like: Node) -> Node | None:
    done: dict[int, Node] = {}
    for n in postorder(tree):
        if isinstance(n, Index) and isinstance(n.base, Name) and n.base.name in arguments:
            done[id(n)] = diff_of(opaque(arguments[n.base.name], tuple(done[id(p)] for p in n.parts)), like)
        elif isinstance(n, Name) and n.name in arguments and _whole(arguments[n.name], like):
            done[id(n)] = diff_of(arguments[n.name], like)
        else:
            done[id(n)] = with_children(n, tuple(done[id(c)] for c in n.children)) if n.children else n
    made = done[id(tree)]
    return None if any(isinstance(n, Name) and n.name in arguments for n in postorder(made)) else made


# ------------------------------------------------------------------------------------------------ deltas
def product_factors(node: Node) -> list[tuple[tuple[int, ...], Node]]:
    """The factors of a term with their places, those below a fraction's line left out."""
    out: list[tuple[tuple[int, ...], Node]] = []
    stack: list[tuple[tuple[int, ...], Node]] = [((), node)]
    while stack:
        place, n = stack.pop()
        if isinstance(n, Binary) and n.op == "*":
            stack += [((*place, 1), n.right), ((*place, 0), n.left)]
        elif isinstance(n, Binary) and n.op == "/":
            stack.append(((*place, 0), n.left))
        elif isinstance(n, Unary) and n.op == "-":
            stack.append(((*place, 0), n.argument))
        else:
            out.append((place, n))
    return out


def without(node: Node, place: tuple[int, ...]) -> Node:
    """The term without the factor at a place."""
    path = [node]
    for k in place:
        path.append(path[-1].children[k])
    new: Node | None = None
    for parent, k in zip(reversed(path[:-1]), reversed(place), strict=True):
        if new is None and isinstance(parent, Binary) and parent.op == "*":
            new = parent.children[1 - k]
        else:
            below = list(parent.children)
            below[k] = new if new is not None else ONE
            new = with_children(parent, tuple(below))
    return new if new is not None else ONE


def _mentions(node: Node, names: set[str]) -> bool:
    return any(isinstance(n, Name) and n.name in names for n in postorder(node))


def _delta(factor: Node, name: str) -> Node | None:
    """The other side of a delta with the bare index `name`."""
    if isinstance(factor, Binary) and factor.op == "==":
        for one, other in ((factor.left, factor.right), (factor.right, factor.left)):
            if isinstance(one, Name) and one.name == name and not _mentions(other, {name}):
                return other
    return None


def _contract(node: Node, s: Scene) -> Node | None:
    if not isinstance(node, Generator) or node.function != "sum" or node.conditions:
        return None
    for k in reversed(range(len(node.loops))):
        loop = node.loops[k]
        later = {p.name for p in node.loops[k + 1 :]}
        if size_of(loop) is None or any(_mentions(p, {loop.name}) for p in node.loops[k + 1 :]):
            continue
        for place, factor in product_factors(node.body):
            other = _delta(factor, loop.name)
            if isinstance(other, Name) and not _mentions(other, later) and s.size_named(other.name, node.loops[:k]) is size_of(loop):
                body = replaced(without(node.body, place), {loop.name: other})
                rest = (*node.loops[:k], *node.loops[k + 1 :])
                return Generator("sum", body, rest) if rest else body
    return None


def _has_delta(node: Node) -> bool:
    return any(isinstance(n, Binary) and n.op == "==" for n in postorder(node))


def _split(node: Node, s: Scene) -> Node | None:
    if not (isinstance(node, Generator) and node.function == "sum" and _has_delta(node.body)):
        return None
    body = node.body
    if isinstance(body, Binary) and body.op in "+-":
        return Binary(body.op, Generator("sum", body.left, node.loops, node.conditions), Generator("sum", body.right, node.loops, node.conditions))
    return None


def _expand(node: Node, s: Scene) -> Node | None:
    if not (isinstance(node, Generator) and node.function == "sum" and _has_delta(node.body)):
        return None
    for place, factor in product_factors(node.body):
        if place and isinstance(factor, Binary) and factor.op in "+-" and _has_delta(factor):
            one, other = put(node.body, place, factor.left), put(node.body, place, factor.right)
            return Generator("sum", Binary(factor.op, one, other), node.loops, node.conditions)
    return None


def _divided(node: Node, s: Scene) -> Node | None:
    """(a*S - b)/S**2 is a/S - b/S**2: the end of the quotient rule where S is a sum over an index, or its root."""
    if not (isinstance(node, Binary) and node.op == "/" and isinstance(node.left, Binary) and node.left.op == "-" and s.setting.by_entries):
        return None
    below = node.right
    if not (isinstance(below, Binary) and below.op == "**" and isinstance(below.right, Number) and below.right.value == ONE.value * 2):
        return None
    words = unparse(below.left)
    if not any(isinstance(n, Generator) for n in postorder(below.left)):
        return None
    for place, factor in product_factors(node.left.left):
        if place and unparse(factor) == words:
            return Binary("-", Binary("/", without(node.left.left, place), below.left), Binary("/", node.left.right, below))
    return None


def _pull(node: Node, s: Scene) -> Node | None:
    """A delta that no inner index touches comes out of the inner sum."""
    if not isinstance(node, Generator) or node.function != "sum" or not s.loops:
        return None
    for place, factor in product_factors(node.body):
        bare = isinstance(factor, Binary) and factor.op == "==" and all(isinstance(side, Name) for side in factor.children)
        if bare and not _mentions(factor, {p.name for p in node.loops}):
            return Binary("*", factor, Generator("sum", without(node.body, place), node.loops, node.conditions))
    return None


def _tidy(node: Node, s: Scene) -> Node | None:
    """0 and 1 in sums and products."""
    match node:
        case Binary(op="+", left=Number(value=0)):
            return node.right
        case Binary(op="+" | "-", right=Number(value=0)):
            return node.left
        case Binary(op="-", left=Number(value=0)):
            return Unary("-", node.right)
        case Binary(op="*", left=Number(value=0)) | Binary(op="*", right=Number(value=0)) | Binary(op="/", left=Number(value=0)):
            return ZERO
        case Binary(op="*", left=Number(value=1)):
            return node.right
        case Binary(op="*" | "/", right=Number(value=1)):
            return node.left
        case Unary(op="-", argument=Number(value=0)):
            return ZERO
        case Generator(function="sum", body=Number(value=0)):
            return ZERO
    if (
        isinstance(node, Binary)
        and node.op == "=="
        and isinstance(node.left, Name)
        and isinstance(node.right, Name)
        and node.left.name == node.right.name
    ):
        return ONE
    return None


def _scalar_only(rule: Rule) -> Rule:
    def apply(node: Node, s: Scene) -> Node | None:
        return rule.apply(node, s) if node.shape is not None and not node.shape.order and not is_pending(node) else None

    return Rule(rule.name, apply, rule.calculus, rule.source)


NOTES = "the notes on componentwise derivatives"
CALCULUS: tuple[Rule, ...] = (
    Rule("derivative of the variable's entry", _variable, True, "Kronecker deltas"),
    Rule("derivative of the variable itself", _itself, True, "dx/dx is 1"),
    Rule("index notation", _notation, False, "definition of the product, the sum, the trace, the norm"),
    Rule("logarithm of a quotient", _log_quotient, False, "log(exp(a)/b) is a - log(b)"),
    *calculus_rules(diff_of),
    Rule("derivative of the inverse", _inverse, True, "X @ inv(X) is the identity matrix, whose derivative is 0"),
    Rule("derivative of a matrix function", _matrix_function, True, "the differential in the table of matrix functions"),
    Rule("chain rule for a declared function", _declared, True, "the derivative of f(u) is D(f)(u) times that of u"),
    Rule("derivative of the outermost function", _local, True, "the engine's operator form, proved"),
)
DROP = _scalar_only(Rule("drop zeros and ones", _tidy))
TIDY: tuple[Rule, ...] = tuple(
    map(
        _scalar_only,
        (
            DROP,
            UNDONE,
            Rule("contract a delta", _contract, source="sum over j of (j == k)*a[j] is a[k]"),
            Rule("sum of a sum", _split),
            Rule("delta out of the sum", _pull),
            Rule("expand the product", _expand),
            CANCEL,
            Rule("divide", _divided, source="(a*S - b)/S**2 is a/S - b/S**2"),
        ),
    )
)
RULES = (*CALCULUS, *TIDY)
