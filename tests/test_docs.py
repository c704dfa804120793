"""Everything the documents show is run: Python sessions, command lines, links; every public name is documented."""

from __future__ import annotations

import dataclasses
import doctest
import inspect
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import wrt
from wrt.cli import main
from wrt.language.signatures import known_functions

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path, language: str) -> list[str]:
    return [body for found, body in FENCE.findall(path.read_text(encoding="utf-8")) if found == language]


@pytest.mark.parametrize("path", DOCUMENTS, ids=names)
def test_python_sessions_print_what_is_shown(path):
    session = "\n".join(blocks(path, "python"))
    test = doctest.DocTestParser().get_doctest(session, {}, names(path), str(path), 0)
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).run(test, out=said.append)
    assert result.failed == 0, "".join(said)


def command_lines(path: Path) -> list[tuple[str, str]]:
    """(command, what it prints) of every `$ wrt ...` line; lines of other commands are not run."""
    out = []
    for block in blocks(path, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            if re.match(r"(\w+=\S+ )?wrt ", command):
                out.append((command, printed.strip()))
    return out


@pytest.mark.parametrize(("command", "printed"), [pair for path in DOCUMENTS for pair in command_lines(path)])
def test_command_lines_print_what_is_shown(command, printed):
    words = shlex.split(command)
    setting = dict([words.pop(0).split("=", 1)]) if "=" in words[0] else {}
    got = CliRunner().invoke(main, words[1:], env=setting, prog_name="wrt").output
    assert lines(got) == lines(printed)


def lines(text: str) -> list[str]:
    """Lines without trailing space; how small a rounding error is differs between machines."""
    return [re.sub(r"\b\de-\d+\b", "tiny", line.rstrip()) for line in text.strip().splitlines()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=names)
def test_links_lead_somewhere(path):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_every_document_is_reachable_from_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [names(path) for path in DOCUMENTS[1:] if names(path) not in text] == []


@pytest.mark.parametrize("name", wrt.__all__)
def test_public_name_has_a_docstring_an_example_and_a_line_in_the_docs(name):
    assert ">>>" in inspect.getdoc(getattr(wrt, name))
    assert re.search(rf"\b{name}\b", written())


def written() -> str:
    return "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)


CLASSES = [name for name in wrt.__all__ if inspect.isclass(getattr(wrt, name))]


@pytest.mark.parametrize("name", CLASSES)
def test_public_member_has_a_docstring_and_a_line_in_the_docs(name):
    kind, documents = getattr(wrt, name), written()
    fields = [f.name for f in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else []
    members = [m for m in (*vars(kind), *fields) if not m.startswith("_")]
    told = inspect.getdoc(kind)
    assert [m for m in members if not re.search(rf"\.{m}\b", documents)] == []
    assert [m for m in members if m not in fields and m not in told and not inspect.getdoc(inspect.getattr_static(kind, m))] == []


def test_dir_lists_the_public_names_and_the_functions_of_the_language_only():
    assert dir(wrt) == sorted({*wrt.__all__, "__version__", *known_functions()})
    assert [name for name in dir(wrt) if not hasattr(wrt, name)] == []


def test_unknown_attribute_names_the_nearest():
    with pytest.raises(AttributeError, match="did you mean 'softmax'"):
        _ = wrt.sofmax
