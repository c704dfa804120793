"""The house: what `import wrt` loads, what the engine needs, how large a room may be. (The one direction of flow: `make contract`.)"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "src" / "wrt").rglob("*.py"))
LONGEST_MODULE = 460  # lines; most have 100 to 400, past this a module does two jobs
LONGEST_FUNCTION = 60  # lines without its docstring; most have under 40
CALLED_BY_NAME = ("_repr_", "visit_", "__")  # by notebooks, by a visitor of Python's own trees, by the language


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
    tree = ast.parse(source)
    assert not source.strip() or ast.get_docstring(tree), "a module opens with a docstring that says its job"
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert [f.name for f in functions if lines_of(f) > LONGEST_FUNCTION] == []


def lines_of(function):
    said = (ast.get_docstring(function, clean=False) or "").count("\n") + 1
    return (function.end_lineno or 0) - function.lineno + 1 - said


def test_the_map_names_rooms_that_exist():
    page = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    table = page.partition("## Where things are")[2].partition("\n## ")[0]
    rooms = {path.relative_to(ROOT / "src" / "wrt").with_suffix("").as_posix() for path in MODULES}
    for line in table.splitlines():
        folder, *named = re.findall(r"`([a-z_]+(?:/|\*)?)`", line) or ["top"]
        inside = folder if folder.endswith("/") else ""
        for name in named:
            assert any(fnmatchcase(room, inside + name) or room.startswith(name) for room in rooms), name


def test_everything_defined_is_used():
    sources = {path: path.read_text(encoding="utf-8") for path in MODULES}
    words = Counter(word for source in sources.values() for word in re.findall(r"\w+", source))
    defined = [
        (path.name, node.name)
        for path, source in sources.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith(CALLED_BY_NAME)
    ]
    # A rule of a printer is found by the kind of what it prints: _entry_power by "entry_power".
    assert [(path, name) for path, name in defined if words[name] < 2 and not words[name.lstrip("_")]] == []
