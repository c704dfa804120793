"""JAX: the same programs over jax.numpy, compiled by jax.jit. Numbers have JAX's default precision (64 bits once jax_enable_x64 is set)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from wrt.program.spell import weigh
from wrt.program.spell_structure import take_text
from wrt.program.steps import Step
from wrt.program.terms import ATOM, Term
from wrt.program.write import Backend, Writer


def _helpers() -> Mapping[str, Callable[..., object]]:
    import inspect

    import jax.numpy as jnp

    from wrt.program import runtime_jax

    runtime_jax.jnp = jnp

    return {name: f for name, f in vars(runtime_jax).items() if inspect.isfunction(f) and f.__module__ == runtime_jax.__name__}


def _asarray() -> Callable[[Any], Any]:
    import jax.numpy as jnp
    import numpy as np

    def asarray(value: Any) -> Any:
        if getattr(value, "dtype", np.dtype(float)).kind not in "biuf":
            raise TypeError(f"found {value.dtype}")
        return jnp.asarray(value, dtype=float)

    return asarray


def _compiled(run: Callable[..., Any], static: tuple[int, ...]) -> Callable[..., Any]:
    import jax

    return jax.jit(run, static_argnums=static)


def _aside() -> AbstractContextManager[object]:
    import jax

    return jax.ensure_compile_time_eval()


def _take(w: Writer, x: Step, args: list[Term]) -> Term:
    """Rows looked up; nan outside the range, since compiled code cannot raise."""
    code = f"{w.helper('look_up')}({args[0].code}, {args[1].code}, {x.data[0]})"
    return Term(code, ATOM, take_text(w, x, args[0].node, args[1].node), weigh(args))


BACKEND = Backend(
    "jax",
    imports={"np": "import jax.numpy as jnp", "linalg": "from jax.scipy import linalg", "special": "from jax.scipy import special"},
    helpers=_helpers,
    asarray=_asarray,
    spell={"take": _take},
    prefix={"np": "jnp"},
    missing=frozenset(("linalg.logm",)),
    respelled={"linalg.polar({0})[0]": 'linalg.polar({0}, method="svd")[0]'},
    eager=False,
    number="{0}",
    compiled=_compiled,
    aside=_aside,
)
