"""Deep and large texts: linear time, no recursion, and an honest word when it is too much."""

import pytest

from wrt.language.read import read, read_like
from wrt.proof.views import Prover, equal

SHAPES = "W: n n, x: n, b: n"


def chain(layers, function, slope):
    """(f, its gradient) of `layers` layers u = function(W @ u + b), both with a name a layer."""
    steps, u = [], "x"
    for k in range(1, layers + 1):
        steps.append(f"u{k} = {function}(W @ {u} + b)")
        u = f"u{k}"
    back = [*steps, f"g{layers} = {slope.format(u=u)}"]
    back += [f"g{k} = (W.T @ g{k + 1})*{slope.format(u=f'u{k}')}" for k in range(layers - 1, 0, -1)]
    return "; ".join([*steps, f"sum({u})"]), "; ".join([*back, "W.T @ g1"])


@pytest.mark.parametrize(("function", "slope"), [("tanh", "(1 - {u}**2)"), ("relu", "({u} > 0)"), ("sin", None)])
def test_a_thousand_layers_are_proved_within_the_budget(function, slope):
    if slope is None:
        f = read(chain(1000, function, "{u}")[0], SHAPES)
        assert equal(f, f).status == "exact"
        return
    text, gradient = chain(1000, function, slope)
    f = read(text, SHAPES)
    assert Prover(f, ("x",), "ignored").matrix(read_like(gradient, f), "mixed").status == "exact"


def test_one_wrong_layer_of_a_hundred_is_found():
    text, gradient = chain(100, "tanh", "(1 - {u}**2)")
    f = read(text, SHAPES)
    wrong = gradient.replace("g50 = (W.T @ g51)", "g50 = (W @ g51)")
    assert wrong != gradient
    assert Prover(f, ("x",), "ignored").matrix(read_like(wrong, f), "mixed").status == "wrong"


def test_a_hessian_vector_product_through_two_hundred_layers():
    text, gradient = chain(200, "tanh", "(1 - {u}**2)")
    f = read(text, SHAPES)
    assert Prover(f, ("x", "x"), "ignored").matrix(read_like("W", f), "mixed").status == "wrong"
    g = read_like(gradient, f)
    assert equal(g, g).status == "exact"


def test_twenty_thousand_operations_without_a_stack_overflow():
    f = read("+".join(["x*y", "sin(x)", "y**2"] * 6700), "x:, y:")
    assert Prover(f, ("x",)).matrix(read_like("6700*(y + cos(x))", f), "mixed").status == "exact"
    nested = read("(" * 8000 + "x" + "+1)" * 8000, "x:")
    assert Prover(nested, ("x",)).matrix(read_like("1", nested), "mixed").status == "exact"


def test_what_is_too_large_says_so():
    f = read("norm(A @ x)**2", "A: 1000 1000, x: 1000")
    assert Prover(f, ("x",)).matrix(read_like("2*A.T @ A @ x", f), "mixed").status == "unverified: too large"
    g = read("tr(matpow(X, 2))", "X: 200 200")
    assert Prover(g, ("X",)).matrix(read_like("2*X.T", g), "mixed").status == "unverified: too large"


def test_a_larger_budget_proves_more():
    f = read("norm(A @ x)**2", "A: 60 60, x: 60")
    view = read_like("2*A.T @ A @ x", f)
    assert Prover(f, ("x",), budget=1000).matrix(view, "mixed").status == "unverified: too large"
    assert Prover(f, ("x",), budget=10**6).matrix(view, "mixed").status == "exact"


@pytest.mark.parametrize(
    ("text", "view", "wrong"),
    [
        (
            "kron(A, B)",
            "kron(kron(eye(n), commutation(q, m)), eye(p)) @ kron(eye(m*n), vec(B))",
            "kron(kron(eye(n), commutation(m, q)), eye(p)) @ kron(eye(m*n), vec(B))",
        ),
        ("B @ A @ C", "kron(C.T, B)", "kron(C.T, 2*B)"),
        ("A.T @ A", "(eye(n*n) + commutation(n, n)) @ kron(eye(n), A.T)", "(eye(n*n) - commutation(n, n)) @ kron(eye(n), A.T)"),
        (
            "B @ diag(A @ x) @ D",
            "sum(kron(D[i, :].T, B[:, i]) @ kron(x.T, eye(m)[i, :]) for i in range(m))",
            "sum(kron(D[i, :].T, B[:, i]) for i in range(m)) @ kron(x.T, eye(m)[0, :])",
        ),
    ],
    ids=str,
)
def test_a_large_kronecker_form_is_applied_to_its_vectors(text, view, wrong):
    shapes = "A: m n, C: n q, D: m q, x: n, B: " + ("p q" if text.startswith("kron") else "p m")
    f = read(text, shapes)
    right = read_like(view, f)
    assert Prover(f, ("A",), "ignored").kronecker(right).status == "exact"
    small = Prover(f, ("A",), "ignored", budget=2500)
    assert small.kronecker(right).status == "exact"
    assert not small.kronecker(read_like(wrong, f)).proved
    assert Prover(f, ("A",), "ignored").kronecker(read_like(wrong, f)).status == "wrong"
