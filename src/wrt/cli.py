"""The command line: `wrt derive`, `wrt verify`; a caller of the public names and nothing else.

A command gathers plain data (`cli_report`), then prints it as lines or as JSON. A refusal prints the message with its caret and ends with
status 2; a proof that found a disagreement ends with status 1.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from typing import Any

import click

import wrt
from wrt import cli_report as report

LAYOUTS = ("mixed", "numerator", "denominator")
STRUCTURES = ("projected", "parameters", "ignored")
REFUSED, DISPROVED = 2, 1
Words = tuple[str, ...]


class Command(click.Command):
    """A command whose formula may begin with a minus: `wrt derive "-x**2"`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = {name for parameter in self.params for name in (*parameter.opts, *parameter.secondary_opts)} | set(self.get_help_option_names(ctx))
        for at, word in enumerate(args):
            if word == "--":
                break
            minus = len(word) > 1 and word[0] == "-" and word[1] != "-" and word[:2] not in known
            if minus and (at == 0 or args[at - 1] not in self._with_value()):
                args = [*args[:at], *args[at + 1 :], "--", word]
                break
        return super().parse_args(ctx, args)

    def _with_value(self) -> set[str]:
        return {name for parameter in self.params if isinstance(parameter, click.Option) and not parameter.is_flag for name in parameter.opts}


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=report.EXAMPLES)
@click.version_option(None, "--version", package_name="wrt", message="%(prog)s %(version)s")
def main() -> None:
    """Derivatives as formulas: of scalars, vectors, matrices and tensors, of any order, proved."""


def formula_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which function and which derivative is meant."""
    names = "By which variable; repeated for higher order. May be left out when there is only one."
    for decorate in reversed(
        (
            click.argument("formula"),
            click.option("--wrt", "names", multiple=True, metavar="NAME", help=names),
            click.option(
                "-v", "--var", "declared", multiple=True, metavar="DECLARATION", help='Declare a variable: -v "A: m n symmetric". Repeatable.'
            ),
            click.option(
                "--layout", type=click.Choice(LAYOUTS), envvar="WRT_LAYOUT", show_envvar=True, help="Layout of the result.  [default: mixed]"
            ),
            click.option("--structure", type=click.Choice(STRUCTURES), help="By what of a structured variable.  [default: projected]"),
            click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object, for programs."),
        )
    ):
        command = decorate(command)
    return command


def refusals(command: Callable[..., None]) -> Callable[..., None]:
    """Print a refusal in the form asked for and end with its status."""

    @functools.wraps(command)
    def run(*, formula: str, as_json: bool, **options: Any) -> None:
        try:
            text = sys.stdin.read() if formula == "-" else formula
            command(formula=text, as_json=as_json, **options)
        except wrt.WrtError as error:
            if as_json:
                _print_json({"error": report.error_data(error)})
            else:
                click.echo(f"{type(error).__name__}: {error}", err=True)
            sys.exit(DISPROVED if isinstance(error, wrt.ProofError) else REFUSED)

    return run


@main.command(cls=Command, epilog=report.DERIVE_EXAMPLES)
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
    f = wrt.parse(formula, "\n".join(declared) or None)
    d = wrt.derive(f, *names, layout=layout, structure=structure)
    if d.matrix is None:  # what has no matrix form is shown in every form that it has
        views += ("kronecker", "operator")
    wanted = report.VIEWS if as_json else tuple(view for view in report.VIEWS if view in views)
    found = report.derivative_data(f, d, wanted)
    if data is not None:
        found["value"] = report.value_at(d, data)
    if as_json:
        _print_json(found)
    else:
        _print_lines(report.derivative_lines(found, wanted, plain=not _has_signs()))


@main.command(cls=Command, epilog=report.VERIFY_EXAMPLES)
@formula_options
@click.option("--size", "sizes", multiple=True, metavar="NAME=NUMBER", help="Size used by the numeric differentiation. Repeatable.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random points.")
@refusals
def verify(formula: str, names: Words, declared: Words, layout: str | None, structure: str | None, sizes: Words, seed: int, *, as_json: bool) -> None:
    """Prove every view of the derivative of FORMULA and differentiate numerically beside it."""
    f = wrt.parse(formula, "\n".join(declared) or None)
    found = report.verdict_data(wrt.verify(f, *names, layout=layout, structure=structure, sizes=report.sizes_of(sizes), seed=seed))
    if as_json:
        _print_json(found)
    else:
        _print_lines(report.verdict_lines(found, plain=not _has_signs()))


@main.command(cls=Command, epilog=report.STEPS_EXAMPLES)
@formula_options
@click.option(
    "--style", type=click.Choice(["differential", "componentwise", "chain"]), default="differential", show_default=True, help="The way of working."
)
@refusals
def steps(formula: str, names: Words, declared: Words, layout: str | None, structure: str | None, style: str, *, as_json: bool) -> None:
    """Derive FORMULA step by step: each line follows from the one before by one named rule, and is proved equal to it."""
    d = wrt.derive(wrt.parse(formula, "\n".join(declared) or None), *names, layout=layout, structure=structure)
    found = d.steps(style=style)
    if as_json:
        _print_json(report.steps_data(found))
    else:
        click.echo(str(found))


@main.command(cls=Command, epilog=report.CHECK_EXAMPLES)
@formula_options
@click.option("--answer", required=True, metavar="FORMULA", help="The derivative made by hand, in any dialect.")
@refusals
def check(formula: str, names: Words, declared: Words, layout: str | None, structure: str | None, answer: str, *, as_json: bool) -> None:
    """Mark ANSWER as the derivative of FORMULA: right (in which layouts), or the slip, mended, with a counterexample."""
    with wrt.conventions(structure=structure):
        mark = wrt.check(wrt.parse(formula, "\n".join(declared) or None), *names, answer=answer, layout=layout)
    if as_json:
        _print_json(report.mark_data(mark))
    else:
        click.echo(str(mark))
    if not mark:
        sys.exit(DISPROVED)


def _print_json(data: dict[str, Any]) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


def _has_signs() -> bool:
    """Whether the output can hold the signs of formulas."""
    try:
        "ᵀ‖²∑⊗α".encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _print_lines(lines: list[tuple[str, str]]) -> None:
    """Label and text, aligned; labels dim on a terminal."""
    width = max(len(label) for label, _ in lines) + 2
    for label, text in lines:
        first, *rest = text.splitlines() or [""]
        click.echo(click.style(label.ljust(width), dim=True) + first)
        for line in rest:
            click.echo(" " * width + line)
