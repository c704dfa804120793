"""torch: the same programs over tensors of 64-bit numbers, eagerly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wrt.program.spell import SPELL as PLAIN
from wrt.program.spell_structure import SPELL as STRUCTURE
from wrt.program.spell_tensors import SPELL as TENSORS
from wrt.program.steps import Step
from wrt.program.terms import ATOM, Term
from wrt.program.write import Backend, Spell, Writer


def _helpers() -> Mapping[str, Callable[..., object]]:
    import inspect

    import torch

    from wrt.program import runtime_torch

    runtime_torch.torch = torch

    return {name: f for name, f in vars(runtime_torch).items() if inspect.isfunction(f) and f.__module__ == runtime_torch.__name__}


def _asarray() -> Callable[[Any], Any]:
    import numpy as np
    import torch

    def asarray(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            if value.is_complex():
                raise TypeError(f"found {value.dtype}")
            return value.to(torch.float64)
        made = np.asarray(value)
        if made.dtype.kind not in "biuf":
            raise TypeError(f"found {made.dtype}")
        return torch.as_tensor(made.astype(np.float64))

    return asarray


def _float(w: Writer, x: Step, args: list[Term]) -> Term:
    return Term(f"{args[0].at(ATOM)}.double()", ATOM, args[0].node, args[0].weight)


def _permuted(spell: Spell) -> Spell:
    """Torch says permute for a transposition of more than two axes."""

    def spelled(w: Writer, x: Step, args: list[Term]) -> Term:
        term = spell(w, x, args)
        return term._replace(code=term.code.replace(".transpose(", ".permute("))

    return spelled


def _cumsum(w: Writer, x: Step, args: list[Term]) -> Term:
    """Tensors have no negative steps: a running sum from the end flips."""
    plain = STRUCTURE["cumsum"](w, x, args)
    axis, backwards = x.data
    np = w.module("np")
    if not backwards:
        return plain
    return Term(f"{np}.flip({np}.cumsum({np}.flip({args[0].code}, {axis}), {axis}), {axis})", ATOM, plain.node, plain.weight)


BACKEND = Backend(
    "torch",
    imports={
        "np": "from wrt.program.torch_names import np as tnp",
        "linalg": "from wrt.program.torch_names import linalg",
        "special": "from wrt.program.torch_names import special",
    },
    helpers=_helpers,
    asarray=_asarray,
    spell={"float": _float, "transpose": _permuted(PLAIN["transpose"]), "contract": _permuted(TENSORS["contract"]), "cumsum": _cumsum},
    prefix={"np": "tnp"},
    missing=frozenset(("linalg.logm", "linalg.sqrtm")),
    eager=False,
    number="{0}",
    copied="{0}.clone()",
    header="import torch",
)
