"""The proof of a Taylor polynomial: its degree, and its agreement with the function around a point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrt.language.surface import Node
from wrt.proof.arrays import UndecidedError, UnfitError, size_of
from wrt.proof.draw import Draw
from wrt.proof.exact import Exact
from wrt.proof.field import BASE
from wrt.proof.numeric import STYLES, FloatDraw, Numeric
from wrt.proof.pairing import Pairing, function_view
from wrt.proof.sizing import Sizing
from wrt.proof.trial import Question
from wrt.proof.verdict import EXACT, NUMERIC, Verdict, unverified
from wrt.proof.walk import BudgetError, Walker

TRIALS, FITS, POINTS, TRIES = 4, 24, 3, 20  # draws that must agree, draws tried; points and points tried in floats


def polynomial_verdict(question: Question, sizing: Sizing, tree: Node, at: Mapping[str, Node], order: int) -> Verdict:
    """Whether `tree` is the Taylor polynomial of the question's function around `at` (a formula a variable), up to `order`."""
    try:
        found = _exactly(question, sizing, tree, at, order)
        return found if found is not None else _numerically(question, sizing, tree, at, order)
    except BudgetError:
        return unverified("too large")
    except (UndecidedError, UnfitError) as error:
        return unverified(error.why)


def _exactly(question: Question, sizing: Sizing, tree: Node, at: Mapping[str, Node], order: int) -> Verdict | None:
    proved = 0
    for k in range(FITS):
        draw = Draw(question.declarations, sizing.assignment(k), f"p{k}", question.reading.looked_up, k)
        try:
            if not _coefficients_agree(question, draw, tree, at, order) or not _degree_fits(question, draw, tree, at, order):
                return Verdict("wrong", "", draw.sizes, draw.seed) if question.reading.rational else None
        except UndecidedError:
            return None
        except UnfitError:  # a root of what is no square here: another draw
            continue
        proved += 1
        if proved == TRIALS:
            return EXACT
    return None


def _walker(question: Question, draw: Draw, at: Mapping[str, Node], bits: int) -> Exact:
    walker = Exact(question.reading, draw, BASE, None, question.budget)
    walker.top = bits
    for name in at:
        flat = draw.direction(name, 0)
        walker.directions[name] = dict.fromkeys(range(bits), flat)
    return walker


def _pair(question: Question, draw: Draw, walker: Walker, weights: Any) -> Pairing:
    return Pairing(walker, question.own_dims(draw), weights, ())


def _coefficients_agree(question: Question, draw: Draw, tree: Node, at: Mapping[str, Node], order: int) -> bool:
    """Whether both have the same coefficients along at + t*v, up to t**order (t a sum of infinitesimals)."""
    walker = _walker(question, draw, at, order)
    walker.replaced.update(at)
    pair = _pair(question, draw, walker, draw.weights("f", size_of(question.own_dims(draw))))
    mine, yours = walker.value(question.tree, (), order), walker.value(tree, (), order)
    if walker.violations[0]:
        raise UnfitError("a root of what is no square")
    return all(function_view(pair, mine, (1 << j) - 1) == function_view(pair, yours, (1 << j) - 1) for j in range(order + 1))


def _degree_fits(question: Question, draw: Draw, tree: Node, at: Mapping[str, Node], order: int) -> bool:
    """Whether the polynomial's derivative of the next order vanishes at a random point."""
    walker = _walker(question, draw, at, order + 1)
    pair = _pair(question, draw, walker, draw.weights("f", size_of(question.own_dims(draw))))
    return bool(function_view(pair, walker.value(tree, (), order + 1), (1 << (order + 1)) - 1) == 0)


def _numerically(question: Question, sizing: Sizing, tree: Node, at: Mapping[str, Node], order: int) -> Verdict:
    """f - P along at + t*v falls like t**(order + 1), and differences of P of the next order vanish."""
    agreed = 0
    for k in range(TRIES):
        draw = FloatDraw(question.declarations, sizing.assignment(k), f"p{k}", question.reading.looked_up, k % len(STYLES), k)
        try:
            fits = _remainder_fits(question, draw, tree, at, order) and _differences_vanish(question, draw, tree, at, order)
        except UnfitError:
            continue
        if not fits:
            return Verdict("wrong", "", draw.sizes, draw.seed)
        agreed += 1
        if agreed == POINTS:
            return NUMERIC
    return unverified("no point of the domain was found")


def _along(question: Question, draw: FloatDraw, at: Mapping[str, Node], digits: int, step: Any, *, replaced: bool) -> tuple[Numeric, Pairing]:
    walker = Numeric(question.reading, draw, digits, question.budget)
    mp = walker.mp
    if replaced:
        walker.replaced.update(at)
    for name in at:
        flat = draw.floating(mp, name, "direction", size_of(draw.dims(name)))
        walker.shifts[name] = [step * v for v in flat]
    dims = question.own_dims(draw)
    return walker, Pairing(walker, dims, draw.floating(mp, "weights", "f", size_of(dims)), ())


def _remainder_fits(question: Question, draw: FloatDraw, tree: Node, at: Mapping[str, Node], order: int) -> bool:
    digits = 20 * (order + 2)
    for places in (15, 19):
        step = Numeric(question.reading, draw, digits, question.budget).mp.mpf(10) ** -places
        walker, pair = _along(question, draw, at, digits, step, replaced=True)
        mine, yours = (function_view(pair, walker.value(t), 0) for t in (question.tree, tree))
        if abs(mine - yours) > step ** (order + 1) * 10**6 * max(1, abs(mine)):
            return False
    return True


def _differences_vanish(question: Question, draw: FloatDraw, tree: Node, at: Mapping[str, Node], order: int) -> bool:
    digits, total, scale = 50, 0, 1
    sign, choose = 1, 1
    for k in range(order + 2):
        walker, pair = _along(question, draw, at, digits, k, replaced=False)
        value = function_view(pair, walker.value(tree), 0)
        total += sign * choose * value
        scale = max(scale, abs(value))
        sign, choose = -sign, choose * (order + 1 - k) // (k + 1)
    return bool(abs(total) < scale * 10.0**-30)
