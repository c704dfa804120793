"""The command line: what it prints, how it refuses, how fast it starts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest
from click.testing import CliRunner, Result

import wrt
from wrt.cli import main

LEAST_SQUARES = "norm(A @ x - b)**2"


def run(*words: str, text: str | None = None, **setting: str) -> Result:
    result = CliRunner().invoke(main, words, input=text, env={"WRT_LAYOUT": None, **setting}, prog_name="wrt")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def answer(*words: str, **setting: str) -> dict[str, str]:
    """The texts printed, by label."""
    result = run(*words, **setting)
    assert result.exit_code == 0, result.output
    rows = result.output.splitlines()
    width = re.match(r"f +", rows[0]).end()
    found: dict[str, list[str]] = {}
    label = ""
    for row in rows:
        label = row[:width].strip() or label
        found.setdefault(label, []).append(row[width:])
    return {label: "\n".join(texts) for label, texts in found.items()}


def as_json(*words: str) -> dict:
    result = run(*words, "--json")
    return json.loads(result.output)


def test_the_convention_speaks_of_kinks_where_the_function_has_one():
    assert answer("derive", "norm(x)", "--wrt", "x", "-v", "x: n")["convention"].endswith("; minimal-norm subgradient at kinks")
    assert "kinks" not in answer("derive", "norm(x)**2", "--wrt", "x", "-v", "x: n")["convention"]


def test_a_polynomial_says_what_its_point_must_fulfil():
    assert answer("taylor", "norm(x)", "--at", "x=a", "--order", "1", "-v", "x: n")["where"] == "a ≠ 0"


def test_what_was_assumed_the_formula_its_shape_its_convention_and_the_proof_are_printed():
    assert answer("derive", LEAST_SQUARES, "--wrt", "x") == {
        "f": "‖Ax − b‖²",
        "assumed": "A: m x n, x: n, b: m",
        "df/dx": "2Aᵀ(Ax − b)",
        "shape": "n x 1",
        "convention": "mixed layout: gradient of a scalar a column, Jacobian m x n",
        "numerator": "2(Ax − b)ᵀA",
        "proof": "exact",
    }


@pytest.mark.parametrize(
    ("words", "label", "formula"),
    [
        (["x**2"], "df/dx", "2x"),
        (["sin(x)*exp(-x)"], "df/dx", "exp(−x)(cos(x) − sin(x))"),
        (["A @ x - b", "--wrt", "x"], "df/dx", "A"),
        (["x.T @ A @ x", "--wrt", "x", "--wrt", "x"], "d²f/dx²", "A + Aᵀ"),
        (["x.T @ A @ y", "--wrt", "x", "--wrt", "y"], "d²f/dx dy", "A"),
        (["-x**2"], "df/dx", "−2x"),
        (["--wrt", "x", "-x**2"], "df/dx", "−2x"),
    ],
)
def test_what_users_type_first_works(words, label, formula):
    assert answer("derive", *words)[label] == formula


def test_the_variable_must_be_said_when_there_are_several():
    result = run("derive", LEAST_SQUARES)
    assert (result.exit_code, result.stderr) == (2, 'TextError: by which variable? Say one of A, x, b.\n  hint: derive(f, "A"), or --wrt A.\n')


def test_declarations_and_structure_are_taken():
    found = answer("derive", "tr(B @ S)", "--wrt", "S", "-v", "S: n n symmetric", "-v", "B: n n", "--structure", "parameters")
    assert "assumed" not in found
    assert "by the independent entries of a structured variable" in found["convention"]
    assert found["df/dS"] == "B + Bᵀ − B ⊙ Iₙ"


def test_the_layout_comes_from_the_option_or_else_from_the_environment():
    assert answer("derive", LEAST_SQUARES, "--wrt", "x", "--layout", "numerator")["df/dx"] == "2(Ax − b)ᵀA"
    assert answer("derive", LEAST_SQUARES, "--wrt", "x", WRT_LAYOUT="numerator")["df/dx"] == "2(Ax − b)ᵀA"
    assert answer("derive", LEAST_SQUARES, "--wrt", "x", "--layout", "mixed", WRT_LAYOUT="numerator")["df/dx"] == "2Aᵀ(Ax − b)"
    assert run("derive", "x**2", WRT_LAYOUT="rows").exit_code == 2


def test_the_other_layout_is_shown_only_where_it_differs():
    assert answer("derive", "A @ x", "--wrt", "x")["denominator"] == "Aᵀ"
    assert not {"mixed", "numerator", "denominator"} & set(answer("derive", "x**2"))
    assert not {"mixed", "numerator", "denominator"} & set(answer("derive", "x.T @ A @ x", "--wrt", "x", "--wrt", "x"))


def test_views_are_shown_on_request():
    found = answer("derive", LEAST_SQUARES, "--wrt", "x", "--text", "--latex", "--index", "--operator", "--code")
    assert found["text"] == "2*A.T @ (A @ x - b)"
    assert found["latex"] == r"2 A^{\top} (A x - b)"
    assert "index [i]" in found
    assert found["operator"] == "2(Ax − b)ᵀA dx"
    assert "def " in found["code"]


def test_what_has_no_matrix_form_is_shown_in_the_others():
    assert answer("derive", "A @ X @ B", "--wrt", "X")["kronecker"] == "Bᵀ ⊗ A"
    assert answer("derive", "A @ x", "--wrt", "x", "--kronecker")["kronecker"] == "no kronecker form"


def test_json_holds_everything():
    found = as_json("derive", LEAST_SQUARES, "--wrt", "x")
    assert found["formula"] == LEAST_SQUARES
    assert found["assumed"] == ["A: m x n", "x: n", "b: m"]
    assert found["declarations"]["A"] == {"kind": "matrix", "shape": ["m", "n"], "facts": []}
    assert (found["text"], found["unicode"]) == ("2*A.T @ (A @ x - b)", "2Aᵀ(Ax − b)")
    assert (found["shape"], found["kind"], found["verified"]) == (["n"], "column", "exact")
    assert found["other_layout"] == {"layout": "numerator", "text": "2*(A @ x - b).T @ A", "unicode": "2(Ax − b)ᵀA"}
    assert (found["convention"]["layout"], found["kronecker"]) == ("mixed", None)
    assert {"latex", "index", "operator", "code", "conditions"} <= set(found)


def test_bad_input_is_told_with_a_caret_and_status_two():
    result = run("derive", "x @ y + b", "-v", "x: n, y: n, b:")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[:3] == [
        "ShapeError: cannot multiply x @ y: inner sizes differ (x is n x 1, y is n x 1).",
        "    x @ y + b",
        "    ^^^^^",
    ]


def test_bad_input_is_told_in_json_too():
    result = run("derive", "sofmax(x)", "--json")
    assert result.exit_code == 2
    error = json.loads(result.output)["error"]
    assert (error["code"], error["kind"], error["span"], error["text"]) == ("unknown-name", "UnknownNameError", [0, 6], "sofmax(x)")
    assert error["hint"] == "did you mean 'softmax'?"


@pytest.mark.parametrize("words", [["derive"], ["derive", "x", "y"], ["derive", "x", "--layout", "rows"], ["derive", "x", "--wrt"], ["nothing"]])
def test_misuse_of_the_command_ends_with_status_two(words):
    assert run(*words).exit_code == 2


@pytest.mark.parametrize(
    "words",
    [["derive"], ["derive", "x", "--bogus"], ["derive", "x", "--layout", "rows"], ["derive", "x", "--wrt"], ["taylor", "x", "--order", "x"], []],
)
def test_misuse_of_the_command_is_told_in_json_too(words):
    result = run(*words, "--json")
    assert result.exit_code == 2
    error = json.loads(result.output)["error"]
    assert sorted(error) == ["code", "hint", "kind", "message", "span", "text"]
    assert (error["code"], error["span"]) == ("usage", None)
    assert error["message"]


@pytest.mark.parametrize("command", ["derive", "verify", "steps", "check", "taylor", "equal"])
def test_a_command_alone_shows_its_options_and_examples(command):
    result = run(command)
    assert result.exit_code == 2
    assert f"wrt {command} " in result.output.partition("Examples:")[2]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["derive", "x**2", "-wrt", "x"], "No such option '-wrt'. Did you mean '--wrt'?"),
        (["drive", "x**2"], "No such command 'drive'. Did you mean 'derive'?"),
        (["derive", "x.T", "@", "x"], "put quotes around it"),
        (["derive", "x*y", "--wrt", "x,y"], "--wrt x --wrt y"),
    ],
)
def test_misuse_says_what_was_meant(words, says):
    assert says in run(*words).stderr


def test_taylor_polynomial_is_printed_with_its_point_and_proof():
    assert answer("taylor", "exp(x)", "--order", "3") == {
        "f": "exp(x)",
        "assumed": "x: scalar",
        "at": "x = 0",
        "order": "3",
        "taylor": "1 + x + x²/2 + x³/6",
        "proof": "exact",
    }
    found = as_json("taylor", "log(x)", "--at", "x=a", "--order", "1")
    assert (found["text"], found["at"], found["order"], found["verified"]) == ("log(a) + (x - a)/a", {"x": "a"}, 1, "exact")
    assert answer("taylor", "x.T @ A @ x", "--wrt", "x", "--latex")["latex"] == r"x^{\top} A x"
    assert run("taylor", "log(x)").exit_code == 2


def test_equality_is_told_by_sentence_status_and_json():
    assert (run("equal", "norm(x)**2", "x.T @ x", "-v", "x: n").output, run("equal", "-x", "-1*x").exit_code) == ("equal: proved exactly.\n", 0)
    result = run("equal", "A @ B", "B @ A", "-v", "A: n n, B: n n")
    assert (result.exit_code, result.output.startswith("different: at A = ")) == (1, True)
    found = as_json("equal", "x + y", "x - y")
    assert (found["equal"], found["verdict"], sorted(found["counterexample"])) == (False, "different", ["x", "y"])
    assert run("equal", "A @ B", "B @ A").stderr.splitlines()[1:3] == ["    B @ A", "    ^^^^^"]


def test_a_formula_is_read_from_standard_input():
    assert run("derive", "-", text="u = x**2; sin(u)\n").output.startswith("f           sin(u), u = x²\n")


def test_data_evaluates_the_derivative(tmp_path):
    A, x, b = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([1.0, -1.0]), np.array([0.5, 0.0, 0.0])
    path = tmp_path / "arrays.npz"
    np.savez(path, A=A, x=x, b=b)
    found = as_json("derive", LEAST_SQUARES, "--wrt", "x", "--data", str(path))
    assert np.allclose(found["value"], 2 * A.T @ (A @ x - b))
    assert answer("derive", LEAST_SQUARES, "--wrt", "x", "--data", str(path))["value"] == str(2 * A.T @ (A @ x - b))


def test_data_that_does_not_fit_is_refused(tmp_path):
    path = tmp_path / "arrays.npz"
    np.savez(path, A=np.ones((2, 2)))
    result = run("derive", LEAST_SQUARES, "--wrt", "x", "--data", str(path))
    assert (result.exit_code, "has no array for x, b" in result.stderr) == (2, True)
    path.write_text("not an archive")
    assert run("derive", LEAST_SQUARES, "--wrt", "x", "--data", str(path)).exit_code == 2
    assert run("derive", LEAST_SQUARES, "--wrt", "x", "--data", str(tmp_path / "none.npz")).exit_code == 2


def test_help_shows_examples():
    assert 'wrt derive "norm(A @ x - b)**2" --wrt x' in run("--help").output
    assert 'wrt derive "x.T @ A @ x" --wrt x --wrt x' in run("derive", "--help").output
    assert 'wrt verify "logdet(X)" --wrt X' in run("verify", "--help").output
    assert 'wrt taylor "exp(x)" --order 3' in run("taylor", "--help").output
    assert 'wrt equal "norm(x)**2" "x.T @ x"' in run("equal", "--help").output


def test_version_is_the_package_version():
    assert run("--version").output == f"wrt {version('wrt')}\n"


def test_verify_proves_and_differentiates_numerically():
    result = run("verify", "logdet(X)", "--wrt", "X", "--size", "n=3", "--seed", "7")
    assert result.exit_code == 0, result.output
    found = as_json("verify", "logdet(X)", "--wrt", "X", "--size", "n=3", "--seed", "7")
    assert found["verified"] == "exact"
    assert found["sizes"] == {"n": 3}
    assert found["largest_difference"] < 1e-6


def test_verify_refuses_a_size_that_is_no_size():
    assert run("verify", "logdet(X)", "--wrt", "X", "--size", "n").exit_code == 2


def test_module_runs_as_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "wrt", "derive", "x**2"], capture_output=True, text=True, check=False, env={**os.environ, "PYTHONIOENCODING": "utf-8"}
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "2x" in done.stdout


def test_output_that_cannot_hold_the_signs_still_prints():
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "wrt", "derive", LEAST_SQUARES, "--wrt", "x"], capture_output=True, text=True, check=False, env=environ
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "2*A.T @ (A @ x - b)" in done.stdout


def test_a_file_that_is_no_archive_of_arrays_is_refused(tmp_path):
    np.save(tmp_path / "one.npy", np.ones(3))
    (tmp_path / "words.npz").write_text("words", encoding="utf-8")
    for name in ("one.npy", "words.npz"):
        result = run("derive", LEAST_SQUARES, "--wrt", "x", "--data", str(tmp_path / name))
        assert result.exit_code == 2
        assert "it is no archive of arrays" in result.output + result.stderr


# ---------------------------------------------------------------------------------------- steps in every form
def test_steps_are_printed_in_the_form_asked_for():
    d = wrt.derive("softmax(z)").steps()
    for option, words in (([], d.unicode()), (["--text"], str(d)), (["--latex"], d.latex()), (["--html"], d.html())):
        assert run("steps", "softmax(z)", *option).output.rstrip() == words


def test_steps_as_json_hold_every_line_and_every_form():
    data = json.loads(run("steps", "x**2*log(x)", "-v", "x: positive", "--json", "--style", "componentwise").output)
    assert list(data["displays"]) == ["text", "unicode", "latex", "html"]
    assert data["lines"][0] | {"unicode": "d/dx [x² log(x)]"} == data["lines"][0]
    assert sum(line["shown"] for line in data["lines"]) == len(data["displays"]["text"].splitlines())


def test_lambda_has_a_hint_wherever_it_is_typed():
    for words in (["lambda*x**2", "--wrt", "x"], ["x**2", "-v", "lambda:"], ["lambda = 2*x; lambda**2"]):
        result = run("derive", *words)
        assert (result.exit_code, result.output.rstrip().endswith("hint: the letter is written lam, or λ.")) == (2, True)
