"""What the command line prints, as plain data and as lines: everything is taken from the public names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import wrt
from wrt.calculus.conditions import has_kinks
from wrt.language.surface import Declaration, FunctionDeclaration

VIEWS = ("text", "latex", "index", "kronecker", "operator", "code")
STEP_FORMS = ("text", "unicode", "latex", "html")
MUCH = 0.8  # of the length: a form with names is shown from there down
OTHERS = {"mixed": ("numerator", "denominator"), "numerator": ("mixed", "denominator"), "denominator": ("mixed", "numerator")}

EXAMPLES = """\b
Examples:
  wrt derive "norm(A @ x - b)**2" --wrt x
  wrt derive "x.T @ A @ x" --wrt x --wrt x
  wrt steps "x.T @ A @ x" --wrt x
  wrt taylor "exp(x)" --order 3
  wrt equal "norm(x)**2" "x.T @ x" -v "x: n"
  wrt derive --help"""

DERIVE_EXAMPLES = """\b
Examples:
  wrt derive "x**2"
  wrt derive "norm(A @ x - b)**2" --wrt x
  wrt derive "x.T @ A @ x" --wrt x --wrt x              the Hessian
  wrt derive "logdet(S)" -v "S: n n symmetric"          facts of a variable
  wrt derive "softmax(W @ x)" --wrt x --layout denominator --latex
  wrt derive "inv(X)" -v "X: n n" --kronecker --index
  wrt derive "norm(A @ x - b)**2" --wrt x --code        NumPy source
  wrt derive "norm(A @ x - b)**2" --wrt x --data arrays.npz
\b
A vector is a column; x.T is a row. @ is the matrix product, * / ** are entry by entry.
Exit status: 0, or 2 where the input cannot be answered (the reason is printed), or 1 where the proof found a disagreement."""

STEPS_EXAMPLES = """\b
Examples:
  wrt steps "x.T @ A @ x" --wrt x
  wrt steps "norm(A @ x - b)**2" --wrt x --style componentwise
  wrt steps "softmax(z)" --style chain --latex
  wrt steps "x**2" --style limit --html
"""
CHECK_EXAMPLES = """\b
Examples:
  wrt check "norm(A @ x - b)**2" --wrt x --answer "2*A.T @ (A @ x - b)"
  wrt check "x.T @ A @ x" --wrt x --answer "2*A @ x"
