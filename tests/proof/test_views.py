"""Printed views of derivatives: right ones are proved, in every layout and structure, and wrong ones never are."""

import pytest

from wrt.language.read import read, read_like
from wrt.language.surface import Declaration
from wrt.proof.diagnose import disagreement
from wrt.proof.views import Prover

SHAPES = "A: m n, B: n n, C: n n, X: n n, Y: m n, S: n n symmetric, P: n n spd, L: n n lower, D: n n diagonal, Q: n n orthogonal, x: n, y: n, b: m, w: n positive, p: n simplex, t: n unit_interval, h: m labels_pm1, c:, s: positive, k: integer, E: v d, q: l integer"

MATRIX = """
norm(A @ x - b)**2 | x | 2*A.T @ (A @ x - b)
x.T @ B @ x | x | (B + B.T) @ x
x.T @ B @ x | x x | B + B.T
c*x.T @ y | x y | c*eye(n)
exp(c)*sin(c) | c | exp(c)*(sin(c) + cos(c))
A @ x | x | A
sin(A @ x) | x | diag(cos(A @ x)) @ A
softmax(x) | x | diag(softmax(x)) - softmax(x) @ softmax(x).T
logsumexp(x) | x x | diag(softmax(x)) - softmax(x) @ softmax(x).T
tr(B @ X) | X | B.T
logdet(X) | X | inv(X).T
det(X) | X | adj(X).T
tr(inv(X) @ B) | X | -(inv(X) @ B @ inv(X)).T
norm(Y)**2 | Y | 2*Y
norm(Y) | Y | Y/norm(Y)
x/norm(x) | x | eye(n)/norm(x) - x @ x.T/norm(x)**3
x*c | c | x
X*c**2 | c | 2*c*X
matpow(X, k) @ x | x | matpow(X, k)
tr(matpow(X, k)) | X | k*matpow(X, k - 1).T
sum(w**c) | w | c*w**(c - 1)
sum(w**c) | c | sum(w**c*log(w))
sum(p*log(p)) | p | log(p) + 1
sum(arcsin(t)) | t t | diag(t/(1 - t**2)**1.5)
sum(log(1 + exp(-h*(A @ x)))) | x | -A.T @ (h*sigmoid(-h*(A @ x)))
sum(relu(A @ x)) | x | A.T @ (A @ x > 0)
relu(c*x) | x | c*diag(c*x > 0)
sum(abs(x)) | x | sign(x)
max(x) | x | (x == max(x))*1
maximum(c, s) | c | (c > s)*1
prod(x) | x | prod(x)/x
sum(E[q, :] @ E[0, :].T) | E | zeros(v, d) + array(sum((q == i))*E[0, j] + (i == 0)*sum(E[q, :], axis=0)[j] for i in range(v) for j in range(d))
norm(pinv(A) @ b)**2 | b | 2*pinv(A).T @ pinv(A) @ b
sum(gammaln(w)) | w | digamma(w)
sum(erf(x)) | x x | diag(-4*x*exp(-x**2)/sqrt(pi))
u = sin(x); g = u*u; sum(g) | x | u = 2*sin(x); u*cos(x)
"""

WRONG = """
norm(A @ x - b)**2 | x | A.T @ (A @ x - b)
norm(A @ x - b)**2 | x | 2*(A @ x - b).T @ A
norm(A @ x - b)**2 | x | 2*A.T @ A @ x
x.T @ B @ x | x | 2*B @ x
x.T @ B @ x | x x | 2*B
A @ x | x | A.T
tr(B @ X) | X | B
logdet(X) | X | inv(X)
det(X) | X | det(X)*inv(X)
softmax(x) | x | diag(softmax(x)) - softmax(x) @ x.T
logsumexp(x) | x x | diag(softmax(x))
x*c | c | x.T
sum(relu(A @ x)) | x | A.T @ (A @ x > 1)
sum(relu(A @ x)) | x | A.T @ ones(m)
maximum(c, s) | c | 1
maximum(0, c + s) | c | (c - s > 0)*1
matpow(X, k) @ x | x | matpow(X, k - 1)
tr(matpow(X, k)) | X | k*matpow(X, k).T
sum(w**c) | w | c*w**c
c*log(c**2) | c | 2*log(c) + 2
c**2/2 | c | sqrt(c**2)
c**2/2 | c | sqrt(c)**2
sum(E[q, :]) | E | ones(v, d)
norm(x) | x | x*norm(x)
prod(x) | x | prod(x)*x
X*c**2 | c | 2*c*X.T
x.T @ y | x | y/(B - B)[0, 0]
"""


def rows(text):
    return [tuple(part.strip() for part in line.split(" | ")) for line in text.strip().splitlines()]


def prover(text, names, structure="ignored"):
    source = read(text, SHAPES)
    return source, Prover(source, names.split(), structure)


