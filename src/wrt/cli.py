"""The command line: `wrt derive`, `wrt verify`; a caller of the public names and nothing else.

A command gathers plain data (`cli_report`), then prints it as lines or as JSON. A refusal prints the message with its caret and ends with
status 2; a proof that found a disagreement ends with status 1.
"""

from __future__ import annotations

import sys

import click

import wrt
from wrt import cli_report as report
from wrt.api import as_formula
from wrt.cli_exercise import exercise
from wrt.cli_formulas import equal, taylor
from wrt.cli_options import DISPROVED, Command, Commands, Words, formula_options, has_signs, print_json, print_lines, refusals
from wrt.cli_tape import tape


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=report.EXAMPLES)
@click.version_option(None, "--version", package_name="wrt", message="%(prog)s %(version)s")
def main() -> None:
    """Derivatives as formulas: of scalars, vectors, matrices and tensors, of any order, proved."""


@main.command(cls=Command, epilog=report.DERIVE_EXAMPLES, no_args_is_help=True)
@formula_options
@click.option("--text", "views", flag_value="text", multiple=True, help="Also in the text language, which reads back.")
@click.option("--latex", "views", flag_value="latex", multiple=True, help="Also in LaTeX.")
@click.option("--index", "views", flag_value="index", multiple=True, help="Also one entry, with indices and sums.")
@click.option("--kronecker", "views", flag_value="kronecker", multiple=True, help="Also d vec(F) / d vec(X)ᵀ, columns stacked.")
@click.option("--operator", "views", flag_value="operator", multiple=True, help="Also applied to a direction: D f[dx].")
@click.option("--code", "views", flag_value="code", multiple=True, help="Also as NumPy source.")
@click.option(
    "--data", type=click.Path(exists=True, dir_okay=False), metavar="FILE.npz", help="Also its value at this file's arrays, one a variable."
)
@refusals
def derive(
    formula: str, names: Words, declared: Words, layout: str | None, structure: str | None, views: Words, data: str | None, *, as_json: bool
) -> None:
    """Derive FORMULA, prove the result, and print it ("-" reads the formula from standard input)."""
    f = as_formula(formula, "\n".join(declared) or None, by=names)
    d = wrt.derive(f, *names, layout=layout, structure=structure)
    if d.matrix is None:  # what has no matrix form is shown in every form that it has
        views += ("kronecker", "operator")
    wanted = report.VIEWS if as_json else tuple(view for view in report.VIEWS if view in views)
    found = report.derivative_data(f, d, wanted)
    if data is not None:
        found["value"] = report.value_at(d, data)
    if as_json:
        print_json(found)
    else:
        print_lines(report.derivative_lines(found, wanted, plain=not has_signs()))


@main.command(cls=Command, epilog=report.VERIFY_EXAMPLES, no_args_is_help=True)
@formula_options
@click.option("--size", "sizes", multiple=True, metavar="NAME=NUMBER", help="Size used by the numeric differentiation. Repeatable.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random points.")
@refusals
def verify(formula: str, names: Words, declared: Words, layout: str | None, structure: str | None, sizes: Words, seed: int, *, as_json: bool) -> None:
    """Prove every view of the derivative of FORMULA and differentiate numerically beside it."""
    f = wrt.parse(formula, "\n".join(declared) or None)
    found = report.verdict_data(wrt.verify(f, *names, layout=layout, structure=structure, sizes=report.sizes_of(sizes), seed=seed))
    if as_json:
        print_json(found)
    else:
        print_lines(report.verdict_lines(found, plain=not has_signs()))


@main.command(cls=Command, epilog=report.STEPS_EXAMPLES, no_args_is_help=True)
@formula_options
@click.option(
    "--style",
    type=click.Choice(["differential", "componentwise", "chain", "limit"]),
    default="differential",
    show_default=True,
    help="The way of working.",
)
@click.option("--unicode", "form", flag_value="unicode", help="In Unicode.  [default, where the terminal can show it]")
@click.option("--text", "form", flag_value="text", help="In the text language.")
@click.option("--latex", "form", flag_value="latex", help="As an aligned display in LaTeX.")
@click.option("--html", "form", flag_value="html", help="In HTML, formulas in LaTeX between \\( and \\).")
@refusals
def steps(
    formula: str, names: Words, declared: Words, layout: str | None, structure: str | None, style: str, form: str | None, *, as_json: bool
) -> None:
    """Derive FORMULA step by step: each line follows from the one before by one named rule, and is proved equal to it."""
    d = wrt.derive(wrt.parse(formula, "\n".join(declared) or None), *names, layout=layout, structure=structure)
    found = d.steps(style=style)
    if as_json:
        print_json(report.steps_data(found))
    else:
        click.echo(report.steps_shown(found, form or ("unicode" if has_signs() else "text")))


@main.command(cls=Command, epilog=report.CHECK_EXAMPLES, no_args_is_help=True)
@formula_options
@click.option("--answer", required=True, metavar="FORMULA", help="The derivative made by hand, in any dialect.")
@refusals
def check(formula: str, names: Words, declared: Words, layout: str | None, structure: str | None, answer: str, *, as_json: bool) -> None:
    """Mark ANSWER as the derivative of FORMULA: right (in which layouts), or the slip, mended, with a counterexample."""
    with wrt.conventions(structure=structure):
        mark = wrt.check(wrt.parse(formula, "\n".join(declared) or None), *names, answer=answer, layout=layout)
    if as_json:
        print_json(report.mark_data(mark))
    else:
        click.echo(str(mark))
    if not mark:
        sys.exit(DISPROVED)


main.add_command(taylor)
main.add_command(equal)
main.add_command(tape)
main.add_command(exercise)
