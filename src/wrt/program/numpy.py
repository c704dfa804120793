"""NumPy: the backend that every other one is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wrt.program.write import Backend


def _helpers() -> Mapping[str, Callable[..., object]]:
    import inspect

    from wrt.program import runtime

    return {name: f for name, f in vars(runtime).items() if inspect.isfunction(f) and f.__module__ == runtime.__name__}


BACKEND = Backend(
    "numpy",
    imports={"np": "import numpy as np", "linalg": "from scipy import linalg", "special": "from scipy import special"},
    helpers=_helpers,
)
