"""Code of declared functions, which are passed as callables by order of derivative: g[1](A @ x), h[1, 0](x, y)."""

from __future__ import annotations

from wrt.language.functions_declared import index_parts, printed
from wrt.language.surface import Call, Generator, Node
from wrt.program.steps import Step
from wrt.program.terms import ATOM, Term, entry, generator
from wrt.program.write import Writer


def callable_code(w: Writer, function: str) -> str | None:
    """g[1] for a name of the index form; None for a function of the tables."""
    found = index_parts(function)
    if found is None:
        return None
    name, orders = found
    return f"{w.identifiers[name]}[{', '.join(map(str, orders))}]"


def spoken(w: Writer, function: str) -> str:
    return printed(function, w.functions)


def application(w: Writer, x: Step, args: list[Term]) -> Term:
    """A declared function of whole arrays; of arrays at every leading index, one call each."""
    function, lead = str(x.data[0]), x.data[1]
    assert isinstance(lead, int)
    called = callable_code(w, function)
    assert called is not None
    words = ", ".join(a.code for a in args)
    if not lead:
        return Term(f"{called}({words})", ATOM, Call(spoken(w, function), tuple(a.node for a in args)), 1)
    return Term(f"{w.helper('at_each')}({called}, {lead}, {words})", ATOM, _at_each(w, x, args, lead), 1)


def _at_each(w: Writer, x: Step, args: list[Term], lead: int) -> Node:
    """array(D(g)(array(X[i, j] for j in range(n)))[k] for i in range(m) for k in range(p))."""
    names = w.letters(x.order + max(a.order for a in x.args))
    out, inner = names[: x.order], names[x.order :]
    rows: list[Node] = []
    for a, step in zip(args, x.args, strict=True):
        own = inner[: step.order - lead]
        cell = entry(a.node, [*out[:lead], *own])
        rows.append(generator("array", cell, own, step.shape[lead:]) if own else cell)
    whole: Node = Call(spoken(w, str(x.data[0])), tuple(rows))
    body = entry(whole, out[lead:]) if x.order > lead else whole
    made = generator("array", body, out, x.shape)
    assert isinstance(made, Generator)
    return made
