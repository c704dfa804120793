"""Where a derivative holds: invertibility, constant rank, simple spectra, kinks; read off the nodes that need them, as data.

Whoever prints them says the subjects: Condition("{} invertible", (X,)).told(say) = "X invertible".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from wrt.algebra.closing import with_polar
from wrt.algebra.conditions import Condition
from wrt.algebra.expr import Expr, Indicator, Map, Operator, Product, Symbol, constant_value, is_zero, postorder
from wrt.algebra.known import Facts, Known
from wrt.algebra.maps import COMPARISONS, mapping
from wrt.algebra.product import product
from wrt.algebra.ranges import Range
from wrt.algebra.sums import constant, minus, size_number
from wrt.calculus.derive import depends
from wrt.calculus.smooth import Smoothness
from wrt.language.sizes import Size
from wrt.tables.functions import FUNCTIONS
from wrt.tables.operators import OPERATORS


def conditions_of(f: Expr, d: Expr, names: Sequence[str], facts: Facts | None = None, whole: Collection[str] = ()) -> tuple[Condition, ...]:
    """The conditions of validity of d, the derivative of f by `names`: those of matrix functions in either, and the kinks of f.

    `facts`: a condition that they imply is left out. `whole`: the variables that are whole numbers, and may be negative exponents.
    """
    known = Known(facts or {})
    found: dict[Condition, None] = {}
    d = with_polar(d)
    ends = _ends(f) if len(names) == 1 else {}
    found.update(dict.fromkeys(c for conditions in ends.values() for c in conditions))
    open_spectra = {id(node.children[0]) for node in postorder(d) if _has_gaps(node)} - _gapless(with_polar(f)) - ends.keys()
    for root in (f, d):
        for node in postorder(root):
            if isinstance(node, Operator) and not _implied(node, known):
                if _has_gaps(node) and id(node.children[0]) not in open_spectra:
                    continue  # a symmetric function of the values: its derivative goes on where they meet
                found.update(dict.fromkeys(_of_operator(node)))
            if isinstance(node, Operator) and node.function == "powers":  # a sum over the exponents below a symbolic one
                counts = [s for s in node.shape[:-2] if s.names & set(whole)]
                found.update(dict.fromkeys(Condition("{} >= 0", (size_number(s),)) for s in counts))
    found.update(dict.fromkeys(_where_it_bends(f, d, names, known)))
    return tuple(found)


def _where_it_bends(f: Expr, d: Expr, names: Sequence[str], known: Known) -> Iterator[Condition]:
    """The kinks, jumps and infinite slopes of f that its derivative by `names` meets, but kinks that are smooth to that order."""
    moved = {node.name: depends(f, node) for node in postorder(f) if isinstance(node, Symbol) and node.name in names}
    parameters = {node.name for node in postorder(f) if isinstance(node, Symbol)} - moved.keys()
    greatest = _only_greatest(f)
    smooth: Smoothness | None = None
    for node in postorder(f):
        order = sum(id(node) in moved.get(name, ()) for name in names)
        if not order:
            continue
        needed = [*_kinks(node, known, order), *_jumps(node, known), *_edges(node, known)]
        if needed and id(node) in greatest:
            needed = [Condition("{} != 0", c.subjects) for c in needed]
        elif needed and isinstance(node, Map):
            smooth = smooth or Smoothness(f, d, known.facts)
            if smooth.through(node, order):
                continue
            positive = smooth.positive_for(node, order, parameters)
            needed = needed if positive is None else [Condition("{} > 0", (positive,))]
        for sentence, subjects in needed:
            still = all(id(subjects[0]) not in ids for ids in moved.values())  # x != 1, not 1 != x
            yield Condition(
                sentence, tuple(map(_as_number, subjects[::-1] if sentence.startswith("{} != {}") and len(subjects) == 2 and still else subjects))
            )


def _only_greatest(f: Expr) -> set[int]:
    """The ids of the abs(x) of which f holds the greatest entry alone: without a tie it is not 0 where x is not."""
    inside = {id(node.children[0]) for node in postorder(f) if isinstance(node, Operator) and node.function == "max" and not node.order}
    elsewhere = {id(e) for node in postorder(f) if not (isinstance(node, Operator) and node.function == "max") for e in node.children}
    return {id(e) for e in postorder(f) if isinstance(e, Map) and e.function == "abs" and id(e) in inside - elsewhere}


def has_kinks(f: Expr) -> bool:
    """Whether the function has a kink anywhere."""
    return any(_kinks(node, Known({})) for node in postorder(f))


def kinks_at(f: Expr, at: Callable[[Expr], Expr]) -> list[Expr]:
    """The nodes of f that have a kink at a point; `at` puts the point into an expression."""
    out = []
    for node in postorder(f):
        for condition in (*_kinks(node, Known({})), *_jumps(node, Known({}))):
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


def _ends(f: Expr) -> dict[int, list[Condition]]:
    """For the matrices of which f holds the greatest or least value of a spectrum and no other part: that it is simple, all that a first derivative needs."""
    told: dict[int, list[Condition]] = {}
    others: set[int] = set()
    picked: dict[int, int] = {}  # spectra -> how many of their places are picks
    uses: dict[int, int] = {}
    for node in postorder(f):
        for e in node.children:
            uses[id(e)] = uses.get(id(e), 0) + 1
        for e, which in _picks(node):
            picked[id(e)] = picked.get(id(e), 0) + 1
            what = "eigenvalue" if e.function == "eigvalsh" else "singular value"
            told.setdefault(id(e.children[0]), []).append(Condition("{} with a simple " + f"{which} {what}", e.arguments))
        if isinstance(node, Operator) and node.function == "norm_spec":  # its own condition is among the kinks
            told.setdefault(id(node.children[0]), [])
    for node in postorder(f):
        if _has_gaps(node) and (picked.get(id(node)) != uses.get(id(node))):
            others.add(id(node.children[0]))
        if isinstance(node, Operator) and node.function in ("polar", "norm_nuc"):
            others.add(id(node.children[0]))
    return {k: conditions for k, conditions in told.items() if k not in others}


def _picks(node: Expr) -> Iterator[tuple[Operator, str]]:
    """The spectra of which a product picks the greatest or the least value."""
    if not isinstance(node, Product):
        return
    for e, labels in node.operands:
        if not isinstance(e, Operator) or e.function not in ("eigvalsh", "svdvals") or len(labels) != 1:
            continue
        for mask, at in node.operands:
            if at == labels and isinstance(mask, Indicator) and mask.relation == "==" and abs(mask.coefficients[0]) == 1:
                place = mask.constant * -mask.coefficients[0]
                last = e.shape[0] - Size.of(1)
                if e.function == "eigvalsh" and place in (last, Size.of(0)):
                    yield e, "greatest" if place is last or place == last else "least"
                elif e.function == "svdvals" and place == Size.of(0):
                    yield e, "greatest"


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


def _jumps(node: Expr, known: Known) -> list[Condition]:
    """a != b for a comparison of a and b, where the branches of a function meet."""
    if not isinstance(node, Map) or node.function not in COMPARISONS or known.nonzero(minus(*node.arguments)):
        return []
    return [Condition("{} != {}" + (" (entry by entry)" if node.order else ""), node.arguments)]


def _edges(node: Expr, known: Known) -> list[Condition]:
    """Where a function has a value and an infinite slope, at the end of its domain; a determinant that is 0 below a logarithm or a quotient."""
    if not isinstance(node, Map):
        return []
    x, across = node.arguments[-1] if node.function != "pow" else node.arguments[0], " (entry by entry)" if node.order else ""
    if node.function in ("arcsin", "arccos"):
        r = known.range(x)
        return [] if _within(r) else [Condition("{} < 1" + across, (mapping("abs", (x,)),))]
    if node.function == "arccosh":
        return [] if known.range(x).low > 1 else [Condition("{} > 1" + across, (x,))]
    inside = x.arguments[0] if isinstance(x, Map) and x.function == "abs" else x
    if isinstance(inside, Operator) and inside.function == "det" and (node.function == "log" or _is_fragile_power(node)):
        return [] if known.invertible(inside.arguments[0]) else [Condition("{} invertible", inside.arguments)]
    return []


def _within(r: Range) -> bool:
    """Whether bounds lie strictly between -1 and 1."""
    return (r.low > -1 or (r.low == -1 and r.low_open)) and (r.high < 1 or (r.high == 1 and r.high_open))


def _is_fragile_power(node: Map) -> bool:
    k = constant_value(node.arguments[1]) if node.function == "pow" else None
    return k is not None and (k < 0 or k.denominator != 1)


def _kinks(node: Expr, known: Known, order: int = 1) -> list[Condition]:
    """x != 0 for abs, sign and relu, a != b for maximum; x != 0 for a norm; no tie for max; a simple top singular value."""
    across = " (entry by entry)" if node.order else ""
    match node:
        case Map(function="pow"):
            k = constant_value(node.arguments[1])
            if k is None or k.denominator == 1 or k >= order or known.positive(node.arguments[0]) or (k > 0 and _positive_part(node.arguments[0])):
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
    """A constant array, or a scalar in every entry of one, as the number its entries are."""
    value = constant_value(e)
    if value is not None:
        return constant(value, ())
    if isinstance(e, Product) and len(set(e.output)) == len(e.output) and not any(labels for _, labels in e.operands):
        return product(e.coefficient, e.operands, (), ())
    return e
