"""What the commands of the command line share: the options that name a derivative, refusals, printing."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

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
        valued = self._with_value()
        options: list[str] = []
        formulas: list[str] = []
        words = iter(args)
        if args and args[-1] in valued:  # its value is missing: told in the parser's words
            return super().parse_args(ctx, args)
        for word in words:
            if word == "--":
                formulas += words
            elif f"-{word}" in known and word not in known:
                raise click.NoSuchOption(word, possibilities=[f"-{word}"], ctx=ctx)
            elif word[:1] != "-" or len(word) == 1 or (word[1] != "-" and word[:2] not in known):
                formulas.append(word)
            else:
                options.append(word)
                if word in valued:
                    options.append(next(words))
                    if options[-1] in known:
                        raise click.BadOptionUsage(word, f"Option '{word}' requires an argument.", ctx=ctx)
        try:
            return super().parse_args(ctx, [*options, "--", *formulas] if formulas else options)
        except click.UsageError as error:
            if "unexpected extra argument" in error.message:
                says = f'{error.message.rstrip(".")}. A formula is one argument: put quotes around it, {ctx.command_path} "x.T @ A @ x".'
                raise click.UsageError(says, ctx=ctx) from None
            raise

    def _with_value(self) -> set[str]:
        return {name for parameter in self.params if isinstance(parameter, click.Option) and not parameter.is_flag for name in parameter.opts}


class Commands(click.Group):
    """The commands; with --json what is wrong with the command line is told as JSON too, like any refusal."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        words = list(sys.argv[1:] if args is None else args)
        if "--json" not in words or rest or not extra.pop("standalone_mode", True):
            return super().main(words, *rest, **extra)
        try:
            status = super().main(words, standalone_mode=False, **extra)
        except click.ClickException as error:
            where = error.ctx if isinstance(error, click.UsageError) else None
            hint = f"{where.command_path} --help shows the options and examples." if where is not None else ""
            data = {"code": "usage", "kind": type(error).__name__, "message": error.format_message(), "span": None, "hint": hint, "text": ""}
            print_json({"error": data})
            sys.exit(REFUSED)
        sys.exit(status if isinstance(status, int) else 0)


def formula_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which function and which derivative is meant."""
    names = "By which variable; repeated for higher order. May be left out when there is only one."
    for decorate in reversed(
        (
            click.argument("formula"),
            click.option("--wrt", "names", multiple=True, metavar="NAME", help=names),
            click.option(
                "-v", "--var", "declared", multiple=True, metavar="DECLARATION", help='Declare: -v "A: m n symmetric", -v "g: (n) -> ()". Repeatable.'
            ),
            click.option(
                "--layout",
                type=click.Choice(LAYOUTS),
                envvar="WRT_LAYOUT",
                show_envvar=True,
                help="Layout of the result.  [default: mixed; of an answer: any]",
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
            refuse(error, as_json=as_json)

    return run


def refuse(error: wrt.WrtError, *, as_json: bool = False) -> NoReturn:
    """Print a refusal and end with its status."""
    if as_json:
        print_json({"error": report.error_data(error)})
    else:
        click.echo(f"{type(error).__name__}: {error}", err=True)
    sys.exit(DISPROVED if isinstance(error, wrt.ProofError) else REFUSED)


def print_json(data: dict[str, Any]) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


def has_signs() -> bool:
    """Whether the output can hold the signs of formulas."""
    try:
        "ᵀ‖²∑⊗α".encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def print_lines(lines: list[tuple[str, str]]) -> None:
    """Label and text, aligned; labels dim on a terminal."""
    width = max(len(label) for label, _ in lines) + 2
    for label, text in lines:
        first, *rest = text.splitlines() or [""]
        click.echo(click.style(label.ljust(width), dim=True) + first)
        for line in rest:
            click.echo(" " * width + line)