def matrix(text, names, view, structure="ignored", layout="mixed"):
    source, work = prover(text, names, structure)
    return work.matrix(read_like(view, source), layout).status


@pytest.mark.parametrize(("text", "names", "view"), rows(MATRIX), ids=str)
def test_a_right_matrix_form_is_proved_exactly(text, names, view):
    assert matrix(text, names, view) == "exact"


@pytest.mark.parametrize(("text", "names", "view"), rows(WRONG), ids=str)
def test_a_wrong_matrix_form_is_refuted(text, names, view):
    assert matrix(text, names, view) == "wrong"


@pytest.mark.parametrize(
    ("text", "names", "forms"),
    [
        ("c*y.T @ x", "x", {"mixed": "c*y", "numerator": "c*y.T", "denominator": "c*y"}),
        ("A @ x", "x", {"mixed": "A", "numerator": "A", "denominator": "A.T"}),
        ("c*x", "c", {"mixed": "x", "numerator": "x", "denominator": "x.T"}),
        ("c*x.T", "c", {"mixed": "x.T", "numerator": "x.T", "denominator": "x.T"}),
        ("c*A", "c", {"mixed": "A", "numerator": "A", "denominator": "A"}),
        ("tr(B @ X)", "X", {"mixed": "B.T", "numerator": "B.T", "denominator": "B.T"}),
    ],
)
def test_a_form_is_right_in_its_layout_and_in_no_other(text, names, forms):
    for layout in forms:
        for form in sorted(set(forms.values())):
            assert (matrix(text, names, form, layout=layout) == "exact") == (form == forms[layout])


@pytest.mark.parametrize(
    ("name", "projected", "parameters"),
    [
        ("S", "(B + B.T)/2", "B + B.T - B*eye(n)"),
        ("P", "(B + B.T)/2", "B + B.T - B*eye(n)"),
        ("D", "B*eye(n)", "diag(diag(B))"),
        ("L", "tril(B.T)", "tril(B.T)"),
        ("Q", "B.T", "B.T"),
    ],
)
def test_a_structured_variable_has_the_derivative_that_its_convention_says(name, projected, parameters):
    forms = {"projected": projected, "parameters": parameters, "ignored": "B.T"}
    for structure, form in forms.items():
        assert matrix(f"tr(B @ {name})", name, form, structure) == "exact"
        if form != "B.T":
            assert matrix(f"tr(B @ {name})", name, "B.T", structure) == "wrong"


def test_a_projected_derivative_must_lie_in_the_space():
    assert matrix("tr(B @ S)", "S", "B", "projected") == "wrong"
    assert matrix("tr(S @ S)", "S", "2*S", "projected") == "exact"
    assert matrix("logdet(P)", "P", "inv(P)", "projected") == "exact"
    assert matrix("x.T @ S @ S @ y", "S", "(x @ y.T @ S + S @ x @ y.T + S @ y @ x.T + y @ x.T @ S)/2", "projected") == "exact"


INDEX = [
    ("norm(A @ x - b)**2", "x", ("i",), "2*sum(A[r, i]*(sum(A[r, j]*x[j] for j in range(n)) - b[r]) for r in range(m))", "exact"),
    ("norm(A @ x - b)**2", "x", ("i",), "2*sum(A[r, i]*(sum(A[r, j]*x[j] for j in range(n)) + b[r]) for r in range(m))", "wrong"),
    ("B @ X @ C", "X", ("i", "j", "r", "l"), "B[i, r]*C[l, j]", "exact"),
    ("B @ X @ C", "X", ("i", "j", "r", "l"), "B[i, l]*C[r, j]", "wrong"),
    ("X.T", "X", ("i", "j", "r", "l"), "(i == l)*(j == r)", "exact"),
    ("X.T", "X", ("i", "j", "r", "l"), "(i == r)*(j == l)", "wrong"),
    ("norm(X.T @ X)**2", "X X", ("i", "j", "r", "l"), "4*((j == l)*(X @ X.T)[i, r] + (i == r)*(X.T @ X)[l, j] + X[i, l]*X[r, j])", "exact"),
    ("norm(X.T @ X)**2", "X X", ("i", "j", "r", "l"), "4*((j == l)*(X @ X.T)[i, r] + (i == r)*(X.T @ X)[l, j] + X[i, j]*X[r, l])", "wrong"),
    ("cumsum(x)", "x", ("i", "j"), "(j <= i)*1", "exact"),
    ("cumsum(x)", "x", ("i", "j"), "(j < i)*1", "wrong"),
    ("sum(x[i]*x[i + 1] for i in range(n - 1))", "x", ("j",), "sum((i == j)*x[i + 1] + (j == i + 1)*x[i] for i in range(n - 1))", "exact"),
    ("sum(x[i]*x[i + 1] for i in range(n - 1))", "x", ("j",), "sum((i == j)*x[i + 1] + (j == i)*x[i] for i in range(n - 1))", "wrong"),
    ("sum(x**3)", "x x x", ("i", "j", "r"), "6*(i == j)*(j == r)", "exact"),
    ("sum(x**3)", "x x x", ("i", "j", "r"), "6*(i == j)", "wrong"),
    ("sum(sin(x))", "x x x x", ("i", "j", "r", "l"), "(i == j)*(i == r)*(i == l)*sin(x[i])", "exact"),
    ("sin(c)", "c", (), "cos(c)", "exact"),
    ("x", "x", ("i", "j"), "(i == j)*ones(n)", "wrong"),
    ("x", "x", ("i",), "x[i]", "wrong"),
]


