"""Shapes: what fits, what is refused and how it is said, what is inferred for undeclared names."""

from __future__ import annotations

import math

import pytest

from wrt.errors import ShapeError, TextError, TooLargeError, UnknownNameError, WrtError
from wrt.language import sizes
from wrt.language.read import read, read_like
from wrt.language.sizes import Size

SHAPES = {"A": ("m", "n"), "B": ("m", "n"), "S": ("n", "n"), "x": ("n",), "y": ("m",), "c": (), "T": ("n", "n", "n"), "k": ()}

FITS = [
    ("A @ x", "m x 1"),
    ("x.T @ x", "a scalar"),
    ("x @ y.T", "n x m"),
    ("x.T", "1 x n"),
    ("c*A", "m x n"),
    ("A*y", "m x n"),
    ("A + x.T", "m x n"),
    ("x.T @ x @ x.T", "1 x n"),
    ("sum(A)", "a scalar"),
    ("sum(A, axis=0)", "1 x n"),
    ("sum(A, axis=1)", "m x 1"),
    ("softmax(A, axis=1)", "m x n"),
    ("kron(A, S)", "m*n x n*n"),
    ("vec(A)", "m*n x 1"),
    ("A[0, :]", "1 x n"),
    ("A[:, 0]", "m x 1"),
    ("A[0, 1]", "a scalar"),
    ("A[1:m, :]", "m - 1 x n"),
    ("x[2:]", "n - 2 x 1"),
    ("[c, x]", "n + 1 x 1"),
    ("[[S, x], [x.T, c]]", "n + 1 x n + 1"),
    ("array(x[i]*y[j] for i in range(n) for j in range(m))", "n x m"),
    ("array(x[i]*x[j]*x[k] for i in range(n) for j in range(n) for k in range(n))", "n x n x n"),
    ('einsum("ijk,k->ij", T, x)', "n x n"),
    ("conv1d(y, x)", "m - n + 1 x 1"),
    ("det(S)*inv(S)", "n x n"),
    ("solve(S, x)", "n x 1"),
    ("diag(x)", "n x n"),
    ("diag(S)", "n x 1"),
    ("ones(m, n)", "m x n"),
    ("T[0, :, :]", "n x n"),
    ("maximum(A, 0)", "m x n"),
    ("u = A @ x; u.T @ y", "a scalar"),
]


@pytest.mark.parametrize(("text", "shape"), [f for f in FITS if "range(n) for k" not in f[0]])
def test_shape_of(text: str, shape: str) -> None:
    assert str(read(text, SHAPES).tree.shape) == shape


REFUSED = [
    ("x @ x", "cannot multiply x @ x: inner sizes differ (x is n x 1, x is n x 1).", "x.T @ x is the inner product, x @ x.T the outer product."),
    ("c @ x", "c is a scalar: a scalar multiplies with *, not with @.", "write c*x."),
    ("A @ B", "cannot multiply A @ B: inner sizes differ (A is m x n, B is m x n).", "A.T @ B or A @ B.T fits."),
    ("x*y", "the shapes do not fit: x is n x 1, y is m x 1.", "x @ y.T is the outer product."),
    (
        "x + x.T",
        "the shapes do not fit: x is n x 1, x.T is 1 x n.",
        "entry by entry it is x + x; every entry with every other is x @ ones(n).T + ones(n) @ x.T.",
    ),
    ("det(A)", "det takes a square matrix; A is m x n.", ""),
    (
        "norm(A, 1)",
        "which norm of a matrix? A is m x n.",
        'norm(X) is the Frobenius norm, norm(X, "nuc") the nuclear, norm(X, "spec") the spectral norm.',
    ),
    ("softmax(A)", "softmax of a matrix needs an axis: A is m x n.", "softmax(X, axis=0) goes down the columns, softmax(X, axis=1) along the rows."),
    ("x[n]", "index n leaves the range 0 .. n - 1.", "entries are counted from 0, -1 is the last."),
    ("sum(x[i + 1] for i in range(n))", "index i + 1 leaves the range 0 .. n - 1.", "range(n) runs from 0 to n - 1."),
    (
        "sum(A[i, j]*A[j, i] for i in range(m) for j in range(n))",
        "index j runs to n - 1: past the range 0 .. m - 1 for some sizes.",
        "sizes that are the same have one name; a condition keeps inside too: if i < n.",
    ),
    (
        "sum(x[i] for i in range(q))",
        "index i runs to q - 1: past the range 0 .. n - 1 for some sizes.",
        "sizes that are the same have one name; a condition keeps inside too: if i < n.",
    ),
    ("x[0:n+1]", "the slice leaves the range of size n.", ""),
    ("sum(max(x[i:i + 2]) for i in range(n))", "the slice leaves the range of size n.", ""),
    ("sum(max(x[:i + 1]) for i in range(n))", "a slice has one length, whatever its indices: x[i:i + 3].", ""),
    ("x[::2]", "how many entries a slice of length n has at a step of 2 is not known.", ""),
    ("T @ x", "@ takes vectors and matrices: T is n x n x n, x is n x 1.", 'einsum("ijk,k->ij", T, x) contracts a tensor.'),
    ("c[0]", "c is a scalar and cannot be indexed.", ""),
    ("x[0.5]", "an index must be a whole number, not 0.5.", ""),
    ("sum(A, axis=2)", "axis 2 is out of range for m x n.", ""),
]


