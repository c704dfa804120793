"""`wrt tape`: the table of automatic differentiation, and its graph."""

from __future__ import annotations

from pathlib import Path

import click

import wrt
from wrt.cli_options import Command, Words, has_signs, print_json, refusals

EXAMPLES = """\b
Examples:
  wrt tape "sqrt(x**2 + exp(x**2)) + cos(x**2 + exp(x**2))"
  wrt tape "x*y + sin(x)" --at "x=2, y=3"
  wrt tape "x*y + sin(x)" --at "x=2, y=3" --mode forward
  wrt tape "norm(A @ x - b)**2" --wrt x --svg graph.svg
  wrt tape "u = A @ x; norm(u)**2" --at "A=[[1, 2], [3, 4]], x=[1, 1]" --form latex"""

OPEN, CLOSED = "([{", ")]}"


def point_of(text: str) -> dict[str, str]:
    """{"x": "2", "y": "[1, 3]"} out of "x=2, y=[1, 3]"."""
    out: dict[str, str] = {}
    depth, start = 0, 0
    for k, c in enumerate(text + ","):
        depth += (c in OPEN) - (c in CLOSED)
        if c in ",;\n" and not depth:
            name, _, value = text[start:k].partition("=")
            start = k + 1
            if not name.strip() and not value.strip():
                continue
            if not value.strip():
                raise wrt.TextError(f"a point gives each variable a value, not {name.strip()!r}.", hint='--at "x=2, y=[1, 3]"')
            out[name.strip()] = value.strip()
    if depth:
        raise wrt.TextError("a bracket of the point is not closed.", text=text, span=(0, len(text)))
    return out


class TapeCommand(Command):
    """A command whose point, left out, is asked for with an example."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args[-1:] == ["--at"]:
            raise click.BadOptionUsage("--at", "Option '--at' requires a point: --at \"x=2, y=[1, 3]\", one value for every variable.", ctx=ctx)
        return super().parse_args(ctx, args)


@click.command(cls=TapeCommand, epilog=EXAMPLES)
@click.argument("formula")
@click.option("--wrt", "names", multiple=True, metavar="NAME", help="An input to differentiate by. Repeatable; all variables if left out.")
@click.option("-v", "--var", "declared", multiple=True, metavar="DECLARATION", help='Declare a variable: -v "A: m n symmetric". Repeatable.')
@click.option("--at", "point", metavar="POINT", help='Numbers: --at "x=2, y=[1, 3]", one value for every variable; symbols if left out.')
@click.option("--mode", type=click.Choice(["reverse", "forward"]), default="reverse", show_default=True, help="Adjoints or tangents.")
@click.option("--form", type=click.Choice(["table", "text", "latex", "html", "svg"]), default="table", show_default=True, help="How it is printed.")
@click.option("--svg", "picture", type=click.Path(dir_okay=False), metavar="FILE", help="Also draw the graph into this file.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object, for programs.")
@refusals
def tape(formula: str, names: Words, declared: Words, point: str | None, mode: str, form: str, picture: str | None, *, as_json: bool) -> None:
    """Show the automatic differentiation of FORMULA as a table: intermediate variables, local derivatives, adjoints or tangents."""
    f = wrt.parse(formula, "\n".join(declared) or None)
    found = wrt.tape(f, *names, at=None if point is None else point_of(point), mode=mode)
    if picture is not None:
        try:
            Path(picture).write_text(found.svg(), encoding="utf-8")
        except OSError as error:
            raise wrt.TextError(f"cannot write {picture}: {error.strerror}.") from None
    if as_json:
        print_json(found.data())
        return
    forms = {"table": found.unicode if has_signs() else found.text, "text": found.text, "latex": found.latex, "html": found.html, "svg": found.svg}
    click.echo(forms[form]().rstrip("\n"))
