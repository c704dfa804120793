"""Where a derivative holds: invertibility, constant rank, simple spectra, kinks; read off the nodes that need them, as data.

Whoever prints them says the subjects: Condition("{} invertible", (X,)).told(say) = "X invertible".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from wrt.algebra.closing import with_polar
from wrt.algebra.conditions import Condition
from wrt.algebra.expr import Expr, Map, Operator, Product, Symbol, constant_value, is_zero, postorder
from wrt.algebra.known import Facts, Known
from wrt.algebra.sums import constant, minus, size_number
from wrt.calculus.derive import depends
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS


def conditions_of(f: Expr, d: Expr, names: Sequence[str], facts: Facts | None = None, whole: Collection[str] = ()) -> tuple[Condition, ...]:
    """The conditions of validity of d, the derivative of f by `names`: those of matrix functions in either, and the kinks of f.

    `facts`: a condition that they imply is left out. `whole`: the variables that are whole numbers, and may be negative exponents.
    """
    known = Known(facts or {})
    found: dict[Condition, None] = {}
    d = with_polar(d)
    open_spectra = {id(node.children[0]) for node in postorder(d) if _has_gaps(node)} - _gapless(with_polar(f))
    for root in (f, d):
        for node in postorder(root):
            if isinstance(node, Operator) and not _implied(node, known):
                if _has_gaps(node) and id(node.children[0]) not in open_spectra:
                    continue  # a symmetric function of the values: its derivative goes on where they meet
                found.update(dict.fromkeys(_of_operator(node)))
            if isinstance(node, Operator) and node.function == "powers":  # a sum over the exponents below a symbolic one
                counts = [s for s in node.shape[:-2] if s.names & set(whole)]
                found.update(dict.fromkeys(Condition("{} >= 0", (size_number(s),)) for s in counts))
    moving: set[int] = set()
    for node in postorder(f):
        if isinstance(node, Symbol) and node.name in names:
            moving |= depends(f, node)
    for node in postorder(f):
        if id(node) in moving:
            found.update(dict.fromkeys(Condition(c.sentence, tuple(map(_as_number, c.subjects))) for c in _kinks(node, known)))
    return tuple(found)


def has_kinks(f: Expr) -> bool:
    """Whether the function has a kink anywhere."""
    return any(_kinks(node, Known({})) for node in postorder(f))


def kinks_at(f: Expr, at: Callable[[Expr], Expr]) -> list[Expr]:
    """The nodes of f that have a kink at a point; `at` puts the point into an expression."""
    out = []
    for node in postorder(f):
        for condition in _kinks(node, Known({})):
            values = [at(e) for e in condition.subjects]
            if isinstance(node, Operator) and node.function in ("max", "min"):
                meets = constant_value(values[0]) is not None and values[0].order > 0
            else:
                meets = is_zero(values[0] if len(values) == 1 else minus(*values))
            if meets:
                out.append(node)
    return out


def _of_operator(node: Operator) -> list[Condition]:
    row = OPERATORS.get(str(node.parameters[0]) if node.function.startswith("frechet") else node.function)
    if row is None or not row.assumes or node.function == "adj":  # the adjugate has minors for its derivatives, right everywhere
        return []
    return [Condition("{} " + row.assumes.split(" ", 1)[1], (node.arguments[0],))]


def _has_gaps(node: Expr) -> bool:
    """Whether a node is a part of a spectrum, which has a derivative only where values are apart."""
    return isinstance(node, Operator) and node.function in ("eigvalsh", "eigvecsh", "svdvals", "svd_u", "svd_v")


def _gapless(f: Expr) -> set[int]:
    """The ids of the matrices of which f holds the polar factor or the nuclear norm, and nothing else that singular values make: no gap is divided by."""
    operators = [node for node in postorder(f) if isinstance(node, Operator)]
    smooth = {id(node.children[0]) for node in operators if node.function in ("polar", "norm_nuc")}
    return smooth - {id(node.children[0]) for node in operators if _has_gaps(node) or node.function == "norm_spec"}


def _implied(node: Operator, known: Known) -> bool:
    x = node.arguments[0]
    match node.function:
        case "inv" | "logdet" | "solve":
            return known.invertible(x)
        case "pinv":
            return known.invertible(x)
        case "cholesky" | "logm" | "sqrtm":
            return known.definite(x)
        case "frechet" | "frechet_array":
            return node.parameters[0] != "expm" and known.definite(x)
    return False


def _kinks(node: Expr, known: Known) -> list[Condition]:
    """x != 0 for abs, sign and relu, a != b for maximum; x != 0 for a norm; no tie for max; a simple top singular value."""
    across = " (entry by entry)" if node.order else ""
    match node:
        case Map(function="pow"):
            k = constant_value(node.arguments[1])
            if k is None or k.denominator == 1 or k >= 1 or known.positive(node.arguments[0]) or (k > 0 and _positive_part(node.arguments[0])):
                return []
            return [Condition("{} != 0" + across, (node.arguments[0],))]
        case Map() if node.function in FUNCTIONS and FUNCTIONS[node.function].kink:
            row = FUNCTIONS[node.function]
            values = dict(zip(row.arguments, node.arguments, strict=True))
            sides = [side.strip() for side in row.kink.split("!=")]
            subjects = tuple(values[s] for s in sides if s in values)
            if len(subjects) == 1 and known.nonzero(subjects[0]):
                return []
            left, right = ["{}" if s in values else s for s in sides]
            return [Condition(f"{left} != {right}{across}", subjects)]
        case Operator(function="max" | "min"):
            return [_no_tie(node)]
        case Operator(function="norm_spec"):
            return [Condition("{} with a simple greatest singular value", node.arguments)]
        case Operator(function="norm_nuc"):
            return [Condition("{} of full rank", node.arguments)]
    return []


def _no_tie(node: Operator) -> Condition:
    """No tie for the greatest or least entry, of the whole or of each row or column; what counts at a tie is said, since the short form x == max(x) does not."""
    (x,) = node.arguments
    best = "greatest" if node.function == "max" else "least"
    of = f"its {best} entry"
    if node.order == 1 and x.order == 2:
        turned = isinstance(x, Product) and x.coefficient == 1 and len(x.operands) == 1 and x.operands[0][1] == x.output[::-1]
        line, x = ("column", x.operands[0][0]) if isinstance(x, Product) and turned else ("row", x)
        of = f"the {best} entry of a {line}"
    return Condition("{} without a tie for " + of + " (a tie is split evenly)", (x,))


def _positive_part(e: Expr) -> bool:
    """Whether e is relu(u) or maximum(u, 0), whose own kink is that of its root."""
    return isinstance(e, Map) and (e.function == "relu" or (e.function == "maximum" and any(constant_value(a) == 0 for a in e.arguments)))


def _as_number(e: Expr) -> Expr:
    """A constant array as the number its entries are."""
    value = constant_value(e)
    return e if value is None else constant(value, ())
