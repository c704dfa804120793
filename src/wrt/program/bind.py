"""Arguments of a program: which array is which variable, and what the sizes are.

Sizes are solved from the arrays' shapes by unification of size polynomials (n, m + 1, 2*n, n*n); what disagrees is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import Any, NamedTuple

from wrt.errors import ShapeError, TextError, UnknownNameError
from wrt.language.sizes import Size
from wrt.language.surface import Declaration, FunctionDeclaration
from wrt.program.functions_given import given


class Recipe(NamedTuple):
    """How a size is read off one axis of an array: name = (shape[axis] - offset) // factor, or its root."""

    array: str
    axis: int
    factor: Size
    offset: Size
    root: bool = False


def recipes(declarations: Mapping[str, Declaration]) -> dict[str, Recipe]:
    """For every size name that the declared shapes determine: where to read it, names that others need first."""
    found: dict[str, Recipe] = {}
    arrays = [d for d in declarations.values() if not isinstance(d, FunctionDeclaration)]
    axes = [(d.name, axis, size) for d in arrays for axis, size in enumerate(d.shape.sizes)]
    for name, axis, size in axes:
        if size.name is not None:
            found.setdefault(size.name, Recipe(name, axis, Size.of(1), Size.of(0)))
    progress = True
    while progress:
        progress = False
        for name, axis, size in axes:
            unknown = [n for n in sorted(size.names) if n not in found and not _whole(declarations, n)]
            if len(unknown) != 1:
                continue
            recipe = _isolated(name, axis, size, unknown[0])
            if recipe is not None:
                found[unknown[0]] = recipe
                progress = True
    return found


def _whole(declarations: Mapping[str, Declaration], name: str) -> bool:
    """Whether a size name is an integer variable, known by its value."""
    return name in declarations and not declarations[name].shape.sizes


def _isolated(array: str, axis: int, size: Size, name: str) -> Recipe | None:
    """size = factor * name + offset solved for the name; size = name*name too."""
    one, none = Size.of(1), Size.of(0)
    if size is Size.of(name) * Size.of(name):
        return Recipe(array, axis, one, none, True)
    at_zero, at_one = size.substitute({name: none}), size.substitute({name: one})
    factor = at_one - at_zero
    return Recipe(array, axis, factor, at_zero) if factor * Size.of(name) + at_zero is size else None


