"""Kinks that are none: where the two sides of a kink agree to the order that is differentiated.

abs(x)**3, x*abs(x), relu(x)**2        times something that vanishes there: once differentiable at 0, not twice
Huber's loss by `where`                its branches meet with equal slopes

Across u = 0 a function is E+ on one side and E- on the other. Both smooth, it is k times differentiable there when the derivatives of E+ - E-
up to order k vanish on u = 0; one direction across is enough, as those along u = 0 follow. Entries are taken as scalars: what is summed or put
into a smooth function afterwards stays as smooth. The formula of the derivative has to be right there too: abs(x)*sign(x) is x but for x = 0,
and sign(x)**2 is not its derivative there. Answers are sound: False means "not known".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import product as choices

from wrt.algebra.expr import ONE, Expr, Map, Product, Sum, Symbol, constant_value, is_zero, number, postorder, symbol
from wrt.algebra.flatten import flattened
from wrt.algebra.known import Facts, Known
from wrt.algebra.maps import mapping
from wrt.algebra.product import product, scale
from wrt.algebra.ranges import REAL
from wrt.algebra.rebuild import substitute
from wrt.algebra.simplify import simplify
from wrt.algebra.sums import add, minus
from wrt.calculus.derive import derivative
from wrt.errors import WrtError
from wrt.tables.facts import closure

ALTERNATIVES = {
    "abs": 1,
    "sign": 1,
    "relu": 1,
    "maximum": 2,
    "minimum": 2,
    "gt": 2,
    "ge": 2,
    "eq": 2,
    "ne": 2,
}  # a kink where the one argument is 0, or both are equal
LARGEST, MOST = 120, 3  # nodes of a scope; kinks inside a kink
Place = tuple[int, tuple[object, ...]]  # a node by id, and the indices its axes carry
Sides = Mapping[int, int]  # a kink by number -> the side, 1 or -1, or 0 at the kink


class Smoothness:
    """Which kinks of f are none, to the order that each is differentiated; `d`, its derivative, has to be continuous there."""

    def __init__(self, f: Expr, d: Expr, facts: Facts) -> None:
        self.f, self.d = f, d
        self.facts = facts
        self.known = Known(facts)
        self.scopes = self._scopes(f)
        self._broken: list[Expr] | None = None

    def _scopes(self, e: Expr) -> list[Scope]:
        out: list[Scope] = []
        roots, seen = [e], {id(e)}
        while roots:
            out.append(Scope(roots.pop(), self.known))
            for part in out[-1].below:
                if id(part) not in seen:
                    seen.add(id(part))
                    roots.append(part)
        return out

    @property
    def broken(self) -> list[Expr]:
        """What is 0 where the derivative, as written, is not known to go on."""
        if self._broken is None:
            scopes = self._scopes(self.d)
            kinks = {id(scope.nodes[p]): scope.nodes[p] for scope in scopes for p in scope.kinks}
            self._broken = [_between(e) for e in kinks.values() if not _all_through(scopes, e, 0)]
        return self._broken

    def through(self, kink: Expr, order: int) -> bool:
        """Whether f is surely `order` times differentiable where the node has its kink."""
        if not isinstance(kink, Map) or kink.function not in ALTERNATIVES:
            return False
        if not _all_through(self.scopes, kink, order):
            return False
        u = _between(kink)
        own = [_between(e) for scope in self.scopes for e in dict.fromkeys(scope.nodes[p] for p in scope.kinks)]
        return not any(self._same(u, v) or not any(self._same(v, w) for w in own) for v in self.broken)  # another kink of f answers for its own

    def _same(self, u: Expr, v: Expr) -> bool:
        """Whether two subjects are 0 together, as they are equal up to sign."""
        return u is v or (u.shape == v.shape and any(is_zero(simplify(flattened(w), self.facts)[0]) for w in (minus(u, v), _plus(u, v))))

    def positive_for(self, kink: Expr, order: int, parameters: Collection[str]) -> Symbol | None:
        """A scalar parameter of no known sign for which f is that smooth there if it is positive: the width of Huber's loss."""
        held = [scope for scope in self.scopes if scope.holds(kink)]
        found = {e.name: e for scope in held for e in scope.sources.values() if isinstance(e, Symbol) and not e.shape and e.name in parameters}
        for name, e in found.items():
            if self.known.range(e) == REAL and Smoothness(self.f, self.d, {**self.facts, name: closure({"positive"})}).through(kink, order):
                return e
        return None