@pytest.mark.parametrize(("text", "message", "hint"), REFUSED)
def test_misfits_are_told(text: str, message: str, hint: str) -> None:
    with pytest.raises(ShapeError) as caught:
        read(text, SHAPES)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert caught.value.span is not None
    assert caught.value.text == text


def test_unknown_function_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as caught:
        read("sofmax(x)", SHAPES)
    assert caught.value.hint == "did you mean 'softmax'?"


INFERRED = [
    ("norm(A @ x - b)**2", ("A: m x n", "x: n", "b: m")),
    ("x**2", ("x: scalar",)),
    ("x.T @ A @ x", ("x: n", "A: n x n")),
    ("sum(log(1 + exp(-y*(X @ w))))", ("y: m", "X: m x n", "w: n")),
    ("logdet(X)", ("X: n x n",)),
    ("det(A + t*B)", ("A: n x n", "t: scalar", "B: n x n")),
    ("a*x + b", ("a: scalar", "x: scalar", "b: scalar")),
    ("sum(x)/n", ("x: n", "n: a size")),
    ("norm(A @ x)**2/n", ("A: m x p", "x: p", "n: a size")),
    ("norm(x - mu)**2", ("x: n", "mu: n")),
    ("sum(A[i, j]*x[j] for i in range(m) for j in range(n))", ("A: m x n", "x: n", "m: a size", "n: a size")),
    ("relu(W @ x + b)", ("W: m x n", "x: n", "b: m")),
    ("λ*norm(w)**2", ("λ: scalar", "w: n")),
    ("u = W @ x + b; relu(u)", ("W: m x n", "x: n", "b: m")),
    ("X @ W + B", ("X: m x n", "W: n x p", "B: m x p")),
]


@pytest.mark.parametrize(("text", "assumed"), INFERRED)
def test_undeclared_names_are_inferred_and_listed(text: str, assumed: tuple[str, ...]) -> None:
    assert read(text).assumed == assumed


def test_a_small_letter_added_to_a_matrix_is_asked_about() -> None:
    with pytest.raises(TextError, match="is b a scalar, a row or a column"):
        read("X @ W + b")


@pytest.mark.parametrize(
    ("shapes", "assume", "kind"),
    [
        ("A: m n symmetric", None, ShapeError),
        ("A: n n symetric", None, UnknownNameError),
        ("A m n", None, TextError),
        ("x: n, x: m", None, TextError),
        ({"x": (0,)}, None, ShapeError),
        ({"x": (-3,)}, None, ShapeError),
        ({"x": (10**9,)}, None, WrtError),
        ({"x": (1.5,)}, None, ShapeError),
        ({"n": ("n",)}, None, TextError),
        ({"for": ()}, None, TextError),
        ({"pi": ()}, None, TextError),
        ({"x": ("n",)}, {"z": ("positive",)}, UnknownNameError),
        ({"x": ("n",)}, {"x": ("wonderful",)}, UnknownNameError),
        (7, None, TextError),
    ],
)
def test_bad_declarations_are_refused(shapes: object, assume: object, kind: type[WrtError]) -> None:
    with pytest.raises(kind):
        read("x", shapes, assume)  # type: ignore[arg-type]


def test_views_are_read_beside_declarations_and_free_indices() -> None:
    source = read("A @ x", SHAPES)
    view = read_like("sum(A[i, j]*x[j] for j in range(n))", source, indices={"i": Size.of("m")})
    assert str(view.tree.shape) == "a scalar"


def test_a_size_that_is_held_stays_the_one_object_of_its_value(monkeypatch):
    monkeypatch.setattr(sizes, "MAX_RECENT", 5)
    held = Size.of("n") * Size.of("m") + 1
    for k in range(50):
        _ = Size.of("n") + k
    assert Size.of("m") * Size.of("n") + 1 is held


def test_a_product_of_sums_of_sizes_is_refused_before_it_is_multiplied_out():
    with pytest.raises(TooLargeError, match="that many terms"):
        math.prod((Size.of(f"n{k}") + Size.of(f"m{k}") for k in range(40)), start=Size.of(1))


@pytest.mark.parametrize("condition", ["i != j", "i < j", "j <= i", "abs(i - j) == 1", "i > 0"])
def test_a_condition_between_indices_leaves_an_undeclared_array_the_size_its_index_runs_over(condition):
    found = read(f"sum(A[i, j]*x[i]*x[j] for i in range(n) for j in range(n) if {condition})").declarations
    assert [str(s) for name in ("A", "x") for s in found[name].shape.sizes] == ["n", "n", "n"]


def test_a_condition_between_indices_keeps_no_index_inside_another_size():
    with pytest.raises(ShapeError, match=r"past the range 0 \.\. q - 1"):
        read("sum(x[i]*x[j] for i in range(n) for j in range(n) if i != j)", "x: q")
    assert read("sum(x[i] for i in range(n) if i < q)", "x: q, y: n").tree is not None