@pytest.mark.parametrize(("text", "names", "indices", "view", "status"), INDEX, ids=str)
def test_index_forms(text, names, indices, view, status):
    source, work = prover(text, names)
    sizes = [*source.tree.shape.sizes, *[s for n in names.split() for s in source.declarations[n].shape.sizes]]
    free = dict(zip(indices, sizes, strict=False))
    assert work.index(indices, read_like(view, source, indices=free)).status == status


KRONECKER = [
    ("B @ X @ C", "X", "kron(C.T, B)", "exact"),
    ("B @ X @ C", "X", "kron(B, C.T)", "wrong"),
    ("Y.T", "Y", "commutation(m, n)", "exact"),
    ("Y.T", "Y", "commutation(n, m)", "wrong"),
    ("Y @ x", "Y", "kron(x.T, eye(m))", "exact"),
    ("norm(B @ X)**2", "X X", "2*kron(eye(n), B.T @ B)", "exact"),
    ("norm(B @ X)**2", "X X", "2*kron(B.T @ B, eye(n))", "wrong"),
    ("inv(X)", "X", "-kron(inv(X).T, inv(X))", "exact"),
    ("c*X", "X c", "vec(eye(n))", "wrong"),
]


@pytest.mark.parametrize(("text", "names", "view", "status"), KRONECKER, ids=str)
def test_kronecker_forms(text, names, view, status):
    source, work = prover(text, names)
    assert work.kronecker(read_like(view, source)).status == status


OPERATOR = [
    ("logdet(X)", "X", "tr(inv(X) @ dX)", "exact"),
    ("logdet(X)", "X", "tr(inv(X).T @ dX)", "wrong"),
    ("X.T @ X", "X", "dX.T @ X + X.T @ dX", "exact"),
    ("X.T @ X", "X", "dX.T @ X", "wrong"),
    ("inv(X)", "X X", "inv(X) @ dX2 @ inv(X) @ dX @ inv(X) + inv(X) @ dX @ inv(X) @ dX2 @ inv(X)", "exact"),
    ("inv(X)", "X X", "2*inv(X) @ dX2 @ inv(X) @ dX @ inv(X)", "wrong"),
    ("expm(X)", "X", 'frechet("expm", X, dX)', "numeric"),
    ("expm(X)", "X", "expm(X) @ dX", "wrong"),
    ("X @ x", "X", "(dX @ x).T", "wrong"),
]


@pytest.mark.parametrize(("text", "names", "view", "status"), OPERATOR, ids=str)
def test_operator_forms(text, names, view, status):
    source, work = prover(text, names)
    tangents = ("dX", "dX2")[: len(names.split())]
    extra = {t: Declaration(t, source.declarations["X"].shape) for t in tangents}
    assert work.operator(read_like(view, source, extra=extra), tangents).status == status


SPECTRAL = [
    ('norm(Y, "nuc")', "Y", "polar(Y)", "numeric"),
    ('norm(Y, "nuc")', "Y", "svd_u(Y) @ svd_v(Y).T", "numeric"),
    ('norm(Y, "spec")', "Y", "svd_u(Y)[:, 0] @ svd_v(Y)[:, 0].T", "numeric"),
    ('norm(Y, "spec")', "Y", "svd_u(Y)[:, 1] @ svd_v(Y)[:, 1].T", "wrong"),
    ("tr(expm(X))", "X", "expm(X).T", "numeric"),
    ("tr(expm(X))", "X", "expm(X)", "wrong"),
    ("tr(logm(P))", "P", "inv(P)", "numeric"),
    ("tr(sqrtm(P))", "P", "inv(sqrtm(P))/2", "numeric"),
    ("max(eigvalsh(S))", "S", "eigvecsh(S)[:, n - 1] @ eigvecsh(S)[:, n - 1].T", "numeric"),
    ("max(eigvalsh(S))", "S", "eigvecsh(S)[:, 0] @ eigvecsh(S)[:, 0].T", "wrong"),
    ("sum(log(eigvalsh(P)))", "P", "inv(P)", "numeric"),
    ("tr(B @ cholesky(P) @ cholesky(P).T)", "P", "(B + B.T)/2", "exact"),
    ("abs(x.T @ x)", "x", "2*x", "numeric"),
]


