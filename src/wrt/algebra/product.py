"""The one product: a generalised einsum, built by one constructor that keeps every invariant.

    product(c, [(A, (0, 1)), (x, (1,))], output=(0,), sizes=(m, n))    is  c * A @ x

Invariants: no delta is ever an operand (an inner product with a repeated or operand-free output label is inlined by uniting labels);
a label that no operand has and the output lacks multiplies by its size (tr(I) = n); a connected scalar part is one scalar operand of its
own; equal bases with equal labels are one power; an inverse next to its argument cancels; labels are canonical.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from wrt.algebra.canonical import canonical
from wrt.algebra.expr import (
    ONE,
    Expr,
    Indicator,
    Labels,
    Map,
    Operator,
    Product,
    Reshape,
    Sizes,
    SizeValue,
    Sum,
    constant_value,
    is_zero,
    raw_product,
    size_value,
    zero,
)
from wrt.algebra.patterns import all_scalar, has_window, is_structured, one_way
from wrt.language.sizes import Size

CLOSING = frozenset(("frechet", "frechet_array", "eigvecsh", "svd_u", "svd_v", "polar", "cholesky", "inv"))  # operands that may close, see closing.py
CAP = 16  # operands up to which an inner product is inlined; bounds the cost of long chains

Operand = tuple[Expr, Labels]


def product(coefficient: Fraction | int, operands: Iterable[Operand], output: Labels, sizes: Sequence[Size], *, flatten: bool = True) -> Expr:
    """coefficient * sum over the labels not in `output` of the product of `operands`; `sizes[label]` for every label used.

    flatten: inline inner products too (up to CAP operands); a structured inner product is always inlined.
    """
    work = _Work(coefficient if isinstance(coefficient, Fraction) else Fraction(coefficient), sizes)
    if not work.take(list(operands), flatten=flatten):
        return zero(tuple(sizes[a] for a in output))
    found = work.finish(tuple(output))
    if isinstance(found, Product) and any(isinstance(e, Reshape) and not e.split for e, _ in found.operands):
        from wrt.algebra.reshape import contract  # reshape builds on products: grouped labels of a product are split

        return contract(found)
    if isinstance(found, Product) and any(isinstance(e, Operator) and e.function in CLOSING for e, _ in found.operands):
        from wrt.algebra.closing import closed  # built on products: factors of a decomposition that meet again

        return closed(found) or found
    return found


def part(coefficient: Fraction | int, operands: Sequence[Operand], output: Labels, sizes: Sequence[Size], *, flatten: bool = True) -> Expr:
    """product() over those labels only that an operand or the output holds: the others belong to another part of a larger product."""
    held = sorted({a for _, labels in operands for a in labels} | set(output))
    new = {a: n for n, a in enumerate(held)}
    pairs = [(f, tuple([new[a] for a in labels])) for f, labels in operands]
    return product(coefficient, pairs, tuple([new[a] for a in output]), [sizes[a] for a in held], flatten=flatten)


def einsum(spec: str, *operands: Expr, coefficient: Fraction | int = 1, flatten: bool = True, **sizes: Size) -> Expr:
    """product() by letters: einsum("ab,b->a", A, x); sizes of letters that no operand has are keywords: einsum("->aa", a=n)."""
    left, right = spec.split("->")
    words = left.split(",") if operands else []
    letters: dict[str, int] = {}
    table: list[Size] = []
    for word, e in zip(words, operands, strict=True):
        for letter, size in zip(word, e.shape, strict=True):
            if letter not in letters:
                letters[letter] = len(table)
                table.append(size)
    for letter in right:
        if letter not in letters:
            letters[letter] = len(table)
            table.append(sizes[letter])
    pairs = [(e, tuple([letters[c] for c in word])) for word, e in zip(words, operands, strict=True)]
    return product(coefficient, pairs, tuple([letters[c] for c in right]), table, flatten=flatten)


def scale(c: Fraction | int, e: Expr) -> Expr:
    """c * e."""
    c = Fraction(c)
    if c == 1:
        return e
    if c == 0:
        return zero(e.shape)
    if isinstance(e, Product):
        return raw_product(c * e.coefficient, e.operands, e.output, e.sizes) if c * e.coefficient != 1 else bare(e)
    axes = tuple(range(e.order))
    return product(c, [(e, axes)], axes, e.shape)


def unscale(e: Expr) -> tuple[Fraction, Expr]:
    """(c, e / c): the numeric factor in front of a product, and the rest."""
    if isinstance(e, Product) and e.coefficient != 1:
        return e.coefficient, bare(e)
    return ONE, e


def bare(e: Product) -> Expr:
    """The product with coefficient 1 (the operand itself when it then stands alone)."""
    if len(e.operands) == 1 and e.operands[0][1] == e.output and len(set(e.output)) == len(e.output):
        return e.operands[0][0]
    return raw_product(ONE, e.operands, e.output, e.sizes)


def transpose(e: Expr, axes: Labels = (1, 0)) -> Expr:
    """The axes in another order: result axis k is axis axes[k] of e."""
    if axes == tuple(range(e.order)):
        return e
    return product(1, [(e, tuple(range(e.order)))], axes, e.shape)


def broadcast(e: Expr, axes: Labels, shape: Sizes) -> Expr:
    """e spread over a larger shape: axis k of e is axis axes[k] of the result."""
    return product(1, [(e, axes)], tuple(range(len(shape))), shape)


def times(*factors: Expr, flatten: bool = True) -> Expr:
    """The elementwise product; scalars go with anything."""
    shape = next((f.shape for f in factors if f.shape), ())
    axes = tuple(range(len(shape)))
    return product(1, [(f, axes if f.shape else ()) for f in factors], axes, shape, flatten=flatten)


class _Work:
    """A product under construction: labels united as deltas dissolve, operands inlined, then finished once."""

    def __init__(self, coefficient: Fraction, sizes: Sequence[Size]) -> None:
        self.coefficient = coefficient
        self.sizes: list[Size] = list(sizes)
        self.parent: list[int] = list(range(len(self.sizes)))
        self.operands: list[Operand] = []

    def find(self, a: int) -> int:
        parent = self.parent
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        return a

    def unite(self, a: int, b: int) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            assert self.sizes[a] is self.sizes[b], f"sizes differ: {self.sizes[a]} and {self.sizes[b]}; please report this as a bug"
            self.parent[max(a, b)] = min(a, b)

    def fresh(self, size: Size) -> int:
        self.sizes.append(size)
        self.parent.append(len(self.parent))
        return len(self.parent) - 1

    def take(self, todo: list[Operand], *, flatten: bool) -> bool:
        """Add operands, inlining; False when the product is zero."""
        if self.coefficient == 0:
            return False
        todo.reverse()
        while todo:
            e, labels = todo.pop()
            if isinstance(e, Product):
                if e.coefficient is not ONE:
                    if not e.coefficient:
                        return False
                    self.coefficient *= e.coefficient
                room = len(e.operands) <= 1 or len(self.operands) + len(todo) + len(e.operands) <= CAP
                plain = flatten and not has_window(e)
                if (room and (plain or len(e.operands) <= 1)) or is_structured(e) if e.shape else room and all_scalar(e):
                    todo.extend(self._inline(e, labels))
                else:
                    self.operands.append((bare(e), labels))
            elif isinstance(e, Sum):
                if not e.terms:
                    return False
                content, primitive = sum_content(e)
                if content is not ONE:
                    self.coefficient *= content
                self.operands.append((primitive, labels))
            elif isinstance(e, SizeValue) and e.size.number is not None:
                self.coefficient *= e.size.number
                if self.coefficient == 0:
                    return False
            elif isinstance(e, Indicator):
                self.operands.append(one_way(e, labels))
            else:
                self.operands.append((e, labels))
        return True

    def _inline(self, inner: Product, labels: Labels) -> list[Operand]:
        here: dict[int, int] = {}
        for label, outer in zip(inner.output, labels, strict=True):
            if label in here:
                self.unite(here[label], outer)
            else:
                here[label] = outer
                assert self.sizes[self.find(outer)] is inner.sizes[label], "sizes differ; please report this as a bug"
        out: list[Operand] = []
        for e, inside in reversed(inner.operands):
            for label in inside:
                if label not in here:
                    here[label] = self.fresh(inner.sizes[label])
            out.append((e, tuple([here[label] for label in inside])))
        for label, size in enumerate(inner.sizes):  # a label without operand or output cannot occur: finish() turned it into its size
            assert label in here or size is not None
        return out

    def finish(self, output: Labels) -> Expr:
        out = tuple([self.find(a) for a in output])
        operands = self._merge([(e, tuple([self.find(a) for a in labels])) for e, labels in self.operands])
        absorbed: set[int] = set()
        operands = self._cancel_inverses(operands, out, absorbed)
        out = tuple([self.find(a) for a in out])
        if self.coefficient == 0:
            return zero(tuple(self.sizes[a] for a in out))
        # a label that nothing holds any more is summed over ones: it multiplies by its size
        held = {a for _, labels in operands for a in labels} | set(out) | absorbed
        free = [a for a in range(len(self.parent)) if self.parent[a] == a and a not in held]
        if free:
            operands = self._merge(operands + [(size_value(self.sizes[a]), ()) for a in free])
        operands = self._scalar_parts(operands, out)
        return self._intern(operands, out)

    def _merge(self, operands: list[Operand]) -> list[Operand]:
        """Equal bases with equal labels become one power; numbers go to the coefficient."""
        groups: dict[tuple[int, Labels], list[Expr]] = {}
        held: list[Expr] = []  # bases made here: their ids must stay theirs
        for e, labels in operands:
            base = e
            if isinstance(e, Map) and e.function == "pow":
                base = e.arguments[0]
            elif isinstance(e, Map) and e.function == "exp" and len(operands) > 1:  # exp(a*u) * exp(b*u) = exp((a + b)*u)
                base = unscale(e.arguments[0])[1]
                if isinstance(base, Sum):
                    base = sum_content(base)[1]
                held.append(base)
                groups.setdefault((-id(base), labels), []).append(e)
                continue
            groups.setdefault((id(base), labels), []).append(e)
        if len(groups) == len(operands):
            out = []
            for e, labels in operands:
                value = constant_value(e)
                if isinstance(e, SizeValue) and e.size.number is not None:
                    value = Fraction(e.size.number)
                if value is None or not _number(self, value):
                    out.append((e, labels))
            return out
        again: list[Operand] = []
        for (_, labels), factors in groups.items():
            merged = factors[0] if len(factors) == 1 or isinstance(factors[0], Indicator) else _power_sum(factors)
            again.append((merged, labels))
        self.operands = []
        self.take(again, flatten=False)
        return self._merge([(e, tuple([self.find(a) for a in labels])) for e, labels in self.operands])

    def _cancel_inverses(self, operands: list[Operand], out: Labels, absorbed: set[int]) -> list[Operand]:
        """inv(S)_ij S_jk with j private to the two -> i = k; j joins `absorbed`."""
        if not any(isinstance(e, Operator) and e.function == "inv" for e, _ in operands):
            return operands
        uses: dict[int, int] = {}
        for _, labels in operands:
            for a in labels:
                uses[a] = uses.get(a, 0) + 1
        for a in out:
            uses[self.find(a)] = uses.get(self.find(a), 0) + 2
        for k, (e, here) in enumerate(operands):
            if not (isinstance(e, Operator) and e.function == "inv") or here[0] == here[1]:
                continue
            i, j = here
            for m, (f, labels) in enumerate(operands):
                if f is not e.children[0] or labels[0] == labels[1]:
                    continue
                if labels[0] == j and uses[j] == 2:
                    inner, ends = j, (i, labels[1])
                elif labels[1] == i and uses[i] == 2:
                    inner, ends = i, (labels[0], j)
                else:
                    continue
                absorbed.add(inner)
                self.unite(*ends)
                rest = [(g, tuple([self.find(a) for a in ls])) for n, (g, ls) in enumerate(operands) if n not in (k, m)]
                return self._cancel_inverses(self._merge(rest), out, absorbed)
        return operands

    def _scalar_parts(self, operands: list[Operand], out: Labels) -> list[Operand]:
        """Connected parts without an output label become scalar operands of their own."""
        joined = {a: a for _, labels in operands for a in labels}

        def find(a: int) -> int:
            while joined[a] != a:
                a = joined[a]
            return a

        for _, labels in operands:
            for a in labels[1:]:
                joined[find(a)] = find(labels[0])
        reached = {find(a) for a in out if a in joined}
        parts: dict[int, list[Operand]] = {}
        kept: list[Operand] = []
        for e, labels in operands:
            if labels and find(labels[0]) not in reached:
                parts.setdefault(find(labels[0]), []).append((e, labels))
            else:
                kept.append((e, labels))
        if not parts or (len(parts) == 1 and not kept and not out):
            return operands
        scalars: list[Operand] = []
        for part in parts.values():
            inner = _Work(ONE, self.sizes)
            scalars.append((inner._intern(part, ()), ()))
        self.operands = []
        self.take(kept + scalars, flatten=False)
        return self._merge([(e, tuple([self.find(a) for a in labels])) for e, labels in self.operands])

    def _intern(self, operands: list[Operand], out: Labels) -> Expr:
        if len(operands) == 1:
            e, labels = operands[0]
            if labels == out and len(set(labels)) == len(labels):
                if self.coefficient == 1:
                    return e
                if isinstance(e, Sum):
                    return scale_sum(self.coefficient, e)
                if isinstance(e, Product):  # a scalar product kept whole: c * sum(x) has one form
                    return raw_product(self.coefficient * e.coefficient, e.operands, e.output, e.sizes)
        names: dict[int, int] = {}
        for a in out:
            names.setdefault(a, len(names))
        for _, labels in operands:
            for a in labels:
                names.setdefault(a, len(names))
        sizes = [self.sizes[a] for a in names]
        renamed = [(e, tuple([names[a] for a in labels])) for e, labels in operands]
        ordered, output, sizes_out = canonical(renamed, tuple([names[a] for a in out]), sizes)
        return raw_product(self.coefficient, ordered, output, sizes_out)


def _number(work: _Work, value: Fraction) -> bool:
    work.coefficient *= value
    return True


def _power_sum(factors: list[Expr]) -> Expr:
    from wrt.algebra.maps import power  # maps builds on products: power(x, a) * power(x, b) = power(x, a + b)
    from wrt.algebra.sums import add, constant

    shape = factors[0].shape
    if all(isinstance(f, Map) and f.function == "exp" for f in factors):
        from wrt.algebra.maps import mapping

        return mapping("exp", (add([(ONE, f.children[0]) for f in factors], shape),))
    base = factors[0].children[0] if isinstance(factors[0], Map) and factors[0].function == "pow" else factors[0]
    exponents = [(ONE, f.children[1] if isinstance(f, Map) and f.function == "pow" else constant(1, shape)) for f in factors]
    return power(base, add(exponents, shape))


def sum_content(e: Sum) -> tuple[Fraction, Sum]:
    """(c, primitive): the common factor of a sum's coefficients, signed so that the first term is positive, and the rest."""
    from wrt.algebra.sums import content

    return content(e)


def scale_sum(c: Fraction, e: Sum) -> Expr:
    from wrt.algebra.sums import scaled

    return scaled(c, e)


__all__ = ["bare", "broadcast", "einsum", "is_structured", "is_zero", "product", "scale", "times", "transpose", "unscale"]
