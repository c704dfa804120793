"""How applications of declared functions are set: f(x), g'(t), Df(x), the gradient and Hessian with a nabla, partial derivatives with indices.

D(g)(t)              g'(t), g''(t), g^(4)(t)        one argument that is a scalar, or entry by entry
grad(g)(x)           nabla g(x), hess(g)(x) nabla^2 g(x), grad(h, 1, 0)(x, t) nabla_1 h(x, t), grad(h, 1, 1)(x, t) nabla_1 d_2 h(x, t)
D(f)(x)              D f(x), D^2 f(x)               (with a round d where the formula has a variable D)
D(h, 1, 2)(x, y)     d_1 d_2^2 h(x, y)              with round d's, one for each argument that is derived by
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wrt.language.functions_declared import applied
from wrt.language.signatures import is_known
from wrt.language.surface import Call
from wrt.notation.style_mark import ATOM, Mark, Piece

if TYPE_CHECKING:
    from wrt.notation.style import Setting
    from wrt.notation.style_print import Printer

MOST_PRIMES = 3
WORKING = ("d", "diff", "limit")  # what a line of a derivation has still to do


def application(setting: Setting, node: Call) -> Mark | None:
    """The mark of f(x), D(f)(x), ...; None for a function of the language."""
    found = applied(node.function)
    if found is None and (is_known(node.function) or node.function in WORKING or not node.arguments):
        return None
    name = node.function if found is None else found.name
    arguments = tuple(setting.of(a) for a in node.arguments)
    sign, orders = "", (0,) * len(node.arguments)
    if found is not None:
        orders = found.orders or (2 if found.word == "hess" else 1,) * len(orders)
        sign = _sign(setting, node, found.word, orders)
    shape = node.shape if sign in ("", "prime") else None
    letter = Mark("word", text=name) if name in setting.alike else Mark("name", text=name, shape=shape)
    words = [f"{k}{'' if a.shape is not None and a.shape.order else 's'}" for k, a in zip(orders, node.arguments, strict=True)]
    return Mark("applied", (letter, *arguments), " ".join([sign or "plain", *words]))


def _sign(setting: Setting, node: Call, word: str, orders: Sequence[int]) -> str:
    argument = node.arguments[0].shape
    if len(orders) == 1 and word != "hess" and (argument is None or not argument.order or (word == "D" and argument == node.shape)):
        return "prime"
    if word in ("grad", "hess"):
        return "nabla"
    return "partial" if len(orders) > 1 or setting.named("D") else "D"


def spelt(printer: Printer, mark: Mark, parts: Sequence[Piece]) -> Piece:
    """The application in a style."""
    style = printer.style
    sign, *words = mark.text.split()
    orders = [int(k.rstrip("s")) for k in words]
    scalars = [j for j, k in enumerate(words) if k.endswith("s")]
    head = parts[0].text
    if sign == "prime":
        head = _primed(printer, head, orders[0])
    elif sign != "plain":
        signs = [_operator(printer, "partial" if j in scalars and sign == "nabla" else sign, j, k, len(orders)) for j, k in enumerate(orders) if k]
        head = style.tight([*signs, head]) if style.flat and len(head) == 1 else style.row([*signs, head])
    inner = Piece(printer.listed([p.text for p in parts[1:]]), ATOM, any(p.tall for p in parts[1:]))
    return Piece(style.tight([head, printer.enclosed("(", inner)]), ATOM, inner.tall)


def _primed(printer: Printer, head: str, order: int) -> str:
    style = printer.style
    if order > MOST_PRIMES:
        return style.raised(head, style.tight(["(", style.number(str(order)), ")"]) if "prime" in style.signs else style.number(str(order)))
    if "prime" in style.signs:
        return style.tight([head, style.signs["prime"] * order])
    return style.raised(head, style.operator("′" * order))


def _operator(printer: Printer, sign: str, place: int, order: int, count: int) -> str:
    """A nabla, D or round d with the argument's number below, where there are several, and the order above."""
    style = printer.style
    out = style.signs.get(sign, "").strip() or style.operator({"nabla": "∇", "partial": "∂"}.get(sign, sign))
    if count > 1:
        out = style.lowered(out, style.number(str(place + 1)))
    return style.raised(out, style.number(str(order))) if order > 1 else out
