"""Exercises: the notes' set holds, generated ones can be solved and are marked, and what is exported is well formed."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

import wrt
from wrt.cli import main
from wrt.derivation.exercises.distractors import distractors
from wrt.derivation.exercises.generate import MAKERS, RANGES, question_key
from wrt.derivation.exercises.grading import level_of
from wrt.derivation.exercises.row import KINDS, TOPICS, Row
from wrt.notation import latex, unicode

NOTES = tuple(wrt.exercises())
SHEET = wrt.exercises(seed=5, count=6)
SEEDS = range(5)
GENERATED = [
    (topic, level, seed) for topic in MAKERS for level in range(RANGES.get(topic, (1, 5))[0], RANGES.get(topic, (1, 5))[1] + 1) for seed in SEEDS
]


def render(style, formula):
    return (unicode if style == "unicode" else latex).render(formula.source.tree)


# ------------------------------------------------------------------------------------------------ the notes' set
def test_the_set_has_every_note_topic_and_kind():
    assert {e.name[:3] for e in NOTES} == {"000", "001", "002", "003", "004"}
    assert {e.topic for e in NOTES} == set(TOPICS)
    assert {e.kind for e in NOTES} == set(KINDS)
    assert len({e.name for e in NOTES}) == len(NOTES) >= 210


@pytest.mark.parametrize("e", NOTES, ids=lambda e: e.name)
def test_an_exercise_of_the_notes_is_solved_graded_and_marks_its_answer_right(e):
    assert all(e.mark(answer).right for answer in e.answers)
    assert e.kind == "indices" or abs(level_of(e.derivative, e.kind, e.row.order) - e.difficulty) <= 1
    assert e.source.startswith(f"note {e.name[:3]}")
    assert e.hints
    if e.solution is not None:
        e.solution.replay()


@pytest.mark.parametrize("style", ["unicode", "latex"])
@pytest.mark.parametrize("e", NOTES, ids=lambda e: e.name)
def test_an_exercise_of_the_notes_accepts_its_answer_as_it_is_printed(e, style):
    assert e.mark(render(style, e.answer)).right


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("000-product-of-matrices", r"\delta_{ik}B_{lj}"),
        ("000-product-of-matrices", "δ_ik B_lj"),
        ("001-rule-product", "f'(x)g(x)+f(x)g'(x)"),
        ("001-taylor", "9 + 6(x-1) + 6(y-2) + (x-1)^2 + 2(x-1)(y-2) + (y-2)^2"),
        ("002-determinant", "1 + ε tr(M)"),
        ("002-determinant", r"1 + \varepsilon \operatorname{tr}(M)"),
        ("000-normal-equations", "(X^T X)^{-1} X^T Y"),
    ],
)
def test_what_is_typed_on_paper_is_read_in_every_kind_of_exercise(name, answer):
    assert wrt.exercise(name).mark(answer).right


@pytest.mark.parametrize("e", [e for e in NOTES if e.row.printed], ids=lambda e: e.name)
def test_what_a_note_prints_is_marked_right_unless_it_is_a_misprint(e):
    try:
        right = e.mark(e.row.printed).right
    except wrt.UnknownNameError:  # an index that the question does not have
        right = False
    assert right is not bool(e.row.misprint)


@pytest.mark.parametrize("e", [e for e in NOTES if e.row.misprint], ids=lambda e: e.name)
def test_every_misprint_of_the_set_is_on_the_page_of_misprints(e):
    page = (Path(__file__).parents[2] / "docs" / "misprints.md").read_text(encoding="utf-8")
    assert f"## Note {e.name[:3]}" in page
    assert e.name in page or e.row.text in page


# ------------------------------------------------------------------------------------------------ generated
@cache
def made(topic, level, seed):
    (e,) = wrt.exercises(topic, level, seed=seed)
    return e


@pytest.mark.parametrize(("topic", "level", "seed"), GENERATED, ids=str)
def test_a_generated_exercise_can_be_solved_and_is_marked(topic, level, seed):
    e = made(topic, level, seed)
    assert (e.topic, e.source) == (topic, "generated")
    assert abs(e.difficulty - level) <= 1
    assert all(e.mark(answer).right for answer in e.answers)
    if e.kind != "indices":
        assert e.derivative.verified in ("exact", "numeric")
        e.solution.replay()
    ((wrong, _), *_) = distractors(e, 1)
    assert not e.mark(wrong).right


def test_the_difficulty_asked_for_is_nearly_always_found():
    found = [made(topic, level, seed).difficulty == level for topic, level, seed in GENERATED if not seed]
    assert sum(found) >= 0.9 * len(found)


def test_a_seed_gives_the_same_exercises_and_their_names_find_them_again():
    again = wrt.exercises(seed=5, count=6)
    assert [str(e) for e in SHEET] == [str(e) for e in again]
    assert [str(wrt.exercise(e.name)) for e in SHEET] == [str(e) for e in SHEET]
    assert len({str(e) for e in SHEET}) > 1


def test_questions_of_different_seeds_differ():
    assert len({str(made("scalar", 3, seed)) for seed in SEEDS}) == len(SEEDS)


def test_generated_questions_are_the_same_on_every_machine():
    assert [(e.name, e.row.text) for e in wrt.exercises("matrix", 2, seed=1, count=2)] == [
        (e.name, e.row.text) for e in (wrt.exercise("matrix-2-1-0"), wrt.exercise("matrix-2-1-1"))
    ]


# ------------------------------------------------------------------------------------------------ kinds
@pytest.mark.parametrize(
    ("name", "answer", "right"),
    [
        ("001-square-at-2", "4", True),
        ("001-square-at-2", "2*x", False),
        ("000-Q1", "A[k, j]", True),
        ("000-Q1", "A[j, k]", False),
        ("000-layer", "(i == j)*x[k]*((W @ x)[i] + b[i] > 0)", True),
        ("000-layer", "(i == k)*x[k]*((W @ x)[i] + b[i] > 0)", False),
        ("001-taylor", "(x + y)**2", True),
        ("001-taylor", "9 + 6*(x - 1) + 6*(y - 2)", False),
        ("000-normal-equations", "inv(X.T @ X) @ X.T @ Y", True),
        ("000-normal-equations", "solve(X.T @ X, X.T @ Y)", True),
        ("000-normal-equations", "inv(X.T @ X) @ Y", None),
        ("002-logdet", r"X^{-\top}", True),
        ("004-weighted", "-2*A.T @ W @ (x - A @ s)", True),
    ],
)
def test_every_kind_of_answer_is_marked(name, answer, right):
    e = wrt.exercise(name)
    if right is None:
        with pytest.raises(wrt.ShapeError):
            e.mark(answer)
    else:
        assert e.mark(answer).right is right


def test_a_wrong_answer_is_told_with_a_number():
    assert str(wrt.exercise("002-log-series").mark("x + x**2/2")) == "wrong. At x = 1/2 the right answer is 3/8, and this gives 5/8."
    assert str(wrt.exercise("003-regression-solved").mark("sum(2*x*y)/sum(x**2)")).startswith(
        "wrong. At a = 0, x = [1], y = [1] the gradient is to be 0"
    )


@pytest.mark.parametrize(
    ("name", "answer", "slip"),
    [
        ("000-affine", "-(l == j)*x[k]", "sign"),
        ("000-affine", "2*(l == j)*x[k]", "factor"),
        ("000-affine", "(l == k)*x[j]", "transpose"),
        ("000-affine", "x[k]", "chain-rule-inner-lost"),
        ("004-BtB", "(q == j)*B[i, p]", "product-rule-term-lost"),
        ("004-BtB", "(p == j)*B[i, q] + (q == j)*B[p, i]", "transpose"),
        ("004-BtB", "(p == j)*B[q, q]", "shape"),
        ("004-BtB", "B[i, q] + B[i, p]", None),
    ],
)
def test_a_wrong_entry_is_told_by_its_slip(name, answer, slip):
    mark = wrt.exercise(name).mark(answer)
    assert (mark.right, mark.slip) == (False, slip)
    assert str(mark) != "wrong."
    assert mark.fixed is None or bool(wrt.exercise(name).mark(mark.fixed))


def test_a_wrong_array_is_told_by_one_entry():
    assert "the entry [" in str(wrt.exercise("004-BtB").mark("2*(p == j)*B[i, q]"))


@pytest.mark.parametrize(("topic", "level"), [("jacobian", 2), ("matrix", 2), ("tensor", 3), ("vector", 2)])
def test_no_question_is_asked_twice(topic, level):
    sheet = wrt.exercises(topic, level, seed=5, count=8)
    assert len({(e.row.text, e.row.by, e.row.kind, e.row.detail) for e in sheet}) == len(sheet) == 8
    assert [wrt.exercise(e.name).row for e in sheet] == [e.row for e in sheet]


def test_questions_that_differ_in_letters_only_are_one():
    rows = [Row("", "", "scalar", 1, f"sin({x})", x, f"{x}:") for x in "xt"]
    assert question_key(rows[0]) == question_key(rows[1])
    assert question_key(rows[0]) != question_key(Row("", "", "scalar", 1, "cos(x)", "x", "x:"))


def test_a_topic_with_few_questions_says_so():
    result = run("--topic", "stationary", "--difficulty", "5", "--seed", "5", "--count", "9")
    assert re.search(r"^There are \d different ones of this topic and difficulty\.$", result.output, re.MULTILINE)


def test_hints_are_typeset_as_the_question_is():
    e = wrt.exercise("000-loss")
    assert e.hints_in("unicode")[1] == "squared norm: 2((Xβ − Y)ᵀ d(Xβ − Y))"
    assert e.hints_in("latex")[1] == r"squared norm: $2 ((X \beta - Y)^{\top} \, \mathrm{d}(X \beta - Y))$"
    assert e.hints == e.hints_in("text")
    assert "squared norm: 2((Xβ − Y)ᵀ d(Xβ − Y))" in run("000-loss", "--hints", "2").output
    with pytest.raises(wrt.TextError):
        e.hints_in("html")


def test_hints_begin_with_the_rules_and_never_give_the_answer():
    for e in (wrt.exercise("000-loss"), wrt.exercise("002-chain-of-three"), *SHEET):
        if e.solution is not None:
            assert e.solution.lines[-1].text not in [hint.partition(": ")[2] for hint in e.hints]
    assert wrt.exercise("002-chain-of-three").hints[0].startswith("Rules needed: chain rule")


@pytest.mark.parametrize("style", ["text", "unicode", "latex"])
def test_a_question_names_its_function_variable_and_shapes(style):
    words = wrt.exercise("004-weighted").question(style)
    assert words.startswith("Differentiate ")
    assert "symmetric" in words
    assert (words.count("$") > 0) is (style == "latex")


def test_a_topic_a_difficulty_a_count_and_a_name_that_are_not_there_are_refused():
    for call in (
        lambda: wrt.exercises("algebra"),
        lambda: wrt.exercises(difficulty=6),
        lambda: wrt.exercises(difficulty=True),
        lambda: wrt.exercises(count=0),
        lambda: wrt.exercises(note="005"),
        lambda: wrt.exercises(note="001", seed=1),
        lambda: wrt.exercise("000-los"),
        lambda: wrt.exercise("vector-9-1-0"),
        lambda: wrt.exercise("000-loss").question("klingon"),
    ):
        with pytest.raises((wrt.TextError, wrt.UnknownNameError)):
            call()


# ------------------------------------------------------------------------------------------------ exports
def balanced(text):
    """Whether LaTeX environments and braces close in order."""
    stack = []
    for what, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", text):
        if what == "begin":
            stack.append(name)
        elif not stack or stack.pop() != name:
            return False
    depth = 0
    for c in re.sub(r"\\[{}$]", "", text):
        depth += (c == "{") - (c == "}")
        if depth < 0:
            return False
    return not stack and not depth and re.sub(r"\\\$", "", text).count("$") % 2 == 0


SHEETS = [*[wrt.exercises(note=note) for note in ("000", "002", "004")], wrt.exercises("stationary"), SHEET]
IDS = ["000", "002", "004", "stationary", "generated"]


@pytest.mark.parametrize("sheet", SHEETS, ids=IDS)
def test_the_latex_sheet_is_balanced_and_has_an_item_a_question(sheet):
    document = sheet.latex(solutions=True)
    assert balanced(document)
    assert document.count("\\item ") == 2 * len(sheet)
    assert not re.search(r"(?<!\\)[&#](?![^\n]*\\text)", document.split("\\section*{Solutions}")[0])
    assert document.isprintable() or document.replace("\n", "").isprintable()


@pytest.mark.parametrize("sheet", SHEETS, ids=IDS)
def test_the_notebook_is_of_nbformat_4_and_its_cells_mark_answers(sheet):
    book = json.loads(sheet.notebook(solutions=True))
    assert (book["nbformat"], book["nbformat_minor"] >= 5, set(book)) == (4, True, {"cells", "metadata", "nbformat", "nbformat_minor"})
    keys = {"markdown": {"cell_type", "id", "metadata", "source"}}
    keys["code"] = keys["markdown"] | {"execution_count", "outputs"}
    assert all(set(cell) == keys[cell["cell_type"]] for cell in book["cells"])
    names = [cell["id"] for cell in book["cells"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in names)
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            compile("".join(cell["source"]), cell["id"], "exec")


def test_a_notebook_s_answer_cell_marks_what_is_typed(capsys):
    book = json.loads(wrt.ExerciseSheet([wrt.exercise("001-sin")]).notebook())
    cells = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    exec("\n".join([cells[0], cells[1].replace('answer = ""', 'answer = "cos(x)"')]), {})
    assert capsys.readouterr().out == "right.\n"


@pytest.mark.parametrize("sheet", SHEETS, ids=IDS)
def test_the_moodle_quiz_is_well_formed_with_one_right_answer_a_choice(sheet):
    quiz = ET.fromstring(sheet.moodle())
    questions = [q for q in quiz.findall("question") if q.get("type") != "category"]
    assert (quiz.tag, len(questions)) == ("quiz", len(sheet))
    for question in questions:
        fractions = [answer.get("fraction") for answer in question.findall("answer")]
        assert fractions.count("100") == 1 or question.get("type") == "shortanswer"
        for tag in ("name", "questiontext", "generalfeedback"):
            assert question.find(f"{tag}/text").text
        body = question.find("questiontext/text").text
        assert ET.fromstring(body).tag == "p"
        assert body.count("\\(") == body.count("\\)") >= 1


def test_a_wrong_choice_is_proved_wrong_and_says_its_slip():
    for e in (wrt.exercise("000-loss"), wrt.exercise("002-trace"), wrt.exercise("004-BtB")):
        choices = distractors(e)
        assert len(choices) == 3
        assert not any(e.mark(words).right for words, _ in choices)
        assert all(says for _, says in choices)


def test_the_text_sheet_shows_answers_only_when_asked():
    sheet = wrt.ExerciseSheet([wrt.exercise("002-logdet")])
    assert "X⁻ᵀ" not in sheet.text()
    assert "X⁻ᵀ" in sheet.text(solutions=True)
    assert (len(sheet[:1]), repr(sheet)) == (1, "ExerciseSheet(1 exercises)")


# ------------------------------------------------------------------------------------------------ the command
def run(*words, given=""):
    return CliRunner().invoke(main, ["exercise", *words], input=given)


def test_the_command_lists_marks_and_exports():
    assert run("--topic", "index").output.count("difficulty") == 3
    assert run("000-loss", "--answer", "2*X.T @ (X @ β - Y)").output == "right in mixed and denominator layout.\n"
    assert run("000-loss", "--answer", "X.T @ (X @ β - Y)").exit_code == 1
    assert balanced(run("--note", "003", "--topic", "chain", "--format", "latex", "--solutions").output)
    assert json.loads(run("--seed", "3", "--format", "ipynb").output)["nbformat"] == 4
    assert ET.fromstring(run("--note", "004", "--topic", "vector", "--format", "moodle").output).tag == "quiz"


@pytest.mark.parametrize("words", [("--topic", "poetry"), ("nothing",), ("--topic", "vector", "--answer", "x"), ("000-loss", "--answer", "2*(")])
def test_the_command_refuses_what_it_cannot_do(words):
    result = run(*words)
    assert (result.exit_code, "Error" in result.output) == (2, True)


def test_the_command_asks_gives_hints_and_counts():
    result = run("--note", "003", "--topic", "scalar", "--difficulty", "1", "--count", "2", "--ask", given="hint\nn*x\nk*x**(k-1)\n-cos(x)\nskip\n")
    assert result.exit_code == 0
    assert result.output.rstrip().endswith("1 of 2 right.")
    assert "Rules needed: " in result.output
    assert "UnknownNameError" in result.output


def test_a_question_tells_only_what_it_uses():
    for e in wrt.exercises("vector", seed=11, count=3):
        declared = e.question("text").rpartition("Here ")[2]
        named = [part.split()[0] for part in re.split(r", | and ", declared) if " is " in part]
        assert all(re.search(rf"\b{name}\b", e.row.text) for name in named), e.name
