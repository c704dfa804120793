"""The house: what `import wrt` loads, what the engine needs, how large a room may be. (The one direction of flow: `make contract`.)"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "src" / "wrt").rglob("*.py"))
LONGEST_MODULE = 600  # lines; most have 100 to 400, past this a module does two jobs


def python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_loads_the_standard_library_only():
    loaded = python("import sys, wrt; print(*{name.partition('.')[0] for name in sys.modules})").split()
    outside = {name for name in loaded if name not in sys.stdlib_module_names} - {"wrt", "__main__"}
    assert {name for name in outside if not name.startswith("__editable__")} - {"_distutils_hack", "sitecustomize", "usercustomize"} == set()


def test_the_symbolic_engine_needs_no_other_package():
    program = (
        "import sys\n"
        "for name in ('numpy', 'scipy', 'mpmath', 'click', 'rich'): sys.modules[name] = None\n"
        "import wrt\n"
        "d = wrt.derive('norm(A @ x - b)**2', 'x')\n"
        "print(d, d.verified)"
    )
    assert python(program) == "2*A.T @ (A @ x - b) exact\n"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_module_says_its_job_and_has_only_one(path):
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= LONGEST_MODULE
    assert not source.strip() or ast.get_docstring(ast.parse(source)), "a module opens with a docstring that says its job"