class Binder:
    """Arguments to arrays in order of declaration, and the sizes they have."""

    def __init__(self, declarations: Mapping[str, Declaration], sizes: tuple[str, ...]) -> None:
        self.declarations = declarations
        self.names = tuple(declarations)
        self.recipes = recipes(declarations)
        self.functions = tuple(n for n in self.names if isinstance(declarations[n], FunctionDeclaration))
        self.whole = tuple(n for n in self.names if _whole(declarations, n) and "integer" in declarations[n].facts)
        self.free = tuple(n for n in sizes if n not in self.recipes and n not in declarations)  # sizes that no array shows: asked for by name
        shown = {n for name in self.functions for size in declarations[name].sizes for n in size.names}
        self.guessed = frozenset(
            n for n in self.free if n in shown
        )  # that values of a passed function would show: asked for only by code that needs them

    def gather(self, args: tuple[Any, ...], values: dict[str, Any]) -> tuple[list[Any], dict[str, int]]:
        """(one value a declared name, sizes given by name)."""
        extra = {n: self._whole_number(n, values.pop(n)) for n in self.free if n in values}
        if args:
            if len(args) != len(self.names) or values:
                raise TextError(
                    f"the program takes {', '.join(self.names) or 'no argument'}, all by position or all by name; found {len(args)} by position"
                    + (f" and {', '.join(values)} by name." if values else ".")
                )
            return list(args), extra
        for name in values:
            if name not in self.declarations:
                raise UnknownNameError(f"'{name}' is not an argument of the program.", hint=f"it takes {', '.join(self.names) or 'none'}.")
        missing = [n for n in self.names if n not in values]
        if missing:
            raise TextError(f"no value for {', '.join(missing)}.")
        return [values[n] for n in self.names], extra

    def converters(self, asarray: Callable[[Any], Any]) -> list[Callable[[Any], Any]]:
        """One function a name: its value as an array (a number for a scalar) of the declared order. `asarray` leaves what fits as it is."""
        return [self._converter(name, asarray) for name in self.names]

    def _converter(self, name: str, asarray: Callable[[Any], Any]) -> Callable[[Any], Any]:
        d = self.declarations[name]
        if isinstance(d, FunctionDeclaration):
            return lambda value: given(d, value)
        order = len(d.shape.sizes)
        if order == 0 and name in self.whole:
            return lambda value: self._whole_number(name, value)

        def convert(value: Any) -> Any:
            try:
                array = asarray(float(value) if isinstance(value, (Fraction, Decimal)) else value)
            except (TypeError, ValueError) as error:
                reason = "its rows differ in length" if "inhomogeneous" in str(error) else str(error)
                raise ShapeError(f"{name} must be real numbers: {reason}.") from None
            if array.ndim != order:
                raise self._misfit(name, tuple(array.shape))
            return array if order else array[()]

        return convert

    def _whole_number(self, name: str, value: Any) -> int:
        try:
            number = int(value)
            if number == value:
                return number
        except (TypeError, ValueError, OverflowError):
            pass
        found = f"an array of shape {value.shape}" if getattr(value, "shape", ()) else repr(value)
        raise ShapeError(f"{name} is declared a whole number, found {found}.")

    def _misfit(self, name: str, shape: tuple[int, ...]) -> ShapeError:
        sizes = self.declarations[name].shape.sizes
        wanted = {0: "a number", 1: f"a 1-D array of size {sizes[0]}" if sizes else ""}.get(len(sizes), f"a {len(sizes)}-D array")
        column = len(sizes) == 1 and len(shape) == 2 and 1 in shape
        return ShapeError(
            f"{name} must be {wanted}; found shape {shape}.", hint=f"vectors and rows are passed as 1-D arrays: {name}.reshape(-1)." if column else ""
        )

    def solve(self, arrays: list[Any], extra: Mapping[str, int]) -> dict[str, int]:
        """The sizes, all equations checked."""
        sizes: dict[str, int] = {n: arrays[self.names.index(n)] for n in self.whole}
        sizes.update(extra)
        shapes = {n: getattr(a, "shape", ()) for n, a in zip(self.names, arrays, strict=True)}
        for name, recipe in self.recipes.items():
            if name in sizes:
                continue
            length = shapes[recipe.array][recipe.axis]
            rest = length - recipe.offset.value(sizes)
            factor = recipe.factor.value(sizes)
            value = isqrt(rest) if recipe.root else rest // factor if factor else 0
            if value < 0 or (value * value if recipe.root else value * factor) != rest:
                raise ShapeError(
                    f"{recipe.array} has shape {_by(shapes[recipe.array])}: no whole {name} makes its axis {recipe.axis} equal to {self._declared(recipe)}."
                )
            sizes[name] = value
        missing = [n for n in self.free if n not in sizes and n not in self.guessed]
        if missing:
            raise ShapeError(f"no array shows the size {missing[0]}; pass it by name, {missing[0]}=3.")
        self._check(shapes, sizes)
        return sizes

    def _declared(self, recipe: Recipe) -> Size:
        return self.declarations[recipe.array].shape.sizes[recipe.axis]

    def _check(self, shapes: Mapping[str, tuple[int, ...]], sizes: Mapping[str, int]) -> None:
        for name, shape in shapes.items():
            if isinstance(self.declarations[name], FunctionDeclaration):
                continue
            for axis, (size, length) in enumerate(zip(self.declarations[name].shape.sizes, shape, strict=True)):
                wanted = size.value(sizes)
                if wanted == length:
                    continue
                if size.number is not None:
                    raise ShapeError(f"axis {axis} of {name} has size {size} by declaration; found shape {_by(shape)}.")
                first = next((self.recipes[n].array for n in sorted(size.names) if n in self.recipes), None)
                there = f" in {first} ({_by(shapes[first])})" if first is not None else ""
                raise ShapeError(f"size {size} is {wanted}{there} and {length} in {name} ({_by(shape)}).")


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a number"