@pytest.mark.parametrize(("text", "names", "view", "status"), SPECTRAL, ids=str)
def test_what_floats_decide(text, names, view, status):
    assert matrix(text, names, view) == status


def test_size_conditions_are_found_and_told():
    source, work = prover("norm(inv(A.T @ A) @ A.T @ b)**2", "b")
    assert work.matrix(read_like("2*A @ inv(A.T @ A) @ inv(A.T @ A) @ A.T @ b", source), "mixed").status == "exact"
    assert work.conditions == ("m >= n",)


def test_a_form_with_a_value_for_some_sizes_only_carries_their_condition():
    source, work = prover("det(Y.T @ Y)", "Y")
    assert work.matrix(read_like("2*det(Y.T @ Y)*Y @ inv(Y.T @ Y)", source), "mixed").status == "exact"
    assert work.conditions == ("m >= n",)


def test_views_share_the_function_and_a_wrong_one_does_not_spoil_the_next():
    source, work = prover("norm(A @ x - b)**2", "x")
    right, wrong = (read_like(t, source) for t in ("2*A.T @ (A @ x - b)", "A.T @ (A @ x - b)"))
    assert [work.matrix(v, "mixed").status for v in (right, wrong, right, wrong)] == ["exact", "wrong", "exact", "wrong"]


def test_verdicts_are_the_same_every_time():
    first = [matrix(*row[:2], row[2]) for row in rows(MATRIX)[:6]]
    assert first == [matrix(*row[:2], row[2]) for row in rows(MATRIX)[:6]]


def test_a_disagreement_names_the_entry_both_values_sizes_and_seed():
    source, work = prover("logdet(X)", "X")
    verdict = work.matrix(read_like("2*inv(X).T", source), "mixed")
    assert disagreement(source, ("X",), "matrix form", "2*inv(X).T", verdict) == (
        "the matrix form 2*inv(X).T of the derivative of logdet(X) by X disagrees with central differences at [0, 0]: "
        "-1.21413 against -0.607065 (relative 1); sizes n=3, seed d0."
    )


def test_a_disagreement_in_shape_says_so():
    source, work = prover("x.T @ y", "x")
    verdict = work.matrix(read_like("y.T", source), "mixed")
    assert "the shape is 1 x" in disagreement(source, ("x",), "matrix form", "y.T", verdict)


POLYNOMIALS = [
    ("sin(c)", {"c": "0"}, 3, "c - c**3/6", "exact"),
    ("sin(c)", {"c": "0"}, 3, "c - c**3/5", "wrong"),
    ("sin(c)", {"c": "0"}, 3, "sin(c)", "wrong"),
    ("exp(c)", {"c": "s"}, 2, "exp(s)*(1 + (c - s) + (c - s)**2/2)", "exact"),
    ("sqrt(1 + c)", {"c": "0"}, 2, "1 + c/2 - c**2/8", "exact"),
    ("log(1 + c)", {"c": "0"}, 2, "c - c**2/2", "exact"),
    ("log(1 + c)", {"c": "0"}, 2, "c + c**2/2", "wrong"),
    ("exp(x.T @ B @ x)", {"x": "zeros(n)"}, 2, "1 + x.T @ B @ x", "exact"),
    ("A @ x - b", {"x": "y"}, 1, "A @ y - b + A @ (x - y)", "exact"),
    ("logdet(eye(n) + X)", {"X": "zeros(n, n)"}, 2, "tr(X) - tr(X @ X)/2", "exact"),
    ("inv(eye(n) - X)", {"X": "zeros(n, n)"}, 2, "eye(n) + X + X @ X", "exact"),
    ("inv(eye(n) - X)", {"X": "zeros(n, n)"}, 2, "eye(n) + X + X.T @ X", "wrong"),
    ("tr(expm(X))", {"X": "zeros(n, n)"}, 2, "n + tr(X) + tr(X @ X)/2", "numeric"),
    ("tr(expm(X))", {"X": "zeros(n, n)"}, 2, "n + tr(X) + tr(X @ X)", "wrong"),
    ("softplus(c)", {"c": "0"}, 2, "log(2) + c/2 + c**2/8", "exact"),
]


@pytest.mark.parametrize(("text", "at", "order", "view", "status"), POLYNOMIALS, ids=str)
def test_taylor_polynomials(text, at, order, view, status):
    source = read(text, SHAPES)
    points = {name: read_like(point, source) for name, point in at.items()}
    assert Prover(source, (), "ignored").polynomial(read_like(view, source), points, order).status == status