"""
VERIFY_EXAMPLES = """\b
Examples:
  wrt verify "logdet(X)" --wrt X
  wrt verify "sum(log(1 + exp(-y*(X @ w))))" --wrt w --wrt w --size n=3 --seed 7"""


# ------------------------------------------------------------------------------------------------------------ data
def derivative_data(f: wrt.Formula, d: wrt.Derivative, views: Sequence[str]) -> dict[str, Any]:
    """What was assumed, the result, its convention, its conditions, the views asked for, and the verdict of the proof over all of them."""
    result = d.matrix
    found: dict[str, Any] = {
        **formula_data(f),
        "wrt": list(d.names),
        "form": "matrix" if result is not None else "index",
        "kind": result.kind if result is not None else f"tensor of order {len(d.shape)}",
        "shape": list(map(str, d.shape)),
        "printed_shape": _printed_shape(result.kind, result.shape) if result is not None else " x ".join(map(str, d.shape)),
        "indices": list(d.index.indices),
        "text": d.text(),
        "unicode": d.unicode(),
    }
    found |= {view: _view(d, view) for view in views}
    found["convention"] = _convention(d)
    found["in_parts"] = _in_parts(d)
    found["other_layout"] = _other_layout(d)
    found["conditions"], found["conditions_unicode"] = list(d.conditions), list(d.where())
    found["verified"] = d.verified
    return found


def formula_data(f: wrt.Formula) -> dict[str, Any]:
    """The function as read, its declarations and what was assumed."""
    declared = {name: _declared(d) for name, d in f.declarations.items()}
    return {"formula": str(f), "formula_unicode": f.unicode(), "syntax": f.source.syntax, "declarations": declared, "assumed": list(f.assumed)}


def _declared(d: Declaration) -> dict[str, Any]:
    found = {"kind": d.shape.kind, "shape": list(map(str, d.shape.sizes)), "facts": sorted(d.facts)}
    if not isinstance(d, FunctionDeclaration):
        return found
    return {**found, "kind": "function", "arguments": [list(map(str, a.sizes)) for a in d.arguments]}


def _convention(d: wrt.Derivative) -> dict[str, str]:
    """The convention; its sentence leaves out the structure where no variable of differentiation has one, and kinks where the function has none."""
    layout, structure, kinks = str(d.convention).split("; ")
    has_structure = any(d.declarations[v.name].facts for v in d.variables)
    says = "; ".join([layout, *[structure] * has_structure, *[kinks] * has_kinks(d.formula.expr)])
    return {"layout": d.convention.layout, "structure": d.convention.structure, "kinks": d.convention.kinks, "says": says}


def _view(d: wrt.Derivative, view: str) -> Any:
    match view:
        case "text":
            return d.text()
        case "latex":
            return d.latex()
        case "code":
            return d.compile().source
        case "index":
            form: wrt.Formula | None = d.index.expr
        case "kronecker":
            form = d.kronecker
        case _:
            form = d.operator
    return None if form is None else {"text": str(form), "unicode": form.unicode(), "latex": form.latex()}


def _printed_shape(kind: str, sizes: Sequence[object]) -> str:
    match kind:
        case "scalar":
            return "a scalar"
        case "column":
            return f"{sizes[0]} x 1"
        case "row":
            return f"1 x {sizes[0]}"
        case _:
            return " x ".join(map(str, sizes))


def _in_parts(d: wrt.Derivative) -> dict[str, str] | None:
    """The form with names for what recurs, where that is much shorter."""
    if d.matrix is None or d.named is d.matrix or len(d.named.unicode()) > MUCH * len(d.unicode()):
        return None
    return {"text": str(d.named), "unicode": d.named.unicode()}


def _other_layout(d: wrt.Derivative) -> dict[str, str] | None:
    """The first other layout in which the printed form differs, or None."""
    if d.matrix is None:
        return None
    for layout in OTHERS[d.convention.layout]:
        other = d.in_layout(layout)
        if other is not None and str(other) != str(d.matrix):
            return {"layout": layout, "text": str(other), "unicode": other.unicode()}
    return None


def steps_data(found: Any) -> dict[str, Any]:
    """A derivation as plain data: every line, and the dozen that are shown, in each form."""
    return {**found.data(), "displays": {form: steps_shown(found, form) for form in STEP_FORMS}}


def steps_shown(found: Any, form: str) -> str:
    """The lines of a derivation that are shown: in "text", "unicode", "latex" or "html"."""
    return str(found) if form == "text" else str(getattr(found, form)())


def mark_data(mark: wrt.Mark) -> dict[str, Any]:
    """A mark as plain data."""
    keys = ("right", "layout", "slip", "where", "counterexample", "fixed", "undecided")
    return {**{key: plain(getattr(mark, key)) for key in keys}, "sentence": str(mark)}


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def error_data(error: wrt.WrtError) -> dict[str, Any]:
    """A refusal for programs: `span` is [start, end] in characters of `text`, or null."""
    return {
        "code": error.code,
        "kind": type(error).__name__,
        "message": error.message,
        "span": list(error.span) if error.span is not None else None,
        "hint": error.hint,
        "text": error.text,
    }


def sizes_of(words: Sequence[str]) -> dict[str, int]:
    """{"n": 3} out of ["n=3"]."""
    sizes = {}
    for word in words:
        name, _, number = word.partition("=")
        if not name.strip() or not number.strip().isdecimal():
            raise wrt.TextError(f"a size is given as a name and a whole number, not {word!r}.", hint="--size n=3")
        sizes[name.strip()] = int(number)
    return sizes


def value_at(d: wrt.Derivative, path: str) -> Any:
    """The derivative at the arrays of an .npz file, as nested lists of numbers."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, AttributeError, TypeError, EOFError) as error:  # AttributeError, TypeError: a plain .npy array is no archive
        says = str(error) if isinstance(error, OSError) and error.filename else "it is no archive of arrays"
        raise wrt.TextError(f"cannot read {path} as an .npz file: {says}.", hint="numpy.savez writes one: numpy.savez(path, A=A, x=x).") from None
    missing = [name for name in d.formula.declarations if name not in arrays]
    if missing:
        raise wrt.TextError(f"{path} has no array for {', '.join(missing)}.", hint=f"it holds {', '.join(arrays) or 'none'}.")
    values = {name: arrays[name] if arrays[name].ndim else arrays[name].item() for name in d.formula.declarations}
    return np.asarray(d(**values)).tolist()