def _all_through(scopes: Sequence[Scope], kink: Expr, order: int) -> bool:
    try:
        return all(scope.through(kink, order) for scope in scopes if scope.holds(kink))
    except WrtError:  # a side without a value at the kink
        return False


def _between(kink: Expr) -> Expr:
    """What is 0 at a kink."""
    assert isinstance(kink, Map)
    return kink.arguments[0] if ALTERNATIVES[kink.function] == 1 else minus(*kink.arguments)


def _plus(a: Expr, b: Expr) -> Expr:
    return add([(ONE, a), (ONE, b)], a.shape)


class Scope:
    """One entry of an array as a function of scalars: `nodes` in order, each with the indices of its axes, `atoms` what it is a function of."""

    def __init__(self, root: Expr, known: Known) -> None:
        self.known = known
        self.nodes: dict[Place, Expr] = {}
        self.parts: dict[Place, tuple[Place, ...]] = {}
        self.atoms: dict[Place, Symbol] = {}
        self.sources: dict[Place, Expr] = {}  # what the atoms stand for
        self.facts: dict[str, frozenset[str]] = {}
        self.below: list[Expr] = []
        self.root: Place = (id(root), tuple(range(root.order)))
        self._walk(root)
        self.kinks = [p for p, e in self.nodes.items() if p not in self.atoms and isinstance(e, Map) and e.function in ALTERNATIVES]
        self.classes: dict[Place, tuple[int, int]] = {}
        self.ready = False

    # ------------------------------------------------------------------------------------------------ reading
    def _walk(self, root: Expr) -> None:
        stack: list[tuple[Expr, tuple[object, ...], bool, bool]] = [(root, self.root[1], True, False)]
        while stack:
            e, labels, linear, done = stack.pop()
            place = (id(e), labels)
            if done:
                self.nodes.setdefault(place, e)
                continue
            if place in self.nodes:
                continue
            parts = self._parts(e, labels, linear=linear)
            if parts is None:
                self.nodes[place] = e
                self._atom(place, e)
                continue
            self.parts[place] = tuple([(id(a), ls) for a, ls in parts])
            stack.append((e, labels, linear, True))
            stack += [(a, ls, linear and not isinstance(e, Map), False) for a, ls in reversed(parts)]

    def _parts(self, e: Expr, labels: tuple[object, ...], *, linear: bool) -> list[tuple[Expr, tuple[object, ...]]] | None:
        """What a node is made of at the same entry; None for an atom. A contraction is read inside only where sums keep the smoothness."""
        if constant_value(e) is not None:
            return []
        match e:
            case Map():
                return [(a, labels) for a in e.arguments]
            case Sum():
                return [(t, labels) for _, t in e.terms]
            case Product() if len(set(e.output)) == len(e.output) or (id(e), labels) == self.root:  # of a diagonal array, an entry on the diagonal
                names: dict[int, object] = dict(zip(e.output, labels, strict=True))
                inner = sorted({a for _, ls in e.operands for a in ls} - set(e.output))
                if inner and not linear:
                    return None
                counts: dict[str, int] = {}
                for a in inner:
                    text = e.sizes[a].text
                    counts[text] = counts.get(text, 0) + 1
                    names[a] = (text, counts[text])
                return [(f, tuple([names[a] for a in ls])) for f, ls in e.operands]
        return None

    def _atom(self, place: Place, e: Expr) -> None:
        name = f"entry {len(self.atoms)}"
        self.atoms[place] = symbol(name, ())
        self.sources[place] = e
        r = self.known.range(e)
        facts = {"positive"} if r.positive else {"nonnegative"} if r.low >= 0 else set()
        self.facts[name] = frozenset(facts | ({"nonzero"} if self.known.nonzero(e) else set()))
        self.below += [e] if isinstance(e, Product) and len(set(e.output)) == len(e.output) else list(e.children)

    def holds(self, kink: Expr) -> bool:
        """Whether the node stands in this scope."""
        return any(self.nodes[p] is kink for p in self.kinks)

    # ------------------------------------------------------------------------------------------------ sides
    def _built(self, sides: Sides) -> dict[Place, Expr]:
        """Every node as a scalar expression, the kinks of `sides` as they are on that side."""
        out: dict[Place, Expr] = {}
        for place, e in self.nodes.items():
            if place in self.atoms:
                out[place] = self.atoms[place]
                continue
            parts = [out[p] for p in self.parts[place]]
            value = constant_value(e)
            if value is not None:
                out[place] = number(value)
            elif isinstance(e, Sum):
                out[place] = add([(c, part) for (c, _), part in zip(e.terms, parts, strict=True)], ())
            elif isinstance(e, Product):
                out[place] = product(e.coefficient, [(part, ()) for part in parts], (), ())
            elif isinstance(e, Map):
                kink, turned = self.classes.get(place, (-1, 1))
                out[place] = _on_side(e.function, parts, sides[kink] * turned) if kink in sides else mapping(e.function, tuple(parts), e.parameters)
        return out

    def _subject(self, place: Place, built: Mapping[Place, Expr]) -> Expr:
        """What is 0 at a kink."""
        e = self.nodes[place]
        assert isinstance(e, Map)
        parts = [built[p] for p in self.parts[place]]
        return parts[0] if ALTERNATIVES[e.function] == 1 else minus(parts[0], parts[1])

    def _simple(self, e: Expr) -> Expr:
        return simplify(flattened(e), self.facts)[0]

    def _classify(self) -> None:
        """Kinks with one subject, up to its sign, are one kink."""
        self.ready = True
        built = self._built({})
        found: list[Expr] = []
        for place in self.kinks:
            u = self._simple(self._subject(place, built))
            for k, other in enumerate(found):
                sign = 1 if is_zero(self._simple(minus(u, other))) else -1 if is_zero(self._simple(add([(ONE, u), (ONE, other)], ()))) else 0
                if sign:
                    self.classes[place] = (k, sign)
                    break
            else:
                self.classes[place] = (len(found), 1)
                found.append(u)

    # ------------------------------------------------------------------------------------------------ the proof
    def through(self, kink: Expr, order: int) -> bool:
        """Whether the entry is `order` times differentiable across the kink, wherever the node stands."""
        if len(self.nodes) > LARGEST:
            return False
        if not self.ready:
            self._classify()
        places = [p for p in self.kinks if self.nodes[p] is kink]
        return all(self._across(p, order) for p in places)

    def _across(self, place: Place, order: int) -> bool:
        own = self.classes[place][0]
        inside = {self.classes[p][0] for p in self.kinks if p != place and p in self._under(place)} - {own}
        if len(inside) > MOST:
            return False
        return all(self._meets(place, own, dict(zip(inside, sides, strict=True)), order) for sides in choices((1, -1), repeat=len(inside)))

    def _under(self, place: Place) -> set[Place]:
        seen, stack = {place}, [place]
        while stack:
            for p in self.parts.get(stack.pop(), ()):
                if p not in seen:
                    seen.add(p)
                    stack.append(p)
        return seen

    def _meets(self, place: Place, own: int, sides: dict[int, int], order: int) -> bool:
        """Whether both sides agree to an order where the kink's subject is 0, other kinks inside it on given sides."""
        above, beneath, at = (self._built({**sides, own: side}) for side in (1, -1, 0))
        u = self._simple(self._subject(place, above))
        solved = self._solved(u)
        if solved is None:
            return False
        name, value = solved

        def there(e: Expr) -> Expr:
            return self._simple(substitute(e, {name: value}))

        for p in self.kinks:  # another kink that is met all along this one
            if self.classes[p][0] != own and any(is_zero(there(self._subject(p, built))) for built in (above, beneath)):
                return False
        if not is_zero(there(minus(above[self.root], at[self.root]))):
            return False
        gap = self._simple(minus(above[self.root], beneath[self.root]))
        for k in range(order + 1):
            if not is_zero(there(gap)):
                return False
            if k < order:
                gap = self._simple(derivative(gap, symbol(name, ())))
        return True

    def _solved(self, u: Expr) -> tuple[str, Expr] | None:
        """An atom in which u is linear, and its value where u is 0."""
        for atom in self.atoms.values():
            if any(node is atom for node in postorder(u)):
                slope = constant_value(self._simple(derivative(u, atom)))
                if slope:
                    return atom.name, self._simple(minus(atom, scale(1 / slope, u)))
        return None


def _on_side(function: str, parts: list[Expr], side: int) -> Expr:
    """A kinked function where its subject (x, or a - b) is positive, negative or 0 (by the side: 1, -1, 0)."""
    x = parts[0]
    match function:
        case "abs":
            return scale(side, x)
        case "sign":
            return number(side)
        case "relu":
            return x if side > 0 else number(0)
        case "maximum":
            return parts[0 if side > 0 else 1]
        case "minimum":
            return parts[1 if side > 0 else 0]
    return number(side in {"gt": (1,), "ge": (1, 0), "eq": (0,), "ne": (1, -1)}[function])


__all__ = ["Smoothness"]
