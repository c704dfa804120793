"""`wrt exercise`: exercises of the lecture notes or new ones, printed, exported, asked and marked."""

from __future__ import annotations

import sys

import click

import wrt
from wrt.cli_options import DISPROVED, Command, has_signs, refuse

EXAMPLES = """\b
Examples:
  wrt exercise --topic vector --difficulty 2            from the lecture notes
  wrt exercise 000-loss --answer "2*X.T @ (X @ β - Y)"  mark an answer
  wrt exercise --topic matrix --seed 7 --count 3        new ones
  wrt exercise --topic scalar --seed 1 --count 5 --ask  answer them here
  wrt exercise --note 004 --format latex --solutions > sheet.tex
\b
Topics: scalar partial chain vector jacobian matrix tensor index second expansion stationary."""


@click.command(cls=Command, epilog=EXAMPLES)
@click.argument("name", required=False)
@click.option("--topic", metavar="TOPIC", help="What about; see below.")
@click.option("--difficulty", type=click.IntRange(1, 5), help="From 1 to 5, by the rules that the steps need.")
@click.option("--note", type=click.Choice(["000", "001", "002", "003", "004"]), help="Of one lecture note.")
@click.option("--seed", type=int, help="New exercises; the same seed gives the same ones.")
@click.option("--count", type=click.IntRange(1), help="How many.  [default: all of the notes', 1 new one]")
@click.option(
    "--format", "form", type=click.Choice(["text", "latex", "ipynb", "moodle"]), default="text", show_default=True, help="How it is printed."
)
@click.option("--solutions", is_flag=True, help="With answers and worked steps.")
@click.option("--hints", type=click.IntRange(0), default=0, help="Print this many hints with each question.")
@click.option("--answer", metavar="FORMULA", help="Mark this answer to the one exercise chosen.")
@click.option("--ask", is_flag=True, help="Ask the questions one after the other and mark what is typed.")
def exercise(
    name: str | None,
    topic: str | None,
    difficulty: int | None,
    note: str | None,
    seed: int | None,
    count: int | None,
    form: str,
    solutions: bool,
    hints: int,
    answer: str | None,
    ask: bool,
) -> None:
    """Exercises by topic and difficulty, or the one called NAME: printed, exported, or asked and marked."""
    try:
        chosen = wrt.ExerciseSheet([wrt.exercise(name)]) if name is not None else wrt.exercises(topic, difficulty, note=note, seed=seed, count=count)
        if seed is not None and count is not None and len(chosen) < count:
            click.echo(f"There are {len(chosen)} different ones of this topic and difficulty.", err=True)
        if answer is not None:
            _mark(chosen, answer)
        elif ask:
            _ask(chosen)
        else:
            click.echo(_shown(chosen, form, solutions=solutions, hints=hints).rstrip("\n"))
    except wrt.WrtError as error:
        refuse(error)


def _shown(chosen: wrt.ExerciseSheet, form: str, *, solutions: bool, hints: int) -> str:
    match form:
        case "latex":
            return chosen.latex(solutions=solutions)
        case "ipynb":
            return chosen.notebook(solutions=solutions)
        case "moodle":
            return chosen.moodle()
    if not len(chosen):
        return "There is no such exercise in the notes; --seed makes one."
    style = "unicode" if has_signs() else "text"
    text = chosen.text(solutions=solutions, style=style)
    told = [f"{k}. hint: {hint}" for k, e in enumerate(chosen, 1) for hint in e.hints_in(style)[:hints]] if hints else []
    return "\n".join([text, *told])


def _mark(chosen: wrt.ExerciseSheet, answer: str) -> None:
    if len(chosen) != 1:
        raise wrt.TextError(f"one answer goes with one exercise; {len(chosen)} are chosen.", hint='wrt exercise NAME --answer "..."')
    mark = chosen[0].mark(answer)
    click.echo(str(mark))
    if not mark:
        sys.exit(DISPROVED)


def _ask(chosen: wrt.ExerciseSheet) -> None:
    """Questions and answers, until all are right or skipped."""
    style = "unicode" if has_signs() else "text"
    right = 0
    click.echo('Answer each question; "hint" gives a hint, "solution" the steps, "skip" the next question.')
    for k, e in enumerate(chosen, 1):
        click.echo(f"\n{k}. {e.question(style)}")
        right += _answered(e, style)
    click.echo(f"\n{right} of {len(chosen)} right.")


def _answered(e: wrt.Exercise, style: str) -> bool:
    """Whether a question was answered rightly before it was skipped or solved."""
    hints = iter(e.hints_in(style))
    while True:
        try:
            given = click.prompt("answer", type=str).strip()
        except click.Abort:
            click.echo("")
            return False
        match given.lower():
            case "skip":
                return False
            case "hint":
                click.echo(next(hints, "There are no more hints."))
            case "solution":
                click.echo(wrt.ExerciseSheet([e]).text(solutions=True, style=style).partition("Solutions\n1. ")[2])
                return False
            case _:
                try:
                    mark = e.mark(given)
                except wrt.WrtError as error:
                    click.echo(f"{type(error).__name__}: {error}")
                    continue
                click.echo(str(mark))
                if mark:
                    return True