# ------------------------------------------------------------------------------------------------------------ lines
def derivative_lines(found: dict[str, Any], views: Sequence[str], *, plain: bool = False) -> list[tuple[str, str]]:
    """(label, text) pairs, in the order they are read; `plain`: formulas in the text language, for an output without the signs."""
    style = "text" if plain else "unicode"
    lines = [("f", found["formula"] if plain else found["formula_unicode"])]
    if found["syntax"] != "python":
        lines.append(("read as", found["syntax"]))
    if found["assumed"]:
        lines.append(("assumed", ", ".join(found["assumed"])))
    name = _name(found["wrt"], plain=plain)
    indices = f"[{', '.join(found['indices'])}]"
    lines.append((name if found["form"] == "matrix" else f"{name} {indices}", found[style]))
    if found["in_parts"]:
        lines.append(("in parts", found["in_parts"][style]))
    lines += [("shape", found["printed_shape"]), ("convention", found["convention"]["says"])]
    if found["other_layout"]:
        lines.append((found["other_layout"]["layout"], found["other_layout"][style]))
    if found["conditions"]:
        lines.append(("where", ", ".join(found["conditions" if plain else "conditions_unicode"])))
    for view in views:
        form = found[view]
        label = f"index {indices}" if view == "index" else view
        lines.append((label, form[style] if isinstance(form, dict) else form if form is not None else f"no {view} form"))
    lines.append(("proof", found["verified"]))
    if "value" in found:
        import numpy as np

        lines.append(("value", str(np.asarray(found["value"]))))
    return lines


def _name(names: Sequence[str], *, plain: bool) -> str:
    """df/dx, d²f/dx², d²f/dx dy."""
    if len(names) == 1:
        return f"df/d{names[0]}"
    order = str(len(names))
    if not plain:
        order = order.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    below = f"d{names[0]}{order}" if len(set(names)) == 1 else " ".join(f"d{name}" for name in names)
    return f"d{order}f/{below}"


# ------------------------------------------------------------------------------------------------------------ verify
def verdict_data(found: wrt.Verification) -> dict[str, Any]:
    """What `wrt verify` found, as plain data."""
    d = found.derivative
    return {
        **formula_data(d.formula),
        "wrt": list(d.names),
        "text": d.text(),
        "unicode": d.unicode(),
        "convention": _convention(d),
        "conditions": list(d.conditions),
        "conditions_unicode": list(d.where()),
        "views": dict(found.views),
        "verified": found.verified,
        "sizes": dict(found.sizes),
        "seed": found.seed,
        "largest_difference": found.largest_difference,
        "where": list(found.where),
        "derived": found.derived,
        "by_differences": found.by_differences,
    }


def verdict_lines(found: dict[str, Any], *, plain: bool = False) -> list[tuple[str, str]]:
    """(label, text) pairs, in the order they are read."""
    lines = [("f", found["formula"] if plain else found["formula_unicode"])]
    if found["assumed"]:
        lines.append(("assumed", ", ".join(found["assumed"])))
    lines.append((_name(found["wrt"], plain=plain), found["text" if plain else "unicode"]))
    if found["conditions"]:
        lines.append(("where", ", ".join(found["conditions" if plain else "conditions_unicode"])))
    lines += [(view, f"proof: {status}") for view, status in found["views"].items()]
    at = ", ".join([f"{name} = {size}" for name, size in found["sizes"].items()] + [f"seed {found['seed']}"])
    where = f"[{', '.join(map(str, found['where']))}]"
    lines.append(("differences", f"agree to {found['largest_difference']:.0e} ({at})"))
    lines.append(("", f"worst at {where}: {found['derived']:.10g} by the formula, {found['by_differences']:.10g} by central differences"))
    return lines
