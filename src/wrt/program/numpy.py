"""NumPy: the backend that every other one is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wrt.program.write import Backend


def _helpers() -> Mapping[str, Callable[..., object]]:
    import inspect

    from wrt.program import runtime

    return {name: f for name, f in vars(runtime).items() if inspect.isfunction(f) and f.__module__ == runtime.__name__}


def _asarray() -> Callable[[Any], Any]:
    import numpy as np

    plain, array = np.dtype(np.float64), np.ndarray

    def asarray(value: Any) -> Any:
        if type(value) is array and value.dtype is plain:
            return value
        made = np.asarray(value)
        if made.dtype != plain:
            if made.dtype.kind not in "biuf":
                raise TypeError(f"found {made.dtype}")
            made = made.astype(np.float64)
        return made

    return asarray


BACKEND = Backend(
    "numpy",
    imports={"np": "import numpy as np", "linalg": "from scipy import linalg", "special": "from scipy import special"},
    helpers=_helpers,
    copied="np.array({0})",
    asarray=_asarray,
)
