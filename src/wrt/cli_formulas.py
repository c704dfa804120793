"""`wrt taylor` and `wrt equal`: a polynomial in place of a function, and whether two formulas are one."""

from __future__ import annotations

import sys
from typing import Any

import click

import wrt
from wrt import cli_report as report
from wrt.cli_options import DISPROVED, Command, Words, has_signs, print_json, print_lines, refusals
from wrt.cli_tape import point_of

TAYLOR_EXAMPLES = """\b
Examples:
  wrt taylor "exp(x)" --order 3
  wrt taylor "log(x)" --at "x=a" --order 2
  wrt taylor "norm(A @ x - b)**2" --wrt x --at "x=x0" --order 1      the linear approximation
  wrt taylor "exp(x)*log(1 + y)" --wrt x --wrt y                     in several variables"""

EQUAL_EXAMPLES = """\b
Examples:
  wrt equal "norm(x)**2" "x.T @ x" -v "x: n"
  wrt equal "A @ B" "B @ A" -v "A: n n, B: n n"
  wrt equal "tr(A @ B)" "tr(B @ A)" -v "A: m n, B: n m"
\b
Exit status: 0 where they are equal, 1 where they differ or nothing is decided, 2 where the input cannot be answered."""

VARIABLE = 'Declare a variable: -v "A: m n symmetric". Repeatable.'
JSON = "Print everything as one JSON object, for programs."


@click.command(cls=Command, epilog=TAYLOR_EXAMPLES, no_args_is_help=True)
@click.argument("formula")
@click.option("--wrt", "names", multiple=True, metavar="NAME", help="In which variable. Repeatable; may be left out when there is only one.")
@click.option("-v", "--var", "declared", multiple=True, metavar="DECLARATION", help=VARIABLE)
@click.option("--at", "point", metavar="POINT", help='Around which point: --at "x=a, y=0"; 0 where nothing is said.')
@click.option("--order", type=click.IntRange(0, 12), default=2, show_default=True, help="The highest degree; 1 is the linear approximation.")
@click.option("--latex", is_flag=True, help="Also in LaTeX.")
@click.option("--json", "as_json", is_flag=True, help=JSON)
@refusals
def taylor(formula: str, names: Words, declared: Words, point: str | None, order: int, *, latex: bool, as_json: bool) -> None:
    """Print the Taylor polynomial of FORMULA, proved."""
    f = wrt.parse(formula, "\n".join(declared) or None)
    found = _polynomial(f, wrt.taylor(f, *names, at=None if point is None else point_of(point), order=order))
    if as_json:
        print_json(found)
        return
    style = "unicode" if has_signs() else "text"
    lines = [("f", found["formula_unicode"] if style == "unicode" else found["formula"])]
    lines += [("assumed", ", ".join(found["assumed"]))] if found["assumed"] else []
    lines += [("at", ", ".join(f"{name} = {at}" for name, at in found["at"].items())), ("order", str(found["order"])), ("taylor", found[style])]
    held = found["conditions_unicode" if style == "unicode" else "conditions"]
    lines += [("where", ", ".join(held))] if held else []
    lines += [("latex", found["latex"])] if latex else []
    print_lines([*lines, ("proof", found["verified"])])


def _polynomial(f: wrt.Formula, p: wrt.Expansion) -> dict[str, Any]:
    printed = {"text": str(p), "unicode": p.unicode(), "latex": p.latex(), "conditions": list(p.conditions), "conditions_unicode": list(p.where())}
    return {**report.formula_data(f), "at": {name: str(at) for name, at in p.at.items()}, "order": p.order, **printed, "verified": p.verified}


@click.command(cls=Command, epilog=EQUAL_EXAMPLES, no_args_is_help=True)
@click.argument("formula")
@click.argument("other")
@click.option("-v", "--var", "declared", multiple=True, metavar="DECLARATION", help=VARIABLE)
@click.option("--json", "as_json", is_flag=True, help=JSON)
@refusals
def equal(formula: str, other: str, declared: Words, *, as_json: bool) -> None:
    """Say whether FORMULA and OTHER are equal: a proof, or a point where they differ."""
    f = wrt.parse(formula, "\n".join(declared) or None)
    found = wrt.equal(f, other)
    if as_json:
        keys = ("verdict", "counterexample", "left", "right", "sizes", "why")
        print_json(
            {"equal": bool(found), "assumed": list(f.assumed), **{key: report.plain(getattr(found, key)) for key in keys}, "sentence": str(found)}
        )
    else:
        click.echo(str(found))
    if not found:
        sys.exit(DISPROVED)
