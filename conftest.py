"""What pytest leaves aside at collection: the rooms of an optional library that is not installed (their tests say so themselves)."""

from importlib.util import find_spec

collect_ignore_glob = [f"src/wrt/program/*{name}*.py" for name in ("jax", "torch") if find_spec(name) is None]
